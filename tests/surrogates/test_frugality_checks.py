"""Practices are really run: fewer runs, fewer inputs, smaller files; what is left out says why."""

import json
import tempfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import onnx
import pytest
from studies_for_tests import NEED, unit_inputs

from frugal.campaigns.bundle_writer import write_bundle, write_ledger
from frugal.campaigns.campaign import Settings, run_campaign
from frugal.campaigns.reevaluation import evaluate_bundle
from frugal.experiments.designs.sampling import design_for
from frugal.experiments.runs.store import Runs
from frugal.experiments.study import CallPattern, Output, Study, Tolerance, Variable
from frugal.experiments.study.design import plain_design
from frugal.metering.ledger.ledger import Ledger
from frugal.metering.meter import Meter
from frugal.metering.timing.interleaved_blocks import Plan
from frugal.reporting.progress import Silent
from frugal.surrogates.bundle.bundle import Bundle, open_bundle, write_checksums
from frugal.surrogates.decision.costs import fixed_parts
from frugal.surrogates.decision.decide import decide_rows
from frugal.surrogates.fitting.judging import by_held_out
from frugal.surrogates.frugality_checks import graph_variants
from frugal.surrogates.frugality_checks import smaller_files as compression
from frugal.surrogates.frugality_checks.budget import Budget
from frugal.surrogates.frugality_checks.fewer_inputs import inputs_dropped
from frugal.surrogates.frugality_checks.fewer_runs import learning_curve, nested_order
from frugal.surrogates.frugality_checks.refit import learner_for
from frugal.surrogates.frugality_checks.run import booked_fit, run_frugality_checks, studied
from frugal.surrogates.frugality_checks.smaller_files import compression as compress
from frugal.surrogates.models.scalar.boosted_trees import BoostedTrees
from frugal.surrogates.models.scalar.gaussian_process import GaussianProcess
from frugal.surrogates.models.scalar.linear import LinearRidge
from frugal.surrogates.models.scalar.mlp import Mlp, Trial
from frugal.surrogates.onnx.export import Domain, write_graph
from frugal.surrogates.onnx.graph import IR_VERSION, OPSET, session

QUICK = Plan(n_blocks=3, block_seconds=0.002, warm_up_seconds=0.001)
PLENTY = 1e6


def useless_inputs_study() -> Study:
    """Curved in x0 and x1; x2 and x3 change nothing."""

    def solve(inputs: np.ndarray) -> dict[str, float]:
        return {"y": 4.0 + np.sin(3 * inputs[0]) * np.exp(inputs[1])}

    need = replace(NEED, tolerances={"y": Tolerance("nrmse", 0.02)}, call_patterns=(CallPattern("one"),))
    return Study("useless", unit_inputs(4), (Output("y", "1"),), need, solve, n_runs=160)


def runs_of(study: Study, n: int | None = None, seed: int = 0) -> Runs:
    design = design_for(study, n or study.n_runs, seed)
    outputs = np.stack([study.run(row) for row in design.inputs])
    nothing = np.zeros(len(outputs))
    return Runs(design.inputs, outputs, nothing, design.held_out, design.object_ids, design.places)


def model_of(study: Study, rung, runs: Runs) -> bytes:
    fitted = rung.fit(runs.training.inputs, runs.training.outputs, None, study.inputs, 0)
    low, high = (np.array([getattr(v, side) for v in study.inputs]) for side in ("low", "high"))
    return write_graph(study, rung.name, fitted.graph, np.full(study.output_size, 0.1), Domain(low, high))


def answers(model: bytes, inputs: np.ndarray) -> dict[str, np.ndarray]:
    opened = session(model)
    names = [output.name for output in opened.get_outputs()]
    return dict(zip(names, opened.run(None, {"inputs": inputs.astype(np.float32)}), strict=True))


@pytest.fixture(scope="module")
def study() -> Study:
    return useless_inputs_study()


