"""What a criterion is, and what it finds."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Literal

from frugal.audit.evidence import Evidence
from frugal.audit.words.wording import Text

Condition = Literal["C1", "C2", "C3", "MES", "COM"]
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
    """One question of the audit; ``kind``: computed from evidence, or declared with a file."""

    id: str
    condition: Condition
    title: Text
    kind: Literal["computed", "declared"]
    evaluate: Callable[[Evidence], Finding]
