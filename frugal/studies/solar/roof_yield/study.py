"""`roof_yield`: what a roof can produce, month by month, from its plane and the horizon it sees.

Truth is the hourly physics of the roof with its horizon in 72 azimuths. The candidates see that horizon reduced to
`N_SECTORS` elevations; what the reduction loses is part of their error.
"""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np

from frugal.errors import UnusableInputError
from frugal.experiments.designs.sampling import sobol
from frugal.experiments.needs.file import packaged_need
from frugal.experiments.study import Arrays, Output, Study, Variable
from frugal.experiments.study.design import Design, held_out_count, split_by_place
from frugal.experiments.study.input_layout import InputLayout
from frugal.reporting.told_in_french import note_in_both
from frugal.studies.solar.roof_yield.alternatives import MOUNTINGS, alternatives, physics
from frugal.studies.solar.roof_yield.site import (
    N_TEST_VILLAGES,
    ROOFS_PER_TEST_VILLAGE,
    RoofYieldSite,
    SolarTerritory,
    sector_horizon,
    toward_sectors,
)
from frugal.studies.solar.roofs.roof_catalogue import notes_on_units
from frugal.studies.solar.roofs.roof_sample import joined
from frugal.texts import room_texts

_TEXTS = room_texts("frugal.studies.solar")

#: Share of the runs that candidates are judged on, where villages are generated for it: a run takes less than a millisecond,
#: and of 512 in 32 villages the upper bound of an error is about a tenth above it. Of fewer runs there are fewer villages.
JUDGED_SHARE, FEWEST_PER_VILLAGE, FEWEST_VILLAGES = 0.5, 6, 8

#: Sectors of horizon that the candidates see; ``benchmarks/roof_sectors.py`` shows how the error falls with their number.
N_SECTORS = 36

MONTHS = (
    "January", "February", "March", "April", "May", "June",
    "July", "August", "September", "October", "November", "December",
)  # fmt: skip


_INSTALLED = (
    Variable("albedo", "1", 0.1, 0.4, _TEXTS.say("roof_yield.albedo"), default=0.2),
    Variable("dc_ac_ratio", "1", 0.9, 1.5, _TEXTS.say("roof_yield.dc_ac_ratio"), default=1.15),
    Variable("mounting", "1", 0, 2, _TEXTS.say("roof_yield.mounting"), default=1.0, choices=tuple(MOUNTINGS)),
)
_HORIZON = _TEXTS.say("roof_yield.horizon", direction="{direction}")
_INPUTS = (
    Variable("tilt_deg", "deg", 0.0, 60.0, _TEXTS.say("roof_yield.tilt_deg"), default=30.0),
    Variable("azimuth_deg", "deg", 0.0, 360.0, _TEXTS.say("roof_yield.azimuth_deg"), default=180.0, period=360.0),
    Variable("horizon_deg", "deg", 0.0, 85.0, _HORIZON, default=0.0, **toward_sectors(N_SECTORS)),
    *_INSTALLED,
)
_OUTPUTS = (
    Output("monthly_yield", "kWh/kW", ("month",), {"month": MONTHS}, _TEXTS.say("roof_yield.monthly_yield"), low=0.0),
    Output("yearly_yield", "kWh/kW", label=_TEXTS.say("roof_yield.yearly_yield"), low=0.0),
    Output("shading_loss", "1", label=_TEXTS.say("roof_yield.shading_loss"), low=0.0),
)


def roof_yield(site: RoofYieldSite) -> Study:
    """Build the study for a site.

    Parameters
    ----------
    site : RoofYieldSite

    Raises
    ------
    UnusableInputError
        If the weather or a surface model cannot be used, or shows too few roofs.
    """
    territory = SolarTerritory(site)

    def solve(**inputs: Any) -> Arrays:
        return physics(territory.year, territory.transposition, **inputs)

    def truth(object_id: int, **inputs: Any) -> Arrays:
        return solve(**{**inputs, "horizon_deg": territory.horizon_of(object_id)})

    return Study(
        name="roof_yield",
        title=_TEXTS.say("roof_yield.title"),
        inputs=_INPUTS,
        outputs=_OUTPUTS,
        need=packaged_need(__package__),
        solve=solve,
        truth=truth,
        draw=partial(draw, territory),
        alternatives=alternatives(territory, N_SECTORS),
        n_runs=1024,
        sources=(
            territory.weather.source,
            territory.weather.attribution,
            *territory.weather.notes,
            *(surface.source for surface in territory.surfaces),
        ),
        site=site.plain(),
        definition=territory.definition(),
        notes=(*notes_on_units(territory.surfaces), *map(note_in_both, territory.weather.notes)),
        cases=_TEXTS.say("roofs.cases"),
        judged_on=_TEXTS.say(f"roofs.judged_on.{territory.origin}"),
    )


def draw(territory: SolarTerritory, n: int, seed: int) -> Design:
    """Roofs of the territory with what is installed on them; held out are villages that nothing is learnt from, or whole tiles.

    Parameters
    ----------
    territory : SolarTerritory
    n : int
        Rows; roofs come again, with another installation, where there are fewer.
    seed : int
        Same seed, same rows.

    Returns
    -------
    Design
        Its objects are numbers of roofs of the territory.

    Raises
    ------
    UnusableInputError
        If more than twenty times as many are wanted as there are roofs.
    """
    roofs = territory.roofs
    if n > 20 * len(roofs):
        raise UnusableInputError(f"{n} runs are asked for, but the surface models show only {len(roofs)} roofs")
    rng = np.random.default_rng(seed)
    if territory.site.dsm:
        order = _again(rng, np.arange(len(roofs)), n)
        found, held_out = roofs.take(order), split_by_place(roofs.places[order], seed)
    else:
        n_judging = max(round(JUDGED_SHARE * n), held_out_count(n))
        learning = _again(rng, np.arange(len(roofs)), n - n_judging)
        villages, judging = _in_turn(territory, rng, n_judging)
        order = np.concatenate([learning, len(roofs) + villages * ROOFS_PER_TEST_VILLAGE + judging])
        parts = [territory.test_roofs(int(v)).take(np.array([k])) for v, k in zip(villages, judging, strict=True)]
        found, held_out = joined([roofs.take(learning), *parts]), np.arange(n) >= n - n_judging
    inputs = {
        "tilt_deg": found.tilt_deg,
        "azimuth_deg": found.azimuth_deg,
        "horizon_deg": sector_horizon(found.horizon_deg, N_SECTORS),
        **InputLayout(_INSTALLED).columns_by_name(sobol(_INSTALLED, n, seed)),
    }
    return Design(InputLayout(_INPUTS).rows(inputs), held_out, order.astype(np.int64), found.places)


def _again(rng: np.random.Generator, roofs: np.ndarray, n: int) -> np.ndarray:
    """So many of some roofs in random order; each comes again when all have been taken."""
    return np.concatenate([rng.permutation(roofs) for _ in range(-(-n // len(roofs)))])[:n]


def _in_turn(territory: SolarTerritory, rng: np.random.Generator, n: int) -> tuple[np.ndarray, np.ndarray]:
    """Numbers of villages to judge on and of a roof in each ``[n]``: a roof of every village before the second of any."""
    chosen = rng.permutation(N_TEST_VILLAGES)[: max(n // FEWEST_PER_VILLAGE, FEWEST_VILLAGES)]
    each = -(-n // len(chosen))
    villages = np.tile(chosen, each)
    roofs = np.stack([_again(rng, np.arange(len(territory.test_roofs(int(v)))), each) for v in chosen], axis=1)
    return villages[:n], roofs.ravel()[:n]
