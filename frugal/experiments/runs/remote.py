"""What a worker of a cluster does: build the study itself, make sure that it is the one that is asked for, run its rows.

Only plain values travel: how to build the study goes in, arrays come out. Nothing here imports Dask before it runs on a worker.
"""

from __future__ import annotations

import contextlib
import dataclasses
import threading
import time
from dataclasses import dataclass
from pathlib import Path

from frugal.errors import EnvironmentFaultError, FrugalError
from frugal.experiments.execution.dask_client import check_scheduler
from frugal.experiments.needs.domain import with_need
from frugal.experiments.runs.blocks import ONCE_IS_ENOUGH_CPU_SECONDS, Block, Computed, compute_rows
from frugal.experiments.runs.store import DONE, RunStore
from frugal.experiments.study import Study
from frugal.experiments.study.registry import load_study, load_study_file
from frugal.metering.ledger.ledger import package_versions

#: Packages that decide about the last bit of a run: workers must have the versions of whoever asks.
DECIDING = ("frugal-territoires", "numpy", "numba", "llvmlite", "scipy")


@dataclass(frozen=True)
class StudySpec:
    """How to build a study from nothing, in plain values.

    Parameters
    ----------
    name : str, optional
        Of an installed study.
    file : str, optional
        Absolute path of a study file, which workers must find under the same path; it is executed there.
    settings : tuple of (str, str)
        Of the site.
    site_file : str, optional
        As the user gave it.
    folder : str
        Working folder of whoever asks, from which relative paths are taken; workers that have no such folder take their own.
    """

    name: str | None = None
    file: str | None = None
    settings: tuple[tuple[str, str], ...] = ()
    site_file: str | None = None
    folder: str = ""

    def build(self) -> Study:
        """The study, as `frugal.experiments.study.registry` builds it."""
        site_file = None if self.site_file is None else Path(self.site_file)
        known = self.folder and Path(self.folder).is_dir()
        with contextlib.chdir(self.folder) if known else contextlib.nullcontext():
            if self.file is not None:
                return load_study_file(Path(self.file), dict(self.settings), site_file)
            return load_study(str(self.name), dict(self.settings), site_file)


@dataclass(frozen=True)
class Cluster:
    """A Dask scheduler, and how its workers build the study.

    Parameters
    ----------
    address : str
        ``tcp://host:port``, or ``tls://host:port`` with the keys of Dask's own configuration.
    study_spec : StudySpec
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


@dataclass(frozen=True)
class WorkOrder:
    """What all blocks of a store have in common.

    Parameters
    ----------
    study_spec : StudySpec
    domain : tuple of (str, (float, float))
        The part of the inputs that the need asks for.
    study_hash : str
        Of the study that the runs are for.
    versions : tuple of (str, str)
        Packages of `DECIDING` and their versions where the runs are asked from.
    """

    study_spec: StudySpec
    domain: tuple[tuple[str, tuple[float, float]], ...]
    study_hash: str
    versions: tuple[tuple[str, str], ...]


@dataclass
class BlockResult:
    """A block of runs as a worker hands it back.

    ``setup_cpu_seconds`` is what the worker spent before it could answer: building the study, and a first run that also
    compiles; 0 from its second block on.
    """

    computed: Computed
    setup_cpu_seconds: float
    worker: str


_built: dict[WorkOrder, Study] = {}
_building = threading.Lock()


def order_for(study_spec: StudySpec, store: RunStore) -> WorkOrder:
    """The order for the runs of a store whose study this recipe builds."""
    asked = store.study.need.domain.items()
    domain = tuple(sorted((name, (float(low), float(high))) for name, (low, high) in asked))
    return WorkOrder(study_spec, domain, store.study_hash, tuple(package_versions(DECIDING).items()))


def run_block(order: WorkOrder, block: Block) -> BlockResult:
    """Compute a block on a worker; the study is built once in each process.

    Parameters
    ----------
    order : WorkOrder
    inputs : array [k, d]
        In the units of the study's variables.
    object_ids : array of int [k]
        Number of the real object that each row is about; -1 where the inputs say everything.

    Returns
    -------
    BlockResult
        A run that fails is told in it, not raised.

    Raises
    ------
    EnvironmentFaultError
        If this worker cannot build the study, builds another one, or has other versions of what decides about the results.
    """
    worker = _own_address()
    study, setup = _study_of(order, worker)
    computed = compute_rows(study, block.inputs, block.object_ids)
    assert computed is not None  # nobody stops it
    if setup and computed.status[0] == DONE and computed.cpu_seconds[0] < ONCE_IS_ENOUGH_CPU_SECONDS:
        # The first run of a process also compiles. Its time would be taken for a run's: it is timed again.
        again = compute_rows(study, block.inputs[:1], block.object_ids[:1])
        assert again is not None
        setup += float(computed.cpu_seconds[0])
        computed.cpu_seconds[0] = again.cpu_seconds[0]
    return BlockResult(computed, setup, worker)


def _study_of(order: WorkOrder, worker: str) -> tuple[Study, float]:
    """The study of an order, and the CPU seconds that building it took now."""
    with _building:
        if order in _built:
            return _built[order], 0.0
        start = time.thread_time()
        _check_versions(order, worker)
        try:
            study = order.study_spec.build()
            study = with_need(study, dataclasses.replace(study.need, domain=dict(order.domain)))
        except (FrugalError, OSError) as fault:
            raise EnvironmentFaultError(f"worker {worker} cannot build the study: {fault}") from fault
        if study.hash() != order.study_hash:
            raise EnvironmentFaultError(
                f"worker {worker} builds another study '{study.name}' (hash {study.hash()[:12]}, not "
                f"{order.study_hash[:12]}): its source, or the files that it reads, differ from those here"
            )
        _built[order] = study
        return study, time.thread_time() - start


def _check_versions(order: WorkOrder, worker: str) -> None:
    here = package_versions(DECIDING)
    for package, version in order.versions:
        if here.get(package) != version:
            raise EnvironmentFaultError(
                f"worker {worker} has {package} {here.get(package)}, and {version} is used here: "
                "results could differ in their last bits; install the same versions"
            )


def _own_address() -> str:
    from distributed import get_worker

    return str(get_worker().address)
