"""Maps: their modes and back, dry cells, scalars that agree with them, every rung and its graph, errors and intervals."""

from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from types import SimpleNamespace

import numpy as np
import pytest
from polder_for_tests import EVENT_S, polder_runs, polder_study

from frugal.errors import UnusableInputError
from frugal.experiments.study import Summaries, Variable
from frugal.experiments.study.outputs import Output, defined_cells, output_slices
from frugal.surrogates.fitting.model import one_thread
from frugal.surrogates.ladder.answering import answering_for, from_graph
from frugal.surrogates.ladder.build import build_ladder
from frugal.surrogates.ladder.row import unmeasured_row
from frugal.surrogates.measurement.errors import judge
from frugal.surrogates.models import registry as fields
from frugal.surrogates.models.fields.network_ensemble import ModesNetwork
from frugal.surrogates.models.fields.pod import Reduction, latent_map
from frugal.surrogates.models.on_derived_features import FittedFieldOnSummaries, FittedOnSummaries, OnDerivedFeatures
from frugal.surrogates.models.registry import SMOOTH, models_for
from frugal.surrogates.models.scalar.linear import LinearRidge
from frugal.surrogates.models.scalar.mlp import Trial
from frugal.surrogates.models.scalar.tanh_training import train
from frugal.surrogates.onnx.export import Domain, check_parity, write_graph
from frugal.surrogates.onnx.graph import session
from frugal.surrogates.onnx.physical_limits import clip_outputs

STUDY = polder_study()
RUNS = polder_runs(STUDY, 130, 50)
SLICES = output_slices(STUDY.outputs)
NAMES = [rung.name for rung in models_for(STUDY)]


class Meter:
    """Counts nothing."""

    @contextmanager
    def stage(self, stage, candidate=None, **more):
        yield SimpleNamespace(details={})


@pytest.fixture(scope="module")
def ladder():
    with pytest.MonkeyPatch.context() as patch:  # half a minute of training shows no more
        patch.setattr(fields, "CellNetwork", partial(fields.CellNetwork, pairs=2000, max_iterations=120))
        return {candidate.name: candidate for candidate in build_ladder(STUDY, RUNS.training, Meter(), 0)}


def of(name, values):
    return values[:, SLICES[name]]


def depth_error(predicted, cells=None):
    wet = defined_cells(RUNS.held_out.outputs, STUDY.outputs, STUDY.outputs[0]).any(axis=0)
    return float(np.sqrt(np.mean((of("max_depth", predicted) - of("max_depth", RUNS.held_out.outputs))[:, wet] ** 2)))


def test_the_polder_is_worth_the_name():
    wet = defined_cells(RUNS.outputs, STUDY.outputs, STUDY.outputs[0])
    share = wet.mean(axis=1)
    assert share.min() < 0.05 and share.max() > 0.5
    assert ((wet.mean(axis=0) > 0.1) & (wet.mean(axis=0) < 0.9)).mean() > 0.4
    assert (of("arrival_time", RUNS.outputs)[~wet] == EVENT_S).all()


# ------------------------------------------------------------------------------------------ Modes


def test_modes_tell_held_out_maps_to_a_few_centimetres():
    reduction, targets = Reduction.of(RUNS.training.outputs, STUDY.outputs)
    assert targets.shape == (80, reduction.size) and reduction.size < 97
    assert targets[:, 0].std() == pytest.approx(1.0)
    projected = clip_outputs(reduction.project(RUNS.held_out.outputs), STUDY.outputs)
    assert depth_error(projected) < 0.05
    assert (of("max_depth", projected) >= 0).all() and (of("arrival_time", projected) <= EVENT_S).all()
    fewer, few = Reduction.of(RUNS.training.outputs, STUDY.outputs, most=2)
    assert few.shape[1] == 6
    assert depth_error(clip_outputs(fewer.project(RUNS.held_out.outputs), STUDY.outputs)) > depth_error(projected)


