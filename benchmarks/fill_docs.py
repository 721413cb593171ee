"""Write the measured figures into README and docs, between their markers.

Usage: ``python benchmarks/fill_docs.py [BUNDLE]``. Without a bundle the tables that come from the program alone are filled.
``bundles/roof_yield`` (after ``frugal train roof_yield`` and the other benchmarks) fills the pages on that study,
``bundles/oxygen_sag`` (after ``frugal train --study docs/examples/oxygen_sag.py``) the example of ``docs/audit.md``.
"""

from __future__ import annotations

import csv
import importlib
import json
import re
import sys
from functools import reduce
from pathlib import Path
from typing import Any

from frugal.candidates.comparison import read_comparison
from frugal.reporting.ladder_table import candidate_cells
from frugal.reporting.plots.ladder import error_cost_plot

ROOT = Path(__file__).resolve().parents[1]
RESULTS = ROOT / "benchmarks" / "results"


def fill(path: Path, name: str, content: str) -> None:
    """Replace what stands between the markers ``begin: name`` and ``end: name`` of a file."""
    text = path.read_text(encoding="utf-8")
    pattern = re.compile(rf"(<!-- begin: {name} -->\n).*?(<!-- end: {name} -->)", re.S)
    if not pattern.search(text):
        raise SystemExit(f"{path} has no markers '{name}'")
    path.write_text(pattern.sub(lambda match: f"{match[1]}{content.rstrip()}\n{match[2]}", text), encoding="utf-8")


def table(head: list[str], rows: list[list[str]]) -> str:
    """A Markdown table."""
    lines = ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    return "\n".join(lines + ["| " + " | ".join(row) + " |" for row in rows])


#: Words of the table by language, and of the line below it.
LADDER_HEAD = {
    "en": ["candidate", "AI", "error (upper bound): {errors}", "CPU/query", "CPU over life", "bytes", "need"],
    "fr": [
        "solution",
        "IA",
        "erreur (borne haute) : {errors}",
        "calcul/question",
        "calcul sur la durée",
        "octets",
        "besoin",
    ],
}
LADDER_FOOT = {
    "en": "*{level} measurement on {cpu}, {cores} cores, {day}*",
    "fr": "*mesure {level} sur {cpu}, {cores} cœurs, {day}*",
}
LEVELS = {"quick": {"en": "quick", "fr": "rapide"}, "full": {"en": "full", "fr": "complète"}}


def ladder(bundle: Path, errors: str = "month, year", language: str = "en") -> str:
    """The ladder as the terminal prints it, and what was concluded; ``errors`` says of which outputs the errors are."""
    found = read_comparison(bundle / "candidates.json")
    audit = json.loads((bundle / "audit.json").read_text())
    head = [words.format(errors=errors) for words in LADDER_HEAD[language]]
    rows = []
    decision, machine = found.ladder.decision, found.machine
    for candidate in found.ladder.rows:
        cells = candidate_cells(candidate, decision, machine["watts_per_core"], language)
        kept = [cells[k] for k in (0, 1, 2, 3, 5, 8, 9)]
        rows.append([f"**{cell}**" if candidate.name == decision.winner else cell for cell in kept])
    level = LEVELS.get(found.level, {}).get(language, found.level)
    told = LADDER_FOOT[language].format(
        level=level, cpu=machine["cpu_model"], cores=machine["cores"], day=found.created[:10]
    )
    return f"{table(head, rows)}\n\n{told}\n\n> {audit['first_line'][language]}"


def judged_on(bundle: Path) -> str:
    """The surface models that a bundle of `roof_shading` was judged on, by the names of their files."""
    site = json.loads((bundle / "study.json").read_text(encoding="utf-8"))["site"]
    return " ".join(Path(path).stem for path in site.get("test_dsm", [])) or "generated"


def shading_learning() -> str:
    """What `roof_shading` learns from, by cross-validation over its generated places."""
    found = json.loads((RESULTS / "roof_shading_learning.json").read_text())
    rows = [[f"{row[k]:g}" for k in ("roofs", "with_around", "without_around")] for row in found["by_roofs"]]
    near = found["near_and_far"]
    told = (
        f"The physics on the coarse surface errs by {near['coarse_error']:g} % of the mean there "
        f"({near['coarse_bias']:+g} % on average), {100 * near['share_of_squares_on_worst_20th']:.0f} % of squared error on "
        f"one roof in twenty. With what stands within two coarse cells taken from the fine surface it would err by "
        f"{near['error_with_fine_within_2_cells']:g} % ({near['bias_with_fine_within_2_cells']:+g} %)."
    )
    head = ["roofs learnt from", "boosted trees, error in %", "without the heights around"]
    return f"{told}\n\n{table(head, rows)}"


