"""A study as plain values, and back: what ``study.json`` of a bundle holds."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, fields
from pathlib import Path, PurePath
from typing import Any

from frugal.errors import UnusableInputError, did_you_mean
from frugal.experiments.metrics.registry import FORMER_NAMES
from frugal.experiments.study.geometry import TimeAxis, describe_geometry, read_geometry
from frugal.experiments.study.need import CallPattern, Need, Tolerance, is_number
from frugal.experiments.study.outputs import FORMER_FIELDS, Derived, Output, on_grid
from frugal.experiments.study.scenarios import Scenario
from frugal.experiments.study.study import Study
from frugal.experiments.study.variables import Variable

#: Its second form: geometry, vectors, scenarios and parameters, and hashes that read more of the solver than those of the
#: first.
STUDY_FORMAT = "frugal-study/2"


def describe_study(study: Study) -> dict[str, Any]:
    """Everything about a study but its functions."""
    return {
        "format": STUDY_FORMAT,
        "name": study.name,
        "title": dict(study.title),
        "hash": study.hash(),
        "site": dict(study.site),
        "inputs": [asdict(variable) for variable in study.inputs],
        "outputs": [describe_output(output) for output in study.outputs],
        "need": describe_need(study.need),
        "sources": list(study.sources),
        "has_solver": study.solve is not None,
        **({"scenarios": [asdict(scenario) for scenario in study.scenarios]} if study.scenarios else {}),
        **({"parameters": _parameters(study)} if study.parameters else {}),
        **({"cell_features": list(study.cell_features)} if study.cell_features else {}),
        **({"solver_needs": dict(study.missing_data)} if study.missing_data else {}),
        **({"notes": [dict(note) for note in study.notes]} if study.notes else {}),
        **({"cases": dict(study.cases)} if study.cases else {}),
        **({"judged_on": dict(study.judged_on)} if study.judged_on else {}),
    }


def description_hash(described: Mapping[str, Any]) -> str:
    """SHA-256 of what ``study.json`` says beside the need: names and texts that an audit repeats, on no hash of the physics.

    Parameters
    ----------
    described : mapping
        Its content, as JSON gives it.
    """
    content = {key: value for key, value in described.items() if key != "need"}
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()


def told_site(site: Mapping[str, Any]) -> dict[str, Any]:
    """Settings of a site as they may be told to anybody: of files their name alone, not whose folder they lie in."""

    def told(value: Any) -> Any:
        if isinstance(value, list | tuple):
            return [told(part) for part in value]
        return PurePath(value).name if isinstance(value, str) and _is_path(value) else value

    return {name: told(value) for name, value in site.items()}


def _is_path(value: str) -> bool:
    """Whether a setting names a file or folder; "NGF/IGN69" and "m/s" name none."""
    if "\\" in value:
        return True
    path = Path(value)
    return "/" in value and (path.is_absolute() or ".." in path.parts or path.suffix != "" or path.exists())


def _parameters(study: Study) -> list[dict[str, Any]]:
    values = study.parameter_set
    return [{**asdict(parameter), "value": values[parameter.name]} for parameter in study.parameters]


def describe_output(output: Output) -> dict[str, Any]:
    """An output as plain values, geometry and time axis beside the dimensions and coordinates that follow from them."""
    values = {f.name: getattr(output, f.name) for f in fields(output) if f.name not in ("geometry", "time", "derived")}
    values["derived"] = asdict(output.derived) if output.derived is not None else None
    if output.geometry is not None:
        values["geometry"] = describe_geometry(output.geometry)
    if output.time is not None:
        values["time"] = asdict(output.time)
    return values


def describe_need(need: Need) -> dict[str, Any]:
    """A need as plain values, with the hash of all of them; a tolerance that leaves ``over`` open does not name it."""
    values: dict[str, Any] = json.loads(json.dumps(asdict(need)))
    for tolerance in values["tolerances"].values():
        if tolerance["over"] is None:
            del tolerance["over"]
    if not values["answers"]:
        del values["answers"]
    return {**values, "hash": need_hash(values)}


def need_hash(values: Mapping[str, Any]) -> str:
    """SHA-256 of a need given as plain values; a ``hash`` among them is left out, and ``answers``, which decide nothing.

    A metric goes in under its first name: a need is not another one because a metric has a new name.
    """
    content = {name: value for name, value in values.items() if name not in ("hash", "answers")}
    tolerances = content.get("tolerances")
    if isinstance(tolerances, Mapping):
        content["tolerances"] = {name: _with_first_name(tolerance) for name, tolerance in tolerances.items()}
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()


def _with_first_name(tolerance: Any) -> Any:
    if not isinstance(tolerance, Mapping):
        return tolerance
    metric = tolerance.get("metric")
    first = next((former for former, name in FORMER_NAMES.items() if name == metric), metric)
    return {**tolerance, "metric": first}


def read_variables(values: list[Mapping[str, Any]]) -> tuple[Variable, ...]:
    """Variables from their plain values."""
    return tuple(
        Variable(**{**value, **{name: tuple(value.get(name, ())) for name in ("choices", "dims")}}) for value in values
    )


def read_outputs(values: list[Mapping[str, Any]], grid: Mapping[str, Any] | None = None) -> tuple[Output, ...]:
    """Outputs from their plain values; ``grid`` is where older files say that all maps lie."""
    return tuple(on_grid(_read_output(value), grid or {}) for value in values)


def read_scenarios(values: list[Mapping[str, Any]]) -> tuple[Scenario, ...]:
    """Scenarios from their plain values."""
    return tuple(Scenario(**value) for value in values)


def _read_output(value: Mapping[str, Any]) -> Output:
    given = {FORMER_FIELDS.get(name, name): part for name, part in value.items()}
    derived, geometry, time = given.get("derived"), given.get("geometry"), given.get("time")
    return Output(
        **{
            **given,
            "dims": tuple(given.get("dims", ())),
            "derived": Derived(**derived) if derived is not None else None,
            "geometry": read_geometry(geometry) if geometry is not None else None,
            "time": TimeAxis(**time) if time is not None else None,
        }
    )


def read_need(values: Mapping[str, Any]) -> Need:
    """A need from its plain values (a bundle's, or a need file's); fields that older bundles lack take their default.

    Raises
    ------
    UnusableInputError
        If a field is unknown or missing or of the wrong kind, naming it.
    """
    given = {name: value for name, value in values.items() if name != "hash"}
    _check_keys(given, Need, "the need")
    tolerances = _mapping(given["tolerances"], "tolerances")
    given["tolerances"] = {name: _read_tolerance(name, value) for name, value in tolerances.items()}
    if "call_patterns" in given:
        given["call_patterns"] = tuple(_read_pattern(value) for value in _list(given["call_patterns"], "call_patterns"))
    if given.get("queries") is not None:
        given["queries"] = _pair(given["queries"])
    for name in ("service_life_years", "queries_per_journey", "queries_per_hour", "beneficiaries"):
        if name in given:
            given[name] = _float(given[name])
    for name in ("solver_error", "domain"):
        if name in given:
            read = _pair if name == "domain" else _float
            given[name] = {key: read(value) for key, value in _mapping(given[name], name).items()}
    return Need(**given)


def _read_tolerance(name: str, value: Any) -> Tolerance:
    what = f"tolerances.{name}"
    _check_keys(_mapping(value, what), Tolerance, what)
    try:
        return Tolerance(**{**value, "limit": _float(value["limit"])})
    except UnusableInputError as fault:
        raise UnusableInputError(f"{what}: {fault}") from fault


def _read_pattern(value: Any) -> CallPattern:
    _check_keys(_mapping(value, "call_patterns"), CallPattern, "call_patterns")
    return CallPattern(**value)


def _check_keys(values: Mapping[str, Any], kind: type, what: str) -> None:
    known = [field.name for field in fields(kind)]
    for name in values:
        if name not in known:
            raise UnusableInputError(
                f"{what} has the unknown key '{name}'; known: {', '.join(known)}{did_you_mean(name, known)}"
            )
    needed = {Need: ("functional_unit", "tolerances"), Tolerance: ("metric", "limit"), CallPattern: ("name",)}[kind]
    for name in needed:
        if name not in values:
            raise UnusableInputError(f"{what} has no '{name}'; {' and '.join(needed)} must be given")


def _mapping(value: Any, what: str) -> Mapping[str, Any]:
    if not isinstance(value, Mapping):
        raise UnusableInputError(f"{what} = {value!r}; a table of names and values is needed")
    return value


def _list(value: Any, what: str) -> list[Any] | tuple[Any, ...]:
    if not isinstance(value, list | tuple):
        raise UnusableInputError(f"{what} = {value!r}; a list of tables is needed")
    return value


def _float(value: Any) -> Any:
    """A number as float, so that 1 and 1.0 are the same need; anything else as it is, for `Need` to refuse."""
    return float(value) if is_number(value) else value


def _pair(value: Any) -> Any:
    return tuple(_float(part) for part in value) if isinstance(value, list | tuple) else value
