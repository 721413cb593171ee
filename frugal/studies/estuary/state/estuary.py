"""`estuary`: levels, currents, salt, mud and oxygen along an estuary over a spring–neap cycle.

One query is one state: the discharge of each river, the rise of the sea, the strength of the tide, the temperature of the
water, waste water, and the depth of a reach. Truth is the width-averaged physics of `frugal.physics.estuary` on the sections
of the site.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping

import numpy as np

from frugal.errors import UnusableInputError
from frugal.experiments.needs.file import packaged_need
from frugal.experiments.study import (
    Alternative,
    Arrays,
    Measurement,
    Observations,
    Parameter,
    Scenario,
    Study,
    Variable,
)
from frugal.studies.estuary.drawing import draw
from frugal.studies.estuary.place.from_site import LEAST_DEPTH_M, constants_of, speeds_rad_s
from frugal.studies.estuary.place.site import SHIPPED, EstuarySite
from frugal.studies.estuary.state.closed_forms import closed_forms
from frugal.studies.estuary.state.outputs import BALANCES, TIMES_H, outputs_of, told
from frugal.studies.estuary.state.runs import SPIN_UP_CYCLES, EstuaryState, run_estuary, spring_tide
from frugal.texts import Text, decimals, room_texts

_TEXTS = room_texts("frugal.studies.estuary")

N_RUNS = 160
#: Standard error of a level that constituents give: what they leave out, and the zero of the gauge [m].
GAUGE_SIGMA_M = 0.1
#: Deepening and silting of the dredged reach [m].
DEEPENING_M = (-1.0, 2.0)


def flow_name(river: str) -> str:
    """The input that holds the discharge of a river."""
    return f"{river}_m3_s"


def inputs_of(site: EstuarySite) -> tuple[Variable, ...]:
    """Inputs of the study for a site; a discharge for each of its rivers."""
    flows = tuple(
        Variable(
            flow_name(river.name),
            "m^3/s",
            *river.flow_m3_s,
            _TEXTS.say("estuary.flow", name=river.name.replace("_", " ").capitalize()),
            default=river.mean_flow_m3_s,
        )
        for river in site.river
    )
    dredging = _TEXTS.say("estuary.deepening", reach=site.dredged_reach.name)
    moved = Variable("moved_share", "1", 0.0, 1.0, _TEXTS.say("estuary.moved_share"), default=0.0)
    return (
        *flows,
        Variable("sea_level_rise_m", "m", 0.0, 1.1, _TEXTS.say("estuary.sea_level_rise"), default=0.0),
        Variable("tide_factor", "1", 0.7, 1.1, _TEXTS.say("estuary.tide_factor"), default=1.0),
        Variable("temperature_deg_c", "degC", 4.0, 30.0, _TEXTS.say("estuary.temperature"), default=15.0),
        Variable("load_factor", "1", 0.0, 2.0, _TEXTS.say("estuary.load_factor"), default=1.0),
        Variable("deepening_m", "m", *deepening_bounds_m(site), dredging, default=0.0),
        *((moved,) if any(load.other_reach for load in site.load) else ()),
    )


def deepening_bounds_m(site: EstuarySite) -> tuple[float, float]:
    """Silting and dredging that may be asked [m]; no silting where it would leave too little, as in a bed over the sea."""
    depth_m = min(site.dredged_reach.depth_m)
    return max(DEEPENING_M[0], min(0.0, LEAST_DEPTH_M - depth_m)), DEEPENING_M[1]


def state_of(site: EstuarySite, inputs: Mapping[str, float]) -> EstuaryState:
    """What a query asks."""
    rivers = {river.name: inputs[flow_name(river.name)] for river in site.river}
    rest = {name: value for name, value in inputs.items() if not name.endswith("_m3_s")}
    return EstuaryState(rivers, **rest)


def parameters_of() -> tuple[Parameter, ...]:
    """What gauges can tell of the physics."""
    return (
        Parameter("friction_factor", "1", 0.7, 1.4, 1.0, _TEXTS.say("estuary.friction_factor")),
        Parameter("unsurveyed_depth_factor", "1", 0.8, 1.25, 1.0, _TEXTS.say("estuary.unsurveyed_depth_factor")),
    )


def observations_of(site: EstuarySite) -> tuple[Observations, ...]:
    """Levels that constituents make on the spring tide of the study: at gauges that were fitted to, and at the others."""
    names = tuple(site.gauge)
    told_at = spring_tide(site).high_water_s + 3600.0 * np.array(TIMES_H)
    measured: dict[str, list[Measurement]] = {"gauges_fitted": [], "gauges_not_fitted": []}
    for gauge in (gauge for gauge in names if gauge.station is not None):
        found = constants_of(site, gauge)
        turned = speeds_rad_s(found) * told_at[:, None] - np.radians(found.phases_deg)
        tide = (found.amplitudes_m * np.cos(turned)).sum(axis=1)
        rows = measured["gauges_fitted" if gauge.fitted else "gauges_not_fitted"]
        rows += [
            Measurement("tide", float(level), gauge.name, hour, GAUGE_SIGMA_M)
            for hour, level in zip(TIMES_H, tide, strict=True)
        ]
    source = "levels predicted from the constituents of the gauges"
    return tuple(Observations(name, rows, source) for name, rows in measured.items() if rows)


def estuary(site: EstuarySite) -> Study:
    """Build the study for a site.

    Parameters
    ----------
    site : EstuarySite

    Raises
    ------
    UnusableInputError
        If reaches do not join, a mouth has no tide, or there is no river and no gauge.
    """
    if not site.gauge or not site.river:
        missing = "gauge" if not site.gauge else "river"
        raise UnusableInputError(f"the site '{site.name or site.place}' has no [[{missing}]]; one at least is needed")
    variables = inputs_of(site)

    def physics(cell_m: float | None = None, cycles: int = SPIN_UP_CYCLES) -> Callable[..., Arrays]:
        def solve(**inputs: float) -> Arrays:
            asked = state_of(site, inputs)
            return told(site, asked, run_estuary(site, asked, cell_m, cycles))

        return solve

    def cheaper(name: str, label: Text, cell_m: float, cycles: int = SPIN_UP_CYCLES) -> Alternative:
        answer = physics(cell_m, cycles)
        return Alternative(name, "coarse_physics", answer=answer, each_row=True, uses_solver=True, label=label)

    solve = physics()
    return Study(
        name="estuary",
        title=_TEXTS.say("estuary.title"),
        inputs=variables,
        outputs=outputs_of(site),
        need=packaged_need(__package__, "estuary.need.toml"),
        solve=solve,
        finer=physics(0.5 * site.cell_m),
        coarser=physics(2.0 * site.cell_m),
        draw=lambda n, seed: draw(variables, n, seed),
        alternatives=(
            closed_forms(site, solve),
            cheaper("shorter_spin_up", _TEXTS.say("estuary.shorter_spin_up"), 2.0 * site.cell_m, SPIN_UP_CYCLES // 2),
            cheaper("coarser_grid", _TEXTS.say("estuary.coarser_grid"), 4.0 * site.cell_m),
        ),
        diagnostics=BALANCES,
        parameters=parameters_of(),
        observations=observations_of(site),
        n_runs=site.n_runs or N_RUNS,
        sources=(site.source,) if site.source else (),
        site=site.plain(),
        definition=definition_of(site),
        scenarios=tuple(Scenario(s.name, s.values, s.source, s.title) for s in site.scenario),
        notes=notes_of(site),
        cases=_TEXTS.say("estuary.cases"),
        judged_on=_TEXTS.say("estuary.judged_on"),
    )


def definition_of(site: EstuarySite) -> str:
    """Hash of all that fixes the answers: the settings, and the tides that they name."""
    tides = []
    for mouth in site.mouth:
        found = constants_of(site, mouth)
        tides.append([*found.names, *found.amplitudes_m.tolist(), *found.phases_deg.tolist()])
    plain = {name: value for name, value in site.plain().items() if name != "constituents"}
    return hashlib.sha256(json.dumps([plain, tides], sort_keys=True).encode()).hexdigest()


def notes_of(site: EstuarySite) -> tuple[Text, ...]:
    """Which reaches nobody has surveyed, and where no gauge stands."""
    unsurveyed = [reach.name for reach in site.reach if reach.origin in ("fitted", "assumed")]
    gauged = {gauge.reach for gauge in site.gauge if gauge.station is not None}
    bare = [reach.name for reach in site.reach if reach.name not in gauged]
    notes = [_TEXTS.say("estuary.note_model")]
    if site.name not in SHIPPED:  # swapped, longitude and latitude would pass every other check
        longitude, latitude = site.reach[0].line[0]
        told = {"latitude": decimals(f"{latitude:.2f}"), "longitude": decimals(f"{longitude:.2f}")}
        notes.append(_TEXTS.say("estuary.note_place", **told))
    if unsurveyed:
        notes.append(_TEXTS.say("estuary.note_unsurveyed", names=", ".join(unsurveyed)))
    if bare:
        notes.append(_TEXTS.say("estuary.note_no_gauge", names=", ".join(bare)))
    return tuple(notes)
