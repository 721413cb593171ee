"""Pictures of an estuary's page: ``python benchmarks/estuary_pictures.py [--place gironde] [--out docs/studies]``.

Modelled and observed constituents along the channels, salt, mud and oxygen along the main one through a spring–neap cycle, and
the scenarios of the site as a table (printed, and written to ``results/estuary_scenarios_PLACE.json``).
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np
from fill_docs import fill, table

from frugal.experiments.study.site import build_site
from frugal.formats.files.atomic import write_text
from frugal.physics.estuary.network import layout_of
from frugal.physics.estuary.simulate import simulate_tide
from frugal.physics.tide.analysis import analyse
from frugal.studies.estuary.place.course import course_of
from frugal.studies.estuary.place.from_site import (
    constants_of,
    distance_to_sea_km,
    driving_of,
    estuary_of,
    heads,
    way_to_sea,
)
from frugal.studies.estuary.place.site import EstuarySite
from frugal.studies.estuary.state.estuary import estuary, flow_name, state_of
from frugal.studies.estuary.state.runs import CYCLE_S, run_estuary

mpl.use("Agg")
import matplotlib.pyplot as plt

HERE = Path(__file__).resolve().parent
TOLD = ("M2", "S2", "M4", "M6", "MSF")
FORCED = ("M2", "S2", "N2", "K1", "O1", "M4", "MS4", "M6", "MSF")
ANALYSED = (*FORCED, "MN4", "2MS6", "MM")
MONTH_S, SPIN_UP_S = 32.0 * 86400.0, 3.0 * 86400.0


def _driven_by(site: EstuarySite, names: tuple[str, ...]) -> EstuarySite:
    """The site with no other constituents at its mouths than these."""
    mouths = []
    for mouth in site.mouth:
        found = constants_of(site, mouth)
        kept = [k for k, name in enumerate(found.names) if name in names]
        tide = {found.names[k]: (float(found.amplitudes_m[k]), float(found.phases_deg[k])) for k in kept}
        mouths.append(mouth.model_copy(update={"station": None, "tide": tide}))
    return site.model_copy(update={"mouth": tuple(mouths)})


def constituents(site: EstuarySite, target: Path) -> None:
    """Amplitudes and lags along each way, with those of the gauges."""
    layout = layout_of(estuary_of(site), site.cell_m)
    site = _driven_by(site, FORCED)  # others, as K2 beside S2, could not be told apart in a month
    begin_s = 1_735_689_600.0  # 2025, when nodal factors of M2 are near 1
    span = np.array([begin_s, begin_s + SPIN_UP_S + MONTH_S + 3600.0])
    run = simulate_tide(layout, driving_of(site, dated_s=span), SPIN_UP_S + MONTH_S, 900.0, SPIN_UP_S)
    figure, axes = plt.subplots(2, len(TOLD), figsize=(15, 6), sharex=True, layout="constrained")
    for head, style in zip(heads(site), ("-", "--", ":"), strict=False):
        course = course_of(site, layout, head)
        rows = np.arange(0, course.slots.size, 3)
        found: dict[str, list[complex]] = {name: [] for name in TOLD}
        for row in rows:
            told = analyse(
                begin_s + run.times_s,
                run.levels_m[:, course.slots[row]],
                ANALYSED,
            )
            for name in TOLD:
                k = told.constants.names.index(name)
                found[name].append(
                    told.constants.amplitudes_m[k] * np.exp(1j * np.radians(told.constants.phases_deg[k]))
                )
        for column, name in enumerate(TOLD):
            values = np.array(found[name])
            km = course.distance_m[rows] / 1e3
            axes[0, column].plot(km, np.abs(values), style, color="#1f5c99", label=head.replace("_", " "))
            axes[1, column].plot(km, np.degrees(np.unwrap(np.angle(values))), style, color="#1f5c99")
    for gauge in (gauge for gauge in site.gauge if gauge.station is not None):
        constants = constants_of(site, gauge)
        km = distance_to_sea_km(site, gauge.reach, gauge.km)
        for column, name in enumerate(TOLD):
            if name in constants.names:
                k = constants.names.index(name)
                look = {"marker": "o", "color": "#c0392b", "mfc": "#c0392b" if gauge.fitted else "white", "ls": ""}
                axes[0, column].plot(km, constants.amplitudes_m[k], **look)
                lag, drawn = constants.phases_deg[k], axes[1, column].lines[0].get_xydata()
                turns = round((float(np.interp(km, drawn[:, 0], drawn[:, 1])) - lag) / 360.0)
                axes[1, column].plot(km, lag + 360.0 * turns, **look)
    for column, name in enumerate(TOLD):
        axes[0, column].set_title(name)
        axes[0, column].set_ylim(bottom=0.0)
        axes[1, column].set_xlabel("km from the mouth")
    axes[0, 0].set_ylabel("amplitude [m]")
    axes[1, 0].set_ylabel("Greenwich lag [°]")
    axes[0, 0].legend(title="up the", frameon=False)
    figure.suptitle("Model (lines) and gauges: full circles were fitted to, open ones judge", fontsize=10)
    figure.savefig(target, dpi=90)
    plt.close(figure)


def quality(site: EstuarySite, asked: dict[str, float], target: Path) -> None:
    """Salt, mud and oxygen along the main way through one cycle."""
    run = run_estuary(site, state_of(site, asked))
    course = course_of(site, run.layout, heads(site)[0])
    days = (run.times_s - run.times_s[0]) / 86400.0
    km = course.distance_m / 1e3
    figure, axes = plt.subplots(1, 3, figsize=(15, 5), sharey=True, layout="constrained")
    for axis, (name, title, colours) in zip(
        axes,
        (("salt", "salinity [psu]", "YlGnBu"), ("mud", "mud [g/l]", "YlOrBr"), ("oxygen", "oxygen [mg/l]", "RdYlBu")),
        strict=True,
    ):
        drawn = axis.pcolormesh(
            km, days, course.of(run.concentrations[name]), cmap=colours, shading="nearest", rasterized=True
        )
        figure.colorbar(drawn, ax=axis, label=title)
        axis.set_xlabel("km from the mouth")
        for gauge in (g for g in site.gauge if g.reach in {reach.name for reach in way_to_sea(site, heads(site)[0])}):
            if gauge.name in ("Pauillac Trompeloup", "Bordeaux", "Québec", "Portneuf"):
                axis.axvline(distance_to_sea_km(site, gauge.reach, gauge.km), color="#444", lw=0.8, ls=":")
                axis.text(
                    distance_to_sea_km(site, gauge.reach, gauge.km),
                    days[-1],
                    gauge.name,
                    fontsize=7,
                    ha="center",
                    va="bottom",
                )
    axes[0].set_ylabel("days of a spring–neap cycle, from a spring tide")
    figure.savefig(target, dpi=90)
    plt.close(figure)


def scenarios(site: EstuarySite) -> dict[str, dict[str, Any]]:
    """What each scenario of the site gives, by name."""
    study = estuary(site)
    usual = {variable.name: float(variable.default) for variable in study.inputs}  # type: ignore[arg-type]
    found: dict[str, dict[str, Any]] = {}
    for scenario in study.scenarios:
        values = study.solve(**{**usual, **scenario.values})  # type: ignore[misc]
        found[scenario.name] = {
            name: np.round(values[name], 3).tolist()
            for name in (
                "salt_limit",
                "salt_hours",
                "turbidity_position",
                "turbidity_mass",
                "turbidity",
                "least_oxygen",
                "low_oxygen_days",
            )
            if name in values
        } | {"inputs": dict(scenario.values)}
    return found


def scenario_table(site: EstuarySite, found: dict[str, dict[str, Any]]) -> str:
    """The scenarios as a Markdown table."""
    names = [gauge.name for gauge in site.gauge]
    shown = [name for name in ("Pauillac Trompeloup", "Bordeaux") if name in names] or names[-2:]
    head = ["scenario", "salt limit, km", "turbidity maximum, km", "Mt", f"mud at {shown[-1]}, g/l"]
    head += [f"lowest oxygen at {name}, mg/l" for name in shown] + [f"days under 5 mg/l at {shown[-1]}"]
    head += [f"h a day of salt at {intake.name}" for intake in site.intake]
    at = [names.index(name) for name in shown]
    rows = []
    for name, told in found.items():
        cells = [name, " / ".join(f"{km:.0f}" for km in told["salt_limit"]), f"{told['turbidity_position']:.0f}"]
        cells += [f"{told['turbidity_mass']:.2f}", f"{told['turbidity'][at[-1]]:.2f}"]
        cells += [f"{told['least_oxygen'][k]:.1f}" for k in at] + [f"{told['low_oxygen_days'][at[-1]]:.1f}"]
        rows.append(cells + [f"{hours:.0f}" for hours in told.get("salt_hours", [])])
    ways = " / ".join(f"up the {head.replace('_', ' ').capitalize()}" for head in heads(site))
    return table(head, rows) + f"\n\n*Salt limit {ways}; days of the {CYCLE_S / 86400.0:.1f} of a cycle.*"


def gauge_table(place: str) -> str:
    """Errors over gauges, as `estuary_gauges.py` found them, as a Markdown table."""
    found = json.loads((HERE / "results" / "estuary_gauges.json").read_text(encoding="utf-8"))[place]["vector_rmse_cm"]
    asked = {"M2": "4", "M4": "4", "M6": "2", "MSF": "3"}
    rows = [[name, *(f"{found[group][name]:.1f}" for group in ("fitted", "not fitted")), asked[name]] for name in asked]
    head = ["", "gauges fitted, cm", "gauges not fitted, cm", "asked, cm"]
    return (
        table(head, rows)
        + "\n\n*Root mean squares of the differences of complex amplitudes (`python benchmarks/estuary_gauges.py`).*"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--place", default="gironde")
    parser.add_argument("--out", type=Path, default=HERE.parent / "docs" / "studies")
    asked = parser.parse_args()
    site = build_site(EstuarySite, {"place": asked.place})
    assert isinstance(site, EstuarySite)
    constituents(site, asked.out / f"estuary_{asked.place}_tide.png")
    usual = {variable.name: float(variable.default) for variable in estuary(site).inputs}  # type: ignore[arg-type]
    low = {flow_name(river.name): 0.4 * river.mean_flow_m3_s for river in site.river}
    quality(site, {**usual, **low, "temperature_deg_c": 22.0}, asked.out / f"estuary_{asked.place}_quality.png")
    found = scenarios(site)
    text = json.dumps({"cycle_days": round(CYCLE_S / 86400.0, 3), "scenarios": found}, indent=1, ensure_ascii=False)
    print(text)
    page = HERE.parent / "docs" / "studies" / "estuary.md"
    if f"begin: scenarios {asked.place} -->" in page.read_text(encoding="utf-8"):
        fill(page, f"scenarios {asked.place}", scenario_table(site, found))
        fill(page, f"gauges {asked.place}", gauge_table(asked.place))
    write_text(HERE / "results" / f"estuary_scenarios_{asked.place}.json", text + "\n")


if __name__ == "__main__":
    main()
