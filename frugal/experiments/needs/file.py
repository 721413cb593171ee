"""A need written by the people who have it, as a TOML file."""

from __future__ import annotations

import hashlib
import tomllib
from collections.abc import Mapping
from dataclasses import fields, replace
from datetime import date
from importlib import resources
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any

from frugal.errors import UnusableInputError, did_you_mean
from frugal.experiments.metrics.registry import metric_of
from frugal.experiments.needs.domain import with_need
from frugal.experiments.study import Study, Variable
from frugal.experiments.study.need import (
    CallPattern,
    Need,
    Tolerance,
    check_interval,
    check_positive,
)
from frugal.experiments.study.study_file import read_need
from frugal.experiments.study.values import convert_difference, parse_value
from frugal.texts import LANGUAGES
from frugal.toml_text import parse_toml

#: What the program itself writes in a need: no key of a file.
OURS = ("declared", "file_sha256")

KEYS = (*(field.name for field in fields(Need) if field.name not in OURS), "queries_per_year")


def read_need_file(path: Path, study: Study | None = None) -> Need:
    """Read a need file.

    Its keys are those of `Need`, all optional but ``functional_unit`` and a table ``[tolerances.OUTPUT]`` with ``metric``
    and ``limit`` for each output. Besides: ``queries_per_year = [low, high]`` in the place of ``queries``; ``unit`` beside
    a limit that has one; bounds of the domain with a unit, as in ``["2 km/h", "30 km/h"]``; one text in the place of
    texts by language.

    Parameters
    ----------
    path : Path
    study : Study, optional
        Whose need it is, for units and names. None for a table of runs, whose columns have no units.

    Raises
    ------
    UnusableInputError
        If the file cannot be read, or a key is missing, unknown or has a value that is not allowed, naming file and key.
    """
    try:
        content = path.read_bytes()
    except OSError as fault:
        raise UnusableInputError(f"need file '{path}' cannot be read: {fault}") from fault
    need = _read(content, path, study)
    return replace(need, file_sha256=hashlib.sha256(content).hexdigest())


def packaged_need(package: str, name: str = "need.toml") -> Need:
    """The need of an installed study, from the file beside it.

    It is no need that users have declared for themselves, so that no hash of a file stands in it.

    Parameters
    ----------
    package : str
        Full name of the package that the file lies in.
    name : str
        Of the file.
    """
    file = resources.files(package) / name
    return _read(file.read_bytes(), file)


def _read(content: bytes, path: Path | Traversable, study: Study | None = None) -> Need:
    try:
        values: dict[str, Any] = parse_toml(content.decode("utf-8"))
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as fault:
        raise UnusableInputError(f"need file '{path}' cannot be read: {fault}") from fault
    try:
        _check_keys(values)
        plain = {
            **_without_yearly(values),
            "tolerances": _tolerances(values["tolerances"], study),
            "call_patterns": [_pattern(v) for v in values.get("call_patterns", [{"name": "one query at a time"}])],
            "domain": _domain(values.get("domain", {}), study),
            "declared_on": _iso(values.get("declared_on", "")),
            **{name: _by_language(values.get(name, {})) for name in ("reason", "use")},
        }
        need = read_need(plain)
        if study is not None:
            with_need(study, need)  # refuses names and bounds that are not the study's
    except UnusableInputError as fault:
        raise UnusableInputError(f"need file '{path}': {fault}") from fault
    return need


def _check_keys(values: Mapping[str, Any]) -> None:
    _known(values, KEYS, "")
    if "functional_unit" not in values:
        raise UnusableInputError("'functional_unit' is missing; say in plain words what one query answers")
    if not isinstance(values.get("tolerances"), Mapping) or not values["tolerances"]:
        raise UnusableInputError("no [tolerances]; a table [tolerances.OUTPUT] for each output is needed")
    for name in ("domain", "solver_error"):
        if not isinstance(values.get(name, {}), Mapping):
            raise UnusableInputError(f"{name} = {values[name]!r}; a table [{name}] of names and values is needed")
    if not _are_tables(values.get("call_patterns", [])):
        raise UnusableInputError(f"call_patterns = {values['call_patterns']!r}; tables [[call_patterns]] are needed")
    for pattern in values.get("call_patterns", []):
        _known(pattern, [field.name for field in fields(CallPattern)], "call_patterns.")


def _are_tables(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(part, Mapping) for part in value)


