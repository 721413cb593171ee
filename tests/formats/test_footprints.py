"""Footprints: the same from every format, curves as chords, ids that last, and unusable files told why."""

import sqlite3
import struct
import time
import zipfile

import geopandas as gpd
import numpy as np
import pytest
import shapely
from shapely import Polygon, box
from shapely.affinity import translate

from frugal.errors import UnusableInputError
from frugal.formats.vectors.features import read_centroids
from frugal.formats.vectors.footprints import COMMUNES, read_footprints, system_of_footprints
from frugal.formats.vectors.overlaps import overlaps_of

WEST, SOUTH = 382_000.0, 6_564_000.0
CRS = "EPSG:2154"


def houses(**columns) -> gpd.GeoDataFrame:
    """Three houses, 10 m wide, every 100 m to the east."""
    shapes = [box(WEST + 100 * k, SOUTH, WEST + 100 * k + 10, SOUTH + 10 + k) for k in range(3)]
    return gpd.GeoDataFrame(columns or {"cleabs": ["A", "B", "C"]}, geometry=shapes, crs=CRS)


def write(frame: gpd.GeoDataFrame, path, **options):
    if path.suffix == ".parquet":
        frame.to_parquet(path)
    elif path.suffix == ".zip":
        folder = path.parent / "parts"
        folder.mkdir()
        frame.to_file(folder / "bati.shp")
        with zipfile.ZipFile(path, "w") as archive:
            for part in sorted(folder.iterdir()):
                archive.write(part, f"LIVRAISON/{part.name}")
    else:
        frame.to_file(path, **options, **({"driver": "SQLite"} if path.suffix == ".sqlite" else {}))
    return path


@pytest.mark.parametrize("name", ["a.gpkg", "a.sqlite", "a.parquet", "a.shp", "a.zip", "a.fgb", "a.geojson"])
def test_every_format_gives_the_same(tmp_path, name):
    frame = houses(cleabs=["A", "B", "C"], insee_com=[1001, 17010, 85191], other=[1.0, 2.0, 3.0])
    path = write(frame.to_crs("EPSG:4326") if name == "a.geojson" else frame, tmp_path / name)
    found = read_footprints(path, CRS).sort_values("building_id")
    assert list(found.columns) == ["building_id", "commune", "geometry"]
    assert (found.crs.to_epsg(), found.attrs["notes"]) == (2154, [])
    assert list(found.building_id) == ["A", "B", "C"]
    assert list(found.commune) == ["01001", "17010", "85191"]
    np.testing.assert_allclose(found.area, [100, 110, 120], rtol=1e-3)
    np.testing.assert_allclose(found.total_bounds, frame.total_bounds, atol=0.02)
    near = read_footprints(path, CRS, (WEST + 95, SOUTH - 5, WEST + 115, SOUTH + 2))
    assert list(near.building_id) == ["B"]  # whole, though it reaches out of the bounds
    assert near.area.iloc[0] == pytest.approx(110, rel=1e-3)
    assert len(read_footprints(path, CRS, (WEST + 30, SOUTH, WEST + 40, SOUTH + 5))) == 0
    assert system_of_footprints(path) == (None if name == "a.geojson" else CRS)


def test_footprints_elsewhere_are_told_with_both_extents(tmp_path):
    for name, columns in (("a.gpkg", {}), ("a.parquet", {}), ("b.fgb", {"height": [1, 2, 3]})):
        path = write(houses(**columns), tmp_path / name)
        with pytest.raises(UnusableInputError) as caught:
            read_footprints(path, CRS, (WEST + 5000, SOUTH, WEST + 6000, SOUTH + 1000))
        assert "lie elsewhere: they cover easting 382000–382210, northing 6564000–6564012" in str(caught.value)
        assert "the survey easting 387000–388000, northing 6564000–6565000" in str(caught.value)


def points(corners):
    return b"".join(struct.pack("<dd", WEST + x, SOUTH + y) for x, y in corners)


