"""Hourly years from PVGIS (Joint Research Centre, European Commission): typical years and hourly series.

Values are instants of a satellite image, a few minutes after or before the full UTC hour. For a typical year that delay
is in the header (`irradiance time offset`); for hourly series it is the minute of the time stamp. Each value is taken as
the mean of the hour *centred* on its instant, so that the closure ghi = dni · sin(elevation) + dhi of the source is kept.
PVGIS knows no civil time: its year and months run in UTC.
"""

from __future__ import annotations

import hashlib
import io
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from frugal.errors import EnvironmentFaultError, UnusableInputError
from frugal.formats.files.faults import brief
from frugal.formats.weather.hourly_year import ACCEPTED, Weather, order_of_year, year_from_columns

if TYPE_CHECKING:
    import pandas as pd


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
            f"PVGIS has no typical year for {latitude_deg}, {longitude_deg}: {brief(fault)}"
        ) from fault
    digest = hashlib.sha256(table.to_csv().encode()).hexdigest()
    return _from_pvgis_tmy(table, meta["inputs"], name, digest)


def from_pvgis_json(content: Any, name: str, digest: str) -> Weather:
    """Year of a JSON file: a typical year or an hourly series.

    Parameters
    ----------
    content : Any
        What the JSON holds.
    name, digest : str
        The file, for messages, and the hash of its bytes.

    Raises
    ------
    UnusableInputError
        As :func:`~frugal.formats.weather.readers.read_weather`; what pvlib raises of a damaged file comes through.
    """
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
    raise UnusableInputError(f"weather file '{name}' is JSON, but not from PVGIS; {ACCEPTED}")


def from_pvgis_tmy_csv(text: str, name: str, digest: str) -> Weather:
    """Year of a CSV file that holds a typical year.

    Parameters
    ----------
    text : str
        What the file holds.
    name, digest : str
        The file, for messages, and the hash of its bytes.

    Raises
    ------
    UnusableInputError
        As :func:`~frugal.formats.weather.readers.read_weather`; what pvlib raises of a damaged file comes through.
    """
    from pvlib.iotools import read_pvgis_tmy

    table, meta = read_pvgis_tmy(io.BytesIO(text.encode()), pvgis_format="csv")
    return _from_pvgis_tmy(table, meta["inputs"], name, digest)


def from_pvgis_hourly_csv(text: str, name: str, digest: str) -> Weather:
    """Year of a CSV file that holds an hourly series.

    Parameters
    ----------
    text : str
        What the file holds.
    name, digest : str
        The file, for messages, and the hash of its bytes.

    Raises
    ------
    UnusableInputError
        As :func:`~frugal.formats.weather.readers.read_weather`; what pvlib raises of a damaged file comes through.
    """
    from pvlib.iotools import read_pvgis_hourly

    table, meta = read_pvgis_hourly(io.StringIO(text.replace("\r\n", "\n")), pvgis_format="csv")
    slope = next((value for key, value in meta["inputs"].items() if key.lower().startswith("slope")), "0")
    return _from_pvgis_hourly(table, meta["inputs"], float(slope.split()[0]), name, digest)


def _from_pvgis_tmy(table: pd.DataFrame, inputs: dict[str, Any], name: str, digest: str) -> Weather:
    location = inputs.get("location", inputs)
    stated = location.get("irradiance time offset", location.get("irradiance_time_offset"))
    stated_h = None if stated is None else float(stated)
    offset_s = 3600.0 * (stated_h or 0.0)
    return _pvgis(table, location, offset_s, kind="PVGIS typical year", name=name, digest=digest, stated_h=stated_h)


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
    table: pd.DataFrame,
    location: dict[str, Any],
    offset_s: float,
    *,
    kind: str,
    name: str,
    digest: str,
    stated_h: float | None = None,
) -> Weather:
    import pandas as pd

    table = table.rename(columns={"temp_air": "air_temperature_c"})
    stamps = pd.DatetimeIndex(table.index)
    keep = ~((stamps.month == 2) & (stamps.day == 29))
    table, stamps = table[keep], stamps[keep]
    order = order_of_year(stamps.month, stamps.day, stamps.hour, name)
    return year_from_columns(
        table.iloc[order],
        name=name,
        digest=digest,
        place=(location["latitude"], location["longitude"], location.get("elevation", 0.0), 0.0),
        offset_s=offset_s,
        source=f"{Path(name).name}: {kind}",
        attribution="PVGIS © European Union",
        stated_h=stated_h,
    )
