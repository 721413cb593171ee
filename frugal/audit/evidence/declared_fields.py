"""What a declaration may say for each criterion: its own fields, and what is asked, in both languages."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

#: ``ratio`` is a number of at least 1, ``amount`` one of at least 0, ``count`` a positive number.
Kind = Literal["text", "date", "count", "amount", "ratio"]


@dataclass(frozen=True)
class Field:
    """One field beside ``text`` and ``evidence``: its kind, an example as TOML writes it, what it means (en, fr)."""

    kind: Kind
    example: str
    meaning: tuple[str, str]


@dataclass(frozen=True)
class Ask:
    """What is asked for one criterion (en, fr), and its own fields."""

    question: tuple[str, str]
    fields: dict[str, Field]


def _text(english: str, french: str) -> Field:
    return Field("text", '"…"', (english, french))


def _ask(english: str, french: str, **fields: Field) -> Ask:
    return Ask((english, french), fields)


ASKS: dict[str, Ask] = {
    "NEC-08": _ask(
        "The value to users: who decides what with the answer.",
        "L'utilité pour les usagers : qui décide quoi avec la réponse.",
        owner=_text("who answers for it", "qui en répond"),
    ),
    "NEC-09": _ask(
        "How growth of the usage is watched, and what caps it.",
        "Comment la croissance de l'usage est suivie, et ce qui la borne.",
        usage_counter=_text("where queries are counted in production", "où les questions sont comptées en production"),
    ),
    "NEC-10": _ask(
        "The condition under which the model is retired.",
        "La condition à laquelle le modèle est retiré.",
    ),
    "FRU-09": _ask(
        "Which existing models and data were looked for before training, and where.",
        "Quels modèles et données existants ont été cherchés avant l'entraînement, et où.",
    ),
    "FRU-17": _ask(
        "The rule of retraining.",
        "La règle de réentraînement.",
        trigger=_text("what starts it", "ce qui le déclenche"),
        max_per_year=Field("amount", "1", ("most retrainings in a year", "réentraînements par an, au plus")),
        drift_metric=_text("what is watched", "ce qui est surveillé"),
    ),
    "FRU-18": _ask(
        "How earlier versions stay available, and how users are told of a change.",
        "Comment les versions antérieures restent disponibles, et comment les usagers sont avertis.",
    ),
    "FRU-19": _ask(
        "Where the answer is hosted.",
        "Où la réponse est hébergée.",
        country=_text("country of the machines", "pays des machines"),
        pue=Field(
            "ratio", "1.4", ("energy of the room over that of the machines", "énergie du site sur celle des machines")
        ),
        wue=Field(
            "amount", "0.5", ("litres of water for one kWh of the machines", "litres d'eau par kWh des machines")
        ),
    ),
    "FRU-20": _ask(
        "What is kept of the simulations, for how long, and who removes it.",
        "Ce qui est conservé des simulations, combien de temps, et qui le supprime.",
        retention_days=Field("amount", "365", ("days they are kept", "jours de conservation")),
        max_gigabytes=Field("count", "1", ("gigabytes kept at most", "gigaoctets conservés au plus")),
    ),
    "FRU-21": _ask(
        "Which limits of usage there are: quota, choice of precision, choice of the physics.",
        "Quelles limites d'usage existent : quota, choix de la précision, choix de la physique.",
    ),
    "FRU-22": _ask(
        "Where users see the energy and the emissions of a journey.",
        "Où les usagers voient l'énergie et les émissions d'un parcours.",
    ),
    "FRU-23": _ask(
        "The usage seen in production.",
        "L'usage constaté en production.",
        queries_observed=Field("amount", "12000", ("queries counted", "questions comptées")),
        period_days=Field("count", "90", ("over how many days", "sur combien de jours")),
    ),
    "LIM-03": _ask(
        "How the use itself was questioned: which planetary boundary it relieves or presses.",
        "Comment l'usage lui-même a été interrogé : quelle limite planétaire il soulage ou presse.",
        asked=_text("who was asked", "qui a été consulté"),
        date=Field("date", "2026-03-14", ("when", "quand")),
    ),
    "LIM-06": _ask(
        "The equipment: reused or bought, and how long it serves.",
        "Le matériel : réemployé ou acheté, et sa durée de service.",
        life_years=Field("count", "5", ("years that it serves", "années de service")),
    ),
}


def fields_of(criterion: str) -> dict[str, Any]:
    """The fields of a criterion beside ``text`` and ``evidence``; none where it asks for none."""
    return dict(ASKS[criterion].fields) if criterion in ASKS else {}
