"""What a forecast is asked: an estuary, a moment to forecast from, series of its rivers and of the surge, what was observed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, tzinfo
from pathlib import Path

from frugal.errors import UnusableInputError, did_you_mean
from frugal.studies.estuary.place.site import EstuarySite

HOUR_S, DAY_S = 3600.0, 86_400.0
#: Between the levels that are told [s].
EVERY_S = 600.0
MOST_DAYS, LONGEST_SPIN_UP_DAYS = 60.0, 400.0


@dataclass(frozen=True)
class ForecastQuestion:
    """What is asked.

    Parameters
    ----------
    site : EstuarySite
    begin_s : float
        The moment that the forecast begins at; a whole hour [s since 1970, UTC].
    days : float
        That it reaches ahead.
    series : tuple of (str or None, Path)
        Files of discharges, each of one river where it is named, or of several.
    surge : Path, optional
        What the sea stands above its tide; without it the tide is alone.
    observed : tuple of (str or None, Path)
        Files of levels, each of one gauge where it is named, or of several.
    stations : mapping of str to str
        Codes under which files have a river or a gauge.
    hold_flows : bool
        Rivers keep their last value where their series end before the forecast.
    zone : tzinfo, optional
        Of times in files that have none; where it is not given they are refused.
    longest_gap_h : float
        Gaps in discharges up to that long are filled.
    spin_up_days : float
        Before the forecast, where no state is given.
    past_days : float
        That are told before the moment of the forecast.
    state : Path, optional
        The state of a forecast to go on from, or its folder.
    """

    site: EstuarySite
    begin_s: float
    days: float = 5.0
    series: tuple[tuple[str | None, Path], ...] = ()
    surge: Path | None = None
    observed: tuple[tuple[str | None, Path], ...] = ()
    stations: Mapping[str, str] = field(default_factory=dict)
    hold_flows: bool = False
    zone: tzinfo | None = None
    longest_gap_h: float = 48.0
    spin_up_days: float = 30.0
    past_days: float = 3.0
    state: Path | None = None

    def __post_init__(self) -> None:
        if self.begin_s % HOUR_S:
            moment = datetime.fromtimestamp(self.begin_s, UTC)
            raise UnusableInputError(f"--from {moment:%Y-%m-%dT%H:%M:%SZ}: forecasts begin at whole hours")
        self._within("--days", self.days, 1.0 / 24.0, MOST_DAYS)
        self._within("--past", self.past_days, 0.0, 7.0)
        self._within("--spin-up", self.spin_up_days, 1.0, LONGEST_SPIN_UP_DAYS)
        self._within("--longest-gap", self.longest_gap_h, 0.0, 24.0 * MOST_DAYS)
        rivers, gauges = [river.name for river in self.site.river], [gauge.name for gauge in self.site.gauge]
        for name, _ in self.series:
            if name is not None and name not in rivers:
                raise UnusableInputError(
                    f"--series '{name}' is no river of this site; {', '.join(rivers) or 'none'} are allowed"
                    f"{did_you_mean(name, rivers)}"
                )
        for name, _ in self.observed:
            if name is not None and name not in gauges:
                raise UnusableInputError(
                    f"--observed '{name}' is no gauge of this site; {', '.join(gauges) or 'none'} are allowed"
                    f"{did_you_mean(name, gauges)}"
                )
        for name in self.stations:
            if name not in (*rivers, *gauges):
                raise UnusableInputError(
                    f"--station '{name}' is no river and no gauge of this site; {', '.join((*rivers, *gauges))} are allowed"
                    f"{did_you_mean(name, (*rivers, *gauges))}"
                )

    @staticmethod
    def _within(option: str, value: float, low: float, high: float) -> None:
        if not low <= value <= high:
            raise UnusableInputError(f"{option} {value:g}; {low:.3g} to {high:g} are allowed")

    @property
    def end_s(self) -> float:
        """The last moment that is told [s since 1970, UTC]."""
        return self.begin_s + round(self.days * DAY_S / EVERY_S) * EVERY_S

    @property
    def spin_up_from_s(self) -> float:
        """Where a forecast without a state begins, at a whole hour."""
        return self.begin_s - round(self.spin_up_days * 24.0) * HOUR_S

    def names_of(self, parts: tuple[str, ...]) -> dict[str, tuple[str, ...]]:
        """Rivers or gauges with the codes that files may have them under."""
        return {name: (self.stations[name],) if name in self.stations else () for name in parts}
