"""Designs that are drawn batch by batch: what judges is fixed beforehand, whatever the ceiling and whatever was placed."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from studies_for_tests import linear_study, vector_study

from frugal.errors import UnusableInputError
from frugal.experiments.designs.in_batches import Batches, runs_asked
from frugal.experiments.runs.store import open_store, read_design, read_runs
from frugal.experiments.study import Study
from frugal.experiments.study.design import Design


@pytest.mark.parametrize(
    ("wanted", "found"),
    [(None, (None, False)), (48, (48, False)), ("48", (48, False)), ("auto", (None, True)), ("auto:400", (400, True))],
)
def test_how_many_runs_are_asked_for(wanted: str | int | None, found: tuple[int | None, bool]) -> None:
    assert runs_asked(wanted) == found


@pytest.mark.parametrize("wanted", ["many", "0", "-3", "12.5", "auto:", "auto:x", "auto:0", "AUTO", "²", ""])
def test_what_is_no_number_of_runs_is_refused(wanted: str) -> None:
    with pytest.raises(UnusableInputError, match=f"--n-runs '{wanted}' must be a positive whole number, 'auto' or"):
        runs_asked(wanted)


def whole(batches: Batches) -> Design:
    return Design.joined([batches.filling(number) for number in range(len(batches))])


@pytest.mark.parametrize("study", [linear_study(), vector_study()])
def test_batches_grow_by_a_fifth_and_a_quarter_of_the_runs_judges(study: Study) -> None:
    batches = Batches(study, 200, 3)
    assert batches.sizes[0] == 16 and batches.sizes[-1] == 200
    steps = np.diff(batches.sizes)
    assert steps.min() >= 4 and (steps[:-1] <= np.maximum(4, 0.2 * np.array(batches.sizes[:-2]) + 1)).all()
    design = whole(batches)
    assert len(design) == 200 and design.held_out.sum() == 50 and not design.added.any()
    assert len(np.unique(design.inputs[:, [0]], axis=0)) == 200  # no point comes twice
    low, high = (np.array([getattr(v, end) for v in study.columns]) for end in ("low", "high"))
    assert (design.inputs >= low).all() and (design.inputs <= high).all()
    for end in (30, 100, 200):  # whatever batch is the last, both parts fill the bounds
        for part in (design.held_out[:end], ~design.held_out[:end]):
            assert design.inputs[:end][part][:, 0].mean() == pytest.approx((low[0] + high[0]) / 2, abs=0.12)


def test_a_higher_ceiling_begins_with_the_same_batches() -> None:
    few, many = Batches(linear_study(), 64, 0), Batches(linear_study(), 256, 0)
    same = len(few) - 2
    assert few.sizes[:same] == many.sizes[:same]
    for number in range(same):
        assert few.filling(number).hash() == many.filling(number).hash()


def test_runs_that_are_placed_change_nothing_in_those_that_judge() -> None:
    batches = Batches(linear_study(), 64, 0)
    number = next(k for k in range(len(batches)) if batches.places(k))
    assert batches.before(number) >= 16
    count = batches.places(number)
    placed = batches.with_placed(number, np.full((count - 1, 3), 0.5))
    filling = batches.filling(number)
    assert len(placed) == len(filling) and placed.added.tolist() == [True] * (count - 1) + [False] * (
        len(filling) - count + 1
    )
    assert placed.take(placed.held_out).hash() == filling.take(filling.held_out).hash()
    assert not placed.held_out[placed.added].any()


def test_real_objects_come_in_batches_of_the_design_that_the_study_draws() -> None:
    def draw(n: int, seed: int) -> Design:
        x = np.random.default_rng(seed).random((n, 3))
        return Design(x, np.arange(n) >= 0.7 * n, np.arange(n), np.array([f"place {k % 9}" for k in range(n)]))

    batches = Batches(replace(linear_study(), draw=draw), 100, 5)
    assert not any(batches.places(number) for number in range(len(batches)))
    design = whole(batches)
    assert sorted(design.object_ids) == list(range(100))
    drawn = draw(100, 5)
    assert np.array_equal(design.held_out, drawn.held_out[design.object_ids])
    assert np.array_equal(design.places, drawn.places[design.object_ids])
    for size in batches.sizes:
        assert design.held_out[:size].sum() == pytest.approx(0.3 * size, abs=1)


def test_a_need_without_a_tolerance_and_too_low_a_ceiling_are_refused() -> None:
    study = linear_study()
    with pytest.raises(UnusableInputError, match="of study 'linear' has no tolerance: declare one"):
        Batches(replace(study, need=replace(study.need, tolerances={})), 64, 0)
    with pytest.raises(UnusableInputError, match="n_runs is 12; at least 16"):
        Batches(study, 12, 0)


def test_a_store_keeps_which_runs_were_placed(tmp_path: Path) -> None:
    study, batches = vector_study(), Batches(vector_study(), 64, 0)
    number = next(k for k in range(len(batches)) if batches.places(k))
    design = batches.with_placed(number, batches.filling(number).inputs[: batches.places(number)])
    store = open_store(tmp_path / "runs.zarr", study, design, len(design))
    n = len(design)
    store.commit(0, np.ones((n, study.output_size)), np.ones(n), np.ones(n, dtype=np.int8), [""] * n)
    assert read_design(tmp_path / "runs.zarr", study).hash() == design.hash()
    names = [[part.name for part in parts] for parts in (study.inputs, study.outputs)]
    for runs in (store.finished(), read_runs(tmp_path / "runs.zarr", *names)):
        assert np.array_equal(runs.is_added, design.added) and runs.is_added.any()
    plain = batches.filling(number)
    assert not plain.added.any() and plain.hash() != design.hash()
