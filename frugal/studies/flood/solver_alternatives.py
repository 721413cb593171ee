"""Physics as answers to a flood study: the full solver, the local inertial one, and both on coarser cells."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from frugal.errors import SolverError
from frugal.experiments.study import Alternative, Arrays, Diagnostic
from frugal.physics.shallow_water.flood_case import FloodCase
from frugal.physics.shallow_water.outcome import Flood, VolumeLedger
from frugal.physics.shallow_water.simulate import simulate
from frugal.physics.shallow_water.subgrid.simulate import simulate_subgrid
from frugal.physics.shallow_water.watch_list import Watch
from frugal.studies.flood.outputs import WET_M, Maps, refined
from frugal.studies.flood.terrain.terrain import FloodTerrain
from frugal.texts import room_texts

_TEXTS = room_texts("frugal.studies.flood")

#: ``build(terrain, **inputs) -> FloodCase``: one event over a terrain, fine or coarse.
Build = Callable[..., FloodCase]

#: Of the volume that was there or entered.
LARGEST_IMBALANCE = 1e-10

VOLUMES = (
    Diagnostic("volume_in", "m^3", _TEXTS.say("flood.volume_in")),
    Diagnostic("volume_out", "m^3", _TEXTS.say("flood.volume_out")),
    Diagnostic("volume_stored", "m^3", _TEXTS.say("flood.volume_stored")),
    Diagnostic("volume_imbalance", "1", _TEXTS.say("flood.volume_imbalance")),
)


def volume_book(volume: VolumeLedger) -> dict[str, float]:
    """The volumes of a run under the names of `VOLUMES`: in = out + stored, but for the imbalance.

    The imbalance is a share of the water that was there or entered.
    """
    stored = volume.final - volume.initial
    return dict(zip((v.name for v in VOLUMES), (volume.entered, volume.left, stored, volume.imbalance), strict=True))


def run_flood(
    flood_case: FloodCase,
    scheme: str = "saint_venant",
    watch: Watch | None = None,
    snapshot_times: Sequence[float] = (),
) -> Flood:
    """Run a flood case on one thread.

    Parameters
    ----------
    flood_case : FloodCase
    scheme : {"saint_venant", "local_inertial"}
    watch : Watch, optional
        What else to keep.
    snapshot_times : sequence of float
        Times [s] at which the state is kept.

    Raises
    ------
    SolverError
        If the run turns unstable, or water is unaccounted for.
    """
    flood = simulate(flood_case, scheme=scheme, arrival_depth_m=WET_M, watch=watch, snapshot_times=snapshot_times)
    return _accounted(flood)


def _accounted(flood: Flood) -> Flood:
    """The same, where no water is lost."""
    lost = abs(flood.volume.imbalance)
    if lost > LARGEST_IMBALANCE:
        raise SolverError(f"{lost:.1e} of the water is unaccounted for; {LARGEST_IMBALANCE:g} is allowed")
    return flood


def flood_maps(flood: Flood) -> Maps:
    """The maps of a run that its study answers."""
    return Maps(flood.max_depth, flood.max_speed, flood.arrival_time)


def solver(terrain: FloodTerrain, build: Build) -> Callable[..., Arrays]:
    """The full physics as the ``solve`` of a study, with the volumes that it booked."""

    def solve(**inputs: float) -> Arrays:
        flood_case = build(terrain, **inputs)
        flood = run_flood(flood_case)
        return {**flood_maps(flood).on_land(terrain, flood_case.duration_s), **volume_book(flood.volume)}

    return solve


def cheaper_physics(terrain: FloodTerrain, build: Build) -> tuple[Alternative, ...]:
    """The local inertial model on the same cells, and 4 times wider with tables; the full solver on ones twice as wide."""

    def subgrid(**inputs: float) -> Arrays:
        flood_case = build(terrain, **inputs)
        flood = _accounted(simulate_subgrid(flood_case, factor=4, arrival_depth_m=WET_M))
        return flood_maps(flood).on_land(terrain, flood_case.duration_s)

    def inertial(**inputs: float) -> Arrays:
        flood_case = build(terrain, **inputs)
        return flood_maps(run_flood(flood_case, "local_inertial")).on_land(terrain, flood_case.duration_s)

    def coarse(factor: int) -> Callable[..., Arrays]:
        wide = terrain.coarsened(factor)

        def answer(**inputs: float) -> Arrays:
            flood_case = build(wide, **inputs)
            maps = flood_maps(run_flood(flood_case))
            return refined(maps, wide.bed, terrain, factor).on_land(terrain, flood_case.duration_s)

        return answer

    return (
        _cheaper("subgrid", subgrid),
        _cheaper("twice_coarser", coarse(2)),
        _cheaper("local_inertial", inertial),
    )


def _cheaper(name: str, answer: Callable[..., Arrays]) -> Alternative:
    label = _TEXTS.say(f"flood.{name}")
    return Alternative(name, "coarse_physics", answer=answer, each_row=True, uses_solver=True, label=label)
