"""The two pictures of a comparison: error against cost, and cost against the number of queries.

Both are drawn from `candidates.json` alone and returned as SVG text that can stand in a page or in a file.
The same input gives the same text, byte for byte.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from frugal.errors import UnusableInputError
from frugal.experiments.metrics.registry import metric_of, scale_of
from frugal.reporting.error_ratio import worst_output
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

# -------------------------------------------------------------------------------- Reading a comparison


def decision_for(candidates: Mapping[str, Any], pattern: str | None = None) -> Mapping[str, Any]:
    """Return the decision of a call pattern, the first one when none is named.

    Raises
    ------
    UnusableInputError
        If there is no decision, or none for that pattern.
    """
    decisions: Sequence[Mapping[str, Any]] = candidates.get("decisions") or []
    if not decisions:
        raise UnusableInputError("the comparison holds no decision, so there is nothing to draw")
    for decision in decisions:
        if pattern is None or decision["pattern"] == pattern:
            return decision
    known = ", ".join(f"'{decision['pattern']}'" for decision in decisions)
    raise UnusableInputError(f"call pattern '{pattern}' was not decided; decided patterns: {known}")


def lifetime_seconds(candidate: Mapping[str, Any], pattern: str, queries: float) -> float | None:
    """CPU seconds of a candidate for a number of queries, preparation included; None if not measured.

    Parameters
    ----------
    candidate : mapping
        One of the candidates of ``candidates.json``.
    pattern : str
        Name of a call pattern.
    queries : float
        Over the service life.

    Returns
    -------
    float or None
        [s]
    """
    query = (candidate.get("query") or {}).get(pattern)
    if query is None or candidate.get("fixed_cpu_seconds") is None:
        return None
    return float(candidate["fixed_cpu_seconds"] + queries * query["cpu_seconds"])


def candidate_label(candidate: Mapping[str, Any], language: str) -> str:
    """Plain-language name of a candidate."""
    labels = candidate.get("label") or {}
    return str(labels.get(language) or labels.get("en") or candidate["name"])


def _errors(candidates: Iterable[Mapping[str, Any]]) -> tuple[str, str, float | None, Callable[[Any], Any]]:
    """Say which error is drawn: kind, metric, limit and ``read(candidate) -> (value, low, high) | None``.

    One relative tolerance is drawn in its own unit; several are drawn as shares of what is tolerated, which
    is the only scale they have in common.
    """
    rows = [c["error"] for c in candidates if c.get("error")]
    if not rows:
        raise UnusableInputError("no candidate has a measured error, so there is nothing to draw")
    limits = {name: e.get("tolerance") for name, e in rows[0].items()}
    judged = [name for name, limit in limits.items() if limit]
    if len(judged) > 1:

        def worst(candidate: Mapping[str, Any]) -> tuple[float, float, float] | None:
            error = candidate.get("error")
            if not error:
                return None
            farthest = error[worst_output(error) or judged[0]]
            value, low, high = (100 * farthest[k] / farthest["tolerance"] for k in ("value", "low", "high"))
            return value, low, high

        return "ratio", "", 100.0, worst
    name = judged[0] if judged else next(iter(limits))
    metric = rows[0][name]["metric"]
    scale = 100.0 if scale_of(metric) == "share" else 1.0

    def single(candidate: Mapping[str, Any]) -> tuple[float, float, float] | None:
        error = (candidate.get("error") or {}).get(name)
        return None if error is None else (scale * error["value"], scale * error["low"], scale * error["high"])

    limit = limits[name]
    kind = "error" if metric == "nrmse" else {"share": "share", "score": "score"}.get(scale_of(metric), "absolute")
    return kind, metric, scale * limit if limit else None, single


# -------------------------------------------------------------------------------------------- Pictures

#: With more candidates than this, points carry numbers and the names stand in a list.
MOST_NAMES_BESIDE_POINTS = 6


def error_cost_plot(candidates: Mapping[str, Any], language: str, pattern: str | None = None) -> str:
    """Draw the error of every candidate against its computing time over the service life.

    Parameters
    ----------
    candidates : mapping
        Parsed `candidates.json`.
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
    decision = decision_for(candidates, pattern)
    queries = decision.get("queries_mid") or QUERIES_IF_UNDECLARED
    kind, metric, limit, read = _errors(candidates["candidates"])
    points = []
    for candidate in candidates["candidates"]:
        cost, error = lifetime_seconds(candidate, decision["pattern"], queries), read(candidate)
        if candidate["status"] == "ok" and not candidate.get("lacks") and cost is not None and error is not None:
            points.append((candidate, max(cost, 1e-6), error))
    if not points:
        raise UnusableInputError("no candidate has both an error and a cost, so there is nothing to draw")
    met = {c["name"]: bool((c.get("need_met") or {}).get(decision["pattern"])) for c, _, _ in points}
    judged = limit is not None
    order = sorted(points, key=lambda p: (p[0]["name"] != decision["winner"], p[1], p[0]["name"]))
    number = {point[0]["name"]: k for k, point in enumerate(points, start=1)}
    listed = len(points) > MOST_NAMES_BESIDE_POINTS

    def draw(figure: Figure) -> None:
        axes = figure.add_axes((0.085, 0.165, 0.53 if listed else 0.9, 0.72))
        error_axes(axes, [p[1] for p in points], [p[2] for p in points], limit)
        axes.set_xlabel(
            _TEXTS.phrase(
                "plot.cost" if decision.get("queries_mid") else "plot.undeclared",
                language,
                n=plain_queries(queries, language),
            )
        )
        named = metric_of(metric).label[language] if kind in ("share", "score") else ""
        axes.set_ylabel(_TEXTS.phrase(f"plot.{kind}", language, metric=named))
        duration_ticks(axes.xaxis, axes.get_xlim(), language)
        error_ticks(axes, language)
        labels, names = [], {}
        for candidate, cost, error in order:
            winner = candidate["name"] == decision["winner"]
            keeps = met[candidate["name"]]
            colour = INK if not judged else MET if keeps else NOT_MET
            shape = "o" if keeps or not judged else "X"
            marker(axes, cost, error, shape=shape, colour=colour, is_ai=candidate["is_ai"], winner=winner)
            text = candidate_label(candidate, language)
            text += f" ({_TEXTS.phrase('plot.ai', language)})" if candidate["is_ai"] else ""
            text += (
                f" – {_TEXTS.phrase('plot.limit', language)}" if judged and candidate["error_met"] and not keeps else ""
            )
            text += f" – {_TEXTS.phrase('plot.winner', language)}" if winner else ""
            names[candidate["name"]] = (text, colour, winner)
            labels.append((cost, error, str(number[candidate["name"]]) if listed else text, colour, winner))
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
        legend(figure, language, judged, any(p[0]["is_ai"] for p in points))
        place(axes, labels, fixed, limit)

    description = _TEXTS.phrase("plot.desc_error", language, met=sum(met.values()), all=len(points)) if judged else ""
    for candidate, cost, _ in points:
        if candidate["name"] == decision["winner"]:
            description += _TEXTS.phrase(
                "plot.desc_winner",
                language,
                name=candidate_label(candidate, language),
                cost=plain_duration(cost, language),
                n=plain_queries(queries, language),
            )
    return svg(draw, (7.1, 3.6 if listed else 3.3), _TEXTS.phrase("plot.title_error", language), description, "ec")


