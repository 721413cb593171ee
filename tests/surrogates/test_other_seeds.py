"""The best AI is fitted again with other seeds, booked, and what it then errs goes into the decision."""

from pathlib import Path

import numpy as np
import pytest
from studies_for_tests import linear_study

from frugal.candidates.comparison import Ladder
from frugal.candidates.decision import Decision
from frugal.candidates.output_error import OutputError
from frugal.candidates.row import CandidateRow
from frugal.experiments.runs.store import Runs
from frugal.metering.ledger.ledger import Ledger
from frugal.metering.meter import Meter
from frugal.reporting.progress import Silent
from frugal.surrogates.decision.costs import fixed_parts
from frugal.surrogates.fitting.judging import by_held_out
from frugal.surrogates.frugality_checks.other_seeds import OTHER_SEEDS, near_the_need, with_other_seeds
from frugal.surrogates.frugality_checks.refit import judged, learner_for


def row(name: str, value: float, high: float, kind: str = "surrogate") -> CandidateRow:
    error = OutputError("nrmse", value, value, high, tolerance=0.02, rows=40)
    return CandidateRow(name, kind, 7, {}, errors={"y": error}, error_met=error.met)


def decision_for(best: str | None) -> Decision:
    return Decision("one at a time", None, "demonstrated", (), best, None, (1e4, 1e6), 1e5, {})


ROWS = [
    row("linear", 0.0, 0.0, "linear"),
    row("mlp", 0.01, 0.018),
    row("gaussian_process", 0.001, 0.002),
    row("boosted_trees", 0.3, 0.5),
]


def test_those_are_fitted_again_that_a_verdict_may_hang_on() -> None:
    assert [r.name for r in near_the_need(ROWS, decision_for("mlp"))] == ["mlp", "gaussian_process"]
    assert [r.name for r in near_the_need(ROWS, decision_for(None))] == ["gaussian_process", "mlp"]
    assert near_the_need([ROWS[0], ROWS[3]], decision_for(None)) == []


@pytest.fixture(scope="module")
def runs() -> Runs:
    x = np.random.default_rng(0).uniform(0, 1, (64, 3))
    y = 5 + x @ np.array([[1.0], [2.0], [3.0]]) + np.sin(3 * x[:, :1])
    return Runs(x, y, np.zeros(64), np.arange(64) >= 48, np.full(64, -1), np.full(64, ""))


@pytest.mark.slow
def test_each_seed_is_fitted_judged_and_booked_beside_the_fixed_cost(tmp_path: Path, runs: Runs) -> None:
    study, meter = linear_study(), Meter(Ledger(tmp_path / "ledger.jsonl"), "c")
    only = [ROWS[0], ROWS[1], ROWS[3]]
    found = with_other_seeds(study, by_held_out(runs), only, decision_for("mlp"), meter, 3, Silent())
    assert [len(r.other_seeds) for r in found] == [0, OTHER_SEEDS, 0]
    learner = learner_for(study, "mlp", 3 + 2)
    assert learner is not None
    by_hand = judged(study, learner.fit(runs.training).predict(runs.held_out.inputs), runs.held_out, 3).ratio
    assert found[1].other_seeds[1] == pytest.approx(by_hand)
    assert len(set(found[1].other_seeds)) > 1
    entries = meter.ledger.entries()
    assert [e.details["seed"] for e in entries] == [4, 5, 6, 7, 8] and {e.stage for e in entries} == {"practice"}
    assert sum(e.total_cpu_seconds for e in entries) > 0
    assert sum(fixed_parts(entries, found[1], 0.75).values()) == 0
    again = Ladder.read([r.to_json() for r in found], [], "f").rows
    assert [r.other_seeds for r in again] == [r.other_seeds for r in found]


def test_a_budget_that_is_spent_leaves_fewer_seeds(tmp_path: Path, runs: Runs) -> None:
    meter = Meter(Ledger(tmp_path / "ledger.jsonl"), "c")
    found = with_other_seeds(
        linear_study(), by_held_out(runs), [ROWS[1]], decision_for("mlp"), meter, 0, Silent(), budget_cpu_seconds=1e-9
    )
    assert len(found[0].other_seeds) == 1
