"""How often intervals hold the truth, overall and where errors are largest, how wide they are; which questions are inside.

Usage: ``python benchmarks/interval_coverage.py [--replications 200] [--json] [--docs]``; two minutes on one core.

Intervals: residuals of ``n`` rows of five inputs, 90 % nominal, judged on 2,000 new rows. ``one width`` is the rank of the
residuals, ``follows`` what the program makes of them (`frugal.surrogates.fitting.intervals`: a scale learnt from them, where
that pays), ``always`` the same scale without asking whether it pays. Printed are the coverage, that of the fifth of the rows
where the noise is largest, and the mean width over that of an interval that knows the noise. Then places: rows of a place share
half of the variance of their residuals, and new rows are of new places.

Domain: the share of fresh rows of the design, and of its empty part, that count as inside
(`frugal.surrogates.fitting.near_runs`); and the CPU time that intervals and domain add to a graph.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
from fill_docs import fill, table

from frugal.experiments.designs.sampling import latin_hypercube
from frugal.experiments.study import Variable
from frugal.surrogates.fitting import intervals
from frugal.surrogates.fitting.model import one_thread
from frugal.surrogates.fitting.near_runs import NearRuns, near_runs
from frugal.surrogates.fitting.row_scale import RowScale
from frugal.surrogates.onnx.export import Domain, _in_domain
from frugal.surrogates.onnx.graph import Graph, serialise, session

ROOT = Path(__file__).resolve().parents[1]
RESULTS = ROOT / "benchmarks" / "results" / "interval_coverage.json"

#: 95th percentile of a normal variable: half the width of a 90 % interval that knows the noise.
NORMAL = 1.6449
INPUTS = 5
ROWS = (50, 200, 1000)
NOISE: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "the same everywhere": lambda x: np.ones(len(x)),
    "grows along an input, ×20": lambda x: 0.1 + 1.9 * x[:, 0],
    "grows along two inputs": lambda x: np.exp(2.4 * (x[:, 0] - 0.5) + 1.6 * (x[:, 1] - 0.5)),
    "large towards the edges": lambda x: 0.3 + 4 * ((x[:, 0] - 0.5) ** 2 + (x[:, 1] - 0.5) ** 2),
    "sixfold in a fifth of an input": lambda x: np.where(x[:, 0] > 0.8, 3.0, 0.5),
}


def variables(d: int) -> tuple[Variable, ...]:
    """Inputs from 0 to 1."""
    return tuple(Variable(f"x{j}", "1", 0.0, 1.0) for j in range(d))


def made(residuals: np.ndarray, x: np.ndarray, seed: int) -> dict[str, np.ndarray | intervals.AnswerInterval]:
    """Intervals by name."""
    follows = intervals.calibrated_interval(residuals, x, variables(x.shape[1]), (1,), seed=seed)
    width, _ = intervals.conformal_quantile(np.abs(residuals), None, 0.9)
    sizes, left_out = np.abs(residuals), np.empty_like(residuals)
    for rows in intervals.folds(len(x), None, 5, seed):
        kept = np.setdiff1d(np.arange(len(x)), rows)
        left_out[rows] = RowScale.fit(sizes[kept], x[kept], variables(x.shape[1]))(x[rows])
    factor, _ = intervals.conformal_quantile(sizes / left_out, None, 0.9)
    scale = RowScale.fit(sizes, x, variables(x.shape[1]))
    return {
        "one width": intervals.AnswerInterval(width, (1,)),
        "always": intervals.AnswerInterval(factor, (1,), scale=scale),
        "follows": follows,
    }


def of_rows(kind: str, n: int, replications: int) -> dict[str, list[float]]:
    """Coverage, that of the hardest fifth, and relative width of each interval; of ``follows`` how often it has a scale."""
    noise, found = NOISE[kind], {}
    for seed in range(replications):
        rng = np.random.default_rng(seed)
        x, new = rng.random((n, INPUTS)), rng.random((2000, INPUTS))
        true = noise(new)
        errors = np.abs(true * rng.standard_normal(2000))
        hardest = np.argsort(-true, kind="stable")[:400]
        for name, interval in made((noise(x) * rng.standard_normal(n))[:, None], x, seed).items():
            widths = interval.widths(new)[:, 0]
            inside = errors <= widths
            told = (inside.mean(), inside[hardest].mean(), widths.mean() / (NORMAL * true.mean()))
            found.setdefault(name, []).append((*told, float(interval.kind == "scale")))
    return {name: np.mean(told, axis=0).tolist() for name, told in found.items()}


def of_places(places: int, replications: int) -> dict[str, list[float]]:
    """Coverage at new places and relative width, rows alone and places exchanged whole; half of the variance is the place's."""
    found: dict[str, list[tuple[float, float]]] = {}
    for seed in range(replications):
        rng = np.random.default_rng(seed)
        counts = np.floor(np.exp(rng.uniform(np.log(5), np.log(50), places))).astype(int)
        member = np.repeat(np.arange(places), counts)
        x = rng.random((len(member), INPUTS))
        residuals = (rng.standard_normal(places)[member] + rng.standard_normal(len(member)))[:, None] / np.sqrt(2)
        new, errors = rng.random((2000, INPUTS)), np.abs(rng.standard_normal(2000))
        for name, groups in (("rows alone", None), ("places whole", member)):
            interval = intervals.calibrated_interval(residuals, x, variables(INPUTS), (1,), groups, seed=seed)
            widths = interval.widths(new)[:, 0]
            found.setdefault(name, []).append((float(np.mean(errors <= widths)), float(widths.mean() / NORMAL)))
    return {name: np.mean(told, axis=0).tolist() for name, told in found.items()}


