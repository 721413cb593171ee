"""From a site to what the solver takes: sections, tides, rivers, and what the water carries."""

from __future__ import annotations

import math
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from frugal.errors import UnusableInputError, did_you_mean
from frugal.formats.constituents import read_constituents
from frugal.physics.estuary.carried import Carrying, Load, Mixing, Mud, Oxygen
from frugal.physics.estuary.driving import Driving, SeaLevel
from frugal.physics.estuary.network import Estuary, Reach
from frugal.physics.estuary.reactions import saturation as saturation_in_kernels
from frugal.physics.tide.constituents import constituent
from frugal.physics.tide.prediction import HarmonicConstants, predict
from frugal.studies.estuary.place.site import EstuarySite, SiteMouth, SiteReach

#: Sections are told to the solver at this distance at the most.
_STATION_KM = 0.5
#: Levels of the sea are told to the solver so far apart; cubics join them.
SEA_STEP_S = 600.0
#: Dredging leaves at least so much water below mean sea level, as siltation does [m].
LEAST_DEPTH_M = 0.5


def stations_km(reach: SiteReach) -> np.ndarray:
    """Where the sections of a reach are told [km]: its knots, and points between."""
    knots = np.array(reach.distance_km)
    between = np.linspace(0.0, reach.length_km, max(2, math.ceil(reach.length_km / _STATION_KM) + 1))
    return np.unique(np.concatenate([knots, between]))


def along(reach: SiteReach, values: float | tuple[float, ...], km: np.ndarray, geometric: bool = False) -> np.ndarray:
    """Values of knots at distances [km], straight or geometric between them."""
    given = np.broadcast_to(np.asarray(values, dtype=float), (len(reach.distance_km),))
    if geometric:
        return np.asarray(np.exp(np.interp(km, reach.distance_km, np.log(given))))
    return np.asarray(np.interp(km, reach.distance_km, given))


def estuary_of(site: EstuarySite) -> Estuary:
    """Reaches and mouths of a site.

    Parameters
    ----------
    site : EstuarySite

    Returns
    -------
    Estuary
    """
    reaches = []
    for part in site.reach:
        km = stations_km(part)
        conveying = along(part, part.width_m, km, geometric=True)
        storing = None if part.storage_width_m is None else along(part, part.storage_width_m, km, geometric=True)
        reaches.append(
            Reach(
                part.name,
                part.seaward,
                part.landward,
                1e3 * km,
                -along(part, part.depth_m, km),
                conveying if storing is None else np.maximum(storing, conveying),
                along(part, part.friction, km),
                flowing_width_m=None if storing is None else conveying,
            )
        )
    return Estuary(tuple(reaches), tuple(mouth.place for mouth in site.mouth), site.friction_law)


def deepened(estuary: Estuary, reach: str, by_m: float, from_km: float = 0.0, to_km: float = math.inf) -> Estuary:
    """An estuary whose bed is dredged (above 0) or silted up along a part of a reach.

    Parameters
    ----------
    estuary : Estuary
    reach : str
    by_m : float
        [m]
    from_km, to_km : float
        From the seaward end of the reach.

    Raises
    ------
    UnusableInputError
        If the reach is unknown, or less than 0.5 m would be left below mean sea level where there was more.
    """
    old = estuary.reach(reach)
    km = np.asarray(old.distance_m) / 1e3
    if not (0.0 <= from_km < to_km and from_km < km[-1]):
        raise UnusableInputError(
            f"a change of depth from {from_km:g} to {to_km:g} km of reach '{reach}', which is {km[-1]:g} km long"
        )
    bed = np.asarray(old.bed_m, dtype=float)
    changed = np.where((km >= from_km) & (km <= to_km), bed - by_m, bed)
    shallow = (changed > -LEAST_DEPTH_M) & (changed > bed)
    if shallow.any():
        worst = int(np.argmax(np.where(shallow, changed, -np.inf)))
        raise UnusableInputError(
            f"a change of depth of {by_m:g} m leaves {-changed[worst]:.2g} m below mean sea level at {km[worst]:g} km of reach "
            f"'{reach}'; at least {LEAST_DEPTH_M:g} m are needed"
        )
    return estuary.with_bed_raised(reach, changed - bed)


@lru_cache(maxsize=64)
def _table(path: Path, station: str) -> HarmonicConstants:
    found = read_constituents(path, station)
    kept = [k for k, name in enumerate(found.names) if name.upper() != "Z0"]
    return HarmonicConstants([found.names[k] for k in kept], found.amplitudes_m[kept], found.phases_deg[kept])


