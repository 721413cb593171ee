"""`roof_yield`: what a roof can produce, month by month, from its plane and the horizon it sees.

Truth is the hourly physics of the roof with its horizon in 72 azimuths. The candidates see that horizon reduced to
`N_SECTORS` elevations; what the reduction loses is part of their error.
"""

from __future__ import annotations

import numpy as np

from frugal.errors import UnusableInputError
from frugal.experiments.designs.sampling import sobol
from frugal.experiments.study import Arrays, CallPattern, Need, Output, Study, Tolerance, Variable
from frugal.experiments.study.design import Design, split_by_place
from frugal.studies.solar.roof_yield.alternatives import MOUNTINGS, Columns, alternatives, named, physics
from frugal.studies.solar.roof_yield.site import RoofYieldSite, SolarTerritory, sector_horizon

#: Sectors of horizon that the candidates see; ``benchmarks/roof_sectors.py`` shows how the error falls with their number.
N_SECTORS = 36

MONTHS = (
    "January", "February", "March", "April", "May", "June",
    "July", "August", "September", "October", "November", "December",
)  # fmt: skip

NEED = Need(
    functional_unit={
        "en": "the yearly and monthly yield of one roof",
        "fr": "la production d'un toit, sur l'année et par mois",
    },
    tolerances={"yearly_yield": Tolerance("nrmse", 0.02), "monthly_yield": Tolerance("nrmse", 0.05)},
    queries=(400_000.0, 4_000_000.0),
    service_life_years=5.0,
    call_patterns=(
        CallPattern(
            "one roof on a phone",
            needs_graph=True,
            target="phone",
            max_bytes=5_000_000,
            max_latency_s=0.2,
            label={"en": "one roof on a phone", "fr": "un toit sur un téléphone"},
        ),
        CallPattern(
            "400,000 roofs in a batch",
            rows=10_000,
            label={"en": "400,000 roofs in a batch", "fr": "400 000 toits en série"},
        ),
    ),
    use={
        "en": "The owner of a roof sees what it can produce; the département sees where to begin.",
        "fr": "Le propriétaire d'un toit voit ce qu'il peut produire ; le département voit par où commencer.",
    },
    decided_by={
        "en": "the owner of the roof, on whether to ask an installer for an offer",
        "fr": "le propriétaire du toit : demander ou non un devis à un installateur",
    },
    replaces={
        "en": "a visit, an estimate by hand, or no answer at all",
        "fr": "une visite, une estimation à la main, ou aucune réponse",
    },
    queries_per_journey=10.0,
    beneficiaries=400_000.0,
    declared_on="2026-11-25",
    reason={
        "en": "Weather makes the yield of a roof vary by several per cent from year to year: 2 % a year and 5 % a month do "
        "not change the decision to install. A département has about 400,000 roofs; each is asked for once to ten times "
        "in five years.",
        "fr": "La météo fait varier la production d'un toit de plusieurs pour cent d'une année à l'autre : 2 % sur l'année et "
        "5 % par mois ne changent pas la décision d'équiper. Un département compte environ 400 000 toits, chacun "
        "interrogé une à dix fois en cinq ans.",
    },
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

    def solve(inputs: np.ndarray) -> Arrays:
        columns = Columns(inputs[None], N_SECTORS)
        return named(physics(territory.year, columns, columns.horizon_deg, territory.transposition)[0])

    def truth(inputs: np.ndarray, object_id: int) -> Arrays:
        columns = Columns(inputs[None], N_SECTORS)
        horizon = territory.roofs.horizon_deg[object_id : object_id + 1]
        return named(physics(territory.year, columns, horizon, territory.transposition)[0])

    return Study(
        name="roof_yield",
        title={"en": "What can this roof produce?", "fr": "Que peut produire ce toit ?"},
        inputs=_inputs(),
        outputs=_outputs(),
        need=NEED,
        solve=solve,
        truth=truth,
        draw=lambda n, seed: draw(territory, n, seed),
        alternatives=alternatives(territory, N_SECTORS),
        n_runs=768,
        sources=(
            territory.weather.source,
            territory.weather.attribution,
            *(surface.source for surface in territory.surfaces),
        ),
        site=site.plain(),
        definition=territory.definition(),
    )


def draw(territory: SolarTerritory, n: int, seed: int) -> Design:
    """Roofs of the territory with what is installed on them; whole tiles are held out.

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
    order = np.concatenate([rng.permutation(len(roofs)) for _ in range(-(-n // len(roofs)))])[:n]
    inputs = np.empty((n, N_SECTORS + 5))
    inputs[:, 0] = roofs.tilt_deg[order]
    inputs[:, 1] = roofs.azimuth_deg[order]
    inputs[:, 2:-3] = sector_horizon(roofs.horizon_deg[order], N_SECTORS)
    inputs[:, -3:] = sobol(_inputs()[-3:], n, seed)
    places = roofs.places[order]
    return Design(inputs, split_by_place(places, seed), order.astype(np.int64), places)


def _inputs() -> tuple[Variable, ...]:
    step = 360 // N_SECTORS
    horizon = tuple(
        Variable(
            f"horizon_{step * k:03d}_deg",
            "deg",
            0.0,
            85.0,
            label={"en": f"Elevation of obstacles toward {step * k}°", "fr": f"Hauteur des obstacles vers {step * k}°"},
            default=0.0,
        )
        for k in range(N_SECTORS)
    )
    return (
        Variable("tilt_deg", "deg", 0.0, 60.0, label={"en": "Tilt", "fr": "Inclinaison"}),
        Variable(
            "azimuth_deg",
            "deg",
            0.0,
            360.0,
            label={"en": "Azimuth (0 = north, clockwise)", "fr": "Azimut (0 = nord, sens horaire)"},
            period=360.0,
        ),
        *horizon,
        Variable("albedo", "1", 0.1, 0.4, label={"en": "Ground reflectance", "fr": "Albédo du sol"}, default=0.2),
        Variable(
            "dc_ac_ratio",
            "1",
            0.9,
            1.5,
            label={"en": "Module power over inverter power", "fr": "Puissance des modules sur celle de l'onduleur"},
            default=1.15,
        ),
        Variable(
            "mounting",
            "1",
            0.0,
            len(MOUNTINGS) - 1.0,
            label={"en": "Mounting", "fr": "Pose"},
            default=1.0,
            choices=tuple(MOUNTINGS),
        ),
    )


def _outputs() -> tuple[Output, ...]:
    return (
        Output(
            "monthly_yield",
            "kWh/kW",
            ("month",),
            {"month": MONTHS},
            label={"en": "Monthly yield per kWp", "fr": "Production mensuelle par kWc"},
            low=0.0,
        ),
        Output(
            "yearly_yield", "kWh/kW", label={"en": "Yearly yield per kWp", "fr": "Production annuelle par kWc"}, low=0.0
        ),
        Output("shading_loss", "1", label={"en": "Share lost to shading", "fr": "Part perdue par l'ombrage"}, low=0.0),
    )
