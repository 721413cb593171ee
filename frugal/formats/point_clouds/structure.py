"""Whether the parts of a LAS, LAZ or COPC file can be where it says, before a decoder believes it.

Decoders take memory and time for what a header, a table of chunks or a hierarchy announces. All of these are held against the
size of the file and against one another here, which costs a few reads.
"""

from __future__ import annotations

import os
import struct
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

from frugal.errors import UnusableInputError

_HEADER_BYTES = {2: 227, 3: 235, 4: 375, 5: 393}
_RECORD_HEADER_BYTES, _EXTENDED_HEADER_BYTES = 54, 60
_COMPRESSED = 0x80
_LASZIP = (b"laszip encoded", 22204)
_COPC_INFO = (b"copc", 1)
#: Compressors of laszip: in chunks, and in chunks of layers.
_CHUNKED, _LAYERED = 2, 3
_VARIABLE = 0xFFFFFFFF
#: Layers of an item of laszip by its type; a layer of type 14 is a byte.
_LAYERS = {10: 9, 11: 1, 12: 2, 13: 1}
_BYTES_IN_LAYERS = 14
_ENTRY = struct.Struct("<4iQii")
_CHECKED: set[tuple[str, int, int]] = set()


@dataclass(frozen=True)
class _Header:
    """Numbers of the header that say where things are."""

    size: int
    offset_to_points: int
    records: int
    point_format: int
    point_bytes: int
    points: int
    first_extended: int
    extended: int


def check_structure(path: Path) -> None:
    """Refuse a file whose parts cannot be where it says.

    A file that was found sound in this process and has not changed since is not looked at again.

    Raises
    ------
    UnusableInputError
        Naming what is announced and what the file can hold.
    """
    status = path.stat()
    key = os.fspath(path.resolve()), status.st_size, status.st_mtime_ns
    if key in _CHECKED:
        return
    with path.open("rb") as stream:
        _check(stream, status.st_size, lambda why: UnusableInputError(f"point cloud '{path}' is damaged: {why}"))
    _CHECKED.add(key)


Refusal = Callable[[str], UnusableInputError]


def _check(stream: BinaryIO, size: int, refusal: Refusal) -> None:
    header = _header(stream, size, refusal)
    if header is None:  # no LAS file: whoever opens it tells
        return
    records = dict(_records(stream, header, refusal))
    _check_extended(stream, header, size, refusal)
    if not header.point_format & _COMPRESSED:
        held = (size - header.offset_to_points) // header.point_bytes
        if header.points > held:
            raise refusal(f"it is cut short: its header announces {header.points} points, its bytes hold {held}")
        return
    packed = records.get(_LASZIP)
    if packed is None:
        raise refusal("its points are compressed and no record says how")
    layers = _layers(packed, header, refusal)
    chunks = _chunks(stream, header, size, packed, refusal)
    if layers is not None:
        for at, length, points in chunks:
            _check_layers(stream, at, length, points, header.point_bytes, layers, refusal)
    if _COPC_INFO in records:
        _check_octree(stream, header, size, records[_COPC_INFO], layers, refusal)


def _header(stream: BinaryIO, size: int, refusal: Refusal) -> _Header | None:
    head = stream.read(393)
    if len(head) < 227 or not head.startswith(b"LASF"):
        return None
    minor = head[25]
    least = _HEADER_BYTES.get(minor, 227)
    own, offset, records, point_format, point_bytes, points = struct.unpack_from("<HIIBHI", head, 94)
    first_extended = extended = 0
    if minor >= 4 and len(head) >= 375:
        first_extended, extended, points = struct.unpack_from("<QIQ", head, 235)
    if not least <= own <= offset <= size:
        raise refusal(
            f"it is cut short or its header is broken: {own} bytes of header and points from byte {offset} on, in {size} bytes"
        )
    if not point_bytes:
        raise refusal("its points are said to have no bytes")
    most = (offset - own) // _RECORD_HEADER_BYTES
    if records > most:
        raise refusal(f"its header announces {records} records before the points, where {most} find room")
    return _Header(own, offset, records, point_format, point_bytes, points, first_extended, extended)


def _records(stream: BinaryIO, header: _Header, refusal: Refusal) -> Iterator[tuple[tuple[bytes, int], bytes]]:
    at = header.size
    for _ in range(header.records):
        stream.seek(at)
        head = stream.read(_RECORD_HEADER_BYTES)
        user, number, length = struct.unpack_from("<2x16sHH", head)
        at += _RECORD_HEADER_BYTES + length
        if at > header.offset_to_points:
            raise refusal(f"a record of {length} bytes reaches beyond the beginning of the points")
        yield (user.rstrip(b"\0"), number), stream.read(length)


def _check_extended(stream: BinaryIO, header: _Header, size: int, refusal: Refusal) -> None:
    at = header.first_extended
    for number in range(header.extended):
        if at < header.offset_to_points or at + _EXTENDED_HEADER_BYTES > size:
            raise refusal(
                f"its header announces {header.extended} records behind the points, and the file ends after {number}"
            )
        stream.seek(at)
        (length,) = struct.unpack_from("<Q", stream.read(_EXTENDED_HEADER_BYTES), 20)
        at += _EXTENDED_HEADER_BYTES + length
        if at > size:
            raise refusal(f"a record of {length} bytes behind the points reaches beyond the end of the file")


