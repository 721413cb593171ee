"""Sobol indices against their published closed forms: Ishigami, Sobol's g-function, polynomials, and means of elements."""

import numpy as np
import pytest

from frugal.experiments.study import Variable
from frugal.insight.input_distribution import InputDistribution, distribution_of
from frugal.insight.sensitivity import Indices, chaos_indices, sobol_indices

#: Ishigami and Homma 1990, with a = 7 and b = 0.1: variance 13.8446; closed form in Saltelli et al. 2008, *Global Sensitivity
#: Analysis*, p. 179.
ISHIGAMI_VARIANCE = 7.0**2 / 8 + 0.1 * np.pi**4 / 5 + 0.1**2 * np.pi**8 / 18 + 0.5
ISHIGAMI_FIRST = np.array([(1 + 0.1 * np.pi**4 / 5) ** 2 / 2, 7.0**2 / 8, 0.0]) / ISHIGAMI_VARIANCE
ISHIGAMI_TOTAL = ISHIGAMI_FIRST + np.array([1, 0, 1]) * 0.1**2 * np.pi**8 * (1 / 18 - 1 / 50) / ISHIGAMI_VARIANCE

#: Saltelli and Sobol 1995: variance of each factor alone 1 / (3 (1 + a)^2).
G_A = np.array([0.0, 1.0, 4.5, 9.0, 99.0, 99.0])
G_ALONE = 1 / (3 * (1 + G_A) ** 2)
G_VARIANCE = np.prod(1 + G_ALONE) - 1
G_FIRST = G_ALONE / G_VARIANCE
G_TOTAL = G_ALONE * np.prod(1 + G_ALONE) / (1 + G_ALONE) / G_VARIANCE


def angles(d: int) -> tuple[Variable, ...]:
    return tuple(Variable(f"x{k}", "rad", -np.pi, np.pi) for k in range(d))


def unit(d: int) -> tuple[Variable, ...]:
    return tuple(Variable(f"x{k}", "1", 0.0, 1.0) for k in range(d))


def ishigami(x: np.ndarray) -> dict[str, np.ndarray]:
    return {"y": (np.sin(x[:, 0]) + 7 * np.sin(x[:, 1]) ** 2 + 0.1 * x[:, 2] ** 4 * np.sin(x[:, 0]))[:, None]}


def g_function(x: np.ndarray) -> dict[str, np.ndarray]:
    return {"y": np.prod((np.abs(4 * x - 2) + G_A) / (1 + G_A), axis=1, keepdims=True)}


def holds(found: Indices, first: np.ndarray, total: np.ndarray, wide: float) -> None:
    assert found.first_low is not None and found.first_high is not None
    assert found.total_low is not None and found.total_high is not None
    assert (found.first_low <= first + 1e-3).all() and (first - 1e-3 <= found.first_high).all()
    assert (found.total_low <= total + 1e-3).all() and (total - 1e-3 <= found.total_high).all()
    assert (found.first_high - found.first_low < wide).all() and (found.total_high - found.total_low < wide).all()


@pytest.mark.parametrize(
    ("answer", "variables", "first", "total", "variance"),
    [
        (ishigami, angles(3), ISHIGAMI_FIRST, ISHIGAMI_TOTAL, ISHIGAMI_VARIANCE),
        (g_function, unit(6), G_FIRST, G_TOTAL, G_VARIANCE),
    ],
    ids=["Ishigami", "g-function"],
)
def test_indices_are_those_of_the_closed_form(answer, variables, first, total, variance) -> None:  # type: ignore[no-untyped-def]
    found, rows, _ = sobol_indices(answer, InputDistribution(variables), {"y": 1}, 4096, seed=3)
    whole = found["y"].whole
    assert rows.shape == (4096, len(variables)) and found["y"].mean is None
    np.testing.assert_allclose(whole.first, first, atol=0.012)
    np.testing.assert_allclose(whole.total, total, atol=0.012)
    assert whole.variance == pytest.approx(variance, rel=0.02)
    holds(whole, first, total, 0.12)


