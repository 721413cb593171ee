"""What the stages after an audit will take: their lines are written when its page is, and it counts them by estimate."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from frugal.metering.ledger.ledger import cpu_total
from frugal.metering.ledger.process_id import process_id
from frugal.metering.meter import Meter

#: CPU seconds of an audit, and of a record in MLflow and of each candidate in it, where loading all libraries takes
#: `USUAL_LOADING_SECONDS`: what `benchmarks/booked_cpu.py` found.
AUDIT_SECONDS = 2.7
RECORD_SECONDS, RECORD_SECONDS_PER_CANDIDATE = 0.6, 0.16
USUAL_LOADING_SECONDS = 2.1

#: Less loading than this says nothing of the machine: the libraries were there before.
LEAST_LOADING_SECONDS = 1.0


def costs_to_come(meter: Meter, stages: Iterable[str], n_candidates: int = 0) -> dict[str, float]:
    """CPU seconds by stage: those of the last time that the ledger tells of, else what is usual, at the speed of this machine.

    Parameters
    ----------
    meter : Meter
        Its ledger holds earlier audits of the same bundle, and what loading took in this process.
    stages : iterable of str
        Of ``audit`` and ``tracking``.
    n_candidates : int
        Recorded one by one.

    Returns
    -------
    dict of str to float
    """
    entries = meter.ledger.entries()
    loading = cpu_total(entries, lambda entry: entry.stage == "loading" and entry.process == process_id())
    slower = float(np.clip(loading / USUAL_LOADING_SECONDS, 0.3, 5.0)) if loading > LEAST_LOADING_SECONDS else 1.0
    usual = {"audit": AUDIT_SECONDS, "tracking": RECORD_SECONDS + RECORD_SECONDS_PER_CANDIDATE * n_candidates}
    before = {entry.stage: entry.total_cpu_seconds for entry in entries if entry.status == "ok"}
    return {stage: before.get(stage, usual[stage] * slower) for stage in stages}
