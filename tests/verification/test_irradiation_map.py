"""Irradiation maps: cases with a formula, the same bits whatever the tiling, brute force along rays."""

import math

import numpy as np
import pytest

from frugal.errors import UnusableInputError
from frugal.physics.solar import fused_sweep
from frugal.physics.solar.irradiation_map import halo_cells, irradiation_map, sky_view_factor
from frugal.physics.solar.normals import surface_normals
from frugal.physics.solar.sky import cumulative_sky_tables, plane_irradiation
from frugal.physics.solar.year import solar_year
from frugal.studies.solar.roofs.plane_finder import fit_planes, roof_patches
from frugal.studies.solar.village.surface import synthetic_village, vendee_weather


@pytest.fixture(scope="module")
def year():
    w = vendee_weather()
    columns = (w.ghi, w.dni, w.dhi, w.air_temperature_c, w.wind_speed)
    return solar_year(w.unix_time_s, w.month, *columns, w.latitude_deg, w.longitude_deg, w.altitude_m)


@pytest.fixture(scope="module")
def sky(year):
    return cumulative_sky_tables(year, 36)


@pytest.fixture(scope="module")
def village():
    return synthetic_village(2, 128.0, 1.0).heights


def plane_of(normals, row, col):
    """Tilt and azimuth of a cell from its normal."""
    east, north, up = (float(part[row, col]) for part in normals)
    return math.degrees(math.acos(min(up, 1.0))), math.degrees(math.atan2(east, north)) % 360.0


def open_plane(sky, tilt_deg, azimuth_deg):
    horizon = np.zeros((1, sky.horizontal.shape[0]))
    return plane_irradiation(sky, [tilt_deg], [azimuth_deg], horizon, [0.2])[0]


@pytest.mark.parametrize("azimuth_deg", [0.0, 33.0, 90.0, 180.0, 247.0])
@pytest.mark.parametrize("tilt_deg", [0.0, 30.0])
def test_a_plane_gets_what_an_open_plane_gets(sky, tilt_deg, azimuth_deg):
    """Lines beside the centres of cells must not make steps on a slope."""
    row, col = np.mgrid[0:50, 0:60].astype(float)
    facing = math.radians(azimuth_deg)
    surface = -math.tan(math.radians(tilt_deg)) * (math.sin(facing) * col - math.cos(facing) * row) * 0.5
    normals = surface_normals(surface, 0.5)
    np.testing.assert_allclose(plane_of(normals, 20, 20)[0], tilt_deg, atol=1e-3)
    truth = open_plane(sky, tilt_deg, azimuth_deg)
    yearly = irradiation_map(surface, *normals, sky, 0.5)
    np.testing.assert_allclose(yearly, truth.sum(), rtol=1e-3)
    np.testing.assert_allclose(yearly.mean(), truth.sum(), rtol=4e-4)
    monthly = irradiation_map(surface, *normals, sky, 0.5, monthly=True)
    assert monthly.shape == (50, 60, 12)
    np.testing.assert_allclose(monthly[25, 30], truth, rtol=4e-3)


def test_sky_over_a_long_wall_and_in_a_long_canyon():
    """(1 + cos h) / 2 beside a wall without end, (cos h1 + cos h2) / 2 between two."""
    surface = np.zeros((1601, 41))
    surface[:, 0] = 12.0
    wall = sky_view_factor(surface, 1.0, reach_m=700.0, n_azimuths=360)[800]
    surface[:, -1] = 20.0
    canyon = sky_view_factor(surface, 1.0, reach_m=700.0, n_azimuths=360)[800]
    east_west = sky_view_factor(np.ascontiguousarray(surface.T), 1.0, reach_m=700.0, n_azimuths=360)[:, 800]
    for col in (1, 3, 10, 20, 39):
        # Beside the axes the front of a wall is met half a cell before its centres.
        far, near = [(math.atan2(12.0, col - closer), math.atan2(20.0, 40 - col - closer)) for closer in (0.0, 0.5)]
        assert 0.5 + 0.5 * math.cos(near[0]) - 3e-3 < wall[col] < 0.5 + 0.5 * math.cos(far[0]) + 3e-3
        between = [0.5 * math.cos(left) + 0.5 * math.cos(right) for left, right in (near, far)]
        assert between[0] - 3e-3 < canyon[col] < between[1] + 3e-3
        assert east_west[col] == pytest.approx(canyon[col], abs=1e-5)
    assert canyon[20] == pytest.approx(
        0.5 * math.cos(math.atan2(12, 20)) + 0.5 * math.cos(math.atan2(20, 20)), abs=0.01
    )


