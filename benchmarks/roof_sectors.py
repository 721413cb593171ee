"""How many sectors of horizon are enough: errors of the reduced physics and of the table against 72 azimuths.

Usage: ``python benchmarks/roof_sectors.py [weather=FILE] [dsm=A.tif,B.tif] [force_weather=true]``. Prints a table and writes
``benchmarks/results/roof_sectors.json``.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import numpy as np

from frugal.experiments.study import Alternative, Arrays
from frugal.experiments.study.site import build_site
from frugal.experiments.study.values import parse_settings
from frugal.studies.solar.roof_yield.alternatives import alternatives, physics
from frugal.studies.solar.roof_yield.site import RoofYieldSite, SolarTerritory, sector_horizon

SECTORS = (4, 8, 12, 18, 24, 36, 72)


def nrmse(truth: np.ndarray, predicted: np.ndarray) -> np.ndarray:
    """RMSE over the mean, column by column, in per cent."""
    return 100 * np.sqrt(np.mean((predicted - truth) ** 2, axis=0)) / truth.mean(axis=0)


def answered(alternative: Alternative, inputs: dict[str, np.ndarray], truth: Arrays) -> Arrays:
    """What an alternative says of the rows that it may learn from."""
    if alternative.program is not None:
        return alternative.program(**inputs)
    assert alternative.fit is not None
    answer = alternative.fit(inputs, {name: np.asarray(value) for name, value in truth.items()})
    return answer(np, **inputs)


def main() -> None:
    """Compare and print."""
    site = build_site(RoofYieldSite, parse_settings(sys.argv[1:], "setting"))
    assert isinstance(site, RoofYieldSite)
    territory = SolarTerritory(site)
    roofs = territory.roofs
    n = len(roofs)
    rng = np.random.default_rng(0)
    installed = {
        "albedo": rng.uniform(0.1, 0.4, n),
        "dc_ac_ratio": rng.uniform(0.9, 1.5, n),
        "mounting": rng.integers(0, 3, n).astype(float),
    }
    planes = {"tilt_deg": roofs.tilt_deg, "azimuth_deg": roofs.azimuth_deg}
    truth = physics(territory.year, territory.transposition, **planes, horizon_deg=roofs.horizon_deg, **installed)
    rows = []
    for k in sorted(SECTORS, reverse=True):
        horizon = sector_horizon(roofs.horizon_deg, k)
        inputs = {**planes, "horizon_deg": horizon, **installed}
        for alternative in alternatives(territory, k):
            if alternative.name not in ("sector_year", "typical_days", "cumulative_sky"):
                continue
            answer = answered(alternative, inputs, truth)
            monthly = nrmse(np.asarray(truth["monthly_yield"]), np.asarray(answer["monthly_yield"]))
            yearly = nrmse(np.asarray(truth["yearly_yield"])[:, None], np.asarray(answer["yearly_yield"])[:, None])
            rows.append(
                {
                    "sectors": k,
                    "candidate": alternative.name,
                    "yearly_nrmse_percent": round(float(yearly[0]), 3),
                    "worst_month_nrmse_percent": round(float(monthly.max()), 3),
                }
            )
    for row in rows:
        print(
            f"{row['sectors']:3d} {row['candidate']:15s} year {row['yearly_nrmse_percent']:6.2f} %  "
            f"worst month {row['worst_month_nrmse_percent']:6.2f} %"
        )
    results = Path(__file__).parent / "results" / "roof_sectors.json"
    results.parent.mkdir(exist_ok=True)
    site_name = "generated villages" if not site.dsm else ", ".join(path.name for path in site.dsm)
    known = json.loads(results.read_text()) if results.exists() else {}
    known[site_name] = {"roofs": n, "rows": rows}
    results.write_text(json.dumps(known, indent=1) + "\n")


if __name__ == "__main__":
    main()
