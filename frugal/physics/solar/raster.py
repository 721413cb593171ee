"""The check that an array is a raster."""

from __future__ import annotations

import numpy as np

from frugal.errors import UnusableInputError


def require_raster(name: str, values: np.ndarray, shape: tuple[int, ...] | None = None) -> np.ndarray:
    """The array, if it is a raster of rows and columns, and of the shape of the surface where one is given.

    Raises
    ------
    UnusableInputError
        If it is empty, or of another shape.
    """
    raster = np.asarray(values)
    if raster.ndim != 2 or raster.size == 0 or (shape is not None and raster.shape != shape):
        expected = "a raster of rows and columns" if shape is None else f"of shape {shape}, as the surface"
        raise UnusableInputError(f"{name} has shape {raster.shape}: it must be {expected}.")
    return raster
