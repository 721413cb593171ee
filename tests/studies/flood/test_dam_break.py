"""`river_flood` for a dam that breaks: a wave of minutes in a narrow valley, and the settings that ask for it."""

from pathlib import Path

import geopandas as gpd
import numpy as np
import pytest
import rasterio
from rasterio.transform import from_origin
from shapely.geometry import LineString

from frugal.errors import UnusableInputError
from frugal.experiments.study.site import build_site
from frugal.studies.flood import river_flood as river
from frugal.studies.flood.terrain.river_valley import river_valley
from frugal.studies.flood.terrain.site import RiverFloodSite


def gorge(folder: Path) -> RiverFloodSite:
    """A valley of 1.2 km that falls by 1 %, 100 m wide between slopes."""
    rows, columns = np.mgrid[:24, :60]
    height = 12.0 - 0.2 * columns + 4.0 * np.maximum(np.abs(rows - 11.5) - 2.5, 0.0)
    profile = {"driver": "GTiff", "count": 1, "dtype": "float32", "crs": "EPSG:2154"}
    place = from_origin(370_000.0, 6_570_000.0, 20.0, 20.0)
    with rasterio.open(folder / "terrain.tif", "w", height=24, width=60, transform=place, **profile) as target:
        target.write(height.astype(np.float32), 1)
    axis = LineString([(370_110.0, 6_569_765.0), (371_190.0, 6_569_765.0)])
    gpd.GeoDataFrame(geometry=[axis], crs="EPSG:2154").to_file(folder / "axis.gpkg")
    settings = {
        "terrain": folder / "terrain.tif",
        "river": folder / "axis.gpkg",
        "peak_discharge": [400.0, 1200.0],
        "volume": [1e5, 4e5],
        "time_to_peak_h": [0.02, 0.1],
        "downstream_depth": [0.1, 1.2],
        "duration_h": 0.5,
    }
    site = build_site(RiverFloodSite, settings)
    assert isinstance(site, RiverFloodSite)
    return site


def test_a_dam_that_breaks_in_minutes(tmp_path: Path) -> None:
    site = gorge(tmp_path)
    study = river.river_flood(site)
    time_to_peak = study.inputs[1]
    assert (time_to_peak.low, time_to_peak.high) == (0.02, 0.1) and time_to_peak.default == pytest.approx(0.06)
    downstream = study.inputs[4]
    assert (downstream.low, downstream.high, downstream.default) == (0.1, 1.2, 1.2)
    inputs = np.array([900.0, 0.05, 2e5, 1.0, 1.2])
    scenario = river.wave(river_valley(site), 1800.0, **study.layout.by_name(inputs))
    time_s, share = scenario.inflows[0].series
    assert scenario.duration_s == 1800.0 and np.max(time_s) == pytest.approx(1800.0)
    entering = np.asarray(share) * len(scenario.inflows)
    assert entering.max() == pytest.approx(900.0, rel=0.01)
    assert np.trapezoid(entering, time_s) == pytest.approx(2e5 + 1800.0 * river.BASE_FLOW_M3_S, rel=0.01)
    answer = study.solved(inputs)
    # Some water comes in at the outlet too, where the level downstream stands above the dry bed at first.
    assert 0.99 < answer["volume_in"] / (2e5 + 1800.0 * river.BASE_FLOW_M3_S) < 1.15
    assert np.max(answer["arrival_time"]) == pytest.approx(0.5)  # hours; where no water comes, the end of the event
    assert (np.asarray(answer["max_depth"]) > 1.0).sum() > 100


def test_a_river_may_end_in_the_strip_that_wider_cells_cut_off(tmp_path: Path) -> None:
    site = gorge(tmp_path)
    terrain = river_valley(site.model_copy(update={"cell_size_m": 32.0}))  # 37 cells of 32 m, and 16 m left
    assert terrain.shape == (15, 37) and terrain.river[-1][1] == 36
    assert river.outlet(terrain)[0] == "east"
    beyond = LineString([(370_110.0, 6_569_765.0), (371_290.0, 6_569_765.0)])
    gpd.GeoDataFrame(geometry=[beyond], crs="EPSG:2154").to_file(tmp_path / "axis.gpkg")
    with pytest.raises(UnusableInputError, match=r"river .* leaves the terrain along [78]% of its length"):
        river_valley(site)


def test_an_event_that_ends_before_the_peak_is_refused() -> None:
    with pytest.raises(UnusableInputError, match=r"'duration_h' = 2\.0: the event would end before a peak at 3 h"):
        build_site(RiverFloodSite, {"duration_h": 2.0})
