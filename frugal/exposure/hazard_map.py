"""The map of a flood as exposure needs it: depth, and where there are such arrival, speed and classes of hazard."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np

from frugal.errors import UnusableInputError
from frugal.formats.coordinate_systems import same_system
from frugal.formats.rasters.band_reader import RasterBands, ReadBand, read_bands
from frugal.formats.rasters.heights import UNITS_M
from frugal.texts import LANGUAGES, Text, room_texts

_TEXTS = room_texts("frugal.exposure")

_TIMES_S = {
    **dict.fromkeys(("s", "sec", "second", "seconds", "seconde", "secondes"), 1.0),
    **dict.fromkeys(("min", "minute", "minutes"), 60.0),
    **dict.fromkeys(("h", "hr", "hour", "hours", "heure", "heures"), 3600.0),
    **dict.fromkeys(("d", "day", "days", "jour", "jours"), 86400.0),
}
_SPEEDS_M_S = {
    **dict.fromkeys(("m/s", "m s-1", "m s^-1", "m.s-1", "ms-1", "meter / second", "metre/second"), 1.0),
    **dict.fromkeys(("km/h", "km h-1", "kmh"), 1 / 3.6),
}
#: What each band may be called; with a unit behind an underscore too.
_NAMES = {
    "depth": ("max_depth", "depth_max", "depth", "water_depth", "hmax", "h_max"),
    "speed": ("max_speed", "speed_max", "speed", "velocity", "max_velocity", "velocity_max"),
    "arrival": ("arrival_time", "arrival", "time_of_arrival"),
    "hazard": ("hazard", "hazard_class", "max_hazard"),
    "zone": ("zone",),
}
_UNITS = {"depth": UNITS_M, "arrival": _TIMES_S, "speed": _SPEEDS_M_S}
_TOLD_UNITS = {"depth": "m, cm, mm, ft", "arrival": "s, min, h, day", "speed": "m/s, km/h"}
_SUFFIX = re.compile(r"_(s|sec|seconds|min|minutes|h|hours?|days?|m|cm|mm|m_s|ft)$", re.IGNORECASE)
#: Shallower "negative depths" are rounding of a solver.
_ROUNDING_M = 1e-3
#: Deeper water is centimetres taken for metres, or a mark of missing cells that the file does not declare.
_DEEPEST_M = 100.0


@dataclass(frozen=True, eq=False)
class HazardMap:
    """A flood, cell by cell.

    Attributes
    ----------
    path : Path
    crs : str
    transform : tuple of six float
        As of a raster with north up, in m.
    depth_m : array [y, x]
        Greatest depth; 0 where dry, NaN where nothing is known or asked (no data, sea, dike, river bed).
    wet_above_m : float
        A cell is flooded where it is deeper.
    arrival_s : array [y, x], optional
        When the water comes, NaN where it does not or nobody knows.
    speed_m_s : array [y, x], optional
        Greatest speed, NaN where it is not known.
    hazard : array [y, x], optional
        Class of hazard as a whole number; 0 where there is none, −1 where nothing is known.
    hazard_names : mapping of int to Text
        What the file calls these classes.
    notes : tuple of Text
        What a user should know of how the file was read.
    """

    path: Path
    crs: str
    transform: tuple[float, ...]
    depth_m: np.ndarray
    wet_above_m: float = 0.0
    arrival_s: np.ndarray | None = None
    speed_m_s: np.ndarray | None = None
    hazard: np.ndarray | None = None
    hazard_names: Mapping[int, Text] = field(default_factory=dict)
    notes: tuple[Text, ...] = ()

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns."""
        rows, cols = self.depth_m.shape
        return int(rows), int(cols)

    @property
    def bounds(self) -> tuple[float, float, float, float]:
        """Western, southern, eastern and northern edge [m]."""
        a, _, c, _, e, f = self.transform
        rows, cols = self.shape
        return c, f + e * rows, c + a * cols, f

    @property
    def cell_area_m2(self) -> float:
        """Area of a cell."""
        return abs(self.transform[0] * self.transform[4])

    @property
    def wet(self) -> np.ndarray:
        """Flooded cells ``[y, x]``."""
        return np.asarray(self.depth_m > self.wet_above_m)

    def cells_of(self, points: np.ndarray) -> np.ndarray:
        """Cell of each point ``[n, 2]``, counted row by row; −1 off the map.

        A boundary belongs to the cell east or south of it.
        """
        a, _, c, _, e, f = self.transform
        rows, cols = self.shape
        col, row = np.floor((points[:, 0] - c) / a), np.floor((points[:, 1] - f) / e)
        inside = (col >= 0) & (col < cols) & (row >= 0) & (row < rows)
        return np.where(inside, row * cols + col, -1).astype(np.int64)


