"""Points of LAS, LAZ and COPC files, block by block, of the place that is asked for.

Only what surfaces need is unpacked: position, class and the withheld flag. A file that is not in octree order (COPC) is
read whole once per process; where each of its blocks lies is kept, so that later windows unpack only blocks they touch.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from frugal.errors import UnusableInputError
from frugal.formats.coordinate_systems import Bounds, told_bounds
from frugal.formats.point_clouds.headers import is_octree, opened, readable, selection

_POINTS_PER_BLOCK = 50_000
_POINTS_PER_READ = 500_000


@dataclass(frozen=True)
class BlockPoints:
    """Points as the file stores them: integers to be scaled, and what they are."""

    x: np.ndarray
    y: np.ndarray
    z: np.ndarray
    classes: np.ndarray
    withheld: np.ndarray
    scales: np.ndarray
    offsets: np.ndarray


@dataclass(frozen=True)
class _Blocks:
    """Where the blocks of a file lie (``[n, 4]`` bounds) and which classes it holds at all."""

    bounds: np.ndarray
    classes: np.ndarray


def points_in(path: Path, window: Bounds, classes: np.ndarray) -> Iterator[BlockPoints]:
    """The points of a file that may lie in a window, part by part, in the order of the file.

    Points outside the window may be among them. At most 500 000 points are in memory at once.

    Parameters
    ----------
    path : Path
    window : tuple of four float
    classes : ndarray of bool, shape (256,)
        Once the iteration has ended, true for the classes that the whole file holds, whatever the window (of a COPC
        file: that its coarsest level holds).

    Raises
    ------
    UnusableInputError
        If the file is damaged or cut short, or points lie outside the bounds of its header.
    """
    with opened(path) as reader:
        octree = is_octree(reader.header)
    if octree:
        yield from _of_octree(path, window, classes)
        return
    with _lock_of(path):
        known = _BLOCKS.get(_key(path))
        if known is None:
            yield from _of_all(path, window, classes)
            return
    classes |= known.classes
    yield from _of_known(path, known, window)


_BLOCKS: dict[tuple[str, int, int], _Blocks] = {}
_LOCKS: dict[str, threading.Lock] = {}
_GUARD = threading.Lock()


def _key(path: Path) -> tuple[str, int, int]:
    status = path.stat()
    return os.fspath(path.resolve()), status.st_size, status.st_mtime_ns


def _lock_of(path: Path) -> threading.Lock:
    with _GUARD:
        return _LOCKS.setdefault(os.fspath(path.resolve()), threading.Lock())


def _points_of(record: Any, scales: Any, offsets: Any) -> BlockPoints:
    return BlockPoints(
        x=np.ascontiguousarray(record.X),
        y=np.ascontiguousarray(record.Y),
        z=np.ascontiguousarray(record.Z),
        classes=np.asarray(record.classification).astype(np.uint8),
        withheld=np.asarray(record.withheld).astype(np.bool_),
        scales=np.asarray(scales, dtype=np.float64),
        offsets=np.asarray(offsets, dtype=np.float64),
    )


def _bounds_of(points: BlockPoints) -> np.ndarray:
    low = np.array([points.x.min(), points.y.min()]) * points.scales[:2] + points.offsets[:2]
    high = np.array([points.x.max(), points.y.max()]) * points.scales[:2] + points.offsets[:2]
    return np.concatenate([low, high])


def _touching(bounds: np.ndarray, window: Bounds) -> np.ndarray:
    west, south, east, north = window
    return (bounds[:, 0] <= east) & (bounds[:, 2] >= west) & (bounds[:, 1] <= north) & (bounds[:, 3] >= south)


def _of_all(path: Path, window: Bounds, classes: np.ndarray) -> Iterator[BlockPoints]:
    """Read every block once, hand on those that touch the window, and keep where all lie."""
    bounds = []
    with opened(path) as reader:
        header = reader.header
        for start in range(0, header.point_count, _POINTS_PER_BLOCK):
            points = _block(reader, path, start)
            bounds.append(_bounds_of(points))
            _check_inside(bounds[-1], header, path)
            classes[np.unique(points.classes)] = True
            if _touching(bounds[-1][None], window)[0]:
                yield points
    _BLOCKS[_key(path)] = _Blocks(np.array(bounds), classes.copy())


def _of_known(path: Path, known: _Blocks, window: Bounds) -> Iterator[BlockPoints]:
    with opened(path) as reader:
        position = 0
        for number in np.flatnonzero(_touching(known.bounds, window)):
            start = int(number) * _POINTS_PER_BLOCK
            if start != position:
                with readable(path):
                    reader.seek(start)
            yield _block(reader, path, start)
            position = start + _POINTS_PER_BLOCK


def _block(reader: Any, path: Path, start: int) -> BlockPoints:
    wanted = min(_POINTS_PER_BLOCK, reader.header.point_count - start)
    with readable(path):
        record = reader.read_points(wanted)
        points = _points_of(record, reader.header.scales, reader.header.offsets)
    if len(points.x) != wanted:
        raise UnusableInputError(
            f"point cloud '{path}' is cut short: {start + len(points.x)} of its {reader.header.point_count} points "
            "can be read"
        )
    return points


def _check_inside(bounds: np.ndarray, header: Any, path: Path) -> None:
    slack = 1.0 + np.asarray(header.scales)[:2]
    low, high = np.asarray(header.mins)[:2] - slack, np.asarray(header.maxs)[:2] + slack
    if (bounds[:2] < low).any() or (bounds[2:] > high).any():
        raise UnusableInputError(
            f"point cloud '{path}' has points at {told_bounds(bounds)} outside the bounds of its header "
            f"({told_bounds((*low, *high))}): it is damaged"
        )


def _of_octree(path: Path, window: Bounds, classes: np.ndarray) -> Iterator[BlockPoints]:
    """Read the nodes of a COPC file that touch a window; the root is read always, for the classes."""
    import laspy
    from laspy.copc import Bounds as Box
    from laspy.copc import load_octree_for_query

    with readable(path):
        reader = laspy.CopcReader.open(str(path), decompression_selection=selection())
    with reader:
        with readable(path):
            header, info, page = reader.header, reader.copc_info, reader.root_page
            box = Box(np.array(window[:2]), np.array(window[2:])).ensure_3d(header.mins, header.maxs)
            root = load_octree_for_query(reader.source, info, page, level_range=range(1))
            nodes = load_octree_for_query(reader.source, info, page, query_bounds=box)
        for group in _groups(root):
            classes[np.unique(_nodes(reader, group, path).classes)] = True
        for group in _groups(nodes):
            points = _nodes(reader, group, path)
            _check_inside(_bounds_of(points), header, path)
            yield points


def _groups(nodes: list[Any]) -> Iterator[list[Any]]:
    """Nodes in the order of the file, in groups of at most 500 000 points (or of one node)."""
    group: list[Any] = []
    count = 0
    for node in sorted((node for node in nodes if node.point_count > 0), key=lambda node: node.offset):
        if group and count + node.point_count > _POINTS_PER_READ:
            yield group
            group, count = [], 0
        group.append(node)
        count += node.point_count
    if group:
        yield group


def _nodes(reader: Any, nodes: list[Any], path: Path) -> BlockPoints:
    """Unpack nodes; their number of points and of bytes stands in the hierarchy of the file."""
    import lazrs
    from laspy.point.record import PackedPointRecord

    with readable(path):
        packed = bytearray()
        for node in nodes:
            reader.source.seek(node.offset)
            packed += reader.source.read(node.byte_size)
        if len(packed) != sum(node.byte_size for node in nodes):
            raise EOFError
        unpacked = np.zeros(sum(node.point_count for node in nodes) * reader.header.point_format.size, dtype=np.uint8)
        lazrs.decompress_points_with_chunk_table(
            packed,
            reader.laszip_vlr.record_data,
            unpacked,
            [(node.point_count, node.byte_size) for node in nodes],
            selection().to_lazrs(),
        )
        record = PackedPointRecord.from_buffer(unpacked, reader.header.point_format)
        return _points_of(record, reader.header.scales, reader.header.offsets)
