"""Where drifting litter ends, by linear algebra: a matrix of chances from cell to cell over one tide, and its powers.

States are pieces of water, sectors of the banks, and ends (the sea, upstream, the ground). Particles released all over each
state are followed through one tide by the solver, which gives a row of chances each; where the tide repeats, as many tides as
one likes are powers of that matrix, and what happens for good is the solution of one sparse linear system (Kemeny and Snell
1960, Finite Markov Chains, chapter 3):

.. math:: N = (I - Q)^{-1}, \\qquad B = N R

with :math:`Q` the chances among the states that a particle can leave and :math:`R` those from there to the ends. No learning is
involved; what it costs is one tide of particles. Its errors are of two kinds: chance (a row from n particles errs by
:math:`\\sqrt{p(1-p)/n}`) and that a state forgets where in it a particle was, which finer states lessen.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import sparse
from scipy.sparse.linalg import splu

from frugal.errors import UnusableInputError


@dataclass(frozen=True, eq=False)
class DriftTransitions:
    """Chances from state to state over one period.

    Attributes
    ----------
    chances : scipy.sparse.csr_array [state, state]
        Rows add up to 1.
    particles : ndarray of int64 [state]
        From how many particles each row was counted; 0 for ends.
    ends : ndarray of bool [state]
        States that nothing leaves.
    """

    chances: sparse.csr_array
    particles: np.ndarray
    ends: np.ndarray


def transitions_of(begins: np.ndarray, becomes: np.ndarray, states: int) -> DriftTransitions:
    """Count transitions of particles over one period.

    Parameters
    ----------
    begins, becomes : array of int [particle]
        State of each particle before and after the period.
    states : int
        How many there are. Those in which no particle began are ends.

    Raises
    ------
    UnusableInputError
        If a state is none of these.
    """
    before, after = (np.asarray(column, dtype=np.int64) for column in (begins, becomes))
    if before.shape != after.shape or before.ndim != 1 or not before.size:
        raise UnusableInputError(
            f"states before and after have shapes {before.shape} and {after.shape}; one of each for every particle is needed"
        )
    for column in (before, after):
        if column.min() < 0 or column.max() >= states:
            worst = column.min() if column.min() < 0 else column.max()
            raise UnusableInputError(f"a particle is in state {worst}; 0 to {states - 1} are allowed")
    counted = np.bincount(before, minlength=states)
    ends = counted == 0
    ones = sparse.coo_array((1.0 / counted[before], (before, after)), shape=(states, states)).tocsr()
    kept = sparse.coo_array(
        (np.ones(int(ends.sum())), (np.flatnonzero(ends), np.flatnonzero(ends))), shape=(states, states)
    )
    return DriftTransitions(sparse.csr_array(ones + kept), counted.astype(np.int64), ends)


def after_periods(transitions: DriftTransitions, start: np.ndarray, periods: int) -> np.ndarray:
    """Chances of the states after some periods.

    Parameters
    ----------
    transitions : DriftTransitions
    start : array [state]
        Chances of the states at the beginning; they add up to 1.
    periods : int

    Returns
    -------
    ndarray [periods + 1, state]
        At the beginning and after each period.

    Raises
    ------
    UnusableInputError
        If the chances are none.
    """
    chances = _start(transitions, start)
    rows = [chances]
    for _ in range(periods):
        rows.append(rows[-1] @ transitions.chances)
    return np.stack(rows)


def _start(transitions: DriftTransitions, start: np.ndarray) -> np.ndarray:
    chances = np.asarray(start, dtype=np.float64)
    if chances.shape != transitions.ends.shape or (chances < 0).any() or abs(chances.sum() - 1.0) > 1e-9:
        raise UnusableInputError(
            f"the start holds {chances.size} chances that add up to {chances.sum():.6g}; {transitions.ends.size} that add up "
            "to 1 are needed"
        )
    return chances


def final_chances(transitions: DriftTransitions) -> np.ndarray:
    """Chances to end in each of the ends, from each state.

    Parameters
    ----------
    transitions : DriftTransitions

    Returns
    -------
    ndarray [state, end]
        Ends in the order of their states.

    Raises
    ------
    UnusableInputError
        If some state reaches no end, so that nothing is final there.
    """
    inner, ends = np.flatnonzero(~transitions.ends), np.flatnonzero(transitions.ends)
    _check_ends(transitions, inner)
    result = np.zeros((transitions.ends.size, ends.size))
    result[ends, np.arange(ends.size)] = 1.0
    if inner.size and ends.size:
        rows = transitions.chances[inner]
        factors = splu(sparse.csc_array(sparse.eye_array(inner.size) - rows[:, inner]))
        result[inner] = factors.solve(rows[:, ends].toarray())
    return result


def expected_periods(transitions: DriftTransitions) -> np.ndarray:
    """Mean number of periods until a particle is in an end, from each state.

    Parameters
    ----------
    transitions : DriftTransitions

    Returns
    -------
    ndarray [state]
    """
    inner = np.flatnonzero(~transitions.ends)
    _check_ends(transitions, inner)
    result = np.zeros(transitions.ends.size)
    if inner.size:
        within = transitions.chances[inner][:, inner]
        result[inner] = splu(sparse.csc_array(sparse.eye_array(inner.size) - within)).solve(np.ones(inner.size))
    return result


def _check_ends(transitions: DriftTransitions, inner: np.ndarray) -> None:
    """Raise unless every state has a way to an end."""
    reached = transitions.ends.copy()
    backwards = sparse.csr_array(transitions.chances.T > 0)
    new = reached
    while new.any():
        found = (backwards.T @ new.astype(np.int64)) > 0
        new = found & ~reached
        reached = reached | new
    if not reached[inner].all():
        stuck = int(inner[np.argmin(reached[inner])])
        raise UnusableInputError(
            f"no particle that begins in state {stuck} ever reaches an end; chances over some periods are what can be asked"
        )


def ever_reached(transitions: DriftTransitions, states: np.ndarray) -> np.ndarray:
    """Chance to be in one of some states at the end of any period, at least once, from each state.

    Parameters
    ----------
    transitions : DriftTransitions
    states : array of bool [state]
        Sectors of a bank, say, that particles may leave again.

    Returns
    -------
    ndarray [state]
        1 for those states themselves.
    """
    aims = np.asarray(states, dtype=bool)
    if aims.shape != transitions.ends.shape:
        raise UnusableInputError(f"the states aimed at are {aims.size}; {transitions.ends.size} are needed")
    # made an end, the aim keeps what reaches it
    rows = sparse.csr_array(sparse.diags_array((~aims).astype(float)) @ transitions.chances)
    stopped = DriftTransitions(
        sparse.csr_array(rows + sparse.diags_array(aims.astype(float))), transitions.particles, transitions.ends | aims
    )
    final = final_chances(stopped)
    reached: np.ndarray = final[:, aims[np.flatnonzero(stopped.ends)]].sum(axis=1)
    return reached


def chance_error(transitions: DriftTransitions, start: np.ndarray, periods: int, aims: np.ndarray) -> float:
    """Standard error, from the number of particles alone, of the chance to be in some states after some periods.

    To first order the error of row i adds its own variance, weighted by how often a particle was in i:
    :math:`\\sum_k \\sum_i p_k(i)^2 \\operatorname{Var}_i(v_{k+1}) / n_i`, with :math:`p_k` the chances after k periods and
    :math:`v_k` those to be in the aims at the end when starting after k periods. Errors of one row in different periods hang
    together and are added before squaring where the matrix stays the same, as here.

    Parameters
    ----------
    transitions : DriftTransitions
    start : array [state]
    periods : int
    aims : array of bool [state]

    Returns
    -------
    float
    """
    forward = after_periods(transitions, start, periods)
    backward = [np.asarray(aims, dtype=float)]
    for _ in range(periods):
        backward.append(transitions.chances @ backward[-1])
    matrix, counted = transitions.chances, transitions.particles
    variance = 0.0
    for i in np.flatnonzero(counted > 0):
        row = matrix[[i]].toarray()[0]
        weight = sum(forward[k, i] * backward[periods - k - 1] for k in range(periods))
        variance += float(row @ weight**2 - (row @ weight) ** 2) / counted[i]
    return float(np.sqrt(max(variance, 0.0)))
