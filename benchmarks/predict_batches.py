"""Claim: a table of a million rows is answered under 1 GB of memory and in 15 CPU seconds, CSV or Parquet.

``frugal predict BUNDLE --csv TABLE --out ANSWERS`` runs as its own process, on a table that this file writes: the inputs of the
bundle that are single numbers, drawn within their bounds, and an id; elements of vectors take their defaults, or with
``--vectors`` stand in the table too. Peak memory and CPU time are those that the system counts for that process.

    python benchmarks/predict_batches.py bundles/roof_yield [--rows 1000000] [--vectors]
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import pyarrow
from pyarrow import csv, parquet

from frugal.surrogates.bundle.predictor import Predictor

LIMIT_BYTES, LIMIT_CPU_SECONDS = 1e9, 15.0
RESULTS = Path(__file__).parent / "results" / "predict_batches.json"


def write_queries(predictor: Predictor, rows: int, folder: Path, vectors: bool) -> dict[str, Path]:
    """The same queries as CSV and as Parquet."""
    rng = np.random.default_rng(0)
    columns: dict[str, object] = {"id": [f"r{number:07d}" for number in range(rows)]}
    for variable in predictor.layout.columns:
        if "[" in variable.name and variable.default is not None and not vectors:
            continue
        drawn = variable.low + (variable.high - variable.low) * rng.random(rows)
        columns[variable.name] = np.round(drawn) if variable.choices else np.round(drawn, 4)
    table = pyarrow.table(columns)
    paths = {"csv": folder / "queries.csv", "parquet": folder / "queries.parquet"}
    csv.write_csv(table, paths["csv"])
    parquet.write_table(table, paths["parquet"])
    return paths


def measured(bundle: Path, asked: Path, out: Path) -> dict[str, float]:
    """Peak memory [byte], CPU and wall time [s] of one ``predict``."""
    code = (
        "import json, resource, subprocess, sys, time\n"
        "start = time.monotonic()\n"
        "done = subprocess.run(sys.argv[1:], stdout=subprocess.DEVNULL)\n"
        "used = resource.getrusage(resource.RUSAGE_CHILDREN)\n"
        "print(json.dumps({'code': done.returncode, 'bytes': used.ru_maxrss * 1024,\n"
        "                  'cpu_seconds': used.ru_utime + used.ru_stime, 'wall_seconds': time.monotonic() - start}))\n"
    )
    command = [sys.executable, "-m", "frugal.cli", "predict", str(bundle), "--csv", str(asked), "--out", str(out)]
    told = subprocess.run([sys.executable, "-c", code, *command], capture_output=True, text=True, check=True)
    return dict(json.loads(told.stdout))


def main() -> int:
    """Measure, print the claim, and write the result beside the others."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("bundle", type=Path)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--vectors", action="store_true")
    given = parser.parse_args()
    predictor = Predictor(given.bundle)
    found = {}
    with tempfile.TemporaryDirectory() as folder:
        paths = write_queries(predictor, given.rows, Path(folder), given.vectors)
        for kind, path in paths.items():
            out = Path(folder) / f"answers.{kind}"
            found[kind] = measured(given.bundle, path, out)
            answered = parquet.ParquetFile(out).metadata.num_rows if kind == "parquet" else _lines(out) - 1
            assert found[kind]["code"] == 0 and answered == given.rows, (kind, found[kind], answered)
    worst = {key: max(one[key] for one in found.values()) for key in ("bytes", "cpu_seconds")}
    holds = worst["bytes"] < LIMIT_BYTES and worst["cpu_seconds"] < LIMIT_CPU_SECONDS
    for kind, one in found.items():
        print(
            f"{kind}: {given.rows} rows, {one['bytes'] / 1e6:.0f} MB at the peak, {one['cpu_seconds']:.1f} CPU s, "
            f"{one['wall_seconds']:.1f} s"
        )
    print(
        f"{'holds' if holds else 'does not hold'}: under 1 GB and 15 CPU s ({predictor.study_name}, {predictor.candidate})"
    )
    RESULTS.write_text(
        json.dumps(
            {
                "study": predictor.study_name,
                "candidate": predictor.candidate,
                "rows": given.rows,
                "vectors": given.vectors,
                "cores": os.cpu_count(),
                "page_bytes": resource.getpagesize(),
                "found": found,
                "holds": holds,
            },
            indent=1,
        )
        + "\n"
    )
    return 0 if holds else 1


def _lines(path: Path) -> int:
    with path.open("rb") as stream:
        return sum(chunk.count(b"\n") for chunk in iter(lambda: stream.read(1 << 20), b""))


if __name__ == "__main__":
    sys.exit(main())
