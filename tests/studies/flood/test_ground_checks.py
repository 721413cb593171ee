"""What a site gives is held against its ground: each mistake is refused or told in one sentence that says what to do."""

from __future__ import annotations

from pathlib import Path

import geopandas as gpd
import numpy as np
import pytest
import rasterio
from rasterio.transform import from_origin
from shapely.geometry import LineString, Point

from frugal.errors import UnusableInputError
from frugal.experiments.study.site import build_site
from frugal.studies.flood import river_flood as river
from frugal.studies.flood import submersion
from frugal.studies.flood.terrain.coast import coast
from frugal.studies.flood.terrain.ground_checks import rise_along
from frugal.studies.flood.terrain.river_valley import river_valley
from frugal.studies.flood.terrain.seaward import shore_of
from frugal.studies.flood.terrain.site import RiverFloodSite, SubmersionSite
from frugal.studies.flood.terrain.terrain import FloodTerrain

#: What a site of a real coast has to say of its sea.
PLACE = {"tide_range": (4.0, 6.5), "surge_peak": (0.5, 2.0), "terrain_datum": "mean sea level"}
WEST, NORTH, CELL = 300_000.0, 6_600_000.0, 25.0
ROWS, COLUMNS = 40, 48


def marsh() -> np.ndarray:
    """Sea at -3 m, land from 1 to 2 m; the dike of 5 m stands in column 6."""
    heights = np.full((ROWS, COLUMNS), -3.0)
    heights[:, 6:] = 1.0 + 0.025 * np.arange(COLUMNS - 6)
    heights[:, 6] = 5.0
    return heights


def plain() -> np.ndarray:
    """A valley that falls by 1 ‰ to the east, with banks that rise by 1 m in 100 m on both sides and some roughness."""
    rows, columns = np.mgrid[:ROWS, :COLUMNS]
    rough = 0.05 * np.random.default_rng(0).standard_normal((ROWS, COLUMNS))
    return 20.0 - 0.025 * columns + 0.25 * np.abs(rows - 20) + rough


def write(folder: Path, heights: np.ndarray, dtype: str = "float32", scale: float = 1.0, **told: object) -> Path:
    path = folder / "terrain.tif"
    profile = {"driver": "GTiff", "count": 1, "crs": "EPSG:2154", "dtype": dtype}
    place = from_origin(WEST, NORTH, CELL, CELL)
    with rasterio.open(path, "w", height=ROWS, width=COLUMNS, transform=place, **profile) as file:
        file.write(heights.astype(dtype), 1)
        file.scales = (scale,)
        if "unit" in told:
            file.units = (told["unit"],)
    return path


def line(folder: Path, *cells: tuple[float, float], crs: str = "EPSG:2154") -> Path:
    """A line through the middles of cells (row, column)."""
    corners = [(WEST + (column + 0.5) * CELL, NORTH - (row + 0.5) * CELL) for row, column in cells]
    gpd.GeoDataFrame(geometry=[LineString(corners)], crs=crs).to_file(folder / "line.gpkg")
    return folder / "line.gpkg"


def told(terrain: FloodTerrain) -> str:
    return " | ".join(note["en"] for note in terrain.notes)


# ------------------------------------------------------------------------------------------------------------ heights


@pytest.fixture(scope="module")
def flooded(tmp_path_factory: pytest.TempPathFactory) -> tuple[FloodTerrain, float]:
    """The terrain in metres, and the area that the formula floods on it [ha]."""
    folder = tmp_path_factory.mktemp("metres")
    site = SubmersionSite(terrain=write(folder, marsh()), dike=line(folder, (0, 6), (39, 6)), dike_crest_m=5.0, **PLACE)
    return coast(site), _area(site)


def _area(site: SubmersionSite) -> float:
    study = submersion.submersion(site)
    row = np.array([[1.5, 6.0, 0.0, 18.0, 100.0, 0.5, 1.0]])
    answer = study.answer_of(study.alternatives[0], np.empty((0, 7)), np.empty((0, study.output_size))).predict(row)
    return float((answer["max_depth"][0] > 0.05).sum()) * CELL**2 / 1e4


