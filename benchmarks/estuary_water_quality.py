"""Salt, mud and oxygen of the Gironde beside what is published: ``python benchmarks/estuary_water_quality.py [--docs]``.

Runs of the study `estuary` on its site `gironde`: spring-neap cycles from a bed with mud, at constant flows, the last of which
is told. Prints tables of the limit of salt, the regimes of turbidity, July 2006 with one condition left out at a time, rates at
either end of their published ranges, and three measures against low oxygen; writes them with the CPU time to
`results/estuary_water_quality.json`. ``--docs`` writes them into docs/solvers/estuary.md and docs/studies/estuary.md, from
that file without new runs where it is there and ``--runs`` is not given.
"""

from __future__ import annotations

import argparse
import json
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from fill_docs import fill, table

from frugal.formats.files.atomic import write_text
from frugal.physics.estuary.carrying import CarriedRun, simulate_carried
from frugal.studies.estuary.place.from_site import carrying_of, constants_of, driving_of, estuary_of
from frugal.studies.estuary.place.site import EstuarySite
from frugal.studies.estuary.state.quality_numbers import days_under, salt_limit_m
from frugal.studies.estuary.state.runs import CYCLE_S, EstuaryState, run_estuary

HERE = Path(__file__).resolve().parent
RESULTS = HERE / "results" / "estuary_water_quality.json"
PAGE = HERE.parent / "docs" / "solvers" / "estuary.md"
STUDY_PAGE = HERE.parent / "docs" / "studies" / "estuary.md"
#: Of both rivers, of which the Dordogne brings 35 % (published).
DORDOGNE_SHARE = 0.35
#: Flows of the Garonne [m³/s]; at 186 and 743 the Dordogne has 100 and 400.
FLOWS = (150.0, 186.0, 200.0, 400.0, 600.0, 743.0, 1000.0, 3000.0)
PLACES = {
    "Pauillac": ("gironde", 49.3),
    "Bordeaux": ("garonne", 22.4),
    "Libourne": ("dordogne", 40.0),
}
#: July 2006: flow below 100 m³/s, water warmer than 24 to 25 °C, urban load, neaps (Lanoux et al. 2013; ETIAGE).
JULY = {"garonne": 95.0, "dordogne": 51.0}
WARM_DEG_C, MILD_DEG_C = 27.0, 20.0
#: Waste water from overflows, of all of its carbon; see the site file.
OVERFLOW_SHARE = 68.0 / 260.0
#: Rates a day or as named: published range, and at which end oxygen is lowest.
RANGES: dict[str, tuple[float, float, int, str]] = {
    "carbon_per_day": (
        0.107,
        0.875,
        1,
        "Nuruzzaman et al. 2018, Environ. Eng. Res. 23, 1 (CBOD, sewage in river water)",
    ),
    "nitrogen_per_day": (0.1, 1.0, 1, "QUAL2E (Brown & Barnwell 1987), from memory"),
    "mud_per_day": (0.03, 0.1, 1, "incubations of a month (Etcheber et al. 2007), one to three e-foldings"),
    "mud_demand_mg_g": (2.0, 12.0, 1, "1.5 % of carbon (Etcheber et al. 2007), 5 to 30 % of it labile (assumed)"),
    "half_mg_l": (0.2, 2.0, 0, "QUAL2E, WASP, from memory"),
    "wind_m_day": (0.2, 2.0, 0, "0.31 u² (Wanninkhof 1992), wind of 1.6 to 5 m/s, from memory"),
}


def site_of(**oxygen: float) -> EstuarySite:
    """The site that comes with the program, with other rates where named."""
    site = EstuarySite.model_validate({})
    return site.model_copy(update={"oxygen": site.oxygen.model_copy(update=oxygen)})


def without_neaps(site: EstuarySite) -> EstuarySite:
    """The site with every tide as large as the mean spring tide."""
    constants = constants_of(site, site.mouth[0])
    waves = {
        name: (float(amplitude), float(phase))
        for name, amplitude, phase in zip(constants.names, constants.amplitudes_m, constants.phases_deg, strict=True)
    }
    larger = (waves["M2"][0] + waves["S2"][0]) / waves["M2"][0]
    tide = {
        "M2": (waves["M2"][0] * larger, waves["M2"][1]),
        "M4": (waves["M4"][0] * larger**2, waves["M4"][1]),
        "M6": (waves["M6"][0] * larger**3, waves["M6"][1]),
        "S2": (1e-6, waves["S2"][1]),
    }
    mouth = site.mouth[0].model_copy(update={"station": None, "tide": tide})
    return site.model_copy(update={"mouth": (mouth,)})


