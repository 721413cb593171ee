"""What a stage of a step is made of, each part compiled alone and called by address (`frugal.physics.calling`).

Those that a run has no need of (watches, links, inflows) are not compiled: their address is 0.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from frugal.physics.calling import HeldValues, Part, call_part, held, part
from frugal.physics.shallow_water.crest_faces import follow_breaches
from frugal.physics.shallow_water.forcing import Forcing, open_breaches, value_at
from frugal.physics.shallow_water.local_inertial import inertial_on_tile
from frugal.physics.shallow_water.parts.whole_step import seep_and_pass
from frugal.physics.shallow_water.saint_venant import stage_on_tile
from frugal.physics.shallow_water.sides import fill_rim
from frugal.physics.shallow_water.state import (
    COVERED,
    CURRENT,
    EAST,
    NOW,
    RAINS,
    RIM,
    STEPS,
    WEST,
    Border,
    Cells,
    Clock,
    Numbers,
    Tiles,
    wake,
    wake_at,
)
from frugal.physics.shallow_water.watching import Seen, note_faces, note_step, remember, watch_tile

#: Places of the parts in `RunParts.addresses`.
FILL, WAKE, SCHEME, REMEMBER, BOOK, POUR, STRUCTURES, WATCH, FACES, NOTE = range(10)
#: Places of what they work on in ``RunParts.places``.
CELLS, TILES, BORDER, FORCING, NUMBERS, CLOCK, SEEN, EXTREMES, GATES = range(9)


@part(integers=1, numbers=1, error_model="numpy")
def fill_part(
    cells_at: Any, border_at: Any, forcing_at: Any, numbers_at: Any, clock_at: Any, second: int, dt_s: float
) -> int:
    """Prepare one stage: bed, rim, rain [m/s] before the weight of the cells.

    The first stage of a step sets the volumes of the step and its covered cells to 0.
    """
    cells, border, forcing = held(cells_at), held(border_at), held(forcing_at)
    numbers, clock = held(numbers_at), held(clock_at)
    if second == 0:
        open_breaches(cells.z, forcing, clock.time[NOW] + dt_s)
        follow_breaches(cells.crests, cells.z)
        for k in range(clock.stage_entered.size):
            clock.stage_entered[k] = 0.0
            clock.stage_left[k] = 0.0
        clock.counts[COVERED] = 0
    source = (clock.counts[CURRENT] + second) % 3
    rain = fill_rim(cells, border, forcing, numbers, source, clock.time[NOW] + (dt_s if second > 0 else 0.0))
    if numbers.inertial and forcing.rain >= 0:  # its one stage moves water with the discharges of the step's end
        rain = value_at(forcing, forcing.rain, clock.time[NOW] + dt_s)
    clock.time[RAINS] = rain
    return 0


@part(integers=1, error_model="numpy")
def wake_part(cells_at: Any, tiles_at: Any, numbers_at: Any, clock_at: Any, second: int) -> int:
    """List the tiles to compute in one stage."""
    clock = held(clock_at)
    source = (clock.counts[CURRENT] + second) % 3
    covered = wake(held(cells_at), held(tiles_at), held(numbers_at), source, (source + 1) % 3, clock.counts[STEPS] == 0)
    clock.counts[COVERED] += covered
    return 0


@part(integers=1, error_model="numpy")
def remember_part(cells_at: Any, extremes_at: Any, numbers_at: Any, tiles_at: Any, clock_at: Any, tile: int) -> int:
    """`remember` on the accepted state."""
    clock, tiles = held(clock_at), held(tiles_at)
    buffer, now_s = clock.counts[CURRENT], clock.time[NOW]
    remember(held(cells_at), held(extremes_at), held(numbers_at), tiles.box[tile], buffer, now_s)
    return 0


@part(integers=2, numbers=2, error_model="numpy")
def saint_venant_part(
    w_at: Any,
    cells_at: Any,
    tiles_at: Any,
    border_at: Any,
    numbers_at: Any,
    clock_at: Any,
    tile: int,
    second: int,
    dt_s: float,
    rain: float,
) -> int:
    """`stage_on_tile`."""
    clock = held(clock_at)
    current = clock.counts[CURRENT]
    middle, end = (current + 1) % 3, (current + 2) % 3
    buffers = (middle, end, current) if second > 0 else (current, middle, -1)
    w, cells, tiles, border, numbers = held(w_at), held(cells_at), held(tiles_at), held(border_at), held(numbers_at)
    stage_on_tile(w, cells, tiles, border, numbers, tile, buffers, dt_s, rain)
    return 0


@part(integers=2, numbers=2, error_model="numpy")
def inertial_part(
    w_at: Any,
    cells_at: Any,
    tiles_at: Any,
    border_at: Any,
    numbers_at: Any,
    clock_at: Any,
    tile: int,
    second: int,
    dt_s: float,
    rain: float,
) -> int:
    """`inertial_on_tile`."""
    clock = held(clock_at)
    buffers = clock.counts[CURRENT], (clock.counts[CURRENT] + 1) % 3
    w, cells, tiles, border, numbers = held(w_at), held(cells_at), held(tiles_at), held(border_at), held(numbers_at)
    inertial_on_tile(w, cells, tiles, border, numbers, tile, buffers, dt_s, rain)
    return 0


@part(numbers=1, error_model="numpy")
def book_part(border_at: Any, numbers_at: Any, clock_at: Any, weight: float) -> int:
    """Note the volumes through the faces of the sides during one stage; ``weight`` is metres times seconds."""
    border, numbers, clock = held(border_at), held(numbers_at), held(clock_at)
    for side in range(4):
        along = numbers.rows if side in (WEST, EAST) else numbers.columns
        for i in range(along):
            segment = border.segment[side, i]
            if segment >= 0:
                volume = border.flux[side, i] * weight
                clock.stage_entered[segment] += max(volume, 0.0)
                clock.stage_left[segment] += max(-volume, 0.0)
    return 0


@part(integers=1, numbers=3, error_model="numpy")
def pour_part(
    cells_at: Any,
    tiles_at: Any,
    forcing_at: Any,
    numbers_at: Any,
    clock_at: Any,
    buffer: int,
    time_s: float,
    added_s: float,
    booked_s: float,
) -> int:
    """Add the inflow points of one stage and note them; momentum stays, so the water slows down."""
    cells, tiles, forcing = held(cells_at), held(tiles_at), held(forcing_at)
    numbers, clock = held(numbers_at), held(clock_at)
    for k in range(forcing.inflows.shape[0]):
        row, column = forcing.inflows[k, 1] + RIM, forcing.inflows[k, 2] + RIM
        discharge = value_at(forcing, forcing.inflows[k, 0], time_s)
        before = cells.h[buffer, row, column]
        after = before + discharge * added_s / numbers.cell_size_m**2
        clock.stage_entered[forcing.segments.shape[0] + 1 + k] += discharge * booked_s
        if discharge * added_s > 0.0:
            cells.h[buffer, row, column] = after
            if not numbers.inertial:
                cells.u[buffer, row, column] *= before / after
                cells.v[buffer, row, column] *= before / after
        wake_at(cells, tiles, numbers, buffer, forcing.inflows[k, 1], forcing.inflows[k, 2])
    return 0


@part(integers=1, numbers=1, error_model="numpy")
def structures_part(
    cells_at: Any, tiles_at: Any, forcing_at: Any, numbers_at: Any, clock_at: Any, buffer: int, dt_s: float
) -> int:
    """Infiltration and links, once a step."""
    cells, tiles, forcing = held(cells_at), held(tiles_at), held(forcing_at)
    numbers, clock = held(numbers_at), held(clock_at)
    where = RIM, numbers.cell_size_m**2, numbers.dry_depth_m, numbers.inertial
    fields = cells.h[buffer], cells.u[buffer], cells.v[buffer]
    seeped = seep_and_pass(*fields, cells.z, forcing.ground, forcing.links, tiles.box, tiles.active, where, dt_s)
    clock.stage_left[clock.left.size - 1] += seeped
    for k in range(forcing.links.ends.shape[0]):
        for end in (0, 2):
            wake_at(cells, tiles, numbers, buffer, forcing.links.ends[k, end], forcing.links.ends[k, end + 1])
    return 0


@part(integers=1, numbers=1, error_model="numpy")
def watch_part(
    cells_at: Any, seen_at: Any, numbers_at: Any, tiles_at: Any, clock_at: Any, tile: int, dt_s: float
) -> int:
    """`watch_tile` on the accepted state."""
    clock, tiles = held(clock_at), held(tiles_at)
    buffer, now_s = clock.counts[CURRENT], clock.time[NOW]
    watch_tile(held(cells_at), held(seen_at), held(numbers_at), tile, tiles.box[tile], buffer, now_s, dt_s)
    return 0


@part(integers=2, error_model="numpy")
def faces_part(w_at: Any, gates_at: Any, numbers_at: Any, tiles_at: Any, tile: int, second: int) -> int:
    """`note_faces`; where the tile is -1, what was noted is forgotten."""
    gates = held(gates_at)
    if tile < 0:
        gates.flux[:] = 0.0
        return 0
    note_faces(held(w_at), gates, held(numbers_at), tile, held(tiles_at).box[tile], second)
    return 0


@part(numbers=1, error_model="numpy")
def note_part(cells_at: Any, gates_at: Any, numbers_at: Any, clock_at: Any, dt_s: float) -> int:
    """`note_step` on the accepted state."""
    clock = held(clock_at)
    note_step(held(cells_at), held(gates_at), held(numbers_at), clock.counts[CURRENT], clock.time[NOW], dt_s)
    return 0


class RunParts:
    """The parts that a run needs, and what they work on.

    Parameters
    ----------
    cells, tiles, border, forcing, numbers, clock, seen
        Of the run.
    workspaces : sequence of ndarray
        One for each thread.
    """

    def __init__(
        self,
        cells: Cells,
        tiles: Tiles,
        border: Border,
        forcing: Forcing,
        numbers: Numbers,
        clock: Clock,
        seen: Seen,
        workspaces: Sequence[np.ndarray],
    ) -> None:
        self._values = HeldValues(cells, tiles, border, forcing, numbers, clock, seen, seen.extremes, seen.gates)
        self._spaces = HeldValues(*workspaces)
        self.places, self.workspaces = self._values.places, self._spaces.places
        self.addresses = np.zeros(10, dtype=np.int64)
        self._add(FILL, fill_part, CELLS, BORDER, FORCING, NUMBERS, CLOCK)
        self._add(WAKE, wake_part, CELLS, TILES, NUMBERS, CLOCK)
        scheme = inertial_part if numbers.inertial else saint_venant_part
        state = [self._values.types[k] for k in (CELLS, TILES, BORDER, NUMBERS, CLOCK)]
        self.addresses[SCHEME] = scheme.address(self._spaces.types[0], *state)
        self._add(REMEMBER, remember_part, CELLS, EXTREMES, NUMBERS, TILES, CLOCK)
        if forcing.segments.shape[0] > 0:
            self._add(BOOK, book_part, BORDER, NUMBERS, CLOCK)
        if forcing.inflows.shape[0] > 0:
            self._add(POUR, pour_part, CELLS, TILES, FORCING, NUMBERS, CLOCK)
        if forcing.links.ends.shape[0] > 0 or forcing.ground.conductivity.size > 0:
            self._add(STRUCTURES, structures_part, CELLS, TILES, FORCING, NUMBERS, CLOCK)
        if seen.watches:
            self._add(WATCH, watch_part, CELLS, SEEN, NUMBERS, TILES, CLOCK)
            self._add(NOTE, note_part, CELLS, GATES, NUMBERS, CLOCK)
        if seen.counts:
            gates = [self._values.types[k] for k in (GATES, NUMBERS, TILES)]
            self.addresses[FACES] = faces_part.address(self._spaces.types[0], *gates)
        self._tiles, self._clock = tiles.box.shape[0], clock

    def _add(self, place: int, which: Part, *arguments: int) -> None:
        self.addresses[place] = which.address(*(self._values.types[k] for k in arguments))

    def note(self) -> None:
        """Note the series of the first state, where there are any."""
        if self.addresses[NOTE] != 0:
            call_part(self.addresses[NOTE], *self.places[[CELLS, GATES, NUMBERS, CLOCK]], 0.0)

    def look_at(self, tile: int, dt_s: float = 0.0) -> None:
        """Remember the accepted state of a tile; ``dt_s`` is the length [s] of the step that begins then."""
        if self.addresses[WATCH] != 0:
            call_part(self.addresses[WATCH], *self.places[[CELLS, SEEN, NUMBERS, TILES, CLOCK]], tile, float(dt_s))
        call_part(self.addresses[REMEMBER], *self.places[[CELLS, EXTREMES, NUMBERS, TILES, CLOCK]], tile)

    def look_at_all(self) -> None:
        """Remember the last state of a run in all tiles, those that sleep too."""
        for tile in range(self._tiles):
            self.look_at(tile)
