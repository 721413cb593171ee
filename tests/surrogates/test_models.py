"""Every fitted rung keeps the same contract; the ones made for a kind of function recover it."""

import subprocess
import sys

import numpy as np
import pytest
from onnx import TensorProto

from frugal.errors import UnusableInputError
from frugal.experiments.study import RUNGS, Variable
from frugal.surrogates.fitting.folds import folds
from frugal.surrogates.fitting.model import Skipped
from frugal.surrogates.models.kriging.covariance import KERNELS
from frugal.surrogates.models.registry import SCALAR_MODELS
from frugal.surrogates.models.scalar.gaussian_process import GaussianProcess
from frugal.surrogates.models.scalar.mlp import Mlp
from frugal.surrogates.models.scalar.quadratic import QuadraticRidge
from frugal.surrogates.models.scalar.table import first_order_shares
from frugal.surrogates.onnx.graph import Graph, serialise, session

PARITY_SIGMA = 1e-4

PLAIN = tuple(Variable(f"x{j}", "1", -2.0, 5.0) for j in range(3))
MIXED = (
    Variable("tilt_deg", "degree", 0.0, 90.0),
    Variable("azimuth_deg", "degree", 0.0, 360.0, period=360.0),
    Variable("easting", "m", 652_000.0, 653_000.0),
    Variable("flat", "1", 0, 1, choices=("no", "yes")),
    Variable("soil", "1", 0, 2, choices=("clay", "sand", "silt")),
)
AZIMUTH = MIXED[1]

every_rung = pytest.mark.parametrize("rung", SCALAR_MODELS, ids=lambda rung: rung.name)


def draw(variables, n, seed=0):
    rng = np.random.default_rng(seed)
    columns = [rng.integers(0, len(v.choices), n) if v.choices else rng.uniform(v.low, v.high, n) for v in variables]
    return np.stack(columns, axis=1).astype(float)


def edges(variables):
    """Corners, faces, every choice, and both sides of the seam of a period."""
    low, high = np.array([v.low for v in variables]), np.array([v.high for v in variables])
    faces = np.repeat([(low + high) / 2], 2 * len(variables), axis=0)
    for j in range(len(variables)):
        faces[2 * j, j], faces[2 * j + 1, j] = low[j], high[j]
    rows = [low, high, *faces]
    for j, variable in enumerate(variables):
        values = range(len(variable.choices)) if variable.choices else ()
        if variable.period:
            values = (variable.low + 1e-3, variable.high - 1e-3)
        for value in values:
            rows.append(faces[0].copy())
            rows[-1][j] = value
    rows = np.array(rows)
    for j, variable in enumerate(variables):
        if variable.choices:
            rows[:, j] = np.round(rows[:, j])
    return rows


def respond(variables, inputs, m=3):
    """A smooth answer in which every input counts, of ``m`` outputs with very different sizes."""
    low, high = np.array([v.low for v in variables]), np.array([v.high for v in variables])
    z = 2 * (inputs - low) / (high - low) - 1
    for j, variable in enumerate(variables):
        if variable.period:
            z[:, j] = np.cos(2 * np.pi * (inputs[:, j] - 20) / variable.period)
    weights = np.random.default_rng(1).normal(size=(z.shape[1], m))
    y = z @ weights + 0.5 * np.tanh(2 * z[:, :1]) * z[:, -1:] + 0.3 * z[:, :1] ** 2
    return 1000.0 ** np.linspace(0, 1, m) * (y + 3)


def fit(rung, variables, inputs, outputs, groups=None, *, seed=0):
    """Fit, or skip the test where the rung says in both languages that it cannot serve."""
    try:
        return rung.fit(inputs, outputs, groups, variables, seed)
    except Skipped as skipped:
        assert all(len(skipped.reason[language]) > 20 for language in ("en", "fr"))
        pytest.skip(str(skipped))


def export(fitted, variables, m):
    graph = Graph()
    y = graph.cast(fitted.graph(graph, graph.input("x", len(variables))), np.float32)
    return serialise(graph.finish([("y", y, TensorProto.FLOAT, (m,))]))


