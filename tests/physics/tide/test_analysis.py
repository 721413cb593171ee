"""Constants from levels: what was put in comes out, with its errors, and what cannot be told is said."""

import numpy as np
import pytest

from frugal.errors import UnusableInputError
from frugal.physics.tide.analysis import Inference, analyse
from frugal.physics.tide.prediction import HarmonicConstants, predict

BEGIN = 1751328000.0  # 2025-07-01
HOUR, DAY = 3600.0, 86400.0
TIDE = HarmonicConstants(
    ["M2", "S2", "N2", "K1", "O1", "M4", "MS4", "M6", "MSF"],
    [2.04, 0.56, 0.34, 0.063, 0.074, 0.298, 0.224, 0.094, 0.14],
    [182.8, 230.9, 169.5, 117.5, 7.9, 286.8, 343.7, 284.6, 20.4],
)


def vector_error(found: HarmonicConstants, truth: HarmonicConstants) -> float:
    """The largest distance of two constants as vectors [m]."""
    worst = 0.0
    for name, amplitude, phase in zip(truth.names, truth.amplitudes_m, truth.phases_deg, strict=True):
        place = found.names.index(name)
        apart = found.amplitudes_m[place] * np.exp(1j * np.radians(found.phases_deg[place] - phase)) - amplitude
        worst = max(worst, abs(apart))
    return worst


@pytest.mark.parametrize("convention", ["schureman", "foreman", "none"])
@pytest.mark.parametrize("days", [29.0, 366.0])
def test_what_was_put_in_comes_out(convention: str, days: float) -> None:
    times = BEGIN + np.arange(0, days * DAY, HOUR)
    levels = predict(times, TIDE, convention, 45.0) + 1.23
    found = analyse(times, levels, TIDE.names, convention=convention, latitude_deg=45.0)
    assert vector_error(found.constants, TIDE) < 1e-6 and found.mean_m == pytest.approx(1.23, abs=1e-6)
    assert found.residual_m < 1e-6 and found.explained > 1 - 1e-9 and found.missing == 0 and found.longest_gap_s == 0.0


def test_gaps_and_uneven_times_are_told_and_do_no_harm() -> None:
    times = BEGIN + np.arange(0, 60 * DAY, 600.0)
    levels = predict(times, TIDE)
    levels[1000:2440] = np.nan
    keep = np.r_[0:4000, 4432 : len(times)]
    found = analyse(times[keep], levels[keep], TIDE.names)
    assert vector_error(found.constants, TIDE) < 1e-6
    assert found.missing == 1440 and found.longest_gap_s == pytest.approx(1441 * 600.0)
    assert found.used == len(keep) - 1440 and found.span_s == pytest.approx(60 * DAY - 600)


def test_errors_cover_noise_that_hangs_together() -> None:
    """Noise of an autoregression, strong at low frequencies as weather is: two thirds lie within the errors, and not all."""
    generator = np.random.default_rng(5)
    times = BEGIN + np.arange(0, 120 * DAY, HOUR)
    tide = predict(times, TIDE)
    names = ["M2", "S2", "N2", "M4", "K1", "O1", "MSF"]
    within, ratios = 0, []
    for _ in range(12):
        noise = np.zeros(len(times))
        shocks = generator.normal(0.0, 0.05, len(times))
        for step in range(1, len(times)):
            noise[step] = 0.95 * noise[step - 1] + shocks[step]
        found = analyse(times, tide + noise, TIDE.names)
        for name in names:
            place, true = found.constants.names.index(name), TIDE.names.index(name)
            off = abs(found.constants.amplitudes_m[place] - TIDE.amplitudes_m[true])
            within += off < found.amplitude_error_m[place]
            ratios.append(off / found.amplitude_error_m[place])
    assert 0.5 < within / (12 * len(names)) < 0.85
    assert 0.7 < np.sqrt(np.mean(np.square(ratios))) < 1.4
    low, high = (found.amplitude_error_m[found.constants.names.index(name)] for name in ("MSF", "M4"))
    assert low > 5 * high


