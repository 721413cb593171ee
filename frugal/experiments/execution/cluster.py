"""Work on a Dask cluster; every result comes back to the process that asks, which alone keeps it."""

from __future__ import annotations

import queue
from collections import deque
from collections.abc import Callable, Generator, Iterable
from dataclasses import dataclass
from typing import Any

from frugal.errors import EnvironmentFaultError, FrugalError, UnusableInputError, WorkersEndedError
from frugal.experiments.execution.dask_client import Crew, connected, lost, talking
from frugal.experiments.execution.executor import Outcome, Result, Task

#: Tasks that are with the cluster at a time, for each thread of its workers.
TASKS_PER_THREAD = 2

#: Times that a task is sent; Dask itself tries each on several workers before it gives one up.
ATTEMPTS = 3

#: Said beside what workers tell of themselves.
NOT_COUNTED = (
    "what workers spend beside what they were asked for, their memory, and work lost with a worker that ended; codecarbon and "
    "power counters see this machine only, and the power of a core is taken to be this machine's"
)


class DaskCluster:
    """Does tasks on the workers of a Dask scheduler; an `Executor`.

    Parameters
    ----------
    address : str
        ``tcp://host:port``, or ``tls://host:port`` with the keys of Dask's own configuration.
    what : str
        What the tasks are, for sentences: "runs", "tiles".
    retries : int
        Times that a task whose worker met a fault of its environment is tried again on another one.

    Attributes
    ----------
    threads : int
        The most threads that all workers together were seen to have; 1 before there was any.
    """

    def __init__(self, address: str, what: str, retries: int = 0) -> None:
        self.address = address
        self.threads = 1
        self._what = what
        self._retries = retries

    def outcomes(
        self, work: Callable[[Task], Result], tasks: Iterable[Task]
    ) -> Generator[Outcome[Task, Result], None, None]:
        """As `Executor.outcomes`; what is still with the cluster when the call ends early is taken back.

        A task that ends its workers `ATTEMPTS` times over has a `WorkersEndedError` as its outcome.

        Raises
        ------
        UnusableInputError
            If the address is none.
        EnvironmentFaultError
            If the package `distributed` is missing, the scheduler cannot be reached, goes away or loses all workers, or these
            cannot work.
        """
        waiting = deque(tasks)
        if not waiting:
            return
        with connected(self.address) as client:
            crew = Crew(client, self.address)
            flight = _Flight(client, self.address, self._what, self._retries, work)
            try:
                while waiting or flight.suspects or flight.flying:
                    flight.send_suspect()
                    while waiting and len(flight.flying) < TASKS_PER_THREAD * max(1, crew.threads):
                        flight.send(waiting.popleft())
                    outcome = flight.settle(flight.next(crew))
                    self.threads = max(1, crew.most_threads)
                    if outcome is not None:
                        yield outcome
            finally:
                flight.take_back()


class _Flight:
    """Tasks that are with the cluster."""

    def __init__(self, client: Any, address: str, what: str, retries: int, work: Callable[[Any], Any]) -> None:
        self.flying: dict[str, tuple[Any, Any, int]] = {}
        self.suspects: deque[tuple[Any, int]] = deque()
        self._client, self._address, self._what, self._retries, self._work = client, address, what, retries, work
        self._finished: queue.SimpleQueue[Any] = queue.SimpleQueue()

    def send(self, task: Any, attempt: int = 1) -> None:
        with talking(self._address):
            future = self._client.submit(_guarded, self._work, task, pure=False, retries=self._retries)
        self.flying[future.key] = (future, task, attempt)
        future.add_done_callback(self._finished.put)

    def send_suspect(self) -> None:
        """Dask suspects all tasks of a worker that ended. One suspect at a time: they must not end each other."""
        if self.suspects and all(attempt == 1 for _, _, attempt in self.flying.values()):
            self.send(*self.suspects.popleft())

    def next(self, crew: Crew) -> Any:
        """The next future that ended; looks after the cluster while it waits, so that nothing is waited for in vain."""
        while True:
            crew.look()
            try:
                return self._finished.get(timeout=1.0)
            except queue.Empty:
                continue

    def settle(self, future: Any) -> Outcome[Any, Any] | None:
        """What a future holds; None where its task is sent again."""
        from distributed import KilledWorker

        _, task, attempt = self.flying.pop(future.key)
        if future.cancelled():
            raise lost(self._address)
        with talking(self._address):
            fault = future.exception() if future.status == "error" else None
            answer = future.result() if fault is None else None
        if fault is None:
            if isinstance(answer, _Fault):
                return Outcome(task, fault=UnusableInputError(answer.message))
            return Outcome(task, answer)
        if isinstance(fault, KilledWorker):
            if attempt < ATTEMPTS:
                self.suspects.append((task, attempt + 1))
                return None
            told = f"its workers ended while they computed it, {ATTEMPTS} times over (killed, or short of memory)"
            return Outcome(task, fault=WorkersEndedError(told))
        told = str(fault) if isinstance(fault, FrugalError) else f"{type(fault).__name__}: {fault}"
        raise EnvironmentFaultError(f"the cluster '{self._address}' cannot compute {self._what}: {told}") from fault

    def take_back(self) -> None:
        futures = [future for future, _, _ in self.flying.values()]
        if futures and self._client.status == "running":
            self._client.cancel(futures, force=True)


@dataclass(frozen=True)
class _Fault:
    """What is wrong with a task itself, as a worker tells it."""

    message: str


def _guarded(work: Callable[[Any], Any], task: Any) -> Any:
    """Done by a worker. What is wrong with a task is an answer; anything else makes the scheduler try again elsewhere."""
    try:
        return work(task)
    except EnvironmentFaultError:
        raise
    except FrugalError as fault:
        return _Fault(str(fault))
