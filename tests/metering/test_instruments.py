"""What runs beside a campaign: everything adds up, process by process, and noise and network are noticed."""

import json
import os
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from studies_for_tests import linear_study, reaching_for_the_network

from frugal.campaigns.bundle_writer import write_bundle
from frugal.campaigns.campaign import Campaign, Settings, run_campaign, settle_ledger
from frugal.campaigns.reevaluation import check_ledger, evaluate_bundle
from frugal.candidates.comparison import read_comparison
from frugal.errors import NotAssessedError, UnusableInputError
from frugal.experiments.study import Study
from frugal.formats.files.json_files import read_json
from frugal.metering.ledger.hash_chain import check_chain, check_seal
from frugal.metering.ledger.ledger import Ledger
from frugal.metering.power.machine import HostNoise, Machine, describe_machine
from frugal.metering.power.reconciliation import reconcile
from frugal.metering.quietest_series import Times, quietest_series
from frugal.metering.timing.interleaved_blocks import Plan, QueryTime
from frugal.metering.timing.stopwatch import Stopwatch
from frugal.surrogates.bundle.bundle import Bundle, open_bundle, write_checksums
from frugal.surrogates.measurement.noise import REPEATS


def campaign(folder: Path, study: Study | None = None, **options: object) -> Campaign:
    settings = {"folder": folder, "measure_seconds": 0.2, "carbon": False, **options}
    return run_campaign(study or linear_study(), Settings(**settings))  # type: ignore[arg-type]


def stolen(*percents: float) -> Callable[[], HostNoise]:
    """Hosts whose steal is given, the last one for good."""
    left = list(percents)

    def make() -> HostNoise:
        percent = left.pop(0) if len(left) > 1 else left[0]
        ticks = iter([[0] * 8, [round(1000 - 10 * percent), 0, 0, 0, 0, 0, 0, round(10 * percent)]])
        return HostNoise(lambda: next(ticks))

    return make


@pytest.fixture(autouse=True)
def idle_host(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "getloadavg", lambda: (0.1, 0.1, 0.1))


def test_the_lines_add_up_to_what_the_process_used(tmp_path: Path) -> None:
    watch = Stopwatch()
    result = campaign(tmp_path)
    spent = watch.spent()
    booked = sum(entry.total_cpu_seconds for entry in result.ledger)
    assert booked == pytest.approx(spent.cpu_seconds + spent.cpu_seconds_children, rel=0.03, abs=0.3)
    assert {entry.stage for entry in result.ledger} >= {"rest", "metering"}


def test_a_campaign_reaches_for_no_network(tmp_path: Path) -> None:
    assert campaign(tmp_path, carbon=True).noise["network_calls"] == []


@pytest.mark.usefixtures("cheap_campaigns")
def test_a_solver_that_reaches_for_the_network_is_noticed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    result = campaign(tmp_path / "campaigns", reaching_for_the_network(linear_study(), 9, monkeypatch))
    assert result.noise["network_calls"] == ["192.0.2.1:9"]
    (tmp_path / "bundle").mkdir()
    write_bundle(result, tmp_path / "bundle")
    assert read_json(tmp_path / "bundle" / "candidates.json")["machine"]["network_calls"] == ["192.0.2.1:9"]


def test_the_first_line_carries_hashes_and_a_fit_what_its_search_cost(tmp_path: Path) -> None:
    study = linear_study()
    result = campaign(tmp_path, study)
    first = next(entry for entry in result.ledger if entry.versions)
    assert first.stage == "preparation"
    assert set(first.hashes) == {"study", "design", "need", "data", "requirements", "description"}
    assert first.hashes["study"] == study.hash() and first.versions["numpy"]
    fit = next(e for e in result.ledger if e.stage == "fit" and e.candidate == "mlp")
    assert 0 < fit.details["search_cpu_seconds"] <= fit.cpu_seconds
    generation = next(e for e in result.ledger if e.stage == "generation")
    assert generation.details["failed_runs"] == 0


@pytest.mark.usefixtures("cheap_campaigns")
def test_the_bundle_seals_its_ledger(tmp_path: Path) -> None:
    result = campaign(tmp_path / "campaigns")
    folder = tmp_path / "bundle"
    folder.mkdir()
    write_bundle(result, folder)
    candidates = read_json(folder / "candidates.json")
    lines = Ledger(folder / "ledger.jsonl").lines()
    assert check_chain(lines) == check_seal(lines, candidates["ledger"]) == ""
    assert candidates["ledger"]["lines"] == len(lines)
    bundle = Bundle(folder, read_json(folder / "study.json"), read_comparison(folder / "candidates.json"))
    check_ledger(bundle)
    for gone, words in ((3, "missing"), (len(lines) - 1, "last lines are missing")):
        left = [line for number, line in enumerate(lines) if number != gone]
        (folder / "ledger.jsonl").write_bytes(b"".join(line + b"\n" for line in left))
        with pytest.raises(NotAssessedError, match=words):
            check_ledger(bundle)


