"""Outlines of roof cells: the same building in every window, with its area and its holes."""

import numpy as np
import pytest

from frugal.formats.point_clouds.surfaces import point_cloud_header, surfaces_from_points
from frugal.formats.vectors.footprints import footprints_from_mask, read_footprints


def town() -> np.ndarray:
    mask = np.zeros((60, 80), dtype=np.bool_)
    mask[5:15, 10:30] = True  # 200 cells
    mask[8:12, 15:19] = False  # a court of 16
    mask[13, 25] = False  # a pipe
    mask[30:33, 40:43] = True  # a shed
    rows, cols = np.mgrid[:60, :80]
    mask |= np.abs(rows - 40) + np.abs(cols - 20) < 10  # a house askew
    mask[50:60, 60:70] = True  # cut by the edge
    return mask


def test_outlines_areas_ids_and_order():
    found = footprints_from_mask(town(), 1.0, 770_000.0, 6_278_000.0, "EPSG:2154")
    assert list(found.building_id) == ["7700100_62779950", "7700200_62779690", "7700600_62779500"]
    assert list(found.whole) == [True, True, False]
    assert list(found.commune) == ["", "", ""]
    house, askew, cut = found.geometry
    assert house.bounds == (770_010, 6_277_985, 770_030, 6_277_995)
    assert house.area == 200 - 16  # the court stays, the pipe goes
    assert cut.area == 100
    assert askew.area == pytest.approx(181, rel=0.06)
    assert len(askew.exterior.coords) <= 9  # steps straightened
    small = footprints_from_mask(town(), 1.0, 770_000.0, 6_278_000.0, "EPSG:2154", smallest_m2=9.0)
    assert len(small) == 4
    assert len(footprints_from_mask(np.zeros((5, 5), bool), 1.0, 0.0, 0.0, "EPSG:2154")) == 0


@pytest.mark.parametrize(("size", "shift"), [(1.0, 0.0), (0.5, 0.25), (0.3, 0.0)])
def test_a_building_is_the_same_in_every_window(size, shift):
    mask, west, north = town(), 770_000.0 + shift, 6_278_000.1 - 0.1 + shift
    whole = footprints_from_mask(mask, size, west, north, "EPSG:2154", 5 * size**2).set_index("building_id")
    seen = 0
    for rows, cols in ((slice(3, 40), slice(5, 60)), (slice(25, 55), slice(0, 75))):
        x_min, y_max = west + cols.start * size, north - rows.start * size
        part = footprints_from_mask(mask[rows, cols], size, x_min, y_max, "EPSG:2154", 5 * size**2)
        for building in part[part.whole].itertuples():
            assert building.geometry.wkb == whole.geometry[building.building_id].wkb
            seen += 1
    assert seen == 4


def test_random_masks_give_valid_polygons():
    for seed in range(20):
        mask = np.random.default_rng(seed).random((40, 40)) < 0.65
        found = footprints_from_mask(mask, 1.0, 0.0, 40.0, "EPSG:2154", 4.0)
        assert found.is_valid.all()
        assert found.building_id.is_unique
        assert found.area.sum() == pytest.approx(mask.sum(), rel=0.2)


def test_roofs_of_delft_cover_its_footprints(shared_data):
    infos = [point_cloud_header(path) for path in sorted((shared_data / "ahn3_delft").glob("*.laz"))]
    window = (84_820.0, 447_450.0, 85_060.0, 447_630.0)
    surfaces = surfaces_from_points(infos, window, 0.5, "EPSG:28992")
    roofs = footprints_from_mask(surfaces.roof_class, 0.5, surfaces.surface.x_min, surfaces.surface.y_max, "EPSG:28992")
    known = read_footprints(shared_data / "ahn3_delft" / "bgt_pand.sqlite", "EPSG:28992").union_all()
    assert known.intersection(roofs.union_all()).area > 0.9 * known.area
