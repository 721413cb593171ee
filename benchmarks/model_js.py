"""Claim: an answer needs no runtime in a browser: its JavaScript gives what its graph gives, in fewer bytes and in less time.

For each graph: bytes of the graph and of ``model.js``, the largest difference between both over so many rows within the bounds
(in parts of the range of each output), and the time of one query in Node, beside onnxruntime-web's where it is installed (``npm
ci`` in ``frontend/``). Without a bundle it takes every model of this program, fitted to a function that is made up, of values,
of maps and of series, and the alternatives of `roof_yield` on its generated site.

    python benchmarks/model_js.py [BUNDLE ...] [--rows 100000]
"""

from __future__ import annotations

import argparse
import json
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np

from frugal.experiments.study import Need, Output, Study, Variable
from frugal.experiments.study.input_layout import InputLayout
from frugal.experiments.study.study_file import read_variables
from frugal.surrogates.fitting.intervals import AnswerInterval
from frugal.surrogates.fitting.model import Skipped
from frugal.surrogates.fitting.near_runs import near_runs
from frugal.surrogates.fitting.row_scale import RowScale
from frugal.surrogates.javascript.module import script_of
from frugal.surrogates.models.registry import models_for
from frugal.surrogates.onnx.export import Domain, model_metadata, write_graph
from frugal.surrogates.onnx.graph import session
from frugal.surrogates.onnx.physical_limits import clip_outputs

ALLOWED = 1e-6
RESULTS = Path(__file__).parent / "results" / "model_js.json"
FRONTEND = Path(__file__).parents[1] / "frontend"

#: Asks a module row by row, and says how long that took; with a graph too, onnxruntime-web the first thousand times.
ASK = """
import { readFileSync, writeFileSync } from 'node:fs';
import { pathToFileURL } from 'node:url';
const [folder, width, ort] = process.argv.slice(2);
const model = await import(pathToFileURL(`${folder}/model.mjs`));
const content = readFileSync(`${folder}/rows`);
const rows = new Float32Array(content.buffer, content.byteOffset, content.byteLength / 4);
const n = rows.length / width;
const names = JSON.parse(readFileSync(`${folder}/names.json`));
const sizes = names.map((name) => model.answer(rows.subarray(0, width))[name].length);
const kept = names.map((name, k) => new Float64Array(n * sizes[k]));
const timed = [];
for (let i = 0; i < n; i++) {
  const row = rows.subarray(i * width, (i + 1) * width);
  const start = performance.now();
  const told = model.answer(row);
  timed.push(performance.now() - start);
  names.forEach((name, k) => kept[k].set(Array.from(told[name], Number), i * sizes[k]));
}
names.forEach((name, k) => writeFileSync(`${folder}/${name}`, kept[k]));
const median = (times) => times.sort((a, b) => a - b)[times.length >> 1] * 1000;
const found = { us: median(timed) };
if (ort) {
  const runtime = await import(pathToFileURL(ort));
  runtime.env.wasm.numThreads = 1;
  const asked = await runtime.InferenceSession.create(readFileSync(`${folder}/model.onnx`), { executionProviders: ['wasm'] });
  const times = [];
  for (let i = 0; i < Math.min(n, 1000); i++) {
    const inputs = new runtime.Tensor('float32', rows.slice(i * width, (i + 1) * width), [1, Number(width)]);
    const start = performance.now();
    await asked.run({ inputs });
    times.push(performance.now() - start);
  }
  found.us_runtime = median(times);
}
console.log(JSON.stringify(found));
"""


def rows_within(model: bytes, n: int, seed: int = 0) -> np.ndarray:
    """Rows ``[n, d]`` at random within the bounds that a graph tells, float32; choices at whole numbers."""
    columns = InputLayout(read_variables(json.loads(model_metadata(model)["frugal.study"])["inputs"])).columns
    low, high = (np.array([getattr(column, edge) for column in columns]) for edge in ("low", "high"))
    rows = np.random.default_rng(seed).uniform(low, high, (n, len(columns)))
    whole = [bool(column.choices) for column in columns]
    rows[:, whole] = np.round(rows[:, whole])
    return rows.astype(np.float32)


