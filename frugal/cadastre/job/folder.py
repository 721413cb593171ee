"""The folder of a cadastre: told from other folders by a mark, and kept for one process at a time."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from frugal.errors import FrugalError, UnusableInputError
from frugal.formats.coordinate_systems import told_bounds
from frugal.formats.files.atomic import exclusive, write_text
from frugal.formats.vectors.sources import unreadable_name

#: Tells that the rest of the folder may be replaced. It stays where ``work/`` is deleted to save room.
MARK = ".frugal-cadastre"
_LEDGER = Path("work") / "ledger.jsonl"
_TERRITORY = Path("work") / "territory.json"


@contextmanager
def own_folder(out: Path) -> Iterator[None]:
    """Keep other processes out, and refuse a folder that holds something else.

    A folder named ``work`` is no sign of a cadastre: many projects have one, and a ``map`` beside it that is theirs.

    Raises
    ------
    UnusableInputError
        If the path is a file or holds '!', the folder holds something else, or another process is at work in it.
    """
    if unreadable_name(out):
        raise UnusableInputError(
            f"GeoPackages cannot be written in '{out}', whose path holds '!' or a line break; name another (--out)"
        )
    if out.exists() and not out.is_dir():
        raise UnusableInputError(f"'{out}' is a file; a folder is needed")
    if out.is_dir() and not (_is_new(out) or (out / MARK).is_file() or (out / _LEDGER).is_file()):
        raise UnusableInputError(f"folder '{out}' is not empty and holds no cadastre; name another (--out)")
    made = [folder for folder in (out, *out.parents) if not folder.exists()]
    (out / "work").mkdir(parents=True, exist_ok=True)
    handle = os.open(out / "work", os.O_RDONLY)
    with exclusive(handle, f"another process is making the cadastre in '{out}'"):
        if not (out / MARK).is_file():
            write_text(out / MARK, "Made by frugal cadastre, which may replace the files of this folder.\n")
        try:
            yield
        except (FrugalError, OSError):
            _leave_nothing(out, made)
            raise


def keep_to(out: Path, crs: str, bounds: Sequence[float]) -> None:
    """Remember the territory of a cadastre; refuse another one, whose results would replace these.

    Parameters
    ----------
    out : Path
        Folder of the cadastre, kept by `own_folder`.
    crs : str
        System of the grid, ``EPSG:2154`` or WKT; compared as text.
    bounds : sequence of float
        Western, southern, eastern and northern edge of what is known [m].

    Raises
    ------
    UnusableInputError
        If the folder holds a cadastre in another system, or of a place that does not meet this one.
    """
    path = out / _TERRITORY
    if path.is_file():
        known = json.loads(path.read_text())
        west, south, east, north = known["bounds"]
        apart = bounds[0] >= east or bounds[2] <= west or bounds[1] >= north or bounds[3] <= south
        if known["crs"] != crs or apart:
            raise UnusableInputError(
                f"folder '{out}' holds the cadastre of another territory ({told_bounds(known['bounds'])}, "
                f"{known['crs'][:40]}); name another (--out)"
            )
    write_text(path, json.dumps({"crs": crs, "bounds": list(bounds)}))


def _leave_nothing(out: Path, made: Sequence[Path]) -> None:
    """Remove mark, ledger and the folders made for them where nothing else was: a mistyped input leaves nothing."""
    kept = {path for path in (out / "work").iterdir() if path != out / _LEDGER}
    if {path.name for path in out.iterdir()} != {MARK, "work"} or kept:
        return
    (out / _LEDGER).unlink(missing_ok=True)
    (out / MARK).unlink()
    (out / "work").rmdir()
    for folder in made:
        with contextlib.suppress(OSError):  # another process put something into it
            folder.rmdir()


def _is_new(out: Path) -> bool:
    """Empty, or left by a kill before it was marked."""
    names = {path.name for path in out.iterdir() if not path.name.startswith(f".{MARK}.")}
    return not names or (names == {"work"} and not any((out / "work").iterdir()))


def withdraw(out: Path, *names: str) -> None:
    """Remove results of an earlier run that this one does not replace, so that a folder never tells of two territories."""
    for name in names:
        path = out / name
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)
