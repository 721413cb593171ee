"""Rain, infiltration, culverts and gates of a site, laid over a terrain and added to its events."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from math import hypot, pi
from pathlib import Path

import numpy as np

from frugal.errors import UnusableInputError
from frugal.formats.time_series import read_series
from frugal.formats.vectors.named_shapes import read_lines_with_columns
from frugal.physics.shallow_water.flood_case import FloodCase, Infiltration, Link, Rain
from frugal.physics.shallow_water.parts.segments import Series
from frugal.studies.flood.terrain.local_water_keys import LinkShape, SiteLink, link_of
from frugal.studies.flood.terrain.site import FloodSite
from frugal.studies.flood.terrain.terrain import FloodTerrain

MM_H = 1e-3 / 3600.0
#: More rain [mm/h] than has been measured over minutes.
MOST_MM_H = 2000.0
_RAIN_NAMES = ("rain", "rainfall", "precipitation", "pluie")
_CF_RAIN = ("rainfall_rate", "lwe_precipitation_rate")
#: Inverts so far [m] below the lowest ground or above the highest are numbers in other units.
_BELOW_M, _ABOVE_M = 20.0, 5.0


@dataclass(frozen=True, eq=False)
class LocalWater:
    """What falls, seeps and passes through links in every event of a site.

    Attributes
    ----------
    rain : float or tuple of two arrays, optional
        [m/s]; times count from the beginning of the event [s].
    begins_s : float
        When rain begins, from the beginning of the event; infinite without.
    infiltration : Infiltration, optional
        Of land.
    links : tuple of SiteLink
    """

    rain: Series | None = None
    begins_s: float = np.inf
    infiltration: Infiltration | None = None
    links: tuple[SiteLink, ...] = ()

    @property
    def sha256(self) -> str:
        """Hash of everything that a run depends on; empty where there is nothing."""
        if self.rain is None and self.infiltration is None and not self.links:
            return ""
        rain = np.asarray(0.0 if self.rain is None else self.rain, dtype="<f8")
        told = repr((self.rain is None, self.infiltration, self.links)).encode()
        return hashlib.sha256(told + rain.tobytes()).hexdigest()

    def added(self, flood_case: FloodCase, terrain: FloodTerrain) -> FloodCase:
        """An event with this water.

        Parameters
        ----------
        flood_case : FloodCase
        terrain : FloodTerrain
            That it runs over, on cells of any width.
        """
        seeping = self.infiltration
        if seeping is not None:
            seeping = replace(seeping, conductivity_m_s=np.where(terrain.land, seeping.conductivity_m_s, 0.0))
        return replace(
            flood_case,
            rain=None if self.rain is None else Rain(self.rain),
            infiltration=seeping,
            links=tuple(link_on(terrain, link) for link in self.links),
        )


def local_water(site: FloodSite, terrain: FloodTerrain, zero_s: float, dated_zero_s: float | None) -> LocalWater:
    """What a site says of rain, infiltration and links, checked against its terrain.

    Parameters
    ----------
    site : FloodSite
    terrain : FloodTerrain
        On the cells of the study.
    zero_s : float
        When the clock of the site's hours shows 0, from the beginning of the event.
    dated_zero_s : float or None
        Date of that moment; None where nothing tells it.

    Raises
    ------
    UnusableInputError
        If a file cannot be read, an end of a link lies where it cannot, or a number is in other units.
    """
    rain: Series | None = None
    begins_s = np.inf
    if site.rain_mm_h:
        rain, begins_s = site.rain_mm_h * MM_H, 0.0
    if site.rain_series is not None:
        rain = _rain(site.rain_series, zero_s, dated_zero_s)
        wet = np.flatnonzero(rain[1] > 0.0)
        begins_s = float(rain[0][max(wet[0] - 1, 0)]) if len(wet) else np.inf
    seeping = None
    if site.infiltration_mm_h:
        seeping = Infiltration(site.infiltration_mm_h * MM_H)
    if site.green_ampt is not None:
        ground = site.green_ampt
        seeping = Infiltration(ground.conductivity_mm_h * MM_H, ground.suction_mm * 1e-3, ground.moisture_deficit)
    links: list[SiteLink] = []
    for part in site.links:
        links += _links_of_file(part, terrain.crs) if isinstance(part, Path) else [part]
    named = tuple(
        link if link.name else link.model_copy(update={"name": f"link {k}"}) for k, link in enumerate(links, 1)
    )
    for name in {link.name for link in named}:
        if sum(link.name == name for link in named) > 1:
            raise UnusableInputError(f"the links hold the name '{name}' twice; each needs its own")
    for link in named:
        _check(terrain, link)
    return LocalWater(rain, begins_s, seeping, named)


def _rain(path: Path, zero_s: float, dated_zero_s: float | None) -> tuple[np.ndarray, np.ndarray]:
    found = read_series(path, _RAIN_NAMES, "mm/h", 0.0, MOST_MM_H, standard_names=_CF_RAIN)
    if found.dated and dated_zero_s is None:
        raise UnusableInputError(
            f"{found.source} has dates, and nothing says when the event is: give time_h, or a series of levels or discharges "
            "with dates"
        )
    time_s = found.time_s - (dated_zero_s or 0.0 if found.dated else 0.0) + zero_s
    # Series are constant beyond their ends: it is dry there.
    times = np.concatenate([[time_s[0] - 1.0], time_s, [time_s[-1] + 1.0]])
    return times, np.concatenate([[0.0], found.values * MM_H, [0.0]])


def _links_of_file(path: Path, crs: str) -> list[SiteLink]:
    found: list[SiteLink] = []
    for line, columns in read_lines_with_columns(path, crs, "links", tuple(LinkShape.model_fields)):
        name = str(columns.get("name", f"link {len(found) + 1}"))
        (first, last), length_m = line[[0, -1]], float(np.hypot(*np.diff(line, axis=0).T).sum())
        ends = {"inlet": tuple(first), "outlet": tuple(last)}
        try:
            found.append(link_of({"length_m": length_m, **columns, "name": name, **ends}, f"link '{name}' of '{path}'"))
        except ValueError as fault:
            raise UnusableInputError(str(fault)) from fault
    return found


def _cell(terrain: FloodTerrain, place: tuple[float, float]) -> tuple[int, int]:
    return (
        int(np.floor((terrain.y_max - place[1]) / terrain.cell_size_m)),
        int(np.floor((place[0] - terrain.x_min) / terrain.cell_size_m)),
    )


def link_on(terrain: FloodTerrain, link: SiteLink) -> Link:
    """A link between cells of a terrain.

    Parameters
    ----------
    terrain : FloodTerrain
    link : SiteLink
    """
    (row, column), (to_row, to_column) = _cell(terrain, link.inlet), _cell(terrain, link.outlet)
    width, height, diameter = link.width_m, link.height_m, link.diameter_m
    area = pi / 4 * diameter**2 if diameter is not None else (width or 0.0) * (height or 0.0)
    straight = hypot(link.outlet[0] - link.inlet[0], link.outlet[1] - link.inlet[1])
    return Link(
        row,
        column,
        to_row,
        to_column,
        invert_m=link.invert_m - terrain.zero_m,
        area_m2=area,
        height_m=diameter or height or 0.0,
        end_invert_m=None if link.end_invert_m is None else link.end_invert_m - terrain.zero_m,
        length_m=straight if link.length_m is None else link.length_m,
        manning=link.manning,
        entrance_loss=link.entrance_loss,
        flap=link.kind == "flap_gate",
        name=link.name,
    )


def _check(terrain: FloodTerrain, link: SiteLink) -> None:
    rows, columns = terrain.shape
    at_coast = not len(terrain.river)
    dike = set(map(tuple, terrain.dike.tolist()))
    cells = {"inlet": _cell(terrain, link.inlet), "outlet": _cell(terrain, link.outlet)}
    for what, (row, column) in cells.items():
        x, y = link.inlet if what == "inlet" else link.outlet
        where = f"an end of link '{link.name}', at {x:.10g}, {y:.10g}, lies"
        if not (0 <= row < rows and 0 <= column < columns):
            raise UnusableInputError(f"{where} outside the terrain")
        if (row, column) in dike:
            raise UnusableInputError(
                f"{where} in a cell of the dike, which stands as high as its crest: draw it to the cells beside the dike"
            )
        if terrain.blocked is not None and terrain.blocked[row, column]:
            raise UnusableInputError(f"{where} in a building that keeps its cell dry")
    if cells["inlet"] == cells["outlet"]:
        raise UnusableInputError(
            f"link '{link.name}' begins and ends in one cell of {terrain.cell_size_m:g} m: longer links or finer cells are "
            "needed"
        )
    before = [bool(at_coast and terrain.sea[cell]) for cell in cells.values()]
    if all(before):
        raise UnusableInputError(
            f"both ends of link '{link.name}' lie in the sea or before the dike: it drains no land"
        )
    if before[0] and link.kind == "flap_gate":
        raise UnusableInputError(
            f"flap gate '{link.name}' begins in the sea, which it would let in and never out: draw it from the land to the sea"
        )
    low, high = float(terrain.bed.min()) + terrain.zero_m, float(terrain.bed.max()) + terrain.zero_m
    for name, value in (("invert_m", link.invert_m), ("end_invert_m", link.end_invert_m)):
        if value is not None and not low - _BELOW_M <= value <= high + _ABOVE_M:
            raise UnusableInputError(
                f"{name} of link '{link.name}' is {value:g} m, far from the terrain ({low:.2f} to {high:.2f} m): metres in the "
                "zero of the terrain are needed"
            )
