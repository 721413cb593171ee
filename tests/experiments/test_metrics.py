"""Every metric against the formula of its source, written out run by run, and against examples that a hand computes."""

import numpy as np
import pytest

from frugal.errors import UnusableInputError
from frugal.experiments.metrics.meaning import LEAST_MEAN, doubt_about_mean, reason_against, undeclared_metric
from frugal.experiments.metrics.registry import METRICS, Metric, check_over, error_allowed, metric_of, scale_of
from frugal.experiments.metrics.sample import Sample
from frugal.texts import LANGUAGES

RNG = np.random.default_rng(7)
TIMES = (0.0, 1.0, 2.5, 4.0, 7.0, 8.0, 9.5, 12.0)
#: Five floods at two gauges: [run, time, place].
FLOWS = 20.0 + 15.0 * RNG.gamma(2.0, 1.0, (5, len(TIMES), 2)) * np.array([1.0, 4.0])
ANSWERS = FLOWS * RNG.uniform(0.8, 1.2, FLOWS.shape) + RNG.normal(size=FLOWS.shape)
SERIES = Sample(FLOWS, ANSWERS, TIMES)


def values(name: str, sample: Sample, pooled: bool = True) -> list[float]:
    return [float(value) for value in METRICS[name].value(sample, pooled)]


def scalars(truth: list[float], predicted: list[float]) -> Sample:
    return Sample(np.array(truth)[:, None, None], np.array(predicted)[:, None, None])


def nse(simulated: np.ndarray, observed: np.ndarray) -> float:
    """As hydroGOF and hydroeval have it."""
    return 1 - float(np.sum((observed - simulated) ** 2) / np.sum((observed - np.mean(observed)) ** 2))


def kge(simulated: np.ndarray, observed: np.ndarray) -> float:
    """The version of 2009, as hydroGOF and hydroeval have it."""
    r = np.corrcoef(simulated, observed)[0, 1]
    alpha, beta = np.std(simulated) / np.std(observed), np.mean(simulated) / np.mean(observed)
    return 1 - float(np.sqrt((r - 1) ** 2 + (alpha - 1) ** 2 + (beta - 1) ** 2))


def every_series() -> list[tuple[np.ndarray, np.ndarray]]:
    return [(ANSWERS[run, :, place], FLOWS[run, :, place]) for run in range(5) for place in range(2)]


# ---------------------------------------------------------------------------------------- Root mean squares


def test_root_mean_squares_by_hand() -> None:
    sample = scalars([1.0, 3.0, 8.0], [2.0, 3.0, 6.0])
    rmse = np.sqrt(5 / 3)
    assert values("rmse", sample) == pytest.approx([rmse])
    assert values("nrmse", sample) == pytest.approx([rmse / 4])
    assert values("nrmse_range", sample) == pytest.approx([rmse / 7])
    # the standard deviation of 1, 3, 8 is the root of (9 + 1 + 16) / 3
    assert values("nrmse_std", sample) == pytest.approx([rmse / np.sqrt(26 / 3)])
    logs = np.log([2.0, 1.0, 6 / 8])
    assert values("rmsle", sample) == pytest.approx([np.sqrt((logs**2).mean())])


def test_over_the_standard_deviation_a_constant_has_one() -> None:
    truth = RNG.normal(300.0, 3.0, (200, 1, 1))
    mean = np.full_like(truth, truth.mean())
    assert values("nrmse_std", Sample(truth, mean)) == pytest.approx([1.0])
    assert values("nse", Sample(truth, mean)) == pytest.approx([1.0]), "1 - NSE is its square"
    elements = np.concatenate([truth, truth / 10], axis=2)
    assert values("nrmse_std", Sample(elements, elements + 0.3), False) == pytest.approx(
        [0.3 / truth.std(), 3 / truth.std()]
    )
    never = np.full((9, 1, 1), 4.0)
    assert values("nrmse_std", Sample(never, never + 1e-9)) == [0.0] and values(
        "nrmse_std", Sample(never, never + 1)
    ) == [np.inf]


