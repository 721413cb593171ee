"""What a run on pieces and links holds: ground, neighbours, water."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from frugal.physics.shallow_water.subgrid.tables import LinkTables, PieceTables

# Places in ``PieceWater.clock`` and ``PieceWater.counts``.
NOW, NEXT, DEEPEST = 0, 1, 2
STEPS, UPDATES, STAGE = 0, 1, 2


class FineGround(NamedTuple):
    """The fine ground and what follows from it, flat; breaches change it."""

    bed: np.ndarray
    joined: np.ndarray
    label: np.ndarray
    manning: np.ndarray
    pieces: PieceTables
    links: LinkTables


class RunLengths(NamedTuple):
    """Constants of a run: fine columns, fine cells along the side of a coarse one, side of a fine cell, depths [m] below
    which water does not move and from which it counts as arrived."""

    columns: int
    factor: int
    cell_size_m: float
    dry_depth_m: float
    arrival_depth_m: float


class Neighbours(NamedTuple):
    """Who is whose neighbour, and where water comes in.

    ``before`` and ``after`` name the link that leads on in the same direction at both ends: one more than all links where a
    wall is, the link itself where there is no single one.
    """

    before: np.ndarray
    after: np.ndarray
    inner: int  # links between pieces, and to levels at the sides; those that water only leaves by follow
    leaving_by: np.ndarray  # kind of each of these
    entering: np.ndarray  # [k; segment, piece]
    entering_share: np.ndarray
    inflows: np.ndarray  # piece of each
    rained_m2: np.ndarray
    breach_pieces: np.ndarray
    breach_links: np.ndarray


class PieceWater(NamedTuple):
    """The state: volume and level of pieces (segments of sides after them), discharge of links, what is remembered."""

    volume: np.ndarray
    level: np.ndarray
    surface: np.ndarray  # wet area [m²]
    place: np.ndarray  # in the table of the piece, and of the link
    spot: np.ndarray
    discharge: np.ndarray
    wished: np.ndarray
    section: np.ndarray  # wet section of links [m²]
    flow: np.ndarray  # [piece, 2]: eastward and southward, mean of both sides [m³/s]
    room: np.ndarray  # [piece, 2]: wet section that it flows through
    kinetic: np.ndarray  # square of the speed of what enters pieces [m²/s²]
    entering: np.ndarray
    leaving: np.ndarray
    gained: np.ndarray
    highest: np.ndarray
    fastest_squared: np.ndarray
    arrived: np.ndarray  # fine cells of the piece reached, from the lowest
    arrival_s: np.ndarray  # of each fine cell
    clock: np.ndarray
    counts: np.ndarray
    entered: np.ndarray
    left: np.ndarray
