"""Build, keep and read `audit.json`: the evidence of a bundle, judged by the criteria, sealed by a hash."""

from __future__ import annotations

import dataclasses
import hashlib
import json
from collections.abc import Mapping
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from importlib.resources import files
from pathlib import Path
from typing import Any, Literal

from frugal.audit import criteria
from frugal.audit.evidence import Evidence, cpu_total, finite, read_evidence
from frugal.audit.impacts.factors import Factor, load_factors
from frugal.audit.impacts.footprint import Range, footprint, watts_of
from frugal.audit.report.pages import page_text, render
from frugal.audit.words import wording
from frugal.errors import NotAssessedError, UnusableInputError
from frugal.formats.atomic import write_text
from frugal.surrogates.plots import lifetime_seconds

FORMAT = "frugal-audit/1"
#: Order of the stages in the table of costs.
STAGES = (
    "loading",
    "compile",
    "generation",
    "fit",
    "calibration",
    "export",
    "parity",
    "evaluation",
    "tracking",
    "audit",
    "report",
)


def build_audit(
    bundle_dir: Path | str,
    *,
    evaluation: Path | str | None = None,
    graph_sha256: str | None = None,
    created: str | None = None,
) -> dict[str, Any]:
    """Audit a bundle.

    Parameters
    ----------
    bundle_dir : path
        Folder with `study.json`, `candidates.json` and `ledger.jsonl`.
    evaluation : path, optional
        A later evaluation in the format of `candidates.json`, read in its place.
    graph_sha256 : str, optional
        Hash of the shipped graph without its metadata.
    created : str, optional
        Time of the audit (ISO 8601); now by default.

    Returns
    -------
    dict
        The content of `audit.json`, sealed with its own hash. The decision is the one of the comparison:
        nothing is decided again here.

    Raises
    ------
    UnusableInputError
        If the bundle cannot be read.
    NotAssessedError
        If the comparison belongs to another study or need.
    """
    evidence = read_evidence(bundle_dir, evaluation)
    factors = load_factors()
    audit: dict[str, Any] = {
        "format": FORMAT,
        "tool": {"name": "frugal-territoires", "version": _version()},
        "created": created or datetime.now(UTC).isoformat(timespec="seconds"),
        "study": {
            "name": evidence.study["name"],
            "hash": evidence.study["hash"],
            "question": wording.title(evidence.study),
        },
        "units": evidence.units,
        "labels": evidence.labels,
        "need": dict(evidence.need),
        "level": evidence.comparison["level"],
        "machine": dict(evidence.machine),
        "split": evidence.comparison.get("split") or {},
        "graph_sha256": graph_sha256,
        "inputs": [dict(row) for row in evidence.inputs],
        "first_line": wording.first_line(evidence),
        "verdict": evidence.decision["verdict"],
        "decisions": [dict(decision) for decision in evidence.comparison["decisions"]],
        "ladder": [_slim(candidate) for candidate in evidence.comparison["candidates"]],
        "costs": _costs(evidence, factors),
        "footprint": _footprints(evidence, factors),
        "factors": [factor.as_dict() for factor in factors.values()],
        "limits": wording.limits(evidence),
    }
    audit = finite(audit)
    _judge(audit, evidence)
    texts = {language: page_text(audit, language) for language in wording.LANGUAGES}
    _judge(audit, dataclasses.replace(evidence, texts=texts))
    return seal(audit)


def _judge(audit: dict[str, Any], evidence: Evidence) -> None:
    audit["criteria"] = finite(criteria.evaluate(evidence))
    audit["conditions"] = wording.condition_lines(evidence, audit["criteria"])


def _version() -> str:
    try:
        return version("frugal-territoires")
    except PackageNotFoundError:
        return "0"


def _slim(candidate: Mapping[str, Any]) -> dict[str, Any]:
    """A candidate as the page and the plots need it: without single blocks and elements, which weigh most."""
    row = {key: value for key, value in candidate.items() if key not in ("error", "query", "parity")}
    row["error"] = {
        output: {key: value for key, value in error.items() if key != "elements"}
        for output, error in (candidate.get("error") or {}).items()
    }
    row["query"] = {
        pattern: {key: value for key, value in query.items() if key != "blocks"}
        for pattern, query in (candidate.get("query") or {}).items()
    }
    return row


def _gigabyte_seconds(line: Mapping[str, Any]) -> float:
    return float((line.get("peak_rss_bytes") or 0) / 1e9 * (line.get("wall_seconds") or 0.0))


def _costs(evidence: Evidence, factors: Mapping[str, Factor]) -> list[dict[str, Any]]:
    """What the preparation cost, stage by stage, failures included."""
    watts = watts_of(evidence.machine, factors)
    stages = sorted(
        {line["stage"] for line in evidence.ledger}, key=lambda s: (STAGES.index(s) if s in STAGES else 99, s)
    )
    rows = []
    for stage in stages:
        lines = [line for line in evidence.ledger if line["stage"] == stage]
        failed = [line for line in lines if line["status"] != "ok"]
        theirs = [line for line in lines if line.get("codecarbon_joules") is not None]
        rows.append(
            {
                "stage": stage,
                "entries": len(lines),
                "failed": len(failed),
                "failed_cpu_seconds": sum(map(cpu_total, failed)),
                "runs": sum(line.get("runs") or 0 for line in lines) or None,
                **footprint(sum(map(cpu_total, lines)), watts, factors, sum(map(_gigabyte_seconds, lines))),
                "codecarbon_joules": sum(line["codecarbon_joules"] for line in theirs) if theirs else None,
                "codecarbon_cpu_seconds": sum(map(cpu_total, theirs)) if theirs else None,
            }
        )
    return rows


