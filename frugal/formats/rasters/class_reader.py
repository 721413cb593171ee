"""Classes of a raster on the cells of a grid, as the nearest pixel has them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from frugal.errors import UnusableInputError
from frugal.formats.coordinate_systems import horizontal, parse_system

#: So many pixels a side are looked at in a cell at most.
_FINEST = 16
#: Rows of cells that are read at a time.
_BAND_ROWS = 128
#: What a pixel without class holds here.
UNKNOWN = -(2**31)


def class_blocks(
    path: Path | str, what: str, crs: str, transform: Sequence[float], shape: tuple[int, int]
) -> Iterator[tuple[int, np.ndarray]]:
    """Classes of the pixels in the cells of a grid, some rows of cells after the other.

    Parameters
    ----------
    path : path
        A raster of one band of whole numbers, in any system.
    what : str
        What it is, for the messages.
    crs : str
        System of the grid.
    transform : sequence of six float
        a, b, c, d, e, f of the grid, as rasterio has them.
    shape : tuple of int
        Its rows and columns.

    Yields
    ------
    first : int
        Row of the first cells.
    classes : ndarray of int [rows, columns, n]
        n pixels, the nearest ones to points that fill each cell evenly; `UNKNOWN` where there is none.

    Raises
    ------
    UnusableInputError
        If the file is no such raster.
    """
    import rasterio
    from rasterio.enums import Resampling
    from rasterio.errors import RasterioError
    from rasterio.vrt import WarpedVRT

    try:
        dataset: Any = rasterio.open(path)
    except RasterioError as fault:
        raise UnusableInputError(f"{what} '{path}' is not a raster that can be read") from fault
    with dataset:
        if dataset.crs is None:
            raise UnusableInputError(
                f"{what} '{path}' has no coordinate system; save it with one (Lambert-93: EPSG:2154)"
            )
        if dataset.count != 1 or not np.issubdtype(np.dtype(dataset.dtypes[0]), np.integer):
            raise UnusableInputError(
                f"{what} '{path}' has {dataset.count} bands of {dataset.dtypes[0]}; one of whole numbers, its classes, is "
                "needed"
            )
        system = rasterio.crs.CRS.from_wkt(horizontal(parse_system(crs)).to_wkt())
        finer = _finer(dataset, system, transform, shape)
        a, b, c, d, e, f = transform
        fine = rasterio.Affine(a / finer, b / finer, c, d / finer, e / finer, f)
        options = {
            "crs": system,
            "transform": fine,
            "width": shape[1] * finer,
            "height": shape[0] * finer,
            "resampling": Resampling.nearest,
        }
        with WarpedVRT(dataset, add_alpha=dataset.nodata is None, **options) as warped:
            for first in range(0, shape[0], _BAND_ROWS):
                rows = min(_BAND_ROWS, shape[0] - first)
                window = rasterio.windows.Window(0, first * finer, shape[1] * finer, rows * finer)
                values = warped.read(1, window=window).astype(np.int64)
                known = warped.read_masks(1, window=window) > 0
                cut = np.where(known, values, UNKNOWN).reshape(rows, finer, shape[1], finer)
                yield first, cut.transpose(0, 2, 1, 3).reshape(rows, shape[1], finer * finer)


def _finer(dataset: Any, system: Any, transform: Sequence[float], shape: tuple[int, int]) -> int:
    """Points along the side of a cell: one for each pixel of the raster."""
    from rasterio.warp import transform_bounds

    west, north = transform[2], transform[5]
    east, south = west + transform[0] * shape[1], north + transform[4] * shape[0]
    try:
        bounds = transform_bounds(system, dataset.crs, west, south, east, north)
    except Exception:  # the grid lies where the raster's system does not reach: nothing will be found there
        return 1
    pixels = max(abs((bounds[2] - bounds[0]) / dataset.transform.a), 1.0)
    return int(np.clip(np.ceil(pixels / shape[1]), 1, _FINEST))
