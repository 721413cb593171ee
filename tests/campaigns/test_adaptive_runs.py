"""Campaigns whose runs come in batches: when they stop, what they tell, and that a kill changes nothing in where they run."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from campaigns_for_tests import few_models, given_times, short_timings
from studies_for_tests import NEED, unit_inputs

from frugal.campaigns.adaptive_runs import LOOK, Grown, Growth
from frugal.campaigns.campaign import Settings
from frugal.campaigns.workflow import audit_again, train_study
from frugal.experiments.designs.in_batches import Batches
from frugal.experiments.study import Output, Study, Tolerance
from frugal.metering.ledger.ledger import Ledger
from frugal.metering.meter import Meter, campaign_id
from frugal.reporting.judged_words import adaptive_words
from frugal.reporting.progress import Silent

FITTED = ("quadratic", "polynomial_chaos")


class Solver:
    """Counts its calls, and is interrupted at one; an object whose content is no part of the hash of a study."""

    def __init__(self, interrupted_at: int = 0) -> None:
        self.calls, self.interrupted_at = 0, interrupted_at

    def called(self) -> None:
        self.calls += 1
        if self.calls == self.interrupted_at:
            raise KeyboardInterrupt


def bent(solver: Solver, limit: float = 0.02, n_runs: int = 96) -> Study:
    """A smooth function of two inputs that a quadratic does not fit."""

    def solve(inputs: np.ndarray) -> dict[str, float]:
        solver.called()
        return {"y": 5.0 + float(np.sin(4.0 * inputs[0]) * (1.0 + inputs[1]))}

    need = replace(NEED, tolerances={"y": Tolerance("nrmse_std", limit)})
    return Study("bent", unit_inputs(2), (Output("y", "1"),), need, solve, n_runs=n_runs)


def grow(study: Study, folder: Path, ceiling: int = 96) -> Grown:
    meter = Meter(Ledger(folder / "ledger.jsonl"), campaign_id())
    return Growth(Batches(study, ceiling, 0), folder, meter, Silent(), threads=1).run()


@pytest.fixture
def fitted(monkeypatch: pytest.MonkeyPatch) -> None:
    few_models(monkeypatch, FITTED)


def test_runs_end_with_the_need_and_a_kill_changes_nothing_in_them(tmp_path: Path, fitted: None) -> None:
    solver = Solver()
    whole = grow(bent(solver), tmp_path / "whole")
    design, n = whole.store.design, len(whole.store.design)
    assert whole.stopped == "need_met" and 24 < n < 96 and design.added.sum() >= 5
    assert whole.looks[-1].met and not any(look.met for look in whole.looks[:-1])
    assert [look.runs for look in whole.looks] == list(whole.batches.sizes[: len(whole.looks)])
    asked = solver.calls
    killed = Solver(asked - 3)  # within the last batch
    study = bent(killed)
    with pytest.raises(KeyboardInterrupt):
        grow(study, tmp_path / "killed")
    resumed = grow(study, tmp_path / "killed")
    assert resumed.store.design.hash() == design.hash()
    assert np.array_equal(resumed.store.finished().outputs, whole.store.finished().outputs)
    assert [look.to_json() for look in resumed.looks] == [look.to_json() for look in whole.looks]
    again = grow(bent(solver), tmp_path / "whole")  # all runs and looks are there
    assert solver.calls == asked and again.store.design.hash() == design.hash()
    lines = Ledger(tmp_path / "whole" / "ledger.jsonl").entries()
    assert sum(LOOK in entry.details for entry in lines) == len(whole.looks)
    higher = grow(bent(solver, n_runs=400), tmp_path / "whole", 400)  # a higher ceiling has the same batches
    assert solver.calls == asked and len(higher.store.design) == n


def test_another_tolerance_takes_up_the_runs_that_are_there(tmp_path: Path, fitted: None) -> None:
    solver = Solver()
    first = grow(bent(solver, limit=2.0), tmp_path)
    made = solver.calls
    second = grow(bent(solver, limit=0.02), tmp_path)
    n = len(first.store.design)
    assert len(second.store.design) > n and solver.calls > made
    assert second.store.design.take(np.arange(len(second.store.design)) < n).hash() == first.store.design.hash()
    assert len(second.looks) > len(first.looks)
    errors = [grown.looks[0].errors["quadratic"] for grown in (first, second)]
    assert errors[1] == pytest.approx(100 * errors[0])


@pytest.mark.slow
def test_a_need_out_of_reach_ends_the_runs_early_and_one_never_met_at_the_ceiling(tmp_path: Path, fitted: None) -> None:
    def waves(inputs: np.ndarray) -> dict[str, float]:
        return {"y": float(np.sin(90.0 * inputs[0]) * np.cos(70.0 * inputs[1]))}

    study = replace(bent(Solver(), limit=0.01), name="waves", solve=waves)
    found = grow(study, tmp_path / "a", 200)
    assert found.stopped == "out_of_reach" and 100 <= len(found.store.design) < 160
    short = grow(study, tmp_path / "b", 24)
    assert short.stopped == "ceiling" and len(short.store.design) == 24


@pytest.mark.slow
def test_failed_runs_are_left_out_of_looks(tmp_path: Path, fitted: None) -> None:
    def fails(inputs: np.ndarray) -> dict[str, float]:
        if inputs[0] > 0.9:
            raise ValueError("dry")
        return {"y": 5.0 + float(np.sin(4.0 * inputs[0]) * (1.0 + inputs[1]))}

    found = grow(replace(bent(Solver()), name="fails", solve=fails), tmp_path)
    failed = len(found.store.failures())
    assert failed > 2 and found.stopped == "need_met"
    assert found.looks[-1].runs == len(found.store.design) - failed


def test_what_was_saved_is_told_in_both_languages() -> None:
    told = {
        "runs": 62, "added_runs": 20, "ceiling": 256, "study_runs": 256, "batches": 8, "stopped": "need_met",
        "cpu_seconds_per_run": 30.0, "saved_runs": 194, "saved_cpu_seconds": 5820.0, "saved_joules": 17460.0,
        "placing_cpu_seconds": 12.0, "placing_joules": 36.0, "looks": [],
    }  # fmt: skip
    words = adaptive_words({"adaptive_runs": told})
    assert "62 runs were made in 8 batches, until the need was met; 256 were allowed" in words["en"]
    assert "Runs saved: 194, 97 min of computing (17,000 J)" in words["en"].replace("\u00a0", " ")
    assert "judging nothing: 20" in words["en"] and "ne jugeant rien : 20" in words["fr"].replace("\u00a0", " ")
    assert adaptive_words({"n_train": 3}) == {}


@pytest.mark.slow
def test_a_bundle_of_batches_is_trained_and_audited_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    few_models(monkeypatch, (*FITTED, "constant"))
    short_timings(monkeypatch)
    given_times(monkeypatch)
    monkeypatch.chdir(tmp_path)
    solver = Solver()
    settings = Settings(adaptive=True, folder=tmp_path / "campaigns", measure_seconds=0.2, carbon=False, threads=1)
    trained = train_study(lambda: bent(solver), settings, tmp_path / "bundle")
    told = trained.comparison.split["adaptive_runs"]
    n = told["runs"]
    assert told["stopped"] == "need_met" and told["ceiling"] == told["study_runs"] == 96
    assert told["saved_runs"] == 96 - n and told["added_runs"] > 0 and told["placing_cpu_seconds"] > 0
    assert told["saved_cpu_seconds"] == pytest.approx((96 - n) * told["cpu_seconds_per_run"])
    split = trained.comparison.split
    assert (
        split["n_shipped"] == n
        and split["n_held_out"] == n - told["added_runs"]
        and split["judged_by"] == "out_of_fold"
    )
    row = trained.comparison.ladder.row("polynomial_chaos")
    assert row is not None and row.error_met
    audit = json.loads((trained.bundle / "audit.json").read_text())
    assert any("Runs saved" in limit["en"] for limit in audit["limits"])
    assert any(line["stage"] == "placing" for line in map(json.loads, (trained.bundle / "ledger.jsonl").open()))
    assert audit_again(trained.bundle)["split"] == audit["split"]
