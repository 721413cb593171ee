"""What the sides of a flood let through: ``python benchmarks/open_sides.py``.

Uniform flow held against Manning's normal depth, ponds that a side drains, and the depth in the four cells beside each end of
channels whose solution is exact. Prints a table and writes ``results/open_sides.json`` beside this file.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import numpy as np

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


def main() -> int:
    """Print the tables."""
    found: dict[str, Any] = {"uniform_flow": [], "ponds": [], "edges": []}
    for slope in (0.001, 0.02):
        for outlet in outlets(slope, 1.0, 0.0):
            for scheme, options in SCHEMES.items():
                if slope > 0.01 and (scheme == "local inertial" or outlet == "level"):
                    continue  # faster than waves: no inertial model, no level downstream
                row = {"slope": slope, "outlet": outlet, "scheme": scheme, **uniform(slope, outlet, **options)}
                found["uniform_flow"].append(row)
                print(
                    f"uniform flow {slope:6g} {outlet:25s} {scheme:15s} h/h_n {row['depth_at_the_outlet']:.4f} "
                    f"largest error {row['largest_error']:.2%} imbalance {row['imbalance']:.0e}"
                )
    for slope in (0.0, 0.01):
        for kind in ("open", "normal_flow", "free_fall"):
            for scheme, options in SCHEMES.items():
                row = {"slope": slope, "side": kind, "scheme": scheme, "kept": pond(slope, kind, **options)}
                found["ponds"].append(row)
                print(f"pond {slope:6g} {kind:12s} {scheme:15s} kept after 2 h {row['kept']:.2%}")
    for kind in ("subcritical", "rain", "jump"):
        for scheme, options in SCHEMES.items():
            if scheme == "local inertial":
                continue  # nearly critical throughout
            row = {"channel": kind, "scheme": scheme, **edges(kind, **options)}
            found["edges"].append(row)
            print(
                f"channel {kind:12s} {scheme:15s} first four {row['first_four']:.2%} last four {row['last_four']:.2%} "
                f"between {row['between']:.2%}"
            )
    write_text(HERE / "results" / "open_sides.json", json.dumps(found, indent=2) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
