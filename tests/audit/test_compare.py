"""Two audits beside each other: rebound, the split of a change, what else changed; and bundles that keep the one before."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from campaigns_for_tests import WITH_AI, few_models
from studies_for_tests import linear_study

from frugal.audit.criteria.claims import FORBIDDEN, GRADES, found_words
from frugal.audit.evidence.audit_file import read_audit
from frugal.audit.evidence.comparison import change_of, compare
from frugal.audit.report.comparison import comparison_lines
from frugal.campaigns.campaign import Settings, run_campaign
from frugal.campaigns.publish import publish

PATTERN = "one roof at a time"
Audited = Callable[..., dict[str, Any]]
Change = Callable[[dict[str, Any]], None]


def scaled(cheaper: float = 1.0, more: float = 1.0, **need: Any) -> Change:
    """A later version: each query so many times cheaper, asked so many times more."""

    def change(bundle: dict[str, Any]) -> None:
        for row in bundle["candidates"]["candidates"]:
            time = row["query"][PATTERN]
            for key in ("cpu_seconds", "low", "high"):
                time[key] /= cheaper
        queries = [more * q for q in bundle["study"]["need"]["queries"]]
        bundle["study"]["need"].update(queries=queries, **need)
        bundle["candidates"]["decisions"][0].update(queries=queries, queries_mid=math.sqrt(queries[0] * queries[1]))
        # so that the use outweighs the preparation, as it does in a service that is asked often
        bundle["ledger"][2]["cpu_seconds"] = 1.0

    return change


@pytest.mark.parametrize(
    ("cheaper", "more", "expected"),
    [(2.0, 10.0, True), (2.0, 1.0, False), (1.0, 10.0, False), (0.5, 1.0, False)],
    ids=["cheaper and asked much more", "cheaper only", "asked more only", "dearer only"],
)
def test_rebound_is_a_total_that_grows_while_each_query_takes_less(
    audited: Audited, cheaper: float, more: float, expected: bool
) -> None:
    old, new = audited("demonstrated", scaled()), audited("demonstrated", scaled(cheaper, more))
    found = compare(old, new)
    carbon = next(change for change in found["changes"] if change["category"] == "gwp")
    assert carbon["rebound"] is expected
    unit = change_of(old["footprint"], new["footprint"])
    assert unit is not None and unit["per_unit"] == pytest.approx(1 / cheaper - 1, abs=1e-9)
    assert found["rebound"] == unit["rebound"] == (cheaper > 1 and more > 1)


@pytest.mark.parametrize(("cheaper", "more"), [(2.0, 10.0), (0.5, 0.3), (1.0, 1.0), (3.0, 1.0)])
def test_the_split_adds_up_to_the_change(audited: Audited, cheaper: float, more: float) -> None:
    found = compare(audited("demonstrated", scaled()), audited("demonstrated", scaled(cheaper, more)))
    assert {change["category"] for change in found["changes"]} == {"energy", "gwp", "adpe", "pe", "water"}
    for change in found["changes"]:
        difference = change["new"] - change["old"]
        assert change["activity"] + change["intensity"] == pytest.approx(difference, rel=1e-9, abs=1e-12)
        # additive LMDI-I, from the four numbers
        ratio = change["new"] / change["old"]
        mean = change["old"] if math.isclose(ratio, 1) else difference / math.log(ratio)
        assert change["activity"] == pytest.approx(mean * math.log(more), rel=1e-9, abs=1e-12)
        per_query = change["per_query"][1] / change["per_query"][0]
        assert change["intensity"] == pytest.approx(mean * math.log(per_query), rel=1e-6, abs=1e-9 * change["old"])
        assert math.copysign(1, change["activity"]) == math.copysign(1, math.log(more)) or more == 1


def test_what_else_changed_is_listed(audited: Audited) -> None:
    old = audited("demonstrated", scaled())
    new = audited("demonstrated", scaled(more=2.0, decided_by="the council", reason={}))
    found = compare(old, new)
    assert set(found["need"]) == {"queries", "decided_by", "reason"}
    assert found["need"]["decided_by"] == ["the owner of the roof", "the council"]
    changed = {row["id"]: (row["old"], row["new"]) for row in found["criteria"]}
    assert changed["NEC-02"] == ("pass", "warn")
    both = {row["id"]: row["status"] for row in old["criteria"]}
    assert "COM-02" not in changed and both["COM-02"] == "pass", "what stays is not listed"
    assert found["same_question"] and found["verdict"] == ["demonstrated"] * 2 and found["winner"] == ["mlp"] * 2


def test_another_answer_and_another_question_are_told(audited: Audited) -> None:
    old, new = audited("demonstrated"), audited("not_demonstrated")
    found = compare(old, new)
    assert (found["verdict"], found["winner"]) == (["demonstrated", "not_demonstrated"], ["mlp", "coarse"])
    other = audited("not_assessed")
    assert compare(old, other)["same_question"] is False
    lines = comparison_lines(compare(old, other), "en")
    assert any(old["study"]["question"]["en"] in line for line in lines[1:2]), "the other question is named"


def test_an_audit_without_use_has_no_change_to_split(audited: Audited) -> None:
    found = compare(audited("not_assessed"), audited("not_assessed"))
    assert found["changes"] == [] and found["rebound"] is False
    assert all(comparison_lines(found, language) for language in ("en", "fr"))


def test_an_audit_beside_itself_changes_nothing(audited: Audited) -> None:
    audit = audited("demonstrated")
    found = compare(audit, audit)
    assert found["need"] == {} and found["criteria"] == [] and not found["rebound"]
    assert all(change["activity"] == change["intensity"] == 0 for change in found["changes"])


@pytest.mark.parametrize("language", ["en", "fr"])
def test_lines_hold_no_claim_and_begin_with_the_rebound(audited: Audited, language: str) -> None:
    old = audited("demonstrated", scaled())
    for new, rebound in (
        (audited("demonstrated", scaled(2.0, 10.0, decided_by="the council")), True),
        (audited("table_wins", scaled()), False),
        (audited("demonstrated", scaled(0.5, 0.5)), False),
    ):
        found = compare(old, new)
        lines = comparison_lines(found, language)
        assert found["rebound"] is rebound
        told = {"en": "rebound", "fr": "rebond"}[language]
        assert told in lines[1].lower()
        text = "\n".join(lines)
        assert found_words(text, FORBIDDEN[language]) == []
        assert found_words(text, GRADES[language]) == []
    assert lines[1] != comparison_lines(compare(old, audited("demonstrated", scaled(2.0, 10.0))), language)[1]


# ------------------------------------------------------------------------------- bundles that are trained again


@pytest.fixture(scope="module")
def twice(tmp_path_factory: pytest.TempPathFactory) -> tuple[dict[str, Any], dict[str, Any], Path]:
    """A bundle, trained again for ten times the use."""
    home = tmp_path_factory.mktemp("twice")
    settings = Settings(folder=home / "campaigns", measure_seconds=0.2, carbon=False, threads=1)
    study = replace(linear_study(), n_runs=32)
    more = replace(study, need=replace(study.need, queries=(1e5, 1e7)))
    with pytest.MonkeyPatch.context() as patch:
        few_models(patch, WITH_AI)
        first = publish(run_campaign(study, settings), home / "bundle")
        second = publish(run_campaign(more, settings), home / "bundle")
    return first, second, home / "bundle"


def status(audit: dict[str, Any], name: str) -> str:
    return str(next(row["status"] for row in audit["criteria"] if row["id"] == name))


def test_a_bundle_that_is_replaced_keeps_the_audit_before(
    twice: tuple[dict[str, Any], dict[str, Any], Path],
) -> None:
    first, second, bundle = twice
    assert json.loads((bundle / "previous_audit.json").read_text()) == first
    assert (first["previous_sha256"], second["previous_sha256"]) == (None, first["content_sha256"])
    assert "previous_audit.json" in [row["file"] for row in second["inputs"]]
    assert "previous_audit.json" in (bundle / "SHA256SUMS").read_text()
    assert read_audit(bundle) == second


def test_the_criteria_over_time_use_it(twice: tuple[dict[str, Any], dict[str, Any], Path]) -> None:
    first, second, _ = twice
    assert status(first, "LIM-05") == status(first, "FRU-18") == "n_a"
    trajectory = next(row for row in second["criteria"] if row["id"] == "LIM-05")
    change = change_of(first["footprint"], second["footprint"])
    assert change is not None and trajectory["value"] == pytest.approx(change["total"])
    expected = "warn" if change["rebound"] or change["total"] > 0.05 else "pass"
    assert trajectory["status"] == expected
    stable = next(row for row in second["criteria"] if row["id"] == "FRU-18")
    times = [next(iter(winner(audit)["query"].values()))["cpu_seconds"] for audit in (first, second)]
    assert stable["status"] in ("pass", "warn")
    assert stable["value"] == pytest.approx(times[1] / times[0] - 1)


def winner(audit: dict[str, Any]) -> dict[str, Any]:
    return dict(next(row for row in audit["ladder"] if row["name"] == audit["decisions"][0]["winner"]))


@pytest.mark.parametrize(
    ("cheaper", "more", "trajectory", "stable"),
    [(2.0, 10.0, "warn", "pass"), (1.0, 3.0, "warn", "pass"), (1.0, 1.0, "pass", "pass"), (0.4, 1.0, "warn", "warn")],
    ids=["rebound", "more use", "the same", "dearer"],
)
def test_growth_and_dearer_queries_are_reserves(
    audited: Audited, bundles: Any, tmp_path: Path, cheaper: float, more: float, trajectory: str, stable: str
) -> None:
    from frugal.audit.build import build_audit

    old = audited("demonstrated", scaled())
    bundle = bundles.demonstrated()
    scaled(cheaper, more)(bundle)
    folder = bundles.write(bundle, tmp_path / "new")
    (folder / "previous_audit.json").write_text(json.dumps(old))
    audit = build_audit(folder)
    assert (status(audit, "LIM-05"), status(audit, "FRU-18")) == (trajectory, stable)


@pytest.mark.usefixtures("cheap_campaigns")
def test_an_altered_or_foreign_audit_is_not_kept_as_the_one_before(
    tmp_path: Path,
) -> None:
    settings = Settings(folder=tmp_path / "campaigns", measure_seconds=0.2, carbon=False, threads=1)
    study = replace(linear_study(), n_runs=24)
    campaign = run_campaign(study, settings)
    publish(campaign, tmp_path / "bundle")
    path = tmp_path / "bundle" / "audit.json"
    altered = json.loads(path.read_text())
    altered["verdict"] = "demonstrated"
    path.write_text(json.dumps(altered))
    audit = publish(campaign, tmp_path / "bundle")
    assert audit["previous_sha256"] is None
    assert not (tmp_path / "bundle" / "previous_audit.json").exists()
