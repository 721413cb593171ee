"""Coarse terrain of any system, brought to the grid of a territory."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import rasterio
from rasterio.transform import from_origin
from rasterio.warp import transform

from frugal.errors import UnusableInputError
from frugal.formats.rasters.terrain import FINEST_CELL_M, read_terrain

#: A square kilometre in Lambert-93, near Grenoble.
HERE = (914_000.0, 6_457_000.0, 915_000.0, 6_458_000.0)


def _written(path: Path, heights: np.ndarray, crs: str | None, west: float, north: float, cell: float, **more) -> Path:
    profile = {
        "driver": "GTiff", "height": heights.shape[0], "width": heights.shape[1], "count": 1, "dtype": heights.dtype.name,
        "crs": crs, "transform": from_origin(west, north, cell, cell), **more,
    }  # fmt: skip
    with rasterio.open(path, "w", **profile) as dataset:
        dataset.write(heights, 1)
    return path


def _plane(x, y):
    return 200.0 + 0.02 * (x - HERE[0]) - 0.03 * (y - HERE[1])


def _centres(terrain):
    rows, columns = np.mgrid[0 : terrain.heights.shape[0], 0 : terrain.heights.shape[1]]
    return terrain.x_of(columns), terrain.y_of(rows)


def test_fine_terrain_is_averaged_to_whole_multiples_of_its_cells(tmp_path: Path) -> None:
    columns, rows = np.meshgrid(np.arange(800), np.arange(800))
    heights = _plane(912_003.0 + (columns + 0.5) * 5.0, 6_459_500.0 - (rows + 0.5) * 5.0)
    path = _written(tmp_path / "fine.tif", heights, "EPSG:2154", 912_003.0, 6_459_500.0, 5.0)
    terrain = read_terrain(path, "EPSG:2154", HERE, 900.0)
    assert terrain.resolution_m == FINEST_CELL_M
    assert terrain.x_min % 25.0 == terrain.y_max % 25.0 == 0.0
    assert terrain.x_min == 913_100.0 and terrain.y_max == 6_458_900.0
    x, y = _centres(terrain)
    np.testing.assert_allclose(terrain.heights, _plane(x, y), atol=0.2)


def test_degrees_are_turned_into_metres(tmp_path: Path) -> None:
    (west, east), (south, north) = transform(
        "EPSG:2154", "EPSG:4326", [911_000.0, 918_000.0], [6_454_000.0, 6_461_000.0]
    )
    step = 1.0 / 3600.0
    shape = int((north - south) / step), int((east - west) / step)
    columns, rows = np.meshgrid(np.arange(shape[1]), np.arange(shape[0]))
    x, y = transform(
        "EPSG:4326", "EPSG:2154", (west + (columns + 0.5) * step).ravel(), (north - (rows + 0.5) * step).ravel()
    )
    heights = _plane(np.array(x), np.array(y)).reshape(shape).astype(np.float32)
    terrain = read_terrain(
        _written(tmp_path / "world.tif", heights, "EPSG:4326", west, north, step), "EPSG:2154", HERE, 1e3
    )
    assert FINEST_CELL_M <= terrain.resolution_m < 31.0 and terrain.resolution_m % 1.0 == 0.0
    known = np.isfinite(terrain.heights)
    assert known.mean() > 0.98
    x, y = _centres(terrain)
    np.testing.assert_allclose(terrain.heights[known], _plane(x, y)[known], atol=0.3)


def test_missing_heights_are_unknown(tmp_path: Path) -> None:
    heights = np.full((60, 60), 100.0, dtype=np.float32)
    heights[:10], heights[10:20] = -9999.0, np.nan
    path = _written(tmp_path / "holes.tif", heights, "EPSG:2154", 913_000.0, 6_459_000.0, 50.0, nodata=-9999.0)
    terrain = read_terrain(path, "EPSG:2154", HERE, 2_000.0)
    known = terrain.heights[np.isfinite(terrain.heights)]
    assert np.all(known == 100.0)
    assert np.isnan(terrain.heights[:9]).all()


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("absent", "does not exist"),
        ("no_raster", "not a raster"),
        ("list_of_others", "names other files or addresses"),
        ("no_system", "no coordinate system"),
        ("two_bands", "2 bands"),
        ("fathoms", "are in 'fathom', which is no unit of length known here"),
        ("spike", "holds 400 m in row 30, column 31 .*, which is farther from all cells around"),
        ("elsewhere", "lies elsewhere"),
        ("nothing", "knows no height"),
    ],
)
def test_what_cannot_be_used_is_one_sentence(name: str, sentence: str, tmp_path: Path) -> None:
    path = tmp_path / f"{name}.tif"
    heights = np.full((60, 60), 10.0, dtype=np.float32)
    place = (913_000.0, 6_459_000.0, 50.0)
    if name == "no_raster":
        path.write_bytes(b"no raster at all")
    elif name == "list_of_others":
        path.write_text("<VRTDataset rasterXSize='1' rasterYSize='1'></VRTDataset>")
    elif name == "no_system":
        _written(path, heights, None, *place)
    elif name == "two_bands":
        with rasterio.open(
            path, "w", driver="GTiff", height=60, width=60, count=2, dtype="float32", crs="EPSG:2154",
            transform=from_origin(*place[:2], 50.0, 50.0),
        ) as dataset:  # fmt: skip
            dataset.write(np.stack([heights, heights]))
    elif name == "fathoms":
        _written(path, heights, "EPSG:2154", *place)
        with rasterio.open(path, "r+") as dataset:
            dataset.units = ("fathom",)
    elif name == "spike":
        heights[30, 31] = 400.0
        _written(path, heights, "EPSG:2154", *place)
    elif name == "elsewhere":
        _written(path, heights, "EPSG:2154", 300_000.0, 6_459_000.0, 50.0)
    elif name == "nothing":
        _written(path, np.full((60, 60), -9999.0, dtype=np.float32), "EPSG:2154", *place, nodata=-9999.0)
    with pytest.raises(UnusableInputError, match=sentence) as told:
        read_terrain(path, "EPSG:2154", HERE, 2_000.0)
    assert str(path) in str(told.value) and "\n" not in str(told.value)
