"""Where a flood stands against the edge of its terrain, which holds it back as a wall that is not there."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

import numpy as np

from frugal.experiments.study import Arrays
from frugal.studies.flood.outputs import WET_M
from frugal.studies.flood.terrain.terrain import FloodTerrain, edge_of
from frugal.studies.flood.valley_ends import entries, outlet
from frugal.texts import Text, decimals, room_texts

_TEXTS = room_texts("frugal.studies.flood")

SIDES = ("north", "south", "west", "east")


def walls_of(terrain: FloodTerrain) -> Callable[..., tuple[Text, ...]]:
    """As ``Study.found``: a sentence for each side of the terrain that holds water back.

    Parameters
    ----------
    terrain : FloodTerrain
        Sea is no land, and water leaves a valley where its river does; the water beside the place where a river enters stands
        in the inflow itself.
    """

    def found(outputs: Arrays, **inputs: float) -> tuple[Text, ...]:
        return tuple(
            _TEXTS.say("note.wall", side=_TEXTS.known("side", side), length=decimals(f"{length_m:.0f}"))
            for side, length_m in held_back_m(terrain, np.asarray(outputs["max_depth"])).items()
        )

    return found


def held_back_m(terrain: FloodTerrain, depth: np.ndarray) -> Mapping[str, float]:
    """Length of each side along which a flood stands against it [m]; sides that none reaches are left out.

    Parameters
    ----------
    terrain : FloodTerrain
    depth : ndarray [y, x]
        Greatest depth [m].
    """
    numbers = np.arange(terrain.bed.size).reshape(terrain.shape)
    wet = terrain.floodable & (depth > WET_M)
    found: dict[str, float] = {}
    for side in SIDES:
        held = edge_of(wet, side).copy()
        if len(terrain.river):
            leaving, first, last = outlet(terrain)
            held[first:last] &= side != leaving
            entering = [int(row) * terrain.shape[1] + int(column) for row, column, _ in entries(terrain)]
            _release(held, edge_of(terrain.land, side), np.flatnonzero(np.isin(edge_of(numbers, side), entering)))
        if held.any():
            found[side] = float(np.count_nonzero(held)) * terrain.cell_size_m
    return found


def _release(held: np.ndarray, land: np.ndarray, entered: Iterable[int]) -> None:
    """Leave out the unbroken stretches of water around cells that a river enters by, river beds included."""
    water = held | ~land
    for at in entered:
        for step in (-1, 1):
            cell = int(at)
            while 0 <= cell < len(water) and (water[cell] or cell == at):
                held[cell] = False
                cell += step
