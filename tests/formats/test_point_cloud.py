"""Point clouds: known points land in known cells, windows agree to the bit, and each unusable file is told why."""

import datetime
import struct

import laspy
import numpy as np
import pytest
from clouds_for_tests import SOUTH, WEST, write_cloud, write_octree

from frugal.errors import UnusableInputError
from frugal.formats.point_clouds import blocks as point_blocks
from frugal.formats.point_clouds.surfaces import (
    gap_for,
    note_on_voids,
    point_cloud_header,
    surfaces_from_points,
    system_of_clouds,
)


def window(east: float, north: float, west: float = 0.0, south: float = 0.0) -> tuple[float, float, float, float]:
    return WEST + west, SOUTH + south, WEST + east, SOUTH + north


def carpet(east: float, north: float, height: float = 10.0, step: float = 1.0) -> np.ndarray:
    """One point in the middle of each square of a flat place."""
    x, y = (grid.ravel() for grid in np.meshgrid(np.arange(step / 2, east, step), np.arange(step / 2, north, step)))
    return np.column_stack([x, y, np.full(x.size, height)])


def test_header_tells_what_the_file_holds(tmp_path):
    flown = (datetime.datetime(2021, 5, 30) - datetime.datetime(1980, 1, 6)).total_seconds() - 1e9
    points = np.array([[0.0, 0.0, 5.0], [10.0, 20.0, 9.0]])
    info = point_cloud_header(write_cloud(tmp_path / "a.laz", points, [2, 6], "EPSG:2154+5720", gps_time=flown))
    assert info.bounds == pytest.approx((WEST, SOUTH, WEST + 10, SOUTH + 20))
    assert (info.crs, info.vertical_unit, info.point_count, info.classified) == ("EPSG:2154", "metre", 2, True)
    assert (info.lowest_m, info.highest_m, info.octree) == (5.0, 9.0, False)
    assert (info.surveyed, info.vintage) == (datetime.date(2021, 5, 30), "2021-05-30")
    assert info.density_per_m2 == pytest.approx(0.01)


def test_seconds_of_the_week_are_no_date(tmp_path):
    info = point_cloud_header(write_cloud(tmp_path / "a.las", carpet(2, 2), 1, None, 1, gps_time=228_671.0))
    assert info.surveyed is None
    assert info.vintage == info.created.isoformat()
    assert (info.crs, info.classified, info.vertical_unit) == (None, False, None)


@pytest.mark.parametrize("name", ["a.las", "a.laz"])
def test_highest_return_of_each_cell_and_the_same_without_vegetation(tmp_path, name):
    points = np.array(
        [
            [0.2, 0.2, 1.0],  # ground under a tree, in the cell of the corner
            [0.3, 0.3, 9.0],  # the tree
            [0.4, 0.4, 99.0],  # a bird, classed as noise
            [1.5, 0.5, 6.0],  # a roof
            [1.6, 0.6, 30.0],  # a wire over it
            [0.5, 1.5, 2.0],
            [1.0, 1.0, 3.0],  # on the edge: belongs to the cell to the north and east
        ]
    )
    path = write_cloud(tmp_path / name, points, [2, 5, 7, 6, 14, 2, 1])
    result = surfaces_from_points([path], window(2, 2), 1.0)
    np.testing.assert_array_equal(result.surface.heights, [[2, 3], [9, 6]])
    np.testing.assert_array_equal(result.bare.heights, [[2, 3], [1, 6]])
    np.testing.assert_array_equal(result.roof_class, [[False, False], [False, True]])
    assert (result.points, result.filled_m2, result.missing_m2, result.notes) == (5, 0, 0, ())
    model = result.surface
    assert (model.x_min, model.y_max, model.resolution_m) == (WEST, SOUTH + 2, 1.0)
    assert (model.crs, model.source) == ("EPSG:2154", name)


def test_withheld_points_and_absurd_heights_do_not_count(tmp_path):
    points = np.array([[0.5, 0.5, 3.0], [0.5, 0.5, 20.0], [0.5, 0.5, 20_000.0], [1.5, 1.5, 4.0]])
    path = write_cloud(tmp_path / "a.laz", points, 2, withheld=[0, 1, 0, 0])
    result = surfaces_from_points([path], window(2, 2), 1.0)
    assert result.surface.heights[1, 0] == 3.0
    assert result.points == 2
    assert result.roof_class is None


