"""Pictures of windows: a calendar of the hours a day, the channel at low water with the ship in it, the days of a fish."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import TYPE_CHECKING, Any

import numpy as np

from frugal.estuaries.access import AccessAnswer, hours_by_day
from frugal.estuaries.fish import FishAnswer
from frugal.estuaries.navigation import Ship
from frugal.estuaries.squat import blockage, squat_m
from frugal.estuaries.windows_report import fish_title, short_warning, site_title
from frugal.reporting.plots.axes import INK, MUTED, NOT_MET, plain_frame
from frugal.reporting.plots.picture import png
from frugal.texts import room_texts

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_TEXTS = room_texts("frugal.estuaries")
_WATER, _SAND = "#0072b2", "#c8b48a"
#: What shuts a day for fish, in the colours of Okabe and Ito.
_FISH = {"open": "#009e73", "season": "#e4e8ec", "temperature": "#d55e00", "oxygen": "#7d3c6e", "salinity": "#e0b000"}


def calendar_picture(answer: AccessAnswer, language: str) -> bytes:
    """Hours of departures on each day, a row a month, a panel for each direction of the channel that was asked for.

    Parameters
    ----------
    answer : AccessAnswer
    language : {"en", "fr"}

    Returns
    -------
    bytes
        PNG.
    """
    asked = answer.asked
    hours = {
        direction: hours_by_day(windows, asked.begin, asked.end, asked.zone)
        for direction, windows in answer.last.windows.items()
    }
    months = _months(next(iter(hours.values())))
    top = max(4.0, *(max(by_day.values()) for by_day in hours.values()))

    def draw(figure: Figure) -> None:
        panels = figure.subplots(len(hours), 1, squeeze=False)[:, 0]
        image: Any = None
        for axes, (direction, by_day) in zip(panels, hours.items(), strict=True):
            grid = _grid(by_day, months)
            image = axes.imshow(grid, cmap=_colours(), vmin=1e-6, vmax=top, aspect="auto", interpolation="nearest")
            for row, column in zip(*np.nonzero(np.isfinite(grid)), strict=True):
                _write(axes, row, column, float(grid[row, column]), top)
            _month_axes(axes, months)
            axes.set_title(_TEXTS.phrase(f"direction.{direction}", language), loc="left", fontsize=9.5)
        panels[-1].set_xlabel(_TEXTS.phrase("plot.day", language))
        bar = figure.colorbar(image, ax=list(panels), shrink=0.8, pad=0.01, extend="neither")
        bar.set_label(_TEXTS.phrase("plot.hours", language))
        bar.outline.set_visible(False)
        _sign(figure, site_title(answer, language), language)

    return png(10.5, 0.9 + (0.8 + 0.26 * max(len(months), 3)) * len(hours), draw)


def _colours() -> Any:
    from matplotlib.colors import LinearSegmentedColormap

    shades = LinearSegmentedColormap.from_list("hours", ["#dbe9f2", "#6fb0d8", "#0072b2", "#00456b"])
    return shades.with_extremes(bad="white", under="#fbe3d3")


def _write(axes: Axes, row: int, column: int, value: float, top: float) -> None:
    words = f"{value:.0f}" if value >= 0.95 or value == 0.0 else f"{value:.1f}".lstrip("0")
    colour = "white" if value > 0.55 * top else NOT_MET if value == 0.0 else INK
    axes.text(column, row, words, ha="center", va="center", fontsize=6.5, color=colour)


def _months(by_day: Mapping[date, Any]) -> list[tuple[int, int]]:
    return list(dict.fromkeys((day.year, day.month) for day in by_day))


def _grid(by_day: Mapping[date, float], months: list[tuple[int, int]]) -> np.ndarray:
    grid = np.full((len(months), 31), np.nan)
    for day, value in by_day.items():
        grid[months.index((day.year, day.month)), day.day - 1] = value
    return grid


def _month_axes(axes: Axes, months: list[tuple[int, int]]) -> None:
    axes.set_xticks([0, 4, 9, 14, 19, 24, 29], ["1", "5", "10", "15", "20", "25", "30"])
    axes.set_yticks(range(len(months)), [f"{year}-{month:02d}" for year, month in months])
    axes.tick_params(length=0, labelsize=8)
    for side in axes.spines.values():
        side.set_visible(False)


def _sign(figure: Figure, title: str, language: str) -> None:
    """The title, and that it is not for navigation, in letters that are not overlooked."""
    figure.suptitle(title, fontsize=9.5, x=0.01, ha="left", color=INK)
    figure.supxlabel(short_warning(language).upper(), fontsize=9, color=NOT_MET, x=0.99, ha="right", weight="bold")


def channel_picture(answer: AccessAnswer, language: str) -> bytes:
    """The channel from the sea upstream: bottom, low and high waters, and what the ship needs.

    Parameters
    ----------
    answer : AccessAnswer
    language : {"en", "fr"}

    Returns
    -------
    bytes
        PNG.
    """
    state = answer.last
    km = state.channel.along_m / 1e3
    bottom, levels = -state.channel.depth_m, state.levels

    def draw(figure: Figure) -> None:
        axes = figure.subplots()
        needs = {
            name: values - _needed_m(answer.asked.ship, values - bottom, state.channel.width_m)
            for name, values in (("keel_low", levels.mean_low_m), ("keel_high", levels.mean_high_m))
        }
        lowest = [bottom, -answer.now.channel.depth_m, *needs.values()]
        # deep water at the mouth is cut off: what matters is where the keel is
        floor = max(min(float(values.min()) for values in lowest) - 1.5, float(needs["keel_low"].min()) - 4.0)
        axes.fill_between(km, bottom, floor, color=_SAND, linewidth=0, alpha=0.65)
        axes.fill_between(km, bottom, np.maximum(levels.lowest_m, bottom), color=_WATER, linewidth=0, alpha=0.10)
        if answer.dredged is not None:
            before = _TEXTS.phrase("plot.bottom_before", language)
            axes.plot(
                km, -answer.now.channel.depth_m, color="#6b5a33", linewidth=1.0, linestyle=(0, (2, 2)), label=before
            )
        key = "plot.bottom_dredged" if answer.dredged is not None else "plot.bottom"
        axes.plot(km, bottom, color="#6b5a33", linewidth=1.6, label=_TEXTS.phrase(key, language))
        for name, values, style in (
            ("high", levels.mean_high_m, "-"),
            ("low", levels.mean_low_m, "--"),
            ("lowest", levels.lowest_m, ":"),
        ):
            label = _TEXTS.phrase(f"plot.{name}", language)
            axes.plot(km, values, color=_WATER, linewidth=1.2, linestyle=style, label=label)
        for (name, needed), style in zip(needs.items(), ("--", "-"), strict=True):
            axes.plot(km, needed, color=NOT_MET, linewidth=1.2, linestyle=style, label=_label(name, language))
            axes.fill_between(km, needed, bottom, where=list(needed < bottom), color=NOT_MET, alpha=0.18, linewidth=0)
        axes.set_xlim(float(km[0]), float(km[-1]))
        axes.set_ylim(floor, float(levels.mean_high_m.max()) + 1.0)
        axes.set_xlabel(_TEXTS.phrase("plot.along", language))
        axes.set_ylabel(_TEXTS.phrase("plot.level", language))
        plain_frame(axes)
        _gauge_names(axes, answer)
        axes.legend(loc="upper left", bbox_to_anchor=(1.005, 1.0), fontsize=8, frameon=False, labelspacing=0.7)
        _sign(figure, site_title(answer, language), language)

    return png(10.5, 4.4, draw)


def _label(name: str, language: str) -> str:
    words, line, lines = _TEXTS.phrase(f"plot.{name}", language).split(), "", []
    for word in words:
        if len(line) + len(word) > 28:
            lines.append(line)
            line = ""
        line = f"{line} {word}".strip()
    return "\n".join([*lines, line])


def _needed_m(ship: Ship, depth_m: np.ndarray, width_m: np.ndarray) -> np.ndarray:
    """Water that the ship needs [m]: draught, squat at her speed through still water, margin."""
    blocked = blockage(
        ship.beam_m, ship.draught_m, ship.block_coefficient, np.maximum(depth_m, ship.draught_m), width_m
    )
    return np.asarray(
        ship.draught_m + squat_m(np.array(ship.speed_kn), ship.block_coefficient, blocked) + ship.margin_m
    )


def _gauge_names(axes: Axes, answer: AccessAnswer) -> None:
    way = answer.asked.waterway
    first = {spot.reach.name: spot.along_km - spot.km for spot in reversed(way.spots)}
    last = way.spots[-1].along_km
    low, high = axes.get_ylim()
    before = 1e9
    places = [(first[g.reach] + g.km, g.name) for g in way.site.gauge if g.reach in first]
    for km, name in sorted(places, reverse=True):
        if km > last + 1e-6:
            continue
        axes.plot([km, km], [low, low + 0.02 * (high - low)], color=MUTED, linewidth=0.8)
        if before - km >= 0.08 * last:
            side = "right" if km > 0.94 * last else "left" if km < 0.04 * last else "center"
            axes.text(km, low + 0.03 * (high - low), name, fontsize=7, color=INK, ha=side, va="bottom")
            before = km


def fish_picture(answer: FishAnswer, site: str, destination: str, language: str) -> bytes:
    """Days of a fish, a row a month: open, out of season, or what shuts them.

    Parameters
    ----------
    answer : FishAnswer
    site, destination : str
        In words.
    language : {"en", "fr"}

    Returns
    -------
    bytes
        PNG.
    """
    kinds = list(_FISH)
    by_day = {day: float(kinds.index(state)) for day, state in zip(answer.days, answer.states, strict=True)}
    months = _months(by_day)

    def draw(figure: Figure) -> None:
        from matplotlib.colors import ListedColormap
        from matplotlib.patches import Patch

        axes = figure.subplots()
        colours = ListedColormap(list(_FISH.values())).with_extremes(bad="white")
        axes.imshow(_grid(by_day, months), cmap=colours, vmin=-0.5, vmax=len(kinds) - 0.5, aspect="auto")
        _month_axes(axes, months)
        axes.set_xlabel(_TEXTS.phrase("plot.day", language))
        told = [kind for kind in kinds if kind in answer.states]
        handles = [Patch(color=_FISH[kind], label=_TEXTS.phrase(f"fish_state.{kind}", language)) for kind in told]
        axes.legend(handles=handles, loc="upper left", bbox_to_anchor=(1.005, 1.0), fontsize=8, frameon=False)
        figure.suptitle(fish_title(answer, site, destination, language), fontsize=9.5, x=0.01, ha="left", color=INK)

    return png(10.5, 1.2 + 0.24 * max(len(months), 4), draw)
