"""The bill of materials against the strict validator of CycloneDX 1.7."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator

from frugal.audit.exports.export import export

AuditOf = Callable[[str], dict[str, Any]]


def bill(audit: dict[str, Any]) -> dict[str, Any]:
    return dict(json.loads(export(audit, "cyclonedx")))


def properties(holder: dict[str, Any]) -> dict[str, str]:
    return {one["name"].removeprefix("frugal:"): one["value"] for one in holder["properties"]}


def test_it_follows_the_schema(any_audit: dict[str, Any]) -> None:
    fault = JsonStrictValidator(SchemaVersion.V1_7).validate_str(export(any_audit, "cyclonedx"))
    assert fault is None, fault


@pytest.mark.parametrize(
    ("old", "new"),
    [('"unit": "kWh"', '"unit": "J"'), ('"unit": "tCO2eq"', '"unit": "gCO2eq"'), ('"training"', '"fit"')],
)
def test_the_validator_sees_a_wrong_unit(audit_of: AuditOf, old: str, new: str) -> None:
    text = export(audit_of("mlp_ships"), "cyclonedx")
    assert old in text
    assert JsonStrictValidator(SchemaVersion.V1_7).validate_str(text.replace(old, new, 1)) is not None


def test_an_ai_that_ships_has_a_model_card(audit_of: AuditOf) -> None:
    audit = audit_of("mlp_ships")
    model, other = bill(audit)["components"]
    assert (other["name"], other["scope"]) == ("boosted_trees", "excluded")
    assert model["type"] == "machine-learning-model"
    assert properties(model)["graph_sha256"] == audit["graph_sha256"]
    card = model["modelCard"]
    assert card["modelParameters"]["task"] == "tabular-regression"
    assert card["modelParameters"]["architectureFamily"] == "neuralNetwork"
    assert card["modelParameters"]["inputs"][0]["format"] == "tilt_deg [deg], 0 to 60"
    assert "open_rack" in card["modelParameters"]["inputs"][1]["format"]
    yearly = card["quantitativeAnalysis"]["performanceMetrics"][0]
    assert (yearly["type"], float(yearly["value"])) == ("nrmse", 0.014)
    assert float(yearly["confidenceInterval"]["upperBound"]) == pytest.approx(0.0154)
    assert "n=225" in yearly["slice"]
    considerations = card["considerations"]
    assert considerations["useCases"] == ["Decide whether to equip a roof.", "the yield of one roof"]
    assert considerations["technicalLimitations"] == ["Errors are measured against the full physics."]
    assert "the owner of the roof" in considerations["users"]


def test_energy_by_stage_in_kilowatt_hours_and_tonnes(audit_of: AuditOf) -> None:
    audit = audit_of("mlp_ships")
    model = bill(audit)["components"][0]
    consumptions = model["modelCard"]["considerations"]["environmentalConsiderations"]["energyConsumptions"]
    stages = audit["footprint"]["stages"]
    assert len(consumptions) == len(stages)
    for consumption, stage in zip(consumptions, stages, strict=True):
        assert consumption["activityEnergyCost"]["value"] * 3.6e6 == pytest.approx(stage["impacts"]["energy"]["p50"])
        assert consumption["co2CostEquivalent"]["value"] * 1e6 == pytest.approx(stage["impacts"]["gwp"]["p50"])
        assert "co2CostOffset" not in consumption
        assert properties(consumption)["stage"] == stage["stage"]
    assert [one["activity"] for one in consumptions][:3] == ["data-collection", "training", "training"]


def test_a_table_that_ships_is_a_file_and_the_ai_stands_beside_it(audit_of: AuditOf) -> None:
    audit = audit_of("table_ships")
    document = bill(audit)
    answer, rejected, other = document["components"]
    assert (other["name"], other["scope"]) == ("boosted_trees", "excluded")
    assert (answer["type"], answer["name"]) == ("file", "cumulative_sky")
    assert "no AI" in answer["description"]
    assert "modelCard" not in answer
    assert properties(answer)["is_ai"] == "false"
    assert (rejected["type"], rejected["name"], rejected["scope"]) == ("machine-learning-model", "mlp", "excluded")
    assert "Condition C1 in words." in rejected["description"]
    assert "environmentalConsiderations" not in rejected["modelCard"]["considerations"]
    assert document["dependencies"] == [{"ref": "bundle", "dependsOn": ["answer"]}, {"ref": "answer"}]


def test_what_has_no_field_stands_in_properties(audit_of: AuditOf) -> None:
    audit = audit_of("table_ships")
    found = properties(bill(audit)["metadata"]["component"])
    assert found["need_for_ai"] == "not_demonstrated"
    assert found["measurement_tier"] == "T4"
    assert found["break_even_queries_interval"] == "110000 to never"
    generation = audit["footprint"]["stages"][0]
    assert float(found["stage:generation:datacentre:cpu_seconds"]) == generation["cpu_seconds"]
    energy = generation["impacts"]["energy"]["p50"] / 3.6e6
    assert float(found["stage:generation:datacentre:energy_kwh"]) == pytest.approx(energy)


def test_nothing_ships(audit_of: AuditOf) -> None:
    document = bill(audit_of("nothing_ships"))
    assert {one["scope"] for one in document["components"]} == {"excluded"}, "only what was tried"
    assert document["dependencies"] == [{"ref": "bundle", "dependsOn": []}]
    assert properties(document["metadata"]["component"])["answer"] == "nothing ships"


def test_a_solver_is_an_application_and_its_stand_in_says_why(audit_of: AuditOf) -> None:
    answer, graph, _ = bill(audit_of("graph_beside_the_answer"))["components"]
    assert (answer["type"], answer["name"]) == ("application", "full_physics")
    assert (graph["type"], graph["name"]) == ("machine-learning-model", "mlp")
    assert "full_physics has no graph" in graph["description"]
    consumptions = graph["modelCard"]["considerations"]["environmentalConsiderations"]["energyConsumptions"]
    assert "inference" not in {one["activity"] for one in consumptions}, "the use is that of the solver"
