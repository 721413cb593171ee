"""What makes answers of runs: a model of ours, or an alternative that the study builds."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np

from frugal.experiments.runs.store import Runs
from frugal.experiments.study import Alternative, Answer, Study
from frugal.surrogates.fitting.judging import groups_of_learning
from frugal.surrogates.fitting.model import Fitted, Model
from frugal.surrogates.onnx.export import WriteNodes
from frugal.surrogates.onnx.physical_limits import clip_outputs

#: More runs teach a model little and cost much: of more, so many are drawn at random for each fit.
MOST_FITTED_RUNS = 20_000


def at_most(runs: Runs, most: int, seed: int) -> Runs:
    """All of the runs, or so many of them drawn at random; the same for the same seed."""
    if len(runs) <= most:
        return runs
    drawn = np.zeros(len(runs), dtype=bool)
    drawn[np.random.default_rng(seed).permutation(len(runs))[:most]] = True
    return runs.where(drawn)


@dataclass(frozen=True)
class Built:
    """What a builder makes of runs: how to answer, and what is known of it. Folds are built alike, and thrown away."""

    predict: Callable[[np.ndarray], np.ndarray]
    nodes: WriteNodes | None
    parameters: int | None = None
    log: Mapping[str, Any] = field(default_factory=dict)
    project: Callable[[np.ndarray], np.ndarray] | None = None
    fitted: object = None


class Builder(Protocol):
    """Makes answers of runs."""

    def __call__(self, runs: Runs) -> Built:
        """Build from runs, settings chosen by these alone."""

    def again(self) -> Builder:
        """The same with the settings that the last build chose, for builds that need no new search."""


def predictor_of(study: Study, answer: Answer) -> Callable[[np.ndarray], np.ndarray]:
    """What an alternative of the study answers, ``[n, d] -> [n, m]``, held to the physical limits of the outputs."""
    return lambda inputs: clip_outputs(study.flatten(answer.predict(inputs), len(inputs)), study.outputs)


def _in_float32(nodes: WriteNodes) -> WriteNodes:
    """Alternatives take their inputs in float32, also in a graph that takes float64."""

    def write(builder: Any, x: str) -> str:
        return nodes(builder, builder.cast(x, np.float32) if builder.takes_double(x) else x)

    return write


class AlternativeBuilder:
    """Has the study build its alternative; it has no settings of ours."""

    def __init__(self, study: Study, alternative: Alternative) -> None:
        self._study = study
        self._alternative = alternative

    def __call__(self, runs: Runs) -> Built:
        answer = self._study.answer_of(self._alternative, runs.inputs, runs.outputs)
        nodes = answer.graph
        return Built(predictor_of(self._study, answer), None if nodes is None else _in_float32(nodes))

    def again(self) -> AlternativeBuilder:
        return self


class ModelBuilder:
    """Fits a model."""

    def __init__(self, study: Study, learner: Model, seed: int) -> None:
        self._study = study
        self._learner = learner
        self._seed = seed
        self._fitted: Fitted | None = None

    def __call__(self, runs: Runs) -> Built:
        runs = at_most(runs, MOST_FITTED_RUNS, self._seed)
        groups = groups_of_learning(runs)
        fitted = self._learner.fit(runs.inputs, runs.outputs, groups, self._study.columns, self._seed)
        self._fitted = fitted
        outputs_of_study = self._study.outputs
        return Built(
            predict=lambda x: clip_outputs(fitted.predict(x), outputs_of_study),
            nodes=fitted.graph if getattr(fitted, "has_graph", True) else None,
            parameters=fitted.parameters,
            log=fitted.log,
            project=getattr(fitted, "project", None),
            fitted=fitted,
        )

    def again(self) -> ModelBuilder:
        if self._fitted is None:
            return self
        return ModelBuilder(self._study, self._learner.with_fixed_settings(self._fitted), self._seed)
