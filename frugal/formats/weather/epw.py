"""Hourly years in EPW files (EnergyPlus Weather, Auxiliary Programs documentation).

Hour 1 is 0:00–1:00 of local standard time, values stand for the hour that ends at the label; the moment is the
middle of the hour. The EPW files of PVGIS hold instants without saying which: the one that closes best (to 5 minutes)
is taken.
"""

from __future__ import annotations

import io
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from frugal.formats.weather.hourly_year import (
    Weather,
    hours_of_common_year,
    order_of_year,
    sun_elevation_deg,
    year_from_columns,
)

if TYPE_CHECKING:
    import pandas as pd


def from_epw(text: str, name: str, digest: str) -> Weather:
    """Year of an EPW file.

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
    from pvlib.iotools import read_epw

    table, meta = read_epw(io.StringIO(text), coerce_year=2016)  # a year in which 29 February exists
    table = table.rename(columns={"temp_air": "air_temperature_c"})
    table = table[~((table["month"] == 2) & (table["day"] == 29))]
    order = order_of_year(table["month"], table["day"], table["hour"] - 1, name)
    place = ", ".join(part.strip() for part in (meta["city"], meta["country"]) if part.strip(" -"))
    kind = meta["data_type"].strip(" -") or "EPW"
    attribution = _epw_attribution(text)
    instants = "PVGIS" in attribution
    return year_from_columns(
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
        elevation = sun_elevation_deg(unix_time_s, meta["latitude"], meta["longitude"])
        gaps.append(np.mean((ghi - dni * np.sin(np.radians(np.maximum(elevation, 0.0))) - dhi) ** 2))
    return float(candidates[int(np.argmin(gaps))])


def _epw_attribution(text: str) -> str:
    head = "\n".join(text.splitlines()[:8]).lower()
    if "onebuilding" in head:
        return "Climate.OneBuilding.org"
    if "pvgis" in head:
        return "PVGIS © European Union"
    return "as stated by the provider of the EPW file"
