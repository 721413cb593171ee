"""SPDX 3.0.1 document of a bundle: its AI with the AI profile, or its answer without AI as a plain package."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from frugal.audit.exports.content import (
    as_json,
    computing_of,
    created,
    english,
    family,
    footprint_row,
    identifier,
    kilowatt_hours,
    making,
    method,
    network_of,
    shipped,
    total,
)
from frugal.candidates.row import CandidateRow

CONTEXT = "https://spdx.org/rdf/3.0.1/spdx-context.jsonld"
_CREATION = "_:creation"

#: What the log of a fit holds that is a setting of the model.
SETTINGS = ("layers", "penalty", "kernel", "nugget", "centres", "rounds", "iterations", "trials")


def spdx_document(audit: Mapping[str, Any]) -> dict[str, Any]:
    """The SPDX document, as JSON-LD.

    Parameters
    ----------
    audit : mapping
        Content of ``audit.json``.

    Returns
    -------
    dict
        One package: an ``ai_AIPackage`` with its energy where an AI ships, else a ``software_Package``.
    """
    base = f"urn:uuid:{identifier(audit, 'spdx')}"
    model = shipped(audit).ai
    ids = {name: f"{base}#{name}" for name in ("document", "tool", "agent", "supplier", "package")}
    owner = english((audit.get("need") or {}).get("owner"))
    tool = f"{audit['tool']['name']} {audit['tool']['version']}"
    supplier = {"type": "Organization" if owner else "Agent", "name": owner or "supplier not declared"}
    package = {**_package(audit, ids["supplier"]), **(_ai(audit, model) if model is not None else {})}
    elements = [
        {"spdxId": ids["tool"], "type": "Tool", "name": tool},
        {"spdxId": ids["agent"], "type": "SoftwareAgent", "name": tool},
        {"spdxId": ids["supplier"], **supplier},
        {"spdxId": ids["package"], **package},
    ]
    document = {
        "spdxId": ids["document"],
        "type": "SpdxDocument",
        "name": f"audit of {audit['study']['name']}",
        "profileConformance": ["core", "software", *(["ai"] if model is not None else [])],
        "rootElement": [ids["package"]],
        "element": [element["spdxId"] for element in elements],
    }
    creation = {
        "@id": _CREATION,
        "type": "CreationInfo",
        "specVersion": "3.0.1",
        "created": _moment(audit),
        "createdBy": [ids["agent"]],
        "createdUsing": [ids["tool"]],
    }
    graph = [creation, *[{**element, "creationInfo": _CREATION} for element in (document, *elements)]]
    return {"@context": CONTEXT, "@graph": graph}


def spdx(audit: Mapping[str, Any]) -> str:
    """The SPDX document as JSON text."""
    return as_json(spdx_document(audit))


def _moment(audit: Mapping[str, Any]) -> str:
    return created(audit).strftime("%Y-%m-%dT%H:%M:%SZ")


def _package(audit: Mapping[str, Any], supplier: str) -> dict[str, Any]:
    held = shipped(audit)
    package: dict[str, Any] = {
        "type": "software_Package",
        "name": audit["study"]["name"],
        "summary": english(audit["study"].get("question")),
        "description": english(audit.get("first_line")),
        "comment": _comment(audit),
        "suppliedBy": supplier,
        "releaseTime": _moment(audit),
        "software_packageVersion": str(audit["content_sha256"])[:12],
        "software_downloadLocation": f"urn:sha256:{audit['content_sha256']}",
        "software_primaryPurpose": "data",
    }
    if held.graph is not None and audit.get("graph_sha256"):
        package["verifiedUsing"] = [
            {
                "type": "Hash",
                "algorithm": "sha256",
                "hashValue": audit["graph_sha256"],
                "comment": "of the graph in model.onnx without its metadata, which hold the hash of the audit",
            }
        ]
    return {key: value for key, value in package.items() if value}


def _comment(audit: Mapping[str, Any]) -> str:
    row = shipped(audit).row
    need_for_ai = f"Need for AI: {str(audit.get('verdict')).replace('_', ' ')}."
    words = "Nothing ships."
    if row is not None:
        words = f"Answer: {row.name}, {'an AI' if row.is_ai else 'without AI'}."
    words += f" {need_for_ai}"
    energy = total(making(audit), "energy")
    if energy is None:
        return words
    words += f" Preparation, all candidates: {energy / 3.6e6:.3g} kWh"
    asked = footprint_row(audit, "functional_unit", "winner")
    query, network = kilowatt_hours(computing_of(audit, asked)), kilowatt_hours(network_of(audit, asked))
    words += f"; computing one query: {query:.3g} kWh" if query is not None else ""
    words += f"; its network: {network:.3g} kWh" if network is not None else ""
    return f"{words} (medians, {method(audit)})."


def _ai(audit: Mapping[str, Any], row: CandidateRow) -> dict[str, Any]:
    """What the AI profile adds."""
    need, split = audit.get("need") or {}, audit.get("split") or {}
    errors = row.errors
    limits = {name: error.tolerance for name, error in errors.items() if error.tolerance is not None}
    learnt = split.get("n_shipped", split.get("n_train"))
    found: dict[str, Any] = {
        "type": "ai_AIPackage",
        "software_primaryPurpose": "model",
        "ai_typeOfModel": [family(row)],
        "ai_informationAboutTraining": f"{learnt} runs of the study" if learnt else "",
        "ai_informationAboutApplication": english(need.get("use")) or english(need.get("functional_unit")),
        "ai_limitation": " ".join(english(limit) for limit in audit.get("limits") or ()),
        "ai_hyperparameter": _entries({key: value for key, value in row.log.items() if key in SETTINGS}),
        "ai_metric": _entries({f"{e.metric} of {name}": f"{e.value:.6g}" for name, e in errors.items()}),
        "ai_metricDecisionThreshold": _entries(
            {f"{errors[name].metric} of {name}": f"{limit:g}" for name, limit in limits.items()}
        ),
        "ai_energyConsumption": _energy(audit, row),
    }
    return {key: value for key, value in found.items() if value}


def _energy(audit: Mapping[str, Any], row: CandidateRow) -> dict[str, Any] | None:
    """Training: everything that made the model, one entry a stage. Inference: what computes one query, the network left out.

    Only where the model is the answer; what the network takes of a query stands in the comment of the package.
    """
    trained = [energy for energy in map(kilowatt_hours, making(audit)) if energy is not None]
    asked = footprint_row(audit, "functional_unit", "winner") if row == shipped(audit).answer else None
    query = kilowatt_hours(computing_of(audit, asked))
    found: dict[str, Any] = {"type": "ai_EnergyConsumption"}
    if trained:
        found["ai_trainingEnergyConsumption"] = [_quantity(energy) for energy in trained]
    if query is not None:
        found["ai_inferenceEnergyConsumption"] = [_quantity(query)]
    return found if len(found) > 1 else None


def _quantity(energy: float) -> dict[str, Any]:
    return {"type": "ai_EnergyConsumptionDescription", "ai_energyQuantity": energy, "ai_energyUnit": "kilowattHour"}


def _entries(values: Mapping[str, Any]) -> list[dict[str, str]]:
    return [
        {"type": "DictionaryEntry", "key": key, "value": value if isinstance(value, str) else json.dumps(value)}
        for key, value in values.items()
    ]
