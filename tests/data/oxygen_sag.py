"""Lowest dissolved oxygen below a waste-water outfall (Streeter and Phelps 1925), for `frugal train --study`."""

import numpy as np

from frugal.experiments.study import CallPattern, Need, Output, Study, Tolerance, Variable, formula


def oxygen(x: np.ndarray) -> dict[str, float]:
    """March load and oxygen deficit downstream for twenty days, in steps of one minute, and keep the lowest oxygen."""
    load, deficit, decay, reaeration, saturation = x
    lowest, step = saturation - deficit, 1.0 / 1440.0
    for _ in range(20 * 1440):
        load, deficit = load - step * decay * load, deficit + step * (decay * load - reaeration * deficit)
        lowest = min(lowest, saturation - deficit)
    return {"lowest_oxygen_mg_l": max(lowest, 0.0)}


def closed_form(x: np.ndarray) -> dict[str, np.ndarray]:
    """The published solution at the critical time."""
    load, deficit, decay, reaeration, saturation = x.T
    gap = reaeration - decay
    time = np.log(np.maximum(reaeration / decay * (1 - deficit * gap / (decay * load)), 1.0)) / gap
    sag = decay * load / gap * (np.exp(-decay * time) - np.exp(-reaeration * time)) + deficit * np.exp(
        -reaeration * time
    )
    return {"lowest_oxygen_mg_l": np.maximum(saturation - sag, 0.0)}


still = formula("no_sag", lambda x: {"lowest_oxygen_mg_l": x[:, 4] - x[:, 1]}, kind="coarse_physics")

study = Study(
    name="oxygen_sag",
    title={
        "en": "How low does oxygen fall below the outfall?",
        "fr": "Jusqu'où l'oxygène baisse-t-il en aval du rejet ?",
    },
    inputs=(
        Variable("load_mg_l", "mg/L", 2.0, 20.0, {"en": "Oxygen demand", "fr": "Demande en oxygène"}),
        Variable("deficit_mg_l", "mg/L", 0.0, 2.0, {"en": "Oxygen deficit", "fr": "Déficit en oxygène"}),
        Variable("decay_per_day", "1/day", 0.1, 0.45, {"en": "Decay of the load", "fr": "Dégradation de la charge"}),
        Variable("reaeration_per_day", "1/day", 0.5, 1.5, {"en": "Reaeration", "fr": "Réaération"}),
        Variable("saturation_mg_l", "mg/L", 7.0, 12.0, {"en": "Oxygen at saturation", "fr": "Oxygène à saturation"}),
    ),
    outputs=(Output("lowest_oxygen_mg_l", "mg/L", label={"en": "Lowest oxygen", "fr": "Oxygène minimal"}, low=0.0),),
    need=Need(
        functional_unit="one discharge permit examined",
        tolerances={"lowest_oxygen_mg_l": Tolerance("nrmse", 0.03)},
        queries=(200.0, 20_000.0),  # over five years
        call_patterns=(CallPattern("one permit at a desk"),),
        reason={"en": "Probes in rivers are good to 0.2 mg/L.", "fr": "Les sondes en rivière sont justes à 0,2 mg/L."},
    ),
    solve=oxygen,
    alternatives=(formula("closed_form", closed_form), still),
    n_runs=160,
)
