"""The estuary solver on reference set-ups: ``python benchmarks/estuary_cases.py [PART ...]``.

The set-ups (channels, the Loire, currents given) lie in ``../shared/data/estuary_cases``; their answers do not, so that this
tells what the solver says, how much its cells matter, and what other methods of our own say of some of them. Parts: tides, mud,
transport, checks, and peer (which needs what ``benchmarks/estuary_iflow.py`` wrote). Each part is written anew into
``results/estuary_cases.json`` beside this file, the others stay; all of them without a part.
"""

from __future__ import annotations

import itertools
import json
import math
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from frugal.formats.files.atomic import write_text
from frugal.physics.estuary import closed_forms

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "tests"))
from verification import estuary_cases as cases  # noqa: E402  (the cases of the tests)
from verification import estuary_given as given  # noqa: E402
from verification import estuary_peers as peers  # noqa: E402

RESULTS = HERE / "results" / "estuary_cases.json"
PEER = HERE.parent / "build" / "estuary_iflow.json"
PARTS = ("mean", "M2", "M4")
PHASES, SETTLING = (0.0, 90.0, 180.0, 270.0), (0.3e-3, 1e-3, 3e-3)
#: A maximum this far from the sea and so far above its concentration counts as trapped.
TRAPPED_M, TRAPPED_TIMES = 2000.0, 1.1


def _rounded(values: Any, digits: int) -> list[float]:
    return [round(float(value), digits) for value in np.asarray(values)]


def _said(value: float) -> float:
    return float(f"{value:.3g}")


def tides() -> list[dict[str, Any]]:
    """Mean, M2 and M4 of all channels at 1 km, and how much cells of 500 m change."""
    rows = []
    for name, case in given.tide_cases().items():
        began = time.process_time()
        tide = given.periodic_tide(case, 1000.0)
        cpu = time.process_time() - began
        points = np.arange(0.0, case.distance_m[-1] + 1.0, 3000.0)
        parts, fine = tide.parts(points), given.periodic_tide(case, 500.0).parts(points)
        rows.append(
            {
                "case": name,
                "km": _rounded(points / 1e3, 1),
                "M0_m": _rounded(parts[0].real, 4),
                **{
                    f"{part}_{what}": _rounded(values, digits)
                    for part, found in (("M2", parts[1]), ("M4", parts[2]))
                    for what, values, digits in (
                        ("m", np.abs(found), 4),
                        ("lag_deg", -np.degrees(np.angle(found)) % 360.0, 2),
                    )
                },
                "slip_m_s": _rounded(np.interp(points, case.distance_m, tide.slip_m_s), 5),
                "largest_change_at_500_m_cm": dict(
                    zip(PARTS, _rounded(100.0 * np.abs(fine - parts).max(axis=1), 3), strict=True)
                ),
                "change_over_the_last_tide_m": _said(tide.change_m),
                "cpu_s": round(cpu, 2),
            }
        )
    return rows


def _mud_cases() -> list[tuple[str, str, given.GivenMud]]:
    """Names of the case and of its tide, and its mud."""
    setup, rows = given.given(), []
    for case in setup["A"]["cases"]:
        if "sediment" in case:
            s = case["sediment"]
            mud = given.GivenMud(s["ws_ms"], s["finf"], s["Kh_m2s"], s["csea_kgm3"])
            rows.append((case["id"], case["id"].split("_ws")[0], mud))
    fluid = next(case for case in setup["Loire"]["cases"] if case["id"] == "L2_fluidmud_spring_Q250")["sediment"]
    for case in setup["Loire"]["cases"]:
        s = case["sediment"]
        if not s:
            continue
        s = fluid if isinstance(s, str) else s
        mud = given.GivenMud(s.get("ws_ms", s.get("ws0_ms")), s["finf"], s["Kh_m2s"], s["csea_kgm3"])
        river = case["id"].split("_Q")[1].split("_")[0]
        rows.append((case["id"], f"L_{'neap' if 'neap' in case['id'] else 'spring'}_Q{river}", mud))
    return rows


