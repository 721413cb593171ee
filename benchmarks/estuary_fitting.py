"""Fits of the estuaries that come with the program to their gauges; `estuary_gauges.py` tells what came of them.

A few numbers of depth, width and friction (the families below) are fitted by least squares to M2, M4, M6 and MSf at the gauges
that the site file marks as fitted, each held near a first guess by how far it is believed: a guess that is wrong by itself
(100 %) weighs as much as an error of 17 cm at one gauge in the Gironde, which is surveyed, of 4 cm in the Saint Lawrence.
"""

from __future__ import annotations

import copy
import itertools
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
from frugal.studies.estuary.place.from_site import constants_of, estuary_of
from frugal.studies.estuary.place.site import EstuarySite

SITES = Path(__file__).resolve().parents[1] / "frugal" / "studies" / "estuary" / "sites"
TOLD = ("M2", "M4", "M6", "MSF")
FORCED = ("M2", "S2", "N2", "K1", "O1", "M4", "MS4", "M6", "MSF")
#: Those that a month of these forced ones holds.
_MADE = (*FORCED, "MN4", "2MS6", "MM", "S4", "2MN6", "MK3", "MO3", "MU2", "L2")
#: What an error of the same size counts: gauges of M2 are least sure beside what is asked of them.
_WEIGHTS = {"M2": 0.7, "M4": 1.5, "M6": 3.0, "MSF": 1.5}
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
    held_m: float = 0.17
    cell_m: float = 1000.0


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


def _saint_laurent(tables: dict[str, Any], p: np.ndarray) -> None:
    """The rapids of Richelieu lie between Portneuf (156 km) and Grondines (172 km); below them nothing is special."""
    (d0, d49, d73, d100, d131, rapids, d172, d220), (n0, n100, n_rapids, n172, n220), (wide_low, wide_up, flats) = (
        p[:8],
        p[8:13],
        p[13:],
    )
    lower, fluvial, lake = (_reach(tables, name) for name in ("estuary", "fluvial", "lake"))
    depths = (
        [0, 49, 73, 100, 131, 158, 161, 168, 172, 220],
        [d0, d49, d73, d100, d131, d131, rapids, rapids, d172, d220],
    )
    roughs = [0, 100, 158, 161, 168, 172, 220], [n0, n100, n100, n_rapids, n_rapids, n172, n220]
    km = np.array([0.0, 20, 38, 49, 62, 73, 84, 92, 96, 100])
    width = np.array([17e3, 16e3, 15e3, 12e3, 9e3, 6e3, 4.5e3, 3e3, 1.4e3, 1.1e3])
    scale = np.interp(km, [0, 84, 100], [wide_low, wide_low, 1.0])
    lower |= {
        "distance_km": km.tolist(),
        "depth_m": _rounded(np.interp(km, *depths)),
        "width_m": _rounded(scale * width),
        "storage_width_m": _rounded(scale * width * (1.0 + flats)),
        "friction": _rounded(np.interp(km, *roughs)),
    }
    km = np.array([0.0, 8, 20, 31, 45, 58, 61, 68, 72, 80, 91, 101, 120])
    width = np.array([1.1e3, 1.5e3, 2.0e3, 2.5e3, 3.0e3, 2.8e3, 1.8e3, 1.8e3, 2.5e3, 2.2e3, 2.0e3, 2.0e3, 1.8e3])
    scale = np.interp(km, [0, 20], [1.0, wide_up])
    fluvial |= {
        "distance_km": km.tolist(),
        "depth_m": _rounded(np.interp(km + 100.0, *depths)),
        "width_m": _rounded(scale * width),
        "friction": _rounded(np.interp(km + 100.0, *roughs)),
    }
    lake |= {"friction": float(f"{n220:.4g}")}