@pytest.mark.usefixtures("cheap_campaigns")
def test_a_campaign_does_not_go_on_with_an_altered_ledger(tmp_path: Path) -> None:
    path = campaign(tmp_path).meter.ledger.path
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join([*lines[:2], *lines[3:]]))
    with pytest.raises(UnusableInputError, match=r"ledger\.jsonl': a line of the ledger is missing.*begin .* anew"):
        campaign(tmp_path)


@pytest.mark.usefixtures("cheap_campaigns")
def test_what_the_next_bundle_shares_is_kept_with_need_and_hashes(tmp_path: Path) -> None:
    result = campaign(tmp_path)
    said = next(entry for entry in result.ledger if entry.versions)
    settle_ledger(result)
    ledger = Ledger(result.meter.ledger.path)
    need, compilation, twice, generation = ledger.entries()
    assert (need.stage, compilation.stage, generation.stage) == ("need", "compile", "generation")
    assert twice.stage == "evaluation" and REPEATS in twice.details
    assert need.details and (need.versions, need.hashes) == (said.versions, said.hashes)
    assert generation.versions == {} and generation.cpu_seconds > 0
    assert check_chain(ledger.lines()) == ""
    assert [entry.stage for entry in campaign(tmp_path).ledger][:4] == ["need", "compile", "evaluation", "generation"]


@pytest.mark.usefixtures("cheap_campaigns")
@pytest.mark.parametrize(("percent", "again"), [(0.0, False), (20.0, True)])
def test_steal_says_to_measure_again(tmp_path: Path, percent: float, again: bool) -> None:
    noise = campaign(tmp_path, host=stolen(percent)).noise
    assert noise["steal_percent"] == pytest.approx(percent)
    assert noise["measure_again"] is again


@pytest.mark.usefixtures("cheap_campaigns")
def test_a_declared_machine_is_the_one_that_is_recorded(tmp_path: Path) -> None:
    machine = replace(describe_machine(), tier="T3", watts_per_core=7.0, country="FRA")
    assert campaign(tmp_path, machine=machine).machine == machine


def series_of(*variations: float) -> Callable[[], Times]:
    """Timings whose blocks have the given coefficients of variation, one series after the other."""
    left = iter(variations)

    def measure() -> Times:
        spread = next(left) / np.sqrt(2)
        blocks = (1.0 - spread, 1.0 + spread)
        booked = QueryTime(1.0, 1.0, 1.0, (0.1, 1.9), 1.0, 1, booked=True)  # easy and hard inputs, never repeated
        return {"linear": {"one": QueryTime(1.0, 0.9, 1.1, blocks, 1.0, 1)}, "full_physics": {"one": booked}}

    return measure


def kept_cv(times: Times) -> float:
    return times["linear"]["one"].cv


def test_a_quiet_series_is_not_repeated() -> None:
    times, record = quietest_series(series_of(0.05), stolen(0.0))
    assert (record["attempts"], record["measure_again"], kept_cv(times)) == (1, False, pytest.approx(0.1 / 2))


def test_a_series_is_repeated_until_it_is_quiet() -> None:
    times, record = quietest_series(series_of(0.40, 0.10), stolen(0.0))
    assert (record["attempts"], record["measure_again"], kept_cv(times)) == (2, False, pytest.approx(0.10))
    assert [one["kept"] for one in record["series"]] == [False, True]


def test_where_no_series_is_quiet_the_quietest_is_kept_and_said_to_be_noisy() -> None:
    times, record = quietest_series(series_of(0.05, 0.30, 0.20), stolen(30.0, 10.0, 10.0))
    assert (record["attempts"], record["measure_again"], kept_cv(times)) == (3, True, pytest.approx(0.20))
    assert record["steal_percent"] == pytest.approx(10.0)
    assert [one["kept"] for one in record["series"]] == [False, False, True]