def test_without_vegetation_classes_unclassified_points_high_above_the_ground_are_vegetation(tmp_path):
    ground = carpet(30, 30, 1.0)
    ground = ground[~((ground[:, 0] > 14) & (ground[:, 0] < 17) & (ground[:, 1] > 14) & (ground[:, 1] < 17))]
    roof = carpet(6, 6, 8.0)
    unclassified = np.array([[15.5, 15.5, 7.0], [20.5, 20.5, 2.5], [3.5, 3.5, 9.5], [25.5, 5.5, 12.0]])
    points = np.concatenate([ground, roof, unclassified])
    classes = np.repeat([2, 6, 1], [len(ground), len(roof), len(unclassified)])
    result = surfaces_from_points([write_cloud(tmp_path / "a.laz", points, classes)], window(30, 30), 1.0)
    surface, bare = result.surface.heights[::-1], result.bare.heights[::-1]
    assert [surface[15, 15], surface[20, 20], surface[3, 3], surface[5, 25]] == [7.0, 2.5, 9.5, 12.0]
    # The crown without ground below goes by the ground around it; the car and the chimney stay.
    assert [bare[15, 15], bare[20, 20], bare[3, 3], bare[5, 25]] == [1.0, 2.5, 9.5, 1.0]
    assert result.vegetation_by_height
    assert "unclassified" in result.notes[0]
    # The same points in a file that has vegetation elsewhere are no vegetation.
    points, classes = np.vstack([points, [29.5, 29.5, 1.2]]), np.append(classes, 3)
    told = surfaces_from_points([write_cloud(tmp_path / "b.laz", points, classes)], window(30, 30), 1.0)
    assert told.bare.heights[::-1][15, 15] == 7.0
    assert not told.vegetation_by_height


def test_a_file_without_classes_has_one_surface_and_says_so(tmp_path):
    points = np.vstack([carpet(5, 5), [2.5, 2.5, 30.0]])
    result = surfaces_from_points([write_cloud(tmp_path / "a.laz", points, 0)], window(5, 5), 1.0)
    np.testing.assert_array_equal(result.bare.heights, result.surface.heights)
    assert "no classes at all in a.laz" in result.notes[0]


def test_small_gaps_are_closed_and_wide_ones_stay_and_are_told(tmp_path):
    points = carpet(40, 40)
    points[:, 2] = 10.0 + 0.1 * np.floor(points[:, 0])
    x, y = points[:, 0], points[:, 1]
    slit = (x > 10) & (x < 13)  # 3 m wide
    pond = (x > 20) & (x < 30) & (y > 20) & (y < 30)
    result = surfaces_from_points([write_cloud(tmp_path / "a.laz", points[~slit & ~pond])], window(40, 40), 1.0)
    heights = result.surface.heights[::-1]
    np.testing.assert_allclose(heights[:, 10:13], np.tile([11.0, 11.1, 11.2], (40, 1)), atol=1e-12)
    assert np.isnan(heights[24:26, 24:26]).all()
    assert np.isfinite(heights[~np.pad(np.ones((10, 10), bool), ((20, 10), (20, 10)))]).all()
    missing = np.isnan(heights).sum()
    assert result.missing_m2 == missing > 70
    assert result.filled_m2 == 3 * 40 + 100 - missing
    assert result.covered_m2 == pytest.approx(40 * 40, rel=0.06)  # from the first point to the last
    told = note_on_voids(result.covered_m2, result.missing_m2, 3.0, 1.0)
    assert told.startswith(f"{missing} m² (")
    assert "gaps wider than 3 m" in told
    assert note_on_voids(1000.0, 4.0, 3.0, 1.0) is None


def test_a_wall_in_a_gap_stays_a_wall(tmp_path):
    points = carpet(12, 6)
    points[points[:, 0] > 6, 2] = 20.0
    gap = (points[:, 0] > 5) & (points[:, 0] < 8)
    classes = np.where(points[:, 0] > 6, 6, 2)
    path = write_cloud(tmp_path / "a.laz", points[~gap], classes[~gap])
    result = surfaces_from_points([path], window(12, 6), 1.0)
    np.testing.assert_array_equal(result.surface.heights[3, 3:10], [10, 10, 10, 10, 20, 20, 20])
    assert not result.roof_class[:, :8].any()
    assert result.roof_class[:, 8:].all()


