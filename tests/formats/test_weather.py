"""Weather files: each accepted format reads back what was written, damaged ones are told in a sentence."""

import gzip
import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import requests
from pvlib.solarposition import get_solarposition

from frugal.errors import EnvironmentFaultError, UnusableInputError
from frugal.formats.weather.hourly_year import HOURS_OF_YEAR, hours_of_common_year
from frugal.formats.weather.pvgis import fetch_pvgis
from frugal.formats.weather.readers import parse_weather, read_weather

LATITUDE, LONGITUDE = 46.17, -1.15
TMYX = "weather/FRA_AC_La.Rochelle.Intl.AP.073160_TMYx.epw.gz"


def sky(unix_time_s: np.ndarray) -> dict[str, np.ndarray]:
    """A clear year that closes exactly: ghi = dni sin(elevation) + dhi."""
    times = pd.to_datetime(unix_time_s, unit="s", utc=True)
    sine = np.sin(np.radians(get_solarposition(times, LATITUDE, LONGITUDE)["elevation"].to_numpy()))
    up = sine > 0.02
    dni = np.where(up, 800.0 * np.exp(-0.1 / np.maximum(sine, 0.02)), 0.0)
    dhi = np.where(up, 100.0 * sine, 0.0)
    return {"ghi": dni * np.maximum(sine, 0.0) + dhi, "dni": dni, "dhi": dhi, "sine": sine}


def epw(edit=None, years=None, leap_day: bool = False, instant_s: float = 1800.0) -> bytes:
    """An EPW file at UTC+1; ``edit(table)`` may change its hourly rows."""
    unix_time_s, month = hours_of_common_year(1.0, instant_s)
    light = sky(unix_time_s)
    labels = np.datetime64("2018-01-01T00") + np.arange(HOURS_OF_YEAR).astype("timedelta64[h]")
    stamps = pd.DatetimeIndex(labels)
    table = pd.DataFrame(
        {
            "year": np.full(HOURS_OF_YEAR, 2018) if years is None else np.asarray(years)[month],
            "month": stamps.month,
            "day": stamps.day,
            "hour": stamps.hour + 1,
            "temperature": 10.0 + np.arange(HOURS_OF_YEAR) % 24,
            "ghi": light["ghi"],
            "dni": light["dni"],
            "dhi": light["dhi"],
            "wind": 4.0 + np.zeros(HOURS_OF_YEAR),
        }
    )
    if leap_day:
        extra = table[(table["month"] == 2) & (table["day"] == 28)].assign(day=29)
        table = pd.concat([table[table.index < 59 * 24], extra, table[table.index >= 59 * 24]], ignore_index=True)
    if edit is not None:
        table = edit(table)
    head = [f"LOCATION,Essai,-,FRA,TEST,000,{LATITUDE},{LONGITUDE},1.0,12.0"] + ["COMMENTS,-"] * 7
    rows = [
        f"{r.year},{r.month},{r.day},{r.hour},60,?,{r.temperature:.1f},5,80,101000,0,0,300,{r.ghi:.6f},{r.dni:.6f},"
        f"{r.dhi:.6f},0,0,0,0,180,{r.wind:.1f},5,5,9,999,0,0,10,0.1,0,0,0.2,0,0"
        for r in table.itertuples()
    ]
    return "\r\n".join(head + rows).encode()


def pvgis_stamps(delay_s: float) -> tuple[pd.DatetimeIndex, dict[str, np.ndarray]]:
    unix_time_s, _ = hours_of_common_year(0.0, 0.0)
    return pd.DatetimeIndex(pd.to_datetime(unix_time_s, unit="s")), sky(unix_time_s + delay_s)


def pvgis_tmy_csv(delay_h: float | None = 0.1761, rows: int = HOURS_OF_YEAR) -> bytes:
    stamps, light = pvgis_stamps(0.0 if delay_h is None else delay_h * 3600)
    lines = [
        f"Latitude (decimal degrees): {LATITUDE}",
        f"Longitude (decimal degrees): {LONGITUDE}",
        "Elevation (m): 4",
    ]
    if delay_h is not None:
        lines.append(f"Irradiance Time Offset (h): {delay_h}")
    years = [2007, 2012, 2009, 2014, 2010, 2016, 2011, 2013, 2015, 2008, 2006, 2012]
    lines += ["month,year"] + [f"{m + 1},{year}" for m, year in enumerate(years)]
    lines.append("time(UTC),T2m,RH,G(h),Gb(n),Gd(h),IR(h),WS10m,WD10m,SP")
    for i, stamp in enumerate(stamps[:rows]):
        at = stamp.replace(year=years[stamp.month - 1])
        lines.append(
            f"{at:%Y%m%d:%H%M},{8 + i % 24},80,"
            f"{light['ghi'][i]:.5f},{light['dni'][i]:.5f},{light['dhi'][i]:.5f},"
            "300,3.5,200,101000"
        )
    return "\r\n".join([*lines, "T2m: 2-m air temperature", ""]).encode()


