"""Maps of irradiation: which cells they know."""

from __future__ import annotations

import time
from pathlib import Path

import geopandas
import numpy as np
import pytest
import rasterio
from cadastre.cadastres import made
from rasterio.features import rasterize

from frugal.cadastre import run
from frugal.cadastre.job.result import Cadastre


@pytest.mark.slow
def test_maps_of_buildings_know_their_cells_alone(
    surface: Path, bundle: Path, whole: Cadastre, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("frugal.cadastre.job.job.FARTHEST_PART_M", 25.0)
    some = made(surface, bundle, tmp_path / "some", tile_m=50.0, maps_of="buildings")
    with rasterio.open(whole.out / "irradiation.vrt") as dataset:
        every, transform = dataset.read(), dataset.transform
    with rasterio.open(some.out / "irradiation.vrt") as dataset:
        part = dataset.read()
    buildings = geopandas.read_file(whole.out / "cadastre.gpkg", layer="buildings")
    inside = rasterize(buildings.geometry, every.shape[1:], transform=transform) > 0
    far = rasterize(buildings.geometry.buffer(2.0), every.shape[1:], transform=transform, all_touched=True) == 0
    assert 0.05 < inside.mean() < 0.6
    np.testing.assert_array_equal(part[:, inside], every[:, inside])
    assert np.all(part[:, far] == 65535)
    sizes = [sum(file.stat().st_size for file in out.rglob("irradiation.tif")) for out in (whole.out, some.out)]
    assert sizes[1] < 0.75 * sizes[0]


@pytest.mark.slow
def test_what_training_costs_is_not_booked_twice(
    surface: Path, bundle: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = run.find_yield_model

    def dear(*given: object) -> object:
        start = time.process_time()
        while time.process_time() - start < 1.0:
            pass
        return found(*given)  # type: ignore[arg-type]

    monkeypatch.setattr(run, "find_yield_model", dear)
    start = time.process_time()
    cadastre = made(surface, bundle, tmp_path / "out", maps=False)
    spent = time.process_time() - start
    stages = cadastre.footprint["cpu_seconds_by_stage"]
    assert {"inputs", "tiles", "outputs"} <= set(stages)
    assert cadastre.footprint["cpu_seconds"] < spent - 0.75
