"""Levels from constituents, beside UTide 0.4.0 and pytides2 0.0.5, whose values stand here as they gave them."""

import numpy as np
import pytest

from frugal.errors import UnusableInputError
from frugal.physics.tide.astronomy import longitudes_deg, rates_deg_s
from frugal.physics.tide.constituents import NOAA, constituent
from frugal.physics.tide.nodal import borrowed_factors, nodal_factors
from frugal.physics.tide.prediction import HarmonicConstants, levels_and_slopes, predict

#: 2026-11-30 06:00 UTC.
MOMENT = 1796018400.0
DAY = 86400.0


def test_longitudes_are_those_of_a_published_example() -> None:
    """Meeus, example 47.a: 1992 April 12, 0 h of dynamical time."""
    moment = longitudes_deg(np.array([703036800.0]))[0]
    assert np.mod(moment[1], 360.0) == pytest.approx(134.290182, abs=1e-6)
    # D = L' - L0, F = L' - node and M' = L' - perigee, for which Meeus has polynomials of their own
    assert np.mod(moment[1] - moment[2], 360.0) == pytest.approx(113.842304, abs=3e-4)
    assert np.mod(moment[1] + moment[4], 360.0) == pytest.approx(219.889721, abs=3e-4)
    assert np.mod(moment[1] - moment[3], 360.0) == pytest.approx(5.150833, abs=3e-4)


@pytest.mark.parametrize(
    ("name", "speed"),
    [
        ("M2", 28.9841042), ("S2", 30.0), ("N2", 28.4397295), ("K1", 15.0410686), ("M4", 57.9682084), ("O1", 13.9430356),
        ("M6", 86.9523127), ("MK3", 44.0251729), ("MN4", 57.4238337), ("NU2", 28.5125831), ("MU2", 27.9682084),
        ("2N2", 27.8953548), ("OO1", 16.1391017), ("LAM2", 29.4556253), ("J1", 15.5854433), ("MM", 0.5443747),
        ("SSA", 0.0821373), ("SA", 0.0410686), ("MSF", 1.0158958), ("MF", 1.0980331), ("RHO", 13.4715145),
        ("Q1", 13.3986609), ("T2", 29.9589333), ("R2", 30.0410667), ("2Q1", 12.8542862), ("P1", 14.9589314),
        ("2SM2", 31.0158958), ("M3", 43.4761563), ("L2", 29.5284789), ("2MK3", 42.9271398), ("K2", 30.0821373),
        ("MS4", 58.9841042), ("2MK5", 73.0092771), ("MKS2", 29.0662415), ("2MS6", 87.9682084), ("SO1", 16.0569644),
        ("MNS2", 27.4238337), ("3MS4", 56.9523127), ("2(MS)8", 117.9682084), ("λ2", 29.4556253), ("EP2", 27.4238337),
    ],
)  # fmt: skip
def test_speeds_are_those_of_the_tables(name: str, speed: float) -> None:
    assert constituent(name).speed_deg_h == pytest.approx(speed, abs=2e-7 * max(1, round(speed / 15)))


def test_every_constituent_of_noaa_is_known_once() -> None:
    assert len({constituent(name).doodson for name in NOAA}) == len(NOAA) == 37


@pytest.mark.parametrize("name", ["M2X", "XY4", "", "M5", "Z0", "4", "MK0"])
def test_what_is_no_constituent_is_refused(name: str) -> None:
    with pytest.raises(UnusableInputError, match="is not known"):
        constituent(name)


#: f and u [deg] of 2001-09-01 and 2006-07-01, middle and end of the cycle of the node, from pytides2's formulas of Schureman.
SCHUREMAN = {
    "M2": ((1.002, -2.13), (0.9632, 0.02)),
    "K1": ((1.0092, -8.86), (1.113, 0.08)),
    "O1": ((1.0142, 10.73), (1.1829, -0.09)),
    "K2": ((1.0019, -17.83), (1.3178, 0.17)),
    "L2": ((0.997, 13.1), (0.6411, 14.05)),
    "J1": ((1.0214, -12.87), (1.1653, 0.11)),
    "OO1": ((1.0391, -36.47), (1.7838, 0.31)),
    "MF": ((1.0266, -23.6), (1.4526, 0.2)),
    "MM": ((1.0051, 0.0), (0.8715, 0.0)),
    "M3": ((1.003, -3.2), (0.9454, 0.03)),
    "M4": ((1.004, -4.26), (0.9278, 0.04)),
    "MSF": ((1.002, 2.13), (0.9632, -0.02)),
    "P1": ((1.0, 0.0), (1.0, 0.0)),
}
#: Unit constituents at MOMENT and a quarter of a day later, by UTide at latitude 45 with exact satellites and arguments.
UTIDE = {
    "SA": (0.8264, 0.8288), "SSA": (-0.7462, -0.7519), "MM": (0.7595, 0.7212), "MSF": (-0.7630, -0.8274),
    "MF": (0.1391, 0.2518), "2Q1": (-0.5364, 0.9467), "Q1": (0.3040, 1.1815), "RHO1": (-0.8110, 0.7307),
    "O1": (0.9637, 0.7496), "NO1": (0.4043, -0.5363), "P1": (-0.3598, -0.9269), "S1": (-0.2938, -0.6116),
    "K1": (0.3074, -1.0539), "J1": (-0.5817, -1.0663), "OO1": (1.4535, -0.3902), "EPS2": (-0.8060, 0.9573),
    "2N2": (0.8265, -0.6449), "MU2": (-0.1465, 0.3501), "N2": (0.9692, -0.9583), "NU2": (0.5249, -0.3910),
    "H1": (-0.2648, 0.3727), "M2": (0.7261, -0.7903), "H2": (0.9756, -0.9823), "MKS2": (-1.2036, 1.2176),
    "LDA2": (0.7487, -0.7129), "L2": (-0.0070, 0.0702), "T2": (-0.8264, 0.8288), "S2": (-1.0019, 1.0019),
    "R2": (1.0653, -1.0679), "K2": (1.0644, -1.0701), "M3": (0.4428, 0.7646), "MK3": (-0.4541, 1.0034),
    "N4": (0.9392, 0.8970), "MN4": (0.6961, 0.8394), "M4": (0.1132, 0.3080), "MS4": (-0.7283, -0.7925),
    "S4": (1.0038, 1.0038), "2MK5": (-0.9488, -0.5940), "2MO5": (0.7138, -0.5575), "M6": (-0.5191, 0.2572),
    "2MS6": (-0.1146, 0.3097), "M8": (-0.8604, -0.6964), "2SM2": (0.7272, -0.7919), "S6": (-1.0056, 1.0056),
}  # fmt: skip


