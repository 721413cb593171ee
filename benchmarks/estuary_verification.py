"""The verification of the estuary solver: ``python benchmarks/estuary_verification.py``.

Errors beside closed forms and exact solutions with the observed order of convergence; non-linear funnels at 2, 1, 0.5 and
0.25 km beside 0.125 km, and at shorter steps; ledgers; what is carried beside closed forms; CPU time of a spring-neap cycle.
Prints one JSON document and writes it to ``results/estuary_verification.json`` beside this file. Set-ups without answers here:
``benchmarks/estuary_cases.py``.
"""

from __future__ import annotations

import itertools
import json
import math
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from frugal.formats.files.atomic import write_text
from frugal.physics.estuary import closed_forms
from frugal.physics.estuary.carried import Carrying, Mixing, Mud, Oxygen
from frugal.physics.estuary.carrying import simulate_carried
from frugal.physics.estuary.driving import Driving, SeaLevel
from frugal.physics.estuary.network import layout_of
from frugal.physics.estuary.simulate import simulate_tide
from frugal.physics.shallow_water.flood_case import FloodCase
from frugal.physics.shallow_water.parts.segments import Segment
from frugal.physics.shallow_water.simulate import simulate

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "tests"))
from verification import estuary_cases as cases  # noqa: E402  (the cases of the tests)

SPRING_NEAP_S = 14.765 * 86400.0
FORMS = {
    "standing wave without friction": (cases.standing_wave_error, (4000.0, 2000.0, 1000.0, 500.0)),
    "funnel with linear friction": (cases.funnel_error, (4000.0, 2000.0, 1000.0, 500.0)),
    "Sampson, drying and wetting": (lambda size: cases.sampson_error(round(1e4 / size)), (200.0, 100.0, 50.0, 25.0)),
    "MacDonald, subcritical": (lambda size: cases.macdonald_error(round(1e3 / size)), (40.0, 20.0, 10.0, 5.0)),
}


def forms() -> list[dict[str, Any]]:
    """Relative errors beside exact solutions."""
    rows = []
    for name, (error_at, sizes) in FORMS.items():
        errors = [error_at(size) for size in sizes]
        rows.append(
            {
                "case": name,
                "cell_m": sizes,
                "error": [float(f"{error:.3g}") for error in errors],
                "observed_order": [round(math.log2(a / b), 2) for a, b in itertools.pairwise(errors)],
            }
        )
    return rows


def funnels() -> list[dict[str, Any]]:
    """Largest errors [cm] along non-linear funnels beside cells of 125 m."""
    rows = []
    for name, funnel in cases.funnels().items():
        fine = funnel.found(125.0)
        row: dict[str, Any] = {
            "funnel": name,
            "greatest_m": {
                part: round(float(np.abs(fine[k]).max()), 3) for k, part in enumerate(("mean", "M2", "M4", "M6"))
            },
            "error_cm": {},
        }
        for cell in (2000.0, 1000.0, 500.0, 250.0):
            off = 100.0 * np.abs(funnel.found(cell) - fine).max(axis=1)
            row["error_cm"][f"{cell:.0f} m"] = dict(
                zip(("mean", "M2", "M4", "M6"), (round(float(v), 3) for v in off), strict=True)
            )
        off = 100.0 * np.abs(funnel.found(1000.0, courant=0.2) - fine).max(axis=1)
        row["error_cm"]["1000 m, a quarter of the step"] = dict(
            zip(("mean", "M2", "M4", "M6"), (round(float(v), 3) for v in off), strict=True)
        )
        row["volume_imbalance"] = funnel.run(1000.0).ledger.imbalance
        rows.append(row)
    return rows


