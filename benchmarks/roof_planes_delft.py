"""Roof planes of a real neighbourhood: how much roof is found, what thinner surveys change, what the horizon's mean costs.

Usage: ``python benchmarks/roof_planes_delft.py [DATA]``, where DATA (``../shared/data`` by default) holds the point clouds and
footprints of Delft and the weather of La Rochelle. Prints, and writes ``benchmarks/results/roof_planes_delft.json`` and a
picture beside it. Horizons, trees and tables of the sky are those of the cadastre.

Survey: AHN3, footprints: BGT, both Dutch open data.
"""

from __future__ import annotations

import colorsys
import json
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import shapely
from roof_light_delft import REACH_M, horizon_reduction, linear_propagation, nine_points, place, rms

from frugal.cadastre.roofs import segmentation as roof_planes
from frugal.cadastre.roofs.segmentation import RoofPlane, segment_roofs
from frugal.cadastre.roofs.usable_area import UsableRules, power_kwp
from frugal.formats.point_clouds.surfaces import Surfaces, surfaces_from_points
from frugal.formats.rasters.surface_model import SurfaceModel
from frugal.formats.vectors.footprints import read_footprints
from frugal.studies.solar.roof_yield.site import RoofYieldSite, SolarTerritory

ROOT = Path(__file__).resolve().parents[1]
RESULTS = ROOT / "benchmarks" / "results"
CRS = "EPSG:28992"
RESOLUTION_M = 0.5

Roofs = list[list[RoofPlane]]


def thinned(clouds: list[Path], share: float, seed: int, other: bool, folder: Path) -> list[Path]:
    """The clouds with that share of their points, drawn at random; or, with ``other``, with those left over."""
    import laspy

    random = np.random.default_rng(seed)
    paths = []
    for cloud in clouds:
        data = laspy.read(cloud)
        keep = random.random(len(data.points)) < share
        data.points = data.points[~keep if other else keep]
        path = folder / f"{cloud.stem}_{share:g}_{seed}_{other}.laz"
        data.write(path)
        paths.append(path)
    return paths


def surfaces(clouds: list[Path], footprints: shapely.Geometry) -> Surfaces:
    west, south, east, north = footprints.bounds
    reach = REACH_M
    return surfaces_from_points(clouds, (west - reach, south - reach, east + reach, north + reach), RESOLUTION_M, CRS)


def segmented(found: Surfaces, footprints: list[shapely.Geometry]) -> Roofs:
    return [segment_roofs(found.surface, footprint, bare=found.bare) for footprint in footprints]


def share_found(found: Surfaces, footprints: list[shapely.Geometry], roofs: Roofs) -> dict[str, float]:
    """Share of the footprints, and of their cells with points of class building, that planes cover."""
    surface = found.surface
    rows, cols = surface.heights.shape
    x, y = np.meshgrid(surface.x_of(np.arange(cols)), surface.y_of(np.arange(rows)))
    inside, covered = np.zeros(x.shape, dtype=bool), np.zeros(x.shape, dtype=bool)
    for footprint, planes in zip(footprints, roofs, strict=True):
        west, south, east, north = footprint.bounds
        box = (
            slice(int((surface.y_max - north) / RESOLUTION_M), int((surface.y_max - south) / RESOLUTION_M) + 2),
            slice(int((west - surface.x_min) / RESOLUTION_M), int((east - surface.x_min) / RESOLUTION_M) + 2),
        )
        inside[box] |= shapely.contains_xy(footprint, x[box], y[box])
        for plane in planes:
            covered[box] |= shapely.contains_xy(plane.polygon, x[box], y[box])
    assert found.roof_class is not None
    roof = inside & found.roof_class
    return {
        "of_footprints_percent": 100.0 * float((covered & inside).sum() / inside.sum()),
        "of_building_class_percent": 100.0 * float((covered & roof).sum() / roof.sum()),
    }


def matched(first: Roofs, second: Roofs) -> list[tuple[RoofPlane, RoofPlane]]:
    """Planes of two surveys that share more than half of the area of both together."""
    pairs = []
    for ours, theirs in zip(first, second, strict=True):
        for plane in ours:
            for other in theirs:
                both = shapely.intersection(plane.polygon, other.polygon).area
                if both > 0.5 * (plane.polygon.area + other.polygon.area - both):
                    pairs.append((plane, other))
    return pairs


