"""What a flood is made of: terrain, roughness, first state, what enters at the sides and what falls or bursts inside.

Row 0 is the northern row, column 0 the western column, as in a raster: rows go south, columns go east. Velocity ``u``
is positive along growing columns (eastward), ``v`` along growing rows (southward). Cells are square.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from frugal.errors import UnusableInputError
from frugal.physics.shallow_water.parts.infiltration import Infiltration, ground_of
from frugal.physics.shallow_water.parts.links import Link, links_of
from frugal.physics.shallow_water.parts.segments import Segment, Series, check_segments, series_arrays

__all__ = ["FRICTIONS", "Breach", "FloodCase", "Infiltration", "Inflow", "Link", "Rain", "Segment", "cells", "check"]

FRICTIONS = ("manning", "chezy", "linear", "none")


@dataclass(frozen=True)
class Rain:
    """Rain [m/s], the same everywhere or times ``weight[row, column]``."""

    series: Series
    weight: np.ndarray | None = None


@dataclass(frozen=True)
class Inflow:
    """Water [m³/s] that appears in one cell, without momentum: a spring, a drain, a tributary."""

    row: int
    column: int
    series: Series
    name: str = ""


@dataclass(frozen=True)
class Breach:
    """Cells whose bed goes down linearly from where it is to ``sill_m`` between two times [s].

    ``sill_m`` is one height or one per cell; a cell whose bed is lower already stays as it is.
    """

    rows: Any
    columns: Any
    sill_m: Any
    start_s: float
    end_s: float


@dataclass(frozen=True)
class FloodCase:
    """One flood, ready to be simulated.

    Parameters
    ----------
    bed : ndarray, shape (rows, columns)
        Height of the ground [m].
    cell_size_m : float
        Side of the square cells.
    duration_s : float
        End of the event [s] on the clock of all series and breaches, which begins at 0.
    friction : float or ndarray
        Manning's n [s/m^(1/3)] by default; Chézy's C [m^(1/2)/s] or the rate [1/s] of a friction proportional to
        discharge, as ``friction_law`` says.
    friction_law : {"manning", "chezy", "linear", "none"}
    level : float or ndarray, optional
        First water level [m]; where it is below the bed the cell is dry. Give this or ``depth``; neither is dry.
    depth : float or ndarray, optional
        First water depth [m].
    u, v : float or ndarray
        First velocity [m/s] eastward and southward.
    boundaries : mapping of side to Segments
        Keys among west, east, north, south. What no segment covers is wall; a later segment wins.
    rain : Rain, optional
    inflows, breaches : sequences
    blocked : ndarray of bool, optional
        Cells that never hold water (buildings).
    start_s : float
        When the first state holds [s] on the same clock: nothing is computed before. Arrivals and snapshots are told on it.
    infiltration : Infiltration, optional
        What seeps into the ground; nothing by default.
    links : sequence of Link
        Culverts and gates that carry water from one cell to another.
    """

    bed: np.ndarray
    cell_size_m: float
    duration_s: float
    friction: float | np.ndarray = 0.0
    friction_law: str = "manning"
    level: float | np.ndarray | None = None
    depth: float | np.ndarray | None = None
    u: float | np.ndarray = 0.0
    v: float | np.ndarray = 0.0
    boundaries: Mapping[str, tuple[Segment, ...]] = field(default_factory=dict)
    rain: Rain | None = None
    inflows: tuple[Inflow, ...] = ()
    breaches: tuple[Breach, ...] = ()
    blocked: np.ndarray | None = None
    start_s: float = 0.0
    infiltration: Infiltration | None = None
    links: tuple[Link, ...] = ()

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns."""
        rows, columns = np.shape(self.bed)
        return rows, columns


def _positive(name: str, value: float) -> None:
    if not (math.isfinite(value) and value > 0.0):
        raise UnusableInputError(f"{name} is {value}: it must be a positive number.")


