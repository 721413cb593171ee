"""Tables written block by block: Parquet or CSV, in full precision, under their name only when they are whole."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, TYPE_CHECKING

from frugal.formats.files.atomic import drafted
from frugal.formats.files.json_files import to_json

if TYPE_CHECKING:
    import pyarrow

PARQUET = (".parquet", ".pq")
#: What makes quotation marks around a cell necessary.
_SPECIAL = r'[",\r\n]|^[ #]| $'


@contextmanager
def table_writer(path: Path | str) -> Iterator[Callable[[pyarrow.Table], None]]:
    """Yield what takes the blocks of a table, which all have the columns of the first.

    Parameters
    ----------
    path : path
        Parquet when the name ends in ``.parquet`` or ``.pq``, otherwise CSV (UTF-8, commas, points).

    Raises
    ------
    EnvironmentFaultError
        If the file cannot be written; the old one, if any, is left as it was.
    """
    with drafted(path) as draft:
        if Path(path).suffix.lower() in PARQUET:
            with _parquet(draft) as write:
                yield write
        else:
            with draft.open("wb") as stream:
                yield csv_writer(stream)


@contextmanager
def _parquet(draft: Path) -> Iterator[Callable[[pyarrow.Table], None]]:
    from pyarrow import parquet

    writers: list[parquet.ParquetWriter] = []

    def write(table: pyarrow.Table) -> None:
        if not writers:
            writers.append(parquet.ParquetWriter(draft, table.schema))
        writers[0].write_table(table)

    try:
        yield write
    finally:
        for writer in writers:
            writer.close()


def csv_writer(stream: IO[bytes]) -> Callable[[pyarrow.Table], None]:
    """What writes blocks of a table into an open file as CSV: numbers in the fewest digits that give them again.

    An empty cell is a missing value, and a truth is ``True`` or ``False``.
    """
    begun = False

    def write(table: pyarrow.Table) -> None:
        nonlocal begun
        import pyarrow
        from pyarrow import compute
        from pyarrow import csv as arrow_csv

        if not begun:
            stream.write((",".join(map(_quoted, table.column_names)) + "\n").encode("utf-8"))
            begun = True
        cells, quoted = [], False
        for given in table.columns:
            column = given
            if pyarrow.types.is_boolean(column.type):
                column = compute.if_else(column, "True", "False")
            elif pyarrow.types.is_floating(column.type):
                column = compute.if_else(compute.is_nan(column), None, column)
            elif not pyarrow.types.is_integer(column.type):
                column = column.cast(pyarrow.string())
                quoted |= bool(compute.any(compute.match_substring_regex(column, _SPECIAL)).as_py())
            cells.append(column)
        told = pyarrow.table(cells, names=table.column_names)
        style = "needed" if quoted else "none"
        arrow_csv.write_csv(told, stream, arrow_csv.WriteOptions(include_header=False, quoting_style=style))

    return write


def json_writer(stream: IO[bytes]) -> Callable[[pyarrow.Table], None]:
    """What writes blocks of a table into an open file as one JSON list of objects, but for its end, ``]``."""
    begun = False

    def write(table: pyarrow.Table) -> None:
        nonlocal begun
        rows = to_json(table.to_pylist()).removeprefix("[").removesuffix("\n]\n")
        stream.write((("," if begun else "[") + rows).encode("utf-8"))
        begun = True

    return write


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"' if re.search(_SPECIAL, name) or not name else name
