"""Logarithms of inputs and outputs, and graphs of inputs that float32 rounds."""

from __future__ import annotations

from typing import ClassVar

import numpy as np
import pytest
from studies_for_tests import NEED

from frugal.experiments.study import Output, Study, Variable
from frugal.surrogates.models.on_scales import FittedOnScales, OnScales
from frugal.surrogates.models.scalar.gaussian_process import GaussianProcess
from frugal.surrogates.models.scalar.linear import LinearRidge
from frugal.surrogates.models.scalar.mlp import Mlp
from frugal.surrogates.models.scalar.polynomial_chaos import PolynomialChaos
from frugal.surrogates.onnx.export import check_parity, why_it_differs
from frugal.surrogates.onnx.graph import Graph, serialise, session

WIDE = (Variable("flow", "m3/s", 1e-4, 1e4), Variable("slope", "1", 0.001, 0.5), Variable("length", "m", 1.0, 3.0))


def draw(n, seed, even_in_logarithm=True):
    rng = np.random.default_rng(seed)
    low, high = (np.array([getattr(v, side) for v in WIDE]) for side in ("low", "high"))
    if not even_in_logarithm:
        return rng.uniform(low, high, (n, 3))
    return low * (high / low) ** rng.random((n, 3))


def law_of_powers(x):
    """Manning's depth of a wide channel, but for its constant."""
    return (x[:, :1] / np.sqrt(x[:, 1:2])) ** 0.6 * x[:, 2:]


def written(fitted, columns):
    graph = Graph()
    y = graph.cast(fitted.graph(graph, graph.input("inputs", columns)), np.float32)
    return serialise(graph.finish([("y", y, 1, (1,))]))


def test_a_law_of_powers_is_straight_in_logarithms():
    inputs, rows = draw(60, 0), draw(500, 1)
    fitted = OnScales(LinearRidge()).fit(inputs, law_of_powers(inputs), None, WIDE, 0)
    assert fitted.log["logarithmic_inputs"] == ["flow", "slope"] and fitted.log["logarithmic_outputs"] == [0]
    told = np.log(fitted.predict(rows)) - np.log(law_of_powers(rows))
    assert np.abs(told).max() < 0.1  # the length, a factor of three, is not among the logarithms
    answers = session(written(fitted, 3)).run(None, {"inputs": rows.astype(np.float32)})[0]
    expected = fitted.predict(rows.astype(np.float32).astype(float))
    assert np.abs(answers - expected).max() < 1e-5 * law_of_powers(inputs).std()


def test_inputs_in_logarithms_alone():
    inputs, rows = draw(80, 0), draw(500, 1)

    def answer(x):
        return np.log10(x[:, :1]) * x[:, 2:] - np.log10(x[:, 1:2]) ** 2

    fitted = OnScales(PolynomialChaos()).fit(inputs, answer(inputs), None, WIDE, 0)
    assert isinstance(fitted, FittedOnScales) and fitted.outputs is None
    np.testing.assert_allclose(fitted.predict(rows), answer(rows), atol=1e-6)


def test_what_is_straight_stays_so():
    inputs = draw(60, 0, even_in_logarithm=False)
    outputs = 2.0 * inputs[:, :1] + 300.0 * inputs[:, 1:2]
    fitted = OnScales(LinearRidge()).fit(inputs, outputs, None, WIDE, 0)
    assert not isinstance(fitted, FittedOnScales)
    again = OnScales(LinearRidge()).with_fixed_settings(fitted)
    assert again.chosen == ((), ())


def test_scales_of_an_earlier_fit_are_kept():
    inputs = draw(60, 0)
    model = OnScales(LinearRidge())
    fitted = model.fit(inputs, law_of_powers(inputs), None, WIDE, 0)
    kept = model.with_fixed_settings(fitted)
    assert kept.chosen == (("flow", "slope"), (0,))
    again = kept.fit(inputs[:40], law_of_powers(inputs[:40]), np.arange(40) // 4, WIDE, 1)
    assert again.log["logarithmic_outputs"] == [0]
    fewer = kept.fit(inputs[:, [1, 2]], law_of_powers(inputs), None, (WIDE[1], WIDE[2]), 0)
    assert fewer.log["logarithmic_inputs"] == ["slope"]


def test_nothing_below_zero_and_nothing_infinite():
    inputs = draw(60, 0)
    fitted = OnScales(PolynomialChaos()).fit(inputs, law_of_powers(inputs), None, WIDE, 0)
    beyond = fitted.predict(np.array([[0.0, 0.01, 2.0], [1e30, 1e-9, 3.0]]))
    assert np.isfinite(beyond).all() and (beyond > 0).all()


class Counted(LinearRidge):
    """Counts its fits."""

    fits: ClassVar[list[int]] = []

    def fit(self, inputs, outputs, groups, variables, seed):
        self.fits.append(outputs.shape[1])
        return super().fit(inputs, outputs, groups, variables, seed)


def test_logarithms_that_do_not_help_are_soon_given_up():
    """A wide output is compared alone, on one fold where that leaves no hope; then all outputs are fitted once."""
    inputs = draw(90, 0, even_in_logarithm=False)
    straight = 1.0 + 0.02 * inputs[:, :1] + 0.3 * inputs[:, 1:2]
    outputs = np.hstack([straight - straight.min() + 0.01, -straight, 5.0 - straight])
    variables = (Variable("flow", "m3/s", 0.0, 1e4), Variable("slope", "1", 0.0, 0.5), WIDE[2])
    Counted.fits.clear()
    fitted = OnScales(Counted()).fit(inputs, outputs, None, variables, 0)
    assert not isinstance(fitted, FittedOnScales)
    assert Counted.fits == [1, 1, 3]


@pytest.mark.parametrize(
    "model", [PolynomialChaos(), Mlp(), GaussianProcess()], ids=["polynomial_chaos", "mlp", "gaussian_process"]
)
def test_a_comparison_in_haste_finds_what_logarithms_are_for(model):
    inputs = draw(60, 0)
    fitted = OnScales(model).fit(inputs, law_of_powers(inputs), None, WIDE, 0)
    assert fitted.log["logarithmic_inputs"] == ["flow", "slope"] and fitted.log["logarithmic_outputs"] == [0]


@pytest.mark.parametrize(("offset", "holds"), [(0.0, True), (100.0, True), (1e9, False)])
def test_parity_sees_that_float32_rounds_an_input(offset, holds):
    """Between 1e9 and 1e9 + 1 float32 has no number: all rows would be answered alike."""
    columns = (Variable("time", "s", offset, offset + 1.0), Variable("width", "m", 0.0, 1.0))
    study = Study("offset", columns, (Output("y", "1"),), NEED)
    inputs = np.array([offset, 0.0]) + np.random.default_rng(0).random((80, 2))
    outputs = np.sin(3 * (inputs[:, :1] - offset)) + inputs[:, 1:]
    fitted = PolynomialChaos().fit(inputs, outputs, None, columns, 0)
    graph = Graph()
    y = graph.cast(fitted.graph(graph, graph.input("inputs", 2)), np.float32)
    model = serialise(graph.finish([("y", graph.op("Reshape", y, graph.constant([-1], np.int64)), 1, ())]))
    parity = check_parity(model, fitted.predict, study, inputs, outputs.std(axis=0), 0)
    assert parity.holds is holds
    if not holds:
        told = why_it_differs(study, parity)
        assert "'time'" in told["en"] and "float32" in told["fr"]
