"""Rules of condition 2 for whoever asks for the service: limits of use, information, counting."""

from __future__ import annotations

from frugal.audit.criteria.findings import Finding, declared, field_of
from frugal.audit.evidence.evidence import Evidence
from frugal.audit.words.sentences import say
from frugal.reporting.text import plain_number, plain_span
from frugal.texts import LANGUAGES, in_each


def usage_limits(evidence: Evidence) -> Finding:
    """FRU-21: the user can choose the precision or the physics, and use is bounded."""
    return declared(evidence, "FRU-21")


def user_informed(evidence: Evidence) -> Finding:
    """FRU-22: what a journey consumes is shown where the answer is given."""
    return declared(evidence, "FRU-22")


def production_counter(evidence: Evidence) -> Finding:
    """FRU-23: the use that was counted lies within the use that was declared."""
    found = declared(evidence, "FRU-23", ("queries_observed", "period_days"))
    seen, days = (field_of(evidence, "FRU-23", key) for key in ("queries_observed", "period_days"))
    usage = evidence.need.get("queries")
    if found.status != "pass" or seen is None or not days or not usage:
        return found
    yearly = float(seen) * 365 / float(days)
    low, high = (value / evidence.need["service_life_years"] for value in usage)
    inside = low <= yearly <= high
    told = {"yearly": in_each(plain_number, yearly), "usage": {lang: plain_span(low, high, lang) for lang in LANGUAGES}}
    text = say("FRU-23.inside" if inside else "FRU-23.outside", **told)
    return Finding("pass" if inside else "fail", text, yearly, [low, high], found.evidence)
