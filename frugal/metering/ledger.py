"""The ledger: one line for every stage ever run, failed and interrupted ones included."""

from __future__ import annotations

import errno
import json
import os
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Literal

from frugal.errors import EnvironmentFaultError, UnusableInputError

Status = Literal["ok", "failed", "interrupted"]


@dataclass
class Entry:
    """One stage of a campaign and what it cost.

    ``codecarbon_joules`` is what codecarbon booked for the CPU in the same stage; None where it did not run.
    """

    stage: str
    candidate: str | None = None
    status: Status = "ok"
    cpu_seconds: float = 0.0
    cpu_seconds_children: float = 0.0
    wall_seconds: float = 0.0
    peak_rss_bytes: int = 0
    threads: int = 1
    seed: int | None = None
    runs: int | None = None
    started: str = ""
    campaign: str = ""
    message: str = ""
    codecarbon_joules: float | None = None
    versions: dict[str, str] = field(default_factory=dict)
    hashes: dict[str, str] = field(default_factory=dict)
    details: dict[str, Any] = field(default_factory=dict)

    @property
    def total_cpu_seconds(self) -> float:
        """CPU seconds of the process and its children."""
        return self.cpu_seconds + self.cpu_seconds_children


class Ledger:
    """An append-only file of entries, one JSON object a line."""

    def __init__(self, path: Path | str) -> None:
        self.path = Path(path)

    def append(self, entry: Entry) -> None:
        """Add a line in one write, so that a killed process leaves whole lines."""
        line = json.dumps(asdict(entry), ensure_ascii=False, sort_keys=True) + "\n"
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            handle = os.open(self.path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o666)
            try:
                before = os.fstat(handle).st_size
                content = line.encode("utf-8")
                if os.write(handle, content) < len(content):
                    os.ftruncate(handle, before)  # half a line would make the whole ledger unreadable
                    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            finally:
                os.close(handle)
        except OSError as fault:
            raise EnvironmentFaultError(f"cannot write '{self.path}': {fault.strerror}") from fault

    def entries(self) -> list[Entry]:
        """All lines, oldest first; an empty list where there is no file yet.

        Raises
        ------
        UnusableInputError
            If a line is not an entry.
        """
        if not self.path.exists():
            return []
        entries = []
        for number, line in enumerate(self.path.read_text(encoding="utf-8").splitlines(), start=1):
            try:
                entries.append(Entry(**json.loads(line)))
            except (TypeError, ValueError) as fault:
                raise UnusableInputError(f"line {number} of '{self.path}' is not a ledger entry") from fault
        return entries


def cpu_total(entries: Iterable[Entry], keep: Callable[[Entry], bool] = lambda entry: True) -> float:
    """CPU seconds of the entries that ``keep`` accepts, children included."""
    return sum(entry.total_cpu_seconds for entry in entries if keep(entry))


def package_versions(names: Iterable[str]) -> dict[str, str]:
    """Installed versions, for the first line of a campaign."""
    from importlib.metadata import PackageNotFoundError, version

    found: dict[str, str] = {}
    for name in names:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            found[name] = "not installed"
    return found


def as_plain(entries: Iterable[Entry]) -> list[dict[str, Any]]:
    """Entries as plain dictionaries."""
    return [asdict(entry) for entry in entries]
