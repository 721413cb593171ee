"""What a forecast is worth at gauges: its error beside that of the tide a day before, told again."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from frugal.estuaries.forecasting.state import ToldSeries
from frugal.formats.time_series import TimeSeries

#: A tidal day, two tides of M2 [s]: persistence repeats the last one that was observed.
TIDAL_DAY_S = 89_400.0
#: Values farther apart are not joined by a line [s].
_APART_S = 1800.0
#: Fewer observations say nothing.
LEAST_VALUES = 24


@dataclass(frozen=True)
class GaugeSkill:
    """Errors at a gauge over a period.

    Parameters
    ----------
    gauge : str
    period : {"past", "ahead"}
        Before the moment of the forecast, where rivers and surge were known, or after it.
    values : int
        Observations that the tide of persistence is known for, too.
    mean_m : float
        Of model less observation: gauges and models have their own zeros.
    rmse_m : float
        Of the model with that mean taken off.
    raw_rmse_m : float
        With the mean.
    persistence_rmse_m : float
        Of the last observed tide, told again, with its own mean error taken off.
    score : float
        1 - mse / mse of persistence: 1 is perfect, 0 no better than persistence.
    """

    gauge: str
    period: str
    values: int
    mean_m: float
    rmse_m: float
    raw_rmse_m: float
    persistence_rmse_m: float
    score: float


def between(times_s: np.ndarray, series_times_s: np.ndarray, values: np.ndarray) -> np.ndarray:
    """Values at times by lines between those of a series; NaN beyond its ends and in its gaps."""
    if len(series_times_s) < 2:
        return np.full(len(times_s), np.nan)
    after = np.clip(np.searchsorted(series_times_s, times_s, side="left"), 1, len(series_times_s) - 1)
    found = np.interp(times_s, series_times_s, values, left=np.nan, right=np.nan)
    wide = series_times_s[after] - series_times_s[after - 1] > _APART_S
    on = (series_times_s[after] == times_s) | (series_times_s[after - 1] == times_s)
    return np.where(wide & ~on, np.nan, found)


def persistence(times_s: np.ndarray, observed: TimeSeries, known_until_s: float) -> np.ndarray:
    """The last tidal day that was observed by then, told again [m].

    Parameters
    ----------
    times_s : ndarray
        [s since 1970, UTC]
    observed : TimeSeries
    known_until_s : float
        Observations after it are not used for times after it.
    """
    back = np.maximum(np.ceil((times_s - known_until_s) / TIDAL_DAY_S), 1.0)
    return between(times_s - back * TIDAL_DAY_S, observed.time_s, observed.values)


def skill_of(told: ToldSeries, observed: dict[str, TimeSeries], begin_s: float) -> list[GaugeSkill]:
    """Errors of levels at gauges with observations, before and after the moment of the forecast.

    Parameters
    ----------
    told : ToldSeries
    observed : dict of str to TimeSeries
    begin_s : float
        That moment [s since 1970, UTC].
    """
    found = []
    for k, name in enumerate(told.gauges):
        if name not in observed:
            continue
        series = observed[name]
        model = between(series.time_s, told.times_s, told.levels_m[:, k])
        repeated = persistence(series.time_s, series, begin_s)
        for period, chosen in (("past", series.time_s <= begin_s), ("ahead", series.time_s > begin_s)):
            known = chosen & np.isfinite(model) & np.isfinite(repeated)
            if known.sum() < LEAST_VALUES:
                continue
            error, other = model[known] - series.values[known], repeated[known] - series.values[known]
            rmse, other_rmse = float(np.std(error)), float(np.std(other))
            found.append(
                GaugeSkill(
                    name,
                    period,
                    int(known.sum()),
                    float(error.mean()),
                    rmse,
                    float(np.sqrt(np.mean(error**2))),
                    other_rmse,
                    1.0 - rmse**2 / other_rmse**2 if other_rmse > 0.0 else float("nan"),
                )
            )
    return found
