"""What the use of flood maps requires, for the coast and for rivers."""

from __future__ import annotations

from frugal.experiments.study import CallPattern, Need, Tolerance

_USE = {
    "submersion": {
        "en": "A crisis room and the mayors behind the dike see at once what a forecast surge and a breach would flood.",
        "fr": "La salle de crise et les maires derrière la digue voient aussitôt ce qu'une surcote prévue et une brèche "
        "noieraient.",
    },
    "river_flood": {
        "en": "A crisis room and the mayors of the valley see at once what a forecast flood wave would reach.",
        "fr": "La salle de crise et les maires de la vallée voient aussitôt ce qu'une onde de crue prévue atteindrait.",
    },
}


def flood_need(study: str) -> Need:
    """The need of a flood study: a map within 20 cm and the flooded area within 5 %, at once, for many scenarios."""
    return Need(
        functional_unit={"en": "the flood map of one scenario", "fr": "la carte d'inondation d'un scénario"},
        tolerances={"max_depth": Tolerance("rmse_wet", 0.20), "flooded_area": Tolerance("nrmse", 0.05)},
        queries=(5_000.0, 100_000.0),
        service_life_years=5.0,
        call_patterns=(
            CallPattern(
                "one map in a browser",
                target="browser",
                max_latency_s=0.2,
                cached=True,
                label={"en": "one map in a browser", "fr": "une carte dans un navigateur"},
            ),
            CallPattern(
                "1,000 scenarios in a crisis room",
                rows=1000,
                max_latency_s=60.0,
                label={"en": "1,000 scenarios in a crisis room", "fr": "1 000 scénarios en salle de crise"},
            ),
        ),
        use=_USE[study],
        decided_by={
            "en": "the prefect and the mayors, on whom to evacuate and which roads to close",
            "fr": "le préfet et les maires : qui évacuer, quelles routes fermer",
        },
        replaces={
            "en": "an atlas of a few scenarios computed in advance",
            "fr": "un atlas de quelques scénarios calculés d'avance",
        },
        queries_per_journey=20.0,
        beneficiaries=2_000.0,
        declared_on="2026-11-25",
        reason={
            "en": "The ground itself is known to 10 to 20 cm (airborne laser survey): a map finer than 20 cm would not change "
            "who is evacuated. Five per cent of the area is what one street more or less makes. One to twenty exercises "
            "a year of a thousand scenarios each, and what-ifs on a screen.",
            "fr": "Le terrain lui-même est connu à 10 à 20 cm (levé laser aérien) : une carte plus fine que 20 cm ne "
            "changerait pas qui évacuer. Cinq pour cent de surface, c'est une rue de plus ou de moins. Un à vingt exercices de "
            "mille scénarios par an, et des essais à l'écran.",
        },
    )
