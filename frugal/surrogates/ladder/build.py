"""The ladder: every way to answer a study, built from the same runs, judged by fits that had not seen them, booked by stage."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, fields, replace
from typing import Any

import numpy as np

from frugal.candidates.interval import DomainTold
from frugal.candidates.row import Parity
from frugal.errors import UnusableInputError, told_fault
from frugal.experiments.runs.store import Runs
from frugal.experiments.study import RUNGS, Kind, Study
from frugal.metering.ledger.ledger import Entry
from frugal.metering.meter import Meter
from frugal.metering.timing.stopwatch import Stopwatch
from frugal.reporting.text import missing_data_text
from frugal.surrogates.fitting.intervals import AnswerInterval
from frugal.surrogates.fitting.judging import Judging, by_folds, fold_labels
from frugal.surrogates.fitting.model import Skipped
from frugal.surrogates.ladder.builders import AlternativeBuilder, Builder, Built, ModelBuilder
from frugal.surrogates.ladder.calibration import Surroundings, declared, interval_of, surroundings
from frugal.surrogates.ladder.judged import JudgedAnswers, check_refit, judged_answers
from frugal.surrogates.onnx.export import Domain, WriteNodes, check_parity, why_it_differs, write_graph
from frugal.texts import LANGUAGES, room_texts

_TEXTS = room_texts("frugal.surrogates")

N_FOLDS = 3

#: Answers that take longer than this, physics all of them, are calibrated with so many runs only.
DEAR_ANSWER_SECONDS = 0.05
DEAR_CALIBRATION_RUNS = 32

FULL_PHYSICS = "full_physics"

#: What the line of the ledger says that booked the fit that ships, where another one is judged.
AGAIN_ON_ALL = "again on all runs"


@dataclass
class Candidate:
    """One way to answer, as it is asked to be fitted, and what its fit made of it.

    Parameters
    ----------
    name, kind, label
        As on the ladder.
    predict : callable, optional
        ``[n, d] -> [n, m]``; None where it could not be built, and for the full physics, which is run row by row.
    nodes : callable, optional
        Writes the answer as ONNX nodes.
    needs_runs, needs_compilation : bool
        What belongs to its fixed cost.
    status : str
        ``ok``, ``failed`` or ``skipped``; ``message`` says why, by language.
    model : bytes, optional
        The exported graph; ``graph_reason`` says why there is none.
    project : callable, optional
        ``[n, m] -> [n, m]``: true maps through the modes that it answers with and back.
    missing_data : mapping
        Data without which it cannot be asked where the study is asked, by language; empty where it can.
    interval : AnswerInterval, optional
        Around its answers; ``domain`` is where they hold, ``domain_told`` what is written of that.
    fitted : object, optional
        The model that was fitted, of one of ours.
    judged : JudgedAnswers, optional
        What its errors are taken of, where it learnt from the runs that it is judged on; else it is asked.
    """

    name: str
    kind: Kind
    label: Mapping[str, str]
    predict: Callable[[np.ndarray], np.ndarray] | None = None
    nodes: WriteNodes | None = None
    needs_runs: bool = False
    needs_compilation: bool = False
    status: str = "ok"
    message: Mapping[str, str] = field(default_factory=dict)
    parameters: int | None = None
    log: Mapping[str, Any] = field(default_factory=dict)
    interval: AnswerInterval | None = None
    domain: Domain | None = None
    domain_told: DomainTold | None = None
    model: bytes | None = None
    parity: Parity | None = None
    graph_reason: Mapping[str, str] = field(default_factory=dict)
    project: Callable[[np.ndarray], np.ndarray] | None = None
    missing_data: Mapping[str, str] = field(default_factory=dict)
    judged: JudgedAnswers | None = None
    fitted: object = None

    @property
    def is_ai(self) -> bool:
        """Learned surrogates are AI."""
        return self.kind == "surrogate"


def check_names(study: Study) -> None:
    """Refuse alternatives whose name another candidate has: costs and errors are kept by name.

    Raises
    ------
    UnusableInputError
        Naming the first one.
    """
    from frugal.surrogates.models.registry import models_for

    taken = {learner.name for learner in models_for(study)} | {FULL_PHYSICS}
    for alternative in study.alternatives:
        if alternative.name in taken or not alternative.name.isidentifier():
            raise UnusableInputError(
                f"alternative '{alternative.name}' of study '{study.name}' needs another name: an identifier that is not "
                f"among {', '.join(sorted(taken))}"
            )
        taken.add(alternative.name)


def build_ladder(
    study: Study,
    runs: Runs,
    meter: Meter,
    seed: int,
    on_candidate: Callable[[str], None] = lambda name: None,
    judging: Judging | None = None,
) -> list[Candidate]:
    """Build, calibrate and export every candidate, from the lowest rung up.

    A candidate that cannot be built stays on the ladder with the reason.

    Parameters
    ----------
    study : Study
    runs : Runs
        All that what ships learns from.
    meter : Meter
    seed : int
    on_candidate : callable
        Told the name of each before it is built.
    judging : Judging, optional
        How these runs are judged: what learns from them is fitted to parts of them too. None where they are others than those
        that it will be judged on.
    """
    candidates = []
    with meter.stage("calibration"):  # where runs lie is the same for all that learn from them
        around = surroundings(study, runs, seed)
    for make in _makers(study, seed):
        candidate, build = make
        on_candidate(candidate.name)
        _attempt(candidate, build, study, runs, judging, around, meter, seed)
        candidates.append(candidate)
    if study.solve is not None:
        candidates.append(_full_physics(study))
    return sorted(candidates, key=lambda candidate: RUNGS.index(candidate.kind))


def _makers(study: Study, seed: int) -> Iterator[tuple[Candidate, Builder]]:
    from frugal.surrogates.models.registry import models_for

    for alternative in study.alternatives:
        candidate = Candidate(
            alternative.name,
            alternative.kind,
            alternative.label or dict.fromkeys(LANGUAGES, alternative.name),
            needs_runs=alternative.needs_runs,
            needs_compilation=study.solve is not None and (alternative.needs_runs or alternative.uses_solver),
        )
        yield candidate, AlternativeBuilder(study, alternative)
    for learner in models_for(study):
        candidate = Candidate(
            learner.name, learner.kind, learner.label, needs_runs=True, needs_compilation=study.solve is not None
        )
        yield candidate, ModelBuilder(study, learner, seed)


def _attempt(
    candidate: Candidate,
    build: Builder,
    study: Study,
    runs: Runs,
    judging: Judging | None,
    around: Surroundings,
    meter: Meter,
    seed: int,
) -> None:
    try:
        _build(candidate, build, study, runs, judging, meter, seed)
    except Skipped as skipped:
        candidate.status, candidate.message = "skipped", skipped.reason
        return
    except MemoryError:
        raise
    except Exception as fault:  # whatever one candidate raises, the others are tried
        candidate.status = "failed"
        candidate.message = dict.fromkeys(LANGUAGES, told_fault(fault))
        return
    candidate.domain = around.domain if candidate.needs_runs else declared(study)
    candidate.domain_told = around.told if candidate.needs_runs else DomainTold()
    if candidate.nodes is None:
        return
    try:
        with meter.stage("export", candidate.name):
            _export(candidate, study, runs, seed)
    except MemoryError:
        raise
    except Exception as fault:  # it still answers as a program
        told = told_fault(fault, 200)
        candidate.graph_reason = _TEXTS.say("graph.fails", fault=told)


def _build(
    candidate: Candidate,
    build: Builder,
    study: Study,
    runs: Runs,
    judging: Judging | None,
    meter: Meter,
    seed: int,
) -> None:
    """Fit what ships and what is judged, and calibrate the interval."""
    apart = judging if candidate.needs_runs else None
    first = None
    if apart is not None and (apart.by == "held_out" or apart.one_search):
        with meter.stage("fit", candidate.name) as entry:
            first = build(runs.where(apart.parts[0].learnt))
            _book_search(entry, first)
        build = build.again()
    with meter.stage("fit", candidate.name) as entry:
        built = build(runs)
        for part_of in fields(Built):
            setattr(candidate, part_of.name, getattr(built, part_of.name))
        if built.nodes is None:
            candidate.graph_reason = _TEXTS.say("graph.none_of_the_study")
        if first is None:
            _book_search(entry, built)
        else:
            entry.message = AGAIN_ON_ALL
            # what was tried, and what that took, stands beside the fit that ships
            tried = {key: first.log[key] for key in ("trials", "search_cpu_seconds") if key in first.log}
            candidate.log = {**built.log, **tried}
    if apart is not None and apart.by == "held_out":
        assert first is not None
        with meter.stage("evaluation", candidate.name):
            candidate.judged = judged_answers(apart, [first])
    with meter.stage("calibration", candidate.name):
        if apart is not None and apart.by == "out_of_fold":
            done = [] if first is None else [first]
            parts = done + [build(runs.where(part.learnt)) for part in apart.parts[len(done) :]]
            candidate.judged = judged_answers(apart, parts)
            unseen, answered = runs.where(apart.rows), candidate.judged
        elif candidate.needs_runs:
            unseen, answered = _answers_of_folds(build.again(), runs, seed)
        else:
            unseen, answered = _asked(built, runs if judging is None else _calibrating(judging))
        residuals = unseen.outputs - answered.answers
        candidate.interval = interval_of(study, residuals, unseen, seed, answered.deviations, built.fitted)
    if candidate.judged is not None and judging is not None:
        candidate.judged = replace(candidate.judged, shipped=built.predict)
        if isinstance(build, ModelBuilder):  # what the study builds has no luck of its own, and may be dear to ask
            with meter.stage("evaluation", candidate.name):
                check_refit(candidate.judged, built, judging.judged)


def _book_search(entry: Entry, built: Built) -> None:
    if "search_cpu_seconds" in built.log:  # contained in the stage's own time
        entry.details = {"search_cpu_seconds": built.log["search_cpu_seconds"]}


def _calibrating(judging: Judging) -> Runs:
    """Runs that an answer which learns nothing is calibrated on: those that it is not judged on, where there are."""
    unseen = judging.runs.where(judging.parts[0].learnt) if judging.by == "held_out" else judging.runs
    return unseen.where(~unseen.is_added) if unseen.is_added.any() else unseen


def _answers_of_folds(build: Builder, runs: Runs, seed: int) -> tuple[Runs, JudgedAnswers]:
    """Runs that were not placed by errors, and what fits without each fold, settings kept, answer on it."""
    folded = by_folds(runs, fold_labels(runs, N_FOLDS, seed))
    return runs.where(folded.rows), judged_answers(folded, [build(runs.where(part.learnt)) for part in folded.parts])


def _asked(built: Built, runs: Runs) -> tuple[Runs, JudgedAnswers]:
    """What is answered on runs that nothing was learnt from, and on which of them."""
    asked = runs.where(np.arange(_calibration_rows(built.predict, runs.inputs)))
    return asked, JudgedAnswers(built.predict(asked.inputs))


def _calibration_rows(predict: Callable[[np.ndarray], np.ndarray], inputs: np.ndarray) -> int:
    """All runs, or the first of the design (which fill the space as well) where an answer is dear."""
    predict(inputs[:1])  # may compile
    watch = Stopwatch()
    predict(inputs[:1])
    spent = watch.spent()
    dear = spent.cpu_seconds + spent.cpu_seconds_children >= DEAR_ANSWER_SECONDS
    return min(len(inputs), DEAR_CALIBRATION_RUNS) if dear else len(inputs)


def _export(candidate: Candidate, study: Study, runs: Runs, seed: int) -> None:
    assert candidate.nodes is not None and candidate.predict is not None
    assert candidate.interval is not None and candidate.domain is not None
    model = write_graph(study, candidate.name, candidate.nodes, candidate.interval, candidate.domain)
    candidate.parity = check_parity(model, candidate.predict, study, runs.inputs, runs.outputs.std(axis=0), seed)
    if candidate.parity.holds:
        candidate.model = model
        return
    candidate.graph_reason = why_it_differs(study, candidate.parity)


def _full_physics(study: Study) -> Candidate:
    return Candidate(
        FULL_PHYSICS,
        "full_physics",
        _TEXTS.say("model.full_physics_as_judge" if study.missing_data else "model.full_physics"),
        needs_compilation=True,
        graph_reason=missing_data_text(study.missing_data) if study.missing_data else _TEXTS.say("graph.full_physics"),
        missing_data=study.missing_data,
    )