@pytest.fixture
def rough(tmp_path):
    """Two files of a rough place that overlap, with holes; AHN's classes in one, IGN's in the other."""
    random = np.random.default_rng(7)
    paths = []
    for name, shift, choice in (("one.laz", 0.0, [1, 2, 6, 7]), ("two.laz", 55.0, [1, 2, 5, 6])):
        points = np.column_stack([random.uniform(shift, shift + 60, 9000), random.uniform(0, 50, 9000), np.empty(9000)])
        points[:, 2] = 20 + random.gamma(1.0, 3.0, 9000)
        paths.append(write_cloud(tmp_path / name, points, random.choice(choice, 9000)))
    return paths


def test_windows_agree_to_the_last_bit(rough, monkeypatch):
    monkeypatch.setattr(point_blocks, "_POINTS_PER_BLOCK", 1000)
    whole = surfaces_from_points(rough, window(115, 50), 0.5)
    assert np.isnan(whole.surface.heights).any()
    for west, south, east, north in ((0, 0, 57.3, 50), (52.1, 11.7, 115, 50), (50, 20, 62, 30), (30, 3, 31, 4)):
        part = surfaces_from_points(rough, window(east, north, west, south), 0.5)
        rows = slice(round((whole.surface.y_max - part.surface.y_max) * 2), None)
        cols = slice(round((part.surface.x_min - whole.surface.x_min) * 2), None)
        shape = tuple(slice(n) for n in part.surface.heights.shape)
        for one, other in (
            (whole.surface.heights, part.surface.heights),
            (whole.bare.heights, part.bare.heights),
            (whole.roof_class, part.roof_class),
        ):
            np.testing.assert_array_equal(one[rows, cols][shape], other)
    assert surfaces_from_points(rough[::-1], window(115, 50), 0.5).surface.sha256 == whole.surface.sha256


def test_later_windows_read_only_the_blocks_they_touch(tmp_path, monkeypatch):
    monkeypatch.setattr(point_blocks, "_POINTS_PER_BLOCK", 1000)
    path = write_cloud(tmp_path / "a.laz", carpet(200, 100)[np.argsort(carpet(200, 100)[:, 0], kind="stable")])
    read = []
    monkeypatch.setattr(
        point_blocks, "_block", lambda *given, own=point_blocks._block: read.append(given) or own(*given)
    )
    first = surfaces_from_points([path], window(200, 100), 1.0)
    assert len(read) == 20
    read.clear()
    part = surfaces_from_points([path], window(105, 100, 95), 1.0)
    assert 0 < len(read) <= 6
    np.testing.assert_array_equal(part.surface.heights, first.surface.heights[:, 95:105])
    # A file that has changed is read anew.
    write_cloud(path, carpet(200, 100, 77.0))
    assert surfaces_from_points([path], window(105, 100, 95), 1.0).surface.heights.min() == 77.0


def test_octree_files_are_read_by_window(tmp_path, monkeypatch):
    random = np.random.default_rng(3)

    def cube(number: int, low: float, high: float) -> np.ndarray:
        return np.column_stack([random.uniform(low, high, (number, 2)), random.uniform(0, 64, number)])

    root, near, far = cube(50_000, 0, 127.9), cube(50_000, 0, 63.9), cube(20_000, 64, 127.9)
    nodes = [((0, 0, 0, 0), root, 2), ((1, 0, 0, 0), near, 6), ((1, 1, 1, 0), far, 5)]
    octree = write_octree(tmp_path / "a.copc.laz", nodes, 128.0)
    assert point_cloud_header(octree).octree
    plain = write_cloud(
        tmp_path / "a.laz",
        np.concatenate([root, near, far]),
        np.repeat([2, 6, 5], [50_000, 50_000, 20_000]),
    )
    sizes = []
    monkeypatch.setattr(
        point_blocks, "_nodes", lambda *given, own=point_blocks._nodes: sizes.append(given) or own(*given)
    )
    corner = window(20, 20)
    one, other = surfaces_from_points([octree], corner, 0.5), surfaces_from_points([plain], corner, 0.5)
    np.testing.assert_array_equal(one.surface.heights, other.surface.heights)
    assert one.points == other.points > 5000
    assert sorted({node.point_count for given in sizes for node in given[1]}) == [50_000]
    everything = window(128, 128)
    assert (
        surfaces_from_points([octree], everything, 0.5).surface.sha256
        == surfaces_from_points([plain], everything, 0.5).surface.sha256
    )


