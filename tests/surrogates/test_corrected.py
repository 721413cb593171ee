"""Cheap answers corrected by what the runs say that they miss, on the ladder and apart."""

from contextlib import contextmanager
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
from polder_for_tests import flood, polder_runs, polder_study, terrain

from frugal.errors import UnusableInputError
from frugal.experiments.runs.store import Runs
from frugal.experiments.study import Alternative, Need, Output, Study, Tolerance, Variable
from frugal.surrogates.fitting.judging import judging_for
from frugal.surrogates.fitting.model import Skipped
from frugal.surrogates.ladder.answering import answering_again
from frugal.surrogates.ladder.build import build_ladder
from frugal.surrogates.ladder.row import unmeasured_row
from frugal.surrogates.models import registry
from frugal.surrogates.models.corrected import Corrected, asked
from frugal.surrogates.models.scalar.linear import LinearRidge
from frugal.surrogates.onnx.graph import session
from frugal.surrogates.onnx.physical_limits import clip_outputs

INPUTS = (Variable("x0", "1", 0.0, 2.0), Variable("x1", "1", -1.0, 1.0))


class Meter:
    """Counts nothing."""

    @contextmanager
    def stage(self, stage, candidate=None, **more):
        yield SimpleNamespace(details={}, message="")


def bumpy(xp, x0, x1):
    return {"y": xp.sin(x0 * 7.0) + x1 * 2.0, "z": x0 * 1.0}


def missed(x):
    """What the formula leaves out: for y 4 - 3 x0 + x1 / 2, for z nothing but 10."""
    return np.stack([4 - 3 * x[:, 0] + x[:, 1] / 2, np.full(len(x), 10.0)], axis=1)


def truth(x):
    y = bumpy(np, x[:, 0], x[:, 1])
    return np.stack([y["y"], y["z"]], axis=1) + missed(x)


def study_of(*alternatives, solve=None):
    solver = solve or (lambda x0, x1: dict(zip("yz", truth(np.array([[x0, x1]]))[0], strict=True)))
    need = Need("one answer", {"y": Tolerance("nrmse", 0.02)}, queries=(1e3, 1e5))
    return Study("bumpy", INPUTS, (Output("y", "1"), Output("z", "1")), need, solver, alternatives=alternatives)


def runs_of(n, seed=0):
    x = np.random.default_rng(seed).uniform((0, -1), (2, 1), (n, 2))
    return Runs(x, truth(x), np.ones(n), np.arange(n) % 4 == 3, np.zeros(n, int), np.full(n, ""))


def correction_of(study, name="corrected_bumpy"):
    return next(model for model in registry.models_for(study) if model.name == name)


def test_what_a_formula_misses_is_learnt(monkeypatch):
    study = study_of(Alternative("bumpy", "formula", answer=bumpy))
    model, runs = correction_of(study), runs_of(40)
    assert model.kind == "linear" and model.label["fr"] == "bumpy, corrigé par régression linéaire"
    fitted = model.fit(runs.inputs, runs.outputs, None, study.columns, 0)
    fresh = runs_of(200, 1)
    np.testing.assert_allclose(fitted.predict(fresh.inputs), fresh.outputs, atol=1e-6)
    assert fitted.log["corrects"] == "bumpy"

    monkeypatch.setattr(registry, "models_for", lambda study: (LinearRidge(), model))
    ladder = {c.name: c for c in build_ladder(study, runs, Meter(), 0, judging=judging_for(runs, 0))}
    found = ladder["corrected_bumpy"]
    assert found.status == "ok" and found.needs_runs and not found.is_ai and found.parity.holds
    answers = session(found.model).run(["y", "z"], {"inputs": fresh.inputs.astype(np.float32)})
    np.testing.assert_allclose(np.stack(answers, axis=1).reshape(200, 2), fresh.outputs, atol=1e-4)
    worse = np.abs(ladder["linear"].judged.answers - runs.outputs).mean()
    assert np.abs(found.judged.answers - runs.outputs).max() < 1e-5
    assert worse > 0.1


