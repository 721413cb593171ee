r"""What computing weighs: energy, carbon, metals, primary energy, water, with intervals from a seeded Monte Carlo.

For a piece of work that takes :math:`t` CPU seconds, :math:`g` gigabyte-seconds of memory and :math:`b` gigabytes of
network,

.. math::
   E &= (t P_{core} + g P_{ram}) \, PUE \\
   I_k &= \frac{E}{3.6\cdot10^6} f_k + \frac{t}{3600} m_k + b \, n_k

with the watts of a busy core :math:`P_{core}` and of a gigabyte of memory :math:`P_{ram}`, the overhead of the room
:math:`PUE`, the factor :math:`f_k` of a kilowatt-hour in category :math:`k`, the share :math:`m_k` of making the machine
for an hour of one core, and the network :math:`n_k` for a gigabyte. On a user's device there is no room (:math:`PUE = 1`)
and :math:`m_k` is that of the device, for the hours that the computing takes up.

Each factor is drawn once per draw and shared by everything, from a two-piece log-normal with its interval as 2.5 and 97.5
percentiles. On a user's device the watts are those of the whole device in use. :math:`n_k` is electricity of the network
times :math:`f_k`; for carbon it is the life-cycle factor of mobile data instead. Equations: life-cycle arithmetic of
ISO/IEC 21031 and ITU-T L.1410 (use plus a share of manufacture).
"""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from frugal.metering.factors.table import FactorTable, two_piece_log_normal

JOULES_PER_KWH = 3.6e6
DRAWS = 10_000
PERCENTILES = (5, 50, 95)


@dataclass(frozen=True)
class Category:
    """One kind of impact: its unit, and the ids of its factors (``{country}`` is filled in)."""

    unit: str
    electricity: str
    server: str | None = None
    smartphone: str | None = None
    laptop: str | None = None
    network: str | None = None


def _category(unit: str, name: str, made: bool = False, **more: str) -> Category:
    devices = {d: f"embodied_{d}_{name}" for d in ("server", "smartphone", "laptop")} if made else {}
    return Category(unit, f"electricity_{name}_{{country}}", **devices, **more)


#: The categories of the footprint; energy is counted at the socket.
FOOTPRINT = {
    "gwp": _category("gCO2e", "gwp", made=True, network="network_mobile_gwp"),
    "adpe": _category("kgSbe", "adpe", made=True),
    "pe": _category("MJ", "pe", made=True),
    "water": _category("L", "water"),
}

#: Categories that are only held against planetary boundaries.
BOUNDARY_ONLY = {
    "fossil": Category(
        "MJ",
        "electricity_fossil_{country}",
        # primary energy of making the machine stands in for its fossil part, which it bounds from above
        server="embodied_server_pe",
        smartphone="embodied_smartphone_fossil",
        laptop="embodied_laptop_fossil",
    ),
    "particles": _category("disease incidence", "particles"),
    "ionising": _category("kBqU235e", "ionising"),
    "ozone_formation": _category("kgNMVOC", "ozone_formation"),
    "acidification": _category("molH+", "acidification"),
    "eutrophication_marine": _category("kgN", "eutrophication_marine"),
    "eutrophication_freshwater": _category("kgP", "eutrophication_freshwater"),
    "eutrophication_terrestrial": _category("molN", "eutrophication_terrestrial"),
    "ozone_depletion": _category("kgCFC11e", "ozone_depletion"),
}
CATEGORIES = {**FOOTPRINT, **BOUNDARY_ONLY}


@dataclass(frozen=True)
class Work:
    """What a piece of computing takes up.

    Parameters
    ----------
    cpu_seconds : float
        Of processor time, the central value.
    low, high : float, optional
        95 % interval of the CPU seconds where they were sampled (a query); exact where they were booked.
    gigabyte_seconds : float
        Memory held, in GB times seconds of wall time.
    network_gigabytes : float
    device : str
        ``server``, ``smartphone`` or ``laptop``.
    timed : str
        What was timed: two timings are drawn apart from each other, one timing alike wherever it is used.
    """

    cpu_seconds: float
    low: float | None = None
    high: float | None = None
    gigabyte_seconds: float = 0.0
    network_gigabytes: float = 0.0
    device: str = "server"
    timed: str = ""

    def times(self, number: float) -> Work:
        """The same work so many times."""
        scaled = {
            name: None if value is None else value * number for name, value in (("low", self.low), ("high", self.high))
        }
        return Work(
            self.cpu_seconds * number,
            gigabyte_seconds=self.gigabyte_seconds * number,
            network_gigabytes=self.network_gigabytes * number,
            device=self.device,
            timed=self.timed,
            **scaled,
        )


