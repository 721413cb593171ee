"""A survey with few roofs may leave no candidate that meets the need; its cadastre is made all the same, and says so."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from frugal.cadastre.yields import yield_model as answer
from frugal.candidates.comparison import Ladder, ModelFile
from frugal.candidates.row import CandidateRow
from frugal.surrogates.bundle import bundle as bundles


def _error(high: float, tolerance: float | None) -> dict[str, Any]:
    return {"metric": "nrmse", "value": high, "low": high, "high": high, "tolerance": tolerance}


def _row(name: str, year: float, month: float, graph: str | None = "g.onnx") -> dict[str, Any]:
    return {
        "name": name, "kind": "table", "graph": graph,
        "error": {
            "yearly_yield": _error(year, 0.02), "monthly_yield": _error(month, 0.05), "shading_loss": _error(9.0, None),
        },
    }  # fmt: skip


@pytest.mark.parametrize(("ships", "expected"), [(None, "sector_year"), ("cumulative_sky", None)])
def test_the_nearest_graph_answers_where_none_ships(
    monkeypatch: pytest.MonkeyPatch, ships: str | None, expected: str | None
) -> None:
    rows = [
        _row("constant", 0.08, 0.2), _row("sector_year", 0.005, 0.058), _row("cumulative_sky", 0.005, 0.059),
        _row("full_physics", 0.0, 0.0, graph=None),
        {"name": "broken", "kind": "table", "graph": "b.onnx", "error": None},
    ]  # fmt: skip
    ladder = Ladder(tuple(CandidateRow.read(row, "candidates.json") for row in rows), ())
    content = SimpleNamespace(model=ModelFile(ships), ladder=ladder)
    monkeypatch.setattr(bundles, "open_bundle", lambda path: SimpleNamespace(comparison=content))
    assert answer._nearest_where_none_ships(Path("b")) == expected
