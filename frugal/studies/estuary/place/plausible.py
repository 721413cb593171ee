"""What the reaches, mouths and rivers of a site must be together, and what they cannot be in the units that are asked."""

from __future__ import annotations

from typing import Any

import numpy as np

#: No river of the world runs faster on the mean of a section [m/s]: beyond it a unit is wrong.
FASTEST_M_S = 6.0
#: A line on a map is drawn coarser than the channel, hardly longer; beyond these shares of its length it is another place.
LINE_SHARES = (0.2, 3.0)
#: Largest friction by law: beyond, Strickler's or Chezy's coefficients were taken for it.
MOST_FRICTION = {"manning": 0.3, "quadratic": 0.3, "linear": 0.3, "rate": 0.1}
_DEGREE_KM = 111.2


def refuse_unjoined(reaches: Any, mouths: Any, rivers: Any) -> None:
    """Places at which something enters are ends of reaches, and ways lead from the sea to heads.

    Parameters
    ----------
    reaches, mouths, rivers : sequences of SiteReach, SiteMouth, RiverEntry

    Raises
    ------
    ValueError
        Naming what joins nothing.
    """
    places = list(dict.fromkeys(place for reach in reaches for place in (reach.seaward, reach.landward)))
    open_sea = {mouth.place for mouth in mouths}
    for kind, parts in (("mouth", mouths), ("river", rivers)):
        for part in parts:
            if part.place not in places:
                name = getattr(part, "name", part.place)
                raise ValueError(
                    f"{kind} '{name}' is at place '{part.place}', where no reach ends; places are {', '.join(places)}"
                )
    for river in rivers:
        if river.place in open_sea:
            raise ValueError(
                f"river '{river.name}' enters at place '{river.place}', which is a mouth, where the sea gives the level; "
                "another place is needed"
            )
    for reach in reaches:
        if reach.seaward == reach.landward or reach.landward in open_sea:
            raise ValueError(
                f"reach '{reach.name}' runs from '{reach.seaward}' to '{reach.landward}'; its landward end must be neither a "
                "mouth nor its seaward end"
            )
    reached = set(open_sea)
    for _ in reaches:
        reached |= {reach.landward for reach in reaches if reach.seaward in reached}
    for reach in reaches:
        if reach.seaward not in reached:
            raise ValueError(
                f"reach '{reach.name}' begins at '{reach.seaward}', to which no reach leads from a mouth; mouths are "
                f"{', '.join(sorted(open_sea))}"
            )
    if all(any(other.seaward == reach.landward for other in reaches) for reach in reaches):
        raise ValueError("every reach goes on in another; one at least must end where none begins, inland")


def refuse_wrong_units(reaches: Any, mouths: Any, rivers: Any, friction_law: str) -> None:
    """Depths count downward, discharges and widths are in m³/s and m, lines lie where the reach is.

    Parameters
    ----------
    reaches, mouths, rivers : sequences of SiteReach, SiteMouth, RiverEntry
    friction_law : str
        Of the site.

    Raises
    ------
    ValueError
        Naming the input, its value and what is allowed.
    """
    open_sea = {mouth.place for mouth in mouths}
    for reach in reaches:
        if reach.seaward in open_sea and reach.depth_m[0] <= 0.0:
            raise ValueError(
                f"depth_m of reach '{reach.name}' is {reach.depth_m[0]:g} m at the mouth '{reach.seaward}'; above 0 is needed: "
                "depths count downward from mean sea level"
            )
        rough, most = np.atleast_1d(reach.friction), MOST_FRICTION[friction_law]
        if rough.min() < 0.0 or rough.max() > most:
            wrong = rough.min() if rough.min() < 0.0 else rough.max()
            raise ValueError(
                f"friction of reach '{reach.name}' is {wrong:g}; with friction_law '{friction_law}' 0 to {most:g} is allowed "
                "(Strickler's and Chezy's coefficients are not taken)"
            )
        if reach.storage_width_m is not None:
            for stored, conveyed in zip(reach.storage_width_m, reach.width_m, strict=True):
                if stored < conveyed:
                    raise ValueError(
                        f"storage_width_m of reach '{reach.name}' is {stored:g} m where width_m is {conveyed:g} m; it is the "
                        "whole width with the flats, so at least as much is needed"
                    )
        long_km = _line_km(reach.line)
        low, high = LINE_SHARES
        if long_km and not low * reach.length_km <= long_km <= high * reach.length_km:
            raise ValueError(
                f"line of reach '{reach.name}' is {long_km:.3g} km long, and its distance_km {reach.length_km:g} km; one of "
                "both is wrong (longitude comes before latitude)"
            )
    for river in rivers:
        flow = river.flow_m3_s[1]
        if not river.flow_m3_s[0] <= river.mean_flow_m3_s <= flow:
            raise ValueError(
                f"mean_flow_m3_s of river '{river.name}' = {river.mean_flow_m3_s:g}; {river.flow_m3_s[0]:g} to {flow:g} is "
                "needed, as its flow_m3_s says"
            )
        ending = [reach for reach in reaches if river.place in (reach.seaward, reach.landward)]
        sections = [max(d * w for d, w in zip(reach.depth_m, reach.width_m, strict=True)) for reach in ending]
        if sections and max(sections) > 0.0 and flow > FASTEST_M_S * max(sections):
            raise ValueError(
                f"flow_m3_s of river '{river.name}' reaches {flow:g} m³/s, which is {flow / max(sections):.2g} m/s in the "
                f"largest section where it enters ({max(sections):.3g} m²); up to {FASTEST_M_S:g} m/s is allowed: are "
                "discharges in m³/s, widths and depths in m?"
            )


def _line_km(line: Any) -> float:
    longitude, latitude = np.array(line, dtype=float).T
    shrink = np.cos(np.radians(0.5 * (latitude[1:] + latitude[:-1])))
    return float(_DEGREE_KM * np.hypot(np.diff(longitude) * shrink, np.diff(latitude)).sum())
