"""Rules about what the pages say: no general claim, no single figure or sign."""

from __future__ import annotations

import re
from collections.abc import Mapping

from frugal.audit.criteria.findings import Finding
from frugal.audit.evidence import Evidence
from frugal.audit.words.wording import Text, both

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


def _scan(evidence: Evidence, patterns: Mapping[str, tuple[str, ...]], clean: Text) -> Finding:
    found = {language: found_words(text, patterns[language]) for language, text in evidence.texts.items()}
    words = sorted({word for language in found.values() for word in language})
    if not words:
        return Finding("pass", clean, [], [], ("audit.fr.html", "audit.en.html"))
    return Finding(
        "fail",
        both(f"Found: {', '.join(words)}.", f"Trouvé : {', '.join(words)}."),
        words,
        [],
        ("audit.fr.html", "audit.en.html"),
    )


def no_claim(evidence: Evidence) -> Finding:
    """COM-02: no claim that nothing here can carry."""
    return _scan(
        evidence,
        FORBIDDEN,
        both(
            "No general environmental claim in either language.",
            "Aucune allégation environnementale générale, dans les deux langues.",
        ),
    )


def no_grade(evidence: Evidence) -> Finding:
    """COM-03: findings are counted, never summed up."""
    return _scan(
        evidence,
        GRADES,
        both(
            "Findings are counted, never summed up in one figure or sign.",
            "Les constats sont comptés, jamais résumés en un chiffre ou un signe.",
        ),
    )
