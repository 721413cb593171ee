"""What is watched of a flood: durations, rises, classes of one instant, series and discharges, without changing the run."""

import dataclasses

import numpy as np
import pytest
from verification import shallow_water_cases as cases

from frugal.errors import UnusableInputError
from frugal.physics.shallow_water.flood_case import FloodCase, Segment
from frugal.physics.shallow_water.simulate import _run_of, simulate
from frugal.physics.shallow_water.stages import RunParts
from frugal.physics.shallow_water.state import NOW, RIM, WORKSPACE
from frugal.physics.shallow_water.watch_list import ClassTable, Observed, Section, Watch, observed

BOTH = pytest.mark.parametrize("scheme", ["saint_venant", "local_inertial"])
#: Class 2 is deep and fast at once; a rise of 2 m/h counts as fast.
TABLE = ClassTable((1.0,), (0.5,), ((1, 1), (1, 2)), (2.0,))
FIELDS = ("depth", "u", "v", "max_depth", "max_speed", "arrival_time")


def looked_at(states: list[tuple[float, float, float, float]], watch: Watch) -> Observed:
    """What is seen of one cell in states made by hand: time, depth, speed and the length of the step that begins then."""
    case = FloodCase(np.zeros((1, 1)), 10.0, 1e4, depth=states[0][1])
    run, _ = _run_of(case, False, 2, 0.45, 0.05, 1e-6, None, watch)
    cells, clock = run.cells, run.clock
    parts = RunParts(*run[:5], clock, run.seen, [np.zeros(WORKSPACE)])
    for time_s, depth, speed, step_s in states:
        cells.h[0, RIM, RIM], cells.u[0, RIM, RIM] = depth, speed
        clock.time[NOW] = time_s
        parts.look_at(0, step_s)
    return observed(run.seen)


def one(values: np.ndarray) -> float:
    return float(values.ravel()[0])


def test_a_class_is_of_one_instant_and_not_of_two_maxima() -> None:
    fast_then_deep = [(0.0, 0.0, 0.0, 60.0), (60.0, 0.3, 2.0, 60.0), (120.0, 1.5, 0.1, 60.0), (180.0, 1.5, 0.1, 60.0)]
    seen = looked_at(fast_then_deep, Watch(classes=TABLE, rise_window_s=1e9))
    assert one(seen.hazard) == 1, "depth 1.5 m and speed 2 m/s never met"
    assert one(seen.product) == pytest.approx(0.6)
    assert (one(seen.worst_depth), one(seen.worst_speed), one(seen.worst_s)) == (0.3, 2.0, 60.0)
    together = [*fast_then_deep, (240.0, 1.2, 0.8, 60.0), (300.0, 1.6, 0.2, 0.0)]
    seen = looked_at(together, Watch(classes=TABLE, rise_window_s=1e9))
    assert one(seen.hazard) == 2
    assert (one(seen.worst_depth), one(seen.worst_speed), one(seen.worst_s)) == (1.2, 0.8, 240.0)
    assert one(seen.peak_s) == 300.0


def test_a_rise_is_a_mean_over_a_window_and_makes_dynamics_fast() -> None:
    steps = np.arange(0.0, 901.0, 50.0)
    depths = np.interp(steps, [0.0, 300.0, 600.0, 900.0], [0.9, 1.0, 1.25, 1.25])  # 1.2 m/h, then 3 m/h, then none
    states = [(t, d, 0.0, 50.0) for t, d in zip(steps, depths, strict=True)]
    seen = looked_at(states, Watch(classes=TABLE))
    assert one(seen.rise_m_h) == pytest.approx(3.0)
    assert one(seen.hazard) == 2
    jump = [(t, 1.0 + 0.05 * (t > 100.0), 0.0, 50.0) for t in steps]  # 5 cm in one step: 0.6 m/h over five minutes
    seen = looked_at(jump, Watch(classes=TABLE))
    assert one(seen.rise_m_h) == pytest.approx(0.6)
    assert one(seen.hazard) == 1


def test_a_tile_that_slept_counts_what_stood_in_it() -> None:
    watch = Watch(thresholds_m=(0.05, 0.7))
    # a step from 0 to 10 s, asleep until 1000 s, then a step that dries it
    seen = looked_at([(0.0, 0.6, 0.0, 10.0), (1000.0, 0.8, 0.0, 10.0), (1010.0, 0.0, 0.0, 0.0)], watch)
    assert seen.duration_s[:, 0, 0] == pytest.approx([1000.0 + 10.0 * 0.75 / 0.8, 5.0 + 990.0 + 10.0 * 0.1 / 0.8])
    assert one(seen.last_s) == pytest.approx(1000.0 + 10.0 * 0.75 / 0.8)
    assert one(seen.rise_m_h) == pytest.approx(0.2 / 300.0 * 3600.0), "the rise was over long before the look"
    assert np.isnan(looked_at([(0.0, 0.0, 0.0, 10.0), (900.0, 0.0, 0.0, 0.0)], watch).last_s).all()


