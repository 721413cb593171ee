"""The bundle's ``README.md``: a model card with Hugging Face front matter, written from the audit and the ladder."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def model_card(audit: Mapping[str, Any], study: Mapping[str, Any], ladder: Mapping[str, Any]) -> str:
    """Markdown of the card, in English."""
    decision = audit["decisions"][0]
    model = ladder["model"]
    lines = [
        "---",
        "license: other",
        "license_name: declared-by-the-publisher",
        "library_name: onnx",
        "tags: [frugal, surrogate, tabular-regression]",
        "---",
        "",
        f"# {study['title'].get('en', study['name'])}",
        "",
        audit["first_line"]["en"],
        "",
        f"- **Ships**: {decision['winner'] or 'nothing'}; verdict on the need for AI: {audit['verdict'].replace('_', ' ')}.",
    ]
    if model["reason"]:
        holds = f"holds {model['candidate']}" if model["candidate"] else "is absent"
        lines.append(f"- **model.onnx** {holds}, because {model['reason']['en']}.")
    lines += ["", "## Inputs", "", "| name | unit | from | to |", "|---|---|---|---|"]
    lines += [f"| {v['name']} | {v['unit']} | {v['low']:g} | {v['high']:g} |" for v in study["inputs"]]
    lines += [
        "",
        "## Outputs",
        "",
        "Each comes with `_lower` and `_upper` (90 % interval), and once `in_domain`.",
        "",
    ]
    lines += ["| name | unit | dimensions |", "|---|---|---|"]
    lines += [f"| {o['name']} | {o['unit']} | {', '.join(o['dims']) or '–'} |" for o in study["outputs"]]
    lines += ["", "## Use", "", "```sh", "frugal predict . " + _example(study), "```", ""]
    lines += ["## Limits", ""]
    lines += [f"- {limit['en']}" for limit in audit["limits"]]
    lines += ["", "## Sources", ""]
    lines += [f"- {source}" for source in study["sources"] if source]
    return "\n".join(lines) + "\n"


def _example(study: Mapping[str, Any]) -> str:
    wanted = [v for v in study["inputs"] if v["default"] is None][:6]
    return " ".join(f"-i {v['name']}={(v['low'] + v['high']) / 2:g}" for v in wanted)