def sectors() -> str:
    """Errors of the reduced physics and of the table by number of sectors."""
    content = json.loads((RESULTS / "roof_sectors.json").read_text())
    names = ("sector_year", "typical_days", "cumulative_sky")
    parts = []
    for site, found in content.items():
        cells: dict[int, dict[str, dict[str, float]]] = {}
        for row in found["rows"]:
            cells.setdefault(row["sectors"], {})[row["candidate"]] = row
        rows = [
            [str(k)]
            + [
                f"{cells[k][name]['yearly_nrmse_percent']:.2f} / {cells[k][name]['worst_month_nrmse_percent']:.2f}"
                for name in names
            ]
            for k in sorted(cells)
        ]
        parts.append(f"{found['roofs']} roofs of {site}, nRMSE in % of the year / of the worst month:\n\n")
        parts.append(table(["sectors", *names], rows) + "\n\n")
    return "".join(parts)


def verification() -> str:
    """Largest differences from pvlib, and times."""
    content = json.loads((RESULTS / "solar_physics.json").read_text())
    errors = content["largest_error_against_pvlib"]
    rows = [[name.replace("_", " "), f"{value:.2g}"] for name, value in errors.items()]
    times = [[name.replace("_", " "), f"{value:.3g}"] for name, value in content["time"].items()]
    site = f"Weather {content['weather']}, surface model {content['surface']}."
    return f"{site}\n\n{table(['largest difference from pvlib', 'value'], rows)}\n\n{table(['time', 'value'], times)}"


def criteria() -> str:
    """Every point of the audit: what it asks, who answers for it, its rule, who else asks."""
    from frugal.audit.criteria.catalogue import CRITERIA

    rows = []
    for point in CRITERIA:
        rule = (point.evaluate.__doc__ or "").strip().splitlines()[0].partition(": ")[2]
        rows.append(
            [point.id, point.title["en"], point.role or point.condition, point.kind, rule, ", ".join(point.asks)]
        )
    return table(["point", "asks", "role or group", "kind", "rule", "asked also by"], rows)


def constant(where: str) -> Any:
    """The value of ``module:name.of.attribute``; a part that ends in brackets is called."""
    module, _, path = where.partition(":")

    def step(holder: Any, part: str) -> Any:
        called = re.fullmatch(r"(\w+)\((\d*)\)", part)
        if called is None:
            return getattr(holder, part)
        return getattr(holder, called[1])(*map(int, called[2].split() or ()))

    return reduce(step, path.split("."), importlib.import_module(f"frugal.{module}"))


def constants() -> str:
    """Every constant that is ours, with its value as the program has it."""
    rows = []
    with (ROOT / "benchmarks" / "audit_constants.csv").open(encoding="utf-8", newline="") as file:
        for line in csv.DictReader(file):
            module, _, name = line["where"].partition(":")
            path = f"frugal/{module.replace('.', '/')}.py"
            rows.append([line["what"], _plain(constant(line["where"])), f"`{name}`, `{path}`", line["why"]])
    return table(["constant", "value", "where", "why"], rows)


def _plain(value: Any) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{key} {_plain(part)}" for key, part in value.items())
    if isinstance(value, tuple):
        return ", ".join(map(_plain, value))
    return f"{value:,.0f}" if float(value).is_integer() else f"{value:.3g}"


def worked_example(bundle: Path) -> str:
    """The table to compute by hand of the oxygen study, as its page prints it."""
    from frugal.audit.evidence.audit_file import ladder_of
    from frugal.audit.report.sections import break_evens

    audit = json.loads((bundle / "audit.json").read_text(encoding="utf-8"))
    ladder = ladder_of(audit)
    ai = ladder.closest_ai
    if ai is None:
        raise SystemExit(f"{bundle} has no AI to compare")
    head = ["answer without AI", "*F* of the AI", "*F* of the other", "*v* of the AI", "*v* of the other", "*N\\**"]
    rows = [[row["name"], *row["cells"]] for row in break_evens(ladder, "en")]
    machine = audit["machine"]
    told = f"*AI compared: {ai.label_in('en')}; {audit['level']} measurement on {machine['cpu_model']}, "
    return f"{told}{machine['cores']} cores, {audit['created'][:10]}*\n\n{table(head, rows)}"


