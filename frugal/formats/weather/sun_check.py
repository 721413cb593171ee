"""Is the light of a year that of the sun of its place and hours? ghi = dni · sin(elevation) + dhi tells.

The moment of the sun is moved against the rows, and where the sum closes best is the moment that the file was made with. The
sun is taken at one moment for each row, as the physics takes it afterwards: for means over an hour that is its middle
(the mean of sin(elevation) over an hour of daylight is 0.3 % less at most, the same before and after noon).

A constant shift and summer time are mended and told; what the sum shows to be another quantity is refused.
"""

from __future__ import annotations

from pathlib import PurePath
from typing import NamedTuple

import numpy as np

from frugal.errors import UnusableInputError

MINUTES = 60.0
_DAY_H = 24
#: Shifts that are tried, and up to which one is mended: beyond, coordinates or zone of the file are wrong.
_WIDEST_MIN, _LARGEST_MENDED_MIN = 720, 180
_STEP_MIN = 10
#: Below this a shift is left: 2 minutes turn the yearly light of east and west by 0.5 % each.
_LEAST_SHIFT_MIN = 2.0
#: A sum that leaves more than this of the beam over, at best, tells of no sun: its light belongs to no one moment.
_CLOSES, _CLOSES_NOT = 0.10, 0.25
#: Light of days moves against the sun by fog of mornings and clouds of afternoons: by up to half an hour, seldom more.
_FARTHEST_LIGHT_MIN = 45.0
_SUMMER_MIN = 60.0
_SUMMER_DAYS = (100, 280)
_LEAST_PART = 0.03
_NAMES = ("ghi", "dni", "dhi")


class SunOfRows(NamedTuple):
    """What fixes the sun of each row; arrays of shape (n,), but for the latitude in degrees."""

    sine_of_declination: np.ndarray
    hour_angle: np.ndarray
    latitude_deg: float

    def sine(self, shift_min: float | np.ndarray) -> np.ndarray:
        """Sine of the elevation so many minutes later, zero at night."""
        latitude = np.radians(self.latitude_deg)
        along = np.sin(latitude) * self.sine_of_declination
        across = np.cos(latitude) * np.sqrt(1.0 - self.sine_of_declination**2)
        return np.maximum(along + across * np.cos(self.hour_angle + np.radians(shift_min / 4.0)), 0.0)

    def of(self, rows: np.ndarray) -> SunOfRows:
        """The sun of some of the rows."""
        return SunOfRows(self.sine_of_declination[rows], self.hour_angle[rows], self.latitude_deg)


def sun_of_rows(unix_time_s: np.ndarray, latitude_deg: float, longitude_deg: float) -> SunOfRows:
    """Declination and hour angle of the rows, from the position that pvlib gives.

    Parameters
    ----------
    unix_time_s : ndarray, shape (n,)
    latitude_deg, longitude_deg : float

    Returns
    -------
    SunOfRows
    """
    import pandas as pd
    from pvlib.solarposition import get_solarposition

    position = get_solarposition(pd.to_datetime(unix_time_s, unit="s", utc=True), latitude_deg, longitude_deg)
    height = np.radians(position["elevation"].to_numpy())
    azimuth = np.radians(position["azimuth"].to_numpy())
    latitude = np.radians(np.clip(latitude_deg, -89.9, 89.9))
    sine = np.sin(latitude) * np.sin(height) + np.cos(latitude) * np.cos(height) * np.cos(azimuth)
    cosine = np.sqrt(1.0 - sine**2)
    hour_angle = np.arctan2(
        -np.cos(height) * np.sin(azimuth) / cosine,
        (np.sin(height) - np.sin(latitude) * sine) / (np.cos(latitude) * cosine),
    )
    return SunOfRows(sine, hour_angle, float(np.degrees(latitude)))


class SunCheck(NamedTuple):
    """Minutes from the moment that the file says to the one that its light was made with, and what is told of it.

    Attributes
    ----------
    shift_min : ndarray, shape (8760,)
    notes : tuple of str
    """

    shift_min: np.ndarray
    notes: tuple[str, ...]


