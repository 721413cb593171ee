"""Irradiation and yield of roofs side by side with pvlib, on generated weather and on a real typical year."""

import gzip
import math
import warnings

import numpy as np
import pandas as pd
import pytest
from pvlib import (
    atmosphere,
    iam,
    inverter,
    iotools,
    irradiance,
    location,
    pvsystem,
    solarposition,
    temperature,
)

from frugal.errors import UnusableInputError
from frugal.physics.solar.roof_years import roof_year
from frugal.physics.solar.sky import cumulative_sky_tables, plane_irradiation
from frugal.physics.solar.transposition import SkyComponents, plane_irradiance
from frugal.physics.solar.year import solar_year

ALBEDO = 0.2
MOUNTING = (-3.47, -0.0594, 3.0)
DC_AC = 1.25
PLANES = [(0.0, 0.0), (12.0, 300.0), (30.0, 180.0), (35.0, 5.0), (45.0, 95.0), (60.0, 250.0), (90.0, 180.0)]
MODELS = {"haydavies": 0, "perez": 1}


def generated_weather():
    """Clear sky with a passing share of cloud, at 38 deg south: no file needed."""
    place = location.Location(-38.0, 145.0, altitude=200.0)
    mid = pd.date_range("2021-01-01 00:30", periods=8760, freq="h", tz="UTC")
    clear = place.get_clearsky(mid, model="ineichen", linke_turbidity=3.5)
    rng = np.random.default_rng(7)
    cloud = np.repeat(np.clip(rng.normal(0.45, 0.35, 2920), 0.0, 1.0), 3)
    weather = pd.DataFrame(index=mid)
    weather["dni"] = clear["dni"] * (1.0 - cloud) ** 1.5
    weather["dhi"] = clear["dhi"] + 0.35 * cloud * (clear["ghi"] - clear["dhi"])
    zenith = place.get_solarposition(mid)["apparent_zenith"]
    weather["ghi"] = weather["dhi"] + weather["dni"] * np.cos(np.radians(zenith)).clip(lower=0.0)
    weather["temp_air"] = 15.0 + 8.0 * np.cos((np.arange(8760) / 8760.0) * 2.0 * math.pi)
    weather["wind_speed"] = 1.0 + 4.0 * rng.random(8760)
    return weather, (place.latitude, place.longitude, place.altitude)


def la_rochelle(shared_data):
    file = shared_data / "weather" / "FRA_AC_La.Rochelle.Intl.AP.073160_TMYx.epw.gz"
    with gzip.open(file, "rt") as stream:
        weather, meta = iotools.read_epw(stream, coerce_year=2023)
    # pvlib labels the start of each hour.
    weather.index = (weather.index + pd.Timedelta("30min")).tz_convert("UTC")
    return weather, (meta["latitude"], meta["longitude"], meta["altitude"])


@pytest.fixture(scope="module", params=["generated", "la_rochelle"])
def case(request):
    if request.param == "generated":
        weather, place = generated_weather()
    else:
        weather, place = la_rochelle(request.getfixturevalue("shared_data"))
    columns = [weather[c].to_numpy() for c in ("ghi", "dni", "dhi", "temp_air", "wind_speed")]
    year = solar_year(weather.index.as_unit("s").asi8, weather.index.month.to_numpy() - 1, *columns, *place)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # pandas announces a renamed attribute that pvlib still reads
        sun = solarposition.get_solarposition(weather.index, *place, temperature=weather["temp_air"].mean())
        weather["extra"] = irradiance.get_extra_radiation(weather.index)
    weather["zenith"], weather["azimuth"] = sun["apparent_zenith"], sun["azimuth"]
    return weather, year


def pvlib_components(weather, tilt_deg, azimuth_deg, model):
    """Beam, circumsolar, isotropic, horizon band and ground-reflected irradiance of pvlib, as arrays."""
    w = {name: weather[name].to_numpy() for name in weather}
    arguments = (tilt_deg, azimuth_deg, w["dhi"], w["dni"], w["extra"], w["zenith"], w["azimuth"])
    if model == "haydavies":
        sky = irradiance.haydavies(*arguments, return_components=True)
        band = np.zeros(len(weather))
    else:
        air_mass = atmosphere.get_relative_airmass(w["zenith"])
        sky = irradiance.perez(*arguments, air_mass, return_components=True)
        band = np.nan_to_num(sky["poa_horizon"])
    up = w["zenith"] < 90.0
    beam = irradiance.beam_component(tilt_deg, azimuth_deg, w["zenith"], w["azimuth"], w["dni"])
    return (
        np.where(up, beam, 0.0),
        np.where(up, np.nan_to_num(sky["poa_circumsolar"]), 0.0),
        np.nan_to_num(sky["poa_isotropic"]),
        band,
        irradiance.get_ground_diffuse(tilt_deg, w["ghi"], ALBEDO),
    )


