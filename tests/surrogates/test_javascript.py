"""The JavaScript of a graph: it answers in Node as the graph does in onnxruntime, and is nothing else than the graph."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from frugal.experiments.study import Need, Output, Scenario, Study, Variable
from frugal.experiments.tracing.namespace import GraphNamespace
from frugal.experiments.tracing.traced_array import TracedArray
from frugal.surrogates.fitting.intervals import calibrated_interval
from frugal.surrogates.fitting.near_runs import near_runs
from frugal.surrogates.javascript import module, packing
from frugal.surrogates.javascript.module import script_of
from frugal.surrogates.models.registry import SCALAR_MODELS, models_for
from frugal.surrogates.onnx.export import Domain, with_metadata, write_graph
from frugal.surrogates.onnx.graph import session

needs_node = pytest.mark.skipif(shutil.which("node") is None, reason="Node is not installed")

#: Of the range of each output: what rounding to float32 may amount to.
ALLOWED = 1e-6

ASK = """
const [path, task] = process.argv.slice(1);
const model = await import(path);
const { rows, calls } = JSON.parse(task);
const plain = (told) => Object.fromEntries(Object.entries(told).map(([name, part]) => [name, Array.from(part, Number)]));
const call = (inputs) => { try { return model.predict(inputs); } catch (fault) { return String(fault); } };
const text = (key, value) => (typeof value === 'number' && !Number.isFinite(value) ? String(value) : value);
const { columns, level, candidate, study } = model;
const told = rows.map((row) => plain(model.answer(row.map(Number))));
console.log(JSON.stringify({ rows: told, calls: calls.map(call), columns, level, candidate, study }, text));
"""


def study_of(*outputs: Output) -> Study:
    """One of each kind of input: a number, a period, a choice, a vector."""
    inputs = (
        Variable("flow", "m3/s", 5.0, 900.0, default=50.0),
        Variable("direction", "deg", 0.0, 360.0, period=360.0),
        Variable("kind", "1", 0.0, 2.0, choices=("low", "mid", "high")),
        Variable("rain", "mm", 0.0, 50.0, default=(1.0, 2.0), dims=("day",), coords={"day": [1, 2]}),
    )
    scenario = Scenario("storm", {"flow": 800.0}, "made up")
    return Study("made_up", inputs, outputs, Need("one", {}, queries=(1.0, 2.0)), None, scenarios=(scenario,))


VALUES = (Output("total", "m", low=0.0), Output("monthly", "kWh", ("month",), {"month": list("abcd")}))
MAP = (
    Output("depth", "m", ("y", "x"), {"y": [3, 2, 1], "x": list(range(30))}, low=0.0, valid_above=4.0),
    Output("speed", "m/s", ("y", "x"), {"y": [3, 2, 1], "x": list(range(30))}, defined_where="depth"),
    Output("peak", "m"),
)
SERIES = (Output("level", "m", ("station", "hour"), {"station": list("abcdef"), "hour": list(range(13))}),)


def runs_of(study: Study, n: int = 90) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    low, high = (np.array([getattr(column, edge) for column in study.columns]) for edge in ("low", "high"))
    x = rng.uniform(low, high, (n, len(low)))
    x[:, 2] = np.round(x[:, 2])
    hidden = np.tanh((2 * (x - low) / (high - low) - 1) @ rng.normal(size=(len(low), 6)))
    return x, 5.0 + hidden @ rng.normal(size=(6, sum(output.size for output in study.outputs)))


def graph_of(study: Study, nodes: Callable[[Any, str], str], name: str = "tried") -> bytes:
    low, high = (np.array([getattr(column, edge) for column in study.columns]) for edge in ("low", "high"))
    high[0] = 800.0
    half = np.full(sum(output.size for output in study.outputs), 0.25)
    return write_graph(study, name, nodes, half, Domain(low, high))


def asked(model: bytes, folder: Path, rows: np.ndarray, calls: list[Any] | None = None) -> dict[str, Any]:
    """What a graph's JavaScript answers to rows, and to calls by name."""
    script = script_of(model)
    assert script.text is not None, script.reason
    path = folder / "model.mjs"
    path.write_text(script.text, encoding="utf-8")
    numbers = [[str(value).replace("inf", "Infinity") for value in row] for row in rows.tolist()]
    task = json.dumps({"rows": numbers, "calls": calls or []})
    command = ["node", "--disallow-code-generation-from-strings", "--input-type=module", "-e", ASK, str(path), task]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def held_against_the_graph(model: bytes, folder: Path, rows: np.ndarray, allowed: float = ALLOWED) -> None:
    opened = session(model)
    names = [output.name for output in opened.get_outputs()]
    expected = dict(zip(names, opened.run(names, {"inputs": rows.astype(np.float32)}), strict=True))
    told = asked(model, folder, rows)["rows"]
    for name in names:
        theirs = expected[name].reshape(len(rows), -1).astype(float)
        mine = np.array([row[name] for row in told], dtype=float)
        scale = max(float(np.ptp(theirs)), 1e-3 * float(np.abs(theirs).max())) or 1.0
        np.testing.assert_allclose(mine, theirs, rtol=0, atol=allowed * scale, err_msg=name)


