"""Ways to answer `roof_shading` without AI: no shading, the sky seen, physics on the coarse surface, as it is and corrected."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import numpy as np

from frugal.experiments.study import Alternative, Answer, Arrays, GraphBuilder
from frugal.physics.solar.photovoltaic import diffuse_factors
from frugal.studies.solar.pv_graph import RoofGraph, physics_graph
from frugal.studies.solar.roof_shading.shading_ratio import WHOLE_AND_WINTER, shading_ratios
from frugal.studies.solar.roof_shading.site import ShadingTerritory
from frugal.studies.solar.roof_yield.alternatives import EFFICIENCY, GAMMA, LOSSES, MOUNTINGS, REFERENCE
from frugal.texts import room_texts

_TEXTS = room_texts("frugal.studies.solar")

_TILTS_DEG = np.arange(0.0, 90.25, 0.25)

Build = Callable[[ShadingTerritory, np.ndarray, np.ndarray], Answer]


def alternatives(territory: ShadingTerritory) -> tuple[Alternative, ...]:
    """Everything that answers without AI, from the cheapest up."""
    n = territory.n_sectors
    rows: tuple[tuple[str, str, Build, bool], ...] = (
        ("no_shading", "formula", _no_shading, False),
        ("sky_view", "formula", _sky_view, False),
        ("coarse_surface", "coarse_physics", _coarse_surface, False),
        ("coarse_surface_corrected", "coarse_physics", _corrected, True),
        ("sector_year", "coarse_physics", _sector_year, False),
    )
    return tuple(
        Alternative(
            name,
            kind,  # type: ignore[arg-type]
            partial(build, territory),
            needs_runs=needs_runs,
            uses_solver=kind == "coarse_physics",
            label=_TEXTS.say(f"roof_shading.{name}", n=n),
        )
        for name, kind, build, needs_runs in rows
    )


def named(ratios: np.ndarray) -> Arrays:
    """Ratios ``[..., 2]`` by name."""
    return {"yearly_ratio": ratios[..., 0], "winter_ratio": ratios[..., 1]}


def sector_ratios(territory: ShadingTerritory, inputs: np.ndarray) -> np.ndarray:
    """The hourly physics on the sectors that the inputs hold, ``[n, 2]``."""
    horizon = np.ascontiguousarray(inputs[:, 2 : 2 + territory.n_sectors])
    return shading_ratios(territory.year, inputs[:, 0], inputs[:, 1], horizon, territory.transposition)


def _columns(b: GraphBuilder, x: str, start: int, stop: int) -> str:
    start_at, stop_at, axis = (b.constant([value], np.int64) for value in (start, stop, 1))
    return b.op("Slice", x, start_at, stop_at, axis)


def _roof(b: GraphBuilder, x: str, n_sectors: int) -> str:
    """Tensor of inputs as `roof_yield` has them: plane, horizon, reference installation."""
    zeros = b.op("Mul", _columns(b, x, 0, 3), b.constant(0.0))
    reference = [float(REFERENCE[name]) for name in ("albedo", "dc_ac_ratio", "mounting")]
    installed = b.op("Add", zeros, b.constant(np.array([reference])))
    return b.op("Concat", _columns(b, x, 0, 2 + n_sectors), installed, axis=1)


def _no_shading(territory: ShadingTerritory, inputs: np.ndarray, outputs: np.ndarray) -> Answer:
    def graph(b: GraphBuilder, x: str) -> str:
        return b.op("Add", b.op("Mul", _columns(b, x, 0, 2), b.constant(0.0)), b.constant(1.0))

    return Answer(lambda x: named(np.ones((len(x), 2))), graph)


def _sky_view(territory: ShadingTerritory, inputs: np.ndarray, outputs: np.ndarray) -> Answer:
    """The isotropic sky that comes through the glass above the horizon, over that before an open one."""
    n_sectors = territory.n_sectors
    open_sky = np.array([diffuse_factors(tilt, 0.0, np.zeros(1))[0] for tilt in _TILTS_DEG])

    def predict(x: np.ndarray) -> Arrays:
        horizon = np.ascontiguousarray(x[:, 2 : 2 + n_sectors])
        planes = zip(x[:, 0], x[:, 1], horizon, strict=True)
        seen = np.array([diffuse_factors(tilt, azimuth, roof)[0] for tilt, azimuth, roof in planes])
        share = np.minimum(seen / np.interp(x[:, 0], _TILTS_DEG, open_sky), 1.0)
        return named(np.stack([share, share], axis=1))

    def graph(b: GraphBuilder, x: str) -> str:
        roof = RoofGraph(b, _roof(b, x, n_sectors), n_sectors)
        share = b.op("Div", roof.sky_factor(), roof.of_tilt(open_sky, _TILTS_DEG))
        share = b.op("Min", share, b.constant(1.0))
        return b.op("Concat", share, share, axis=1)

    return Answer(predict, graph)


def _coarse_surface(territory: ShadingTerritory, inputs: np.ndarray, outputs: np.ndarray) -> Answer:
    """The ratio that came with the roof: the physics on the coarse surface is part of what is known of it."""
    first = 2 + territory.n_sectors

    def graph(b: GraphBuilder, x: str) -> str:
        return _columns(b, x, first, first + 2)

    return Answer(lambda x: named(x[:, first : first + 2]), graph)


def _corrected(territory: ShadingTerritory, inputs: np.ndarray, outputs: np.ndarray) -> Answer:
    """A straight line by least squares from the coarse ratio to the true one, for the year and the winter apart."""
    first = 2 + territory.n_sectors
    lines = np.array([np.polyfit(inputs[:, first + k], outputs[:, k], 1) for k in range(len(WHOLE_AND_WINTER))])
    slope, intercept = lines[:, 0], lines[:, 1]

    def predict(x: np.ndarray) -> Arrays:
        return named(np.clip(x[:, first : first + 2] * slope + intercept, 0.0, 1.0))

    def graph(b: GraphBuilder, x: str) -> str:
        line = b.op("Mul", _columns(b, x, first, first + 2), b.constant(slope[None]))
        line = b.op("Add", line, b.constant(intercept[None]))
        return b.op("Clip", line, b.constant(0.0), b.constant(1.0))

    return Answer(predict, graph)


def _sector_year(territory: ShadingTerritory, inputs: np.ndarray, outputs: np.ndarray) -> Answer:
    """The physics from the sectors alone, for who has a horizon and no ratio."""

    def predict(x: np.ndarray) -> Arrays:
        return named(sector_ratios(territory, x))

    def graph(b: GraphBuilder, x: str) -> str:
        roof = _roof(b, x, territory.n_sectors)
        nothing = b.op("Mul", _columns(b, roof, 0, 1), b.constant(0.0))
        last = territory.n_sectors + 2
        before_open = b.op("Concat", _columns(b, roof, 0, 2), nothing, _columns(b, roof, last, last + 3), axis=1)
        shaded = _monthly_graph(b, roof, territory, territory.n_sectors)
        unshaded = _monthly_graph(b, before_open, territory, 1)
        summed = np.zeros((14, len(WHOLE_AND_WINTER)))
        for column, months in enumerate(WHOLE_AND_WINTER):
            summed[list(months), column] = 1.0
        ratio = b.op("Div", b.op("MatMul", shaded, b.constant(summed)), b.op("MatMul", unshaded, b.constant(summed)))
        return b.op("Clip", ratio, b.constant(0.0), b.constant(1.0))

    return Answer(predict, graph)


def _monthly_graph(b: GraphBuilder, roof: str, territory: ShadingTerritory, n_sectors: int) -> str:
    return physics_graph(
        b,
        roof,
        territory.year,
        n_sectors,
        list(MOUNTINGS.values()),
        territory.transposition,
        LOSSES,
        GAMMA,
        EFFICIENCY,
    )