def test_curves_are_cut_into_chords(tmp_path):
    path = write(houses(), tmp_path / "a.gpkg", layer="bati")
    # A D: straight along the south, half a circle of radius 5 m back over the north; and a whole circle of radius 20 m.
    line = struct.pack("<BII", 1, 2, 2) + points([(10, 0), (20, 0)])
    arc = struct.pack("<BII", 1, 8, 3) + points([(20, 0), (15, 5), (10, 0)])
    bow = struct.pack("<BII", 1, 10, 1) + struct.pack("<BII", 1, 9, 2) + line + arc
    ring = struct.pack("<BII", 1, 8, 5) + points([(80, 0), (60, 20), (40, 0), (60, -20), (80, 0)])
    disc = struct.pack("<BII", 1, 12, 1) + struct.pack("<BII", 1, 10, 1) + ring
    with sqlite3.connect(path) as base:
        for (name,) in base.execute("select name from sqlite_master where type = 'trigger'").fetchall():
            base.execute(f"drop trigger {name}")
        for row, shape in ((1, bow), (2, disc)):
            base.execute("update bati set geom = ? where fid = ?", (b"GP\0\x01" + struct.pack("<i", 2154) + shape, row))
        base.execute("update gpkg_geometry_columns set geometry_type_name = 'GEOMETRY'")
    base.close()
    found = read_footprints(path, CRS)
    np.testing.assert_allclose(found.area, [np.pi * 25 / 2, np.pi * 400, 120], rtol=1e-3)
    assert set(found.geom_type) <= {"Polygon", "MultiPolygon"}
    assert shapely.get_num_coordinates(found.geometry.iloc[0]) > 40


def test_heights_go_broken_outlines_are_mended_and_the_rest_is_counted(tmp_path):
    shapes = [
        Polygon([(0, 0, 5), (10, 0, 6), (10, 10, 7), (0, 10, 8)]),
        Polygon([(0, 0), (10, 10), (10, 0), (0, 10)]),  # a bow tie
        Polygon(),
        None,
        shapely.Point(3, 3),
        shapely.GeometryCollection([box(0, 0, 1, 1), shapely.LineString([(0, 0), (5, 5)])]),
        Polygon([(0, 0), (5, 0), (9, 0)]),
    ]
    moved = [
        None if shape is None else translate(shape, WEST + 20 * k, SOUTH)  # keeps heights
        for k, shape in enumerate(shapes)
    ]
    frame = gpd.GeoDataFrame({"id": list("abcdefg")}, geometry=moved, crs=CRS)
    for name in ("a.gpkg", "a.parquet"):
        found = read_footprints(write(frame, tmp_path / name), CRS)
        assert list(found.building_id) == ["a", "b", "f"]
        np.testing.assert_allclose(found.area, [100, 50, 1])
        assert found.is_valid.all()
        assert not found.has_z.any()
        left_out, mended = found.attrs["notes"]
        assert "4 of 7 outlines left out" in left_out
        assert "outlines that crossed themselves repaired" in mended


def test_ids_come_from_the_best_column_and_stay_unique_whatever_the_bounds(tmp_path):
    path = write(houses(ID=["x", "x", None], osm_id=[7.0, 8.0, 7.0], fid_=[1, 2, 3]), tmp_path / "a.gpkg")
    whole = read_footprints(path, CRS)
    assert list(whole.building_id) == ["7.1", "8", "7.3"]
    assert list(read_footprints(path, CRS, (WEST, SOUTH, WEST + 5, SOUTH + 5)).building_id) == ["7.1"]
    path = write(houses(ID=["x", "x", None]), tmp_path / "b.gpkg")
    assert list(read_footprints(path, CRS).building_id) == ["x.1", "x.2", "row3"]
    path = write(houses(height=[3.0, 4.0, 5.0]), tmp_path / "c.parquet")
    assert list(read_footprints(path, CRS).building_id) == ["0", "1", "2"]
    assert list(read_footprints(path, CRS).commune) == ["", "", ""]


def test_superseded_records_are_left_out(tmp_path):
    path = write(houses(lokaalid=["a", "b", "c"], eindregistratie=[None, "2019-01-01", None]), tmp_path / "a.gpkg")
    found = read_footprints(path, CRS)
    assert list(found.building_id) == ["a", "c"]
    assert "1 superseded records left out" in found.attrs["notes"][0]


