"""What the columns of the cadastre's tables mean: for the layer in QGIS, and for the docs."""

from __future__ import annotations

from typing import NamedTuple

from frugal.cadastre.job.sectors import COMPASS
from frugal.studies.solar.roof_yield.study import MONTHS
from frugal.texts import room_texts

_TEXTS = room_texts("frugal.cadastre")


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


def _column(key: str, unit: str, **values: object) -> Column:
    return Column(unit, _TEXTS.say(key, **values))


_SHARED = {
    "building_id": _column("shared.building_id", ""),
    "usable_area_m2": _column("shared.usable_area_m2", "m²"),
    "power_kwp": _column("shared.power_kwp", "kWp"),
    "yield_kwh": _column("shared.yield_kwh", "kWh"),
    "co2_avoided_kg": _column("shared.co2_avoided_kg", "kg"),
}

#: Columns of roof planes, in the order of the tables.
PLANES: dict[str, Column] = {
    "building_id": _SHARED["building_id"],
    "plane_id": _column("plane.plane_id", ""),
    "tilt_deg": _column("plane.tilt_deg", "°"),
    "azimuth_deg": _column("plane.azimuth_deg", "°"),
    "flat": _column("plane.flat", ""),
    "area_m2": _column("plane.area_m2", "m²"),
    "usable_area_m2": _SHARED["usable_area_m2"],
    "residual_m": _column("plane.residual_m", "m"),
    "vintage": _column("plane.vintage", ""),
    "irradiation": _column("plane.irradiation", "kWh/m²"),
    "shading_loss": _column("plane.shading_loss", "1"),
    "power_kwp": _SHARED["power_kwp"],
    "yield_kwh": _SHARED["yield_kwh"],
    **{
        f"yield_{k:02d}_kwh": _column("plane.yield_of", "kWh", month=_TEXTS.say(f"month.{month}"))
        for k, month in enumerate(MONTHS, start=1)
    },
    "specific_yield": _column("plane.specific_yield", "kWh/kWp"),
    "co2_avoided_kg": _SHARED["co2_avoided_kg"],
    "horizon": _column("plane.horizon", "0.35°"),
    **{
        f"shading_loss_{name}": _column("plane.shading_loss_toward", "1", point=_TEXTS.say(f"point.{name}"))
        for name in COMPASS
    },
    "yield_p10_kwh": _column("plane.yield_p10_kwh", "kWh"),
    "yield_p90_kwh": _column("plane.yield_p90_kwh", "kWh"),
    "class": _column("plane.class", ""),
}

#: Columns of buildings.
BUILDINGS: dict[str, Column] = {
    "building_id": _SHARED["building_id"],
    "commune": _column("building.commune", ""),
    "planes": _column("building.planes", ""),
    "roof_area_m2": _column("building.roof_area_m2", "m²"),
    **{name: _SHARED[name] for name in ("usable_area_m2", "power_kwp", "yield_kwh", "co2_avoided_kg")},
    "class": _column("building.class", ""),
}
