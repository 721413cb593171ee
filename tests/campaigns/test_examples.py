"""The examples of the documentation go through all commands, with nothing in the package for them."""

import json
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest
from campaigns_for_tests import WITH_AI, few_models, short_timings

ROOT = Path(__file__).resolve().parents[2]
EXAMPLES = ROOT / "docs" / "examples"
#: Most lines of an example, toy physics included.
MOST_LINES = 120

Run = Callable[..., tuple[str, str]]


@pytest.fixture
def frugal(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> Run:
    """Call the command line in this process, in an empty working folder: few models, and no MLflow."""
    from frugal.campaigns import campaign, workflow
    from frugal.cli import main

    few_models(monkeypatch, WITH_AI)
    short_timings(monkeypatch)
    monkeypatch.setattr(campaign, "Settings", partial(campaign.Settings, carbon=False))
    monkeypatch.setattr(workflow, "record_bundle", lambda bundle, name: "none")
    monkeypatch.chdir(tmp_path)

    def call(*arguments: str, allowed: tuple[int, ...] = (0,)) -> tuple[str, str]:
        monkeypatch.setattr(sys, "argv", ["frugal", *arguments])
        with pytest.raises(SystemExit) as stopped:
            main()
        said = capsys.readouterr()
        assert int(stopped.value.code or 0) in allowed, said.err
        return said.out, said.err

    return call


def test_examples_stay_short() -> None:
    for path in EXAMPLES.glob("*.py"):
        assert len(path.read_text(encoding="utf-8").splitlines()) <= MOST_LINES, path.name


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "runs", "question", "out"),
    [
        ("tide_levels", "48", ("--scenario", "spring_2050"), "levels.nc"),
        ("fire_arrival", "96", ("-i", "wind_m_s=36 km/h"), "fire.tif"),
    ],
)
def test_an_example_goes_through_all_commands(
    name: str, runs: str, question: tuple[str, ...], out: str, frugal: Run, tmp_path: Path
) -> None:
    study = ("--study", str(EXAMPLES / f"{name}.py"))
    frugal("need", *study, "--out", "need.toml")
    _, told = frugal("simulate", *study)
    assert told.startswith("assumed:") and "note:" not in told
    run = json.loads(frugal("simulate", *study, *question, "--out", f"run_{out}", "--json")[0])
    frugal("train", *study, "--need", "need.toml", "--n-runs", runs, "--out", name)
    rows = {row["name"]: row for row in json.loads((tmp_path / name / "candidates.json").read_text())["candidates"]}
    assert all(rows[model]["status"] == "ok" for model in ("constant", "linear", "gaussian_process", "nearest_run"))
    output = next(iter(run["outputs"]))
    assert rows["gaussian_process"]["error"][output]["value"] < rows["constant"]["error"][output]["value"]
    frugal("eval", name, *study)
    frugal("audit", name, allowed=(0, 1, 4))  # 4 where the machine was too busy to measure
    frugal("predict", name, *question, "--out", out)
    assert (tmp_path / out).stat().st_size > 0 and (tmp_path / f"run_{out}").stat().st_size > 0
    assert (tmp_path / name / "audit.fr.html").is_file()


def test_levels_are_held_against_what_was_measured(frugal: Run) -> None:
    study = ("--study", str(EXAMPLES / "tide_levels.py"))
    told = json.loads(frugal("simulate", *study, "--observations", "tide_levels", "--json")[0])
    assert told["inputs"]["tide_range_m"] == 5.5  # of the scenario that the observations belong to
    (held,) = told["observations"]["outputs"]
    assert held["rmse"] < 0.1
    rough = frugal("simulate", *study, "--observations", "tide_levels", "-p", "friction_m_s=0.005", "--json")[0]
    (other,) = json.loads(rough)["observations"]["outputs"]
    assert other["rmse"] > 3 * held["rmse"]
