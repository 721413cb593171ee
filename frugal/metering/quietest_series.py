"""Time queries again while the host is noisy, and keep the quietest series."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from frugal.metering.power.machine import HostNoise
from frugal.metering.timing.interleaved_blocks import QueryTime

Times = Mapping[str, Mapping[str, QueryTime]]

#: Blocks of a candidate that vary more than this are not trusted.
LARGEST_CV = 0.15

#: Series of a full measurement, at the most.
ATTEMPTS = 3


@dataclass(frozen=True)
class Series:
    """One series of timings, by candidate and call pattern, and the noise of the host meanwhile."""

    times: Times
    noise: Mapping[str, Any]

    @property
    def variations(self) -> list[float]:
        """Coefficient of variation of the blocks of each candidate that was called again and again."""
        return [time.cv for by_pattern in self.times.values() for time in by_pattern.values() if not time.booked]

    @property
    def quiet(self) -> bool:
        """The host was quiet, and no candidate varied too much."""
        return not self.noise["noisy"] and max(self.variations, default=0.0) <= LARGEST_CV

    @property
    def median_cv(self) -> float:
        """Median of `variations`."""
        return float(np.median(self.variations)) if self.variations else 0.0


def quietest_series(
    measure: Callable[[], Times], host: Callable[[], HostNoise] = HostNoise, attempts: int = ATTEMPTS
) -> tuple[Times, dict[str, Any]]:
    """Measure until a series is quiet, ``attempts`` times at the most.

    Parameters
    ----------
    measure : callable
        Makes one series: times by candidate and call pattern.
    host : callable
        Makes what watches the noise of the host, anew before each series.
    attempts : int
        At least 1; a quiet series ends them.

    Returns
    -------
    times : mapping
        Of the quietest series: least steal in whole per cent, then least median variation.
    record : dict
        Noise of the host during it, ``attempts`` made, what each ``series`` showed, and ``measure_again`` where none was
        quiet.
    """
    series: list[Series] = []
    while len(series) < attempts and not (series and series[-1].quiet):
        noise = host()
        times = measure()
        series.append(Series(times, noise.report()))
    best = min(series, key=lambda one: (round(one.noise["steal_percent"]), one.median_cv))
    if series[-1].quiet:
        best = series[-1]
    record = {
        **best.noise,
        "measure_again": not best.quiet,
        "attempts": len(series),
        "series": [{**one.noise, "median_cv": one.median_cv, "kept": one is best} for one in series],
    }
    return best.times, record
