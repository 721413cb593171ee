"""High and low waters, or levels, of a period at a place: from a table of constituents to rows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta, tzinfo
from pathlib import Path

import numpy as np

from frugal.errors import UnusableInputError
from frugal.formats.constituents import TabulatedConstituents, read_constituents
from frugal.physics.tide.constituents import constituent
from frugal.physics.tide.extremes import Waters, high_and_low_waters
from frugal.physics.tide.french_coefficient import coefficients_of
from frugal.physics.tide.nodal import borrowed_factors
from frugal.physics.tide.prediction import HarmonicConstants, predict
from frugal.texts import Text, decimals, room_texts

_TEXTS = room_texts("frugal.tides")
#: Where the coefficient of Brest counts: coasts of France on the Atlantic and the Channel, and between them.
_LATITUDES, _LONGITUDES = (43.0, 51.6), (-6.0, 2.8)
#: No zero lies farther from the mean level: chart datum does by half the largest tide.
_FARTHEST_M = 20.0
_MEAN = ("mean sea level", "msl", "niveau moyen")
_LONGEST_DAYS, _MOST_LEVELS = 36_600.0, 5_000_000
_SOONEST = datetime(1800, 1, 1, tzinfo=UTC)
_LATEST = datetime(2200, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class TideQuestion:
    """What is asked.

    Parameters
    ----------
    path : Path
        Table of constituents.
    begin, end : datetime
        With their zone.
    zone : tzinfo
        That times are told in.
    station : str, optional
        Where the table has several.
    convention : {"schureman", "foreman", "none"}
        Of the nodal corrections.
    latitude_deg : float, optional
        In the place of that of the table.
    mean_level_m : float, optional
        Height of the mean level above the zero that ``datum`` names; both or none.
    datum : str, optional
    every_min : float, optional
        Levels so many minutes apart are told too.
    coefficients : bool
        Told wherever the place lies; by default on the coasts of France that they count for.
    """

    path: Path
    begin: datetime
    end: datetime
    zone: tzinfo = UTC
    station: str | None = None
    convention: str = "schureman"
    latitude_deg: float | None = None
    mean_level_m: float | None = None
    datum: str | None = None
    every_min: float | None = None
    coefficients: bool = False


@dataclass(frozen=True, eq=False)
class TideTable:
    """What is answered.

    Attributes
    ----------
    asked : TideQuestion
    station : str
    datum : str
        Zero of the levels.
    waters : Waters
        Levels above that zero.
    coefficients : ndarray or None
        Of high waters, NaN of low ones ``[n]``.
    level_times_s, levels_m : ndarray
        Empty unless asked for.
    notes : tuple of Text
    """

    asked: TideQuestion
    station: str
    datum: str
    waters: Waters
    coefficients: np.ndarray | None
    level_times_s: np.ndarray
    levels_m: np.ndarray
    notes: tuple[Text, ...]


def make_tide_table(asked: TideQuestion) -> TideTable:
    """High and low waters, and levels where asked.

    Raises
    ------
    UnusableInputError
        Naming what cannot be meant.
    """
    _check_period(asked)
    table = read_constituents(asked.path, asked.station)
    constants, mean_of_table, unknown = _constants(table)
    mean_m, datum = _zero(asked, mean_of_table, table.source)
    latitude = asked.latitude_deg if asked.latitude_deg is not None else table.latitude_deg
    begin, end = asked.begin.timestamp(), asked.end.timestamp()
    nodal = (asked.convention, latitude)
    waters = high_and_low_waters(begin, end, constants, *nodal)
    times = np.zeros(0) if asked.every_min is None else np.arange(begin, end + 1.0, asked.every_min * 60.0)
    levels = predict(times, constants, *nodal) + mean_m
    return TideTable(
        asked,
        table.station or asked.path.stem,
        datum,
        replace(waters, level_m=waters.level_m + mean_m),
        _coefficients(asked, table, constants, waters),
        times,
        levels,
        _notes(asked, table, constants, unknown),
    )


def _check_period(asked: TideQuestion) -> None:
    for name, moment in (("begin", asked.begin), ("end", asked.end)):
        if moment.tzinfo is None:
            raise UnusableInputError(f"{name} = {moment}: a time without a zone cannot be taken; name its zone")
        if not _SOONEST <= moment <= _LATEST:
            raise UnusableInputError(
                f"{name} = {moment.isoformat()}: years from {_SOONEST:%Y} to {_LATEST:%Y} are allowed"
            )
    days = (asked.end - asked.begin) / timedelta(days=1)
    if not 0.0 < days <= _LONGEST_DAYS:
        raise UnusableInputError(
            f"from {asked.begin.isoformat()} to {asked.end.isoformat()} is {days:g} days; above 0 and up to {_LONGEST_DAYS:g} "
            "are allowed"
        )
    if asked.every_min is not None:
        if not 0.0 < asked.every_min <= 1440.0:
            raise UnusableInputError(f"every {asked.every_min:g} min; above 0 and up to 1440 min are allowed")
        if days * 1440.0 / asked.every_min > _MOST_LEVELS:
            raise UnusableInputError(
                f"levels every {asked.every_min:g} min over {days:g} days are more than {_MOST_LEVELS} values; ask fewer"
            )


def _constants(table: TabulatedConstituents) -> tuple[HarmonicConstants, float | None, list[tuple[str, float]]]:
    """Constants, the mean level where the table has one, and constituents that are not known, with their amplitudes."""
    names, places, unknown, mean = [], [], [], None
    for place, name in enumerate(table.names):
        if name.upper() in ("Z0", "ZO", "MSL"):
            mean = float(table.amplitudes_m[place])
            continue
        try:
            constituent(name)
        except UnusableInputError:
            unknown.append((name, float(table.amplitudes_m[place])))
            continue
        names.append(name)
        places.append(place)
    if not names or not table.amplitudes_m[places].any():
        raise UnusableInputError(f"{table.source} has no known constituent with an amplitude above 0 m; one is needed")
    return HarmonicConstants(names, table.amplitudes_m[places], table.phases_deg[places]), mean, unknown


def _zero(asked: TideQuestion, mean_of_table: float | None, source: str) -> tuple[float, str]:
    """Height of the mean level above the zero of the levels, and the name of that."""
    plain = "" if asked.datum is None else " ".join(asked.datum.lower().split())
    given = asked.mean_level_m
    if given is not None and not abs(given) <= _FARTHEST_M:
        raise UnusableInputError(f"--mean-level {given:g} m; -{_FARTHEST_M:g} to {_FARTHEST_M:g} m are allowed")
    if given is not None and not plain:
        raise UnusableInputError(
            f"--mean-level {given:g} m is above a zero that is not said; name it: --datum 'chart datum'"
        )
    if mean_of_table is not None and given is not None and abs(given - mean_of_table) > 0.005:
        raise UnusableInputError(
            f"{source} has Z0 = {mean_of_table:g} m and --mean-level is {given:g} m; leave one out"
        )
    mean = mean_of_table if given is None else given
    if plain in _MEAN:
        if given:
            raise UnusableInputError(
                f"--mean-level {given:g} m and --datum '{asked.datum}' contradict each other; leave one out"
            )
        return 0.0, "mean sea level"
    if mean is None:
        if plain:
            raise UnusableInputError(
                f"--datum '{asked.datum}' needs --mean-level too: how high the mean level stands above it in m"
            )
        return 0.0, "mean sea level"
    if not plain:
        raise UnusableInputError(
            f"{source} has a mean level Z0 of {mean:g} m above a zero that is not said; name it: --datum 'chart datum', or ask "
            "for levels above the mean: --datum 'mean sea level'"
        )
    return mean, str(asked.datum).strip()


def _coefficients(
    asked: TideQuestion, table: TabulatedConstituents, constants: HarmonicConstants, waters: Waters
) -> np.ndarray | None:
    latitude, longitude = table.latitude_deg, table.longitude_deg
    in_france = (
        latitude is not None
        and longitude is not None
        and _LATITUDES[0] <= latitude <= _LATITUDES[1]
        and _LONGITUDES[0] <= longitude <= _LONGITUDES[1]
    )
    if "M2" not in constants.names:
        if asked.coefficients:
            raise UnusableInputError(
                f"{table.source} has no M2, by which the tide is followed from Brest; --coefficients needs it"
            )
        return None
    if not (in_france or asked.coefficients):
        return None
    found = np.full(len(waters.time_s), np.nan)
    found[waters.high] = coefficients_of(waters.time_s[waters.high], constants.phases_deg[constants.names.index("M2")])
    return found


def _notes(
    asked: TideQuestion,
    table: TabulatedConstituents,
    constants: HarmonicConstants,
    unknown: Sequence[tuple[str, float]],
) -> tuple[Text, ...]:
    notes = []
    if unknown:
        names = ", ".join(f"{name} ({amplitude * 100:.1f} cm)" for name, amplitude in unknown)
        notes.append(_TEXTS.say("note.unknown", path=table.source, names=decimals(names)))
    lacking = borrowed_factors(constants.names) if asked.convention == "foreman" else ()
    if lacking:
        notes.append(_TEXTS.say("note.borrowed", names=", ".join(lacking)))
    return tuple(notes)
