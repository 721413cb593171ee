"""What the runs of a campaign would cost, from one that is timed."""

from __future__ import annotations

from typing import Any

import numpy as np

from frugal.experiments.designs.in_batches import Batches
from frugal.experiments.designs.sampling import design_for
from frugal.experiments.execution.threads import default_threads
from frugal.experiments.runs.blocks import choose_block
from frugal.experiments.runs.resolutions import cases_for, cost_of_case
from frugal.experiments.study import Study
from frugal.metering.power.machine import describe_machine


def estimate(
    study: Study,
    n_runs: int | None,
    threads: int | None,
    seed: int = 0,
    grid_cases: int | None = None,
    adaptive: bool = False,
) -> dict[str, Any]:
    """What a campaign's runs would cost, from one run that is timed: runs, CPU seconds, wall seconds, joules.

    Parameters
    ----------
    study : Study
        Its solver is run once or twice, or on further rows where a run fails.
    n_runs : int or None
        None for the study's own number.
    threads : int or None
        Among which the runs are shared; None for one on each core that the process may use.
    seed : int
        Of the design.
    grid_cases : int, optional
        As in `Settings`.
    adaptive : bool
        The runs are those of a campaign in batches at the most; ``first_runs`` are those that it begins with.

    Returns
    -------
    dict
        With ``cpu_seconds``, ``wall_seconds``, ``joules`` and their low and high end, those of ``runs_on_finer_cells`` among
        them, and the tier of the power; what is not included is named.
    """
    most = n_runs or study.n_runs
    first = {"first_runs": Batches(study, most, seed).sizes[0]} if adaptive else {}
    design = design_for(study, most, seed)
    seconds = choose_block(study, design)[1].total
    machine = describe_machine()
    wanted = cases_for(study, len(design), seconds) if grid_cases is None else grid_cases
    again = min(wanted, int(np.sum(design.held_out))) if study.finer is not None else 0
    total = seconds * (len(design) + again * cost_of_case(study))
    return {
        "study": study.name,
        "runs": len(design),
        **first,
        "held_out_runs": int(np.sum(design.held_out)),
        "runs_on_finer_cells": again,
        "cpu_seconds_per_run": seconds,
        "cpu_seconds": total,
        "wall_seconds": total / (threads or default_threads()),
        "joules": total * machine.watts_per_core,
        "joules_low": total * machine.watts_low,
        "joules_high": total * machine.watts_high,
        "tier": machine.tier,
        "not_included": "fits, measurement and audit",
    }
