"""Pictures of a calibration: draws by pairs, modelled beside measured, and what is left of the bounds."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from frugal.calibration.calibrate import Calibration
from frugal.calibration.history import CUT
from frugal.calibration.observed import Unknown
from frugal.experiments.study import Measurement
from frugal.reporting.plots.axes import INK, MET, MUTED, NOT_MET, plain_frame, svg
from frugal.reporting.text import plain_number, unit_in
from frugal.texts import room_texts

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_TEXTS = room_texts("frugal.calibration")

#: Unknowns that pictures show, and measurements.
MOST_SHOWN, MOST_MEASURED = 5, 60
_PALE, _BAND = "#b9d3e6", "#e4ebf2"
#: Cells along a side of the pictures of what is left.
_CELLS = 20


def name_of_unknown(unknown: Unknown, language: str) -> str:
    """An unknown in words."""
    return unknown.label.get(language) or unknown.name


def with_unit(name: str, unit: str, language: str) -> str:
    """A name and its unit."""
    return name if unit == "1" else f"{name} [{unit_in(unit, language)}]"


def pairs_plot(found: Calibration, language: str, prefix: str) -> str:
    """Draws of each unknown as bars, of each two as points; the best setting as a cross.

    Parameters
    ----------
    found : Calibration
    language : {"en", "fr"}
    prefix : str
        Of the ids in the picture.
    """
    k = min(len(found.unknowns), MOST_SHOWN)
    shown = found.draws.settings[:: max(len(found.draws.settings) // 600, 1)]
    ends = found.draws.interval()

    def draw(figure: Figure) -> None:
        for row in range(k):
            for column in range(row + 1):
                axes = figure.add_subplot(k, k, row * k + column + 1)
                if row == column:
                    axes.hist(found.draws.settings[:, row], bins=30, color=_PALE)
                    for end in ends[:, row]:
                        axes.axvline(end, color=MET, linewidth=1.0, linestyle=(0, (4, 2)))
                    axes.axvline(found.best.settings[row], color=NOT_MET, linewidth=1.2)
                    axes.set_yticks([])
                else:
                    axes.plot(shown[:, column], shown[:, row], ".", color=MET, markersize=2.0, alpha=0.4)
                    best = found.best.settings
                    axes.plot([best[column]], [best[row]], "+", color=NOT_MET, markersize=9, markeredgewidth=1.6)
                _finish(axes, found, row, column, k, language)
        figure.subplots_adjust(left=0.13, right=0.98, top=0.98, bottom=0.55 / size, hspace=0.12, wspace=0.1)

    size = 2.4 if k == 1 else 1.75 * k + 0.4
    told = ", ".join(name_of_unknown(unknown, language) for unknown in found.unknowns[:k])
    return svg(draw, (7.1, size), _TEXTS.phrase("plot.pairs", language), told, prefix)


def _finish(axes: Axes, found: Calibration, row: int, column: int, k: int, language: str) -> None:
    """Ticks and names at the outer panels alone."""
    from matplotlib.ticker import MaxNLocator

    plain_frame(axes)
    axes.xaxis.set_major_locator(MaxNLocator(3 if k > 1 else 6))
    _numbers(axes.xaxis, language)
    if row == k - 1:
        unknown = found.unknowns[column]
        axes.set_xlabel(
            _shortened(with_unit(name_of_unknown(unknown, language), unknown.unit, language), 150 // (2 * k))
        )
    else:
        axes.tick_params(labelbottom=False)
    if row != column:
        axes.yaxis.set_major_locator(MaxNLocator(3))
        _numbers(axes.yaxis, language)
        if column == 0:
            unknown = found.unknowns[row]
            axes.set_ylabel(_shortened(with_unit(name_of_unknown(unknown, language), unknown.unit, language), 24))
        else:
            axes.tick_params(labelleft=False)


def fit_plot(found: Calibration, language: str, prefix: str) -> str:
    """Modelled less measured values, in standard errors, with what the emulator errs by; two errors either way are a band.

    Parameters
    ----------
    found : Calibration
    language : {"en", "fr"}
    prefix : str
        Of the ids in the picture.
    """
    observed, best = found.observed, found.best
    count = min(len(observed), MOST_MEASURED)
    shown = np.unique(np.linspace(0, len(observed) - 1, count).astype(int))
    apart = ((best.modelled - observed.values) / observed.sigma)[shown]
    spread = (best.spread / observed.sigma)[shown]
    places = np.arange(len(shown))

    def draw(figure: Figure) -> None:
        axes = figure.add_axes((0.09, 0.36, 0.89, 0.6))
        axes.axhspan(-2, 2, color=_BAND, linewidth=0)
        axes.axhline(0, color=MUTED, linewidth=0.7)
        if found.check is not None and np.isfinite(found.check.solver[0]).all():
            solver = ((found.check.solver[0] - observed.values) / observed.sigma)[shown]
            axes.plot(
                places, solver, "x", color=INK, markersize=4.5, zorder=4, label=_TEXTS.phrase("plot.solver", language)
            )
        label = _TEXTS.phrase("plot.best", language)
        axes.errorbar(places, apart, yerr=2 * spread, fmt="o", color=MET, markersize=4, linewidth=1.0, label=label)
        every = max(len(shown) // 20, 1)
        names = [_shortened(measured_name(observed.measurements[k], language), 20) for k in shown]
        axes.set_xticks(places[::every], names[::every], rotation=55, ha="right", rotation_mode="anchor", fontsize=7)
        axes.set_xlim(-0.7, len(shown) - 0.3)
        high = max(3.2, 1.1 * float(np.abs(apart).max() + 2 * spread.max()))
        axes.set_ylim(-high, high)
        axes.set_ylabel(_TEXTS.phrase("plot.apart", language))
        _numbers(axes.yaxis, language)
        plain_frame(axes)
        axes.legend(loc="upper right", ncols=2, frameon=False, fontsize=8)

    return svg(draw, (7.1, 3.1), _TEXTS.phrase("plot.fit", language), "", prefix)


def measured_name(measured: Measurement, language: str) -> str:
    """A measurement by its output, place and time."""
    time = "" if measured.time is None else plain_number(measured.time, language, 4)
    return ", ".join(part for part in (measured.place or measured.output, time) if part)


def left_plot(found: Calibration, language: str, prefix: str) -> str:
    """What is left of the bounds: for each two unknowns the share of the settings behind each cell that is not ruled out.

    Parameters
    ----------
    found : Calibration
        With at least two unknowns; of one the implausibility along it is shown.
    language : {"en", "fr"}
    prefix : str
        Of the ids in the picture.
    """
    k = min(len(found.unknowns), MOST_SHOWN)
    if k == 1:
        return _along_one(found, language, prefix)
    pairs = [(row, column) for row in range(k) for column in range(row)]
    across = min(3, len(pairs))
    down = -(-len(pairs) // across)

    def draw(figure: Figure) -> None:
        for place, (row, column) in enumerate(pairs):
            axes = figure.add_subplot(down, across, place + 1)
            _share_left(axes, found, row, column)
            axes.set_xlabel(_shortened(_named(found, column, language), 32))
            axes.set_ylabel(_shortened(_named(found, row, language), 26))
            for axis in (axes.xaxis, axes.yaxis):
                _numbers(axis, language)
            plain_frame(axes)
        figure.subplots_adjust(left=0.1, right=0.98, top=0.97, bottom=0.45 / size, hspace=0.4, wspace=0.42)

    size = 2.2 * down + 0.2 if across > 1 else 3.0
    return svg(draw, (7.1, size), _TEXTS.phrase("plot.left", language), "", prefix)


def _named(found: Calibration, k: int, language: str) -> str:
    return with_unit(name_of_unknown(found.unknowns[k], language), found.unknowns[k].unit, language)


def _share_left(axes: Axes, found: Calibration, row: int, column: int) -> None:
    """Cells by the share of settings behind them that is left; white where none is."""
    from matplotlib.colors import LogNorm

    plausible = found.plausible
    ends = [np.linspace(plausible.ends[0, k], plausible.ends[1, k], _CELLS + 1) for k in (column, row)]
    points = plausible.looked_at[:, [column, row]]
    every = np.histogram2d(points[:, 0], points[:, 1], bins=ends)[0]
    left = np.histogram2d(points[plausible.left, 0], points[plausible.left, 1], bins=ends)[0]
    share = np.where(left > 0, left / np.maximum(every, 1), np.nan)
    axes.set_facecolor("#f2f4f6")
    axes.pcolormesh(*ends, share.T, cmap="viridis", norm=LogNorm(1e-2, 1.0), rasterized=True)
    axes.plot(
        [found.best.settings[column]], [found.best.settings[row]], "+", color=NOT_MET, markersize=9, markeredgewidth=1.6
    )


def _along_one(found: Calibration, language: str, prefix: str) -> str:
    order = np.argsort(found.plausible.looked_at[:, 0])[:: max(len(found.plausible.looked_at) // 800, 1)]
    values, far = found.plausible.looked_at[order, 0], found.plausible.implausibility[order]

    def draw(figure: Figure) -> None:
        axes = figure.add_axes((0.1, 0.22, 0.87, 0.72))
        axes.axhspan(0, CUT, color=_BAND, linewidth=0)
        axes.plot(values, far, color=MET, linewidth=1.4)
        axes.axvline(found.best.settings[0], color=NOT_MET, linewidth=1.0)
        axes.set_ylim(0, min(float(np.nanmax(far)) * 1.05, 10 * CUT))
        axes.set_xlabel(_named(found, 0, language))
        axes.set_ylabel(_TEXTS.phrase("plot.implausibility", language))
        for axis in (axes.xaxis, axes.yaxis):
            _numbers(axis, language)
        plain_frame(axes)

    return svg(draw, (7.1, 2.4), _TEXTS.phrase("plot.left", language), "", prefix)


def _numbers(axis: Any, language: str) -> None:
    from matplotlib.ticker import FuncFormatter

    axis.set_major_formatter(FuncFormatter(lambda value, _: plain_number(value, language, 4)))


def _shortened(text: str, letters: int) -> str:
    return text if len(text) <= letters else text[: letters - 1].rstrip() + "…"


def all_pictures(found: Calibration, language: str, prefix: str) -> dict[str, str]:
    """Every picture by its kind: ``pairs``, ``fit``, ``left``."""
    drawn: Sequence[tuple[str, Any]] = (("pairs", pairs_plot), ("fit", fit_plot), ("left", left_plot))
    return {kind: plot(found, language, f"{prefix}{kind[0]}") for kind, plot in drawn}
