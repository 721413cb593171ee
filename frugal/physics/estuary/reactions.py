"""What happens to mud, heat and oxygen in one cell within one span.

Mud (kg/m³; stress :math:`\\tau = \\rho C u^2`, Manning's :math:`\\rho g n^2 u^2 / h^{1/3}`, :math:`\\rho r |u|`, or
:math:`\\rho s |u_b|` with the speed at the bed :math:`u_b = u / (1 + s h / (3 K_v))` of the law "slip", see `water_steps`):

.. math:: E = e \\, (\\tau - \\tau_c)_+ \\, \\frac{m}{m + m_r}, \\qquad
    F = \\beta \\, w_s (1 - C / C_g)^5_+ \\, C

with e [kg/m²/s/Pa] (Partheniades' M over its critical stress), m the mud on the bed [kg/m²], so that the pool is finite,
:math:`C_g` the concentration at which settling stops (Richardson & Zaki 1954) and β = c_bed / C of a steady profile under a
constant eddy viscosity :math:`K_v`, :math:`P / (1 - e^{-P})` with :math:`P = w_s h / K_v`, or 1. With the rates of a span
held, the exchange between water and bed is solved exactly: nothing gets lost, neither falls below 0, and settling alone gives
exp(-w t / h).

Heat tends to the temperature of equilibrium T_e, :math:`H (T_e - T) / (\\rho c h)` with H [W/m²/K].

Oxygen (mg/l), its two demands L and N, and particulate organic matter as a share of the mud:

.. math:: \\dot O = k_r (O_s - O) - f (k_d \\, 1.047^{T-20} L + k_n \\, 1.08^{T-20} N + k_s \\, 1.047^{T-20} \\, s \\, C),
    \\quad f = \\frac{O}{O + O_h}

with reaeration :math:`k_r = (3.93 \\, U^{1/2} H^{-3/2} + k_w / H) \\, 1.024^{T-20}` per day (O'Connor & Dobbins 1958; k_w [m/d]
for the wind) and saturation after Benson & Krause (1984). Demands and reaeration are solved exactly together while f holds, so
that without mud and with :math:`O_h = 0` this is Streeter & Phelps (1925).
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from frugal.physics.compiled import inner

_DENSITY, _GRAVITY, _HEAT_CAPACITY = 1000.0, 9.81, 4186.0
_DAY_S = 86400.0
#: Settling goes on at this share at least, however dense the mud.
_SLOWEST = 1e-3


class MudLaw(NamedTuple):
    """Constants of the exchange with the bed."""

    settling_m_s: float
    erosion_kg_m2_s_pa: float
    critical_pa: float
    drag: np.ndarray  # [slot], Manning's n of the grains, C, r or s, as the law takes it
    law: int  # 0 Manning, 1 quadratic, 2 linear, 3 slip
    pool_kg_m2: float  # m_r
    gelling_kg_m3: float  # C_g
    viscosity_m2_s: np.ndarray  # [slot], K_v; 0: well mixed


class OxygenLaw(NamedTuple):
    """Rates per day at 20 °C and what belongs to them."""

    carbon_per_day: float
    nitrogen_per_day: float
    mud_per_day: float
    mud_demand_mg_g: float  # s: oxygen that a gram of mud can take [mg]
    half_mg_l: float  # O_h
    wind_m_day: float  # k_w
    saturation_mg_l: float  # below 0: from temperature and salinity
    reaeration_per_day: float  # below 0: from speed and depth


@inner(error_model="numpy")
def bed_stress(law: MudLaw, slot: int, squared_speed: float, depth: float) -> float:
    """Stress on the grains [Pa]."""
    drag = law.drag[slot]
    if law.law == 0:
        return _DENSITY * _GRAVITY * drag * drag * squared_speed / math.pow(depth, 1.0 / 3.0)
    if law.law == 2:
        return _DENSITY * drag * math.sqrt(squared_speed)
    if law.law == 3:
        return _DENSITY * drag * math.sqrt(squared_speed) / (1.0 + drag * depth / (3.0 * law.viscosity_m2_s[slot]))
    return _DENSITY * drag * squared_speed


@inner(error_model="numpy")
def mud_after(
    law: MudLaw,
    slot: int,
    held: float,
    bed: float,
    volume: float,
    bed_area: float,
    depth: float,
    stress: float,
    dt: float,
) -> float:
    """Mud in the water [kg] of a cell after a span, of `held` in the water and `bed` on the bed [kg] before."""
    c = held / volume
    free = max(1.0 - c / law.gelling_kg_m3, 0.0)
    squared = free * free
    settling = law.settling_m_s * max(squared * squared * free, _SLOWEST)
    viscosity = law.viscosity_m2_s[slot]
    if viscosity > 0.0:
        peclet = settling * depth / viscosity
        settling *= peclet / (1.0 - math.exp(-peclet)) if peclet > 1e-6 else 1.0
    down = settling / depth
    up = law.erosion_kg_m2_s_pa * max(stress - law.critical_pa, 0.0) / (bed / bed_area + law.pool_kg_m2)
    total = held + bed
    steady = total * up / (up + down) if up + down > 0.0 else held
    return min(max(steady + (held - steady) * math.exp(-(up + down) * dt), 0.0), total)


@inner(error_model="numpy")
def heat_after(temperature: float, equilibrium: float, exchange_w_m2_k: float, depth: float, dt: float) -> float:
    """Temperature [°C] after a span."""
    kept = math.exp(-exchange_w_m2_k * dt / (_DENSITY * _HEAT_CAPACITY * depth))
    return equilibrium + (temperature - equilibrium) * kept


@inner(error_model="numpy")
def saturation(temperature: float, salinity: float) -> float:
    """Oxygen in equilibrium with air at sea level [mg/l]."""
    k = temperature + 273.15
    fresh = -139.34411 + (1.575701e5 + (-6.642308e7 + (1.243800e10 - 8.621949e11 / k) / k) / k) / k
    return math.exp(fresh - salinity * (1.7674e-2 + (-10.754 + 2140.7 / k) / k))


@inner(error_model="numpy")
def _left_of(rate: float, air: float, dt: float) -> float:
    """(exp(-rate t) - exp(-air t)) / (air - rate), without 0/0."""
    if abs(air - rate) * dt < 1e-6:
        return dt * math.exp(-air * dt)
    return (math.exp(-rate * dt) - math.exp(-air * dt)) / (air - rate)


@inner(error_model="numpy")
def oxygen_after(
    law: OxygenLaw,
    oxygen: float,
    carbon: float,
    nitrogen: float,
    mud: float,
    temperature: float,
    salinity: float,
    speed: float,
    depth: float,
    dt: float,
) -> tuple[float, float, float]:
    """Oxygen and its two demands [mg/l] after a span; `mud` in kg/m³."""
    warm = temperature - 20.0
    power = math.pow(1.047, warm)
    share = 1.0 if law.half_mg_l <= 0.0 else oxygen / (oxygen + law.half_mg_l)
    kd = share * law.carbon_per_day * power / _DAY_S
    kn = share * law.nitrogen_per_day * math.pow(1.08, warm) / _DAY_S
    ks = share * law.mud_per_day * power / _DAY_S * law.mud_demand_mg_g * mud  # 1 kg/m³ is 1 g/l
    if law.reaeration_per_day >= 0.0:
        air = law.reaeration_per_day / _DAY_S
    else:
        air = (3.93 * math.sqrt(speed) / (depth * math.sqrt(depth)) + law.wind_m_day / depth) / _DAY_S
    air *= math.pow(1.024, warm)
    full = saturation(temperature, salinity) if law.saturation_mg_l < 0.0 else law.saturation_mg_l
    kept = math.exp(-air * dt)
    lack = (full - oxygen) * kept
    lack += kd * carbon * _left_of(kd, air, dt) + kn * nitrogen * _left_of(kn, air, dt)
    lack += ks * ((1.0 - kept) / air if air > 0.0 else dt)
    return max(full - lack, 0.0), carbon * math.exp(-kd * dt), nitrogen * math.exp(-kn * dt)
