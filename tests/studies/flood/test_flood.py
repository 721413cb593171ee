"""The flood studies: terrain, breaches, events, formulas, sites and what is refused."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from rasterio.transform import from_origin
from scipy import ndimage

from frugal.errors import UnusableInputError
from frugal.experiments.study.site import build_site
from frugal.studies.flood import river_flood as river
from frugal.studies.flood import submersion
from frugal.studies.flood.bathtub import bathtub, connection_level
from frugal.studies.flood.outputs import Maps, refined
from frugal.studies.flood.sea.storm_tide import sea_level
from frugal.studies.flood.terrain.coast import coast
from frugal.studies.flood.terrain.generated_polder import polder
from frugal.studies.flood.terrain.generated_valley import valley
from frugal.studies.flood.terrain.reading import check_memory
from frugal.studies.flood.terrain.river_valley import river_valley
from frugal.studies.flood.terrain.site import RiverFloodSite, SubmersionSite
from frugal.studies.flood.terrain.terrain import breached

STORM = np.array([1.5, 6.0, 0.3, 18.0, 100.0, 0.5, 1.0])
TIDE = {"surge_peak": 1.5, "tide_range": 6.0, "sea_level_rise": 0.3, "storm_duration": 18.0}
#: What a site of a real coast has to say of its sea.
PLACE = {"tide_range": (4.0, 6.5), "surge_peak": (0.5, 2.0), "terrain_datum": "mean sea level"}
WAVE = np.array([900.0, 2.0, 9e6, 1.0, 1.5])


# ------------------------------------------------------------------------------------------------------------ terrain


def test_the_polder_is_watertight_and_its_sea_lies_before_the_dike() -> None:
    terrain = polder()
    sea = ~terrain.land
    sea[tuple(terrain.dike.T)] = False
    assert sea[:, :4].all() and not sea[:, 4:].any()
    assert (connection_level(terrain.bed, sea)[terrain.land] >= terrain.bed[tuple(terrain.dike.T)].min()).all()
    low = terrain.bed[terrain.land] < 3.0  # under the spring tide
    assert low.mean() > 0.6 and terrain.buildings.sum() > 100


@pytest.mark.parametrize("factor", [2, 4])
def test_a_coarser_terrain_keeps_crest_buildings_and_length(factor: int) -> None:
    fine = polder()
    coarse = fine.coarsened(factor)
    assert coarse.cell_size_m == factor * fine.cell_size_m
    assert coarse.buildings.sum() == fine.buildings.sum()
    assert coarse.bed[tuple(coarse.dike.T)].min() >= fine.bed[tuple(fine.dike.T)].min()
    assert coarse.dike_length_m == pytest.approx(fine.dike_length_m, rel=0.05)
    sea = ~coarse.land
    sea[tuple(coarse.dike.T)] = False
    assert sea.any() and (connection_level(coarse.bed, sea)[coarse.land] > 4.5).all()


def test_a_breach_opens_its_width_and_part_of_a_cell_opens_in_part() -> None:
    terrain = polder()
    cells, sill = breached(terrain, 0.5, 100.0, 4.5)
    assert 2 <= len(cells) <= 3
    behind = terrain.sill_m[np.searchsorted(terrain.dike[:, 0], cells[:, 0])]
    part = ((4.5 - sill) / (4.5 - behind)) ** 1.5
    assert part.sum() * terrain.cell_size_m == pytest.approx(100.0, rel=1e-6)
    assert len(breached(terrain, 0.5, 0.0, 4.5)[0]) == 0
    for place in (0.0, 1.0):  # at the ends its whole width counts too
        cells, sill = breached(terrain, place, 150.0, 4.5)
        assert len(cells) == 3


@pytest.mark.parametrize("width", [10.0, 20.0, 40.0])
def test_a_breach_of_a_dike_across_the_grid_lets_water_through(width: float) -> None:
    # a staircase from the north-western corner: each cell touches the sea (north-east) or the land (south-west), none both
    chain = np.array([(k // 2, (k + 1) // 2) for k in range(40)])
    rows, columns = np.indices((20, 21))
    dike = np.zeros((20, 21), dtype=bool)
    dike[tuple(chain.T)] = True
    land = (columns < rows) & ~dike
    position = (np.arange(40) + 0.5) * 25.0 / 2**0.5
    stairs = replace(
        polder(), bed=np.where(dike, 5.0, -1.0), cell_size_m=25.0, manning=np.full(dike.shape, 0.03), land=land, dike=chain,
        dike_position_m=position, sill_m=np.zeros(40), buildings=np.zeros(dike.shape),
    )  # fmt: skip
    for place in np.linspace(0.1, 0.9, 17):
        cells, sill = breached(stairs, float(place), width, 4.0)
        labels, _ = ndimage.label(np.isin(rows * 21 + columns, cells @ [21, 1]) | land | stairs.sea)
        assert labels[0, 20] == labels[19, 0] and (sill < 4.0).all()
    assert len(breached(stairs, 0.5, 100.0, 4.0)[0]) <= 7, "a wide breach passes by itself"


@pytest.mark.parametrize(("position", "width", "named"), [(1.2, 50.0, "1.2"), (-0.1, 50.0, "-0.1"), (0.5, -3.0, "-3")])
def test_a_breach_outside_the_dike_is_refused(position: float, width: float, named: str) -> None:
    with pytest.raises(UnusableInputError, match=named):
        breached(polder(), position, width, 4.5)


# ------------------------------------------------------------------------------------------------------------- events


def test_the_sea_peaks_at_high_tide_with_the_sum_of_its_parts() -> None:
    time_s = np.linspace(-3 * 3600, 5 * 3600, 481)
    level = sea_level(time_s, **TIDE)
    assert level.max() == pytest.approx(0.3 + 3.0 + 1.5) and abs(time_s[level.argmax()]) < 61
    short = sea_level(np.array([3.01 * 3600.0]), **{**TIDE, "sea_level_rise": 0.0, "storm_duration": 6.0})
    assert short[0] == pytest.approx(3.0 * np.cos(2 * np.pi * 3.01 / 12.42))  # the storm is over


@pytest.mark.parametrize("wave", [(900.0, 2.0, 9e6), (300.0, 1.0, 4e6), (1500.0, 3.0, 12e6)])
def test_the_hydrograph_has_the_peak_and_the_volume_asked_for(wave: tuple[float, float, float]) -> None:
    time_s = np.arange(0.0, 400 * 3600.0, 30.0)  # until everything has passed
    flow = river.hydrograph(time_s, peak_discharge=wave[0], time_to_peak=wave[1], volume=wave[2])
    assert flow.max() == pytest.approx(wave[0], rel=1e-3)
    assert time_s[flow.argmax()] == pytest.approx(3600 * wave[1], abs=30)
    assert np.trapezoid(flow - river.BASE_FLOW_M3_S, time_s) == pytest.approx(wave[2], rel=0.01)


def test_the_river_leaves_by_the_eastern_side() -> None:
    side, first, last = river.outlet(valley())
    row = valley().river[-1][0]
    assert side == "east" and first <= row < last


# ----------------------------------------------------------------------------------------------------------- formulas


def test_a_bathtub_fills_what_is_connected_and_nothing_else() -> None:
    bed = np.array([[0.0, 3.0, 0.5, 0.5], [0.0, 1.0, 2.0, 0.2]])
    sea = np.zeros(bed.shape, dtype=bool)
    sea[:, 0] = True
    assert connection_level(bed, sea).tolist() == [[0.0, 3.0, 2.0, 2.0], [0.0, 1.0, 2.0, 2.0]]
    below = bathtub(bed, sea, 1.5, 0.0)
    assert below.depth.tolist() == [[1.5, 0.0, 0.0, 0.0], [1.5, 0.5, 0.0, 0.0]]
    above = bathtub(bed, sea, 2.5, 0.0)
    assert above.depth.tolist() == [[2.5, 0.0, 2.0, 2.0], [2.5, 1.5, 0.5, 2.3]]


def test_coarse_levels_are_laid_over_the_fine_ground() -> None:
    fine = polder()
    wide = fine.coarsened(2)
    depth = np.maximum(2.0 - wide.bed, 0.0)
    maps = refined(Maps(depth, depth, depth), wide.bed, fine, 2)
    wet = maps.depth > 0
    assert np.allclose((maps.depth + fine.bed)[wet], 2.0)


def test_uniform_flow_fills_more_for_a_greater_wave() -> None:
    study = river.river_flood(RiverFloodSite())
    answer = study.answer_of(study.alternatives[0], np.empty((0, 5)), np.empty((0, study.output_size))).predict
    small, large = (answer(np.array([[peak, 2.0, 9e6, 1.0, 0.5]]))["max_depth"][0] for peak in (300.0, 1500.0))
    assert (large >= small - 1e-9).all() and large.sum() > 1.5 * small.sum()


# -------------------------------------------------------------------------------------------------------------- sites


def write_terrain(path: Path, bed: np.ndarray, cell: float = 25.0, crs: str | None = "EPSG:2154") -> Path:
    import rasterio

    profile = {"driver": "GTiff", "count": 1, "dtype": "float32", "crs": crs, "nodata": -9999.0}
    shape = {"height": bed.shape[0], "width": bed.shape[1]}
    with rasterio.open(path, "w", transform=from_origin(370_000, 6_570_000, cell, cell), **shape, **profile) as file:
        file.write(np.where(np.isfinite(bed), bed, -9999.0).astype("float32"), 1)
    return path


def write_line(path: Path, corners: list[tuple[float, float]], crs: str = "EPSG:2154") -> Path:
    feature = {"type": "Feature", "properties": {}, "geometry": {"type": "LineString", "coordinates": corners}}
    content = {
        "type": "FeatureCollection",
        "crs": {"type": "name", "properties": {"name": crs}},
        "features": [feature],
    }
    path.write_text(json.dumps(content))
    return path


@pytest.fixture
def shore(tmp_path: Path) -> dict[str, Path]:
    """A flat marsh of 40 × 40 cells of 25 m behind a dike line, the sea in the west."""
    bed = np.full((40, 40), 1.2)
    bed[:, :5] = -2.0
    bed[:, 30:] = 6.0
    terrain = write_terrain(tmp_path / "shore.tif", bed)
    dike = write_line(tmp_path / "dike.geojson", [(370_137.0, 6_570_000.0 - 1.0), (370_137.0, 6_569_000.0 + 1.0)])
    return {"terrain": terrain, "dike": dike}


def test_a_shore_of_files(shore: dict[str, Path], tmp_path: Path) -> None:
    (tmp_path / "site.toml").write_text(
        'terrain = "shore.tif"\ndike = "dike.geojson"\ndike_crest_m = 5.0\n'
        'tide_range = [4.0, 6.5]\nsurge_peak = [0.5, 2.0]\nterrain_datum = "mean sea level"\n'
    )
    site = build_site(SubmersionSite, {}, tmp_path / "site.toml")
    assert isinstance(site, SubmersionSite)
    terrain = coast(site)
    assert terrain.shape == (40, 40) and len(terrain.dike) == 40 and terrain.crs == "EPSG:2154"
    assert (terrain.bed[tuple(terrain.dike.T)] == 5.0).all() and np.allclose(terrain.sill_m, 1.2)
    assert (~terrain.land[:, :6]).all() and terrain.land[:, 6:].all()
    wide = coast(site.model_copy(update={"cell_size_m": 50.0}))
    assert wide.shape == (20, 20) and wide.cell_size_m == 50.0
    study = submersion.submersion(site)
    assert study.outputs[0].coords["x"][0] == 370_012.5 and study.outputs[0].geometry.crs == "EPSG:2154"


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"dike": None}, "has no dike:"),
        ({"dike": None, "tide_range": None, "surge_peak": None}, "has no dike, tide_range, surge_peak:"),
        ({"sea": ("east",)}, r"on the east side .* is lower than 3.25 m, .* set sea to the sides"),
        ({"sea_below_m": -4.0}, r"lower than sea_below_m = -4 m \(the lowest is -2.00 m\): leave sea_below_m out"),
        ({"cell_size_m": 10.0}, "finer than"),
        ({"terrain_datum": "chart datum"}, "needs mean_sea_level_m too"),
        ({"terrain": Path("nowhere.tif")}, "nowhere.tif"),
    ],
)
def test_a_shore_that_cannot_be_used(shore: dict[str, Path], change: dict, told: str) -> None:
    with pytest.raises(UnusableInputError, match=told):
        coast(SubmersionSite(**{**shore, **PLACE, **change}))


def test_terrains_that_cannot_be_used(shore: dict[str, Path], tmp_path: Path) -> None:
    bed = np.full((40, 40), 1.0)
    bed[3, 4:7] = np.nan
    cases = {
        "3 cells without height": write_terrain(tmp_path / "holes.tif", bed),
        "no coordinate system": write_terrain(tmp_path / "bare.tif", np.ones((20, 20)), crs=None),
        "not in metres": write_terrain(tmp_path / "feet.tif", np.ones((20, 20)), crs="EPSG:2263"),
        "degrees": write_terrain(tmp_path / "degrees.tif", np.ones((20, 20)), crs="EPSG:4326"),
    }
    for told, path in cases.items():
        with pytest.raises(UnusableInputError, match=told):
            coast(SubmersionSite(terrain=path, dike=shore["dike"], **PLACE))


def test_dikes_that_cannot_be_used(shore: dict[str, Path], tmp_path: Path) -> None:
    outside = write_line(tmp_path / "outside.geojson", [(370_137.0, 6_570_500.0), (370_137.0, 6_569_500.0)])
    with pytest.raises(UnusableInputError, match="leaves the terrain along 50%"):
        coast(SubmersionSite(terrain=shore["terrain"], dike=outside, **PLACE))
    (tmp_path / "text.gpkg").write_text("no geopackage")
    with pytest.raises(UnusableInputError, match=r"text\.gpkg"):
        coast(SubmersionSite(terrain=shore["terrain"], dike=tmp_path / "text.gpkg", **PLACE))


def test_a_domain_that_the_machine_cannot_hold_is_told_with_its_memory() -> None:
    with pytest.raises(UnusableInputError, match=r"10000 × 10000 cells would need about \d+ GB"):
        check_memory(100_000_000, 1_000, "10000 × 10000 cells")


@pytest.mark.parametrize(
    ("setting", "value"),
    [
        ("manning", -0.03),
        ("cells", 3),
        ("sea", "up"),
        ("cell_size_m", 0.0),
        ("cell_size_m", float("inf")),
        ("dike_crest_m", float("nan")),
        ("sea_below_m", float("inf")),
    ],
)
def test_settings_out_of_bounds_are_named(setting: str, value: object) -> None:
    with pytest.raises(UnusableInputError, match=setting):
        build_site(SubmersionSite, {setting: value})


def test_a_river_of_files(shore: dict[str, Path], tmp_path: Path) -> None:
    axis = write_line(tmp_path / "river.geojson", [(370_700.0, 6_569_510.0), (370_010.0, 6_569_490.0)])
    terrain = river_valley(RiverFloodSite(terrain=shore["terrain"], river=axis, channel_depth_m=2.0))
    assert np.allclose(terrain.bed[tuple(terrain.river.T)], np.where(terrain.river[:, 1] < 5, -2.0, 1.2) - 2.0)
    assert (np.diff(terrain.river_position_m) > 0).all() and not terrain.land[tuple(terrain.river.T)].any()
    with pytest.raises(UnusableInputError, match="no river"):
        river_valley(RiverFloodSite(terrain=shore["terrain"]))
    with pytest.raises(UnusableInputError, match="peak_discharge"):
        build_site(RiverFloodSite, {"peak_discharge": [900.0, 300.0]})


# --------------------------------------------------------------------------------------------------------- whole runs


def test_a_storm_floods_the_polder_through_its_breach_only() -> None:
    study = submersion.submersion(SubmersionSite(cells=16))
    closed, open_ = (study.run(np.array([1.0, 5.0, 0.0, 18.0, width, 0.5, 1.0])) for width in (0.0, 200.0))
    area = study.output_slices()["flooded_area"]
    assert closed[area] == 0.0 and open_[area] > 50.0
    arrival = open_[study.output_slices()["arrival_time"]]
    # from low water, 6.21 h before high tide: not before the breach opens, an hour before; dry cells hold the end, 5 h after
    assert arrival.min() >= 5.21 and arrival.max() == pytest.approx(11.21)


def test_cheaper_physics_answer_in_the_shape_of_the_study() -> None:
    study = submersion.submersion(SubmersionSite())
    rows = STORM[None]
    truth = np.stack([study.run(row) for row in rows])
    depth = study.output_slices()["max_depth"]
    wet = truth[:, depth] > 0.05
    errors = {}
    for alternative in study.alternatives:
        answer = study.answer_of(alternative, np.empty((0, 7)), np.empty((0, study.output_size))).predict(rows)
        flat = study.flatten(answer, 1)
        assert flat.shape == truth.shape
        errors[alternative.name] = float(np.sqrt(((flat - truth)[:, depth][wet] ** 2).mean()))
    assert errors["bathtub"] > 2 * max(error for name, error in errors.items() if name != "bathtub")
    assert errors["fill_and_spill"] < 0.4
    assert errors["subgrid"] < 0.25