def test_a_wall_to_the_south_takes_what_the_table_says(sky):
    surface = np.zeros((40, 900))
    surface[39] = 15.0
    normals = surface_normals(surface, 1.0)
    normals[0][:], normals[1][:], normals[2][:] = 0.0, 0.0, 1.0
    found = irradiation_map(surface, *normals, sky, 1.0, reach_m=400.0)[29, 450]
    azimuth = np.radians(np.arange(36) * 10.0)
    horizon = np.degrees(np.arctan(np.maximum(-np.cos(azimuth), 0.0) * 15.0 / 10.0))
    truth = plane_irradiation(sky, [0.0], [0.0], horizon[None], [0.2]).sum()
    # Beside the axes the front of a wall is half a cell before its centres.
    nearer = np.degrees(np.arctan(np.maximum(-np.cos(azimuth), 0.0) * 15.0 / 9.5))
    assert plane_irradiation(sky, [0.0], [0.0], nearer[None], [0.2]).sum() < found < truth * 1.001
    assert truth < 0.7 * open_plane(sky, 0.0, 0.0).sum()


def pieces(surface, normals, sky, *, margin, origin, height, width, **options):
    """The map put together from tiles with a margin, unknown beyond the edges."""
    wide = [np.pad(a, margin, constant_values=np.nan) for a in (surface, *normals)]
    months = (12,) if options.get("monthly") else ()
    whole = np.full((*surface.shape, *months), -1.0, dtype=np.float32)
    for row in range(0, surface.shape[0], height):
        for col in range(0, surface.shape[1], width):
            bottom, right = min(row + height, surface.shape[0]), min(col + width, surface.shape[1])
            window = (slice(row, bottom + 2 * margin), slice(col, right + 2 * margin))
            tile, *parts = (a[window] for a in wide)
            first = (origin[0] + row - margin, origin[1] + col - margin)
            whole[row:bottom, col:right] = irradiation_map(
                tile, *parts, sky, 1.0, margin=margin, origin=first, **options
            )
    return whole


@pytest.mark.parametrize("monthly", [False, True])
@pytest.mark.parametrize("origin", [(0, 0), (-1_234_567, 700_013)])
def test_the_same_bits_whatever_the_tiling(village, sky, origin, monthly):
    surface = village[:110, :121].copy()
    surface[40:47, 50:80] = np.nan
    normals = surface_normals(surface, 1.0)
    options = {"reach_m": 17.0, "grid_turn_deg": 1.37, "monthly": monthly}
    whole = irradiation_map(surface, *normals, sky, 1.0, origin=origin, **options)
    margin = halo_cells(17.0, 1.0)
    for height, width in ((110, 40), (33, 121), (47, 29)):
        tiled = pieces(surface, normals, sky, margin=margin, origin=origin, height=height, width=width, **options)
        np.testing.assert_array_equal(tiled, whole)


def test_too_narrow_a_margin_would_show(village, sky):
    """The test above can fail: without the margin, tiles differ."""
    normals = surface_normals(village, 1.0)
    whole = irradiation_map(village, *normals, sky, 1.0, reach_m=17.0)
    tiled = pieces(village, normals, sky, margin=8, origin=(0, 0), height=47, width=29, reach_m=17.0)
    assert np.mean(tiled != whole) > 0.05


