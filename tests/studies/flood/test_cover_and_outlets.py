"""Land cover, buildings on the ground, further rivers and what holds the water where a river leaves."""

from pathlib import Path

import geopandas as gpd
import numpy as np
import pytest
import rasterio
from shapely.geometry import LineString, Point, box

from frugal.errors import UnusableInputError
from frugal.experiments.study.site import build_site
from frugal.studies.flood.cover.roughness import TABLES, roughness_table
from frugal.studies.flood.outputs import Maps
from frugal.studies.flood.river_flood import river_flood, wave
from frugal.studies.flood.terrain.river_valley import river_valley
from frugal.studies.flood.terrain.site import RiverFloodSite
from frugal.studies.flood.valley_ends import outlet_of

LAMBERT = "EPSG:2154"
ROWS, COLUMNS, CELL = 12, 40, 25.0
WEST, NORTH = 400_000.0, 6_500_000.0
#: A valley that falls 2 ‰ eastward, its sides 2 m high on row 5 and rising outward.
BED = 20.0 - 0.05 * np.arange(COLUMNS)[None] + 0.5 * np.abs(np.arange(ROWS) - 5.0)[:, None]


def at(row: float, column: float) -> tuple[float, float]:
    """Centre of a cell."""
    return WEST + (column + 0.5) * CELL, NORTH - (row + 0.5) * CELL


def write_raster(path: Path, values: np.ndarray, cell: float, dtype: str, **profile) -> Path:
    grid = rasterio.Affine(cell, 0.0, WEST, 0.0, -cell, NORTH)
    rows, columns = values.shape
    with rasterio.open(
        path, "w", "GTiff", columns, rows, 1, crs=LAMBERT, transform=grid, dtype=dtype, **profile
    ) as out:
        out.write(values.astype(dtype), 1)
    return path


def lines(path: Path, *shapes) -> Path:
    gpd.GeoDataFrame(geometry=list(shapes), crs=LAMBERT).to_file(path)
    return path


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    found = tmp_path_factory.mktemp("valley")
    write_raster(found / "terrain.tif", BED, CELL, "float32")
    lines(found / "axis.gpkg", LineString([at(5, 0), at(5, COLUMNS - 1)]))
    lines(found / "brook.gpkg", LineString([at(0, 20), at(4, 20)]))
    lines(found / "houses.gpkg", box(*at(2.5, 9.5), *at(1.5, 10.5)), box(*at(8.1, 19.9), *at(7.9, 20.1)))
    codes = np.full((ROWS * 5, COLUMNS * 5), 231)  # pixels of 5 m
    codes[:5, :3] = 311
    write_raster(found / "cover.tif", codes, 5.0, "int16")
    return found


def site(folder: Path, **more) -> RiverFloodSite:
    settings = {"terrain": (folder / "terrain.tif",), "river": folder / "axis.gpkg", **more}
    return build_site(RiverFloodSite, settings)


def test_roughness_is_the_mean_over_the_pixels_of_a_cell(folder: Path) -> None:
    terrain = river_valley(site(folder, land_cover=folder / "cover.tif"))
    assert terrain.manning[0, 0] == pytest.approx(0.6 * 0.15 + 0.4 * 0.038)
    assert terrain.manning[3, 7] == pytest.approx(0.038)
    assert (terrain.manning[5] == 0.03).all(), "the river keeps its own"
    own = folder / "own.csv"
    own.write_text("code,name,manning\n231,meadow,0.05\n311,wood,0.2\n")
    terrain = river_valley(site(folder, land_cover=folder / "cover.tif", land_cover_table=own))
    assert terrain.manning[0, 0] == pytest.approx(0.6 * 0.2 + 0.4 * 0.05)


def test_classes_without_a_roughness_are_named(folder: Path) -> None:
    own = folder / "short.csv"
    own.write_text("code,name,manning\n231,meadow,0.05\n")
    with pytest.raises(
        UnusableInputError, match=r"classes that are not in the table '.*short.csv': 311 \(0\.12%\) of the terrain"
    ):
        river_valley(site(folder, land_cover=folder / "cover.tif", land_cover_table=own))
    with pytest.raises(UnusableInputError, match="not in the table oso: 231"):
        river_valley(site(folder, land_cover=folder / "cover.tif", land_cover_classes="oso"))


@pytest.mark.parametrize(
    ("row", "told"),
    [
        ("2.5,wood,0.1", "2.5 is no code"),
        ("1,again,0.1", "stands there twice"),
        ("2,metres,35", "35 s/m"),
    ],
)
def test_tables_of_roughness_that_cannot_be_meant(tmp_path: Path, row: str, told: str) -> None:
    (tmp_path / "table.csv").write_text(f"code,name,manning\n1,meadow,0.05\n{row}\n")
    with pytest.raises(UnusableInputError, match=told):
        roughness_table(tmp_path / "table.csv", "corine")


def test_tables_that_come_with_the_program_hold_all_classes() -> None:
    corine, oso = (roughness_table(None, name) for name in TABLES)
    assert len(corine) == 44
    assert sorted(oso) == list(range(1, 24))
    assert all(0.02 < n < 0.2 for n in (*corine.values(), *oso.values()))


