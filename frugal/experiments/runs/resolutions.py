"""Held-out runs made again on cells half as wide, and twice as wide: what the grid of a solver errs by.

The truth that answers are judged by is itself an answer on a grid. How far it is from that of finer cells is measured on a few
of the runs that judge, the largest of them among these.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np

from frugal.errors import SolverError, UnusableInputError
from frugal.experiments.runs.store import Runs
from frugal.experiments.study import Study

Cells = Literal["finer", "coarser"]

#: So many runs are made again at the most, and within this share of what all runs of the campaign cost, one of them always;
#: where that is cheap, within so many seconds.
MOST_CASES, SHARE_OF_RUNS, ENOUGH_CPU_SECONDS = 5, 0.10, 2.0
#: In runs: four times the cells in twice the steps, and the reverse.
COST_OF_FINER, COST_OF_COARSER = 8.0, 0.125


@dataclass(frozen=True)
class OtherCells:
    """One run on other cells: outputs ``[m]``; those of coarser cells are NaN where there is no such solver, or it failed.

    ``coarser_fault`` says how it failed.
    """

    number: int
    finer: np.ndarray
    coarser: np.ndarray
    coarser_fault: str = ""


def cases_for(study: Study, runs: int, seconds: float) -> int:
    """Number of runs that are made again on other cells when the user does not say.

    Parameters
    ----------
    study : Study
    runs : int
        Of the campaign.
    seconds : float
        CPU seconds of one of them.

    Returns
    -------
    int
        0 where the study has no solver on finer cells.
    """
    if study.finer is None or not np.isfinite(seconds):
        return 0
    cost = cost_of_case(study) * max(seconds, 1e-9)
    allowed = max(ENOUGH_CPU_SECONDS, SHARE_OF_RUNS * runs * seconds)
    return int(np.clip(round(allowed / cost), 1, MOST_CASES))


def cost_of_case(study: Study) -> float:
    """What the runs of one case cost, by estimate, in runs of the study; 0 where it has no solver on finer cells."""
    if study.finer is None:
        return 0.0
    return COST_OF_FINER + (0.0 if study.coarser is None else COST_OF_COARSER)


def cases_among(study: Study, held_out: Runs, number: int) -> np.ndarray:
    """Rows of the held-out runs that are made again: the largest, and others down to the middling ones.

    Parameters
    ----------
    study : Study
        The size of a run is that of its outputs with a tolerance, of all where none has one, each over its mean.
    held_out : Runs
    number : int

    Returns
    -------
    array of int [k]
        The largest first; all rows where there are not more.
    """
    outputs = [o for o in study.outputs if o.name in study.need.tolerances] or list(study.outputs)
    slices = study.output_slices()
    size = np.zeros(len(held_out))
    for output in outputs:
        own = np.abs(held_out.outputs[:, slices[output.name]]).mean(axis=1)
        size += own / max(float(own.mean()), 1e-300)
    by_size = np.argsort(-size, kind="stable")
    number = min(number, len(held_out))
    return by_size[(np.arange(number) * len(held_out)) // max(number, 1)]


def run_on(study: Study, cells: Cells, inputs: np.ndarray, object_id: int = -1) -> np.ndarray:
    """One run on cells half or twice as wide, flattened ``[m]``: derived outputs as those cells have them, where they are told.

    Parameters
    ----------
    study : Study
    cells : {"finer", "coarser"}
    inputs : array [d]
    object_id : int
        Number of the real object, which the physics takes where it takes that of its own cells.

    Raises
    ------
    UnusableInputError
        If the study has no solver on such cells.
    SolverError
        If an output is missing, has the wrong shape or is no finite number.
    """
    function = study.finer if cells == "finer" else study.coarser
    if function is None:
        raise UnusableInputError(f"study '{study.name}' has no solver on {cells} cells")
    beside = ("object_id",) if study.truth is not None else ()
    values = study.by_row(function, *beside)(inputs, *(object_id for _ in beside))
    own = (
        set() if not isinstance(values, Mapping) else {o.name for o in study.outputs if o.derived and o.name in values}
    )
    # a map of these cells says something else of a threshold than the finer cells themselves
    flat = study.flatten({name: value for name, value in values.items() if name not in own} if own else values)
    for name in own:
        flat[study.output_slices()[name]] = np.asarray(values[name], dtype=float)
    if not np.isfinite(flat).all():
        raise SolverError(f"an output of study '{study.name}' on {cells} cells is not a finite number")
    return flat


def run_case(study: Study, runs: Runs, row: int) -> OtherCells:
    """One of some runs on finer cells, and on coarser ones where the study has them.

    Raises
    ------
    SolverError
        Whatever was wrong on the finer cells, a lack of memory too; what fails on the coarser ones leaves them out.
    """
    inputs, subject = runs.inputs[row], int(runs.object_ids[row])
    try:
        finer = run_on(study, "finer", inputs, subject)
    except MemoryError as fault:
        raise SolverError("there is not enough memory for finer cells") from fault
    except (Exception, SystemExit) as fault:
        raise SolverError(f"{type(fault).__name__}: {fault}") from fault
    number, coarser = int(runs.numbers[row]), np.full(study.output_size, np.nan)
    if study.coarser is None:
        return OtherCells(number, finer, coarser)
    try:
        return OtherCells(number, finer, run_on(study, "coarser", inputs, subject))
    except (Exception, SystemExit) as fault:
        return OtherCells(number, finer, coarser, f"{type(fault).__name__}: {fault}")
