"""Monthly climate tables: what a generator of synthetic weather needs to know of a place."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

import numpy as np

from frugal.errors import UnusableInputError

#: Levels of the quantiles of the daily clearness index, and the columns that hold them.
QUANTILE_LEVELS = (0.0, 0.1, 0.25, 0.5, 0.75, 0.9, 1.0)
QUANTILE_COLUMNS = tuple(f"clearness_q{round(100 * level):02d}" for level in QUANTILE_LEVELS)
#: Single columns besides the quantiles, with the values allowed; units as in the names, wind in m/s.
COLUMNS: Mapping[str, tuple[float, float]] = {
    "global_irradiation_kwh_m2": (0.0, 350.0),
    "clearness_mean": (0.05, 0.85),
    "clearness_autocorrelation": (-0.9, 0.95),
    "temperature_min_c": (-60.0, 50.0),
    "temperature_max_c": (-60.0, 55.0),
    "temperature_day_std_c": (0.0, 20.0),
    "temperature_day_autocorrelation": (-0.9, 0.99),
    "temperature_clearness_correlation": (-0.95, 0.95),
    "range_clearness_slope_c": (-60.0, 60.0),
    "wind_mean": (0.1, 30.0),
    "wind_std": (0.05, 30.0),
    "wind_autocorrelation": (0.0, 0.99),
    "wind_afternoon_ratio": (0.3, 3.0),
}
#: Between the mean of daily clearness and the clearness of the month, with what the equation leaves out.
_SUN_TOLERANCE = 0.15
_PLACE = re.compile(r"(latitude_deg|longitude_deg|altitude_m|utc_offset_h)=(-?\d+(?:\.\d+)?)")


@dataclass(frozen=True, eq=False)
class ClimateTable:
    """Twelve months of a place.

    Attributes
    ----------
    columns : mapping of str to ndarray, shape (12,)
        By the names of `COLUMNS`.
    clearness_quantiles : ndarray, shape (12, 7)
        Quantiles of the daily clearness index of each month at `QUANTILE_LEVELS`.
    latitude_deg, longitude_deg, altitude_m, utc_offset_h : float
    source, sha256 : str
        Name and hash of the file.
    """

    columns: Mapping[str, np.ndarray]
    clearness_quantiles: np.ndarray
    latitude_deg: float
    longitude_deg: float
    altitude_m: float
    utc_offset_h: float
    source: str
    sha256: str


def read_climate(path: Path | str | None = None) -> ClimateTable:
    """Read a climate table, by default the one of the coast south of Vendée that ships with the project.

    Raises
    ------
    UnusableInputError
        If the file cannot be read, lacks a column or its place, has not 12 months, or holds impossible
        values.
    """
    from frugal.formats.files.tables import columns, read_table

    path = Path(str(files("frugal.formats.weather") / "data" / "vendee_coast.csv")) if path is None else Path(path)
    name = f"climate table '{path.name}'"
    table = read_table(path)
    content = path.read_bytes()
    comments = "\n".join(line for line in content.decode("utf-8").splitlines() if line.startswith("#"))
    place = {key: float(value) for key, value in _PLACE.findall(comments)}
    for key in ("latitude_deg", "longitude_deg", "altitude_m", "utc_offset_h"):
        if key not in place:
            raise UnusableInputError(f"{name} does not say its {key}; a comment line '# {key}=…' is needed")
    months = columns(table, ["month"], name)[:, 0]
    if not np.array_equal(months, np.arange(1, 13)):
        raise UnusableInputError(f"{name} has {len(months)} rows; the months 1 to 12 in order are needed")
    values = columns(table, list(COLUMNS), name)
    for index, (column, (low, high)) in enumerate(COLUMNS.items()):
        bad = (values[:, index] < low) | (values[:, index] > high)
        if bad.any():
            month = int(np.argmax(bad))
            raise UnusableInputError(
                f"{name}, month {month + 1}: {column} is {values[month, index]:g}; {low:g} to {high:g} is allowed"
            )
    _check_sun(values[:, 0], values[:, 1], place["latitude_deg"], name)
    quantiles = columns(table, list(QUANTILE_COLUMNS), name)
    if (np.diff(quantiles, axis=1) < 0).any() or quantiles.min() < 0 or quantiles.max() > 0.9:
        raise UnusableInputError(f"{name}: the quantiles of clearness must grow from 0 to at most 0.9")
    return ClimateTable(
        columns={column: values[:, index].copy() for index, column in enumerate(COLUMNS)},
        clearness_quantiles=quantiles,
        latitude_deg=place["latitude_deg"],
        longitude_deg=place["longitude_deg"],
        altitude_m=place["altitude_m"],
        utc_offset_h=place["utc_offset_h"],
        source=path.name,
        sha256=hashlib.sha256(content).hexdigest(),
    )


def _check_sun(global_kwh_m2: np.ndarray, clearness: np.ndarray, latitude_deg: float, name: str) -> None:
    """Refuse months whose light is not the stated part of what reaches the top of the air at their latitude."""

    def ratio(latitude: float) -> np.ndarray:
        return np.asarray(global_kwh_m2 / np.maximum(clearness * _extraterrestrial_kwh_m2(latitude), 1e-6))

    here, mirrored = ratio(latitude_deg), ratio(-latitude_deg)
    month = int(np.argmax(np.abs(np.log(np.maximum(here, 1e-6)))))
    if abs(here[month] - 1.0) <= _SUN_TOLERANCE:
        return
    sign = np.abs(mirrored - 1.0).max() <= _SUN_TOLERANCE
    reason = "the sign of its latitude is wrong" if sign else "its latitude, its months or its unit are wrong"
    raise UnusableInputError(
        f"{name}, month {month + 1}: global_irradiation_kwh_m2 is {here[month]:.2g} times what clearness_mean leaves of the "
        f"sun at latitude {latitude_deg:g}: {reason}"
    )


def _extraterrestrial_kwh_m2(latitude_deg: float) -> np.ndarray:
    """Light of each month on the horizontal at the top of the air (Duffie & Beckman 2013, equation 1.10.3)."""
    day = np.arange(365)
    turn = 2.0 * np.pi * day / 365.0
    declination = np.radians(23.45) * np.sin(2.0 * np.pi * (285 + day) / 365.0)
    latitude = np.radians(latitude_deg)
    sunset = np.arccos(np.clip(-np.tan(latitude) * np.tan(declination), -1.0, 1.0))
    level = np.cos(latitude) * np.cos(declination) * np.sin(sunset) + sunset * np.sin(latitude) * np.sin(declination)
    daily = 24.0 / np.pi * 1.361 * (1.0 + 0.033 * np.cos(turn)) * level
    month = (np.datetime64("2018-01-01") + day).astype("datetime64[M]").astype(int) % 12
    return np.asarray(np.bincount(month, daily, minlength=12))
