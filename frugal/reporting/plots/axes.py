"""Parts of the pictures: axes, ticks, markers, and the SVG itself; labels that cover nothing are in `plot_labels`.

Colours are three of the Okabe–Ito set (M. Okabe and K. Ito, *Color Universal Design*, 2008), darkened for
contrast; shape says the same thing once more.
"""

from __future__ import annotations

import io
import math
import re
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any
from xml.sax.saxutils import escape

from frugal.reporting.plots.labels import wrapped
from frugal.reporting.text import plain_duration, plain_number, plain_queries
from frugal.surroundings import keep_list_of_fonts_out_of_the_home
from frugal.texts import room_texts

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_TEXTS = room_texts("frugal.reporting")

INK, MUTED = "#1b2733", "#55626f"
MET, NOT_MET, AI_LINE = "#0072b2", "#b84a00", "#8e3a73"
USAGE_BAND = "#e4ebf2"
#: Share of an axis that the text of a tick takes up.
_TICK_SHARE = 0.08

_STYLE: Any = {
    "font.family": "sans-serif",
    "font.sans-serif": ["DejaVu Sans", "Verdana", "Arial", "sans-serif"],
    "font.size": 8.5,
    "text.color": INK,
    "axes.labelcolor": INK,
    "axes.edgecolor": MUTED,
    "xtick.color": MUTED,
    "ytick.color": MUTED,
    "svg.fonttype": "none",
    "svg.hashsalt": "frugal",
}


def plain_frame(axes: Axes) -> None:
    """Leave only the left and bottom lines of the frame, in a quiet grey."""
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
    for side in ("left", "bottom"):
        axes.spines[side].set_linewidth(0.6)
    axes.tick_params(which="both", length=3, width=0.6, labelsize=8)
    axes.minorticks_off()


def error_axes(axes: Axes, costs: list[float], errors: list[tuple[float, float, float]], limit: float | None) -> None:
    """Scale the error axis: logarithmic, and linear near zero where an exact answer has to have a place.

    Parameters
    ----------
    axes : matplotlib.axes.Axes
    costs : list of float
        CPU time over the service life [s], above 0.
    errors : list of (float, float, float)
        Value, low and high end of each candidate's interval, in the unit of the axis.
    limit : float or None
        What is tolerated, in the same unit; None where no tolerance was declared.
    """
    positive = [e[0] for e in errors if e[0] > 0] + ([limit] if limit else [])
    smallest, largest = (min(positive), max([e[2] for e in errors] + positive)) if positive else (1.0, 1.0)
    axes.set_xscale("log")
    axes.set_xlim(min(costs) / 3, max(costs) * 6)
    # An error far below the tolerance is zero to the eye; its decades would squeeze those that matter.
    smallest = max(smallest, largest / 1e4, limit / 50 if limit else 0.0)
    lowest = min(low for _, low, _ in errors)
    if lowest >= smallest / 1.6:
        axes.set_yscale("log")
        axes.set_ylim(lowest / 1.3, largest * 1.3)
    else:
        axes.set_yscale("symlog", linthresh=smallest / 1.6, linscale=0.45)
        axes.set_ylim(-0.25 * smallest, largest * 1.8)
    axes.yaxis.set_label_coords(-0.061 / axes.get_position().width, 0.5)
    plain_frame(axes)
    axes.grid(axis="y", color="#e9edf1", linewidth=0.6, zorder=0)
    axes.set_axisbelow(True)


def error_ticks(axes: Axes, language: str) -> None:
    """Ticks of the error axis, as people write percentages."""
    bottom, high = axes.get_ylim()
    low = getattr(axes.get_yaxis().get_transform(), "linthresh", bottom)  # a logarithmic axis has none
    first = math.floor(math.log10(low))
    decades = range(first, math.ceil(math.log10(high)) + 1)
    steps = (1, 2, 5) if len(decades) <= 4 else (1,)
    ticks = [s * 10.0**d for d in decades for s in steps if low <= s * 10.0**d <= high]
    ticks = [0.0, *ticks] if bottom <= 0 else ticks
    axes.set_yticks(ticks, [plain_number(tick, language) for tick in ticks])


def duration_ticks(axis: Any, limits: tuple[float, float], language: str) -> None:
    """Ticks at durations people name, none so near the far end that its text would leave the picture.

    Parameters
    ----------
    axis : matplotlib.axis.Axis
        Logarithmic, horizontal or vertical.
    limits : (float, float)
        Its ends [s], above 0.
    language : {"en", "fr"}
    """
    decades = [10.0**k for k in range(-9, 2)]
    spans = [
        60.0,
        600.0,
        3600.0,
        36000.0,
        *(86400.0 * 10**k for k in range(3)),
        *(3.15576e7 * 10**k for k in range(6)),
    ]
    between = [k * ten for ten in decades[:-1] for k in (2, 5)] + [
        20,
        30,
        120,
        300,
        1200,
        1800,
        7200,
        18000,
        1.728e5,
        4.32e5,
    ]
    low, high = limits[0], limits[1] * (limits[0] / limits[1]) ** 0.03
    crowded = high / low > 1e4  # "10 h" and "1 day" would touch
    ticks = [tick for tick in decades + spans if low <= tick <= high and not (crowded and tick == 36000.0)]
    if len(ticks) < 4:
        ticks = sorted(ticks + [tick for tick in between if low <= tick <= high])
    while len(ticks) > 8:
        ticks = ticks[::2]
    ticks = _apart(sorted(ticks), _TICK_SHARE * math.log(limits[1] / limits[0]))
    axis.set_ticks(ticks, labels=[tick_duration(tick, language) for tick in ticks])


