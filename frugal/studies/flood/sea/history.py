"""The level of the sea over an event, as the inputs of a study make it: a storm on a tide, or a series from a file.

Times are counted from high tide, or from the highest level of the series; levels are above the mean level of today.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from frugal.experiments.study import Variable
from frugal.studies.flood.sea.storm_tide import TIDE_PERIOD_S, sea_level

HOUR = 3600.0
#: Longest step between the levels that the solver is given.
STEP_S = 300.0
#: A storm's event ends so long after high tide at the earliest.
LEAST_AFTER_S = 5.0 * HOUR


class SeaHistory(Protocol):
    """Levels of the sea that depend on inputs."""

    @property
    def variables(self) -> tuple[Variable, ...]:
        """The inputs that they depend on."""

    @property
    def begin_s(self) -> float:
        """Beginning of the event, where its clock shows 0."""

    @property
    def end_s(self) -> float:
        """End of the event."""

    def level(self, time_s: np.ndarray, xp: Any = np, **inputs: Any) -> Any:
        """Level [m] at some times ``[t]``: ``[t]``, or ``[n, t]`` of inputs ``[n, 1]``."""

    def peak(self, inputs: Mapping[str, Any]) -> Any:
        """Highest level [m]."""

    def knots_s(self) -> np.ndarray:
        """Times between which the level may be taken as straight."""


@dataclass(frozen=True)
class StormTide:
    """A surge that peaks at high tide, as `sea_level` has it.

    Attributes
    ----------
    variables : tuple of Variable
        ``surge_peak``, ``tide_range``, ``sea_level_rise``, ``storm_duration``.
    begin_s, end_s : float
    """

    variables: tuple[Variable, ...]
    begin_s: float = -TIDE_PERIOD_S / 2
    end_s: float = LEAST_AFTER_S

    def level(self, time_s: np.ndarray, xp: Any = np, **inputs: Any) -> Any:
        """As `SeaHistory`."""
        return sea_level(time_s, **inputs, xp=xp)

    def peak(self, inputs: Mapping[str, Any]) -> Any:
        """As `SeaHistory`."""
        return inputs["sea_level_rise"] + inputs["tide_range"] / 2 + inputs["surge_peak"]

    def knots_s(self) -> np.ndarray:
        """As `SeaHistory`."""
        return np.append(np.arange(self.begin_s, self.end_s - 1.0, STEP_S), self.end_s)


@dataclass(frozen=True, eq=False)
class LevelSeries:
    """Levels of a file, raised by the rise of the mean sea level.

    Attributes
    ----------
    time_s, level_m : ndarray [t]
        From the highest level on; above the mean level of today.
    variables : tuple of Variable
        ``sea_level_rise``.
    """

    time_s: np.ndarray
    level_m: np.ndarray
    variables: tuple[Variable, ...]

    @property
    def begin_s(self) -> float:
        """The first time of the file."""
        return float(self.time_s[0])

    @property
    def end_s(self) -> float:
        """The last one."""
        return float(self.time_s[-1])

    def level(self, time_s: np.ndarray, xp: Any = np, **inputs: Any) -> Any:
        """As `SeaHistory`."""
        return inputs["sea_level_rise"] + np.interp(time_s, self.time_s, self.level_m)

    def peak(self, inputs: Mapping[str, Any]) -> Any:
        """As `SeaHistory`."""
        return inputs["sea_level_rise"] + float(self.level_m.max())

    def knots_s(self) -> np.ndarray:
        """As `SeaHistory`."""
        return self.time_s


def extremes(variables: tuple[Variable, ...]) -> tuple[dict[str, float], dict[str, float]]:
    """Inputs at their lower and at their upper bounds."""
    return {v.name: v.low for v in variables}, {v.name: v.high for v in variables}


def whole_passage(variables: tuple[Variable, ...], passed_at_m: float, lowest_sill_m: float) -> StormTide:
    """A storm tide whose event holds all that passes the dike of the highest storm, as far as one high tide brings it.

    It begins at the low water before high tide, or at an earlier one where the sea of the highest storm would then stand above
    the dike already; it ends five hours after high tide, or later where the sea falls below the ground behind it later: no
    more than half a tide after the longest storm.

    Parameters
    ----------
    variables : tuple of Variable
        Inputs of a `StormTide`.
    passed_at_m : float
        Level at which the sea passes the dike.
    lowest_sill_m : float
        Lowest ground behind it; no water enters a breach below.
    """
    _, highest = extremes(variables)
    half_storm_s = highest["storm_duration"] * HOUR / 2
    begins = -TIDE_PERIOD_S * (np.arange(0.0, half_storm_s / TIDE_PERIOD_S + 1.0) + 0.5)
    below = sea_level(begins, **highest) < passed_at_m
    begin_s = float(begins[int(np.argmax(below))]) if below.any() else float(begins[0])
    times = np.arange(LEAST_AFTER_S, max(half_storm_s + TIDE_PERIOD_S / 2, LEAST_AFTER_S) + 1.0, HOUR / 2)
    fallen = sea_level(times, **highest) < lowest_sill_m
    end_s = float(times[int(np.argmax(fallen))]) if fallen.any() else float(times[-1])
    return StormTide(variables, begin_s, end_s)