def test_elements_their_mean_and_all_of_them_together() -> None:
    """y = (x0, 3 x1): of both together x0 makes 1/10, of the mean too, of each element all or nothing."""

    def answer(x: np.ndarray) -> dict[str, np.ndarray]:
        return {"few": x * [1.0, 3.0], "many": np.repeat(x * [1.0, 3.0], 50, axis=1), "same": np.ones((len(x), 1))}

    found, _, _ = sobol_indices(answer, InputDistribution(unit(2)), {"few": 2, "many": 100, "same": 1}, 2048)
    for name in ("few", "many"):
        one = found[name]
        assert one.mean is not None and one.elements is not None
        for whole in (one.whole, one.mean):
            np.testing.assert_allclose(whole.total, [0.1, 0.9], atol=0.01)
            np.testing.assert_allclose(whole.first, [0.1, 0.9], atol=0.02)
        np.testing.assert_allclose(one.elements.total[:, [0, -1]], np.eye(2), atol=0.01)
    assert found["few"].elements.total_low is not None and found["many"].elements.total_low is None
    assert np.isnan(found["same"].whole.total).all() and found["same"].whole.variance == 0


def test_a_vector_is_one_input_and_a_choice_takes_its_values_equally_often() -> None:
    """Sum of four elements (variance 4/12) and a choice of 0, 1, 2 (variance 2/3)."""
    variables = (
        Variable("v", "1", 0.0, 1.0, dims=("k",), coords={"k": [1, 2, 3, 4]}),
        Variable("kind", "1", 0.0, 2.0, choices=("a", "b", "c")),
    )
    found, rows, _ = sobol_indices(
        lambda x: {"y": x.sum(axis=1, keepdims=True)}, InputDistribution(variables), {"y": 1}, 4096
    )
    np.testing.assert_allclose(found["y"].whole.total, [1 / 3, 2 / 3], atol=0.01)
    np.testing.assert_allclose(found["y"].whole.first, [1 / 3, 2 / 3], atol=0.02)
    assert sorted(set(rows[:, 4])) == [0, 1, 2]


def test_chaos_gives_the_indices_of_its_coefficients() -> None:
    """y = 1 + 2 p1(x0) + 3 p1(x1) + 6 p1(x0) p2(x2), orthonormal: variance 4 + 9 + 36."""
    terms = np.array([[0, 0, 0], [1, 0, 0], [0, 1, 0], [1, 0, 2]])
    found = chaos_indices(terms, np.array([[1.0, 5.0], [2.0, 0.0], [3.0, 0.0], [6.0, 0.0]]))
    np.testing.assert_allclose(found.first[:, 0], [4 / 49, 9 / 49, 0])
    np.testing.assert_allclose(found.total[:, 0], [40 / 49, 9 / 49, 36 / 49])
    np.testing.assert_allclose(found.variance, [49, 0])
    assert np.isnan(found.first[:, 1]).all()
    grouped = chaos_indices(terms, np.array([[1.0], [2.0], [3.0], [6.0]]), [slice(0, 2), slice(2, 3)])
    np.testing.assert_allclose(grouped.first[:, 0], [13 / 49, 0])
    np.testing.assert_allclose(grouped.total[:, 0], [1, 36 / 49])


def test_bounds_are_drawn_from_where_runs_fill_them_and_runs_where_they_do_not() -> None:
    rng = np.random.default_rng(1)
    filled = rng.random((300, 2))
    assert distribution_of(unit(2), filled).runs is None and distribution_of(unit(2), None).runs is None
    skewed = filled**3
    found = distribution_of(unit(2), skewed)
    assert found.runs is not None and found.pairs == ()
    drawn = found.rows(rng.random((20_000, 2)))
    np.testing.assert_allclose(
        np.quantile(drawn, [0.1, 0.5, 0.9], axis=0), np.quantile(skewed, [0.1, 0.5, 0.9], axis=0), atol=0.02
    )
    together = np.stack([filled[:, 0], 0.9 * filled[:, 0] + 0.1 * filled[:, 1]], axis=1)
    (pair,) = distribution_of(unit(2), together).pairs
    assert (pair.first, pair.second) == ("x0", "x1") and pair.correlation > 0.95