@BOTH
def test_a_basin_that_fills_and_drains_is_flooded_as_long_as_its_level_says(scheme: str) -> None:
    hours = np.array([0.0, 1.0, 2.0, 2.5]) * 3600.0
    level = (hours, np.array([0.1, 1.1, 0.1, 0.1]))  # a metre up in an hour, and down again
    case = FloodCase(
        np.zeros((3, 6)), 10.0, 9000.0, 0.03, level=0.1, boundaries={"west": (Segment("level", series=level),)}
    )
    watch = Watch((0.3, 0.6), points={"end": (1, 5)}, times_s=np.arange(0.0, 9001.0, 900.0))
    seen = simulate(case, scheme=scheme, watch=watch).observed
    assert seen is not None
    assert np.abs(seen.duration_s[1] - 3600.0).max() < 20.0
    assert np.abs(seen.duration_s[0] - 5760.0).max() < 30.0
    assert np.abs(seen.last_s - 6480.0).max() < 30.0
    assert np.abs(seen.peak_s - 3600.0).max() < 30.0
    assert np.abs(seen.rise_m_h - 1.0).max() < 0.05
    assert np.abs(seen.depth[:, 0] - np.interp(watch.times_s, *level)).max() < 0.015  # the wave that crosses the basin


@BOTH
def test_a_watch_changes_nothing_and_its_sections_agree_with_the_ledger(scheme: str) -> None:
    case = cases.everything(rows=70, columns=150, duration_s=200.0)
    rows, columns = case.shape
    side = np.column_stack([np.arange(rows), np.full(rows, -1), np.zeros(rows, dtype=int)])
    beyond = side + np.array([0, columns, 0])
    north = np.column_stack([np.full(columns, -1), np.arange(columns), np.ones(columns, dtype=int)])
    south = north + np.array([rows, 0, 0])
    sections = [
        Section(name, faces, np.ones(len(faces)))
        for name, faces in zip("wens", (side, beyond, north, south), strict=True)
    ]
    watch = Watch(classes=TABLE, sections=sections, points={"a": (20, 25)}, times_s=(0.0, 55.5, 200.0))
    plain, seen = simulate(case, scheme=scheme), simulate(case, scheme=scheme, watch=watch, threads=2)
    assert all(np.array_equal(getattr(plain, n), getattr(seen, n), equal_nan=True) for n in FIELDS)
    assert (plain.steps, plain.cell_updates) == (seen.steps, seen.cell_updates)
    found = seen.observed
    assert found is not None and plain.observed is None
    booked = plain.volume.by_source
    inside = sum(value for name, value in booked.items() if name in ("rain", "spring"))
    through = found.passed @ [1.0, -1.0, 1.0, -1.0]
    assert through == pytest.approx(sum(booked.values()) - inside, rel=1e-9, abs=1e-6)
    assert np.allclose(found.volume[-1], found.passed)
    assert (found.volume[0] == 0.0).all()
    assert np.array_equal(found.product > 0.0, seen.max_speed > 0.0)
    assert (found.product <= seen.max_depth * seen.max_speed + 1e-12).all()


@BOTH
def test_a_steady_river_passes_every_section_with_its_discharge(scheme: str) -> None:
    bed = np.tile(np.linspace(2.0, 0.0, 40), (3, 1))
    boundaries = {"west": (Segment("discharge", series=6.0, name="river"),), "east": (Segment("level", series=1.0),)}
    case = FloodCase(bed, 5.0, 1800.0, 0.03, level=1.0, boundaries=boundaries)
    faces = np.array([[0, 19, 0], [1, 19, 0], [1, 20, 1], [2, 20, 0]])  # a line with a step in it
    line = Section("line", faces, np.array([1.0, 1.0, -1.0, 1.0]))
    entry = Section("entry", np.array([[0, -1, 0], [1, -1, 0], [2, -1, 0]]), np.ones(3))
    flood = simulate(case, scheme=scheme, watch=Watch(sections=(line, entry), times_s=(0.0, 1200.0, 1800.0)))
    assert flood.observed is not None
    assert flood.observed.discharge[-1] == pytest.approx([6.0, 6.0], rel=1e-3)
    assert flood.observed.passed[1] == pytest.approx(flood.volume.by_source["river"], rel=1e-12)


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"thresholds_m": (0.5, 0.05)}, "thresholds_m is"),
        ({"rise_window_s": 0.0}, "rise_window_s is 0.0"),
        ({"points": {"far": (9, 0)}}, "Point far"),
        ({"sections": (Section("s", np.array([[0, -1, 1]]), np.ones(1)),)}, "Section s"),
        ({"times_s": (1.0, 1e9)}, "times_s is"),
    ],
)
def test_what_cannot_be_watched_is_refused(change: dict, told: str) -> None:
    case = FloodCase(np.zeros((3, 3)), 1.0, 10.0)
    with pytest.raises(UnusableInputError, match=told):
        simulate(case, watch=dataclasses.replace(Watch(), **change))


@pytest.mark.parametrize("classes", [((1, 1),), ((1, 1, 1), (1, 2, 2)), ((0, 1), (1, 2))])
def test_a_table_of_classes_that_does_not_fit_its_bounds_is_refused(classes: tuple) -> None:
    with pytest.raises(UnusableInputError, match="hazard class"):
        ClassTable((1.0,), (0.5,), classes)
