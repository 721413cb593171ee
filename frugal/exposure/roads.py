"""Roads cut exactly at the edge of the flood: which part is under water, how deep, when, and what still passes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from frugal.errors import UnusableInputError
from frugal.exposure.classes import UNKNOWN, DepthClasses
from frugal.exposure.coverage import Parts
from frugal.exposure.exposed import Exposed, exposed_by
from frugal.exposure.hazard_map import HazardMap
from frugal.exposure.inputs import Features
from frugal.exposure.line_cutting import LinePieces, cut_lines
from frugal.exposure.vehicles import Vehicle, safe_speed_kmh

#: Columns that tell a road above the ground: OpenStreetMap, BD TOPO (a level above 0).
_BRIDGE_COLUMNS = ("bridge", "is_bridge", "pont")
_LEVEL_COLUMNS = ("position_par_rapport_au_sol", "pos_sol")
_NO = ("", "no", "non", "0", "f", "false", "faux", "n", "nan", "none")


@dataclass(frozen=True, eq=False)
class CutPieces:
    """LinePieces of roads with the flood on each.

    Attributes
    ----------
    pieces : LinePieces
    depth_m : array
        NaN off the map and where nothing is known; 0 on bridges.
    arrival_s : array
        NaN where it stays dry or nobody knows.
    speed_kmh : array
        Greatest safe speed in the deepest water; NaN where nothing is known.
    closed : array of bool
        Whether the water stops the vehicle there.
    closes_s : array
        When: infinite where it never does, 0 where it does and nobody knows when.
    """

    pieces: LinePieces
    depth_m: np.ndarray
    arrival_s: np.ndarray
    speed_kmh: np.ndarray
    closed: np.ndarray
    closes_s: np.ndarray


@dataclass(frozen=True, eq=False)
class ExposedRoads:
    """Roads with the flood on them.

    Attributes
    ----------
    whole : Exposed
        Road by road.
    closed_length_m : array [road]
        Where the vehicle cannot pass.
    closes_s : array [road]
        When a part of it first stops the vehicle, no later than in truth: the time at which the water comes to a place where it
        will be deep enough; NaN where none does or nobody knows when.
    stretches : Stretches
        Unbroken stretches of one class of depth.
    bridges : int
        Roads that the water passes under.
    """

    whole: Exposed
    closed_length_m: np.ndarray
    closes_s: np.ndarray
    stretches: Stretches
    bridges: int


@dataclass(frozen=True, eq=False)
class Stretches:
    """Unbroken stretches of roads, each in one class of depth; their lengths add up to those of the roads.

    Attributes
    ----------
    geometry : array of LineString
    road : array of int
        Number of the road.
    depth_class : array of int
    columns : mapping of str to array
        ``length_m``, ``depth_max_m``, ``arrival_s``, ``safe_speed_kmh``, ``closed``, ``closes_s``.
    """

    geometry: np.ndarray
    road: np.ndarray
    depth_class: np.ndarray
    columns: Mapping[str, np.ndarray]


def above_water(roads: Features) -> np.ndarray:
    """Roads on bridges, by the column that tells so: bool, one a road."""
    frame = roads.frame
    by_name = {str(name).lower(): name for name in frame.columns}
    found = np.zeros(len(roads), dtype=bool)
    for name in _BRIDGE_COLUMNS:
        if name in by_name:
            told = frame[by_name[name]].astype(str).str.strip().str.lower()
            found |= ~told.isin(_NO).to_numpy() & frame[by_name[name]].notna().to_numpy()
    for name in _LEVEL_COLUMNS:
        if name in by_name:
            import pandas as pd

            found |= (pd.to_numeric(frame[by_name[name]], errors="coerce") > 0).to_numpy(dtype=bool, na_value=False)
    return found


def cut_pieces(lines: np.ndarray, bridge: np.ndarray, flood: HazardMap, vehicle: Vehicle) -> CutPieces:
    """Lines cut by the cells of a map, with the flood on each piece.

    Parameters
    ----------
    lines : array of LineString
    bridge : array of bool
        Lines that the water passes under.
    flood : HazardMap
    vehicle : Vehicle
        What is to pass.
    """
    pieces = cut_lines(lines, flood)
    on_map = pieces.cell >= 0
    over = bridge[pieces.line]

    def read(values: np.ndarray | None, otherwise: float) -> np.ndarray:
        if values is None:
            return np.full(len(pieces.cell), otherwise)
        return np.where(on_map, values.ravel()[np.where(on_map, pieces.cell, 0)], otherwise)

    depth = np.where(over & on_map, 0.0, read(flood.depth_m, np.nan))
    wet = depth > flood.wet_above_m
    water = np.where(wet, depth, 0.0)
    speed = None if flood.speed_m_s is None else np.nan_to_num(read(flood.speed_m_s, 0.0))
    closed = wet & vehicle.stopped(water, speed)
    arrival = np.where(wet, read(flood.arrival_s, np.nan), np.nan)
    safe = np.where(closed, 0.0, safe_speed_kmh(water, vehicle.depth_m))
    return CutPieces(
        pieces,
        depth,
        arrival,
        np.where(np.isnan(depth), np.nan, safe),
        closed,
        np.where(closed, np.nan_to_num(arrival, nan=0.0), np.inf),
    )


def expose_roads(roads: Features, flood: HazardMap, classes: DepthClasses, vehicle: Vehicle) -> ExposedRoads:
    """Cut roads at every boundary of cells, and so at the edge of the flood.

    Parameters
    ----------
    roads : Features
        Lines.
    flood : HazardMap
    classes : DepthClasses
    vehicle : Vehicle
        What is to pass.
    """
    import shapely

    bridge = above_water(roads)
    lines = roads.geometry
    cut = cut_pieces(lines, bridge, flood, vehicle)
    pieces, inside = cut.pieces, cut.pieces.cell >= 0
    length = shapely.length(lines)
    parts = Parts(len(roads), pieces.line[inside], pieces.cell[inside], pieces.length_m[inside], length, 1)
    whole = exposed_by(roads, parts, flood, classes, "max", bridge)
    every = Parts(len(roads), pieces.line, pieces.cell, pieces.length_m, length, 1)
    known_when = np.where(cut.closed, cut.arrival_s, np.nan)
    return ExposedRoads(
        whole,
        every.sums(pieces.length_m * cut.closed),
        every.least(known_when),
        _stretches(cut, classes.of(cut.depth_m, flood.wet_above_m)),
        int(bridge.sum()),
    )


def _stretches(cut: CutPieces, depth_class: np.ndarray) -> Stretches:
    """Neighbouring pieces of one class as one line, without the corners that only crossings of cells have put in."""
    import shapely

    pieces = cut.pieces
    count = len(pieces.line)
    if not count:
        raise UnusableInputError("roads have no length")
    goes_on = pieces.follows.copy()
    goes_on[0] = False
    goes_on[1:] &= (depth_class[1:] == depth_class[:-1]) & (pieces.line[1:] == pieces.line[:-1])
    stretch = np.cumsum(~goes_on) - 1
    first = np.flatnonzero(~goes_on)
    last = np.append(first[1:], count) - 1
    corner = pieces.at_vertex | ~goes_on
    points = np.concatenate([pieces.start[corner], pieces.end[last]])
    owner = np.concatenate([stretch[corner], np.arange(len(first))])
    order = np.argsort(owner, kind="stable")
    geometry = shapely.linestrings(points[order], indices=owner[order])
    sizes = Parts(len(first), stretch, pieces.cell, pieces.length_m, np.zeros(len(first)), 1)
    unknown = depth_class[first] == UNKNOWN
    closed = sizes.sums(cut.closed.astype(float)) > 0
    return Stretches(
        np.asarray(geometry),
        pieces.line[first],
        depth_class[first],
        {
            "length_m": sizes.sums(pieces.length_m),
            "depth_max_m": sizes.greatest(cut.depth_m),
            "arrival_s": sizes.least(cut.arrival_s),
            "safe_speed_kmh": np.where(unknown, np.nan, sizes.least(cut.speed_kmh)),
            "closed": closed,
            "closes_s": sizes.least(np.where(cut.closed, cut.arrival_s, np.nan)),
        },
    )
