"""What a declaration may say for each criterion: its own fields."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from frugal.experiments.study.need import QUESTIONS

#: ``ratio`` is a number of at least 1, ``amount`` one of at least 0, ``count`` a positive number.
Kind = Literal["text", "date", "count", "amount", "ratio"]


@dataclass(frozen=True)
class Field:
    """One field beside ``text`` and ``evidence``: its kind, and an example as TOML writes it."""

    kind: Kind = "text"
    example: str = '"…"'


#: For each criterion its own fields; what is asked, and what a field means, stands in the texts under ``asked``.
ASKS: dict[str, dict[str, Field]] = {
    "NEC-08": {"owner": Field()},
    "NEC-09": {"usage_counter": Field()},
    "NEC-10": {},
    "FRU-09": {},
    "FRU-17": {"trigger": Field(), "max_per_year": Field("amount", "1"), "drift_metric": Field()},
    "FRU-18": {},
    "FRU-19": {"country": Field(), "pue": Field("ratio", "1.4"), "wue": Field("amount", "0.5")},
    "FRU-20": {"retention_days": Field("amount", "365"), "max_gigabytes": Field("count", "1")},
    "FRU-21": {},
    "FRU-22": {},
    "FRU-23": {"queries_observed": Field("amount", "12000"), "period_days": Field("count", "90")},
    "LIM-03": {"asked": Field(), "date": Field("date", "2026-03-14")},
    "LIM-06": {"life_years": Field("count", "5")},
    **{question: {} for question in QUESTIONS},
}


def fields_of(criterion: str) -> dict[str, Field]:
    """The fields of a criterion beside ``text`` and ``evidence``; none where it asks for none."""
    return dict(ASKS.get(criterion, {}))
