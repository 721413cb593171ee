"""Fit a candidate again, on other runs or fewer inputs, and judge it as it was judged on the ladder."""

from __future__ import annotations

import importlib
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from frugal.candidates.output_error import LARGEST_ERROR, OutputError, largest_ratio
from frugal.experiments.runs.store import Runs
from frugal.experiments.study import Alternative, Study
from frugal.surrogates.fitting.judging import SETTLED_RUNS, groups_of_learning
from frugal.surrogates.fitting.model import Model
from frugal.surrogates.ladder.builders import predictor_of
from frugal.surrogates.measurement.choice import times_luck
from frugal.surrogates.measurement.errors import output_errors
from frugal.surrogates.measurement.places import groups_of
from frugal.surrogates.models.registry import models_for
from frugal.surrogates.onnx.physical_limits import clip_outputs

#: Loaded before a fit is timed: the first import takes longer than many a fit.
_LIBRARIES = {
    "mlp": "scipy.optimize",
    "boosted_trees": "lightgbm",
    "linear_leaf_trees": "lightgbm",
    "gaussian_process": "scipy.optimize",
}


@dataclass(frozen=True)
class Learnt:
    """A candidate after a fit.

    Parameters
    ----------
    predict : callable
        ``[n, d] -> [n, m]``, held to the physical limits of the outputs.
    cpu_seconds : float
        CPU time of the fit, search included.
    model : Model, optional
        The model with what the fit has chosen.
    """

    predict: Callable[[np.ndarray], np.ndarray]
    cpu_seconds: float
    model: Model | None = None


@dataclass(frozen=True)
class Learner:
    """A candidate that can be fitted again: a model of ours, or an alternative that the study builds from runs."""

    name: str
    study: Study
    seed: int
    model: Model | None = None
    alternative: Alternative | None = None
    luck: float = 1.0

    def fit(self, training: Runs, kept: Sequence[int] | None = None) -> Learnt:
        """Fit on runs; only the inputs ``kept`` are seen, all by default.

        Parameters
        ----------
        training : Runs
        kept : sequence of int, optional
            Columns of the study's inputs. An alternative of the study decides by itself what it reads, and ignores this.

        Returns
        -------
        Learnt
            Asked with all inputs of the study, whichever it sees.

        Raises
        ------
        Skipped
            If the model cannot serve these runs.
        """
        importlib.import_module(_LIBRARIES.get(self.name, "scipy.linalg"))
        start = time.process_time()
        learnt = self._alternative(training) if self.model is None else self._refitted(self.model, training, kept)
        return replace(learnt, cpu_seconds=time.process_time() - start)

    def with_fixed_settings(self, learnt: Learnt) -> Learner:
        """The same without a new search."""
        return replace(self, model=learnt.model)

    def _refitted(self, model: Model, training: Runs, kept: Sequence[int] | None) -> Learnt:
        columns = np.arange(len(self.study.columns)) if kept is None else np.asarray(kept)
        variables = [self.study.columns[int(column)] for column in columns]
        fitted = model.fit(
            training.inputs[:, columns], training.outputs, groups_of_learning(training), variables, self.seed
        )
        outputs = self.study.outputs
        return Learnt(
            lambda inputs: clip_outputs(fitted.predict(inputs[:, columns]), outputs),
            0.0,
            model.with_fixed_settings(fitted),
        )

    def _alternative(self, training: Runs) -> Learnt:
        assert self.alternative is not None
        answer = self.study.answer_of(self.alternative, training.inputs, training.outputs)
        return Learnt(predictor_of(self.study, answer), 0.0)


@dataclass(frozen=True)
class Fits:
    """Fits of one candidate to parts of the runs, each asked about the runs that it had not seen.

    Parameters
    ----------
    learnt : sequence of Learnt
        Part by part.
    judged : Runs
        The runs of all parts, one part after the other.
    sizes : sequence of int
        How many of them each part has.
    """

    learnt: Sequence[Learnt]
    judged: Runs
    sizes: Sequence[int]

    @property
    def cpu_seconds(self) -> float:
        """CPU time of all of them."""
        return sum(one.cpu_seconds for one in self.learnt)

    def predict(self, inputs: np.ndarray) -> np.ndarray:
        """Answers ``[n, m]`` to inputs ``[n, d]`` of the judged runs, which may have been shuffled."""
        parts = np.split(inputs, np.cumsum(self.sizes)[:-1])
        return np.concatenate([one.predict(part) for one, part in zip(self.learnt, parts, strict=True)])

    def error(self, study: Study, seed: int, luck: float = 1.0) -> Error:
        """What they err together; the bounds times ``luck``."""
        return judged(study, self.predict(self.judged.inputs), self.judged, seed, luck)


