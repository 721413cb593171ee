"""Small point clouds written for tests."""

from __future__ import annotations

import struct
from pathlib import Path

import laspy
import lazrs
import numpy as np
from pyproj import CRS

WEST, SOUTH = 770_000.0, 6_277_000.0


def write_cloud(
    path: Path,
    points: np.ndarray,
    classes: np.ndarray | int = 2,
    crs: str | None = "EPSG:2154",
    point_format: int = 6,
    records: list[laspy.VLR] | None = None,
    extended: list[laspy.VLR] | None = None,
    **dimensions: np.ndarray | int,
) -> Path:
    """Write points ``[n, 3]`` (east and north of the corner above) as LAS or LAZ, by the name of the path."""
    header = laspy.LasHeader(point_format=point_format, version="1.4" if point_format > 5 else "1.2")
    header.scales, header.offsets = np.full(3, 0.01), np.zeros(3)
    for record in records or []:
        header.vlrs.append(record)
    if crs is not None:
        header.add_crs(CRS.from_user_input(crs))
    cloud = laspy.LasData(header)
    cloud.x, cloud.y, cloud.z = points[:, 0] + WEST, points[:, 1] + SOUTH, points[:, 2]
    cloud.classification = np.broadcast_to(np.asarray(classes, dtype=np.uint8), len(points)).copy()
    for name, values in dimensions.items():
        cloud[name] = np.broadcast_to(np.asarray(values), len(points)).copy()
    if extended:
        cloud.evlrs = laspy.vlrs.vlrlist.VLRList(extended)
    cloud.write(path)
    return path


def write_octree(path: Path, nodes: list[tuple[tuple[int, int, int, int], np.ndarray, int]], side_m: float) -> Path:
    """Write a COPC file: a LAZ file whose chunks are nodes of an octree of a cube at the corner above, height 0.

    Each node is its key (level, x, y, z), its points and their class; all but the last must have 50 000 points, the
    number of points of a chunk.
    """
    half = side_m / 2
    info = struct.pack("<5dQQ2d88x", WEST + half, SOUTH + half, half, half, side_m / 128, 0, 0, 0.0, 0.0)
    write_cloud(
        path,
        np.concatenate([points for _, points, _ in nodes]),
        np.concatenate([np.full(len(points), number) for _, points, number in nodes]),
        records=[laspy.VLR(user_id="copc", record_id=1, record_data=info)],
        extended=[laspy.VLR(user_id="copc", record_id=1000, record_data=bytes(32 * len(nodes)))],
    )
    with path.open("rb") as stream:
        header = laspy.LasHeader.read_from(stream)
        laszip = lazrs.LazVlr(header.vlrs.get("LasZipVlr")[0].record_data)
        stream.seek(header.offset_to_point_data)
        table = lazrs.read_chunk_table(stream, laszip)
    offset, entries = header.offset_to_point_data + 8, b""
    for (key, points, _), (_, size) in zip(nodes, table, strict=True):
        entries += struct.pack("<4iQii", *key, offset, size, len(points))
        offset += size
    content = bytearray(path.read_bytes())
    hierarchy = header.start_of_first_evlr + 60
    content[hierarchy : hierarchy + len(entries)] = entries
    start = 375 + 54 + 40
    content[start : start + 16] = struct.pack("<QQ", hierarchy, len(entries))
    path.write_bytes(content)
    return path