def mud() -> list[dict[str, Any]]:
    """Where mud lies when none moves over a tide, at 1 km, and the highest concentration at 2 km."""
    tides_of, found, rows = given.tide_cases(), {}, []
    for name, tide_name, constants in _mud_cases():
        per_unit = replace(constants, sea_kg_m3=min(constants.sea_kg_m3, 0.05))
        for cell in (1000.0, 2000.0):
            if (tide_name, cell) not in found:
                found[tide_name, cell] = given.periodic_tide(tides_of[tide_name], cell)
            if (tide_name, cell, per_unit) not in found:
                found[tide_name, cell, per_unit] = given.balanced_mud(found[tide_name, cell], per_unit)
        # Linear in the sea's concentration, as long as there is mud enough.
        times = constants.sea_kg_m3 / per_unit.sea_kg_m3
        balanced, coarse = (found[tide_name, cell, per_unit] for cell in (1000.0, 2000.0))
        most = times * float(np.nanmax(balanced.erodibility))
        assert times == 1.0 or most < 1.0, f"{name}: there is more mud than the current can lift"
        place = int(balanced.concentration[1:].argmax()) + 1
        at, highest = float(balanced.distance_m[place]), times * float(balanced.concentration[place])
        trapped = at > TRAPPED_M and highest > TRAPPED_TIMES * constants.sea_kg_m3
        rows.append(
            {
                "case": name,
                "without": "density-driven flow, damping" if name.startswith(("L1_", "L2")) else "",
                "settling_mm_s": 1e3 * constants.settling_m_s,
                "km": _rounded(balanced.distance_m[::3] / 1e3, 1),
                "c_kg_m3": [_said(times * v) for v in balanced.concentration[::3]],
                "erodibility": [_said(times * v) for v in balanced.erodibility[1::3]],
                "highest_c_kg_m3": _said(highest),
                "at_km": round(at / 1e3, 1),
                "over_the_sea": round(highest / constants.sea_kg_m3, 3),
                "state": "trapped" if trapped else "flushed",
                "at_2_km_cells": {
                    "over_the_sea": round(float(coarse.concentration[1:].max() / per_unit.sea_kg_m3), 3),
                    "at_km": round(float(coarse.distance_m[1:][coarse.concentration[1:].argmax()]) / 1e3, 1),
                },
                "imbalance": _said(balanced.imbalance),
                "beds_still_gain": _said(balanced.left_over),
            }
        )
    return rows


def _column(phase_deg: float, settling: float) -> dict[str, Any]:
    run = given.transported("P1_local", phase_deg, settling, 8000.0, 20, 300)
    c = run.at("mud", "r", 80e3)[-25:-1]
    bed = run.bed_kg_m2[-25:-1, run.layout.at("r", 80e3)[0]]
    flow = given.transport_flow("P1", phase_deg)
    speed = flow.speed(run.times_s[-25:-1])
    return {
        "case": "P1_local",
        "phase_deg": phase_deg,
        "settling_mm_s": 1e3 * settling,
        "c_kg_m3": {"mean": _said(c.mean()), "least": _said(c.min()), "most": _said(c.max())},
        "mean_bed_kg_m2": _said(bed.mean()),
        "residual_transport_kg_m_s": _said(float(np.mean(flow.depth * c * speed))),
    }


