"""What emits less than the answer retained is named; the room of the use is also that of its carbon."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest

from frugal.audit.build import Terms, build_audit
from frugal.audit.criteria.measurement import intervals_given
from frugal.metering.factors.table import load_factors

Audited = Callable[..., dict[str, Any]]


def finding(audit: dict[str, Any], name: str) -> dict[str, Any]:
    return next(row for row in audit["criteria"] if row["id"] == name)


def in_browser(bundle: dict[str, Any]) -> None:
    bundle["study"]["need"]["call_patterns"][0].update(target="browser", needs_graph=True)


def test_a_download_that_outweighs_the_computing_is_told(audited: Audited) -> None:
    audit = audited("table_wins", in_browser)
    lighter = audit["footprint"]["lighter"]
    assert lighter["served"] and lighter["gwp"] * 1.25 < lighter["winner_gwp"]
    life = next(row for row in audit["footprint"]["rows"] if row["per"] == "lifetime" and row["role"] == "winner")
    assert lighter["winner_gwp"] == pytest.approx(life["impacts"]["gwp"]["p50"])
    assert finding(audit, "NEC-04")["status"] == "warn"
    assert "answered by a server" in finding(audit, "NEC-04")["text"]["en"]
    assert any("answered by a server" in limit["en"] for limit in audit["limits"])
    assert audit["rebound"]["room_carbon"] < audit["rebound"]["room"]


def test_without_network_the_answer_that_computes_least_emits_least(audited: Audited) -> None:
    audit = audited("not_demonstrated")
    assert audit["footprint"]["lighter"] is None
    assert finding(audit, "NEC-04")["status"] == "pass"
    assert audit["rebound"]["room_carbon"] == pytest.approx(audit["rebound"]["room"], rel=0.1)


def test_factors_of_the_auditor_s_own_stand_on_the_first_page(bundles: Any, tmp_path: Any) -> None:
    own = tmp_path / "own.csv"
    own.write_text("id,value,low,high,unit,year,source,licence\npue,1.1,1.05,1.2,1,2026,our bills,ours\n")
    folder = bundles.write(bundles.ALL["table_wins"](), tmp_path / "bundle")
    audit = build_audit(folder, terms=Terms(factors=load_factors(own)))
    assert any("own" in limit["en"] and "overhead of the room" in limit["en"] for limit in audit["limits"])
    assert not any("overhead of the room" in limit["en"] for limit in build_audit(folder)["limits"])


def test_figures_without_interval_are_found(audited: Audited) -> None:
    assert finding(audited("table_wins"), "MES-09")["status"] == "pass"
    for value, expected in ((1.0, "fail"), (0.0, "pass")):  # what is nothing needs no interval
        rows = [{"impacts": {"gwp": {"p5": value, "p50": value, "p95": value}}}]
        evidence: Any = SimpleNamespace(account=SimpleNamespace(footprint={"rows": rows}))
        assert intervals_given(evidence).status == expected
