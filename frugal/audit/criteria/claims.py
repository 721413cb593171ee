"""Rules about what the pages say: no general claim, no single figure or sign."""

from __future__ import annotations

import re
from collections.abc import Mapping

from frugal.audit.criteria.findings import Finding, Status
from frugal.audit.impacts.assessment import Assessment
from frugal.audit.words.sentences import phrase, say, say_counted
from frugal.texts import LANGUAGES

#: Claims that no measurement here can carry, as they are forbidden or regulated by Directive (EU) 2024/825.
FORBIDDEN = {
    "en": (
        r"green",
        r"eco-?friendly",
        r"carbon[- ]neutral",
        r"climate[- ]neutral",
        r"clean",
        r"sustainable",
        r"energy[- ]efficient",
        r"planet[- ]friendly",
        r"certified frugal",
    ),
    "fr": (
        r"verte?s?",
        r"écologiques?",
        r"éco-?responsables?",
        r"neutres?",
        r"propres?",
        r"durables?",
        r"respectueu\w+",
        r"économes? en énergie",
        r"frugale certifiée",
    ),
}
GRADES = {
    "en": (r"scores?", r"grades?", r"badges?", r"stars?", r"labels?", r"ratings?", r"[★☆⭐]"),
    "fr": (r"scores?", r"notes?", r"badges?", r"étoiles?", r"labels?", r"classes? [A-G]", r"[★☆⭐]"),
}


def found_words(text: str, patterns: tuple[str, ...]) -> list[str]:
    """Words of the text that match one of the patterns as whole words."""
    expression = "|".join(rf"(?<!\w){pattern}(?!\w)" for pattern in patterns)
    return sorted({match.group(0).lower() for match in re.finditer(expression, text, flags=re.IGNORECASE)})


def _scan(assessment: Assessment, patterns: Mapping[str, tuple[str, ...]], clean: str) -> Finding:
    found = {language: found_words(text, patterns[language]) for language, text in assessment.texts.items()}
    words = sorted({word for language in found.values() for word in language})
    if not words:
        return Finding("pass", say(clean), [], [], ("audit.fr.html", "audit.en.html"))
    return Finding(
        "fail",
        say("finding.found", words=", ".join(words)),
        words,
        [],
        ("audit.fr.html", "audit.en.html"),
    )


def no_claim(assessment: Assessment) -> Finding:
    """COM-02: none of the listed claims stands in what the program itself writes."""
    return _scan(
        assessment,
        FORBIDDEN,
        "COM-02.pass",
    )


def no_grade(assessment: Assessment) -> Finding:
    """COM-03: no word or sign of a mark stands in what the program itself writes."""
    return _scan(
        assessment,
        GRADES,
        "COM-03.pass",
    )


#: Using the adjective for a service says that all three conditions hold.
ADJECTIVE = {
    "en": (r"is frugal", r"(this|our) frugal", r"frugal (model|answer)"),
    "fr": (r"est frugale?", r"(cette|notre) \w+ frugale?", r"(modèle|réponse) frugale?"),
}
AVOIDED = {
    "en": (r"avoided emissions?", r"emissions? avoided", r"avoids? \d\S* (t|kg|g)\b"),
    "fr": (r"émissions? évitées?", r"évite \d\S* (t|kg|g)\b"),
}


def no_adjective(assessment: Assessment) -> Finding:
    """COM-04: the page never calls the service frugal; whoever does so needs all three conditions."""
    return _scan(
        assessment,
        ADJECTIVE,
        "COM-04.pass",
    )


def no_avoided_emissions(assessment: Assessment) -> Finding:
    """COM-06: nothing is said of emissions avoided elsewhere, which needs an assessment of its own."""
    return _scan(
        assessment,
        AVOIDED,
        "COM-06.pass",
    )


def complete_sentences(assessment: Assessment) -> Finding:
    """COM-01: unit of use, alternatives, tier and a footprint are there to stand beside the numbers."""
    where = ("audit.fr.html", "audit.en.html")
    lacking = []
    if not assessment.need.get("functional_unit"):
        lacking.append("COM-01.unit")
    if assessment.machine.get("tier") is None:
        lacking.append("COM-01.tier")
    if not any(not candidate.is_ai for candidate in assessment.candidates.values()):
        lacking.append("COM-01.alternatives")
    if not assessment.account.footprint["rows"]:
        lacking.append("COM-01.footprint")
    if lacking:
        names = {language: ", ".join(phrase(key, language) for key in lacking) for language in LANGUAGES}
        text = say("COM-01.missing", names=names)
        return Finding("warn", text, len(lacking), 0, where)
    text = say("COM-01.complete")
    return Finding("pass", text, 0, 0, where)


def limits_told(assessment: Assessment) -> Finding:
    """COM-05: what the audit does not say stands on the first page."""
    number = len(assessment.limits)
    status: Status = "pass" if number else "fail"
    text = say_counted("COM-05.told", number=number)
    return Finding(status, text, number, 1, ("audit.fr.html", "audit.en.html"))
