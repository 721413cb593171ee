"""A bundle, a surface and a map in a browser that several tests of the cadastre share."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from cadastre.cadastres import made
from cadastre.chromium import Chromium, serve
from cadastre.village_map import write_village_map
from campaigns_for_tests import few_models, made_once

from frugal.cadastre.job.result import Cadastre
from frugal.campaigns import workflow
from frugal.campaigns.campaign import Settings
from frugal.formats.rasters.surface_model import SurfaceModel, write_surface_model
from frugal.studies.solar.roof_yield.site import RoofYieldSite
from frugal.studies.solar.roof_yield.study import roof_yield
from frugal.studies.solar.village.surface import synthetic_village


@pytest.fixture(scope="session")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An answer of `roof_yield`, trained on few runs, with two models beside the alternatives of the study."""

    def make(folder: Path) -> None:
        settings = Settings(n_runs=256, measure_seconds=0.2, carbon=False, folder=folder / "campaigns")
        with pytest.MonkeyPatch.context() as patch:
            patch.chdir(folder)
            few_models(patch)
            patch.setattr(workflow, "record_bundle", lambda bundle, campaign: "none")  # MLflow is tested elsewhere
            workflow.train_study(lambda: roof_yield(RoofYieldSite()), settings, folder / "roof_yield")

    return made_once(tmp_path_factory, "roof_yield_answer", make) / "roof_yield"


@pytest.fixture(scope="session")
def surface(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A village of 128 m with a hole in it."""
    village = synthetic_village(3, 128.0, 0.5)
    heights = village.heights.copy()
    heights[10:30, 200:240] = np.nan
    path = tmp_path_factory.mktemp("surface") / "village.tif"
    write_surface_model(path, SurfaceModel(heights, 0.5, village.x_min, village.y_max, village.crs, "village", ""))
    return path


@pytest.fixture(scope="session")
def whole(surface: Path, bundle: Path, tmp_path_factory: pytest.TempPathFactory) -> Cadastre:
    """The cadastre of that surface, made in one piece; nothing writes in its folder."""
    return made(surface, bundle, tmp_path_factory.mktemp("whole") / "cadastre", tile_m=200.0)


@pytest.fixture(scope="session")
def village(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SimpleNamespace]:
    folder = tmp_path_factory.mktemp("map") / "some" / "place" / "map"
    graphs = write_village_map(folder)
    # Served from a folder above: a static host puts the map where it likes.
    (folder.parents[1] / "index.html").write_text("<!DOCTYPE html>")
    server, root = serve(folder.parents[1])
    index = json.loads(gzip.decompress((folder / "data" / "buildings.json.gz").read_bytes()))
    yield SimpleNamespace(folder=folder, graphs=graphs, url=root + "place/map/", root=root, index=index)
    server.shutdown()
    server.server_close()


@pytest.fixture(scope="session")
def browser() -> Iterator[Chromium]:
    browser = Chromium("fr-FR")
    yield browser
    browser.close()


@pytest.fixture
def page(browser: Chromium, village: SimpleNamespace) -> Iterator[Chromium]:
    browser.leave()  # what the page of the test before still asked for is not counted here
    browser.requests.clear()
    browser.errors.clear()
    browser.size(1280, 800)
    browser.open(village.url)
    yield browser
    asked = [url for url in browser.requests if not url.startswith(("data:", "blob:", "about:"))]
    assert asked and all(url.startswith(village.root) for url in asked)
    assert browser.errors == []
