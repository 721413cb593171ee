"""Fixtures of the export tests: hand-written audits."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

_spec = importlib.util.spec_from_file_location("export_samples", Path(__file__).with_name("sample.py"))
assert _spec is not None and _spec.loader is not None
_samples = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(_samples)


@pytest.fixture
def audit_of() -> Callable[[str], dict[str, Any]]:
    """``audit_of("mlp_ships")`` gives a fresh audit."""
    return lambda case: _samples.ALL[case]()


@pytest.fixture(params=sorted(_samples.ALL))
def any_audit(request: pytest.FixtureRequest) -> dict[str, Any]:
    """Each of the audits in turn."""
    return _samples.ALL[request.param]()