def pvlib_yield(weather, effective, heat):
    """Yearly alternating-current energy [kWh/kWp] of pvlib's functions for PVWatts."""
    cell = temperature.sapm_cell(heat, weather["temp_air"], weather["wind_speed"], *MOUNTING)
    direct_current = pvsystem.pvwatts_dc(effective, cell, 1000.0, -0.0035) * (1.0 - 0.14)
    return inverter.pvwatts(direct_current, 1000.0 / DC_AC / 0.96).sum() / 1000.0


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("plane", PLANES)
def test_irradiation_of_open_planes(case, plane, model):
    weather, year = case
    w = {name: weather[name].to_numpy() for name in weather}
    reference = irradiance.get_total_irradiance(
        *plane,
        w["zenith"],
        w["azimuth"],
        w["dni"],
        w["ghi"],
        w["dhi"],
        dni_extra=w["extra"],
        albedo=ALBEDO,
        model=model,
    )["poa_global"]
    k = MODELS[model]
    sky = SkyComponents(year.circumsolar_normal[k], year.isotropic_horizontal[k], year.horizon_band[k])
    parts = plane_irradiance(
        year.sun_azimuth_deg,
        year.sun_elevation_deg,
        year.direct_normal,
        year.global_horizontal,
        sky,
        *plane,
        ALBEDO,
    )
    assert sum(part.sum() for part in parts) == pytest.approx(np.nansum(reference), rel=1e-3)
    for part, expected in zip(parts, pvlib_components(weather, *plane, model), strict=True):
        assert part.sum() == pytest.approx(expected.sum(), rel=1e-3, abs=1e-4 * np.nansum(reference))


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("plane", PLANES)
def test_yield_of_open_planes(case, plane, model):
    weather, year = case
    beam, circumsolar, isotropic, band, ground = pvlib_components(weather, *plane, model)
    aoi = irradiance.aoi(*plane, weather["zenith"].to_numpy(), weather["azimuth"].to_numpy())
    diffuse = iam.marion_diffuse("physical", plane[0])
    effective = (beam + circumsolar) * iam.physical(aoi) + isotropic * diffuse["sky"]
    if plane[0] > 0.0:  # marion_diffuse has no ground and no horizon to average over otherwise
        effective += band * diffuse["horizon"] + ground * diffuse["ground"]
    mine = roof_year(year, *plane, np.zeros(72), ALBEDO, DC_AC, *MOUNTING, transposition=MODELS[model])
    assert mine[12] == pytest.approx(pvlib_yield(weather, effective, effective), rel=2e-4)
    # Against the convention of heating cells with the light before reflection.
    incident = beam + circumsolar + isotropic + band + ground
    assert mine[12] == pytest.approx(pvlib_yield(weather, effective, incident), rel=3e-3)
    assert mine[13] == pytest.approx(0.0, abs=1e-12)


@pytest.fixture(scope="module")
def hills():
    """A horizon with a wall, a gap and rolling hills, 72 directions."""
    azimuth = np.arange(72) * 5.0
    horizon = 12.0 + 9.0 * np.sin(np.radians(3.0 * azimuth + 40.0))
    horizon[30:36] = 48.0
    horizon[40:44] = 0.0
    return horizon


