"""What the user names: found, looked at one by one, and those that fit together taken; the others are listed."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import TypeVar

from frugal.cadastre.job.folder import MARK
from frugal.cadastre.job.result import Failure
from frugal.errors import UnusableInputError
from frugal.formats.coordinate_systems import metric_system, parse_system, same_system
from frugal.formats.point_clouds.surfaces import PointCloudInfo, system_of_clouds
from frugal.formats.rasters.mosaic import RasterInfo, check_together

CLOUDS = (".las", ".laz")
RASTERS = (".tif", ".tiff")

Info = TypeVar("Info", RasterInfo, PointCloudInfo)


def inputs_in(paths: Iterable[Path]) -> tuple[list[Path], list[Path], list[Failure]]:
    """Point clouds and rasters among files and folders, in order of name, each once, and what cannot be used.

    Of folders, hidden files are left out, and so are cadastres that lie in them: their rasters are results.

    Raises
    ------
    UnusableInputError
        If something was named and nothing of it can be used, or both kinds are mixed.
    """
    found: list[Path] = []
    failures: list[Failure] = []
    for path in paths:
        try:
            found.extend(_files_of(path))
        except UnusableInputError as fault:
            failures.append(Failure(path.name or str(path), str(fault)))
    once = list({os.path.realpath(path): path for path in reversed(found)}.values())[::-1]
    clouds = [path for path in once if path.suffix.lower() in CLOUDS]
    rasters = [path for path in once if path.suffix.lower() in RASTERS]
    if clouds and rasters:
        odd = rasters if len(rasters) <= len(clouds) else clouds
        more = f" and {len(odd) - 3} more" if len(odd) > 3 else ""
        raise UnusableInputError(
            f"{len(clouds)} point clouds ('{clouds[0]}') and {len(rasters)} surface models ('{rasters[0]}') are mixed, and a "
            f"cadastre is made of one kind: take the others out of the folder ({_listed(odd[:3])}{more}), or name the files of "
            "one kind"
        )
    if failures and not once:
        raise none_usable(failures)
    return clouds, rasters, failures


def _listed(paths: Sequence[Path]) -> str:
    return ", ".join(f"'{path}'" for path in paths)


def _files_of(path: Path) -> list[Path]:
    kinds = f"point cloud ({', '.join(CLOUDS)}) or surface model (.tif)"
    try:
        is_folder, is_there = path.is_dir(), path.exists()
        if is_folder:
            parts = sorted(part for part in path.rglob("*") if part.suffix.lower() in CLOUDS + RASTERS)
    except OSError as fault:
        raise UnusableInputError(f"input '{path}' cannot be looked at: {fault.strerror}") from fault
    if not is_there:
        raise UnusableInputError(f"input '{path}' does not exist")
    if is_folder and (path / MARK).exists():
        raise UnusableInputError(f"folder '{path}' is a cadastre; name the survey that it was made from")
    if is_folder:
        found = [part for part in parts if not part.is_dir() and not _is_hidden(part, path)]
        if not found:
            raise UnusableInputError(f"folder '{path}' holds no {kinds}")
        return found
    if path.suffix.lower() not in CLOUDS + RASTERS:
        raise UnusableInputError(f"input '{path}' is no {kinds}")
    return [path]


def _is_hidden(part: Path, folder: Path) -> bool:
    """Hidden, or a result of a cadastre below a folder."""
    below = part.relative_to(folder)
    between = (folder / parent for parent in below.parents)
    return any(name.startswith(".") for name in below.parts) or any((place / MARK).exists() for place in between)


def usable(paths: Sequence[Path], opened: Callable[[Path], Info]) -> tuple[list[Info], list[Failure]]:
    """What files say of themselves, and those that cannot be used."""
    infos: list[Info] = []
    failures: list[Failure] = []
    for path in paths:
        try:
            if path.is_file() and not os.access(path, os.R_OK):
                raise UnusableInputError(f"input '{path}' may not be read: permission denied")
            infos.append(opened(path))
        except UnusableInputError as fault:
            failures.append(Failure(path.name, str(fault)))
    return infos, failures


def none_usable(failures: Sequence[Failure]) -> UnusableInputError:
    """The first of several failures, for a run that nothing is left of."""
    rest = len(failures) - 1
    more = f" (nor can {rest} other input{'s' if rest > 1 else ''} be used)" if rest else ""
    return UnusableInputError(f"{failures[0].message}{more}")


def matching_rasters(infos: Sequence[RasterInfo], named: str | None) -> tuple[list[RasterInfo], list[Failure]]:
    """Surface models of one system, cell size and grid: those of the system named, else of what most files have.

    Raises
    ------
    UnusableInputError
        If the user names a system that no file has.
    """
    alike: Sequence[RasterInfo] = infos
    if named is not None:
        system = metric_system(parse_system(named), "--crs")
        alike = [info for info in infos if same_system(info.crs, system, info.bounds)]
        if not alike:
            raise UnusableInputError(
                f"surface model '{infos[0].path}' is in {infos[0].crs[:60]} and --crs names {named}; leave --crs out, or "
                "reproject it"
            )
    alike = _most(alike, lambda one, other: same_system(one.crs, other.crs, other.bounds))
    alike = _most(alike, lambda one, other: abs(one.resolution_m - other.resolution_m) <= 1e-6 * one.resolution_m)
    alike = _most(alike, _together)
    kept, failures = [], []
    for info in infos:
        try:
            check_together(alike[0], info)
        except UnusableInputError as fault:
            failures.append(Failure(info.path.name, str(fault)))
        else:
            kept.append(info)
    return kept, failures


def matching_clouds(
    infos: Sequence[PointCloudInfo], named: str | None, footprints: str | None
) -> tuple[list[PointCloudInfo], list[Failure]]:
    """Point clouds of one system: the one named, else that of most clouds that name one; clouds without one lie in it.

    Parameters
    ----------
    infos : sequence of PointCloudInfo
    named : str, optional
        System that the user names.
    footprints : str, optional
        System of the footprints, for clouds that name none where the user names none either.

    Returns
    -------
    kept : list of PointCloudInfo
    failures : list of Failure
        The others, each with the reason.

    Raises
    ------
    UnusableInputError
        If nothing can be used of a system that the user names.
    """
    stated = [info for info in infos if info.crs is not None]
    if named is not None:
        system = metric_system(parse_system(named), "the coordinate system named")
        stated = [info for info in stated if same_system(str(info.crs), system, info.bounds)]
    leading = _most(stated, lambda one, other: same_system(str(one.crs), str(other.crs), other.bounds))[:1]
    kept, failures = [], []
    for info in infos:
        try:
            system_of_clouds([*leading, info], named, footprints)
        except UnusableInputError as fault:
            failures.append(Failure(info.path.name, str(fault)))
        else:
            kept.append(info)
    return kept, failures


def _most(infos: Sequence[Info], same: Callable[[Info, Info], bool]) -> list[Info]:
    """The largest group of files that are the same in some respect; of equal ones, that of the first file."""
    groups: list[list[Info]] = []
    for info in infos:
        group = next((group for group in groups if same(group[0], info)), None)
        groups.append([info]) if group is None else group.append(info)
    return max(groups, key=len, default=[])


def _together(one: RasterInfo, other: RasterInfo) -> bool:
    try:
        check_together(one, other)
    except UnusableInputError:
        return False
    return True
