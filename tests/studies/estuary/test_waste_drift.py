"""Litter in a straight channel whose ends are known by hand, and the matrix of a tide beside the particles."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from frugal.errors import UnusableInputError
from frugal.experiments.study.site import build_site
from frugal.physics.estuary.network import layout_of
from frugal.studies.drift.network_states import NetworkStates
from frugal.studies.estuary.litter.alternatives import straight_to_sea, with_matrix
from frugal.studies.estuary.litter.currents import TIDE_S, azimuths_deg, currents_of, place_on_bank, tide_of_coefficient
from frugal.studies.estuary.litter.drifting import Drifting
from frugal.studies.estuary.litter.sectors import bank_sectors
from frugal.studies.estuary.litter.site import WasteSite
from frugal.studies.estuary.litter.waste_drift import waste_drift
from frugal.studies.estuary.place.from_site import estuary_of

#: No wind, no mixing, and banks that hold nothing.
CARRIED = {
    "windage": 0.0, "beaching_hours": math.inf, "resuspension_days": math.inf, "mixing_along": 0.0, "mixing_across": 0.0,
}  # fmt: skip
#: As the study has them.
USUAL = {
    "windage": 0.04, "beaching_hours": 24.0, "resuspension_days": 2.0, "mixing_along": 100.0, "mixing_across": 0.2,
}  # fmt: skip


def channel(**settings: Any) -> WasteSite:
    """40 km due south from the sea, 1000 m wide and 10 m deep: who looks to the sea has the east on the right."""
    values: dict[str, Any] = {
        "name": "channel",
        "cell_m": 1000.0,
        "reach": [
            {
                "name": "channel", "seaward": "sea", "landward": "weir", "distance_km": [0, 40], "depth_m": [10, 10],
                "width_m": [1000, 1000], "friction": 0.02, "line": [[0.0, 46.0], [0.0, 45.64]],
            }
        ],
        "mouth": [{"place": "sea", "tide": {"M2": [1.0, 40.0], "M4": [0.1, 90.0]}}],
        "river": [{"place": "weir", "name": "river", "flow_m3_s": [10, 2000], "mean_flow_m3_s": 500}],
        "release_km": [1.0, 30.0],
        **settings,
    }  # fmt: skip
    site = build_site(WasteSite, values)
    assert isinstance(site, WasteSite)
    return site


def test_a_coefficient_scales_m2_and_what_m2_makes_of_itself() -> None:
    """Brest has 2.05094 m of M2: 100 * 2 * 2.05094 / 6.10 = 67.24; 95 is 1.4128 of it, its square 1.9959."""
    sea = tide_of_coefficient(channel(), 95.0)["sea"]
    assert sea.amplitudes_m == pytest.approx([1.4128, 0.19959], rel=1e-3)
    # the clock begins at the high water of M2: M4 keeps its lag behind it, 90 - 2 * 40
    assert sea.phases_rad == pytest.approx([0.0, math.radians(10.0)])
    assert pytest.approx(12.4206, abs=1e-4) == TIDE_S / 3600.0


def test_without_tide_the_river_flows_through() -> None:
    site = channel()
    found = currents_of(site, layout_of(estuary_of(site)), 0.0, {"weir": 500.0}, spin_up_tides=60)  # it swings for long
    (reach,) = found.reaches
    np.testing.assert_allclose(reach.discharge, -500.0, rtol=2e-3)
    np.testing.assert_allclose(reach.velocity, -0.05, rtol=0.02)  # 500 m³/s through 10,000 m²
    np.testing.assert_allclose(reach.width, 1000.0, rtol=1e-9)
    assert abs(found.water_imbalance) < 1e-12 and found.not_continuous < 1e-3 and found.not_repeated_m < 1e-4


def test_currents_of_a_tide_agree_with_what_it_stores() -> None:
    """All that enters by the mouth and the weir lies between them: ends of the reach have a discharge, too."""
    site = channel()
    found = currents_of(site, layout_of(estuary_of(site)), 70.0, {"weir": 500.0})
    (reach,) = found.reaches
    assert found.not_continuous < 0.01 and found.not_repeated_m < 0.01
    assert reach.x[[0, 1, -2, -1]] == pytest.approx([0.0, 500.0, 39_500.0, 40_000.0])
    np.testing.assert_allclose(reach.discharge[:, -1], -500.0, atol=0.02 * np.abs(reach.discharge).max())
    assert reach.discharge[:-1, 0].mean() == pytest.approx(-500.0, rel=0.02)
    half = (len(found.time_s) - 1) // 2
    np.testing.assert_array_equal(reach.velocity[: half + 1], reach.velocity[half:])


def test_banks_are_those_of_who_looks_downstream() -> None:
    reach = channel().reach[0]
    np.testing.assert_allclose(azimuths_deg(reach, np.array([0.0, 40_000.0])), 180.0, atol=1e-9)
    east, west = (place_on_bank(reach, 20_000.0, 1000.0, right) for right in (True, False))
    assert east[0] > 0.0 > west[0] and east[1] == pytest.approx(45.82)
    # 500 m at 45.82° N
    assert east[0] == pytest.approx(500.0 / (111_195.0 * math.cos(math.radians(45.82))), rel=1e-6)


def test_sectors_cover_both_banks_and_far_upstream_one_pair_is_enough() -> None:
    sectors = bank_sectors(channel(), 10.0, 20.0)
    assert sectors.names[::2] == ("channel 0-10 km right", "channel 10-20 km right", "channel 20-40 km right")
    lengths, reach = np.array([40_000.0]), np.zeros(4, dtype=np.int64)
    found = sectors.at(reach, np.array([0.0, 10_001.0, 25_000.0, 40_000.0]), lengths, np.array([0, 1, 0, 1]))
    assert found.tolist() == [0, 3, 4, 5]
    assert bank_sectors(channel(), 0.5, 40.0).count <= 32


def test_the_river_carries_litter_to_the_sea_in_the_time_of_the_way() -> None:
    """10 km at 0.05 m/s are 2.315 days."""
    drifting = Drifting(channel(days=4.0), particles=128)
    told = drifting.answer(10.0, 3.0, 0.0, 500.0, 0.0, 0.0, **CARRIED)
    assert float(told["days_to_sea"]) == pytest.approx(2.315, rel=0.02)
    np.testing.assert_array_equal(told["at_sea"], [0.0, 0.0, 1.0, 1.0])
    assert np.sum(told["stranded"]) == 0.0
    formula = straight_to_sea(drifting).answer
    assert formula is not None
    asked = {name: np.array([value]) for name, value in {"release_km": 10.0, "coefficient": 0.0, "wind": 0.0}.items()}
    rates = {**CARRIED, "beaching_hours": 1e9, "resuspension_days": 1e9, "mixing_along": 1e-3}
    del rates["mixing_across"]
    close = formula(np, flow_m3_s=np.array([500.0]), wind_from=np.array([0.0]), **asked, **rates)
    assert float(np.asarray(close["days_to_sea"])[0]) == pytest.approx(2.315, rel=0.02)


@pytest.mark.parametrize(("wind_from", "bank"), [(270.0, "right"), (90.0, "left")])
def test_wind_across_strands_litter_on_the_lee_bank(wind_from: float, bank: str) -> None:
    drifting = Drifting(channel(days=2.0), particles=256)
    told = drifting.answer(25.0, 0.0, 70.0, 200.0, 8.0, wind_from, **USUAL)
    stranded = np.asarray(told["stranded"])
    lee = stranded[[name.endswith(bank) for name in drifting.sectors.names]].sum()
    assert lee > 0.3 and stranded.sum() - lee < 0.02
    total = stranded.sum() + np.asarray(told["at_sea"])[-1] + float(np.asarray(told["afloat"]))
    assert total == pytest.approx(1.0, abs=0.01)  # some leave between the second day and the end of the fourth tide


def test_wind_from_the_land_shortens_the_way_to_the_sea_and_wind_from_the_sea_lengthens_it() -> None:
    drifting = Drifting(channel(days=2.0), particles=256)
    calm = {**USUAL, "beaching_hours": 1e6}
    south, none, north = (
        np.asarray(drifting.answer(12.0, 0.0, 70.0, 500.0, wind, side, **calm)["at_sea"])[-1]
        for wind, side in ((8.0, 180.0), (0.0, 0.0), (8.0, 0.0))
    )
    assert south > none + 0.1 > north + 0.2


def test_parts_of_the_width_may_be_thin_at_the_banks() -> None:
    states = NetworkStates(np.zeros(1), np.array([10e3]), np.array([2]), np.array([1]), ("sunk", "a", "b"), (0.1, 0.9))
    assert states.parts == 3 and states.first_bank == 6
    assert np.asarray(states.at(0, np.array([1.0, 1.0, 9e3]), np.array([0.05, 0.1, 0.95]))).tolist() == [0, 1, 5]
    drawn = states.release_in(5, 200)
    assert (drawn.y >= 0.9).all() and (drawn.x >= 5e3).all() and np.ptp(drawn.y) > 0.09


def test_what_cannot_be_is_refused() -> None:
    with pytest.raises(UnusableInputError, match=r"release_km = 5, 50; rising numbers from 0 to 40 km"):
        channel(release_km=[5.0, 50.0])
    with pytest.raises(UnusableInputError, match="release_reach = 'canal'; reaches are channel"):
        channel(release_reach="canal")
    with pytest.raises(UnusableInputError, match=r"the site 'channel' has no \[\[river\]\]"):
        waste_drift(channel(river=[]))


@pytest.mark.slow
def test_the_matrix_of_a_tide_tells_what_particles_do() -> None:
    """Within what chance allows: 4,096 particles give shares within 4 * 0.008, some hundred a row within as much."""
    site = channel(days=5.0)
    drifting = Drifting(site, particles=4096)
    matrix = with_matrix(drifting, piece_m=1000.0, a_row=64).answer
    assert matrix is not None
    asked = (15.0, 2.0, 70.0, 800.0, 4.0, 250.0)
    direct, told = drifting.answer(*asked, **USUAL), matrix(*asked, **USUAL)
    assert 0.1 < np.asarray(direct["at_sea"])[-1] < 0.9 and np.sum(direct["stranded"]) > 0.1
    np.testing.assert_allclose(told["stranded"], direct["stranded"], atol=0.03)
    # between two tides the matrix knows nothing of the hour at which litter leaves
    np.testing.assert_allclose(np.asarray(told["at_sea"])[-1], np.asarray(direct["at_sea"])[-1], atol=0.04)
    other = replace(drifting, seed=1).answer(*asked, **USUAL)
    np.testing.assert_allclose(other["stranded"], direct["stranded"], atol=0.03)