def test_the_latent_depth_is_the_depth_where_it_is_wet_and_negative_elsewhere():
    output = STUDY.outputs[0]
    values, wet = of("max_depth", RUNS.outputs), defined_cells(RUNS.outputs, STUDY.outputs, output)
    latent, side = latent_map(values, wet, output)
    assert side == 1
    np.testing.assert_array_equal(latent[wet], values[wet])
    assert (latent[~wet] <= 0).all() and latent[~wet].min() < -0.5
    for output, side in zip(STUDY.outputs[1:3], (1, -1), strict=True):
        values = of(output.name, RUNS.outputs)
        filled, found = latent_map(values, wet, output)
        assert found == side
        np.testing.assert_array_equal(filled[wet], values[wet])
        assert (side * (filled[~wet] - output.fill_value) >= 0).all()
        assert (filled[~wet] != output.fill_value).mean() > 0.3


def test_a_pool_that_sinks_keeps_sinking_below_the_ground():
    ground, levels = np.linspace(0.0, 2.0, 40), np.array([2.5, 1.7, 1.1, 0.6, 0.2])
    output = Output("h", "m", ("y", "x"), {"y": [0], "x": range(40)}, valid_above=0.0)
    values = np.maximum(levels[:, None] - ground, 0.0)
    latent, _ = latent_map(values, values > 0, output)
    np.testing.assert_allclose(latent, levels[:, None] - ground, atol=1e-9)


def test_a_map_that_is_always_dry_and_one_that_never_changes_are_told_exactly():
    still = polder_study(maps=1)
    dry = np.zeros((20, still.output_size))
    reduction, targets = Reduction.of(dry, still.outputs)
    assert targets.shape == (20, 0) and not reduction.decode(targets).any()
    constant = np.tile(np.linspace(0.1, 3.0, still.output_size), (20, 1))
    reduction, targets = Reduction.of(constant, still.outputs)
    np.testing.assert_allclose(of("max_depth", reduction.decode(targets)), of("max_depth", constant), rtol=1e-6)


def test_filling_dry_cells_places_the_wet_edge_better_than_cutting_the_map_off():
    """The same regression on modes of the cut-off depth, and on those of the latent depth."""
    training, held_out = RUNS.training, RUNS.held_out
    rung = ModesNetwork(trials=(Trial((16, 16), 0.1),), members=1)
    areas = {}
    for name in ("cut", "latent"):
        outputs = polder_study(maps=1).outputs
        cells = np.concatenate([of("max_depth", training.outputs), training.outputs[:, -3:]], axis=1)
        if name == "cut":  # without a threshold no cell is dry: the modes are those of the map as it is
            outputs = (replace(outputs[0], valid_above=None), *outputs[1:])
        reduction, targets = Reduction.of(cells, outputs)
        fitted = rung.fit(training.inputs, targets, None, STUDY.inputs, 0)
        predicted = clip_outputs(reduction.decode(fitted.predict(held_out.inputs)), outputs)
        areas[name] = float(np.sqrt(np.mean((predicted[:, -3] - of("flooded_area", held_out.outputs)[:, 0]) ** 2)))
    assert areas["latent"] < 0.7 * areas["cut"]


def test_the_network_learns_small_targets_beside_large_ones():
    rng = np.random.default_rng(0)
    z = rng.uniform(-1, 1, (150, 2))
    t = np.stack([np.sin(2 * z[:, 0]), 0.01 * z[:, 0] * z[:, 1]], axis=1)
    with one_thread():
        network, iterations, _ = train(z, t - t.mean(axis=0), (16, 16), 1e-5, 1000, 0)
    error = np.sqrt(np.mean((network(z) + t.mean(axis=0) - t) ** 2, axis=0)) / t.std(axis=0)
    assert error[0] < 0.01 and error[1] < 0.15
    assert iterations > 100


# ------------------------------------------------------------------------------------------ The ladder


