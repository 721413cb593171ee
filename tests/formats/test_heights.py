"""The one reader of heights: the same metres whatever a file is packed in, and what is no height is refused by its cell."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import rasterio
from pyproj import Proj, Transformer
from rasterio.transform import Affine, from_origin

from frugal.errors import UnusableInputError
from frugal.formats.coordinate_systems import check_place, scale_factors, system_for
from frugal.formats.rasters.mosaic import open_rasters
from frugal.formats.rasters.surface_model import read_ground, read_surface_model
from frugal.formats.rasters.terrain import read_terrain

WEST, NORTH, CELL = 300_000.0, 6_600_000.0, 25.0
SHAPE = (24, 30)
BOUNDS = (WEST, NORTH - SHAPE[0] * CELL, WEST + SHAPE[1] * CELL, NORTH)


def relief() -> np.ndarray:
    """Sea at -3 m, a dike of 5 m, land from 1 to 2 m."""
    heights = np.full(SHAPE, 1.0) + 0.04 * np.arange(SHAPE[1])
    heights[:, :5], heights[:, 5] = -3.0, 5.0
    return heights


def write(path: Path, numbers: np.ndarray, dtype: str, scale=1.0, offset=0.0, unit=None, **changes) -> Path:
    profile = {
        "driver": "GTiff", "count": 1, "height": numbers.shape[0], "width": numbers.shape[1], "dtype": dtype,
        "crs": "EPSG:2154", "transform": from_origin(WEST, NORTH, CELL, CELL),
    }  # fmt: skip
    with rasterio.open(path, "w", **(profile | changes)) as dataset:
        dataset.write(numbers.astype(dtype), 1)
        dataset.scales, dataset.offsets = (scale,), (offset,)
        if unit:
            dataset.units = (unit,)
    return path


LOCAL = 'ENGCRS["site",EDATUM["x"],CS[Cartesian,2],AXIS["x",east],AXIS["y",north],LENGTHUNIT["metre",1]]'
PACKED = {
    "metres": ({"dtype": "float32"}, lambda z: z),
    "decimetres": ({"dtype": "int16", "scale": 0.1}, lambda z: np.round(z * 10)),
    "offset": ({"dtype": "float32", "offset": 0.5}, lambda z: z - 0.5),
    "unsigned": (
        {"dtype": "uint16", "scale": 0.01, "offset": -100.0, "nodata": 0},
        lambda z: np.round((z + 100) * 100),
    ),
    "cm": ({"dtype": "int16", "unit": "cm"}, lambda z: np.round(z * 100)),
    "mm of tens": ({"dtype": "int16", "scale": 10.0, "unit": "[mm]"}, lambda z: np.round(z * 100)),
    "feet": ({"dtype": "float32", "unit": "Feet"}, lambda z: z / 0.3048),
    "survey feet": ({"dtype": "float64", "unit": "US survey foot"}, lambda z: z * 3937 / 1200),
    "feet of the system": ({"dtype": "float64", "crs": "EPSG:2154+6360"}, lambda z: z * 3937 / 1200),
    "kilometres": ({"dtype": "float64", "unit": "km"}, lambda z: z / 1000),
}


@pytest.mark.parametrize("packed", PACKED)
def test_every_reader_gives_the_same_metres(tmp_path: Path, packed: str) -> None:
    told, number = PACKED[packed]
    path = write(tmp_path / "a.tif", number(relief()), **told)
    read = {
        "surface": read_surface_model(path),
        "ground": read_ground(path)[0],
        "mosaic": open_rasters([path]).read(BOUNDS),
        "around": read_terrain(path, "EPSG:2154", BOUNDS, 0.0),
    }
    for surface in read.values():
        np.testing.assert_allclose(surface.heights, relief(), atol=0.051 if packed == "decimetres" else 0.006)
    np.testing.assert_allclose(read_ground(path, 2 * CELL)[1][:, 2], 5.0, atol=0.051)  # the crest is kept
    own = told.get("unit") or ("US survey foot" if "crs" in told else "")
    assert read["ground"].converted_from == read["surface"].converted_from == read["around"].converted_from == own
    notes = (f"heights of surface model '{path}' are in {own}; they are converted to metres",) if own else ()
    assert open_rasters([path]).notes == notes


FALSE = {
    -9999.0: "holds -9999 m in row 20, column 13 (from 0), which marks missing cells elsewhere",
    -99999.0: "marks missing cells",
    -3.4028234663852886e38: "marks missing cells",
    1e20: "marks missing cells",
    32767.0: "marks missing cells",
    1e6: "holds 1000000 m in row 20, column 13 (from 0); heights from -500 to 9000 m are allowed",
    -1e6: "heights from -500 to 9000 m",
    np.inf: "holds an infinite value in row 20, column 13",
    -99.0: "holds -99 m in row 20, column 13 (from 0), which marks missing cells elsewhere",
    150.0: "holds 150 m in row 20, column 13 (from 0), which is farther from all cells around",
    -140.0: "holds -140 m in row 20, column 13 (from 0), which is farther",
}


@pytest.mark.parametrize("value", FALSE)
def test_what_is_no_height_is_named_with_its_cell(tmp_path: Path, value: float) -> None:
    heights = relief()
    heights[20, 13] = value
    path = write(tmp_path / "a.tif", heights, "float32")
    with pytest.raises(UnusableInputError) as told:
        read_ground(path)
    assert FALSE[value] in str(told.value) and str(path) in str(told.value) and "\n" not in str(told.value)
    if "rio edit-info --nodata" in str(told.value):  # the remedy that is told is one
        mark = float(str(told.value).split("--nodata ")[1].split(" ")[0])
        with rasterio.open(path, "r+") as dataset:
            dataset.nodata = mark
        assert np.isnan(read_ground(path)[0].heights).sum() == 1


def test_marks_of_packed_files_are_found_before_they_are_unpacked(tmp_path: Path) -> None:
    numbers = np.round(relief() * 100)
    for dtype, mark, scale in (
        ("int16", -9999, 0.01),
        ("int16", -32768, 0.01),
        ("uint16", 65535, 0.1),
        ("int16", 32767, 0.01),
    ):
        holed = np.abs(numbers)
        holed[3, 4] = holed[3, 5] = mark
        with pytest.raises(
            UnusableInputError, match=rf"holds {mark} \(.* m\) in row 3, column 4 \(from 0; 1 other cell likewise\)"
        ):
            read_ground(write(tmp_path / "a.tif", holed, dtype, scale=scale))


def test_a_mark_declared_in_another_precision_is_one(tmp_path: Path) -> None:
    heights = relief()
    heights[3, 4] = -3.4028234663852886e38
    path = write(tmp_path / "a.tif", heights, "float64", nodata=-3.40282346638529e38)
    assert np.argwhere(np.isnan(read_ground(path)[0].heights)).tolist() == [[3, 4]]


def test_zero_is_a_height_at_sea_and_a_mark_on_a_plateau(tmp_path: Path) -> None:
    heights = relief() + 3.0
    assert read_ground(write(tmp_path / "a.tif", heights, "float32"))[0].heights.min() == 0.0
    heights = relief() + 700.0
    heights[:2, :2] = 0.0
    with pytest.raises(UnusableInputError, match=r"holds 0 \(?.*in row 0, column 0 \(from 0; 3 other cells likewise\)"):
        read_ground(write(tmp_path / "a.tif", heights, "float32"))


def test_a_few_cells_far_from_all_others_are_refused_and_towers_and_cliffs_are_not(tmp_path: Path) -> None:
    heights = np.tile(relief(), (2, 2))
    heights[7:9, 8:10] = 480.0
    with pytest.raises(
        UnusableInputError, match=r"holds 480 m in row 7, column 8 \(from 0; 3 other cells likewise\), with no other"
    ):
        read_ground(write(tmp_path / "a.tif", heights, "float32"))
    heights[7:9, 8:10] = 120.0  # a tower of a surface model
    heights[12, 12] = 90.0  # a mast
    assert read_surface_model(write(tmp_path / "a.tif", heights, "float32")).heights.max() == 120.0
    heights = np.tile(relief(), (2, 2))
    heights[:, 30:] += 250.0  # a cliff
    assert read_ground(write(tmp_path / "a.tif", heights, "float32"))[0].heights.max() > 250.0


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"unit": "Hz"}, "are in 'Hz', which is no unit of length"),
        ({"unit": "cm", "crs": "EPSG:2154+6360"}, "in cm by its band and in US survey foot by its coordinate system"),
        ({"scale": 0.0}, "packed with scale 0"),
        ({"offset": float("nan")}, "offset nan"),
        (
            {"crs": 'ENGCRS["site",EDATUM["x"],CS[Cartesian,2],AXIS["x",east],AXIS["y",north],LENGTHUNIT["metre",1]]'},
            "local system",
        ),
        ({"crs": "EPSG:2225"}, r"not in metres \(.*US survey foot"),
        ({"transform": Affine(CELL, 0, WEST, 0, CELL, NORTH)}, "rotated or flipped"),
        ({"transform": Affine(-CELL, 0, WEST, 0, -CELL, NORTH)}, "rotated or flipped"),
        ({"transform": Affine(CELL, 3.0, WEST, 3.0, -CELL, NORTH)}, "rotated or flipped"),
        ({"transform": Affine(CELL, 0, WEST, 0, -30.0, NORTH)}, "square cells"),
    ],
)
def test_files_that_leave_doubt_are_refused(tmp_path: Path, changes: dict, told: str) -> None:
    path = write(tmp_path / "a.tif", relief(), "float32", **changes)
    for reader in (read_ground, read_surface_model, lambda path: open_rasters([path])):
        with pytest.raises(UnusableInputError, match=told) as caught:
            reader(path)
        assert "a.tif" in str(caught.value)


# ------------------------------------------------------------------------------------------------- metres of the ground

PLACES = [
    ("EPSG:3857", -1.2, 46.0, "EPSG:2154"),
    ("EPSG:6933", 2.0, 48.0, "EPSG:2154"),
    ("EPSG:3395", 55.5, -21.1, "EPSG:2975"),
    ("EPSG:8857", -61.0, 14.6, "EPSG:5490"),
    ("EPSG:32631", 10.5, 5.0, "EPSG:32632"),
    ("EPSG:3857", -122.4, 37.7, "EPSG:32610"),
    ("EPSG:3857", 147.3, -42.9, "EPSG:32755"),
]


@pytest.mark.parametrize(("crs", "longitude", "latitude", "instead"), PLACES)
def test_systems_whose_metres_are_not_those_of_the_ground_are_refused(crs, longitude, latitude, instead) -> None:
    x, y = Transformer.from_crs("EPSG:4326", crs, always_xy=True).transform(longitude, latitude)
    with pytest.raises(UnusableInputError, match=rf"\({crs}\).*not those of the ground there.*{instead}"):
        check_place((x - 500, y - 500, x + 500, y + 500), crs, "terrain 'a.tif'")


@pytest.mark.parametrize(
    ("crs", "longitude", "latitude"),
    [
        ("EPSG:2154", -1.2, 46.0), ("EPSG:2154", 9.2, 41.4), ("EPSG:27572", 2.4, 51.0), ("EPSG:3946", 5.0, 45.8),
        ("EPSG:28992", 4.4, 52.0), ("EPSG:3007", 12.0, 57.7), ("EPSG:2975", 55.5, -21.1), ("EPSG:32630", 1.5, 46.0),
        ("EPSG:2100", 23.7, 38.0),
    ],
)  # fmt: skip
def test_scales_are_those_that_proj_gives_and_national_grids_pass(crs, longitude, latitude) -> None:
    x, y = Transformer.from_crs("EPSG:4326", crs, always_xy=True).transform(longitude, latitude)
    told = Proj(crs).get_factors(longitude, latitude)
    expected = told.tissot_semiminor, told.tissot_semimajor, told.areal_scale
    np.testing.assert_allclose(scale_factors(crs, x, y), expected, atol=2e-4)
    check_place((x - 500, y - 500, x + 500, y + 500), crs, "terrain 'a.tif'")


def test_rasters_in_web_mercator_are_refused_by_every_reader(tmp_path: Path) -> None:
    size = CELL / np.cos(np.radians(46.0))
    place = from_origin(-133_000.0, 5_780_000.0, size, size)
    path = write(tmp_path / "a.tif", relief(), "float32", crs="EPSG:3857", transform=place)
    for reader in (read_ground, read_surface_model, lambda path: open_rasters([path])):
        with pytest.raises(UnusableInputError, match=r"lengths are 1\.44 times, areas 2\.0\d times .*EPSG:2154"):
            reader(path)


def test_the_system_to_use_instead_is_the_legal_one_in_france_and_else_the_zone() -> None:
    for place in ((-4.5, 48.4), (2.37, 51.03), (7.5, 43.78), (9.16, 41.39), (7.75, 48.58)):
        assert "EPSG:2154" in system_for(*place)
    assert system_for(4.35, 50.85) == "UTM zone 31N: EPSG:32631"
    assert system_for(-0.1, 51.5) == "UTM zone 30N: EPSG:32630"
    assert system_for(45.2, -12.8).endswith("EPSG:4471")


def test_real_models_hold_no_fault(shared_data: Path) -> None:
    for name in ("dsm/delft_050cm.tif", "dsm/angoulins_1m.tif", "goteborg/DSM_KRbig.tif", "goteborg/DEM_KRbig.tif"):
        surface = read_surface_model(shared_data / name)
        ground, _ = read_ground(shared_data / name)
        np.testing.assert_array_equal(surface.heights, ground.heights)
        assert np.isfinite(surface.heights).all() and surface.converted_from == ""
    mouth = read_terrain(
        shared_data / "gironde" / "topobathymetry.tif", "EPSG:2154", (385e3, 6490e3, 395e3, 6500e3), 2e4
    )
    assert np.nanmin(mouth.heights) < -20 and np.nanmax(mouth.heights) > 20
