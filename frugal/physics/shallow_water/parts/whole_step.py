"""What structures do to the state at the end of a step: both parts act once for its whole length."""

from __future__ import annotations

import numpy as np

from frugal.physics.compiled import inner
from frugal.physics.shallow_water.parts.infiltration import SeepingGround, soak
from frugal.physics.shallow_water.parts.links import Links, pass_links


@inner(error_model="numpy")
def seep_and_pass(
    h: np.ndarray,
    u: np.ndarray,
    v: np.ndarray,
    z: np.ndarray,
    ground: SeepingGround,
    links: Links,
    box: np.ndarray,
    active: np.ndarray,
    where: tuple,
    dt_s: float,
) -> float:
    """What seeps into the ground and what links carry during one step; returns what seeped [m³].

    Parameters
    ----------
    h, u, v : ndarray, with rim
        Depth [m] and velocity [m/s] (in the local inertial model discharges through faces), changed in place.
    z : ndarray, with rim
        Bed [m].
    ground : SeepingGround
    links : Links
    box : ndarray of int, shape (tiles, 4)
        Edges of the tiles.
    active : ndarray of int
        How many tiles hold water or may, then which.
    where : tuple
        Ghost cells on each side, area of a cell [m²], dry depth [m], whether the model is the local inertial one.
    dt_s : float
        Length of the step [s].
    """
    rim, area, dry_depth_m, inertial = where
    seeped = 0.0
    if ground.conductivity.size > 0:
        for k in range(active[0]):
            seeped += soak(h, u, v, ground, box[active[1 + k]], rim, dt_s, -1.0 if inertial else dry_depth_m)
    pass_links(h, u, v, z, links, (rim, area, not inertial), dt_s)
    return seeped * area
