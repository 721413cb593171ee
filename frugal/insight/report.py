"""An explanation for people: a table for the terminal, sentences, a page in each language, and a folder of files."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from frugal import __version__
from frugal.errors import UnusableInputError
from frugal.experiments.runs.result import Result
from frugal.experiments.runs.result_files import write_result_file
from frugal.experiments.study import Grid, Output
from frugal.formats.files.atomic import is_somebody_elses, new_folder, write_text
from frugal.formats.files.json_files import to_json
from frugal.insight.explain import ExplainedOutput, Explanation, explanation_content
from frugal.insight.pictures import by_total, dependence_plot, indices_plot, share_maps, shares_plot
from frugal.insight.sensitivity import Indices
from frugal.reporting.pages.page import ReportPage, ReportPicture, ReportSection, ReportTable
from frugal.reporting.text import plain_number, unit_in
from frugal.reporting.units_text import percent
from frugal.texts import LANGUAGES, room_texts

if TYPE_CHECKING:
    from rich.table import Table

_TEXTS = room_texts("frugal.insight")

#: Marks a folder as one of this command, which it may replace.
MARK = "explanation.json"
#: Inputs that a sentence names.
_MOST_NAMED = 3
#: Share of the rows outside the domain from which it is told.
_TOLD_OUTSIDE = 0.02


def name_of(found: Explanation, input_name: str, language: str) -> str:
    """An input in words."""
    variable = next(variable for variable in found.distribution.variables if variable.name == input_name)
    label = variable.label.get(language, "")
    if variable.dims:  # the label is that of an element
        label = label.split("{")[0].strip(" ,[(-–") if "{" in label else label
        return _TEXTS.phrase("vector", language, name=label or input_name, size=variable.size)
    return label or input_name


def output_name(output: Output, language: str) -> str:
    """An output in words."""
    return output.label.get(language, output.name)


def explanation_tables(found: Explanation, language: str) -> list[Table]:
    """A table an output, for the terminal."""
    from rich.box import SIMPLE_HEAD
    from rich.table import Table

    tables = []
    for one in found.outputs:
        title = f"{output_name(one.output, language)} ({_TEXTS.phrase(_of_what(one.output), language)})"
        table = Table(title=title, box=SIMPLE_HEAD, title_justify="left", pad_edge=False)
        for number, head in enumerate(_heads(language)):
            table.add_column(head, justify="left" if number == 0 else "right", overflow="fold")
        for row in _rows(found, one.indices.whole, language):
            table.add_row(*row)
        tables.append(table)
    return tables


def _of_what(output: Output) -> str:
    if output.size == 1:
        return "of.scalar"
    return "of.series" if output.is_series else "of.map" if output.is_grid else "of.vector"


def _heads(language: str) -> list[str]:
    return [_TEXTS.phrase(f"head.{name}", language) for name in ("input", "first", "total", "verdict")]


def _rows(found: Explanation, indices: Indices, language: str) -> list[list[str]]:
    droppable = found.droppable
    rows = []
    for k in by_total(indices):
        name = found.distribution.names[k]
        verdict = _TEXTS.phrase("verdict.drop", language) if name in droppable else ""
        cells = [_share(indices, part, k, language) for part in ("first", "total")]
        rows.append([name_of(found, name, language), *cells, verdict])
    return rows


def _share(indices: Indices, part: str, k: int, language: str) -> str:
    """An index in per cent with its interval; of what does not vary a dash."""
    value = float(getattr(indices, part)[k])
    if not np.isfinite(value):
        return "–"

    def told(share: float) -> str:
        return plain_number(round(100 * max(share, 0.0), 1), language, 3)

    low, high = getattr(indices, f"{part}_low"), getattr(indices, f"{part}_high")
    between = "" if low is None or high is None else f" [{told(float(low[k]))}–{told(float(high[k]))}]"
    return f"{told(value)}{between}"


def sentences(found: Explanation, language: str) -> list[str]:
    """What the indices say, and what has to be known to believe them."""
    named = {
        "candidate": found.label[language],
        "n": plain_number(found.rows_asked, language, 3),
    }
    told = [_TEXTS.phrase("said.asked", language, **named)]
    if any(one.indices.exact for one in found.outputs):
        names = ", ".join(output_name(one.output, language) for one in found.outputs if one.indices.exact)
        told.append(_TEXTS.phrase("said.exact", language, names=names))
    told.append(_TEXTS.phrase("said.bounds" if found.distribution.runs is None else "said.runs", language))
    droppable = [name_of(found, name, language) for name in found.droppable]
    share = percent(found.drop_below, language)
    if droppable:
        told.append(_TEXTS.phrase("said.drop", language, names=", ".join(droppable), share=share))
    else:
        told.append(_TEXTS.phrase("said.drop_none", language, share=share))
    if found.missed is None:
        told.append(_TEXTS.phrase("said.missed_unknown", language))
    else:
        told.append(_TEXTS.phrase("said.missed", language, share=percent(found.missed, language, "up")))
    if found.distribution.pairs:
        pairs = [
            f"{name_of(found, pair.first, language)} – {name_of(found, pair.second, language)} "
            f"({plain_number(pair.correlation, language)})"
            for pair in found.distribution.pairs[:_MOST_NAMED]
        ]
        told.append(
            _TEXTS.phrase("said.dependent", language, pairs=", ".join(pairs), count=len(found.distribution.pairs))
        )
    if found.outside > _TOLD_OUTSIDE:
        told.append(_TEXTS.phrase("said.outside", language, share=percent(found.outside, language)))
    return told


def answer(found: Explanation, language: str) -> str:
    """In one sentence, what the outputs hang on; of several the first."""
    one = found.outputs[0]
    indices = one.indices.whole
    order = [k for k in by_total(indices) if np.isfinite(indices.total[k]) and indices.total[k] >= found.drop_below]
    output = output_name(one.output, language)
    if not order:
        return _TEXTS.phrase("answer.nothing", language, output=output)
    names = [
        f"{name_of(found, found.distribution.names[k], language)} ({percent(min(float(indices.total[k]), 1.0), language)})"
        for k in order[:_MOST_NAMED]
    ]
    alone = float(np.nansum(np.clip(indices.first, 0, None)))
    together = percent(max(1 - alone, 0.0), language)
    return _TEXTS.phrase("answer.most", language, output=output, names=", ".join(names), together=together)


def explanation_page(found: Explanation, language: str) -> ReportPage:
    """The page of one language."""
    facts = [
        (_TEXTS.phrase("fact.candidate", language), found.label[language]),
        (
            _TEXTS.phrase("fact.rows", language),
            plain_number(found.rows_asked, language, 3),
        ),
        (
            _TEXTS.phrase("fact.missed", language),
            "–" if found.missed is None else percent(found.missed, language, "up"),
        ),
    ]
    sections = [ReportSection(_TEXTS.phrase("section.read", language), sentences(found, language))]
    sections += [_section(found, one, number, language) for number, one in enumerate(found.outputs)]
    footer = _TEXTS.phrase("footer", language, study=found.study, candidate=found.candidate, version=__version__)
    title = _TEXTS.phrase("page.title", language)
    return ReportPage(language, title, found.title[language], answer(found, language), sections, footer, facts)


def _section(found: Explanation, one: ExplainedOutput, number: int, language: str) -> ReportSection:
    tables = [
        ReportTable(
            _heads(language), _rows(found, one.indices.whole, language), _TEXTS.phrase(_of_what(one.output), language)
        )
    ]
    if one.indices.mean is not None:
        caption = _TEXTS.phrase("of.mean", language)
        tables.append(ReportTable(_heads(language), _rows(found, one.indices.mean, language), caption))
    pictures = [
        ReportPicture(svg, caption) for svg, caption in output_pictures(found, one, language, f"o{number}").values()
    ]
    heading = output_name(one.output, language)
    if one.output.unit != "1":
        heading += f" [{unit_in(one.output.unit, language)}]"
    return ReportSection(heading, (), tables, pictures)


def output_pictures(found: Explanation, one: ExplainedOutput, language: str, prefix: str) -> dict[str, tuple[str, str]]:
    """Pictures of an output by kind, each with its caption.

    Parameters
    ----------
    found : Explanation
    one : ExplainedOutput
        Of its outputs.
    language : {"en", "fr"}
    prefix : str
        Of the ids in the pictures.
    """
    output, indices = one.output, one.indices
    if not np.isfinite(indices.whole.total).any():
        return {}
    names = [name_of(found, name, language) for name in found.distribution.names]
    title = output_name(output, language)

    def caption(kind: str) -> str:
        return _TEXTS.phrase(f"caption.{kind}", language)

    pictures = {
        "indices": (indices_plot(names, indices.whole, title, language, f"{prefix}i"), caption("indices")),
    }
    if indices.elements is not None and output.is_grid:
        pictures["maps"] = (share_maps(names, indices.elements, output, title, language, f"{prefix}m"), caption("maps"))
    elif indices.elements is not None and len(output.dims) <= 2:
        pictures["shares"] = (
            shares_plot(names, indices.elements, output, title, language, f"{prefix}s"),
            caption("shares"),
        )
    if found.dependence:
        order = [found.distribution.names[k] for k in by_total(indices.whole)]
        along_names = [name_of(found, along.variable.name, language) for along in found.dependence]
        drawn = dependence_plot(found.dependence, along_names, output, order, title, language, f"{prefix}d")
        pictures["dependence"] = (drawn, caption("dependence"))
    return pictures


def check_explanation_folder(out: Path) -> None:
    """Refuse to write where something stands that this command has not made.

    Raises
    ------
    UnusableInputError
        If it is a file, or a folder that holds other things.
    """
    if is_somebody_elses(out, MARK):
        raise UnusableInputError(
            f"--out '{out}' holds other things than an explanation and would be replaced; name a new folder"
        )


def write_explanation(out: Path, found: Explanation, language: str, *, maps: bool = False) -> list[Path]:
    """Write the folder, whole or not at all; an earlier one of its name is replaced.

    Parameters
    ----------
    out : Path
    found : Explanation
    language : {"en", "fr"}
        Of the pictures that stand by themselves; there is a page in each.
    maps : bool
        Write the indices of every element of maps, series and vectors: GeoTIFF of a map on a grid, else NetCDF.

    Returns
    -------
    list of Path

    Raises
    ------
    UnusableInputError
        If something else stands there.
    """
    check_explanation_folder(out)
    with new_folder(out) as folder:
        write_text(folder / MARK, to_json(explanation_content(found)))
        for each in LANGUAGES:
            write_text(folder / f"explanation.{each}.html", explanation_page(found, each).html())
        for one in found.outputs:
            for kind, (svg, _) in output_pictures(found, one, language, "p").items():
                write_text(folder / f"{one.output.name}_{kind}.svg", svg)
            if maps and one.indices.elements is not None:
                _write_elements(folder, found, one)
    return sorted(path for path in out.iterdir() if path.is_file())


def _write_elements(folder: Path, found: Explanation, one: ExplainedOutput) -> None:
    """First and total index of every input in every element, and the variance there."""
    output, elements = one.output, one.indices.elements
    assert elements is not None
    plain = {"dims": output.dims, "coords": output.coords, "geometry": output.geometry, "time": output.time}
    outputs, values = [], {}
    for part in ("first", "total"):
        for name, share in zip(found.distribution.names, getattr(elements, part), strict=True):
            outputs.append(Output(f"{part}_{name}", "1", **plain))  # type: ignore[arg-type]
            values[outputs[-1].name] = share.reshape(output.shape)
    outputs.append(Output("variance", f"({output.unit})**2" if output.unit != "1" else "1", **plain))  # type: ignore[arg-type]
    values["variance"] = np.asarray(elements.variance).reshape(output.shape)
    result = Result(found.study, "", outputs, values, found.candidate, {}, found.title["en"])
    ending = ".tif" if output.is_grid and isinstance(output.geometry, Grid) else ".nc"
    write_result_file(folder / f"{output.name}_indices{ending}", result)
