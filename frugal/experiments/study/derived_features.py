"""What a study knows in closed form about its inputs: the few quantities that the answer really depends on."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from frugal.errors import UnusableInputError

if TYPE_CHECKING:
    from frugal.experiments.study.graph_builder import GraphBuilder
    from frugal.experiments.study.variables import Variable


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
        ``compute(inputs[n, d]) -> [n, k]``, deterministic.
    graph : callable
        ``graph(builder, x) -> z``: the same as ONNX nodes, from the float32 ``[n, d]`` tensor of inputs to a float32
        ``[n, k]`` tensor.
    """

    variables: tuple[Variable, ...]
    compute: Callable[[np.ndarray], np.ndarray]
    graph: Callable[[GraphBuilder, str], str]

    def of(self, inputs: np.ndarray) -> np.ndarray:
        """Columns ``[n, k]`` of inputs ``[n, d]``, as float32 holds them.

        Raises
        ------
        UnusableInputError
            If the study computes something else.
        """
        columns = np.asarray(self.compute(np.asarray(inputs, dtype=float)), dtype=np.float64)
        expected = (len(inputs), len(self.variables))
        if columns.shape != expected or not np.isfinite(columns).all():
            raise UnusableInputError(f"summaries of the inputs have shape {columns.shape}; finite {expected} is needed")
        return columns.astype(np.float32).astype(np.float64)
