"""One campaign: simulate, fit, measure, decide. Everything is booked; what a kill leaves behind is taken up again."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np

from frugal.campaigns.adaptive_runs import PLACING, Grown, Growth
from frugal.campaigns.generation import check_runs, generate
from frugal.campaigns.grid_convergence import measure_grid
from frugal.candidates.comparison import Ladder
from frugal.candidates.decision import Decision
from frugal.candidates.grid_error import FINER_CELLS, FINER_CELLS_MADE
from frugal.errors import UnusableInputError
from frugal.experiments.designs.in_batches import Batches
from frugal.experiments.designs.sampling import design_for
from frugal.experiments.needs.check_runs import check_metrics
from frugal.experiments.needs.domain import with_need
from frugal.experiments.needs.history import need_entry
from frugal.experiments.runs.remote import Cluster
from frugal.experiments.runs.store import Runs, RunStore, locked
from frugal.experiments.study import Study
from frugal.experiments.study.design import Design
from frugal.experiments.study.study_file import describe_need, describe_study, description_hash
from frugal.formats.files.atomic import write_bytes
from frugal.formats.files.json_files import to_json
from frugal.metering.instruments import Instruments, running_instruments
from frugal.metering.ledger.hash_chain import check_chain
from frugal.metering.ledger.ledger import Entry, Ledger, chained_content, package_versions, requirements_hash
from frugal.metering.meter import Meter
from frugal.metering.power.machine import HostNoise, Machine, describe_machine
from frugal.metering.power.rapl import IDLE_SECONDS_QUICK
from frugal.metering.timing.stopwatch import Stopwatch
from frugal.reporting.progress import Reporter, Silent
from frugal.surrogates.bundle.held_out import HeldOut
from frugal.surrogates.decision.decide import decide_rows
from frugal.surrogates.fitting.judging import Judging, judging_for
from frugal.surrogates.ladder.answering import answering_for
from frugal.surrogates.ladder.build import Candidate, build_ladder, check_names
from frugal.surrogates.ladder.row import unmeasured_row
from frugal.surrogates.measurement.measure_ladder import Effort, measure_ladder
from frugal.surrogates.measurement.noise import REPEATS, noise_of
from frugal.surroundings import lightgbm_alone
from frugal.texts import LANGUAGES

#: Stages whose lines every bundle of the same runs shares: what runs need to be made, and to be made again by the full physics.
SHARED_STAGES = ("need", "compile", "generation", PLACING)
#: And lines with one of these, which say how far the runs can be trusted.
SHARED_DETAILS = (REPEATS, FINER_CELLS, FINER_CELLS_MADE)

#: Packages whose versions are written in the ledger.
VERSIONED = (
    "frugal-territoires", "numpy", "numba", "scipy", "scikit-learn", "lightgbm", "onnx", "onnxruntime", "codecarbon",
)  # fmt: skip


@dataclass
class Campaign:
    """A finished campaign, in memory, ready to be written as a bundle: what was fitted, what was measured, what was decided.

    ``judging`` says which runs were judged and how; ``answers`` are what each candidate was judged by on them ``[n, m]``, by
    name, but of the full physics, and ``shipped`` what those answer themselves that have learnt from them; ``grid_runs`` are
    those held-out runs that were made again on other cells.
    """

    study: Study
    runs: Runs
    store: RunStore
    candidates: list[Candidate]
    ladder: Ladder
    machine: Machine
    noise: dict[str, Any]
    failures: list[tuple[int, str]]
    meter: Meter
    seed: int
    created: str
    settled: list[Entry]
    judging: Judging
    grown: Grown | None = None
    answers: Mapping[str, np.ndarray] = field(default_factory=dict)
    shipped: Mapping[str, np.ndarray] = field(default_factory=dict)
    grid_runs: HeldOut | None = None

    @property
    def ledger(self) -> list[Entry]:
        """Everything booked up to the end of the campaign, and by it since then."""
        later = [e for e in self.meter.ledger.entries() if e.campaign == self.meter.campaign]
        return [*self.settled, *later[sum(e.campaign == self.meter.campaign for e in self.settled) :]]

    @property
    def decisions(self) -> tuple[Decision, ...]:
        """One for each call pattern of the need; the first decides what ships."""
        return self.ladder.decisions

    @property
    def training_share(self) -> float:
        """Share of the runs that what ships has learnt from: all of them."""
        return 1.0


@dataclass(frozen=True)
class Settings:
    """How to run a campaign.

    Parameters
    ----------
    n_runs : int, optional
        The study's own number by default.
    adaptive : bool
        That number is the most: runs are made in batches until the need is met or out of reach (`adaptive_runs`).
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
        As `frugal.metering.power.machine_file.read_machine` gives it; by default what the machine tells of itself, with a
        power by default.
    host : callable
        Makes what watches the noise of the host.
    grid_cases : int, optional
        Held-out runs that are made again on finer cells, where the study has them, 0 for none; by default as many as a tenth
        of the runs pays for, five at the most.
    """

    n_runs: int | None = None
    seed: int = 0
    threads: int | None = None
    cluster: Cluster | None = None
    folder: Path = Path("campaigns")
    measure_seconds: float = 1.5
    carbon: bool = True
    machine: Machine | None = None
    host: Callable[[], HostNoise] = HostNoise
    grid_cases: int | None = None
    adaptive: bool = False


def run_campaign(
    study: Study,
    settings: Settings,
    reporter: Reporter | None = None,
    design: Design | None = None,
    outputs: np.ndarray | None = None,
    until_start: Stopwatch | None = None,
    program: Stopwatch | None = None,
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
    program : Stopwatch, optional
        Followed the process of a command until then, and was stopped: booked as loading the program.

    Raises
    ------
    UnusableInputError
        If the store holds runs of another study, too few runs succeeded, or the metric of a tolerance says nothing of them.
    EnvironmentFaultError
        If something cannot be written.
    KeyboardInterrupt
        After the ledger was brought up to date; the same call goes on from there.
    """
    reporter = reporter or Silent()
    until_start = until_start or Stopwatch()
    study = with_need(study, study.need)
    check_names(study)
    batches = None
    if settings.adaptive and outputs is None:
        batches = Batches(study, settings.n_runs or study.n_runs, settings.seed)
        design = batches.filling(0)
    if design is None:
        design = design_for(study, settings.n_runs or study.n_runs, settings.seed)
    told = f"auto-{design.hash()[:8]}" if batches is not None else design.hash()[:8]
    folder = settings.folder / f"{study.name}-{study.hash()[:8]}-{told}"
    with locked(folder):
        path = folder / "ledger.jsonl"
        _check_ledger(path)
        with running_instruments(
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
            program,
        ) as instruments:
            campaign = _run(study, design, outputs, folder, settings, instruments, reporter, batches)
        campaign.settled = campaign.meter.ledger.entries()
    return campaign


