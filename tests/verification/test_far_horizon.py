"""Hills far away: against closed forms, and against the rays that look at roofs, which are other code."""

from __future__ import annotations

import numpy as np
import pytest

from frugal.errors import UnusableInputError
from frugal.physics.solar.far_horizon import (
    EARTH_RADIUS_M,
    far_obstacles,
    far_tangent_map,
    far_tangents_at,
    places_among,
)
from frugal.physics.solar.horizon import horizon_at_points

AZIMUTHS = np.arange(36) * 10.0


def _at_node(found, height_m):
    return found.height_over_distance[:, 0, 0] - height_m * found.inverse_distance[:, 0, 0]


def test_a_long_ridge_has_the_tangents_of_geometry():
    cell, ridge_m, away = 25.0, 400.0, 120
    terrain = np.zeros((400, 2001))
    terrain[: 300 - away + 1] = ridge_m
    found = far_obstacles(
        terrain, cell, np.array([300]), np.array([1000]), AZIMUTHS, nearest_m=200.0, farthest_m=20_000.0,
        rays_per_sector=5, earth_radius_m=np.inf,
    )  # fmt: skip
    rays = np.radians(AZIMUTHS[:, None] + 10.0 * ((np.arange(5) + 0.5) / 5 - 0.5))
    expected = np.where(np.cos(rays) > 1e-9, ridge_m * np.cos(rays) / (away * cell), 0.0)
    expected = np.where(np.abs(np.tan(rays)) * away * cell < 20_000.0, expected, 0.0)
    facing = np.abs((AZIMUTHS + 180.0) % 360.0 - 180.0) <= 70.0
    np.testing.assert_allclose(_at_node(found, 0.0)[facing], expected.mean(axis=1)[facing], rtol=0.01)
    behind = np.abs((AZIMUTHS + 180.0) % 360.0 - 180.0) >= 100.0
    assert np.all(_at_node(found, 0.0)[behind] == 0.0)


def test_the_earth_is_round_and_air_bends_light_back():
    cell, hill_m, away = 50.0, 500.0, 400
    terrain = np.zeros((11, 500))
    terrain[:, 5 + away :] = hill_m
    distance = away * cell
    for refraction in (0.0, 0.13):
        found = far_obstacles(
            terrain, cell, np.array([5]), np.array([5]), np.array([90.0, 270.0]), nearest_m=200.0, farthest_m=40_000.0,
            rays_per_sector=1, refraction=refraction,
        )  # fmt: skip
        drop = (1.0 - refraction) * distance**2 / (2.0 * EARTH_RADIUS_M)
        assert drop > 25.0
        assert _at_node(found, 0.0)[0] == pytest.approx((hill_m - drop) / distance, rel=2e-3)
        assert _at_node(found, 0.0)[1] == 0.0
        # A hill lower than the drop is below the horizon of level ground.
    low = np.where(terrain > 0, 20.0, 0.0)
    seen = far_obstacles(low, cell, np.array([5]), np.array([5]), np.array([90.0]), nearest_m=200.0, farthest_m=4e4)
    assert not seen.height_over_distance.any()


@pytest.fixture(scope="module")
def hills() -> np.ndarray:
    """Rolling hills in cells of 25 m."""
    y, x = np.mgrid[0:400, 0:420] * 25.0
    waves = [(1700.0, 0.3, 60.0), (900.0, 1.9, 25.0), (3100.0, 2.6, 110.0)]
    return 300.0 + sum(h * np.sin(2 * np.pi * (x * np.cos(a) + y * np.sin(a)) / length) for length, a, h in waves)


def test_the_same_as_rays_that_look_at_roofs(hills):
    """Those cross the lines of the grid and know nothing of a round Earth."""
    rows, columns = np.array([180, 200]), np.array([190, 230])
    found = far_obstacles(
        hills, 25.0, rows, columns, AZIMUTHS, nearest_m=25.0, farthest_m=6_000.0, earth_radius_m=np.inf
    )
    i, j = (part.ravel() for part in np.meshgrid(rows, columns, indexing="ij"))
    far = hills.copy()
    seen = horizon_at_points(far, 25.0, i, j, hills[i, j], AZIMUTHS, 6_000.0, rays_per_sector=3)
    ours = np.array([[found.height_over_distance[k, a, b] - hills[rows[a], columns[b]] * found.inverse_distance[k, a, b]
                      for k in range(36)] for a in range(2) for b in range(2)])  # fmt: skip
    difference = np.degrees(np.arctan(np.maximum(ours, 0.0))) - seen
    assert seen.max() > 5.0
    assert np.abs(difference).mean() < 0.05
    assert np.abs(difference).max() < 0.3


