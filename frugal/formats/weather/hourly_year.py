"""One hourly year of weather, from EPW or PVGIS files, in one convention.

Each of the 8,760 values is the mean over an hour, and `Weather.unix_time_s` is the moment at which the sun
has to be taken for it:

* **EPW** (EnergyPlus Weather, Auxiliary Programs documentation): hour 1 is 0:00–1:00 of local standard time,
  values stand for the hour that ends at the label; the moment is the middle of the hour. The EPW files of
  PVGIS hold instants without saying which: the one that closes best (to 5 minutes) is taken.
* **PVGIS** (Joint Research Centre, European Commission): values are instants of a satellite image, a few
  minutes after or before the full UTC hour. For a typical year that delay is in the header (`irradiance time
  offset`); for hourly series it is the minute of the time stamp. Each value is taken as the mean of the hour
  *centred* on its instant, so that the closure ghi = dni · sin(elevation) + dhi of the source is kept. PVGIS
  knows no civil time: its year and months run in UTC.

A typical year is made of months of different years: all are moved to one year without 29 February, and keep
the month and the hour of their label.
"""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from frugal.errors import EnvironmentFaultError, UnusableInputError

if TYPE_CHECKING:
    import pandas as pd

HOURS_OF_YEAR = 8760
#: Middle of the cycle of leap years, so that the declination of its days is that of an average year.
COMMON_YEAR = 2018
_LARGEST_FILE_BYTES = 200_000_000
_LARGEST_MISSING_SHARE = 0.02
_ACCEPTED = "an EPW file (plain or .gz) or a PVGIS typical-year or hourly file (CSV or JSON) is needed"

#: name: (lowest, highest, value from which EPW means "missing", small negative noise that is set to zero,
#: unit)
_LIMITS = {
    "ghi": (0.0, 1500.0, 9999.0, 5.0, "W/m²"),
    "dni": (0.0, 1400.0, 9999.0, 5.0, "W/m²"),
    "dhi": (0.0, 1000.0, 9999.0, 5.0, "W/m²"),
    "air_temperature_c": (-60.0, 60.0, 99.9, 0.0, "°C"),
    "wind_speed": (0.0, 75.0, 999.0, 0.0, "m/s"),
}


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


def read_weather(path: Path | str) -> Weather:
    """Read an hourly year; the format is recognised by the content.

    Up to 2 % of missing values are filled from the same hour of the days before and after (nights stay
    dark), which `Weather.source` then says.

    Raises
    ------
    UnusableInputError
        If the file is missing, unreadable, cut short, of another format, not one year long, more than 2 %
        incomplete, physically impossible, or lit while the sun is down.
    """
    path = Path(path)
    try:
        with path.open("rb") as stream:
            content = stream.read(_LARGEST_FILE_BYTES + 1)
    except OSError as fault:
        raise UnusableInputError(f"weather file '{path}' cannot be read: {fault.strerror}") from fault
    return parse_weather(content, str(path))


def parse_weather(content: bytes, name: str) -> Weather:
    """Read an hourly year from the bytes of a file that messages call ``name``; see `read_weather`."""
    text = _decode(content, name).lstrip("\ufeff \r\n")
    digest = hashlib.sha256(content).hexdigest()
    head = text[:2000]
    try:
        if head.upper().startswith("LOCATION,"):
            return _from_epw(text, name, digest)
        if head.startswith("{"):
            return _from_pvgis_json(json.loads(text), name, digest)
        if head.startswith("Latitude (decimal degrees)"):
            reader = _from_pvgis_tmy_csv if "month,year" in head else _from_pvgis_hourly_csv
            return reader(text, name, digest)
    except UnusableInputError:
        raise
    except (ValueError, KeyError, IndexError, TypeError, AttributeError, OverflowError) as fault:
        raise UnusableInputError(
            f"weather file '{name}' is cut short or damaged ({_brief(fault)}); {_ACCEPTED}"
        ) from fault
    raise UnusableInputError(f"weather file '{name}' is of an unknown format; {_ACCEPTED}")


