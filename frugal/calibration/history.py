"""History matching: which part of the bounds the measurements rule out.

A setting is implausible as far as a measurement lies from what is modelled, in standard deviations of measurement and emulator
together (Vernon, Goldstein and Bower 2010, *Bayesian Analysis* 5, 619). Beyond three it is ruled out, by Pukelsheim's rule
(1994, *The American Statistician* 48, 88). Of many measurements some lie beyond three by chance: a setting is ruled out when
more do than the right one would have once in a hundred times, were they normal.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np

from frugal.calibration.asking import ModelAsked, Modelled
from frugal.calibration.observed import ObservedRuns
from frugal.calibration.space import Space

#: Implausibility beyond which a measurement speaks against a setting.
CUT = 3.0
#: Settings that are looked at, and chance with which the right one is ruled out.
_LOOKED_AT, _CHANCE = 8192, 0.01
#: Of what is left so many settings should be seen; else a smaller part of the bounds is looked at again, so many times at most.
_ENOUGH, _MOST_LOOKS = 400, 6


@dataclass(frozen=True, eq=False)
class Plausible:
    """What is left of the bounds.

    Parameters
    ----------
    looked_at : array [n, k]
        Settings of the part of the bounds that was looked at last, in their units; outside of it nothing is left.
    ends : array [2, k]
        Of that part.
    part : float
        Its share of the bounds.
    implausibility : array [n]
        Of each: that of the measurement that counts.
    left : array of bool [n]
        Those that are not ruled out.
    allowed : int
        Measurements that may lie beyond `CUT`.
    outside : float
        Share of the bounds that lies outside the domain of the answer under some condition: nothing is known there.
    """

    looked_at: np.ndarray
    ends: np.ndarray
    part: float
    implausibility: np.ndarray
    left: np.ndarray
    allowed: int
    outside: float

    @property
    def share(self) -> float:
        """Share of the bounds that is left."""
        return float(self.left.mean()) * self.part

    def ranges(self) -> list[tuple[float, float]]:
        """Ends of what is left along each unknown; empty where nothing is."""
        if not self.left.any():
            return []
        kept = self.looked_at[self.left]
        return [(float(low), float(high)) for low, high in zip(kept.min(axis=0), kept.max(axis=0), strict=True)]


@cache
def allowed_beyond(measurements: int) -> int:
    """How many of so many measurements may lie beyond `CUT` of a setting that is not ruled out."""
    from scipy.stats import binom, norm

    return int(binom.ppf(1 - _CHANCE, measurements, 2 * norm.sf(CUT)))


def implausibility(modelled: Modelled, observed: ObservedRuns) -> np.ndarray:
    """Implausibility ``[n]`` of settings: that of the measurement that counts, beyond which none may lie."""
    deviation = np.sqrt(observed.sigma**2 + modelled.spread**2)
    apart = np.abs(np.nan_to_num(modelled.values, nan=np.inf) - observed.values) / deviation
    counts = allowed_beyond(len(observed))
    return np.asarray(-np.partition(-apart, counts, axis=1)[:, counts])


def ruled_out(modelled: Modelled, observed: ObservedRuns) -> np.ndarray:
    """Which settings ``[n]`` the measurements rule out, or lie outside the domain of the answer."""
    return np.asarray((implausibility(modelled, observed) > CUT) | ~modelled.inside)


def history_match(asked: ModelAsked, space: Space, observed: ObservedRuns, likely: np.ndarray, seed: int) -> Plausible:
    """Look all over the bounds for settings that are not ruled out, and closer where few are found.

    Parameters
    ----------
    asked : ModelAsked
    space : Space
    observed : ObservedRuns
    likely : array [n, k]
        Likely settings in their units (draws, the best one): none that is left among them is overlooked.
    seed : int
        Of the settings that are looked at.
    """
    allowed = allowed_beyond(len(observed))
    known = likely[~ruled_out(asked(likely), observed)]
    low, high, outside = np.zeros(space.size), np.ones(space.size), 0.0
    for look in range(_MOST_LOOKS):
        unit = low + space.sobol(_LOOKED_AT, seed + look) * (high - low)
        settings = space.from_unit(unit)
        modelled = asked(settings)
        far = implausibility(modelled, observed)
        left = (far <= CUT) & modelled.inside
        if look == 0:
            outside = float((~modelled.inside).mean())
        found = np.concatenate([unit[left], space.to_unit(known)])
        if left.sum() >= _ENOUGH or not len(found) or look == _MOST_LOOKS - 1:
            break
        # half as wide again on each side as what is known to be left, and a typical distance of those that were looked at
        margin = 0.5 * np.ptp(found, axis=0) + (high - low) / len(unit) ** (1 / space.size)
        nearer = np.maximum(found.min(axis=0) - margin, low), np.minimum(found.max(axis=0) + margin, high)
        if np.prod(nearer[1] - nearer[0]) > 0.7 * np.prod(high - low):
            break
        low, high = nearer
    ends = space.from_unit(np.stack([low, high]))
    return Plausible(settings, ends, float(np.prod(high - low)), far, left, allowed, outside)
