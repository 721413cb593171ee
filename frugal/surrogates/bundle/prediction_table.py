"""Answer every row of a table."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from frugal.errors import UnusableInputError
from frugal.experiments.study import Output, Variable
from frugal.experiments.study.questions import variable_values
from frugal.formats.files.tables import columns, read_table
from frugal.surrogates.bundle.predictor import Predictor

if TYPE_CHECKING:
    import pandas

#: A value, and the ends of its interval.
_ENDS = ("", "_lower", "_upper")


def predict_table(predictor: Predictor, path: Path, extrapolate: bool = False) -> pandas.DataFrame:
    """Answers for the rows of a table, beside the inputs they were given for.

    Inputs are taken from the columns of their name, in the study's units; an input without a column takes its default. A vector
    has a column for each element (``horizon_deg[090]``), or one of lists (``0; 10; 20``), or of one number for all elements.
    Choices are told by their names, or their numbers from 0.
    Vector outputs become one column for each element. Fields are left out (`fields_left_out`): a column for each of their
    elements is no table.

    Parameters
    ----------
    predictor : Predictor
    path : Path
        CSV or Parquet, one query a row, as `frugal.formats.files.tables.read_table` takes it. Columns that name no input are
        ignored, but for those whose name is close to that of a missing input: they are refused.
    extrapolate : bool
        Answer rows outside the bounds of the study instead of refusing the table; their ``in_domain`` is false.

    Returns
    -------
    pandas.DataFrame
        Row for row with the table: the inputs it gave; for each element of an output ``name``, ``name_lower`` and
        ``name_upper`` (90 % interval), in the unit of the output, elements of a vector by their coordinates
        (``monthly_yield_1_lower``); ``in_domain``.

    Raises
    ------
    UnusableInputError
        If the table cannot be read, lacks a column without default, or holds a value that is missing or out of bounds; or if
        two columns of the answers would have one name.
    """
    import pandas

    variables = predictor.layout.columns
    choices = {v.name for v in (*predictor.inputs, *variables) if v.choices}
    table = _with_elements(read_table(path, text=choices), predictor.inputs, path)
    _check_names(table, predictor, path)
    wanted = [v.name for v in variables if v.name in table.columns or v.default is None]
    _check_result_names(predictor, wanted)
    told = table.copy()
    for variable in variables:
        if variable.choices and variable.name in table.columns:
            told[variable.name] = _chosen(table[variable.name], variable, path)
    given = columns(told, wanted)
    answers = predictor({name: given[:, k] for k, name in enumerate(wanted)}, extrapolate=extrapolate)
    result: dict[str, Any] = {name: given[:, k] for k, name in enumerate(wanted)}
    for variable in variables:
        if variable.name in result and set(table[variable.name]) & set(variable.choices):
            result[variable.name] = table[variable.name].to_numpy()
    for output in predictor.outputs:
        if output.is_field:
            continue
        for suffix in _ENDS:
            values = answers[output.name + suffix].reshape(len(table), -1)
            for k, element in enumerate(_elements(output)):
                result[f"{output.name}{element}{suffix}"] = values[:, k].astype(float)
    result["in_domain"] = answers["in_domain"]
    return pandas.DataFrame(result)


def _check_names(table: pandas.DataFrame, predictor: Predictor, path: Path) -> None:
    """Refuse a column that is no input but close to one without a column, or to a vector of which an element has none."""
    names = {v.name for v in predictor.layout.columns}
    absent = [name for name in names if name not in table.columns]
    absent += [v.name for v in predictor.inputs if v.dims and any(e.name in absent for e in v.elements())]
    for column in table.columns:
        if column in names:
            continue
        turned = [name for name in absent if sorted(name.lower()) == sorted(column.lower())]
        close = turned or difflib.get_close_matches(column, sorted(absent), n=1, cutoff=0.8)
        if close:
            raise UnusableInputError(f"column '{column}' of '{path}' is no input; did you mean '{close[0]}'?")


def _check_result_names(predictor: Predictor, inputs: Sequence[str]) -> None:
    """Refuse a study of which two things would stand in one column of the answers."""
    holders = {**{name: f"input '{name}'" for name in inputs}, "in_domain": "the column 'in_domain'"}
    for output in predictor.outputs:
        for element in [] if output.is_field else _elements(output):
            for end in _ENDS:
                column, holder = f"{output.name}{element}{end}", f"output '{output.name}'"
                if column in holders:
                    raise UnusableInputError(
                        f"in a table of answers {holder} and {holders[column]} would both be column '{column}'; "
                        "ask one row, or rename one of them"
                    )
                holders[column] = holder


def _chosen(cells: Iterable[Any], variable: Variable, path: Path) -> list[float]:
    """Numbers of choices, each told by its name or its number."""
    numbers = []
    for number, cell in enumerate(cells, start=1):
        try:
            numbers.append(variable_values(variable, cell)[0])
        except UnusableInputError as fault:
            raise UnusableInputError(f"table '{path}', row {number}: {fault}") from fault
    return numbers


def _with_elements(table: pandas.DataFrame, variables: Sequence[Variable], path: Path) -> pandas.DataFrame:
    """A table in which a vector that stands in one column, as lists, has a column for each element."""
    for variable in variables:
        if not variable.dims or variable.name not in table.columns:
            continue
        names = [element.name for element in variable.elements()]
        twice = [name for name in names if name in table.columns]
        if twice:
            raise UnusableInputError(f"table '{path}' has columns '{variable.name}' and '{twice[0]}'; keep one form")
        rows = []
        for number, cell in enumerate(table[variable.name], start=1):
            try:
                rows.append(variable_values(variable, cell))
            except UnusableInputError as fault:
                raise UnusableInputError(f"table '{path}', row {number}: {fault}") from fault
        elements = dict(zip(names, np.array(rows).T, strict=True))
        table = table.drop(columns=variable.name).assign(**elements)
    return table


def fields_left_out(predictor: Predictor) -> list[Output]:
    """Outputs that a table of answers does not hold: it would need a column for each of many elements."""
    return [output for output in predictor.outputs if output.is_field]


def _elements(output: Output) -> list[str]:
    if not output.dims:
        return [""]
    names = []
    for index in np.ndindex(*output.shape):
        at = zip(output.dims, index, strict=True)
        names.append("_" + "_".join(str(output.coords[dim][i]) for dim, i in at))
    return names
