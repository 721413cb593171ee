"""Rain, infiltration, culverts and gates of a site: what they put into an event, by hand, and what is booked of them."""

import math
from pathlib import Path

import geopandas as gpd
import numpy as np
import pytest
import rasterio
from shapely.geometry import LineString

from frugal.errors import UnusableInputError
from frugal.experiments.study import Study
from frugal.experiments.study.site import build_site
from frugal.studies.flood.coastal_conditions import coast_of
from frugal.studies.flood.coastal_event import storm
from frugal.studies.flood.local_water import link_on, local_water
from frugal.studies.flood.river_flood import river_flood, wave
from frugal.studies.flood.solver_alternatives import run_flood
from frugal.studies.flood.submersion import submersion
from frugal.studies.flood.terrain.coast import coast
from frugal.studies.flood.terrain.river_valley import river_valley
from frugal.studies.flood.terrain.site import RiverFloodSite, SubmersionSite

LAMBERT = "EPSG:2154"
ROWS, COLUMNS, CELL = 12, 40, 25.0
WEST, NORTH = 400_000.0, 6_500_000.0
BED = 20.0 - 0.05 * np.arange(COLUMNS)[None] + 0.5 * np.abs(np.arange(ROWS) - 5.0)[:, None]
WAVE = {"peak_discharge": 50.0, "time_to_peak": 1.0, "volume": 1e5, "downstream_depth": 1.0, "roughness_factor": 1.0}
#: 36 mm/h is 10 µm/s.
RAIN = 1e-5


def at(row: float, column: float) -> tuple[float, float]:
    """Centre of a cell."""
    return WEST + (column + 0.5) * CELL, NORTH - (row + 0.5) * CELL


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    found = tmp_path_factory.mktemp("water")
    grid = rasterio.Affine(CELL, 0.0, WEST, 0.0, -CELL, NORTH)
    with rasterio.open(
        found / "terrain.tif", "w", "GTiff", COLUMNS, ROWS, 1, crs=LAMBERT, transform=grid, dtype="float32"
    ) as out:
        out.write(BED.astype("float32"), 1)
    gpd.GeoDataFrame(geometry=[LineString([at(5, 0), at(5, COLUMNS - 1)])], crs=LAMBERT).to_file(found / "axis.gpkg")
    told = {
        "kind": ["culvert", "flap_gate"], "width_m": [2.0, None], "height_m": [1.5, None], "diameter_m": [None, 0.8],
        "invert_m": [19.0, 20.5], "manning": [None, 0.02], "name": ["under the road", "mill"],
    }  # fmt: skip
    shapes = [LineString([at(2, 10), at(4, 10)]), LineString([at(8, 20), at(8, 24)])]
    gpd.GeoDataFrame(told, geometry=shapes, crs=LAMBERT).to_crs("EPSG:4326").to_file(found / "links.geojson")
    return found


def site(folder: Path, **more: object) -> RiverFloodSite:
    settings = {"terrain": (folder / "terrain.tif",), "river": folder / "axis.gpkg", **more}
    return build_site(RiverFloodSite, settings)


def test_rain_and_infiltration_are_booked_as_computed_by_hand(folder: Path) -> None:
    asked = site(folder, rain_mm_h=36.0, infiltration_mm_h=9.0)
    terrain = river_valley(asked)
    case = local_water(asked, terrain, 0.0, None).added(wave(terrain, 600.0, **WAVE), terrain)
    ledger = run_flood(case).volume
    assert ledger.by_source["rain"] == pytest.approx(RAIN * 600.0 * ROWS * COLUMNS * CELL**2)
    land = (ROWS - 1) * COLUMNS  # nothing seeps under the river
    assert 0.9 < -ledger.by_source["infiltration"] / (RAIN / 4 * 600.0 * land * CELL**2) <= 1.0


def test_green_and_ampt_are_told_in_millimetres(folder: Path) -> None:
    asked = site(folder, green_ampt={"conductivity_mm_h": 10.9, "suction_mm": 110.1, "moisture_deficit": 0.3})
    found = local_water(asked, river_valley(asked), 0.0, None).infiltration
    assert found is not None
    assert found.conductivity_m_s == pytest.approx(3.0278e-6, rel=1e-4)
    assert (found.suction_head_m, found.moisture_deficit) == (pytest.approx(0.1101), 0.3)


def test_rain_of_a_file_is_dry_before_and_after(folder: Path) -> None:
    (folder / "rain.csv").write_text("time_h,rain_mm_h\n0.5,0\n1,36\n1.5,72\n")
    asked = site(folder, rain_series=folder / "rain.csv")
    water = local_water(asked, river_valley(asked), 0.0, None)
    times, values = water.rain  # type: ignore[misc]
    assert np.interp([0.0, 2700.0, 3600.0, 5400.0, 6000.0], times, values) == pytest.approx(
        [0.0, RAIN / 2, RAIN, 2 * RAIN, 0.0]
    )
    assert water.begins_s == 1800.0
    (folder / "dated.csv").write_text("time,rain [mm/h]\n2020-01-01T00:00Z,0\n2020-01-01T01:00Z,36\n")
    with pytest.raises(UnusableInputError, match="has dates, and nothing says when the event is"):
        local_water(site(folder, rain_series=folder / "dated.csv"), river_valley(asked), 0.0, None)


