"""The reasons of a decision as sentences, in English and French."""

from __future__ import annotations

from frugal.surrogates.decision.decide import MISSING_DATA, Decision

_SENTENCES = {
    "ai_cheaper": (
        "over the declared use, {best_ai} costs less than every alternative that meets the need, by the required margin",
        "sur l'usage déclaré, {best_ai} coûte moins que toute solution sans IA qui répond au besoin, avec la marge exigée",
    ),
    "alternative_cheaper": (
        "{best_alternative} meets the need and costs no more than {best_ai}",
        "{best_alternative} répond au besoin et ne coûte pas plus que {best_ai}",
    ),
    "dominated": (
        "{best_alternative} is also at least as accurate as {best_ai}",
        "{best_alternative} est aussi au moins aussi précis que {best_ai}",
    ),
    "too_few_queries": (
        "the declared use ends before the break-even",
        "l'usage déclaré s'arrête avant le seuil de rentabilité",
    ),
    "immaterial": (
        "the saving over the service life stays under {materiality:g} CPU seconds, too little to justify AI",
        "le gain sur la durée de service reste sous {materiality:g} secondes de calcul, trop peu pour justifier une IA",
    ),
    "margin_not_sure": (
        "the measurement does not show with enough certainty that AI is cheaper by the factor {margin:g}",
        "la mesure ne montre pas avec assez de certitude que l'IA est moins coûteuse d'un facteur {margin:g}",
    ),
    "break_even_too_near": (
        "the low end of the declared use is not {queries_factor:g} times above the break-even",
        "le bas de l'usage déclaré ne dépasse pas {queries_factor:g} fois le seuil de rentabilité",
    ),
    "materiality_not_sure": (
        "the saving may stay under {materiality:g} CPU seconds",
        "le gain peut rester sous {materiality:g} secondes de calcul",
    ),
    "need_undeclared": (
        "nobody declared a tolerance and a usage interval, so necessity cannot be assessed",
        "personne n'a déclaré de tolérance ni d'intervalle d'usage : la nécessité ne peut pas être évaluée",
    ),
    "baselines_missing": (
        "mandatory alternatives were not tried: {missing}",
        "des alternatives obligatoires n'ont pas été essayées : {missing_fr}",
    ),
    "nothing_meets_the_need": (
        "no candidate meets the need",
        "aucune solution ne répond au besoin",
    ),
    "no_ai_meets_the_need": (
        "no AI candidate meets the need; {best_alternative} does",
        "aucune IA ne répond au besoin ; {best_alternative} y répond",
    ),
    "no_ai_tried": (
        "no AI candidate could be tried; {best_alternative} meets the need",
        "aucune IA n'a pu être essayée ; {best_alternative} répond au besoin",
    ),
    "only_a_chosen_limit": (
        "alternatives are excluded only by a limit that was chosen: {limits}",
        "les solutions sans IA ne sont écartées que par une limite choisie : {limits_fr}",
    ),
    "no_alternative_meets_the_need": (
        "no alternative meets the need, and {best_ai} does",
        "aucune solution sans IA ne répond au besoin, et {best_ai} y répond",
    ),
    "missing_information": (
        "the full physics needs data that are missing there: AI makes up for missing information, not for missing computing",
        "la physique complète demande des données qui manquent là : l'IA supplée un manque d'information, non de calcul",
    ),
    "only_ai_meets_the_need": (
        "only an AI among the candidates that were tried meets the need, so it ships all the same",
        "parmi les solutions essayées, seule une IA répond au besoin : elle est livrée malgré tout",
    ),
    "burden_of_proof": (
        "the need for AI is not shown, so the cheapest alternative that meets the need ships",
        "le besoin d'une IA n'est pas démontré : la solution sans IA la moins coûteuse est livrée",
    ),
}

_FRENCH = {
    "constant": "constante",
    "linear": "ajustement linéaire",
    "table or coarser physics": "table ou physique simplifiée",
    "full physics": "physique complète",
    "latency": "temps de réponse",
    "graph": "fichier ONNX",
    "bytes": "taille du fichier",
    "memory": "mémoire",
    MISSING_DATA: "données manquantes",
}


def sentence(code: str, decision: Decision) -> dict[str, str]:
    """A reason by its code, in both languages.

    Raises
    ------
    KeyError
        If the code is unknown.
    """
    english, french = _SENTENCES[code]
    values = {
        "best_ai": decision.best_ai or "AI",
        "best_alternative": decision.best_alternative or "",
        "materiality": decision.policy.materiality_cpu_seconds,
        "margin": decision.policy.margin,
        "queries_factor": decision.policy.queries_factor,
        "missing": ", ".join(decision.missing_baselines),
        "missing_fr": ", ".join(_FRENCH.get(name, name) for name in decision.missing_baselines),
        "limits": ", ".join(decision.limits_that_exclude),
        "limits_fr": ", ".join(_FRENCH.get(name, name) for name in decision.limits_that_exclude),
    }
    return {"en": english.format(**values), "fr": french.format(**values)}
