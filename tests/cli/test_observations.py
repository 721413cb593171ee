"""`frugal simulate` of series: what is printed, what is written, and the run beside what was measured."""

import json
import re
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import xarray

from frugal import cli

ROOT = Path(__file__).resolve().parents[2]
Run = Callable[..., tuple[int, str, str]]

ESTUARY = """
import numpy as np
from frugal.experiments.study import (
    Diagnostic, Measurement, Need, Observations, Output, Points, Scenario, Study, TimeAxis, Variable,
)
hours = np.arange(25.0)
places = Points("EPSG:2154", (380000.0, 417000.0), (6500000.0, 6422000.0), ("verdon", "bordeaux"))
def solve(surge):
    level = 2.0 * np.cos(2 * np.pi * hours[:, None] / 12.5 - np.array([0.0, 1.0])) + surge
    return {"level": level, "gust": surge * hours, "peak": level.max(axis=0), "highest": level.max()}
study = Study(
    name="estuary",
    inputs=(Variable("surge", "m", 0.0, 2.0, default=0.5),),
    outputs=(
        Output("level", "m", geometry=places, time=TimeAxis(hours, "hour", "2010-02-27T18:00:00Z")),
        Output("gust", "m/s", time=TimeAxis(hours, "hour")),
        Output("peak", "m", geometry=places),
        Output("highest", "m"),
    ),
    need=Need("levels", {}),
    solve=solve,
    scenarios=(Scenario("xynthia", {"surge": 1.0}, source="a storm"),),
    observations=(
        Observations("storm_2010", (Measurement("level", 2.9, "verdon", 0.0, 0.2),), "a gauge", "xynthia"),
    ),
)
"""


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> Run:
    monkeypatch.chdir(tmp_path)
    Path("estuary.py").write_text(ESTUARY)

    def call(*arguments: str) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["frugal", "simulate", "--study", "estuary.py", *arguments])
        with pytest.raises(SystemExit) as stopped:
            cli.main()
        said = capsys.readouterr()
        return int(stopped.value.code or 0), said.out, said.err

    return call


def test_a_series_is_told_place_by_place_with_the_time_of_its_highest(run: Run) -> None:
    code, out, _ = run("-i", "surge=1")
    assert code == 0 and out.splitlines() == [
        "level: 25 times at 2 places",
        "  verdon: -0.98423 to 3 m, highest at 2010-02-27 18:00Z",
        "  bordeaux: -0.98553 to 3 m, highest at 2010-02-27 20:00Z",
        "gust: 25 times",
        "  0 to 24 m/s, highest at 24 hour",
        "peak:",
        "  verdon: 3 m",
        "  bordeaux: 3 m",
        "highest: 3 m",
    ]
    answer = json.loads(run("-i", "surge=1", "--json")[1])["outputs"]
    assert np.shape(answer["level"]) == (25, 2)


def test_the_example_of_the_docs_is_read_and_told(run: Run, tmp_path: Path) -> None:
    (table,) = re.findall(r"```csv\n(.*?)```", (ROOT / "docs" / "observations.md").read_text(), re.DOTALL)
    (tmp_path / "xynthia.csv").write_text(table)
    code, out, err = run("-i", "surge=1", "--observations", "xynthia.csv")
    assert code == 0, err
    hours = np.array([7.0, 9.0, 10.5])
    phase = np.array([0.0, 1.0, 1.0])
    exact = 2 * np.cos(2 * np.pi * hours / 12.5 - phase) + 1
    between = [2 * np.cos(2 * np.pi * hour / 12.5 - 1) + 1 for hour in (10.0, 11.0)]
    apart = np.array([*exact[:2], np.mean(between)]) - [2.41, 3.41, 2.95]
    level, highest = out.splitlines()[-2:]
    assert level == (
        f"level against xynthia: n = 3, bias {apart.mean():+.4g} m, RMSE {np.sqrt(np.mean(apart**2)):.4g} m, "
        "0 % within two sigma"
    )
    assert highest == "highest against xynthia: n = 1, bias -0.1 m, RMSE 0.1 m, 100 % within two sigma"
    told = json.loads(run("-i", "surge=1", "--observations", "xynthia.csv", "--json")[1])["observations"]
    rows = told["outputs"][0]["rows"]
    assert told["outputs"][0]["within_two_sigma"] == 0 and [row["sigma"] for row in rows] == [
        0.05,
        pytest.approx(0.1),
        None,
    ]
    assert (rows[1]["place"], rows[1]["time"], rows[1]["measured"]) == ("bordeaux", 9.0, pytest.approx(3.41))
    np.testing.assert_allclose([row["modelled"] for row in rows], [*exact[:2], np.mean(between)])


