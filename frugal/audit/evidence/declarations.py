"""Declarations: what nobody can measure, told by those who know it, with the files that show it.

They are written in a TOML file, one table for each criterion, and kept with the bundle, evidence included, under hashes.
"""

from __future__ import annotations

import hashlib
import json
import math
import re
import tomllib
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

from frugal.audit.evidence.declared_fields import ASKS, Field, fields_of
from frugal.errors import NotAssessedError, UnusableInputError, did_you_mean
from frugal.experiments.study.need import is_number
from frugal.formats.files.atomic import write_bytes, write_text
from frugal.texts import room_texts
from frugal.toml_text import parse_toml

_TEXTS = room_texts("frugal.audit")

#: Largest evidence file that is kept with a bundle.
MAXIMUM_EVIDENCE_BYTES = 20_000_000

#: A text of fewer characters, or an evidence file of fewer bytes without blanks, says nothing.
LEAST_TEXT = 20
LEAST_EVIDENCE_BYTES = 10

FORMAT = "frugal-declarations/1"
FILE = "declarations.json"
FOLDER = "evidence"

_ALLOWED = {
    "text": "a text",
    "date": "a date, year-month-day",
    "count": "a positive number",
    "amount": "a number of at least 0",
    "ratio": "a number of at least 1",
}


@dataclass(frozen=True)
class EvidenceFile:
    """A file that shows what is declared: its name as it was written, SHA-256 and size, and where it is to be read."""

    file: str
    sha256: str
    bytes: int
    path: Path

    @property
    def kept_name(self) -> str:
        """Name inside the bundle's folder of evidence: the hash leads, so that no two files meet."""
        return f"{self.sha256[:12]}-{re.sub(r'[^A-Za-z0-9._-]', '_', Path(self.file).name)[-80:]}"


@dataclass(frozen=True)
class Declaration:
    """What is declared for one criterion: its id, a text, the criterion's own fields, and evidence."""

    id: str
    text: str
    fields: Mapping[str, Any] = field(default_factory=dict)
    evidence: tuple[EvidenceFile, ...] = ()

    @property
    def evidenced(self) -> bool:
        """A file is named that shows it; whether it counts, `says_nothing` tells of all declarations together."""
        return bool(self.evidence)

    def as_dict(self) -> dict[str, Any]:
        """Plain values, as ``declarations.json`` and the audit hold them."""
        return {
            "id": self.id,
            "text": self.text,
            "fields": dict(self.fields),
            "evidence": [
                {"file": e.file, "kept": f"{FOLDER}/{e.kept_name}", "sha256": e.sha256, "bytes": e.bytes}
                for e in self.evidence
            ],
        }


