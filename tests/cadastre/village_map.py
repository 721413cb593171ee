"""A map folder of the generated village: real segmentation, real horizons, real answers, nothing from a survey.

Planes are the patches that `roofs` finds (not the planes of the cadastre itself, which has its own tests); horizons are
computed on the surface, stored in bytes, and answered by the graph of `roof_yield` that the folder ships.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import geopandas
import numpy as np
import rasterio.features
import shapely
from rasterio.transform import from_origin

from frugal.cadastre.tables.classes import class_of, classes_for
from frugal.cadastre.web_map.folder import write_map_folder
from frugal.cadastre.yields.sky_table import read_sky_table, write_sky_table
from frugal.cadastre.yields.yields import co2_avoided
from frugal.formats.rasters.surface_model import SurfaceModel, grid_convergence_deg
from frugal.physics.solar.horizon import horizon_at_points
from frugal.studies.solar.roof_yield.site import RoofYieldSite
from frugal.studies.solar.roof_yield.study import N_SECTORS, roof_yield
from frugal.studies.solar.roofs.plane_finder import fit_planes, roof_patches
from frugal.studies.solar.village.surface import synthetic_village
from frugal.surrogates.onnx.export import Domain, write_graph
from frugal.surrogates.onnx.graph import session

STEP_DEG = 0.35
POWER_PER_M2 = 0.2


def graphs(candidates: tuple[str, ...] = ("cumulative_sky", "sector_year"), n_runs: int = 96) -> dict[str, bytes]:
    """ONNX graphs of `roof_yield` on the generated site, as a bundle has them, without the campaign."""
    study = roof_yield(RoofYieldSite())
    design = study.draw(n_runs, 0)
    told = [study.solved(row, int(s)) for row, s in zip(design.inputs, design.object_ids, strict=True)]
    outputs = np.array([np.hstack([values[output.name] for output in study.outputs]) for values in told])
    domain = Domain(np.array([v.low for v in study.columns]), np.array([v.high for v in study.columns]))
    made = {}
    for alternative in study.alternatives:
        if alternative.name in candidates:
            answer = study.answer_of(alternative, design.inputs, outputs)
            made[alternative.name] = write_graph(study, alternative.name, answer.graph, np.zeros(14), domain)
    return made


def village_planes(surface: SurfaceModel, model: bytes) -> tuple[geopandas.GeoDataFrame, geopandas.GeoDataFrame, list]:
    """Planes and buildings with the columns of the cadastre, and the classes."""
    fitted = fit_planes(surface.heights, surface.resolution_m)
    patches, areas = roof_patches(surface.heights, fitted, surface.resolution_m)
    transform = from_origin(surface.x_min, surface.y_max, surface.resolution_m, surface.resolution_m)
    pieces: dict[int, list] = {}
    for geometry, number in rasterio.features.shapes(patches.astype(np.int32), patches > 0, transform=transform):
        pieces.setdefault(int(number), []).append(shapely.geometry.shape(geometry))
    turn = grid_convergence_deg(surface)
    directions = np.arange(N_SECTORS) * 360.0 / N_SECTORS - turn
    rows = []
    for number in sorted(pieces):
        cells = np.argwhere(patches == number)
        chosen = cells[:: max(1, len(cells) // 9)][:9]
        here = tuple(cells.T)
        east, south = (float(np.median(values[here])) for values in (fitted.east, fitted.south))
        heights = fitted.height[tuple(chosen.T)] + 0.1
        horizon = horizon_at_points(
            surface.heights, surface.resolution_m, chosen[:, 0], chosen[:, 1], heights, directions, 200.0, 3
        )
        stored = np.round(np.minimum(horizon.mean(axis=0), 84.7) / STEP_DEG).astype(np.uint8)
        rows.append(
            {
                "tilt_deg": round(float(np.degrees(np.arctan(np.hypot(east, south)))), 1),
                "azimuth_deg": round(float((np.degrees(np.arctan2(-east, south)) + turn) % 360.0), 1),
                "area_m2": float(areas[number]),
                "horizon": stored.tobytes().hex(),
                "geometry": shapely.union_all(pieces[number]).buffer(0.5, join_style="mitre").simplify(0.4),
            }
        )
    planes = geopandas.GeoDataFrame(rows, crs=surface.crs)
    planes["flat"] = planes["tilt_deg"] < 3.0
    planes.loc[planes["flat"], "tilt_deg"] = 0.0
    return _answered(planes, model)


def _answered(
    planes: geopandas.GeoDataFrame, model: bytes
) -> tuple[geopandas.GeoDataFrame, geopandas.GeoDataFrame, list]:
    inputs = input_rows(planes)
    monthly, yearly, loss = session(model).run(["monthly_yield", "yearly_yield", "shading_loss"], {"inputs": inputs})
    planes["usable_area_m2"] = 0.7 * planes["area_m2"]
    planes["power_kwp"] = POWER_PER_M2 * planes["usable_area_m2"]
    planes["irradiation"] = yearly / 0.8
    planes["shading_loss"] = loss
    planes["yield_kwh"] = yearly * planes["power_kwp"]
    planes["yield_p10_kwh"], planes["yield_p90_kwh"] = 0.93 * planes["yield_kwh"], 1.06 * planes["yield_kwh"]
    for month in range(12):
        planes[f"yield_{month + 1:02d}_kwh"] = monthly[:, month] * planes["power_kwp"]
    planes["co2_avoided_kg"] = 0.05 * planes["yield_kwh"]
    planes["vintage"] = "2026"
    classes = list(classes_for(float(yearly.max())))
    planes["class"] = class_of(tuple(classes), yearly)
    _, planes["building"] = _touching(planes.geometry)
    planes["building_id"] = [f"V{number:04d}" for number in planes["building"]]
    planes["plane_id"] = planes["building_id"] + "-" + planes.groupby("building_id").cumcount().add(1).astype(str)
    summed = ["area_m2", "usable_area_m2", "power_kwp", "yield_kwh"]
    grouped = planes.groupby("building_id")
    buildings = planes[["building_id", "geometry"]].dissolve("building_id").buffer(0.6, join_style="mitre")
    frame = geopandas.GeoDataFrame(grouped[summed].sum(), geometry=buildings, crs=planes.crs).reset_index()
    frame = frame.rename(columns={"area_m2": "roof_area_m2"})
    frame["planes"] = grouped.size().to_numpy()
    frame["class"] = grouped["class"].max().to_numpy()
    frame["commune"] = "Village"
    return planes.drop(columns="building"), frame, classes


def input_rows(planes: geopandas.GeoDataFrame) -> np.ndarray:
    """Inputs of the study for the planes with what the page takes as the usual installation."""
    horizon = np.array([list(bytes.fromhex(text)) for text in planes["horizon"]]) * STEP_DEG
    other = np.tile([0.2, 1.15, 1.0], (len(planes), 1))
    return np.column_stack([planes["tilt_deg"], planes["azimuth_deg"], horizon, other]).astype(np.float32)


def _touching(shapes: geopandas.GeoSeries) -> tuple[int, np.ndarray]:
    """Number of each group of planes within 1.5 m of each other."""
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    first, second = shapely.STRtree(shapes).query(shapes, predicate="dwithin", distance=1.5)
    links = coo_array((np.ones(len(first)), (first, second)), shape=(len(shapes), len(shapes)))
    return connected_components(links, directed=False)


def write_village_map(
    folder: Path, candidate: str = "sector_year", seed: int = 0, notes: Sequence[dict[str, Any]] = ()
) -> dict[str, bytes]:
    """Write the map folder; returns the graphs by candidate."""
    made = graphs()
    surface = synthetic_village(seed)
    planes, buildings, classes = village_planes(surface, made[candidate])
    bounds = planes.to_crs(4326).total_bounds
    study, avoided = roof_yield(RoofYieldSite()), co2_avoided()
    pages = folder.parent / "pages"
    pages.mkdir(parents=True, exist_ok=True)
    for language in ("en", "fr"):
        (pages / f"{language}.html").write_text(f"<!DOCTYPE html><html lang={language}><title>audit</title>")
    cadastre = {
        "title": {"en": "Solar cadastre of the generated village", "fr": "Cadastre solaire du village généré"},
        "crs": surface.crs,
        "bounds_wgs84": [float(edge) for edge in bounds],
        "vintage": "2026",
        "resolution_m": surface.resolution_m,
        "weather": {"source": study.sources[0], "attribution": study.sources[1], "distance_km": 3.0},
        "classes": [
            {"from": c.low, "to": c.high if np.isfinite(c.high) else None, "colour": c.colour, "label": c.label}
            for c in classes
        ],
        "horizon": {"sectors": N_SECTORS, "step_deg": STEP_DEG},
        "module": {"power_per_m2_kwp": POWER_PER_M2, "setback_m": 0.4},
        "co2": {"kg_per_kwh": avoided.kg_per_kwh, "source": avoided.source, "meaning": avoided.meaning},
        "inputs": [
            {
                "name": v.name,
                "unit": v.unit,
                "low": v.low,
                "high": v.high,
                "default": v.default,
                "choices": list(v.choices),
            }
            for v in study.columns
        ],
        "model": {"candidate": candidate, "label": {"en": candidate, "fr": candidate}},
        "verdicts": {
            "roof_yield": {
                "en": "AI is not needed here: simplified physics answers within the need.",
                "fr": "L’IA n’est pas nécessaire ici : un calcul physique simplifié répond au besoin.",
            }
        },
        "attributions": [study.sources[1]],
        "files": {"names": ["generated_village.tif"], "count": 1},
        "notes": list(notes),
    }
    table = write_sky_table(read_sky_table(made["cumulative_sky"]))
    write_map_folder(
        folder, cadastre, planes, buildings, made[candidate], table, [surface], None,
        {"roof_yield": {language: pages / f"{language}.html" for language in ("en", "fr")}},
    )  # fmt: skip
    return made


if __name__ == "__main__":
    import sys

    write_village_map(Path(sys.argv[1]))
