"""From light on the glass to alternating current.

Equations
---------
Incidence-angle modifier: transmittance of one glass pane, Fresnel at the air side and absorption inside, relative to
normal incidence (De Soto, Klein & Beckman 2006, Solar Energy 80, 78): index 1.526, extinction 4 1/m, 2 mm.

Diffuse light: the modifier averaged over the visible part of the sky, weighted with the cosine of incidence (Marion
2017, Solar Energy 147, 344)::

    S = 1/pi  integral_0^2pi dphi  integral_h(phi)^(pi/2)  max(0, cos theta) IAM(theta) cos(e) de

where ``h`` is the higher of the obstacles' horizon and the plane's own. The obstacles' horizon is the piecewise
linear curve through the K given values. The inner integral is a Gauss–Legendre rule, the outer one the trapezoidal
rule of a periodic function on 72 azimuths, at least 144 where the horizon varies.

Cell temperature (King, Boyson & Kratochvil 2004, SAND2004-3535)::

    T = T_air + E exp(a + b v) + delta_t E / 1000

Array and inverter (PVWatts version 5, Dobos 2014, NREL/TP-6A20-62641): direct current ``E/1000 (1 + gamma (T - 25))``
per unit of rated power; efficiency ``eta_nom / 0.9637 (-0.0162 zeta - 0.0059 / zeta + 0.9858)`` with ``zeta`` the
load, cut off at the rated power.

Validity
--------
Flat-plate crystalline silicon behind one pane. No spectral effect, no mismatch of partly shaded strings.
"""

from __future__ import annotations

import math

import numpy as np

from frugal.physics.compiled import kernel

GLASS_INDEX = 1.526
GLASS_EXTINCTION_THICKNESS = 4.0 * 0.002
INVERTER_REFERENCE_EFFICIENCY = 0.9637
#: Height given to the Perez horizon band when it is obstructed. In the model it is infinitely thin; a choice.
HORIZON_BAND_DEG = 6.5

#: Quadrature of the visible sky: nodes and weights in elevation, and the fewest directions round the compass.
SKY_NODES, SKY_WEIGHTS = np.polynomial.legendre.leggauss(6)
SKY_DIRECTIONS = 72
_NORMAL_TRANSMITTANCE = (1.0 - ((GLASS_INDEX - 1.0) / (GLASS_INDEX + 1.0)) ** 2) * math.exp(-GLASS_EXTINCTION_THICKNESS)


@kernel(error_model="numpy")
def iam_physical(cos_incidence: float) -> float:
    """Transmittance of the glass relative to normal incidence, from the cosine of the angle of incidence."""
    if cos_incidence <= 0.0:
        return 0.0
    c1 = min(cos_incidence, 1.0)
    c2 = math.sqrt(1.0 - (1.0 - c1 * c1) / (GLASS_INDEX * GLASS_INDEX))
    s = (c1 - GLASS_INDEX * c2) / (c1 + GLASS_INDEX * c2)
    p = (c2 - GLASS_INDEX * c1) / (c2 + GLASS_INDEX * c1)
    return (1.0 - 0.5 * (s * s + p * p)) * math.exp(-GLASS_EXTINCTION_THICKNESS / c2) / _NORMAL_TRANSMITTANCE


@kernel(error_model="numpy")
def sapm_heating(wind_speed: float, a: float, b: float, delta_t: float) -> float:
    """How far cells are above the air per irradiance [K m²/W]; wind speed at 10 m [m/s].

    Parameters
    ----------
    wind_speed : float
        At 10 m [m/s].
    a : float
        Of the mounting, without unit: ``exp(a)`` is the heating of the back of the module in still air [K m²/W].
    b : float
        How the wind cools [s/m], negative.
    delta_t : float
        Of the cells over the back of the module at 1,000 W/m² [K].

    Returns
    -------
    float
        [K m²/W]

    References
    ----------
    King, Boyson & Kratochvil 2004, Sandia National Laboratories, SAND2004-3535.
    """
    return math.exp(a + b * wind_speed) + delta_t / 1000.0


@kernel(error_model="numpy")
def sapm_cell_temperature(
    irradiance: float, air_temperature_c: float, wind_speed: float, a: float, b: float, delta_t: float
) -> float:
    """Cell temperature [°C] from the irradiance [W/m²], air temperature [°C] and wind speed at 10 m [m/s].

    Parameters
    ----------
    irradiance : float
        On the plane of the modules [W/m²]; `frugal.physics.solar.year` takes what goes through the glass.
    air_temperature_c : float
        [°C]
    wind_speed : float
        At 10 m [m/s].
    a, b, delta_t : float
        Coefficients of the mounting, as for `sapm_heating` [1, s/m, K].

    Returns
    -------
    float
        [°C]

    References
    ----------
    King, Boyson & Kratochvil 2004, Sandia National Laboratories, SAND2004-3535.
    """
    return air_temperature_c + irradiance * sapm_heating(wind_speed, a, b, delta_t)


