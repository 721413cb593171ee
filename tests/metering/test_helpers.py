"""Threads and children of a solver are in the price of a run and of a query; waiting is told and not priced."""

import os
import subprocess
import sys
import threading
import time
from pathlib import Path

import numpy as np
import pytest

from frugal.experiments.designs.sampling import design_for
from frugal.experiments.runs.blocks import choose_block, compute_rows
from frugal.experiments.study import Need, Output, Study, Tolerance, Variable
from frugal.metering.ledger.ledger import Ledger
from frugal.metering.ledger.remote_work import REMOTE_WORK
from frugal.metering.meter import Meter
from frugal.metering.timing import process_tree
from frugal.metering.timing.interleaved_blocks import Call, Plan, QueryTime, measure
from frugal.metering.timing.process_tree import control_group_cpu_seconds, cpu_time, living_children
from frugal.metering.timing.stopwatch import Stopwatch

#: A child that computes for so long by its own clock, and tells nobody. Its start takes some milliseconds on top.
CHILD_SECONDS = 0.04
CHILD = f"import time\nwhile time.process_time() < {CHILD_SECONDS}: pass"
PLAN = Plan(n_blocks=3, block_seconds=0.05, warm_up_seconds=0.01)


def busy(seconds: float) -> None:
    end = time.thread_time() + seconds
    while time.thread_time() < end:
        pass


def asks_a_child() -> None:
    subprocess.run([sys.executable, "-S", "-E", "-c", CHILD], check=True)


