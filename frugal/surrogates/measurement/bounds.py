r"""Upper bounds of a mean that allow for what was not seen: a few rows, a few places, heavy tails.

Errors are means of non-negative parts of rows (squared errors, most often), and the mean that matters is that over all rows of
all places like those seen. No bound of such a mean holds whatever the distribution is (Bahadur and Savage 1956, Annals of
Mathematical Statistics 27:1115): one row in a thousand may be as wrong as it likes. Two are taken, and the larger holds.

*An unseen unit* (`unseen_unit_bound`). Resampling can only draw what was seen, and of few or heavy-tailed units the worst was
seldom seen. The mean is taken under Dirichlet(1, …, 1) weights (the Bayesian bootstrap of Rubin 1981, Annals of Statistics
9:130) of the units *and of one more* that is as wrong as the worst, or several times so; that an end point beside the sample
makes such weights conservative is Gaffke's bound (2005, Mathematical Methods of Operations Research 62:325). A row may be
`row_ceiling` times as wrong as the worst row seen, a place as wrong as the worst place. Where rows stand alone, and the worst
of them lie far apart, the tail is heavy, and an unseen row may be worse still: `tail_ceiling`, from Hill's estimate of its
index (1975, Annals of Statistics 3:1163).

*Places that differ* (`place_model_bound`). Of 5 to 50 places, each with its own level of error, the logarithms of the mean
squares are normal around a common level, with a spread between places that is itself not known (DerSimonian and Laird 1986;
half-normal spread as Gelman 2006, Bayesian Analysis 1:515); the mean over places is that of a log-normal. Its tail is cut where
an unseen place would have to be `PLACE_MOST` times as wrong as the worst.

The constants were chosen by simulation: ``benchmarks/bound_coverage.py`` prints coverage and width by scenario.
"""

from __future__ import annotations

import numpy as np

#: Number of the rule by which bounds are made, which bundles keep; those that keep none were made by the first.
BOUNDS_RULE = 2
#: One-sided, as the upper end of a 95 % interval.
LEVEL = 0.975
#: An unseen row may be so many times as wrong as the worst row seen; of fewer than 40 rows `row_ceiling` allows for more.
ROW_CEILING = 1.65
#: Where the tail has the index x, exp(`TAIL_REACH` x) times as wrong, but no more than `TAIL_MOST` times: the worst row of
#: another such sample is worse in one case of six. The index is that of the worst rows, half as many as the root of all.
TAIL_REACH, TAIL_MOST, FEWEST_OF_TAIL = 1.5, 4.0, 3
#: An unseen place may be as wrong as the worst one; and at the most so many times, where places differ.
PLACE_CEILING, PLACE_MOST = 1.0, 2.5
#: Half-normal scale of the spread between places of the logarithm of their mean square.
PLACE_SCALE = 1.25
#: The squares of rows vary at least so much beside their mean (of normal errors, 2): few rows hide their tails.
LEAST_VARIATION = 2.0
#: A place whose logarithm lies below the median by more than so many times what the worst lies above it (and by more than 1) is
#: drawn in: one place that is answered exactly must not widen the bound of the others.
DRAWN_IN = 1.5
#: Points of the grid over the spread, which ends at so many scales.
SPREADS, SCALES = 40, 5.0
#: Numbers held at once by the grid.
_HELD = 2_000_000


def mean_bound(
    parts: np.ndarray,
    weights: np.ndarray,
    member: np.ndarray | None = None,
    effective_places: float | None = None,
    power: float = 2.0,
    level: float = LEVEL,
) -> np.ndarray:
    """Upper bound of the weighted mean of parts of rows, for each column.

    Parameters
    ----------
    parts : array [n, k]
        Not negative; sums over the weight of a row.
    weights : array [n, k]
        Not negative; rows of weight 0 do not count.
    member : array of int [n], optional
        Number of the place of each row, from 0; rows stand alone where it is absent.
    effective_places : float, optional
        So many places that err independently tell as much as these; all of them by default.
    power : float
        The parts grow with this power of an error: 2 of squares.
    level : float
        One-sided.

    Returns
    -------
    array [k]
        0 where every part is 0.
    """
    parts = np.where(weights > 0, parts, 0.0)
    least = row_ceiling(len(parts))
    if member is None:
        ceiling = np.maximum(tail_ceiling(_over(parts, weights), power), least)
        return unseen_unit_bound(parts, weights, ceiling**power, level)
    bound = unseen_unit_bound(parts, weights, least**power, level)
    places = int(member.max()) + 1
    share = min(effective_places / places, 1.0) if effective_places is not None else 1.0
    sums, sizes = by_place(parts, member, places), by_place(weights, member, places)
    bound = np.maximum(bound, unseen_unit_bound(sums, sizes, PLACE_CEILING**power, level, share))
    most = unseen_unit_bound(sums, sizes, PLACE_MOST**power, level, share)
    return np.maximum(bound, np.minimum(place_model_bound(parts, weights, member, share, level), most))


