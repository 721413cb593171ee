"""Run what a store still lacks, on threads or on a cluster; every result is committed by the process that asks, as it comes."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Mapping
from contextlib import closing
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from frugal.errors import WorkersEndedError
from frugal.experiments.execution.cluster import NOT_COUNTED, DaskCluster
from frugal.experiments.execution.threads import Threads
from frugal.experiments.runs.blocks import Block, Computed, compute_rows
from frugal.experiments.runs.remote import BlockResult, Cluster, order_for, run_block
from frugal.experiments.runs.store import RunStore
from frugal.metering.ledger.remote_work import REMOTE_WORK


@dataclass(frozen=True)
class Progress:
    """How far a generation is: runs done so far in this call, runs to do in it, runs failed.

    ``details`` are plain values for the ledger line of the stage.
    """

    done: int
    total: int
    failed: int
    details: Mapping[str, Any] = field(default_factory=dict)


def execute(
    store: RunStore,
    threads: int | None = None,
    on_commit: Callable[[Progress], None] = lambda progress: None,
    cluster: Cluster | None = None,
) -> None:
    """Compute and commit every pending block of a store.

    A run that fails is stored with its message and kept out of training; the others go on. So is a block that ends the workers
    of a cluster again and again. An interruption (Ctrl-C) or a fault of the environment stops the threads after the run they
    are in, or takes back what is with the cluster, and is raised again; what was committed stays.

    Parameters
    ----------
    store : RunStore
    threads : int, optional
        One per core by default.
    on_commit : callable
        Called in the calling thread after each committed block; with a cluster the details of its progress hold what the
        workers computed.
    cluster : Cluster, optional
        Computes in the place of threads.

    Raises
    ------
    EnvironmentFaultError
        If something cannot be written; if the scheduler cannot be reached, goes away or loses all workers, or a worker builds
        another study than the store's.
    """
    pending = store.pending_blocks()
    total = sum(len(range(*store.rows(number).indices(len(store.design)))) for number in pending)
    blocks = (Block.of(store, number) for number in pending)
    committed = _here(store, blocks, threads) if cluster is None else _elsewhere(store, blocks, cluster)
    done = failed = 0
    with closing(committed):  # whatever ends this loop stops the threads, or takes back what is with the cluster
        for runs, wrong, details in committed:
            done, failed = done + runs, failed + wrong
            on_commit(Progress(done, total, failed, details))


#: Runs of a committed block, how many of them failed, and what the ledger is told.
_Committed = tuple[int, int, Mapping[str, Any]]


def _here(store: RunStore, blocks: Iterable[Block], threads: int | None) -> Generator[_Committed, None, None]:
    """Each thread commits its own blocks: a kill loses those alone that are under way."""
    executor = Threads(threads)

    def compute(block: Block) -> tuple[int, int]:
        computed = compute_rows(store.study, block.inputs, block.object_ids, executor.stopping)
        return (0, 0) if computed is None else computed.commit(store, block.number)

    with closing(executor.outcomes(compute, blocks)) as outcomes:
        for outcome in outcomes:
            if outcome.fault is not None:
                raise outcome.fault
            assert outcome.result is not None
            yield (*outcome.result, {})


def _elsewhere(store: RunStore, blocks: Iterable[Block], cluster: Cluster) -> Generator[_Committed, None, None]:
    """Workers compute, and blocks are committed here; one that nobody can compute counts as failed runs."""
    executor = DaskCluster(cluster.address, "runs")
    booked = _RemoteWork(executor)
    work = partial(run_block, order_for(cluster.study_spec, store))
    with closing(executor.outcomes(work, blocks)) as outcomes:
        for outcome in outcomes:
            if outcome.result is not None:
                booked.add(outcome.result)
                computed = outcome.result.computed
            elif isinstance(outcome.fault, WorkersEndedError):
                computed = Computed.failed(store.study, len(outcome.task), str(outcome.fault))
            else:
                assert outcome.fault is not None
                raise outcome.fault
            yield (*computed.commit(store, outcome.task.number), booked.told())


class _RemoteWork:
    """What the workers of a cluster computed, for the ledger."""

    def __init__(self, cluster: DaskCluster) -> None:
        self._cluster = cluster
        self._workers: set[str] = set()
        self._run_seconds = self._setup_seconds = 0.0

    def add(self, result: BlockResult) -> None:
        self._workers.add(result.worker)
        self._setup_seconds += result.setup_cpu_seconds
        self._run_seconds += float(result.computed.cpu_seconds.sum())

    def told(self) -> dict[str, Any]:
        told = {
            "cpu_seconds": self._run_seconds + self._setup_seconds,
            "threads": self._cluster.threads,
            "cluster": self._cluster.address,
            "workers": len(self._workers),
            "setup_cpu_seconds": self._setup_seconds,
            "not_counted": NOT_COUNTED,
        }
        return {REMOTE_WORK: told}
