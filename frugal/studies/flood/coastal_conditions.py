"""What the events of a coast have in common, from its site: how the sea comes, when dikes fail, the waves before them."""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np

from frugal.errors import UnusableInputError
from frugal.experiments.study import Variable
from frugal.formats.time_series import TimeSeries, read_series
from frugal.studies.flood.breach.wave_overtopping import Waves
from frugal.studies.flood.coastal_event import Coast, FixedBreach
from frugal.studies.flood.local_water import local_water
from frugal.studies.flood.sea.failure import DikeFailure
from frugal.studies.flood.sea.history import HOUR, LevelSeries, SeaHistory, extremes, whole_passage
from frugal.studies.flood.sea.tides import tide_bounds
from frugal.studies.flood.terrain.datum import mean_sea_level
from frugal.studies.flood.terrain.site import SubmersionSite
from frugal.studies.flood.terrain.terrain import FloodTerrain
from frugal.texts import Text, decimals, room_texts

_TEXTS = room_texts("frugal.studies.flood")

#: Surges of the generated polder [m].
GENERATED_SURGE = (0.5, 2.0)
#: Levels that no sea has [m].
_LEVELS = (-15.0, 25.0)
#: No sea stands so much higher or lower than just before and just after [m].
SPIKE_M = 2.0
_CF_LEVELS = (
    "sea_surface_height_above_mean_sea_level",
    "sea_surface_height_above_geopotential_datum",
    "sea_surface_height_above_geoid",
    "water_surface_height_above_reference_datum",
    "sea_surface_height",
)
_LEVEL_NAMES = ("level", "sea_level", "water_level", "niveau", "hauteur")


def coast_of(site: SubmersionSite, terrain: FloodTerrain) -> tuple[Coast, tuple[Text, ...]]:
    """What the events of a site have in common, and notes on it.

    Parameters
    ----------
    site : SubmersionSite
    terrain : FloodTerrain
        What the site has been made into.

    Raises
    ------
    UnusableInputError
        If a file cannot be used, or a failure cannot be meant.
    """
    mean_m, _ = mean_sea_level(site.terrain_datum, site.mean_sea_level_m, "")
    history, dated_peak_s = _history(site, terrain)
    opening_s = site.breach_minutes * 60.0

    def failure(start_h: float, level_m: float | None) -> DikeFailure:
        start_s = start_h * HOUR
        if level_m is None and not history.begin_s <= start_s < history.end_s:
            raise UnusableInputError(
                f"a breach that begins at {start_h:g} h lies outside of the event, which lasts from "
                f"{history.begin_s / HOUR:.2f} to {history.end_s / HOUR:.2f} h from high tide"
            )
        return DikeFailure(start_s, opening_s, None if level_m is None else level_m - mean_m)

    main = failure(site.breach_start_h, site.breach_level_m)
    others = []
    for breach in site.breaches:
        level_m = breach.level_m if breach.start_h is not None or breach.level_m is not None else site.breach_level_m
        start_h = site.breach_start_h if breach.start_h is None else breach.start_h
        others.append(FixedBreach(breach.position, breach.width_m, failure(start_h, level_m)))
    water = local_water(site, terrain, -history.begin_s, dated_peak_s)
    coast = Coast(site.sea, history, main, tuple(others), _waves(site, dated_peak_s), water)
    return coast, (*_note_on_zero(site, history), *_notes(coast, mean_m))


def _note_on_zero(site: SubmersionSite, history: SeaHistory) -> tuple[Text, ...]:
    """A sentence where nobody says above what the levels of a file stand: gauges and tide tables often use chart datum."""
    if site.level_series is None or site.level_series_mean_m is not None:
        return ()
    _, highest = extremes(history.variables)
    peak = float(history.peak({**highest, "sea_level_rise": 0.0}))
    return (_TEXTS.say("note.series_zero", path=site.level_series.name, peak=decimals(f"{peak:.2f}")),)


