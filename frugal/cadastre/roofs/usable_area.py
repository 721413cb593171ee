"""The part of a roof plane that modules can lie on, and the power it can carry.

Along every edge (eaves, ridge, verge, hip, valley) a strip stays free; so do the cells that stand out from the plane
(chimneys, skylights, dormers) with a margin round them, and what is then too narrow for a module. Everything is measured
in the plane: a strip of 0.4 m is 0.4 m along the slope.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import shapely
from shapely import Geometry, Polygon


@dataclass(frozen=True)
class UsableRules:
    """What keeps modules away, and how much power a square metre carries.

    Attributes
    ----------
    setback_m : float
        Strip along all edges of a plane.
    obstacle_height_m : float
        A cell that departs farther from the plane is an obstacle,
    smallest_obstacle_m2 : float
        unless it belongs to fewer cells than make this area: a lone cell of 0.5 m departs by chance, the more the fewer
        points there are.
    obstacle_margin_m : float
        Strip round obstacles.
    narrowest_m : float
        Parts narrower than this carry no module; a common module is 1.1 m wide.
    power_per_m2_kwp : float
        Power of a square metre of modules: 0.22, since the efficiency of mass-produced crystalline modules had risen to
        22 % (Fraunhofer ISE, Photovoltaics Report, 2024).
    tilted_cover, flat_cover : float
        Area of modules over usable area, on an inclined and on a flat roof, where rows need room between them: 0.98 and
        0.70 (Gagnon et al. 2016, Rooftop Solar Photovoltaic Technical Potential, NREL/TP-6A20-65298).
    """

    setback_m: float = 0.4
    obstacle_height_m: float = 0.2
    smallest_obstacle_m2: float = 0.3
    obstacle_margin_m: float = 0.3
    narrowest_m: float = 1.1
    power_per_m2_kwp: float = 0.22
    tilted_cover: float = 0.98
    flat_cover: float = 0.70


def in_plane(geometry: Geometry, tilt_deg: float, azimuth_deg: float) -> Geometry:
    """A horizontal outline drawn in the plane: first coordinate down the slope, second across, both in metres.

    Parameters
    ----------
    geometry : Geometry
        In m, from an origin that stays where it is: one near the outline, so that far coordinates are not stretched with it.
    tilt_deg : float
        From the horizontal, below 90.
    azimuth_deg : float
        Direction the plane faces, clockwise from the north of the grid.

    Returns
    -------
    Geometry
        Its area is that along the slope.
    """
    across = math.radians(azimuth_deg)
    east, north = math.sin(across), math.cos(across)
    stretch = 1.0 / math.cos(math.radians(tilt_deg))

    def turned(places: np.ndarray) -> np.ndarray:
        x, y = places[:, 0], places[:, 1]
        return np.column_stack([(x * east + y * north) * stretch, x * north - y * east])

    return shapely.transform(geometry, turned)


def usable_part(
    polygon: Polygon, tilt_deg: float, azimuth_deg: float, obstacles: np.ndarray, cell_m: float, rules: UsableRules
) -> Geometry:
    """What remains of a plane for modules, drawn in the plane (see :func:`in_plane`).

    Parameters
    ----------
    polygon : Polygon
        Outline of the plane, seen from above.
    tilt_deg, azimuth_deg : float
        Of the plane; azimuth clockwise from the north of the grid.
    obstacles : ndarray, shape (n, 2)
        Centres of the cells that stand out.
    cell_m : float
        Side of a cell.
    rules : UsableRules

    Returns
    -------
    Polygon or MultiPolygon
        Possibly empty.
    """
    west, south, east, north = polygon.bounds
    middle = np.array([0.5 * (west + east), 0.5 * (south + north)])
    free = in_plane(shapely.transform(polygon, lambda places: places - middle), tilt_deg, azimuth_deg)
    # Narrow parts vanish when half their width is taken off all round; the rest gets it back.
    half_width = rules.narrowest_m / 2
    free = _widened(free, -rules.setback_m - half_width)
    if len(obstacles) and not free.is_empty:
        centre = np.asarray(obstacles) - middle
        half = cell_m / 2
        cells = shapely.box(centre[:, 0] - half, centre[:, 1] - half, centre[:, 0] + half, centre[:, 1] + half)
        blocked = in_plane(shapely.union_all(cells), tilt_deg, azimuth_deg)
        free = shapely.difference(free, _widened(blocked, rules.obstacle_margin_m + half_width))
    return _widened(free, half_width)


def power_kwp(usable_area_m2: np.ndarray, flat: np.ndarray, rules: UsableRules) -> np.ndarray:
    """Power that usable areas carry [kWp].

    Parameters
    ----------
    usable_area_m2 : ndarray, shape (n,)
    flat : ndarray of bool, shape (n,)
        Roofs without a slope, whose modules stand in rows.
    rules : UsableRules
    """
    cover = np.where(flat, rules.flat_cover, rules.tilted_cover)
    return np.asarray(usable_area_m2, dtype=float) * cover * rules.power_per_m2_kwp


def _widened(geometry: Geometry, distance_m: float) -> Geometry:
    return shapely.buffer(geometry, distance_m, join_style="mitre", mitre_limit=2.0) if distance_m else geometry
