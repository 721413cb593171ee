"""Counts and sizes by class and by kind: rows for a table, and the table for a terminal."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from frugal.exposure.access import LOST, STATES
from frugal.exposure.classes import DRY, UNKNOWN, DepthClasses
from frugal.exposure.exposed import Exposed
from frugal.exposure.run import Exposure
from frugal.reporting.text import plain_duration, plain_number
from frugal.texts import Text, room_texts

if TYPE_CHECKING:
    from rich.table import Table

_TEXTS = room_texts("frugal.exposure")

#: Kind of the rows of all kinds together.
ALL = "*"
#: Kinds that a terminal is told; the table tells all.
_MOST_KINDS = 12


@dataclass(frozen=True)
class SummaryRow:
    """One class of one kind.

    Attributes
    ----------
    by : {"depth", "hazard"}
    what : str
        ``land``, ``buildings``, ``roads``, ``people``, or the name of a file of assets.
    kind : str
        ``*`` for all together.
    class_number : int
        −1 unknown, 0 dry or none, then upwards.
    class_label : str
    from_m, to_m : float
        Depths of the class; NaN where it has no such end.
    count : float
        Features whose depth lies in the class (people: those who are where it does).
    size : float
        Of these features as a whole, in ``unit``.
    size_in_class : float
        What of all features of the kind lies on cells of the class, cut exactly.
    unit : str
        ``m2``, ``m``, ``people``, or empty for points.
    """

    by: str
    what: str
    kind: str
    class_number: int
    class_label: str
    from_m: float
    to_m: float
    count: float
    size: float
    size_in_class: float
    unit: str


def summary_rows(made: Exposure, language: str) -> list[SummaryRow]:
    """Every class of every kind, those that are empty too.

    Parameters
    ----------
    made : Exposure
    language : {"en", "fr"}
        Of the names of classes.
    """
    classes = made.settings.classes
    rows: list[SummaryRow] = []
    if made.land_m2 is not None:
        rows += _plain_rows("land", made.land_m2, "m2", classes, language)
    named = [] if made.buildings is None else [("buildings", made.buildings)]
    named += list(made.named_assets.items())
    named += [] if made.roads is None else [("roads", made.roads.whole)]
    for what, exposed in named:
        rows += _exposed_rows(what, exposed, classes, language)
        rows += _hazard_rows(made, what, exposed, language)
    if made.people is not None:
        rows += _plain_rows("people", made.people.by_class.sum(axis=0), "people", classes, language)
    return rows


def _columns(classes: DepthClasses) -> Iterator[tuple[int, int]]:
    """Numbers of the classes with their columns in sizes by class."""
    for number in classes.numbers:
        yield number, number if number != UNKNOWN else len(classes.numbers) - 1


def _plain_rows(what: str, sizes: np.ndarray, unit: str, classes: DepthClasses, language: str) -> Iterator[SummaryRow]:
    for number, column in _columns(classes):
        size = float(sizes[column])
        count = size if unit == "people" else float("nan")
        label = classes.label(number, language)
        yield SummaryRow("depth", what, ALL, number, label, *classes.ends_m(number), count, size, size, unit)


def _kinds(exposed: Exposed) -> dict[str, np.ndarray]:
    kinds = exposed.features.kinds
    every = np.ones(len(kinds), dtype=bool)
    own = sorted({str(kind) for kind in kinds})
    return {**({} if own == [""] else {kind: kinds == kind for kind in own}), ALL: every}


def _unit(exposed: Exposed) -> str:
    return ("", "m", "m2")[exposed.dimension]


def _exposed_rows(what: str, exposed: Exposed, classes: DepthClasses, language: str) -> Iterator[SummaryRow]:
    for kind, of_kind in _kinds(exposed).items():
        for number, column in _columns(classes):
            chosen = of_kind & (exposed.depth_class == number)
            yield SummaryRow(
                "depth", what, kind, number, classes.label(number, language), *classes.ends_m(number), int(chosen.sum()),
                float(exposed.size[chosen].sum()), float(exposed.size_by_class[of_kind, column].sum()), _unit(exposed),
            )  # fmt: skip


def _hazard_rows(made: Exposure, what: str, exposed: Exposed, language: str) -> Iterator[SummaryRow]:
    flood = made.flood
    if flood is None or flood.hazard is None:
        return
    nothing = float("nan")
    numbers = sorted({UNKNOWN, *flood.hazard_names, *np.unique(flood.hazard).tolist()})
    for kind, of_kind in _kinds(exposed).items():
        for number in numbers:
            label = classes_label(number, flood.hazard_names.get(number), language)
            chosen = of_kind & (exposed.hazard == number)
            size = float(exposed.size[chosen].sum())
            count = int(chosen.sum())
            yield SummaryRow(
                "hazard", what, kind, number, label, nothing, nothing, count, size, nothing, _unit(exposed)
            )


def classes_label(number: int, name: Text | None, language: str) -> str:
    """What a class of hazard is called: by the file, else by its number."""
    if number == UNKNOWN:
        return _TEXTS.phrase("class.unknown", language)
    return name[language] if name else str(number)


def summary_content(made: Exposure, language: str) -> dict[str, Any]:
    """The summary as plain values.

    Parameters
    ----------
    made : Exposure
    language : {"en", "fr"}
    """
    content: dict[str, Any] = {"summary": [asdict(row) for row in summary_rows(made, language)]}
    if made.damage is not None:
        content["damage"] = {
            "total": float(made.damage.amounts.sum()),
            "unit": "value" if made.damage.in_value else "m2",
            "by_kind": damage_by_kind(made),
        }
    if made.yearly is not None:
        yearly = made.yearly
        content["expected_yearly_damage"] = {
            "unit": yearly.unit,
            "return_periods_yr": list(yearly.periods_yr),
            "damages": list(yearly.totals),
            "between_return_periods": yearly.expected.between,
            "beyond_the_rarest": yearly.expected.beyond,
            "total": yearly.expected.total,
            "not_counted_at_most": yearly.expected.frequent_unknown,
        }
    if made.access is not None:
        lost = made.access.lost_s
        content["access"] = {state: int((made.access.state == state).sum()) for state in STATES}
        content["access"]["first_lost_s"] = float(np.nanmin(lost)) if np.isfinite(lost).any() else None
        content["access"]["last_lost_s"] = float(np.nanmax(lost)) if np.isfinite(lost).any() else None
    if made.people is not None:
        content["people"] = {
            "counted": float(made.people.counts.sum()),
            "flooded": float(made.people.wet.sum()),
            "unstable": dict(made.people.unstable),
        }
    if made.roads is not None:
        content["roads"] = {
            "length_m": float(made.roads.whole.size.sum()),
            "flooded_length_m": float(made.roads.whole.wet_size.sum()),
            "closed_length_m": float(made.roads.closed_length_m.sum()),
        }
    content["notes"] = [note[language] for note in made.notes]
    return content


def damage_by_kind(made: Exposure) -> dict[str, dict[str, float]]:
    """Damage of the buildings of each kind under the map, and where there are return periods what is expected a year."""
    if made.damage is None or made.buildings is None:
        return {}
    yearly = None if made.yearly is None else made.yearly.by_building
    found = {}
    for kind, of_kind in _kinds(made.buildings).items():
        found[kind] = {"damage": float(made.damage.amounts[of_kind].sum())}
        if yearly is not None:
            found[kind]["expected_yearly"] = float(yearly[of_kind].sum())
    return found


def summary_table(made: Exposure, language: str) -> Table | None:
    """Counts, areas and lengths by class, for a terminal; None where there was no map.

    Parameters
    ----------
    made : Exposure
    language : {"en", "fr"}
    """
    if made.flood is None:
        return None
    from rich.box import SIMPLE_HEAD
    from rich.table import Table

    classes = made.settings.classes
    numbers = [*(number for number in classes.numbers if number != UNKNOWN), UNKNOWN]
    title = _TEXTS.phrase("table.title", language)
    table = Table(title=title, box=SIMPLE_HEAD, title_justify="left", pad_edge=False)
    for name in ("what", "kind", "unit"):
        table.add_column(_TEXTS.phrase(f"table.{name}", language), overflow="fold")
    for number in numbers:
        table.add_column(classes.label(number, language), justify="right")
    grouped: dict[tuple[str, str], dict[int, SummaryRow]] = {}
    for row in summary_rows(made, language):
        if row.by == "depth":
            grouped.setdefault((row.what, row.kind), {})[row.class_number] = row
    shown = _most_kinds(grouped)
    for (what, kind), row_of in grouped.items():
        if (what, kind) not in shown:
            continue
        for unit, values in _lines(what, [row_of[number] for number in numbers]):
            table.add_row(
                _TEXTS.known("what", what)[language],
                _TEXTS.phrase("table.all", language) if kind == ALL else kind or _TEXTS.phrase("table.none", language),
                _TEXTS.phrase(f"unit.{unit}", language),
                *("–" if value == 0 else plain_number(value, language, 3) for value in values),
            )
    return table


def _most_kinds(grouped: dict[tuple[str, str], dict[int, SummaryRow]]) -> set[tuple[str, str]]:
    """What the terminal is shown: all kinds together, and of each theme the kinds with most under water."""
    shown: set[tuple[str, str]] = set()
    for theme in dict.fromkeys(what for what, _ in grouped):
        kinds = [kind for what, kind in grouped if what == theme and kind != ALL]
        wet = {
            kind: sum(row.size_in_class for number, row in grouped[theme, kind].items() if number > DRY)
            for kind in kinds
        }
        shown |= {(theme, kind) for kind in sorted(kinds, key=lambda kind: -wet[kind])[:_MOST_KINDS]}
        shown.add((theme, ALL))
    return shown


def _lines(what: str, rows: Sequence[SummaryRow]) -> Iterator[tuple[str, list[float]]]:
    """Lines of one kind: its number, and the area or length that lies in each class."""
    unit = rows[0].unit
    if what == "land":
        yield "hectare", [row.size / 1e4 for row in rows]
    elif what == "people":
        yield "people", [row.count for row in rows]
    elif unit == "m":
        yield "km", [row.size_in_class / 1e3 for row in rows]
    else:
        yield "number", [row.count for row in rows]
        if unit == "m2":
            yield "m2", [row.size_in_class for row in rows]


def summary_lines(made: Exposure, language: str) -> list[str]:
    """Sentences on roads, people, access and damage.

    Parameters
    ----------
    made : Exposure
    language : {"en", "fr"}
    """

    def number(value: float, digits: int = 3) -> str:
        return plain_number(value, language, digits)

    lines = []
    if made.roads is not None:
        whole = made.roads.whole
        lines.append(
            _TEXTS.phrase(
                "line.roads", language, wet=number(whole.wet_size.sum() / 1e3), length=number(whole.size.sum() / 1e3),
                closed=number(made.roads.closed_length_m.sum() / 1e3),
            )
        )  # fmt: skip
    if made.people is not None:
        people = made.people
        lines.append(
            _TEXTS.phrase(
                "line.people", language, wet=number(people.wet.sum()), people=number(people.counts.sum()),
                adults=number(people.unstable["adults"]), children=number(people.unstable["children"]),
            )
        )  # fmt: skip
    if made.access is not None:
        lines.append(_access_line(made, language))
    if made.damage is not None:
        unit = _TEXTS.phrase("unit.value" if made.damage.in_value else "unit.m2_lost", language)
        lines.append(_TEXTS.phrase("line.damage", language, amount=number(made.damage.amounts.sum()), unit=unit))
    if made.yearly is not None:
        yearly, expected = made.yearly, made.yearly.expected
        unit = {"m2": "unit.m2_lost", "value": "unit.value"}.get(yearly.unit, "")
        lines.append(
            _TEXTS.phrase(
                "line.yearly", language, total=number(expected.total), between=number(expected.between),
                beyond=number(expected.beyond), unit=_TEXTS.phrase(unit, language) if unit else yearly.unit,
                first=f"{min(yearly.periods_yr):g}", last=f"{max(yearly.periods_yr):g}",
            )
        )  # fmt: skip
    return lines


def _access_line(made: Exposure, language: str) -> str:
    access = made.access
    assert access is not None
    counts = {state: int((access.state == state).sum()) for state in STATES}
    line = _TEXTS.phrase("line.access", language, places=len(access.state), **counts)
    when = access.lost_s[access.state == LOST]
    if len(when) and np.isfinite(when).all():
        first, last = (plain_duration(float(value), language) for value in (when.min(), when.max()))
        key = "line.access_once" if first == last else "line.access_when"
        line += _TEXTS.phrase(key, language, first=first, last=last)
    return line
