"""Currents, waves and winds from NetCDF files as others write them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import xarray as xr

from frugal.errors import UnusableInputError
from frugal.formats.netcdf.cf_velocities import read_velocities

LON = np.array([-1.5, -1.0, -0.5, 0.0])
LAT = np.array([45.0, 45.5, 46.0])
HOURS = np.array([0.0, 1.0, 3.0])


def content(**change: Any) -> xr.Dataset:
    """Three times, three rows and four columns; land at the first node of the first row."""
    u = np.arange(36, dtype=np.float32).reshape(3, 3, 4) / 10
    u[:, 0, 0] = np.nan
    asked = {
        "u": u, "v": -u, "dims": ("time", "lat", "lon"), "units": "m s-1", "lon": LON, "lat": LAT, "time": HOURS,
        "time_units": "hours since 2026-01-01 00:00:00", "calendar": "standard",
        "names": ("eastward_sea_water_velocity", "northward_sea_water_velocity"),
    } | change  # fmt: skip
    attributes = [{"standard_name": name, "units": asked["units"]} for name in asked["names"]]
    return xr.Dataset(
        {"uo": (asked["dims"], asked["u"], attributes[0]), "vo": (asked["dims"], asked["v"], attributes[1])},
        coords={
            "time": ("time", asked["time"], {"units": asked["time_units"], "calendar": asked["calendar"]}),
            "lat": ("lat", asked["lat"], {"units": "degrees_north"}),
            "lon": ("lon", asked["lon"], {"units": "degrees_east"}),
        },
    )


def read(dataset: xr.Dataset, folder: Path, engine: Any = "h5netcdf", **options: Any):
    dataset.to_netcdf(folder / "currents.nc", engine=engine)
    return read_velocities(folder / "currents.nc", **options)


def test_a_plain_file(tmp_path: Path) -> None:
    found = read(content(), tmp_path)
    assert found.geographic and found.dated and found.dry_values == 0
    np.testing.assert_array_equal(found.time_s, 1767225600.0 + 3600.0 * HOURS)  # 2026-01-01T00:00Z, by `date -d`
    np.testing.assert_array_equal(found.x, LON)
    np.testing.assert_array_equal(found.y, LAT)
    assert found.u[2, 1, 3] == pytest.approx(3.1) and found.v[2, 1, 3] == pytest.approx(-3.1)
    assert found.land.sum() == 1 and found.land[0, 0] and (found.u[:, 0, 0] == 0).all()


@pytest.mark.parametrize(
    "change",
    [
        {"units": "cm/s", "u": content().uo.values * 100, "v": content().vo.values * 100},
        {"units": "km h-1", "u": content().uo.values * 3.6, "v": content().vo.values * 3.6},
        {"lat": LAT[::-1], "u": content().uo.values[:, ::-1], "v": content().vo.values[:, ::-1]},
        {"lon": LON[::-1], "u": content().uo.values[..., ::-1], "v": content().vo.values[..., ::-1]},
        {"lon": np.array([358.5, 359.0, 359.5, 360.0])},
        {"dims": ("lon", "time", "lat")} | {k: np.moveaxis(content()[f"{k}o"].values, 2, 0) for k in "uv"},
        {"time_units": "seconds since 2026-01-01 02:00:00 +02:00", "time": HOURS * 3600},
        {"time_units": "days since 2025-12-31", "time": 1 + HOURS / 24, "calendar": "proleptic_gregorian"},
        {"names": ("sea_water_x_velocity", "sea_water_y_velocity")},
        {"engine": "scipy"},
        {"packed": True},
    ],
)  # fmt: skip
def test_the_same_currents_written_otherwise(tmp_path: Path, change: dict) -> None:
    plain = read(content(), tmp_path)
    engine, packed = change.pop("engine", "h5netcdf"), change.pop("packed", False)
    dataset = content(**change)
    if packed:
        for name in ("uo", "vo"):
            dataset[name].encoding = {"dtype": "int16", "scale_factor": 1e-3, "add_offset": 0.5, "_FillValue": -32767}
    found = read(dataset, tmp_path, engine)
    for name in ("time_s", "x", "y", "land"):
        np.testing.assert_array_equal(getattr(found, name), getattr(plain, name), err_msg=name)
    for name in ("u", "v"):
        np.testing.assert_allclose(getattr(found, name), getattr(plain, name), atol=6e-4 if packed else 1e-6)


def test_depths_flats_and_metres(tmp_path: Path) -> None:
    deep = content().expand_dims({"depth": [0.5, 5.0, 20.0]}, axis=1).copy(deep=True)
    deep["depth"].attrs = {"units": "m", "positive": "down"}
    deep["uo"] = deep.uo * xr.DataArray([1.0, 0.5, 0.1], dims="depth", coords={"depth": deep.depth})
    deep["uo"].attrs = content().uo.attrs
    with pytest.raises(UnusableInputError, match="it has 3 depths"):
        read(deep, tmp_path)
    assert read(deep, tmp_path, depth_m=4.0).u[2, 1, 3] == pytest.approx(1.55)
    assert read(deep.isel(depth=[2]), tmp_path).u[2, 1, 3] == pytest.approx(0.31)
    with pytest.raises(UnusableInputError, match=r"a depth of 40 m was asked for; it has 0\.5 to 20 m"):
        read(deep, tmp_path, depth_m=40.0)
    flats = content()
    flats.uo[1, 2, 2] = flats.vo[1, 2, 2] = np.nan
    found = read(flats, tmp_path)
    assert found.dry_values == 1 and found.land.sum() == 1 and found.u[1, 2, 2] == 0
    metric = content()
    for name, axis in (("lon", "x"), ("lat", "y")):
        metric[name].attrs = {"standard_name": f"projection_{axis}_coordinate", "units": "km"}
    found = read(metric, tmp_path)
    assert not found.geographic and found.x[0] == -1500.0
    steady = read(content().isel(time=0, drop=True), tmp_path)
    assert steady.u.shape == (1, 3, 4) and not steady.dated
    wind = content(names=("eastward_wind", "northward_wind"), u=content().uo.values * 10, v=content().vo.values)
    assert read(wind, tmp_path, kind="wind").u[2, 1, 3] == pytest.approx(31.0)


def two_pairs() -> xr.Dataset:
    dataset = content()
    dataset["uo2"] = dataset.uo
    return dataset


def curvilinear() -> xr.Dataset:
    dataset = content().rename({"lat": "j", "lon": "i"}).drop_vars(["j", "i"])
    return dataset.assign_coords(lat=(("j", "i"), np.ones((3, 4))), lon=(("j", "i"), np.ones((3, 4))))


def staggered() -> xr.Dataset:
    dataset = content().isel(lat=slice(0, 2)).rename({"lat": "lat_v"})
    return xr.merge([content()[["uo"]], dataset[["vo"]]])


def rotated() -> xr.Dataset:
    dataset = content()
    dataset["lon"].attrs = {"standard_name": "grid_longitude", "units": "degrees"}
    return dataset


def with_values(**values: float) -> xr.Dataset:
    dataset = content()
    for name, value in values.items():
        dataset[name][1, 1, 1] = value
    return dataset


@pytest.mark.parametrize(
    ("make", "told"),
    [
        (lambda: content(names=("speed", "direction")), "has no currents: no variable has a standard name like 'e"),
        (lambda: content(names=("eastward_sea_water_velocity", "other")), "has 1 variable.s. of standard name 'eastw"),
        (two_pairs, r"has 2 variable.s. of standard name 'eastward_sea_water_velocity' and 1"),
        (lambda: content(units="kg"), "variable 'uo' is in 'kg', which is no unit like m/s"),
        (lambda: content(units=""), "variable 'uo' has no attribute units"),
        (lambda: content(calendar="360_day"), "the calendar '360_day' has days that no tide has"),
        (lambda: content(time_units="hours"), "times have the units 'hours'"),
        (lambda: content(time_units="hours since breakfast"), "times in 'hours since breakfast' cannot be read"),
        (lambda: content(time=[0.0, 2.0, 2.0]), "time 3 is not later than the one before"),
        (lambda: content(lon=np.array([0.0, 1.0, 1.0, 2.0])), "longitude neither grows nor falls all along: 1 stands beside 1"),
        (lambda: content(lat=np.array([45.0, 60.0, 95.0])), "latitude reaches 95"),
        (lambda: with_values(uo=9999.0), "a speed of 9999 m/s cannot be meant"),
        (lambda: content(u=np.full((3, 3, 4), np.nan)), "no value at all; land everywhere"),
        (lambda: content().where(content().time != 1.0), "time 2 of 3 has no value at all"),
        (curvilinear, "a curvilinear grid"),
        (staggered, "a staggered grid"),
        (rotated, "has a rotated pole"),
        (lambda: content().rename({"lon": "member"}).drop_vars("member"), "dimension 'member' .4. has no coordinate"),
        (lambda: content().isel(lon=0), "its dimensions are time, lat; longitude and latitude"),
    ],
)  # fmt: skip
def test_what_is_not_understood_is_refused(tmp_path: Path, make: Any, told: str) -> None:
    with pytest.raises(UnusableInputError, match=told):
        read(make(), tmp_path)


def test_files_that_are_none(tmp_path: Path) -> None:
    (tmp_path / "a.nc").write_text("u,v\n1,2\n")
    with pytest.raises(UnusableInputError, match=r"a.nc' cannot be read as NetCDF"):
        read_velocities(tmp_path / "a.nc")
    with pytest.raises(UnusableInputError, match=r"b.nc' cannot be read as NetCDF"):
        read_velocities(tmp_path / "b.nc")
    content().to_netcdf(tmp_path / "c.nc", engine="h5netcdf")
    with pytest.raises(UnusableInputError, match="has no variable 'w'; it has uo, vo"):
        read_velocities(tmp_path / "c.nc", variables=("uo", "w"))
    with pytest.raises(UnusableInputError, match="'tides' are no velocities that are known"):
        read_velocities(tmp_path / "c.nc", kind="tides")
