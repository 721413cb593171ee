"""Defined values on both sides of a fill value are refused before anything is fitted."""

import numpy as np
import pytest

from frugal.errors import UnusableInputError
from frugal.experiments.needs.check_runs import check_fill
from frugal.experiments.study import Need, Output, Study, Tolerance, Variable


def arrival(fill: float) -> Study:
    output = Output("hit", "hour", ("k",), {"k": range(3)}, defined_where="hit", fill_value=fill)
    return Study("s", (Variable("a", "1", 0.0, 1.0),), (output,), Need("one", {"hit": Tolerance("rmse_defined", 1.0)}))


def test_fill_values_stand_beyond_what_is_defined() -> None:
    runs = np.array([[1.0, 7.8, 4.0], [2.0, 3.0, 9.0]])
    check_fill(arrival(9.0), runs)
    check_fill(arrival(0.5), runs)
    with pytest.raises(UnusableInputError, match=r"'hit' are 1 to 9, on both sides of its fill_value 4"):
        check_fill(arrival(4.0), runs)
