"""Inputs whose offset is far above their spread: graphs take them in float64, and answer as the models do."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from frugal.experiments.study import Need, Output, Study, Variable
from frugal.surrogates.bundle.predictor import Predictor
from frugal.surrogates.fitting.intervals import calibrated_interval
from frugal.surrogates.fitting.near_runs import near_runs
from frugal.surrogates.ladder.answering import flat_answers
from frugal.surrogates.models.registry import SCALAR_MODELS, models_for
from frugal.surrogates.onnx.export import Domain, check_parity, model_metadata, with_metadata, write_graph
from frugal.surrogates.onnx.graph import Graph, graph_digest, session
from frugal.surrogates.onnx.input_precision import centre_of, input_type, rounds_too_much, taken_by
from tests.surrogates.test_javascript import asked, needs_node

DAY = 86_400.0
STUDY = Study(
    "offsets",
    (
        Variable("serial", "1", 1e9, 1e9 + 1),
        Variable("flow", "m3/s", 5.0, 900.0),
        Variable("instant", "s", 1.7e9, 1.7e9 + DAY, period=DAY),
        Variable("kind", "1", 0.0, 2.0, choices=("low", "mid", "high")),
    ),
    (Output("level", "m"), Output("speed", "m/s")),
    Need("one", {}, queries=(1.0, 2.0)),
    None,
)
LOW, HIGH = (np.array([getattr(column, side) for column in STUDY.columns]) for side in ("low", "high"))


def rows_of(n: int, seed: int = 0) -> np.ndarray:
    rows = np.random.default_rng(seed).uniform(LOW, HIGH, (n, len(LOW)))
    rows[:, 3] = np.round(rows[:, 3])
    return rows


def truth(rows: np.ndarray) -> np.ndarray:
    serial, flow, turn, kind = rows[:, 0] - 1e9, rows[:, 1] / 900, 2 * np.pi * rows[:, 2] / DAY, rows[:, 3]
    return np.stack([np.sin(4 * serial) + flow**2 + 0.2 * kind, np.cos(turn) * flow + serial], axis=1)


def graph_of(name: str) -> tuple[bytes, object, np.ndarray, np.ndarray]:
    x, rng = rows_of(90), np.random.default_rng(1)
    y = truth(x)
    model = next(model for model in models_for(STUDY) if model.name == name)
    fitted = model.fit(x, y, None, STUDY.columns, 0)
    residuals = (0.01 + x[:, :1] - 1e9) * rng.normal(size=y.shape)
    interval = calibrated_interval(residuals, x, STUDY.columns, [1, 1])
    near, _ = near_runs(x[x[:, 0] < 1e9 + 0.5], STUDY.columns)
    return write_graph(STUDY, name, fitted.graph, interval, Domain(LOW, HIGH, near)), fitted, x, y


@pytest.mark.parametrize(
    ("low", "high", "shows"),
    [(1e9, 1e9 + 1, True), (1000.0, 1001.0, True), (-1000.0, -999.0, True), (0.0, 1.0, False), (5.0, 900.0, False)],
)
def test_which_inputs_float32_rounds_too_much(low: float, high: float, shows: bool) -> None:
    """Of numbers between 512 and 1024 float32 has one every 6.1e-5, of those between 4 and 8 one every 4.8e-7."""
    variable = Variable("a", "1", low, high)
    assert rounds_too_much(variable) is shows
    assert input_type((variable,)) is (np.float64 if shows else np.float32)
    assert centre_of((variable,)).tolist() == [(low + high) / 2 if shows else 0.0]


def test_of_a_period_whole_turns_are_taken_off_and_choices_stay() -> None:
    centre = centre_of(STUDY.columns)
    assert centre[2] % DAY == 0 and 0 <= 1.7e9 - centre[2] < DAY
    assert centre[[1, 3]].tolist() == [0.0, 0.0]


@pytest.mark.parametrize(
    "name", [pytest.param(m.name, marks=pytest.mark.slow if m.name == "mlp" else ()) for m in SCALAR_MODELS]
)
def test_graphs_of_such_inputs_answer_as_their_models(name: str) -> None:
    model, fitted, x, y = graph_of(name)
    parity = check_parity(model, fitted.predict, STUDY, x, y.std(axis=0), 0)  # type: ignore[attr-defined]
    assert parity.holds, parity
    opened = session(model)
    assert taken_by(opened) is np.float64
    ends = np.stack([LOW, LOW + np.array([1.0, 0, 0, 0])])
    if name not in ("constant", "table"):
        low, high = flat_answers(opened, ["speed"], ends)[:, 0]
        assert high - low == pytest.approx(1.0, abs=0.7), "not the same at both ends"


def test_interval_and_domain_see_what_float32_does_not() -> None:
    model, *_ = graph_of("linear")
    opened = session(model)
    asked_rows = rows_of(4)
    asked_rows[:, 0] = 1e9 + np.array([0.1, 0.3, 0.9, 1.1])
    level, lower, upper, inside = opened.run(
        ["level", "level_lower", "level_upper", "in_domain"], {"inputs": asked_rows}
    )
    assert inside.tolist() == [True, True, False, False], "runs lie below a half, bounds end at 1"
    width = (upper - lower)[:, 0] if upper.ndim > 1 else upper - lower
    assert width[2] > 2 * width[0], "errors grow along the serial number"
    assert np.isfinite(level).all()


def test_predictor_takes_such_a_file_and_refuses_what_is_outside(tmp_path: Path) -> None:
    model, fitted, *_ = graph_of("quadratic")
    assert model_metadata(model)["frugal.input_type"] == "float64"
    path = tmp_path / "model.onnx"
    path.write_bytes(with_metadata(model, {"frugal.graph_sha256": graph_digest(model)}))
    predictor, some = Predictor(path), rows_of(5, 3)
    got = np.stack([predictor(some)[name].ravel() for name in ("level", "speed")], axis=1)
    np.testing.assert_allclose(got, fitted.predict(some), atol=1e-5)  # type: ignore[attr-defined]
    some[2, 0] = 1e9 + 1.1
    with pytest.raises(Exception, match=r"'serial' = 1000000001\.1 in row 2 is out of bounds .1000000000, 1000000001"):
        predictor(some)


@needs_node
def test_javascript_of_such_a_graph_answers_as_it_does(tmp_path: Path) -> None:
    model, *_ = graph_of("quadratic")
    some = rows_of(40, 2)
    told = asked(model, tmp_path, some)["rows"]
    opened = session(model)
    for name in ("level", "speed", "level_lower", "speed_upper", "in_domain"):
        theirs = opened.run([name], {"inputs": some})[0].astype(float).ravel()
        np.testing.assert_allclose([float(row[name][0]) for row in told], theirs, atol=1e-5, err_msg=name)


def test_other_studies_keep_their_graphs_in_float32() -> None:
    plain = Study("plain", STUDY.inputs[1:2], STUDY.outputs[:1], STUDY.need, None)
    assert not any(type(model).__name__ == "OnCentredInputs" for model in models_for(plain))
    graph = Graph()
    assert not graph.takes_double(graph.input("inputs", 1)) and graph.takes_double(graph.input("b", 1, np.float64))
    assert input_type(plain.columns) is np.float32
