"""Closed forms of tide, salt and oxygen along an estuary: references of the solver, and its rivals in questions."""

from __future__ import annotations

import cmath
import math

import numpy as np

_GRAVITY = 9.81


def standing_wave(distance_m: np.ndarray, length_m: float, depth_m: float, speed_rad_s: float) -> np.ndarray:
    """Amplitude of the level, over that at the mouth, in a closed channel of constant section without friction.

    Parameters
    ----------
    distance_m : array
        From the mouth [m].
    length_m, depth_m : float
        [m]
    speed_rad_s : float
        Of the tide [rad/s].

    Returns
    -------
    ndarray
        [-], negative where high water is low water at the mouth.
    """
    k = speed_rad_s / math.sqrt(_GRAVITY * depth_m)
    return np.asarray(np.cos(k * (length_m - np.asarray(distance_m))) / math.cos(k * length_m))


def funnel_wave(
    distance_m: np.ndarray,
    length_m: float,
    depth_m: float,
    convergence_m: float,
    slowing_per_s: float,
    speed_rad_s: float,
) -> np.ndarray:
    """Complex amplitude of the level, over that at the mouth, in a closed funnel whose width falls as exp(-x / convergence).

    Small waves with friction proportional to the speed: with :math:`\\eta = \\Re(\\hat\\eta e^{i \\omega t})`,

    .. math:: \\hat\\eta'' - \\hat\\eta' / L_b - i \\omega (i \\omega + \\kappa) / (g h) \\; \\hat\\eta = 0

    Parameters
    ----------
    distance_m : array
        From the mouth [m].
    length_m, depth_m, convergence_m : float
        [m]
    slowing_per_s : float
        Rate at which friction slows the water [1/s].
    speed_rad_s : float
        Of the tide [rad/s].

    Returns
    -------
    ndarray
        Its argument is the lead over the mouth [rad].
    """
    x = np.asarray(distance_m, dtype=float)
    middle = 0.5 / convergence_m
    root = cmath.sqrt(middle**2 + 1j * speed_rad_s * (1j * speed_rad_s + slowing_per_s) / (_GRAVITY * depth_m))
    one, two = middle + root, middle - root
    # No flow through the head: the slope of the level is 0 there.
    share = -(one / two) * cmath.exp((one - two) * length_m)
    return np.asarray((np.exp(one * x) + share * np.exp(two * x)) / (1.0 + share))


def savenije_salt(
    distance_m: np.ndarray,
    river_m3_s: float,
    area_m2: float,
    convergence_m: float,
    dispersion_m2_s: float,
    van_den_burgh: float,
) -> np.ndarray:
    """Steady salinity over that at the mouth (Savenije 2005).

    Parameters
    ----------
    distance_m : array
        From the mouth [m].
    river_m3_s : float
    area_m2 : float
        At the mouth; it falls as exp(-x / convergence).
    convergence_m : float
    dispersion_m2_s : float
        D_0, at the mouth.
    van_den_burgh : float
        K.

    Returns
    -------
    ndarray
    """
    x = np.asarray(distance_m, dtype=float)
    fall = van_den_burgh * convergence_m * river_m3_s / (dispersion_m2_s * area_m2)
    left = np.maximum(1.0 - fall * np.expm1(x / convergence_m), 0.0)
    return np.asarray(left ** (1.0 / van_den_burgh))


def savenije_length(
    river_m3_s: float, area_m2: float, convergence_m: float, dispersion_m2_s: float, van_den_burgh: float
) -> float:
    """Length [m] over which salt intrudes; parameters as in `savenije_salt`."""
    fall = van_den_burgh * convergence_m * river_m3_s / (dispersion_m2_s * area_m2)
    return convergence_m * math.log1p(1.0 / fall)


def streeter_phelps(
    time_s: np.ndarray, carbon_per_day: float, reaeration_per_day: float, demand_mg_l: float, deficit_mg_l: float
) -> np.ndarray:
    """Lack of oxygen [mg/l] of water after a load (Streeter & Phelps 1925).

    Parameters
    ----------
    time_s : array
        Since the load [s].
    carbon_per_day, reaeration_per_day : float
        Rates [1/d], not equal.
    demand_mg_l, deficit_mg_l : float
        Demand and lack of oxygen at first [mg/l].

    Returns
    -------
    ndarray
    """
    days = np.asarray(time_s, dtype=float) / 86400.0
    taken, air = np.exp(-carbon_per_day * days), np.exp(-reaeration_per_day * days)
    return np.asarray(
        carbon_per_day * demand_mg_l / (reaeration_per_day - carbon_per_day) * (taken - air) + deficit_mg_l * air
    )
