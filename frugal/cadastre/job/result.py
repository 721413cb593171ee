"""What came out of a cadastre, and what could not be used."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Failure:
    """An input or a tile that could not be used, and why."""

    what: str
    message: str


@dataclass(frozen=True)
class Cadastre:
    """What was made.

    Attributes
    ----------
    out : Path
    map_folder : Path or None
        None where no roof was found.
    buildings, with_planes, planes : int
        Buildings, those of them on which a plane was found, and planes.
    sums : dict
        Power and yield of all planes.
    failures : list of Failure
        Inputs and tiles that could not be used.
    notes : list of str
    footprint : dict
        What the making cost.
    """

    out: Path
    map_folder: Path | None = None
    buildings: int = 0
    with_planes: int = 0
    planes: int = 0
    sums: dict[str, float] = field(default_factory=dict)
    failures: list[Failure] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    footprint: dict[str, Any] = field(default_factory=dict)
