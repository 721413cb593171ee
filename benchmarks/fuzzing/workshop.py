"""Good inputs of every kind, small, made once: what the cases spoil."""

from __future__ import annotations

import contextlib
import os
import shutil
import sys
from pathlib import Path
from unittest import mock

import numpy as np

STUDIES = Path(__file__).parent / "studies"
WEST, NORTH = 360_000.0, 6_610_100.0
#: Inputs and outputs of the table of runs.
RUN_INPUTS, RUN_OUTPUTS = "a,b,c", "y,z"


def make_workshop(folder: Path, bundles: Path | None = None) -> Path:
    """Fill a folder with inputs; bundles are trained unless a folder has them.

    Parameters
    ----------
    folder : Path
        New.
    bundles : Path, optional
        Holds the bundles ``weir`` and ``pond``, trained before.
    """
    folder.mkdir(parents=True)
    for study in STUDIES.glob("*.py"):
        shutil.copy(study, folder / study.name)
    _tables(folder)
    _settings(folder)
    _epw(folder / "year.epw")
    _rasters(folder)
    _vectors(folder)
    _clouds(folder)
    for name in ("weir", "pond"):
        target = folder / "bundles" / name
        if bundles is not None and (bundles / name).is_dir():
            shutil.copytree(bundles / name, target)
        else:
            train(folder / f"{name}.py", target)
    return folder


def train(study: Path, target: Path) -> None:
    """A bundle, with its progress unheard; its timings are of no use and taken short."""
    from frugal import cli
    from frugal.campaigns import workflow
    from frugal.metering.timing.interleaved_blocks import Plan

    quick = Plan.quick

    def short(cls: type[Plan], n_calls: int, total_seconds: float = 0.2) -> Plan:
        return quick(n_calls, min(total_seconds, 0.2))

    args = ["frugal", "train", "--study", str(study), "--out", str(target)]
    with contextlib.ExitStack() as stack:
        stack.enter_context(contextlib.chdir(study.parent))
        unheard = stack.enter_context(Path(os.devnull).open("w"))
        stack.enter_context(contextlib.redirect_stdout(unheard))
        stack.enter_context(contextlib.redirect_stderr(unheard))
        stack.enter_context(mock.patch.object(sys, "argv", args))
        stack.enter_context(mock.patch.object(Plan, "quick", classmethod(short)))
        stack.enter_context(mock.patch.object(workflow, "record_bundle", lambda bundle, name: "none"))  # no MLflow
        try:
            cli.main()
        except SystemExit as end:
            if end.code not in (0, 1):
                raise RuntimeError(f"'{study}' cannot be trained: exit code {end.code}") from end
    if not (target / "model.onnx").is_file():  # the physics may have won
        raise RuntimeError(f"'{study}' gave no bundle with a model")


def _tables(folder: Path) -> None:
    import pandas

    rng = np.random.default_rng(0)
    runs = pandas.DataFrame(rng.uniform(0, 1, (40, 3)).round(4), columns=list("abc"))
    runs["y"], runs["z"] = (runs.a + runs.b**2).round(4), (runs.c * 3 - runs.a).round(4)
    runs.to_csv(folder / "runs.csv", index=False)
    runs.to_parquet(folder / "runs.parquet")
    ask = pandas.DataFrame({"head_m": [0.5, 1.0, 1.5, 0.2], "width_m": [2.0, 3.5, 8.0, 1.0]})
    ask["leaves[jan]"], ask["leaves[may]"], ask["leaves[sep]"] = 0.0, [0.1, 0.2, 0.3, 0.5], 0.25
    ask["crest"] = ["sharp", "broad", "round", "sharp"]
    ask.to_csv(folder / "ask.csv", index=False)
    ask.to_parquet(folder / "ask.parquet")
    (folder / "observations.csv").write_text(
        "output,place,time,value,sigma,unit\nlevel,inlet,1,0.61,0.05,m\nlevel,outlet,2.5,98,10,cm\nlevel,outlet,3,0.99,,\n"
    )
    (folder / "tide.csv").write_text(
        "station,lat,lon,constituent,amplitude_m,phase_deg_GMT\n"
        "Brest,48.38,-4.5,M2,2.05,108.9\nBrest,48.38,-4.5,S2,0.75,148.2\nBrest,48.38,-4.5,M4,0.054,105.7\n"
    )
    (folder / "factors.csv").write_bytes(_packaged_factors())


def _packaged_factors() -> bytes:
    """The head of the packaged table, whose columns one's own has."""
    from importlib import resources

    table = resources.files("frugal.metering.factors") / "data" / "factors.csv"
    return "\n".join(table.read_text(encoding="utf-8").splitlines()[:12]).encode() + b"\n"


def _settings(folder: Path) -> None:
    from frugal.audit.evidence.declarations import template
    from frugal.experiments.needs.template import need_template
    from frugal.experiments.study.registry import load_study_file

    for name in ("weir", "pond"):
        (folder / f"{name}.need.toml").write_text(need_template(load_study_file(folder / f"{name}.py"), "en"))
    (folder / "declarations.toml").write_text(template("en"))
    (folder / "machine.toml").write_text(
        'source = "a plate"\ncountry = "FRA"\nwatts_per_core = 3.0\nwatts_low = 1.5\nwatts_high = 6.0\nage_years = 3\n'
    )
    (folder / "site.toml").write_text('weather = "year.epw"\ntransposition = "hay_davies"\nseed = 3\n')


