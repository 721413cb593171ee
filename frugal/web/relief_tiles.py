"""The surface as shaded relief in web tiles, so that the map needs no picture from elsewhere."""

from __future__ import annotations

import io
import math
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from frugal.formats.files.atomic import write_bytes
from frugal.formats.rasters.mosaic import Mosaic
from frugal.formats.rasters.tiling import Bounds

TILE_PIXELS = 256

#: Finest zoom: 0.6 m at the equator, 0.4 m in France.
DEEPEST = 18
COARSEST = 12

#: Tiles of the finest zoom are drawn in blocks of so many by so many.
_BLOCK = 8

_WORLD_M = 2.0 * math.pi * 6378137.0
_LIGHT_FROM_DEG, _LIGHT_ELEVATION_DEG = 315.0, 45.0
#: Grey of flat ground, and how much a slope changes it: pale, so that the colours of roofs stand out.
_FLAT, _CONTRAST = 0.86, 0.42

Place = tuple[int, int, int]


def write_background(path: Path, mosaic: Mosaic, bounds: Bounds) -> None:
    """Draw the surface and write the tiles as one PMTiles file.

    Parameters
    ----------
    path : Path
    mosaic : Mosaic
        The surface.
    bounds : tuple
        Western, southern, eastern and northern edge, in its coordinate system.
    """
    from pmtiles.tile import Compression, TileType, zxy_to_tileid
    from pmtiles.writer import Writer

    zoom = deepest_zoom(mosaic, bounds)
    shades: dict[Place, np.ndarray] = dict(_finest(mosaic, bounds, zoom))
    encoded: dict[Place, bytes] = {}
    while shades:
        encoded.update({place: _webp(shade) for place, shade in shades.items()})
        level = next(iter(shades))[0]
        if level == COARSEST:
            break
        shades = _halved(shades)
    west, south, east, north = _degrees(mosaic.crs, bounds)
    memory = io.BytesIO()
    writer = Writer(memory)
    for number, place in sorted((zxy_to_tileid(*place), place) for place in encoded):
        writer.write_tile(number, encoded[place])
    writer.finalize(
        {
            "tile_type": TileType.WEBP,
            "tile_compression": Compression.NONE,
            "min_zoom": min(place[0] for place in encoded) if encoded else zoom,
            "max_zoom": zoom,
            "min_lon_e7": round(west * 1e7),
            "min_lat_e7": round(south * 1e7),
            "max_lon_e7": round(east * 1e7),
            "max_lat_e7": round(north * 1e7),
            "center_zoom": zoom,
            "center_lon_e7": round((west + east) / 2 * 1e7),
            "center_lat_e7": round((south + north) / 2 * 1e7),
        },
        {"name": "shaded surface"},
    )
    write_bytes(path, memory.getvalue())


def deepest_zoom(mosaic: Mosaic, bounds: Bounds) -> int:
    """Zoom whose pixels are about as wide as the cells."""
    _, south, _, north = _degrees(mosaic.crs, bounds)
    around = _WORLD_M * math.cos(math.radians((south + north) / 2))
    exact = math.log2(around / TILE_PIXELS / mosaic.resolution_m)
    return int(np.clip(round(exact), COARSEST, DEEPEST))


def _finest(mosaic: Mosaic, bounds: Bounds, zoom: int) -> Iterator[tuple[Place, np.ndarray]]:
    """Shade of each tile of the finest zoom that shows something; NaN where nothing is known."""
    side = _WORLD_M / 2**zoom
    west, south, east, north = _mercator(mosaic.crs, bounds)
    columns = [math.floor((edge + _WORLD_M / 2) / side) for edge in (west, east)]
    rows = [math.floor((_WORLD_M / 2 - edge) / side) for edge in (north, south)]
    for row in range(rows[0], rows[1] + 1, _BLOCK):
        for column in range(columns[0], columns[1] + 1, _BLOCK):
            down, across = min(_BLOCK, rows[1] + 1 - row), min(_BLOCK, columns[1] + 1 - column)
            left, top = column * side - _WORLD_M / 2, _WORLD_M / 2 - row * side
            shade = _shade(mosaic, left, top, side / TILE_PIXELS, down * TILE_PIXELS, across * TILE_PIXELS)
            for i in range(down):
                for j in range(across):
                    part = shade[i * TILE_PIXELS : (i + 1) * TILE_PIXELS, j * TILE_PIXELS : (j + 1) * TILE_PIXELS]
                    if np.isfinite(part).any():
                        yield (zoom, column + j, row + i), part


