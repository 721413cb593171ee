"""Truth and answer of series and of values along lines, for the held-out runs told best, as usual, and worst."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from frugal.candidates.row import CandidateRow
from frugal.experiments.runs.store import Runs
from frugal.experiments.study import Study, Variable
from frugal.experiments.study.geometry import Lines, Points
from frugal.experiments.study.outputs import Output, output_slices
from frugal.formats.files.atomic import write_bytes
from frugal.formats.netcdf.cf_places import horizontal_attributes
from frugal.reporting.plots.axes import AI_LINE, INK, plain_frame
from frugal.reporting.plots.picture import png
from frugal.reporting.text import plain_number
from frugal.surrogates.measurement.map_plots import (
    chosen_runs,
    run_errors,
    told_inputs,
    unit_text,
    value_of_run,
    who_answered,
    write_map_plots,
    write_under,
)
from frugal.texts import LANGUAGES, room_texts

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_TEXTS = room_texts("frugal.surrogates")
#: Places, or lines, that are drawn side by side.
_MOST_PANELS = 3


@dataclass(frozen=True, eq=False)
class Panel:
    """A curve of an output: which of its elements, against what, and its name; without ``x`` in the order of the truth."""

    name: str
    elements: np.ndarray
    x: np.ndarray | None
    x_label: str


def is_drawn(output: Output) -> bool:
    """The output is no map, and has a picture of its own: a series, values along lines, a field of another kind."""
    return not output.is_grid and (
        output.is_series or isinstance(output.geometry, Lines | Points) or (output.is_field and bool(output.dims))
    )


def write_series_plots(
    folder: Path,
    outputs: Sequence[Output],
    variables: Sequence[Variable],
    held_out: Runs,
    predicted: np.ndarray,
    candidate: str,
    ships: bool = True,
) -> list[Path]:
    """Write ``series_NAME.LANGUAGE.png`` for every output of `is_drawn` into a folder.

    Parameters
    ----------
    folder : Path
    outputs, variables : sequence
        Of the study.
    held_out : Runs
    predicted : array [n, m]
        Answers to the held-out runs, all outputs side by side.
    candidate : str
        Who answered, for the title.
    ships : bool
        Its graph is the one that ships; the title tells where it is not.

    Returns
    -------
    list of Path
        The files, in the order of the outputs.
    """
    written = []
    for output in outputs:
        for language in LANGUAGES if is_drawn(output) else ():
            path = folder / f"series_{output.name}.{language}.png"
            write_bytes(path, series_plot(outputs, output, variables, held_out, predicted, candidate, language, ships))
            written.append(path)
    return written


def panels(output: Output, language: str) -> list[Panel]:
    """What is drawn of an output: a few of its places over time, its lines along them, or places by their value.

    Parameters
    ----------
    output : Output
    language : str
        Of the labels of the axes.

    Returns
    -------
    list of Panel
        At most three; places from the first to the last.
    """
    numbers = np.arange(output.size).reshape(output.shape)
    if output.is_series:
        columns = numbers.reshape(len(numbers), -1)
        few = min(_MOST_PANELS, columns.shape[1])
        chosen = np.unique(np.round(np.linspace(0, columns.shape[1] - 1, few)).astype(int))
        times = np.array(output.coords[output.dims[0]])
        x = times.astype(float) if times.dtype.kind in "iuf" else np.arange(len(times), dtype=float)
        label = _time_label(output, language)
        return [Panel(_place_name(output, int(columns[0, k])), columns[:, k], x, label) for k in chosen]
    if isinstance(output.geometry, Lines):
        found, start = [], 0
        unit = horizontal_attributes(output.geometry.crs)[0]["units"]
        far = unit == "m" and max(max(at, default=0.0) for at in output.geometry.chainage.values()) > 5000
        label = _TEXTS.phrase("map.along", language, unit="km" if far else unit)
        for reach, at in output.geometry.chainage.items():
            elements, start = numbers[start : start + len(at)], start + len(at)
            order = np.argsort(at, kind="stable")
            found.append(Panel(reach, elements[order], np.array(at)[order] / (1000 if far else 1), label))
        return sorted(found, key=lambda panel: -len(panel.elements))[:_MOST_PANELS]
    return [Panel("", numbers.ravel(), None, _TEXTS.phrase("map.ordered", language))]


def _place_name(output: Output, element: int) -> str:
    """Where an element of a series stands, its time left out."""
    position = np.unravel_index(element, output.shape)
    parts = [(dim, output.coords[dim][int(i)]) for dim, i in zip(output.dims[1:], position[1:], strict=True)]
    if len(parts) == 1:
        return str(parts[0][1])
    return ", ".join(f"{dim} {value:.6g}" if isinstance(value, float) else f"{dim} {value}" for dim, value in parts)


def _time_label(output: Output, language: str) -> str:
    if output.time is None:
        return _TEXTS.phrase("map.time", language)
    unit = unit_text(output.time.unit)
    if not output.time.origin:
        return _TEXTS.phrase("map.time_in", language, unit=unit)
    from datetime import datetime

    origin = datetime.fromisoformat(output.time.origin)
    told = f"{origin:%Y-%m-%d %H:%M}{' UTC' if origin.tzinfo else ''}"
    return _TEXTS.phrase("map.time_since", language, unit=unit, origin=told)


def series_plot(
    outputs: Sequence[Output],
    output: Output,
    variables: Sequence[Variable],
    held_out: Runs,
    predicted: np.ndarray,
    candidate: str,
    language: str,
    ships: bool = True,
) -> bytes:
    """The picture as PNG; the same input gives the same bytes.

    Parameters
    ----------
    outputs : sequence of Output
        All of the study.
    output : Output
        The one that is drawn.
    variables : sequence of Variable
        Inputs of the study, whose values are told under each row.
    held_out : Runs
    predicted : array [n, m]
        Answers to them, all outputs side by side.
    candidate : str
        Who answered, for the title.
    language : str
        ``en`` or ``fr``.
    ships : bool
        Its graph is the one that ships; the title tells where it is not.
    """
    truth, unit = held_out.outputs, unit_text(output.unit)
    rows, errors = chosen_runs(outputs, output, truth, predicted), run_errors(outputs, output, truth, predicted)
    columns, drawn = output_slices(outputs)[output.name], panels(output, language)
    both = np.concatenate([part[list(rows.values())][:, columns].ravel() for part in (truth, predicted)])
    low, high = float(both.min()), float(both.max())
    margin = 0.06 * (high - low) or 1.0

    def draw(figure: Figure) -> None:
        axes = figure.subplots(len(rows), len(drawn), squeeze=False, sharey=True)
        for line, (name, row) in zip(axes, rows.items(), strict=True):
            shown = [value_of_run(values[row], outputs, output).ravel() for values in (truth, predicted)]
            for ax, panel in zip(line, drawn, strict=True):
                _draw(ax, panel, shown[0], shown[1], language)
                plain_frame(ax)
                ax.set_ylim(low - margin, high + margin)
            error = f"{_TEXTS.phrase('map.rmse_all', language)} {plain_number(errors[row], language)} {unit}"
            line[0].set_ylabel(f"{_TEXTS.phrase(f'map.{name}', language)}\n{error}")
            write_under(line[0], told_inputs(variables, held_out.inputs[row], language), below=17)
        for ax, panel in zip(axes[0], drawn, strict=True):
            ax.set_title(panel.name, fontsize=9)
        figure.supxlabel(drawn[0].x_label, fontsize=8)
        axes[0, 0].legend(frameon=False, fontsize=7.5, loc="upper right", ncols=2)
        label = f"{output.label.get(language, output.name)}{'' if output.unit == '1' else f' [{unit}]'}"
        who = who_answered(candidate, ships, language)
        figure.suptitle(f"{_TEXTS.phrase('map.title', language, label=label)}\n{who}", fontsize=10)

    return png(8.4, 1.2 + 2.1 * len(rows), draw)


def _draw(ax: Any, panel: Panel, truth: np.ndarray, predicted: np.ndarray, language: str) -> None:
    from matplotlib.ticker import FuncFormatter, MaxNLocator

    true, told = truth[panel.elements], predicted[panel.elements]
    x = panel.x
    if x is None:
        ax.set_xlim(0, len(true) + 1)
        order = np.argsort(true, kind="stable")
        x, true, told = np.arange(1, len(true) + 1), true[order], told[order]
    marker = {"ls": (0, (4, 2)), "linewidth": 1.3} if panel.x is not None else {"ls": "none", "marker": ".", "ms": 3.5}
    ax.plot(x, true, color=INK, linewidth=1.3, label=_TEXTS.phrase("map.truth", language))
    ax.plot(x, told, color=AI_LINE, label=_TEXTS.phrase("map.predicted", language), **marker)
    for axis in (ax.xaxis, ax.yaxis):
        axis.set_major_locator(MaxNLocator(5))
        axis.set_major_formatter(FuncFormatter(lambda value, _: plain_number(value, language, 3)))


def draw_fields(
    folder: Path,
    study: Study,
    held_out: Runs,
    shipped: str | None,
    rows: Sequence[CandidateRow],
    answers: Mapping[str, np.ndarray],
) -> list[Path]:
    """Draw maps, series and lines of the candidate whose graph ships, or where none does, of the one that errs least.

    Drawn is what it was judged by: what ships has learnt from these very runs.

    Parameters
    ----------
    folder : Path
    study : Study
    held_out : Runs
        Runs that were judged.
    shipped : str, optional
    rows : sequence of CandidateRow
        The ladder as measured.
    answers : mapping of str to array [n, m]
        What each candidate was judged by on these runs.

    Returns
    -------
    list of Path
        The files; none where there is nothing to draw or no candidate has a graph.
    """
    with_graph = [row for row in rows if row.graph is not None and row.errors and row.name in answers]
    if not any(output.is_grid or is_drawn(output) for output in study.outputs) or not with_graph:
        return []
    ships = shipped is not None and shipped in answers
    name = shipped if shipped is not None and ships else min(with_graph, key=lambda row: row.error_ratio).name
    predicted = np.asarray(answers[name], dtype=np.float64)
    given = (folder, study.outputs, study.columns, held_out, predicted, name, ships)
    return [*write_map_plots(*given), *write_series_plots(*given)]
