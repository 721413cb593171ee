"""Are the heights of the survey and of the terrain around it counted from the same level?"""

from __future__ import annotations

import numpy as np

from frugal.formats.rasters.mosaic import Mosaic
from frugal.formats.rasters.surface_model import SurfaceModel

#: A survey whose heights differ by more from the terrain is in another datum or unit.
_OTHER_DATUM_M = 15.0


def note_on_heights(terrain: SurfaceModel, surface: Mosaic) -> str | None:
    """A sentence where the heights of the survey and of the terrain seem to have nothing to do with one another.

    The median difference between the lowest cell of the survey and the terrain, over some cells of the terrain.
    """
    west, south, east, north = surface.bounds
    size = terrain.resolution_m
    places = [(x, y) for x in np.linspace(west, east, 12)[1:-1] for y in np.linspace(south, north, 12)[1:-1]]
    differences = []
    for x, y in places:
        row, column = int((terrain.y_max - y) // size), int((x - terrain.x_min) // size)
        if not (0 <= row < terrain.heights.shape[0] and 0 <= column < terrain.heights.shape[1]):
            continue
        heights = surface.read((x - size / 2, y - size / 2, x + size / 2, y + size / 2)).heights
        if np.isfinite(heights).any() and np.isfinite(terrain.heights[row, column]):
            differences.append(float(np.nanmin(heights) - terrain.heights[row, column]))
    if not differences or abs(np.median(differences)) <= _OTHER_DATUM_M:
        return None
    return (
        f"The ground of the survey lies {np.median(differences):+.0f} m from that of terrain '{terrain.source}' (median): "
        "if their heights are counted from different levels, its horizon is wrong."
    )
