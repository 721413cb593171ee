"""What emits less than the answer retained is named; the room of the use is also that of its carbon."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest

from frugal.audit.build import Terms, build_audit
from frugal.audit.criteria.measurement import intervals_given
from frugal.audit.evidence import evidence
from frugal.metering.factors.table import load_factors
from frugal.surrogates.javascript.module import Script

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
        told: Any = SimpleNamespace(account=SimpleNamespace(footprint={"rows": rows}))
        assert intervals_given(told).status == expected


@pytest.mark.parametrize(
    ("script", "status", "words"),
    [
        (Script("x" * 20_000), "pass", ("model in JavaScript 20\u00a0kB, no runtime (with the graph and", "aucun moteur")),
        (Script(None, {"en": "it is large", "fr": "il est lourd"}), "fail", ("JavaScript: it is large.", "est lourd.")),
    ],
    ids=["script", "graph"],
)  # fmt: skip
def test_what_a_page_loads_is_told_by_its_parts(
    bundles: Any, tmp_path: Any, monkeypatch: pytest.MonkeyPatch, script: Script, status: str, words: tuple[str, str]
) -> None:
    bundle = bundles.ALL["table_wins"]()
    in_browser(bundle)
    folder = bundles.write(bundle, tmp_path / "bundle")
    heavy = build_audit(folder)
    monkeypatch.setattr(evidence, "script_of", lambda model: script)
    graph = folder / "alternatives" / "table.onnx"
    graph.parent.mkdir(exist_ok=True)
    graph.write_bytes(b"graph")
    audit = build_audit(folder)
    found = finding(audit, "FRU-15")
    assert found["status"] == status and words[0] in found["text"]["en"] and words[1] in found["text"]["fr"]
    delivery, other = audit["footprint"]["delivery"], heavy["footprint"]["delivery"]
    assert delivery["with_runtime"] == other["total"] and other["runtime"] > 3e6
    assert delivery["total"] == (delivery["page"] + 20_000 if script.text else other["total"])
    now, before = (
        next(
            row["network_bytes"]
            for row in told["footprint"]["rows"]
            if (row["per"], row["role"]) == ("lifetime", "winner")
        )
        for told in (audit, heavy)
    )
    assert now / before == pytest.approx(delivery["total"] / other["total"])
