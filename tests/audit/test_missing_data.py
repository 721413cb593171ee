"""A solver that needs data which are missing where the study is asked: it judges the others and is compared with none."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from campaigns_for_tests import WITH_AI, few_models, given_times
from studies_for_tests import slow_study

from frugal.audit.evidence.audit_file import ladder_of
from frugal.campaigns.campaign import Settings, run_campaign
from frugal.campaigns.publish import publish
from frugal.campaigns.reevaluation import evaluate_bundle
from frugal.campaigns.workflow import audit_again
from frugal.experiments.study import CallPattern, Study, Tolerance
from frugal.reporting.ladder_table import candidate_cells
from frugal.reporting.plots.ladder import break_even_plot, error_cost_plot
from frugal.surrogates.bundle.bundle import open_bundle

NEEDS = {"en": "a survey of the bottom", "fr": "un relevé du fond"}


def study(needs: dict[str, str], limit: float) -> Study:
    """Asked one at a time by a server: nothing but missing data keeps the physics from being asked."""
    made = slow_study(steps=2000)
    need = replace(
        made.need,
        queries=(1e6, 1e7),
        tolerances={"y": Tolerance("nrmse", limit)},
        call_patterns=(CallPattern("one at a time"),),
    )
    return replace(made, need=need, missing_data=needs)


@pytest.fixture(scope="module", autouse=True)
def few_and_steady() -> Iterator[None]:
    """One AI is enough, and what else runs on this machine must not decide what it pays."""
    with pytest.MonkeyPatch.context() as patch:
        few_models(patch, (*WITH_AI, "table", "quadratic"))
        given_times(patch)
        yield


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("missing")


def train(made: Study, home: Path, name: str) -> tuple[Path, dict[str, Any]]:
    settings = Settings(folder=home / "campaigns", measure_seconds=0.5, carbon=False, threads=1)
    return home / name, publish(run_campaign(made, settings), home / name)


@pytest.fixture(scope="module")
def only_ai(home: Path) -> Iterator[tuple[Path, dict[str, Any]]]:
    """A tolerance that no fit keeps but the small models do."""
    yield train(study(NEEDS, 0.005), home, "only_ai")


def physics(audit: dict[str, Any]) -> dict[str, Any]:
    return next(row for row in audit["ladder"] if row["kind"] == "full_physics")


def finding(audit: dict[str, Any], name: str) -> dict[str, Any]:
    return next(row for row in audit["criteria"] if row["id"] == name)


def test_ai_is_measured_against_what_can_be_asked_only(only_ai: tuple[Path, dict[str, Any]]) -> None:
    _, audit = only_ai
    decision = audit["decisions"][0]
    assert (audit["verdict"], decision["winner_is_ai"]) == ("infeasible_otherwise", True)
    assert [reason["code"] for reason in decision["reasons"]] == [
        "no_alternative_meets_the_need",
        "missing_information",
    ]
    assert decision["limits_that_exclude"] == ["data"]
    assert decision["break_even_queries"] is None and decision["saving_cpu_seconds"] is None
    assert "full_physics" not in decision["lifetime_cpu_seconds"] and decision["missing_baselines"] == []
    assert audit["first_line"]["en"].startswith("Without a survey of the bottom, only AI meets the need here: ")
    assert audit["first_line"]["fr"].startswith("Sans un relevé du fond, seule une IA répond ici au besoin\u00a0: ")
    assert "missing information, not for missing computing" in audit["conditions"]["C1"]["text"]["en"]


def test_the_ladder_lists_it_as_a_reference_with_the_reason(only_ai: tuple[Path, dict[str, Any]]) -> None:
    folder, audit = only_ai
    row = physics(audit)
    assert (row["status"], row["error_met"], row["need_met"]) == ("ok", True, {"one at a time": False})
    assert row["lacks"] == audit["study"]["solver_needs"] == NEEDS
    assert row["limits"]["one at a time"]["broken"] == ["data"]
    for language, words in (("en", "it needs a survey of the bottom"), ("fr", "elle demande un relevé du fond")):
        told = row["limits"]["one at a time"]["reasons"]
        assert len(told) == 1 and words in told[0][language]
        assert words in (folder / f"audit.{language}.html").read_text(encoding="utf-8")
    ladder = ladder_of(audit)
    cells = candidate_cells(ladder.by_name[row["name"]], ladder.decision, 3.0, "en")
    assert cells[3:] == ["–"] * 6 + ["reference", "–"]


def test_no_cost_is_compared_with_its_own(only_ai: tuple[Path, dict[str, Any]]) -> None:
    _, audit = only_ai
    assert all(row["role"] != "full_physics" for row in audit["footprint"]["rows"])
    lighter = audit["footprint"]["lighter"]
    assert lighter is None or lighter["candidate"] != "full_physics"
    assert any("a survey of the bottom" in limit["en"] and "No cost" in limit["en"] for limit in audit["limits"])
    for draw in (error_cost_plot, break_even_plot):
        assert "Full physics" not in draw(ladder_of(audit), "en")
    tried = sum(not row["is_ai"] and row["status"] == "ok" for row in audit["ladder"]) - 1
    assert finding(audit, "NEC-03")["text"]["en"].startswith(f"{tried} answers")


def test_an_answer_without_ai_has_nothing_to_be_held_against(home: Path) -> None:
    _, audit = train(study(NEEDS, 0.5), home, "loose")
    assert audit["verdict"] == "not_demonstrated" and not audit["decisions"][0]["winner_is_ai"]
    assert audit["rebound"]["reference"] is None and finding(audit, "NEC-09")["status"] == "n_a"


def test_where_nothing_meets_the_need_the_missing_data_are_told(home: Path) -> None:
    folder, audit = train(study(NEEDS, 1e-7), home, "nothing")
    assert audit["decisions"][0]["winner"] is None and audit["conditions"]["C1"]["status"] == "fail"
    told = audit["first_line"]
    assert told["en"].endswith(
        "; only the full physics is accurate enough, and it needs a survey of the bottom, which is just what is missing."
    )
    assert told["fr"].endswith("mais il demande un relevé du fond, justement ce qui manque.")
    page = (folder / "audit.en.html").read_text(encoding="utf-8")
    assert "Preparation, by stage" in page and "What ships, by stage" not in page


def test_the_same_solver_that_can_be_asked_answers_as_before(home: Path) -> None:
    folder, audit = train(study({}, 0.005), home, "asked")
    row = physics(audit)
    assert "lacks" not in row and "solver_needs" not in audit["study"]
    assert "solver_needs" not in json.loads((folder / "study.json").read_text())
    decision = audit["decisions"][0]
    assert decision["best_alternative"] == "full_physics" and "full_physics" in decision["lifetime_cpu_seconds"]
    assert decision["break_even_queries"] is not None


def test_a_new_evaluation_keeps_it_out(only_ai: tuple[Path, dict[str, Any]]) -> None:
    folder, first = only_ai
    for given in (study(NEEDS, 0.005), None):  # with the physics at hand, and without
        evaluation = json.loads(evaluate_bundle(open_bundle(folder), given, carbon=False).read_text())
        row = next(row for row in evaluation["candidates"] if row["kind"] == "full_physics")
        assert row["measured_again"] == (given is not None)
        assert row["lacks"] == NEEDS and row["limits"]["one at a time"]["broken"] == ["data"]
        assert evaluation["decisions"][0]["verdict"] == "infeasible_otherwise"
    assert audit_again(folder)["verdict"] == first["verdict"]
