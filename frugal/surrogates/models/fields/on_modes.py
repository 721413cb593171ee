"""Any model on the modes of maps: what it learns are a few targets, what it answers are maps."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from time import thread_time
from typing import Any

import numpy as np

from frugal.experiments.study import Kind, Variable
from frugal.experiments.study.outputs import Output
from frugal.surrogates.fitting.model import Fitted, Model, check_runs, one_thread
from frugal.surrogates.models.fields.pod import MOST_MODES, Reduction
from frugal.surrogates.onnx.graph import Graph


@dataclass(frozen=True)
class FittedField:
    """Modes, and a model fitted to their targets."""

    reduction: Reduction
    inner: Fitted
    log: dict[str, Any]

    @property
    def parameters(self) -> int:
        """Those of the model, and the numbers of the modes."""
        return self.inner.parameters + self.reduction.parameters

    def predict(self, inputs: np.ndarray) -> np.ndarray:
        """Outputs ``[n, m]`` of inputs ``[n, d]``; derived columns are left at 0."""
        return self.reduction.decode(self.inner.predict(inputs))

    def project(self, outputs: np.ndarray) -> np.ndarray:
        """Outputs ``[n, m]`` through the modes and back."""
        return self.reduction.project(outputs)

    def graph(self, builder: Graph, x: str) -> str:
        """The model's nodes, then one matrix product for each map."""
        return self.reduction.graph(builder, builder.cast(self.inner.graph(builder, x), np.float32))


@dataclass(frozen=True)
class ModelOnModes:
    """A model of the ladder on the modes of maps.

    Parameters
    ----------
    name, kind, label
        Of the model.
    outputs : tuple of Output
        Of the study.
    make : callable
        ``make(reduction) -> Model``: the model that learns the targets.
    adapt : callable
        ``adapt(model, reduction) -> Model``: a model with fixed settings for the targets of another reduction, which may
        have fewer modes.
    most_modes : int
        Modes of one map at the most.
    ranks, chosen
        Modes of each map and the settled model, after a first fit.
    """

    name: str
    kind: Kind
    label: Mapping[str, str]
    outputs: tuple[Output, ...]
    make: Callable[[Reduction], Model]
    adapt: Callable[[Any, Reduction], Model] = lambda model, reduction: model
    most_modes: int = MOST_MODES
    ranks: Mapping[str, int] | None = None
    chosen: Model | None = field(default=None)

    def fit(
        self,
        inputs: np.ndarray,
        outputs: np.ndarray,
        groups: np.ndarray | None,
        variables: Sequence[Variable],
        seed: int,
    ) -> FittedField:
        """Reduce the maps, then fit the model to the targets.

        Parameters
        ----------
        inputs, groups, variables, seed
            As for `Model.fit`; all go on to the model that learns the targets.
        outputs : array [n, m]
            All outputs of the study, derived ones included, which are not learnt.
        """
        x, y, groups = check_runs(inputs, outputs, groups, variables)
        start = thread_time()
        with one_thread():
            ranks = None if self.ranks is None else dict(self.ranks)
            reduction, targets = Reduction.of(y, self.outputs, ranks, self.most_modes)
        spent = thread_time() - start
        model = self.make(reduction) if self.chosen is None else self.adapt(self.chosen, reduction)
        inner = model.fit(x, targets, groups, variables, seed)
        log = {
            **inner.log,
            "fit_cpu_seconds": inner.log["fit_cpu_seconds"] + spent,
            "reduction_cpu_seconds": spent,
            "modes": reduction.ranks,
        }
        return FittedField(reduction, inner, log)

    def with_fixed_settings(self, fitted: FittedField) -> ModelOnModes:
        """The same with the numbers of modes and the settings of an earlier fit."""
        model = self.chosen or self.make(fitted.reduction)
        return replace(self, ranks=fitted.reduction.ranks, chosen=model.with_fixed_settings(fitted.inner))
