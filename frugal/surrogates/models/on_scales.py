"""A model that learns from inputs, or learns outputs, in logarithms where runs left out say that this errs less.

An input is tried whose bounds are positive and more than a hundred times apart; all such inputs together. An output is tried,
each for itself, that is positive in all runs and whose values are as far apart. Errors are those in units of the outputs,
whatever the scale that the model learnt on.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np

from frugal.experiments.study import Variable
from frugal.surrogates.fitting.folds import folds
from frugal.surrogates.fitting.input_features import check_inputs
from frugal.surrogates.fitting.model import Fitted, InHaste, Model, check_runs
from frugal.surrogates.models.around import AroundFieldFit, AroundFit, AroundModel
from frugal.surrogates.onnx.graph import Graph

#: Ratio of the largest to the least value from which logarithms are tried.
WIDE_RATIO = 100.0
#: A logarithm is kept where it takes this much off the squared error of the runs left out.
_LEAST_GAIN = 0.1
_FOLDS = 3
#: What errs more than so many times as much (squared) on the first fold is not asked on the others.
_HOPE = 1.25
#: Runs that the scales are judged on at the most.
_MOST_RUNS = 400
#: What stands beyond the range of the training runs is answered up to this part of its logarithmic width.
_BEYOND = 0.5


@dataclass(frozen=True)
class LogarithmicInputs:
    """Some inputs as logarithms, brought to [-1, 1] over their bounds.

    Parameters
    ----------
    variables : tuple of Variable
        As the study has them.
    columns : tuple of int
        Those taken in logarithms; the others stay as they are.
    """

    variables: tuple[Variable, ...]
    columns: tuple[int, ...]

    @property
    def scaled(self) -> tuple[Variable, ...]:
        """Variables as the model sees them."""
        return tuple(
            replace(v, low=-1.0, high=1.0, default=None, unit="1") if j in self.columns else v
            for j, v in enumerate(self.variables)
        )

    def _bounds(self) -> tuple[np.ndarray, np.ndarray]:
        low = np.array([v.low if j in self.columns else 1.0 for j, v in enumerate(self.variables)])
        high = np.array([v.high if j in self.columns else math.e**2 for j, v in enumerate(self.variables)])
        return low, high

    def transform(self, inputs: np.ndarray) -> np.ndarray:
        """Inputs ``[n, d]`` as the model sees them; what is far below the least value is held there."""
        low, high = self._bounds()
        z = check_inputs(inputs, self.variables).copy()
        for j in self.columns:
            z[:, j] = np.log(np.maximum(z[:, j], low[j] / WIDE_RATIO) / low[j]) * (2 / np.log(high[j] / low[j])) - 1.0
        return z

    def graph(self, builder: Graph, x: str) -> str:
        """The same as nodes, computed in float64, to a float32 tensor ``[n, d]``."""
        low, high = self._bounds()
        taken = np.array([[j in self.columns for j in range(len(self.variables))]])
        wide = builder.cast(x, np.float64)
        held = builder.op("Max", wide, builder.constant(low / WIDE_RATIO, np.float64))
        logarithm = builder.op("Log", builder.op("Mul", held, builder.constant(1 / low, np.float64)))
        scaled = builder.op("Mul", logarithm, builder.constant(2 / np.log(high / low), np.float64))
        scaled = builder.op("Sub", scaled, builder.constant(1.0, np.float64))
        return builder.cast(builder.op("Where", builder.constant(taken, np.bool_), scaled, wide), np.float32)


@dataclass(frozen=True)
class LogarithmicOutputs:
    """Some outputs learnt as logarithms.

    Parameters
    ----------
    columns : array [m]
        Whether each is.
    low, high : array [m]
        Logarithms that are answered at the least and at the most.
    """

    columns: np.ndarray
    low: np.ndarray
    high: np.ndarray

    @classmethod
    def of(cls, outputs: np.ndarray, columns: np.ndarray) -> LogarithmicOutputs:
        """For the training outputs ``[n, m]``."""
        logarithms = np.log(np.where(columns, outputs, 1.0))
        low, high = logarithms.min(axis=0), logarithms.max(axis=0)
        beyond = _BEYOND * (high - low)
        return cls(columns, low - beyond, high + beyond)

    def transform(self, outputs: np.ndarray) -> np.ndarray:
        """Outputs ``[n, m]`` as they are learnt."""
        return np.where(self.columns, np.log(np.where(self.columns, outputs, 1.0)), outputs)

    def restore(self, learnt: np.ndarray) -> np.ndarray:
        """Outputs in their units."""
        return np.where(self.columns, np.exp(np.clip(learnt, self.low, self.high)), learnt)

    def graph(self, builder: Graph, y: str) -> str:
        """`restore` as nodes, float64."""
        wide = builder.cast(y, np.float64)
        low, high = (builder.constant(bound, np.float64) for bound in (self.low, self.high))
        power = builder.op("Exp", builder.op("Min", builder.op("Max", wide, low), high))
        return builder.op("Where", builder.constant(self.columns[None], np.bool_), power, wide)


@dataclass(frozen=True)
class FittedOnScales(AroundFit):
    """A fit to logarithms."""

    inputs: LogarithmicInputs
    outputs: LogarithmicOutputs | None
    inner: Fitted

    @property
    def log(self) -> dict[str, Any]:
        """That of the fit, the inputs that it sees in logarithms, and the numbers of the outputs that it learns so."""
        names = [self.inputs.variables[j].name for j in self.inputs.columns]
        found = [] if self.outputs is None else np.flatnonzero(self.outputs.columns).tolist()
        return {**self.inner.log, "logarithmic_inputs": names, "logarithmic_outputs": found}

    def predict(self, inputs: np.ndarray) -> np.ndarray:
        """Outputs ``[n, m]`` of inputs ``[n, d]``."""
        learnt = self.inner.predict(self.inputs.transform(inputs))
        return learnt if self.outputs is None else self.outputs.restore(learnt)

    def graph(self, builder: Graph, x: str) -> str:
        """Logarithms, the nodes of the fit, powers."""
        y = self.inner.graph(builder, self.inputs.graph(builder, x) if self.inputs.columns else x)
        return y if self.outputs is None else self.outputs.graph(builder, y)


@dataclass(frozen=True)
class FittedFieldOnScales(AroundFieldFit, FittedOnScales):
    """The same for a fit that answers with modes of maps."""


@dataclass(frozen=True)
class OnScales(AroundModel):
    """A model that is tried on logarithms, and is the model itself where there is nothing to try.

    Parameters
    ----------
    model : Model
    tries_outputs : bool
        Outputs are tried too: not those of maps, whose modes mix positive and negative parts.
    chosen : tuple, optional
        Names of inputs, and numbers of outputs, of an earlier fit; nothing is then tried.
    """

    model: Model
    tries_outputs: bool = True
    chosen: tuple[tuple[str, ...], tuple[int, ...]] | None = None

    def fit(
        self,
        inputs: np.ndarray,
        outputs: np.ndarray,
        groups: np.ndarray | None,
        variables: Sequence[Variable],
        seed: int,
    ) -> Fitted:
        """Fit the model on the scales that err least on runs left out.

        Parameters
        ----------
        inputs, outputs, groups, variables
            As for `Model.fit`.
        seed : int
            Of the model, of the runs that the scales are judged on, and of their folds.
        """
        x, y, labels = check_runs(inputs, outputs, groups, variables)
        columns = wide_inputs(variables)
        candidates = wide_outputs(y) if self.tries_outputs else np.zeros(y.shape[1], dtype=bool)
        if self.chosen is not None:
            names, numbers = self.chosen
            columns = tuple(j for j in columns if variables[j].name in names)
            candidates &= np.isin(np.arange(y.shape[1]), numbers)
        elif columns or candidates.any():
            columns, candidates = self._choice(x, y, labels, variables, seed, columns, candidates)
        if not columns and not candidates.any():
            return self.model.fit(x, y, labels, variables, seed)
        return _fitted(self.model, x, y, labels, variables, seed, columns, candidates)

    def with_fixed_settings(self, fitted: Any) -> Model:
        """The same with the settings and the scales of an earlier fit."""
        if not isinstance(fitted, FittedOnScales):
            return replace(self, model=self.model.with_fixed_settings(fitted), chosen=((), ()))
        names = tuple(fitted.inputs.variables[j].name for j in fitted.inputs.columns)
        numbers = () if fitted.outputs is None else tuple(np.flatnonzero(fitted.outputs.columns).tolist())
        return replace(self, model=self.model.with_fixed_settings(fitted.inner), chosen=(names, numbers))

    def _choice(
        self,
        x: np.ndarray,
        y: np.ndarray,
        labels: np.ndarray | None,
        variables: Sequence[Variable],
        seed: int,
        columns: tuple[int, ...],
        candidates: np.ndarray,
    ) -> tuple[tuple[int, ...], np.ndarray]:
        """Inputs and outputs that are taken in logarithms: first the inputs, then with these each output."""
        none = np.zeros(y.shape[1], dtype=bool)
        if len(x) < 2 * _FOLDS:
            return (), none
        if not columns and not candidates.all():  # nothing is asked of the others
            found = candidates.copy()
            _, found[candidates] = self._choice(x, y[:, candidates], labels, variables, seed, (), found[candidates])
            return (), found
        rows = np.sort(np.random.default_rng(seed).permutation(len(x))[:_MOST_RUNS])
        model = self.model.in_haste() if isinstance(self.model, InHaste) else self.model
        runs = _Compared(model, x[rows], y[rows], None if labels is None else labels[rows], tuple(variables), seed)
        kept: tuple[int, ...] = ()
        best = runs.on((), none)
        if columns:
            tried = runs.on(columns, none)
            if tried.may_beat(best).any() and tried.errors.sum() < (1 - _LEAST_GAIN) * best.errors.sum():
                kept, best = columns, tried
        if not candidates.any():
            return kept, none
        tried = runs.on(kept, candidates)
        if columns and not kept:  # a product of powers is straight only where both sides are logarithms
            both = runs.on(columns, candidates)
            if both.may_beat(best).any() and both.errors.sum() < (1 - _LEAST_GAIN) * min(
                tried.errors.sum(), best.errors.sum()
            ):
                kept, tried, best = columns, both, runs.on(columns, none)
        if not (candidates & tried.may_beat(best, each=True)).any():
            return kept, none
        return kept, candidates & (tried.errors < (1 - _LEAST_GAIN) * best.errors)


def _fitted(
    model: Model,
    x: np.ndarray,
    y: np.ndarray,
    labels: np.ndarray | None,
    variables: Sequence[Variable],
    seed: int,
    columns: tuple[int, ...],
    logarithmic: np.ndarray,
) -> FittedOnScales:
    seen = LogarithmicInputs(tuple(variables), columns)
    learnt = LogarithmicOutputs.of(y, logarithmic) if logarithmic.any() else None
    targets = y if learnt is None else learnt.transform(y)
    inner = model.fit(seen.transform(x), targets, labels, seen.scaled, seed)
    kind = FittedFieldOnScales if hasattr(inner, "project") else FittedOnScales
    return kind(seen, learnt, inner)


@dataclass(frozen=True)
class _Compared:
    """Runs that scales are compared on."""

    model: Model
    x: np.ndarray
    y: np.ndarray
    labels: np.ndarray | None
    variables: tuple[Variable, ...]
    seed: int

    @cached_property
    def scale(self) -> np.ndarray:
        """One output counts as another where they share a model: in spreads."""
        spread = self.y.std(axis=0)
        return np.where(spread > 0.05 * spread.max(initial=0.0), np.maximum(spread, 1e-300), np.inf)

    @cached_property
    def parts(self) -> list[np.ndarray]:
        """Rows of each fold."""
        return folds(len(self.x), self.labels, _FOLDS, self.seed)

    def on(self, columns: tuple[int, ...], logarithmic: np.ndarray) -> _OnOneScale:
        """Some inputs and outputs in logarithms."""
        return _OnOneScale(self, columns, logarithmic, self.model, [])


@dataclass
class _OnOneScale:
    """How a model errs on one choice of scales, fold by fold as far as it is asked: the first fit searches its settings."""

    runs: _Compared
    columns: tuple[int, ...]
    logarithmic: np.ndarray
    model: Model
    found: list[np.ndarray]

    def _first(self, number: int) -> list[np.ndarray]:
        """Squared errors ``[m]`` of so many folds, in squared spreads."""
        runs = self.runs
        for rows in runs.parts[len(self.found) : number]:
            kept = np.setdiff1d(np.arange(len(runs.x)), rows)
            labels = None if runs.labels is None else runs.labels[kept]
            fitted = _fitted(
                self.model,
                runs.x[kept],
                runs.y[kept],
                labels,
                runs.variables,
                runs.seed,
                self.columns,
                self.logarithmic,
            )
            if not self.found:
                self.model = self.model.with_fixed_settings(fitted.inner)
            residuals = runs.y[rows] - fitted.predict(runs.x[rows])
            self.found.append(np.sum((residuals / runs.scale) ** 2, axis=0))
        return self.found[:number]

    @property
    def errors(self) -> np.ndarray:
        """Mean squared error ``[m]`` of runs left out."""
        return np.asarray(sum(self._first(len(self.runs.parts))) / len(self.runs.x))

    def may_beat(self, other: _OnOneScale, each: bool = False) -> np.ndarray:
        """Whether the first fold leaves hope, of all outputs together or of each, that it errs less than another."""
        own, others = self._first(1)[0], other._first(1)[0]
        return np.asarray(own < _HOPE * others if each else [own.sum() < _HOPE * others.sum()])


def wide_inputs(variables: Sequence[Variable]) -> tuple[int, ...]:
    """Numbers of the inputs whose bounds are positive and more than two decades apart."""
    return tuple(
        j
        for j, v in enumerate(variables)
        if v.low > 0 and v.high > WIDE_RATIO * v.low and v.period is None and not v.choices
    )


def wide_outputs(outputs: np.ndarray) -> np.ndarray:
    """Which outputs ``[m]`` are positive in all runs and more than two decades apart."""
    low, high = outputs.min(axis=0), outputs.max(axis=0)
    return np.asarray((low > 0) & (high > WIDE_RATIO * low))
