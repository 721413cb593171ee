"""`roof_shading`: what shading leaves of the yield of a roof, where only a coarse surface model exists.

Truth is the hourly physics of the roof with its horizon in 72 azimuths over a fine surface model. The candidates see the
roof's plane, and what a surface with cells several times as wide shows: its horizon in few sectors, the ratio that the same
physics gives behind that horizon, and the relief around. The full physics needs the fine surface, which whoever asks does
not have.
"""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np

from frugal.errors import UnusableInputError
from frugal.experiments.needs.file import packaged_need
from frugal.experiments.study import Arrays, Output, Study, Variable
from frugal.experiments.study.design import Design, held_out_count, split_by_place
from frugal.reporting.told_in_french import note_in_both
from frugal.studies.solar.roof_shading import coarse_view as coarse
from frugal.studies.solar.roof_shading.alternatives import alternatives
from frugal.studies.solar.roof_shading.shading_ratio import shading_ratios
from frugal.studies.solar.roof_shading.site import RoofShadingSite, ShadingTerritory
from frugal.studies.solar.roof_yield.site import toward_sectors
from frugal.studies.solar.roofs.roof_catalogue import notes_on_units
from frugal.texts import room_texts

_TEXTS = room_texts("frugal.studies.solar")

#: Sectors of the coarse horizon that the candidates see.
N_SECTORS = 12


_HORIZON = _TEXTS.say("roof_shading.horizon", direction="{direction}")
#: The reference case is a roof of 30° to the south that obstacles of 10° surround, seen on cells of 2 m.
_INPUTS = (
    Variable("tilt_deg", "deg", 0.0, 60.0, _TEXTS.say("roof_shading.tilt_deg"), default=30.0),
    Variable("azimuth_deg", "deg", 0.0, 360.0, _TEXTS.say("roof_shading.azimuth_deg"), default=180.0, period=360.0),
    Variable("horizon_deg", "deg", 0.0, 85.0, _HORIZON, default=10.0, **toward_sectors(N_SECTORS)),
    Variable("coarse_yearly_ratio", "1", 0.0, 1.0, _TEXTS.say("roof_shading.coarse_yearly_ratio"), default=0.97),
    Variable("coarse_winter_ratio", "1", 0.0, 1.0, _TEXTS.say("roof_shading.coarse_winter_ratio"), default=0.95),
    Variable("cell_size_m", "m", 0.5, 12.5, _TEXTS.say("roof_shading.cell_size_m"), default=2.0),
    Variable(
        "relief_within_m",
        "m",
        *coarse.RELIEF_BOUNDS_M,
        _TEXTS.say("roof_shading.relief", reach="{reach}"),
        default=2.0,
        dims=("reach",),
        coords={"reach": coarse.RELIEF_M},
    ),
    Variable(
        "roughness_within_m",
        "m",
        *coarse.ROUGHNESS_BOUNDS_M,
        _TEXTS.say("roof_shading.roughness", reach="{reach}"),
        default=2.0,
        dims=("reach",),
        coords={"reach": coarse.ROUGHNESS_M},
    ),
    Variable(
        f"highest_within_{coarse.HIGHEST_M}m",
        "m",
        *coarse.HIGHEST_BOUNDS_M,
        _TEXTS.say("roof_shading.highest", reach=coarse.HIGHEST_M),
        default=4.0,
    ),
    *(
        Variable(
            f"rise_{toward}",
            "m",
            *coarse.RISE_BOUNDS_M,
            _TEXTS.say("roof_shading.rise", direction=_TEXTS.say(f"direction.{toward}")),
            default=0.0,
        )
        for toward in coarse.AROUND
    ),
)
_OUTPUTS = (
    Output("yearly_ratio", "1", label=_TEXTS.say("roof_shading.yearly_ratio"), low=0.0, high=1.0),
    Output("winter_ratio", "1", label=_TEXTS.say("roof_shading.winter_ratio"), low=0.0, high=1.0),
)


def roof_shading(site: RoofShadingSite) -> Study:
    """Build the study for a site.

    Parameters
    ----------
    site : RoofShadingSite

    Raises
    ------
    UnusableInputError
        If the weather or a surface model cannot be used, or one is both learnt from and judged on.
    """
    territory = ShadingTerritory(site, N_SECTORS)

    def solve(tilt_deg: float, azimuth_deg: float, horizon_deg: np.ndarray, **_seen_coarsely: Any) -> Arrays:
        tilt, azimuth, horizon = np.array([tilt_deg]), np.array([azimuth_deg]), np.atleast_2d(horizon_deg)
        yearly, winter = shading_ratios(territory.year, tilt, azimuth, horizon, territory.transposition)[0]
        return {"yearly_ratio": yearly, "winter_ratio": winter}

    def truth(object_id: int, **inputs: Any) -> Arrays:
        return solve(**{**inputs, "horizon_deg": territory.roofs.horizon_deg[object_id]})

    return Study(
        name="roof_shading",
        title=_TEXTS.say("roof_shading.title"),
        inputs=_INPUTS,
        outputs=_OUTPUTS,
        need=packaged_need(__package__),
        solve=solve,
        truth=truth,
        draw=partial(draw, territory),
        alternatives=alternatives(territory),
        n_runs=4000,
        sources=(
            territory.weather.source,
            *territory.weather.notes,
            territory.weather.attribution,
            *(surface.source for surface in (*territory.surfaces, *territory.test_surfaces)),
        ),
        site=site.plain(),
        definition=territory.definition(),
        notes=(
            *notes_on_units((*territory.surfaces, *territory.test_surfaces)),
            *map(note_in_both, territory.weather.notes),
        ),
        cases=_TEXTS.say("roofs.cases"),
        judged_on=_TEXTS.say(f"roofs.judged_on.{territory.origin}"),
        missing_data=territory.fine_surface(),
    )


def draw(territory: ShadingTerritory, n: int, seed: int) -> Design:
    """Roofs to learn from and roofs to be judged on, of other surface models or else of other tiles.

    There are at most ``n``, fewer where the surface models show fewer roofs: a roof drawn twice would tell nothing.

    Parameters
    ----------
    territory : ShadingTerritory
    n : int
        Rows wanted, of which a quarter is to judge on.
    seed : int
        Same seed, same roofs.

    Returns
    -------
    Design
        Its objects are numbers of roofs of the territory.

    Raises
    ------
    UnusableInputError
        If the roofs cannot be split by place.
    """
    roofs = territory.roofs
    order = np.random.default_rng(seed).permutation(len(roofs))
    if not roofs.tested.any():
        order = order[:n]
        held_out = split_by_place(roofs.places[order], seed)
    else:
        n_judging = held_out_count(n)
        judging = order[roofs.tested[order]][:n_judging]
        learning = order[~roofs.tested[order]][: n - n_judging]
        order = np.concatenate([learning, judging])
        held_out = roofs.tested[order]
    if held_out.all() or not held_out.any():
        raise UnusableInputError(f"the {len(roofs)} roofs of the surface models cannot be split by place")
    return Design(roofs.seen[order], held_out, order.astype(np.int64), roofs.places[order])
