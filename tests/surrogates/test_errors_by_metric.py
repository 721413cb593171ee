"""Errors of outputs in every metric: what is pooled, who is the worst, intervals that cover, tolerances of scores."""

import math
from pathlib import Path

import numpy as np
import pytest

from frugal.campaigns.campaign import Settings, run_campaign
from frugal.errors import UnusableInputError
from frugal.experiments.metrics.registry import METRICS
from frugal.experiments.metrics.sample import Sample
from frugal.experiments.needs.check_runs import check_metrics
from frugal.experiments.study import Need, Output, Study, TimeAxis, Tolerance, Variable
from frugal.surrogates.measurement import bootstrap
from frugal.surrogates.measurement.bootstrap import error_with_interval, interval_of
from frugal.surrogates.measurement.errors import output_errors
from frugal.surrogates.measurement.map_errors import default_metric, error_value, floor_and_regression

HOURS = TimeAxis((0.0, 1.0, 2.0, 4.0), "hour")
GAUGES = ("bridge", "weir")
LEVEL = Output("level", "m", ("time", "gauge"), {"time": HOURS.values, "gauge": GAUGES}, time=HOURS)
DEPTH = Output("depth", "m", ("y", "x"), {"y": [1, 0], "x": [0, 1, 2]}, valid_above=0.1)
TOTAL = Output("total", "m3")
MONTHS = Output("months", "kWh", ("month",), {"month": ["j", "f", "m"]})


def study(**tolerances: Tolerance) -> Study:
    need = Need("one flood", tolerances)
    return Study("s", (Variable("a", "1", 0.0, 1.0),), (LEVEL, DEPTH, TOTAL, MONTHS), need)


RNG = np.random.default_rng(3)
TRUTH = RNG.gamma(2.0, 1.0, (40, LEVEL.size + DEPTH.size + TOTAL.size + MONTHS.size))
PREDICTED = TRUTH * RNG.uniform(0.9, 1.1, TRUTH.shape)


def errors(**tolerances: Tolerance):  # type: ignore[no-untyped-def]
    return output_errors(study(**tolerances), TRUTH, PREDICTED, None, 0)


def test_a_series_keeps_a_score_at_each_place_or_pooled() -> None:
    truth, predicted = (values[:, :8].reshape(40, 4, 2) for values in (TRUTH, PREDICTED))
    by_place = METRICS["nse"].value(Sample(truth, predicted), False)
    worst = errors(level=Tolerance("nse", 0.9))["level"]
    assert worst.elements == pytest.approx(tuple(by_place))
    assert worst.value == pytest.approx(by_place.max()) and worst.tolerance == pytest.approx(0.1)
    assert worst.worst_element == f"gauge={GAUGES[int(by_place.argmax())]}"
    assert worst.low < worst.value < worst.high and worst.met == (worst.high <= 0.1)
    pooled = errors(level=Tolerance("nse", 0.9, over="pooled"))["level"]
    assert pooled.value == pytest.approx(float(METRICS["nse"].value(Sample(truth, predicted), True)[0]))
    assert pooled.elements == () and by_place.min() < pooled.value < by_place.max()


def test_times_are_those_of_the_axis() -> None:
    found = errors(level=Tolerance("timing_error", 0.5, over="pooled"))["level"]
    peaks = [np.array(HOURS.values)[v[:, :8].reshape(40, 4, 2).argmax(axis=1)] for v in (TRUTH, PREDICTED)]
    assert found.value == pytest.approx(np.sqrt(np.mean((peaks[1] - peaks[0]) ** 2))) and found.value > 0


def test_a_field_may_be_held_to_its_worst_element() -> None:
    found = errors(depth=Tolerance("rmse_defined", 0.5, over="worst"))["depth"]
    by_cell = np.sqrt(np.mean((PREDICTED - TRUTH)[:, 8:14] ** 2, axis=0))
    assert found.value == pytest.approx(by_cell.max()) and found.elements == ()
    assert found.worst_element == DEPTH.element(int(by_cell.argmax())) == found.summary["worst_cell"]
    area = errors(depth=Tolerance("area_error", 0.1))["depth"]
    wet = [(values[:, 8:14] > 0.1).sum(axis=1) for values in (TRUTH, PREDICTED)]
    assert area.value == pytest.approx(np.sqrt(np.mean((wet[1] - wet[0]) ** 2.0)) / wet[0].mean())


def test_a_vector_may_be_pooled() -> None:
    found = errors(months=Tolerance("rmse", 0.5, over="pooled"))["months"]
    assert found.value == pytest.approx(np.sqrt(np.mean((PREDICTED - TRUTH)[:, 15:] ** 2)))
    assert found.elements == () and found.worst_element is None
    each = errors(months=Tolerance("rmse", 0.5))["months"]
    assert len(each.elements) == 3 and max(each.elements) == each.value
    assert each.worst_element == f"month={'jfm'[int(np.argmax(each.elements))]}"


def test_the_old_name_stands_in_rows_as_it_was_given() -> None:
    old, new = (errors(depth=Tolerance(name, 0.5))["depth"] for name in ("rmse_wet", "rmse_defined"))
    assert (old.metric, new.metric) == ("rmse_wet", "rmse_defined") and (old.value, old.high) == (new.value, new.high)


