"""`frugal simulate` of a study with maps: what the run booked, and its maps in their place."""

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import rasterio

from frugal import cli

Run = Callable[..., tuple[int, str, str]]

POND = """
import numpy as np
from frugal.experiments.study import Diagnostic, Derived, Need, Output, Study, Variable
bed = np.array([[0.0, 1.0, 2.0], [0.5, 1.5, 2.5]])
def solve(x):
    depth = np.maximum(x[0] - bed, 0.0)
    return {"depth": depth, "speed": depth / 2, "volume_in": 100 * depth.sum(), "steps": 12}
study = Study(
    name="pond",
    inputs=(Variable("level", "m", 0.0, 3.0),),
    outputs=(
        Output("depth", "m", ("y", "x"), {"y": [15, 5], "x": [5, 15, 25]}, low=0.0, valid_above=0.1),
        Output("speed", "m/s", ("y", "x"), {"y": [15, 5], "x": [5, 15, 25]}, defined_where="depth"),
        Output("volume", "m^3", derived=Derived("depth", "sum", 100.0)),
    ),
    need=Need("one map", {}),
    solve=solve,
    diagnostics=(Diagnostic("volume_in", "m^3"), Diagnostic("steps", "1")),
    grid={"crs": "EPSG:2154", "transform": [10, 0, 400000, 0, -10, 6500020]},
)
"""

STORM = ("surge_peak=1.5", "tide_range=6", "breach_width=100", "breach_position=0.5")


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> Run:
    monkeypatch.chdir(tmp_path)
    Path("pond.py").write_text(POND)

    def call(*arguments: str) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["frugal", "simulate", *arguments])
        with pytest.raises(SystemExit) as stopped:
            cli.main()
        said = capsys.readouterr()
        return int(stopped.value.code or 0), said.out, said.err

    return call


def test_what_a_run_booked_is_told_in_text_and_json(run: Run) -> None:
    code, out, _ = run("--study", "pond.py", "-i", "level=1.5")
    assert code == 0 and out.splitlines()[-3:] == ["volume: 300 m^3", "volume_in: 300 m^3", "steps: 12"]
    assert json.loads(run("--study", "pond.py", "-i", "level=1.5", "--json")[1])["booked"] == {
        "volume_in": 300.0,
        "steps": 12.0,
    }


def test_what_a_study_finds_in_a_run_is_told_beside_it_and_in_its_file(run: Run, tmp_path: Path) -> None:
    found = "lambda outputs, level: ({'en': f'{outputs[\"depth\"].max():g} m', 'fr': f'{level:g} m en vue'},)"
    Path("pond.py").write_text(POND.replace("    solve=solve,", f"    solve=solve,\n    found={found},"))
    code, out, err = run("--study", "pond.py", "-i", "level=1.5", "--geotiff", "pond.tif", "--lang", "fr")
    assert code == 0 and "1.5 m en vue" in err and "en vue" not in out
    with rasterio.open(tmp_path / "pond.tif") as dataset:
        assert dataset.tags()["NOTES"] == "1.5 m"


def test_french_screens_have_signs_of_units_and_a_decimal_comma(run: Run) -> None:
    asked = ("--study", "pond.py", "-i", "level=1.525", "--lang", "fr")
    Path("pond.py").write_text(POND.replace('Diagnostic("steps", "1")', 'Diagnostic("steps", "hour")'))
    code, out, _ = run(*asked)
    assert code == 0 and out.splitlines() == [
        "depth: champ de 2 × 3, de 0 à 1,525 m",
        "speed: champ de 2 × 3, de 0 à 0,7625 m/s",
        "volume: 310 m³",
        "volume_in: 310 m³",
        "steps: 12 h",
    ]


@pytest.mark.parametrize("given", ["'steps_taken': 12", "'steps': [1, 2]", "'steps': 'many'"])
def test_a_solver_that_does_not_book_what_it_says_is_told(run: Run, given: str) -> None:
    Path("pond.py").write_text(POND.replace('"steps": 12', given))
    code, out, err = run("--study", "pond.py", "-i", "level=1.5")
    assert code == 1 and out == "" and "books 'steps'" in err and "Traceback" not in err


