"""The examples of the documentation go through all commands, with nothing in the package for them."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
EXAMPLES = ROOT / "docs" / "examples"
#: Most lines of an example, toy physics included.
MOST_LINES = 120


def frugal(folder: Path, *arguments: str, allowed: tuple[int, ...] = (0,)) -> subprocess.CompletedProcess[str]:
    ran = subprocess.run(
        [sys.executable, "-m", "frugal.cli", *arguments],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PYTHONPATH": str(ROOT), "LC_ALL": "C.UTF-8"},
    )
    assert ran.returncode in allowed, ran.stderr[-2000:]
    return ran


def test_examples_stay_short() -> None:
    for path in EXAMPLES.glob("*.py"):
        assert len(path.read_text(encoding="utf-8").splitlines()) <= MOST_LINES, path.name


@pytest.mark.parametrize(
    ("name", "question", "out"),
    [
        ("tide_levels", ("--scenario", "spring_2050"), "levels.nc"),
        ("fire_arrival", ("-i", "wind_m_s=36 km/h"), "fire.tif"),
    ],
)
def test_an_example_goes_through_all_commands(name: str, question: tuple[str, ...], out: str, tmp_path: Path) -> None:
    study = ("--study", str(EXAMPLES / f"{name}.py"))
    frugal(tmp_path, "need", *study, "--out", "need.toml")
    told = frugal(tmp_path, "simulate", *study)
    assert told.stderr.startswith("assumed:") and "note:" not in told.stderr
    run = json.loads(frugal(tmp_path, "simulate", *study, *question, "--out", f"run_{out}", "--json").stdout)
    frugal(tmp_path, "train", *study, "--need", "need.toml", "--n-runs", "64", "--out", name)
    ladder = json.loads((tmp_path / name / "candidates.json").read_text())["candidates"]
    by_name = {row["name"]: row for row in ladder}
    assert {row["name"] for row in ladder if row["status"] == "ok"} >= {"constant", "linear", "mlp", "gaussian_process"}
    output = next(iter(run["outputs"]))
    assert by_name["gaussian_process"]["error"][output]["value"] < by_name["constant"]["error"][output]["value"]
    frugal(tmp_path, "eval", name, *study)
    frugal(tmp_path, "audit", name, allowed=(0, 1))
    frugal(tmp_path, "predict", name, *question, "--out", out)
    assert (tmp_path / out).stat().st_size > 0 and (tmp_path / f"run_{out}").stat().st_size > 0
    assert (tmp_path / name / "audit.fr.html").is_file()


def test_levels_are_held_against_what_was_measured(tmp_path: Path) -> None:
    study = ("--study", str(EXAMPLES / "tide_levels.py"))
    told = json.loads(frugal(tmp_path, "simulate", *study, "--observations", "tide_levels", "--json").stdout)
    assert told["inputs"]["tide_range_m"] == 5.5  # of the scenario that the observations belong to
    (held,) = told["observations"]["outputs"]
    assert held["rmse"] < 0.1
    rough = frugal(tmp_path, "simulate", *study, "--observations", "tide_levels", "-p", "friction_m_s=0.005", "--json")
    (other,) = json.loads(rough.stdout)["observations"]["outputs"]
    assert other["rmse"] > 3 * held["rmse"]
