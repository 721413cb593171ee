"""Figures of the cadastre as tables and sentences for the docs, from the results of its benchmarks."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any


def roof_planes(results: Path) -> dict[str, str]:
    """How much roof is found, how well it repeats, what one horizon costs, and the spread of a year."""
    content = json.loads((results / "roof_planes_delft.json").read_text())
    causes = [
        [
            cause,
            *(
                f"{content['spread'][f'{cause}_{part}']:.1f} %"
                for part in ("median_percent", "90_percent_within_percent")
            ),
        ]
        for cause in ("tilt", "azimuth", "horizon", "total")
    ]
    return {
        "planes": f"{_found(content)}\n\n{_repeated(content['repeatability'])}\n\n{_power(content['power_by_points'])}",
        "horizon": _horizon(content),
        "spread": _table(
            ["standard deviation of the yearly yield", "median plane", "nine planes in ten below"], causes
        ),
    }


def _found(content: dict[str, Any]) -> str:
    whole, small = content["share_found"], content["share_found_with_planes_below_10_m2"]
    return _table(
        ["share covered by planes", "of footprints", "of cells of class building in footprints"],
        [
            [name, f"{found['of_footprints_percent']:.0f} %", f"{found['of_building_class_percent']:.0f} %"]
            for name, found in (("10 m² or more", whole), ("of any size", small))
        ],
    )


def _repeated(surveys: dict[str, dict[str, float]]) -> str:
    head = ["points", "area matched", "not matched", "tilt: median, 90 % within", "azimuth: median, 90 % within"]
    head += ["area: median", "usable area: median", "tilt, azimuth within the error stated"]
    rows = [
        [
            name,
            f"{found['matched_percent_of_area']:.0f} %",
            f"{100 - found['matched_percent_of_area']:.0f} %",
            f"{found['tilt_median_absolute_deg']:.1f}°, {found['tilt_90_percent_within_deg']:.1f}°",
            f"{found['azimuth_median_absolute_deg']:.1f}°, {found['azimuth_90_percent_within_deg']:.1f}°",
            f"{found['area_median_absolute_percent']:.0f} %",
            f"{found['usable_area_median_absolute_percent']:.0f} %",
            f"{found['tilt_within_stated_error_percent']:.0f} %, {found['azimuth_within_stated_error_percent']:.0f} %",
        ]
        for name, found in surveys.items()
    ]
    return _table(head, rows)


def _power(surveys: dict[str, dict[str, float]]) -> str:
    head = ["survey", "area of planes", "usable area", "power"]
    rows = [
        [
            name,
            *(
                f"{found[kind]:,.0f} {unit}"
                + ("" if name == "all points" else f" ({found[f'{kind}_change_percent']:+.0f} %)")
                for kind, unit in (("area_m2", "m²"), ("usable_area_m2", "m²"), ("power_kwp", "kWp"))
            ),
        ]
        for name, found in surveys.items()
    ]
    return _table(head, rows)


def _horizon(content: dict[str, Any]) -> str:
    rows = [
        [
            name,
            f"{found['yearly_nrmse_percent']:.1f} %",
            f"{found['yearly_bias_percent']:+.1f} %",
            f"{found['worst_month_nrmse_percent']:.0f} %",
        ]
        for name, found in content["horizon_of_a_plane"].items()
    ]
    points = content["nine_points_against_every_cell"]
    told = (
        f"Nine points against every cell of a plane: RMS {points['rms_percent']:.1f} % of the light of a year, bias "
        f"{points['bias_percent']:+.1f} %, {points['within_stated_error_percent']:.0f} % within the error stated."
    )
    return f"{_table(['against the mean of nine yields', 'year', 'bias', 'worst month'], rows)}\n\n{told}"


def _table(head: list[str], rows: list[list[str]]) -> str:
    lines = ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    return "\n".join(lines + ["| " + " | ".join(row) + " |" for row in rows])


def irradiation_maps(results: Path) -> str:
    """Exactness and speed, and the cost of a territory where it was measured."""
    exact = json.loads((results / "solar_cadastre_exactness.json").read_text())
    quick = json.loads((results / "solar_cadastre_speed.json").read_text())
    parts = [_against_rays(exact["roofs_against_rays"]), _against_others(exact)]
    measured = results / "cadastre_territory.json"
    territory = json.loads(measured.read_text()) if measured.is_file() else None
    parts += [_speed(quick, territory), _two_threads(quick)]
    if territory is not None:
        parts.append(_territory(territory))
    return "\n\n".join(parts)


def _against_rays(scenes: dict[str, Any]) -> str:
    lines = [
        "| interior roof cells against rays in 360 directions | 12 azimuths | 24 | 36 | 72 | without shading |",
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


def _speed(quick: dict[str, Any], territory: dict[str, Any] | None) -> str:
    grass, whole = quick["grass"], ""
    if territory is not None:
        cells = territory["area_km2"] * 1e6 / territory["resolution_m"] ** 2
        seconds = territory["cpu_seconds_by_stage"]["tiles"] / (cells / 1e6)
        whole = (
            f" These are maps alone: the tiles of a whole cadastre take {seconds:.1f} CPU s per million cells, with their "
            "halos, roof planes, yields, monthly maps and files."
        )
    return (
        f"CPU seconds per million cells with 36 azimuths: {quick['yearly_cpu_s_per_million_cells']:.2f} for the year, "
        f"{quick['monthly_cpu_s_per_million_cells']:.2f} for twelve months, "
        f"{quick['yearly_with_trees_cpu_s_per_million_cells']:.2f} for the year with trees, "
        f"{quick['yearly_with_hills_cpu_s_per_million_cells']:.2f} for the year with hills from a terrain; "
        f"{quick['horizon_ns_per_cell_and_azimuth']:.1f} ns per cell and azimuth for the horizon. {grass['version']} "
        f"(r.horizon and r.sun, 24 azimuths and 12 days) takes {grass['grass_cpu_s_per_million_cells']:.0f} CPU s in the same "
        f"run: {grass['grass_over_ours_24']:.0f} times ours with 24 azimuths, {grass['grass_over_ours_36']:.0f} times ours "
        f"with 36.{whole}"
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
        f"maps, or {far['irradiation_of_buildings_gb']:.0f} GB of maps of buildings alone. A lower bound: trees are "
        "solid in that surface, there are no hills, no point clouds are turned into it, and the answer was trained before."
    )
