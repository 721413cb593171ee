"""Claim: the best candidate of the ladder, chosen by its own folds, is at most 1.05 times as wrong as the best peer.

    python benchmarks/surrogates_against_peers.py [--peers PYTHON] [--only ours|peers]
        [--problems NAME ...] [--sizes N ...] [--seeds K ...] [--models PEER ...]

Eleven problems (`surrogate_problems.py`) with 50, 200 and 1,000 runs of a Latin hypercube, three seeds, errors in % of the
standard deviation on 5,000 fresh points. Ours is asked as a user asks it: the runs are written as a table and trained on
without a declared need, codecarbon and MLflow apart. Peers run with ``PYTHON``, an interpreter that has what
``surrogates_peers.py`` names; their figures are kept in ``results/surrogates_peers.json`` by problem, runs, seed, model and
version, and are not made again. A fit of theirs is stopped at 60 CPU seconds. What errs at the first seed by over three times
the least error, or was stopped, is not asked at the others, and what was stopped on two problems not on others of that size.

Two problems more have fields for answers (`surrogate_maps.py`), which peers learn on principal components.

Without ``--peers`` the two problems that are tables of SMT are left out. Writes ``results/surrogates_against_peers.json`` and,
unless ``--problems`` are named, the tables of ``docs/surrogates.md`` from all that is kept. An hour for the peers and a quarter
of one for ours.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from fill_docs import RESULTS, ROOT, fill, table
from surrogate_maps import FIELDS, RUNS, FieldData, field_data
from surrogate_problems import SIZES, TABLES, cells, data
from surrogates_peers import EVERY_MODEL, FIELD_MODELS, MODELS, THREADS, query_times, spread_percent
from threadpoolctl import threadpool_limits

from frugal.campaigns.campaign import Campaign
from frugal.experiments.study import Study

PEERS = Path(__file__).parent / "surrogates_peers.py"
KEPT = RESULTS / "surrogates_peers.json"
OURS = RESULTS / "surrogates_against_peers.json"
LIMIT_CPU_SECONDS = 60.0
#: Peers that err by more than so many times the least error at the first seed are not asked at the others.
FAR = 3.0
#: Queries are timed at the first seed with so many runs.
TIMED = (200, 192)


# ---- what is asked ---------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Cell:
    """Arrays of `surrogate_problems.Data` or of `surrogate_maps.FieldData` by name, the least answer, the study of fields."""

    arrays: dict[str, np.ndarray]
    low: float = -np.inf
    study: Study | None = None


@cache
def _fields(name: str, seed: int) -> FieldData:
    return field_data(name, seed)


def cell_of(name: str, n: int, seed: int, tables: Path) -> Cell | None:
    """Runs to learn from and to judge by; None where the table is not at hand."""
    if name in FIELDS:
        whole = _fields(name, seed)
        arrays = {key: value for key, value in vars(whole).items() if key != "study"}
        arrays |= {"train_x": whole.train_x[:n], "train_y": whole.train_y[:n]}
        low = whole.study.outputs[0].low
        return Cell(arrays, -np.inf if low is None else low, whole.study)
    found = data(name, n, seed, tables)
    return None if found is None else Cell(vars(found))


# ---- peers -----------------------------------------------------------------------------------------------------------


def write_tables(python: str, folder: Path) -> None:
    """Have the peers' program write the tables that SMT carries."""
    subprocess.run([python, str(PEERS), "tables", str(folder)], check=True)


def kept_records(path: Path) -> list[dict[str, Any]]:
    """Records of an earlier call, one a line."""
    return list(json.loads(path.read_text(encoding="utf-8"))) if path.exists() else []


def keep_records(path: Path, records: list[dict[str, Any]]) -> None:
    """Write records one a line, in their order by problem, runs, seed and model."""
    from frugal.formats.files.atomic import write_text

    order = sorted(records, key=lambda r: (r["n"], r["problem"], r["seed"], r.get("model", "")))
    write_text(path, "[\n" + ",\n".join(json.dumps(_rounded(record)) for record in order) + "\n]\n")


