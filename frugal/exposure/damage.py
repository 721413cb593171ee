"""What the water costs: curves of damage by depth, and the damage to be expected in a year over return periods."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path

import numpy as np

from frugal.errors import UnusableInputError, did_you_mean
from frugal.exposure.exposed import Exposed
from frugal.formats.files.headers import column_of
from frugal.formats.files.json_files import read_json
from frugal.formats.files.tables import columns, read_table
from frugal.texts import Text, room_texts

_TEXTS = room_texts("frugal.exposure")

#: Kind of a curve that is meant for all others.
ANY_KIND = "*"
#: Europe, residential buildings: J. Huizinga, H. de Moel, W. Szewczyk, "Global flood depth-damage functions", JRC Technical
#: Report EUR 28552 EN (2017), as recalled.
_JRC_DEPTHS_M = (0.0, 0.5, 1.0, 1.5, 2.0, 3.0, 4.0, 5.0, 6.0)
_JRC_SHARES = (0.0, 0.25, 0.40, 0.50, 0.60, 0.75, 0.85, 0.95, 1.00)


@dataclass(frozen=True)
class DamageCurve:
    """Share of the value that is lost, by depth.

    Parameters
    ----------
    depths_m, shares : sequence of float
        Depths that rise from 0 or more, shares from 0 to 1 that do not fall; straight between them, the last one beyond.
    value_per_m2 : float
        What a square metre is worth; 1 where damage is told as square metres lost whole.

    Raises
    ------
    UnusableInputError
        If they are not so.
    """

    depths_m: tuple[float, ...] = _JRC_DEPTHS_M
    shares: tuple[float, ...] = _JRC_SHARES
    value_per_m2: float = float("nan")

    def __post_init__(self) -> None:
        depths, shares = np.array(self.depths_m), np.array(self.shares)
        told = ", ".join(f"{d:g} m: {s:g}" for d, s in zip(self.depths_m, self.shares, strict=True))
        if not len(depths) or depths[0] < 0 or (np.diff(depths) <= 0).any():
            raise UnusableInputError(f"a curve of damage has the depths of {told}; they have to rise from 0 m or more")
        if shares.min() < 0 or shares.max() > 1 or (np.diff(shares) < 0).any():
            raise UnusableInputError(
                f"a curve of damage has the shares of {told}; shares from 0 to 1 that do not fall are needed (25 % is 0.25)"
            )

    def share(self, depth_m: np.ndarray) -> np.ndarray:
        """Share that is lost at each depth; none where it is dry or not known."""
        depth = np.nan_to_num(np.asarray(depth_m, dtype=float), nan=0.0)
        return np.where(depth > 0, np.interp(depth, self.depths_m, self.shares), 0.0)


def read_curves(path: Path | str) -> dict[str, DamageCurve]:
    """Curves of a table with the columns ``depth_m``, ``share`` and, where they differ by kind, ``kind``.

    A kind ``*``, or an empty one, is meant for all others. A column ``value_per_m2`` tells what a square metre is worth.

    Raises
    ------
    UnusableInputError
        If a column lacks, a cell is no number, a curve is none, or a kind has two values.
    """
    table = read_table(path, text=("kind",))
    names = [str(name) for name in table.columns]
    source = f"table '{path}'"
    found = {name: column_of(name, names) for name in ("kind", "depth_m", "share", "value_per_m2")}
    for name in ("depth_m", "share"):
        if found[name] is None:
            raise UnusableInputError(
                f"{source} has no column '{name}'; needed: kind, depth_m, share, value_per_m2 (optional)"
            )
    numbers = columns(table, [str(found[name]) for name in ("depth_m", "share")], source)
    values = np.full(len(table), np.nan)
    if found["value_per_m2"] is not None:
        values = columns(table, [found["value_per_m2"]], source)[:, 0]
    column = found["kind"]
    kinds = (
        [ANY_KIND] * len(table) if column is None else [str(cell or "").strip() or ANY_KIND for cell in table[column]]
    )
    curves: dict[str, DamageCurve] = {}
    for kind in dict.fromkeys(kinds):
        rows = np.array([other == kind for other in kinds])
        worth = np.unique(values[rows][~np.isnan(values[rows])])
        if len(worth) > 1 or (worth < 0).any():
            told = ", ".join(f"{value:g}" for value in worth)
            raise UnusableInputError(f"{source}: kind '{kind}' has the value_per_m2 {told}; one of 0 or more is needed")
        curves[kind] = DamageCurve(
            tuple(numbers[rows, 0]), tuple(numbers[rows, 1]), float(worth[0]) if len(worth) else float("nan")
        )
    return curves


@dataclass(frozen=True)
class DamageSettings:
    """How damage is counted.

    Attributes
    ----------
    curves : mapping of str to DamageCurve
        By kind, `ANY_KIND` for all others.
    value_per_m2 : float, optional
        What a square metre is worth, where the table of curves does not tell.
    value_column : str
        Column with the value of each building as a whole, in the place of a value by area; empty for none.
    """

    curves: Mapping[str, DamageCurve] = field(default_factory=lambda: {ANY_KIND: DamageCurve()})
    value_per_m2: float | None = None
    value_column: str = ""


@dataclass(frozen=True, eq=False)
class Damage:
    """Damage of each building: in the unit of the values, or in m² lost whole where there are none."""

    amounts: np.ndarray
    in_value: bool


def damage_of(exposed: Exposed, settings: DamageSettings) -> Damage:
    """Damage of each feature by its depth, kind and value.

    Parameters
    ----------
    exposed : Exposed
        Areas, unless each has a value of its own.
    settings : DamageSettings

    Raises
    ------
    UnusableInputError
        If a kind has no curve, a value lacks, or something without an area has none.
    """
    features = exposed.features
    kinds = np.array([str(kind) for kind in features.kinds], dtype=object)
    share, worth = np.zeros(len(features)), np.full(len(features), np.nan)
    for kind in dict.fromkeys(kinds):
        curve = settings.curves.get(kind) or settings.curves.get(ANY_KIND)
        if curve is None:
            raise UnusableInputError(
                f"{features.told} have the kind '{kind}', for which the table has no curve; it has "
                f"{', '.join(settings.curves)} ('{ANY_KIND}' is for all others){did_you_mean(kind, settings.curves)}"
            )
        rows = kinds == kind
        share[rows] = curve.share(np.where(exposed.wet_size > 0, exposed.depth_m, 0.0)[rows])
        worth[rows] = curve.value_per_m2
    if settings.value_column:
        values = features.numbers(settings.value_column)
        if np.isnan(values).any():
            row = int(np.argmax(np.isnan(values)))
            raise UnusableInputError(
                f"{features.told}, column '{settings.value_column}', feature {row + 1} has no value"
            )
        return Damage(share * values, True)
    if exposed.dimension != 2:
        raise UnusableInputError(
            f"{features.told} have no area; damage needs outlines, or the value of each (--value-column)"
        )
    if settings.value_per_m2 is not None:
        worth = np.where(np.isnan(worth), settings.value_per_m2, worth)
    if np.isnan(worth).all():
        return Damage(share * exposed.size, False)
    if np.isnan(worth).any():
        kind = kinds[np.isnan(worth)][0]
        raise UnusableInputError(
            f"kind '{kind}' has no value_per_m2 in the table of curves and others have one; add it, or give --value-per-m2"
        )
    return Damage(share * exposed.size * worth, True)


@dataclass(frozen=True)
class ExpectedDamage:
    """Damage to be expected in a year: the integral of damage over its yearly probability of exceedance, 1 / return period.

    Attributes
    ----------
    between : float
        Between the most frequent and the rarest return period, by trapezes.
    beyond : float
        Rarer events, at the damage of the rarest: its damage over its return period. Damage that still rises makes it more.
    frequent_unknown : float
        What more frequent events would add if the damage of the most frequent one came every year: not counted in the
        total, and 0 where that one does no damage.
    """

    between: float
    beyond: float
    frequent_unknown: float

    @property
    def total(self) -> float:
        """Between and beyond together."""
        return self.between + self.beyond


def expected_damage(return_periods_yr: Sequence[float], damages: np.ndarray) -> tuple[ExpectedDamage, np.ndarray]:
    """Expected yearly damage of all, and of each.

    Parameters
    ----------
    return_periods_yr : sequence of float
        Years, 1 or more, each once, in any order.
    damages : array [period] or [period, building]
        Damage of the event of each return period.

    Returns
    -------
    ExpectedDamage
        Of the sum of all buildings.
    array [building]
        Total of each; of one element where there are no buildings.

    Raises
    ------
    UnusableInputError
        If there are fewer than two return periods, one is given twice or below 1 year, or a damage is no number of 0 or more.
    """
    periods = np.asarray(return_periods_yr, dtype=float)
    amounts = np.asarray(damages, dtype=float).reshape(len(periods), -1)
    if len(periods) < 2:
        raise UnusableInputError(f"expected damage needs two return periods or more; given: {len(periods)}")
    wrong = ~np.isfinite(periods) | (periods < 1.0)
    if wrong.any():
        raise UnusableInputError(f"return period {periods[wrong][0]:g}: years of 1 or more are needed")
    for period in periods:
        if (periods == period).sum() > 1:
            raise UnusableInputError(f"return period {period:g} is given twice; each once is needed")
    bad = ~np.isfinite(amounts) | (amounts < 0)
    if bad.any():
        at = int(np.argwhere(bad)[0][0])
        raise UnusableInputError(
            f"return period {periods[at]:g}: damage {amounts[bad][0]:g}; finite numbers of 0 or more are needed"
        )
    order = np.argsort(periods)
    probability, amounts = 1.0 / periods[order], amounts[order]
    between = ((amounts[1:] + amounts[:-1]) / 2 * -np.diff(probability)[:, None]).sum(axis=0)
    beyond = amounts[-1] * probability[-1]
    frequent = amounts[0] * (1.0 - probability[0])
    return ExpectedDamage(float(between.sum()), float(beyond.sum()), float(frequent.sum())), between + beyond


def notes_on_damage(
    return_periods_yr: Sequence[float], totals: Sequence[float], expected: ExpectedDamage
) -> list[Text]:
    """What a reader of an expected damage has to know.

    Parameters
    ----------
    return_periods_yr, totals : sequence of float
        Damage of all buildings by return period.
    expected : ExpectedDamage
    """
    pairs = sorted(zip(return_periods_yr, totals, strict=True))
    notes = [_TEXTS.say("note.tail", period=f"{pairs[-1][0]:g}")]
    if expected.frequent_unknown > 0:
        notes.append(_TEXTS.say("note.frequent", period=f"{pairs[0][0]:g}"))
    for (period, damage), (rarer, less) in pairwise(pairs):
        if less < damage:
            notes.append(_TEXTS.say("note.damage_falls", period=f"{period:g}", rarer=f"{rarer:g}"))
    return notes


def read_damages(path: Path | str) -> tuple[np.ndarray, np.ndarray, str]:
    """Damages by return period that somebody else has computed.

    Parameters
    ----------
    path : path
        JSON with the lists ``return_period_yr`` and ``damage…``, or a table with such columns.

    Returns
    -------
    return periods [years], damages, unit of the damages as the name of their column tells it (``MEUR`` of ``damage_MEUR``)

    Raises
    ------
    UnusableInputError
        If the file cannot be read, or has none or several of them.
    """
    path = Path(path)
    source = f"damages '{path}'"
    if path.suffix.lower() == ".json":
        content = read_json(path)
        names = list(content)
    else:
        table = read_table(path)
        names = [str(name) for name in table.columns]
    period = next(
        (name for name in ("return_period_yr", "return_period", "return_period_years") if name in names), None
    )
    damages = [name for name in names if name.lower().startswith("damage")]
    if period is None or len(damages) != 1:
        raise UnusableInputError(
            f"{source} has {', '.join(names[:10]) or 'nothing'}; needed: return_period_yr and one list or column damage_UNIT"
        )
    unit = damages[0].partition("_")[2]
    if path.suffix.lower() != ".json":
        numbers = columns(table, [period, damages[0]], source)
        return numbers[:, 0], numbers[:, 1], unit
    try:
        periods, amounts = (np.array(content[name], dtype=float).ravel() for name in (period, damages[0]))
    except (TypeError, ValueError) as fault:
        raise UnusableInputError(f"{source}: lists of numbers are needed in '{period}' and '{damages[0]}'") from fault
    if len(periods) != len(amounts):
        raise UnusableInputError(
            f"{source} has {len(periods)} return periods and {len(amounts)} damages; as many are needed"
        )
    return periods, amounts, unit
