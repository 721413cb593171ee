"""Sites of estuaries: what they refuse, and what they become."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from frugal.errors import UnusableInputError
from frugal.experiments.study.site import build_site
from frugal.physics.estuary.carrying import simulate_carried
from frugal.physics.estuary.network import layout_of
from frugal.studies.estuary.drawing import draw
from frugal.studies.estuary.place.course import course_of, lines_of, points_of
from frugal.studies.estuary.place.from_site import (
    along,
    carrying_of,
    deepened,
    distance_to_sea_km,
    driving_of,
    estuary_of,
    heads,
    sea_of,
    way_to_sea,
)
from frugal.studies.estuary.place.site import EstuarySite, SiteReach
from frugal.studies.estuary.state.estuary import deepening_bounds_m, inputs_of, notes_of
from frugal.studies.estuary.state.runs import CYCLE_S, steady_salt

LINE = ((-1.0, 45.5), (-0.8, 45.2))


def reach(name: str, seaward: str, landward: str, **more: Any) -> dict[str, Any]:
    given = {
        "distance_km": (0.0, 20.0),
        "depth_m": (8.0, 6.0),
        "width_m": (1000.0, 250.0),
        "friction": 0.02,
        "line": LINE,
    }
    return {"name": name, "seaward": seaward, "landward": landward, **given, **more}


def site(**more: Any) -> EstuarySite:
    """A trunk of 20 km with two arms."""
    given: dict[str, Any] = {
        "name": "small",
        "reach": (reach("trunk", "sea", "fork"), reach("left", "fork", "mill"), reach("right", "fork", "weir")),
        "mouth": ({"place": "sea", "tide": {"M2": (1.0, 30.0)}, "mean_level_m": 0.2},),
        "river": ({"place": "mill", "name": "brook", "flow_m3_s": (5.0, 600.0), "mean_flow_m3_s": 50.0},),
        "gauge": ({"name": "bridge", "reach": "left", "km": 5.0},),
    }
    made = build_site(EstuarySite, {**given, **more})
    assert isinstance(made, EstuarySite)
    return made


@pytest.mark.parametrize(
    ("more", "told"),
    [
        ({"gauge": ({"name": "far", "reach": "left", "km": 21.0},)}, "'far' lies at 21 km of reach 'left'.*20 km long"),
        ({"gauge": ({"name": "far", "reach": "lift", "km": 1.0},)}, "'far' lies on reach 'lift'; reaches are trunk, left"),
        ({"mouth": ({"place": "sea"},)}, "mouth 'sea' needs a station of the table of constituents, or a tide of its own"),
        ({"mouth": ({"place": "sea", "station": "Brest"},)}, "station 'Brest' needs the setting 'constituents'"),
        ({"dredged": "lift"}, "dredged = 'lift' is no reach"),
        ({"reach": (reach("trunk", "sea", "fork", distance_km=(0.0, 5.0, 20.0)),)}, "depth_m of reach 'trunk' has 2 values"),
        ({"reach": (reach("trunk", "sea", "fork", distance_km=(1.0, 20.0)),)}, "must rise from 0"),
        ({"reach": (reach("trunk", "sea", "fork", width_m=(10.0, 0.0)),)}, "width_m of reach 'trunk' must be above 0"),
        ({"reach": (reach("trunk", "sea", "fork", line=((45.0, -91.0), (0.0, 0.0))),)}, "degrees of longitude and latitude"),
        ({"reach": (reach("trunk", "sea", "fork"), reach("trunk", "fork", "x"))}, "'trunk' stands there twice"),
        ({"river": ({"place": "mill", "name": "a b", "flow_m3_s": (1.0, 2.0), "mean_flow_m3_s": 1.0},)}, "becomes an input"),
        ({"load": ({"name": "city", "reach": "left", "km": 1.0, "other_reach": "left"},)}, "both other_reach and other_km"),
        ({"reach": (reach("trunk", "sea", "fork"), reach("left", "village", "mill"))}, "'left' begins at 'village'"),
        ({"reach": (reach("trunk", "sea", "mill"), reach("left", "mill", "sea"))}, "'left' runs from 'mill' to 'sea'"),
        ({"reach": (reach("trunk", "sea", "mill"), reach("left", "mill", "mill"))}, "'left' runs from 'mill' to 'mill'"),
        ({"reach": (reach("left", "sea", "x"), reach("b", "x", "mill"), reach("c", "mill", "x"))}, "goes on in another"),
        ({"mouth": ({"place": "see", "tide": {"M2": (1.0, 30.0)}},)}, "mouth 'see' is at place 'see'.*places are sea, fork"),
        ({"mouth": ({"place": "sea", "tide": {}},)}, "mouth 'sea' needs a station .* or a tide of its own"),
        ({"river": ({"place": "sea", "name": "a", "flow_m3_s": (1.0, 2.0), "mean_flow_m3_s": 1.0},)}, "which is a mouth"),
        ({"river": ({"place": "mill", "name": "a", "flow_m3_s": (1.0, 2.0), "mean_flow_m3_s": 3.0},)}, "= 3; 1 to 2 is needed"),
        # 600 000 l/s through 20 km of 250 m by 6 m, or 1000 m by 8 m at its seaward end
        ({"river": ({"place": "mill", "name": "a", "flow_m3_s": (5e3, 6e5), "mean_flow_m3_s": 5e4},)}, "is 75 m/s in"),
        ({"reach": (reach("left", "sea", "mill", depth_m=(-8.0, -6.0)),)}, "is -8 m at the mouth 'sea'; above 0 is needed"),
        ({"reach": (reach("left", "sea", "mill", depth_m=(800.0, 600.0)),)}, "less than or equal to 500"),
        ({"reach": (reach("left", "sea", "mill", storage_width_m=(900.0, 300.0)),)}, "900 m where width_m is 1000 m"),
        # 12 degrees of longitude at 45 degrees of latitude
        ({"reach": (reach("left", "sea", "mill", line=((-1.0, 45.0), (11.0, 45.0))),)}, "is 944 km long, and"),
        ({"reach": (reach("left", "sea", "mill", friction=40.0),)}, "'left' is 40; with friction_law 'manning' 0 to"),
        ({"reach": (reach("left", "sea", "mill", frictoin=1.0),)}, r"allowed: name, seaward.*did you mean 'friction'\?"),
        ({"reach": (reach("left", "sea", "mill", width_m=(1.0, 0.0)),)}, r"^setting 'reach.0': width_m of reach"),
        ({"cell_m": 1.0}, "'cell_m' = 1.0.*greater than or equal to 20"),
    ],
)  # fmt: skip
def test_what_cannot_be_meant_is_told_in_one_sentence(more: dict[str, Any], told: str) -> None:
    with pytest.raises(UnusableInputError, match=told):
        site(**more)


def test_a_site_file_in_latin_1_is_told_as_such(tmp_path: Path) -> None:
    path = tmp_path / "site.toml"
    path.write_bytes('source = "carte lue à la main"\n'.encode("latin-1"))
    with pytest.raises(UnusableInputError, match=r"not encoded in UTF-8 \(byte 20: 0xe0\)"):
        build_site(EstuarySite, {}, path)


def test_an_unknown_place_is_told() -> None:
    with pytest.raises(UnusableInputError, match="does not come with the program; allowed: gironde"):
        build_site(EstuarySite, {"place": "girond"})


def test_tables_of_constituents_are_found_beside_the_site_file(tmp_path: Path) -> None:
    (tmp_path / "tide.csv").write_text("constituent,amplitude_m,phase_deg\nM2,1.5,40\n")
    toml = """constituents = "tide.csv"
