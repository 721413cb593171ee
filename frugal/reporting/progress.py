"""Progress of long work: who is told, and how people see it: a bar on a terminal, a line for each stage elsewhere."""

from __future__ import annotations

import sys
import time
from typing import Any, Protocol

from frugal.texts import Text, room_texts

_TEXTS = room_texts("frugal.reporting")

#: A line at most this often, where there is no bar.
_EVERY_SECONDS = 20.0


def plain_time(seconds: float) -> str:
    """A time to wait: ``40 s``, ``3 min``, ``2 h 10 min``."""
    if seconds < 90:
        return f"{max(seconds, 1.0):.0f} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 90 else f"{minutes // 60} h {minutes % 60} min"


class Reporter(Protocol):
    """Whoever is told how far a campaign is."""

    def stage(self, text: str, total: int | None = None) -> None:
        """A stage begins; ``total`` steps follow, or an unknown number."""

    def step(self, done: int, note: str = "") -> None:
        """``done`` steps of the stage are through."""

    def note(self, text: Text) -> None:
        """Something to know before the work goes on, by language."""


class Silent:
    """A reporter that says nothing."""

    def stage(self, text: str, total: int | None = None) -> None:
        """Say nothing."""

    def step(self, done: int, note: str = "") -> None:
        """Say nothing."""

    def note(self, text: Text) -> None:
        """Say nothing."""


class Terminal:
    """A reporter for people: what is going on, how far it is, and how long it has taken."""

    def __init__(self, language: str = "en") -> None:
        self._language = language
        self._start = time.monotonic()
        self._live: Any = None
        self._task: Any = None
        self._total: int | None = None
        self._words = ""
        self._began = self._told = self._start

    def stage(self, text: str, total: int | None = None) -> None:
        """A stage begins."""
        words = _TEXTS.known("stage", text)[self._language]
        self._total = total
        self._words, self._began = words, time.monotonic()
        self._told = self._began
        if not sys.stderr.isatty():
            elapsed = time.monotonic() - self._start
            runs = f" ({total})" if total else ""
            print(f"[{elapsed:5.1f} s] {words}{runs}", file=sys.stderr, flush=True)
            return
        progress = self._progress()
        if self._task is not None:
            progress.remove_task(self._task)
        self._task = progress.add_task(words, total=total, note="")

    def step(self, done: int, note: str = "") -> None:
        """``done`` steps of the stage are through."""
        if self._live is None or self._task is None:
            self._tell(done)
            return
        self._live.update(self._task, completed=done if self._total else None, note=note)

    def note(self, text: Text) -> None:
        """Something to know before the work goes on; it stays where the bar goes away."""
        said = text[self._language]
        if self._live is not None:
            self._live.console.print(said, markup=False, highlight=False)
        else:
            print(said, file=sys.stderr, flush=True)

    def _tell(self, done: int) -> None:
        """Now and then, where there is no terminal: how far it is and about how long it will still take."""
        now = time.monotonic()
        if not self._total or not 0 < done < self._total or now - self._told < _EVERY_SECONDS:
            return
        self._told = now
        left = plain_time((now - self._began) * (self._total - done) / done)
        told = _TEXTS.phrase("time_left", self._language, time=left)
        print(f"[{now - self._start:5.1f} s] {self._words}: {done}/{self._total}, {told}", file=sys.stderr, flush=True)

    def close(self) -> None:
        """Take the bar away."""
        if self._live is not None:
            self._live.stop()
            self._live = None

    def _progress(self) -> Any:
        if self._live is None:
            from rich.console import Console
            from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

            self._live = Progress(
                TextColumn("{task.description}"),
                BarColumn(),
                TextColumn("{task.completed:.0f}/{task.total}", justify="right"),
                TimeElapsedColumn(),
                TimeRemainingColumn(),
                TextColumn("{task.fields[note]}"),
                console=Console(stderr=True),
                transient=True,
            )
            self._live.start()
        return self._live
