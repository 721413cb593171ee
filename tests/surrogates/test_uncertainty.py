"""Conformal half-widths and intervals around an error."""

import numpy as np
import pytest

from frugal.errors import UnusableInputError
from frugal.experiments.study import Variable
from frugal.surrogates.fitting.validation import conformal_half_width, out_of_fold
from frugal.surrogates.measurement.bootstrap import error_with_interval
from frugal.surrogates.models.scalar.linear import LinearRidge

VARIABLES = tuple(Variable(f"x{j}", "1", -1.0, 1.0) for j in range(4))


def runs(n, seed):
    """A linear answer with noise of two sizes, the second one skewed."""
    rng = np.random.default_rng(seed)
    x = rng.uniform(-1, 1, (n, 4))
    noise = np.stack([rng.normal(size=n), rng.exponential(3, n)], axis=1)
    return x, x @ rng.normal(size=(4, 2)) + noise


def fit_linear(inputs, outputs, groups):
    return LinearRidge().fit(inputs, outputs, groups, VARIABLES, 0).predict


def test_out_of_fold_never_shows_a_run_to_its_own_fit():
    seen = []

    def remember(inputs, outputs, groups):
        known = set(inputs[:, 0])

        def predict(rows):
            assert not known & set(rows[:, 0])
            seen.append(len(rows))
            return np.tile(outputs.mean(axis=0), (len(rows), 1))

        return predict

    x, y = runs(53, 0)
    residuals = out_of_fold(remember, x, y)
    assert residuals.shape == y.shape and sum(seen) == 53 and len(seen) == 5
    assert np.abs(residuals.mean(axis=0)).max() < 0.5


def test_out_of_fold_keeps_groups_together():
    x, y = runs(60, 0)
    labels = np.repeat(np.arange(6), 10)

    def check(inputs, outputs, groups):
        known = set(groups)
        owner = dict(zip(x[:, 0], labels, strict=True))

        def predict(rows):
            assert not known & {owner[row] for row in rows[:, 0]}
            return np.zeros((len(rows), 2))

        return predict

    np.testing.assert_array_equal(out_of_fold(check, x, y, labels), y)


def test_one_run_cannot_be_left_out():
    with pytest.raises(UnusableInputError, match="at least 2"):
        out_of_fold(fit_linear, np.zeros((1, 4)), np.zeros((1, 1)))


def test_half_width_is_the_finite_sample_quantile():
    residuals = np.stack([np.arange(1.0, 20.0), -np.arange(19.0, 0.0, -1.0)], axis=1)
    np.testing.assert_array_equal(conformal_half_width(residuals, 0.9), [18, 18])  # ceil(20 * 0.9)
    np.testing.assert_array_equal(conformal_half_width(residuals[:9], 0.9), [9, 19])  # ceil(10 * 0.9)
    assert np.isinf(conformal_half_width(residuals[:8], 0.9)).all()


@pytest.mark.parametrize("level", [0.0, 1.0, 90, -0.1])
def test_level_out_of_range(level):
    with pytest.raises(UnusableInputError, match="level"):
        conformal_half_width(np.zeros((10, 1)), level)


@pytest.mark.slow
@pytest.mark.parametrize("n", [30, 150])
def test_conformal_coverage(n):
    covered = []
    for seed in range(60):
        x, y = runs(n + 200, seed)
        width = conformal_half_width(out_of_fold(fit_linear, x[:n], y[:n], seed=seed), 0.9)
        predicted = fit_linear(x[:n], y[:n], None)(x[n:])
        covered.append(np.mean(np.abs(predicted - y[n:]) <= width, axis=0))
    mean = np.mean(covered, axis=0)
    assert (mean > 0.88).all() and (mean < 0.96).all(), mean