def assert_parity(fitted, variables, rows, outputs):
    """Graph and model agree, for float32 inputs, to a small part of the spread of each output."""
    rows = rows.astype(np.float32)
    m = outputs.shape[1]
    expected = fitted.predict(rows.astype(np.float64))
    assert expected.shape == (len(rows), m) and expected.dtype == np.float64
    got = session(export(fitted, variables, m)).run(None, {"x": rows})[0]
    assert got.shape == (len(rows), m)
    spread = outputs.std(axis=0)
    # float32 holds an answer to 6e-8 of its size, which is all there is to compare where the spread is
    # smaller
    tolerance = np.maximum(PARITY_SIGMA * spread, 4e-7 * np.abs(expected).max(axis=0))
    assert (np.abs(got - expected) <= tolerance).all(), (np.abs(got - expected) / tolerance).max()


@every_rung
def test_contract(rung):
    assert rung.name.isidentifier()
    assert rung.kind in RUNGS
    assert set(rung.label) == {"en", "fr"}
    assert len({other.name for other in SCALAR_MODELS}) == len(SCALAR_MODELS)
    inputs = draw(PLAIN, 60)
    fitted = fit(rung, PLAIN, inputs, respond(PLAIN, inputs))
    assert isinstance(fitted.parameters, int) and fitted.parameters > 0
    assert fitted.log["search_cpu_seconds"] >= 0 and fitted.log["fit_cpu_seconds"] > 0
    assert isinstance(fitted.log["trials"], int) and fitted.log["trials"] >= 1
    assert fitted.log["stopped_early"] in ("converged", "early_stopping", "iteration_limit", "closed_form")
    import json

    json.dumps(fitted.log, allow_nan=False)


@every_rung
def test_same_seed_same_bytes(rung):
    inputs = draw(MIXED, 80)
    outputs = respond(MIXED, inputs)
    first, second = (fit(rung, MIXED, inputs, outputs, seed=3) for _ in range(2))
    np.testing.assert_array_equal(first.predict(inputs), second.predict(inputs))
    assert export(first, MIXED, 3) == export(second, MIXED, 3)


@every_rung
@pytest.mark.parametrize("variables", [PLAIN, MIXED], ids=["plain", "mixed"])
def test_graph_answers_like_the_model(rung, variables):
    inputs = draw(variables, 150)
    outputs = respond(variables, inputs)
    fitted = fit(rung, variables, inputs, outputs)
    rows = np.concatenate([draw(variables, 500, seed=1), edges(variables), inputs])
    assert_parity(fitted, variables, rows, outputs)
    assert_parity(fitted, variables, rows[:1], outputs)


@every_rung
def test_graph_answers_alike_where_inputs_stand_on_a_grid(rung):
    """Trees divide next to every input, and both halves of a turn have equal cosines."""
    rng = np.random.default_rng(0)
    inputs = np.stack([rng.integers(0, 10, 200) / 10 * 7 - 2, rng.integers(0, 24, 200) * 15.0], axis=1)
    variables = (PLAIN[0], AZIMUTH)
    outputs = respond(variables, inputs)
    assert_parity(fit(rung, variables, inputs, outputs), variables, inputs, outputs)


@every_rung
def test_a_mean_that_dwarfs_the_spread(rung):
    """A temperature in kelvin or an altitude must not lose its variation to float32 inside the graph."""
    inputs = draw(PLAIN, 100)
    outputs = 1e4 + respond(PLAIN, inputs, 1) / respond(PLAIN, inputs, 1).std()
    fitted = fit(rung, PLAIN, inputs, outputs)
    graph = Graph()
    y = graph.cast(fitted.graph(graph, graph.input("x", 3)), np.float64)
    model = serialise(graph.finish([("y", y, TensorProto.DOUBLE, (1,))]))
    rows = draw(PLAIN, 100, seed=1).astype(np.float32)
    got = session(model).run(None, {"x": rows})[0]
    tolerance = 1e-3 if rung.name == "constant" else PARITY_SIGMA
    np.testing.assert_allclose(got, fitted.predict(rows), atol=tolerance, rtol=0)