def pvgis_hourly(years: int = 1, slope: float = 0.0, components: bool = True) -> dict:
    stamps, light = pvgis_stamps(600.0)
    hours = []
    for year in range(2016, 2016 + years):
        for i, stamp in enumerate(stamps):
            beam = light["dni"][i] * max(light["sine"][i], 0.0)
            hour = {"time": f"{stamp.replace(year=year):%Y%m%d}:{stamp.hour:02d}10"}
            hour |= {"Gb(i)": beam, "Gd(i)": light["dhi"][i], "Gr(i)": 0.0} if components else {"G(i)": beam}
            elevation = np.degrees(np.arcsin(light["sine"][i]))
            hours.append({**hour, "H_sun": max(elevation, 0.0), "T2m": 9.0, "WS10m": 3.0, "Int": 0.0})
    mounting = {"fixed": {"slope": {"value": slope, "optimal": False}, "azimuth": {"value": 0}}}
    location = {"latitude": LATITUDE, "longitude": LONGITUDE, "elevation": 4.0}
    return {
        "inputs": {"location": location, "mounting_system": mounting},
        "outputs": {"hourly": hours},
        "meta": {"inputs": {}},
    }


def closure(weather) -> float:
    times = pd.to_datetime(weather.unix_time_s, unit="s", utc=True)
    elevation = get_solarposition(times, weather.latitude_deg, weather.longitude_deg)["elevation"].to_numpy()
    sine = np.sin(np.radians(np.maximum(elevation, 0.0)))
    return float(np.abs(weather.ghi - weather.dni * sine - weather.dhi).max())


def test_epw_is_read_in_the_middle_of_its_hours(tmp_path):
    path = tmp_path / "year.epw"
    path.write_bytes(epw())
    weather = read_weather(path)
    assert weather.ghi.shape == weather.month.shape == (8760,)
    assert weather.month.dtype == np.int64
    assert weather.unix_time_s[0] == pd.Timestamp("2018-01-01T00:30+01:00").timestamp()
    assert np.bincount(weather.month).tolist() == [d * 24 for d in (31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)]
    assert (weather.altitude_m, weather.utc_offset_h) == (12.0, 1.0)
    assert closure(weather) < 1.0  # a half-hour shift would leave over 100 W/m²


def test_gzip_and_plain_hold_the_same_year_but_not_the_same_hash(tmp_path):
    (tmp_path / "a.epw").write_bytes(epw())
    (tmp_path / "b.weird_name").write_bytes(gzip.compress(epw()))
    plain, packed = read_weather(tmp_path / "a.epw"), read_weather(tmp_path / "b.weird_name")
    np.testing.assert_array_equal(plain.ghi, packed.ghi)
    assert plain.sha256 != packed.sha256


def test_months_of_different_years_and_a_leap_day_become_one_year():
    mixed = parse_weather(epw(years=[2005, 2012, 2008, 2009, 2005, 2015, 2014, 2008, 2012, 2018, 2008, 2016]), "tmy")
    leap = parse_weather(epw(leap_day=True), "leap")
    plain = parse_weather(epw(), "plain")
    for weather in (mixed, leap):
        np.testing.assert_array_equal(weather.unix_time_s, plain.unix_time_s)
        np.testing.assert_array_equal(weather.ghi, plain.ghi)
        np.testing.assert_array_equal(weather.month, plain.month)


def test_missing_hours_are_filled_from_neighbouring_days_and_nights_stay_dark():
    gone = np.arange(4000, 4072)

    def edit(table):
        table.loc[gone, ["ghi", "dni", "dhi"]] = 9999
        table.loc[gone, "temperature"] = 99.9
        table.loc[gone, "wind"] = 999
        return table

    whole, mended = parse_weather(epw(), "whole"), parse_weather(epw(edit), "mended")
    assert "72 missing hours of ghi filled" in mended.source
    assert "filled" not in whole.source
    assert mended.ghi[gone][whole.ghi[gone] == 0].max() == 0.0
    np.testing.assert_allclose(mended.ghi[gone], whole.ghi[gone], atol=15.0)
    np.testing.assert_allclose(mended.air_temperature_c, whole.air_temperature_c, atol=1e-9)
    untouched = np.setdiff1d(np.arange(8760), gone)
    np.testing.assert_array_equal(mended.dni[untouched], whole.dni[untouched])


def set_hours(column: str, start: int, stop: int, value: float):
    def edit(table):
        table.loc[start : stop - 1, column] = value
        return table

    return edit


