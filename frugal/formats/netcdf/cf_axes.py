"""Axes of a variable on a grid after the CF conventions: which dimension is which, growing, in degrees or metres, in UTC."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from frugal.errors import UnusableInputError, printable
from frugal.formats.files.headers import shortened
from frugal.formats.units import unit_factor

_EAST = ("degrees_east", "degree_east", "degree_E", "degrees_E", "degreeE", "degreesE")
_NORTH = ("degrees_north", "degree_north", "degree_N", "degrees_N", "degreeN", "degreesN")
#: Calendars whose days are those of the tide.
_CALENDARS = ("standard", "gregorian", "proleptic_gregorian")


@dataclass(frozen=True, eq=False)
class VelocityAxes:
    """Axes of a variable, and how its values are brought in their order.

    Attributes
    ----------
    time : str or None
        Dimension of time.
    x_dim, y_dim : str
    x, y : ndarray
        Growing; metres or degrees.
    columns, rows : ndarray of int
        Order in which the file's columns and rows grow.
    taken : dict
        What is taken of all other dimensions.
    geographic : bool
    """

    time: str | None
    x_dim: str
    y_dim: str
    x: np.ndarray
    y: np.ndarray
    columns: np.ndarray
    rows: np.ndarray
    taken: dict[str, int]
    geographic: bool


def axes_of(variable: Any, depth_m: float | None, source: str) -> VelocityAxes:
    """Axes of a variable.

    Parameters
    ----------
    variable : xarray.DataArray
        With times as the file holds them.
    depth_m : float or None
        Which depth is taken of several.
    source : str
        What the file is called in messages.

    Raises
    ------
    UnusableInputError
        If a dimension is not understood.
    """
    what = f"{source}, variable '{variable.name}'"
    kinds: dict[str, str] = {}
    taken: dict[str, int] = {}
    for dim in map(str, variable.dims):
        kind = _kind(variable, dim)
        if kind in kinds.values():
            raise UnusableInputError(f"{what}: two of its dimensions are {kind}, '{dim}' among them")
        if kind == "rotated":
            raise UnusableInputError(f"{what}: its grid has a rotated pole; bring it to longitude and latitude first")
        if kind == "depth" and (variable.sizes[dim] == 1 or depth_m is not None):
            taken[dim] = _depth(variable, dim, depth_m, what)
        elif not kind and variable.sizes[dim] == 1:
            taken[dim] = 0
        elif kind == "depth":
            raise UnusableInputError(
                f"{what}: it has {variable.sizes[dim]} depths ('{dim}'); say which one is meant, in metres"
            )
        elif kind:
            kinds[dim] = kind
        else:
            raise UnusableInputError(_unknown(variable, dim, what))
    found = {kind: dim for dim, kind in kinds.items()}
    for pair in (("longitude", "latitude"), ("x", "y")):
        if all(kind in found for kind in pair):
            x_dim, y_dim = found[pair[0]], found[pair[1]]
            break
    else:
        told = ", ".join(map(str, variable.dims)) or "none"
        raise UnusableInputError(
            f"{what}: its dimensions are {told}; longitude and latitude, or x and y of a projected system, are needed"
        )
    geographic = pair[0] == "longitude"
    x, columns = _growing(variable[x_dim], "" if geographic else "m", f"{what}: {pair[0]}", geographic)
    y, rows = _growing(variable[y_dim], "" if geographic else "m", f"{what}: {pair[1]}", False)
    if geographic and np.abs(y).max() > 90.0:
        raise UnusableInputError(f"{what}: latitude reaches {np.abs(y).max():g}; -90 to 90 degrees are allowed")
    return VelocityAxes(found.get("time"), x_dim, y_dim, x, y, columns, rows, taken, geographic)


def _kind(variable: Any, dim: str) -> str:
    """What a dimension is, as its coordinate says; empty where that says nothing."""
    if dim not in variable.coords:
        return ""
    attributes = variable.coords[dim].attrs
    name, units = str(attributes.get("standard_name", "")), str(attributes.get("units", ""))
    axis = str(attributes.get("axis", "")).upper()
    signs = {
        "rotated": name in ("grid_longitude", "grid_latitude"),
        "longitude": name == "longitude" or units in _EAST,
        "latitude": name == "latitude" or units in _NORTH,
        "time": name == "time" or axis == "T" or " since " in units or dim.lower() == "time",
        "depth": name in ("depth", "height", "altitude") or "positive" in attributes or axis == "Z",
        "x": name == "projection_x_coordinate" or (axis == "X" and bool(units)),
        "y": name == "projection_y_coordinate" or (axis == "Y" and bool(units)),
    }
    return next((kind for kind, is_so in signs.items() if is_so), "")


def _unknown(variable: Any, dim: str, what: str) -> str:
    """The sentence on a dimension that nothing is known of."""
    size = variable.sizes[dim]
    flat = [
        str(name) for name, coordinate in variable.coords.items() if coordinate.ndim == 2 and dim in coordinate.dims
    ]
    if flat:
        return (
            f"{what}: its places are told by two-dimensional coordinates ({shortened(', '.join(flat))}), a curvilinear grid; "
            "bring it to a grid with an axis along x and one along y first"
        )
    if variable.sizes.get(dim, 0) > 1 and dim not in variable.coords:
        return f"{what}: dimension '{dim}' ({size}) has no coordinate that says what it is"
    return (
        f"{what}: dimension '{dim}' ({size}) is none of time, longitude, latitude, x, y and depth by its standard_name or "
        "units"
    )


def _depth(variable: Any, dim: str, depth_m: float | None, what: str) -> int:
    if depth_m is None:
        return 0
    coordinate = variable.coords[dim]
    own = str(coordinate.attrs.get("units", "m"))
    values = np.asarray(coordinate.values, dtype=float) * unit_factor(own, "m", f"{what}: '{dim}'")
    if str(coordinate.attrs.get("positive", "down")).lower() == "up":
        values = -values
    low, high = float(values.min()), float(values.max())
    if not low <= depth_m <= high:
        raise UnusableInputError(f"{what}: a depth of {depth_m:g} m was asked for; it has {low:g} to {high:g} m")
    return int(np.argmin(np.abs(values - depth_m)))


def _growing(coordinate: Any, unit: str, what: str, circular: bool) -> tuple[np.ndarray, np.ndarray]:
    """Values of an axis in growing order, and that order."""
    values = np.asarray(coordinate.values, dtype=np.float64)
    if not np.isfinite(values).all():
        raise UnusableInputError(f"{what} has {int((~np.isfinite(values)).sum())} values that are no numbers")
    if unit:
        own = str(coordinate.attrs.get("units", ""))
        if not own:
            raise UnusableInputError(f"{what} has no attribute units")
        values = values * unit_factor(own, unit, what)
    order = np.arange(values.size)
    if values.size > 1 and values[0] > values[-1]:
        values, order = values[::-1], order[::-1]
    if circular and values.size > 1 and values.max() > 180.0:
        # 0 to 360 becomes -180 to 180, unless that tears an area at the 180th meridian apart
        wrapped = np.where(values > 180.0, values - 360.0, values)
        again = np.argsort(wrapped, kind="stable")
        if np.diff(wrapped[again]).max() < 1.5 * np.abs(np.diff(values)).max():
            values, order = wrapped[again], order[again]
    steps = np.diff(values)
    if (steps <= 0).any():
        row = int(np.argmax(steps <= 0))
        raise UnusableInputError(
            f"{what} neither grows nor falls all along: {values[row + 1]:.8g} stands beside {values[row]:.8g}"
        )
    return values, order


def time_axis(content: Any, dim: str | None, source: str) -> tuple[np.ndarray, bool]:
    """Times of a file [s], from 1970 on in UTC where they are dates, and whether they are.

    Parameters
    ----------
    content : xarray.Dataset
        With times as the file holds them.
    dim : str or None
        Without a dimension of time there is one time, 0.
    source : str

    Raises
    ------
    UnusableInputError
        If the calendar is one without the days of the tide, or the times do not grow.
    """
    if dim is None:
        return np.zeros(1), False
    import xarray as xr

    clock = content[dim]
    told = str(clock.attrs.get("units", ""))
    calendar = str(clock.attrs.get("calendar", "standard")).lower()
    if " since " not in told:
        raise UnusableInputError(
            f"{source}: times have the units '{shortened(told)}'; a unit and a date are needed (hours since 2026-01-01)"
        )
    if calendar not in _CALENDARS:
        raise UnusableInputError(
            f"{source}: the calendar '{shortened(calendar)}' has days that no tide has; standard or gregorian is needed"
        )
    try:
        decoded = xr.decode_cf(content[[dim]]).coords[dim].values.astype("datetime64[ns]")
    except (ValueError, TypeError, OverflowError) as fault:
        raise UnusableInputError(
            f"{source}: times in '{shortened(told)}' cannot be read: {printable(str(fault))[:120]}"
        ) from fault
    if np.isnat(decoded).any():
        raise UnusableInputError(f"{source}: time {int(np.argmax(np.isnat(decoded))) + 1} is missing")
    time_s = decoded.astype(np.int64) / 1e9
    steps = np.diff(time_s)
    if (steps <= 0).any():
        row = int(np.argmax(steps <= 0)) + 2
        raise UnusableInputError(f"{source}: time {row} is not later than the one before; times have to grow")
    return time_s, True