def test_obstacles_are_seen_up_to_the_reach_and_never_beyond_twice():
    for at in range(3, 30):
        surface = np.zeros((3, 100))
        surface[:, at] = 30.0
        seen = sky_view_factor(surface, 1.0, reach_m=20.0, n_azimuths=4)[1] < 1.0
        distance = np.abs(np.arange(100) - at)
        assert seen[(distance > 0) & (distance <= 20)].all()
        assert not seen[distance >= 40].any()


def test_hulls_of_segments_are_those_of_brute_force():
    """Every obstacle of the cell's own segment and the one before counts, and no other, in rough terrain."""
    rng = np.random.default_rng(5)
    reach = 13
    for _ in range(20):
        line = np.round(rng.normal(0.0, 3.0, 90).cumsum() * rng.choice([0.1, 1.0]) * 1024.0) / 1024.0
        line[rng.integers(0, 90, 3)] += 25.0
        start = int(rng.integers(-50, 50))
        row = np.full((3, 90), np.nan)
        row[1] = line
        found = sky_view_factor(row.T, 1.0, reach_m=float(reach), n_azimuths=2, origin=(start, 0))[:, 1]
        segment = (np.arange(90) + start) // reach
        expected = np.zeros(90)
        for i in range(90):
            for direction in (-1, 1):
                away = (np.arange(90) - i) * direction
                before = (segment - segment[i]) * direction
                others = (away > 0) & (before <= 1)
                tangent = np.max((line[others] - line[i]) / away[others], initial=0.0)
                expected[i] += 0.5 / (1.0 + tangent**2)
        np.testing.assert_allclose(found, expected, atol=1.1e-3)


def test_two_threads_give_the_same_bits(village, sky):
    normals = surface_normals(village, 1.0)
    one = irradiation_map(village, *normals, sky, 1.0)
    np.testing.assert_array_equal(irradiation_map(village, *normals, sky, 1.0, threads=2), one)


def test_the_same_bits_whatever_the_number_of_lines_walked_side_by_side(village, sky, monkeypatch):
    normals = surface_normals(village, 1.0)
    wide = irradiation_map(village, *normals, sky, 1.0, reach_m=70.0)
    monkeypatch.setattr(fused_sweep, "LANES", 13)
    np.testing.assert_array_equal(irradiation_map(village, *normals, sky, 1.0, reach_m=70.0), wide)


def test_months_add_up_to_the_year(village, sky):
    normals = surface_normals(village, 1.0)
    yearly = irradiation_map(village, *normals, sky, 1.0)
    monthly = irradiation_map(village, *normals, sky, 1.0, monthly=True)
    np.testing.assert_allclose(monthly.sum(axis=2), yearly, atol=3.0)
    assert np.sqrt(np.mean((monthly.sum(axis=2) - yearly) ** 2)) < 3e-4 * yearly.mean()


def test_the_grid_may_be_turned_from_true_north(village, sky):
    """Turned by a quarter, the map of the turned surface is the turned map."""
    east, north, up = surface_normals(village, 1.0)
    straight = irradiation_map(village, east, north, up, sky, 1.0)
    # rot90 turns the picture against the clock: its top is what was east.
    turned = [np.rot90(a) for a in (village, -north, east, up)]
    found = irradiation_map(*turned, sky, 1.0, grid_turn_deg=90.0)
    # Lines meet other cells; what is left is half a cell here and there.
    assert np.abs(found - np.rot90(straight)).mean() < 0.02 * straight.mean()
    assert found.mean() == pytest.approx(straight.mean(), rel=1e-3)
    wrong = irradiation_map(*turned, sky, 1.0, grid_turn_deg=-90.0)
    assert np.abs(wrong - np.rot90(straight)).mean() > 0.05 * straight.mean()


