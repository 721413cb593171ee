"""Buildings whatever the tiling: long ones, drawn surfaces, tiles without heights; roofs under crowns; faults of one tile."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import geopandas
import numpy as np
import pytest
import roofs_for_tests as known
import shapely
from cadastre.cadastres import made, planes_of

from frugal.cadastre.roofs.buildings import cut_long_outlines
from frugal.cadastre.roofs.segmentation import segment_roofs
from frugal.cadastre.shading.horizons import plane_horizons
from frugal.cadastre.tiles import compute as tile_work
from frugal.formats.rasters.surface_model import SurfaceModel, write_surface_model
from frugal.physics.solar.sky import cumulative_sky_tables
from frugal.studies.solar.roof_yield.site import RoofYieldSite, SolarTerritory
from frugal.studies.solar.roofs.plane_finder import fit_planes, looks_synthetic, roof_patches, spanned_planes
from frugal.studies.solar.village.surface import synthetic_village

CRS = "EPSG:2154"


def _halls(path: Path) -> list[shapely.Polygon]:
    """A surface with a hall of 560 m along it, longer than any outline may be, and a house, slightly rough."""
    size, west, north = 1.0, 650_000.0, 6_860_000.0
    heights = 50.0 + np.random.default_rng(0).normal(0.0, 0.02, (300, 660))
    heights[90:120, 50:610] += 9.0
    heights[220:235, 300:312] += 6.0
    write_surface_model(path, SurfaceModel(heights, size, west, north, CRS, "halls", ""))
    return [
        shapely.box(west + 50, north - 120, west + 610, north - 90),
        shapely.box(west + 300, north - 235, west + 312, north - 220),
    ]


@pytest.mark.slow
@pytest.mark.parametrize("named", [True, False])
def test_a_long_building_is_the_same_whatever_the_tiling(named: bool, bundle: Path, tmp_path: Path) -> None:
    outlines = _halls(tmp_path / "halls.tif")
    more: dict[str, object] = {"maps": False}
    if named:
        frame = geopandas.GeoDataFrame({"id": ["hall", "house"]}, geometry=outlines, crs=CRS)
        frame.to_file(tmp_path / "halls.gpkg")
        more["buildings"] = tmp_path / "halls.gpkg"
    tables = [
        planes_of(made(tmp_path / "halls.tif", bundle, tmp_path / f"of_{side}", tile_m=side, **more).out)
        for side in (1000.0, 200.0)
    ]
    assert list(tables[0]["plane_id"]) == list(tables[1]["plane_id"])
    for name in ("area_m2", "usable_area_m2", "yield_kwh", "horizon"):
        assert (tables[0][name] == tables[1][name]).all(), name
    areas = tables[0].geometry.area
    assert areas.sum() == pytest.approx(sum(outline.area for outline in outlines), rel=0.05)
    assert shapely.union_all(tables[0].geometry.to_numpy()).area == pytest.approx(areas.sum(), rel=1e-6)
    assert areas.max() > 15_000.0 if named else areas.max() < 9_000.0  # cut every 250 m where nobody names it


def test_outlines_are_cut_by_the_grid_not_by_the_tile() -> None:
    mask = np.zeros((3000, 3000), dtype=bool)
    mask[1400:1440, 300:2700] = True
    mask[1500:1520, 1400:1430] = True
    tile = slice(1250, 1750), slice(1250, 1750)
    cut = cut_long_outlines(mask, tile, (17, 40), 0.5)
    lost = mask & ~cut
    assert not lost[1500:1520].any()
    columns = np.unique(np.nonzero(lost)[1])
    assert set((columns + 40) % 500) == {0} and len(columns) == 5
    elsewhere = cut_long_outlines(mask, (slice(1550, 1750), slice(1250, 1750)), (17, 40), 0.5)
    np.testing.assert_array_equal(elsewhere, mask)


@pytest.mark.slow
def test_a_surface_is_drawn_or_surveyed_as_a_whole(bundle: Path, tmp_path: Path) -> None:
    """Half drawn without noise, half surveyed: what a tile sees of both must not decide."""
    village = synthetic_village(3, 128.0, 0.5)
    rough = village.heights + np.random.default_rng(1).normal(0.0, 0.03, village.heights.shape)
    heights = np.hstack([np.round(village.heights, 3), rough])
    surface = SurfaceModel(heights, 0.5, village.x_min, village.y_max, village.crs, "both", "")
    write_surface_model(tmp_path / "both.tif", surface)
    tables = [
        planes_of(made(tmp_path / "both.tif", bundle, tmp_path / f"of_{side}", tile_m=side, maps=False).out)
        for side in (400.0, 100.0)
    ]
    assert list(tables[0]["plane_id"]) == list(tables[1]["plane_id"])
    assert tables[0]["yield_kwh"].sum() == tables[1]["yield_kwh"].sum()


def test_a_drawn_surface_is_told_by_its_share_of_exact_planes() -> None:
    village = synthetic_village(3, 128.0, 0.5).heights
    drawn = spanned_planes(village, 0.5)
    surveyed = spanned_planes(village + np.random.default_rng(1).normal(0.0, 0.03, village.shape), 0.5)
    assert not looks_synthetic(*surveyed)
    planes = fit_planes(village, 0.5)
    own = roof_patches(village, planes, 0.5)[0]
    np.testing.assert_array_equal(own > 0, roof_patches(village, planes, 0.5, looks_synthetic(*drawn))[0] > 0)


@pytest.mark.slow
def test_a_tile_without_heights_still_lists_its_buildings(surface: Path, bundle: Path, tmp_path: Path) -> None:
    import rasterio

    with rasterio.open(surface) as dataset:
        west, north = dataset.bounds.left, dataset.bounds.top
        heights = dataset.read(1, masked=True).astype(float).filled(np.nan)
    heights[:, 128:] = np.nan
    model = SurfaceModel(heights, 0.5, west, north, CRS, "half", "")
    write_surface_model(tmp_path / "half.tif", model)
    boxes = [shapely.box(west + x, north - 60, west + x + 10, north - 50) for x in (20.0, 110.0)]
    geopandas.GeoDataFrame({"id": ["known", "unknown"]}, geometry=boxes, crs=CRS).to_file(tmp_path / "two.gpkg")
    for side in (200.0, 50.0):
        cadastre = made(
            tmp_path / "half.tif", bundle, tmp_path / f"of_{side}", tile_m=side, buildings=tmp_path / "two.gpkg"
        )
        assert cadastre.buildings == 2, side


def test_flat_roofs_carry_level_modules() -> None:
    """A roof that falls by 2.9° to the north yields what level modules do, not what a plane to the south does."""
    tables = cumulative_sky_tables(SolarTerritory(RoofYieldSite()).year, 36, shared_between=4)
    plan = known.box(14.0, 12.0)
    (plane,) = segment_roofs(known.survey([(plan, known.shed(6.0, 2.5))], noise_m=0.0), plan)
    assert plane.flat and 2.0 < plane.tilt_deg < 3.0
    assert plane.module_tilt_deg == 0.0
    seen = plane_horizons(known.survey([(plan, known.shed(6.0, 2.5))], noise_m=0.0), [plane], 30.0, 0.0, tables)
    assert seen.elevation_deg.max() < 2.0  # of the roof that rises behind


def test_a_lone_cell_that_departs_is_noise_and_two_are_an_obstacle() -> None:
    plan = known.box(14.0, 12.0)
    surface = known.survey([(plan, known.shed(6.0, 20.0))], noise_m=0.0)
    (whole,) = segment_roofs(surface, plan)
    row, column = int(whole.sample_rows[4]), int(whole.sample_cols[4])

    def with_cells(*columns: int) -> float:
        heights = surface.heights.copy()
        heights[row, list(columns)] += 0.6
        (plane,) = segment_roofs(dataclasses.replace(surface, heights=heights), plan)
        return plane.usable_area_m2

    assert with_cells(column) == pytest.approx(whole.usable_area_m2, abs=0.01)
    assert with_cells(column, column + 1) < whole.usable_area_m2 - 1.0


def test_unknown_cells_carry_no_module() -> None:
    plan = known.box(14.0, 12.0)
    surface = known.survey([(plan, known.shed(6.0, 20.0))], noise_m=0.0)
    (whole,) = segment_roofs(surface, plan)
    row, column = int(whole.sample_rows[4]), int(whole.sample_cols[4])
    holed = surface.heights.copy()
    holed[row - 2 : row + 2, column - 2 : column + 2] = np.nan
    (plane,) = segment_roofs(dataclasses.replace(surface, heights=holed), plan)
    assert plane.area_m2 == pytest.approx(whole.area_m2, rel=0.02)
    assert plane.usable_area_m2 < whole.usable_area_m2 - 3.0


def test_a_roof_under_a_crown_is_left_out() -> None:
    plan = known.box(10.0, 8.0)
    bare = known.survey([(plan, known.shed(5.0, 20.0))], noise_m=0.0)
    crown = dataclasses.replace(bare, heights=bare.heights + 6.0)
    assert segment_roofs(crown, plan, bare=bare) == []
    assert segment_roofs(bare, plan, bare=bare) != []


@pytest.mark.slow
def test_a_fault_in_one_tile_leaves_the_others(
    surface: Path, bundle: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill, seen = tile_work._fill, []

    def faulty(draft: Path, job: object, tile: object, start: float) -> object:
        seen.append(tile)
        if len(seen) == 2:
            raise IndexError("index 3 is out of bounds")
        return fill(draft, job, tile, start)  # type: ignore[arg-type]

    monkeypatch.setattr(tile_work, "_fill", faulty)
    cadastre = made(surface, bundle, tmp_path / "out", tile_m=64.0, threads=1)
    (failure,) = cadastre.failures
    assert "IndexError: index 3" in failure.message and failure.what.startswith("tile ")
    (told,) = (tmp_path / "out" / "work" / "faults").iterdir()
    assert "Traceback" in told.read_text()
    assert cadastre.planes > 0