def test_without_tolerance_a_mean_that_says_nothing_is_not_divided_by() -> None:
    assert default_metric(TOTAL, TRUTH[:, 14:15]) == "nrmse"
    assert default_metric(TOTAL, TRUTH[:, 14:15] - TRUTH[:, 14].mean()) == "nrmse_std"
    assert default_metric(DEPTH, TRUTH[:, 8:14]) == "rmse_defined"
    about_zero = TRUTH - TRUTH.mean(axis=0)
    found = output_errors(study(), about_zero, about_zero + 0.01, None, 0)
    assert found["total"].metric == "nrmse_std" and found["total"].high < 0.05


def test_modes_of_a_field_are_told_in_a_root_mean_square() -> None:
    for metric, name in (("area_error", "rmse_defined"), ("rmse", "rmse")):
        found = floor_and_regression(study(depth=Tolerance(metric, 0.1)), TRUTH, TRUTH + 0.1, TRUTH + 0.3)["depth"]
        assert found == {
            "metric": name,
            "projection_floor": pytest.approx(0.1),
            "regression": pytest.approx(0.2),
        }


# ---------------------------------------------------------------------------------------------- Intervals


def test_what_is_resampled_is_the_error_of_the_drawn_runs() -> None:
    rows = np.random.default_rng(1).integers(0, 40, 40)
    times = np.bincount(rows, minlength=40).astype(float)
    truth, predicted = (values[:, :8].reshape(40, 4, 2) for values in (TRUTH, PREDICTED))
    for name in ("rmse", "nrmse", "kge", "peak_error", "timing_error", "nse"):
        for pooled in (False, True):
            statistics = METRICS[name].statistics(Sample(truth, predicted, HOURS.values), pooled)
            drawn = METRICS[name].combine(np.tensordot(times, statistics, 1), np.array([40.0]))
            again = METRICS[name].value(Sample(truth[rows], predicted[rows], HOURS.values), pooled)
            np.testing.assert_allclose(drawn, again, rtol=1e-9)
    over_runs = [values[:, :1] for values in (truth, predicted)]
    drawn = METRICS["kge"].combine(np.tensordot(times, METRICS["kge"].statistics(Sample(*over_runs), False), 1), 40.0)
    np.testing.assert_allclose(drawn, METRICS["kge"].value(Sample(*(v[rows] for v in over_runs)), False), rtol=1e-9)


#: Of answers 0.8 t + 0.2 noise to a truth t of mean 3 and spread 1, and infinitely many runs.
CORRELATION, SPREAD, BIAS = 0.8 / math.sqrt(0.68), math.sqrt(0.68), 0.8
KNOWN = {
    "rmse": math.sqrt(0.2**2 * 10 + 0.2**2),
    "nrmse": math.sqrt(0.2**2 * 10 + 0.2**2) / 3,
    "nse": 0.2**2 * 10 + 0.2**2,
    "kge": math.hypot(CORRELATION - 1, SPREAD - 1, BIAS - 1),
}


@pytest.mark.parametrize("metric", KNOWN)
def test_intervals_cover_the_error_of_infinitely_many_runs(metric: str) -> None:
    rng = np.random.default_rng(5)
    truth = rng.normal(3.0, 1.0, (80, 400))
    found = error_with_interval(truth, 0.8 * truth + 0.2 * rng.normal(size=truth.shape), metric, n_bootstrap=500)
    inside = np.mean((found.low <= KNOWN[metric]) & (found.high >= KNOWN[metric]))
    assert 0.9 < inside < 0.985, inside


@pytest.mark.parametrize("name", METRICS)
def test_whole_places_are_resampled_in_every_metric(name: str) -> None:
    """Runs of one place err alike: the interval is wider than that of as many runs that err each for itself."""
    rng = np.random.default_rng(2)
    place = np.repeat(np.arange(10), 12)
    truth = 2.0 + rng.gamma(2.0, 1.0, (120, 4, 2))
    predicted = truth + 0.5 * rng.normal(size=(10, 4, 2))[place] + 0.05 * rng.normal(size=truth.shape)
    wet = (truth > 4.0, predicted > 4.0)
    sample = Sample(truth, predicted, HOURS.values, wet[0].any(axis=0), wet)
    by_run, by_place = (interval_of(METRICS[name], sample, True, groups=groups) for groups in (None, place))
    np.testing.assert_allclose(by_run.value, by_place.value)
    assert by_place.low <= by_place.value <= by_place.high < np.inf
    assert by_place.high - by_place.low > by_run.high - by_run.low > 0


def test_many_elements_are_resampled_in_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = error_with_interval(TRUTH, PREDICTED, "nrmse")
    monkeypatch.setattr(bootstrap, "_COLUMNS", 4)
    parts = error_with_interval(TRUTH, PREDICTED, "nrmse")
    for one, other in zip((whole.value, whole.low, whole.high), (parts.value, parts.low, parts.high), strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-12)


