"""A model that learns from the summaries of the inputs that a study gives."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from frugal.experiments.study import Variable
from frugal.experiments.study.derived_features import Summaries
from frugal.experiments.study.input_layout import InputLayout
from frugal.surrogates.fitting.input_features import check_inputs
from frugal.surrogates.fitting.model import Fitted, Model
from frugal.surrogates.fitting.validation import out_of_fold
from frugal.surrogates.models.around import AroundFieldFit, AroundFit, AroundModel
from frugal.surrogates.onnx.graph import Graph


@dataclass(frozen=True)
class FittedOnSummaries(AroundFit):
    """A fit to summaries."""

    summaries: Summaries
    layout: InputLayout
    inner: Fitted

    @property
    def log(self) -> dict[str, Any]:
        """That of the fit, and the names of the columns."""
        return {**self.inner.log, "summaries": [variable.name for variable in self.summaries.variables]}

    def predict(self, inputs: np.ndarray) -> np.ndarray:
        """Outputs ``[n, m]`` of inputs ``[n, d]``."""
        return self.inner.predict(self.summaries.of(inputs, self.layout))

    def graph(self, builder: Graph, x: str) -> str:
        """The nodes of the study's summaries, then those of the fit."""
        return self.inner.graph(builder, self.summaries.graph(builder, x, self.layout))


@dataclass(frozen=True)
class FittedFieldOnSummaries(AroundFieldFit, FittedOnSummaries):
    """The same for a fit that answers with modes of maps."""


@dataclass(frozen=True)
class OnDerivedFeatures(AroundModel):
    """A model that sees a study's summaries; it sees the inputs themselves when some of them are left out.

    Parameters
    ----------
    model : Model
    summaries : Summaries
    layout : InputLayout
        Of the study.
    compares : bool
        Inputs and summaries are both tried, by cross-validation, and the better ones kept: for rungs that cost next to nothing.
    """

    model: Model
    summaries: Summaries
    layout: InputLayout
    compares: bool = False

    def fit(
        self,
        inputs: np.ndarray,
        outputs: np.ndarray,
        groups: np.ndarray | None,
        variables: Sequence[Variable],
        seed: int,
    ) -> Fitted:
        """Fit the model to the summaries of the inputs.

        Parameters
        ----------
        inputs, outputs, groups
            As for `Model.fit`.
        variables : sequence of Variable
            Inputs of the study; where some are left out, or others are named, the model learns from the inputs as they are.
        seed : int
            Of the model, and of the three folds that the comparison is made on.
        """
        if [variable.name for variable in variables] != [column.name for column in self.layout.columns]:
            return self.model.fit(inputs, outputs, groups, variables, seed)
        columns = self.summaries.of(check_inputs(inputs, variables), self.layout)
        if self.compares:
            own = self._held_out_error(inputs, outputs, groups, variables, seed)
            if own < self._held_out_error(columns, outputs, groups, self.summaries.variables, seed):
                return self.model.fit(inputs, outputs, groups, variables, seed)
        inner = self.model.fit(columns, outputs, groups, self.summaries.variables, seed)
        kind = FittedFieldOnSummaries if hasattr(inner, "project") else FittedOnSummaries
        return kind(self.summaries, self.layout, inner)

    def with_fixed_settings(self, fitted: Any) -> Model:
        """The same with the settings and the columns of an earlier fit."""
        if isinstance(fitted, FittedOnSummaries):
            return replace(self, model=self.model.with_fixed_settings(fitted.inner), compares=False)
        return self.model.with_fixed_settings(fitted)

    def _held_out_error(
        self,
        columns: np.ndarray,
        outputs: np.ndarray,
        groups: np.ndarray | None,
        variables: Sequence[Variable],
        seed: int,
    ) -> float:
        """Mean squared error of runs left out, in spreads of each output that varies."""
        spread = outputs.std(axis=0)
        varies = spread > 0.05 * spread.max(initial=0.0)
        residuals = out_of_fold(
            lambda x, y, labels: self.model.fit(x, y, labels, variables, seed).predict,
            columns,
            outputs,
            groups,
            3,
            seed,
        )
        return float(np.sum((residuals[:, varies] / spread[varies]) ** 2))
