"""The problems of ``benchmarks/surrogates_against_peers.py`` against other codes and closed forms, and its way of counting."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy.stats import qmc

BENCHMARKS = Path(__file__).resolve().parents[1] / "benchmarks"

#: At shares .15 to .85 of the bounds, evenly spaced, by uqtestfuns 0.7.0.
OTHERS = {
    "ishigami": -2.7011396917504618,
    "otl_circuit": 5.7746931173251435,
    "piston": 0.4859146000746896,
    "wing_weight": 258.4536198221128,
    "friedman": 7.966379271533798,
    "borehole": 26.80487177493075,
    "robot_arm": 0.9956104142866186,
}


@pytest.fixture(scope="module")
def problems() -> Any:
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(BENCHMARKS))
        import surrogate_problems

        yield surrogate_problems


@pytest.mark.parametrize("name", OTHERS)
def test_function_agrees_with_another_code(problems: Any, name: str) -> None:
    problem = problems.PROBLEMS[name]
    low, high = np.array(problem.bounds).T
    point = low + (high - low) * np.linspace(0.15, 0.85, len(low))
    assert problem.function(point[None])[0] == pytest.approx(OTHERS[name], rel=1e-12)


def test_welded_beam_is_at_its_limit_where_its_cost_is_least(problems: Any) -> None:
    """The known optimum (Reklaitis, Ravindran and Ragsdell 1983) lies on the limit of 13,600 psi."""
    assert problems.welded_beam(np.array([[8.291471, 0.244369, 6.217520]]))[0] == pytest.approx(13_600.0, rel=5e-4)


def test_moments_of_the_ishigami_function(problems: Any) -> None:
    """Mean a/2 and variance a²/8 + b pi⁴/5 + b² pi⁸/18 + 1/2 (Ishigami and Homma 1990)."""
    low, high = np.array(problems.PROBLEMS["ishigami"].bounds).T
    values = problems.ishigami(low + (high - low) * qmc.Sobol(3, rng=0).random_base2(14))
    assert values.mean() == pytest.approx(3.5, abs=0.01)
    assert values.var() == pytest.approx(49 / 8 + 0.1 * np.pi**4 / 5 + 0.01 * np.pi**8 / 18 + 0.5, rel=0.005)


def test_overflow_is_the_depth_of_uniform_flow_above_the_dike_or_nothing(problems: Any) -> None:
    """uqtestfuns 0.7.0 gives 63.5 m - 10.789126514968345 m for the level of 1,500 m³/s in a channel of 300 m."""
    rows = np.array([[1500.0, 30.0, 50.0, 55.0, dike, 300.0] for dike in (52.0, 53.0)])
    assert problems.overflow(rows) == pytest.approx([63.5 - 10.789126514968345 - 52.0, 0.0], abs=1e-12)


def test_runs_are_a_latin_hypercube_and_the_fresh_points_are_others(problems: Any) -> None:
    found = problems.data("borehole", 50, 1)
    share = (found.train_x - found.bounds[:, 0]) / np.ptp(found.bounds, axis=1)
    assert (np.sort((50 * share).astype(int), axis=0) == np.arange(50)[:, None]).all()
    assert len(found.test_x) == problems.FRESH_POINTS
    assert not np.isin(found.test_y, found.train_y).any()
    assert len(problems.cells()) == 32
    assert problems.data("b777_thrust", 50, 0) is None, "a table that is not at hand"


def test_tide_at_stations_obeys_the_equations_of_a_long_wave() -> None:
    """Without friction a closed estuary has the standing wave cos(k (L - x)) / cos(k L) (Lamb 1932, article 170)."""
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(BENCHMARKS))
        import surrogate_maps as maps

        level = maps.tidal_level(amplitude=1.5, depth=9.0, friction=1e-9, surge=1.0, age=0.0)
        waves = [(2 * np.pi / (3600 * period), share) for period, share in ((12.4206, 1.0), (12.0, 1 / 3))]
        head = 1.0 + 1.5 * sum(share / np.cos(speed * 60_000.0 / np.sqrt(9.81 * 10.0)) for speed, share in waves)
        assert level[-1, 0] == pytest.approx(head, rel=1e-9)
        damped = maps.tidal_level(amplitude=1.5, depth=9.0, friction=3.0, surge=1.0, age=0.0)
        assert np.ptp(damped[-1]) < 0.9 * np.ptp(level[-1])
        assert damped[0, 0] == pytest.approx(1.0 + 1.5 * 4 / 3), "at the mouth it is what comes from the sea"


def test_errors_are_counted_by_cell(problems: Any) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(BENCHMARKS))
        import surrogates_against_peers as benchmark
        import surrogates_peers as peers

    truth = np.array([[0.0, 10.0], [2.0, 10.0]])
    assert peers.spread_percent(truth, truth.mean(axis=0)) == pytest.approx(100.0)
    assert peers.spread_percent(truth[:, 0], np.array([0.5, 1.5])) == pytest.approx(50.0)
    ours = [
        {
            "problem": "piston",
            "n": 50,
            "seed": seed,
            "automatic": "mlp",
            "ships": None if seed else "mlp",
            "choice_seconds": 1.0,
            "candidates": {"mlp": {"error_percent": error}, "table": {"error_percent": 9.0}},
        }
        for seed, error in enumerate((2.0, 3.0, 12.0))
    ]
    theirs = [
        {"problem": "piston", "n": 50, "seed": seed, "model": model, "error_percent": error, "fit_seconds": 1.0}
        for seed in range(3)
        for model, error in (("SMT KRG", 4.0), ("LightGBM", 8.0))
    ]
    theirs.append({"problem": "piston", "n": 50, "seed": 0, "model": "SMT GPX", "fault": "not done in 60 CPU s"})
    (row,) = benchmark.compared(ours, theirs, [("piston", 50)])
    assert (row["automatic_ratio"], row["best_ratio"]) == (0.75, 0.75)
    assert row["ships_ratio"] is None, "it ships at one seed of three"
    assert benchmark.counted([0.5, 1.0, 1.2, 3.0, None]) == "1 / 1 / 1 / 1 (nothing in 1), median ratio 1.10"
    assert row["peer"] == "SMT KRG"
