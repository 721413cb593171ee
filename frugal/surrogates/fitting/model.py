"""What all fitted models share: their contract, the folds, the scaling of targets."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, Protocol, Self, runtime_checkable

import numpy as np

from frugal.errors import UnusableInputError
from frugal.experiments.study import Kind, Variable
from frugal.surrogates.fitting.input_features import check_inputs
from frugal.surrogates.onnx.graph import Graph

#: Above this ratio of a target's mean to its spread, float32 loses more than 1e-5 of the spread: the last
#: addition is then made in float64.
_FLOAT32_RATIO = 64.0


class Skipped(Exception):  # noqa: N818  (not an error: a model that says it cannot serve)
    """A model cannot serve these runs.

    Parameters
    ----------
    en, fr : str
        The reason as one sentence, by language.
    """

    def __init__(self, en: str, fr: str) -> None:
        super().__init__(en)
        self.reason = {"en": en, "fr": fr}


class Fitted(Protocol):
    """A model after its fit. One that knows its own error row by row is a `HasDeviation` too."""

    @property
    def parameters(self) -> int:
        """Number of learned numbers."""

    @property
    def log(self) -> dict[str, Any]:
        """Plain values: what was chosen and how, and what `fit_log` writes for every model."""

    def predict(self, inputs: np.ndarray) -> np.ndarray:
        """Outputs ``[n, m]``, float64, of inputs ``[n, d]`` in physical units.

        Parameters
        ----------
        inputs : array [n, d]
            Columns in the order of the variables of the fit. What lies outside their bounds is answered too: whether it may
            be asked is not the model's affair.

        Returns
        -------
        array [n, m]
            In physical units and in the order of the outputs that were fitted; not held to physical limits.

        Raises
        ------
        UnusableInputError
            If the shape does not match the variables, or a value is not finite.
        """

    def graph(self, builder: Graph, x: str) -> str:
        """Write the same answer as ONNX nodes, from the float32 tensor ``x`` to the name of ``[n, m]``.

        Parameters
        ----------
        builder : Graph
            Takes the nodes.
        x : str
            Name of the tensor of inputs ``[n, d]``, in physical units.

        Returns
        -------
        str
            Name of the tensor of outputs ``[n, m]``, float32 or float64 as the model's precision asks.
        """


@runtime_checkable
class HasDeviation(Protocol):
    """A fitted model that says by itself how far off it may be, row by row. Not every `Fitted` does; ask with isinstance."""

    def deviation(self, inputs: np.ndarray) -> np.ndarray:
        """Predictive standard deviation ``[n, m]``, float64, of a new run at inputs ``[n, d]``.

        Parameters
        ----------
        inputs : array [n, d]
            As for `Fitted.predict`.

        Returns
        -------
        array [n, m]
            In physical units, noise included; 0 for an output that never varied. Right in shape, and only as right in size as
            the model's own assumptions.
        """

    def deviation_graph(self, builder: Graph, x: str) -> str:
        """Write the same as ONNX nodes, from the float32 tensor ``x`` to the name of ``[n, m]``, float64.

        Parameters
        ----------
        builder : Graph
            Takes the nodes; those that `Fitted.graph` has written already are used again.
        x : str
            Name of the tensor of inputs ``[n, d]``, in physical units.

        Returns
        -------
        str
            Name of the tensor of deviations.
        """


class Model(Protocol):
    """A way to learn answers from runs."""

    @property
    def name(self) -> str:
        """Identifier."""

    @property
    def kind(self) -> Kind:
        """Its place on the ladder."""

    @property
    def label(self) -> Mapping[str, str]:
        """One line by language."""

    def fit(
        self,
        inputs: np.ndarray,
        outputs: np.ndarray,
        groups: np.ndarray | None,
        variables: Sequence[Variable],
        seed: int,
    ) -> Fitted:
        """Learn from runs: inputs ``[n, d]``, outputs ``[n, m]``, group label of each run or None.

        Parameters
        ----------
        inputs : array [n, d]
            Training runs in physical units, columns in the order of ``variables``.
        outputs : array [n, m]
            All outputs side by side, vectors and maps flattened row by row, in physical units.
        groups : array [n], optional
            Label of each run: its place. Whatever the model chooses by cross-validation is chosen on groups left out whole,
            where there are at least three. None where all runs are of one place.
        variables : sequence of Variable
            One a column; bounds, periods and choices decide how a column is scaled and encoded.
        seed : int
            Of everything random in the fit: the same seed and runs give the same model.

        Returns
        -------
        Fitted
            With what was chosen and the CPU time it took in its ``log``.

        Raises
        ------
        Skipped
            If the model cannot serve these runs.
        UnusableInputError
            If shapes do not match or a value is not finite.
        """

    def with_fixed_settings(self, fitted: Any) -> Model:
        """The model with the choices of an earlier fit, for refits that need no new search.

        Parameters
        ----------
        fitted : Fitted
            What `fit` of this very model returned, perhaps for other runs or fewer inputs.

        Returns
        -------
        Model
            Its fit learns from the runs again, but takes sizes, penalties or length scales as they were chosen then.
        """


#: How a fit ended: the optimiser met its criterion; an error on runs left out no longer fell; the allowed work was used up;
#: or there was nothing to iterate.
Ending = Literal["converged", "early_stopping", "iteration_limit", "closed_form"]


def fit_log(
    trials: int, search_cpu_seconds: float, fit_cpu_seconds: float, stopped_early: Ending, **more: Any
) -> dict[str, Any]:
    """What every model writes of its fit, and ``more`` of its own.

    Parameters
    ----------
    trials : int
        Configurations tried.
    search_cpu_seconds : float
        CPU time that choosing among them took.
    fit_cpu_seconds : float
        CPU time of fitting the chosen one alone, as if it had been known.
    stopped_early : str
        How the fit of the chosen one ended.
    """
    return {
        "trials": trials,
        "search_cpu_seconds": max(search_cpu_seconds, 0.0),
        "fit_cpu_seconds": max(fit_cpu_seconds, 0.0),
        "stopped_early": stopped_early,
        **more,
    }


@runtime_checkable
class InHaste(Protocol):
    """A model that has a cheaper form of itself, for comparisons of what it may learn from."""

    def in_haste(self) -> Model:
        """The model with a short search: of fewer settings, on fewer runs."""


class NoSearch:
    """A model whose search costs so little that it is made again at each refit."""

    def with_fixed_settings(self, fitted: Any) -> Self:
        """The model itself."""
        return self


def check_runs(
    inputs: Any, outputs: Any, groups: Any, variables: Sequence[Variable]
) -> tuple[np.ndarray, np.ndarray, np.ndarray | None]:
    """Training runs as float64 arrays ``[n, d]`` and ``[n, m]``, with the groups as an array or None.

    Parameters
    ----------
    inputs, outputs, groups, variables
        As for `Model.fit`; anything that NumPy makes such arrays of.

    Returns
    -------
    inputs : array [n, d]
    outputs : array [n, m]
    groups : array [n] or None

    Raises
    ------
    UnusableInputError
        If shapes do not match or a value is not finite.
    """
    x = check_inputs(inputs, variables)
    y = np.asarray(outputs, dtype=np.float64)
    if y.ndim != 2 or len(y) != len(x) or len(x) == 0:
        raise UnusableInputError(f"outputs have shape {y.shape}; [{len(x)}, m] with at least one row is needed")
    if not np.isfinite(y).all():
        raise UnusableInputError("the outputs of the runs hold a value that is not a finite number")
    if groups is None:
        return x, y, None
    labels = np.asarray(groups)
    if labels.shape != (len(x),):
        raise UnusableInputError(f"groups have shape {labels.shape}; [{len(x)}] is needed")
    return x, y, labels


@contextlib.contextmanager
def one_thread() -> Iterator[None]:
    """Run linear algebra on one thread: reproducible, and what is booked is what was used.

    Only libraries loaded before are limited, hence the import of scipy's, which is not that of NumPy.
    """
    import scipy.linalg  # noqa: F401
    from threadpoolctl import threadpool_limits

    with threadpool_limits(limits=1):
        yield


@dataclass(frozen=True)
class TargetScaling:
    """Mean and spread of each output over the training runs; a constant output has spread 0.

    Parameters
    ----------
    mean, spread : array [m]
    """

    mean: np.ndarray
    spread: np.ndarray

    @classmethod
    def of(cls, outputs: np.ndarray, scaled: bool = False) -> TargetScaling:
        """Scaling of outputs ``[n, m]``; of targets that are ``scaled`` already, only the mean is taken.

        Modes of a map are such targets: brought to one spread, the small ones would count as much as the leading ones.
        """
        mean = outputs.mean(axis=0)
        spread = outputs.std(axis=0)
        # Rounding of the mean alone must not pass for a spread.
        constant = spread <= 1e-12 * np.abs(outputs).max(axis=0)
        return cls(np.where(constant, outputs[0], mean), np.where(constant, 0.0, 1.0 if scaled else spread))

    def standardise(self, outputs: np.ndarray) -> np.ndarray:
        """Outputs with mean 0 and spread 1; zeros for a constant output."""
        varies = self.spread > 0
        return np.where(varies, (outputs - self.mean) / np.where(varies, self.spread, 1.0), 0.0)

    def restore(self, standardised: np.ndarray) -> np.ndarray:
        """Outputs in physical units."""
        return standardised * self.spread + self.mean

    @property
    def wide(self) -> bool:
        """The mean dwarfs the spread of some output, so that adding it needs float64."""
        varies = self.spread > 0
        return bool(np.any(np.abs(self.mean[varies]) > _FLOAT32_RATIO * self.spread[varies]))

    def affine(self, builder: Graph, z: str, weights: np.ndarray, bias: np.ndarray) -> str:
        """Write ``restore(z @ weights + bias)`` for float32 ``z [n, k]``, with ``[k, m]`` and ``[m]``.

        Parameters
        ----------
        builder : Graph
            Takes the nodes.
        z : str
            Name of the tensor of columns, already scaled.
        weights : array [k, m]
            Of the standardised targets.
        bias : array [m]
            Likewise.

        Returns
        -------
        str
            Name of the tensor ``[n, m]`` in physical units; float64 where `wide`, else float32.
        """
        scaled = weights * self.spread
        if not self.wide:
            offset = builder.constant(bias * self.spread + self.mean)
            return builder.op("Gemm", z, builder.constant(scaled), offset)
        y = builder.op("Gemm", z, builder.constant(scaled), builder.constant(bias * self.spread))
        return builder.op("Add", builder.cast(y, np.float64), builder.constant(self.mean, np.float64))
