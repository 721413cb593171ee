"""The verification of the estuary solver: ``python benchmarks/estuary_verification.py``.

Errors beside closed forms and exact solutions with the observed order of convergence; non-linear funnels at 2, 1, 0.5 and
0.25 km beside 0.125 km, and at shorter steps; ledgers; what is carried beside closed forms; CPU time of a spring-neap cycle.
Where the cases of ``../shared/data/estuary_cases`` lie beside the checkout, their tides (mean, M2, M4 along the channel) and
where their transport-only cases leave the mud: these have no answers here. Prints one JSON document and writes it to
``results/estuary_verification.json`` beside this file.
"""

from __future__ import annotations

import itertools
import json
import math
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np

from frugal.formats.files.atomic import write_text
from frugal.physics.estuary import closed_forms
from frugal.physics.estuary.carried import Carrying, Mixing, Mud, Oxygen
from frugal.physics.estuary.carrying import carry_along, simulate_carried
from frugal.physics.estuary.driving import Driving, SeaLevel
from frugal.physics.estuary.network import Estuary, Reach, layout_of
from frugal.physics.estuary.simulate import simulate_tide
from frugal.physics.shallow_water.flood_case import FloodCase
from frugal.physics.shallow_water.parts.segments import Segment
from frugal.physics.shallow_water.simulate import simulate

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "tests"))
from verification import estuary_cases as cases  # noqa: E402  (the cases of the tests)

