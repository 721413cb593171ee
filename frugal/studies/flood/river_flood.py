"""`river_flood`: what a flood wave reaches in a valley.

One query is one wave: its peak discharge, its time to peak, its volume, the roughness of the valley and the level downstream.
The hydrograph is a gamma curve,

.. math:: Q(t) = Q_b + (Q_p - Q_b) \\left(\\frac{t}{t_p} e^{1 - t / t_p}\\right)^k,

with :math:`k` such that what passes above the base flow is the volume asked for; whatever of it would pass after the end of the
event is not seen. Truth is the second-order Saint-Venant solver on the terrain of the site.
"""

from __future__ import annotations

import math
from dataclasses import replace
from functools import lru_cache

import numpy as np
from scipy import ndimage, optimize, special

from frugal.errors import UnusableInputError
from frugal.experiments.study import Alternative, Arrays, Study, Variable
from frugal.formats.files.digests import sha256_of
from frugal.physics.shallow_water.flood_case import FloodCase, Inflow, Segment
from frugal.studies.flood.bathtub import bathtub
from frugal.studies.flood.given_hydrograph import Hydrograph, given_hydrograph
from frugal.studies.flood.local_water import local_water
from frugal.studies.flood.outputs import HOUR, Maps
from frugal.studies.flood.study import flood_study
from frugal.studies.flood.terrain.river_valley import river_valley
from frugal.studies.flood.terrain.site import RiverFloodSite
from frugal.studies.flood.terrain.terrain import FloodTerrain, nearest_of
from frugal.studies.flood.valley_ends import entries, outlet, outlet_of
from frugal.texts import Text, decimals, room_texts

_TEXTS = room_texts("frugal.studies.flood")

DURATION_S = 10.0 * HOUR
#: Longest step of the hydrograph.
STEP_S = 120.0
BASE_FLOW_M3_S = 30.0
#: The formula smooths its depths along the river over so many metres, as backwater does.
SMOOTHED_M = 150.0
#: A wave that brings another volume than was asked, by more than this share, is told.
_VOLUME_WITHIN = 0.05


def inputs_of(site: RiverFloodSite) -> tuple[Variable, ...]:
    """Inputs of the study, with the bounds of the site; those of the wave are gone where a file has its discharges."""
    valley_inputs: tuple[Variable, ...] = (
        Variable("roughness_factor", "1", 0.6, 1.6, _TEXTS.say("river_flood.roughness_factor"), default=1.0),
    )
    if site.outlet == "level":
        valley_inputs = (*valley_inputs, _level_downstream(site))
    if site.discharge_series is not None:
        return valley_inputs
    return (
        Variable(
            "peak_discharge",
            "m^3/s",
            *site.peak_discharge,
            _TEXTS.say("river_flood.peak_discharge"),
            default=float(np.mean(site.peak_discharge)),
        ),
        Variable(
            "time_to_peak",
            "hour",
            *site.time_to_peak_h,
            _TEXTS.say("river_flood.time_to_peak"),
            default=float(np.mean(site.time_to_peak_h)),
        ),
        Variable("volume", "m^3", *site.volume, _TEXTS.say("river_flood.volume"), default=float(np.mean(site.volume))),
        *valley_inputs,
    )


def _level_downstream(site: RiverFloodSite) -> Variable:
    return Variable(
        "downstream_depth",
        "m",
        *site.downstream_depth,
        _TEXTS.say("river_flood.downstream_depth"),
        default=float(np.clip(1.5, *site.downstream_depth)),
    )


def river_flood(site: RiverFloodSite) -> Study:
    """Build the study for a valley.

    Parameters
    ----------
    site : RiverFloodSite

    Raises
    ------
    UnusableInputError
        If the terrain or the river cannot be used.
    """
    given = given_hydrograph(site)
    notes = check_waves(site) if given is None else ()
    terrain = river_valley(site)
    terrain = replace(terrain, notes=(*terrain.notes, *notes))
    end = outlet_of(site, terrain)
    duration_s = site.duration_h * HOUR if given is None else float(given.time_s[-1])
    water = local_water(site, terrain, 0.0, None if given is None else given.began_s)

    def event(terrain: FloodTerrain, **inputs: float) -> FloodCase:
        return water.added(wave(terrain, duration_s, given, end, **inputs), terrain)

    def remarks(**inputs: float) -> tuple[Text, ...]:
        return notes_on_volume(duration_s, **inputs)

    return flood_study(
        "river_flood",
        _TEXTS.say("river_flood.title"),
        site,
        terrain,
        event,
        duration_s=duration_s,
        inputs=inputs_of(site),
        formula=_normal_depth(terrain, duration_s, given),
        remarks=remarks if given is None else None,
        files=" ".join(
            sha256_of(path) for path in (site.discharge_series, site.outlet_rating_curve) if path is not None
        )
        + water.sha256,
        water=water,
    )


