"""High and low waters: exact, alternating, double ones once; coefficients as published."""

from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from frugal.errors import UnusableInputError
from frugal.physics.tide.extremes import Waters, high_and_low_waters, waters_of_series
from frugal.physics.tide.french_coefficient import coefficients_at_brest, coefficients_of
from frugal.physics.tide.levels import tidal_levels
from frugal.physics.tide.prediction import HarmonicConstants, predict

BEGIN = datetime(2026, 3, 1, tzinfo=UTC).timestamp()
DAY = 86400.0
M2_S = 12.4206012 * 3600


def test_one_constituent_has_its_waters_where_its_phase_says() -> None:
    found = high_and_low_waters(BEGIN, BEGIN + 5 * DAY, HarmonicConstants(["M2"], [2.0], [77.0]), "none")
    assert len(found.time_s) in (19, 20) and (np.diff(found.high.astype(int)) != 0).all()
    assert np.abs(found.level_m) == pytest.approx(2.0, abs=1e-9) and (found.peaks == 1).all()
    assert np.diff(found.time_s) == pytest.approx(M2_S / 2, abs=0.1)
    # within 5 cm of 2 m: cos of half the time is 1.95 / 2
    assert found.stand_s == pytest.approx(M2_S * np.arccos(1.95 / 2) / np.pi, rel=0.01)


def test_extremes_are_those_of_the_levels() -> None:
    tide = HarmonicConstants(
        ["M2", "S2", "N2", "K1", "O1", "M4"], [1.5, 0.5, 0.3, 0.1, 0.1, 0.1], [109, 143, 90, 75, 330, 356]
    )
    found = high_and_low_waters(BEGIN, BEGIN + 20 * DAY, tide)
    times = np.arange(BEGIN, BEGIN + 20 * DAY, 10.0)
    levels = predict(times, tide)
    peaks = 1 + np.flatnonzero((levels[1:-1] > levels[:-2]) & (levels[1:-1] >= levels[2:]))
    troughs = 1 + np.flatnonzero((levels[1:-1] < levels[:-2]) & (levels[1:-1] <= levels[2:]))
    assert found.time_s[found.high] == pytest.approx(times[peaks], abs=10.1)
    assert found.level_m[found.high] == pytest.approx(levels[peaks], abs=1e-6)
    assert found.time_s[~found.high] == pytest.approx(times[troughs], abs=10.1)


def double(quarter: float, phase: float) -> Waters:
    """A tide of M2 with its overtide, without corrections."""
    tide = HarmonicConstants(["M2", "M4"], [1.0, quarter], [0.0, phase])
    return high_and_low_waters(BEGIN, BEGIN + 4 * M2_S, tide, "none")


def test_double_high_and_low_waters_are_one_each() -> None:
    """cos x - a cos 2x has two peaks where a > 1/4, at cos x = 1 / 4a, of 1 / 8a + a; 2 cos² x - 1 in between."""
    single, high, low = double(0.2, 180.0), double(0.35, 180.0), double(0.35, 0.0)
    for found, doubled in ((single, None), (high, True), (low, False)):
        assert (np.diff(found.high.astype(int)) != 0).all() and 7 <= len(found.time_s) <= 9
        assert ((found.peaks == 2) == (found.high if doubled else (~found.high if doubled is False else False))).all()
    top = high.high
    assert high.level_m[top] == pytest.approx(1 / (8 * 0.35) + 0.35, abs=1e-6)
    apart = np.abs(high.other_time_s[top] - high.time_s[top])
    assert apart == pytest.approx(2 * np.arccos(1 / (4 * 0.35)) / (2 * np.pi) * M2_S, abs=2.0)
    # the dip of 5.7 cm between the peaks belongs to the stand
    assert (high.stand_s[top] > apart).all() and np.isnan(high.other_time_s[~top]).all()


def test_a_tide_of_four_high_waters_a_day_keeps_them() -> None:
    found = double(2.0, 0.0)
    assert found.high.sum() in (7, 8, 9) and (found.peaks == 1).all()


def test_mixed_tides_keep_unequal_high_waters() -> None:
    tide = HarmonicConstants(["M2", "K1", "O1"], [0.5, 0.37, 0.23], [330.0, 220.0, 205.0])
    found = high_and_low_waters(BEGIN, BEGIN + 14 * DAY, tide)
    assert found.high.sum() in (26, 27, 28) and (np.diff(found.high.astype(int)) != 0).all()


