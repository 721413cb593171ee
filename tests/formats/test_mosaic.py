"""Several surface models as one: the first that knows a height counts, and files that do not fit are told by name."""

import numpy as np
import pytest
import rasterio
from rasterio.transform import from_origin

from frugal.errors import UnusableInputError
from frugal.formats.rasters.mosaic import examine_raster, open_rasters, raster_header

WEST, NORTH = 770_000.0, 6_278_000.0


def write(path, heights, west=WEST, north=NORTH, size=1.0, crs="EPSG:2154", units=None, **changes):
    heights = np.asarray(heights)
    profile = {"driver": "GTiff", "count": 1, "height": heights.shape[0], "width": heights.shape[1]}
    profile |= {"dtype": heights.dtype, "crs": crs, "transform": from_origin(west, north, size, size)} | changes
    with rasterio.open(path, "w", **profile) as dataset:
        dataset.write(heights, 1)
        if units:
            dataset.units = [units]
    return path


@pytest.fixture
def neighbours(tmp_path):
    """Two files of 4 × 6 cells that overlap by two columns."""
    first = np.full((4, 6), 1.0, dtype=np.float32)
    first[1, 5] = np.nan
    second = np.full((4, 6), 2.0, dtype=np.float32)
    second[:, 0] = -9999.0
    return write(tmp_path / "a.tif", first), write(tmp_path / "b.tif", second, WEST + 4, nodata=-9999.0)


def test_the_first_file_that_knows_a_height_counts(neighbours):
    mosaic = open_rasters(neighbours)
    assert (mosaic.crs, mosaic.resolution_m, mosaic.origin, mosaic.notes) == ("EPSG:2154", 1.0, (0.0, 0.0), ())
    assert mosaic.bounds == (WEST, NORTH - 4, WEST + 10, NORTH)
    heights = mosaic.read(mosaic.bounds).heights
    expected = np.repeat([[1, 1, 1, 1, 1, 1, 2, 2, 2, 2]], 4, axis=0)
    expected[1, 5] = 2
    np.testing.assert_array_equal(heights, expected)
    np.testing.assert_array_equal(open_rasters(neighbours[::-1]).read(mosaic.bounds).heights[0], [1] * 5 + [2] * 5)


def test_windows_agree_and_what_lies_beyond_is_unknown(neighbours):
    mosaic = open_rasters(neighbours)
    surface = mosaic.read((WEST - 1.5, NORTH - 2.5, WEST + 7, NORTH + 1))
    assert (surface.x_min, surface.y_max, surface.heights.shape) == (WEST - 2, NORTH + 1, (4, 9))
    assert np.isnan(surface.heights[0]).all()
    assert np.isnan(surface.heights[:, :2]).all()
    np.testing.assert_array_equal(surface.heights[1:, 2:], mosaic.read(mosaic.bounds).heights[:3, :7])
    assert surface.source == "a.tif, b.tif"
    far = mosaic.read((0.0, 0.0, 10.0, 10.0))
    assert np.isnan(far.heights).all()
    assert far.source == ""
    with pytest.raises(UnusableInputError, match="is empty"):
        mosaic.read((WEST, NORTH, WEST, NORTH + 1))
    with pytest.raises(UnusableInputError, match="million cells"):
        mosaic.read((WEST, NORTH, WEST + 1e5, NORTH + 1e5))


def test_grids_of_half_cells_are_kept(tmp_path):
    heights = np.arange(40.0).reshape(5, 8)
    paths = [
        write(tmp_path / "a.tif", heights, WEST - 0.25, NORTH + 0.25, 0.5),
        write(tmp_path / "b.tif", heights + 100, WEST - 0.25 + 4.0, NORTH + 0.25, 0.5),
    ]
    mosaic = open_rasters(paths)
    assert mosaic.origin == (0.25, 0.25)
    surface = mosaic.read(mosaic.bounds)
    assert (surface.x_min, surface.y_max) == (WEST - 0.25, NORTH + 0.25)
    np.testing.assert_array_equal(surface.heights, np.hstack([heights, heights + 100]))
    assert mosaic.read((WEST, NORTH - 0.1, WEST + 0.1, NORTH)).x_min == WEST - 0.25


def test_a_file_of_missing_cells_is_refused_and_others_are_counted(tmp_path):
    heights = np.ones((3, 3), dtype=np.float32)
    heights[0, 1:] = -9999.0, np.nan
    path = write(tmp_path / "a.tif", heights, nodata=-9999.0)
    assert examine_raster(path).missing == 2
    mosaic = open_rasters([path])
    assert mosaic.notes == ()
    np.testing.assert_array_equal(np.isnan(mosaic.read(mosaic.bounds).heights), np.isnan(heights) | (heights < -9000))
    write(path, np.full((3, 3), -9999.0, dtype=np.float32), nodata=-9999.0)
    with pytest.raises(UnusableInputError, match=r"a.tif' holds no height at all: all of its 9 cells are missing"):
        open_rasters([path])


def test_what_is_no_height_is_refused_in_a_window_too(tmp_path):
    heights = np.ones((3, 3), dtype=np.float32)
    heights[1, 2] = -9999.0
    mosaic = open_rasters([write(tmp_path / "a.tif", heights)], examine=False)
    assert mosaic.read((WEST, NORTH - 1, WEST + 3, NORTH)).heights.sum() == 3
    with pytest.raises(
        UnusableInputError, match=r"a.tif' holds -9999 m in row 1, column 2 .*, which marks missing cells"
    ):
        mosaic.read(mosaic.bounds)


