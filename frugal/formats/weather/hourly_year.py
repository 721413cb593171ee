"""One hourly year of weather in one convention, whichever format it comes from.

Each of the 8,760 values is the mean over an hour, and `Weather.unix_time_s` is the moment at which the sun
has to be taken for it; :mod:`~frugal.formats.weather.epw` and :mod:`~frugal.formats.weather.pvgis` say which
moment that is in their files.

A typical year is made of months of different years: all are moved to one year without 29 February, and keep
the month and the hour of their label.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from frugal.errors import UnusableInputError
from frugal.formats.weather.sun_check import SunCheck, check_sun, sun_of_rows

if TYPE_CHECKING:
    import pandas as pd

HOURS_OF_YEAR = 8760
#: Middle of the cycle of leap years, so that the declination of its days is that of an average year.
COMMON_YEAR = 2018
_LARGEST_MISSING_SHARE = 0.02
#: No quantity here is as low: −9999, −999 and −99 stand for "missing" too.
_MISSING_BELOW = -98.9
_LIGHT = ("ghi", "dni", "dhi")
#: What messages about a file of another format ask for.
ACCEPTED = "an EPW file (plain or .gz) or a PVGIS typical-year or hourly file (CSV or JSON) is needed"

#: name: (lowest, highest, value from which EPW means "missing", small negative noise that is set to zero,
#: unit)
_LIMITS = {
    "ghi": (0.0, 1500.0, 9999.0, 5.0, "W/m²"),
    "dni": (0.0, 1400.0, 9999.0, 5.0, "W/m²"),
    "dhi": (0.0, 1000.0, 9999.0, 5.0, "W/m²"),
    "air_temperature_c": (-60.0, 60.0, 99.9, 0.0, "°C"),
    "wind_speed": (0.0, 75.0, 999.0, 0.0, "m/s"),
}
#: Air in the middle of a year, in K, and the warmest hour of a year, in °F, somewhere on Earth.
_KELVINS = (210.0, 315.0)
_WARM_FAHRENHEIT, _HOT_FAHRENHEIT = 60.0, 130.0


@dataclass(frozen=True, eq=False)
class Weather:
    """An hourly year at one place.

    Attributes
    ----------
    unix_time_s : ndarray, shape (8760,)
        Moment of each value, for the position of the sun, in seconds since 1970 (UTC).
    month : ndarray of int64, shape (8760,)
        Month of each value, 0 to 11, in the time of `utc_offset_h`.
    ghi, dni, dhi : ndarray, shape (8760,)
        Global horizontal, direct normal and diffuse horizontal irradiance in W/m².
    air_temperature_c : ndarray, shape (8760,)
        Air temperature in °C.
    wind_speed : ndarray, shape (8760,)
        Wind speed at 10 m in m/s.
    latitude_deg, longitude_deg : float
        Degrees north and east.
    altitude_m : float
    utc_offset_h : float
        Hours to add to UTC for the standard time in which the year starts.
    source : str
        Where the year comes from, with what was mended in it.
    attribution : str
        Credit due in any figure made from it.
    sha256 : str
        Hash of the bytes it was read from.
    notes : tuple of str
        What the light of the year tells about its hours: the shift that was applied, what cannot be told.
    """

    unix_time_s: np.ndarray
    month: np.ndarray
    ghi: np.ndarray
    dni: np.ndarray
    dhi: np.ndarray
    air_temperature_c: np.ndarray
    wind_speed: np.ndarray
    latitude_deg: float
    longitude_deg: float
    altitude_m: float
    utc_offset_h: float
    source: str
    attribution: str
    sha256: str
    notes: tuple[str, ...] = ()


def hours_of_common_year(utc_offset_h: float = 0.0, offset_s: float = 1800.0) -> tuple[np.ndarray, np.ndarray]:
    """Moments and months of the 8,760 hours of the common year.

    Parameters
    ----------
    utc_offset_h : float
        Standard time in which the year starts.
    offset_s : float
        Seconds from the start of each hour to its moment (1800: the middle).

    Returns
    -------
    unix_time_s : ndarray, shape (8760,)
    month : ndarray of int64, shape (8760,)
    """
    start = np.datetime64(f"{COMMON_YEAR}-01-01T00", "h")
    labels = start + np.arange(HOURS_OF_YEAR)
    month = labels.astype("datetime64[M]").astype(np.int64) % 12
    unix_time_s = labels.astype("datetime64[s]").astype(np.float64) - utc_offset_h * 3600.0 + offset_s
    return unix_time_s, month


def order_of_year(month: Any, day: Any, hour: Any, name: str) -> np.ndarray:
    """Rows in the order of the common year.

    Parameters
    ----------
    month, day, hour : array_like of int, shape (n,)
        Label of each row: 1 to 12, 1 to 31, 0 to 23; rows of 29 February are left out before.
    name : str
        The file, for messages.

    Returns
    -------
    ndarray of int64, shape (8760,)

    Raises
    ------
    UnusableInputError
        If hours are missing or given twice.
    """
    month, day, hour = (np.asarray(values, dtype=np.int64) for values in (month, day, hour))
    if len(month) != HOURS_OF_YEAR:
        raise UnusableInputError(
            f"weather file '{name}' holds {len(month)} hours outside 29 February; {HOURS_OF_YEAR} are needed"
        )
    days_before = np.cumsum([0, 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30])
    if not (((month >= 1) & (month <= 12)).all() and ((hour >= 0) & (hour <= 23)).all()):
        raise UnusableInputError(f"weather file '{name}' holds a month or an hour that does not exist")
    index = (days_before[month - 1] + day - 1) * 24 + hour
    order = np.argsort(index, kind="stable")
    found = np.bincount(np.clip(index, 0, HOURS_OF_YEAR - 1), minlength=HOURS_OF_YEAR)
    if (found != 1).any():
        first = int(np.argmax(found == 0))
        day_of_year, hour_of_day = divmod(first, 24)
        date = np.datetime64(f"{COMMON_YEAR}-01-01") + day_of_year
        raise UnusableInputError(
            f"weather file '{name}' misses hours of the year or gives some twice: {int((found == 0).sum())} are missing, the "
            f"first on {str(date)[5:]} at {hour_of_day}:00 (standard time all through the year is needed, no summer time)"
        )
    return order


def year_from_columns(
    table: pd.DataFrame,
    *,
    name: str,
    digest: str,
    place: tuple[Any, Any, Any, Any],
    offset_s: float,
    source: str,
    attribution: str,
    stated_h: float | None = None,
) -> Weather:
    """Check and mend the columns of a file whose rows are in the order of the common year.

    Parameters
    ----------
    table : DataFrame
        Columns `ghi`, `dni`, `dhi` [W/m²], `air_temperature_c` and `wind_speed` [m/s].
    name, digest : str
        The file, for messages, and the hash of its bytes.
    place : tuple
        Latitude and longitude in degrees, altitude in metres, hours to add to UTC.
    offset_s : float
        Seconds from the start of each hour to its moment.
    source, attribution : str
        As in `Weather`; what was mended is added to the source.
    stated_h : float, optional
        Offset of the irradiance that the file states [h] and that `offset_s` holds.

    Raises
    ------
    UnusableInputError
        If the year is more than 2 % incomplete, physically impossible, lit while the sun is down, or not of the sun of its
        place and hours (`frugal.formats.weather.sun_check.check_sun`).
    """
    latitude_deg, longitude_deg, altitude_m, utc_offset_h = (float(value) for value in place)
    if not (-90 <= latitude_deg <= 90 and -180 <= longitude_deg <= 180 and -14 <= utc_offset_h <= 14):
        raise UnusableInputError(
            f"weather file '{name}' stands at latitude {latitude_deg}, longitude {longitude_deg}, "
            f"UTC{utc_offset_h:+g}; "
            "latitude −90 to 90, longitude −180 to 180 and UTC −14 to +14 are needed"
        )
    filled_notes, values, known = [], {}, np.ones(HOURS_OF_YEAR, dtype=bool)
    for column in _LIMITS:
        if column not in table:
            raise UnusableInputError(f"weather file '{name}' has no {column.removesuffix('_c').replace('_', ' ')}")
        values[column], missing = _clean(table[column].to_numpy(), column, name)
        if missing.any():
            filled_notes.append(
                f"{missing.sum()} missing hours of {column.removesuffix('_c').replace('_', ' ')} filled"
            )
        known &= ~missing | (column not in _LIGHT)
    _check_sum(values["ghi"], name)
    unix_time_s, month = hours_of_common_year(utc_offset_h, offset_s)
    checked = _checked_sun(values, known, unix_time_s, (latitude_deg, longitude_deg, utc_offset_h), name, stated_h)
    unix_time_s = unix_time_s + checked.shift_min * 60.0
    _check_nights(values["ghi"], unix_time_s, latitude_deg, longitude_deg, name)
    return Weather(
        unix_time_s=unix_time_s,
        month=month,
        **values,
        latitude_deg=latitude_deg,
        longitude_deg=longitude_deg,
        altitude_m=altitude_m,
        utc_offset_h=utc_offset_h,
        source="; ".join([source, *filled_notes]),
        attribution=attribution,
        sha256=digest,
        notes=checked.notes,
    )


def _clean(raw: np.ndarray, column: str, name: str) -> tuple[np.ndarray, np.ndarray]:
    """Fill what is missing, set small negative noise to zero, refuse what cannot be; also which hours were filled."""
    low, high, missing_from, noise, unit = _LIMITS[column]
    label = column.removesuffix("_c").replace("_", " ")
    values = np.array(raw, dtype=np.float64)
    missing = ~np.isfinite(values) | (values >= missing_from) | (values <= _MISSING_BELOW)
    count = int(missing.sum())
    if count == HOURS_OF_YEAR and column in _LIGHT:
        raise UnusableInputError(
            f"weather file '{name}' has no {label}: all its hours are missing; a year with ghi, dni and dhi is needed, else "
            "neither where the sun stands can be checked nor what tilted planes receive"
        )
    if count > _LARGEST_MISSING_SHARE * HOURS_OF_YEAR:
        raise UnusableInputError(
            f"weather file '{name}' misses {count} of {HOURS_OF_YEAR} hours of {label}; at most "
            f"{int(_LARGEST_MISSING_SHARE * HOURS_OF_YEAR)} are allowed{_other_unit(column, raw)}"
        )
    if count:
        values = _fill_from_neighbouring_days(values, missing)
    values[(values < low) & (values >= low - noise)] = low
    impossible = (values < low) | (values > high)
    if impossible.any():
        hour = int(np.argmax(impossible))
        raise UnusableInputError(
            f"weather file '{name}' has a {label} of {values[hour]:g} {unit} at hour {hour + 1} of the year; "
            f"{low:g} to {high:g} {unit} is allowed{_other_unit(column, values)}"
        )
    return values, missing


def _other_unit(column: str, values: np.ndarray) -> str:
    """End of a sentence: the unit that the values of a column are likely in, where that is another; else empty."""
    if column == "ghi" and values.max() <= 3.6 * _LIMITS["ghi"][1] and 600e3 <= values.sum() / 3.6 <= 2700e3:
        return "; is it in kJ/m² in the place of W/m²?"
    if column == "air_temperature_c" and _KELVINS[0] <= np.nanmedian(values) <= _KELVINS[1]:
        return "; is it in K in the place of °C?"
    if column == "air_temperature_c" and _WARM_FAHRENHEIT <= values.max() <= _HOT_FAHRENHEIT:
        return "; is it in °F in the place of °C?"
    return ""


def _fill_from_neighbouring_days(values: np.ndarray, missing: np.ndarray) -> np.ndarray:
    days, gaps = values.reshape(365, 24).copy(), missing.reshape(365, 24)
    day = np.arange(365)
    for hour in np.flatnonzero(gaps.any(axis=0)):
        known = ~gaps[:, hour]
        days[~known, hour] = np.interp(day[~known], day[known], days[known, hour], period=365)
    return days.ravel()


def _check_sum(ghi: np.ndarray, name: str) -> None:
    """Refuse a year that is dark, or in another unit."""
    total = ghi.sum() / 1e3
    if total >= 300.0:
        return
    units = {"kW/m²": 1e3, "MJ/m²": 1 / 0.0036, "kcal/m²": 1.163, "Wh/cm²": 1e4}
    likely = [unit for unit, factor in units.items() if 600.0 <= total * factor <= 2700.0]
    hint = f"; is it in {likely[0]} in the place of W/m²?" if likely and total > 0 else ""
    raise UnusableInputError(
        f"weather file '{name}' receives {total:.3g} kWh/m² a year; at least 300 is plausible{hint}"
    )


def _checked_sun(
    values: dict[str, np.ndarray],
    known: np.ndarray,
    unix_time_s: np.ndarray,
    place: tuple[float, float, float],
    name: str,
    stated_h: float | None,
) -> SunCheck:
    sun = sun_of_rows(unix_time_s, place[0], place[1])
    return check_sun({part: values[part] for part in _LIGHT}, known, sun, place, name, stated_h)


def _check_nights(
    ghi: np.ndarray, unix_time_s: np.ndarray, latitude_deg: float, longitude_deg: float, name: str
) -> None:
    """Refuse a year whose light does not follow the sun of its coordinates and time zone."""
    elevation = sun_elevation_deg(unix_time_s, latitude_deg, longitude_deg)
    night_share = ghi[elevation < -8.0].sum() / ghi.sum()
    # Years of climate models, spread over hours from steps of three, leak about 1 % into the night.
    if night_share > 0.03:
        raise UnusableInputError(
            f"weather file '{name}' receives {night_share:.0%} of its light while the sun is down at latitude "
            f"{latitude_deg:g}, longitude {longitude_deg:g}: coordinates or time zone are wrong"
        )


def sun_elevation_deg(unix_time_s: np.ndarray, latitude_deg: float, longitude_deg: float) -> np.ndarray:
    """Elevation of the sun above the horizon, without refraction.

    Parameters
    ----------
    unix_time_s : ndarray, shape (n,)
        Seconds since 1970 (UTC).
    latitude_deg, longitude_deg : float
        North and east positive.

    Returns
    -------
    ndarray, shape (n,)
        Degrees, negative at night.
    """
    import pandas as pd
    from pvlib.solarposition import get_solarposition

    times = pd.to_datetime(unix_time_s, unit="s", utc=True)
    return get_solarposition(times, latitude_deg, longitude_deg)["elevation"].to_numpy()
