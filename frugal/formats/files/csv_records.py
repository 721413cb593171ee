"""A CSV file block by block: its encoding, its separator, its records, and the line on which each of them begins."""

from __future__ import annotations

import codecs
import csv
import io
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING

import numpy as np

from frugal.errors import UnusableInputError
from frugal.formats.files.headers import plain_name, shortened

if TYPE_CHECKING:
    import pyarrow

#: What is read and held at a time.
_BLOCK_BYTES = 4_000_000
#: A file whose lines are longer is no table, and may never end.
_LONGEST_LINE, _LONGEST_NAME, _HEADER_LETTERS = 4_000_000, 1_000, 200_000
_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)


@dataclass(frozen=True)
class Records:
    """Cells of some rows as they are written, column by column, and the line of the file on which each row begins.

    ``commas`` says whether any of them may hold a comma.
    """

    columns: list[pyarrow.Array]
    lines: np.ndarray
    commas: bool = True


class CsvFile:
    """The header and the records of a CSV file.

    Lines count as a text editor counts them, the first one being 1. Blank lines, rows of empty cells and lines that begin with
    ``#`` are left out, but counted.

    Parameters
    ----------
    stream : binary file
        From which nothing is read twice; a FIFO will do.
    source : str
        What the table is called in messages.

    Raises
    ------
    UnusableInputError
        If it is empty, no text, or its header cannot be used.
    """

    def __init__(self, stream: IO[bytes], source: str) -> None:
        self._source = source
        self._chunks = _lines_of_text(stream, source)
        self._line = 1
        self._body = next(self._chunks, "")
        self.separator, self.names, self._n_unnamed = self._header()

    def _header(self) -> tuple[str, list[str], int]:
        lines = _Lines(self._body, self._line)
        first = next(lines, None)
        if first is None:
            raise UnusableInputError(f"{self._source} is empty")
        told = re.fullmatch(r"sep=(.)\s*", first, re.IGNORECASE)  # what spreadsheets understand, and write
        separator = told[1] if told else _separator(self._body[lines.position - len(first) :])
        again = _Lines(self._body, self._line)
        if told:
            next(again)
        again.at_start = True
        with _long_cells():
            header = next(csv.reader(again, delimiter=separator, skipinitialspace=True), [])
        names = [plain_name(name) for name in header]
        while names and not names[-1]:  # a header that ends with separators
            names.pop()
        if not names:
            raise UnusableInputError(f"{self._source} has a header without names")
        for number, name in enumerate(names, start=1):
            if len(name) > _LONGEST_NAME:
                raise UnusableInputError(
                    f"{self._source}: the name of column {number} has {len(name)} letters ('{shortened(name)}'); "
                    f"{_LONGEST_NAME} are allowed"
                )
        names = [name or f"column {number}" for number, name in enumerate(names, start=1)]
        for name in names:
            if names.count(name) > 1:
                raise UnusableInputError(f"{self._source} has two columns named '{shortened(name)}'")
        self._body, self._line = again.rest(), again.line
        return separator, names, len(header) - len(names)

    def blocks(self) -> Iterator[Records]:
        """The records, some at a time.

        Raises
        ------
        UnusableInputError
            Naming the line that has not as many cells as the header.
        """
        kept = ""
        while True:
            body = kept + self._body
            following = next(self._chunks, None)
            found, kept = self._records(body, last=following is None)
            if found is not None and len(found.lines):
                yield found
            if following is None:
                return
            self._body = following

    def _records(self, body: str, last: bool) -> tuple[Records | None, str]:
        """Records of whole lines, and what is left of one that has not ended."""
        if not body:
            return None, ""
        first = self._line
        records = self._read_plainly(body) if self._is_plain(body) else None
        if records is None:  # or some row has not as many cells as the header: it is found
            with _long_cells():
                return self._read_carefully(body, last)
        n = len(records[0])
        self._line += n
        return Records(records, np.arange(first, first + n), self.separator != "," or '"' in body), ""

    def _is_plain(self, body: str) -> bool:
        """Nothing but rows of cells: no comment, no blank line, no row of empty cells, no space before a quotation mark."""
        empty = self.separator * (len(self.names) + self._n_unnamed - 1)
        signs = ("\n\n", "\n#", "\n ", "\n\t", f"\n{empty}\n", f'{self.separator} "')
        return not (self._n_unnamed or body.startswith(("#", "\n", " ", "\t")) or any(s in body for s in signs))

    def _read_plainly(self, body: str) -> list[pyarrow.Array] | None:
        import pyarrow
        from pyarrow import csv as arrow_csv

        keys = [str(k) for k in range(len(self.names))]
        content = body.encode("utf-8")
        try:
            table = arrow_csv.read_csv(
                pyarrow.BufferReader(content),
                read_options=arrow_csv.ReadOptions(use_threads=False, column_names=keys, block_size=len(content) + 1),
                parse_options=arrow_csv.ParseOptions(
                    delimiter=self.separator, quote_char='"', ignore_empty_lines=False, newlines_in_values=True
                ),
                convert_options=arrow_csv.ConvertOptions(
                    column_types=dict.fromkeys(keys, pyarrow.string()), strings_can_be_null=False, check_utf8=False
                ),
            )
        except pyarrow.ArrowInvalid:
            return None
        if table.num_rows != body.count("\n") + (not body.endswith("\n")):
            return None  # some cell holds the end of a line
        return [column.combine_chunks() for column in table.columns]

    def _read_carefully(self, body: str, last: bool) -> tuple[Records, str]:
        import pyarrow

        feed = _Lines(body, self._line)
        reader = csv.reader(feed, delimiter=self.separator, skipinitialspace=True)
        width = len(self.names)
        rows: list[list[str]] = []
        lines: list[int] = []
        while True:
            before, feed.at_start = (feed.line, feed.position), True
            row = next(reader, None)
            if row is None:
                self._line = feed.line
                kept = ""
                break
            if feed.ended:  # a quotation mark is open: the record goes on in what is not read yet
                self._line, kept = before[0], body[before[1] :]
                if last or len(kept) > _LONGEST_LINE:
                    raise UnusableInputError(
                        f"{self._source}, line {feed.begun}: a quotation mark is opened there and never closed"
                    )
                break
            if not any(map(str.strip, row)):
                continue
            if len(row) < width or any(map(str.strip, row[width:])):
                raise UnusableInputError(self._ragged(row, feed.begun))
            rows.append(row[:width])
            lines.append(feed.begun)
        told = zip(*rows, strict=True) if rows else [()] * width
        return Records(
            [pyarrow.array(cells, pyarrow.string()) for cells in told], np.array(lines, dtype=np.int64)
        ), kept

    def _ragged(self, row: Sequence[str], line: int) -> str:
        told = f"{self._source} is not a readable CSV: line {line} has"
        if len(row) < len(self.names):
            return f"{told} {len(row)} of {len(self.names)} cells"
        more = "; numbers with a decimal comma need semicolons between them" if self.separator == "," else ""
        return f"{told} {len(row)} cells and the header {len(self.names)}{more}"


