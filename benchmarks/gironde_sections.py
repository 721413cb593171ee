"""Sections of the Gironde from a topo-bathymetry: ``python benchmarks/gironde_sections.py [TOPOBATHYMETRY.tif]``.

Widths and areas below the zero of the raster each 4 km along a centre line, from Port Bloc to the confluence of Garonne and
Dordogne, where the raster ends; the places of the gauges along it; and the depth that a channel 200 m wide has all along.
Prints the tables that `estuary_fitting.py` and the site file hold. By default ``../shared/data/gironde/topobathymetry.tif``
(about 89 × 132 m, WGS 84, CNES/demcompare test data; origin and zero not stated).
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import rasterio
from pyproj import Transformer
from scipy.ndimage import label

#: First guess of the line (longitude, latitude); it is then drawn to the middle of the water.
START = (
    (-1.041, 45.582), (-0.98, 45.535), (-0.92, 45.49), (-0.87, 45.45), (-0.81, 45.40), (-0.77, 45.35), (-0.745, 45.30),
    (-0.735, 45.25), (-0.72, 45.20), (-0.70, 45.15), (-0.68, 45.11), (-0.65, 45.075), (-0.613, 45.045),
)  # fmt: skip
GAUGES = {
    "Port Bloc": (-1.061555, 45.56848), "Richard": (-0.92305, 45.453667), "Lamena": (-0.795167, 45.335567),
    "Pauillac Trompeloup": (-0.746028, 45.218056), "Fort Medoc": (-0.7, 45.117), "Ambes": (-0.603517, 45.040483),
}  # fmt: skip
KNOT_M, SLICE_M, ROUNDS = 4000.0, 1000.0, 8
CHANNEL_M = 200.0
TO_METRES = Transformer.from_crs(4326, 2154, always_xy=True)


def along(line: np.ndarray, x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Distance along a line of the point of it that is nearest [m]; its end pieces go on."""
    nearest, place, passed = np.full(x.shape, np.inf), np.zeros(x.shape), 0.0
    last = len(line) - 2
    for k in range(len(line) - 1):
        step = line[k + 1] - line[k]
        length = float(np.hypot(*step))
        share = ((x - line[k, 0]) * step[0] + (y - line[k, 1]) * step[1]) / length**2
        share = np.clip(share, -np.inf if k == 0 else 0.0, np.inf if k == last else 1.0)
        far = (x - line[k, 0] - share * step[0]) ** 2 + (y - line[k, 1] - share * step[1]) ** 2
        place = np.where(far < nearest, passed + share * length, place)
        nearest = np.minimum(far, nearest)
        passed += length
    return place


def main() -> None:
    given = (
        Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parents[2] / "shared/data/gironde/topobathymetry.tif"
    )
    if not given.is_file():
        raise SystemExit(f"{given} is not there: give the topo-bathymetry as argument")
    with rasterio.open(given) as source:
        height, transform = source.read(1).astype(float), source.transform
    rows, columns = height.shape
    lon, lat = np.meshgrid(
        transform.c + transform.a * (np.arange(columns) + 0.5), transform.f + transform.e * (np.arange(rows) + 0.5)
    )
    cell = 111_132.0 * abs(transform.e) * 111_320.0 * np.cos(np.radians(lat)) * transform.a
    wet = (height < 0.3) & (lon > -1.08) & (lon < -0.603) & (lat > 45.0) & (lat < 45.64)
    parts, _ = label(wet)
    within = parts == parts[np.unravel_index(np.argmin((lon + 0.87) ** 2 + (lat - 45.45) ** 2), lon.shape)]
    x, y = (values[within] for values in TO_METRES.transform(lon, lat))
    size, level = cell[within], height[within]
    line = np.stack(TO_METRES.transform(*np.array(START).T), axis=1)
    for _ in range(ROUNDS):
        length = float(np.hypot(*np.diff(line, axis=0).T).sum())
        place = along(line, x, y)
        middles = []
        for begin in np.arange(0.0, length - 2499.0, 2500.0):
            here = (place >= begin) & (place < begin + 2500.0)
            middles.append((np.average(x[here], weights=size[here]), np.average(y[here], weights=size[here])))
        smooth = np.array(middles)
        smooth[1:-1] = 0.25 * smooth[:-2] + 0.5 * smooth[1:-1] + 0.25 * smooth[2:]
        line = np.vstack([line[0], smooth[1:], line[-1]])
    place = along(line, x, y)
    begins = np.arange(-1000.0, 72_000.0, SLICE_M)
    widths, areas, channel = [], [], []
    for begin in begins:
        here = (place >= begin) & (place < begin + SLICE_M)
        share = size[here] / SLICE_M
        widths.append(float((share * (level[here] < 0.0)).sum()))
        areas.append(float((share * np.maximum(-level[here], 0.0)).sum()))
        deepest = np.argsort(level[here])
        reached = min(int(np.searchsorted(np.cumsum(share[deepest]), CHANNEL_M)), deepest.size - 1)
        channel.append(-float(level[here][deepest][reached]))
    at = begins + 0.5 * SLICE_M
    print("km   width   area below zero   channel")
    for knot in np.arange(0.0, 72_001.0, KNOT_M):
        weight = np.maximum(1.0 - np.abs(at - knot) / KNOT_M, 0.0)
        width, area = (float(np.average(values, weights=weight)) for values in (widths, areas))
        least = min(np.array(channel)[np.abs(at - knot) <= 2000.0])
        print(f"{knot / 1e3:4.0f} {round(width, -1):7.0f} {round(area, -2):10.0f} {least:14.1f}")
    for name, where in GAUGES.items():
        gx, gy = TO_METRES.transform(*where)
        print(f"{name}: {float(along(line, np.array([gx]), np.array([gy]))[0]) / 1e3:.1f} km")


if __name__ == "__main__":
    main()
