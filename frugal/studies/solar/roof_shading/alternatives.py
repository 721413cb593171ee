"""Ways to answer `roof_shading` without AI: no shading, the sky seen, physics on the coarse surface, as it is and corrected."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

import numpy as np

from frugal.experiments.study import Alternative, Arrays
from frugal.physics.solar.array_planes import ArrayPlanes, monthly_yields, open_sky_factors
from frugal.studies.solar.roof_shading.shading_ratio import WHOLE_AND_WINTER, shading_ratios
from frugal.studies.solar.roof_shading.site import ShadingTerritory
from frugal.studies.solar.roof_yield.alternatives import PLANT, REFERENCE
from frugal.texts import room_texts

_TEXTS = room_texts("frugal.studies.solar")


def alternatives(territory: ShadingTerritory) -> tuple[Alternative, ...]:
    """Everything that answers without AI, from the cheapest up."""

    def alternative(name: str, kind: Any, **answer: Any) -> Alternative:
        label = _TEXTS.say(f"roof_shading.{name}", n=territory.n_sectors)
        return Alternative(name, kind, uses_solver=kind == "coarse_physics", label=label, **answer)

    return (
        alternative("no_shading", "formula", answer=_no_shading),
        alternative("sky_view", "formula", make=_sky_view),
        alternative("coarse_surface", "coarse_physics", answer=_coarse_surface),
        alternative("coarse_surface_corrected", "coarse_physics", fit=_corrected),
        alternative(
            "sector_year",
            "coarse_physics",
            answer=partial(_sector_year, territory=territory),
            program=partial(_sector_program, territory=territory),
        ),
    )


def _no_shading(xp: Any, tilt_deg: Any) -> Arrays:
    whole = xp.ones_like(tilt_deg)
    return {"yearly_ratio": whole, "winter_ratio": whole}


def _sky_view() -> Any:
    """The isotropic sky that comes through the glass above the horizon, over that before an open one."""
    open_sky = open_sky_factors()

    def answer(xp: Any, tilt_deg: Any, azimuth_deg: Any, horizon_deg: Any) -> Arrays:
        planes = ArrayPlanes(xp, tilt_deg, azimuth_deg, horizon_deg)
        share = xp.minimum(planes.sky_factor() / planes.of_tilt(open_sky), 1.0)[:, 0]
        return {"yearly_ratio": share, "winter_ratio": share}

    return answer


def _coarse_surface(xp: Any, coarse_yearly_ratio: Any, coarse_winter_ratio: Any) -> Arrays:
    """The ratio that came with the roof: the physics on the coarse surface is part of what is known of it."""
    return {"yearly_ratio": coarse_yearly_ratio, "winter_ratio": coarse_winter_ratio}


def _corrected(inputs: Mapping[str, np.ndarray], outputs: Mapping[str, np.ndarray]) -> Any:
    """A straight line by least squares from the coarse ratio to the true one, for the year and the winter apart."""
    lines = {
        part: np.polyfit(inputs[f"coarse_{part}_ratio"], outputs[f"{part}_ratio"], 1) for part in ("yearly", "winter")
    }

    def answer(xp: Any, **ratios: Any) -> Arrays:
        return {
            f"{part}_ratio": xp.clip(ratios[f"coarse_{part}_ratio"] * float(slope) + float(intercept), 0.0, 1.0)
            for part, (slope, intercept) in lines.items()
        }

    return answer


def _sector_year(xp: Any, tilt_deg: Any, azimuth_deg: Any, horizon_deg: Any, *, territory: ShadingTerritory) -> Arrays:
    """The physics from the sectors alone, for who has a horizon and no ratio."""
    installed = {name: xp.full_like(tilt_deg, value) for name, value in REFERENCE.items()}
    nothing = xp.zeros_like(tilt_deg)[:, None]
    shaded, unshaded = (
        monthly_yields(
            ArrayPlanes(xp, tilt_deg, azimuth_deg, horizon), territory.year, PLANT, territory.transposition, **installed
        )[0]
        for horizon in (horizon_deg, nothing)
    )
    summed = np.zeros((12, len(WHOLE_AND_WINTER)))
    for column, months in enumerate(WHOLE_AND_WINTER):
        summed[list(months), column] = 1.0
    ratio = xp.clip((shaded @ summed) / (unshaded @ summed), 0.0, 1.0)
    return {"yearly_ratio": ratio[:, 0], "winter_ratio": ratio[:, 1]}


def _sector_program(tilt_deg: Any, azimuth_deg: Any, horizon_deg: Any, *, territory: ShadingTerritory) -> Arrays:
    ratios = shading_ratios(territory.year, tilt_deg, azimuth_deg, horizon_deg, territory.transposition)
    return {"yearly_ratio": ratios[:, 0], "winter_ratio": ratios[:, 1]}
