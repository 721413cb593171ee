"""Constants of a graph as text: bits of neighbours subtracted, bytes of one place together, deflated, 13 bits in two letters.

Nothing is lost. How an array is laid out is chosen by the entropy of its bytes, so that the choice is the same on every
machine; how well zlib then deflates is not.
"""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

#: JavaScript's name of each type of array that is packed, by its letter in the file.
ARRAYS = {"f": "Float32Array", "d": "Float64Array", "i": "Int32Array"}
_TYPES: dict[str, np.dtype[Any]] = {"f": np.dtype("<f4"), "d": np.dtype("<f8"), "i": np.dtype("<i4")}
#: What the text is written in: printable, but for quote, backslash and the sign that begins a tag.
LETTERS = "".join(chr(code) for code in range(0x21, 0x7F) if chr(code) not in "'\\<")
_GROUP = 13
#: Of zlib: as small as it gets.
LEVEL = 9
#: Arrays of fewer elements are packed as they are.
_SMALL = 32
#: How a larger array is laid out is chosen by about so many of its first elements.
_WATCHED = 50_000


@dataclass(frozen=True)
class Packed:
    """An array as it is packed.

    Parameters
    ----------
    kind : str
        Letter of its type: ``f`` float32, ``d`` float64, ``i`` int32.
    size : int
    turned : bool
        Its first dimension varies fastest.
    order : int
        How often the bits of each element are less those of the one before, 0 to 2; modulo the size of the word.
    """

    kind: str
    size: int
    turned: bool
    order: int


def kind_of(array: np.ndarray) -> str | None:
    """Letter of the type that an array is packed as; None where it cannot be."""
    if array.dtype == np.float32:
        return "f"
    if array.dtype == np.float64:
        return "d"
    small = array.dtype.kind in "iub" and (array.size == 0 or np.abs(array.astype(np.int64)).max() < 2**31)
    return "i" if small else None


def layout_of(array: np.ndarray, kind: str) -> Packed:
    """How an array is best laid out, by the entropy of its bytes.

    Parameters
    ----------
    array : array
        Of any number of dimensions.
    kind : str
        From `kind_of`.
    """
    choices = [Packed(kind, array.size, False, 0)]
    if array.size >= _SMALL:
        turns = (False, True) if array.ndim > 1 and min(array.shape) > 1 else (False,)
        choices = [Packed(kind, array.size, turned, order) for turned in turns for order in (0, 1, 2)]
    rows = max(_WATCHED * max(len(array), 1) // max(array.size, 1), 2) if array.ndim else 1
    watched = array[:rows] if array.size > _WATCHED else array
    return min(choices, key=lambda packed: _entropy(_planes(watched, packed)))


def payload(arrays: Sequence[tuple[np.ndarray, Packed]]) -> bytes:
    """All arrays behind one another, each as its layout says."""
    return b"".join(_planes(array, packed).tobytes() for array, packed in arrays)


def to_text(content: bytes) -> str:
    """Bytes deflated, in letters that may stand between quotes in a program and in a page; two for 13 bits.

    One letter more says that the last byte that these bits make is none.
    """
    deflated = np.frombuffer(zlib.compress(content, LEVEL), dtype=np.uint8)
    bits = np.unpackbits(deflated, bitorder="little")
    groups = np.pad(bits, (0, -len(bits) % _GROUP)).reshape(-1, _GROUP).astype(np.int64)
    numbers = groups @ (1 << np.arange(_GROUP))
    letters = np.frombuffer(LETTERS.encode("ascii"), dtype=np.uint8)
    pairs = letters[np.stack([numbers // len(LETTERS), numbers % len(LETTERS)], axis=1)].tobytes().decode("ascii")
    return pairs + LETTERS[0] * (len(numbers) * _GROUP // 8 - len(deflated))


def from_text(text: str, size: int) -> bytes:
    """What `to_text` was given, whichever zlib deflated it.

    Parameters
    ----------
    text : str
    size : int
        Bytes that are expected.

    Raises
    ------
    ValueError
        If it is something else, or more.
    """
    places = np.array([LETTERS.find(letter) for letter in text], dtype=np.int64)
    if (places < 0).any():
        raise ValueError("its numbers are not written in the letters of this format")
    even = len(places) // 2 * 2
    numbers = places[:even:2] * len(LETTERS) + places[1:even:2]
    bits = (numbers[:, None] >> np.arange(_GROUP) & 1).astype(np.uint8)
    whole = np.packbits(bits.ravel(), bitorder="little")[: len(numbers) * _GROUP // 8 - len(places) % 2]
    inflater = zlib.decompressobj()
    try:
        found = inflater.decompress(whole.tobytes(), size + 1)
    except zlib.error as fault:
        raise ValueError(f"its numbers cannot be read: {fault}") from fault
    if not inflater.eof or inflater.unused_data or len(found) != size:
        raise ValueError("its numbers are cut off, or something follows them")
    return found


def _planes(array: np.ndarray, packed: Packed) -> np.ndarray:
    """Bytes ``[width, size]``, lowest first."""
    flat: np.ndarray = np.ascontiguousarray(array.T if packed.turned else array).ravel()
    flat = flat.astype(_TYPES[packed.kind])
    width = flat.dtype.itemsize
    bits = flat.view(f"<u{width}")
    for _ in range(packed.order):
        bits = np.concatenate([bits[:1], bits[1:] - bits[:-1]])
    return np.ascontiguousarray(bits.view(np.uint8).reshape(-1, width).T)


def _entropy(planes: np.ndarray) -> float:
    """Bits of all bytes, each place by itself."""
    total = 0.0
    for plane in planes:
        counts = np.bincount(plane, minlength=256)
        counts = counts[counts > 0]
        total -= float(np.sum(counts * np.log2(counts / plane.size)))
    return round(total, 3)
