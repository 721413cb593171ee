"""Intervals whose width follows the question, made from residuals; places exchanged whole."""

import json

import numpy as np
import pytest

from frugal.candidates.interval import IntervalTold
from frugal.candidates.json_object import JsonObject
from frugal.experiments.study import Variable
from frugal.surrogates.fitting.intervals import (
    AnswerInterval,
    calibrated_interval,
    conformal_quantile,
    covered,
    interval_from,
    widths_by_folds,
)
from frugal.surrogates.onnx.graph import Graph, serialise, session

VARIABLES = (
    Variable("a", "1", 0.0, 1.0),
    Variable("b", "1", 10.0, 20.0),
    Variable("c", "1", 0.0, 2.0, choices=("p", "q", "r")),
)


def rows(n: int, seed: int) -> np.ndarray:
    rng = np.random.default_rng(seed)
    return np.stack([rng.random(n), rng.uniform(10, 20, n), rng.integers(0, 3, n)], axis=1)


def growing(x: np.ndarray, seed: int) -> np.ndarray:
    """Noise that grows twentyfold along the first input."""
    return (0.1 + 1.9 * x[:, :1]) * np.random.default_rng(seed).normal(size=(len(x), 1))


def asked(interval: AnswerInterval, x: np.ndarray) -> np.ndarray:
    graph = Graph()
    given = graph.input("inputs", x.shape[1])
    width = graph.op("Add", interval.graph(graph, given), graph.constant(np.zeros(len(interval.half_width))))
    zero = graph.op("Mul", graph.op("ReduceSum", given, graph.constant([1], np.int64), keepdims=1), graph.constant(0.0))
    model = graph.finish([("width", graph.op("Add", zero, width), 1, (len(interval.half_width),))])
    return session(serialise(model)).run(None, {"inputs": x.astype(np.float32)})[0]


def test_the_width_follows_noise_that_grows_and_covers_where_it_is_largest():
    quarters, hardest = [], []
    for seed in range(12):
        x, new = rows(200, seed), rows(2000, 1000 + seed)
        interval = calibrated_interval(growing(x, seed), x, VARIABLES, (1,))
        assert interval.kind == "scale"
        inside = np.abs(growing(new, 2000 + seed)) <= interval.widths(new)
        quarter = np.minimum((4 * new[:, 0]).astype(int), 3)
        quarters.append([inside[quarter == k].mean() for k in range(4)])
        hardest.append(inside[np.argsort(-new[:, 0])[:400]].mean())
    found = np.mean(quarters, axis=0)
    assert (found > 0.84).all() and found.mean() > 0.885, found
    assert np.mean(hardest) > 0.83  # one width for all rows: 0.73


def test_one_width_where_noise_is_the_same_everywhere():
    kinds = []
    for seed in range(10):
        x = rows(100, seed)
        kinds.append(calibrated_interval(np.random.default_rng(seed).normal(size=(100, 1)), x, VARIABLES, (1,)).kind)
    assert kinds.count("constant") >= 9


@pytest.mark.parametrize(("n", "kind"), [(8, "none"), (9, "constant"), (29, "constant"), (60, "scale")])
def test_few_rows_have_one_width_and_very_few_none(n: int, kind: str):
    x = rows(n, 0)
    x[:, 0] = np.linspace(0, 1, n)
    residuals = (0.01 + x[:, :1] ** 2) * np.where(np.arange(n) % 2, 1.0, -1.0)[:, None]
    interval = calibrated_interval(residuals, x, VARIABLES, (1,))
    assert interval.kind == kind and np.isinf(interval.widths(x)).all() == (kind == "none")


def test_rows_alone_are_ranked_and_places_are_exchanged_whole():
    sizes = np.random.default_rng(0).permutation(np.arange(1.0, 39.0))[:, None]
    assert conformal_quantile(sizes, None, 0.9) == (np.array([36.0]), True)  # ceil(39 * 0.9)
    # 19 places of two rows: each row counts 1 / 40, and 36 of them make nine in ten
    assert conformal_quantile(sizes, np.repeat(np.arange(19), 2), 0.9) == (np.array([36.0]), True)
    # ten places: nine tenths of eleven are 9.9 places, so nearly the largest
    rng = np.random.default_rng(1)
    groups = np.concatenate([np.arange(10), rng.integers(0, 10, 28)])
    weight = {label: 1 / (np.sum(groups == label) * 11) for label in range(10)}
    order = np.argsort(sizes[:, 0])
    by_hand = next(
        sizes[order[k], 0] for k in range(38) if sum(weight[groups[row]] for row in order[: k + 1]) >= 0.9 - 1e-12
    )
    assert conformal_quantile(sizes, groups, 0.9) == (np.array([by_hand]), True)
    # of eight no rank covers nine in ten new places: rows are ranked, and it is told
    assert conformal_quantile(sizes, np.arange(38) % 8, 0.9) == (np.array([36.0]), False)


def test_repeats_with_an_effect_of_their_group_are_covered_at_new_groups():
    inside, alone = [], []
    for seed in range(40):
        rng = np.random.default_rng(seed)
        group = np.repeat(np.arange(12), 30)
        x = rows(12, seed)[group]
        residuals = (rng.normal(size=12)[group] + 0.1 * rng.normal(size=360))[:, None]
        new = rng.normal(size=4000)
        for found, groups in ((inside, group), (alone, None)):
            interval = calibrated_interval(residuals, x, VARIABLES, (1,), groups)
            width = np.median(interval.widths(rows(500, 1)))
            found.append(np.mean(np.abs(new) <= width))
    assert np.mean(inside) > 0.9 > np.mean(alone) + 0.02


