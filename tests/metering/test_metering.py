"""Everything is booked: failures, interruptions, kills; codecarbon agrees and never goes to the network."""

import json
import os
import socket
import subprocess
import sys
import textwrap
import time
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
import pytest

from frugal.errors import EnvironmentFaultError, UnusableInputError
from frugal.metering.ledger.hash_chain import check_chain
from frugal.metering.ledger.ledger import Entry, Ledger, chained_content, cpu_total, package_versions
from frugal.metering.ledger.process_id import process_id, still_runs
from frugal.metering.ledger.remote_work import REMOTE_WORK
from frugal.metering.meter import Meter, campaign_id
from frugal.metering.power.codecarbon_meter import CarbonMeter
from frugal.metering.power.machine import HostNoise, Machine, describe_machine
from frugal.metering.power.reconciliation import reconcile
from frugal.metering.timing.interleaved_blocks import Call, Plan, measure
from frugal.metering.timing.stopwatch import Stopwatch


def burn(seconds: float) -> None:
    end = time.process_time() + seconds
    while time.process_time() < end:
        pass


def test_a_stage_is_booked_with_its_cpu_time(tmp_path: Path) -> None:
    meter = Meter(Ledger(tmp_path / "ledger.jsonl"), "c1", seed=3, versions={"numpy": "2"})
    with meter.stage("fit", "mlp") as entry:
        burn(0.15)
        entry.runs = 7
    with meter.stage("export", "mlp"):
        pass
    first, second = meter.ledger.entries()
    assert (first.stage, first.candidate, first.status, first.runs, first.seed) == ("fit", "mlp", "ok", 7, 3)
    assert 0.14 < first.cpu_seconds < 0.5
    assert first.peak_rss_bytes > 1e6
    assert first.versions == {"numpy": "2"} and second.versions == {}


def test_children_are_booked(tmp_path: Path) -> None:
    meter = Meter(Ledger(tmp_path / "ledger.jsonl"), "c1")
    with meter.stage("fit"):
        subprocess.run([sys.executable, "-c", "sum(i * i for i in range(2_000_000))"], check=True)
    assert meter.ledger.entries()[0].cpu_seconds_children > 0.02


@pytest.mark.parametrize(
    ("fault", "status"), [(ValueError("it broke\nbadly"), "failed"), (KeyboardInterrupt(), "interrupted")]
)
def test_a_stage_that_ends_badly_is_booked(tmp_path: Path, fault: BaseException, status: str) -> None:
    meter = Meter(Ledger(tmp_path / "ledger.jsonl"), "c1")
    with pytest.raises(type(fault)), meter.stage("fit"):
        raise fault
    (entry,) = meter.ledger.entries()
    assert entry.status == status
    assert entry.message == ("it broke" if status == "failed" else "KeyboardInterrupt")


