"""How the inputs of an answer are drawn: uniform in their bounds, or as the runs that it was made from have them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from frugal.experiments.designs.sampling import scale
from frugal.experiments.study import Variable
from frugal.experiments.study.input_layout import InputLayout

#: Below this chance a column of runs is not taken to be uniform in its bounds.
_NOT_UNIFORM = 1e-3
#: Standard errors of a rank correlation beyond which two inputs hang together, and the least correlation that is told.
_FAR, _LEAST_TOLD = 5.0, 0.2
#: A column of at most so many different values is drawn as it stands, without values between.
_FEW_VALUES = 12


@dataclass(frozen=True)
class DependentPair:
    """Two inputs that hang together in the runs, and their rank correlation (Spearman), -1 to 1."""

    first: str
    second: str
    correlation: float


@dataclass(frozen=True, eq=False)
class InputDistribution:
    """Inputs as independent random numbers; a vector is one group, whose elements are drawn together.

    Parameters
    ----------
    variables : tuple of Variable
        Inputs of the answer.
    runs : array [n, d], optional
        Inputs of runs, whose values are drawn as often as they come; uniform in the bounds without them.
    pairs : tuple of DependentPair
        Inputs that hang together in the runs, the strongest first; here they are drawn as if they did not.
    """

    variables: tuple[Variable, ...]
    runs: np.ndarray | None = None
    pairs: tuple[DependentPair, ...] = ()

    @cached_property
    def layout(self) -> InputLayout:
        """Where each input stands in a row."""
        return InputLayout(self.variables)

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the inputs, a group each."""
        return tuple(variable.name for variable in self.variables)

    @property
    def groups(self) -> tuple[slice, ...]:
        """Columns of each input in a row of inputs ``[d]``."""
        return tuple(self.layout.slices[name] for name in self.names)

    @property
    def unit_groups(self) -> tuple[slice, ...]:
        """Columns of each input in a point of the unit cube ``[u]``: one where the runs of a vector are drawn as a whole."""
        if self.runs is None:
            return self.groups
        return tuple(slice(k, k + 1) for k in range(len(self.variables)))

    @property
    def dimensions(self) -> int:
        """Of the unit cube that rows are made from."""
        return self.unit_groups[-1].stop

    def rows(self, unit: np.ndarray) -> np.ndarray:
        """Rows of inputs ``[n, d]`` from points of the unit cube ``[n, u]``."""
        if self.runs is None:
            return scale(self.layout.columns, unit)
        parts = [
            _as_often(self.runs[:, where], unit[:, k], variable)
            for k, (variable, where) in enumerate(zip(self.variables, self.groups, strict=True))
        ]
        return np.concatenate(parts, axis=1)


def _as_often(runs: np.ndarray, u: np.ndarray, variable: Variable) -> np.ndarray:
    """Values ``[n, size]`` of one input as often as runs ``[r, size]`` have them."""
    n = len(runs)
    if runs.shape[1] == 1 and not variable.choices and len(np.unique(runs)) > _FEW_VALUES:
        return np.interp(u, (np.arange(n) + 0.5) / n, np.sort(runs[:, 0]))[:, None]
    # a vector as a whole, in the order of its mean: near points of the unit cube are like vectors
    order = np.argsort(runs.mean(axis=1), kind="stable")
    return np.asarray(runs[order[np.minimum((u * n).astype(int), n - 1)]])


def distribution_of(variables: Sequence[Variable], runs: np.ndarray | None) -> InputDistribution:
    """How the inputs of an answer are to be drawn.

    Parameters
    ----------
    variables : sequence of Variable
    runs : array [n, d] or None
        Inputs of the runs that the answer was made from. Where each column is uniform in its bounds and none hangs on another,
        as a design of this program is, the bounds are drawn from; else the runs, which a study or a table brought.

    Returns
    -------
    InputDistribution
    """
    variables = tuple(variables)
    uniform = InputDistribution(variables)
    if runs is None or len(runs) < 8:
        return uniform
    pairs = dependent_pairs(variables, runs)
    columns = uniform.layout.columns
    if not pairs and all(_is_uniform(runs[:, k], column) for k, column in enumerate(columns)):
        return uniform
    return InputDistribution(variables, runs, pairs)


def _is_uniform(values: np.ndarray, variable: Variable) -> bool:
    from scipy import stats

    if variable.choices:
        counts = np.bincount(np.round(values).astype(int), minlength=len(variable.choices))
        return bool(stats.chisquare(counts).pvalue > _NOT_UNIFORM)
    unit = (values - variable.low) / (variable.high - variable.low)
    return bool(stats.kstest(unit, "uniform").pvalue > _NOT_UNIFORM)


def dependent_pairs(variables: Sequence[Variable], runs: np.ndarray) -> tuple[DependentPair, ...]:
    """Inputs that hang together in runs ``[n, d]``, by rank correlation; elements of one vector may.

    Parameters
    ----------
    variables : sequence of Variable
    runs : array [n, d]

    Returns
    -------
    tuple of DependentPair
        The strongest first; each two inputs once, with the strongest of their elements.
    """
    from scipy import stats

    layout = InputLayout(tuple(variables))
    owner = [variable.name for variable in variables for _ in range(variable.size)]
    varies = np.flatnonzero(np.ptp(runs, axis=0) > 0)
    if len(varies) < 2:
        return ()
    ranks = np.stack([stats.rankdata(runs[:, k]) for k in varies], axis=1)
    correlation = np.corrcoef(ranks, rowvar=False)
    limit = max(_FAR / np.sqrt(len(runs) - 1), _LEAST_TOLD)
    found: dict[tuple[str, str], float] = {}
    for i, j in zip(*np.triu_indices(len(varies), 1), strict=True):
        one, other = owner[varies[i]], owner[varies[j]]
        strength = float(correlation[i, j])
        if one != other and abs(strength) > max(limit, abs(found.get((one, other), 0.0))):
            found[one, other] = strength
    assert len(owner) == layout.size
    pairs = [DependentPair(one, other, strength) for (one, other), strength in found.items()]
    return tuple(sorted(pairs, key=lambda pair: -abs(pair.correlation)))
