"""The check that an array is a raster."""

from __future__ import annotations

import numpy as np

from frugal.errors import UnusableInputError


def require_raster(name: str, values: np.ndarray, shape: tuple[int, ...] | None = None) -> np.ndarray:
    """The array, if it is a raster.

    Parameters
    ----------
    name : str
        What the message calls it.
    values : array_like
    shape : tuple of int, optional
        Rows and columns of the surface that it has to match.

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