@pytest.mark.parametrize(
    ("numbers", "packed", "within_m"),
    [
        (lambda z: np.round(z * 10), {"dtype": "int16", "scale": 0.1}, 0.051),
        (lambda z: np.round(z * 100), {"dtype": "int16", "unit": "cm"}, 0.0051),
        (lambda z: z / 0.3048, {"unit": "ft"}, 1e-5),
    ],
)
def test_packed_terrain_floods_the_same_area(tmp_path, flooded, numbers, packed, within_m) -> None:
    plain_terrain, area_ha = flooded
    dike = line(tmp_path, (0, 6), (39, 6))
    site = SubmersionSite(terrain=write(tmp_path, numbers(marsh()), **packed), dike=dike, dike_crest_m=5.0, **PLACE)
    terrain = coast(site)
    np.testing.assert_allclose(terrain.bed, plain_terrain.bed, atol=within_m)
    assert ("are converted to metres" in told(terrain)) == ("unit" in packed) and plain_terrain.notes == ()
    assert _area(site) == area_ha > 50.0


def test_heights_in_another_unit_that_nobody_says_flood_nothing_silently(tmp_path: Path) -> None:
    dike = line(tmp_path, (0, 6), (39, 6))
    for factor in (10.0, 100.0):
        path = write(tmp_path, marsh() * factor)
        for crest in (5.0, None):
            with pytest.raises(UnusableInputError, match=r"in metres|terrain.tif"):
                submersion.submersion(SubmersionSite(terrain=path, dike=dike, dike_crest_m=crest, **PLACE))


# ------------------------------------------------------------------------------------------------------------- rivers


def test_a_river_drawn_upstream_is_turned_and_told(tmp_path: Path) -> None:
    path = write(tmp_path, plain())
    right = river_valley(RiverFloodSite(terrain=path, river=line(tmp_path, (20, 3), (20, 47))))
    turned = river_valley(RiverFloodSite(terrain=path, river=line(tmp_path, (20, 47), (20, 3))))
    np.testing.assert_array_equal(turned.river, right.river)
    np.testing.assert_allclose(np.diff(turned.river_position_m), np.diff(right.river_position_m))
    np.testing.assert_array_equal(turned.bed, right.bed)
    assert river.outlet(turned) == river.outlet(right) and right.notes == ()
    assert "is drawn from downstream: the ground rises by 1.1 m along it" in told(turned)
    assert turned.notes[0]["fr"].startswith("la rivière")


def test_a_river_that_a_bank_dams_is_told_with_its_place(tmp_path: Path) -> None:
    heights = plain()
    heights[:, 30] += 6.0
    bank = river_valley(RiverFloodSite(terrain=write(tmp_path, heights), river=line(tmp_path, (20, 3), (20, 47))))
    rise = heights[20, 30] - heights[20, 3:30].min()
    # the middle of row 20, column 30
    assert f"line.gpkg' rises again by {rise:.1f} m on its way down, at 300762, 6599488" in told(bank)


def test_noise_is_no_fall() -> None:
    along = np.arange(80) * 25.0
    random = np.random.default_rng(1)
    assert rise_along(along, np.full(80, 3.0)) == 0.0
    assert all(rise_along(along, 0.3 * random.standard_normal(80)) == 0.0 for _ in range(200))
    assert rise_along(along, 0.002 * along) == pytest.approx(0.002 * along[-1])
    assert rise_along(along, -0.002 * along) == 0.0
    assert rise_along(along, 0.002 * along + 0.3 * random.standard_normal(80)) == pytest.approx(3.95, abs=0.6)


@pytest.mark.parametrize(
    ("cells", "words"),
    [
        (((20, 3), (20, 30)), r"ends 425 m inside the terrain: draw it on to the edge where its water leaves$"),
        (((20, 0), (20, 40)), r"ends 175 m inside .*; if it was drawn from downstream, turn it round$"),
    ],
)
def test_a_river_that_ends_inland_is_refused(tmp_path: Path, cells, words) -> None:
    level = write(tmp_path, np.full((ROWS, COLUMNS), 2.0))
    for path in (level, write(tmp_path, plain())):
        with pytest.raises(UnusableInputError, match=words):
            river_valley(RiverFloodSite(terrain=path, river=line(tmp_path, *cells)))


