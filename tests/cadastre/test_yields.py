"""Horizons of planes, rows for the answer, losses by sector, and the spread of a year's yield."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest
import roofs_for_tests as known
import shapely

from frugal.cadastre.roofs.segmentation import RoofPlane, segment_roofs
from frugal.cadastre.roofs.usable_area import UsableRules
from frugal.cadastre.shading.horizons import Horizons, as_bytes, elevations, plane_horizons, reduced
from frugal.cadastre.shading.plane_irradiation import compass_losses, sector_losses, yearly_irradiation
from frugal.cadastre.yields import yields
from frugal.cadastre.yields.uncertainty import YEAR_TO_YEAR, spread
from frugal.cadastre.yields.yields import ask, co2_avoided, plane_yields
from frugal.errors import UnusableInputError
from frugal.physics.solar.horizon import horizon_at_points
from frugal.physics.solar.sky import CumulativeSky, cumulative_sky_tables
from frugal.studies.solar.roof_yield.site import RoofYieldSite, SolarTerritory, sector_horizon


@pytest.fixture(scope="module")
def tables() -> CumulativeSky:
    territory = SolarTerritory(RoofYieldSite())
    return cumulative_sky_tables(territory.year, 36)


class Proportional:
    """An answer that is the irradiation of the open plane by the hundred, and remembers how many rows it was asked."""

    layout = SimpleNamespace(columns=[SimpleNamespace(low=0.0, default=None)] * 41)

    def __init__(self) -> None:
        self.asked: list[int] = []

    def __call__(self, rows: np.ndarray, extrapolate: bool = False) -> dict[str, np.ndarray]:
        self.asked.append(len(rows))
        yearly = (1000.0 - 5.0 * rows[:, 0]).astype(np.float32)
        return {
            "yearly_yield": yearly,
            "yearly_yield_lower": yearly - 10.0,
            "yearly_yield_upper": yearly + 10.0,
            "monthly_yield": np.repeat(yearly[:, None] / 12.0, 12, axis=1),
            "shading_loss": (rows[:, 2:38].mean(axis=1) / 90.0).astype(np.float32),
        }


def a_plane(**changes: float) -> RoofPlane:
    values: dict = {
        "polygon": shapely.box(0, 0, 5, 5),
        "tilt_deg": 30.0,
        "azimuth_deg": 180.0,
        "flat": False,
        "area_m2": 28.9,
        "usable_area_m2": 20.0,
        "sample_rows": np.array([0]),
        "sample_cols": np.array([0]),
        "sample_heights_m": np.array([0.0]),
        "residual_m": 0.0,
        "n_cells": 100,
        "tilt_error_deg": 0.0,
        "azimuth_error_deg": 0.0,
        "height_error_m": 0.0,
    }
    return RoofPlane(**{**values, **changes})


def test_sectors_are_those_of_the_study() -> None:
    horizon = np.random.default_rng(0).uniform(0.0, 60.0, (5, 72))
    assert reduced(horizon) == pytest.approx(sector_horizon(horizon, 36), abs=1e-12)


def test_a_horizon_is_stored_to_half_a_unit_and_stays_in_the_bounds_of_the_answer() -> None:
    horizon = np.linspace(0.0, 90.0, 1000)
    stored = as_bytes(horizon)
    assert stored.dtype == np.uint8
    inside = horizon < 84.7
    assert np.abs(elevations(stored) - horizon)[inside].max() <= 0.175 + 1e-9
    assert elevations(stored).max() <= 85.0
    assert np.array_equal(as_bytes(elevations(stored)), stored)


def test_the_wall_beside_a_roof_stands_in_its_sector_of_true_north(tables: CumulativeSky) -> None:
    plan, wall = known.box(8.0, 8.0), known.box(1.0, 40.0, 12.0)
    parts = [(plan, known.flat()), (wall, lambda along, across: np.full_like(along, 8.0))]
    surface = known.survey(parts, noise_m=0.0)
    (plane,) = segment_roofs(surface, plan)
    toward = known.faces(across=False)  # where the wall stands, 11.5 m away
    seen = plane_horizons(surface, [plane], 30.0, 0.0, tables)
    height = np.degrees(np.arctan(7.9 / 11.5))
    at = round(toward / 10.0) % 36
    assert seen.elevation_deg[0, at] == pytest.approx(height, abs=3.0)
    assert seen.elevation_deg[0, (at + 18) % 36] == 0.0
    turned = plane_horizons(surface, [plane], 30.0, 20.0, tables)
    assert np.argmax(turned.elevation_deg[0]) == (np.argmax(seen.elevation_deg[0]) + 2) % 36
    assert plane_horizons(surface, [plane], 5.0, 0.0, tables).elevation_deg.max() == 0.0
    hills = np.full(36, 7.0)
    far = plane_horizons(surface, [plane], 30.0, 0.0, tables, far_horizon_deg=hills)
    assert far.elevation_deg[0, (at + 18) % 36] == pytest.approx(7.0)
    assert far.elevation_deg[0, at] == pytest.approx(seen.elevation_deg[0, at], abs=0.8)
    # Standing 0.1 m lower one sees it higher; where there is nothing there is no error.
    assert 0.2 < seen.error_deg[0, at] < 0.7
    assert seen.error_deg[0, (at + 18) % 36] == 0.0
    assert 0.0 < seen.sample_error[0] < 0.05
    assert plane_horizons(surface, [], 30.0, 0.0, tables).stored.shape == (0, 36)


def test_horizons_do_not_depend_on_the_window(tables: CumulativeSky) -> None:
    plan, neighbour = known.box(14.0, 9.0), known.box(10.0, 8.0, 3.0, 14.0)
    parts = [(plan, known.gable(9.0, 33.0)), (neighbour, lambda along, across: 5.0 + 0.0 * along)]
    first = known.survey(parts, half_m=40.0)
    second = known.survey(parts, half_m=55.0, shift=(-9, 4))
    a = plane_horizons(first, segment_roofs(first, plan), 20.0, -1.3, tables)
    b = plane_horizons(second, segment_roofs(second, plan), 20.0, -1.3, tables)
    assert a.stored.max() > 0
    assert np.array_equal(a.stored, b.stored)
    assert np.array_equal(a.error_deg, b.error_deg)
    assert np.array_equal(a.sample_error, b.sample_error)


def test_one_horizon_lets_through_what_nine_do(tables: CumulativeSky) -> None:
    plan, wall = known.box(12.0, 9.0), known.box(14.0, 1.0, 0.0, -7.0)
    parts = [(plan, known.shed(9.0, 10.0)), (wall, lambda along, across: np.full_like(along, 6.0))]
    surface = known.survey(parts, noise_m=0.0)
    (plane,) = segment_roofs(surface, plan)
    seen = plane_horizons(surface, [plane], 30.0, 0.0, tables)
    azimuths = np.arange(72) * 5.0
    points = (plane.sample_rows, plane.sample_cols, plane.sample_heights_m)
    each = reduced(horizon_at_points(surface.heights, 0.5, *points, azimuths, 30.0))
    tilt, azimuth = np.full(9, plane.tilt_deg), np.full(9, plane.azimuth_deg)
    wanted = yearly_irradiation(tables, tilt, azimuth, each, 0.2)
    assert np.ptp(wanted) > 50.0
    given = yearly_irradiation(tables, tilt[:1], azimuth[:1], seen.elevation_deg, 0.2)[0]
    of_mean = yearly_irradiation(tables, tilt[:1], azimuth[:1], each.mean(axis=0)[None], 0.2)[0]
    assert given == pytest.approx(wanted.mean(), rel=2e-3)
    assert abs(of_mean - wanted.mean()) > 3.0 * abs(given - wanted.mean())
    assert seen.sample_error[0] == pytest.approx(wanted.std(ddof=1) / 3.0 / wanted.mean())


def test_the_answer_is_always_asked_as_many_rows() -> None:
    predictor = Proportional()
    rows = np.random.default_rng(1).uniform(0.0, 50.0, (70, 41))
    answers = ask(predictor, rows)
    assert predictor.asked == [yields._BATCH] * 3
    assert answers["yearly_yield"] == pytest.approx(1000.0 - 5.0 * rows[:, 0], rel=1e-6)
    assert len(ask(predictor, rows[:0])["monthly_yield"]) == 0


def test_columns_of_planes(tables: CumulativeSky) -> None:
    tilt, azimuth = np.array([30.0, 1.0]), np.array([180.0, 180.0])
    stored = as_bytes(np.vstack([np.zeros(36), np.full(36, 20.0)]))
    usable, flat = np.array([50.0, 100.0]), np.array([False, True])
    found = plane_yields(Proportional(), tables, tilt, azimuth, stored, usable, flat)
    assert found["power_kwp"] == pytest.approx([50 * 0.98 * 0.22, 100 * 0.7 * 0.22])
    assert found["specific_yield"] == pytest.approx([850.0, 995.0])
    assert found["yield_kwh"] == pytest.approx(found["power_kwp"] * [850.0, 995.0])
    months = sum(found[f"yield_{month:02d}_kwh"] for month in range(1, 13))
    assert months == pytest.approx(found["yield_kwh"], rel=1e-5)
    assert found["irradiation"][0] > 1400.0 > found["irradiation"][1]
    assert found["horizon"][0] == "00" * 36 and found["horizon"][1] == f"{round(20 / 0.35):02x}" * 36
    assert found["relative_interval"] == pytest.approx([20 / 850, 20 / 995])
    assert found["co2_avoided_kg"] == pytest.approx(found["yield_kwh"] * co2_avoided().kg_per_kwh)
    twice = UsableRules(power_per_m2_kwp=0.44)
    more = plane_yields(Proportional(), tables, tilt, azimuth, stored, usable, flat, rules=twice)
    assert more["yield_kwh"] == pytest.approx(2.0 * found["yield_kwh"])


def test_co2_has_a_source_and_a_meaning_in_both_languages() -> None:
    french = co2_avoided()
    assert 0.01 < french.kg_per_kwh < 0.1
    assert french.kg_per_kwh < co2_avoided("NLD").kg_per_kwh
    assert french.source and set(french.meaning) == {"en", "fr"}
    with pytest.raises(UnusableInputError, match="XXX"):
        co2_avoided("XXX")


def test_losses_of_sectors_add_up(tables: CumulativeSky) -> None:
    random = np.random.default_rng(2)
    tilt, azimuth = random.uniform(0.0, 50.0, 6), random.uniform(0.0, 360.0, 6)
    horizon = random.uniform(0.0, 40.0, (6, 36))
    losses = sector_losses(tables, tilt, azimuth, horizon)
    behind = yearly_irradiation(tables, tilt, azimuth, horizon, 0.2)
    unobstructed = yearly_irradiation(tables, tilt, azimuth, np.zeros((6, 36)), 0.2)
    assert losses.sum(axis=1) == pytest.approx(1.0 - behind / unobstructed)
    assert losses.min() >= 0.0
    north, south = losses[:, [0, 1, 35]].sum(), losses[:, [17, 18, 19]].sum()
    assert south > north


def test_losses_toward_the_compass(tables: CumulativeSky) -> None:
    horizon = np.zeros((2, 36))
    horizon[0, 9], horizon[1, 20] = 30.0, 30.0  # toward 90° and toward 200°
    losses = compass_losses(tables, np.full(2, 20.0), np.full(2, 180.0), horizon)
    assert list(losses) == [f"shading_loss_{name}" for name in ("n", "ne", "e", "se", "s", "sw", "w", "nw")]
    assert losses["shading_loss_e"][0] > 0.005 and losses["shading_loss_s"][1] > 0.01
    for name, loss in losses.items():
        hidden = {"shading_loss_e": [True, False], "shading_loss_s": [False, True]}.get(name, [False, False])
        np.testing.assert_array_equal(loss > 1e-9, hidden)
    whole = sector_losses(tables, np.full(2, 20.0), np.full(2, 180.0), horizon).sum(axis=1)
    assert sum(losses.values()) == pytest.approx(whole)


def test_tables_of_other_sectors_give_nearly_the_same(tables: CumulativeSky) -> None:
    finer = cumulative_sky_tables(SolarTerritory(RoofYieldSite()).year, 72)
    horizon = np.repeat([[5.0, 15.0, 25.0, 10.0]], 9, axis=1).reshape(1, 36)
    first = yearly_irradiation(tables, np.array([25.0]), np.array([160.0]), horizon, 0.2)
    second = yearly_irradiation(finer, np.array([25.0]), np.array([160.0]), horizon, 0.2)
    assert second == pytest.approx(first, rel=0.01)


def test_without_errors_only_the_weather_is_left(tables: CumulativeSky) -> None:
    nothing = Horizons(np.zeros((1, 36), dtype=np.uint8), np.zeros((1, 36)), np.zeros(1))
    found = spread(tables, [a_plane()], np.array([180.0]), nothing, np.zeros(1))
    assert found.total == pytest.approx([YEAR_TO_YEAR])
    assert found.low == pytest.approx([1.0 - 1.2816 * YEAR_TO_YEAR])
    low, high = found.p10_p90(np.array([1000.0]))
    assert low + high == pytest.approx([2000.0])
    apart = spread(tables, [a_plane()], np.array([180.0]), nothing, np.zeros(1), of_place=0.03)
    assert apart.total == pytest.approx([0.05])  # of 3 and 4 %, as the sides of a triangle
    assert apart.p10_p90(np.array([1000.0])) == (pytest.approx([935.92]), pytest.approx([1064.08]))
    promised = spread(tables, [a_plane()], np.array([180.0]), nothing, np.array([0.1]))
    assert promised.answer == pytest.approx([0.1 / 2 / 1.6449])
    assert promised.total > found.total


def test_linear_propagation_is_what_drawing_gives(tables: CumulativeSky) -> None:
    plane = a_plane(tilt_deg=40.0, tilt_error_deg=1.5, azimuth_error_deg=2.0)
    horizon = np.where(np.abs(np.arange(36) - 15) < 4, 25.0, 5.0)[None]
    horizons = Horizons(as_bytes(horizon), np.full((1, 36), 1.5), np.zeros(1))
    found = spread(tables, [plane], np.array([130.0]), horizons, np.zeros(1), year_to_year=0.0)
    random = np.random.default_rng(3)
    n = 4000
    light = yearly_irradiation(
        tables,
        40.0 + 1.5 * random.standard_normal(n),
        130.0 + 2.0 * random.standard_normal(n),
        np.clip(horizons.elevation_deg + 1.5 * random.standard_normal((n, 1)), 0.0, 90.0),
        0.2,
    )
    assert found.total[0] == pytest.approx(light.std() / light.mean(), rel=0.1)
