"""Lowest dissolved oxygen below a waste-water outfall (Streeter and Phelps 1925), for `frugal train --study`."""

from typing import Any

from frugal import CallPattern, Need, Output, Study, Tolerance, Variable, formula


def oxygen(
    load_mg_l: float, deficit_mg_l: float, decay_per_day: float, reaeration_per_day: float, saturation_mg_l: float
) -> dict[str, float]:
    """March load and oxygen deficit downstream for twenty days, in steps of one minute, and keep the lowest oxygen."""
    load, deficit, lowest, step = load_mg_l, deficit_mg_l, saturation_mg_l - deficit_mg_l, 1.0 / 1440.0
    for _ in range(20 * 1440):
        decayed = step * decay_per_day * load
        load, deficit = load - decayed, deficit + decayed - step * reaeration_per_day * deficit
        lowest = min(lowest, saturation_mg_l - deficit)
    return {"lowest_oxygen_mg_l": max(lowest, 0.0)}


def closed_form(
    xp: Any, load_mg_l: Any, deficit_mg_l: Any, decay_per_day: Any, reaeration_per_day: Any, saturation_mg_l: Any
) -> dict[str, Any]:
    """The published solution at the critical time."""
    gap = reaeration_per_day - decay_per_day
    ratio = reaeration_per_day / decay_per_day * (1 - deficit_mg_l * gap / (decay_per_day * load_mg_l))
    time = xp.log(xp.maximum(ratio, 1.0)) / gap
    left, aired = xp.exp(-decay_per_day * time), xp.exp(-reaeration_per_day * time)
    sag = decay_per_day * load_mg_l / gap * (left - aired) + deficit_mg_l * aired
    return {"lowest_oxygen_mg_l": xp.maximum(saturation_mg_l - sag, 0.0)}


def no_sag(xp: Any, deficit_mg_l: Any, saturation_mg_l: Any) -> dict[str, Any]:
    """As if nothing decayed."""
    return {"lowest_oxygen_mg_l": saturation_mg_l - deficit_mg_l}


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
    alternatives=(formula("closed_form", closed_form), formula("no_sag", no_sag, kind="coarse_physics")),
    n_runs=160,
)
