"""The model card as the Hub's own library reads it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from huggingface_hub import ModelCard
from huggingface_hub.repocard_data import eval_results_to_model_index, model_index_to_eval_results

from frugal.audit.exports.export import export
from frugal.audit.exports.huggingface import _scalar

AuditOf = Callable[[str], dict[str, Any]]
MAKING = ("generation", "selection", "training", "export")


def card(audit: dict[str, Any]) -> ModelCard:
    # with ignore_metadata_errors left off, a model-index that the Hub would refuse raises
    return ModelCard(export(audit, "huggingface"))


def grams(audit: dict[str, Any], part: str = "p50") -> float:
    return sum(one["impacts"]["gwp"][part] for one in audit["footprint"]["stages"] if one["stage"] in MAKING)


def test_the_front_matter_is_read_back(any_audit: dict[str, Any]) -> None:
    data = card(any_audit).data.to_dict()
    assert data["license"] == "other"
    assert data["pipeline_tag"] == "tabular-regression"
    assert data["co2_eq_emissions"]["training_type"] == "pre-training"
    assert data["co2_eq_emissions"]["geographical_location"] == "FRA"
    assert "2 cores" in data["co2_eq_emissions"]["hardware_used"]


def test_emissions_are_grams_of_making_the_answer(any_audit: dict[str, Any]) -> None:
    emissions = card(any_audit).data.to_dict()["co2_eq_emissions"]
    assert isinstance(emissions["emissions"], float)
    assert emissions["emissions"] == pytest.approx(grams(any_audit))
    assert "making of the hardware included" in emissions["source"]
    assert f"P5–P95 {grams(any_audit, 'p5'):.3g}–{grams(any_audit, 'p95'):.3g} g" in emissions["source"]


def test_hardware_left_out_is_said(audit_of: AuditOf) -> None:
    audit = audit_of("mlp_ships")
    for stage in audit["footprint"]["stages"]:
        stage["impacts"]["gwp"]["embodied"] = None
    assert "making of the hardware left out" in card(audit).data.to_dict()["co2_eq_emissions"]["source"]


def test_no_carbon_no_emissions(audit_of: AuditOf) -> None:
    audit = audit_of("mlp_ships")
    for stage in audit["footprint"]["stages"]:
        del stage["impacts"]["gwp"]
    page = card(audit)
    assert "co2_eq_emissions" not in page.data.to_dict()
    assert "not covered" in page.text


def test_held_out_errors_make_a_model_index(audit_of: AuditOf) -> None:
    data = card(audit_of("mlp_ships")).data
    results = data.eval_results
    assert [(one.metric_type, one.metric_value) for one in results] == [("nrmse", 0.014), ("nrmse", 0.028)]
    assert results[0].dataset_name == "runs of roof_yield not learnt from (n=225)"
    index = eval_results_to_model_index("roof_yield", results)
    name, again = model_index_to_eval_results(index)
    assert (name, again) == ("roof_yield", results)


def test_only_a_graph_has_a_model_index_and_a_library(audit_of: AuditOf) -> None:
    data = card(audit_of("nothing_ships")).data.to_dict()
    assert "model-index" not in data
    assert "library_name" not in data


@pytest.mark.parametrize(
    ("case", "tag", "words"),
    [
        ("table_ships", "no-ai", "no AI in it"),
        ("mlp_ships", "surrogate-model", "an AI"),
        ("nothing_ships", "no-ai", "nothing; need for AI: not assessed"),
        ("graph_beside_the_answer", "surrogate-model", "holds mlp, because full_physics has no graph"),
    ],
)
def test_what_ships_is_said(audit_of: AuditOf, case: str, tag: str, words: str) -> None:
    page = card(audit_of(case))
    assert tag in page.data.to_dict()["tags"]
    assert words in page.text


def test_limits_and_conditions_stand_in_the_text(audit_of: AuditOf) -> None:
    text = card(audit_of("mlp_ships")).text
    assert "- Errors are measured against the full physics." in text
    assert "- **C1**: Condition C1 in words." in text
    assert "frugal predict . -i tilt_deg=30" in text


@pytest.mark.parametrize("value", [1e-5, 1.5e-9, 3e22, 0.25, 0.0, 'a "quoted": text # with signs', "é – ’"])
def test_scalars_survive_yaml(value: object) -> None:
    import yaml

    assert yaml.safe_load(_scalar(value)) == value
