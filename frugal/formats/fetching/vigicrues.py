"""Vigicrues, the French service of flood warning: the last days of a station.

Discharge in m³/s and levels in m above the zero of the station's gauge, as objects or as pairs, with times as texts or as
milliseconds since 1970. Made after the schema that public clients of it show.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from frugal.errors import UnusableInputError
from frugal.formats.dates import moments_s
from frugal.formats.fetching.asking import address, asked_json, checked_station, unknown_layout
from frugal.formats.fetching.observations import FetchedObservations
from frugal.formats.hydrometry import ObservedRows

SERVICE = "Vigicrues"
BASE = "https://www.vigicrues.gouv.fr/services/observations.json/index.php"
ATTRIBUTION = "Vigicrues (www.vigicrues.gouv.fr), French ministry of the environment"
WANTED = {"discharge": "Q", "level": "H"}
_NOTES = {"discharge": "instants", "level": "instants, above the zero of the station's gauge"}


def fetch_vigicrues(station: str, what: str = "discharge", base: str | None = None) -> FetchedObservations:
    """Ask Vigicrues for the last observations of a station.

    Parameters
    ----------
    station : str
        Its code, of 10 signs.
    what : {"discharge", "level"}
    base : str, optional
        Another address of the service.

    Raises
    ------
    UnusableInputError
        If what is asked cannot be meant, or is refused.
    EnvironmentFaultError
        If the service cannot be reached, or replies in another layout.
    """
    code = checked_station(station)
    if what not in WANTED:
        raise UnusableInputError(f"--what '{what}' is not known of {SERVICE}; {', '.join(WANTED)} are allowed")
    asked = {"CdStationHydro": code, "GrdSerie": WANTED[what], "FormatDate": "iso"}
    url = address(BASE if base is None else base, asked)
    reply = asked_json(url, SERVICE)
    if isinstance(reply, list) and reply and isinstance(reply[0], dict) and "error_msg" in reply[0]:
        raise UnusableInputError(
            f"{SERVICE} refuses the question for station '{code}': {str(reply[0]['error_msg'])[:120]}"
        )
    series = reply.get("Serie") if isinstance(reply, dict) else None
    if not isinstance(series, dict) or not isinstance(series.get("ObssHydro"), list):
        raise unknown_layout(SERVICE, "no 'Serie' with a list 'ObssHydro'")
    if series.get("GrdSerie") != WANTED[what]:
        raise unknown_layout(SERVICE, f"GrdSerie '{str(series.get('GrdSerie'))[:20]}' in the place of '{WANTED[what]}'")
    time_s, values = _observed(series["ObssHydro"])
    count = len(values)
    rows = ObservedRows([str(series.get("CdStationHydro") or code)] * count, time_s, values, np.zeros(count), _where)
    told = {"station": code, "what": what}
    return FetchedObservations(SERVICE, ATTRIBUTION, what, _NOTES[what], told, [url], rows, [""] * count)


def _where(row: int) -> str:
    return f"{SERVICE}, value {row + 1}"


def _observed(entries: list[Any]) -> tuple[np.ndarray, np.ndarray]:
    """Seconds since 1970, and values."""
    times, values = [], []
    for entry in entries:
        if isinstance(entry, dict):
            time, value = entry.get("DtObsHydro"), entry.get("ResObsHydro")
        elif isinstance(entry, list) and len(entry) == 2:
            time, value = entry
        else:
            raise unknown_layout(SERVICE, f"'{str(entry)[:60]}' as an observation")
        times.append(time)
        try:
            values.append(float("nan") if value is None else float(value))
        except (TypeError, ValueError) as fault:
            raise unknown_layout(SERVICE, f"'{str(value)[:40]}' as a value") from fault
    if all(isinstance(time, int | float) and not isinstance(time, bool) for time in times):
        return np.array(times, dtype=float) / 1000.0, np.array(values, dtype=float)
    texts = [time for time in times if isinstance(time, str)]
    if len(texts) < len(times):
        raise unknown_layout(SERVICE, "times that are neither all texts nor all numbers")
    return moments_s(texts, _where, None), np.array(values, dtype=float)