def check_waves(site: RiverFloodSite) -> tuple[Text, ...]:
    """Refuse bounds that no wave can have, and tell where some cannot.

    Parameters
    ----------
    site : RiverFloodSite

    Returns
    -------
    tuple
        A sentence where the largest volume does not pass with the smallest peak, or the smallest is too little for the
        largest; none for the site of no place.

    Raises
    ------
    UnusableInputError
        If peaks lie below the base flow, or no volume within the bounds can be that of a wave within the bounds.
    """
    (low, high), (small, large), (soon, late) = site.peak_discharge, site.volume, site.time_to_peak_h
    if low <= BASE_FLOW_M3_S:
        raise UnusableInputError(
            f"setting 'peak_discharge' = {low:g}, {high:g} m³/s: the study has a base flow of {BASE_FLOW_M3_S:g} m³/s, which "
            "a peak has to exceed"
        )
    duration_s = site.duration_h * HOUR
    most = given_volume(duration_s, peak_discharge=high, time_to_peak=late, volume=small)
    if most < (1.0 - _VOLUME_WITHIN) * small:
        raise UnusableInputError(
            f"setting 'volume' = {small:g}, {large:g} m³: a peak of {high:g} m³/s brings {most:.3g} m³ within the event of "
            f"{site.duration_h:g} h; smaller volumes, higher peaks or a longer event are needed"
        )
    least = given_volume(duration_s, peak_discharge=low, time_to_peak=soon, volume=large)
    if least > (1.0 + _VOLUME_WITHIN) * large:
        raise UnusableInputError(
            f"setting 'volume' = {small:g}, {large:g} m³: a wave that rises to {low:g} m³/s in {soon:g} h brings {least:.3g} "
            "m³ at least; larger volumes, lower peaks or a shorter rise are needed"
        )
    if site.terrain is None:
        return ()
    for peak, volume, time_to_peak in (
        (low, large, late),
        (high, small, late),
        (low, large, soon),
        (high, small, soon),
    ):
        given = given_volume(duration_s, peak_discharge=peak, time_to_peak=time_to_peak, volume=volume)
        if abs(given / volume - 1.0) > _VOLUME_WITHIN:
            told = {"volume": volume / 1e6, "peak": peak, "given": given / 1e6, "hours": site.duration_h}
            return (_TEXTS.say("note.volume_of_site", **{name: _number(value) for name, value in told.items()}),)
    return ()


def given_volume(duration_s: float, **wave: float) -> float:
    """What a wave brings above the base flow within the event [m³].

    Parameters
    ----------
    duration_s : float
        Length of the event [s].
    **wave : float
        ``peak_discharge``, ``time_to_peak`` and ``volume`` of `hydrograph`.
    """
    time_s = np.linspace(0.0, duration_s, 4001)
    return float(np.trapezoid(hydrograph(time_s, **wave) - BASE_FLOW_M3_S, time_s))


def notes_on_volume(
    duration_s: float, *, peak_discharge: float, time_to_peak: float, volume: float, **others: float
) -> tuple[Text, ...]:
    """A sentence where a wave does not bring the volume that is asked within the event.

    Parameters
    ----------
    duration_s : float
        Length of the event [s].
    peak_discharge, time_to_peak, volume : float
        As in `hydrograph`.
    **others : float
        Inputs of the study that change nothing in it.
    """
    given = given_volume(duration_s, peak_discharge=peak_discharge, time_to_peak=time_to_peak, volume=volume)
    if abs(given / volume - 1.0) <= _VOLUME_WITHIN:
        return ()
    told = {"given": given / 1e6, "asked": volume / 1e6, "peak": peak_discharge, "rise": time_to_peak}
    key = "note.volume_not_given" if given < volume else "note.volume_too_small"
    numbers = {name: _number(value) for name, value in {**told, "hours": duration_s / HOUR}.items()}
    return (_TEXTS.say(key, **numbers),)


def _number(value: float) -> Text:
    return decimals(f"{value:.0f}" if value >= 1000 else f"{value:.3g}")


@lru_cache(maxsize=256)
def _exponent(ratio: float) -> float:
    """Exponent of the gamma curve whose integral over t / t_p is ``ratio``."""

    def gap(log_k: float) -> float:
        k = math.exp(log_k)
        return float(k + special.gammaln(k + 1) - (k + 1) * math.log(k)) - math.log(ratio)

    return math.exp(float(optimize.brentq(gap, math.log(1e-4), math.log(1e4))))


def hydrograph(time_s: np.ndarray, *, peak_discharge: float, time_to_peak: float, volume: float) -> np.ndarray:
    """Discharge in m³/s at some times.

    Parameters
    ----------
    time_s : array [t]
        From the beginning of the event.
    peak_discharge : float
        [m³/s]
    time_to_peak : float
        [h]
    volume : float
        Of the wave above the base flow [m³].
    """
    to_peak_s = time_to_peak * HOUR
    above = max(peak_discharge - BASE_FLOW_M3_S, 1e-3)
    exponent = _exponent(min(max(volume / (above * to_peak_s), 0.05), 1e3))
    relative = np.maximum(time_s / to_peak_s, 1e-12)
    return np.asarray(BASE_FLOW_M3_S + above * np.exp(exponent * (np.log(relative) + 1.0 - relative)))


