"""Minimiser between bounds that starts from a known curvature.

An evaluation of the likelihood on a thousand runs costs as much as hundreds on a hundred: what the few have taught about the
curvature is worth more than the minimiser's own first steps. Quasi-Newton steps (Nocedal & Wright 2006, Numerical
Optimization, eq. 6.17) on the coordinates that are not held by a bound, shortened until the value falls enough.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

_LONGEST_STEP = 2.0
_LEAST_CURVATURE = 0.3


def minimise(
    function: Callable[[np.ndarray], tuple[float, np.ndarray]],
    x: np.ndarray,
    bounds: tuple[np.ndarray, np.ndarray],
    curvature: np.ndarray,
    evaluations: int,
    tolerance: float,
) -> tuple[np.ndarray, float, int, bool]:
    """Minimum, its value, the iterations it took and whether it converged.

    Parameters
    ----------
    function : callable
        ``function(x) -> value, gradient``.
    x : array [p]
        Start, within the bounds.
    bounds : pair of arrays [p]
        Least and largest values.
    curvature : array [p, p]
        Second derivatives at the start, roughly.
    evaluations : int
        Of the function, at the most.
    tolerance : float
        It has converged when a full step gains less.
    """
    low, high = bounds
    size, turn = np.linalg.eigh(curvature)
    back = (turn / np.maximum(size, _LEAST_CURVATURE)) @ turn.T
    value, gradient = function(x)
    left, iterations = evaluations - 1, 0
    while left > 0:
        free = ~(((x <= low) & (gradient > 0)) | ((x >= high) & (gradient < 0)))
        step = np.zeros_like(x)
        inner = back if free.all() else np.linalg.inv(np.linalg.inv(back)[np.ix_(free, free)])
        step[free] = -inner @ gradient[free]
        longest = float(np.abs(step).max(initial=0.0))
        if longest > _LONGEST_STEP:
            step *= _LONGEST_STEP / longest
        slope = float(gradient @ step)
        if -slope < tolerance:
            return x, value, iterations, True
        share, accepted = 1.0, False
        while left > 0 and share > 1e-4:
            tried = np.clip(x + share * step, low, high)
            its_value, its_gradient = function(tried)
            left -= 1
            if its_value <= value + 1e-4 * float(gradient @ (tried - x)):
                accepted = True
                break
            share *= float(np.clip(0.5 * slope * share / (slope * share + value - its_value), 0.1, 0.5))
        if not accepted:
            return x, value, iterations, share <= 1e-4
        move, change = tried - x, its_gradient - gradient
        product = float(move @ change)
        if product > 1e-8 * float(np.linalg.norm(move)) * float(np.abs(change).max()):
            half = np.eye(len(x)) - np.outer(move, change) / product
            back = half @ back @ half.T + np.outer(move, move) / product
        gain = value - its_value
        x, value, gradient = tried, its_value, its_gradient
        iterations += 1
        if share == 1.0 and gain < tolerance:
            return x, value, iterations, True
    return x, value, iterations, False