@pytest.fixture(scope="module")
def garden():
    """Flat ground with a crown 8 m high to the south of the middle."""
    bare = np.zeros((60, 60))
    surface = bare.copy()
    surface[36:42, 25:35] = 8.0
    return surface, bare


def test_trees_let_light_through_month_by_month(garden, sky):
    surface, bare = garden
    level = np.zeros_like(bare), np.zeros_like(bare), np.ones_like(bare)
    share = np.linspace(0.05, 0.6, 12)
    options = {"monthly": True, "albedo": 0.0}
    without = irradiation_map(bare, *level, sky, 1.0, **options)
    opaque = irradiation_map(surface, *level, sky, 1.0, **options)
    crown = surface > bare
    opaque[crown] = 0.0
    found = irradiation_map(surface, *level, sky, 1.0, bare=bare, transmissivity=share, **options)
    np.testing.assert_allclose(found, share * without + (1.0 - share) * opaque, rtol=1e-4)
    shaded = found[33, 30]
    assert np.all(shaded < without[33, 30]) and np.all(shaded > share * without[33, 30])
    yearly = irradiation_map(surface, *level, sky, 1.0, bare=bare, transmissivity=share, albedo=0.0)
    np.testing.assert_allclose(found.sum(axis=2), yearly, rtol=5e-3)


def test_trees_without_leaves_hide_less(garden, sky):
    surface, bare = garden
    level = np.zeros_like(bare), np.zeros_like(bare), np.ones_like(bare)
    kept = irradiation_map(surface, *level, sky, 1.0, bare=bare, monthly=True)[33, 30]
    open_sky = irradiation_map(bare, *level, sky, 1.0, monthly=True)[33, 30]
    evergreen = irradiation_map(surface, *level, sky, 1.0, bare=bare, monthly=True, transmissivity=[0.03] * 12)[33, 30]
    assert kept[0] > evergreen[0]
    assert kept[6] == pytest.approx(evergreen[6], rel=1e-6)
    assert np.all(kept < open_sky)


def test_far_hills_take_the_low_sun(village, sky):
    normals = surface_normals(village, 1.0)
    plain = irradiation_map(village, *normals, sky, 1.0)
    hills = np.zeros(36)
    hills[15:22] = math.tan(math.radians(30.0))
    constant = irradiation_map(village, *normals, sky, 1.0, far_tangent=hills)
    assert np.all(constant <= plain + 0.01)
    assert constant.mean() < 0.98 * plain.mean()
    by_cell = np.repeat(hills[:, None, None], village.size, 1).reshape(36, *village.shape)
    np.testing.assert_array_equal(irradiation_map(village, *normals, sky, 1.0, far_tangent=by_cell), constant)
    by_cell[:, :, 64:] = 0.0
    half = irradiation_map(village, *normals, sky, 1.0, far_tangent=by_cell)
    np.testing.assert_array_equal(half, np.where(np.arange(128) < 64, constant, plain))


def test_holes_stay_holes_and_hide_nothing(village, sky):
    surface = village.copy()
    surface[50:60, 40:70] = np.nan
    normals = surface_normals(surface, 1.0)
    found = irradiation_map(surface, *normals, sky, 1.0)
    np.testing.assert_array_equal(np.isnan(found), np.isnan(surface))
    pit = np.where(np.isnan(surface), -500.0, surface)
    filled = [np.where(np.isnan(part), 0.0, part) for part in normals]
    deep = irradiation_map(pit, *filled, sky, 1.0)
    np.testing.assert_array_equal(found[~np.isnan(surface)], deep[~np.isnan(surface)])
    assert np.isnan(irradiation_map(np.full((5, 5), np.nan), *(np.zeros((5, 5)),) * 3, sky, 1.0)).all()