def constants_of(site: EstuarySite, part: Any) -> HarmonicConstants:
    """Constituents of a mouth or a gauge.

    Parameters
    ----------
    site : EstuarySite
    part : SiteMouth or SiteGauge

    Returns
    -------
    HarmonicConstants
    """
    own = getattr(part, "tide", None)
    if own is not None:
        return HarmonicConstants(
            list(own), [wave[0] for wave in own.values()], [wave[1] % 360.0 for wave in own.values()]
        )
    if site.constituents is None or part.station is None:
        raise UnusableInputError(f"no constituents are given for '{getattr(part, 'name', '') or part.place}'")
    return _table(site.constituents, part.station)


def speeds_rad_s(constants: HarmonicConstants) -> np.ndarray:
    """How fast constituents turn [rad/s]."""
    return np.radians([constituent(name).speed_deg_h / 3600.0 for name in constants.names])


def sea_of(
    site: EstuarySite,
    mouth: SiteMouth,
    tide_factor: float = 1.0,
    dated_s: np.ndarray | None = None,
    surge: tuple[np.ndarray, np.ndarray] | None = None,
) -> SeaLevel:
    """Level at a mouth.

    Parameters
    ----------
    site : EstuarySite
    mouth : SiteMouth
    tide_factor : float
        Of the amplitudes.
    dated_s : array, optional
        First and last moment [s since 1970, UTC]: the tide of these days, with its nodal corrections, whose clock starts at
        the first. Without it constituents start at their lags, which is the tide of no date.
    surge : pair of arrays, optional
        Times [s since 1970, UTC] and what is added to the level [m]; needs dates.

    Returns
    -------
    SeaLevel
    """
    constants = constants_of(site, mouth)
    if dated_s is None:
        return SeaLevel(
            mouth.mean_level_m,
            (tide_factor * constants.amplitudes_m).tolist(),
            np.radians(constants.phases_deg).tolist(),
            speeds_rad_s(constants).tolist(),
        )
    begin, end = float(dated_s[0]), float(dated_s[-1])
    times = begin + SEA_STEP_S * np.arange(math.ceil((end - begin) / SEA_STEP_S) + 2)
    levels = tide_factor * predict(times, constants)
    if surge is not None:
        levels = levels + np.interp(times, surge[0], surge[1])
    return SeaLevel(mouth.mean_level_m, series=(times - begin, levels))


def driving_of(
    site: EstuarySite,
    rivers: Mapping[str, Any] | None = None,
    sea_level_rise_m: float = 0.0,
    tide_factor: float = 1.0,
    dated_s: np.ndarray | None = None,
    surge: tuple[np.ndarray, np.ndarray] | None = None,
    ramp_s: float = 86400.0,
) -> Driving:
    """What drives the water.

    Parameters
    ----------
    site : EstuarySite
    rivers : mapping, optional
        Discharge by name of the river [m³/s], or times [s of the run] and discharges; the mean flow where not named.
    sea_level_rise_m, tide_factor : float
    dated_s, surge
        As in `sea_of`.
    ramp_s : float
        Over which the tide grows; 0 where a run goes on.

    Returns
    -------
    Driving
    """
    known = {river.name: river for river in site.river}
    for name in rivers or {}:
        if name not in known:
            raise UnusableInputError(
                f"river '{name}' is none of the site's: {', '.join(known) or 'none'}{did_you_mean(name, known)}"
            )
    flows: dict[str, Any] = {}
    for name, river in known.items():
        flows[river.place] = (rivers or {}).get(name, river.mean_flow_m3_s)
    levels = {mouth.place: sea_of(site, mouth, tide_factor, dated_s, surge) for mouth in site.mouth}
    return Driving(levels, flows, sea_level_rise_m, ramp_s)


