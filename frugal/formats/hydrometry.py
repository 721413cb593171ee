"""Observations of rivers as the French services write them: names of columns, units, and what stands twice.

Hub'Eau gives discharge in l/s and levels in mm above a local zero, newest first, real-time values by ``grandeur_hydro``
(``Q``, ``H``) with times in UTC, and daily means by ``grandeur_hydro_elab`` (``QmnJ``) with days alone.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC

import numpy as np

from frugal.errors import UnusableInputError
from frugal.formats.dates import moment_text, moments_s
from frugal.formats.files.headers import name_and_unit, shortened
from frugal.formats.files.tables import TableBlock

#: What a quantity of Hub'Eau is, and what its numbers are multiplied by to be m³/s or m.
QUANTITIES = {"Q": ("discharge", 1e-3), "H": ("level", 1e-3), "QmnJ": ("discharge", 1e-3)}
UNITS = {"discharge": "m3/s", "level": "m"}
#: Of a day, the time that its mean stands for [s].
NOON_S = 43_200.0
#: Columns of time, value, quantity and status: real-time values, and those worked out by day.
_LAYOUTS = (
    ("date_obs", "resultat_obs", "grandeur_hydro", "code_statut"),
    ("date_obs_elab", "resultat_obs_elab", "grandeur_hydro_elab", "code_statut"),
)
_STATIONS = ("code_station", "code_site")


@dataclass(frozen=True, eq=False)
class ObservedRows:
    """Observations in the order of a table.

    Attributes
    ----------
    stations : list of str
        Empty texts where none is named.
    time_s : ndarray
        Since 1970, UTC.
    values : ndarray
        In m³/s or m; NaN where there is none.
    status : ndarray
        Of two values at one time that of the higher status counts; 0 where none is told.
    where : callable
        What a row is called in messages.
    """

    stations: list[str]
    time_s: np.ndarray
    values: np.ndarray
    status: np.ndarray
    where: Callable[[int], str]


def hubeau_rows(block: TableBlock, what: str) -> ObservedRows | None:
    """Observations of a table with the columns of Hub'Eau; None where it has others.

    Parameters
    ----------
    block : TableBlock
    what : {"discharge", "level"}
        That is wanted; another quantity is refused.

    Raises
    ------
    UnusableInputError
        Naming what cannot be meant.
    """
    names = {name_and_unit(name)[0].lower(): name for name in block.names}
    layout = next((layout for layout in _LAYOUTS if layout[0] in names and layout[1] in names), None)
    if layout is None:
        return None
    clock, value, quantity, status = layout
    daily = clock.endswith("elab")
    column, at = names[value], names[clock]
    known = _quantities(block, names, quantity, "QmnJ" if daily else "", what)
    time_s = moments_s(block.texts(at), lambda row: block.where(at, row), UTC)
    values = block.maybe_numbers(column) * known
    ranks = block.maybe_numbers(names[status]) if status in names else np.zeros(len(values))
    station = next((names[name] for name in _STATIONS if name in names), None)
    return ObservedRows(
        [""] * len(values) if station is None else block.texts(station),
        time_s + (NOON_S if daily else 0.0),
        values,
        np.where(np.isfinite(ranks), ranks, 0.0),
        lambda row: block.where(column, row),
    )


def _quantities(block: TableBlock, names: dict[str, str], column: str, lacking: str, what: str) -> np.ndarray:
    """What the numbers of each row are multiplied by."""
    if column in names:
        found = block.texts(names[column])
    elif lacking:
        found = [lacking] * len(block.lines)
    else:
        raise UnusableInputError(
            f"{block.style.source} has Hub'Eau's columns but no '{column}', which tells discharges (Q) from levels (H)"
        )
    for row, name in enumerate(found):
        if name not in QUANTITIES or QUANTITIES[name][0] != what:
            wanted = ", ".join(key for key, (kind, _) in QUANTITIES.items() if kind == what)
            raise UnusableInputError(
                f"{block.where(names.get(column, block.names[0]), row)}: the quantity '{shortened(name)}' is no {what}; "
                f"{wanted} are allowed"
            )
    return np.array([QUANTITIES[name][1] for name in found])


def in_order(rows: ObservedRows, chosen: Sequence[int] | np.ndarray) -> tuple[np.ndarray, int, int]:
    """Rows that have a value, by time and each time once.

    Parameters
    ----------
    rows : ObservedRows
    chosen : sequence of int
        Of one station.

    Returns
    -------
    tuple of ndarray, int, int
        Their numbers; how many had no value, and how many stood there again.

    Raises
    ------
    UnusableInputError
        If two values of one time and one status differ.
    """
    chosen = np.asarray(chosen, dtype=np.int64)
    kept = chosen[np.isfinite(rows.values[chosen])]
    order = kept[np.lexsort((rows.status[kept], rows.time_s[kept]))]
    if not order.size:
        return order, len(chosen), 0
    last = np.append(np.diff(rows.time_s[order]) > 0.0, True)
    for place in np.flatnonzero(~last).tolist():
        one, other = order[place], order[place + 1]
        if rows.status[one] == rows.status[other] and rows.values[one] != rows.values[other]:
            raise UnusableInputError(
                f"{rows.where(int(other))}: {rows.values[one]:g} and {rows.values[other]:g} stand at one time, "
                f"{moment_text(float(rows.time_s[one]))}; leave one out"
            )
    return order[last], len(chosen) - len(kept), int((~last).sum())
