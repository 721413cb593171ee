"""Particles in the channels of an estuary or a delta, in currents that are known along each reach.

Currents along a reach are the mean over its section; what mixes along it stands for their shear. A place across is a share
of the width, so that flow lines spread and close as the banks do. Wind carries along the channel and to one bank, after the
bearing of the reach. A step of mixing along a channel of width :math:`B` is that of Visser's for a constant K over its surface:
:math:`dx = (K / B)\\,dB/dx\\,dt + \\sqrt{2K}\\,dB_t`. A step beyond a bank beaches there by chance (`DriftTimes`) and is taken
back otherwise.

At a junction what the flow carries goes on into a reach in proportion to the discharge that flows away by it, by widths where
nothing flows away, and what mixing carries in proportion to the widths, its own reach among them, which keeps an even
spread even. At an open node particles leave, at a closed end of a single reach they turn back.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from frugal.errors import UnusableInputError
from frugal.physics.drift.axes import axis_of
from frugal.physics.drift.fates import DriftTimes, check_times
from frugal.physics.drift.fields import DriftField, no_field
from frugal.physics.drift.network_steps import NetworkDrift, advance_in_network
from frugal.physics.drift.particles import AFLOAT, DriftParticles
from frugal.physics.drift.running import check_clock, check_run, in_threads

__all__ = ["DriftReach", "NetworkDrift", "drift_in_network", "network_drift"]


class DriftReach(NamedTuple):
    """One channel between two nodes, with its currents.

    Attributes
    ----------
    begins, ends : str
        Names of the nodes at its smallest and its largest x.
    x : array [face]
        Distance along it [m], growing; two faces or more.
    velocity, discharge : array [t, face]
        Towards growing x [m/s, m³/s].
    width : array [face]
        Of the water's surface [m].
    azimuth_deg : array [face] or float
        Direction of growing x, clockwise from north; matters to wind alone.
    """

    begins: str
    ends: str
    x: np.ndarray
    velocity: np.ndarray
    discharge: np.ndarray
    width: np.ndarray
    azimuth_deg: np.ndarray | float = 0.0


def network_drift(
    reaches: Sequence[DriftReach],
    time_s: np.ndarray | list[float],
    open_nodes: Sequence[str],
    along: float = 0.0,
    across: float = 0.0,
    wind: DriftField | None = None,
) -> tuple[NetworkDrift, tuple[str, ...]]:
    """What moves particles in a network, checked, and the names of its nodes by number.

    Parameters
    ----------
    reaches : sequence of DriftReach
        Numbered in this order.
    time_s : array [t]
        Of velocities and discharges; one for steady ones.
    open_nodes : sequence of str
        By which particles leave: the sea, the limits upstream. Each is the end of a single reach. Other nodes at which a
        single reach ends are closed.
    along, across : float
        Diffusivities along the channels and across them [m²/s].
    wind : DriftField, optional
        The same everywhere (`uniform_field`).

    Raises
    ------
    UnusableInputError
        If shapes do not fit, a number is none, a width is not above 0, or an open node is unknown or a junction.
    """
    if not reaches:
        raise UnusableInputError("the network has no reach; one or more are needed")
    clock = axis_of(time_s, "time of the network")
    columns: dict[str, list[np.ndarray]] = {name: [] for name in ("x", "velocity", "discharge", "width", "bearing")}
    for number, reach in enumerate(reaches):
        for name, values in _columns(reach, number, clock.nodes.size).items():
            columns[name].append(values)
    names = tuple(dict.fromkeys(name for reach in reaches for name in (reach.begins, reach.ends)))
    nodes = np.array([[names.index(reach.begins), names.index(reach.ends)] for reach in reaches], dtype=np.int64)
    meeting: list[list[int]] = [[] for _ in names]
    for number, (begins, ends) in enumerate(nodes):
        meeting[begins].append(2 * number)
        meeting[ends].append(2 * number + 1)
    for name in open_nodes:
        if name not in names or len(meeting[names.index(name)]) != 1:
            what = "unknown" if name not in names else "a junction"
            single = ", ".join(name for name, ends in zip(names, meeting, strict=True) if len(ends) == 1)
            raise UnusableInputError(f"the open node '{name}' is {what}; ends of a single reach are {single or 'none'}")
    for name, value in (("along", along), ("across", across)):
        if not (np.isfinite(value) and value >= 0):
            raise UnusableInputError(f"the diffusivity {name} the channels is {value:g} m²/s; 0 or more is needed")
    blowing = wind or no_field()
    if blowing.velocity.size and blowing.velocity.shape[1:3] != (1, 1):
        raise UnusableInputError("the wind over a network is the same everywhere: one place is needed")
    moved = NetworkDrift(
        np.cumsum([0, *(values.size for values in columns["x"])]).astype(np.int64),
        np.concatenate(columns["x"]),
        clock,
        np.ascontiguousarray(np.concatenate(columns["velocity"], axis=1)),
        np.ascontiguousarray(np.concatenate(columns["discharge"], axis=1)),
        np.concatenate(columns["width"]),
        np.ascontiguousarray(np.concatenate(columns["bearing"])),
        nodes,
        np.array([name in open_nodes for name in names], dtype=np.bool_),
        np.cumsum([0, *(len(ends) for ends in meeting)]).astype(np.int64),
        np.array([end for ends in meeting for end in ends], dtype=np.int64),
        blowing,
        float(along),
        float(across),
    )
    return moved, names


def _columns(reach: DriftReach, number: int, n_times: int) -> dict[str, np.ndarray]:
    what = f"reach {number + 1} ({reach.begins} to {reach.ends})"
    x = axis_of(reach.x, f"x of {what}").nodes
    if x.size < 2:
        raise UnusableInputError(f"{what} has {x.size} face; 2 or more are needed")
    azimuth = np.radians(np.broadcast_to(np.asarray(reach.azimuth_deg, dtype=np.float64), x.shape))
    columns = {
        "x": x,
        "velocity": np.asarray(reach.velocity, dtype=np.float64),
        "discharge": np.asarray(reach.discharge, dtype=np.float64),
        "width": np.asarray(reach.width, dtype=np.float64),
        "bearing": np.stack([np.sin(azimuth), np.cos(azimuth)], axis=1),
    }
    for name, shape in (("velocity", (n_times, x.size)), ("discharge", (n_times, x.size)), ("width", x.shape)):
        if columns[name].shape != shape or not np.isfinite(columns[name]).all():
            raise UnusableInputError(
                f"{name} of {what} has shape {columns[name].shape}; finite numbers of shape {shape} are needed"
            )
    if columns["width"].min() <= 0:
        raise UnusableInputError(f"{what} is {columns['width'].min():g} m wide at one face; above 0 m is needed")
    return columns


def drift_in_network(
    particles: DriftParticles,
    moved: NetworkDrift,
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
    moved : NetworkDrift
    until_s : float
        On the clock of the network.
    step_s : float
        Longest step.
    times : DriftTimes, optional
        Of beaching, going afloat again and sinking; without, banks are walls and nothing sinks.
    threads : int

    Raises
    ------
    UnusableInputError
        If a particle begins outside, or currents or wind end before the run.
    """
    times = times or DriftTimes()
    check_times(times)
    check_run(until_s, step_s, threads)
    check_clock(moved.clock, particles, until_s, "currents of the network")
    if moved.wind.velocity.size:
        check_clock(moved.wind.clock, particles, until_s, "wind")
    _check_reaches(particles, moved)
    in_threads(
        lambda first, last: advance_in_network(first, last, particles, moved, times, float(until_s), float(step_s)),
        particles.x.size,
        threads,
    )


def _check_reaches(particles: DriftParticles, moved: NetworkDrift) -> None:
    count = moved.first_face.size - 1
    unknown = (particles.reach < 0) | (particles.reach >= count)
    if unknown.any():
        p = int(np.argmax(unknown))
        raise UnusableInputError(f"particle {p + 1} lies in reach {particles.reach[p]}; 0 to {count - 1} are allowed")
    low, high = moved.x[moved.first_face[:-1]][particles.reach], moved.x[moved.first_face[1:] - 1][particles.reach]
    afloat = particles.status == AFLOAT
    outside = afloat & ((particles.x < low) | (particles.x > high) | (particles.y < 0) | (particles.y > 1))
    if outside.any():
        p = int(np.argmax(outside))
        raise UnusableInputError(
            f"particle {p + 1} lies at {particles.x[p]:.8g} m and a share of {particles.y[p]:.4g} across in reach "
            f"{particles.reach[p]}; {low[p]:.8g} to {high[p]:.8g} m and 0 to 1 are allowed ({int(outside.sum())} such)"
        )
