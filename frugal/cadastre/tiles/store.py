"""Finished tiles on disk: what was computed before is not computed again, however the run ended."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path

from frugal.formats.files.atomic import restore

REPORT = "report.json"


@dataclass(frozen=True)
class TileReport:
    """What became of a tile.

    Attributes
    ----------
    name : str
    job : str
        Hash of the job.
    cells, missing_cells : int
        Cells of the tile, and those without a height.
    buildings, planes : int
    cpu_seconds : float
        Of the thread that computed it.
    """

    name: str
    job: str
    cells: int = 0
    missing_cells: int = 0
    buildings: int = 0
    planes: int = 0
    cpu_seconds: float = 0.0


def finished(folder: Path, name: str, job: str) -> TileReport | None:
    """The report of a tile that this very job has finished before.

    Parameters
    ----------
    folder : Path
        Where finished tiles lie, each in a folder of its name.
    name : str
        Of the tile.
    job : str
        `Job.hash` of the job.

    Returns
    -------
    TileReport or None
        None where the tile has to be computed: never begun, cut off, or kept from another job or version.
    """
    place = folder / name
    restore(place)
    try:
        content = json.loads((place / REPORT).read_text(encoding="utf-8"))
        report = TileReport(**content)
    except (OSError, ValueError, TypeError):
        return None  # never begun, or left by a program of another version: it is computed
    return report if report.job == job else None


def write_report(draft: Path, report: TileReport) -> None:
    """Write the report into a tile's folder that is being filled."""
    (draft / REPORT).write_text(json.dumps(asdict(report)), encoding="utf-8")
