"""Fixtures of the audit tests: hand-made bundles, audited."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from frugal.audit.build import build_audit


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


@pytest.fixture
def audited(bundles: ModuleType, tmp_path: Path) -> Callable[..., dict[str, Any]]:
    """``audited("table_wins", change)`` audits a case after ``change(bundle)`` altered it."""

    def run(case: str, change: Callable[[dict[str, Any]], object] | None = None) -> dict[str, Any]:
        bundle = bundles.ALL[case]()
        if change is not None:
            change(bundle)
        folder = bundles.write(bundle, tmp_path / case)
        return build_audit(folder, created="2026-11-23T05:20:00+00:00")

    return run
