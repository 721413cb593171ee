"""Limits of a call pattern: memory, latency at the 95th percentile, and what answers without network."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from studies_for_tests import NEED, linear_study

from frugal.campaigns.campaign import Campaign, Settings, run_campaign
from frugal.candidates.comparison import read_comparison
from frugal.candidates.row import CandidateRow, Query
from frugal.errors import EnvironmentFaultError
from frugal.experiments.study import CallPattern
from frugal.metering.timing.interleaved_blocks import Call, Plan, measure
from frugal.surrogates.measurement.limits import call_latency, limits_of
from frugal.surrogates.measurement.memory import graph_memory
from frugal.surrogates.onnx.graph import Graph, serialise

TIME = Query(1e-4, 1e-4, 1e-4, (1e-4,), 1e-3, 1, 5e-3)


def row(time: Query = TIME, size: int | None = None, memory: int | None = None) -> CandidateRow:
    """A candidate that was timed under the pattern `p`."""
    held = {} if memory is None else {"p": memory}
    return CandidateRow("a", "table", 2, {"en": "a", "fr": "a"}, bytes=size, query={"p": time}, memory_bytes=held)


def graph(columns: int) -> bytes:
    """A graph that multiplies by a matrix of 4 bytes times 3 times ``columns``."""
    builder = Graph()
    x = builder.input("inputs", 3)
    y = builder.op("MatMul", x, builder.constant(np.ones((3, columns))))
    y = builder.op("ReduceSum", y, builder.constant([1], np.int64), keepdims=0)
    return serialise(builder.finish([("y", y, 1, ())]))


@pytest.mark.slow
def test_memory_grows_with_the_graph_and_the_rows_but_not_with_the_process_that_asks() -> None:
    small = graph_memory(graph(1), np.zeros((1, 3)))
    held = np.ones(40_000_000)  # 320 MB here, which a child must not be charged for
    again = graph_memory(graph(1), np.zeros((1, 3)))
    assert held.nbytes > 3e8 and 1e7 < again < 2e8
    assert again == pytest.approx(small, rel=0.2)
    assert graph_memory(graph(5_000_000), np.zeros((1, 3))) > small + 5e7
    assert graph_memory(graph(1), np.zeros((4_000_000, 3))) > small + 4e7


def test_a_graph_that_cannot_be_opened_is_told() -> None:
    with pytest.raises(EnvironmentFaultError, match=r"memory of a graph cannot be measured: .*protobuf"):
        graph_memory(b"rubbish", np.zeros((1, 3)))


@pytest.mark.parametrize(
    ("options", "size", "memory", "broken"),
    [
        ({"max_memory_bytes": 100}, 10, 90, ()),
        ({"max_memory_bytes": 100}, 10, 101, ("memory",)),
        ({"max_memory_bytes": 100}, 10, None, ("memory",)),
        ({"max_memory_bytes": 100}, None, None, ()),
        ({"must_run_offline": True, "target": "phone"}, None, None, ("graph",)),
        ({"must_run_offline": True, "target": "server"}, None, None, ()),
        ({"max_bytes": 9}, 10, None, ("bytes",)),
    ],
)
def test_hard_limits(options: dict[str, Any], size: int | None, memory: int | None, broken: tuple[str, ...]) -> None:
    found = limits_of(CallPattern("p", **options), row(TIME, size, memory))
    assert (found.met, found.broken, len(found.reasons)) == (not broken, broken, len(broken))
    assert all(set(sentence) == {"en", "fr"} for sentence in found.reasons)


def test_latency_is_held_against_the_95th_percentile() -> None:
    pattern = CallPattern("p", max_latency_s=2e-3)
    assert limits_of(pattern, row()).broken == ("latency",)
    assert limits_of(pattern, row(replace(TIME, wall_p95_seconds_per_call=1.5e-3))).broken == ()
    older = replace(TIME, wall_p95_seconds_per_call=None)
    assert limits_of(pattern, row(older)).broken == () and call_latency(pattern, older) == 1e-3
    assert call_latency(CallPattern("p", rows=10), TIME) == pytest.approx(5e-2)


def test_the_95th_percentile_is_at_least_the_median() -> None:
    time = measure({"a": Call(lambda: sum(range(2000)), 1)}, Plan(9, 0.002, 0.001))["a"]
    assert time.wall_p95_seconds_per_call is not None
    assert time.wall_p95_seconds_per_call >= time.wall_seconds_per_call > 0


def campaign(folder: Path, limit: int | None) -> Campaign:
    patterns = (CallPattern("one at a time", max_memory_bytes=limit), CallPattern("many", rows=1000))
    study = linear_study(replace(NEED, call_patterns=patterns))
    return run_campaign(study, Settings(folder=folder, measure_seconds=0.3, carbon=False))


@pytest.mark.usefixtures("cheap_campaigns")
def test_memory_is_measured_where_the_need_limits_it_and_is_booked(tmp_path: Path) -> None:
    result = campaign(tmp_path, 20_000_000)  # less than any interpreter holds
    with_graph = {c.name for c in result.candidates if c.model is not None}
    measured = {row.name: row.memory_bytes for row in result.ladder.rows if row.memory_bytes}
    assert set(measured) == with_graph and all(set(memory) == {"one at a time"} for memory in measured.values())
    booked = [e for e in result.ledger if e.message == "memory while answering"]
    assert {e.candidate for e in booked} == with_graph
    assert all(e.stage == "evaluation" and e.cpu_seconds_children > 0 for e in booked)
    linear = result.ladder.by_name["linear"]
    assert linear.limits["one at a time"].broken == ("memory",) and linear.limits["many"].met
    assert not linear.need_met["one at a time"] and linear.need_met["many"]
    assert result.decisions[0].winner in {c.name for c in result.candidates if c.model is None}


@pytest.mark.usefixtures("cheap_campaigns")
def test_memory_that_nobody_limits_is_not_measured(tmp_path: Path) -> None:
    result = campaign(tmp_path, None)
    assert not any(row.memory_bytes for row in result.ladder.rows)
    assert not any(entry.message == "memory while answering" for entry in result.ledger)


@pytest.mark.slow
@pytest.mark.usefixtures("cheap_campaigns_with_ai")
def test_a_full_evaluation_always_measures_the_winner_and_the_best_ai(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from frugal.campaigns import reevaluation
    from frugal.campaigns.bundle_writer import write_bundle
    from frugal.formats.files.json_files import read_json
    from frugal.surrogates.bundle.bundle import Bundle

    study = linear_study(replace(NEED, queries=(1e9, 1e10)))  # so often that a fit pays back
    result = run_campaign(study, Settings(folder=tmp_path / "runs", measure_seconds=0.3, carbon=False))
    (tmp_path / "bundle").mkdir()
    write_bundle(result, tmp_path / "bundle")
    path = tmp_path / "bundle"
    bundle = Bundle(path, read_json(path / "study.json"), read_comparison(path / "candidates.json"))
    monkeypatch.setattr(Plan, "full", classmethod(lambda plan: plan(5, 0.002, 0.001)))
    monkeypatch.setattr(reevaluation, "run_frugality_checks", lambda *rest: {})
    decision = bundle.comparison.ladder.decision
    rows = read_json(reevaluation.evaluate_bundle(bundle, study, full=True, carbon=False))["candidates"]
    measured = {row["name"]: row["memory_bytes"] for row in rows if row["memory_bytes"]}
    with_graph = {row["name"] for row in rows if row["graph"] is not None}
    assert set(measured) == {decision.winner, decision.best_ai} & with_graph
    assert decision.best_ai in measured
    assert all(set(memory) == {"one at a time", "a thousand at once"} for memory in measured.values())
    timed = next(row for row in rows if row["name"] == decision.best_ai)["query"]["one at a time"]
    assert timed["wall_p95_seconds_per_call"] >= timed["wall_seconds_per_call"]
