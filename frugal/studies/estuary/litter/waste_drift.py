"""`waste_drift`: where litter that falls into an estuary strands, and when it reaches the sea.

One query is one release: its place, the hour of the tide, the coefficient of the tide, the flow of the rivers and the wind.
Truth is some thousand particles in the currents of the Saint-Venant network (`currents`), with a fixed seed. Tide, flow
and wind stay as they are for as long as litter is followed.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from frugal.errors import UnusableInputError
from frugal.experiments.needs.file import packaged_need
from frugal.experiments.study import Diagnostic, Output, Parameter, Points, Scenario, Study, Summaries, Variable
from frugal.formats.files.digests import sha256_of
from frugal.studies.estuary.drawing import draw
from frugal.studies.estuary.litter.alternatives import straight_to_sea, with_fewer, with_matrix
from frugal.studies.estuary.litter.currents import TIDE_S
from frugal.studies.estuary.litter.drifting import Drifting
from frugal.studies.estuary.litter.sectors import places_of
from frugal.studies.estuary.litter.site import WasteSite
from frugal.studies.estuary.place.from_site import along
from frugal.texts import room_texts

_TEXTS = room_texts("frugal.studies.estuary")

#: Strongest wind that is asked for [m/s].
_MOST_WIND = 15.0
N_RUNS = 256
_TIDE_H = round(TIDE_S / 3600.0, 2)

_SOURCES = (
    "currents: frugal.physics.estuary (Saint-Venant on a network), the sections of the site",
    "particles: frugal.physics.drift; Visser 1997, Marine Ecology Progress Series 158, 275",
    "coefficient of the tide: SHOM, 100 x range at Brest / 6.10 m",
    "windage: Ruiz et al. 2022, Ocean Science 18, 1703 (0 % for 90 % of the pieces by number, 4 % for bottles)",
    "beaching: Chen et al. 2022, doi:10.1016/j.marpolbul.2022.113793 (half of the drifters aground within two tides)",
    "resuspension: Tramoy et al. 2020, Marine Pollution Bulletin 160, 111566 (stranded for hours or weeks, several times)",
    "mixing: Fischer et al. 1979, Mixing in Inland and Coastal Waters (0.6 depth x shear velocity across)",
)


def parameters() -> tuple[Parameter, ...]:
    """What is published of litter, with its spread as bounds."""
    return tuple(
        Parameter(name, unit, low, high, default, label)
        for name, unit, low, high, default, label in (
            ("windage", "1", 0.0, 0.1, 0.04, _TEXTS.say("waste_drift.windage")),
            ("beaching_hours", "hour", 1.0, 600.0, 24.0, _TEXTS.say("waste_drift.beaching_hours")),
            ("resuspension_days", "day", 0.1, 300.0, 2.0, _TEXTS.say("waste_drift.resuspension_days")),
            ("mixing_along", "m^2/s", 1.0, 1000.0, 100.0, _TEXTS.say("waste_drift.mixing_along")),
            ("mixing_across", "m^2/s", 0.01, 10.0, 0.2, _TEXTS.say("waste_drift.mixing_across")),
        )
    )


def inputs_of(site: WasteSite) -> tuple[Variable, ...]:
    """Inputs of the study, with the bounds of the site.

    Parameters
    ----------
    site : WasteSite
    """
    least, most = (sum(river.flow_m3_s[k] for river in site.river) for k in range(2))
    mean = sum(river.mean_flow_m3_s for river in site.river)
    return (
        Variable(
            "release_km",
            "km",
            *site.released_km,
            _TEXTS.say("waste_drift.release_km", reaches=", ".join(reach.name for reach in site.way)),
            default=round(site.usual_km, 1),
        ),
        Variable("hour", "hour", 0.0, _TIDE_H, _TEXTS.say("waste_drift.hour"), default=0.0, period=_TIDE_H),
        Variable("coefficient", "1", 20.0, 120.0, _TEXTS.say("waste_drift.coefficient"), default=70.0),
        Variable(
            "flow_m3_s", "m^3/s", least, most, _TEXTS.say("waste_drift.flow_m3_s"), default=min(max(mean, least), most)
        ),
        Variable("wind", "m/s", 0.0, _MOST_WIND, _TEXTS.say("waste_drift.wind"), default=5.0),
        Variable("wind_from", "deg", 0.0, 360.0, _TEXTS.say("waste_drift.wind_from"), default=270.0, period=360.0),
    )


def outputs_of(drifting: Drifting) -> tuple[Output, ...]:
    """Outputs of the study.

    Parameters
    ----------
    drifting : Drifting
    """
    site, sectors = drifting.site, drifting.sectors
    middles = [0.0005 * (begin + end) for begin, end in zip(sectors.begin_m, sectors.end_m, strict=True)]
    widths = [
        float(along(site.reach[reach], site.reach[reach].width_m, np.array([km]), geometric=True)[0])
        for reach, km in zip(sectors.reach, middles, strict=True)
    ]
    longitudes, latitudes = places_of(sectors, site, np.array(widths))
    days = site.days
    return (
        Output(
            "stranded",
            "1",
            label=_TEXTS.say("waste_drift.stranded", days=f"{days:g}"),
            low=0.0,
            high=1.0,
            geometry=Points("EPSG:4326", longitudes, latitudes, sectors.names),
        ),
        Output(
            "at_sea", "1", ("day",), {"day": list(drifting.days)}, _TEXTS.say("waste_drift.at_sea"), low=0.0, high=1.0
        ),
        Output("days_to_sea", "day", label=_TEXTS.say("waste_drift.days_to_sea", days=f"{days:g}"), low=0.0, high=days),
    )


def _summaries(inputs: tuple[Variable, ...]) -> Summaries:
    """The wind by its parts towards east and north, so that none is the same from wherever it comes."""
    release, hour, coefficient, flow, wind, _ = inputs
    parts = tuple(
        Variable(name, "m/s", -wind.high, wind.high, label)
        for name, label in (
            ("wind_east", _TEXTS.say("waste_drift.wind_east")),
            ("wind_north", _TEXTS.say("waste_drift.wind_north")),
        )
    )

    def compute(
        xp: Any, release_km: Any, hour: Any, coefficient: Any, flow_m3_s: Any, wind: Any, wind_from: Any
    ) -> dict[str, Any]:
        toward = xp.radians(wind_from)
        return {
            "release_km": release_km,
            "hour": hour,
            "coefficient": coefficient,
            "flow_m3_s": flow_m3_s,
            "wind_east": -wind * xp.sin(toward),
            "wind_north": -wind * xp.cos(toward),
        }

    return Summaries((release, hour, coefficient, flow, *parts), compute)


def scenarios_of(site: WasteSite) -> tuple[Scenario, ...]:
    """Named releases at the usual place of a site; winds are assumed.

    Parameters
    ----------
    site : WasteSite
    """
    shom = "coefficient of a mean {} tide: SHOM; wind assumed"
    every: list[Scenario] = [
        Scenario(
            "neap_west_wind",
            {"coefficient": 45.0, "wind": 8.0, "wind_from": 270.0},
            shom.format("neap"),
            _TEXTS.say("waste_drift.neap_west_wind"),
        ),
        Scenario(
            "spring_calm",
            {"coefficient": 95.0, "wind": 0.0},
            shom.format("spring"),
            _TEXTS.say("waste_drift.spring_calm"),
        ),
    ]
    if site.place == "gironde" and {river.name for river in site.river} == {"garonne", "dordogne"}:
        flows = (
            "summer and winter flow 2005-2014: Jalon-Rojas et al. 2015, Hydrology and Earth System Sciences 19, 2805"
        )
        every += [
            Scenario(
                "summer_neap_west_wind",
                {"flow_m3_s": 295.0, "coefficient": 45.0, "wind": 8.0, "wind_from": 270.0},
                flows,
                _TEXTS.say("waste_drift.summer_neap_west_wind"),
            ),
            Scenario(
                "winter_spring_east_wind",
                {"flow_m3_s": 1100.0, "coefficient": 95.0, "wind": 8.0, "wind_from": 90.0},
                flows,
                _TEXTS.say("waste_drift.winter_spring_east_wind"),
            ),
        ]
    return tuple(every)


def waste_drift(site: WasteSite) -> Study:
    """Build the study for an estuary.

    Parameters
    ----------
    site : WasteSite

    Raises
    ------
    UnusableInputError
        If no river enters the estuary.
    """
    if not site.river:
        raise UnusableInputError(f"the site '{site.name}' has no [[river]]; one at least is needed")
    drifting = Drifting(site, particles=site.particles)
    inputs = inputs_of(site)
    return Study(
        name="waste_drift",
        title=_TEXTS.say("waste_drift.title"),
        inputs=inputs,
        outputs=outputs_of(drifting),
        need=packaged_need(__package__, "waste_drift.need.toml"),
        solve=drifting.answer,
        draw=lambda n, seed: draw(inputs, n, seed),
        finer=Drifting(site, 0.5, site.particles).answer,
        coarser=Drifting(site, 2.0, site.particles).answer,
        alternatives=(straight_to_sea(drifting), with_fewer(drifting), with_matrix(drifting)),
        n_runs=site.n_runs or N_RUNS,
        sources=(*((site.source,) if site.source else ()), *_SOURCES),
        site=site.plain(),
        definition="" if site.constituents is None else sha256_of(site.constituents),
        summaries=_summaries(inputs),
        diagnostics=(
            Diagnostic("afloat", "1", _TEXTS.say("waste_drift.afloat")),
            Diagnostic("not_repeated", "m", _TEXTS.say("waste_drift.not_repeated")),
            Diagnostic("not_continuous", "1", _TEXTS.say("waste_drift.not_continuous")),
            Diagnostic("water_imbalance", "1", _TEXTS.say("waste_drift.water_imbalance")),
        ),
        parameters=parameters(),
        scenarios=scenarios_of(site),
        cases=_TEXTS.say("waste_drift.cases"),
        judged_on=_TEXTS.say("waste_drift.judged_on"),
    )
