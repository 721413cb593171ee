"""The sun against the light of a year: years by pvlib at several places, with faults that people's files have.

Yearly light of tilted planes is held against the same sky in steps of ten minutes, which no file of hours has.
"""

from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from pvlib.irradiance import get_total_irradiance
from pvlib.solarposition import get_solarposition
from typer.testing import CliRunner

from frugal.cli import app
from frugal.errors import UnusableInputError
from frugal.formats.weather.readers import parse_weather, read_weather

TURIN, DELHI, SYDNEY, SANTIAGO = (45.0, 8.0, 1.0), (28.6, 77.2, 5.5), (-33.9, 151.2, 10.0), (-33.4, -70.6, -4.0)
TROMSO = (69.6, 18.9, 1.0)
STEP_MIN = 10
HOUR = np.arange(8760)
DATES = pd.date_range("2018-01-01", periods=8760, freq="h")


def sky(times, latitude_deg: float, longitude_deg: float):
    """Sun, and beam and diffuse of days that are clear, hazy and dark in turn; closes exactly at each moment."""
    sun = get_solarposition(times, latitude_deg, longitude_deg)
    sine = np.maximum(np.sin(np.radians(sun["elevation"].to_numpy())), 0.0)
    clouds = np.random.default_rng(1).choice([0.0, 0.3, 0.7, 1.0, 1.0], 8 * 366)
    hour = np.asarray((times - pd.Timestamp("2017-12-01", tz="UTC")) // pd.Timedelta(hours=3))
    clear = clouds[hour % len(clouds)]
    dni = np.where(sine > 0, 900.0 * np.exp(-0.13 / np.maximum(sine, 0.02)), 0.0) * clear
    dhi = (60.0 + 140.0 * sine) * np.minimum(20.0 * sine, 1.0) * (1.8 - 0.8 * clear)
    return sun, dni * sine + dhi, dni, dhi


def light_of_planes(sun, ghi, dni, dhi) -> np.ndarray:
    """Yearly mean on planes of 30° and 60° to the east, west and south [W/m²], by pvlib."""
    planes = [(30, 90), (30, 270), (30, 180), (60, 90), (60, 270)]
    found = [
        get_total_irradiance(t, a, sun["zenith"], sun["azimuth"], dni, ghi, dhi, dni_extra=1367.0, model="haydavies")
        for t, a in planes
    ]
    return np.array([np.nanmean(plane["poa_global"]) for plane in found])


@cache
def true_year(latitude_deg: float, longitude_deg: float):
    moments = pd.date_range("2018-01-01", periods=8760 * 60 // STEP_MIN, freq=f"{STEP_MIN}min", tz="UTC")
    sun, *light = sky(moments + pd.Timedelta(minutes=STEP_MIN / 2), latitude_deg, longitude_deg)
    return light_of_planes(sun, *light), light


def hourly(place, zone_h: float, late_min: int = 0):
    """Means over hours of a zone, each label so many minutes earlier than its hour."""
    _, light = true_year(*place[:2])
    steps = round(zone_h * 60 / STEP_MIN) - late_min // STEP_MIN
    return [np.roll(part, steps).reshape(8760, -1).mean(axis=1) for part in light]


def instants(place, zone_h: float, after_min: float):
    return sky(DATES.tz_localize("UTC") + pd.Timedelta(minutes=after_min - 60.0 * zone_h), *place[:2])[1:]


def epw(latitude_deg, longitude_deg, zone_h, light, comment="") -> bytes:
    head = f"LOCATION,Somewhere,-,FRA,made,0,{latitude_deg},{longitude_deg},{zone_h},50"
    lines = [head, *["-"] * 5, f"COMMENTS 2,{comment}", "-"]
    lines += [
        f"{t.year},{t.month},{t.day},{t.hour + 1},0,?,15.0,8,60,101325,0,0,300,{g:.2f},{b:.2f},{d:.2f},0,0,0,0,180,2.0"
        + ",0" * 13
        for t, g, b, d in zip(DATES, *light, strict=True)
    ]
    return "\n".join(lines).encode()


def off_truth(weather, place) -> float:
    """Largest relative error of the yearly light of the planes."""
    sun = get_solarposition(pd.to_datetime(weather.unix_time_s, unit="s", utc=True), *place[:2])
    found = light_of_planes(sun, weather.ghi, weather.dni, weather.dhi)
    return float(np.abs(found / true_year(*place[:2])[0] - 1.0).max())


def minutes_after_start(weather) -> float:
    """Minutes from the start of the hours, in the zone of the head, to the sun of the first row."""
    return (weather.unix_time_s[0] - pd.Timestamp("2018-01-01", tz="UTC").timestamp()) / 60 + 60 * weather.utc_offset_h


def summer_time(light, southern: bool = False):
    late = (DATES >= "2018-03-25 02:00") & (DATES < "2018-10-28 03:00")
    if southern:
        late = (DATES < "2018-04-01 03:00") | (DATES >= "2018-10-07 02:00")
    return [np.where(late, np.roll(part, 1), part) for part in light]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("place", "light", "moment_min", "words"),
    [
        (TURIN, lambda: hourly(TURIN, 1.0), 30, None),
        (TROMSO, lambda: hourly(TROMSO, 1.0), 30, None),
        (DELHI, lambda: hourly(DELHI, 5.5), 30, None),
        (TURIN, lambda: hourly(TURIN, 1.0, 30), 60, "30 minutes later.*those of the end of each hour"),
        (TURIN, lambda: hourly(TURIN, 1.0, -50), -20, "50 minutes earlier"),
        (TURIN, lambda: hourly(TURIN, 1.0, 10), 40, "10 minutes later"),
        (DELHI, lambda: hourly(DELHI, 5.0), 60, "30 minutes later"),
        (DELHI, lambda: hourly(DELHI, 0.0), 360, r"330 minutes later.*rows are those of UTC\+0"),
        (SYDNEY, lambda: hourly(SYDNEY, 11.0), -30, r"60 minutes earlier.*rows are those of UTC\+11"),
        (SANTIAGO, lambda: hourly(SANTIAGO, -1.0), -150, "180 minutes earlier.*rows are those of UTC-1"),
        (SYDNEY, lambda: instants(SYDNEY, 10.0, 60.0), 60, "30 minutes later"),
        (TURIN, lambda: summer_time(hourly(TURIN, 1.0)), 30, "summer time from 03-25 to 10-27"),
        (SYDNEY, lambda: summer_time(hourly(SYDNEY, 10.0), True), -30, "summer time from 10-07 to 03-31"),
        (TROMSO, lambda: summer_time(hourly(TROMSO, 1.0)), 30, "summer time from 03-25 to 10-27"),
    ],
)
def test_hours_are_mended_and_told_and_planes_receive_what_they_should(place, light, moment_min, words):
    weather = parse_weather(epw(*place, light()), "/folder/year.epw")
    assert minutes_after_start(weather) == pytest.approx(moment_min, abs=2.0)
    assert off_truth(weather, place) < 0.008  # instants of each hour alone are worth 0.6 %
    if words is None:
        assert weather.notes == ()
    else:
        (note,) = weather.notes
        pd.testing.assert_series_equal(pd.Series([note]).str.contains(words), pd.Series([True]))
        assert "/folder" not in note  # it stands on a public page
        assert "W/m²" in note


def test_half_an_hour_unmended_would_turn_east_and_west():
    """The bound of the test above can fail: the same year at the moment that the file says."""
    light = hourly(TURIN, 1.0, 30)
    times = DATES.tz_localize("UTC") + pd.Timedelta(minutes=30 - 60)
    found = light_of_planes(get_solarposition(times, *TURIN[:2]), *light)
    assert np.abs(found / true_year(*TURIN[:2])[0] - 1.0).max() > 0.05


@pytest.mark.parametrize(
    ("head", "change", "words"),
    [
        (TURIN, lambda g, b, d: (g, g - d, d), r"beam on the horizontal as dni: ghi = dni \+ dhi closes to 0.0 W/m²"),
        (TURIN, lambda g, b, d: (g, d, b), "dni and dhi exchanged"),
        (TURIN, lambda g, b, d: (b, g, d), "ghi and dni exchanged"),
        (TURIN, lambda g, b, d: (g, 1.16 * b, d), "another unit or quantity"),
        (TURIN, lambda g, b, d: (np.roll(g, 1), b, d), "ghi 1 h earlier beside the others"),
        (TURIN, lambda g, b, d: (g, 0 * b, g), "no beam: its dni is 0 kWh/m²"),
        (TURIN, lambda g, b, d: (g, b, 0 * d), "no diffuse: its dhi is 0 kWh/m²"),
        (TURIN, lambda g, b, d: (g, 0 * b + 9999, d), "no dni: all its hours are missing"),
        (TURIN, lambda g, b, d: (g / 1000, b / 1000, d / 1000), "in kW/m² in the place of W/m²"),
        (TURIN, lambda g, b, d: (3.6 * g, 3.6 * b, 3.6 * d), "in kJ/m² in the place of W/m²"),
        (TURIN, lambda g, b, d: [np.roll(part, 4380) for part in (g, b, d)], "or the order of its months"),
        ((-45.0, 8.0, 1.0), None, "the sign of its latitude is wrong"),
        ((35.0, 8.0, 1.0), None, "at 35, which it states: its place is wrong"),
        ((45.0, 120.0, 1.0), None, "minutes earlier than its hours say.*coordinates or time zone are wrong"),
    ],
)
def test_years_of_another_sun_or_quantity_are_refused_in_one_sentence(head, change, words):
    light = hourly(TURIN, 1.0)
    light = light if change is None else change(*light)
    with pytest.raises(UnusableInputError, match=words) as caught:
        parse_weather(epw(*head, light), "year.epw")
    assert "\n" not in str(caught.value)


def test_the_other_sign_of_a_longitude_is_told():
    weather = parse_weather(epw(45.0, -8.0, 1.0, hourly(TURIN, 1.0)), "year.epw")
    assert "with longitude 8° in the place of -8°" in weather.notes[0]
    assert off_truth(weather, (45.0, -8.0)) > 0  # of another place: nothing to hold it against but the moment
    assert minutes_after_start(weather) == pytest.approx(30 + 64, abs=1.0)  # 16° are 64 minutes


def test_the_offset_that_pvgis_states_is_used_and_has_to_agree():
    """As in the EPW files of PVGIS 5.3: rows in UTC though the head says UTC+1, instants 10.566 minutes after the hour."""
    light = instants(TURIN, 0.0, 10.566)
    weather = parse_weather(epw(*TURIN, light, "Irradiance Time Offset (h):-0.8239"), "year.epw")
    assert minutes_after_start(weather) == pytest.approx(70.566, abs=1e-6)
    assert off_truth(weather, TURIN) < 0.006
    assert "stated offset (-0.8239 h) is used" in weather.notes[0]
    assert "rows are those of UTC+0" in weather.notes[0]
    assert "PVGIS" in weather.attribution
    other = parse_weather(epw(*TURIN, light, "Irradiance Time Offset (h):-0.3"), "year.epw")
    assert "stated offset (-0.3 h) does not agree with its light" in other.notes[0]
    assert minutes_after_start(other) == pytest.approx(70.566, abs=1.0)


def test_missing_values_of_any_sign_are_filled_and_left_out_of_the_check():
    ghi, dni, dhi = hourly(TURIN, 1.0)
    gone = HOUR % 100 == 50
    for mark in (9999, -9999, -999, -99):
        weather = parse_weather(epw(*TURIN, (np.where(gone, mark, ghi), dni, dhi)), "year.epw")
        assert f"{gone.sum()} missing hours of ghi filled" in weather.source
        assert weather.notes == ()


def test_light_that_belongs_to_no_moment_is_told(shared_data: Path):
    weather = read_weather(shared_data / "weather/LaRochelle_historical_IPSL_bc_type.epw.gz")
    assert "do not belong together (they close to 107 W/m² at best" in weather.notes[0]
    real = read_weather(shared_data / "weather/FRA_AC_La.Rochelle.Intl.AP.073160_TMYx.epw.gz")
    assert real.notes == ()


def test_the_command_tells_what_was_mended_in_the_language_asked_for(tmp_path):
    path = tmp_path / "town.epw"
    path.write_bytes(epw(*TURIN, summer_time(hourly(TURIN, 1.0))))
    for language, words in (
        ("en", "note: weather 'town.epw': its rows follow summer time from 03-25 to 10-27"),
        ("fr", "remarque : météo 'town.epw' : ses lignes suivent l’heure d’été du 03-25 au 10-27"),
    ):
        told = CliRunner().invoke(app, ["simulate", "roof_yield", "--set", f"weather={path}", "--lang", language])
        assert told.exit_code == 0 and words in told.stderr
