"""Columns that fitted candidates see."""

import numpy as np
import pytest
from onnx import TensorProto

from frugal.errors import UnusableInputError
from frugal.experiments.study import Variable
from frugal.surrogates.fitting.input_features import FeatureMap
from frugal.surrogates.onnx.graph import Graph, serialise, session

TILT = Variable("tilt_deg", "degree", 10.0, 90.0)
AZIMUTH = Variable("azimuth_deg", "degree", 0.0, 360.0, period=360.0)
YEAR = Variable("year", "1", 2020.0, 2021.0)
FLAT = Variable("flat", "1", 0, 1, choices=("no", "yes"))
SOIL = Variable("soil", "1", 0, 2, choices=("clay", "sand", "silt"))
EVERY = (TILT, AZIMUTH, YEAR, FLAT, SOIL)


def draw(variables, n, seed=0):
    rng = np.random.default_rng(seed)
    columns = [rng.integers(0, len(v.choices), n) if v.choices else rng.uniform(v.low, v.high, n) for v in variables]
    return np.stack(columns, axis=1).astype(float)


def run(features, inputs, dtype):
    graph = Graph()
    z = features.graph(graph, graph.input("x", inputs.shape[1]), dtype)
    element = TensorProto.FLOAT if dtype == np.float32 else TensorProto.DOUBLE
    model = serialise(graph.finish([("z", z, element, (features.n_features,))]))
    return session(model).run(None, {"x": inputs.astype(np.float32)})[0]


def test_scaling_goes_from_minus_one_to_one():
    z = FeatureMap([TILT, YEAR]).transform([[10.0, 2020.0], [90.0, 2021.0], [50.0, 2020.5]])
    np.testing.assert_allclose(z, [[-1, -1], [1, 1], [0, 0]], atol=1e-12)


def test_a_period_closes():
    z = FeatureMap([AZIMUTH]).transform([[0.0], [360.0], [90.0], [-270.0]])
    np.testing.assert_allclose(z, [[0, 1], [0, 1], [1, 0], [1, 0]], atol=1e-12)


def test_choices_have_no_order():
    features = FeatureMap([SOIL, FLAT])
    assert features.names == ("flat", "soil=clay", "soil=sand", "soil=silt")
    np.testing.assert_array_equal(features.transform([[2.0, 1.0], [0.0, 0.0]]), [[1, 0, 0, 1], [-1, 1, 0, 0]])


def test_what_never_varies_is_left_out():
    inputs = draw(EVERY, 20)
    inputs[:, 2] = 2020.5
    assert "year" not in FeatureMap(EVERY, inputs).names
    assert FeatureMap([TILT], np.full((3, 1), 20.0)).names == ("tilt_deg",)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize(
    "variables",
    [EVERY, (TILT,), (AZIMUTH,), (SOIL,), (TILT, YEAR), (AZIMUTH, SOIL), (TILT, AZIMUTH), (SOIL, TILT)],
    ids=lambda variables: "-".join(v.name for v in variables),
)
def test_graph_gives_the_same_columns(variables, dtype):
    inputs = draw(variables, 300)
    inputs[:2] = [[v.low for v in variables], [v.high for v in variables]]
    features = FeatureMap(variables, inputs)
    expected = features.transform(inputs.astype(np.float32))
    tolerance = 5e-7 if dtype == np.float32 else 1e-15 * 10
    np.testing.assert_allclose(run(features, inputs, dtype), expected, atol=tolerance)


def test_graph_without_a_constant_column():
    inputs = draw(EVERY, 50)
    inputs[:, [0, 4]] = [30.0, 1.0]
    features = FeatureMap(EVERY, inputs)
    np.testing.assert_allclose(
        run(features, inputs, np.float64), features.transform(inputs.astype(np.float32)), atol=1e-14
    )


@pytest.mark.parametrize(
    ("inputs", "message"),
    [
        ([[1.0]], r"\[n, 2\] is needed"),
        ([1.0, 2.0], "needed"),
        ([[20.0, np.nan]], "'year'"),
        ([[np.inf, 2020.0]], "'tilt_deg'"),
    ],
)
def test_unusable_inputs_are_named(inputs, message):
    with pytest.raises(UnusableInputError, match=message):
        FeatureMap([TILT, YEAR]).transform(inputs)