def _rounded(record: dict[str, Any]) -> dict[str, Any]:
    return {key: float(f"{value:.5g}") if isinstance(value, float) else value for key, value in record.items()}


def is_of(record: dict[str, Any], name: str, n: int, seed: int | None = None) -> bool:
    """A record is of this cell."""
    return record["problem"] == name and record["n"] == n and seed in (None, record["seed"])


def run_peers(
    python: str, chosen: list[tuple[str, int]], seeds: list[int], models_asked: list[str], tables: Path
) -> None:
    """Ask every peer that is not kept yet, the first seed of all cells before the others; kept after each answer."""
    told = subprocess.run([python, str(PEERS), "versions"], check=True, capture_output=True, text=True)
    packages = dict(json.loads(told.stdout))
    records = kept_records(KEPT)
    with tempfile.TemporaryDirectory() as folder:
        for seed in seeds:
            for name, n in chosen:
                models = [m for m in _to_ask(records, name, n, seed, packages) if m in models_asked]
                found = cell_of(name, n, seed, tables) if models else None
                if found is None:
                    continue
                path = Path(folder) / "cell.npz"
                np.savez(path, **found.arrays)
                cell = {"problem": name, "n": n, "seed": seed}
                task = {"path": str(path), "cell": cell, "models": models, "limit": LIMIT_CPU_SECONDS, "low": found.low}
                for record in _answers(python, {**task, "time": seed == 0 and n in TIMED}):
                    record["version"] = packages[EVERY_MODEL[record["model"]][0]]
                    print(json.dumps(_rounded(record)), flush=True)
                    same = (name, n, seed, record["model"])
                    records = [r for r in kept_records(KEPT) if (r["problem"], r["n"], r["seed"], r["model"]) != same]
                    records.append(record)
                    keep_records(KEPT, records)


def _to_ask(records: list[dict[str, Any]], name: str, n: int, seed: int, packages: dict[str, str]) -> list[str]:
    """Models that are not kept for a cell with their version, and are worth asking."""
    done = {
        r["model"] for r in records if is_of(r, name, n, seed) and r["version"] == packages[EVERY_MODEL[r["model"]][0]]
    }
    first = {r["model"]: r for r in records if is_of(r, name, n, 0)}
    least = min((r["error_percent"] for r in first.values() if "fault" not in r), default=np.inf)
    models = []
    for model in FIELD_MODELS if name in FIELDS else MODELS:
        if model in done or (seed == 0 and _beyond(records, model, n)):
            continue
        if seed and (model not in first or first[model].get("error_percent", np.inf) > FAR * least):
            continue
        models.append(model)
    return models


def _beyond(records: list[dict[str, Any]], model: str, n: int) -> bool:
    """It was stopped at the limit on two problems with so many runs already: others of this size are not tried."""
    stopped = [r for r in records if r["model"] == model and r["n"] == n and r.get("fault", "").startswith("not done")]
    return len(stopped) >= 2


