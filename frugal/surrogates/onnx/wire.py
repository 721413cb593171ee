"""Fields of a protobuf message, read from its bytes (https://protobuf.dev/programming-guides/encoding/).

So that looking into a graph needs neither onnx nor protobuf, and asks nothing of what reads it later.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from frugal.errors import UnusableInputError

_VARINT, _FIXED64, BYTES, _FIXED32 = 0, 1, 2, 5


class WireField(NamedTuple):
    """One field: its number, where it starts and ends with its key, its bytes (empty unless it has a length), its number."""

    number: int
    start: int
    end: int
    content: memoryview
    value: int


def fields(data: bytes | memoryview) -> Iterator[WireField]:
    """Every field of a message, in the order in which they stand.

    Raises
    ------
    UnusableInputError
        If the bytes are not a protobuf message.
    """
    view = memoryview(data)
    position = 0
    while position < len(view):
        start = position
        key, position = _varint(view, position)
        number, wire = key >> 3, key & 7
        content, value = view[:0], 0
        if wire == _VARINT:
            value, position = _varint(view, position)
        elif wire == BYTES:
            length, position = _varint(view, position)
            content = view[position : position + length]
            position += length
        elif wire in (_FIXED64, _FIXED32):
            position += 8 if wire == _FIXED64 else 4
        else:
            raise UnusableInputError(f"the model file is damaged: wire type {wire} at byte {start} is unknown")
        if position > len(view):
            raise UnusableInputError(f"the model file is damaged: it ends inside field {number}")
        yield WireField(number, start, position, content, value)


def _varint(data: memoryview, position: int) -> tuple[int, int]:
    """Value of the variable-length integer at ``position``, and the position after it."""
    value, shift = 0, 0
    while position < len(data) and shift < 64:
        byte = data[position]
        position += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, position
        shift += 7
    raise UnusableInputError("the model file is damaged: a number in it does not end")