def overhead() -> str:
    """What measuring costs, as its benchmark found it."""
    found = json.loads((RESULTS / "measuring_overhead.json").read_text())
    seconds = found["measured"]["without_evaluation"]
    return (
        f"> {found['share_percent']:.2g} % of the {seconds:.0f} CPU seconds of a campaign, the evaluation apart, "
        f"{found['measured']['start_of_codecarbon']:.2g} s of it the start of codecarbon. The same campaign without codecarbon "
        f"differs by {found['paired_difference_percent']:+.2g} %, within the noise of the machine (its runs vary by "
        f"{found['without_codecarbon']['run_spread_percent']:.2g} %)."
    )


def booked() -> str:
    """How far ledger and page are from what the kernel charged the commands, as its benchmark found it."""
    found = json.loads((RESULTS / "booked_cpu.json").read_text())
    head = ["up to and with", "kernel", "ledger", "page"]
    rows = []
    for row in found["commands"]:
        gaps = {
            name: f"{row[name]:.1f} s ({100 * (row[name] / row['kernel'] - 1):+.1f} %)" for name in ("ledger", "page")
        }
        page = gaps["page"] if row["page_is_of_this_command"] else "–"
        rows.append([f"`frugal {row['command']}`", f"{row['kernel']:.1f} CPU s", gaps["ledger"], page])
    return table(head, rows)


def shallow_water() -> str:
    """What the verification of the shallow-water solvers found."""
    found = json.loads((RESULTS / "shallow_water_verification.json").read_text())
    exact = [
        [
            row["case"],
            str(row["order_of_scheme"]),
            f"{row['cells'][-1]}",
            f"{100 * row['relative_error_of_depth'][-1]:.2g} %",
            ", ".join(f"{order:.2f}" for order in row["observed_order"]),
            f"{row['volume_imbalance']:.0e}",
        ]
        for row in found["exact"]
    ]
    head = [
        "exact solution",
        "order of the scheme",
        "cells a side",
        "relative L1 error of depth",
        "observed order",
        "imbalance",
    ]
    plain = [
        [
            row["scheme"],
            f"{row['cell_size_m']:g} m",
            f"{row['time_s'] / 3600:g} h",
            ", ".join(map(str, row["depths_m"])),
        ]
        for row in found["plain"]
    ]
    others = [
        [name, "", f"{row['time_s'] / 3600:g} h", ", ".join(map(str, depths))]
        for row in found["plain"][:2]
        for name, depths in row["others_m"].items()
    ]
    dam = [
        [
            f"{row['cell_size_m']:g} m",
            str(row["order"]),
            f"{row['rmse_police_survey_m']} ({row['rmse_police_survey_geoclaw_m']})",
            f"{row['rmse_lab_gauge_m']} ({row['rmse_lab_gauge_geoclaw_m']})",
            f"{row['mean_absolute_arrival_error_lab_s']} s",
        ]
        for row in found["malpasset"]
    ]
    rest = found["rest_and_books"]
    parts = [
        table(head, exact),
        "Smooth wave, observed orders of the second-order scheme: "
        + ", ".join(map(str, found["smooth_wave_observed_orders"]))
        + ".",
        f"Lake at rest around an island: fastest water {rest['island_fastest_m_s']:.1e} m/s after {rest['island_steps']} steps."
        " "
        f"Turned by 90°: depths differ by {rest['turned_by_90_degrees_depth_difference_m']:.0e} m. Two threads for one: by "
        f"{rest['difference_of_two_threads']:g}.",
        "Flood over a plain (1 by 2 km, 20 m³/s), depths in m at six points; the last ones lie in or near the advancing front:",
        table(["code", "cells", "time", "depths"], [*plain, *others]),
        "Malpasset 1959, RMSE of the greatest level in m, in brackets that of the published GeoClaw run (George 2011):",
        table(["cells", "order", "17 police marks", "9 laboratory gauges", "mean error of arrival at the gauges"], dam),
    ]
    return "\n\n".join(parts)