@pytest.fixture(scope="module")
def runs(study: Study) -> Runs:
    return runs_of(study)


@pytest.fixture(scope="module")
def wide_mlp(study: Study, runs: Runs) -> bytes:
    return model_of(study, Mlp(trials=(Trial((64, 64), 1e-3),), max_iterations=150), runs)


# --- learning curve


def test_the_error_of_the_learning_curve_falls_with_the_runs(study: Study, runs: Runs) -> None:
    learner = learner_for(study, "gaussian_process", 0)
    curve, reason, learnt = learning_curve(
        learner, [(runs.training, runs.held_out)], Budget(PLENTY), 1.0, in_sequence=True
    )
    assert reason is None and learnt is not None
    points = curve["points"]
    assert [point["n"] for point in points] == [30, 60, 120]
    assert [point["share"] for point in points] == [0.25, 0.5, 1.0]
    ratios = [point["error_ratio"] for point in points]
    assert ratios[0] > ratios[1] > ratios[2]
    assert ratios[0] > 2 * ratios[2]
    for point in points:
        error = point["error"]["y"]
        assert error["metric"] == "nrmse" and error["tolerance"] == 0.02
        assert 0 <= error["low"] <= error["value"] <= error["high"]
        assert point["error_ratio"] == pytest.approx(error["high"] / 0.02)
        assert point["met"] == (point["error_ratio"] <= 1) and point["fit_cpu_seconds"] > 0
    enough = [point["n"] for point in points if point["met"]]
    assert curve["n_min"] == min(enough)


def test_the_last_point_is_the_fit_of_the_ladder(study: Study, runs: Runs) -> None:
    rung = BoostedTrees()
    fitted = rung.fit(runs.training.inputs, runs.training.outputs, None, study.inputs, 0)
    learner = learner_for(study, "boosted_trees", 0)
    _, _, learnt = learning_curve(learner, [(runs.training, runs.held_out)], Budget(PLENTY), 1.0, in_sequence=False)
    np.testing.assert_array_equal(learnt.predict(runs.held_out.inputs), fitted.predict(runs.held_out.inputs))


def test_a_rung_that_cannot_serve_few_runs_says_so_at_that_point(study: Study, runs: Runs) -> None:
    few = runs.where(np.flatnonzero(~runs.is_held_out)[:48])
    learner = learner_for(study, "boosted_trees", 0)
    curve, reason, _ = learning_curve(learner, [(few, runs.held_out)], Budget(PLENTY), 1.0, in_sequence=True)
    assert reason is None
    first, *others = curve["points"]
    assert first["n"] == 12 and first["met"] is False and first["error_ratio"] is None
    assert "too few" in first["reason"]["en"] and "trop peu" in first["reason"]["fr"]
    assert all(point["error_ratio"] > 0 and point["reason"] is None for point in others)


def test_smaller_sets_are_nested_and_keep_the_share_of_each_place(runs: Runs) -> None:
    places = np.array(["north"] * 80 + ["south"] * 32 + ["island"] * 8)
    training = replace(runs.training, places=places)
    order = nested_order(training, 3, in_sequence=False)
    assert sorted(order) == list(range(120))
    for n in (30, 60):
        taken = places[order[:n]]
        assert abs((taken == "north").sum() - n * 80 / 120) <= 1
        assert abs((taken == "island").sum() - n * 8 / 120) <= 1
    np.testing.assert_array_equal(order, nested_order(training, 3, in_sequence=True))
    assert not np.array_equal(order, nested_order(training, 4, in_sequence=False))


def test_a_low_discrepancy_sequence_is_cut_and_anything_else_is_drawn(runs: Runs) -> None:
    np.testing.assert_array_equal(nested_order(runs.training, 0, in_sequence=True), np.arange(120))
    assert not np.array_equal(nested_order(runs.training, 0, in_sequence=False), np.arange(120))


# --- fewer inputs