@dataclass(frozen=True)
class MapSettings:
    """How the map of a flood is read.

    Attributes
    ----------
    arrival, speed, hazard : Path or None
        Rasters on the same grid, where the map itself has no such band.
    depth_unit, arrival_unit, speed_unit : str
        Of files that do not tell; empty: as the file says.
    no_data : str
        What cells without a depth are: ``dry``, ``unknown``, or empty for what the file makes likely.
    wet_above_m : float
        A cell is flooded where it is deeper.
    only_depth : bool
        Whether arrival, speed and classes of hazard are left out.
    """

    arrival: Path | None = None
    speed: Path | None = None
    hazard: Path | None = None
    depth_unit: str = ""
    arrival_unit: str = ""
    speed_unit: str = ""
    no_data: str = ""
    wet_above_m: float = 0.0
    only_depth: bool = False


def read_hazard_map(path: Path | str, settings: MapSettings | None = None) -> HazardMap:
    """Read the map of a flood, as this program, or another, writes it.

    Parameters
    ----------
    path : path
        GeoTIFF of the greatest depth, one band or several with names (``max_depth``, ``max_speed``, ``arrival_time``,
        ``hazard``, ``zone``); or a folder of ``frugal simulate --details``.
    settings : MapSettings, optional

    Returns
    -------
    HazardMap

    Raises
    ------
    UnusableInputError
        If it is no raster with a place in metres, holds negative or impossible depths, its unit is unknown or not told, or
        the rasters do not lie on one grid.
    """
    settings = settings or MapSettings()
    if not (np.isfinite(settings.wet_above_m) and settings.wet_above_m >= 0):
        raise UnusableInputError(f"--wet-above {settings.wet_above_m:g}: a depth in m of 0 or more is needed")
    if settings.no_data not in ("", "dry", "unknown"):
        raise UnusableInputError(f"--no-data {settings.no_data}: allowed: dry, unknown")
    path, settings = _of_folder(Path(path), settings)
    raster = read_bands(path, "flood map")
    notes: list[Text] = []
    bands = _bands_by_role(raster)
    if settings.only_depth:
        bands = {role: band for role, band in bands.items() if role in ("depth", "zone")}
    depth = _measured(raster, bands["depth"], "depth", settings.depth_unit, notes)
    _check_depth(depth, raster, told=bool(settings.depth_unit))
    depth = np.maximum(depth, 0.0)
    asked = _asked(bands.get("zone"))
    depth = _with_dry(depth, asked, raster, settings.no_data, notes)
    depth = np.where(asked, depth, np.nan)
    more: dict[str, np.ndarray] = {}
    for role, file, unit in (
        ("arrival", settings.arrival, settings.arrival_unit),
        ("speed", settings.speed, settings.speed_unit),
    ):
        source, band = _source(role, file, raster, bands)
        if band is not None:
            more[role] = _measured(source, band, role, unit, notes)
    wet = depth > settings.wet_above_m
    if "arrival" in more:
        more["arrival"] = _arrival_in(more["arrival"], wet, notes)
    if "speed" in more:
        more["speed"] = _speed_in(more["speed"], wet, raster)
    hazard, names = _hazard(raster, bands, settings.hazard, ~np.isnan(depth))
    return HazardMap(
        path,
        raster.crs,
        raster.transform,
        depth,
        settings.wet_above_m,
        more.get("arrival"),
        more.get("speed"),
        hazard,
        names,
        tuple(notes),
    )