def pairing() -> str:
    """Ours beside SFINCS in one run."""
    found = json.loads((RESULTS / "sfincs_pairing.json").read_text())
    rows = []
    for flood, codes in found["floods"].items():
        for name, row in codes.items():
            if isinstance(row, dict):
                ratios = [row.get(key) for key in ("updates_over_theirs", "their_seconds_over_ours")]
                speed = f"{row['updates_per_second'] / 1e6:.1f}"
                cells = ["" if ratio is None else f"{ratio:.2f}" for ratio in ratios]
                rows.append([flood, name, f"{row['steps']}", f"{row['seconds']:.2f}", speed, *cells])
    head = ["flood", "code", "steps", "CPU seconds", "million updates per CPU second"]
    return table([*head, "ours over theirs, per update", "their time over ours"], rows)


def speed() -> str:
    """Cell updates per second of the flood solvers, beside other codes in the same run."""
    found = json.loads((RESULTS / "shallow_water_speed.json").read_text())
    labels = {
        "saint_venant_order_2": "Saint-Venant, second order",
        "saint_venant_order_1": "Saint-Venant, first order",
        "local_inertial": "local inertial",
    }
    ours = [
        [label, f"{int(cells):,} × {int(cells):,}".replace(",", " "), f"{row['updates_per_second'] / 1e6:.1f}", "", ""]
        for name, label in labels.items()
        for cells, row in found[name].items()
    ]
    theirs, absent = [], []
    for name, row in found["peers"].items():
        if isinstance(row, str):
            absent.append(f"{name}: {row}")
            continue
        rate = f"{row['updates_per_second'] / 1e6:.1f}"
        cells = f"{row['cells']:,} cells".replace(",", " ")
        theirs.append([PEERS[name], cells, rate, f"{row['ours_over_theirs']:g}", f"{row['their_time_over_ours']:g}"])
    both = found["two_threads"]
    size = f"{both['cells']:,}".replace(",", " ")
    threads = (
        f"Two threads on {size} cells take {both['median_gain']:g} times less time than one (median of "
        f"{len(both['pairs_gain_ideal'])} pairs; two threads that share nothing gained {both['median_ideal']:g} meanwhile)."
    )
    head = ["code", "domain", "million updates per CPU second", "ours over theirs", "their time over ours"]
    return "\n\n".join([table(head, [*ours, *theirs]), *absent, threads])


def grid_convergence() -> str:
    """Area and volume on cells of three widths."""

    def number(value: float | None, digits: int) -> str:
        return "–" if value is None else f"{value:.{digits}f}"

    rows = []
    for flood in json.loads((RESULTS / "grid_convergence.json").read_text()):
        for key, unit, digits in (("area_ha", "area, ha", 0), ("volume_mm3", "volume, Mm³", 2)):
            told = flood[key]
            values = [number(row[key], digits) for row in flood["rows"]]
            order, limit = number(told["order"], 1), number(told["limit"], digits)
            shares = [f"{100 * told[name]:.1f} %" for name in ("difference", "error")]
            rows.append([flood["flood"], unit, *values, shares[0], order, limit, shares[1]])
    widths = [f"{row['width_m']:g} m" for row in json.loads((RESULTS / "grid_convergence.json").read_text())[0]["rows"]]
    head = ["flood", "", *widths, "50 m from 25 m", "observed order", "extrapolated", "error at 50 m"]
    return table(head, rows)


PEERS = {
    "anuga": "ANUGA (DE1, second order, triangles)",
    "pyclaw": "pyclaw (Roe, MC limiter, split; flat bed without friction)",
    "landlab": "landlab (local inertial)",
}


def map_ladder(bundle: Path) -> str:
    """The ladder of a study with maps, with its conclusion and its break-even."""
    found = read_comparison(bundle / "candidates.json")
    audit = json.loads((bundle / "audit.json").read_text())
    head = ["candidate", "AI", "error (upper bound): depth in m, area", "CPU/query", "CPU over life", "bytes", "need"]
    decision, machine, split = found.ladder.decision, found.machine, found.split
    rows = []
    for candidate in found.ladder.rows:
        cells = candidate_cells(candidate, decision, machine["watts_per_core"], "en")
        kept = [cells[k] for k in (0, 1, 2, 3, 5, 8, 9)]
        rows.append([f"**{cell}**" if candidate.name == decision.winner else cell for cell in kept])
    told = (
        f"*{split['n_train']} training and {split['n_held_out']} held-out runs; {found.level} measurement on "
        f"{machine['cpu_model']}, {machine['cores']} cores, {found.created[:10]}*"
    )
    lines = [
        audit["first_line"]["en"],
        *(f"{name}: {audit['conditions'][name]['text']['en']}" for name in ("C1", "C2", "C3")),
    ]
    return f"{table(head, rows)}\n\n{told}\n\n" + "\n>\n".join(f"> {line}" for line in lines)


