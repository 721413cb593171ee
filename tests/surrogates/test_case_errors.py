"""Errors of single cases: what nine in ten stay within, and the worst, in the words of the metric."""

from __future__ import annotations

import numpy as np
import pytest

from frugal.experiments.metrics.registry import metric_of
from frugal.experiments.metrics.sample import Sample
from frugal.surrogates.measurement.case_errors import case_errors


def sample(truth: np.ndarray, predicted: np.ndarray, times: tuple[float, ...] = ()) -> Sample:
    return Sample(np.asarray(truth, float), np.asarray(predicted, float), times)


def scalars(truth: list[float], predicted: list[float]) -> Sample:
    return sample(np.reshape(truth, (-1, 1, 1)), np.reshape(predicted, (-1, 1, 1)))


def test_a_share_is_one_of_the_case_s_own_value() -> None:
    # 19 cases of 100 that are 1 off, and one of 10 that is 1 off too: 1 % of most, 10 % of that one
    truth = [100.0] * 19 + [10.0]
    found = case_errors(metric_of("nrmse"), scalars(truth, [value + 1 for value in truth]), False)
    assert found is not None and (found.metric, found.cases, found.values) == ("nrmse", 20, 1)
    assert found.nine_in_ten == pytest.approx(0.01) and found.worst == pytest.approx(0.1)


def test_nine_in_ten_is_an_error_that_nine_in_ten_do_keep() -> None:
    truth, errors = [100.0] * 11, [float(k) for k in range(1, 12)]
    found = case_errors(metric_of("rmse"), scalars(truth, [t + e for t, e in zip(truth, errors, strict=True)]), False)
    # ten of eleven are nine in ten or more; nine of eleven are fewer
    assert found is not None and found.nine_in_ten == pytest.approx(10.0) and found.worst == pytest.approx(11.0)
    few = case_errors(metric_of("rmse"), scalars(truth[:9], [t + 1 for t in truth[:9]]), False)
    assert few is not None and few.nine_in_ten is None and few.worst == pytest.approx(1.0)


def test_a_case_of_several_values_errs_by_its_worst_one() -> None:
    truth = np.full((12, 1, 3), 10.0)
    predicted = truth.copy()
    predicted[:, 0, 1] += 0.5
    predicted[4, 0, 2] += 2.0
    found = case_errors(metric_of("nrmse"), sample(truth, predicted), False)
    assert found is not None and found.values == 3
    assert found.nine_in_ten == pytest.approx(0.05) and found.worst == pytest.approx(0.2)


def test_a_map_errs_as_a_whole() -> None:
    truth, predicted = np.full((10, 1, 4), 2.0), np.full((10, 1, 4), 2.0)
    predicted[7, 0] += [0.0, 0.0, 0.4, 0.4]
    found = case_errors(metric_of("rmse"), sample(truth, predicted), True)
    assert found is not None and found.values == 1
    assert found.worst == pytest.approx(np.sqrt(0.08)) and found.nine_in_ten == 0.0


@pytest.mark.parametrize("zero", [0.0, 1e-4])
def test_where_a_true_value_is_about_nothing_cases_are_told_in_the_unit(zero: float) -> None:
    truth = [1.0] * 11 + [zero]
    found = case_errors(metric_of("nrmse"), scalars(truth, [value + 0.1 for value in truth]), False)
    assert found is not None and found.metric == "rmse" and found.worst == pytest.approx(0.1)


def test_what_compares_runs_with_each_other_says_nothing_of_one() -> None:
    found = case_errors(metric_of("nse"), scalars([1.0, 2.0, 3.0], [1.5, 2.0, 3.0]), False)
    assert found is not None and found.metric == "rmse" and found.worst == pytest.approx(0.5)


def test_a_series_has_a_score_of_its_own_unless_it_never_varies() -> None:
    truth = np.tile(np.array([0.0, 1.0, 2.0])[None, :, None], (3, 1, 1))
    predicted = truth.copy()
    predicted[1, 2] = 1.0  # squares 1 over the spread 2 of this series
    found = case_errors(metric_of("nse"), sample(truth, predicted, (0.0, 1.0, 2.0)), False)
    assert found is not None and found.metric == "nse" and found.worst == pytest.approx(0.5)
    truth[2] = 1.0
    flat = case_errors(metric_of("nse"), sample(truth, predicted, (0.0, 1.0, 2.0)), False)
    assert flat is not None and flat.metric == "rmse"


def test_a_series_without_a_peak_has_no_time_of_it() -> None:
    truth = np.zeros((3, 3, 1))
    truth[0, 1] = truth[1, 2] = 1.0
    predicted = np.zeros((3, 3, 1))
    predicted[0, 1] = predicted[1, 1] = predicted[2, 0] = 1.0
    found = case_errors(metric_of("timing_error"), sample(truth, predicted, (0.0, 2.0, 4.0)), False)
    assert found is not None and found.cases == 2 and found.worst == pytest.approx(2.0)


def test_a_case_is_held_against_the_spread_of_all() -> None:
    truth = np.random.default_rng(2).normal(300.0, 3.0, (40, 1, 1))
    error = np.linspace(0.1, 0.4, 40)[:, None, None]
    found = case_errors(metric_of("nrmse_std"), Sample(truth, truth + error), True)
    assert found is not None and found.metric == "nrmse_std"
    assert found.worst == pytest.approx(0.4 / truth.std()) and found.nine_in_ten == pytest.approx(
        error[35, 0, 0] / truth.std()
    )


def test_a_case_in_logarithms() -> None:
    truth = 10.0 ** np.linspace(-6, 6, 40)[:, None, None]
    found = case_errors(metric_of("rmsle"), Sample(truth, 1.1 * truth), True)
    assert found is not None and found.metric == "rmsle" and found.worst == pytest.approx(np.log(1.1))
