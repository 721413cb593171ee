"""What the program itself is, so that a tile of an earlier version is not taken for one of this."""

from __future__ import annotations

import hashlib
from functools import lru_cache
from pathlib import Path

_PACKAGE = Path(__file__).resolve().parents[1]


@lru_cache
def program_digest(*folders: str) -> str:
    """Hash of the Python sources in folders of the package, ``formats`` or ``physics/solar``, say."""
    total = hashlib.sha256()
    for folder in folders:
        for path in sorted((_PACKAGE / folder).rglob("*.py")):
            total.update(str(path.relative_to(_PACKAGE)).encode())
            total.update(path.read_bytes())
    return total.hexdigest()
