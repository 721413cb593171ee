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
from frugal.surrogates.fitting.model import Model
from frugal.surrogates.ladder.build import predictor_of
from frugal.surrogates.measurement.errors import output_errors
from frugal.surrogates.measurement.places import groups_of
from frugal.surrogates.models.registry import models_for
from frugal.surrogates.onnx.physical_limits import clip_outputs

#: Loaded before a fit is timed: the first import takes longer than many a fit.
_LIBRARIES = {"mlp": "scipy.optimize", "boosted_trees": "lightgbm", "gaussian_process": "scipy.optimize"}


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
            training.inputs[:, columns], training.outputs, training_groups(training), variables, self.seed
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


def training_groups(runs: Runs) -> np.ndarray | None:
    """Places of training runs where there are several, as the ladder takes them."""
    return runs.places if len(np.unique(runs.places)) > 1 else None


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


def judged(study: Study, predicted: np.ndarray, held_out: Runs, seed: int) -> Error:
    """Error of predictions ``[n, m]`` of the held-out runs, with the interval of the ladder.

    Parameters
    ----------
    study : Study
    predicted : array [n, m]
        All outputs side by side, in physical units.
    held_out : Runs
        The runs that were predicted, row for row.
    seed : int
        Of the bootstrap.
    """
    return Error(output_errors(study, held_out.outputs, predicted, groups_of(held_out.places), seed))