def test_a_window_without_points_is_unknown(tmp_path):
    result = surfaces_from_points([write_cloud(tmp_path / "a.laz", carpet(5, 5))], window(600, 600, 500, 500), 1.0)
    assert np.isnan(result.surface.heights).all()
    assert (result.points, result.missing_m2) == (0, 0)


def test_sparse_surveys_close_wider_gaps(tmp_path):
    dense = point_cloud_header(write_cloud(tmp_path / "dense.laz", carpet(20, 20, step=0.5)))
    sparse = point_cloud_header(write_cloud(tmp_path / "sparse.laz", carpet(20, 20, step=2.0)))
    assert gap_for([dense]) == 3.0
    assert gap_for([dense, sparse]) == pytest.approx(4 * 18 / 10)


def test_the_system_comes_from_the_files_then_the_user_then_the_footprints(tmp_path):
    silent = point_cloud_header(write_cloud(tmp_path / "a.laz", carpet(2, 2), crs=None))
    stated = point_cloud_header(write_cloud(tmp_path / "b.laz", carpet(2, 2)))
    assert system_of_clouds([stated]) == ("EPSG:2154", None)
    assert system_of_clouds([silent, stated])[0] == "EPSG:2154"
    crs, note = system_of_clouds([silent], footprints="EPSG:2154")
    assert crs == "EPSG:2154"
    assert "a.laz' has no coordinate system; taken as the footprints': EPSG:2154" in note
    assert "the one named" in system_of_clouds([silent], "2154", footprints="EPSG:28992")[1]
    with pytest.raises(UnusableInputError, match="has no coordinate system, and there is none to take"):
        system_of_clouds([silent])
    with pytest.raises(UnusableInputError, match=r"lies at easting .* EPSG:28992 .* is not used"):
        system_of_clouds([silent], "EPSG:28992")
    with pytest.raises(UnusableInputError, match=r"b.laz' is in EPSG:2154, the one named in EPSG:3946"):
        system_of_clouds([stated], "EPSG:3946")
    with pytest.raises(UnusableInputError, match="coordinate system 'nonsense' is unknown"):
        system_of_clouds([silent], "nonsense")
    with pytest.raises(UnusableInputError, match="whose metres are not those of the ground there"):
        system_of_clouds([silent], "EPSG:3857")


@pytest.mark.parametrize(
    ("crs", "told"),
    [
        ("EPSG:2154+6360", "heights of point cloud .* are in US survey foot; metres are needed"),
        ("EPSG:2154+8228", "heights of point cloud .* are in foot; metres are needed"),
        ("EPSG:2225", "is not in metres .*US survey foot"),
        ("EPSG:4326", "is in degrees"),
        ("EPSG:3857", r"EPSG:3857\), whose metres are not those of the ground there: .*EPSG:2154"),
        ("EPSG:28992", "EPSG:28992 .* is not used; its coordinates or its coordinate system are wrong"),
    ],
)
def test_units_and_places_that_cannot_be_are_refused(tmp_path, crs, told):
    path = write_cloud(tmp_path / "a.laz", carpet(2, 2), crs=crs)
    with pytest.raises(UnusableInputError, match=told):
        point_cloud_header(path)


@pytest.mark.parametrize(
    ("key", "value", "told"),
    [
        (4099, 9003, "heights of .* are in US survey foot"),
        (4099, 9002, "heights of .* are in foot"),
        (4096, 6360, "heights of .* are in US survey foot"),
        (3076, 9003, "a.laz' is in US survey foot"),
        (4099, 9001, None),
        (4096, 5720, None),
        (4096, 5103, None),  # a number of before EPSG: no unit known, metres assumed
    ],
)
def test_feet_in_geotiff_keys_are_refused(tmp_path, key, value, told):
    numbers = [1, 1, 0, 3, 1024, 0, 1, 1, 3072, 0, 1, 2154, key, 0, 1, value]
    keys = laspy.VLR("LASF_Projection", 34735, record_data=np.array(numbers, dtype="<u2").tobytes())
    path = write_cloud(tmp_path / "a.laz", carpet(2, 2), crs=None, point_format=3, records=[keys])
    if told is not None:
        with pytest.raises(UnusableInputError, match=told):
            point_cloud_header(path)
        return
    info = point_cloud_header(path)
    assert info.crs == "EPSG:2154"
    assert info.vertical_unit == (None if value == 5103 else "metre")