def test_the_layer_of_buildings_is_found_or_asked_for(tmp_path):
    path = tmp_path / "a.gpkg"
    write(houses(), path, layer="troncon_de_route")
    write(houses(cleabs=["D", "E", "F"]), path, layer="batiment")
    assert list(read_footprints(path, CRS).building_id) == ["D", "E", "F"]
    assert list(read_footprints(path, CRS, layer="troncon_de_route").building_id) == ["A", "B", "C"]
    with pytest.raises(UnusableInputError, match=r"no layer 'maisons'; layers: troncon_de_route, batiment"):
        read_footprints(path, CRS, layer="maisons")
    other = tmp_path / "b.gpkg"
    write(houses(), other, layer="one")
    write(houses(), other, layer="two")
    with pytest.raises(
        UnusableInputError, match=r"several layers or none \(one, two\), .* save it as a file of its own"
    ):
        read_footprints(other, CRS)
    with pytest.raises(UnusableInputError, match=r"^communes '.*called commune, communes"):
        read_footprints(other, CRS, what=COMMUNES)
    roads = gpd.GeoDataFrame({"cleabs": ["R"]}, geometry=[houses().geometry.iloc[0].boundary], crs=CRS)
    mixed = write(roads, tmp_path / "c.gpkg", layer="roads")
    write(houses(), mixed, layer="houses")
    assert list(read_footprints(mixed, CRS).building_id) == ["A", "B", "C"]


def test_communes_are_named_by_code_or_name(tmp_path):
    for column, values, expected in (
        ("code", ["1001", "01002", "85"], ["01001", "01002", "85"]),
        ("nom", ["Bouin", "Olonne", "Noirmoutier"], ["Bouin", "Olonne", "Noirmoutier"]),
    ):
        path = write(houses().assign(**{column: values}), tmp_path / f"{column}.gpkg")
        assert list(read_footprints(path, CRS, what=COMMUNES).commune) == expected
        assert list(read_footprints(path, CRS).commune) == ["", "", ""]


def test_ids_of_a_cadastre_are_read(tmp_path):
    path = write(
        houses().drop(columns="cleabs").assign(building_id=["x", "y", "z"], fid=[1, 2, 3]), tmp_path / "a.parquet"
    )
    assert list(read_footprints(path, CRS).building_id) == ["x", "y", "z"]


def test_a_file_without_system_takes_the_one_wanted_and_says_so(tmp_path):
    for name in ("a.shp", "a.parquet"):
        path = write(houses().set_crs(None, allow_override=True), tmp_path / name)
        found = read_footprints(path, CRS)
        assert "name no coordinate system; taken as EPSG:2154" in found.attrs["notes"][0]
        assert found.crs.to_epsg() == 2154
        assert system_of_footprints(path) is None


def archive(path, members):
    with zipfile.ZipFile(path, "w") as written:
        for name, content in members.items():
            written.writestr(name, content)
    return path


@pytest.mark.parametrize(
    "name", ["../evil.shp", "a/../../evil.shp", "/etc/evil.shp", "C:\\evil.shp", "..\\evil.shp", "C:evil.shp"]
)
def test_archives_that_name_files_outside_themselves_are_refused(tmp_path, name):
    good = write(houses(), tmp_path / "good.zip")
    with zipfile.ZipFile(good) as opened:
        members = {part: opened.read(part) for part in opened.namelist()}
    path = archive(tmp_path / "a.zip", members | {name: b"x"})
    with pytest.raises(UnusableInputError, match="names a file outside the archive"):
        read_footprints(path, CRS)
    assert not list(tmp_path.rglob("evil*"))


def test_archives_with_links_too_much_or_nothing_are_refused(tmp_path, monkeypatch):
    link = zipfile.ZipInfo("a.shp")
    link.external_attr = 0o120777 << 16
    path = archive(tmp_path / "a.zip", {})
    with zipfile.ZipFile(path, "w") as written:
        written.writestr(link, "/etc/passwd")
    with pytest.raises(UnusableInputError, match="names a file outside"):
        read_footprints(path, CRS)
    for members, told in (
        ({"a.txt": b""}, "must hold one vector file .* found: none"),
        ({"a.shp": b"", "b.shp": b""}, r"found: a.shp, b.shp"),
        ({"a.shp": b"no shapes"}, "'a.shp' in footprints .* is none of the files"),
    ):
        with pytest.raises(UnusableInputError, match=told):
            read_footprints(archive(path, members), CRS)
    path.write_bytes(path.read_bytes()[:60])
    with pytest.raises(UnusableInputError, match="damaged or locked"):
        read_footprints(path, CRS)
    good = write(houses(), tmp_path / "good.zip")
    monkeypatch.setattr("frugal.formats.vectors.sources._LARGEST_ARCHIVE_BYTES", 100)
    with pytest.raises(UnusableInputError, match="would unpack to more than"):
        read_footprints(good, CRS)


