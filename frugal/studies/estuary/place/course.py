"""Where the places of an estuary lie on a map, and paths from the sea along its reaches."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from frugal.experiments.study import Lines, Points
from frugal.physics.estuary.network import Layout
from frugal.studies.estuary.place.from_site import way_to_sea
from frugal.studies.estuary.place.site import EstuarySite, SitePoint, SiteReach

#: Between places along the channels [km]; more than 64 places are answered by their modes, which is cheaper to learn.
PLACE_KM = 2.0


def projection_of(site: EstuarySite) -> str:
    """The UTM zone, on WGS84, in which the first reach begins."""
    longitude, latitude = site.reach[0].line[0]
    zone = int((longitude + 180.0) // 6.0) % 60 + 1
    return f"EPSG:{(32600 if latitude >= 0.0 else 32700) + zone}"


@lru_cache(maxsize=64)
def projected(line: tuple[tuple[float, float], ...], crs: str) -> tuple[tuple[float, float], ...]:
    """Vertices in metres."""
    from pyproj import Transformer

    longitude, latitude = np.array(line).T
    x, y = Transformer.from_crs("EPSG:4326", crs, always_xy=True).transform(longitude, latitude)
    return tuple(zip(map(float, x), map(float, y), strict=True))


def _along_line(reach: SiteReach, crs: str) -> tuple[np.ndarray, np.ndarray]:
    """Vertices [m], and how far along its line each lies [m]."""
    vertices = np.array(projected(reach.line, crs))
    return vertices, np.concatenate([[0.0], np.cumsum(np.hypot(*np.diff(vertices, axis=0).T))])


def points_of(site: EstuarySite, parts: tuple[SitePoint, ...]) -> Points:
    """Gauges or intakes on the map; a place lies on the line of its reach in the share of its length.

    Parameters
    ----------
    site : EstuarySite
    parts : tuple of SitePoint

    Returns
    -------
    Points
    """
    crs = projection_of(site)
    reaches = {reach.name: reach for reach in site.reach}
    x, y = [], []
    for part in parts:
        vertices, distance = _along_line(reaches[part.reach], crs)
        at = part.km / reaches[part.reach].length_km * distance[-1]
        x.append(round(float(np.interp(at, distance, vertices[:, 0])), 1))
        y.append(round(float(np.interp(at, distance, vertices[:, 1])), 1))
    return Points(crs, x, y, [part.name for part in parts])


def places_km(reach: SiteReach) -> np.ndarray:
    """Places along a reach [km], about `PLACE_KM` apart, from its seaward end to its landward one."""
    return np.linspace(0.0, reach.length_km, max(2, round(reach.length_km / PLACE_KM) + 1))


def lines_of(site: EstuarySite) -> Lines:
    """The reaches as lines, with the places of `places_km`."""
    crs = projection_of(site)
    return Lines(
        crs,
        {reach.name: projected(reach.line, crs) for reach in site.reach},
        {reach.name: (1e3 * places_km(reach)).tolist() for reach in site.reach},
        {reach.name: 1e3 * reach.length_km for reach in site.reach},
    )


@dataclass(frozen=True)
class Course:
    """Nodes along one way from the sea, the junctions once.

    Parameters
    ----------
    slots : ndarray of int
        In a layout.
    distance_m : ndarray
        From the mouth.
    """

    slots: np.ndarray
    distance_m: np.ndarray

    def of(self, values: np.ndarray) -> np.ndarray:
        """Values [..., slot] along the way."""
        return np.asarray(values[..., self.slots])


def course_of(site: EstuarySite, layout: Layout, reach: str) -> Course:
    """The way from the sea to the landward end of a reach.

    Parameters
    ----------
    site : EstuarySite
    layout : Layout
    reach : str

    Returns
    -------
    Course
    """
    slots, distance, before_m = [], [], 0.0
    for k, part in enumerate(way_to_sea(site, reach)):
        nodes = np.arange(layout.slots(part.name).start, layout.slots(part.name).stop)[min(k, 1) :]
        slots.append(nodes)
        distance.append(before_m + layout.cells.distance[nodes])
        before_m += 1e3 * part.length_km
    return Course(np.concatenate(slots), np.concatenate(distance))
