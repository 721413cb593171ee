"""What the stages after an audit will take: their lines are written when its page is, and it counts them by estimate."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from frugal.metering.instruments import LOADED
from frugal.metering.ledger.ledger import cpu_total
from frugal.metering.ledger.process_id import process_id
from frugal.metering.meter import Meter
from frugal.metering.timing.stopwatch import Stopwatch

#: CPU seconds of an audit, and of a record in MLflow and of each candidate in it, libraries loaded, where loading the program
#: takes `USUAL_START_SECONDS`: what `benchmarks/booked_cpu.py` found.
AUDIT_SECONDS = 1.0
RECORD_SECONDS, RECORD_SECONDS_PER_CANDIDATE = 0.6, 0.15
USUAL_START_SECONDS = 0.7


def costs_to_come(
    meter: Meter, stages: Iterable[str], under_way: Stopwatch | None = None, n_candidates: int = 0
) -> dict[str, float]:
    """CPU seconds by stage: what is usual, at the speed at which this machine has loaded the program.

    Parameters
    ----------
    meter : Meter
        Its ledger holds what loading the program took in this process, where a command was called.
    stages : iterable of str
        Of ``audit`` and ``tracking``.
    under_way : Stopwatch, optional
        Of the audit, which has done a part of its work: what it has used by now is known.
    n_candidates : int
        Recorded one by one.

    Returns
    -------
    dict of str to float
    """
    start = cpu_total(meter.ledger.entries(), lambda entry: entry.message == LOADED and entry.process == process_id())
    slower = float(np.clip(start / USUAL_START_SECONDS, 0.2, 10.0)) if start > 0 else 1.0
    spent = None if under_way is None else under_way.spent()
    known = 0.0 if spent is None else spent.cpu_seconds + spent.cpu_seconds_children
    usual = {"audit": AUDIT_SECONDS, "tracking": RECORD_SECONDS + RECORD_SECONDS_PER_CANDIDATE * n_candidates}
    return {stage: usual[stage] * slower + (known if stage == "audit" else 0.0) for stage in stages}