def test_small_negative_noise_becomes_zero():
    assert parse_weather(epw(set_hours("ghi", 0, 5, -2.0)), "noise").ghi[:5].tolist() == [0.0] * 5


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "empty"),
        (b"  \n ", "empty"),
        (b"\x00\x01\x02\x03" * 500, "not a text file"),
        (b"hello, world\n1,2\n", "unknown format"),
        (b"{}", "not from PVGIS"),
        (b'{"outputs": {"tmy_hourly": [', "cut short or damaged"),
        (b"LOCATION,Somewhere", "cut short or damaged"),
        (epw()[:200_000], "cut short or damaged|hours"),
        (gzip.compress(epw())[:5000], "damaged or cut .gz"),
        (pvgis_tmy_csv(rows=5000), "cut short or damaged"),
        (epw(lambda table: table[:8000]), "8000 hours"),
        (epw(lambda table: table[np.arange(len(table)) != 100]), "8759 hours"),
        (epw(set_hours("ghi", 10, 200, 9999)), "misses 190 of 8760 hours of ghi; at most 175"),
        (epw(set_hours("dni", 10, 11, 2000)), "dni of 2000 W/m² at hour 11"),
        (epw(set_hours("ghi", 10, 11, -50)), "ghi of -50 W/m²"),
        (epw(set_hours("temperature", 10, 11, 80)), "air temperature of 80 °C"),
        (epw(set_hours("temperature", 0, 8760, 288.15)), r"misses 8760 of 8760 hours of air temperature; .* in K in"),
        (
            epw(set_hours("temperature", 4000, 4500, 86)),
            "air temperature of 86 °C at hour 4001 .* in °F in the place of °C",
        ),
        (epw(set_hours("wind", 10, 11, -1)), "wind speed of -1 m/s"),
        (epw(set_hours("ghi", 0, 8760, 0)), "at least 300 is plausible"),
        (epw(set_hours("hour", 5, 6, 5)), "gives some twice: 1 are missing, the first on 01-01 at 5:00"),
        (epw().replace(b",-1.15,1.0", b",120.0,1.0"), "coordinates or time zone are wrong"),
        (epw().replace(b",46.17,", b",146.17,"), "latitude 146.17"),
        (epw().replace(b",46.17,", b",north,"), "cut short or damaged"),
        (json.dumps(pvgis_hourly(years=2)).encode(), "17520 hours"),
        (json.dumps(pvgis_hourly(slope=30.0)).encode(), "tilted 30°"),
        (json.dumps(pvgis_hourly(components=False)).encode(), "radiation components"),
    ],
)
def test_unusable_files_are_named_in_one_sentence(tmp_path, content, words):
    path = tmp_path / "broken.dat"
    path.write_bytes(content)
    with pytest.raises(UnusableInputError, match=words) as caught:
        read_weather(path)
    assert str(path) in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_missing_file_and_a_folder_are_told(tmp_path):
    for path in (tmp_path / "none.epw", tmp_path):
        with pytest.raises(UnusableInputError, match="cannot be read"):
            read_weather(path)


def test_pvgis_typical_year_keeps_the_instant_of_its_irradiance():
    weather = parse_weather(pvgis_tmy_csv(0.1761), "tmy.csv")
    assert weather.unix_time_s[0] == pytest.approx(pd.Timestamp("2018-01-01T00:00Z").timestamp() + 0.1761 * 3600)
    assert weather.utc_offset_h == 0.0
    assert closure(weather) < 1.0
    older = parse_weather(pvgis_tmy_csv(None), "tmy.csv")  # files before PVGIS 5.3 have no such line
    assert older.unix_time_s[0] == pd.Timestamp("2018-01-01T00:00Z").timestamp()
    assert closure(older) < 1.0


def test_epw_of_pvgis_is_read_at_the_instant_that_closes():
    content = epw(instant_s=600.0).replace(b"COMMENTS,-", b"COMMENTS 1,PVGIS typical year", 1)
    weather = parse_weather(content, "pvgis.epw")
    assert weather.unix_time_s[0] == pd.Timestamp("2018-01-01T00:10+01:00").timestamp()
    assert closure(weather) < 1.0
    assert "PVGIS" in weather.attribution


