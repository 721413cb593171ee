"""Where what a file says and what comes out when it is computed again are not the same."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from frugal.errors import NotAssessedError
from frugal.formats.files.json_files import finite

#: Relative difference that other processors and libraries may make of the same sums.
SAME = 1e-6

#: The same of what is read off a resampling, where a draw may fall on the other side of a value.
SAME_RESAMPLED = 2e-3

#: Least use for which AI would count as needed: it is looked for in steps of a hundredth.
SAME_FLIP = 0.03

_LOOSER = {"low": SAME_RESAMPLED, "high": SAME_RESAMPLED, "flip_queries": SAME_FLIP}

#: What is told of a value in a sentence, at the most.
_SHOWN = 60


def check_same(file: str, place: str, told: Any, found: Any, source: str) -> None:
    """Refuse what a file says where something else comes out.

    Parameters
    ----------
    file, place : str
        Where it stands: the name of the file, and the keys to it (``decisions[0]``).
    told, found : object
        Plain values: what the file says, and what comes out. Of mappings those keys are compared that both have, and one that
        the file lacks is left: an older version did not know it.
    source : str
        What it was computed again from, as the end of a sentence: ``ledger and ladder``.

    Raises
    ------
    NotAssessedError
        Naming the first difference.
    """
    difference = first_difference(finite(told), finite(found), place)
    if difference is not None:
        where, says, comes = difference
        raise NotAssessedError(
            f"'{file}' says {_shown(says)} for {where}; computed again from {source} it is {_shown(comes)}"
        )


def first_difference(told: Any, found: Any, place: str, within: float = SAME) -> tuple[str, Any, Any] | None:
    """Place, first and second value of the first difference; None where there is none.

    Parameters
    ----------
    told, found : object
        Plain values.
    place : str
        The keys to them.
    within : float
        Relative difference of numbers that counts for none.
    """
    if isinstance(told, Mapping) and isinstance(found, Mapping):
        pairs = [(f"{place}.{key}", told[key], found.get(key), key) for key in told]
        pairs += [(f"{place}.{key}", None, found[key], key) for key in found if key not in told and _open(place)]
    elif _is_list(told) and _is_list(found) and len(told) == len(found):
        pairs = [(f"{place}[{k}]", a, b, "") for k, (a, b) in enumerate(zip(told, found, strict=True))]
    else:
        return None if _same(told, found, within) else (place, told, found)
    for where, a, b, key in pairs:
        difference = first_difference(a, b, where, max(within, _LOOSER.get(key, SAME)))
        if difference is not None:
            return difference
    return None


def _open(place: str) -> bool:
    """Mappings by name of a candidate: one that the file leaves out counts; of a record it may be a field of today."""
    return place.endswith("lifetime_cpu_seconds")


def _same(told: Any, found: Any, within: float) -> bool:
    if _is_number(told) and _is_number(found):
        return math.isclose(told, found, rel_tol=within, abs_tol=1e-300)
    return type(told) is type(found) and bool(told == found)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _is_list(value: Any) -> bool:
    return isinstance(value, Sequence) and not isinstance(value, str)


def _shown(value: Any) -> str:
    text = f"{value:.6g}" if isinstance(value, float) else repr(value)
    return text if len(text) <= _SHOWN else f"{text[: _SHOWN - 1]}…"