def _epw(path: Path) -> None:
    """A clear year at one place that closes: global = beam · sine of the height of the sun + diffuse."""
    from frugal.formats.weather.hourly_year import hours_of_common_year, sun_elevation_deg

    latitude, longitude = 46.2, -1.2
    moments, _ = hours_of_common_year(1.0, 1800.0)
    sine = np.sin(np.radians(np.maximum(sun_elevation_deg(moments, latitude, longitude), 0.0)))
    beam, diffuse = 700.0 * np.sqrt(sine), 90.0 * np.sqrt(sine)
    rows = [
        f"LOCATION,Somewhere,-,FRA,made,000000,{latitude},{longitude},1.0,12.0",
        *("DESIGN CONDITIONS,0", "TYPICAL/EXTREME PERIODS,0", "GROUND TEMPERATURES,0"),
        *("HOLIDAYS/DAYLIGHT SAVINGS,No,0,0,0", "COMMENTS 1,made", "COMMENTS 2,made"),
        "DATA PERIODS,1,1,Data,Sunday,1/1,12/31",
    ]
    days = [(m + 1, d + 1) for m, n in enumerate((31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)) for d in range(n)]
    for k in range(8760):
        month, day = days[k // 24]
        warm = 12.0 - 7.0 * np.cos(2 * np.pi * k / 8760)
        light = [beam[k] * sine[k] + diffuse[k], beam[k], diffuse[k]]
        told = ",".join(f"{value:.1f}" for value in light)
        rows.append(
            f"2019,{month},{day},{k % 24 + 1},60,?9?9,{warm:.1f},6.0,70,101300,0,0,300,{told},"
            "0,0,0,0,180,3.0,5,5,20.0,9999,9,999999999,0,0.0,0,88,0.2,0.0,1.0"
        )
    path.write_text("\n".join(rows) + "\n")


def _rasters(folder: Path) -> None:
    import rasterio

    south, east = np.indices((64, 64))
    heights = np.full((64, 64), 20.0)
    for row, col in ((8, 8), (36, 12), (20, 40)):
        house = (slice(row, row + 16), slice(col, col + 12))
        heights[house] = 24.0 + 0.5 * (6 - np.abs(east[house] - col - 5.5))
    ground = -0.6 + 0.05 * east + 0.3 * np.sin(south / 5.0)
    for name, values, size in (("dsm.tif", heights, 1.0), ("ground.tif", ground, 10.0)):
        transform = rasterio.Affine(size, 0.0, WEST, 0.0, -size, NORTH)
        shape = {"height": 64, "width": 64, "count": 1, "dtype": "float32", "nodata": -9999.0}
        with rasterio.open(
            folder / name, "w", driver="GTiff", crs="EPSG:2154", transform=transform, compress="deflate", **shape
        ) as raster:
            raster.write(values.astype(np.float32), 1)


def _vectors(folder: Path) -> None:
    import geopandas
    import shapely

    dike = geopandas.GeoDataFrame(
        {"name": ["dike"]},
        geometry=[shapely.LineString([(WEST + 60, NORTH - 10), (WEST + 65, NORTH - 320), (WEST + 60, NORTH - 630)])],
        crs="EPSG:2154",
    )
    dike.to_file(folder / "dike.geojson", driver="GeoJSON")
    boxes = [shapely.box(WEST + c, NORTH - r - 16, WEST + c + 12, NORTH - r) for r, c in ((8, 8), (36, 12), (20, 40))]
    houses = geopandas.GeoDataFrame({"id": ["1", "2", "3"]}, geometry=boxes, crs="EPSG:2154")
    houses.to_file(folder / "houses.geojson", driver="GeoJSON")
    houses.to_file(folder / "houses.gpkg", driver="GPKG")
    houses.to_parquet(folder / "houses.parquet")
    houses.to_file(folder / "houses.fgb", driver="FlatGeobuf")


def _clouds(folder: Path) -> None:
    import laspy
    from pyproj import CRS

    rng = np.random.default_rng(1)
    for name, form in (("cloud.laz", 6), ("cloud.las", 1)):
        header = laspy.LasHeader(point_format=form, version="1.4" if form > 5 else "1.2")
        header.scales, header.offsets = np.full(3, 0.01), np.zeros(3)
        header.add_crs(CRS.from_user_input("EPSG:2154"))
        cloud = laspy.LasData(header)
        x, y = rng.uniform(0, 20, (2, 1200))
        cloud.x, cloud.y, cloud.z = x + WEST, y + NORTH - 20.0, 20.0 + (np.hypot(x - 10, y - 10) < 5) * 4.0
        cloud.classification = np.where(np.hypot(x - 10, y - 10) < 5, 6, 2).astype(np.uint8)
        cloud.write(folder / name)