@pytest.mark.parametrize("name", ["gaussian_process", "mlp"])
def test_useless_inputs_are_droppable_and_useful_ones_are_not(study: Study, runs: Runs, name: str) -> None:
    learner = learner_for(study, name, 0)
    found, reason = inputs_dropped(learner, None, [(runs.training, runs.held_out)], Budget(PLENTY), 1.0)
    assert reason is None
    assert set(found["droppable"]) == {"x2", "x3"}
    assert [row["name"] for row in found["importance"]][:2] in (["x0", "x1"], ["x1", "x0"])
    importance = {row["name"]: row["importance"] for row in found["importance"]}
    assert importance["x1"] > 1 and abs(importance["x2"]) < 0.5 and abs(importance["x3"]) < 0.5
    assert found["n_inputs"] == 4 and found["refits"] == 2
    assert found["met"] and found["error_ratio_without"] <= 1 and found["error_ratio_all"] <= 1


def test_a_candidate_that_misses_the_need_may_lose_nothing(study: Study, runs: Runs) -> None:
    learner = learner_for(study, "linear", 0)
    found, _ = inputs_dropped(learner, None, [(runs.training, runs.held_out)], Budget(PLENTY), 0.0)
    assert not found["met"] and found["error_ratio_all"] > 1
    assert found["error_ratio_without"] <= 1.02 * found["error_ratio_all"]
    assert "x1" not in found["droppable"]


def test_the_mean_reads_no_input(study: Study, runs: Runs) -> None:
    learner = learner_for(study, "constant", 0)
    found, _ = inputs_dropped(learner, None, [(runs.training, runs.held_out)], Budget(PLENTY), 0.0)
    assert sorted(found["droppable"]) == ["x0", "x1", "x2", "x3"] and found["refits"] == 0


# --- smaller graphs


def test_float16_halves_a_big_graph_and_keeps_its_error(study: Study, runs: Runs, wide_mlp: bytes) -> None:
    found, reason = compress(study, wide_mlp, 1, runs.training, runs.held_out, Budget(PLENTY), 0, QUICK)
    assert reason is None and found["original"] == "float32"
    variants = {variant["name"]: variant for variant in found["variants"]}
    assert list(variants) == ["float32", "float16", "int8", "int8_weights"]
    plain, half, weights = variants["float32"], variants["float16"], variants["int8_weights"]
    assert plain["bytes"] == len(wide_mlp) and plain["max_difference_sigma"] == 0
    metadata = sum(len(p.key) + len(p.value) for p in onnx.load_from_string(wide_mlp).metadata_props)
    assert half["bytes"] - metadata < 0.65 * (plain["bytes"] - metadata)
    assert weights["bytes"] - metadata < 0.45 * (plain["bytes"] - metadata)
    assert half["error_ratio"] == pytest.approx(plain["error_ratio"], rel=0.1)
    assert 0 < half["max_difference_sigma"] < 0.02
    for variant in variants.values():
        assert variant["reason"] is None
        assert variant["gzip_bytes"] < variant["bytes"]
        assert 0 < variant["low"] <= variant["cpu_seconds_per_query"] <= variant["high"]
    assert variants["int8"]["bytes"] < plain["bytes"] and variants["int8"]["max_difference_sigma"] > 0
    meets = [variant for variant in variants.values() if variant["met"]]
    assert found["smallest_that_meets"] == min(meets, key=lambda variant: variant["bytes"])["name"]