def row_ceiling(rows: int) -> float:
    """How many times as wrong as the worst of so many rows an unseen one may be."""
    return max(ROW_CEILING, 1.5 + 6.0 / max(rows, 1))


def tail_ceiling(parts: np.ndarray, power: float) -> np.ndarray:
    """The same by how far the worst rows lie apart, by Hill's index of their tail.

    Parameters
    ----------
    parts : array [n, k]
        Of rows, over their weights; they grow with this power of an error.
    power : float

    Returns
    -------
    array [k]
        1 where nothing errs.
    """
    n = len(parts)
    of_tail = max(round(0.5 * n**0.5), FEWEST_OF_TAIL)
    if n <= of_tail:
        return np.ones(parts.shape[1])
    worst = np.partition(parts, n - 1 - of_tail, axis=0)[n - 1 - of_tail :]
    # what is exact but for a few rows has no index: the limit is then reached
    apart = np.log(np.maximum(_over(worst, worst.max(axis=0)), 1e-12))
    index = (apart[1:].mean(axis=0) - apart[0]) / power
    return np.asarray(np.where(worst.max(axis=0) > 0, np.exp(np.minimum(TAIL_REACH * index, np.log(TAIL_MOST))), 1.0))


def by_place(values: np.ndarray, member: np.ndarray, places: int) -> np.ndarray:
    """Sums of rows ``[n, k]`` by place ``[places, k]``."""
    sums = np.zeros((places, *values.shape[1:]))
    np.add.at(sums, member, values)
    return sums


def unseen_unit_bound(
    sums: np.ndarray, weights: np.ndarray, ceiling: float | np.ndarray, level: float = LEVEL, share: float = 1.0
) -> np.ndarray:
    """Bound ``[k]`` that allows for one more unit of average weight, ``ceiling`` times as wrong as the worst.

    The mean under Dirichlet weights has a known mean and variance; its quantile is that of a log-normal with these.

    Parameters
    ----------
    sums, weights : array [units, k]
        Not negative; units of weight 0 do not count.
    ceiling : float or array [k]
        In the scale of the sums.
    level : float
    share : float
        The units tell as much as this share of them, if they erred independently.
    """
    from scipy.special import ndtri

    units = np.maximum((weights > 0).sum(axis=0), 1)
    n, size = units * share, np.where(weights.any(axis=0), weights.sum(axis=0) / units, 1.0)
    worst = ceiling * _over(sums, weights).max(axis=0)
    total = (sums / size).sum(axis=0) * share
    mean = (total + worst) / (n + 1)
    spread = share * (((sums - weights * mean) / size) ** 2).sum(axis=0) + (worst - mean) ** 2
    relative = _over(spread / (n + 1) / (n + 2), mean**2)
    log_variance = np.log1p(relative)
    return np.asarray(mean * np.exp(ndtri(level) * np.sqrt(log_variance) - log_variance / 2))


