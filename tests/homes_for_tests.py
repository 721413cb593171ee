"""An environment with another home, in which nothing has been turned off yet."""

from __future__ import annotations

import os
from pathlib import Path

from frugal.surroundings import REPORTS_OFF

ROOT = Path(__file__).resolve().parents[1]

#: What frugal sets itself, what would send caches elsewhere than into the home, and what turns MLflow's reports off by itself.
REMOVED = (
    *REPORTS_OFF,
    "MPLCONFIGDIR",
    "XDG_CACHE_HOME",
    "XDG_CONFIG_HOME",
    "CI",
    "PYTEST_CURRENT_TEST",
    "GITHUB_ACTIONS",
)


def at_home(home: Path, **variables: str) -> dict[str, str]:
    """Environment of a process that runs this checkout with that home."""
    kept = {name: value for name, value in os.environ.items() if name not in REMOVED}
    return {**kept, "HOME": str(home), "PYTHONPATH": str(ROOT), **variables}