[[reach]]
name = "only"
seaward = "sea"
landward = "weir"
distance_km = [0, 10]
depth_m = [5, 5]
width_m = [100, 100]
friction = 0.02
line = [[0, 45], [0.1, 45]]
[[mouth]]
place = "sea"
station = ""
"""
    (tmp_path / "site.toml").write_text(toml.replace('station = ""', 'station = "x"'))
    made = build_site(EstuarySite, {}, tmp_path / "site.toml")
    assert isinstance(made, EstuarySite)
    assert made.constituents == tmp_path / "tide.csv"
    with pytest.raises(UnusableInputError, match="no column 'station'"):
        sea_of(made, made.mouth[0])


def test_widths_are_geometric_and_depths_straight_between_knots() -> None:
    one = site().reach[0]
    np.testing.assert_allclose(along(one, one.depth_m, np.array([10.0])), [7.0])
    np.testing.assert_allclose(along(one, one.width_m, np.array([10.0]), geometric=True), [500.0])
    estuary = estuary_of(site())
    trunk = estuary.reach("trunk")
    assert np.interp(10_000.0, trunk.distance_m, trunk.width_m) == pytest.approx(500.0)
    assert np.interp(10_000.0, trunk.distance_m, trunk.bed_m) == pytest.approx(-7.0)


def test_flats_store_and_do_not_convey() -> None:
    flats = site(reach=(reach("trunk", "sea", "fork", storage_width_m=(3000.0, 500.0)),), gauge=(), river=())
    trunk = estuary_of(flats).reach("trunk")
    assert np.asarray(trunk.width_m)[0] == pytest.approx(3000.0)
    assert np.asarray(trunk.flowing_width_m)[0] == pytest.approx(1000.0)


def test_dredging_changes_what_lies_between_two_places_and_never_dries_it() -> None:
    estuary = estuary_of(site())
    deeper = deepened(estuary, "trunk", 1.5, 5.0, 10.0)
    before, after = (np.asarray(e.reach("trunk").bed_m) for e in (estuary, deeper))
    km = np.asarray(estuary.reach("trunk").distance_m) / 1e3
    np.testing.assert_allclose(before - after, np.where((km >= 5.0) & (km <= 10.0), 1.5, 0.0))
    with pytest.raises(
        UnusableInputError, match=r"a change of depth of -5.9 m leaves 0.1 m below mean sea level at 20 km"
    ):
        deepened(estuary, "trunk", -5.9)
    with pytest.raises(UnusableInputError, match="from 25 to 30 km of reach 'trunk', which is 20 km long"):
        deepened(estuary, "trunk", 1.0, 25.0, 30.0)


def test_ways_to_the_sea() -> None:
    small = site()
    assert [part.name for part in way_to_sea(small, "right")] == ["trunk", "right"]
    assert distance_to_sea_km(small, "right", 3.0) == 23.0
    assert heads(small) == ("left", "right")
    course = course_of(small, layout_of(estuary_of(small), 1000.0), "left")
    np.testing.assert_allclose(course.distance_m, np.arange(41) * 1000.0)


def test_tides_of_dates_hold_what_the_constituents_predict() -> None:
    small = site()
    begin = 1_700_000_000.0
    dated = sea_of(
        small, small.mouth[0], 1.0, np.array([begin, begin + 3600.0]), (np.array([0.0, 3e9]), np.array([0.5, 0.5]))
    )
    assert dated.series is not None
    times, levels = dated.series
    assert dated.mean_m == 0.2
    assert times[-1] >= 3600.0
    assert np.abs(levels - 0.5).max() < 1.06  # M2 of 1 m, its nodal factor at most 1.04
    undated = sea_of(small, small.mouth[0], 0.5)
    assert undated.amplitudes_m == [0.5]
    np.testing.assert_allclose(undated.speeds_rad_s, [2.0 * np.pi / (12.4206012 * 3600.0)], rtol=1e-6)


def test_places_lie_on_the_lines() -> None:
    small = site()
    points, lines = points_of(small, small.gauge), lines_of(small)
    assert points.crs == lines.crs == "EPSG:32630"
    x, y = lines.places()
    assert len(x) == 33
    first, last = np.array([x[11], y[11]]), np.array([x[21], y[21]])  # the ends of the left arm
    np.testing.assert_allclose([points.x[0], points.y[0]], first + 0.25 * (last - first), atol=1.0)


def test_lines_count_in_the_length_of_their_reach() -> None:
    """A course of 10 km drawn as one of 5: half-way is half-way, and what stands in files reads back."""
    from frugal.experiments.study import Lines
    from frugal.experiments.study.geometry import describe_geometry, read_geometry

    drawn = Lines("EPSG:2154", {"a": ((0.0, 0.0), (5000.0, 0.0))}, {"a": (0.0, 5000.0, 10_000.0)}, {"a": 10_000.0})
    assert drawn.places()[0] == (0.0, 2500.0, 5000.0)
    assert drawn.names[1] == "a@5000"
    assert read_geometry(describe_geometry(drawn)) == drawn
    plain = Lines("EPSG:2154", {"a": ((0.0, 0.0), (5000.0, 0.0))}, {"a": (0.0, 2500.0)})
    assert "lengths" not in describe_geometry(plain)
    for lengths, told in (
        ({"b": 1.0}, "a length for 'b'"),
        ({"a": 0.0}, "a length of 0"),
        ({"a": 9e3}, "a place at 10000"),
    ):
        with pytest.raises(UnusableInputError, match=told):
            Lines("EPSG:2154", {"a": ((0.0, 0.0), (5000.0, 0.0))}, {"a": (0.0, 10_000.0)}, lengths)


def test_draws_spread_discharges_over_their_logarithms() -> None:
    variables = inputs_of(site())
    rows = draw(variables, 64, 3).inputs
    assert rows[:, 0].min() >= 5.0 and rows[:, 0].max() <= 600.0
    assert np.median(rows[:, 0]) == pytest.approx((5.0 * 600.0) ** 0.5, rel=0.1)


def test_where_a_site_of_ones_own_begins_is_told() -> None:
    (found,) = [note for note in notes_of(site()) if "begins" in note["en"]]
    assert found == {
        "en": "the first reach begins at latitude 45.50°, longitude -1.00°",
        "fr": "le premier bief commence à la latitude 45,50°, longitude -1,00°",
    }


def test_unknown_rivers_are_told() -> None:
    with pytest.raises(UnusableInputError, match="river 'brok' is none of the site's: brook; did you mean 'brook'"):
        driving_of(site(), {"brok": 10.0})


@pytest.mark.slow
def test_salt_starts_where_it_would_settle() -> None:
    """Four more cycles move the limit by less than 1 km, where from fresh water it would still be far behind."""
    brook = {"place": "weir", "name": "brook", "flow_m3_s": (5.0, 600.0), "mean_flow_m3_s": 60.0}
    trunk = reach("trunk", "sea", "weir", distance_km=(0.0, 60.0))
    salt = {"van_den_burgh": None, "least_m2_s": 100.0}
    small = site(reach=(trunk,), gauge=(), salt=salt, river=(brook,))
    layout = layout_of(estuary_of(small), 1000.0)
    carrying = carrying_of(small, {})
    run = simulate_carried(layout, driving_of(small), carrying, CYCLE_S, 3600.0)
    start = steady_salt(small, run, {})
    assert run.tide is not None
    again = simulate_carried(
        layout, driving_of(small, ramp_s=0.0), carrying_of(small, {}, start={"salt": start}), 5 * CYCLE_S, 3600.0, 4 * CYCLE_S,
        CYCLE_S, run.tide.end,
    )  # fmt: skip
    slots = layout.slots("trunk")
    mean = again.concentrations["salt"][:, slots].mean(axis=0)
    km = layout.cells.distance[slots] / 1e3
    limits = [float(km[np.argmax(salt < 2.0)]) for salt in (start[slots], mean)]
    assert 5.0 < limits[0] < 55.0
    assert abs(limits[0] - limits[1]) <= 2.0


def test_knots_say_how_long_a_reach_is() -> None:
    assert SiteReach.model_validate(reach("a", "b", "c")).length_km == 20.0


@pytest.mark.parametrize(("depth_m", "low"), [((8.0, 6.0), -1.0), ((8.0, 1.2), -0.7), ((8.0, -3.0), 0.0)])
def test_no_more_silting_may_be_asked_than_leaves_half_a_metre(depth_m: tuple[float, float], low: float) -> None:
    one = site(reach=(reach("left", "sea", "mill", depth_m=depth_m),))
    assert deepening_bounds_m(one) == pytest.approx((low, 2.0))
    if low < 0.0:
        assert float(np.max(deepened(estuary_of(one), "left", low).reach("left").bed_m)) <= -0.5 + 1e-9