def _notes(coast: Coast, mean_m: float) -> tuple[Text, ...]:
    """A sentence where no storm reaches the level at which a dike fails."""
    _, highest = extremes(coast.history.variables)
    peak = float(coast.history.peak(highest))
    levels = [f.level_m for f in (coast.failure, *(b.failure for b in coast.breaches)) if f.level_m is not None]
    if not levels or max(levels) <= peak:
        return ()
    told = {"level": decimals(f"{max(levels) + mean_m:.2f}"), "peak": decimals(f"{peak + mean_m:.2f}")}
    return (_TEXTS.say("note.level_not_reached", **told),)


def sea_variables(site: SubmersionSite) -> tuple[Variable, ...]:
    """The inputs that the sea of a site depends on.

    Parameters
    ----------
    site : SubmersionSite
    """
    rise = Variable("sea_level_rise", "m", 0.0, 1.0, _TEXTS.say("submersion.sea_level_rise"), default=0.0)
    if site.level_series is not None:
        return (rise,)
    surge, tide = site.surge_peak or GENERATED_SURGE, tide_bounds(site.tide_range, site.tides)
    defaults = (
        (1.5, 6.0) if site.surge_peak is None and tide == (4.0, 6.5) else (float(np.mean(surge)), float(np.mean(tide)))
    )
    return (
        Variable("surge_peak", "m", *surge, _TEXTS.say("submersion.surge_peak"), default=defaults[0]),
        Variable("tide_range", "m", *tide, _TEXTS.say("submersion.tide_range"), default=defaults[1]),
        rise,
        Variable("storm_duration", "hour", 6.0, 36.0, _TEXTS.say("submersion.storm_duration"), default=18.0),
    )


def files_digest(site: SubmersionSite) -> str:
    """Hash of the files that the sea of a site depends on; empty without."""
    paths = [path for path in (site.level_series, site.wave_series, site.tides) if path is not None]
    if not paths:
        return ""
    digest = hashlib.sha256()
    for path in paths:
        digest.update(hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()


def _history(site: SubmersionSite, terrain: FloodTerrain) -> tuple[SeaHistory, float | None]:
    """The history of the sea, and the date of its peak where its file has dates."""
    variables = sea_variables(site)
    if site.level_series is None:
        sill = float(terrain.sill_m.min()) if len(terrain.sill_m) else terrain.passed_at_m
        return whole_passage(variables, terrain.passed_at_m, sill), None
    found = _levels(site.level_series)
    peak_s = float(found.time_s[int(np.argmax(found.values))])
    history = LevelSeries(found.time_s - peak_s, found.values - (site.level_series_mean_m or 0.0), variables)
    return history, peak_s if found.dated else None


def _levels(path: Path) -> TimeSeries:
    return read_series(path, _LEVEL_NAMES, "m", *_LEVELS, standard_names=_CF_LEVELS, spike=SPIKE_M)


def _waves(site: SubmersionSite, dated_peak_s: float | None) -> Waves | None:
    face = {
        "slope": site.dike_slope,
        "berm": site.wave_factor_berm,
        "roughness": site.wave_factor_roughness,
        "obliqueness": site.wave_factor_angle,
    }
    if site.wave_height_m is not None and site.wave_period_s is not None:
        return Waves(np.zeros(1), np.array([site.wave_height_m]), np.array([site.wave_period_s]), **face)
    if site.wave_series is None:
        return None
    height = read_series(site.wave_series, ("wave_height",), "m", 0.0, 20.0)
    period = read_series(site.wave_series, ("wave_period",), "s", 0.0, 40.0)
    if height.dated != (dated_peak_s is not None):
        raise UnusableInputError(
            f"{height.source} has {'dates' if height.dated else 'hours'} and the levels of the sea have not: give both with "
            "dates, or the waves with time_h from high tide"
        )
    shift = dated_peak_s or 0.0
    return Waves(height.time_s - shift, height.values, period.values, **face)
