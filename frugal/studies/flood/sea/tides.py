"""How far the tide rises and falls at a place, from the amplitudes of its constituents.

The range is twice the amplitude M2 - S2 at neap tides, and twice M2 + S2 + N2 + K2 at the highest springs, where all four are
in phase (Pugh and Woodworth 2014, Sea-level science, chapter 4); a table that gives no N2 or K2 gives mean springs.
"""

from __future__ import annotations

from pathlib import Path

from frugal.errors import UnusableInputError
from frugal.formats.constituents import read_constituents
from frugal.formats.files.headers import shortened

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
    found = read_constituents(path, phases=False)
    source = found.source
    amplitudes = {name.upper(): float(value) for name, value in zip(found.names, found.amplitudes_m, strict=True)}
    missing = [name for name in ("M2", "S2") if name not in amplitudes]
    if missing:
        raise UnusableInputError(
            f"{source} has no constituent {' and no '.join(missing)}; it has {', '.join(map(shortened, amplitudes))}"
        )
    high = 2.0 * sum(amplitudes.get(name, 0.0) for name in ("M2", "S2", "N2", "K2"))
    if high <= 0.0:
        raise UnusableInputError(f"{source} has only amplitudes of 0 m; a tide above 0 is needed")
    return max(2.0 * abs(amplitudes["M2"] - amplitudes["S2"]), _LEAST_NEAP * high), high