def test_observations_of_the_study_ask_their_scenario_unless_another_is_named(run: Run) -> None:
    code, out, err = run("--observations", "storm_2010")
    assert code == 0 and "surge = 1 m (scenario xynthia)" in err
    assert out.splitlines()[-1] == "level against storm_2010: n = 1, bias +0.1 m, RMSE 0.1 m, 100 % within two sigma"
    out = run("--observations", "storm_2010", "-i", "surge=0")[1]
    assert out.splitlines()[-1] == "level against storm_2010: n = 1, bias -0.9 m, RMSE 0.9 m, 0 % within two sigma"


@pytest.mark.parametrize(
    ("named", "content", "told"),
    [
        ("storm_2011", None, "observations 'storm_2011' of study 'estuary' are unknown; known: storm_2010, or a file"),
        ("absent.csv", None, "absent.csv"),
        ("a.csv", "output,place,time,value\nlevel,royan,1,2\n", "at 'royan'; known: verdon, bordeaux"),
        ("a.csv", "output,place,time,value\nlevel,verdon,99,2\n", "known are 0 to 24"),
        ("a.csv", "output,place,value\nlevel,verdon,2\n", "needs a time"),
        ("a.csv", "# note\noutput,place,time,value\nlevel,verdon,3,2\n\nlevel,verdon,4,x\n", "line 5: value = 'x'"),
    ],
)
def test_observations_that_do_not_fit_are_refused_before_the_run(
    run: Run, tmp_path: Path, named: str, content: str | None, told: str
) -> None:
    if content:
        (tmp_path / named).write_text(content)
    Path("estuary.py").write_text(ESTUARY.replace("    level =", "    1 / 0\n    level ="))
    code, _, err = run("--observations", named)
    assert code == 2 and told in err


def test_measurements_on_dry_ground_are_left_out_and_counted(run: Run, tmp_path: Path) -> None:
    dry = 'Output("level", "m", valid_above=0.0, geometry'
    Path("estuary.py").write_text(ESTUARY.replace('Output("level", "m", geometry', dry))
    (tmp_path / "a.csv").write_text("output,place,time,value\nlevel,verdon,0,2.5\nlevel,verdon,6,2\n")
    code, out, err = run("-i", "surge=1", "--observations", "a.csv")
    assert code == 0, err
    told = "level against a: n = 1, bias +0.5 m, RMSE 0.5 m, 1 left out where the run has no value"
    assert out.splitlines()[-1] == told
    one = json.loads(run("-i", "surge=1", "--observations", "a.csv", "--json")[1])["observations"]["outputs"][0]
    assert (one["n"], one["undefined"], len(one["rows"])) == (1, 1, 1)
    (tmp_path / "a.csv").write_text("output,place,time,value\nlevel,verdon,6,2\n")
    code, out, _ = run("-i", "surge=1", "--observations", "a.csv", "--lang", "fr")
    assert code == 0 and "level comparé à a" in out and "n = 0, 1 laissées de côté" in out
    one = json.loads(run("-i", "surge=1", "--observations", "a.csv", "--json")[1])["observations"]["outputs"][0]
    assert (one["n"], one["bias"], one["rmse"]) == (0, None, None)


def test_out_writes_what_the_ending_says_and_tells_what_it_leaves_out(run: Run, tmp_path: Path) -> None:
    code, _, err = run("--out", "run.nc")
    assert code == 0 and "note:" not in err
    with xarray.open_dataset(tmp_path / "run.nc", engine="h5netcdf") as data:
        assert data.attrs["candidate"] == "full_physics" and data.level.sel(time="2010-02-27T20:00").size == 2
    code, _, err = run("--out", "run.gpkg")
    assert code == 0 and "note: 'run.gpkg' does not hold level, gust; a file that ends in .nc does" in err
    code, out, err = run("--out", "run.gpkg", "--observations", "storm_2010", "--lang", "fr")
    assert code == 0 and "remarque : « run.gpkg » ne contient pas level, gust" in err.replace("\u00a0", " ")
    assert "level comparé à storm_2010" in out and "biais +0.1 m" in out
    code, _, err = run("--out", "run.gpkg", "--geotiff", "run.tif")
    assert code == 2 and "former spelling" in err
    Path("estuary.py").write_text(ESTUARY.replace("    level =", "    1 / 0\n    level ="))
    code, out, err = run("--geotiff", "run.tif")
    assert (
        code == 2
        and out == ""
        and "has no map at one time: it fits a file that ends in .gpkg or .parquet or .nc" in err
    )