def other_solver() -> list[dict[str, Any]]:
    """Tides in a channel of constant width beside the solver of floods, another scheme on another grid."""
    length, tides, rows = 60e3, 8, []
    times = np.arange(-600.0, tides * cases.T + 600.0, 120.0)
    ramp = np.clip(times / cases.T, 0.0, 1.0)
    levels = ramp * (1.5 * np.cos(cases.M2 * times) + 0.1 * np.cos(2.0 * cases.M2 * times + math.radians(60.0)))
    wanted = cases.T * (tides - 1 + np.arange(60) / 60.0)

    def bed(x: np.ndarray) -> np.ndarray:
        return -9.0 + 5.0 * x / length

    found = {}
    for cell in (1000.0, 500.0, 250.0):
        x = (np.arange(length / cell) + 0.5) * cell
        case = FloodCase(
            bed(x)[None],
            cell,
            tides * cases.T,
            friction=0.025,
            level=np.zeros((1, x.size)),
            boundaries={"west": (Segment("level", series=(times, levels)),)},
        )
        flood = simulate(case, snapshot_times=tuple(wanted))
        heights = np.stack([snapshot.depth[0] + bed(x) for snapshot in flood.snapshots[: wanted.size]])
        estuary = cases.channel(length, bed, cell, 0.025)
        run = simulate_tide(
            estuary,
            Driving({"sea": SeaLevel(series=(times, levels))}),
            tides * cases.T,
            cases.T / 60.0,
            wanted[0],
            cell_m=cell,
        )
        points = np.arange(5e3, length, 10e3)
        theirs = np.stack([np.interp(points, x, row) for row in heights])
        ours = np.stack([run.level_at("r", at) for at in points], axis=1)[: wanted.size]
        found[cell] = [cases.amplitudes(part, wanted) for part in (ours, theirs)]
    fine = found[250.0][0]
    for cell, parts in found.items():
        names = ("this solver beside itself at 250 m, cm", "that of floods beside this one at 250 m, cm")
        rows.append(
            {
                "cell_m": cell,
                **{
                    name: dict(
                        zip(
                            ("mean", "M2", "M4", "M6"),
                            (round(100.0 * float(v), 3) for v in np.abs(part - fine).max(axis=1)),
                            strict=True,
                        )
                    )
                    for name, part in zip(names, parts, strict=True)
                },
                "greatest M2, M4 m": [round(float(np.abs(part[k]).max()), 3) for part in parts[:1] for k in (1, 2)],
            }
        )
    return rows


def split() -> dict[str, float]:
    """A channel and the same one split in two."""
    whole, halves = cases.forked()
    upper = whole.levels_m[:, whole.layout.slots("u")]
    return {
        "largest_difference_m": max(
            float(np.abs(halves.levels_m[:, halves.layout.slots(name)] - upper).max()) for name in ("u", "v")
        ),
        "volume_imbalance": halves.ledger.imbalance,
    }


def everything(tides: float = 6.0) -> dict[str, Any]:
    """Ledgers of what is carried, a constant among it, and the CPU time."""
    funnel = cases.funnels()["flats that store"]
    outside = {
        "salt": {"sea": 34.0},
        "mud": {"sea": 0.05, "head": 0.02},
        "heat": {"sea": 15.0, "head": 20.0},
        "oxygen": {"sea": 8.0, "head": 8.0},
        "carbon": {"head": 4.0},
        "nitrogen": {"head": 1.0},
        "one": {"sea": 1.0, "head": 1.0},
    }
    carrying = Carrying(
        outside,
        {"mud": 0.1, "heat": 18.0, "oxygen": 8.0, "one": 1.0},
        Mixing(van_den_burgh=0.4),
        mud=Mud(bed_kg_m2=2.0),
        oxygen=Oxygen(mud_demand_mg_g=5.0),
        heat_exchange_w_m2_k=40.0,
    )
    run = simulate_carried(funnel.estuary, funnel.driving, carrying, tides * cases.T)
    plain = cases.funnels()["converging, river"]

    def cpu(run: Callable[[], Any]) -> float:
        """The least of three, after one that compiles; a core is often shared."""
        run()
        spent = []
        for _ in range(3):
            began = time.process_time()
            run()
            spent.append(time.process_time() - began)
        return round(min(spent), 3)

    carried = cpu(lambda: simulate_carried(funnel.estuary, funnel.driving, carrying, SPRING_NEAP_S))
    flats = cpu(lambda: simulate_tide(funnel.estuary, funnel.driving, SPRING_NEAP_S))
    tide = cpu(lambda: simulate_tide(plain.estuary, plain.driving, SPRING_NEAP_S))
    return {
        "imbalance": {name: run.ledgers[name].imbalance for name in ("salt", "mud", "one")},
        "constant_off_by": float(np.abs(run.concentrations["one"][:, run.layout.slots("r")] - 1.0).max()),
        "cpu_s_of_a_spring_neap_cycle_of_150_cells": {
            "tide": tide,
            "tide, sections with flats": flats,
            "tide, flats, seven substances": carried,
        },
    }


