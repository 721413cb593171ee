"""A study made from a table of runs: no solver, only rows of inputs and outputs that somebody already has."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from frugal.errors import UnusableInputError
from frugal.experiments.designs.sampling import from_table
from frugal.experiments.needs.domain import describe_domain, rows_inside, with_need
from frugal.experiments.study import Need, Output, Study, Tolerance, Variable
from frugal.experiments.study.design import MINIMUM_RUNS, Design
from frugal.formats.files.tables import columns, read_table
from frugal.texts import LANGUAGES, room_texts

_TEXTS = room_texts("frugal.experiments")


@dataclass(frozen=True)
class TableOfRuns:
    """A study without solver, its design and the outputs ``[n, m]`` of each row."""

    study: Study
    design: Design
    outputs: np.ndarray


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
        By the names of the columns; 5 % nRMSE on every output, not declared, where it is absent. Rows outside its domain
        are left out.
    seed : int
        Of the rows that are held out.

    Returns
    -------
    TableOfRuns

    Raises
    ------
    UnusableInputError
        If the file cannot be read, a column is unknown, empty or not numeric, or an input never varies.
    """
    if not inputs or not outputs:
        raise UnusableInputError("a table of runs needs --inputs and --outputs, each with at least one column name")
    twice = [name for name in inputs + outputs if (inputs + outputs).count(name) > 1]
    if twice:
        raise UnusableInputError(f"column '{twice[0]}' is named twice")
    table = read_table(path)
    x, y = columns(table, inputs), columns(table, outputs)
    for name, column in zip(inputs, x.T, strict=True):
        if column.min() == column.max():
            raise UnusableInputError(
                f"input column '{name}' has the same value {column[0]:g} in every row; leave it out"
            )
    if need is not None:
        _check_names(need.tolerances, outputs, "the need names the output")
        _check_names(need.domain, inputs, "the domain of the need names the input")
        need = _renamed(need)
    variables = tuple(
        Variable(_identifier(name), "1", float(column.min()), float(column.max()), label=dict.fromkeys(LANGUAGES, name))
        for name, column in zip(inputs, x.T, strict=True)
    )
    bare = Study(
        name=_identifier(path.stem),
        title=_TEXTS.say("table.title", name=path.name),
        inputs=variables,
        outputs=tuple(Output(_identifier(name), "1", label=dict.fromkeys(LANGUAGES, name)) for name in outputs),
        need=undeclared_need([_identifier(name) for name in outputs]),
        definition=hashlib.sha256(np.ascontiguousarray(np.hstack([x, y])).tobytes()).hexdigest(),
        site={"table": str(path)},
    )
    study = bare if need is None else with_need(bare, need)
    inside = rows_inside(x, study.columns)
    if inside.sum() < MINIMUM_RUNS <= len(x):
        raise UnusableInputError(
            f"{inside.sum()} of the {len(x)} rows of '{path}' are inside the domain of the need "
            f"({describe_domain(study.need)}); at least {MINIMUM_RUNS} are needed: widen the domain or add rows"
        )
    return TableOfRuns(study, from_table(x[inside], seed), y[inside])


def undeclared_need(outputs: list[str]) -> Need:
    """What stands in where nobody declared a need: 5 % nRMSE on every output, usage unknown."""
    return Need(
        functional_unit="one row",
        tolerances={name: Tolerance("nrmse", 0.05) for name in outputs},
        declared=False,
    )


def _check_names(names: Iterable[str], columns: list[str], told: str) -> None:
    """Refuse what is neither a column nor the name that the study makes of one."""
    for name in names:
        if name not in columns and name not in map(_identifier, columns):
            raise UnusableInputError(f"{told} '{name}', which is not among {', '.join(columns)}")


def _renamed(need: Need) -> Need:
    """A need by column names, by the names of the study instead."""
    return replace(
        need,
        tolerances={_identifier(name): value for name, value in need.tolerances.items()},
        solver_error={_identifier(name): value for name, value in need.solver_error.items()},
        domain={_identifier(name): value for name, value in need.domain.items()},
    )


def _identifier(name: str) -> str:
    cleaned = "".join(letter if f"a{letter}".isidentifier() else "_" for letter in name.strip())
    return cleaned if cleaned.isidentifier() else f"_{cleaned}"