def test_lines_elsewhere_are_told_with_both_extents(tmp_path: Path) -> None:
    path = write(tmp_path, plain())
    away = line(tmp_path, (20, 3), (20, 47), crs="EPSG:32630")  # the right numbers in the wrong system
    with pytest.raises(
        UnusableInputError, match=r"river .* lies elsewhere \(easting .*\) than the terrain \(easting 300000–3"
    ):
        river_valley(RiverFloodSite(terrain=path, river=away))
    with pytest.raises(UnusableInputError, match=r"terrain '.*gone.tif', river 'a' and buildings 'b' do not exist"):
        gone = RiverFloodSite(terrain=tmp_path / "gone.tif", river=Path("a"), buildings=Path("b"))
        river_valley(gone)


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"peak_discharge": [10.0, 90.0]}, "'peak_discharge' = 10, 90 m³/s: the study has a base flow of 30"),
        ({"volume": [60e6, 90e6]}, "a peak of 1500 m³/s brings .* within the event of 10 h"),
        ({"volume": [1e3, 2e4]}, "a wave that rises to 300 m³/s in 1 h brings .* at least"),
    ],
)
def test_waves_that_cannot_be_are_refused(settings: dict, words: str) -> None:
    with pytest.raises(UnusableInputError, match=words):
        river.river_flood(build_site(RiverFloodSite, settings))


def test_a_volume_that_the_peak_cannot_give_is_told(tmp_path: Path) -> None:
    study = river.river_flood(RiverFloodSite())
    assert study.remarks_on(np.array([900.0, 2.0, 9e6, 1.0, 1.5])) == ()
    (note,) = study.remarks_on(np.array([300.0, 2.0, 16e6, 1.0, 1.5]))
    assert "of the 16 million m³ that are asked: a peak of 300 m³/s" in note["en"]
    assert float(note["en"].split()[3]) < 270 * 36_000 / 1e6  # more than the peak all along cannot pass
    site = RiverFloodSite(terrain=write(tmp_path, plain()), river=line(tmp_path, (20, 3), (20, 47)))
    assert "16 million m³ with a peak of 300 m³/s" in " ".join(n["en"] for n in river.river_flood(site).notes)


# -------------------------------------------------------------------------------------------------------------- dikes


def shore(folder: Path, *cells: tuple[float, float], **more: object) -> SubmersionSite:
    heights = marsh()
    if "land" in more:
        heights[:, 6] = 1.0
        del more["land"]
    settings = {"dike_crest_m": 5.0, **PLACE, **more}
    return SubmersionSite(terrain=write(folder, heights), dike=line(folder, *cells), **settings)


def test_a_dike_that_seals_says_nothing_and_one_with_a_free_end_does(tmp_path: Path) -> None:
    assert coast(shore(tmp_path, (0, 6), (39, 6), land=True)).notes == ()
    open_ = coast(shore(tmp_path, (0, 6), (25, 6), land=True))
    assert "the sea walks round dike" in told(open_) and "whose lowest crest is 5.0 m" in told(open_)
    level = float(told(open_).split("at ")[1].split(" m")[0])
    assert 1.0 <= level <= 1.5  # the ground at its end lies at 1.0 m


def test_a_dike_that_ends_in_high_ground_seals() -> None:
    bed = np.full((20, 20), 1.0)
    bed[:, :4], bed[14:, 4:], bed[:15, 8] = -2.0, 9.0, 5.0
    dike = np.array([(row, 8) for row in range(15)])
    sea = np.zeros(bed.shape, dtype=bool)
    sea[:, :4] = True
    shore = shore_of(bed, dike, sea)
    assert shore.round_m is None and shore.seaward[:14, :8].all() and not shore.seaward[:, 9:].any()
    bed[14:, 4:] = 1.5
    low = shore_of(bed, dike[:14], sea)
    assert low.round_m == pytest.approx(1.5, abs=2e-3)
    assert low.seaward[:13, :8].all() and not low.seaward[:, 9:].any()


@pytest.mark.parametrize(
    ("cells", "changes", "words"),
    [
        (((0, 2), (39, 2)), {}, r"stands in the sea: along 100% of its length .* than 0 m \(median -3.0 m\)"),
        (
            ((0, 20), (39, 20)),
            {"dike_crest_m": 1.0},
            r"dike_crest_m = 1 m lies below the ground along 100% .*in metres",
        ),
        (
            ((0, 6), (39, 6)),
            {"sea": ("east",), "tide_range": (0.2, 1.0)},
            r"lower than 0.5 m, where the sea would be \(the lowest is 2.0[23] m\): set sea to the sides",
        ),
    ],
)
def test_dikes_that_cannot_be_meant_are_refused(tmp_path: Path, cells, changes, words) -> None:
    with pytest.raises(UnusableInputError, match=words):
        coast(shore(tmp_path, *cells, **changes))


