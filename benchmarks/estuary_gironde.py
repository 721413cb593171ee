"""Tide of the Gironde, Garonne and Dordogne beside its gauges: ``python benchmarks/estuary_gironde.py [--fit]``.

A network of three reaches (75, 95 and 90 km) whose widths and depths follow a few numbers, driven by the constituents of the
gauge at the mouth. With ``--fit`` these numbers are fitted by least squares to every second gauge; else those stand that
such a fit gave. Prints amplitudes and phases of M2, M4, M6 and MSf at all gauges, vector errors over gauges fitted and not, the
length of flood and ebb at Bordeaux, and the CPU time. Gauges: TICON-4 (doi:10.17882/109129), CC BY 4.0.

Lengths, the tidal limit at 95 km (La Réole) and 90 km (Pessac-sur-Dordogne) above the confluence, and the mean flow (680 m³/s,
65 % of it from the Garonne) are published; widths and depths are fitted, and no gauge lies above Bordeaux or on the Dordogne.
"""

from __future__ import annotations

import argparse
import csv
import json
import math
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
from scipy.optimize import least_squares

from frugal.formats.files.atomic import write_text
from frugal.physics.estuary.driving import Driving, SeaLevel
from frugal.physics.estuary.network import Estuary, Reach
from frugal.physics.estuary.simulate import TideRun, simulate_tide

HERE = Path(__file__).resolve().parent
GAUGES = HERE.parents[1] / "shared" / "data" / "tides" / "gauge_chains.csv"
#: Degrees per hour.
SPEEDS = {
    "M2": 28.9841042, "S2": 30.0, "N2": 28.4397295, "K1": 15.0410686, "O1": 13.9430356, "M4": 57.9682084,
    "MS4": 58.9841042, "M6": 86.9523127, "MSF": 1.0158958, "MN4": 57.4238337, "2MS6": 87.9682084, "MM": 0.5443747,
    "S4": 60.0, "2MN6": 86.4079380, "MK3": 44.0251729, "MO3": 42.9271398, "MU2": 27.9682084, "L2": 29.5284789,
    "K2": 30.0821373,
}  # fmt: skip
FORCED = ("M2", "S2", "N2", "K1", "O1", "M4", "MS4", "M6", "MSF")
ANALYSED = tuple(name for name in SPEEDS if name != "K2")
TOLD = ("M2", "M4", "M6", "MSF")
#: Way along the channel over the chord between gauges.
_WINDING = 1.03
MONTH_S, SPIN_UP_S = 29.53 * 86400.0, 3.0 * 86400.0
GIRONDE_M, GARONNE_M, DORDOGNE_M = 75e3, 95e3, 90e3

NAMES = (
    "mean depth at the mouth", "mean depth at 37 km", "mean depth at the confluence", "mean depth at 30 km of the Garonne",
    "n of Manning, Gironde", "n of Manning, rivers", "convergence km, Gironde", "convergence km, Garonne",
    "width of either river over that of the Gironde",
)  # fmt: skip
START = np.array([12.0, 8.0, 7.0, 6.5, 0.018, 0.020, 43.0, 35.0, 0.40])
LOW = np.array([5.0, 4.0, 3.0, 3.0, 0.010, 0.010, 25.0, 15.0, 0.25])
HIGH = np.array([25.0, 16.0, 14.0, 12.0, 0.035, 0.040, 90.0, 90.0, 1.00])
FITTED = np.array([7.787, 6.636, 8.038, 6.385, 0.01222, 0.01862, 37.06, 42.38, 0.6053])
#: Published area of the Gironde [m²]: with the convergence it gives the width at the mouth.
GIRONDE_AREA_M2 = 635e6


def gauges() -> list[dict[str, Any]]:
    """Gauges of the Gironde with their constituents as complex amplitudes (lags)."""
    with GAUGES.open(encoding="utf-8") as file:
        rows = [row for row in csv.DictReader(file) if row["chain"] == "gironde"]
    return [
        {
            "name": row["gauge"],
            "km": float(row["chord_km"]) * _WINDING,
            **{
                name: float(row[f"{name}_amp_m"]) * np.exp(1j * math.radians(float(row[f"{name}_g_deg"])))
                for name in FORCED
            },
        }
        for row in rows
    ]


def network(p: np.ndarray) -> Estuary:
    """The three reaches for nine numbers."""
    d0, d1, d2, d3, n1, n2, shrinking, shrinking_up, share = p
    x = np.linspace(0.0, GIRONDE_M, 151)
    mouth = GIRONDE_AREA_M2 / (1e3 * shrinking * -math.expm1(-GIRONDE_M / (1e3 * shrinking)))
    width = mouth * np.exp(-x / (1e3 * shrinking))
    friction = np.interp(x, [0.0, 55e3, 75e3], [n1, n1, n2])
    gironde = Reach(
        "gironde", "mouth", "confluence", x, -np.interp(x, [0.0, 37e3, 75e3], [d0, d1, d2]), width, friction
    )

    def river(name: str, head: str, length: float, part: float, least: float) -> Reach:
        at = np.linspace(0.0, length, 181)
        bed = np.interp(at, [0.0, 30e3, length], [-d2, -d3, 1.0])
        wide = np.maximum(part * width[-1] * np.exp(-at / (1e3 * shrinking_up)), least)
        return Reach(name, "confluence", head, at, bed, wide, n2)

    return Estuary(
        (
            gironde,
            river("garonne", "la_reole", GARONNE_M, share, 180.0),
            river("dordogne", "pessac", DORDOGNE_M, share, 150.0),
        ),
        ("mouth",),
    )


