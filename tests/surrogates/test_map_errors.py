"""Errors of maps against what a hand computes, and their bootstrap."""

import numpy as np
import pytest

from frugal.experiments.metrics.registry import metric_of
from frugal.experiments.metrics.sample import Sample
from frugal.experiments.study import Need, Output, Study, Tolerance, Variable
from frugal.surrogates.measurement.bootstrap import error_with_interval, interval_of
from frugal.surrogates.measurement.errors import output_errors
from frugal.surrogates.measurement.map_errors import covered_columns, critical_success_index, floor_and_regression

GRID = {"y": [10, 0], "x": [0, 5]}


def study(metric="rmse_defined"):
    outputs = (
        Output("depth", "m", ("y", "x"), GRID, low=0.0, valid_above=0.1),
        Output("months", "m", ("month",), {"month": ["j", "f", "m"]}),
    )
    return Study("s", (Variable("a", "1", 0.0, 1.0),), outputs, Need("one", {"depth": Tolerance(metric, 0.5)}))


def maps(*rows):
    return np.array([[*row, 1.0, 2.0, 3.0] for row in rows])


TRUTH = maps([0.0, 0.05, 1.0, 2.0], [0.0, 0.3, 1.0, 0.0], [0.0, 0.0, 0.0, 3.0])
PREDICTED = maps([0.9, 0.05, 1.5, 2.0], [0.9, 0.0, 1.0, 0.4], [0.9, 0.0, 0.0, 3.0])


def test_the_error_of_a_map_is_pooled_over_the_cells_ever_wet():
    error = output_errors(study(), TRUTH, PREDICTED, None, 0)["depth"]
    assert error.value == pytest.approx(np.sqrt((0.5**2 + 0.3**2 + 0.4**2) / 9))
    assert error.low <= error.value <= error.high and error.elements == ()
    assert error.summary["cells"] == 4 and error.summary["cells_wet"] == 3
    assert error.summary["worst_cell"] == error.worst_element == "y=0, x=0"
    assert error.summary["cell_rmse_max"] == pytest.approx(0.5 / np.sqrt(3))
    assert error.summary["bias"] == pytest.approx(0.6 / 9)
    assert error.summary["csi"] == pytest.approx(4 / 9)  # wet in truth 5, missed 1, false alarms 4


def test_other_metrics_of_a_map_count_every_cell():
    squares = 3 * 0.9**2 + 0.5**2 + 0.3**2 + 0.4**2
    rmse = output_errors(study("rmse"), TRUTH, PREDICTED, None, 0)["depth"].value
    assert rmse == pytest.approx(np.sqrt(squares / 12))
    relative = output_errors(study("nrmse"), TRUTH, PREDICTED, None, 0)["depth"].value
    assert relative == pytest.approx(rmse / TRUTH[:, :4].mean())


def test_a_vector_keeps_its_worst_element_and_a_map_stays_small_in_json():
    errors = output_errors(study(), TRUTH, PREDICTED, None, 0)
    plain = {name: error.to_json() for name, error in errors.items()}
    assert plain["months"]["elements"] == [0.0, 0.0, 0.0] and "summary" not in plain["months"]
    assert plain["depth"]["elements"] == [] and len(plain["depth"]["summary"]) == 9


def test_pooling_one_cell_is_the_error_of_that_cell():
    rng = np.random.default_rng(0)
    truth = rng.normal(2.0, 1.0, (60, 5))
    predicted = truth + rng.normal(size=truth.shape)
    for groups in (None, np.repeat(np.arange(12), 5)):
        for metric in ("rmse", "nrmse", "nrmse_range", "nse", "rmse_defined"):
            one = Sample(truth[:, None], predicted[:, None], counted=(np.arange(5) == 2)[None])
            if metric != "rmse_defined":
                one = Sample(truth[:, None, 2:3], predicted[:, None, 2:3])
            pooled = interval_of(metric_of(metric), one, True, groups=groups)
            alone_in = "rmse" if metric == "rmse_defined" else metric
            alone = error_with_interval(truth[:, 2:3], predicted[:, 2:3], alone_in, groups=groups)
            for name in ("value", "low", "high"):
                np.testing.assert_allclose(getattr(pooled, name), getattr(alone, name), rtol=1e-9)


def test_the_interval_of_a_pooled_error_covers_the_true_one():
    rng = np.random.default_rng(1)
    covered = 0
    for _ in range(200):
        sizes = rng.gamma(3.0, 1.0, (40, 1))  # whole runs are better or worse: cells are no independent draws
        error = rng.normal(size=(40, 30)) * sizes
        sample = Sample(np.zeros_like(error)[:, None], error[:, None])
        found = interval_of(metric_of("rmse"), sample, True, n_bootstrap=300)
        covered += bool(found.low[0] <= np.sqrt(12.0) <= found.high[0])
    assert 0.88 <= covered / 200 <= 0.99


def test_where_nothing_is_ever_wet_only_dry_answers_are_right():
    dry = maps([0.0, 0.0, 0.05, 0.0], [0.0, 0.0, 0.0, 0.0])
    dry = np.repeat(dry, 8, axis=0)
    assert output_errors(study(), dry, dry, None, 0)["depth"].high == 0.0
    assert output_errors(study(), dry, dry + 1.0, None, 0)["depth"].high == np.inf
    assert critical_success_index(np.zeros(3, bool), np.zeros(3, bool)) == 1.0


def test_coverage_counts_no_cell_that_is_never_wet():
    assert covered_columns(study(), TRUTH).tolist() == [False, True, True, True, True, True, True]


def test_floor_and_regression_are_told_apart():
    projected = TRUTH + 0.1
    found = floor_and_regression(study(), TRUTH, projected, projected + 0.2)["depth"]
    assert found == {
        "metric": "rmse_defined",
        "projection_floor": pytest.approx(0.1),
        "regression": pytest.approx(0.2),
    }
