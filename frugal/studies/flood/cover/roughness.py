"""Roughness of the ground from a raster of land cover and a table of its classes."""

from __future__ import annotations

from collections.abc import Mapping
from importlib.resources import files
from pathlib import Path

import numpy as np

from frugal.errors import UnusableInputError
from frugal.formats.files.tables import found_column, read_whole
from frugal.formats.rasters.class_reader import UNKNOWN, class_blocks
from frugal.texts import Text, room_texts

_TEXTS = room_texts("frugal.studies.flood")

#: Tables that come with the program: CORINE Land Cover (codes of three digits) and OSO (Theia, from 2018 on).
TABLES = ("corine", "oso")
#: n of ground lies within these [s/m^(1/3)].
_LEAST, _MOST = 0.005, 1.0
#: Less of a terrain without a class is not told.
_TOLD_SHARE = 0.001


def roughness_table(table: Path | None, named: str) -> dict[int, float]:
    """Manning's n [s/m^(1/3)] by the code of a class.

    Parameters
    ----------
    table : Path or None
        CSV or Parquet with the columns code, name and manning.
    named : str
        One of `TABLES`, in the place of a file.

    Raises
    ------
    UnusableInputError
        If a column is missing, a code is no whole number or stands there twice, or an n cannot be meant.
    """
    if table is None:
        lines = (files(__package__) / f"{named}.csv").read_text(encoding="utf-8").splitlines()
        rows = [line for line in lines if line and not line.startswith("#")][1:]
        return {int(row.split(",")[0]): float(row.rsplit(",", 1)[1]) for row in rows}
    block = read_whole(table)
    code, _, manning = (found_column(name, block.names, block.style.source) for name in ("code", "name", "manning"))
    codes, rough = block.numbers(code), block.numbers(manning)
    found: dict[int, float] = {}
    for row, (number, n) in enumerate(zip(codes, rough, strict=True)):
        if number != round(number):
            raise UnusableInputError(f"{block.where(code, row)}: {number:g} is no code; whole numbers are needed")
        if int(number) in found:
            raise UnusableInputError(f"{block.where(code, row)}: code {number:.0f} stands there twice")
        if not _LEAST <= n <= _MOST:
            raise UnusableInputError(
                f"{block.where(manning, row)}: {n:g} s/m^(1/3) cannot be meant; {_LEAST:g} to {_MOST:g} are allowed"
            )
        found[int(number)] = float(n)
    return found


def cover_roughness(
    cover: Path,
    table: Mapping[int, float],
    table_name: str,
    crs: str,
    transform: list[float],
    ground: np.ndarray,
) -> tuple[np.ndarray, tuple[Text, ...]]:
    """Mean roughness of each cell over the classes of its pixels.

    Parameters
    ----------
    cover : Path
        Raster of codes, in any system.
    table : mapping of int to float
        n [s/m^(1/3)] by code.
    table_name : str
        For the messages.
    crs, transform : str, list of float
        System and place of the grid.
    ground : ndarray [y, x]
        Roughness where no pixel has a class.

    Returns
    -------
    manning : ndarray [y, x]
    notes : tuple
        How much of the terrain has no class.

    Raises
    ------
    UnusableInputError
        If the raster lies elsewhere, or has classes that the table does not know.
    """
    manning = ground.copy()
    codes = np.array(sorted(table))
    values = np.array([table[int(code)] for code in codes])
    missing: dict[int, int] = {}
    pixels = unknown = 0
    for first, block in class_blocks(cover, "land cover", crs, transform, (ground.shape[0], ground.shape[1])):
        known = block != UNKNOWN
        place = np.clip(np.searchsorted(codes, block), 0, len(codes) - 1)
        named = codes[place] == block
        for code, number in zip(*np.unique(block[known & ~named], return_counts=True), strict=True):
            missing[int(code)] = missing.get(int(code), 0) + int(number)
        counted = known.sum(axis=2)
        mean = np.where(known, values[place], 0.0).sum(axis=2) / np.maximum(counted, 1)
        rows = slice(first, first + block.shape[0])
        manning[rows] = np.where(counted > 0, mean, manning[rows])
        pixels, unknown = pixels + block.size, unknown + int(np.count_nonzero(~known))
    if unknown == pixels:
        raise UnusableInputError(f"land cover '{cover}' has no class anywhere in the terrain; check where it lies")
    if missing:
        most = sorted(missing, key=lambda code: -missing[code])[:8]
        told = ", ".join(f"{code} ({missing[code] / pixels:.2%})" for code in most)
        raise UnusableInputError(
            f"land cover '{cover}' has classes that are not in the table {table_name}: {told} of the terrain; add them to "
            "land_cover_table"
        )
    if unknown / pixels < _TOLD_SHARE:
        return manning, ()
    share = f"{100 * unknown / pixels:.1f}"
    return manning, (_TEXTS.say("note.without_cover", path=cover.name, share=share),)