@every_rung
def test_the_seam_of_a_period_is_not_seen(rung):
    inputs = draw((AZIMUTH, PLAIN[0]), 120)
    fitted = fit(rung, (AZIMUTH, PLAIN[0]), inputs, respond((AZIMUTH, PLAIN[0]), inputs))
    seam = fitted.predict(np.array([[0.0, 1.0], [360.0, 1.0]]))
    np.testing.assert_allclose(seam[0], seam[1], rtol=1e-9)


@every_rung
@pytest.mark.parametrize("n", [1, 2, 8, 25])
def test_few_runs(rung, n):
    inputs = draw(MIXED[:2], n)
    outputs = respond(MIXED[:2], inputs)
    fitted = fit(rung, MIXED[:2], inputs, outputs)
    rows = draw(MIXED[:2], 50, seed=1)
    predicted = fitted.predict(rows)
    assert np.isfinite(predicted).all()
    assert_parity(fitted, MIXED[:2], rows, outputs)


@every_rung
def test_one_input_and_one_output(rung):
    inputs = draw(PLAIN[:1], 60)
    outputs = np.sin(inputs)
    assert_parity(fit(rung, PLAIN[:1], inputs, outputs), PLAIN[:1], draw(PLAIN[:1], 100, seed=1), outputs)


@every_rung
def test_many_outputs_some_of_them_constant(rung):
    inputs = draw(PLAIN, 80)
    outputs = np.concatenate([respond(PLAIN, inputs, 12), np.zeros((80, 1)), np.full((80, 1), 7.3)], axis=1)
    fitted = fit(rung, PLAIN, inputs, outputs)
    predicted = fitted.predict(draw(PLAIN, 20, seed=1))
    np.testing.assert_allclose(predicted[:, 12:], np.tile([0.0, 7.3], (20, 1)), atol=1e-12)
    assert_parity(fitted, PLAIN, inputs, outputs)


@every_rung
def test_targets_that_are_all_constant(rung):
    inputs = draw(MIXED, 60)
    outputs = np.tile([0.1, 0.0], (60, 1))
    fitted = fit(rung, MIXED, inputs, outputs)
    np.testing.assert_allclose(fitted.predict(inputs), outputs, rtol=1e-12)
    assert_parity(fitted, MIXED, inputs, outputs)


@every_rung
def test_rows_that_repeat(rung):
    inputs = np.repeat(draw(PLAIN, 15), 4, axis=0)
    outputs = respond(PLAIN, inputs)
    outputs += 0.01 * outputs.std(axis=0) * np.random.default_rng(0).normal(size=outputs.shape)
    fitted = fit(rung, PLAIN, inputs, outputs)
    assert np.isfinite(fitted.predict(inputs)).all()
    assert_parity(fitted, PLAIN, inputs, outputs)


@every_rung
def test_inputs_that_never_vary(rung):
    inputs = draw(PLAIN, 60)
    inputs[:, 1] = 0.5
    outputs = respond(PLAIN, inputs)
    assert_parity(fit(rung, PLAIN, inputs, outputs), PLAIN, draw(PLAIN, 50, seed=1), outputs)
    all_alike = np.tile(inputs[:1], (60, 1))
    assert np.isfinite(fit(rung, PLAIN, all_alike, outputs).predict(inputs)).all()


@every_rung
def test_groups_are_taken(rung):
    inputs = draw(PLAIN, 90)
    outputs = respond(PLAIN, inputs)
    for labels in (np.arange(90) % 6, np.array(["a", "b"])[np.arange(90) % 2]):
        assert np.isfinite(fit(rung, PLAIN, inputs, outputs, labels).predict(inputs)).all()


