"""What errors will come to with more runs: a power law through the errors so far, and whether a need is out of its reach."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

#: Of fewer looks, or over less growth than this, nothing is foretold; nor for more than so many times the runs there are:
#: errors that stood still for long may fall all at once, where a polynomial has its terms.
FEWEST_LOOKS, LEAST_GROWTH, FARTHEST = 5, 2.5, 2.0
#: Errors of more than so many times fewer runs tell nothing of how they fall now.
LOOKS_BACK = 8.0
#: What is foretold is taken to be better by so many of its standard errors before a need is given up, and a slope never to be
#: flatter than this: fits learn something from every run.
DOUBT, LEAST_SLOPE = 3.0, 0.25
#: Scatter of the logarithms of errors that few looks may hide.
LEAST_SCATTER = 0.1


@dataclass(frozen=True)
class Foretold:
    """Error over what is allowed at so many runs: as the power law has it, and the least that it may be."""

    runs: int
    expected: float
    least: float


def foretold(runs: Sequence[int], errors: Sequence[float], at: int) -> Foretold | None:
    """Errors over what is allowed, continued to more runs by least squares on logarithms; None where too little is known.

    Parameters
    ----------
    runs : sequence of int
        Rising.
    errors : sequence of float
        At each of them; what is not a positive number is left out.
    at : int
        Number of runs asked about.
    """
    pairs = [(n, e) for n, e in zip(runs, errors, strict=True) if math.isfinite(e) and e > 0]
    pairs = [(n, e) for n, e in pairs if n * LOOKS_BACK >= pairs[-1][0]] if pairs else []
    if len(pairs) < FEWEST_LOOKS or pairs[-1][0] < LEAST_GROWTH * pairs[0][0] or at > FARTHEST * pairs[-1][0]:
        return None
    x, y = np.log(np.array(pairs, dtype=float)).T
    middle, spread = x.mean(), float(((x - x.mean()) ** 2).sum())
    slope = float(((x - middle) * (y - y.mean())).sum()) / spread
    scatter = math.sqrt(float(((y - y.mean() - slope * (x - middle)) ** 2).sum()) / (len(x) - 2))
    # errors of looks that follow each other are taken of nearly the same runs: their scatter says less than it seems to
    scatter = max(scatter, LEAST_SCATTER)
    step = math.log(at) - x[-1]
    steepest = min(slope, -LEAST_SLOPE) - DOUBT * scatter / math.sqrt(spread)
    level = float(min(y[-1], y.mean() + slope * (x[-1] - middle)))
    expected = y.mean() + min(slope, 0.0) * (math.log(at) - middle)
    return Foretold(at, math.exp(expected), math.exp(level + steepest * step - scatter))
