"""Hourly years in EPW files (EnergyPlus Weather, Auxiliary Programs documentation).

Hour 1 is 0:00–1:00 of local standard time, values stand for the hour that ends at the label; the moment is the
middle of the hour. The EPW files of PVGIS hold instants: since version 5.3 a comment states how long after the label
("Irradiance Time Offset (h)", −0.82 for an instant eleven minutes after the hour began), and their rows are those of UTC
though the head names a zone. Where the light of a file shows another moment than the file says, that one is taken
(`frugal.formats.weather.sun_check`).
"""

from __future__ import annotations

import io
import re
from pathlib import Path

from frugal.formats.weather.hourly_year import Weather, order_of_year, year_from_columns

_HEAD_LINES = 8
_STATED = re.compile(r"irradiance time offset\s*\(h\)\s*[:=]\s*(-?\d+(?:\.\d+)?)", re.IGNORECASE)


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
    head = "\n".join(text.splitlines()[:_HEAD_LINES])
    stated = _STATED.search(head)
    stated_h = float(stated[1]) if stated else None
    return year_from_columns(
        table.iloc[order],
        name=name,
        digest=digest,
        place=(meta["latitude"], meta["longitude"], meta["altitude"], meta["TZ"]),
        offset_s=1800.0 if stated_h is None else 3600.0 * (1.0 + stated_h),
        source=f"{Path(name).name}: {place}, {kind}",
        attribution=_epw_attribution(head, stated_h is not None),
        stated_h=stated_h,
    )


def _epw_attribution(head: str, states_offset: bool) -> str:
    if "onebuilding" in head.lower():
        return "Climate.OneBuilding.org"
    if "pvgis" in head.lower() or states_offset:  # the files of PVGIS name the model of its temperatures only
        return "PVGIS © European Union"
    return "as stated by the provider of the EPW file"