def test_an_observer_on_a_roof_sees_less_hill():
    terrain = np.zeros((300, 300))
    terrain[:, 200:] = 100.0
    found = far_obstacles(
        terrain, 25.0, np.array([150]), np.array([150]), np.array([90.0]), nearest_m=200.0, farthest_m=6e3,
        rays_per_sector=1, earth_radius_m=np.inf,
    )  # fmt: skip
    for height in (0.0, 12.0, 60.0):
        assert _at_node(found, height)[0] == pytest.approx((100.0 - height) / 1250.0, rel=1e-4)


def test_between_nodes_and_from_any_window_the_same_bits(hills):
    nodes_i, nodes_j = np.arange(160, 201, 2), np.arange(180, 231, 2)
    whole = far_obstacles(hills, 25.0, nodes_i, nodes_j, AZIMUTHS, nearest_m=200.0, farthest_m=3_000.0)
    cut = far_obstacles(
        hills[20:380, 30:400], 25.0, nodes_i - 20, nodes_j - 30, AZIMUTHS, nearest_m=200.0, farthest_m=3_000.0
    )
    np.testing.assert_array_equal(whole.height_over_distance, cut.height_over_distance)
    np.testing.assert_array_equal(whole.inverse_distance, cut.inverse_distance)
    # A few nodes of the lattice are enough for the cells among them.
    position_i, position_j = 80.0 + np.array([3.3, 5.0, 6.75]), 90.0 + np.array([4.5, 7.25])
    heights = np.full((3, 2), 320.0)
    all_rows, all_columns = places_among(position_i, 80, 21), places_among(position_j, 90, 26)
    part = type(whole)(whole.height_over_distance[:, 3:8, 4:10], whole.inverse_distance[:, 3:8, 4:10])
    some_rows, some_columns = places_among(position_i, 83, 5), places_among(position_j, 94, 6)
    for sector in (0, 7, 21):
        one = far_tangent_map(whole, sector, all_rows, all_columns, heights)
        np.testing.assert_array_equal(one, far_tangent_map(part, sector, some_rows, some_columns, heights))
        i, j = (v.ravel() for v in np.meshgrid(range(3), range(2), indexing="ij"))
        at = far_tangents_at(
            whole,
            type(all_rows)(all_rows.node[i], all_rows.share[i]),
            type(all_rows)(all_columns.node[j], all_columns.share[j]),
            heights[i, j],
        )
        np.testing.assert_allclose(at[:, sector], one.ravel(), atol=2e-6)


def test_unknown_terrain_hides_nothing(hills):
    holes = hills.copy()
    holes[:170] = np.nan
    found = far_obstacles(holes, 25.0, np.array([200]), np.array([200]), AZIMUTHS, nearest_m=800.0, farthest_m=5e3)
    assert not found.height_over_distance[0].any()
    assert found.height_over_distance[18].any()
    nowhere = far_obstacles(holes, 25.0, np.array([100]), np.array([200]), AZIMUTHS, nearest_m=200.0, farthest_m=5e3)
    assert not nowhere.height_over_distance.any()


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"rows": np.array([400])}, "rows is 400"),
        ({"nearest_m": 0.0}, "positive numbers"),
        ({"nearest_m": 9e3}, "order"),
    ],
)
def test_what_cannot_be_is_refused(hills, changed, message):
    given = {"rows": np.array([3]), "columns": np.array([3]), "nearest_m": 200.0, "farthest_m": 5e3, **changed}
    with pytest.raises(UnusableInputError, match=message):
        far_obstacles(hills, 25.0, azimuths_deg=AZIMUTHS, **given)