@pytest.mark.parametrize("plane", [(0.0, 0.0), (30.0, 180.0), (40.0, 350.0), (75.0, 110.0), (90.0, 200.0)])
def test_yield_behind_a_horizon_against_plain_integration(case, hills, plane):
    """Same chain with the sky cut into 0.5 deg cells and the hours masked by numpy's own interpolation."""
    weather, year = case
    tilt, facing = math.radians(plane[0]), math.radians(plane[1])
    curve_x, curve_y = np.arange(73) * 5.0, np.append(hills, hills[0])
    elevation, azimuth = np.meshgrid(np.radians(np.arange(0.25, 90, 0.5)), np.radians(np.arange(0.25, 360, 0.5)))
    incidence = np.cos(tilt) * np.sin(elevation) + np.sin(tilt) * np.cos(elevation) * np.cos(azimuth - facing)
    seen = (incidence > 0) & (np.degrees(elevation) > np.interp(np.degrees(azimuth), curve_x, curve_y))
    glass = iam.physical(np.degrees(np.arccos(np.clip(incidence, -1, 1))))
    cell = math.radians(0.5) ** 2 * np.cos(elevation)
    sky_share = (np.where(seen, incidence * glass, 0.0) * cell).sum() / math.pi

    beam, circumsolar, _, _, ground = pvlib_components(weather, *plane, "haydavies")
    aoi = irradiance.aoi(*plane, weather["zenith"].to_numpy(), weather["azimuth"].to_numpy())
    lit = 90.0 - weather["zenith"] >= np.interp(weather["azimuth"], curve_x, curve_y)
    isotropic = weather["dhi"] * (1.0 - weather["dni"] / weather["extra"]) * sky_share
    ground_iam = iam.marion_diffuse("physical", plane[0])["ground"] if plane[0] > 0.0 else 0.0
    effective = lit * (beam + circumsolar) * iam.physical(aoi) + isotropic + ground * ground_iam
    expected = pvlib_yield(weather, effective, effective)
    mine = roof_year(year, *plane, hills, ALBEDO, DC_AC, *MOUNTING)
    assert mine[12] == pytest.approx(expected, rel=1e-3)
    assert 0.01 < mine[13] < 0.9


@pytest.mark.parametrize("n_sectors", [36, 72])
def test_cumulative_sky_against_hourly_sum(case, n_sectors):
    weather, year = case
    tilt, azimuth = np.array(PLANES).T
    tables = cumulative_sky_tables(year, n_sectors=n_sectors)
    monthly = plane_irradiation(tables, tilt, azimuth, np.zeros((tilt.size, n_sectors)), ALBEDO)
    for plane, months in zip(PLANES, monthly, strict=True):
        hourly = sum(pvlib_components(weather, *plane, "haydavies")) / 1000.0
        assert months.sum() == pytest.approx(hourly.sum(), rel=2e-3)
        by_month = pd.Series(hourly).groupby(weather.index.month.to_numpy()).sum()
        np.testing.assert_allclose(months, by_month, rtol=0.02, atol=0.3)


def test_cumulative_sky_shared_between_four_sectors(case):
    """Planes that the sun grazes for long are where sharing between two sectors errs most."""
    _, year = case
    tilt, azimuth = np.array([(60.0, 0.0), (60.0, 180.0), (45.0, 90.0), (75.0, 180.0)]).T
    fine = plane_irradiation(
        cumulative_sky_tables(year, n_sectors=720, n_bins=1024), tilt, azimuth, np.zeros((4, 720)), ALBEDO
    ).sum(axis=1)
    error = {}
    for shared in (2, 4):
        tables = cumulative_sky_tables(year, n_sectors=24, shared_between=shared)
        found = plane_irradiation(tables, tilt, azimuth, np.zeros((4, 24)), ALBEDO).sum(axis=1)
        error[shared] = np.abs(found / fine - 1.0).max()
        np.testing.assert_allclose(
            plane_irradiation(tables, [0.0], [0.0], np.zeros((1, 24)), [0.0])[0], tables.global_horizontal, rtol=0.01
        )
    assert error[4] < 1.5e-3
    assert error[4] < 0.5 * error[2]
    with pytest.raises(UnusableInputError, match="shared_between is 3"):
        cumulative_sky_tables(year, shared_between=3)
    with pytest.raises(UnusableInputError, match="with 3 sectors"):
        cumulative_sky_tables(year, 3, shared_between=4)


def test_cumulative_sky_behind_a_horizon(case, hills):
    """The tables against an hourly sum with the same horizon: as good as a sector is narrow."""
    _, year = case
    fine = np.interp(np.arange(360), np.arange(73) * 5.0, np.append(hills, hills[0]))
    coarse = plane_irradiation(cumulative_sky_tables(year), [30.0], [180.0], hills[None], ALBEDO)
    dense = plane_irradiation(cumulative_sky_tables(year, n_sectors=360), [30.0], [180.0], fine[None], ALBEDO)
    assert coarse.sum() == pytest.approx(dense.sum(), rel=5e-3)
