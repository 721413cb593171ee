"""Days on which migratory fish may pass along a waterway, or live somewhere in it: temperature, oxygen, salinity within limits.

A day is open when every hour of it keeps the limits at every place of the way; for species that live in the estuary, at one
place at least. The temperature is the same everywhere and follows the season, a cosine between two numbers, warmest on
1 August; salt and oxygen are the solver's, width-averaged, with what `frugal.studies.estuary.place.carrying_of` says of waste,
mud and rates.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from importlib import resources
from pathlib import Path
from typing import Annotated, Any

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from frugal.errors import UnusableInputError, did_you_mean
from frugal.estuaries.waterway import DAY_S, Waterway, on_clock
from frugal.physics.estuary.carried import Carrying
from frugal.physics.estuary.carrying import CarriedRun, simulate_carried
from frugal.physics.estuary.network import layout_of
from frugal.physics.estuary.reactions import saturation as saturation_in_kernels
from frugal.studies.estuary.place.from_site import carrying_of, driving_of, estuary_of
from frugal.toml_text import parse_toml

#: What limits: in the order in which it is told.
FACTORS = ("temperature", "oxygen", "salinity")
#: Salt, mud and oxygen find their places for so long before the period begins.
SPIN_UP_S = 45.0 * DAY_S
_PIECE_DAYS = 30
_STEP_S = 3600.0
_WARMEST_DAY = 213.0  # 1 August
Pair = tuple[float, float]


class Species(BaseModel):
    """Limits of a fish.

    Parameters
    ----------
    title : mapping
        By language.
    source : str
        Where the numbers come from.
    season : pair of str, optional
        First and last day, ``MM-DD``; all year without it.
    somewhere : bool
        The limits have to hold at one place of the way, not all along.
    temperature_deg_c : pair of float
        Lowest and highest.
    oxygen_mg_l : pairs of float
        Temperature [°C] and least oxygen [mg/l], straight between, held beyond the ends.
    salinity_psu : pair of float, optional
    """

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)

    title: dict[str, str]
    source: str
    season: tuple[str, str] | None = None
    somewhere: bool = False
    temperature_deg_c: Pair = (-2.0, 99.0)
    oxygen_mg_l: Annotated[tuple[Pair, ...], Field(min_length=1)] = ((20.0, 0.0),)
    salinity_psu: Pair | None = None

    def in_season(self, day: date) -> bool:
        """Whether a day lies in the season, which may span the new year."""
        if self.season is None:
            return True
        first, last = self.season
        here = f"{day.month:02d}-{day.day:02d}"
        return first <= here <= last if first <= last else here >= first or here <= last

    def least_oxygen_mg_l(self, temperature_deg_c: np.ndarray) -> np.ndarray:
        """Least oxygen [mg/l] at temperatures [°C]."""
        table = sorted(self.oxygen_mg_l)
        return np.asarray(np.interp(temperature_deg_c, [at for at, _ in table], [least for _, least in table]))


def _shipped() -> dict[str, Any]:
    return parse_toml((resources.files("frugal.estuaries") / "species.toml").read_text(encoding="utf-8"))


def species_of(text: str) -> tuple[str, Species]:
    """A species that comes with the program, or that of a TOML file.

    Parameters
    ----------
    text : str
        Its name, or the path of a file that ends in ``.toml``.

    Returns
    -------
    tuple of str and Species
    """
    name, content = text, None
    if text.lower().endswith(".toml"):
        try:
            content = parse_toml(Path(text).read_text(encoding="utf-8"))
        except (OSError, ValueError) as fault:
            raise UnusableInputError(f"file of species '{text}' cannot be read: {fault}") from fault
        name = Path(text).stem
    else:
        shipped = _shipped()
        if text not in shipped:
            raise UnusableInputError(
                f"--fish '{text}' does not come with the program; allowed: {', '.join(shipped)}, or a file "
                f".toml{did_you_mean(text, shipped)}"
            )
        content = shipped[text]
    try:
        species = Species.model_validate(content)
        if species.season is not None:
            for day in species.season:
                datetime.strptime(f"2024-{day}", "%Y-%m-%d").replace(tzinfo=UTC)
    except ValidationError as fault:
        first = fault.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        raise UnusableInputError(f"species '{name}', '{where}': {first['msg']}") from fault
    except ValueError as fault:
        raise UnusableInputError(f"species '{name}': a season of '{species.season}'; MM-DD each is needed") from fault
    return name, species


@dataclass(frozen=True)
class FishWindow:
    """Days in a row that are open.

    Parameters
    ----------
    first, last : date
    closed_by : str
        What ends it: a factor, the season, or nothing where the period ends.
    """

    first: date
    last: date
    closed_by: str

    @property
    def days(self) -> int:
        """How many."""
        return (self.last - self.first).days + 1


@dataclass(frozen=True, eq=False)
class FishAnswer:
    """Days of a period, in UTC.

    Parameters
    ----------
    name : str
    species : Species
    days : list of date
    states : list of str
        "open", "season" or the factor that shuts the day; where several do the one at most places.
    good_km : ndarray [day]
        Length of the way on which all limits hold.
    windows : list of FishWindow
    """

    name: str
    species: Species
    days: list[date]
    states: list[str]
    good_km: np.ndarray
    windows: list[FishWindow]


def ask_fish(
    waterway: Waterway,
    fish: tuple[str, Species],
    begin: datetime,
    end: datetime,
    rivers: Mapping[str, Any],
    temperatures_deg_c: Pair = (7.0, 24.0),
    sea_level_rise_m: float = 0.0,
) -> FishAnswer:
    """Open days of a fish along a waterway.

    Parameters
    ----------
    waterway : Waterway
    fish : tuple of str and Species
    begin, end : datetime
        Days are those of UTC that lie wholly between.
    rivers : mapping
        Discharge by name of the river [m³/s], or times [s since 1970] and discharges.
    temperatures_deg_c : pair of float
        Of the coldest and the warmest day.
    sea_level_rise_m : float

    Returns
    -------
    FishAnswer
    """
    coldest, warmest = temperatures_deg_c
    if not -2.0 <= coldest <= warmest <= 40.0:
        raise UnusableInputError(f"temperatures of {coldest:g} to {warmest:g} °C; -2 to 40 °C are allowed, rising")
    first = math.ceil(begin.timestamp() / DAY_S) * DAY_S
    count = int((end.timestamp() - first) / DAY_S)
    if count < 1:
        raise UnusableInputError(
            f"from {begin.isoformat()} to {end.isoformat()} no whole day of UTC lies; name a longer time for fish"
        )
    days = [datetime.fromtimestamp(first, UTC).date() + timedelta(days=k) for k in range(count)]
    kept = np.concatenate(
        list(_days_kept(waterway, fish[1], first, count, rivers, temperatures_deg_c, sea_level_rise_m))
    )
    return judged(fish, days, kept, np.array([spot.along_km for spot in waterway.spots]))


def judged(fish: tuple[str, Species], days: Sequence[date], kept: np.ndarray, along_km: np.ndarray) -> FishAnswer:
    """What days are, from where each factor keeps its limits all day.

    Parameters
    ----------
    fish : tuple of str and Species
    days : sequence of date
    kept : ndarray of bool [day, factor, place]
    along_km : ndarray [place]

    Returns
    -------
    FishAnswer
    """
    name, species = fish
    all_kept = np.asarray(kept.all(axis=1))
    fits = np.asarray(all_kept.any(axis=1) if species.somewhere else all_kept.all(axis=1))
    worst = np.argmax((~kept).sum(axis=2), axis=1)
    length = np.gradient(along_km) if along_km.size > 1 else np.ones(1)
    states = [
        "season" if not species.in_season(day) else "open" if fits[k] else FACTORS[worst[k]]
        for k, day in enumerate(days)
    ]
    windows, begun = [], None
    for k, state in enumerate([*states, ""]):
        if state == "open" and begun is None:
            begun = k
        elif state != "open" and begun is not None:
            windows.append(FishWindow(days[begun], days[k - 1], state))
            begun = None
    return FishAnswer(name, species, list(days), states, (all_kept * length).sum(axis=1), windows)


def _days_kept(
    waterway: Waterway,
    species: Species,
    first_s: float,
    count: int,
    rivers: Mapping[str, Any],
    range_deg_c: Pair,
    rise_m: float,
) -> Any:
    """Where each factor keeps its limits through each hour of a day, [day, factor, place], piece by piece."""
    site = waterway.site
    started, end = first_s - SPIN_UP_S, first_s + count * DAY_S
    layout = layout_of(estuary_of(site), site.cell_m)
    driving = driving_of(site, on_clock(rivers, started, end), rise_m, dated_s=np.array([started, end + 3600.0]))
    means = {name: float(np.mean(value[1])) if isinstance(value, tuple) else value for name, value in rivers.items()}
    carrying = seasonal(carrying_of(site, means, sum(range_deg_c) / 2.0), started, end, range_deg_c)
    at = [layout.at(spot.reach.name, 1e3 * spot.km) for spot in waterway.spots]
    slots, shares = np.array([slot for slot, _ in at]), np.array([share for _, share in at])
    state: Any = None
    water: Any = None
    clock = 0.0
    for day in range(0, count, _PIECE_DAYS):
        piece = min(_PIECE_DAYS, count - day)
        keep = SPIN_UP_S + day * DAY_S
        run = simulate_carried(
            layout,
            driving,
            carrying,
            keep + piece * DAY_S,
            _STEP_S,
            keep + _STEP_S,
            start_s=clock,
            start=water,
            state=state,
        )
        state, water = run.state, run.tide.end if run.tide is not None else None
        clock, driving = keep + piece * DAY_S, replace(driving, ramp_s=0.0)
        yield _kept(run, species, slots, shares, piece, started, range_deg_c)


def _kept(
    run: CarriedRun,
    species: Species,
    slots: np.ndarray,
    shares: np.ndarray,
    days: int,
    started_s: float,
    range_deg_c: Pair,
) -> np.ndarray:
    def at(substance: str) -> np.ndarray:
        found = run.concentrations[substance]
        return np.asarray((1.0 - shares) * found[:, slots] + shares * found[:, slots + 1])

    oxygen, salt = at("oxygen"), at("salt")
    heat = np.broadcast_to(season_deg_c(run.times_s + started_s, range_deg_c)[:, None], oxygen.shape)
    low, high = species.temperature_deg_c
    fresh, salty = species.salinity_psu or (-1.0, 99.0)
    kept = np.stack(
        [(heat >= low) & (heat <= high), oxygen >= species.least_oxygen_mg_l(heat), (salt >= fresh) & (salt <= salty)],
        axis=1,
    )
    return np.asarray(kept.reshape(days, -1, *kept.shape[1:]).all(axis=1))


def season_deg_c(times_s: np.ndarray, range_deg_c: Pair) -> np.ndarray:
    """Temperatures of the season at times [s since 1970]: a cosine of a year, warmest on 1 August.

    Parameters
    ----------
    times_s : ndarray
    range_deg_c : pair of float
        Coldest and warmest.

    Returns
    -------
    ndarray
    """
    year_s = 365.2425 * DAY_S
    begins = datetime(2026, 1, 1, tzinfo=UTC).timestamp()
    turn = 2.0 * np.pi * ((times_s - begins) / year_s - _WARMEST_DAY / 365.2425)
    coldest, warmest = range_deg_c
    return np.asarray(0.5 * (warmest + coldest) + 0.5 * (warmest - coldest) * np.cos(turn))


def seasonal(carrying: Carrying, started_s: float, end_s: float, range_deg_c: Pair) -> Carrying:
    """What is carried, with temperatures that follow the season, and oxygen that follows them.

    Parameters
    ----------
    carrying : Carrying
        Of the temperature in the middle of the two.
    started_s, end_s : float
        Of the run [s since 1970].
    range_deg_c : pair of float

    Returns
    -------
    Carrying
    """
    saturation = saturation_in_kernels.py_func
    times = np.arange(0.0, end_s - started_s + 2.0 * DAY_S, DAY_S)
    warm = season_deg_c(times + started_s, range_deg_c)
    outside = {name: dict(places) for name, places in carrying.outside.items()}
    for place, oxygen in carrying.outside["oxygen"].items():
        salt = float(carrying.outside["salt"].get(place, 0.0))
        share = float(oxygen) / saturation(sum(range_deg_c) / 2.0, salt)
        outside["oxygen"][place] = (times, share * np.array([saturation(float(t), salt) for t in warm]))
    first = {**carrying.start, "oxygen": 0.9 * saturation(float(warm[0]), 0.0)}
    return replace(carrying, outside=outside, start=first, equilibrium_deg_c=(times, warm))
