"""What a flood runs over: ground, dike, roughness and buildings on square cells, and the same on coarser ones."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import numpy as np
from scipy import ndimage

from frugal.errors import UnusableInputError
from frugal.experiments.study.geometry import runs_of
from frugal.texts import Text

#: Cells beyond those of a breach that may be opened with it where it would let nothing through.
_MOST_BESIDE = 6
#: Where generated places lie: nowhere, in metres from their own corner.
NOWHERE = (
    'ENGCRS["Generated place, nowhere on Earth",EDATUM["Generated place"],CS[Cartesian,2],AXIS["easting",east],'
    'AXIS["northing",north],LENGTHUNIT["metre",1]]'
)


@dataclass(frozen=True, eq=False)
class FloodTerrain:
    """Terrain of a flood study; row 0 is the northernmost.

    Attributes
    ----------
    bed : ndarray [y, x]
        Height of the ground in m, dike crests included.
    cell_size_m : float
    manning : ndarray [y, x]
        Roughness in s/m^(1/3) for a roughness factor of 1.
    land : ndarray of bool [y, x]
        Cells whose flooding is asked: behind the dike, or no river bed.
    dike : ndarray of int [k, 2]
        Row and column of the cells of the dike, in the order of its line.
    dike_position_m : ndarray [k]
        Distance of each of them along the line.
    sill_m : ndarray [k]
        How low a breach cuts it down: the ground behind.
    river : ndarray of int [k, 2]
        Row and column of the cells of the river's axis, from upstream to downstream.
    river_position_m : ndarray [k]
        Distance of each of them from the first.
    outlet_bed_m : float, optional
        Height of the river's bed where it leaves, which wider cells mix with its banks; that of its last cell without.
    tributaries : ndarray of int [t, 2]
        Row and column of the cells of further rivers, and of those of the river beside its axis.
    entry : ndarray [e, 3]
        Row, column and share of the discharge where the wave enters by them; the rest enters by the river.
    buildings : ndarray [y, x]
        Buildings in each cell; those of a blocked one are counted beside it.
    blocked : ndarray of bool [y, x], optional
        Cells that buildings keep dry; none without.
    x_min, y_max : float
        Western and northern edge.
    crs : str
        `NOWHERE` where the terrain is no real place.
    source : str
    zero_m : float
        How high the zero of ``bed`` stands above that of the terrain's files: levels that are written get it back.
    notes : tuple of str by language
        What a user should know of what the site gives, held against its ground.
    """

    bed: np.ndarray
    cell_size_m: float
    manning: np.ndarray
    land: np.ndarray
    dike: np.ndarray = field(default_factory=lambda: np.empty((0, 2), dtype=np.int64))
    dike_position_m: np.ndarray = field(default_factory=lambda: np.empty(0))
    sill_m: np.ndarray = field(default_factory=lambda: np.empty(0))
    river: np.ndarray = field(default_factory=lambda: np.empty((0, 2), dtype=np.int64))
    river_position_m: np.ndarray = field(default_factory=lambda: np.empty(0))
    outlet_bed_m: float | None = None
    tributaries: np.ndarray = field(default_factory=lambda: np.empty((0, 2), dtype=np.int64))
    entry: np.ndarray = field(default_factory=lambda: np.empty((0, 3)))
    buildings: np.ndarray = field(default_factory=lambda: np.zeros((0, 0)))
    blocked: np.ndarray | None = None
    x_min: float = 0.0
    y_max: float = 0.0
    crs: str = ""
    source: str = ""
    zero_m: float = 0.0
    notes: tuple[Text, ...] = ()

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns."""
        rows, columns = self.bed.shape
        return rows, columns

    @property
    def dike_length_m(self) -> float:
        """Length of the line of the dike, half a cell beyond its end cells included."""
        return float(self.dike_position_m[-1] + self.cell_size_m) if len(self.dike) else 0.0

    @property
    def sea(self) -> np.ndarray:
        """Cells that are neither land nor dike."""
        sea = ~self.land
        sea[tuple(self.dike.T)] = False
        return sea

    @property
    def leaves_at_m(self) -> float:
        """Height of the river's bed where it leaves [m]."""
        return float(self.bed[tuple(self.river[-1])]) if self.outlet_bed_m is None else self.outlet_bed_m

    @property
    def floodable(self) -> np.ndarray:
        """Land that no building keeps dry."""
        return self.land if self.blocked is None else self.land & ~self.blocked

    @cached_property
    def passed_at_m(self) -> float:
        """Level of the sea at which it first passes a dike that holds: over its lowest crest, or round an end [m].

        Infinite where no land lies next to sea or dike.
        """
        dike = np.zeros(self.shape, dtype=bool)
        dike[tuple(self.dike.T)] = True
        level = np.where(self.sea, self.bed, np.inf)
        for _ in range(len(self.dike) + 1):
            through = np.where(dike, np.minimum(level, np.maximum(self.bed, _beside(level))), level)
            if np.array_equal(through, level):
                break
            level = through
        reached = np.maximum(self.bed, _beside(level))[self.land]
        return float(reached.min(initial=np.inf))

    @property
    def transform(self) -> list[float]:
        """Affine transform of the grid, in the order of rasterio."""
        return [self.cell_size_m, 0.0, self.x_min, 0.0, -self.cell_size_m, self.y_max]

    @property
    def coordinates(self) -> dict[str, list[float]]:
        """Centres of rows and columns."""
        rows, columns = self.shape
        step = self.cell_size_m
        return {
            "y": [self.y_max - (row + 0.5) * step for row in range(rows)],
            "x": [self.x_min + (column + 0.5) * step for column in range(columns)],
        }

    @cached_property
    def sha256(self) -> str:
        """Hash of everything that a run depends on."""
        digest = hashlib.sha256(repr((self.shape, self.cell_size_m, self.x_min, self.y_max, self.crs)).encode())
        arrays = (self.bed, self.manning, self.land, self.dike, self.dike_position_m, self.sill_m, self.river)
        for values in (*arrays, self.river_position_m, self.buildings):
            digest.update(np.ascontiguousarray(values, dtype="<f8").tobytes())
        if len(self.entry):
            digest.update(np.ascontiguousarray(self.entry, dtype="<f8").tobytes())
        if len(self.river) and self.leaves_at_m != self.bed[tuple(self.river[-1])]:
            digest.update(repr(self.leaves_at_m).encode())
        if self.blocked is not None:
            digest.update(self.blocked.tobytes())
        return digest.hexdigest()

    def coarsened(self, factor: int) -> FloodTerrain:
        """The same terrain on cells ``factor`` times wider: mean ground, the crest where a cell holds a piece of dike.

        Rows and columns that do not fill a coarse cell are continued with their last values.
        """
        rows, columns = (-(-n // factor) for n in self.shape)

        def blocks(values: np.ndarray) -> np.ndarray:
            pad = ((0, rows * factor - self.shape[0]), (0, columns * factor - self.shape[1]))
            return np.pad(values, pad, mode="edge").reshape(rows, factor, columns, factor)

        bed = blocks(self.bed).mean(axis=(1, 3))
        dike, position, member = coarse_line(self.dike, self.dike_position_m, factor)
        sill = np.bincount(member, self.sill_m) / np.bincount(member) if len(dike) else self.sill_m
        river, river_position, _ = coarse_line(self.river, self.river_position_m, factor)
        crest = np.full((rows, columns), -np.inf)
        np.maximum.at(crest, tuple((self.dike // factor).T), self.bed[tuple(self.dike.T)])
        inside = np.zeros((rows * factor, columns * factor))
        inside[: self.shape[0], : self.shape[1]] = self.buildings
        blocked = None if self.blocked is None else blocks(self.blocked.astype(float)).mean(axis=(1, 3)) > 0.5
        return replace(
            self,
            bed=np.maximum(bed, crest),
            cell_size_m=self.cell_size_m * factor,
            manning=blocks(self.manning).mean(axis=(1, 3)),
            land=blocks(self.land.astype(float)).mean(axis=(1, 3)) >= 0.5,
            dike=dike,
            dike_position_m=position,
            sill_m=sill,
            river=river,
            river_position_m=river_position,
            outlet_bed_m=self.leaves_at_m if len(self.river) else None,
            tributaries=np.unique(self.tributaries // factor, axis=0),
            entry=np.column_stack([self.entry[:, :2] // factor, self.entry[:, 2]]),
            blocked=blocked,
            buildings=inside.reshape(rows, factor, columns, factor).sum(axis=(1, 3)),
        )

    def features(self) -> dict[str, np.ndarray]:
        """What a candidate that answers cell by cell may know of a cell: all static."""
        found: dict[str, np.ndarray] = {"bed": self.bed}
        for name, cells, position in (
            ("dike", self.dike, self.dike_position_m),
            ("river", self.river, self.river_position_m),
        ):
            if len(cells):
                nearest, apart_m = nearest_of(cells, self.shape, self.cell_size_m)
                found[f"{name}_distance"], found[f"{name}_position"] = apart_m, position[nearest]
        return found


def _beside(values: np.ndarray) -> np.ndarray:
    """Least value among the four neighbours of each cell."""
    around = np.pad(values, 1, constant_values=np.inf)
    return np.minimum.reduce([around[:-2, 1:-1], around[2:, 1:-1], around[1:-1, :-2], around[1:-1, 2:]])


def edge_of(values: np.ndarray, side: str) -> np.ndarray:
    """Cells of an array ``[y, x]`` along its western, eastern, northern or southern side."""
    return {"west": values[:, 0], "east": values[:, -1], "north": values[0], "south": values[-1]}[side]


def nearest_of(cells: np.ndarray, shape: tuple[int, int], cell_size_m: float) -> tuple[np.ndarray, np.ndarray]:
    """For every cell of a grid the number of the nearest of some cells, and its distance in m.

    Parameters
    ----------
    cells : array of int [k, 2]
        Row and column.
    shape : tuple of int
        Rows and columns of the grid.
    cell_size_m : float
        Side of a cell.

    Returns
    -------
    nearest : ndarray of int [y, x]
        Place in ``cells``, from 0.
    distance_m : ndarray [y, x]
        Between centres.
    """
    from scipy.spatial import cKDTree

    distance, nearest = cKDTree(cells).query(np.indices(shape).reshape(2, -1).T)
    return nearest.reshape(shape), distance.reshape(shape) * cell_size_m


def coarse_line(cells: np.ndarray, position_m: np.ndarray, factor: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Coarse cells that a line of cells runs through, each once and in order, at the middle of its stretch.

    Parameters
    ----------
    cells : array of int [k, 2]
        Row and column on the fine grid, in the order of the line.
    position_m : array [k]
        Distance of each along the line.
    factor : int
        Fine cells along the side of a coarse one.

    Returns
    -------
    coarse : ndarray of int [j, 2]
    position_m : ndarray [j]
    member : ndarray of int [k]
        Coarse cell of each fine one.
    """
    if not len(cells):
        return cells, position_m, np.empty(0, dtype=np.int64)
    coarse, member = np.unique(cells // factor, axis=0, return_inverse=True)
    member = member.ravel()
    middle = np.bincount(member, position_m) / np.bincount(member)
    order = np.argsort(middle)
    rank = np.empty(len(order), dtype=np.int64)
    rank[order] = np.arange(len(order))
    return coarse[order], middle[order], rank[member]


def quartered(cells: np.ndarray, position_m: np.ndarray, cell_size_m: float) -> tuple[np.ndarray, np.ndarray]:
    """The four cells in each cell of a line, in its order; where the line ends, those at its end come last.

    Parameters
    ----------
    cells : array of int [k, 2]
        Row and column.
    position_m : array [k]
        Distance of each along the line.
    cell_size_m : float
        Their side.

    Returns
    -------
    cells : array of int [4 k, 2]
        Row and column on the finer grid.
    position_m : array [4 k]
    """
    if not len(cells):
        return cells, position_m
    before, after = np.vstack([cells[:1], cells[:-1]]), np.vstack([cells[1:], cells[-1:]])
    way = (after - before).astype(float)
    if len(cells) > 1:
        way[0], way[-1] = cells[1] - cells[0], cells[-1] - cells[-2]
    way /= np.maximum(np.hypot(*way.T), 1e-12)[:, None]
    corners = np.array([(0, 0), (0, 1), (1, 0), (1, 1)])
    along = (corners - 0.5) @ way.T * cell_size_m / 2  # of the middle of each quarter, from that of the cell
    found = (2 * cells[None, :, :] + corners[:, None, :]).reshape(-1, 2)
    position = (position_m[None, :] + along).ravel()
    order = np.lexsort((position, np.tile(np.arange(len(cells)), 4)))
    return found[order], position[order]


def stretches_of(position_m: np.ndarray, cell_size_m: float) -> tuple[np.ndarray, np.ndarray]:
    """Where the stretch of each cell of a line begins and ends, in m: without gaps, halfway between the middles."""
    if len(position_m) < 2:
        return position_m - cell_size_m / 2, position_m + cell_size_m / 2
    halfway = (position_m[1:] + position_m[:-1]) / 2
    first, last = 2 * position_m[0] - halfway[0], 2 * position_m[-1] - halfway[-1]
    return np.append(first, halfway), np.append(halfway, last)


def breached(terrain: FloodTerrain, position: float, width_m: float, level_m: float) -> tuple[np.ndarray, np.ndarray]:
    """Cells that a breach lowers and the height it lowers them to.

    Parameters
    ----------
    terrain : FloodTerrain
    position : float
        Of the middle of the breach, as a share of the length of the dike, 0 to 1.
    width_m : float
    level_m : float
        Highest level of the sea in the event.

    Returns
    -------
    cells : ndarray of int [j, 2]
    sill_m : ndarray [j]
        A cell of which the breach takes only a part is cut down less, so that as a broad-crested weir at the highest level
        it passes that part of the discharge (depth over the sill times ``part ** (2/3)``).

    Raises
    ------
    UnusableInputError
        If there is no dike, or the breach lies outside it.
    """
    if not len(terrain.dike):
        raise UnusableInputError("the terrain has no dike that could breach")
    if not 0.0 <= position <= 1.0:
        raise UnusableInputError(f"breach_position = {position:g} lies outside the dike; 0 to 1 is allowed")
    if not width_m >= 0.0:
        raise UnusableInputError(f"breach_width = {width_m:g} m; 0 or more is needed")
    low, high = stretches_of(terrain.dike_position_m, terrain.cell_size_m)
    middle = terrain.dike_position_m[0] + position * (terrain.dike_position_m[-1] - terrain.dike_position_m[0])
    # a breach at the end of the dike is moved inward, so that its whole width counts
    left = np.clip(middle - width_m / 2, low[0], max(high[-1] - width_m, low[0]))
    part = np.clip((np.minimum(high, left + width_m) - np.maximum(low, left)) / (high - low), 0.0, 1.0)
    part = _let_through(terrain, part, high - low)
    open_ = part > 0
    top = np.minimum(terrain.bed[tuple(terrain.dike[open_].T)], level_m)
    sill = top - np.maximum(top - terrain.sill_m[open_], 0.0) * part[open_] ** (2.0 / 3.0)
    return terrain.dike[open_], sill


def _let_through(terrain: FloodTerrain, part: np.ndarray, length_m: np.ndarray) -> np.ndarray:
    """Parts of the cells of a dike that a breach takes, so that water passes where it takes most.

    Across the grid a dike is a staircase, of which one cell may touch the sea alone and the next the land alone: a breach of
    one of them would let nothing through, whatever it takes of the other. Such two are opened alike, by what the breach takes
    of the face between them.
    """
    main = part >= part.max() * (1.0 - 1e-9) if part.any() else part > 0
    if _passes(terrain, terrain.dike[main]):
        return part
    near = np.argsort(np.abs(np.arange(len(part)) - np.flatnonzero(main).mean()) - part, kind="stable")
    for cell in near[: _MOST_BESIDE + np.count_nonzero(main)]:
        main[cell] = True
        if _passes(terrain, terrain.dike[main]):
            return np.where(main, min(1.0, float((part * length_m).sum()) / terrain.cell_size_m), 0.0)
    return part


def _passes(terrain: FloodTerrain, cells: np.ndarray) -> bool:
    """Whether water comes from the sea to the land through cells of the dike, by their faces."""
    if not len(cells):
        return True
    rows, columns = terrain.shape
    (top, left), (bottom, right) = (
        np.maximum(cells.min(axis=0) - 1, 0),
        np.minimum(cells.max(axis=0) + 2, (rows, columns)),
    )
    window = slice(top, bottom), slice(left, right)
    open_ = np.zeros((bottom - top, right - left), dtype=bool)
    open_[tuple((cells - (top, left)).T)] = True
    groups, _ = ndimage.label(open_)
    by_sea, by_land = (
        set(groups[ndimage.binary_dilation(side[window]) & open_]) for side in (terrain.sea, terrain.land)
    )
    return not by_sea.isdisjoint(by_land)


def grid_of(terrain: FloodTerrain) -> dict[str, Any]:
    """Coordinate system, transform and zones of which nothing is asked, for maps written as GeoTIFF."""
    river = np.zeros(terrain.shape, dtype=bool)
    river[tuple(terrain.river.T)] = True
    river[tuple(terrain.tributaries.T)] = True
    dike = np.zeros(terrain.shape, dtype=bool)
    dike[tuple(terrain.dike.T)] = True
    before = terrain.sea & ~river
    zones = {
        "sea": before & (terrain.bed < 0.0),
        "dike": dike,
        "foreshore": before & (terrain.bed >= 0.0),
        "river bed": river & ~terrain.land,
    }
    runs = {name: runs_of(cells) for name, cells in zones.items() if cells.any()}
    return {"crs": terrain.crs, "transform": terrain.transform, "zones": runs}