def lshape(n: int, d: int, rng: np.random.Generator) -> np.ndarray:
    """Rows of a box without the quarter where the first two inputs are above one half."""
    x = rng.random((4 * n + 50, d))
    return x[~((x[:, 0] > 0.5) & (x[:, 1] > 0.5))][:n]


def of_domain(n: int, d: int, replications: int) -> list[float]:
    """Share inside of fresh rows, of the empty corner, of its far part, and of rows of a box that its runs fill."""
    found = []
    for seed in range(replications):
        rng = np.random.default_rng(seed)
        near, _ = near_runs(lshape(n, d, rng), variables(d), seed=seed)
        empty = rng.random((2000, d))
        empty[:, :2] = 0.5 + 0.5 * empty[:, :2]
        deep = empty.copy()
        deep[:, :2] = 0.4 + 0.6 * deep[:, :2]
        full, _ = near_runs(latin_hypercube(variables(d), n, seed), variables(d), seed=seed)
        found.append(
            [
                inside(near, lshape(2000, d, rng)),
                inside(near, empty),
                inside(near, deep),
                inside(full, rng.random((2000, d))),
            ]
        )
    return np.mean(found, axis=0).tolist()


def inside(near: NearRuns | None, rows: np.ndarray) -> float:
    """Share of rows that count as inside; all where the bounds are the domain."""
    return 1.0 if near is None else float(np.mean(near.score(rows) >= 1))


def price(d: int) -> dict[str, list[float]]:
    """Bytes, and CPU microseconds of a call of one row and of a row among 8,192, of a linear answer and what is beside it."""
    rng = np.random.default_rng(0)
    x = lshape(1000, d, rng)
    near, _ = near_runs(x, variables(d))
    interval = intervals.calibrated_interval(
        (0.1 + 2 * x[:, :1]) * rng.standard_normal((1000, 1)), x, variables(d), (1,)
    )
    graphs = {
        "box, one width": written(d, None, None),
        "width follows": written(d, interval, None),
        "near runs": written(d, None, near),
        "both": written(d, interval, near),
    }
    sessions = {name: session(model) for name, model in graphs.items()}
    found: dict[str, list[float]] = {name: [len(model), np.inf, np.inf] for name, model in graphs.items()}
    one, many = (rng.random((n, d)).astype(np.float32) for n in (1, 8192))
    for _ in range(30):  # interleaved, and the quietest counts
        for name, opened in sessions.items():
            for at, rows, calls in ((1, one, 400), (2, many, 2)):
                start = time.process_time()
                for _ in range(calls):
                    opened.run(None, {"inputs": rows})
                spent = (time.process_time() - start) / calls / len(rows) * 1e6
                found[name][at] = min(found[name][at], spent)
    return found


