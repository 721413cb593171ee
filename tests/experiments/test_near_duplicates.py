"""Rows that are one but for noise in their last digits are one: in folds, and on one side of a split."""

import numpy as np

from frugal.experiments.designs.near_duplicates import near_duplicates
from frugal.experiments.designs.sampling import from_table
from frugal.experiments.study.design import split_by_place
from frugal.surrogates.fitting.folds import folds, kept_together


def copies(n: int, times: int, apart: float) -> np.ndarray:
    rng = np.random.default_rng(0)
    x = np.repeat(rng.random((n, 3)), times, axis=0)
    return x + apart * rng.random(x.shape)


def test_copies_a_billionth_apart_are_one_and_neighbours_are_not():
    np.testing.assert_array_equal(near_duplicates(copies(60, 5, 1e-9)), np.repeat(np.arange(60), 5))
    np.testing.assert_array_equal(near_duplicates(copies(60, 5, 0.0)), np.repeat(np.arange(60), 5))
    assert near_duplicates(copies(60, 5, 1e-3)).max() == 299
    np.testing.assert_array_equal(near_duplicates(copies(60, 5, 1e-9) * 1e-12 + 5e-12), np.repeat(np.arange(60), 5))


def test_one_input_alike_is_not_a_row_alike():
    x = np.stack([np.repeat([0.0, 1.0], 4), np.tile([0.0, 1.0, 2.0, 3.0], 2)], axis=1)
    assert near_duplicates(x).tolist() == list(range(8))


def test_small_values_of_an_input_over_many_decades_are_not_one():
    assert near_duplicates(10 ** np.linspace(-6, 4, 200)[:, None]).max() == 199


def test_neighbours_among_very_many_rows_are_not_one():
    assert near_duplicates(np.linspace(0, 1, 2_000_000)[:, None]).max() == 1_999_999


def test_a_table_keeps_near_duplicates_on_one_side():
    x = copies(60, 5, 1e-9)
    design = from_table(x, 0)
    held_out = design.held_out.reshape(60, 5)
    assert (held_out.all(axis=1) | ~held_out.any(axis=1)).all() and 0.2 < held_out.mean() < 0.35


def test_folds_keep_near_duplicates_together():
    x = copies(20, 3, 1e-9)
    alone = np.full(60, "")
    for rows in folds(60, kept_together(alone, x), 5, 0):
        assert len(set(rows // 3)) * 3 == len(rows)
    assert kept_together(alone[:20], copies(20, 1, 0.0)) is None
    places = np.repeat(["a", "b", "c"], 20)
    np.testing.assert_array_equal(kept_together(places, x), places)


def test_many_places_are_split_at_once():
    places = np.array([f"input {k // 2}" for k in range(100_000)])
    held_out = split_by_place(places, 0)
    assert 0.25 <= held_out.mean() < 0.2502 and (held_out[::2] == held_out[1::2]).all()
