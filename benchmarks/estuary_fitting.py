"""Fits of the estuaries that come with the program to their gauges; `estuary_gauges.py` tells what came of them.

A few numbers of depth, width and friction (the families below) are fitted by least squares to M2, M4, M6 and MSf at the gauges
that the site file marks as fitted, each held near a first guess by how far it is believed: a guess that is wrong by itself
(100 %) weighs as much as an error of 17 cm at one gauge.
"""

from __future__ import annotations

import copy
import math
import tomllib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from scipy.optimize import least_squares

from frugal.physics.estuary.driving import Driving, SeaLevel
from frugal.physics.estuary.simulate import TideRun, simulate_tide
from frugal.physics.tide.constituents import constituent
from frugal.studies.estuary.place import constants_of, estuary_of
from frugal.studies.estuary.site import EstuarySite

SITES = Path(__file__).resolve().parents[1] / "frugal" / "studies" / "estuary" / "sites"
TOLD = ("M2", "M4", "M6", "MSF")
FORCED = ("M2", "S2", "N2", "K1", "O1", "M4", "MS4", "M6", "MSF")
#: Those that a month of these forced ones holds.
_MADE = (*FORCED, "MN4", "2MS6", "MM", "S4", "2MN6", "MK3", "MO3", "MU2", "L2")
#: What an error of the same size counts: gauges of M2 are least sure beside what is asked of them.
_WEIGHTS = {"M2": 0.7, "M4": 1.5, "M6": 3.0, "MSF": 1.5}
_HELD_M = 0.17
MONTH_S, SPIN_UP_S = 29.53 * 86400.0, 3.0 * 86400.0

#: Sections of the Gironde from the topo-bathymetry (`gironde_sections.py`): width that is never dry, and area, below its zero.
SURVEYED_KM = tuple(range(0, 73, 4))
SURVEYED_WIDTH_M = (
    5770, 6230, 7820, 8600, 8510, 8670, 8370, 7460, 6520, 5620,
    4930, 4460, 4040, 3630, 3640, 2920, 2920, 2030, 1620,
)  # fmt: skip
SURVEYED_AREA_M2 = (
    77400, 75800, 62800, 61000, 52500, 41500, 36200, 30000, 27000, 24100,
    20800, 18600, 15400, 12500, 10600, 9100, 9100, 7700, 6200,
)  # fmt: skip


@dataclass(frozen=True)
class Family:
    """Numbers that a fit may change, and the site that they give."""

    names: tuple[str, ...]
    guess: np.ndarray
    low: np.ndarray
    high: np.ndarray
    apply: Callable[[dict[str, Any], np.ndarray], None]
    read: Callable[[dict[str, Any]], np.ndarray] | None = None


def site_tables(name: str) -> dict[str, Any]:
    """The keys of a site file that comes with the program."""
    tables = tomllib.loads((SITES / f"{name}.toml").read_text(encoding="utf-8"))
    tables["constituents"] = SITES / tables["constituents"]
    return tables


def _reach(tables: dict[str, Any], name: str) -> dict[str, Any]:
    return next(reach for reach in tables["reach"] if reach["name"] == name)


def _rounded(values: Any, figures: int = 4) -> list[float]:
    return [float(f"{value:.{figures}g}") for value in np.asarray(values).tolist()]


def _gironde(tables: dict[str, Any], p: np.ndarray) -> None:
    sea_mouth, sea_fork, n0, n40, n72, n_up, d0, d25, d60, dd, wide_g, wide_d, flats_mouth, flats_fork = p
    lower, garonne, dordogne = (_reach(tables, name) for name in ("gironde", "garonne", "dordogne"))
    km, width = np.array(SURVEYED_KM, dtype=float), np.array(SURVEYED_WIDTH_M, dtype=float)
    depth = np.array(SURVEYED_AREA_M2) / width + np.interp(km, [0, 72], [sea_mouth, sea_fork])
    lower |= {
        "distance_km": km.tolist(),
        "depth_m": _rounded(depth),
        "width_m": width.tolist(),
        "storage_width_m": _rounded(width * (1.0 + np.interp(km, [0, 72], [flats_mouth, flats_fork]))),
        "friction": _rounded(np.interp(km, [0, 40, 72], [n0, n40, n72])),
    }
    km = np.array([0.0, 6, 10, 17, 25, 50, 60, 70, 95])
    width = np.exp(np.interp(km, [0, 6, 17, 25, 50, 70, 95], np.log([1000, 750, 550, 480, 250, 190, 170])))
    garonne |= {
        "distance_km": km.tolist(),
        "depth_m": _rounded(np.interp(km, [0, 25, 60, 95], [d0, d25, d60, -1.0])),
        "width_m": _rounded(wide_g * width),
        "friction": _rounded(np.interp(km, [0, 10], [n72, n_up])),
    }
    km = np.array([0.0, 10, 20, 40, 45, 60, 90])
    width = np.exp(np.interp(km, [0, 10, 20, 40, 60, 90], np.log([1200, 700, 500, 250, 190, 150])))
    dordogne |= {
        "distance_km": km.tolist(),
        "depth_m": _rounded(np.interp(km, [0, 20, 45, 90], [dd, dd, 0.75 * dd, -1.0])),
        "width_m": _rounded(wide_d * width),
        "friction": _rounded(np.interp(km, [0, 10], [n72, n_up])),
    }