def carried_forms() -> dict[str, Any]:
    """What is carried beside closed forms."""
    a, area, k, d0 = 30e3, 6e4, 0.3, 1200.0
    salt = {}
    for river in (50.0, 100.0, 200.0):
        length = closed_forms.savenije_length(river, area, a, d0, k)
        layout = layout_of(cases.channel(length + 5e3, -10.0, lambda x: area / 10.0 * np.exp(-x / a), 0.02), 1000.0)
        exact = closed_forms.savenije_salt(layout.cells.distance, river, area, a, d0, k)
        carrying = Carrying(
            {"salt": {"sea": 1.0}},
            {"salt": exact},
            Mixing(0.0, van_den_burgh=k, at_mouth_m2_s=d0),
            fixed_sea=True,
            toward_sea_s=0.0,
        )
        run = cases.carried_steadily(layout, -river, 1e7, carrying, 2e3)
        slots = layout.slots("r")
        salt[f"{river:.0f} m3/s"] = {
            "length_km": round(length / 1e3, 1),
            "largest_error_of_S_over_S0": float(
                f"{np.abs(run.concentrations['salt'][-1, slots] - exact[slots]).max():.2g}"
            ),
        }
    u, dispersion, duration, fronts = 0.2, 150.0, 1.5e5, {}
    for cell in (1000.0, 500.0, 250.0, 125.0):
        layout = layout_of(cases.channel(60e3, -5.0, 100.0, 0.02), cell)
        carrying = Carrying({"salt": {"sea": 1.0}}, mixing=Mixing(dispersion), fixed_sea=True, toward_sea_s=0.0)
        run = cases.carried_steadily(layout, 500.0 * u, duration, carrying, cell / 2.0)
        x = layout.cells.distance[layout.slots("r")]
        exact = cases.ogata_banks(x, duration, u, dispersion)
        off = run.concentrations["salt"][-1, layout.slots("r")] - exact
        fronts[f"{cell:.0f} m"] = float(f"{np.abs(off).max():.2g}")
    return {"Savenije, steady": salt, "Ogata and Banks, largest error": fronts}


def jumps() -> list[dict[str, Any]]:
    """A steady flow from fast to slow, which a head cannot be asked for in full."""
    return [
        {
            "cell_m": 1000.0 / count,
            "courant": courant,
            **{name: float(f"{v:.3g}") for name, v in cases.macdonald_jump(count, courant).items()},
        }
        for courant in (0.8, 0.2)
        for count in (25, 50, 100, 200)
    ]


def main() -> None:
    report: dict[str, Any] = {
        "exact solutions": forms(),
        "MacDonald, from fast to slow": jumps(),
        "funnels": funnels(),
        "beside the solver of floods": other_solver(),
        "split channel": split(),
        "carried": everything(),
        "carried, closed forms": carried_forms(),
    }
    text = json.dumps(report, indent=1, ensure_ascii=False)
    print(text)
    (HERE / "results").mkdir(exist_ok=True)
    write_text(HERE / "results" / "estuary_verification.json", text + "\n")


if __name__ == "__main__":
    main()