def _known(values: Mapping[str, Any], known: list[str] | tuple[str, ...], where: str) -> None:
    for name in values:
        if name not in known:
            hint = did_you_mean(name, known)
            raise UnusableInputError(f"the key '{where}{name}' is unknown; known: {', '.join(known)}{hint}")


def _without_yearly(values: Mapping[str, Any]) -> dict[str, Any]:
    """``queries_per_year`` turned into queries over the service life."""
    given = dict(values)
    yearly = given.pop("queries_per_year", None)
    if yearly is None:
        return given
    if "queries" in given:
        raise UnusableInputError("both 'queries' (over the service life) and 'queries_per_year' are given; keep one")
    check_interval("queries_per_year", yearly)
    years = given.get("service_life_years", Need.service_life_years)
    check_positive("service_life_years", years)
    given["queries"] = [float(count) * float(years) for count in yearly]
    return given


def _tolerances(tables: Mapping[str, Any], study: Study | None) -> dict[str, Any]:
    return {name: _tolerance(name, table, study) for name, table in tables.items()}


def _tolerance(name: str, table: Any, study: Study | None) -> dict[str, Any]:
    where = f"tolerances.{name}"
    if not isinstance(table, Mapping):
        raise UnusableInputError(f"{where} = {table!r}; a table with metric and limit is needed")
    _known(table, ("metric", "limit", "unit", "over"), f"{where}.")
    for key in ("metric", "limit"):
        if key not in table:
            raise UnusableInputError(f"'{where}.{key}' is missing; metric and limit must both be given")
    tolerance = dict(table)
    unit = tolerance.pop("unit", None)
    if unit is None:
        return tolerance
    if not isinstance(unit, str):
        raise UnusableInputError(f"{where}.unit = {unit!r}; a text is needed")
    if not metric_of(tolerance["metric"]).is_score:
        check_positive(f"{where}.limit", tolerance["limit"])
    tolerance["limit"] = _converted(name, Tolerance(**tolerance), unit, study)
    return tolerance


def _converted(name: str, tolerance: Tolerance, unit: str, study: Study | None) -> float:
    """The limit in the unit that its metric is measured in; a share in per cent."""
    where, metric = f"tolerances.{name}.unit", tolerance.measure
    if metric.scale == "share":
        if unit not in ("1", "%"):
            raise UnusableInputError(f"{where} = '{unit}'; {metric.with_article} is a share: '1' or '%' is allowed")
        return tolerance.limit / (100 if unit == "%" else 1)
    if metric.is_score:
        if unit != "1":
            raise UnusableInputError(
                f"{where} = '{unit}'; {metric.with_article} is a number without unit: leave it out"
            )
        return tolerance.limit
    if study is None:
        raise UnusableInputError(f"{where} = '{unit}', but columns of a table of runs have no unit; leave it out")
    outputs = {output.name: output for output in study.outputs}
    if name not in outputs:
        raise UnusableInputError(
            f"'tolerances.{name}' is no output; known: {', '.join(outputs)}{did_you_mean(name, outputs)}"
        )
    time = outputs[name].time
    own = time.unit if metric.scale == "time" and time is not None else outputs[name].unit
    return convert_difference(tolerance.limit, unit, own, where, what="key")


def _pattern(table: Mapping[str, Any]) -> dict[str, Any]:
    if "name" not in table:
        raise UnusableInputError("'call_patterns.name' is missing; name each call pattern in plain words")
    return {**table, "label": _by_language(table.get("label", {}))}


def _domain(table: Mapping[str, Any], study: Study | None) -> dict[str, Any]:
    if study is None:
        return dict(table)
    variables = {variable.name: variable for variable in study.inputs}
    for name in table:
        if name not in variables:
            hint = did_you_mean(name, variables)
            raise UnusableInputError(f"'domain.{name}' is no input; known: {', '.join(variables)}{hint}")
    return {name: _bounds(variables[name], bounds) for name, bounds in table.items()}


def _bounds(variable: Variable, bounds: Any) -> Any:
    """Bounds as numbers in the unit of the input; what is neither number nor text is left for `Need` to refuse."""
    if not isinstance(bounds, list):
        return bounds
    try:
        return [parse_value(variable, bound) if isinstance(bound, str) else bound for bound in bounds]
    except UnusableInputError as fault:
        raise UnusableInputError(f"domain.{variable.name} = {bounds!r}: {fault}") from fault


def _by_language(text: Any) -> Any:
    return dict.fromkeys(LANGUAGES, text) if isinstance(text, str) else text


def _iso(value: Any) -> Any:
    return value.isoformat() if isinstance(value, date) else value
