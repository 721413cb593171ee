"""Fixtures of the audit tests: hand-made bundles, audited."""

from __future__ import annotations

import importlib.util
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from frugal.audit.build import build_audit
from frugal.audit.report import pages


def _load(path: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="session")
def bundles() -> ModuleType:
    """The factory of hand-made bundles."""
    return _load(Path(__file__).with_name("bundles.py"))


@pytest.fixture(scope="session", autouse=True)
def pictures_drawn_once() -> Iterator[None]:
    """The same content gives the same picture, and most of what these tests change leaves the pictures as they are."""
    draw, drawn = pages._drawn, {}

    def once(plot: Callable[..., str], content: Any, language: str) -> str:
        key = plot.__name__, repr(content), language
        if key not in drawn:
            drawn[key] = draw(plot, content, language)
        return drawn[key]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(pages, "_drawn", once)
        yield


@pytest.fixture(scope="session")
def audits() -> dict[str, str]:
    """Audits that were made already, by the content of their bundle: many tests look at the same few."""
    return {}


@pytest.fixture
def audited(bundles: ModuleType, audits: dict[str, str], tmp_path: Path) -> Callable[..., dict[str, Any]]:
    """``audited("table_wins", change)`` audits a case after ``change(bundle)`` altered it.

    The audit of a case that was changed draws its pictures in one language, for both; one as it stands in each.
    """

    def run(case: str, change: Callable[[dict[str, Any]], object] | None = None) -> dict[str, Any]:
        bundle = bundles.ALL[case]()
        if change is not None:
            change(bundle)
        folder = bundles.write(bundle, tmp_path / case)
        content = json.dumps(bundle)
        if content not in audits:
            with pytest.MonkeyPatch.context() as patch:
                if change is not None:
                    draw = pages._drawn
                    patch.setattr(pages, "_drawn", lambda plot, drawn, language: draw(plot, drawn, "en"))
                audits[content] = json.dumps(build_audit(folder, created="2026-11-23T05:20:00+00:00"))
            pages._pictures.cache_clear()
        return dict(json.loads(audits[content]))

    return run
