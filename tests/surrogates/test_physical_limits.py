"""Limits of outputs hold for the numbers of a candidate and for its graph alike."""

import numpy as np
import pytest

from frugal.experiments.study import Need, Output, Study, Variable
from frugal.surrogates.onnx.export import Domain, write_graph
from frugal.surrogates.onnx.graph import Graph, session
from frugal.surrogates.onnx.physical_limits import clip_in_graph, clip_outputs

NEED = Need("one", {})
OUTPUTS = (
    Output("share", "1", low=0.0, high=1.0),
    Output("free", "m"),
    Output("loss", "1", ("part",), {"part": ["a", "b"]}, high=0.5),
)
INPUTS = tuple(Variable(f"x{k}", "1", -3.0, 3.0) for k in range(4))
X = np.random.default_rng(0).uniform(-3.0, 3.0, (200, 4)).astype(np.float32)


def answers(outputs: tuple[Output, ...], inputs: tuple[Variable, ...]) -> dict[str, np.ndarray]:
    """A graph that answers with its inputs, as wide as ±0.4."""
    study = Study("limits", inputs, outputs, NEED)
    n = len(inputs)
    domain = Domain(np.full(n, -3.0), np.full(n, 3.0))
    model = write_graph(study, "same", lambda graph, x: x, np.full(n, 0.4), domain)
    opened = session(model)
    names = [output.name for output in opened.get_outputs()]
    return dict(zip(names, opened.run(names, {"inputs": X[:, :n]}), strict=True))


def test_a_graph_keeps_the_limits_that_its_numbers_keep() -> None:
    got, expected = answers(OUTPUTS, INPUTS), clip_outputs(X.astype(float), OUTPUTS)
    np.testing.assert_allclose(got["share"], expected[:, 0])
    np.testing.assert_allclose(got["free"], X[:, 1])
    np.testing.assert_allclose(got["loss"], expected[:, 2:])
    assert got["share"].min() == 0.0 and got["share"].max() == 1.0
    assert got["loss"].max() == 0.5 and got["loss"].min() < -2.5


def test_the_interval_stays_within_the_limits_and_holds_the_answer() -> None:
    got = answers(OUTPUTS, INPUTS)
    for name in ("share", "free", "loss"):
        assert (got[f"{name}_lower"] <= got[name]).all() and (got[name] <= got[f"{name}_upper"]).all()
    assert got["share_lower"].min() == 0.0 and got["share_upper"].max() == 1.0
    assert got["loss_upper"].max() == 0.5
    inside = (got["share"] > 0.4) & (got["share"] < 0.6)
    np.testing.assert_allclose((got["share_upper"] - got["share_lower"])[inside], 0.8, rtol=1e-6)


@pytest.mark.parametrize(("low", "high", "nodes"), [(None, None, []), (0.0, None, ["Max"]), (0.0, 1.0, ["Max", "Min"])])
def test_no_node_is_written_for_a_limit_that_is_not_there(low: float, high: float, nodes: list[str]) -> None:
    graph = Graph("limits")
    clipped = clip_in_graph(graph, graph.input("inputs", 1), (Output("y", "1", low=low, high=high),))
    model = graph.finish([("y", clipped, 1, (1,))], {}) if nodes else None
    assert [node.op_type for node in model.graph.node if node.op_type in ("Max", "Min")] == nodes if model else True
    assert nodes or clipped == "inputs"


def test_a_value_that_is_no_number_is_not_made_one() -> None:
    assert np.isnan(clip_outputs(np.array([[np.nan]]), OUTPUTS[:1])).all()