class _LightOfRows(NamedTuple):
    """Rows that are known, with their light and sun."""

    ghi: np.ndarray
    dni: np.ndarray
    dhi: np.ndarray
    sun: SunOfRows

    def gap(self, shift_min: float | np.ndarray) -> np.ndarray:
        return self.ghi - self.dni * self.sun.sine(shift_min) - self.dhi

    def gap_rms(self, shift_min: float | np.ndarray) -> float:
        return float(np.sqrt(np.mean(self.gap(shift_min) ** 2)))

    def every(self, step: int) -> _LightOfRows:
        rows = np.arange(0, len(self.ghi), step)
        return _LightOfRows(self.ghi[rows], self.dni[rows], self.dhi[rows], self.sun.of(rows))

    def best_shift_min(self, low: float = -_WIDEST_MIN, high: float = _WIDEST_MIN, start: float = 0.0) -> float:
        """Shift that closes best, to a minute; of several alike the nearest to none."""
        coarse = np.arange(low, high + 1.0, _STEP_MIN) + start
        some = self.every(5) if len(self.ghi) > 1000 else self  # five hours on: all hours of the day come up alike
        gaps = np.array([some.gap_rms(shift) for shift in coarse])
        near = coarse[np.argmin(gaps + 1e-9 * np.abs(coarse))]
        fine = near + np.arange(-_STEP_MIN, _STEP_MIN + 1.0)
        return float(fine[int(np.argmin([self.gap_rms(shift) for shift in fine]))])


