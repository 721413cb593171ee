"""Ways to answer without AI that a study supplies itself, and the rungs of the ladder."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Literal

import numpy as np

from frugal.errors import UnusableInputError
from frugal.experiments.study.graph_builder import GraphBuilder

Kind = Literal[
    "constant",
    "formula",
    "table",
    "linear",
    "quadratic",
    "coarse_physics",
    "precomputed",
    "surrogate",
    "full_physics",
]


#: The ladder, from the least consuming rung up. Everything but ``surrogate`` counts as an alternative to AI.
RUNGS: tuple[Kind, ...] = (
    "constant",
    "formula",
    "table",
    "linear",
    "quadratic",
    "coarse_physics",
    "precomputed",
    "surrogate",
    "full_physics",
)


Arrays = Mapping[str, "np.typing.ArrayLike"]


@dataclass(frozen=True)
class Answer:
    """An alternative ready to be asked.

    Parameters
    ----------
    predict : callable
        ``predict(inputs[n, d]) -> {output name: array[n, ...]}``, deterministic.
    graph : callable, optional
        ``graph(builder, x) -> y``: the same answer as ONNX nodes, from the name of the float32 ``[n, d]`` tensor of
        inputs in physical units to the name of a float32 or float64 ``[n, m]`` tensor that holds all outputs, flattened
        and side by side in the order of the study. Columns of derived outputs may hold anything: they are computed from the
        map.
    """

    predict: Callable[[np.ndarray], Arrays]
    graph: Callable[[GraphBuilder, str], str] | None = None


@dataclass(frozen=True)
class Alternative:
    """A way to answer without AI that the study itself supplies: a formula, a table, coarser physics.

    Parameters
    ----------
    name : str
    kind : Kind
        Its rung on the ladder.
    build : callable
        ``build(inputs[n, d], outputs[n, m]) -> Answer`` from the training runs. Alternatives that learn nothing from runs
        ignore both (and say ``needs_runs=False``).
    needs_runs : bool
        The training runs belong to its fixed cost.
    uses_solver : bool
        It runs the study's solver, whose compilation then belongs to its fixed cost.
    label : mapping
        One line by language, for reports.
    """

    name: str
    kind: Kind
    build: Callable[[np.ndarray, np.ndarray], Answer]
    needs_runs: bool = False
    uses_solver: bool = False
    label: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.kind not in RUNGS or self.kind in ("surrogate", "full_physics"):
            allowed = ", ".join(kind for kind in RUNGS if kind not in ("surrogate", "full_physics"))
            raise UnusableInputError(f"alternative '{self.name}' has kind '{self.kind}'; allowed: {allowed}")


def formula(name: str, predict: Callable[[np.ndarray], Arrays], kind: Kind = "formula") -> Alternative:
    """Wrap a plain function of the inputs as an alternative that needs no run.

    Parameters
    ----------
    name : str
    predict : callable
        Takes inputs ``[n, d]`` in the units of the study's variables and gives an array ``[n, ...]`` for each output, by
        name.
    kind : Kind
        Its rung on the ladder, neither ``surrogate`` nor ``full_physics``.

    Returns
    -------
    Alternative
        Without an ONNX graph.
    """
    return Alternative(name, kind, lambda inputs, outputs: Answer(predict))