def without_overflows(site: EstuarySite) -> EstuarySite:
    """The site whose sewers do not overflow."""
    load = site.load[0]
    return site.model_copy(
        update={"load": (load.model_copy(update={"carbon_g_s": load.carbon_g_s * (1.0 - OVERFLOW_SHARE)}),)}
    )


def flows_of(garonne_m3_s: float) -> dict[str, float]:
    """Flows of both rivers [m³/s]."""
    return {"garonne": garonne_m3_s, "dordogne": garonne_m3_s * DORDOGNE_SHARE / (1.0 - DORDOGNE_SHARE)}


def salt_limits(run: CarriedRun) -> np.ndarray:
    """Distances [km] from the mouth along the Garonne to which 0.5 psu reach, by time."""
    lower, upper = run.layout.slots("gironde"), run.layout.slots("garonne")
    distance = run.layout.cells.distance
    path = np.r_[lower, upper.start + 1 : upper.stop]
    along = np.concatenate([distance[lower], distance[lower][-1] + distance[upper][1:]])
    return salt_limit_m(run.concentrations["salt"][:, path], along, 0.5) / 1e3


def salt() -> list[dict[str, Any]]:
    """Limits of salt at three flows of both rivers together."""
    found = []
    for total, asked in ((680.0, (50.0, 75.0)), (295.0, None), (150.0, (75.0, np.inf))):
        km = salt_limits(run_estuary(site_of(), EstuaryState(flows_of(total * (1.0 - DORDOGNE_SHARE)))))
        found.append(
            {
                "flow_m3_s": total,
                "mean_km": round(float(km.mean()), 1),
                "from_km": round(float(km.min()), 1),
                "to_km": round(float(km.max()), 1),
                "asked_km": None if asked is None else [asked[0], None if np.isinf(asked[1]) else asked[1]],
                "met": None if asked is None else bool(asked[0] <= km.mean() <= asked[1]),
            }
        )
    return found


def turbidity() -> dict[str, Any]:
    """Mean mud at the gauges by flow, and over that at 150 m³/s."""
    runs = [run_estuary(site_of(), EstuaryState(flows_of(flow))) for flow in FLOWS]
    mud = {name: [float(run.at("mud", reach, 1e3 * km).mean()) for run in runs] for name, (reach, km) in PLACES.items()}
    share = {name: [round(value / values[0], 2) for value in values] for name, values in mud.items()}
    return {
        "garonne_m3_s": list(FLOWS),
        "dordogne_m3_s": [round(flows_of(flow)["dordogne"], 0) for flow in FLOWS],
        "mud_kg_m3": {name: [round(value, 3) for value in values] for name, values in mud.items()},
        "over_that_at_150": share,
        "ledger": max(abs(run.ledgers["mud"].imbalance) for run in runs),
        "targets": targets_of_turbidity(share),
    }


