"""Particles in currents on a grid, in metres or degrees on WGS84.

.. math:: dx = (u_c + u_S + c_w W)\\,dt + \\nabla K\\,dt + \\sqrt{2K}\\,dB

with currents :math:`u_c`, Stokes drift :math:`u_S`, wind :math:`W` times the windage :math:`c_w`, and diffusivity :math:`K`.
What carries is integrated by the Runge–Kutta method of fourth order, what mixes after it by a step of Visser (1997, Mar.
Ecol. Prog. Ser. 158, 275): the random step is taken with K half a shift :math:`\\nabla K\\,dt` ahead, which keeps evenly
spread particles so where the step is short against :math:`1 / |K''|`. Degrees of longitude and latitude are turned into
metres by the radii of curvature of the ellipsoid at each stage.

A step that would end on land beaches by chance (`DriftTimes`). Otherwise what carries follows the shore along x or y, and
what mixes is taken back, which keeps a uniform spread exactly where K is constant. Velocities at nodes on land are those that
the field gives, 0 as a rule. The chance to beach is one of steps that touch land, after the design of such models: where
mixing alone brings particles to the shore, shorter steps touch it more often, but not in proportion to their number, so that
T_b belongs to a step length there.
"""

from __future__ import annotations

import math

import numpy as np

from frugal.errors import UnusableInputError
from frugal.physics.drift.axes import ECCENTRICITY_SQUARED, SEMI_MAJOR_M, DriftAxis
from frugal.physics.drift.fates import DriftTimes, check_times
from frugal.physics.drift.fields import DriftField, no_field
from frugal.physics.drift.grid_steps import GridDrift, advance_on_grid
from frugal.physics.drift.particles import AFLOAT, DriftParticles
from frugal.physics.drift.running import check_clock, check_run, in_threads

__all__ = ["GridDrift", "drift_on_grid", "grid_drift"]

#: So close to a pole the radius of a parallel means nothing.
_HIGHEST_DEG = 89.5


def grid_drift(
    currents: DriftField,
    geographic: bool,
    land: np.ndarray | None = None,
    diffusivity: np.ndarray | float = 0.0,
    waves: DriftField | None = None,
    wind: DriftField | None = None,
) -> GridDrift:
    """What moves particles on a grid, checked.

    Parameters
    ----------
    currents : DriftField
        Their grid is the domain.
    geographic : bool
        Whether all grids are in degrees of longitude and latitude on WGS84; else in metres.
    land : array of bool [j, i], optional
        Nodes on land.
    diffusivity : array [j, i] or float
        K at the nodes [m²/s].
    waves, wind : DriftField, optional
        On any grid that covers that of the currents.

    Raises
    ------
    UnusableInputError
        If shapes do not fit, or a field does not cover the domain.
    """
    shape = currents.velocity.shape[1:3]
    shore = np.zeros((0, 0), dtype=np.bool_) if land is None else np.ascontiguousarray(land, dtype=np.bool_)
    if land is not None and shore.shape != shape:
        raise UnusableInputError(f"the land has shape {shore.shape}; the grid of the currents has {shape}")
    mixing = np.ascontiguousarray(np.atleast_2d(np.asarray(diffusivity, dtype=np.float64)))
    if mixing.shape not in ((1, 1), shape):
        raise UnusableInputError(
            f"the diffusivity has shape {mixing.shape}; one number, or the grid of the currents, {shape}, is needed"
        )
    if not (np.isfinite(mixing).all() and (mixing >= 0).all()):
        raise UnusableInputError(
            f"the diffusivity falls to {mixing.min():g} m²/s; finite values of 0 or more are needed"
        )
    if geographic and np.abs(currents.y.nodes).max() > _HIGHEST_DEG:
        raise UnusableInputError(
            f"the grid reaches latitude {np.abs(currents.y.nodes).max():g}; up to {_HIGHEST_DEG:g} degrees are allowed"
        )
    moved = GridDrift(currents, waves or no_field(), wind or no_field(), shore, mixing, geographic)
    for name, field in (("waves", moved.waves), ("wind", moved.wind)):
        if field.velocity.size:
            _check_cover(currents.x, field.x, f"{name} along x")
            _check_cover(currents.y, field.y, f"{name} along y")
    return moved


def _check_cover(domain: DriftAxis, own: DriftAxis, what: str) -> None:
    first, last, slack = domain.nodes[0], domain.nodes[-1], 1e-9 * max(1.0, float(np.abs(domain.nodes).max()))
    if own.nodes.size > 1 and domain.nodes.size > 1 and (own.nodes[0] > first + slack or own.nodes[-1] < last - slack):
        raise UnusableInputError(
            f"the {what} cover {own.nodes[0]:.10g} to {own.nodes[-1]:.10g}; the currents {first:.10g} to {last:.10g}: "
            "fields are not guessed beyond their edge"
        )


