"""`frugal simulate --details`: a folder that appears whole, and what is refused before anything is computed."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

Run = Callable[..., tuple[int, str, str]]


def test_a_flood_is_told_in_a_folder(run: Run, tmp_path: Path) -> None:
    asked = ("simulate", "submersion", "--set", "cells=16", "--details", "told", "--every", "30min")
    code, out, _ = run(*asked, "--json")
    assert code == 0 and json.loads(out)["outputs"]["flooded_area"] > 0.0
    summary = json.loads((tmp_path / "told" / "details.json").read_text())
    assert summary["answer"]["study"] == "submersion" and summary["sections_m3"]["breach"] > 0.0
    assert {"hazard.tif", "depth.tif", "contours.gpkg", "discharge.csv"} <= {
        path.name for path in (tmp_path / "told").iterdir()
    }
    assert set(summary["files"]) | {"details.json"} == {path.name for path in (tmp_path / "told").iterdir()}


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("--times", "1h"), "--times goes with --details DIR"),
        (("--details", "d", "--times", "2h,1h"), "--times '2h,1h' does not rise"),
        (("--details", "d", "--times", "2"), "--times '2' is no time"),
        (("--details", "d", "--every", "1ms"), "--every '1ms' is too short"),
        (("--details", "kept"), "--details 'kept' exists and holds something else"),
        (("--details", "d", "--points", "none.csv"), "points 'none.csv' does not exist"),
    ],
)
def test_what_cannot_be_told_is_refused(run: Run, tmp_path: Path, arguments: tuple[str, ...], sentence: str) -> None:
    (tmp_path / "kept").mkdir()
    (tmp_path / "kept" / "thesis.txt").write_text("years")
    code, _, err = run("simulate", "submersion", "--set", "cells=16", *arguments, "--lang", "en")
    assert code == 2 and sentence in err
    assert not (tmp_path / "d").exists() and (tmp_path / "kept" / "thesis.txt").exists()


def test_a_study_without_details_says_so(run: Run) -> None:
    code, _, err = run(
        "simulate", "roof_yield", "--details", "d", "-i", "tilt_deg=30", "-i", "azimuth_deg=180", "--lang", "en"
    )
    assert code == 2 and "study 'roof_yield' tells no details of a run" in err
