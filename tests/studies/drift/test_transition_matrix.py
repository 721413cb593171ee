"""The transition matrix beside chances known by hand and beside the solver."""

from __future__ import annotations

import math

import numpy as np
import pytest
from drift_for_tests import tidal_channel

from frugal.errors import UnusableInputError
from frugal.physics.drift.fates import DriftTimes
from frugal.physics.drift.in_network import drift_in_network
from frugal.physics.drift.particles import DriftParticles
from frugal.studies.drift.network_states import NetworkStates
from frugal.studies.drift.transition_matrix import (
    DriftTransitions,
    after_periods,
    chance_error,
    ever_reached,
    expected_periods,
    final_chances,
    transitions_of,
)


def ruin(steps: int = 6, up: float = 0.6) -> DriftTransitions:
    """The gambler's ruin between 0 and ``steps``, counted from 10 particles a state."""
    begins, becomes = [], []
    for state in range(1, steps):
        begins += [state] * 10
        becomes += [state + 1] * round(10 * up) + [state - 1] * (10 - round(10 * up))
    return transitions_of(np.array(begins), np.array(becomes), steps + 1)


def test_the_gamblers_ruin() -> None:
    """Feller 1968, XIV.2: chances to win and length of the game in closed form."""
    found, ratio, k = ruin(), 0.4 / 0.6, np.arange(7)
    win = (1 - ratio**k) / (1 - ratio**6)
    np.testing.assert_allclose(final_chances(found), np.stack([1 - win, win], axis=1), atol=1e-12)
    np.testing.assert_allclose(expected_periods(found), (6 * win - k) / 0.2, atol=1e-12)
    start = np.eye(7)[3]
    np.testing.assert_allclose(
        after_periods(found, start, 3)[3], [0.064, 0, 0.432 - 0.144, 0, 0.432, 0, 0.216], atol=1e-12
    )
    # to have been in state 1 at least once: the game between 1 and 6 lost
    np.testing.assert_allclose(
        ever_reached(found, k == 1)[1:6], 1 - (1 - ratio ** (k[1:6] - 1)) / (1 - ratio**5), atol=1e-12
    )


def test_what_no_matrix_answers() -> None:
    with pytest.raises(UnusableInputError, match="a particle is in state 9; 0 to 6 are allowed"):
        transitions_of(np.array([0]), np.array([9]), 7)
    with pytest.raises(UnusableInputError, match="no particle that begins in state 0 ever reaches an end"):
        final_chances(transitions_of(np.array([0, 1]), np.array([1, 0]), 3))
    with pytest.raises(UnusableInputError, match="7 chances that add up to 2; 7 that add up to 1"):
        after_periods(ruin(), np.full(7, 2 / 7), 1)
    with pytest.raises(UnusableInputError, match="shapes"):
        transitions_of(np.array([0]), np.array([0, 1]), 3)


@pytest.mark.slow
def test_powers_of_the_matrix_are_the_direct_simulation_of_a_channel() -> None:
    """Ten tides: chances to lie on each sector of the banks and to have reached the sea, within what chance allows."""
    moved, names, period = tidal_channel()
    states = NetworkStates.of(moved, names, cell_m=2000.0, sector_m=10_000.0)
    times = DriftTimes(beaching=4 * 3600.0, resuspension=20 * 86400.0)

    def follow(particles: DriftParticles, tides: int) -> None:
        drift_in_network(particles, moved, tides * period, 600.0, times)

    begun = states.release_all(per_state=300, seed=1)
    begins = states.of_particles(begun)
    follow(begun, 1)
    found = transitions_of(begins, states.of_particles(begun), states.count)
    assert found.ends[states.first_end :].all() and not found.ends[: states.first_end].any()
    place = states.release_in(state=int(states.at(0, 20_500.0, 0.3)), n=4000, seed=2)
    start = np.bincount(states.of_particles(place), minlength=states.count) / 4000
    follow(place, 10)
    direct = np.bincount(states.of_particles(place), minlength=states.count) / 4000
    told = after_periods(found, start, 10)[10]
    assert told.sum() == pytest.approx(1.0, abs=1e-12)
    sea, banks = np.arange(states.count) == states.end_named("sea"), states.is_bank
    for aims in (sea, banks, *(np.arange(states.count) == s for s in np.flatnonzero(banks))):
        allowed = 4 * math.hypot(chance_error(found, start, 10, aims), math.sqrt(max(direct[aims].sum(), 1e-3) / 4000))
        assert told[aims].sum() == pytest.approx(direct[aims].sum(), abs=allowed + 0.01)
    assert direct[banks].sum() > 0.2 and direct[sea].sum() > 0.05
