"""How long an exposure takes: 100 000 buildings, 20 000 roads and their network on a flood of 1000 × 1000 cells.

Usage: ``python benchmarks/exposure_speed.py``; prints a table and writes ``benchmarks/results/exposure_speed.json``. Areas are
held against those of the outlines, and against shapely on a sample.
"""

from __future__ import annotations

import json
import time
from pathlib import Path

import geopandas
import numpy as np
import shapely

from frugal.exposure.access import find_access
from frugal.exposure.classes import DepthClasses
from frugal.exposure.coverage import cut_features
from frugal.exposure.exposed import exposed_by
from frugal.exposure.hazard_map import HazardMap
from frugal.exposure.inputs import Features
from frugal.exposure.roads import expose_roads
from frugal.exposure.vehicles import vehicle_named

RESULTS = Path(__file__).resolve().parent / "results" / "exposure_speed.json"
CELLS, CELL_M, BUILDINGS, STREETS = 1000, 5.0, 100_000, 100
SIDE = CELLS * CELL_M
SAMPLE = 500


def flood() -> HazardMap:
    """A flood that comes from the east over gently waving ground."""
    x, y = np.meshgrid(np.arange(CELLS), np.arange(CELLS))
    level = 2.0 * (x / CELLS - 0.4) + 0.3 * np.sin(x / 40) * np.cos(y / 30)
    arrival = 3600.0 * 5.0 * (1.0 - x / CELLS)
    depth = np.maximum(level, 0.0)
    return HazardMap(
        Path("flood"),
        "EPSG:2154",
        (CELL_M, 0, 0, 0, -CELL_M, SIDE),
        depth,
        arrival_s=np.where(depth > 0, arrival, np.nan),
    )


def features(what: str, geometry: np.ndarray) -> Features:
    """Shapes as if they had been read."""
    blank = np.full(len(geometry), "", dtype=object)
    ids = np.arange(len(geometry)).astype(str).astype(object)
    return Features(what, what, geopandas.GeoDataFrame(geometry=list(geometry), crs=2154), ids, blank, blank)


def buildings(rng: np.random.Generator) -> np.ndarray:
    """Rectangles of 6 to 20 m, turned."""
    sides = rng.uniform(6, 20, (BUILDINGS, 2))
    turned = rng.uniform(0, np.pi, BUILDINGS)
    corners = np.array([[-0.5, -0.5], [0.5, -0.5], [0.5, 0.5], [-0.5, 0.5]]) * sides[:, None]
    across = np.stack([np.cos(turned), -np.sin(turned)], axis=1), np.stack([np.sin(turned), np.cos(turned)], axis=1)
    corners = np.einsum("nkj,nij->nki", corners, np.stack(across, axis=1))
    return np.asarray(shapely.polygons(corners + rng.uniform(15, SIDE - 15, (BUILDINGS, 1, 2))))


def streets(rng: np.random.Generator) -> np.ndarray:
    """A grid of streets from crossing to crossing, each of which is moved about."""
    places = np.stack(np.meshgrid(*[np.linspace(20, SIDE - 20, STREETS)] * 2), axis=-1)
    places += rng.uniform(-12, 12, places.shape)
    east = np.stack([places[:, :-1], places[:, 1:]], axis=2).reshape(-1, 2, 2)
    north = np.stack([places[:-1], places[1:]], axis=2).reshape(-1, 2, 2)
    return np.asarray(shapely.linestrings(np.concatenate([east, north])))


def main() -> None:
    """Measure, print and write."""
    rng = np.random.default_rng(1)
    water, classes, car = flood(), DepthClasses(), vehicle_named("small_car")
    houses, roads = features("buildings", buildings(rng)), features("roads", streets(rng))
    hospital = features("targets", np.array([shapely.Point(30, SIDE / 2)]))
    told: dict[str, float] = {}

    def timed(name: str, call: object) -> object:
        start = time.process_time()
        found = call()  # type: ignore[operator]
        told[name] = time.process_time() - start
        print(f"{name:<55} {told[name]:7.2f} CPU s")
        return found

    cut_features(houses.geometry[:10], water)  # imports
    parts = timed(f"{BUILDINGS} outlines cut by {CELLS} × {CELLS} cells", lambda: cut_features(houses.geometry, water))
    exposed = timed("depth, arrival and classes of each", lambda: exposed_by(houses, parts, water, classes))
    timed(f"{len(roads)} roads cut at every cell", lambda: expose_roads(roads, water, classes, car))
    access = timed(
        f"ways of {BUILDINGS} places over {len(roads)} roads", lambda: find_access(roads, houses, hospital, water, car)
    )
    error = float(np.abs(exposed.known_size - exposed.size).max())
    sample = rng.choice(BUILDINGS, SAMPLE, replace=False)
    box = parts.cell[np.isin(parts.feature, sample)]
    cells, owner = np.unique(box), np.isin(parts.feature, sample)
    outlines = shapely.box(
        CELL_M * (cells % CELLS),
        SIDE - CELL_M * (cells // CELLS + 1),
        CELL_M * (cells % CELLS + 1),
        SIDE - CELL_M * (cells // CELLS),
    )
    at = np.searchsorted(cells, parts.cell[owner])
    exact = shapely.area(shapely.intersection(houses.geometry[parts.feature[owner]], outlines[at]))
    against = float(np.abs(exact - parts.size[owner]).max())
    states = {str(state): int(count) for state, count in zip(*np.unique(access.state, return_counts=True), strict=True)}
    print(f"largest difference of an area from that of its outline: {error:.2g} m²")
    print(f"largest difference of a part from shapely's, {SAMPLE} buildings: {against:.2g} m²")
    print(f"access: {states}")
    RESULTS.write_text(
        json.dumps({"cpu_seconds": told, "area_error_m2": error, "part_error_m2": against, "access": states}, indent=1)
        + "\n"
    )


if __name__ == "__main__":
    main()
