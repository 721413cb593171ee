"""What the page of the map is told about the whole cadastre."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from frugal.cadastre.job.job import Job
from frugal.cadastre.job.sectors import N_SECTORS
from frugal.cadastre.job.settings import CadastreSettings
from frugal.cadastre.roofs.usable_area import UsableRules
from frugal.cadastre.shading.horizons import HORIZON_STEP_DEG
from frugal.cadastre.tables.classes import YieldClass
from frugal.cadastre.territory.surfaces import Prepared
from frugal.cadastre.web_map.titles import default_title, told_files
from frugal.cadastre.yields.sky_table import read_sky_table, write_sky_table
from frugal.cadastre.yields.yield_model import YieldModel
from frugal.cadastre.yields.yields import co2_avoided
from frugal.errors import UnusableInputError
from frugal.experiments.study.input_layout import InputLayout
from frugal.experiments.study.study_file import read_variables
from frugal.texts import LANGUAGES

if TYPE_CHECKING:
    import geopandas


@dataclass
class MapContent:
    """Content of ``cadastre.json``, the table for plain JavaScript, and the audit pages by study and language."""

    told: dict[str, Any]
    sky_table: bytes | None
    audit_pages: dict[str, dict[str, Path]] = field(default_factory=dict)


def map_content(
    settings: CadastreSettings,
    prepared: Prepared,
    answer: YieldModel,
    job: Job,
    classes: tuple[YieldClass, ...],
    weather: dict[str, Any],
    planes: geopandas.GeoDataFrame,
    buildings: geopandas.GeoDataFrame,
) -> MapContent:
    """Gather it from the bundle, the settings, the planes and the communes of the buildings.

    Parameters
    ----------
    settings : CadastreSettings
    prepared : Prepared
        Tells the names of the surveys.
    answer : YieldModel
        The bundle that answered, for inputs, audit and verdict.
    job : Job
    classes : tuple of YieldClass
    weather : dict
        ``source``, ``attribution`` and ``distance_km`` from the middle of the territory, as plain values.
    planes : GeoDataFrame
        All roof planes, for the bounds of the map.
    buildings : GeoDataFrame
        With ``commune``, for a title where the user gives none.

    Raises
    ------
    UnusableInputError
        If a bundle answers another study than it stands for, or the country has no factor.
    """
    from frugal.surrogates.bundle.bundle import open_bundle

    bundle = open_bundle(answer.bundle)
    verdicts: dict[str, dict[str, str]] = {}
    pages: dict[str, dict[str, Path]] = {}
    for study, path in (("roof_yield", answer.bundle), ("roof_shading", settings.shading_bundle)):
        if path is not None:
            verdicts[study], pages[study] = verdict_of(path, study)
    avoided = co2_avoided(settings.country)
    bounds = planes.to_crs("EPSG:4326").total_bounds
    told: dict[str, Any] = {
        "title": settings.title or default_title(prepared.sources, buildings["commune"]),
        "files": told_files(prepared.sources),
        "crs": job.crs,
        "bounds_wgs84": [round(float(edge), 6) for edge in bounds],
        "vintage": job.vintage,
        "resolution_m": job.grid.resolution_m,
        "weather": weather,
        "classes": [
            {
                "number": found.number,
                "from": found.low,
                "to": found.high if np.isfinite(found.high) else None,
                "colour": found.colour,
                "label": found.label,
            }
            for found in classes
        ],
        "horizon": {"sectors": N_SECTORS, "step_deg": HORIZON_STEP_DEG},
        "module": {"power_per_m2_kwp": UsableRules.power_per_m2_kwp, "setback_m": settings.setback_m},
        "co2": avoided._asdict(),
        "inputs": [asdict(column) for column in InputLayout(read_variables(bundle.study["inputs"])).columns],
        "model": {"candidate": answer.candidate, "label": _label(bundle.candidates, answer.candidate)},
        "verdicts": verdicts,
        "attributions": [weather["attribution"]],
    }
    return MapContent(told, _sky_table(bundle), pages)


def verdict_of(path: Path, study: str) -> tuple[dict[str, str], dict[str, Path]]:
    """What the audit of a bundle says in one line, and its pages."""
    from frugal.formats.files.json_files import read_json
    from frugal.surrogates.bundle.bundle import open_bundle

    found = open_bundle(path).study["name"]
    if found != study:
        raise UnusableInputError(f"bundle '{path}' answers '{found}'; one of '{study}' is needed")
    line = read_json(path / "audit.json")["first_line"]
    pages = {language: path / f"audit.{language}.html" for language in LANGUAGES}
    return {language: line[language] for language in pages}, {k: page for k, page in pages.items() if page.is_file()}


def _sky_table(bundle: Any) -> bytes | None:
    """The cumulative-sky answer for plain JavaScript; none where the bundle has no such graph."""
    try:
        graph = bundle.model_path("cumulative_sky").read_bytes()
    except UnusableInputError:
        return None
    return write_sky_table(read_sky_table(graph))


def _label(candidates: dict[str, Any], name: str) -> dict[str, str]:
    from frugal.reporting.plots.ladder import candidate_label

    row = next(row for row in candidates["candidates"] if row["name"] == name)
    return {language: candidate_label(row, language) for language in LANGUAGES}
