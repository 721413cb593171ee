"""Waves that run over a dike: what they bring, as water that appears on the land behind each stretch of it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from frugal.physics.overtopping import overtopping_discharge
from frugal.physics.shallow_water.flood_case import Inflow
from frugal.studies.flood.breach.basins import landing
from frugal.studies.flood.terrain.terrain import FloodTerrain, stretches_of

#: Less than this does not begin an event [m³/s/m]: a hundredth of a litre.
LEAST_M2_S = 1e-5


@dataclass(frozen=True, eq=False)
class Waves:
    """Waves at the toe of a dike, and the face that they run up.

    Attributes
    ----------
    time_s : ndarray [t]
        From high tide; constant before and after.
    height_m, period_s : ndarray [t]
        Significant height Hm0 and spectral period Tm-1,0.
    slope, berm, roughness, obliqueness : float
        As `overtopping_discharge` takes them.
    """

    time_s: np.ndarray
    height_m: np.ndarray
    period_s: np.ndarray
    slope: float
    berm: float = 1.0
    roughness: float = 1.0
    obliqueness: float = 1.0

    def discharge(self, time_s: np.ndarray, level_m: np.ndarray, crest_m: np.ndarray) -> np.ndarray:
        """Discharge per metre of crest [m³/s/m] of some cells of a dike over time, ``[t, k]``.

        Parameters
        ----------
        time_s, level_m : ndarray [t]
            Of the sea.
        crest_m : ndarray [k]
        """
        height, period = (np.interp(time_s, self.time_s, values)[:, None] for values in (self.height_m, self.period_s))
        freeboard = crest_m[None, :] - level_m[:, None]
        return overtopping_discharge(
            height,
            period,
            freeboard,
            self.slope,
            berm=self.berm,
            roughness=self.roughness,
            obliqueness=self.obliqueness,
        )


def wave_inflows(
    terrain: FloodTerrain, discharge: np.ndarray, time_s: np.ndarray, clock_s: np.ndarray, gone_s: np.ndarray
) -> tuple[Inflow, ...]:
    """What the waves bring over a dike, on the land behind each of its cells.

    Parameters
    ----------
    terrain : FloodTerrain
        With a dike of k cells.
    discharge : ndarray [t, k]
        Per metre [m³/s/m].
    time_s : ndarray [t]
        From high tide.
    clock_s : ndarray [t]
        The same on the clock of the run.
    gone_s : ndarray [k]
        From when on each cell of the dike is breached, and waves no longer run over it; infinity where it holds.
    """
    low, high = stretches_of(terrain.dike_position_m, terrain.cell_size_m)
    over = discharge * (high - low)[None, :] * (time_s[:, None] < gone_s[None, :])
    cells, member = np.unique(landing(terrain), axis=0, return_inverse=True)
    member = member.ravel()
    found = []
    for k, (row, column) in enumerate(cells):
        total = over[:, member == k].sum(axis=1)
        if total.max() > LEAST_M2_S * terrain.cell_size_m:
            found.append(Inflow(int(row), int(column), (clock_s, total), name="waves over the dike"))
    return tuple(found)
