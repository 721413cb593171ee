"""Where the next runs are placed: where fits to the runs so far are expected to err, away from these and from each other.

No fit knows the truth at a point that was not run. What it may err by there is told by how far fits of other kinds answer
otherwise (each counts as much as it errs little elsewhere), and by the deviation that a fit gives itself. Points are drawn in
proportion to that and to the squared distance to the nearest run, as centres of clusters are seeded (Arthur and Vassilvitskii
2007, SODA:1027): always the largest would end in the corners of the bounds, where variances are largest and questions few.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from frugal.experiments.designs.sampling import sobol
from frugal.experiments.study import Output, Study
from frugal.surrogates.fitting.input_features import FeatureMap
from frugal.surrogates.fitting.model import HasDeviation
from frugal.surrogates.fitting.near_runs import squared_distances
from frugal.surrogates.ladder.builders import Built

#: Points among which is chosen, fewer where answers have so many values that these together pass the second number.
POOL, MOST_VALUES = 1024, 8_000_000
_FEWEST = 64


def pool_of(study: Study, number: int, seed: int) -> np.ndarray:
    """Points ``[p, d]`` inside the bounds among which runs can be placed, others for each batch."""
    points = int(np.clip(MOST_VALUES // max(study.output_size, 1), _FEWEST, POOL))
    return sobol(study.columns, points, (seed + 1) * 1_000_003 + number)


def placed(
    study: Study,
    fits: Mapping[str, Built],
    errors: Mapping[str, Mapping[str, float]],
    known: np.ndarray,
    pool: np.ndarray,
    count: int,
    seed: int,
) -> np.ndarray:
    """Numbers of the points of the pool that are to be run next, in the order in which they were drawn.

    Parameters
    ----------
    study : Study
    fits : mapping of str to Built
        By candidate, of runs among which are none that the errors will be judged on.
    errors : mapping of str to mapping of str to float
        Of the same candidates by output, over what is allowed.
    known : array [n, d]
        Inputs of all runs so far.
    pool : array [p, d]
    count : int
        At the most; never more than there are points.
    seed : int
        Of the draw.
    """
    rng = np.random.default_rng(seed)
    expected = expected_squares(study, fits, errors, pool)
    features = FeatureMap(study.columns)
    points, runs = features.transform(pool), features.transform(known)
    apart = np.full(len(pool), np.inf)
    for start in range(0, len(runs), 1000):
        apart = np.minimum(apart, squared_distances(points, runs[start : start + 1000]).min(axis=1))
    chosen: list[int] = []
    for _ in range(min(count, len(pool))):
        weight = expected * apart
        weight[chosen] = 0.0
        total = weight.sum()
        if not np.isfinite(total) or total <= 0:  # nothing tells one point from another
            weight = np.ones(len(pool))
            weight[chosen] = 0.0
            total = weight.sum()
        at = int(np.searchsorted(np.cumsum(weight), rng.random() * total, side="right"))
        chosen.append(min(at, len(pool) - 1))
        apart = np.minimum(apart, squared_distances(points, points[at : at + 1])[:, 0])
    return np.array(chosen, dtype=np.int64)


def expected_squares(
    study: Study, fits: Mapping[str, Built], errors: Mapping[str, Mapping[str, float]], pool: np.ndarray
) -> np.ndarray:
    """Squared error ``[p]`` that is expected at points, over its mean among them; outputs weigh as they miss what is allowed.

    Parameters
    ----------
    study, fits, errors, pool
        As for `placed`.

    Returns
    -------
    array [p]
        Ones where nothing is known.
    """
    slices = study.output_slices()
    answers = {name: built.predict(pool) for name, built in fits.items()}
    deviations = {name: _deviation(built, pool, answers[name].shape) for name, built in fits.items()}
    whole = np.zeros(len(pool))
    for output in study.outputs:
        own = {name: told[output.name] for name, told in errors.items() if output.name in told and name in fits}
        own = {name: error for name, error in own.items() if np.isfinite(error)}
        if output.name not in study.need.tolerances or not own:
            continue
        columns = slices[output.name]
        best = min(own, key=own.__getitem__)
        size = _size(output, answers[best][:, columns])
        parts: list[tuple[float, np.ndarray]] = []
        for name, error in own.items():
            trust = (max(own[best], 1e-12) / max(error, 1e-12)) ** 2
            if name != best:
                other = (answers[name][:, columns] - answers[best][:, columns]) / size
                parts.append((trust, (other**2).mean(axis=1)))
            deviation = deviations[name]
            if deviation is not None:
                parts.append((trust, ((deviation[:, columns] / size) ** 2).mean(axis=1)))
        whole += own[best] ** 2 * _mixed(parts, len(pool))
    mean = whole.mean()
    return whole / mean if np.isfinite(mean) and mean > 0 else np.ones(len(pool))


def _deviation(built: Built, pool: np.ndarray, shape: Sequence[int]) -> np.ndarray | None:
    """What a fit says that it may err by, where it says so of every value."""
    if not isinstance(built.fitted, HasDeviation):
        return None
    told = built.fitted.deviation(pool)
    return told if told.shape == tuple(shape) and np.isfinite(told).all() else None


def _size(output: Output, answers: np.ndarray) -> np.ndarray | float:
    """What elements are divided by: of a field nothing, its error is pooled; of a vector their own spread."""
    if output.is_field:
        return 1.0
    spread = answers.std(axis=0)
    return np.where(spread > 0, spread, 1.0)


def _mixed(parts: Sequence[tuple[float, np.ndarray]], points: int) -> np.ndarray:
    """Weighted mean of what several tell, each over its own mean: they tell where, not how much."""
    told = [(weight, squares / squares.mean()) for weight, squares in parts if squares.mean() > 0]
    if not told:
        return np.ones(points)
    return np.asarray(sum(weight * part for weight, part in told) / sum(weight for weight, _ in told))