def _along(name: str, phase_deg: float, settling: float, cell_m: float, spans: int) -> dict[int, dict[str, Any]]:
    run = given.transported(name, phase_deg, settling, cell_m, 120, spans)
    slots = run.layout.slots("r")
    x, cells = run.layout.cells.distance[slots], run.layout.cells
    area = (cells.length * cells.stored.width[:, 0])[slots]
    first, rows = float((run.bed_kg_m2[0, slots] * area).sum()), {}
    for tide in (20, 60, 120):
        last = slice(24 * (tide - 1), 24 * tide)
        c = run.concentrations["mud"][last, slots].mean(axis=0)
        bed = run.bed_kg_m2[last, slots].mean(axis=0)
        mass = (10.0 * c + bed) * area
        rows[tide] = {
            "left": round(float(mass.sum()) / first, 4),
            "centre_km": round(float((mass * x).sum() / mass.sum()) / 1e3, 2),
            "highest_c_kg_m3": _said(c.max()),
            "highest_c_at_km": round(float(x[c.argmax()]) / 1e3, 1),
            "most_bed_kg_m2": _said(bed.max()),
            "most_bed_at_km": round(float(x[bed.argmax()]) / 1e3, 1),
            "c_kg_m3": [_said(v) for v in np.interp(np.arange(0.0, x[-1] + 1.0, 4000.0), x, c)],
        }
    centre = float((run.bed_kg_m2[0, slots] * area * x).sum() / first)
    rows[0] = {"imbalance": run.ledgers["mud"].imbalance, "centre_km": centre}
    return rows


def transport() -> list[dict[str, Any]]:
    """Mud along given currents: tide means after 20, 60 and 120 tides, and what cells of 2 km change.

    Trapped, or moved landward: the centre of the mud that is left lies landward of where the mud lay at first.
    """
    rows = [_column(phase, settling) for phase, settling in itertools.product(PHASES, SETTLING)]
    for name in ("P2_closed_prismatic", "C1_converging_river"):
        for phase, settling in itertools.product(PHASES, SETTLING):
            found, coarse = (_along(name, phase, settling, *size) for size in ((1000.0, 300), (2000.0, 150)))
            moved = found[120]["centre_km"] - found[0]["centre_km"] / 1e3
            words = ("landward", "seaward") if name.startswith("P2") else ("trapped", "flushed")
            state = words[int(moved <= 0.0)]
            rows.append(
                {
                    "case": name,
                    "phase_deg": phase,
                    "settling_mm_s": 1e3 * settling,
                    "state": state,
                    "centre_moved_km": round(moved, 2),
                    **{f"after {tide}": found[tide] for tide in (20, 60, 120)},
                    "at_2_km_cells": {
                        what: coarse[120][what] for what in ("left", "centre_km", "highest_c_kg_m3", "highest_c_at_km")
                    },
                    "imbalance": found[0]["imbalance"],
                }
            )
    return rows


def _beside(found: np.ndarray, other: np.ndarray) -> dict[str, float]:
    return {
        name: _said(float(np.abs(a - b).max() / np.abs(b).max()))
        for name, a, b in zip(PARTS, found, other, strict=True)
    }


