"""Figures of the cadastre's maps as sentences for the docs, from the results of their benchmarks."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any


def irradiation_maps(results: Path) -> str:
    """Exactness and speed, and the cost of a territory where it was measured."""
    exact = json.loads((results / "solar_cadastre_exactness.json").read_text())
    quick = json.loads((results / "solar_cadastre_speed.json").read_text())
    parts = [_against_rays(exact["roofs_against_rays"]), _against_others(exact), _speed(quick), _two_threads(quick)]
    measured = results / "cadastre_territory.json"
    if measured.is_file():
        parts.append(_territory(json.loads(measured.read_text())))
    return "\n\n".join(parts)


def _against_rays(scenes: dict[str, Any]) -> str:
    lines = [
        "| roof cells against rays in 360 directions | 12 azimuths | 24 | 36 | 72 | without shading |",
        "|---|---|---|---|---|---|",
    ]
    for scene, found in scenes.items():
        errors = [f"{found[f'{k}_azimuths']['rmse_percent']:.2f} %" for k in (12, 24, 36, 72)]
        lines.append(f"| {scene} | {' | '.join(errors)} | {found['unshaded']['rmse_percent']:.1f} % |")
    return "\n".join(lines)


def _against_others(exact: dict[str, Any]) -> str:
    planes = exact["open_planes_against_hourly_hay_davies"]["36_azimuths_sun_shared_between_4_percent"]
    view = exact["sky_view_factor_against_solweig"]["36_azimuths"]["mean_absolute"]
    return (
        f"Open planes against hourly pvlib (Hay–Davies), worst of 35, with 36 azimuths: {planes:.2g} %. Sky view factor of the "
        f"Göteborg surface against solweig: {view:.2g} mean absolute."
    )


def _speed(quick: dict[str, Any]) -> str:
    grass = quick["grass"]
    return (
        f"CPU seconds per million cells with 36 azimuths: {quick['yearly_cpu_s_per_million_cells']:.2f} for the year, "
        f"{quick['monthly_cpu_s_per_million_cells']:.2f} for twelve months, "
        f"{quick['yearly_with_trees_cpu_s_per_million_cells']:.2f} for the year with trees, "
        f"{quick['yearly_with_hills_cpu_s_per_million_cells']:.2f} for the year with hills from a terrain; "
        f"{quick['horizon_ns_per_cell_and_azimuth']:.1f} ns per cell and azimuth for the horizon. {grass['version']} "
        f"(r.horizon and r.sun, 24 azimuths and 12 days) takes {grass['grass_cpu_s_per_million_cells']:.0f} CPU s in the same "
        f"run: {grass['grass_over_ours_24']:.0f} times ours with 24 azimuths, {grass['grass_over_ours_36']:.0f} times ours "
        "with 36."
    )


def _two_threads(quick: dict[str, Any]) -> str:
    both = quick["two_threads"]
    return (
        f"Two threads take {both['speed_up']:.2f} times less time than one; two threads that share nothing gained "
        f"{both['speed_up_of_arithmetic_alone']:.2f} in the same minutes."
    )


def _territory(found: dict[str, Any]) -> str:
    far = found["departement_extrapolated"]
    energy = far["energy_kwh"]
    return (
        f"`python benchmarks/cadastre_territory.py`: {found['copies']} copies of {found['surface']}, "
        f"{found['area_km2']:g} km² at {found['resolution_m']:g} m with {found['buildings']:,} buildings and "
        f"{found['planes']:,} planes, took {found['cpu_seconds']:,.0f} CPU s ({found['cpu_seconds_per_km2']:.0f} per km²) and "
        f"{found['peak_memory_mb']:,} MB of memory with {found['threads']} threads. *Extrapolated* by area, not run: "
        f"{far['area_km2']:,.0f} km² as densely built as that would take {far['cpu_hours']:.0f} CPU hours, "
        f"{energy['value']:.2g} kWh [{energy['low']:.2g}–{energy['high']:.2g}], and {far['irradiation_gb']:.0f} GB of monthly "
        f"maps, or {far['irradiation_of_buildings_gb']:.0f} GB of maps of buildings alone."
    )