def test_how_well_a_standard_deviation_is_known_is_part_of_the_bound() -> None:
    """Of normal values the standard deviation of n is uncertain by 1 / sqrt(2 n) of itself."""
    truth = np.random.default_rng(1).normal(0.0, 2.0, (400, 1, 1))
    spread = METRICS["nrmse_std"].statistics(Sample(truth, truth + 0.1), True)[:, 1, 0]
    assert spread.mean() == pytest.approx(truth.std()) and spread.min() > 0
    assert spread.std() / np.sqrt(400) == pytest.approx(2.0 / np.sqrt(2 * 400), rel=0.1)


def test_logarithms_of_what_is_not_positive() -> None:
    truth = [1e-6, 1.0, 1e6]
    for wrong in (0.0, -3.0):
        (found,) = values("rmsle", scalars(truth, [1e-6, wrong, 1e6]))
        assert found == pytest.approx(np.log(1e9) / np.sqrt(3)), "as a thousandth of the smallest true value"
    for low, told in (
        (-1.0, "goes down to -1, but the metric rmsle"),
        (0.0, "is 0 in some runs, which has no logarithm"),
    ):
        reason = reason_against(METRICS["rmsle"], np.array([low, 1.0])[:, None, None], True, "y", str)
        assert reason is not None and told in reason and reason.endswith("use nrmse_std or rmse")


def test_pooled_and_worst_of_a_vector() -> None:
    truth, predicted = np.array([[[1.0, 10.0]], [[3.0, 30.0]]]), np.array([[[2.0, 10.0]], [[3.0, 36.0]]])
    sample = Sample(truth, predicted)
    assert values("rmse", sample) == pytest.approx([np.sqrt(37 / 4)])
    assert values("rmse", sample, False) == pytest.approx([np.sqrt(1 / 2), np.sqrt(36 / 2)])
    assert values("nrmse", sample) == pytest.approx([np.sqrt(37 / 4) / 11])
    assert values("nrmse", sample, False) == pytest.approx([np.sqrt(1 / 2) / 2, np.sqrt(18) / 20])
    assert values("nrmse_range", sample) == pytest.approx([np.sqrt(37 / 4) / 29])
    assert values("nrmse_range", sample, False) == pytest.approx([np.sqrt(1 / 2) / 2, np.sqrt(18) / 20])


def test_a_range_of_nothing_is_nothing_to_divide_by() -> None:
    truth = np.tile(np.array([[[5.0, 5.0, 1.0]], [[5.0, 5.0, 2.0]]]), (3, 1, 1))
    sample = Sample(truth, truth + np.array([1e-9, 0.5, 0.5]))
    assert values("nrmse_range", sample, False) == [0.0, np.inf, 0.5]


def test_of_what_is_defined_only_that_counts() -> None:
    truth, predicted = (
        np.array([[[0.0, 0.0, 2.0]], [[0.0, 1.0, 1.0]]]),
        np.array([[[0.7, 0.0, 2.5]], [[0.7, 0.6, 1.0]]]),
    )
    sample = Sample(truth, predicted, counted=np.array([[False, True, True]]))
    assert values("rmse_defined", sample) == pytest.approx([np.sqrt((0.25 + 0.16) / 4)])
    assert values("rmse_defined", sample, False) == pytest.approx([0.0, np.sqrt(0.16 / 2), np.sqrt(0.25 / 2)])
    nothing = np.zeros((1, 3), dtype=bool)
    assert values("rmse_defined", Sample(truth, truth, counted=nothing)) == [0.0]
    assert values("rmse_defined", Sample(truth, predicted, counted=nothing)) == [np.inf]


# ------------------------------------------------------------------------------------------------- Scores


def test_nash_sutcliffe_over_runs_is_that_of_one_series_of_runs() -> None:
    truth, predicted = FLOWS[:, 0, 0], ANSWERS[:, 0, 0]
    sample = scalars(list(truth), list(predicted))
    assert values("nse", sample) == pytest.approx([1 - nse(predicted, truth)])
    assert values("nse", scalars([1, 2, 3], [2, 2, 2])) == pytest.approx([1.0])  # the mean has the score 0
    assert values("nse", scalars([1, 2, 3], [1, 2, 4])) == pytest.approx([1 / 2])


