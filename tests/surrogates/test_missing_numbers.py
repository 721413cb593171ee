"""NaN and infinity in truth, answers, errors, bounds and costs: whatever holds one is not assessed, in every metric."""

import json
import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from studies_for_tests import NEED, linear_study

from frugal.candidates.json_object import JsonObject
from frugal.candidates.row import CandidateRow, OutputError, PatternLimits, Query, largest_ratio
from frugal.experiments.metrics.registry import METRICS
from frugal.experiments.metrics.sample import Sample
from frugal.experiments.runs.store import Runs
from frugal.experiments.study import Study
from frugal.formats.files.json_files import to_json
from frugal.metering.ledger.ledger import Entry, Ledger
from frugal.metering.meter import Meter
from frugal.reporting.progress import Silent
from frugal.surrogates.decision.costs import DecisionRow
from frugal.surrogates.decision.decide import decide, decide_rows
from frugal.surrogates.ladder.answering import Answering
from frugal.surrogates.measurement.bootstrap import interval_of
from frugal.surrogates.measurement.errors import output_errors
from frugal.surrogates.measurement.measure_ladder import Effort, measure_ladder

RNG = np.random.default_rng(0)
TIMES = (0.0, 1.0, 2.0, 3.0)


def sample(where: str, value: float) -> Sample:
    """Answers that are nearly right, with one number of one run taken from truth or answer."""
    truth = 5.0 + RNG.normal(size=(12, 4, 3))
    parts = {"truth": truth, "predicted": truth + 1e-3}
    parts[where] = parts[where].copy()
    parts[where][4, 2, 1] = value
    masks = (parts["truth"] > 0, parts["predicted"] > 0)  # as where an output is defined, NaN is above nothing
    return Sample(parts["truth"], parts["predicted"], TIMES, np.any(masks[0], axis=0), masks)


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
@pytest.mark.parametrize("where", ["truth", "predicted"])
@pytest.mark.parametrize("name", METRICS)
def test_no_metric_makes_an_error_of_a_number_that_is_missing(name: str, where: str, value: float) -> None:
    for pooled in (True, False):
        found = METRICS[name].value(sample(where, value), pooled)
        assert not np.isfinite(found).any(), (name, pooled, found)
        interval = interval_of(METRICS[name], sample(where, value), pooled)
        assert not (interval.high <= 1e9).any()


def test_errors_of_what_is_missing_are_met_by_no_tolerance() -> None:
    study = linear_study()
    truth = 5.0 + RNG.normal(size=(10, 1))
    holed = truth.copy()
    holed[3] = np.nan
    for places in (None, np.array(["one"] * 10), np.array(list("aabbccddee"))):
        for true, answered in ((holed, truth), (truth, holed)):
            error = output_errors(study, true, answered, places, 0)["y"]
            assert not error.met and error.ratio == math.inf
            again = OutputError.read(JsonObject(json.loads(to_json(error.to_json())), "candidates.json"))
            assert not again.met and again.ratio == math.inf


def test_an_error_beyond_a_million_is_written_as_it_is_and_stays_beyond_its_tolerance() -> None:
    """Energies in joules: an error of 5 MJ where 2 MJ are allowed read as 1 MJ, and met, when it was capped."""
    for high in (5e6, math.inf, math.nan):
        error = OutputError("rmse", high, high, high, (high,), tolerance=2e6)
        again = OutputError.read(JsonObject(json.loads(to_json(error.to_json())), "candidates.json"))
        assert not error.met and not again.met
    assert OutputError("rmse", 5e6, 5e6, 5e6).to_json()["high"] == 5e6
    ratios = [OutputError("rmse", 1.0, 1.0, math.nan, tolerance=9.0), OutputError("rmse", 1.0, 1.0, 3.0, tolerance=9.0)]
    for errors in (ratios, ratios[::-1]):
        assert largest_ratio(dict(zip("ab", errors, strict=True))) == math.inf


def test_a_cost_that_is_missing_is_compared_with_nothing() -> None:
    def rung(name: str, kind: str, seconds: tuple[float, ...]) -> DecisionRow:
        return DecisionRow(name, kind, True, 0.5, seconds)  # type: ignore[arg-type]

    ladder = [
        rung("constant", "constant", (1e-3,) * 7), rung("linear", "linear", (math.nan, 1e-9, 1e-9)),
        rung("table", "table", (2e-3,) * 7), rung("full_physics", "full_physics", (1.0,) * 7),
        rung("mlp", "surrogate", (3e-3,) * 7),
    ]  # fmt: skip
    booked = [Entry("fit", "table", cpu_seconds=math.nan)]
    for order in (ladder, ladder[::-1]):
        found = decide(booked, order, NEED)
        assert found.winner == "constant" and set(found.lifetime_cpu_seconds) == {"constant", "full_physics", "mlp"}
        assert "linear" in found.missing_baselines


def test_rows_that_lack_a_number_take_no_part_in_a_decision() -> None:
    def row(name: str, kind: str, error: OutputError, blocks: tuple[float, ...]) -> CandidateRow:
        query = {p.name: Query(1e-9, 1e-9, 1e-9, blocks, 1e-3, 1) for p in NEED.call_patterns}
        limits = {p.name: PatternLimits(True) for p in NEED.call_patterns}
        return CandidateRow(
            name, kind, 0, {}, errors={"y": error}, error_met=True, query=query, limits=limits, fixed_cpu_seconds=0.0
        )

    good = OutputError("nrmse", 0.01, 0.01, 0.01, tolerance=0.02)
    rows = [
        row("no_bound", "constant", replace(good, high=math.nan), (1e-9,) * 7),
        row("no_blocks", "formula", good, ()),
        row("null", "linear", good, (1e-9, math.inf)),
        row("table", "table", good, (1e-3,) * 7),
    ]
    assert {tuple(found.lifetime_cpu_seconds) for found in decide_rows(NEED, rows, [], 0.75, 0)} == {("table",)}


def test_an_answer_that_is_no_number_is_not_assessed_and_says_why(tmp_path: Path) -> None:
    study: Study = linear_study()
    n = 9
    inputs = RNG.uniform(size=(n, 3))
    truth = np.stack([study.run(x) for x in inputs])
    runs = Runs(inputs, truth, np.full(n, 1e-3), np.ones(n, bool), np.full(n, -1), np.full(n, ""), 30 + np.arange(n))

    def answering(name: str, holes: list[int], value: float) -> Answering:
        def predict(x: np.ndarray, ids: np.ndarray) -> np.ndarray:
            found = 5.0 + x @ np.array([[1.0], [2.0], [3.0]])
            found[[k for k in holes if k < len(found)]] = value
            return found

        return Answering(name, predict, predict, "python")

    before = {"y": OutputError("nrmse", 0.0, 0.0, 0.0, tolerance=0.02)}
    rows = [
        CandidateRow(name, "formula", 0, {}, errors=before, error_met=True, need_met={"one at a time": True})
        for name in ("whole", "holed")
    ]
    asked = [answering("whole", [], 0.0), answering("holed", [2, 5], math.nan)]
    meter = Meter(Ledger(tmp_path / "ledger.jsonl"), "one")
    found = measure_ladder(study, rows, asked, runs, meter, 0, Silent(), Effort(seconds=0.05))
    whole, holed = found.rows
    assert whole.error_met and found.measured == {"whole"} and set(found.answers) == {"whole"}
    assert not holed.works and not holed.error_met and not any(holed.need_met.values()) and not holed.query
    assert found.faults == {
        "holed": "answers no finite number for 'y' on 2 of the 9 held-out runs, the first of them run 32"
    }
