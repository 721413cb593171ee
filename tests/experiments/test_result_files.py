"""Answers as files: each kind of place in the kind of file that its ending says, as others read it."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import geopandas
import numpy as np
import pint
import pyogrio
import pytest
import xarray
from pyarrow import parquet
from tide_for_tests import CHAINAGE, ESTUARY, HOURS, NAMES, tidal_level, tide_study

from frugal.errors import EnvironmentFaultError, UnusableInputError
from frugal.experiments.runs.result import INTERVAL_SUFFIXES, Result
from frugal.experiments.runs.result_files import check_file, file_kind, write_result_file
from frugal.experiments.study import Diagnostic, Grid, Lines, Output, Points, TimeAxis
from frugal.formats.netcdf.cf_units import time_units, udunits

RNG = np.random.default_rng(3)
HOUSES = Points("EPSG:2154", (400_000.0, 400_100.0, 400_200.0), (6_500_000.0,) * 3, ("mairie", "école", "moulin"))
ESTUARY_LINES = Lines("EPSG:2154", {"estuary": ESTUARY}, {"estuary": CHAINAGE})
GRID = Grid("EPSG:2154", (25.0, 0.0, 400_000.0, 0.0, -25.0, 6_500_000.0), (3, 4))


def result(*outputs: Output, **more: Any) -> Result:
    """An answer with values at random, the ends of its intervals one apart where ``suffixes`` ask for them."""
    suffixes = more.pop("suffixes", ("",))
    values = {}
    for output in outputs:
        value = RNG.normal(size=output.shape)
        for suffix, apart in zip(suffixes, (0, -1, 1), strict=False):
            values[output.name + suffix] = value + apart
    values |= more.pop("values", {})
    given = {"study": "s", "study_hash": "abc", "candidate": "linear", "inputs": {"q": 3.0}, "suffixes": suffixes}
    return Result(outputs=outputs, values=values, **{**given, **more})


def tide_result(form: str = "lines") -> Result:
    study = tide_study(form)
    inputs = {"tide_range": 4.0, "surge": 1.0, "surge_time": 12.0, "discharge": 900.0}
    values = {"level": tidal_level(**inputs), "highest": np.array(3.0)}
    return Result("tide", study.hash(), study.outputs, values, "full_physics", inputs, study.title["en"])


def opened(path: Path) -> xarray.Dataset:
    with xarray.open_dataset(path, engine="h5netcdf", decode_cf=True, decode_coords="all") as dataset:
        return dataset.load()


@pytest.mark.parametrize("form", ["lines", "points"])
def test_a_series_at_stations_is_time_series_of_cf(form: str, tmp_path: Path) -> None:
    answer = tide_result(form)
    write_result_file(tmp_path / "tide.nc", answer)
    data = opened(tmp_path / "tide.nc")
    assert data.attrs["Conventions"] == "CF-1.11" and data.attrs["featureType"] == "timeSeries"
    assert data.level.dims == ("station", "time") and data.level.attrs["units"] == "m"
    assert data.time.values[0] == np.datetime64("2010-02-27T18:00") and len(data.time) == len(HOURS)
    assert data.time.values[-1] == np.datetime64("2010-02-28T18:00")
    np.testing.assert_allclose(data.level.values, answer.values["level"].T, rtol=1e-6)
    assert {"place_name", "x", "y", "lon", "lat", "crs", "time"} <= set(data.level.coords)
    assert ("chainage" in data.level.coords) == (form == "lines")
    assert data.place_name.attrs["cf_role"] == "timeseries_id"
    assert data.place_name.values[-1] == ("estuary@90000" if form == "lines" else NAMES[-1])
    places = geopandas.GeoSeries(geopandas.points_from_xy(data.x, data.y), crs=data.crs.attrs["crs_wkt"])
    degrees = places.to_crs("EPSG:4326")
    np.testing.assert_allclose(data.lon, degrees.x)
    np.testing.assert_allclose(data.lat, degrees.y)
    told = {name: data.attrs[name] for name in ("title", "study", "candidate", "study_hash")}
    assert told == {
        "title": "Tide up an estuary", "study": "tide", "candidate": "full_physics", "study_hash": answer.study_hash,
    }  # fmt: skip
    assert data.attrs["source"].startswith("frugal ") and json.loads(data.attrs["inputs"])["surge"] == 1.0


def test_what_a_checker_of_cf_asks_of_every_variable_holds(tmp_path: Path) -> None:
    depth = Output("depth", "m", valid_above=0.1, geometry=GRID, time=TimeAxis((0.0, 600.0), "s"))
    flow = Output("flow", "m^3/s", geometry=HOUSES, time=TimeAxis((1.0, 2.0), "day", "2020-01-01T00:00:00+02:00"))
    load = Output("load", "kWh/m^2", ("month",), {"month": ["Jan", "Feb"]})
    answer = result(
        depth,
        flow,
        load,
        Output("total", "1"),
        suffixes=INTERVAL_SUFFIXES,
        diagnostics=[(Diagnostic("steps", "1"), 7.0)],
    )
    write_result_file(tmp_path / "a.nc", answer)
    with xarray.open_dataset(tmp_path / "a.nc", engine="h5netcdf", decode_cf=False) as raw:
        raw.load()
    for name, variable in raw.variables.items():
        attributes = variable.attrs
        for key in ("coordinates", "ancillary_variables", "grid_mapping"):
            assert all(part in raw.variables for part in attributes.get(key, "").split()), (name, key)
        for part in attributes.get("coordinates", "").split():
            assert set(raw[part].dims) <= set(variable.dims)
        if "grid_mapping_name" not in attributes:
            assert "long_name" in attributes and ("units" in attributes or variable.dtype.kind not in "fi"), name
        if variable.dims == (name,):
            assert "_FillValue" not in attributes and (np.diff(variable.values) != 0).all()
    assert raw.flow.dims == ("station", "time_2") and raw.time_2.attrs["units"] == "days since 2019-12-31 22:00:00"
    assert raw.depth.dims == ("time", "y", "x") and raw.time.attrs["units"] == "seconds"
    assert raw.depth.attrs["ancillary_variables"] == "depth_lower depth_upper"
    assert raw.y.attrs["standard_name"] == "projection_y_coordinate" and raw.y.values.tolist()[0] == 6_499_987.5
    assert raw["load"].attrs["coordinates"] == "month_name" and raw["load"].attrs["units"] == "kW hour m-2"
    assert float(raw.steps) == 7 and raw[raw.depth.attrs["grid_mapping"]].attrs["GeoTransform"].startswith(
        "400000.0 25.0"
    )


def test_undefined_elements_hold_no_data(tmp_path: Path) -> None:
    depth = Output("depth", "m", valid_above=0.1, geometry=HOUSES)
    speed = Output("speed", "m/s", defined_where="depth", geometry=HOUSES)
    arrival = Output("arrival", "s", defined_where="arrival", fill_value=3600.0, geometry=HOUSES)
    values = {
        "depth": np.array([0.05, 1.0, 2.0]), "speed": np.array([0.5, 0.6, 0.7]), "arrival": np.array([5.0, 3600, 7.0]),
    }  # fmt: skip
    answer = result(depth, speed, arrival, values=values)
    for ending in ("nc", "gpkg", "parquet"):
        write_result_file(tmp_path / f"a.{ending}", answer)
    data = opened(tmp_path / "a.nc")
    for found in (data, geopandas.read_file(tmp_path / "a.gpkg"), geopandas.read_parquet(tmp_path / "a.parquet")):
        np.testing.assert_allclose(found["depth"], [np.nan, 1, 2])
        np.testing.assert_allclose(found["speed"], [np.nan, 0.6, 0.7], rtol=1e-6)
        np.testing.assert_allclose(found["arrival"], [5, np.nan, 7])
    assert "featureType" not in data.attrs  # of CF's features, each has a time


def test_places_are_features_with_a_column_an_output_and_its_interval(tmp_path: Path) -> None:
    peak = Output("peak", "m", label={"en": "Highest level"}, geometry=ESTUARY_LINES)
    answer = result(peak, suffixes=INTERVAL_SUFFIXES, in_domain=True)
    write_result_file(tmp_path / "a.gpkg", answer)
    write_result_file(tmp_path / "a.parquet", answer)
    places = geopandas.read_file(tmp_path / "a.gpkg", layer="places")
    assert places.crs.to_epsg() == 2154 and len(places) == len(CHAINAGE)
    for name in ("peak", "peak_lower", "peak_upper"):
        np.testing.assert_allclose(places[name], answer.values[name])
    assert places.place[3] == "estuary@30000" and places.reach[3] == "estuary" and places.chainage[3] == 30_000
    lines = geopandas.read_file(tmp_path / "a.gpkg", layer="lines")
    assert list(lines.geometry[0].coords) == list(ESTUARY) and lines.crs == places.crs
    assert lines.geometry[0].distance(places.geometry).max() < 1e-6
    np.testing.assert_allclose(lines.geometry[0].project(places.geometry), CHAINAGE, atol=1e-6)
    told = pyogrio.read_info(tmp_path / "a.gpkg", layer="places")["layer_metadata"]
    assert told["unit.peak_upper"] == "m" and told["label.peak"] == "Highest level" and told["in_domain"] == "yes"
    table = geopandas.read_parquet(tmp_path / "a.parquet")
    assert table.crs.to_epsg() == 2154 and table.geometry.geom_equals_exact(places.geometry, 1e-9).all()
    schema = parquet.read_schema(tmp_path / "a.parquet")
    assert schema.field("peak_lower").metadata[b"unit"] == b"m"
    assert json.loads(schema.metadata[b"frugal"])["candidate"] == "linear"


def test_a_file_without_ending_is_refused() -> None:
    with pytest.raises(UnusableInputError, match=r"^'/dev/full' has no ending; known: \.tif, \.gpkg, \.parquet, \.nc$"):
        file_kind("/dev/full")


@pytest.mark.parametrize(
    ("ending", "told"),
    [
        ("tif", "has no map at one time: it fits a file that ends in .nc"),
        ("gpkg", "has none: it fits a file that ends in .nc"),
        ("parquet", "has none: it fits a file that ends in .nc"),
        ("csv", r"ends in '\.csv'; known: \.tif, \.gpkg, \.parquet, \.nc"),
    ],
)
def test_what_does_not_fit_is_refused_with_the_ending_that_would_hold_it(
    ending: str, told: str, tmp_path: Path
) -> None:
    with pytest.raises(UnusableInputError, match=told):
        write_result_file(tmp_path / f"a.{ending}", tide_result())
    assert not list(tmp_path.iterdir())


def test_what_finds_no_place_in_a_file_is_said(tmp_path: Path) -> None:
    outputs = (Output("depth", "m", geometry=GRID), Output("peak", "m", geometry=HOUSES), Output("total", "m^3"))
    assert [o.name for o in check_file("a.tif", "s", outputs)] == ["peak"]
    assert [o.name for o in check_file("a.gpkg", "s", outputs)] == ["depth"]
    assert check_file("a.nc", "s", outputs) == []
    with pytest.raises(UnusableInputError, match="single numbers"):
        check_file("a.nc", "s", outputs[2:])


def test_a_file_appears_whole_or_not_at_all(tmp_path: Path) -> None:
    peak = Output("peak", "m", geometry=HOUSES)
    answer = result(peak)
    broken = replace(answer, outputs=[replace(peak, geometry=replace(HOUSES, crs="EPSG:0"))])
    for ending in ("nc", "gpkg", "parquet"):
        (tmp_path / f"a.{ending}").write_text("old")
        with pytest.raises(UnusableInputError, match="'EPSG:0' is unknown"):
            write_result_file(tmp_path / f"a.{ending}", broken)
        assert (tmp_path / f"a.{ending}").read_text() == "old"
        with pytest.raises(EnvironmentFaultError, match="cannot write"):
            write_result_file(tmp_path / "a.nc" / f"b.{ending}", answer)
        write_result_file(tmp_path / f"a.{ending}", answer)
        assert (tmp_path / f"a.{ending}").read_bytes()[:3] != b"old"
    assert len(list(tmp_path.iterdir())) == 3


def test_two_sets_of_places_are_two_layers_and_two_dimensions(tmp_path: Path) -> None:
    answer = result(Output("peak", "m", geometry=HOUSES), Output("level", "m", geometry=ESTUARY_LINES))
    write_result_file(tmp_path / "a.gpkg", answer)
    assert {name for name, _ in pyogrio.list_layers(tmp_path / "a.gpkg")} == {"places", "places_level", "lines_level"}
    write_result_file(tmp_path / "a.nc", answer)
    data = opened(tmp_path / "a.nc")
    assert data.peak.dims == ("station",) and data.level.dims == ("station_2",)
    assert [o.name for o in check_file("a.parquet", "s", answer.outputs)] == ["level"]


def test_a_grid_askew_and_one_without_a_name_in_cf_tell_where_each_cell_is(tmp_path: Path) -> None:
    askew = replace(GRID, transform=(25.0, 5.0, 400_000.0, 5.0, -25.0, 6_500_000.0))
    dutch = Grid("EPSG:28992", (25.0, 0.0, 84_000.0, 0.0, -25.0, 447_000.0), (3, 4))
    write_result_file(tmp_path / "a.nc", result(Output("one", "m", geometry=askew), Output("two", "m", geometry=dutch)))
    data = opened(tmp_path / "a.nc")
    assert data.one.dims == ("row", "column") and data.two.dims == ("y_2", "x_2")
    assert float(data.one.x[1, 2]) == 400_000 + 25 * 2.5 + 5 * 1.5
    assert 4.3 < float(data.two.lon.mean()) < 4.5 and 51.9 < float(data.two.lat.mean()) < 52.1  # Delft


@pytest.mark.parametrize(
    "unit", ["m", "m^3/s", "km/h", "kWh/m^2", "kg/m^2/s", "hour", "degC", "deg", "percent", "ha", "W/m**2", "1/s"]
)
def test_units_are_spelt_as_udunits_has_them(unit: str) -> None:
    told = udunits(unit)
    assert "^" not in told and "*" not in told and "/" not in told
    registry = pint.UnitRegistry()
    product = registry.Unit("")
    for part in told.split():
        name = part.rstrip("-0123456789")
        exponent = int(part[len(name) :] or 1)
        product *= registry.Unit({"degree_C": "degC", "degree": "deg"}.get(name, name)) ** exponent
    assert registry.Quantity(1.0, product).to(registry.Unit(unit)).magnitude == pytest.approx(1.0)


def test_units_that_nobody_knows_and_times() -> None:
    assert (udunits("EUR"), udunits("1"), udunits("m^3/s"), udunits("kWh/kW")) == ("EUR", "1", "m3 s-1", "kW hour kW-1")
    assert time_units("hour", "2010-02-28T00:00:00+01:00") == "hours since 2010-02-27 23:00:00"
    assert time_units("s", "") == "seconds"
    assert time_units("min", "2010-02-28T00:00:00.25Z") == "minutes since 2010-02-28 00:00:00.25"


@pytest.mark.parametrize(
    ("unit", "origin", "told"),
    [
        ("fortnite", "", "the unit 'fortnite' of a time axis is unknown"),
        ("3 (", "", "the unit '3 \\(' of a time axis is unknown"),
        ("m", "", "the unit 'm' of a time axis is none of time"),
        ("s", "yesterday", "counts from 'yesterday'"),
        ("s", "0001-01-01T00:00:00+02:00", "counts from '0001"),
    ],
)
def test_a_time_axis_that_cannot_be_told_is_one_sentence(unit: str, origin: str, told: str) -> None:
    with pytest.raises(UnusableInputError, match=told):
        time_units(unit, origin)