@pytest.mark.usefixtures("cheap_campaigns_with_ai")
@pytest.mark.parametrize(("full", "attempts"), [(True, 3), (False, None)])
def test_an_evaluation_on_a_host_that_is_stolen_from_says_to_measure_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, full: bool, attempts: int | None
) -> None:
    monkeypatch.setattr(Plan, "full", classmethod(lambda cls: Plan.quick(8, 0.4)))  # the rule is not under test
    monkeypatch.setattr("frugal.campaigns.reevaluation.run_frugality_checks", lambda *arguments: {})
    monkeypatch.setattr("frugal.surrogates.measurement.measure_ladder.measure_memory", lambda *arguments, **options: {})
    folder = tmp_path / "bundle"
    folder.mkdir()
    write_bundle(campaign(tmp_path / "campaigns"), folder)
    write_checksums(folder)
    path = evaluate_bundle(open_bundle(folder), linear_study(), full, carbon=False, host=stolen(20.0))
    found = read_json(path)
    assert found["machine"]["measure_again"] is True
    assert found["machine"].get("attempts") == attempts
    assert found["machine"]["network_calls"] == []
    assert all("cv" in query for row in found["candidates"] for query in row["query"].values())
    lines = Ledger(folder / "ledger.jsonl").lines()
    assert check_chain(lines) == check_seal(lines, found["ledger"]) == ""
    assert found["ledger"]["lines"] == len(lines) - 1
    assert json.loads(lines[-1])["stage"] == "report"  # of the evaluation that the seal stands in


SLOW = """
import numpy as np
from frugal.experiments.study import Need, Output, Study, Tolerance, Variable

def solve(inputs):
    for _ in range(30):
        np.sin(np.arange(100_000.0)).sum()
    return {"y": 5.0 + inputs.sum()}

inputs = tuple(Variable(f"x{k}", "1", 0.0, 1.0) for k in range(2))
need = Need("one answer", {"y": Tolerance("nrmse", 0.02)}, queries=(10.0, 100.0))
study = Study("slow", inputs, (Output("y", "1"),), need, solve, n_runs=64)
"""


@pytest.mark.slow
def test_a_campaign_that_was_killed_and_resumed_adds_up_process_by_process(tmp_path: Path) -> None:
    (tmp_path / "slow.py").write_text(SLOW)
    code = textwrap.dedent(
        f"""
        import sys
        from pathlib import Path
        sys.path[:0] = [{str(tmp_path)!r}, {str(Path(__file__).parents[1])!r}]
        from pytest import MonkeyPatch
        from slow import study
        from campaigns_for_tests import few_models
        few_models(MonkeyPatch())
        from frugal.campaigns.campaign import Settings, run_campaign
        run_campaign(study, Settings(folder=Path({str(tmp_path / "campaigns")!r}), measure_seconds=0.3, threads=1))
        """
    )
    (tmp_path / "run.py").write_text(code)
    first = subprocess.Popen([sys.executable, str(tmp_path / "run.py")])
    wait_for_generation(tmp_path, first)
    first.send_signal(signal.SIGKILL)
    first.wait()
    assert subprocess.run([sys.executable, str(tmp_path / "run.py")], check=False).returncode == 0
    (path,) = (tmp_path / "campaigns").glob("*/ledger.jsonl")
    ledger = Ledger(path)
    entries = ledger.entries()
    assert check_chain(ledger.lines()) == ""
    killed, resumed = [e for e in entries if e.stage == "generation"]
    assert (killed.status, killed.codecarbon_joules) == ("interrupted", None)
    assert (resumed.status, killed.process != resumed.process) == ("ok", True)
    assert killed.cpu_seconds > 0.5 and resumed.cpu_seconds > 0.5
    one, two = reconcile(entries, describe_machine().watts_per_core)
    assert one.cpu_seconds_without_reading >= killed.cpu_seconds
    assert one.joules == pytest.approx(one.expected_joules, rel=0.05, abs=0.3)  # what it finished before it was killed
    assert two.gap == pytest.approx(0.0, abs=0.05)
    assert not list(path.parent.glob("*.running*"))


def wait_for_generation(folder: Path, process: "subprocess.Popen[bytes]") -> None:
    """Until the process has booked a second of its runs in its marker."""
    until = time.monotonic() + 120
    while time.monotonic() < until:
        assert process.poll() is None, "it ended before it could be killed"
        for marker in folder.glob("campaigns/*/ledger.jsonl.running.*"):
            try:
                entry = json.loads(marker.read_text())
            except (OSError, ValueError):
                continue
            if entry["stage"] == "generation" and entry["cpu_seconds"] > 0.8:
                return
        time.sleep(0.05)
    raise AssertionError("the generation never began")


def test_machines_have_plain_values() -> None:
    machine = Machine("test", 2, "test", watts_per_core=5.0)
    assert json.loads(json.dumps(machine.describe()))["watts_per_core"] == 5.0
