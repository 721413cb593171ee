"""``frugal need``: files to fill in, and what ``train --need`` makes of them."""

import json
import sys
import tomllib
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from campaigns_for_tests import WITHOUT_AI, few_models, short_timings

Run = Callable[..., tuple[int, str, str]]

SMALL = """
from frugal.experiments.study import CallPattern, Need, Output, Study, Tolerance, Variable, formula
study = Study(
    name="small",
    title={"en": "How high?", "fr": "Quelle hauteur ?"},
    inputs=(Variable("speed", "m/s", 0.0, 10.0), Variable("depth", "m", 1.0, 4.0, default=2.0)),
    outputs=(Output("head", "m", low=0.0),),
    need=Need("one head", {"head": Tolerance("nrmse", 0.02)}, queries=(1e3, 1e5)),
    solve=lambda speed, depth: {"head": depth + speed**2 / 19.62},
    alternatives=(formula("still", lambda xp, depth: {"head": depth}, kind="coarse_physics"),),
    n_runs=48,
)
"""


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> Run:
    """Call the command line in this process, in a working folder with one study: few models, and no MLflow."""
    from frugal.campaigns import campaign, workflow
    from frugal.cli import main

    few_models(monkeypatch, (*WITHOUT_AI, "quadratic"))
    short_timings(monkeypatch)
    monkeypatch.setattr(campaign, "Settings", partial(campaign.Settings, carbon=False))
    monkeypatch.setattr(workflow, "record_bundle", lambda bundle, name: "none")
    monkeypatch.chdir(tmp_path)
    Path("small.py").write_text(SMALL)

    def call(*arguments: str) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["frugal", *arguments])
        with pytest.raises(SystemExit) as stopped:
            main()
        said = capsys.readouterr()
        return int(stopped.value.code or 0), said.out, said.err

    return call


def bundle(name: str) -> dict[str, Any]:
    return json.loads((Path("bundles/small") / name).read_text())


def ledger() -> list[dict[str, Any]]:
    return [json.loads(line) for line in Path("bundles/small/ledger.jsonl").read_text().splitlines()]


def test_a_need_is_written_filled_in_and_trained_with(run: Run) -> None:
    code, out, err = run("need", "--study", "small.py", "--out", "mine.toml", "--lang", "fr")
    assert (code, out, err) == (0, "mine.toml\n", "")
    text = Path("mine.toml").read_text()
    assert "Le besoin de l'étude « Quelle hauteur ? »" in text
    assert run("train", "--study", "small.py", "--need", "mine.toml")[0] == 0
    need = bundle("study.json")["need"]
    assert need["queries"] == [1e3, 1e5] and len(need["file_sha256"]) == 64
    text = text.replace("# speed = [0, 10]", 'speed = ["18 km/h", 10]').replace("# owner = ", "owner = ")
    Path("mine.toml").write_text(
        text.replace('metric = "nrmse"\nlimit = 0.02', 'metric = "rmse"\nlimit = 30\nunit = "cm"')
    )
    code, _, err = run("train", "--study", "small.py", "--need", "mine.toml")
    assert code == 0, err
    study = bundle("study.json")
    assert study["need"]["domain"] == {"speed": [5.0, 10.0]} and study["inputs"][0]["low"] == 5.0
    assert study["need"]["tolerances"] == {"head": {"metric": "rmse", "limit": 0.3}}
    assert study["need"]["owner"] == "…"
    (declared,) = [line for line in ledger() if line["stage"] == "need"]
    assert declared["hashes"]["need"] == study["need"]["hash"] == bundle("candidates.json")["need_hash"]
    assert declared["started"] < min(line["started"] for line in ledger() if line["stage"] == "generation")
    assert run("predict", "bundles/small", "-i", "speed=4", "--json")[0] == 2
    assert run("predict", "bundles/small", "-i", "speed=6", "--json")[0] == 0
    code, out, _ = run("eval", "bundles/small", "--study", "small.py", "--json")
    assert code == 0
    assert all(row["measured_again"] for row in json.loads(out)["candidates"] if row["status"] == "ok")


def test_a_need_changed_after_the_runs_stays_in_the_ledger_beside_the_first(run: Run) -> None:
    from frugal.experiments.needs.history import need_history

    assert run("train", "--study", "small.py")[0] == 0
    Path("later.toml").write_text(
        'functional_unit = "x"\nqueries = [1, 2]\n[tolerances.head]\nmetric="nrmse"\nlimit=0.5\n'
    )
    assert run("train", "--study", "small.py", "--need", "later.toml")[0] == 0
    first, second = need_history(ledger())
    assert (first["before_first_run"], second["before_first_run"]) == (True, False)
    assert second["changed"]["queries"] == [[1e3, 1e5], [1.0, 2.0]]


