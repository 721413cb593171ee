"""Flows whose particles are known: the decaying moving eddy, Stommel's gyre, the peninsula, a tidal channel."""

from __future__ import annotations

from typing import Any

import numpy as np

from frugal.physics.drift.fields import DriftField, field_of, uniform_field
from frugal.physics.drift.in_network import DriftReach, NetworkDrift, network_drift

DAY_S = 86400.0


class MovingEddy:
    """Van Sebille et al. 2018 (Ocean Modelling 121, 49): inertial motion that decays, on a drift that decays."""

    f, u0, ug = 1e-4, 0.3, 0.04
    gamma, gamma_g = 1.0 / (2.89 * DAY_S), 1.0 / (28.9 * DAY_S)

    @classmethod
    def velocity(cls, t: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Everywhere the same."""
        eddy = (cls.u0 - cls.ug) * np.exp(-cls.gamma * t)
        return cls.ug * np.exp(-cls.gamma_g * t) + eddy * np.cos(cls.f * t), -eddy * np.sin(cls.f * t)

    @classmethod
    def place(cls, x0: float, y0: float, t: float) -> tuple[float, float]:
        """The integral of the velocity, by hand."""
        share = (cls.u0 - cls.ug) / (cls.f**2 + cls.gamma**2)
        decay, cosine, sine = np.exp(-cls.gamma * t), np.cos(cls.f * t), np.sin(cls.f * t)
        x = x0 + cls.ug / cls.gamma_g * (1.0 - np.exp(-cls.gamma_g * t))
        x += share * (cls.gamma + decay * (cls.f * sine - cls.gamma * cosine))
        return x, y0 - share * (cls.f - decay * (cls.gamma * sine + cls.f * cosine))

    @classmethod
    def field(cls, seconds: float, step_s: float) -> DriftField:
        """Known at every half step, which is all that the method of Runge and Kutta asks for."""
        t = np.arange(round(2 * seconds / step_s) + 1) * step_s / 2
        return uniform_field(t, *cls.velocity(t), name="currents")


class StommelGyre:
    """Western boundary current of a square basin: Fabbroni 2009 (thesis, Bologna), as Parcels has it."""

    side, eps, scale = 10_000e3, 0.005, 30.0

    @classmethod
    def _parts(cls, x: Any, y: Any) -> tuple[Any, ...]:
        root = np.sqrt(1.0 + (2.0 * np.pi * cls.eps) ** 2)
        l1, l2 = (-1.0 + root) / (2.0 * cls.eps), (-1.0 - root) / (2.0 * cls.eps)
        c1 = (1.0 - np.exp(l2)) / (np.exp(l2) - np.exp(l1))
        xi, eta = np.asarray(x) / cls.side, np.asarray(y) / cls.side
        return l1, l2, c1, -(1.0 + c1), xi, eta

    @classmethod
    def streamfunction(cls, x: Any, y: Any) -> Any:
        """In units of the scale [m/s] times the side."""
        l1, l2, c1, c2, xi, eta = cls._parts(x, y)
        return np.pi * np.sin(np.pi * eta) * (c1 * np.exp(l1 * xi) + c2 * np.exp(l2 * xi) + 1.0) / cls.scale

    @classmethod
    def velocity(cls, x: Any, y: Any) -> tuple[Any, Any]:
        """u is minus the slope of the streamfunction along y, v its slope along x."""
        l1, l2, c1, c2, xi, eta = cls._parts(x, y)
        shape = c1 * np.exp(l1 * xi) + c2 * np.exp(l2 * xi) + 1.0
        slope = c1 * l1 * np.exp(l1 * xi) + c2 * l2 * np.exp(l2 * xi)
        return -(np.pi**2) * np.cos(np.pi * eta) * shape / cls.scale, np.pi * np.sin(np.pi * eta) * slope / cls.scale

    @classmethod
    def field(cls, nodes: int) -> DriftField:
        """At the nodes of an even grid."""
        axis = np.linspace(0.0, cls.side, nodes)
        u, v = cls.velocity(axis[None, :], axis[:, None])
        shape = (1, nodes, nodes)
        return field_of([0.0], axis, axis, np.broadcast_to(u, shape), np.broadcast_to(v, shape))


class Peninsula:
    """Flow past half a cylinder in a channel, from its streamfunction: Ådlandsvik et al. 2009 (ICES report 295), test 2."""

    length, width, radius, centre, u0 = 100e3, 50e3, 16e3, 50e3, 1.0

    @classmethod
    def streamfunction(cls, x: Any, y: Any) -> Any:
        """[m²/s]"""
        r2 = (np.asarray(x) - cls.centre) ** 2 + np.asarray(y) ** 2
        return -cls.u0 * np.asarray(y) * (1.0 - cls.radius**2 / r2)

    @classmethod
    def field(cls, nodes_x: int) -> tuple[DriftField, np.ndarray]:
        """At the nodes of an even grid, and where land is."""
        x, y = np.linspace(0.0, cls.length, nodes_x), np.linspace(0.0, cls.width, (nodes_x - 1) // 2 + 1)
        dx, dy = x[None, :] - cls.centre, y[:, None]
        r2 = np.maximum(dx**2 + dy**2, 1.0)
        u = cls.u0 - cls.u0 * cls.radius**2 * (dx**2 - dy**2) / r2**2
        v = -2.0 * cls.u0 * cls.radius**2 * dx * dy / r2**2
        land = r2 < cls.radius**2
        u, v = np.where(land, 0.0, u), np.where(land, 0.0, v)
        return field_of([0.0], x, y, u[None], v[None]), land


def tidal_channel(
    length: float = 40e3,
    width: float = 800.0,
    river: float = 0.08,
    tide: float = 0.8,
    along: float = 60.0,
    across: float = 1.5,
) -> tuple[NetworkDrift, tuple[str, ...], float]:
    """A straight channel whose tide runs the same everywhere, from the sea to a river; names of its nodes, and the period."""
    period = 44_714.16
    t, x = np.linspace(0.0, 40 * period, 40 * 48 + 1), np.linspace(0.0, length, 41)
    u = np.repeat((tide * np.cos(2 * np.pi * t / period) - river)[:, None], x.size, axis=1)
    reach = DriftReach("sea", "river", x, u, u * width * 8.0, np.full(x.size, width), azimuth_deg=90.0)
    moved, names = network_drift([reach], t, ["sea", "river"], along, across)
    return moved, names, period
