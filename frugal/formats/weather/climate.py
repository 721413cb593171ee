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
