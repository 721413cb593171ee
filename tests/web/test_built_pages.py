"""The built pages: as old as their sources, small, complete in a folder, and asking nobody."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path

import pytest

from frugal.errors import EnvironmentFaultError
from frugal.web import built_pages
from frugal.web.built_pages import PAGES, copy_page

FRONTEND = Path(__file__).parents[2] / "frontend"
#: Hosts that a page may name, and the bytes that it may weigh without the runtime.
ALLOWED = {"cadastre": ({"data.geopf.fr"}, 2_200_000), "study": (set(), 120_000)}


@pytest.mark.parametrize("page", ALLOWED)
def test_a_page_was_built_from_the_sources_beside_it(page: str) -> None:
    names = [f"{folder}/{path.name}" for folder in ("shared", "geo", page) for path in (FRONTEND / folder).iterdir()]
    digest = hashlib.sha256()
    for name in sorted([*names, "package-lock.json", "vite.config.js"]):
        digest.update(name.encode() + b"\0" + (FRONTEND / name).read_bytes() + b"\0")
    told = (PAGES / page / "assets" / "source.sha256").read_text().strip()
    assert told == digest.hexdigest(), "frontend/ has changed: npm run build"


@pytest.mark.parametrize("page", ALLOWED)
def test_a_page_is_small_and_complete_in_any_folder(page: str, tmp_path: Path) -> None:
    hosts, most = ALLOWED[page]
    assert sum(path.stat().st_size for path in (PAGES / page).rglob("*") if path.is_file()) < most
    copy_page(page, tmp_path / "site")
    html = (tmp_path / "site" / "index.html").read_text()
    assert set(re.findall(r"https?://([^\s;\"'/]+)", html)) == hosts
    named = re.findall(r'(?:src|href)="([^"]+)"', html)
    files = [name for name in named if not name.startswith("data:")]
    assert files and all(name.startswith("./assets/") and (tmp_path / "site" / name).is_file() for name in files)
    script = "".join(path.read_text() for path in (tmp_path / "site" / "assets").glob("index-*.js"))
    runtime = {path.name for path in (PAGES / "runtime").iterdir()}
    assert set(re.findall(r"ort-[\d.]+(?:\.js|\.wasm\.gz)", script)) == runtime  # what it will ask for
    assert {path.name for path in (tmp_path / "site" / "assets").glob("ort-*")} == runtime


def test_a_copy_leaves_what_the_folder_holds(tmp_path: Path) -> None:
    (tmp_path / "model.onnx").write_bytes(b"graph")
    copy_page("study", tmp_path)
    assert (tmp_path / "model.onnx").read_bytes() == b"graph" and (tmp_path / "index.html").is_file()


def test_a_page_that_was_not_built_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(built_pages, "PAGES", tmp_path)
    with pytest.raises(EnvironmentFaultError, match="the page 'study' is missing from this installation"):
        copy_page("study", tmp_path / "site")
