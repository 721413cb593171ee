"""Interleaved blocks: how long one query takes, when a query takes microseconds on a noisy machine.

A single short call cannot be timed: calls are repeated in blocks, and the blocks of all candidates are run in turn and in
random order, so that a slow minute of the machine hits every candidate alike. The unit of evidence is the CPU time of the
process with all its threads and of its children, which neighbours on the machine disturb far less than they disturb wall time.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from frugal.metering.timing.process_tree import cpu_time
from frugal.metering.timing.waiting import WaitingClock

#: A call that lasts, as one that asks a machine elsewhere does, is repeated for no longer than this, in blocks of one call; but
#: in `FEWEST_BLOCKS`.
LONGEST_SERIES_SECONDS, FEWEST_BLOCKS = 60.0, 3


@dataclass(frozen=True)
class Call:
    """One thing to time: ``ask()`` answers ``rows`` queries."""

    ask: Callable[[], object]
    rows: int


@dataclass(frozen=True)
class QueryTime:
    """CPU seconds of one query: median over blocks with a 95 % bootstrap interval, and the blocks themselves.

    ``wall_seconds_per_call`` is the median wall time of one call (of ``rows`` queries), ``wall_p95_seconds_per_call`` the
    95th percentile over blocks, None where it was not measured. ``cv`` is the coefficient of variation of the blocks.
    ``booked`` says that the blocks are means over runs that were booked when they were made, not repeated calls.
    ``waiting_share`` is the part of a call's wall time that was waiting (`frugal.metering.timing.waiting`), 0 to 1, in the
    block where it is least. None where it is not known.
    """

    cpu_seconds: float
    low: float
    high: float
    blocks: tuple[float, ...]
    wall_seconds_per_call: float
    rows: int
    wall_p95_seconds_per_call: float | None = None
    booked: bool = False
    waiting_share: float | None = None
    cv: float = field(init=False)

    def __post_init__(self) -> None:
        mean = float(np.mean(self.blocks)) if self.blocks else 0.0
        cv = float(np.std(self.blocks, ddof=1)) / mean if len(self.blocks) > 1 and mean > 0 else 0.0
        object.__setattr__(self, "cv", cv)


@dataclass(frozen=True)
class Plan:
    """How much to measure: ``n_blocks`` for each call, each about ``block_seconds`` of CPU; one call is the least."""

    n_blocks: int
    block_seconds: float
    warm_up_seconds: float

    @classmethod
    def quick(cls, n_calls: int, total_seconds: float = 12.0) -> Plan:
        """Share a budget of CPU seconds between calls; wide intervals, and said to be quick."""
        n_blocks = 7
        block = total_seconds / max(n_calls, 1) / (n_blocks + 1)
        return cls(n_blocks=n_blocks, block_seconds=min(block, 0.1), warm_up_seconds=min(block, 0.05))

    @classmethod
    def full(cls) -> Plan:
        """Thirty blocks and ten CPU seconds for each call."""
        return cls(n_blocks=30, block_seconds=10.0 / 30, warm_up_seconds=0.2)


def measure(
    calls: Mapping[str, Call],
    plan: Plan,
    seed: int = 0,
    tick: Callable[[], None] = lambda: None,
) -> dict[str, QueryTime]:
    """Time all calls in interleaved blocks.

    Parameters
    ----------
    calls : mapping of str to Call
    plan : Plan
    seed : int
        Of the random order of blocks and of the bootstrap.
    tick : callable
        Called after every block, for progress.

    Returns
    -------
    dict of str to QueryTime
    """
    rng = np.random.default_rng(seed)
    repeats, blocks = {}, {}
    for name, call in calls.items():
        repeats[name], wall_seconds = _repeats(call, plan)
        lasts = repeats[name] * wall_seconds
        blocks[name] = int(np.clip(LONGEST_SERIES_SECONDS / lasts, min(FEWEST_BLOCKS, plan.n_blocks), plan.n_blocks))
    empty = _empty_call_seconds()
    cpu: dict[str, list[float]] = {name: [] for name in calls}
    wall: dict[str, list[float]] = {name: [] for name in calls}
    waiting = dict.fromkeys(calls, 1.0)
    for number in range(plan.n_blocks):
        for name in rng.permutation([name for name in calls if number < blocks[name]]):
            call, count = calls[name], repeats[name]
            block = _block(call.ask, count)
            cpu[name].append(max(block.cpu_seconds / count - empty, 0.0) / call.rows)
            wall[name].append(block.wall_seconds / count)
            waiting[name] = min(waiting[name], block.waiting_seconds / block.wall_seconds)
            tick()
    return {name: _summary(cpu[name], wall[name], waiting[name], call.rows, rng) for name, call in calls.items()}


@dataclass(frozen=True)
class _Block:
    """CPU and wall seconds of some calls, and how many of them were waiting."""

    cpu_seconds: float
    wall_seconds: float
    waiting_seconds: float


def _block(ask: Callable[[], object], count: int) -> _Block:
    waiting = WaitingClock()
    before = cpu_time()
    wall, cpu = time.perf_counter(), time.process_time()
    for _ in range(count):
        ask()
    cpu, wall = time.process_time() - cpu, time.perf_counter() - wall
    after = cpu_time(own_first=True)
    cpu += max(after.ended + after.living - before.ended - before.living, 0.0)
    return _Block(cpu, wall, waiting.waited(cpu))


def _repeats(call: Call, plan: Plan) -> tuple[int, float]:
    """Warm the call up and say how often it has to be repeated to fill a block, and how long one lasts.

    Wall time fills the block, so that a call that waits (for a child, for a file) does not make it endless.
    """
    calls, spent = 0, 0.0
    while spent < plan.warm_up_seconds:
        step = max(calls, 1)
        calls, spent = calls + step, spent + _block(call.ask, step).wall_seconds
    lasts = max(spent / max(calls, 1), 1e-9)
    return max(1, round(plan.block_seconds / lasts)), lasts


def _empty_call_seconds() -> float:
    def nothing() -> None:
        return None

    return min(_block(nothing, 20_000).cpu_seconds for _ in range(3)) / 20_000


def _summary(
    cpu: Sequence[float], wall: Sequence[float], waiting: float, rows: int, rng: np.random.Generator
) -> QueryTime:
    blocks = np.array(cpu)
    medians = np.median(blocks[rng.integers(0, len(blocks), (2000, len(blocks)))], axis=1)
    low, high = np.percentile(medians, [2.5, 97.5])
    return QueryTime(
        cpu_seconds=float(np.median(blocks)),
        low=float(low),
        high=float(high),
        blocks=tuple(float(b) for b in blocks),
        wall_seconds_per_call=float(np.median(wall)),
        rows=rows,
        wall_p95_seconds_per_call=float(np.percentile(wall, 95)),
        waiting_share=min(waiting, 1.0),
    )
