"""How many runs are needed and where: looks, learning curves, and points where fits disagree."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from campaigns_for_tests import few_models
from polder_for_tests import polder_runs, polder_study
from studies_for_tests import linear_study, unit_inputs

from frugal.experiments.designs.sampling import sobol
from frugal.experiments.runs.store import Runs
from frugal.experiments.study import Need, Output, Study, Tolerance, Variable
from frugal.surrogates.adaptive.learning_curve import foretold
from frugal.surrogates.adaptive.look import Look, look_at, out_of_reach, worth_following
from frugal.surrogates.adaptive.placing import expected_squares, placed, pool_of
from frugal.surrogates.fitting.judging import by_folds, fold_labels, judging_for
from frugal.surrogates.ladder.builders import Built


def test_a_power_law_is_continued() -> None:
    runs = [16, 20, 24, 29, 35, 42, 51, 62]
    found = foretold(runs, [30 / n for n in runs], 120)
    assert found is not None and found.expected == pytest.approx(30 / 120) and found.least < 0.9 * found.expected
    assert foretold(runs[:4], [1.0] * 4, 58) is None  # too few looks
    assert foretold(runs, [30 / n for n in runs], 125) is None  # further than twice the runs
    assert foretold([50, 52, 54, 56, 58], [1.0] * 5, 100) is None  # over too little growth


def looks_of(law: Callable[[int], float], runs: list[int]) -> list[Look]:
    return [Look(n, n // 4, {"quadratic": law(n), "mlp": 2 * law(n)}) for n in runs]


def test_a_need_is_given_up_only_where_no_candidate_will_meet_it() -> None:
    runs = [16, 20, 24, 29, 35, 42, 51, 62, 75, 90]
    assert out_of_reach(looks_of(lambda n: 40.0, runs), 180)  # learns nothing
    assert not out_of_reach(looks_of(lambda n: 40.0, runs), 181)  # too far to tell
    assert not out_of_reach(looks_of(lambda n: 150 / n, runs), 180)  # 0.83 of its limit at 180
    assert out_of_reach(looks_of(lambda n: 15_000 / n, runs), 180)
    assert not out_of_reach(looks_of(lambda n: 40.0, runs[:4]), 180)
    mixed = [
        replace(look, errors={**look.errors, "gaussian_process": 150 / look.runs})
        for look in looks_of(lambda n: 40.0, runs)
    ]
    assert not out_of_reach(mixed, 180)


def test_a_need_is_met_by_a_bound_and_not_by_an_error() -> None:
    assert not Look(40, 16, {"mlp": 0.8}, {"mlp": 1.4}).met
    assert Look(40, 16, {"mlp": 0.8, "quadratic": 3.0}, {"mlp": 1.0, "quadratic": 5.0}).met
    told = Look(40, 16, {"mlp": 0.8}, {"mlp": 1.4})
    assert Look.read(told.to_json(), "ledger.jsonl") == told


def answers(function: Callable[[np.ndarray], np.ndarray]) -> Built:
    return Built(function, None)


def test_runs_are_placed_where_fits_disagree_and_apart_from_each_other() -> None:
    study = replace(linear_study(), inputs=unit_inputs(2), solve=None, alternatives=())
    fits = {
        "quadratic": answers(lambda x: x[:, :1]),
        "mlp": answers(lambda x: x[:, :1] + (x[:, :1] > 0.8)),
    }
    errors = {"quadratic": {"y": 2.0}, "mlp": {"y": 3.0}}
    known, pool = sobol(study.columns, 32, 0), pool_of(study, 3, 0)
    rows = placed(study, fits, errors, known, pool, 24, 1)
    points = pool[rows]
    assert len(np.unique(rows)) == 24 and (points[:, 0] > 0.8).all()
    assert np.array_equal(rows, placed(study, fits, errors, known, pool, 24, 1))

    def nearest(x: np.ndarray) -> float:
        apart = np.linalg.norm(x[:, None] - x[None], axis=2) + 9 * np.eye(len(x))
        return float(np.sort(apart.min(axis=1))[:6].mean())

    there, rng = pool[pool[:, 0] > 0.8], np.random.default_rng(0)
    at_random = [nearest(rng.permutation(there)[:24]) for _ in range(8)]
    apart = [nearest(pool[placed(study, fits, errors, known, pool, 24, seed)]) for seed in range(8)]
    assert np.mean(apart) > 1.1 * np.mean(at_random)
    unknown = expected_squares(study, fits, {}, pool)
    assert np.array_equal(unknown, np.ones(len(pool)))


def test_the_output_that_misses_its_limit_most_says_where() -> None:
    need = Need("x", {name: Tolerance("nrmse_std", 0.1) for name in ("near", "far")})
    study = Study("two", unit_inputs(1), (Output("near", "1"), Output("far", "1"), Output("free", "1")), need)
    left, right = (lambda x: np.maximum(0.5 - x, 0.0), lambda x: np.maximum(x - 0.5, 0.0))
    fits = {
        "quadratic": answers(lambda x: np.hstack([x, x, 0 * x])),
        "mlp": answers(lambda x: np.hstack([x + left(x), x + 100 * right(x), 1000 * x])),
    }
    pool = pool_of(study, 0, 0)
    for name in ("near", "far"):
        errors = {k: {"near": 0.01, "far": 0.01} | {name: 5.0} for k in fits}
        expected, there = expected_squares(study, fits, errors, pool), pool[:, 0] < 0.5
        assert expected[there if name == "near" else ~there].sum() > 0.99 * expected.sum()


def test_added_runs_are_learnt_from_in_every_fold_and_judge_nothing() -> None:
    n = 60
    x, added = np.random.default_rng(0).random((n, 2)), np.arange(n) % 3 == 0
    nothing = np.zeros(n)
    runs = Runs(x, x, nothing, np.arange(n) % 4 == 1, nothing - 1, np.full(n, ""), is_added=added)
    labels = fold_labels(runs, 5, 0)
    assert set(labels[added]) == {-1} and set(labels[~added]) == {0, 1, 2, 3, 4}
    for found in (judging_for(runs, 0), by_folds(runs, labels)):
        assert np.array_equal(found.rows, np.flatnonzero(~added)) and len(found.parts) == 5
        for part in found.parts:
            assert set(np.flatnonzero(added)) <= set(part.learnt)
            assert len(part.learnt) + len(part.judged) == n


def test_a_look_at_choices_and_a_phase_meets_a_need_that_a_polynomial_meets(monkeypatch: pytest.MonkeyPatch) -> None:
    few_models(monkeypatch, ("constant", "quadratic", "polynomial_chaos"))
    monkeypatch.setattr("frugal.surrogates.adaptive.look.LOOKED_AT", ("constant", "quadratic", "polynomial_chaos"))
    variables = (
        Variable("kind", "1", 0.0, 2.0, choices=("a", "b", "c")),
        Variable("phase_deg", "deg", 0.0, 360.0, period=360.0),
        Variable("x", "1", 0.0, 1.0),
    )
    need = Need("x", {"y": Tolerance("nrmse_std", 0.05)})
    study = Study("mixed", variables, (Output("y", "1"),), need)
    x = sobol(variables, 64, 0)
    y = x[:, :1] + np.cos(np.radians(x[:, 1:2])) + x[:, 2:] ** 2
    nothing = np.zeros(64)
    runs = Runs(x, y, nothing, np.arange(64) % 4 == 3, nothing - 1, np.full(64, ""))
    first = look_at(study, runs, 0, settings=None)
    assert first.look.met and first.look.errors["quadratic"] < 1e-6 and first.look.judged == 64
    kept = worth_following(first.look, first.settings)
    assert "constant" not in kept and "polynomial_chaos" in kept  # far behind what is exact
    again = look_at(study, runs, 0, [first.look], settings=kept)
    assert set(again.look.errors) == set(kept) and again.look.met
    rows = placed(study, first.fits, first.errors, x, pool_of(study, 1, 0), 5, 0)
    assert set(pool_of(study, 1, 0)[rows][:, 0]) <= {0.0, 1.0, 2.0}


@pytest.mark.slow
def test_runs_of_maps_are_placed_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("frugal.surrogates.adaptive.look.LOOKED_AT", ("quadratic", "gaussian_process"))
    study = polder_study(n_runs=40)
    runs = polder_runs(study, 40, 10)
    looked = look_at(study, runs, 0)
    assert set(looked.fits) == {"quadratic", "gaussian_process"}
    pool = pool_of(study, 0, 0)
    expected = expected_squares(study, looked.fits, looked.errors, pool)
    assert expected.shape == (len(pool),) and expected.mean() == pytest.approx(1.0) and expected.std() > 0.1
