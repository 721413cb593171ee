"""The settings that fit best: least squares within the bounds, from many starts, and a test whether any setting fits.

Measurements err normally and independently, with their standard errors; so does the emulator, with its deviation. Where both
are right, the sum of squares at the best setting follows a chi-square law with as many degrees of freedom as there are more
measurements than unknowns.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from frugal.calibration.asking import ModelAsked
from frugal.calibration.observed import ObservedRuns
from frugal.calibration.space import Space

#: Settings among which starts are looked for, and starts.
_LOOKED_AT, _STARTS = 1024, 8
#: Step of differences, in widths of the bounds: graphs answer with seven digits.
_STEP = 2e-3
#: An unknown so near a bound, in widths, is on it.
ON_BOUND = 1e-3
#: Chance below which no setting of the model is taken to fit.
LEAST_CHANCE = 0.01


@dataclass(frozen=True, eq=False)
class BestFit:
    """The best setting.

    Parameters
    ----------
    unit : array [k]
        In the unit cube; ``settings`` in its units.
    modelled, spread : array [m]
        Modelled values there, and the deviation of the emulator.
    chi_square : float
        Sum of squares over variances; ``freedom`` its degrees of freedom, ``chance`` how often the right model gives more (None
        without freedom).
    on_bounds : tuple of (int, str)
        Unknowns that lie on a bound, and on which, ``low`` or ``high``.
    starts : int
        From how many starts it was searched, and ``agree`` how many of them ended there.
    """

    unit: np.ndarray
    settings: np.ndarray
    modelled: np.ndarray
    spread: np.ndarray
    chi_square: float
    freedom: int
    chance: float | None
    on_bounds: tuple[tuple[int, str], ...]
    starts: int
    agree: int

    @property
    def fits(self) -> bool | None:
        """Whether the model fits; None where there are too few measurements to tell."""
        return None if self.chance is None else self.chance >= LEAST_CHANCE


def log_likelihood(asked: ModelAsked, observed: ObservedRuns, settings: np.ndarray) -> np.ndarray:
    """Logarithm of the likelihood ``[n]`` of settings ``[n, k]``; minus infinity where nothing was answered or judged."""
    modelled = asked(settings)
    variance = observed.sigma**2 + modelled.spread**2
    with np.errstate(invalid="ignore"):
        parts = (modelled.values - observed.values) ** 2 / variance + np.log(variance)
    told = -0.5 * parts.sum(axis=1)
    return np.where(modelled.inside & np.isfinite(told), told, -np.inf)


def best_fit(asked: ModelAsked, space: Space, observed: ObservedRuns, seed: int) -> BestFit:
    """Search the best setting.

    Parameters
    ----------
    asked : ModelAsked
    space : Space
    observed : ObservedRuns
    seed : int
        Of the settings among which the starts are chosen.

    Returns
    -------
    BestFit
        Within the bounds, and within the domain of the answer where any setting is.
    """
    looked_at = space.sobol(_LOOKED_AT, seed)
    likely = log_likelihood(asked, observed, space.from_unit(looked_at))
    starts = _starts(looked_at, likely)
    ends = np.array([_descend(asked, space, observed, start) for start in starts])
    ends = np.concatenate([ends, starts])  # a graph of steps leads nowhere: where it began may be best
    told = log_likelihood(asked, observed, space.from_unit(ends))
    best = ends[int(np.argmax(told))]
    settings = space.from_unit(best[None])
    modelled = asked(settings)
    variance = observed.sigma**2 + modelled.spread[0] ** 2
    chi_square = float(((modelled.values[0] - observed.values) ** 2 / variance).sum())
    freedom = len(observed) - space.size
    near = np.abs(ends[: len(starts)] - best).max(axis=1) < 0.02
    sides = [(k, "low") for k in np.flatnonzero(best < ON_BOUND)] + [
        (k, "high") for k in np.flatnonzero(best > 1 - ON_BOUND)
    ]
    return BestFit(
        unit=best,
        settings=settings[0],
        modelled=modelled.values[0],
        spread=modelled.spread[0],
        chi_square=chi_square,
        freedom=max(freedom, 0),
        chance=chance_of(chi_square, freedom),
        on_bounds=tuple((int(k), side) for k, side in sides),
        starts=len(starts),
        agree=int(near.sum()),
    )


def chance_of(chi_square: float, freedom: int) -> float | None:
    """How often a model that is right has a larger sum of squares; None without degrees of freedom."""
    from scipy.stats import chi2

    return float(chi2.sf(chi_square, freedom)) if freedom > 0 else None


def _starts(looked_at: np.ndarray, likely: np.ndarray) -> np.ndarray:
    """The likeliest settings that lie apart from each other."""
    order = np.argsort(-likely)
    order = order[np.isfinite(likely[order])] if np.isfinite(likely).any() else order
    chosen = [looked_at[order[0]]]
    for k in order[1:]:
        if len(chosen) == _STARTS:
            break
        if min(np.abs(looked_at[k] - one).max() for one in chosen) > 0.1:
            chosen.append(looked_at[k])
    return np.array(chosen)


def _descend(asked: ModelAsked, space: Space, observed: ObservedRuns, start: np.ndarray) -> np.ndarray:
    """Least squares from a start, with the deviations of the emulator as they are where it last stood."""
    from scipy.optimize import least_squares

    at = start
    for _ in range(2):
        deviation = np.sqrt(observed.sigma**2 + asked(space.from_unit(at[None])).spread[0] ** 2)

        def apart(unit: np.ndarray, deviation: np.ndarray = deviation) -> np.ndarray:
            values = asked(space.from_unit(np.atleast_2d(unit))).values
            return np.asarray(np.nan_to_num((values - observed.values) / deviation, nan=1e3))

        def slopes(unit: np.ndarray, apart: object = apart) -> np.ndarray:
            low, high = np.maximum(unit - _STEP, 0.0), np.minimum(unit + _STEP, 1.0)
            points = np.repeat(unit[None], 2 * len(unit), axis=0)
            for k in range(len(unit)):
                points[2 * k, k], points[2 * k + 1, k] = low[k], high[k]
            found = apart(points)  # type: ignore[operator]
            return np.asarray(((found[1::2] - found[::2]) / (high - low)[:, None]).T)

        found = least_squares(
            lambda unit, apart=apart: apart(unit)[0],
            np.clip(at, 1e-9, 1 - 1e-9),
            jac=slopes,
            bounds=(0.0, 1.0),
            xtol=1e-7,
            max_nfev=60,
        )
        at = np.asarray(found.x)
    return at
