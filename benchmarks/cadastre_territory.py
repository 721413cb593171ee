"""Cost of a large cadastre: ``python benchmarks/cadastre_territory.py DSM [--buildings FILE] [--km2 25] [--threads 2]``.

A surface model is repeated, mirrored at its edges, until it covers the area, and its footprints with it. `make_cadastre` then
runs on it from beginning to end with an answer of `roof_yield` (``--bundle``). Printed and written to
``results/cadastre_territory.json``: CPU seconds per km² by stage, peak memory, bytes of the files, and the cost
of a département of 6,720 km² (Vendée) **extrapolated** from them by area: it was not run. That is a lower bound: of a surface
model without trees or hills, with a bundle at hand; rasterising point clouds and training come on top.
"""

from __future__ import annotations

import argparse
import json
import resource
import tempfile
from pathlib import Path
from typing import Any

import geopandas
import numpy as np
import pandas
import shapely

from frugal.cadastre.job.settings import CadastreSettings
from frugal.cadastre.run import make_cadastre
from frugal.formats.files.atomic import write_text
from frugal.formats.rasters.surface_model import SurfaceModel, read_surface_model, write_surface_model
from frugal.formats.vectors.footprints import read_footprints
from frugal.reporting.progress import Terminal

HERE = Path(__file__).resolve().parent
DEPARTEMENT_KM2 = 6720.0


def repeated(surface: SurfaceModel, buildings: geopandas.GeoDataFrame | None, folder: Path, km2: float) -> int:
    """Write the copies of the surface, and of the footprints, as files; returns how many copies there are."""
    rows, columns = surface.heights.shape
    size = surface.resolution_m
    width, height = columns * size, rows * size
    known = np.isfinite(surface.heights).mean()
    side = (km2 * 1e6 / known) ** 0.5
    across, down = int(np.ceil(side / width)), int(np.ceil(side / height))
    frames = []
    for i in range(down):
        for j in range(across):
            heights = surface.heights[:: -1 if i % 2 else 1, :: -1 if j % 2 else 1]
            x, y = surface.x_min + j * width, surface.y_max - i * height
            copy = SurfaceModel(heights, size, x, y, surface.crs, "copy", "")
            write_surface_model(folder / f"copy_{i}_{j}.tif", copy)
            if buildings is not None:
                frames.append(_moved(buildings, surface, i, j))
    if frames:
        whole = geopandas.GeoDataFrame(pandas.concat(frames, ignore_index=True), crs=surface.crs)
        whole.to_file(folder / "buildings.gpkg")
    return down * across


def _moved(buildings: geopandas.GeoDataFrame, surface: SurfaceModel, i: int, j: int) -> geopandas.GeoDataFrame:
    rows, columns = surface.heights.shape
    width, height = columns * surface.resolution_m, rows * surface.resolution_m

    def turned(places: np.ndarray) -> np.ndarray:
        x, y = places[:, 0] - surface.x_min, surface.y_max - places[:, 1]
        x, y = (width - x if j % 2 else x), (height - y if i % 2 else y)
        return np.column_stack([surface.x_min + j * width + x, surface.y_max - i * height - y])

    copy = buildings.copy()
    copy["building_id"] = [f"{i}-{j}-{name}" for name in copy["building_id"]]
    copy["geometry"] = [shapely.transform(shape, turned) for shape in copy.geometry]
    return copy


def main() -> None:
    """Make it and tell what it took."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("dsm", type=Path)
    parser.add_argument("--buildings", type=Path)
    parser.add_argument("--bundle", type=Path, required=True)
    parser.add_argument("--km2", type=float, default=25.0)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--work", type=Path, help="folder for the files, kept; a temporary one by default")
    parser.add_argument("--out", type=Path, default=HERE / "results")
    arguments = parser.parse_args()
    surface = read_surface_model(arguments.dsm)
    frame = None
    if arguments.buildings is not None:
        rows, columns = surface.heights.shape
        edges = (
            surface.x_min,
            surface.y_max - rows * surface.resolution_m,
            surface.x_min + columns * surface.resolution_m,
            surface.y_max,
        )
        frame = read_footprints(arguments.buildings, surface.crs, edges)
    with tempfile.TemporaryDirectory() as temporary:
        folder = arguments.work or Path(temporary)
        (folder / "copies").mkdir(parents=True, exist_ok=True)
        copies = repeated(surface, frame, folder / "copies", arguments.km2)
        settings = CadastreSettings(
            inputs=(folder / "copies",),
            buildings=folder / "copies" / "buildings.gpkg" if frame is not None else None,
            bundle=arguments.bundle,
            force_weather=True,  # yields are not what is measured here
            threads=arguments.threads,
        )
        cadastre = make_cadastre(settings, folder / "cadastre", Terminal())
        document = told(cadastre, copies, surface, arguments, share_of_buildings(settings, folder))
    text = json.dumps(document, indent=1)
    write_text(arguments.out / "cadastre_territory.json", text + "\n")
    print(text)


def share_of_buildings(settings: CadastreSettings, folder: Path) -> float:
    """Bytes of the maps of buildings alone over those of all cells, on the first copy."""
    sizes = []
    for cells in ("buildings", "all"):
        one = settings.model_copy(update={"inputs": (folder / "copies" / "copy_0_0.tif",), "maps_of": cells})
        made = make_cadastre(one, folder / f"of_{cells}")
        sizes.append(sum(file.stat().st_size for file in made.out.rglob("irradiation.tif")))
    return sizes[0] / sizes[1]


def told(
    cadastre: Any, copies: int, surface: SurfaceModel, arguments: argparse.Namespace, of_buildings: float
) -> dict[str, Any]:
    """What was measured, and the extrapolation beside it."""
    spent = cadastre.footprint
    files = {
        name: sum(f.stat().st_size for f in cadastre.out.rglob(pattern)) / 1e6
        for name, pattern in (
            ("irradiation_mb", "irradiation.tif"),
            ("geopackage_mb", "*.gpkg"),
            ("map_mb", "map/**/*"),
        )
    }
    per_km2 = spent["cpu_seconds"] / spent["area_km2"]
    hours = per_km2 * DEPARTEMENT_KM2 / 3600.0
    watts = spent["watts_per_core"]
    gigabytes = files["irradiation_mb"] / spent["area_km2"] * DEPARTEMENT_KM2 / 1000.0
    return {
        "surface": arguments.dsm.name,
        "copies": copies,
        "resolution_m": surface.resolution_m,
        "area_km2": round(spent["area_km2"], 2),
        "buildings": cadastre.buildings,
        "planes": cadastre.planes,
        "threads": arguments.threads,
        "cpu_seconds": round(spent["cpu_seconds"], 1),
        "cpu_seconds_by_stage": {name: round(value, 1) for name, value in spent["cpu_seconds_by_stage"].items()},
        "cpu_seconds_per_km2": round(per_km2, 2),
        "peak_memory_mb": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024),
        **{name: round(value, 1) for name, value in files.items()},
        "departement_extrapolated": {
            "area_km2": DEPARTEMENT_KM2,
            "cpu_hours": round(hours, 1),
            "energy_kwh": {name: round(hours * value / 1000.0, 3) for name, value in watts.items()},
            "irradiation_gb": round(gigabytes, 1),
            "irradiation_of_buildings_gb": round(of_buildings * gigabytes, 1),
            "said": "extrapolated by area from the run above, not run; without trees, hills, point clouds and training",
        },
    }


if __name__ == "__main__":
    main()
