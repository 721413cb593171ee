"""What is laid over the map: features with a number, a name and a kind each."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from frugal.errors import UnusableInputError, did_you_mean
from frugal.exposure.hazard_map import HazardMap
from frugal.formats.coordinate_systems import told_bounds
from frugal.formats.vectors.layers import KINDS, LAYER_MARK, read_layer
from frugal.texts import Text, room_texts

if TYPE_CHECKING:
    import geopandas

_TEXTS = room_texts("frugal.exposure")

#: What features are called in messages: the option that names their file, in any language.
_OPTIONS = {"targets": "--access-to"}
_MAY_BE_OFF = ("targets", "places")
#: Names of layers that are meant, of several in a file.
_LAYERS = {
    "buildings": ("batiment", "bati", "building", "buildings", "gis_osm_buildings_a_free"),
    "roads": ("troncon_de_route", "road", "roads", "route", "routes", "gis_osm_roads_free"),
}
_ID_COLUMNS = (
    "cleabs",
    "rnb_id",
    "batiment_groupe_id",
    "building_id",
    "road_id",
    "asset_id",
    "osm_id",
    "id",
    "fid",
    "code",
)
_NAME_COLUMNS = ("name", "nom", "nom_officiel", "toponyme", "libelle")
#: A kind of one's own, BD TOPO, OpenStreetMap.
_KIND_COLUMNS = ("kind", "usage_1", "usage1", "nature", "fclass", "highway", "building", "type", "category")


@dataclass(frozen=True, eq=False)
class Features:
    """Features of one file.

    Attributes
    ----------
    what : str
        "buildings", "roads", "assets", "people", "places" or "targets".
    source : str
        Path as the user gave it.
    frame : GeoDataFrame
        Columns of the file, in the system of the map.
    ids, names, kinds : array of str
        One a feature; names and kinds are empty where the file has none.
    notes : tuple of Text
    """

    what: str
    source: str
    frame: geopandas.GeoDataFrame
    ids: np.ndarray
    names: np.ndarray
    kinds: np.ndarray
    notes: tuple[Text, ...] = ()

    def __len__(self) -> int:
        """Number of features."""
        return len(self.frame)

    @property
    def geometry(self) -> np.ndarray:
        """Shapes, as shapely has them."""
        return np.asarray(self.frame.geometry.to_numpy())

    @property
    def told(self) -> str:
        """What they are and their file, for messages."""
        return f"{option_of(self.what)} '{self.source}'"

    @property
    def stem(self) -> str:
        """Name of the file or layer, for layers and tables."""
        path, _, layer = self.source.partition(LAYER_MARK)
        return layer or Path(path).stem

    def numbers(self, column: str) -> np.ndarray:
        """A column as numbers, NaN where empty.

        Raises
        ------
        UnusableInputError
            If there is no such column, or a value is no number or negative.
        """
        import pandas as pd

        found = column_named(self.frame, column, self.told)
        values = pd.to_numeric(self.frame[found], errors="coerce").to_numpy(dtype=float, na_value=np.nan)
        wrong = (self.frame[found].notna().to_numpy() & np.isnan(values)) | np.isinf(values) | (values < 0)
        if wrong.any():
            row = int(np.argmax(wrong))
            raise UnusableInputError(
                f"{self.told}, column '{found}', feature {row + 1}: "
                f"'{str(self.frame[found].iloc[row])[:40]}'; a number of 0 or more is needed"
            )
        return np.asarray(values)


def option_of(what: str) -> str:
    """The option that names the file of such features."""
    return _OPTIONS.get(what, f"--{what}")


def read_features(
    source: str | Path, flood: HazardMap, what: str, kinds: Collection[str] = tuple(KINDS), kind_column: str = ""
) -> Features:
    """Features of a file in the system of the map; some of them have to lie on it, but for places and points to reach.

    Parameters
    ----------
    source : str or Path
        As for `frugal.formats.vectors.layers.read_layer`.
    flood : HazardMap
    what : str
        What they are, for messages.
    kinds : collection of {"point", "line", "polygon"}
        Geometries that are allowed.
    kind_column : str
        Column that tells kinds, where the file has it; else the first of those known.

    Raises
    ------
    UnusableInputError
        If the file cannot be used, or nothing of it meets the map.
    """
    import shapely

    frame = read_layer(source, flood.crs, option_of(what), kinds, _LAYERS.get(what, ()))
    geometry = np.asarray(frame.geometry.to_numpy())
    bounds = shapely.total_bounds(geometry)
    # A hospital, or who has to reach it, may well lie where no flood is.
    if what not in _MAY_BE_OFF and not shapely.intersects(geometry, shapely.box(*flood.bounds)).any():
        raise UnusableInputError(
            f"{option_of(what)} '{source}' lie at {told_bounds(bounds)}, all off the map at {told_bounds(flood.bounds)}"
        )
    notes: list[Text] = []
    name = Path(str(source)).name
    if frame.attrs["empty"]:
        notes.append(_TEXTS.say("note.empty", what=_TEXTS.known("what", what), count=frame.attrs["empty"], file=name))
    own = _first(frame, (kind_column.lower(), *_KIND_COLUMNS))
    return Features(
        what,
        str(source),
        frame,
        _texts(frame, _first(frame, _ID_COLUMNS), [str(row + 1) for row in range(len(frame))]),
        _texts(frame, _first(frame, _NAME_COLUMNS), [""] * len(frame)),
        _texts(frame, own, [""] * len(frame)),
        tuple(notes),
    )


def column_named(frame: Any, wanted: str, source: str) -> str:
    """The column of this name, whatever its capitals.

    Parameters
    ----------
    frame : DataFrame
    wanted : str
    source : str
        What the table is called in messages.

    Raises
    ------
    UnusableInputError
        If there is none.
    """
    names = [str(name) for name in frame.columns if name != "geometry"]
    if wanted in names:
        return wanted
    same = [name for name in names if name.lower() == wanted.lower()]
    if len(same) == 1:
        return same[0]
    raise UnusableInputError(
        f"{source} have no column '{wanted}'; columns: {', '.join(names[:20]) or 'none'}{did_you_mean(wanted, names)}"
    )


def _first(frame: Any, wanted: Sequence[str]) -> str:
    """The first of the wanted columns that a table has."""
    by_name = {str(name).lower(): str(name) for name in frame.columns}
    return next((by_name[name] for name in wanted if name in by_name), "")


def _texts(frame: Any, column: str, otherwise: list[str]) -> np.ndarray:
    if not column:
        return np.array(otherwise, dtype=object)
    series = frame[column]
    told = series.astype(str).where(series.notna(), "")
    # Whole numbers that a missing value has turned into 12.0.
    if str(series.dtype).startswith("float"):
        told = told.str.replace(r"\.0$", "", regex=True)
    return np.array([text or other for text, other in zip(told, otherwise, strict=True)], dtype=object)
