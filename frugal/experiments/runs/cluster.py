"""Run what a store still lacks on a Dask cluster; every result is committed by the process that asks, as it comes."""

from __future__ import annotations

import logging
import queue
import socket
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import numpy as np

from frugal.errors import EnvironmentFaultError, FrugalError, UnusableInputError
from frugal.experiments.runs.cluster_worker import BlockResult, StudySpec, WorkOrder, order_for, run_rows
from frugal.experiments.runs.executor import Computed, Progress
from frugal.experiments.runs.store import FAILED, RunStore
from frugal.metering.ledger.remote_work import REMOTE_WORK
from frugal.metering.network_watch import expecting

#: How long a scheduler may take to answer, and a cluster to show its first worker.
CONNECT_SECONDS = 10.0

#: How long a cluster may be without any worker before the runs are given up.
WITHOUT_WORKERS_SECONDS = 120.0

#: Blocks that are with the cluster at a time, for each thread of its workers.
BLOCKS_PER_THREAD = 2

#: Times that a block is sent; Dask itself tries each on several workers before it gives one up.
ATTEMPTS = 3

_EXTRA = "a cluster needs the package 'distributed': pip install 'frugal-territoires[cluster]'"
#: Said beside what workers tell of themselves.
NOT_COUNTED = (
    "what workers spend beside what they were asked for, their memory, and work lost with a worker that ended; codecarbon and "
    "power counters see this machine only, and the power of a core is taken to be this machine's"
)


@dataclass(frozen=True)
class Cluster:
    """A Dask scheduler, and how its workers build the study.

    Parameters
    ----------
    address : str
        ``tcp://host:port``, or ``tls://host:port`` with the keys of Dask's own configuration.
    study_spec : Recipe
    """

    address: str
    study_spec: StudySpec

    def check(self) -> None:
        """Find out early whether there is anything to send runs to.

        Raises
        ------
        UnusableInputError
            If the address is none.
        EnvironmentFaultError
            If the optional package is missing or nothing answers there.
        """
        check_scheduler(self.address)


def check_scheduler(address: str) -> None:
    """Find out early whether there is a scheduler to send anything to.

    Raises
    ------
    UnusableInputError
        If the address is none.
    EnvironmentFaultError
        If the optional package is missing or nothing answers there.
    """
    host, port = _host_and_port(address)
    _check_keys(_dask(), address)
    with expecting([host]):
        try:
            socket.create_connection((host, port), timeout=CONNECT_SECONDS).close()
        except OSError as fault:
            raise _unreachable(address, fault) from fault


def execute_on_cluster(
    store: RunStore, cluster: Cluster, on_commit: Callable[[Progress], None] = lambda progress: None
) -> None:
    """Have every pending block of a store computed by a cluster, and commit it here.

    A run that fails, or ends its workers `ATTEMPTS` times over, is stored with its message; the others go on. An
    interruption takes back what is still with the cluster and is raised again; what was committed stays.

    Parameters
    ----------
    store : RunStore
    cluster : Cluster
    on_commit : callable
        Called in the calling thread after each committed block; the details of its progress hold what the workers computed.

    Raises
    ------
    EnvironmentFaultError
        If the scheduler cannot be reached, goes away or loses all workers, or a worker builds another study than the store's.
    """
    blocks = store.pending_blocks()
    if not blocks:
        return
    with connected(cluster.address) as client:
        _Dispatch(store, client, cluster, on_commit).run(blocks)