def test_a_study_of_the_house_gets_its_file(run: Run) -> None:
    assert run("need", "roof_yield") == (0, "need.toml\n", "")
    assert set(tomllib.loads(Path("need.toml").read_text())["tolerances"]) == {"monthly_yield", "yearly_yield"}


def test_a_table_of_runs_gets_a_file_with_tolerances_to_fill_in(run: Run) -> None:
    rows = np.random.default_rng(0).uniform(0, 1, (80, 2))
    pd.DataFrame({"a": rows[:, 0], "b": rows[:, 1], "y": 3 + rows @ [1.0, 2.0]}).to_csv("runs.csv", index=False)
    table = ("--runs", "runs.csv", "--inputs", "a,b", "--outputs", "y")
    assert run("need", *table)[0] == 0
    code, _, err = run("train", *table, "--need", "need.toml")
    assert code == 2 and "need file 'need.toml': no [tolerances]" in err
    text = Path("need.toml").read_text()
    for line in ("[tolerances.y]", 'metric = "nrmse_std"', "limit = 0.1", "queries = ", "a = ["):
        text = text.replace(f"# {line}", line)
    text = "\n".join("a = [0.2, 0.9]" if line.startswith("a = [") else line for line in text.splitlines())
    Path("need.toml").write_text(text)
    code, _, err = run("train", *table, "--need", "need.toml", "--out", "bundles/small", "--json")
    assert code == 0, err
    assert bundle("study.json")["inputs"][0]["low"] == 0.2
    (line,) = [line for line in ledger() if line["stage"] == "need"]
    assert line["details"]["domain"] == {"a": [0.2, 0.9]}


@pytest.mark.parametrize(("language", "words"), [("en", "Who decides what"), ("fr", "décide quoi")])
def test_the_file_of_declarations(run: Run, language: str, words: str) -> None:
    assert run("need", "--declarations", "--lang", language) == (0, "declarations.toml\n", "")
    text = Path("declarations.toml").read_text()
    assert "# [NEC-08]" in text and words.lower() in text.lower()
    assert tomllib.loads(text) == {}


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("need",), "name of a study"),
        (("need", "roof_yeild"), "did you mean 'roof_yield'"),
        (("need", "--study", "small.py", "--out", "taken.toml"), "'taken.toml' exists and is left as it is"),
        (("need", "--declarations", "--out", "taken.toml"), "'taken.toml' exists and is left as it is"),
        (("need", "roof_yield", "--declarations"), "the same file for every study"),
        (("need", "roof_yield", "--runs", "t.csv"), "--runs takes the place of a study"),
        (("need", "--runs", "absent.csv", "--inputs", "a", "--outputs", "y"), "absent.csv"),
        (("need", "--study", "small.py", "--lang", "de"), "--lang 'de'"),
        (("train", "--study", "small.py", "--need", "absent.toml"), "need file 'absent.toml' cannot be read"),
        (("train", "--study", "small.py", "--need", "negative.toml"), "need file 'negative.toml': tolerances.head"),
        (("train", "--study", "small.py", "--need", "wide.toml"), "leaves the bounds of study 'small'"),
        (("train", "--study", "small.py", "--need", "unit.toml"), "unit 'cubits' is unknown; use m"),
        (("train", "--study", "small.py", "--need", "usage.toml"), "queries_per_year [9, 1] must hold two positive"),
        (("train", "--study", "small.py", "--need", "output.toml"), "unknown output 'haed'; known: head; did you mean"),
    ],
)
def test_bad_input_gets_one_sentence_and_nothing_is_written(run: Run, arguments: tuple[str, ...], words: str) -> None:
    good = 'functional_unit = "x"\n{}[tolerances.head]\nmetric = "rmse"\nlimit = 1\n'
    Path("taken.toml").write_text("mine")
    Path("negative.toml").write_text(good.format("").replace("limit = 1", "limit = -1"))
    Path("wide.toml").write_text(good.format("") + "[domain]\nspeed = [0, 20]\n")
    Path("unit.toml").write_text(good.format("") + 'unit = "cubits"\n')
    Path("usage.toml").write_text(good.format("queries_per_year = [9, 1]\n"))
    Path("output.toml").write_text(good.format("").replace("head", "haed"))
    before = {path.name: path.read_bytes() for path in Path.cwd().iterdir() if path.is_file()}
    code, out, err = run(*arguments)
    assert code == 2, err
    assert words in err and "Traceback" not in err and not out
    assert {path.name: path.read_bytes() for path in Path.cwd().iterdir() if path.is_file()} == before
    assert not Path("bundles").exists() and not Path("campaigns").exists()
