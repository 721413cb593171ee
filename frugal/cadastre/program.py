"""What the program itself is, so that a tile of an earlier version is not taken for one of this."""

from __future__ import annotations

import hashlib
from functools import lru_cache
from pathlib import Path

#: What an answer may depend on: programs, and the numbers that they read.
_SOURCES = (".py", ".csv")

_PACKAGE = Path(__file__).resolve().parents[1]


@lru_cache
def program_digest(*folders: str) -> str:
    """Hash of the sources and tables in folders of the package, ``formats`` or ``physics/solar``, say; of all without one."""
    total = hashlib.sha256()
    for folder in folders or ("",):
        for path in sorted(path for path in (_PACKAGE / folder).rglob("*") if path.suffix in _SOURCES):
            total.update(str(path.relative_to(_PACKAGE)).encode())
            total.update(path.read_bytes())
    return total.hexdigest()