FAMILIES = {
    "gironde": Family(
        (
            "mean sea level over the zero of the survey, mouth [m]", "same, confluence", "n of Manning, mouth", "n, 40 km",
            "n, confluence", "n, rivers", "depth of the Garonne, 0 km [m]", "same, 25 km", "same, 60 km",
            "depth of the Dordogne [m]", "width of the Garonne over the guess", "width of the Dordogne over the guess",
            "flats over width, mouth", "flats over width, confluence",
        ),
        np.array([3.4, 3.4, 0.018, 0.015, 0.016, 0.016, 7.5, 7.0, 6.0, 6.0, 1.0, 1.0, 0.1, 0.1]),
        np.array([1.5, 1.5, 0.008, 0.008, 0.008, 0.008, 3.0, 3.0, 1.5, 3.0, 0.6, 0.6, 0.0, 0.0]),
        np.array([7.0, 6.0, 0.040, 0.040, 0.040, 0.045, 12.0, 12.0, 9.0, 11.0, 1.5, 1.5, 0.5, 0.6]),
        _gironde,
    ),
}  # fmt: skip


def with_numbers(tables: dict[str, Any], family: Family, p: np.ndarray) -> EstuarySite:
    """The site that numbers give."""
    changed = copy.deepcopy(tables)
    family.apply(changed, p)
    return EstuarySite(**changed)


def observed(site: EstuarySite, names: tuple[str, ...] = TOLD) -> np.ndarray:
    """Measured constituents at the gauges that have a station, as complex amplitudes (lags) [gauge, constituent]."""
    rows = []
    for gauge in gauges_of(site):
        found = constants_of(site, gauge)
        rows.append(
            [
                found.amplitude_m(name)
                * np.exp(1j * math.radians(found.phases_deg[found.names.index(constituent(name).name)]))
                for name in names
            ]
        )
    return np.array(rows)


def gauges_of(site: EstuarySite) -> list[Any]:
    """Gauges that have a station, but for the one that drives the mouth."""
    driving = {mouth.station for mouth in site.mouth}
    return [gauge for gauge in site.gauge if gauge.station is not None and gauge.station not in driving]


def month_of(site: EstuarySite, cell_m: float | None = None) -> TideRun:
    """A month of the nine largest constituents, with mean rivers."""
    mouth = site.mouth[0]
    constants = constants_of(site, mouth)
    rows = [constants.names.index(constituent(name).name) for name in FORCED]
    speeds = [math.radians(constituent(name).speed_deg_h) / 3600.0 for name in FORCED]
    sea = SeaLevel(
        mouth.mean_level_m,
        constants.amplitudes_m[rows].tolist(),
        np.radians(constants.phases_deg[rows]).tolist(),
        speeds,
    )
    rivers = {river.place: river.mean_flow_m3_s for river in site.river}
    driving = Driving({mouth.place: sea}, rivers, ramp_s=86400.0)
    return simulate_tide(estuary_of(site), driving, SPIN_UP_S + MONTH_S, 900.0, SPIN_UP_S, cell_m=cell_m or site.cell_m)


def modelled(site: EstuarySite, cell_m: float | None = None) -> np.ndarray:
    """The same as `observed`, of the model's month."""
    run = month_of(site, cell_m)
    levels = np.stack([run.level_at(gauge.reach, 1e3 * gauge.km) for gauge in gauges_of(site)], axis=1)
    columns = [np.ones_like(run.times_s)]
    for name in _MADE:
        angle = math.radians(constituent(name).speed_deg_h) / 3600.0 * run.times_s
        columns += [np.cos(angle), np.sin(angle)]
    found = np.linalg.lstsq(np.stack(columns, axis=1), levels, rcond=None)[0]
    return np.stack([found[1 + 2 * _MADE.index(name)] + 1j * found[2 + 2 * _MADE.index(name)] for name in TOLD], axis=1)


def fit(name: str, cell_m: float | None = None, most: int = 12) -> np.ndarray:
    """Numbers that bring M2, M4, M6 and MSf near what was measured at the gauges marked as fitted."""
    tables, family = site_tables(name), FAMILIES[name]
    site = EstuarySite(**tables)
    chosen = np.array([gauge.fitted for gauge in gauges_of(site)])
    wanted = observed(site)[chosen]
    weights = np.array([_WEIGHTS[constituent_] for constituent_ in TOLD])

    def misfits(p: np.ndarray) -> np.ndarray:
        errors = (weights * (modelled(with_numbers(tables, family, p), cell_m)[chosen] - wanted)).ravel()
        return np.concatenate([errors.real, errors.imag, _HELD_M * (p - family.guess) / family.guess])

    solved = least_squares(
        misfits, family.guess, x_scale=family.guess, bounds=(family.low, family.high), diff_step=2e-3, max_nfev=most
    )
    return np.asarray(solved.x)


def vector_rmse_cm(found: np.ndarray, wanted: np.ndarray) -> dict[str, float]:
    """Root mean square over gauges of the differences of complex amplitudes [cm], by constituent."""
    return dict(
        zip(TOLD, (100.0 * np.sqrt(np.mean(np.abs(found - wanted) ** 2, axis=0))).round(2).tolist(), strict=True)
    )