def _layers(packed: bytes, header: _Header, refusal: Refusal) -> int | None:
    """Layers of a chunk; None where chunks have none."""
    if len(packed) < 34:
        raise refusal("the record that says how its points are compressed is cut short")
    (compressor,) = struct.unpack_from("<H", packed)
    (number,) = struct.unpack_from("<H", packed, 32)
    if compressor not in (_CHUNKED, _LAYERED) or 34 + 6 * number > len(packed):
        raise refusal(
            f"its points are compressed in a way that is not known here (compressor {compressor}, {number} items)"
        )
    items = [struct.unpack_from("<HHH", packed, 34 + 6 * k) for k in range(number)]
    if sum(length for _, length, _ in items) != header.point_bytes:
        raise refusal("the record that says how its points are compressed does not fit the size of a point")
    if compressor == _CHUNKED:
        return None
    return sum(length if kind == _BYTES_IN_LAYERS else _LAYERS.get(kind, 0) for kind, length, _ in items)


def _chunks(
    stream: BinaryIO, header: _Header, size: int, packed: bytes, refusal: Refusal
) -> list[tuple[int, int, int]]:
    """First byte, bytes and points of each chunk."""
    import lazrs

    begin = header.offset_to_points + 8
    stream.seek(header.offset_to_points)
    if begin + 8 > size:
        raise refusal(f"it is cut short: its points begin at byte {begin} of {size}")
    (at,) = struct.unpack("<q", stream.read(8))
    if at == -1:  # written at the end of a stream
        stream.seek(size - 8)
        (at,) = struct.unpack("<q", stream.read(8))
    if not begin <= at <= size - 8:
        raise refusal(f"it is cut short: its table of chunks is said to be at byte {at}, and it has {size}")
    stream.seek(at)
    _, number = struct.unpack("<II", stream.read(8))
    (side,) = struct.unpack_from("<I", packed, 12)
    whole = -(-header.points // side) if side and side != _VARIABLE else None
    if number > at - begin or (whole is not None and number != whole) or (number > header.points):
        raise refusal(f"its table announces {number} chunks, for {header.points} points in {at - begin} bytes")
    if not number:
        return []
    stream.seek(header.offset_to_points)
    try:
        table = lazrs.read_chunk_table(stream, lazrs.LazVlr(packed))
    except (lazrs.LazrsError, ValueError, OSError, RuntimeError) as fault:
        raise refusal("its table of chunks cannot be read") from fault
    found, start, left = [], begin, header.points
    for points, length in table:
        counted = min(points, left) if whole is not None else points
        if not 0 < length <= at - start or not 0 < counted <= left:
            raise refusal("its table of chunks does not fit its points")
        found.append((start, length, counted))
        start, left = start + length, left - counted
    if start != at or left:
        raise refusal("its table of chunks does not fit its points")
    return found


def _check_layers(
    stream: BinaryIO, at: int, length: int, points: int, point_bytes: int, layers: int, refusal: Refusal
) -> None:
    """A chunk holds a point, the number of points, the sizes of its layers, and these."""
    stream.seek(at + point_bytes)
    sizes = stream.read(4 + 4 * layers) if length >= point_bytes + 4 + 4 * layers else b""
    if len(sizes) < 4 + 4 * layers:
        raise refusal(f"a chunk of {points} points has {length} bytes, too few for their layers")
    counted, *of_layers = struct.unpack(f"<{1 + layers}I", sizes)
    if counted != points or point_bytes + 4 + 4 * layers + sum(of_layers) > length:
        raise refusal(f"a chunk of {points} points announces {counted} in {sum(of_layers)} bytes; it has {length}")


def _check_octree(
    stream: BinaryIO, header: _Header, size: int, info: bytes, layers: int | None, refusal: Refusal
) -> None:
    """Pages of the hierarchy of a COPC file lie in it, none holds itself, and their nodes are chunks."""
    if len(info) < 56:
        raise refusal("its octree is not described")
    pages: list[tuple[int, int, Any]] = [(*struct.unpack_from("<QQ", info, 40), None)]
    seen: set[int] = set()
    points = 0
    while pages:
        at, length, root = pages.pop()
        if at in seen or not header.offset_to_points <= at <= at + length <= size:
            raise refusal(f"a page of its octree is said to be at byte {at}, of {length} bytes, in {size}")
        seen.add(at)
        stream.seek(at)
        content = stream.read(length - length % _ENTRY.size)
        entries = {entry[:4]: entry[4:] for entry in _ENTRY.iter_unpack(content)}
        if root is not None and entries.get(root, (0, 0, -1))[2] == -1:
            raise refusal("a page of its octree does not hold what it is said to hold")
        for key, (offset, held, count) in entries.items():
            if count == -1:
                pages.append((offset, held, key))
            elif count:
                points += count
                if (
                    count < 0
                    or points > header.points
                    or held <= 0
                    or not header.offset_to_points <= offset <= size - held
                ):
                    raise refusal(
                        f"a node of its octree is said to hold {count} points in {held} bytes at byte {offset}"
                    )
                if layers is not None:
                    _check_layers(stream, offset, held, count, header.point_bytes, layers, refusal)
