"""What every installed study keeps: a new one is held to it without a line here."""

from functools import cache

import numpy as np
import pytest

from frugal.experiments.designs.sampling import design_for
from frugal.experiments.study import Arrays, Study
from frugal.experiments.study.questions import question
from frugal.experiments.study.registry import installed_studies, load_study
from frugal.experiments.study.values import convert
from frugal.surrogates.onnx.graph import Graph, serialise, session
from frugal.surrogates.onnx.physical_limits import clip_outputs
from frugal.texts import LANGUAGES

NAMES = tuple(installed_studies())
#: Fewer roofs and particles and wider cells than by default, so that a place is read and asked quickly.
SETTINGS = {
    "roof_yield": {"roofs_per_dsm": 24},
    "roof_shading": {"roofs_per_dsm": 24},
    "estuary": {"cell_m": 4000.0},
    "waste_drift": {"particles": 128, "days": 2.0},
}
#: Runs of a study that alternatives are made from and held against their graphs on.
N_RUNS = 24


@cache
def study_of(name: str) -> Study:
    return load_study(name, dict(SETTINGS.get(name, {})))


@cache
def reference_answer(name: str) -> Arrays:
    study = study_of(name)
    return study.solved(question(study.inputs, {}).row)


def reference_run(name: str) -> np.ndarray:
    return study_of(name).flatten(reference_answer(name))


@pytest.fixture(params=NAMES)
def study(request: pytest.FixtureRequest) -> Study:
    return study_of(request.param)


def test_units_can_be_read(study: Study) -> None:
    for part in (*study.inputs, *study.outputs, *study.diagnostics, *study.parameters):
        convert(1.0, part.unit, part.unit, part.name)


def test_labels_stand_in_both_languages(study: Study) -> None:
    assert set(study.title) == set(LANGUAGES)
    for part in (*study.columns, *study.outputs, *study.diagnostics, *study.parameters, *study.alternatives):
        assert set(part.label) == set(LANGUAGES), part.name
        assert all(text.strip() and "{" not in text for text in part.label.values()), part.name
        assert len(set(part.label.values())) > 1 or part.label["en"].isupper(), f"{part.name} is said alike in both"


def test_every_input_has_a_default_inside_its_bounds(study: Study) -> None:
    asked = question(study.inputs, {})  # refuses what has no default, or one out of bounds
    assert set(asked.assumed.values()) == {"default"}


def test_the_reference_run_is_finite_and_the_same_twice(study: Study) -> None:
    first = reference_run(study.name)
    assert np.isfinite(first).all()
    np.testing.assert_array_equal(study.run(question(study.inputs, {}).row), first)


def test_solver_and_answers_take_their_inputs_by_name(study: Study) -> None:
    assert study.former_forms == ()


def test_volumes_balance(study: Study) -> None:
    solved = reference_answer(study.name)
    for kept in study.diagnostics:
        value = float(np.asarray(solved[kept.name]))
        assert np.isfinite(value)
        assert not kept.name.endswith("_imbalance") or abs(value) < 1e-9


def test_alternatives_answer_as_their_graphs_do(study: Study) -> None:
    with_graphs = 0
    rows = question(study.inputs, {}).row[None]
    outputs = reference_run(study.name)[None]
    if any(alternative.needs_runs for alternative in study.alternatives):
        design = design_for(study, N_RUNS, seed=0)
        rows = design.inputs
        truth = zip(rows, design.object_ids, strict=True)
        outputs = np.stack([study.run(row, int(object_id)) for row, object_id in truth])
    for alternative in study.alternatives:
        answer = study.answer_of(alternative, rows, outputs)
        told = clip_outputs(study.flatten(answer.predict(rows), len(rows)), study.outputs)
        assert np.isfinite(told).all(), alternative.name
        if answer.graph is None:
            continue
        with_graphs += 1
        graph = Graph(alternative.name)
        y = answer.graph(graph, graph.input("inputs", len(study.columns)))
        model = serialise(graph.finish([("y", graph.cast(y, np.float32), 1, outputs.shape[1:])]))
        (got,) = session(model).run(None, {"inputs": rows.astype(np.float32)})
        scale = np.maximum(np.ptp(told, axis=0), 1e-3 * np.maximum(np.abs(told).max(axis=0), 1e-9))
        got = clip_outputs(np.asarray(got, dtype=float), study.outputs)
        assert np.max(np.abs(got - told) / scale) < 1e-3, alternative.name
    assert with_graphs or all(alternative.each_row for alternative in study.alternatives)


def test_the_need_says_all_that_an_audit_asks(study: Study) -> None:
    need = study.need
    assert need.declared and need.queries is not None and need.reason and need.use and need.decided_by
    assert set(need.tolerances) <= {output.name for output in study.outputs} and need.tolerances
    for text in (need.reason, need.use):
        assert set(text) == set(LANGUAGES)


def test_sources_are_given(study: Study) -> None:
    assert study.sources and all(source.strip() for source in study.sources)
    assert all(scenario.source for scenario in study.scenarios)
