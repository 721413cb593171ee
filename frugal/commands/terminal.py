"""The terminal: what goes to it, from this program and from studies that print as they run."""

from __future__ import annotations

import codecs
import io
import os
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout, suppress
from pathlib import Path
from typing import Any

import typer

from frugal.errors import for_terminal

#: Letters of what a study prints that are shown; a solver that prints each step would bury everything else.
_MOST_LETTERS = 20_000


def say(text: str = "", *, err: bool = False, nl: bool = True) -> None:
    """Print a text, on stderr if so told; names and values in it cannot command the terminal."""
    typer.echo(for_terminal(text), err=err, nl=nl)


def tell_written(path: Path) -> None:
    """Print where an answer was written: beside it, where the answer itself went through stdout or a device."""
    from frugal.formats.files.atomic import is_regular_target

    say(str(path), err=not is_regular_target(path))


@contextmanager
def prints_on_stderr() -> Iterator[None]:
    """Keep what a study prints, as it loads or runs, out of the answer on stdout: shown on stderr, and cut where it is long.

    That holds for what compiled code and commands write to descriptor 1, too.
    """
    shown = _Shown()
    try:
        with _descriptor_shown(shown), redirect_stdout(shown):
            yield
    finally:
        shown.tell_rest()


class _Shown(io.TextIOBase):
    """A stream that shows its beginning on stderr."""

    encoding = "utf-8"

    def __init__(self) -> None:
        self._letters = 0
        self._lock = threading.Lock()
        #: What a program asks for that writes bytes.
        self.buffer = _Bytes(self)

    def writable(self) -> bool:
        """It is written to."""
        return True

    def fileno(self) -> int:
        """The descriptor that is shown as well, for a command that the study starts."""
        return 1

    def write(self, text: str, /) -> int:
        """Show a text, or the part of it that there is still room for."""
        with self._lock:
            left = max(_MOST_LETTERS - self._letters, 0)
            self._letters += len(text)
            if left and sys.stderr is not None:
                sys.stderr.write(for_terminal(text[:left]))
        return len(text)

    def flush(self) -> None:
        """Show it now."""
        if sys.stderr is not None:
            sys.stderr.flush()

    def tell_rest(self) -> None:
        """Say how much was not shown."""
        more = self._letters - _MOST_LETTERS
        if more > 0:
            say(f"\n… (+ {more})", err=True)


class _Bytes(io.RawIOBase):
    """The same stream for bytes."""

    def __init__(self, shown: _Shown) -> None:
        self._shown = shown

    def writable(self) -> bool:
        """It is written to."""
        return True

    def write(self, content: Any, /) -> int:
        """Show what the bytes say."""
        self._shown.write(bytes(content).decode("utf-8", "replace"))
        return len(content)


@contextmanager
def _descriptor_shown(shown: _Shown) -> Iterator[None]:
    """Have what is written to descriptor 1, past Python's own streams, shown as well."""
    try:
        kept = os.dup(1)
    except OSError:  # closed
        yield
        return
    reading, writing = os.pipe()
    if sys.stdout is not None:
        sys.stdout.flush()
    os.dup2(writing, 1)
    os.close(writing)
    reader = threading.Thread(target=_pass_on, args=(reading, shown), daemon=True)
    reader.start()
    try:
        yield
    finally:
        import ctypes

        with suppress(OSError, AttributeError):
            ctypes.CDLL(None).fflush(None)  # what compiled code has printed and not yet written
        os.dup2(kept, 1)
        os.close(kept)
        reader.join(1.0)  # a command that a study has left behind may hold the pipe open


def _pass_on(reading: int, shown: _Shown) -> None:
    decoder = codecs.getincrementaldecoder("utf-8")("replace")
    while content := os.read(reading, 1 << 16):
        shown.write(decoder.decode(content))
    os.close(reading)
