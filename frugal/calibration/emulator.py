"""An emulator of the solver beside the measurements alone: Gaussian processes on the modes of its answers.

Where no bundle answers, and the solver is too dear to be asked ten thousand times, it is asked at a few dozen settings, first
all over the bounds, then where the measurements do not yet rule it out (refocussing, as in history matching: Craig et al. 1997,
*Case Studies in Bayesian Statistics* 3, 37). The deviation of each process is widened to what it errs by on its own runs, each
left out in turn.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from frugal.calibration.asking import AskedSolver, Modelled
from frugal.calibration.history import ruled_out
from frugal.calibration.observed import ObservedRuns
from frugal.calibration.space import Space
from frugal.errors import SolverError

#: Runs of the first design for each unknown, and of each later one; so many designs at the most.
_FIRST, _LATER, _MOST_DESIGNS = 12, 8, 4
#: Share of the variance of the runs that modes may leave out, and modes at the most.
_LEFT_OUT, _MOST_MODES = 1e-5, 8
#: An emulator whose deviation is this share of the standard error of a measurement is good enough.
GOOD_ENOUGH = 0.3
#: Settings that are looked through for those that are not ruled out.
_LOOKED_AT = 4096


class EmulatedSolver:
    """Answers of the solver, learnt from some of its runs.

    Parameters
    ----------
    space : Space
    observed : ObservedRuns
    settings : array [n, k]
        That were run, in the unit cube.
    values : array [n, m]
        What the solver gave beside the measurements.
    """

    def __init__(self, space: Space, observed: ObservedRuns, settings: np.ndarray, values: np.ndarray) -> None:
        self._space = space
        scale = observed.sigma
        told = values / scale
        self._mean = told.mean(axis=0)
        _, strength, modes = np.linalg.svd(told - self._mean, full_matrices=False)
        power = strength**2
        left = 1 - np.cumsum(power) / max(power.sum(), 1e-300)
        count = int(
            np.clip(np.argmax(left <= _LEFT_OUT) + 1 if (left <= _LEFT_OUT).any() else len(left), 1, _MOST_MODES)
        )
        self._modes, self._scale = modes[:count], scale
        scores = (told - self._mean) @ self._modes.T
        rest = told - self._mean - scores @ self._modes
        self._rest = rest.var(axis=0)
        self._processes = [_process(settings, score) for score in scores.T]

    def __call__(self, settings: np.ndarray) -> Modelled:
        """Modelled values for settings ``[n, k]`` in their units, with the deviation of the emulator."""
        unit = self._space.to_unit(settings)
        found = [one.answer(unit) for one in self._processes]
        means, variances = (np.stack(part, axis=1) for part in zip(*found, strict=True))
        values = self._mean + means @ self._modes
        spread = np.sqrt(variances @ self._modes**2 + self._rest)
        return Modelled(values * self._scale, spread * self._scale, np.ones(len(settings), dtype=bool))


@dataclass(frozen=True, eq=False)
class _Process:
    """A fitted process as the few arrays that an answer needs: asked thousands of times, some settings at once.

    ``learnt`` [n, k] are its settings over ``lengths`` [k], ``weights`` [n] of their mean and ``whitened`` [n, n] of their
    variance; ``signal`` and ``noise`` are variances, ``mean`` and ``scale`` those of the values, ``wider`` a factor.
    """

    learnt: np.ndarray
    lengths: np.ndarray
    weights: np.ndarray
    whitened: np.ndarray
    signal: float
    noise: float
    mean: float
    scale: float
    wider: float

    def answer(self, unit: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Mean and variance ``[n]`` at points of the unit cube ``[n, k]``."""
        at = unit / self.lengths
        squares = (at**2).sum(axis=1)[:, None] + (self.learnt**2).sum(axis=1) - 2 * at @ self.learnt.T
        near = self.signal * np.exp(-0.5 * np.maximum(squares, 0.0))
        told = ((near @ self.whitened.T) ** 2).sum(axis=1)
        variance = np.maximum(self.signal - told, 0.0) + self.noise
        return self.mean + self.scale * (near @ self.weights), (self.scale * self.wider) ** 2 * variance