def test_links_of_a_file_lie_between_its_cells(folder: Path) -> None:
    asked = site(folder, links=folder / "links.geojson")
    terrain = river_valley(asked)
    culvert, gate = (link_on(terrain, link) for link in local_water(asked, terrain, 0.0, None).links)
    assert (culvert.row, culvert.column, culvert.to_row, culvert.to_column) == (2, 10, 4, 10)
    assert (culvert.area_m2, culvert.height_m, culvert.invert_m, culvert.manning) == (3.0, 1.5, 19.0, 0.013)
    assert culvert.length_m == pytest.approx(2 * CELL, abs=1e-3) and not culvert.flap
    assert (gate.row, gate.to_column, gate.flap, gate.manning) == (8, 24, True, 0.02)
    assert gate.area_m2 == pytest.approx(math.pi * 0.4**2)
    case = local_water(asked, terrain, 0.0, None).added(wave(terrain, 60.0, **WAVE), terrain)
    assert set(run_flood(case).volume.through_links) == {"under the road", "mill"}


PIPE = {"kind": "culvert", "diameter_m": 1.0, "invert_m": 19.0, "inlet": at(2, 10), "outlet": at(4, 10)}


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({"outlet": at(2, 10.2)}, "begins and ends in one cell of 25 m"),
        ({"outlet": at(-3, 10)}, "an end of link 'link 1', at .*, lies outside the terrain"),
        ({"invert_m": 1900.0}, "invert_m of link 'link 1' is 1900 m, far from the terrain"),
        ({"diameter_m": 800.0}, "link 1: diameter_m = 800.0"),
        ({"width_m": 2.0}, "a link needs width_m and height_m, or diameter_m alone"),
        ({"kind": "pump"}, "link 1: kind = 'pump'"),
        ({"slope": 0.1}, "link 1 has 'slope'; allowed: kind, width_m"),
    ],
)
def test_links_that_cannot_be_meant_are_refused(folder: Path, changed: dict[str, object], told: str) -> None:
    with pytest.raises(UnusableInputError, match=told):
        asked = site(folder, links=[{**PIPE, **changed}])
        local_water(asked, river_valley(asked), 0.0, None)


def test_what_cannot_hold_infiltration_or_links_leaves_the_ladder_and_it_is_told(folder: Path) -> None:
    def ladder(study: Study) -> set[str]:
        return {answer.name for answer in study.alternatives if answer.uses_solver}

    dry, seeping = river_flood(site(folder)), river_flood(site(folder, infiltration_mm_h=5.0))
    linked = river_flood(site(folder, links=[PIPE]))
    assert ladder(dry) - ladder(seeping) == {"subgrid"} and seeping.coarser is not None
    assert ladder(linked) == {"local_inertial"} and linked.coarser is None
    assert "subgrid is left out of the ladder" in seeping.notes[-1]["en"]
    assert len({study.hash() for study in (dry, seeping, linked)}) == 3


def test_at_a_coast_rain_begins_the_event_and_gates_drain_to_the_sea() -> None:
    asked = build_site(SubmersionSite, {"cells": 16, "rain_mm_h": 36.0})
    terrain = coast(asked)
    events, _ = coast_of(asked, terrain)
    storm_asked = {variable.name: variable.default for variable in submersion(asked).inputs}
    case = storm(terrain, events, **storm_asked)
    assert case.start_s == 0.0 and case.rain is not None and case.rain.series == pytest.approx(RAIN)

    row, column = (int(n) for n in terrain.dike[len(terrain.dike) // 2])
    size = terrain.cell_size_m
    sea, land, dike = (
        (terrain.x_min + (column + step + 0.5) * size, terrain.y_max - (row + 0.5) * size) for step in (-1, 2, 0)
    )
    gate = {"kind": "flap_gate", "diameter_m": 1.0, "invert_m": 0.0, "inlet": land, "outlet": sea}
    assert local_water(build_site(SubmersionSite, {"cells": 16, "links": [gate]}), terrain, 0.0, None).links
    for changed, told in (
        ({"inlet": sea, "outlet": land}, "begins in the sea"),
        ({"outlet": dike}, "in a cell of the dike"),
        ({"inlet": (sea[0], sea[1] + size)}, "both ends of link 'link 1' lie in the sea"),
    ):
        wrong = build_site(SubmersionSite, {"cells": 16, "links": [{**gate, **changed}]})
        with pytest.raises(UnusableInputError, match=told):
            local_water(wrong, terrain, 0.0, None)
