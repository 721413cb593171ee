"""The SCI: its schema, and its formula recomputed from the numbers it writes."""

from __future__ import annotations

import json
from collections.abc import Callable
from importlib.resources import files
from typing import Any

import pytest
from jsonschema import Draft202012Validator, ValidationError

from frugal.audit.exports.export import export

AuditOf = Callable[[str], dict[str, Any]]
SCHEMA = json.loads((files("frugal.audit.exports") / "data" / "sci.schema.json").read_text(encoding="utf-8"))
VALIDATOR = Draft202012Validator(SCHEMA)


def sci(audit: dict[str, Any]) -> dict[str, Any]:
    return dict(json.loads(export(audit, "sci")))


def test_it_follows_its_schema(any_audit: dict[str, Any]) -> None:
    Draft202012Validator.check_schema(SCHEMA)
    VALIDATOR.validate(sci(any_audit))


@pytest.mark.parametrize(
    "spoil",
    [
        lambda document: document.update(offsets="bought"),
        lambda document: document.update(functional_unit=None),
        lambda document: document["components"][0].update(embodied=None),
        lambda document: document["components"][0].update(functional_units=0),
        lambda document: document["components"][0].update(avoided=1.0),
    ],
    ids=["offsets", "no unit but a value", "embodied", "per nothing", "avoided"],
)
def test_the_schema_refuses(audit_of: AuditOf, spoil: Callable[[dict[str, Any]], object]) -> None:
    document = sci(audit_of("mlp_ships"))
    spoil(document)
    with pytest.raises(ValidationError):
        VALIDATOR.validate(document)


@pytest.mark.parametrize("case", ["table_ships", "mlp_ships", "graph_beside_the_answer"])
def test_the_formula_from_the_numbers_written(audit_of: AuditOf, case: str) -> None:
    document = sci(audit_of(case))
    total = 0.0
    for one in document["components"]:
        if one["component"] == "network":
            value = one["carbon"] / one["functional_units"]
        else:
            value = (one["energy"] * one["carbon_intensity"] + one["embodied"]) / one["functional_units"]
        assert one["sci"] == pytest.approx(value)
        total += value
    assert document["sci"] == pytest.approx(total)
    assert document["interval"]["p5"] < document["sci"] < document["interval"]["p95"]


def test_it_is_the_footprint_per_functional_unit(audit_of: AuditOf) -> None:
    audit = audit_of("mlp_ships")
    rows = {row["per"]: row for row in audit["footprint"]["rows"]}
    life = audit["decisions"][0]["queries_mid"]
    carbon = rows["functional_unit"]["impacts"]["gwp"]["p50"] + rows["preparation"]["impacts"]["gwp"]["p50"] / life
    assert sci(audit)["sci"] == pytest.approx(carbon)


def test_provider_and_consumer_stand_apart(audit_of: AuditOf) -> None:
    audit = audit_of("mlp_ships")
    parties = {one["component"]: one["party"] for one in sci(audit)["components"]}
    assert parties == {"preparation": "provider", "use": "consumer", "network": "consumer"}
    assert sci(audit)["functional_unit"] == "the yield of one roof"


def test_a_functional_unit_of_many_queries(audit_of: AuditOf) -> None:
    audit = audit_of("mlp_ships")
    row = next(row for row in audit["footprint"]["rows"] if row["per"] == "functional_unit")
    use = sci(audit)["components"][1]["sci"]
    row["functional_units"] = 10.0
    assert sci(audit)["components"][1]["sci"] == pytest.approx(use / 10)


def test_no_functional_unit_no_value(audit_of: AuditOf) -> None:
    audit = audit_of("mlp_ships")
    audit["need"]["functional_unit"] = None
    document = sci(audit)
    VALIDATOR.validate(document)
    assert document["sci"] is None
    assert document["interval"] is None
    assert document["sci_missing_because"] == "no functional unit was declared"
    assert {one["sci"] for one in document["components"]} == {None}
    assert document["components"][0]["energy"] > 0, "the terms stay"


def test_a_unit_filled_in_by_the_program_is_not_declared(audit_of: AuditOf) -> None:
    document = sci(audit_of("nothing_ships"))
    assert document["functional_unit"] is None
    assert document["sci"] is None


def test_no_use_declared_leaves_the_consumer_alone(audit_of: AuditOf) -> None:
    audit = audit_of("mlp_ships")
    audit["need"]["queries"] = None
    document = sci(audit)
    VALIDATOR.validate(document)
    by_name = {one["component"]: one["sci"] for one in document["components"]}
    assert document["sci"] is None and by_name["preparation"] is None
    assert by_name["use"] > 0
    assert "cannot be shared out" in document["sci_missing_because"]


def test_manufacture_not_covered(audit_of: AuditOf) -> None:
    audit = audit_of("mlp_ships")
    for row in audit["footprint"]["rows"]:
        row["impacts"]["gwp"]["embodied"] = None
    document = sci(audit)
    VALIDATOR.validate(document)
    use = next(one for one in document["components"] if one["component"] == "use")
    assert use["embodied"] == "not declared"
    assert use["sci"] == pytest.approx(use["operational"])


def test_a_factor_that_is_not_listed_is_read_from_the_footprint(audit_of: AuditOf) -> None:
    audit = audit_of("mlp_ships")
    audit["factors"] = []
    assert sci(audit)["components"][0]["carbon_intensity"] == pytest.approx(56.0)
