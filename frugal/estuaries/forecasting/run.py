"""A forecast: from a state or a spin-up to its moment, where the state is kept, and on to its end.

The clock of the run counts from a moment that the state keeps, and the run stops at the moments 0, 6, 12 and 18 h UTC and at
that of the forecast, which all are moments that its steps reach anyway: so one that goes on from a state takes the same steps
as one that never stopped.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from frugal.errors import UnusableInputError
from frugal.estuaries.forecasting.boundaries import Boundaries, flows_at, read_boundaries, read_observed
from frugal.estuaries.forecasting.question import DAY_S, EVERY_S, HOUR_S, ForecastQuestion
from frugal.estuaries.forecasting.skill import GaugeSkill, skill_of
from frugal.estuaries.forecasting.state import ForecastState, ToldSeries, read_state, site_digest
from frugal.formats.time_series import TimeSeries
from frugal.physics.estuary.carried import Carrying
from frugal.physics.estuary.carry_run import Carriage
from frugal.physics.estuary.carrying import CarriedRun, simulate_carried
from frugal.physics.estuary.driving import Driving
from frugal.physics.estuary.network import Layout, layout_of
from frugal.physics.estuary.simulate import RECORD_S
from frugal.physics.estuary.water_steps import EstuaryWater
from frugal.physics.tide.extremes import Waters, waters_of_series
from frugal.studies.estuary.place.from_site import carrying_of, driving_of, estuary_of
from frugal.studies.estuary.place.site import EstuarySite
from frugal.studies.estuary.state.runs import steady_salt
from frugal.texts import Text

#: Pieces end at these hours, so that records never run full within one.
_PIECE_S = 6.0 * HOUR_S
#: The levels of the sea are known this long before a run, too: cubics through them need neighbours.
_BEFORE_S = 3600.0
#: Told levels that a state keeps.
_HISTORY_S = 8.0 * DAY_S
_RAMP_S = DAY_S
#: A spring–neap cycle brings the tide's dispersion, from which the salt starts; at most half of a spin-up.
_SALT_AFTER_S = 15.0 * DAY_S
#: More states than that many days old would be spun up faster anew.
_OLDEST_DAYS = 400.0


@dataclass(frozen=True, eq=False)
class Forecast:
    """What is answered.

    Attributes
    ----------
    asked : ForecastQuestion
    told : ToldSeries
        From the past that was asked for to the end.
    flows_m3_s : ndarray
        [time, river]
    surge_m : ndarray
        [time]; 0 where none is given.
    sea_m : ndarray
        Level at the first mouth, [time].
    waters : dict of str to Waters
        High and low waters at each gauge.
    observed : dict of str to TimeSeries
    skill : list of GaugeSkill
    state : ForecastState
        At the moment of the forecast.
    went_on_from_s : float or None
        Moment of the state that it went on from.
    held_from_s : dict of str to float
    notes : tuple of Text
    """

    asked: ForecastQuestion
    told: ToldSeries
    flows_m3_s: np.ndarray
    surge_m: np.ndarray
    sea_m: np.ndarray
    waters: dict[str, Waters]
    observed: dict[str, TimeSeries]
    skill: list[GaugeSkill]
    state: ForecastState
    went_on_from_s: float | None
    held_from_s: dict[str, float]
    notes: tuple[Text, ...]


def make_forecast(asked: ForecastQuestion) -> Forecast:
    """Levels at gauges and salinities at intakes ahead of a moment, and of a past before it.

    Raises
    ------
    UnusableInputError
        Naming what is missing or cannot be meant.
    """
    layout = layout_of(estuary_of(asked.site), asked.site.cell_m)
    before = None if asked.state is None else read_state(asked.state, asked.site, layout, asked.begin_s)
    if before is not None and asked.begin_s - before.time_s > _OLDEST_DAYS * DAY_S:
        days = (asked.begin_s - before.time_s) / DAY_S
        raise UnusableInputError(
            f"state '{asked.state}' is {days:.0f} days older than the forecast; up to {_OLDEST_DAYS:g} are allowed, leave "
            "--state out to spin up anew"
        )
    start_s = asked.spin_up_from_s if before is None else before.time_s
    boundaries = read_boundaries(asked, start_s, before is not None)
    observed = read_observed(asked)
    run = _ForecastRun(asked.site, layout, boundaries, start_s if before is None else before.zero_s, asked.end_s)
    if before is None:
        run.spin_up(asked.begin_s)
    else:
        run.water, run.carriage, run.time_s = before.water, copy.deepcopy(before.carriage), before.time_s
        run.told = before.history
    run.go_on(asked.begin_s)
    kept = None if run.told is None else run.told.between(asked.begin_s - _HISTORY_S, asked.begin_s)
    assert kept is not None and run.water is not None and run.carriage is not None
    state = ForecastState(
        site_digest(asked.site),
        run.zero_s,
        asked.begin_s,
        copy.deepcopy(run.water),
        copy.deepcopy(run.carriage),
        kept,
    )
    run.go_on(asked.end_s)
    assert run.told is not None
    told = run.told.between(asked.begin_s - round(asked.past_days * DAY_S / EVERY_S) * EVERY_S, asked.end_s)
    waters = {}
    for k, name in enumerate(told.gauges):
        known = np.isfinite(told.levels_m[:, k])
        if known.sum() >= 3:
            waters[name] = waters_of_series(told.times_s[known], told.levels_m[known, k])
    return Forecast(
        asked,
        told,
        flows_at(boundaries, [river.name for river in asked.site.river], told.times_s),
        np.zeros(len(told.times_s)) if boundaries.surge is None else np.interp(told.times_s, *boundaries.surge),
        run.sea_at(told.times_s),
        waters,
        observed,
        skill_of(told, observed, asked.begin_s),
        state,
        None if before is None else before.time_s,
        boundaries.held_from_s,
        boundaries.notes,
    )


class _ForecastRun:
    """A run that has come to some moment.

    Parameters
    ----------
    site : EstuarySite
    layout : Layout
    boundaries : Boundaries
    zero_s : float
        Where its clock is 0 [s since 1970, UTC].
    end_s : float
        That it may come to.
    """

    def __init__(self, site: EstuarySite, layout: Layout, boundaries: Boundaries, zero_s: float, end_s: float) -> None:
        self.site, self.layout, self.zero_s = site, layout, zero_s
        self.time_s = zero_s
        self.water: EstuaryWater | None = None
        self.carriage: Carriage | None = None
        self.told: ToldSeries | None = None
        self._boundaries = boundaries
        first = zero_s - _BEFORE_S
        rivers = {name: (times - zero_s, values) for name, (times, values) in boundaries.rivers.items()}
        driving = driving_of(site, rivers, dated_s=np.array([first, end_s]), surge=boundaries.surge, ramp_s=0.0)
        # the clock of these series is 0 at their first value
        levels = {
            place: replace(level, series=(level.series[0] - _BEFORE_S, level.series[1]))
            for place, level in driving.levels.items()
            if level.series is not None
        }
        self._driving = replace(driving, levels=levels)

    def spin_up(self, until_s: float) -> None:
        """From water at rest to a state on the way to a moment, with salt where tide and rivers hold it."""
        half_s = self.zero_s + min(_SALT_AFTER_S, round((until_s - self.zero_s) / 2.0 / HOUR_S) * HOUR_S)
        first = self._run(
            replace(self._driving, ramp_s=_RAMP_S), self._carrying(half_s), half_s, keep_s=half_s, with_salt=None
        )
        salt = steady_salt(self.site, first, self._mean_flows(self.zero_s, half_s))
        assert first.tide is not None
        self.water, self.carriage, self.time_s = first.tide.end, None, half_s
        self._salt: Any = salt

    def go_on(self, until_s: float) -> None:
        """On to a moment, in pieces."""
        while self.time_s < until_s:
            end_s = min(until_s, (np.floor(self.time_s / _PIECE_S) + 1.0) * _PIECE_S)
            salt = self._salt if self.carriage is None else None
            run = self._run(self._driving, self._carrying(end_s), end_s, keep_s=self.time_s, with_salt=salt)
            assert run.tide is not None
            self.water, self.carriage, self.time_s = run.tide.end, run.state, end_s
            told = self._told(run)
            self.told = told if self.told is None else told.behind(self.told)

    def sea_at(self, times_s: np.ndarray) -> np.ndarray:
        """Level at the first mouth [m]."""
        level = self._driving.levels[self.site.mouth[0].place]
        assert level.series is not None
        return np.asarray(level.mean_m + np.interp(times_s - self.zero_s, *level.series))

    def _run(self, driving: Driving, carrying: Carrying, end_s: float, keep_s: float, with_salt: Any) -> CarriedRun:
        if with_salt is not None:
            carrying = replace(carrying, start={"salt": with_salt})
        return simulate_carried(
            self.layout,
            driving,
            carrying,
            end_s - self.zero_s,
            EVERY_S,
            keep_s - self.zero_s,
            self.time_s - self.zero_s,
            self.water,
            self.carriage,
            record_s=RECORD_S,
        )

    def _carrying(self, end_s: float) -> Carrying:
        """Salt alone."""
        carrying = carrying_of(self.site, self._mean_flows(self.time_s, end_s))
        return replace(
            carrying, outside={"salt": carrying.outside["salt"]}, start={"salt": 0.0}, mud=None, oxygen=None, loads=()
        )

    def _mean_flows(self, first_s: float, last_s: float) -> Mapping[str, float]:
        times = np.linspace(first_s, last_s, 200)
        return {name: float(np.interp(times, *series).mean()) for name, series in self._boundaries.rivers.items()}

    def _told(self, run: CarriedRun) -> ToldSeries:
        assert run.tide is not None
        gauges, intakes = self.site.gauge, self.site.intake
        levels = [run.tide.level_at(gauge.reach, 1e3 * gauge.km) for gauge in gauges]
        salt = [run.at("salt", intake.reach, 1e3 * intake.km) for intake in intakes]
        times = run.times_s + self.zero_s
        none = np.zeros((len(times), 0))
        return ToldSeries(
            times,
            tuple(gauge.name for gauge in gauges),
            np.stack(levels, axis=1) if levels else none,
            tuple(intake.name for intake in intakes),
            np.stack(salt, axis=1) if salt else none,
        )