def test_nash_sutcliffe_of_series_has_each_against_its_own_mean() -> None:
    off = sum(np.sum((o - s) ** 2) for s, o in every_series())
    spread = sum(np.sum((o - o.mean()) ** 2) for _, o in every_series())
    assert values("nse", SERIES) == pytest.approx([off / spread])
    for place in range(2):
        mine = [(s, o) for k, (s, o) in enumerate(every_series()) if k % 2 == place]
        off = sum(np.sum((o - s) ** 2) for s, o in mine)
        spread = sum(np.sum((o - o.mean()) ** 2) for _, o in mine)
        assert values("nse", SERIES, False)[place] == pytest.approx(off / spread)
    one = Sample(FLOWS[:1, :, :1], ANSWERS[:1, :, :1], TIMES)
    assert values("nse", one) == pytest.approx([1 - nse(ANSWERS[0, :, 0], FLOWS[0, :, 0])])


def test_kling_gupta_of_series_is_the_mean_over_runs() -> None:
    found = [1 - kge(s, o) for s, o in every_series()]
    assert values("kge", SERIES) == pytest.approx([np.mean(found)])
    assert values("kge", SERIES, False) == pytest.approx([np.mean(found[0::2]), np.mean(found[1::2])])


def test_kling_gupta_over_runs() -> None:
    by_runs = Sample(FLOWS[:, :1], ANSWERS[:, :1])
    expected = [1 - kge(ANSWERS[:, 0, place], FLOWS[:, 0, place]) for place in range(2)]
    assert values("kge", by_runs, False) == pytest.approx(expected)


@pytest.mark.parametrize("series", [False, True])
def test_kling_gupta_by_hand(series: bool) -> None:
    flow = np.array([2.0, 5.0, 11.0, 6.0])

    def of(answer: np.ndarray) -> float:
        shape = (1, 4, 1) if series else (4, 1, 1)
        return values("kge", Sample(flow.reshape(shape), answer.reshape(shape), TIMES[:4]))[0]

    assert of(1.1 * flow) == pytest.approx(np.sqrt(2 * 0.1**2))  # right course, tenth too much of spread and mean
    assert of(flow + 3.0) == pytest.approx(3.0 / 6.0)  # right course and spread
    assert of(np.full(4, 6.0)) == pytest.approx(np.sqrt(2.0))  # the mean: no correlation, no spread
    assert of(flow) == pytest.approx(0.0, abs=1e-7)


def test_a_series_that_never_varies_has_no_kling_gupta_and_no_peak() -> None:
    truth, predicted = FLOWS.copy(), ANSWERS.copy()
    truth[2, :, 1] = 30.0
    kept = [(s, o) for k, (s, o) in enumerate(every_series()) if k != 5]
    sample = Sample(truth, predicted, TIMES)
    assert values("kge", sample) == pytest.approx([np.mean([1 - kge(s, o) for s, o in kept])])
    late = [(TIMES[int(np.argmax(s))] - TIMES[int(np.argmax(o))]) ** 2 for s, o in kept]
    assert values("timing_error", sample) == pytest.approx([np.sqrt(np.mean(late))])
    flat = np.full((3, 4, 1), 2.0)
    for name in ("kge", "timing_error"):
        assert values(name, Sample(flat, flat, TIMES[:4])) == [0.0]
        assert values(name, Sample(flat, flat + 1.0, TIMES[:4])) == [np.inf]


def test_logarithms_have_a_hundredth_of_the_mean_inside() -> None:
    truth = FLOWS[:, :, 0]
    constant = truth.mean() / 100
    off = np.sum((np.log(ANSWERS[:, :, 0] + constant) - np.log(truth + constant)) ** 2)
    logs = np.log(truth + constant)
    spread = np.sum((logs - logs.mean(axis=1, keepdims=True)) ** 2)
    assert values("log_nse", Sample(FLOWS[:, :, :1], ANSWERS[:, :, :1], TIMES)) == pytest.approx([off / spread])
    dry = scalars([0.0, 0.0, 3.0], [-1.0, 0.0, 3.0])  # below 0 counts as 0
    assert values("log_nse", dry) == [0.0]


