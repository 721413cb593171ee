"""Two bookkeepings of the same CPU time laid side by side: ours, and codecarbon's, process by process.

A campaign that was killed and resumed, or spread over machines, has several processes; each has its own codecarbon, and
each must agree with our own CPU time by itself, since gaps of opposite sign would hide each other in the sum.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

from frugal.metering.ledger.ledger import Entry
from frugal.metering.power.codecarbon_meter import CODECARBON_RESOLUTION_JOULES


@dataclass(frozen=True)
class BookedSegment:
    """What one process of one campaign booked.

    Parameters
    ----------
    campaign, process : str
    cpu_seconds : float
        Of the stages that have a reading of codecarbon, children included.
    joules : float
        What codecarbon read for them.
    expected_joules : float
        Their CPU seconds times the power that codecarbon was given.
    gap : float, optional
        ``joules / expected_joules - 1``; None where either is below codecarbon's resolution.
    cpu_seconds_without_reading : float
        Of the stages without: codecarbon's own cost, what was booked around it, stages of a killed process.
    """

    campaign: str
    process: str
    cpu_seconds: float
    joules: float
    expected_joules: float
    gap: float | None
    cpu_seconds_without_reading: float

    @property
    def resolved_gap(self) -> float:
        """The gap less the resolution of codecarbon, 0 where it is within it: what the two bookkeepings really differ by.

        The own cost of codecarbon is in its reading: of a process that mostly waited, for a cluster say, it is a good part.
        """
        if self.gap is None:
            return 0.0
        beyond = max(abs(self.joules - self.expected_joules) - CODECARBON_RESOLUTION_JOULES, 0.0)
        return math.copysign(beyond / self.expected_joules, self.gap)


def reconcile(entries: Iterable[Entry], watts_per_core: float) -> list[BookedSegment]:
    """Compare codecarbon with our CPU time, one segment for each process of each campaign, in the order of the ledger.

    Parameters
    ----------
    entries : iterable of Entry
    watts_per_core : float
        Taken for lines that do not say which power codecarbon was given.
    """
    groups: dict[tuple[str, str], list[Entry]] = {}
    for entry in entries:
        if entry.total_cpu_seconds == 0 and entry.codecarbon_joules is None:
            continue  # a line that only records something
        groups.setdefault((entry.campaign, entry.process), []).append(entry)
    return [_segment(*key, lines, watts_per_core) for key, lines in groups.items()]


def _segment(campaign: str, process: str, lines: list[Entry], watts_per_core: float) -> BookedSegment:
    seconds = joules = expected = without = 0.0
    for line in lines:
        if line.codecarbon_joules is None:
            without += line.total_cpu_seconds
            continue
        seconds += line.total_cpu_seconds
        joules += line.codecarbon_joules
        expected += line.total_cpu_seconds * (line.codecarbon_watts_per_core or watts_per_core)
    resolved = min(joules, expected) >= CODECARBON_RESOLUTION_JOULES
    return BookedSegment(
        campaign, process, seconds, joules, expected, joules / expected - 1 if resolved else None, without
    )
