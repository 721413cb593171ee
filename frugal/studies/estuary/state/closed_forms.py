"""Closed forms as an answer to `estuary`: one run of the physics for today's mean, and laws for what changes from there.

Levels keep the shape of that run, its tide multiplied and the sea's rise added; a linear funnel with friction
(`frugal.physics.estuary.closed_forms.funnel_wave`) tells how the tide of a deeper reach grows. Salt reaches as far as
Savenije's steady profile says, :math:`L = a \\ln(1 + 1 / \\beta)` with :math:`\\beta \\propto Q / D_0` and :math:`D_0 \\propto
\\sqrt{Q}` at a given tide (Savenije 2005, so that :math:`\\beta \\propto \\sqrt{Q}`), the turbidity maximum moves with it,
and the lack of oxygen follows waste water, temperature (1.047 a degree) and, as dilution, the inverse of the flow.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping

import numpy as np

from frugal.experiments.study import Alternative, Arrays
from frugal.physics.estuary.closed_forms import funnel_wave
from frugal.physics.estuary.reactions import saturation as saturation_in_kernels
from frugal.physics.tide.constituents import constituent
from frugal.studies.estuary.place.course import places_km
from frugal.studies.estuary.place.from_site import along, distance_to_sea_km, heads, stations_km, way_km, way_to_sea
from frugal.studies.estuary.place.site import EstuarySite
from frugal.studies.estuary.state.outputs import LOW_OXYGEN_MG_L
from frugal.studies.estuary.state.runs import CYCLE_S
from frugal.texts import room_texts

_TEXTS = room_texts("frugal.studies.estuary")
_GRAVITY, _WARMING = 9.81, 1.047
#: Rate at which friction slows the water of the funnel [1/s]: the linear part of a drag of 0.0025 at 1 m/s in 8 m.
_SLOWING_PER_S = 8.0 / (3.0 * math.pi) * 0.0025 / 8.0
#: Way of the water from low to high slack [km], for hours of salt.
_EXCURSION_KM = 15.0

Solve = Callable[..., Arrays]


def closed_forms(site: EstuarySite, solve: Solve) -> Alternative:
    """The alternative, which runs the physics once when the ladder is built.

    Parameters
    ----------
    site : EstuarySite
    solve : callable
        The full physics of the study.
    """

    def make() -> Callable[..., Arrays]:
        mean = {f"{river.name}_m3_s": river.mean_flow_m3_s for river in site.river}
        usual = {"sea_level_rise_m": 0.0, "tide_factor": 1.0, "temperature_deg_c": 15.0, "load_factor": 1.0}
        unmoved = {"moved_share": 0.0} if any(load.other_reach for load in site.load) else {}
        known = {name: np.asarray(value) for name, value in solve(**mean, **usual, deepening_m=0.0, **unmoved).items()}
        return lambda **inputs: _answer(site, known, inputs)

    label = _TEXTS.say("estuary.closed_forms")
    return Alternative("closed_forms", "formula", make=make, each_row=True, uses_solver=True, label=label)


def _answer(site: EstuarySite, known: Mapping[str, np.ndarray], asked: Mapping[str, float]) -> Arrays:
    flow = sum(asked[f"{river.name}_m3_s"] for river in site.river)
    drier = flow / sum(river.mean_flow_m3_s for river in site.river)
    tide, rise = asked["tide_factor"], asked["sea_level_rise_m"]
    grown = tide * _growth(site, asked["deepening_m"])
    found: dict[str, np.ndarray | float] = {}
    middle = 0.5 * (known["high_water"] + known["low_water"])
    found["level"] = known["level"].mean(axis=0) + rise + grown * (known["level"] - known["level"].mean(axis=0))
    found["tide"] = grown * known["tide"]
    found["speed"] = grown * known["speed"]
    found["high_water"] = middle + rise + grown * (known["high_water"] - middle)
    found["low_water"] = middle + rise + grown * (known["low_water"] - middle)
    dredged = site.dredged_reach.name
    deeper = np.concatenate(
        [np.full(places_km(reach).size, asked["deepening_m"] if reach.name == dredged else 0.0) for reach in site.reach]
    )
    found["least_depth"] = np.maximum(known["least_depth"] + found["low_water"] - known["low_water"] + deeper, 0.0)
    limits = [
        _moved_limit(site, head, float(x), drier) for head, x in zip(heads(site), known["salt_limit"], strict=True)
    ]
    found["salt_limit"] = np.array(limits)
    farthest = way_km(site, heads(site)[0])
    moved = limits[0] - float(known["salt_limit"][0])
    found["turbidity_position"] = min(max(float(known["turbidity_position"]) + moved, 0.0), farthest)
    found["turbidity_mass"] = float(known["turbidity_mass"]) * tide**2
    found["turbidity"] = known["turbidity"] * tide**2
    full, usual_full = (saturation_in_kernels.py_func(t, 0.0) for t in (asked["temperature_deg_c"], 15.0))
    lack = usual_full - known["least_oxygen"]
    lack = lack * _WARMING ** (asked["temperature_deg_c"] - 15.0) * (0.5 + 0.5 * asked["load_factor"]) / drier
    found["least_oxygen"] = np.clip(full - lack, 0.0, full)
    # the lack comes and goes with the tide by about as much again
    span = np.maximum(0.5 * lack, 0.1)
    share = np.clip((LOW_OXYGEN_MG_L - found["least_oxygen"]) / span, 0.0, 1.0)
    found["low_oxygen_days"] = share * CYCLE_S / 86400.0
    if site.intake:
        hours = []
        for intake in site.intake:
            head = next(h for h in heads(site) if intake.reach in _names_of_way(site, h))
            limit = limits[heads(site).index(head)]
            over_km = limit - distance_to_sea_km(site, intake.reach, intake.km)
            hours.append(24.0 * min(max(over_km / _EXCURSION_KM, 0.0), 1.0))
        found["salt_hours"] = np.array(hours)
    return found


def _names_of_way(site: EstuarySite, head: str) -> tuple[str, ...]:
    return tuple(reach.name for reach in way_to_sea(site, head))


def _moved_limit(site: EstuarySite, head: str, limit_km: float, drier: float) -> float:
    """Savenije's length for another flow, with the β that gives the known one."""
    a = site.salt.convergence_km
    beta = 1.0 / math.expm1(max(limit_km, 1e-3) / a)
    return min(a * math.log1p(1.0 / (beta * math.sqrt(drier))), way_km(site, head))


def _growth(site: EstuarySite, deepening_m: float) -> float:
    """Of the tide at the head of the funnel when its reach is deeper, over that of today."""
    reach = site.dredged_reach
    km = stations_km(reach)
    depth = float(np.mean(along(reach, reach.depth_m, km)))
    width = along(reach, reach.width_m, km, geometric=True)
    shrinking_m = 1e3 * reach.length_km / max(math.log(width[0] / width[-1]), 1e-3)
    omega = math.radians(constituent("M2").speed_deg_h) / 3600.0

    def at_head(h: float) -> float:
        length_m = 1e3 * reach.length_km
        slowing = _SLOWING_PER_S * 8.0 / h
        return float(abs(funnel_wave(np.array([length_m]), 1.5 * length_m, h, shrinking_m, slowing, omega)[0]))

    return at_head(max(depth + deepening_m, 0.5)) / at_head(depth)
