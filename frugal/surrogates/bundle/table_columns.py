"""Which column of a table each input is taken from."""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from frugal.errors import UnusableInputError
from frugal.experiments.study import Variable
from frugal.experiments.study.values import convert
from frugal.formats.files.headers import column_of, identifier, name_and_unit, plain_name, shortened
from frugal.formats.files.tables import OpenTable

_SUPERSCRIPTS = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹⁻", "0123456789-")


@dataclass(frozen=True)
class TableColumn:
    """Where a number of the inputs stands in a table.

    Parameters
    ----------
    variable : Variable
        A number, or an element of a vector.
    column : str or None
        Its column in the table; None where it has none.
    whole : str, optional
        The column that holds the whole vector as lists.
    scale : (float, float), optional
        From the unit of the column to that of the study: the factor, and what is added then.
    """

    variable: Variable
    column: str | None
    whole: str | None = None
    scale: tuple[float, float] | None = None


def places_of(inputs: Sequence[Variable], table: OpenTable) -> dict[str, TableColumn]:
    """Places of all numbers that a study is asked with, by name.

    A column is that of an input where it has its name, or its label, as a table of runs had it that the study was made of;
    spaces, accents and signs that no name can hold are taken as `frugal.formats.files.headers.identifier` does. A unit in
    brackets behind the name may be another than the study's: values are converted.

    Parameters
    ----------
    inputs : sequence of Variable
    table : OpenTable

    Raises
    ------
    UnusableInputError
        If two columns are of one input, a unit does not convert, or a column is close to a missing input.
    """
    found: dict[str, TableColumn] = {}
    exact = {name for v in inputs for name in (v.name, *(element.name for element in v.elements()))} & set(table.names)
    others = [name for name in table.names if name not in exact]
    for variable in inputs:
        elements = variable.elements()
        whole = _column(variable, exact, others, table) if variable.dims else None
        for element in elements:
            column = _column(element, exact, others, table)
            if whole is not None and column is not None:
                raise UnusableInputError(f"{table.source} has columns '{whole}' and '{column}'; keep one form")
            scale = None if column is None else _scale(element, column, table)
            found[element.name] = TableColumn(element, whole or column, whole, scale)
    _check_names(inputs, found, table)
    return found


def _column(variable: Variable, exact: set[str], others: list[str], table: OpenTable) -> str | None:
    """The column of an input: of its very name, else of its name as people write it, else so but for a unit."""
    if variable.name in exact:
        return variable.name
    known = {variable.name, *(plain_name(label) for label in variable.label.values())}
    bare = known | {name_and_unit(label)[0] for label in variable.label.values()}
    tried = (
        [name for name in others if name in known],
        [name for name in others if identifier(name) == variable.name],
        [name for name in others if name_and_unit(name)[0] in bare],
        [name for name in others if identifier(name_and_unit(name)[0]) == variable.name],
    )
    names = next((names for names in tried if names), [])
    if len(names) > 1:
        raise UnusableInputError(
            f"{table.source} has two columns for input '{variable.name}': '{shortened(names[0])}' and '{shortened(names[1])}'"
        )
    return names[0] if names else None


def _scale(variable: Variable, column: str, table: OpenTable) -> tuple[float, float] | None:
    """What makes of values in the unit of a header those in the unit of the study."""
    if variable.choices or column == variable.name:
        return None
    unit = name_and_unit(column)[1]
    labelled = next((name_and_unit(label)[1] for label in variable.label.values() if name_and_unit(label)[1]), "")
    wanted = labelled if variable.unit == "1" else variable.unit
    if not unit or not wanted or unit in (wanted, labelled):
        return None
    try:
        zero, one = (convert(value, _spelt(unit), _spelt(wanted), variable.name) for value in (0.0, 1.0))
    except UnusableInputError as fault:
        raise UnusableInputError(
            f"{table.source}, column '{shortened(column)}': '{shortened(unit)}' does not convert to {wanted}, the unit of "
            f"input '{variable.name}'"
        ) from fault
    return None if (zero, one) == (0.0, 1.0) else (one - zero, zero)


def _spelt(unit: str) -> str:
    """A unit as people write it in a header (``m3/s``, ``m²``) in the spelling of pint."""
    plain = unit.translate(_SUPERSCRIPTS).replace("·", "*").replace("⋅", "*").replace("−", "-")
    return re.sub(r"([A-Za-zµΩ])(-?\d)", r"\1**\2", plain)


def column_name(variable: Variable) -> str:
    """What the column of an input is called: as in the table that the study was made of, else as the input."""
    return next((label for label in variable.label.values() if identifier(label) == variable.name), variable.name)


def with_input_names(settings: Mapping[str, str], inputs: Sequence[Variable]) -> dict[str, str]:
    """Settings by the names of the inputs, where they are given by the header of the table that the study was made of.

    Parameters
    ----------
    settings : mapping of str to str
        Values by name, as a user wrote both.
    inputs : sequence of Variable

    Returns
    -------
    dict
        Names that are none are left for those who know what may be asked.

    Raises
    ------
    UnusableInputError
        If an input is given under two of its names.
    """
    known = {element.name for variable in inputs for element in (variable, *variable.elements())}
    of_column = {column_name(variable): variable.name for variable in inputs}
    found: dict[str, str] = {}
    for name, value in settings.items():
        column = None if name in known else column_of(name, list(of_column))
        own = name if column is None else of_column[column]
        if own in found:
            raise UnusableInputError(f"input '{name}' is given twice")
        found[own] = value
    return found


def _check_names(inputs: Sequence[Variable], places: dict[str, TableColumn], table: OpenTable) -> None:
    """Refuse a column that is no input but close to one without a column, or to a vector of which an element has none."""
    taken = {place.column for place in places.values()}
    absent = [name for name, place in places.items() if place.column is None]
    absent += [v.name for v in inputs if v.dims and any(places[e.name].column is None for e in v.elements())]
    lacking = [place.variable for place in places.values() if place.column is None]
    labels = [(column_name(v), name_and_unit(column_name(v))[0]) for v in lacking]
    for column in table.names:
        if column in taken:
            continue
        turned = [name for name in absent if sorted(name.lower()) == sorted(column.lower())]
        close = turned or difflib.get_close_matches(column, sorted(absent), n=1, cutoff=0.8)
        close = close or [told for told, bare in labels if difflib.get_close_matches(column, [bare], cutoff=0.8)]
        if close:
            raise UnusableInputError(
                f"column '{column}' of '{table.source.removeprefix('table ')[1:-1]}' is no input; did you mean '{close[0]}'?"
            )
