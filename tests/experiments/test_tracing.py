"""Arrays that write ONNX nodes give what numpy gives."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

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
    ],
)
def test_nodes_give_what_numpy_gives(answer: Callable[[Any, Any, Any], Any]) -> None:
    got, expected = both(answer)
    np.testing.assert_allclose(got, expected, rtol=2e-5, atol=2e-6)


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
    ],
)
def test_what_cannot_be_written_is_told(
    answer: Callable[[Any, Any, Any], Any], fault: type[Exception], told: str
) -> None:
    graph = Graph("test")
    traced = TracedArray(graph, graph.input("x", 6), (6,))
    with pytest.raises(fault, match=told):
        answer(GraphNamespace(graph), traced[:, 0], traced[:, 1:])


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
