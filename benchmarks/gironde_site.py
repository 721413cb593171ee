"""Make a site for `submersion` from the topo-bathymetry of the Gironde: the marshes of the northern Médoc behind a dike.

Usage: ``python benchmarks/gironde_site.py [TOPOBATHYMETRY.tif] [FOLDER]``; then
``frugal train submersion --site FOLDER/site.toml``. By default ``../shared/data/gironde/topobathymetry.tif`` and ``gironde``.

The raster (89 × 132 m, WGS 84, CNES/demcompare test data) shows no dike: its line was drawn along the inner edge of the
foreshore by eye, and its crest is set; ground before it is foreshore, no land. The ranges of tide and surge are of the size of
those at the mouth of the Gironde. The result shows that the study runs on a real terrain; it is no statement about the place.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import numpy as np
import rasterio
from rasterio.enums import Resampling
from rasterio.transform import from_origin
from rasterio.warp import reproject

#: Western and northern edge in Lambert-93, rows, columns, cell in m.
WEST, NORTH, ROWS, COLUMNS, CELL = 380_900.0, 6_499_800.0, 150, 160, 100.0
#: Corners of the dike from the south, in cells of the window: column, row.
DIKE = (
    (159.5, 149.5), (153.0, 142.0), (140.0, 122.0), (124.0, 102.0), (112.0, 92.0), (95.0, 85.0), (80.0, 72.0), (65.0, 60.0),
    (52.0, 45.0), (40.0, 32.0), (25.0, 22.0), (17.0, 10.0), (17.0, 0.5),
)  # fmt: skip


def write_site(raster: Path, folder: Path) -> Path:
    """Write terrain, dike and site file; returns the site file."""
    folder.mkdir(parents=True, exist_ok=True)
    height = np.full((ROWS, COLUMNS), np.nan, dtype="float32")
    transform = from_origin(WEST, NORTH, CELL, CELL)
    with rasterio.open(raster) as source:
        reproject(
            source.read(1), height, src_transform=source.transform, src_crs=source.crs, dst_transform=transform,
            dst_crs="EPSG:2154", resampling=Resampling.average, dst_nodata=np.nan,
        )  # fmt: skip
    profile = {"driver": "GTiff", "count": 1, "dtype": "float32", "crs": "EPSG:2154", "transform": transform}
    with rasterio.open(folder / "terrain.tif", "w", height=ROWS, width=COLUMNS, **profile) as target:
        target.write(height, 1)
    line = [(WEST + column * CELL, NORTH - row * CELL) for column, row in DIKE]
    feature = {"type": "Feature", "properties": {}, "geometry": {"type": "LineString", "coordinates": line}}
    crs = {"type": "name", "properties": {"name": "EPSG:2154"}}
    (folder / "dike.geojson").write_text(json.dumps({"type": "FeatureCollection", "crs": crs, "features": [feature]}))
    site = folder / "site.toml"
    site.write_text(
        'terrain = "terrain.tif"\ndike = "dike.geojson"\nsea = ["east"]\ndike_crest_m = 5.0\n'
        "tide_range = [2.0, 5.5]\nsurge_peak = [0.5, 2.0]\ncell_size_m = 200.0\nn_runs = 96\n"
    )
    return site


if __name__ == "__main__":
    given = [Path(argument) for argument in sys.argv[1:]]
    raster = given[0] if given else Path(__file__).resolve().parents[2] / "shared/data/gironde/topobathymetry.tif"
    if not raster.is_file():
        raise SystemExit(f"{raster} is not there: give the topo-bathymetry as first argument")
    print(write_site(raster, given[1] if len(given) > 1 else Path("gironde")))
