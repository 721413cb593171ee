"""Tables of numbers: CSV (comma, semicolon or tab, point or decimal comma) and Parquet, whole or block by block."""

from __future__ import annotations

import io
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

import numpy as np

from frugal.errors import EnvironmentFaultError, UnusableInputError
from frugal.formats.files.csv_records import CsvFile
from frugal.formats.files.headers import column_of, plain_name, shortened, suggestion
from frugal.formats.files.table_writer import table_writer
from frugal.formats.files.written_numbers import (
    NumberStyle,
    are_numbers,
    are_whole,
    cells_as_numbers,
    converted,
    is_missing,
    tidied,
)

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow

_LARGEST_FILE_BYTES = 2_000_000_000
#: Rows of a Parquet file that are held at a time.
_BLOCK_ROWS = 50_000
_LINES, _SOURCE = "lines", "source"


@dataclass(frozen=True)
class TableBlock:
    """Some rows of a table, next to each other: columns by name, and the line of the file on which each row stands.

    The header is line 1 where nothing stands above it; the rows of a Parquet file are counted as if they were lines below one.
    """

    names: list[str]
    columns: list[pyarrow.Array]
    lines: np.ndarray
    style: NumberStyle

    def column(self, name: str) -> pyarrow.Array:
        """The cells of a column: texts of a CSV as they are written, values of a Parquet file."""
        return self.columns[self.names.index(name)]

    def texts(self, name: str) -> list[str]:
        """The cells of a column as texts without spaces around them; empty where there is nothing."""
        return ["" if cell is None else str(cell).strip() for cell in self.column(name).to_pylist()]

    def numbers(self, name: str) -> np.ndarray:
        """The cells of a column as finite numbers ``[n]``.

        Raises
        ------
        UnusableInputError
            If a cell is missing, infinite or no number: naming column and line.
        """
        values = self.maybe_numbers(name)
        bad = ~np.isfinite(values)
        if bad.any():
            row = int(np.argmax(bad))
            what = "is missing" if np.isnan(values[row]) else f"is '{values[row]:g}', not a finite number"
            more = f" ({int(bad.sum())} such rows)" if bad.sum() > 1 else ""
            raise UnusableInputError(f"{self.where(name, row)}: the value {what}{more}")
        return values

    def maybe_numbers(self, name: str) -> np.ndarray:
        """The same, with NaN where a cell is missing and infinity where it says so."""
        import pyarrow

        column = self.column(name)
        if pyarrow.types.is_dictionary(column.type):
            column = column.dictionary_decode()
        if pyarrow.types.is_large_string(column.type):
            column = column.cast(pyarrow.string())
        if pyarrow.types.is_string(column.type):
            return self.style.numbers(column, name, self.lines)
        try:
            if pyarrow.types.is_boolean(column.type):
                column = column.cast(pyarrow.int8())
            return column.cast(pyarrow.float64(), safe=False).to_numpy(zero_copy_only=False).astype(np.float64)
        except (pyarrow.ArrowInvalid, pyarrow.ArrowNotImplementedError) as fault:
            raise UnusableInputError(
                f"{self.style.source}, column '{shortened(name)}' holds {column.type}, which are no numbers"
            ) from fault

    def where(self, name: str, row: int) -> str:
        """Column and line of a cell, as sentences begin."""
        return f"{self.style.source}, column '{shortened(name)}', line {self.lines[row]}"


class OpenTable:
    """An open table: the names of its columns, and its rows block by block, of which nothing is read twice.

    Parameters
    ----------
    names : list of str
        As they stand in the header, but for spaces, and accents written in two ways.
    source : str
        What it is called in messages.
    blocks : iterator of TableBlock
    """

    def __init__(self, names: list[str], source: str, blocks: Iterator[TableBlock]) -> None:
        self.names, self.source, self.blocks = names, source, blocks

    def found(self, wanted: str) -> str:
        """The name, as it stands in the header, of the column that a user means.

        Raises
        ------
        UnusableInputError
            If there is none; close names are suggested.
        """
        return found_column(wanted, self.names, self.source)


def found_column(wanted: str, names: Sequence[str], source: str) -> str:
    """The name, as it stands in the header, of the column that a user means.

    Raises
    ------
    UnusableInputError
        If there is none; close names are suggested.
    """
    name = column_of(wanted, names)
    if name is None:
        raise UnusableInputError(f"{source} has no column '{wanted}'; {suggestion(wanted, names)}")
    return name


