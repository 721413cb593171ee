"""Cross-sections whose width varies with the level: area from the height of the water over the bed, and back.

A section is a row of segments over its bed, each with a width that grows linearly, so that a rectangle and a trapezoid
have one segment, and a channel with tidal flats has three. Below the water lies the area

.. math:: A(h) = A_k + B_k (h - h_k) + \\tfrac12 S_k (h - h_k)^2, \\qquad h_k \\le h

with :math:`k` the segment in which the surface stands. The last segment goes on upwards without end.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from frugal.physics.compiled import inner


class SectionTable(NamedTuple):
    """Segments of all sections, [slot, segment]: heights over the bed [m], areas below [m²], widths [m] and their growth."""

    height: np.ndarray
    area: np.ndarray
    width: np.ndarray
    growth: np.ndarray


@inner(error_model="numpy")
def area_of(table: SectionTable, slot: int, height: float) -> float:
    """Area [m²] below a height over the bed [m] of one section."""
    k = 0
    while k + 1 < table.height.shape[1] and height > table.height[slot, k + 1]:
        k += 1
    over = height - table.height[slot, k]
    return table.area[slot, k] + over * (table.width[slot, k] + 0.5 * table.growth[slot, k] * over)


@inner(error_model="numpy")
def width_of(table: SectionTable, slot: int, height: float) -> float:
    """Width [m] of the surface at a height over the bed [m]."""
    k = 0
    while k + 1 < table.height.shape[1] and height > table.height[slot, k + 1]:
        k += 1
    return table.width[slot, k] + table.growth[slot, k] * (height - table.height[slot, k])


@inner(error_model="numpy")
def height_of(table: SectionTable, slot: int, area: float) -> float:
    """Height of the water over the bed [m] that an area [m²] stands for."""
    k = 0
    while k + 1 < table.area.shape[1] and area > table.area[slot, k + 1]:
        k += 1
    over = area - table.area[slot, k]
    width = table.width[slot, k]
    root = math.sqrt(max(width * width + 2.0 * table.growth[slot, k] * over, 0.0))
    return table.height[slot, k] + 2.0 * over / (width + root)


def table_of(heights_m: np.ndarray, widths_m: np.ndarray, slope: np.ndarray) -> SectionTable:
    """Segments from widths at heights.

    Parameters
    ----------
    heights_m : array
        [slot, segment], over the bed, rising from 0 [m].
    widths_m : array
        [slot, segment], at these heights [m].
    slope : array
        [slot], growth of the width with height above the last of them [m/m].

    Returns
    -------
    SectionTable
    """
    growth = np.empty_like(widths_m)
    growth[:, -1] = slope
    steps = np.diff(heights_m, axis=1)
    growth[:, :-1] = np.diff(widths_m, axis=1) / steps
    area = np.zeros_like(widths_m)
    area[:, 1:] = np.cumsum(0.5 * (widths_m[:, 1:] + widths_m[:, :-1]) * steps, axis=1)
    return SectionTable(*(np.ascontiguousarray(part) for part in (heights_m, area, widths_m, growth)))
