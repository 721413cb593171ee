"""From a map of a flood and what lies on it to what is exposed: every question that was asked, in order."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np

from frugal.errors import UnusableInputError
from frugal.exposure.access import Access, AccessSettings, find_access
from frugal.exposure.classes import DepthClasses
from frugal.exposure.coverage import Parts, cut_features
from frugal.exposure.damage import (
    Damage,
    DamageSettings,
    ExpectedDamage,
    damage_of,
    expected_damage,
    notes_on_damage,
    read_damages,
)
from frugal.exposure.exposed import Exposed, expose, exposed_by
from frugal.exposure.hazard_map import HazardMap, MapSettings, read_hazard_map
from frugal.exposure.inputs import Features, column_named, read_features
from frugal.exposure.people import ExposedPeople, expose_people, read_people
from frugal.exposure.roads import ExposedRoads, expose_roads
from frugal.exposure.vehicles import Vehicle, vehicle_named
from frugal.reporting.progress import Reporter, Silent
from frugal.texts import Text, decimals, room_texts

_TEXTS = room_texts("frugal.exposure")

#: Names of tables that no file of assets may take.
_TABLES = (
    *("buildings", "roads", "road_stretches", "people", "access", "summary", "land"),
    *("damage_by_return_period", "damage_by_kind", "exposure", "readme"),
)


@dataclass(frozen=True)
class ExposureSettings:
    """What is asked.

    Attributes
    ----------
    flood : Path or None
        Map of a flood; of several return periods the one that counts, roads and access are asked of (the rarest by default).
    buildings, roads, people, access_to, places : str or None
        Files, ``FILE|layername=NAME`` for one of several layers.
    assets : sequence of str
        Files of anything: points, lines or areas.
    map : MapSettings
    classes : DepthClasses
    depth_of : {"max", "mean"}
    kind_column, people_column : str
        Empty for what is known here.
    vehicle : Vehicle
    access : AccessSettings
    periods : sequence of (float, Path)
        Return periods in years with their maps.
    damage : DamageSettings
    damages : Path or None
        Damages by return period that are known already.
    """

    flood: Path | None = None
    buildings: str | None = None
    roads: str | None = None
    people: str | None = None
    assets: Sequence[str] = ()
    access_to: str | None = None
    places: str | None = None
    map: MapSettings = field(default_factory=MapSettings)
    classes: DepthClasses = field(default_factory=DepthClasses)
    depth_of: str = "max"
    kind_column: str = ""
    people_column: str = ""
    vehicle: Vehicle = field(default_factory=lambda: vehicle_named("small_car"))
    access: AccessSettings = field(default_factory=AccessSettings)
    periods: Sequence[tuple[float, Path]] = ()
    damage: DamageSettings | None = None
    damages: Path | None = None


@dataclass(frozen=True, eq=False)
class YearlyDamage:
    """Damage by return period and what is to be expected of it in a year.

    Attributes
    ----------
    periods_yr, totals : sequence of float
    expected : ExpectedDamage
    unit : str
        ``m2`` lost whole, ``value``, or what the file of damages says.
    by_building : array [building], optional
        Expected in a year.
    """

    periods_yr: tuple[float, ...]
    totals: tuple[float, ...]
    expected: ExpectedDamage
    unit: str
    by_building: np.ndarray | None = None


@dataclass(eq=False)
class Exposure:
    """What a flood reaches.

    Attributes
    ----------
    settings : ExposureSettings
    flood : HazardMap or None
    land_m2 : array [class]
        Area of the map by class of depth, in order of their numbers; the last is of what is not known.
    buildings : Exposed or None
    damage : Damage or None
        Of the buildings, under the map itself.
    yearly : YearlyDamage or None
    assets : list of Exposed
    roads : ExposedRoads or None
    people : ExposedPeople or None
    access : Access or None
    notes : list of Text
    """

    settings: ExposureSettings
    flood: HazardMap | None = None
    land_m2: np.ndarray | None = None
    buildings: Exposed | None = None
    damage: Damage | None = None
    yearly: YearlyDamage | None = None
    assets: list[Exposed] = field(default_factory=list)
    roads: ExposedRoads | None = None
    people: ExposedPeople | None = None
    access: Access | None = None
    notes: list[Text] = field(default_factory=list)

    @property
    def named_assets(self) -> dict[str, Exposed]:
        """The assets, each by a name that no other table has and every file system takes."""
        found: dict[str, Exposed] = {}
        for asset in self.assets:
            stem = asset.features.stem.lower()
            plain = "".join(letter if letter.isalnum() else "_" for letter in stem).strip("_")[:50] or "assets"
            name, number = plain, 2
            while name in found or name in _TABLES:
                name, number = f"{plain}_{number}", number + 1
            found[name] = asset
        return found


def assess_exposure(settings: ExposureSettings, reporter: Reporter | None = None) -> Exposure:
    """Lay everything that is given over the map of a flood.

    Parameters
    ----------
    settings : ExposureSettings
    reporter : Reporter, optional

    Returns
    -------
    Exposure

    Raises
    ------
    UnusableInputError
        If a file or setting cannot be used, or nothing is asked.
    """
    reporter = reporter or Silent()
    _check_asked(settings)
    made = Exposure(settings)
    flood_path = settings.flood or (max(settings.periods)[1] if settings.periods else None)
    if flood_path is None:
        _yearly_of_file(made)
        return made
    reporter.stage("flood map")
    flood = made.flood = read_hazard_map(flood_path, settings.map)
    made.notes += flood.notes
    classes = settings.classes.of(flood.depth_m, flood.wet_above_m)
    count = len(settings.classes.numbers)
    made.land_m2 = np.bincount(np.where(classes < 0, count - 1, classes).ravel(), minlength=count) * flood.cell_area_m2
    if settings.buildings is not None:
        reporter.stage("buildings")
        buildings = _read(made, settings.buildings, "buildings", ("point", "polygon"))
        made.buildings = expose(buildings, flood, settings.classes, settings.depth_of)
        _damage(made, reporter)
    for source in settings.assets:
        reporter.stage("assets")
        assets = _read(made, source, "assets", ("point", "line", "polygon"))
        made.assets.append(expose(assets, flood, settings.classes, settings.depth_of))
    if settings.people is not None:
        reporter.stage("people")
        people, counts = read_people(settings.people, flood, settings.people_column)
        made.notes += people.notes
        made.people = expose_people(people, counts, flood, settings.classes)
        if flood.speed_m_s is None:
            made.notes.append(_TEXTS.say("note.no_speed_people"))
    if settings.roads is not None:
        reporter.stage("roads")
        roads = _read(made, settings.roads, "roads", ("line",))
        made.roads = expose_roads(roads, flood, settings.classes, settings.vehicle)
        _notes_on_roads(made, made.roads, flood)
        if settings.access_to is not None:
            _access(made, roads, flood, reporter)
    if settings.damages is not None:
        _yearly_of_file(made)
    _check_kind_column(made)
    _notes_on_unknown(made)
    return made


def _check_kind_column(made: Exposure) -> None:
    """Refuse a column of kinds that none of the files has."""
    wanted = made.settings.kind_column
    read = [exposed.features for exposed in (made.buildings, *made.assets) if exposed is not None]
    read += [] if made.roads is None else [made.roads.whole.features]
    if wanted and read and not any(wanted.lower() in map(str.lower, features.frame.columns) for features in read):
        first = read[0]
        column_named(first.frame, wanted, first.told)


def _check_asked(settings: ExposureSettings) -> None:
    layers = (settings.buildings, settings.roads, settings.people, *settings.assets)
    given = any(layer is not None for layer in layers)
    if settings.flood is None and not settings.periods and settings.damages is None:
        raise UnusableInputError(
            "give a flood map (MAP), maps of several return periods (--return-period), or --damages FILE"
        )
    if not given and settings.damages is None:
        raise UnusableInputError("nothing lies on the map: give --buildings, --roads, --people or --assets")
    if given and settings.flood is None and not settings.periods:
        raise UnusableInputError("a flood map is needed (MAP) for what lies on it")
    if settings.access_to is not None and settings.roads is None:
        raise UnusableInputError("--access-to needs --roads, along which the ways lead")
    if settings.places is not None and settings.access_to is None:
        raise UnusableInputError("--places needs --access-to: the point that they have to reach")
    if settings.access_to is not None and settings.places is None and settings.buildings is None:
        raise UnusableInputError("--access-to needs --places or --buildings, whose ways are looked for")
    if settings.periods and settings.buildings is None:
        raise UnusableInputError("--return-period needs --buildings, whose damage is counted")
    if settings.flood is None and (settings.map.arrival or settings.map.speed or settings.map.hazard):
        raise UnusableInputError("--arrival, --speed and --hazard belong to one map: give MAP")
    if len(settings.periods) == 1:
        raise UnusableInputError(
            f"--return-period {settings.periods[0][0]:g}: two or more are needed for a yearly damage"
        )
    if settings.damages is not None and settings.periods:
        raise UnusableInputError("--damages and --return-period tell the same: give one of them")


def _read(made: Exposure, source: str, what: str, kinds: Sequence[str]) -> Features:
    assert made.flood is not None
    features = read_features(source, made.flood, what, kinds, made.settings.kind_column)
    made.notes += features.notes
    return features


def _damage(made: Exposure, reporter: Reporter) -> None:
    """Damage of the buildings under the map, and over the return periods where there are such."""
    settings, buildings = made.settings, made.buildings
    assert buildings is not None
    if settings.damage is None and not settings.periods:
        return
    how = settings.damage or DamageSettings()
    made.damage = damage_of(buildings, how)
    if how.curves == DamageSettings().curves:
        made.notes.append(_TEXTS.say("note.default_curve"))
    if not made.damage.in_value:
        made.notes.append(_TEXTS.say("note.no_value"))
    if not settings.periods:
        return
    amounts = []
    cut: dict[tuple[object, ...], Parts] = {}
    for period, path in settings.periods:
        reporter.stage("return period")
        flood = read_hazard_map(path, _map_alone(settings.map))
        _check_system(flood, made)
        made.notes += [note for note in flood.notes if note not in made.notes]
        grid = (*flood.transform, *flood.shape)
        if grid not in cut:  # maps of several return periods mostly lie on one grid
            cut[grid] = cut_features(buildings.features.geometry, flood)
        exposed = exposed_by(buildings.features, cut[grid], flood, settings.classes, settings.depth_of)
        outside = int((exposed.known_size <= 0).sum())
        if outside:
            made.notes.append(_TEXTS.say("note.outside_period", count=outside, period=f"{period:g}"))
        amounts.append(damage_of(exposed, how).amounts)
    periods = [period for period, _ in settings.periods]
    expected, each = expected_damage(periods, np.array(amounts))
    totals = tuple(float(amount.sum()) for amount in amounts)
    unit = "value" if made.damage.in_value else "m2"
    made.yearly = YearlyDamage(tuple(periods), totals, expected, unit, each)
    made.notes += notes_on_damage(periods, totals, expected)


def _map_alone(settings: MapSettings) -> MapSettings:
    """How the map of a return period is read: for its depth alone, so that no unit of arrival is asked for."""
    return replace(settings, arrival=None, speed=None, hazard=None, only_depth=True)


def _check_system(flood: HazardMap, made: Exposure) -> None:
    from frugal.formats.coordinate_systems import same_system

    assert made.flood is not None
    if not same_system(flood.crs, made.flood.crs, flood.bounds):
        raise UnusableInputError(
            f"flood map '{flood.path}' is in {flood.crs[:40]}, '{made.flood.path}' in {made.flood.crs[:40]}; maps of return "
            "periods need one system"
        )


def _yearly_of_file(made: Exposure) -> None:
    path = made.settings.damages
    assert path is not None
    periods, amounts, unit = read_damages(path)
    expected, _ = expected_damage(periods.tolist(), amounts)
    made.yearly = YearlyDamage(tuple(periods.tolist()), tuple(amounts.tolist()), expected, unit)
    made.notes += notes_on_damage(periods.tolist(), amounts.tolist(), expected)


def _notes_on_roads(made: Exposure, roads: ExposedRoads, flood: HazardMap) -> None:
    vehicle = made.settings.vehicle
    if roads.bridges:
        made.notes.append(_TEXTS.say("note.bridges", count=roads.bridges))
    if flood.speed_m_s is None:
        made.notes.append(_TEXTS.say("note.no_speed_roads", depth=decimals(f"{vehicle.depth_m:g}")))
    if flood.arrival_s is None:
        made.notes.append(_TEXTS.say("note.no_arrival_map"))


def _access(made: Exposure, roads: Features, flood: HazardMap, reporter: Reporter) -> None:
    settings = made.settings
    reporter.stage("access")
    targets = read_features(str(settings.access_to), flood, "targets")
    made.notes += targets.notes
    if settings.places is not None:
        places = _read(made, settings.places, "places", ("point", "line", "polygon"))
    else:
        assert made.buildings is not None
        places = made.buildings.features
    made.access = find_access(roads, places, targets, flood, settings.vehicle, settings.access)


def _notes_on_unknown(made: Exposure) -> None:
    """What lies off the map, wholly or partly."""
    asked = [("buildings", made.buildings), *(("assets", asset) for asset in made.assets)]
    for what, exposed in asked:
        if exposed is None:
            continue
        known = exposed.known_size
        outside = int((known <= 0).sum())
        partly = int(((known > 0) & (known < exposed.size * (1.0 - 1e-6))).sum())
        if outside or partly:
            made.notes.append(
                _TEXTS.say("note.outside", what=_TEXTS.known("what", what), outside=outside, partly=partly)
            )
    if made.roads is not None:
        unknown = made.roads.whole.size_by_class[:, -1].sum()
        if unknown > 0.5:
            made.notes.append(_TEXTS.say("note.roads_outside", length=decimals(f"{unknown / 1000:.2f}")))
    if made.people is not None:
        unknown = made.people.by_class[:, -1].sum()
        if unknown > 0.5:
            made.notes.append(_TEXTS.say("note.people_outside", people=decimals(f"{unknown:.6g}")))
