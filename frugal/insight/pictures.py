"""Pictures of an explanation: bars of indices, shares along a series, maps of shares, and answers along each input."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from frugal.experiments.study import Output
from frugal.insight.dependence import PartialDependence
from frugal.insight.sensitivity import Indices
from frugal.reporting.plots.axes import AI_LINE, INK, MET, NOT_MET, plain_frame, svg
from frugal.reporting.text import plain_number, unit_in
from frugal.texts import room_texts

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_TEXTS = room_texts("frugal.insight")

#: Okabe and Ito 2008, the dark ones first.
COLOURS = (MET, NOT_MET, "#00795a", AI_LINE, "#8a6d00", "#3f6fb5")
_GREY, _PALE = "#c9d1d9", "#b9d3e6"
#: Inputs that a picture shows.
MOST_BARS, MOST_BANDS, MOST_LINES, MOST_MAPS = 15, 5, 9, 3


def by_total(indices: Indices) -> list[int]:
    """Numbers of the inputs, that of the highest total index first."""
    return [int(k) for k in np.argsort(-np.nan_to_num(indices.total), kind="stable")]


def indices_plot(names: Sequence[str], indices: Indices, title: str, language: str, prefix: str) -> str:
    """Total and first indices as bars, with the ends of their intervals.

    Parameters
    ----------
    names : sequence of str
        Of the inputs, in words.
    indices : Indices
        With intervals.
    title : str
        What they are of.
    language : {"en", "fr"}
    prefix : str
        Of the ids in the picture.

    Returns
    -------
    str
        An ``<svg>`` element.
    """
    order = by_total(indices)[:MOST_BARS]

    def draw(figure: Figure) -> None:
        axes = figure.add_axes((0.36, 0.5 / height, 0.6, 1 - 0.8 / height))
        for place, k in enumerate(order):
            for part, offset, colour in (("total", 0.17, _PALE), ("first", -0.17, MET)):
                value = max(float(getattr(indices, part)[k]), 0.0)
                y = -place + offset
                axes.barh(y, value, height=0.32, color=colour, linewidth=0)
                low, high = getattr(indices, f"{part}_low"), getattr(indices, f"{part}_high")
                if low is not None and high is not None:
                    axes.plot([max(low[k], 0.0), max(high[k], 0.0)], [y, y], color=INK, linewidth=1.0)
        axes.set_yticks([-place for place in range(len(order))], [_short(names[k], 42) for k in order])
        axes.set_ylim(-len(order) + 0.4, 0.6)
        axes.set_xlim(0, max(1.0, axes.get_xlim()[1]))
        axes.set_xlabel(_TEXTS.phrase("plot.share", language))
        _ticks(axes, language)
        plain_frame(axes)
        _legend(
            figure,
            [(_TEXTS.phrase(f"plot.{part}", language), colour) for part, colour in (("first", MET), ("total", _PALE))],
        )

    height = 0.9 + 0.34 * len(order)
    told = "; ".join(
        f"{names[k]} {plain_number(100 * float(np.nan_to_num(indices.total[k])), language)} %" for k in order
    )
    return svg(draw, (7.1, height), title, told, prefix)


def shares_plot(names: Sequence[str], indices: Indices, output: Output, title: str, language: str, prefix: str) -> str:
    """First indices along the first dimension of an output as bands that fill up to what all inputs make together.

    Parameters
    ----------
    names : sequence of str
    indices : Indices
        ``[inputs, elements]``.
    output : Output
        Of one dimension, or a series at places, which are taken together.
    title : str
    language : {"en", "fr"}
    prefix : str
        Of the ids in the picture.
    """
    length = output.shape[0]
    weight = np.nan_to_num(np.broadcast_to(indices.variance, indices.first.shape[1:])).reshape(length, -1)
    parts = np.nan_to_num(indices.first).reshape(len(names), length, -1) * weight
    together = weight.sum(axis=1)
    shares = np.clip(parts.sum(axis=2) / np.where(together > 0, together, np.nan), 0, None)
    order = [int(k) for k in np.argsort(-np.nansum(parts, axis=(1, 2)), kind="stable")][:MOST_BANDS]
    coordinates = output.coords[output.dims[0]]
    numbers = all(isinstance(c, int | float) for c in coordinates)
    along = np.asarray(coordinates, dtype=float) if numbers else np.arange(length, dtype=float)

    def draw(figure: Figure) -> None:
        axes = figure.add_axes((0.09, 0.2, 0.87, 0.62))
        bands = [shares[k] for k in order]
        rest = np.clip(1 - np.sum(bands, axis=0), 0, None)
        axes.stackplot(along, *bands, rest, colors=[*COLOURS[: len(order)], _GREY], linewidth=0)
        axes.set_ylim(0, 1)
        axes.set_xlim(along[0], along[-1] if length > 1 else along[0] + 1)
        if not numbers:
            shown = np.unique(np.linspace(0, length - 1, min(length, 12)).astype(int))
            axes.set_xticks(shown, [_short(str(coordinates[k]), 10) for k in shown])
        elif output.time is not None and output.is_series:
            axes.set_xlabel(_TEXTS.phrase("plot.time", language, unit=unit_in(output.time.unit, language)))
        axes.set_ylabel(_TEXTS.phrase("plot.share", language))
        plain_frame(axes)
        others = _TEXTS.phrase("plot.rest", language)
        _legend(figure, [*((_short(names[k], 24), c) for k, c in zip(order, COLOURS, strict=False)), (others, _GREY)])

    told = "; ".join(names[k] for k in order)
    return svg(draw, (7.1, 2.7), title, told, prefix)


def share_maps(names: Sequence[str], indices: Indices, output: Output, title: str, language: str, prefix: str) -> str:
    """Maps of the first index of the inputs that matter most.

    Parameters
    ----------
    names : sequence of str
    indices : Indices
        ``[inputs, cells]``.
    output : Output
        A map.
    title : str
    language : {"en", "fr"}
    prefix : str
        Of the ids in the picture.
    """
    weight = np.nan_to_num(indices.variance)
    order = [int(k) for k in np.argsort(-(np.nan_to_num(indices.first) @ weight), kind="stable")][:MOST_MAPS]
    rows, columns = output.shape[-2:]

    def draw(figure: Figure) -> None:
        width = 0.86 / len(order)
        for place, k in enumerate(order):
            axes = figure.add_axes((0.01 + place * (width + 0.01), 0.02, width, 0.86))
            shown = np.clip(indices.first[k].reshape(-1, rows, columns)[0], 0, 1)
            image = axes.imshow(shown, vmin=0, vmax=1, cmap="viridis", interpolation="nearest")
            axes.set_axis_off()
            axes.set_title(_short(names[k], 30), fontsize=8.5, color=INK)
        bar = figure.colorbar(image, cax=figure.add_axes((0.93, 0.1, 0.015, 0.7)))
        bar.ax.tick_params(labelsize=8)
        bar.outline.set_visible(False)

    shape = min(max(rows / columns, 0.3), 1.4)
    return svg(draw, (7.1, 0.4 + 6.2 / len(order) * shape), title, "; ".join(names[k] for k in order), prefix)


def dependence_plot(
    along: Sequence[PartialDependence],
    names: Sequence[str],
    output: Output,
    order: Sequence[str],
    title: str,
    language: str,
    prefix: str,
) -> str:
    """Answers along each input, on average and for single cases, the inputs that matter most first.

    Parameters
    ----------
    along : sequence of PartialDependence
        At least one.
    names : sequence of str
        Of the inputs that they are along, in words.
    output : Output
    order : sequence of str
        Names of inputs, that which matters most first.
    title : str
    language : {"en", "fr"}
    prefix : str
        Of the ids in the picture.
    """
    ranked = sorted(zip(along, names, strict=True), key=lambda pair: order.index(pair[0].variable.name))[:MOST_LINES]
    across = min(3, len(ranked))
    down = math.ceil(len(ranked) / across)

    def draw(figure: Figure) -> None:
        first = None
        for place, (one, name) in enumerate(ranked):
            axes = figure.add_subplot(down, across, place + 1, sharey=first)
            first = first or axes
            lines, mean = one.cases[output.name], one.mean[output.name]
            marks = {"marker": "o", "markersize": 3.5} if one.variable.choices else {}
            for line in lines:
                axes.plot(one.values, line, color=_GREY, linewidth=0.7)
            axes.plot(one.values, mean, color=MET, linewidth=2.0, **marks)  # type: ignore[arg-type]
            axes.set_xlabel(_short(name, 34))
            if one.variable.choices:
                axes.set_xticks(one.values, [_short(choice, 10) for choice in one.variable.choices])
            else:
                _ticks(axes, language, 4)
            plain_frame(axes)
            if place % across == 0:
                unit = "" if output.unit == "1" else f" [{unit_in(output.unit, language)}]"
                axes.set_ylabel(_short(output.label.get(language, output.name), 26) + unit)
        figure.subplots_adjust(left=0.1, right=0.98, top=0.97, bottom=0.42 / (1.75 * down), hspace=0.42, wspace=0.22)

    return svg(draw, (7.1, 1.75 * down + 0.2), title, "; ".join(name for _, name in ranked), prefix)


def _ticks(axes: Axes, language: str, most: int = 6) -> None:
    from matplotlib.ticker import FuncFormatter, MaxNLocator

    axes.xaxis.set_major_locator(MaxNLocator(most))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: plain_number(value, language, 4)))


def _legend(figure: Figure, entries: Sequence[tuple[str, str]]) -> None:
    from matplotlib.patches import Patch

    handles = [Patch(facecolor=colour, label=text) for text, colour in entries]
    figure.legend(
        handles=handles,
        loc="upper left",
        bbox_to_anchor=(0.02, 1.0),
        ncols=min(len(handles), 3),
        frameon=False,
        fontsize=8,
        handlelength=1.2,
        columnspacing=1.4,
    )


def _short(text: str, letters: int) -> str:
    return text if len(text) <= letters else text[: letters - 1].rstrip() + "…"