def cells(flood_case: FloodCase, name: str, value: Any) -> np.ndarray:
    """``value`` on every cell as float64.

    Parameters
    ----------
    flood_case : FloodCase
        Gives the shape of the bed.
    name : str
        What the value is, for the messages.
    value : float or array [rows, columns]
        One number stands for all cells.

    Returns
    -------
    ndarray of float64, shape (rows, columns)
        A fresh array.

    Raises
    ------
    UnusableInputError
        If it is not finite or has another shape than the bed.
    """
    array = np.asarray(value, dtype=np.float64)
    if array.ndim and array.shape != flood_case.shape:
        raise UnusableInputError(f"{name} has shape {array.shape}: it must be one number or {flood_case.shape}.")
    if not np.isfinite(array).all():
        missing = int((~np.isfinite(array)).sum())
        raise UnusableInputError(f"{name} has {missing} cells that are not numbers: every cell needs a finite value.")
    return np.broadcast_to(array, flood_case.shape).copy()


def check(flood_case: FloodCase) -> None:
    """Refuse what cannot be simulated.

    Raises
    ------
    UnusableInputError
        One sentence that names the input, its value and what is allowed.
    """
    if np.ndim(flood_case.bed) != 2 or np.size(flood_case.bed) == 0:
        raise UnusableInputError(f"bed has shape {np.shape(flood_case.bed)}: it must be a raster of rows and columns.")
    _positive("cell_size_m", flood_case.cell_size_m)
    _positive("duration_s", flood_case.duration_s)
    if not 0.0 <= flood_case.start_s < flood_case.duration_s:
        raise UnusableInputError(
            f"start_s is {flood_case.start_s}: it must lie between 0 and the end of the event, {flood_case.duration_s} s."
        )
    if flood_case.friction_law not in FRICTIONS:
        raise UnusableInputError(
            f"friction_law is {flood_case.friction_law!r}: it must be one of {', '.join(FRICTIONS)}."
        )
    friction = cells(flood_case, "friction", flood_case.friction)
    if (friction < 0.0).any() or (flood_case.friction_law == "chezy" and (friction <= 0.0).any()):
        allowed = "above 0" if flood_case.friction_law == "chezy" else "0 or more"
        raise UnusableInputError(f"friction goes down to {friction.min()}: it must be {allowed} everywhere.")
    if flood_case.level is not None and flood_case.depth is not None:
        raise UnusableInputError("Both level and depth are given: give one of them.")
    if flood_case.depth is not None and (cells(flood_case, "depth", flood_case.depth) < 0.0).any():
        raise UnusableInputError(f"depth goes down to {np.min(flood_case.depth)}: it must be 0 or more everywhere.")
    check_segments(flood_case.boundaries, flood_case.shape)
    _check_inside(flood_case)


def _check_inside(flood_case: FloodCase) -> None:
    rows, columns = flood_case.shape
    if flood_case.rain is not None:
        _, values = series_arrays("rain", flood_case.rain.series)
        weight = cells(flood_case, "weight of rain", 1.0 if flood_case.rain.weight is None else flood_case.rain.weight)
        if (values < 0.0).any() or (weight < 0.0).any():
            raise UnusableInputError("rain or its weight is negative somewhere: both must be 0 or more.")
    for inflow in flood_case.inflows:
        if not (0 <= inflow.row < rows and 0 <= inflow.column < columns):
            raise UnusableInputError(
                f"An inflow is in cell ({inflow.row}, {inflow.column}): the domain has {rows} rows and {columns} columns."
            )
        _, values = series_arrays("inflow", inflow.series)
        if (values < 0.0).any():
            raise UnusableInputError(f"An inflow goes down to {values.min()} m³/s: it must be 0 or more.")
    for breach in flood_case.breaches:
        row, column = np.atleast_1d(breach.rows), np.atleast_1d(breach.columns)
        if row.shape != column.shape:
            raise UnusableInputError(f"A breach has {row.size} rows and {column.size} columns: one of each per cell.")
        if (row < 0).any() or (row >= rows).any() or (column < 0).any() or (column >= columns).any():
            raise UnusableInputError(f"A breach leaves the domain of {rows} rows and {columns} columns.")
        if not (np.isfinite(breach.sill_m).all() and math.isfinite(breach.start_s) and breach.end_s > breach.start_s):
            raise UnusableInputError(
                f"A breach opens from {breach.start_s} s to {breach.end_s} s down to {breach.sill_m} m: "
                "the end must come after the start and the sill be a number."
            )
    if flood_case.blocked is not None and np.shape(flood_case.blocked) != flood_case.shape:
        raise UnusableInputError(f"blocked has shape {np.shape(flood_case.blocked)}: it must be {flood_case.shape}.")
    ground_of(flood_case.infiltration, flood_case.shape, None)
    links_of(flood_case.links, flood_case.shape)
