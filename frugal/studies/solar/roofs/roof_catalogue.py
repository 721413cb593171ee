"""Points on the roofs of a surface model, few from each plane so that no hall speaks for a town, with their horizons."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

import numpy as np

from frugal.errors import UnusableInputError
from frugal.experiments.study.design import TILE
from frugal.formats.rasters.surface_model import SurfaceModel
from frugal.studies.solar.roofs.plane_finder import fit_planes, roof_patches
from frugal.texts import Text, room_texts

_TEXTS = room_texts("frugal.studies.solar")

_MODULE_OFFSET_M = 0.1
_SMALLEST_SIDE_CELLS = 20


class RoofCatalogue(NamedTuple):
    """Points on roofs; every array has one entry per point.

    Attributes
    ----------
    row, col : ndarray of int64
        Cell of the surface model.
    x, y : ndarray
        Easting and northing in m.
    height_m : ndarray
        Height of the module: the fitted plane plus 0.1 m, in the datum of the surface model.
    tilt_deg : ndarray
        Inclination from the horizontal, 0 to 60.
    azimuth_deg : ndarray
        Direction the plane faces, clockwise from north, 0 to 360.
    area_m2 : ndarray
        Area of the plane the point lies on, measured along the roof.
    horizon_deg : ndarray, shape (n, K)
        Elevation of the horizon in K directions.
    horizon_azimuths_deg : ndarray, shape (K,)
        Those directions, clockwise from north.
    patch : ndarray of int64
        Number of the plane the point lies on.
    place : ndarray of str
        Surface model and tile of the point. Tiles of one surface border on each other: points of different places may see
        the same obstacles.
    """

    row: np.ndarray
    col: np.ndarray
    x: np.ndarray
    y: np.ndarray
    height_m: np.ndarray
    tilt_deg: np.ndarray
    azimuth_deg: np.ndarray
    area_m2: np.ndarray
    horizon_deg: np.ndarray
    horizon_azimuths_deg: np.ndarray
    patch: np.ndarray
    place: np.ndarray


def find_roofs(
    surface: SurfaceModel,
    n: int,
    seed: int = 0,
    azimuths_deg: np.ndarray | None = None,
    max_distance_m: float = 200.0,
    *,
    tiles: int = 2,
    points_per_patch: int = 4,
    at_least: int | None = None,
) -> RoofCatalogue:
    """Choose points on the roofs of a surface model and compute their horizons.

    Parameters
    ----------
    surface : SurfaceModel
    n : int
        Points wanted.
    seed : int
        Same seed, same points.
    azimuths_deg : ndarray, shape (K,), optional
        Directions of the horizon, clockwise from north; 72 by default, 5° apart from 0.
    max_distance_m : float
        Where the search for obstacles ends.
    tiles : int
        Places are cut ``tiles`` × ``tiles`` from the extent.
    points_per_patch : int
        At most so many points on one plane.
    at_least : int, optional
        Take what there is when there are fewer than ``n`` points, but not fewer than this; ``n`` by default.

    Returns
    -------
    RoofCatalogue

    Raises
    ------
    UnusableInputError
        If fewer than ``at_least`` points are found (the number is said), the cells are wider than 1.25 m,
        or the model is under 20 cells wide.
    """
    from frugal.physics.solar.horizon import horizon_at_points

    if n < 1:
        raise UnusableInputError(f"number of roofs {n}; at least 1 is needed")
    if surface.resolution_m > 1.25:
        raise UnusableInputError(
            f"surface model '{surface.source}' has cells of {surface.resolution_m:g} m; roofs need 1.25 m or finer"
        )
    rows, cols = surface.heights.shape
    if min(rows, cols) < _SMALLEST_SIDE_CELLS:
        raise UnusableInputError(
            f"surface model '{surface.source}' is {rows} × {cols} cells; "
            f"roofs need at least {_SMALLEST_SIDE_CELLS} each way"
        )
    azimuths = np.arange(72) * 5.0 if azimuths_deg is None else np.ascontiguousarray(azimuths_deg, dtype=np.float64)
    planes = fit_planes(surface.heights, surface.resolution_m)
    patches, area_m2 = roof_patches(surface.heights, planes, surface.resolution_m)
    least = n if at_least is None else min(at_least, n)
    index = _choose(
        patches,
        n,
        least=least,
        points_per_patch=points_per_patch,
        random=np.random.default_rng(seed),
        source=surface.source,
    )
    row, col = np.divmod(index, cols)
    east, south = planes.east[row, col], planes.south[row, col]
    height = planes.height[row, col] + _MODULE_OFFSET_M
    horizon = horizon_at_points(
        surface.heights,
        surface.resolution_m,
        row.astype(np.float64),
        col.astype(np.float64),
        height,
        azimuths,
        max_distance_m,
    )
    return RoofCatalogue(
        row=row,
        col=col,
        x=surface.x_of(col),
        y=surface.y_of(row),
        height_m=height,
        tilt_deg=np.degrees(np.arctan(np.hypot(east, south))),
        # A plane faces down its slope; rows go south, so the gradient to the north is −south.
        azimuth_deg=np.degrees(np.arctan2(-east, south)) % 360.0,
        area_m2=area_m2[patches[row, col]],
        horizon_deg=horizon,
        horizon_azimuths_deg=azimuths,
        patch=patches[row, col].astype(np.int64),
        place=_places(surface, row, col, tiles),
    )


def _choose(
    patches: np.ndarray,
    n: int,
    *,
    least: int,
    points_per_patch: int,
    random: np.random.Generator,
    source: str,
) -> np.ndarray:
    """Cells in rounds: one on every plane in random order, then a second one on each, until there are n."""
    cells = np.flatnonzero(patches)
    cells = cells[random.permutation(cells.size)]
    owner = patches.ravel()[cells]
    order = np.argsort(owner, kind="stable")
    cells, owner = cells[order], owner[order]
    first = np.concatenate([[0], np.cumsum(np.bincount(owner))])[owner] if owner.size else owner
    turn = np.arange(cells.size) - first
    allowed = turn < points_per_patch
    cells, turn = cells[allowed], turn[allowed]
    if cells.size < least:
        raise UnusableInputError(
            f"surface model '{source}' has {cells.size} points on {len(np.unique(owner))} roof planes "
            f"of 10 m² or more; {least} are needed"
        )
    shuffle = random.permutation(cells.size)
    cells, turn = cells[shuffle], turn[shuffle]
    return cells[np.argsort(turn, kind="stable")][:n]


def _places(surface: SurfaceModel, row: np.ndarray, col: np.ndarray, tiles: int) -> np.ndarray:
    rows, cols = surface.heights.shape
    tile = (row * tiles // rows) * tiles + col * tiles // cols
    return np.array([f"{surface.source}{TILE}{number + 1}" for number in tile])


def notes_on_units(surfaces: Iterable[SurfaceModel]) -> tuple[Text, ...]:
    """A sentence for each surface model whose heights were converted to metres."""
    converted = [(surface.source, surface.converted_from) for surface in surfaces if surface.converted_from]
    return tuple(_TEXTS.say("note.converted", name=name, unit=unit) for name, unit in converted)