def year() -> dict[str, Any]:
    """Mud over a year in which the Garonne falls from 2,000 to 100 m³/s and rises again, over that at 150 m³/s.

    Means over a spring-neap cycle, within 12 % of each flow, while the flow falls, while it rises, and of both. The first half
    year of a year and a half is not told. The bed holds ten times as much mud as that of the site, so that it lasts.
    """
    site = site_of()
    plenty = {"gironde": tuple((km, 10.0 * amount) for km, amount in site.mud.bed_kg_m2["gironde"])}  # type: ignore[index]
    site = site.model_copy(update={"mud": site.mud.model_copy(update={"bed_kg_m2": plenty})})
    whole, end = 25.0 * CYCLE_S, 37.5 * CYCLE_S
    days = np.arange(0.0, end + 86400.0, 86400.0)
    garonne = np.exp(np.log(2000.0 * 100.0) / 2.0 + np.log(20.0) / 2.0 * np.cos(2.0 * np.pi * days / whole))
    flows = {"garonne": garonne, "dordogne": garonne * DORDOGNE_SHARE / (1.0 - DORDOGNE_SHARE)}
    carrying = carrying_of(site, {})
    mud: dict[str, Any] = dict(carrying.outside["mud"])
    for river in site.river:
        grown = (flows[river.name] / river.mean_flow_m3_s) ** river.mud_exponent
        mud[river.place] = (days, river.mud_kg_m3 * grown)
    carrying = replace(carrying, outside={"mud": mud}, start={"mud": 0.0}, oxygen=None, loads=())
    driving = driving_of(site, {name: (days, values) for name, values in flows.items()})
    run = simulate_carried(
        estuary_of(site), driving, carrying, end, 3600.0, end - whole, record_s=600.0, cell_m=site.cell_m
    )
    window = np.ones(round(CYCLE_S / 3600.0)) / round(CYCLE_S / 3600.0)
    flow = np.convolve(np.interp(run.times_s, days, garonne), window, "valid")
    rises = np.gradient(flow) > 0.0
    found: dict[str, Any] = {"garonne_m3_s": [200.0, 400.0, 600.0, 743.0, 1000.0]}
    for name, (reach, km) in PLACES.items():
        series = np.convolve(run.at("mud", reach, 1e3 * km), window, "valid")

        def mean(at: float, among: np.ndarray, series: np.ndarray = series) -> float:
            return float(series[(np.abs(np.log(flow / at)) < 0.12) & among].mean())

        low = mean(150.0, np.full(flow.size, True))
        found[name] = {
            limb: [round(mean(at, among) / low, 2) for at in found["garonne_m3_s"]]
            for limb, among in (("falling", ~rises), ("rising", rises), ("both", np.full(flow.size, True)))
        }
    return found


def targets_of_turbidity(share: dict[str, list[float]]) -> list[dict[str, Any]]:
    """What is published of the regimes beside what came."""
    at = {name: dict(zip(FLOWS, values, strict=True)) for name, values in share.items()}

    def row(what: str, asked: str, found: float, met: bool) -> dict[str, Any]:
        return {"what": what, "asked": asked, "found": found, "met": bool(met)}

    b, li, p = at["Bordeaux"], at["Libourne"], at["Pauillac"]
    rows = [row("Bordeaux, Garonne 200 m³/s", "≥ 0.8", b[200.0], b[200.0] >= 0.8)]
    for flow in (400.0, 600.0, 743.0):
        line = 0.8 - 0.6 * (flow - 200.0) / 800.0
        met = abs(b[flow] - line) <= 0.15
        rows.append(row(f"Bordeaux, Garonne {flow:g} m³/s", f"{line:.2f} ± 0.15", b[flow], met))
    rows.append(row("Bordeaux, Garonne 1 000 m³/s", "≤ 0.2", b[1000.0], b[1000.0] <= 0.2))
    rows.append(row("Bordeaux, Garonne 3 000 m³/s", f"> {b[1000.0]:.2f}", b[3000.0], b[3000.0] > b[1000.0]))
    rows.append(row("Libourne, Dordogne 100 m³/s", "≥ 0.8", li[186.0], li[186.0] >= 0.8))
    for flow in (400.0, 600.0):
        dordogne = flows_of(flow)["dordogne"]
        line = 0.8 - 0.6 * (dordogne - 100.0) / 300.0
        met = abs(li[flow] - line) <= 0.15
        rows.append(row(f"Libourne, Dordogne {dordogne:.0f} m³/s", f"{line:.2f} ± 0.15", li[flow], met))
    rows.append(row("Libourne, Dordogne 400 m³/s", "≤ 0.2", li[743.0], li[743.0] <= 0.2))
    worst = max((p[flow] for flow in FLOWS if flow <= 1000.0), key=lambda value: abs(value - 1.0))
    rows.append(row("Pauillac, 150 to 1 000 m³/s, farthest", "0.7 to 1.3", worst, abs(worst - 1.0) < 0.3))
    rows.append(row("Pauillac, 3 000 m³/s for two months", "< 1", p[3000.0], p[3000.0] < 1.0))
    return rows


