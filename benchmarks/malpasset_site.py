"""Make a site for `river_flood` from the terrain of Malpasset: the valley below the dam that broke on 2 December 1959.

Usage: ``python benchmarks/malpasset_site.py [--data FOLDER] [--out FOLDER] [--crs SYSTEM]``; then
``frugal train river_flood --site FOLDER/site.toml``. By default ``../shared/data/malpasset`` and ``malpasset``.

The published mesh has coordinates of its own, in metres: its first axis runs down the valley, which in nature opens to the
south, so neither axis points north and its place is not known. Without ``--crs`` the files carry a system of that name with
its origin in the Gulf of Guinea, where nobody will take them for a position; with it they carry the system you name, unmoved.

The window ends before the sea, so that the water leaves over its eastern edge. The lake is walled off along the line of
the dam, where the wave enters. Ground beyond the mesh is not known: it stands 30 m above the nearest that is. The bounds of the
wave are wide around 1959 (some 50 million m³ within minutes); the dam itself is not modelled, but a discharge that grows. The
level downstream stays below the plain, which the sea did not flood.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import geopandas as gpd
import numpy as np
import rasterio
from malpasset import DAM, terrain
from rasterio.crs import CRS
from rasterio.transform import from_origin
from scipy import ndimage
from scipy.sparse import coo_array
from scipy.sparse.csgraph import dijkstra
from shapely.geometry import LineString

LOCAL = (
    'PROJCS["Malpasset mesh: local metres, place and bearing unknown",GEOGCS["WGS 84",DATUM["WGS_1984",'
    'SPHEROID["WGS 84",6378137,298.257223563]],PRIMEM["Greenwich",0],UNIT["degree",0.0174532925199433]],'
    'PROJECTION["Transverse_Mercator"],PARAMETER["latitude_of_origin",0],PARAMETER["central_meridian",0],'
    'PARAMETER["scale_factor",1],PARAMETER["false_easting",0],PARAMETER["false_northing",0],UNIT["metre",1]]'
)
CELL, CELL_OF_RUNS = 20.0, 80.0
WEST, EAST, SOUTH, NORTH = 4_600.0, 13_240.0, 300.0, 5_100.0
#: How far ground beyond the mesh and the wall at the dam stand above what is known beside them.
WALL_M = 30.0
SITE = f"""terrain = "terrain.tif"
river = "axis.gpkg"
manning = 0.033
manning_river = 0.033
cell_size_m = {CELL_OF_RUNS}
peak_discharge = [10000.0, 45000.0]
volume = [20e6, 55e6]
time_to_peak_h = [0.1, 0.5]
downstream_depth = [0.2, 1.0]
duration_h = 3.0
n_runs = 96
"""


def ground(folder: Path) -> np.ndarray:
    """Heights of the window, without a hole."""
    scenario, x, y = terrain(folder, CELL)
    bed, unknown = np.asarray(scenario.bed), np.asarray(scenario.blocked)
    (x1, y1), (x2, y2) = DAM
    upstream = (x[None, :] - x1) * (y2 - y1) - (y[:, None] - y1) * (x2 - x1) < 0.0
    unknown = unknown | upstream
    nearest = ndimage.distance_transform_edt(unknown, return_distances=False, return_indices=True)
    bed = np.where(unknown, bed[tuple(nearest)] + WALL_M, bed)
    columns = np.round((np.arange(WEST + CELL / 2, EAST, CELL) - x[0]) / CELL).astype(int)
    rows = np.round((y[0] - np.arange(NORTH - CELL / 2, SOUTH, -CELL)) / CELL).astype(int)
    return np.asarray(bed[np.ix_(rows, columns)], dtype=np.float32)


def valley_floor(bed: np.ndarray) -> list[tuple[float, float]]:
    """The way from the dam to the lowest ground of the eastern edge that keeps to the bottom of the valley."""
    above = bed - ndimage.minimum_filter(bed, size=31)
    cost = (1.0 + above) ** 2
    number = np.arange(bed.size).reshape(bed.shape)
    pairs = [(number[:, :-1], number[:, 1:], 1.0), (number[:-1], number[1:], 1.0)]
    pairs += [(number[:-1, :-1], number[1:, 1:], 2**0.5), (number[:-1, 1:], number[1:, :-1], 2**0.5)]
    one, other, weight = (
        np.concatenate(parts)
        for parts in zip(
            *[(a.ravel(), b.ravel(), 0.5 * far * (cost.flat[a.ravel()] + cost.flat[b.ravel()])) for a, b, far in pairs],
            strict=True,
        )
    )
    ways = coo_array((weight, (one, other)), shape=(bed.size, bed.size)).tocsr()
    (x1, y1), (x2, y2) = DAM
    at_dam = np.hypot(
        WEST + CELL * (np.arange(bed.shape[1]) + 0.5)[None, :] - 0.5 * (x1 + x2),
        NORTH - CELL * (np.arange(bed.shape[0]) + 0.5)[:, None] - 0.5 * (y1 + y2),
    )
    start = int(np.argmin(np.where(at_dam < 150.0, bed, np.inf)))
    end = int(number[np.argmin(bed[:, -1]), -1])
    _, before = dijkstra(ways, directed=False, indices=start, return_predecessors=True)
    way = [end]
    while way[-1] != start:
        way.append(int(before[way[-1]]))
    rows, columns = np.divmod(np.array(way[::-1]), bed.shape[1])
    x, y = WEST + CELL * (columns + 0.5), NORTH - CELL * (rows + 0.5)
    smooth = [ndimage.gaussian_filter1d(values, 3.0, mode="nearest") for values in (x, y)]
    return [(round(float(a), 1), round(float(b), 1)) for a, b in zip(*smooth, strict=True)]


def write_site(data: Path, folder: Path, system: str = LOCAL) -> Path:
    """Write terrain, axis and site file; returns the site file."""
    folder.mkdir(parents=True, exist_ok=True)
    crs, bed = CRS.from_user_input(system), ground(data)
    profile = {"driver": "GTiff", "count": 1, "dtype": "float32", "crs": crs}
    rows, columns = bed.shape
    with rasterio.open(
        folder / "terrain.tif",
        "w",
        height=rows,
        width=columns,
        transform=from_origin(WEST, NORTH, CELL, CELL),
        **profile,
    ) as target:
        target.write(bed, 1)
    axis = gpd.GeoDataFrame(geometry=[LineString(valley_floor(bed))], crs=crs.to_wkt())
    axis.to_file(folder / "axis.gpkg", driver="GPKG")
    site = folder / "site.toml"
    site.write_text(SITE)
    return site


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, default=Path(__file__).resolve().parents[2] / "shared/data/malpasset")
    parser.add_argument("--out", type=Path, default=Path("malpasset"))
    parser.add_argument("--crs", default=LOCAL, help="system that the files are to name; coordinates are not moved")
    arguments = parser.parse_args()
    if not (arguments.data / "nodes.csv").is_file():
        raise SystemExit(f"{arguments.data} holds no nodes.csv: give the folder of the mesh with --data")
    print(write_site(arguments.data, arguments.out, arguments.crs))