def test_a_series_of_a_solver_has_the_waters_of_its_tide() -> None:
    tide = HarmonicConstants(["M2", "M4"], [2.0, 0.3], [100.0, 10.0])
    times = BEGIN + np.arange(0, 3 * DAY, 600.0)
    exact = high_and_low_waters(BEGIN, BEGIN + 3 * DAY, tide)
    found = waters_of_series(times, predict(times, tide))
    assert found.time_s == pytest.approx(exact.time_s, abs=60.0) and found.level_m == pytest.approx(
        exact.level_m, abs=2e-3
    )
    # a gauge that falls dry is flat at low water
    dry = waters_of_series(times, np.maximum(predict(times, tide), -1.0))
    assert dry.level_m[~dry.high] == pytest.approx(-1.0) and dry.high.sum() == exact.high.sum()
    with pytest.raises(UnusableInputError, match="have to grow"):
        waters_of_series(times[::-1], predict(times, tide))


def test_a_period_has_to_end_after_it_begins() -> None:
    with pytest.raises(UnusableInputError, match="before it begins"):
        high_and_low_waters(BEGIN, BEGIN - 1, HarmonicConstants(["M2"], [1.0], [0.0]))


def largest(day: str, days: float = 1.0) -> float:
    begin = datetime.fromisoformat(day).replace(tzinfo=UTC).timestamp()
    return float(coefficients_at_brest(begin, begin + days * DAY)[1].max())


@pytest.mark.parametrize(
    ("day", "published"),
    [
        # announced by SHOM in the press: linternaute.com and france3-regions of 2015, bateaux.com and figaronautisme of 2012 to
        # 2015, paperblog of 2010, philippeverdier.typepad.fr of 2006, lachainemeteo.com of 2025
        ("2006-03-30", 115), ("2010-03-02", 116), ("2012-10-16", 109), ("2014-03-02", 115), ("2015-02-20", 118),
        ("2015-03-20", 115), ("2015-03-21", 119), ("2033-03-03", 119), ("2051-03-14", 119), ("2073-03-25", 120),
    ],
)  # fmt: skip
def test_coefficients_are_the_published_ones(day: str, published: int) -> None:
    assert largest(day) == pytest.approx(published, abs=1.3)


def test_coefficients_of_years_stay_in_their_scale() -> None:
    """20 to 120, 70 at a mean tide (SHOM)."""
    begin = datetime(2014, 9, 1, tzinfo=UTC)
    times, found = coefficients_at_brest(begin.timestamp(), (begin + timedelta(days=750)).timestamp())
    assert 20 <= found.min() < 33 and 118.0 < found.max() <= 120.0
    assert np.median(found) == pytest.approx(70.0, abs=5.0) and len(times) == pytest.approx(750 * DAY / M2_S, abs=3)


def test_a_port_takes_the_coefficient_of_the_tide_that_reaches_it() -> None:
    begin = datetime(2015, 3, 20, tzinfo=UTC).timestamp()
    times, found = coefficients_at_brest(begin, begin + 3 * DAY)
    for name, phase, lag_h in (
        ("Le Havre", 285.0, 6.07),
        ("Bordeaux", 182.8, 2.55),
        ("Saint-Jean-de-Luz", 88.0, -0.72),
    ):
        assert coefficients_of(times + lag_h * 3600 + 900, phase) == pytest.approx(found, abs=1e-6), name


def test_mean_and_extreme_levels_of_two_constituents() -> None:
    """The mean envelope of M2 + S2 is M2 (1 + k² / 4), k = S2 / M2; springs hold a little more waters than neaps."""
    tide = HarmonicConstants(["M2", "S2"], [2.0, 0.6], [109.0, 148.0])
    found = tidal_levels(BEGIN, tide, 2.0, "none")
    assert found.highest == pytest.approx(2.6, abs=0.01) and found.lowest == pytest.approx(-2.6, abs=0.01)
    assert found.mean_high == pytest.approx(2.0 * (1 + 0.3**2 / 4), abs=0.01)
    assert found.mean_low == pytest.approx(-found.mean_high, abs=0.002)
    assert (found.spring_high, found.neap_low) == pytest.approx((2.6, -1.4))
    with pytest.raises(UnusableInputError, match="no high and low water"):
        tidal_levels(BEGIN, HarmonicConstants(["M2"], [0.0], [0.0]), 0.1)
    with pytest.raises(UnusableInputError, match="years = nan"):
        tidal_levels(BEGIN, tide, float("nan"))
