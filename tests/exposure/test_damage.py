"""Damage by hand: curves, the integral over return periods, and what is refused."""

import json
from pathlib import Path

import numpy as np
import pytest
from floods_for_tests import buildings, flood

from frugal.errors import UnusableInputError
from frugal.exposure.classes import DepthClasses
from frugal.exposure.damage import DamageCurve, DamageSettings, damage_of, expected_damage, read_curves, read_damages
from frugal.exposure.exposed import expose
from frugal.exposure.inputs import read_features


def test_expected_damage_by_hand() -> None:
    # (0 + 100) / 2 over 0.5 − 0.1, (100 + 500) / 2 over 0.1 − 0.01, and 500 · 0.01 beyond.
    found, each = expected_damage([100, 2, 10], np.array([[400.0, 100.0], [0.0, 0.0], [100.0, 0.0]]))
    assert (found.between, found.beyond, found.frequent_unknown) == pytest.approx((47.0, 5.0, 0.0))
    assert found.total == pytest.approx(52.0)
    # 100 / 2 · 0.4 + 500 / 2 · 0.09 + 400 · 0.01, and 100 / 2 · 0.09 + 100 · 0.01
    assert each == pytest.approx([20.0 + 22.5 + 4.0, 4.5 + 1.0])


def test_damage_that_begins_before_the_first_return_period_is_told() -> None:
    found, _ = expected_damage([2, 10], np.array([10.0, 20.0]))
    assert found.frequent_unknown == pytest.approx(5.0) and found.between == pytest.approx(6.0)


def test_table_beside_the_checkout(shared_data: Path) -> None:
    path = shared_data / "exposure" / "damage_by_return_period.json"
    if not path.is_file():
        pytest.skip("no table of damages beside this checkout")
    periods, amounts, unit = read_damages(path)
    found, _ = expected_damage(periods.tolist(), amounts)
    # .02 + .0375 + .03 · 2 + .0405 + .033 + .03075 + .01425 by hand
    assert unit == "MEUR" and found.between == pytest.approx(0.236) and found.beyond == pytest.approx(0.016)


def test_damage_of_buildings_by_curve_kind_and_value(tmp_path: Path) -> None:
    exposed = expose(read_features(buildings(tmp_path), flood(), "buildings"), flood(), DepthClasses())
    plain = damage_of(exposed, DamageSettings())
    # 0.3 m: 0.15, 0.1 m: 0.05, 2.5 m: 0.675 of the European curve
    assert not plain.in_value and plain.amounts == pytest.approx([0, 15, 2, 67.5])
    table = tmp_path / "curves.csv"
    table.write_text("kind,depth_m,share,value_per_m2\nhouse,0,0,1000\nhouse,1,0.5,1000\n*,0,0.1,10\n*,3,1,10\n")
    found = damage_of(exposed, DamageSettings(read_curves(table)))
    # house: 0.15 · 100 · 1000; shops: (0.1 + 0.9 · 0.1 / 3) · 40 · 10 and (0.1 + 0.9 · 2.5 / 3) · 100 · 10
    assert found.in_value and found.amounts == pytest.approx([0, 15_000, 0.13 * 400, 0.85 * 1000])


@pytest.mark.parametrize(
    ("periods", "amounts", "told"),
    [
        ([10], [1.0], "expected damage needs two return periods or more; given: 1"),
        ([10, 10], [1.0, 2.0], "return period 10 is given twice"),
        ([0.5, 10], [1.0, 2.0], "return period 0.5: years of 1 or more"),
        ([2, 10], [1.0, -2.0], "return period 10: damage -2"),
        ([2, 10], [1.0, np.nan], "return period 10: damage nan"),
    ],
)
def test_no_yearly_damage_of_these(periods: list[float], amounts: list[float], told: str) -> None:
    with pytest.raises(UnusableInputError, match=told):
        expected_damage(periods, np.array(amounts))


@pytest.mark.parametrize(
    ("rows", "told"),
    [
        ("depth_m,share\n0,0\n0,1\n", "have to rise"),
        ("depth_m,share\n0,0\n1,25\n", "shares from 0 to 1"),
        ("depth_m,share\n0,0.5\n1,0.2\n", "that do not fall"),
        ("depth_m,loss\n0,0\n1,1\n", "has no column 'share'"),
        ("depth_m,share,value_per_m2\n0,0,5\n1,1,6\n", "value_per_m2 5, 6"),
    ],
)
def test_curves_that_are_none(tmp_path: Path, rows: str, told: str) -> None:
    (tmp_path / "curves.csv").write_text(rows)
    with pytest.raises(UnusableInputError, match=told):
        read_curves(tmp_path / "curves.csv")


def test_a_kind_without_a_curve_is_named(tmp_path: Path) -> None:
    exposed = expose(read_features(buildings(tmp_path), flood(), "buildings"), flood(), DepthClasses())
    with pytest.raises(
        UnusableInputError, match="have the kind 'shop', for which the table has no curve; it has house"
    ):
        damage_of(exposed, DamageSettings({"house": DamageCurve()}))


def test_damages_of_a_file_that_says_something_else(tmp_path: Path) -> None:
    (tmp_path / "d.json").write_text(json.dumps({"return_period_yr": [2, 10], "damage_MEUR": [1]}))
    with pytest.raises(UnusableInputError, match="has 2 return periods and 1 damages"):
        read_damages(tmp_path / "d.json")
    (tmp_path / "d.json").write_text(json.dumps({"years": [2, 10]}))
    with pytest.raises(UnusableInputError, match="has years; needed: return_period_yr"):
        read_damages(tmp_path / "d.json")