def test_the_ladder_of_maps_has_every_rung_and_two_of_its_own():
    assert NAMES == [
        "constant", "table", "linear", "quadratic", "polynomial_chaos", "mlp", "gaussian_process", "boosted_trees",
        "nearest_run", "cell_network",
    ]  # fmt: skip
    kinds = {rung.name: rung.kind for rung in models_for(STUDY)}
    assert kinds["nearest_run"] == "precomputed" and kinds["cell_network"] == kinds["mlp"] == "surrogate"
    assert "cell_network" not in [rung.name for rung in models_for(polder_study(cell_features={}))]


@pytest.mark.parametrize("name", NAMES)
def test_every_rung_answers_maps_and_its_graph_the_same(ladder, name):
    candidate = ladder[name]
    assert candidate.status == "ok", candidate.message
    assert candidate.model is not None, candidate.graph_reason
    assert candidate.parity.holds
    answering = answering_for(STUDY, candidate)
    judged = judge(STUDY, unmeasured_row(STUDY, candidate), answering, RUNS.held_out, Meter(), 0)
    assert 0.75 <= judged.interval_coverage <= 1.0
    assert judged.errors["max_depth"].value < {"constant": 1.0, "table": 0.6, "nearest_run": 0.45}.get(name, 0.3)


@pytest.mark.parametrize("name", NAMES)
def test_scalars_agree_with_the_map_and_dry_cells_with_the_depth(ladder, name):
    candidate = ladder[name]
    graph = session(candidate.model)
    inputs = RUNS.held_out.inputs.astype(np.float32)
    answers = {o.name: a for o, a in zip(graph.get_outputs(), graph.run(None, {"inputs": inputs}), strict=True)}
    predicted = candidate.predict(RUNS.held_out.inputs)
    for output in STUDY.outputs:
        if output.derived is None:
            continue
        depth = answers["max_depth"].reshape(len(inputs), -1).astype(float)
        np.testing.assert_allclose(answers[output.name], output.derived.of_map(depth), rtol=1e-5, atol=1e-4)
        own = output.derived.of_map(of("max_depth", predicted))
        np.testing.assert_allclose(of(output.name, predicted)[:, 0], own)
    dry = answers["max_depth"] <= 0.05
    assert dry.any()
    assert (answers["arrival_time"][dry] == np.float32(EVENT_S)).all() and (answers["max_speed"][dry] == 0).all()
    assert (answers["max_depth"] >= 0).all() and (answers["max_depth_lower"] >= 0).all()
    assert answers["max_depth"].shape == (50, 24, 20) and answers["in_domain"].all()


def test_modes_and_networks_beat_the_alternatives_and_half_the_error_of_one_process_for_all_modes(ladder):
    """A Gaussian process with one set of length scales for all standardised modes is what a plain set-up fits."""
    from frugal.surrogates.models.scalar.gaussian_process import GaussianProcess

    held_out = RUNS.held_out
    cut = of("max_depth", RUNS.training.outputs)
    mean = cut.mean(axis=0)
    modes = np.linalg.svd(cut - mean, full_matrices=False)[2][:20]
    plain = GaussianProcess().fit(RUNS.training.inputs, (cut - mean) @ modes.T, None, STUDY.inputs, 0)
    predicted = held_out.outputs.copy()
    predicted[:, SLICES["max_depth"]] = np.maximum(mean + plain.predict(held_out.inputs) @ modes, 0.0)
    best = min(depth_error(ladder[name].predict(held_out.inputs)) for name in ("mlp", "gaussian_process"))
    assert best < 0.5 * depth_error(predicted)
    assert best < 0.6 * depth_error(ladder["nearest_run"].predict(held_out.inputs))
    assert best < depth_error(ladder["quadratic"].predict(held_out.inputs))


def test_the_log_tells_the_modes(ladder):
    assert set(ladder["mlp"].log["modes"]) == {"max_depth", "max_speed", "arrival_time"}
    assert ladder["boosted_trees"].log["modes"]["max_speed"] <= 6
    assert ladder["mlp"].log["reduction_cpu_seconds"] > 0
    assert ladder["nearest_run"].project is None and ladder["linear"].project is not None


