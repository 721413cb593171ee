"""Sparse polynomial chaos: what it finds of published functions, and where it must not go."""

from __future__ import annotations

import numpy as np
import pytest

from frugal.experiments.study import Variable
from frugal.surrogates.fitting.model import TargetScaling
from frugal.surrogates.models.scalar.greedy_terms import Recipe
from frugal.surrogates.models.scalar.orthonormal_basis import OrthonormalBasis
from frugal.surrogates.models.scalar.polynomial_chaos import ChosenRecipe, FittedPolynomialChaos, PolynomialChaos
from frugal.surrogates.onnx.graph import Graph, serialise, session

ANGLES = tuple(Variable(f"x{j}", "1", -np.pi, np.pi) for j in range(3))
UNIT = tuple(Variable(f"x{j}", "1", 0.0, 1.0) for j in range(10))
OTL = tuple(
    Variable(name, "1", low, high)
    for name, low, high in (
        ("b1", 50, 150), ("b2", 25, 70), ("f", 0.5, 3), ("c1", 1.2, 2.5), ("c2", 0.25, 1.2), ("beta", 50, 300),
    )
)  # fmt: skip
MIXED = (
    Variable("depth", "m", 2.0, 12.0),
    Variable("azimuth", "degree", 0.0, 360.0, period=360.0),
    Variable("surface", "1", 0, 2, choices=("grass", "sand", "rock")),
    Variable("sector", "degree", 10.0, 100.0, period=360.0),
)


def ishigami(x):
    return np.sin(x[:, 0]) + 7 * np.sin(x[:, 1]) ** 2 + 0.1 * x[:, 2] ** 4 * np.sin(x[:, 0])


def friedman(x):
    return 10 * np.sin(np.pi * x[:, 0] * x[:, 1]) + 20 * (x[:, 2] - 0.5) ** 2 + 10 * x[:, 3] + 5 * x[:, 4]


def otl(x):
    """Midpoint voltage of a push-pull circuit without transformer (Ben-Ari & Steinberg 2007)."""
    b1, b2, f, c1, c2, beta = x.T
    base, load = 12 * b2 / (b1 + b2), beta * (c2 + 9)
    return (base + 0.74) * load / (load + f) + 11.35 * f / (load + f) + 0.74 * f * load / ((load + f) * c1)


def draw(variables, n, seed):
    from scipy.stats import qmc

    unit = qmc.LatinHypercube(len(variables), rng=np.random.default_rng(seed)).random(n)
    low, high = (np.array([getattr(v, side) for v in variables], dtype=float) for side in ("low", "high"))
    return low + unit * (high - low)


def error(fitted, variables, function):
    """Error on 3,000 new points in standard deviations of the truth."""
    rng = np.random.default_rng(99)
    rows = rng.uniform([v.low for v in variables], [v.high for v in variables], (3000, len(variables)))
    return float(np.sqrt(np.mean((fitted.predict(rows)[:, 0] - function(rows)) ** 2)) / function(rows).std())


# What the best of SMT, OpenTURNS and scikit-learn errs by with as many runs.
@pytest.mark.parametrize(
    ("variables", "function", "n", "peer"),
    [
        (ANGLES, ishigami, 50, 0.181),
        (ANGLES, ishigami, 200, 0.020),
        (OTL, otl, 50, 0.016),
        (OTL, otl, 200, 0.00088),
        (UNIT, friedman, 50, 0.038),
        (UNIT, friedman, 200, 0.00176),
    ],
)
def test_no_worse_than_the_best_peer(variables, function, n, peer):
    inputs = draw(variables, n, 0)
    fitted = PolynomialChaos().fit(inputs, function(inputs)[:, None], None, variables, 0)
    assert error(fitted, variables, function) < peer