def drift_on_grid(
    particles: DriftParticles,
    moved: GridDrift,
    until_s: float,
    step_s: float,
    times: DriftTimes | None = None,
    threads: int = 1,
) -> None:
    """Take particles to a time.

    Parameters
    ----------
    particles : DriftParticles
        Changed in place. Each goes from its own time to ``until_s`` in equal steps; one whose time lies later is left alone.
        Longitudes are counted as those of the grid.
    moved : GridDrift
    until_s : float
        On the clock of the currents.
    step_s : float
        Longest step. Beside land it must not reach beyond one box of the grid.
    times : DriftTimes, optional
        Of beaching, going afloat again and sinking; without, land is a wall and nothing sinks.
    threads : int

    Raises
    ------
    UnusableInputError
        If a particle begins on land or outside, a field ends before the run, or a step might jump over land.
    """
    times = times or DriftTimes()
    check_times(times)
    check_run(until_s, step_s, threads)
    for name, field in (("currents", moved.currents), ("waves", moved.waves), ("wind", moved.wind)):
        if field.velocity.size:
            check_clock(field.clock, particles, until_s, name)
    if moved.geographic and moved.currents.x.nodes.size > 1:
        middle = 0.5 * (moved.currents.x.nodes[0] + moved.currents.x.nodes[-1])
        particles.x[:] += 360.0 * np.round((middle - particles.x) / 360.0)
    _check_places(particles, moved)
    _check_step(particles, moved, step_s)
    in_threads(
        lambda first, last: advance_on_grid(first, last, particles, moved, times, float(until_s), float(step_s)),
        particles.x.size,
        threads,
    )


def _nearest(axis: DriftAxis, values: np.ndarray) -> np.ndarray:
    edges = 0.5 * (axis.nodes[1:] + axis.nodes[:-1])
    found: np.ndarray = np.searchsorted(edges, values, side="left")
    return found


def _check_places(particles: DriftParticles, moved: GridDrift) -> None:
    afloat = particles.status == AFLOAT
    x, y = moved.currents.x.nodes, moved.currents.y.nodes
    outside = np.zeros(afloat.size, dtype=bool)
    for nodes, values in ((x, particles.x), (y, particles.y)):
        if nodes.size > 1:
            outside |= afloat & ((values < nodes[0]) | (values > nodes[-1]))
    if outside.any():
        p = int(np.argmax(outside))
        raise UnusableInputError(
            f"particle {p + 1} lies at ({particles.x[p]:.8g}, {particles.y[p]:.8g}), outside the currents: x {x[0]:.8g} to "
            f"{x[-1]:.8g}, y {y[0]:.8g} to {y[-1]:.8g} ({int(outside.sum())} such)"
        )
    if moved.land.size:
        dry = afloat & moved.land[_nearest(moved.currents.y, particles.y), _nearest(moved.currents.x, particles.x)]
        if dry.any():
            p = int(np.argmax(dry))
            raise UnusableInputError(
                f"particle {p + 1} lies at ({particles.x[p]:.8g}, {particles.y[p]:.8g}), on land ({int(dry.sum())} such); "
                "release it in the water"
            )


def _smallest_box_m(moved: GridDrift) -> float:
    x, y = moved.currents.x.nodes, moved.currents.y.nodes
    east = north = 1.0
    if moved.geographic:
        sine = math.sin(math.radians(float(np.abs(y).max())))
        w = math.sqrt(1.0 - ECCENTRICITY_SQUARED * sine * sine)
        east = math.radians(1.0) * SEMI_MAJOR_M / w * math.sqrt(1.0 - sine * sine)
        north = math.radians(1.0) * SEMI_MAJOR_M * (1.0 - ECCENTRICITY_SQUARED)
    widths = [float(np.diff(nodes).min()) * scale for nodes, scale in ((x, east), (y, north)) if nodes.size > 1]
    return min(widths, default=math.inf)


def _check_step(particles: DriftParticles, moved: GridDrift, step_s: float) -> None:
    """A step of the fastest particle, or three deviations of mixing, must not cross a box of land."""
    if not moved.land.any():
        return
    fastest = 0.0
    windage = float(particles.windage.max(initial=0.0))
    for field, share in ((moved.currents, 1.0), (moved.waves, 1.0), (moved.wind, windage)):
        if field.velocity.size:
            fastest += share * math.sqrt(float((field.velocity.astype(np.float64) ** 2).sum(axis=-1).max()))
    box, mixing = _smallest_box_m(moved), float(moved.diffusivity.max())
    longest = min(box / fastest if fastest else math.inf, box**2 / (18.0 * mixing) if mixing else math.inf)
    if step_s > longest:
        raise UnusableInputError(
            f"a step of {step_s:g} s may jump over land: the smallest box is {box:.4g} m wide, the fastest particle makes "
            f"{fastest:.3g} m/s and the diffusivity is up to {mixing:.3g} m²/s; up to {longest:.3g} s are allowed"
        )
