"""Culverts, pipes and gates with a flap: water carried from one cell to another by the heads at both ends.

Discharge is the least that three controls let through (the barrel is as wide as its area over its height):

- inlet, not full: critical flow (2/3)^1.5 b sqrt(g) y^1.5 over the invert, drowned b y2 sqrt(2 g (y - y2)) where the water
  behind, y2, stands higher than 2/3 y;
- inlet, full: an orifice Cd A sqrt(2 g dH), dH from the level before it down to the middle of the barrel or to the level
  behind; from the top of the barrel to 1.2 times its height the two pass into each other;
- barrel: a sqrt(2 g dH / (1 + k_e + 2 g n² L / R^(4/3))), a and R of the part of the barrel below the level before it, dH down
  to the middle of that part at the outlet or to the level behind: exit, entrance and friction losses.

These are inlet and outlet control of culverts as in Bodhaine 1968 (*Measurement of peak discharge at culverts by indirect
methods*, USGS TWRI 3-A3) and FHWA 2012 (*Hydraulic design of highway culverts*, HDS-5), simplified: no backwater curve in
the barrel, none of their tables of coefficients. A flap lets water through one way only.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from frugal.errors import UnusableInputError
from frugal.physics.compiled import inner

_GRAVITY = 9.81
_CRITICAL = (2.0 / 3.0) ** 1.5
#: A barrel runs full from this share of its height above its top.
_FILLS = 0.2


@dataclass(frozen=True)
class Link:
    """A culvert, a pipe or a gate between two cells.

    Parameters
    ----------
    row, column : int
        Cell that it begins in.
    to_row, to_column : int
        Cell that it ends in.
    invert_m : float
        Height of its lowest point at the beginning, in the zero of the bed [m].
    area_m2 : float
        Of the full barrel, all barrels together.
    height_m : float
        Of the barrel [m].
    end_invert_m : float, optional
        Height of its lowest point at the end [m]; that of the beginning by default.
    length_m : float
        Of the barrel [m]; 0 is an opening.
    manning : float
        Of the barrel [s/m^(1/3)].
    entrance_loss : float
        k_e, in velocity heads.
    orifice : float
        Cd of the full inlet.
    flap : bool
        Water goes from the beginning to the end only.
    name : str
        Under which its volume is told; its number by default.
    """

    row: int
    column: int
    to_row: int
    to_column: int
    invert_m: float
    area_m2: float
    height_m: float
    end_invert_m: float | None = None
    length_m: float = 0.0
    manning: float = 0.013
    entrance_loss: float = 0.5
    orifice: float = 0.6
    flap: bool = False
    name: str = ""


class Links(NamedTuple):
    """Links packed for the kernels."""

    ends: np.ndarray  # [link; row, column, row, column of the end, 1 with a flap]
    barrel: (
        np.ndarray
    )  # [link; invert, invert of the end, area, height, friction loss of the full barrel's 2 g n² L, k_e, Cd]
    passed: np.ndarray  # [link; m³ from beginning to end, m³ back], changed in place


def links_of(links: tuple[Link, ...], shape: tuple[int, int]) -> Links:
    """Pack links.

    Parameters
    ----------
    links : tuple of Link
    shape : tuple of int
        Rows and columns of the domain.

    Raises
    ------
    UnusableInputError
        If an end lies outside, both are one cell, or a number is not what it can be.
    """
    ends, barrel = [], []
    for number, link in enumerate(links):
        name = link.name or f"link {number}"
        for what, row, column in (("begins", link.row, link.column), ("ends", link.to_row, link.to_column)):
            if not (0 <= row < shape[0] and 0 <= column < shape[1]):
                raise UnusableInputError(
                    f"Link {name} {what} in cell ({row}, {column}): the domain has {shape[0]} rows and {shape[1]} columns."
                )
        if (link.row, link.column) == (link.to_row, link.to_column):
            raise UnusableInputError(
                f"Link {name} begins and ends in cell ({link.row}, {link.column}): two cells are needed."
            )
        for what, value, least in (
            ("area_m2", link.area_m2, 0.0),
            ("height_m", link.height_m, 0.0),
            ("orifice", link.orifice, 0.0),
        ):
            if not (math.isfinite(value) and value > least):
                raise UnusableInputError(f"{what} of link {name} is {value}: it must be a positive number.")
        for what, value in (
            ("length_m", link.length_m),
            ("manning", link.manning),
            ("entrance_loss", link.entrance_loss),
        ):
            if not (math.isfinite(value) and value >= 0.0):
                raise UnusableInputError(f"{what} of link {name} is {value}: it must be 0 or more.")
        end = link.invert_m if link.end_invert_m is None else link.end_invert_m
        if not (math.isfinite(link.invert_m) and math.isfinite(end)):
            raise UnusableInputError(
                f"The inverts of link {name} are {link.invert_m} m and {end} m: both must be numbers."
            )
        ends.append((link.row, link.column, link.to_row, link.to_column, int(link.flap)))
        friction = 2.0 * _GRAVITY * link.manning**2 * link.length_m
        barrel.append((link.invert_m, end, link.area_m2, link.height_m, friction, link.entrance_loss, link.orifice))
    return Links(
        np.array(ends, dtype=np.int64).reshape(-1, 5),
        np.array(barrel, dtype=np.float64).reshape(-1, 7),
        np.zeros((len(links), 2)),
    )


@inner(error_model="numpy")
def link_discharge(barrel: np.ndarray, before_m: float, behind_m: float, back: bool) -> float:
    """Discharge [m³/s] from the higher level to the lower one.

    Parameters
    ----------
    barrel : ndarray, shape (7,)
        One row of ``Links.barrel``.
    before_m, behind_m : float
        The higher level and the lower one [m].
    back : bool
        Water goes from the link's end to its beginning.
    """
    invert, outlet = (barrel[1], barrel[0]) if back else (barrel[0], barrel[1])
    area, height = barrel[2], barrel[3]
    sill = max(invert, outlet)  # what the water has to rise over
    y, y2 = before_m - sill, max(0.0, behind_m - sill)
    if y <= 0.0 or before_m <= behind_m:
        return 0.0
    width = area / height
    q = _CRITICAL * width * math.sqrt(_GRAVITY) * y**1.5
    if y2 > 2.0 / 3.0 * y:
        q = width * y2 * math.sqrt(2.0 * _GRAVITY * (y - y2))
    fall = y - max(0.5 * height, y2)
    if y > height and fall > 0.0:
        full = min(1.0, (y / height - 1.0) / _FILLS)
        q += full * (min(q, barrel[6] * area * math.sqrt(2.0 * _GRAVITY * fall)) - q)
    wet = min(height, before_m - invert)
    roof = width * min(1.0, max(0.0, (before_m - invert) / height - 1.0) / _FILLS)
    radius = width * wet / (width + 2.0 * wet + roof)
    fall = before_m - max(outlet + 0.5 * wet, behind_m)
    losses = 1.0 + barrel[5] + barrel[4] / radius ** (4.0 / 3.0)
    return min(q, width * wet * math.sqrt(2.0 * _GRAVITY * max(0.0, fall) / losses))


@inner(error_model="numpy")
def pass_links(
    h: np.ndarray, u: np.ndarray, v: np.ndarray, z: np.ndarray, links: Links, where: tuple, dt_s: float
) -> None:
    """Carry water through all links for one step.

    Parameters
    ----------
    h, u, v : ndarray, with rim
        Depth [m] and velocity [m/s], changed in place; what arrives has no momentum.
    z : ndarray, with rim
        Bed [m].
    links : Links
        Takes the volumes.
    where : tuple
        Rim, area of a cell [m²], whether velocities are those of cells.
    dt_s : float
        [s]
    """
    rim, area, on_cells = where
    for k in range(links.ends.shape[0]):
        r1, c1 = links.ends[k, 0] + rim, links.ends[k, 1] + rim
        r2, c2 = links.ends[k, 2] + rim, links.ends[k, 3] + rim
        back = z[r2, c2] + h[r2, c2] > z[r1, c1] + h[r1, c1]
        if back:
            if links.ends[k, 4] == 1:
                continue
            r1, c1, r2, c2 = r2, c2, r1, c1
        before, behind = z[r1, c1] + h[r1, c1], z[r2, c2] + h[r2, c2]
        half = 0.5 * link_discharge(links.barrel[k], before, behind, back) * dt_s / area
        half = min(half, 0.25 * (before - behind))
        deep = link_discharge(links.barrel[k], before - half, behind + half, back) * dt_s / area  # by the midpoint
        # At most until both levels are one, and a hair less than all that is there.
        deep = min(deep, 0.5 * (before - behind), (1.0 - 1e-12) * h[r1, c1])
        if deep <= 0.0:
            continue
        h[r1, c1] -= deep
        arrived = h[r2, c2]
        h[r2, c2] += deep
        if on_cells:
            u[r2, c2] *= arrived / h[r2, c2]
            v[r2, c2] *= arrived / h[r2, c2]
        links.passed[k, 1 if back else 0] += deep * area
