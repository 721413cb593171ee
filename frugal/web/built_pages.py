"""The pages that `frontend/` builds, and the runtime of models in a browser that they share."""

from __future__ import annotations

import shutil
from importlib.resources import files
from pathlib import Path

from frugal.errors import EnvironmentFaultError

PAGES = Path(str(files("frugal.web"))) / "pages"


def page_bytes(name: str) -> int:
    """Bytes that a page loads before any data: neither the runtime, nor what it loads later, nor licences.

    Parameters
    ----------
    name : str
        ``cadastre`` or ``study``.
    """
    page = PAGES / name
    first = [*page.glob("*.html"), *(page / "assets").glob("index-*")]
    return sum(path.stat().st_size for path in first)


def copy_page(name: str, folder: Path) -> None:
    """Put a page into a folder, with the runtime among its assets: any static host can serve it from there.

    Parameters
    ----------
    name : str
        ``cadastre`` or ``study``.
    folder : Path
        Made if it is not there; what else it holds stays.

    Raises
    ------
    EnvironmentFaultError
        If the page or the runtime was not built.
    """
    page, runtime = PAGES / name, PAGES / "runtime"
    for part in (page / "index.html", runtime):
        if not part.exists():
            raise EnvironmentFaultError(f"the page '{name}' is missing from this installation ('{part}')")
    shutil.copytree(page, folder, dirs_exist_ok=True)
    shutil.copytree(runtime, folder / "assets", dirs_exist_ok=True)
