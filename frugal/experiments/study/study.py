"""A study: the question a territory asks, with its inputs, outputs, solver, alternatives and declared need."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import numpy as np

from frugal.errors import SolverError, UnusableInputError, did_you_mean
from frugal.experiments.fingerprint import fingerprint
from frugal.experiments.study.alternatives import Alternative, Answer, Arrays
from frugal.experiments.study.derived_features import Summaries
from frugal.experiments.study.design import Design
from frugal.experiments.study.input_layout import NAMESPACE, InputLayout, asked_for, check_arguments, takes_rows
from frugal.experiments.study.need import Need, check_text
from frugal.experiments.study.outputs import Diagnostic, Output, check_outputs, complete, on_grid, output_slices
from frugal.experiments.study.questions import (
    RESERVED,
    Details,
    DetailsAsked,
    check_observations,
    check_parameters,
    check_scenarios,
)
from frugal.experiments.study.scenarios import Observations, Scenario
from frugal.experiments.study.variables import Parameter, Variable, check_words
from frugal.texts import LANGUAGES, Text


@dataclass(frozen=True)
class Study:
    """A question with everything that is needed to price its answers.

    Parameters
    ----------
    name : str
    inputs : tuple of Variable
    outputs : tuple of Output
    need : Need
    solve : callable, optional
        ``solve(**inputs) -> {output name: array}``: the full physics of one query, pure and seeded; inputs are floats, vectors
        arrays of their shape, and parameters stand beside them. None for a table of runs.
    truth : callable, optional
        ``truth(object_id, **inputs) -> {output name: array}``: the full physics of a real object (roof number ``object_id``
        of a territory) that the inputs only summarise. `solve` serves where there is no such object.
    details : callable, optional
        ``details(asked, **inputs) -> Details``, with ``asked`` a `DetailsAsked`: one run told in files, for who works with it.
    finer : callable, optional
        As ``solve`` (as ``truth`` where there is one), on cells half as wide, told on the elements of the outputs; a derived
        output may be given as the finer cells have it. What the grid of the solver errs by is measured with it.
    coarser : callable, optional
        The same on cells twice as wide: with both, the order is observed by which the error falls.
    draw : callable, optional
        ``draw(n, seed) -> Design``: the study's own design; a scrambled Sobol sequence over the bounds otherwise.
    alternatives : tuple of Alternative
    n_runs : int
        Runs of a campaign when the user does not say.
    title, sources
        Title by language; references in plain text.
    site : mapping
        The site as plain values, kept with the bundle so that the study can be built again.
    definition : str
        Hash of whatever else fixes the answers (solver source, weather, terrain); part of the study's hash.
    grid : mapping
        Former form of ``Output.geometry`` for all maps ``[y, x]``: ``crs`` and ``transform`` as `Grid` has them.
    cell_features : mapping
        What is known of each element of the fields whatever is asked, arrays of their shape by name (bed level, distance to the
        breach): the candidate that answers cell by cell learns from them.
    summaries : Summaries, optional
        Closed-form columns that smooth fits and networks learn from in the place of the inputs.
    diagnostics : tuple of Diagnostic
        What ``solve`` gives beside the outputs, under the names of these: volumes that must balance, steps taken.
    missing_data : mapping
        Data that the solver reads beside the inputs and that nobody has where the study is asked, by language, as words that
        follow "it needs" ("a surface model in cells of 0.5 m"). The full physics is then what the others are held against, and
        cannot be asked itself.
    scenarios : tuple of Scenario
        Named sets of input values.
    parameters : tuple of Parameter
        Numbers of the physics that are fixed for a site.
    parameter_values : mapping of str to float
        Of those that differ from their default; see `with_parameters`.
    observations : tuple of Observations
        What was measured where the study is asked.
    notes : tuple of str by language
        What a user should know of the site that was given: told whenever the study is loaded, and kept with the bundle.
    remarks : callable, optional
        ``remarks(**inputs)``: sentences by language on one question, told beside the run that answers it.
    found : callable, optional
        ``found(outputs, **inputs)``: the same on what a run of the full physics gave, outputs by name.
    cases : mapping
        What one query is about, in the plural, by language ("roofs", "toits"); cases where nothing is said.
    judged_on : mapping
        Where the runs that judge the answers come from, by language, as words that follow "judged on 225 roofs:" ("roofs and
        weather generated, no real place").

    Raises
    ------
    UnusableInputError
        If names clash, a function takes what is no input, or need, scenarios or observations name what is not there.
    """

    name: str
    inputs: tuple[Variable, ...]
    outputs: tuple[Output, ...]
    need: Need
    solve: Callable[..., Arrays] | None = None
    truth: Callable[..., Arrays] | None = None
    details: Callable[..., Details] | None = None
    finer: Callable[..., Arrays] | None = None
    coarser: Callable[..., Arrays] | None = None
    draw: Callable[[int, int], Design] | None = None
    alternatives: tuple[Alternative, ...] = ()
    n_runs: int = 256
    title: Mapping[str, str] = field(default_factory=dict)
    sources: tuple[str, ...] = ()
    site: Mapping[str, Any] = field(default_factory=dict)
    definition: str = ""
    grid: Mapping[str, Any] = field(default_factory=dict)
    cell_features: Mapping[str, np.ndarray] = field(default_factory=dict)
    summaries: Summaries | None = None
    diagnostics: tuple[Diagnostic, ...] = ()
    missing_data: Mapping[str, str] = field(default_factory=dict)
    scenarios: tuple[Scenario, ...] = ()
    parameters: tuple[Parameter, ...] = ()
    parameter_values: Mapping[str, float] = field(default_factory=dict)
    observations: tuple[Observations, ...] = ()
    notes: tuple[Text, ...] = ()
    remarks: Callable[..., tuple[Text, ...]] | None = None
    found: Callable[..., tuple[Text, ...]] | None = None
    cases: Mapping[str, str] = field(default_factory=dict)
    judged_on: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if not self.inputs or not self.outputs:
            raise UnusableInputError(f"study '{self.name}' needs at least one input and one output")
        if not isinstance(self.name, str) or not self.name.strip():
            raise UnusableInputError(f"a study has the name {self.name!r}; a text is needed")
        check_words(f"study '{self.name}'", label=self.title)
        self._check_names()
        object.__setattr__(self, "outputs", tuple(on_grid(output, self.grid) for output in self.outputs))
        check_outputs(self.outputs)
        self._check_fields()
        self._check_need()
        self._check_missing_data()
        for name in ("cases", "judged_on"):
            check_text(f"{name} of study '{self.name}'", getattr(self, name))
        self._check_functions()
        check_scenarios(self.name, self.scenarios, self.inputs)
        check_parameters(self.name, self.parameters, self.parameter_values)
        check_observations(self.name, self.observations, self.outputs, self.scenarios)

    def _check_names(self) -> None:
        shaped: tuple[Variable | Output, ...] = (*self.inputs, *self.outputs)
        dims = [dim for part in shaped for dim in part.dims]
        told = (self.inputs, self.outputs, self.diagnostics, self.parameters)
        names = [str(part.name) for parts in told for part in parts]
        for name in names:
            if names.count(name) > 1:
                raise UnusableInputError(f"study '{self.name}' uses the name '{name}' twice")
        clashes = RESERVED | {f"{o.name}{suffix}" for o in self.outputs for suffix in ("_lower", "_upper")}
        for name in [*names, *dims]:
            if name in clashes or name.startswith("_t"):
                raise UnusableInputError(f"study '{self.name}': the name '{name}' is reserved; choose another")
            if not name.isidentifier():
                raise UnusableInputError(f"study '{self.name}': the name '{name}' must be a Python identifier")
        for dim in dims:
            if dim in names:
                raise UnusableInputError(f"study '{self.name}': '{dim}' is both a dimension and a variable")

    def _check_fields(self) -> None:
        shapes = {output.shape for output in self.outputs if output.is_field}
        if self.cell_features and len(shapes) != 1:
            raise UnusableInputError(f"study '{self.name}' has cell_features: all of its fields must have one shape")
        for name, values in self.cell_features.items():
            if np.shape(values) not in shapes or not np.isfinite(values).all():
                raise UnusableInputError(
                    f"cell feature '{name}' of study '{self.name}' must be finite and of the shape of its fields, "
                    f"{next(iter(shapes))}; it has {np.shape(values)}"
                )

    def _check_functions(self) -> None:
        names = self._argument_names
        if self.coarser is not None and self.finer is None:
            raise UnusableInputError(
                f"study '{self.name}' has 'coarser' and no 'finer', without which it tells nothing"
            )
        own: tuple[str, ...] = () if self.truth is None else ("object_id",)
        physics = (("solve", self.solve, ()), ("truth", self.truth, own), ("finer", self.finer, own))
        for what, function, beside in (*physics, ("coarser", self.coarser, own)):
            if function is not None and not takes_rows(function, names, beside):
                check_arguments(f"'{what}' of study '{self.name}'", function, names, beside, all_of_them=True)
        for alternative in self.alternatives:
            function = alternative.answer
            if function is not None and not takes_rows(function, names):
                what = f"alternative '{alternative.name}' of study '{self.name}'"
                check_arguments(what, function, names, (NAMESPACE,), all_of_them=False)

    def _check_need(self) -> None:
        outputs = [output.name for output in self.outputs]
        for name in self.need.tolerances:
            if name not in outputs:
                raise UnusableInputError(
                    f"the need of study '{self.name}' names the unknown output '{name}'; "
                    f"known: {', '.join(outputs)}{did_you_mean(name, outputs)}"
                )
        for output in self.outputs:
            tolerance = self.need.tolerances.get(output.name)
            if tolerance is not None:
                tolerance.measure.check_use(
                    output.name,
                    has_time=output.time is not None,
                    has_undefined=output.has_undefined,
                    compares_runs=output.size > 1 and not (output.is_series and output.shape[0] > 1),
                    pooled=tolerance.pools(output.is_field),
                )
        variables = {variable.name: variable for variable in self.inputs}
        for name, (low, high) in self.need.domain.items():
            if name not in variables:
                raise UnusableInputError(
                    f"the domain of the need names the unknown input '{name}'; "
                    f"known: {', '.join(variables)}{did_you_mean(name, variables)}"
                )
            variable = variables[name]
            slack = 1e-9 * (variable.high - variable.low)
            if low < variable.low - slack or high > variable.high + slack:
                raise UnusableInputError(
                    f"the domain of '{name}' is [{low:g}, {high:g}] {variable.unit}, which leaves the bounds of study "
                    f"'{self.name}', [{variable.low:g}, {variable.high:g}]"
                )

    def _check_missing_data(self) -> None:
        if self.missing_data and not all(self.missing_data.get(language) for language in LANGUAGES):
            raise UnusableInputError(
                f"study '{self.name}' has missing_data {dict(self.missing_data)}; words for 'en' and 'fr' are needed"
            )
        if self.missing_data and self.solve is None:
            raise UnusableInputError(
                f"study '{self.name}' says what its solver needs (missing_data), but has no solver"
            )

    @cached_property
    def layout(self) -> InputLayout:
        """Where each input stands in a row of numbers."""
        return InputLayout(self.inputs)

    @property
    def columns(self) -> tuple[Variable, ...]:
        """The inputs as numbers, one a column ``[d]``: elements of a vector are named ``name[coordinate]``."""
        return self.layout.columns

    @property
    def column_names(self) -> tuple[str, ...]:
        """Names of the columns."""
        return tuple(variable.name for variable in self.columns)

    @property
    def _argument_names(self) -> list[str]:
        """What solver and answers may take."""
        return [variable.name for variable in self.inputs] + [parameter.name for parameter in self.parameters]

    @cached_property
    def parameter_set(self) -> Mapping[str, float]:
        """Value of every parameter."""
        return {p.name: float(self.parameter_values.get(p.name, p.default)) for p in self.parameters}

    def with_parameters(self, values: Mapping[str, float]) -> Study:
        """The same study with other values of some parameters.

        Raises
        ------
        UnusableInputError
            If a name is unknown or a value leaves its bounds.
        """
        return replace(self, parameter_values={**self.parameter_values, **values})

    @property
    def former_forms(self) -> tuple[str, ...]:
        """What still takes the inputs by position: ``solve``, ``truth``, names of alternatives."""
        names = self._argument_names
        functions = {"solve": self.solve, "truth": self.truth} | {a.name: a.answer for a in self.alternatives}
        beside = {"truth": ("object_id",)}
        by_position = [
            name
            for name, function in functions.items()
            if function and takes_rows(function, names, beside.get(name, ()))
        ]
        return (*by_position, *(alternative.name for alternative in self.alternatives if alternative.build))

    @property
    def output_size(self) -> int:
        """Number of elements of all outputs of one run, side by side."""
        return sum(output.size for output in self.outputs)

    def output_slices(self) -> dict[str, slice]:
        """Where each output stands in the flattened ``[n, m]`` array."""
        return output_slices(self.outputs)

    def flatten(self, values: Arrays, n: int | None = None) -> np.ndarray:
        """Put outputs side by side: ``[m]`` for one run, ``[n, m]`` for many, undefined elements filled, scalars derived.

        Raises
        ------
        SolverError
            If an output is missing, has the wrong shape or is not finite, or a derived one is not what its map says.
        """
        if not isinstance(values, Mapping):
            kind = type(values).__name__
            raise SolverError(f"the study '{self.name}' computed a {kind}; a dictionary of outputs by name is needed")
        given = {}
        for output in self.outputs:
            if output.name not in values:
                if output.derived is not None:
                    continue
                raise SolverError(f"output '{output.name}' is missing from what the study '{self.name}' computed")
            try:
                value = np.asarray(values[output.name], dtype=np.float64)
            except (TypeError, ValueError) as fault:
                raise SolverError(f"output '{output.name}' is not a number: {fault}") from fault
            expected = output.shape if n is None else (n, *output.shape)
            if value.shape != expected:
                raise SolverError(f"output '{output.name}' has shape {value.shape}; {expected} is needed")
            given[output.name] = value.reshape(1 if n is None else n, output.size)
        flat = complete(given, self.outputs, 1 if n is None else n)
        if not np.isfinite(flat).all():
            slices = self.output_slices()
            bad = [name for name, columns in slices.items() if not np.isfinite(flat[:, columns]).all()]
            raise SolverError(f"output '{bad[0]}' is not a finite number")
        return flat[0] if n is None else flat

    def solved(self, inputs: np.ndarray, object_id: int = -1) -> Arrays:
        """What the full physics gives for one row ``[d]``, diagnostics included: of a real object, or of the inputs alone (-1).

        Raises
        ------
        UnusableInputError
            If the study has no solver.
        """
        if object_id >= 0 and self._ask_truth is not None:
            return self._ask_truth(inputs, object_id)
        if self._ask_solve is None:
            raise UnusableInputError(f"study '{self.name}' has no solver: it comes from a table of runs")
        return self._ask_solve(inputs)

    @cached_property
    def _ask_solve(self) -> Callable[..., Arrays] | None:
        return None if self.solve is None else self.by_row(self.solve)

    @cached_property
    def _ask_truth(self) -> Callable[..., Arrays] | None:
        return None if self.truth is None else self.by_row(self.truth, "object_id")

    def by_row(self, function: Callable[..., Arrays], *beside: str) -> Callable[..., Arrays]:
        """A function that takes inputs by name, asked by a row ``[d]`` and what stands beside it.

        One of the former form is asked as it is. What it takes is found out once: a run may last microseconds.
        """
        if takes_rows(function, self._argument_names, beside):
            return lambda row, *values: function(row.copy(), *values)
        taken = tuple(asked_for(function, dict.fromkeys([*self._argument_names, *beside])))
        by_name, fixed = self.layout.by_name, dict(self.parameter_set)

        def ask(row: np.ndarray, *values: Any) -> Arrays:
            named = {**by_name(row), **fixed, **dict(zip(beside, values, strict=True))}
            return function(**{name: named[name] for name in taken})

        return ask

    def detailed(self, inputs: np.ndarray, asked: DetailsAsked) -> Details:
        """One run for a row ``[d]``, told in detail; of a study that has ``details``."""
        if self.details is None:
            raise UnusableInputError(f"study '{self.name}' tells no details of a run")
        return self.details(asked, **self.layout.by_name(inputs), **self.parameter_set)

    def run(self, inputs: np.ndarray, object_id: int = -1) -> np.ndarray:
        """One run of the full physics, flattened ``[m]``; see `solved`."""
        return self.flatten(self.solved(inputs, object_id))

    def remarks_on(self, inputs: np.ndarray) -> tuple[Text, ...]:
        """What a user should know of one question, given as a row ``[d]``."""
        return () if self.remarks is None else self.remarks(**self.layout.by_name(inputs))

    def found_in(self, outputs: Arrays, inputs: np.ndarray) -> tuple[Text, ...]:
        """What a user should know of the run that answered one question, given as a row ``[d]``."""
        return () if self.found is None else self.found(outputs, **self.layout.by_name(inputs))

    def answer_of(self, alternative: Alternative, inputs: np.ndarray, outputs: np.ndarray) -> Answer:
        """An alternative made from training runs ``[n, d]`` and their outputs ``[n, m]``, as the ladder asks it."""
        return alternative.built(self.layout, self.outputs, inputs, outputs, self.parameter_set)

    def hash(self) -> str:
        """Hash of the question and of the physics behind it: runs of another hash are not runs of this study.

        The physics is the source of the solver and of what it calls, with the plain values that they hold. The need and the
        alternatives are left out: they change nothing in a run. The site stands in where the study gives no ``definition``
        of what it read.
        """
        content = {
            "name": self.name,
            "inputs": [[v.name, v.unit, v.low, v.high, v.choices] for v in self.columns],
            "outputs": [output.definition() for output in self.outputs],
            "solver": [fingerprint(self.solve), fingerprint(self.truth)],
            "site": "" if self.definition else json.dumps(dict(self.site), sort_keys=True, default=str),
            "definition": self.definition,
            **({"parameters": dict(self.parameter_set)} if self.parameters else {}),
        }
        return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()
