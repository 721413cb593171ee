"""Tides of the estuaries that come with the program beside their gauges.

``python benchmarks/estuary_gauges.py [--site gironde|saint_laurent] [--fit] [--peers PYTHON]``

Runs the site for the year 2020, when nodal corrections are near 1, with all constituents of the gauge at its mouth and mean
rivers, and analyses the levels as those of a gauge would be. Prints M2, M4, M6 and MSf measured and modelled at each gauge,
vector errors over the gauges that were fitted and those that were not, how long levels rise and currents flood at the innermost
gauge of the fit, beside what the measured constituents give, and CPU seconds. ``--fit`` fits the numbers of
`estuary_fitting.py` anew, and tells for all halves of the gauges what a fit to that half would leave in the other (linear about
the fit to all of them).
``--peers PYTHON``: EPA SWMM (``swmm-toolkit``) on the same network without flats, run by an interpreter that has it.
Writes ``results/estuary_gauges.json``. Gauges: TICON-4 (doi:10.17882/109129), CC BY 4.0.
"""

from __future__ import annotations

import argparse
import json
import math
import subprocess
import tempfile
import time
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
from estuary_fitting import (
    FAMILIES,
    FORCED,
    SPIN_UP_S,
    TOLD,
    fit,
    gauges_of,
    halves,
    month_of,
    observed,
    site_tables,
    vector_rmse_cm,
    with_numbers,
)  # fmt: skip

from frugal.formats.files.atomic import write_text
from frugal.physics.estuary.network import Estuary, layout_of
from frugal.physics.estuary.simulate import TideRun, simulate_tide
from frugal.physics.tide.analysis import analyse
from frugal.physics.tide.constituents import constituent
from frugal.physics.tide.extremes import high_and_low_waters, waters_of_series
from frugal.studies.estuary.place.from_site import constants_of, driving_of, estuary_of
from frugal.studies.estuary.place.site import EstuarySite

HERE = Path(__file__).resolve().parent
RESULTS = HERE / "results" / "estuary_gauges.json"
BEGIN_S = datetime(2020, 1, 1, tzinfo=UTC).timestamp()
YEAR_S = 366 * 86400.0
EVERY_S = 900.0
MONTH_S = 29.53 * 86400.0


def year_of(site: EstuarySite) -> tuple[TideRun, float]:
    """The year, and its CPU seconds."""
    dates = np.array([BEGIN_S - SPIN_UP_S, BEGIN_S + YEAR_S])
    driving = driving_of(site, dated_s=dates)
    simulate_tide(estuary_of(site), driving, 3600.0, EVERY_S, cell_m=site.cell_m)  # compiles
    began = time.process_time()
    run = simulate_tide(
        estuary_of(site), driving, SPIN_UP_S + YEAR_S, EVERY_S, SPIN_UP_S, cell_m=site.cell_m, record_s=EVERY_S
    )
    return run, time.process_time() - began


def analysed(run: TideRun, site: EstuarySite, gauge: Any) -> tuple[np.ndarray, float]:
    """Complex amplitudes (lags) of those that are told, and the mean level, at a gauge."""
    names = [name for name in constants_of(site, gauge).names if name not in ("SA", "SSA")]
    found = analyse(run.times_s - SPIN_UP_S + BEGIN_S, run.level_at(gauge.reach, 1e3 * gauge.km), names)
    constants = found.constants
    rows = [constants.names.index(constituent(name).name) for name in TOLD]
    return constants.amplitudes_m[rows] * np.exp(1j * np.radians(constants.phases_deg[rows])), found.mean_m


def rising_hours(times_s: np.ndarray, levels_m: np.ndarray, high: np.ndarray) -> dict[str, float]:
    """Mean hours of rise and fall, of all tides and of those of the greatest twentieth of ranges."""
    up = high[1:]
    hours, size = np.diff(times_s) / 3600.0, np.abs(np.diff(levels_m))
    great = size >= np.quantile(size, 0.95)
    return {
        "rise": round(float(hours[up].mean()), 2),
        "fall": round(float(hours[~up].mean()), 2),
        "rise, springs": round(float(hours[up & great].mean()), 2),
        "fall, springs": round(float(hours[~up & great].mean()), 2),
    }