GIVEN = HERE.parents[1] / "shared" / "data" / "estuary_cases"
#: Speed of M2 in the given cases [rad/s].
GIVEN_M2 = 1.4056343e-4
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
    began = time.process_time()
    simulate_carried(funnel.estuary, funnel.driving, carrying, SPRING_NEAP_S)
    carried = time.process_time() - began
    began = time.process_time()
    simulate_tide(funnel.estuary, funnel.driving, SPRING_NEAP_S)
    flats = time.process_time() - began
    plain = cases.funnels()["converging, river"]
    simulate_tide(plain.estuary, plain.driving, 3600.0)
    began = time.process_time()
    simulate_tide(plain.estuary, plain.driving, SPRING_NEAP_S)
    return {
        "imbalance": {name: run.ledgers[name].imbalance for name in ("salt", "mud", "one")},
        "constant_off_by": float(np.abs(run.concentrations["one"][:, run.layout.slots("r")] - 1.0).max()),
        "cpu_s_of_a_spring_neap_cycle_of_150_cells": {
            "tide": round(time.process_time() - began, 3),
            "tide, sections with flats": round(flats, 3),
            "tide, flats, seven substances": round(carried, 3),
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


def given_tide(case: dict[str, Any], estuary: Estuary, driving: Driving, length: float, law: Any) -> dict[str, Any]:
    """Mean, M2 and M4 of a given case along the channel; `law` finds friction [m/s] from the mean speed."""
    period = 2.0 * math.pi / GIVEN_M2
    reach, speed = estuary.reaches[0], np.full(len(estuary.reaches[0].distance_m), 0.6)
    run = None
    for _ in range(8 if law else 1):
        friction = law(speed) if law else reach.friction
        one = Reach("r", "sea", "head", reach.distance_m, reach.bed_m, reach.width_m, friction)
        run = simulate_tide(
            Estuary((one,), ("sea",), "linear"), driving, 41.0 * period, period / 60.0, 40.0 * period, cell_m=1000.0
        )
        middles = run.layout.cells.distance[run.layout.slots("r")]
        found = np.abs(run.speeds("r")[:-1]).mean(axis=0)
        speed = 0.5 * speed + 0.5 * np.interp(reach.distance_m, 0.5 * (middles[1:] + middles[:-1]), found)
    assert run is not None
    points = np.linspace(0.0, length, 16)
    levels = np.stack([run.level_at("r", x) for x in points], axis=1)
    parts = cases.amplitudes(levels[:-1], run.times_s[:-1], (1, 2), GIVEN_M2)
    return {
        "case": case["id"],
        "km": [round(x / 1e3, 1) for x in points],
        "M0_m": [round(float(v), 4) for v in parts[0].real],
        **{
            f"{name}_{what}": [round(float(v), digits) for v in values]
            for name, part in (("M2", parts[1]), ("M4", parts[2]))
            for what, values, digits in (("m", np.abs(part), 4), ("lag_deg", -np.degrees(np.angle(part)) % 360.0, 2))
        },
    }


def given_tides() -> list[dict[str, Any]]:
    """Tides of the exponential channel and of the Loire, without density-driven flow."""
    given = json.loads((GIVEN / "cases.json").read_text(encoding="utf-8"))
    rows = []

    def driven(m2: float, m4: float, phase_deg: float, river: float) -> Driving:
        sea = SeaLevel(0.0, (m2, m4), (0.0, math.radians(phase_deg)), (GIVEN_M2, 2.0 * GIVEN_M2))
        return Driving({"sea": sea}, {"head": river}, ramp_s=cases.T)

    def by_speed(z0: np.ndarray) -> Any:
        k = ((1.0 + z0) * np.log(1.0 + 1.0 / z0) - 1.0) ** -2
        return lambda speed: 0.577 * 0.22 / 0.636 * k * speed

    table = np.genfromtxt(GIVEN / "exponential_geometry.csv", delimiter=",", names=True)
    r = 0.0
    for case in given["A"]["cases"]:
        if "sediment" in case:
            continue
        law = None
        if isinstance(case["friction"], dict) and "r_1d_ms" in case["friction"]:
            r = case["friction"]["r_1d_ms"]
        if "quad" in case["id"]:
            law = by_speed(np.full(table.size, 0.001))
        one = Reach("r", "sea", "head", table["x_m"], -table["bed_depth_below_MSL_m"], table["width_m"], r)
        driving = driven(case["M2_m"], case["M4_m"], given["A"]["M4_phase_deg"], case["Q"])
        rows.append(given_tide(case, Estuary((one,), ("sea",), "linear"), driving, given["A"]["L_m"], law))
    table = np.genfromtxt(GIVEN / "loire_geometry.csv", delimiter=",", names=True)
    spring = given["Loire"]["spring"]
    for case in given["Loire"]["cases"]:
        if not case["id"].startswith("L0"):
            continue
        one = Reach("r", "sea", "head", table["x_m"], -table["bed_depth_below_MSL_m"], table["width_m"], 0.005)
        driving = driven(spring["M2_m"], spring["M4_m"], spring["M4_phase_deg"], case["Q"])
        law = by_speed(table["z0_star"])
        rows.append(given_tide(case, Estuary((one,), ("sea",), "linear"), driving, given["Loire"]["L_m"], law))
    return rows


def given_mud() -> list[dict[str, Any]]:
    """Where the transport-only cases leave their mud, after 20, 60 and 120 tides."""
    period, rows = 44712.0, []
    flows = {
        "P2_closed_prismatic": (60e3, lambda x: np.full_like(x, 1000.0), lambda x, L: np.sin(np.pi * x / L), 0.0),
        "C1_converging_river": (
            100e3, lambda x: 4000.0 * np.exp(-x / 25e3) + 100.0, lambda x, L: 1.0 - (x / L) ** 2, 200.0,
        ),
    }  # fmt: skip
    for name, (length, width, envelope, river) in flows.items():
        for phase, settling in itertools.product((0.0, 90.0, 180.0, 270.0), (0.3e-3, 1e-3, 3e-3)):
            flow = cases.GivenFlow(
                length, width, lambda x, e=envelope, size=length: e(x, size), river, math.radians(phase)
            )
            layout = flow.layout(1000.0, closed=name.startswith("P2"))
            x = layout.cells.distance
            bed = np.ones(x.size) if name.startswith("P2") else np.where((x > 10e3) & (x < 60e3), 2.0, 0.0)
            mud = Mud(settling, 0.2, 1e-4, 0.0025, "quadratic", 0.05, 1e9, bed_kg_m2=bed)
            carrying = Carrying({"mud": {}}, mixing=Mixing(50.0), mud=mud, toward_sea_s=0.0)
            times = period * np.arange(0.0, 120.0 + 1.0 / 24.0, 1.0 / 12.0)
            run = carry_along(layout, flow.pieces(layout, 120, 150), carrying, times)
            slots = layout.slots("r")
            cells = (layout.cells.length * layout.cells.stored.width[:, 0])[slots]
            row: dict[str, Any] = {"case": name, "phase_deg": phase, "ws_mm_s": 1e3 * settling}
            for tide in (20, 60, 120):
                last = slice(12 * (tide - 1), 12 * tide)
                water = run.concentrations["mud"][last, slots].mean(axis=0) * flow.depth * cells
                all_of_it = water + run.bed_kg_m2[last, slots].mean(axis=0) * cells
                row[f"after {tide}"] = {
                    "left": round(float(all_of_it.sum() / (bed[slots] * cells).sum()), 4),
                    "centre_km": round(float((all_of_it * x[slots]).sum() / all_of_it.sum()) / 1e3, 2),
                    "highest_c_kg_m3": round(float(run.concentrations["mud"][last, slots].mean(axis=0).max()), 3),
                    "at_km": round(
                        float(x[slots][run.concentrations["mud"][last, slots].mean(axis=0).argmax()]) / 1e3, 1
                    ),
                }
            row["imbalance"] = run.ledgers["mud"].imbalance
            rows.append(row)
    return rows


def given_column() -> list[dict[str, Any]]:
    """Mud of one water column under a uniform current, in the middle of a long channel, in the 20th tide."""
    period, rows = 44712.0, []
    for phase, settling in itertools.product((0.0, 90.0, 180.0, 270.0), (0.3e-3, 1e-3, 3e-3)):
        flow = cases.GivenFlow(160e3, lambda x: np.full_like(x, 500.0), np.ones_like, 0.0, math.radians(phase))
        layout = flow.layout(2000.0, closed=False)
        mud = Mud(settling, 0.2, 1e-4, 0.0025, "quadratic", 0.05, 1e9, bed_kg_m2=1.0)
        times = period * np.arange(19.0, 20.0, 1.0 / 50.0)
        run = carry_along(
            layout, flow.pieces(layout, 20, 150), Carrying({"mud": {}}, mixing=Mixing(0.0), mud=mud), times
        )
        c, bed = run.at("mud", "r", 80e3), run.bed_kg_m2[:, layout.at("r", 80e3)[0]]
        rows.append(
            {
                "phase_deg": phase,
                "ws_mm_s": 1e3 * settling,
                "c_kg_m3": {
                    "mean": round(float(c.mean()), 5),
                    "least": round(float(c.min()), 5),
                    "most": round(float(c.max()), 5),
                },
                "mean_bed_kg_m2": round(float(bed.mean()), 4),
                "residual_transport_kg_m_s": round(float(np.mean(flow.depth * c * flow.speed(times))), 5),
            }
        )
    return rows


def main() -> None:
    report: dict[str, Any] = {
        "exact solutions": forms(),
        "funnels": funnels(),
        "beside the solver of floods": other_solver(),
        "split channel": split(),
        "carried": everything(),
        "carried, closed forms": carried_forms(),
    }
    if GIVEN.exists():
        report["given tides"] = given_tides()
        report["given mud, one column"] = given_column()
        report["given mud"] = given_mud()
    text = json.dumps(report, indent=1, ensure_ascii=False)
    print(text)
    (HERE / "results").mkdir(exist_ok=True)
    write_text(HERE / "results" / "estuary_verification.json", text + "\n")


if __name__ == "__main__":
    main()
