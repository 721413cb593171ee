"""Footprint bars with their intervals: the answers side by side, and where the carbon of the one that ships arises."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from frugal.audit.evidence.audit_file import ladder_of
from frugal.audit.words.sentences import page_words, phrase
from frugal.candidates.comparison import Ladder
from frugal.errors import UnusableInputError
from frugal.reporting import units_text
from frugal.reporting.plots.axes import INK, MUTED, plain_frame, svg
from frugal.reporting.plots.labels import wrapped

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

PARTS = (("use", "#0072b2"), ("embodied", "#b84a00"), ("network", "#8e3a73"))
MOST_BARS = 6

Bar = tuple[str, Mapping[str, Any]]


def footprint_bars(audit: Mapping[str, Any], language: str) -> str:
    """Draw the carbon of the answers over the service life, and of the stages of the one that ships.

    Raises
    ------
    UnusableInputError
        If the footprint has no carbon to draw.
    """
    words, ladder = page_words(language), ladder_of(audit)
    answers, stages = _answers(audit, ladder, language), _stages(audit, language, words)
    right = words["bars_stages" if ladder.decision.winner else "bars_preparation"]
    panels = [panel for panel in ((words["bars_answers"], answers), (right, stages)) if panel[1]]
    if not panels:
        raise UnusableInputError("the footprint has no carbon to draw")
    height = 0.75 + 0.33 * max(len(bars) for _, bars in panels)

    def draw(figure: Figure) -> None:
        width = 1 / len(panels)
        for number, (title, bars) in enumerate(panels):
            left = number * width
            axes = figure.add_axes((left + 0.36 * width, 0.42 / height, 0.5 * width, 1 - 0.72 / height))
            _draw_bars(axes, bars, language)
            axes.set_title(title, fontsize=8.5, loc="left", color=INK, x=-0.68)
        _key(figure, words)

    told = phrase("c2.between", language).join(
        phrase("compare.line", language, name=name.strip(), told=units_text.impact_range(span, "gwp", language))
        for _, bars in panels
        for name, span in bars
    )
    return svg(draw, (7.2, height), words["bars_title"], told, "fb")


def _answers(audit: Mapping[str, Any], ladder: Ladder, language: str) -> list[Bar]:
    labels = {row.name: row.label_in(language) for row in ladder.rows}
    bars: dict[str, Mapping[str, Any]] = {}
    for row in audit["footprint"]["rows"]:
        if row["per"] == "lifetime" and "gwp" in row["impacts"]:
            bars.setdefault(labels.get(row["candidate"], str(row["candidate"])), row["impacts"]["gwp"])
    return list(bars.items())


def _stages(audit: Mapping[str, Any], language: str, words: Mapping[str, str]) -> list[Bar]:
    found = [
        (words[f"part_{row['stage']}"] + (f" ({words['tier_' + row['tier']]})" if row["stage"] == "use" else ""), row)
        for row in audit["footprint"]["stages"]
        if "gwp" in row["impacts"] and row["impacts"]["gwp"]["p50"] > 0
    ]
    found.sort(key=lambda item: -item[1]["impacts"]["gwp"]["p50"])
    return [(name, row["impacts"]["gwp"]) for name, row in found[:MOST_BARS]]


def _draw_bars(axes: Axes, bars: list[Bar], language: str) -> None:
    for place, (_, span) in enumerate(reversed(bars)):
        left = 0.0
        # the parts are central values; they are scaled to the median that the whisker is drawn about
        whole = sum(span[part] or 0.0 for part, _ in PARTS) or 1.0
        for part, colour in PARTS:
            length = (span[part] or 0.0) / whole * span["p50"]
            axes.barh(place, length, left=left, height=0.55, color=colour, linewidth=0)
            left += length
        axes.plot([span["p5"], span["p95"]], [place, place], color=INK, linewidth=1.1, solid_capstyle="butt")
        for end in ("p5", "p95"):
            axes.plot([span[end]] * 2, [place - 0.14, place + 0.14], color=INK, linewidth=1.1)
        axes.annotate(
            units_text.grams(span["p50"], language).replace("\u00a0CO₂e", ""),
            (span["p95"], place),
            (5, 0),
            textcoords="offset points",
            va="center",
            fontsize=7.5,
            color=INK,
        )
    axes.set_yticks(range(len(bars)), [wrapped(name, 19) for name, _ in reversed(bars)], fontsize=7.5, color=INK)
    axes.set_xlim(0, 1.25 * max(span["p95"] for _, span in bars))
    axes.set_ylim(-0.6, len(bars) - 0.4)
    axes.set_xticks([0])
    plain_frame(axes)
    axes.tick_params(axis="y", length=0)


def _key(figure: Figure, words: Mapping[str, str]) -> None:
    place = 0.03
    for part, colour in PARTS:
        figure.text(place, 0.03, "■", color=colour, fontsize=9, va="bottom")
        figure.text(place + 0.018, 0.035, words[f"bar_{part}"], color=MUTED, fontsize=7.5, va="bottom")
        place += 0.022 + 0.0125 * len(words[f"bar_{part}"])
    figure.text(place, 0.035, words["bar_interval"], color=MUTED, fontsize=7.5, va="bottom")
