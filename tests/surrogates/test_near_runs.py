"""Where runs lie: questions in holes of a design are outside, among its runs inside; a box that is filled is the domain."""

import itertools

import numpy as np
import pytest

from frugal.experiments.designs.sampling import latin_hypercube, sobol
from frugal.experiments.study import Variable
from frugal.surrogates.fitting.near_runs import NearRuns, near_runs
from frugal.surrogates.onnx.graph import Graph, serialise, session


def variables(d: int) -> tuple[Variable, ...]:
    return tuple(Variable(f"x{j}", "1", 0.0, 1.0) for j in range(d))


def lshape(n: int, d: int, seed: int) -> np.ndarray:
    x = np.random.default_rng(seed).random((4 * n + 50, d))
    return x[~((x[:, 0] > 0.5) & (x[:, 1] > 0.5))][:n]


def corner(n: int, d: int, seed: int) -> np.ndarray:
    x = np.random.default_rng(seed).random((n, d))
    x[:, :2] = 0.5 + 0.5 * x[:, :2]
    return x


def told(inputs: np.ndarray, columns: tuple[Variable, ...], **more: object) -> NearRuns:
    found, by = near_runs(inputs, columns, **more)  # type: ignore[arg-type]
    assert found is not None and by == "runs"
    return found


@pytest.mark.parametrize(("n", "d", "most"), [(400, 2, 0.1), (300, 2, 0.11), (1000, 5, 0.13)])
def test_the_empty_corner_of_an_l_is_outside(n: int, d: int, most: float):
    shares = []
    for seed in range(5):
        near = told(lshape(n, d, seed), variables(d), seed=seed)
        fresh, empty = (near.score(x) >= 1 for x in (lshape(2000, d, 100 + seed), corner(2000, d, 200 + seed)))
        shares.append((fresh.mean(), empty.mean()))
        deep = corner(500, d, 300 + seed)
        deep[:, :2] = 0.7 + 0.6 * (deep[:, :2] - 0.5)
        assert not (near.score(deep) >= 1).any()
    fresh, empty = np.mean(shares, axis=0)
    assert fresh >= 0.95 and empty <= most


def grid(*levels: int) -> np.ndarray:
    return np.array(list(itertools.product(*(np.linspace(0, 1, n) for n in levels))))


@pytest.mark.parametrize(
    "inputs",
    [
        grid(11, 11), grid(3, 3, 3, 3), grid(2, 2, 2, 2, 2), grid(6, 40), grid(40), np.random.default_rng(0).random((60, 1)),
        sobol(variables(3), 64, 0), latin_hypercube(variables(8), 60, 0), latin_hypercube(variables(2), 400, 0),
    ],
    ids=["11x11", "3^4", "2^5", "6x40", "levels", "one input", "sobol", "8 inputs", "hypercube"],
)  # fmt: skip
def test_designs_that_fill_their_bounds_need_no_more_than_these(inputs: np.ndarray):
    assert near_runs(inputs, variables(inputs.shape[1])) == (None, "filled")


def test_few_runs_say_nothing_of_where_they_lie():
    assert near_runs(lshape(15, 2, 0), variables(2)) == (None, "few_runs")
    copies = np.repeat(lshape(15, 2, 0), 4, axis=0)
    assert near_runs(copies, variables(2))[1] == "few_runs"  # four times the same tells no more


def test_a_gap_in_one_input_and_in_a_grid():
    apart = np.concatenate([np.linspace(0, 0.3, 30), np.linspace(0.7, 1, 30)])[:, None]
    near = told(apart, variables(1))
    assert (near.score(np.array([[0.1], [0.29], [0.85]])) >= 1).all() and near.score(np.array([[0.5]]))[0] < 1
    holed = grid(15, 15)
    holed = holed[~((holed[:, 0] > 0.55) & (holed[:, 1] > 0.55))]
    near = told(holed, variables(2))
    assert near.score(np.array([[0.85, 0.85]]))[0] < 1
    assert (near.score(np.random.default_rng(0).uniform(0, 0.5, (500, 2))) >= 1).all()


