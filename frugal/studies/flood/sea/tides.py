"""How far the tide rises and falls at a place, from the amplitudes of its constituents.

The range is twice the amplitude M2 - S2 at neap tides, and twice M2 + S2 + N2 + K2 at the highest springs, where all four are
in phase (Pugh and Woodworth 2014, Sea-level science, chapter 4); a table that gives no N2 or K2 gives mean springs.
"""

from __future__ import annotations

from pathlib import Path

from frugal.errors import UnusableInputError
from frugal.formats.files.headers import name_and_unit, shortened
from frugal.formats.files.tables import read_whole

_AMPLITUDES = {"amplitude_m": 1.0, "amplitude_cm": 0.01}
#: No constituent is larger; the sum gives 16 m at the head of the Bay of Fundy.
_LARGEST_M = 7.0
#: Of the highest range, where M2 and S2 are so much alike that neap tides would vanish.
_LEAST_NEAP = 0.1


#: Ranges of the generated polder, on the coast of the Atlantic [m].
GENERATED = (4.0, 6.5)


def tide_bounds(given: tuple[float, float] | None, constituents: Path | None) -> tuple[float, float]:
    """Bounds of the tide range [m]: those of a site, from the constituents of a place, or of the generated polder.

    Parameters
    ----------
    given : tuple of float or None
    constituents : Path or None
        As `tide_ranges` reads it; what is given counts first.
    """
    if given is not None:
        return given
    return GENERATED if constituents is None else tide_ranges(constituents)


def tide_ranges(path: Path) -> tuple[float, float]:
    """Range of a neap tide and of the highest spring tide [m].

    Parameters
    ----------
    path : Path
        A table with the columns ``constituent`` (M2, S2, and N2 and K2 where they are known; others are passed over) and
        ``amplitude_m`` or ``amplitude_cm``.

    Raises
    ------
    UnusableInputError
        Naming what is missing or cannot be meant.
    """
    block = read_whole(path)
    source = block.style.source
    names = {name_and_unit(name)[0].lower(): name for name in block.names}
    unit = next((name for name in _AMPLITUDES if name in names), None)
    if "constituent" not in names or unit is None:
        told = ", ".join(shortened(name) for name in block.names[:12])
        raise UnusableInputError(f"{source} needs the columns 'constituent' and 'amplitude_m'; it has {told}")
    amplitudes: dict[str, float] = {}
    values = block.numbers(names[unit]) * _AMPLITUDES[unit]
    for row, (name, value) in enumerate(zip(block.texts(names["constituent"]), values, strict=True)):
        where = block.where(names[unit], row)
        if name.upper() in amplitudes:
            raise UnusableInputError(f"{where}: constituent {shortened(name)} stands there a second time")
        if not 0.0 <= value <= _LARGEST_M:
            raise UnusableInputError(
                f"{where}: an amplitude of {value:g} m cannot be meant; 0 to {_LARGEST_M:g} m are allowed"
            )
        amplitudes[name.upper()] = float(value)
    missing = [name for name in ("M2", "S2") if name not in amplitudes]
    if missing:
        raise UnusableInputError(
            f"{source} has no constituent {' and no '.join(missing)}; it has {', '.join(map(shortened, amplitudes))}"
        )
    high = 2.0 * sum(amplitudes.get(name, 0.0) for name in ("M2", "S2", "N2", "K2"))
    if high <= 0.0:
        raise UnusableInputError(f"{source} has only amplitudes of 0 m; a tide above 0 is needed")
    return max(2.0 * abs(amplitudes["M2"] - amplitudes["S2"]), _LEAST_NEAP * high), high
