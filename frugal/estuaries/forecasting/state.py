"""The state that a forecast leaves at its moment, so that the next one goes on from it: arrays, and whose they are."""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from frugal.errors import UnusableInputError, plain_line
from frugal.formats.dates import moment_text
from frugal.formats.files.digests import sha256_of
from frugal.physics.estuary.carry_run import Carriage
from frugal.physics.estuary.mixing import RunningMeans
from frugal.physics.estuary.network import Layout
from frugal.physics.estuary.water_steps import EstuaryWater
from frugal.studies.estuary.place.site import EstuarySite

VERSION = "frugal-estuary-state/1"
FILE = "state.npz"
#: Keys of a site that change neither water nor salt.
_TOLD_ONLY = {
    "place",
    "name",
    "title",
    "source",
    "gauge",
    "intake",
    "load",
    "scenario",
    "dredged",
    "mud",
    "oxygen",
    "n_runs",
}
_WATER, _MEANS = EstuaryWater._fields, RunningMeans._fields
_CARRIED = tuple(name for name in Carriage._fields if name != "means")
_HISTORY = ("history_times", "history_gauges", "history_levels", "history_intakes", "history_salinity")


@dataclass(frozen=True, eq=False)
class ToldSeries:
    """Levels and salinities over time.

    Attributes
    ----------
    times_s : ndarray
        Since 1970, UTC.
    gauges, intakes : tuple of str
    levels_m : ndarray
        [time, gauge]
    salinity_psu : ndarray
        [time, intake]
    """

    times_s: np.ndarray
    gauges: tuple[str, ...]
    levels_m: np.ndarray
    intakes: tuple[str, ...]
    salinity_psu: np.ndarray

    def between(self, first_s: float, last_s: float) -> ToldSeries:
        """Those of a period, both ends included."""
        kept = (self.times_s >= first_s) & (self.times_s <= last_s)
        return ToldSeries(self.times_s[kept], self.gauges, self.levels_m[kept], self.intakes, self.salinity_psu[kept])

    def behind(self, earlier: ToldSeries) -> ToldSeries:
        """The earlier ones and then these; places that the earlier ones lack have no value there."""
        before = earlier.between(-np.inf, self.times_s[0] - 1.0)

        def joined(names: tuple[str, ...], known: tuple[str, ...], old: np.ndarray, new: np.ndarray) -> np.ndarray:
            columns = np.full((len(before.times_s), len(names)), np.nan)
            for k, name in enumerate(names):
                if name in known:
                    columns[:, k] = old[:, known.index(name)]
            return np.concatenate([columns, new])

        return ToldSeries(
            np.concatenate([before.times_s, self.times_s]),
            self.gauges,
            joined(self.gauges, before.gauges, before.levels_m, self.levels_m),
            self.intakes,
            joined(self.intakes, before.intakes, before.salinity_psu, self.salinity_psu),
        )


@dataclass(frozen=True, eq=False)
class ForecastState:
    """An estuary at a moment.

    Attributes
    ----------
    digest : str
        Of the site, as `site_digest` has it.
    zero_s : float
        Where the clock of the run is 0 [s since 1970, UTC].
    time_s : float
        The moment.
    water : EstuaryWater
    carriage : Carriage
    history : ToldSeries
        What was told up to the moment.
    """

    digest: str
    zero_s: float
    time_s: float
    water: EstuaryWater
    carriage: Carriage
    history: ToldSeries


def site_digest(site: EstuarySite) -> str:
    """A hash of all that the water and the salt of a site hang on."""
    content = site.model_dump(mode="json", exclude=_TOLD_ONLY | {"constituents"})
    for reach in content["reach"]:
        for key in ("line", "origin", "navigation_depth_m"):
            reach.pop(key)
    content["constituents"] = sha256_of(site.constituents) if site.constituents is not None else None
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()


