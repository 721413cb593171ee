"""What the sides of a flood let through: ``python benchmarks/open_sides.py``.

Uniform flow held against Manning's normal depth, ponds that a side drains, and the depth in the four cells beside each end of
channels whose solution is exact. Writes ``results/open_sides.json`` and the tables of ``docs/flood_cases.md``.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from fill_docs import ROOT, fill, table

from frugal.formats.files.atomic import write_text
from frugal.physics.shallow_water.flood_case import FloodCase, Segment
from frugal.physics.shallow_water.simulate import simulate

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "tests"))
from verification import shallow_water_cases as cases  # noqa: E402  (the cases of the tests)

SCHEMES: dict[str, dict[str, Any]] = {
    "second order": {"order": 2},
    "first order": {"order": 1},
    "local inertial": {"scheme": "local_inertial"},
}
MANNING, FLOW_M2_S, CELL_M, CELLS = 0.03, 1.0, 25.0, 40


def outlets(slope: float, normal_m: float, bed_m: float) -> dict[str, Segment]:
    """Each kind of side that uniform flow can leave by; ``bed_m`` is the bed at the side's face."""
    levels = bed_m + normal_m * np.linspace(0.0, 3.0, 61)
    discharges = np.sqrt(slope) / MANNING * (levels - bed_m) ** (5 / 3) * CELL_M
    return {
        "open": Segment("open"),
        "normal flow": Segment("normal_flow"),
        "normal flow, slope given": Segment("normal_flow", slope=slope),
        # The curve takes the level of the cell at the side, half a cell upstream of its face.
        "rating curve": Segment("rating_curve", rating=(levels + 0.5 * slope * CELL_M, discharges)),
        "level": Segment("level", series=bed_m + normal_m),
    }


def uniform(slope: float, outlet: str, **options: Any) -> dict[str, float]:
    """Depth over normal depth at the end of a channel that began dry."""
    normal = (FLOW_M2_S * MANNING / slope**0.5) ** 0.6
    x, size = cases.centres(CELLS * CELL_M, CELLS)
    bed = slope * (CELLS * CELL_M - x)
    end = outlets(slope, normal, 0.0)[outlet]
    entry = Segment("discharge", series=FLOW_M2_S * size, depth=normal if slope > 0.01 else None)
    flood = simulate(
        FloodCase(bed[None], size, 7200.0, friction=MANNING, boundaries={"west": (entry,), "east": (end,)}), **options
    )
    ratio = flood.depth[0] / normal
    return {
        "depth_at_the_outlet": float(ratio[-1]),
        "largest_error": float(np.abs(ratio - 1.0).max()),
        "imbalance": flood.volume.imbalance,
    }


def pond(slope: float, kind: str, **options: Any) -> float:
    """Share of a pond 1 m deep at the side that is left after two hours."""
    x, size = cases.centres(500.0, 50)
    bed = slope * (500.0 - x)
    flood = simulate(
        FloodCase(bed[None], size, 7200.0, friction=MANNING, level=1.0, boundaries={"east": (Segment(kind),)}),
        **options,
    )
    assert abs(flood.volume.imbalance) < 1e-12
    assert flood.volume.entered == 0.0
    return flood.volume.final / flood.volume.initial


def edges(kind: str, **options: Any) -> dict[str, float]:
    """Largest relative error of depth in the four cells beside either end of a channel of MacDonald's, and between."""
    case = cases.macdonald(200, kind)
    flood = simulate(case.scenario, **options)
    error = np.abs(flood.depth[0] / case.depth - 1.0)
    inner = error[4:-4]
    return {
        "first_four": float(error[:4].max()),
        "last_four": float(error[-4:].max()),
        "between": float(np.median(inner)),
        "imbalance": flood.volume.imbalance,
    }


def tables(found: dict[str, Any]) -> str:
    """The three tables of ``docs/flood_cases.md``."""
    schemes = list(SCHEMES)

    def shares(rows: list[dict[str, Any]], key: str, form: Callable[[float], str]) -> list[str]:
        by_scheme = {row["scheme"]: row[key] for row in rows}
        return [form(by_scheme[scheme]) if scheme in by_scheme else "–" for scheme in schemes]

    channels = []
    for slope, outlet in dict.fromkeys((row["slope"], row["outlet"]) for row in found["uniform_flow"]):
        rows = [row for row in found["uniform_flow"] if (row["slope"], row["outlet"]) == (slope, outlet)]
        ends = shares(rows, "depth_at_the_outlet", "{:.4f}".format)
        worst = shares(rows, "largest_error", "{:.1%}".format)
        told = [
            end if end == "–" else f"{end} ({error.replace('%', ' %')})" for end, error in zip(ends, worst, strict=True)
        ]
        channels.append([f"{1000 * slope:g} ‰, {outlet}", *told])
    ponds = []
    for slope, side in dict.fromkeys((row["slope"], row["side"]) for row in found["ponds"]):
        rows = [row for row in found["ponds"] if (row["slope"], row["side"]) == (slope, side)]
        ponds.append([f"slope {100 * slope:g} %, `{side}`", *shares(rows, "kept", lambda kept: f"{100 * kept:.1f} %")])
    ends = []
    for channel in dict.fromkeys(row["channel"] for row in found["edges"]):
        rows = [row for row in found["edges"] if row["channel"] == channel]
        told = [
            " (".join(shares(rows, key, lambda e: f"{100 * e:.2f} %")[:2]) + ")" for key in ("first_four", "last_four")
        ]
        ends.append([channel, *told])
    parts = [
        "Uniform flow of 1 m²/s, n = 0.03: depth at the outlet over normal depth, in brackets the largest error on the way:",
        table(["slope, outlet", *schemes], channels),
        "A pond 1 m deep at the side, 500 m long: what is left of it after two hours:",
        table(["ground, side", *schemes], ponds),
        "MacDonald's channels, 200 cells: largest error of depth in four cells, second order (first order):",
        table(["channel", "at the inlet", "at the outlet"], ends),
    ]
    return "\n\n".join(parts)


def main() -> None:
    """Measure, print the tables and put them into the page."""
    found: dict[str, Any] = {"uniform_flow": [], "ponds": [], "edges": []}
    for slope in (0.001, 0.02):
        for outlet in outlets(slope, 1.0, 0.0):
            for scheme, options in SCHEMES.items():
                if slope > 0.01 and (scheme == "local inertial" or outlet == "level"):
                    continue  # faster than waves: no inertial model, no level downstream
                row = {"slope": slope, "outlet": outlet, "scheme": scheme, **uniform(slope, outlet, **options)}
                found["uniform_flow"].append(row)
    for slope in (0.0, 0.01):
        for kind in ("open", "normal_flow", "free_fall"):
            for scheme, options in SCHEMES.items():
                row = {"slope": slope, "side": kind, "scheme": scheme, "kept": pond(slope, kind, **options)}
                found["ponds"].append(row)
    for kind in ("subcritical", "rain", "jump"):
        for scheme, options in SCHEMES.items():
            if scheme == "local inertial":
                continue  # nearly critical throughout
            found["edges"].append({"channel": kind, "scheme": scheme, **edges(kind, **options)})
    write_text(HERE / "results" / "open_sides.json", json.dumps(found, indent=2) + "\n")
    told = tables(found)
    print(told)
    fill(ROOT / "docs" / "flood_cases.md", "sides", told)


if __name__ == "__main__":
    main()
