"""Making small cadastres."""

from __future__ import annotations

from pathlib import Path

import geopandas

from frugal.cadastre.job.result import Cadastre
from frugal.cadastre.job.settings import CadastreSettings
from frugal.cadastre.run import make_cadastre


def made(surface: Path, bundle: Path, out: Path, **more: object) -> Cadastre:
    settings = CadastreSettings.model_validate(
        {"inputs": (surface,), "bundle": bundle, "reach_m": 30.0, "threads": 2, **more}
    )
    return make_cadastre(settings, out, carbon=False)


def planes_of(out: Path) -> geopandas.GeoDataFrame:
    return geopandas.read_parquet(out / "roof_planes.parquet")