@kernel(error_model="numpy")
def pvwatts_dc(irradiance: float, cell_temperature_c: float, gamma: float) -> float:
    """Direct-current power per unit of rated power; ``gamma`` in 1/K (negative).

    Parameters
    ----------
    irradiance : float
        What goes through the glass of the modules [W/m²].
    cell_temperature_c : float
        [°C]
    gamma : float
        Temperature coefficient of power [1/K], negative.

    Returns
    -------
    float
        1 at 1,000 W/m² and 25 °C, at least 0; losses of the system are not taken off.

    References
    ----------
    Dobos 2014, PVWatts version 5, NREL/TP-6A20-62641.
    """
    return max(0.0, irradiance / 1000.0 * (1.0 + gamma * (cell_temperature_c - 25.0)))


@kernel(error_model="numpy")
def pvwatts_ac(dc: float, dc_limit: float, nominal_efficiency: float) -> float:
    """Alternating-current power of the inverter, in the unit of ``dc``.

    ``dc_limit`` is the direct-current power at which the inverter reaches its rated output. Efficiency times
    power is written as one polynomial, so that no load of zero is ever divided by.

    Parameters
    ----------
    dc : float
        Direct-current power at the inverter, losses taken off, in any unit; 0 or more.
    dc_limit : float
        In the same unit, above 0.
    nominal_efficiency : float
        Of the inverter at its rated output, 0 to 1.

    Returns
    -------
    float
        Between 0 and ``nominal_efficiency * dc_limit``.

    References
    ----------
    Dobos 2014, PVWatts version 5, NREL/TP-6A20-62641.
    """
    ac = (-0.0162 * dc * dc / dc_limit + 0.9858 * dc - 0.0059 * dc_limit) * (
        nominal_efficiency / INVERTER_REFERENCE_EFFICIENCY
    )
    return max(0.0, min(ac, nominal_efficiency * dc_limit))


@kernel(error_model="numpy")
def horizon_at(horizon_deg: np.ndarray, azimuth_deg: float) -> float:
    """Horizon of K equally spaced azimuths, the first one north, at ``azimuth_deg`` in [0, 360].

    A staircase of sectors would make each obstacle's edge jump by half a sector; the straight line between
    two measured directions keeps the mean elevation of each sector and halves the error of the hour of
    sunrise.
    """
    k = horizon_deg.size
    position = azimuth_deg * k / 360.0
    low = int(position)
    share = position - low
    low %= k
    high = low + 1 if low + 1 < k else 0
    return horizon_deg[low] + share * (horizon_deg[high] - horizon_deg[low])


@kernel(error_model="numpy")
def diffuse_factors(tilt_deg: float, azimuth_deg: float, horizon_deg: np.ndarray) -> tuple[float, float]:
    """Share of the isotropic sky and of the horizon band that goes through the glass of a plane.

    Parameters
    ----------
    tilt_deg, azimuth_deg : float
        Plane; a tilt of 180 - t with an open horizon gives the ground as seen by a plane of tilt t.
    horizon_deg : ndarray, shape (K,)
        Elevation of the obstacles' horizon at azimuths k 360 / K.

    Returns
    -------
    sky : float
        Multiplies the isotropic irradiance of the horizontal plane; (1 + cos tilt) / 2 without glass or
        obstacles.
    band : float
        Multiplies the horizon brightness D F2; sin tilt without glass or obstacles. In each azimuth the band
        loses the share of its 6.5 deg that stands below the horizon, with the weight of that azimuth on the
        plane.
    """
    cos_tilt = math.cos(math.radians(tilt_deg))
    sin_tilt = math.sin(math.radians(tilt_deg))
    n_sectors = horizon_deg.size
    flat = True
    for k in range(1, n_sectors):
        flat = flat and horizon_deg[k] == horizon_deg[0]
    # A varying curve has a corner at each given azimuth: at least one more point between two corners.
    n_azimuths = SKY_DIRECTIONS if flat else n_sectors * ((2 * SKY_DIRECTIONS + n_sectors - 1) // n_sectors)
    half_pi = 0.5 * math.pi
    sky = 0.0
    band = 0.0
    band_full = 0.0
    for k in range(n_azimuths):
        direction_deg = k * 360.0 / n_azimuths
        toward = sin_tilt * math.cos(math.radians(direction_deg - azimuth_deg))
        obstacle_deg = horizon_at(horizon_deg, direction_deg)
        if toward > 0.0:
            band_full += toward
            visible = 1.0 - min(max(obstacle_deg / HORIZON_BAND_DEG, 0.0), 1.0)
            if visible > 0.0:
                band += visible * toward * iam_physical(toward)
        low = max(math.radians(obstacle_deg), math.atan2(-toward, cos_tilt), 0.0)
        if low >= half_pi:
            continue
        high = half_pi if cos_tilt >= 0.0 else min(half_pi, math.atan2(toward, -cos_tilt))
        if high <= low:
            continue
        half = 0.5 * (high - low)
        total = 0.0
        for g in range(SKY_NODES.size):
            elevation = low + half * (1.0 + SKY_NODES[g])
            cos_elevation = math.cos(elevation)
            incidence = cos_tilt * math.sin(elevation) + toward * cos_elevation
            total += SKY_WEIGHTS[g] * incidence * iam_physical(incidence) * cos_elevation
        sky += half * total
    sky *= 2.0 / n_azimuths
    if band_full > 0.0:
        band *= sin_tilt / band_full
    return sky, band
