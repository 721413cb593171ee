"""A study as plain values, and back: what ``study.json`` of a bundle holds."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from frugal.errors import UnusableInputError
from frugal.experiments.study import CallPattern, Need, Output, Study, Tolerance, Variable


def describe_study(study: Study) -> dict[str, Any]:
    """Everything about a study but its functions."""
    return {
        "format": "frugal-study/1",
        "name": study.name,
        "title": dict(study.title),
        "hash": study.hash(),
        "site": dict(study.site),
        "inputs": [asdict(variable) for variable in study.inputs],
        "outputs": [asdict(output) for output in study.outputs],
        "need": describe_need(study.need),
        "sources": list(study.sources),
        "has_solver": study.solve is not None,
    }


def describe_need(need: Need) -> dict[str, Any]:
    """A need as plain values, with its hash."""
    values = asdict(need)
    values["queries"] = list(need.queries) if need.queries else None
    return {**values, "hash": hashlib.sha256(json.dumps(values, sort_keys=True).encode()).hexdigest()}


def read_variables(values: list[Mapping[str, Any]]) -> tuple[Variable, ...]:
    """Variables from their plain values."""
    return tuple(Variable(**{**value, "choices": tuple(value.get("choices", ()))}) for value in values)


def read_outputs(values: list[Mapping[str, Any]]) -> tuple[Output, ...]:
    """Outputs from their plain values."""
    return tuple(Output(**{**value, "dims": tuple(value.get("dims", ()))}) for value in values)


def read_need(values: Mapping[str, Any]) -> Need:
    """A need from its plain values (a bundle's, or a need file's).

    Raises
    ------
    UnusableInputError
        If a field is unknown or missing or of the wrong kind.
    """
    fields = {name: value for name, value in values.items() if name != "hash"}
    try:
        fields["tolerances"] = {name: Tolerance(**value) for name, value in fields["tolerances"].items()}
        fields["call_patterns"] = tuple(CallPattern(**value) for value in fields["call_patterns"])
        if fields.get("queries") is not None:
            low, high = fields["queries"]
            fields["queries"] = (float(low), float(high))
        return Need(**fields)
    except (KeyError, TypeError, ValueError, AttributeError) as fault:
        raise UnusableInputError(f"the need cannot be read: {fault}") from fault
