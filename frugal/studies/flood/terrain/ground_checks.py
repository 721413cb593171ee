"""What a site gives is held against its ground: which way a river falls and where it ends, what a dike stands on and keeps out.

What cannot be meant is refused; what may be meant, and changes what the maps say, is told in a note.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from frugal.errors import UnusableInputError
from frugal.formats.coordinate_systems import told_bounds
from frugal.formats.rasters.surface_model import SurfaceModel
from frugal.formats.vectors.features import read_centroids
from frugal.texts import Text, decimals, room_texts

_TEXTS = room_texts("frugal.studies.flood")

#: A line of river that rises by less from its first to its last cell is taken to be level.
LEAST_RISE_M = 0.1
#: Ground that rises by so much along a river, on its way down, is told: a bridge in a surface model, a line off its valley.
_LEAST_DAM_M = 3.0
#: Heights along a line hang together over about so many cells.
_CELLS_ALIKE = 5
_STANDARD_ERRORS = 3.0
#: No sea dike stands higher above the ground.
HIGHEST_DIKE_M = 30.0
#: Packed heights are rounded.
_CREST_WITHIN_M = 0.1
#: A crest lower than this above the ground behind keeps nothing out.
_LEAST_CREST_M = 0.3
#: Share of a dike in the sea from which on it is told.
_LEAST_IN_SEA = 0.1


def check_files(*tiles: tuple[str, Path], **files: Path | None) -> None:
    """Refuse files that are not there, all of them in one sentence.

    Parameters
    ----------
    *tiles : tuple of str and Path
        What it is and its path, where several are the same.
    **files : Path or None
        By what they are: ``terrain``, ``dike``.
    """
    gone = [f"{what} '{path}'" for what, path in (*tiles, *files.items()) if path is not None and not path.is_file()]
    if len(gone) > 1:
        raise UnusableInputError(f"{', '.join(gone[:-1])} and {gone[-1]} do not exist or are not files")
    if gone:
        raise UnusableInputError(f"{gone[0]} does not exist or is not a file")


def extent(ground: SurfaceModel) -> tuple[float, float, float, float]:
    """Western, southern, eastern and northern edge of a terrain."""
    rows, columns = ground.heights.shape
    size = ground.resolution_m
    return ground.x_min, ground.y_max - rows * size, ground.x_min + columns * size, ground.y_max


# ------------------------------------------------------------------------------------------------------------- rivers


def downstream(
    river: np.ndarray, position_m: np.ndarray, ground: np.ndarray, path: Path
) -> tuple[np.ndarray, np.ndarray, tuple[Text, ...]]:
    """The cells of a river from upstream, turned round where the ground clearly falls the other way.

    Parameters
    ----------
    river : array of int [k, 2]
        Row and column, in the order of the line.
    position_m : array [k]
        Along the line.
    ground : array [y, x]
        Heights [m].
    path : Path
        Of the line, for the note.

    Returns
    -------
    river, position_m : array
        From upstream.
    notes : tuple
        A sentence where it was turned.
    """
    rise = rise_along(position_m, ground[tuple(river.T)])
    if rise == 0.0:
        return river, position_m, ()
    note = _TEXTS.say("note.turned", path=path.name, rise=_metres(rise))
    return river[::-1], position_m[-1] + position_m[0] - position_m[::-1], (note,)


def rise_along(position_m: np.ndarray, heights: np.ndarray) -> float:
    """How much higher the end of a line is than its beginning, by a straight fit; 0 where it falls or the fit cannot tell.

    Parameters
    ----------
    position_m : array [k]
        Along the line, growing.
    heights : array [k]
        Of the ground [m].
    """
    if len(heights) < 3:
        return 0.0
    slope, level = np.polyfit(position_m - position_m[0], heights, 1)
    length = float(position_m[-1] - position_m[0])
    rise = float(slope) * length
    noise = float(np.std(heights - level - slope * (position_m - position_m[0])))
    independent = max(len(heights) / _CELLS_ALIKE, 3.0)
    error = noise * np.sqrt(
        12.0 / independent
    )  # of the slope of a line through points at equal distances, times its length
    return rise if rise > max(LEAST_RISE_M, _STANDARD_ERRORS * error) else 0.0


def note_on_rise(river: np.ndarray, ground: SurfaceModel, path: Path) -> tuple[Text, ...]:
    """A sentence where the ground along a river rises again so high on its way down that its water is dammed.

    Parameters
    ----------
    river : array of int [k, 2]
        Row and column, from upstream.
    ground : SurfaceModel
    path : Path
        Of the line, for the note.
    """
    heights = ground.heights[tuple(river.T)]
    rise = heights - np.minimum.accumulate(heights)
    highest = int(np.argmax(rise))
    if rise[highest] < _LEAST_DAM_M:
        return ()
    row, column = (int(n) for n in river[highest])
    x = ground.x_min + (column + 0.5) * ground.resolution_m
    y = ground.y_max - (row + 0.5) * ground.resolution_m
    place = f"{x:.0f}, {y:.0f}"
    return (_TEXTS.say("note.dammed", path=path.name, rise=_metres(float(rise[highest])), place=place),)


def check_outlet(river: np.ndarray, ground: SurfaceModel, path: Path) -> None:
    """Refuse a river whose last cell is not at the edge of the terrain, where its water has to leave.

    Parameters
    ----------
    river : array of int [k, 2]
        Row and column, from upstream.
    ground : SurfaceModel
    path : Path
        Of the line, for the message.
    """
    inland = [_to_edge(cell, ground.heights.shape) for cell in (river[-1], river[0])]
    if inland[0] <= 1:
        return
    turn = "; if it was drawn from downstream, turn it round" if inland[1] <= 1 else ""
    raise UnusableInputError(
        f"river '{path}' ends {inland[0] * ground.resolution_m:.0f} m inside the terrain: draw it on to the edge where its "
        f"water leaves{turn}"
    )


def _to_edge(cell: np.ndarray, shape: tuple[int, ...]) -> int:
    row, column = (int(n) for n in cell)
    return min(row, column, shape[0] - 1 - row, shape[1] - 1 - column)


# -------------------------------------------------------------------------------------------------------------- dikes


def check_dike(dike: np.ndarray, ground: np.ndarray, crest_m: float | None, sea_level_m: float, path: Path) -> None:
    """Refuse a dike that stands in the sea, or whose crest lies below the ground.

    Parameters
    ----------
    dike : array of int [k, 2]
        Row and column.
    ground : array [y, x]
        Greatest height of the terrain in each cell [m].
    crest_m : float or None
        That the site names [m].
    sea_level_m : float
        Ground lower than this is sea, in the zero of the terrain.
    path : Path
        Of the line, for the message.
    """
    under = ground[tuple(dike.T)]
    in_sea = float(np.mean(under < sea_level_m))
    if in_sea > 0.5:
        raise UnusableInputError(
            f"dike '{path}' stands in the sea: along {in_sea:.0%} of its length the ground is lower than {sea_level_m:g} m "
            f"(median {np.median(under):.1f} m); check its line and its coordinate system, or set sea_below_m lower"
        )
    if crest_m is None:
        return
    above = crest_m - float(np.median(under))
    if above > HIGHEST_DIKE_M:
        raise UnusableInputError(
            f"dike_crest_m = {crest_m:g} m stands {above:.0f} m above the ground along dike '{path}'; at most "
            f"{HIGHEST_DIKE_M:.0f} m are allowed: give it in metres above the zero of the terrain"
        )
    buried = float(np.mean(under > crest_m + _CREST_WITHIN_M))
    if buried > 0.5:
        raise UnusableInputError(
            f"dike_crest_m = {crest_m:g} m lies below the ground along {buried:.0%} of dike '{path}' (median "
            f"{np.median(under):.1f} m); a crest above it is needed, and heights of the terrain in metres"
        )


def notes_on_dike(
    dike: np.ndarray,
    bed: np.ndarray,
    ground: np.ndarray,
    round_m: float | None,
    sill_m: np.ndarray,
    crest_m: float | None,
    sea_level_m: float,
    path: Path,
) -> tuple[Text, ...]:
    """What a user should know of a dike: where it is buried, too low to keep anything out, or walked round.

    Parameters
    ----------
    dike : array of int [k, 2]
        Row and column, in the order of the line.
    bed : array [y, x]
        Heights, crests included [m].
    ground : array [y, x]
        Greatest height of the terrain in each cell [m].
    round_m : float or None
        Level at which the sea walks round it.
    sill_m : array [k]
        Lowest ground behind each cell [m].
    crest_m : float or None
        That the site names.
    sea_level_m : float
        Ground lower than this is sea.
    path : Path
        Of the line.
    """
    found: list[Text] = []
    under, crest = ground[tuple(dike.T)], bed[tuple(dike.T)]
    in_sea = float(np.mean(under < sea_level_m))
    if in_sea > _LEAST_IN_SEA:
        found.append(_TEXTS.say("note.in_sea", path=path.name, share=_percent(in_sea)))
    if crest_m is not None and (under > crest_m + _CREST_WITHIN_M).any():
        share = _percent(float(np.mean(under > crest_m + _CREST_WITHIN_M)))
        found.append(_TEXTS.say("note.buried", path=path.name, crest=_metres(crest_m), share=share))
    low = float(np.mean(crest - sill_m < _LEAST_CREST_M))
    if low > 0.5:
        found.append(
            _TEXTS.say("note.low_crest", path=path.name, share=_percent(low), crest=_metres(float(np.median(crest))))
        )
    if round_m is not None:
        found.append(
            _TEXTS.say("note.free_end", path=path.name, level=_metres(round_m), crest=_metres(float(crest.min())))
        )
    return tuple(found)


# ---------------------------------------------------------------------------------------------------------- buildings


def count_buildings(path: Path | None, ground: SurfaceModel, land: np.ndarray) -> tuple[np.ndarray, tuple[Text, ...]]:
    """Buildings in each cell of the land, by their centroids; zeros without a file.

    Parameters
    ----------
    path : Path or None
        Footprints or points, in any vector format and any system.
    ground : SurfaceModel
        Whose grid and system are taken.
    land : ndarray of bool [y, x]
        Buildings elsewhere are not counted, nor those outside of the grid.

    Returns
    -------
    counted : ndarray [y, x]
    notes : tuple
        How many were left out.

    Raises
    ------
    UnusableInputError
        If the file holds none, all lie outside the terrain, or none on its land.
    """
    counted = np.zeros(land.shape)
    if path is None:
        return counted, ()
    points = read_centroids(path, ground.crs, "buildings")
    points = points[np.isfinite(points).all(axis=1)]
    if not len(points):
        raise UnusableInputError(
            f"buildings '{path}' hold no shape that lies somewhere; leave the file out, or give another"
        )
    column = np.floor((points[:, 0] - ground.x_min) / ground.resolution_m).astype(int)
    row = np.floor((ground.y_max - points[:, 1]) / ground.resolution_m).astype(int)
    inside = (row >= 0) & (row < land.shape[0]) & (column >= 0) & (column < land.shape[1])
    if not inside.any():
        where = told_bounds([*points.min(axis=0), *points.max(axis=0)])
        raise UnusableInputError(
            f"buildings '{path}' lie elsewhere ({where}) than the terrain ({told_bounds(extent(ground))}); check the "
            "coordinate systems of both"
        )
    np.add.at(counted, (row[inside], column[inside]), 1.0)
    total, outside, wet = len(points), int(np.count_nonzero(~inside)), int(counted[~land].sum())
    if outside + wet == total:
        raise UnusableInputError(
            f"none of the {total - outside} buildings of '{path}' in the terrain stands on land: all stand in sea, river bed "
            "or dike"
        )
    notes = []
    if outside:
        notes.append(_TEXTS.say("note.buildings_outside", path=path.name, number=outside, total=total))
    if wet:
        notes.append(_TEXTS.say("note.buildings_in_water", path=path.name, number=wet, total=total))
    return np.where(land, counted, 0.0), tuple(notes)


def _metres(value: float) -> Text:
    return decimals(f"{value:.1f}")


def _percent(share: float) -> str:
    return f"{100 * share:.0f}"
