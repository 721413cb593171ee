"""Keep and read `audit.json`: its schema, its seal, the pages beside it, what the terminal is told."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from importlib.resources import files
from pathlib import Path
from typing import Any, Literal

from frugal.audit.report.pages import render
from frugal.audit.words import wording
from frugal.errors import NotAssessedError, UnusableInputError
from frugal.formats.files.atomic import write_text

FORMAT = "frugal-audit/2"


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
