"""Values that stand for nothing (−9999), and single ones far from all others, found without knowing what is measured."""

from __future__ import annotations

import numpy as np

#: What programs write where they have no value: nines, ends of the types of numbers, powers far beyond anything measured.
_CODES = tuple(
    sign * float(size)
    for size in (
        99, 999, 9999, 99999, 999999, 9999999, 99.9, 999.9, 999.99, 9999.9, 9999.99, 99999.9, 99.99,
        32767, 32768, 65535, 2147483647, 2147483648, 4294967295, 9223372036854775807,
        1e10, 1e15, 1e20, 1e30, 1e31, 1e32, 1e33, 1e34, 1e35, 1e36, 1e37, 1e38, 9.96921e36, 1e99, 1e100, 1e300, 1e308,
        3.4e38, 3.402823e38, 1.70141e38, 1.7e308, 1.79e308, 1.797e308, 1.797693e308, 8.988466e307,
    )
    for sign in (1.0, -1.0)
)  # fmt: skip
_RELATIVE = 1e-6
#: A code is apart where the gap to the next value is at least this share of the range of the others, on both scales.
_GAP = 0.2
#: From here on a negative code is none of a column that is positive otherwise.
_CERTAIN = 900.0
#: A code amid the others comes so often, in such a share of the rows, and so many times as often as any other value.
_LEAST_COUNT, _LEAST_SHARE, _TIMES_AS_OFTEN = 3, 0.005, 3
#: Tables without outliers of which one is said to have some; values on a few levels have no spread of their own.
_ONCE_IN, _LEAST_SPREAD, _FEWEST = 200, 0.3, 6


def sentinel_rows(values: np.ndarray) -> np.ndarray:
    """Rows of a column whose value stands for none.

    A number that programs write in its place counts as such where it lies apart from all other values, or where it comes again
    and again among values that do not repeat.

    Parameters
    ----------
    values : array [n]
        Finite or NaN.

    Returns
    -------
    array of int
        Empty where there is none, which is the rule.
    """
    found = np.zeros(len(values), dtype=bool)
    for value in _present_codes(values):
        alike = np.isclose(values, value, rtol=_RELATIVE, atol=0.0)
        others = values[np.isfinite(values) & ~alike & ~found]
        if len(others) and (_is_apart(value, others, int(alike.sum())) or _comes_again(alike, others)):
            found |= alike
    return np.flatnonzero(found)


def _present_codes(values: np.ndarray) -> list[float]:
    """Values of a column that programs write for none, the most extreme first."""
    known = np.unique(values[np.isfinite(values)])
    near = [value for code in _CODES for value in known[np.isclose(known, code, rtol=_RELATIVE, atol=0.0)]]
    return sorted(dict.fromkeys(map(float, near)), key=abs, reverse=True)


def _is_apart(value: float, others: np.ndarray, count: int) -> bool:
    low, high = float(others.min()), float(others.max())
    if low <= value <= high:
        return False
    if value < -_CERTAIN and low >= 0:
        return True
    # once, a small or positive code may be a value that is as large as others are small
    if count == 1 and value > -_CERTAIN and not _is_far(value, others):
        return False
    scale = float(np.median(np.abs(others))) or float(np.abs(others).max()) or 1.0
    for at, ends in (
        (value, [low, high]),
        (float(np.arcsinh(value / scale)), np.arcsinh(np.array([low, high]) / scale)),
    ):
        with np.errstate(over="ignore"):
            gap, range_of_others = min(abs(at - ends[0]), abs(at - ends[1])), ends[1] - ends[0]
        if gap < _GAP * range_of_others:
            return False
    return True


def _is_far(value: float, others: np.ndarray) -> bool:
    return len(others) in outlier_rows(np.append(others, value))


def _comes_again(alike: np.ndarray, others: np.ndarray) -> bool:
    counts = np.unique(others, return_counts=True)[1]
    return int(alike.sum()) >= max(_LEAST_COUNT, _LEAST_SHARE * len(alike), _TIMES_AS_OFTEN * int(counts.max()))


def outlier_rows(values: np.ndarray) -> np.ndarray:
    """Rows of a column whose value lies far beyond all others.

    On each side of the median, distances from it are held against a power law, the heaviest tail that measured things have, as
    steep as their larger half is: the gaps between its largest values are exponentially distributed on a logarithmic scale
    (Rényi). Where values spread over decades, decades more are nothing unusual.

    Parameters
    ----------
    values : array [n]
        Finite or NaN.

    Returns
    -------
    array of int
        Empty where there is none, which is the rule.
    """
    finite = np.isfinite(values)
    if finite.sum() < 2 * _FEWEST:
        return np.array([], dtype=int)
    found = np.zeros(len(values), dtype=bool)
    with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
        above = values - np.median(values[finite])
        for distance in (above, -above):
            away = np.sort(distance[finite & (distance > 0)])
            if len(away) < _FEWEST:
                continue
            larger = away[len(away) // 2 :]
            spread = max(np.log(np.median(larger) / larger[0]) / np.log(2.0), _LEAST_SPREAD)
            # beyond that a power law has a value once in `_ONCE_IN` tables of as many rows
            few = 1 + 2 / len(larger)  # then the tail is not known well
            gaps = np.diff(np.log(away[-_most_outliers(len(away)) - 1 :]))
            wide = np.flatnonzero(gaps > few * spread * np.log(_ONCE_IN))
            if len(wide):
                found |= finite & (distance >= away[len(away) - len(gaps) + int(wide[0])])
    return np.flatnonzero(found)


def _most_outliers(n: int) -> int:
    """How many of ``n`` values may be outliers: more are a second kind of values."""
    return max(1, n // 10)