def state_bytes(state: ForecastState) -> bytes:
    """A state as the bytes of its file."""
    arrays: dict[str, Any] = {f"water_{name}": value for name, value in zip(_WATER, state.water, strict=True)}
    arrays |= {f"carried_{name}": getattr(state.carriage, name) for name in _CARRIED}
    arrays |= {f"means_{name}": value for name, value in zip(_MEANS, state.carriage.means, strict=True)}
    history = state.history
    arrays |= {
        "version": np.array(VERSION),
        "site": np.array(state.digest),
        "zero_s": np.array(state.zero_s),
        "time_s": np.array(state.time_s),
        "time": np.array(moment_text(state.time_s)),
        "history_times": history.times_s,
        "history_gauges": np.array(history.gauges, dtype=np.str_),
        "history_levels": history.levels_m,
        "history_intakes": np.array(history.intakes, dtype=np.str_),
        "history_salinity": history.salinity_psu,
    }
    stream = io.BytesIO()
    np.savez_compressed(stream, **arrays)
    return stream.getvalue()


def read_state(path: Path, site: EstuarySite, layout: Layout, begin_s: float) -> ForecastState:
    """The state to go on from.

    Parameters
    ----------
    path : Path
        Its file, or the folder of the forecast that left it.
    site : EstuarySite
    layout : Layout
        Of that site.
    begin_s : float
        Of the forecast that goes on [s since 1970, UTC].

    Raises
    ------
    UnusableInputError
        If it is none, is of another estuary, or lies after the forecast.
    """
    file = path / FILE if path.is_dir() else path
    try:
        with np.load(file) as content:
            arrays = {name: content[name] for name in content.files}
    except OSError as fault:
        raise UnusableInputError(
            f"state '{file}' cannot be read: {plain_line(fault.strerror or fault, 120)}"
        ) from fault
    except (ValueError, zipfile.BadZipFile, EOFError, KeyError, AttributeError) as fault:
        raise UnusableInputError(f"state '{file}' is damaged or no state of a forecast") from fault
    version = str(arrays.get("version", ""))
    if version != VERSION:
        raise UnusableInputError(
            f"state '{file}' has the version '{plain_line(version, 40)}', where {VERSION} is needed; leave --state out to spin "
            "up anew"
        )
    try:
        state = _state_of(arrays)
    except (KeyError, ValueError, TypeError) as fault:
        raise UnusableInputError(f"state '{file}' is damaged or no state of a forecast") from fault
    if state.digest != site_digest(site):
        raise UnusableInputError(
            f"state '{file}' is of another estuary than this site, or of this one with other depths, tides or cells; leave "
            "--state out to spin up anew"
        )
    if not _fits(state, layout):
        raise UnusableInputError(f"state '{file}' is damaged: it holds other cells than the site, or no finite numbers")
    if state.time_s > begin_s:
        raise UnusableInputError(
            f"state '{file}' is of {moment_text(state.time_s)}, after --from {moment_text(begin_s)}; forecasts go on from "
            "earlier states"
        )
    return state


def _state_of(arrays: dict[str, np.ndarray]) -> ForecastState:
    water = EstuaryWater(*(np.ascontiguousarray(arrays[f"water_{name}"], dtype=float) for name in _WATER))
    means = RunningMeans(*(np.ascontiguousarray(arrays[f"means_{name}"], dtype=float) for name in _MEANS))
    carried = {name: np.ascontiguousarray(arrays[f"carried_{name}"], dtype=float) for name in _CARRIED}
    times, gauges, levels, intakes, salinity = (arrays[name] for name in _HISTORY)
    told = ToldSeries(times, tuple(map(str, gauges)), levels, tuple(map(str, intakes)), salinity)
    if levels.shape != (len(times), len(gauges)) or salinity.shape != (len(times), len(intakes)):
        raise ValueError("history")
    return ForecastState(
        str(arrays["site"]),
        float(arrays["zero_s"]),
        float(arrays["time_s"]),
        water,
        Carriage(means=means, **carried),
        told,
    )


def _fits(state: ForecastState, layout: Layout) -> bool:
    slots, places = layout.cells.bed.size, len(layout.places)
    shapes = {"place_volume": (places,), "place_level": (places,), "clock": (3,)}
    if any(value.shape != shapes.get(name, (slots,)) for name, value in zip(_WATER, state.water, strict=True)):
        return False
    carriage = state.carriage
    if carriage.c.shape[1:] != (slots,) or carriage.bed.shape != (slots,) or carriage.means.river.shape != (places,):
        return False
    if abs(state.water.clock[0] - (state.time_s - state.zero_s)) > 1.0:
        return False
    return all(bool(np.isfinite(value).all()) for value in (*state.water, carriage.c, carriage.bed, *carriage.means))