def test_rmse_and_nrmse():
    truth = np.array([[1.0, 10.0], [3.0, 30.0]] * 10)
    predicted = truth + np.array([0.5, -3.0])
    found = error_with_interval(truth, predicted, "rmse")
    np.testing.assert_allclose([found.value, found.low], [[0.5, 3.0]] * 2)
    # by hand: of 20 rows an unseen one is 1.8 times as wrong, and the mean and variance of the weighted mean follow
    mean, worst = (20 * 0.25 + 0.25 * 1.8**2) / 21, 0.25 * 1.8**2
    variance = (20 * (0.25 - mean) ** 2 + (worst - mean) ** 2) / (21 * 22)
    spread = np.log1p(variance / mean**2)
    by_hand = np.sqrt(mean * np.exp(1.959964 * np.sqrt(spread) - spread / 2))
    np.testing.assert_allclose(found.high, [by_hand, 6 * by_hand], rtol=1e-6)
    relative = error_with_interval(truth, predicted, "nrmse")
    np.testing.assert_allclose(relative.value, [0.25, 0.15])
    assert (relative.low < relative.value).all() and (relative.value < relative.high).all()
    negative = error_with_interval(-truth, -predicted, "nrmse")
    np.testing.assert_allclose(negative.value, relative.value)


def test_intervals_are_reproducible_and_seeded():
    rng = np.random.default_rng(0)
    truth, predicted = rng.normal(5, 1, (2, 50, 3))
    first, again, other = (error_with_interval(truth, predicted, "nrmse", seed=s) for s in (1, 1, 2))
    np.testing.assert_array_equal(first.high, again.high)
    np.testing.assert_array_equal(first.low, again.low)
    assert (first.low != other.low).any()
    np.testing.assert_array_equal(first.high, other.high)  # nothing of the upper bound is drawn


@pytest.mark.parametrize("heavy", [False, True], ids=["normal", "heavy-tailed"])
def test_interval_coverage(heavy):
    """The 95 % interval holds the true RMSE about that often; heavy tails cost some of it, mostly above."""
    rng = np.random.default_rng(3)
    repeats, n = 400, 80
    errors = rng.standard_t(5, (n, repeats)) / np.sqrt(5 / 3) if heavy else rng.normal(size=(n, repeats))
    truth = np.full((n, repeats), 10.0)
    found = error_with_interval(truth, truth + errors, "rmse", n_bootstrap=600)
    inside = np.mean((found.low <= 1) & (found.high >= 1))
    assert (0.86 if heavy else 0.91) < inside < 0.985, inside


def test_groups_widen_the_interval():
    """Rows of one place err alike: there is less to learn from them than their number says."""
    rng = np.random.default_rng(0)
    labels = np.repeat(np.arange(12), 20)
    truth = np.full((240, 1), 10.0)
    predicted = truth + rng.normal(size=(12, 1))[labels] + 0.05 * rng.normal(size=(240, 1))
    by_rows = error_with_interval(truth, predicted, "rmse")
    by_groups = error_with_interval(truth, predicted, "rmse", groups=labels)
    np.testing.assert_allclose(by_rows.value, by_groups.value)
    assert (by_groups.high - by_groups.low > 2 * (by_rows.high - by_rows.low)).all()


def test_one_row_says_nothing_above():
    found = error_with_interval(np.array([[1.0, 2.0]]), np.array([[1.5, 2.0]]), "rmse")
    np.testing.assert_array_equal(found.high, [np.inf, np.inf])
    assert not found.bounded
    np.testing.assert_array_equal(found.low, [0.0, 0.0])


def test_an_exact_answer_has_no_error():
    truth = np.random.default_rng(0).normal(3, 1, (30, 2))
    found = error_with_interval(truth, truth, "nrmse")
    for bound in (found.value, found.low, found.high):
        np.testing.assert_array_equal(bound, [0, 0])


def test_nrmse_of_a_mean_of_zero():
    """A cell that is never wet: right to rounding is right, anything else meets no relative tolerance."""
    rng = np.random.default_rng(0)
    truth = np.stack([rng.normal(2, 1, 40), np.zeros(40), np.zeros(40), np.tile([1.0, -1.0], 20)], axis=1)
    predicted = truth + np.array([0.1, 1e-9, 0.1, 0.1])
    found = error_with_interval(truth, predicted, "nrmse")
    np.testing.assert_array_equal(found.value[1:], [0, np.inf, np.inf])
    np.testing.assert_array_equal(found.high[1:], [0, np.inf, np.inf])
    assert 0 < found.value[0] < found.high[0] < 1
    assert np.isfinite(error_with_interval(truth, predicted, "rmse").high).all()


def test_shapes_must_match():
    with pytest.raises(UnusableInputError, match="shape"):
        error_with_interval(np.zeros((3, 1)), np.zeros((4, 1)), "rmse")