def _of_folder(path: Path, settings: MapSettings) -> tuple[Path, MapSettings]:
    """The map of depth in a folder, and the other maps that lie beside it; a file as it is."""
    if not (path / "depth.tif").is_file():
        return path, settings
    depth = path / "depth.tif"
    if settings.only_depth:
        return depth, settings

    def beside(given: Path | None, name: str) -> Path | None:
        return path / name if given is None and (path / name).is_file() else given

    return depth, replace(
        settings,
        arrival=beside(settings.arrival, "times.tif"),
        speed=beside(settings.speed, "speed.tif"),
        hazard=beside(settings.hazard, "hazard.tif"),
    )


def _bands_by_role(raster: RasterBands) -> dict[str, ReadBand]:
    """The bands that mean something here, by what they hold."""
    found: dict[str, ReadBand] = {}
    for band in raster.bands:
        plain = band.name.lower().replace(" ", "_").replace("-", "_")
        for role, names in _NAMES.items():
            if role not in found and (plain in names or _SUFFIX.sub("", plain) in names):
                found[role] = band
    if "depth" not in found and len(raster.bands) == 1 and not found:
        found["depth"] = raster.bands[0]
    if "depth" not in found:
        told = ", ".join(band.name or "without a name" for band in raster.bands[:20])
        raise UnusableInputError(f"{raster.name} has no band of depth (max_depth or depth); its bands: {told}")
    return found


def _source(
    role: str, file: Path | None, raster: RasterBands, bands: Mapping[str, ReadBand]
) -> tuple[RasterBands, ReadBand | None]:
    """Where a quantity comes from: a file of its own on the same grid, else a band of the map."""
    if file is None:
        return raster, bands.get(role)
    other = read_bands(file, f"--{role}")
    near = np.allclose(other.transform, raster.transform, rtol=0.0, atol=1e-6 * raster.transform[0])
    if other.shape != raster.shape or not near or not same_system(other.crs, raster.crs, raster.bounds):
        rows, cols = other.shape
        raise UnusableInputError(
            f"{other.name} has {rows} × {cols} cells from easting {other.transform[2]:.2f}, northing "
            f"{other.transform[5]:.2f}, which is not the grid of {raster.name}: {raster.shape[0]} × {raster.shape[1]} from "
            f"{raster.transform[2]:.2f}, {raster.transform[5]:.2f}"
        )
    if len(other.bands) == 1:
        return other, other.bands[0]
    for band in other.bands:
        if _SUFFIX.sub("", band.name.lower()) in _NAMES[role]:
            return other, band
    raise UnusableInputError(f"{other.name} has {len(other.bands)} bands and none called {_NAMES[role][0]}")


def _measured(raster: RasterBands, band: ReadBand, role: str, told: str, notes: list[Text]) -> np.ndarray:
    """Values in m, s or m/s: by the unit that the user tells, else the band, else its name or that of the file."""
    unit = told or band.unit
    if not unit:
        suffix = _SUFFIX.search(band.name) or _SUFFIX.search(raster.path.stem)
        unit = "" if suffix is None else suffix[1].replace("m_s", "m/s")
        if unit and unit.lower() in _UNITS[role] and role == "arrival":
            notes.append(_TEXTS.say("note.unit_of_name", file=raster.path.name, unit=unit))
    if not unit or (not told and not band.unit and unit.lower() not in _UNITS[role]):
        if role == "arrival":
            raise UnusableInputError(
                f"{raster.name} does not say whether arrival is in seconds or hours; tell it with --arrival-unit s or h"
            )
        return band.values
    factor = _UNITS[role].get(unit.lower().strip("[]()"))
    if factor is None:
        raise UnusableInputError(
            f"{role} of {raster.name} is in '{unit[:40]}', which is no unit known here; known: {_TOLD_UNITS[role]}"
        )
    return band.values * factor


def _place(wrong: np.ndarray) -> str:
    row, col = (int(n) for n in np.argwhere(wrong)[0])
    return f"row {row + 1}, column {col + 1}"


def _check_depth(depth: np.ndarray, raster: RasterBands, told: bool) -> None:
    wrong = np.isinf(depth) | (depth < -_ROUNDING_M)
    if wrong.any():
        value = depth[wrong][0]
        raise UnusableInputError(
            f"{raster.name} has a depth of {value:g} m at {_place(wrong)} ({np.count_nonzero(wrong)} such cells); depths "
            "are 0 or more: declare marks of missing cells as such (gdal_edit.py -a_nodata)"
        )
    deep = depth > _DEEPEST_M
    if deep.any() and not told:
        raise UnusableInputError(
            f"{raster.name} has a depth of {depth[deep][0]:g} m at {_place(deep)}; up to {_DEEPEST_M:g} m is taken as it "
            "stands: tell the unit with --depth-unit, or declare marks of missing cells as such"
        )
    if not np.isfinite(depth).any():
        raise UnusableInputError(f"{raster.name} has no cell with a depth")


