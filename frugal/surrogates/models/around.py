"""What models that hand another one changed inputs or outputs have in common with it."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from frugal.experiments.study import Kind
from frugal.surrogates.fitting.model import Fitted, Model


class AroundModel:
    """Stands on the ladder as the model within does."""

    model: Model

    @property
    def name(self) -> str:
        """Of the model."""
        return self.model.name

    @property
    def kind(self) -> Kind:
        """Of the model."""
        return self.model.kind

    @property
    def label(self) -> Mapping[str, str]:
        """Of the model."""
        return self.model.label


class AroundFit:
    """Has the parameters of the fit within."""

    inner: Fitted

    @property
    def parameters(self) -> int:
        """Those of the fit."""
        return self.inner.parameters


class AroundFieldFit(AroundFit):
    """The same for a fit that answers with modes of maps."""

    def project(self, outputs: np.ndarray) -> np.ndarray:
        """Outputs ``[n, m]`` through the modes and back."""
        projected: np.ndarray = self.inner.project(outputs)  # type: ignore[attr-defined]
        return projected
