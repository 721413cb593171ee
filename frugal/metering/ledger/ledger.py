"""The ledger: one line for every stage ever run, failed and interrupted ones included."""

from __future__ import annotations

import errno
import fcntl
import functools
import hashlib
import json
import math
import os
import re
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from frugal.errors import EnvironmentFaultError, UnusableInputError
from frugal.metering.ledger.hash_chain import link, split_lines

if TYPE_CHECKING:
    from importlib.metadata import Distribution

Status = Literal["ok", "failed", "interrupted"]


@dataclass
class Entry:
    """One stage of a campaign and what it cost.

    ``process`` names the process that ran the stage: a campaign that was killed and resumed has several. What codecarbon
    booked for the CPU in the same stage is ``codecarbon_joules``, on the power of ``codecarbon_watts_per_core``; what a power
    counter read, idle power taken off, is ``meter_joules``; each is None where it did not run.

    ``versions`` and ``hashes`` (of study, design, need, data, requirements) stand on the first line of a campaign. ``details``
    are plain values that a stage wants kept. ``number`` and ``previous`` chain the lines of a ledger
    (`frugal.metering.ledger.hash_chain`); `Ledger.append` fills them in.
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
    process: str = ""
    codecarbon_watts_per_core: float | None = None
    meter_joules: float | None = None
    number: int = 0
    previous: str = ""

    @property
    def total_cpu_seconds(self) -> float:
        """CPU seconds of the process and its children."""
        return self.cpu_seconds + self.cpu_seconds_children


_TEXTS_OF_ENTRY = ("stage", "status", "started", "campaign", "message", "process", "previous")
_NUMBERS = ("cpu_seconds", "cpu_seconds_children", "wall_seconds", "peak_rss_bytes", "threads", "number")
_NUMBERS_OR_NONE = ("seed", "runs", "codecarbon_joules", "codecarbon_watts_per_core", "meter_joules")


_FIELDS = frozenset(known.name for known in fields(Entry))


def entry_of(values: Any) -> Entry:
    """An entry from the plain values of a line, checked field by field: whatever reads it may rely on its types.

    Raises
    ------
    ValueError
        Naming the field and its value, in a few words.
    """
    if not isinstance(values, dict):
        raise ValueError(f"{str(values)[:60]!r} is no object")
    unknown = [name for name in values if name not in _FIELDS]
    if unknown or "stage" not in values:
        raise ValueError(f"'{unknown[0]}' is unknown" if unknown else "'stage' is missing")
    for name, value in values.items():
        number = isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
        if name in _TEXTS_OF_ENTRY:
            good, wanted = isinstance(value, str), "a text"
        elif name == "candidate":
            good, wanted = value is None or isinstance(value, str), "a text"
        elif name in _NUMBERS:
            good, wanted = number, "a finite number"
        elif name in _NUMBERS_OR_NONE:
            good, wanted = number or value is None, "a finite number"
        else:
            good, wanted = isinstance(value, dict) and (name == "details" or _of_texts(value)), "an object"
        if not good:
            raise ValueError(f"'{name}' is {str(value)[:60]!r}; {wanted} is needed")
    return Entry(**values)


def _of_texts(values: dict[str, Any]) -> bool:
    return all(isinstance(value, str) for value in values.values())


class Ledger:
    """An append-only file of entries, one JSON object a line, each naming the line before it by its hash."""

    def __init__(self, path: Path | str) -> None:
        self.path = Path(path)

    def append(self, entry: Entry) -> None:
        """Add a line in one write, so that a killed process leaves whole lines; processes take turns."""
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            handle = os.open(self.path, os.O_RDWR | os.O_APPEND | os.O_CREAT, 0o666)
            try:
                fcntl.flock(handle, fcntl.LOCK_EX)
                _append(handle, entry)
            finally:
                os.close(handle)
        except OSError as fault:
            raise EnvironmentFaultError(f"cannot write '{self.path}': {fault.strerror}") from fault

    def lines(self) -> list[bytes]:
        """All lines as they stand in the file, without their ends; an empty list where there is no file yet.

        A last line whose write was cut short is left out; the next `append` takes it away.
        """
        return split_lines(_without_torn_line(self.path.read_bytes())) if self.path.exists() else []

    def entries(self) -> list[Entry]:
        """All entries, oldest first; an empty list where there is no file yet.

        Raises
        ------
        UnusableInputError
            If a line is not an entry.
        """
        entries = []
        for number, line in enumerate(self.lines(), start=1):
            try:
                entries.append(entry_of(json.loads(line)))
            except (TypeError, ValueError) as fault:
                raise UnusableInputError(f"line {number} of '{self.path}' is not a ledger entry: {fault}") from fault
        return entries


def _append(handle: int, entry: Entry) -> None:
    content = os.pread(handle, os.fstat(handle).st_size, 0)
    kept = _without_torn_line(content)
    if len(kept) < len(content):
        os.ftruncate(handle, len(kept))
    lines = split_lines(kept)
    line = link(asdict(entry), len(lines), lines[-1] if lines else None) + b"\n"
    if kept and not kept.endswith(b"\n"):
        line = b"\n" + line
    if os.write(handle, line) < len(line):
        os.ftruncate(handle, len(kept))  # half a line would make the whole ledger unreadable
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def _without_torn_line(content: bytes) -> bytes:
    """A ledger without the last line where its write was cut short."""
    start = content.rfind(b"\n") + 1
    try:
        json.loads(content[start:] or b"{}")
    except ValueError:
        return content[:start]
    return content


def chained_lines(entries: Iterable[Entry]) -> list[bytes]:
    """Entries as the lines of a new ledger, without their ends: numbered from 0 and chained anew."""
    lines: list[bytes] = []
    for entry in entries:
        lines.append(link(asdict(entry), len(lines), lines[-1] if lines else None))
    return lines


def chained_content(entries: Iterable[Entry]) -> bytes:
    """A whole new ledger file of these entries."""
    return b"".join(line + b"\n" for line in chained_lines(entries))


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


@functools.cache
def requirements_hash() -> str:
    """SHA-256 over the name and version of every installed package, sorted."""
    from importlib.metadata import distributions

    names = sorted({"==".join(_name_and_version(package)) for package in distributions()})
    return hashlib.sha256("\n".join(names).encode()).hexdigest()


def _name_and_version(package: Distribution) -> tuple[str, str]:
    """From the first lines of its metadata, as they are written: the whole takes ten times as long to parse."""
    head = (package.read_text("METADATA") or "").partition("\n\n")[0]
    found = dict(re.findall(r"^(Name|Version): *(\S+) *\r?$", head, re.MULTILINE))
    if len(found) == 2:
        return found["Name"], found["Version"]
    return package.metadata["Name"], package.version
