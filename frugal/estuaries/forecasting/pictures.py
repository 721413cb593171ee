"""The picture of a forecast: levels at gauges with what was observed, what drives them, and salt at intakes."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import numpy as np

from frugal.estuaries.forecasting.run import Forecast
from frugal.formats.dates import moment_text
from frugal.reporting.plots.axes import INK, MET, MUTED, NOT_MET, plain_frame
from frugal.reporting.plots.picture import png
from frugal.texts import room_texts

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_TEXTS = room_texts("frugal.estuaries")
#: Gauges, rivers and intakes that are drawn.
MOST_GAUGES, MOST_LINES = 4, 5
_DAY_S = 86_400.0
_LINES = (MET, NOT_MET, "#00795a", "#8e3a73", "#8a6d00")
_WIDE, _PANEL, _HEAD = 9.0, 1.75, 0.5


def drawn_gauges(forecast: Forecast) -> list[int]:
    """Numbers of the gauges that are drawn: those with observations first, then others evenly along the site."""
    told = forecast.told
    numbers = list(range(len(told.gauges)))
    seen = [k for k in numbers if told.gauges[k] in forecast.observed]
    others = [k for k in numbers if k not in seen]
    left = max(MOST_GAUGES - len(seen), 0)
    if others and left:
        seen += [others[round(k)] for k in np.linspace(0, len(others) - 1, min(left, len(others)))]
    return sorted(dict.fromkeys(seen[:MOST_GAUGES]))


def forecast_picture(forecast: Forecast, language: str) -> bytes:
    """The picture as PNG.

    Parameters
    ----------
    forecast : Forecast
    language : {"en", "fr"}
    """
    gauges = drawn_gauges(forecast)
    has_salt, has_rivers = bool(forecast.told.intakes), forecast.flows_m3_s.shape[1] > 0
    has_surge = bool(np.abs(forecast.surge_m).max(initial=0.0) > 0.0)
    count = len(gauges) + has_salt + has_rivers + has_surge

    def draw(figure: Figure) -> None:
        panels: Any = figure.subplots(max(count, 1), 1, sharex=True, squeeze=False)[:, 0]
        left = iter(panels)
        for k in gauges:
            axes = next(left)
            _levels(axes, forecast, k, language)
            if k == gauges[0] or forecast.told.gauges[k] in forecast.observed:
                _legend(axes)
        if has_salt:
            _lines(
                next(left),
                forecast,
                forecast.told.intakes,
                forecast.told.salinity_psu,
                "forecast.axis.salinity",
                language,
            )
        if has_rivers:
            names = tuple(river.name for river in forecast.asked.site.river)
            _lines(next(left), forecast, names, forecast.flows_m3_s, "forecast.axis.discharge", language)
        if has_surge:
            _lines(next(left), forecast, ("",), forecast.surge_m[:, None], "forecast.axis.surge", language)
        for axes in panels:
            axes.axvspan(forecast.told.times_s[0], forecast.asked.begin_s, color="#eef2f6", linewidth=0, zorder=0)
            axes.axvline(forecast.asked.begin_s, color=INK, linewidth=0.8)
            axes.set_xlim(forecast.told.times_s[0], forecast.told.times_s[-1])
            plain_frame(axes)
        _days(panels[-1], forecast.told.times_s)
        site = forecast.asked.site
        name = site.title.get(language) or site.name
        figure.suptitle(
            _TEXTS.phrase("forecast.picture.title", language, name=name, time=moment_text(forecast.asked.begin_s)),
            fontsize=10,
            x=0.01,
            ha="left",
        )

    return png(_WIDE, _HEAD + _PANEL * max(count, 1), draw)


def _levels(axes: Axes, forecast: Forecast, k: int, language: str) -> None:
    told, begin = forecast.told, forecast.asked.begin_s
    name = told.gauges[k]
    past, ahead = told.times_s <= begin, told.times_s >= begin
    levels = told.levels_m[:, k]
    axes.plot(
        told.times_s[past], levels[past], color=MET, linewidth=0.9, label=_TEXTS.phrase("forecast.line.past", language)
    )
    axes.plot(
        told.times_s[ahead],
        levels[ahead],
        color=MET,
        linewidth=1.6,
        label=_TEXTS.phrase("forecast.line.ahead", language),
    )
    if name in forecast.observed:
        series = forecast.observed[name]
        within = (series.time_s >= told.times_s[0]) & (series.time_s <= told.times_s[-1])
        every = max(int(within.sum()) // 300, 1)
        shift = _shift(forecast, name)
        label = _TEXTS.phrase("forecast.line.observed", language)
        if abs(shift) >= 0.005:
            text = f"{shift:+.2f}".replace("-", "\N{MINUS SIGN}").replace(".", "," if language == "fr" else ".")
            label = _TEXTS.phrase("forecast.line.observed_shifted", language, shift=text)
        axes.plot(
            series.time_s[within][::every],
            series.values[within][::every] + shift,
            linestyle="none",
            marker="o",
            markersize=2.2,
            color=NOT_MET,
            label=label,
        )
    axes.set_ylabel(_TEXTS.phrase("forecast.axis.level", language, name=name))


def _legend(axes: Axes) -> None:
    """Above the lines, which it must not cover."""
    axes.legend(loc="lower right", bbox_to_anchor=(1.0, 0.97), borderaxespad=0.0, fontsize=7, ncols=8, frameon=False)


def _shift(forecast: Forecast, name: str) -> float:
    """Between the zeros of gauge and model, as the past tells it [m]."""
    return next((row.mean_m for row in forecast.skill if row.gauge == name and row.period == "past"), 0.0)


def _lines(
    axes: Axes, forecast: Forecast, names: tuple[str, ...], values: np.ndarray, label: str, language: str
) -> None:
    for k, name in enumerate(names[:MOST_LINES]):
        axes.plot(forecast.told.times_s, values[:, k], color=_LINES[k], linewidth=1.2, label=name)
    if label != "forecast.axis.surge":
        axes.set_ylim(bottom=0.0)
    axes.set_ylabel(_TEXTS.phrase(label, language))
    if any(names):
        _legend(axes)


def _days(axes: Axes, times_s: np.ndarray) -> None:
    """Midnights as ticks, thinned where there are many."""
    first = int(np.ceil(times_s[0] / _DAY_S))
    days = np.arange(first, int(times_s[-1] // _DAY_S) + 1)
    days = days[:: max(1, len(days) // 10)]
    axes.set_xticks(days * _DAY_S, [f"{datetime.fromtimestamp(int(day) * 86_400, UTC):%d/%m}\n00:00" for day in days])
    axes.set_xlabel("UTC", color=MUTED)