def break_even_plot(candidates: Mapping[str, Any], language: str, pattern: str | None = None) -> str:
    """Draw computing time against queries for the best AI, the best alternative and the full physics, where it can be asked.

    Parameters
    ----------
    candidates : mapping
        Parsed `candidates.json`.
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
    decision = decision_for(candidates, pattern)
    mid = decision.get("queries_mid") or QUERIES_IF_UNDECLARED
    usage = decision.get("queries")
    crossing = (decision.get("break_even_queries") or {}).get("median")
    lines = _lines(candidates, decision)
    if not lines:
        raise UnusableInputError("no candidate has a measured cost, so there is nothing to draw")
    low, high = (usage[0] / 30, usage[1] * 10) if usage else (mid / 1e3, mid * 1e3)
    if crossing and crossing > 0:
        low, high = min(low, crossing / 5), max(high, min(crossing * 5, high * 1e6))
    low = max(low, 1.0)
    grid = [low * (high / low) ** (i / 120) for i in range(121)]

    def cost(candidate: Mapping[str, Any], n: float) -> float:
        return max(lifetime_seconds(candidate, decision["pattern"], n) or 0.0, 1e-6)

    def draw(figure: Figure) -> None:
        axes = figure.add_axes((0.155, 0.2, 0.52, 0.77))
        axes.set_xscale("log")
        axes.set_yscale("log")
        axes.set_xlim(low, high)
        for candidate, colour, dashes in lines:
            axes.plot(grid, [cost(candidate, n) for n in grid], color=colour, linestyle=dashes, linewidth=1.8)
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
        end_labels(axes, [(cost(c, high), _role_label(c, decision, language), colour) for c, colour, _ in lines])

    shares = "\u00a0; " if language == "fr" else "; "
    told = shares.join(f"{candidate_label(c, language)} {plain_duration(cost(c, mid), language)}" for c, _, _ in lines)
    description = _TEXTS.phrase("plot.desc_crossing", language, n=plain_queries(mid, language), lines=told)
    return svg(draw, (4.6, 2.5), _TEXTS.phrase("plot.title_crossing", language), description, "be")


def _lines(candidates: Mapping[str, Any], decision: Mapping[str, Any]) -> list[tuple[Mapping[str, Any], str, Any]]:
    """Best AI, best alternative and full physics where it can be asked, each once, with its colour and dashes."""
    by_name = {c["name"]: c for c in candidates["candidates"]}
    full = (c for c in candidates["candidates"] if c["kind"] == "full_physics" and not c.get("lacks"))
    physics = next((candidate["name"] for candidate in full), None)
    wanted = (
        (decision.get("best_ai"), AI_LINE, (0, (6, 2))),
        (decision.get("best_alternative"), INK, "-"),
        (physics, MUTED, (0, (1, 1.6))),
    )
    chosen: dict[str | None, tuple[Mapping[str, Any], str, Any]] = {}
    for name, colour, dashes in wanted:
        if (
            name in by_name
            and name not in chosen
            and lifetime_seconds(by_name[name], decision["pattern"], 1) is not None
        ):
            chosen[name] = (by_name[name], colour, dashes)
    return list(chosen.values())


def _role_label(candidate: Mapping[str, Any], decision: Mapping[str, Any], language: str) -> str:
    text = candidate_label(candidate, language) + (
        f" ({_TEXTS.phrase('plot.ai', language)})" if candidate["is_ai"] else ""
    )
    return text + (f"\n– {_TEXTS.phrase('plot.winner', language)}" if candidate["name"] == decision["winner"] else "")
