"""The solver of a flood study on cells half and twice as wide, told on the cells of the study.

Finer cells see finer ground where there is any: a generated place is generated on them, with features of the same width in
metres; terrain whose file is finer than the cells is read again. Where the file has no finer cells each is cut in four, ground,
breach and sides alike, which tests the scheme and not the ground. A dike stays a line one cell wide; the bed of a river
keeps its width, that of its chain of cells where the site gives none.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, fields, replace
from functools import cached_property
from typing import Any

import numpy as np

from frugal.errors import UnusableInputError
from frugal.experiments.study import Arrays
from frugal.physics.shallow_water.flood_case import Breach, FloodCase, Inflow, Link, Segment
from frugal.studies.flood.outputs import WET_M, Maps, refined
from frugal.studies.flood.solver_alternatives import Build, flood_maps, run_flood
from frugal.studies.flood.terrain.coast import coast
from frugal.studies.flood.terrain.generated_valley import valley
from frugal.studies.flood.terrain.river_valley import river_valley
from frugal.studies.flood.terrain.site import RiverFloodSite, SubmersionSite
from frugal.studies.flood.terrain.terrain import FloodTerrain, quartered

SQUARE_METRES_PER_HECTARE = 1e4

_LOCK = threading.Lock()


@dataclass(frozen=True, eq=False)
class OtherGrids:
    """The solver of a study on finer and on coarser cells.

    Parameters
    ----------
    site : SubmersionSite or RiverFloodSite
        From which finer ground is made.
    terrain : FloodTerrain
        What it was made into, on the cells of the study.
    build : callable
        ``build(terrain, **inputs) -> FloodCase``.
    """

    site: SubmersionSite | RiverFloodSite
    terrain: FloodTerrain
    build: Build

    @cached_property
    def _finer_ground(self) -> FloodTerrain | None:
        return finer_ground(self.site, self.terrain)

    @cached_property
    def _wider_ground(self) -> FloodTerrain:
        return self.terrain.coarsened(2)

    def finer(self) -> Callable[..., Arrays]:
        """As ``Study.finer``."""

        def answer(**inputs: float) -> Arrays:
            with _LOCK:  # made once, whichever thread comes first
                ground = self._finer_ground
            flood_case = self.build(ground or self.terrain, **inputs)
            flood_case = flood_case if ground is not None else cut_in_four(flood_case)
            return aggregated(flood_maps(run_flood(flood_case)), self.terrain, flood_case.duration_s)

        return answer

    def coarser(self) -> Callable[..., Arrays]:
        """As ``Study.coarser``: the level of a coarse cell laid over the ground of the study, area and volume its own."""

        def answer(**inputs: float) -> Arrays:
            with _LOCK:
                wide = self._wider_ground
            flood_case = self.build(wide, **inputs)
            maps = flood_maps(run_flood(flood_case))
            told = refined(maps, wide.bed, self.terrain, 2).on_land(self.terrain, flood_case.duration_s)
            rows, columns = self.terrain.shape
            depth = np.repeat(np.repeat(maps.depth, 2, axis=0), 2, axis=1)[:rows, :columns][self.terrain.land]
            square = self.terrain.cell_size_m**2
            area = np.count_nonzero(depth > WET_M) * square / SQUARE_METRES_PER_HECTARE
            return {**told, "flooded_area": area, "flood_volume": float(depth.sum()) * square}

        return answer


def finer_ground(site: SubmersionSite | RiverFloodSite, terrain: FloodTerrain) -> FloodTerrain | None:
    """The ground of a site on cells half as wide; None where the file has no finer ones.

    Parameters
    ----------
    site : SubmersionSite or RiverFloodSite
    terrain : FloodTerrain
        The same on the cells of the study.
    """
    half = terrain.cell_size_m / 2
    if site.terrain is None:
        if isinstance(site, SubmersionSite):
            return coast(site.model_copy(update={"cells": 2 * site.cells}))
        rows, columns = terrain.shape
        return valley(2 * rows, 2 * columns, half, site.seed)
    finer: dict[str, Any] = {"cell_size_m": half}
    try:
        if isinstance(site, SubmersionSite):
            return _nested(coast(site.model_copy(update=finer)), terrain)
        if site.river_width_m is not None:
            return _nested(river_valley(site.model_copy(update=finer)), terrain)
        found = _nested(river_valley(site.model_copy(update={**finer, "channel_depth_m": 0.0})), terrain)
    except UnusableInputError:
        return None  # finer than the file: cut in four
    return None if found is None else _with_bed_of_river(found, terrain, site)


def _nested(finer: FloodTerrain, terrain: FloodTerrain) -> FloodTerrain | None:
    """The finer terrain where four of its cells lie in each of the other, and None where they do not."""
    corner = abs(finer.x_min - terrain.x_min) + abs(finer.y_max - terrain.y_max)
    rows, columns = terrain.shape
    inside = finer.shape[0] >= 2 * rows and finer.shape[1] >= 2 * columns
    return finer if inside and corner < 1e-6 * terrain.cell_size_m else None


def _with_bed_of_river(finer: FloodTerrain, terrain: FloodTerrain, site: RiverFloodSite) -> FloodTerrain:
    """The river as wide as on the cells of the study, of which it takes a row of whole ones."""
    cells, position = quartered(terrain.river, terrain.river_position_m, terrain.cell_size_m)
    where = tuple(cells.T)
    bed, manning = finer.bed.copy(), finer.manning.copy()
    manning[tuple(finer.river.T)] = site.manning
    bed[where] -= site.channel_depth_m
    manning[where] = site.manning_river
    land = np.ones(finer.shape, dtype=bool)
    land[where] = False
    land[tuple(finer.tributaries.T)] = False
    bed[tuple(finer.tributaries.T)] = np.minimum(
        bed[tuple(finer.tributaries.T)], finer.bed[tuple(finer.tributaries.T)] - site.channel_depth_m
    )
    return replace(
        finer,
        bed=bed,
        manning=manning,
        land=land,
        river=cells,
        river_position_m=position,
        outlet_bed_m=terrain.leaves_at_m,
    )


def aggregated(fine: Maps, terrain: FloodTerrain, duration_s: float) -> Arrays:
    """What finer cells answer, on the cells of the study: means over the four in each, the area as they have it.

    Parameters
    ----------
    fine : Maps
        Maps [2 y, 2 x], or more; what lies beyond the cells of the study is left out.
    terrain : FloodTerrain
        Of the study: what is land on its cells counts.
    duration_s : float
        Of the event.

    Returns
    -------
    mapping of str to array
        By output. Depth is a mean over all four, so that volumes are kept; speed and arrival are means over the wet ones.
    """
    rows, columns = terrain.shape

    def four(values: np.ndarray) -> np.ndarray:
        return (
            values[: 2 * rows, : 2 * columns]
            .reshape(rows, 2, columns, 2)
            .transpose(0, 2, 1, 3)
            .reshape(rows, columns, 4)
        )

    depth, speed, arrival = four(fine.depth), four(fine.speed), four(fine.arrival_s)
    wet, reached = depth > WET_M, np.isfinite(arrival)
    came = np.where(reached, arrival, 0.0).sum(axis=2) / np.maximum(reached.sum(axis=2), 1)
    maps = Maps(
        depth.mean(axis=2),
        np.where(wet, speed, 0.0).sum(axis=2) / np.maximum(wet.sum(axis=2), 1),
        np.where(reached.any(axis=2), came, np.nan),
    )
    square = terrain.cell_size_m**2 / 4
    area = np.count_nonzero(wet[terrain.land]) * square / SQUARE_METRES_PER_HECTARE
    return {**maps.on_land(terrain, duration_s), "flooded_area": area}


#: What `cut_in_four` knows of a flood; with anything else it is no longer the same flood.
_KNOWN = (
    "bed", "cell_size_m", "duration_s", "friction", "friction_law", "level", "depth", "u", "v", "boundaries", "rain", "inflows",
    "breaches", "blocked", "infiltration", "links", "start_s",
)  # fmt: skip


def cut_in_four(flood_case: FloodCase) -> FloodCase:
    """The same flood on cells half as wide, with steps of the ground where the cells of before meet.

    Raises
    ------
    UnusableInputError
        If the flood has something that is not known here how to cut.
    """
    for one in fields(flood_case):
        if one.name not in _KNOWN and getattr(flood_case, one.name) not in (None, (), {}, one.default):
            raise UnusableInputError(f"a flood with '{one.name}' cannot be cut into finer cells")

    def cut(values: Any) -> Any:
        return np.repeat(np.repeat(values, 2, axis=0), 2, axis=1) if np.ndim(values) == 2 else values

    def along(segment: Segment) -> Segment:
        return replace(segment, first=2 * segment.first, last=None if segment.last is None else 2 * segment.last)

    def of_breach(breach: Breach) -> Breach:
        rows, columns = np.atleast_1d(breach.rows), np.atleast_1d(breach.columns)
        sill = np.broadcast_to(np.asarray(breach.sill_m, dtype=float), rows.shape)
        corners = np.array([(0, 0), (0, 1), (1, 0), (1, 1)])
        at_rows, at_columns = ((2 * part[:, None] + corners[:, k]).ravel() for k, part in enumerate((rows, columns)))
        return replace(breach, rows=at_rows, columns=at_columns, sill_m=np.repeat(sill, 4))

    def of_inflow(inflow: Inflow) -> list[Inflow]:
        times, values = inflow.series if isinstance(inflow.series, tuple) else ([0.0], [inflow.series])
        quarter = (times, np.asarray(values, dtype=float) / 4)
        where = [(2 * inflow.row + down, 2 * inflow.column + across) for down in (0, 1) for across in (0, 1)]
        return [Inflow(row, column, quarter, f"{inflow.name} {k}") for k, (row, column) in enumerate(where)]

    def of_link(link: Link) -> Link:
        ends = {name: 2 * getattr(link, name) for name in ("row", "column", "to_row", "to_column")}
        return replace(link, **ends)

    rain, seeping = flood_case.rain, flood_case.infiltration
    if seeping is not None:
        seeping = replace(seeping, **{one.name: cut(getattr(seeping, one.name)) for one in fields(seeping)})
    return replace(
        flood_case,
        bed=cut(flood_case.bed),
        cell_size_m=flood_case.cell_size_m / 2,
        friction=cut(flood_case.friction),
        level=cut(flood_case.level),
        depth=cut(flood_case.depth),
        u=cut(flood_case.u),
        v=cut(flood_case.v),
        boundaries={side: tuple(map(along, segments)) for side, segments in flood_case.boundaries.items()},
        rain=None if rain is None else replace(rain, weight=cut(rain.weight)),
        inflows=tuple(part for inflow in flood_case.inflows for part in of_inflow(inflow)),
        breaches=tuple(map(of_breach, flood_case.breaches)),
        blocked=cut(flood_case.blocked),
        infiltration=seeping,
        links=tuple(map(of_link, flood_case.links)),
    )
