"""The file that an answer goes into: chosen and checked before anything is computed, written after."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from frugal.commands.terminal import say
from frugal.errors import UnusableInputError
from frugal.texts import room_texts

if TYPE_CHECKING:
    from frugal.experiments.runs.result import Result
    from frugal.experiments.runs.result_files import FileKind
    from frugal.experiments.study import Output

_TEXTS = room_texts("frugal.commands")

GeoTiff = Annotated[
    Path | None, typer.Option("--geotiff", metavar="FILE.tif", help="Former spelling of --out FILE.tif.")
]


@dataclass(frozen=True)
class AnswerFile:
    """Where an answer goes, and as what kind of file."""

    path: Path
    kind: FileKind

    def write(self, result: Result) -> None:
        """Write the answer, whole or not at all."""
        from frugal.experiments.runs.result_files import write_result_file

        write_result_file(self.path, result, self.kind)


def answer_file(
    out: Path | None, geotiff: Path | None, study_name: str, outputs: Sequence[Output], language: str = "en"
) -> AnswerFile | None:
    """The file that the options name, if any; what it cannot hold is told on stderr.

    Parameters
    ----------
    out, geotiff : Path or None
    study_name : str
    outputs : sequence of Output
    language : str

    Raises
    ------
    UnusableInputError
        If both are given, the ending is unknown, or the file could hold nothing of the study.
    """
    if out is None and geotiff is None:
        return None
    from frugal.experiments.runs.result_files import GEOTIFF, check_file, endings_for, file_kind

    if out is not None and geotiff is not None:
        raise UnusableInputError("--geotiff is a former spelling of --out: give one of them")
    path = out or geotiff
    assert path is not None
    kind = file_kind(path) if out is not None else GEOTIFF
    left_out = check_file(path, study_name, outputs, kind)
    if left_out:
        names = ", ".join(output.name for output in left_out)
        told = _TEXTS.phrase("answer.left_out", language, file=path, names=names, endings=endings_for(left_out))
        say(told, err=True)
    return AnswerFile(path, kind)