def test_coefficients_give_the_published_indices_of_ishigami():
    inputs = draw(ANGLES, 200, 1)
    fitted = PolynomialChaos().fit(inputs, ishigami(inputs)[:, None], None, ANGLES, 0)
    mean, parts, used = fitted.coefficients[0, 0], fitted.coefficients[1:, 0] ** 2, fitted.indices[1:] > 0
    assert not fitted.indices[0].any()
    assert mean == pytest.approx(3.5, abs=1e-3)
    assert parts.sum() == pytest.approx(13.844588, rel=1e-3)  # Sudret 2008, of a = 7, b = 0.1
    alone = [parts[used[:, j] & (used.sum(axis=1) == 1)].sum() / parts.sum() for j in range(3)]
    total = [parts[used[:, j]].sum() / parts.sum() for j in range(3)]
    np.testing.assert_allclose(alone, [0.3139, 0.4424, 0.0], atol=1e-3)
    np.testing.assert_allclose(total, [0.5576, 0.4424, 0.2437], atol=1e-3)


def test_functions_are_orthonormal_over_the_bounds():
    """By midpoints of 2,000 classes of each input: exact for what is periodic or a choice, nearly so for polynomials."""
    rows = np.stack(
        [np.linspace(v.low, v.high, 4001)[1::2] if not v.choices else np.arange(2000) % 3 * 1.0 for v in MIXED], axis=1
    )[:1998]
    basis = OrthonormalBasis.of(MIXED, rows)
    for table, degrees, width in zip(basis.tables(rows), basis.degrees, (15, 15, 3, 15), strict=True):
        assert table.shape == (width, 1998) and degrees[0] == 0
        np.testing.assert_allclose(table @ table.T / 1998, np.eye(width), atol=0.05)


def test_a_set_of_terms_is_the_hyperbolic_one():
    basis = OrthonormalBasis.of(UNIT[:3], np.random.default_rng(0).random((5, 3)))
    assert len(basis.truncated(3, 1.0, 1000)) == 19  # all products up to degree 3 but the constant: C(6, 3) - 1
    half = {tuple(index) for index in basis.truncated(4, 0.5, 1000).tolist()}
    assert (1, 1, 0) in half and (2, 1, 0) not in half and (4, 0, 0) in half  # (1 + 1) ** 2 = 4; (sqrt 2 + 1) ** 2 > 4
    assert basis.truncated(3, 1.0, 18) is None


