"""Threads as an executor: outcomes as they come, faults of tasks apart from faults that end everything."""

import itertools
import threading
import time
from contextlib import closing

import pytest

from frugal.errors import EnvironmentFaultError, UnusableInputError
from frugal.experiments.execution.threads import Threads


def test_every_task_comes_back_once_with_its_result() -> None:
    outcomes = list(Threads(3).outcomes(lambda n: n * n, range(50)))
    assert sorted((outcome.task, outcome.result) for outcome in outcomes) == [(n, n * n) for n in range(50)]


def test_a_fault_of_a_task_is_its_outcome_and_the_others_go_on() -> None:
    def work(n: int) -> int:
        if n % 5 == 0:
            raise UnusableInputError(f"{n} is no input")
        return n

    outcomes = {outcome.task: outcome for outcome in Threads(2).outcomes(work, range(12))}
    assert [n for n, outcome in outcomes.items() if outcome.fault] and len(outcomes) == 12
    assert {n for n, outcome in outcomes.items() if outcome.fault is not None} == {0, 5, 10}
    assert str(outcomes[5].fault) == "5 is no input" and outcomes[5].result is None


@pytest.mark.parametrize("fault", [EnvironmentFaultError("disk full"), ZeroDivisionError("a bug"), KeyboardInterrupt()])
def test_any_other_fault_ends_the_call(fault: BaseException) -> None:
    begun: list[int] = []

    def work(n: int) -> int:
        begun.append(n)
        if n == 3:
            raise fault
        time.sleep(0.002)
        return n

    with pytest.raises(type(fault)):
        list(Threads(2).outcomes(work, range(10_000)))
    assert len(begun) < 1_000


def test_no_task_is_begun_once_nobody_asks_and_long_ones_are_told() -> None:
    executor, begun, gave_up = Threads(2), [], threading.Event()

    def work(n: int) -> int:
        begun.append(n)
        time.sleep(0.0005)
        if n == 1:
            while not executor.stopping():
                time.sleep(0.001)
            gave_up.set()
        return n

    with closing(executor.outcomes(work, itertools.count())) as outcomes:  # there is always one more to begin
        assert next(outcomes).task != 1
    assert gave_up.wait(5.0)
    count = len(begun)
    time.sleep(0.02)
    assert len(begun) == count


def test_a_fault_in_drawing_tasks_is_raised() -> None:
    def tasks():  # type: ignore[no-untyped-def]
        yield 1
        raise ValueError("nothing more to be had")

    with pytest.raises(ValueError, match="nothing more"):
        list(Threads(2).outcomes(lambda n: n, tasks()))


def test_tasks_that_keep_what_they_do_are_waited_for() -> None:
    through: list[int] = []

    def work(n: int) -> int:
        if n:
            time.sleep(0.3)
        through.append(n)
        return n

    with closing(Threads(2, patience_seconds=None).outcomes(work, range(100))) as outcomes:
        next(outcomes)
    count = len(through)
    time.sleep(0.4)
    assert len(through) == count >= 2