def test_the_nearest_run_is_one_that_was_stored(ladder):
    predicted = ladder["nearest_run"].predict(RUNS.held_out.inputs)
    stored = of("max_depth", RUNS.training.outputs)
    difference = np.abs(of("max_depth", predicted)[:, None, :] - stored[None]).max(axis=2).min(axis=1)
    assert difference.max() <= stored.max() * 2.0**-11
    own = ladder["nearest_run"].predict(RUNS.training.inputs)
    np.testing.assert_allclose(of("max_depth", own), stored, atol=stored.max() * 2.0**-11)


def test_a_graph_that_differs_in_one_cell_or_one_scalar_is_not_shipped(ladder):
    candidate = ladder["linear"]
    spread = RUNS.training.outputs.std(axis=0)
    domain = Domain(np.array([v.low for v in STUDY.inputs]), np.array([v.high for v in STUDY.inputs]))

    def wrong(column):
        def nodes(builder, x):
            shift = np.zeros(STUDY.output_size)
            shift[column] = 0.01 * max(spread[column], 1e-3)
            return builder.op("Add", candidate.nodes(builder, x), builder.constant(shift))

        model = write_graph(STUDY, "wrong", nodes, candidate.interval, domain)
        return check_parity(model, candidate.predict, STUDY, RUNS.training.inputs, spread, 0)

    wet = defined_cells(RUNS.training.outputs, STUDY.outputs, STUDY.outputs[0]).mean(axis=0)
    assert not wrong(int(np.argmax(wet))).holds
    assert wrong(SLICES["volume"].start).holds  # whatever stands there is replaced by what the map says


def test_the_interval_of_a_map_is_read_back_from_its_graph(ladder):
    candidate = ladder["quadratic"]
    again = from_graph(STUDY, "quadratic", candidate.model)
    asked = RUNS.held_out.inputs.astype(np.float32).astype(float)
    np.testing.assert_allclose(again.widths(asked), candidate.interval.widths(asked), rtol=1e-3, atol=1e-2)


def test_few_runs_and_one_map_alone_still_make_a_ladder():
    small = polder_study(maps=1, cell_features={})
    few = polder_runs(small, 16, 4)
    candidates = build_ladder(small, few.training, Meter(), 0)
    works = {c.name for c in candidates if c.status == "ok"}
    assert works >= {"constant", "linear", "mlp", "gaussian_process", "nearest_run"}
    assert all(c.model is not None for c in candidates if c.status == "ok" and c.kind != "full_physics")


# ------------------------------------------------------------------------------------------ Summaries of the inputs


def summaries(xp, **storm):
    """Size of the pool that passes the breach of the polder, its place, and the duration."""
    surge, duration, width, position = storm.values()
    head = xp.maximum(surge - 0.7, 0.0)
    return {"inflow": (head**1.5 * width * duration) ** (1 / 3), "own_3": position, "own_1": duration}


SUMMARIES = Summaries(
    (Variable("inflow", "1", 0.0, 17.0), *(replace(STUDY.inputs[k], name=f"own_{k}") for k in (3, 1))), summaries
)


def test_refits_from_fewer_runs_than_modes_keep_the_length_scales_of_the_modes_that_remain():
    study = polder_study(maps=2)
    runs = polder_runs(study, 12, 2)
    slices, rng = output_slices(study.outputs), np.random.default_rng(0)
    noise = runs.outputs.copy()
    for name in ("max_depth", "max_speed"):  # as many modes as runs tell apart
        noise[:, slices[name]] = rng.uniform(0.5, 2.0, noise[:, slices[name]].shape)
    rung = next(rung for rung in models_for(study) if rung.name == "gaussian_process")
    first = rung.fit(runs.inputs, noise, None, study.inputs, 0)
    assert first.log["modes"] == {"max_depth": 11, "max_speed": 11}
    for kept, modes in ((9, 8), (4, 3)):  # five modes have a process of their own: here all, further ones and none
        again = rung.with_fixed_settings(first).fit(runs.inputs[:kept], noise[:kept], None, study.inputs, 0)
        assert again.log["modes"] == {"max_depth": modes, "max_speed": modes}
        assert np.isfinite(again.predict(runs.inputs)).all()
        scales = dict(zip(again.inner.groups, again.log["length_scales"], strict=True))
        assert scales.keys() <= first.inner.groups.keys()
        for name, process in zip(first.inner.groups, first.inner.processes, strict=True):
            if name in scales:
                np.testing.assert_allclose(list(scales[name].values()), process.processes[0].settings.lengths)