@pytest.mark.parametrize("labels", [None, np.arange(60) // 6])
def test_noise_is_answered_by_its_mean(labels):
    rng = np.random.default_rng(4)
    inputs, outputs = rng.random((60, 6)), rng.normal(size=(60, 1))
    fitted = PolynomialChaos().fit(inputs, outputs, labels, UNIT[:6], 0)
    rows = rng.random((500, 6))
    assert fitted.predict(rows).std() < 0.5
    assert fitted.parameters < 8


def test_choices_and_whole_periods_are_found_exactly():
    def answer(x):
        return np.where(x[:, 2] == 1, x[:, 0] * np.cos(np.deg2rad(x[:, 1])), 1.0) + 0.01 * x[:, 0] ** 2

    rng = np.random.default_rng(2)
    rows = rng.uniform([v.low for v in MIXED], [v.high for v in MIXED], (360, 4))
    rows[:, 2] = rng.integers(0, 3, 360)
    fitted = PolynomialChaos().fit(rows[:160], answer(rows[:160])[:, None], None, MIXED, 0)
    np.testing.assert_allclose(fitted.predict(rows[160:])[:, 0], answer(rows[160:]), atol=1e-8)


def test_a_little_beyond_the_bounds_it_goes_on_and_far_beyond_them_is_held():
    inputs = draw(UNIT[:2], 60, 0)
    fitted = PolynomialChaos().fit(inputs, np.exp(3 * inputs[:, :1]), None, UNIT[:2], 0)
    near, edge, far = fitted.predict(np.array([[1.02, 0.5], [1.025, 0.5], [5.0, 0.5]]))[:, 0]
    assert near == pytest.approx(np.exp(3 * 1.02), rel=1e-4)
    assert far == pytest.approx(edge, rel=1e-12)


def test_what_does_well_on_the_first_folds_alone_is_not_taken():
    """Terms that grow find Ishigami's function all at once or not at all: of these runs not in every fold."""
    inputs = draw(ANGLES, 160, 7)
    fitted = PolynomialChaos().fit(inputs, ishigami(inputs)[:, None], None, ANGLES, 0)
    fresh = draw(ANGLES, 1000, 11)
    wrong = fitted.predict(fresh)[:, 0] - ishigami(fresh)
    assert np.sqrt(np.mean(wrong**2)) < 1e-3 * ishigami(fresh).std()


def test_settings_are_kept_and_terms_chosen_again():
    inputs = draw(ANGLES, 120, 0)
    outputs = np.stack([ishigami(inputs), inputs[:, 0] ** 2], axis=1)
    fitted = PolynomialChaos().fit(inputs, outputs, None, ANGLES, 0)
    again = PolynomialChaos().with_fixed_settings(fitted).fit(inputs, outputs, None, ANGLES, 0)
    assert again.settings == fitted.settings and again.log["search_cpu_seconds"] == 0
    np.testing.assert_array_equal(again.indices, fitted.indices)
    fewer = PolynomialChaos().with_fixed_settings(fitted).fit(inputs[:80], outputs[:80], None, ANGLES, 0)
    assert fewer.settings == fitted.settings and len(fewer.indices) > 1


def test_many_runs_choose_from_some_and_fit_all():
    rng = np.random.default_rng(0)
    inputs = rng.random((5000, 2))
    outputs = np.sin(3 * inputs[:, :1]) * inputs[:, 1:] + 0.1 * rng.normal(size=(5000, 1))
    fitted = PolynomialChaos().fit(inputs, outputs, None, UNIT[:2], 0)
    terms = fitted.basis.products(fitted.basis.tables(inputs), fitted.indices)
    left = outputs - fitted.predict(inputs)
    np.testing.assert_allclose(terms @ left / 5000, 0.0, atol=1e-10)  # the normal equations of all of them
    assert left.std() == pytest.approx(0.1, rel=0.03)


@pytest.mark.parametrize("top", [1, 2, 3, 4, 7, 10, 14])
@pytest.mark.parametrize("inputs", [1, 3])
def test_a_graph_of_any_degree_has_few_nodes_and_answers_as_numpy_does(top, inputs):
    """A recurrence had four nodes for each degree; a query of one row costs what its nodes cost."""
    from numpy.polynomial.legendre import legval

    variables = tuple(Variable(f"x{j}", "1", 1e4 - 3.0 - j, 1e4 + 5.0) for j in range(inputs))
    indices = np.zeros((top + 2, inputs), dtype=np.int64)
    indices[1 : top + 1, 0] = np.arange(1, top + 1)
    indices[top + 1] = top if inputs == 1 else (1, top, 2 if top > 1 else 0)
    coefficients = np.random.default_rng(top).normal(size=(top + 2, 2))
    fitted = FittedPolynomialChaos(
        OrthonormalBasis(variables, (True,) * inputs),
        indices,
        coefficients,
        TargetScaling(np.zeros(2), np.ones(2)),
        {"0": ChosenRecipe(Recipe(1), 1)},
        {},
    )
    graph = Graph()
    y = graph.cast(fitted.graph(graph, graph.input("inputs", inputs)), np.float32)
    model = graph.finish([("y", y, 1, (2,))])
    assert len(model.graph.node) <= 30
    rows = np.random.default_rng(0).uniform([v.low for v in variables], [v.high for v in variables], (300, inputs))
    rows = rows.astype(np.float32)
    unit = (2 * (rows - 1e4) - 5.0 + np.arange(3.0, 3.0 + inputs)) / (8.0 + np.arange(inputs))
    truth = np.zeros((300, 2))
    for index, weights in zip(indices, coefficients, strict=True):
        product = np.prod(
            [np.sqrt(2 * k + 1) * legval(unit[:, j], np.eye(top + 1)[k]) for j, k in enumerate(index)], axis=0
        )
        truth += product[:, None] * weights
    answers = session(serialise(model)).run(None, {"inputs": rows})[0]
    np.testing.assert_allclose(answers, truth, atol=3e-6 * truth.std(), rtol=1e-6)
