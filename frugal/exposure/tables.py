"""What is exposed, as layers and tables with one row a feature."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from frugal.exposure.access import Access
from frugal.exposure.classes import DepthClasses
from frugal.exposure.exposed import Exposed
from frugal.exposure.people import ExposedPeople
from frugal.exposure.roads import ExposedRoads
from frugal.exposure.run import Exposure
from frugal.texts import room_texts

_TEXTS = room_texts("frugal.exposure")

#: Units of columns, where they have one.
UNITS = {
    "area_m2": "m^2", "known_area_m2": "m^2", "flooded_area_m2": "m^2", "length_m": "m", "known_length_m": "m",
    "flooded_length_m": "m", "closed_length_m": "m", "depth_max_m": "m", "depth_mean_m": "m", "arrival_s": "s", "closes_s": "s",
    "speed_max_m_s": "m/s", "safe_speed_kmh": "km/h", "access_lost_s": "s", "last_departure_s": "s", "travel_s": "s",
    "travel_flooded_s": "s", "road_distance_m": "m", "damage_m2": "m^2", "expected_yearly_damage_m2": "m^2",
}  # fmt: skip


@dataclass(frozen=True, eq=False)
class OutputTable:
    """One layer of the GeoPackage, and the CSV of the same name.

    Attributes
    ----------
    name : str
    geometry : array of shapely geometries
    columns : mapping of str to array
    """

    name: str
    geometry: np.ndarray
    columns: Mapping[str, np.ndarray]


def output_tables(made: Exposure, language: str) -> list[OutputTable]:
    """Every table that there is something for.

    Parameters
    ----------
    made : Exposure
    language : {"en", "fr"}
        Of the names of classes and states.
    """
    classes = made.settings.classes
    tables: list[OutputTable] = []
    if made.buildings is not None:
        tables.append(_exposed("buildings", "building_id", made.buildings, classes, language, _damages(made)))
    for name, asset in made.named_assets.items():
        tables.append(_exposed(name, "asset_id", asset, classes, language, {}))
    if made.roads is not None:
        tables += _roads(made.roads, classes, language)
    if made.people is not None:
        tables.append(_people(made.people, classes, language))
    if made.access is not None:
        tables.append(_access(made.access, language))
    return tables


def _damages(made: Exposure) -> dict[str, np.ndarray]:
    found = {}
    if made.damage is not None:
        unit = "value" if made.damage.in_value else "m2"
        found[f"damage_{unit}"] = made.damage.amounts
        if made.yearly is not None and made.yearly.by_building is not None:
            found[f"expected_yearly_damage_{unit}"] = made.yearly.by_building
    return found


def _labels(numbers: np.ndarray, classes: DepthClasses, language: str) -> np.ndarray:
    told = {number: classes.label(number, language) for number in classes.numbers}
    return np.array([told[int(number)] for number in numbers], dtype=object)


def _who(exposed_id: str, features: Any) -> dict[str, np.ndarray]:
    """Number, and name and kind where the file has such."""
    found = {exposed_id: features.ids}
    if any(features.names):
        found["name"] = features.names
    if any(features.kinds):
        found["kind"] = features.kinds
    return found


def _sizes(exposed: Exposed) -> dict[str, np.ndarray]:
    if exposed.dimension == 0:
        return {}
    word = "area_m2" if exposed.dimension == 2 else "length_m"
    return {word: exposed.size, f"known_{word}": exposed.known_size, f"flooded_{word}": exposed.wet_size}


def _water(exposed: Exposed, classes: DepthClasses, language: str) -> dict[str, np.ndarray]:
    found = {
        "class_number": exposed.depth_class,
        "class": _labels(exposed.depth_class, classes, language),
        "depth_max_m": exposed.depth_max_m,
        "depth_mean_m": exposed.depth_mean_m,
        "arrival_s": exposed.arrival_s,
        "speed_max_m_s": exposed.speed_max_m_s,
        "hazard_class": exposed.hazard,
    }
    if (exposed.hazard < 0).all():
        del found["hazard_class"]
    for name in ("arrival_s", "speed_max_m_s"):
        if np.isnan(found[name]).all():
            del found[name]
    return found


def _exposed(
    name: str, id_name: str, exposed: Exposed, classes: DepthClasses, language: str, more: Mapping[str, np.ndarray]
) -> OutputTable:
    features = exposed.features
    return OutputTable(
        name,
        features.geometry,
        {**_who(id_name, features), **_sizes(exposed), **_water(exposed, classes, language), **more},
    )


def _roads(roads: ExposedRoads, classes: DepthClasses, language: str) -> list[OutputTable]:
    whole, stretches = roads.whole, roads.stretches
    features = whole.features
    more = {"closed_length_m": roads.closed_length_m, "closes_s": roads.closes_s}
    columns = {
        **{name: values[stretches.road] for name, values in _who("road_id", features).items()},
        "class_number": stretches.depth_class,
        "class": _labels(stretches.depth_class, classes, language),
        **stretches.columns,
    }
    return [
        _exposed("roads", "road_id", whole, classes, language, more),
        OutputTable("road_stretches", stretches.geometry, columns),
    ]


def _people(people: ExposedPeople, classes: DepthClasses, language: str) -> OutputTable:
    features = people.exposed.features
    return OutputTable(
        "people",
        features.geometry,
        {
            **_who("people_id", features),
            "people": people.counts,
            "people_flooded": people.wet,
            **_sizes(people.exposed),
            **_water(people.exposed, classes, language),
        },
    )


def _access(access: Access, language: str) -> OutputTable:
    states: Sequence[str] = [_TEXTS.known("state", state)[language] for state in access.state]
    return OutputTable(
        "access",
        access.points,
        {
            **_who("place_id", access.places),
            "state": access.state,
            "state_label": np.array(states, dtype=object),
            "access_lost_s": access.lost_s,
            "last_departure_s": access.last_departure_s,
            "travel_s": access.travel_s,
            "travel_flooded_s": access.travel_flooded_s,
            "road_distance_m": access.road_distance_m,
        },
    )
