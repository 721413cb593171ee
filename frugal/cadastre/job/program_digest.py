"""What the program itself is, so that a tile of an earlier version is not taken for one of this."""

from __future__ import annotations

import hashlib
import importlib.util
from functools import lru_cache
from pathlib import Path

#: What an answer may depend on: programs, and the numbers that they read.
_SOURCES = (".py", ".csv", ".toml", ".json")


@lru_cache
def program_digest(*modules: str) -> str:
    """Hash of the sources of modules, and of all that lies in them where they are packages.

    Parameters
    ----------
    *modules : str
        Full names, ``frugal.formats`` or ``frugal.physics.solar.sky``, say; the whole of ``frugal`` without one.

    Raises
    ------
    ModuleNotFoundError
        If a module is not there: one that was renamed must not count as one that never changes.
    """
    total = hashlib.sha256()
    for module in modules or ("frugal",):
        for name, path in _sources_of(module):
            total.update(f"{module}/{name}\n".encode())
            total.update(path.read_bytes())
    return total.hexdigest()


def _sources_of(module: str) -> list[tuple[str, Path]]:
    """Sources by their place in the module."""
    spec = importlib.util.find_spec(module)
    folders = [Path(folder) for folder in (spec.submodule_search_locations or ())] if spec is not None else []
    if folders:
        found = sorted(
            (path.relative_to(folder).as_posix(), path)
            for folder in folders
            for path in folder.rglob("*")
            if path.suffix in _SOURCES
        )
    else:
        found = [("", Path(spec.origin))] if spec is not None and spec.origin else []
    if not found:
        raise ModuleNotFoundError(f"no sources of '{module}' are there", name=module)
    return found