# ------------------------------------------------------------------------------------- Peaks, times, areas


def test_peak_and_its_time() -> None:
    peaks = [np.max(s) - np.max(o) for s, o in every_series()]
    times = [TIMES[int(np.argmax(s))] - TIMES[int(np.argmax(o))] for s, o in every_series()]
    assert any(times)
    assert values("peak_error", SERIES) == pytest.approx([np.sqrt(np.mean(np.square(peaks)))])
    assert values("timing_error", SERIES) == pytest.approx([np.sqrt(np.mean(np.square(times)))])
    for name, each in (("peak_error", peaks), ("timing_error", times)):
        by_place = [np.sqrt(np.mean(np.square(each[place::2]))) for place in range(2)]
        assert values(name, SERIES, False) == pytest.approx(by_place)


def test_a_peak_counts_where_it_is_defined() -> None:
    counted = np.zeros((len(TIMES), 2), dtype=bool)
    counted[3, 1] = True
    peaks = (ANSWERS.max(axis=1) - FLOWS.max(axis=1))[:, 1]
    sample = Sample(FLOWS, ANSWERS, TIMES, counted)
    assert values("peak_error", sample) == pytest.approx([np.sqrt(np.mean(peaks**2))])
    assert values("peak_error", sample, False)[0] == 0.0


def test_area_of_what_is_defined() -> None:
    depth = np.array([[[0.0, 0.5, 1.0, 2.0]], [[0.0, 0.0, 0.0, 0.3]]])
    told = np.array([[[0.4, 0.5, 1.0, 2.0]], [[0.0, 0.2, 0.2, 0.3]]])
    sample = Sample(depth, told, (), (depth > 0.1).any(axis=0), (depth > 0.1, told > 0.1))
    assert values("area_error", sample) == pytest.approx([np.sqrt((1 + 4) / 2) / 2])  # 3 and 1 cells, told 4 and 3
    two = Sample(
        depth.reshape(2, 2, 2), told.reshape(2, 2, 2), (0.0, 1.0), None,
        ((depth > 0.1).reshape(2, 2, 2), (told > 0.1).reshape(2, 2, 2)),
    )  # fmt: skip
    assert values("area_error", two, False) == pytest.approx([np.sqrt((1 + 1) / 2) / 0.5, np.sqrt(1 / 2) / 1.5])


# ----------------------------------------------------------------------------------------------- Registry


@pytest.mark.parametrize("metric", METRICS.values(), ids=METRICS)
@pytest.mark.parametrize("pooled", [True, False])
def test_statistics_of_runs_add_up_and_a_right_answer_has_no_error(metric: Metric, pooled: bool) -> None:
    wet = FLOWS > 30.0
    sample = Sample(FLOWS, ANSWERS, TIMES, wet.any(axis=0), (wet, ANSWERS > 30.0))
    statistics = metric.statistics(sample, pooled)
    columns = {"elements": 16, "places": 2, "times": 8}[metric.columns]
    assert statistics.shape[0] == 5 and statistics.shape[2] == (1 if pooled else columns)
    twice = metric.combine(2 * statistics.sum(axis=0), np.array([10.0]))
    np.testing.assert_allclose(twice, metric.value(sample, pooled), rtol=1e-12)
    assert (metric.value(sample, pooled) > 0).any()
    right = Sample(FLOWS, FLOWS, TIMES, wet.any(axis=0), (wet, wet))
    np.testing.assert_allclose(metric.value(right, pooled), 0.0, atol=1e-7)


def test_names_and_labels() -> None:
    assert metric_of("rmse_wet") is METRICS["rmse_defined"]
    for metric in METRICS.values():
        assert all(metric.label[language] for language in LANGUAGES)
    assert METRICS["nse"].label["fr"] == "1 − NSE"
    with pytest.raises(UnusableInputError, match=r"metric 'nmrse' is unknown; .*did you mean 'nrmse'"):
        metric_of("nmrse")
    with pytest.raises(UnusableInputError, match="metric 3 is unknown"):
        metric_of(3)
    assert (scale_of("nrmse"), scale_of("rmse_wet"), scale_of("nse"), scale_of("of another version")) == (
        "share", "output", "score", "output",
    )  # fmt: skip
    assert error_allowed("kge", 0.7) == pytest.approx(0.3) and error_allowed("rmse_wet", 0.7) == 0.7
    with pytest.raises(UnusableInputError, match=r"over = 'mean'; 'pooled' .* or 'worst'"):
        check_over("mean")