def written(d: int, interval: intervals.AnswerInterval | None, near: NearRuns | None) -> bytes:
    """A linear answer, its interval and its domain."""
    from frugal.surrogates.fitting.input_features import FeatureMap

    graph = Graph("price")
    x = graph.input("inputs", d)
    z = FeatureMap(variables(d)).graph(graph, x)
    y = graph.op("Gemm", z, graph.constant(np.ones((d, 1))), graph.constant(np.zeros(1)))
    width = graph.constant([1.0]) if interval is None else interval.graph(graph, x)
    domain = _in_domain(graph, x, Domain(np.zeros(d), np.ones(d), near))
    ends = [("y_lower", graph.op("Sub", y, width)), ("y_upper", graph.op("Add", y, width))]
    return serialise(
        graph.finish([("y", y, 1, (1,)), *[(name, end, 1, (1,)) for name, end in ends], ("in_domain", domain, 9, ())])
    )


def shown(value: float) -> str:
    """A share with two decimals, without its zero."""
    return f"{value:.2f}".removeprefix("0") if value < 0.995 else "1.00"


def tables(found: dict) -> dict[str, str]:
    """Markdown of the docs, by marker."""
    rows = []
    for kind, by_rows in found["rows"].items():
        for name in ("one width", "follows"):
            cells = [
                " / ".join([shown(told[name][0]), shown(told[name][1]), f"{told[name][2]:.2f}"])
                for told in by_rows.values()
            ]
            rows.append([kind if name == "one width" else "", name, *cells])
    head = ["noise", "interval", *(f"{n} rows" for n in ROWS)]
    places = [
        [name, *(f"{shown(told[name][0])} / {told[name][1]:.2f}" for told in found["places"].values())]
        for name in ("rows alone", "places whole")
    ]
    domain = [
        [name.split(",")[0], name.split(", ")[1], *(shown(value) for value in told)]
        for name, told in found["domain"].items()
    ]
    price_rows = [
        [d, name, f"{told[0]:.0f}", f"{told[1]:.1f}", f"{told[2]:.2f}"]
        for d, by_name in found["price"].items()
        for name, told in by_name.items()
    ]
    return {
        "interval rows": table(head, rows),
        "interval places": table(["", *(f"{n} places" for n in found["places"])], places),
        "domain": table(
            ["inputs", "runs", "fresh rows of the L", "its empty corner", "deep in it", "fresh rows of a full box"],
            domain,
        ),
        "interval price": table(["inputs", "graph", "bytes", "CPU µs, one row", "CPU µs a row of 8,192"], price_rows),
    }


def main() -> None:
    """Print the tables, and keep the figures."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--replications", type=int, default=200)
    parser.add_argument("--json", action="store_true", help="keep the figures in benchmarks/results")
    parser.add_argument("--docs", action="store_true", help="fill the tables of docs/decision.md")
    chosen = parser.parse_args()
    n = chosen.replications
    with one_thread():
        found = {
            "replications": n,
            "rows": {kind: {str(rows): of_rows(kind, rows, n) for rows in ROWS} for kind in NOISE},
            "places": {str(places): of_places(places, n) for places in (5, 10, 20, 50)},
            "domain": {
                f"{d}, {rows}": of_domain(rows, d, max(n // 10, 3)) for d in (2, 5, 10, 20) for rows in (100, 200, 1000)
            },
            "price": {str(d): price(d) for d in (2, 5, 10)},
        }
    told = tables(found)
    for name, content in told.items():
        print(f"\n{name}\n{content}")
        if chosen.docs:
            fill(ROOT / "docs" / "decision.md", name, content)
    if chosen.json:
        RESULTS.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
