"""Units that somebody wrote: read as they are meant, and never computed for ever."""

import time

import pint
import pytest

from frugal.errors import UnusableInputError
from frugal.experiments.study.values import convert
from frugal.formats.netcdf.cf_units import time_units, udunits
from frugal.formats.units import quantity_of


@pytest.mark.parametrize(
    ("unit", "to", "expected"),
    [
        ("km/h", "m/s", 1 / 3.6),
        ("m**3/s", "l/s", 1000.0),
        ("m^3 s^-1", "m^3/s", 1.0),
        ("kg/(m**2 * s)", "g/m**2/s", 1000.0),
        ("m**(-2)", "cm**-2", 1e-4),
        ("m**0.5", "cm**0.5", 10.0),
        ("degC", "kelvin", 274.15),
        ("kWh/m^2", "Wh/m**2", 1000.0),
    ],
)
def test_units_are_read_as_they_are_meant(unit: str, to: str, expected: float) -> None:
    assert convert(1.0, unit, to, "x") == pytest.approx(expected)


HOSTILE = (
    *("9**9**9", "9^9^9", "(9**9)**99", "m**999999999", "m**9**9", "m**(9**9)"),
    *("4 m/0", "m/0", "m" * 5000, "((", "1/(m-m)", "[m]"),
)


@pytest.fixture(scope="module")
def registry() -> pint.UnitRegistry:
    return pint.UnitRegistry()


@pytest.mark.parametrize("unit", HOSTILE)
def test_formulas_that_are_no_units_are_refused_at_once(registry: pint.UnitRegistry, unit: str) -> None:
    start = time.perf_counter()
    with pytest.raises(ValueError):
        quantity_of(registry, 1.0, unit)
    with pytest.raises(UnusableInputError, match="is unknown"):
        convert(1.0, unit, "m", "x")
    with pytest.raises(UnusableInputError, match="is unknown"):
        time_units(unit, "")
    assert udunits(unit) == unit
    assert time.perf_counter() - start < 60.0  # the registries are made in it
