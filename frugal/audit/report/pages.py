"""The audit as a page, rendered from the content of `audit.json` and nothing else."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from functools import lru_cache
from html import unescape
from pathlib import Path
from typing import Any

from frugal.audit.evidence.audit_file import ladder_of
from frugal.audit.report import evidence_sections, first_page, impact_sections, sections
from frugal.audit.report.footprint_bars import footprint_bars
from frugal.audit.words.sentences import in_a_sentence, known, page_words
from frugal.errors import UnusableInputError
from frugal.formats.files.atomic import write_text
from frugal.reporting import units_text
from frugal.reporting.pages.page import templates_of
from frugal.reporting.plots.ladder import break_even_plot, error_cost_plot
from frugal.reporting.text import plain_number
from frugal.texts import LANGUAGES


def render(audit: Mapping[str, Any], language: str) -> str:
    """Render the page of one language, self-contained and without script.

    Raises
    ------
    UnusableInputError
        If the language is neither ``en`` nor ``fr``.
    """
    if language not in LANGUAGES:
        raise UnusableInputError(f"language '{language}' is unknown; use 'en' or 'fr'")
    views, fitting = _views(json.dumps(audit))
    view = {**views[language], "limits_in_short": first_page.limits_in_short(audit, language, fitting)}
    return _from_template("audit.html.j2", language, {**_plots(audit, language), **view})


@lru_cache(maxsize=1)
def _views(content: str) -> tuple[dict[str, dict[str, Any]], int]:
    """What the pages of an audit say in each language, and how many limits fit on the first one; made once for all of them."""
    audit = json.loads(content)
    views = {each: _view(audit, each) for each in LANGUAGES}
    words = {each: _words_before_diagram(views[each], each) for each in LANGUAGES}
    return views, first_page.limits_that_fit(audit, words)


def _words_before_diagram(view: Mapping[str, Any], language: str) -> int:
    """Words above the diagram, its heading included, where no limit is told in short."""
    page = _from_template("first_page.html.j2", language, {**view, "limits_in_short": ""})
    return first_page.count_words(f"{unescape(re.sub(r'<[^>]+>', ' ', page))} {view['t']['ladder_plot']}")


def _from_template(name: str, language: str, view: Mapping[str, Any]) -> str:
    """Fill a template; pictures (keys that end in ``_svg``) are taken as they are, everything else is escaped."""
    from markupsafe import Markup

    environment = templates_of("frugal.audit.report")
    css = Markup(environment.get_template("audit.css").render())
    content = {key: Markup(value) if key.endswith("_svg") else value for key, value in view.items()}
    page = environment.get_template(name).render(language=language, css=css, **content)
    return re.sub(r"\n\s*\n+", "\n", page)


def page_text(audit: Mapping[str, Any], language: str) -> str:
    """What the program itself says on the page: its text without mark-up and without the user's own words."""
    page = re.sub(r"<style>.*?</style>|<!--.*?-->", " ", render(audit, language), flags=re.DOTALL)
    text = _plain(unescape(re.sub(r"<[^>]+>", " ", page)))
    own = {
        form
        for words in _own_words(audit, language)
        for form in (_plain(words), _plain(units_text.typeset(words, language)))
    }
    for words in sorted(own, key=len, reverse=True):
        if words:
            text = text.replace(words, " ")
    return text


def _own_words(audit: Mapping[str, Any], language: str) -> Iterator[str]:
    """Words of the user's: names, reasons, declarations; and of the sources that the factors name."""
    yield from (audit["study"]["question"][language], audit["study"]["name"])
    yield from _texts(audit["study"].get("solver_needs") or {})
    yield from _texts(audit["need"])
    yield from _texts([entry.get("values") or {} for entry in audit["need_history"]])
    yield from _texts(audit["declarations"])
    yield from (row["answer"][language] for row in audit["questions"])
    yield from _texts(audit["study"].get("sources") or [])
    yield from _texts([audit["machine"].get(key) for key in ("source", "hosting", "cpu_model")])
    ladder = ladder_of(audit)
    yield from (decision.pattern for decision in ladder.decisions)
    yield from (label[language] for label in audit["labels"].values())
    for candidate in ladder.rows:
        yield from (candidate.label_in(language), candidate.message.get(language, ""))
    for row in audit["factors"]:
        yield from (row["source"], row["licence"])


def _texts(value: Any) -> Iterator[str]:
    """Every text within plain values; the full stop that the page may have moved is left out."""
    if isinstance(value, str):
        yield value
        yield value.rstrip(".")
    elif isinstance(value, Mapping):
        for part in value.values():
            yield from _texts(part)
    elif isinstance(value, list | tuple):
        for part in value:
            yield from _texts(part)


def _plain(text: str) -> str:
    return re.sub(r"\s+", " ", text).strip()


def ladder_picture(audit: Mapping[str, Any], language: str) -> str:
    """The picture of errors against costs as it stands on the page, an ``<svg>`` element.

    Raises
    ------
    UnusableInputError
        If no candidate was measured.
    """
    return _plots(audit, language)["ladder_svg"] or error_cost_plot(ladder_of(audit), language)


def _plots(audit: Mapping[str, Any], language: str) -> dict[str, str]:
    drawn = {key: audit[key] for key in ("ladder", "decisions", "footprint")}
    return _pictures(json.dumps(drawn, sort_keys=True), language)


