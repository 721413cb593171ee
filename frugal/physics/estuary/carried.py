"""What is carried along an estuary, said in plain settings, and the arrays that they become."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from frugal.errors import UnusableInputError, did_you_mean
from frugal.physics.estuary.carry_run import MUD, CarryLaws, SeriesTable
from frugal.physics.estuary.driving import series_of
from frugal.physics.estuary.mixing import MixingLaw, order_of
from frugal.physics.estuary.network import Layout
from frugal.physics.estuary.reactions import MudLaw, OxygenLaw

#: Laws of the stress on grains.
DRAG_LAWS = ("manning", "quadratic", "linear", "slip")
#: Substances that something happens to; every other name is a tracer.
SUBSTANCES = ("salt", "mud", "heat", "oxygen", "carbon", "nitrogen")


@dataclass(frozen=True)
class Mixing:
    """Dispersion along the estuary.

    Parameters
    ----------
    least_m2_s : float
        The floor, or the dispersion itself where `van_den_burgh` is not given [m²/s].
    van_den_burgh : float, optional
        K of the law of `mixing`.
    at_mouth_m2_s : float, optional
        D_0 of that law; from tide and river where not given.
    convergence_m : float
        Length over which the area shrinks by e, for D_0 [m].
    mud_m2_s : float, optional
        That of mud, if another.
    """

    least_m2_s: float = 30.0
    van_den_burgh: float | None = None
    at_mouth_m2_s: float | None = None
    convergence_m: float = 40_000.0
    mud_m2_s: float | None = None


@dataclass(frozen=True)
class Mud:
    """Exchange of mud with the bed; see `reactions`.

    Parameters
    ----------
    settling_m_s : float
    critical_pa : float
        Stress below which nothing is eroded.
    erosion_kg_m2_s : float
        Partheniades' M, at twice the critical stress; with a critical stress of 0, for each Pa.
    drag : float or array
        Manning's n [s/m^(1/3)] of the grains, a drag coefficient [-], r or the slip s [m/s]; [slot] if an array.
    drag_law : str
        "manning", "quadratic", "linear", or "slip" (which needs the viscosity).
    pool_kg_m2 : float
        Mud on the bed at which erosion is half of what it is with plenty.
    gelling_kg_m3 : float
    viscosity_m2_s : float or array
        Of the profiles of mud and speed over the depth, [slot] if an array; 0 for well-mixed water.
    bed_kg_m2 : float, array or mapping
        On the bed at the start, [slot] if an array; or by reach distances [m], rising, and amounts: straight between them, none
        beyond them and in other reaches.
    """

    settling_m_s: float = 1e-3
    critical_pa: float = 0.3
    erosion_kg_m2_s: float = 5e-4
    drag: Any = 0.015
    drag_law: str = "manning"
    pool_kg_m2: float = 0.05
    gelling_kg_m3: float = 100.0
    viscosity_m2_s: Any = 0.0
    bed_kg_m2: Any = 0.0


@dataclass(frozen=True)
class Oxygen:
    """Rates of oxygen at 20 °C; see `reactions`."""

    carbon_per_day: float = 0.2
    nitrogen_per_day: float = 0.1
    mud_per_day: float = 0.1
    mud_demand_mg_g: float = 0.0
    half_mg_l: float = 0.5
    wind_m_day: float = 0.5
    saturation_mg_l: float | None = None
    reaeration_per_day: float | None = None


@dataclass(frozen=True)
class Load:
    """What is poured in at a point of a reach.

    Parameters
    ----------
    substance : str
    reach : str
    distance_m : float
        The nearest node that is not an end takes it.
    rate : float or pair of arrays
        [kg/s]; for oxygen, carbon and nitrogen [g/s]; or times [s] and rates.
    """

    substance: str
    reach: str
    distance_m: float
    rate: Any


@dataclass(frozen=True)
class Carrying:
    """All that is carried.

    Parameters
    ----------
    outside : mapping
        For each substance the concentration of what enters, by place: a number, or times [s] and values.
    start : mapping
        For each substance the concentration at the start: a number or an array, [slot].
    mixing : Mixing
    mud : Mud, optional
        Without it mud is a tracer.
    oxygen : Oxygen, optional
        Without it oxygen and its demands are tracers.
    heat_exchange_w_m2_k : float
        Between water and air.
    equilibrium_deg_c : float or pair of arrays
        Temperature to which the water tends; that of the water where heat is not carried.
    toward_sea_s : float
        Time within which entering water takes on the concentration of the sea [s].
    fixed_sea : bool
        The concentration of the sea always stands at the mouths, in ebb too.
    loads : sequence of Load
    mixes_with_sea : bool
        Dispersion reaches the mouths; else only the water takes anything through them.
    """

    outside: Mapping[str, Mapping[str, Any]]
    start: Mapping[str, Any] = field(default_factory=dict)
    mixing: Mixing = Mixing()
    mud: Mud | None = None
    oxygen: Oxygen | None = None
    heat_exchange_w_m2_k: float = 0.0
    equilibrium_deg_c: Any = 15.0
    toward_sea_s: float = 3600.0
    fixed_sea: bool = False
    loads: Sequence[Load] = ()
    mixes_with_sea: bool = True


class _SeriesPack:
    """Gathers numbers and series into one table."""

    def __init__(self) -> None:
        self.constant: list[float] = []
        self.times: list[np.ndarray] = []
        self.values: list[np.ndarray] = []
        self.begins = [0]

    def add(self, what: str, given: Any) -> int:
        times = values = np.zeros(0)
        number = 0.0
        if isinstance(given, tuple | list):
            times, values = series_of(what, given)
        else:
            number = float(given)
            if not np.isfinite(number):
                raise UnusableInputError(f"{what} = {number}; a finite number is needed")
        self.constant.append(number)
        self.times.append(times)
        self.values.append(values)
        self.begins.append(self.begins[-1] + times.size)
        return len(self.constant) - 1

    def table(self) -> SeriesTable:
        return SeriesTable(
            np.array(self.constant),
            np.concatenate(self.times),
            np.concatenate(self.values),
            np.array(self.begins, dtype=np.int64),
        )


def names_of(carrying: Carrying) -> tuple[str, ...]:
    """Rows of the substances: those that something may happen to, then tracers."""
    named = dict.fromkeys([*carrying.outside, *carrying.start, *(load.substance for load in carrying.loads)])
    return (*SUBSTANCES, *(name for name in named if name not in SUBSTANCES))


def _positive(**values: float) -> None:
    for name, value in values.items():
        if not (np.isfinite(value) and value >= 0.0):
            raise UnusableInputError(f"{name} = {value:g}; a number of at least 0 is needed")


def _by_slot(name: str, given: Any, layout: Layout) -> np.ndarray:
    """A number or an array as values at all slots, at least 0."""
    values = np.asarray(given, dtype=float)
    slots = layout.cells.bed.size
    if values.shape not in ((), (slots,)):
        raise UnusableInputError(f"{name} of mud has {values.size} values; one or {slots}, one a slot, are needed")
    _positive(**{f"{name} of mud": float(values.min())})
    return np.array(np.broadcast_to(values, (slots,)))


def laws_of(carrying: Carrying, layout: Layout) -> CarryLaws:
    """The arrays of what is carried.

    Parameters
    ----------
    carrying : Carrying
    layout : Layout

    Returns
    -------
    CarryLaws
    """
    names = names_of(carrying)
    active = np.array([name in carrying.outside or name in carrying.start for name in names])
    pack = _SeriesPack()
    outside = np.zeros((len(names), len(layout.places)), dtype=np.int64)
    for k, name in enumerate(names):
        given = carrying.outside.get(name, {})
        for place in given:
            layout.place(place)
        for p, place in enumerate(layout.places):
            outside[k, p] = pack.add(f"{name} at '{place}'", given.get(place, 0.0))
    equilibrium = pack.add("equilibrium_deg_c", carrying.equilibrium_deg_c)
    slots, rows, series = [], [], []
    for load in carrying.loads:
        if not active[names.index(load.substance)]:
            raise UnusableInputError(
                f"a load of '{load.substance}', which is not carried; carried: "
                f"{', '.join(name for name, on in zip(names, active, strict=True) if on)}"
                f"{did_you_mean(load.substance, names)}"
            )
        slot, share = layout.at(load.reach, load.distance_m)
        within = layout.slots(load.reach)
        slots.append(min(max(slot + round(share), within.start + 1), within.stop - 2))
        rows.append(names.index(load.substance))
        series.append(pack.add(f"load of {load.substance}", load.rate))
    mixing, mud, oxygen = carrying.mixing, carrying.mud, carrying.oxygen
    _positive(least_m2_s=mixing.least_m2_s, toward_sea_s=carrying.toward_sea_s)
    _positive(heat_exchange_w_m2_k=carrying.heat_exchange_w_m2_k)
    if mixing.convergence_m <= 0.0:
        raise UnusableInputError(f"convergence_m = {mixing.convergence_m:g}; above 0 is needed")
    law = MixingLaw(
        mixing.van_den_burgh is not None,
        float(mixing.least_m2_s),
        float(mixing.van_den_burgh or 0.0),
        -1.0 if mixing.at_mouth_m2_s is None else float(mixing.at_mouth_m2_s),
        float(mixing.convergence_m),
        order_of(layout.cells),
    )
    m, o = mud or Mud(), oxygen or Oxygen()
    _positive(settling_m_s=m.settling_m_s, critical_pa=m.critical_pa, erosion_kg_m2_s=m.erosion_kg_m2_s)
    if m.drag_law not in DRAG_LAWS:
        raise UnusableInputError(f"drag_law = '{m.drag_law}' of mud; allowed: {', '.join(DRAG_LAWS)}")
    if m.pool_kg_m2 <= 0.0 or m.gelling_kg_m3 <= 0.0:
        raise UnusableInputError(
            f"pool_kg_m2 = {m.pool_kg_m2:g} and gelling_kg_m3 = {m.gelling_kg_m3:g}; both must be above 0"
        )
    drag = _by_slot("drag", m.drag, layout)
    viscosity = _by_slot("viscosity_m2_s", m.viscosity_m2_s, layout)
    if m.drag_law == "slip" and np.any(viscosity <= 0.0):
        raise UnusableInputError(
            f"viscosity_m2_s = {viscosity.min():g} of mud; above 0 is needed by its drag law 'slip'"
        )
    return CarryLaws(
        active,
        outside,
        float(carrying.toward_sea_s),
        carrying.fixed_sea,
        carrying.mixes_with_sea,
        law,
        -1.0 if mixing.mud_m2_s is None else float(mixing.mud_m2_s),
        MudLaw(
            float(m.settling_m_s),
            float(m.erosion_kg_m2_s / m.critical_pa if m.critical_pa > 0.0 else m.erosion_kg_m2_s),
            float(m.critical_pa),
            drag,
            DRAG_LAWS.index(m.drag_law),
            float(m.pool_kg_m2),
            float(m.gelling_kg_m3),
            viscosity,
        ),
        mud is not None and bool(active[MUD]),
        float(carrying.heat_exchange_w_m2_k),
        equilibrium,
        OxygenLaw(
            float(o.carbon_per_day),
            float(o.nitrogen_per_day),
            float(o.mud_per_day),
            float(o.mud_demand_mg_g),
            float(o.half_mg_l),
            float(o.wind_m_day),
            -1.0 if o.saturation_mg_l is None else float(o.saturation_mg_l),
            -1.0 if o.reaeration_per_day is None else float(o.reaeration_per_day),
        ),
        oxygen is not None,
        np.array(slots, dtype=np.int64),
        np.array(rows, dtype=np.int64),
        np.array(series, dtype=np.int64),
        pack.table(),
    )