def checks() -> dict[str, Any]:
    """Beside a closed form, second-order perturbation, the method of lines, and ordinary differential equations of mud."""
    tides_of, small = given.tide_cases(), {}
    x = np.arange(0.0, 150e3 + 1.0, 250.0)
    points, width = x[::40], 3000.0 * np.exp(-x / 40e3)
    plain = tides_of["A1s_lin_small_Q0"]
    for name, case in (("A1s", plain), ("friction of A3", replace(plain, slip_m_s=0.02, viscosity_m2_s=0.05))):
        for amplitude in (0.3, 0.03):
            tide = given.periodic_tide(replace(case, m2_m=amplitude), 1000.0)
            theory = peers.perturbed_tide(
                x, np.full(x.size, 10.0), width, case.slip_m_s, case.viscosity_m2_s, amplitude, 0j, given.OMEGA
            )[:, ::40]
            row = _beside(tide.parts(points), theory)
            row["greatest_M4_m"] = _said(float(np.abs(theory[2]).max()))
            small[f"{name}, M2 of {amplitude:g} m"] = row
    rate = 0.004 / (1.0 + 0.004 * 10.0 / 3.0) / 10.0
    tide = given.periodic_tide(plain, 1000.0)
    exact = 0.3 * closed_forms.funnel_wave(points, 150e3, 10.0, 40e3, rate, given.OMEGA)
    lines = {}
    for name, cell in itertools.product(("A2_quad_Q100", "L_spring_Q250"), (1000.0, 500.0)):
        if name.startswith("L") and cell < 1000.0:
            continue
        case = tides_of[name]
        tide = given.periodic_tide(case, cell)
        at = np.arange(0.0, case.distance_m[-1] + 1.0, 250.0 if name.startswith("A") else 500.0)
        depth = np.interp(at, case.distance_m, case.depth_m)
        if depth.min() < 0.5:
            continue  # the bed lies above the sea: no start for speeds over depths that are not there
        waves = case.m2_m, case.m4_m, math.radians(case.m4_phase_deg)

        def level(moment: float, waves: tuple[float, float, float] = waves) -> float:
            ramp = min(moment / given.PERIOD, 1.0)
            tide_ = waves[0] * math.cos(given.OMEGA * moment)
            return ramp * (tide_ + waves[1] * math.cos(2.0 * given.OMEGA * moment - waves[2]))

        fields = (np.interp(at, case.distance_m, v) for v in (case.width_m, tide.slip_m_s, tide.viscosity_m2_s))
        times, levels = peers.tide_by_lines(at, depth, *fields, level, case.river_m3_s, given.PERIOD, 14)
        other = cases.amplitudes(levels[:, ::40], times, (1, 2), given.OMEGA)
        off = 100.0 * np.abs(tide.parts(at[::40]) - other).max(axis=1)
        lines[f"{name}, {cell:.0f} m"] = dict(zip(PARTS, (_said(v) for v in off), strict=True))
    omega, column = 2.0 * math.pi / 44712.0, []
    for phase, settling in itertools.product(PHASES, SETTLING):
        angle = math.radians(phase)
        c, bed = peers.column_of_mud(
            lambda t, a=angle: math.cos(omega * t) + 0.2 * math.cos(2.0 * omega * t - a), settling, 44712.0, 20, 24
        )
        row = _column(phase, settling)
        column.append(
            {
                "phase_deg": phase,
                "settling_mm_s": 1e3 * settling,
                "mean_c_kg_m3": [row["c_kg_m3"]["mean"], _said(c.mean())],
                "mean_bed_kg_m2": [row["mean_bed_kg_m2"], _said(bed.mean())],
            }
        )
    channels = {}
    for name in ("C1_converging_river", "P2_closed_prismatic"):
        flow = given.transport_flow(name, 90.0)
        is_open = name.startswith("C1")
        middles, (c, bed) = peers.channel_of_mud(
            flow.length, flow.width, flow.envelope, flow.river, flow.phase, 1e-3,
            (lambda x: np.where((x > 10e3) & (x < 60e3), 2.0, 0.0)) if is_open else np.ones_like, is_open, 400, 20,
        )  # fmt: skip
        mass = (10.0 * c + bed) * flow.width(middles)
        found: dict[str, Any] = {
            "lines": {"highest_c_kg_m3": _said(c.max()), "mud_t": round(float(mass.sum()) * flow.length / 4e5)}
        }
        for cell, spans in ((1000.0, 300), (500.0, 600), (250.0, 600)):
            run = given.transported(name, 90.0, 1e-3, cell, 20, spans)
            slots, cells = run.layout.slots("r"), run.layout.cells
            ours = run.concentrations["mud"][-25:-1, slots].mean(axis=0)
            beds = run.bed_kg_m2[-25:-1, slots].mean(axis=0)
            area = (cells.length * cells.stored.width[:, 0])[slots]
            found[f"{cell:.0f} m"] = {
                "highest_c_kg_m3": _said(ours.max()),
                "mud_t": round(float(((10.0 * ours + beds) * area).sum()) / 1e3),
                "largest_difference_kg_m3": _said(
                    float(np.abs(np.interp(cells.distance[slots], middles, c) - ours)[2:-2].max())
                ),
            }
        channels[name] = found
    return {
        "A1s beside the closed form of small waves": _said(
            float(np.abs(tide_parts(plain, points)[1] - exact).max() / 0.3)
        ),
        "second-order perturbation, largest difference over the greatest": small,
        "method of lines of 250 m, largest difference in cm": lines,
        "column of mud, ours and by LSODA": column,
        "channel of mud after 20 tides, phase 90, 1 mm/s, beside lines of third order": channels,
    }


