"""Arrays that write ONNX nodes give what numpy gives."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from frugal.errors import SolverError
from frugal.experiments.study import Output, Variable, formula
from frugal.experiments.study.input_layout import InputLayout
from frugal.experiments.tracing.namespace import GraphNamespace
from frugal.experiments.tracing.traced_array import TracedArray
from frugal.surrogates.onnx.graph import Graph, serialise, session

RNG = np.random.default_rng(1)
X = RNG.uniform(0.2, 2.0, (7, 6)).astype(np.float32)
TABLE = RNG.normal(size=(5, 3))


def both(answer: Callable[[Any, Any, Any], Any]) -> tuple[np.ndarray, np.ndarray]:
    """What an answer of a column ``[n]`` and a vector ``[n, 5]`` gives, by its nodes and in numpy."""
    graph = Graph("test")
    x = graph.input("x", 6)
    traced = TracedArray(graph, x, (6,))
    result = answer(GraphNamespace(graph), traced[:, 0], traced[:, 1:])
    flat = result.reshaped((int(np.prod(result.inner)),)).astype(np.float32)
    model = serialise(graph.finish([("y", flat.tensor, 1, flat.inner)]))
    (got,) = session(model).run(None, {"x": X})
    expected = np.asarray(answer(np, X[:, 0].astype(float), X[:, 1:].astype(float)), dtype=float)
    assert result.inner == expected.shape[1:]
    return got, expected.reshape(len(X), -1)


@pytest.mark.parametrize(
    "answer",
    [
        lambda xp, a, v: a + 2 * a - a / 3 + 1 / a - (4 - a) ** 2 + a**1.5 + a**0.5,
        lambda xp, a, v: -abs(a - 1) + xp.abs(a - 1),
        lambda xp, a, v: (7 * a - 5) % 2.0,
        lambda xp, a, v: a[:, None] * v + v[:, ::-1],
        lambda xp, a, v: v * np.arange(5.0) + np.ones((1, 5)),
        lambda xp, a, v: v[:, :, None] * np.arange(3.0) + a[:, None, None],
        lambda xp, a, v: (v[:, :, None] * np.arange(3.0))[..., 1],
        lambda xp, a, v: v[:, 2] + v[:, -1],
        lambda xp, a, v: v[:, 1:4] @ TABLE[:3],
        lambda xp, a, v: v @ TABLE[:, 0],
        lambda xp, a, v: (v[:, :, None] * np.ones(3)) @ np.array([1.0, 2.0, 3.0]),
        lambda xp, a, v: xp.exp(-a) + xp.log(a) + xp.sqrt(a) + xp.sin(a) * xp.cos(a) + xp.atan(a) + xp.tanh(a),
        lambda xp, a, v: xp.radians(a) + xp.floor(a * 3) + xp.sign(a - 1) + xp.square(a) + xp.power(a, 2.5),
        lambda xp, a, v: xp.clip(a, 0.5, 1.0) + xp.clip(a, None, 1.0) + xp.maximum(a, xp.minimum(1.0, a)),
        lambda xp, a, v: xp.clip(v, np.arange(5.0) / 5, None),
        lambda xp, a, v: xp.sum(v, axis=1) + xp.mean(v, axis=1) + xp.max(v, axis=1) + xp.min(v, axis=-1),
        lambda xp, a, v: v / xp.sum(v, axis=1, keepdims=True),
        lambda xp, a, v: xp.sum(v[:, :, None] * np.arange(3.0), axis=1),
        lambda xp, a, v: xp.where(a > 1, a, 0.0) + xp.where(a > 1, 2.0, 5.0),
        lambda xp, a, v: xp.where((v > 0.5) & (v <= 1.5) | ~(v < 1.8), v, -v),
        lambda xp, a, v: xp.astype(a > 1, xp.float32) * a + (a >= 1.0) * 3.0,
        lambda xp, a, v: xp.concat([v, a[:, None], xp.full_like(v[:, :2], 3.0)], axis=1),
        lambda xp, a, v: xp.stack([a, v[:, 0], 2 * a], axis=1),
        lambda xp, a, v: xp.column_stack([a, v]),
        lambda xp, a, v: xp.reshape(v[:, :4], (-1, 2, 2)),
        lambda xp, a, v: xp.expand_dims(a, 1) + xp.zeros_like(v) + xp.ones_like(v) + xp.full_like(v, 3.0),
        lambda xp, a, v: xp.take(TABLE[:, 0], xp.astype(xp.floor(a * 2), xp.int64)),
        lambda xp, a, v: xp.take(TABLE, xp.astype(xp.floor(a * 2), xp.int64), axis=0),
        lambda xp, a, v: xp.take(TABLE, xp.astype(xp.floor(v * 2), xp.int64), axis=0),
        lambda xp, a, v: xp.take(v, [3, 0], axis=1),
        lambda xp, a, v: xp.interp(a, np.array([0.3, 0.5, 1.5, 1.6]), np.array([1.0, -2.0, 4.0, 4.5])),
        lambda xp, a, v: xp.interp(v, np.array([0.0, 1.0, 3.0]), np.array([0.0, 10.0, 20.0])),
        lambda xp, a, v: a * xp.sqrt(np.float64(2.0)) + xp.pi,
        lambda xp, a, v: xp.astype(a, xp.float64) * 3.0,
        lambda xp, a, v: xp.where(a > 1, np.inf, 1.0),
        lambda xp, a, v: xp.where(v > 1, -np.inf, np.nan),
        lambda xp, a, v: xp.where(v > 1, np.arange(5), 0.5) + xp.where(v > 1, 3, 4) / 8,
        lambda xp, a, v: xp.where(a > 1, xp.astype(a * 3, xp.int64), 0.5),
        lambda xp, a, v: xp.where(a > 1, xp.astype(a * 3, xp.int64), a),
        lambda xp, a, v: xp.where(a > 1, a > 1.5, True) * 2 + xp.where(a > 1, a > 1.5, a < 0.5) * 3,
        lambda xp, a, v: xp.astype(a * 7, xp.int64) / 4 + 1 / (1 + xp.astype(a * 7, xp.int64)),
        lambda xp, a, v: xp.mean(xp.astype(v * 7, xp.int64), axis=1),
        lambda xp, a, v: xp.sum(xp.astype(v * 7, xp.int64), axis=1) + xp.max(xp.astype(v * 7, xp.int64), axis=1),
        lambda xp, a, v: (a > 1) * 2 + 0.5 * (a > 1) + (a > 1) * a + (a > 1) / 4,
        lambda xp, a, v: (a > 0.5) + (a > 1) + 1 * ((a > 0.5) * (a > 1)),
        lambda xp, a, v: 1 * (a > 0.5) + 1 * (a > 1) + ((a > 1) - 1) + 2 ** (1 * (a > 1)),
        lambda xp, a, v: xp.sum(v > 0.5, axis=1) + 10 * xp.max(v > 1.9, axis=1) + 0.1 * xp.min(v > 0.5, axis=1),
        lambda xp, a, v: xp.mean(v > 0.5, axis=1),
        lambda xp, a, v: xp.maximum(a > 1, a < 0.5) * 1.0 + ((a > 1) > (a > 1.5)) + xp.minimum(a > 1, True),
        lambda xp, a, v: xp.sqrt(xp.astype(a * 7, xp.int64)) + xp.exp(xp.astype(a * 3, xp.int64)) + xp.sin(a > 1),
        lambda xp, a, v: xp.astype(a * 7, xp.int64) ** 0.5 + xp.astype(a * 7, xp.int64) ** 2 + (a > 1) ** 2,
        lambda xp, a, v: xp.floor(xp.astype(a * 7, xp.int64)) + abs(-xp.astype(a * 7, xp.int64)) + abs(a > 1),
        lambda xp, a, v: 2.0**a + xp.power(2.0, a) + 2**a + a ** v[:, 0] + xp.power(a, 3),
        lambda xp, a, v: (7 * a - 5) // 2.0 + 3.0 // a + xp.floor_divide(a, 0.3),
        lambda xp, a, v: xp.astype(7 * a - 8, xp.int64) // 3 + 10 * (xp.astype(7 * a - 8, xp.int64) % 3),
        lambda xp, a, v: xp.astype(7 * a - 8, xp.int64) // -3 + 10 * (20 % xp.astype(7 * a + 1, xp.int64)),
        lambda xp, a, v: xp.mod(7 * a - 5, 2.0) + xp.remainder(a, 0.7) + 5 % a,
        lambda xp, a, v: (xp.floor(3 * a) != 2.0) * 1.0 + xp.not_equal(xp.floor(3 * a), 4.0) + xp.equal(a > 1, a > 1.5),
        lambda xp, a, v: xp.hypot(a, v[:, 0]) + xp.hypot(3, a) + xp.hypot(xp.astype(a * 7, xp.int64), 4),
        lambda xp, a, v: xp.arctan2(a - 1, v[:, 0] - 1) + xp.atan2(a - 1, -1.0) + xp.arctan2(2, a - 1),
        lambda xp, a, v: xp.arctan2(v - 1, xp.floor(v) - 1) + xp.arctan2(xp.floor(v) - 1, v - 1),
        lambda xp, a, v: (True & (a > 1)) * 1.0 + (False | (a > 1)) + ((a > 1) ^ (a > 1.5)) + (True ^ (a > 1)),
        lambda xp, a, v: v.sum(axis=1) + v.mean(axis=1) * v.max(axis=1) - v.min(axis=-1) + v.prod(axis=1),
        lambda xp, a, v: v / v.sum(axis=1, keepdims=True) + (v > 1).sum(axis=1)[:, None],
        lambda xp, a, v: xp.isfinite(1 / xp.floor(a)) * 1.0 + xp.isinf(1 / xp.floor(a)) * 3 + xp.isnan(a * xp.log(-a)),
        lambda xp, a, v: (
            xp.logical_and(xp.floor(a), a > 1) * 1.0 + xp.logical_xor(a > 1, True) + xp.logical_not(xp.floor(a))
        ),
        lambda xp, a, v: xp.astype(v * 3, xp.int64) @ TABLE + (v > 1) @ TABLE,
        lambda xp, a, v: xp.clip(xp.astype(a * 7, xp.int64), 1.5, 6.5) + xp.full_like(a > 1, 3.0),
    ],
)
def test_nodes_give_what_numpy_gives(answer: Callable[[Any, Any, Any], Any]) -> None:
    got, expected = both(answer)
    np.testing.assert_allclose(got, expected, rtol=2e-5, atol=5e-6)


@pytest.mark.parametrize(
    ("answer", "fault", "told"),
    [
        (lambda xp, a, v: a + v, ValueError, "add an axis"),
        (lambda xp, a, v: a + np.ones(7), ValueError, "beside an array"),
        (lambda xp, a, v: a if a > 1 else v, TypeError, "choose with xp.where"),
        (lambda xp, a, v: len(a), TypeError, "how many rows"),
        (lambda xp, a, v: xp.linalg.norm(v), TypeError, "take the function from xp"),
        (lambda xp, a, v: np.sin(v), TypeError, "ufunc"),
        (lambda xp, a, v: xp.concat([v, np.ones((1, 2))], axis=1), ValueError, "xp.full_like"),
        (
            lambda xp, a, v: xp.median(v, axis=1),
            NotImplementedError,
            "xp.median cannot be written as ONNX nodes; known: abs",
        ),
        (lambda xp, a, v: xp.nothing(v), AttributeError, "no function of numpy"),
        (lambda xp, a, v: xp.sum(v), ValueError, "would mix rows"),
        (lambda xp, a, v: xp.sum(v, axis=0), ValueError, "after the rows"),
        (lambda xp, a, v: v[0], IndexError, "take them all"),
        (lambda xp, a, v: v[:, 9], IndexError, "element 9"),
        (lambda xp, a, v: v @ np.ones(4), ValueError, "times one of shape"),
        (lambda xp, a, v: v.sum(), ValueError, "would mix rows"),
        (lambda xp, a, v: xp.where(a > 1, v, 0.0), ValueError, "add an axis"),
        (lambda xp, a, v: (a > 1) - (a > 1.5), TypeError, "subtracts no truth values"),
        (lambda xp, a, v: -(a > 1), TypeError, "no 'neg' of truth values"),
        (lambda xp, a, v: a & (a > 1), TypeError, "truth values are needed"),
        (lambda xp, a, v: ~a, TypeError, "truth values is needed"),
        (lambda xp, a, v: a * np.array([["b"]]), TypeError, "numbers are needed"),
    ],
)
def test_what_cannot_be_written_is_told(
    answer: Callable[[Any, Any, Any], Any], fault: type[Exception], told: str
) -> None:
    graph = Graph("test")
    traced = TracedArray(graph, graph.input("x", 6), (6,))
    with pytest.raises(fault, match=told):
        answer(GraphNamespace(graph), traced[:, 0], traced[:, 1:])


@pytest.mark.parametrize("wide", [3.0, np.arange(7.0), [1.0] * 7])
def test_one_answer_for_all_rows(wide: Any) -> None:
    label = {"en": "e", "fr": "f"}
    outputs = (
        Output("y", "1", label=label),
        Output("v", "1", label=label, dims=("k",), coords={"k": tuple(range(7))}),
        Output("z", "1", label=label),
    )
    layout = InputLayout((Variable("a", "1", 0.0, 3.0),))

    def answer(xp: Any, a: Any) -> dict[str, Any]:
        return {"y": 3, "v": wide, "z": a * 2.0}

    answering = formula("f", answer).built(layout, outputs, np.zeros((0, 1)), np.zeros((0, 9)), {})
    graph = Graph("test")
    assert answering.graph is not None
    model = serialise(graph.finish([("y", answering.graph(graph, graph.input("x", 1)), 1, (9,))]))
    (got,) = session(model).run(None, {"x": X[:, :1]})
    found = answering.predict(X[:, :1])
    expected = np.concatenate([np.full((7, 1), 3.0), np.broadcast_to(np.asarray(wide), (7, 7)), 2.0 * X[:, :1]], axis=1)
    np.testing.assert_allclose(got, expected, rtol=1e-6)
    np.testing.assert_allclose(
        np.concatenate([np.reshape(found[o.name], (7, -1)) for o in outputs], axis=1), expected, rtol=1e-6
    )


def test_a_number_of_another_shape_is_refused() -> None:
    output = Output("y", "1", label={"en": "e", "fr": "f"})
    layout = InputLayout((Variable("a", "1", 0.0, 3.0),))
    answering = formula("f", lambda xp, a: {"y": np.ones(3)}).built(
        layout, (output,), np.zeros((0, 1)), np.zeros((0, 1)), {}
    )
    graph = Graph("test")
    assert answering.graph is not None
    with pytest.raises(SolverError, match=r"output 'y' has shape \(3,\)"):
        answering.graph(graph, graph.input("x", 1))


def test_nodes_that_lead_nowhere_and_equal_ones_are_not_written() -> None:
    import onnx

    graph = Graph("test")
    x = TracedArray(graph, graph.input("x", 6), (6,))
    unused = x * 17.0
    twice = (x[:, 0] * 2.0 + x[:, 0] * 2.0)[:, None]
    model = graph.finish([("y", twice.tensor, 1, (1,))])
    assert isinstance(model, onnx.ModelProto) and unused.tensor not in {
        name for n in model.graph.node for name in n.output
    }
    assert sorted(node.op_type for node in model.graph.node) == ["Add", "Gather", "Identity", "Mul"]