def fetch_pvgis(latitude_deg: float, longitude_deg: float, timeout_s: float = 30.0) -> Weather:
    """Ask PVGIS for the typical year of a place.

    Parameters
    ----------
    latitude_deg, longitude_deg : float
        North and east positive (WGS 84); −90 to 90 and −180 to 180.
    timeout_s : float
        How long an answer is waited for [s].

    Returns
    -------
    Weather
        A typical meteorological year, whose months come from different years.

    Raises
    ------
    UnusableInputError
        If the place is not on Earth, or PVGIS has no data there.
    EnvironmentFaultError
        If PVGIS cannot be reached.
    """
    import requests
    from pvlib.iotools import get_pvgis_tmy

    if not (-90 <= latitude_deg <= 90 and -180 <= longitude_deg <= 180):
        raise UnusableInputError(
            f"place {latitude_deg}, {longitude_deg} is not on Earth; latitude −90 to 90 and longitude "
            f"−180 to 180 are needed"
        )
    name = f"PVGIS typical year of {latitude_deg:.3f}, {longitude_deg:.3f}"
    try:
        table, meta = get_pvgis_tmy(latitude_deg, longitude_deg, timeout=timeout_s, coerce_year=None)
    except (requests.ConnectionError, requests.Timeout) as fault:
        raise EnvironmentFaultError(
            "PVGIS (re.jrc.ec.europa.eu) cannot be reached from this machine; download the typical year "
            "elsewhere and give "
            "its file instead"
        ) from fault
    except requests.RequestException as fault:
        raise UnusableInputError(
            f"PVGIS has no typical year for {latitude_deg}, {longitude_deg}: {_brief(fault)}"
        ) from fault
    digest = hashlib.sha256(table.to_csv().encode()).hexdigest()
    return _from_pvgis_tmy(table, meta["inputs"], name, digest)


def _decode(content: bytes, name: str) -> str:
    if content[:2] == b"\x1f\x8b":
        try:
            with gzip.open(io.BytesIO(content)) as stream:
                content = stream.read(_LARGEST_FILE_BYTES + 1)
        except (OSError, EOFError, zlib.error) as fault:
            raise UnusableInputError(f"weather file '{name}' is a damaged or cut .gz file; {_ACCEPTED}") from fault
    if len(content) > _LARGEST_FILE_BYTES:
        raise UnusableInputError(f"weather file '{name}' is over {_LARGEST_FILE_BYTES // 10**6} MB; {_ACCEPTED}")
    if not content.strip():
        raise UnusableInputError(f"weather file '{name}' is empty; {_ACCEPTED}")
    if b"\x00" in content[:4096]:
        raise UnusableInputError(f"weather file '{name}' is not a text file; {_ACCEPTED}")
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError:
        return content.decode("latin-1")  # place names in older EPW files


def _brief(fault: Exception) -> str:
    lines = str(fault).strip().splitlines()
    return lines[0][:120] if lines else type(fault).__name__


# --- EPW ----------------------------------------------------------------------------------------------------


def _from_epw(text: str, name: str, digest: str) -> Weather:
    from pvlib.iotools import read_epw

    table, meta = read_epw(io.StringIO(text), coerce_year=2016)  # a year in which 29 February exists
    table = table.rename(columns={"temp_air": "air_temperature_c"})
    table = table[~((table["month"] == 2) & (table["day"] == 29))]
    order = _order_of_year(table["month"], table["day"], table["hour"] - 1, name)
    place = ", ".join(part.strip() for part in (meta["city"], meta["country"]) if part.strip(" -"))
    kind = meta["data_type"].strip(" -") or "EPW"
    attribution = _epw_attribution(text)
    instants = "PVGIS" in attribution
    return _weather(
        table.iloc[order],
        name=name,
        digest=digest,
        place=(meta["latitude"], meta["longitude"], meta["altitude"], meta["TZ"]),
        offset_s=_offset_that_closes(table.iloc[order], meta) if instants else 1800.0,
        source=f"{Path(name).name}: {place}, {kind}",
        attribution=attribution,
    )


def _offset_that_closes(table: pd.DataFrame, meta: dict[str, Any]) -> float:
    """Seconds after the start of the hours at which ghi = dni · sin(elevation) + dhi holds best."""
    ghi, dni, dhi = (table[name].to_numpy(dtype=np.float64) for name in ("ghi", "dni", "dhi"))
    candidates = 300.0 * np.arange(-3, 13)
    gaps = []
    for offset_s in candidates:
        unix_time_s, _ = hours_of_common_year(meta["TZ"], offset_s)
        elevation = _sun_elevation_deg(unix_time_s, meta["latitude"], meta["longitude"])
        gaps.append(np.mean((ghi - dni * np.sin(np.radians(np.maximum(elevation, 0.0))) - dhi) ** 2))
    return float(candidates[int(np.argmin(gaps))])


def _sun_elevation_deg(unix_time_s: np.ndarray, latitude_deg: float, longitude_deg: float) -> np.ndarray:
    import pandas as pd
    from pvlib.solarposition import get_solarposition

    times = pd.to_datetime(unix_time_s, unit="s", utc=True)
    return get_solarposition(times, latitude_deg, longitude_deg)["elevation"].to_numpy()


def _epw_attribution(text: str) -> str:
    head = "\n".join(text.splitlines()[:8]).lower()
    if "onebuilding" in head:
        return "Climate.OneBuilding.org"
    if "pvgis" in head:
        return "PVGIS © European Union"
    return "as stated by the provider of the EPW file"


