"""When a dike fails, and how fast: at a time of the event, or once the sea has reached a level."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class DikeFailure:
    """Beginning and length of a failure.

    Attributes
    ----------
    start_s : float
        When it begins, from high tide, unless a level says so.
    opening_s : float
        How long the breach takes to open.
    level_m : float, optional
        Level of the sea above the mean one at which it begins; it does not while the sea stays lower.
    """

    start_s: float = -3600.0
    opening_s: float = 1800.0
    level_m: float | None = None

    def begins(self, time_s: np.ndarray, level_m: np.ndarray) -> float | None:
        """When it begins in an event, or None.

        Parameters
        ----------
        time_s : ndarray [t]
            From high tide.
        level_m : ndarray [t]
            Of the sea.
        """
        if self.level_m is None:
            return self.start_s if self.start_s < time_s[-1] else None
        return first_time(time_s, level_m, self.level_m)


def first_time(time_s: np.ndarray, level_m: np.ndarray, above_m: float, from_s: float = -np.inf) -> float | None:
    """When a level is first reached, straight between the knots; None where it never is.

    Parameters
    ----------
    time_s, level_m : ndarray [t]
    above_m : float
        The level to reach.
    from_s : float
        Earlier times do not count.
    """
    if from_s > time_s[0]:
        later = time_s > from_s
        if not later.any():
            return None
        level_m = np.concatenate([[np.interp(from_s, time_s, level_m)], level_m[later]])
        time_s = np.concatenate([[from_s], time_s[later]])
    reached = level_m >= above_m
    if not reached.any():
        return None
    k = int(np.argmax(reached))
    if k == 0:
        return float(time_s[0])
    share = (above_m - level_m[k - 1]) / (level_m[k] - level_m[k - 1])
    return float(time_s[k - 1] + share * (time_s[k] - time_s[k - 1]))
