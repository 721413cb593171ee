"""What the columns of the cadastre's tables mean: for the layer in QGIS, and for the docs."""

from __future__ import annotations

from typing import NamedTuple

from frugal.cadastre.job.sectors import COMPASS
from frugal.studies.solar.roof_yield.study import MONTHS


class Column(NamedTuple):
    """Unit (1 for shares, empty for text) and meaning in each language."""

    unit: str
    meaning: dict[str, str]

    def alias(self, language: str) -> str:
        """What QGIS shows instead of the name of the column."""
        words, unit = self.meaning[language], self.unit
        if unit in ("", "1"):
            return words
        return f"{words} ({unit.replace('kWp', 'kWc').replace('.', ',') if language == 'fr' else unit})"


def _column(unit: str, english: str, french: str) -> Column:
    return Column(unit, {"en": english, "fr": french})


_POINTS = {
    "en": ("north", "north-east", "east", "south-east", "south", "south-west", "west", "north-west"),
    "fr": ("le nord", "le nord-est", "l’est", "le sud-est", "le sud", "le sud-ouest", "l’ouest", "le nord-ouest"),
}
_FRENCH_MONTHS = (
    "janvier", "février", "mars", "avril", "mai", "juin", "juillet", "août", "septembre", "octobre", "novembre", "décembre",
)  # fmt: skip

_SHARED = {
    "building_id": _column("", "Building", "Bâtiment"),
    "usable_area_m2": _column("m²", "Usable area along the slope", "Surface utile suivant la pente"),
    "power_kwp": _column("kWp", "Power that fits", "Puissance installable"),
    "yield_kwh": _column("kWh", "Yield of a typical year", "Production d’une année type"),
    "co2_avoided_kg": _column(
        "kg",
        "CO₂e of as much electricity of the grid mix, a year; the making of the modules is not taken off",
        "CO₂e d’autant d’électricité du réseau, par an ; la fabrication des modules n’est pas déduite",
    ),
}

#: Columns of roof planes, in the order of the tables.
PLANES: dict[str, Column] = {
    "building_id": _SHARED["building_id"],
    "plane_id": _column(
        "", "Roof plane, the largest of a building first", "Pan de toit, le plus grand du bâtiment d’abord"
    ),
    "tilt_deg": _column("°", "Tilt", "Inclinaison"),
    "azimuth_deg": _column("°", "Azimuth, 0 = north, clockwise", "Azimut, 0 = nord, sens horaire"),
    "flat": _column("", "Flat (below 3°)", "Toit plat (moins de 3°)"),
    "area_m2": _column("m²", "Area along the slope", "Surface suivant la pente"),
    "usable_area_m2": _SHARED["usable_area_m2"],
    "residual_m": _column("m", "Root mean square distance of cells from the plane", "Écart quadratique moyen au plan"),
    "vintage": _column("", "When the survey was flown", "Date du relevé"),
    "irradiation": _column(
        "kWh/m²", "Irradiation of the plane in a year, shaded", "Irradiation annuelle du pan, ombrage compris"
    ),
    "shading_loss": _column(
        "1", "Share of the yearly yield that shading takes", "Part de la production annuelle perdue par ombrage"
    ),
    "power_kwp": _SHARED["power_kwp"],
    "yield_kwh": _SHARED["yield_kwh"],
    **{
        f"yield_{k:02d}_kwh": _column(
            "kWh", f"Yield of {month}", f"Production {'d’' if french[0] in 'ao' else 'de '}{french}"
        )
        for k, (month, french) in enumerate(zip(MONTHS, _FRENCH_MONTHS, strict=True), start=1)
    },
    "specific_yield": _column("kWh/kWp", "Yearly yield per kWp", "Productible annuel"),
    "co2_avoided_kg": _SHARED["co2_avoided_kg"],
    "horizon": _column(
        "0.35°",
        "Horizon in 36 sectors from north clockwise, two hexadecimal digits each",
        "Horizon en 36 secteurs depuis le nord, sens horaire, deux chiffres hexadécimaux chacun",
    ),
    **{
        f"shading_loss_{name}": _column(
            "1", f"Share of irradiation lost toward the {english}", f"Part d’irradiation perdue vers {french}"
        )
        for name, english, french in zip(COMPASS, _POINTS["en"], _POINTS["fr"], strict=True)
    },
    "yield_p10_kwh": _column(
        "kWh",
        "Yield of one year exceeded with a probability of 90 %, for the power stated",
        "Production d’une année dépassée avec une probabilité de 90 %, pour la puissance indiquée",
    ),
    "yield_p90_kwh": _column(
        "kWh",
        "Yield of one year exceeded with a probability of 10 %, for the power stated",
        "Production d’une année dépassée avec une probabilité de 10 %, pour la puissance indiquée",
    ),
    "class": _column("", "Class of yearly yield per kWp, 1 to 5", "Classe de productible, de 1 à 5"),
}

#: Columns of buildings.
BUILDINGS: dict[str, Column] = {
    "building_id": _SHARED["building_id"],
    "commune": _column("", "Commune", "Commune"),
    "planes": _column("", "Roof planes of 10 m² or more", "Pans de toit de 10 m² ou plus"),
    "roof_area_m2": _column("m²", "Area of the planes along the slope", "Surface des pans suivant la pente"),
    **{name: _SHARED[name] for name in ("usable_area_m2", "power_kwp", "yield_kwh", "co2_avoided_kg")},
    "class": _column(
        "",
        "Class of its best plane that modules fit on, by yearly yield per kWp, 1 to 5; 0 without one",
        "Classe de son meilleur pan où des modules tiennent, selon le productible, de 1 à 5 ; 0 sans un tel pan",
    ),
}