@lru_cache(maxsize=len(LANGUAGES))
def _pictures(content: str, language: str) -> dict[str, str]:
    """The pictures of a page; kept, since a page is made once to be read by the criteria and once to be written."""
    audit = json.loads(content)
    ladder = ladder_of(audit)
    even = ladder.decision.best_ai and ladder.decision.best_alternative
    return {
        "ladder_svg": _drawn(error_cost_plot, ladder, language),
        "even_svg": _drawn(break_even_plot, ladder, language) if even else "",
        "bars_svg": _drawn(footprint_bars, audit, language),
    }


def _drawn(plot: Callable[..., str], content: Any, language: str) -> str:
    try:
        return plot(content, language)
    except UnusableInputError:
        return ""  # nothing was measured; the page then says so in its tables


def _words(audit: Mapping[str, Any], language: str) -> dict[str, str]:
    machine, tier = audit["machine"], audit["machine"].get("tier") or "–"
    watts = {
        key: plain_number(machine[key], language) if machine.get(key) is not None else "–"
        for key in ("watts_per_core", "watts_low", "watts_high")
    }
    footprint = audit["footprint"]
    gaps = {
        "tier": tier,
        "watts": watts["watts_per_core"],
        "watts_low": watts["watts_low"],
        "watts_high": watts["watts_high"],
        "country": known("country", footprint["country"])[language],
        "draws": plain_number(footprint["draws"], language, 5),
        "output": _judged(audit, language),
        "tool": audit["tool"]["name"],
        "version": audit["tool"]["version"],
        "journey": plain_number(footprint["conventions"]["queries_per_journey"], language),
        "hour": plain_number(footprint["conventions"]["queries_per_hour"], language),
        "budget": units_text.percent(audit["boundaries"]["budget_share"], language),
        "population": plain_number(audit["boundaries"]["population"], language),
    }
    filled = {}
    for key, text in page_words(language).items():
        told = text
        for gap, value in gaps.items():
            told = told.replace("{" + gap + "}", value)
        filled[key] = units_text.typeset(told, language)
    return filled


def _judged(audit: Mapping[str, Any], language: str) -> str:
    """Of which output errors are told: the only one that is judged, or the worst of several."""
    outputs = sections.judged_outputs(audit)
    if len(outputs) == 1:
        return in_a_sentence(audit["labels"].get(outputs[0], {}).get(language, outputs[0]))
    return page_words(language)["worst_output"]


def _view(audit: Mapping[str, Any], language: str) -> dict[str, Any]:
    """Every number of the page, written in the language."""
    machine, words, ladder = audit["machine"], _words(audit, language), ladder_of(audit)
    return {
        "t": words,
        "question": audit["study"]["question"][language],
        "basis": audit["first_page"]["basis"][language],
        "answer": audit["first_page"]["answer"][language],
        "errors": first_page.error_rows(audit, ladder, language),
        "error_heads": first_page.error_heads(audit, ladder, language),
        "date": units_text.day(audit["created"], language),
        "level": known("level", audit["level"])[language],
        "tier": machine.get("tier") or "–",
        "facts": first_page.facts(audit, ladder, language, words),
        "conditions": first_page.conditions(audit, language, words),
        "plot_caption": words["ladder_plot_caption" if audit["need"].get("tolerances") else "unjudged_caption"],
        "retained": ladder.winner.label_in(language) if ladder.winner else "",
        "limits": [limit[language] for limit in audit["limits"]],
        "ladder": [sections.ladder_row(row, audit, ladder, language, words) for row in ladder.rows],
        "patterns": sections.patterns(audit, ladder, language) if len(ladder.decisions) > 1 else [],
        "by_hand": sections.break_evens(ladder, language),
        "whole_ledger": sections.whole_ledger(audit, ladder, language),
        "compared": sections.compared_words(ladder, language, words),
        "costs": sections.cost_rows(audit, language, words),
        "footprint": impact_sections.footprint_rows(audit, ladder, language, words),
        "impact_heads": impact_sections.heads(audit, language),
        "stages": impact_sections.stage_rows(audit, language, words),
        "variance": impact_sections.variance(audit, language, words),
        "scenarios": impact_sections.scenarios(audit, language),
        "boundaries": impact_sections.boundary_rows(audit, language),
        "factors": impact_sections.factor_rows(audit, language),
        "need": evidence_sections.need_rows(audit, language, words),
        "history": evidence_sections.history(audit, language, words),
        "questions": evidence_sections.questions(audit, language),
        "practices": evidence_sections.practices(audit, ladder, language, words),
        "criteria": evidence_sections.criteria(audit, language, words),
        "policy": evidence_sections.policy(audit, ladder, language, words),
        "machine": f"{machine.get('cpu_model') or '–'}, {machine.get('cores') or '–'} {words['cores']}",
        "hash": audit.get("content_sha256", "")[:16],
    }


def write_reports(audit: Mapping[str, Any], folder: Path | str) -> list[Path]:
    """Write `audit.fr.html` and `audit.en.html` from the audit alone, and return their paths."""
    paths = []
    pages = {language: render(audit, language) for language in ("fr", "en")}
    for language, page in pages.items():
        path = Path(folder) / f"audit.{language}.html"
        write_text(path, page)
        paths.append(path)
    return paths