def test_runs_of_a_vector_are_drawn_whole() -> None:
    rng = np.random.default_rng(2)
    level = rng.random((200, 1))
    runs = np.concatenate([level + 0.01 * rng.random((200, 3)), rng.integers(0, 2, (200, 1))], axis=1)
    variables = (
        Variable("v", "1", 0.0, 2.0, dims=("k",), coords={"k": [1, 2, 3]}),
        Variable("kind", "1", 0.0, 1.0, choices=("a", "b")),
    )
    found = distribution_of(variables, runs)
    assert found.runs is not None and found.pairs == () and found.dimensions == 2
    drawn = found.rows(rng.random((500, 2)))
    assert np.ptp(drawn[:, :3], axis=1).max() <= 0.01 and set(drawn[:, 3]) == {0, 1}


def test_indices_of_a_polynomial_are_computed_where_it_answers_as_the_graph_does(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """y = 3 x0 + 4 x0 x1 and z = x1, in an orthonormal basis on [-1, 1]: 1, sqrt(3) x0, sqrt(3) x1, 3 x0 x1."""
    from types import SimpleNamespace

    from frugal.experiments.runs.store import Runs
    from frugal.experiments.study import Output
    from frugal.insight import analytic

    terms = np.array([[0, 0], [1, 0], [0, 1], [1, 1]])
    weights = np.array([[0, 0], [3 / np.sqrt(3), 0], [0, 1 / np.sqrt(3)], [4 / 3, 0]])

    def predict(x: np.ndarray) -> np.ndarray:
        return (
            np.stack([np.ones(len(x)), np.sqrt(3) * x[:, 0], np.sqrt(3) * x[:, 1], 3 * x[:, 0] * x[:, 1]], axis=1)
            @ weights
        )

    fitted = SimpleNamespace(indices=terms, coefficients=weights, predict=predict)
    model = SimpleNamespace(name="polynomial_chaos", fit=lambda *arguments: fitted)
    monkeypatch.setattr(analytic.registry, "SCALAR_MODELS", (model,))
    variables = tuple(Variable(name, "1", -1.0, 1.0) for name in ("a", "b"))
    rows = np.random.default_rng(0).uniform(-1, 1, (400, 2))
    nothing = np.zeros(4)
    runs = Runs(rows[:4], predict(rows[:4]), nothing, nothing > 0, nothing, nothing)
    answers = {"y": predict(rows)[:, :1], "z": predict(rows)[:, 1:] + 0.01 * rows[:, :1] ** 2}
    outputs = (Output("y", "1"), Output("z", "1"))
    found = analytic.exact_indices(InputDistribution(variables), outputs, runs, rows, answers)
    assert list(found) == ["y"], "the other graph answers otherwise"
    np.testing.assert_allclose(found["y"].whole.first, [27 / 43, 0])
    np.testing.assert_allclose(found["y"].whole.total, [1, 16 / 43])
    as_vector = (Output("v", "1", ("k",), {"k": [0, 1]}),)
    (whole,) = analytic.exact_indices(
        InputDistribution(variables), as_vector, runs, rows, {"v": predict(rows)}
    ).values()
    assert whole.exact and whole.elements is not None and whole.mean is not None
    np.testing.assert_allclose(whole.whole.total, [43 / 46, 19 / 46])  # variances 43/9 and 1/3
    np.testing.assert_allclose(whole.elements.total, [[1, 0], [16 / 43, 1]])
