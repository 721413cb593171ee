"""States of particles in a network of channels: pieces of water, sectors of the banks, and ends."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from frugal.errors import UnusableInputError
from frugal.physics.drift.in_network import NetworkDrift
from frugal.physics.drift.particles import BEACHED, LEFT, SUNK, DriftParticles, release

#: Where the width is cut into parts, so that a particle near a bank is told from one in the middle.
_THIRDS = (1.0 / 3.0, 2.0 / 3.0)


@dataclass(frozen=True, eq=False)
class NetworkStates:
    """Numbering of states: water by reach, piece and part of the width, then banks by reach, sector and side, then ends.

    Attributes
    ----------
    starts, lengths : ndarray [reach]
        Smallest x and length of each reach [m].
    pieces, sectors : ndarray of int64 [reach]
        How many equal pieces of water and sectors of a bank each reach has.
    names : tuple of str
        Of the ends: ``sunk``, then the nodes of the network.
    cuts : tuple of float
        Shares of the width, rising, where it is cut into parts. Wind that presses particles to a bank asks for a thin part
        there: a state forgets where in it they were.
    """

    starts: np.ndarray
    lengths: np.ndarray
    pieces: np.ndarray
    sectors: np.ndarray
    names: tuple[str, ...]
    cuts: tuple[float, ...] = _THIRDS

    @classmethod
    def of(
        cls,
        moved: NetworkDrift,
        nodes: tuple[str, ...],
        cell_m: float,
        sector_m: float,
        cuts: tuple[float, ...] = _THIRDS,
    ) -> NetworkStates:
        """States of a network.

        Parameters
        ----------
        moved : NetworkDrift
        nodes : tuple of str
            Names of its nodes.
        cell_m, sector_m : float
            Length of a piece of water and of a sector of a bank [m]; a reach is shared out evenly.
        cuts : tuple of float
            Shares of the width where it is cut; none for one part alone.

        Raises
        ------
        UnusableInputError
            If a length is not above 0, or the cuts do not rise between 0 and 1.
        """
        if not (cell_m > 0 and sector_m > 0):
            raise UnusableInputError(
                f"pieces of {cell_m:g} m and sectors of {sector_m:g} m; lengths above 0 m are needed"
            )
        edges = np.array([0.0, *cuts, 1.0])
        if not (np.diff(edges) > 0).all():
            raise UnusableInputError(
                f"the width is cut at the shares {', '.join(map(str, cuts))}; rising ones between 0 and 1 are needed"
            )
        starts = moved.x[moved.first_face[:-1]]
        lengths = moved.x[moved.first_face[1:] - 1] - starts
        pieces, sectors = (np.maximum(1, np.round(lengths / size)).astype(np.int64) for size in (cell_m, sector_m))
        return cls(starts, lengths, pieces, sectors, ("sunk", *nodes), tuple(cuts))

    @property
    def parts(self) -> int:
        """Parts of the width."""
        return len(self.cuts) + 1

    @property
    def first_bank(self) -> int:
        """Number of the first bank sector."""
        return int(self.pieces.sum()) * self.parts

    @property
    def first_end(self) -> int:
        """Number of the first end."""
        return self.first_bank + 2 * int(self.sectors.sum())

    @property
    def count(self) -> int:
        """How many states there are."""
        return self.first_end + len(self.names)

    @property
    def is_bank(self) -> np.ndarray:
        """Which states are sectors of a bank."""
        number = np.arange(self.count)
        banks: np.ndarray = (number >= self.first_bank) & (number < self.first_end)
        return banks

    def end_named(self, name: str) -> int:
        """State of an end: ``sunk`` or a node."""
        return self.first_end + self.names.index(name)

    def _share(self, reach: np.ndarray, x: np.ndarray, parts: np.ndarray) -> np.ndarray:
        """Which of the equal parts of its reach a place lies in, numbered over all reaches."""
        inside = (x - self.starts[reach]) / self.lengths[reach]
        part = np.clip((inside * parts[reach]).astype(np.int64), 0, parts[reach] - 1)
        shared: np.ndarray = np.concatenate([[0], np.cumsum(parts)])[reach] + part
        return shared

    def at(self, reach: np.ndarray | int, x: np.ndarray | float, across: np.ndarray | float) -> np.ndarray:
        """States of the water at some places.

        Parameters
        ----------
        reach, x, across : array
            As those of `DriftParticles`.
        """
        reaches, along = np.atleast_1d(reach), np.atleast_1d(np.asarray(x, dtype=float))
        part = np.searchsorted(self.cuts, np.asarray(across, dtype=float), side="right")
        states: np.ndarray = self._share(reaches, along, self.pieces) * self.parts + part
        return states[0] if np.ndim(x) == 0 else states

    def of_particles(self, particles: DriftParticles) -> np.ndarray:
        """State of each particle.

        Parameters
        ----------
        particles : DriftParticles

        Returns
        -------
        ndarray of int64 [particle]
        """
        states = np.asarray(self.at(particles.reach, particles.x, particles.y))
        beached, left = particles.status == BEACHED, particles.status == LEFT
        banks = self.first_bank + 2 * self._share(particles.reach, particles.x, self.sectors) + particles.place
        states = np.where(beached, banks, states)
        states = np.where(left, self.first_end + 1 + particles.place, states)
        return np.where(particles.status == SUNK, self.first_end, states)

    def release_all(self, per_state: int, time_s: float = 0.0, windage: float = 0.0, seed: int = 0) -> DriftParticles:
        """Particles all over the water and on all sectors of the banks, as many in each state.

        Parameters
        ----------
        per_state : int
        time_s : float
            When the period begins.
        windage : float
        seed : int
            Of places and of what happens to the particles.
        """
        return self._released(np.repeat(np.arange(self.first_end), per_state), time_s, windage, seed)

    def release_in(
        self, state: int, n: int, time_s: float = 0.0, windage: float = 0.0, seed: int = 0
    ) -> DriftParticles:
        """Particles all over one state; parameters as those of `release_all`."""
        return self._released(np.full(n, state), time_s, windage, seed)

    def _released(self, states: np.ndarray, time_s: float, windage: float, seed: int) -> DriftParticles:
        draws = np.random.default_rng(seed).uniform(0.0, 1.0, (2, states.size))
        on_bank = states >= self.first_bank
        part = np.where(on_bank, (states - self.first_bank) // 2, states // self.parts)
        reaches = np.empty(states.size, dtype=np.int64)
        x = np.empty(states.size)
        for mask, parts in ((~on_bank, self.pieces), (on_bank, self.sectors)):
            offsets = np.concatenate([[0], np.cumsum(parts)])
            reach = np.searchsorted(offsets, part[mask], side="right") - 1
            reaches[mask] = reach
            share = (part[mask] - offsets[reach] + draws[0][mask]) / parts[reach]
            x[mask] = self.starts[reach] + share * self.lengths[reach]
        bank = (states - self.first_bank) % 2
        edges, inside = np.array([0.0, *self.cuts, 1.0]), states % self.parts
        afloat = edges[inside] + draws[1] * (edges[inside + 1] - edges[inside])
        across = np.where(on_bank, np.where(bank == 1, 1.0, 0.0), afloat)
        particles = release(x, across, time_s, reaches, windage, seed)
        particles.status[on_bank] = BEACHED
        particles.place[on_bank] = bank[on_bank]
        return particles
