"""Series over time from tables and NetCDF files: units, clocks, holes, and what stands for no value."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from frugal.errors import UnusableInputError
from frugal.formats.time_series import read_series


def level(path: Path):
    return read_series(path, ("level",), "m", -15.0, 25.0, standard_names=("sea_surface_height_above_geoid",))


@pytest.mark.parametrize(
    ("text", "time_s", "values"),
    [
        ("time_h,level_m\n-1,0.5\n0,2.5\n1,1.25\n", [-3600.0, 0.0, 3600.0], [0.5, 2.5, 1.25]),
        ("time [min];level [cm]\n0;50\n10;250,5\n20;-125\n", [0.0, 600.0, 1200.0], [0.5, 2.505, -1.25]),
        ("time_s,level_ft\n0,10\n60,1\n", [0.0, 60.0], [3.048, 0.3048]),
        (
            "time,level_m,station\n2010-02-28T03:00Z,3.1,x\n2010-02-28T05:00+01:00,3.3,x\n",
            [1267326000.0, 1267329600.0],
            [3.1, 3.3],
        ),
    ],
)
def test_units_and_clocks_of_tables(tmp_path: Path, text: str, time_s: list, values: list) -> None:
    (tmp_path / "level.csv").write_text(text)
    found = level(tmp_path / "level.csv")
    np.testing.assert_allclose(found.time_s, time_s)
    np.testing.assert_allclose(found.values, values)
    assert found.dated == ("station" in text)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("time_h,level_m\n0,1\n1,2\n1,3\n", r"level.csv.*line 4: its time is not later"),
        ("time_h,level_m\n0,1\n1,2.5\n2,-9999\n3,3.5\n", r"line 4: -9999 m stands for no value"),
        ("time_h,level_m\n0,1\n1,\n2,3\n", "line 3: the value is missing"),
        ("time_h,level_m\n0,1\n0.5,2\n1,3\n1.5,3\n9,3\n", "line 6: no value for 7.5 h before it"),
        ("time_h,level_m\n0,1\n1,80\n", "line 3: 80 m cannot be meant; -15 to 25 m are allowed"),
        ("time_h,level\n0,1\n1,2\n", r"the unit of column 'level' is not said; call it 'level \[m\]'"),
        ("time_h,level_kg\n0,1\n1,2\n", "is in 'kg', which is no unit like m"),
        ("time,level_m\n0,1\n1,2\n", "line 2: '0' is no date"),
        ("time_h,height_m\n0,1\n1,2\n", "no column for 'level'"),
        ("time_h,level_m\n0,1\n", "has 1 value"),
    ],
)
def test_what_a_series_cannot_be_names_file_line_and_value(tmp_path: Path, text: str, told: str) -> None:
    (tmp_path / "level.csv").write_text(text)
    with pytest.raises(UnusableInputError, match=told):
        level(tmp_path / "level.csv")


def test_netcdf_after_the_cf_conventions(tmp_path: Path) -> None:
    import xarray as xr

    clock = np.array(["2010-02-28T03:00", "2010-02-28T04:00", "2010-02-28T05:00"], dtype="datetime64[ns]")
    heights = xr.DataArray([310.0, 330.0, 320.0], dims="time", coords={"time": clock}, name="zeta")
    heights.attrs = {"units": "cm", "standard_name": "sea_surface_height_above_geoid"}
    heights.to_netcdf(tmp_path / "level.nc", engine="h5netcdf")
    found = level(tmp_path / "level.nc")
    np.testing.assert_allclose(found.values, [3.1, 3.3, 3.2])
    np.testing.assert_allclose(found.time_s, 1267326000.0 + 3600.0 * np.arange(3))
    heights[1] = np.nan
    heights.to_netcdf(tmp_path / "hole.nc", engine="h5netcdf")
    with pytest.raises(UnusableInputError, match="variable 'zeta', value 2: the value is missing"):
        level(tmp_path / "hole.nc")
    del heights.attrs["units"]
    heights.to_netcdf(tmp_path / "bare.nc", engine="h5netcdf")
    with pytest.raises(UnusableInputError, match="has no attribute units"):
        level(tmp_path / "bare.nc")
