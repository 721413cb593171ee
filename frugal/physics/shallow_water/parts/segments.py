"""What happens at the sides of a flood: series, and the kinds of segment that water enters or leaves by."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from frugal.errors import UnusableInputError

SIDES = ("west", "east", "north", "south")
KINDS = ("wall", "open", "level", "discharge", "free_fall", "normal_flow", "rating_curve")

#: A constant, or times [s] and values; linear in between, constant before the first and after the last.
Series = float | tuple[Any, Any]


def series_arrays(name: str, series: Series) -> tuple[np.ndarray, np.ndarray]:
    """Times and values of a series, checked.

    Raises
    ------
    UnusableInputError
        If times do not grow strictly, or a number is missing.
    """
    if isinstance(series, int | float | np.number):
        series = ([0.0], [float(series)])
    times, values = (np.ascontiguousarray(part, dtype=np.float64) for part in series)
    if times.ndim != 1 or times.shape != values.shape or times.size == 0:
        raise UnusableInputError(
            f"{name} has times of shape {times.shape} and values of shape {values.shape}: "
            "both must be lists of the same length, at least 1."
        )
    if not (np.isfinite(times).all() and np.isfinite(values).all()):
        raise UnusableInputError(f"{name} holds a value that is not a number: every time and value must be finite.")
    if (np.diff(times) <= 0.0).any():
        raise UnusableInputError(f"The times of {name} do not grow: each must be later than the one before.")
    return times, values


@dataclass(frozen=True)
class Segment:
    """A stretch of one side of the domain.

    Parameters
    ----------
    kind : {"wall", "open", "level", "discharge", "free_fall", "normal_flow", "rating_curve"}
        Nothing passes; the flow goes on beyond the side as it is, over a bed that keeps the slope at the side; water level
        [m] at the side; discharge [m³/s] entering over the whole segment, shared evenly among its cells; water falls away
        beyond the side, which it passes at critical flow; uniform flow of a friction slope; discharge [m³/s] leaving over
        the whole segment as its water level asks. Through an open side, a free fall, a normal flow and a rating curve
        nothing ever enters.
    first, last : int
        Cells along the side, last excluded (``None``: to the end); from the west on the northern and southern
        sides, from the north on the western and eastern sides.
    series : Series, optional
        Level or discharge.
    depth : Series, optional
        Depth [m] of an entering discharge; needed where it enters faster than waves travel (supercritical). When
        absent the depth follows from the water inside.
    name : str
        Under which the volume is booked; the side and the number of the segment by default.
    slope : float, optional
        Friction slope [m/m] of a normal flow; the slope of the bed at the side by default, where this falls outward.
    rating : tuple of two arrays, optional
        Levels [m] and discharges [m³/s] of a rating curve; linear between its rows, and beyond the first and the last as
        between the two next to them, never below 0.
    """

    kind: str
    first: int = 0
    last: int | None = None
    series: Series | None = None
    depth: Series | None = None
    name: str = ""
    slope: float | None = None
    rating: tuple[Any, Any] | None = None


def rating_arrays(name: str, rating: tuple[Any, Any]) -> tuple[np.ndarray, np.ndarray]:
    """Levels [m] and discharges [m³/s] of a rating curve, checked.

    Raises
    ------
    UnusableInputError
        If there are fewer than two rows, a number is missing or negative, levels do not grow or discharges fall.
    """
    levels, discharges = (np.ascontiguousarray(part, dtype=np.float64) for part in rating)
    if levels.ndim != 1 or levels.shape != discharges.shape or levels.size < 2:
        raise UnusableInputError(
            f"The rating curve of {name} has levels of shape {levels.shape} and discharges of shape {discharges.shape}: "
            "both must be lists of the same length, at least 2."
        )
    if not (np.isfinite(levels).all() and np.isfinite(discharges).all()):
        raise UnusableInputError(f"The rating curve of {name} holds a value that is not a number: all must be finite.")
    if (np.diff(levels) <= 0.0).any():
        at = int(np.argmax(np.diff(levels) <= 0.0))
        raise UnusableInputError(
            f"The levels of the rating curve of {name} do not grow from {levels[at]:g} m to {levels[at + 1]:g} m: each must "
            "be above the one before."
        )
    if (discharges < 0.0).any():
        raise UnusableInputError(
            f"The rating curve of {name} goes down to {discharges.min():g} m³/s: it must be 0 or more."
        )
    if (np.diff(discharges) < 0.0).any():
        at = int(np.argmax(np.diff(discharges) < 0.0))
        raise UnusableInputError(
            f"The rating curve of {name} falls from {discharges[at]:g} to {discharges[at + 1]:g} m³/s where the level rises "
            f"to {levels[at + 1]:g} m: discharge must not fall."
        )
    return levels, discharges


def check_segments(boundaries: Mapping[str, tuple[Segment, ...]], shape: tuple[int, int]) -> None:
    """Refuse segments that cannot be simulated.

    Parameters
    ----------
    boundaries : mapping of side to Segments
    shape : tuple of int
        Rows and columns of the domain.

    Raises
    ------
    UnusableInputError
        One sentence that names the segment, its value and what is allowed.
    """
    for side, segments in boundaries.items():
        if side not in SIDES:
            raise UnusableInputError(f"A boundary is on side {side!r}: sides are {', '.join(SIDES)}.")
        along = shape[1] if side in ("north", "south") else shape[0]
        for number, segment in enumerate(segments):
            _check_segment(segment, segment.name or f"{side} {number}", along)


def _check_segment(segment: Segment, name: str, along: int) -> None:
    if segment.kind not in KINDS:
        raise UnusableInputError(f"Boundary {name} is of kind {segment.kind!r}: kinds are {', '.join(KINDS)}.")
    last = along if segment.last is None else segment.last
    if not 0 <= segment.first < last <= along:
        raise UnusableInputError(
            f"Boundary {name} covers cells {segment.first} to {last}: they must lie within 0 and {along}."
        )
    if segment.kind in ("level", "discharge"):
        if segment.series is None:
            raise UnusableInputError(f"Boundary {name} has no series: a {segment.kind} needs one.")
        _, values = series_arrays(f"boundary {name}", segment.series)
        if segment.kind == "discharge" and (values < 0.0).any():
            raise UnusableInputError(f"Boundary {name} goes down to {values.min()} m³/s: it must be 0 or more.")
    if segment.depth is not None:
        _, depths = series_arrays(f"depth of boundary {name}", segment.depth)
        if (depths <= 0.0).any():
            raise UnusableInputError(f"The depth of boundary {name} is {depths.min()} m: it must be above 0.")
    _check_outflow(segment, name)


def _check_outflow(segment: Segment, name: str) -> None:
    """Rating and slope, which only one kind has each."""
    if segment.kind == "rating_curve":
        if segment.rating is None:
            raise UnusableInputError(f"Boundary {name} has no rating: a rating_curve needs levels and discharges.")
        rating_arrays(f"boundary {name}", segment.rating)
    elif segment.rating is not None:
        raise UnusableInputError(
            f"Boundary {name} has a rating and is of kind {segment.kind!r}: only a rating_curve has one."
        )
    if segment.slope is not None:
        if segment.kind != "normal_flow":
            raise UnusableInputError(
                f"Boundary {name} has a slope and is of kind {segment.kind!r}: only a normal_flow has one."
            )
        if not (math.isfinite(segment.slope) and segment.slope > 0.0):
            raise UnusableInputError(f"The slope of boundary {name} is {segment.slope}: it must be a positive number.")