# --- PVGIS --------------------------------------------------------------------------------------------------


def _from_pvgis_json(content: Any, name: str, digest: str) -> Weather:
    from pvlib.iotools import read_pvgis_hourly, read_pvgis_tmy

    outputs = content.get("outputs", {})
    stream = io.StringIO(json.dumps(content))
    if "tmy_hourly" in outputs:
        table, meta = read_pvgis_tmy(stream, pvgis_format="json")
        return _from_pvgis_tmy(table, meta["inputs"], name, digest)
    if "hourly" in outputs:
        table, meta = read_pvgis_hourly(stream, pvgis_format="json")
        systems: dict[str, Any] = meta["inputs"].get("mounting_system", {})
        slopes = [float(system.get("slope", {}).get("value", 0.0)) for system in systems.values()]
        return _from_pvgis_hourly(table, meta["inputs"]["location"], max(slopes, default=0.0), name, digest)
    raise UnusableInputError(f"weather file '{name}' is JSON, but not from PVGIS; {_ACCEPTED}")


def _from_pvgis_tmy_csv(text: str, name: str, digest: str) -> Weather:
    from pvlib.iotools import read_pvgis_tmy

    table, meta = read_pvgis_tmy(io.BytesIO(text.encode()), pvgis_format="csv")
    return _from_pvgis_tmy(table, meta["inputs"], name, digest)


def _from_pvgis_hourly_csv(text: str, name: str, digest: str) -> Weather:
    from pvlib.iotools import read_pvgis_hourly

    table, meta = read_pvgis_hourly(io.StringIO(text.replace("\r\n", "\n")), pvgis_format="csv")
    slope = next((value for key, value in meta["inputs"].items() if key.lower().startswith("slope")), "0")
    return _from_pvgis_hourly(table, meta["inputs"], float(slope.split()[0]), name, digest)


def _from_pvgis_tmy(table: pd.DataFrame, inputs: dict[str, Any], name: str, digest: str) -> Weather:
    location = inputs.get("location", inputs)
    delay_h = float(location.get("irradiance time offset", location.get("irradiance_time_offset", 0.0)))
    return _pvgis(table, location, delay_h * 3600.0, kind="PVGIS typical year", name=name, digest=digest)


def _from_pvgis_hourly(
    table: pd.DataFrame, location: dict[str, Any], slope_deg: float, name: str, digest: str
) -> Weather:
    if slope_deg != 0:
        raise UnusableInputError(
            f"weather file '{name}' is PVGIS irradiance on a plane tilted {slope_deg:g}°; ask PVGIS for slope 0"
        )
    if "poa_direct" not in table:
        raise UnusableInputError(
            f"weather file '{name}' has no beam and diffuse; ask PVGIS for the radiation components"
        )
    table = table.copy()
    sine = np.sin(np.radians(table["solar_elevation"].to_numpy(dtype=np.float64)))
    beam = table["poa_direct"].to_numpy(dtype=np.float64)
    # At sunrise PVGIS may give a trace of beam with the sun at or below the horizon: it belongs to the
    # diffuse.
    up = sine > np.sin(np.radians(1.0))
    table["dni"] = np.where(up, beam / np.where(up, sine, 1.0), 0.0)
    table["dhi"] = table["poa_sky_diffuse"] + np.where(up, 0.0, beam)
    table["ghi"] = table["poa_direct"] + table["poa_sky_diffuse"]
    if len(table) > 8784:
        first, last = table.index[0].year, table.index[-1].year
        raise UnusableInputError(
            f"weather file '{name}' holds {len(table)} hours ({first} to {last}); one year is needed: "
            f"ask PVGIS for "
            "startyear = endyear, or for a typical year"
        )
    return _pvgis(
        table,
        location,
        float(table.index[0].minute) * 60.0,
        kind="PVGIS hourly series",
        name=name,
        digest=digest,
    )


def _pvgis(
    table: pd.DataFrame, location: dict[str, Any], offset_s: float, *, kind: str, name: str, digest: str
) -> Weather:
    import pandas as pd

    table = table.rename(columns={"temp_air": "air_temperature_c"})
    stamps = pd.DatetimeIndex(table.index)
    keep = ~((stamps.month == 2) & (stamps.day == 29))
    table, stamps = table[keep], stamps[keep]
    order = _order_of_year(stamps.month, stamps.day, stamps.hour, name)
    return _weather(
        table.iloc[order],
        name=name,
        digest=digest,
        place=(location["latitude"], location["longitude"], location.get("elevation", 0.0), 0.0),
        offset_s=offset_s,
        source=f"{Path(name).name}: {kind}",
        attribution="PVGIS © European Union",
    )