def _asked(zone: ReadBand | None) -> np.ndarray | bool:
    """Cells of which something is asked: not sea, dike or river bed, which maps of this program mark by numbers."""
    return True if zone is None else np.asarray(np.nan_to_num(zone.values) == 0)


def _with_dry(
    depth: np.ndarray, asked: np.ndarray | bool, raster: RasterBands, no_data: str, notes: list[Text]
) -> np.ndarray:
    """Depths with 0 where a missing one means dry."""
    missing = np.isnan(depth) & asked
    if not missing.any():
        return depth
    own = raster.tags.get("SOFTWARE", "").startswith("frugal") or "STUDY" in raster.tags
    dry = no_data == "dry" or (not no_data and (own or not (depth == 0).any()))
    share = float(np.mean(missing))
    if not no_data and not own:
        key = "note.no_data_dry" if dry else "note.no_data_unknown"
        notes.append(_TEXTS.say(key, share=f"{100 * share:.0f}"))
    return np.where(missing, 0.0, depth) if dry else depth


def _arrival_in(arrival_s: np.ndarray, wet: np.ndarray, notes: list[Text]) -> np.ndarray:
    """Arrival in flooded cells; a negative time there is one that is not known."""
    found = np.where(wet & (arrival_s >= 0), arrival_s, np.nan)
    lacking = int(np.count_nonzero(wet & np.isnan(found)))
    if lacking:
        notes.append(_TEXTS.say("note.no_arrival", cells=lacking))
    return found


def _speed_in(speed: np.ndarray, wet: np.ndarray, raster: RasterBands) -> np.ndarray:
    wrong = wet & (np.isinf(speed) | (speed < 0))
    if wrong.any():
        raise UnusableInputError(
            f"speed of {raster.name} is {speed[wrong][0]:g} m/s at {_place(wrong)}; 0 or more is needed"
        )
    return np.where(wet, speed, 0.0)


def _hazard(
    raster: RasterBands, bands: Mapping[str, ReadBand], file: Path | None, asked: np.ndarray
) -> tuple[np.ndarray | None, dict[int, Text]]:
    source, band = _source("hazard", file, raster, bands)
    if band is None:
        return None, {}
    values = band.values
    there = np.isfinite(values)
    if (values[there] != np.round(values[there])).any() or (there.any() and np.ptp(values[there]) > 100):
        raise UnusableInputError(f"hazard of {source.name} is no class: whole numbers from 0 are needed")
    if (values[there] < 0).any():
        raise UnusableInputError(f"hazard of {source.name} holds negative numbers; classes from 0 are needed")
    # A cell without a class has no hazard, where the map asks for one at all.
    classes = np.where(asked, np.nan_to_num(values, nan=0.0), -1).astype(np.int64)
    return classes, _names_of_classes(source.tags)


def _names_of_classes(tags: Mapping[str, str]) -> dict[int, Text]:
    """Names in tags ``CLASS_1_EN`` and the like, as this program writes them, or in one, ``HAZARD=0 none; 1 low``."""
    by_language: dict[int, Text] = {}
    for name, text in tags.items():
        match = re.fullmatch(r"CLASS_(\d+)_([A-Z]{2})", name.upper())
        if match is not None and match[2].lower() in LANGUAGES:
            by_language.setdefault(int(match[1]), {})[match[2].lower()] = text
    if by_language:
        return {number: {**dict.fromkeys(LANGUAGES, next(iter(t.values()))), **t} for number, t in by_language.items()}
    for name, text in tags.items():
        if name.upper() in ("HAZARD", "HAZARD_CLASS", "HAZARD_CLASSES"):
            found = re.findall(r"(\d+)\s*[:=]?\s+([^;]+)", text)
            return {int(number): dict.fromkeys(LANGUAGES, words.strip()) for number, words in found}
    return {}
