"""The ladder: every way to answer a study, built from the same training runs and booked stage by stage."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, fields
from typing import Any

import numpy as np

from frugal.candidates.row import Parity
from frugal.errors import UnusableInputError, told_fault
from frugal.experiments.runs.store import Runs
from frugal.experiments.study import RUNGS, Alternative, Answer, Kind, Study
from frugal.metering.meter import Meter
from frugal.metering.timing.stopwatch import Stopwatch
from frugal.reporting.text import missing_data_text
from frugal.surrogates.fitting.model import Model, Skipped
from frugal.surrogates.onnx.export import INTERVAL_LEVEL as LEVEL
from frugal.surrogates.onnx.export import PARITY_TOLERANCE_SIGMA, Domain, WriteNodes, check_parity, write_graph
from frugal.surrogates.onnx.physical_limits import clip_outputs
from frugal.texts import LANGUAGES, room_texts

_TEXTS = room_texts("frugal.surrogates")

N_FOLDS = 3

#: Answers that take longer than this, physics all of them, are calibrated with so many runs only.
DEAR_ANSWER_SECONDS = 0.05
DEAR_CALIBRATION_RUNS = 32

FULL_PHYSICS = "full_physics"


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
    half_width: np.ndarray | None = None
    domain: Domain | None = None
    model: bytes | None = None
    parity: Parity | None = None
    graph_reason: Mapping[str, str] = field(default_factory=dict)
    project: Callable[[np.ndarray], np.ndarray] | None = None
    missing_data: Mapping[str, str] = field(default_factory=dict)

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
    training: Runs,
    meter: Meter,
    seed: int,
    on_candidate: Callable[[str], None] = lambda name: None,
) -> list[Candidate]:
    """Build, calibrate and export every candidate, from the lowest rung up.

    A candidate that cannot be built stays on the ladder with the reason.
    """
    candidates = []
    for make in _makers(study, seed):
        candidate, build = make
        on_candidate(candidate.name)
        _attempt(candidate, build, study, training, meter, seed)
        candidates.append(candidate)
    if study.solve is not None:
        candidates.append(_full_physics(study))
    return sorted(candidates, key=lambda candidate: RUNGS.index(candidate.kind))


@dataclass(frozen=True)
class Built:
    """What a builder makes of runs: how to answer, and what is known of it. Folds are built alike, and thrown away."""

    predict: Callable[[np.ndarray], np.ndarray]
    nodes: WriteNodes | None
    parameters: int | None = None
    log: Mapping[str, Any] = field(default_factory=dict)
    project: Callable[[np.ndarray], np.ndarray] | None = None


#: From inputs ``[n, d]``, outputs ``[n, m]`` and the group of each run or None.
Build = Callable[[np.ndarray, np.ndarray, "np.ndarray | None"], Built]


def _makers(study: Study, seed: int) -> Iterator[tuple[Candidate, Build]]:
    from frugal.surrogates.models.registry import models_for

    for alternative in study.alternatives:
        candidate = Candidate(
            alternative.name,
            alternative.kind,
            alternative.label or dict.fromkeys(LANGUAGES, alternative.name),
            needs_runs=alternative.needs_runs,
            needs_compilation=study.solve is not None and (alternative.needs_runs or alternative.uses_solver),
        )
        yield candidate, _alternative_builder(study, alternative)
    for learner in models_for(study):
        candidate = Candidate(
            learner.name, learner.kind, learner.label, needs_runs=True, needs_compilation=study.solve is not None
        )
        yield candidate, _ModelBuilder(study, learner, seed)


def _alternative_builder(study: Study, alternative: Alternative) -> Build:
    def build(inputs: np.ndarray, outputs: np.ndarray, groups: np.ndarray | None) -> Built:
        answer = study.answer_of(alternative, inputs, outputs)
        return Built(predictor_of(study, answer), answer.graph)

    return build


def predictor_of(study: Study, answer: Answer) -> Callable[[np.ndarray], np.ndarray]:
    """What an alternative of the study answers, ``[n, d] -> [n, m]``, held to the physical limits of the outputs."""
    return lambda inputs: clip_outputs(study.flatten(answer.predict(inputs), len(inputs)), study.outputs)


class _ModelBuilder:
    """Fits a model; once it has chosen its settings, refits for the calibration keep them."""

    def __init__(self, study: Study, learner: Model, seed: int) -> None:
        self._study = study
        self._learner = learner
        self._seed = seed

    def __call__(self, inputs: np.ndarray, outputs: np.ndarray, groups: np.ndarray | None) -> Built:
        fitted = self._learner.fit(inputs, outputs, groups, self._study.columns, self._seed)
        self._learner = self._learner.with_fixed_settings(fitted)
        outputs_of_study = self._study.outputs
        return Built(
            predict=lambda x: clip_outputs(fitted.predict(x), outputs_of_study),
            nodes=fitted.graph,
            parameters=fitted.parameters,
            log=fitted.log,
            project=getattr(fitted, "project", None),
        )


def _attempt(candidate: Candidate, build: Build, study: Study, training: Runs, meter: Meter, seed: int) -> None:
    groups = training.places if len(np.unique(training.places)) > 1 else None
    try:
        with meter.stage("fit", candidate.name) as entry:
            built = build(training.inputs, training.outputs, groups)
            for part in fields(Built):
                setattr(candidate, part.name, getattr(built, part.name))
            if built.nodes is None:
                candidate.graph_reason = _TEXTS.say("graph.none_of_the_study")
            if "search_cpu_seconds" in built.log:  # contained in the stage's own time
                entry.details = {"search_cpu_seconds": built.log["search_cpu_seconds"]}
        with meter.stage("calibration", candidate.name):
            candidate.half_width = _half_width(built, candidate.needs_runs, build, training, groups, seed)
    except Skipped as skipped:
        candidate.status, candidate.message = "skipped", skipped.reason
        return
    except MemoryError:
        raise
    except Exception as fault:  # whatever one candidate raises, the others are tried
        candidate.status = "failed"
        candidate.message = dict.fromkeys(LANGUAGES, told_fault(fault))
        return
    candidate.domain = _domain(study, candidate, training)
    if candidate.nodes is None:
        return
    try:
        with meter.stage("export", candidate.name):
            _export(candidate, study, training, seed)
    except MemoryError:
        raise
    except Exception as fault:  # it still answers as a program
        told = told_fault(fault, 200)
        candidate.graph_reason = _TEXTS.say("graph.fails", fault=told)


def _half_width(
    built: Built, needs_runs: bool, build: Build, training: Runs, groups: np.ndarray | None, seed: int
) -> np.ndarray:
    """Split-conformal half-width; candidates that learn are built again without each fold."""
    from frugal.surrogates.fitting.validation import conformal_half_width, out_of_fold

    if not needs_runs:
        rows = slice(_calibration_rows(built.predict, training.inputs))
        return conformal_half_width(training.outputs[rows] - built.predict(training.inputs[rows]), LEVEL)

    def fit(inputs: np.ndarray, outputs: np.ndarray, labels: np.ndarray | None) -> Any:
        return build(inputs, outputs, labels).predict

    residuals = out_of_fold(fit, training.inputs, training.outputs, groups, N_FOLDS, seed)
    return conformal_half_width(residuals, LEVEL)


def _calibration_rows(predict: Callable[[np.ndarray], np.ndarray], inputs: np.ndarray) -> int:
    """All runs, or the first of the design (which fill the space as well) where an answer is dear."""
    predict(inputs[:1])  # may compile
    watch = Stopwatch()
    predict(inputs[:1])
    spent = watch.spent()
    dear = spent.cpu_seconds + spent.cpu_seconds_children >= DEAR_ANSWER_SECONDS
    return min(len(inputs), DEAR_CALIBRATION_RUNS) if dear else len(inputs)


def _domain(study: Study, candidate: Candidate, training: Runs) -> Domain:
    """Declared bounds; for what was learnt from real objects, the part of them that the training runs cover."""
    low = np.array([variable.low for variable in study.columns])
    high = np.array([variable.high for variable in study.columns])
    if not candidate.needs_runs or (training.object_ids < 0).all():
        return Domain(low, high)
    seen_low, seen_high = training.inputs.min(axis=0), training.inputs.max(axis=0)
    margin = 0.02 * (seen_high - seen_low)
    return Domain(np.maximum(low, seen_low - margin), np.minimum(high, seen_high + margin))


def _export(candidate: Candidate, study: Study, training: Runs, seed: int) -> None:
    assert candidate.nodes is not None and candidate.predict is not None
    assert candidate.half_width is not None and candidate.domain is not None
    model = write_graph(study, candidate.name, candidate.nodes, candidate.half_width, candidate.domain)
    candidate.parity = check_parity(
        model, candidate.predict, study, training.inputs, training.outputs.std(axis=0), seed
    )
    if candidate.parity.holds:
        candidate.model = model
        return
    sigma = candidate.parity.max_sigma
    candidate.graph_reason = _TEXTS.say("graph.differs", sigma=sigma, allowed=PARITY_TOLERANCE_SIGMA)


def _full_physics(study: Study) -> Candidate:
    return Candidate(
        FULL_PHYSICS,
        "full_physics",
        _TEXTS.say("model.full_physics_as_judge" if study.missing_data else "model.full_physics"),
        needs_compilation=True,
        graph_reason=missing_data_text(study.missing_data) if study.missing_data else _TEXTS.say("graph.full_physics"),
        missing_data=study.missing_data,
    )