@pytest.mark.parametrize(
    "make",
    [
        lambda model: graph_variants.stored_as(model, "float16"),
        lambda model: graph_variants.stored_as(model, "int8"),
        graph_variants.quantised,
    ],
    ids=["float16", "int8_weights", "int8"],
)
def test_variants_keep_versions_interval_domain_and_metadata(study: Study, wide_mlp: bytes, make) -> None:
    before = set(Path(tempfile.gettempdir()).iterdir())
    smaller = make(wide_mlp)
    assert not {p for p in set(Path(tempfile.gettempdir()).iterdir()) - before if p.name.startswith("frugal-")}
    assert make(wide_mlp) == smaller
    original, proto = onnx.load_from_string(wide_mlp), onnx.load_from_string(smaller)
    assert proto.ir_version == IR_VERSION
    assert {o.domain: o.version for o in proto.opset_import}[""] == OPSET
    assert all(o.domain in ("", "ai.onnx.ml") for o in proto.opset_import)
    assert [(p.key, p.value) for p in proto.metadata_props] == [(p.key, p.value) for p in original.metadata_props]
    inputs = np.array([[0.0] * 4, [1.0] * 4, [0.5] * 4, [1.0 + 1e-4, 0.5, 0.5, 0.5]])
    got = answers(smaller, inputs)
    np.testing.assert_array_equal(got["in_domain"], [True, True, True, False])
    np.testing.assert_allclose(got["y_upper"] - got["y"], 0.1, rtol=1e-4)


def test_values_beyond_float16_are_scaled_and_not_lost(study: Study, runs: Runs) -> None:
    for size in (1e9, 1e-9):
        large = replace(runs, outputs=runs.outputs * size)
        model = model_of(study, Mlp(trials=(Trial((64, 64), 1e-3),), max_iterations=60), large)
        half = graph_variants.stored_as(model, "float16")
        plain, got = (answers(m, runs.held_out.inputs)["y"] for m in (model, half))
        assert np.isfinite(got).all()
        np.testing.assert_allclose(got, plain, atol=0.02 * size)


def test_a_gaussian_process_is_stored_shorter_but_never_in_integers(study: Study, runs: Runs) -> None:
    model = model_of(study, GaussianProcess(), runs)
    found, _ = compress(study, model, 1, runs.training, runs.held_out, Budget(PLENTY), 0, QUICK)
    assert found["original"] == "float64"
    variants = {variant["name"]: variant for variant in found["variants"]}
    assert variants["float32"]["bytes"] < variants["float64"]["bytes"]
    assert variants["int8"]["bytes"] is None and "double precision" in variants["int8"]["reason"]["en"]
    assert variants["float16"]["max_difference_sigma"] > variants["float32"]["max_difference_sigma"]


def test_fewer_trees_are_those_that_a_shorter_boosting_makes(study: Study, runs: Runs) -> None:
    def solve(inputs: np.ndarray) -> dict[str, float]:
        return {"a": inputs[0] + inputs[1] ** 2, "b": np.sin(4 * inputs[2])}

    need = replace(study.need, tolerances={"a": Tolerance("rmse", 0.1)})
    two = replace(study, outputs=(Output("a", "1"), Output("b", "1")), solve=solve, need=need)
    of_two = runs_of(two)
    whole = model_of(two, BoostedTrees(rounds=40), of_two)
    for share, rounds in ((0.5, 20), (0.25, 10)):
        cut = graph_variants.with_fewer_trees(whole, share)
        assert len(cut) < len(whole)
        refitted = model_of(two, BoostedTrees(rounds=rounds), of_two)
        expected, got = (answers(m, of_two.held_out.inputs) for m in (refitted, cut))
        for name in ("a", "b", "a_lower", "b_upper", "in_domain"):
            np.testing.assert_array_equal(got[name], expected[name])
    found, _ = compress(two, whole, 1, of_two.training, of_two.held_out, Budget(PLENTY), 0, QUICK)
    variants = {variant["name"]: variant for variant in found["variants"]}
    assert variants["pruned_1_4"]["bytes"] < variants["pruned_1_2"]["bytes"] < variants["float64"]["bytes"]
    assert variants["pruned_1_4"]["error"]["a"]["value"] > variants["float64"]["error"]["a"]["value"]
    assert "trees" in variants["float16"]["reason"]["en"] and "arbres" in variants["int8"]["reason"]["fr"]