def rays_deg(surface, rows, cols, reach_m):
    """Horizon in 360 directions, on the surface interpolated between the centres of four cells, ten steps per cell."""
    azimuth = np.radians(np.arange(360.0))
    best = np.zeros((rows.size, 360))
    eye = surface[rows, cols][:, None]
    for step in np.arange(1.0, reach_m, 0.1):
        r = rows[:, None] - np.cos(azimuth) * step
        c = cols[:, None] + np.sin(azimuth) * step
        on = (r >= 0) & (r < surface.shape[0] - 1) & (c >= 0) & (c < surface.shape[1] - 1)
        r, c = np.where(on, r, 0.0), np.where(on, c, 0.0)
        i, j = r.astype(int), c.astype(int)
        u, v = r - i, c - j
        upper = surface[i, j] * (1 - v) + surface[i, j + 1] * v
        lower = surface[i + 1, j] * (1 - v) + surface[i + 1, j + 1] * v
        best = np.maximum(best, np.where(on, (upper * (1 - u) + lower * u - eye) / step, 0.0))
    return np.degrees(np.arctan(best))


@pytest.mark.parametrize(("n_sectors", "limit"), [(36, 0.015), (72, 0.01)])
def test_roofs_against_rays_in_360_directions(village, year, n_sectors, limit):
    east, north, up = surface_normals(village, 1.0)
    patches, _ = roof_patches(village, fit_planes(village, 1.0), 1.0)
    inside = patches > 0
    for axis in (0, 1):
        inside &= (np.roll(patches, 1, axis) > 0) & (np.roll(patches, -1, axis) > 0)
    rows, cols = np.nonzero(inside)
    chosen = np.random.default_rng(0).choice(rows.size, 120, replace=False)
    rows, cols = rows[chosen], cols[chosen]
    planes = np.array([plane_of((east, north, up), r, c) for r, c in zip(rows, cols, strict=True)]).T
    truth = plane_irradiation(
        cumulative_sky_tables(year, 360), *planes, rays_deg(village, rows, cols, 60.0), np.full(rows.size, 0.2)
    ).sum(axis=1)
    found = irradiation_map(village, east, north, up, cumulative_sky_tables(year, n_sectors), 1.0)[rows, cols]
    error = (found - truth) / truth.mean()
    assert np.sqrt(np.mean(error**2)) < limit
    unshaded = plane_irradiation(
        cumulative_sky_tables(year, 360), *planes, np.zeros((rows.size, 360)), np.full(rows.size, 0.2)
    ).sum(axis=1)
    assert np.sqrt(np.mean((unshaded - truth) ** 2)) > 3.0 * limit * truth.mean()


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"resolution_m": 0.0}, "resolution_m is 0"),
        ({"reach_m": math.inf}, "reach_m is inf"),
        ({"reach_m": 0.5}, "at least one cell"),
        ({"threads": 3}, "threads is 3"),
        ({"margin": 5}, "margin is 5"),
        ({"albedo": 1.5}, "albedo is 1.5"),
        ({"far_tangent": np.zeros(7)}, "far_tangent has shape"),
        ({"far_tangent": np.full(36, -1.0)}, "far_tangent must hold"),
        ({"surface": np.full((10, 10), np.inf)}, "surface holds a height of inf"),
        ({"surface": np.full((10, 10), 9001.0)}, "surface holds a height of 9001"),
        ({"surface": np.zeros(10)}, "surface has shape"),
        ({"up": np.ones((9, 10))}, "up has shape"),
        ({"bare": np.zeros((10, 9))}, "bare has shape"),
        ({"bare": np.zeros((10, 10)), "transmissivity": [0.5] * 11}, "transmissivity is"),
        ({"bare": np.zeros((10, 10)), "transmissivity": [1.5] * 12}, "transmissivity is"),
    ],
)
def test_bad_input_is_named(sky, change, sentence):
    ground = np.zeros((10, 10))
    arguments = {"surface": ground, "east": ground, "north": ground, "up": ground + 1.0, "resolution_m": 1.0}
    with pytest.raises(UnusableInputError, match=sentence):
        irradiation_map(tables=sky, **{**arguments, **change})
