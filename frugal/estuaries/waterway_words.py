"""A place to go to, a dredging and depths of a channel, as users write them."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np

from frugal.errors import UnusableInputError, did_you_mean
from frugal.estuaries.waterway import Dredging, KnotDepths
from frugal.studies.estuary.place.from_site import LEAST_DEPTH_M, heads, way_to_sea
from frugal.studies.estuary.place.site import EstuarySite


def destination_of(site: EstuarySite, text: str) -> tuple[str, float]:
    """Reach and distance [km] of the place that ships go to.

    Parameters
    ----------
    site : EstuarySite
    text : str
        Name of a gauge, or ``REACH:KM``; the gauge farthest from the sea on the way to the first head where empty.

    Returns
    -------
    tuple of str and float
    """
    gauges = {gauge.name: gauge for gauge in site.gauge}
    if not text:
        way = way_to_sea(site, heads(site)[0])
        on_way = [gauge for reach in way for gauge in site.gauge if gauge.reach == reach.name]
        if not on_way:
            return way[-1].name, way[-1].length_km
        order = [reach.name for reach in way]
        last = max(on_way, key=lambda gauge: (order.index(gauge.reach), gauge.km))
        return last.reach, last.km
    for name, gauge in gauges.items():
        if name.casefold() == text.strip().casefold():
            return gauge.reach, gauge.km
    reach, _, km = text.partition(":")
    lengths = {part.name: part.length_km for part in site.reach}
    if reach not in lengths:
        known = [*gauges, *(f"{name}:KM" for name in lengths)]
        raise UnusableInputError(
            f"--destination '{text}' is no place of the site; allowed: {', '.join(known)}{did_you_mean(text, known)}"
        )
    value = _number(km)
    if value is None or not 0.0 < value <= lengths[reach]:
        raise UnusableInputError(
            f"--destination '{text}': above 0 and up to {lengths[reach]:g} km of reach '{reach}' are allowed"
        )
    return reach, value


def _number(text: str) -> float | None:
    try:
        value = float(text)
    except ValueError:
        return None
    return value if np.isfinite(value) else None


def dredging_of(site: EstuarySite, text: str) -> Dredging:
    """A dredging as users write it: ``REACH:FROM_KM-TO_KM:BY_M``."""
    parts = text.split(":")
    ends = [_number(end) for end in parts[1].split("-")] if len(parts) == 3 else []
    by = _number(parts[2]) if len(parts) == 3 else None
    if len(ends) != 2 or None in ends or by is None:
        raise UnusableInputError(f"--dredge '{text}'; REACH:FROM_KM-TO_KM:BY_M is needed, as garonne:0-20:1")
    lengths = {part.name: part.length_km for part in site.reach}
    if parts[0] not in lengths:
        raise UnusableInputError(
            f"--dredge '{text}': reach '{parts[0]}' is none of the site's: {', '.join(lengths)}"
            f"{did_you_mean(parts[0], lengths)}"
        )
    first, last = (float(end or 0.0) for end in ends)
    if not 0.0 <= first < last <= lengths[parts[0]]:
        raise UnusableInputError(
            f"--dredge '{text}': 0 to {lengths[parts[0]]:g} km of reach '{parts[0]}' are allowed, rising"
        )
    if not -20.0 <= by <= 20.0:
        raise UnusableInputError(f"--dredge '{text}': {by:g} m; -20 to 20 m are allowed")
    return Dredging(parts[0], first, last, by)


def depths_of(site: EstuarySite, texts: Sequence[str]) -> dict[str, KnotDepths]:
    """Depths of the channel as users write them: ``REACH:METRES``, or ``REACH:KM=METRES,KM=METRES`` from the sea.

    Parameters
    ----------
    site : EstuarySite
    texts : sequence of str

    Returns
    -------
    dict
    """
    lengths = {part.name: part.length_km for part in site.reach}
    found: dict[str, KnotDepths] = {}
    for text in texts:
        reach, _, told = text.partition(":")
        if reach not in lengths:
            raise UnusableInputError(
                f"--channel-depth '{text}': reach '{reach}' is none of the site's: {', '.join(lengths)}"
                f"{did_you_mean(reach, lengths)}"
            )
        pairs = [part.split("=") if "=" in told else ["0", part] for part in told.split(",")]
        numbers = [[_number(part) for part in pair] for pair in pairs]
        if any(len(pair) != 2 or None in pair for pair in numbers):
            raise UnusableInputError(f"--channel-depth '{text}'; REACH:METRES or REACH:KM=METRES,KM=METRES is needed")
        km, depth = (tuple(float(pair[k] or 0.0) for pair in numbers) for k in (0, 1))
        if any(after <= before for before, after in pairwise(km)) or not (km[0] >= 0.0 and km[-1] <= lengths[reach]):
            raise UnusableInputError(
                f"--channel-depth '{text}': distances that rise from 0 to {lengths[reach]:g} km are allowed"
            )
        if not all(LEAST_DEPTH_M <= one <= 100.0 for one in depth):
            raise UnusableInputError(f"--channel-depth '{text}': {LEAST_DEPTH_M:g} to 100 m are allowed")
        found[reach] = (km, depth)
    return found
