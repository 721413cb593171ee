"""A study made from a table of runs: no solver, only rows of inputs and outputs that somebody already has."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np

from frugal.errors import UnusableInputError
from frugal.experiments.designs.run_columns import columns_named, group_column, input_column, output_columns
from frugal.experiments.designs.sampling import from_table
from frugal.experiments.metrics.meaning import undeclared_metric
from frugal.experiments.needs.check_runs import check_metrics
from frugal.experiments.needs.domain import describe_domain, rows_inside, with_need
from frugal.experiments.study import Need, Output, Study, Tolerance
from frugal.experiments.study.design import MINIMUM_RUNS, Design
from frugal.formats.files.headers import identifier
from frugal.formats.files.implausible_values import outlier_rows, sentinel_rows
from frugal.formats.files.tables import TableBlock, read_whole
from frugal.texts import LANGUAGES, room_texts

_TEXTS = room_texts("frugal.experiments")

#: Limit where nobody declared one: a tenth of the standard deviation leaves 1 % of the variance unexplained; of logarithms, a
#: factor of 1.1.
UNDECLARED_LIMIT = 0.1


@dataclass(frozen=True)
class TableOfRuns:
    """A study without solver, its design and the outputs ``[n, m]`` of each row; NaN of runs that failed.

    ``notes`` are what its user should know, in sentences; ``lines`` are those of the rows in the file.
    """

    study: Study
    design: Design
    outputs: np.ndarray
    notes: tuple[str, ...] = ()
    lines: np.ndarray = field(default_factory=lambda: np.empty(0, dtype=np.int64))


def table_of_runs(
    path: Path,
    inputs: Sequence[str],
    outputs: Sequence[str],
    need: Need | None = None,
    seed: int = 0,
    group: str | None = None,
) -> TableOfRuns:
    """Read a table and make a study of it; the bounds of the inputs are those of the rows.

    Parameters
    ----------
    path : Path
        Of any format that `read_table` reads.
    inputs, outputs : sequence of str
        Names of columns, each at least one and none twice; their units are not known, and are given as ``1``. Inputs that are
        texts are choices among these. Rows without a value of an output are failed runs.
    need : Need, optional
        By the names of the columns; where it is absent, `undeclared_need`. Rows outside its domain are left out.
    seed : int
        Of the rows that are held out.
    group : str, optional
        Name of a column: rows that are alike in it are held out, and left out of fits, together.

    Returns
    -------
    TableOfRuns

    Raises
    ------
    UnusableInputError
        If the file cannot be read, a column is unknown, empty or of the wrong kind, an input never varies, or the metric of a
        tolerance says nothing of the rows.
    """
    if not inputs or not outputs:
        raise UnusableInputError("a table of runs needs --inputs and --outputs, each with at least one column name")
    block = read_whole(path)
    inputs, outputs = (columns_named(names, block) for names in (inputs, outputs))
    named = [*inputs, *outputs]
    twice = [name for name in named if named.count(name) > 1]
    if twice:
        raise UnusableInputError(f"column '{twice[0]}' is named twice")
    groups = None if group is None else group_column(block, columns_named([group], block)[0])
    found, answers = [input_column(block, name) for name in inputs], output_columns(block, outputs)
    x, y = np.stack([column.values for column in found], axis=1), answers.values
    if need is not None:
        _check_names(need.tolerances, outputs, "the need names the output")
        _check_names(need.domain, inputs, "the domain of the need names the input")
        need = _renamed(need)
    bounded = set() if need is None else set(need.domain)
    quantities = {column.name: column.values for column in found if not column.choices}
    _check_sentinels(block, quantities, bounded)
    _check_sentinels(block, dict(zip(outputs, y.T, strict=True)), set())
    finished = answers.finished
    bare = Study(
        name=identifier(path.stem),
        title=_TEXTS.say("table.title", name=path.name),
        inputs=tuple(column.variable(finished) for column in found),
        outputs=tuple(_output(name, values) for name, values in zip(outputs, y[finished].T, strict=True)),
        need=undeclared_need(dict(zip(map(identifier, outputs), y[finished].T, strict=True))),
        definition=hashlib.sha256(np.ascontiguousarray(np.hstack([x, y])).tobytes()).hexdigest(),
        site={"table": str(path)} if group is None else {"table": str(path), "group": group},
        cases=_TEXTS.say("table.cases"),
        judged_on=_TEXTS.say("table.judged_on", name=path.name),
    )
    study = bare if need is None else with_need(bare, need)
    inside = rows_inside(x, study.columns) & finished
    if inside.sum() < MINIMUM_RUNS <= finished.sum():
        raise UnusableInputError(
            f"{inside.sum()} of the {finished.sum()} rows of '{path}' are inside the domain of the need "
            f"({describe_domain(study.need)}); at least {MINIMUM_RUNS} are needed: widen the domain or add rows"
        )
    check_metrics(study, y[inside])
    columns = {**quantities, **dict(zip(outputs, y.T, strict=True))}
    notes = [*answers.notes, *_outliers_told(block, columns, inside), *_decades_told(study, outputs, y[inside])]
    kept = inside | ~finished
    design = from_table(x[kept], seed, None if groups is None else groups[kept], finished[kept])
    return TableOfRuns(study, design, y[kept], tuple(notes), block.lines[kept])


def _check_sentinels(block: TableBlock, columns: Mapping[str, np.ndarray], bounded: set[str]) -> None:
    """Refuse values that stand for none; not in inputs of which the need says what is allowed."""
    for name, values in columns.items():
        rows = sentinel_rows(values)
        if not len(rows) or identifier(name) in bounded:
            continue
        others = np.delete(values, rows)
        low, high = np.nanmin(others), np.nanmax(others)
        more = f" ({len(rows)} such rows)" if len(rows) > 1 else ""
        raise UnusableInputError(
            f"{block.where(name, int(rows[0]))}: {values[rows[0]]:.10g}{more} looks like a mark for no value beside "
            f"{low:.6g} to {high:.6g}; take such rows out of the table"
        )


def _output(name: str, values: np.ndarray) -> Output:
    """A column as an output; where it is positive and spreads over decades, nothing below 0 is answered."""
    low = 0.0 if undeclared_metric(values) == "rmsle" else None
    return Output(identifier(name), "1", label=dict.fromkeys(LANGUAGES, name), low=low)


def _decades_told(study: Study, names: Sequence[str], outputs: np.ndarray) -> list[str]:
    """A sentence for each output over decades: how it is judged, and that nothing below 0 is answered."""
    told = []
    for name, output, values in zip(names, study.outputs, outputs.T, strict=True):
        if output.low is None:
            continue
        spreads = f"'{name}' is positive and spreads over {np.log10(values.max() / values.min()):.2g} decades: "
        tolerance = study.need.tolerances.get(output.name)
        if tolerance is not None and tolerance.metric == "rmsle":
            told.append(
                f"{spreads}errors are judged in logarithms, so that small values count as large ones do, and nothing below 0 "
                "is answered"
            )
        else:
            judged = "" if tolerance is None else f"; by {tolerance.metric} its largest values decide"
            told.append(f"{spreads}nothing below 0 is answered{judged}")
    return told


def _outliers_told(block: TableBlock, columns: Mapping[str, np.ndarray], inside: np.ndarray) -> list[str]:
    """A sentence for each column with values far from all others: they may be true, and nothing here can know."""
    told = []
    for name, column in columns.items():
        rows = outlier_rows(np.where(inside, column, np.nan))
        if len(rows):
            low, high = np.nanmin(np.delete(column, rows)), np.nanmax(np.delete(column, rows))
            more = f" ({len(rows)} such rows)" if len(rows) > 1 else ""
            told.append(
                f"{block.where(name, int(rows[0]))}: {column[rows[0]]:.10g}{more} is far from all other values, "
                f"{low:.6g} to {high:.6g}; errors and limits are of little use if it is wrong"
            )
    return told


def undeclared_need(outputs: Mapping[str, np.ndarray]) -> Need:
    """What stands in where nobody declared a need: `UNDECLARED_LIMIT` on every output, in the metric that its values ask for.

    Parameters
    ----------
    outputs : mapping of str to array [n]
        The values of each.
    """
    return Need(
        functional_unit="one row",
        tolerances={name: Tolerance(undeclared_metric(values), UNDECLARED_LIMIT) for name, values in outputs.items()},
        declared=False,
    )


def _check_names(names: Iterable[str], columns: Sequence[str], told: str) -> None:
    """Refuse what is neither a column nor the name that the study makes of one."""
    for name in names:
        if name not in columns and name not in map(identifier, columns):
            raise UnusableInputError(f"{told} '{name}', which is not among {', '.join(columns)}")


def _renamed(need: Need) -> Need:
    """A need by column names, by the names of the study instead."""
    return replace(
        need,
        tolerances={identifier(name): value for name, value in need.tolerances.items()},
        solver_error={identifier(name): value for name, value in need.solver_error.items()},
        domain={identifier(name): value for name, value in need.domain.items()},
    )
