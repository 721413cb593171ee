"""Rows of numbers filled and copied: slices of arrays in kernels take seconds to compile."""

from __future__ import annotations

import numpy as np

from frugal.physics.compiled import inner


@inner()
def fill(row: np.ndarray, value: float) -> None:
    """Set all numbers of a row."""
    for k in range(row.size):
        row[k] = value


@inner()
def copy_row(row: np.ndarray, into: np.ndarray) -> None:
    """Copy a row into another one of its size."""
    for k in range(row.size):
        into[k] = row[k]
