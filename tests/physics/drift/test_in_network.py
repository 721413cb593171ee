"""Particles in channels: along, across, through junctions, to the banks and out. Slow is the compiler, once."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from drift_for_tests import tidal_channel

from frugal.errors import UnusableInputError
from frugal.physics.drift.fates import DriftTimes
from frugal.physics.drift.fields import uniform_field
from frugal.physics.drift.in_network import DriftReach, drift_in_network, network_drift
from frugal.physics.drift.particles import AFLOAT, BEACHED, LEFT, release, tally

FACES = np.linspace(0.0, 10e3, 11)


def steady(begins: str, ends: str, u: float, q: float, width: np.ndarray | float = 100.0, **more: Any) -> DriftReach:
    """A reach of 10 km in which everything is the same."""
    n = FACES.size
    return DriftReach(
        begins, ends, FACES, np.full((1, n), u), np.full((1, n), q), np.broadcast_to(width, n).astype(float), **more
    )


def fork(u: float) -> list[DriftReach]:
    """The sea, a fork, and two rivers of which the first carries three quarters; its x grows towards the fork."""
    return [
        steady("sea", "fork", u, u * 400.0, 400.0),
        steady("garonne", "fork", -2 * u, -u * 300.0, 150.0),
        steady("fork", "dordogne", u, u * 100.0, 100.0),
    ]


@pytest.mark.slow
def test_a_tide_takes_particles_there_and_back() -> None:
    """u is a cosine: the exact excursion is the integral of what is linear between the times of the currents."""
    moved, _, period = tidal_channel(river=0.0, along=0.0, across=0.0)
    particles = release(20e3, 0.25, 0.0)
    furthest = 0.0
    for hour in range(1, 9):
        drift_in_network(particles, moved, hour * period / 8, 300.0)
        furthest = max(furthest, particles.x[0])
    assert furthest - 20e3 == pytest.approx(0.8 * period / (2 * np.pi), rel=2e-3)
    assert particles.x[0] == pytest.approx(20e3, abs=1.0) and particles.y[0] == 0.25


@pytest.mark.slow
def test_branches_are_taken_in_proportion_to_what_flows_away_and_banks_keep_their_side() -> None:
    n = 20_000
    moved, names = network_drift(fork(0.5), [0.0], ["sea", "garonne", "dordogne"])
    particles = release(9e3, np.full(n, 0.1), 0.0)
    drift_in_network(particles, moved, 6000.0, 100.0)  # 2 km to the fork, then at twice the speed in the first river
    share = (particles.reach == 1).mean()
    assert share == pytest.approx(0.75, abs=4 * math.sqrt(0.75 * 0.25 / n)) and (particles.reach != 0).all()
    first, second = particles.reach == 1, particles.reach == 2
    np.testing.assert_allclose(particles.x[first], 10e3 - 4000.0, atol=30.0)
    np.testing.assert_allclose(particles.x[second], 2000.0, atol=20.0)
    # seen along the first river, whose x grows against the way, the left bank is the right one
    np.testing.assert_allclose(particles.y[first], 0.9)
    np.testing.assert_allclose(particles.y[second], 0.1)
    drift_in_network(particles, moved, 1e5, 100.0)
    left = tally(particles, names).left
    assert left["garonne"] == first.sum() and left["dordogne"] == second.sum() and (particles.status == LEFT).all()
    # with the flow turned round, both rivers end in the sea
    moved, names = network_drift(fork(-0.5), [0.0], ["sea", "garonne", "dordogne"])
    down = release([5e3, 5e3], 0.3, 0.0, reach=[1, 2])
    drift_in_network(down, moved, 2e5, 100.0)
    assert tally(down, names).left == {"sea": 2, "fork": 0, "garonne": 0, "dordogne": 0}


@pytest.mark.slow
def test_a_closed_network_keeps_an_even_spread_over_its_surface() -> None:
    """Reaches that narrow and meet; chi square over their pieces after more than the time of mixing of a reach."""
    n = 8000
    widths = (np.linspace(400.0, 200.0, 11), np.linspace(90.0, 150.0, 11), np.linspace(50.0, 50.0, 11))
    reaches = [
        reach._replace(width=w, velocity=0 * reach.velocity, discharge=0 * reach.discharge)
        for reach, w in zip(fork(1.0), widths, strict=True)
    ]
    moved, _ = network_drift(reaches, [0.0], [], along=2000.0, across=0.2)
    rng = np.random.default_rng(4)
    surface = np.concatenate([(w[1:] + w[:-1]) * 500.0 for w in widths])
    piece = rng.choice(30, n, p=surface / surface.sum())
    # inside a piece by its widths
    u = rng.uniform(0, 1, n)
    w0, w1 = (np.concatenate([w[part] for w in widths])[piece] for part in (slice(0, -1), slice(1, None)))
    inside = np.where(w0 == w1, u, (np.sqrt(w0**2 + u * (w1**2 - w0**2)) - w0) / np.where(w0 == w1, 1.0, w1 - w0))
    particles = release((piece % 10 + inside) * 1000.0, rng.uniform(0, 1, n), 0.0, reach=piece // 10)
    drift_in_network(particles, moved, 60_000.0, 100.0)
    assert tally(particles).afloat == n
    now = particles.reach * 10 + np.minimum(particles.x // 1000.0, 9).astype(int)
    expected = n * surface / surface.sum()
    assert (
        (np.bincount(now, minlength=30) - expected) ** 2 / expected
    ).sum() < 58.3  # 29 degrees of freedom, 1 in 1000
    across = np.histogram(particles.y, 10, (0, 1))[0]
    assert ((across - n / 10) ** 2 / (n / 10)).sum() < 27.9


@pytest.mark.slow
def test_wind_carries_along_the_channel_and_to_one_bank() -> None:
    """A channel towards the east; wind from the north-west presses to its right bank, the southern one."""
    moved, _ = network_drift(
        [steady("a", "b", 0.0, 0.0, 500.0, azimuth_deg=90.0)],
        [0.0],
        ["a", "b"],
        wind=uniform_field([0.0], [3.0], [-4.0]),
    )
    particles = release(1000.0, 0.2, 0.0, windage=[0.02, 0.0])
    drift_in_network(particles, moved, 1000.0, 50.0)
    np.testing.assert_allclose(particles.x, [1060.0, 1000.0])
    np.testing.assert_allclose(particles.y, [0.2 + 80.0 / 500.0, 0.2])
    drift_in_network(particles, moved, 20_000.0, 50.0, DriftTimes(beaching=0.0))
    assert (particles.status[0], particles.place[0]) == (BEACHED, 1) and particles.status[1] == AFLOAT


@pytest.mark.slow
def test_the_same_whatever_the_threads() -> None:
    moved, names, period = tidal_channel()
    rng = np.random.default_rng(7)
    one = release(rng.uniform(0, 40e3, 6000), rng.uniform(0, 1, 6000), 0.0, seed=2)
    two = type(one)(*(column.copy() for column in one))
    times = DriftTimes(beaching=3600.0, resuspension=30 * 86400.0, sinking=30 * 86400.0)
    drift_in_network(one, moved, 2 * period, 300.0, times)
    drift_in_network(two, moved, 2 * period, 300.0, times, threads=3)
    counts = tally(one, names)
    assert min(counts.afloat, counts.beached, counts.sunk, *counts.left.values()) > 20
    assert counts.afloat + counts.beached + counts.sunk + sum(counts.left.values()) == 6000
    for name, column in one._asdict().items():
        np.testing.assert_array_equal(getattr(two, name), column)


@pytest.mark.parametrize(
    ("make", "told"),
    [
        (lambda: network_drift([], [0.0], []), "the network has no reach"),
        (lambda: network_drift(fork(1.0), [0.0], ["fork"]), "'fork' is a junction; ends of a single reach are sea, g"),
        (lambda: network_drift(fork(1.0), [0.0], ["loire"]), "the open node 'loire' is unknown"),
        (lambda: network_drift(fork(1.0), [0.0, 1.0], []), r"velocity of reach 1 \(sea to fork\) has shape \(1, 11\)"),
        (lambda: network_drift([steady("a", "b", 1.0, 1.0, 0.0)], [0.0], []), r"reach 1 \(a to b\) is 0 m wide"),
        (lambda: network_drift(fork(1.0), [0.0], [], along=-1.0), "the diffusivity along the channels is -1"),
        (lambda: drift_in_network(release(1.0, 0.5, 0.0, reach=3), tidal_channel()[0], 9.0, 1.0), "in reach 3; 0 to 0"),
        (lambda: drift_in_network(release(1.0, 1.5, 0.0), tidal_channel()[0], 9.0, 1.0), "a share of 1.5 across in reach 0"),
        (lambda: drift_in_network(release(1.0, 0.5, -1.0), tidal_channel()[0], 9.0, 1.0), "currents of the network cover 0 to"),
    ],
)  # fmt: skip
def test_what_is_asked_wrongly(make: Any, told: str) -> None:
    with pytest.raises(UnusableInputError, match=told):
        make()