# --- both ---------------------------------------------------------------------------------------------------


def _order_of_year(month: Any, day: Any, hour: Any, name: str) -> np.ndarray:
    """Rows in the order of the common year; refuses hours that are missing or given twice."""
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
    if not np.array_equal(index[order], np.arange(HOURS_OF_YEAR)):
        raise UnusableInputError(f"weather file '{name}' misses hours of the year or gives some twice")
    return order


def _weather(
    table: pd.DataFrame,
    *,
    name: str,
    digest: str,
    place: tuple[Any, Any, Any, Any],
    offset_s: float,
    source: str,
    attribution: str,
) -> Weather:
    latitude_deg, longitude_deg, altitude_m, utc_offset_h = (float(value) for value in place)
    if not (-90 <= latitude_deg <= 90 and -180 <= longitude_deg <= 180 and -14 <= utc_offset_h <= 14):
        raise UnusableInputError(
            f"weather file '{name}' stands at latitude {latitude_deg}, longitude {longitude_deg}, "
            f"UTC{utc_offset_h:+g}; "
            "latitude −90 to 90, longitude −180 to 180 and UTC −14 to +14 are needed"
        )
    notes, values = [], {}
    for column in _LIMITS:
        if column not in table:
            raise UnusableInputError(f"weather file '{name}' has no {column.removesuffix('_c').replace('_', ' ')}")
        values[column], filled = _clean(table[column].to_numpy(), column, name)
        if filled:
            notes.append(f"{filled} missing hours of {column.removesuffix('_c').replace('_', ' ')} filled")
    unix_time_s, month = hours_of_common_year(utc_offset_h, offset_s)
    _check_sun(values["ghi"], unix_time_s, latitude_deg, longitude_deg, name)
    return Weather(
        unix_time_s=unix_time_s,
        month=month,
        **values,
        latitude_deg=latitude_deg,
        longitude_deg=longitude_deg,
        altitude_m=altitude_m,
        utc_offset_h=utc_offset_h,
        source="; ".join([source, *notes]),
        attribution=attribution,
        sha256=digest,
    )


def _clean(raw: np.ndarray, column: str, name: str) -> tuple[np.ndarray, int]:
    """Fill what is missing, set small negative noise to zero, refuse what cannot be."""
    low, high, missing_from, noise, unit = _LIMITS[column]
    label = column.removesuffix("_c").replace("_", " ")
    values = np.array(raw, dtype=np.float64)
    missing = ~np.isfinite(values) | (values >= missing_from)
    count = int(missing.sum())
    if count > _LARGEST_MISSING_SHARE * HOURS_OF_YEAR:
        raise UnusableInputError(
            f"weather file '{name}' misses {count} of {HOURS_OF_YEAR} hours of {label}; at most "
            f"{int(_LARGEST_MISSING_SHARE * HOURS_OF_YEAR)} are allowed"
        )
    if count:
        values = _fill_from_neighbouring_days(values, missing)
    values[(values < low) & (values >= low - noise)] = low
    impossible = (values < low) | (values > high)
    if impossible.any():
        hour = int(np.argmax(impossible))
        raise UnusableInputError(
            f"weather file '{name}' has a {label} of {values[hour]:g} {unit} at hour {hour + 1} of the year; "
            f"{low:g} to {high:g} {unit} is allowed"
        )
    return values, count


def _fill_from_neighbouring_days(values: np.ndarray, missing: np.ndarray) -> np.ndarray:
    days, gaps = values.reshape(365, 24).copy(), missing.reshape(365, 24)
    day = np.arange(365)
    for hour in np.flatnonzero(gaps.any(axis=0)):
        known = ~gaps[:, hour]
        days[~known, hour] = np.interp(day[~known], day[known], days[known, hour], period=365)
    return days.ravel()


def _check_sun(ghi: np.ndarray, unix_time_s: np.ndarray, latitude_deg: float, longitude_deg: float, name: str) -> None:
    """Refuse a year that is dark, or whose light does not follow the sun of its coordinates and time zone."""
    total = ghi.sum()
    if total < 300e3:
        raise UnusableInputError(
            f"weather file '{name}' receives {total / 1e3:.0f} kWh/m² a year; at least 300 is plausible"
        )
    elevation = _sun_elevation_deg(unix_time_s, latitude_deg, longitude_deg)
    night_share = ghi[elevation < -8.0].sum() / total
    # Years of climate models, spread over hours from steps of three, leak about 1 % into the night.
    if night_share > 0.03:
        raise UnusableInputError(
            f"weather file '{name}' receives {night_share:.0%} of its light while the sun is down at latitude "
            f"{latitude_deg:g}, longitude {longitude_deg:g}: coordinates or time zone are wrong"
        )