def test_a_number_cannot_be_booked_under_the_name_of_an_output(run: Run) -> None:
    Path("pond.py").write_text(POND.replace('Diagnostic("steps"', 'Diagnostic("volume"'))
    code, _, err = run("--study", "pond.py", "-i", "level=1.5")
    assert code == 2 and "uses the name 'volume' twice" in err


def test_the_maps_of_a_run_lie_in_their_place(run: Run, tmp_path: Path) -> None:
    code, out, _ = run("--study", "pond.py", "-i", "level=1.5", "--geotiff", "pond.tif", "--json")
    answer = json.loads(out)["outputs"]
    with rasterio.open(tmp_path / "pond.tif") as dataset:
        assert dataset.crs.to_epsg() == 2154 and dataset.bounds == (400_000.0, 6_500_000.0, 400_030.0, 6_500_020.0)
        assert dataset.descriptions == ("depth", "speed") and dataset.units == ("m", "m/s")
        tags = dataset.tags()
        depth, speed = dataset.read(1), dataset.read(2, masked=True)
    assert code == 0 and (tags["CANDIDATE"], tags["VOLUME"], tags["VOLUME_IN"]) == (
        "full_physics",
        "300 m^3",
        "300 m^3",
    )
    told = np.array(answer["depth"])
    np.testing.assert_allclose(depth, np.where(told > 0.1, told, -9999))  # dry cells hold no data
    np.testing.assert_array_equal(np.ma.getmaskarray(speed), told <= 0.1)


def test_without_a_place_there_is_no_geotiff_and_no_run(run: Run, tmp_path: Path) -> None:
    unplaced = POND.replace('    grid={"crs"', '    site={"crs"').replace("    depth =", "    1 / 0\n    depth =")
    Path("pond.py").write_text(unplaced)
    code, _, err = run("--study", "pond.py", "-i", "level=1.5", "--geotiff", "pond.tif")
    assert code == 2 and "does not say where its maps lie" in err and not (tmp_path / "pond.tif").exists()


def test_the_water_of_a_flood_is_all_accounted_for(run: Run) -> None:
    inputs: list[Any] = [part for value in STORM for part in ("-i", value)]
    code, out, _ = run("submersion", "--set", "cells=32", *inputs, "--json")
    booked = json.loads(out)["booked"]
    assert code == 0 and list(booked) == ["volume_in", "volume_out", "volume_stored", "volume_imbalance"]
    assert booked["volume_in"] > 1e5 and booked["volume_out"] > 0
    spare = booked["volume_in"] - booked["volume_out"] - booked["volume_stored"]
    assert abs(spare) < 1e-9 * booked["volume_in"] and abs(booked["volume_imbalance"]) < 1e-10


def test_a_wave_that_cannot_be_is_told_and_stands_in_the_tags_with_its_site(run: Run, tmp_path: Path) -> None:
    asked = ("-i", "peak_discharge=300", "-i", "volume=16e6", "--set", "duration_h=4")
    code, out, err = run("river_flood", *asked, "--geotiff", "wave.tif", "--lang", "en")
    assert code == 0 and "max_depth" in out
    told = "a peak of 300 m³/s after 2 h brings no more within the event of 4 h"
    brought = float(err.split("the wave brings ")[1].split()[0])
    assert f"of the 16 million m³ that are asked: {told}" in err and 3.0 < brought < 270 * 4 * 3600 / 1e6
    with rasterio.open(tmp_path / "wave.tif") as dataset:
        assert dataset.descriptions[-1] == "zone" and dataset.tags()["ZONE"] == "0 asked; 1 river bed"
        assert set(np.unique(dataset.read(dataset.count))) == {0.0, 1.0}
        assert told in dataset.tags()["NOTES"] and json.loads(dataset.tags()["SITE"])["duration_h"] == 4.0
        assert "nowhere on Earth" in dataset.crs.to_wkt()
        arrival = dataset.read(3, masked=True)
        assert arrival.max() <= 4.0
