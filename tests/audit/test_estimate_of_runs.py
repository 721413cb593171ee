"""FRU-12: an estimate of what runs cost is held against what they took, but for what takes less than a second anyhow."""

from types import SimpleNamespace
from typing import Any, cast

import pytest

from frugal.audit.criteria.producer import estimated_beforehand
from frugal.audit.evidence.evidence import Evidence


@pytest.mark.parametrize(
    ("expected", "spent", "status"),
    [
        (0.03, 0.6, "pass"),  # 300 runs of 0.1 ms, and what threads and store take beside them
        (0.6, 0.03, "pass"),
        (0.03, 3.0, "warn"),  # 4.0 against 1.03
        (0.03, 6.0, "fail"),
        (100.0, 199.0, "pass"),
        (100.0, 210.0, "warn"),
        (100.0, 15.0, "fail"),
    ],
)
def test_an_estimate_is_held_against_what_runs_took(expected: float, spent: float, status: str) -> None:
    line: dict[str, Any] = {"stage": "generation", "cpu_seconds": spent}
    line["details"] = {"estimated_cpu_seconds": expected}
    evidence = cast(Evidence, SimpleNamespace(full_physics=object(), ledger=[line]))
    assert estimated_beforehand(evidence).status == status
