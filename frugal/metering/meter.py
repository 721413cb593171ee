"""Book a stage: CPU time as primary evidence, codecarbon beside it, one ledger line whatever happens."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import asdict, replace
from datetime import UTC, datetime

from frugal.errors import EnvironmentFaultError
from frugal.metering.carbon import CarbonMeter, CarbonTask
from frugal.metering.clock import Stopwatch
from frugal.metering.ledger import Entry, Ledger

#: A killed process loses at most this much of what its last stage used.
HEARTBEAT_SECONDS = 1.0


class Meter:
    """Books the stages of one campaign in a ledger.

    A marker file beside the ledger holds the stage that is under way and what it has used so far. Where a process was
    killed, the marker is still there: the next meter on the same ledger books it as interrupted.

    Parameters
    ----------
    ledger : Ledger
    campaign : str
        Identifier of the campaign that runs now.
    carbon : CarbonMeter, optional
        Runs a task for each stage.
    seed : int, optional
        Seed of the campaign, written on every line.
    versions : dict, optional
        Package versions, written on the first line.
    """

    def __init__(
        self,
        ledger: Ledger,
        campaign: str,
        carbon: CarbonMeter | None = None,
        seed: int | None = None,
        versions: dict[str, str] | None = None,
    ) -> None:
        self.ledger = ledger
        self.campaign = campaign
        self.carbon = carbon
        self._seed = seed
        self._versions = versions or {}
        self._marker = ledger.path.with_name(ledger.path.name + ".running")
        self._running: tuple[Entry, Stopwatch] | None = None
        self._marker_lock = threading.Lock()
        self._book_killed_stage()

    @contextmanager
    def stage(self, stage: str, candidate: str | None = None, threads: int = 1) -> Iterator[Entry]:
        """Measure the block and append its line; the yielded entry takes ``runs`` and ``message``."""
        entry = Entry(
            stage=stage,
            candidate=candidate,
            threads=threads,
            seed=self._seed,
            started=datetime.now(UTC).isoformat(timespec="microseconds"),
            campaign=self.campaign,
            versions=self._versions,
        )
        self._versions = {}
        name = stage if candidate is None else f"{stage}:{candidate}"
        task: CarbonTask | nullcontext[None] = nullcontext() if self.carbon is None else self.carbon.task(name)
        if self.carbon is not None:
            self.carbon.start()
        watch = Stopwatch()
        self._running = (entry, watch)
        ended = threading.Event()
        pulse = threading.Thread(target=self._beat, args=(ended,), daemon=True)
        self.heartbeat()
        pulse.start()
        try:
            with task:
                yield entry
        except BaseException as fault:
            entry.status = "failed" if isinstance(fault, Exception) else "interrupted"
            entry.message = entry.message or (str(fault).splitlines() or [type(fault).__name__])[0][:300]
            raise
        finally:
            ended.set()
            with self._marker_lock:
                self._running = None
            if isinstance(task, CarbonTask):
                entry.codecarbon_joules = task.joules
            self.ledger.append(_with_spent(entry, watch))
            self._marker.unlink(missing_ok=True)

    def book(self, stage: str, watch: Stopwatch, candidate: str | None = None, message: str = "") -> None:
        """Append a line for work that a stopwatch has followed outside any stage."""
        entry = Entry(stage=stage, candidate=candidate, seed=self._seed, campaign=self.campaign, message=message)
        self.ledger.append(_with_spent(entry, watch))

    def heartbeat(self) -> None:
        """Write down what the stage under way has used so far, for the case that the process is killed."""
        with self._marker_lock:
            if self._running is None:
                return
            entry, watch = self._running
            temporary = self._marker.with_name(self._marker.name + ".new")
            try:
                temporary.parent.mkdir(parents=True, exist_ok=True)
                temporary.write_text(json.dumps(asdict(_with_spent(entry, watch))), encoding="utf-8")
                temporary.replace(self._marker)
            except OSError as fault:
                raise EnvironmentFaultError(f"cannot write '{self._marker}': {fault.strerror}") from fault

    def _beat(self, ended: threading.Event) -> None:
        while not ended.wait(HEARTBEAT_SECONDS):
            try:
                self.heartbeat()
            except EnvironmentFaultError:
                return  # the stage itself will meet the full disk, and tell

    def _book_killed_stage(self) -> None:
        if not self._marker.exists():
            return
        try:
            entry = Entry(**json.loads(self._marker.read_text(encoding="utf-8")))
        except (TypeError, ValueError):
            entry = Entry(stage="unknown", campaign="unknown")
        key = (entry.campaign, entry.stage, entry.candidate, entry.started)
        if key not in {(e.campaign, e.stage, e.candidate, e.started) for e in self.ledger.entries()}:
            message = "the process ended inside this stage; cost up to its last sign of life"
            self.ledger.append(replace(entry, status="interrupted", message=message))
        self._marker.unlink(missing_ok=True)


def _with_spent(entry: Entry, watch: Stopwatch) -> Entry:
    spent = watch.spent()
    return replace(
        entry,
        cpu_seconds=spent.cpu_seconds,
        cpu_seconds_children=spent.cpu_seconds_children,
        wall_seconds=spent.wall_seconds,
        peak_rss_bytes=spent.peak_rss_bytes,
    )


def campaign_id() -> str:
    """Identifier of a campaign: the time of its start in UTC, to the microsecond."""
    return datetime.now(UTC).strftime("%Y%m%dT%H%M%S%fZ")
