"""Litter of one estuary by the physics: currents of the tide asked for, particles in them, and what is told of these."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from frugal.experiments.study import Arrays
from frugal.physics.drift.in_network import NetworkDrift
from frugal.physics.estuary.network import Layout, layout_of
from frugal.studies.estuary.litter.currents import TIDE_S, Currents, currents_of
from frugal.studies.estuary.litter.following import DAY_S, Fates, LitterRates, follow, moved_by, released
from frugal.studies.estuary.litter.sectors import BankSectors, bank_sectors
from frugal.studies.estuary.litter.site import WasteSite
from frugal.studies.estuary.place.from_site import estuary_of

#: Days after which the share that has reached the sea is told, as far as litter is followed.
_TOLD_DAYS = (1.0, 2.0, 3.0, 5.0, 7.0, 10.0, 15.0, 20.0, 30.0, 45.0)
SEED = 20_251


@dataclass(frozen=True)
class Drifting:
    """What moves litter in an estuary.

    Parameters
    ----------
    site : WasteSite
    wider : float
        Cells of the water are so many times as wide as those of the site.
    particles : int
        Followed in one run.
    seed : int
        Of their random numbers.
    """

    site: WasteSite
    wider: float = 1.0
    particles: int = 4096
    seed: int = SEED
    layout: Layout = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "layout", layout_of(estuary_of(self.site), self.wider * self.site.cell_m))

    @cached_property
    def sectors(self) -> BankSectors:
        """Sectors of the banks."""
        return bank_sectors(self.site, self.site.sector_km, self.site.released_km[1])

    @property
    def tides(self) -> int:
        """For how many tides litter is followed."""
        return math.ceil(self.site.days * DAY_S / TIDE_S - 1e-9)

    @property
    def days(self) -> tuple[float, ...]:
        """After how many days the share at sea is told."""
        return (*(day for day in _TOLD_DAYS if day < self.site.days), self.site.days)

    def currents(self, coefficient: float, flow_m3_s: float) -> Currents:
        """Currents of a tide.

        Parameters
        ----------
        coefficient : float
        flow_m3_s : float
            Of all rivers [m³/s], each with its share of their mean flows.
        """
        mean = sum(river.mean_flow_m3_s for river in self.site.river)
        flows = {river.place: flow_m3_s * river.mean_flow_m3_s / mean for river in self.site.river}
        return currents_of(self.site, self.layout, coefficient, flows)

    def moved(
        self, rates: LitterRates, coefficient: float, flow_m3_s: float, wind: float, wind_from: float
    ) -> tuple[NetworkDrift, tuple[str, ...], Currents]:
        """What moves particles, the names of the nodes, and the currents alone.

        Parameters
        ----------
        rates : LitterRates
        coefficient, flow_m3_s : float
        wind, wind_from : float
            Speed [m/s] and direction that it comes from [°].
        """
        currents = self.currents(coefficient, flow_m3_s)
        return *moved_by(currents, rates, wind, wind_from), currents

    def answer(
        self,
        release_km: float,
        hour: float,
        coefficient: float,
        flow_m3_s: float,
        wind: float,
        wind_from: float,
        **rates: float,
    ) -> Arrays:
        """Outputs and diagnostics of one release.

        Parameters
        ----------
        release_km, hour, coefficient, flow_m3_s, wind, wind_from : float
            Inputs of the study.
        **rates : float
            Fields of `LitterRates`.
        """
        known = LitterRates(**rates)
        moved, _, currents = self.moved(known, coefficient, flow_m3_s, wind, wind_from)
        reach, x_m = self.site.reach_at(release_km)
        length_m = 1e3 * self.site.reach[reach].length_km
        particles = released(reach, x_m, length_m, hour, known.windage, self.particles, self.seed)
        fates = follow(particles, moved, known, self.sectors, self.tides)
        return {
            **self.told(fates),
            "afloat": fates.afloat,
            "not_repeated": currents.not_repeated_m,
            "not_continuous": currents.not_continuous,
            "water_imbalance": currents.water_imbalance,
        }

    def told(self, fates: Fates) -> dict[str, np.ndarray]:
        """Outputs of the study.

        Parameters
        ----------
        fates : Fates
        """
        arrival = fates.arrival_s / DAY_S
        return {
            "stranded": fates.stranded,
            "at_sea": np.array([float((arrival <= day).mean()) for day in self.days]),
            "days_to_sea": np.minimum(np.median(arrival), self.site.days),
        }