def _process(settings: np.ndarray, values: np.ndarray) -> _Process:
    import warnings

    from sklearn.gaussian_process import GaussianProcessRegressor
    from sklearn.gaussian_process.kernels import RBF, ConstantKernel, WhiteKernel

    mean, scale = float(values.mean()), float(values.std()) or 1.0
    d = settings.shape[1]
    kernel = ConstantKernel(10.0, (1e-1, 1e5)) * RBF(np.full(d, 1.0), (0.05, 100.0)) + WhiteKernel(1e-6, (1e-10, 1e-1))
    process = GaussianProcessRegressor(kernel, n_restarts_optimizer=1, random_state=0)
    told = (values - mean) / scale
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of a length at the end of its bounds
        process.fit(settings, told)
    whitened = np.linalg.inv(process.L_)
    inverse = whitened.T @ whitened
    left_out = (inverse @ told) ** 2 / np.diag(inverse)  # of each run, squared and over its variance
    product, white = process.kernel_.k1, process.kernel_.k2
    lengths = np.broadcast_to(np.asarray(product.k2.length_scale, dtype=float), (d,))
    return _Process(
        learnt=settings / lengths,
        lengths=lengths,
        weights=np.asarray(process.alpha_),
        whitened=whitened,
        signal=float(product.k1.constant_value),
        noise=float(white.noise_level),
        mean=mean,
        scale=scale,
        wider=float(np.sqrt(max(1.0, left_out.mean()))),
    )


def emulated(solver: AskedSolver, space: Space, observed: ObservedRuns, runs: int | None, seed: int) -> EmulatedSolver:
    """Run designs and learn from them, until the emulator is good enough where it matters.

    Parameters
    ----------
    solver : AskedSolver
    space : Space
    observed : ObservedRuns
    runs : int or None
        Settings to run; as many as are needed, and some dozens at the most, by default.
    seed : int

    Raises
    ------
    SolverError
        If most runs fail.
    """
    k = space.size
    first = runs // 2 if runs is not None else _FIRST * k
    later = max((runs - first) // 2, 1) if runs is not None else _LATER * k
    settings = space.sobol(max(first, 4), seed)
    values = solver(space.from_unit(settings)).values
    settings, values = _those_that_ran(solver, settings, values)
    looked_at = space.sobol(_LOOKED_AT, seed + 1)
    emulator = EmulatedSolver(space, observed, settings, values)
    rng = np.random.default_rng(seed)
    for _ in range(_MOST_DESIGNS - 1):
        if runs is not None and solver.runs // len(observed.rows) + later > runs:
            break
        found = emulator(space.from_unit(looked_at))
        left = np.flatnonzero(~ruled_out(found, observed))
        if not len(left):  # nothing is left: the least implausible settings tell whether that is true
            left = np.argsort(np.abs((found.values - observed.values) / observed.sigma).max(axis=1))[: 8 * later]
        worst = (found.spread[left] / observed.sigma).max(axis=1)
        if runs is None and np.quantile(worst, 0.9) < GOOD_ENOUGH:
            break
        added = _apart(looked_at[left], settings, later, rng)
        told = solver(space.from_unit(added)).values
        added, told = _those_that_ran(solver, added, told)
        settings, values = np.concatenate([settings, added]), np.concatenate([values, told])
        emulator = EmulatedSolver(space, observed, settings, values)
    return emulator


def _those_that_ran(solver: AskedSolver, settings: np.ndarray, values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    ran = np.isfinite(values).all(axis=1)
    if ran.mean() < 0.5:
        raise SolverError(f"{int((~ran).sum())} of {len(ran)} runs within the bounds fail: {solver.fault}")
    return settings[ran], values[ran]


def _apart(candidates: np.ndarray, taken: np.ndarray, count: int, rng: np.random.Generator) -> np.ndarray:
    """Some of the candidates ``[c, k]``, each far from those that were taken before it."""
    chosen: list[np.ndarray] = []
    pool = candidates[rng.permutation(len(candidates))[:1024]]
    near = np.min(((pool[:, None] - taken[None]) ** 2).sum(axis=2), axis=1)
    for _ in range(min(count, len(pool))):
        best = int(near.argmax())
        chosen.append(pool[best])
        near = np.minimum(near, ((pool - pool[best]) ** 2).sum(axis=1))
    return np.array(chosen)
