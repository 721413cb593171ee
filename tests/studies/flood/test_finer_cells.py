"""Flood studies on cells half and twice as wide: the same ground, the same event, told on the cells of the study."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import rasterio
from rasterio.transform import from_origin

from frugal.errors import UnusableInputError
from frugal.experiments.runs.resolutions import run_on
from frugal.physics.shallow_water.flood_case import Breach, FloodCase, Inflow, Rain, Segment
from frugal.studies.flood import submersion
from frugal.studies.flood.finer_cells import aggregated, cut_in_four, finer_ground
from frugal.studies.flood.outputs import Maps
from frugal.studies.flood.terrain.channel import channel
from frugal.studies.flood.terrain.generated_polder import polder
from frugal.studies.flood.terrain.generated_valley import valley
from frugal.studies.flood.terrain.river_valley import river_valley
from frugal.studies.flood.terrain.site import RiverFloodSite, SubmersionSite
from frugal.studies.flood.terrain.terrain import FloodTerrain, quartered

ONE_METRE = FloodTerrain(
    bed=np.zeros((2, 3)), cell_size_m=100.0, manning=np.ones((2, 3)), land=np.ones((2, 3), dtype=bool)
)


def test_finer_cells_see_the_same_polder() -> None:
    wide, fine = polder(), polder(128, 25.0)
    assert np.allclose(fine.bed[:, 8].reshape(64, 2).mean(axis=1), wide.bed[:, 4], atol=0.01)  # crests 6 m high
    means = fine.bed.reshape(64, 2, 64, 2).mean(axis=(1, 3))
    apart = np.abs(means - wide.bed)[:, 5:]
    # away from edges of roads and ditches, which cells of 50 m take whole or not at all, the ground is the same
    assert np.median(apart) < 0.01 and np.quantile(apart, 0.9) < 0.05
    assert abs(float((means - wide.bed)[:, 5:].mean())) < 0.02
    for terrain in (wide, fine, polder(256, 12.5)):  # four ditches of 50 m, 0.6 m deep, along a line inland of the dike
        step = np.diff(terrain.bed[:, terrain.shape[1] // 8])
        down, up = np.flatnonzero(step < -0.45), np.flatnonzero(step > 0.45)
        assert ((up - down) * terrain.cell_size_m).tolist() == [50.0] * 4


def test_finer_cells_see_a_river_as_wide() -> None:
    wide, fine = valley(), valley(80, 152, 25.0)
    x = np.linspace(-100.0, 3900.0, 4001)
    axis = 1000.0 + 260.0 * np.sin(2 * np.pi * x / 1700.0) + 60.0 * np.sin(2 * np.pi * x / 610.0)
    length = np.hypot(np.diff(x), np.diff(axis))[100:-100].sum()
    for terrain in (wide, fine):
        river = channel(np.column_stack([axis, x]), 50.0, terrain.shape, terrain.cell_size_m)
        assert river.share.sum() * terrain.cell_size_m**2 == pytest.approx(50.0 * length, rel=0.005)
        assert np.count_nonzero(river.bed == terrain.land) <= 0.002 * river.bed.size  # drawn with other points
        assert (np.diff(terrain.river_position_m) > 0.0).all()
        assert abs(terrain.river_position_m[-1] - length) < 75.0
        assert terrain.entry[:, 2].sum() == pytest.approx(1.0) and terrain.leaves_at_m == -3.0
        assert terrain.river[-1][1] == terrain.shape[1] - 1
    assert wide.coarsened(2).leaves_at_m == -3.0, (
        "wider cells mix the bed with its banks, and the level downstream stays"
    )


def test_a_bed_is_as_wide_along_the_cells_as_across_them() -> None:
    straight = channel(np.array([[110.0, -50.0], [110.0, 250.0]]), 30.0, (10, 10), 20.0)
    assert np.allclose(straight.share[4:7, 5], [0.25, 1.0, 0.25], atol=0.005)
    diagonal = channel(np.array([[-50.0, -50.0], [250.0, 250.0]]), 30.0, (10, 10), 20.0)
    # a band of 30 m over the diagonal of a square of 200 m: 200² - (200 - 15 sqrt 2)²
    assert diagonal.share.sum() * 400.0 == pytest.approx(200.0**2 - (200.0 - 15.0 * 2**0.5) ** 2, rel=0.02)
    assert diagonal.position_m[5, 5] == pytest.approx(160.0 * 2**0.5, abs=2.0)


def test_quarters_of_a_line_come_in_its_order() -> None:
    cells, position = quartered(np.array([[1, 0], [1, 1], [2, 1]]), np.array([0.0, 10.0, 20.0]), 10.0)
    assert sorted(map(tuple, cells[:4].tolist())) == [(2, 0), (2, 1), (3, 0), (3, 1)]
    assert position[:4].tolist() == [-2.5, -2.5, 2.5, 2.5] and position[-4:].tolist() == [17.5, 17.5, 22.5, 22.5]
    assert {tuple(cell) for cell in cells[-2:].tolist()} == {(5, 2), (5, 3)}  # it ends going down


def test_means_keep_the_volume_and_the_area_is_that_of_the_finer_cells() -> None:
    depth = np.zeros((4, 6))
    depth[0, :3] = (0.4, 0.0, 0.06)  # a cell a quarter of which is wet; a quarter of another whose mean is below 5 cm
    speed, arrival = np.where(depth > 0, 2.0, 0.0), np.where(depth > 0, 1800.0, np.nan)
    found = aggregated(Maps(depth, speed, arrival), ONE_METRE, 7200.0)
    assert found["max_depth"][0].tolist() == pytest.approx([0.1, 0.015, 0.0])
    assert np.sum(found["max_depth"]) * 100.0**2 == pytest.approx(depth.sum() * 50.0**2)
    assert found["flooded_area"] == pytest.approx(2 * 50.0**2 / 1e4)
    assert found["max_speed"][0].tolist() == [2.0, 0.0, 0.0] and found["arrival_time"][0].tolist() == [0.5, 2.0, 2.0]
    dry = replace(ONE_METRE, land=np.zeros((2, 3), dtype=bool))
    assert aggregated(Maps(depth, speed, arrival), dry, 7200.0)["flooded_area"] == 0


def test_a_flood_cut_in_four_is_the_same_flood() -> None:
    case = FloodCase(
        bed=np.array([[0.0, 1.0], [2.0, 3.0]]),
        cell_size_m=10.0,
        duration_s=60.0,
        friction=np.full((2, 2), 0.03),
        level=2.5,
        boundaries={"west": (Segment("level", 1, 2, 4.0), Segment("wall", 0, None))},
        rain=Rain(1e-5, np.ones((2, 2))),
        inflows=(Inflow(1, 0, ([0.0, 10.0], [4.0, 8.0]), "spring"), Inflow(0, 1, 2.0)),
        breaches=(Breach([1], [1], [0.5], 0.0, 10.0),),
    )
    cut = cut_in_four(case)
    assert cut.shape == (4, 4) and cut.cell_size_m == 5.0 and cut.level == 2.5
    assert cut.bed[2:, :2].tolist() == [[2.0, 2.0], [2.0, 2.0]]
    assert [(s.first, s.last) for s in cut.boundaries["west"]] == [(2, 4), (0, None)]
    assert sum(np.asarray(i.series[1])[-1] for i in cut.inflows) == 10.0 and len(cut.inflows) == 8
    assert {(i.row, i.column) for i in cut.inflows[:4]} == {(2, 0), (2, 1), (3, 0), (3, 1)}
    (breach,) = cut.breaches
    assert sorted(zip(breach.rows, breach.columns, strict=True)) == [(2, 2), (2, 3), (3, 2), (3, 3)]
    assert breach.sill_m.tolist() == [0.5] * 4 and cut.rain is not None and cut.rain.weight.shape == (4, 4)


@pytest.fixture
def river(tmp_path: Path) -> RiverFloodSite:
    """A river 2 m below a plain of 40 × 40 cells of 10 m, whose ground falls eastward."""
    bed = np.tile(10.0 - 0.02 * np.arange(40.0), (40, 1)).astype("float32")
    profile = {"driver": "GTiff", "count": 1, "dtype": "float32", "crs": "EPSG:2154", "height": 40, "width": 40}
    path = tmp_path / "plain.tif"
    with rasterio.open(path, "w", transform=from_origin(370_000, 6_570_000, 10.0, 10.0), **profile) as file:
        file.write(bed, 1)
    feature = {"type": "Feature", "properties": {}}
    feature["geometry"] = {"type": "LineString", "coordinates": [[370_001, 6_569_790], [370_399, 6_569_790]]}
    system = {"type": "name", "properties": {"name": "EPSG:2154"}}
    line = tmp_path / "river.geojson"
    line.write_text(json.dumps({"type": "FeatureCollection", "crs": system, "features": [feature]}))
    settings = {"terrain": str(path), "river": str(line), "cell_size_m": 20.0, "channel_depth_m": 2.0}
    return RiverFloodSite.model_validate(settings)


def test_a_file_with_finer_cells_is_read_again_and_its_river_keeps_its_width(river: RiverFloodSite) -> None:
    terrain = river_valley(river)
    finer = finer_ground(river, terrain)
    assert finer is not None and finer.shape == (40, 40)
    assert np.array_equal(np.repeat(np.repeat(terrain.land, 2, axis=0), 2, axis=1), finer.land)
    assert np.allclose(finer.bed[tuple(finer.river.T)] + 2.0, 10.0 - 0.02 * finer.river[:, 1], atol=1e-5)
    assert (finer.manning[~finer.land] == river.manning_river).all() and (
        finer.manning[finer.land] == river.manning
    ).all()
    whole = river.model_copy(update={"cell_size_m": 10.0})
    assert finer_ground(whole, river_valley(whole)) is None  # the file has no finer cells: cut in four


def test_the_width_of_a_river_is_that_of_the_site_on_any_cells(river: RiverFloodSite) -> None:
    site = river.model_copy(update={"river_width_m": 30.0})
    terrain = river_valley(site)
    finer = finer_ground(site, terrain)
    ground = 10.0 - 0.02 * (np.arange(20) * 2 + 0.5)
    assert finer is not None and (terrain.tributaries[:, 0] != 10).all()
    # its axis lies 210 m from the northern edge: 195 to 225 m are a quarter, the whole and a quarter of rows 9 to 11
    assert np.allclose((ground - terrain.bed)[8:13, 10], [0.0, 0.5, 2.0, 0.5, 0.0], atol=0.02)
    assert np.allclose((10.0 - 0.02 * np.arange(40) - finer.bed)[18:24, 20], [0.0, 1.0, 2.0, 2.0, 1.0, 0.0], atol=0.02)
    assert terrain.entry[:, 2].sum() == pytest.approx(1.0)
    with pytest.raises(UnusableInputError, match="'river_width_m' = 12 m is less than a cell of 20 m"):
        river_valley(river.model_copy(update={"river_width_m": 12.0}))


def test_a_storm_on_finer_and_on_coarser_cells() -> None:
    for cells, number in (("finer", 16), ("coarser", 32)):
        study = submersion.submersion(SubmersionSite(cells=number))
        where, square = study.output_slices(), (3200.0 / number) ** 2
        row = study.layout.rows({v.name: v.default for v in study.inputs} | {"breach_width": 200.0})[0]
        flat = run_on(study, cells, row)  # type: ignore[arg-type]
        depth, area = flat[where["max_depth"]], float(flat[where["flooded_area"]][0])
        assert depth.max() > 0.5 and depth.min() >= 0.0 and area > 10.0
        if cells == "finer":  # a volume is that of the means, an area that of cells of 100 m
            assert flat[where["flood_volume"]] == pytest.approx(float(depth.sum()) * square)
            assert area == pytest.approx(round(area)) and area <= np.count_nonzero(depth > 0) * square / 1e4


def test_what_cannot_be_cut_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    from frugal.studies.flood import finer_cells

    known = tuple(name for name in finer_cells._KNOWN if name != "rain")
    monkeypatch.setattr(finer_cells, "_KNOWN", known)
    case = FloodCase(np.zeros((2, 2)), 10.0, 60.0, rain=Rain(1e-5))
    with pytest.raises(UnusableInputError, match="a flood with 'rain' cannot be cut"):
        cut_in_four(case)