@every_rung
def test_a_settled_rung_fits_alike_without_a_search(rung):
    inputs = draw(MIXED, 80)
    outputs = respond(MIXED, inputs)
    first = fit(rung, MIXED, inputs, outputs)
    again = rung.with_fixed_settings(first).fit(inputs, outputs, None, MIXED, 0)
    np.testing.assert_array_equal(first.predict(inputs), again.predict(inputs))
    if rung.name in ("mlp", "boosted_trees"):
        assert again.log["search_cpu_seconds"] < 0.5 * first.log["search_cpu_seconds"]
    settled_on_nothing = rung.with_fixed_settings(fit(rung, MIXED, inputs, np.ones((80, 1))))
    assert np.isfinite(settled_on_nothing.fit(inputs, outputs, None, MIXED, 0).predict(inputs)).all()


@every_rung
def test_unusable_runs_are_refused(rung):
    inputs = draw(PLAIN, 60)
    outputs = respond(PLAIN, inputs)
    for bad in (np.where(outputs == outputs[3], np.nan, outputs), outputs[:-1], outputs[:, 0]):
        with pytest.raises(UnusableInputError):
            rung.fit(inputs, bad, None, PLAIN, 0)
    with pytest.raises(UnusableInputError, match="'x1'"):
        rung.fit(np.where(inputs == inputs[2, 1], np.inf, inputs), outputs, None, PLAIN, 0)


@every_rung
def test_a_missing_input_is_never_answered(rung):
    inputs = draw(PLAIN, 60)
    fitted = fit(rung, PLAIN, inputs, respond(PLAIN, inputs))
    row = np.array([[np.nan, 0.0, 0.0]])
    with pytest.raises(UnusableInputError, match="'x0'"):
        fitted.predict(row)
    got = session(export(fitted, PLAIN, 3)).run(None, {"x": row.astype(np.float32)})[0]
    assert np.isnan(got).all()


@every_rung
def test_the_fit_does_not_change_the_runs(rung):
    inputs = draw(MIXED, 60)
    outputs = respond(MIXED, inputs)
    kept = inputs.copy(), outputs.copy()
    fit(rung, MIXED, inputs, outputs)
    np.testing.assert_array_equal(inputs, kept[0])
    np.testing.assert_array_equal(outputs, kept[1])


def by_name(name):
    return next(rung for rung in SCALAR_MODELS if rung.name == name)


def q2(rung, variables, function, n, *, seed=0, n_test=2000):
    """Share of the variance that a fit on ``n`` runs explains at new points."""
    inputs, rows = draw(variables, n, seed), draw(variables, n_test, seed + 100)
    truth = function(rows)
    error = rung.fit(inputs, function(inputs), None, variables, seed).predict(rows) - truth
    return 1 - np.mean(error**2) / truth.var()


def test_linear_recovers_a_linear_function():
    inputs, rows = draw(MIXED[:3], 40), draw(MIXED[:3], 200, seed=1)

    def function(x):
        turn = np.radians(x[:, 1])
        return np.stack([3 + 2 * x[:, 0] - 5 * np.cos(turn), 1e-3 * x[:, 2] + np.sin(turn)], axis=1)

    predicted = by_name("linear").fit(inputs, function(inputs), None, MIXED[:3], 0).predict(rows)
    assert (np.abs(predicted - function(rows)) / function(rows).std(axis=0)).max() < 1e-6


@pytest.mark.parametrize("groups", [None, np.arange(120) % 8], ids=["rows", "groups"])
def test_quadratic_recovers_a_quadratic_function(groups):
    inputs, rows = draw(PLAIN, 120), draw(PLAIN, 200, seed=1)

    def function(x):
        return np.stack([1 + x[:, 0] * x[:, 1] - 2 * x[:, 2] ** 2, x.sum(axis=1) ** 2], axis=1)

    predicted = by_name("quadratic").fit(inputs, function(inputs), groups, PLAIN, 0).predict(rows)
    assert (np.abs(predicted - function(rows)) / function(rows).std(axis=0)).max() < 1e-6