def test_a_killed_stage_is_booked_by_the_next_meter(tmp_path: Path) -> None:
    code = textwrap.dedent(
        f"""
        import os, time
        from frugal.metering.ledger.ledger import Ledger
        from frugal.metering.meter import Meter
        meter = Meter(Ledger({str(tmp_path / "ledger.jsonl")!r}), "killed")
        with meter.stage("generation"):
            end = time.process_time() + 0.2
            while time.process_time() < end: pass
            meter.heartbeat()
            os.kill(os.getpid(), 9)
        """
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == -9
    assert not (tmp_path / "ledger.jsonl").exists()
    meter = Meter(Ledger(tmp_path / "ledger.jsonl"), "next")
    entry, measuring = meter.ledger.entries()
    assert (entry.stage, entry.status, entry.campaign) == ("generation", "interrupted", "killed")
    assert entry.cpu_seconds >= 0.19
    assert (measuring.stage, measuring.status, measuring.campaign) == ("metering", "interrupted", "killed")
    assert 0 < measuring.cpu_seconds < 0.1
    assert entry.process == measuring.process != process_id()
    assert Meter(Ledger(tmp_path / "ledger.jsonl"), "third").ledger.entries() == [entry, measuring]
    assert [path.name for path in tmp_path.iterdir()] == ["ledger.jsonl"]


@pytest.mark.parametrize("booked_before", [0, 1, 2])
def test_what_other_machines_computed_for_a_killed_stage_is_booked_once(tmp_path: Path, booked_before: int) -> None:
    """However far the killed process came: both lines, one of them, or none."""
    told = {"cpu_seconds": 7.5, "threads": 3, "workers": 2}
    ledger = Ledger(tmp_path / "ledger.jsonl")
    with pytest.raises(KeyboardInterrupt), Meter(ledger, "killed").stage("generation") as entry:
        entry.details = {"failed_runs": 1, REMOTE_WORK: told}
        raise KeyboardInterrupt
    own, elsewhere = ledger.entries()
    assert (elsewhere.status, elsewhere.cpu_seconds, elsewhere.threads) == ("interrupted", 7.5, 3)
    assert elsewhere.details == {"workers": 2, "part_of": own.started}
    assert own.details == {"failed_runs": 1}
    assert own.cpu_seconds < 1

    ledger.path.write_bytes(chained_content(ledger.entries()[:booked_before]))
    marker = replace(own, details={**own.details, REMOTE_WORK: told})
    ledger.path.with_name("ledger.jsonl.running.1-0-gone").write_text(json.dumps(asdict(marker)))
    Meter(ledger, "next")
    lines = [entry for entry in ledger.entries() if entry.stage == "generation"]
    assert sorted(entry.cpu_seconds for entry in lines) == [own.cpu_seconds, 7.5]


def test_a_killed_stage_claims_no_reading(tmp_path: Path) -> None:
    """A marker is written while codecarbon's task is open: it knows the CPU time, and no joule."""
    meter = Meter(Ledger(tmp_path / "ledger.jsonl"), "c1", CarbonMeter(describe_machine()))
    with meter.stage("fit"):
        burn(0.05)
        meter.heartbeat()
        (marker,) = tmp_path.glob("*.running.*")
        entry = json.loads(marker.read_text())
    assert entry["cpu_seconds"] >= 0.05
    assert entry["codecarbon_joules"] is entry["codecarbon_watts_per_core"] is entry["meter_joules"] is None
    assert meter.ledger.entries()[0].codecarbon_watts_per_core == 3.0
    meter.carbon.stop()  # type: ignore[union-attr]


def test_the_stage_of_a_process_that_still_runs_is_left_to_it(tmp_path: Path) -> None:
    code = textwrap.dedent(
        f"""
        import sys
        from frugal.metering.ledger.ledger import Ledger
        from frugal.metering.meter import Meter
        with Meter(Ledger({str(tmp_path / "ledger.jsonl")!r}), "first").stage("fit"):
            print("begun", flush=True)
            sys.stdin.readline()
        """
    )
    with subprocess.Popen(
        [sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as other:
        assert other.stdin is not None and other.stdout is not None
        other.stdout.readline()
        meter = Meter(Ledger(tmp_path / "ledger.jsonl"), "second")
        with meter.stage("audit"):
            pass
        other.communicate("\n")
    assert [(e.campaign, e.stage, e.status) for e in meter.ledger.entries()] == [
        ("second", "audit", "ok"),
        ("first", "fit", "ok"),
    ]
    assert check_chain(meter.ledger.lines()) == ""


def test_what_measuring_costs_stands_in_a_line_of_its_own(tmp_path: Path) -> None:
    meter = Meter(Ledger(tmp_path / "ledger.jsonl"), "c1")
    whole = Stopwatch()
    with meter.stage("fit"):
        for _ in range(300):
            meter.heartbeat()
    assert meter.overhead_cpu_seconds > 0
    meter.close()
    meter.close()  # nothing more to book
    spent = whole.spent().cpu_seconds
    fit, measuring = meter.ledger.entries()
    assert measuring.stage == "metering" and "not contained in the other lines" in measuring.message
    assert fit.cpu_seconds < 0.3 * measuring.cpu_seconds
    assert fit.cpu_seconds + measuring.cpu_seconds <= spent
    assert fit.cpu_seconds + measuring.cpu_seconds == pytest.approx(spent, rel=0.1, abs=0.01)
    assert meter.overhead_cpu_seconds == pytest.approx(measuring.cpu_seconds)
    assert meter.booked_cpu_seconds == pytest.approx(fit.cpu_seconds + measuring.cpu_seconds)
    with meter.stage("audit"):
        pass
    assert [entry.stage for entry in meter.ledger.entries()] == ["fit", "metering", "audit", "metering"]


def test_the_first_line_says_what_the_campaign_rests_on(tmp_path: Path) -> None:
    meter = Meter(Ledger(tmp_path / "ledger.jsonl"), "c1", versions={"numpy": "2"}, hashes={"study": "abc"})
    meter.book("preparation", Stopwatch(), message="reading")
    with meter.stage("fit") as entry:
        entry.details = {"search_cpu_seconds": 0.0}
    first, second = meter.ledger.entries()
    assert (first.versions, first.hashes) == ({"numpy": "2"}, {"study": "abc"})
    assert (second.versions, second.hashes, second.details) == ({}, {}, {"search_cpu_seconds": 0.0})
    assert first.started and first.process == second.process == process_id()


def test_processes_are_told_apart() -> None:
    assert process_id() == process_id() and still_runs(process_id())
    number = os.getpid()
    assert not still_runs(f"{number}-1-abcd")  # the same number, but another start
    assert not still_runs("nonsense")
    with subprocess.Popen(
        [
            sys.executable,
            "-c",
            "from frugal.metering.ledger.process_id import process_id as p; print(p(), flush=True); input()",
        ],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as child:
        assert child.stdout is not None
        name = child.stdout.readline().strip()
        assert still_runs(name)
        child.communicate("\n")
    assert not still_runs(name)


def test_each_process_is_reconciled_by_itself() -> None:
    entries = [
        Entry("fit", cpu_seconds=9.0, cpu_seconds_children=1.0, codecarbon_joules=33.0, campaign="a", process="p"),
        Entry("metering", cpu_seconds=2.0, campaign="a", process="p"),
        Entry("fit", cpu_seconds=10.0, codecarbon_joules=27.0, campaign="a", process="q"),
        Entry("fit", cpu_seconds=0.1, codecarbon_joules=0.3, campaign="b", process="q"),
        Entry("fit", cpu_seconds=2.0, codecarbon_joules=10.0, campaign="c", process="q", codecarbon_watts_per_core=5.0),
    ]
    first, second, short, other = reconcile(entries, 3.0)
    assert (first.cpu_seconds, first.joules, first.expected_joules, first.cpu_seconds_without_reading) == (
        10,
        33,
        30,
        2,
    )
    assert first.gap == pytest.approx(0.1) and second.gap == pytest.approx(-0.1)  # which the sum would hide
    assert short.gap is None  # below what codecarbon can tell
    assert other.gap == 0.0


def test_a_gap_counts_beyond_the_resolution_of_codecarbon() -> None:
    waited = Entry("generation", cpu_seconds=0.79, codecarbon_joules=2.88, campaign="a", process="p")
    lost = Entry("generation", cpu_seconds=20.0, codecarbon_joules=45.0, campaign="a", process="q")
    none = Entry("generation", cpu_seconds=0.1, codecarbon_joules=0.9, campaign="a", process="r")
    first, second, third = reconcile([waited, lost, none], 3.0)
    assert first.gap == pytest.approx(0.2152, abs=1e-4) and first.resolved_gap == 0.0
    assert second.gap == pytest.approx(-0.25) and second.resolved_gap == pytest.approx(-13.5 / 60)
    assert third.gap is None and third.resolved_gap == 0.0


def test_totals_take_what_is_asked() -> None:
    entries = [Entry("fit", cpu_seconds=1.0), Entry("fit", cpu_seconds_children=2.0), Entry("export", cpu_seconds=4.0)]
    assert cpu_total(entries) == 7.0
    assert cpu_total(entries, lambda entry: entry.stage == "fit") == 3.0


def test_a_damaged_ledger_is_told(tmp_path: Path) -> None:
    path = tmp_path / "ledger.jsonl"
    path.write_text(json.dumps({"stage": "fit"}) + "\n{oops\n")
    with pytest.raises(UnusableInputError, match="line 2"):
        Ledger(path).entries()


def test_a_ledger_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(EnvironmentFaultError, match="cannot write"):
        Ledger(tmp_path / "file" / "ledger.jsonl").append(Entry("fit"))


def test_campaigns_have_names_of_their_own() -> None:
    assert campaign_id() != campaign_id()


def test_versions_name_what_is_missing() -> None:
    assert package_versions(["numpy", "no-such-package"])["no-such-package"] == "not installed"


def test_the_machine_is_described() -> None:
    machine = describe_machine()
    assert machine.cores >= 1
    assert machine.watts_low < machine.watts_per_core < machine.watts_high
    report = HostNoise().report()
    assert set(report) == {"load1", "steal_percent", "noisy"}


def test_steal_makes_the_host_noisy(monkeypatch: pytest.MonkeyPatch) -> None:
    ticks = iter([[0] * 8, [50, 0, 0, 30, 0, 0, 0, 20]])
    monkeypatch.setattr("frugal.metering.power.machine._cpu_ticks", lambda: next(ticks))
    monkeypatch.setattr(os, "getloadavg", lambda: (0.1, 0.1, 0.1))
    assert HostNoise().report() == {"load1": 0.1, "steal_percent": 20.0, "noisy": True}
    given = iter([[0] * 8, [90, 0, 0, 0, 0, 0, 0, 10]])
    assert HostNoise(lambda: next(given)).report()["steal_percent"] == 10.0


def test_blocks_find_the_cpu_time_of_a_query() -> None:
    calls = {"short": Call(lambda: burn(0.002), rows=1), "rows": Call(lambda: burn(0.004), rows=4)}
    found = measure(calls, Plan(n_blocks=5, block_seconds=0.01, warm_up_seconds=0.004))
    assert found["short"].cpu_seconds == pytest.approx(0.002, rel=0.3)
    assert found["rows"].cpu_seconds == pytest.approx(0.001, rel=0.3)
    assert found["short"].low <= found["short"].cpu_seconds <= found["short"].high
    assert len(found["short"].blocks) == 5
    blocks = found["short"].blocks
    assert found["short"].cv == pytest.approx(np.std(blocks, ddof=1) / np.mean(blocks))


def test_codecarbon_agrees_with_cpu_time_and_opens_no_socket(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Its forced model is CPU time times watts; a configuration file of the user's changes nothing."""
    opened: list[object] = []

    class Guarded(socket.socket):
        def connect(self, address: object) -> None:  # type: ignore[override]
            opened.append(address)
            raise OSError("no network in tests")

    def resolve(*where: object, **how: object) -> None:
        opened.append(where)
        raise OSError("no network in tests")

    monkeypatch.setattr(socket, "socket", Guarded)
    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    monkeypatch.setattr(socket, "create_connection", resolve)
    monkeypatch.setenv("CODECARBON_EMISSIONS_ENDPOINT", "http://127.0.0.1:9/")
    monkeypatch.setenv("CODECARBON_SAVE_TO_API", "true")
    monkeypatch.chdir(tmp_path)
    machine = Machine("test", os.cpu_count() or 1, "test", watts_per_core=5.0)
    carbon = CarbonMeter(machine)
    meter = Meter(Ledger(tmp_path / "ledger.jsonl"), "c1", carbon)
    with meter.stage("fit"):
        burn(3.0)
    carbon.stop()
    (entry,) = meter.ledger.entries()
    assert entry.codecarbon_joules == pytest.approx(5.0 * entry.cpu_seconds, rel=0.05)
    assert not opened
    assert sorted(path.name for path in tmp_path.iterdir()) == ["ledger.jsonl"]


def test_a_stopwatch_counts_threads_and_children() -> None:
    watch = Stopwatch()
    burn(0.05)
    spent = watch.spent()
    assert spent.cpu_seconds >= 0.05
    assert spent.wall_seconds >= 0.05
