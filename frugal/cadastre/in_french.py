"""French of the names that other parts of the project write in English only: sources, credits, factors.

Names of files and of providers stay as they are. A phrase that is not known here is told as it came.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

_PHRASES = tuple(
    (re.compile(english), french)
    for english, french in (
        (r"^generated_village(\.tif)?$", "Village généré"),
        (r"\bsynthetic typical year of the coast of Vendée \(seed (\d+)\), from ",
         r"année type générée pour la côte de la Vendée (graine \1), d’après "),
        (r"^statistics from ", "statistiques de "),
        (r"\bas stated by the provider of the EPW file\b", "selon le fournisseur du fichier EPW"),
        (r"\bPVGIS © European Union\b", "PVGIS © Union européenne"),
        (r"\bPVGIS typical year of ", "année type de PVGIS pour "),
        (r"\bPVGIS typical year\b", "année type de PVGIS"),
        (r"\bPVGIS hourly series\b", "série horaire de PVGIS"),
        (r"; (\d+) missing hours of ghi filled", r" ; \1 heures manquantes de rayonnement global comblées"),
        (r"; (\d+) missing hours of dni filled", r" ; \1 heures manquantes de rayonnement direct comblées"),
        (r"; (\d+) missing hours of dhi filled", r" ; \1 heures manquantes de rayonnement diffus comblées"),
        (r"; (\d+) missing hours of air temperature filled", r" ; \1 heures manquantes de température de l’air comblées"),
        (r"; (\d+) missing hours of wind speed filled", r" ; \1 heures manquantes de vitesse du vent comblées"),
        (r"\bcodecarbon ([\d.]+) global energy mix\b", r"mix électriques mondiaux de codecarbon \1"),
        (r"\bmean of the (\d+) members' rows of codecarbon ([\d.]+) weighed by their production in (\d+)",
         r"moyenne des lignes des \1 membres dans codecarbon \2, pesées par leur production en \3"),
        (r"; interval with (?=\S+ [\d.]+$)", " ; intervalle avec "),
        (r", as quoted by ", ", cité par "),
        (r"; low: ", " ; bas : "),
        (r"; high: ", " ; haut : "),
        (r"\bdirect emissions of production\b", "émissions directes de la production"),
        (r"; interval with (.+?) and ", r" ; intervalle avec \1 et "),
        (r"(?<=[\w)])([:;]) (?=\w)", r" \1 "),
    )
)  # fmt: skip
#: Names in English that need another word there as well.
_ENGLISH = dict.fromkeys(("generated_village", "generated_village.tif"), "Generated village")


def in_french(text: str) -> str:
    """The French of a name or source written in English; itself where nothing in it is known."""
    for english, french in _PHRASES:
        text = english.sub(french, text)
    return text


def in_both(text: Any) -> Any:
    """``{"en": …, "fr": …}`` where the languages differ; what is no text, or the same in both, as it is."""
    if not isinstance(text, str):
        return text
    english, french = _ENGLISH.get(text, text), in_french(text)
    return text if english == french else {"en": english, "fr": french}


def cadastre_in_both(cadastre: Mapping[str, Any]) -> dict[str, Any]:
    """What a page is told about a cadastre, with its title, sources and credits in both languages."""
    told = dict(cadastre)
    if "title" in told:
        told["title"] = in_both(told["title"])
    if "attributions" in told:
        told["attributions"] = [in_both(text) for text in told["attributions"]]
    if "files" in told:
        told["files"] = {**told["files"], "names": [in_both(name) for name in told["files"]["names"]]}
    for part, names in (("weather", ("source", "attribution")), ("co2", ("source",))):
        if told.get(part):
            told[part] = {name: in_both(text) if name in names else text for name, text in told[part].items()}
    return told
