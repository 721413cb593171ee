"""A bundle and a surface that several tests of the cadastre share."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from frugal.audit.workflow import train_study
from frugal.experiments.studies.roof_yield import RoofYieldSite, roof_yield
from frugal.experiments.studies.village import synthetic_village
from frugal.formats.raster import SurfaceModel, write_surface_model
from frugal.surrogates.campaign import Settings


@pytest.fixture(scope="session")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An answer of `roof_yield`, trained on few runs."""
    folder = tmp_path_factory.mktemp("answer")
    settings = Settings(n_runs=128, measure_seconds=0.2, carbon=False, folder=folder / "campaigns")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        return train_study(lambda: roof_yield(RoofYieldSite()), settings, folder / "roof_yield").bundle


@pytest.fixture(scope="session")
def surface(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A village of 128 m with a hole in it."""
    village = synthetic_village(3, 128.0, 0.5)
    heights = village.heights.copy()
    heights[10:30, 200:240] = np.nan
    path = tmp_path_factory.mktemp("surface") / "village.tif"
    write_surface_model(path, SurfaceModel(heights, 0.5, village.x_min, village.y_max, village.crs, "village", ""))
    return path
