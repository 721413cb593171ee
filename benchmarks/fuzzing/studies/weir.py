"""Flow over a weir: a number and a vector from numbers, a vector and a choice. Small, and quick to train."""

from typing import Any

from frugal import CallPattern, Need, Output, Parameter, Scenario, Study, Tolerance, Variable, formula

MONTHS = ("jan", "may", "sep")
CRESTS = (0.42, 0.48, 0.54)


def weir(head_m: float, width_m: float, leaves: Any, crest: float, gravity_m_s2: float) -> dict[str, Any]:
    """Poleni's formula; leaves narrow the crest in each of three months."""
    flow = 2 / 3 * CRESTS[int(crest)] * width_m * (2 * gravity_m_s2) ** 0.5 * head_m**1.5
    return {"flow": flow, "monthly": [flow * (1 - share) for share in leaves]}


def root(xp: Any, head_m: Any, width_m: Any, leaves: Any, crest: Any) -> dict[str, Any]:
    """The sharp crest for all."""
    flow = 1.24 * width_m * head_m * xp.sqrt(head_m)
    return {"flow": flow, "monthly": flow[:, None] * (1 - leaves)}


study = Study(
    name="weir",
    title={"en": "How much flows over the weir?", "fr": "Combien passe sur le seuil ?"},
    inputs=(
        Variable("head_m", "m", 0.1, 2.0, {"en": "Head", "fr": "Charge"}, 0.5),
        Variable("width_m", "m", 1.0, 9.0, {"en": "Width", "fr": "Largeur"}),
        Variable(
            "leaves", "1", 0.0, 0.5, {"en": "Leaves", "fr": "Feuilles"}, 0.1, dims=("month",), coords={"month": MONTHS}
        ),
        Variable("crest", "1", 0, 2, {"en": "Crest", "fr": "Crête"}, 0, choices=("sharp", "broad", "round")),
    ),
    outputs=(
        Output("flow", "m3/s", label={"en": "Flow", "fr": "Débit"}, low=0.0),
        Output("monthly", "m3/s", ("month",), {"month": MONTHS}, label={"en": "By month", "fr": "Par mois"}, low=0.0),
    ),
    parameters=(Parameter("gravity_m_s2", "m/s2", 9.7, 9.9, 9.81, label={"en": "Gravity", "fr": "Pesanteur"}),),
    scenarios=(Scenario("flood", {"head_m": 1.8, "width_m": 8.0}, source="a level on a wall"),),
    need=Need(
        functional_unit="one weir",
        tolerances={"flow": Tolerance("nrmse", 0.95)},
        queries=(1e6, 1e8),
        call_patterns=(CallPattern("at a desk"),),
        reason={"en": "Gauges are good to 10 %.", "fr": "Les échelles sont justes à 10 %."},
    ),
    solve=weir,
    alternatives=(formula("root", root),),
    n_runs=24,
)