def test_ridge_takes_a_penalty_under_noise():
    """With half as many columns as runs and noise alone, the penalty keeps the fit near the mean."""
    variables = tuple(Variable(f"x{j}", "1", 0.0, 1.0) for j in range(40))
    inputs = draw(variables, 80)
    outputs = np.random.default_rng(5).normal(size=(80, 1))
    predicted = by_name("linear").fit(inputs, outputs, None, variables, 0).predict(draw(variables, 500, seed=1))
    assert predicted.std() < 0.3


def test_group_penalty_differs_from_row_penalty():
    """Rows of a group are near copies: left out one by one they are foretold, together they are not."""
    rng = np.random.default_rng(0)
    variables = tuple(Variable(f"x{j}", "1", -4.0, 4.0) for j in range(12))
    labels = np.repeat(np.arange(15), 10)
    inputs = np.clip(rng.normal(size=(15, 12))[labels] + 1e-3 * rng.normal(size=(150, 12)), -4, 4)
    outputs = inputs[:, :1] + 2 * rng.normal(size=(15, 1))[labels]
    linear = by_name("linear")
    by_rows = linear.fit(inputs, outputs, None, variables, 0).log["penalties"][0]
    by_groups = linear.fit(inputs, outputs, labels, variables, 0).log["penalties"][0]
    assert by_groups > 100 * by_rows


def test_shares_rank_the_inputs():
    inputs = draw(PLAIN, 2000)
    outputs = np.stack([3 * inputs[:, 0] + inputs[:, 1], 3 * inputs[:, 0] + inputs[:, 1]], axis=1)
    shares = first_order_shares(inputs, outputs, PLAIN)
    np.testing.assert_allclose(shares, [0.9, 0.1, 0.0], atol=0.03)


def test_table_recovers_what_it_can_hold():
    assert q2(by_name("table"), PLAIN, lambda x: np.abs(x[:, :1] - 1.5) * x[:, 1:2], 1000) > 0.98
    assert q2(by_name("table"), (AZIMUTH,), lambda x: np.cos(np.radians(x)), 400) > 0.999


def test_table_stores_less_than_the_runs():
    inputs = draw(PLAIN, 160)
    fitted = by_name("table").fit(inputs, respond(PLAIN, inputs, 2), None, PLAIN, 0)
    assert fitted.parameters <= 160 / 8 * 2


ISHIGAMI = tuple(Variable(f"x{j}", "1", -np.pi, np.pi) for j in range(3))
BOREHOLE = tuple(
    Variable(name, unit, low, high)
    for name, unit, low, high in (
        ("radius", "m", 0.05, 0.15),
        ("influence", "m", 100, 50000),
        ("upper_transmissivity", "m2/yr", 63070, 115600),
        ("upper_head", "m", 990, 1110),
        ("lower_transmissivity", "m2/yr", 63.1, 116),
        ("lower_head", "m", 700, 820),
        ("length", "m", 1120, 1680),
        ("conductivity", "m/yr", 9855, 12045),
    )
)


def ishigami(x):
    """Ishigami & Homma (1990), with a = 7 and b = 0.1."""
    return (np.sin(x[:, 0]) + 7 * np.sin(x[:, 1]) ** 2 + 0.1 * x[:, 2] ** 4 * np.sin(x[:, 0]))[:, None]


def borehole(x):
    """Flow of water through a borehole (Harper & Gupta 1983), m3/yr."""
    radius, influence, upper, upper_head, lower, lower_head, length, conductivity = x.T
    log = np.log(influence / radius)
    inner = 1 + 2 * length * upper / (log * radius**2 * conductivity) + upper / lower
    return (2 * np.pi * upper * (upper_head - lower_head) / (log * inner))[:, None]


