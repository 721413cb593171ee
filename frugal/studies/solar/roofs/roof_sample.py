"""Roofs of surface models as the solar studies ask for them: azimuths from true north, the horizon in 72 of them, the place."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import TypeVar

import numpy as np

from frugal.formats.rasters.surface_model import SurfaceModel, grid_convergence_deg
from frugal.studies.solar.roofs.roof_catalogue import RoofCatalogue, find_roofs

#: Azimuths of the horizon that the truth is computed with.
TRUTH_AZIMUTHS = 72

#: Fewer roofs than this in a surface model are no territory.
FEWEST_ROOFS = 24


@dataclass(frozen=True)
class Roofs:
    """Every roof that may be drawn.

    Parameters
    ----------
    tilt_deg, azimuth_deg : ndarray, shape (n,)
        Its plane; azimuth from true north.
    horizon_deg : ndarray, shape (n, 72)
        True horizon, over the surface model.
    places : ndarray of str
    """

    tilt_deg: np.ndarray
    azimuth_deg: np.ndarray
    horizon_deg: np.ndarray
    places: np.ndarray

    def __len__(self) -> int:
        return len(self.tilt_deg)

    def take(self: AnyRoofs, rows: np.ndarray) -> AnyRoofs:
        """Some of them, by number; one may be taken again."""
        return type(self)(**{part.name: getattr(self, part.name)[rows] for part in fields(self)})


AnyRoofs = TypeVar("AnyRoofs", bound=Roofs)


def true_roofs(surface: SurfaceModel, n: int, seed: int, tiles: int = 2) -> tuple[Roofs, RoofCatalogue]:
    """At most ``n`` roofs of a surface model, and the points that they were seen from, in the directions of its grid.

    Grid north is turned to true north, by 3° at the edges of Lambert-93.

    Parameters
    ----------
    surface : SurfaceModel
    n, seed, tiles
        As for `find_roofs`.

    Raises
    ------
    UnusableInputError
        As `find_roofs`, if there are fewer than `FEWEST_ROOFS`.
    """
    turn = grid_convergence_deg(surface)
    from_true_north = np.arange(TRUTH_AZIMUTHS) * 360.0 / TRUTH_AZIMUTHS
    points = find_roofs(
        surface, n, seed, azimuths_deg=(from_true_north - turn) % 360.0, tiles=tiles, at_least=FEWEST_ROOFS
    )
    roofs = Roofs(
        tilt_deg=points.tilt_deg,
        azimuth_deg=(points.azimuth_deg + turn) % 360.0,
        horizon_deg=np.clip(points.horizon_deg, 0.0, 90.0),
        places=points.place,
    )
    return roofs, points


def joined(found: Sequence[AnyRoofs]) -> AnyRoofs:
    """The roofs of several surface models as those of one territory."""
    kind = type(found[0])
    return kind(**{part.name: np.concatenate([getattr(roofs, part.name) for roofs in found]) for part in fields(kind)})
