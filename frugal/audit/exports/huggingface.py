"""A Hugging Face model card: the ``README.md`` of a bundle, with its front matter, in English."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from frugal.audit.exports.content import (
    country,
    decision,
    english,
    figure,
    kilowatt_hours,
    making,
    method,
    shipped,
    stages,
    total,
)

#: What the stages of the footprint are, for a reader.
STAGE_WORDS = {
    "generation": "runs of the solver",
    "selection": "searches for settings",
    "training": "fits of all candidates",
    "export": "export to ONNX",
    "evaluation": "evaluation of all candidates",
    "audit": "audit",
    "other": "loading and the rest",
    "use": "use over the service life",
}


def model_card(audit: Mapping[str, Any]) -> str:
    """The model card of a bundle.

    Parameters
    ----------
    audit : mapping
        Content of ``audit.json``.

    Returns
    -------
    str
        Markdown with YAML front matter. ``co2_eq_emissions`` is in grams.
    """
    body = [
        *_answer(audit),
        *_inputs_and_outputs(audit),
        *_errors(audit),
        *_footprint(audit),
        *_limits_and_sources(audit),
    ]
    return "\n".join(["---", *_yaml(front_matter(audit)), "---", "", *body]) + "\n"


def front_matter(audit: Mapping[str, Any]) -> dict[str, Any]:
    """Metadata of the card."""
    held = shipped(audit)
    found: dict[str, Any] = {
        "license": "other",
        "license_name": "declared-by-the-publisher",
        **({"library_name": "onnx"} if held.graph is not None else {}),
        "pipeline_tag": "tabular-regression",
        "tags": ["tabular-regression", "surrogate-model" if held.ai else "no-ai"],
    }
    emissions = _emissions(audit)
    if emissions is not None:
        found["co2_eq_emissions"] = emissions
    results = _results(audit)
    if results:
        found["model-index"] = [{"name": audit["study"]["name"], "results": results}]
    return found


def _emissions(audit: Mapping[str, Any]) -> dict[str, Any] | None:
    """Grams of CO2e of making the answer, all candidates included; None where carbon is not covered."""
    made = making(audit)
    grams = total(made, "gwp")
    if grams is None:
        return None
    low, high = total(made, "gwp", "p5"), total(made, "gwp", "p95")
    machine = audit.get("machine") or {}
    with_hardware = total(made, "gwp", "embodied") is not None
    source = (
        f"{audit['tool']['name']} {audit['tool']['version']}; runs of the solver, searches, fits of all candidates and export, "
        f"failures included; evaluation and audit apart; making of the hardware {'included' if with_hardware else 'left out'}; "
        f"median {grams:.3g} g, P5–P95 {low:.3g}–{high:.3g} g; energy by {method(audit)}"
    )
    hardware = f"{machine.get('cores', '?')} cores of {machine.get('cpu_model') or 'an unnamed processor'}, no GPU"
    return {
        "emissions": grams,
        "source": source,
        # the enumeration of the format has no word for a first training that is not a pre-training
        "training_type": "pre-training",
        "geographical_location": country(audit),
        "hardware_used": hardware,
    }


def _results(audit: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Held-out errors of the graph that ships, for ``model-index``."""
    row = shipped(audit).graph
    held_out = (audit.get("split") or {}).get("n_held_out")
    if row is None or not row.errors:
        return []
    name = f"runs of {audit['study']['name']} not learnt from" + (f" (n={held_out})" if held_out else "")
    metrics = [
        {"type": error.metric, "name": f"{error.metric} of {output}", "value": error.value}
        for output, error in row.errors.items()
    ]
    return [
        {
            "task": {"type": "tabular-regression"},
            "dataset": {"type": audit["study"]["name"], "name": name},
            "metrics": metrics,
        }
    ]


# ------------------------------------------------------------------------------------------- the text


def _answer(audit: Mapping[str, Any]) -> list[str]:
    held, study = shipped(audit), audit["study"]
    verdict = str(audit.get("verdict", "not assessed")).replace("_", " ")
    lines = [f"# {english(study.get('question')) or study['name']}", "", english(audit.get("first_line")), ""]
    if held.answer is None:
        chosen = decision(audit)
        unmet = chosen is not None and chosen.nothing_meets
        told = "no answer that was tried meets the need" if unmet else f"need for AI: {verdict}"
        lines.append(f"- **Ships**: nothing; {told}.")
    else:
        what = held.answer.label_in("en")
        kind = "an AI" if held.answer.is_ai else "no AI in it"
        lines.append(f"- **Ships**: {held.answer.name} ({what}; {kind}); need for AI: {verdict}.")
    if held.reason:
        holds = f"holds {held.graph.name}" if held.graph is not None else "is absent"
        lines.append(f"- **model.onnx** {holds}, because {held.reason}.")
    for name, condition in (audit.get("conditions") or {}).items():
        lines.append(f"- **{name}**: {english(condition.get('text'))}")
    return [*lines, "", "The evidence is in `audit.en.html` and `audit.fr.html`.", ""]