def wave(
    terrain: FloodTerrain,
    duration_s: float = DURATION_S,
    given: Hydrograph | None = None,
    end: Segment | None = None,
    *,
    roughness_factor: float,
    downstream_depth: float | None = None,
    **shape: float,
) -> FloodCase:
    """The event over a terrain, fine or coarse.

    Parameters
    ----------
    terrain : FloodTerrain
        The wave enters along the first ``ENTRY_M`` of its rivers; the level is prescribed where the river leaves it.
    duration_s : float
        Length of the event [s].
    given : Hydrograph, optional
        Discharges of a file.
    end : Segment, optional
        What holds the water where the river leaves, in the place of a level.
    roughness_factor, downstream_depth : float
        As the inputs of the study; the depth is that over the river's bed where it leaves, and needed without ``end``.
    **shape : float
        The other inputs, those of `hydrograph`, without such a file.

    Returns
    -------
    FloodCase
    """
    if given is None:
        step_s = min(STEP_S, 0.1 * shape["time_to_peak"] * HOUR)
        time_s = np.arange(0.0, duration_s + step_s / 2, step_s)
        discharge = hydrograph(time_s, **shape)
    else:
        time_s, discharge = given.time_s, given.discharge
    side, first, last = outlet(terrain)
    pool = terrain.bed
    if end is None:
        level = terrain.leaves_at_m + (downstream_depth or 0.0)
        end, pool = Segment("level", series=level, name="downstream"), _pool(terrain, level)
    return FloodCase(
        bed=terrain.bed,
        cell_size_m=terrain.cell_size_m,
        duration_s=duration_s,
        friction=terrain.manning * roughness_factor,
        blocked=terrain.blocked,
        level=pool,
        boundaries={side: (replace(end, first=first, last=last),)},
        inflows=tuple(
            Inflow(int(row), int(column), (time_s, discharge * share), name=f"upstream {k}")
            for k, (row, column, share) in enumerate(entries(terrain))
        ),
    )


def _pool(terrain: FloodTerrain, level_m: float) -> np.ndarray:
    """First level: the pool that the level downstream makes in the river, dry ground elsewhere."""
    pool = terrain.bed.copy()
    river = tuple(np.vstack([terrain.river, terrain.tributaries]).T)
    pool[river] = np.maximum(terrain.bed[river], level_m)
    return pool


def _normal_depth(terrain: FloodTerrain, duration_s: float, given: Hydrograph | None) -> Alternative:
    """Manning's uniform flow at the peak discharge in every cross-section, laid over the ground that is connected."""
    nearest, _ = nearest_of(terrain.river, terrain.shape, terrain.cell_size_m)
    bottom = terrain.bed[tuple(terrain.river.T)]
    spacing = np.gradient(terrain.river_position_m)
    slope = max(float(-np.polyfit(terrain.river_position_m, bottom, 1)[0]), 1e-5)
    sections = [np.flatnonzero(nearest.ravel() == k) for k in range(len(terrain.river))]
    bed, manning = terrain.bed.ravel(), terrain.manning.ravel()
    river = np.zeros(terrain.shape, dtype=bool)
    river[tuple(terrain.river.T)] = True

    def level_of(k: int, discharge: float, factor: float) -> float:
        """Level at which a cross-section carries a discharge in uniform flow (Manning).

        Parameters
        ----------
        k : int
            Number of the cross-section: the cells nearest to this cell of the river.
        discharge : float
            [m³/s]
        factor : float
            Of the roughness, 1 for that of the terrain.

        Returns
        -------
        float
            In the zero of the bed [m], to a millimetre.
        """
        ground, rough = bed[sections[k]], manning[sections[k]] * factor
        width = terrain.cell_size_m**2 / spacing[k]

        def lacking(level: float) -> float:
            depth = np.maximum(level - ground, 0.0)
            return float(np.sum(depth ** (5.0 / 3.0) / rough) * width * math.sqrt(slope)) - discharge

        high = bottom[k] + 1.0
        while lacking(high) < 0:
            high += 5.0
        return float(optimize.brentq(lacking, float(ground.min()), high, xtol=1e-3))

    def answer(roughness_factor: float, downstream_depth: float = 0.0, **shape: float) -> Arrays:
        peak, peak_s = (
            (shape["peak_discharge"], shape["time_to_peak"] * HOUR) if given is None else (given.peak, given.peak_s)
        )
        levels = np.array([level_of(k, peak, roughness_factor) for k in range(len(terrain.river))])
        depths = ndimage.gaussian_filter1d(levels - bottom, SMOOTHED_M / terrain.cell_size_m, mode="nearest")
        levels = np.maximum(bottom + depths, terrain.leaves_at_m + downstream_depth)
        below: Maps = bathtub(terrain.bed - levels[nearest], river, 0.0, peak_s)
        return below.on_land(terrain, duration_s)

    label = _TEXTS.say("river_flood.normal_depth")
    return Alternative("normal_depth", "formula", answer=answer, each_row=True, label=label)
