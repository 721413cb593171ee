"""One flood told in detail: run with everything watched, and written as a folder of files."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from frugal.errors import UnusableInputError
from frugal.experiments.study import Arrays
from frugal.experiments.study.questions import Details, DetailsAsked
from frugal.formats.files.atomic import write_bytes, write_text
from frugal.physics.shallow_water.flood_case import FloodCase
from frugal.physics.shallow_water.outcome import Flood
from frugal.physics.shallow_water.watch_list import Observed, Watch
from frugal.studies.flood.outputs import HOUR, WET_M
from frugal.studies.flood.products.hazard_classes import HazardScale, hazard_scale
from frugal.studies.flood.products.maps import MapFile, map_files, write_hazard, write_map
from frugal.studies.flood.products.picture import hazard_picture
from frugal.studies.flood.products.places import (
    DIKE_CELL,
    breached_cells,
    cells_of_points,
    dike_sections,
    sections_of_lines,
)
from frugal.studies.flood.products.series import discharge_table, gross_volumes, point_table, write_places
from frugal.studies.flood.products.states import write_states
from frugal.studies.flood.products.zones import write_contours
from frugal.studies.flood.solver_alternatives import Build, flood_maps, run_flood, volume_book
from frugal.studies.flood.terrain.terrain import FloodTerrain
from frugal.texts import Text, room_texts

_TEXTS = room_texts("frugal.studies.flood")

#: Durations are counted above these depths; the first makes a cell flooded.
THRESHOLDS_M = (WET_M, 0.5)
RISE_WINDOW_S = 300.0
#: Of all series together.
_MOST_VALUES = 20_000_000


@dataclass(frozen=True)
class FloodInDetail:
    """A run with all that its files are made of."""

    terrain: FloodTerrain
    flood_case: FloodCase
    flood: Flood
    seen: Observed
    scale: HazardScale
    points: Mapping[str, tuple[int, int]]
    sections: tuple[str, ...]
    followed: Mapping[str, np.ndarray]
    notes: tuple[Text, ...] = ()


def flood_details(
    terrain: FloodTerrain, build: Build, classes: Path | None, found: Callable[..., tuple[Text, ...]] | None = None
) -> Callable[..., Details]:
    """The ``details`` of a flood study.

    Parameters
    ----------
    terrain : FloodTerrain
    build : callable
        ``build(terrain, **inputs) -> FloodCase``.
    classes : Path or None
        Table of hazard classes of the site.
    found : callable, optional
        As ``Study.found``.

    Raises
    ------
    UnusableInputError
        If the table cannot be used.
    """
    scale = hazard_scale(classes)

    def details(asked: DetailsAsked, **inputs: float) -> Details:
        flood_case = build(terrain, **inputs)
        points = cells_of_points(asked.points, terrain)
        lines, followed = sections_of_lines(asked.sections, terrain)
        sections = [*lines, *dike_sections(terrain, flood_case)]
        start_s, duration_s = flood_case.start_s, flood_case.duration_s
        for time_s in asked.times_s:
            if not start_s <= time_s <= duration_s:
                raise UnusableInputError(
                    f"a state is asked at {time_s / HOUR:.4g} h; this event is computed from {start_s / HOUR:.4g} to "
                    f"{duration_s / HOUR:.4g} h of its clock"
                )
        first = np.ceil(start_s / asked.interval_s) * asked.interval_s
        times = np.unique([start_s, *np.arange(first, duration_s, asked.interval_s), duration_s])
        if len(times) * (len(sections) + 4 * len(points)) > _MOST_VALUES:
            raise UnusableInputError(
                f"series every {asked.interval_s:g} s at {len(points)} points and {len(sections)} sections hold more than "
                f"{_MOST_VALUES:,} values; a longer time between them is needed"
            )
        watch = Watch(THRESHOLDS_M, RISE_WINDOW_S, scale.table, points, sections, times.tolist())
        flood = run_flood(flood_case, watch=watch, snapshot_times=asked.times_s)
        assert flood.observed is not None
        names = tuple(section.name for section in sections)
        outputs: Arrays = {**flood_maps(flood).on_land(terrain, duration_s), **volume_book(flood.volume)}
        notes = () if found is None else found(outputs, **inputs)
        told = FloodInDetail(terrain, flood_case, flood, flood.observed, scale, points, names, followed, notes)
        return Details(outputs, lambda folder, tags: _write(folder, told, asked, tags))

    return details


def _write(folder: Path, told: FloodInDetail, asked: DetailsAsked, tags: Mapping[str, str]) -> None:
    files: dict[str, dict[str, Any]] = {}
    reference = {"hazard_reference": told.scale.reference["en"]}
    tags = {**tags, **reference}
    write_hazard(folder / "hazard.tif", told.terrain, told.seen.hazard, told.scale, tags)
    files["hazard.tif"] = {"unit": "1", "label": _TEXTS.say("details.hazard")}
    maps = map_files(told.terrain, told.flood, told.seen, THRESHOLDS_M)
    for kept in maps:
        write_map(folder / kept.name, told.terrain, kept, tags)
        files[kept.name] = _described(kept)
    depth, hazard = told.flood.max_depth, told.seen.hazard
    write_contours(folder / "contours.gpkg", told.terrain, depth, hazard, told.scale, THRESHOLDS_M[0], tags)
    files["contours.gpkg"] = {"label": _TEXTS.say("details.contours")}
    if asked.times_s:
        write_states(folder / "states.nc", told.terrain, told.flood.snapshots, tags)
        files["states.nc"] = {"label": _TEXTS.say("details.states")}
    if told.points:
        write_text(folder / "series.csv", point_table(list(told.points), told.seen, told.terrain.zero_m))
        files["series.csv"] = {"label": _TEXTS.say("details.series")}
    if told.sections:
        write_text(folder / "discharge.csv", discharge_table(told.sections, told.seen))
        write_places(folder / "sections.gpkg", told.terrain, told.sections, told.followed, told.seen, tags)
        files["discharge.csv"] = {"label": _TEXTS.say("details.discharge")}
        files["sections.gpkg"] = {"label": _TEXTS.say("details.sections")}
    breached = breached_cells(told.flood_case)
    picture = hazard_picture(told.terrain, told.seen.hazard, told.scale, asked.language, breached)
    write_bytes(folder / "hazard.png", picture)
    files["hazard.png"] = {"label": _TEXTS.say("details.picture")}
    write_text(
        folder / "details.json", json.dumps(_summary(told, asked, tags, files), ensure_ascii=False, indent=1) + "\n"
    )


def _by_section(told: FloodInDetail, volumes: np.ndarray) -> dict[str, float]:
    named = zip(told.sections, volumes, strict=True)
    return {name: round(float(volume), 3) for name, volume in named if not name.startswith(DIKE_CELL)}


def _described(kept: MapFile) -> dict[str, Any]:
    bands = [{"band": k, "name": name, "label": label} for k, (name, label) in enumerate(kept.labels.items(), start=1)]
    return {"unit": kept.unit, "bands": bands}


def _summary(
    told: FloodInDetail, asked: DetailsAsked, tags: Mapping[str, str], files: Mapping[str, Any]
) -> dict[str, Any]:
    table, cell_ha = told.scale.table, told.terrain.cell_size_m**2 / 1e4
    there, back = gross_volumes(told.terrain, told.sections, told.seen, breached_cells(told.flood_case))
    on_land = told.seen.hazard[told.terrain.land]
    classes = [
        {
            "number": number,
            "name": name,
            "colour": colour,
            "area_ha": round(float((on_land == number).sum()) * cell_ha, 4),
        }
        for number, (name, colour) in enumerate(zip(told.scale.names, told.scale.colours, strict=True), start=1)
    ]
    return {
        "answer": dict(tags),
        "files": dict(files),
        "flooded_from_m": THRESHOLDS_M[0],
        "durations_above_m": list(THRESHOLDS_M),
        "rise_window_s": RISE_WINDOW_S,
        "hazard": {
            "classes": classes,
            "depth_bounds_m": list(table.depth_bounds_m),
            "speed_bounds_m_s": list(table.speed_bounds_m_s),
            "rise_bounds_m_h": list(table.rise_bounds_m_h),
            "class_by_depth_and_dynamics": [list(row) for row in table.classes],
            "reference": told.scale.reference,
        },
        "event_h": [told.flood_case.start_s / HOUR, told.flood_case.duration_s / HOUR],
        "states_h": [time / HOUR for time in asked.times_s],
        "sections_m3": _by_section(told, told.seen.passed),
        "sections_in_m3": _by_section(told, there),
        "sections_out_m3": _by_section(told, back),
        "sources_m3": {name: round(volume, 3) for name, volume in told.flood.volume.by_source.items()},
        "links_m3": {name: round(volume, 3) for name, volume in told.flood.volume.through_links.items()},
        "notes": list(told.notes),
        "how": _TEXTS.say("details.how"),
    }