def place_model_bound(
    parts: np.ndarray, weights: np.ndarray, member: np.ndarray, share: float = 1.0, level: float = LEVEL
) -> np.ndarray:
    """Bound ``[k]`` of the mean over places like those seen, whose logarithms are normal.

    Parameters
    ----------
    parts, weights, member
        As for `mean_bound`; places without any weight do not count.
    share : float
        The places tell as much as this share of them, if they erred independently.
    level : float
    """
    places, k = int(member.max()) + 1, parts.shape[1]
    sums, sizes = by_place(parts, member, places), by_place(weights, member, places)
    rows = by_place((weights > 0).astype(float), member, places)
    means, squares = _over(sums, sizes), by_place(_over(parts, weights) ** 2, member, places)
    step = max(_HELD // (SPREADS * places), 1)
    bound = np.zeros(k)
    for start in range(0, k, step):
        columns = slice(start, start + step)
        bound[columns] = _place_quantile(means[:, columns], squares[:, columns], rows[:, columns], share, level)
    counted = np.maximum((rows > 0).sum(axis=0), 1)
    pooled, plain = _over(sums.sum(axis=0), sizes.sum(axis=0)), means.sum(axis=0) / counted
    return bound * np.maximum(1.0, _over(pooled, plain))  # where larger places are worse, they weigh more


def _place_quantile(means: np.ndarray, squares: np.ndarray, rows: np.ndarray, share: float, level: float) -> np.ndarray:
    """Quantile of the mean over places ``[k]``; mean of each place, sum of the squares of its rows, and their number."""
    counts = rows > 0
    some = means.max(axis=0) > 0
    variation = _over(_over(squares, rows).sum(axis=0), (means**2).sum(axis=0)) - 1
    within = np.log1p(np.maximum(variation, LEAST_VARIATION) / np.maximum(rows, 1))
    least = np.where(some, 1e-12 * means.max(axis=0), 1.0)
    logs = np.log(np.maximum(means, least))
    median = np.nanmedian(np.where(counts, logs, np.nan), axis=0) if counts.any() else np.zeros(means.shape[1])
    median = np.nan_to_num(median)
    above = np.where(counts, logs, -np.inf).max(axis=0) - median
    logs = np.maximum(logs, median - np.maximum(DRAWN_IN * np.nan_to_num(above, neginf=0.0), 1.0)) + within / 2
    spread = ((np.arange(SPREADS) + 0.5) / SPREADS * SCALES * PLACE_SCALE)[:, None, None]
    precision = np.where(counts, 1 / (spread**2 + within), 0.0)  # [spreads, places, k]
    total = np.maximum(precision.sum(axis=1), np.finfo(float).tiny)
    level_of_all = (precision * logs).sum(axis=1) / total
    likelihood = 0.5 * np.log(np.where(counts, precision, 1.0)).sum(axis=1) - 0.5 * np.log(total)
    likelihood -= 0.5 * (precision * (logs - level_of_all[:, None]) ** 2).sum(axis=1)
    log_weight = share * likelihood - 0.5 * (spread[:, 0] / PLACE_SCALE) ** 2
    weight = np.exp(log_weight - log_weight.max(axis=0))
    weight /= weight.sum(axis=0)
    centre, deviation = level_of_all + spread[:, 0] ** 2 / 2, 1 / np.sqrt(share * total)
    return np.where(some, np.exp(_mixture_quantile(weight, centre, deviation, level)), 0.0)


def _mixture_quantile(weight: np.ndarray, centre: np.ndarray, deviation: np.ndarray, level: float) -> np.ndarray:
    """Quantile ``[k]`` of mixtures of normals ``[components, k]``, by bisection."""
    from scipy.special import ndtr

    low, high = centre.min(axis=0) - 5, (centre + 6 * deviation).max(axis=0)
    for _ in range(40):
        middle = (low + high) / 2
        short = (weight * ndtr((middle - centre) / deviation)).sum(axis=0) < level
        low, high = np.where(short, middle, low), np.where(short, high, middle)
    return np.asarray(high)


def unseen_share(units: float, level: float = LEVEL) -> float:
    """Largest share of units that may fail although none of so many did: 3.7 over their number, about (Clopper-Pearson).

    Parameters
    ----------
    units : float
        Runs, or places that err independently.
    level : float
        One-sided.
    """
    return float(1.0 - (1.0 - level) ** (1.0 / units)) if units > 0 else 1.0


def _over(part: np.ndarray, whole: np.ndarray) -> np.ndarray:
    return np.divide(part, whole, out=np.zeros(np.broadcast(part, whole).shape), where=whole > 0)
