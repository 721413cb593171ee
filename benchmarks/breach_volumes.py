"""Water through the breach of the generated polder: what the solvers pass, and the formula of a broad-crested weir.

Usage: ``python benchmarks/breach_volumes.py [CELLS ...]`` (default 64 128 256: cells of 50, 25 and 12.5 m). For breaches of 50
and 100 m it prints the greatest volume of water on the land behind the dike of both solvers, what `BreachWeir` says has passed
(it knows still pools alone and no way back to the sea), and the same weir with nothing behind it. Minutes.
"""

from __future__ import annotations

import sys

import numpy as np
from fill_docs import ROOT, fill, table

from frugal.physics.shallow_water.simulate import simulate
from frugal.studies.flood.breach.features import breach_weir
from frugal.studies.flood.coastal_conditions import coast_of
from frugal.studies.flood.coastal_event import storm
from frugal.studies.flood.submersion import inputs_of
from frugal.studies.flood.terrain.coast import coast
from frugal.studies.flood.terrain.site import SubmersionSite

STORM = {
    "surge_peak": 1.5, "tide_range": 6.0, "sea_level_rise": 0.0, "storm_duration": 18.0,
    "breach_position": 0.5, "roughness_factor": 1.0,
}  # fmt: skip
STEP_S = 300.0


def row(cells: int, width_m: float) -> list[str]:
    """One line of the table."""
    site = SubmersionSite(cells=cells)
    terrain = coast(site)
    events, _ = coast_of(site, terrain)
    asked = {**STORM, "breach_width": width_m}
    weir, _ = breach_weir(terrain, inputs_of(site), events.history, events.failure)
    breach = weir.breach(**{name: np.array([value]) for name, value in asked.items()})
    flood_case = storm(terrain, events, **asked)
    times = np.arange(flood_case.start_s + STEP_S, flood_case.duration_s, STEP_S)
    told = []
    for scheme in ("saint_venant", "local_inertial"):
        flood = simulate(flood_case, scheme=scheme, snapshot_times=tuple(times))
        inside = max(float(s.depth[terrain.land].sum()) * terrain.cell_size_m**2 / 1e6 for s in flood.snapshots)
        told.append(f"{inside:.2f} ({inside / breach.passed[0]:.2f})")
    weirs = [f"{volume:.2f}" for volume in (breach.free[0], breach.passed[0])]
    return [f"{terrain.cell_size_m:g} m", f"{width_m:g} m", *weirs, *told]


def main() -> None:
    """The table, and with the default cells that of the page on the study."""
    rows = []
    for cells in map(int, sys.argv[1:] or ("64", "128", "256")):
        for width_m in (50.0, 100.0):
            rows.append(row(cells, width_m))
            print(*rows[-1], flush=True)
    told = table(["cells", "breach", "formula, nothing behind", "formula", "Saint-Venant", "local inertial"], rows)
    print(f"\n{told}")
    if len(sys.argv) == 1:
        fill(ROOT / "docs" / "studies" / "submersion.md", "breach volumes", told)


if __name__ == "__main__":
    main()
