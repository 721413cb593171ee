"""Where the water of a river flood enters its valley and leaves it."""

from __future__ import annotations

import numpy as np

from frugal.formats.files.tables import found_column, read_whole
from frugal.physics.shallow_water.flood_case import Segment
from frugal.physics.shallow_water.parts.segments import rating_arrays
from frugal.studies.flood.terrain.channel import ENTRY_M
from frugal.studies.flood.terrain.site import RiverFloodSite
from frugal.studies.flood.terrain.terrain import FloodTerrain, edge_of

#: The fall of the river that its normal flow has is that over so many metres before it leaves.
LAST_M = 1000.0
#: No river falls less [m/m].
_LEAST_SLOPE = 1e-5


def entries(terrain: FloodTerrain) -> list[tuple[float, float, float]]:
    """Row, column and share of the discharge of the cells that the wave enters by, the river's own first."""
    own = terrain.river[terrain.river_position_m - terrain.river_position_m[0] < ENTRY_M]
    rest = 1.0 - float(terrain.entry[:, 2].sum())
    by_axis = [(row, column, rest / len(own)) for row, column in own] if rest > 1e-9 else []
    return [*by_axis, *map(tuple, terrain.entry)]


def outlet_of(site: RiverFloodSite, terrain: FloodTerrain) -> Segment | None:
    """What holds the water where the river leaves; None for a level, which the event gives.

    Raises
    ------
    UnusableInputError
        If a rating curve cannot be read, its levels do not grow, or its discharges fall.
    """
    if site.outlet == "level":
        return None
    if site.outlet == "normal_flow":
        return Segment("normal_flow", slope=site.outlet_slope or last_slope(terrain), name="downstream")
    if site.outlet_rating_curve is None:
        return Segment(site.outlet, name="downstream")
    block = read_whole(site.outlet_rating_curve)
    level, discharge = (found_column(name, block.names, block.style.source) for name in ("level_m", "discharge_m3_s"))
    rating = rating_arrays(block.style.source, (block.numbers(level), block.numbers(discharge)))
    return Segment("rating_curve", rating=rating, name="downstream")


def last_slope(terrain: FloodTerrain) -> float:
    """Fall of the river over its last kilometre, by a straight fit [m/m]."""
    position = terrain.river_position_m
    last = position >= position[-1] - LAST_M
    if last.sum() < 3:
        last = np.arange(len(position)) >= len(position) - 3
    if last.sum() < 2:
        return _LEAST_SLOPE
    heights = terrain.bed[tuple(terrain.river[last].T)]
    return max(-float(np.polyfit(position[last] - position[-1], heights, 1)[0]), _LEAST_SLOPE)


def outlet(terrain: FloodTerrain) -> tuple[str, int, int]:
    """Side that the river leaves by, and the cells of it that lie less than 8 m above the river's bed there."""
    row, column = (int(n) for n in terrain.river[-1])
    rows, columns = terrain.shape
    distance = {"west": column, "east": columns - 1 - column, "north": row, "south": rows - 1 - row}
    side = min(distance, key=lambda name: distance[name])
    at = row if side in ("west", "east") else column
    low = edge_of(terrain.bed, side) < terrain.bed[row, column] + 8.0
    low[at] = True
    first = last = at
    while first > 0 and low[first - 1]:
        first -= 1
    while last + 1 < len(low) and low[last + 1]:
        last += 1
    return side, first, last + 1
