"""Areas and lines cut by the cells of a map, held against shapely and against numbers by hand."""

import numpy as np
import pytest
import shapely
from floods_for_tests import DEPTHS, NORTH, SOUTH, WEST, at, flood

from frugal.exposure.coverage import cut_features
from frugal.exposure.line_cutting import cut_lines

ROWS, COLS = np.mgrid[0:10, 0:10]
CELLS = shapely.box(
    WEST + 10 * COLS.ravel(), NORTH - 10 * (ROWS.ravel() + 1), WEST + 10 * (COLS.ravel() + 1), NORTH - 10 * ROWS.ravel()
)


def sizes(parts: object, count: int) -> np.ndarray:
    found = np.zeros((count, 100))
    np.add.at(found, (parts.feature, parts.cell), parts.size)  # type: ignore[attr-defined]
    return found


def test_shares_of_cells_are_those_of_shapely() -> None:
    rng = np.random.default_rng(3)
    centres = rng.uniform([-5, -5], [105, 105], (40, 2)) + np.array([WEST, SOUTH])
    shapes = [
        shapely.Point(x, y).buffer(r, quad_segs=3) for (x, y), r in zip(centres, rng.uniform(1, 30, 40), strict=True)
    ]
    ring = shapely.difference(shapely.box(*at(12, 12), *at(58, 58)), shapely.box(*at(23, 23), *at(41, 37)))
    shapes += [ring, shapely.MultiPolygon([shapely.box(*at(1, 1), *at(4, 4)), shapely.box(*at(91, 91), *at(99, 99))])]
    shapes += [shapely.box(*at(200, 200), *at(210, 210))]
    geometry = np.array(shapes)
    parts = cut_features(geometry, flood())
    exact = shapely.area(shapely.intersection(geometry[:, None], CELLS[None, :]))
    assert sizes(parts, len(geometry)) == pytest.approx(exact, abs=2e-4)  # a millionth of a cell and less is left out
    assert parts.total == pytest.approx(shapely.area(geometry))


def test_lines_are_cut_where_cells_end() -> None:
    rng = np.random.default_rng(4)
    walks = rng.uniform(-20, 120, (25, 6, 2)) + np.array([WEST, SOUTH])
    lines = [shapely.LineString(walk) for walk in walks]
    lines += [shapely.MultiLineString([[at(3, 3), at(97, 3)], [at(3, 8), at(3, 97)]])]
    lines += [shapely.LineString([at(0, 0), at(100, 100)])]  # through the corners of cells
    geometry = np.array(lines)
    pieces = cut_lines(geometry, flood())
    exact = shapely.length(shapely.intersection(geometry[:, None], CELLS[None, :]))
    inside = pieces.cell >= 0
    found = np.zeros((len(lines), 100))
    np.add.at(found, (pieces.line[inside], pieces.cell[inside]), pieces.length_m[inside])
    on_corners = len(lines) - 1
    assert found[:on_corners] == pytest.approx(exact[:on_corners], abs=1e-7)
    assert np.diag(found[on_corners].reshape(10, 10)[::-1]) == pytest.approx(np.full(10, 10 * np.sqrt(2)))
    whole = np.bincount(pieces.line, pieces.length_m)
    assert whole == pytest.approx(shapely.length(geometry), rel=1e-12)


def test_a_line_along_a_boundary_belongs_to_the_cell_south_or_east_of_it() -> None:
    lines = np.array([shapely.LineString([at(0, 50), at(100, 50)]), shapely.LineString([at(50, 0), at(50, 100)])])
    pieces = cut_lines(lines, flood())
    assert pieces.cell[pieces.line == 0].tolist() == [50 + column for column in range(10)]
    assert DEPTHS.ravel()[pieces.cell[pieces.line == 1]].tolist() == [0.1] * 10


def test_points_are_on_one_cell_or_off_the_map() -> None:
    geometry = np.array([shapely.Point(*at(95, 5)), shapely.Point(*at(100, 5)), shapely.Point(*at(0, 100))])
    parts = cut_features(geometry, flood())
    assert parts.feature.tolist() == [0, 2] and parts.cell.tolist() == [99, 0] and parts.total.tolist() == [1, 1, 1]