def has_threads() -> None:
    threads = [threading.Thread(target=busy, args=(0.01,)) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def price(ask: object, plan: Plan = PLAN) -> QueryTime:
    return measure({"it": Call(ask, 1)}, plan)["it"]  # type: ignore[arg-type]


def study_of(solver: object) -> Study:
    def solve(x: float) -> dict[str, float]:
        solver()  # type: ignore[operator]
        return {"y": 2.0 * x}

    return Study(
        "helped",
        (Variable("x", "1", 0.0, 1.0),),
        (Output("y", "1"),),
        Need("one answer", {"y": Tolerance("nrmse", 0.05)}),
        solve=solve,
    )


def test_a_query_is_priced_with_its_child() -> None:
    found = price(asks_a_child)
    assert 0.04 < found.cpu_seconds < 0.08  # the start of an interpreter is in it
    assert (
        found.waiting_share is not None and found.waiting_share < 0.5
    )  # its own process waits, but for work that counts


def test_a_query_is_priced_with_its_threads() -> None:
    assert 0.03 <= price(has_threads).cpu_seconds < 0.04


def test_a_child_that_lives_on_is_counted_for_what_it_does_now() -> None:
    code = "import sys, time\nfor line in sys.stdin:\n    end = time.process_time() + 0.02\n"
    code += "    while time.process_time() < end: pass\n    print(flush=True)"
    with subprocess.Popen(
        [sys.executable, "-S", "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1
    ) as server:
        assert server.stdin is not None and server.stdout is not None
        pipes = server.stdin, server.stdout

        def ask() -> None:
            pipes[0].write("go\n")
            pipes[0].flush()
            pipes[1].readline()

        ask()
        assert 0.02 <= price(ask).cpu_seconds < 0.03
        watch = Stopwatch()
        ask()
        assert 0.02 <= watch.spent().cpu_seconds_living < 0.03
        server.stdin.close()
        server.wait()
    # it has passed from the living to those that have ended, and is counted once
    assert 0.02 <= watch.spent().cpu_seconds_children < 0.04
    assert watch.spent().cpu_seconds_living == 0.0


def test_children_of_children_are_seen_and_nobody_elses() -> None:
    assert living_children() == []
    with subprocess.Popen(["sh", "-c", "sleep 5 & echo $!; wait"], stdout=subprocess.PIPE, text=True) as shell:
        assert shell.stdout is not None
        grandchild = int(shell.stdout.readline())
        assert living_children() == [shell.pid, grandchild]
        os.kill(grandchild, 9)
        shell.kill()
    assert living_children() == []


def test_clocks_agree_with_the_commands_that_were_run() -> None:
    """The price of children against their own word: each prints what it used in the end."""
    before, told = cpu_time(), 0.0
    for _ in range(3):
        done = subprocess.run(
            [sys.executable, "-S", "-c", f"{CHILD}\nprint(time.process_time())"], stdout=-1, check=True
        )
        told += float(done.stdout)
    assert cpu_time().ended - before.ended == pytest.approx(told, abs=0.03)


def test_waiting_is_told_and_not_priced() -> None:
    found = price(lambda: time.sleep(0.02))
    assert found.cpu_seconds < 0.002 and found.waiting_share is not None and found.waiting_share > 0.7
    found = price(lambda: busy(0.01))
    assert found.waiting_share is not None and found.waiting_share < 0.5


def test_a_call_that_lasts_is_not_repeated_without_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("frugal.metering.timing.interleaved_blocks.LONGEST_SERIES_SECONDS", 0.2)
    made: list[int] = []

    def remote() -> None:
        made.append(1)
        time.sleep(0.05)

    found = price(remote, Plan(n_blocks=30, block_seconds=0.01, warm_up_seconds=0.01))
    assert len(found.blocks) in (3, 4) and len(made) == 1 + len(found.blocks)


@pytest.mark.parametrize(
    ("solver", "low", "high"),
    [(asks_a_child, 0.04, 0.08), (has_threads, 0.03, 0.036), (lambda: busy(0.01), 0.01, 0.011)],
)
@pytest.mark.parametrize("side_by_side", [1, 2])
def test_runs_are_booked_with_their_threads_and_children(
    solver: object, low: float, high: float, side_by_side: int
) -> None:
    """On two threads at a time too, where no clock tells whose child it was: the mean is right."""
    study = study_of(solver)
    booked: list[np.ndarray] = []

    def work() -> None:
        done = compute_rows(study, np.linspace(0, 1, 3)[:, None], np.full(3, -1))
        assert done is not None and done.messages == [""] * 3
        booked.append(done.cpu_seconds)

    threads = [threading.Thread(target=work) for _ in range(side_by_side)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert low <= np.mean(booked) < high
    alone = choose_block(study, design_for(study, 16, 0))[1]
    assert low <= alone.total < high


def test_work_beside_the_runs_is_not_theirs() -> None:
    """A thread that was there before, as that of the ledger or of a cluster, is not the solver's."""
    compute_rows(study_of(lambda: None), np.zeros((1, 1)), np.full(1, -1))
    done = threading.Event()
    told: list[float] = []

    def other() -> None:
        compute_rows(study_of(lambda: None), np.zeros((1, 1)), np.full(1, -1))  # it makes runs, and is known by them
        while not done.is_set():
            busy(0.001)

    thread = threading.Thread(target=other)
    thread.start()
    time.sleep(0.02)
    computed = compute_rows(study_of(lambda: busy(0.01)), np.zeros((2, 1)), np.full(2, -1))
    done.set()
    thread.join()
    assert computed is not None
    told.extend(computed.cpu_seconds)
    assert 0.01 <= np.mean(told) < 0.011


def test_a_process_that_ends_while_it_is_read_is_left_out() -> None:
    with subprocess.Popen(["true"]) as child:
        child.wait()
    assert process_tree._cpu_seconds_of(child.pid) == 0.0
    assert process_tree._children_of(child.pid) == []


def test_what_workers_on_this_machine_tell_is_not_counted_again(tmp_path: Path) -> None:
    """Their own word is a line of its own; the clock of such a child shows the same work."""
    meter = Meter(Ledger(tmp_path / "ledger.jsonl"), "c")
    with subprocess.Popen(
        [sys.executable, "-S", "-c", f"{CHILD}\nprint(flush=True)\ninput()"], stdin=-1, stdout=-1
    ) as worker:
        assert worker.stdout is not None
        with meter.stage("generation") as entry:
            entry.details = {REMOTE_WORK: {"cpu_seconds": 0.04, "threads": 1}}
            worker.stdout.readline()
        worker.communicate(b"\n")
    own, elsewhere = meter.ledger.entries()
    assert elsewhere.total_cpu_seconds == 0.04
    assert own.cpu_seconds_children == 0.0 and own.total_cpu_seconds < 0.02
    assert 0.02 < meter.told_cpu_seconds < 0.1


def test_the_control_group_is_read_where_it_can_be(tmp_path: Path) -> None:
    (tmp_path / "proc" / "self").mkdir(parents=True)
    (tmp_path / "cgroup" / "user.slice" / "a").mkdir(parents=True)
    told = tmp_path / "proc" / "self" / "cgroup"
    told.write_text("2:cpuacct:/\n0::/user.slice/a\n")
    stat = tmp_path / "cgroup" / "user.slice" / "a" / "cpu.stat"
    assert control_group_cpu_seconds(tmp_path / "proc", tmp_path / "cgroup") is None
    stat.write_text("usage_usec 2500000\nuser_usec 2000000\nsystem_usec 500000\n")
    assert control_group_cpu_seconds(tmp_path / "proc", tmp_path / "cgroup") == 2.5
    told.write_text("2:cpuacct:/\n")
    assert control_group_cpu_seconds(tmp_path / "proc", tmp_path / "cgroup") is None


def test_a_stopwatch_of_a_command_has_run_since_its_process_began() -> None:
    """Against the kernel's own account of the process, which is told when it has ended."""
    code = (
        "import time\nwhile time.process_time() < 0.05: pass\ntime.sleep(0.1)\n"
        "from frugal.metering.timing.stopwatch import Stopwatch\n"
        "found = Stopwatch.since_process_start().spent()\nprint(found.cpu_seconds, found.wall_seconds)"
    )
    start = time.perf_counter()
    child = subprocess.Popen([sys.executable, "-c", code], stdout=-1, text=True)
    assert child.stdout is not None
    cpu, wall = map(float, child.stdout.read().split())
    _, status, usage = os.wait4(child.pid, 0)
    child.returncode = os.waitstatus_to_exitcode(status)
    assert 0.05 <= cpu <= usage.ru_utime + usage.ru_stime + 0.001
    assert 0.13 < wall < time.perf_counter() - start + 0.02  # from the tick in which it began, a hundredth of a second