@needs_node
@pytest.mark.parametrize("name", [model.name for model in SCALAR_MODELS])
def test_every_model_of_values_answers_as_its_graph(name: str, tmp_path: Path) -> None:
    study = study_of(*VALUES)
    x, y = runs_of(study)
    fitted = next(model for model in models_for(study) if model.name == name).fit(x, y, None, study.columns, 0)
    held_against_the_graph(graph_of(study, fitted.graph), tmp_path, x)


@needs_node
@pytest.mark.parametrize(
    ("name", "outputs"), [("nearest_run", MAP), ("table", MAP), ("linear", SERIES)], ids=["runs", "map", "series"]
)
def test_models_of_maps_and_series_answer_as_their_graphs(
    outputs: tuple[Output, ...], name: str, tmp_path: Path
) -> None:
    study = study_of(*outputs)
    x, y = runs_of(study)
    fitted = next(model for model in models_for(study) if model.name == name).fit(x, y, None, study.columns, 0)
    held_against_the_graph(graph_of(study, fitted.graph), tmp_path, x[:20])


@needs_node
@pytest.mark.parametrize("outputs", [VALUES, SERIES], ids=["values", "series"])
def test_widths_that_follow_the_question_and_runs_around_it(outputs: tuple[Output, ...], tmp_path: Path) -> None:
    study, rng = study_of(*outputs), np.random.default_rng(1)
    x, y = runs_of(study, 400)
    x = x[(x[:, 0] < 400) | (x[:, 3] < 25)]  # without floods in the rain
    residuals = (0.1 + x[:, :1] / 100) * rng.normal(size=(len(x), sum(output.size for output in outputs)))
    interval = calibrated_interval(residuals, x, study.columns, [output.size for output in outputs])
    near, by = near_runs(x, study.columns)
    assert interval.kind == "scale" and by == "runs" and near is not None and near.pairs
    fitted = next(m for m in models_for(study) if m.name == "linear").fit(x, y[: len(x)], None, study.columns, 0)
    low, high = (np.array([getattr(column, edge) for column in study.columns]) for edge in ("low", "high"))
    model = write_graph(study, "tried", fitted.graph, interval, Domain(low, high, near))
    asked_rows = rng.uniform(low, high, (200, len(low)))
    asked_rows[:, 2] = np.round(asked_rows[:, 2])
    inside = session(model).run(["in_domain"], {"inputs": asked_rows.astype(np.float32)})[0]
    assert 0.5 < inside.mean() < 0.95
    held_against_the_graph(model, tmp_path, asked_rows)


@pytest.mark.slow
@needs_node
def test_a_hundred_thousand_rows_of_a_network(tmp_path: Path) -> None:
    study = study_of(*VALUES)
    x, y = runs_of(study)
    fitted = next(model for model in models_for(study) if model.name == "mlp").fit(x, y, None, study.columns, 0)
    model = graph_of(study, fitted.graph)
    low, high = (np.array([getattr(column, edge) for column in study.columns]) for edge in ("low", "high"))
    rows = np.random.default_rng(1).uniform(low, high, (100_000, len(low))).astype(np.float32)
    for part in np.split(rows, 100):  # a command line holds no more
        held_against_the_graph(model, tmp_path, part.astype(float))