def _apart(ticks: list[float], distance: float) -> list[float]:
    """Ticks whose texts do not touch: none follows another within so much of a logarithmic axis."""
    kept: list[float] = []
    for tick in ticks:
        if not kept or math.log(tick / kept[-1]) >= distance:
            kept.append(tick)
    return kept


def tick_duration(seconds: float, language: str) -> str:
    """A duration as a tick: a round number and its unit."""
    for unit, name in ((365.25 * 86400, "years"), (86400.0, "days"), (3600.0, "h"), (60.0, "min")):
        if seconds >= unit:
            named = "year" if name == "years" and seconds < 2 * unit else name
            return f"{plain_number(seconds / unit, language)}\u00a0{_TEXTS.known('tick', named)[language]}"
    return plain_duration(seconds, language)


def count_ticks(axes: Axes, language: str) -> None:
    """Ticks of the axis of queries, in powers of ten."""
    low, high = axes.get_xlim()
    ticks = [10.0**k for k in range(0, 18) if low <= 10.0**k <= high]
    width = float(axes.get_window_extent().width)
    while len(ticks) > 2 and sum(5.5 * len(plain_number(tick, language)) + 8 for tick in ticks) > width:
        ticks = ticks[::2]
    axes.set_xticks(ticks, [plain_number(tick, language) for tick in ticks])


def marker(
    axes: Axes,
    cost: float,
    error: tuple[float, float, float],
    *,
    shape: str,
    colour: str,
    is_ai: bool,
    winner: bool,
) -> None:
    """One candidate: its error interval, its shape, a frame if it is AI, a halo if it is the winner.

    Parameters
    ----------
    axes : matplotlib.axes.Axes
    cost : float
        CPU time over the service life [s].
    error : (float, float, float)
        Value, low and high end of the interval, in the unit of the axis.
    shape : str
        In the code of matplotlib: ``o`` or ``X``.
    colour : str
    is_ai, winner : bool
    """
    value, low, high = error
    if high > low:
        axes.plot([cost, cost], [low, high], color=colour, linewidth=1.1, zorder=3, solid_capstyle="butt")
    if winner:
        axes.plot(
            [cost],
            [value],
            marker="o",
            markersize=15,
            color=MET,
            alpha=0.16,
            markeredgewidth=0,
            zorder=2,
            clip_on=False,
        )
    axes.plot(
        [cost],
        [value],
        marker=shape,
        markersize=8 if winner else 6.5,
        color=colour,
        markeredgecolor="white",
        markeredgewidth=0.6,
        linestyle="none",
        zorder=4,
        clip_on=False,
    )
    if is_ai:
        axes.plot(
            [cost],
            [value],
            marker="s",
            markersize=11.5,
            markerfacecolor="none",
            markeredgecolor=INK,
            markeredgewidth=0.9,
            linestyle="none",
            zorder=4,
            clip_on=False,
        )


def legend(figure: Figure, language: str, judged: bool, with_ai: bool) -> None:
    """Explain shapes and colours below the plot.

    Parameters
    ----------
    figure : matplotlib.figure.Figure
    language : {"en", "fr"}
    judged : bool
        There is a tolerance, so that shapes and colours mean something.
    with_ai : bool
        A candidate that is AI is shown, so that its frame has to be explained.
    """
    from matplotlib.lines import Line2D

    met, not_met = (_TEXTS.phrase(key, language) for key in ("plot.met", "plot.not_met"))
    handles = [
        Line2D([], [], marker="o", linestyle="none", color=MET, markersize=6.5, label=met),
        Line2D([], [], marker="X", linestyle="none", color=NOT_MET, markersize=6.5, label=not_met),
    ]
    handles = handles if judged else []
    if with_ai:
        handles.append(
            Line2D(
                [],
                [],
                marker="s",
                linestyle="none",
                markerfacecolor="none",
                markeredgecolor=INK,
                markersize=9,
                markeredgewidth=0.9,
                label=_TEXTS.phrase("plot.ai", language),
            )
        )
    figure.legend(
        handles=handles,
        loc="upper left",
        bbox_to_anchor=(0.08, 1.0),
        ncols=3,
        frameon=False,
        fontsize=8.5,
        handletextpad=0.3,
        columnspacing=1.6,
    )


