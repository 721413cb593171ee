"""The ledger as evidence: whatever is taken out of it or altered is noticed, and it adds up to the costs."""

from __future__ import annotations

import json
import shutil
import threading
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from campaigns_for_tests import WITH_AI, few_models
from studies_for_tests import linear_study

from frugal.audit.build import build_audit
from frugal.audit.evidence.audit_file import read_audit
from frugal.audit.report.terminal import exit_code
from frugal.campaigns.campaign import Campaign, Settings, run_campaign
from frugal.campaigns.publish import publish
from frugal.campaigns.workflow import audit_again
from frugal.experiments.study import formula
from frugal.metering.ledger.hash_chain import link, seal_of
from frugal.metering.ledger.ledger import Entry, Ledger
from frugal.metering.meter import Meter

Lines = list[bytes]


@dataclass(frozen=True)
class Trained:
    folder: Path
    campaign: Campaign

    @property
    def ledger(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in (self.folder / "ledger.jsonl").read_text().splitlines()]

    @property
    def candidates(self) -> dict[str, Any]:
        return dict(json.loads((self.folder / "candidates.json").read_text()))


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Trained:
    """A campaign that was interrupted once, one of whose runs fails, and one of whose alternatives breaks."""
    home, straight = tmp_path_factory.mktemp("ledger"), linear_study()
    interrupt = home / "interrupt"
    interrupt.touch()

    def breaks(inputs: np.ndarray) -> dict[str, np.ndarray]:
        raise KeyError("table")

    def solve(inputs: np.ndarray) -> object:
        np.sin(np.arange(200_000.0)).sum()
        if interrupt.exists() and threading.current_thread() is not threading.main_thread():
            interrupt.unlink()
            raise KeyboardInterrupt
        if inputs[0] > 0.97:
            raise ValueError("too steep")
        assert straight.solve is not None
        return straight.solved(inputs)

    study = replace(straight, solve=solve, n_runs=48, alternatives=(*straight.alternatives, formula("broken", breaks)))
    settings = Settings(folder=home / "campaigns", measure_seconds=0.2, carbon=False, threads=1)
    with pytest.MonkeyPatch.context() as patch:
        few_models(patch, (*WITH_AI, "table", "quadratic"))
        with pytest.raises(KeyboardInterrupt):
            run_campaign(study, settings)
        campaign = run_campaign(study, settings)
        publish(campaign, home / "bundle")
    return Trained(home / "bundle", campaign)


@pytest.fixture
def bundle(trained: Trained, tmp_path: Path) -> Path:
    """A copy to spoil."""
    return Path(shutil.copytree(trained.folder, tmp_path / "bundle"))


