"""A survey with few roofs may leave no candidate that meets the need; its cadastre is made all the same, and says so."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from frugal.cadastre.yields import yield_model as answer
from frugal.surrogates.bundle import bundle as bundles


def _row(name: str, year: float, month: float, graph: str | None = "g.onnx") -> dict[str, Any]:
    return {
        "name": name, "graph": graph,
        "error": {
            "yearly_yield": {"high": year, "tolerance": 0.02}, "monthly_yield": {"high": month, "tolerance": 0.05},
            "shading_loss": {"high": 9.0, "tolerance": None},
        },
    }  # fmt: skip


@pytest.mark.parametrize(("ships", "expected"), [(None, "sector_year"), ("cumulative_sky", None)])
def test_the_nearest_graph_answers_where_none_ships(
    monkeypatch: pytest.MonkeyPatch, ships: str | None, expected: str | None
) -> None:
    rows = [
        _row("constant", 0.08, 0.2), _row("sector_year", 0.005, 0.058), _row("cumulative_sky", 0.005, 0.059),
        _row("full_physics", 0.0, 0.0, graph=None),
        {"name": "broken", "graph": "b.onnx", "error": None},
    ]  # fmt: skip
    content = {"model": {"candidate": ships}, "candidates": rows}
    monkeypatch.setattr(bundles, "open_bundle", lambda path: SimpleNamespace(candidates=content))
    assert answer._nearest_where_none_ships(Path("b")) == expected