def repeatability(first: Roofs, second: Roofs) -> dict[str, float]:
    """How the planes of two surveys differ."""
    pairs = matched(first, second)
    total = sum(plane.area_m2 for planes in first for plane in planes)
    tilts = np.array([b.tilt_deg - a.tilt_deg for a, b in pairs])
    steep = [(a, b) for a, b in pairs if min(a.tilt_deg, b.tilt_deg) > 10.0]
    turns = np.array([(b.azimuth_deg - a.azimuth_deg + 180.0) % 360.0 - 180.0 for a, b in steep])
    areas = np.array([b.area_m2 / a.area_m2 - 1.0 for a, b in pairs])
    usable = np.array([b.usable_area_m2 / a.usable_area_m2 - 1.0 for a, b in pairs if a.usable_area_m2 > 5.0])
    stated = np.array([np.hypot(a.tilt_error_deg, b.tilt_error_deg) for a, b in pairs])
    stated_turn = np.array([np.hypot(a.azimuth_error_deg, b.azimuth_error_deg) for a, b in steep])
    return {
        "planes": sum(map(len, first)),
        "matched_percent_of_area": 100.0 * sum(a.area_m2 for a, _ in pairs) / total,
        "tilt_rms_deg": rms(tilts),
        "tilt_median_absolute_deg": float(np.median(np.abs(tilts))),
        "tilt_90_percent_within_deg": float(np.quantile(np.abs(tilts), 0.9)),
        "azimuth_rms_deg": rms(turns),
        "azimuth_median_absolute_deg": float(np.median(np.abs(turns))),
        "azimuth_90_percent_within_deg": float(np.quantile(np.abs(turns), 0.9)),
        "area_median_absolute_percent": 100.0 * float(np.median(np.abs(areas))),
        "area_bias_percent": 100.0 * float(np.mean(areas)),
        "usable_area_median_absolute_percent": 100.0 * float(np.median(np.abs(usable))),
        "tilt_within_stated_error_percent": 100.0 * float(np.mean(np.abs(tilts) < stated)),
        "azimuth_within_stated_error_percent": 100.0 * float(np.mean(np.abs(turns) < stated_turn)),
    }


def power_by_points(full: Roofs, halves: list[Roofs], quarter: Roofs) -> dict[str, dict[str, float]]:
    """What usable area and power a thinner survey finds in all; of the two halves, their mean."""
    surveys = {"all points": [full], "half of the points": halves, "a quarter of the points": [quarter]}
    sums: dict[str, dict[str, float]] = {}
    for name, several in surveys.items():
        planes = [plane for roofs in several for found in roofs for plane in found]
        usable = np.array([plane.usable_area_m2 for plane in planes])
        power = power_kwp(usable, np.array([plane.flat for plane in planes]), UsableRules())
        sums[name] = {
            "area_m2": sum(plane.area_m2 for plane in planes) / len(several),
            "usable_area_m2": float(usable.sum()) / len(several),
            "power_kwp": float(power.sum()) / len(several),
        }
    whole = sums["all points"]
    return {
        name: found | {f"{kind}_change_percent": 100.0 * (found[kind] / whole[kind] - 1.0) for kind in whole}
        for name, found in sums.items()
    }


