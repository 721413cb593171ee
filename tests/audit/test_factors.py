"""Factors are checked when read; footprints follow from them by hand-computed numbers."""

import pytest

from frugal.audit.impacts.factors import COLUMNS, load_factors
from frugal.audit.impacts.footprint import Range, electricity_joules, embodied_grams, footprint, use_grams, watts_of
from frugal.errors import UnusableInputError

HEADER = ",".join(COLUMNS)
ROW = "pue,1.5,1.0,2.0,1,2024,somebody,fact"
WATTS = Range(1.5, 3.0, 6.0)


def test_shipped_factors_are_complete_and_sourced():
    factors = load_factors()
    needed = {"electricity_gwp_fr", "watts_per_core", "ram_watts_per_gb", "pue", "embodied_gwp_vcpu_hour"}
    assert needed <= set(factors)
    france = factors["electricity_gwp_fr"]
    assert (france.low, france.value, france.high) == (21.7, 56.0, 81.3)
    assert all(factor.source and factor.licence and factor.year > 2000 for factor in factors.values())


@pytest.mark.parametrize(
    ("text", "match"),
    [
        ("id,value,low\npue,1,1", "lacks the column 'high'"),
        ("", "lacks the column"),
        (f"{HEADER}\n{ROW.replace('1.5', 'much')}", "column 'value' holds 'much'"),
        (f"{HEADER}\n{ROW.replace('1.5', 'nan')}", "column 'value' holds 'nan'"),
        (f"{HEADER}\n{ROW.replace('1.0,2.0', '2.0,1.0')}", r"interval \[2, 1\]"),
        (f"{HEADER}\n{ROW.replace('1.5', '2.5')}", "has value 2.5"),
        (f"{HEADER}\n{ROW}\n{ROW}", "a second time"),
        (f"{HEADER}\n{ROW.replace('somebody', '')}", "needs an id and a source"),
        (f"{HEADER}\npue,1.5", "column 'low' holds 'None'"),
    ],
)
def test_a_bad_table_is_refused_with_a_reason(tmp_path, text, match):
    path = tmp_path / "factors.csv"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(UnusableInputError, match=match):
        load_factors(path)


def test_a_missing_table_is_named(tmp_path):
    with pytest.raises(UnusableInputError, match=r"none\.csv"):
        load_factors(tmp_path / "none.csv")


def test_one_core_hour_by_hand():
    factors = load_factors()
    electricity = electricity_joules(3600.0, WATTS, factors)
    assert electricity.central == pytest.approx(3600 * 3.0 * 1.56)
    assert electricity.low == pytest.approx(3600 * 1.5 * 1.0)
    assert use_grams(electricity, factors).central == pytest.approx(0.003 * 1.56 * 56.0)
    assert embodied_grams(3600.0, factors).central == pytest.approx(0.27)


def test_memory_is_counted_and_use_stays_apart_from_manufacture():
    factors = load_factors()
    with_memory = electricity_joules(0.0, WATTS, factors, gigabyte_seconds=100.0)
    assert with_memory.central == pytest.approx(100 * 0.38 * 1.56)
    told = footprint(10.0, WATTS, factors)
    assert told["cpu_joules"] == {"low": 15.0, "central": 30.0, "high": 60.0}
    assert "use_grams_co2e" in told and "embodied_grams_co2e" in told
    assert not any("total" in key for key in told)


def test_footprint_is_proportional_and_ordered():
    factors = load_factors()
    one, two = footprint(1.0, WATTS, factors), footprint(2.0, WATTS, factors)
    for key in ("cpu_joules", "electricity_joules", "use_grams_co2e", "embodied_grams_co2e"):
        assert two[key]["central"] == pytest.approx(2 * one[key]["central"])
        assert one[key]["low"] <= one[key]["central"] <= one[key]["high"]


def test_watts_come_from_the_machine_and_else_from_the_default():
    factors = load_factors()
    assert watts_of({}, factors) == Range(1.5, 3.0, 6.0)
    machine = {"watts_per_core": 4.0, "watts_low": 3.0, "watts_high": 5.0}
    assert watts_of(machine, factors) == Range(3.0, 4.0, 5.0)
