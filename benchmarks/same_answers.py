"""Does the program still answer what it answered? Every installed study and two cadastres, held against a golden file.

Usage: ``python benchmarks/same_answers.py [--write] [--only NAME,...] [--data ../shared/data]``. Small campaigns of all
installed studies, of the example and of a table of runs are made anew through the command line, and cadastres of the
generated village and (where the survey lies in DATA) of Delft. What they say is summarised and compared with
``benchmarks/results/same_answers.json``; ``--write`` writes that file instead. Exits 1 where something differs, naming it.

Kept are: for 200 fixed inputs and each graph a fixed weighted sum of every row of every output, and means of the interval
and the domain; for each way to answer its errors with their bounds, chosen settings, columns and texts; for a cadastre every
column of the GeoPackage, geometry, the irradiation rasters, and the tiles of the map. No time and no energy: winners may flip
on noise, so the cadastres name the graph they ask. Tolerances: `GRAPH_TOLERANCE` of a column's spread, `NUMBER_TOLERANCE`
relative elsewhere, texts exactly.
"""

from __future__ import annotations

import argparse
import gzip
import hashlib
import json
import math
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from frugal.experiments.study import Variable
from frugal.experiments.study.input_layout import InputLayout
from frugal.experiments.study.study_file import read_variables

RESULTS = Path(__file__).parent / "results" / "same_answers.json"
DATA = Path(__file__).resolve().parent.parent.parent / "shared" / "data"
EXAMPLE = Path(__file__).resolve().parent.parent / "docs" / "examples" / "oxygen_sag.py"

#: Largest difference of a graph's row, in spreads of that row over the inputs.
GRAPH_TOLERANCE = 1e-4
#: Largest relative difference of any other number.
NUMBER_TOLERANCE = 1e-6
N_INPUTS = 200

#: What each campaign is asked for beside its name: runs enough for every candidate to be fitted, and no more.
CAMPAIGNS: dict[str, list[str]] = {
    "roof_yield": ["roof_yield", "--n-runs", "160"],
    "roof_shading": ["roof_shading", "--n-runs", "160"],
    "submersion": ["submersion", "--n-runs", "32"],
    "river_flood": ["river_flood", "--n-runs", "24"],
    "oxygen_sag": ["--study", str(EXAMPLE), "--n-runs", "96"],
    "table": ["--runs", "runs.csv", "--inputs", "a,b,c", "--outputs", "y,z"],
}
#: Graph that the cadastres ask, whatever the campaign chose.
CADASTRE_CANDIDATE = "cumulative_sky"
CADASTRES = ("village", "delft")


