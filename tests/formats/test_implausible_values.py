"""Marks for no value and outliers are found; what is only spread wide is left alone."""

import numpy as np
import pytest

from frugal.formats.files.implausible_values import outlier_rows, sentinel_rows

RNG = np.random.default_rng(7)
ORDINARY = {
    "around 0": RNG.normal(size=120),
    "from 0 to 1": RNG.random(120),
    "temperatures": RNG.normal(300, 3, 120),
    "flows": RNG.uniform(1000, 20000, 120),
}
SPREAD = {
    **ORDINARY,
    "twelve decades": 10 ** RNG.uniform(-6, 6, 300),
    "lognormal": RNG.lognormal(0, 7, 300),
    "either sign over decades": RNG.lognormal(0, 5, 300) * RNG.choice([-1, 1], 300),
    "t3": RNG.standard_t(3, 3000),
    "Pareto": RNG.pareto(1.5, 300),
    "mostly 0": RNG.lognormal(0, 2, 300) * (RNG.random(300) < 0.3),
    "a few levels": RNG.choice([0.0, 1.0, 2.0, 5.0], 100),
    "whole numbers": RNG.integers(0, 12000, 400).astype(float),
    "towns": np.round(RNG.lognormal(6, 1.5, 300)),
    "densities of a plasma": RNG.uniform(3e19, 3e20, 60),
    "the same": np.full(40, 5.0),
}


@pytest.mark.parametrize("values", SPREAD.values(), ids=SPREAD.keys())
def test_nothing_is_said_of_ordinary_columns(values):
    assert not len(sentinel_rows(values)) and not len(outlier_rows(values))


@pytest.mark.parametrize("values", ORDINARY.values(), ids=ORDINARY.keys())
@pytest.mark.parametrize("mark", [-9999.0, -999.0, -32768.0, 1e20, 1e30, -3.4e38, float(np.finfo(np.float32).max)])
@pytest.mark.parametrize("rows", [[7], list(range(0, 120, 20))])
def test_marks_for_no_value_are_found(values, mark, rows):
    marked = values.copy()
    marked[rows] = mark
    assert sentinel_rows(marked).tolist() == rows


def test_a_mark_amid_the_values_is_found_by_how_often_it_comes():
    values = RNG.uniform(-20000, 20000, 100)
    values[::20] = -9999
    assert sentinel_rows(values).tolist() == [0, 20, 40, 60, 80]
    values[20:] = RNG.uniform(-20000, 20000, 80)
    assert not len(sentinel_rows(values))  # once, it may be a value


@pytest.mark.parametrize("name", ["around 0", "from 0 to 1", "temperatures"])
@pytest.mark.parametrize("value", [1e4, 1e6, -1e6])
def test_an_outlier_is_found(name, value):
    values = ORDINARY[name].copy()
    values[11] = value
    assert outlier_rows(values).tolist() == [11]
    values[40] = 3 * value
    assert outlier_rows(values).tolist() == [11, 40]


def test_false_alarms_on_a_power_law_are_about_as_rare_as_said():
    """Once in 200 tables on each side of the median where the tail is a power law; the exact one of a Pareto, index 1."""
    rng = np.random.default_rng(1)
    alarms = sum(len(outlier_rows(rng.pareto(1.0, 200))) > 0 for _ in range(400))
    assert alarms <= 12  # 2 to 4 are expected; 12 or more would come once in thousands of trials
