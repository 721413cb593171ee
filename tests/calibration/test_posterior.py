"""Fit, draws and what is ruled out, against closed forms: linear models with normal errors, and counts of normal errors."""

import numpy as np
import pytest

from frugal.calibration.asking import ModelAsked, Modelled
from frugal.calibration.drawing import draw_posterior
from frugal.calibration.emulator import EmulatedSolver
from frugal.calibration.fitting import best_fit, chance_of
from frugal.calibration.history import allowed_beyond, history_match, ruled_out
from frugal.calibration.observed import ObservedRuns, Unknown
from frugal.calibration.space import Space
from frugal.experiments.study import Measurement


def observed(values: np.ndarray, sigma: float) -> ObservedRuns:
    measured = tuple(Measurement("y", float(value), sigma=sigma) for value in values)
    columns = np.arange(len(values))
    return ObservedRuns("planted", "", measured, np.zeros((1, 1)), 0 * columns, columns, columns, np.zeros(len(values)))


def space(*bounds: tuple[float, float]) -> Space:
    return Space.of([Unknown(f"p{k}", "1", low, high, {}, None, None) for k, (low, high) in enumerate(bounds)])


def linear(matrix: np.ndarray, spread: float = 0.0) -> ModelAsked:
    def asked(settings: np.ndarray) -> Modelled:
        values = settings @ matrix.T
        return Modelled(values, np.full_like(values, spread), np.ones(len(values), dtype=bool))

    return asked


DESIGN = np.stack([np.ones(10), np.linspace(-1, 1, 10)], axis=1)


def test_draws_have_mean_and_covariance_of_the_normal_posterior() -> None:
    """Of y = A p with errors of sd s, far from the bounds: mean (A'A)^-1 A'y, covariance s^2 (A'A)^-1, s of both errors."""
    truth, sigma, spread = np.array([1.0, 2.0]), 0.3, 0.4
    values = DESIGN @ truth + 0.3 * np.random.default_rng(5).standard_normal(10)
    where, measured = space((-9.0, 11.0), (-8.0, 12.0)), observed(values, sigma)
    inverse = np.linalg.inv(DESIGN.T @ DESIGN)
    best = best_fit(linear(DESIGN, spread), where, measured, 1)
    np.testing.assert_allclose(best.settings, inverse @ DESIGN.T @ values, atol=1e-4)
    assert best.fits and best.freedom == 8 and best.on_bounds == ()
    draws = draw_posterior(linear(DESIGN, spread), where, measured, best.unit, 1)
    covariance = (sigma**2 + spread**2) * inverse
    deviation = np.sqrt(np.diag(covariance))
    assert draws.settled
    np.testing.assert_allclose(draws.settings.mean(axis=0), best.settings, atol=0.12 * deviation.max())
    np.testing.assert_allclose(draws.settings.std(axis=0), deviation, rtol=0.08)
    np.testing.assert_allclose(
        draws.interval() - best.settings, np.outer([-1.645, 1.645], deviation), atol=0.25 * deviation.max()
    )


def test_a_best_value_on_a_bound_is_told_and_nothing_beyond_is_drawn() -> None:
    where, measured = space((0.0, 1.0), (0.0, 5.0)), observed(DESIGN @ [1.5, 2.0], 0.1)
    best = best_fit(linear(DESIGN), where, measured, 1)
    assert best.on_bounds == ((0, "high"),) and best.settings[0] == pytest.approx(1.0, abs=1e-4)
    draws = draw_posterior(linear(DESIGN), where, measured, best.unit, 1)
    assert draws.settings[:, 0].max() <= 1.0 and draws.settings.min() >= 0.0


def test_outside_the_domain_nothing_is_proposed() -> None:
    def asked(settings: np.ndarray) -> Modelled:
        return Modelled(settings @ DESIGN.T, np.zeros((len(settings), 10)), settings[:, 0] < 1.2)

    where, measured = space((0.0, 2.0), (0.0, 5.0)), observed(DESIGN @ [1.4, 2.0], 0.5)
    best = best_fit(asked, where, measured, 1)
    draws = draw_posterior(asked, where, measured, best.unit, 1)
    assert best.settings[0] < 1.2 and draws.settings[:, 0].max() < 1.2
    assert ruled_out(asked(np.array([[1.4, 2.0]])), measured)[0]


def test_a_model_that_cannot_fit_is_told() -> None:
    bent = DESIGN @ [1.0, 2.0] + 2 * DESIGN[:, 1] ** 2
    assert best_fit(linear(DESIGN), space((-9.0, 9.0), (-9.0, 9.0)), observed(bent, 0.2), 1).fits is False
    few = best_fit(linear(DESIGN[:2]), space((-9.0, 9.0), (-9.0, 9.0)), observed(bent[:2], 0.2), 1)
    assert few.fits is None and few.freedom == 0
    assert chance_of(18.307, 10) == pytest.approx(0.05, abs=1e-4)  # printed tables of the chi-square law