def _shade(mosaic: Mosaic, left: float, top: float, pixel: float, rows: int, columns: int) -> np.ndarray:
    """Shaded relief on a window of web mercator; NaN where the surface is unknown."""
    import rasterio
    from rasterio.warp import Resampling, reproject, transform_bounds

    left, top, rows, columns = left - pixel, top + pixel, rows + 2, columns + 2
    window = (left, top - rows * pixel, left + columns * pixel, top)
    surface = mosaic.read(transform_bounds("EPSG:3857", mosaic.crs, *window, densify_pts=21))
    heights = np.full((rows, columns), np.nan)
    if np.isnan(surface.heights).all():
        return heights[1:-1, 1:-1]
    size = surface.resolution_m
    reproject(
        surface.heights,
        heights,
        src_transform=rasterio.Affine(size, 0.0, surface.x_min, 0.0, -size, surface.y_max),
        src_crs=mosaic.crs,
        src_nodata=np.nan,
        dst_transform=rasterio.Affine(pixel, 0.0, left, 0.0, -pixel, top),
        dst_crs="EPSG:3857",
        dst_nodata=np.nan,
        resampling=Resampling.bilinear,
    )
    latitude = 2.0 * math.atan(math.exp((window[1] + window[3]) / _WORLD_M * math.pi)) - math.pi / 2
    across = pixel * math.cos(latitude)
    south, east = np.gradient(heights, across)
    azimuth, elevation = math.radians(_LIGHT_FROM_DEG), math.radians(_LIGHT_ELEVATION_DEG)
    lit = math.sin(elevation) - math.cos(elevation) * (east * math.sin(azimuth) - south * math.cos(azimuth))
    lit /= np.sqrt(1.0 + east**2 + south**2)
    return (_FLAT + _CONTRAST * (lit - math.sin(elevation)))[1:-1, 1:-1]


def _halved(shades: dict[Place, np.ndarray]) -> dict[Place, np.ndarray]:
    """Tiles of the next coarser zoom: means of four pixels."""
    parents = {(zoom - 1, column // 2, row // 2) for zoom, column, row in shades}
    half = TILE_PIXELS // 2
    coarser = {}
    for zoom, column, row in sorted(parents):
        whole = np.full((TILE_PIXELS, TILE_PIXELS), np.nan)
        for down in range(2):
            for across in range(2):
                child = shades.get((zoom + 1, 2 * column + across, 2 * row + down))
                if child is None:
                    continue
                four = child.reshape(half, 2, half, 2)
                known = np.isfinite(four)
                count = known.sum(axis=(1, 3))
                total = np.where(known, four, 0.0).sum(axis=(1, 3))
                place = (slice(down * half, (down + 1) * half), slice(across * half, (across + 1) * half))
                whole[place] = np.where(count > 0, total / np.maximum(count, 1), np.nan)
        coarser[zoom, column, row] = whole
    return coarser


def _webp(shade: np.ndarray) -> bytes:
    from PIL import Image

    grey = (np.clip(np.nan_to_num(shade), 0.0, 1.0) * 255).astype(np.uint8)
    alpha = (np.isfinite(shade) * 255).astype(np.uint8)
    memory = io.BytesIO()
    Image.fromarray(np.dstack([grey, grey, grey, alpha]), "RGBA").save(memory, "WEBP", quality=60, method=4)
    return memory.getvalue()


def _degrees(crs: str, bounds: Bounds) -> Bounds:
    from rasterio.warp import transform_bounds

    return transform_bounds(crs, "EPSG:4326", *bounds, densify_pts=21)


def _mercator(crs: str, bounds: Bounds) -> Bounds:
    from rasterio.warp import transform_bounds

    return transform_bounds(crs, "EPSG:3857", *bounds, densify_pts=21)