def _answers(python: str, task: dict[str, Any]) -> Iterator[dict[str, Any]]:
    with subprocess.Popen(
        [python, str(PEERS), "fit"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env=os.environ | dict.fromkeys(THREADS, "1"),
    ) as program:
        assert program.stdin is not None and program.stdout is not None
        program.stdin.write(json.dumps(task) + "\n")
        program.stdin.close()
        for line in program.stdout:
            yield dict(json.loads(line))


# ---- ours ------------------------------------------------------------------------------------------------------------

#: Stages of a campaign that belong to choosing among candidates: all fits, those of the folds, the graphs and their errors.
#: Timings of queries, which are the audit's affair, and what is loaded are not.
NOT_CHOOSING = {"preparation", "need", "loading", "generation", "compile", "metering", "rest", "audit"}


def run_ours(chosen: list[tuple[str, int]], seeds: list[int], tables: Path) -> None:
    """Train on every cell as a table of runs; kept after each."""
    warm = cell_of("ishigami", 50, 0, tables)
    assert warm is not None
    _trained(warm, 0, False)  # loads and compiles whatever is loaded once
    for seed in seeds:
        for name, n in chosen:
            found = cell_of(name, n, seed, tables)
            if found is None:
                continue
            record = {"problem": name, "n": n, "seed": seed, **_trained(found, seed, seed == 0 and n in TIMED)}
            print(json.dumps(_rounded({k: v for k, v in record.items() if k != "candidates"})), flush=True)
            records = [r for r in kept_records(OURS) if not is_of(r, name, n, seed)] + [record]
            keep_records(OURS, records)


def _trained(cell: Cell, seed: int, timed: bool) -> dict[str, Any]:
    """What a campaign on these runs makes of them, and how wrong that is on the fresh points."""
    from frugal.campaigns.bundle_writer import choose_model
    from frugal.surrogates.ladder.answering import answering_for

    start = time.process_time()
    campaign = _campaign(cell, seed)
    spent = time.process_time() - start
    asked, truth = cell.arrays["test_x"], cell.arrays["test_y"]
    nobody = np.full(len(asked), -1)
    judged = {row.name: row for row in campaign.ladder.rows if row.works and row.kind != "full_physics"}
    candidates = {}
    for candidate in campaign.candidates:
        if candidate.name not in judged:
            continue
        answering = answering_for(campaign.study, candidate)
        answer = answering.predict(asked, nobody).reshape(truth.shape)
        own = [entry.cpu_seconds for entry in campaign.ledger if entry.candidate == candidate.name]
        candidates[candidate.name] = {"error_percent": spread_percent(truth, answer), "fit_seconds": sum(own)}
        if timed and answering.runtime == "onnx":

            def ask(x: np.ndarray, ask: Any = answering.ask) -> object:
                return ask(x, nobody[: len(x)])

            candidates[candidate.name] |= query_times(ask, asked.astype(answering.input_type))
    choosing = [
        entry.cpu_seconds
        for entry in campaign.ledger
        if entry.stage not in NOT_CHOOSING and not (entry.stage == "evaluation" and entry.candidate is None)
    ]
    return {
        "automatic": min(candidates, key=lambda name: judged[name].value_ratio),
        "ships": choose_model(campaign.ladder).candidate,
        "choice_seconds": sum(choosing),
        "campaign_seconds": spent,
        "candidates": {name: _rounded(values) for name, values in candidates.items()},
    }


def _campaign(cell: Cell, seed: int) -> Campaign:
    """Fields as a study without a solver; everything else as a table of runs, read from a file."""
    from frugal.campaigns.campaign import Settings, run_campaign
    from frugal.experiments.designs.from_table import table_of_runs
    from frugal.experiments.designs.sampling import from_table

    x, y = cell.arrays["train_x"], cell.arrays["train_y"]
    with tempfile.TemporaryDirectory() as folder:
        settings = Settings(seed=seed, carbon=False, measure_seconds=0.5, folder=Path(folder) / "campaigns")
        if cell.study is not None:
            return run_campaign(cell.study, settings, design=from_table(x, seed), outputs=y)
        names = [f"x{k}" for k in range(x.shape[1])]
        path = Path(folder) / "runs.csv"
        rows = [",".join(repr(float(value)) for value in row) for row in np.column_stack([x, y])]
        path.write_text("\n".join([",".join([*names, "y"]), *rows]) + "\n", encoding="utf-8")
        read = table_of_runs(path, names, ["y"], seed=seed)
        return run_campaign(read.study, settings, design=read.design, outputs=read.outputs)


# ---- comparison ------------------------------------------------------------------------------------------------------


def compared(
    ours: list[dict[str, Any]], peers: list[dict[str, Any]], chosen: list[tuple[str, int]]
) -> list[dict[str, Any]]:
    """One row a cell: ratios to the least error of any peer at the same seed, medians of the seeds."""
    rows = []
    for name, n in chosen:
        seeds: list[dict[str, Any]] = []
        for record in (r for r in ours if is_of(r, name, n)):
            others = [r for r in peers if is_of(r, name, n, record["seed"]) and "fault" not in r]
            if others:
                seeds.append(_one_seed(record, min(others, key=lambda r: r["error_percent"])))
        if seeds:
            first = seeds[0]
            middle = {
                key: _median([s[key] for s in seeds]) for key in ("automatic_ratio", "best_ratio", "choice_seconds")
            }
            shipped = [s["ships_ratio"] for s in seeds if s["ships_ratio"] is not None]
            ships = _median(shipped) if 2 * len(shipped) > len(seeds) else None
            rows.append({**first, **middle, "ships_ratio": ships, "seeds": len(seeds)})
    return rows


def _one_seed(record: dict[str, Any], peer: dict[str, Any]) -> dict[str, Any]:
    errors = {name: found["error_percent"] for name, found in record["candidates"].items()}
    best = min(errors, key=errors.__getitem__)
    least = peer["error_percent"]
    return {
        "problem": record["problem"],
        "n": record["n"],
        "peer": peer["model"],
        "peer_percent": least,
        "peer_seconds": peer["fit_seconds"],
        "automatic": record["automatic"],
        "automatic_percent": errors[record["automatic"]],
        "automatic_ratio": errors[record["automatic"]] / least,
        "best": best,
        "best_ratio": errors[best] / least,
        "ships": record["ships"],
        "ships_ratio": None if record["ships"] is None else errors[record["ships"]] / least,
        "choice_seconds": record["choice_seconds"],
    }


def _median(values: list[float]) -> float:
    return float(np.median(values))


def counted(ratios: list[float | None]) -> str:
    """Wins, ties up to 1.05, within twice, lost, and the median of those there are."""
    known = np.array([ratio for ratio in ratios if ratio is not None])
    if not len(known):
        return "–"
    parts = [np.sum(known < 1), np.sum((known >= 1) & (known <= 1.05)), np.sum((known > 1.05) & (known <= 2))]
    told = " / ".join(str(int(part)) for part in (*parts, np.sum(known > 2)))
    absent = len(ratios) - len(known)
    return f"{told}{f' (nothing in {absent})' if absent else ''}, median ratio {np.median(known):.2f}"


def report(rows: list[dict[str, Any]]) -> str:
    """What is counted: cells and seeds, ratios, which cells are beyond 1.05, and what choosing costs."""
    parts = (
        ("automatic best", "automatic_ratio"),
        ("best of the ladder, known afterwards", "best_ratio"),
        ("what ships", "ships_ratio"),
    )
    lines = [f"{name}: {counted([row[key] for row in rows])}" for name, key in parts]
    far = sorted((row for row in rows if row["automatic_ratio"] > 1.05), key=lambda row: -row["automatic_ratio"])
    beyond = [f"{row['problem'].replace('_', ' ')} at {row['n']:,} ({row['automatic_ratio']:.2f})" for row in far]
    lines.append(f"the automatic best is beyond 1.05 in {', '.join(beyond) or 'no cell'}")
    spent = [
        f"{_median(found):.1f} CPU s at {n:,} runs (at most {max(found):.1f})"
        for n in SIZES
        if (found := [row["choice_seconds"] for row in rows if row["n"] == n])
    ]
    lines.append(f"the whole choice takes {', '.join(spent)}")
    seeds = [row["seeds"] for row in rows]
    told = str(min(seeds)) if min(seeds) == max(seeds) else f"{min(seeds)} to {max(seeds)}"
    lines.append(f"{len(rows)} of {len(cells())} cells, seeds: {told}")
    return "\n".join(f"- {line}" for line in lines)


def cells_table(rows: list[dict[str, Any]]) -> str:
    """One line a cell."""
    head = ["problem", "runs", "best peer", "its error", "its CPU s", "automatic best", "its error", "ratio"]
    head += ["ratio of the best candidate", "ships", "its ratio", "choice, CPU s"]
    body = []
    for row in rows:
        ships = ["–", "–"] if row["ships_ratio"] is None else [row["ships"] or "–", f"{row['ships_ratio']:.2f}"]
        ratio = f"{row['automatic_ratio']:.2f}"
        body.append(
            [
                row["problem"].replace("_", " "),
                f"{row['n']:,}",
                row["peer"],
                f"{row['peer_percent']:.3g} %",
                f"{row['peer_seconds']:.2g}",
                row["automatic"].replace("_", " "),
                f"{row['automatic_percent']:.3g} %",
                f"**{ratio}**" if row["automatic_ratio"] <= 1.05 else ratio,
                f"{row['best_ratio']:.2f} ({row['best'].replace('_', ' ')})",
                ships[0].replace("_", " "),
                ships[1],
                f"{row['choice_seconds']:.1f}",
            ]
        )
    return table(head, body)


def field_cells() -> list[tuple[str, int]]:
    """Problems with fields, and their numbers of runs."""
    return [(name, n) for n in RUNS for name in FIELDS]


def costs(ours: list[dict[str, Any]], peers: list[dict[str, Any]]) -> str:
    """CPU seconds of a fit and of queries by model, medians over the problems at the first seed."""
    found: dict[tuple[int, str], dict[int, list[dict[str, Any]]]] = {}
    for record in peers:
        if record["model"] in MODELS and record["seed"] == 0:
            found.setdefault((1, record["model"]), {}).setdefault(record["n"], []).append(record)
    for record in ours:
        if record["problem"] not in FIELDS and record["seed"] == 0:
            for name, values in record["candidates"].items():
                found.setdefault((0, name), {}).setdefault(record["n"], []).append(values)
    head = ["model", *(f"fit at {n:,}, CPU s" for n in SIZES), "one row, µs", "100,000 rows, CPU s"]
    body = []
    for (whose, name), sizes in sorted(found.items(), key=lambda item: item[0][0]):
        fits = [_middle(sizes.get(n, []), "fit_seconds") for n in SIZES]
        middle = sizes.get(200, [])
        one = _middle(middle, "one_row_seconds", 1e6)
        label = name if whose else f"**{name.replace('_', ' ')}**"
        body.append([label, *fits, one, _middle(middle, "hundred_thousand_rows_seconds")])
    return table(head, body)


def _middle(records: list[dict[str, Any]], key: str, factor: float = 1.0) -> str:
    """Median of those that have it; how many were stopped."""
    known = [factor * record[key] for record in records if key in record]
    stopped = sum("fault" in record for record in records)
    middle = float(np.median(known)) if known else np.nan
    told = "–" if not known else f"{middle:,.0f}" if middle >= 10 else f"{middle:.2g}"
    return f"{told} ({stopped} stopped)" if stopped else told


# ---- command ---------------------------------------------------------------------------------------------------------


def main() -> None:
    """Ask who is to be asked, and write what all have answered so far."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--peers", help="interpreter with the packages of the peers")
    parser.add_argument("--only", choices=("ours", "peers"))
    parser.add_argument("--problems", nargs="+", default=None)
    parser.add_argument("--sizes", nargs="+", type=int, default=[*SIZES, *RUNS])
    parser.add_argument("--seeds", nargs="+", type=int, default=[0, 1, 2])
    parser.add_argument("--models", nargs="+", choices=tuple(EVERY_MODEL), default=list(EVERY_MODEL))
    given = parser.parse_args()
    every = [*cells(), *field_cells()]
    chosen = [(name, n) for name, n in every if n in given.sizes and name in (given.problems or [name])]
    with tempfile.TemporaryDirectory() as folder:
        tables = Path(folder)
        if given.peers and any(name in TABLES for name, _ in chosen):
            write_tables(given.peers, tables)
        if given.peers and given.only in (None, "peers"):
            run_peers(given.peers, chosen, given.seeds, given.models, tables)
        if given.only in (None, "ours"):
            with threadpool_limits(1):
                run_ours(chosen, given.seeds, tables)
    ours, peers = kept_records(OURS), kept_records(KEPT)
    rows, maps = compared(ours, peers, cells()), compared(ours, peers, field_cells())
    if not rows:
        return
    told = f"{report(rows)}\n\n{cells_table(rows)}"
    print(told)
    if maps:
        print(cells_table(maps))
    if given.problems is None:
        page = ROOT / "docs" / "surrogates.md"
        fill(page, "cells", told)
        fill(page, "fields", cells_table(maps))
        fill(page, "costs", costs(ours, peers))


if __name__ == "__main__":
    main()
