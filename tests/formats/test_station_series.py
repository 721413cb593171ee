"""Series of several rivers in one file, in every layout that services and people have for it."""

from __future__ import annotations

from datetime import UTC, tzinfo
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from frugal.errors import UnusableInputError
from frugal.formats.station_series import SeriesWanted, read_station_series
from frugal.formats.time_series import read_series

RIVERS = {"garonne": ("O909001001",), "dordogne": ("P5550010",)}
COLUMNS = ("discharge", "debit", "flow")
T0 = 1927843200.0  # 2031-02-03T00:00Z, from `date -u -d 2031-02-03 +%s`


def found(path: Path, text: str, zone: tzinfo | None = None, gap_h: float = 48.0, names: dict = RIVERS):
    path.write_text(text)
    return read_station_series(path, SeriesWanted(names, "discharge", COLUMNS, 0.0, 1e5, gap_h * 3600.0, zone))


HUBEAU = (
    "code_site;code_station;grandeur_hydro;date_obs;resultat_obs;code_statut\n"
    "P5550010;P555001002;Q;2031-02-03T01:00:00Z;91000.0;4\n"
    "O9090010;O909001001;Q;2031-02-03T01:00:00Z;412000.0;4\n"
    "O9090010;O909001001;Q;2031-02-03T01:00:00Z;410000.0;12\n"
    "P5550010;P555001002;Q;2031-02-03T00:00:00Z;90000.0;4\n"
    "O9090010;O909001001;Q;2031-02-03T00:00:00Z;400000.0;4\n"
    "O9090010;O909001001;Q;2031-02-03T00:30:00Z;;4\n"
)
LAYOUTS = {
    "hubeau": (HUBEAU, None),
    "fetched": (
        "time_utc,station,discharge [m3/s],status\n"
        "2031-02-03T00:00:00Z,O909001001,400,4\n2031-02-03T01:00:00Z,O909001001,410,4\n"
        "2031-02-03T00:00:00Z,P555001002,90,4\n2031-02-03T01:00:00Z,P555001002,91,4\n",
        None,
    ),
    "columns": ("time_utc,garonne [m3/s],Dordogne_l_s\n2031-02-03 00:00,400,90000\n2031-02-03 01:00,410,91000\n", None),
    "civil time": (
        "date;garonne [m3/s];dordogne [m3/s]\n2031-02-03T01:00;400;90\n2031-02-03T02:00;410;91\n",
        ZoneInfo("Europe/Paris"),
    ),
    "offsets": ("date;garonne [m3/s];dordogne [m3/s]\n2031-02-03T01:00+01:00;400;90\n2031-02-03T01:00Z;410;91\n", None),
}  # fmt: skip


@pytest.mark.parametrize("layout", LAYOUTS)
def test_every_layout_says_the_same(tmp_path: Path, layout: str) -> None:
    series = found(tmp_path / "flows.csv", *LAYOUTS[layout]).series
    for name, values in (("garonne", [400.0, 410.0]), ("dordogne", [90.0, 91.0])):
        np.testing.assert_allclose(series[name].time_s, [T0, T0 + 3600.0])
        np.testing.assert_allclose(series[name].values, values)


def test_daily_means_of_hubeau_stand_at_noon_in_cubic_metres(tmp_path: Path) -> None:
    text = "code_station,date_obs_elab,resultat_obs_elab,grandeur_hydro_elab\n" + "".join(
        f"O909001001,2031-02-{day:02d},{value},QmnJ\n"
        for day, value in ((3, 401234.0), (4, ""), (5, 395500.0), (6, 4e5))
    )
    answer = found(tmp_path / "days.csv", text)
    np.testing.assert_allclose(answer.series["garonne"].time_s, T0 + 86400.0 * np.array([0.5, 2.5, 3.5]))
    np.testing.assert_allclose(answer.series["garonne"].values, [401.234, 395.5, 400.0])
    assert [(gap.begin_s, gap.end_s) for gap in answer.gaps] == [(T0 + 43200.0, T0 + 216000.0)]


def test_netcdf_with_a_variable_each_or_one_of_all_stations(tmp_path: Path) -> None:
    import xarray as xr

    clock = np.array(["2031-02-03T00:00", "2031-02-03T01:00"], dtype="datetime64[ns]")
    flows = np.array([[400.0, 90.0], [410.0, 91.0]])
    each = xr.Dataset(
        {n: ("time", flows[:, k], {"units": "m3 s-1"}) for k, n in enumerate(RIVERS)}, coords={"time": clock}
    )
    codes = np.array([list("O909001001"), list("P555001002")], dtype="S1")
    one = xr.Dataset(
        {"debit": (("time", "station"), flows, {"units": "m3.s-1"}), "code": (("station", "letter"), codes)},
        coords={"time": clock},
    )
    turned = one.assign(code=(("letter", "station"), codes.T))
    for name, content in (("each", each), ("one", one), ("turned", turned)):
        path = tmp_path / f"{name}.nc"
        content.to_netcdf(path, engine="h5netcdf")
        series = read_station_series(path, SeriesWanted(RIVERS, "discharge", COLUMNS, 0.0, 1e5, 1e5)).series
        np.testing.assert_allclose(series["garonne"].values, [400.0, 410.0])
        np.testing.assert_allclose(series["dordogne"].values, [90.0, 91.0])
        assert series["dordogne"].time_s[0] == T0