@contextmanager
def _long_cells() -> Iterator[None]:
    """Let cells be as long as lines: what is wrong with one is told where it is used."""
    before = csv.field_size_limit(_LONGEST_LINE + _BLOCK_BYTES)
    try:
        yield
    finally:
        csv.field_size_limit(before)


class _Lines:
    """Lines of a text for a reader of records, which is not given comments and blank lines where a record begins."""

    def __init__(self, body: str, line: int) -> None:
        self._body = body
        self.position = 0
        #: That of the next line, and of the one with which the record at hand begins.
        self.line, self.begun = line, line
        self.at_start = True
        #: Whether the reader asked for more than there is.
        self.ended = False

    def __iter__(self) -> _Lines:
        return self

    def __next__(self) -> str:
        while self.position < len(self._body):
            end = self._body.find("\n", self.position)
            end = len(self._body) if end < 0 else end + 1
            told = self._body[self.position : end]
            self.position, self.line = end, self.line + 1
            if self.at_start and (not told.strip() or told.startswith("#")):
                continue
            if self.at_start:
                self.begun, self.at_start = self.line - 1, False
            return told
        self.ended = True
        raise StopIteration

    def rest(self) -> str:
        return self._body[self.position :]


def _separator(body: str) -> str:
    """The first of semicolon, tab, comma and bar that stands in the header outside of quotation marks."""
    outside = re.sub(r'"[^"]*("|$)', "", body[:_HEADER_LETTERS]).partition("\n")[0]
    return next((sign for sign in (";", "\t", ",", "|") if sign in outside), ",")


