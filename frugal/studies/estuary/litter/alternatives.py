"""Other ways to tell where litter ends: a closed form, fewer particles, and the matrix of one tide."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from frugal.experiments.study import Alternative, Arrays
from frugal.physics.drift.in_network import drift_in_network
from frugal.studies.drift.network_states import NetworkStates
from frugal.studies.drift.transition_matrix import after_periods, transitions_of
from frugal.studies.estuary.litter.currents import COEFFICIENT_OF_M2, MOMENTS, TIDE_S, azimuths_deg
from frugal.studies.estuary.litter.drifting import Drifting
from frugal.studies.estuary.litter.following import DAY_S, HOUR_S, LitterRates, released
from frugal.studies.estuary.place.from_site import along, constants_of, distance_to_sea_km
from frugal.texts import room_texts

_TEXTS = room_texts("frugal.studies.estuary")

#: Particles of the run that costs little, on cells twice as wide.
FEWER = 256
#: Pieces of water of the matrix [m], particles that each row is counted from, and classes of windage with a matrix each.
_PIECE_M, _A_ROW, _CLASSES = 2000.0, 8, 4
#: Where the width is cut: wind keeps litter close to a bank, and a state forgets where in it litter lies.
_CUTS = (0.01, 0.05, 0.2, 0.8, 0.95, 0.99)
#: Points of the release that are shared out over the states.
_POINTS = 1024
#: Distance between the places at which the closed form knows the way [km].
_EVERY_KM = 1.0


def with_fewer(drifting: Drifting) -> Alternative:
    """The physics with few particles on cells twice as wide.

    Parameters
    ----------
    drifting : Drifting
        The physics of the study.
    """
    few = Drifting(drifting.site, 2.0, min(FEWER, drifting.particles))
    label = _TEXTS.say("waste_drift.few_particles", count=FEWER)
    return Alternative(
        "few_particles", "coarse_physics", answer=few.answer, each_row=True, uses_solver=True, label=label
    )


def with_matrix(drifting: Drifting, piece_m: float = _PIECE_M, a_row: int = _A_ROW) -> Alternative:
    """Powers of the matrix of chances over one tide, counted for each question.

    The tide begins at the hour of the release, so that a whole number of tides passes. Litter keeps its windage from tide to
    tide: each of some classes of windage has its own matrix.

    Parameters
    ----------
    drifting : Drifting
        The physics of the study.
    piece_m : float
        Length of a piece of water [m].
    a_row : int
        Particles from which each row of a matrix is counted.
    """
    site, sectors, tides = drifting.site, drifting.sectors, drifting.tides
    tide_days = np.arange(tides + 1) * TIDE_S / DAY_S

    def answer(
        release_km: float,
        hour: float,
        coefficient: float,
        flow_m3_s: float,
        wind: float,
        wind_from: float,
        **rates: float,
    ) -> Arrays:
        known = LitterRates(**rates)
        moved, nodes, currents = drifting.moved(known, coefficient, flow_m3_s, wind, wind_from)
        states = NetworkStates.of(moved, nodes, piece_m, piece_m, _CUTS)
        # litter that forgot where in a sector it lies would float again anywhere in it: as short as pieces of water
        parts = np.maximum(1, np.round(states.lengths / np.array(sectors.pieces) / piece_m)).astype(np.int64)
        states = replace(states, sectors=parts * np.array(sectors.pieces))
        of_parts = np.concatenate([np.repeat(of, part) for of, part in zip(sectors.sector_of, parts, strict=True)])
        pair = np.repeat(of_parts, 2) * 2 + np.tile([0, 1], of_parts.size)
        sea = [states.end_named(name) for name in currents.mouths]
        reach, x_m = site.reach_at(release_km)
        points = released(reach, x_m, 1e3 * site.reach[reach].length_km, hour, 0.0, _POINTS, 0)
        start = np.bincount(states.of_particles(points), minlength=states.count) / _POINTS
        at_sea, stranded = np.zeros(tides + 1), np.zeros(sectors.count)
        for number in range(_CLASSES):
            windage = known.windage * (number + 0.5) / _CLASSES
            particles = states.release_all(a_row, hour * HOUR_S, windage, seed=drifting.seed + number)
            begins = states.of_particles(particles)
            drift_in_network(particles, moved, hour * HOUR_S + TIDE_S, TIDE_S / MOMENTS, known.times)
            found = transitions_of(begins, states.of_particles(particles), states.count)
            chances = after_periods(found, start, tides)
            at_sea += chances[:, sea].sum(axis=1) / _CLASSES
            stranded += np.bincount(pair, chances[-1, states.is_bank], sectors.count) / _CLASSES
        half = float(np.interp(0.5, at_sea, tide_days)) if at_sea[-1] >= 0.5 else site.days
        return {
            "stranded": stranded,
            "at_sea": np.interp(drifting.days, tide_days, at_sea),
            "days_to_sea": min(half, site.days),
        }

    label = _TEXTS.say("waste_drift.transition_matrix")
    return Alternative(
        "transition_matrix", "coarse_physics", answer=answer, each_row=True, uses_solver=True, label=label
    )


def _normal(xp: Any, z: Any) -> Any:
    """The normal distribution function, within 0.0004 (Page 1977)."""
    return 0.5 + 0.5 * xp.tanh(0.7978845608 * (z + 0.044715 * z * z * z))


class _Way:
    """What the closed form knows of the way of release, at every km from the sea."""

    def __init__(self, drifting: Drifting) -> None:
        site = drifting.site
        mean = sum(river.mean_flow_m3_s for river in site.river)
        ends = {reach.name: reach.landward for reach in site.reach}
        km, area, share, width, landward = [], [], [], [], []
        for number, reach in enumerate(site.way):
            at = np.arange(0.5 * _EVERY_KM, reach.length_km, _EVERY_KM)
            # all rivers pass a reach from which the ways of all part
            above = [river for river in site.river if river.place == ends[site.way[-1].name]]
            part = 1.0 if number + 1 < len(site.way) or not above else above[0].mean_flow_m3_s / mean
            widths = along(reach, reach.width_m, at, geometric=True)
            level = site.mouth[0].mean_level_m
            bearing = np.radians(azimuths_deg(reach, 1e3 * at))
            km.append(distance_to_sea_km(site, reach.name, 0.0) + at)
            width.append(widths)
            area.append(widths * np.maximum(along(reach, reach.depth_m, at) + level, 1.0))
            share.append(np.full(at.size, part))
            landward.append(np.column_stack([np.sin(bearing), np.cos(bearing)]))
        self.km, self.width = np.concatenate(km), np.concatenate(width)
        step = np.gradient(self.km) * 1e3
        #: Water that the rivers have to push out, each reach by what of them flows through it [m³].
        pieces = np.concatenate(area) / np.concatenate(share) * step
        self.volume = np.cumsum(pieces) - 0.5 * pieces
        self.landward = np.concatenate(landward)
        self.mean_landward = np.cumsum(self.landward, axis=0) / np.arange(1, len(self.km) + 1)[:, None]
        constants = constants_of(site, site.mouth[0])
        names = list(constants.names)
        tide_m = float(constants.amplitudes_m[names.index("M2")]) if "M2" in names else 0.0
        surface = sum(
            float(np.trapezoid(along(reach, reach.width_m, at, geometric=True), 1e3 * at))
            for reach in site.reach
            for at in [np.linspace(0.0, reach.length_km, 200)]
        )
        #: Half the way of the tide at the mouth [m] if all levels moved together, at the coefficient of M2 alone.
        self.excursion_m = tide_m * surface / float(np.concatenate(area)[0])


def straight_to_sea(drifting: Drifting) -> Alternative:
    """A closed form: the rivers push the water of the estuary out, the wind what floats, mixing spreads it, banks hold a part.

    Mean speed to the sea is the distance over the time in which the rivers replace the water on the way, and half the
    windage of the wind along it. What the wind drives across is on a bank after the time over half the width and that of
    beaching.

    Parameters
    ----------
    drifting : Drifting
        The physics of the study.
    """
    site, sectors, way = drifting.site, drifting.sectors, _Way(drifting)
    names = [reach.name for reach in site.way]
    on_way = np.array([site.reach[reach].name in names for reach in sectors.reach])
    offset = [distance_to_sea_km(site, site.reach[reach].name, 0.0) * 1e3 for reach in sectors.reach]
    begins = np.array([before + at for before, at in zip(offset, sectors.begin_m, strict=True)])
    ends = np.array([before + at for before, at in zip(offset, sectors.end_m, strict=True)])
    spread = np.repeat(np.eye(len(begins)) * on_way, 2, axis=1)
    right = np.tile([1.0, 0.0], len(begins))
    days, end_s = np.array(drifting.days), drifting.tides * TIDE_S

    def answer(
        xp: Any,
        release_km: Any,
        coefficient: Any,
        flow_m3_s: Any,
        wind: Any,
        wind_from: Any,
        windage: float,
        beaching_hours: float,
        resuspension_days: float,
        mixing_along: float,
    ) -> dict[str, Any]:
        # differences of nearly equal numbers lose too many digits in float32
        release_km, coefficient, flow_m3_s, wind, wind_from = (
            xp.astype(value, xp.float64) for value in (release_km, coefficient, flow_m3_s, wind, wind_from)
        )
        toward = xp.radians(wind_from)
        east, north = -wind * xp.sin(toward), -wind * xp.cos(toward)
        mean_east, mean_north = (xp.interp(release_km, way.km, way.mean_landward[:, k]) for k in range(2))
        here_east, here_north = (xp.interp(release_km, way.km, way.landward[:, k]) for k in range(2))
        drift = 0.5 * windage
        seaward = 1e3 * release_km * flow_m3_s / xp.interp(release_km, way.km, way.volume)
        seaward = seaward - drift * (east * mean_east + north * mean_north)
        # who looks landward has the right bank to the left
        to_right = drift * (north * here_east - east * here_north)
        width = xp.interp(release_km, way.km, way.width)
        crossing = 0.5 * width / xp.maximum(xp.abs(to_right), 1e-3)
        beaches, floats = 1.0 / (HOUR_S * beaching_hours + crossing), 1.0 / (DAY_S * resuspension_days)
        rate = beaches + floats
        on_bank = beaches / rate * (1.0 - xp.exp(-rate * end_s))
        moving = floats / rate + beaches / rate * (1.0 - xp.exp(-rate * end_s)) / (rate * end_s)
        speed, mixing = seaward * moving, mixing_along * moving
        left = xp.maximum(1e3 * release_km - way.excursion_m * coefficient / COEFFICIENT_OF_M2, 500.0)
        times = days * DAY_S
        gone = (speed[:, None] * times - left[:, None]) / xp.sqrt(2.0 * mixing[:, None] * times)
        at_sea = _normal(xp, xp.clip(gone, -5.0, 5.0))
        centre = 1e3 * release_km - 0.5 * speed * end_s
        tide_m = way.excursion_m * coefficient / COEFFICIENT_OF_M2
        wide = xp.sqrt(2.0 * mixing * end_s + 0.5 * tide_m * tide_m + speed * speed * (end_s * end_s / 12.0) + 1e5)
        after, before = ((edge - centre[:, None]) / wide[:, None] for edge in (ends, begins))
        inside = _normal(xp, xp.clip(after, -5.0, 5.0)) - _normal(xp, xp.clip(before, -5.0, 5.0))
        stays = on_bank * (1.0 - at_sea[:, len(days) - 1])
        both = (stays[:, None] * inside) @ spread
        to_the_right = 0.5 + 0.5 * xp.tanh(to_right * (2.0 * DAY_S) / width)
        stranded = both * (to_the_right[:, None] * right + (1.0 - to_the_right[:, None]) * (1.0 - right))
        half = left / (xp.maximum(speed, 1e-4) * DAY_S)
        return {"stranded": stranded, "at_sea": at_sea, "days_to_sea": xp.clip(half, 0.0, float(days[-1]))}

    label = _TEXTS.say("waste_drift.straight_to_sea")
    return Alternative("straight_to_sea", "formula", answer=answer, label=label)