#: Names in a column: characters of a line, points of a letter, and lines of one that a name takes beside its own.
_NAME_WIDTH, _NAME_POINTS, _NAME_GAP = 42, 7.2, 0.35
#: Share of a figure's height that the column may take, and the height of one of its lines [inches].
_NAMES_SHARE, _LINE_INCHES = 0.84, 0.118


def name_list_inches(texts: Sequence[str]) -> float:
    """Least height [inches] of a figure whose column of names, `name_list`, has room for all lines."""
    return _LINE_INCHES * sum(wrapped(text, _NAME_WIDTH).count("\n") + 1 + _NAME_GAP for text in texts) / _NAMES_SHARE


def name_list(figure: Figure, rows: list[tuple[int, str, str, bool]], left: float) -> None:
    """Names of numbered points in a column: number, name, colour, and whether it is the winner.

    Parameters
    ----------
    figure : matplotlib.figure.Figure
        At least as high as `name_list_inches` of the names.
    rows : list of (int, str, str, bool)
        From the top down.
    left : float
        Where the column begins, as a share of the width of the figure.
    """
    lines = [(number, wrapped(text, _NAME_WIDTH), colour, bold) for number, text, colour, bold in rows]
    total = sum(text.count("\n") + 1 + _NAME_GAP for _, text, _, _ in lines)
    step = min(1.25 * _LINE_INCHES / figure.get_figheight(), _NAMES_SHARE / total)
    size = _NAME_POINTS
    y = 0.9
    for number, text, colour, bold in lines:
        weight = "bold" if bold else "normal"
        figure.text(left + 0.022, y, str(number), color=colour, fontsize=size, fontweight=weight, va="top", ha="right")
        figure.text(left + 0.034, y, text, color=colour, fontsize=size, fontweight=weight, va="top", linespacing=1.05)
        y -= step * (text.count("\n") + 1 + _NAME_GAP)


def mark_crossing(axes: Axes, queries: float, cost: float, language: str) -> None:
    """Mark the break-even, and say its number of queries.

    Parameters
    ----------
    axes : matplotlib.axes.Axes
        Computing time against queries, both logarithmic and with their limits set.
    queries : float
        At which the two lines cross.
    cost : float
        CPU time there [s].
    language : {"en", "fr"}
    """
    axes.plot([queries], [cost], marker="o", markersize=6, markerfacecolor="white", markeredgecolor=INK, zorder=5)
    low, high = axes.get_xlim()
    on_left = math.log(queries / low) > 0.5 * math.log(high / low)
    axes.annotate(
        _TEXTS.phrase("plot.crossing", language, n=plain_queries(queries, language)),
        (queries, cost),
        (-6 if on_left else 6, 7 if on_left else -7),
        textcoords="offset points",
        ha="right" if on_left else "left",
        va="bottom" if on_left else "top",
        color=INK,
        bbox={"facecolor": "white", "alpha": 0.8, "edgecolor": "none", "pad": 1.0},
        zorder=6,
    )


def svg(draw: Callable[[Figure], None], size: tuple[float, float], title: str, description: str, prefix: str) -> str:
    """Draw an accessible ``<svg>`` element; its ids begin with ``prefix`` and it styles nothing outside.

    Parameters
    ----------
    draw : callable
        Draws into an empty figure.
    size : (float, float)
        Width and height in inches of 72 points.
    title, description : str
        For those who do not see the picture; plain text, escaped here.
    prefix : str
        Its own for each picture of a page.

    Returns
    -------
    str
        The same for the same drawing, byte for byte.
    """
    keep_list_of_fonts_out_of_the_home()
    import matplotlib
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    with matplotlib.rc_context(_STYLE):
        figure = Figure(figsize=size, dpi=72)
        FigureCanvasAgg(figure)  # text is measured at 72 dots per inch, the scale of the SVG
        draw(figure)
        stream = io.StringIO()
        figure.savefig(stream, format="svg", metadata={"Date": None, "Creator": None, "Format": None, "Type": None})
    svg = stream.getvalue()
    svg = svg[svg.index("<svg") :]
    svg = re.sub(r"<style[^>]*>.*?</style>", "", svg, flags=re.DOTALL)
    used = set(re.findall(r"(?:url\(#|href=\"#)([\w-]+)", svg))
    svg = re.sub(r' id="([^"]+)"', lambda m: f' id="{prefix}-{m[1]}"' if m[1] in used else "", svg)
    svg = re.sub(r"(url\(#|href=\"#)([\w-]+)", rf"\g<1>{prefix}-\g<2>", svg)
    head = f'<svg role="img" aria-labelledby="{prefix}-title {prefix}-desc"'
    head += ' style="stroke-linejoin:round;stroke-linecap:butt"'
    names = f'<title id="{prefix}-title">{escape(title)}</title>'
    names += f'<desc id="{prefix}-desc">{escape(description)}</desc>'
    return re.sub(r">", f">{names}", svg.replace("<svg", head, 1), count=1)
