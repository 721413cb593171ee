"""Hash of an ONNX graph without its metadata, so that the audit can hash the graph before the metadata hold
the audit.

Reads the protobuf wire format directly (https://protobuf.dev/programming-guides/encoding/), so that checking
a hash needs neither onnx nor protobuf.
"""

from __future__ import annotations

import hashlib

from frugal.errors import UnusableInputError

#: Field number of ``metadata_props`` in ``ModelProto`` (onnx/onnx.proto).
METADATA_FIELD = 14

_VARINT, _FIXED64, _BYTES, _FIXED32 = 0, 1, 2, 5


def _varint(data: bytes, position: int) -> tuple[int, int]:
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


def strip_metadata(data: bytes) -> bytes:
    """Serialised model without its top-level ``metadata_props``; every other byte is kept as it is.

    Raises
    ------
    UnusableInputError
        If the bytes are not a protobuf message.
    """
    kept = []
    position = 0
    while position < len(data):
        start = position
        key, position = _varint(data, position)
        field, wire = key >> 3, key & 7
        if wire == _VARINT:
            _, position = _varint(data, position)
        elif wire == _BYTES:
            length, position = _varint(data, position)
            position += length
        elif wire in (_FIXED64, _FIXED32):
            position += 8 if wire == _FIXED64 else 4
        else:
            raise UnusableInputError(f"the model file is damaged: wire type {wire} at byte {start} is unknown")
        if position > len(data):
            raise UnusableInputError(f"the model file is damaged: it ends inside field {field}")
        if field != METADATA_FIELD:
            kept.append(data[start:position])
    return b"".join(kept)


def graph_digest(data: bytes) -> str:
    """SHA-256, in hexadecimal, of a serialised model without its metadata."""
    return hashlib.sha256(strip_metadata(data)).hexdigest()