def test_empty_absent_and_foreign_files_are_refused(tmp_path):
    empty = write_cloud(tmp_path / "empty.laz", np.empty((0, 3)))
    with pytest.raises(UnusableInputError, match=r"empty.laz' is empty"):
        point_cloud_header(empty)
    with pytest.raises(UnusableInputError, match="does not exist or is not a file"):
        point_cloud_header(tmp_path / "absent.laz")
    (tmp_path / "text.laz").write_text("no points here " * 100)
    with pytest.raises(UnusableInputError, match="cannot be read to its end"):
        point_cloud_header(tmp_path / "text.laz")


@pytest.mark.parametrize("name", ["a.las", "a.laz"])
@pytest.mark.parametrize("kept", [0.02, 0.5, 0.9, 0.999])
def test_files_cut_short_are_refused(tmp_path, name, kept):
    random = np.random.default_rng(1)
    path = write_cloud(tmp_path / name, random.uniform(0, 100, (120_000, 3)))
    content = path.read_bytes()
    path.write_bytes(content[: int(kept * len(content))])
    with pytest.raises(UnusableInputError, match=r"cannot be read to its end|is cut short"):
        surfaces_from_points([path], window(100, 100), 1.0)


def test_damaged_bytes_never_end_in_anything_but_a_sentence(tmp_path):
    random = np.random.default_rng(2)
    path = write_cloud(tmp_path / "a.laz", random.uniform(0, 100, (60_000, 3)), random.choice([1, 2, 6], 60_000))
    content, refused = path.read_bytes(), 0
    for trial in range(40):
        damaged = bytearray(content)
        span = 1600 if trial % 2 else len(content)
        for place in random.integers(0, span, 20):
            damaged[place] = random.integers(0, 256)
        path.write_bytes(damaged)
        try:
            surfaces_from_points([path], window(100, 100), 1.0, "EPSG:2154")
        except UnusableInputError as fault:
            refused += 1
            assert str(path) in str(fault)
    assert refused > 25


def test_what_a_file_announces_is_held_against_its_size(tmp_path):
    random = np.random.default_rng(3)
    path = write_cloud(tmp_path / "a.laz", random.uniform(0, 40, (3_000, 3)))
    content = path.read_bytes()
    points = int.from_bytes(content[96:100], "little")
    table = int.from_bytes(content[points : points + 8], "little")
    layers = points + 8 + 30 + 4
    cases = {
        102: (b"\x58", "announces 57671"),  # records before the points
        table + 4: (b"\xff\xff\xff\xe7", "announces 3892314111 chunks, for 3000 points in"),
        points: ((2**60).to_bytes(8, "little"), "its table of chunks is said to be at byte 1152921504606846976"),
        layers: (b"\xff\xff\xff\x7f", "a chunk of 3000 points announces 3000 in"),
        layers - 4: (b"\xff\xff\xff\x7f", "a chunk of 3000 points announces 2147483647"),
        243: (b"\x00\x00\xff\x00", "announces 16711680 records behind the points"),
        247: (b"\xff" * 8, "chunks, for 18446744073709551615 points"),
    }
    for place, (damage, told) in cases.items():
        damaged = bytearray(content)
        damaged[place : place + len(damage)] = damage
        path.write_bytes(damaged)
        with pytest.raises(UnusableInputError, match=rf"a.laz' is damaged: .*{told}"):
            point_cloud_header(path)
    path.write_bytes(content)
    assert point_cloud_header(path).point_count == 3_000


def test_an_octree_whose_pages_hold_themselves_is_refused(tmp_path):
    random = np.random.default_rng(4)
    nodes = [((0, 0, 0, 0), random.uniform(0, 16, (500, 3)), 2)]
    path = write_octree(tmp_path / "a.copc.laz", nodes, 16.0)
    content = bytearray(path.read_bytes())
    hierarchy = int.from_bytes(content[375 + 54 + 40 : 375 + 54 + 48], "little")
    content[hierarchy + 16 : hierarchy + 32] = struct.pack("<Qii", hierarchy, 32, -1)
    path.write_bytes(content)
    with pytest.raises(UnusableInputError, match="a page of its octree"):
        point_cloud_header(path)
    content[hierarchy + 16 : hierarchy + 32] = struct.pack("<Qii", hierarchy - 1000, 2**31 - 1, 2**31 - 1)
    path.write_bytes(content)
    with pytest.raises(UnusableInputError, match="a node of its octree is said to hold 2147483647 points"):
        point_cloud_header(path)


