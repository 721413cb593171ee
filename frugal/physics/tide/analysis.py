"""Harmonic constants from levels over time: least squares with nodal corrections at each time, gaps allowed.

.. math:: \\eta(t) = Z_0 + a\\,t + \\sum_c f_c \\, (A_c \\cos(V_c + u_c) + B_c \\sin(V_c + u_c))

Two constituents are told apart where the record lasts long enough for one to gain a turn on the other (Rayleigh's criterion).
Of those that are not, the earlier one of `PRIORITY` is kept and carries what both do, unless the other is inferred from it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from frugal.errors import UnusableInputError
from frugal.physics.tide.astronomy import checked_times, longitudes_deg, rates_deg_s
from frugal.physics.tide.constituents import constituent
from frugal.physics.tide.nodal import arguments_of, checked_convention, nodal_factors
from frugal.physics.tide.prediction import HarmonicConstants

#: Which of two that cannot be told apart is kept where nobody names any: the larger ones of European coasts first.
PRIORITY = (
    "M2", "S2", "N2", "K1", "O1", "M4", "MS4", "M6", "MSF", "K2", "MN4", "2MS6", "MU2", "NU2", "Q1", "MM", "SA", "M3",
    "MK3", "MO3", "2SM2", "2MN6", "M8", "S4", "P1", "L2", "SSA", "MF", "T2", "2N2", "MSN2", "LDA2", "EPS2", "J1", "2Q1",
    "RHO1", "OO1", "MK4", "S6", "2SM6", "MSN6", "3MS8", "SK3", "2MK5", "2MO5", "SIG1", "S1", "NO1", "2MK6", "MSK6", "R2",
    "MTM", "MSQM", "M10", "3MN8", "3MS4", "SN4", "SK4", "N4", "MKS2",
)  # fmt: skip
#: Rows of the design that are held at a time.
_ROWS = 20_000
_FREQUENCIES = 24
_BAND_CYCLES_A_DAY = 0.35
#: A step that is so many times the usual one is a gap.
_GAP_STEPS = 1.5


@dataclass(frozen=True)
class Inference:
    """A constituent taken to follow another, where a record is too short to tell them apart.

    Parameters
    ----------
    of : str
        The constituent that is analysed.
    ratio : float
        Amplitude over that of the other.
    lag_deg : float
        Phase lag behind the other.
    """

    of: str
    ratio: float
    lag_deg: float = 0.0


@dataclass(frozen=True, eq=False)
class HarmonicAnalysis:
    """What a record of levels says of the tide.

    Attributes
    ----------
    constants : HarmonicConstants
        Analysed and inferred ones ``[c]``.
    amplitude_error_m, phase_error_deg : ndarray [c]
        Standard errors, from what is left around the frequency of each; NaN for inferred ones.
    mean_m, trend_m_year : float
        Level in the middle of the record, and its trend; 0 where none was fitted.
    residual_m : float
        Root mean square of what is left.
    explained : float
        Share of the variance of the levels.
    used, missing : int
        Values, and those that were not numbers.
    longest_gap_s, span_s : float
        The longest time without a value, where it is longer than the usual step (0 without); the whole record.
    left_out : tuple of (str, str, float)
        Constituents that the record cannot tell, from which one (``mean level`` too), and how many days it would take.
    """

    constants: HarmonicConstants
    amplitude_error_m: np.ndarray
    phase_error_deg: np.ndarray
    mean_m: float
    trend_m_year: float
    residual_m: float
    explained: float
    used: int
    missing: int
    longest_gap_s: float
    span_s: float
    left_out: tuple[tuple[str, str, float], ...]


def analyse(
    times_s: np.ndarray,
    levels_m: np.ndarray,
    constituents: Sequence[str] | None = None,
    *,
    convention: str = "schureman",
    latitude_deg: float | None = None,
    rayleigh: float = 1.0,
    inferred: Mapping[str, Inference] | None = None,
    trend: bool = False,
) -> HarmonicAnalysis:
    """Harmonic constants of a record of levels.

    Parameters
    ----------
    times_s : ndarray [t]
        Seconds since 1970, UTC, growing; evenly or not.
    levels_m : ndarray [t]
        NaN where there is none.
    constituents : sequence of str, optional
        All of them are analysed, or the record is refused as too short; by default those of `PRIORITY` that it can tell apart.
    convention : {"schureman", "foreman", "none"}
        Of the nodal corrections.
    latitude_deg : float, optional
        ``foreman`` needs it.
    rayleigh : float
        Turns that one constituent has to gain on another over the record.
    inferred : mapping of str to Inference, optional
        By constituent.
    trend : bool
        Whether a straight trend is fitted too.

    Raises
    ------
    UnusableInputError
        If times do not grow, nothing varies, or the record is too short or too coarse for what is asked.
    """
    checked_convention(convention, latitude_deg)
    times, levels, missing = _checked_record(times_s, levels_m)
    if not 0.0 < rayleigh <= 10.0:
        raise UnusableInputError(f"rayleigh = {rayleigh:g}; above 0 and up to 10 turns are allowed")
    guesses = _checked_inferences(inferred or {}, constituents)
    steps = np.diff(times)
    usual, span = float(np.median(steps)), float(times[-1] - times[0])
    names, left_out = _chosen(constituents, [*guesses], span, usual, rayleigh)
    for name, guess in guesses.items():
        if guess.of not in names:
            raise UnusableInputError(
                f"inferred {name} follows {guess.of}: {guess.of} has to be among the constituents, and {name} not"
            )
    middle = (times[0] + times[-1]) / 2
    matrix = _DesignOfTide(times, names, guesses, convention, latitude_deg, middle, span, trend)
    if len(times) < matrix.columns + 1:
        raise UnusableInputError(
            f"{len(times)} levels for {matrix.columns} unknowns; more are needed, or fewer constituents"
        )
    solution = matrix.solve(levels)
    residual = levels - matrix.apply(solution)
    fitted = solution[matrix.first :: 2] - 1j * solution[matrix.first + 1 :: 2]
    errors = _errors(times, residual, names)
    every, values, sizes = list(names), list(fitted), list(errors)
    for name, guess in guesses.items():
        every.append(name)
        values.append(fitted[names.index(guess.of)] * guess.ratio * np.exp(-1j * np.radians(guess.lag_deg)))
        sizes.append(np.nan)
    amplitude, error = np.abs(values), np.array(sizes)
    phase = np.degrees(np.minimum(error / np.maximum(amplitude, 1e-12), np.pi))
    gap = float(steps.max())
    return HarmonicAnalysis(
        HarmonicConstants(every, amplitude, np.mod(np.degrees(-np.angle(values)), 360.0)),
        error,
        phase,
        float(solution[0]),
        float(solution[1] / (span / 2) * 365.25 * 86400.0) if trend else 0.0,
        float(np.sqrt(np.mean(residual**2))),
        float(1.0 - np.var(residual) / np.var(levels)),
        len(times),
        missing,
        gap if gap > _GAP_STEPS * usual else 0.0,
        span,
        left_out,
    )


def _checked_record(times_s: np.ndarray, levels_m: np.ndarray) -> tuple[np.ndarray, np.ndarray, int]:
    times, levels = checked_times(times_s), np.atleast_1d(np.asarray(levels_m, dtype=np.float64))
    if times.shape != levels.shape:
        raise UnusableInputError(f"{times.size} times and {levels.size} levels; as many of each are needed")
    if np.isinf(levels).any():
        raise UnusableInputError(
            f"level {int(np.argmax(np.isinf(levels)))} is infinite; numbers, or NaN for none, are needed"
        )
    if times.size > 1 and not (np.diff(times) > 0).all():
        row = int(np.argmax(np.diff(times) <= 0)) + 1
        raise UnusableInputError(f"time {row} is not later than the one before; times have to grow")
    there = np.isfinite(levels)
    times, levels = times[there], levels[there]
    if times.size < 3 or np.ptp(levels) == 0.0:
        told = f"{times.size} levels" if times.size < 3 else f"{times.size} levels of {levels[0]:g} m each"
        raise UnusableInputError(f"{told}: a record of a tide is needed, 3 levels or more that differ")
    return times, levels, int((~there).sum())


def _checked_inferences(inferred: Mapping[str, Inference], constituents: Sequence[str] | None) -> dict[str, Inference]:
    found = {}
    asked = None if constituents is None else {constituent(name).name for name in constituents}
    for name, guess in inferred.items():
        plain, of = constituent(name).name, constituent(guess.of).name
        if not 0.0 <= guess.ratio <= 10.0 or not np.isfinite(guess.lag_deg):
            raise UnusableInputError(
                f"inferred {plain}: a ratio of {guess.ratio:g} and a lag of {guess.lag_deg:g}; 0 to 10 and degrees are allowed"
            )
        if asked is not None and (plain in asked or of not in asked):
            raise UnusableInputError(
                f"inferred {plain} follows {of}: {of} has to be among the constituents, and {plain} not"
            )
        found[plain] = Inference(of, guess.ratio, guess.lag_deg)
    return found


def _chosen(
    constituents: Sequence[str] | None, inferred: Sequence[str], span_s: float, step_s: float, rayleigh: float
) -> tuple[tuple[str, ...], tuple[tuple[str, str, float], ...]]:
    """Those to analyse, and those left out: with which each is mixed up, and the days it would take."""
    named = constituents is not None
    kept: list[str] = []
    left_out = []
    for name in dict.fromkeys(
        constituent(one).name for one in (constituents if constituents is not None else PRIORITY)
    ):
        if name in inferred:
            continue
        speed = constituent(name).speed_deg_h
        rivals = [("mean level", speed)] + [(other, abs(speed - constituent(other).speed_deg_h)) for other in kept]
        rival, apart = min(rivals, key=lambda pair: pair[1])
        days = rayleigh * 15.0 / apart if apart > 1e-9 else float("inf")
        if speed * step_s / 3600.0 >= 180.0:
            if named:
                raise UnusableInputError(
                    f"constituent {name} has a period of {360 / speed:.2f} h; levels {step_s / 3600:.2f} h apart do not show it"
                )
            continue
        if days > span_s / 86400.0 * (1 + 1e-9):
            if named:
                raise UnusableInputError(
                    f"constituents {name} and {rival}: {days:.1f} days are needed to tell them apart, the record lasts "
                    f"{span_s / 86400:.1f}; leave one out, infer it, or lower rayleigh"
                )
            left_out.append((name, rival, days))
            continue
        kept.append(name)
    if not kept:
        raise UnusableInputError(
            f"the record lasts {span_s / 3600:.1f} h, which is too short for any constituent; 13 h are needed for M2"
        )
    return tuple(kept), tuple(left_out)


class _DesignOfTide:
    """Columns of the least squares, made block by block: mean, trend, then a cosine and a sine of each constituent."""

    def __init__(
        self,
        times: np.ndarray,
        names: tuple[str, ...],
        guesses: Mapping[str, Inference],
        convention: str,
        latitude_deg: float | None,
        middle_s: float,
        span_s: float,
        trend: bool,
    ) -> None:
        self._times, self._names, self._guesses = times, names, dict(guesses)
        self._convention, self._latitude, self._middle, self._half = convention, latitude_deg, middle_s, span_s / 2
        self._trend = trend
        self.first = 2 if trend else 1
        self.columns = self.first + 2 * len(names)
        days = np.arange(int(np.ceil(span_s / 86400.0)) + 2) * 86400.0 + times[0]
        self._days = days
        self._every = (*names, *self._guesses)
        factors, angles = nodal_factors(days, self._every, convention, latitude_deg)
        multipliers, added = arguments_of(self._every, convention)
        self._multipliers = multipliers
        self._slow = factors * np.exp(1j * np.radians(angles + added))

    def _block(self, rows: slice) -> np.ndarray:
        times = self._times[rows]
        place = (times - self._days[0]) / 86400.0
        before = np.minimum(place.astype(np.int64), len(self._days) - 2)
        share = (place - before)[:, None]
        slow = self._slow[before] * (1 - share) + self._slow[before + 1] * share
        wave = slow * np.exp(1j * np.radians(np.mod(longitudes_deg(times), 360.0)) @ self._multipliers.T)
        count = len(self._names)
        for column, guess in enumerate(self._guesses.values(), start=count):
            wave[:, self._names.index(guess.of)] += (
                guess.ratio * np.exp(-1j * np.radians(guess.lag_deg)) * wave[:, column]
            )
        block = np.ones((len(times), self.columns))
        if self._trend:
            block[:, 1] = (times - self._middle) / self._half
        block[:, self.first :: 2] = wave[:, :count].real
        block[:, self.first + 1 :: 2] = wave[:, :count].imag
        return block

    def _slices(self) -> list[slice]:
        return [slice(at, at + _ROWS) for at in range(0, len(self._times), _ROWS)]

    def solve(self, levels: np.ndarray) -> np.ndarray:
        """The coefficients of the columns."""
        matrix, right = np.zeros((self.columns, self.columns)), np.zeros(self.columns)
        for rows in self._slices():
            block = self._block(rows)
            matrix += block.T @ block
            right += block.T @ levels[rows]
        values = np.linalg.eigvalsh(matrix)
        if values[0] <= 1e-9 * values[-1]:
            raise UnusableInputError(
                "the levels cannot tell these constituents apart: gaps leave too little; name fewer of them"
            )
        return np.asarray(np.linalg.solve(matrix, right))

    def apply(self, solution: np.ndarray) -> np.ndarray:
        """The levels that coefficients give."""
        return np.concatenate([self._block(rows) @ solution for rows in self._slices()])


def _errors(times: np.ndarray, residual: np.ndarray, names: Sequence[str]) -> np.ndarray:
    """Standard error of each amplitude: by the power of what is left around the frequencies of its species.

    White noise of deviation s gives s sqrt(2 / n); real noise is strong at low frequencies and beside the tide.
    """
    rates = rates_deg_s(float(times[0]))
    species = {name: constituent(name).doodson[0] for name in names}
    power = {}
    for number in sorted(set(species.values())):
        centre = number * rates[0]
        half = _BAND_CYCLES_A_DAY * 360.0 / 86400.0
        low = max(centre - half, 180.0 / (times[-1] - times[0])) if number else 360.0 / (times[-1] - times[0])
        asked = np.radians(np.linspace(low, centre + half, _FREQUENCIES))
        sums = np.zeros(_FREQUENCIES, dtype=np.complex128)
        for at in range(0, len(times), _ROWS):
            rows = slice(at, at + _ROWS)
            sums += np.exp(1j * np.outer(asked, times[rows] - times[0])) @ residual[rows]
        power[number] = float(np.mean(np.abs(sums) ** 2)) / len(times)
    return np.array([np.sqrt(2.0 * power[species[name]] / len(times)) for name in names])
