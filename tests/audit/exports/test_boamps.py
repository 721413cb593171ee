"""BoAmps reports against the schemas of Boavizta, resolved from the copies beside this file."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft4Validator, ValidationError
from referencing import Registry, Resource

from frugal.audit.exports.boamps import boamps_reports
from frugal.audit.exports.export import export
from frugal.errors import NotAssessedError

SCHEMAS = Path(__file__).with_name("schemas") / "boamps"


@pytest.fixture(scope="module")
def validator() -> Draft4Validator:
    documents = {path.stem: json.loads(path.read_text()) for path in SCHEMAS.glob("*.json")}
    registry = Registry().with_resources((one["id"], Resource.from_contents(one)) for one in documents.values())
    return Draft4Validator(documents["report_schema"], registry=registry)


def test_reports_follow_the_schema(validator: Draft4Validator, any_audit: dict[str, Any]) -> None:
    reports = json.loads(export(any_audit, "boamps"))
    assert len(reports) >= 6
    for report in reports:
        validator.validate(report)


@pytest.mark.parametrize(
    "spoil",
    [
        lambda report: report["measures"][0].pop("powerConsumption"),
        lambda report: report["task"]["dataset"][0].update(dataType="table"),
        lambda report: report["infrastructure"]["components"][0].update(share=2),
        lambda report: report.update(quality="good"),
    ],
    ids=["measure", "dataset", "hardware", "report"],
)
def test_the_schemas_reach_into_every_part(
    validator: Draft4Validator, audit_of: Callable[[str], dict[str, Any]], spoil: Callable[[dict[str, Any]], object]
) -> None:
    report = boamps_reports(audit_of("mlp_ships"))["training"]
    spoil(report)
    with pytest.raises(ValidationError):
        validator.validate(report)


def test_energy_is_in_kilowatt_hours_and_adds_up_to_the_preparation(any_audit: dict[str, Any]) -> None:
    reports = boamps_reports(any_audit)
    spent = sum(
        report["measures"][0]["powerConsumption"]
        for stage, report in reports.items()
        if stage not in ("use", "network")
    )
    preparation = any_audit["footprint"]["rows"][0]["impacts"]["energy"]["p50"]
    assert spent * 3.6e6 == pytest.approx(preparation)


def test_one_call_of_the_answer(audit_of: Callable[[str], dict[str, Any]]) -> None:
    audit = audit_of("mlp_ships")
    call = next(row for row in audit["footprint"]["rows"] if row["per"] == "inference")
    call["queries"] = 10_000.0
    report = boamps_reports(audit)["use"]
    assert report["task"]["taskStage"] == "inference"
    assert report["task"]["nbRequest"] == 10_000.0
    assert report["task"]["dataset"][0]["shape"] == "(10000, 2)"
    assert report["task"]["dataset"][1]["shape"] == "(10000, 13)"
    assert report["infrastructure"]["components"][0]["share"] == 0.5
    (algorithm,) = report["task"]["algorithms"]
    assert algorithm["algorithmType"] == "neuralNetwork"
    assert algorithm["parametersNumber"] == pytest.approx(1.902e-6), "billions of parameters"
    assert algorithm["layersNumber"] == 3


def test_an_inference_holds_what_computes_it_and_the_network_is_a_report_of_its_own(
    validator: Draft4Validator, audit_of: Callable[[str], dict[str, Any]]
) -> None:
    audit = audit_of("mlp_ships")
    call = next(row for row in audit["footprint"]["rows"] if row["per"] == "inference")
    reports = boamps_reports(audit)
    told = {stage: reports[stage]["measures"][0]["powerConsumption"] for stage in ("use", "network")}
    # 45 µs at 3 W on a device; 2,700 bytes at 0.059 kWh a gigabyte: the two that the sample is made of
    assert told["use"] == pytest.approx(45e-6 * 3.0 / 3.6e6)
    assert told["network"] == pytest.approx(call["network_bytes"] / 1e9 * 0.059)
    assert sum(told.values()) * 3.6e6 == pytest.approx(call["impacts"]["energy"]["p50"])
    assert reports["network"]["task"]["taskStage"] == "networkTransfer"
    assert reports["network"]["measures"][0]["measurementMethod"] == "bytesTimesFactor"
    validator.validate(reports["network"])


def test_an_answer_that_sends_nothing_has_no_report_of_a_network(audit_of: Callable[[str], dict[str, Any]]) -> None:
    audit = audit_of("mlp_ships")
    call = next(row for row in audit["footprint"]["rows"] if row["per"] == "inference")
    call["impacts"]["energy"]["network"] = 0.0
    assert "network" not in boamps_reports(audit)


def test_a_table_is_not_called_an_ai(audit_of: Callable[[str], dict[str, Any]]) -> None:
    report = boamps_reports(audit_of("table_ships"))["use"]
    assert report["task"]["algorithms"][0]["algorithmType"] == "lookupTable"
    assert "without AI" in report["task"]["taskDescription"]


def test_wall_time_only_where_the_ledger_makes_up_the_stage(audit_of: Callable[[str], dict[str, Any]]) -> None:
    reports = boamps_reports(audit_of("mlp_ships"))
    assert reports["generation"]["measures"][0]["measurementDuration"] == pytest.approx(25.0)
    assert reports["generation"]["infrastructure"]["components"][0]["share"] == pytest.approx(0.4)
    # the search stands apart in the footprint and within the fit in the ledger
    assert "measurementDuration" not in reports["training"]["measures"][0]
    assert "share" not in reports["training"]["infrastructure"]["components"][0]


@pytest.mark.parametrize(
    ("tier", "p5", "p95", "quality", "method", "tracking"),
    [
        ("T1", 0.95, 1.08, "high", "wattmeter", "wattmeter"),
        ("T2", 0.80, 1.10, "medium", "rapl", "rapl"),
        ("T2", 0.40, 2.30, "low", "rapl", "rapl"),
        ("T3", 0.99, 1.01, "low", "cpuTimeTimesDeclaredWatts", "constant"),
        ("T4", 0.99, 1.01, "low", "cpuTimeTimesDefaultWatts", "constant"),
    ],
)
def test_quality_follows_the_tier_and_the_interval(
    audit_of: Callable[[str], dict[str, Any]],
    tier: str,
    p5: float,
    p95: float,
    quality: str,
    method: str,
    tracking: str,
) -> None:
    audit = audit_of("mlp_ships")
    audit["machine"]["tier"] = tier
    energy = audit["footprint"]["stages"][0]["impacts"]["energy"]
    energy["p5"], energy["p95"] = p5 * energy["p50"], p95 * energy["p50"]
    report = boamps_reports(audit)["generation"]
    assert report["quality"] == quality
    assert report["measures"][0]["measurementMethod"] == method
    assert report["measures"][0]["cpuTrackingMode"] == tracking


def test_an_audit_without_energy(audit_of: Callable[[str], dict[str, Any]]) -> None:
    audit = audit_of("mlp_ships")
    audit["footprint"] = {"rows": [], "stages": []}
    with pytest.raises(NotAssessedError, match="no energy"):
        export(audit, "boamps")
