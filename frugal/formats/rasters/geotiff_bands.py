"""Maps as the bands of one GeoTIFF."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from frugal.errors import UnusableInputError
from frugal.formats.files.atomic import write_bytes

NODATA = -9999.0


@dataclass(frozen=True, eq=False)
class Band:
    """One map: values ``[rows, cols]``, NaN where there is none, row 0 as the transform says; name and unit may be empty."""

    name: str
    unit: str
    values: np.ndarray


def write_bands(
    path: Path | str,
    bands: Sequence[Band],
    crs: str,
    transform: Sequence[float],
    tags: Mapping[str, str] | None = None,
) -> None:
    """Write maps of one shape as a compressed GeoTIFF (float32, missing cells as −9999) that appears whole or not at all.

    Parameters
    ----------
    path : path
    bands : sequence of Band
    crs : str
        Coordinate reference system, ``EPSG:2154`` or WKT.
    transform : sequence of six float
        a, b, c, d, e, f of x = a column + b row + c, y = d column + e row + f at the upper left corner of a cell.
    tags : mapping of str to str, optional
        Written to the metadata of the file.

    Raises
    ------
    UnusableInputError
        If the coordinate system is unknown.
    EnvironmentFaultError
        If the file cannot be written.
    """
    import rasterio
    from rasterio.io import MemoryFile

    system = system_of(crs)
    rows, cols = bands[0].values.shape
    profile = {
        "driver": "GTiff",
        "height": rows,
        "width": cols,
        "count": len(bands),
        "dtype": "float32",
        "nodata": NODATA,
        "crs": system,
        "transform": rasterio.Affine(*transform),
        "compress": "deflate",
        "predictor": 3,
        "tiled": rows >= 256 and cols >= 256,
    }
    with MemoryFile() as memory:
        with memory.open(**profile) as dataset:
            for number, band in enumerate(bands, start=1):
                filled = np.where(np.isfinite(band.values), band.values, NODATA)
                dataset.write(filled.astype(np.float32), number)
                if band.name:
                    dataset.set_band_description(number, band.name)
                if band.unit:
                    dataset.set_band_unit(number, band.unit)
            dataset.update_tags(**(tags or {}))
        content = memory.read()
    write_bytes(path, content)


def system_of(crs: str) -> Any:
    """A coordinate system as rasterio has it.

    Raises
    ------
    UnusableInputError
        If it is unknown.
    """
    import rasterio
    from rasterio.errors import CRSError

    try:
        return rasterio.crs.CRS.from_user_input(crs)
    except CRSError as fault:
        raise UnusableInputError(f"coordinate system '{crs[:60]}' is unknown; EPSG:2154 or WKT is needed") from fault