def _inputs_and_outputs(audit: Mapping[str, Any]) -> list[str]:
    study = audit["study"]
    inputs, outputs = study.get("inputs") or (), study.get("outputs") or ()
    lines = ["## Inputs", "", "| name | unit | from | to |", "|---|---|---|---|"]
    lines += [f"| {v['name']} | {v['unit']} | {v['low']:g} | {v['high']:g} |" for v in inputs]
    lines += ["", "## Outputs", "", "Each comes with `_lower` and `_upper` (90 % interval), and once `in_domain`.", ""]
    lines += ["| name | unit | dimensions |", "|---|---|---|"]
    lines += [f"| {o['name']} | {o['unit']} | {', '.join(o.get('dims') or ()) or '–'} |" for o in outputs]
    if shipped(audit).row is None:
        return [*lines, ""]
    wanted = [v for v in inputs if v.get("default") is None][:6]
    example = " ".join(f"-i {v['name']}={(v['low'] + v['high']) / 2:g}" for v in wanted)
    return [*lines, "", "## Use", "", "```sh", f"frugal predict . {example}".rstrip(), "```", ""]


def _errors(audit: Mapping[str, Any]) -> list[str]:
    row = shipped(audit).row
    if row is None or not row.errors:
        return []
    lines = [f"## Errors of {row.name} on held-out runs", ""]
    lines += ["| output | metric | value | 95 % interval | tolerance |", "|---|---|---|---|---|"]
    for output, error in row.errors.items():
        limit = "none" if error.tolerance is None else f"{error.tolerance:g}"
        ends = f"{error.low:.3g}–{error.high:.3g}" if error.bounded else f"none; at most {error.held:.3g} where judged"
        lines.append(f"| {output} | {error.metric} | {error.value:.3g} | {ends} | {limit} |")
    return [*lines, ""]


def _footprint(audit: Mapping[str, Any]) -> list[str]:
    rows = [(stage, kilowatt_hours(stage)) for stage in stages(audit)]
    if not any(energy is not None for _, energy in rows):
        return []
    lines = ["## What it took", "", f"Energy by {method(audit)}. Median, and P5–P95.", ""]
    lines += ["| stage | where | CPU s | energy, kWh | carbon, gCO2e |", "|---|---|---|---|---|"]
    for stage, energy in rows:
        if energy is None:
            continue
        words = STAGE_WORDS.get(stage["stage"], stage["stage"])
        kwh = _range(energy, kilowatt_hours(stage, "p5"), kilowatt_hours(stage, "p95"))
        grams = _range(*(figure(stage, "gwp", part) for part in ("p50", "p5", "p95")))
        lines.append(f"| {words} | {stage.get('tier', '')} | {stage['cpu_seconds']:.3g} | {kwh} | {grams} |")
    return [*lines, ""]


def _range(middle: float | None, low: float | None, high: float | None) -> str:
    if middle is None:
        return "not covered"
    ends = f" ({_short(low)}–{_short(high)})" if low is not None and high is not None else ""
    return f"{_short(middle)}{ends}"


def _short(value: float) -> str:
    return f"{value:.0f}" if abs(value) >= 100 else f"{value:.2g}"


def _limits_and_sources(audit: Mapping[str, Any]) -> list[str]:
    limits = [f"- {english(limit)}" for limit in audit.get("limits") or ()]
    sources = [f"- {english(source)}" for source in audit["study"].get("sources") or () if source]
    parts = [["## Limits", "", *limits, ""]] if limits else []
    parts += [["## Sources", "", *sources, ""]] if sources else []
    return [line for part in parts for line in part][:-1]


# ------------------------------------------------------------------------------------------- YAML


def _yaml(value: Any, indent: str = "") -> list[str]:
    """Block YAML of mappings, lists and scalars; every text is quoted as in JSON, which YAML reads."""
    if isinstance(value, Mapping):
        return [line for key, one in value.items() for line in _yaml_item(f"{key}:", one, indent)]
    return [line for one in value for line in _yaml_item("-", one, indent)]


def _yaml_item(head: str, value: Any, indent: str) -> list[str]:
    if not isinstance(value, (Mapping, list)):
        return [f"{indent}{head} {_scalar(value)}"]
    inner = _yaml(value, indent + "  ")
    if head == "-":  # the first key stands on the line of the dash
        return [f"{indent}- {inner[0].strip()}", *inner[1:]]
    return [f"{indent}{head}", *inner]


def _scalar(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False, allow_nan=False)
    if isinstance(value, float) and "e" in text and "." not in text:
        mantissa, exponent = text.split("e")
        return f"{mantissa}.0e{exponent}"  # YAML 1.1 takes 1e-05 for a text
    return text
