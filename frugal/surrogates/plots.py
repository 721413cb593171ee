"""The two pictures of a comparison: error against cost, and cost against the number of queries.

Both are drawn from `candidates.json` alone and returned as SVG text that can stand in a page or in a file. The same input
gives the same text, byte for byte. Colours are three of the Okabe–Ito set (M. Okabe and K. Ito, *Color Universal Design*,
2008), darkened for contrast; shape says the same thing once more.
"""

from __future__ import annotations

import io
import math
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any
from xml.sax.saxutils import escape

from frugal.errors import UnusableInputError

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from matplotlib.transforms import Bbox

INK, MUTED = "#1b2733", "#55626f"
MET, NOT_MET, AI_LINE = "#0072b2", "#b84a00", "#8e3a73"
USAGE_BAND = "#e4ebf2"
#: Queries the cost is drawn for when the study declares no usage.
QUERIES_IF_UNDECLARED = 1_000_000.0

_STYLE = {
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

_WORDS: dict[str, dict[str, str]] = {
    "en": {
        "cost": "Computing time for {n}, preparation included",
        "undeclared": "Computing time for {n} (usage not declared), preparation included",
        "error": "Error, % of the mean",
        "ratio": "Worst error, % of what is tolerated",
        "absolute": "Error",
        "need": "tolerated: {limit}",
        "met": "meets the need",
        "not_met": "does not meet it",
        "ai": "AI",
        "ai_frame": "AI",
        "winner": "retained",
        "limit": "another limit not kept",
        "queries": "Number of queries over the service life",
        "lifetime": "Computing time",
        "usage": "declared usage",
        "crossing": "break-even: {n}",
        "title_error": "Error and computing time of each candidate",
        "title_crossing": "Computing time against the number of queries",
        "desc_error": "{met} of {all} candidates meet the need.",
        "desc_winner": " Retained: {name}, {cost} for {n}.",
        "desc_crossing": "For {n}: {lines}.",
    },
    "fr": {
        "cost": "Temps de calcul pour {n}, préparation comprise",
        "undeclared": "Temps de calcul pour {n} (usage non déclaré), préparation comprise",
        "error": "Erreur, en % de la moyenne",
        "ratio": "Pire erreur, en % de la tolérance",
        "absolute": "Erreur",
        "need": "toléré\u00a0: {limit}",
        "met": "répond au besoin",
        "not_met": "n’y répond pas",
        "ai": "IA",
        "ai_frame": "IA",
        "winner": "retenue",
        "limit": "autre limite dépassée",
        "queries": "Nombre de questions sur la durée de service",
        "lifetime": "Temps de calcul",
        "usage": "usage déclaré",
        "crossing": "équilibre\u00a0: {n}",
        "title_error": "Erreur et temps de calcul de chaque réponse possible",
        "title_crossing": "Temps de calcul selon le nombre de questions",
        "desc_error": "{met} réponses possibles sur {all} répondent au besoin.",
        "desc_winner": " Retenue\u00a0: {name}, {cost} pour {n}.",
        "desc_crossing": "Pour {n}\u00a0: {lines}.",
    },
}

_LARGE = {"en": ((1e9, "billion", "billion"), (1e6, "million", "million")),
          "fr": ((1e9, "milliard", "milliards"), (1e6, "million", "millions"))}  # fmt: skip
_DURATIONS = (
    (365.25 * 86400, "years", "ans"),
    (2 * 86400, "days", "jours"),
    (7200, "h", "h"),
    (120, "min", "min"),
)
_DIVISORS = {"years": 365.25 * 86400, "days": 86400, "h": 3600, "min": 60}


# ---------------------------------------------------------------------------------------------------- plain numbers


def plain_number(value: float, language: str, digits: int = 2) -> str:
    """Write a number with so many significant digits, as people of the language read it (``1 400``, ``0,35``)."""
    if value == 0:
        return "0"
    if not math.isfinite(value):
        return "∞"
    for scale, singular, plural in _LARGE[language]:
        if abs(value) >= 0.9995 * scale:
            mantissa = _rounded(value / scale, digits)
            return f"{_localised(mantissa, language)}\u00a0{singular if abs(float(mantissa)) < 2 else plural}"
    if abs(value) < 1e-4:
        exponent = math.floor(math.log10(abs(value)))
        mantissa = _rounded(value / 10.0**exponent, digits)
        power = str(exponent).translate(str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹"))
        return f"{_localised(mantissa, language)}\u00a0×\u00a010{power}"
    return _localised(_rounded(value, digits), language)


def _rounded(value: float, digits: int) -> str:
    exponent = math.floor(math.log10(abs(value))) if value else 0
    decimals = max(digits - 1 - exponent, 0)
    rounded = round(value, digits - 1 - exponent)
    text = f"{rounded:.{decimals}f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def _localised(text: str, language: str) -> str:
    sign, digits = ("−", text[1:]) if text.startswith("-") else ("", text)
    whole, _, fraction = digits.partition(".")
    separator = "\u202f" if language == "fr" else ","
    if len(whole) > (4 if language == "fr" else 3):
        whole = f"{int(whole):,}".replace(",", separator)
    point = "," if language == "fr" else "."
    return sign + whole + (point + fraction if fraction else "")


def plain_duration(seconds: float, language: str, digits: int = 2) -> str:
    """Write a duration in the unit people would say it in, from microseconds to years."""
    for threshold, english, french in _DURATIONS:
        if seconds >= threshold:
            amount = plain_number(seconds / _DIVISORS[english], language, digits)
            return f"{amount}\u00a0{english if language == 'en' else french}"
    for threshold, unit in ((0.0995, "s"), (0.9995e-3, "ms"), (0.0, "µs")):
        if seconds >= threshold:
            scale = {"s": 1.0, "ms": 1e3, "µs": 1e6}[unit]
            return f"{plain_number(seconds * scale, language, digits)}\u00a0{unit if seconds else 's'}"
    return plain_number(seconds, language, digits)


def plain_queries(queries: float, language: str) -> str:
    """Write a number of queries with its noun (``2.2 million queries``, ``2,2 millions de questions``)."""
    if language == "en":
        return f"{plain_number(queries, 'en')} {'query' if queries == 1 else 'queries'}"
    of = " de" if queries >= 0.9995e6 else ""
    return f"{plain_number(queries, 'fr')}{of} question{'s' if queries >= 2 else ''}"


# ---------------------------------------------------------------------------------------------- reading a comparison


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
    """CPU seconds of a candidate for a number of queries, preparation included; None if it was not measured."""
    query = (candidate.get("query") or {}).get(pattern)
    if query is None or candidate.get("fixed_cpu_seconds") is None:
        return None
    return float(candidate["fixed_cpu_seconds"] + queries * query["cpu_seconds"])


def candidate_label(candidate: Mapping[str, Any], language: str) -> str:
    """Plain-language name of a candidate."""
    labels = candidate.get("label") or {}
    return str(labels.get(language) or labels.get("en") or candidate["name"])


def _errors(candidates: Iterable[Mapping[str, Any]]) -> tuple[str, str, float | None, Callable[[Any], Any]]:
    """Say which error is drawn: kind, output, limit and ``read(candidate) -> (value, low, high) | None``.

    One relative tolerance is drawn in its own unit; several are drawn as shares of what is tolerated, which is the only
    scale they have in common.
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
            shares = [
                [100 * error[n][k] / error[n]["tolerance"] for k in ("value", "low", "high")] for n in judged
            ]
            value, low, high = max(shares, key=lambda share: share[2])
            return value, low, high

        return "ratio", "", 100.0, worst
    name = judged[0] if judged else next(iter(limits))
    relative = rows[0][name]["metric"] == "nrmse"
    scale = 100.0 if relative else 1.0

    def single(candidate: Mapping[str, Any]) -> tuple[float, float, float] | None:
        error = (candidate.get("error") or {}).get(name)
        return (
            None if error is None else (scale * error["value"], scale * error["low"], scale * error["high"])
        )

    limit = limits[name]
    return "error" if relative else "absolute", name, scale * limit if limit else None, single


# ----------------------------------------------------------------------------------------------------------- pictures


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
        An ``<svg>`` element with title and description. Points are the measured errors with their 95 % interval; a
        candidate meets the tolerance when the top of its interval does. The error axis is linear near zero, where the
        full physics stands, and logarithmic above.

    Raises
    ------
    UnusableInputError
        If no candidate was measured.
    """
    words, decision = _WORDS[language], decision_for(candidates, pattern)
    queries = decision.get("queries_mid") or QUERIES_IF_UNDECLARED
    kind, _, limit, read = _errors(candidates["candidates"])
    points = []
    for candidate in candidates["candidates"]:
        cost, error = lifetime_seconds(candidate, decision["pattern"], queries), read(candidate)
        if candidate["status"] == "ok" and cost is not None and error is not None:
            points.append((candidate, max(cost, 1e-6), error))
    if not points:
        raise UnusableInputError("no candidate has both an error and a cost, so there is nothing to draw")
    met = {c["name"]: bool((c.get("need_met") or {}).get(decision["pattern"])) for c, _, _ in points}
    judged = limit is not None
    order = sorted(points, key=lambda p: (p[0]["name"] != decision["winner"], p[1], p[0]["name"]))

    def draw(figure: Figure) -> None:
        axes = figure.add_axes((0.085, 0.165, 0.9, 0.72))
        _error_axes(axes, [p[1] for p in points], [p[2] for p in points], limit)
        axes.set_xlabel(
            words["cost" if decision.get("queries_mid") else "undeclared"].format(
                n=plain_queries(queries, language)
            )
        )
        axes.set_ylabel(words[kind])
        _duration_ticks(axes.xaxis, axes.get_xlim(), language)
        _error_ticks(axes, language)
        labels = []
        for candidate, cost, error in order:
            winner = candidate["name"] == decision["winner"]
            keeps = met[candidate["name"]]
            colour = INK if not judged else MET if keeps else NOT_MET
            _marker(
                axes, cost, error, "o" if keeps or not judged else "X", colour, candidate["is_ai"], winner
            )
            text = candidate_label(candidate, language)
            text += f" ({words['ai']})" if candidate["is_ai"] else ""
            text += f" – {words['limit']}" if judged and candidate["error_met"] and not keeps else ""
            text += f" – {words['winner']}" if winner else ""
            labels.append((cost, error, text, colour, winner))
        fixed = []
        if limit is not None:
            axes.axhline(limit, color=INK, linewidth=1.0, linestyle=(0, (5, 3)), zorder=1)
            unit = "" if kind == "absolute" else "\u202f%" if language == "fr" else "%"
            need = words["need"].format(limit=plain_number(limit, language) + unit)
            fixed.append(axes.annotate(need, (1, limit), (-2, 3), xycoords=("axes fraction", "data"), textcoords="offset points",
                                       ha="right", va="bottom", color=INK, fontsize=8.5))  # fmt: skip
        _legend(figure, words, judged, any(p[0]["is_ai"] for p in points))
        _place(axes, labels, fixed, limit)

    description = words["desc_error"].format(met=sum(met.values()), all=len(points)) if judged else ""
    for candidate, cost, _ in points:
        if candidate["name"] == decision["winner"]:
            description += words["desc_winner"].format(
                name=candidate_label(candidate, language),
                cost=plain_duration(cost, language),
                n=plain_queries(queries, language),
            )
    return _svg(draw, (7.1, 3.3), words["title_error"], description, "ec")


def break_even_plot(candidates: Mapping[str, Any], language: str, pattern: str | None = None) -> str:
    """Draw computing time against the number of queries for the best AI, the best alternative and the full physics.

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
        An ``<svg>`` element with the declared usage as a band and the break-even, where there is one, as a mark.

    Raises
    ------
    UnusableInputError
        If none of the three was measured.
    """
    words, decision = _WORDS[language], decision_for(candidates, pattern)
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
        axes = figure.add_axes((0.155, 0.185, 0.52, 0.785))
        axes.set_xscale("log")
        axes.set_yscale("log")
        axes.set_xlim(low, high)
        for candidate, colour, dashes in lines:
            axes.plot(grid, [cost(candidate, n) for n in grid], color=colour, linestyle=dashes, linewidth=1.8)
        bottom, top = axes.get_ylim()
        axes.set_ylim(bottom, top * 3)
        if usage:
            axes.axvspan(usage[0], max(usage[1], usage[0] * 1.05), color=USAGE_BAND, zorder=0, linewidth=0)
            axes.annotate(words["usage"], (math.sqrt(usage[0] * usage[1]), 1), (0, -4), xycoords=("data", "axes fraction"),
                          textcoords="offset points", ha="center", va="top", color=MUTED)  # fmt: skip
        axes.set_xlabel(words["queries"])
        axes.set_ylabel(words["lifetime"])
        _duration_ticks(axes.yaxis, axes.get_ylim(), language)
        _count_ticks(axes, language)
        _plain_frame(axes)
        if crossing and low < crossing < high:
            _mark_crossing(axes, crossing, cost(lines[0][0], crossing), words, language)
        _end_labels(
            axes, [(cost(c, high), _role_label(c, decision, language), colour) for c, colour, _ in lines]
        )

    shares = "\u00a0; " if language == "fr" else "; "
    told = shares.join(
        f"{candidate_label(c, language)} {plain_duration(cost(c, mid), language)}" for c, _, _ in lines
    )
    description = words["desc_crossing"].format(n=plain_queries(mid, language), lines=told)
    return _svg(draw, (4.6, 2.75), words["title_crossing"], description, "be")


def _lines(
    candidates: Mapping[str, Any], decision: Mapping[str, Any]
) -> list[tuple[Mapping[str, Any], str, Any]]:
    """Best AI, best alternative and full physics, each once, with its colour and dashes."""
    by_name = {c["name"]: c for c in candidates["candidates"]}
    physics = next((c["name"] for c in candidates["candidates"] if c["kind"] == "full_physics"), None)
    wanted = (
        (decision.get("best_ai"), AI_LINE, (0, (6, 2))),
        (decision.get("best_alternative"), INK, "-"),
        (physics, MUTED, (0, (1, 1.6))),
    )
    chosen: dict[str, tuple[Mapping[str, Any], str, Any]] = {}
    for name, colour, dashes in wanted:
        if (
            name in by_name
            and name not in chosen
            and lifetime_seconds(by_name[name], decision["pattern"], 1) is not None
        ):
            chosen[name] = (by_name[name], colour, dashes)
    return list(chosen.values())


def _role_label(candidate: Mapping[str, Any], decision: Mapping[str, Any], language: str) -> str:
    words = _WORDS[language]
    text = candidate_label(candidate, language) + (f" ({words['ai']})" if candidate["is_ai"] else "")
    return text + (f"\n– {words['winner']}" if candidate["name"] == decision["winner"] else "")


# ---------------------------------------------------------------------------------------------------- parts of drawings


def _plain_frame(axes: Axes) -> None:
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
    for side in ("left", "bottom"):
        axes.spines[side].set_linewidth(0.6)
    axes.tick_params(which="both", length=3, width=0.6, labelsize=8)
    axes.minorticks_off()


def _error_axes(
    axes: Axes, costs: list[float], errors: list[tuple[float, float, float]], limit: float | None
) -> None:
    positive = [e[0] for e in errors if e[0] > 0] + ([limit] if limit else [])
    smallest, largest = (min(positive), max([e[2] for e in errors] + positive)) if positive else (1.0, 1.0)
    axes.set_xscale("log")
    axes.set_xlim(min(costs) / 3, max(costs) * 6)
    axes.set_yscale("symlog", linthresh=smallest / 1.6, linscale=0.45)
    axes.set_ylim(-0.25 * smallest, largest * 1.8)
    _plain_frame(axes)
    axes.grid(axis="y", color="#e9edf1", linewidth=0.6, zorder=0)
    axes.set_axisbelow(True)


def _error_ticks(axes: Axes, language: str) -> None:
    low, high = axes.get_yaxis().get_transform().linthresh, axes.get_ylim()[1]  # type: ignore[attr-defined]
    first = math.floor(math.log10(low))
    decades = range(first, math.ceil(math.log10(high)) + 1)
    steps = (1, 2, 5) if len(decades) <= 4 else (1,)
    ticks = [0.0] + [s * 10.0**d for d in decades for s in steps if low <= s * 10.0**d <= high]
    axes.set_yticks(ticks, [plain_number(tick, language) for tick in ticks])


def _duration_ticks(axis: Any, limits: tuple[float, float], language: str) -> None:
    """Ticks at durations people name; those too near the far end are left out, as their text would leave the picture."""
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
    axis.set_ticks(ticks, labels=[_tick_duration(tick, language) for tick in ticks])


def _tick_duration(seconds: float, language: str) -> str:
    for unit, english, french in (
        (365.25 * 86400, "y", "ans"),
        (86400.0, "d", "j"),
        (3600.0, "h", "h"),
        (60.0, "min", "min"),
    ):
        if seconds >= unit:
            short = "an" if french == "ans" and seconds < 2 * unit else french
            return f"{plain_number(seconds / unit, language)}\u00a0{english if language == 'en' else short}"
    return plain_duration(seconds, language)


def _count_ticks(axes: Axes, language: str) -> None:
    low, high = axes.get_xlim()
    ticks = [10.0**k for k in range(0, 18) if low <= 10.0**k <= high]
    width = float(axes.get_window_extent().width)
    while len(ticks) > 2 and sum(5.5 * len(plain_number(tick, language)) + 8 for tick in ticks) > width:
        ticks = ticks[::2]
    axes.set_xticks(ticks, [plain_number(tick, language) for tick in ticks])


def _marker(
    axes: Axes,
    cost: float,
    error: tuple[float, float, float],
    shape: str,
    colour: str,
    is_ai: bool,
    winner: bool,
) -> None:
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
    axes.plot([cost], [value], marker=shape, markersize=8 if winner else 6.5, color=colour, markeredgecolor="white",
              markeredgewidth=0.6, linestyle="none", zorder=4, clip_on=False)  # fmt: skip
    if is_ai:
        axes.plot([cost], [value], marker="s", markersize=11.5, markerfacecolor="none", markeredgecolor=INK, markeredgewidth=0.9,
                  linestyle="none", zorder=4, clip_on=False)  # fmt: skip


def _legend(figure: Figure, words: Mapping[str, str], judged: bool, with_ai: bool) -> None:
    from matplotlib.lines import Line2D

    handles = [
        Line2D([], [], marker="o", linestyle="none", color=MET, markersize=6.5, label=words["met"]),
        Line2D([], [], marker="X", linestyle="none", color=NOT_MET, markersize=6.5, label=words["not_met"]),
    ]
    handles = handles if judged else []
    if with_ai:
        handles.append(Line2D([], [], marker="s", linestyle="none", markerfacecolor="none", markeredgecolor=INK, markersize=9,
                              markeredgewidth=0.9, label=words["ai_frame"]))  # fmt: skip
    figure.legend(handles=handles, loc="upper left", bbox_to_anchor=(0.08, 1.0), ncols=3, frameon=False, fontsize=8.5,
                  handletextpad=0.3, columnspacing=1.6)  # fmt: skip


def _place(axes: Axes, labels: list[tuple[Any, ...]], fixed: list[Any], limit: float | None) -> None:
    """Put each label where it covers nothing: the first of a fixed list of places with the least overlap."""
    from matplotlib.transforms import Bbox

    renderer = axes.get_figure().canvas.get_renderer()  # type: ignore[union-attr]
    to_pixels = axes.transData.transform
    frame = axes.get_window_extent(renderer)
    taken = [text.get_window_extent(renderer) for text in fixed]
    for cost, (value, low, high), *_ in labels:
        x, y = to_pixels((cost, value))
        taken.append(
            Bbox.from_extents(
                x - 7, min(y - 7, to_pixels((cost, low))[1]), x + 7, max(y + 7, to_pixels((cost, high))[1])
            )
        )
    if limit is not None:
        y = to_pixels((1.0, limit))[1]
        taken.append(Bbox.from_extents(frame.x0, y - 1, frame.x1, y + 1))
    for cost, (value, _, _), text, colour, bold in labels:
        label = axes.annotate(text, (cost, value), (0, 0), textcoords="offset points", color=colour,
                              fontweight="bold" if bold else "normal", zorder=5)  # fmt: skip
        point = to_pixels((cost, value))
        ranked = []
        for rank, place in enumerate(_places()):
            _move(label, place)
            box = label.get_window_extent(renderer).padded(1)
            covered = sum(_overlap(box, other) for other in taken) + 4 * _outside(box, frame)
            ranked.append((covered + 12 * _crossings(point, place, taken) + 0.4 * rank, rank, place))
        place = min(ranked)[2]
        _move(label, place)
        if math.hypot(place[0], place[1]) > 12:
            axes.annotate("", (cost, value), place[:2], textcoords="offset points", zorder=2,
                          arrowprops={"arrowstyle": "-", "color": colour, "linewidth": 0.6, "shrinkA": 0, "shrinkB": 4})  # fmt: skip
        taken.append(label.get_window_extent(renderer))


def _move(label: Any, place: tuple[float, float, str, str]) -> None:
    label.set_position(place[:2])
    label.set(ha=place[2], va=place[3])


def _places() -> list[tuple[float, float, str, str]]:
    places = [
        (9.0, 0.0, "left", "center"),
        (-9.0, 0.0, "right", "center"),
        (0.0, 8.0, "center", "bottom"),
        (0.0, -8.0, "center", "top"),
    ]
    for rise in (12.0, 20.0, 28.0, 38.0, 50.0, 64.0):
        for sign in (1, -1):
            places += [(14.0, sign * rise, "left", "center"), (-14.0, sign * rise, "right", "center")]
            places += [(34.0, sign * rise, "left", "center"), (-34.0, sign * rise, "right", "center")]
    return places


def _crossings(point: Any, place: tuple[float, float, str, str], taken: list[Bbox]) -> int:
    """How many things the line from a label to its point runs over, the surroundings of the point left out."""
    dx, dy = place[:2]
    if math.hypot(dx, dy) <= 12:
        return 0
    steps = [(point[0] + f * dx, point[1] + f * dy) for f in (0.5, 0.6, 0.7, 0.8, 0.9, 1.0)]
    return sum(any(box.contains(x, y) for x, y in steps) for box in taken if not box.contains(*point))


def _overlap(a: Bbox, b: Bbox) -> float:
    return max(0.0, min(a.x1, b.x1) - max(a.x0, b.x0)) * max(0.0, min(a.y1, b.y1) - max(a.y0, b.y0))


def _outside(box: Bbox, frame: Bbox) -> float:
    return float(box.width * box.height - _overlap(box, frame))


def _mark_crossing(axes: Axes, queries: float, cost: float, words: Mapping[str, str], language: str) -> None:
    axes.plot(
        [queries], [cost], marker="o", markersize=6, markerfacecolor="white", markeredgecolor=INK, zorder=5
    )
    low, high = axes.get_xlim()
    on_left = math.log(queries / low) > 0.5 * math.log(high / low)
    axes.annotate(words["crossing"].format(n=plain_queries(queries, language)), (queries, cost), (-6 if on_left else 6, 7 if on_left else -7),
                  textcoords="offset points", ha="right" if on_left else "left", va="bottom" if on_left else "top", color=INK,
                  bbox={"facecolor": "white", "alpha": 0.8, "edgecolor": "none", "pad": 1.0}, zorder=6)  # fmt: skip


def _end_labels(axes: Axes, ends: list[tuple[float, str, str]]) -> None:
    """Name the lines at their right ends, spread so that no name covers another."""
    renderer = axes.get_figure().canvas.get_renderer()  # type: ignore[union-attr]
    frame, edge = axes.get_window_extent(renderer), axes.get_xlim()[1]
    previous = frame.y0 - 6
    for cost, text, colour in sorted(ends):
        y = float(axes.transData.transform((edge, cost))[1])
        label = axes.annotate(_wrapped(text), (edge, cost), (7, 0), textcoords="offset points", ha="left", va="center", color=colour,
                              annotation_clip=False)  # fmt: skip
        half = label.get_window_extent(renderer).height / 2
        centre = max(y, previous + half + 2)
        label.set_position((7, centre - y))
        previous = centre + half


def _wrapped(text: str, width: int = 22) -> str:
    import textwrap

    return "\n".join(part for line in text.split("\n") for part in textwrap.wrap(line, width) or [""])


def _svg(
    draw: Callable[[Figure], None], size: tuple[float, float], title: str, description: str, prefix: str
) -> str:
    """Draw and return an accessible ``<svg>`` element whose ids begin with ``prefix`` and which styles nothing outside it."""
    import matplotlib
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    with matplotlib.rc_context(_STYLE):
        figure = Figure(figsize=size, dpi=72)
        FigureCanvasAgg(figure)  # text is measured at 72 dots per inch, the scale of the SVG
        draw(figure)
        stream = io.StringIO()
        figure.savefig(
            stream, format="svg", metadata={"Date": None, "Creator": None, "Format": None, "Type": None}
        )
    svg = stream.getvalue()
    svg = svg[svg.index("<svg") :]
    svg = re.sub(r"<style[^>]*>.*?</style>", "", svg, flags=re.DOTALL)
    used = set(re.findall(r"(?:url\(#|href=\"#)([\w-]+)", svg))
    svg = re.sub(r' id="([\w-]+)"', lambda m: f' id="{prefix}-{m[1]}"' if m[1] in used else "", svg)
    svg = re.sub(r"(url\(#|href=\"#)([\w-]+)", rf"\g<1>{prefix}-\g<2>", svg)
    head = f'<svg role="img" aria-labelledby="{prefix}-title {prefix}-desc" style="stroke-linejoin:round;stroke-linecap:butt"'
    names = f'<title id="{prefix}-title">{escape(title)}</title><desc id="{prefix}-desc">{escape(description)}</desc>'
    return re.sub(r">", f">{names}", svg.replace("<svg", head, 1), count=1)
