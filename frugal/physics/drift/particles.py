"""Particles as columns: where each is, what became of it, and what one run needs to know to go on from another."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from frugal.errors import UnusableInputError
from frugal.physics.drift.random_numbers import keys_of

#: What became of a particle.
AFLOAT, BEACHED, SUNK, LEFT = 0, 1, 2, 3


class DriftParticles(NamedTuple):
    """Particles, one value of each column for each. Runs change them in place.

    Attributes
    ----------
    x, y : ndarray
        On a grid its coordinates; in a network the distance along the reach [m], and the place across as a share of the
        width, 0 on the left bank of who looks where the reach's distance grows, 1 on the right one. Of a beached particle
        the last place in the water, of one that left the first place outside.
    reach : ndarray of int64
        In a network; 0 on a grid.
    time_s : ndarray
        Its own clock; later than a run begins for particles that are released later.
    windage : ndarray
        Share of the wind's speed that it drifts with, 0 to 1.
    status : ndarray of int8
        ``AFLOAT``, ``BEACHED``, ``SUNK`` or ``LEFT``.
    place : ndarray of int64
        Of a beached one in a network the bank, 0 left and 1 right; of one that left the side of the grid (west, east,
        south, north: 0 to 3) or the node of the network; else -1.
    key, drawn : ndarray of uint64
        Of its random numbers, and how many it has used.
    """

    x: np.ndarray
    y: np.ndarray
    reach: np.ndarray
    time_s: np.ndarray
    windage: np.ndarray
    status: np.ndarray
    place: np.ndarray
    key: np.ndarray
    drawn: np.ndarray


def release(
    x: np.ndarray | float,
    y: np.ndarray | float,
    time_s: np.ndarray | float,
    reach: np.ndarray | int = 0,
    windage: np.ndarray | float = 0.0,
    seed: int = 0,
    first: int = 0,
) -> DriftParticles:
    """Particles that begin to drift at a time each.

    Parameters
    ----------
    x, y, time_s : array or float
        As those of `DriftParticles`.
    reach : array or int
    windage : array or float
        0.02 to 0.035 is usual for floating litter.
    seed : int
        Of their random numbers.
    first : int
        Number of the first one, for a release that is made in parts.

    Raises
    ------
    UnusableInputError
        If a value is no number, or a windage lies outside 0 to 1.
    """
    columns = np.broadcast_arrays(*(np.atleast_1d(np.asarray(c, dtype=np.float64)) for c in (x, y, time_s, windage)))
    for name, column in zip(("x", "y", "time_s", "windage"), columns, strict=True):
        if not np.isfinite(column).all():
            raise UnusableInputError(f"{name} of particle {int(np.argmin(np.isfinite(column))) + 1} is no number")
    if (columns[3] < 0).any() or (columns[3] > 1).any():
        worst = columns[3][np.argmax(np.abs(columns[3] - 0.5))]
        raise UnusableInputError(f"windage is {worst:g}; 0 to 1 is allowed, 0.02 to 0.035 usual for floating litter")
    n = columns[0].size
    reaches = np.array(np.broadcast_to(np.asarray(reach, dtype=np.int64), n))
    plain = [np.array(column.reshape(-1)) for column in columns]
    return DriftParticles(
        plain[0], plain[1], reaches, plain[2], plain[3], np.zeros(n, np.int8), np.full(n, -1, np.int64),
        keys_of(seed, n, first), np.zeros(n, np.uint64),
    )  # fmt: skip


def copy_of(particles: DriftParticles) -> DriftParticles:
    """The same particles in arrays of their own."""
    return DriftParticles(*(column.copy() for column in particles))


class DriftTally(NamedTuple):
    """How many particles are afloat, beached, sunk, or have left by each side or node."""

    afloat: int
    beached: int
    sunk: int
    left: dict[str, int]


#: Sides of a grid in the order of their numbers.
SIDES = ("west", "east", "south", "north")


def tally(particles: DriftParticles, exits: tuple[str, ...] = SIDES) -> DriftTally:
    """Count what became of particles; each is counted once.

    Parameters
    ----------
    particles : DriftParticles
    exits : tuple of str
        What the sides or nodes are called, by number. Those of one name are counted together, so that the sides of a grid
        may be called ``("sea", "upstream", "sea", "sea")``.
    """
    left = dict.fromkeys(exits, 0)
    gone = particles.place[particles.status == LEFT]
    for number, name in enumerate(exits):
        left[name] += int((gone == number).sum())
    afloat, beached, sunk = (int((particles.status == status).sum()) for status in (AFLOAT, BEACHED, SUNK))
    return DriftTally(afloat, beached, sunk, left)
