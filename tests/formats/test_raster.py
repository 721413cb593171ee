"""Surface models: what is written reads back, and each unusable raster is refused with its reason."""

from pathlib import Path

import numpy as np
import pytest
import rasterio
from rasterio._err import CPLE_AppDefinedError
from rasterio.transform import Affine, from_origin

from frugal.errors import EnvironmentFaultError, UnusableInputError
from frugal.formats.rasters.heights import opened_heights
from frugal.formats.rasters.surface_model import SurfaceModel, hash_of_heights, read_surface_model, write_surface_model


def surface(heights: np.ndarray) -> SurfaceModel:
    return SurfaceModel(heights, 0.5, 364_000.0, 6_628_000.0, "EPSG:2154", "test", hash_of_heights(heights))


def write(path: Path, heights: np.ndarray, **changes) -> Path:
    bands = heights if heights.ndim == 3 else heights[None]
    profile = {
        "driver": "GTiff",
        "count": bands.shape[0],
        "height": bands.shape[1],
        "width": bands.shape[2],
        "dtype": bands.dtype,
        "crs": "EPSG:2154",
        "transform": from_origin(364_000, 6_628_000, 0.5, 0.5),
    }
    with rasterio.open(path, "w", **(profile | changes)) as dataset:
        dataset.write(bands)
    return path


HEIGHTS = np.arange(12, dtype=np.float32).reshape(3, 4)


def test_round_trip_keeps_heights_holes_and_place(tmp_path):
    heights = np.linspace(0, 30, 300 * 280).reshape(300, 280)
    heights[5, 7] = np.nan
    path = tmp_path / "deep" / "surface.tif"
    write_surface_model(path, surface(heights))
    back = read_surface_model(path)
    np.testing.assert_allclose(back.heights, heights, atol=2e-6)
    assert back.heights.dtype == np.float64
    assert (back.resolution_m, back.x_min, back.y_max) == (0.5, 364_000.0, 6_628_000.0)
    assert (back.crs, back.source) == ("EPSG:2154", "surface.tif")
    assert back.x_of(np.array([0]))[0] == 364_000.25
    assert back.y_of(np.array([1]))[0] == 6_627_999.25
    assert [entry.name for entry in path.parent.iterdir()] == ["surface.tif"]


def test_marked_cells_and_those_that_are_no_number_are_missing(tmp_path):
    heights = HEIGHTS.copy()
    heights[0, 0], heights[2, 2] = -9999, np.nan
    back = read_surface_model(write(tmp_path / "s.tif", heights, nodata=-9999))
    assert np.isnan(back.heights[[0, 2], [0, 2]]).all()
    assert np.isfinite(back.heights).sum() == 10


def test_integer_heights_are_read(tmp_path):
    back = read_surface_model(write(tmp_path / "s.tif", np.arange(12, dtype=np.int16).reshape(3, 4), nodata=3))
    assert np.isnan(back.heights[0, 3])
    assert back.heights[2, 3] == 11.0


@pytest.mark.parametrize(
    ("heights", "changes", "words"),
    [
        (HEIGHTS, {"crs": None}, "no coordinate system"),
        (HEIGHTS, {"crs": "EPSG:4326", "transform": from_origin(-1, 46, 1e-5, 1e-5)}, "in degrees"),
        (HEIGHTS, {"crs": "EPSG:2263"}, "not in metres"),
        (np.stack([HEIGHTS, HEIGHTS]), {}, "2 bands"),
        (HEIGHTS, {"transform": from_origin(0, 0, 0.5, 1.0)}, "square cells"),
        (HEIGHTS, {"transform": Affine(0.5, 0.1, 0, 0.1, -0.5, 0)}, "rotated"),
        (HEIGHTS, {"transform": Affine(0.5, 0, 0, 0, 0.5, 0)}, "rotated or flipped"),
        (HEIGHTS * np.float32(np.nan), {}, "no height at all"),
        (HEIGHTS * 0 + 7, {"nodata": 7}, "no height at all"),
        (HEIGHTS.astype(np.complex64), {}, "complex"),
    ],
)
def test_unusable_rasters_are_refused(tmp_path, heights, changes, words):
    path = write(tmp_path / "bad.tif", heights, **changes)
    with pytest.raises(UnusableInputError, match=words) as caught:
        read_surface_model(path)
    assert "bad.tif" in str(caught.value)


def test_cut_and_foreign_files_are_refused(tmp_path):
    random = np.random.default_rng(0).random((400, 400))
    whole = write(tmp_path / "whole.tif", random, compress="deflate").read_bytes()
    cases = {"cut.tif": whole[: len(whole) // 2], "text.tif": b"not a raster", "empty.tif": b""}
    for name, content in cases.items():
        (tmp_path / name).write_bytes(content)
        with pytest.raises(UnusableInputError, match="not a raster that can be read"):
            read_surface_model(tmp_path / name)
    for path in (tmp_path / "none.tif", tmp_path):
        with pytest.raises(UnusableInputError, match="does not exist"):
            read_surface_model(path)


@pytest.mark.parametrize("fault", [CPLE_AppDefinedError(3, 1, "Key 3076 of unknown type."), MemoryError()])
def test_whatever_a_driver_raises_on_damaged_bytes_is_told(tmp_path, fault):
    path = write(tmp_path / "bad.tif", HEIGHTS)
    told = pytest.raises(UnusableInputError, match=r"bad\.tif' is not a raster that can be read")
    with told, opened_heights(path, "terrain"):
        raise fault


def test_a_folder_that_cannot_be_made_is_told(tmp_path):
    (tmp_path / "file").write_text("x")
    with pytest.raises(EnvironmentFaultError):
        write_surface_model(tmp_path / "file" / "s.tif", surface(HEIGHTS.astype(np.float64)))


def test_real_surface_models(shared_data: Path):
    delft = read_surface_model(shared_data / "dsm" / "delft_050cm.tif")
    assert (delft.heights.shape, delft.resolution_m, delft.crs) == ((456, 528), 0.5, "EPSG:28992")
    with pytest.raises(UnusableInputError, match="in degrees"):
        read_surface_model(shared_data / "gironde" / "topobathymetry.tif")


@pytest.mark.parametrize(
    "content", ['<VRTDataset rasterXSize="1">', "\ufeff\n<GDAL_WMS>", '{"type": "gdal_streamed_alg"}']
)
def test_files_that_name_others_are_refused(tmp_path, content):
    path = tmp_path / "a.tif"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(UnusableInputError, match="names other files or addresses"):
        read_surface_model(path)
