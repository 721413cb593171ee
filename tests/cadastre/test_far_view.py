"""Hills around a territory: from the terrain to maps and yields, whatever the tiling; trees that let light through."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import rasterio
import roofs_for_tests as known
from cadastre.cadastres import made, planes_of

from frugal.cadastre.job.result import Cadastre
from frugal.cadastre.roofs.segmentation import segment_roofs
from frugal.cadastre.shading.distant_hills import distant_horizon_of
from frugal.cadastre.shading.horizons import plane_horizons
from frugal.cadastre.shading.plane_irradiation import yearly_irradiation
from frugal.cadastre.territory.height_check import note_on_heights
from frugal.formats.rasters.mosaic import open_rasters
from frugal.formats.rasters.surface_model import SurfaceModel, read_surface_model, write_surface_model
from frugal.formats.rasters.tiling import Tile, TileGrid
from frugal.physics.solar.irradiation_map import halo_cells, irradiation_map
from frugal.physics.solar.normals import surface_normals
from frugal.physics.solar.sky import CumulativeSky, cumulative_sky_tables
from frugal.studies.solar.roof_yield.site import RoofYieldSite, SolarTerritory

CRS = "EPSG:2154"


@pytest.fixture(scope="module")
def tables() -> CumulativeSky:
    return cumulative_sky_tables(SolarTerritory(RoofYieldSite()).year, 36, shared_between=4)


def _terrain(path: Path, bounds: tuple[float, float, float, float], base_m: float, ridge_m: float) -> Path:
    """Level ground round a place, and a ridge 900 m to the south of it."""
    size, around = 25.0, 3_000.0
    west, north = np.floor((bounds[0] - around) / size) * size, np.ceil((bounds[3] + around) / size) * size
    rows, columns = (
        int(np.ceil((extent + 2 * around) / size)) for extent in (bounds[3] - bounds[1], bounds[2] - bounds[0])
    )
    y = north - (np.arange(rows) + 0.5) * size
    profile = base_m + ridge_m * np.clip(1.0 - np.abs(y - (bounds[1] - 900.0)) / 300.0, 0.0, None)
    heights = np.repeat(profile[:, None], columns, axis=1)
    write_surface_model(path, SurfaceModel(heights, size, west, north, CRS, "hills", ""))
    return path


def test_near_and_far_together_see_what_one_wide_surface_shows(tmp_path: Path, tables: CumulativeSky) -> None:
    """The sweep follows shadows of a wide surface to the ridge; near sweep and far view must give the same light."""
    cell, half = 5.0, 400
    grid = TileGrid(cell)
    tile = Tile("here", (200_000, 200_040), (-1_300_000, -1_299_960))
    bounds = grid.bounds(tile.columns, tile.rows)
    path = _terrain(tmp_path / "hills.tif", bounds, 50.0, 350.0)
    hills = open_rasters([path]).read((bounds[0] - 2_500, bounds[1] - 2_500, bounds[2] + 2_500, bounds[3] + 2_500))
    rows = np.arange(tile.rows[0] - half, tile.rows[1] + half)
    columns = np.arange(tile.columns[0] - half, tile.columns[1] + half)
    i = ((hills.y_max + rows * cell + cell / 2 - grid.y0) / hills.resolution_m).astype(int)
    wide = np.repeat(hills.heights[i, 0][:, None], columns.size, axis=1)
    house = slice(half + 18, half + 22)
    wide[house, house] += 8.0

    def light(margin: int, reach_m: float, far=None) -> np.ndarray:
        cut = slice(half - margin, wide.shape[0] - half + margin)
        surface = wide[cut, cut]
        origin = tile.rows[0] - margin, tile.columns[0] - margin
        return irradiation_map(
            surface, *surface_normals(surface, cell), tables, cell, reach_m=reach_m, origin=origin, margin=margin,
            far_tangent=far,
        )  # fmt: skip

    truth = light(half - 1, 1_500.0)
    margin = halo_cells(100.0, cell)
    view = distant_horizon_of(str(path), CRS, grid, tile, 50.0, 100.0, np.arange(36) * 10.0)
    inner = wide[half:-half, half:-half]
    both = light(margin, 100.0, view.tangents_over(tile, inner))
    alone = light(margin, 100.0)
    assert np.mean(alone / truth) > 1.015
    assert np.abs(both / truth - 1.0).mean() < 0.002
    assert np.abs(both / truth - 1.0).max() < 0.006
    # The house stands higher than the terrain knows, and sees more sky than the ground beside it.
    middle = 20.0 + np.array([tile.rows[0], tile.columns[0]])
    low, high = (view.elevations_at(middle[:1], middle[1:], np.array([z]))[0, 18] for z in (50.0, 58.0))
    assert low == pytest.approx(np.degrees(np.arctan(350.0 / 1000.0)), abs=1.0)
    assert low - high == pytest.approx(np.degrees(8.0 / 1000.0), rel=0.25)


@pytest.mark.slow
def test_hills_take_light_and_the_tiling_changes_nothing(
    surface: Path, bundle: Path, whole: Cadastre, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = read_surface_model(surface)
    size = model.resolution_m
    rows, cols = model.heights.shape
    bounds = (model.x_min, model.y_max - rows * size, model.x_min + cols * size, model.y_max)
    path = _terrain(tmp_path / "hills.tif", bounds, float(np.nanmin(model.heights)), 300.0)
    seen = made(surface, bundle, tmp_path / "seen", tile_m=200.0, terrain=path)
    assert not any("different levels" in note for note in seen.notes)
    monkeypatch.setattr("frugal.cadastre.job.job.FARTHEST_PART_M", 25.0)
    monkeypatch.setattr("frugal.cadastre.tiles.compute.FARTHEST_PART_M", 25.0)
    tiled = made(surface, bundle, tmp_path / "tiled", tile_m=50.0, terrain=path)
    without, one, other = (planes_of(cadastre.out) for cadastre in (whole, seen, tiled))
    assert one["yield_kwh"].sum() < 0.99 * without["yield_kwh"].sum()
    assert list(one["plane_id"]) == list(other["plane_id"])
    for name in ("horizon", "yield_kwh", "irradiation", "yield_p10_kwh"):
        assert (one[name] == other[name]).all(), name
    maps = []
    for cadastre in (whole, seen, tiled):
        with rasterio.open(cadastre.out / "irradiation.vrt") as dataset:
            maps.append(dataset.read(masked=True).filled(0))
    np.testing.assert_array_equal(*maps[1:])
    assert maps[1][0].sum() < 0.995 * maps[0][0].sum()


def test_another_datum_is_told(surface: Path, tmp_path: Path) -> None:
    model = read_surface_model(surface)
    size = model.resolution_m
    rows, cols = model.heights.shape
    bounds = (model.x_min, model.y_max - rows * size, model.x_min + cols * size, model.y_max)
    level = float(np.nanmin(model.heights))
    same = read_surface_model(_terrain(tmp_path / "same.tif", bounds, level, 100.0))
    above = read_surface_model(_terrain(tmp_path / "above.tif", bounds, level + 48.0, 100.0))
    assert note_on_heights(same, open_rasters([surface])) is None
    note = note_on_heights(above, open_rasters([surface]))
    assert note is not None and "-4" in note and "'above.tif'" in note


def test_crowns_let_light_through_to_the_yields(tables: CumulativeSky) -> None:
    plan, crown = known.box(12.0, 9.0), known.box(16.0, 4.0, 0.0, -10.0)
    roof = (plan, known.shed(9.0, 10.0))
    bare = known.survey([roof], noise_m=0.0)
    surface = known.survey([roof, (crown, lambda along, across: np.full_like(along, 9.0))], noise_m=0.0)
    (plane,) = segment_roofs(surface, plan, bare=bare)

    def light(**more) -> float:
        seen = plane_horizons(surface, [plane], 30.0, 0.0, tables, **more)
        tilt, azimuth = np.array([plane.tilt_deg]), np.array([plane.azimuth_deg])
        return float(yearly_irradiation(tables, tilt, azimuth, seen.elevation_deg, 0.2)[0])

    opaque, open_sky = light(), light(bare=bare, transmissivity=[1.0] * 12)
    assert opaque < 0.93 * open_sky
    assert light(bare=bare, transmissivity=[0.0] * 12) == pytest.approx(opaque, rel=2e-3)
    # Half of what the crown takes passes, all the year.
    assert light(bare=bare, transmissivity=[0.5] * 12) == pytest.approx((opaque + open_sky) / 2, rel=3e-3)
    deciduous, evergreen = light(bare=bare), light(bare=bare, transmissivity=[0.03] * 12)
    assert opaque < evergreen < deciduous < open_sky