def test_summaries_of_the_inputs_save_runs_and_stand_in_the_graph():
    told = replace(STUDY, summaries=SUMMARIES)
    by_name = {rung.name: rung for rung in models_for(told)}
    plain = {rung.name: rung for rung in models_for(STUDY)}
    few = RUNS.training.where(np.arange(80) < 30)
    assert {name for name, rung in by_name.items() if isinstance(rung, OnDerivedFeatures)} == set(SMOOTH)
    for name, gain in (("linear", 0.7), ("mlp", 0.7), ("gaussian_process", 0.7)):
        errors = []
        for rungs in (plain, by_name):
            fitted = rungs[name].fit(few.inputs, few.outputs, None, STUDY.inputs, 0)
            errors.append(depth_error(clip_outputs(fitted.predict(RUNS.held_out.inputs), STUDY.outputs)))
        assert errors[1] < gain * errors[0], (name, errors)
    assert isinstance(fitted, FittedFieldOnSummaries) and fitted.log["summaries"] == ["inflow", "own_3", "own_1"]
    width = np.zeros(STUDY.output_size)
    domain = Domain(np.array([v.low for v in STUDY.inputs]), np.array([v.high for v in STUDY.inputs]))
    model = write_graph(told, "gaussian_process", fitted.graph, width, domain)
    spread = few.outputs.std(axis=0)
    assert check_parity(
        model, lambda x: clip_outputs(fitted.predict(x), STUDY.outputs), told, few.inputs, spread, 0
    ).holds


def test_cheap_rungs_take_inputs_or_summaries_whichever_err_less():
    rng = np.random.default_rng(0)
    inputs = rng.uniform([v.low for v in STUDY.inputs], [v.high for v in STUDY.inputs], (40, 4))
    linear = OnDerivedFeatures(LinearRidge(), SUMMARIES, STUDY.layout, compares=True)
    for target, chosen in (
        (inputs[:, [0]] + inputs[:, [2]], False),
        (SUMMARIES.of(inputs, STUDY.layout)[:, [0]], True),
    ):
        fitted = linear.fit(inputs, target, None, STUDY.inputs, 0)
        assert isinstance(fitted, FittedOnSummaries) is chosen
        np.testing.assert_allclose(fitted.predict(inputs), target, atol=1e-3 * np.ptp(target))
        assert isinstance(linear.with_fixed_settings(fitted), OnDerivedFeatures) is chosen


def test_a_rung_whose_inputs_are_left_out_sees_those_that_remain():
    rung = OnDerivedFeatures(next(r for r in models_for(STUDY) if r.name == "linear"), SUMMARIES, STUDY.layout)
    kept = [0, 2]
    training = RUNS.training
    fitted = rung.fit(training.inputs[:, kept], training.outputs, None, [STUDY.inputs[k] for k in kept], 0)
    assert fitted.predict(RUNS.held_out.inputs[:, kept]).shape == (50, STUDY.output_size)
    assert rung.with_fixed_settings(fitted).name == "linear"


def test_summaries_of_the_wrong_shape_are_refused():
    wrong = replace(SUMMARIES, compute=lambda xp, **storm: dict(list(summaries(xp, **storm).items())[:2]))
    with pytest.raises(UnusableInputError, match="are inflow, own_3; inflow, own_3, own_1 are needed"):
        wrong.of(np.ones((3, 4)), STUDY.layout)
    wrong = replace(SUMMARIES, compute=lambda xp, **storm: dict.fromkeys(summaries(xp, **storm), np.ones(2)))
    with pytest.raises(UnusableInputError, match="'inflow' has shape \\(2,\\); finite \\(3,\\) is needed"):
        wrong.of(np.ones((3, 4)), STUDY.layout)
