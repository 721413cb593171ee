"""What constituents are: Doodson numbers, phase, and whose nodal factor each takes.

Main constituents carry Doodson numbers of lunar time (from lower transit), Moon, Sun, lunar perigee, node with its sign changed
and solar perigee, and a phase in quarters of a turn (P. Schureman, Special Publication 98, table 2; A. T. Doodson 1921; the
list of the International Hydrographic Organization by B. Simon and J. Page). Compounds are sums of main ones. Where users of
constants differ, these count as the tables of NOAA and of TICON do (gauges that stand in both agree within 2 degrees): SA has
the Sun's longitude alone, S1 the hour angle of the mean Sun, M3 half a turn, as three times the hour angle of the Moon has it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache

import numpy as np

from frugal.errors import UnusableInputError, did_you_mean
from frugal.physics.tide.astronomy import rates_deg_s

#: Name: Doodson numbers, quarters of a turn, nodal factor after Schureman ("" is 1).
_MAIN: dict[str, tuple[tuple[int, int, int, int, int, int], int, str]] = {
    "SA": ((0, 0, 1, 0, 0, 0), 0, ""),
    "SSA": ((0, 0, 2, 0, 0, 0), 0, ""),
    "MSM": ((0, 1, -2, 1, 0, 0), 0, "MM"),
    "MM": ((0, 1, 0, -1, 0, 0), 0, "MM"),
    "MF": ((0, 2, 0, 0, 0, 0), 0, "MF"),
    "MTM": ((0, 3, 0, -1, 0, 0), 0, "MF"),
    "MSQM": ((0, 4, -2, 0, 0, 0), 0, "MF"),
    "ALP1": ((1, -4, 2, 1, 0, 0), 3, "O1"),
    "2Q1": ((1, -3, 0, 2, 0, 0), 3, "O1"),
    "SIG1": ((1, -3, 2, 0, 0, 0), 3, "O1"),
    "Q1": ((1, -2, 0, 1, 0, 0), 3, "O1"),
    "RHO1": ((1, -2, 2, -1, 0, 0), 3, "O1"),
    "O1": ((1, -1, 0, 0, 0, 0), 3, "O1"),
    "TAU1": ((1, -1, 2, 0, 0, 0), 1, "K1"),
    "BET1": ((1, 0, -2, 1, 0, 0), 1, "J1"),
    "M1": ((1, 0, 0, 0, 0, 0), 1, "M1"),
    "NO1": ((1, 0, 0, 1, 0, 0), 1, "J1"),
    "CHI1": ((1, 0, 2, -1, 0, 0), 1, "J1"),
    "PI1": ((1, 1, -3, 0, 0, 1), 3, ""),
    "P1": ((1, 1, -2, 0, 0, 0), 3, ""),
    "S1": ((1, 1, -1, 0, 0, 0), 2, ""),
    "K1": ((1, 1, 0, 0, 0, 0), 1, "K1"),
    "PSI1": ((1, 1, 1, 0, 0, -1), 1, ""),
    "PHI1": ((1, 1, 2, 0, 0, 0), 1, ""),
    "THE1": ((1, 2, -2, 1, 0, 0), 1, "J1"),
    "J1": ((1, 2, 0, -1, 0, 0), 1, "J1"),
    "OO1": ((1, 3, 0, 0, 0, 0), 1, "OO1"),
    "UPS1": ((1, 4, 0, -1, 0, 0), 1, "OO1"),
    "OQ2": ((2, -3, 0, 3, 0, 0), 0, "M2"),
    "EPS2": ((2, -3, 2, 1, 0, 0), 0, "M2"),
    "3N2": ((2, -3, 0, 3, 0, 0), 0, "M2"),
    "2N2": ((2, -2, 0, 2, 0, 0), 0, "M2"),
    "MU2": ((2, -2, 2, 0, 0, 0), 0, "M2"),
    "N2": ((2, -1, 0, 1, 0, 0), 0, "M2"),
    "NU2": ((2, -1, 2, -1, 0, 0), 0, "M2"),
    "GAM2": ((2, 0, -2, 2, 0, 0), 2, "M2"),
    "ALP2": ((2, 0, -1, 0, 0, 1), 2, "M2"),
    "MA2": ((2, 0, -1, 0, 0, 0), 0, "M2"),
    "M2": ((2, 0, 0, 0, 0, 0), 0, "M2"),
    "MB2": ((2, 0, 1, 0, 0, 0), 0, "M2"),
    "BET2": ((2, 0, 1, 0, 0, -1), 0, "M2"),
    "LDA2": ((2, 1, -2, 1, 0, 0), 2, "M2"),
    "L2": ((2, 1, 0, -1, 0, 0), 2, "L2"),
    "3L2": ((2, 1, 0, 0, 0, 0), 0, "M2"),
    "T2": ((2, 2, -3, 0, 0, 1), 0, ""),
    "S2": ((2, 2, -2, 0, 0, 0), 0, ""),
    "R2": ((2, 2, -1, 0, 0, -1), 2, ""),
    "K2": ((2, 2, 0, 0, 0, 0), 0, "K2"),
    "ETA2": ((2, 3, 0, -1, 0, 0), 0, "K2"),
    "M3": ((3, 0, 0, 0, 0, 0), 2, "M3"),
    "S3": ((3, 3, -3, 0, 0, 0), 2, ""),
    "T3": ((3, 3, -4, 0, 0, 0), 2, ""),
    "R3": ((3, 3, -2, 0, 0, 0), 2, ""),
}
#: Other names for the same: of NOAA, TICON, UTide, the hydrographic services.
_ALIASES = {
    "EP2": "EPS2",
    "EPSILON2": "EPS2",
    "GAMMA2": "GAM2",
    "ALPHA2": "ALP2",
    "H1": "ALP2",
    "BETA2": "BET2",
    "H2": "BET2",
    "LAM2": "LDA2",
    "LAMBDA2": "LDA2",
    "LABDA2": "LDA2",
    "RHO": "RHO1",
    "RO1": "RHO1",
    "SGM": "SIG1",
    "SIGMA1": "SIG1",
    "MFM": "MTM",
    "THETA1": "THE1",
    "ALPHA1": "ALP1",
    "BETA1": "BET1",
    "SK3M": "SK3",
}
#: Compounds whose names do not say what they are made of.
_NAMED = {"MSF": (("S2", 1), ("M2", -1)), "3KM5": (("K2", 1), ("K1", 1), ("M2", 1))}
#: What a letter of a compound stands for; K is K2 unless only K1 fits.
_LETTERS = {
    "M": "M2",
    "S": "S2",
    "N": "N2",
    "O": "O1",
    "P": "P1",
    "Q": "Q1",
    "J": "J1",
    "L": "L2",
    "T": "T2",
    "R": "R2",
}
_TOKEN = re.compile(r"(\d*)(?:([MSNKOPQJLTR])|\(([MSNKOPQJLTR]+)\))")
_GREEK = str.maketrans(
    {
        "μ": "MU", "µ": "MU", "ν": "NU", "λ": "LDA", "ρ": "RHO", "σ": "SIG", "ε": "EPS", "θ": "THE", "χ": "CHI", "π": "PI",
        "ψ": "PSI", "φ": "PHI", "η": "ETA", "γ": "GAM", "α": "ALP", "β": "BET", "τ": "TAU",
    }
)  # fmt: skip
#: What the 37 constituents of NOAA are called there.
NOAA = (
    "M2", "S2", "N2", "K1", "M4", "O1", "M6", "MK3", "S4", "MN4", "NU2", "S6", "MU2", "2N2", "OO1", "LDA2", "S1", "M1",
    "J1", "MM", "SSA", "SA", "MSF", "MF", "RHO1", "Q1", "T2", "R2", "2Q1", "P1", "2SM2", "M3", "L2", "2MK3", "K2", "M8",
    "MS4",
)  # fmt: skip


@dataclass(frozen=True)
class Constituent:
    """What a constituent is.

    Attributes
    ----------
    name : str
        As this program writes it.
    doodson : tuple of int
        Six multipliers of `astronomy.longitudes_deg`.
    phase_deg : float
        What is added to these.
    parts : tuple of (str, int)
        Main constituents that make a compound, and how often; itself once where it is a main one.
    """

    name: str
    doodson: tuple[int, ...]
    phase_deg: float
    parts: tuple[tuple[str, int], ...]

    @property
    def speed_deg_h(self) -> float:
        """Degrees an hour, of the year 2000."""
        return float(np.dot(self.doodson, rates_deg_s())) * 3600.0

    @property
    def period_h(self) -> float:
        """Hours."""
        return 360.0 / self.speed_deg_h


def schureman_rule(main: str) -> str:
    """Whose factor a main constituent takes after Schureman: a name of `nodal.FACTORS`, or nothing."""
    return _MAIN[main][2]


def plain_constituent(name: str) -> str:
    """A name as this program writes it, whatever letters or alias it comes in; unknown ones come back in capitals."""
    bare = name.strip().translate(_GREEK).upper().replace(" ", "").replace("_", "")
    return _ALIASES.get(bare, bare)


@cache
def constituent(name: str) -> Constituent:
    """The constituent of a name.

    Raises
    ------
    UnusableInputError
        If it is neither a main one nor a compound whose name says what it is made of.
    """
    plain = plain_constituent(name)
    if plain in _MAIN:
        doodson, quarters, _ = _MAIN[plain]
        return Constituent(plain, doodson, 90.0 * quarters, ((plain, 1),))
    parts = _NAMED.get(plain) or _decomposed(plain)
    if parts is None:
        raise UnusableInputError(
            f"constituent '{name}' is not known; main ones are {', '.join(list(_MAIN)[:6])} …, compounds are named like MS4 or "
            f"2MK5{did_you_mean(plain, [*_MAIN, *NOAA])}"
        )
    total = np.sum([np.multiply(_MAIN[main][0], count) for main, count in parts], axis=0)
    phase = sum(90.0 * _MAIN[main][1] * count for main, count in parts) % 360.0
    return Constituent(plain, tuple(int(number) for number in total), phase, parts)


def _decomposed(name: str) -> tuple[tuple[str, int], ...] | None:
    """What a compound is made of: letters with how often, the last ones taken off until the cycles a day are those of its name.

    That is the rule of the list of the International Hydrographic Organization: MKS2 is M2 + K2 - S2.
    """
    found = re.fullmatch(r"(.*?\D)(\d+)", name)
    if found is None or int(found[2]) == 0:
        return None
    letters: list[tuple[str, int]] = []
    at, body = 0, found[1]
    while at < len(body):
        token = _TOKEN.match(body, at)
        if token is None:
            return None
        letters += [(letter, int(token[1] or 1)) for letter in token[2] or token[3]]
        at = token.end()
    for k in ("K2", "K1"):
        signed = _signed([(_LETTERS.get(letter, k), count) for letter, count in letters], int(found[2]))
        if signed is not None:
            return signed
    return None


def _signed(parts: list[tuple[str, int]], cycles: int) -> tuple[tuple[str, int], ...] | None:
    species = [_MAIN[main][0][0] for main, _ in parts]
    if len(parts) == 1 and parts[0][1] == 1:
        return ((parts[0][0], cycles // species[0]),) if cycles % species[0] == 0 else None
    total = sum(count * number for (_, count), number in zip(parts, species, strict=True))
    signed = list(parts)
    for place in range(len(parts) - 1, 0, -1):
        if total <= cycles:
            break
        signed[place] = (parts[place][0], -parts[place][1])
        total -= 2 * parts[place][1] * species[place]
    return tuple(signed) if total == cycles else None
