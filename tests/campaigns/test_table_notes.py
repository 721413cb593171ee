"""A row that decides the errors of every candidate is found, and none where each errs elsewhere."""

import numpy as np

from frugal.campaigns.told_errors import dominant_row


def test_one_row_that_makes_up_the_error_of_all() -> None:
    truth = np.random.default_rng(0).normal(size=60)
    near = {name: truth + 0.1 * np.random.default_rng(k).normal(size=60) for k, name in enumerate("abc", start=1)}
    assert dominant_row(truth, near) is None
    wrong = truth.copy()
    wrong[7] = 1e6
    found = dominant_row(wrong, near)
    assert found is not None and found[0] == 7 and found[1] > 0.999
    assert dominant_row(wrong, {**near, "knows": np.where(np.arange(60) == 7, 1e6, truth + 0.1)}) is None
    assert dominant_row(wrong, {**near, "exact": wrong, "fails": np.full(60, np.nan)}) == found
    assert dominant_row(truth, {}) is None
