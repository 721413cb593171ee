"""Rasters of point clouds, square by square; what is finished is kept, and nothing of a damaged cloud stays in it."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Lock
from typing import Any

import numpy as np

from frugal.cadastre.job.result import Failure
from frugal.errors import UnusableInputError
from frugal.formats.files.atomic import write_text
from frugal.formats.point_clouds.surfaces import PointCloudInfo, Surfaces, gap_for, note_on_voids, surfaces_from_points
from frugal.formats.rasters.surface_model import SurfaceModel, write_surface_model
from frugal.formats.rasters.tiling import Bounds, Tile, TileGrid, plan_tiles

#: Point clouds are rasterised in squares of this side, each kept as a file, so that a killed run loses one.
CHUNK_M = 500.0

_TOLD_WITHIN_M = 10.0


class Rasteriser:
    """Writes the rasters of squares; a cloud that turns out damaged is listed once and left out of all of them.

    Damage may show in the last square that is read. Those made before with points of the cloud are then made again without
    it, so that neither the order of squares nor a kill changes the result.

    Parameters
    ----------
    infos : sequence of PointCloudInfo
    grid : Grid
    crs : str
    home : Path
        Folder named by the contents of the clouds; takes ``surface/``, ``bare/`` and ``roofs/``.
    failures : list of Failure
        Damaged clouds are added to it.
    """

    def __init__(
        self, infos: Sequence[PointCloudInfo], grid: TileGrid, crs: str, home: Path, failures: list[Failure]
    ) -> None:
        self.infos, self.grid, self.crs, self.home = infos, grid, crs, home
        self.failures = failures
        self.gap_m = gap_for(infos)
        #: Farthest point that a cell depends on.
        self.around_m = _TOLD_WITHIN_M + self.gap_m + 2.0 * grid.resolution_m
        self.damaged: set[Path] = set()
        self.lock = Lock()
        #: Contents of clouds in order of their paths name the folder, so that a place in it names a cloud.
        self.places = {path: place for place, path in enumerate(sorted(info.path for info in infos))}
        for path, place in self.places.items():
            known = self.home / "damaged" / f"{place}.json"
            if known.is_file():
                self.damaged.add(path)
                failures.append(Failure(path.name, json.loads(known.read_text(encoding="utf-8"))))

    def run(self, bounds: Bounds, threads: int, on_square: Callable[[int, int], None]) -> None:
        """Make all squares that are not there yet.

        Parameters
        ----------
        bounds : tuple
            West, south, east, north [m]; squares without a point cloud are left out.
        threads : int
            Squares at a time.
        on_square : callable
            ``on_square(done, total)`` after each square, those that are there already included; from 1 again where a damaged
            cloud is found and the squares are gone through once more.
        """
        squares = [
            tile
            for tile in plan_tiles(self.grid, bounds, self.grid.whole(CHUNK_M))
            if any(overlap(info.bounds, self.grid.bounds(tile.columns, tile.rows), 0.0) for info in self.infos)
        ]
        known = -1
        while known < len(self.damaged):
            known = len(self.damaged)
            with ThreadPoolExecutor(max_workers=threads) as pool:
                for done, _ in enumerate(pool.map(self.square, squares), start=1):
                    on_square(done, len(squares))

    def files(self, kind: str) -> tuple[str, ...]:
        """Rasters made of one kind."""
        return tuple(str(path) for path in sorted((self.home / kind).glob("*.tif")))

    def told(self) -> list[str]:
        """What a user should know of all squares, those of earlier runs included."""
        squares = [_read(file) for file in sorted((self.home / "told").glob("*.json"))]
        covered, missing = (sum(square[name] for square in squares) for name in ("covered_m2", "missing_m2"))
        voids = note_on_voids(covered, missing, self.gap_m, self.grid.resolution_m)
        notes = {note for square in squares for note in square["notes"]}
        return [*sorted(notes), *([voids] if voids else [])]

    def square(self, tile: Tile) -> None:
        """Make one square, unless it is there and holds nothing of a damaged cloud."""
        told = self.home / "told" / f"{tile.name}.json"
        if told.is_file() and not self._damaged_among(_read(told)["clouds"]):
            return
        told.unlink(missing_ok=True)  # until the rasters below are those of one making
        found, used = self._surfaces(tile)
        empty = found is None or bool(np.isnan(found.surface.heights).all())
        self._write(tile, None if empty else found)
        content: dict[str, Any] = {"covered_m2": 0.0, "missing_m2": 0.0, "notes": []}
        if found is not None and not empty:
            content = {"covered_m2": found.covered_m2, "missing_m2": found.missing_m2, "notes": found.notes}
        write_text(
            told, json.dumps({**content, "clouds": used})
        )  # last: its presence tells that the square is complete

    def _damaged_among(self, places: Sequence[int]) -> bool:
        with self.lock:
            return any(self.places[path] in places for path in self.damaged)

    def _write(self, tile: Tile, found: Surfaces | None) -> None:
        rasters: dict[str, SurfaceModel | None] = {"surface": None, "bare": None, "roofs": None}
        if found is not None:
            rasters["surface"], rasters["bare"] = found.surface, found.bare
            if found.roof_class is not None:
                shape = found.surface
                rasters["roofs"] = SurfaceModel(
                    found.roof_class.astype(float), shape.resolution_m, shape.x_min, shape.y_max, self.crs, "roofs", ""
                )
        for kind, raster in rasters.items():
            path = self.home / kind / f"{tile.name}.tif"
            if raster is None:
                path.unlink(missing_ok=True)
            else:
                write_surface_model(path, raster)

    def _surfaces(self, tile: Tile) -> tuple[Surfaces | None, list[int]]:
        """Surfaces of a square from the clouds that can be read, and the places of these."""
        bounds = self.grid.bounds(tile.columns, tile.rows)
        while True:
            infos = [
                info
                for info in self.infos
                if info.path not in self.damaged and overlap(info.bounds, bounds, self.around_m)
            ]
            if not infos:
                return None, []
            try:
                found = surfaces_from_points(infos, bounds, self.grid.resolution_m, self.crs, widest_gap_m=self.gap_m)
            except UnusableInputError as fault:
                guilty = [info.path for info in infos if f"'{info.path}'" in str(fault)]
                if not guilty:
                    raise
                self._leave_out(guilty[0], str(fault))
            else:
                return found, [self.places[info.path] for info in infos]

    def _leave_out(self, path: Path, message: str) -> None:
        """List a damaged cloud, once, and for runs that find its squares done as well."""
        with self.lock:
            if path in self.damaged:
                return
            self.damaged.add(path)
            self.failures.append(Failure(path.name, message))
            write_text(self.home / "damaged" / f"{self.places[path]}.json", json.dumps(message))


def overlap(one: Bounds, other: Bounds, margin: float) -> bool:
    """Whether two boxes, one of them widened, have a point in common.

    Parameters
    ----------
    one, other : tuple
        West, south, east, north [m].
    margin : float
        What ``other`` is widened by on every side [m].

    Returns
    -------
    bool
        False where edges only touch.
    """
    return (
        one[0] < other[2] + margin
        and other[0] - margin < one[2]
        and one[1] < other[3] + margin
        and other[1] - margin < one[3]
    )


def _read(file: Path) -> dict[str, Any]:
    content: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
    return content
