"""The discharges of a flood wave from a file."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from frugal.formats.time_series import read_series
from frugal.studies.flood.terrain.site import RiverFloodSite

_DISCHARGE_NAMES = ("discharge", "flow", "debit")
_CF_DISCHARGE = ("water_volume_transport_in_river_channel", "water_volume_transport_into_sea_water_from_rivers")


@dataclass(frozen=True, eq=False)
class Hydrograph:
    """Discharges of a file.

    Attributes
    ----------
    time_s : ndarray [t]
        From the beginning of the event.
    discharge : ndarray [t]
        [m³/s]
    began_s : float, optional
        Date of its beginning, where the file has dates.
    """

    time_s: np.ndarray
    discharge: np.ndarray
    began_s: float | None = None

    @property
    def peak(self) -> float:
        """Greatest discharge [m³/s]."""
        return float(self.discharge.max())

    @property
    def peak_s(self) -> float:
        """When it passes."""
        return float(self.time_s[int(np.argmax(self.discharge))])


def given_hydrograph(site: RiverFloodSite) -> Hydrograph | None:
    """The discharges of the file that a site names; None without."""
    if site.discharge_series is None:
        return None
    found = read_series(site.discharge_series, _DISCHARGE_NAMES, "m^3/s", 0.0, 1e6, standard_names=_CF_DISCHARGE)
    began_s = float(found.time_s[0])
    return Hydrograph(found.time_s - began_s, found.values, began_s if found.dated else None)
