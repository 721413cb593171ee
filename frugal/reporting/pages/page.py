"""A short report as a page: what it says is given as sections, how it looks stands in the template."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING

from frugal.reporting.units_text import typeset

if TYPE_CHECKING:
    from jinja2 import Environment


@dataclass(frozen=True)
class ReportTable:
    """Heads, rows of cells as they are printed, and a caption; the first cell of a row names it."""

    heads: Sequence[str]
    rows: Sequence[Sequence[str]]
    caption: str = ""


@dataclass(frozen=True)
class ReportPicture:
    """An ``<svg>`` element and the sentence below it."""

    svg: str
    caption: str = ""


@dataclass(frozen=True)
class ReportSection:
    """A heading and what stands under it: sentences, tables, pictures, in this order."""

    heading: str
    sentences: Sequence[str] = ()
    tables: Sequence[ReportTable] = ()
    pictures: Sequence[ReportPicture] = ()


@dataclass(frozen=True)
class ReportPage:
    """One page in one language.

    Parameters
    ----------
    language : {"en", "fr"}
    title : str
        Of the page, above everything.
    question : str
        The question of the study.
    answer : str
        What was found, in one or two sentences.
    sections : sequence of ReportSection
    footer : str
        Who made it, of what.
    facts : sequence of (str, str)
        Names and values that stand side by side below the answer.
    """

    language: str
    title: str
    question: str
    answer: str
    sections: Sequence[ReportSection]
    footer: str
    facts: Sequence[tuple[str, str]] = field(default_factory=tuple)

    def html(self) -> str:
        """The page; all texts are escaped, pictures are taken as they are."""
        from markupsafe import Markup

        environment = templates_of("frugal.reporting.pages")
        css = Markup(environment.get_template("page.css").render())
        page = environment.get_template("page.html.j2").render(
            page=self, css=css, drawn=Markup, said=lambda text: typeset(text, self.language)
        )
        return re.sub(r"\n\s*\n+", "\n", page)


@cache
def templates_of(room: str) -> Environment:
    """The folder ``templates`` of a room, escaped; each template is compiled once: that takes longer than filling it.

    Parameters
    ----------
    room : str
        Dotted name of the package.
    """
    from jinja2 import Environment, PackageLoader, StrictUndefined

    return Environment(
        loader=PackageLoader(room, "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