def test_one_tree_has_none_to_spare(study: Study, runs: Runs) -> None:
    with pytest.raises(graph_variants.NotPossible, match="no tree to spare"):
        graph_variants.with_fewer_trees(model_of(study, BoostedTrees(rounds=1), runs), 0.5)


def test_a_variant_that_breaks_says_why_and_hides_no_other(
    study: Study, runs: Runs, wide_mlp: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken():
        def quantise(*arguments, **options):
            raise RuntimeError("the quantiser does not know this operator")

        return quantise

    monkeypatch.setattr(graph_variants, "_quantize_dynamic", broken)
    budget = Budget(PLENTY)
    found, _ = compress(study, wide_mlp, 1, runs.training, runs.held_out, budget, 0, QUICK)
    variants = {variant["name"]: variant for variant in found["variants"]}
    for language in ("en", "fr"):
        assert "does not know this operator" in variants["int8"]["reason"][language]
    assert variants["int8"]["bytes"] is None and variants["int8"]["met"] is None
    assert variants["float16"]["cpu_seconds_per_query"] > 0
    assert not budget.complete


def test_a_table_to_look_up_is_stored_shorter_too(study: Study) -> None:
    values = np.random.default_rng(0).uniform(3, 5, (300, 1))

    def nodes(graph, x: str) -> str:
        first = graph.op("Gather", x, graph.constant([0], np.int64), axis=1)
        row = graph.cast(graph.op("Floor", graph.op("Mul", first, graph.constant([299.0]))), np.int64)
        return graph.op("Gather", graph.constant(values), graph.op("Squeeze", row, graph.constant([1], np.int64)))

    model = write_graph(study, "lookup", nodes, np.array([0.1]), Domain(np.zeros(4), np.ones(4)))
    half = graph_variants.stored_as(model, "float16")
    assert len(half) < len(model) - 400
    inputs = np.random.default_rng(1).uniform(0, 1, (50, 4))
    np.testing.assert_allclose(answers(half, inputs)["y"], answers(model, inputs)["y"], rtol=2e-3)
    with pytest.raises(graph_variants.NotPossible, match="no matrix product"):
        graph_variants.quantised(model)


def test_a_graph_of_a_few_numbers_has_nothing_to_shorten(study: Study, runs: Runs) -> None:
    model = model_of(study, LinearRidge(), runs)
    found, _ = compress(study, model, 1, runs.training, runs.held_out, Budget(PLENTY), 0, QUICK)
    assert [v["reason"] is None for v in found["variants"]] == [True, False, False, False]
    assert found["smallest_that_meets"] is None


def test_raw_inputs_meet_full_precision(runs: Runs) -> None:
    """A coordinate of 652,000 m times a weight in half precision would be off by a street."""
    variables = (
        Variable("easting", "m", 652_000.0, 653_000.0),
        *unit_inputs(20),
        Variable("a", "1", 0, 360, period=360),
    )
    rng = np.random.default_rng(0)
    inputs = np.stack([rng.uniform(v.low, v.high, 60) for v in variables], axis=1)
    outputs = 5 + inputs[:, :1] / 1000 - 652 + inputs[:, 1:2]
    study = Study("raw", variables, (Output("y", "1"),), NEED)
    fitted = Mlp(trials=(Trial((16,), 1e-3),), max_iterations=60).fit(inputs, outputs, None, variables, 0)
    low, high = (np.array([getattr(v, side) for v in variables]) for side in ("low", "high"))
    model = write_graph(study, "mlp", fitted.graph, np.array([0.1]), Domain(low, high))
    kept = {
        t.name: t.data_type for t in onnx.load_from_string(graph_variants.stored_as(model, "float16")).graph.initializer
    }
    first = next(n for n in onnx.load_from_string(model).graph.node if n.op_type == "Gemm")
    assert kept[first.input[1]] in (onnx.TensorProto.FLOAT, onnx.TensorProto.DOUBLE)
    assert onnx.TensorProto.FLOAT16 in kept.values()


# --- the whole, on a bundle


def train(study: Study, folder: Path) -> Bundle:
    """A bundle without its audit."""
    campaign = run_campaign(study, Settings(folder=folder / "campaigns", measure_seconds=0.3, carbon=False))
    path = folder / "bundle"
    path.mkdir()
    write_bundle(campaign, path)
    write_ledger(campaign, path)
    write_checksums(path)
    return open_bundle(path)


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Bundle:
    return train(useless_inputs_study(), tmp_path_factory.mktemp("practices"))


def run_on(bundle: Bundle, study: Study, runs: Runs, folder: Path, **options) -> tuple[dict, list]:
    rows, ledger = bundle.comparison.ladder.rows, Ledger(bundle.path / "ledger.jsonl").entries()
    decision = decide_rows(study.need, rows, ledger, 0.75, 0)[0]
    meter = Meter(Ledger(folder / "ledger.jsonl"), "test", None, 0)
    found = run_frugality_checks(study, bundle, by_held_out(runs), {}, rows, decision, meter, 0, Silent(), **options)
    return found, meter.ledger.entries()


@pytest.mark.slow
def test_without_a_budget_everything_is_skipped_with_a_reason(
    bundle: Bundle, study: Study, runs: Runs, tmp_path: Path
) -> None:
    found, booked = run_on(bundle, study, runs, tmp_path, budget_cpu_seconds=0.0)
    assert found["complete"] is False and found["budget_cpu_seconds"] == 0
    assert found["candidates"]
    for candidate in found["candidates"].values():
        for part in ("learning_curve", "inputs_dropped", "compression"):
            assert candidate[part] is None
            assert "CPU time" in candidate["skipped"][part]["en"]
            assert "temps processeur" in candidate["skipped"][part]["fr"]
    assert sum(entry.total_cpu_seconds for entry in booked) < 1
    json.dumps(found, allow_nan=False)


@pytest.mark.slow
def test_a_full_evaluation_holds_the_practices(bundle: Bundle, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Plan, "full", classmethod(lambda cls: QUICK))
    monkeypatch.setattr(compression, "PLAN", QUICK)
    before = len(Ledger(bundle.path / "ledger.jsonl").entries())
    told: list[str] = []

    class Listening(Silent):
        def stage(self, text: str, total: int | None = None) -> None:
            told.append(text)

    path = evaluate_bundle(bundle, useless_inputs_study(), full=True, carbon=False, reporter=Listening())
    content = json.loads(path.read_text())
    practices = content["practices"]
    assert practices["complete"] and practices["budget_cpu_seconds"] == 240
    assert "practices" in told
    decision = content["decisions"][0]
    rows = {row["name"]: row for row in content["candidates"]}
    assert decision["best_ai"] in practices["candidates"]
    best = practices["candidates"][decision["best_ai"]]
    assert best["skipped"] == {}
    assert {"x2", "x3"} <= set(best["inputs_dropped"]["droppable"])
    # the graph rounds to float32, the refit does not
    judged, again = rows[decision["best_ai"]]["error"]["y"]["value"], best["learning_curve"]["points"][-1]["error"]["y"]
    assert again["value"] == pytest.approx(judged, rel=1e-2)
    on_disk = bundle.model_path(decision["best_ai"]).stat().st_size
    assert best["compression"]["variants"][0]["bytes"] == on_disk

    new = Ledger(bundle.path / "ledger.jsonl").entries()[before:]
    booked = [entry for entry in new if entry.stage == "practice"]
    seeds = [entry for entry in booked if entry.details["practice"] == "other_seeds"]
    assert [entry.details["seed"] for entry in seeds if entry.candidate == decision["best_ai"]] == [1, 2, 3, 4, 5]
    row = next(row for row in content["candidates"] if row["name"] == decision["best_ai"])
    assert len(row["other_seeds"]) == 5 and decision["seeds_turned"] == [0, 5]
    booked = booked[len(seeds) :]
    assert {entry.candidate for entry in booked} == set(practices["candidates"])
    assert [entry.details["practice"] for entry in booked[:3]] == ["learning_curve", "inputs_dropped", "compression"]
    spent = sum(entry.total_cpu_seconds for entry in booked)
    assert 0.8 * practices["spent_cpu_seconds"] <= spent <= practices["spent_cpu_seconds"]
    assert fixed_parts(new, bundle.candidate(decision["best_ai"]), 0.75) == dict.fromkeys(
        ("compile", "generation", "fit", "export"), 0.0
    )


def test_a_quick_evaluation_holds_none(bundle: Bundle, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Plan, "quick", classmethod(lambda cls, *rest: QUICK))
    assert "practices" not in json.loads(evaluate_bundle(bundle, carbon=False).read_text())


def test_a_study_whose_physics_is_not_at_hand_is_still_refitted(bundle: Bundle, runs: Runs, tmp_path: Path) -> None:
    bare = replace(useless_inputs_study(), solve=None)
    found, _ = run_on(bundle, bare, runs, tmp_path)
    assert any(candidate["learning_curve"] for candidate in found["candidates"].values())


def test_who_is_studied(bundle: Bundle, study: Study) -> None:
    rows, ledger = bundle.comparison.ladder.rows, Ledger(bundle.path / "ledger.jsonl").entries()
    decision = decide_rows(study.need, rows, ledger, 0.75, 0)[0]
    none_met = replace(decision, best_ai=None, winner="full_physics")
    ratios = {row.name: row.errors["y"].high for row in rows if row.is_ai and row.status == "ok"}
    mlp, linear = bundle.candidate("mlp"), bundle.candidate("linear")
    assert [row.name for row in studied(rows, none_met)] == [min(ratios, key=lambda name: ratios[name])]
    assert studied(rows, replace(decision, best_ai="mlp", winner="linear")) == [mlp, linear]
    assert studied(rows, replace(decision, best_ai="mlp", winner="mlp")) == [mlp]


def test_the_cost_of_the_next_fit_is_that_of_the_ledger(bundle: Bundle) -> None:
    entries = Ledger(bundle.path / "ledger.jsonl").entries()
    fits = [entry.total_cpu_seconds for entry in entries if entry.stage == "fit" and entry.candidate == "mlp"]
    assert booked_fit(entries, bundle.candidate("mlp")) == fits[-1]
    assert booked_fit([], replace(bundle.candidate("mlp"), fixed_parts={"fit": 3.0})) == 3.0


def test_an_interruption_is_booked_and_goes_through(
    bundle: Bundle, study: Study, runs: Runs, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(*arguments: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("frugal.surrogates.frugality_checks.run.learning_curve", interrupted)
    with pytest.raises(KeyboardInterrupt):
        run_on(bundle, study, runs, tmp_path)
    booked = Ledger(tmp_path / "ledger.jsonl").entries()
    assert [(entry.stage, entry.status) for entry in booked] == [("practice", "interrupted")]


def test_a_refit_that_fails_leaves_the_other_practices(
    bundle: Bundle, study: Study, runs: Runs, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*arguments: object) -> None:
        raise ValueError("the matrix is singular")

    monkeypatch.setattr("frugal.surrogates.frugality_checks.run.learning_curve", fails)
    found, booked = run_on(bundle, study, runs, tmp_path)
    assert not found["complete"]
    for candidate in found["candidates"].values():
        assert "the matrix is singular" in candidate["skipped"]["learning_curve"]["fr"]
        assert candidate["compression"] is not None
    assert "failed" in {entry.status for entry in booked}


def test_plain_designs_have_one_place() -> None:
    """What the learning curve takes for a sequence."""
    assert len(np.unique(plain_design(np.zeros((3, 1)), np.zeros(3, dtype=bool)).places)) == 1
