"""One answer as a file whose ending says of what kind: GeoTIFF, GeoPackage, GeoParquet or NetCDF-CF."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from frugal.errors import UnusableInputError
from frugal.experiments.runs import result_features, result_maps, result_netcdf
from frugal.experiments.runs.result import Result
from frugal.experiments.study.outputs import Output


@dataclass(frozen=True)
class FileKind:
    """A kind of file: its endings, what it holds in words, which outputs these are, and what writes it."""

    endings: tuple[str, ...]
    holds: str
    fits: Callable[[Sequence[Output]], list[Output]]
    write: Callable[[Path | str, Result], None]


def _with_dimensions(outputs: Sequence[Output]) -> list[Output]:
    return [output for output in outputs if output.dims]


GEOTIFF = FileKind(
    (".tif", ".tiff"), "maps with a coordinate system, at one time", result_maps.maps, result_maps.write_maps
)
GEOPACKAGE = FileKind(
    (".gpkg",),
    "values at points or along lines, at one time",
    result_features.features,
    result_features.write_geopackage,
)
GEOPARQUET = FileKind(
    (".parquet",),
    "values at one set of points or along lines, at one time",
    result_features.first_places,
    result_features.write_geoparquet,
)
NETCDF = FileKind((".nc",), "fields, series and vectors", _with_dimensions, result_netcdf.write_result)
#: From the most particular to what holds everything.
KINDS = (GEOTIFF, GEOPACKAGE, GEOPARQUET, NETCDF)


def file_kind(path: Path | str) -> FileKind:
    """The kind that a file's ending chooses.

    Raises
    ------
    UnusableInputError
        If it is none of them.
    """
    ending = Path(path).suffix.lower()
    for kind in KINDS:
        if ending in kind.endings:
            return kind
    known = ", ".join(kind.endings[0] for kind in KINDS)
    told = f"ends in '{ending}'" if ending else "has no ending"
    raise UnusableInputError(f"'{path}' {told}; known: {known}")


def check_file(
    path: Path | str, study_name: str, outputs: Sequence[Output], kind: FileKind | None = None
) -> list[Output]:
    """Refuse a file that can hold nothing of a study.

    Parameters
    ----------
    path : path
    study_name : str
        For the message.
    outputs : sequence of Output
    kind : FileKind, optional
        Whatever the ending says.

    Returns
    -------
    list of Output
        What has dimensions and finds no place in the file; scalars stand beside in every kind.

    Raises
    ------
    UnusableInputError
        Naming the ending that would hold it.
    """
    kind = kind or file_kind(path)
    held = kind.fits(outputs)
    if held:
        return [output for output in outputs if output.dims and output not in held]
    others = endings_for(outputs)
    told = f"it fits a file that ends in {others}" if others else "it answers single numbers: see --json"
    why = "has none"
    if kind is GEOTIFF and any(output.is_grid for output in outputs):
        why = "does not say where its maps lie (no coordinate system)"
    elif kind is GEOTIFF:
        why = "has no map at one time"
    raise UnusableInputError(f"'{Path(path).name}' would hold {kind.holds}; study '{study_name}' {why}: {told}")


def endings_for(outputs: Sequence[Output]) -> str:
    """Endings of the files that hold some of these, with "or" between them; empty where none does."""
    return " or ".join(kind.endings[0] for kind in KINDS if kind.fits(outputs))


def write_result_file(path: Path | str, result: Result, kind: FileKind | None = None) -> None:
    """Write an answer as the kind of file that the ending says.

    Parameters
    ----------
    path : path
    result : Result
    kind : FileKind, optional
        Whatever the ending says.

    Raises
    ------
    UnusableInputError
        If the file can hold nothing of it, naming the ending that would; or a coordinate system is unknown.
    EnvironmentFaultError
        If it cannot be written; nothing is left half-written.
    """
    check_file(path, result.study, result.outputs, kind)
    (kind or file_kind(path)).write(path, result)
