"""Intervals and domains of a ladder built from a table of runs: what is written of them is what its graphs give."""

from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest

from frugal.experiments.designs.from_table import table_of_runs
from frugal.experiments.runs.store import Runs
from frugal.experiments.study import Alternative
from frugal.surrogates.fitting.judging import by_held_out, judging_for
from frugal.surrogates.ladder.answering import answering_for
from frugal.surrogates.ladder.build import Candidate, build_ladder
from frugal.surrogates.ladder.calibration import widths_of
from frugal.surrogates.ladder.row import unmeasured_row
from frugal.surrogates.measurement.errors import judge
from frugal.surrogates.models import registry
from frugal.surrogates.onnx.graph import session


class Meter:
    """Counts nothing."""

    @contextmanager
    def stage(self, stage: str, candidate: str | None = None, **more: Any) -> Any:
        yield SimpleNamespace(details={}, message="")


def tabled(folder: Path, x: np.ndarray, y: np.ndarray) -> tuple[Any, Runs]:
    columns = [f"x{j}" for j in range(x.shape[1])]
    pd.DataFrame(np.column_stack([x, y]), columns=[*columns, "y"]).to_csv(folder / "t.csv", index=False)
    table = table_of_runs(folder / "t.csv", columns, ["y"])
    design, n = table.design, len(x)
    runs = Runs(
        design.inputs, table.outputs, np.ones(n), design.held_out, design.object_ids, design.places, np.arange(n)
    )
    return table.study, runs


def built(study: Any, runs: Runs, judging: Any, monkeypatch: pytest.MonkeyPatch) -> dict[str, Candidate]:
    few = [model for model in registry.models_for(study) if model.name in ("constant", "quadratic")]
    monkeypatch.setattr(registry, "models_for", lambda study: few)
    return {candidate.name: candidate for candidate in build_ladder(study, runs, Meter(), 0, judging=judging)}  # type: ignore[arg-type]


def lshape(n: int, seed: int) -> np.ndarray:
    x = np.random.default_rng(seed).random((3 * n, 2))
    return x[~((x[:, 0] > 0.5) & (x[:, 1] > 0.5))][:n]


def test_an_l_with_noise_that_grows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    x = lshape(400, 0)
    y = 3 * x[:, 0] + x[:, 1] ** 2 + (0.02 + 0.6 * x[:, 1]) * np.random.default_rng(1).normal(size=400)
    study, runs = tabled(tmp_path, x, y)
    judging = judging_for(runs, 0)
    quadratic = built(study, runs, judging, monkeypatch)["quadratic"]
    answering = answering_for(study, quadratic)
    row = judge(study, unmeasured_row(study, quadratic), answering, judging.judged, Meter(), 0)  # type: ignore[arg-type]
    assert not isinstance(row, str)
    assert row.interval is not None and row.interval.kind == "scale" and row.domain is not None
    assert (row.domain.by, row.domain.pairs) == ("runs", ()) and 0.82 < (row.interval_coverage or 0) < 0.98
    assert quadratic.model is not None
    fresh, corner = lshape(3000, 2), 0.5 + 0.5 * np.random.default_rng(3).random((3000, 2))
    asked = session(quadratic.model)
    inside = [asked.run(["in_domain"], {"inputs": rows.astype(np.float32)})[0].mean() for rows in (fresh, corner)]
    assert inside[0] >= 0.95 and inside[1] <= 0.15
    _, lower, upper = asked.run(["y", "y_lower", "y_upper"], {"inputs": fresh.astype(np.float32)})
    widths = widths_of(row, study)
    assert widths is not None  # what candidates.json says is what the graph gives
    np.testing.assert_allclose((upper - lower)[:, None] / 2, widths(fresh), rtol=1e-3)
    drawn = np.abs((0.02 + 0.6 * fresh[:, 1]) * np.random.default_rng(4).normal(size=len(fresh)))
    covered = drawn <= widths(fresh)[:, 0]
    for k in range(4):
        assert covered[(fresh[:, 1] * 4).astype(int) == k].mean() > 0.8


def test_copies_of_pure_noise_meet_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(0)
    x = np.repeat(rng.random((30, 2)), 5, axis=0) + 1e-9 * rng.random((150, 2))
    y = 5 + np.repeat(rng.normal(size=30), 5)
    study, runs = tabled(tmp_path, x, y)
    for judging in (judging_for(runs, 0), by_held_out(runs)):
        for part in judging.parts:
            assert not set(part.learnt // 5) & set(part.judged // 5)
    judging = judging_for(runs, 0)
    assert judging.by == "out_of_fold"
    quadratic = built(study, runs, judging, monkeypatch)["quadratic"]
    answering = answering_for(study, quadratic)
    row = judge(study, unmeasured_row(study, quadratic), answering, judging.judged, Meter(), 0, folds=judging.folds)  # type: ignore[arg-type]
    assert not isinstance(row, str) and not row.error_met
    assert row.errors["y"].value > 0.1  # of the mean: the noise is a fifth of it
    assert row.interval is not None and row.interval.places == 30 and row.interval.assured


def test_what_needs_no_runs_keeps_the_bounds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    x = lshape(200, 0)
    study, runs = tabled(tmp_path, x, x.sum(axis=1))
    rule = Alternative("rule", "formula", answer=lambda xp, x0, x1: {"y": x0 + x1})
    study = replace(study, alternatives=(rule,))
    found = built(study, runs, judging_for(runs, 0), monkeypatch)
    assert found["rule"].domain_told is not None and found["rule"].domain_told.by == "bounds"
    corner = {"inputs": np.full((1, 2), 0.9, np.float32)}
    for name, inside in (("rule", True), ("quadratic", False)):
        model = found[name].model
        assert model is not None and session(model).run(["in_domain"], corner)[0][0] == inside
