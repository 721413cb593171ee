"""CycloneDX 1.7 bill of materials of a bundle: the answer that ships, and every AI that was tried and does not."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from frugal.audit.exports.content import (
    GRAMS_PER_TONNE,
    as_json,
    country,
    created,
    decision,
    english,
    family,
    figure,
    identifier,
    kilowatt_hours,
    method,
    rejected_ai,
    shipped,
    stages,
)
from frugal.candidates.decision import Interval
from frugal.candidates.output_error import OutputError
from frugal.candidates.row import CandidateRow, Query

#: Activities of CycloneDX by stage of the footprint.
ACTIVITIES = {
    "generation": "data-collection",
    "selection": "training",
    "training": "training",
    "export": "deployment",
    "evaluation": "validation",
    "audit": "other",
    "use": "inference",
}
_BUNDLE, _ANSWER = "bundle", "answer"


def cyclonedx_document(audit: Mapping[str, Any]) -> dict[str, Any]:
    """The bill of materials as a document.

    Parameters
    ----------
    audit : mapping
        Content of ``audit.json``.

    Returns
    -------
    dict
        An AI that ships is a ``machine-learning-model`` with a model card. An answer without AI is a ``file`` (its graph) or
        an ``application`` (the solver), which CycloneDX gives no model card. Every AI that was tried and does not ship
        stands beside it as ``excluded``.
    """
    components = _components(audit)
    runs_with = [component["bom-ref"] for component in components if component.get("scope") != "excluded"]
    return {
        "$schema": "http://cyclonedx.org/schema/bom-1.7.schema.json",
        "bomFormat": "CycloneDX",
        "specVersion": "1.7",
        "serialNumber": f"urn:uuid:{identifier(audit, 'cyclonedx')}",
        "version": 1,
        "metadata": {
            "timestamp": created(audit).isoformat(timespec="seconds"),
            "tools": {"components": [{"type": "application", **audit["tool"]}]},
            "component": {
                "type": "application",
                "bom-ref": _BUNDLE,
                "name": audit["study"]["name"],
                "version": str(audit["study"]["hash"])[:12],
                "description": english(audit["study"].get("question")),
                "properties": _properties(audit),
            },
        },
        "components": components,
        "dependencies": [{"ref": _BUNDLE, "dependsOn": runs_with}, *[{"ref": ref} for ref in runs_with]],
    }


def cyclonedx(audit: Mapping[str, Any]) -> str:
    """The bill of materials as JSON text."""
    return as_json(cyclonedx_document(audit))


# ------------------------------------------------------------------------------------------- components


def _components(audit: Mapping[str, Any]) -> list[dict[str, Any]]:
    held = shipped(audit)
    found = []
    if held.answer is not None:
        found.append(_component(audit, held.answer, _ANSWER))
    if held.graph is not None and not (held.answer is not None and held.is_graph(held.answer)):
        other = _component(audit, held.graph, "graph")
        other["description"] = f"In model.onnx because {held.reason}." if held.reason else "In model.onnx."
        found.append(other)
    for row in rejected_ai(audit):
        component = _component(audit, row, f"not-shipped-{row.name}")
        component["scope"] = "excluded"
        component["description"] = (
            f"{component['description']} It was tried and does not ship. {_necessity(audit)}".strip()
        )
        found.append(component)
    return found


def _component(audit: Mapping[str, Any], row: CandidateRow, reference: str) -> dict[str, Any]:
    is_model = row.is_ai
    in_graph = shipped(audit).is_graph(row) or row.graph is not None
    kind = "machine-learning-model" if is_model else "file" if in_graph else "application"
    component: dict[str, Any] = {
        "type": kind,
        "bom-ref": reference,
        "name": row.name,
        "version": str(audit["content_sha256"])[:12],
        "description": f"{english(row.label_in('en'))}; {'an AI' if is_model else 'no AI in it'}.",
    }
    properties = _row_properties(audit, row)
    if is_model:
        component["modelCard"] = _model_card(audit, row)
    component["properties"] = _pairs(properties)
    return component


def _row_properties(audit: Mapping[str, Any], row: CandidateRow) -> dict[str, Any]:
    held = shipped(audit)
    found: dict[str, Any] = {"kind": row.kind, "is_ai": row.is_ai, "bytes": row.bytes}
    if held.is_graph(row):
        # the file holds the hash of the audit, so that no audit can hold the hash of the file: that one is in SHA256SUMS
        found |= {"file": "model.onnx", "graph_sha256": audit.get("graph_sha256")}
    elif row.graph is not None:
        found["file"] = row.graph
    found["fixed_cpu_seconds"] = row.fixed_cpu_seconds
    for pattern, query in row.query.items():
        found[f"query_cpu_seconds:{pattern}"] = query.cpu_seconds
        found[f"query_cpu_seconds_interval:{pattern}"] = _interval(query)
    return found


# ------------------------------------------------------------------------------------------- model card


def _model_card(audit: Mapping[str, Any], row: CandidateRow) -> dict[str, Any]:
    study, split = audit["study"], audit.get("split") or {}
    runs = {"n_train": split.get("n_shipped", split.get("n_train")), "n_judged": split.get("n_held_out")}
    card: dict[str, Any] = {
        "modelParameters": {
            "approach": {"type": "supervised"},
            "task": "tabular-regression",
            "architectureFamily": family(row),
            "modelArchitecture": _architecture(row),
            "datasets": [
                {"type": "dataset", "name": f"runs of {study['name']}", "contents": {"properties": _pairs(runs)}}
            ],
            "inputs": [{"format": _input(one)} for one in study.get("inputs") or ()],
            "outputs": [{"format": _output(one)} for one in study.get("outputs") or ()],
        },
        "quantitativeAnalysis": {"performanceMetrics": _metrics(row, split.get("n_held_out"))},
        "considerations": _considerations(audit, row),
    }
    return card


def _architecture(row: CandidateRow) -> str:
    words = [english(row.label_in("en"))]
    layers = row.log.get("layers")
    if isinstance(layers, list):
        words.append(f"hidden layers {layers}")
    if row.parameters is not None:
        words.append(f"{row.parameters} numbers in it")
    return ", ".join(words)


def _input(one: Mapping[str, Any]) -> str:
    if one.get("choices"):
        return f"{one['name']}: one of {', '.join(map(str, one['choices']))}"
    return f"{one['name']} [{one['unit']}], {one['low']:g} to {one['high']:g}"


def _output(one: Mapping[str, Any]) -> str:
    dims = f", by {', '.join(one['dims'])}" if one.get("dims") else ""
    return f"{one['name']} [{one['unit']}]{dims}, with the ends of its 90 % interval"


def _metrics(row: CandidateRow, held_out: int | None) -> list[dict[str, Any]]:
    found = []
    for output, error in row.errors.items():
        where = f"output={output}; held-out runs" + (f" n={held_out}" if held_out else "")
        if error.worst_element:
            where += f"; worst element {error.worst_element}"
        if error.tolerance is not None:
            where += f"; tolerance {error.tolerance:g}"
        found.append(_metric(error.metric, error.value, where, error))
    for pattern, query in row.query.items():
        where = f"{query.rows} rows a call: {pattern}"
        found.append(_metric("cpu_seconds_per_query", query.cpu_seconds, where, query))
    return found


def _metric(kind: str, value: float, where: str, ends: OutputError | Query) -> dict[str, Any]:
    found = {"type": kind, "value": f"{value:.6g}", "slice": where}
    if not math.isfinite(ends.high):  # judged at too few places for a bound
        return found
    bounds = {"lowerBound": f"{ends.low:.6g}", "upperBound": f"{ends.high:.6g}"}
    return {**found, "confidenceInterval": bounds}


def _considerations(audit: Mapping[str, Any], row: CandidateRow) -> dict[str, Any]:
    need = audit.get("need") or {}
    tradeoffs = [_necessity(audit), english(audit.get("first_line"))]
    found: dict[str, Any] = {
        "users": [english(need.get(key)) for key in ("decided_by", "owner")],
        "useCases": [english(need.get("use")), english(need.get("functional_unit"))],
        "technicalLimitations": [english(limit) for limit in audit.get("limits") or ()],
        "performanceTradeoffs": tradeoffs,
    }
    found = {key: list(dict.fromkeys(word for word in words if word)) for key, words in found.items()}
    if row == shipped(audit).ai:  # the energy of the bundle is not that of an AI that does not ship
        found["environmentalConsiderations"] = {
            "energyConsumptions": _energy(audit, row),
            "properties": _pairs(_how(audit)),
        }
    return {key: value for key, value in found.items() if value}


def _energy(audit: Mapping[str, Any], row: CandidateRow) -> list[dict[str, Any]]:
    """Energy and carbon by stage, all candidates included; the use is that of the answer over the whole service life."""
    found = []
    for stage in stages(audit):
        energy, carbon = kilowatt_hours(stage), figure(stage, "gwp")
        if energy is None or (stage["stage"] == "use" and row != shipped(audit).answer):
            continue
        measure = {"value": energy, "unit": "kWh"}
        consumption: dict[str, Any] = {
            # the format has no word for the network, which takes no part in an inference
            "activity": "other" if stage.get("tier") == "network" else ACTIVITIES.get(stage["stage"], "other"),
            "energyProviders": [
                {
                    "organization": {"name": f"electricity grid of {country(audit)}, national mix"},
                    "energySource": "other",
                    "energyProvided": measure,
                }
            ],
            "activityEnergyCost": measure,
        }
        if carbon is not None:
            consumption["co2CostEquivalent"] = {"value": carbon / GRAMS_PER_TONNE, "unit": "tCO2eq"}
        consumption["properties"] = _pairs(_stage_properties(stage))
        found.append(consumption)
    return found


# ------------------------------------------------------------------------------------------- properties


def _stage_properties(stage: Mapping[str, Any]) -> dict[str, Any]:
    found = {"stage": stage["stage"], "where": stage.get("tier"), "cpu_seconds": stage.get("cpu_seconds")}
    for category, name, factor in (("energy", "energy_kwh", 3.6e6), ("gwp", "carbon_tco2eq", GRAMS_PER_TONNE)):
        low, high = figure(stage, category, "p5"), figure(stage, category, "p95")
        if low is not None and high is not None:
            found[f"{name}_p5_p95"] = f"{low / factor:.6g} to {high / factor:.6g}"
    return found


def _how(audit: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "measurement_tier": (audit.get("machine") or {}).get("tier"),
        "energy_method": method(audit),
        "country": country(audit),
        "draws": (audit.get("footprint") or {}).get("draws"),
    }


def _necessity(audit: Mapping[str, Any]) -> str:
    return english(((audit.get("conditions") or {}).get("C1") or {}).get("text"))


def _interval(ends: Interval | Query) -> str:
    """The ends of an interval as text; one that is infinite is never reached."""
    return " to ".join("never" if math.isinf(end) else f"{end:.6g}" for end in (ends.low, ends.high))


def _properties(audit: Mapping[str, Any]) -> list[dict[str, str]]:
    """What CycloneDX has no field for, about the bundle as a whole."""
    found: dict[str, Any] = {
        **_decided(audit),
        "first_line": english(audit.get("first_line")) or None,
        "level": audit.get("level"),
        "need_sha256": (audit.get("need") or {}).get("hash"),
        "audit_sha256": audit["content_sha256"],
        **_how(audit),
    }
    for name, condition in (audit.get("conditions") or {}).items():
        found[f"condition:{name}"] = f"{condition['status']}: {english(condition.get('text'))}"
    for stage in stages(audit):
        # a bill without a model card has no other place for them
        name = f"stage:{stage['stage']}:{stage.get('tier', 'datacentre')}"
        found[f"{name}:cpu_seconds"] = stage.get("cpu_seconds")
        found[f"{name}:energy_kwh"] = kilowatt_hours(stage)
        carbon = figure(stage, "gwp")
        found[f"{name}:carbon_tco2eq"] = None if carbon is None else carbon / GRAMS_PER_TONNE
    return _pairs(found)


def _decided(audit: Mapping[str, Any]) -> dict[str, Any]:
    chosen = decision(audit)
    if chosen is None:
        return {"answer": "nothing ships", "need_for_ai": audit.get("verdict")}
    even = chosen.break_even_queries
    return {
        "answer": chosen.winner or "nothing ships",
        "answer_is_ai": chosen.winner_is_ai if chosen.winner else None,
        "need_for_ai": audit.get("verdict"),
        "best_ai": chosen.best_ai,
        "best_alternative": chosen.best_alternative,
        "break_even_queries": None if even is None or math.isinf(even.median) else even.median,
        "break_even_queries_interval": None if even is None else _interval(even),
    }


def _pairs(values: Mapping[str, Any]) -> list[dict[str, str]]:
    return [{"name": f"frugal:{key}", "value": _text(value)} for key, value in values.items() if value is not None]


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return f"{value:.10g}" if isinstance(value, float) else str(value)
