"""Sectors of the banks of an estuary, on which litter strands. Banks are those of who looks downstream."""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from frugal.studies.estuary.litter.currents import place_on_bank
from frugal.studies.estuary.place.from_site import distance_to_sea_km
from frugal.studies.estuary.place.site import EstuarySite

#: No more sectors of banks than these.
MOST_SECTORS = 32


@dataclass(frozen=True)
class BankSectors:
    """Both banks of all reaches, in sectors.

    Attributes
    ----------
    pieces : tuple of int
        Equal pieces that each reach is cut into.
    sector_of : tuple of ndarray
        For each reach, the number of the pair of sectors that each piece lies in; far upstream a pair holds many pieces.
    reach, begin_m, end_m : tuple
        Of each pair: number of the reach, and where it lies.
    names : tuple of str
        Of the sectors, right bank before left bank.
    """

    pieces: tuple[int, ...]
    sector_of: tuple[np.ndarray, ...]
    reach: tuple[int, ...]
    begin_m: tuple[float, ...]
    end_m: tuple[float, ...]
    names: tuple[str, ...]

    @property
    def count(self) -> int:
        """Sectors of both banks."""
        return len(self.names)

    def at(self, reach: np.ndarray, x_m: np.ndarray, lengths_m: np.ndarray, bank: np.ndarray) -> np.ndarray:
        """Sectors of places on a bank, 0 the one to the left of who looks landward, which is the right one."""
        pieces = np.array(self.pieces)[reach]
        piece = np.clip((x_m / lengths_m[reach] * pieces).astype(np.int64), 0, pieces - 1)
        first = np.concatenate([[0], np.cumsum(self.pieces)])[reach]
        return np.asarray(2 * np.concatenate(self.sector_of)[first + piece] + bank)


def bank_sectors(site: EstuarySite, sector_km: float, divided_km: float) -> BankSectors:
    """Sectors of about so many km, longer where there would be more than 32.

    Parameters
    ----------
    site : EstuarySite
    sector_km : float
    divided_km : float
        Distance from the sea [km] beyond which each reach has one pair of sectors alone.

    Returns
    -------
    BankSectors
    """
    while True:
        found = _cut(site, sector_km, divided_km)
        if found.count <= MOST_SECTORS:
            return found
        sector_km *= 1.1


def _cut(site: EstuarySite, sector_km: float, divided_km: float) -> BankSectors:
    pieces: list[int] = []
    sector_of: list[np.ndarray] = []
    reaches: list[int] = []
    begins: list[float] = []
    ends: list[float] = []
    names: list[str] = []
    for number, reach in enumerate(site.reach):
        count = max(1, round(reach.length_km / sector_km))
        long = reach.length_km / count
        before = distance_to_sea_km(site, reach.name, 0.0)
        divided = min(count, max(0, math.ceil((divided_km - before) / long - 1e-9)))
        pieces.append(count)
        sector_of.append(len(reaches) + np.minimum(np.arange(count), divided))
        cuts = [long * k for k in range(divided + 1)] + ([reach.length_km] if divided < count else [])
        for begin, end in pairwise(cuts):
            reaches.append(number)
            begins.append(1e3 * begin)
            ends.append(1e3 * end)
            names += [f"{reach.name} {begin:.0f}-{end:.0f} km {bank}" for bank in ("right", "left")]
    return BankSectors(tuple(pieces), tuple(sector_of), tuple(reaches), tuple(begins), tuple(ends), tuple(names))


def places_of(sectors: BankSectors, site: EstuarySite, widths_m: np.ndarray) -> tuple[list[float], list[float]]:
    """Longitudes and latitudes of the middles of the sectors.

    Parameters
    ----------
    sectors : BankSectors
    site : EstuarySite
    widths_m : array
        At the middle of each pair [m].
    """
    at = [
        place_on_bank(site.reach[reach], 0.5 * (begin + end), float(width), right)
        for reach, begin, end, width in zip(sectors.reach, sectors.begin_m, sectors.end_m, widths_m, strict=True)
        for right in (True, False)
    ]
    return [place[0] for place in at], [place[1] for place in at]
