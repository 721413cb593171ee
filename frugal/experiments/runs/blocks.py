"""Blocks of runs: how many runs make one, and computing one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from frugal.errors import FrugalError, told_fault
from frugal.experiments.runs.store import BLOCK_SECONDS, DONE, FAILED, RunStore
from frugal.experiments.study import Study
from frugal.experiments.study.design import Design
from frugal.metering.timing.run_clock import RUN_CLOCK, RunTime, has_helpers

#: A first run that computes or lasts longer than this tells enough about the solver. A busy machine stretches how long
#: compilation lasts, not what it computes.
ONCE_IS_ENOUGH_CPU_SECONDS = 60.0
ONCE_IS_ENOUGH_SECONDS = 600.0

#: Rows that may fail before the solver is given up for timing.
ROWS_TRIED = 8


@dataclass(frozen=True)
class Block:
    """Runs that are computed and committed together: ``inputs`` [k, d] of the objects ``object_ids`` [k]."""

    number: int
    inputs: np.ndarray
    object_ids: np.ndarray

    @classmethod
    def of(cls, store: RunStore, number: int) -> Block:
        """Block ``number`` of a store."""
        rows = store.rows(number)
        return cls(number, store.design.inputs[rows], store.design.object_ids[rows])

    def __len__(self) -> int:
        return len(self.inputs)


@dataclass
class Computed:
    """Runs of one block: ``outputs`` [k, m] flattened, NaN where a run failed, and one value a run of the others."""

    outputs: np.ndarray
    cpu_seconds: np.ndarray
    status: np.ndarray
    messages: list[str]

    def commit(self, store: RunStore, block: int) -> tuple[int, int]:
        """Write them as a block of a store; returns how many runs they are, and how many failed."""
        store.commit(block, self.outputs, self.cpu_seconds, self.status, self.messages)
        return len(self.status), int((self.status == FAILED).sum())

    @classmethod
    def failed(cls, study: Study, n: int, message: str) -> Computed:
        """``n`` runs that all failed, for the same reason."""
        outputs = np.full((n, study.output_size), np.nan)
        return cls(outputs, np.full(n, np.nan), np.full(n, FAILED, dtype=np.int8), [message] * n)


def choose_block(study: Study, design: Design) -> tuple[int, RunTime]:
    """Time a run and say how many runs make a block.

    The first run also compiles; it is followed by a second one, unless it was so long that compilation hardly counts.

    A run that fails is left to `execute`, which books it; the next row is tried, up to `ROWS_TRIED`.

    Returns
    -------
    block : int
    time : RunTime
        What the last run took, of what the process and its children did beside it included; NaN where every row that was
        tried fails.
    """
    for row in range(min(ROWS_TRIED, len(design))):
        inputs, object_id = design.inputs[row], int(design.object_ids[row])
        try:
            with RUN_CLOCK.run(alone=True) as spent:
                study.run(inputs, object_id)
            if spent.total < ONCE_IS_ENOUGH_CPU_SECONDS and spent.wall_seconds < ONCE_IS_ENOUGH_SECONDS:
                with RUN_CLOCK.run(alone=True) as spent:
                    study.run(inputs, object_id)
        except (Exception, SystemExit):  # the failure is met again, and told, when the run is executed
            continue
        return int(np.clip(BLOCK_SECONDS / max(spent.wall_seconds, 1e-9), 1, 256)), spent
    return 1, RunTime(cpu_seconds=float("nan"), wall_seconds=float("nan"))


def compute_rows(
    study: Study, inputs: np.ndarray, object_ids: np.ndarray, stopped: Callable[[], bool] = lambda: False
) -> Computed | None:
    """Run ``inputs`` [k, d] of the objects ``object_ids`` [k] one after another; None where ``stopped`` says so in between.

    A run that fails is told in its message; only a lack of memory ends the call.

    Parameters
    ----------
    study : Study
    inputs : array [k, d]
        In the units of the study's variables.
    object_ids : array of int [k]
        Number of the real object that each row is about; -1 where the inputs say everything.
    stopped : callable
        Asked before each run; what was computed before is thrown away.

    Returns
    -------
    Computed or None
        Its CPU seconds are those of this thread, and with them its part of the other threads and of the children that the
        solver had.
    """
    n = len(inputs)
    others = np.zeros(n)
    computed = Computed(np.full((n, study.output_size), np.nan), np.zeros(n), np.full(n, DONE, dtype=np.int8), [""] * n)
    for k in range(n):
        if stopped():
            return None
        with RUN_CLOCK.run() as spent:
            try:
                computed.outputs[k] = study.run(inputs[k], int(object_ids[k]))
            except (MemoryError, KeyboardInterrupt):
                raise
            except BaseException as fault:  # whatever a solver raises is that run's failure, told in the store
                computed.status[k] = FAILED
                computed.messages[k] = str(fault) if isinstance(fault, FrugalError) else told_fault(fault)
        computed.cpu_seconds[k] = spent.cpu_seconds
        others[k] = spent.other_cpu_seconds
    if has_helpers(float(computed.cpu_seconds.mean()), float(others.mean())):
        computed.cpu_seconds += others
    return computed