def carrying_of(
    site: EstuarySite,
    rivers: Mapping[str, float],
    temperature_deg_c: float = 15.0,
    load_factor: float = 1.0,
    moved_share: float = 0.0,
    bed_kg_m2: Any = None,
    start: Mapping[str, Any] | None = None,
) -> Carrying:
    """What the water carries: salt, mud, oxygen and its demands; its temperature is that of the air everywhere.

    Parameters
    ----------
    site : EstuarySite
    rivers : mapping
        Discharge by name of the river [m³/s].
    temperature_deg_c : float
        The same everywhere.
    load_factor : float
        Of the waste water.
    moved_share : float
        Of the waste water that is let out at its other place, where the site has one.
    bed_kg_m2 : float or array, optional
        Mud on the bed at the start; that of the site otherwise.
    start : mapping, optional
        Concentrations at the start, by substance.

    Returns
    -------
    Carrying
    """
    saturation = saturation_in_kernels.py_func  # compiled it has no way in from Python
    full_fresh = saturation(temperature_deg_c, 0.0)
    outside: dict[str, dict[str, Any]] = {name: {} for name in ("salt", "mud", "oxygen", "carbon", "nitrogen")}
    for mouth in site.mouth:
        full = saturation(temperature_deg_c, mouth.salinity_psu)
        brings = (mouth.salinity_psu, mouth.mud_kg_m3, mouth.oxygen_share * full, 0.0, 0.0)
        for name, value in zip(outside, brings, strict=True):
            outside[name][mouth.place] = value
    for river in site.river:
        flow = float(rivers.get(river.name, river.mean_flow_m3_s))
        mud = river.mud_kg_m3 * (flow / river.mean_flow_m3_s) ** river.mud_exponent
        oxygen = river.oxygen_share * full_fresh
        brings = (0.0, mud, oxygen, river.carbon_mg_l, river.nitrogen_mg_l)
        for name, value in zip(outside, brings, strict=True):
            outside[name][river.place] = value
    loads = []
    for load in site.load:
        kept = 1.0 if load.other_reach is None else 1.0 - moved_share
        for substance, rate in (("carbon", load.carbon_g_s), ("nitrogen", load.nitrogen_g_s)):
            loads.append(Load(substance, load.reach, 1e3 * load.km, kept * load_factor * rate))
            if load.other_reach is not None and load.other_km is not None:
                moved = (1.0 - kept) * load_factor * rate
                loads.append(Load(substance, load.other_reach, 1e3 * load.other_km, moved))
    first = {
        "salt": 0.0,
        "mud": 0.05,
        "oxygen": 0.9 * full_fresh,
        "carbon": 1.0,
        "nitrogen": 0.2,
    }
    salt, mud_, oxygen_ = site.salt, site.mud, site.oxygen
    mixing = Mixing(
        salt.least_m2_s, salt.van_den_burgh, salt.at_mouth_m2_s, 1e3 * salt.convergence_km, mud_.mixing_m2_s
    )
    settings = mud_.model_dump(exclude={"mixing_m2_s"})
    if bed_kg_m2 is not None:
        settings["bed_kg_m2"] = bed_kg_m2
    elif isinstance(mud_.bed_kg_m2, dict):
        settings["bed_kg_m2"] = {
            reach: (1e3 * np.array(pairs)[:, 0], np.array(pairs)[:, 1]) for reach, pairs in mud_.bed_kg_m2.items()
        }
    rates = oxygen_.model_dump()
    return Carrying(
        outside,
        {**first, **(start or {})},
        mixing,
        Mud(**settings),
        Oxygen(**rates),
        equilibrium_deg_c=temperature_deg_c,
        loads=tuple(loads),
    )


def way_to_sea(site: EstuarySite, reach: str) -> tuple[SiteReach, ...]:
    """Reaches from the sea to the landward end of one.

    Parameters
    ----------
    site : EstuarySite
    reach : str

    Returns
    -------
    tuple of SiteReach
        The seaward one first.
    """
    by_name = {part.name: part for part in site.reach}
    if reach not in by_name:
        raise UnusableInputError(
            f"reach '{reach}' is none of the site's: {', '.join(by_name)}{did_you_mean(reach, by_name)}"
        )
    way = [by_name[reach]]
    mouths = {mouth.place for mouth in site.mouth}
    while way[0].seaward not in mouths:
        before = [part for part in site.reach if part.landward == way[0].seaward and part not in way]
        if not before:
            raise UnusableInputError(f"no reach leads from '{way[0].seaward}' to a mouth")
        way.insert(0, before[0])
    return tuple(way)


def distance_to_sea_km(site: EstuarySite, reach: str, km: float) -> float:
    """Along the channels from the mouth to a point of a reach [km]."""
    return km + sum(part.length_km for part in way_to_sea(site, reach)[:-1])


def way_km(site: EstuarySite, reach: str) -> float:
    """From the sea to the landward end of a reach, along the channels [km]."""
    return sum(part.length_km for part in way_to_sea(site, reach))


def heads(site: EstuarySite) -> tuple[str, ...]:
    """Reaches at whose landward end no other begins, in the order of the site."""
    begun = {part.seaward for part in site.reach}
    return tuple(part.name for part in site.reach if part.landward not in begun)
