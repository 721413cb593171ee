"""A breach as a weir into the pools behind the dike: cells, volumes, basins, and the summaries as a graph."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from frugal.experiments.study.input_layout import InputLayout
from frugal.studies.flood import submersion
from frugal.studies.flood.breach.basins import landing, pools_of
from frugal.studies.flood.breach.features import breach_weir
from frugal.studies.flood.breach.weir import BreachWeir
from frugal.studies.flood.coastal_conditions import sea_variables
from frugal.studies.flood.sea.failure import DikeFailure
from frugal.studies.flood.sea.history import StormTide
from frugal.studies.flood.sea.storm_tide import sea_level
from frugal.studies.flood.terrain.generated_polder import polder
from frugal.studies.flood.terrain.site import SubmersionSite
from frugal.studies.flood.terrain.terrain import breached, stretches_of

INPUTS = submersion.inputs_of(SubmersionSite())
STORM = np.array([1.5, 6.0, 0.3, 18.0, 100.0, 0.5, 1.0])


def test_a_breach_always_opens_whole_where_the_cells_of_a_dike_lie_unevenly() -> None:
    terrain = polder()
    uneven = terrain.dike_position_m + np.random.default_rng(0).uniform(-22.0, 22.0, 64)
    for position in np.linspace(0.0, 1.0, 97):
        cells, sill = breached(replace(terrain, dike_position_m=uneven), position, 20.0, 4.5)
        part = ((4.5 - sill) / (4.5 - terrain.sill_m[cells[:, 0]])) ** 1.5
        low, high = stretches_of(uneven, 50.0)
        assert np.sum(part * (high - low)[cells[:, 0]]) == pytest.approx(20.0)


def test_summaries_are_the_same_in_the_graph_and_bounded_by_their_variables() -> None:
    from frugal.surrogates.onnx.graph import Graph, serialise, session

    study = submersion.submersion(SubmersionSite(cells=16))
    assert study.summaries is not None
    low, high = (np.array([getattr(v, end) for v in study.inputs]) for end in ("low", "high"))
    rows = np.random.default_rng(0).uniform(low, high, (200, 7)).astype(np.float32).astype(float)
    columns = study.summaries.of(rows, study.layout)
    for variable, values in zip(study.summaries.variables, columns.T, strict=True):
        assert variable.low <= values.min() and values.max() <= variable.high, variable.name
    graph = Graph("summaries")
    x = graph.input("inputs", 7)
    declared = [("z", study.summaries.graph(graph, x, study.layout), 1, (len(study.summaries.variables),))]
    (found,) = session(serialise(graph.finish(declared, {}))).run(None, {"inputs": rows.astype(np.float32)})
    # computed in float64 from the same inputs, only the result is rounded: in float32 they differ by 2e-6 of their range
    wide = [variable.high - variable.low for variable in study.summaries.variables]
    assert (np.abs(found - columns) <= 2e-7 * np.maximum(np.abs(columns), wide)).all()
    names = [variable.name for variable in study.summaries.variables]
    assert np.ptp(columns[:, names.index("breach_basin")]) > 0.5  # the polder has two


@pytest.fixture(scope="module")
def weir() -> BreachWeir:
    return breach_weir(polder(), INPUTS, StormTide(sea_variables(SubmersionSite())), DikeFailure())[0]


@pytest.mark.parametrize("inputs", [STORM, np.array([0.7, 4.2, 0.1, 9.0, 33.0, 0.93, 0.7])])
def test_a_weir_sums_over_the_cells_that_the_breach_lowers(weir: BreachWeir, inputs: np.ndarray) -> None:
    storm = dict(zip((v.name for v in INPUTS), inputs, strict=True))
    peak = storm["sea_level_rise"] + storm["tide_range"] / 2 + storm["surge_peak"]
    tide = {name: storm[name] for name in ("surge_peak", "tide_range", "sea_level_rise", "storm_duration")}
    _, sill = breached(polder(), inputs[5], inputs[4], peak)
    seconds = np.linspace(-2700.0, 5 * 3600.0, 20_001)
    head = np.maximum(sea_level(seconds, **tide)[:, None] - sill, 0.0)
    expected = 1.705 * 50.0 * np.trapezoid((head**1.5).sum(axis=1), seconds) / 1e6
    rows = {name: np.array([value]) for name, value in storm.items()}
    free, passed = weir.breach(**rows).free, weir.breach(**rows).passed
    assert free[0] == pytest.approx(expected, rel=5e-3)
    assert 0.3 * free[0] < passed[0] <= free[0]
    assert replace(weir, pools=None).breach(**rows).passed == pytest.approx(free)


def test_water_inside_never_stands_higher_than_the_sea_that_drove_it_in(weir: BreachWeir) -> None:
    rows = np.tile(STORM, (40, 1))
    rows[:, 4] = np.linspace(20.0, 200.0, 40)
    passed = weir.breach(**InputLayout(INPUTS).columns_by_name(rows)).passed
    assert (np.diff(passed) > 0).all() and weir.pools is not None
    inside = np.interp(np.sqrt(passed), weir.pools.root_volume, weir.pools.level_m)
    assert inside.max() < STORM[2] + STORM[1] / 2 + STORM[0]


def test_pools_know_the_basins_of_the_polder_and_that_a_plain_has_one() -> None:
    ridge = polder()
    basin = pools_of(ridge, 5e7, 1e6).basin
    assert set(np.abs(basin).round(6)) == {0.0, 1.0} and (np.diff(basin) > -1e-9).all()
    assert 0.45 < np.mean(basin < 0.5) < 0.6  # the ridge meets the dike at its middle
    plain = replace(ridge, bed=np.where(ridge.land, 1.0, ridge.bed))
    pools = pools_of(plain, 5e7, 1e6)
    assert not pools.basin.any()
    level = 1.0 + pools.root_volume**2 * 1e6 / (ridge.land.sum() * 2500.0)
    assert np.allclose(pools.level_m, level)


def test_water_falls_on_the_lowest_land_beside_the_dike() -> None:
    terrain = polder()
    cells = landing(terrain)
    assert terrain.land[tuple(cells.T)].all() and (cells[:, 1] == terrain.dike[0, 1] + 1).all()
    assert (np.abs(cells[:, 0] - terrain.dike[:, 0]) <= 1).all()
    assert (terrain.bed[tuple(cells.T)] <= terrain.sill_m + 1e-12).all()
    islet = replace(terrain, land=terrain.land & (np.arange(64) > 40))  # no land beside the dike
    assert (landing(islet)[:, 1] == 41).all()
