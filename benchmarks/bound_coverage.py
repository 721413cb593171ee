"""How often the upper bound of an error reaches the true one, and how wide it is, by scenario.

Usage: ``python benchmarks/bound_coverage.py [--replications 600] [--json]``; a minute on one core. Printed is the coverage,
and the median of the bound over the true error, of

- ``bound``: what the program tells (`frugal.surrogates.measurement.bounds`),
- ``one ceiling``: of rows, the same without regard to how far the worst of them lie apart,
- ``wider``: the same with an unseen row twice as wrong as the worst, and no cut of the tail of places,
- ``no model``: without the model of places that differ,
- ``bootstrap``: the percentile of 200 bootstraps of places, or of rows.

The true error is the RMSE over all rows of endlessly many places like those drawn, made 1; the nominal coverage is 0.975,
one-sided. Then: how often at least one of twelve candidates, each 1.1 times as wrong as allowed, passes.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import numpy as np

from frugal.surrogates.measurement.bounds import (
    PLACE_CEILING,
    by_place,
    mean_bound,
    place_model_bound,
    row_ceiling,
    unseen_unit_bound,
)

RESULTS = Path(__file__).parent / "results" / "bound_coverage.json"

#: Spread of the logarithm of the mean square between places: none, most within 1.4, 2 and 3.4 times the typical RMSE.
SPREADS = {"alike": 0.0, "differ": 0.7, "differ much": 1.4, "differ very much": 2.4}
PLACES, ROWS_OF_A_PLACE = (5, 10, 20, 30, 50), 16
ROWS = (16, 25, 40, 64, 100, 225, 500)
KINDS = ("normal", "t3", "skewed", "Laplace", "gross 1 %")


def parts_of(kind: str, shape: tuple[int, ...], rng: np.random.Generator) -> np.ndarray:
    """Squared errors whose mean is 1."""
    if kind == "t3":
        return rng.standard_t(3, shape) ** 2 / 3
    if kind == "skewed":  # a shifted log-normal
        error = np.exp(0.8 * rng.standard_normal(shape)) - np.exp(0.32)
        return error**2 / ((np.exp(0.64) - 1) * np.exp(0.64))
    if kind == "Laplace":
        return rng.laplace(size=shape) ** 2 / 2
    if kind == "gross 1 %":  # one row in a hundred is twenty times as wrong
        z = rng.standard_normal(shape)
        return np.where(rng.random(shape) < 0.01, 20 * z, z) ** 2 / (0.99 + 4)
    return rng.standard_normal(shape) ** 2


def drawn(kind: str, places: int, spread: float, runs: int, rng: np.random.Generator) -> np.ndarray:
    """Squared errors ``[places * rows, runs]`` of places whose levels are log-normal."""
    level = np.exp(spread * rng.standard_normal((places, 1, runs)) - spread**2 / 2)
    return (parts_of(kind, (places, ROWS_OF_A_PLACE, runs), rng) * level).reshape(-1, runs)


def bounds_of(parts: np.ndarray, member: np.ndarray | None, rng: np.random.Generator) -> dict[str, np.ndarray]:
    """Bounds of the mean square ``[runs]`` by name."""
    weights = np.ones_like(parts)
    found = {"bound": mean_bound(parts, weights, member)}
    if member is None:
        found["one ceiling"] = unseen_unit_bound(parts, weights, row_ceiling(len(parts)) ** 2)
    wider = unseen_unit_bound(parts, weights, 4.0)
    plain = unseen_unit_bound(parts, weights, row_ceiling(len(parts)) ** 2)
    units = parts
    if member is not None:
        sums, sizes = (by_place(part, member, int(member.max()) + 1) for part in (parts, weights))
        of_places = unseen_unit_bound(sums, sizes, PLACE_CEILING**2)
        plain = np.maximum(plain, of_places)
        wider = np.maximum(np.maximum(wider, of_places), place_model_bound(parts, weights, member))
        units = sums / sizes
    times = rng.multinomial(len(units), np.full(len(units), 1 / len(units)), size=200) / len(units)
    return found | {"wider": wider, "no model": plain, "bootstrap": np.quantile(times @ units, 0.975, axis=0)}


def scenario(kind: str, places: int, rows: int, spread: float, runs: int, rng: np.random.Generator) -> dict[str, list]:
    """Coverage and width of each bound."""
    member = np.repeat(np.arange(places), ROWS_OF_A_PLACE) if places else None
    parts = drawn(kind, places, spread, runs, rng) if places else parts_of(kind, (rows, runs), rng)
    return {
        name: [float(np.mean(bound >= 1)), float(np.sqrt(np.median(bound)))]
        for name, bound in bounds_of(parts, member, rng).items()
    }


def twelve(places: int, rows: int, spread: float, runs: int, rng: np.random.Generator) -> dict[str, float]:
    """How often some of twelve independent candidates, each 1.1 times as wrong as allowed, passes."""
    passes: dict[str, np.ndarray] = {}
    member = np.repeat(np.arange(places), ROWS_OF_A_PLACE) if places else None
    for _ in range(12):
        parts = drawn("normal", places, spread, runs, rng) if places else parts_of("normal", (rows, runs), rng)
        for name, bound in bounds_of(parts, member, rng).items():
            passes[name] = passes.get(name, np.zeros(runs, dtype=bool)) | (np.sqrt(bound) * 1.1 <= 1)
    return {name: float(passed.mean()) for name, passed in passes.items()}


def main() -> None:
    """Print the tables and keep the figures."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--replications", type=int, default=600)
    parser.add_argument("--json", action="store_true", help="keep the figures in benchmarks/results")
    parser.add_argument("--parts", nargs="*", default=["rows", "places", "twelve"], help="tables to make; others stay")
    chosen = parser.parse_args()
    runs, rng = chosen.replications, np.random.default_rng(0)
    found: dict[str, dict] = {"replications": runs, "rows": {}, "places": {}, "one of twelve passes": {}}
    if chosen.json and RESULTS.is_file():
        found = json.loads(RESULTS.read_text(encoding="utf-8")) | {"replications": runs}

    def told(name: str, cells: dict[str, list]) -> None:
        print(f"{name:34s}" + "  ".join(f"{key} {a:.3f}/{b:.2f}" for key, (a, b) in cells.items()), flush=True)

    for kind in KINDS if "rows" in chosen.parts else ():
        for rows in ROWS:
            name = f"{kind}, {rows} rows"
            found["rows"][name] = scenario(kind, 0, rows, 0.0, runs, rng)
            told(name, found["rows"][name])
    for kind in KINDS if "places" in chosen.parts else ():
        for words, spread in SPREADS.items():
            if kind != "normal" and words != "differ much":
                continue
            for places in PLACES:
                name = f"{kind}, {places} places that {words}" if spread else f"{kind}, {places} places {words}"
                found["places"][name] = scenario(kind, places, 0, spread, runs, rng)
                told(name, found["places"][name])
    for name, places, rows, spread in (
        ("40 rows", 0, 40, 0.0),
        ("225 rows", 0, 225, 0.0),
        ("5 places that differ", 5, 0, 0.7),
        ("30 places that differ", 30, 0, 0.7),
    ):
        if "twelve" not in chosen.parts:
            continue
        found["one of twelve passes"][name] = twelve(places, rows, spread, runs, rng)
        print(f"one of twelve passes, {name}: {found['one of twelve passes'][name]}", flush=True)
    if chosen.json:
        RESULTS.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