def test_points_outside_the_bounds_of_the_header_are_refused(tmp_path):
    path = write_cloud(tmp_path / "a.las", carpet(20, 20))
    content = bytearray(path.read_bytes())
    content[179:187] = np.array([WEST + 10.0]).tobytes()  # the easternmost coordinate of the header
    path.write_bytes(content)
    with pytest.raises(UnusableInputError, match="outside the bounds of its header"):
        surfaces_from_points([path], window(20, 20), 1.0)
    content[179:187] = np.array([np.inf]).tobytes()
    path.write_bytes(content)
    with pytest.raises(UnusableInputError, match="has absurd coordinates"):
        point_cloud_header(path)


def test_delft_without_system_and_without_vegetation_classes(shared_data):
    paths = sorted((shared_data / "ahn3_delft").glob("*.laz"))
    infos = [point_cloud_header(path) for path in paths]
    crs, note = system_of_clouds(infos, footprints="EPSG:28992")
    assert crs == "EPSG:28992"
    assert "and 1 more have no coordinate system" in note
    assert 12 < infos[1].density_per_m2 < infos[0].density_per_m2 < 15
    whole = (84_808.0, 447_412.5, 85_072.5, 447_641.5)
    result = surfaces_from_points(infos, whole, 0.5, crs)
    assert result.surface.heights.shape == (458, 529)
    assert result.points == pytest.approx(848_942, rel=1e-3)
    assert 0.06 < result.missing_m2 / (264 * 228) < 0.12  # canals
    assert 0.3 < result.roof_class.mean() < 0.4
    assert 0.1 < np.mean(result.surface.heights - result.bare.heights > 2) < 0.2  # trees
    # Where roofs are, next to nothing is taken for vegetation.
    over_roof = (result.surface.heights - result.bare.heights > 2)[result.roof_class]
    assert over_roof.mean() < 0.05
    # Two windows that share the border of the files agree with the whole to the bit.
    for west, east in ((84_900.0, 85_000.0), (84_990.0, 85_072.5)):
        part = surfaces_from_points(infos, (west, 447_500.0, east, 447_600.0), 0.5, crs)
        cols = slice(round((west - whole[0]) * 2), round((east - whole[0]) * 2))
        for one, other in ((result.surface, part.surface), (result.bare, part.bare)):
            np.testing.assert_array_equal(one.heights[83:283, cols], other.heights)


def test_montpellier_at_full_density(shared_data):
    infos = [point_cloud_header(path) for path in sorted((shared_data / "lidarhd_montpellier").glob("*.laz"))]
    assert [round(info.density_per_m2) for info in infos] == [34, 22, 29]
    assert {info.crs for info in infos} == {"EPSG:2154"}
    assert {info.surveyed for info in infos} == {datetime.date(2021, 5, 28)}
    result = surfaces_from_points(infos, (770_500.0, 6_277_500.0, 770_600.0, 6_277_600.0), 0.5)
    assert result.missing_m2 < 0.01 * 7500
    assert np.isnan(result.surface.heights[:90, 110:]).all()  # the fourth tile is not there
    assert 0.15 < result.roof_class.mean() < 0.25
    assert not result.vegetation_by_height


def test_angoulins_is_sparse(shared_data):
    info = point_cloud_header(next((shared_data / "lidarhd_angoulins").glob("*.laz")))
    assert info.surveyed == datetime.date(2021, 9, 1)
    assert info.created == datetime.date(2025, 2, 19)
    place = (382_500.0, 6_564_500.0, 382_900.0, 6_564_900.0)
    narrow = surfaces_from_points([info], place, 1.0)
    wide = surfaces_from_points([info], place, 1.0, widest_gap_m=gap_for([info]))
    assert 7 < gap_for([info]) < 8.5
    assert wide.missing_m2 < 0.1 * 400**2 < narrow.missing_m2


def test_windows_that_cannot_be_are_refused(tmp_path):
    path = write_cloud(tmp_path / "a.laz", carpet(2, 2))
    for bounds, resolution, told in (
        (window(-1, 2), 1.0, "is empty"),
        (window(2, 2), 0.0, "resolution 0 m"),
        (window(90_000, 90_000), 0.5, "million cells"),
    ):
        with pytest.raises(UnusableInputError, match=told):
            surfaces_from_points([path], bounds, resolution)
    with pytest.raises(UnusableInputError, match="no point cloud was given"):
        surfaces_from_points([], window(2, 2))
