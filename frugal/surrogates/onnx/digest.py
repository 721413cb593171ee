"""Hash of an ONNX graph without its metadata, so that the audit can hash the graph before the metadata hold
the audit.
"""

from __future__ import annotations

import hashlib
from pathlib import Path

from frugal.errors import UnusableInputError
from frugal.surrogates.onnx.wire import fields

#: Field number of ``metadata_props`` in ``ModelProto`` (onnx/onnx.proto).
METADATA_FIELD = 14


def strip_metadata(data: bytes) -> bytes:
    """Serialised model without its top-level ``metadata_props``; every other byte is kept as it is.

    Raises
    ------
    UnusableInputError
        If the bytes are not a protobuf message.
    """
    return b"".join(data[field.start : field.end] for field in fields(data) if field.number != METADATA_FIELD)


def graph_digest(data: bytes) -> str:
    """SHA-256, in hexadecimal, of a serialised model without its metadata."""
    return hashlib.sha256(strip_metadata(data)).hexdigest()


def file_graph_digest(path: Path) -> str:
    """`graph_digest` of a file.

    Raises
    ------
    UnusableInputError
        Naming the file, if it is not a protobuf message.
    """
    try:
        return graph_digest(path.read_bytes())
    except UnusableInputError as fault:
        raise UnusableInputError(f"'{path}' is not an ONNX file that can be run: {fault}") from fault
