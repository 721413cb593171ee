"""What a metric is taken of: true and predicted values of one output by run, time and place."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from frugal.errors import UnusableInputError


@dataclass(frozen=True)
class Sample:
    """One output of several runs; whatever has no time axis has one time.

    Parameters
    ----------
    truth, predicted : array [n, times, places]
        In the unit of the output.
    times : sequence of float
        The times, in the unit of their axis; empty where there is no axis.
    counted : array of bool [times, places], optional
        Elements that are defined in at least one true run; all of them where nothing is said.
    defined : pair of arrays of bool [n, times, places], optional
        Where the truth and the prediction are defined; everywhere where nothing is said.

    Raises
    ------
    UnusableInputError
        If shapes differ, or there is no run.
    """

    truth: np.ndarray
    predicted: np.ndarray
    times: Sequence[float] = ()
    counted: np.ndarray | None = None
    defined: tuple[np.ndarray, np.ndarray] | None = None

    def __post_init__(self) -> None:
        if self.truth.shape != self.predicted.shape or self.truth.ndim != 3 or len(self.truth) == 0:
            raise UnusableInputError(
                f"truth has shape {self.truth.shape} and prediction {self.predicted.shape}; "
                "the same [n, times, places] is needed"
            )

    @property
    def has_series(self) -> bool:
        """Each place has values at several times."""
        return self.truth.shape[1] > 1

    @property
    def counts(self) -> np.ndarray:
        """Which elements count for metrics of what is defined, ``bool [times, places]``."""
        return np.ones(self.truth.shape[1:], dtype=bool) if self.counted is None else self.counted


def by_column(values: np.ndarray, pooled: bool) -> np.ndarray:
    """Values ``[n, times, places]`` as ``[n, what is pooled, columns]``: one column, or one for each element."""
    n = len(values)
    return values.reshape(n, -1, 1) if pooled else values.reshape(n, 1, -1)
