"""What a simulated flood gives: maxima, states, and the book of its volumes."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from frugal.physics.shallow_water.flood_case import FloodCase
from frugal.physics.shallow_water.forcing import segments_of
from frugal.physics.shallow_water.watch_list import Observed


@dataclass(frozen=True)
class Snapshot:
    """The state at one time: depth [m], velocity [m/s] eastward and southward."""

    time_s: float
    depth: np.ndarray
    u: np.ndarray
    v: np.ndarray


@dataclass(frozen=True)
class VolumeLedger:
    """Water booked [m³].

    ``by_source`` holds what came in less what went out by segment, rain, inflow and infiltration; ``through_links`` what went
    from the beginning of each link to its end, less what came back; ``imbalance`` is what is unaccounted
    for, ``final - initial - entered + left``, as a share of ``initial + entered``.
    """

    initial: float
    entered: float
    left: float
    by_source: dict[str, float]
    final: float
    imbalance: float
    through_links: dict[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class Flood:
    """What the water did, on arrays of the shape of the bed.

    Parameters
    ----------
    max_depth, max_speed : ndarray
        Greatest depth [m] and speed [m/s] (where at least 1 mm deep) over all steps.
    arrival_time : ndarray
        First time [s] at which the depth reached ``arrival_depth_m``; NaN where it never did.
    depth, u, v : ndarray
        At the end.
    snapshots : tuple of Snapshot
    volume : VolumeLedger
    steps, cell_updates : int
        Time steps taken; cells times steps, dry tiles left out.
    infiltrated : ndarray or None
        Depth of water [m] that the ground took; None where the case has no infiltration.
    observed : Observed, optional
        What was watched beside, where a watch was given.
    """

    max_depth: np.ndarray
    max_speed: np.ndarray
    arrival_time: np.ndarray
    depth: np.ndarray
    u: np.ndarray
    v: np.ndarray
    snapshots: tuple[Snapshot, ...]
    volume: VolumeLedger
    steps: int
    cell_updates: int
    infiltrated: np.ndarray | None = None
    observed: Observed | None = None


def volume_ledger(
    flood_case: FloodCase,
    entered: np.ndarray,
    left: np.ndarray,
    initial: float,
    final: float,
    passed: np.ndarray | None = None,
) -> VolumeLedger:
    """The book of a run.

    Parameters
    ----------
    flood_case : FloodCase
    entered, left : ndarray
        By segment, then rain, inflows and infiltration [m³].
    initial, final : float
        Water in the domain [m³].
    passed : ndarray, shape (links, 2), optional
        What each link carried, there and back [m³]; None without links.

    Returns
    -------
    VolumeLedger
    """
    names = [name for _, _, name in segments_of(flood_case)]
    names.append("rain")
    names += [inflow.name or f"inflow {k}" for k, inflow in enumerate(flood_case.inflows)]
    names.append("infiltration")
    by_source: dict[str, float] = {}
    for name, gain, loss in zip(names, entered, left, strict=True):
        absent = {"rain": flood_case.rain is None, "infiltration": flood_case.infiltration is None}
        if not absent.get(name, False):
            by_source[name] = by_source.get(name, 0.0) + float(gain - loss)
    through: dict[str, float] = {}
    for number, (link, (there, back)) in enumerate(
        zip(flood_case.links, () if passed is None else passed, strict=True)
    ):
        name = link.name or f"link {number}"
        through[name] = through.get(name, 0.0) + float(there - back)
    total = initial + float(entered.sum())
    missing = final - initial - float(entered.sum()) + float(left.sum())
    return VolumeLedger(
        initial=initial,
        entered=float(entered.sum()),
        left=float(left.sum()),
        by_source=by_source,
        final=final,
        imbalance=missing / total if total > 0.0 else 0.0,
        through_links=through,
    )
