"""What the study of litter errs by, and what it hangs on: ``python benchmarks/waste_drift.py [--pictures]``.

Releases drawn over the inputs of the Gironde are followed again with another seed, finer cells, shorter steps and other
published rates, and by matrices of one tide of growing fineness; errors are root mean squares over sectors, days and releases.
Writes ``results/waste_drift.json`` and the tables of ``docs/studies/waste_drift.md``; with ``--pictures`` the picture of the
scenarios instead. About three minutes.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from fill_docs import ROOT, fill, table

from frugal.experiments.study import Study
from frugal.experiments.study.questions import question
from frugal.experiments.study.registry import load_study
from frugal.experiments.study.site import build_site
from frugal.formats.files.atomic import write_text
from frugal.studies.estuary.litter.alternatives import with_fewer, with_matrix
from frugal.studies.estuary.litter.currents import MOMENTS, SPIN_UP_TIDES
from frugal.studies.estuary.litter.drifting import Drifting
from frugal.studies.estuary.litter.following import LitterRates, follow, released
from frugal.studies.estuary.litter.site import WasteSite

HERE = Path(__file__).resolve().parent
PAGE = ROOT / "docs" / "studies" / "waste_drift.md"
RELEASES = 16
#: Other values of the published rates.
VARIED = {
    "beaching_hours": (6.0, 96.0),
    "resuspension_days": (0.5, 8.0),
    "windage": (0.02,),
    "mixing_along": (20.0, 300.0),
    "mixing_across": (0.05, 1.0),
}
OUTPUTS = ("stranded", "at_sea", "days_to_sea")
Asked = Mapping[str, float]
Answering = Callable[..., Mapping[str, Any]]


def answers(ask: Answering, asked: list[Asked], rates: Asked) -> tuple[dict[str, np.ndarray], float]:
    """Outputs of all releases, and CPU seconds of one."""
    ask(**asked[0], **rates)
    began = time.process_time()
    found = [ask(**one, **rates) for one in asked]
    spent = (time.process_time() - began) / len(asked)
    return {
        name: np.stack([np.atleast_1d(np.asarray(one[name], dtype=float)) for one in found]) for name in OUTPUTS
    }, spent


def errors(found: Mapping[str, np.ndarray], truth: Mapping[str, np.ndarray]) -> dict[str, float]:
    """Root mean squares of differences, and the largest one of a sector."""
    told = {name: float(np.sqrt(np.mean((found[name] - truth[name]) ** 2))) for name in OUTPUTS}
    return {**told, "worst_sector": float(np.abs(found["stranded"] - truth["stranded"]).max())}


def means(found: Mapping[str, np.ndarray]) -> dict[str, float]:
    """Mean share aground and at sea at the end."""
    return {
        "stranded_mean": float(found["stranded"].sum(axis=1).mean()),
        "at_sea_mean": float(found["at_sea"][:, -1].mean()),
    }


def in_steps(drifting: Drifting, steps: int) -> Answering:
    """The physics with so many steps in a tide."""

    def answer(release_km: float, hour: float, **inputs: float) -> Any:
        names = ("coefficient", "flow_m3_s", "wind", "wind_from")
        known = LitterRates(**{name: value for name, value in inputs.items() if name not in names})
        moved, _, _ = drifting.moved(known, *(inputs[name] for name in names))
        reach, x_m = drifting.site.reach_at(release_km)
        length_m = 1e3 * drifting.site.reach[reach].length_km
        particles = released(reach, x_m, length_m, hour, known.windage, drifting.particles, drifting.seed)
        return drifting.told(follow(particles, moved, known, drifting.sectors, drifting.tides, steps))

    return answer


def grounded(drifting: Drifting, rates: Asked, asked: Asked) -> float:
    """Share aground two tides after the release."""
    short = replace(drifting, site=drifting.site.model_copy(update={"days": 1.0}))
    return float(np.sum(np.asarray(short.answer(**asked, **rates)["stranded"])))


def spun_up(drifting: Drifting, asked: list[Asked]) -> float:
    """Largest change of a level from the tide that is kept to the next one [m]."""
    return max(drifting.currents(one["coefficient"], one["flow_m3_s"]).not_repeated_m for one in asked)


def measured(study: Study, drifting: Drifting) -> dict[str, Any]:
    """All rows of the page."""
    names = [variable.name for variable in study.inputs]
    assert study.draw is not None
    asked = [dict(zip(names, map(float, row), strict=True)) for row in study.draw(RELEASES, 5).inputs]
    rates = {parameter.name: parameter.default for parameter in study.parameters}
    truth, cpu = answers(drifting.answer, asked, rates)
    fewer = with_fewer(drifting).answer
    assert fewer is not None
    rows: list[dict[str, Any]] = []
    for case, ask in (
        ("another seed", replace(drifting, seed=1).answer),
        ("1,024 particles, another seed", replace(drifting, seed=1, particles=1024).answer),
        ("cells of 500 m", replace(drifting, wider=0.5).answer),
        ("cells of 2,000 m", replace(drifting, wider=2.0).answer),
        ("150 steps a tide (5 min)", in_steps(drifting, 2 * MOMENTS)),
    ):
        rows.append({"case": case, **errors(answers(ask, asked, rates)[0], truth)})
    spread = {name: float(np.sqrt(np.mean((truth[name] - truth[name].mean(axis=0)) ** 2))) for name in OUTPUTS}
    hangs = []
    for name, values in VARIED.items():
        for value in values:
            found, _ = answers(replace(drifting, particles=1024).answer, asked, {**rates, name: value})
            hangs.append({"rate": name, "value": value, **errors(found, truth), **means(found)})
    matrices = []
    for piece, row in ((4000.0, 8), (2000.0, 8), (2000.0, 32), (1000.0, 32)):
        matrix = with_matrix(drifting, piece, row).answer
        assert matrix is not None
        found, spent = answers(matrix, asked, rates)
        case = f"matrix, pieces of {piece:g} m, {row} particles a row"
        matrices.append({"case": case, "cpu_s": spent, **errors(found, truth)})
    found, spent = answers(fewer, asked, rates)
    matrices.append({"case": "256 particles, cells of 2,000 m", "cpu_s": spent, **errors(found, truth)})
    usual: Asked = {**dict(zip(names, map(float, question(study.inputs, {}).row), strict=True)), "wind": 3.0}
    return {
        "releases": RELEASES,
        "cpu_s": cpu,
        "physics": rows,
        "spread": spread,
        "mean": means(truth),
        "rates": hangs,
        "matrix": matrices,
        "grounded_within_two_tides": {
            f"{side:g}": grounded(drifting, rates, {**usual, "wind_from": side}) for side in (270.0, 90.0, 0.0)
        },
        "not_repeated_m": spun_up(drifting, asked),
        "spin_up_tides": SPIN_UP_TIDES,
    }


def cells_of(row: Mapping[str, Any]) -> list[str]:
    """Errors as the page has them."""
    return [f"{row['stranded']:.4f}", f"{row['worst_sector']:.3f}", f"{row['at_sea']:.3f}", f"{row['days_to_sea']:.2f}"]


def filled(found: dict[str, Any]) -> None:
    """The tables of the page."""
    head = ["stranded", "worst sector of a release", "at sea", "days to sea"]
    spread = {**found["spread"], "worst_sector": float("nan")}
    rows = [[row["case"], *cells_of(row)] for row in found["physics"]]
    rows.append(["deviation between releases", *cells_of(spread)])
    aground = ", ".join(
        f"{100 * share:.0f} % (from {side}°)" for side, share in found["grounded_within_two_tides"].items()
    )
    told = (
        f"One release costs {found['cpu_s']:.2f} CPU s. Levels repeat to {1000 * found['not_repeated_m']:.0f} mm after "
        f"{found['spin_up_tides']} tides. With a wind of 3 m/s litter released at the usual place lies "
        f"aground after two tides to {aground}."
    )
    fill(PAGE, "verification", table(["compared with the study", *head], rows).replace("nan", "–") + "\n\n" + told)
    rows = [[row["case"], f"{row['cpu_s']:.2f}", *cells_of(row)] for row in found["matrix"]]
    fill(PAGE, "matrix", table(["", "CPU s a release", *head], rows))
    mean = found["mean"]
    rows = [["as the study has them", "", f"{mean['stranded_mean']:.2f}", f"{mean['at_sea_mean']:.2f}", "", ""]]
    for row in found["rates"]:
        shares = [f"{row[name]:.2f}" for name in ("stranded_mean", "at_sea_mean")]
        rows.append([row["rate"], f"{row['value']:g}", *shares, f"{row['stranded']:.4f}", f"{row['at_sea']:.3f}"])
    head = ["rate", "value", "aground at the end", "at sea at the end", "`stranded` changes by", "`at_sea` changes by"]
    fill(PAGE, "rates", table(head, rows))


def picture(study: Study, drifting: Drifting) -> None:
    """Chances on the banks and over the days for the scenarios, each on the reaches of the site."""
    import matplotlib.pyplot as plt

    stranded = next(output for output in study.outputs if output.name == "stranded")
    geometry = stranded.geometry
    assert geometry is not None and hasattr(geometry, "x")
    rates = {parameter.name: parameter.default for parameter in study.parameters}
    names = [variable.name for variable in study.inputs]
    count = len(study.scenarios)
    figure, axes = plt.subplots(1, count, figsize=(4 * count, 4.6), sharey=True, layout="constrained")
    for axis, scenario in zip(np.atleast_1d(axes), study.scenarios, strict=True):
        row = question(study.inputs, scenario.values).row
        found = drifting.answer(**dict(zip(names, map(float, row), strict=True)), **rates)
        chances = np.asarray(found["stranded"])
        for reach in drifting.site.reach:
            axis.plot(*np.array(reach.line).T, color="0.8", zorder=1)
        axis.scatter(
            geometry.x, geometry.y, s=6 + 3000 * chances, c=chances, cmap="viridis_r", vmin=0, vmax=0.2, alpha=0.8
        )
        at_sea = np.asarray(found["at_sea"])[-1]
        axis.set_title(f"{scenario.label['en']}\naground {chances.sum():.0%}, at sea {at_sea:.0%}", fontsize=10)
        axis.set_aspect(1.0 / np.cos(np.radians(45.0)))
        axis.set_xlabel("longitude [°]")
    np.atleast_1d(axes)[0].set_ylabel("latitude [°]")
    figure.savefig(PAGE.with_name("waste_drift.png"), dpi=90)


def main() -> None:
    """All rows, or the picture."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--pictures", action="store_true")
    parser.add_argument("--out", type=Path, default=HERE / "results")
    arguments = parser.parse_args()
    study = load_study("waste_drift", {})
    site = build_site(WasteSite, {})
    assert isinstance(site, WasteSite)
    drifting = Drifting(site, particles=site.particles)
    if arguments.pictures:
        picture(study, drifting)
        return
    found = measured(study, drifting)
    text = json.dumps(found, indent=1)
    print(text)
    write_text(arguments.out / "waste_drift.json", text + "\n")
    filled(found)


if __name__ == "__main__":
    main()
