"""Terrain from several tiles, rasters or point clouds."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import rasterio
from clouds_for_tests import SOUTH, WEST, write_cloud
from rasterio.transform import from_origin

from frugal.errors import UnusableInputError
from frugal.formats.ground.tiles import read_tiles, shape_of_tiles


def _raster(path: Path, heights: np.ndarray, west: float, north: float) -> Path:
    with rasterio.open(
        path, "w", driver="GTiff", height=heights.shape[0], width=heights.shape[1], count=1, dtype="float32",
        crs="EPSG:2154", transform=from_origin(west, north, 5.0, 5.0),
    ) as target:  # fmt: skip
        target.write(heights.astype("float32"), 1)
    return path


def test_tiles_side_by_side_are_one_terrain(tmp_path: Path) -> None:
    whole = np.arange(8 * 12, dtype=float).reshape(8, 12)
    tiles = [
        _raster(tmp_path / "east.tif", whole[:, 6:], 770_030.0, 6_277_040.0),
        _raster(tmp_path / "west.tif", whole[:, :6], 770_000.0, 6_277_040.0),
    ]
    ground = read_tiles(tiles)
    np.testing.assert_array_equal(ground.mean.heights, whole)
    assert (ground.mean.x_min, ground.mean.y_max, ground.mean.resolution_m) == (770_000.0, 6_277_040.0, 5.0)
    wide = read_tiles(tiles, 10.0)
    assert wide.mean.heights.shape == shape_of_tiles(tiles, 10.0) == (4, 6)
    assert wide.mean.heights[0, 0] == whole[:2, :2].mean()
    assert wide.crest[0, 0] == whole[1, 1]


def test_a_gap_between_tiles_stays_unknown(tmp_path: Path) -> None:
    tiles = [
        _raster(tmp_path / "a.tif", np.zeros((4, 4)), 770_000.0, 6_277_020.0),
        _raster(tmp_path / "b.tif", np.zeros((4, 4)), 770_025.0, 6_277_020.0),
    ]
    assert np.isnan(read_tiles(tiles).mean.heights[:, 4]).all()


def _plane(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    return 3.0 + 0.02 * x - 0.01 * y


def test_ground_points_are_gridded_and_what_stands_on_them_is_not(tmp_path: Path) -> None:
    x, y = (part.ravel() for part in np.meshgrid(np.arange(0.5, 40.0), np.arange(0.5, 40.0)))
    roof = (x > 12) & (x < 20) & (y > 12) & (y < 20)  # 8 by 8 m without ground
    points = np.stack([x, y, np.where(roof, 12.0, _plane(x, y))], axis=1)
    cloud = write_cloud(tmp_path / "tile.laz", points, np.where(roof, 6, 2))
    ground = read_tiles([cloud], 1.0)
    assert (ground.mean.x_min, ground.mean.y_max) == (WEST, SOUTH + 40.0)
    rows, columns = np.mgrid[0:40, 0:40]
    np.testing.assert_allclose(ground.mean.heights, _plane(columns + 0.5, 39.5 - rows), atol=0.011)  # heights in cm
    assert ground.filled_share == pytest.approx(64 / 1600)
    assert ground.crest.max() < 4.0


@pytest.mark.parametrize(
    ("cells", "kept", "words"),
    [(None, 2, "set cell_size_m"), (1.0, 6, "no point of class"), (0.25, 2, "20%")],
)
def test_what_a_cloud_cannot_give_is_refused(tmp_path: Path, cells: float | None, kept: int, words: str) -> None:
    x, y = (part.ravel() for part in np.meshgrid(np.arange(0.5, 20.0), np.arange(0.5, 20.0)))
    cloud = write_cloud(tmp_path / "tile.las", np.stack([x, y, _plane(x, y)], axis=1), kept)
    with pytest.raises(UnusableInputError, match=words):
        read_tiles([cloud], cells)


def test_rasters_and_clouds_are_not_mixed(tmp_path: Path) -> None:
    raster = _raster(tmp_path / "a.tif", np.zeros((4, 4)), 770_000.0, 6_277_020.0)
    cloud = write_cloud(tmp_path / "b.las", np.zeros((3, 3)))
    with pytest.raises(UnusableInputError, match="rasters alone or point clouds alone"):
        read_tiles([raster, cloud], 5.0)
