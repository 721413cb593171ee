"""The graph writer, its versions and its hash."""

import numpy as np
import onnx
import pytest
from onnx import TensorProto

from frugal.errors import UnusableInputError
from frugal.surrogates.onnx.graph import (
    IR_VERSION,
    ML_OPSET,
    OPSET,
    Graph,
    graph_digest,
    serialise,
    session,
    strip_metadata,
)


def doubled(weight: float = 2.0, metadata: dict[str, str] | None = None) -> bytes:
    """A graph that multiplies by a weight, and also gives its input back."""
    graph = Graph()
    x = graph.input("x", 3)
    y = graph.op("Mul", x, graph.constant(weight))
    outputs = [("y", y, TensorProto.FLOAT, (3,)), ("same", x, TensorProto.FLOAT, (3,))]
    return serialise(graph.finish(outputs, metadata))


@pytest.mark.parametrize("rows", [0, 1, 1000])
def test_graph_runs_on_any_number_of_rows(rows):
    x = np.arange(rows * 3, dtype=np.float32).reshape(rows, 3)
    y, same = session(doubled()).run(None, {"x": x})
    np.testing.assert_array_equal(y, 2 * x)
    np.testing.assert_array_equal(same, x)


def test_versions_are_those_a_browser_takes():
    model = onnx.load_from_string(doubled())
    assert model.ir_version == IR_VERSION == 8
    assert {o.domain: o.version for o in model.opset_import} == {"": OPSET}
    assert OPSET <= 18 and ML_OPSET <= 5


def test_same_calls_give_same_bytes():
    assert doubled(metadata={"b": "1", "a": "2"}) == doubled(metadata={"a": "2", "b": "1"})


def test_equal_constants_are_stored_once():
    graph = Graph()
    first = graph.constant([1.0, 2.0])
    assert graph.constant(np.array([1.0, 2.0])) == first
    assert graph.constant([1.0, 2.0], np.float64) != first
    assert graph.constant([[1.0, 2.0]]) != first
    assert graph.constant(0.0) != graph.constant([0.0])


def test_scalar_constants_stay_scalars():
    graph = Graph()
    x = graph.input("x", 1)
    graph.constant(3.0)
    model = graph.finish([("y", graph.op("Add", x, graph.constant(3.0)), TensorProto.FLOAT, (1,))])
    assert [list(c.dims) for c in model.graph.initializer] == [[]]


def test_operator_with_many_outputs_and_attributes():
    graph = Graph()
    x = graph.input("x", 3)
    left, right = graph.op("Split", x, graph.constant([1, 2], np.int64), outputs=2, axis=1)
    outputs = [("left", left, TensorProto.FLOAT, (1,)), ("right", right, TensorProto.FLOAT, (2,))]
    got = session(serialise(graph.finish(outputs))).run(None, {"x": np.array([[1, 2, 3]], np.float32)})
    np.testing.assert_array_equal(got[0], [[1]])
    np.testing.assert_array_equal(got[1], [[2, 3]])


def test_a_wrong_declaration_is_refused():
    graph = Graph()
    y = graph.cast(graph.input("x", 3), np.float64)
    with pytest.raises(Exception, match=r"(?i)type|shape"):
        graph.finish([("y", y, TensorProto.FLOAT, (3,))])


def test_digest_ignores_metadata_only():
    plain = doubled()
    described = doubled(metadata={"verdict": "demonstrated", "n": "1" * 300})
    assert described != plain
    assert strip_metadata(described) == strip_metadata(plain)
    assert graph_digest(described) == graph_digest(plain)
    assert graph_digest(doubled(weight=2.0000002)) != graph_digest(plain)


def test_digest_is_the_hash_of_the_model_without_metadata():
    model = onnx.load_from_string(doubled(metadata={"a": "b"}))
    del model.metadata_props[:]
    assert strip_metadata(doubled(metadata={"a": "b"})) == serialise(model)


def test_metadata_inside_the_graph_count():
    """Only the model's own metadata are left out; field 14 of a nested message is not touched."""
    model = onnx.load_from_string(doubled())
    model.graph.node[0].doc_string = "x"
    assert graph_digest(serialise(model)) != graph_digest(doubled())


@pytest.mark.parametrize("damage", [lambda b: b[:-1], lambda b: b + b"\x08", lambda b: b"\x0f" + b])
def test_damaged_bytes_are_refused(damage):
    with pytest.raises(UnusableInputError, match="damaged"):
        strip_metadata(damage(doubled()))


def test_digest_needs_neither_onnx_nor_numpy():
    import subprocess
    import sys

    code = (
        "import sys; import frugal.surrogates.onnx.digest;"
        "print(sorted({'onnx', 'numpy', 'google.protobuf', 'onnxruntime'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
