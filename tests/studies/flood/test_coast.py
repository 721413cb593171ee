"""The sea of `submersion`: where it is, when an event begins, what comes from the site and its files, how dikes fail."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import geopandas as gpd
import numpy as np
import pytest
import rasterio
from rasterio.transform import from_origin
from shapely.geometry import LineString

from frugal.errors import UnusableInputError
from frugal.experiments.study.site import build_site
from frugal.physics.overtopping import overtopping_discharge
from frugal.physics.shallow_water.simulate import simulate
from frugal.studies.flood import river_flood as river
from frugal.studies.flood.coastal_conditions import coast_of, sea_variables
from frugal.studies.flood.coastal_event import Coast, storm
from frugal.studies.flood.products.maps import map_files
from frugal.studies.flood.products.series import point_table
from frugal.studies.flood.sea.history import StormTide
from frugal.studies.flood.sea.storm_tide import sea_level
from frugal.studies.flood.submersion import inputs_of, submersion
from frugal.studies.flood.terrain.coast import coast
from frugal.studies.flood.terrain.generated_valley import valley
from frugal.studies.flood.terrain.site import RiverFloodSite, SubmersionSite
from frugal.studies.flood.terrain.terrain import FloodTerrain

WEST, NORTH, CELL, ROWS, COLUMNS, DIKE = 300_000.0, 6_600_000.0, 50.0, 12, 24, 14
STORM = {"surge_peak": 1.5, "tide_range": 6.0, "sea_level_rise": 0.0, "storm_duration": 18.0}
CLOSED = {**STORM, "breach_width": 0.0, "breach_position": 0.5, "roughness_factor": 1.0}
PLACE = {"tide_range": (3.0, 6.5), "surge_peak": (0.5, 2.0), "terrain_datum": "mean sea level"}
HOUR = 3600.0


def heights() -> np.ndarray:
    """A beach from -3 m, a marsh at 1.5 m with a bar at 2.5 m, a dike of 5.5 m, low land behind it that rises inland."""
    bed = np.full((ROWS, COLUMNS), 1.5)
    bed[:, :5] = -3.0 + 0.9 * np.arange(5)
    bed[2:5, 8] = 2.5
    bed[:, DIKE] = 5.5
    bed[:, DIKE + 1 :] = 1.0 + 0.05 * np.arange(COLUMNS - DIKE - 1)
    return bed + 0.05 * np.random.default_rng(0).standard_normal(bed.shape)


def place(folder: Path, bed: np.ndarray | None = None, **settings: object) -> SubmersionSite:
    """A site of files, its dike straight from the northern to the southern edge."""
    bed = heights() if bed is None else bed
    profile = {"driver": "GTiff", "count": 1, "crs": "EPSG:2154", "dtype": "float32", "height": ROWS, "width": COLUMNS}
    with rasterio.open(folder / "terrain.tif", "w", transform=from_origin(WEST, NORTH, CELL, CELL), **profile) as file:
        file.write(bed.astype("float32"), 1)
    x = WEST + (DIKE + 0.5) * CELL
    line = LineString([(x, NORTH - 1.0), (x, NORTH - ROWS * CELL + 1.0)])
    gpd.GeoDataFrame(geometry=[line], crs="EPSG:2154").to_file(folder / "dike.gpkg")
    settings = {"terrain": (folder / "terrain.tif",), "dike": folder / "dike.gpkg", **PLACE, **settings}
    return SubmersionSite(**{name: value for name, value in settings.items() if value is not None})


def made(folder: Path, **settings: object) -> tuple[FloodTerrain, Coast]:
    site = place(folder, **settings)
    terrain = coast(site)
    return terrain, coast_of(site, terrain)[0]


# ---------------------------------------------------------------------------------------------------------- the start


def test_the_sea_stands_at_rest_on_the_marsh_and_a_dike_that_holds_keeps_the_land_dry(tmp_path: Path) -> None:
    terrain, events = made(tmp_path)
    assert terrain.sea[:, :DIKE].all() and terrain.land[:, DIKE + 1 :].all()
    assert terrain.passed_at_m == pytest.approx(terrain.bed[:, DIKE].min())
    flood_case = storm(terrain, events, **CLOSED)
    begun = float(sea_level(np.array([-HOUR]), **STORM)[0])  # nothing passes: an hour before high tide, 4.0 m
    level = np.asarray(flood_case.level)
    assert np.allclose(level[:, :DIKE], begun, atol=2e-3) and (level[:, DIKE:] == terrain.bed[:, DIKE:]).all()
    until_high_tide = simulate(replace(flood_case, duration_s=-events.history.begin_s))
    assert until_high_tide.max_speed[terrain.sea].max() < 0.3  # it was 4.7 m/s where the marsh began dry
    assert (until_high_tide.max_depth[terrain.land] == 0.0).all()
    assert abs(until_high_tide.volume.imbalance) < 1e-12


def test_an_event_begins_when_the_sea_reaches_the_crest_or_the_breach(tmp_path: Path) -> None:
    terrain, events = made(tmp_path, dike_crest_m=None)
    highest = {
        **CLOSED,
        "surge_peak": 2.0,
        "tide_range": 6.5,
        "sea_level_rise": 1.0,
    }  # 6.25 m, above the crest of 5.5 m
    start_s = storm(terrain, events, **highest).start_s + events.history.begin_s
    sea = {name: highest[name] for name in STORM}
    assert start_s < -HOUR
    assert float(sea_level(np.array([start_s]), **sea)[0]) == pytest.approx(terrain.passed_at_m, abs=2e-3)
    breach = {**CLOSED, "breach_width": 100.0}
    assert storm(terrain, events, **breach).start_s + events.history.begin_s == pytest.approx(-HOUR)
    late = replace(terrain, sill_m=np.full(ROWS, 4.3))  # higher than the sea when the breach opens
    start_s = storm(late, events, **{**breach, "breach_width": 200.0}).start_s + events.history.begin_s
    assert float(sea_level(np.array([start_s]), **STORM)[0]) == pytest.approx(4.3, abs=0.01) and start_s > -HOUR


def test_a_dike_that_holds_is_no_wider_to_friction_than_its_crest(tmp_path: Path) -> None:
    terrain, events = made(tmp_path)
    held = np.asarray(storm(terrain, events, **CLOSED).friction)
    on_dike = tuple(terrain.dike.T)
    # n² times the length that is rubbed along: 3 m of crest in cells of 50 m
    assert held[on_dike] ** 2 * CELL == pytest.approx(0.035**2 * 3.0)
    assert (np.delete(held, DIKE, axis=1) == 0.035).all()
    opened = np.asarray(storm(terrain, events, **{**CLOSED, "breach_width": 100.0}).friction)[on_dike]
    assert (opened == 0.035).sum() in (2, 3) and (opened[[0, -1]] < 0.01).all()


def test_levels_are_written_in_the_zero_of_the_terrain(tmp_path: Path) -> None:
    terrain, _ = made(tmp_path, terrain_datum="NGF/IGN69", mean_sea_level_m=0.4, breach_level_m=20.0)
    calm = np.zeros(terrain.shape)
    flood = SimpleNamespace(max_depth=calm + 0.5, depth=calm, max_speed=calm, arrival_time=calm)
    seen = SimpleNamespace(
        last_s=calm, duration_s=[calm, calm], product=calm, worst_depth=calm, worst_speed=calm, worst_s=calm,
        rise_m_h=calm, peak_s=calm, bed=terrain.bed[:1, -1:], depth=calm[:1, :1] + 0.5, u=calm[:1, :1], v=calm[:1, :1],
        times_s=[0.0],
    )  # fmt: skip
    level = next(kept for kept in map_files(terrain, flood, seen, (0.05, 0.5)) if kept.name == "level.tif")
    with rasterio.open(tmp_path / "terrain.tif") as file:
        ground = file.read(1)
    assert np.allclose(level.values["max_level"][:, -1], ground[:, -1] + 0.5, atol=1e-5)
    row = point_table(["well"], seen, terrain.zero_m).splitlines()[1].split(",")
    assert float(row[2]) == pytest.approx(ground[0, -1] + 0.5, abs=1e-4)


def test_a_wide_estuary_does_not_swing_over_its_dike() -> None:
    bed = np.full((3, 62), -3.0)
    bed[:, 60], bed[:, 61] = 5.0, 0.0
    land = np.zeros(bed.shape, dtype=bool)
    land[:, 61] = True
    dike = np.array([(row, 60) for row in range(3)])
    terrain = FloodTerrain(
        bed, 200.0, np.full(bed.shape, 0.025), land, dike, np.arange(3) * 200.0, np.zeros(3), y_max=600.0
    )
    events = Coast(("west",), StormTide(sea_variables(SubmersionSite())))
    flood_case = storm(terrain, events, **CLOSED)  # the sea rises to 4.5 m
    begun = flood_case.start_s + events.history.begin_s
    assert -5 * HOUR < begun < -2 * HOUR  # 12 km in water 7 m deep, six times
    led = simulate(replace(flood_case, duration_s=8 * HOUR))
    at_once = replace(flood_case, start_s=5.21 * HOUR, level=np.where(terrain.sea, 4.08, bed), duration_s=8 * HOUR)
    gentle, swung = ((run.max_depth + bed)[terrain.sea].max() for run in (led, simulate(at_once)))
    # a tide of 44,712 s in a channel of L = 12 km and c = sqrt(9.81 7.5): amplitude 1 / cos(2 pi L / (c T)) = 1.02, 4.56 m
    assert 4.5 < gentle < 4.68 and swung > gentle + 0.05 and (led.max_depth[land] == 0.0).all()


def test_a_run_that_begins_later_on_its_clock_is_the_same_run(tmp_path: Path) -> None:
    flood_case = storm(*made(tmp_path), **{**CLOSED, "breach_width": 60.0})
    (west,) = flood_case.boundaries["west"]
    times, level = west.series
    (breach,) = flood_case.breaches
    sooner = replace(
        flood_case,
        start_s=0.0,
        duration_s=HOUR,
        boundaries={"west": (replace(west, series=(times - flood_case.start_s, level)),)},
        breaches=(replace(breach, start_s=0.0, end_s=breach.end_s - flood_case.start_s),),
    )
    late = simulate(
        replace(flood_case, duration_s=flood_case.start_s + HOUR), snapshot_times=(flood_case.start_s + 600.0,)
    )
    soon = simulate(sooner, snapshot_times=(600.0,))
    np.testing.assert_allclose(late.arrival_time - flood_case.start_s, soon.arrival_time, atol=1e-6)
    np.testing.assert_allclose(late.snapshots[0].depth, soon.snapshots[0].depth, atol=1e-9)
    with pytest.raises(UnusableInputError, match="start_s is 50000"):
        simulate(replace(flood_case, start_s=50_000.0))


def test_sea_foreshore_dike_and_land_are_told_apart(tmp_path: Path) -> None:
    grid = submersion(place(tmp_path)).outputs[0].geometry
    bed = heights()
    assert list(grid.zones) == ["sea", "dike", "foreshore"]
    assert (grid.zone("sea")[:, :DIKE] == (bed[:, :DIKE] < 0)).all()
    assert (grid.zone("foreshore")[:, :DIKE] == (bed[:, :DIKE] >= 0)).all() and grid.zone("dike").sum() == ROWS
    sum_of_all = sum(grid.zone(name).astype(int) for name in grid.zones)
    assert (sum_of_all[:, DIKE + 1 :] == 0).all() and (sum_of_all[:, : DIKE + 1] == 1).all()


# ---------------------------------------------------------------------------------------------------------- the zeros


def test_the_same_ground_above_another_zero_is_the_same_coast(tmp_path: Path) -> None:
    told = {"breach_level_m": 3.0, "dike_crest_m": 5.8}
    mean, at_mean = made(tmp_path, **told)
    shifted = {name: value + 0.5 for name, value in told.items()}
    ign, at_ign = made(tmp_path, bed=heights() + 0.5, terrain_datum="NGF/IGN69", mean_sea_level_m=0.5, **shifted)
    np.testing.assert_allclose(ign.bed, mean.bed, atol=1e-6)
    np.testing.assert_allclose(ign.sill_m, mean.sill_m, atol=1e-6)
    assert (ign.land == mean.land).all() and at_ign.failure == at_mean.failure and ign.notes == mean.notes == ()


def test_what_is_assumed_of_a_zero_is_told(tmp_path: Path) -> None:
    (note,) = coast(place(tmp_path, terrain_datum=None)).notes
    assert "is taken to be today's mean sea level" in note["en"] and "niveau moyen" in note["fr"]
    terrain = coast(place(tmp_path, terrain_datum="IGN69"))
    assert "0.4 m higher" in terrain.notes[0]["en"] and "0,4 m plus haut" in terrain.notes[0]["fr"]
    np.testing.assert_allclose(terrain.bed[:, DIKE + 2 :], heights()[:, DIKE + 2 :] - 0.4, atol=1e-6)
    with pytest.raises(UnusableInputError, match="contradict each other"):
        coast(place(tmp_path, mean_sea_level_m=0.5))


# ---------------------------------------------------------------------------------------------------------- the tides


@pytest.mark.parametrize(
    ("tide", "surge", "begin_h", "end_h"),
    [((0.1, 0.4), (0.2, 1.2), -6.21, 12.0), ((4.0, 13.5), (0.3, 1.5), -6.21, 5.0)],  # the Mediterranean, Saint-Malo
)
def test_any_coast_of_france(tmp_path: Path, tide, surge, begin_h, end_h) -> None:
    site = place(tmp_path, tide_range=tide, surge_peak=surge)
    bounds = {variable.name: (variable.low, variable.high) for variable in inputs_of(site)}
    assert bounds["tide_range"] == tide and bounds["surge_peak"] == surge
    terrain = coast(site)
    history = coast_of(site, terrain)[0].history
    assert history.begin_s <= begin_h * HOUR and history.end_s >= end_h * HOUR
    highest = {name: high for name, (_, high) in bounds.items() if name in STORM}
    assert history.level(np.array([history.begin_s]), **highest)[0] < terrain.passed_at_m
    ends_at = float(history.level(np.array([history.end_s]), **highest)[0])
    assert ends_at < terrain.sill_m.min() or history.end_s >= 24.0 * HOUR  # half of 36 h and half a tide


def test_ranges_follow_from_the_constituents_of_a_place(tmp_path: Path) -> None:
    (tmp_path / "tides.csv").write_text(
        "constituent,amplitude_m,phase_deg\nM2,1.75,98\nS2,0.64,130\nN2,0.36,80\nK2,0.18,128\n"
    )
    tide = inputs_of(place(tmp_path, tide_range=None, tides=tmp_path / "tides.csv"))[1]
    assert (tide.low, tide.high) == (pytest.approx(2.22), pytest.approx(5.86))
    (tmp_path / "tides.csv").write_text("constituent,amplitude_m\nM2,1.75\n")
    with pytest.raises(UnusableInputError, match="has no constituent S2"):
        inputs_of(place(tmp_path, tide_range=None, tides=tmp_path / "tides.csv"))


# --------------------------------------------------------------------------------------------------------- the series


def test_a_series_of_levels_stands_in_the_place_of_tide_and_surge(tmp_path: Path) -> None:
    time_s = np.arange(-37, 31) * 600.0
    level = sea_level(time_s, **STORM)
    zero = 3.5  # the file counts from chart datum
    rows = "".join(f"{t / HOUR + 100.0:.6f},{z + zero:.6f}\n" for t, z in zip(time_s, level, strict=True))
    (tmp_path / "gauge.csv").write_text(f"time_h,level_m\n{rows}")
    settings = {
        "tide_range": None,
        "surge_peak": None,
        "level_series": tmp_path / "gauge.csv",
        "level_series_mean_m": zero,
    }
    site = place(tmp_path, **settings)
    names = [variable.name for variable in inputs_of(site)]
    assert names == ["sea_level_rise", "breach_width", "breach_position", "roughness_factor"]
    terrain = coast(site)
    events, said = coast_of(site, terrain)
    assert not said
    unsaid = coast_of(site.model_copy(update={"level_series_mean_m": None}), terrain)[1][0]
    assert "zero of the levels of 'gauge.csv' is not said" in unsaid["en"] and "8.00 m" in unsaid["en"]  # 4.5 + 3.5
    (tmp_path / "spike.csv").write_text(f"time_h,level_m\n{rows.replace(',8.000000', ',14.000000', 1)}")
    with pytest.raises(UnusableInputError, match=r"line 39: 14 m stands between 7\.9\d* and 7\.9\d* m: a spike"):
        coast_of(site.model_copy(update={"level_series": tmp_path / "spike.csv"}), terrain)
    asked = {"sea_level_rise": 0.0, "breach_width": 100.0, "breach_position": 0.5, "roughness_factor": 1.0}
    flood_case = storm(terrain, events, **asked)
    tide_case = storm(*made(tmp_path), **{**CLOSED, "breach_width": 100.0})
    begun = events.history.begin_s
    assert begun == pytest.approx(time_s[0], abs=601.0) and flood_case.start_s + begun == pytest.approx(-HOUR, abs=1.0)
    np.testing.assert_allclose(flood_case.level, tide_case.level, atol=0.01)
    study = submersion(site)
    assert study.summaries is not None and study.outputs[2].fill_value == pytest.approx((time_s[-1] - time_s[0]) / HOUR)
    assert "series of levels" in study.outputs[2].label["en"]
    other = (tmp_path / "gauge.csv").read_text().replace("3.5", "3.4")
    (tmp_path / "gauge.csv").write_text(other)
    assert submersion(site).definition != study.definition  # another file is another study


def test_discharges_of_a_file_stand_in_the_place_of_a_wave(tmp_path: Path) -> None:
    (tmp_path / "flow.csv").write_text("time_h,discharge_m3_s\n0,50\n1,900\n2,300\n3,80\n")
    site = RiverFloodSite(discharge_series=tmp_path / "flow.csv")
    study = river.river_flood(site)
    assert [variable.name for variable in study.inputs] == ["roughness_factor", "downstream_depth"]
    assert study.outputs[2].fill_value == pytest.approx(3.0)
    given = river.given_hydrograph(site)
    flood_case = river.wave(valley(), 3 * HOUR, given, roughness_factor=1.0, downstream_depth=1.5)
    total = sum(np.trapezoid(inflow.series[1], inflow.series[0]) for inflow in flood_case.inflows)
    assert total == pytest.approx(HOUR * (475.0 + 600.0 + 190.0))


# ------------------------------------------------------------------------------------------------------------ failure


def test_a_dike_fails_at_a_level_and_holds_below_it(tmp_path: Path) -> None:
    terrain, events = made(tmp_path, breach_level_m=4.2, breach_minutes=12.0)
    asked = {**CLOSED, "breach_width": 60.0}
    (breach,) = storm(terrain, events, **asked).breaches
    began = breach.start_s + events.history.begin_s
    assert float(sea_level(np.array([began]), **STORM)[0]) == pytest.approx(4.2, abs=1e-3) and began < 0.0
    assert breach.end_s - breach.start_s == pytest.approx(720.0)
    assert storm(terrain, events, **{**asked, "surge_peak": 1.0}).breaches == ()  # 4.0 m at most


def test_several_breaches_and_a_late_one(tmp_path: Path) -> None:
    file = tmp_path / "site.toml"
    place(tmp_path)
    file.write_text(
        'terrain = "terrain.tif"\ndike = "dike.gpkg"\ntide_range = [3.0, 6.5]\nsurge_peak = [0.5, 2.0]\n'
        "breaches = [{position = 0.1, width_m = 50.0}, {position = 0.9, width_m = 80.0, start_h = 0.5}]\n"
    )
    site = build_site(SubmersionSite, {}, file)
    assert isinstance(site, SubmersionSite)
    terrain = coast(site)
    events, _ = coast_of(site, terrain)
    found = storm(terrain, events, **{**CLOSED, "breach_width": 50.0}).breaches
    assert [(b.start_s + events.history.begin_s) / HOUR for b in found] == pytest.approx([-1.0, -1.0, 0.5])
    rows = [sorted(np.asarray(b.rows).tolist()) for b in found]
    assert max(rows[1]) < min(rows[0]) and max(rows[0]) < min(rows[2])
    assert [a.name for a in submersion(site).alternatives].count("fill_and_spill") == 0  # it pours one breach alone


def test_a_coast_without_a_dike(tmp_path: Path) -> None:
    bed = heights()
    bed[:, DIKE] = 1.5
    site = place(tmp_path, bed=bed, dike=None, no_dike=True, tide_range=(2.0, 6.5))
    terrain = coast(site)
    assert terrain.sea[:, :5].all() and terrain.land[:, 5:].all()  # the smallest tide rises to 1 m
    study = submersion(site)
    assert [v.name for v in study.inputs] == [*STORM, "roughness_factor"] and study.summaries is None
    run = study.run(np.array([1.5, 6.0, 0.0, 18.0, 1.0]))
    area = float(run[study.output_slices()["flooded_area"]][0])
    assert area == pytest.approx(float(terrain.land.sum()) * CELL**2 / 1e4)  # all of it lies below 4.5 m
    with pytest.raises(UnusableInputError, match="no_dike = true and dike contradict each other"):
        build_site(SubmersionSite, {"terrain": "a.tif", "no_dike": True, "dike": "b.gpkg"})


def test_waves_run_over_the_dike_onto_the_land_behind_and_are_booked(tmp_path: Path) -> None:
    terrain, events = made(tmp_path, wave_height_m=1.5, wave_period_s=6.0, dike_slope=0.25)
    flood_case = storm(terrain, events, **CLOSED)
    assert flood_case.start_s + events.history.begin_s < -HOUR  # waves pass before the sea is at its highest
    flood = simulate(flood_case)
    time_s = events.history.knots_s()
    freeboard = terrain.bed[:, DIKE][None, :] - sea_level(time_s, **STORM)[:, None]
    discharge = overtopping_discharge(1.5, 6.0, freeboard, 0.25).sum(axis=1) * CELL
    expected = float(np.trapezoid(discharge, time_s))
    assert flood.volume.by_source["waves over the dike"] == pytest.approx(expected, rel=0.01)
    on_land = float(flood.depth[terrain.land].sum()) * CELL**2
    assert on_land == pytest.approx(flood.volume.by_source["waves over the dike"], rel=1e-9)
    assert abs(flood.volume.imbalance) < 1e-12
