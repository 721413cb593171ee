"""Terms of a polynomial chosen one after the other, and by runs left out how many of which.

The next term is the one that takes most of what is left of the targets once the terms before it are projected out (orthogonal
least squares; Chen, Billings & Luo 1989, International Journal of Control 50, 1873). All coefficients are those of least
squares on the terms chosen. Runs left out of a fit are carried through the same projections, so that one pass gives their error
after every term. A set of terms either stands from the beginning (hyperbolic truncation, Blatman & Sudret 2011, Journal of
Computational Physics 230, 2345) or grows: each term chosen brings its neighbours of higher degree (after Jakeman, Eldred &
Sargsyan 2015, Journal of Computational Physics 289, 18).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from frugal.surrogates.models.scalar.orthonormal_basis import OrthonormalBasis

#: Terms chosen before the scores of all others are computed anew: one of so many.
_SHARE_AT_ONCE = 12
#: Part of a term's square that must be left after projection: less is rounding, or known by the terms before it.
_LEAST_LEFT = 1e-9
#: Terms after the least error of the runs left out that are still tried: so many, and this part of those chosen.
_PATIENCE, _PATIENCE_SHARE = 12, 0.4
#: Terms at the most, and of all runs the share.
MOST_TERMS = 300
_TERMS_PER_RUN = 0.5


#: Tables and targets of runs that are only watched.
LeftOut = tuple[Sequence[np.ndarray], np.ndarray]


@dataclass(frozen=True)
class Recipe:
    """Which terms are offered, and in what order they are preferred.

    Parameters
    ----------
    degree, norm
        Truncation that stands from the beginning.
    steps : int
        A term brings its neighbours up to so many degrees higher; 0 where nothing grows. Two, so that functions that are even
        in an input are found.
    most_inputs : int
        Inputs in one term at the most.
    decay : float
        A term counts this part for each degree, and for each input beyond the first: what is smooth has small terms of high
        degree.
    """

    degree: int
    norm: float = 1.0
    steps: int = 0
    most_inputs: int = 99
    decay: float = 1.0


@dataclass(frozen=True)
class Path:
    """Terms in the order in which they were chosen.

    Parameters
    ----------
    indices : array [k, d]
    missed : array [k + 1]
        Sum of squared errors of the runs learnt from after 0, 1, … terms, over all targets.
    left_out : array [k + 1]
        The same of the runs left out; empty where there are none.
    weights : array [k, m]
        Coefficients of all of them.
    bias : array [m]
    """

    indices: np.ndarray
    missed: np.ndarray
    left_out: np.ndarray
    weights: np.ndarray
    bias: np.ndarray


def most_terms(runs: int) -> int:
    """Terms that so many runs may have at the most."""
    return min(MOST_TERMS, int(_TERMS_PER_RUN * runs))


def most_offered(runs: int) -> int:
    """Terms that are offered to so many runs at the most."""
    return min(20 * runs, 1500)


class _Offered:
    """Terms on offer: values with their mean taken off, what of them is not known by chosen terms, and their products with
    what is left of the targets.
    """

    def __init__(self, basis: OrthonormalBasis, tables: Sequence[np.ndarray], capacity: int, outputs: int) -> None:
        self.basis, self.tables = basis, tables
        rows = tables[0].shape[1]
        self.indices = np.zeros((capacity, len(basis.variables)), dtype=np.int64)
        self.values = np.empty((capacity, rows))
        self.mean = np.zeros(capacity)
        self.square = np.ones(capacity)
        self.left = np.full(capacity, np.inf)  # infinite: no longer to be chosen
        self.weight = np.ones(capacity)
        self.product = np.zeros((capacity, outputs))
        self.known: set[tuple[int, ...]] = set()
        self.count = 0

    @property
    def full(self) -> bool:
        """No further term is offered."""
        return self.count == len(self.mean)

    def add(self, indices: Sequence[tuple[int, ...]], decay: float, chosen: np.ndarray, residual: np.ndarray) -> None:
        new = [index for index in dict.fromkeys(indices) if index not in self.known][: len(self.mean) - self.count]
        if not new:
            return
        self.known.update(new)
        part = slice(self.count, self.count + len(new))
        told = np.array(new, dtype=np.int64)
        values = self.basis.products(self.tables, told)
        self.indices[part], self.mean[part] = told, values.mean(axis=1)
        values -= self.mean[part, None]
        self.values[part] = values
        self.square[part] = np.maximum(np.einsum("pn,pn->p", values, values), 1e-300)
        left = self.square[part] - np.square(values @ chosen.T).sum(axis=1)
        self.left[part] = np.where(left > _LEAST_LEFT * self.square[part], left, np.inf)
        if decay != 1.0:
            degree = sum(degrees[told[:, j]] for j, degrees in enumerate(self.basis.degrees))
            self.weight[part] = decay ** (degree + (told > 0).sum(axis=1) - 2.0)
        self.product[part] = values @ residual
        self.count += len(new)

    def best(self, number: int) -> tuple[np.ndarray, list[int]]:
        """What each term would take of the targets' squares, and the most preferred ones, best first."""
        live = slice(0, self.count)
        gain = np.einsum("pm,pm->p", self.product[live], self.product[live]) / self.left[live]
        score = gain * self.weight[live]
        number = min(number, self.count)
        best = np.argpartition(-score, number - 1)[:number]
        return gain, best[np.argsort(-score[best], kind="stable")].tolist()

    def update(self, units: np.ndarray, steps: np.ndarray, anew: bool, residual: np.ndarray) -> None:
        """Take newly chosen rows off what is left of each term, and what they took off its product with the targets."""
        live = slice(0, self.count)
        common = self.values[live] @ units.T
        left = self.left[live] - np.square(common).sum(axis=1)
        self.left[live] = np.where(left < _LEAST_LEFT * self.square[live], np.inf, left)
        self.product[live] = self.values[live] @ residual if anew else self.product[live] - common @ steps


