"""What the small models of `roof_shading` learn from, by cross-validation over the generated places that are learnt from.

Usage: ``python benchmarks/roof_shading_learning.py``. The held-out places of the study are not touched. Writes
``benchmarks/results/roof_shading_learning.json``:

* error of boosted trees by number of roofs, with and without the heights around the roof,
* error and bias of the physics on the coarse surface, and of the same physics where what stands within two coarse cells of
  the roof is taken from the fine surface: how much of the error is near.
"""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np

from frugal.formats.rasters.surface_model import SurfaceModel
from frugal.physics.solar.horizon import horizon_at_points
from frugal.studies.solar.roof_shading.coarse_view import coarse_view
from frugal.studies.solar.roof_shading.shading_ratio import shading_ratios
from frugal.studies.solar.roof_shading.site import RoofShadingSite, ShadingTerritory
from frugal.studies.solar.roof_shading.study import N_SECTORS, roof_shading
from frugal.studies.solar.roofs.roof_catalogue import RoofCatalogue
from frugal.studies.solar.roofs.roof_sample import true_roofs
from frugal.surrogates.models.scalar.boosted_trees import BoostedTrees

RESULT = Path(__file__).parent / "results" / "roof_shading_learning.json"
ROOFS = (800, 1500, 3000, 10_000)
FOLDS = 4
NEAR_CELLS = 2


def error(predicted: np.ndarray, truth: np.ndarray) -> float:
    """Error in % of the mean."""
    return round(float(100 * np.sqrt(np.mean((predicted - truth) ** 2)) / truth.mean()), 2)


def by_roofs(territory: ShadingTerritory) -> list[dict[str, float]]:
    """Error of boosted trees on places left out, by the number of roofs they learn from."""
    roofs, study = territory.roofs, roof_shading(territory.site)
    learnt = ~roofs.tested
    x, places = roofs.seen[learnt], np.array([place.split(" tile")[0] for place in roofs.places[learnt]])
    ratios = shading_ratios(territory.year, x[:, 0], x[:, 1], roofs.horizon_deg[learnt], territory.transposition)
    around = np.array([name.startswith("rise_") for name in study.column_names])
    names, rows = np.unique(places), []
    for wanted in ROOFS:
        found: dict[str, np.ndarray] = {key: np.empty(len(x)) for key in ("with_around", "without_around")}
        used = 0
        for fold in range(FOLDS):
            left_out = np.isin(places, names[fold::FOLDS])
            kept = np.random.default_rng(0).permutation(np.flatnonzero(~left_out))[:wanted]
            used = len(kept)
            for key, columns in (("with_around", np.ones(len(around), bool)), ("without_around", ~around)):
                variables = [v for v, keep in zip(study.columns, columns, strict=True) if keep]
                fitted = BoostedTrees().fit(x[kept][:, columns], ratios[kept, :1], places[kept], variables, 0)
                found[key][left_out] = fitted.predict(x[left_out][:, columns])[:, 0]
        rows.append({"roofs": used, **{key: error(value, ratios[:, 0]) for key, value in found.items()}})
        print(rows[-1])
    return rows


def near_horizon(surface: SurfaceModel, roofs: RoofCatalogue, factor: int) -> np.ndarray:
    """Horizon of the coarse surface, raised to what stands within `NEAR_CELLS` of its cells on the fine one."""
    reach = NEAR_CELLS * factor * surface.resolution_m
    near = horizon_at_points(
        surface.heights,
        surface.resolution_m,
        roofs.row.astype(float),
        roofs.col.astype(float),
        roofs.height_m,
        roofs.horizon_azimuths_deg,
        reach,
    )
    return np.maximum(coarse_view(surface, roofs, factor).horizon_deg, near)


def near_and_far(territory: ShadingTerritory) -> dict[str, float]:
    """How much of the error of the coarse surface stands within two of its cells."""
    site, truth, coarse, near = territory.site, [], [], []
    for surface in territory.surfaces:
        roofs, points = true_roofs(surface, site.roofs_per_dsm, site.seed, tiles=3)
        horizons = (
            (truth, roofs.horizon_deg),
            (coarse, coarse_view(surface, points, site.coarseness).horizon_deg),
            (near, near_horizon(surface, points, site.coarseness)),
        )
        planes = territory.year, roofs.tilt_deg, roofs.azimuth_deg
        for values, horizon in horizons:
            values.append(shading_ratios(*planes, horizon, territory.transposition))
    exact, seen, helped = (np.concatenate(values)[:, 0] for values in (truth, coarse, near))
    squares = np.sort((seen - exact) ** 2)[::-1]
    return {
        "coarse_error": error(seen, exact),
        "coarse_bias": round(float(100 * (seen - exact).mean() / exact.mean()), 2),
        "share_of_squares_on_worst_20th": round(float(squares[: len(squares) // 20].sum() / squares.sum()), 2),
        "error_with_fine_within_2_cells": error(helped, exact),
        "bias_with_fine_within_2_cells": round(float(100 * (helped - exact).mean() / exact.mean()), 2),
    }


def main() -> None:
    """Run both and write the result."""
    territory = ShadingTerritory(RoofShadingSite(), N_SECTORS)
    found = {"near_and_far": near_and_far(territory), "by_roofs": by_roofs(territory)}
    print(found["near_and_far"])
    RESULT.write_text(json.dumps(found, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