def check_sun(
    light: dict[str, np.ndarray],
    known: np.ndarray,
    sun: SunOfRows,
    place: tuple[float, float, float],
    name: str,
    stated_h: float | None = None,
) -> SunCheck:
    """Hold the light of a year against its sun.

    Parameters
    ----------
    light : dict
        ``ghi``, ``dni`` and ``dhi``, each of shape (8760,) [W/m²].
    known : ndarray of bool, shape (8760,)
        Rows of which none of the three was filled.
    sun : SunOfRows
        At the moments that the file says.
    place : tuple of float
        Latitude and longitude [degrees], and hours to add to UTC.
    name : str
        The file, for messages.
    stated_h : float, optional
        Offset of the irradiance that the file states and that the moments hold already.

    Returns
    -------
    SunCheck

    Raises
    ------
    UnusableInputError
        If beam or diffuse are none, columns are exchanged or hold another quantity, the sum closes only in the other
        hemisphere or more than three hours off, or the light of days contradicts the sun of the beam.
    """
    _check_parts(light, name)
    rows = known & (light["ghi"] + light["dni"] > 0)
    of_rows = _LightOfRows(light["ghi"][rows], light["dni"][rows], light["dhi"][rows], sun.of(rows))
    beam = max(float(np.sqrt(np.mean((of_rows.ghi - of_rows.dhi) ** 2))), 1e-9)
    best = of_rows.best_shift_min()
    as_said, at_best = of_rows.gap_rms(0.0), of_rows.gap_rms(best)
    summer = _summer_time(of_rows, np.flatnonzero(rows) // _DAY_H, best)
    if summer is not None:
        return _with_summer_time(*summer, (of_rows, rows, at_best), name)
    if at_best > 0.03 * beam:
        _refuse_other_quantities(of_rows, beam, at_best, name)
        _refuse_columns_apart(light, rows, sun, at_best, name)
        _refuse_other_latitude(of_rows, at_best, best, place, name)
    if at_best > _CLOSES_NOT * beam:
        note = (
            f"weather '{_file(name)}': its ghi, dni and dhi do not belong together (they close to {at_best:.0f} W/m² at "
            f"best, and beam on the horizontal is {_beam_percent(of_rows, best):+.0f} % off ghi − dhi in a year): whether its "
            "hours are right cannot be told, and yields of tilted planes may be off by as much"
        )
        return SunCheck(np.zeros(len(known)), (note,))
    _check_light_of_days(light["ghi"], sun, best, name)
    # The worse the sum closes, the less surely it tells minutes.
    if abs(best) < _LEAST_SHIFT_MIN + 30.0 * at_best / beam or as_said < 1.005 * at_best + 0.1:
        return SunCheck(np.zeros(len(known)), _closes_so_so(at_best, beam, name))
    in_utc = abs(best - 60.0 * place[2]) <= _LEAST_SHIFT_MIN
    if abs(best) > _LARGEST_MENDED_MIN and not in_utc:
        raise UnusableInputError(
            f"weather file '{name}' closes (ghi = dni · sin h + dhi) {abs(best):.0f} minutes "
            f"{'later' if best > 0 else 'earlier'} than its hours say, to {at_best:.1f} W/m² instead of {as_said:.1f}: its "
            f"coordinates or time zone are wrong (latitude {place[0]:g}, longitude {place[1]:g}, UTC{place[2]:+g})"
        )
    # A stated offset is finer than what light tells; whole hours beside it are those of another zone.
    hours = round(best / 60.0)
    if stated_h is not None and abs(best - 60.0 * hours) <= 2.0 * _LEAST_SHIFT_MIN:
        best = 60.0 * hours
        at_best = of_rows.gap_rms(best)
    told = _shift_told(best, at_best, as_said, place, name, stated_h)
    return SunCheck(np.full(len(known), best), (told, *_uneven_months(of_rows, rows, best, at_best, name)))


def _file(name: str) -> str:
    """Notes stand on public pages: folders are left out of them."""
    return PurePath(name).name


def _beam_percent(light: _LightOfRows, shift_min: float) -> float:
    """How far the beam on the horizontal lies from global less diffuse, over the year."""
    return 100.0 * float(np.sum(light.dni * light.sun.sine(shift_min)) / max(np.sum(light.ghi - light.dhi), 1e-9) - 1.0)


def _check_parts(light: dict[str, np.ndarray], name: str) -> None:
    total = max(float(light["ghi"].sum()), 1e-9)
    for part, word in (("dni", "beam"), ("dhi", "diffuse")):
        if light[part].sum() < _LEAST_PART * total:
            raise UnusableInputError(
                f"weather file '{name}' has no {word}: its {part} is {light[part].sum() / 1e3:.0f} kWh/m² a year beside a ghi "
                f"of {total / 1e3:.0f}; where the sun stands cannot be checked, nor what tilted planes receive; a year with "
                "ghi, dni and dhi is needed"
            )


def _refuse_other_quantities(light: _LightOfRows, beam: float, at_best: float, name: str) -> None:
    """Beam on the horizontal, exchanged columns, another unit in one of them."""
    flat = float(np.sqrt(np.mean((light.ghi - light.dni - light.dhi) ** 2)))
    if flat < 0.3 * at_best and flat < _CLOSES * beam:
        raise UnusableInputError(
            f"weather file '{name}' holds the beam on the horizontal as dni: ghi = dni + dhi closes to {flat:.1f} W/m², "
            f"ghi = dni · sin h + dhi to {at_best:.0f} only; the beam on a plane that faces the sun is needed (divide by sin h)"
        )
    for first, second in ((1, 2), (0, 1), (0, 2)):
        parts = [light.ghi, light.dni, light.dhi]
        parts[first], parts[second] = parts[second], parts[first]
        swapped = _LightOfRows(parts[0], parts[1], parts[2], light.sun)
        gap = swapped.gap_rms(swapped.best_shift_min())
        if gap < 0.3 * at_best and gap < _CLOSES * float(np.sqrt(np.mean((swapped.ghi - swapped.dhi) ** 2))):
            raise UnusableInputError(
                f"weather file '{name}' closes (ghi = dni · sin h + dhi) to {gap:.1f} W/m² with {_NAMES[first]} and "
                f"{_NAMES[second]} exchanged, and to {at_best:.0f} as they are: exchange these columns"
            )
    shift = light.best_shift_min()
    terms = np.column_stack([light.dni * light.sun.sine(shift), light.dhi])
    factors = np.linalg.lstsq(terms, light.ghi, rcond=None)[0]
    gap = float(np.sqrt(np.mean((light.ghi - terms @ factors) ** 2)))
    if gap < 0.3 * at_best and gap < _CLOSES * beam:
        raise UnusableInputError(
            f"weather file '{name}' closes (ghi = dni · sin h + dhi) to {gap:.1f} W/m² only with dni times {factors[0]:.3g} "
            f"and dhi times {factors[1]:.3g}, and to {at_best:.0f} as they are: a column has another unit or quantity"
        )


def _refuse_other_latitude(
    light: _LightOfRows, at_best: float, best: float, place: tuple[float, float, float], name: str
) -> None:
    """Another hemisphere, another order of the months, or another place."""
    gaps = {}
    for latitude in (-place[0], *np.arange(-66.0, 67.0, 4.0)):
        there = light._replace(sun=light.sun._replace(latitude_deg=float(latitude)))
        shift = there.best_shift_min(-_LARGEST_MENDED_MIN, _LARGEST_MENDED_MIN, best)
        gaps[float(latitude)] = there.gap_rms(shift)
    closest = min(gaps, key=gaps.__getitem__)
    if gaps[closest] < 0.4 * at_best and abs(closest - place[0]) > 4.0:
        mirrored = closest * place[0] < 0
        reason = "the sign of its latitude is wrong, or the order of its months" if mirrored else "its place is wrong"
        raise UnusableInputError(
            f"weather file '{name}' closes (ghi = dni · sin h + dhi) to {gaps[closest]:.1f} W/m² at latitude {closest:g} and "
            f"to {at_best:.0f} at {place[0]:g}, which it states: {reason}"
        )


def _refuse_columns_apart(
    light: dict[str, np.ndarray], rows: np.ndarray, sun: SunOfRows, at_best: float, name: str
) -> None:
    """One column an hour or two before or after the others."""
    of_rows = sun.of(rows)
    for part in _NAMES:
        for hours in (-2, -1, 1, 2):
            columns = {**light, part: np.roll(light[part], hours)}
            moved = _LightOfRows(columns["ghi"][rows], columns["dni"][rows], columns["dhi"][rows], of_rows)
            gap = moved.gap_rms(moved.best_shift_min(-_LARGEST_MENDED_MIN, _LARGEST_MENDED_MIN))
            if gap < 0.3 * at_best:
                raise UnusableInputError(
                    f"weather file '{name}' closes (ghi = dni · sin h + dhi) to {gap:.1f} W/m² with {part} {abs(hours)} h "
                    f"{'later' if hours > 0 else 'earlier'} beside the others, and to {at_best:.0f} as it is: its columns "
                    "are labelled differently"
                )


def _summer_time(light: _LightOfRows, day: np.ndarray, best: float) -> tuple[float, int, int] | None:
    """Shift in standard time, first and last day of rows an hour late; None where one shift fits."""
    # Months weigh alike: in the far north winter has little light and tells as much.
    month = day * 12 // 365
    beam = np.bincount(month, (light.ghi - light.dhi) ** 2, minlength=12)
    weight = 1.0 / np.maximum(beam, 0.01 * beam.max())[month]
    grid = np.arange(-_LARGEST_MENDED_MIN - _SUMMER_MIN, _LARGEST_MENDED_MIN + _SUMMER_MIN + 1.0, _STEP_MIN)
    squares = {shift: np.bincount(day, weight * light.gap(shift) ** 2, minlength=365) for shift in grid}
    found: tuple[float, float, int, int] | None = None
    for shift in grid:
        # Rows in summer time are labelled an hour late: their sun stands where it stood an hour before.
        for other in (shift - _SUMMER_MIN, shift + _SUMMER_MIN):
            if other not in squares or abs(shift) > _LARGEST_MENDED_MIN:
                continue
            gain = np.concatenate([[0.0], np.cumsum(squares[shift] - squares[other])])
            last = int(np.argmax(gain - np.minimum.accumulate(gain)))
            first = int(np.argmin(gain[: last + 1]))
            left = squares[shift].sum() - (gain[last] - gain[first])
            if _SUMMER_DAYS[0] <= last - first <= _SUMMER_DAYS[1] and (found is None or left < found[0]):
                # In the south the block of days in the middle of the year is the one in standard time.
                found = (left, shift, first, last) if other < shift else (left, other, last, first)
    at_best = float(np.sum(weight * light.gap(best) ** 2))
    if found is None or found[0] > 0.25 * at_best:
        return None
    _, coarse, first, last = found
    late = _days_late(day, first, last)
    fine = coarse + np.arange(-_STEP_MIN, _STEP_MIN + 1.0)
    gaps = [np.sum(weight * light.gap(shift - _SUMMER_MIN * late) ** 2) for shift in fine]
    return float(fine[int(np.argmin(gaps))]), first, last


def _days_late(day: np.ndarray, first: int, last: int) -> np.ndarray:
    return (day >= first) & (day < last) if first < last else (day >= first) | (day < last)


def _with_summer_time(
    shift: float, first: int, last: int, light: tuple[_LightOfRows, np.ndarray, float], name: str
) -> SunCheck:
    of_rows, rows, at_best = light
    # A shift of a minute or two beside it is within what the days of change blur.
    shift = 0.0 if abs(shift) <= _LEAST_SHIFT_MIN else shift
    late = np.repeat(_days_late(np.arange(365), first, last), _DAY_H)
    moved = shift - _SUMMER_MIN * late
    note = (
        f"weather '{_file(name)}': its rows follow summer time from {_date(first)} to {_date(last - 1)} (ghi = dni · "
        f"sin h + dhi closes to {of_rows.gap_rms(moved[rows]):.1f} W/m² with an hour taken off, to {at_best:.1f} without): the "
        f"hour is taken off"
    )
    if shift:
        note += f"; besides, the sun is taken {abs(shift):.0f} minutes {_than(shift)} than its hours say"
    return SunCheck(moved, (note,))


def _date(day: int) -> str:
    """Month and day, the same in both languages."""
    return str(np.datetime64("2018-01-01") + int(day) % 365)[5:]


def _than(shift: float) -> str:
    return "later" if shift > 0 else "earlier"


def _check_light_of_days(ghi: np.ndarray, sun: SunOfRows, best: float, name: str) -> None:
    """Refuse beam that was computed for a sun other than the one that the global light follows."""
    clear = np.percentile(ghi.reshape(73, 5, _DAY_H), 80, axis=1).repeat(5, axis=0).ravel()  # bright hours of five days
    light = -4.0 * np.degrees(np.angle((clear * np.exp(1j * sun.hour_angle)).sum()))
    apart = (best - light + 720.0) % 1440.0 - 720.0
    if abs(apart) > _FARTHEST_LIGHT_MIN:
        raise UnusableInputError(
            f"weather file '{name}' contradicts itself: its beam closes at {best:+.0f} minutes from what its hours say (later "
            f"is +), its global light is even about {light:+.0f} minutes; its beam was computed for another place or time zone"
        )


def _closes_so_so(gap: float, beam: float, name: str) -> tuple[str, ...]:
    if gap < _CLOSES * beam:
        return ()
    return (
        f"weather '{_file(name)}': ghi = dni · sin h + dhi closes to {gap:.0f} W/m² at best, of {beam:.0f} of beam: "
        "its hours are sure to about a quarter of an hour only",
    )


def _shift_told(
    best: float,
    at_best: float,
    as_said: float,
    place: tuple[float, float, float],
    name: str,
    stated_h: float | None,
) -> str:
    gaps = f"closes to {at_best:.1f} W/m² instead of {as_said:.1f}"
    halves = round(best / 30.0)
    zone = ""
    if abs(best - 30.0 * halves) <= _LEAST_SHIFT_MIN and halves:
        zone = f"; its rows are those of UTC{place[2] - halves / 2.0:+g}, or labelled {30 * abs(halves)} minutes off"
        if abs(halves) == 1 and stated_h is None:
            zone = f"; its values are those of the {'end' if halves > 0 else 'start'} of each hour"
    sign = ""
    if abs(best + 8.0 * place[1]) <= 3.0 and abs(best) > 10.0:
        sign = f"; so it would be with longitude {-place[1]:g}° in the place of {place[1]:g}°"
    moved = f"the sun is taken {abs(best):.0f} minutes {_than(best)} than its hours say, where ghi = dni · sin h + dhi {gaps}"
    if stated_h is not None:
        stated = f"its stated offset ({stated_h:g} h) is used"
        if best % 60.0:
            stated = f"its stated offset ({stated_h:g} h) does not agree with its light"
        return f"weather '{_file(name)}': {stated}, and {moved}{zone}{sign}"
    return f"weather '{_file(name)}': {moved}{zone}{sign}"


def _uneven_months(light: _LightOfRows, rows: np.ndarray, best: float, at_best: float, name: str) -> tuple[str, ...]:
    """Months that close more than ten minutes off the year's shift, where they tell it clearly."""
    labels = np.datetime64("2018-01-01T00") + np.arange(len(rows))
    month = (labels.astype("datetime64[M]").astype(int) % 12)[rows]
    apart = []
    for k in range(12):
        here = month == k
        if here.sum() < 100:
            continue
        part = _LightOfRows(light.ghi[here], light.dni[here], light.dhi[here], light.sun.of(here))
        own = part.best_shift_min(-120.0, 120.0, best)
        if abs(own - best) > 10.0 and part.gap_rms(own) < 0.5 * part.gap_rms(best):
            apart.append(f"{k + 1} ({own - best:+.0f})")
    if not apart:
        return ()
    return (f"weather '{_file(name)}': months close at moments of their own (minutes from that): {', '.join(apart)}",)