def picture(path: Path, surface: SurfaceModel, footprints: list[shapely.Geometry], roofs: Roofs) -> None:
    """Planes coloured by azimuth, paler the flatter, over the shaded surface."""
    import matplotlib as mpl

    mpl.use("Agg")
    import matplotlib.pyplot as plt
    from matplotlib.colors import LightSource
    from PIL import Image

    west, south, east, north = shapely.total_bounds(footprints)
    heights = np.nan_to_num(surface.heights, nan=float(np.nanmin(surface.heights)))
    shade = LightSource(315, 40).hillshade(heights, vert_exag=1.5, dx=RESOLUTION_M, dy=RESOLUTION_M)
    rows, cols = heights.shape
    figure, axes = plt.subplots(figsize=(13, 11), layout="constrained")
    extent = (
        surface.x_min,
        surface.x_min + cols * RESOLUTION_M,
        surface.y_max - rows * RESOLUTION_M,
        surface.y_max,
    )
    axes.imshow(shade, cmap="gray", extent=extent)
    for footprint, planes in zip(footprints, roofs, strict=True):
        for part in shapely.get_parts(footprint):
            axes.plot(*np.array(part.exterior.coords).T, "k-", lw=0.6)
        for plane in planes:
            strength = 0.15 if plane.flat else min(1.0, 0.3 + plane.tilt_deg / 45.0)
            outline = np.array(plane.polygon.exterior.coords).T
            axes.fill(*outline, color=colorsys.hsv_to_rgb(plane.azimuth_deg / 360.0, strength, 1.0), alpha=0.5)
            axes.plot(*outline, "w-", lw=0.8)
            for hole in plane.polygon.interiors:
                axes.plot(*np.array(hole.coords).T, "r-", lw=0.7)
    axes.set_xlim(west - 5.0, east + 5.0)
    axes.set_ylim(south - 5.0, north + 5.0)
    axes.set_title(
        "Roof planes, coloured by azimuth, paler where flatter. Survey AHN3, footprints BGT (Dutch open data)"
    )
    figure.savefig(path, dpi=80)
    with Image.open(path) as drawn:
        few_colours = drawn.convert("RGB").quantize(256, Image.Quantize.FASTOCTREE)
    few_colours.save(path, optimize=True)


def main() -> None:
    """Measure, print and write."""
    data = Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT.parent / "shared" / "data"
    clouds = sorted((data / "ahn3_delft").glob("*.laz"))
    footprints = list(read_footprints(data / "ahn3_delft" / "bgt_pand.sqlite", CRS).geometry)
    territory = SolarTerritory(RoofYieldSite(weather=next((data / "weather").glob("*TMYx.epw.gz"))))
    whole = shapely.union_all(footprints)
    full = surfaces(clouds, whole)
    segmented(full, footprints[:3])  # compiles
    started = time.process_time()
    roofs = segmented(full, footprints)
    spent = time.process_time() - started
    planes = [plane for found in roofs for plane in found]
    area = sum(footprint.area for footprint in footprints)
    result: dict = {
        "footprints": len(footprints),
        "footprint_area_m2": area,
        "planes": len(planes),
        "plane_area_m2": sum(plane.area_m2 for plane in planes),
        "usable_percent": 100.0 * sum(p.usable_area_m2 for p in planes) / sum(p.area_m2 for p in planes),
        "cpu_ms_per_building": 1e3 * spent / len(footprints),
        "cpu_ms_per_150_m2": 1e3 * spent / area * 150.0,
        "share_found": share_found(full, footprints, roofs),
    }
    least, roof_planes.SMALLEST_PLANE_M2 = roof_planes.SMALLEST_PLANE_M2, 0.0
    result["share_found_with_planes_below_10_m2"] = share_found(full, footprints, segmented(full, footprints))
    roof_planes.SMALLEST_PLANE_M2 = least
    thinner = {}
    with tempfile.TemporaryDirectory() as folder:
        halves = [
            segmented(surfaces(thinned(clouds, 0.5, 0, other, Path(folder)), whole), footprints)
            for other in (False, True)
        ]
        quarter = segmented(surfaces(thinned(clouds, 0.25, 0, False, Path(folder)), whole), footprints)
        thinner["50 % against all points"] = repeatability(roofs, halves[0])
        thinner["25 % against all points"] = repeatability(roofs, quarter)
        thinner["one half against the other"] = repeatability(*halves)
    result["repeatability"] = thinner
    result["power_by_points"] = power_by_points(roofs, halves, quarter)
    where = place(full, territory)
    result["horizon_of_a_plane"] = horizon_reduction(where, planes)
    result["nine_points_against_every_cell"] = nine_points(where, planes)
    result["spread"] = linear_propagation(where, planes)
    rounded = json.loads(json.dumps(result), parse_float=lambda text: round(float(text), 3))
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / "roof_planes_delft.json").write_text(json.dumps(rounded, indent=2) + "\n")
    print(json.dumps(rounded, indent=2))
    picture(RESULTS / "roof_planes_delft.png", full.surface, footprints, roofs)


if __name__ == "__main__":
    main()
