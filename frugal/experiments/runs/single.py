"""One run of a solver for the one who asks: outputs by name, and what the run kept count of."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from frugal.errors import FrugalError, SolverError, UnusableInputError, told_fault
from frugal.experiments.study import Arrays, Study
from frugal.experiments.study.questions import DetailsAsked, Question
from frugal.texts import Text


@dataclass(frozen=True)
class Simulated:
    """A run: ``outputs`` by name, each of the shape of its output, and ``diagnostics``, what it kept count of beside them.

    ``inputs`` are what was asked, by name; ``assumed`` says of those that nobody gave where they come from: a ``scenario``,
    the ``default``, or the ``middle`` of the bounds. ``parameters`` are those that the physics ran with. ``notes`` are
    sentences by language on the question and on what was found.
    """

    outputs: Mapping[str, np.ndarray]
    diagnostics: Mapping[str, float]
    inputs: Mapping[str, Any] = field(default_factory=dict)
    assumed: Mapping[str, str] = field(default_factory=dict)
    parameters: Mapping[str, float] = field(default_factory=dict)
    write_details: Callable[[Path, Mapping[str, str]], None] | None = None
    notes: tuple[Text, ...] = ()


def simulate(study: Study, asked: Question, details: DetailsAsked | None = None) -> Simulated:
    """Run the full physics once.

    Parameters
    ----------
    study : Study
    asked : Question
    details : DetailsAsked, optional
        Of a study that tells details of a run.

    Raises
    ------
    UnusableInputError
        If the study has no solver.
    SolverError
        With what the solver said, whatever it raised, or naming what it left out.
    """
    if study.solve is None:
        raise UnusableInputError(f"study '{study.name}' has no solver")
    try:
        told = None if details is None else study.detailed(asked.row, details)
        solved = study.solved(asked.row) if told is None else told.outputs
        flat = study.flatten(solved)
    except (FrugalError, MemoryError, KeyboardInterrupt):
        raise
    except BaseException as fault:  # a solver may be anybody's code
        raise SolverError(f"the solver of study '{study.name}' fails: {told_fault(fault)}") from fault
    slices = study.output_slices()
    outputs = {output.name: flat[slices[output.name]].reshape(output.shape) for output in study.outputs}
    counted = {kept.name: _diagnostic(study, kept.name, solved) for kept in study.diagnostics}
    inputs, write = study.layout.by_name(asked.row), None if told is None else told.write
    notes = (*study.remarks_on(asked.row), *study.found_in(outputs, asked.row))
    return Simulated(outputs, counted, inputs, dict(asked.assumed), dict(study.parameter_set), write, notes)


def _diagnostic(study: Study, name: str, solved: Arrays) -> float:
    try:
        return float(np.asarray(solved[name], dtype=float))
    except (KeyError, TypeError, ValueError) as fault:
        raise SolverError(
            f"study '{study.name}' books '{name}', of which its solver gave {solved.get(name, 'nothing')!r}"
        ) from fault
