"""Layers of polygons as vector tiles in one PMTiles file.

GDAL cuts the tiles, one file a level of detail; the files are then joined tile by tile. A tile of MVT is a list of layers,
so that the bytes of two tiles put one after the other are the tile with the layers of both.
"""

from __future__ import annotations

import gzip
import json
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import geopandas

#: Part of a neighbouring tile that each tile carries, in 4096ths: 26 m at zoom 16 in the middle of France. A building that
#: is chosen is mostly whole in the tile that holds its middle.
_BUFFER = 256


@dataclass(frozen=True)
class TileLayer:
    """A layer at a range of zooms.

    Attributes
    ----------
    name : str
        In the tiles; several entries may share it if their zooms differ.
    frame : GeoDataFrame
        Polygons with a coordinate system; all columns are written.
    min_zoom, max_zoom : int
    """

    name: str
    frame: geopandas.GeoDataFrame
    min_zoom: int
    max_zoom: int


def write_vector_tiles(path: Path, layers: Sequence[TileLayer]) -> None:
    """Write layers as one PMTiles file (version 3, MVT, gzip).

    Parameters
    ----------
    path : Path
    layers : sequence of TileLayer
        Empty frames are left out; at least one must hold a polygon.
    """
    filled = [layer for layer in layers if len(layer.frame)]
    with tempfile.TemporaryDirectory(dir=path.parent, prefix=f".{path.name}.") as folder:
        parts = []
        for number, layer in enumerate(filled):
            part = Path(folder) / f"{number}.pmtiles"
            _cut(part, layer)
            parts.append(part)
        draft = Path(folder) / path.name
        _join(draft, parts)
        draft.replace(path)


def _cut(path: Path, layer: TileLayer) -> None:
    import pyogrio

    frame = layer.frame.reset_index(drop=True)
    pyogrio.write_dataframe(
        frame,
        path,
        layer=layer.name,
        driver="PMTiles",
        dataset_options={
            "NAME": layer.name,
            "MINZOOM": str(layer.min_zoom),
            "MAXZOOM": str(layer.max_zoom),
            "BUFFER": str(_BUFFER),
            # The driver drops what exceeds these: they are there to be out of reach.
            "MAX_SIZE": "50000000",
            "MAX_FEATURES": "10000000",
        },
    )


def _join(path: Path, parts: Sequence[Path]) -> None:
    """Join files of ascending tile numbers as lists are merged, one tile in memory at a time."""
    from pmtiles.reader import MmapSource, Reader
    from pmtiles.tile import Compression, TileType
    from pmtiles.writer import Writer

    with ExitStack() as stack:
        sources = [MmapSource(stack.enter_context(part.open("rb"))) for part in parts]
        readers = [Reader(source) for source in sources]
        headers = [reader.header() for reader in readers]
        writer = Writer(stack.enter_context(path.open("wb")))
        for tile_id, pieces in _merged([_tiles(source) for source in sources]):
            writer.write_tile(tile_id, pieces[0] if len(pieces) == 1 else _one(pieces))
        west, south = (min(h[f"min_{side}_e7"] for h in headers) for side in ("lon", "lat"))
        east, north = (max(h[f"max_{side}_e7"] for h in headers) for side in ("lon", "lat"))
        low, high = min(h["min_zoom"] for h in headers), max(h["max_zoom"] for h in headers)
        header = {
            "tile_type": TileType.MVT,
            "tile_compression": Compression.GZIP,
            "min_zoom": low,
            "max_zoom": high,
            "min_lon_e7": west,
            "min_lat_e7": south,
            "max_lon_e7": east,
            "max_lat_e7": north,
            "center_zoom": low,
            "center_lon_e7": (west + east) // 2,
            "center_lat_e7": (south + north) // 2,
        }
        writer.finalize(header, {"name": path.stem, "vector_layers": _described([r.metadata() for r in readers])})


def _one(pieces: Sequence[bytes]) -> bytes:
    return gzip.compress(b"".join(gzip.decompress(piece) for piece in pieces), 6, mtime=0)


def _tiles(source: Any) -> Iterator[tuple[int, bytes]]:
    from pmtiles.reader import all_tiles
    from pmtiles.tile import zxy_to_tileid

    return ((zxy_to_tileid(*place), data) for place, data in all_tiles(source))


def _merged(streams: Sequence[Iterator[tuple[int, bytes]]]) -> Iterator[tuple[int, list[bytes]]]:
    waiting = [next(stream, None) for stream in streams]
    while any(waiting):
        tile_id = min(entry[0] for entry in waiting if entry is not None)
        pieces = []
        for k, entry in enumerate(waiting):
            if entry is not None and entry[0] == tile_id:
                pieces.append(entry[1])
                waiting[k] = next(streams[k], None)
        yield tile_id, pieces


def _described(metadata: Sequence[Any]) -> list[dict[str, Any]]:
    """One entry a layer, over all its zooms; of the statistics that GDAL adds nothing is kept."""
    told: dict[str, dict[str, Any]] = {}
    for part in metadata:
        layers = part["vector_layers"] if "vector_layers" in part else json.loads(part["json"])["vector_layers"]
        for layer in layers:
            known = told.setdefault(layer["id"], {"id": layer["id"], "fields": {}, "minzoom": 99, "maxzoom": 0})
            known["fields"].update(layer["fields"])
            known["minzoom"] = min(known["minzoom"], layer["minzoom"])
            known["maxzoom"] = max(known["maxzoom"], layer["maxzoom"])
    return list(told.values())
