"""What the ways to get work done have in common: tasks go in, outcomes come out, in the order in which they are finished."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

from frugal.errors import FrugalError

Task = TypeVar("Task")
Result = TypeVar("Result")


@dataclass(frozen=True)
class Outcome(Generic[Task, Result]):
    """What became of a task: its ``result``, or the ``fault`` that is its own and leaves the others."""

    task: Task
    result: Result | None = None
    fault: FrugalError | None = None


class Executor(Protocol):
    """Threads of this process, or a cluster."""

    def outcomes(
        self, work: Callable[[Task], Result], tasks: Iterable[Task]
    ) -> Generator[Outcome[Task, Result], None, None]:
        """Do ``work`` on every task, and yield what became of each as soon as it is known.

        A `FrugalError` that ``work`` raises is the outcome of its task; a fault of the environment (a full disk fails every
        task after this one too), an interruption and anything else end the call. No task is begun after that, or once the
        consumer has stopped asking.

        Parameters
        ----------
        work : callable
            ``work(task) -> result``; for a cluster a function of a module, or a `functools.partial` of one.
        tasks : iterable
            Drawn from as there is room, on a cluster all at once: there plain values and arrays.

        Raises
        ------
        EnvironmentFaultError
            What ``work`` raised, or what is wrong with the cluster.
        """
