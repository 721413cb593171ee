"""What a study can tell of one run beyond its outputs: files for those who work with the answer."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from frugal.experiments.study.alternatives import Arrays


@dataclass(frozen=True)
class DetailsAsked:
    """What is asked beside the inputs.

    Parameters
    ----------
    times_s : tuple of float
        Times from the beginning of the event at which the whole state is wanted.
    points, sections : Path, optional
        Files of places and of lines of which series are wanted.
    interval_s : float
        Between the times of the series.
    language : str
        Of pictures.
    """

    times_s: tuple[float, ...] = ()
    points: Path | None = None
    sections: Path | None = None
    interval_s: float = 600.0
    language: str = "en"


@dataclass(frozen=True)
class Details:
    """A run told in detail.

    Parameters
    ----------
    outputs : mapping
        What ``solve`` gives for the same inputs.
    write : callable
        ``write(folder, tags)`` fills a folder; ``tags`` are texts by name that say who answered what, for every file.
    """

    outputs: Arrays
    write: Callable[[Path, Mapping[str, str]], None]
