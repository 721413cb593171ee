"""Hub'Eau, the service of the French for their waters: its hydrometry, version 2.

Real-time values (``observations_tr``: discharge in l/s, levels in mm, newest first) and daily means (``obs_elab``, ``QmnJ``).
Replies come in pages, of which each names the next. Made after the published schema.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

import numpy as np

from frugal.errors import EnvironmentFaultError, UnusableInputError
from frugal.formats.dates import moment_text, moments_s
from frugal.formats.fetching.asking import address, asked_json, checked_station, unknown_layout
from frugal.formats.fetching.observations import FetchedObservations
from frugal.formats.hydrometry import NOON_S, QUANTITIES, ObservedRows

SERVICE = "Hub'Eau"
BASE = "https://hubeau.eaufrance.fr/api/v2/hydrometrie"
ATTRIBUTION = "Hub'Eau (hubeau.eaufrance.fr), hydrometry; PHyC of SCHAPI and its producers of data"
#: What can be asked for: service, quantity, what it is, and a note for whoever reads the file.
WANTED = {
    "discharge": ("observations_tr", "Q", "discharge", "instants"),
    "level": ("observations_tr", "H", "level", "instants, above the zero of the station's gauge"),
    "daily_discharge": ("obs_elab", "QmnJ", "discharge", "means of days, at 12:00 UTC of each"),
}
_PAGE, _MOST_PAGES = 5000, 2000


def fetch_hubeau(
    station: str, begin: datetime, end: datetime, what: str = "discharge", base: str | None = None
) -> FetchedObservations:
    """Ask Hub'Eau for the observations of a station.

    Parameters
    ----------
    station : str
        Code of a station (10 signs), or of a site (8), which may have several.
    begin, end : datetime
        With their zone.
    what : {"discharge", "level", "daily_discharge"}
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
        raise UnusableInputError(f"--what '{what}' is not known; {', '.join(WANTED)} are allowed")
    if not end > begin:
        raise UnusableInputError(f"from {begin.isoformat()} to {end.isoformat()}: the end must lie after the beginning")
    service, quantity, kind, note = WANTED[what]
    daily = service == "obs_elab"
    first, last = (moment.astimezone(UTC) for moment in (begin, end))
    asked: dict[str, str] = {"code_entite": code}
    if daily:
        asked |= {"grandeur_hydro_elab": quantity}
        asked |= {"date_debut_obs_elab": f"{first:%Y-%m-%d}", "date_fin_obs_elab": f"{last:%Y-%m-%d}"}
    else:
        asked |= {"grandeur_hydro": quantity}
        asked |= {"date_debut_obs": f"{first:%Y-%m-%dT%H:%M:%SZ}", "date_fin_obs": f"{last:%Y-%m-%dT%H:%M:%SZ}"}
    url = address(f"{BASE if base is None else base}/{service}", asked | {"size": str(_PAGE)})
    entries, addresses, announced = _pages(url)
    rows = _rows(entries, quantity, "_elab" if daily else "", NOON_S if daily else 0.0)
    told = {"station": code, "what": what, "from": moment_text(first.timestamp()), "to": moment_text(last.timestamp())}
    labels = [str(entry.get("libelle_statut") or "") for entry in entries]
    return FetchedObservations(SERVICE, ATTRIBUTION, kind, note, told, addresses, rows, labels, announced)


def _pages(url: str) -> tuple[list[dict[str, Any]], list[str], int | None]:
    """Entries of all pages, their addresses, and how many the service says that there are."""
    host = urlsplit(url).hostname
    entries: list[dict[str, Any]] = []
    addresses: list[str] = []
    following: Any = url
    announced: int | None = None
    while following:
        if not isinstance(following, str) or urlsplit(following).hostname != host or following in addresses:
            raise unknown_layout(SERVICE, f"next = '{str(following)[:80]}'")
        if len(addresses) == _MOST_PAGES:
            raise EnvironmentFaultError(
                f"{SERVICE} has more than {_MOST_PAGES} pages of values; ask for less at a time"
            )
        reply = asked_json(following, SERVICE)
        found = reply.get("data") if isinstance(reply, dict) else None
        if not isinstance(found, list) or not all(isinstance(entry, dict) for entry in found):
            raise unknown_layout(SERVICE, "no list 'data'")
        if not addresses and isinstance(reply.get("count"), int):
            announced = reply["count"]
        addresses.append(following)
        entries += found
        following = reply.get("next") if found else None
    return entries, addresses, announced


def _rows(entries: list[dict[str, Any]], quantity: str, elaborated: str, later_s: float) -> ObservedRows:
    names = [f"{name}{elaborated}" for name in ("grandeur_hydro", "date_obs", "resultat_obs")]
    for entry in entries:
        for name in ("code_station", *names):
            if name not in entry:
                raise unknown_layout(SERVICE, f"no '{name}'")
        if entry[names[0]] != quantity:
            raise unknown_layout(SERVICE, f"'{str(entry[names[0]])[:20]}' in the place of '{quantity}'")

    def where(row: int) -> str:
        return f"{SERVICE}, value {row + 1}"

    try:
        values = np.array([_number(entry[names[2]]) for entry in entries], dtype=float)
    except (TypeError, ValueError) as fault:
        raise unknown_layout(SERVICE, str(fault)[:80]) from fault
    return ObservedRows(
        [str(entry["code_station"] or entry.get("code_site") or "") for entry in entries],
        moments_s([str(entry[names[1]]) for entry in entries], where, UTC) + later_s,
        values * QUANTITIES[quantity][1],
        np.array([_number(entry.get("code_statut")) for entry in entries], dtype=float)
        if all(isinstance(entry.get("code_statut"), int) for entry in entries)
        else np.zeros(len(entries)),
        where,
    )


def _number(value: Any) -> float:
    return float("nan") if value is None else float(value)
