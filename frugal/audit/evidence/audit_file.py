"""Keep and read `audit.json`: its schema, its seal, the pages beside it, what the terminal is told."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from importlib.resources import files
from pathlib import Path
from typing import Any

from frugal.candidates.comparison import Ladder
from frugal.errors import NotAssessedError, UnusableInputError
from frugal.formats.files.atomic import put_back, write_text
from frugal.surroundings import without_parsers_of_formats

FORMAT = "frugal-audit/2"


def ladder_of(audit: Mapping[str, Any]) -> Ladder:
    """The candidates of an audit and the decisions over them; without single blocks and elements, which it does not keep."""
    return Ladder.read(audit.get("ladder") or (), audit.get("decisions") or (), "audit.json")


def content_hash(audit: Mapping[str, Any]) -> str:
    """SHA-256 of the audit without the field that holds it, in one canonical spelling."""
    content = {key: value for key, value in audit.items() if key != "content_sha256"}
    text = json.dumps(content, sort_keys=True, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    return hashlib.sha256(text.encode()).hexdigest()


def seal(audit: Mapping[str, Any]) -> dict[str, Any]:
    """The audit with its own hash renewed."""
    return {**audit, "content_sha256": content_hash(audit)}


def _validate(audit: Any, name: str) -> None:
    with without_parsers_of_formats():
        from jsonschema import Draft202012Validator

    schema = json.loads((files("frugal.audit.evidence") / "audit_schema.json").read_text(encoding="utf-8"))
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
    path = put_back(Path(path))
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
