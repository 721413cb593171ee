"""Boosted trees with straight lines in their leaves: what they are good for, and that their graph says the same."""

import numpy as np
import pytest
from onnx import TensorProto

from frugal.experiments.study import Variable
from frugal.surrogates.fitting.model import Skipped
from frugal.surrogates.models.scalar.boosted_trees import BoostedTrees
from frugal.surrogates.models.scalar.linear_leaf_trees import LinearLeafTrees
from frugal.surrogates.onnx.graph import Graph, serialise, session

VARIABLES = tuple(Variable(f"x{j}", "1", 0.0, 1.0) for j in range(4))


def gates(x):
    """Two steps, and two slopes one of which is only behind the first step."""
    return np.where(x[:, 0] > 0.4, 2.0 + 3.0 * x[:, 1], 0.0) + np.where(x[:, 2] > 0.7, 1.0, 0.0) + x[:, 3]


@pytest.fixture(scope="module")
def fitted():
    x = np.random.default_rng(0).random((200, 4))
    y = np.stack([gates(x), np.full(200, 7.0), -2 * gates(x)], axis=1)
    return x, y, LinearLeafTrees().fit(x, y, None, VARIABLES, 0)


def test_they_err_less_on_steps_with_slopes_than_constant_leaves(fitted):
    x, y, lines = fitted
    flat = BoostedTrees().fit(x, y, None, VARIABLES, 0)
    fresh = np.random.default_rng(1).random((2000, 4))
    wrong = {
        name: np.sqrt(np.mean((fit.predict(fresh)[:, 0] - gates(fresh)) ** 2)) / gates(fresh).std()
        for name, fit in {"lines": lines, "flat": flat}.items()
    }
    assert wrong["lines"] < 0.9 * wrong["flat"] and wrong["lines"] < 0.08
    np.testing.assert_array_equal(lines.predict(fresh)[:, 1], 7.0)
    assert lines.log["rounds"] >= 10


def test_the_graph_answers_what_lightgbm_answers(fitted):
    x, _, lines = fitted
    builder = Graph()
    y = lines.graph(builder, builder.input("x", 4))
    model = serialise(builder.finish([("y", y, TensorProto.DOUBLE, (3,))]))
    at_thresholds = np.repeat(x[:40], 4, axis=0)
    for j in range(4):  # rows of the training runs but for one value, which stands on a grid of tests
        at_thresholds[j::4, j] = np.linspace(0, 1, 40)
    asked = np.concatenate([x, at_thresholds, np.random.default_rng(2).random((3000, 4))]).astype(np.float32)
    answers = session(model).run(["y"], {"x": asked})[0]
    np.testing.assert_allclose(answers, lines.predict(asked), rtol=0, atol=1e-9)
    missing = session(model).run(["y"], {"x": np.array([[0.5, np.nan, 0.5, 0.5]], np.float32)})[0]
    assert np.isnan(missing).all()


def test_too_many_numbers_are_left_to_constant_leaves(fitted):
    x, y, _ = fitted
    with pytest.raises(Skipped, match="3 outputs of 4 columns are too many for lines in leaves; at most 14 numbers"):
        LinearLeafTrees(max_numbers=14).fit(x, y, None, VARIABLES, 0)
    with pytest.raises(Skipped, match="19 runs are too few"):
        LinearLeafTrees().fit(x[:19], y[:19], None, VARIABLES, 0)


def test_fixed_settings_make_as_many_trees(fitted):
    x, y, lines = fitted
    again = LinearLeafTrees().with_fixed_settings(lines).fit(x[:150], y[:150], None, VARIABLES, 0)
    assert again.log["rounds"] == lines.log["rounds"] and again.log["trials"] == 1
