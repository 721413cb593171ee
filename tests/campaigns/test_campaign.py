"""Whole campaigns on planted studies: the verdict that is known beforehand comes out."""

import json
import os
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from campaigns_for_tests import GIVEN_SECONDS, WITH_AI, few_models, given_times
from studies_for_tests import constant_study, linear_study, slow_study

from frugal.campaigns.campaign import Campaign, Settings, run_campaign
from frugal.campaigns.publish import publish
from frugal.errors import EnvironmentFaultError
from frugal.experiments.study import Study, Tolerance
from frugal.surrogates.bundle.bundle import open_bundle
from frugal.surrogates.measurement.noise import REPEATS


def campaign(study: Study, folder: Path, **options: object) -> Campaign:
    settings = {"folder": folder, "measure_seconds": 0.2, "carbon": False, **options}
    return run_campaign(study, Settings(**settings))  # type: ignore[arg-type]


@pytest.mark.slow
def test_a_slow_smooth_solver_asked_often_demonstrates_the_need_for_ai(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    few_models(monkeypatch, (*WITH_AI, "table", "quadratic"))
    given_times(monkeypatch, {**GIVEN_SECONDS, "full_physics": 5e-3})
    study = slow_study()
    strict = {"y": Tolerance("nrmse", 0.005)}  # what a quadratic fit does not reach
    study = replace(study, need=replace(study.need, tolerances=strict, queries=(3e6, 3e7)))
    result = campaign(study, tmp_path / "campaigns")
    decision = result.decisions[0]
    assert decision.verdict == "demonstrated"
    assert decision.winner_is_ai and decision.best_alternative == "full_physics"
    audit = publish(result, tmp_path / "bundle")
    assert audit["verdict"] == "demonstrated"
    few = replace(study, need=replace(study.need, queries=(10.0, 100.0)))
    again = campaign(few, tmp_path / "campaigns").decisions[0]
    assert (again.verdict, again.winner) == ("not_demonstrated", "full_physics")


@pytest.mark.slow
@pytest.mark.parametrize(("make", "winner"), [(linear_study, "linear"), (constant_study, "constant")])
def test_simple_targets_end_in_the_simplest_answer(
    make: object, winner: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    given_times(monkeypatch)
    study: Study = make()  # type: ignore[operator]
    # asked often enough that the runs are cheaper than asking the solver
    study = replace(study, need=replace(study.need, queries=(1e7, 1e8)))
    decision = campaign(study, tmp_path).decisions[1]
    assert decision.pattern == "a thousand at once"
    assert (decision.verdict, decision.winner) == ("not_demonstrated", winner)


#: codecarbon reads CPU time in ticks of 10 ms, and part of its own reading falls within its task: up to 0.02 s a task, whatever
#: the length, and more on a busy machine. So there are few tasks, and most of the work stands in one of seconds.
BOOKED = """
import json, sys
from dataclasses import replace
from pathlib import Path
import numpy as np
from pytest import MonkeyPatch
from campaigns_for_tests import WITH_AI, few_models
from frugal.campaigns.campaign import Settings, run_campaign
from studies_for_tests import linear_study

quick = linear_study()

def solve(inputs):
    for _ in range(20):
        np.sin(np.arange(100_000.0)).sum()
    return quick.solve(inputs)

few_models(MonkeyPatch(), WITH_AI)
settings = Settings(folder=Path(sys.argv[1]), measure_seconds=0.2, carbon=True)
result = run_campaign(replace(quick, solve=solve), settings)
lines = [[entry.stage, entry.total_cpu_seconds, entry.codecarbon_joules] for entry in result.ledger]
print(json.dumps([result.machine.watts_per_core, lines]))
"""


@pytest.mark.slow
def test_the_ledger_covers_every_stage_and_the_cost_of_each_candidate(tmp_path: Path) -> None:
    """In a process of its own, whose threads and children are of no other test: codecarbon counts them all."""
    paths = os.pathsep.join(map(str, (Path(__file__).parents[2], Path(__file__).parents[1])))
    command = [sys.executable, "-c", BOOKED, str(tmp_path)]
    done = subprocess.run(command, env={**os.environ, "PYTHONPATH": paths}, capture_output=True, text=True, check=True)
    watts, lines = json.loads(done.stdout.splitlines()[-1])
    stages = {stage for stage, _, _ in lines}
    assert stages >= {"metering", "compile", "generation", "loading", "fit", "calibration", "export", "evaluation"}
    measured = [line for line in lines if line[0] in ("generation", "fit", "calibration", "export", "evaluation")]
    assert all(joules is not None for _, _, joules in measured)
    ours, theirs = (sum(line[k] for line in measured) for k in (1, 2))
    assert theirs == pytest.approx(ours * watts, rel=0.05, abs=1.0)


@pytest.mark.slow
def test_the_same_seed_gives_the_same_graphs_and_errors(tmp_path: Path) -> None:
    study = replace(linear_study(), n_runs=40)
    first, second = (campaign(study, tmp_path / name) for name in ("a", "b"))
    for one, other in zip(first.candidates, second.candidates, strict=True):
        assert (one.name, one.model) == (other.name, other.model)
    errors = [{row.name: row.errors for row in result.ladder.rows} for result in (first, second)]
    assert errors[0] == errors[1]


@pytest.mark.usefixtures("cheap_campaigns")
def test_full_physics_has_no_error_and_no_graph(tmp_path: Path) -> None:
    result = campaign(linear_study(), tmp_path)
    row = result.ladder.by_name["full_physics"]
    assert row.errors["y"].value == row.errors["y"].high == 0.0
    candidate = next(c for c in result.candidates if c.name == "full_physics")
    assert candidate.model is None and candidate.graph_reason["en"]


def check_that_the_same_is_written_without_mlflow(client: Any, parent: Any, children: dict[str, Any]) -> None:
    """Into the database that MLflow made: what MLflow then reads of it is what it wrote itself."""
    from frugal.campaigns import mlflow_record

    bundle = Path.cwd().parent / "bundle"
    assert mlflow_record._writes_itself(Path.cwd())
    again = client.get_run(mlflow_record._write_itself(open_bundle(bundle), Path.cwd()))
    assert again.info.experiment_id == parent.info.experiment_id
    runs = client.search_runs([parent.info.experiment_id], f"tags.mlflow.parentRunId = '{again.info.run_id}'")
    pairs = [(parent, again), *((children[run.info.run_name], run) for run in runs)]
    assert len(pairs) == 1 + len(children)
    for made, written in pairs:
        assert (made.data.metrics, made.data.params) == (written.data.metrics, written.data.params)
        own = {key for key in made.data.tags if not key.startswith("mlflow.source") and key != "mlflow.parentRunId"}
        assert {key: made.data.tags[key] for key in own} == {key: written.data.tags[key] for key in own}
        assert made.info.status == written.info.status == "FINISHED"
        paths = [{file.path for file in client.list_artifacts(run.info.run_id)} for run in (made, written)]
        assert paths[0] == paths[1]
    texts = []
    for run in (parent, again):
        (model,) = run.outputs.model_outputs
        kept = client.get_logged_model(model.model_id)
        assert (kept.source_run_id, kept.status, kept.params) == (run.info.run_id, "READY", run.data.params)
        folder = Path.cwd() / "mlruns" / "models" / model.model_id / "artifacts"
        assert {file.name for file in folder.iterdir()} == {
            "MLmodel", "model.onnx", "conda.yaml", "python_env.yaml", "requirements.txt"
        }  # fmt: skip
        text = (folder / "MLmodel").read_text().replace(model.model_id, "ID").replace(run.info.run_id, "RUN")
        texts.append([line for line in text.splitlines() if not line.startswith(("utc_time", "model_size"))])
    assert texts[0] == texts[1]


@pytest.mark.slow
def test_mlflow_records_the_campaign_with_a_nested_run_for_each_candidate(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from frugal.campaigns import mlflow_record
    from frugal.campaigns.workflow import record_bundle

    few_models(monkeypatch, WITH_AI)
    home = tmp_path / "100%20 done?"  # signs that mean something in an address
    home.mkdir()
    monkeypatch.chdir(home)
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    publish(campaign(linear_study(), tmp_path / "campaigns"), tmp_path / "bundle")
    run = record_bundle(tmp_path / "bundle", "c1")
    import mlflow

    assert sorted(path.name for path in home.iterdir()) == ["mlflow.db", "mlruns"]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["100%20 done?", "bundle", "campaigns"]
    client = mlflow.MlflowClient("sqlite:///mlflow.db")
    parent = client.get_run(run)
    assert parent.data.tags["frugal.verdict"] == json.loads((tmp_path / "bundle" / "audit.json").read_text())["verdict"]
    runs = client.search_runs([parent.info.experiment_id], f"tags.mlflow.parentRunId = '{run}'")
    names = {child.info.run_name: child for child in runs}
    assert {*WITH_AI, "full_physics"} <= set(names)
    assert names["linear"].data.metrics["nrmse.y"] < 1e-4
    assert {f.path for f in client.list_artifacts(run)} >= {"audit.json", "audit.fr.html", "ledger.jsonl"}
    assert client.list_artifacts(names["linear"].info.run_id)[0].path == "linear.onnx"
    lines = (tmp_path / "bundle" / "ledger.jsonl").read_text().splitlines()
    assert json.loads(lines[-1])["stage"] == "tracking"
    check_that_the_same_is_written_without_mlflow(client, parent, names)
    for damage in (b"no database" * 1000, (home / "mlflow.db").read_bytes()[:100_000]):
        (tmp_path / "damaged").mkdir(exist_ok=True)
        (tmp_path / "damaged" / "mlflow.db").write_bytes(damage)
        monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
        start = time.monotonic()
        with pytest.raises(EnvironmentFaultError, match=r"MLflow could not record the campaign: .*database"):
            mlflow_record.record(tmp_path / "bundle", tmp_path / "damaged")
        assert time.monotonic() - start < 10


def test_the_database_of_mlflow_has_an_address_or_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from frugal.campaigns.mlflow_record import _address

    odd = tmp_path / "100% done?"
    (odd / "here").mkdir(parents=True)
    assert _address(tmp_path) == f"sqlite:///{tmp_path}/mlflow.db"
    monkeypatch.chdir(odd)
    assert (_address(odd), _address(odd / "here")) == ("sqlite:///mlflow.db", "sqlite:///here/mlflow.db")
    monkeypatch.chdir(tmp_path)
    with pytest.raises(EnvironmentFaultError, match=r"database in '.*done\?': its name holds one of % \? #"):
        _address(odd)


def test_an_alternative_may_not_take_the_name_of_a_rung(tmp_path: Path) -> None:
    from frugal.errors import UnusableInputError
    from frugal.experiments.study import formula

    study = replace(linear_study(), alternatives=(formula("linear", lambda x: {"y": x[:, 0]}),))
    with pytest.raises(UnusableInputError, match=r"'linear'.*needs another name"):
        campaign(study, tmp_path)


@pytest.mark.usefixtures("cheap_campaigns")
def test_one_candidate_that_breaks_does_not_stop_the_others(tmp_path: Path) -> None:
    from frugal.experiments.study import Alternative, Answer, formula

    def breaks(x: np.ndarray) -> dict:
        raise KeyError("table")

    def no_graph(builder: object, x: str) -> str:
        raise RuntimeError("no such operator")

    fine = Alternative("fine", "table", lambda x, y: Answer(lambda z: {"y": 5 + z @ [1.0, 2.0, 3.0]}, no_graph))
    study = replace(linear_study(), alternatives=(formula("broken", breaks), fine))
    result = campaign(study, tmp_path)
    found = {c.name: c for c in result.candidates}
    assert found["broken"].status == "failed" and "KeyError" in found["broken"].message["en"]
    assert found["fine"].model is None and "no such operator" in found["fine"].graph_reason["en"]
    assert result.ladder.by_name["fine"].errors["y"].value < 1e-9
    publish(result, tmp_path / "bundle")


@pytest.mark.slow
def test_an_output_that_is_always_zero_is_published_with_an_error_without_bound(tmp_path: Path) -> None:
    from frugal.experiments.study import Output

    def solve(x: np.ndarray) -> dict:
        return {"y": 5.0 + x.sum(), "z": 1e-3 * float(x[0] > 2)}

    study = replace(
        linear_study(), outputs=(Output("y", "1"), Output("z", "1")), solve=solve, alternatives=(), n_runs=40
    )
    publish(campaign(study, tmp_path), tmp_path / "bundle")


def test_repeated_rows_of_a_table_do_not_leak() -> None:
    from frugal.experiments.designs.sampling import from_table

    rows = np.repeat(np.random.default_rng(0).uniform(size=(12, 2)), 5, axis=0)
    design = from_table(rows, seed=0)
    seen = {tuple(row) for row in design.inputs[~design.held_out]}
    assert not seen & {tuple(row) for row in design.inputs[design.held_out]}


@pytest.mark.slow
@pytest.mark.usefixtures("cheap_campaigns")
def test_a_dear_solver_is_not_run_again_to_be_timed(tmp_path: Path) -> None:
    study, calls = linear_study(), []
    quick = study.solve
    assert quick is not None

    def solve(x: np.ndarray) -> object:
        calls.append(1)
        np.sin(np.arange(4_000_000.0)).sum()
        return quick(x)

    result = campaign(replace(study, solve=solve, n_runs=16), tmp_path)
    (points,) = (entry.details[REPEATS]["points"] for entry in result.ledger if REPEATS in entry.details)
    assert len(calls) == 16 + 2 + 2 * points
    time = result.ladder.by_name["full_physics"].query["one at a time"]
    assert time.low <= float(np.mean(result.runs.held_out.cpu_seconds)) * 1.5
    assert time.cpu_seconds > 0.02
