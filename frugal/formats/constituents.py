"""Constituents of the tide from a table: amplitudes, and where asked for the Greenwich phase lags, of one station.

Columns: ``constituent``, ``amplitude_m`` or ``amplitude_cm``; ``phase_deg_GMT``, ``phase_deg_UTC``, ``phase_deg`` or
``greenwich_phase_deg``, which all are Greenwich phase lags in UTC; ``station``, ``lat`` and ``lon`` where there are several
places in one file. Phases that count from local time (kappa, or a zone) are another matter and have to be turned first.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from frugal.errors import UnusableInputError, did_you_mean
from frugal.formats.files.headers import name_and_unit, shortened
from frugal.formats.files.tables import TableBlock, read_whole

_AMPLITUDES = {"amplitude_m": 1.0, "amplitude_cm": 0.01}
_PHASES = ("phase_deg_gmt", "phase_deg_utc", "greenwich_phase_deg", "phase_deg")
_STATIONS = ("station", "gauge")
#: No constituent is larger; the sum gives 16 m at the head of the Bay of Fundy.
_LARGEST_M = 7.0


@dataclass(frozen=True, eq=False)
class TabulatedConstituents:
    """Constituents of one station as they stand in a table.

    Attributes
    ----------
    station : str
        Empty where the table names none.
    names : tuple of str
        As they are written there.
    amplitudes_m : ndarray [c]
    phases_deg : ndarray [c]
        Greenwich phase lags; empty where they were not asked for.
    latitude_deg, longitude_deg : float or None
    source : str
        The file, for messages.
    """

    station: str
    names: tuple[str, ...]
    amplitudes_m: np.ndarray
    phases_deg: np.ndarray
    latitude_deg: float | None
    longitude_deg: float | None
    source: str


def read_constituents(path: Path, station: str | None = None, phases: bool = True) -> TabulatedConstituents:
    """Constituents of a station.

    Parameters
    ----------
    path : Path
        CSV or Parquet.
    station : str, optional
        Needed where the table has several.
    phases : bool
        Whether phase lags are needed.

    Raises
    ------
    UnusableInputError
        Naming what is missing or cannot be meant.
    """
    block = read_whole(path)
    source = block.style.source
    columns = {name_and_unit(name)[0].lower(): name for name in block.names}
    unit = next((name for name in _AMPLITUDES if name in columns), None)
    phase = next((name for name in _PHASES if name in columns), None)
    if "constituent" not in columns or unit is None or (phases and phase is None):
        told = ", ".join(shortened(name) for name in block.names[:12])
        wanted = "'constituent' and 'amplitude_m'" if not phases else "'constituent', 'amplitude_m' and 'phase_deg_GMT'"
        raise UnusableInputError(f"{source} needs the columns {wanted}; it has {told}")
    rows, found = _rows_of(block, columns, station, source)
    names = np.array(block.texts(columns["constituent"]), dtype=object)[rows]
    amplitudes = block.numbers(columns[unit])[rows] * _AMPLITUDES[unit]
    seen: set[str] = set()
    for row, name, value in zip(rows.tolist(), names, amplitudes, strict=True):
        where = block.where(columns[unit], row)
        if str(name).upper() in seen:
            raise UnusableInputError(f"{where}: constituent {shortened(name)} stands there a second time")
        if not 0.0 <= value <= _LARGEST_M and not (str(name).upper() == "Z0" and abs(value) <= 2 * _LARGEST_M):
            raise UnusableInputError(
                f"{where}: an amplitude of {value:g} m cannot be meant; 0 to {_LARGEST_M:g} m are allowed"
            )
        seen.add(str(name).upper())
    lags = block.numbers(columns[phase])[rows] if phases and phase is not None else np.zeros(0)
    for row, lag in zip(rows.tolist(), lags, strict=False):
        if not -360.0 <= lag <= 720.0:
            raise UnusableInputError(
                f"{block.where(columns[str(phase)], row)}: a phase of {lag:g} degrees cannot be meant; 0 to 360 are allowed"
            )
    return TabulatedConstituents(
        found,
        tuple(str(name) for name in names),
        amplitudes,
        lags,
        _coordinate(block, columns, ("lat", "latitude"), rows),
        _coordinate(block, columns, ("lon", "longitude"), rows),
        source,
    )


def _rows_of(block: TableBlock, columns: dict[str, str], station: str | None, source: str) -> tuple[np.ndarray, str]:
    """Rows of a station, and its name."""
    column = next((columns[name] for name in _STATIONS if name in columns), None)
    if column is None:
        if station is not None:
            raise UnusableInputError(
                f"{source} has no column 'station', so '{station}' cannot be found there; leave it out"
            )
        return np.arange(len(block.lines)), ""
    names = block.texts(column)
    known = list(dict.fromkeys(names))
    if station is None and len(known) == 1:
        return np.arange(len(names)), known[0]
    told = ", ".join(shortened(name) for name in known[:12]) + (", …" if len(known) > 12 else "")
    if station is None:
        raise UnusableInputError(
            f"{source} has constituents of {len(known)} stations; one has to be named, or to stand there alone: {told}"
        )
    same = [name for name in known if name.casefold() == station.strip().casefold()]
    if not same:
        raise UnusableInputError(f"{source} has no station '{station}'; it has {told}{did_you_mean(station, known)}")
    return np.array([row for row, name in enumerate(names) if name == same[0]]), same[0]


def _coordinate(block: TableBlock, columns: dict[str, str], names: tuple[str, ...], rows: np.ndarray) -> float | None:
    column = next((columns[name] for name in names if name in columns), None)
    if column is None or not rows.size:
        return None
    value = float(block.maybe_numbers(column)[rows[0]])
    return value if np.isfinite(value) else None
