"""What a study knows in closed form about its inputs: the few quantities that the answer really depends on."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from frugal.errors import UnusableInputError
from frugal.experiments.study.input_layout import InputLayout, asked_for
from frugal.experiments.study.variables import Variable
from frugal.experiments.tracing.graph_builder import GraphBuilder
from frugal.experiments.tracing.namespace import GraphNamespace
from frugal.experiments.tracing.traced_array import TracedArray

#: Rows computed at once.
_CHUNK = 4096


@dataclass(frozen=True)
class Summaries:
    """Columns that smooth fits and networks learn from in the place of the inputs.

    A flood depends on the volume that passes the breach far more directly than on surge, tide range and duration apart; the
    volume over a weir is a formula. Such columns cost nothing to compute, and save runs.

    Parameters
    ----------
    variables : tuple of Variable
        The columns, with bounds that hold for every input in the study's bounds. Inputs that still matter by themselves are
        repeated among them, under their own names or others.
    compute : callable
        ``compute(xp, **inputs) -> {column: array[n]}``, deterministic: inputs ``[n]`` and vectors ``[n, ...]`` by name, and the
        functions of ``xp``, which is numpy, or writes ONNX nodes (see `Alternative`).
    """

    variables: tuple[Variable, ...]
    compute: Callable[..., Mapping[str, Any]]

    def of(self, inputs: np.ndarray, layout: InputLayout) -> np.ndarray:
        """Columns ``[n, k]`` of inputs ``[n, d]``, as float32 holds them.

        Raises
        ------
        UnusableInputError
            If the study computes something else.
        """
        parts = [self._rows(inputs[start : start + _CHUNK], layout) for start in range(0, max(len(inputs), 1), _CHUNK)]
        return np.concatenate(parts).astype(np.float32).astype(np.float64)

    def _rows(self, inputs: np.ndarray, layout: InputLayout) -> np.ndarray:
        named = layout.columns_by_name(np.asarray(inputs, dtype=float))
        columns = self._in_order(self.compute(np, **asked_for(self.compute, named)))
        for variable, column in zip(self.variables, columns, strict=True):
            if np.shape(column) != (len(inputs),) or not np.isfinite(column).all():
                raise UnusableInputError(
                    f"the summary '{variable.name}' has shape {np.shape(column)}; finite ({len(inputs)},) is needed"
                )
        return np.stack(columns, axis=1)

    def graph(self, builder: GraphBuilder, x: str, layout: InputLayout) -> str:
        """The columns as a float32 tensor ``[n, k]``, from the tensor ``[n, d]`` of inputs; computed in float64.

        Differences of levels and sums over a tide lose digits that a steep fit then shows.
        """
        taken = np.float64 if builder.takes_double(x) else np.float32
        exact = TracedArray(builder, x, (len(layout.columns),), taken).astype(np.float64)
        named = layout.traced(builder, exact.tensor, np.float64)
        columns = self._in_order(self.compute(GraphNamespace(builder, np.float64), **asked_for(self.compute, named)))
        return builder.op("Concat", *(column.astype(np.float32).tensor for column in columns), axis=1)

    def _in_order(self, computed: Mapping[str, Any]) -> list[Any]:
        names = [variable.name for variable in self.variables]
        if set(computed) != set(names):
            raise UnusableInputError(f"the summaries are {', '.join(computed)}; {', '.join(names)} are needed")
        return [computed[name] for name in names]