def main() -> None:
    """Make everything anew; compare, or write the golden file."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--write", action="store_true", help="write the golden file instead of comparing")
    parser.add_argument("--only", default="", help="names, comma-separated: " + ", ".join([*CAMPAIGNS, *CADASTRES]))
    parser.add_argument("--data", type=Path, default=DATA)
    chosen = parser.parse_args()
    names = chosen.only.split(",") if chosen.only else [*CAMPAIGNS, *CADASTRES]
    known = json.loads(RESULTS.read_text(encoding="utf-8")) if RESULTS.is_file() else {}
    differences: list[str] = []
    with tempfile.TemporaryDirectory() as folder:
        for name in names:
            begun = time.perf_counter()
            summary = json.loads(json.dumps(_summary_of(name, Path(folder), chosen.data)))
            if not summary:
                print(f"{name}: left out, no data", flush=True)
                continue
            if chosen.write:
                known[name] = summary
            else:
                found = list(differences_of(known.get(name), summary, name))
                differences += found
                print(f"{name}: {len(found)} differences", flush=True)
                for line in found[:20]:
                    print(f"  {line}", flush=True)
            print(f"  ({time.perf_counter() - begun:.0f} s)", flush=True)
    if chosen.write:
        text = json.dumps(known, indent=1, ensure_ascii=False)
        text = re.sub(
            r"\[[-+.\deE,\s]+\]", lambda found: re.sub(r"\s+", "", found[0]), text
        )  # one line for each list of numbers
        RESULTS.write_text(text + "\n", encoding="utf-8")
    sys.exit(1 if differences else 0)


def _summary_of(name: str, folder: Path, data: Path) -> dict[str, Any]:
    if name in CAMPAIGNS:
        return campaign_summary(_trained(name, folder))
    return cadastre_summary(name, folder, data)


def _frugal(arguments: list[str], folder: Path) -> None:
    command = [sys.executable, "-m", "frugal.cli", *arguments]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    if done.returncode not in (0, 1):
        raise SystemExit(f"{' '.join(command)} ends with {done.returncode}: {done.stderr[-2000:]}")


def _trained(name: str, folder: Path) -> Path:
    bundle = folder / name
    if not bundle.is_dir():
        if name == "table":
            _write_table(folder / "runs.csv")
        _frugal(["train", *CAMPAIGNS[name], "--out", name], folder)
    return bundle


def _write_table(path: Path) -> None:
    rng = np.random.default_rng(5)
    a, b, c = rng.uniform([0.0, -1.0, 10.0], [1.0, 1.0, 20.0], (120, 3)).T
    y, z = np.exp(a) + b * c, np.abs(b) * np.sqrt(c) + 3.0
    rows = "\n".join(",".join(f"{value:.9g}" for value in row) for row in zip(a, b, c, y, z, strict=True))
    path.write_text(f"a,b,c,y,z\n{rows}\n", encoding="utf-8")


def campaign_summary(bundle: Path) -> dict[str, Any]:
    """What a bundle says, but for times and energy."""
    study = json.loads((bundle / "study.json").read_text(encoding="utf-8"))
    ladder = json.loads((bundle / "candidates.json").read_text(encoding="utf-8"))
    columns = InputLayout(read_variables(study["inputs"])).columns
    inputs = fixed_inputs(columns)
    rows = {row["name"]: row for row in ladder["candidates"]}
    return {
        "study": {key: study[key] for key in ("name", "title", "inputs", "outputs", "need", "sources")},
        "candidates": {name: _candidate(row) for name, row in rows.items()},
        "graphs": {
            path.stem: graph_summary(path.read_bytes(), inputs) for path in sorted((bundle / "alternatives").iterdir())
        },
    }


def _candidate(row: dict[str, Any]) -> dict[str, Any]:
    """A row of the ladder without what was timed."""
    kept = ("kind", "label", "status", "message", "parameters", "needs_runs", "needs_compilation", "bytes", "error",
            "error_met", "half_width", "interval_coverage", "graph_reason", "lacks")  # fmt: skip
    return {**{key: row.get(key) for key in kept}, "log": _untimed(row["log"])}


def _untimed(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _untimed(part) for key, part in value.items() if "seconds" not in key}
    return [_untimed(part) for part in value] if isinstance(value, list) else value


def fixed_inputs(variables: Sequence[Variable]) -> np.ndarray:
    """Inputs ``[200, d]`` that are the same whenever bounds are; choices are whole numbers."""
    low, high = (np.array([getattr(variable, end) for variable in variables]) for end in ("low", "high"))
    values = np.random.default_rng(7).uniform(low, high, (N_INPUTS, len(variables)))
    choices = [bool(variable.choices) for variable in variables]
    values[:, choices] = np.round(values[:, choices])
    return values.astype(np.float32)


def graph_summary(model: bytes, inputs: np.ndarray) -> dict[str, Any]:
    """Weighted sums of every row for outputs, means for what stands beside them."""
    from frugal.surrogates.onnx.graph import session

    opened = session(model)
    names = [output.name for output in opened.get_outputs()]
    summary: dict[str, Any] = {}
    for name, answer in zip(names, opened.run(names, {"inputs": inputs}), strict=True):
        flat = np.asarray(answer, dtype=float).reshape(len(inputs), -1)
        if name.endswith(("_lower", "_upper")) or name == "in_domain":
            summary[name] = {"mean": float(flat.mean()), "spread": float(flat.std())}
            continue
        weights = np.random.default_rng(11).uniform(0.5, 1.5, flat.shape[1]) / flat.shape[1]
        summary[name] = {"rows": [float(f"{value:.7g}") for value in flat @ weights]}
    return summary


def cadastre_summary(name: str, folder: Path, data: Path) -> dict[str, Any]:
    """Tables, rasters and tiles of a cadastre; empty where its survey is missing."""
    survey = data / "ahn3_delft"
    if name == "delft" and not survey.is_dir():
        return {}
    bundle = _trained("roof_yield", folder)
    inputs = (
        [] if name == "village" else [str(survey), "--buildings", str(survey / "bgt_pand.sqlite"), "--force-weather"]
    )
    wanted = ["--bundle", str(bundle), "--candidate", CADASTRE_CANDIDATE, "--tile", "150", "--out", f"cadastre_{name}"]
    _frugal(["cadastre", *inputs, *wanted], folder)
    made = folder / f"cadastre_{name}"
    files = sorted(path for path in made.rglob("*") if path.is_file() and "work" not in path.parts)
    return {
        "files": sorted({str(path.relative_to(made)) for path in files if "assets" not in path.parts}),
        "layers": {layer: table_summary(made, layer) for layer in _layers(made)},
        "rasters": {_name_of(path, made): raster_summary(path) for path in sorted(made.rglob("*.tif"))},
        "map": {path.name: _sha256(path) for path in files if path.suffix in (".pmtiles", ".gz", ".csv", ".qml")},
    }


def _name_of(path: Path, made: Path) -> str:
    """Place in the folder of the cadastre, without the digests of data and program that a folder may be named by."""
    return re.sub(r"[0-9a-f]{12}-[0-9a-f]{6}", "DIGEST", path.relative_to(made).as_posix())


def _geopackage(made: Path) -> Path:
    (path,) = made.glob("*.gpkg")
    return path


def _layers(made: Path) -> list[str]:
    import pyogrio

    return sorted(str(name) for name, geometry in pyogrio.list_layers(_geopackage(made)) if geometry)


def table_summary(made: Path, layer: str) -> dict[str, Any]:
    """Count, sums and weighted sums of every column; texts by their hash."""
    import geopandas
    import pandas

    frame = geopandas.read_file(_geopackage(made), layer=layer)
    weights = np.random.default_rng(13).uniform(0.5, 1.5, len(frame))
    summary: dict[str, Any] = {"rows": len(frame)}
    for name in frame.columns.drop("geometry"):
        values = frame[name]
        if pandas.api.types.is_numeric_dtype(values):
            numbers = values.to_numpy(dtype=float)
            known = np.isfinite(numbers)
            summary[name] = {"known": int(known.sum()), "weighted": float(np.sum((numbers * weights)[known]))}
        else:
            summary[name] = hashlib.sha256("\n".join(values.astype(str)).encode()).hexdigest()
    parts = frame.geometry
    summary["geometry"] = {"area": float(np.sum(parts.area * weights)), "length": float(np.sum(parts.length * weights))}
    return summary


def raster_summary(path: Path) -> dict[str, Any]:
    """Known cells and a weighted sum of each band."""
    import rasterio

    with rasterio.open(path) as source:
        bands = source.read().astype(float)
    weights = np.random.default_rng(17).uniform(0.5, 1.5, bands.shape[1:])
    return {
        "known": [int(np.isfinite(band).sum()) for band in bands],
        "weighted": [float(np.nansum(band * weights)) for band in bands],
    }


def _sha256(path: Path) -> str:
    content = path.read_bytes()
    if path.suffix == ".gz":  # the same content may be packed otherwise
        content = gzip.decompress(content)
    return hashlib.sha256(content).hexdigest()


def differences_of(before: Any, after: Any, where: str) -> Iterator[str]:
    """Sentences on what differs by more than the tolerances."""
    if isinstance(before, dict) and isinstance(after, dict):
        for key in sorted({*before, *after}, key=str):
            if key not in before or key not in after:
                yield f"{where}.{key}: only {'after' if key in after else 'before'}"
            elif key == "rows" and isinstance(before[key], list):
                yield from _rows_differ(before[key], after[key], f"{where}.{key}")
            else:
                yield from differences_of(before[key], after[key], f"{where}.{key}")
    elif isinstance(before, list) and isinstance(after, list) and len(before) == len(after):
        for number, (one, other) in enumerate(zip(before, after, strict=True)):
            yield from differences_of(one, other, f"{where}[{number}]")
    elif _is_number(before) and _is_number(after):
        if not math.isclose(before, after, rel_tol=NUMBER_TOLERANCE, abs_tol=1e-12):
            yield f"{where}: {before!r} before, {after!r} after"
    elif before != after:
        yield f"{where}: {str(before)[:80]!r} before, {str(after)[:80]!r} after"


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _rows_differ(before: list[float], after: list[float], where: str) -> Iterator[str]:
    one, other = np.array(before), np.array(after)
    spread = max(float(one.std()), 1e-3 * float(np.abs(one).mean()), 1e-12)
    largest = float(np.abs(one - other).max()) / spread if one.shape == other.shape else math.inf
    if not largest <= GRAPH_TOLERANCE:
        yield f"{where}: rows differ by {largest:.2g} spreads"


if __name__ == "__main__":
    main()