def test_shapes_must_match() -> None:
    with pytest.raises(UnusableInputError, match=r"\[n, times, places\]"):
        Sample(np.zeros((3, 1)), np.zeros((3, 1)))


# --------------------------------------------------------------------------------------- What says nothing


def test_a_mean_that_says_nothing() -> None:
    course = np.sin(2 * np.pi * (np.arange(200) + 0.5) / 200)[:, None, None]
    spread = float(course.std())
    doubt = doubt_about_mean(course + 0.09 * spread, True)
    assert doubt is not None and doubt.column is None
    assert doubt.mean == pytest.approx(0.09 * spread) and doubt.spread == pytest.approx(spread)
    assert LEAST_MEAN == 0.1 and doubt_about_mean(course + 0.11 * spread, True) is None
    rare = np.zeros((400, 1, 1))
    rare[7] = 2.0
    assert abs(rare.mean()) < LEAST_MEAN * rare.std()
    assert doubt_about_mean(rare, True) is None, "of one sign: the mean says how much there is"
    assert doubt_about_mean(np.zeros((9, 1, 1)), True) is None


def test_a_mean_far_above_the_spread_says_nothing_either() -> None:
    kelvin = np.random.default_rng(3).normal(300.0, 3.0, (500, 1, 1))
    told = reason_against(METRICS["nrmse"], kelvin, True, "T", str)
    assert (
        told is not None and "more than 20 times as much: by an nrmse a constant is good to 1 %: use nrmse_std" in told
    )
    assert "against a spread of 3" in told or "against a spread of 2.9" in told
    for metric in ("nrmse_std", "nrmse_range", "rmse", "kge"):
        assert reason_against(METRICS[metric], kelvin, True, "T", str) is None
    spread = kelvin.std()
    assert reason_against(METRICS["nrmse"], kelvin - kelvin.mean() + 19 * spread, True, "T", str) is None
    assert reason_against(METRICS["nrmse"], np.full((9, 1, 1), 4.0), True, "T", str) is None, "a constant answers it"


def test_which_metric_values_ask_for() -> None:
    uniform = np.random.default_rng(4).uniform(0, 1, 300)
    assert undeclared_metric(10 ** (12 * uniform - 6)) == "rmsle"
    assert undeclared_metric(10 ** (2 * uniform)) == "nrmse_std", "90 % and 10 % are 1.6 decades apart"
    assert undeclared_metric(-(10 ** (12 * uniform))) == undeclared_metric(uniform - 0.5) == "nrmse_std"
    assert undeclared_metric(300 + uniform) == "nrmse_std"


def test_the_element_of_which_a_metric_says_nothing_is_named() -> None:
    course = np.sin(2 * np.pi * np.arange(200) / 200)
    truth = np.stack([course + 5, course, course - 5], axis=1)[:, None]
    told = reason_against(METRICS["nrmse"], truth, False, "y", lambda k: f"month={k}")
    assert told is not None
    assert told.startswith("the mean of 'y' at month=1 is ") and told.endswith(
        "against a spread of 0.707, an nrmse means nothing: use nrmse_std or rmse"
    )
    assert reason_against(METRICS["rmse"], truth, False, "y", str) is None
    assert reason_against(METRICS["nrmse_range"], truth, False, "y", str) is None
    assert "a kge means nothing: use nse" in str(reason_against(METRICS["kge"], truth, False, "y", str))
    assert "goes down to -6, but the metric log_nse is of values" in str(
        reason_against(METRICS["log_nse"], truth, False, "y", str)
    )
    assert reason_against(METRICS["log_nse"], truth + 6.0, False, "y", str) is None
