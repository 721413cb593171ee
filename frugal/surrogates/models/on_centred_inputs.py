"""A model that learns from inputs less the middle of their bounds, where float32 would round them by what shows.

The graph takes such inputs in float64, takes the middle off, and hands the model what is left in float32.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from frugal.experiments.study import Variable
from frugal.surrogates.fitting.input_features import check_inputs
from frugal.surrogates.fitting.model import Fitted, HasDeviation, Model
from frugal.surrogates.models.around import AroundFieldFit, AroundFit, AroundModel
from frugal.surrogates.onnx.graph import Graph
from frugal.surrogates.onnx.input_precision import centre_of


def centred(variables: Sequence[Variable], centre: np.ndarray) -> tuple[Variable, ...]:
    """Inputs with their bounds less a number of each ``[d]``."""
    return tuple(
        v if not c else replace(v, low=v.low - c, high=v.high - c, default=None)
        for v, c in zip(variables, centre.tolist(), strict=True)
    )


@dataclass(frozen=True)
class FittedOnCentred(AroundFit):
    """A fit to centred inputs."""

    variables: tuple[Variable, ...]
    centre: np.ndarray
    inner: Fitted

    @property
    def log(self) -> dict[str, Any]:
        """That of the fit, and what is taken off which input."""
        taken = {v.name: float(c) for v, c in zip(self.variables, self.centre, strict=True) if c}
        return {**self.inner.log, "centred_inputs": taken}

    def centred(self, inputs: np.ndarray) -> np.ndarray:
        """Inputs ``[n, d]`` as the model sees them."""
        return check_inputs(inputs, self.variables) - self.centre

    def predict(self, inputs: np.ndarray) -> np.ndarray:
        """Outputs ``[n, m]`` of inputs ``[n, d]``."""
        return self.inner.predict(self.centred(inputs))

    def graph(self, builder: Graph, x: str) -> str:
        """The centre taken off in float64, then the nodes of the fit."""
        return self.inner.graph(builder, self.centred_in_graph(builder, x))

    def centred_in_graph(self, builder: Graph, x: str) -> str:
        """`centred` as nodes, to a float32 tensor ``[n, d]``."""
        wide = x if builder.takes_double(x) else builder.cast(x, np.float64)
        return builder.cast(builder.op("Sub", wide, builder.constant(self.centre, np.float64)), np.float32)


@dataclass(frozen=True)
class FittedFieldOnCentred(AroundFieldFit, FittedOnCentred):
    """The same for a fit that answers with modes of maps."""


@dataclass(frozen=True)
class FittedProcessOnCentred(FittedOnCentred):
    """The same for a fit that tells how far off it expects to be."""

    def deviation(self, inputs: np.ndarray) -> np.ndarray:
        """Standard deviations ``[n, m]`` that the fit expects of its errors."""
        told: np.ndarray = self.inner.deviation(self.centred(inputs))  # type: ignore[attr-defined]
        return told

    def deviation_graph(self, builder: Graph, x: str) -> str:
        """The same as nodes."""
        named: str = self.inner.deviation_graph(builder, self.centred_in_graph(builder, x))  # type: ignore[attr-defined]
        return named


@dataclass(frozen=True)
class OnCentredInputs(AroundModel):
    """A model that sees inputs less their middle; it is the model itself where float32 holds all of them well enough.

    Parameters
    ----------
    model : Model
    """

    model: Model

    def fit(
        self,
        inputs: np.ndarray,
        outputs: np.ndarray,
        groups: np.ndarray | None,
        variables: Sequence[Variable],
        seed: int,
    ) -> Fitted:
        """Fit the model to the inputs less their middle.

        Parameters
        ----------
        inputs, outputs, groups, variables
            As for `Model.fit`.
        seed : int
            Of the model.
        """
        centre = centre_of(variables)
        if not centre.any():
            return self.model.fit(inputs, outputs, groups, variables, seed)
        x = check_inputs(inputs, variables) - centre
        inner = self.model.fit(x, outputs, groups, centred(variables, centre), seed)
        kind = FittedOnCentred
        if hasattr(inner, "project"):
            kind = FittedFieldOnCentred
        elif isinstance(inner, HasDeviation):
            kind = FittedProcessOnCentred
        return kind(tuple(variables), centre, inner)

    def with_fixed_settings(self, fitted: Any) -> Model:
        """The same with the settings of an earlier fit."""
        inner = fitted.inner if isinstance(fitted, FittedOnCentred) else fitted
        return replace(self, model=self.model.with_fixed_settings(inner))