def run_of(p: np.ndarray, at_mouth: dict[str, Any], cell_m: float = 1000.0, river_m3_s: float = 680.0) -> TideRun:
    """A month after three days."""
    waves = [at_mouth[name] for name in FORCED]
    speeds = [math.radians(SPEEDS[name]) / 3600.0 for name in FORCED]
    sea = SeaLevel(0.3, np.abs(waves).tolist(), np.angle(waves).tolist(), speeds)
    rivers = {"la_reole": 0.65 * river_m3_s, "pessac": 0.35 * river_m3_s}
    end = SPIN_UP_S + MONTH_S
    return simulate_tide(
        network(p), Driving({"mouth": sea}, rivers, ramp_s=86400.0), end, 600.0, SPIN_UP_S, cell_m=cell_m
    )


def levels_at(run: TideRun, km: float) -> np.ndarray:
    """Levels at a distance from the mouth, along the Garonne."""
    metres = 1e3 * km
    if metres <= GIRONDE_M:
        return run.level_at("gironde", metres)
    return run.level_at("garonne", metres - GIRONDE_M)


def constituents(times: np.ndarray, levels: np.ndarray) -> dict[str, np.ndarray]:
    """Complex amplitudes (lags) by least squares, and the mean."""
    columns = [np.ones_like(times)]
    for name in ANALYSED:
        angle = math.radians(SPEEDS[name]) / 3600.0 * times
        columns += [np.cos(angle), np.sin(angle)]
    found = np.linalg.lstsq(np.stack(columns, axis=1), levels, rcond=None)[0]
    return {"mean": found[0], **{name: found[1 + 2 * k] + 1j * found[2 + 2 * k] for k, name in enumerate(ANALYSED)}}


def modelled(p: np.ndarray, places: list[dict[str, Any]], **more: Any) -> dict[str, np.ndarray]:
    """Constituents at the gauges."""
    run = run_of(p, places[0], **more)
    return constituents(run.times_s, np.stack([levels_at(run, place["km"]) for place in places], axis=1))


def fit(places: list[dict[str, Any]]) -> np.ndarray:
    """Numbers that bring M2, M4, M6 and MSf at every second gauge near what was measured."""
    chosen = list(range(2, len(places), 2))

    def misfits(p: np.ndarray) -> np.ndarray:
        found = modelled(p, places)
        errors = [found[name][k] - places[k][name] for name in TOLD for k in chosen]
        drawn = 0.01 * (p - START) / START  # 1 cm for 100 %: keeps what gauges say nothing of near the start
        return np.concatenate([np.real(errors), np.imag(errors), drawn])

    solved = least_squares(misfits, START, x_scale=START, bounds=(LOW, HIGH), diff_step=1e-3, max_nfev=25)
    return np.asarray(solved.x)


def asymmetry(run: TideRun, km: float) -> dict[str, list[float]]:
    """Mean hours a tide of rise and fall of the level, and of flood and ebb of the current."""
    rising = float((np.diff(levels_at(run, km)) > 0.0).mean())
    flooding = float((run.speed_at("garonne", 1e3 * km - GIRONDE_M) > 0.0).mean())
    return {
        "rise and fall": [round(12.4206 * share, 2) for share in (rising, 1.0 - rising)],
        "flood and ebb": [round(12.4206 * share, 2) for share in (flooding, 1.0 - flooding)],
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--fit", action="store_true")
    asked = parser.parse_args()
    if not GAUGES.exists():
        sys.exit(f"{GAUGES} is absent")
    places = gauges()
    began = time.process_time()
    p = fit(places) if asked.fit else FITTED
    fitting = time.process_time() - began
    run = run_of(p, places[0])
    began = time.process_time()
    run = run_of(p, places[0])
    cpu = time.process_time() - began
    found = constituents(run.times_s, np.stack([levels_at(run, place["km"]) for place in places], axis=1))
    groups = {"fitted": list(range(2, len(places), 2)), "not fitted": list(range(1, len(places), 2))}
    report = {
        "numbers": {name: float(f"{value:.4g}") for name, value in zip(NAMES, p, strict=True)},
        "fitted": asked.fit,
        "cpu_s_of_the_fit": round(fitting, 1) if asked.fit else None,
        "cpu_s_of_a_month": round(cpu, 3),
        "vector_rmse_cm": {
            name: {
                group: round(
                    100.0 * float(np.sqrt(np.mean([abs(found[name][k] - places[k][name]) ** 2 for k in which]))), 2
                )
                for group, which in groups.items()
            }
            for name in TOLD
        },
        "gauges": [
            {
                "gauge": place["name"],
                "km": round(place["km"], 1),
                **{
                    name: {
                        "measured": [
                            round(float(abs(place[name])), 3),
                            round(math.degrees(np.angle(place[name])) % 360.0, 1),
                        ],
                        "modelled": [
                            round(float(abs(found[name][k])), 3),
                            round(math.degrees(np.angle(found[name][k])) % 360.0, 1),
                        ],
                    }
                    for name in TOLD
                },
            }
            for k, place in enumerate(places)
        ],
        "hours_at_bordeaux": asymmetry(run, places[-1]["km"]),
        "volume_imbalance": run.ledger.imbalance,
    }
    text = json.dumps(report, indent=1, ensure_ascii=False)
    print(text)
    (HERE / "results").mkdir(exist_ok=True)
    write_text(HERE / "results" / "estuary_gironde.json", text + "\n")


if __name__ == "__main__":
    main()
