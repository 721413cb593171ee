"""The SPDX document as the bindings made from the SPDX 3.0.1 model read it."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from typing import Any

import pytest
from spdx_python_model.bindings import v3_0_1 as model

from frugal.audit.exports.export import export

AuditOf = Callable[[str], dict[str, Any]]


def read(text: str) -> list[Any]:
    """Objects of a document; reading checks names, types and enumerations, and writing checks how many there must be."""
    objects = model.SHACLObjectSet()
    model.JSONLDDeserializer().read(io.BytesIO(text.encode()), objects)
    assert not objects.link()
    model.JSONLDSerializer().write(objects, io.BytesIO())
    return list(objects.foreach())


def package(audit: dict[str, Any]) -> Any:
    (found,) = [one for one in read(export(audit, "spdx")) if isinstance(one, model.software_Package)]
    return found


def test_it_is_read_by_the_bindings(any_audit: dict[str, Any]) -> None:
    (document,) = [one for one in read(export(any_audit, "spdx")) if isinstance(one, model.SpdxDocument)]
    assert [type(one).__name__ for one in document.rootElement] in (["software_Package"], ["ai_AIPackage"])
    assert len(document.element) == 4


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('"kilowattHour"', '"joule"'),
        ('"ai_limitation"', '"ai_limits"'),
        ('"specVersion": "3.0.1",', ""),
        ('"algorithm": "sha256"', '"algorithm": "sha"'),
        ("T04:15:10Z", "T04:15:10"),
    ],
    ids=["unit", "name", "missing", "enumeration", "time"],
)
def test_the_bindings_refuse(audit_of: AuditOf, old: str, new: str) -> None:
    text = export(audit_of("mlp_ships"), "spdx")
    assert old in text
    with pytest.raises((ValueError, TypeError, KeyError, AttributeError)):
        read(text.replace(old, new))


def test_an_ai_that_ships(audit_of: AuditOf) -> None:
    audit = audit_of("mlp_ships")
    found = package(audit)
    assert isinstance(found, model.ai_AIPackage)
    stages = {one["stage"]: one["impacts"]["energy"]["p50"] / 3.6e6 for one in audit["footprint"]["stages"]}
    trained = [one.ai_energyQuantity for one in found.ai_energyConsumption.ai_trainingEnergyConsumption]
    assert trained == pytest.approx([stages[name] for name in ("generation", "selection", "training", "export")])
    (query,) = found.ai_energyConsumption.ai_inferenceEnergyConsumption
    # 45 µs at 3 W on the device; its 2,700 bytes, at 0.059 kWh a gigabyte, are no part of the inference
    assert query.ai_energyQuantity == pytest.approx(45e-6 * 3.0 / 3.6e6)
    assert "computing one query: 3.75e-11 kWh; its network: 1.59e-07 kWh" in found.comment
    assert {entry.key: entry.value for entry in found.ai_hyperparameter} == {"layers": "[32, 16]", "penalty": "0.01"}
    assert {entry.key: entry.value for entry in found.ai_metricDecisionThreshold} == {"nrmse of yearly_yield": "0.02"}
    assert found.verifiedUsing[0].hashValue == audit["graph_sha256"]
    assert found.suppliedBy.name == "Département de la Vendée"


def test_an_answer_without_ai_has_no_ai_profile(audit_of: AuditOf) -> None:
    audit = audit_of("table_ships")
    assert not isinstance(package(audit), model.ai_AIPackage)
    assert "without AI" in package(audit).comment
    document = next(one for one in json.loads(export(audit, "spdx"))["@graph"] if one["type"] == "SpdxDocument")
    assert document["profileConformance"] == ["core", "software"]


def test_a_stand_in_does_not_take_the_use_of_the_answer(audit_of: AuditOf) -> None:
    found = package(audit_of("graph_beside_the_answer"))
    assert isinstance(found, model.ai_AIPackage)
    assert len(found.ai_energyConsumption.ai_trainingEnergyConsumption) == 4
    assert len(found.ai_energyConsumption.ai_inferenceEnergyConsumption) == 0


def test_nothing_ships_and_no_owner(audit_of: AuditOf) -> None:
    found = package(audit_of("nothing_ships"))
    assert "Nothing ships" in found.comment
    assert found.suppliedBy.name == "supplier not declared"
