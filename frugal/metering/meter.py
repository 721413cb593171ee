"""Book a stage: CPU time as primary evidence, codecarbon beside it, one ledger line whatever happens.

What measuring itself costs (codecarbon's tasks, the marker, the ledger) is kept out of the stages, in a line of its own.
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, replace
from datetime import UTC, datetime
from pathlib import Path

from frugal.errors import EnvironmentFaultError
from frugal.metering.ledger.ledger import Entry, Ledger
from frugal.metering.ledger.process_id import process_id, still_runs
from frugal.metering.ledger.remote_work import REMOTE_WORK, key, split
from frugal.metering.power.codecarbon_meter import CarbonMeter, CarbonTask
from frugal.metering.power.rapl import RaplMeter
from frugal.metering.timing.stopwatch import Spent, Stopwatch

#: A killed process loses at most this much of what its last stage used.
HEARTBEAT_SECONDS = 1.0

#: Stage under which the cost of measuring is booked.
METERING = "metering"

#: Key of a marker's details: CPU seconds of measuring that no line holds yet.
_UNBOOKED = "measuring_cpu_seconds"


class Meter:
    """Books the stages of one campaign in a ledger.

    A marker file beside the ledger holds the stage that is under way and what it has used so far. Where a process was
    killed, the marker is still there: the next meter on the same ledger books it as interrupted, without the readings of
    codecarbon or of a power counter, which a marker never holds. The marker of a process that still runs is left to it.

    Parameters
    ----------
    ledger : Ledger
    campaign : str
        Identifier of the campaign that runs now.
    carbon : CarbonMeter, optional
        Runs a task for each stage.
    seed : int, optional
        Seed of the campaign, written on every line.
    versions, hashes : mapping, optional
        Package versions, and hashes of what the campaign rests on, written on the first line.
    energy : RaplMeter, optional
        Energy counters of the processor, read for each stage.

    Attributes
    ----------
    booked_cpu_seconds : float
        CPU seconds, children included, in the lines that this meter wrote of its own process; what other machines computed
        for a stage has a line of its own (`frugal.metering.ledger.remote_work`) and is not in it.
    told_cpu_seconds : float
        CPU seconds of children that lived during such stages, which that line holds as they told it.
    """

    def __init__(
        self,
        ledger: Ledger,
        campaign: str,
        carbon: CarbonMeter | None = None,
        seed: int | None = None,
        versions: Mapping[str, str] | None = None,
        hashes: Mapping[str, str] | None = None,
        energy: RaplMeter | None = None,
    ) -> None:
        self.ledger = ledger
        self.campaign = campaign
        self.carbon = carbon
        self.energy = energy
        self._seed = seed
        self._versions = dict(versions or {})
        self._hashes = dict(hashes or {})
        self._marker = ledger.path.with_name(f"{ledger.path.name}.running.{process_id()}")
        self._running: tuple[Entry, Stopwatch] | None = None
        self._marker_lock = threading.Lock()
        self.booked_cpu_seconds = 0.0
        self.told_cpu_seconds = 0.0
        self._closed = False
        self._booked_overhead = 0.0
        self._unbooked_overhead = 0.0
        self._overhead_in_stage = 0.0
        self._book_killed_stages()

    @property
    def overhead_cpu_seconds(self) -> float:
        """CPU seconds that measuring itself has cost in this process, the start of codecarbon included."""
        return self._booked_overhead + self._unbooked_overhead + self._overhead_in_stage

    @contextmanager
    def stage(self, stage: str, candidate: str | None = None, threads: int = 1) -> Iterator[Entry]:
        """Measure the block and append its line; the yielded entry takes ``runs``, ``message`` and ``details``.

        Parameters
        ----------
        stage : str
            What the line is booked under (``generation``, ``fit``).
        candidate : str, optional
            The one that the work is for; None where it is for all.
        threads : int
            How many the block computes on, for the line.

        Yields
        ------
        Entry
            Its costs are filled in when the block ends; a fault is booked and goes on upward.
        """
        start = time.thread_time()
        entry = self._entry(stage, candidate=candidate, threads=threads)
        task = self._begin_task(entry)
        ended = threading.Event()
        pulse = threading.Thread(target=self._beat, args=(ended,), daemon=True)
        watch, joules = Stopwatch(), 0.0
        entry.started = watch.started
        self._running = (entry, watch)
        try:
            self.heartbeat()
            pulse.start()
            joules = self.energy.joules() if self.energy is not None else 0.0
            self._unbooked_overhead += time.thread_time() - start
            watch = self._restart(entry)
            yield entry
        except BaseException as fault:
            entry.status = "failed" if isinstance(fault, Exception) else "interrupted"
            entry.message = entry.message or (str(fault).splitlines() or [type(fault).__name__])[0][:300]
            raise
        finally:
            with self._marker_lock:
                spent = watch.spent()
                self._running = None
            start = time.thread_time()
            ended.set()
            try:
                if self.energy is not None:
                    entry.meter_joules = self.energy.joules() - joules - self.energy.idle_watts * spent.wall_seconds
                if task is not None:
                    task.__exit__()
                    entry.codecarbon_joules = task.joules
                    entry.codecarbon_watts_per_core = task.watts_per_core if task.joules is not None else None
            finally:
                own, *elsewhere = split(self._with_spent(entry, spent))
                self.told_cpu_seconds += spent.cpu_seconds_living if elsewhere else 0.0
                self._append(own)
                for line in elsewhere:
                    self.ledger.append(line)
                self._marker.unlink(missing_ok=True)
                self._unbooked_overhead += self._overhead_in_stage + time.thread_time() - start
                self._overhead_in_stage = 0.0
                if self._closed:
                    self.close()

    def book(self, stage: str, watch: Stopwatch, candidate: str | None = None, message: str = "") -> None:
        """Append a line for work that a stopwatch has followed outside any stage.

        Parameters
        ----------
        stage : str
            What the line is booked under.
        watch : Stopwatch
            Made when the work began; read now.
        candidate : str, optional
            The one that the work was for; None where it was for all.
        message : str
            What was done, for whoever reads the ledger.
        """
        entry = self._entry(stage, candidate=candidate, message=message, started=watch.started)
        self._append(_with_spent(entry, watch.spent()))

    def book_seconds(self, stage: str, cpu_seconds: float, message: str) -> None:
        """Append a line for CPU time that was put together from many moments.

        Parameters
        ----------
        stage : str
            What the line is booked under.
        cpu_seconds : float
            Of this process; the line has no wall time of its own.
        message : str
            What was done, for whoever reads the ledger.
        """
        entry = _with_spent(self._entry(stage, message=message), Stopwatch().spent())
        self._append(replace(entry, cpu_seconds=cpu_seconds))

    def close(self) -> None:
        """Append the line of what measuring itself has cost since the meter was made, or since the last call.

        The stages' lines are free of it, so that nothing is counted twice. Nothing is written where there is nothing to book.
        A stage that comes later books its own at once.
        """
        self._closed = True
        seconds, self._unbooked_overhead = self._unbooked_overhead, 0.0
        if seconds > 0:
            message = "measuring itself: codecarbon's tasks, marker and ledger; not contained in the other lines"
            self.book_seconds(METERING, seconds, message)

    def _append(self, entry: Entry) -> None:
        self.ledger.append(entry)
        self.booked_cpu_seconds += entry.total_cpu_seconds
        if entry.stage == METERING:
            self._booked_overhead += entry.total_cpu_seconds

    def heartbeat(self) -> None:
        """Write down what the stage under way has used so far, for the case that the process is killed."""
        with self._marker_lock:
            if self._running is None:
                return
            start = time.thread_time()
            entry, watch = self._running
            if self.energy is not None:
                self.energy.joules()  # read often enough that the counters do not wrap round unseen
            details = {**entry.details, _UNBOOKED: self._unbooked_overhead + self._overhead_in_stage}
            content = json.dumps(asdict(replace(self._with_spent(entry, watch.spent()), details=details)))
            temporary = self._marker.with_name(self._marker.name + ".new")
            try:
                temporary.parent.mkdir(parents=True, exist_ok=True)
                temporary.write_text(content, encoding="utf-8")
                temporary.replace(self._marker)
            except OSError as fault:
                raise EnvironmentFaultError(f"cannot write '{self._marker}': {fault.strerror}") from fault
            finally:
                self._overhead_in_stage += time.thread_time() - start

    def _entry(
        self, stage: str, candidate: str | None = None, threads: int = 1, message: str = "", started: str = ""
    ) -> Entry:
        entry = Entry(
            stage=stage,
            candidate=candidate,
            threads=threads,
            seed=self._seed,
            started=started,
            campaign=self.campaign,
            message=message,
            process=process_id(),
            versions=self._versions,
            hashes=self._hashes,
        )
        self._versions, self._hashes = {}, {}
        return entry

    def _restart(self, entry: Entry) -> Stopwatch:
        """Begin to measure now: what came before was the meter's own."""
        with self._marker_lock:
            self._overhead_in_stage = 0.0
            watch = Stopwatch()
            entry.started = watch.started
            self._running = (entry, watch)
        return watch

    def _begin_task(self, entry: Entry) -> CarbonTask | None:
        if self.carbon is None:
            return None
        task = self.carbon.task(entry.stage if entry.candidate is None else f"{entry.stage}:{entry.candidate}")
        return task.__enter__()

    def _with_spent(self, entry: Entry, spent: Spent) -> Entry:
        """The entry with what its stage used, without what writing its marker took.

        Where others compute for the stage, children that live are left out: workers on this machine, who tell it themselves.
        """
        own = max(spent.cpu_seconds - self._overhead_in_stage, 0.0)
        children = spent.cpu_seconds_children - (spent.cpu_seconds_living if REMOTE_WORK in entry.details else 0.0)
        children = children if children > 1e-9 else 0.0  # what is left of two large numbers
        return _with_spent(entry, replace(spent, cpu_seconds=own, cpu_seconds_children=children))

    def _beat(self, ended: threading.Event) -> None:
        while not ended.wait(HEARTBEAT_SECONDS):
            try:
                self.heartbeat()
            except EnvironmentFaultError:
                return  # the stage itself will meet the full disk, and tell

    def _book_killed_stages(self) -> None:
        prefix = f"{self.ledger.path.name}.running."
        for marker in sorted(self.ledger.path.parent.glob(f"{prefix}*")):
            if still_runs(marker.name.removeprefix(prefix).removesuffix(".new")):
                continue
            if marker.suffix != ".new":
                self._book_killed_stage(marker)
            marker.unlink(missing_ok=True)

    def _book_killed_stage(self, marker: Path) -> None:
        try:
            entry = Entry(**json.loads(marker.read_text(encoding="utf-8")))
        except (TypeError, ValueError):
            entry = Entry(stage="unknown", campaign="unknown")
        unbooked = float(entry.details.pop(_UNBOOKED, 0.0))
        own, *elsewhere = split(replace(entry, status="interrupted"))
        booked = {key(line) for line in self.ledger.entries()}
        for line in elsewhere:
            if key(line) not in booked:
                self.ledger.append(line)
        if key(own) not in booked:
            message = "the process ended inside this stage; cost up to its last sign of life"
            self.ledger.append(replace(own, message=message))
            message = "measuring itself, in a process that ended inside a stage; not contained in the other lines"
            blank = Entry(
                METERING, None, "interrupted", seed=entry.seed, campaign=entry.campaign, process=entry.process
            )
            self.ledger.append(replace(blank, cpu_seconds=unbooked, message=message))


def _with_spent(entry: Entry, spent: Spent) -> Entry:
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
