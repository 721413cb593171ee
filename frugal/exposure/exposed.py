"""What the water does to each feature: how deep, when, how fast, in which class, and on how much of it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from frugal.errors import UnusableInputError
from frugal.exposure.classes import DRY, UNKNOWN, DepthClasses
from frugal.exposure.coverage import Parts, cut_features
from frugal.exposure.hazard_map import HazardMap
from frugal.exposure.inputs import Features

#: Sizes of parts add up to those of features but for so much, relatively: shares of cells come in single precision.
_ROUNDING = 1e-6
#: What the one depth of a feature is.
DEPTHS_OF = ("max", "mean")


@dataclass(frozen=True, eq=False)
class Exposed:
    """Features with the flood on them, one element a feature.

    Attributes
    ----------
    features : Features
    dimension : int
        0 of points, 1 of lines, 2 of areas: what sizes are in (1, m, m²).
    size : array
        Of the whole feature.
    known_size, wet_size : array
        Of the part on cells with a depth, and of the flooded part.
    depth_max_m : array
        Deepest water on any cell that the feature covers a part of; NaN where nothing is known.
    depth_mean_m : array
        Mean over the known part, each cell by the exact part that is covered, dry ones as 0.
    depth_m : array
        The one of the two that classes and damage go by.
    depth_class : array of int
    arrival_s : array
        First arrival on the feature; NaN where it stays dry or nobody knows.
    speed_max_m_s : array
        NaN without a map of speed.
    hazard : array of int
        Greatest class of hazard on it; −1 where there is no such map.
    size_by_class : array [feature, class]
        Size of the part in each class of depth, by the number of the class; the last column is of what is not known.
    """

    features: Features
    dimension: int
    size: np.ndarray
    known_size: np.ndarray
    wet_size: np.ndarray
    depth_max_m: np.ndarray
    depth_mean_m: np.ndarray
    depth_m: np.ndarray
    depth_class: np.ndarray
    arrival_s: np.ndarray
    speed_max_m_s: np.ndarray
    hazard: np.ndarray
    size_by_class: np.ndarray

    @property
    def size_unit(self) -> str:
        """Unit of the sizes."""
        return ("1", "m", "m^2")[self.dimension]


def expose(features: Features, flood: HazardMap, classes: DepthClasses, depth_of: str = "max") -> Exposed:
    """Lay features of one dimension over the map of a flood.

    Parameters
    ----------
    features : Features
    flood : HazardMap
    classes : DepthClasses
    depth_of : {"max", "mean"}
        Which depth of a feature its class and damage go by.

    Raises
    ------
    UnusableInputError
        If they are of several dimensions, or ``depth_of`` is neither.
    """
    import shapely

    if depth_of not in DEPTHS_OF:
        raise UnusableInputError(f"--depth-of {depth_of}: allowed: {', '.join(DEPTHS_OF)}")
    geometry = features.geometry
    dimensions = np.unique(shapely.get_dimensions(geometry))
    if len(dimensions) > 1:
        raise UnusableInputError(
            f"{features.told} hold points, lines and areas together; each needs a file or layer of its own"
        )
    return exposed_by(features, cut_features(geometry, flood), flood, classes, depth_of)


def exposed_by(
    features: Features,
    parts: Parts,
    flood: HazardMap,
    classes: DepthClasses,
    depth_of: str = "max",
    above_water: np.ndarray | None = None,
) -> Exposed:
    """What the parts of features say of them.

    Parameters
    ----------
    features : Features
    parts : Parts
        The features, cut by the cells of the map.
    flood : HazardMap
    classes : DepthClasses
    depth_of : {"max", "mean"}
    above_water : array of bool, optional
        Features that the water passes under: bridges.
    """
    depth = flood.depth_m.ravel()[parts.cell]
    if above_water is not None:
        depth = np.where(above_water[parts.feature], 0.0, depth)
    known = ~np.isnan(depth)
    wet = depth > flood.wet_above_m
    known_size, wet_size = (parts.sums(parts.size * where) for where in (known, wet))
    with np.errstate(invalid="ignore", divide="ignore"):
        mean = parts.sums(np.where(known, depth, 0.0) * parts.size) / known_size
    # Rounding of shares of cells may leave a trace of size where nothing is.
    mean = np.where(known_size > 0, mean, np.nan)
    greatest = parts.greatest(depth)
    chosen = greatest if depth_of == "max" else mean
    return Exposed(
        features=features,
        dimension=parts.dimension,
        size=parts.total,
        known_size=np.minimum(known_size, parts.total),
        wet_size=np.minimum(wet_size, parts.total),
        depth_max_m=greatest,
        depth_mean_m=mean,
        depth_m=chosen,
        depth_class=classes.of(chosen, flood.wet_above_m),
        arrival_s=parts.least(_on(flood.arrival_s, parts, wet)),
        speed_max_m_s=parts.greatest(_on(flood.speed_m_s, parts, known)),
        hazard=_hazard(flood, parts),
        size_by_class=_by_class(parts, classes.of(depth, flood.wet_above_m), classes),
    )


def _on(values: np.ndarray | None, parts: Parts, where: np.ndarray) -> np.ndarray:
    if values is None:
        return np.full(len(parts.cell), np.nan)
    return np.where(where, values.ravel()[parts.cell], np.nan)


def _hazard(flood: HazardMap, parts: Parts) -> np.ndarray:
    if flood.hazard is None:
        return np.full(parts.count, UNKNOWN)
    found = parts.greatest(flood.hazard.ravel()[parts.cell].astype(float))
    return np.where(np.isnan(found), UNKNOWN, found).astype(np.int64)


def _by_class(parts: Parts, part_class: np.ndarray, classes: DepthClasses) -> np.ndarray:
    """Sizes ``[feature, class]``; what is off the map or without a depth stands last."""
    count = len(classes.numbers)
    column = np.where(part_class == UNKNOWN, count - 1, part_class - DRY)
    sizes = np.bincount(parts.feature * count + column, parts.size, minlength=parts.count * count)
    sizes = sizes.reshape(parts.count, count)
    rest = parts.total - sizes[:, :-1].sum(axis=1)
    sizes[:, -1] = np.where(rest > _ROUNDING * parts.total, rest, 0.0)
    return sizes
