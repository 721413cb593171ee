"""The folder that a run is told in detail in: asked and checked before anything is computed, written after."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from frugal.errors import UnusableInputError

if TYPE_CHECKING:
    from frugal.experiments.runs.result import Result
    from frugal.experiments.runs.single import Simulated
    from frugal.experiments.study import Study
    from frugal.experiments.study.questions import DetailsAsked

#: In every such folder; one without it is somebody else's.
SUMMARY = "details.json"
_SHORTEST_S = 1.0

Details = Annotated[
    Path | None,
    typer.Option(
        "--details",
        metavar="DIR",
        help="Tell the run in files: hazard classes, maps, contours, states, series (floods).",
    ),
]
Times = Annotated[
    str,
    typer.Option("--times", metavar="1h,2h", help="With --details: times of the event at which states are written."),
]
Points = Annotated[
    Path | None,
    typer.Option(
        "--points", metavar="FILE", help="With --details: points of which series are written; vector file or CSV."
    ),
]
Sections = Annotated[
    Path | None,
    typer.Option(
        "--sections",
        metavar="FILE",
        help="With --details: lines whose discharge is written; drawn from left to right bank, downstream is positive.",
    ),
]
Every = Annotated[
    str,
    typer.Option(
        "--every", metavar="10min", help="With --details: time between the values of series; 10min by default."
    ),
]


@dataclass(frozen=True)
class DetailsFolder:
    """Where the details go, and what is asked of them."""

    path: Path
    asked: DetailsAsked

    def write(self, run: Simulated, result: Result) -> None:
        """Write the folder, whole or not at all."""
        from frugal.formats.files.atomic import new_folder

        assert run.write_details is not None
        with new_folder(self.path) as folder:
            run.write_details(folder, result.attributes())


def details_folder(
    path: Path | None, study: Study, times: str, points: Path | None, sections: Path | None, every: str, language: str
) -> DetailsFolder | None:
    """The folder that the options name, if any.

    Parameters
    ----------
    path : Path or None
    study : Study
    times : str
        With commas between them.
    points, sections : Path or None
    every : str
    language : str

    Raises
    ------
    UnusableInputError
        If the study tells no details, the folder holds something else, a time cannot be read, or an option is given without
        ``--details``.
    """
    if path is None:
        given = {"--times": times, "--points": points, "--sections": sections, "--every": every}
        lonely = [option for option, value in given.items() if value]
        if lonely:
            raise UnusableInputError(f"{lonely[0]} goes with --details DIR, which is not given")
        return None
    if study.details is None:
        raise UnusableInputError(
            f"--details '{path}': study '{study.name}' tells no details of a run; the flood studies do"
        )
    if path.exists() and (not path.is_dir() or (any(path.iterdir()) and not (path / SUMMARY).is_file())):
        raise UnusableInputError(f"--details '{path}' exists and holds something else; name a new folder")
    from frugal.experiments.study.questions import DetailsAsked

    asked_times = [_seconds(part.strip(), "--times") for part in times.split(",") if part.strip()]
    if sorted(set(asked_times)) != asked_times:
        raise UnusableInputError(f"--times '{times}' does not rise; each time must be later than the one before")
    interval_s = _seconds(every, "--every") if every else 600.0
    if interval_s < _SHORTEST_S:
        raise UnusableInputError(f"--every '{every}' is too short; 1s or more is allowed")
    return DetailsFolder(path, DetailsAsked(tuple(asked_times), points, sections, interval_s, language))


def _seconds(text: str, option: str) -> float:
    from frugal.experiments.study.values import parse_value
    from frugal.experiments.study.variables import Variable

    try:
        value = parse_value(Variable("time", "s", 0.0, 1e9), text)
    except UnusableInputError:
        value = -1.0
    if not text or not text[-1].isalpha() or value < 0.0:
        raise UnusableInputError(f"{option} '{text}' is no time of 0 or more with its unit; 90min or 1.5h is needed")
    return value
