"""What the study `estuary` answers, and how a run of the physics tells it."""

from __future__ import annotations

import numpy as np

from frugal.experiments.study import Arrays, Diagnostic, Output, TimeAxis
from frugal.physics.estuary.carrying import CarriedRun
from frugal.physics.estuary.simulate import areas_below
from frugal.studies.estuary.place.course import course_of, lines_of, places_km, points_of
from frugal.studies.estuary.place.from_site import along, heads, way_km
from frugal.studies.estuary.place.site import EstuarySite
from frugal.studies.estuary.state.quality_numbers import hours_over, salt_limit_m, turbidity_maximum
from frugal.studies.estuary.state.runs import CYCLE_S, EstuaryState
from frugal.texts import room_texts

_TEXTS = room_texts("frugal.studies.estuary")

#: After high water of a spring tide at the mouth [h].
TIMES_H = tuple(0.5 * k for k in range(26))
#: Salt reaches as far as there is so much of it [psu].
SALT_PSU = 0.5
#: Oxygen below which the water plan of the Gironde counts days [mg/l].
LOW_OXYGEN_MG_L = 5.0
#: Mud counts as part of the turbidity maximum above this concentration [kg/m³].
BACKGROUND_KG_M3 = 0.1
_DAYS = CYCLE_S / 86400.0

BALANCES = (
    Diagnostic("water_imbalance", "1", _TEXTS.say("estuary.water_imbalance")),
    Diagnostic("salt_imbalance", "1", _TEXTS.say("estuary.salt_imbalance")),
    Diagnostic("mud_imbalance", "1", _TEXTS.say("estuary.mud_imbalance")),
)


def outputs_of(site: EstuarySite) -> tuple[Output, ...]:
    """The outputs of the study for a site."""
    stations, lines, clock = points_of(site, site.gauge), lines_of(site), TimeAxis(TIMES_H, "hour")

    farthest = way_km(site, heads(site)[0])
    branches = {"branch": list(heads(site))}
    found = (
        Output("level", "m", label=_TEXTS.say("estuary.level"), geometry=stations, time=clock),
        Output("tide", "m", label=_TEXTS.say("estuary.tide"), geometry=stations, time=clock),
        Output("speed", "m/s", label=_TEXTS.say("estuary.speed"), geometry=stations, time=clock),
        Output("high_water", "m", label=_TEXTS.say("estuary.high_water"), geometry=lines),
        Output("low_water", "m", label=_TEXTS.say("estuary.low_water"), geometry=lines),
        Output("least_depth", "m", label=_TEXTS.say("estuary.least_depth"), geometry=lines, low=0.0),
        Output("salt_limit", "km", ("branch",), branches, _TEXTS.say("estuary.salt_limit"), low=0.0),
        Output("turbidity_position", "km", label=_TEXTS.say("estuary.turbidity_position"), low=0.0, high=farthest),
        Output("turbidity_mass", "Mt", label=_TEXTS.say("estuary.turbidity_mass"), low=0.0),
        Output("turbidity", "g/l", label=_TEXTS.say("estuary.turbidity"), geometry=stations, low=0.0),
        Output("least_oxygen", "mg/l", label=_TEXTS.say("estuary.least_oxygen"), geometry=stations, low=0.0),
        Output(
            "low_oxygen_days",
            "day",
            label=_TEXTS.say("estuary.low_oxygen_days"),
            geometry=stations,
            low=0.0,
            high=_DAYS,
        ),
    )
    if not site.intake:
        return found
    names = {"intake": [intake.name for intake in site.intake]}
    hours = Output("salt_hours", "hour", ("intake",), names, _TEXTS.say("estuary.salt_hours"), low=0.0, high=24.0)
    return (*found, hours)


def told(site: EstuarySite, asked: EstuaryState, run: CarriedRun) -> Arrays:
    """Outputs of the study from a run.

    Parameters
    ----------
    site : EstuarySite
    asked : EstuaryState
        Of the run.
    run : CarriedRun
        One spring–neap cycle, in which a high water of a spring tide at the mouth is the moment at index ``first``.

    Returns
    -------
    mapping of str to array
    """
    tide = run.tide
    assert tide is not None
    values: dict[str, np.ndarray | float] = {}
    values["level"], values["tide"], values["speed"] = _spring_tide(site, run)
    values["high_water"], values["low_water"], values["least_depth"] = _extremes(site, asked, run)
    values.update(_quality(site, run))
    balances = (tide.ledger.imbalance, run.ledgers["salt"].imbalance, run.ledgers["mud"].imbalance)
    return {**values, **dict(zip((balance.name for balance in BALANCES), balances, strict=True))}


