"""One campaign: simulate, fit, measure, decide. Everything is booked; what a kill leaves behind is taken up again."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from frugal.errors import SolverError, UnusableInputError
from frugal.experiments.cluster import Cluster, execute_on_cluster
from frugal.experiments.description import describe_need
from frugal.experiments.design import Design
from frugal.experiments.domain import with_need
from frugal.experiments.executor import Progress, choose_block, default_threads, execute
from frugal.experiments.need_history import need_entry
from frugal.experiments.runs import DONE, PENDING, Runs, RunStore, locked, open_store
from frugal.experiments.sampling import design_for
from frugal.experiments.study import Study
from frugal.formats.atomic import write_bytes
from frugal.metering.blocks import Plan
from frugal.metering.chain import check_chain
from frugal.metering.clock import Stopwatch
from frugal.metering.host import HostNoise, Machine, describe_machine
from frugal.metering.ledger import Entry, Ledger, chained_content, package_versions, requirements_hash
from frugal.metering.meter import Meter
from frugal.metering.rapl import IDLE_SECONDS_QUICK
from frugal.surrogates.answering import answering_for
from frugal.surrogates.decision import Decision
from frugal.surrogates.evaluation import Answering, Judged, judge, time_queries
from frugal.surrogates.instruments import Instruments, instruments
from frugal.surrogates.ladder import Candidate, build_ladder, check_names
from frugal.surrogates.map_errors import floor_and_regression
from frugal.surrogates.memory import measure_memory
from frugal.surrogates.standing import decide_patterns

#: Stages whose lines every bundle of the same runs shares.
SHARED_STAGES = ("need", "generation")

#: Packages whose versions are written in the ledger.
VERSIONED = (
    "frugal-territoires", "numpy", "numba", "scipy", "scikit-learn", "lightgbm", "onnx", "onnxruntime", "codecarbon",
)  # fmt: skip


class Reporter(Protocol):
    """Whoever is told how far a campaign is."""

    def stage(self, text: str, total: int | None = None) -> None:
        """A stage begins; ``total`` steps follow, or an unknown number."""

    def step(self, done: int, note: str = "") -> None:
        """``done`` steps of the stage are through."""


class Silent:
    """A reporter that says nothing."""

    def stage(self, text: str, total: int | None = None) -> None:
        """Say nothing."""

    def step(self, done: int, note: str = "") -> None:
        """Say nothing."""


@dataclass
class Campaign:
    """A finished campaign, in memory, ready to be written as a bundle."""

    study: Study
    runs: Runs
    store: RunStore
    candidates: list[Candidate]
    judged: dict[str, Judged]
    decisions: list[Decision]
    machine: Machine
    noise: dict[str, Any]
    failures: list[tuple[int, str]]
    meter: Meter
    seed: int
    created: str
    settled: list[Entry]

    @property
    def ledger(self) -> list[Entry]:
        """Everything booked up to the end of the campaign, and by it since then."""
        later = [e for e in self.meter.ledger.entries() if e.campaign == self.meter.campaign]
        return [*self.settled, *later[sum(e.campaign == self.meter.campaign for e in self.settled) :]]

    @property
    def training_share(self) -> float:
        """Share of the runs that candidates learnt from."""
        return float(np.mean(~self.runs.held_out))


@dataclass(frozen=True)
class Settings:
    """How to run a campaign.

    Parameters
    ----------
    n_runs : int, optional
        The study's own number by default.
    seed : int
    threads : int, optional
        One per core by default.
    cluster : Cluster, optional
        Computes the runs in the place of threads.
    folder : Path
        Where campaigns keep their runs and ledgers, so that a killed one can be taken up again.
    measure_seconds : float
        CPU seconds that the quick measurement may take.
    carbon : bool
        Run codecarbon beside our own bookkeeping.
    machine : Machine, optional
        As `frugal.metering.machine.read_machine` gives it; by default what the machine tells of itself, with a power by
        default.
    host : callable
        Makes what watches the noise of the host.
    """

    n_runs: int | None = None
    seed: int = 0
    threads: int | None = None
    cluster: Cluster | None = None
    folder: Path = Path("campaigns")
    measure_seconds: float = 5.0
    carbon: bool = True
    machine: Machine | None = None
    host: Callable[[], HostNoise] = HostNoise


def run_campaign(
    study: Study,
    settings: Settings,
    reporter: Reporter | None = None,
    design: Design | None = None,
    outputs: np.ndarray | None = None,
    until_start: Stopwatch | None = None,
) -> Campaign:
    """Simulate, fit, measure quickly and decide.

    Parameters
    ----------
    study : Study
    settings : Settings
    reporter : Reporter, optional
    design, outputs : Design and array [n, m], optional
        A table of runs: its rows and their outputs, when there is no solver.
    until_start : Stopwatch, optional
        Followed the preparation of the study (reading files, terrain), which is booked as its own stage.

    Raises
    ------
    UnusableInputError
        If the store holds runs of another study, or too few runs succeeded.
    EnvironmentFaultError
        If something cannot be written.
    KeyboardInterrupt
        After the ledger was brought up to date; the same call goes on from there.
    """
    reporter = reporter or Silent()
    until_start = until_start or Stopwatch()
    study = with_need(study, study.need)
    check_names(study)
    if design is None:
        design = design_for(study, settings.n_runs or study.n_runs, settings.seed)
    folder = settings.folder / f"{study.name}-{study.hash()[:8]}-{design.hash()[:8]}"
    with locked(folder):
        path = folder / "ledger.jsonl"
        _check_ledger(path)
        with instruments(
            path,
            settings.machine or describe_machine(),
            settings.carbon,
            settings.seed,
            IDLE_SECONDS_QUICK,
            reporter.stage,
            settings.host,
            package_versions(VERSIONED),
            hashes_of(study, design, outputs),
            until_start,
        ) as at_hand:
            campaign = _run(study, design, outputs, folder, settings, at_hand, reporter)
        campaign.settled = campaign.meter.ledger.entries()
    return campaign


def _run(
    study: Study,
    design: Design,
    outputs: np.ndarray | None,
    folder: Path,
    settings: Settings,
    at_hand: Instruments,
    reporter: Reporter,
) -> Campaign:
    meter = at_hand.meter
    meter.ledger.append(need_entry(study.need, meter.campaign, settings.seed))
    store = _simulate(study, design, outputs, folder, settings, meter, reporter)
    runs = store.finished()
    _check_runs(runs, store)
    reporter.stage("fit")
    with meter.stage("loading"):
        _load_libraries()
    candidates = build_ladder(study, runs.training, meter, settings.seed, lambda name: reporter.step(0, name))
    judged = _measure(study, candidates, runs.judging, settings, meter, reporter)
    campaign = Campaign(
        study=study,
        runs=runs,
        store=store,
        candidates=candidates,
        judged=judged,
        decisions=[],
        machine=at_hand.measured_machine,
        noise=at_hand.report(),
        failures=store.failures(),
        meter=meter,
        seed=settings.seed,
        created=datetime.now(UTC).isoformat(timespec="seconds"),
        settled=meter.ledger.entries(),
    )
    campaign.decisions = decide_patterns(
        study, candidates, judged, campaign.ledger, campaign.training_share, settings.seed
    )
    return campaign


def _check_ledger(path: Path) -> None:
    """What earlier processes booked must be whole: the bundle's ledger is made from it.

    Raises
    ------
    UnusableInputError
        Saying which line is wrong.
    """
    fault = check_chain(Ledger(path).lines())
    if fault:
        raise UnusableInputError(f"'{path}': {fault}; remove the folder '{path.parent}' to begin the campaign anew")


def hashes_of(study: Study, design: Design, outputs: np.ndarray | None) -> dict[str, str]:
    """Hashes of what a campaign rests on, for the first line of its ledger.

    ``data`` covers the sources that the study names, and the table of runs where there is one; ``requirements`` covers the
    name and version of every installed package.
    """
    data = hashlib.sha256("\n".join(study.sources).encode())
    if outputs is not None:
        data.update(np.ascontiguousarray(outputs).tobytes())
    return {
        "study": study.hash(),
        "design": design.hash(),
        "need": describe_need(study.need)["hash"],
        "data": data.hexdigest(),
        "requirements": requirements_hash(),
    }


def _simulate(
    study: Study,
    design: Design,
    outputs: np.ndarray | None,
    folder: Path,
    settings: Settings,
    meter: Meter,
    reporter: Reporter,
) -> RunStore:
    path = folder / "runs.zarr"
    if outputs is not None:
        return _store_table(path, study, design, outputs)
    if path.exists() and not (store := open_store(path, study, design, 1)).pending_blocks():
        return store
    reporter.stage("compile")
    with meter.stage("compile"):
        block, seconds = choose_block(study, design)
    store = open_store(path, study, design, block)
    pending = int((store.status() == PENDING).sum())
    reporter.stage("simulate", pending)
    threads = 1 if settings.cluster is not None else settings.threads or default_threads()
    # told before the runs, so that the audit can hold it against what they took
    told = {"estimated_cpu_seconds": seconds * pending} if np.isfinite(seconds) else {}
    with meter.stage("generation", threads=threads) as entry:
        entry.details = dict(told)

        def on_commit(progress: Progress) -> None:
            entry.runs, entry.details = progress.done, {**told, "failed_runs": progress.failed, **progress.details}
            meter.heartbeat()
            reporter.step(progress.done, f"{progress.failed} failed" if progress.failed else "")

        if settings.cluster is not None:
            execute_on_cluster(store, settings.cluster, on_commit)
        else:
            execute(store, threads, on_commit)
    return store


def _store_table(path: Path, study: Study, design: Design, outputs: np.ndarray) -> RunStore:
    store = open_store(path, study, design, len(design))
    for block in store.pending_blocks():
        n = len(design)
        store.commit(block, outputs, np.full(n, np.nan), np.full(n, DONE, dtype=np.int8), [""] * n)
    return store


def _check_runs(runs: Runs, store: RunStore) -> None:
    n_training, n_judging = int((~runs.held_out).sum()), int(runs.held_out.sum())
    if n_training >= 8 and n_judging >= 3:
        return
    failures = store.failures()
    if failures:
        row, message = failures[0]
        raise SolverError(
            f"{len(failures)} of {len(store.design)} runs failed, too many to go on; the first is run {row}: {message}"
        )
    raise UnusableInputError(
        f"{n_training} training runs and {n_judging} held-out runs are too few; 8 and 3 are the least"
    )


def _measure(
    study: Study,
    candidates: Sequence[Candidate],
    judging: Runs,
    settings: Settings,
    meter: Meter,
    reporter: Reporter,
) -> dict[str, Judged]:
    asked = [answering_for(study, candidate) for candidate in candidates if candidate.status == "ok"]
    reporter.stage("judge", len(asked))
    judged = {}
    for number, answering in enumerate(asked, start=1):
        judged[answering.name] = judge(study, answering, judging, meter, settings.seed)
        _tell_floor(study, candidates, answering, judging)
        reporter.step(number, answering.name)
    works = [answering for answering in asked if judged[answering.name].errors]
    reporter.stage("measure", None)
    ticks = _Counter(reporter)
    times = time_queries(
        study, works, judging, lambda n: Plan.quick(n, settings.measure_seconds), meter, settings.seed, ticks
    )
    for name, by_pattern in times.items():
        judged[name].times = by_pattern
    measure_memory(study, works, judging, judged, meter)
    return judged


def _tell_floor(study: Study, candidates: Sequence[Candidate], answering: Answering, judging: Runs) -> None:
    """In the log of a candidate that answers with modes of maps: what the modes and what the regression onto them get wrong."""
    candidate = next(c for c in candidates if c.name == answering.name)
    if candidate.project is not None:
        predicted = answering.predict(judging.inputs, judging.subjects)
        floors = floor_and_regression(study, judging.outputs, candidate.project(judging.outputs), predicted)
        candidate.log = {**candidate.log, "held_out_maps": floors}


def _load_libraries() -> None:
    """Import what the fits need, apart from them: the first import of these takes longer than many a fit."""
    import lightgbm  # noqa: F401
    import onnx  # noqa: F401
    import onnxruntime  # noqa: F401
    import scipy.optimize  # noqa: F401
    import sklearn.neural_network  # noqa: F401


class _Counter:
    def __init__(self, reporter: Reporter) -> None:
        self._count = 0
        self._reporter = reporter

    def __call__(self) -> None:
        self._count += 1
        self._reporter.step(self._count)


def settle_ledger(campaign: Campaign) -> None:
    """After its bundle is written, keep in the campaign's folder only what the next bundle of the same runs shares.

    The runs and what they cost stay; fits, measurements and the audit belong to the bundle that was written.
    """
    path = campaign.meter.ledger.path
    with locked(path.parent):
        ids = {entry.campaign for entry in campaign.settled}
        entries = campaign.meter.ledger.entries()
        shared = [e for e in entries if e.stage in SHARED_STAGES or e.campaign not in ids]
        write_bytes(path, chained_content(_with_first_lines(shared, entries)))


def _with_first_lines(kept: Sequence[Entry], entries: Sequence[Entry]) -> list[Entry]:
    """The kept entries; the first of each campaign takes over the versions and hashes that only one of its lines said."""
    first: dict[str, Entry] = {}
    for entry in entries:
        if entry.versions:
            first.setdefault(entry.campaign, entry)
    result = []
    for entry in kept:
        said = first.pop(entry.campaign, entry)
        result.append(replace(entry, versions=said.versions, hashes={**said.hashes, **entry.hashes}))
    return result