#: Runs to learn from and runs to judge on, part by part, as `frugal.surrogates.fitting.judging.Judging.pairs` gives them.
Pairs = Sequence[tuple[Runs, Runs]]


def fit_parts(learners: Sequence[Learner], pairs: Pairs, kept: Sequence[int] | None = None) -> Fits:
    """Fit to the runs of each part; of so many runs that the ladder searched once, the others keep what the first one chose.

    Parameters
    ----------
    learners : sequence of Learner
        One for each part, or one for all of them.
    pairs : sequence of pairs of Runs
    kept : sequence of int, optional
        As for `Learner.fit`.
    """
    each = list(learners) if len(learners) > 1 else [learners[0]] * len(pairs)
    learnt = [each[0].fit(pairs[0][0], kept)]
    if len(learners) == 1 and sum(map(len, pairs[0])) >= SETTLED_RUNS:
        each = [learners[0].with_fixed_settings(learnt[0])] * len(pairs)
    learnt += [learner.fit(training, kept) for learner, (training, _) in zip(each[1:], pairs[1:], strict=True)]
    judged_runs = [held for _, held in pairs]
    names = Runs.__dataclass_fields__
    whole = Runs(**{name: np.concatenate([getattr(held, name) for held in judged_runs]) for name in names})
    return Fits(learnt, whole, [len(held) for held in judged_runs])


def learner_for(study: Study, name: str, seed: int) -> Learner | None:
    """How a candidate of the ladder is fitted again; None where it does not learn from runs or is not at hand.

    Parameters
    ----------
    study : Study
    name : str
        Of the candidate, as on the ladder.
    seed : int
        Of its fits and of the bootstrap that judges them; that of the ladder gives the same fit again.
    """
    model = next((model for model in models_for(study) if model.name == name), None)
    if model is not None:
        return Learner(name, study, seed, model=model)
    found = next((a for a in study.alternatives if a.name == name and a.needs_runs), None)
    return None if found is None else Learner(name, study, seed, alternative=found)


@dataclass(frozen=True)
class Error:
    """Errors on the held-out runs, as on the ladder."""

    outputs: Mapping[str, OutputError]

    @property
    def ratio(self) -> float | None:
        """Largest ratio of an upper bound to its tolerance; None where no tolerance is declared."""
        if all(error.ratio is None for error in self.outputs.values()):
            return None
        return min(largest_ratio(self.outputs), LARGEST_ERROR)

    @property
    def met(self) -> bool | None:
        """Every upper bound is within its tolerance; None where none is declared."""
        return None if self.ratio is None else all(error.met for error in self.outputs.values())

    def plain(self) -> dict[str, Any]:
        """By output, as plain values."""
        return {
            name: {
                "metric": error.metric,
                **{key: error.written(getattr(error, key)) for key in ("value", "low", "high")},
                "bounded": error.bounded,
                "tolerance": error.tolerance,
            }
            for name, error in self.outputs.items()
        }


def judged(study: Study, predicted: np.ndarray, held_out: Runs, seed: int, luck: float = 1.0) -> Error:
    """Error of predictions ``[n, m]`` of runs that were not learnt from, with the interval of the ladder.

    Parameters
    ----------
    study : Study
    predicted : array [n, m]
        All outputs side by side, in physical units.
    held_out : Runs
        The runs that were predicted, row for row.
    seed : int
        Of the bootstrap.
    luck : float
        What the bounds of the candidate are multiplied by on the ladder.
    """
    errors = output_errors(study, held_out.outputs, predicted, groups_of(held_out.places), seed)
    return Error(times_luck(errors, luck))
