"""The sentences of the audit in both languages, made from the evidence."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from frugal.audit.evidence import Evidence, worst_error
from frugal.audit.numbers import percent, typeset
from frugal.surrogates.plots import candidate_label, plain_duration, plain_number, plain_queries

Text = dict[str, str]
LANGUAGES = ("en", "fr")

VERDICTS: dict[str, Text] = {
    "demonstrated": {"en": "demonstrated", "fr": "démontré"},
    "infeasible_otherwise": {
        "en": "demonstrated: nothing else meets the need",
        "fr": "démontré : rien d’autre ne répond au besoin",
    },
    "conditional": {"en": "conditional on a limit that was chosen", "fr": "lié à une limite choisie"},
    "undecided": {"en": "undecided", "fr": "non tranché"},
    "not_demonstrated": {"en": "not demonstrated", "fr": "non démontré"},
    "trade_off": {"en": "one burden traded for another", "fr": "une charge échangée contre une autre"},
    "not_assessed": {"en": "not assessed", "fr": "non évalué"},
}

_NOUNS: dict[str, Text] = {
    "constant": {"en": "a constant", "fr": "une constante"},
    "formula": {"en": "a formula", "fr": "une formule"},
    "table": {"en": "a table", "fr": "une table"},
    "linear": {"en": "a straight-line fit", "fr": "un ajustement linéaire"},
    "quadratic": {"en": "a quadratic fit", "fr": "un ajustement quadratique"},
    "coarse_physics": {"en": "simplified physics", "fr": "un calcul physique simplifié"},
    "precomputed": {
        "en": "a list of answers computed beforehand",
        "fr": "une liste de réponses calculées d’avance",
    },
    "surrogate": {"en": "a trained model", "fr": "un modèle entraîné"},
    "full_physics": {"en": "the full physics", "fr": "le calcul physique complet"},
}

BASELINES: dict[str, Text] = {
    "constant": {"en": "a constant", "fr": "une constante"},
    "linear": {"en": "a linear or quadratic fit", "fr": "un ajustement linéaire ou quadratique"},
    "quadratic": {"en": "a quadratic fit", "fr": "un ajustement quadratique"},
    "table": {"en": "a table", "fr": "une table"},
    "coarse_physics": {"en": "simplified physics", "fr": "un calcul physique simplifié"},
    "full_physics": {"en": "the full physics", "fr": "le calcul physique complet"},
}

LEVELS: dict[str, Text] = {
    "quick": {"en": "quick measurement", "fr": "mesure rapide"},
    "full": {"en": "full measurement", "fr": "mesure complète"},
}


STATUS: dict[str, Text] = {
    "pass": {"en": "yes", "fr": "oui"},
    "warn": {"en": "caution", "fr": "réserve"},
    "fail": {"en": "no", "fr": "non"},
    "n_a": {"en": "not applicable", "fr": "sans objet"},
    "unevidenced": {"en": "no evidence", "fr": "sans preuve"},
    "not_assessed": {"en": "not assessed", "fr": "non évalué"},
    "no_ai": {"en": "no AI", "fr": "sans IA"},
}


def both(english: str, french: str) -> Text:
    """A sentence in both languages, with the spaces of French."""
    return {"en": english, "fr": typeset(french, "fr")}


def title(study: Mapping[str, Any]) -> Text:
    """The question, or the name of the study where it has no title."""
    titles = study.get("title") or {}
    plain = str(study["name"]).replace("_", " ")
    return both(titles.get("en") or titles.get("fr") or plain, titles.get("fr") or titles.get("en") or plain)


def rounded_up(value: float, digits: int = 2) -> float:
    """An upper bound to so many significant digits, never below what was measured."""
    if value <= 0:
        return value
    step = 10.0 ** (math.floor(math.log10(value)) + 1 - digits)
    return math.ceil(value / step - 1e-9) * step


def error_words(candidate: Mapping[str, Any], units: Mapping[str, str], language: str) -> str:
    """Upper 95 % bound of the worst error, as ``±1.4 %`` or in the unit of the output; empty if there is none."""
    worst = worst_error(candidate)
    if worst is None or not worst[1]["high"]:
        return ""
    name, error = worst
    bound = rounded_up(error["high"])
    if error["metric"] == "nrmse":
        return "±" + percent(bound, language)
    return f"±{plain_number(bound, language)}\u00a0{units.get(name, '')}"


def answer(candidate: Mapping[str, Any], evidence: Evidence, language: str) -> str:
    """How well and for how much a candidate answers: "a table answers within ±1.4 % for 0.3 s of computing …"."""
    noun = _NOUNS[candidate["kind"]][language]
    error = error_words(candidate, evidence.units, language)
    query = (candidate.get("query") or {}).get(evidence.decision["pattern"])
    if language == "fr":
        accuracy = f"répond à {error} près" if error else "répond sans erreur ajoutée"
        cost = (
            f", pour {plain_duration(1e6 * query['cpu_seconds'], 'fr')} de calcul par million de questions"
            if query
            else ""
        )
    else:
        accuracy = f"answers within {error}" if error else "answers with no added error"
        cost = (
            f", for {plain_duration(1e6 * query['cpu_seconds'], 'en')} of computing per million queries"
            if query
            else ""
        )
    return f"{noun} {accuracy}{cost}"


def first_line(evidence: Evidence) -> Text:
    """The whole answer in one plain sentence."""
    verdict, winner = evidence.decision["verdict"], evidence.winner
    if winner is None:
        return _no_answer(evidence)
    told = {language: answer(winner, evidence, language) for language in LANGUAGES}
    if not winner["is_ai"]:
        openings = {
            "not_demonstrated": ("AI is not needed here", "L’IA n’est pas nécessaire ici"),
            "not_assessed": (
                "No AI is used here, and whether AI would cost less could not be assessed",
                "Aucune IA n’est utilisée ici, et l’audit n’a pas pu dire si une IA coûterait moins",
            ),
        }
        english, french = openings.get(verdict, ("No AI is used here", "Aucune IA n’est utilisée ici"))
        return both(f"{english}: {told['en']}.", f"{french} : {told['fr']}.")
    english, french = {
        "demonstrated": ("AI is the least consuming answer here", "L’IA est ici la réponse la moins consommatrice"),
        "infeasible_otherwise": ("Only AI meets the need here", "Seule une IA répond ici au besoin"),
        "conditional": ("AI is used here because of a limit that was chosen", "Une IA est utilisée ici à cause d’une limite choisie"),
        "undecided": ("It is not settled whether AI is needed here", "La mesure ne tranche pas si l’IA est nécessaire ici"),
        "not_demonstrated": ("AI is used here, but the need for it is not shown", "Une IA est utilisée ici, mais sa nécessité n’est pas démontrée"),
        "trade_off": ("AI is used here; it lowers one burden and raises another", "Une IA est utilisée ici ; elle allège une charge et en alourdit une autre"),
        "not_assessed": ("AI is used here, and the need for it could not be assessed", "Une IA est utilisée ici, et sa nécessité n’a pas pu être évaluée"),
    }[verdict]  # fmt: skip
    more = _against_alternative(evidence) if verdict == "demonstrated" else {"en": "", "fr": ""}
    return both(f"{english}: {told['en']}{more['en']}.", f"{french} : {told['fr']}{more['fr']}.")


def _against_alternative(evidence: Evidence) -> Text:
    crossing = (evidence.decision.get("break_even_queries") or {}).get("median")
    if not crossing:
        return {"en": "", "fr": ""}
    return {
        "en": f"; its preparation is paid back after {plain_queries(crossing, 'en')}",
        "fr": f" ; sa préparation est amortie après {plain_queries(crossing, 'fr')}",
    }


def _no_answer(evidence: Evidence) -> Text:
    if evidence.decision["verdict"] == "not_assessed":
        return both(
            "Whether AI is needed here could not be assessed, and no answer is retained.",
            "L’audit n’a pas pu dire si l’IA est nécessaire ici, et aucune réponse n’est retenue.",
        )
    measured = [
        (worst_error(c), c)
        for c in evidence.candidates.values()
        if c["status"] == "ok" and c["kind"] != "full_physics"
    ]
    judged = [(w[1]["high"] / w[1]["tolerance"], w[1], c) for w, c in measured if w and w[1].get("tolerance")]
    english, french = "No answer meets the need", "Aucune réponse possible ne répond au besoin"
    if not judged:
        return both(f"{english}.", f"{french}.")
    _, _, closest = min(judged, key=lambda item: item[0])
    return both(
        f"{english}: the closest, {candidate_label(closest, 'en')}, answers within {error_words(closest, evidence.units, 'en')} "
        f"where {tolerated(closest, evidence.units, 'en')} is tolerated.",
        f"{french} : la plus proche, {candidate_label(closest, 'fr')}, répond à {error_words(closest, evidence.units, 'fr')} près, "
        f"pour {tolerated(closest, evidence.units, 'fr')} toléré.",
    )


def tolerated(candidate: Mapping[str, Any], units: Mapping[str, str], language: str) -> str:
    """The tolerance of the worst error, in its unit; a dash when there is none."""
    worst = worst_error(candidate)
    if worst is None or not worst[1].get("tolerance"):
        return "–"
    name, error = worst
    if error["metric"] == "nrmse":
        return percent(error["tolerance"], language)
    return f"{plain_number(error['tolerance'], language)}\u00a0{units.get(name, '')}"


def break_even_words(decision: Mapping[str, Any]) -> Text:
    """The break-even with its interval; "never" where no number of queries pays the AI back."""
    crossing = decision.get("break_even_queries")
    if crossing is None:
        return {"en": "–", "fr": "–"}
    if crossing.get("median") is None:
        return {"en": "never", "fr": "jamais"}
    told = {}
    for language, never, none in (
        ("en", "never", "from the first query"),
        ("fr", "jamais", "dès la première question"),
    ):
        if crossing["median"] <= 0:
            told[language] = none
            continue
        after = {"en": "after", "fr": "après"}[language]
        bounds = [
            plain_number(max(b, 0), language) if b is not None else never
            for b in (crossing.get("low"), crossing.get("high"))
        ]
        told[language] = f"{after} {plain_queries(crossing['median'], language)} [{bounds[0]}–{bounds[1]}]"
    return told


def condition_lines(evidence: Evidence, findings: Sequence[Mapping[str, Any]]) -> dict[str, dict[str, Any]]:
    """Status, text and counts of the three conditions of a frugal AI service."""
    broken = [
        finding["id"] for finding in findings if finding["condition"] == "MES" and finding["status"] == "fail"
    ]
    status, text = _first_condition(evidence, broken)
    seen = {
        condition: [f for f in findings if f["condition"] == condition] for condition in ("C1", "C2", "C3")
    }
    english = "; ".join(f["title"]["en"] for f in seen["C2"])
    french = " ; ".join(f["title"]["fr"] for f in seen["C2"])
    lines = {
        "C1": (status, text),
        "C2": (
            "not_assessed",
            both(f"Not assessed yet: this version checks only these points: {english}.",
                 f"Pas encore évaluée : cette version ne vérifie que ces points : {french}."),
        ),
        "C3": (
            "not_assessed",
            both("Not assessed yet: this version gives the energy and carbon of the computing, and compares neither with planetary boundaries nor the use itself.",
                 "Pas encore évaluée : cette version donne l’énergie et le carbone du calcul, sans les rapporter aux limites planétaires ni examiner l’usage lui-même."),
        ),
    }  # fmt: skip
    return {
        name: {"status": state, "text": told, "counts": _counts(seen[name])}
        for name, (state, told) in lines.items()
    }


def _counts(findings: Sequence[Mapping[str, Any]]) -> dict[str, int]:
    return {status: sum(f["status"] == status for f in findings) for status in ("pass", "warn", "fail")}


def _first_condition(evidence: Evidence, broken: Sequence[str]) -> tuple[str, Text]:
    decision, winner, best_ai = evidence.decision, evidence.winner, evidence.best_ai
    verdict = VERDICTS[decision["verdict"]]
    reasons = {language: _sentences(decision, language) for language in LANGUAGES}
    if broken:
        return "not_assessed", both(
            f"Not assessed: the measurement fails {', '.join(broken)}.",
            f"Non évaluée : la mesure échoue à {', '.join(broken)}.",
        )
    if decision["verdict"] == "not_assessed":
        return "not_assessed", both(f"Not assessed. {reasons['en']}", f"Non évaluée. {reasons['fr']}")
    if winner is not None and not winner["is_ai"]:
        if best_ai is None:
            return "no_ai", both(f"No AI used. No AI candidate meets the need. {reasons['en']}",
                                 f"Aucune IA utilisée. Aucune IA essayée ne répond au besoin. {reasons['fr']}")  # fmt: skip
        return "no_ai", both(
            f"No AI used. Rejected AI, {candidate_label(best_ai, 'en')}: need for it {verdict['en']}. {reasons['en']}",
            f"Aucune IA utilisée. IA écartée, {candidate_label(best_ai, 'fr')} : besoin {verdict['fr']}. {reasons['fr']}",
        )
    status = {"demonstrated": "pass", "infeasible_otherwise": "pass", "not_demonstrated": "fail"}.get(
        decision["verdict"], "warn"
    )
    return status, both(
        f"Need for AI: {verdict['en']}. {reasons['en']}", f"Besoin d’IA : {verdict['fr']}. {reasons['fr']}"
    )


def _sentences(decision: Mapping[str, Any], language: str) -> str:
    reasons = [
        str(reason[language]).strip() for reason in decision.get("reasons") or [] if reason.get(language)
    ]
    return " ".join(reason[0].upper() + reason[1:].rstrip(".") + "." for reason in reasons if reason)


def limits(evidence: Evidence) -> list[Text]:
    """What the audit does not know, most important first."""
    comparison, machine, decision = evidence.comparison, evidence.machine, evidence.decision
    found: list[Text] = []
    if not evidence.need.get("declared", True):
        found.append(both("Nobody declared the need: what is missing was filled in by the program.",
                          "Personne n’a déclaré le besoin : le programme a complété ce qui manquait."))  # fmt: skip
    missing = decision.get("missing_baselines") or []
    if missing:
        names = {lang: ", ".join(BASELINES.get(m, {}).get(lang, m) for m in missing) for lang in LANGUAGES}
        found.append(both(f"Not tried: {names['en']}.", f"Non essayé : {names['fr']}."))
    if comparison["level"] == "quick":
        found.append(both("Quick measurement: short series and wide intervals; a full measurement may change a close verdict.",
                          "Mesure rapide : séries courtes, intervalles larges ; une mesure complète peut changer un verdict serré."))  # fmt: skip
    watts = {lang: [plain_number(machine[k], lang) for k in ("watts_per_core", "watts_low", "watts_high")] if machine.get("watts_high") else [] for lang in LANGUAGES}  # fmt: skip
    if machine.get("tier") in ("T3", "T4") and watts["en"]:
        found.append(both(
            f"No power meter (tier {machine['tier']}): energy is processor time times {watts['en'][0]}\u00a0W [{watts['en'][1]}–{watts['en'][2]}]. Comparisons between answers do not depend on it.",
            f"Sans compteur électrique (niveau {machine['tier']}) : énergie = temps de processeur × {watts['fr'][0]}\u00a0W [{watts['fr'][1]}–{watts['fr'][2]}]. Les comparaisons entre réponses n’en dépendent pas."))  # fmt: skip
    found.append(_reference(evidence))
    found.append(both("Left out: network, users’ devices, staff; water, metals and other impacts are not covered.",
                      "Hors du compte : réseau, appareils des usagers, personnel ; eau, métaux et autres impacts ne sont pas couverts."))  # fmt: skip
    return found


def _reference(evidence: Evidence) -> Text:
    held_out = (evidence.comparison.get("split") or {}).get("n_held_out")
    number = {lang: plain_number(held_out, lang, 4) if held_out else "–" for lang in LANGUAGES}
    if evidence.full_physics is None:
        return both(f"Errors are measured on {number['en']} runs of the table given, not against observations.",
                    f"Erreurs mesurées sur {number['fr']} calculs de la table fournie, non sur des observations.")  # fmt: skip
    return both(f"Errors are measured against the full physics on {number['en']} held-out runs, not against observations.",
                f"Erreurs mesurées par rapport au calcul physique complet, sur {number['fr']} cas mis de côté, non sur des observations.")  # fmt: skip
