"""The same problems solved by other means, which share no line with the solver: scipy's integrators and linear algebra.

Second-order perturbation in the frequency domain for small tides, the method of lines for large ones, and ordinary differential
equations for mud in a column and along a channel.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy.integrate import solve_ivp
from scipy.sparse import bmat, coo_matrix, diags
from scipy.sparse.linalg import spsolve

G = 9.81


def _friction(depth: np.ndarray, slip: np.ndarray, viscosity: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Rate of slowing [1/s] and inertia [-] of a parabolic profile with slip at the bed."""
    bent = slip * depth / (3.0 * viscosity)
    return slip / (depth * (1.0 + bent)), 1.0 + 0.2 * (bent / (1.0 + bent)) ** 2


def _by_depth(depth: np.ndarray, slip: np.ndarray, viscosity: np.ndarray) -> tuple[np.ndarray, ...]:
    """1 / inertia and slowing / inertia, and their derivatives with the depth."""
    small = 1e-4 * depth
    values = []
    for at in (depth, depth + small, depth - small):
        rate, inertia = _friction(at, slip, viscosity)
        values.append((1.0 / inertia, rate / inertia))
    return (
        values[0][0],
        values[0][1],
        (values[1][0] - values[2][0]) / (2.0 * small),
        (values[1][1] - values[2][1]) / (2.0 * small),
    )


