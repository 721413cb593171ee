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
#: Sentences for the user that are made while a cadastre is, in the order in which they are tried.
_NOTES = tuple(
    (re.compile(english), french)
    for english, french in (
        (r"^point cloud ('.*?') has no coordinate system", r"le nuage de points \1 n’a pas de système de coordonnées"),
        (r"^point cloud ('.*?') and (\d+) more have no coordinate system",
         r"le nuage de points \1 et \2 de plus n’ont pas de système de coordonnées"),
        (r"; taken as the footprints': (\S+)$", r" ; pris : celui des emprises, \1"),
        (r"; taken as the other point clouds': (\S+)$", r" ; pris : celui des autres nuages, \1"),
        (r"; taken as the one named: (\S+)$", r" ; pris : celui nommé, \1"),
        (r"^footprints ('.*?') name no coordinate system; taken as (.+)$",
         r"les emprises \1 ne nomment pas de système de coordonnées ; pris : \2"),
        (r"^communes ('.*?') name no coordinate system; taken as (.+)$",
         r"les communes \1 ne nomment pas de système de coordonnées ; pris : \2"),
        (r"^footprints ('.*?'): ", r"emprises \1 : "),
        (r"^communes ('.*?'): ", r"communes \1 : "),
        (r" : (\d+) superseded records left out$", r" : \1 enregistrements périmés laissés de côté"),
        (r" : (\d+) of (\d+) outlines left out \(empty, broken or no polygons\)$",
         r" : \1 contours sur \2 laissés de côté (vides, abîmés ou sans polygone)"),
        (r" : (\d+) outlines that crossed themselves repaired$", r" : \1 contours qui se croisaient réparés"),
        (r" : (\d+) given twice, or to 80 % or more inside another one, left out$",
         r" : \1 donnés deux fois, ou contenus à 80 % ou plus dans un autre, laissés de côté"),
        (r" : (\d+) overlap another one by 20 to 80 % of their area; the roof in common counts for both$",
         r" : \1 en recouvrent un autre sur 20 à 80 % de leur surface ; le toit commun compte pour les deux"),
        (r" : (\d+) at the edge of the survey are left out: their middle lies outside$",
         r" : \1 au bord du relevé laissés de côté, leur milieu étant au-dehors"),
        (r"^no vegetation classes: unclassified points more than (\S+) m above the classified surface count as vegetation$",
         r"aucune classe de végétation : les points non classés à plus de \1 m au-dessus de la surface classée comptent comme"
         " végétation"),
        (r"^The survey has (\S+) points per m²: below (\S+) most roofs are missed, tilts are wrong by degrees and P10–P90 is"
         r" too narrow\.$",
         r"Le relevé a \1 points par m² : au-dessous de \2, la plupart des toits sont manqués, les inclinaisons sont fausses de"
         r" quelques degrés et l’intervalle P10–P90 est trop étroit."),
        (r"^No answer meets the need on the roofs here, as the audit says: the yields come from the nearest one, (\S+)\.$",
         r"Aucune réponse ne satisfait le besoin sur les toits d’ici, comme le dit l’audit : les productions viennent de la"
         r" plus proche, \1."),
        (r"^CO₂ is that of the electricity of metropolitan France, where this territory does not lie \(--country CODE\)$",
         r"Le CO₂ est celui de l’électricité de France métropolitaine, où ce territoire ne se trouve pas (--country CODE)"),
        (r"^no classes at all in (.+): trees cannot be told from roofs there$",
         r"aucune classe dans \1 : les arbres n’y sont pas distingués des toits"),
        (r"^(\d+) m² \((\d+) % of the area surveyed\) lie in gaps wider than (\S+) m \(water, or too few points for cells of "
         r"(\S+) m\) and stay unknown$",
         r"\1 m² (\2 % de la surface relevée) sont dans des trous de plus de \3 m (eau, ou trop peu de points pour des mailles"
         r" de \4 m) et restent inconnus"),
        (r"^surface model ('.*?'): (\d+) heights that are infinite, below (\S+) m or above (\S+) m count as missing$",
         r"modèle de surface \1 : \2 hauteurs infinies, sous \3 m ou au-dessus de \4 m comptent comme manquantes"),
        (r"^Cells of (\S+) m are wider than (\S+) m: most small roofs are missed\.$",
         r"Les mailles de \1 m dépassent \2 m : la plupart des petits toits sont manqués."),
        (r"^The ground of the survey lies (\S+) m from that of terrain ('.*?') \(median\): if their heights are counted from "
         r"different levels, its horizon is wrong\.$",
         r"Le sol du relevé est à \1 m de celui du terrain \2 (médiane) : si leurs hauteurs partent de niveaux différents,"
         " l’horizon du terrain est faux."),
        (r"^The weather is that of a place (\d+) km away \((.*)\); name one nearer by \(--set weather=FILE\)\.$",
         r"La météo est celle d’un lieu à \1 km d’ici (\2) ; nommez-en une plus proche (--set weather=FICHIER)."),
        (r"^No roof plane of 10 m² was found: there is no map of roofs\.$",
         "Aucun pan de toit de 10 m² n’a été trouvé : il n’y a pas de carte des toits."),
        (r"^CO₂ is that of the electricity of metropolitan France, where this territory does not lie \(--country CODE\)$",
         "le CO₂ est celui de l’électricité de la France métropolitaine, où ce territoire n’est pas (--country CODE)"),
        (r"^The yields were learnt on roofs of generated villages, not of this territory: ",
         "Les productions ont été apprises sur des toits de villages générés, pas de ce territoire : "),
    )
)  # fmt: skip
#: Names in English that need another word there as well.
_ENGLISH = dict.fromkeys(("generated_village", "generated_village.tif"), "Generated village")


def in_french(text: str) -> str:
    """The French of a name or source written in English; itself where nothing in it is known."""
    for english, french in _PHRASES:
        text = english.sub(french, text)
    return text


def note_in_french(note: str) -> str:
    """The French of a sentence for the user; itself where it is not known."""
    told = note
    for english, french in _NOTES:
        told = english.sub(french, told)
    if told == note:
        return note
    return re.sub(r"(\d)\.(\d+)(?= m\b)", r"\1,\2", in_french(told))


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