@pytest.mark.parametrize(
    "content",
    [
        "<OGRVRTDataSource><OGRVRTLayer name='a'><SrcDataSource>/etc/passwd</SrcDataSource></OGRVRTLayer></OGRVRTDataSource>",
        '{"type": "gdal_streamed_alg", "command_line": "gdal vector pipeline ! read a.gpkg"}',
        "id,x,y\n1,2,3\n",
        "",
    ],
)
def test_virtual_and_foreign_files_are_never_opened(tmp_path, content, monkeypatch):
    monkeypatch.setattr("pyogrio.list_layers", lambda *_: pytest.fail("was handed to GDAL"))
    path = tmp_path / "a.gpkg"
    path.write_text(content)
    with pytest.raises(UnusableInputError, match="none of the files that are read here"):
        read_footprints(path, CRS)


def test_what_looks_like_features_and_is_something_else_is_refused(tmp_path):
    path = tmp_path / "a.geojson"
    objects = '{"a": {"type": "Polygon", "arcs": [[0]]}, "b": {"type": "Feature"}}'
    path.write_text(f'{{"type": "Topology", "objects": {objects}, "arcs": [[[0, 0], [1, 0], [0, 1]]]}}')
    with pytest.raises(UnusableInputError, match=r"looks like GeoJSON and is|cannot be read|several layers or none"):
        read_footprints(path, CRS)


def test_damaged_absent_and_empty_files_are_told(tmp_path):
    for name in ("a.gpkg", "a.parquet", "a.fgb"):
        path = write(houses(), tmp_path / name)
        path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
        with pytest.raises(UnusableInputError, match=str(path)):
            read_footprints(path, CRS)
    with pytest.raises(UnusableInputError, match="does not exist"):
        read_footprints(tmp_path / "absent.gpkg", CRS)
    with pytest.raises(UnusableInputError, match="does not exist"):
        read_footprints(f"/vsizip/{tmp_path}/a.zip", CRS)
    lines = gpd.GeoDataFrame({"id": [1]}, geometry=[shapely.LineString([(0, 0), (1, 1)])], crs=CRS)
    with pytest.raises(UnusableInputError, match="hold no polygon"):
        read_footprints(write(lines, tmp_path / "lines.gpkg"), CRS)
    houses().drop(columns="geometry").to_parquet(tmp_path / "plain.parquet")
    with pytest.raises(UnusableInputError, match="Parquet file without geometry"):
        read_footprints(tmp_path / "plain.parquet", CRS)
    with pytest.raises(UnusableInputError, match="the system wanted for footprints is in degrees"):
        read_footprints(write(houses(), tmp_path / "b.gpkg"), "EPSG:4326")


def placed(path, **shapes):
    frame = gpd.GeoDataFrame(
        {"cleabs": list(shapes)}, geometry=[translate(shape, WEST, SOUTH) for shape in shapes.values()], crs=CRS
    )
    return write(frame, path)


def test_what_is_given_twice_or_lies_in_a_larger_one_counts_once(tmp_path):
    house = box(0, 0, 10, 10)
    path = placed(
        tmp_path / "a.gpkg",
        part=box(0, 0, 4, 10),  # inside of the house, given before it
        house=house,
        again=shapely.reverse(house),
        moved=translate(house, 1.9, 0),  # 81 % on the house
        inner=box(10.1, 0, 11.8, 10),  # on "moved" alone, which goes out: stays
        terraced=box(0, 10, 10, 20),  # shares a wall
        yard=box(30, 0, 50, 20) - box(32, 2, 48, 18),
        shed=box(35, 5, 40, 10),  # in the yard's hole
    )
    found = read_footprints(path, CRS)
    assert list(found.building_id) == ["house", "inner", "terraced", "yard", "shed"]
    assert list(found.index) == list(range(5))
    assert shapely.union_all(found.geometry).area == pytest.approx(found.area.sum())
    assert found.attrs["notes"] == [
        "footprints 'a.gpkg': 3 given twice, or to 80 % or more inside another one, left out"
    ]
    everything = read_footprints(path, CRS, what=COMMUNES)
    assert (len(everything), everything.attrs["notes"]) == (8, [])


