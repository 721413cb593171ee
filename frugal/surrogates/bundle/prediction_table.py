"""Answer every row of a table, some rows at a time."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from frugal.errors import UnusableInputError
from frugal.experiments.study import Output, Variable
from frugal.experiments.study.questions import variable_values
from frugal.experiments.study.values import check_bounds
from frugal.formats.files.headers import name_and_unit, suggestion
from frugal.formats.files.tables import OpenTable, TableBlock, open_table
from frugal.surrogates.bundle.predictor import Predictor
from frugal.surrogates.bundle.table_columns import TableColumn, column_name, places_of

if TYPE_CHECKING:
    import pandas
    import pyarrow

#: A value, and the ends of its interval.
_ENDS = ("", "_lower", "_upper")
#: Rows that are answered at a time, and numbers that their answers may be.
_MOST_ROWS, _MOST_NUMBERS = 16_384, 4_000_000


@dataclass
class RowsTold:
    """What should be said of the rows of a table, once they are answered.

    Parameters
    ----------
    without_number : dict of str to int
        By the name of an output, in how many rows the answer is no finite number.
    outside : int
        Rows out of the bounds of the study, which have no answer.
    first_outside : str
        The first of them: its line, its input, its value and what is allowed, in English.
    """

    without_number: dict[str, int] = field(default_factory=dict)
    outside: int = 0
    first_outside: str = ""


def predict_table(predictor: Predictor, path: Path, extrapolate: bool = False) -> pandas.DataFrame:
    """Answers for the rows of a table, beside its own columns; as `answer_table`, in one piece.

    Parameters
    ----------
    predictor : Predictor
    path : Path
    extrapolate : bool

    Returns
    -------
    pandas.DataFrame
    """
    import pyarrow

    return pyarrow.concat_tables(answer_table(predictor, path, extrapolate)).to_pandas()


def answer_table(
    predictor: Predictor, path: Path, extrapolate: bool = False, told: RowsTold | None = None
) -> Iterator[pyarrow.Table]:
    """Answers for the rows of a table, beside its own columns, some rows at a time.

    Inputs are taken from the columns of their name, in any order, in the study's units or in that which stands in brackets
    behind the name; an input without a column takes its default. A vector has a column for each element (``horizon_deg[090]``),
    or one of lists (``0; 10; 20``), or of one number for all elements. Choices are told by their names, or by numbers from 0.
    Vector outputs become one column for each element. Fields are left out (`fields_left_out`): a column for each of their
    elements is no table.

    Parameters
    ----------
    predictor : Predictor
    path : Path
        CSV or Parquet, one query a row, as `frugal.formats.files.tables.open_table` takes it. Columns that name no input are
        kept as they are, but for those whose name is close to that of a missing input: they are refused.
    extrapolate : bool
        Answer rows outside the bounds of the study too. Without it they get no answer, the others do. Their ``in_domain`` is
        false either way.
    told : RowsTold, optional
        Gets how many rows are out of bounds, the first of them, and where an answer is no finite number.

    Yields
    ------
    pyarrow.Table
        Row for row with the table: its columns (``NAME_given`` where an answer has the name); for each element of an output
        ``name``, ``name_lower`` and ``name_upper`` (90 % interval), in the unit of the output, elements of a vector by their
        coordinates (``monthly_yield_1_lower``); ``in_domain``. Answers of rows out of bounds are null.

    Raises
    ------
    UnusableInputError
        If the table cannot be read, lacks a column without default, holds a value that is missing, or no row within bounds:
        naming the line; or if two columns of the answers would have one name.
    """
    told = RowsTold() if told is None else told
    with open_table(path) as table:
        asked = _TableAnswers(predictor, table, extrapolate, told)
        n = 0
        for block in table.blocks:
            for start in range(0, len(block.lines), asked.rows_at_a_time):
                part = _part(block, start, start + asked.rows_at_a_time)
                n += len(part.lines)
                yield asked.answers(part)
        if n == 0:
            raise UnusableInputError(f"{table.source} has no rows")
        if told.outside == n:
            raise UnusableInputError(told.first_outside)


def _part(block: TableBlock, start: int, stop: int) -> TableBlock:
    columns = [column.slice(start, stop - start) for column in block.columns]
    return TableBlock(block.names, columns, block.lines[start:stop], block.style)


@dataclass
class _TableAnswers:
    """What a table is asked, block after block."""

    predictor: Predictor
    table: OpenTable
    extrapolate: bool
    told: RowsTold

    def __post_init__(self) -> None:
        predictor = self.predictor
        self._numeric: dict[str, bool] = {}
        self.places: dict[str, TableColumn] = places_of(predictor.inputs, self.table)
        lacking = [p.variable for p in self.places.values() if p.column is None and p.variable.default is None]
        if lacking:
            name = column_name(lacking[0])
            near = suggestion(name_and_unit(name)[0], self.table.names)
            raise UnusableInputError(f"{self.table.source} has no column '{name}'; {near}")
        self.results = _result_names(predictor)
        self.kept = {name: f"{name}_given" if name in self.results else name for name in self.table.names}
        clash = next((new for new in self.kept.values() if list(self.kept.values()).count(new) > 1), None)
        if clash is not None:
            raise UnusableInputError(f"{self.table.source} has a column '{clash}', which a table of answers needs")
        numbers = sum(output.size for output in predictor.outputs) * len(_ENDS)
        self.rows_at_a_time = max(1, min(_MOST_ROWS, _MOST_NUMBERS // max(numbers, 1)))

    def answers(self, block: TableBlock) -> pyarrow.Table:
        """The rows of a block with their answers."""
        import pyarrow

        predictor = self.predictor
        given: dict[str, np.ndarray] = {}
        for variable in predictor.inputs:
            given |= _values(variable, self.places, block)
        outside = self._outside(given, block)
        answers = self._asked(given, outside) if given else self._defaults(len(block.lines))
        for name, count in predictor.without_number(answers).items():
            self.told.without_number[name] = self.told.without_number.get(name, 0) + count
        columns: dict[str, Any] = {self.kept[name]: _as_kept(block, name) for name in block.names}
        for place in self.places.values():
            if place.column is not None and self._as_numbers(place, block):
                columns[self.kept[place.column]] = pyarrow.array(given[place.variable.name])
        for output in predictor.outputs:
            if output.is_field:
                continue
            for end in _ENDS:
                values = answers[output.name + end].reshape(len(block.lines), -1)
                for k, element in enumerate(_elements(output)):
                    columns[f"{output.name}{element}{end}"] = pyarrow.array(
                        np.ascontiguousarray(values[:, k]), mask=outside
                    )
        columns["in_domain"] = pyarrow.array(np.asarray(answers["in_domain"]).astype(bool) & ~outside)
        return pyarrow.table(columns)

    def _as_numbers(self, place: TableColumn, block: TableBlock) -> bool:
        """Whether an input is told in the answers as the number that was asked, rather than as it was written."""
        if place.whole is not None or place.scale is not None or place.column is None:
            return False
        if place.column not in self._numeric:  # for all blocks as in the first
            cells = _cells(block, place.column) if place.variable.choices else ()
            named = set(cells) & set(place.variable.choices)
            self._numeric[place.column] = not named
        return self._numeric[place.column]

    def _defaults(self, n: int) -> dict[str, np.ndarray]:
        one = self.predictor({}, extrapolate=self.extrapolate)
        return {name: np.repeat(answer, n, axis=0) for name, answer in one.items()}

    def _asked(self, given: dict[str, np.ndarray], outside: np.ndarray) -> dict[str, np.ndarray]:
        """Answers of all rows; those that are not asked get that of the bounds, which nobody sees."""
        if outside.any():
            columns = {column.name: column for column in self.predictor.layout.columns}
            given = {name: np.where(outside, columns[name].low, values) for name, values in given.items()}
        return self.predictor(given, extrapolate=self.extrapolate)

    def _outside(self, given: Mapping[str, np.ndarray], block: TableBlock) -> np.ndarray:
        """Rows ``bool [n]`` out of bounds, of which there is no answer."""
        every = np.zeros(len(block.lines), dtype=bool)
        if self.extrapolate:
            return every
        first: tuple[int, str] | None = None
        for variable in self.predictor.layout.columns:
            if variable.name not in given:
                continue
            values = given[variable.name]
            slack = 1e-6 * (variable.high - variable.low)
            outside = (values < variable.low - slack) | (values > variable.high + slack)
            if variable.choices:
                outside |= values != np.round(values)
            every |= outside
            if outside.any() and (first is None or int(np.argmax(outside)) < first[0]):
                row = int(np.argmax(outside))
                try:
                    check_bounds([variable], [float(values[row])])
                except UnusableInputError as fault:
                    first = row, f"{block.style.source}, line {block.lines[row]}: {fault}"
        self.told.outside += int(every.sum())
        if first is not None and not self.told.first_outside:
            self.told.first_outside = first[1]
        return every


def _values(variable: Variable, places: Mapping[str, TableColumn], block: TableBlock) -> dict[str, np.ndarray]:
    """Numbers of an input, or of the elements of a vector, by name; without those that no column gives."""
    elements = variable.elements()
    place = places[elements[0].name]
    if place.whole is not None:
        rows = np.array([_told(variable, cell, block, row) for row, cell in enumerate(_cells(block, place.whole))])
        return {element.name: rows[:, k] for k, element in enumerate(elements)}
    found = {}
    for element in elements:
        place = places[element.name]
        if place.column is None:
            continue
        if element.choices:
            found[element.name] = _choices(element, place.column, block)
        else:
            values = block.numbers(place.column)
            found[element.name] = values if place.scale is None else place.scale[0] * values + place.scale[1]
    return found


def _choices(variable: Variable, name: str, block: TableBlock) -> np.ndarray:
    """Numbers of choices, each told by its name or its number; of the cells that are alike, one is looked at."""
    coded = block.column(name).dictionary_encode(null_encoding="encode")
    which = coded.indices.to_numpy(zero_copy_only=False)
    first = np.unique(which, return_index=True)[1]
    known = [_told(variable, cell, block, int(first[code]))[0] for code, cell in enumerate(_plain(coded.dictionary))]
    return np.array(known, dtype=float)[which]


def _cells(block: TableBlock, name: str) -> list[Any]:
    """Cells of a column that are not numbers alone: texts, of a Parquet file whatever it holds."""
    return _plain(block.column(name))


def _plain(cells: pyarrow.Array) -> list[Any]:
    return [cell.strip() if isinstance(cell, str) else cell for cell in cells.to_pylist()]


def _told(variable: Variable, cell: Any, block: TableBlock, row: int) -> Sequence[float]:
    try:
        if cell is None or cell == "":
            raise UnusableInputError(f"input '{variable.name}' is missing")
        return variable_values(variable, cell)
    except UnusableInputError as fault:
        raise UnusableInputError(f"{block.style.source}, line {block.lines[row]}: {fault}") from fault


def _as_kept(block: TableBlock, name: str) -> pyarrow.Array:
    """A column as it was written, with the decimal sign of the answers."""
    import pyarrow

    column = block.column(name)
    if pyarrow.types.is_string(column.type) and block.style.decimal == ",":
        from pyarrow import compute

        return compute.replace_substring_regex(column, r"^(\s*[+-]?\d*),(\d+([eE][+-]?\d+)?\s*)$", r"\1.\2")
    return column


def _result_names(predictor: Predictor) -> dict[str, str]:
    """Columns of the answers, each with what it holds; refuses a study of which two things would stand in one column."""
    variables = predictor.layout.columns
    inputs = {v.name: f"input '{v.name}'" for v in variables}
    holders: dict[str, str] = {"in_domain": "the column 'in_domain'"}
    for output in predictor.outputs:
        for element in [] if output.is_field else _elements(output):
            for end in _ENDS:
                column, holder = f"{output.name}{element}{end}", f"output '{output.name}'"
                other = holders.get(column) or inputs.get(column)
                if other:
                    raise UnusableInputError(
                        f"in a table of answers {holder} and {other} would both be column '{column}'; "
                        "ask one row, or rename one of them"
                    )
                holders[column] = holder
    return holders


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
