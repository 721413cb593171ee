"""Numbers as files hold them: one decimal sign in a file, and nothing between thousands but spaces."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from frugal.errors import UnusableInputError
from frugal.formats.files.headers import shortened

if TYPE_CHECKING:
    import pyarrow

_SPACES = r"[ \x{a0}\x{202f}\x{2009}'\x{2019}]"
#: A number with at most one decimal sign, and one with spaces between its thousands.
_NUMBER = r"^[+-]?(\d+([.,]\d*)?|[.,]\d+)([eE][+-]?\d+)?$"
_SPACED = rf"^[+-]?\d{{1,3}}({_SPACES}\d{{3}})+([.,]\d*)?([eE][+-]?\d+)?$"
#: Point and comma in one number, or one of them twice between groups of three.
_GROUPED = r"^[+-]?\d{1,3}(([.,]\d{3})+[.,]\d*|[.,]\d{3}([.,]\d{3})+)$"
#: What may be thousands as well as a fraction: 7.730 is seven thousand to some.
_DOUBTFUL = {".": r"^[+-]?[1-9]\d{0,2}\.\d{3}$", ",": r"^[+-]?[1-9]\d{0,2},\d{3}$"}
_DOUBTFUL_ROUND = {".": r"^[+-]?[1-9]\d{0,2}\.\d{2}0$", ",": r"^[+-]?[1-9]\d{0,2},\d{2}0$"}
_MISSING = ("", "na", "n/a", "nan", "null", "none", "-", "--", "#n/a", "#na", "<na>", "nil", "nd")
#: Cells that may be thousands before a column is held to be written so.
_FEWEST_DOUBTFUL = 3


@dataclass(frozen=True)
class Cell:
    """One cell of a table, as a sentence tells it."""

    text: str
    column: str
    line: int

    def __str__(self) -> str:
        return f"'{shortened(self.text)}' (column '{shortened(self.column)}', line {self.line})"


@dataclass
class NumberStyle:
    """How the numbers of one file are written, as far as it has been read.

    Parameters
    ----------
    source : str
        What the file is called in messages.
    separator : str
        Between cells.
    """

    source: str
    separator: str
    _seen: dict[str, Cell] = field(default_factory=dict)
    #: Decimal signs that some cell shows to be such, and no sign between thousands.
    _sure: set[str] = field(default_factory=set)

    @property
    def decimal(self) -> str:
        """The decimal sign: the one that was seen, else the point."""
        return "," if "," in self._seen else "."

    def take(
        self, names: list[str], columns: list[pyarrow.Array], lines: np.ndarray, may_hold_commas: bool = True
    ) -> None:
        """Follow which signs the cells of some rows use, in every column that holds numbers.

        Raises
        ------
        UnusableInputError
            If two decimal signs are in use, or a sign may be one between thousands: naming the cells.
        """
        import pyarrow
        from pyarrow import compute

        texts = []
        for name, column in zip(names, columns, strict=True):
            if not pyarrow.types.is_string(column.type):
                continue
            with_comma = may_hold_commas and compute.any(compute.match_substring(column, ",")).as_py()
            if not with_comma and (self._seen.keys() == self._sure == {"."} or not _holds(column, ".")):
                continue  # nothing new
            if with_comma and self._seen.keys() == self._sure == {","} and not _holds(column, "."):
                continue
            text = tidied(column)
            texts.append((name, text))
            self._note(name, text, lines)
        for name, text in texts:
            self._doubt(name, text, lines)

    def _note(self, name: str, text: pyarrow.Array, lines: np.ndarray) -> None:
        """Signs of a column in which every cell that is not empty is a number."""
        from pyarrow import compute

        grouped = _matches(text, _GROUPED)
        number = _matches(text, _NUMBER) | _matches(text, _SPACED)
        filled = ~is_missing(text)
        if not (number | grouped).any() or (filled & ~number & ~grouped).any():
            return
        if grouped.any():
            cell = _cell(text, int(np.argmax(grouped)), name, lines)
            raise UnusableInputError(f"{self.source} has signs between thousands: {cell}; write numbers without them")
        for sign in (".", ","):
            with_sign = compute.match_substring(text, sign).to_numpy(zero_copy_only=False)
            if not with_sign.any():
                continue
            self._seen.setdefault(sign, _cell(text, int(np.argmax(with_sign)), name, lines))
            if (with_sign & ~_matches(text, _DOUBTFUL[sign])).any():
                self._sure.add(sign)
        if len(self._seen) == 2:
            point, comma = self._seen["."], self._seen[","]
            raise UnusableInputError(
                f"{self.source} has two decimal signs: {point} and {comma}; write all numbers with one, "
                "and with nothing between thousands"
            )

    def _doubt(self, name: str, text: pyarrow.Array, lines: np.ndarray) -> None:
        """Refuse a column that reads as thousands: 7.730 beside 640, where nothing in the file shows the sign to be decimal.

        Fractions that a program writes either lose their last zero or keep it in whole numbers too.
        """
        for sign in set(self._seen) - self._sure:
            doubtful = _matches(text, _DOUBTFUL[sign])
            if not doubtful.any():
                continue
            cells = int(doubtful.sum()) >= _FEWEST_DOUBTFUL
            beside = _matches(text, r"^[+-]?\d{1,3}$").any() and _matches(text, _DOUBTFUL_ROUND[sign]).any()
            if (cells and beside) or (sign == "," and self.separator == ","):
                cell = _cell(text, int(np.argmax(doubtful)), name, lines)
                whole = cell.text.replace(sign, "")
                raise UnusableInputError(
                    f"{self.source}: {cell} may be {whole} or {cell.text.replace(sign, '.')}; "
                    "write numbers with nothing between thousands and all their decimals"
                )

    def numbers(self, column: pyarrow.Array, name: str, lines: np.ndarray) -> np.ndarray:
        """The cells of a column as numbers; NaN where one is empty.

        Raises
        ------
        UnusableInputError
            If a cell is no number, naming the first.
        """
        import pyarrow

        try:
            return column.cast(pyarrow.float64()).to_numpy(zero_copy_only=False)  # as most files are
        except pyarrow.ArrowInvalid:
            pass
        text = tidied(column)
        missing = is_missing(text)
        bad = ~missing & ~_are_readable(text)
        if bad.any():
            cell = _cell(column, int(np.argmax(bad)), name, lines)
            more = f" ({int(bad.sum())} such rows)" if bad.sum() > 1 else ""
            raise UnusableInputError(
                f"{self.source}, column '{shortened(name)}', line {cell.line}: '{shortened(cell.text)}' is no number{more}"
            )
        return converted(text, missing)


def converted(text: pyarrow.Array, missing: np.ndarray) -> np.ndarray:
    """Numbers of cells, tidied, that are such; NaN where they are missing."""
    import pyarrow
    from pyarrow import compute

    plain = compute.replace_substring_regex(text, _SPACES, "")
    plain = compute.replace_substring(plain, ",", ".")
    kept = compute.if_else(pyarrow.array(missing), None, plain)
    return np.asarray(kept.cast(pyarrow.float64()).to_numpy(zero_copy_only=False), dtype=np.float64)


def cells_as_numbers(cells: Sequence[str | None]) -> np.ndarray:
    """Numbers of cells that are such, and NaN of all others."""
    import pyarrow

    text = tidied(pyarrow.array(cells, pyarrow.string()))
    return converted(text, ~_are_readable(text))


def tidied(column: pyarrow.Array) -> pyarrow.Array:
    """Cells without spaces around them, with the plain sign for minus."""
    from pyarrow import compute

    return compute.replace_substring(compute.utf8_trim_whitespace(column), "\N{MINUS SIGN}", "-")


def is_missing(text: pyarrow.Array) -> np.ndarray:
    """Which cells, tidied, hold nothing, or a word for it."""
    import pyarrow
    from pyarrow import compute

    words = compute.is_in(compute.utf8_lower(text), value_set=pyarrow.array(_MISSING))
    return compute.fill_null(words, True).to_numpy(zero_copy_only=False) | compute.is_null(text).to_numpy(
        zero_copy_only=False
    )


def are_numbers(text: pyarrow.Array) -> bool:
    """Whether every cell, tidied, is a number or empty, and at least one is a number."""
    number = _are_readable(text)
    return bool(number.any() and (number | is_missing(text)).all())


def _are_readable(text: pyarrow.Array) -> np.ndarray:
    return _matches(text, _NUMBER) | _matches(text, _SPACED) | _matches(text, r"^[+-]?(?i:inf|infinity)$")


def are_whole(text: pyarrow.Array) -> bool:
    """Whether every cell, tidied, is a whole number that 64 bits hold."""
    return bool(len(text) and _matches(text, r"^[+-]?\d{1,18}$").all())


def _holds(column: pyarrow.Array, sign: str) -> bool:
    from pyarrow import compute

    return bool(compute.any(compute.match_substring(column, sign)).as_py())


def _matches(text: pyarrow.Array, pattern: str) -> np.ndarray:
    from pyarrow import compute

    found = compute.fill_null(compute.match_substring_regex(text, pattern), False)
    return np.asarray(found.to_numpy(zero_copy_only=False))


def _cell(column: pyarrow.Array, row: int, name: str, lines: np.ndarray) -> Cell:
    return Cell(str(column[row].as_py()).strip(), name, int(lines[row]))