def formula(xp: Any, x: Any) -> Any:
    """Something of every function that an answer may be written with."""
    flow, direction, kind, rain = x[:, 0], x[:, 1], x[:, 2], x[:, 3:5]
    angle = xp.radians(direction)
    table = xp.take(np.array([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]]), xp.astype(xp.round(kind), xp.int64))
    share = xp.clip(flow / 900.0, 0.0, 1.0)
    waves = xp.sin(angle) + xp.cos(angle) + xp.tan(share) + xp.arctan2(flow, angle)
    waves = waves + xp.asin(share) + xp.acos(share) + xp.atan(share)
    grown = xp.exp(-share) + xp.log(flow) + xp.sqrt(flow) + flow**0.3 + 2.0**share
    grown = grown + xp.tanh(share) + xp.sinh(share) + xp.cosh(share)
    steps = xp.floor(flow / 7) + xp.ceil(flow / 11) + xp.round(flow / 2) + xp.sign(angle - 3.0) + xp.abs(angle - 3.0)
    rest = flow % 7.0 + flow // 50.0 + xp.interp(flow, np.array([0.0, 10.0, 400.0]), np.array([1.0, 5.0, 2.0]))
    sums = rain.sum(axis=1) + rain.mean(axis=1) + rain.max(axis=1) - rain.min(axis=1) + rain.prod(axis=1) / 100
    chosen = (
        xp.where((flow > 300) & ~(angle > 4) | (kind == 2), sums, -sums)
        + xp.maximum(sums, flow)
        - xp.minimum(sums, flow)
    )
    either = xp.where(xp.logical_xor(flow > 100, angle > 1) | xp.isnan(flow) | xp.isinf(angle), 1.0, 0.0)
    first = waves + grown + steps + rest + chosen + either
    turned = xp.stack([rain[:, 1], rain[:, ::-1][:, 1], share], axis=1) @ np.arange(6.0).reshape(3, 2)
    rows = xp.concat([table, turned[:, ::-1]], axis=1)
    return xp.concat([first[:, None], rows], axis=1)


@needs_node
def test_every_function_of_an_answer_is_translated(tmp_path: Path) -> None:
    study = study_of(*VALUES)

    def nodes(graph: Any, x: str) -> str:
        return str(formula(GraphNamespace(graph), TracedArray(graph, x, (5,))).tensor)

    x, _ = runs_of(study)
    held_against_the_graph(graph_of(study, nodes), tmp_path, x)


@needs_node
def test_inputs_by_name_and_what_is_told_of_them(tmp_path: Path) -> None:
    study = study_of(*VALUES)
    weights = np.arange(25.0).reshape(5, 5) / 7
    model = graph_of(study, lambda graph, x: graph.op("MatMul", x, graph.constant(weights)))
    calls = [
        {},
        {"flow": 100, "direction": 90, "kind": "high", "rain": [3, 4]},
        {"flow": 100, "rain": 7, "rain[2]": 9, "kind": 1},
        {"flow": 850},
        {"flow": "NaN number"},
        {"kind": "highest"},
        {"level": 3},
    ]
    told = asked(model, tmp_path, np.zeros((0, 5)), calls)
    rows = np.array([[50, 180, 0, 1, 2], [100, 90, 2, 3, 4], [100, 180, 1, 7, 9], [850, 180, 0, 1, 2]], dtype=float)
    for call, row in zip(told["calls"], rows, strict=False):
        expected = row @ weights
        total, monthly = call["outputs"]["total"], call["outputs"]["monthly"]
        assert total["value"] == pytest.approx(expected[0], rel=1e-6)
        assert monthly["value"] == pytest.approx(expected[1:].tolist(), rel=1e-6)
        assert (total["lower"], total["upper"]) == pytest.approx((expected[0] - 0.25, expected[0] + 0.25), rel=1e-6)
        assert call["in_domain"] is bool(row[0] <= 800)
    number, choice, unknown = told["calls"][4:]
    assert "flow = 'NaN number'; a number is needed" in number
    assert "kind = 'highest'; low, mid, high is needed" in choice
    assert "no input 'level'; there are: flow, direction, kind, rain" in unknown
    assert [column["name"] for column in told["columns"]] == ["flow", "direction", "kind", "rain[1]", "rain[2]"]
    flow, monthly = told["study"]["inputs"][0], told["study"]["outputs"][1]
    assert (flow["unit"], flow["low"], flow["high"], told["level"]) == ("m3/s", 5, 900, 0.9)
    assert (monthly["unit"], monthly["coords"]) == ("kWh", {"month": list("abcd")})
    assert told["study"]["scenarios"][0]["values"] == {"flow": 800.0}


