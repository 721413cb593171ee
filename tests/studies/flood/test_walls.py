"""Where a flood stands against the edge of its terrain: lengths counted by hand."""

import numpy as np

from frugal.studies.flood.terrain.terrain import FloodTerrain
from frugal.studies.flood.walls import held_back_m, walls_of

CELL = 20.0


def _terrain(**named: object) -> FloodTerrain:
    shape = (6, 8)
    land = np.ones(shape, dtype=bool)
    given = {"land": land, "manning": np.full(shape, 0.03), "buildings": np.zeros(shape), **named}
    return FloodTerrain(np.zeros(shape), CELL, **given)  # type: ignore[arg-type]


def test_land_that_is_wet_along_a_side_is_told_by_its_length_and_sea_is_not() -> None:
    land = np.ones((6, 8), dtype=bool)
    land[:, :2] = False  # sea in the west
    depth = np.zeros((6, 8))
    depth[0, 3:6] = 0.5  # three cells of the northern edge
    depth[:, :2] = 2.0
    depth[5, 4] = 0.04  # thinner than what counts as flooded
    assert dict(held_back_m(_terrain(land=land), depth)) == {"north": 3 * CELL}


def test_a_corner_stands_against_two_sides_and_the_sentence_names_both() -> None:
    depth = np.zeros((6, 8))
    depth[4:, 7] = 0.3
    told = walls_of(_terrain())({"max_depth": depth}, anything=1.0)
    assert [note["en"] for note in told] == [
        "the flood reaches the southern edge of the terrain along 20 m, which is a wall for it: take the neighbouring "
        "terrain too",
        "the flood reaches the eastern edge of the terrain along 40 m, which is a wall for it: take the neighbouring "
        "terrain too",
    ]
    assert told[0]["fr"].startswith("l'inondation atteint le bord sud du terrain sur 20 m")


def test_a_river_that_enters_in_the_west_and_leaves_in_the_east_meets_no_wall_there() -> None:
    land = np.ones((6, 8), dtype=bool)
    land[2] = False
    river = np.column_stack([np.full(8, 2), np.arange(8)])
    bed = np.zeros((6, 8))
    bed[4:, 7] = 9.0  # higher than what water leaves over
    terrain = FloodTerrain(
        bed, CELL, np.full((6, 8), 0.03), land, river=river, river_position_m=CELL * np.arange(8.0), buildings=0 * bed
    )
    depth = np.zeros((6, 8))
    depth[1:4, 0] = 0.4  # beside the river as it enters
    depth[0:5, 7] = 0.4  # beside it as it leaves, and one cell beyond the outlet
    depth[5, 3:5] = 0.4
    assert dict(held_back_m(terrain, depth)) == {"north": CELL, "south": 2 * CELL, "east": CELL}