def test_crests_below_the_ground_in_part_and_dikes_that_the_terrain_does_not_show_are_told(tmp_path: Path) -> None:
    heights = marsh()
    heights[:, 6] = 1.0
    heights[:10, 6:12] = 8.0
    site = SubmersionSite(
        terrain=write(tmp_path, heights), dike=line(tmp_path, (0, 6), (39, 6)), dike_crest_m=5.0, **PLACE
    )
    assert "dike_crest_m = 5.0 m lies below the ground along 25 % of dike" in told(coast(site))
    hidden = coast(shore(tmp_path, (0, 6), (39, 6), land=True, dike_crest_m=None))
    assert "stands no higher than the ground behind along 100 % of its length" in told(hidden)


def test_a_dike_that_stands_in_the_sea_in_part_is_told(tmp_path: Path) -> None:
    part = coast(shore(tmp_path, (0, 4), (9, 6), (39, 6)))
    assert "stands in the sea along " in told(part) and "% of its length" in told(part)


def test_land_above_the_highest_sea_is_refused(tmp_path: Path) -> None:
    heights = marsh()
    heights[:, 7:] += 20.0
    site = SubmersionSite(terrain=write(tmp_path, heights), dike=line(tmp_path, (0, 6), (39, 6)), **PLACE)
    with pytest.raises(
        UnusableInputError, match=r"no land of terrain .* lies below 6.25 m, the highest sea of this study"
    ):
        submersion.submersion(site)


# ---------------------------------------------------------------------------------------------------------- buildings


def buildings(folder: Path, *cells: tuple[float, float], crs: str = "EPSG:2154") -> Path:
    places = [Point(WEST + (column + 0.5) * CELL, NORTH - (row + 0.5) * CELL) for row, column in cells]
    frame = gpd.GeoDataFrame(geometry=places, crs=crs)
    frame.to_file(folder / "houses.gpkg")
    return folder / "houses.gpkg"


def test_buildings_outside_and_in_water_are_counted_in_notes(tmp_path: Path) -> None:
    houses = buildings(tmp_path, (5, 20), (6, 20), (7, 2), (60, 20), (61, 20))
    terrain = coast(shore(tmp_path, (0, 6), (39, 6), buildings=houses))
    assert terrain.buildings.sum() == 2.0
    assert "2 of the 5 buildings" in told(terrain) and "1 of the 5 buildings" in told(terrain)


@pytest.mark.parametrize(
    ("cells", "crs", "words"),
    [
        (((5, 2), (6, 3)), "EPSG:2154", "none of the 2 buildings of .* in the terrain stands on land"),
        (((5, 20), (6, 20)), "EPSG:3946", r"buildings .* lie elsewhere \(.*\) than the terrain"),
        ((), "EPSG:2154", "hold no shape that lies somewhere"),
    ],
)
def test_buildings_of_which_none_is_left_are_refused(tmp_path: Path, cells, crs, words) -> None:
    houses = buildings(tmp_path, *cells, crs=crs)
    with pytest.raises(UnusableInputError, match=words):
        coast(shore(tmp_path, (0, 6), (39, 6), buildings=houses))


# --------------------------------------------------------------------------------------------------------------- maps


def test_maps_tell_sea_dike_and_river_apart_and_generated_places_lie_nowhere(tmp_path: Path) -> None:
    grid = submersion.submersion(shore(tmp_path, (0, 6), (39, 6))).outputs[0].geometry
    assert set(grid.zones) == {"sea", "dike"} and grid.zone("sea")[:, :6].all() and grid.zone("sea").sum() == 6 * ROWS
    assert grid.zone("dike")[:, 6].all() and grid.zone("dike").sum() == ROWS
    for study in (submersion.submersion(SubmersionSite(cells=16)), river.river_flood(RiverFloodSite())):
        place = study.outputs[0].geometry
        assert "nowhere on Earth" in place.crs and place.transform[2] == 0.0
        assert study.outputs[2].high == study.outputs[2].fill_value  # no arrival after the end of the event
    assert set(place.zones) == {"river bed"}
