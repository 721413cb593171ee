"""What a criterion is, and what it finds."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from frugal.audit.evidence.evidence import Evidence
from frugal.audit.impacts.assessment import Assessment
from frugal.audit.words.names import declared_fields
from frugal.audit.words.sentences import in_a_sentence, say
from frugal.texts import Text

Condition = Literal["C1", "C2", "C3", "MES", "COM"]
Role = Literal["producer", "provider", "customer"]
Status = Literal["pass", "warn", "fail", "n_a", "unevidenced", "not_assessed"]


@dataclass(frozen=True)
class Finding:
    """What a criterion found: status, value, the threshold it was held against, where it stands, in words."""

    status: Status
    text: Text
    value: Any = None
    threshold: Any = None
    evidence: tuple[str, ...] = field(default=())


@dataclass(frozen=True)
class Criterion:
    """One question of the audit.

    Parameters
    ----------
    id, condition, title
        Its name, what it belongs to, and what it asks by language.
    evaluate : callable
        Answers from the evidence.
    kind : str
        ``computed`` from evidence, ``declared`` with a file, or ``mixed``.
    role : str, optional
        Who answers for it, where it is about good practice.
    asks : tuple of str
        What public text asks the same, as pointers.
    """

    id: str
    condition: Condition
    title: Text
    evaluate: Callable[[Assessment], Finding]
    kind: Literal["computed", "declared", "mixed"] = "computed"
    role: Role | None = None
    asks: tuple[str, ...] = ()


#: Why a declaration does not count although a file is named.
_SAYS_NOTHING = {
    "short": "finding.says_nothing.short",
    "repeated": "finding.says_nothing.repeated",
    "empty": "finding.says_nothing.empty",
}


def declared(evidence: Evidence, name: str, wanted: tuple[str, ...] = ()) -> Finding:
    """Finding of a declaration: it counts only with an evidence file, and wholly only with every field.

    Parameters
    ----------
    evidence : Evidence
    name : str
        Id of the criterion.
    wanted : tuple of str
        Fields that the declaration should have beside its text.
    """
    where: tuple[str, ...] = (f"declarations.json: {name}",)
    found = evidence.declarations.get(name)
    if found is None:
        return Finding("unevidenced", say("finding.not_declared"), None, None, where)
    told = str(found["text"]).rstrip(".")
    files = [str(file["file"]) for file in found.get("evidence") or ()]
    if not files:
        text = say("finding.without_evidence", told=told)
        return Finding("unevidenced", text, told, None, where)
    if found.get("says_nothing"):
        text = say(_SAYS_NOTHING[found["says_nothing"]], told=told)
        return Finding("unevidenced", text, told, None, where)
    missing = [key for key in wanted if (found.get("fields") or {}).get(key) in (None, "")]
    listed = ", ".join(files)
    where = (*where, *(f"{file['kept']} (SHA-256 {file['sha256'][:8]}…)" for file in found["evidence"]))
    if missing:
        text = say("finding.in_part", listed=listed, told=told, missing=declared_fields(name, missing))
        return Finding("warn", text, told, list(wanted), where)
    return Finding("pass", say("finding.declared", listed=listed, told=told), told, None, where)


def field_of(evidence: Evidence, name: str, key: str) -> Any:
    """A field of a declaration that counts: it has an evidence file, and says something; None otherwise.

    Parameters
    ----------
    evidence : Evidence
    name : str
        Id of the criterion that was declared (``LIM-03``).
    key : str
        Name of the field (``life_years``).

    Returns
    -------
    object
        As it was declared, unchecked: a text, a number or a date as text.
    """
    found: Mapping[str, Any] = evidence.declarations.get(name) or {}
    counts = found.get("evidence") and not found.get("says_nothing")
    return (found.get("fields") or {}).get(key) if counts else None


def about_ai(evidence: Evidence, finding: Finding) -> Finding:
    """The same finding, for information only when no AI ships."""
    if evidence.winner is not None and evidence.winner.is_ai:
        return finding
    told = say("finding.for_the_record", told={lang: in_a_sentence(text) for lang, text in finding.text.items()})
    return Finding("n_a", told, finding.value, finding.threshold, finding.evidence)


def no_ai(key: str = "finding.no_ai", **values: object) -> Finding:
    """The question does not arise, as the text of that key says."""
    return Finding("n_a", say(key, **values))