def _run(
    study: Study,
    design: Design,
    outputs: np.ndarray | None,
    folder: Path,
    settings: Settings,
    instruments: Instruments,
    reporter: Reporter,
    batches: Batches | None = None,
) -> Campaign:
    meter = instruments.meter
    meter.ledger.append(need_entry(study.need, meter.campaign, settings.seed))
    path, how, grown = folder / "runs.zarr", (settings.threads, settings.cluster), None
    if batches is None:
        store = generate(study, design, outputs, path, meter, reporter, *how, settings.seed)
    else:
        grown = Growth(batches, folder, meter, reporter, *how).run()
        store = grown.store
    runs = store.finished()
    check_runs(runs, store)
    check_metrics(study, runs.outputs)
    grid_runs = measure_grid(study, runs, folder, meter, reporter, settings.grid_cases, settings.threads)
    reporter.stage("fit")
    with meter.stage("loading"):
        _load_libraries()
    judging = judging_for(runs, settings.seed)
    candidates = build_ladder(study, runs, meter, settings.seed, lambda name: reporter.step(0, name), judging)
    asked = [answering_for(study, candidate) for candidate in candidates if candidate.status == "ok"]
    rows = [unmeasured_row(study, candidate) for candidate in candidates]
    effort = Effort(seconds=settings.measure_seconds)
    noise = noise_of(meter.ledger.entries())
    found = measure_ladder(study, rows, asked, runs.held_out, meter, settings.seed, reporter, effort, noise, judging)
    told = {name: dict.fromkeys(LANGUAGES, fault) for name, fault in found.faults.items()}
    measured = tuple(replace(row, message=told.get(row.name, row.message)) for row in found.rows)
    campaign = Campaign(
        study=study,
        runs=runs,
        store=store,
        candidates=candidates,
        ladder=Ladder(measured, ()),
        machine=instruments.measured_machine,
        noise=instruments.report(),
        failures=store.failures(),
        meter=meter,
        seed=settings.seed,
        created=datetime.now(UTC).isoformat(timespec="seconds"),
        settled=meter.ledger.entries(),
        judging=judging,
        grown=grown,
        answers=found.answers,
        shipped=found.shipped,
        grid_runs=grid_runs,
    )
    decisions = decide_rows(study.need, measured, campaign.ledger, campaign.training_share, settings.seed)
    campaign.ladder = Ladder(measured, tuple(decisions))
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

    Parameters
    ----------
    study : Study
    design : Design
    outputs : array [n, m] or None
        Those of a table of runs, which no solver gives again; None where the study has a solver.

    Returns
    -------
    dict of str to str
        SHA-256 by what is hashed: ``study``, ``design``, ``need``, ``data``, ``requirements``
        and ``description``, what ``study.json`` says beside the need.
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
        "description": description_hash(json.loads(to_json(describe_study(study)))),
    }


def _load_libraries() -> None:
    """Import what the fits need, apart from them: the first import of these takes longer than many a fit."""
    with lightgbm_alone():
        import lightgbm  # noqa: F401
    import onnx  # noqa: F401
    import scipy.optimize  # noqa: F401

    import frugal.surrogates.onnx.runtime  # noqa: F401


def settle_ledger(campaign: Campaign) -> None:
    """After its bundle is written, keep in the campaign's folder only what the next bundle of the same runs shares.

    The runs and what they cost stay; fits, measurements and the audit belong to the bundle that was written.
    """
    path = campaign.meter.ledger.path
    with locked(path.parent):
        ids = {entry.campaign for entry in campaign.settled}
        entries = campaign.meter.ledger.entries()
        shared = [
            e
            for e in entries
            if e.stage in SHARED_STAGES or e.campaign not in ids or any(key in e.details for key in SHARED_DETAILS)
        ]
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
