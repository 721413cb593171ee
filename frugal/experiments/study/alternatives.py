"""Ways to answer without AI that a study itself supplies, and the rungs of the ladder."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property, partial
from typing import Any, Literal

import numpy as np

from frugal.errors import SolverError, UnusableInputError
from frugal.experiments.study.input_layout import NAMESPACE, InputLayout, asked_for, named_arguments, takes_rows
from frugal.experiments.study.outputs import Output, output_slices
from frugal.experiments.study.variables import check_words
from frugal.experiments.tracing.graph_builder import GraphBuilder
from frugal.experiments.tracing.namespace import trace
from frugal.experiments.tracing.traced_array import TracedArray

Kind = Literal[
    "constant",
    "formula",
    "table",
    "linear",
    "quadratic",
    "polynomial",
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
    "polynomial",
    "coarse_physics",
    "precomputed",
    "surrogate",
    "full_physics",
)


Arrays = Mapping[str, "np.typing.ArrayLike"]

#: ``answer(**inputs) -> {output name: value}``, or ``answer(xp, **inputs)``.
Answering = Callable[..., Arrays]


@dataclass(frozen=True)
class Answer:
    """An alternative ready to be asked by rows of numbers.

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
    answer : callable, optional
        ``answer(**inputs) -> {output name: array[n, ...]}`` of inputs ``[n]``, vectors ``[n, ...]``, deterministic. Where its
        first argument is named ``xp``, it is also written as an ONNX graph: ``answer(xp, **inputs)`` computes with the
        functions of ``xp``, which is numpy, or writes nodes (see `frugal.experiments.tracing.namespace`).
    fit : callable, optional
        ``fit(inputs, outputs) -> answer`` in the place of ``answer``, for what learns from the training runs: both are
        mappings of names to arrays ``[n, ...]``. Those runs then belong to its fixed cost.
    make : callable, optional
        ``make() -> answer`` in the place of ``answer``, for what is prepared when the ladder is built (a table of the solver).
    each_row : bool
        ``answer`` takes one query, floats and arrays of the shape of a vector, and gives the value of each output.
    program : callable, optional
        ``program(**inputs)``, a compiled kernel that gives the same as ``answer`` in numpy, faster: it is asked in its place
        where the answer is no graph.
    build : callable, optional
        The former form of ``fit``: ``build(inputs[n, d], outputs[n, m]) -> Answer``.
    needs_runs : bool
        The training runs belong to its fixed cost; always so with ``fit``.
    uses_solver : bool
        It runs the study's solver, whose compilation then belongs to its fixed cost.
    label : mapping
        One line by language, for reports.

    Raises
    ------
    UnusableInputError
        If its rung is none of an alternative, or not exactly one of ``answer``, ``make``, ``fit`` and ``build`` is given.
    """

    name: str
    kind: Kind
    build: Callable[[np.ndarray, np.ndarray], Answer] | None = None
    needs_runs: bool = False
    uses_solver: bool = False
    label: Mapping[str, str] = field(default_factory=dict)
    answer: Answering | None = None
    fit: Callable[[Mapping[str, np.ndarray], Mapping[str, np.ndarray]], Answering] | None = None
    make: Callable[[], Answering] | None = None
    each_row: bool = False
    program: Answering | None = None

    def __post_init__(self) -> None:
        check_words(f"alternative '{self.name}'", label=self.label)
        if self.kind not in RUNGS or self.kind in ("surrogate", "full_physics"):
            allowed = ", ".join(kind for kind in RUNGS if kind not in ("surrogate", "full_physics"))
            raise UnusableInputError(f"alternative '{self.name}' has kind '{self.kind}'; allowed: {allowed}")
        given = [form for form in ("answer", "make", "fit", "build") if getattr(self, form) is not None]
        if len(given) != 1:
            told = " and ".join(given) or "no way to answer"
            raise UnusableInputError(
                f"alternative '{self.name}' has {told}; one of answer, make, fit and build is needed"
            )
        if self.fit is not None:
            object.__setattr__(self, "needs_runs", True)

    def built(
        self,
        layout: InputLayout,
        outputs: Sequence[Output],
        inputs: np.ndarray,
        values: np.ndarray,
        parameters: Mapping[str, float],
    ) -> Answer:
        """The alternative as the ladder asks it.

        Parameters
        ----------
        layout : InputLayout
        outputs : sequence of Output
            Of the study, in order.
        inputs : array [n, d]
            Of the training runs.
        values : array [n, m]
            Their outputs, side by side.
        parameters : mapping of str to float
            Parameters of the site, which an answer may take beside the inputs.
        """
        if self.build is not None:
            return self.build(inputs, values)
        answer = self.make() if self.make is not None else self.answer
        if self.fit is not None:
            slices = output_slices(outputs)
            known = {o.name: values[:, slices[o.name]].reshape(len(values), *o.shape).copy() for o in outputs}
            answer = self.fit(layout.columns_by_name(inputs), known)
        assert answer is not None
        if takes_rows(answer, [variable.name for variable in layout.variables], tuple(parameters)):
            former = answer
            return Answer(lambda rows: former(np.array(rows, dtype=float)))  # answer(inputs[n, d])
        return _Named(answer, self.program, self.each_row, layout, tuple(outputs), parameters).as_answer()


@dataclass(frozen=True)
class _Named:
    """An answer by name, asked by rows of numbers."""

    answer: Answering
    program: Answering | None
    each_row: bool
    layout: InputLayout
    outputs: tuple[Output, ...]
    parameters: Mapping[str, float]

    def as_answer(self) -> Answer:
        return Answer(self._predict, self._graph if self._takes_namespace and not self.each_row else None)

    @property
    def _takes_namespace(self) -> bool:
        names, _, _ = named_arguments(self.answer)
        return names[:1] == (NAMESPACE,)

    def _predict(self, rows: np.ndarray) -> Arrays:
        if self.each_row:
            return _stacked([self._ask(self.layout.by_name(row)) for row in rows])
        return self._by_row(self._ask(self.layout.columns_by_name(np.asarray(rows, dtype=float))), len(rows))

    def _by_row(self, answers: Arrays, n: int) -> Arrays:
        """Answers with an axis of rows: what is one number, or one array of the output's shape, holds for all of them."""
        once = {}
        for output in self.outputs:
            value = answers.get(output.name)
            if value is not None and np.ndim(value) <= len(output.dims) and np.shape(value) in ((), output.shape):
                once[output.name] = np.broadcast_to(np.asarray(value, dtype=float), (n, *output.shape))
        return {**answers, **once} if once else answers

    @cached_property
    def _ask(self) -> Callable[[Mapping[str, Any]], Arrays]:
        """The answer of inputs by name; what it takes is found out once, since an answer may last microseconds."""
        if self.program is None and self._takes_namespace:
            return self._taking(partial(self.answer, np), self.answer)
        asked = self.program or self.answer
        return self._taking(asked, asked)

    def _taking(self, ask: Answering, signed: Answering) -> Callable[[Mapping[str, Any]], Arrays]:
        names = [variable.name for variable in self.layout.variables]
        taken = tuple(asked_for(signed, dict.fromkeys([*names, *self.parameters])))
        fixed = {name: value for name, value in self.parameters.items() if name in taken}
        varied = tuple(name for name in taken if name not in fixed)
        return lambda values: ask(**{name: values[name] for name in varied}, **fixed)

    def _graph(self, builder: GraphBuilder, x: str) -> str:
        named = self.layout.traced(builder, x)
        answers = trace(self.answer, builder, asked_for(self.answer, {**self.parameters, **named}))
        nothing = next(iter(named.values())).reshaped((-1,))[:, :1] * 0.0
        parts = [self._flat(output, answers, nothing) for output in self.outputs]
        common = np.result_type(*(part.dtype for part in parts))
        tensors = [part.astype(common).tensor for part in parts]
        return tensors[0] if len(tensors) == 1 else builder.op("Concat", *tensors, axis=1)

    def _flat(self, output: Output, answers: Mapping[str, Any], nothing: TracedArray) -> TracedArray:
        """One output as ``[n, its size]``; zeros for a derived one that the answer leaves out."""
        if output.name not in answers:
            if output.derived is None:
                raise SolverError(f"the answer gives no '{output.name}'; it gives {', '.join(answers) or 'nothing'}")
            return nothing
        value = answers[output.name]
        if not isinstance(value, TracedArray):
            if np.shape(value) not in ((), output.shape):
                raise SolverError(f"output '{output.name}' has shape {np.shape(value)}; {output.shape} is needed")
            return nothing + np.broadcast_to(np.asarray(value, dtype=float), output.shape).reshape(1, -1)
        if value.inner != output.shape:
            raise SolverError(f"output '{output.name}' has shape {value.shape}; (rows, *{output.shape}) is needed")
        return value.reshaped((output.size,))


def _stacked(answers: Sequence[Arrays]) -> dict[str, np.ndarray]:
    return {name: np.stack([np.asarray(answer[name]) for answer in answers]) for name in answers[0]}


def formula(
    name: str, answer: Answering, kind: Kind = "formula", label: Mapping[str, str] | None = None
) -> Alternative:
    """Wrap a plain function of the inputs as an alternative that needs no run.

    Parameters
    ----------
    name : str
    answer : callable
        ``answer(**inputs)`` takes inputs ``[n]`` by name, in the units of the study's variables, and gives an array
        ``[n, ...]`` for each output, by name. ``answer(xp, **inputs)`` becomes an ONNX graph too, see `Alternative`.
    kind : Kind
        Its rung on the ladder, neither ``surrogate`` nor ``full_physics``.
    label : mapping, optional
        One line by language.

    Returns
    -------
    Alternative
    """
    return Alternative(name, kind, answer=answer, label=label or {})