def oxygen_of(site: EstuarySite, asked: EstuaryState) -> dict[str, Any]:
    """Oxygen at the gauges and along the lower Garonne."""
    run = run_estuary(site, asked)
    series = {name: run.at("oxygen", reach, 1e3 * km) for name, (reach, km) in PLACES.items()}
    lower = run.layout.slots("garonne")
    near = run.concentrations["oxygen"][:, lower.start : lower.start + 26]
    return {
        "lowest_mg_l": {name: round(float(values.min()), 2) for name, values in series.items()},
        "mean_mg_l": {name: round(float(values.mean()), 2) for name, values in series.items()},
        "lower_garonne_mg_l": round(float(near.mean()), 2),
        "mud_bordeaux_kg_m3": round(float(run.at("mud", "garonne", 22.4e3).mean()), 2),
        "days_of_14_under_5": {
            name: {of: days_under(run.times_s, values, 5.0, of) for of in ("minimum", "mean")}
            for name, values in series.items()
        },
    }


def july(**changed: Any) -> EstuaryState:
    """Conditions of July 2006, but for what is named."""
    return EstuaryState(**{"rivers": JULY, "temperature_deg_c": WARM_DEG_C, **changed})


def oxygen() -> dict[str, Any]:
    """July 2006, with one condition left out at a time, and with all rates at either end of what is published."""
    site = site_of()
    bad = {name: (low, high)[worst] for name, (low, high, worst, _) in RANGES.items()}
    good = {name: (low, high)[1 - worst] for name, (low, high, worst, _) in RANGES.items()}
    return {
        "july 2006": oxygen_of(site, july()),
        "without heat (20 °C)": oxygen_of(site, july(temperature_deg_c=MILD_DEG_C)),
        "without low flow (mean flow)": oxygen_of(site, july(rivers=flows_of(442.0))),
        "without urban load": oxygen_of(site, july(load_factor=0.0)),
        "without neaps": oxygen_of(without_neaps(site), july()),
        "all rates at their worse end": oxygen_of(site_of(**bad), july()),
        "all rates at their better end": oxygen_of(site_of(**good), july()),
    }


def measures() -> dict[str, Any]:
    """Three measures against low oxygen in July 2006."""
    site = site_of()
    return {
        "none": oxygen_of(site, july()),
        "no overflows": oxygen_of(without_overflows(site), july()),
        "discharge moved downstream": oxygen_of(site, july(moved_share=1.0)),
        "low flow supported to 150 m³/s": oxygen_of(site, july(rivers={**JULY, "garonne": 150.0})),
        "low flow supported to 250 m³/s": oxygen_of(site, july(rivers={**JULY, "garonne": 250.0})),
    }


def mark(met: bool | None) -> str:
    """How a target stands in a table."""
    return "" if met is None else ("met" if met else "**missed**")


def tables(report: dict[str, Any]) -> str:
    """The tables of the page."""
    parts = []
    rows = []
    for row in report["salt"]:
        low, high = row["asked_km"] or (0.0, 0.0)
        wanted = "" if low == 0.0 else (f"{low:g} to {high:g}" if high else f"over {low:g}")
        found = f"{row['mean_km']} ({row['from_km']} to {row['to_km']})"
        rows.append([f"{row['flow_m3_s']:.0f}", found, wanted, mark(row["met"])])
    parts.append(table(["both rivers, m³/s", "0.5 psu reach, km from the mouth: mean (range)", "published", ""], rows))
    mud = report["turbidity"]
    rows = [
        [name, *(f"{share:.2f}" for share in mud["over_that_at_150"][name]), f"{mud['mud_kg_m3'][name][0]:.2f}"]
        for name in PLACES
    ]
    parts.append(table(["mud over that at 150", *(f"{flow:g}" for flow in mud["garonne_m3_s"]), "at 150, kg/m³"], rows))
    rows = [[row["what"], row["asked"], f"{row['found']:.2f}", mark(row["met"])] for row in mud["targets"]]
    parts.append(table(["mud over that at 150 m³/s", "published", "here", ""], rows))
    flowing = report["year"]
    rows = [
        [f"{name}, flow {limb}", *(f"{share:.2f}" for share in flowing[name][limb])]
        for name in PLACES
        for limb in ("falling", "rising", "both")
    ]
    parts.append(table(["mud over that at 150, in a year", *(f"{at:g}" for at in flowing["garonne_m3_s"])], rows))
    cases = report["oxygen"]
    base = cases["july 2006"]["lowest_mg_l"]
    rows = []
    for name, case in cases.items():
        low = case["lowest_mg_l"]
        if name == "july 2006":
            asked = "under 2.0; Pauillac over 4"
            met = mark(low["Bordeaux"] < 2.0 and low["Pauillac"] > 4.0)
        elif name.startswith("without"):
            asked = "over 2.5, from under 2.0"
            met = "over, as July itself" if base["Bordeaux"] > 2.5 else mark(low["Bordeaux"] > 2.5)
        else:
            asked, met = "", ""
        rows.append(
            [name, *(f"{low[place]:.2f}" for place in ("Bordeaux", "Pauillac", "Libourne")),
             f"{low['Bordeaux'] - base['Bordeaux']:+.2f}", asked, met]
        )  # fmt: skip
    parts.append(
        table(["lowest oxygen, mg/l", "Bordeaux", "Pauillac", "Libourne", "Bordeaux, gain", "published", ""], rows)
    )
    rows = []
    for place, most in (("Bordeaux", "9 a year"), ("Libourne", "4 a year"), ("Pauillac", "")):
        days = cases["july 2006"]["days_of_14_under_5"][place]
        rows.append([place, *(f"{all_} ({longest})" for all_, longest in (days["minimum"], days["mean"])), most])
    head = ["days of 14 under 5 mg/l (longest run), July 2006", "by daily minimum", "by daily mean", "at most wanted"]
    parts.append(table(head, rows))
    own = report["rates"]
    rows = [[name, f"{own[name]:g}", f"{low:g} to {high:g}", source] for name, (low, high, _, source) in RANGES.items()]
    parts.append(table(["rate at 20 °C", "here", "range", "source"], rows))
    rows = []
    for name, case in report["measures"].items():
        values = (case["lowest_mg_l"]["Bordeaux"], case["mean_mg_l"]["Bordeaux"], case["lower_garonne_mg_l"])
        rows.append([name, *(f"{value:.2f}" for value in values)])
    parts.append(table(["measure, July 2006", "lowest, Bordeaux", "mean, Bordeaux", "mean, lower Garonne"], rows))
    return "\n\n".join(parts)


