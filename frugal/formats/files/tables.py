"""Tables of numbers: CSV (comma or semicolon, point or decimal comma) and Parquet."""

from __future__ import annotations

import csv
import difflib
import io
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from frugal.errors import UnusableInputError
from frugal.formats.files.atomic import write_bytes

if TYPE_CHECKING:
    import pandas as pd

_LARGEST_FILE_BYTES = 2_000_000_000


def read_table(path: Path | str, text: Collection[str] = ()) -> pd.DataFrame:
    """Read a table with a header line; Parquet is recognised by its first bytes, anything else is read as
    CSV.

    The separator of a CSV is found in its header (semicolon, tab or comma). Semicolon or tab files may write
    3,14 for 3.14. Lines that start with ``#`` are comments.

    Parameters
    ----------
    path : path
    text : collection of str
        Columns of a CSV that are kept as they are written, where there are such: ``007`` is no 7, and an empty cell is ``""``.

    Raises
    ------
    UnusableInputError
        If the file is missing, damaged, empty, without rows, or names a column twice.
    """
    import pandas as pd

    path = Path(path)
    try:
        if path.stat().st_size > _LARGEST_FILE_BYTES:
            raise UnusableInputError(f"table '{path}' is over {_LARGEST_FILE_BYTES // 10**9} GB")
        content = path.read_bytes()
    except OSError as fault:
        raise UnusableInputError(f"table '{path}' cannot be read: {fault.strerror}") from fault
    if content[:4] == b"PAR1":
        try:
            table = pd.read_parquet(io.BytesIO(content))
        except (ValueError, OSError, KeyError) as fault:
            raise UnusableInputError(f"table '{path}' is a damaged or cut Parquet file") from fault
    else:
        table = _read_csv(content, path, text)
    table.columns = [str(column).strip() for column in table.columns]
    twice = table.columns[table.columns.duplicated()]
    if len(twice):
        raise UnusableInputError(f"table '{path}' has two columns named '{twice[0]}'")
    if table.empty:
        raise UnusableInputError(f"table '{path}' has no rows")
    return table


def _read_csv(content: bytes, path: Path, as_text: Collection[str]) -> pd.DataFrame:
    import pandas as pd

    if b"\x00" in content[:4096]:
        raise UnusableInputError(f"table '{path}' is neither text nor Parquet; a CSV or a Parquet file is needed")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = content.decode("latin-1")  # what older spreadsheets write
    lines = [line for line in text.splitlines() if line.strip() and not line.startswith("#")]
    if not lines:
        raise UnusableInputError(f"table '{path}' is empty")
    separator = _separator(lines[0])
    header = next(csv.reader([lines[0]], delimiter=separator))
    names = [name.strip() for name in header]
    for name in names:  # pandas would rename a second one silently
        if names.count(name) > 1:
            raise UnusableInputError(f"table '{path}' has two columns named '{name}'")
    decimal = "," if separator != "," and _has_decimal_comma(lines[1:200], separator) else "."
    try:
        joined = "\n".join(lines)
        table = pd.read_csv(io.StringIO(joined), sep=separator, decimal=decimal, skipinitialspace=True)
        if any(name in as_text for name in names):
            written = pd.read_csv(io.StringIO(joined), sep=separator, skipinitialspace=True, dtype=str, na_filter=False)
            for column in table.columns:
                if str(column).strip() in as_text:
                    table[column] = written[column].str.strip()
        return table
    except (ValueError, pd.errors.ParserError) as fault:
        reason = str(fault).strip().splitlines()[0][:120]
        raise UnusableInputError(f"table '{path}' is not a readable CSV: {reason}") from fault


def _separator(header: str) -> str:
    for separator in (";", "\t"):
        if separator in header:
            return separator
    return ","


def _has_decimal_comma(lines: Sequence[str], separator: str) -> bool:
    cells = [cell.strip().strip('"') for line in lines for cell in line.split(separator)]
    with_comma = sum(1 for cell in cells if cell.count(",") == 1 and cell.replace(",", "").lstrip("+-").isdigit())
    with_point = sum(1 for cell in cells if cell.count(".") == 1 and cell.replace(".", "").lstrip("+-").isdigit())
    return with_comma > with_point


def columns(table: pd.DataFrame, names: Sequence[str], source: str = "table") -> np.ndarray:
    """Columns side by side as numbers.

    Parameters
    ----------
    table : DataFrame
    names : sequence of str
    source : str
        What the table is called in messages.

    Returns
    -------
    ndarray of float64, shape (rows, len(names))

    Raises
    ------
    UnusableInputError
        If the table is empty, a column is unknown (close names are suggested), or a value is missing,
        infinite or no number (its row, counted from 1 below the header, is said).
    """
    if len(table) == 0:
        raise UnusableInputError(f"{source} has no rows")
    result = np.empty((len(table), len(names)), dtype=np.float64)
    for index, name in enumerate(names):
        if name not in table.columns:
            raise UnusableInputError(f"{source} has no column '{name}'; {_suggestion(name, list(table.columns))}")
        result[:, index] = _numbers(table[name], name, source)
    return result


def _suggestion(name: str, known: list[str]) -> str:
    folded = [column for column in known if column.lower() == name.lower()]
    close = folded or difflib.get_close_matches(name, known, n=3, cutoff=0.6)
    if close:
        return "did you mean " + " or ".join(f"'{column}'" for column in close) + "?"
    return "it has " + ", ".join(known[:12]) + (", …" if len(known) > 12 else "")


def _numbers(series: pd.Series, name: str, source: str) -> np.ndarray:
    import pandas as pd

    numbers = pd.to_numeric(series, errors="coerce")
    values = numbers.to_numpy(dtype=np.float64, na_value=np.nan)
    bad = ~np.isfinite(values)
    if bad.any():
        row = int(np.argmax(bad))
        raw = series.iloc[row]
        what = "is missing" if pd.isna(raw) or not str(raw).strip() else f"is '{raw}', not a finite number"
        more = f" ({int(bad.sum())} such rows)" if bad.sum() > 1 else ""
        raise UnusableInputError(f"{source}, column '{name}', row {row + 1}: the value {what}{more}")
    return values


def write_table(path: Path | str, table: pd.DataFrame) -> None:
    """Write a table whole or not at all: Parquet when the name ends in ``.parquet``, otherwise CSV.

    Raises
    ------
    EnvironmentFaultError
        If the file cannot be written.
    """
    path = Path(path)
    if path.suffix.lower() in (".parquet", ".pq"):
        buffer = io.BytesIO()
        table.to_parquet(buffer, index=False)
        write_bytes(path, buffer.getvalue())
    else:
        write_bytes(path, table.to_csv(index=False, lineterminator="\n").encode("utf-8"))