def test_pvgis_hourly_series_as_csv_equals_json():
    content = pvgis_hourly()
    lines = [f"Latitude (decimal degrees):\t{LATITUDE}", f"Longitude (decimal degrees):\t{LONGITUDE}"]
    lines += ["Elevation (m):\t4", "Radiation database:\tPVGIS-SARAH3", "", "Slope: 0 deg. ", "Azimuth: 0 deg. ", ""]
    hours = content["outputs"]["hourly"]
    lines += [
        ",".join(hours[0]),
        *(",".join(str(value) for value in hour.values()) for hour in hours),
        "",
        "Gb(i): beam",
    ]
    csv = parse_weather("\r\n".join(lines).encode(), "hourly.csv")
    other = parse_weather(json.dumps(content).encode(), "hourly.json")
    np.testing.assert_allclose(csv.dni, other.dni, rtol=1e-12)
    np.testing.assert_array_equal(csv.unix_time_s, other.unix_time_s)
    lines[5] = "Slope: 35 deg. (optimum) "
    with pytest.raises(UnusableInputError, match="tilted 35°"):
        parse_weather("\r\n".join(lines).encode(), "hourly.csv")


def test_pvgis_typical_year_as_json_equals_csv():
    csv = parse_weather(pvgis_tmy_csv(0.1761), "tmy.csv")
    lines = pvgis_tmy_csv(0.1761).decode().split("\r\n")
    start = next(i for i, line in enumerate(lines) if line.startswith("time(UTC)"))
    names = lines[start].split(",")
    rows = [line.split(",") for line in lines[start + 1 : start + 1 + 8760]]
    hours = [{n: v if n == "time(UTC)" else float(v) for n, v in zip(names, row, strict=True)} for row in rows]
    location = {
        "latitude": LATITUDE,
        "longitude": LONGITUDE,
        "elevation": 4.0,
        "irradiance_time_offset": 0.1761,
    }
    content = {
        "inputs": {"location": location},
        "outputs": {"months_selected": [], "tmy_hourly": hours},
        "meta": {"inputs": {}},
    }
    weather = parse_weather(json.dumps(content).encode(), "tmy.json")
    np.testing.assert_array_equal(weather.ghi, csv.ghi)
    np.testing.assert_array_equal(weather.unix_time_s, csv.unix_time_s)
    assert "PVGIS" in weather.attribution


def test_pvgis_hourly_series_gives_normal_beam_at_its_minute():
    weather = parse_weather(json.dumps(pvgis_hourly()).encode(), "hourly.json")
    assert weather.unix_time_s[0] == pd.Timestamp("2018-01-01T00:10Z").timestamp()
    assert closure(weather) < 1.5
    light = sky(weather.unix_time_s)
    high = light["sine"] > 0.1
    np.testing.assert_allclose(weather.dni[high], light["dni"][high], rtol=1e-6)


def test_no_network_is_told_in_one_sentence(monkeypatch):
    def unreachable(*args, **kwargs):
        raise requests.ConnectionError("no route")

    monkeypatch.setattr(requests, "get", unreachable)
    with pytest.raises(EnvironmentFaultError, match="cannot be reached"):
        fetch_pvgis(46.0, -1.0)
    with pytest.raises(UnusableInputError, match="not on Earth"):
        fetch_pvgis(146.0, -1.0)


def test_pvgis_answer_is_read(monkeypatch):
    class Response:
        ok = True

        def json(self):
            lines = pvgis_tmy_csv(0.1761).decode().split("\r\n")
            start = next(i for i, line in enumerate(lines) if line.startswith("time(UTC)"))
            names = lines[start].split(",")
            rows = [line.split(",") for line in lines[start + 1 : start + 1 + 8760]]
            hours = [
                {n: v if i == 0 else float(v) for i, (n, v) in enumerate(zip(names, r, strict=True))} for r in rows
            ]
            location = {
                "latitude": LATITUDE,
                "longitude": LONGITUDE,
                "elevation": 4,
                "irradiance_time_offset": 0.1761,
            }
            return {
                "inputs": {"location": location},
                "outputs": {"months_selected": [], "tmy_hourly": hours},
                "meta": {"inputs": {}},
            }

    monkeypatch.setattr(requests, "get", lambda *args, **kwargs: Response())
    weather = fetch_pvgis(LATITUDE, LONGITUDE)
    assert closure(weather) < 1.0


def test_typical_year_of_la_rochelle(shared_data: Path):
    weather = read_weather(shared_data / TMYX)
    sums = [round(values.sum() / 1e3, 1) for values in (weather.ghi, weather.dni, weather.dhi)]
    assert sums == [1377.9, 1303.8, 588.9]
    assert weather.air_temperature_c.mean() == pytest.approx(13.1, abs=0.05)
    assert weather.attribution == "Climate.OneBuilding.org"
    times = pd.to_datetime(weather.unix_time_s, unit="s", utc=True)
    sine = np.sin(np.radians(get_solarposition(times, weather.latitude_deg, weather.longitude_deg)["elevation"]))
    gap = weather.ghi - weather.dni * np.maximum(sine.to_numpy(), 0.0) - weather.dhi
    assert np.sqrt(np.mean(gap**2)) < 2.0  # 14 W/m² with the sun half an hour off