@dataclass(frozen=True)
class Watts:
    """Watts of one busy core with their 95 % interval, as the machine's record has them."""

    value: float
    low: float
    high: float


@dataclass
class Pricing:
    """The factors of one audit, drawn once.

    Parameters
    ----------
    factors : FactorTable
    watts : Watts
    country : str
        ISO 3166 alpha-3 code of where the electricity is drawn.
    pue : float, optional
        Declared overhead of the room; the factor with its interval otherwise.
    wue_l_per_kwh : float
        Water that the room itself takes, declared; in the water category only.
    watts_hold_memory : bool
        The watts of a core were metered with the memory in them, so that none is added.
    seed : int
    draws : int
    """

    factors: FactorTable
    watts: Watts
    country: str = "FRA"
    pue: float | None = None
    wue_l_per_kwh: float = 0.0
    watts_hold_memory: bool = False
    seed: int = 0
    draws: int = DRAWS
    used: dict[str, np.ndarray] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._rng = np.random.default_rng(self.seed)
        self._central: dict[str, float] = {}
        self._declare("watts_per_core", self.watts.value, self.watts.low, self.watts.high)
        if self.pue is not None:
            self._declare("pue", self.pue, self.pue, self.pue)
        # everything is drawn here, in one fixed order: a draw must not depend on which row was priced first
        self._noise: dict[str, np.ndarray] = {}
        for id_ in sorted({id_ for category in CATEGORIES.values() for id_ in self._ids(category)}):
            if id_ in self.factors:
                self._draw(id_)
        for id_ in ("ram_watts_per_gb", "pue", "network_kwh_per_gb", "smartphone_watts", "laptop_watts"):
            self._draw(id_)

    def covers(self, category: str) -> bool:
        """The electricity of the country has a factor in this category."""
        return CATEGORIES[category].electricity.format(country=self.country) in self.factors

    def covered(self, categories: Iterable[str] = FOOTPRINT) -> list[str]:
        """Categories with a factor for this country."""
        return [category for category in categories if self.covers(category)]

    def price(self, works: Iterable[Work], categories: Iterable[str] | None = None) -> dict[str, dict[str, float]]:
        """Impacts of some work, each with P5, P50, P95 and the central parts.

        Returns
        -------
        dict
            ``energy`` in J and every category asked for, as ``{p5, p50, p95, use, embodied, network}``; the parts are
            made with the central factors and add up to about the median. ``embodied`` is None where making the machine
            is not covered.
        """
        works = list(works)
        wanted = self.covered() if categories is None else list(categories)
        rows = {"energy": _summary(self.energy(works), self._energy_parts(works))}
        for category in wanted:
            rows[category] = _summary(self.impact(works, category), self._parts(works, category))
        return rows

    def energy(self, works: Iterable[Work]) -> np.ndarray:
        """Joules drawn from sockets, network included, one value a draw."""
        parts = [
            self._electricity(work, self.used) + self._network_kwh(work, self.used) * JOULES_PER_KWH for work in works
        ]
        return np.sum(parts, axis=0) if parts else np.zeros(self.draws)

    def impact(self, works: Iterable[Work], category: str) -> np.ndarray:
        """One category, one value a draw."""
        total = np.zeros(self.draws)
        for work in works:
            total = total + sum(part for part in self._terms(work, category, self.used).values() if part is not None)
        return total

    def shares_of_variance(self, works: Iterable[Work], category: str, bins: int = 40) -> dict[str, float]:
        """First-order share of the variance that each factor explains, from the draws themselves.

        The share of a factor is the variance of the mean of the result within equally filled bins of that factor, over the
        whole variance, less what chance alone would give. What no single factor explains is ``interactions``.

        Parameters
        ----------
        works : iterable of Work
        category : str
            ``energy`` or a key of `CATEGORIES`.
        bins : int
            Of equally many draws, into which each factor is cut.

        Returns
        -------
        dict of str to float
            By id of the factor, the largest first; ``query_time`` for the timing of a query, where one timing alone is in it.
            Shares of at most 0.5 % are left out; empty where nothing varies.
        """
        works = list(works)
        total = self.energy(works) if category == "energy" else self.impact(works, category)
        variance = float(total.var())
        if variance <= 0:
            return {}
        shares = {}
        sampled = {name: draws for name, draws in self.used.items() if np.ptp(draws) > 0}
        timings = sorted({work.timed for work in works if work.low is not None})
        if len(timings) == 1:
            sampled["query_time"] = self._timing(timings[0])
        for name, draws in sampled.items():
            order = np.array_split(total[np.argsort(draws, kind="stable")], bins)
            between = float(np.var([part.mean() for part in order]))
            share = between / variance - (bins - 1) / len(total)
            if share > 0.005:
                shares[name] = share
        rest = 1.0 - sum(shares.values())
        if rest > 0.005:
            shares["interactions"] = rest
        return dict(sorted(shares.items(), key=lambda item: -item[1]))

    # ------------------------------------------------------------------------------------------ terms

    def _terms(self, work: Work, category: str, values: Mapping[str, Any]) -> dict[str, Any]:
        """Use, manufacture and network of one piece of work."""
        what = CATEGORIES[category]
        grid = values[what.electricity.format(country=self.country)]
        on_site = self.wue_l_per_kwh if category == "water" and work.device == "server" else 0.0
        use = self._electricity(work, values) / JOULES_PER_KWH * (grid + on_site)
        made = getattr(what, work.device)
        embodied = None
        if made is not None and made in values:
            embodied = self._seconds(work, values) / 3600 * values[made]
        per_gigabyte = values.get(what.network or "", None)
        network = work.network_gigabytes * per_gigabyte if per_gigabyte is not None else None
        if network is None:
            network = self._network_kwh(work, values) * grid
        return {"use": use, "embodied": embodied, "network": network}

    def _electricity(self, work: Work, values: Mapping[str, Any]) -> Any:
        if work.device != "server":
            return self._seconds(work, values) * values[f"{work.device}_watts"]
        power = self._seconds(work, values) * values["watts_per_core"]
        if not self.watts_hold_memory:
            power = power + work.gigabyte_seconds * values["ram_watts_per_gb"]
        return power * values["pue"]

    def _network_kwh(self, work: Work, values: Mapping[str, Any]) -> Any:
        return work.network_gigabytes * values["network_kwh_per_gb"]

    def _seconds(self, work: Work, values: Mapping[str, Any]) -> Any:
        if values is not self.used or work.low is None or work.high is None or work.cpu_seconds <= 0:
            return work.cpu_seconds
        return two_piece_log_normal(self._timing(work.timed), work.cpu_seconds, work.low, work.high)

    def _timing(self, name: str) -> np.ndarray:
        """Standard normal draws of one timing, the same whenever they are asked for."""
        if name not in self._noise:
            rng = np.random.default_rng([self.seed, zlib.crc32(name.encode())])
            self._noise[name] = rng.standard_normal(self.draws)
        return self._noise[name]

    def _energy_parts(self, works: Iterable[Work]) -> dict[str, float | None]:
        works = list(works)
        use = sum(float(self._electricity(work, self._central)) for work in works)
        network = sum(float(self._network_kwh(work, self._central)) * JOULES_PER_KWH for work in works)
        return {"use": use, "embodied": None, "network": network}

    def _parts(self, works: Iterable[Work], category: str) -> dict[str, float | None]:
        terms = [self._terms(work, category, self._central) for work in works]
        parts: dict[str, float | None] = {}
        for part in ("use", "embodied", "network"):
            known = [float(term[part]) for term in terms if term[part] is not None]
            parts[part] = sum(known) if known or part != "embodied" else None
        return parts

    # ------------------------------------------------------------------------------------------ draws

    def _ids(self, category: Category) -> list[str]:
        ids = [category.electricity.format(country=self.country), category.server, category.smartphone]
        return [id_ for id_ in [*ids, category.laptop, category.network] if id_ is not None]

    def _draw(self, id_: str) -> None:
        if id_ not in self._central:
            factor = self.factors[id_]
            self._declare(id_, factor.value, factor.low, factor.high)

    def _declare(self, id_: str, value: float, low: float, high: float) -> None:
        self._central[id_] = value
        self.used[id_] = two_piece_log_normal(self._rng.standard_normal(self.draws), value, low, high)


def _summary(draws: np.ndarray, parts: Mapping[str, float | None]) -> dict[str, Any]:
    low, median, high = np.percentile(draws, PERCENTILES)
    return {"p5": float(low), "p50": float(median), "p95": float(high), **parts}
