"""What is written after the page is counted by estimate and said so; waiting is told; MES-10 says what was watched."""

from __future__ import annotations

from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

from frugal.audit.build import build_audit
from frugal.audit.criteria.measurement import no_network
from frugal.audit.report.pages import page_text
from frugal.campaigns import costs_to_come as estimates
from frugal.campaigns.costs_to_come import costs_to_come
from frugal.candidates.row import Query
from frugal.metering.instruments import LOADED
from frugal.metering.ledger.ledger import Entry, Ledger
from frugal.metering.ledger.process_id import process_id
from frugal.metering.meter import Meter
from frugal.metering.timing.stopwatch import Stopwatch


def test_stages_to_come_are_in_costs_and_preparation_and_are_said_to_be_estimates(
    bundles: ModuleType, tmp_path: Path
) -> None:
    folder = bundles.write(bundles.ALL["table_wins"](), tmp_path / "b")
    created = "2026-11-23T05:20:00+00:00"
    plain = build_audit(folder, created=created)
    audit = build_audit(folder, created=created, to_come={"audit": 4.0, "tracking": 6.0})
    ledger = sum(line["cpu_seconds"] for line in bundles.ledger())
    assert sum(cost["cpu_seconds"] for cost in plain["costs"]) == pytest.approx(ledger)
    assert sum(cost["cpu_seconds"] for cost in audit["costs"]) == pytest.approx(ledger + 10.0)
    told = {cost["stage"]: cost.get("estimated_cpu_seconds") for cost in audit["costs"]}
    assert (told["audit"], told["tracking"], told["fit"]) == (4.0, 6.0, None)
    before, after = (next(r for r in a["footprint"]["rows"] if r["per"] == "preparation") for a in (plain, audit))
    energy = [row["impacts"]["energy"]["p50"] for row in (before, after)]
    assert energy[1] / energy[0] == pytest.approx((ledger + 10.0) / ledger, rel=0.01)
    assert "of which by estimate, being written after this page: 4 s" in page_text(audit, "en")
    assert "dont estimés, car inscrits après cette page" in page_text(audit, "fr")
    assert "by estimate" not in page_text(plain, "en")


def test_the_estimate_follows_the_speed_of_the_machine(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path / "ledger.jsonl")
    meter = Meter(ledger, "c")
    usual = {"audit": estimates.AUDIT_SECONDS, "tracking": estimates.RECORD_SECONDS}
    assert costs_to_come(meter, ("audit", "tracking")) == usual
    start = 3 * estimates.USUAL_START_SECONDS
    ledger.append(Entry("loading", cpu_seconds=start, process="another", message=LOADED))
    ledger.append(Entry("loading", cpu_seconds=99.0, process=process_id()))
    assert costs_to_come(meter, ("audit", "tracking")) == usual  # of another process, or of other libraries
    ledger.append(Entry("loading", cpu_seconds=start, process=process_id(), message=LOADED))
    slow = costs_to_come(meter, ("audit", "tracking"), n_candidates=10)
    assert slow["audit"] == pytest.approx(3 * estimates.AUDIT_SECONDS)
    one = estimates.RECORD_SECONDS_PER_CANDIDATE
    assert slow["tracking"] == pytest.approx(3 * (estimates.RECORD_SECONDS + 10 * one))
    watch = Stopwatch()
    while watch.spent().cpu_seconds < 0.02:
        pass
    watch.stop()
    assert costs_to_come(meter, ("audit",), watch)["audit"] == pytest.approx(slow["audit"] + watch.spent().cpu_seconds)


def test_an_answer_that_mostly_waits_is_told(audited: Any) -> None:
    def wait(bundle: dict[str, Any]) -> None:
        row = next(row for row in bundle["candidates"]["candidates"] if row["name"] == "full_physics")
        for query in row["query"].values():
            query |= {"waiting_share": 0.9, "wall_seconds_per_call": 2.0, "cpu_seconds": 1e-3}

    (told,) = [text["en"] for text in audited("table_wins", wait)["limits"] if "waits for" in text["en"]]
    assert "full physics” waits for 90% of the 2\u00a0s it lasts" in told
    assert not [text for text in audited("table_wins")["limits"] if "waits for" in text["en"]]


@pytest.mark.parametrize(
    ("share", "lasts", "waits"), [(0.9, 2.0, True), (0.4, 2.0, False), (0.9, 5e-4, False), (None, 2.0, False)]
)
def test_what_counts_as_waiting(share: float | None, lasts: float, waits: bool) -> None:
    assert Query(1e-3, 1e-3, 1e-3, (1e-3,), lasts, 1, waiting_share=share).waits is waits


WATCHES: list[tuple[dict[str, Any] | None, str, str]] = [
    (None, "pass", "compiled code and child processes were not"),
    ({"looks_at_open_sockets": 0, "bytes_sent_by_machine": 5}, "pass", "compiled code and child processes were not"),
    ({"looks_at_open_sockets": 41, "bytes_sent_by_machine": 0}, "pass", "41 times"),
    ({"looks_at_open_sockets": 41, "bytes_sent_by_machine": 0}, "pass", "sent nothing to any network"),
    ({"looks_at_open_sockets": 41, "bytes_sent_by_machine": 2_000_000}, "pass", "together sent 2 MB"),
    ({"looks_at_open_sockets": 41, "bytes_sent_by_machine": None}, "pass", "the process and its children."),
    ({"looks_at_open_sockets": 41, "onnxruntime_may_report": True}, "fail", "imported before frugal"),
]


@pytest.mark.parametrize(("watch", "status", "words"), WATCHES)
def test_what_was_watched_is_said(watch: dict[str, Any] | None, status: str, words: str) -> None:
    machine: dict[str, Any] = {"network_calls": []} | ({} if watch is None else {"network_watch": watch})
    found = no_network(SimpleNamespace(machine=machine))  # type: ignore[arg-type]
    assert found.status == status
    assert isinstance(found.text, dict)
    assert words in found.text["en"].replace("\u00a0", " ").replace("\u202f", " ")
