"""Classes as a GeoTIFF of small whole numbers with a colour for each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from frugal.formats.files.atomic import write_bytes
from frugal.formats.rasters.geotiff_bands import system_of

#: What a cell of which nothing is asked holds.
NO_CLASS = 255


def write_classes(
    path: Path | str,
    classes: np.ndarray,
    colours: Sequence[str],
    crs: str,
    transform: Sequence[float],
    tags: Mapping[str, str] | None = None,
    name: str = "",
) -> None:
    """Write classes as a paletted GeoTIFF that appears whole or not at all.

    Parameters
    ----------
    path : path
    classes : ndarray of int [rows, cols]
        From 1 up; 0 is a cell without class, drawn as nothing, and `NO_CLASS` one of which nothing is asked.
    colours : sequence of str
        ``#rrggbb`` of each class.
    crs : str
        ``EPSG:2154`` or WKT.
    transform : sequence of six float
        As for `write_bands`.
    tags : mapping of str to str, optional
        Written to the metadata of the file.
    name : str
        Of the band.

    Raises
    ------
    UnusableInputError
        If the coordinate system is unknown.
    EnvironmentFaultError
        If the file cannot be written.
    """
    import rasterio
    from rasterio.io import MemoryFile

    rows, cols = classes.shape
    profile = {
        "driver": "GTiff",
        "height": rows,
        "width": cols,
        "count": 1,
        "dtype": "uint8",
        "nodata": NO_CLASS,
        "crs": system_of(crs),
        "transform": rasterio.Affine(*transform),
        "compress": "deflate",
        "tiled": rows >= 256 and cols >= 256,
        "photometric": "palette",
    }
    palette = {0: (255, 255, 255, 0), NO_CLASS: (0, 0, 0, 0)}
    for number, colour in enumerate(colours, start=1):
        red, green, blue = (int(colour[k : k + 2], 16) for k in (1, 3, 5))
        palette[number] = (red, green, blue, 255)
    with MemoryFile() as memory:
        with memory.open(**profile) as dataset:
            dataset.write(classes.astype(np.uint8), 1)
            dataset.write_colormap(1, palette)
            if name:
                dataset.set_band_description(1, name)
            dataset.update_tags(**(tags or {}))
        content = memory.read()
    write_bytes(path, content)
