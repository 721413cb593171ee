"""The zero of heights: how high the mean sea level of today stands above that of a terrain."""

from __future__ import annotations

from frugal.errors import UnusableInputError
from frugal.texts import Text, decimals, room_texts

_TEXTS = room_texts("frugal.studies.flood")

#: Mean sea level above the zero of IGN69 that is taken where a site does not say: between the 0.3 to 0.5 m of harbours of the
#: Atlantic and the Channel. In the Mediterranean it is about 0.2 m less (heights of harbours: SHOM, Références altimétriques
#: maritimes; figures recalled, not read there).
IGN69_MEAN_M = 0.4
#: No zero lies farther from the mean sea level: chart datum does by half the largest tide.
_FARTHEST_M = 20.0
_IGN69 = ("ngf", "ign69", "ngf/ign69", "ngf-ign69", "ngf ign69")
_MEAN = ("mean sea level", "msl", "niveau moyen")


def mean_sea_level(datum: str | None, height_m: float | None, name: str) -> tuple[float, tuple[Text, ...]]:
    """Height of today's mean sea level above the zero of a terrain [m], and a note where it had to be assumed.

    Parameters
    ----------
    datum : str or None
        ``mean sea level``, ``NGF/IGN69``, ``chart datum`` or any other.
    height_m : float or None
        What the site says.
    name : str
        Of the terrain, for the note.

    Raises
    ------
    UnusableInputError
        If the zero is another one and its height is not given, or they contradict each other.
    """
    plain = "" if datum is None else " ".join(datum.lower().split())
    if height_m is not None and abs(height_m) > _FARTHEST_M:
        raise UnusableInputError(
            f"mean_sea_level_m = {height_m:g} m: no zero of heights lies so far from the mean sea level; at most "
            f"{_FARTHEST_M:g} m are allowed"
        )
    if plain in _MEAN and height_m not in (None, 0.0):
        raise UnusableInputError(
            f"mean_sea_level_m = {height_m:g} m and terrain_datum = '{datum}' contradict each other; name the zero of the "
            "terrain, or leave one out"
        )
    if height_m is not None:
        return height_m, ()
    if plain in _MEAN:
        return 0.0, ()
    if plain in _IGN69:
        return IGN69_MEAN_M, (_TEXTS.say("note.ign69", path=name, height=decimals(f"{IGN69_MEAN_M:.1f}")),)
    if datum is None:
        return 0.0, (_TEXTS.say("note.no_datum", path=name),)
    raise UnusableInputError(
        f"terrain_datum = '{datum}' needs mean_sea_level_m too: how high the mean sea level of today stands above it in m"
    )