# Least share of the variance explained on 2000 new points; the error is then at most about sqrt(1 - Q2) of
# the spread.
@pytest.mark.parametrize(
    ("name", "variables", "function", "n", "least"),
    [
        ("gaussian_process", BOREHOLE, borehole, 200, 0.9999),
        ("gaussian_process", ISHIGAMI, ishigami, 200, 0.97),
        ("mlp", BOREHOLE, borehole, 200, 0.999),
        ("quadratic", BOREHOLE, borehole, 200, 0.997),
        ("linear", BOREHOLE, borehole, 200, 0.92),
        ("mlp", ISHIGAMI, ishigami, 1000, 0.995),
        ("boosted_trees", BOREHOLE, borehole, 500, 0.97),
        ("boosted_trees", ISHIGAMI, ishigami, 1000, 0.96),
    ],
    ids=lambda value: getattr(value, "__name__", None) if callable(value) else None,
)
def test_known_functions(name, variables, function, n, least):
    assert q2(by_name(name), variables, function, n) > least


def test_gaussian_process_passes_near_its_runs():
    inputs = draw(PLAIN, 100)
    outputs = respond(PLAIN, inputs)
    fitted = GaussianProcess().fit(inputs, outputs, None, PLAIN, 0)
    assert (np.abs(fitted.predict(inputs) - outputs) / outputs.std(axis=0)).max() < 1e-3


@pytest.mark.parametrize("kernel", KERNELS)
def test_both_kernels_export(kernel):
    inputs = draw(MIXED, 100)
    outputs = respond(MIXED, inputs)
    fitted = GaussianProcess(kernels=(kernel,)).fit(inputs, outputs, None, MIXED, 0)
    assert {process.settings.kernel for process in fitted.processes} == {kernel}
    assert_parity(fitted, MIXED, np.concatenate([edges(MIXED), inputs]), outputs)


def test_rungs_say_why_they_are_skipped():
    inputs = draw(PLAIN, 60)
    outputs = respond(PLAIN, inputs)
    with pytest.raises(Skipped) as caught:
        QuadraticRidge(max_terms=8).fit(inputs, outputs, None, PLAIN, 0)
    assert set(caught.value.reason) == {"en", "fr"}


def test_network_work_is_bounded():
    inputs = draw(PLAIN, 400)
    few = Mlp(work=1e6).fit(inputs, respond(PLAIN, inputs), None, PLAIN, 0)
    assert few.log["iterations"] <= 60
    assert np.isfinite(few.predict(inputs)).all()


@pytest.mark.parametrize("n", [8, 300], ids=["fewer-runs-than-terms", "more-runs"])
@pytest.mark.parametrize("groups", [False, True], ids=["rows", "groups"])
def test_large_problems_are_solved_alike(n, groups, monkeypatch):
    """The Gram matrix, which serves above a size, gives the fit that the exact decomposition gives."""
    inputs, rows = draw(PLAIN, n), draw(PLAIN, 50, seed=1)
    outputs = respond(PLAIN, inputs) + np.random.default_rng(0).normal(size=(n, 3))
    labels = np.arange(n) % 5 if groups else None
    exact = QuadraticRidge(max_terms_per_run=10).fit(inputs, outputs, labels, PLAIN, 0).predict(rows)
    monkeypatch.setattr("frugal.surrogates.models.scalar.ridge._EXACT_SIZE", 1)
    by_gram = QuadraticRidge(max_terms_per_run=10).fit(inputs, outputs, labels, PLAIN, 0).predict(rows)
    np.testing.assert_allclose(by_gram, exact, atol=1e-6 * outputs.std())


def test_folds_cover_every_row_once_and_keep_groups_whole():
    labels = np.random.default_rng(0).integers(0, 7, 100)
    for groups in (None, labels, labels > 3):
        parts = folds(100, groups, 5, seed=1)
        assert sorted(np.concatenate(parts)) == list(range(100)) and len(parts) == 5
    owner = np.empty(100)
    for k, rows in enumerate(folds(100, labels, 5, seed=1)):
        owner[rows] = k
    assert all(len(np.unique(owner[labels == label])) == 1 for label in range(7))
    assert len(folds(3, None, 5, seed=0)) == 3


def test_importing_the_rungs_loads_no_heavy_package():
    code = (
        "import sys; import frugal.surrogates.models.registry;"
        "print(sorted({'sklearn', 'lightgbm', 'scipy', 'onnx', 'onnxruntime'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