def test_the_graph_gives_the_same_widths():
    x, new = rows(120, 3), rows(50, 4)
    scalar = growing(x, 0)
    vector = growing(x, 1) * np.array([1.0, 3.0, 0.0])  # an element that is never wrong
    interval = calibrated_interval(np.hstack([scalar, vector]), x, VARIABLES, (1, 3))
    assert interval.kind == "scale"
    np.testing.assert_allclose(asked(interval, new), interval.widths(new), rtol=1e-5)
    assert (interval.widths(new)[:, 3] == 0).all() and np.ptp(interval.widths(new)[:, 0]) > 0
    alone = calibrated_interval(scalar, x, VARIABLES, (1,))
    np.testing.assert_allclose(asked(alone, new), alone.widths(new), rtol=1e-5)
    plain = calibrated_interval(scalar[:20], x[:20], VARIABLES, (1,))
    np.testing.assert_allclose(asked(plain, new), plain.widths(new), rtol=1e-6)


class Telling:
    """A model that knows its noise exactly."""

    def deviation(self, inputs: np.ndarray) -> np.ndarray:
        return np.where(inputs[:, :1] > 0.5, 10.0, 0.1) * np.where(inputs[:, 1:2] > 15, 5.0, 1.0)

    def deviation_graph(self, builder: Graph, x: str) -> str:
        first, second, _ = builder.op("Split", x, builder.constant([1, 1, 1], np.int64), outputs=3, axis=1)
        wide = builder.op(
            "Where", builder.op("Greater", first, builder.constant(0.5)), builder.constant(10.0), builder.constant(0.1)
        )
        more = builder.op(
            "Where", builder.op("Greater", second, builder.constant(15.0)), builder.constant(5.0), builder.constant(1.0)
        )
        return builder.op("Mul", wide, more)


def test_a_deviation_that_tells_more_than_a_scale_is_the_width():
    x, new, model = rows(200, 0), rows(3000, 1), Telling()
    noise = model.deviation(x) * np.random.default_rng(2).normal(size=(200, 1))
    interval = calibrated_interval(noise, x, VARIABLES, (1,), deviations=model.deviation(x), model=model)
    assert interval.kind == "deviation"
    assert interval.half_width[0] == pytest.approx(1.645, rel=0.25)  # of a normal error
    np.testing.assert_allclose(asked(interval, new), interval.widths(new), rtol=1e-5)
    useless = np.exp(np.random.default_rng(3).normal(size=(200, 1)))
    assert calibrated_interval(noise, x, VARIABLES, (1,), deviations=useless, model=model).kind == "scale"
    assert interval_from(interval.told, interval.half_width, (1,), VARIABLES) is None  # only its graph tells it


def test_an_interval_is_read_as_it_was_written():
    x, new = rows(120, 3), rows(50, 4)
    interval = calibrated_interval(growing(x, 0), x, VARIABLES, (1,), np.arange(120) % 10)
    told = IntervalTold.read(JsonObject(json.loads(json.dumps(interval.told.to_json())), "candidates.json"))
    assert told == interval.told and (told.rows, told.places, told.assured) == (120, 10, True)
    again = interval_from(told, interval.half_width.tolist(), (1,), VARIABLES)
    assert again is not None
    np.testing.assert_array_equal(again.widths(new), interval.widths(new))


@pytest.mark.parametrize("size", [1e-14, 1.0, 1e14])
def test_coverage_does_not_depend_on_the_unit(size: float):
    rng = np.random.default_rng(0)
    truth = rng.normal(size=(1000, 1))
    predicted = truth + 0.5 * rng.normal(size=(1000, 1))
    width = calibrated_interval((truth - predicted) * size, rows(1000, 0), VARIABLES, (1,)).half_width
    inside = covered(truth * size, predicted * size - width / 2, predicted * size + width / 2)
    # half the width: of a normal error within 1.645 / 2 deviations
    assert inside.mean() == pytest.approx(0.589, abs=0.04)


def test_rounding_to_float32_puts_nothing_outside():
    truth = 300 + np.random.default_rng(0).normal(size=(100, 1))
    single = truth.astype(np.float32).astype(float)
    assert covered(truth, single, single).all()
    offset = 1e9 + np.arange(4.0)[:, None]  # but what differs is not taken for rounding
    assert not covered(offset, offset + 1, offset + 1).any()


def test_residuals_judge_intervals_made_without_their_fold():
    x, labels = rows(300, 0), np.arange(300) % 3
    residuals = growing(x, 0)
    inside = np.abs(residuals) <= widths_by_folds(residuals, x, VARIABLES, (1,), labels)
    assert 0.86 < inside.mean() < 0.94
    residuals = np.where(labels == 2, 100.0, 1.0)[:, None]  # a fold that is off is not what its own interval is made of
    inside = np.abs(residuals) <= widths_by_folds(residuals, x, VARIABLES, (1,), labels)
    assert not inside[labels == 2].any() and inside[labels != 2].all()