def test_what_overlaps_in_part_is_kept_and_counted(tmp_path):
    path = placed(
        tmp_path / "a.gpkg",
        a=box(0, 0, 10, 10),
        b=box(7.9, 0, 17.9, 10),  # 21 % of both
        c=box(0, 20, 10, 30),
        d=box(8.1, 20, 18.1, 30),  # 19 %
        hall=box(0, 40, 100, 90),
        porch=box(20, 30, 30, 47.9),  # 44 % of the porch, little of the hall
    )
    found = read_footprints(path, CRS)
    assert list(found.building_id) == ["a", "b", "c", "d", "hall", "porch"]
    (note,) = found.attrs["notes"]
    assert "3 overlap another one by 20 to 80 % of their area" in note


def test_overlaps_are_the_same_in_any_order_and_found_fast():
    random = np.random.default_rng(0)
    corner = random.uniform(0.0, 60.0, (300, 2))
    shapes = shapely.box(*corner.T, *(corner + random.uniform(4.0, 20.0, (300, 2))).T)
    found = overlaps_of(shapes)
    share = shapely.area(shapely.intersection(shapes[:, None], shapes[None])) / shapely.area(shapes)[:, None]
    larger = shapely.area(shapes)[None] > shapely.area(shapes)[:, None]
    assert 0 < np.count_nonzero(~found.kept) < 250
    np.testing.assert_array_equal(found.kept, ~((share >= 0.8) & larger & found.kept[None]).any(axis=1))
    both = share[found.kept][:, found.kept] - np.eye(np.count_nonzero(found.kept))
    assert found.partly == np.count_nonzero((both >= 0.2).any(axis=1))
    order = random.permutation(300)
    np.testing.assert_array_equal(overlaps_of(shapes[order]).kept, found.kept[order])
    x, y = np.divmod(np.arange(20_000), 200)
    row = shapely.box(8.0 * x, 12.0 * y, 8.0 * x + 8.0, 12.0 * y + 12.0)
    started = time.process_time()
    assert overlaps_of(np.concatenate([row, row])).kept.sum() == 20_000
    assert time.process_time() - started < 15.0


def test_footprints_whose_middle_lies_beyond_the_edge_are_counted(tmp_path):
    path = placed(
        tmp_path / "a.parquet",
        within=box(10, 10, 20, 20),
        mostly=box(-4, 30, 6, 40),
        barely=box(-6, 50, 4, 60),
        beside=box(-20, 70, -10, 80),
        corner=Polygon([(-30, 95), (5, 130), (5, 140), (-30, 140)]),  # its box meets the survey, it does not
        north=box(40, 96, 50, 106),
    )
    bounds = (WEST, SOUTH, WEST + 100, SOUTH + 100)
    found = read_footprints(path, CRS, bounds)
    assert list(found.building_id) == ["within", "mostly", "barely", "corner", "north"]
    assert found.attrs["notes"] == [
        "footprints 'a.parquet': 2 at the edge of the survey are left out: their middle lies outside"
    ]
    assert read_footprints(path, CRS).attrs["notes"] == []
    assert read_footprints(path, CRS, bounds, what=COMMUNES).attrs["notes"] == []


def test_delft(shared_data):
    path = shared_data / "ahn3_delft" / "bgt_pand.sqlite"
    assert system_of_footprints(path) == "EPSG:28992"
    found = read_footprints(path, "EPSG:28992")
    assert len(found) == 160
    assert found.building_id.is_unique
    assert found.is_valid.all()
    assert set(found.commune) == {"G0503"}
    assert found.area.sum() == pytest.approx(8654.0, abs=0.1)
    assert len(read_footprints(path, "EPSG:28992", (84_900, 447_500, 84_950, 447_550))) == 27
    # Another reader, in another system.
    west, south, east, north = read_footprints(path, "EPSG:32631").total_bounds
    centroids = read_centroids(path, "EPSG:32631", "footprints")
    assert ((centroids > [west, south]) & (centroids < [east, north])).all()


def test_names_that_the_reader_takes_for_others_are_refused(tmp_path):
    for name in ("a!b.gpkg", "a\nb.gpkg"):
        (tmp_path / "c.gpkg").write_bytes(write(houses(), tmp_path / "d.gpkg").read_bytes())
        (tmp_path / "c.gpkg").rename(tmp_path / name)
        with pytest.raises(UnusableInputError, match="holds '!' or a line break; rename it"):
            read_footprints(tmp_path / name, CRS)
