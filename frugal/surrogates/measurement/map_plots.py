"""Truth, prediction and difference of a map, for the held-out runs that are told best, as usual, and worst."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from frugal.experiments.runs.store import Runs
from frugal.experiments.study import Variable
from frugal.experiments.study.outputs import Output, defined_cells, output_slices
from frugal.formats.files.atomic import write_bytes
from frugal.reporting.plots.axes import INK, MUTED
from frugal.reporting.plots.picture import png
from frugal.reporting.text import plain_number
from frugal.texts import LANGUAGES, room_texts

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_TEXTS = room_texts("frugal.surrogates")


def write_map_plots(
    folder: Path,
    outputs: Sequence[Output],
    variables: Sequence[Variable],
    held_out: Runs,
    predicted: np.ndarray,
    candidate: str,
    ships: bool = True,
) -> list[Path]:
    """Write ``map_NAME.LANGUAGE.png`` for every map into a folder; nothing where there is none.

    Parameters
    ----------
    folder : Path
    outputs, variables : sequence
        Of the study.
    held_out : Runs
        Held-out runs.
    predicted : array [n, m]
        Their answers, all outputs side by side.
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
        if output.is_grid:
            for language in LANGUAGES:
                path = folder / f"map_{output.name}.{language}.png"
                write_bytes(path, map_plot(outputs, output, variables, held_out, predicted, candidate, language, ships))
                written.append(path)
    return written


