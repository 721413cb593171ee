"""Rules about what the pages say: no general claim, no single figure or sign."""

from __future__ import annotations

import re
from collections.abc import Mapping

from frugal.audit.criteria.findings import Finding, Status
from frugal.audit.impacts.assessment import Assessment
from frugal.audit.words.sentences import Text, both

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


def _scan(assessment: Assessment, patterns: Mapping[str, tuple[str, ...]], clean: Text) -> Finding:
    found = {language: found_words(text, patterns[language]) for language, text in assessment.texts.items()}
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


def no_claim(assessment: Assessment) -> Finding:
    """COM-02: none of the listed claims stands in what the program itself writes."""
    return _scan(
        assessment,
        FORBIDDEN,
        both(
            "No general environmental claim in either language.",
            "Aucune allégation environnementale générale, dans les deux langues.",
        ),
    )


def no_grade(assessment: Assessment) -> Finding:
    """COM-03: no word or sign of a mark stands in what the program itself writes."""
    return _scan(
        assessment,
        GRADES,
        both(
            "Findings are counted, never summed up in one figure or sign.",
            "Les constats sont comptés, jamais résumés en un chiffre ou un signe.",
        ),
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
        both(
            "The page does not call the service frugal: that would need all three conditions, and a signature.",
            "La page ne qualifie pas le service de frugal : il y faudrait les trois conditions, et une signature.",
        ),
    )


def no_avoided_emissions(assessment: Assessment) -> Finding:
    """COM-06: nothing is said of emissions avoided elsewhere, which needs an assessment of its own."""
    return _scan(
        assessment,
        AVOIDED,
        both(
            "Nothing is claimed of effects elsewhere (ITU-T L.1480, tier 1 or 2, would be needed).",
            "Rien n’est affirmé d’effets ailleurs (il y faudrait l’UIT-T L.1480, niveau 1 ou 2).",
        ),
    )


def complete_sentences(assessment: Assessment) -> Finding:
    """COM-01: unit of use, alternatives, tier and a footprint are there to stand beside the numbers."""
    where = ("audit.fr.html", "audit.en.html")
    lacking = []
    if not assessment.need.get("functional_unit"):
        lacking.append(("functional unit", "unité fonctionnelle"))
    if assessment.machine.get("tier") is None:
        lacking.append(("tier of measurement", "niveau de mesure"))
    if not any(not candidate["is_ai"] for candidate in assessment.candidates.values()):
        lacking.append(("alternatives", "réponses sans IA"))
    if not assessment.account.footprint["rows"]:
        lacking.append(("footprint with its interval", "empreinte avec son intervalle"))
    if lacking:
        text = both(
            f"Missing beside the numbers: {', '.join(pair[0] for pair in lacking)}.",
            f"Manque à côté des chiffres : {', '.join(pair[1] for pair in lacking)}.",
        )
        return Finding("warn", text, len(lacking), 0, where)
    text = both(
        "Functional unit, alternatives, date, tier and intervals stand beside the numbers.",
        "Unité fonctionnelle, réponses sans IA, date, niveau et intervalles figurent à côté des chiffres.",
    )
    return Finding("pass", text, 0, 0, where)


def limits_told(assessment: Assessment) -> Finding:
    """COM-05: what the audit does not say stands on the first page."""
    number = len(assessment.limits)
    status: Status = "pass" if number else "fail"
    text = both(f"{number} limits are told on the first page.", f"{number} limites figurent en première page.")
    return Finding(status, text, number, 1, ("audit.fr.html", "audit.en.html"))
