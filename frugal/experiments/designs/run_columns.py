"""Columns of a table of runs as inputs, outputs and groups: quantities, categories, runs that gave nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from frugal.errors import UnusableInputError
from frugal.experiments.study import Variable
from frugal.formats.files.headers import identifier, shortened
from frugal.formats.files.tables import TableBlock, found_column
from frugal.formats.files.written_numbers import cells_as_numbers
from frugal.texts import LANGUAGES

#: More different texts than this, or than half of the rows, are names of rows and no categories.
MOST_CATEGORIES, MOST_SHARE = 100, 0.5


@dataclass(frozen=True)
class InputColumn:
    """A column that is an input: numbers, or the numbers of its categories, which ``choices`` names in their order."""

    name: str
    values: np.ndarray
    choices: tuple[str, ...] = ()

    def variable(self, rows: np.ndarray) -> Variable:
        """The input that it is, with the bounds of some rows ``bool [n]``; a choice has all its categories."""
        label = dict.fromkeys(LANGUAGES, self.name)
        if self.choices:
            last = float(len(self.choices) - 1)
            return Variable(identifier(self.name), "1", 0.0, last, label=label, choices=self.choices)
        values = self.values[rows]
        return Variable(identifier(self.name), "1", float(values.min()), float(values.max()), label=label)


@dataclass(frozen=True)
class OutputColumns:
    """Outputs ``[n, m]``, NaN where a run gave none, and a sentence about these runs where there are some."""

    values: np.ndarray
    notes: list[str] = field(default_factory=list)

    @property
    def finished(self) -> np.ndarray:
        """Rows that have a value of every output, ``bool [n]``."""
        return np.asarray(np.isfinite(self.values).all(axis=1))


def columns_named(names: Sequence[str], block: TableBlock) -> list[str]:
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


def input_column(block: TableBlock, name: str) -> InputColumn:
    """A column as an input: categories where all its cells are texts, else numbers.

    The order of categories is the one that a Parquet file declares, else that of their names.

    Raises
    ------
    UnusableInputError
        If a cell is missing, texts stand among numbers, there are too many categories, or the column never varies.
    """
    choices = _categories(block, name)
    if choices:
        index = {choice: float(number) for number, choice in enumerate(choices)}
        values = np.array([index[text] for text in block.texts(name)])
        told = choices[0]
    else:
        values = block.numbers(name)
        told = f"{values[0]:g}"
    if values.min() == values.max():
        raise UnusableInputError(f"input column '{name}' has the same value {told} in every row; leave it out")
    return InputColumn(name, values, choices)


def _categories(block: TableBlock, name: str) -> tuple[str, ...]:
    import pyarrow

    kind = block.column(name).type
    declared = pyarrow.types.is_dictionary(kind)
    texts = (kind.value_type,) if declared else (kind,)
    if not any(pyarrow.types.is_string(one) or pyarrow.types.is_large_string(one) for one in texts):
        return ()
    cells = block.texts(name)
    known = set(cells)
    if np.isfinite(cells_as_numbers(sorted(known))).any() or known <= {""}:
        return ()  # numbers, which say what is missing or is none
    if "" in known:
        raise UnusableInputError(f"{block.where(name, cells.index(''))}: the category is missing")
    if len(known) > max(2, min(MOST_CATEGORIES, MOST_SHARE * len(cells))):
        raise UnusableInputError(
            f"column '{shortened(name)}' holds {len(known)} different texts in {len(cells)} rows, which are no categories; "
            f"at most {MOST_CATEGORIES}, and half as many as rows, are taken as choices"
        )
    if declared:
        order = [str(one).strip() for one in block.column(name).dictionary.to_pylist()]
        return tuple(choice for choice in dict.fromkeys(order) if choice in known)
    return tuple(sorted(known))


def output_columns(block: TableBlock, names: Sequence[str]) -> OutputColumns:
    """Outputs; a run without a value of one of them failed, and is left out and counted.

    Raises
    ------
    UnusableInputError
        If a cell is a text that is no number, or no run has a value.
    """
    values = np.stack([block.maybe_numbers(name) for name in names], axis=1)
    values[~np.isfinite(values)] = np.nan
    found = OutputColumns(values)
    failed = np.flatnonzero(~found.finished)
    if len(failed) == len(values):
        lacking = names[int(np.argmax(np.isnan(values).sum(axis=0)))]
        raise UnusableInputError(f"{block.style.source} has no row with a value of '{shortened(lacking)}'")
    if len(failed):
        first = names[int(np.argmax(np.isnan(values[failed[0]])))]
        found.notes.append(
            f"{len(failed)} of {len(values)} rows have no value of an output and are left out as failed runs; the first is "
            f"line {block.lines[failed[0]]}, without '{shortened(first)}'"
        )
    return found


def group_column(block: TableBlock, name: str) -> np.ndarray:
    """The group of each row, as a text.

    Raises
    ------
    UnusableInputError
        If a cell is empty, or all rows are of one group.
    """
    texts = np.array(block.texts(name))
    if (texts == "").any():
        row = int(np.argmax(texts == ""))
        raise UnusableInputError(f"{block.where(name, row)}: the group is missing")
    if len(np.unique(texts)) < 2:
        raise UnusableInputError(
            f"the group column '{name}' has the same value {texts[0]} in every row; leave it out or name another"
        )
    return texts
