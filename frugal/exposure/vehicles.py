"""What water on a road does to vehicles: how fast they may go, and where they may not."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from frugal.errors import UnusableInputError, did_you_mean

#: Depth at which the law of Pregnolato et al. ends: cars stop.
STOP_M = 0.30


def safe_speed_kmh(depth_m: np.ndarray, stop_m: float = STOP_M) -> np.ndarray:
    """Greatest safe speed of a car on a flooded road [km/h]; 0 from the depth on that stops it.

    v = 0.0009 w² − 0.5529 w + 86.9448 with w in mm: M. Pregnolato, A. Ford, S. Wilkinson, R. Dawson, "The impact of flooding on
    road transport: A depth-disruption function", Transportation Research Part D 55 (2017) 67–81; fitted to experiments and
    observations of cars from dry roads to 300 mm. Coefficients as recalled.

    Parameters
    ----------
    depth_m : array
        Depth of the water [m].
    stop_m : float
        Depth that stops the vehicle [m]; one that goes deeper than 0.30 m keeps the 2 km/h that the law ends with.
    """
    depth = np.maximum(np.asarray(depth_m, dtype=float), 0.0)
    w = 1000.0 * np.minimum(depth, STOP_M)
    return np.where(depth < stop_m, 0.0009 * w**2 - 0.5529 * w + 86.9448, 0.0)


@dataclass(frozen=True)
class Vehicle:
    """What stops a vehicle.

    Parameters
    ----------
    name : str
    depth_m : float
        Depth of still water from which it floats or stalls.
    depth_speed_m2_s : float
        Product of depth and speed of the water above which it is swept away.
    speed_m_s : float
        Speed of the water above which nothing is safe.
    """

    name: str
    depth_m: float
    depth_speed_m2_s: float
    speed_m_s: float = 3.0

    def stopped(self, depth_m: np.ndarray, speed_m_s: np.ndarray | None = None) -> np.ndarray:
        """Where it cannot pass, from the greatest depth and, where known, the greatest speed of the water.

        The two need not come at the same time: their product is an upper bound, on the safe side.
        """
        depth = np.asarray(depth_m, dtype=float)
        closed = depth >= self.depth_m
        if speed_m_s is not None:
            swift = (depth * speed_m_s > self.depth_speed_m2_s) | ((speed_m_s > self.speed_m_s) & (depth > 0))
            closed = closed | swift
        return np.asarray(closed)


#: T. D. Shand, R. J. Cox, M. J. Blacka, G. P. Smith, "Australian Rainfall and Runoff, Project 10: Appropriate safety
#: criteria for vehicles" (2011), their draft criteria for stationary vehicles, as recalled.
VEHICLES = {
    vehicle.name: vehicle
    for vehicle in (
        Vehicle("small_car", 0.30, 0.30),
        Vehicle("large_car", 0.40, 0.45),
        Vehicle("four_wheel_drive", 0.50, 0.60),
    )
}

#: R. J. Cox, T. D. Shand, M. J. Blacka, "Australian Rainfall and Runoff, Project 10: Appropriate safety criteria for people"
#: (2010), limits of low hazard, as recalled: children (height × mass of 25 to 50 m kg) and adults (above 50 m kg).
PEOPLE = {person.name: person for person in (Vehicle("children", 0.5, 0.4), Vehicle("adults", 1.2, 0.6))}


def vehicle_named(name: str, depth_m: float | None = None) -> Vehicle:
    """A vehicle by its name, or one of another depth.

    Parameters
    ----------
    name : str
    depth_m : float, optional
        Depth that stops it, in the place of its own.

    Raises
    ------
    UnusableInputError
        If the name is unknown, or the depth is not above 0.
    """
    if name not in VEHICLES:
        raise UnusableInputError(
            f"vehicle '{name}' is unknown; known: {', '.join(VEHICLES)}{did_you_mean(name, VEHICLES)}"
        )
    vehicle = VEHICLES[name]
    if depth_m is None:
        return vehicle
    if not (np.isfinite(depth_m) and depth_m > 0):
        raise UnusableInputError(f"--road-limit {depth_m:g}: a depth in m above 0 is needed")
    return Vehicle(name, depth_m, vehicle.depth_speed_m2_s, vehicle.speed_m_s)
