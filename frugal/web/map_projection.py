"""The map projection of a territory as a polynomial, so that the page needs no library of projections."""

from __future__ import annotations

from typing import Any

import numpy as np

from frugal.errors import UnusableInputError

#: Terms of this degree and below; over 200 km the rest of the series is below a millimetre.
DEGREE = 5
_LARGEST_ERROR_M = 0.05


def projection_polynomial(crs: Any, bounds_wgs84: tuple[float, float, float, float]) -> dict[str, Any]:
    """Polynomial from longitude and latitude to the coordinates of a projected system, over an extent.

    Parameters
    ----------
    crs : anything that pyproj reads
    bounds_wgs84 : tuple
        West, south, east, north in degrees.

    Returns
    -------
    dict
        ``lon``, ``lat``: middle; ``scale``: degrees that count as 1; ``x``, ``y``: coefficients of ``u^i v^j`` for
        ``i`` from 0 to 5 and, for each, ``j`` from 0 to 5 - i; ``error_m``: largest difference found.

    Raises
    ------
    UnusableInputError
        If the extent is too large for it.
    """
    from pyproj import Transformer

    west, south, east, north = bounds_wgs84
    margin = 0.02  # the neighbourhood of the outermost roofs
    longitude, latitude = (west + east) / 2, (south + north) / 2
    scale = max(east - west, north - south) / 2 + margin
    nodes = np.cos(np.pi * (np.arange(24) + 0.5) / 24)  # Chebyshev nodes keep the fit even up to the edge
    u, v = (grid.ravel() for grid in np.meshgrid(nodes, nodes))
    transformer = Transformer.from_crs("EPSG:4326", crs, always_xy=True)
    x, y = transformer.transform(longitude + scale * u, latitude + scale * v)
    terms = np.stack([u**i * v**j for i in range(DEGREE + 1) for j in range(DEGREE + 1 - i)], axis=1)
    fit = [np.linalg.lstsq(terms, side, rcond=None)[0] for side in (x, y)]
    error = max(float(np.max(np.abs(terms @ c - side))) for c, side in zip(fit, (x, y), strict=True))
    if not error <= _LARGEST_ERROR_M:
        raise UnusableInputError(
            f"the territory is too wide for one map projection: its polynomial errs by {error:.2g} m"
        )
    return {
        "lon": longitude,
        "lat": latitude,
        "scale": scale,
        "degree": DEGREE,
        "x": [float(c) for c in fit[0]],
        "y": [float(c) for c in fit[1]],
        "error_m": error,
    }
