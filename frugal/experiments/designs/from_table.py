"""A study made from a table of runs: no solver, only rows of inputs and outputs that somebody already has."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from frugal.errors import UnusableInputError
from frugal.experiments.designs.sampling import from_table
from frugal.experiments.metrics.meaning import doubt_about_mean
from frugal.experiments.needs.check_runs import check_metrics
from frugal.experiments.needs.domain import describe_domain, rows_inside, with_need
from frugal.experiments.study import Need, Output, Study, Tolerance, Variable
from frugal.experiments.study.design import MINIMUM_RUNS, Design
from frugal.formats.files.headers import identifier
from frugal.formats.files.implausible_values import outlier_rows, sentinel_rows
from frugal.formats.files.tables import TableBlock, found_column, read_whole
from frugal.texts import LANGUAGES, room_texts

_TEXTS = room_texts("frugal.experiments")


@dataclass(frozen=True)
class TableOfRuns:
    """A study without solver, its design and the outputs ``[n, m]`` of each row.

    ``notes`` are what its user should know, in sentences.
    """

    study: Study
    design: Design
    outputs: np.ndarray
    notes: tuple[str, ...] = ()


def table_of_runs(
    path: Path, inputs: list[str], outputs: list[str], need: Need | None = None, seed: int = 0
) -> TableOfRuns:
    """Read a table and make a study of it; the bounds of the inputs are those of the rows.

    Parameters
    ----------
    path : Path
        Of any format that `read_table` reads.
    inputs, outputs : list of str
        Names of columns, each at least one and none twice; their units are not known, and are given as ``1``.
    need : Need, optional
        By the names of the columns; where it is absent, 5 % nRMSE on every output, not declared (over the range where the
        mean is about 0). Rows outside its domain are left out.
    seed : int
        Of the rows that are held out.

    Returns
    -------
    TableOfRuns

    Raises
    ------
    UnusableInputError
        If the file cannot be read, a column is unknown, empty or not numeric, an input never varies, or the metric of a
        tolerance says nothing of the rows.
    """
    if not inputs or not outputs:
        raise UnusableInputError("a table of runs needs --inputs and --outputs, each with at least one column name")
    block = read_whole(path)
    inputs, outputs = (_columns_named(names, block) for names in (inputs, outputs))
    twice = [name for name in inputs + outputs if (inputs + outputs).count(name) > 1]
    if twice:
        raise UnusableInputError(f"column '{twice[0]}' is named twice")
    x = np.stack([_numbers(block, name) for name in inputs], axis=1)
    y = np.stack([_numbers(block, name) for name in outputs], axis=1)
    for name, column in zip(inputs, x.T, strict=True):
        if column.min() == column.max():
            raise UnusableInputError(
                f"input column '{name}' has the same value {column[0]:g} in every row; leave it out"
            )
    if need is not None:
        _check_names(need.tolerances, outputs, "the need names the output")
        _check_names(need.domain, inputs, "the domain of the need names the input")
        need = _renamed(need)
    bounded = set() if need is None else set(need.domain)
    _check_sentinels(block, dict(zip(inputs, x.T, strict=True)), bounded)
    _check_sentinels(block, dict(zip(outputs, y.T, strict=True)), set())
    variables = tuple(
        Variable(identifier(name), "1", float(column.min()), float(column.max()), label=dict.fromkeys(LANGUAGES, name))
        for name, column in zip(inputs, x.T, strict=True)
    )
    bare = Study(
        name=identifier(path.stem),
        title=_TEXTS.say("table.title", name=path.name),
        inputs=variables,
        outputs=tuple(Output(identifier(name), "1", label=dict.fromkeys(LANGUAGES, name)) for name in outputs),
        need=undeclared_need(dict(zip(map(identifier, outputs), y.T, strict=True))),
        definition=hashlib.sha256(np.ascontiguousarray(np.hstack([x, y])).tobytes()).hexdigest(),
        site={"table": str(path)},
        cases=_TEXTS.say("table.cases"),
        judged_on=_TEXTS.say("table.judged_on", name=path.name),
    )
    study = bare if need is None else with_need(bare, need)
    inside = rows_inside(x, study.columns)
    if inside.sum() < MINIMUM_RUNS <= len(x):
        raise UnusableInputError(
            f"{inside.sum()} of the {len(x)} rows of '{path}' are inside the domain of the need "
            f"({describe_domain(study.need)}); at least {MINIMUM_RUNS} are needed: widen the domain or add rows"
        )
    check_metrics(study, y[inside])
    notes = _outliers_told(block, inputs + outputs, np.hstack([x, y]), inside)
    return TableOfRuns(study, from_table(x[inside], seed), y[inside], tuple(notes))


def _columns_named(names: list[str], block: TableBlock) -> list[str]:
    """The columns that are meant; parts of a name that holds commas, which came as several, are put together again."""
    known = {_squeezed(name): name for name in block.names}
    found, at = [], 0
    while at < len(names):
        for end in range(len(names), at + 1, -1):
            joined = known.get(_squeezed(",".join(names[at:end])))
            if joined is not None:
                break
        else:
            end, joined = at + 1, found_column(names[at], block.names, block.style.source)
        found.append(joined)
        at = end
    return found


def _squeezed(name: str) -> str:
    return ",".join(part.strip() for part in name.split(","))


def _numbers(block: TableBlock, name: str) -> np.ndarray:
    try:
        return block.numbers(name)
    except UnusableInputError as fault:
        raise UnusableInputError(f"{fault}; take the rows of runs that failed out of the table") from fault


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


def _outliers_told(block: TableBlock, names: list[str], values: np.ndarray, inside: np.ndarray) -> list[str]:
    """A sentence for each column with values far from all others: they may be true, and nothing here can know."""
    told = []
    for name, column in zip(names, values.T, strict=True):
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
    """What stands in where nobody declared a need: 5 % nRMSE on every output, of the range where a mean says nothing.

    Parameters
    ----------
    outputs : mapping of str to array [n]
        The values of each.
    """
    return Need(
        functional_unit="one row",
        tolerances={
            name: Tolerance("nrmse" if doubt_about_mean(values[:, None, None], True) is None else "nrmse_range", 0.05)
            for name, values in outputs.items()
        },
        declared=False,
    )


def _check_names(names: Iterable[str], columns: list[str], told: str) -> None:
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
