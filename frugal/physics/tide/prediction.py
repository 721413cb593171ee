"""Levels of the astronomical tide at times, from harmonic constants.

.. math:: h(t) = \\sum_c H_c f_c(t) \\cos\\left(V_c(t) + u_c(t) - G_c\\right)

with the arguments V at each time exactly and the nodal f and u, which turn in years, interpolated between days.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from frugal.errors import UnusableInputError
from frugal.physics.compiled import kernel
from frugal.physics.tide.astronomy import checked_times, longitudes_deg, rates_deg_s
from frugal.physics.tide.constituents import constituent
from frugal.physics.tide.nodal import arguments_of, nodal_factors

_DAY_S = 86400.0
#: No constituent is larger: the sum gives 16 m at the head of the Bay of Fundy.
LARGEST_AMPLITUDE_M = 10.0


@dataclass(frozen=True, eq=False)
class HarmonicConstants:
    """The tide of a place.

    Parameters
    ----------
    names : sequence of str
        Of constituents ``[c]``, each once whatever its spelling; ``Z0`` is not one.
    amplitudes_m : array_like [c]
        0 or more.
    phases_deg : array_like [c]
        Greenwich phase lags: how far behind its argument at Greenwich in UTC each is.
    """

    names: tuple[str, ...]
    amplitudes_m: np.ndarray
    phases_deg: np.ndarray

    def __init__(
        self, names: Sequence[str], amplitudes_m: Sequence[float] | np.ndarray, phases_deg: Sequence[float] | np.ndarray
    ) -> None:
        plain = tuple(constituent(name).name for name in names)
        amplitudes, phases = (np.array(values, dtype=np.float64) for values in (amplitudes_m, phases_deg))
        if not len(plain) == len(amplitudes) == len(phases) or amplitudes.ndim != 1 or phases.ndim != 1:
            raise UnusableInputError(
                f"{len(plain)} constituents, {amplitudes.size} amplitudes and {phases.size} phases; as many of each are needed"
            )
        for name, given, amplitude, phase in zip(plain, names, amplitudes, phases, strict=True):
            if plain.count(name) > 1:
                raise UnusableInputError(f"constituent {given} stands there twice (as {name}); once is allowed")
            if not 0.0 <= amplitude <= LARGEST_AMPLITUDE_M:
                raise UnusableInputError(
                    f"constituent {given}: an amplitude of {amplitude:g} m; 0 to {LARGEST_AMPLITUDE_M:g} m are allowed"
                )
            if not -360.0 <= phase <= 720.0:
                raise UnusableInputError(f"constituent {given}: a phase of {phase:g} degrees; -360 to 720 are allowed")
        object.__setattr__(self, "names", plain)
        object.__setattr__(self, "amplitudes_m", amplitudes)
        object.__setattr__(self, "phases_deg", phases)

    def of_species(self, cycles_a_day: int) -> HarmonicConstants:
        """Those that turn so often a lunar day: 2 are the semidiurnal ones."""
        kept = [place for place, name in enumerate(self.names) if constituent(name).doodson[0] == cycles_a_day]
        return HarmonicConstants([self.names[i] for i in kept], self.amplitudes_m[kept], self.phases_deg[kept])

    def amplitude_m(self, name: str) -> float:
        """That of a constituent; 0 where it is not given."""
        plain = constituent(name).name
        return float(self.amplitudes_m[self.names.index(plain)]) if plain in self.names else 0.0


@kernel()
def _sum_of_constituents(
    arguments: np.ndarray, multipliers: np.ndarray, rates: np.ndarray, knots: np.ndarray, place: np.ndarray
) -> np.ndarray:
    """Level, slope and curvature ``[t, 3]``: arguments [rad] ``[t, 6]``, complex amplitudes ``[k, c, 2]`` at knots, place among
    them ``[t]``."""
    answer = np.zeros((arguments.shape[0], 3))
    for row in range(arguments.shape[0]):
        before = min(int(place[row]), knots.shape[0] - 2)
        share = place[row] - before
        level, slope, curvature = 0.0, 0.0, 0.0
        for column in range(multipliers.shape[0]):
            turn = 0.0
            for part in range(6):
                turn += multipliers[column, part] * arguments[row, part]
            real = knots[before, column, 0] * (1.0 - share) + knots[before + 1, column, 0] * share
            imaginary = knots[before, column, 1] * (1.0 - share) + knots[before + 1, column, 1] * share
            cosine, sine = np.cos(turn), np.sin(turn)
            height = real * cosine - imaginary * sine
            rate = rates[column]
            level += height
            slope -= rate * (real * sine + imaginary * cosine)
            curvature -= rate * rate * height
        answer[row, 0], answer[row, 1], answer[row, 2] = level, slope, curvature
    return answer


def levels_and_slopes(
    times_s: np.ndarray, constants: HarmonicConstants, convention: str = "schureman", latitude_deg: float | None = None
) -> np.ndarray:
    """Level [m], its slope [m/s] and its curvature [m/s²] at times.

    Parameters
    ----------
    times_s : ndarray [t]
        Seconds since 1970, UTC, in any order.
    constants : HarmonicConstants
    convention : {"schureman", "foreman", "none"}
        Of the nodal corrections: that which the constants were made with.
    latitude_deg : float, optional
        Of the place; ``foreman`` needs it.

    Returns
    -------
    ndarray [t, 3]
    """
    times = checked_times(times_s)
    multipliers, added = arguments_of(constants.names, convention)
    if not times.size:
        nodal_factors(times, constants.names, convention, latitude_deg)
        return np.zeros((0, 3))
    begin = float(times.min())
    days = np.arange(int(np.ceil((times.max() - begin) / _DAY_S)) + 2)
    factors, angles = nodal_factors(begin + days * _DAY_S, constants.names, convention, latitude_deg)
    slow = constants.amplitudes_m * factors * np.exp(1j * np.radians(angles + added - constants.phases_deg))
    return np.asarray(
        _sum_of_constituents(
            np.radians(np.mod(longitudes_deg(times), 360.0)),
            multipliers,
            np.radians(multipliers @ rates_deg_s(begin)),
            np.stack([slow.real, slow.imag], axis=-1),
            (times - begin) / _DAY_S,
        )
    )


def predict(
    times_s: np.ndarray, constants: HarmonicConstants, convention: str = "schureman", latitude_deg: float | None = None
) -> np.ndarray:
    """Levels of the tide at times [m], above the mean level of its constants.

    Parameters
    ----------
    times_s : ndarray [t]
        Seconds since 1970, UTC, in any order.
    constants : HarmonicConstants
    convention : {"schureman", "foreman", "none"}
        Of the nodal corrections: that which the constants were made with.
    latitude_deg : float, optional
        Of the place; ``foreman`` needs it.

    Returns
    -------
    ndarray [t]
    """
    levels: np.ndarray = levels_and_slopes(times_s, constants, convention, latitude_deg)[:, 0]
    return levels