@needs_node
def test_what_is_no_number_is_out_of_the_domain_as_in_the_graph(tmp_path: Path) -> None:
    study = study_of(*VALUES)
    model = graph_of(study, lambda graph, x: graph.op("MatMul", x, graph.constant(np.ones((5, 5)))))
    rows = np.tile([50.0, 90.0, 1.0, 1.0, 1.0], (3, 1))
    rows[0, 0], rows[1, 3], rows[2, 0] = np.nan, np.inf, -1e30
    got = asked(model, tmp_path, rows)["rows"]
    names = [output.name for output in session(model).get_outputs()]
    expected = dict(zip(names, session(model).run(names, {"inputs": rows.astype(np.float32)}), strict=True))
    assert [row["in_domain"] for row in got] == [[0], [0], [0]] and not expected["in_domain"].any()
    np.testing.assert_allclose(np.array([row["monthly"] for row in got], dtype=float), expected["monthly"], rtol=1e-6)


def test_an_operator_without_a_translation_is_named_in_both_languages() -> None:
    study = study_of(*VALUES)
    model = graph_of(study, lambda graph, x: graph.op("Selu", x))
    script = script_of(model)
    assert script.text is None and script.bytes is None
    assert "holds Selu, which has no translation" in script.reason["en"] and "contient Selu" in script.reason["fr"]
    assert not script.is_in("anything")


def test_what_would_weigh_too_much_is_not_written(monkeypatch: pytest.MonkeyPatch) -> None:
    study = study_of(*VALUES)
    model = graph_of(study, lambda graph, x: graph.op("MatMul", x, graph.constant(np.ones((5, 5)))))
    monkeypatch.setattr(module, "MOST_BYTES", 1000)
    script = script_of(model)
    assert script.text is None and "1,000 at most are written" in script.reason["en"]


def test_a_file_is_known_by_its_graph_whichever_zlib_deflated_it(monkeypatch: pytest.MonkeyPatch) -> None:
    study = study_of(*VALUES)
    weights = np.random.default_rng(0).normal(size=(5, 5))
    model = graph_of(study, lambda graph, x: graph.op("MatMul", x, graph.constant(weights)))
    script = script_of(model)
    assert script.text is not None and script.is_in(script.text)
    assert script_of(with_metadata(model, {"frugal.audit_sha256": "0" * 64})).is_in(
        script.text
    )  # an audit changes nothing
    with monkeypatch.context() as patch:
        patch.setattr(packing, "LEVEL", 0)
        other = script_of(model).text
    assert other is not None and other != script.text and script.is_in(other)
    weights[2, 2] += 1e-6
    changed = script_of(graph_of(study, lambda graph, x: graph.op("MatMul", x, graph.constant(weights)))).text
    assert changed is not None and not script.is_in(changed)
    assert not script.is_in(script.text.replace("in_domain: Boolean", "in_domain: true || Boolean"))
    assert not script.is_in(script.text.replace("const packed = '", "const packed = '!!"))


def test_numbers_come_back_as_they_were() -> None:
    rng = np.random.default_rng(0)
    for size in (0, 1, 12, 13, 5000):
        content = rng.integers(0, 256, size, dtype=np.uint8).tobytes()
        text = packing.to_text(content)
        assert packing.from_text(text, size) == content
        assert len(text) <= 1.24 * size + 40 and not set(text) & set("'\\<\n")


@needs_node
def test_whole_numbers_that_become_others_stand_in_the_file_once(tmp_path: Path) -> None:
    table = np.random.default_rng(0).integers(-100, 100, (5, 3))

    def nodes(graph: Any, x: str) -> str:
        read = graph.op("Mul", graph.cast(graph.constant(table, np.int8), np.float32), graph.constant([0.25]))
        first = graph.op("Slice", x, *(graph.constant([k], np.int64) for k in (0, 5, 1)))
        return graph.op("MatMul", first, read)

    model = graph_of(study_of(Output("monthly", "kWh", ("month",), {"month": list("abc")})), nodes)
    script = script_of(model)
    assert script.text is not None and script.text.count("take(Int32Array") == 1
    assert not any(f"take(Float32Array,{order},{table.size})" in script.text for order in (0, 1, 2))
    x, _ = runs_of(study_of(*VALUES))
    held_against_the_graph(model, tmp_path, x[:20])