def perturbed_tide(
    x: np.ndarray, depth: np.ndarray, width: np.ndarray, slip: Any, viscosity: Any, m2: float, m4: complex, omega: float
) -> np.ndarray:
    """Mean, M2 and M4 of the level at nodes, the first and last as driven by M2 to second order; no river.

    First order: i omega z + (b h u)' / b = 0, i omega u + (g z' + r u) / beta = 0. Second order: the same operators at 0 and 2
    omega, driven by (z u), u u' and by what rate and inertia change as the depth does.

    Parameters
    ----------
    x : array
        Nodes at equal distances, the mouth first [m].
    depth, width : array
        At nodes [m].
    slip, viscosity : array or float
        At nodes [m/s], [m²/s].
    m2 : float
        Amplitude at the mouth [m].
    m4 : complex
        Amplitude at the mouth [m], as a lead.
    omega : float
        [rad/s]

    Returns
    -------
    ndarray
        Complex, [3, node].
    """
    n, dx = x.size, float(x[1] - x[0])

    def middle(values: Any) -> np.ndarray:
        values = np.broadcast_to(np.asarray(values, dtype=float), (n,))
        return np.asarray(0.5 * (values[1:] + values[:-1]))

    h, b = middle(depth), middle(width)
    pull, slow, pull_h, slow_h = _by_depth(h, middle(slip), middle(viscosity))
    cell = width * dx
    cell = np.where((np.arange(n) == 0) | (np.arange(n) == n - 1), 0.5 * cell, cell)
    links = np.arange(n - 1)
    slope = coo_matrix(
        (
            np.concatenate([-np.ones(n - 1), np.ones(n - 1)]) / dx,
            (np.tile(links, 2), np.concatenate([links, links + 1])),
        ),
        shape=(n - 1, n),
    ).tocsr()
    mean = 0.5 * abs(slope) * dx
    outflow = -(slope.T * dx)  # of node cells, from discharges on links

    def solved(speed: float, mouth: complex, storing: np.ndarray, pushing: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        top = bmat(
            [[diags(1j * speed * cell), outflow @ diags(b * h)], [diags(pull * G) @ slope, diags(1j * speed + slow)]]
        )
        matrix, right = top.tolil(), np.concatenate([storing, pushing]).astype(complex)
        matrix[0, :] = 0.0
        matrix[0, 0], right[0] = 1.0, mouth
        found = spsolve(matrix.tocsc(), right)
        return found[:n], found[n:]

    z, u = solved(omega, m2, np.zeros(n), np.zeros(n - 1))
    bare = slope @ z

    def second(of: Any) -> tuple[np.ndarray, np.ndarray]:
        """What drives an order: half of products, of two amplitudes or of one with the conjugate of the other."""
        at_links = mean @ z
        carried = 0.5 * of(at_links, u)
        storing = -(outflow @ (b * carried))
        speeds = np.concatenate([[2.0 * u[0] - u[1]], 0.5 * (u[1:] + u[:-1]), [0.0]])
        kinetic = 0.25 * of(speeds, speeds)
        pushing = -(slope @ kinetic) - 0.5 * pull_h * G * of(at_links, bare) - 0.5 * slow_h * of(at_links, u)
        return storing, pushing

    rest = solved(0.0, 0.0, *(np.real(part) for part in second(lambda p, q: p * np.conj(q))))[0]
    quarter = solved(2.0 * omega, m4, *second(lambda p, q: p * q))[0]
    return np.array([rest, z, quarter])


def tide_by_lines(
    x: np.ndarray,
    depth: np.ndarray,
    width: np.ndarray,
    slip: np.ndarray,
    viscosity: np.ndarray,
    level_at: Any,
    river_m3_s: float,
    period_s: float,
    tides: int,
    samples: int = 60,
) -> tuple[np.ndarray, np.ndarray]:
    """Levels at nodes over the last tide: method of lines, speed as unknown, centred differences, Runge-Kutta of 3rd order.

    Depths, widths, slip and viscosity are those of nodes at equal distances; `level_at` gives the level of the sea [m].
    """
    n, dx = x.size, float(x[1] - x[0])

    def middle(values: np.ndarray) -> np.ndarray:
        return np.asarray(0.5 * (values[1:] + values[:-1]))

    b, s, v = middle(width), middle(slip), middle(viscosity)

    def change(time: float, state: np.ndarray) -> np.ndarray:
        z = np.concatenate([[level_at(time)], state[: n - 1]])
        u = state[n - 1 :]
        h = depth + z
        at_links = middle(h)
        rate, inertia = _friction(at_links, s, v)
        discharge = np.concatenate([b * at_links * u, [-river_m3_s]])
        rise = -np.diff(discharge) / (width[1:] * dx)
        rise[-1] *= 2.0
        speeds = np.concatenate([[2.0 * u[0] - u[1]], middle(u), [-river_m3_s / (width[-1] * h[-1])]])
        push = -np.diff(0.5 * speeds**2) / dx - (G * np.diff(z) / dx + rate * u) / inertia
        return np.concatenate([rise, push])

    times = period_s * (tides - 1 + np.arange(samples) / samples)
    longest = 0.6 * dx / np.sqrt(G * 1.3 * depth.max())
    found = solve_ivp(
        change, (0.0, times[-1]), np.zeros(2 * n - 2), "RK23", times, rtol=1e-5, atol=1e-6, max_step=longest
    )
    assert found.success
    sea = np.array([level_at(time) for time in times])
    return times, np.concatenate([sea[:, None], found.y[: n - 1].T], axis=1)


def column_of_mud(speed_at: Any, settling_m_s: float, period_s: float, tides: int, samples: int = 400) -> np.ndarray:
    """Concentration and mud on the bed of one column 10 m deep over its last tide, [2, time]."""

    def change(time: float, state: np.ndarray) -> list[float]:
        stress = 1000.0 * 0.0025 * speed_at(time) ** 2
        eroded = 1e-4 * max(stress / 0.2 - 1.0, 0.0) * state[1] / (state[1] + 0.05)
        settled = settling_m_s * state[0]
        return [(eroded - settled) / 10.0, settled - eroded]

    times = period_s * (tides - 1 + np.arange(samples) / samples)
    found = solve_ivp(
        change, (0.0, times[-1]), [0.0, 1.0], "LSODA", times, rtol=1e-9, atol=1e-12, max_step=period_s / 200.0
    )
    assert found.success
    return np.asarray(found.y)


def channel_of_mud(
    length_m: float,
    width_at: Any,
    envelope_at: Any,
    river_m3_s: float,
    phase_rad: float,
    settling_m_s: float,
    bed_at: Any,
    is_open: bool,
    cells: int,
    tides: int,
    period_s: float = 44712.0,
    dispersion_m2_s: float = 50.0,
) -> tuple[np.ndarray, np.ndarray]:
    """Tide means of the last tide of mud in water [kg/m³] and on the bed [kg/m²] at the middles of cells, [2, cell].

    Finite volumes with third-order upwind faces; areas, discharges and stress from the given formula at each moment. The
    seaward face of an open channel takes out what flows out, and brings nothing; the landward face passes nothing.
    """
    dx, omega, h0 = length_m / cells, 2.0 * np.pi / period_s, 10.0
    faces = np.linspace(0.0, length_m, cells + 1)
    x = 0.5 * (faces[1:] + faces[:-1])
    b, carries = width_at(x), width_at(faces) * envelope_at(faces)

    def change(time: float, state: np.ndarray) -> np.ndarray:
        swing = np.sin(omega * time) / omega + 0.2 * np.sin(2.0 * omega * time - phase_rad) / (2.0 * omega)
        area = b * h0 - h0 * np.diff(carries) / dx * swing
        tide = np.cos(omega * time) + 0.2 * np.cos(2.0 * omega * time - phase_rad)
        q = h0 * carries * tide - river_m3_s
        c, bed = state[:cells] / area, state[cells:]
        inner = q[1:-1]
        padded = np.concatenate([[c[0]], c, [c[-1]]])
        left = (2.0 * padded[2:-1] + 5.0 * padded[1:-2] - padded[:-3]) / 6.0
        right = (2.0 * padded[1:-2] + 5.0 * padded[2:-1] - padded[3:]) / 6.0
        flux = np.zeros(cells + 1)
        flux[1:-1] = np.where(inner >= 0.0, inner * left, inner * right)
        flux[1:-1] -= dispersion_m2_s * 0.5 * (area[1:] + area[:-1]) * np.diff(c) / dx
        if is_open:
            flux[0] = min(q[0], 0.0) * c[0]
        speed = 0.5 * (q[1:] + q[:-1]) / area
        stress = 1000.0 * 0.0025 * speed**2
        eroded = 1e-4 * np.maximum(stress / 0.2 - 1.0, 0.0) * bed / (bed + 0.05)
        settled = settling_m_s * c
        return np.concatenate([-np.diff(flux) / dx + b * (eroded - settled), settled - eroded])

    samples = 48
    times = period_s * (tides - 1 + np.arange(samples) / samples)
    start = np.concatenate([np.zeros(cells), bed_at(x)])
    found = solve_ivp(change, (0.0, times[-1]), start, "RK23", times, rtol=1e-4, atol=1e-4, max_step=0.4 * dx)
    assert found.success
    means = np.zeros((2, cells))
    for time, state in zip(times, found.y.T, strict=True):
        swing = np.sin(omega * time) / omega + 0.2 * np.sin(2.0 * omega * time - phase_rad) / (2.0 * omega)
        area = b * h0 - h0 * np.diff(carries) / dx * swing
        means += np.stack([state[:cells] / area, state[cells:]]) / samples
    return x, means
