"""A study narrowed to what the use asks: the domain that a need declares."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from frugal.errors import UnusableInputError
from frugal.experiments.study import Study, Variable
from frugal.experiments.study.design import MINIMUM_RUNS, Design
from frugal.experiments.study.need import Need
from frugal.experiments.study.questions import question
from frugal.experiments.study.scenarios import Scenario

#: The least of each part.
MINIMUM_TRAINING, MINIMUM_HELD_OUT = 8, 3


def with_need(study: Study, need: Need) -> Study:
    """The same study with another need, its inputs narrowed to the domain that the need declares.

    Where the study has a design of its own, rows outside the domain are dropped from it; so are scenarios outside, and what was
    measured under them.

    Raises
    ------
    UnusableInputError
        If the need names an unknown input or output, or a domain that leaves the study's bounds or narrows a choice.
    """
    named = replace(study, need=need)
    inputs = tuple(_narrowed(variable, need.domain.get(variable.name)) for variable in study.inputs)
    if inputs == study.inputs:
        return named
    scenarios = tuple(scenario for scenario in study.scenarios if _is_inside(scenario, inputs))
    observed = tuple(o for o in study.observations if o.scenario in ("", *(scenario.name for scenario in scenarios)))
    narrowed = replace(named, inputs=inputs, scenarios=scenarios, observations=observed)
    if study.draw is None:
        return narrowed
    original = study.draw

    def draw(n: int, seed: int) -> Design:
        return _keep_inside(original(n, seed), narrowed.columns, need, f"the {n} runs that study '{study.name}' draws")

    return replace(narrowed, draw=draw)


def _is_inside(scenario: Scenario, inputs: tuple[Variable, ...]) -> bool:
    try:
        question(inputs, scenario.values, assume_middle=True)
    except UnusableInputError:
        return False
    return True


def rows_inside(inputs: np.ndarray, variables: tuple[Variable, ...]) -> np.ndarray:
    """Which rows ``[n, d]`` stand inside the bounds of the variables, ``bool [n]``."""
    low, high = np.array([v.low for v in variables]), np.array([v.high for v in variables])
    slack = 1e-9 * (high - low)
    return np.asarray(((inputs >= low - slack) & (inputs <= high + slack)).all(axis=1))


def describe_domain(need: Need) -> str:
    """The domain in a few words, for a sentence."""
    return ", ".join(f"{name} {low:.10g} to {high:.10g}" for name, (low, high) in need.domain.items())


def _narrowed(variable: Variable, bounds: tuple[float, float] | None) -> Variable:
    if bounds is None:
        return variable
    low, high = max(bounds[0], variable.low), min(bounds[1], variable.high)
    if (low, high) == (variable.low, variable.high):
        return variable
    if variable.choices:
        raise UnusableInputError(
            f"the domain of '{variable.name}' is [{low:.10g}, {high:.10g}], but this input is a choice among "
            f"{', '.join(variable.choices)}; only quantities can be narrowed"
        )
    default = variable.default
    if default is not None and not all(low <= value <= high for value in variable.elements_of(default)):
        default = None
    return replace(variable, low=low, high=high, default=default)


def _keep_inside(design: Design, variables: tuple[Variable, ...], need: Need, what: str) -> Design:
    kept = design.take(rows_inside(design.inputs, variables))
    held_out = int(kept.held_out.sum())
    if len(kept) < MINIMUM_RUNS or held_out < MINIMUM_HELD_OUT or len(kept) - held_out < MINIMUM_TRAINING:
        raise UnusableInputError(
            f"{len(kept)} of {what} are inside the domain of the need ({describe_domain(need)}), {held_out} of them held "
            f"out; at least {MINIMUM_RUNS} are needed, {MINIMUM_TRAINING} to learn from and {MINIMUM_HELD_OUT} held out: "
            "ask for more runs or widen the domain"
        )
    return kept