# ------------------------------------------------------------------------------------------------ Refusals


@pytest.mark.parametrize(
    ("tolerances", "words"),
    [
        (
            {"total": Tolerance("peak_error", 1.0)},
            "'total' is of the metric peak_error, but it has no time axis; use rmse",
        ),
        ({"months": Tolerance("timing_error", 1.0)}, "'months' is of the metric timing_error, but it has no time axis"),
        ({"level": Tolerance("area_error", 0.1)}, "'level' is of the metric area_error, but it is defined everywhere"),
        ({"total": Tolerance("rmse_wet", 0.1)}, "'total' is of the metric rmse_defined, but it is defined everywhere"),
        ({"depth": Tolerance("kge", 0.7)}, "'depth' is of the metric kge, .* cannot be pooled; write over = 'worst'"),
    ],
)
def test_a_metric_that_says_nothing_of_an_output_is_refused(tolerances: dict[str, Tolerance], words: str) -> None:
    with pytest.raises(UnusableInputError, match=words):
        study(**tolerances)


def test_what_a_metric_may_be_asked_of() -> None:
    for tolerances in (
        {
            "level": Tolerance("kge", 0.7, "pooled"),
            "depth": Tolerance("kge", 0.7, "worst"),
            "total": Tolerance("kge", -0.4),
        },
        {"level": Tolerance("peak_error", 0.1), "months": Tolerance("log_nse", 0.5), "depth": Tolerance("nse", 0.5)},
    ):
        asked = study(**tolerances)
        check_metrics(asked, TRUTH)
        found = output_errors(asked, TRUTH, PREDICTED, None, 0)
        assert all(0 < found[name].value <= found[name].high < np.inf for name in tolerances)
        for output in asked.outputs:
            assert error_value(asked, output, TRUTH, PREDICTED).max() == pytest.approx(found[output.name].value)


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: Tolerance("nse", 1.0), "limit = 1.0; the least nse is told, a number below 1"),
        (lambda: Tolerance("kge", "high"), "limit = 'high'; the least kge"),  # type: ignore[arg-type]
        (lambda: Tolerance("nmrse", 0.1), "'nmrse' is unknown; .*did you mean 'nrmse'"),
        (lambda: Tolerance("rmse", 0.1, "all"), "over = 'all'; 'pooled'"),  # type: ignore[arg-type]
        (lambda: Tolerance("area_error", 0.0), "limit = 0.0; a positive number"),
    ],
)
def test_a_tolerance_that_cannot_be_is_refused(make, words: str) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(UnusableInputError, match=words):
        make()


def test_runs_of_which_a_metric_says_nothing_are_refused_by_element() -> None:
    about_zero = TRUTH.copy()
    about_zero[:, 16] -= about_zero[:, 16].mean()
    with pytest.raises(UnusableInputError, match=r"the mean of 'months' at month=f is .* an nrmse means nothing"):
        check_metrics(study(months=Tolerance("nrmse", 0.1)), about_zero)
    check_metrics(study(months=Tolerance("nrmse", 0.1, "pooled"), total=Tolerance("nrmse", 0.1)), about_zero)
    check_metrics(study(months=Tolerance("nrmse_range", 0.1)), about_zero)
    with pytest.raises(UnusableInputError, match=r"'months' goes down to -.*, but the metric log_nse"):
        check_metrics(study(months=Tolerance("log_nse", 0.5)), about_zero)


def zero_mean_study(metric: str) -> Study:
    """A planted case: a sine over one whole period, whose mean is 0 but for what the runs leave of it."""

    def solve(x0: float, x1: float, x2: float) -> dict[str, float]:
        return {"y": math.sin(2 * math.pi * x0) * (1 + x1) + 0.3 * (x2 - 0.5)}

    inputs = tuple(Variable(f"x{k}", "1", 0.0, 1.0) for k in range(3))
    need = Need("one answer", {"y": Tolerance(metric, 0.05)}, queries=(1e6, 1e6))
    return Study("zero_mean", inputs, (Output("y", "1"),), need, solve, n_runs=160)


@pytest.mark.usefixtures("cheap_campaigns")
def test_a_campaign_refuses_an_error_relative_to_nothing_before_it_fits(tmp_path: Path) -> None:
    settings = Settings(folder=tmp_path, measure_seconds=0.2, carbon=False)
    with pytest.raises(UnusableInputError) as told:
        run_campaign(zero_mean_study("nrmse"), settings)
    words = str(told.value)
    assert words.startswith("the mean of 'y' is ") and words.endswith("means nothing: use nrmse_std or rmse")
    ledgers = [path.read_text() for path in tmp_path.rglob("ledger.jsonl")]
    assert len(ledgers) == 1 and '"generation"' in ledgers[0] and '"fit"' not in ledgers[0]
    again = run_campaign(zero_mean_study("nrmse_range"), settings)  # the runs are kept, and taken up under the new need
    rows = {row.name: row for row in again.ladder.rows}
    assert rows["linear"].errors["y"].metric == rows["full_physics"].errors["y"].metric == "nrmse_range"
    assert rows["full_physics"].errors["y"].high == 0.0