def _lines_of_text(stream: IO[bytes], source: str) -> Iterator[str]:
    """The text of a file in pieces that end where a line ends, whatever its encoding and its ends of lines."""
    kept, line = "", 1
    for text in _decoded(stream, source):
        if "\x00" in text:
            raise UnusableInputError(f"{source} is neither text nor Parquet; a CSV or a Parquet file is needed")
        body = kept + text
        end = body.rfind("\n") + 1
        kept = body[end:]
        if end:
            yield body[:end]
            line += body.count("\n", 0, end)
        if len(kept) > _LONGEST_LINE:
            raise UnusableInputError(f"{source}, line {line} is longer than {_LONGEST_LINE} letters: this is no table")
    if kept:
        yield kept


def _decoded(stream: IO[bytes], source: str) -> Iterator[str]:
    chunk = stream.read(_BLOCK_BYTES)
    if chunk.startswith(b"PK\x03\x04"):
        raise UnusableInputError(f"{source} is a workbook or an archive; save the table as CSV or Parquet")
    mark, encoding = next(((mark, name) for mark, name in _MARKS if chunk.startswith(mark)), (b"", ""))
    encoding = encoding or _without_mark(chunk)
    chunk = chunk[len(mark) :]
    decoder = _decoder(encoding)
    plain, line = True, 1  # only ASCII until now, which is the same in every encoding of bytes
    while True:
        state, last = decoder.getstate(), not chunk
        if b"\x00" in chunk and encoding in ("utf-8", "cp1252"):
            raise UnusableInputError(f"{source} is neither text nor Parquet; a CSV or a Parquet file is needed")
        try:
            text = decoder.decode(chunk, final=last)
        except UnicodeDecodeError as fault:
            if encoding != "utf-8" or not plain:
                at = line + (state[0] + chunk).count(b"\n", 0, fault.start)
                raise UnusableInputError(
                    f"{source}, line {at}: not text in one encoding (UTF-8, UTF-16 or Windows-1252 is needed)"
                ) from fault
            encoding = "cp1252"  # what older spreadsheets write
            decoder = _decoder(encoding)
            decoder.setstate((b"", state[1] & 1))
            chunk = state[0] + chunk
            continue
        plain, line = plain and text.isascii(), line + text.count("\n")
        yield text
        if last:
            return
        chunk = stream.read(_BLOCK_BYTES)


def _decoder(encoding: str) -> io.IncrementalNewlineDecoder:
    return io.IncrementalNewlineDecoder(codecs.getincrementaldecoder(encoding)(), translate=True)


def _without_mark(chunk: bytes) -> str:
    """UTF-16 without its mark has a zero in every second byte of a text in Latin letters."""
    even, odd = chunk[:4096:2].count(0), chunk[1:4096:2].count(0)
    half = len(chunk[:4096]) // 2
    if half >= 4 and max(even, odd) > 0.8 * half and min(even, odd) < 0.1 * half:
        return "utf-16-le" if odd > even else "utf-16-be"
    return "utf-8"
