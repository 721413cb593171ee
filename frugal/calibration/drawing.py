"""Draws from the posterior: settings as often as they are likely, by an ensemble of walkers (Goodman and Weare 2010).

The prior is the bounds, evenly: nothing outside them, or outside the domain of the answer, is ever drawn.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass

import numpy as np

from frugal.calibration.asking import ModelAsked
from frugal.calibration.fitting import log_likelihood
from frugal.calibration.observed import ObservedRuns
from frugal.calibration.space import Space

#: Walkers for each unknown, and at least; steps that are left out first, of one leg, and at the most.
_WALKERS, _LEAST_WALKERS, _BURN_IN, _LEG, _MOST_STEPS = 6, 32, 300, 500, 6000
#: A chain is long enough when it has so many times the steps after which a walker has forgotten where it was.
_TIMES = 40.0
#: Settings among which the walkers begin, and draws that are kept.
_LOOKED_AT, MOST_KEPT = 4096, 2000


@dataclass(frozen=True, eq=False)
class Draws:
    """Draws from the posterior.

    Parameters
    ----------
    settings : array [n, k]
        In their units, evenly thinned to some thousand at the most.
    walkers, steps : int
        Of the ensemble; steps after those left out.
    steps_to_forget : float
        Autocorrelation time, the longest of all unknowns.
    accepted : float
        Share of the moves, 0 to 1.
    settled : bool
        The chain is long enough for its intervals.
    """

    settings: np.ndarray
    walkers: int
    steps: int
    steps_to_forget: float
    accepted: float
    settled: bool

    def interval(self, level: float = 0.9) -> np.ndarray:
        """Ends of the central interval of each unknown, ``[2, k]``."""
        return np.quantile(self.settings, [(1 - level) / 2, (1 + level) / 2], axis=0)


def draw_posterior(asked: ModelAsked, space: Space, observed: ObservedRuns, best: np.ndarray, seed: int) -> Draws:
    """Draw from the posterior.

    Parameters
    ----------
    asked : ModelAsked
    space : Space
    observed : ObservedRuns
    best : array [k]
        The best setting, in the unit cube.
    seed : int

    Returns
    -------
    Draws
    """
    import emcee

    logging.getLogger("emcee").setLevel(logging.ERROR)
    rng = np.random.default_rng(seed)

    def likely(unit: np.ndarray) -> np.ndarray:
        inside = ((unit >= 0) & (unit <= 1)).all(axis=1)
        told = np.full(len(unit), -np.inf)
        if inside.any():
            told[inside] = log_likelihood(asked, observed, space.from_unit(unit[inside]))
        return told

    walkers = max(_WALKERS * space.size, _LEAST_WALKERS)
    walkers += walkers % 2
    sampler = emcee.EnsembleSampler(walkers, space.size, likely, vectorize=True)
    start = emcee.State(_begin(likely, space, best, walkers, seed, rng))
    start.random_state = np.random.RandomState(seed).get_state()
    start = sampler.run_mcmc(start, _BURN_IN, skip_initial_state_check=True)
    sampler.reset()
    forget = np.inf
    while sampler.iteration < _MOST_STEPS:
        start = sampler.run_mcmc(start, _LEG, skip_initial_state_check=True)
        forget = float(np.max(sampler.get_autocorr_time(tol=0, quiet=True)))
        if not np.isfinite(forget):  # nothing moves
            break
        if sampler.iteration >= _TIMES * forget:
            break
    chain = sampler.get_chain(flat=True)
    kept = np.unique(np.linspace(0, len(chain) - 1, MOST_KEPT).astype(int))
    return Draws(
        settings=space.from_unit(chain[kept]),
        walkers=walkers,
        steps=int(sampler.iteration),
        steps_to_forget=forget,
        accepted=float(sampler.acceptance_fraction.mean()),
        settled=bool(sampler.iteration >= _TIMES * forget),
    )


def _begin(
    likely: object, space: Space, best: np.ndarray, walkers: int, seed: int, rng: np.random.Generator
) -> np.ndarray:
    """Where the walkers begin: at likely settings all over the bounds, so that no second hill is overlooked."""
    looked_at = space.sobol(_LOOKED_AT, seed + 2)
    told = likely(looked_at)  # type: ignore[operator]
    around = np.clip(best + 0.01 * rng.standard_normal((walkers, space.size)), 1e-6, 1 - 1e-6)
    if not np.isfinite(told).any():
        return around
    weight = np.exp(0.25 * (told - told.max()))  # flatter than the posterior: of a sharp one few settings would be left
    chosen = rng.choice(len(looked_at), size=walkers // 2, p=weight / weight.sum())
    spread = looked_at[chosen] + 0.01 * rng.standard_normal((walkers // 2, space.size))
    begun = np.concatenate([around[: walkers - walkers // 2], np.clip(spread, 1e-6, 1 - 1e-6)])
    for jitter in (1e-3, 0.0):  # those that lie where nothing is allowed go to others; at last onto them
        lost = ~np.isfinite(likely(begun))  # type: ignore[operator]
        if not lost.any() or lost.all():
            break
        kept = rng.choice(np.flatnonzero(~lost), size=int(lost.sum()))
        begun[lost] = np.clip(begun[kept] + jitter * rng.standard_normal((len(kept), space.size)), 1e-6, 1 - 1e-6)
    return np.asarray(begun)