class _Dispatch:
    """Keeps a bounded number of blocks with the cluster until all are committed."""

    def __init__(self, store: RunStore, client: Any, cluster: Cluster, on_commit: Callable[[Progress], None]) -> None:
        self.store = store
        self.client = client
        self.address = cluster.address
        self.order: WorkOrder = order_for(cluster.study_spec, store)
        self.on_commit = on_commit
        self.finished: queue.SimpleQueue[Any] = queue.SimpleQueue()
        self.flying: dict[str, tuple[Any, int, int]] = {}
        self.suspects: deque[tuple[int, int]] = deque()
        self.crew = Crew(client, cluster.address)
        self.workers: set[str] = set()
        self.run_seconds = self.setup_seconds = 0.0
        self.done = self.failed = self.total = 0

    def run(self, blocks: list[int]) -> None:
        rows = (self.store.rows(block) for block in blocks)
        self.total = sum(part.stop - part.start for part in rows)
        waiting = deque(blocks)
        try:
            while waiting or self.suspects or self.flying:
                # Dask suspects all blocks of a worker that ended. One suspect at a time: they must not end each other.
                if self.suspects and all(attempt == 1 for _, _, attempt in self.flying.values()):
                    self._send(*self.suspects.popleft())
                while waiting and len(self.flying) < max(1, BLOCKS_PER_THREAD * self.crew.threads):
                    self._send(waiting.popleft())
                self._settle(self._next())
        finally:
            self._take_back()

    def _send(self, block: int, attempt: int = 1) -> None:
        rows = self.store.rows(block)
        inputs, object_ids = self.store.design.inputs[rows], self.store.design.object_ids[rows]
        with talking(self.address):
            future = self.client.submit(run_rows, self.order, inputs, object_ids, pure=False)
        self.flying[future.key] = (future, block, attempt)
        future.add_done_callback(self.finished.put)

    def _next(self) -> Any:
        """The next future that ended; looks after the cluster while it waits, so that nothing is waited for in vain."""
        while True:
            self.crew.look()
            try:
                return self.finished.get(timeout=1.0)
            except queue.Empty:
                continue

    def _settle(self, future: Any) -> None:
        """Commit what a future holds, or send its block again, or tell why all of it has to end."""
        from distributed import KilledWorker

        _, block, attempt = self.flying.pop(future.key)
        if future.cancelled():
            raise _lost(self.address)
        with talking(self.address):
            fault = future.exception() if future.status == "error" else None
            ran: BlockResult | None = future.result() if fault is None else None
        if isinstance(fault, KilledWorker):
            if attempt < ATTEMPTS:
                self.suspects.append((block, attempt + 1))
            else:
                self._commit(block, self._given_up(block))
        elif ran is not None:
            self.workers.add(ran.worker)
            self.setup_seconds += ran.setup_cpu_seconds
            self.run_seconds += float(ran.computed.cpu_seconds.sum())
            self._commit(block, ran.computed)
        elif isinstance(fault, FrugalError):
            raise fault
        else:
            told = f"{type(fault).__name__}: {fault}"
            raise EnvironmentFaultError(f"a worker of '{self.address}' cannot compute runs: {told}") from fault

    def _given_up(self, block: int) -> Computed:
        rows = self.store.rows(block)
        n = rows.stop - rows.start
        message = f"its workers ended while they computed it, {ATTEMPTS} times over (killed, or short of memory)"
        outputs = np.full((n, self.store.study.output_size), np.nan)
        return Computed(outputs, np.full(n, np.nan), np.full(n, FAILED, dtype=np.int8), [message] * n)

    def _commit(self, block: int, computed: Computed) -> None:
        runs, failed = computed.commit(self.store, block)
        self.done, self.failed = self.done + runs, self.failed + failed
        told = {
            "cpu_seconds": self.run_seconds + self.setup_seconds,
            "threads": max(self.crew.most_threads, 1),
            "cluster": self.address,
            "workers": len(self.workers),
            "setup_cpu_seconds": self.setup_seconds,
            "not_counted": NOT_COUNTED,
        }
        self.on_commit(Progress(self.done, self.total, self.failed, {REMOTE_WORK: told}))

    def _take_back(self) -> None:
        futures = [future for future, _, _ in self.flying.values()]
        if futures and self.client.status == "running":
            self.client.cancel(futures, force=True)


class Crew:
    """The workers of a cluster, looked at every few seconds, so that nothing is waited for in vain.

    Parameters
    ----------
    client : distributed.Client
        As `connected` gives it.
    address : str

    Attributes
    ----------
    threads, most_threads : int
        Threads of all workers, as last seen, and the most that were ever seen.
    """

    def __init__(self, client: Any, address: str) -> None:
        self._client, self._address = client, address
        self.threads = self.most_threads = _threads(client, address)
        self._asked = self._seen = time.monotonic()

    def look(self) -> None:
        """Ask for the workers, unless that was done less than five seconds ago.

        Raises
        ------
        EnvironmentFaultError
            If the scheduler has gone, or has been without workers for `WITHOUT_WORKERS_SECONDS`.
        """
        if time.monotonic() - self._asked <= 5.0:
            return
        self.threads = _threads(self._client, self._address)
        self.most_threads = max(self.most_threads, self.threads)
        self._asked = time.monotonic()
        if self.threads:
            self._seen = self._asked
        elif self._asked - self._seen > WITHOUT_WORKERS_SECONDS:
            raise EnvironmentFaultError(
                f"the cluster '{self._address}' has been without workers for {WITHOUT_WORKERS_SECONDS:g} s; "
                "what is finished is kept, and the same command goes on from there"
            )


