"""The ladder as a table for a terminal."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from frugal.candidates.comparison import Comparison
from frugal.candidates.decision import Decision
from frugal.candidates.output_error import OutputError
from frugal.candidates.row import CandidateRow, Query
from frugal.experiments.metrics.registry import metric_of, scale_of
from frugal.metering.power.codecarbon_meter import CODECARBON_RESOLUTION_JOULES
from frugal.reporting.text import plain_duration, plain_number
from frugal.reporting.units_text import joules
from frugal.texts import room_texts

if TYPE_CHECKING:
    from rich.table import Table

_TEXTS = room_texts("frugal.reporting")

_HEADS = ("candidate", "ai", "error", "cpu", "energy", "lifetime", "fixed", "codecarbon", "bytes", "need", "interval")


def ladder_table(comparison: Comparison, language: str, pattern: str | None = None) -> Table:
    """Every candidate of ``candidates.json``, from the lowest rung up.

    Errors are those of the outputs with a tolerance, in their order; the energy is CPU seconds times the watts of one busy
    core, of the tier that the title names; codecarbon's figure is that of the candidate's own fit and evaluation. What lacks
    data only judges the others, and is not priced beside them.

    Parameters
    ----------
    comparison : Comparison
        What ``candidates.json`` or an evaluation holds.
    language : {"en", "fr"}
    pattern : str, optional
        Call pattern; the first decided one by default.

    Returns
    -------
    rich.table.Table
        The winner's row is bold.
    """
    from rich.box import SIMPLE_HEAD
    from rich.table import Table

    decision = comparison.ladder.decision_for(pattern)
    judged = _judged(comparison)
    table = Table(title=_title(comparison, decision, language), box=SIMPLE_HEAD, title_justify="left", pad_edge=False)
    for number, name in enumerate(_HEADS):
        head = _TEXTS.phrase(f"head.{name}", language)
        if name == "error" and judged:
            head = f"{head}: {', '.join(judged)}"
        table.add_column(head, justify="left" if number < 3 else "right", overflow="fold")
    for row in comparison.ladder.rows:
        cells = candidate_cells(row, decision, comparison.machine["watts_per_core"], language)
        table.add_row(*cells, style="bold" if row.name == decision.winner else None)
    return table


def _judged(comparison: Comparison) -> list[str]:
    """Outputs with a tolerance, in the order in which their errors are told."""
    errors = next((row.errors for row in comparison.ladder.rows if row.errors), {})
    return [name.replace("_", " ") for name, error in errors.items() if error.tolerance]


def _title(comparison: Comparison, decision: Decision, language: str) -> str:
    machine = comparison.machine
    level = _TEXTS.phrase(f"level.{comparison.level}", language)
    noisy = _TEXTS.phrase("level.noisy", language) if machine["noisy"] else ""
    pattern, watts = decision.pattern, _TEXTS.phrase("level.watts", language)
    return (
        f"{pattern} – {level}{noisy} – "
        f"{machine['tier']}: {machine['watts_per_core']:g} [{machine['watts_low']:g}–{machine['watts_high']:g}] {watts}"
    )


def candidate_cells(row: CandidateRow, decision: Decision, watts: float, language: str) -> list[str]:
    """Cells of one candidate, in the order of the table's heads.

    Parameters
    ----------
    row : CandidateRow
    decision : Decision
        Of the call pattern that is shown.
    watts : float
        Of one busy core [W].
    language : {"en", "fr"}

    Returns
    -------
    list of str
        Eleven cells; a candidate that could not be measured has its status and reason in the place of figures.
    """
    ai = _TEXTS.phrase("cell.ai" if row.is_ai else "cell.no_ai", language)
    query = row.query.get(decision.pattern)
    if query is None:
        message = row.message.get(language, row.status)
        return [row.name, ai, f"{row.status}: {message}"[:120], *["–"] * 8]
    errors = ", ".join(_error(error, language) for error in row.errors.values() if error.tolerance)
    if row.lacks:
        return [row.name, ai, errors, *["–"] * 6, _TEXTS.phrase("cell.reference", language), "–"]
    lifetime = decision.lifetime_cpu_seconds.get(row.name)
    return [
        row.name,
        ai,
        errors,
        _asked(query, language),
        joules(query.cpu_seconds * watts, language),
        "–" if lifetime is None else plain_duration(lifetime, language, way="up"),
        plain_duration(row.fixed_cpu_seconds or 0.0, language, way="up"),
        _codecarbon(row.codecarbon_joules, language),
        "–" if row.bytes is None else f"{row.bytes:,}".replace(",", "\u202f"),
        _TEXTS.phrase("cell.met" if row.need_met[decision.pattern] else "cell.not_met", language),
        coverage_words(row, language),
    ]


def coverage_words(row: CandidateRow, language: str) -> str:
    """Measured coverage of the intervals of a candidate, and whether it is promised at new places."""
    if row.interval_coverage is None:
        return "–"
    told = f"{plain_number(100 * row.interval_coverage, language, 3)}\u202f%"
    if row.interval is None or row.interval.assured:
        return told
    return f"{told} ({_TEXTS.phrase('cell.places_not_assured', language)})"


def _asked(query: Query, language: str) -> str:
    """CPU time of a query; of a call that mostly waits, how long it lasts too."""
    told = plain_duration(query.cpu_seconds, language, way="up")
    if not query.waits:
        return told
    lasts = plain_duration(query.wall_seconds_per_call, language, way="up")
    return f"{told} ({_TEXTS.phrase('cell.waits', language)} {lasts})"


def _error(error: OutputError, language: str) -> str:
    """An error and what is held against its tolerance, both rounded up: its bound, or the largest of a place, or of a run."""
    value, held = (_quantity(number, error, language) for number in (error.value, error.held))
    if error.bounded:
        return f"{name_of(error, language)}{value} ({held})"
    # the largest that was seen bounds nothing elsewhere
    bound = _TEXTS.phrase("cell.these_places" if error.by_place else "cell.these_runs", language)
    return f"{name_of(error, language)}{value} ({bound} {held})"


def _quantity(value: float, error: OutputError, language: str) -> str:
    share = scale_of(error.metric) == "share"
    return plain_number(100 * value if share else value, language, 3, "up") + ("\u202f%" if share else "")


def name_of(error: OutputError, language: str) -> str:
    """What the values of an error are called, where they are what a score lacks to 1."""
    return f"{metric_of(error.metric).label[language]}: " if scale_of(error.metric) == "score" else ""


def limit_of_ai(comparison: Comparison, language: str) -> str:
    """How far the error of the best AI, or of the one nearest to the need, is from its limit; empty without either.

    Parameters
    ----------
    comparison : Comparison
    language : {"en", "fr"}
    """
    row = comparison.ladder.closest_ai
    error = None if row is None else row.worst_error
    if row is None or error is None or not error.tolerance or error.ratio is None:
        return ""
    bound = "bound" if error.bounded else "worst_place" if error.by_place else "worst_run"
    told = _TEXTS.phrase(
        f"ai_limit.{bound}",
        language,
        name=row.name,
        value=plain_number(error.value / error.tolerance, language, way="up"),
        held=plain_number(error.ratio, language, way="up"),
    )
    return told + (_TEXTS.phrase("ai_limit.straddles", language) if error.straddles else "")


def _codecarbon(read: Mapping[str, float | None], language: str) -> str:
    own = [read[stage] for stage in ("fit", "evaluation")]
    known = [value for value in own if value is not None]
    if not known:
        return "–"
    total = sum(known)
    return (
        f"{plain_number(total, language)} J"
        if total >= CODECARBON_RESOLUTION_JOULES
        else f"< {CODECARBON_RESOLUTION_JOULES:g} J"
    )