def test_what_is_left_of_the_bounds_is_a_known_share() -> None:
    """y = p on [0, 1], measured 0.5 to 0.02: left is 0.44 to 0.56; sqrt(2) times that if the emulator errs as much."""
    measured, where = observed(np.array([0.5]), 0.02), space((0.0, 1.0))
    one = np.ones((1, 1))
    found = history_match(linear(one), where, measured, np.array([[0.5]]), 3)
    assert found.share == pytest.approx(0.12, abs=0.002) and found.allowed == 0
    ((low, high),) = found.ranges()
    assert (low, high) == pytest.approx((0.44, 0.56), abs=0.002)
    wider = history_match(linear(one, 0.02), where, measured, np.array([[0.5]]), 3)
    assert wider.share == pytest.approx(0.12 * np.sqrt(2), abs=0.003)


def test_a_small_part_that_is_left_is_found_and_measured() -> None:
    """Three unknowns, each measured to a thousandth of its bounds: left is a cube of 0.006, 2.2e-7 of the bounds."""
    measured, where = observed(np.array([0.3, 0.4, 0.5]), 0.001), space((0.0, 1.0), (0.0, 1.0), (0.0, 1.0))
    found = history_match(linear(np.eye(3)), where, measured, np.array([[0.3, 0.4, 0.5]]), 3)
    assert found.share == pytest.approx(0.006**3, rel=0.1)
    np.testing.assert_allclose(found.ranges(), [(0.297, 0.303), (0.397, 0.403), (0.497, 0.503)], atol=3e-4)
    nothing = history_match(
        linear(np.eye(3)), where, observed(np.array([3.0, 0.4, 0.5]), 0.001), np.array([[0.3, 0.4, 0.5]]), 3
    )
    assert nothing.share == 0 and nothing.ranges() == []


def test_so_many_may_lie_beyond_that_the_truth_is_ruled_out_once_in_a_hundred() -> None:
    assert [allowed_beyond(n) for n in (1, 3, 4, 20, 100)] == [0, 0, 1, 1, 2]
    rng = np.random.default_rng(4)
    for n in (3, 20, 145):
        apart = rng.standard_normal((20_000, n))
        modelled = Modelled(apart, np.zeros_like(apart), np.ones(len(apart), dtype=bool))
        assert ruled_out(modelled, observed(np.zeros(n), 1.0)).mean() < 0.0115


def test_an_emulator_learns_the_solver_and_knows_what_it_errs_by() -> None:
    rng, where = np.random.default_rng(0), space((0.0, 2.0), (-1.0, 1.0))

    def solver(settings: np.ndarray) -> np.ndarray:
        return np.stack([np.exp(-settings[:, 0] * t) + settings[:, 1] * t**2 for t in np.linspace(0.2, 2, 6)], axis=1)

    learnt = where.sobol(24, 1)
    measured = observed(np.zeros(6), 0.05)
    emulator = EmulatedSolver(where, measured, learnt, solver(where.from_unit(learnt)))
    fresh = where.from_unit(rng.random((300, 2)))
    answered, true = emulator(fresh), solver(fresh)
    assert np.abs(answered.values - true).max() < 0.02
    assert (np.abs(answered.values - true) <= 2 * answered.spread + 1e-6).mean() > 0.85


@pytest.mark.slow
def test_intervals_hold_the_truth_as_often_as_they_say() -> None:
    """Fifty truths, three unknowns of a curve: 90 % intervals hold 85 to 95 % of them."""
    places, where, held = np.linspace(0.1, 1.0, 12), space((0.0, 2.0), (0.0, 2.0), (0.0, 2.0)), []

    def asked(settings: np.ndarray) -> Modelled:
        height, decay, slope = settings.T[:, :, None]
        values = height * np.exp(-3 * decay * places) + slope * places
        return Modelled(values, np.zeros_like(values), np.ones(len(values), dtype=bool))

    for number in range(50):
        rng = np.random.default_rng(number)
        truth = where.from_unit(rng.random((1, 3)))
        measured = observed(asked(truth).values[0] + 0.05 * rng.standard_normal(12), 0.05)
        draws = draw_posterior(asked, where, measured, best_fit(asked, where, measured, number).unit, number)
        low, high = draws.interval()
        held.append((low <= truth[0]) & (truth[0] <= high))
    assert 0.85 <= np.mean(held) <= 0.95