@contextmanager
def connected(address: str) -> Iterator[Any]:
    """A client of the scheduler, whose connections the network watch expects; faults of the connection are told.

    Everything goes through the scheduler: of the workers, none has to be reachable from here.

    Raises
    ------
    UnusableInputError
        If the address is none.
    EnvironmentFaultError
        If the optional package is missing, nothing answers at the address, or it has no worker.
    """
    host, _ = _host_and_port(address)
    distributed = _dask()
    _check_keys(distributed, address)
    with _quiet(), expecting([host]):
        try:
            resolved = {str(found[4][0]) for found in socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)}
        except OSError as fault:
            raise _unreachable(address, fault) from fault
        with expecting(resolved):
            client = _open(distributed, address)
            try:
                _wait_for_worker(client, address)
                yield client
            finally:
                client.close(timeout=2)


def _open(distributed: Any, address: str) -> Any:
    """A client; made in a thread, because Dask would wait for ever for a host that accepts a connection and says nothing."""
    made: queue.SimpleQueue[Any] = queue.SimpleQueue()

    def connect() -> None:
        try:
            made.put(
                distributed.Client(
                    address, timeout=CONNECT_SECONDS, set_as_default=False, direct_to_workers=False, name="frugal"
                )
            )
        except Exception as fault:  # handed to the caller, which tells it
            made.put(fault)

    threading.Thread(target=connect, daemon=True).start()
    try:
        client = made.get(timeout=CONNECT_SECONDS + 1)
    except queue.Empty:
        raise _unreachable(address, TimeoutError(f"no answer within {CONNECT_SECONDS:g} s")) from None
    if isinstance(client, Exception):
        raise _unreachable(address, client) from client
    return client


def _wait_for_worker(client: Any, address: str) -> None:
    until = time.monotonic() + CONNECT_SECONDS
    while not _threads(client, address):
        if time.monotonic() > until:
            raise EnvironmentFaultError(f"the scheduler '{address}' has no worker: start some (dask worker {address})")
        time.sleep(0.2)


def _threads(client: Any, address: str) -> int:
    """Threads of all workers that the scheduler knows of now."""
    with talking(address):
        return sum(client.nthreads().values())


@contextmanager
def talking(address: str) -> Iterator[None]:
    """Tell in one sentence that the scheduler went away in the middle of a call.

    Raises
    ------
    EnvironmentFaultError
    """
    from distributed.client import FutureCancelledError

    try:
        yield
    except (OSError, FutureCancelledError) as fault:  # a broken connection and a time-out are both an OSError
        raise _lost(address) from fault


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep Dask's own log off the terminal: what matters of it is told in one sentence."""
    names = [name for name in list(logging.root.manager.loggerDict) if name.split(".")[0] == "distributed"]
    levels = {name: logging.getLogger(name).level for name in names}  # Dask gives several of them a level of their own
    for name in names:
        logging.getLogger(name).setLevel(logging.CRITICAL)
    try:
        yield
    finally:
        for name, level in levels.items():
            logging.getLogger(name).setLevel(level)


def _dask() -> Any:
    try:
        import distributed
    except ImportError as fault:
        raise EnvironmentFaultError(_EXTRA) from fault
    return distributed


def _check_keys(distributed: Any, address: str) -> None:
    if address.startswith("tls:") and distributed.Security().get_connection_args("client").get("ssl_context") is None:
        raise EnvironmentFaultError(
            f"'{address}' needs keys: name them in Dask's configuration, distributed.comm.tls.ca-file and .client"
        )


def _host_and_port(address: str) -> tuple[str, int]:
    try:
        parts = urlsplit(address)
        host, port = parts.hostname, parts.port
    except ValueError:
        parts, host, port = urlsplit(""), None, None
    if parts.scheme not in ("tcp", "tls") or not host or not port or parts.path or parts.query or parts.username:
        raise UnusableInputError(f"--cluster '{address}' is no address; allowed: tcp://host:port, tls://host:port")
    return host, port


def _unreachable(address: str, fault: BaseException) -> EnvironmentFaultError:
    return EnvironmentFaultError(f"no Dask scheduler answers at '{address}': {fault or type(fault).__name__}")


def _lost(address: str) -> EnvironmentFaultError:
    return EnvironmentFaultError(
        f"the scheduler '{address}' went away; what is finished is kept, and the same command goes on from there"
    )