def _footprints(evidence: Evidence, factors: Mapping[str, Factor]) -> list[dict[str, Any]]:
    """Energy and carbon of this preparation, of a million queries and of the service life."""
    watts: Range = watts_of(evidence.machine, factors)
    rows = []
    if evidence.ledger:
        memory = sum(map(_gigabyte_seconds, evidence.ledger))
        total = sum(map(cpu_total, evidence.ledger))
        rows.append({"id": "campaign", "candidate": None, **footprint(total, watts, factors, memory)})
    decision = evidence.decision
    named = {
        "winner": evidence.winner,
        "best_ai": evidence.best_ai,
        "best_alternative": evidence.candidates.get(decision["best_alternative"]),
        "full_physics": evidence.full_physics,
    }
    seen: set[str] = set()
    for role, candidate in named.items():
        if candidate is None or candidate["name"] in seen:
            continue
        seen.add(candidate["name"])
        query = (candidate.get("query") or {}).get(decision["pattern"])
        if query is None:
            continue
        per_million = footprint(1e6 * query["cpu_seconds"], watts, factors)
        if role == "winner":
            rows.append({"id": "per_million", "role": role, "candidate": candidate["name"], **per_million})
        if decision.get("queries_mid"):
            whole = lifetime_seconds(candidate, decision["pattern"], decision["queries_mid"])
            if whole is not None:
                rows.append(
                    {
                        "id": "lifetime",
                        "role": role,
                        "candidate": candidate["name"],
                        **footprint(whole, watts, factors),
                    }
                )
    return rows


# --------------------------------------------------------------------------------- Keeping and reading


def content_hash(audit: Mapping[str, Any]) -> str:
    """SHA-256 of the audit without the field that holds it, in one canonical spelling."""
    content = {key: value for key, value in audit.items() if key != "content_sha256"}
    text = json.dumps(content, sort_keys=True, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    return hashlib.sha256(text.encode()).hexdigest()


def seal(audit: Mapping[str, Any]) -> dict[str, Any]:
    """The audit with its own hash renewed."""
    return {**audit, "content_sha256": content_hash(audit)}


def _validate(audit: Any, name: str) -> None:
    from jsonschema import Draft202012Validator

    schema = json.loads((files("frugal.audit") / "schema.json").read_text(encoding="utf-8"))
    fault = next(
        iter(sorted(Draft202012Validator(schema).iter_errors(audit), key=lambda e: list(map(str, e.absolute_path)))),
        None,
    )
    if fault is not None:
        where = "/".join(map(str, fault.absolute_path)) or "its top level"
        raise UnusableInputError(f"{name} does not follow the schema of {FORMAT}, at {where}: {fault.message[:200]}")


def write_audit(audit: Mapping[str, Any], folder: Path | str) -> Path:
    """Write `audit.json` and return its path.

    Raises
    ------
    UnusableInputError
        If the audit does not follow the schema.
    EnvironmentFaultError
        If the folder cannot be written.
    """
    path = Path(folder) / "audit.json"
    _validate(audit, "the audit")
    write_text(path, json.dumps(audit, ensure_ascii=False, indent=1, allow_nan=False) + "\n")
    return path


def read_audit(path: Path | str) -> dict[str, Any]:
    """Read `audit.json` (or the folder that holds it).

    Raises
    ------
    UnusableInputError
        If the file cannot be read or does not follow the schema.
    NotAssessedError
        If its content was changed after it was written.
    """
    path = Path(path)
    path = path / "audit.json" if path.is_dir() else path
    try:
        audit = json.loads(path.read_bytes())
    except OSError as fault:
        raise UnusableInputError(f"the audit '{path}' cannot be read: {fault.strerror or fault}") from fault
    except ValueError as fault:
        raise UnusableInputError(f"the audit '{path}' is not readable as JSON: {fault}") from fault
    _validate(audit, f"'{path}'")
    if content_hash(audit) != audit["content_sha256"]:
        raise NotAssessedError(
            f"the audit '{path}' was changed after it was written: its content does not give the hash "
            f"{audit['content_sha256'][:8]}… it carries; run the audit again"
        )
    return audit


def write_reports(audit: Mapping[str, Any], folder: Path | str) -> list[Path]:
    """Write `audit.fr.html` and `audit.en.html` from the audit alone, and return their paths."""
    paths = []
    pages = {language: render(audit, language) for language in ("fr", "en")}
    for language, page in pages.items():
        path = Path(folder) / f"audit.{language}.html"
        write_text(path, page)
        paths.append(path)
    return paths


def exit_code(audit: Mapping[str, Any]) -> Literal[0, 1, 4]:
    """Exit code of `frugal audit`: 4 when condition 1 was not assessed, 1 when a criterion fails, else 0."""
    if audit["conditions"]["C1"]["status"] == "not_assessed":
        return 4
    return 1 if any(finding["status"] == "fail" for finding in audit["criteria"]) else 0


def summary_lines(audit: Mapping[str, Any], language: str) -> list[str]:
    """The audit for a terminal: the answer, the three conditions, what failed, what is not known."""
    name = {"en": "Condition", "fr": "Condition"}[language]
    colon = ":" if language == "en" else "\u00a0:"
    lines = [audit["first_line"][language]]
    lines += [f"{name} {key[1]}{colon} {condition['text'][language]}" for key, condition in audit["conditions"].items()]
    for finding in audit["criteria"]:
        if finding["status"] in ("fail", "warn"):
            word = wording.phrase(f"status.{finding['status']}", language)
            lines.append(f"{finding['id']} {word}{colon} {finding['title'][language]}. {finding['text'][language]}")
    limits = {"en": "Limits", "fr": "Limites"}[language]
    return [*lines, f"{limits}{colon} " + " ".join(limit[language] for limit in audit["limits"])]