def chosen_runs(outputs: Sequence[Output], output: Output, truth: np.ndarray, predicted: np.ndarray) -> dict[str, int]:
    """Rows of the best, median and worst told run by the RMSE over elements that are ever defined, and of no run twice.

    Parameters
    ----------
    outputs : sequence of Output
        All of the study, in the order of the columns.
    output : Output
        The map among them.
    truth, predicted : array [n, m]
        All outputs side by side.

    Returns
    -------
    dict of str to int
        Row by ``best``, ``median`` and ``worst``; a row that stands there already is not named again, as with one or two
        runs.
    """
    error = run_errors(outputs, output, truth, predicted)
    order = np.argsort(error, kind="stable")
    found = {"best": int(order[0]), "median": int(order[len(order) // 2]), "worst": int(order[-1])}
    return {name: row for k, (name, row) in enumerate(found.items()) if row not in list(found.values())[:k]}


def run_errors(outputs: Sequence[Output], output: Output, truth: np.ndarray, predicted: np.ndarray) -> np.ndarray:
    """RMSE ``[n]`` of each run over the elements of an output that are ever defined."""
    columns, cells = output_slices(outputs)[output.name], defined_cells(truth, outputs, output).any(axis=0)
    if not cells.any():
        cells = np.ones(output.size, dtype=bool)
    return np.asarray(np.sqrt(np.mean((predicted - truth)[:, columns][:, cells] ** 2, axis=1)))


def map_plot(
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
        The map that is drawn.
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
    from matplotlib.ticker import MaxNLocator

    truth, unit = held_out.outputs, unit_text(output.unit)
    words = {name: text[language] for name, text in _TEXTS.group("map").items()}
    rows, errors = chosen_runs(outputs, output, truth, predicted), run_errors(outputs, output, truth, predicted)
    columns = output_slices(outputs)[output.name]
    shown = {
        name: (value_of_run(truth[row], outputs, output), value_of_run(predicted[row], outputs, output))
        for name, row in rows.items()
    }
    raw = (predicted - truth)[list(rows.values())][:, columns]
    low, high = _range([part for pair in shown.values() for part in pair])
    most = float(np.percentile(np.abs(raw), 99.5)) or 1.0
    height = output.shape[0] / output.shape[1]

    def draw(figure: Figure) -> None:
        axes = figure.subplots(len(rows), 3, squeeze=False)
        for line, (name, row) in zip(axes, rows.items(), strict=True):
            edge = defined_cells(truth[row : row + 1], outputs, output)[0].reshape(output.shape)
            for ax, values in zip(line, shown[name], strict=False):
                values_drawn = ax.imshow(values, cmap="viridis", vmin=low, vmax=high, interpolation="nearest")
            difference = (predicted - truth)[row, columns].reshape(output.shape)
            drawn = line[2].imshow(difference, cmap="RdBu_r", vmin=-most, vmax=most, interpolation="nearest")
            for ax in line:
                _plain(ax, edge, output)
            which = words["rmse" if output.has_undefined else "rmse_all"]
            line[0].set_ylabel(f"{words[name]}\n{which}\n{plain_number(errors[row], language)} {unit}")
            write_under(line[0], told_inputs(variables, held_out.inputs[row], language))
        for ax, key in zip(axes[0], ("truth", "predicted", "difference"), strict=True):
            ax.set_title(words[key], fontsize=9)
        for image, under in ((values_drawn, axes[-1, :2]), (drawn, axes[-1, 2])):
            bar = figure.colorbar(image, ax=under, label=unit, location="bottom", shrink=0.8, aspect=40, pad=0.02)
            bar.locator = MaxNLocator(4)
            bar.update_ticks()
        title = _TEXTS.phrase("map.title", language, label=output.label.get(language, output.name))
        who = who_answered(candidate, ships, language)
        parts = [who, words["edge"]] if output.has_undefined else [who]
        subtitle = (" · " if ships else "\n").join(parts)
        figure.suptitle(f"{title}\n{subtitle}", fontsize=10)

    return png(8.4, 1.6 + len(rows) * (2.3 * min(max(height, 0.5), 1.6) + 0.45), draw)


def value_of_run(values: np.ndarray, outputs: Sequence[Output], output: Output) -> np.ndarray:
    """An output of one run ``[shape]``, missing where it is undefined."""
    cells = values[output_slices(outputs)[output.name]]
    wet = defined_cells(values[None], outputs, output)[0]
    return np.asarray(np.where(wet, cells, np.nan).reshape(output.shape))


def _range(maps: Sequence[np.ndarray]) -> tuple[float, float]:
    values = np.concatenate([part[np.isfinite(part)] for part in maps])
    if not values.size:
        return 0.0, 1.0
    low, high = np.percentile(values, [0.5, 99.5])
    return float(low), float(high) if high > low else float(low) + 1.0


def _plain(ax: Axes, edge: np.ndarray, output: Output) -> None:
    ax.set_xticks([])
    ax.set_yticks([])
    ax.set_facecolor("#eceff1")
    for spine in ax.spines.values():
        spine.set_edgecolor(MUTED)
        spine.set_linewidth(0.5)
    if output.has_undefined and edge.any() and not edge.all():
        ax.contour(edge.astype(float), levels=[0.5], colors=INK, linewidths=0.6)


def write_under(ax: Axes, text: str, below: float = 4) -> None:
    """Lines from the left edge of a panel on, so many points below; they take up height, but push no panel away."""
    ax.set_xlabel("\n".join(" " for _ in text.splitlines()), fontsize=7)
    ax.annotate(
        text, (0, 0), (0, -below), "axes fraction", "offset points", fontsize=7, color=MUTED, va="top"
    ).set_in_layout(False)


def who_answered(candidate: str, ships: bool, language: str) -> str:
    """A candidate in the title of a picture, told to be the nearest where its graph is not the one that ships."""
    return candidate if ships else _TEXTS.phrase("map.nearest", language, name=candidate)


def unit_text(unit: str) -> str:
    """A unit as it is written by hand: ``m³/s`` for ``m^3/s``, ``h`` for ``hour``."""
    return "h" if unit == "hour" else unit.replace("^2", "²").replace("^3", "³")


def told_inputs(variables: Sequence[Variable], inputs: np.ndarray, language: str) -> str:
    """Inputs of a run, four to a line."""
    parts: list[Any] = []
    for variable, value in zip(variables, inputs, strict=True):
        unit = "" if variable.unit == "1" else f" {unit_text(variable.unit)}"
        told = variable.choices[round(value)] if variable.choices else f"{plain_number(float(value), language)}{unit}"
        parts.append(f"{variable.label.get(language, variable.name)} {told}")
    return "\n".join(" · ".join(parts[k : k + 4]) for k in range(0, len(parts), 4))
