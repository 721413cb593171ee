"""Designs of the estuary studies: discharges spread over their logarithms."""

from __future__ import annotations

import numpy as np

from frugal.experiments.designs.sampling import latin_hypercube, sobol
from frugal.experiments.study import Variable
from frugal.experiments.study.design import Design, held_out_count, plain_design


def _logarithmic(variables: tuple[Variable, ...]) -> tuple[Variable, ...]:
    """Bounds of discharges as logarithms: what matters to salt and mud is by how much they are multiplied."""
    flows = [name for name in (v.name for v in variables) if name.endswith("_m3_s")]
    return tuple(
        Variable(v.name, "1", float(np.log(v.low)), float(np.log(v.high))) if v.name in flows else v for v in variables
    )


def draw(variables: tuple[Variable, ...], n: int, seed: int) -> Design:
    """Runs spread evenly over the bounds, discharges over their logarithms.

    Parameters
    ----------
    variables : tuple of Variable
    n : int
    seed : int

    Returns
    -------
    Design
    """
    held_out = held_out_count(n)
    drawn = _logarithmic(variables)
    rows = np.concatenate([sobol(drawn, n - held_out, seed), latin_hypercube(drawn, held_out, seed + 1)])
    for k, variable in enumerate(variables):
        if variable.name.endswith("_m3_s"):
            rows[:, k] = np.clip(np.exp(rows[:, k]), variable.low, variable.high)
    return plain_design(rows, np.arange(n) >= n - held_out)