def flooded(bundle: Path) -> str:
    """The place of a flood study after a blank, which is the folder of its terrain; nothing for generated ground."""
    terrain = json.loads((bundle / "study.json").read_text(encoding="utf-8"))["site"].get("terrain")
    return f" {Path(terrain[0]).parent.name}" if terrain else ""


def columns() -> str:
    """What the columns of the cadastre's layers mean; months and points of the compass in one line each."""
    from frugal.cadastre.tables.columns import BUILDINGS, PLANES

    rows = ["| layer | column | unit | meaning |", "|---|---|---|---|"]
    for layer, found in (("roof_planes", PLANES), ("buildings", BUILDINGS)):
        for name, column in found.items():
            named, meaning = name, column.meaning["en"]
            if name.startswith("yield_") and name[6:8].isdigit():
                if name != "yield_01_kwh":
                    continue
                named, meaning = "yield_01_kwh` … `yield_12_kwh", "Yield of each month"
            if name.startswith("shading_loss_"):
                if name != "shading_loss_n":
                    continue
                named, meaning = (
                    "shading_loss_n` … `shading_loss_nw",
                    "Share of irradiation lost toward eight points of the compass",
                )
            rows.append(f"| {layer} | `{named}` | {column.unit} | {meaning} |")
    return "\n".join(rows)


def main() -> None:
    """Fill every marker; without a bundle, only what needs none."""
    from cadastre_figures import irradiation_maps, roof_planes
    from estuary_tables import estuary_tables

    page = ROOT / "docs" / "audit.md"
    fill(page, "criteria", criteria())
    fill(page, "constants", constants())
    fill(page, "overhead", overhead())
    fill(page, "booked", booked())
    fill(ROOT / "docs" / "studies" / "submersion.md", "verification", shallow_water())
    fill(ROOT / "docs" / "studies" / "submersion.md", "speed", speed())
    fill(ROOT / "docs" / "studies" / "submersion.md", "pairing", pairing())
    fill(ROOT / "docs" / "studies" / "submersion.md", "convergence", grid_convergence())
    fill(ROOT / "docs" / "cadastre.md", "columns", columns())
    for name, content in roof_planes(RESULTS).items():
        fill(ROOT / "docs" / "cadastre_method.md", name, content)
    fill(ROOT / "docs" / "cadastre_method.md", "maps", irradiation_maps(RESULTS))
    for name, content in estuary_tables(RESULTS).items():
        fill(ROOT / "docs" / "solvers" / "estuary.md", name, content)
    if len(sys.argv) < 2:
        return
    bundle = Path(sys.argv[1])
    study = json.loads((bundle / "study.json").read_text(encoding="utf-8"))["name"]
    if study in ("submersion", "river_flood"):
        fill(ROOT / "docs" / "studies" / f"{study}.md", f"ladder{flooded(bundle)}", map_ladder(bundle))
        return
    if study == "estuary":
        errors = "level in m, salt limit and turbidity maximum in km, oxygen in mg/l"
        fill(ROOT / "docs" / "studies" / "estuary.md", "ladder", ladder(bundle, errors))
        return
    if study == "waste_drift":
        fill(ROOT / "docs" / "studies" / "waste_drift.md", "ladder", ladder(bundle, "aground, at sea, days to sea"))
        return
    if study == "roof_shading":
        page = ROOT / "docs" / "studies" / "roof_shading.md"
        fill(page, f"ladder {judged_on(bundle)}", ladder(bundle, "year"))
        fill(page, "learning", shading_learning())
        return
    if study == "oxygen_sag":
        fill(page, "example", worked_example(bundle))
        return
    fill(ROOT / "README.md", "ladder", ladder(bundle))
    fill(ROOT / "LISEZMOI.md", "ladder", ladder(bundle, "mois, année", "fr"))
    page = ROOT / "docs" / "studies" / "roof_yield.md"
    fill(page, "sectors", sectors())
    fill(page, "verification", verification())
    picture = ROOT / "docs" / "images" / "roof_yield_ladder.svg"
    picture.parent.mkdir(exist_ok=True)
    comparison = read_comparison(bundle / "candidates.json")
    picture.write_text(error_cost_plot(comparison.ladder, "en"), encoding="utf-8")


if __name__ == "__main__":
    main()