def test_a_short_run_of_a_model_tells_overtides_and_the_set_up() -> None:
    """15 days, as a solver is run: M2 from S2, M4, M6 and the spring-neap set-up."""
    asked = HarmonicConstants(
        ["M2", "S2", "M4", "MS4", "M6", "MSF"], [2.0, 0.6, 0.3, 0.2, 0.09, 0.14], [10, 50, 90, 130, 200, 20]
    )
    times = BEGIN + np.arange(0, 15 * DAY, 300.0)
    found = analyse(times, predict(times, asked), asked.names)
    assert vector_error(found.constants, asked) < 1e-6


def test_too_short_a_record_is_refused_by_name() -> None:
    times = BEGIN + np.arange(0, 15 * DAY, HOUR)
    levels = predict(times, TIDE)
    with pytest.raises(UnusableInputError, match=r"constituents N2 and M2: 27\.6 days are needed .* lasts 15\.0"):
        analyse(times, levels, TIDE.names)
    found = analyse(times, levels)
    assert {"M2", "S2", "M4", "MS4", "M6", "K1", "O1"} <= set(found.constants.names)
    assert ("N2", "M2") in [(name, rival) for name, rival, _ in found.left_out] and "N2" not in found.constants.names
    days = {name: days for name, _, days in found.left_out}
    assert days["N2"] == pytest.approx(27.55, abs=0.01) and days["K2"] == pytest.approx(182.6, abs=0.1)


def test_an_inferred_constituent_follows_another() -> None:
    whole = HarmonicConstants(["M2", "S2", "K2"], [2.0, 0.6, 0.6 * 0.284], [10.0, 50.0, 48.0])
    times = BEGIN + np.arange(0, 30 * DAY, HOUR)
    levels = predict(times, whole)
    plain = analyse(times, levels, ["M2", "S2"]).constants
    found = analyse(times, levels, ["M2", "S2"], inferred={"K2": Inference("S2", 0.284, -2.0)})
    assert vector_error(found.constants, whole) < 1e-6
    assert abs(plain.amplitude_m("S2") - 0.6) > 0.05
    assert np.isnan(found.amplitude_error_m[found.constants.names.index("K2")])


@pytest.mark.parametrize(
    ("names", "inferred", "match"),
    [
        (["M2"], {"K2": Inference("S2", 0.3)}, "inferred K2 follows S2"),
        (["M2", "S2", "K2"], {"K2": Inference("S2", 0.3)}, "inferred K2 follows S2"),
        (None, {"NU2": Inference("N2", 0.2)}, "inferred NU2 follows N2"),  # 15 days do not tell N2
        (["M2", "S2"], {"K2": Inference("S2", -1.0)}, "0 to 10 and degrees"),
    ],
)
def test_what_cannot_be_inferred_is_refused(names, inferred: dict[str, Inference], match: str) -> None:
    times = BEGIN + np.arange(0, 15 * DAY, HOUR)
    with pytest.raises(UnusableInputError, match=match):
        analyse(times, predict(times, TIDE), names, inferred=inferred)


def test_a_trend_is_told_by_year() -> None:
    times = BEGIN + np.arange(0, 400 * DAY, HOUR)
    found = analyse(times, predict(times, TIDE) + 0.004 * (times - BEGIN) / (365.25 * DAY), TIDE.names, trend=True)
    assert found.trend_m_year == pytest.approx(0.004, abs=1e-6) and vector_error(found.constants, TIDE) < 1e-6


@pytest.mark.parametrize(
    ("change", "match"),
    [
        (lambda t, h: (t[::-1], h), "times have to grow"),
        (lambda t, h: (t, h[:-1]), "as many of each"),
        (lambda t, h: (t, h * 0), "levels that differ|of 0 m each"),
        (lambda t, h: (t, h * np.nan), "3 levels or more"),
        (lambda t, h: (t, np.where(t > t[5], np.inf, h)), "is infinite"),
        (lambda t, h: (t[::5], h[::5]), "period of 4.14 h; levels 5.00 h apart"),
        (lambda t, h: (t[:14], h[:14]), "too short for any|are needed to tell them apart"),
    ],
)
def test_what_is_no_record_is_refused(change, match: str) -> None:
    times = BEGIN + np.arange(0, 40 * DAY, HOUR)
    with pytest.raises(UnusableInputError, match=match):
        analyse(*change(times, predict(times, TIDE)), ["M6", "M2", "S2"])
