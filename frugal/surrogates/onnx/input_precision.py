"""How many digits of its inputs a graph takes: float32, or float64 where that rounds an input by what would show.

Between 10⁹ and 10⁹ + 1 float32 has no number. A graph of such inputs takes all of them in float64, and what is learnt sees them
less their middle.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from frugal.experiments.study import Variable

#: Part of the width of its bounds by which float32 may round an input.
MOST_ROUNDING = 1e-6
#: How a graph of float64 inputs says so in its metadata, for readers that cannot ask its runtime.
INPUT_TYPE = "frugal.input_type"


def rounding(variable: Variable) -> float:
    """Part of the width of its bounds by which float32 may round an input."""
    largest = max(abs(variable.low), abs(variable.high))
    return (
        0.5
        * float(np.spacing(np.float32(min(largest, float(np.finfo(np.float32).max)))))
        / (variable.high - variable.low)
    )


def rounds_too_much(variable: Variable) -> bool:
    """Whether float32 would show: not in choices, whose numbers it holds, nor where nothing varies."""
    return not variable.choices and variable.high > variable.low and rounding(variable) > MOST_ROUNDING


def input_type(variables: Sequence[Variable]) -> Any:
    """Element type that the graph of a study takes its inputs in."""
    return np.float64 if any(rounds_too_much(variable) for variable in variables) else np.float32


def worst_rounding(variables: Sequence[Variable]) -> tuple[str, float]:
    """Name of the input that float32 rounds most, and by which part of the width of its bounds."""
    parts = [rounding(variable) for variable in variables]
    worst = int(np.argmax(parts))
    return variables[worst].name, parts[worst]


def taken_by(opened: Any) -> Any:
    """Element type that an opened graph, an ``onnxruntime.InferenceSession``, takes its inputs in."""
    return np.float64 if opened.get_inputs()[0].type == "tensor(double)" else np.float32


def centre_of(variables: Sequence[Variable]) -> np.ndarray:
    """What is taken off each input ``[d]`` before it may be rounded to float32: 0 where that rounds nothing that shows.

    Of a period whole turns are taken off, so that its angle stays what it was.
    """
    found = np.zeros(len(variables))
    for j, variable in enumerate(variables):
        if rounds_too_much(variable):
            middle = (variable.low + variable.high) / 2
            period = variable.period
            found[j] = middle if not period else period * np.floor(variable.low / period)
    return found