@contextmanager
def open_table(path: Path | str) -> Iterator[OpenTable]:
    """Open a table with a header line; Parquet is recognised by its first bytes, anything else is read as CSV.

    The separator of a CSV is found in its header (semicolon, tab, comma or bar), its encoding in its bytes (UTF-8, UTF-16,
    Windows-1252). One decimal sign is in use, point or comma; nothing but spaces stands between thousands. Lines that begin
    with ``#`` are comments.

    Parameters
    ----------
    path : path
        A file, or a device or FIFO, from which no more is read than is asked for.

    Raises
    ------
    UnusableInputError
        If the file is missing, damaged or empty, names a column twice, or writes numbers in two ways; also while its blocks are
        read.
    """
    path = Path(path)
    source = f"table '{path}'"
    try:
        with path.open("rb") as stream:
            start = stream.read(4)
            table = _parquet(_rewound(stream, start, path), source) if start == b"PAR1" else None
            yield table or _csv(_Ahead(start, stream), source)
    except UnusableInputError:
        raise
    except MemoryError as fault:
        raise EnvironmentFaultError(f"{source} needs more memory than there is") from fault
    except OSError as fault:
        if fault.filename != str(path) and not isinstance(fault, IsADirectoryError):
            raise
        raise UnusableInputError(f"{source} cannot be read: {fault.strerror}") from fault


class _Ahead:
    """A stream of which the first bytes are read already."""

    def __init__(self, start: bytes, stream: IO[bytes]) -> None:
        self._start, self._stream = start, stream

    def read(self, n: int) -> bytes:
        """The next bytes."""
        start, self._start = self._start, b""
        return start + self._stream.read(n - len(start))


def _csv(stream: Any, source: str) -> OpenTable:
    file = CsvFile(stream, source)
    style = NumberStyle(source, file.separator)

    def blocks() -> Iterator[TableBlock]:
        for records in file.blocks():
            style.take(file.names, records.columns, records.lines, records.commas)
            yield TableBlock(file.names, records.columns, records.lines, style)

    return OpenTable(file.names, source, blocks())


def _rewound(stream: IO[bytes], start: bytes, path: Path) -> Any:
    """The stream from its beginning: its end is read first, which a FIFO does not allow."""
    if stream.seekable():
        stream.seek(0)
        return stream
    content = start + stream.read(_LARGEST_FILE_BYTES)
    if len(content) > _LARGEST_FILE_BYTES:
        raise UnusableInputError(f"table '{path}' is over {_LARGEST_FILE_BYTES // 10**9} GB")
    return io.BytesIO(content)


def _parquet(stream: Any, source: str) -> OpenTable:
    import pyarrow
    from pyarrow import parquet

    damaged = f"{source} is a damaged or cut Parquet file"
    try:
        file = parquet.ParquetFile(stream, buffer_size=1 << 18, pre_buffer=False)
    except (ValueError, OSError, KeyError) as fault:
        raise UnusableInputError(damaged) from fault
    fields = [name for name in file.schema_arrow.names if not name.startswith("__index_level_")]
    names = [plain_name(name) for name in fields]
    for name in names:
        if names.count(name) > 1:
            raise UnusableInputError(f"{source} has two columns named '{shortened(name)}'")

    def blocks() -> Iterator[TableBlock]:
        first, style = 2, NumberStyle(source, "")
        try:
            for batch in file.iter_batches(batch_size=_BLOCK_ROWS, columns=fields, use_threads=False):
                lines = np.arange(first, first + batch.num_rows)
                columns = [batch.column(k) for k in range(batch.num_columns)]
                style.take(names, columns, lines)
                yield TableBlock(names, columns, lines, style)
                first += batch.num_rows
        except (pyarrow.ArrowException, OSError) as fault:
            raise UnusableInputError(damaged) from fault

    return OpenTable(names, source, blocks())


def read_whole(path: Path | str) -> TableBlock:
    """The whole of a table in one block.

    Raises
    ------
    UnusableInputError
        As `open_table` does, and if there are no rows or it is larger than memory should hold.
    """
    import pyarrow

    path = Path(path)
    with open_table(path) as table:
        blocks, size = [], 0
        for block in table.blocks:
            size += sum(column.nbytes for column in block.columns)
            if size > _LARGEST_FILE_BYTES:
                raise UnusableInputError(f"{table.source} is over {_LARGEST_FILE_BYTES // 10**9} GB")
            blocks.append(block)
        if not any(len(block.lines) for block in blocks):
            raise UnusableInputError(f"{table.source} has no rows")
        columns = [pyarrow.concat_arrays([block.columns[k] for block in blocks]) for k in range(len(table.names))]
        return TableBlock(table.names, columns, np.concatenate([block.lines for block in blocks]), blocks[0].style)