def test_a_raster_elsewhere_or_without_classes_is_refused(folder: Path) -> None:
    far = folder / "far.tif"
    with rasterio.open(
        far,
        "w",
        "GTiff",
        10,
        10,
        1,
        crs=LAMBERT,
        transform=rasterio.Affine(5, 0, 9e5, 0, -5, 6.4e6),
        dtype="int16",
        nodata=0,
    ) as out:
        out.write(np.full((10, 10), 231, "int16"), 1)
    with pytest.raises(UnusableInputError, match="no class anywhere"):
        river_valley(site(folder, land_cover=far))
    with pytest.raises(UnusableInputError, match="whole numbers"):
        river_valley(site(folder, land_cover=folder / "terrain.tif"))


def test_houses_keep_cells_dry_and_are_reached_from_beside(folder: Path) -> None:
    terrain = river_valley(site(folder, buildings=folder / "houses.gpkg", buildings_as="obstacles"))
    assert np.argwhere(terrain.blocked).tolist() == [[2, 10]]
    assert terrain.buildings[2, 10] == 0.0
    assert terrain.buildings[3, 11] == 1.0, "the lowest ground beside it, down the valley"
    assert terrain.buildings[8, 20] == 1.0
    assert terrain.buildings.sum() == 2.0
    full = Maps(np.full(BED.shape, 2.0), np.ones(BED.shape), np.zeros(BED.shape)).on_land(terrain, 3600.0)
    assert full["max_depth"][2, 10] == 0.0
    assert full["max_depth"][3, 11] == 2.0
    wide = terrain.coarsened(2)
    assert not wide.blocked.any() and wide.buildings.sum() == 2.0
    event = wave(
        terrain, 600.0, peak_discharge=50.0, time_to_peak=0.1, volume=1e4, roughness_factor=1.0, downstream_depth=1.0
    )
    assert event.blocked is terrain.blocked


def test_houses_add_their_roughness_for_the_share_that_they_cover(folder: Path) -> None:
    terrain = river_valley(
        site(folder, buildings=folder / "houses.gpkg", buildings_as="roughness", buildings_manning=1.0)
    )
    assert terrain.blocked is None
    assert terrain.manning[2, 10] == pytest.approx(1.0)
    assert terrain.manning[8, 20] == pytest.approx(0.045 + 0.04 * (1.0 - 0.045), abs=0.03)
    assert terrain.manning[9, 20] == 0.045


def test_points_are_no_obstacles(folder: Path) -> None:
    points = lines(folder / "points.gpkg", Point(*at(2, 10)))
    with pytest.raises(UnusableInputError, match="no areas"):
        river_valley(site(folder, buildings=points, buildings_as="obstacles"))
    with pytest.raises(UnusableInputError, match="names no buildings"):
        river_valley(site(folder, buildings_as="roughness"))


def test_a_second_river_brings_its_share(folder: Path) -> None:
    terrain = river_valley(site(folder, rivers=[{"line": folder / "brook.gpkg", "share": 0.25}], channel_depth_m=1.0))
    assert not terrain.land[:5, 20].any()
    assert terrain.bed[2, 20] == pytest.approx(BED[2, 20] - 1.0)
    event = wave(
        terrain, 600.0, peak_discharge=80.0, time_to_peak=0.1, volume=2e4, roughness_factor=1.0, downstream_depth=1.0
    )
    greatest = {(inflow.row, inflow.column): np.max(inflow.series[1]) for inflow in event.inflows}
    assert sum(q for (_, column), q in greatest.items() if column == 20) == pytest.approx(20.0, rel=1e-3)
    assert sum(q for (row, _), q in greatest.items() if row == 5) == pytest.approx(60.0, rel=1e-3)
    assert sum(share for *_, share in [*terrain.coarsened(2).entry]) == pytest.approx(0.25)


def test_what_holds_the_water_where_a_river_leaves(folder: Path) -> None:
    def end(**more):
        chosen = site(folder, **more)
        return outlet_of(chosen, river_valley(chosen))

    assert end() is None
    assert end(outlet="normal_flow").slope == pytest.approx(0.002, rel=5e-3)
    assert end(outlet="normal_flow", outlet_slope=0.001).slope == 0.001
    assert end(outlet="free_fall").kind == "free_fall"
    table = folder / "rating.csv"
    table.write_text("level_m,discharge_m3_s\n18,0\n19,30\n21,200\n")
    assert end(outlet="rating_curve", outlet_rating_curve=table).rating[1].tolist() == [0.0, 30.0, 200.0]
    table.write_text("level_m,discharge_m3_s\n18,0\n19,30\n21,20\n")
    with pytest.raises(UnusableInputError, match="falls from 30 to 20"):
        end(outlet="rating_curve", outlet_rating_curve=table)


def test_a_river_that_leaves_by_normal_flow_asks_for_no_level(folder: Path) -> None:
    study = river_flood(site(folder, outlet="normal_flow"))
    assert "downstream_depth" not in [variable.name for variable in study.inputs]


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        ({"outlet": "rating_curve"}, "needs outlet_rating_curve"),
        ({"outlet_slope": 0.01}, "outlet_slope belongs to outlet = 'normal_flow'"),
        ({"rivers": [{"line": "a.gpkg", "share": 0.6}, {"line": "b.gpkg", "share": 0.5}]}, "add up to 1.1"),
    ],
)
def test_settings_of_a_valley_that_contradict_each_other(settings: dict, told: str) -> None:
    with pytest.raises(UnusableInputError, match=told):
        build_site(RiverFloodSite, settings)
