"""Two problems whose answers are fields: depths of a flooded polder, and a tide at stations along an estuary.

Runs of a Latin hypercube to learn from, as many fresh uniform ones as `FRESH_RUNS` to judge. Errors are in % of the spread of
each element over the fresh runs, pooled: what the mean map alone answers errs by 100 %.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from scipy.stats import qmc

from frugal.experiments.study import Need, Output, Study, Tolerance, Variable

FRESH_RUNS = 200
RUNS = (64, 192)
PERIODS_H = (12.4206, 12.0)
STATIONS_KM = np.arange(0.0, 60.1, 7.5)
HOURS = np.arange(0.0, 25.0)
LENGTH_M = 60_000.0

TIDE_INPUTS = (
    Variable("amplitude", "m", 0.8, 2.5),
    Variable("depth", "m", 6.0, 14.0),
    Variable("friction", "mm/s", 1.0, 4.0),
    Variable("surge", "m", -0.3, 1.5),
    Variable("age", "1", -1.5, 1.5),
)


def tidal_level(amplitude: float, depth: float, friction: float, surge: float, age: float) -> np.ndarray:
    """Level [m] ``[station, hour]`` in an estuary of one depth, closed at its head: two tides with linear friction.

    Each is ``a Re[cosh(k (L - x)) / cosh(k L) exp(i w t)]`` with ``k = i w / c sqrt(1 - i r / (w h))`` and ``c = sqrt(g h)``
    (Ippen 1966, chapter 10), their sum lies on a surge that deepens the water. The second has a third of the amplitude.

    Parameters
    ----------
    amplitude : float
        Of the first tide at the mouth [m].
    depth : float
        Below mean sea level [m].
    friction : float
        Linear coefficient ``r`` [mm/s].
    surge : float
        Of the mean level [m].
    age : float
        Phase of the second tide behind the first [rad].
    """
    water = depth + surge
    level = np.full((len(STATIONS_KM), len(HOURS)), surge)
    for period_h, share, phase in zip(PERIODS_H, (1.0, 1.0 / 3.0), (0.0, age), strict=True):
        speed = 2.0 * np.pi / (3600.0 * period_h)
        wave = 1j * speed / np.sqrt(9.81 * water) * np.sqrt(1.0 - 1j * 1e-3 * friction / (speed * water))
        along = np.cosh(wave * (LENGTH_M - 1e3 * STATIONS_KM)) / np.cosh(wave * LENGTH_M)
        level += share * amplitude * np.real(along[:, None] * np.exp(1j * (speed * 3600.0 * HOURS - phase)))
    return level


def tide() -> tuple[Study, Callable[[np.ndarray], np.ndarray]]:
    """The study of the tide, without a solver, and what computes its runs ``[n, d] -> [n, m]``."""
    coords = {"station": [f"km {km:g}" for km in STATIONS_KM], "clock": HOURS.tolist()}
    study = Study(
        name="tide_at_stations",
        title={"en": "Tide at stations", "fr": "Marée aux stations"},
        inputs=TIDE_INPUTS,
        outputs=(Output("level", "m", ("station", "clock"), coords),),
        need=Need("one tide", {"level": Tolerance("rmse", 0.02)}),
    )
    return study, lambda inputs: np.stack([tidal_level(*row).ravel() for row in inputs])


def polder() -> tuple[Study, Callable[[np.ndarray], np.ndarray]]:
    """The study of the depths behind a dike that breaks, without its solver, and what computes its runs.

    The generated polder of `submersion` on cells of 100 m, the local inertial model as the truth; the study tells the height of
    its cells, and neither its formulas nor its coarser physics take part.
    """
    from frugal.studies.flood.submersion import submersion
    from frugal.studies.flood.terrain.site import SubmersionSite

    whole = submersion(SubmersionSite(cell_size_m=100.0))
    inertial = next(one for one in whole.alternatives if one.name == "local_inertial")
    depth = whole.outputs[0]
    study = replace(
        whole,
        outputs=(depth,),
        need=Need("one map", {depth.name: Tolerance("rmse", 0.05)}),
        solve=None,
        details=None,
        finer=None,
        coarser=None,
        alternatives=(),
        summaries=None,
        diagnostics=(),
        remarks=None,
        found=None,
    )
    answer = whole.answer_of(inertial, np.empty((0, 0)), np.empty((0, 0)))

    def run(inputs: np.ndarray) -> np.ndarray:
        return np.asarray(answer.predict(inputs)[depth.name], dtype=float).reshape(len(inputs), -1)

    return study, run


FIELDS = {"polder_depth": polder, "tide_at_stations": tide}


@dataclass(frozen=True)
class FieldData:
    """A study with its runs, ``[n, d]`` and ``[n, m]``, those that judge, and the bounds ``[d, 2]`` of its inputs."""

    study: Study
    train_x: np.ndarray
    train_y: np.ndarray
    test_x: np.ndarray
    test_y: np.ndarray
    bounds: np.ndarray


def field_data(name: str, seed: int) -> FieldData:
    """As many runs as the largest of `RUNS`, of which the first are a design of their own, and the fresh ones."""
    study, run = FIELDS[name]()
    bounds = np.array([(variable.low, variable.high) for variable in study.columns])
    low, width = bounds[:, 0], np.ptp(bounds, axis=1)
    parts = [qmc.LatinHypercube(len(bounds), rng=seed + k).random(n) for k, n in enumerate(np.diff([0, *RUNS]))]
    train = low + width * np.concatenate(parts)
    test = low + width * np.random.default_rng(10_000 + seed).random((FRESH_RUNS, len(bounds)))
    return FieldData(study, train, run(train), test, run(test), bounds)