def read_declarations(path: Path, known_ids: Iterable[str]) -> list[Declaration]:
    """Read a file of declarations and hash the evidence that it names.

    Parameters
    ----------
    path : Path
        A TOML file: a table for each criterion with ``text``, ``evidence`` (paths from the folder of the file) and the
        criterion's own fields.
    known_ids : iterable of str
        Ids of the criteria that the audit asks.

    Raises
    ------
    UnusableInputError
        If the file or its evidence cannot be used, naming criterion, field and value.
    """
    known = list(known_ids)
    try:
        content = parse_toml(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as fault:
        raise UnusableInputError(f"declarations '{path}' cannot be read: {fault}") from fault
    try:
        return [_declaration(name, table, known, path.parent) for name, table in content.items()]
    except UnusableInputError as fault:
        raise UnusableInputError(f"declarations '{path}': {fault}") from fault


def _declaration(name: str, table: Any, known: list[str], folder: Path) -> Declaration:
    if name not in known:
        raise UnusableInputError(f"'{name}' is no criterion; known: {', '.join(known)}{did_you_mean(name, known)}")
    if not isinstance(table, Mapping):
        raise UnusableInputError(f"{name} = {table!r}; a table [{name}] with text and evidence is needed")
    text = table.get("text")
    if not (isinstance(text, str) and text.strip()):
        told = f"{name}.text is missing" if text is None else f"{name}.text = {text!r}"
        raise UnusableInputError(f"{told}; say in plain words what is declared")
    own = fields_of(name)
    values = {}
    for key, value in table.items():
        if key in ("text", "evidence"):
            continue
        if key not in own:
            allowed = ["text", "evidence", *own]
            raise UnusableInputError(
                f"{name} has the unknown field '{key}'; allowed: {', '.join(allowed)}{did_you_mean(key, allowed)}"
            )
        values[key] = _value(f"{name}.{key}", value, own[key])
    return Declaration(name, text.strip(), values, _evidence(name, table.get("evidence", []), folder))


def _value(what: str, value: Any, kind: Field) -> Any:
    if kind.kind == "text":
        good = isinstance(value, str) and bool(value.strip())
    elif kind.kind == "date":
        value = value.isoformat() if isinstance(value, date) else value
        good = isinstance(value, str) and _is_date(value)
    else:
        good = is_number(value) and math.isfinite(value) and _is_allowed(value, kind)
    if not good:
        raise UnusableInputError(f"{what} = {value!r}; {_ALLOWED[kind.kind]} is needed")
    return value


def _is_allowed(value: float, kind: Field) -> bool:
    return {"count": value > 0, "amount": value >= 0, "ratio": value >= 1}[kind.kind]


def _is_date(text: str) -> bool:
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return True


def _evidence(name: str, paths: Any, folder: Path) -> tuple[EvidenceFile, ...]:
    listed = [paths] if isinstance(paths, str) else paths
    if not (isinstance(listed, list) and all(isinstance(path, str) and path for path in listed)):
        raise UnusableInputError(f"{name}.evidence = {paths!r}; a list of file names is needed")
    return tuple(_evidence_file(name, path, folder) for path in dict.fromkeys(listed))


def _evidence_file(name: str, written: str, folder: Path) -> EvidenceFile:
    what = f"{name}.evidence '{written}'"
    path = folder / written
    try:
        inside = "\0" not in written and path.resolve().is_relative_to(folder.resolve())
    except (OSError, RuntimeError) as fault:  # links that turn in a circle
        raise UnusableInputError(f"{what} cannot be read: {fault}") from fault
    if not inside:
        raise UnusableInputError(
            f"{what} is outside '{folder}'; evidence must lie beside the file of declarations or below"
        )
    if not path.exists():
        raise UnusableInputError(f"{what} does not exist; it is looked for in '{folder}'")
    if not path.is_file():
        raise UnusableInputError(f"{what} is not a regular file")
    size = path.stat().st_size
    if not 0 < size <= MAXIMUM_EVIDENCE_BYTES:
        raise UnusableInputError(f"{what} has {size} bytes; 1 to {MAXIMUM_EVIDENCE_BYTES} are allowed")
    try:
        content = path.read_bytes()
    except OSError as fault:
        raise UnusableInputError(f"{what} cannot be read: {fault.strerror or fault}") from fault
    return EvidenceFile(written, hashlib.sha256(content).hexdigest(), len(content), path)


def says_nothing(declarations: Iterable[Declaration]) -> dict[str, str]:
    """Declarations that do not count although a file is named, by criterion, and why.

    Nobody reads evidence here. What can be told without reading is told: a text too short to say anything, one that stands
    for several criteria, evidence that is empty.

    Returns
    -------
    dict of str to str
        ``short``, ``repeated`` or ``empty``.
    """
    declarations = list(declarations)
    plain = {declaration.id: " ".join(declaration.text.casefold().split()) for declaration in declarations}
    times = Counter(plain.values())
    found = {}
    for declaration in declarations:
        text = plain[declaration.id]
        if len(text) < LEAST_TEXT or len(set(text) - {" "}) < LEAST_TEXT // 4:
            found[declaration.id] = "short"
        elif times[text] > 1:
            found[declaration.id] = "repeated"
        elif declaration.evidence and all(map(_is_empty, declaration.evidence)):
            found[declaration.id] = "empty"
    return found


def _is_empty(evidence: EvidenceFile) -> bool:
    content = (
        evidence.path.read_bytes() if evidence.bytes < MAXIMUM_EVIDENCE_BYTES // 10 else b"." * LEAST_EVIDENCE_BYTES
    )
    return len(b"".join(content.split())) < LEAST_EVIDENCE_BYTES


def keep(declarations: Iterable[Declaration], bundle_folder: Path) -> None:
    """Copy the evidence into a bundle and write ``declarations.json``; what was declared before is replaced.

    Raises
    ------
    NotAssessedError
        If an evidence file is gone or has changed since it was read; nothing is written then.
    EnvironmentFaultError
        If something cannot be written.
    """
    declarations = list(declarations)
    contents = {e.kept_name: _unchanged(d.id, e) for d in declarations for e in d.evidence}
    folder = bundle_folder / FOLDER
    for name, content in contents.items():
        write_bytes(folder / name, content)
    plain = {"format": FORMAT, "declarations": [declaration.as_dict() for declaration in declarations]}
    write_text(bundle_folder / FILE, json.dumps(plain, ensure_ascii=False, indent=1) + "\n")
    for old in folder.glob("*") if folder.is_dir() else ():
        if old.name not in contents and re.match(r"^[0-9a-f]{12}-", old.name):
            old.unlink()


def kept(bundle_folder: Path) -> list[Declaration]:
    """The declarations of a bundle, their evidence held against its hashes; an empty list where none were kept.

    Raises
    ------
    NotAssessedError
        If an evidence file is missing or was changed, or the list of declarations cannot be read.
    """
    path = bundle_folder / FILE
    if not path.exists():
        return []
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        found = [
            Declaration(
                row["id"],
                row["text"],
                dict(row["fields"]),
                tuple(_kept_evidence(evidence, bundle_folder) for evidence in row["evidence"]),
            )
            for row in content["declarations"]
        ]
    except (OSError, ValueError, KeyError, TypeError) as fault:
        raise NotAssessedError(f"'{path}' cannot be read as declarations: {type(fault).__name__}: {fault}") from fault
    for declaration in found:
        for evidence in declaration.evidence:
            _unchanged(declaration.id, evidence)
    return found


def _kept_evidence(row: Mapping[str, Any], bundle_folder: Path) -> EvidenceFile:
    if not re.fullmatch(r"[0-9a-f]{64}", str(row["sha256"])):
        raise ValueError(f"{row['sha256']!r} is not a SHA-256")
    bare = EvidenceFile(str(row["file"]), str(row["sha256"]), int(row["bytes"]), bundle_folder)
    # the place follows from the hash and the name, never from what the list says
    return EvidenceFile(bare.file, bare.sha256, bare.bytes, bundle_folder / FOLDER / bare.kept_name)


def _unchanged(criterion: str, evidence: EvidenceFile) -> bytes:
    what = f"the evidence '{evidence.file}' of {criterion}"
    if not evidence.path.is_file():
        raise NotAssessedError(f"{what} is missing: '{evidence.path}' is not there")
    try:
        content = evidence.path.read_bytes()
    except OSError as fault:
        raise NotAssessedError(f"{what} cannot be read: {fault.strerror or fault}") from fault
    if len(content) != evidence.bytes or hashlib.sha256(content).hexdigest() != evidence.sha256:
        raise NotAssessedError(
            f"{what} was changed: '{evidence.path}' no longer has the SHA-256 {evidence.sha256[:12]}…"
        )
    return content


def template(language: str) -> str:
    """A commented file of declarations to fill in, in one language (``en`` or ``fr``); read as it is, it declares nothing."""
    head = _TEXTS.phrase("asked.head", language)
    blocks = ["\n".join(f"# {line}" for line in head.split("\n"))]
    for name, fields in ASKS.items():
        lines = [f"# {_TEXTS.phrase(f'asked.{name}', language)}", f"# [{name}]", '# text = "…"']
        for key, own in fields.items():
            lines.append(f"# {key} = {own.example}  # {_TEXTS.phrase(f'asked.{name}.{key}', language)}")
        blocks.append("\n".join([*lines, '# evidence = ["….pdf"]']))
    return "\n\n".join(blocks) + "\n"