def _spring_tide(site: EstuarySite, run: CarriedRun) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Levels, above all and above their means, and speeds at the gauges through one tide, [time, station]."""
    tide = run.tide
    assert tide is not None
    first = next(reach.name for reach in site.reach if reach.seaward == site.mouth[0].place)
    mouth = tide.level_at(first, 0.0)
    within = int(np.searchsorted(run.times_s, run.times_s[-1] - 3600.0 * TIMES_H[-1]))
    hours = (run.times_s - run.times_s[int(np.argmax(mouth[:within]))]) / 3600.0
    levels, means, speeds = [], [], []
    for gauge in site.gauge:
        series = tide.level_at(gauge.reach, 1e3 * gauge.km)
        levels.append(np.interp(TIMES_H, hours, series))
        means.append(float(series.mean()))
        speeds.append(np.interp(TIMES_H, hours, tide.speed_at(gauge.reach, 1e3 * gauge.km)))
    level = np.stack(levels, axis=1)
    return level, level - np.array(means), np.stack(speeds, axis=1)


def _extremes(site: EstuarySite, asked: EstuaryState, run: CarriedRun) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Highest and lowest water of the cycle, and the least depth of the channel, at the places of the lines."""
    tide = run.tide
    assert tide is not None
    high, low, depth = [], [], []
    dredged = site.dredged_reach.name
    for reach in site.reach:
        at = places_km(reach)
        series = np.stack([tide.level_at(reach.name, 1e3 * km) for km in at], axis=1)
        channel = along(reach, reach.navigation_depth_m or reach.depth_m, at)
        if reach.name == dredged:
            channel = channel + asked.deepening_m
        high.append(series.max(axis=0))
        low.append(series.min(axis=0))
        depth.append(np.maximum(series.min(axis=0) + channel, 0.0))
    return np.concatenate(high), np.concatenate(low), np.concatenate(depth)


def _quality(site: EstuarySite, run: CarriedRun) -> dict[str, np.ndarray | float]:
    """Salt, mud and oxygen."""
    layout, times, carried = run.layout, run.times_s, run.concentrations
    limits = []
    for head in heads(site):
        course = course_of(site, layout, head)
        limits.append(float(salt_limit_m(course.of(carried["salt"]), course.distance_m, SALT_PSU).max()) / 1e3)
    course = course_of(site, layout, heads(site)[0])
    mud, area = course.of(carried["mud"]), course.of(_areas(run))
    mass = float(turbidity_maximum(mud, course.distance_m, area, BACKGROUND_KG_M3).mass_kg.mean())
    thickness = (mud**2).mean(axis=0) * area  # mud counted the more the thicker the water is with it: no threshold
    centre = float(np.trapezoid(thickness * course.distance_m, course.distance_m))
    centre /= float(np.trapezoid(thickness, course.distance_m))

    def series(name: str, part: object) -> np.ndarray:
        return run.at(name, part.reach, 1e3 * part.km)  # type: ignore[attr-defined]

    span_days = (times[-1] - times[0]) / 86400.0
    oxygen = [series("oxygen", gauge) for gauge in site.gauge]
    found: dict[str, np.ndarray | float] = {
        "salt_limit": np.array(limits),
        "turbidity_position": centre / 1e3,
        "turbidity_mass": mass / 1e9,
        "turbidity": np.array([series("mud", gauge).mean() for gauge in site.gauge]),
        "least_oxygen": np.array([values.min() for values in oxygen]),
        "low_oxygen_days": np.array([hours_over(times, -values, -LOW_OXYGEN_MG_L) / 24.0 for values in oxygen]),
    }
    if site.intake:
        found["salt_hours"] = np.array(
            [hours_over(times, series("salt", part), part.salinity_psu) / span_days for part in site.intake]
        )
    return found


def _areas(run: CarriedRun) -> np.ndarray:
    """Mean areas of the sections [m²], [slot]."""
    tide = run.tide
    assert tide is not None
    cells = run.layout.cells
    heights = np.maximum(tide.levels_m.mean(axis=0) - cells.bed, 0.0)
    return areas_below(cells.stored, slice(None), heights[None])[0]
