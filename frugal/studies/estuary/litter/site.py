"""The estuary of a question about litter, with its lengths and numbers, and the way that litter is released on."""

from __future__ import annotations

from functools import cached_property
from typing import Self

from pydantic import Field, model_validator

from frugal.studies.estuary.place.from_site import distance_to_sea_km, heads, way_to_sea
from frugal.studies.estuary.place.site import EstuarySite, SiteReach

#: Share of the way from the sea to the head of the tide on which litter is released where the site does not say.
_RELEASED_SHARE = 0.6
#: Nearest release to the sea where the site does not say [km].
_FROM_SEA_KM = 5.0


class WasteSite(EstuarySite):
    """An estuary as `EstuarySite`, with settings of its own.

    Parameters
    ----------
    days : float
        How long litter is followed, rounded up to whole tides.
    sector_km : float
        Length of a sector of a bank; longer where there would be more than 32 of them.
    particles : int
        Followed in one run.
    release_reach : str, optional
        Landward end of the way that places of release are counted on; that of the largest river where not given.
    release_km : (float, float), optional
        Places of release, from the sea; from 5 km to 60 % of the way where not given.
    """

    days: float = Field(10.0, ge=1.0, le=60.0)
    sector_km: float = Field(10.0, ge=0.5)
    particles: int = Field(4096, ge=64, le=1_000_000)
    release_reach: str | None = None
    release_km: tuple[float, float] | None = None

    @model_validator(mode="after")
    def _on_its_way(self) -> Self:
        names = [reach.name for reach in self.reach]
        if self.release_reach is not None and self.release_reach not in names:
            raise ValueError(f"release_reach = '{self.release_reach}'; reaches are {', '.join(names)}")
        if self.release_km is not None:
            low, high = self.release_km
            if not 0.0 <= low < high <= self.way_km:
                raise ValueError(
                    f"release_km = {low:g}, {high:g}; rising numbers from 0 to {self.way_km:g} km, the length of the way by "
                    f"reach '{self.way[-1].name}', are needed"
                )
        return self

    @cached_property
    def way(self) -> tuple[SiteReach, ...]:
        """Reaches from the sea to the landward end of the way of release."""
        if self.release_reach is not None:
            return way_to_sea(self, self.release_reach)
        ends = {reach.landward: reach.name for reach in self.reach if reach.name in heads(self)}
        rivers = sorted(self.river, key=lambda river: -river.mean_flow_m3_s)
        at = next((ends[river.place] for river in rivers if river.place in ends), heads(self)[0])
        return way_to_sea(self, at)

    @property
    def way_km(self) -> float:
        """Length of that way [km]."""
        return sum(reach.length_km for reach in self.way)

    @property
    def released_km(self) -> tuple[float, float]:
        """Bounds of the places of release [km from the sea]."""
        if self.release_km is not None:
            return self.release_km
        high = float(round(_RELEASED_SHARE * self.way_km))
        return min(_FROM_SEA_KM, 0.5 * high), high

    @property
    def usual_km(self) -> float:
        """The first town whose waste water the site names on that way, or the middle of it [km from the sea]."""
        low, high = self.released_km
        names = [reach.name for reach in self.way]
        for load in self.load:
            if load.reach in names and low <= (at := distance_to_sea_km(self, load.reach, load.km)) <= high:
                return at
        return 0.5 * (low + high)

    def reach_at(self, release_km: float) -> tuple[int, float]:
        """Number of the reach, and distance from its seaward end [m], of a place on that way."""
        numbers = {reach.name: number for number, reach in enumerate(self.reach)}
        left = release_km
        for reach in self.way[:-1]:
            if left < reach.length_km:
                return numbers[reach.name], 1e3 * left
            left -= reach.length_km
        last = self.way[-1]
        return numbers[last.name], 1e3 * min(left, last.length_km)
