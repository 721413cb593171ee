"""Progress on stderr: a bar on a terminal, a line for each stage elsewhere."""

from __future__ import annotations

import sys
import time
from typing import Any

_STAGES = {
    "prepare": ("reading the site", "lecture du site"),
    "design": ("design of experiment", "plan d'expériences"),
    "codecarbon": ("starting codecarbon", "démarrage de codecarbon"),
    "idle": ("power at rest", "puissance au repos"),
    "compile": ("compiling the solver", "compilation du solveur"),
    "simulate": ("simulating", "simulation"),
    "fit": ("fitting candidates", "ajustement des solutions"),
    "judge": ("judging on held-out runs", "jugement sur les calculs réservés"),
    "measure": ("timing queries", "mesure du temps de réponse"),
    "practices": ("trying fewer runs, inputs and bytes", "essai avec moins de calculs, d'entrées et d'octets"),
    "audit": ("auditing", "audit"),
    "record": ("recording in MLflow", "enregistrement dans MLflow"),
}


class Terminal:
    """A reporter for people: what is going on, how far it is, and how long it has taken."""

    def __init__(self, language: str = "en") -> None:
        self._column = 1 if language == "fr" else 0
        self._start = time.monotonic()
        self._live: Any = None
        self._task: Any = None
        self._total: int | None = None

    def stage(self, text: str, total: int | None = None) -> None:
        """A stage begins."""
        words = _STAGES.get(text, (text, text))[self._column]
        self._total = total
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
            return
        self._live.update(self._task, completed=done if self._total else None, note=note)

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