def asymmetry(run: TideRun, site: EstuarySite) -> dict[str, Any]:
    """Hours of rise and fall at the last gauge that was fitted, measured and modelled, and of flood and ebb."""
    gauge = [gauge for gauge in gauges_of(site) if gauge.fitted][-1]
    month = BEGIN_S, BEGIN_S + 6 * MONTH_S
    waters = high_and_low_waters(*month, constants_of(site, gauge))
    kept = run.times_s <= SPIN_UP_S + 6 * MONTH_S
    made = waters_of_series(run.times_s[kept], run.level_at(gauge.reach, 1e3 * gauge.km)[kept])
    speed = run.speed_at(gauge.reach, 1e3 * gauge.km)[kept]
    flooding = float((speed > 0.0).mean()) * 12.4206
    return {
        "gauge": gauge.name,
        "levels, from the measured constituents": rising_hours(waters.time_s, waters.level_m, waters.high),
        "levels, modelled": rising_hours(made.time_s, made.level_m, made.high),
        "flood and ebb of the current, modelled": [round(flooding, 2), round(12.4206 - flooding, 2)],
        "greatest flood and ebb, modelled [m/s]": [round(float(speed.max()), 2), round(-float(speed.min()), 2)],
    }


def _without_flats(estuary: Estuary) -> Estuary:
    return replace(
        estuary,
        reaches=tuple(
            reach
            if reach.flowing_width_m is None
            else replace(reach, width_m=reach.flowing_width_m, flowing_width_m=None)
            for reach in estuary.reaches
        ),
    )


def beside_swmm(site: EstuarySite, python: str) -> dict[str, Any]:
    """M2 of this solver and of SWMM on the same sections without flats, and what both cost."""
    plain = site.model_copy(
        update={"reach": tuple(reach.model_copy(update={"storage_width_m": None}) for reach in site.reach)}
    )
    month_of(plain)
    began = time.process_time()
    run = month_of(plain)
    took = time.process_time() - began
    layout = layout_of(_without_flats(estuary_of(site)), site.cell_m)
    cells = layout.cells
    nodes, links, name_of = {}, [], {}
    for reach in layout.estuary.reaches:
        slots = layout.slots(reach.name)
        for k, slot in enumerate(range(slots.start, slots.stop)):
            end = k == 0 or slot == slots.stop - 1
            name_of[slot] = (reach.seaward if k == 0 else reach.landward) if end else f"{reach.name}_{k}"
            bed = float(cells.bed[slot])
            nodes[name_of[slot]] = min(bed, nodes.get(name_of[slot], bed))
        for slot in range(slots.start, slots.stop - 1):
            width = 0.5 * float(cells.stored.width[slot, 0] + cells.stored.width[slot + 1, 0])
            links.append(
                (name_of[slot], name_of[slot + 1], float(cells.spacing[slot]), width, float(cells.friction[slot]))
            )
    wanted = {gauge.name: layout.at(gauge.reach, 1e3 * gauge.km) for gauge in gauges_of(site)}
    mouth, constants = site.mouth[0], constants_of(site, site.mouth[0])
    end = SPIN_UP_S + MONTH_S
    hours = np.arange(0.0, end / 3600.0 + 1.0, 1.0 / 12.0)
    rows = [constants.names.index(constituent(name).name) for name in FORCED]
    speeds = np.radians([constituent(name).speed_deg_h for name in FORCED])
    level = (
        constants.amplitudes_m[rows] * np.cos(hours[:, None] * speeds - np.radians(constants.phases_deg[rows]))
    ).sum(axis=1)
    level = mouth.mean_level_m + level * np.minimum(hours / 24.0, 1.0)
    case = {
        "nodes": list(nodes.items()), "mouth": mouth.place, "links": links, "step_s": 10, "end_h": math.ceil(end / 3600.0),
        "rivers": {river.place: river.mean_flow_m3_s for river in site.river},
        "stage": list(zip(hours.tolist(), level.tolist(), strict=True)),
        "wanted": sorted({name_of[slot + more] for slot, _ in wanted.values() for more in (0, 1)}),
    }  # fmt: skip
    ours = {gauge.name: run.level_at(gauge.reach, 1e3 * gauge.km) for gauge in gauges_of(site)}
    report: dict[str, Any] = {"cpu_s_ours": round(took, 2), "links": len(links), "days": round(end / 86400.0, 1)}
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "case.json"
        file.write_text(json.dumps(case))
        for limited in ("FROUDE", "SLOPE"):
            told = subprocess.run(
                [python, str(HERE / "estuary_swmm.py"), str(file), limited], capture_output=True, text=True, check=True
            )
            answer = json.loads(told.stdout.strip().splitlines()[-1])
            times = EVERY_S * (1 + np.arange(len(next(iter(answer["heads_m"].values())))))
            kept = times >= SPIN_UP_S
            rows_told = {}
            for name, (slot, share) in wanted.items():
                heads = np.array(answer["heads_m"][name_of[slot]]) * (1 - share) + share * np.array(
                    answer["heads_m"][name_of[slot + 1]]
                )
                theirs, mine = _m2(times[kept], heads[kept]), _m2(run.times_s, ours[name])
                rows_told[name] = {
                    "M2, SWMM": _lag(theirs[0]), "M2, ours": _lag(mine[0]),
                    "difference_cm": round(100 * abs(theirs[0] - mine[0]), 2), "mean_cm": round(100 * (theirs[1] - mine[1]), 2),
                }  # fmt: skip
            report[limited] = {
                "version": answer["version"],
                "cpu_s": round(answer["cpu_s"], 1),
                "cpu_over_ours": round(answer["cpu_s"] / took, 1),
                "largest_m2_difference_cm": max(row["difference_cm"] for row in rows_told.values()),
                "gauges": rows_told,
            }
    return report