@pytest.fixture(scope="module")
def audited_twice(trained: Trained, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The bundle audited again, whole; to be copied."""
    folder = Path(shutil.copytree(trained.folder, tmp_path_factory.mktemp("again") / "bundle"))
    assert exit_code(audit_again(folder)) != 4, "whole before it is touched"
    return folder


def status(audit: dict[str, Any], name: str) -> str:
    return str(next(row["status"] for row in audit["criteria"] if row["id"] == name))


def index_of(lines: Lines, stage: str) -> int:
    return next(k for k, line in enumerate(lines) if json.loads(line)["stage"] == stage)


def without_a_middle_line(lines: Lines) -> Lines:
    k = index_of(lines, "fit")
    return lines[:k] + lines[k + 1 :]


def without_the_last_line(lines: Lines) -> Lines:
    return lines[:-1]


def without_the_last_third(lines: Lines) -> Lines:
    return lines[: 2 * len(lines) // 3]


def with_a_smaller_number(lines: Lines) -> Lines:
    k = index_of(lines, "generation")
    entry = json.loads(lines[k])
    return [
        *lines[:k],
        json.dumps({**entry, "cpu_seconds": entry["cpu_seconds"] / 2}, sort_keys=True).encode(),
        *lines[k + 1 :],
    ]


def with_two_lines_swapped(lines: Lines) -> Lines:
    return [*lines[:3], lines[4], lines[3], *lines[5:]]


def chained_anew_without_a_line(lines: Lines) -> Lines:
    """What somebody does who knows the chain, but not who keeps its seals."""
    chained: Lines = []
    for number, line in enumerate(without_a_middle_line(lines)):
        chained.append(link(json.loads(line), number, chained[-1] if chained else None))
    return chained


@pytest.mark.slow
@pytest.mark.parametrize(
    "spoil",
    [
        without_a_middle_line,
        without_the_last_line,
        without_the_last_third,
        with_a_smaller_number,
        with_two_lines_swapped,
        chained_anew_without_a_line,
    ],
)
def test_a_ledger_that_was_touched_is_noticed_and_nothing_is_assessed(
    audited_twice: Path, tmp_path: Path, spoil: Callable[[Lines], Lines]
) -> None:
    bundle = Path(shutil.copytree(audited_twice, tmp_path / "bundle"))
    path = bundle / "ledger.jsonl"
    path.write_bytes(b"".join(line + b"\n" for line in spoil(path.read_bytes().splitlines())))
    audit = audit_again(bundle)
    assert status(audit, "FRU-07") == status(audit, "MES-06") == "fail"
    assert audit["conditions"]["C1"]["status"] == audit["conditions"]["C3"]["status"] == "not_assessed"
    assert "MES-06" in audit["conditions"]["C1"]["text"]["en"]
    assert exit_code(audit) == 4
    text = next(row["text"] for row in audit["criteria"] if row["id"] == "MES-06")
    assert text["en"].startswith("The ledger was altered") and text["fr"].startswith("Le registre a été modifié")
    assert exit_code(audit_again(bundle)) == 4, "auditing it does not heal it"


def test_the_last_line_is_covered_when_nothing_came_after_training(bundle: Path) -> None:
    """The audit's own lines stand behind everything that the audit could seal."""
    path = bundle / "ledger.jsonl"
    lines = path.read_bytes().splitlines()
    assert [json.loads(line)["stage"] for line in lines[-2:]] == ["audit", "metering"]
    path.write_bytes(b"".join(line + b"\n" for line in lines[:-1]))
    assert exit_code(audit_again(bundle)) == 4


def test_lines_of_an_evaluation_that_does_not_decide_are_covered_too(bundle: Path) -> None:
    ledger = Ledger(bundle / "ledger.jsonl")
    ledger.append(Entry("evaluation", cpu_seconds=50.0))
    seal = seal_of(ledger.lines())
    (bundle / "evaluations").mkdir()
    decides = {**json.loads((bundle / "candidates.json").read_text()), "level": "full"}
    later = {**decides, "level": "quick", "ledger": seal}
    for name, content in (("2026-01-01", decides), ("2026-01-02", later)):
        (bundle / "evaluations" / f"{name}.json").write_text(json.dumps(content))
    full = bundle / "evaluations" / "2026-01-01.json"
    assert status(build_audit(bundle, evaluation=full), "MES-06") == "pass"
    (bundle / "ledger.jsonl").write_bytes(b"".join(line + b"\n" for line in ledger.lines()[:-1]))
    assert status(build_audit(bundle, evaluation=full), "MES-06") == "fail"


def test_lines_that_are_added_later_are_no_fault(bundle: Path) -> None:
    meter = Meter(Ledger(bundle / "ledger.jsonl"), "later")
    with meter.stage("report"):
        sum(range(1000))
    audit = audit_again(bundle)
    assert status(audit, "MES-06") == status(audit, "FRU-07") == "pass"


def test_each_candidates_fixed_cost_is_the_sum_of_its_lines(trained: Trained) -> None:
    ledger, candidates = trained.ledger, trained.candidates
    share = 1.0  # what ships learns from all runs
    priced = [row for row in candidates["candidates"] if row["fixed_parts"]]
    assert len(priced) >= 6

    def spent(*stages: str, candidate: str | None) -> float:
        lines = [line for line in ledger if line["stage"] in stages and line["candidate"] == candidate]
        return float(sum(line["cpu_seconds"] + line["cpu_seconds_children"] for line in lines))

    for row in priced:
        shared = row["needs_runs"] or row["needs_compilation"]
        expected = {
            "compile": spent("compile", candidate=None) if shared else 0.0,
            "generation": share * spent("generation", candidate=None) if row["needs_runs"] else 0.0,
            "fit": spent("fit", "calibration", candidate=row["name"])
            + (spent("calibration", candidate=None) if row["needs_runs"] else 0.0),
            "export": spent("export", candidate=row["name"]),
        }
        assert row["fixed_parts"] == pytest.approx(expected), row["name"]
        assert row["fixed_cpu_seconds"] == pytest.approx(sum(expected.values()))
    learnt = [row["fixed_parts"] for row in priced if row["needs_runs"]]
    assert all(parts["generation"] > 0 and parts["fit"] > 0 for parts in learnt)


def test_every_line_stands_in_the_costs_of_the_audit(trained: Trained) -> None:
    audit = read_audit(trained.folder)
    sealed = trained.ledger[: next(row["lines"] for row in audit["inputs"] if row["file"] == "ledger.jsonl")]
    assert {line["stage"] for line in trained.ledger[len(sealed) :]} == {"audit", "metering"}, "all but the audit's own"
    whole = sum(line["cpu_seconds"] + line["cpu_seconds_children"] for line in sealed)
    # what comes after the seal, the audit itself among it, is counted by estimate
    booked = sum(cost["cpu_seconds"] - cost.get("estimated_cpu_seconds", 0.0) for cost in audit["costs"])
    assert booked == pytest.approx(whole)
    assert sum(cost["entries"] for cost in audit["costs"]) == len(sealed)


def test_failed_runs_and_interrupted_stages_are_counted(trained: Trained) -> None:
    interrupted, resumed = [line for line in trained.ledger if line["stage"] == "generation"]
    assert (interrupted["status"], resumed["status"]) == ("interrupted", "ok")
    assert interrupted["cpu_seconds"] > 0
    assert resumed["details"]["failed_runs"] == len(trained.candidates["failed_runs"]) > 0
    shared = trained.candidates["shared"]["generation_cpu_seconds"]
    assert shared == pytest.approx(interrupted["cpu_seconds"] + resumed["cpu_seconds"])
    audit = read_audit(trained.folder)
    cost = next(cost for cost in audit["costs"] if cost["stage"] == "generation")
    assert (cost["entries"], cost["failed"]) == (2, 1)
    assert cost["failed_cpu_seconds"] == pytest.approx(interrupted["cpu_seconds"])
    assert any("failed and" in limit["en"] for limit in audit["limits"])


def test_a_candidate_that_breaks_has_a_line_and_hiding_it_is_found_out(trained: Trained, bundle: Path) -> None:
    broken = next(row for row in trained.candidates["candidates"] if row["name"] == "broken")
    lines = [line for line in trained.ledger if line["candidate"] == "broken"]
    assert broken["status"] == "failed" and any(line["status"] == "failed" for line in lines)
    assert status(read_audit(trained.folder), "FRU-07") == "pass"
    kept = [Entry(**line) for line in trained.ledger if line["candidate"] != "broken"]
    chained: Lines = []
    for number, entry in enumerate(kept):
        chained.append(link(asdict(entry), number, chained[-1] if chained else None))
    (bundle / "ledger.jsonl").write_bytes(b"".join(line + b"\n" for line in chained))
    assert status(build_audit(bundle), "FRU-07") == "fail"