_SAINT_LAURENT = Family(
    (
        "depth, 0 km [m]", "49 km", "73 km", "100 km", "131 to 158 km", "rapids, 161 to 168 km", "172 km", "220 km",
        "n of Manning, 0 km", "100 to 158 km", "rapids", "172 km", "220 km",
        "width below Québec over the guess", "width above over the guess", "flats over width below Québec",
    ),
    np.array([15.0, 10, 10, 20, 10, 6, 4, 3, 0.025, 0.025, 0.040, 0.035, 0.025, 1.3, 1.3, 0.1]),
    np.array([8.0, 5.0, 5.0, 10.0, 4.0, 2.0, 2.0, 1.0, *5 * [0.010], 0.5, 0.5, 0.0]),
    np.array([60.0, 30.0, 30.0, 50.0, 20.0, 15.0, 15.0, 15.0, *5 * [0.060], 2.5, 2.5, 0.5]),
    _saint_laurent,
    held_m=0.04,
    cell_m=2000.0,
)  # fmt: skip


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
    "saint_laurent": _SAINT_LAURENT,
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


def fit(name: str, cell_m: float | None = None, most: int = 12, tables: dict[str, Any] | None = None) -> np.ndarray:
    """Numbers that bring M2, M4, M6 and MSf near what was measured at the gauges marked as fitted."""
    tables, family = tables or site_tables(name), FAMILIES[name]
    site = EstuarySite(**tables)
    chosen = np.array([gauge.fitted for gauge in gauges_of(site)])
    wanted = observed(site)[chosen]
    weights = np.array([_WEIGHTS[constituent_] for constituent_ in TOLD])

    def misfits(p: np.ndarray) -> np.ndarray:
        errors = (
            weights * (modelled(with_numbers(tables, family, p), cell_m or family.cell_m)[chosen] - wanted)
        ).ravel()
        return np.concatenate([errors.real, errors.imag, family.held_m * (p - family.guess) / family.guess])

    solved = least_squares(
        misfits, family.guess, x_scale=family.guess, bounds=(family.low, family.high), diff_step=2e-3, max_nfev=most
    )
    return np.asarray(solved.x)


def vector_rmse_cm(found: np.ndarray, wanted: np.ndarray) -> dict[str, float]:
    """Root mean square over gauges of the differences of complex amplitudes [cm], by constituent."""
    return dict(
        zip(TOLD, (100.0 * np.sqrt(np.mean(np.abs(found - wanted) ** 2, axis=0))).round(2).tolist(), strict=True)
    )


def halves(name: str, cell_m: float = 2000.0) -> dict[str, Any]:
    """What fits to every half of the gauges would leave in M2 of the other half, linear about a fit to all of them."""
    tables, family = site_tables(name), FAMILIES[name]
    for gauge in tables["gauge"]:
        gauge["fitted"] = True
    p = fit(name, cell_m, tables=tables)
    wanted = observed(EstuarySite(**tables))
    errors = modelled(with_numbers(tables, family, p), cell_m) - wanted
    slopes = []
    for k in range(len(p)):
        moved = p.copy()
        moved[k] += 0.004 * family.guess[k]
        slopes.append(
            (modelled(with_numbers(tables, family, moved), cell_m) - wanted - errors) / (0.004 * family.guess[k])
        )
    slope = np.array(slopes)
    weights = np.array([_WEIGHTS[constituent_] for constituent_ in TOLD])
    count, left = len(wanted), []
    for chosen in itertools.combinations(range(count), count // 2):
        rows = list(chosen)
        others = [k for k in range(count) if k not in chosen]
        columns = (slope[:, rows] * weights).reshape(len(p), -1).T
        right = (errors[rows] * weights).ravel()
        held = family.held_m / family.guess
        matrix = np.vstack([columns.real, columns.imag, np.diag(held)])
        step = np.linalg.lstsq(
            matrix, -np.concatenate([right.real, right.imag, held * (p - family.guess)]), rcond=None
        )[0]
        after = errors + np.tensordot(step, slope, 1)
        left.append(100.0 * math.sqrt(float(np.mean(np.abs(after[others, 0]) ** 2))))
    asked = {"gironde": 4.0, "saint_laurent": 12.0}[name]
    return {
        "fitted to all": vector_rmse_cm(errors + wanted, wanted),
        "halves": len(left),
        "M2 of the other half [cm]": dict(
            zip(
                ("least", "quarter", "median", "three quarters"),
                np.percentile(left, [0, 25, 50, 75]).round(2).tolist(),
                strict=True,
            )
        ),
        f"share up to {asked:g} cm": round(float(np.mean(np.array(left) <= asked)), 3),
    }
