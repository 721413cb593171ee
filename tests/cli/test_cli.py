"""The command line as its user meets it: one sentence and an exit code for each fault, one JSON document on request."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from campaigns_for_tests import WITH_AI, few_models, given_times, made_once, short_timings

from frugal.errors import EnvironmentFaultError, UnusableInputError

ROOT = Path(__file__).resolve().parents[2]
EXAMPLE = ROOT / "docs" / "examples" / "oxygen_sag.py"

Run = Callable[..., tuple[int, str, str]]

SMALL = """
import numpy as np
from frugal.experiments.study import CallPattern, Need, Output, Study, Tolerance, Variable, formula
study = Study(
    name="small",
    inputs=(Variable("speed", "m/s", 0.0, 10.0), Variable("depth", "m", 1.0, 4.0, default=2.0)),
    outputs=(Output("head", "m", low=0.0),),
    need=Need("one head", {"head": Tolerance("nrmse", 0.02)}, queries=(1e3, 1e5)),
    solve=lambda x: {"head": x[1] + x[0] ** 2 / 19.62},
    alternatives=(formula("still", lambda x: {"head": x[:, 1]}, kind="coarse_physics"),),
    n_runs=48,
)
"""


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """No codecarbon, no MLflow, few models, short timings: what they do is tested elsewhere."""
    from frugal.campaigns import campaign, workflow

    monkeypatch.setattr(workflow, "record_bundle", lambda bundle, name: "none")
    monkeypatch.setattr(workflow, "evaluate_bundle", partial(workflow.evaluate_bundle, carbon=False))
    monkeypatch.setattr(campaign, "Settings", partial(campaign.Settings, carbon=False))
    few_models(monkeypatch, (*WITH_AI, "table", "quadratic"))
    short_timings(monkeypatch)


@pytest.fixture
def small(tmp_path: Path) -> str:
    path = tmp_path / "small.py"
    path.write_text(SMALL)
    return str(path)


@pytest.fixture
def trained(run: Run, quick: None, small: str, tmp_path: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    """The bundle of the small study in the working folder: a copy of one that was trained once."""

    def make(folder: Path) -> None:
        assert run("train", "--study", small)[0] == 0
        (tmp_path / "bundles").rename(folder / "bundles")

    shutil.copytree(made_once(tmp_path_factory, "small_answer", make) / "bundles", tmp_path / "bundles")


def test_studies_are_listed(run: Run) -> None:
    code, out, _ = run("studies", "--json")
    assert code == 0
    assert {study["name"] for study in json.loads(out)} >= {"roof_yield", "submersion", "river_flood"}


def test_a_campaign_from_a_file_to_a_prediction(run: Run, quick: None, small: str, tmp_path: Path) -> None:
    code, out, err = run("train", "--study", small, "--lang", "fr")
    assert code == 0, err
    assert "IA" in out and "bundles/small" in out
    assert "simulation" in err
    code, out, _ = run("predict", "bundles/small", "-i", "speed=18km/h", "--json")
    assert code == 0
    answer = json.loads(out)
    assert answer["head"] == pytest.approx(2 + 25 / 19.62, rel=0.02)
    assert answer["head_lower"] <= answer["head"] <= answer["head_upper"]
    assert answer["in_domain"] is True
    code, out, _ = run("eval", "bundles/small", "--study", small, "--json")
    assert code == 0
    again = json.loads(out)
    assert all(row["measured_again"] for row in again["candidates"] if row["status"] == "ok")
    assert list((tmp_path / "bundles" / "small" / "evaluations").glob("*.svg"))
    Path("other.py").write_text(SMALL.replace("19.62", "19.6"))
    code, out, err = run("eval", "bundles/small", "--study", "other.py", "--json")
    physics = next(row for row in json.loads(out)["candidates"] if row["name"] == "full_physics")
    assert code == 0 and physics["measured_again"] is False
    assert "note: the physics of 'other.py' is not measured: the study at hand is not the one" in err
    err = run("eval", "bundles/small", "--study", "other.py", "--lang", "fr")[2].replace("\u00a0", " ")
    assert "remarque : la physique de « other.py » n'est pas mesurée : l'étude donnée n'est pas celle" in err
    code, out, _ = run("eval", "bundles/small", "--json")
    physics = next(row for row in json.loads(out)["candidates"] if row["name"] == "full_physics")
    assert physics["measured_again"] is False and "small" in physics["measured_again_reason"]
    code, out, _ = run("audit", "bundles/small", "--json")
    assert code in (0, 1)
    assert json.loads(out)["verdict"] == "not_demonstrated"
    assert run("predict", "bundles/small", "-i", "speed=1")[0] == 0  # the audit sealed it again


def test_a_table_of_predictions(run: Run, trained: None) -> None:
    pd.DataFrame({"speed": [0.0, 10.0], "name": ["a", "b"]}).to_csv("ask.csv", index=False)
    code, out, _ = run("predict", "bundles/small", "--csv", "ask.csv", "--out", "answers.csv")
    assert code == 0 and "answers.csv" in out
    table = pd.read_csv("answers.csv")
    assert list(table.columns) == ["speed", "name", "head", "head_lower", "head_upper", "in_domain"]
    assert table["name"].tolist() == ["a", "b"]
    np.testing.assert_allclose(table["head"], [2.0, 2 + 100 / 19.62], rtol=0.03)
    pd.DataFrame({"speed": [0.0, np.nan]}).to_csv("hole.csv", index=False)
    code, _, err = run("predict", "bundles/small", "--csv", "hole.csv", "--out", "none.csv")
    assert code == 2 and "speed" in err
    assert not Path("none.csv").exists()
    pd.DataFrame({"speed": [5.0, 10.003, 0.0, 99.0]}).to_csv("hair.csv", index=False)
    code, _, err = run("predict", "bundles/small", "--csv", "hair.csv", "--out", "hair_answers.csv")
    table = pd.read_csv("hair_answers.csv")
    assert code == 1 and table["head"].isna().tolist() == [False, True, False, True] and "Traceback" not in err
    assert table["in_domain"].tolist() == [True, False, True, False]
    assert (
        "2 of the rows are out of bounds" in err
        and "line 3: input 'speed' = 10.003 m/s is out of bounds [0, 10]" in err
    )
    code, _, err = run("predict", "bundles/small", "--csv", "hair.csv", "--lang", "fr", "--json")
    assert code == 1 and "l'entrée « speed » = 10.003 m/s est hors des bornes [0, 10]" in err.replace("\u00a0", " ")
    pd.DataFrame({"speed": [99.0]}).to_csv("far.csv", index=False)
    assert (
        run("predict", "bundles/small", "--csv", "far.csv", "--out", "none.csv")[0] == 2
        and not Path("none.csv").exists()
    )
    code, _, err = run("predict", "bundles/small", "--csv", "ask.csv", "--out", "none.xlsx")
    assert code == 2 and "'none.xlsx' of a table must end in .csv or .parquet" in err
    assert not Path("none.xlsx").exists()
    pd.DataFrame({"velocity": [0.0]}).to_csv("other.csv", index=False)
    code, _, err = run("predict", "bundles/small", "--csv", "other.csv")
    assert code == 2 and "speed" in err


def test_a_table_of_runs_goes_through_without_physics(run: Run, quick: None, monkeypatch: pytest.MonkeyPatch) -> None:
    given_times(monkeypatch)
    rng = np.random.default_rng(0)
    rows = rng.uniform(0, 1, (80, 2))
    pd.DataFrame({"a": rows[:, 0], "b": rows[:, 1], "y": 3 + rows @ [1.0, 2.0]}).to_parquet("runs.parquet")

    def full(bundle: Path, campaign: str) -> str:
        raise EnvironmentFaultError("MLflow could not record the campaign: disk full; the bundle itself is complete")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("frugal.campaigns.workflow.record_bundle", full)
        code, out, err = run("train", "--runs", "runs.parquet", "--inputs", "a,b", "--outputs", "y", "--json")
    assert code == 0 and "note: MLflow could not record the campaign: disk full; the bundle itself" in err, err
    assert json.loads(out)["notes"] == [
        "MLflow could not record the campaign: disk full; the bundle itself is complete"
    ]
    audit = json.loads(out)["audit"]
    assert audit["verdict"] == "not_assessed"
    assert audit["decisions"][0]["missing_baselines"] == ["full physics"]
    assert run("audit", "bundles/runs")[0] == 4
    Path("need.toml").write_text(
        'functional_unit = "one row"\nqueries = [1000, 100000]\n[tolerances.y]\nmetric = "nrmse"\nlimit = 0.02\n'
    )
    arguments = ("--runs", "runs.parquet", "--inputs", "a,b", "--outputs", "y", "--need", "need.toml", "--json")
    code, out, _ = run("train", *arguments)
    decision = json.loads(out)["audit"]["decisions"][0]
    assert (decision["verdict"], decision["winner_is_ai"]) == ("not_demonstrated", False)


def test_one_run_of_the_solver(run: Run, small: str) -> None:
    code, out, _ = run("simulate", "--study", small, "-i", "speed=36km/h", "-i", "depth=300cm", "--json")
    assert code == 0
    assert json.loads(out)["outputs"]["head"] == pytest.approx(3 + 100 / 19.62)
    code, _, err = run("simulate", "--study", small, "-i", "speed=10.00004")
    assert code == 2 and "'speed' = 10.00004 m/s is out of bounds [0, 10]" in err
    code, _, err = run("simulate", "--study", small, "-i", "speed=3 (")
    assert code == 2 and "unit '(' is unknown" in err


def test_a_study_file_that_prints_leaves_the_answer_alone(run: Run) -> None:
    Path("loud.py").write_text(
        "print('loaded')\n" + SMALL.replace('lambda x: {"head": x[1]', "lambda x: print('run') or {\"head\": x[1]")
    )
    code, out, err = run("simulate", "--study", "loud.py", "-i", "speed=1", "--json")
    assert code == 0 and json.loads(out)["outputs"] and "loaded" in err and "run" in err
    code, out, err = run("need", "--study", "loud.py")
    assert code == 0 and out == "need.toml\n" and "loaded" in err
    code, out, err = run("train", "--study", "loud.py", "--dry-run", "--json")
    assert code == 0 and json.loads(out)["runs"] == 48 and "run" in err
    code, out, err = run("studies", "--study", "loud.py", "--json")
    assert code == 0 and json.loads(out)["name"] == "small" and "loaded" in err


def test_a_dry_run_spends_nothing(run: Run, small: str) -> None:
    code, out, _ = run("train", "--study", small, "--dry-run", "--json")
    plan = json.loads(out)
    assert code == 0 and plan["runs"] == 48 and plan["tier"] == "T4"
    assert sorted(path.name for path in Path.cwd().iterdir()) == ["small.py"]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("train", "roof_yeild"), "did you mean 'roof_yield'"),
        (("train",), "name of a study"),
        (("train", "roof_yield", "--n-runs", "many"), "--n-runs 'many'"),
        (("train", "roof_yield", "--n-runs", "auto:few"), "--n-runs 'auto:few'"),
        (("train", "--runs", "t.csv", "--inputs", "a", "--n-runs", "auto"), "--runs gives them: leave one out"),
        (("train", "roof_yield", "--n-runs", "3"), "at least 16"),
        (("train", "roof_yield", "--lang", "de"), "--lang 'de'"),
        (("train", "roof_yield", "--set", "wether=a.epw"), "'wether'"),
        (("train", "roof_yield", "--set", "weather=absent.epw"), "absent.epw"),
        (("train", "roof_yield", "--set", "dsm=absent.tif"), "absent.tif"),
        (("train", "--study", "absent.py"), "absent.py"),
        (("train", "--runs", "absent.csv", "--inputs", "a", "--outputs", "y"), "absent.csv"),
        (("train", "--runs", "t.csv", "--inputs", "a", "--outputs", "z"), "'z'"),
        (("train", "--runs", "t.csv", "--inputs", "a", "--outputs", "a"), "named twice"),
        (("train", "--runs", "t.csv", "--inputs", "", "--outputs", "y"), "--inputs"),
        (("train", "--runs", "hole.csv", "--inputs", "a", "--outputs", "y"), "line 7: the value is missing"),
        (("train", "--runs", "empty.csv", "--inputs", "a", "--outputs", "y"), "empty"),
        (("train", "--runs", "t.csv", "--inputs", "a", "--outputs", "y"), "at least 16"),
        (("train", "--runs", "t.csv", "--inputs", "a", "--outputs", "y", "--need", "absent.toml"), "absent.toml"),
        (("simulate", "roof_yield", "-i", "tilt_deg"), "not of the form name=value"),
        (("simulate", "roof_yield", "-i", "tilt_deg=99", "-i", "azimuth_deg=0"), "out of bounds"),
        (("simulate", "roof_yield", "-i", "tilt_deg=30 kg", "-i", "azimuth_deg=0"), "does not convert"),
        (("predict", "nowhere", "-i", "a=1"), "nowhere"),
        (("eval", "nowhere"), "nowhere"),
        (("audit", "nowhere"), "nowhere"),
        (("predict",), "MODEL"),
        (("tarin",), "did you mean 'train'"),
    ],
)
def test_bad_input_gets_one_sentence_and_exit_code_2(run: Run, arguments: tuple[str, ...], words: str) -> None:
    Path("t.csv").write_text("a,y\n1,2\n3,4\n")
    Path("hole.csv").write_text("a,y\n" + "".join(f"{'' if k == 5 else k},{k}\n" for k in range(20)))
    Path("empty.csv").write_text("")
    before = sorted(path.name for path in Path.cwd().iterdir())
    code, out, err = run(*arguments)
    assert code == 2, err
    assert words in err
    assert "Traceback" not in err
    assert not out
    assert sorted(path.name for path in Path.cwd().iterdir()) == before


def test_a_surface_model_without_or_with_geographic_coordinates_is_told(run: Run) -> None:
    import rasterio

    for name, crs in (("bare.tif", None), ("degrees.tif", "EPSG:4326")):
        profile = {"driver": "GTiff", "height": 20, "width": 20, "count": 1, "dtype": "float32", "crs": crs}
        transform = rasterio.transform.from_origin(0, 0, 0.5, 0.5)
        with rasterio.open(name, "w", transform=transform, **profile) as file:
            file.write(np.ones((1, 20, 20), dtype="float32"))
        code, _, err = run("train", "roof_yield", "--set", f"dsm={name}")
        assert code == 2 and name in err
        Path(name).write_bytes(Path(name).read_bytes()[:200])
        code, _, err = run("train", "roof_yield", "--set", f"dsm={name}")
        assert code == 2 and name in err


def test_a_study_whose_runs_all_fail_is_told(run: Run, quick: None, tmp_path: Path) -> None:
    (tmp_path / "bad.py").write_text(SMALL.replace("x[1] + x[0] ** 2 / 19.62", "1.0 / 0.0 if x[0] > -1 else 1.0"))
    code, _, err = run("train", "--study", "bad.py")
    assert code in (1, 2) and "ZeroDivisionError" in err
    assert not Path("bundles").exists()


#: Before the study: two models, short timings, and neither codecarbon nor MLflow, which take a process seconds to start.
LIGHT = """
from functools import partial
from frugal.campaigns import workflow
from frugal.metering import instruments
from frugal.metering.timing.interleaved_blocks import Plan
from frugal.surrogates.models import registry
Plan.quick = classmethod(lambda cls, n_calls, total_seconds=0.0, quick=Plan.quick.__func__: quick(cls, n_calls, 0.2))
registry.SCALAR_MODELS = tuple(m for m in registry.SCALAR_MODELS if m.name in ("constant", "quadratic"))
instruments.CarbonMeter = lambda machine: None
workflow.record_bundle = lambda bundle, campaign: "none"
"""


@pytest.mark.slow
def test_ctrl_c_ends_with_130_and_the_same_command_goes_on(tmp_path: Path) -> None:
    waits = "__import__('time').sleep(0.1 * (not __import__('os').path.exists('hurry')))"
    (tmp_path / "slow.py").write_text(LIGHT + SMALL.replace("lambda x: {", f"lambda x: {waits} or {{"))
    command = [sys.executable, "-m", "frugal.cli", "train", "--study", "slow.py", "--threads", "1"]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    # Where the tests themselves run in the background, a shell has told them, and so their children, to ignore Ctrl-C.
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    process = subprocess.Popen(command, cwd=tmp_path, env=environment, stderr=subprocess.PIPE, text=True)
    signal.signal(signal.SIGINT, before)
    assert process.stderr is not None
    for line in process.stderr:
        if "simulating" in line:
            break
    time.sleep(1.5)
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=30)
    assert process.returncode == 130
    assert "run the same command again" in said
    (tmp_path / "hurry").touch()  # the runs that are left need not wait
    (campaign,) = (tmp_path / "campaigns").iterdir()
    lines = [json.loads(line) for line in (campaign / "ledger.jsonl").read_text().splitlines()]
    assert [line["status"] for line in lines if line["stage"] == "generation"] == ["interrupted"]
    again = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
    assert again.returncode == 0, again.stderr
    done = next(line for line in again.stderr.splitlines() if "simulating" in line)
    assert int(done.split("(")[1].split(")")[0]) < 48
    ledger = [json.loads(x) for x in (tmp_path / "bundles" / "small" / "ledger.jsonl").read_text().splitlines()]
    assert sorted(x["status"] for x in ledger if x["stage"] == "generation") == ["interrupted", "ok"]


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ('{"head": x[1] + x[0] ** 2 / 19.62}', "1.0", "a dictionary of outputs"),
        ("x[1] + x[0] ** 2 / 19.62", '"abc"', "'head' is not a number"),
        ("x[1] + x[0] ** 2 / 19.62", "1.0 / (x[0] - x[0])", "not a finite"),
        ("x[1] + x[0] ** 2 / 19.62", "exit(5)", "SystemExit"),
    ],
)
def test_a_solver_that_breaks_is_told_in_one_sentence(run: Run, tmp_path: Path, old: str, new: str, words: str) -> None:
    (tmp_path / "bad.py").write_text(SMALL.replace(old, new))
    code, _, err = run("simulate", "--study", "bad.py", "-i", "speed=1")
    assert code == 1 and words in err and "Traceback" not in err


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("study = 3", "is a int"),
        ("def study(): raise RuntimeError('no')", "RuntimeError: no"),
        ("import sys; sys.exit(7)", "SystemExit"),
    ],
)
def test_a_study_file_that_breaks_is_told_in_one_sentence(run: Run, tmp_path: Path, content: str, words: str) -> None:
    (tmp_path / "bad.py").write_text(content)
    code, _, err = run("simulate", "--study", "bad.py")
    assert code == 2 and words in err


def test_failed_runs_are_told_and_end_in_1(run: Run, quick: None, tmp_path: Path) -> None:
    some = SMALL.replace("lambda x: {", "lambda x: print('solving') or {").replace(
        "x[0] ** 2", "(x[0] if x[0] < 8 else 1 / 0) ** 2"
    )
    (tmp_path / "some.py").write_text(some)
    code, out, err = run("train", "--study", "some.py", "--json")
    assert code == 1
    assert json.loads(out)["audit"]["study"]["name"] == "small"  # what the solver prints stays out of it
    assert "runs failed; the first is run" in err and "ZeroDivisionError" in err
    assert run("audit", "bundles/small")[1].count("failed and are left out") == 1


def test_an_audit_without_its_evidence_is_not_assessed(run: Run, trained: None) -> None:
    shutil.rmtree("bundles/small/runs.zarr")
    code, _, err = run("audit", "bundles/small")
    assert code == 4 and "runs.zarr" in err


def test_slips_in_predictions_are_told(run: Run, trained: None) -> None:
    Path("typo.csv").write_text("speed,dept\n1,2\n")
    code, _, err = run("predict", "bundles/small", "--csv", "typo.csv")
    assert code == 2 and "did you mean 'depth'" in err
    assert run("predict", "bundles/small", "-i", "speed=1", "--out", "x.csv")[0] == 2
    assert run("predict", "bundles/small", "-i", "speed=1,5")[0] == 0
    import onnx

    model = onnx.load("bundles/small/model.onnx")
    model.graph.name = "altered"
    onnx.save(model, "alone.onnx")
    code, _, err = run("predict", "alone.onnx", "-i", "speed=1")
    assert code == 2 and "was altered" in err


def test_a_slope_in_per_cent_is_no_angle(run: Run) -> None:
    code, _, err = run("simulate", "roof_yield", "-i", "tilt_deg=30%", "-i", "azimuth_deg=180")
    assert code == 2 and "does not convert to deg" in err


@pytest.mark.parametrize(("asked", "warned"), [([], ""), (["-W", "default"], "a warning of a library")])
def test_warnings_of_libraries_are_shown_to_whoever_asks_for_them(tmp_path, asked, warned):
    study = tmp_path / "warns.py"
    study.write_text("import warnings\nwarnings.warn('a warning of a library', RuntimeWarning)\n")
    command = [sys.executable, *asked, "-m", "frugal.cli", "studies", "--study", str(study)]
    told = subprocess.run(command, capture_output=True, text=True, check=False)
    assert told.returncode == 2 and "frugal: " in told.stderr
    assert ("a warning of a library" in told.stderr) == bool(warned)


def test_names_of_columns_may_hold_commas_and_be_given_apart() -> None:
    from frugal.commands.options import names_in

    assert names_in(["a, b ,c"]) == names_in(["a", "b,c"]) == ["a", "b", "c"]
    assert names_in(['"speed, mean",b']) == names_in(["b", '"speed, mean"'])[::-1] == ["speed, mean", "b"]
    assert names_in(None) == names_in([""]) == []
    with pytest.raises(UnusableInputError, match="the names '\"speed, mean' cannot be read"):
        names_in(['"speed, mean'])


@pytest.mark.slow
def test_a_table_with_categories_groups_and_failed_runs_is_answered_by_names(run: Run, quick: None) -> None:
    rng = np.random.default_rng(0)
    colours = {"red": 0.0, "blue": 1.0, "dark green": 2.5}
    table = pd.DataFrame(
        {"speed, mean": rng.random(120), "colour": rng.choice(list(colours), 120), "site": rng.integers(0, 12, 120)}
    )
    table["y"] = 3 + table["speed, mean"] + table["colour"].map(colours)
    table.loc[[3, 9], "y"] = np.nan
    table.to_csv("runs.csv", index=False)
    code, out, err = run(
        "train", "--runs", "runs.csv", "--inputs", '"speed, mean"', "--inputs", "colour", "--outputs", "y",
        "--group", "site", "--out", "bundles/small", "--json",
    )  # fmt: skip
    assert code == 0 and "2 of 120 rows have no value of an output" in err, err
    assert len(json.loads(Path("bundles/small/candidates.json").read_text())["failed_runs"]) == 2
    assert json.loads(Path("bundles/small/study.json").read_text())["inputs"][1]["choices"] == [
        "blue",
        "dark green",
        "red",
    ]
    code, out, err = run("predict", "bundles/small", "-i", "speed, mean=0.5", "-i", "colour=dark green", "--json")
    assert code == 0, err
    assert json.loads(out)["y"] == pytest.approx(6.0, abs=0.3)
    code, _, err = run("predict", "bundles/small", "-i", "speed, mean=0.5", "-i", "colour=green")
    assert code == 2 and "input 'colour' = 'green' must be one of blue, dark green, red" in err
    table.drop(columns="y").to_csv("ask.csv", index=False)
    code, _, err = run("predict", "bundles/small", "--csv", "ask.csv", "--out", "answers.csv")
    assert code == 0, err
    answers = pd.read_csv("answers.csv")
    np.testing.assert_allclose(answers["y"].drop([3, 9]), table["y"].drop([3, 9]), atol=0.5)
    assert answers["colour"].tolist() == table["colour"].tolist()
