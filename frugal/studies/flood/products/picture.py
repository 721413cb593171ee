"""The hazard map of one flood as a picture."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from frugal.reporting.plots.picture import png
from frugal.studies.flood.products.hazard_classes import HazardScale
from frugal.studies.flood.terrain.terrain import FloodTerrain
from frugal.texts import room_texts

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_TEXTS = room_texts("frugal.studies.flood")

_SEA, _DIKE, _BREACH, _GROUND = "#9ecae1", "#222222", "#e7298a", ("#f7f7f5", "#b9b7ae")
_WIDTH_IN, _LEGEND_IN = 8.0, 2.5


def hazard_picture(
    terrain: FloodTerrain, hazard: np.ndarray, scale: HazardScale, language: str, breached: np.ndarray | None = None
) -> bytes:
    """PNG of the classes over shaded ground, with sea or river bed, dike and breaches.

    Parameters
    ----------
    terrain : FloodTerrain
    hazard : ndarray of int [y, x]
    scale : HazardScale
    language : {"en", "fr"}
    breached : ndarray of int [k, 2], optional
        Cells of the dike that breaches lower.
    """
    rows, columns = terrain.shape
    height = float(np.clip((_WIDTH_IN - _LEGEND_IN) * rows / columns, 2.0, 12.0)) + 0.8
    return png(_WIDTH_IN, height, lambda figure: _draw(figure, terrain, hazard, scale, language, breached))


def _draw(
    figure: Figure,
    terrain: FloodTerrain,
    hazard: np.ndarray,
    scale: HazardScale,
    language: str,
    breached: np.ndarray | None,
) -> None:
    from matplotlib.colors import LightSource, LinearSegmentedColormap, ListedColormap
    from matplotlib.patches import Patch

    axes = figure.add_subplot()
    rows, columns = terrain.shape
    size = terrain.cell_size_m
    extent = (terrain.x_min, terrain.x_min + columns * size, terrain.y_max - rows * size, terrain.y_max)
    low, high = np.percentile(terrain.bed[terrain.land], [2, 98])
    ground = LinearSegmentedColormap.from_list("ground", _GROUND[::-1])
    shade = LightSource(315, 45).shade(
        terrain.bed, ground, vmin=low, vmax=max(high, low + 0.1), vert_exag=10.0, dx=size, dy=size, blend_mode="soft"
    )
    axes.imshow(shade, extent=extent, interpolation="nearest")
    dike = np.zeros(terrain.shape, dtype=bool)
    dike[tuple(terrain.dike.T)] = True
    breach = np.zeros(terrain.shape, dtype=bool)
    if breached is not None and len(breached):
        breach[tuple(breached.T)] = True
    numbers = range(1, scale.table.highest + 1)
    layers = [
        *((np.where(terrain.land, hazard, 0) == number, scale.colours[number - 1]) for number in numbers),
        (terrain.sea, _SEA),
        (dike, _DIKE),
        (breach, _BREACH),
    ]
    for cells, colour in layers:
        shown = np.ma.masked_where(~cells, cells)
        axes.imshow(shown, extent=extent, interpolation="nearest", cmap=ListedColormap([colour]))
    patches = [Patch(color=scale.colours[n - 1], label=scale.names[n - 1][language]) for n in numbers]
    patches.append(Patch(color=_SEA, label=_TEXTS.phrase("details.picture_water", language)))
    if dike.any():
        patches.append(Patch(color=_DIKE, label=_TEXTS.phrase("details.picture_dike", language)))
    if breach.any():
        patches.append(Patch(color=_BREACH, label=_TEXTS.phrase("details.picture_breach", language)))
    axes.legend(handles=patches, loc="upper left", bbox_to_anchor=(1.01, 1.0), frameon=False)
    axes.set_title(_TEXTS.phrase("details.hazard", language), loc="left")
    axes.set_aspect("equal")
    axes.ticklabel_format(useOffset=False, style="plain")
    axes.tick_params(labelsize=7)
    axes.set_xlabel(_TEXTS.phrase("details.picture_east", language))
    axes.set_ylabel(_TEXTS.phrase("details.picture_north", language))