def _m2(times_s: np.ndarray, levels_m: np.ndarray) -> tuple[complex, float]:
    """M2 as a complex amplitude (lag), and the mean, of a month."""
    names = ("M2", "S2", "N2", "K1", "O1", "M4", "MS4", "M6", "MSF", "MN4", "MU2", "L2", "MM")
    columns = [np.ones_like(times_s)]
    for name in names:
        angle = math.radians(constituent(name).speed_deg_h) / 3600.0 * times_s
        columns += [np.cos(angle), np.sin(angle)]
    found = np.linalg.lstsq(np.stack(columns, axis=1), levels_m, rcond=None)[0]
    return complex(found[1] + 1j * found[2]), float(found[0])


def _lag(value: complex) -> list[float]:
    """Amplitude [m] and lag [°]."""
    return [round(float(abs(value)), 3), round(math.degrees(np.angle(value)) % 360.0, 1)]


def report_of(name: str, fitting: bool, peers: str | None) -> dict[str, Any]:
    """All that is told of a site."""
    site = EstuarySite(**site_tables(name))
    told: dict[str, Any] = {}
    if fitting:
        began = time.process_time()
        p = fit(name)
        site = with_numbers(site_tables(name), FAMILIES[name], p)
        told["numbers"] = {key: float(f"{value:.4g}") for key, value in zip(FAMILIES[name].names, p, strict=True)}
        told["cpu_s_of_the_fit"] = round(time.process_time() - began, 1)
        told["all_halves"] = halves(name)
    run, cpu = year_of(site)
    gauges = gauges_of(site)
    found = [analysed(run, site, gauge) for gauge in gauges]
    model, measured = np.array([one[0] for one in found]), observed(site)
    fitted = np.array([gauge.fitted for gauge in gauges])
    told |= {
        "cpu_s_of_a_year": round(cpu, 2),
        "volume_imbalance": run.ledger.imbalance,
        "vector_rmse_cm": {
            "fitted": vector_rmse_cm(model[fitted], measured[fitted]),
            "not fitted": vector_rmse_cm(model[~fitted], measured[~fitted]),
        },
        "gauges": [
            {
                "gauge": gauge.name,
                "reach": gauge.reach,
                "km": gauge.km,
                "fitted": gauge.fitted,
                "mean_level_m": round(found[k][1], 2),
                **{
                    key: {"measured": _lag(measured[k, c]), "modelled": _lag(model[k, c])} for c, key in enumerate(TOLD)
                },
            }
            for k, gauge in enumerate(gauges)
        ],
        "hours": asymmetry(run, site),
    }
    if peers is not None:
        told["swmm"] = beside_swmm(site, peers)
    return told


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--site", choices=tuple(FAMILIES), help="one of them; both otherwise")
    parser.add_argument("--fit", action="store_true")
    parser.add_argument("--peers", metavar="PYTHON", help="interpreter with swmm-toolkit")
    asked = parser.parse_args()
    kept = json.loads(RESULTS.read_text(encoding="utf-8")) if RESULTS.exists() else {}
    for name in (asked.site,) if asked.site else tuple(FAMILIES):
        told = report_of(name, asked.fit, asked.peers)
        for key in ("numbers", "cpu_s_of_the_fit", "all_halves", "swmm"):
            if key in kept.get(name, {}):
                told.setdefault(key, kept[name][key])
        kept[name] = told
        print(json.dumps({name: told}, indent=1, ensure_ascii=False))
    RESULTS.parent.mkdir(exist_ok=True)
    write_text(RESULTS, json.dumps(kept, indent=1, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    main()
