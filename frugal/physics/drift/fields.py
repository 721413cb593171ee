"""Velocities on a grid of any spacing and a clock of any steps: bilinear in space, linear in time."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from frugal.errors import UnusableInputError
from frugal.physics.compiled import inner
from frugal.physics.drift.axes import DriftAxis, axis_of, interval
from frugal.physics.drift.compiling import LEAN


class DriftField(NamedTuple):
    """Velocities at the nodes of a grid.

    Attributes
    ----------
    clock : DriftAxis
        Times [s]; one stands for velocities that are steady.
    x, y : DriftAxis
        Metres, or degrees of longitude and latitude; one node stands for velocities that are the same along this axis.
    velocity : ndarray [t, y, x, 2]
        Eastward (along x) and northward (along y) [m/s]; empty where there is no such field.
    """

    clock: DriftAxis
    x: DriftAxis
    y: DriftAxis
    velocity: np.ndarray


def field_of(
    time_s: np.ndarray | list[float],
    x: np.ndarray | list[float],
    y: np.ndarray | list[float],
    u: np.ndarray,
    v: np.ndarray,
    name: str = "currents",
) -> DriftField:
    """A field from its axes and components.

    Parameters
    ----------
    time_s : array [t]
        Growing [s]; one time for a steady field.
    x, y : array [i], [j]
        Growing; metres, or degrees of longitude and latitude. One node each for a field that is the same everywhere.
    u, v : array [t, j, i]
        Along x and along y [m/s]; finite: 0 on land.
    name : str
        What it is called in messages.

    Raises
    ------
    UnusableInputError
        If the shapes do not fit or a velocity is no number.
    """
    clock, along_x, along_y = (
        axis_of(nodes, f"{axis} of the {name}") for nodes, axis in ((time_s, "time"), (x, "x"), (y, "y"))
    )
    shape = (clock.nodes.size, along_y.nodes.size, along_x.nodes.size)
    components = []
    for component, values in (("u", u), ("v", v)):
        array = np.asarray(values)
        if array.shape != shape:
            raise UnusableInputError(
                f"{component} of the {name} has shape {array.shape}; its times, rows and columns are {shape}"
            )
        if not np.isfinite(array).all():
            raise UnusableInputError(
                f"{component} of the {name} holds {int((~np.isfinite(array)).sum())} values that are no numbers; give land as "
                "land, with a velocity of 0"
            )
        components.append(array)
    return DriftField(clock, along_x, along_y, np.ascontiguousarray(np.stack(components, axis=-1), dtype=np.float64))


def uniform_field(time_s: np.ndarray | list[float], u: np.ndarray, v: np.ndarray, name: str = "wind") -> DriftField:
    """A field that is the same everywhere, as a wind measured at one place.

    Parameters
    ----------
    time_s : array [t]
    u, v : array [t]
        Towards the east and towards the north [m/s].
    name : str
    """
    along_x, along_y = (np.asarray(values, dtype=np.float64).reshape(-1, 1, 1) for values in (u, v))
    return field_of(time_s, [0.0], [0.0], along_x, along_y, name)


def no_field() -> DriftField:
    """Where there is none."""
    empty = axis_of([0.0], "nothing")
    return DriftField(empty, empty, empty, np.zeros((0, 0, 0, 2)))


@inner(**LEAN)
def _level(velocity: np.ndarray, k: int, j: int, i: int, fx: float, fy: float) -> tuple[float, float]:
    """Bilinear at one time."""
    i2, j2 = min(i + 1, velocity.shape[2] - 1), min(j + 1, velocity.shape[1] - 1)
    a, b, c, d = (1.0 - fx) * (1.0 - fy), fx * (1.0 - fy), (1.0 - fx) * fy, fx * fy
    u = a * velocity[k, j, i, 0] + b * velocity[k, j, i2, 0] + c * velocity[k, j2, i, 0] + d * velocity[k, j2, i2, 0]
    v = a * velocity[k, j, i, 1] + b * velocity[k, j, i2, 1] + c * velocity[k, j2, i, 1] + d * velocity[k, j2, i2, 1]
    return u, v


@inner(**LEAN)
def sample(field: DriftField, time_s: float, x: float, y: float) -> tuple[float, float]:
    """Velocity [m/s] at a time and a place; beyond the ends of an axis that at its end.

    Parameters
    ----------
    field : DriftField
        Not an empty one.
    time_s, x, y : float
    """
    i, fx = interval(field.x, x)
    j, fy = interval(field.y, y)
    if field.velocity.shape[0] == 1:
        return _level(field.velocity, 0, j, i, fx, fy)
    k, ft = interval(field.clock, time_s)
    u0, v0 = _level(field.velocity, k, j, i, fx, fy)
    u1, v1 = _level(field.velocity, k + 1, j, i, fx, fy)
    return u0 + ft * (u1 - u0), v0 + ft * (v1 - v0)