def test_bounds_wider_than_the_runs_are_not_the_domain():
    wide = tuple(Variable(f"x{j}", "1", -10.0, 10.0) for j in range(2))
    near = told(np.random.default_rng(0).random((200, 2)), wide)
    fresh = np.random.default_rng(1).random((1000, 2))
    assert (near.score(fresh) >= 1).mean() > 0.93
    assert not (near.score(np.array([[-5.0, 0.5], [5.0, 5.0], [1.6, 0.5]])) >= 1).any()


def test_choices_and_periods():
    columns = (
        Variable("kind", "1", 0, 2, choices=("a", "b", "c")),
        Variable("angle", "deg", 0, 360, period=360.0),
        Variable("x", "1", 0, 1),
    )
    rng = np.random.default_rng(0)
    x = np.stack([rng.integers(0, 3, 400), rng.uniform(0, 360, 400), rng.random(400)], axis=1).astype(float)
    assert near_runs(x, columns)[1] == "filled"
    x[x[:, 0] == 2, 2] *= 0.4  # of the third kind only small x were run
    north = x[:, 1] < 180
    x[:, 1] = np.where(north, x[:, 1] / 6, 360 - (x[:, 1] - 180) / 6)  # and all within 30 degrees of north
    near = told(x, columns)
    inside = near.score(np.array([[0, 5.0, 0.8], [0, 355.0, 0.8], [2, 0.0, 0.2], [0, 180.0, 0.8], [2, 0.0, 0.9]])) >= 1
    assert inside.tolist() == [True, True, True, False, False]


def test_whole_places_are_left_out():
    rng = np.random.default_rng(0)
    places = np.repeat(np.arange(30), 10)
    x = np.clip(rng.random((30, 3))[places] + 0.02 * rng.normal(size=(300, 3)), 0, 1)
    new = np.clip(rng.random((300, 3)), 0, 1)
    kept, rows = (near_runs(x, variables(3), groups)[0] for groups in (places, None))
    share = [1.0 if near is None else float((near.score(new) >= 1).mean()) for near in (kept, rows)]
    assert share[0] > 0.9 > share[1]


@pytest.mark.parametrize("d", [1, 2, 6])
def test_the_graph_says_the_same(d: int):
    x = lshape(300, d, 0) if d > 1 else np.concatenate([np.linspace(0, 0.3, 99), np.linspace(0.7, 1, 99)])[:, None]
    near = told(x, variables(d))
    assert len(near.weights) == (1 if d < 3 else 2) and len(near.stored) <= 400
    graph = Graph()
    model = graph.finish([("inside", near.graph(graph, graph.input("inputs", d)), 9, ())])
    asked = np.random.default_rng(1).random((3000, d)).astype(np.float32)
    found = session(serialise(model)).run(None, {"inputs": asked})[0]
    score = near.score(asked.astype(float))
    close = np.abs(score - 1) < 1e-3
    assert (found == (score >= 1))[~close].all() and close.mean() < 0.01


def test_holed_pairs_among_many_inputs_weigh_little():
    columns = (
        *variables(19),
        Variable("angle", "deg", 0, 360, period=360.0),
        Variable("k", "1", 0, 2, choices=tuple("abc")),
    )
    rng = np.random.default_rng(0)
    x = np.column_stack([rng.random((1500, 19)), rng.uniform(0, 360, 1500), rng.integers(0, 3, 1500)])

    def holed(rows: np.ndarray) -> np.ndarray:
        first = (rows[:, 0] > 0.5) & (rows[:, 1] > 0.5)
        return first | ((rows[:, 2] > 0.6) & (rows[:, 19] < 180)) | ((rows[:, 20] == 1) & (rows[:, 4] < 0.4))

    near = told(x[~holed(x)], columns)
    assert {("x0", "x1"), ("x2", "angle"), ("x4", "k")} <= set(near.pairs)
    graph = Graph()
    model = serialise(graph.finish([("inside", near.graph(graph, graph.input("inputs", 21)), 9, ())]))
    full = 4 * 2 * near.weights.size * len(near.stored)  # a table of all columns for each pair, as float32
    assert len(model) < full / 8
    asked = x.astype(np.float32)
    found = session(model).run(None, {"inputs": asked})[0]
    score = near.score(asked.astype(float))
    close = np.abs(score - 1) < 1e-3
    assert (found == (score >= 1))[~close].all() and close.mean() < 0.01 and 0.2 < found.mean() < 0.9