def summary(report: dict[str, Any]) -> str:
    """What is published and what came, in one table."""
    rows = []
    for row in report["salt"]:
        if row["asked_km"] is not None:
            low, high = row["asked_km"]
            asked = f"{low:g} to {high:g} km" if high else f"over {low:g} km"
            what = f"0.5 psu, both rivers {row['flow_m3_s']:.0f} m³/s"
            rows.append([what, asked, f"{row['mean_km']} km", mark(row["met"])])
    for row in report["turbidity"]["targets"]:
        rows.append(
            [f"mud over that at 150 m³/s: {row['what']}", row["asked"], f"{row['found']:.2f}", mark(row["met"])]
        )
    low = report["oxygen"]["july 2006"]["lowest_mg_l"]
    for place, asked, met in (
        ("Bordeaux", "under 2.0", low["Bordeaux"] < 2.0),
        ("Pauillac", "over 4.0", low["Pauillac"] > 4.0),
    ):
        rows.append([f"lowest oxygen, July 2006, {place}", f"{asked} mg/l", f"{low[place]:.2f} mg/l", mark(met)])
    for name, case in report["oxygen"].items():
        if name.startswith("without"):
            gain = case["lowest_mg_l"]["Bordeaux"] - low["Bordeaux"]
            rows.append([f"the same at Bordeaux, {name}", "higher", f"{gain:+.2f} mg/l", mark(gain > 0.0)])
    return table(["", "published", "here", ""], rows)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--docs", action="store_true")
    parser.add_argument("--runs", action="store_true")
    asked = parser.parse_args()
    if asked.runs or not asked.docs or not RESULTS.exists():
        run_estuary(site_of(), july())  # compiles
        began = time.process_time()
        report: dict[str, Any] = {
            "salt": salt(),
            "turbidity": turbidity(),
            "year": year(),
            "oxygen": oxygen(),
            "measures": measures(),
            "rates": {name: getattr(site_of().oxygen, name) for name in RANGES},
        }
        report["cpu_s"] = round(time.process_time() - began, 1)
        (HERE / "results").mkdir(exist_ok=True)
        write_text(RESULTS, json.dumps(report, indent=1, ensure_ascii=False) + "\n")
    report = json.loads(RESULTS.read_text(encoding="utf-8"))
    print(tables(report))
    print(f"{report['cpu_s']} CPU s")
    if asked.docs:
        fill(PAGE, "water quality", tables(report))
        fill(STUDY_PAGE, "quality", summary(report))


if __name__ == "__main__":
    main()