def test_coarse_physics_stays_on_its_rung_and_is_asked_again_without_a_graph(monkeypatch):
    study = study_of(Alternative("coarse", "coarse_physics", answer=lambda x0, x1: bumpy(np, x0, x1)))
    model, runs = correction_of(study, "corrected_coarse"), runs_of(30)
    assert model.kind == "coarse_physics"
    monkeypatch.setattr(registry, "models_for", lambda study: (model,))
    ladder = build_ladder(study, runs, Meter(), 0)
    row = next(unmeasured_row(study, c) for c in ladder if c.name == "corrected_coarse")
    assert row.graph is None and row.graph_reason["en"] == "the study gives no graph for it"
    again = answering_again(study, row, None, runs)
    np.testing.assert_allclose(again.predict(runs.inputs, runs.object_ids), runs.outputs, atol=1e-6)


def test_each_run_is_asked_once_whatever_the_number_of_fits():
    counts = []

    def counting(x0, x1):
        counts.append(np.size(x0))
        return bumpy(np, x0, x1)

    study = study_of(Alternative("bumpy", "formula", answer=counting))
    model, runs = correction_of(study), runs_of(40)
    first = model.fit(runs.inputs[:30], runs.outputs[:30], None, study.columns, 0)
    assert counts == [1, 1, 30]  # two of them tell what it costs
    again = model.with_fixed_settings(first)
    again.fit(runs.inputs, runs.outputs, None, study.columns, 0)
    again.fit(runs.inputs[5:35], runs.outputs[5:35], None, study.columns, 0)
    assert counts == [1, 1, 30, 10]


def test_what_learns_itself_learns_from_the_same_runs():
    def fit(inputs, outputs):
        mean = outputs["y"].mean()
        return lambda x0, x1: {"y": mean + 0 * x0, "z": x0}

    study = study_of(Alternative("own", "table", fit=fit))
    model, runs = correction_of(study, "corrected_own"), runs_of(40)
    few = model.fit(runs.inputs[:20], runs.outputs[:20], None, study.columns, 0)
    model.fit(runs.inputs, runs.outputs, None, study.columns, 0)
    line = LinearRidge().fit(runs.inputs[:20], runs.outputs[:20], None, study.columns, 0)
    np.testing.assert_allclose(few.predict(runs.inputs)[:, 0], line.predict(runs.inputs)[:, 0], atol=1e-6)


def test_what_cannot_be_corrected_is_told():
    study = study_of(Alternative("bumpy", "formula", answer=bumpy))
    model, runs = correction_of(study), runs_of(20)
    with pytest.raises(Skipped, match="needs every input"):
        model.fit(runs.inputs[:, :1], runs.outputs, None, study.columns[:1], 0)
    with pytest.raises(Skipped, match="above 0 it is not asked for every run"):
        replace(model, dear_seconds=0.0).fit(runs.inputs, runs.outputs, None, study.columns, 0)
    with pytest.raises(UnusableInputError, match="not a finite number"):
        model.fit(runs.inputs, np.full_like(runs.outputs, np.nan), None, study.columns, 0)


def test_whose_name_is_taken_is_left_as_it_is():
    kinds = {"bumpy": "formula", "corrected_bumpy": "coarse_physics", "line": "linear", "flat": "constant"}
    study = study_of(*(Alternative(name, kind, answer=bumpy) for name, kind in kinds.items()))
    names = [model.name for model in registry.models_for(study) if isinstance(model, Corrected)]
    assert names == ["corrected_corrected_bumpy"]


def test_maps_are_corrected_cell_by_cell():
    bed = terrain()

    def higher_bed(surge, duration_h, breach_width, breach_position):
        return flood(bed + 0.3, np.array([surge, duration_h, breach_width, breach_position]))

    study = polder_study(alternatives=(Alternative("higher_bed", "coarse_physics", answer=higher_bed, each_row=True),))
    runs, depth = polder_runs(study, 48, 12), study.output_slices()["max_depth"]
    model = correction_of(study, "corrected_higher_bed")
    assert model.kind == "coarse_physics"
    fitted = model.fit(runs.training.inputs, runs.training.outputs, None, study.columns, 0)
    held = runs.held_out
    cheap = asked(study, study.answer_of(study.alternatives[0], held.inputs, held.outputs), held.inputs)
    learnt = next(m for m in registry.models_for(study) if m.name == "linear")
    alone = learnt.fit(runs.training.inputs, runs.training.outputs, None, study.columns, 0).predict(held.inputs)
    wrong = {
        name: np.sqrt(np.mean((clip_outputs(told, study.outputs) - held.outputs)[:, depth] ** 2))
        for name, told in {"cheap": cheap, "alone": alone, "both": fitted.predict(held.inputs)}.items()
    }
    assert wrong["both"] < 0.7 * min(wrong["cheap"], wrong["alone"])