def compared(model: bytes, n: int, runtime: bool = True) -> dict[str, float | int | str | None]:
    """Bytes, difference and times of one graph; ``reason`` where it has no JavaScript."""
    script = script_of(model)
    if script.text is None:
        return {"onnx_bytes": len(model), "reason": script.reason["en"]}
    opened = session(model)
    names = [output.name for output in opened.get_outputs()]
    size = sum(int(np.prod(output.shape[1:])) for output in opened.get_outputs())
    rows = rows_within(model, int(np.clip(n, 10, max(3e7 // size, 10))))
    ort = FRONTEND / "node_modules/onnxruntime-web/dist/ort.wasm.bundle.min.mjs"
    with tempfile.TemporaryDirectory() as told:
        folder = Path(told)
        (folder / "model.mjs").write_text(script.text, encoding="utf-8")
        (folder / "model.onnx").write_bytes(model)
        (folder / "ask.mjs").write_text(ASK, encoding="utf-8")
        (folder / "names.json").write_text(json.dumps(names))
        rows.tofile(folder / "rows")
        command = ["node", str(folder / "ask.mjs"), told, str(rows.shape[1])]
        command += [str(ort)] if runtime and ort.exists() else []
        done = subprocess.run(command, check=True, capture_output=True, text=True)
        got = [np.fromfile(folder / name).reshape(len(rows), -1) for name in names]
    parts = [opened.run(names, {"inputs": rows[k : k + 5000]}) for k in range(0, len(rows), 5000)]
    expected = [np.concatenate(part).reshape(len(rows), -1).astype(float) for part in zip(*parts, strict=True)]
    apart, beyond = 0.0, 0
    for mine, theirs in zip(got, expected, strict=True):
        scale = max(float(np.ptp(theirs)), float(np.abs(theirs).max()) * 1e-3) or 1.0
        away = np.abs(mine - theirs) / scale
        apart, beyond = max(apart, float(np.nanmax(away))), beyond + int((~(away <= ALLOWED)).sum())
    return {
        "onnx_bytes": len(model),
        "js_bytes": script.bytes,
        "rows": len(rows),
        "largest_difference": apart,
        "share_beyond": beyond / sum(part.size for part in expected),
        **json.loads(done.stdout),
    }


def made_up_studies() -> Iterator[Study]:
    """Values with a choice and a period among the inputs, a map with cells without meaning, levels at stations over time."""
    inputs = (
        Variable("flow", "m3/s", 5.0, 900.0),
        Variable("direction", "deg", 0.0, 360.0, period=360.0),
        Variable("kind", "1", 0.0, 2.0, choices=("low", "mid", "high")),
        Variable("rain", "mm", 0.0, 50.0, dims=("day",), coords={"day": [1, 2, 3]}),
    )
    need = Need("one", {}, queries=(10.0, 100.0))
    months = {"month": list(range(12))}
    values = (Output("total", "m", low=0.0), Output("monthly", "kWh", ("month",), months))
    yield Study("values", inputs, values, need, None)
    cells = {"y": list(range(40, 0, -1)), "x": list(range(50))}
    maps = (Output("depth", "m", ("y", "x"), cells, low=0.0), Output("peak", "m"))
    yield Study("map", inputs, maps, need, None)
    series = (Output("level", "m", ("station", "time"), {"station": list("abcdef"), "time": list(range(24))}),)
    yield Study("series", inputs, series, need, None)


def made_up_runs(study: Study, n: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Inputs ``[n, d]`` and smooth outputs ``[n, m]`` of nothing in particular."""
    rng = np.random.default_rng(seed)
    low, high = (np.array([getattr(column, edge) for column in study.columns]) for edge in ("low", "high"))
    x = rng.uniform(low, high, (n, len(low)))
    whole = [bool(column.choices) for column in study.columns]
    x[:, whole] = np.round(x[:, whole])
    x[:, 0] = np.where(x[:, 3] > 25.0, low[0] + (x[:, 0] - low[0]) / 3, x[:, 0])  # a corner is empty
    z = 2 * (x - low) / (high - low) - 1
    hidden = np.tanh(z @ rng.normal(size=(len(low), 8)) + rng.normal(size=8))
    m = sum(output.size for output in study.outputs)
    waves = np.array([np.cos(k * np.linspace(0, 3, m) + rng.uniform(0, 6)) for k in range(8)])
    return x, clip_outputs(10 + hidden @ waves * 5, study.outputs)


def graphs(n_runs: int = 240) -> Iterator[tuple[str, bytes]]:
    """Every model of the program on the studies made up here."""
    for study in made_up_studies():
        x, y = made_up_runs(study, n_runs)
        near, _ = near_runs(x, study.columns)
        domain = Domain(x.min(axis=0), x.max(axis=0), near)
        for learner in models_for(study):
            try:
                fitted = learner.fit(x, y, None, study.columns, 0)
            except Skipped:
                continue
            model = write_graph(study, learner.name, fitted.graph, interval_of(fitted, study, x, y), domain)
            yield f"{study.name}: {learner.name}", model


def interval_of(fitted: Any, study: Study, x: np.ndarray, y: np.ndarray) -> AnswerInterval:
    """An interval that follows the row: by the model's own deviation where it has one, else by a fitted scale."""
    sizes = tuple(output.size for output in study.outputs)
    half = np.maximum(y.std(axis=0) / 10, 0.01)
    if hasattr(fitted, "deviation_graph"):
        return AnswerInterval(np.full(len(half), 1.6), sizes, deviation=fitted, least=half / 100)
    away = np.abs(fitted.predict(x) - y)
    ends = np.cumsum([0, *sizes])
    each = np.stack([away[:, a:b].mean(axis=1) for a, b in pairwise(ends)], axis=1)
    return AnswerInterval(half, sizes, scale=RowScale.fit(each, x, study.columns))


def of_roofs() -> Iterator[tuple[str, bytes]]:
    """Alternatives of the main example on its generated site."""
    from frugal.studies.solar.roof_yield.site import RoofYieldSite
    from frugal.studies.solar.roof_yield.study import roof_yield

    study = roof_yield(RoofYieldSite.model_validate({}))
    assert study.draw is not None
    design = study.draw(96, 0)
    told = [study.solved(row, int(s)) for row, s in zip(design.inputs, design.object_ids, strict=True)]
    outputs = np.array([np.hstack([values[output.name] for output in study.outputs]) for values in told])
    domain = Domain(*(np.array([getattr(v, edge) for v in study.columns]) for edge in ("low", "high")))
    for alternative in study.alternatives:
        answer = study.answer_of(alternative, design.inputs, outputs)
        if answer.graph is not None:
            half = outputs.std(axis=0) / 10
            yield f"roof_yield: {alternative.name}", write_graph(study, alternative.name, answer.graph, half, domain)


def of_bundle(folder: Path) -> Iterator[tuple[str, bytes]]:
    """Graphs of a bundle."""
    for path in sorted((folder / "alternatives").glob("*.onnx")):
        yield f"{folder.name}: {path.stem}", path.read_bytes()


def main() -> None:
    """Compare all, print a table and keep it."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("bundles", nargs="*", type=Path)
    parser.add_argument("--rows", type=int, default=100_000)
    asked = parser.parse_args()
    if shutil.which("node") is None:
        raise SystemExit("Node is not installed")
    found = {}
    sources = [of_bundle(folder) for folder in asked.bundles] or [graphs(), of_roofs()]
    print(f"{'graph':34}{'onnx':>10}{'model.js':>10}{'rows':>8}{'apart':>10}{'µs':>9}{'µs ort':>9}")
    for source in sources:
        for name, model in source:
            row = found[name] = compared(model, asked.rows)
            if "reason" in row:
                print(f"{name:34}{row['onnx_bytes']:>10,}  {row['reason']}")
                continue
            ort = f"{row['us_runtime']:.1f}" if "us_runtime" in row else "–"
            print(
                f"{name:34}{row['onnx_bytes']:>10,}{row['js_bytes']:>10,}{row['rows']:>8,}"
                f"{row['largest_difference']:>10.1e}{row['us']:>9.1f}{ort:>9}"
            )
    if not asked.bundles:
        RESULTS.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