@pytest.mark.parametrize("name", sorted(SCHUREMAN))
def test_factors_of_schureman(name: str) -> None:
    factors, angles = nodal_factors(np.array([999302400.0, 1151712000.0]), [name])
    for row, (factor, angle) in enumerate(SCHUREMAN[name]):
        assert factors[row, 0] == pytest.approx(factor, abs=4e-3)
        assert (angles[row, 0] - angle + 180) % 360 - 180 == pytest.approx(0.0, abs=0.06)


@pytest.mark.parametrize("name", sorted(UTIDE))
def test_unit_constituents_of_foreman(name: str) -> None:
    found = predict(np.array([MOMENT, MOMENT + DAY / 4]), HarmonicConstants([name], [1.0], [0.0]), "foreman", 45.0)
    assert found == pytest.approx(UTIDE[name], abs=2e-3)


def test_what_foreman_does_not_have_is_told() -> None:
    assert borrowed_factors(["M2", "MTM", "MSF", "M4", "T3"]) == ("MTM", "T3")


def test_slopes_and_curvatures_are_those_of_the_levels() -> None:
    tide = HarmonicConstants(
        ["M2", "S2", "M4", "M6", "K1", "MF"], [2, 0.7, 0.3, 0.1, 0.1, 0.05], [109, 148, 286, 284, 75, 177]
    )
    times = MOMENT + np.linspace(0, 3 * DAY, 40)
    step = 20.0
    at = levels_and_slopes(times, tide)
    before, after = predict(times - step, tide), predict(times + step, tide)
    assert at[:, 1] == pytest.approx((after - before) / (2 * step), abs=2e-8)
    assert at[:, 2] == pytest.approx((after - 2 * at[:, 0] + before) / step**2, abs=2e-11)


def test_the_order_and_number_of_times_change_nothing() -> None:
    tide = HarmonicConstants(["M2", "L2", "K1"], [2.0, 0.1, 0.1], [109.0, 100.0, 75.0])
    times = MOMENT + np.array([9.0, 0.0, 400.5, 3.25, 0.0]) * DAY
    together = predict(times, tide)
    # knots of nodal factors lie elsewhere for one time alone: what is interpolated is told by this
    assert together == pytest.approx([float(predict(np.array([time]), tide)[0]) for time in times], abs=1e-6)
    assert predict(np.zeros(0), tide).shape == (0,)
    assert predict(times, HarmonicConstants([], [], [])) == pytest.approx(0.0)


def test_no_corrections_are_a_plain_sum_of_cosines() -> None:
    tide = HarmonicConstants(["M2"], [1.0], [30.0])
    turn = longitudes_deg(np.array([MOMENT]))[0, 0] * 2 - 30.0
    assert predict(np.array([MOMENT]), tide, "none")[0] == pytest.approx(np.cos(np.radians(turn)), abs=1e-12)
    assert rates_deg_s()[0] * 3600 == pytest.approx(14.4920521, abs=1e-7)


@pytest.mark.parametrize(
    ("call", "match"),
    [
        (lambda: HarmonicConstants(["M2", "m2"], [1, 1], [0, 0]), "stands there twice"),
        (lambda: HarmonicConstants(["LAM2", "LAMBDA2"], [1, 1], [0, 0]), "stands there twice"),
        (lambda: HarmonicConstants(["M2"], [-1], [0]), "amplitude of -1 m"),
        (lambda: HarmonicConstants(["M2"], [np.nan], [0]), "amplitude of nan m"),
        (lambda: HarmonicConstants(["M2"], [1], [np.nan]), "phase of nan"),
        (lambda: HarmonicConstants(["M2"], [1, 2], [0]), "as many of each"),
        (lambda: predict(np.array([MOMENT]), HarmonicConstants(["M2"], [1], [0]), "doodson"), "allowed: schureman"),
        (lambda: predict(np.array([MOMENT]), HarmonicConstants(["M2"], [1], [0]), "foreman"), "needs the latitude"),
        (lambda: predict(np.array([MOMENT]), HarmonicConstants(["M2"], [1], [0]), "foreman", 95.0), "latitude 95"),
        (lambda: predict(np.array([MOMENT * 1000]), HarmonicConstants(["M2"], [1], [0])), "outside the years 1700"),
        (lambda: predict(np.array([np.nan]), HarmonicConstants(["M2"], [1], [0])), "not a finite number"),
    ],
)
def test_what_cannot_be_meant_is_refused(call, match: str) -> None:
    with pytest.raises(UnusableInputError, match=match):
        call()
