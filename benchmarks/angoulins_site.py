"""Make a site for `submersion` from a tile of IGN's LiDAR HD at Angoulins, south of La Rochelle.

Usage: ``python benchmarks/angoulins_site.py [TILE.laz] [FOLDER]``; then ``frugal simulate submersion --site FOLDER/site.toml
--out flood.tif``. By default the tile in ``../shared/data/lidarhd_angoulins`` and ``angoulins``.

The tile goes into the site as it is: its points classed as ground and water become the terrain, what stands on them does not.
A line was drawn by eye along the sea front and the western edge of the low ground, in the place of whatever dikes and sea walls
are there; its crest is set. The heights are those of IGN69; the mean level of the sea stands some 0.4 m above that zero here
(a value of the size of those that the Shom publishes for La Rochelle, not read there), and the ranges of tide and surge are of
the size of those of the place. The result shows the way from a tile to a map; it is no statement about the place.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

TILE = "shared/data/lidarhd_angoulins/test_semis_2021_0382_6565_LA93_IGN69.laz"
#: Corners of the line in Lambert-93, from the south-east.
LINE = (
    (382_470, 6_564_003), (382_400, 6_564_078), (382_350, 6_564_118), (382_300, 6_564_130), (382_255, 6_564_178),
    (382_200, 6_564_198), (382_130, 6_564_206), (382_060, 6_564_196), (382_033, 6_564_200), (382_033, 6_564_996),
)  # fmt: skip
SITE = """terrain = ["{tile}"]
terrain_datum = "NGF/IGN69"
mean_sea_level_m = 0.4
sea = ["south", "west"]
dike = "line.geojson"
dike_crest_m = 6.0
tide_range = [2.0, 6.5]
surge_peak = [0.3, 1.8]
cell_size_m = 10.0
n_runs = 96
"""


def write_site(tile: Path, folder: Path) -> Path:
    """Write the line and the site file; returns the site file."""
    folder.mkdir(parents=True, exist_ok=True)
    feature = {"type": "Feature", "properties": {}, "geometry": {"type": "LineString", "coordinates": LINE}}
    crs = {"type": "name", "properties": {"name": "EPSG:2154"}}
    (folder / "line.geojson").write_text(json.dumps({"type": "FeatureCollection", "crs": crs, "features": [feature]}))
    site = folder / "site.toml"
    site.write_text(SITE.format(tile=Path(os.path.relpath(tile, folder)).as_posix()))
    return site


if __name__ == "__main__":
    given = [Path(argument) for argument in sys.argv[1:]]
    tile = given[0] if given else Path(__file__).resolve().parents[2] / TILE
    if not tile.is_file():
        sys.exit(f"tile '{tile}' is not there")
    print(write_site(tile, given[1] if len(given) > 1 else Path("angoulins")))