def tide_parts(case: given.GivenTide, points: np.ndarray) -> np.ndarray:
    """Mean, M2 and M4 at 1 km."""
    return given.periodic_tide(case, 1000.0).parts(points)


def peer() -> dict[str, Any]:
    """Beside iFlow, a width-averaged model over the depth that goes to second order in the tide."""
    theirs = json.loads(PEER.read_text(encoding="utf-8"))["cases"]
    ours = json.loads(RESULTS.read_text(encoding="utf-8"))
    rows, mud_rows = [], []
    for row in ours["tides"]:
        if row["case"] not in theirs:
            continue
        other, at = theirs[row["case"]], np.array(row["km"])
        line: dict[str, Any] = {"case": row["case"]}
        for part in ("M2", "M4"):
            pair = []
            for one in (row, other):
                z = np.array(one[f"{part}_m"]) * np.exp(-1j * np.radians(one[f"{part}_lag_deg"]))
                pair.append(np.interp(at, one["km"], z.real) + 1j * np.interp(at, one["km"], z.imag))
            a, b = (np.abs(z) for z in pair)
            there = b > 0.1 * b.max()
            line[part] = {
                "rms_over_greatest": _said(float(np.sqrt(np.mean((a - b) ** 2)) / b.max())),
                "largest_over_greatest": _said(float(np.abs(a - b).max() / b.max())),
                "largest_relative_where_above_a_tenth": _said(float(np.abs(a[there] / b[there] - 1.0).max())),
                "vector_rms_over_greatest": _said(float(np.sqrt(np.mean(np.abs(pair[0] - pair[1]) ** 2)) / b.max())),
            }
        rows.append(line)
    for row in ours["mud"]:
        if row["case"] in theirs:
            other = theirs[row["case"]]
            c = np.array(other["c_kg_m3"])
            place, sea = int(c[1:].argmax()) + 1, row["highest_c_kg_m3"] / row["over_the_sea"]
            there = other["km"][place] > TRAPPED_M / 1e3 and c[place] > TRAPPED_TIMES * sea
            mud_rows.append(
                {
                    "case": row["case"],
                    "state": [row["state"], "trapped" if there else "flushed"],
                    "over_the_sea": [row["over_the_sea"], round(float(c[place] / sea), 3)],
                    "at_km": [row["at_km"], round(float(other["km"][place]), 1)],
                }
            )
    return {"tides": rows, "mud, this solver and iFlow": mud_rows}


def main() -> None:
    every = {"tides": tides, "mud": mud, "transport": transport, "checks": checks, "peer": peer}
    wanted = sys.argv[1:] or list(every)
    for name in wanted:
        if name not in every:
            raise SystemExit(f"part '{name}' is unknown; allowed: {', '.join(every)}")
        if name == "peer" and not PEER.exists():
            print("peer: no results of iFlow here; see benchmarks/estuary_iflow.py", file=sys.stderr)
            continue
        found = every[name]()
        report = json.loads(RESULTS.read_text(encoding="utf-8")) if RESULTS.exists() else {}
        report[name] = found
        ordered = {key: report[key] for key in every if key in report}
        write_text(RESULTS, json.dumps(ordered, indent=1, ensure_ascii=False) + "\n")
        print(json.dumps(found, indent=1, ensure_ascii=False))


if __name__ == "__main__":
    main()