def read_table(path: Path | str, text: Collection[str] = ()) -> pd.DataFrame:
    """Read a whole table, as `open_table` opens it: columns of numbers as such, others as texts.

    Parameters
    ----------
    path : path
    text : collection of str
        Columns of a CSV that are kept as they are written, where there are such: ``007`` is no 7, and an empty cell is ``""``.

    Raises
    ------
    UnusableInputError
        If the file is missing, damaged, empty, without rows, names a column twice, or writes numbers in two ways.
    """
    import pandas as pd

    block = read_whole(path)
    frame = pd.DataFrame({name: _series(block, name, text) for name in block.names})
    frame.attrs = {_LINES: block.lines.tolist(), _SOURCE: block.style.source}
    return frame


def _series(block: TableBlock, name: str, as_text: Collection[str]) -> Any:
    import pandas as pd
    import pyarrow

    column = block.column(name)
    if not pyarrow.types.is_string(column.type) or block.style.separator == "":
        return column.to_pandas()
    if name in as_text:
        return pd.Series(block.texts(name), dtype="str")
    text = tidied(column)
    if are_whole(text):
        return (
            column.cast(pyarrow.int64()).to_pandas() if column.equals(text) else text.cast(pyarrow.int64()).to_pandas()
        )
    missing = is_missing(text)
    if are_numbers(text) or missing.all():
        return pd.Series(converted(text, missing))
    return pd.Series(
        [None if empty else cell for empty, cell in zip(missing, text.to_pylist(), strict=True)], dtype="str"
    )


def columns(table: pd.DataFrame, names: Sequence[str], source: str | None = None) -> np.ndarray:
    """Columns side by side as numbers.

    Parameters
    ----------
    table : DataFrame
        As `read_table` gives it, or any other.
    names : sequence of str
    source : str, optional
        What the table is called in messages.

    Returns
    -------
    ndarray of float64, shape (rows, len(names))

    Raises
    ------
    UnusableInputError
        If the table is empty, a column is unknown (close names are suggested), or a value is missing, infinite or no number:
        its line in the file is said, or its row, counted from 1, in a table that comes from none.
    """
    source = source or table.attrs.get(_SOURCE, "table")
    if len(table) == 0:
        raise UnusableInputError(f"{source} has no rows")
    result = np.empty((len(table), len(names)), dtype=np.float64)
    for index, name in enumerate(names):
        if name not in table.columns:
            raise UnusableInputError(f"{source} has no column '{name}'; {suggestion(name, list(table.columns))}")
        result[:, index] = _numbers(table, name, source)
    return result


def line_of(table: pd.DataFrame, row: int) -> str:
    """Where a row of a table stands: its line in the file, or its number where the table comes from none."""
    lines = table.attrs.get(_LINES)
    return f"row {row + 1}" if lines is None or len(lines) != len(table) else f"line {lines[row]}"


def _numbers(table: pd.DataFrame, name: str, source: str) -> np.ndarray:
    import pandas as pd

    series = table[name]
    if pd.api.types.is_numeric_dtype(series):
        values = series.to_numpy(dtype=np.float64, na_value=np.nan)
    else:
        values = cells_as_numbers([None if _is_empty(cell) else str(cell) for cell in series])
    bad = ~np.isfinite(values)
    if bad.any():
        wrong = [k for k in np.flatnonzero(bad) if not _is_empty(series.iloc[k])]
        row = int(wrong[0] if wrong else np.argmax(bad))
        raw = series.iloc[row]
        what = "is missing" if not wrong else f"is '{shortened(raw)}', not a finite number"
        more = f" ({int(bad.sum())} such rows)" if bad.sum() > 1 else ""
        raise UnusableInputError(f"{source}, column '{shortened(name)}', {line_of(table, row)}: the value {what}{more}")
    return values


def _is_empty(raw: Any) -> bool:
    import pandas as pd

    return bool(pd.isna(raw)) or not str(raw).strip()


def write_table(path: Path | str, table: pd.DataFrame) -> None:
    """Write a table whole or not at all: Parquet when the name ends in ``.parquet``, otherwise CSV.

    Raises
    ------
    EnvironmentFaultError
        If the file cannot be written.
    """
    import pyarrow

    with table_writer(path) as write:
        write(pyarrow.Table.from_pandas(table, preserve_index=False).replace_schema_metadata(None))
