"""Forecasts that go on from day to day, on a short deep bay whose water follows the sea as the tide tables have it."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from frugal.errors import UnusableInputError
from frugal.estuaries.forecasting.question import ForecastQuestion
from frugal.estuaries.forecasting.run import Forecast, make_forecast
from frugal.estuaries.forecasting.skill import persistence, skill_of
from frugal.estuaries.forecasting.state import ToldSeries, state_bytes
from frugal.experiments.study.site import build_site
from frugal.formats.time_series import TimeSeries
from frugal.physics.tide.prediction import HarmonicConstants, predict
from frugal.studies.estuary.place.site import EstuarySite

BAY = """
name = "bay"
cell_m = 2000.0
[[reach]]
name = "bay"
seaward = "sea"
landward = "mill"
distance_km = [0, 10]
depth_m = [30, 30]
width_m = [3000, 3000]
friction = 0.02
line = [[0, 45], [0.1, 45]]
[[mouth]]
place = "sea"
tide = {M2 = [1.5, 100.0], S2 = [0.5, 140.0], K1 = [0.06, 80.0]}
mean_level_m = 0.2
[[river]]
place = "mill"
name = "brook"
flow_m3_s = [5.0, 200.0]
mean_flow_m3_s = 40.0
[[gauge]]
name = "Pier"
reach = "bay"
km = 5.0
[[intake]]
name = "Works"
reach = "bay"
km = 9.0
[salt]
convergence_km = 20.0
"""
BEGIN = float(np.datetime64("2026-11-30T00:00", "s").astype(np.int64))
DAY = 86_400.0
TIDE = HarmonicConstants(["M2", "S2", "K1"], [1.5, 0.5, 0.06], [100.0, 140.0, 80.0])


def text_of(time_s: float) -> str:
    return f"{np.datetime64(int(time_s), 's')}Z"


def write(path: Path, head: str, times: np.ndarray, *columns: np.ndarray) -> Path:
    rows = [",".join([text_of(time), *(f"{c[k]:.4f}" for c in columns)]) for k, time in enumerate(times)]
    path.write_text("\n".join([f"time_utc,{head}", *rows]) + "\n")
    return path


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("bay")
    (path / "bay.toml").write_text(BAY)
    hours = BEGIN + 3600.0 * np.arange(-24 * 6, 24 * 6 + 1)
    write(path / "flows.csv", "brook [m3/s]", hours, 40.0 + 20.0 * np.sin(hours / 1e5))
    write(path / "surge.csv", "surge [m]", hours, 0.3 * np.exp(-(((hours - BEGIN - DAY) / DAY) ** 2)))
    return path


@pytest.fixture(scope="module")
def site(folder: Path) -> EstuarySite:
    return build_site(EstuarySite, {}, folder / "bay.toml")  # type: ignore[return-value]


@pytest.fixture(scope="module")
def asked(folder: Path, site: EstuarySite) -> ForecastQuestion:
    return ForecastQuestion(site, BEGIN, 3.0, ((None, folder / "flows.csv"),), folder / "surge.csv")


@pytest.fixture(scope="module")
def today(asked: ForecastQuestion, folder: Path) -> Forecast:
    found = make_forecast(asked)
    (folder / "state.npz").write_bytes(state_bytes(found.state))
    return found


def test_levels_are_the_tide_of_these_days_with_surge_and_mean(today: Forecast, asked: ForecastQuestion) -> None:
    times = today.told.times_s
    assert times[0] == BEGIN - 3 * DAY and times[-1] == BEGIN + 3 * DAY and np.all(np.diff(times) == 600.0)
    expected = 0.2 + predict(times, TIDE) + 0.3 * np.exp(-(((times - BEGIN - DAY) / DAY) ** 2))
    # 10 km of 30 m of water swell by cos(k 5 km) / cos(k 10 km) - 1 = 0.25 %, and lag by friction alone
    assert np.abs(today.told.levels_m[:, 0] - expected).max() < 0.02
    assert today.flows_m3_s[-1, 0] == pytest.approx(40.0 + 20.0 * math.sin(times[-1] / 1e5), abs=0.01)
    waters = today.waters["Pier"]
    assert abs(np.median(np.diff(waters.time_s)) / 3600.0 - 6.21) < 0.3
    assert 0.0 < today.told.salinity_psu.min() < today.told.salinity_psu.max() < 34.0


def test_tomorrow_goes_on_as_if_today_had_not_stopped(today: Forecast, asked: ForecastQuestion, folder: Path) -> None:
    tomorrow = replace(asked, begin_s=BEGIN + DAY, days=2.0)
    on = make_forecast(replace(tomorrow, state=folder / "state.npz"))
    long = make_forecast(replace(tomorrow, spin_up_days=31.0))
    assert on.went_on_from_s == BEGIN and long.went_on_from_s is None
    np.testing.assert_array_equal(on.told.times_s, long.told.times_s)
    assert np.abs(on.told.levels_m - long.told.levels_m).max() < 1e-9
    assert np.abs(on.told.salinity_psu - long.told.salinity_psu).max() < 1e-9
    assert np.abs(on.state.carriage.c - long.state.carriage.c).max() < 1e-9
    both = on.told.times_s <= BEGIN + 3 * DAY  # the past that the state brings is what was told today
    same = np.isin(today.told.times_s, on.told.times_s[both])
    assert np.abs(today.told.levels_m[same] - on.told.levels_m[both]).max() < 1e-9
    # through the afternoon of a day that is none of the moments at which runs stop anyway
    noon = make_forecast(replace(asked, begin_s=BEGIN + 0.5 * DAY + 3600.0, days=0.5, state=folder / "state.npz"))
    (folder / "noon.npz").write_bytes(state_bytes(noon.state))
    later = make_forecast(replace(tomorrow, state=folder / "noon.npz"))
    assert np.abs(later.told.levels_m - long.told.levels_m).max() < 1e-9


def test_rivers_that_end_are_kept_only_when_told(asked: ForecastQuestion, today: Forecast, folder: Path) -> None:
    short = write(
        folder / "short.csv", "brook [m3/s]", BEGIN + np.array([-2 * DAY, -DAY, 0.0]), np.array([30.0, 40.0, 50.0])
    )
    asked = replace(asked, series=(("brook", short),), state=None)
    with pytest.raises(UnusableInputError, match=r"discharge of brook ends 2026-11-30.*add --hold-flows"):
        make_forecast(asked)
    kept = make_forecast(replace(asked, hold_flows=True, surge=None))
    assert kept.flows_m3_s[-1, 0] == 50.0 and kept.held_from_s == {"brook": BEGIN}
    told = [note["en"] for note in kept.notes]
    assert "the discharge of brook ends 2026-11-30T00:00:00Z; its last value is kept for 3.0 days" in told
    assert any(note.startswith("no surge is given") for note in told) and any("first value" in note for note in told)


def refused(asked: ForecastQuestion, folder: Path) -> dict[str, tuple[dict[str, Any], str]]:
    times = BEGIN + DAY * np.arange(-8, 8)
    tide = write(folder / "tide.csv", "surge [m]", times, 2.0 * np.cos(np.arange(16.0)))
    odd = write(folder / "odd.csv", "brook [m3/s]", times, np.full(16, 0.04))
    late = write(folder / "late.csv", "brook [m3/s]", times + 9 * DAY, np.full(16, 40.0))
    holed = write(folder / "holed.csv", "surge [m]", BEGIN + 3600.0 * np.array([-9, -8, -7, 2, 3]), np.zeros(5))
    (folder / "bare.csv").write_text("time,brook [m3/s]\n2026-11-20T00:00,40\n2026-12-09T00:00,40\n")
    (folder / "broken.npz").write_bytes((folder / "state.npz").read_bytes()[:-100])
    other = asked.site.model_copy(update={"cell_m": 1000.0})
    state = folder / "state.npz"
    return {
        "no river": ({"series": ()}, "no discharge is given for brook"),
        "unknown river": ({"series": (("brok", odd),)}, "'brok' is no river of this site; brook are allowed; did you mean"),
        "late": ({"series": ((None, late),)}, "discharge of brook begins 2026-12-01T00:00:00Z, the forecast 2026-11-30"),
        "unit": ({"series": ((None, odd),)}, "is 0.04 m3/s in the middle, where this site has 5 to 200 m3/s"),
        "twice": ({"series": ((None, odd), (None, late))}, "has brook too"),
        "zone": ({"series": ((None, folder / "bare.csv"),)}, "has no zone; write Z"),
        "surge": ({"surge": tide}, "the surge varies by .* as levels with their tide do"),
        "surge gap": ({"surge": holed}, "no value from 2026-11-29T17:00:00Z to 2026-11-30T02:00:00Z, 9 h"),
        "site": ({"site": other, "state": state}, "is of another estuary than this site"),
        "after": ({"begin_s": BEGIN - DAY, "state": state}, "is of 2026-11-30T00:00:00Z, after --from 2026-11-29"),
        "old": ({"begin_s": BEGIN + 2.5 * DAY, "state": state, "series": ((None, late),)}, "the state that it goes on from"),
        "broken": ({"state": folder / "broken.npz"}, "is damaged or no state"),
        "no state": ({"state": folder / "flows.csv"}, "is damaged or no state"),
        "nothing": ({"state": folder / "none.npz"}, "cannot be read"),
        "minute": ({"begin_s": BEGIN + 60.0}, "2026-11-30T00:01:00Z: forecasts begin at whole hours"),
        "days": ({"days": 90.0}, "--days 90; 0.0417 to 60 are allowed"),
        "gauge": ({"stations": {"Pear": "X"}}, "'Pear' is no river and no gauge .* did you mean 'Pier'"),
        "no gauge": ({"observed": (("Pear", odd),)}, "--observed 'Pear' is no gauge of this site; Pier are allowed; did you"),
        "observed": ({"observed": ((None, odd),)}, "has no level of Pier"),
    }  # fmt: skip


def test_what_cannot_be_meant_is_one_sentence(asked: ForecastQuestion, today: Forecast, folder: Path) -> None:
    for case, (changes, told) in refused(asked, folder).items():
        with pytest.raises(UnusableInputError, match=told):
            make_forecast(replace(asked, **changes))
            pytest.fail(f"{case} is taken")


def test_a_gauge_outside_is_refused_with_its_reach(folder: Path) -> None:
    (folder / "outside.toml").write_text(BAY.replace("km = 5.0", "km = 15.0"))
    with pytest.raises(UnusableInputError, match="gauge 'Pier' lies at 15 km of reach 'bay', which is 10 km long"):
        build_site(EstuarySite, {}, folder / "outside.toml")


def test_persistence_is_the_last_tidal_day_and_skill_is_against_it() -> None:
    """A wave of 12 h told again after 24 h 50 min misses itself by sqrt(2) sin(pi 50 / 720) of its amplitude."""
    times = BEGIN + 600.0 * np.arange(-144 * 6, 144 * 2)
    wave = np.cos(2.0 * math.pi * times / 43_200.0)
    observed = TimeSeries(times, wave + 3.0, True, "x")
    again = persistence(times, observed, BEGIN)
    assert np.isnan(again[:149]).all() and np.isfinite(again[149:]).all()
    ahead = times > BEGIN + 89_400.0  # two tidal days back there, as the last one is not observed by then
    np.testing.assert_allclose(
        again[ahead] - 3.0, np.cos(2 * math.pi * (times[ahead] - 178_800.0) / 43_200.0), atol=1e-6
    )
    error = 0.1 * np.cos(2.0 * math.pi * times / 7200.0)
    told = ToldSeries(times, ("Pier",), (wave + error + 0.5)[:, None], (), np.zeros((len(times), 0)))
    past, _ = skill_of(told, {"Pier": observed}, BEGIN)
    assert (past.gauge, past.period) == ("Pier", "past") and past.values == 144 * 6 + 1 - 149
    assert past.mean_m == pytest.approx(-2.5, abs=1e-3)
    assert past.rmse_m == pytest.approx(0.1 / math.sqrt(2.0), rel=0.01)
    assert past.persistence_rmse_m == pytest.approx(math.sqrt(2.0) * math.sin(math.pi * 50.0 / 720.0), rel=0.01)
    assert past.score == pytest.approx(1.0 - (0.1 / math.sqrt(2.0) / 0.3053) ** 2, abs=0.01)
