"""The two pictures of a comparison: error against cost, and cost against the number of queries.

Both are drawn from the ladder alone and returned as SVG text that can stand in a page or in a file.
The same input gives the same text, byte for byte.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from frugal.candidates.comparison import Ladder
from frugal.candidates.decision import Decision
from frugal.candidates.row import CandidateRow
from frugal.errors import UnusableInputError
from frugal.experiments.metrics.registry import metric_of, scale_of
from frugal.reporting.plots.axes import (
    AI_LINE,
    INK,
    MET,
    MUTED,
    NOT_MET,
    USAGE_BAND,
    count_ticks,
    duration_ticks,
    error_axes,
    error_ticks,
    legend,
    mark_crossing,
    marker,
    name_list,
    name_list_inches,
    plain_frame,
    svg,
)
from frugal.reporting.plots.labels import end_labels, place
from frugal.reporting.text import plain_duration, plain_number, plain_queries
from frugal.texts import room_texts

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_TEXTS = room_texts("frugal.reporting")

#: Queries the cost is drawn for when the study declares no usage.
QUERIES_IF_UNDECLARED = 1_000_000.0

#: What the error of a candidate is drawn as: value, low and high end; None where it has none.
Read = Callable[[CandidateRow], "tuple[float, float, float] | None"]


def _errors(rows: Sequence[CandidateRow]) -> tuple[str, str, float | None, Read]:
    """Say which error is drawn: kind, metric, limit and how it is read of a candidate.

    One relative tolerance is drawn in its own unit; several are drawn as shares of what is tolerated, which
    is the only scale they have in common.
    """
    first = next((row.errors for row in rows if row.errors), None)
    if first is None:
        raise UnusableInputError("no candidate has a measured error, so there is nothing to draw")
    judged = [name for name, error in first.items() if error.tolerance]
    if len(judged) > 1:

        def worst(row: CandidateRow) -> tuple[float, float, float] | None:
            error = row.worst_error
            if error is None or not error.tolerance:
                return None
            value, low, high = (100 * end / error.tolerance for end in (error.value, error.low, error.held))
            return value, low, high

        return "ratio", "", 100.0, worst
    name = judged[0] if judged else next(iter(first))
    metric = first[name].metric
    scale = 100.0 if scale_of(metric) == "share" else 1.0

    def single(row: CandidateRow) -> tuple[float, float, float] | None:
        error = row.errors.get(name)
        return None if error is None else (scale * error.value, scale * error.low, scale * error.held)

    limit = first[name].tolerance
    kind = "error" if metric == "nrmse" else {"share": "share", "score": "score"}.get(scale_of(metric), "absolute")
    return kind, metric, scale * limit if limit else None, single


# -------------------------------------------------------------------------------------------- Pictures

#: With more candidates than this, points carry numbers and the names stand in a list.
MOST_NAMES_BESIDE_POINTS = 6


def error_cost_plot(ladder: Ladder, language: str, pattern: str | None = None) -> str:
    """Draw the error of every candidate against its computing time over the service life.

    Parameters
    ----------
    ladder : Ladder
    language : {"en", "fr"}
    pattern : str, optional
        Call pattern; the first decided one by default.

    Returns
    -------
    str
        An ``<svg>`` element with title and description. Points are the measured errors with their 95 %
        interval; a candidate meets the tolerance when the top of its interval does. What cannot be asked for want of
        data is left out. The error axis is linear near zero, where the full physics stands, and logarithmic above.

    Raises
    ------
    UnusableInputError
        If no candidate was measured.
    """
    decision = ladder.decision_for(pattern)
    queries = decision.queries_mid or QUERIES_IF_UNDECLARED
    kind, metric, limit, read = _errors(ladder.rows)
    points = []
    for row in ladder.rows:
        cost, error = row.lifetime_cpu_seconds(decision.pattern, queries), read(row)
        if row.status == "ok" and not row.lacks and cost is not None and error is not None:
            points.append((row, max(cost, 1e-6), error))
    if not points:
        raise UnusableInputError("no candidate has both an error and a cost, so there is nothing to draw")
    met = {row.name: row.need_met.get(decision.pattern, False) for row, _, _ in points}
    judged = limit is not None
    order = sorted(points, key=lambda p: (p[0].name != decision.winner, p[1], p[0].name))
    number = {point[0].name: k for k, point in enumerate(points, start=1)}
    listed = len(points) > MOST_NAMES_BESIDE_POINTS

    def full_name(row: CandidateRow) -> str:
        text = row.label_in(language)
        text += f" ({_TEXTS.phrase('plot.ai', language)})" if row.is_ai else ""
        text += f" – {_TEXTS.phrase('plot.limit', language)}" if judged and row.error_met and not met[row.name] else ""
        return text + (f" – {_TEXTS.phrase('plot.winner', language)}" if row.name == decision.winner else "")

    def draw(figure: Figure) -> None:
        axes = figure.add_axes((0.085, 0.165, 0.53 if listed else 0.9, 0.72))
        error_axes(axes, [p[1] for p in points], [p[2] for p in points], limit)
        axes.set_xlabel(
            _TEXTS.phrase(
                "plot.cost" if decision.queries_mid else "plot.undeclared",
                language,
                n=plain_queries(queries, language),
            )
        )
        named = metric_of(metric).label[language] if kind in ("share", "score") else ""
        axes.set_ylabel(_TEXTS.phrase(f"plot.{kind}", language, metric=named))
        duration_ticks(axes.xaxis, axes.get_xlim(), language)
        error_ticks(axes, language)
        labels, names = [], {}
        for row, cost, error in order:
            winner = row.name == decision.winner
            keeps = met[row.name]
            colour = INK if not judged else MET if keeps else NOT_MET
            shape = "o" if keeps or not judged else "X"
            marker(axes, cost, error, shape=shape, colour=colour, is_ai=row.is_ai, winner=winner)
            text = full_name(row)
            names[row.name] = (text, colour, winner)
            labels.append((cost, error, str(number[row.name]) if listed else text, colour, winner))
        if listed:
            name_list(figure, [(number[name], *names[name]) for name in number], left=0.635)
        fixed = []
        if limit is not None:
            axes.axhline(limit, color=INK, linewidth=1.0, linestyle=(0, (5, 3)), zorder=1)
            unit = "" if kind in ("absolute", "score") else "\u202f%" if language == "fr" else "%"
            need = _TEXTS.phrase("plot.need", language, limit=plain_number(limit, language) + unit)
            fixed.append(
                axes.annotate(
                    need,
                    (1, limit),
                    (-2, 3),
                    xycoords=("axes fraction", "data"),
                    textcoords="offset points",
                    ha="right",
                    va="bottom",
                    color=INK,
                    fontsize=8.5,
                )
            )
        legend(figure, language, judged, any(p[0].is_ai for p in points))
        place(axes, labels, fixed, limit)

    description = _TEXTS.phrase("plot.desc_error", language, met=sum(met.values()), all=len(points)) if judged else ""
    for row, cost, _ in points:
        if row.name == decision.winner:
            description += _TEXTS.phrase(
                "plot.desc_winner",
                language,
                name=row.label_in(language),
                cost=plain_duration(cost, language),
                n=plain_queries(queries, language),
            )
    height = max(3.6, name_list_inches([full_name(row) for row, _, _ in points])) if listed else 3.3
    return svg(draw, (7.1, height), _TEXTS.phrase("plot.title_error", language), description, "ec")


def break_even_plot(ladder: Ladder, language: str, pattern: str | None = None) -> str:
    """Draw computing time against queries for the best AI, the best alternative and the full physics, where it can be asked.

    Parameters
    ----------
    ladder : Ladder
    language : {"en", "fr"}
    pattern : str, optional
        Call pattern; the first decided one by default.

    Returns
    -------
    str
        An ``<svg>`` element with the declared usage as a band and the break-even, where there is one, as a
        mark.

    Raises
    ------
    UnusableInputError
        If none of the three was measured.
    """
    decision = ladder.decision_for(pattern)
    mid = decision.queries_mid or QUERIES_IF_UNDECLARED
    usage, even = decision.queries, decision.break_even_queries
    crossing = even.median if even is not None and math.isfinite(even.median) else None
    lines = _lines(ladder, decision)
    if not lines:
        raise UnusableInputError("no candidate has a measured cost, so there is nothing to draw")
    low, high = (usage[0] / 30, usage[1] * 10) if usage else (mid / 1e3, mid * 1e3)
    if crossing and crossing > 0:
        low, high = min(low, crossing / 5), max(high, min(crossing * 5, high * 1e6))
    low = max(low, 1.0)
    grid = [low * (high / low) ** (i / 120) for i in range(121)]

    def cost(row: CandidateRow, n: float) -> float:
        return max(row.lifetime_cpu_seconds(decision.pattern, n) or 0.0, 1e-6)

    def draw(figure: Figure) -> None:
        axes = figure.add_axes((0.155, 0.2, 0.52, 0.77))
        axes.set_xscale("log")
        axes.set_yscale("log")
        axes.set_xlim(low, high)
        for row, colour, dashes in lines:
            axes.plot(grid, [cost(row, n) for n in grid], color=colour, linestyle=dashes, linewidth=1.8)
        bottom, top = axes.get_ylim()
        axes.set_ylim(bottom, top * 3)
        if usage:
            axes.axvspan(usage[0], max(usage[1], usage[0] * 1.05), color=USAGE_BAND, zorder=0, linewidth=0)
            axes.annotate(
                _TEXTS.phrase("plot.usage", language),
                (math.sqrt(usage[0] * usage[1]), 1),
                (0, -4),
                xycoords=("data", "axes fraction"),
                textcoords="offset points",
                ha="center",
                va="top",
                color=MUTED,
            )
        axes.set_xlabel(_TEXTS.phrase("plot.queries", language))
        axes.set_ylabel(_TEXTS.phrase("plot.lifetime", language))
        duration_ticks(axes.yaxis, axes.get_ylim(), language)
        count_ticks(axes, language)
        plain_frame(axes)
        if crossing and low < crossing < high:
            mark_crossing(axes, crossing, cost(lines[0][0], crossing), language)
        end_labels(axes, [(cost(row, high), _role_label(row, decision, language), colour) for row, colour, _ in lines])

    shares = "\u00a0; " if language == "fr" else "; "
    told = shares.join(f"{row.label_in(language)} {plain_duration(cost(row, mid), language)}" for row, _, _ in lines)
    description = _TEXTS.phrase("plot.desc_crossing", language, n=plain_queries(mid, language), lines=told)
    return svg(draw, (4.6, 2.5), _TEXTS.phrase("plot.title_crossing", language), description, "be")


def _lines(ladder: Ladder, decision: Decision) -> list[tuple[CandidateRow, str, Any]]:
    """Best AI, best alternative and full physics where it can be asked, each once, with its colour and dashes."""
    wanted = (
        (ladder.row(decision.best_ai), AI_LINE, (0, (6, 2))),
        (ladder.row(decision.best_alternative), INK, "-"),
        (ladder.physics_to_ask, MUTED, (0, (1, 1.6))),
    )
    chosen: dict[str, tuple[CandidateRow, str, Any]] = {}
    for row, colour, dashes in wanted:
        if row is not None and row.lifetime_cpu_seconds(decision.pattern, 1) is not None:
            chosen.setdefault(row.name, (row, colour, dashes))
    return list(chosen.values())


def _role_label(row: CandidateRow, decision: Decision, language: str) -> str:
    text = row.label_in(language) + (f" ({_TEXTS.phrase('plot.ai', language)})" if row.is_ai else "")
    return text + (f"\n– {_TEXTS.phrase('plot.winner', language)}" if row.name == decision.winner else "")
