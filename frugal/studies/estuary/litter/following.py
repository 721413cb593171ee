"""Litter that drifts in an estuary for some tides: where it strands, and when it reaches the sea.

Particles are released over the whole width and over one kilometre, at one hour of the tide, and followed by
`frugal.physics.drift` through tides that repeat.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from frugal.errors import UnusableInputError
from frugal.physics.drift.fates import DriftTimes
from frugal.physics.drift.fields import uniform_field
from frugal.physics.drift.in_network import NetworkDrift, drift_in_network, network_drift
from frugal.physics.drift.particles import BEACHED, LEFT, SUNK, DriftParticles, release
from frugal.studies.estuary.litter.currents import MOMENTS, TIDE_S, Currents
from frugal.studies.estuary.litter.sectors import BankSectors

HOUR_S, DAY_S = 3600.0, 86400.0
#: Litter is released along so much of the channel [m].
RELEASED_OVER_M = 1000.0
#: Two numbers whose multiples fill a square evenly (Roberts' sequence).
_EVENLY = (0.7548776662466927, 0.5698402909980532)


class LitterRates(NamedTuple):
    """What a study takes as parameters.

    Attributes
    ----------
    windage : float
        Largest share of the wind's speed that litter drifts with; pieces lie evenly between none and this.
    beaching_hours, resuspension_days : float
        Mean times T_b and T_r of `DriftTimes`.
    mixing_along, mixing_across : float
        Diffusivities [m²/s].
    """

    windage: float
    beaching_hours: float
    resuspension_days: float
    mixing_along: float
    mixing_across: float

    @property
    def times(self) -> DriftTimes:
        """Mean times [s]."""
        return DriftTimes(self.beaching_hours * HOUR_S, self.resuspension_days * DAY_S)


@dataclass(frozen=True)
class Fates:
    """What became of litter.

    Attributes
    ----------
    stranded : ndarray [sector]
        Shares that lie on the banks at the end.
    arrival_s : ndarray [particle]
        When each reached the sea, after its release; infinite where it did not.
    afloat : float
        Share still in the water.
    """

    stranded: np.ndarray
    arrival_s: np.ndarray
    afloat: float


def moved_by(
    currents: Currents, rates: LitterRates, wind_m_s: float, wind_from_deg: float
) -> tuple[NetworkDrift, tuple[str, ...]]:
    """Currents and wind as particles take them, and the names of the nodes.

    Parameters
    ----------
    currents : Currents
    rates : LitterRates
    wind_m_s, wind_from_deg : float
        Wind, and where it comes from, clockwise from north.
    """
    toward = math.radians(wind_from_deg + 180.0)
    wind = uniform_field([0.0], np.array([wind_m_s * math.sin(toward)]), np.array([wind_m_s * math.cos(toward)]))
    return network_drift(
        currents.reaches, currents.time_s, currents.mouths, rates.mixing_along, rates.mixing_across, wind
    )


def released(
    reach: int, x_m: float, length_m: float, hour: float, windage: float, count: int, seed: int
) -> DriftParticles:
    """Litter over the width and one kilometre of a reach, its windages spread evenly.

    Parameters
    ----------
    reach : int
    x_m, length_m : float
        Middle of the kilometre, and length of the reach [m].
    hour : float
        After high water at the mouth.
    windage : float
        Largest one.
    count, seed : int
    """
    number = np.arange(count)
    across = (number + 0.5) / count
    along, share = ((0.5 + number * step) % 1.0 for step in _EVENLY)
    x = np.clip(x_m + (along - 0.5) * RELEASED_OVER_M, 1.0, length_m - 1.0)
    return release(x, across, hour * HOUR_S, reach, windage * share, seed)


def rewound(particles: DriftParticles) -> None:
    """Set the clocks of what is afloat or beached one tide back, so that the next tide is the same again."""
    particles.time_s[particles.status < SUNK] -= TIDE_S


def follow(
    particles: DriftParticles,
    moved: NetworkDrift,
    rates: LitterRates,
    sectors: BankSectors,
    tides: int,
    steps: int = MOMENTS,
) -> Fates:
    """Follow litter for some tides from its release.

    Parameters
    ----------
    particles : DriftParticles
        All released at one time; changed.
    moved : NetworkDrift
        Of two equal tides.
    rates : LitterRates
    sectors : BankSectors
    tides : int
    steps : int
        Equal steps in each tide; the time of beaching belongs to their length.

    Returns
    -------
    Fates
    """
    begin_s = float(particles.time_s[0])
    if tides < 1:
        raise UnusableInputError(f"litter is followed for {tides} tides; 1 or more is needed")
    arrival = np.full(particles.x.size, np.inf)
    for tide in range(tides):
        drift_in_network(particles, moved, begin_s + TIDE_S, TIDE_S / steps, rates.times)
        new = (particles.status == LEFT) & np.isinf(arrival)
        arrival[new] = tide * TIDE_S + particles.time_s[new] - begin_s
        rewound(particles)
    beached = particles.status == BEACHED
    lengths = moved.x[moved.first_face[1:] - 1]
    on = sectors.at(particles.reach[beached], particles.x[beached], lengths, particles.place[beached])
    stranded = np.bincount(on, minlength=sectors.count) / particles.x.size
    return Fates(stranded, arrival, float((particles.status < BEACHED).mean()))
