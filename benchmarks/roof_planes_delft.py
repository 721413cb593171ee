"""Roof planes of a real neighbourhood: how much roof is found, what thinner surveys change, what the horizon's mean costs.

Usage: ``python benchmarks/roof_planes_delft.py [DATA]``, where DATA (``../shared/data`` by default) holds the point clouds and
footprints of Delft and the weather of La Rochelle. Prints, and writes ``benchmarks/results/roof_planes_delft.json`` and a
picture beside it.

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

from frugal.cadastre import roof_planes
from frugal.cadastre.horizons import as_bytes, elevations, plane_horizons, reduced
from frugal.cadastre.plane_light import yearly_irradiation
from frugal.cadastre.roof_planes import RoofPlane, segment_roofs
from frugal.cadastre.uncertainty import spread
from frugal.experiments.studies.roof_yield.answers import Columns, physics
from frugal.experiments.studies.roof_yield.site import RoofYieldSite, Territory
from frugal.formats.footprints import read_footprints
from frugal.formats.point_cloud import Surfaces, surfaces_from_points
from frugal.formats.raster import SurfaceModel, grid_convergence_deg
from frugal.physics.solar.horizon import horizon_at_points
from frugal.physics.solar.sky import cumulative_sky_tables

ROOT = Path(__file__).resolve().parents[1]
RESULTS = ROOT / "benchmarks" / "results"
CRS = "EPSG:28992"
RESOLUTION_M = 0.5
REACH_M = 200.0

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


def rms(values: np.ndarray) -> float:
    return float(np.sqrt(np.mean(np.square(values))))


def horizon_reduction(
    surface: SurfaceModel, planes: list[RoofPlane], territory: Territory
) -> dict[str, dict[str, float]]:
    """Error of the yields of one horizon per plane against the mean of the yields of its nine points (hourly physics)."""
    turn = grid_convergence_deg(surface)
    tables = cumulative_sky_tables(territory.year, 36)
    azimuths = (np.arange(72) * 5.0 - turn) % 360.0
    counts = [len(plane.sample_rows) for plane in planes]
    seen = horizon_at_points(
        surface.heights,
        surface.resolution_m,
        np.concatenate([plane.sample_rows for plane in planes]),
        np.concatenate([plane.sample_cols for plane in planes]),
        np.concatenate([plane.sample_heights_m for plane in planes]),
        azimuths,
        REACH_M,
    )
    owner = np.repeat(np.arange(len(planes)), counts)

    def monthly(which: np.ndarray, horizon: np.ndarray) -> np.ndarray:
        n = horizon.shape[1]
        tilt = np.array([planes[k].tilt_deg for k in which])
        azimuth = np.array([(planes[k].azimuth_deg + turn) % 360.0 for k in which])
        fixed = np.tile([0.2, 1.15, 1.0], (len(which), 1))
        columns = Columns(np.column_stack([tilt, azimuth, horizon, fixed]), n)
        return physics(territory.year, columns, horizon, territory.transposition)[:, :13]

    def mean(values: np.ndarray) -> np.ndarray:
        return np.array([values[owner == k].mean(axis=0) for k in range(len(planes))])

    truth = mean(monthly(owner, seen))
    every, average = np.arange(len(planes)), mean(seen)
    middle = np.array([np.flatnonzero(owner == k)[(counts[k] - 1) // 2] for k in every])
    answers = {
        "mean horizon, 72 azimuths": monthly(every, average),
        "mean horizon, 36 sectors": monthly(every, reduced(average)),
        "mean horizon, 36 bytes": monthly(every, elevations(as_bytes(reduced(average)))),
        "as stored: scaled to the same light of the year, 36 bytes": monthly(
            every, plane_horizons(surface, planes, REACH_M, turn, tables).elevation_deg
        ),
        "horizon of the middle point, 36 sectors": monthly(every, reduced(seen[middle])),
        "no horizon": monthly(every, np.zeros((len(planes), 36))),
    }
    errors = {}
    for name, answer in answers.items():
        off = answer - truth
        relative = np.sqrt(np.mean(off**2, axis=0)) / truth.mean(axis=0)
        errors[name] = {
            "yearly_nrmse_percent": 100.0 * float(relative[12]),
            "yearly_bias_percent": 100.0 * float(off[:, 12].mean() / truth[:, 12].mean()),
            "worst_month_nrmse_percent": 100.0 * float(relative[:12].max()),
            "month_rmse_kwh_per_kwp": rms(off[:, :12]),
        }
    return errors


def nine_points(surface: SurfaceModel, planes: list[RoofPlane], territory: Territory) -> dict[str, float]:
    """Light of a year at nine points against all cells of a plane, and what the standard error stated for it says."""
    turn = grid_convergence_deg(surface)
    tables = cumulative_sky_tables(territory.year, 36)
    azimuths = (np.arange(72) * 5.0 - turn) % 360.0
    rows, cols = surface.heights.shape
    x, y = np.meshgrid(surface.x_of(np.arange(cols)), surface.y_of(np.arange(rows)))
    stated = plane_horizons(surface, planes, REACH_M, turn, tables).sample_error
    off = []
    for plane in planes:
        azimuth = plane.azimuth_deg + turn
        west, south, east, north = plane.polygon.bounds
        box = (
            slice(int((surface.y_max - north) / RESOLUTION_M), int((surface.y_max - south) / RESOLUTION_M) + 2),
            slice(int((west - surface.x_min) / RESOLUTION_M), int((east - surface.x_min) / RESOLUTION_M) + 2),
        )
        row, col = np.nonzero(shapely.contains_xy(plane.polygon, x[box], y[box]))
        row, col = row + box[0].start, col + box[1].start
        facing = np.radians(plane.azimuth_deg)
        fall = np.tan(np.radians(plane.tilt_deg)) * RESOLUTION_M

        def level(i: np.ndarray, j: np.ndarray, facing: float = facing, fall: float = fall) -> np.ndarray:
            return -fall * (j * np.sin(facing) - i * np.cos(facing))

        origin = float(np.mean(plane.sample_heights_m - level(plane.sample_rows, plane.sample_cols)))
        heights = origin + level(row, col)
        on = np.abs(heights - 0.1 - surface.heights[row, col]) < 0.25
        if on.sum() < 9:
            off.append(np.nan)
            continue

        def light(
            i: np.ndarray, j: np.ndarray, z: np.ndarray, tilt: float = plane.tilt_deg, to: float = azimuth
        ) -> float:
            seen = reduced(horizon_at_points(surface.heights, RESOLUTION_M, i, j, z, azimuths, REACH_M))
            return float(yearly_irradiation(tables, np.full(len(i), tilt), np.full(len(i), to), seen, 0.2).mean())

        every = light(row[on], col[on], heights[on])
        off.append(light(plane.sample_rows, plane.sample_cols, plane.sample_heights_m) / every - 1.0)
    relative = np.array(off)
    known = np.isfinite(relative)
    return {
        "rms_percent": 100.0 * rms(relative[known]),
        "bias_percent": 100.0 * float(relative[known].mean()),
        "within_stated_error_percent": 100.0 * float(np.mean(np.abs(relative[known]) < stated[known])),
    }


def linear_propagation(surface: SurfaceModel, planes: list[RoofPlane], territory: Territory) -> dict[str, float]:
    """Relative errors of the yield by cause, from irradiation, and how far those of hourly yields are from them."""
    turn = grid_convergence_deg(surface)
    tables = cumulative_sky_tables(territory.year, 36)
    azimuth = np.array([p.azimuth_deg if p.flat else (p.azimuth_deg + turn) % 360.0 for p in planes])
    horizons = plane_horizons(surface, planes, REACH_M, turn, tables)
    found = spread(tables, planes, azimuth, horizons, np.zeros(len(planes)))
    tilt = np.array([plane.tilt_deg for plane in planes])

    def yearly(tilts: np.ndarray, azimuths: np.ndarray, horizon: np.ndarray) -> np.ndarray:
        fixed = np.tile([0.2, 1.15, 1.0], (len(tilts), 1))
        columns = Columns(np.column_stack([tilts, azimuths % 360.0, horizon, fixed]), 36)
        return physics(territory.year, columns, np.ascontiguousarray(horizon), territory.transposition)[:, 12]

    middle = yearly(tilt, azimuth, horizons.elevation_deg)
    step = np.array([plane.tilt_error_deg for plane in planes])
    by_tilt = np.abs(
        yearly(tilt + step, azimuth, horizons.elevation_deg)
        - yearly(np.maximum(tilt - step, 0.0), azimuth, horizons.elevation_deg)
    )
    higher = np.minimum(horizons.elevation_deg + horizons.error_deg, 85.0)
    lower = np.maximum(horizons.elevation_deg - horizons.error_deg, 0.0)
    by_heights = np.abs(yearly(tilt, azimuth, lower) - yearly(tilt, azimuth, higher))
    of_heights = np.sqrt(np.maximum(found.horizon**2 - horizons.sample_error**2, 0.0))
    return {
        **{
            f"{name}_median_percent": 100.0 * float(np.median(getattr(found, name)))
            for name in ("weather", "tilt", "azimuth", "horizon", "total")
        },
        **{
            f"{name}_90_percent_within_percent": 100.0 * float(np.quantile(getattr(found, name), 0.9))
            for name in ("tilt", "azimuth", "horizon", "total")
        },
        "tilt_rms_difference_from_yields_percent": 100.0 * rms(found.tilt - by_tilt / 2.0 / middle),
        "heights_rms_difference_from_yields_percent": 100.0 * rms(of_heights - by_heights / 2.0 / middle),
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
    territory = Territory(RoofYieldSite(weather=next((data / "weather").glob("*TMYx.epw.gz"))))
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
    result["horizon_of_a_plane"] = horizon_reduction(full.surface, planes, territory)
    result["nine_points_against_every_cell"] = nine_points(full.surface, planes, territory)
    result["spread"] = linear_propagation(full.surface, planes, territory)
    rounded = json.loads(json.dumps(result), parse_float=lambda text: round(float(text), 3))
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / "roof_planes_delft.json").write_text(json.dumps(rounded, indent=2) + "\n")
    print(json.dumps(rounded, indent=2))
    picture(RESULTS / "roof_planes_delft.png", full.surface, footprints, roofs)


if __name__ == "__main__":
    main()