class _Chosen:
    """Terms chosen so far as orthonormal rows, what the targets have along each, and what is left of them.

    ``left_out`` are tables and targets of runs that are carried along.
    """

    def __init__(self, targets: np.ndarray, most: int, left_out: LeftOut | None) -> None:
        n, m = targets.shape
        self.most, self.count = most, 0
        self.bias = targets.mean(axis=0)
        self.residual = targets - self.bias
        self.units = np.empty((most, n))
        self.upper, self.steps = np.zeros((most, most)), np.zeros((most, m))
        self.order: list[int] = []
        self.missed = [float(np.sum(self.residual**2))]
        self.left_out = left_out
        self.errors: list[float] = []
        if left_out is not None:
            self.seen_residual = left_out[1] - self.bias
            self.seen_units = np.empty((most, len(self.seen_residual)))
            self.errors.append(float(np.sum(self.seen_residual**2)))

    @property
    def rows(self) -> np.ndarray:
        """Orthonormal rows ``[count, n]``."""
        return self.units[: self.count]

    def take(self, offered: _Offered, j: int, expected: float) -> bool:
        """Add a term, unless those before it know it, or it takes less than half of what was expected."""
        k = self.count
        rest = offered.values[j]
        along = self.rows @ rest
        rest = rest - along @ self.rows
        again = self.rows @ rest  # once more, for what rounding left
        rest = rest - again @ self.rows
        square = float(rest @ rest)
        if not square > _LEAST_LEFT * offered.square[j]:
            offered.left[j] = np.inf
            return False
        length = np.sqrt(square)
        unit = rest / length
        step = unit @ self.residual
        if float(step @ step) < 0.5 * expected:
            return False
        along += again
        self.units[k], self.upper[:k, k], self.upper[k, k], self.steps[k] = unit, along, length, step
        self.residual = self.residual - unit[:, None] * step
        self.missed.append(float(np.sum(self.residual**2)))
        if self.left_out is not None:
            seen = offered.basis.products(self.left_out[0], offered.indices[j][None])[0] - offered.mean[j]
            self.seen_units[k] = (seen - along @ self.seen_units[:k]) / length
            self.seen_residual = self.seen_residual - self.seen_units[k][:, None] * step
            self.errors.append(float(np.sum(self.seen_residual**2)))
        offered.left[j] = np.inf
        self.order.append(j)
        self.count += 1
        return True

    @property
    def hopeless(self) -> bool:
        """The error of the runs left out has long been rising."""
        if not self.errors:
            return False
        return self.count - int(np.argmin(self.errors)) > _PATIENCE + _PATIENCE_SHARE * self.count

    def path(self, offered: _Offered) -> Path:
        """What was chosen, with the coefficients of least squares."""
        from scipy.linalg import solve_triangular

        k = self.count
        weights = np.zeros((0, self.steps.shape[1]))
        if k:
            weights = solve_triangular(self.upper[:k, :k], self.steps[:k], check_finite=False)
        bias = self.bias - offered.mean[self.order] @ weights
        return Path(offered.indices[self.order], np.array(self.missed), np.array(self.errors), weights, bias)


def follow(
    basis: OrthonormalBasis,
    tables: Sequence[np.ndarray],
    targets: np.ndarray,
    recipe: Recipe,
    start: np.ndarray,
    most: int,
    left_out: LeftOut | None = None,
) -> Path:
    """Choose terms for targets, all of which share them.

    Parameters
    ----------
    basis : OrthonormalBasis
    tables : sequence of array [functions, n]
        Of `OrthonormalBasis.tables`, of the runs that are learnt from.
    targets : array [n, m]
    recipe : Recipe
    start : array [terms, d]
        Multi-indices offered from the beginning.
    most : int
        Terms at the most.
    left_out : (tables, targets), optional
        Of runs that are only watched; with them it ends once their error has long been rising.
    """
    n, m = targets.shape
    capacity = max(most_offered(n), len(start)) if recipe.steps else len(start)
    offered = _Offered(basis, tables, max(capacity, 1), m)
    chosen = _Chosen(targets, max(min(most, n - 1), 0), left_out)
    offered.add([tuple(index) for index in start.tolist()], recipe.decay, chosen.rows, chosen.residual)
    total = refreshed = chosen.missed[0]
    while chosen.count < chosen.most and offered.count and not chosen.hopeless:
        gain, best = offered.best(min(max(1, chosen.count // _SHARE_AT_ONCE), chosen.most - chosen.count))
        if not gain[best[0]] > 1e-28 * total:
            break
        before = chosen.count
        # the first is the best as things stand; terms chosen with it may know the others
        taken = [j for rank, j in enumerate(best) if chosen.take(offered, j, gain[j] if rank else 0.0)]
        if not taken:
            continue
        now = chosen.missed[-1]
        anew = now < 1e-4 * refreshed  # before rounding of the differences shows
        refreshed = now if anew else refreshed
        offered.update(chosen.units[before : chosen.count], chosen.steps[before : chosen.count], anew, chosen.residual)
        if now <= 1e-26 * total:
            break
        if recipe.steps and not offered.full:
            told = [tuple(offered.indices[j].tolist()) for j in taken]
            new = [index for one in told for index in basis.neighbours(one, recipe.steps, recipe.most_inputs)]
            offered.add(new, recipe.decay, chosen.rows, chosen.residual)
    return chosen.path(offered)