def test_scaled_integers_are_metres(tmp_path):
    path = write(tmp_path / "a.tif", np.array([[1234, -5]], dtype=np.int16))
    with rasterio.open(path, "r+") as dataset:
        dataset.scales, dataset.offsets = [0.01], [100.0]
    np.testing.assert_allclose(open_rasters([path]).read((WEST, NORTH - 1, WEST + 2, NORTH)).heights, [[112.34, 99.95]])


def test_a_file_without_system_takes_the_one_named(tmp_path):
    path = write(tmp_path / "a.tif", np.ones((2, 2)), crs=None)
    with pytest.raises(UnusableInputError, match="has no coordinate system"):
        raster_header(path)
    assert open_rasters([path], "2154").crs == "EPSG:2154"
    assert open_rasters([path], "2154").read((WEST, NORTH - 2, WEST + 2, NORTH)).heights.sum() == 4
    with pytest.raises(UnusableInputError, match=r"lies at easting .* EPSG:28992"):
        raster_header(path, "EPSG:28992")
    with pytest.raises(UnusableInputError, match="the coordinate system named is in degrees"):
        raster_header(path, "EPSG:4326")
    with pytest.raises(UnusableInputError, match="'nonsense' is unknown"):
        raster_header(path, "nonsense")


def test_heights_in_feet_are_converted_and_told(tmp_path):
    for changes, unit, metres in (
        ({"crs": "EPSG:2154+6360"}, "US survey foot", 1200 / 3937),
        ({"units": "ft"}, "ft", 0.3048),
    ):
        path = write(tmp_path / f"{unit}.tif", np.full((2, 2), 100.0), **changes)
        mosaic = open_rasters([path])
        assert mosaic.crs == "EPSG:2154"
        np.testing.assert_allclose(mosaic.read(mosaic.bounds).heights, 100.0 * metres)
        assert mosaic.notes == (f"heights of surface model '{path}' are in {unit}; they are converted to metres",)
    assert raster_header(write(tmp_path / "a.tif", np.ones((2, 2)), crs="EPSG:2154+5720")).crs == "EPSG:2154"


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"size": 0.5}, "have cells of 1 m and of 0.5 m"),
        ({"west": WEST + 4.3}, "shifted by 0.3 m against one another"),
        ({"crs": "EPSG:3946"}, r"different systems \(EPSG:2154, EPSG:3946\)"),
    ],
)
def test_files_that_do_not_fit_together_are_both_named(tmp_path, changes, told):
    one = write(tmp_path / "one.tif", np.ones((4, 4)))
    other = write(tmp_path / "other.tif", np.ones((4, 4)), **({"west": WEST + 4} | changes))
    if "crs" in changes:  # where both systems are used
        other = write(tmp_path / "other.tif", np.ones((4, 4)), 1_800_000.0, 5_200_000.0, **changes)
    with pytest.raises(UnusableInputError, match=rf"one.tif' and '.*other.tif' .*{told}|{told}") as caught:
        open_rasters([one, other])
    assert "one.tif" in str(caught.value)
    assert "other.tif" in str(caught.value)


def test_realisations_of_one_datum_go_together(tmp_path):
    one = write(tmp_path / "one.tif", np.ones((4, 4)))
    other = write(tmp_path / "other.tif", np.ones((4, 4)), WEST + 4, crs="EPSG:9794")
    assert open_rasters([one, other]).crs == "EPSG:2154"


def test_damaged_and_absent_files_are_refused(tmp_path):
    random = np.random.default_rng(0)
    path = write(tmp_path / "a.tif", random.normal(size=(400, 400)), compress="deflate")
    content = path.read_bytes()
    path.write_bytes(content[: len(content) // 2])
    with pytest.raises(UnusableInputError, match=r"cannot be read|not a raster that can be read"):
        open_rasters([path])
    with pytest.raises(UnusableInputError, match="does not exist"):
        open_rasters([tmp_path / "absent.tif"])
    with pytest.raises(UnusableInputError, match="no surface model was given"):
        open_rasters([])


def test_a_file_is_counted_once_unless_it_changes(tmp_path, monkeypatch):
    from frugal.formats.rasters import height_faults

    path, read = write(tmp_path / "a.tif", np.ones((4, 4))), []
    monkeypatch.setattr(
        height_faults, "_counted", lambda *given, own=height_faults._counted: read.append(given) or own(*given)
    )
    for _ in range(3):
        open_rasters([path])
    assert len(read) == 1
    write(path, np.ones((5, 5)))
    open_rasters([path])
    assert len(read) == 2


def test_delft_in_pieces_is_delft(shared_data, tmp_path):
    whole = open_rasters([shared_data / "dsm" / "delft_050cm.tif"])
    west, _, _, north = whole.bounds
    surface = whole.read(whole.bounds)
    pieces = []
    for number, cols in enumerate((slice(0, 200), slice(190, 528))):
        heights = surface.heights[:, cols].astype(np.float32)
        left = west + cols.start * 0.5
        pieces.append(write(tmp_path / f"{number}.tif", heights, left, north, 0.5, "EPSG:28992"))
    np.testing.assert_array_equal(open_rasters(pieces).read(whole.bounds).heights, surface.heights)