def wide(*rows: str) -> str:
    return "time,garonne [m3/s],dordogne [m3/s]\n" + "".join(f"{row}\n" for row in rows)


HOURS = [f"2031-02-03T{hour:02d}:00Z,400,90" for hour in range(6)]
REFUSED = {
    "no zone": (wide("2031-02-03T00:00,4,5", "2031-02-03T01:00,4,5"), "line 2: '2031-02-03T00:00' has no zone; write Z"),
    "mixed": (wide("2031-02-03T00:00Z,4,5", "2031-02-03T01:00,4,5"), "line 3: .* has no zone and others in its column"),
    "gap": (wide(*HOURS, "2031-02-07T00:00Z,4,5"), "no value from 2031-02-03T05:00:00Z to 2031-02-07T00:00:00Z, 91 h"),
    "twice": (wide(HOURS[0], HOURS[1], "2031-02-03T01:00Z,500,90"), "400 and 500 stand at one time"),
    "sentinel": (wide(*HOURS, "2031-02-03T06:00Z,-9999,90"), "line 8: -9999 m3/s stands for no value"),
    "negative": (wide(*HOURS, "2031-02-03T06:00Z,-4,90"), "-4 m3/s cannot be meant; 0 to 100000 m3/s are allowed"),
    "unit": (wide(*HOURS).replace(" [m3/s]", ""), r"column 'garonne' is not said; call it 'garonne \[m3/s\]'"),
    "kind": (wide(*HOURS).replace("[m3/s]", "[m]"), "is in 'm', which is no unit like m3/s"),
    "others": ("time_utc,loire [m3/s]\n2031-02-03T00:00Z,4\n", "has no discharge of garonne, dordogne; it has loire"),
    "level": (HUBEAU.replace(";Q;", ";H;"), "the quantity 'H' is no discharge; Q, QmnJ are allowed"),
    "clock": ("time_h,garonne [m3/s]\n0,4\n1,5\n", "counts in 'h'; dates are needed"),
}  # fmt: skip


@pytest.mark.parametrize("case", REFUSED)
def test_what_a_file_cannot_be_is_one_sentence(tmp_path: Path, case: str) -> None:
    text, told = REFUSED[case]
    with pytest.raises(UnusableInputError, match=told):
        found(tmp_path / "flows.csv", text)


def test_an_hour_that_a_clock_shows_twice_is_refused(tmp_path: Path) -> None:
    rows = wide("2026-10-25T01:30,4,5", "2026-10-25T02:30,4,5", "2026-10-25T03:30,4,5")
    with pytest.raises(UnusableInputError, match="line 3: '2026-10-25T02:30' is twice or not at all in Europe/Paris"):
        found(tmp_path / "flows.csv", rows, ZoneInfo("Europe/Paris"))
    assert found(tmp_path / "flows.csv", rows, UTC).series["garonne"].time_s[1] % 86400.0 == 2.5 * 3600.0


def test_a_series_of_one_station_may_have_hubeaus_columns_or_those_of_a_fetched_file(tmp_path: Path) -> None:
    one = "".join(line for line in HUBEAU.splitlines(keepends=True) if "P555" not in line)
    (tmp_path / "flows.csv").write_text(one)
    series = read_series(tmp_path / "flows.csv", ("discharge",), "m^3/s", 0.0, 1e6)
    np.testing.assert_allclose(series.values, [400.0, 410.0])
    (tmp_path / "fetched.csv").write_text(
        "time_utc,station,level [m]\n2031-02-03T00:00Z,X,1.5\n2031-02-03T00:10Z,X,1.75\n"
    )
    series = read_series(tmp_path / "fetched.csv", ("level",), "cm", -1e3, 1e3)
    np.testing.assert_allclose(series.values, [150.0, 175.0])
    (tmp_path / "both.csv").write_text(HUBEAU)
    with pytest.raises(UnusableInputError, match="has values of 2 stations"):
        read_series(tmp_path / "both.csv", ("discharge",), "m^3/s", 0.0, 1e6)


def test_parquet_with_times_as_such(tmp_path: Path) -> None:
    import pandas as pd

    clock = pd.to_datetime(["2031-02-03T00:00Z", "2031-02-03T01:00Z"])
    table = pd.DataFrame({"time_utc": clock, "garonne [m3/s]": [400.0, 410.0], "dordogne_l_s": [90_000, 91_000]})
    table.to_parquet(tmp_path / "flows.parquet")
    series = read_station_series(
        tmp_path / "flows.parquet", SeriesWanted(RIVERS, "discharge", COLUMNS, 0.0, 1e5, 1e5)
    ).series
    np.testing.assert_allclose(series["garonne"].time_s, [T0, T0 + 3600.0])
    np.testing.assert_allclose(series["dordogne"].values, [90.0, 91.0])
