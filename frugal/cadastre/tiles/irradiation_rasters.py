"""Maps of irradiation as cloud-optimised GeoTIFF: the year and its twelve months as whole kWh/m²."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import numpy as np

from frugal.cadastre.job.job import Job
from frugal.formats.files.atomic import write_bytes, write_text
from frugal.formats.rasters.tiling import Bounds, Tile
from frugal.studies.solar.roof_yield.study import MONTHS

NODATA = 65535


def write_irradiation(path: Path, monthly: np.ndarray, job: Job, tile: Tile) -> None:
    """Write the maps of one tile: band 1 the year, bands 2 to 13 the months.

    Parameters
    ----------
    path : Path
    monthly : ndarray, shape (rows, cols, 12)
        Irradiation [kWh/m²]; NaN where unknown.
    job : Job
    tile : Tile
    """
    import rasterio
    from rasterio.io import MemoryFile
    from rasterio.shutil import copy

    yearly = monthly.sum(axis=2)
    bands = np.concatenate([yearly[None], np.moveaxis(monthly, 2, 0)])
    whole = np.where(np.isfinite(bands), np.rint(bands), NODATA).astype(np.uint16)
    west, _, _, north = job.grid.bounds(tile.columns, tile.rows)
    size = job.grid.resolution_m
    profile: dict[str, Any] = {
        "driver": "GTiff",
        "height": whole.shape[1],
        "width": whole.shape[2],
        "count": 13,
        "dtype": "uint16",
        "nodata": NODATA,
        "crs": rasterio.crs.CRS.from_user_input(job.crs),
        "transform": rasterio.Affine(size, 0.0, west, 0.0, -size, north),
    }
    with MemoryFile() as memory, MemoryFile() as optimised:
        with memory.open(**profile) as dataset:
            dataset.write(whole)
            for number, name in enumerate(("year", *MONTHS), start=1):
                dataset.set_band_description(number, name)
                dataset.set_band_unit(number, "kWh/m²")
        with memory.open() as dataset:
            # Above level 4, a third more time would save one byte in seventy.
            packing = {"compress": "deflate", "level": 4, "predictor": 2}
            copy(dataset, optimised.name, driver="COG", overview_resampling="average", **packing)
        write_bytes(path, optimised.read())


def write_mosaic(path: Path, files: Sequence[Path], crs: str, bounds: Bounds, resolution_m: float) -> None:
    """Write a GDAL virtual raster that shows the maps of all tiles as one.

    Parameters
    ----------
    path : Path
        The ``.vrt`` to write.
    files : sequence of Path
        Maps of tiles from `write_irradiation`, at or below the folder of ``path``: it names them relative to that.
    crs : str
    bounds : tuple
        West, south, east, north [m], on edges of cells.
    resolution_m : float
        Side of a cell.
    """
    import rasterio

    columns, rows = (round((bounds[k + 2] - bounds[k]) / resolution_m) for k in (0, 1))
    root = ElementTree.Element("VRTDataset", rasterXSize=str(columns), rasterYSize=str(rows))
    ElementTree.SubElement(root, "SRS").text = rasterio.crs.CRS.from_user_input(crs).to_wkt()
    ElementTree.SubElement(
        root, "GeoTransform"
    ).text = f"{bounds[0]}, {resolution_m}, 0, {bounds[3]}, 0, {-resolution_m}"
    sources = []
    for file in files:
        with rasterio.open(file) as dataset:
            left, top = (
                (dataset.transform.c - bounds[0]) / resolution_m,
                (bounds[3] - dataset.transform.f) / resolution_m,
            )
            sources.append((file, round(left), round(top), dataset.width, dataset.height))
    for number, name in enumerate(("year", *MONTHS), start=1):
        band = ElementTree.SubElement(root, "VRTRasterBand", dataType="UInt16", band=str(number))
        ElementTree.SubElement(band, "Description").text = name
        ElementTree.SubElement(band, "UnitType").text = "kWh/m²"
        ElementTree.SubElement(band, "NoDataValue").text = str(NODATA)
        for file, left, top, width, height in sources:
            source = ElementTree.SubElement(band, "ComplexSource")
            ElementTree.SubElement(source, "SourceFilename", relativeToVRT="1").text = str(
                file.relative_to(path.parent)
            )
            ElementTree.SubElement(source, "SourceBand").text = str(number)
            size: dict[str, Any] = {"xSize": str(width), "ySize": str(height)}
            ElementTree.SubElement(source, "SrcRect", xOff="0", yOff="0", **size)
            ElementTree.SubElement(source, "DstRect", xOff=str(left), yOff=str(top), **size)
            ElementTree.SubElement(source, "NODATA").text = str(NODATA)
    write_text(path, ElementTree.tostring(root, encoding="unicode"))
