"""The mean of the training runs, whatever is asked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from time import thread_time
from typing import Any

import numpy as np

from frugal.experiments.study import Kind, Variable
from frugal.surrogates.fitting.input_features import check_inputs
from frugal.surrogates.fitting.model import NoSearch, check_runs, fit_log
from frugal.surrogates.onnx.graph import Graph
from frugal.texts import room_texts

_TEXTS = room_texts("frugal.surrogates")


@dataclass(frozen=True)
class FittedConstant:
    """The mean of each output."""

    variables: tuple[Variable, ...]
    mean: np.ndarray
    log: dict[str, Any]

    @property
    def parameters(self) -> int:
        """One number per output."""
        return int(self.mean.size)

    def predict(self, inputs: np.ndarray) -> np.ndarray:
        """The same row for every input."""
        return np.tile(self.mean, (len(check_inputs(inputs, self.variables)), 1))

    def graph(self, builder: Graph, x: str) -> str:
        """One node; the product with zeros carries the number of rows, and a missing input through."""
        if self.mean.size > 64:  # of a map, the zeros would be most of the file
            zero = builder.op("MatMul", x, builder.constant(np.zeros((len(self.variables), 1))))
            return builder.op("Add", zero, builder.constant(self.mean))
        zeros = np.zeros((len(self.variables), self.mean.size))
        return builder.op("Gemm", x, builder.constant(zeros), builder.constant(self.mean))


@dataclass(frozen=True)
class Constant(NoSearch):
    """The mean of the training runs: what every other candidate has to beat."""

    name: str = "constant"
    kind: Kind = "constant"
    label: Mapping[str, str] = field(default_factory=lambda: _TEXTS.say("model.constant"))

    def fit(
        self,
        inputs: np.ndarray,
        outputs: np.ndarray,
        groups: np.ndarray | None,
        variables: Sequence[Variable],
        seed: int,
    ) -> FittedConstant:
        """Take the mean of outputs ``[n, m]``.

        Parameters
        ----------
        inputs, outputs, groups, variables, seed
            As for `Model.fit`; all but the outputs are only checked, and nothing is random.
        """
        _, y, _ = check_runs(inputs, outputs, groups, variables)
        start = thread_time()
        mean = y.mean(axis=0)
        return FittedConstant(tuple(variables), mean, fit_log(1, 0.0, thread_time() - start, "closed_form"))
