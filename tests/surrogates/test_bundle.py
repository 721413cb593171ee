"""Bundles: written whole, read back, refused when altered; the ONNX file alone answers the same."""

import json
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from campaigns_for_tests import WITH_AI, few_models, vector_bundle
from studies_for_tests import linear_study, vector_study
from typer.testing import CliRunner

from frugal import cli
from frugal.campaigns.campaign import Settings, run_campaign
from frugal.campaigns.publish import publish
from frugal.errors import EnvironmentFaultError, UnusableInputError
from frugal.experiments.study import CallPattern, Study
from frugal.surrogates.bundle.bundle import open_bundle
from frugal.surrogates.bundle.predictor import Predictor
from frugal.surrogates.onnx.digest import graph_digest


def train(study: Study, folder: Path, name: str = "bundle") -> Path:
    settings = Settings(folder=folder / "campaigns", measure_seconds=0.2, carbon=False)
    publish(run_campaign(study, settings), folder / name)
    return folder / name


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return vector_bundle(tmp_path_factory)


@pytest.fixture
def copy(bundle: Path, tmp_path: Path) -> Path:
    shutil.copytree(bundle, tmp_path / "bundle")
    return tmp_path / "bundle"


def test_a_bundle_holds_what_it_promises(bundle: Path) -> None:
    names = {path.name for path in bundle.iterdir()}
    assert names >= {
        "model.onnx", "alternatives", "study.json", "candidates.json", "ledger.jsonl", "audit.json", "audit.en.html",
        "audit.fr.html", "ladder.svg", "README.md", "runs.zarr", "SHA256SUMS",
    }  # fmt: skip
    ladder = json.loads((bundle / "candidates.json").read_text())
    assert ladder["decisions"][0]["winner"] is not None
    assert {row["name"] for row in ladder["candidates"]} >= {"constant", "linear", "quadratic", "mlp", "full_physics"}


def test_every_graph_kept_its_parity(bundle: Path) -> None:
    ladder = json.loads((bundle / "candidates.json").read_text())
    graphs = [row for row in ladder["candidates"] if row["graph"]]
    assert len(graphs) >= 5
    for row in graphs:
        assert row["parity"]["max_sigma"] <= row["parity"]["tolerance_sigma"] == 1e-4
        assert (bundle / row["graph"]).is_file()


def test_predictions_match_the_study_and_carry_an_interval_and_a_domain(bundle: Path) -> None:
    study, predictor = vector_study(), Predictor(bundle, candidate="quadratic")
    inputs = np.array([[0.5, 0.0], [1.5, 2.0], [2.0, 1.0]])
    answers = predictor(inputs)
    expected = np.stack([study.run(row) for row in inputs])
    np.testing.assert_allclose(answers["total"], expected[:, 0], atol=0.05)
    np.testing.assert_allclose(answers["monthly"], expected[:, 1:], atol=0.05)
    assert (answers["monthly_lower"] <= answers["monthly"]).all()
    assert (answers["monthly"] <= answers["monthly_upper"]).all()
    assert answers["in_domain"].all()
    outside = predictor(np.array([[5.0, 0.0]]), extrapolate=True)
    assert not outside["in_domain"][0]


def test_the_onnx_file_alone_answers_the_same(bundle: Path, tmp_path: Path) -> None:
    shutil.copy(bundle / "model.onnx", tmp_path / "alone.onnx")
    inputs = {"a": [0.1, 1.9], "kind": [0.0, 2.0]}
    whole, alone = Predictor(bundle), Predictor(tmp_path / "alone.onnx")
    for name, answer in whole(inputs).items():
        np.testing.assert_array_equal(alone(inputs)[name], answer)
    assert alone.metadata["frugal.verdict"] == json.loads((bundle / "audit.json").read_text())["verdict"]
    assert [v.unit for v in alone.inputs] == ["m", "1"]
    assert (alone.inputs[0].low, alone.inputs[0].high) == (0.0, 2.0)


def test_graph_and_audit_name_each_other(bundle: Path) -> None:
    audit = json.loads((bundle / "audit.json").read_text())
    assert audit["graph_sha256"] == graph_digest((bundle / "model.onnx").read_bytes())
    assert Predictor(bundle).metadata["frugal.audit_sha256"] == audit["content_sha256"]


@pytest.mark.parametrize(
    ("inputs", "words"),
    [
        ({"a": 1.0}, "'kind' is missing"),
        ({"a": 3.0, "kind": 0.0}, "out of bounds"),
        ({"a": 1.0, "kind": 0.5}, "one of low, mid, high"),
        ({"a": float("nan"), "kind": 0.0}, "not a finite number"),
        ({"b": 1.0, "kind": 0.0}, "'b' is unknown"),
        (np.zeros((2, 3)), r"\[n, 2\] is needed"),
    ],
)
def test_inputs_that_cannot_be_answered_are_told(bundle: Path, inputs: object, words: str) -> None:
    with pytest.raises(UnusableInputError, match=words):
        Predictor(bundle)(inputs)


def test_an_altered_graph_is_refused(copy: Path) -> None:
    model = copy / "model.onnx"
    content = bytearray(model.read_bytes())
    content[len(content) // 2] ^= 1
    model.write_bytes(bytes(content))
    with pytest.raises(UnusableInputError, match="was altered"):
        Predictor(copy)


def test_a_graph_swapped_together_with_its_checksum_is_refused(copy: Path) -> None:
    import hashlib

    other = (copy / "alternatives" / "constant.onnx").read_bytes()
    sums = (copy / "SHA256SUMS").read_text()
    old = hashlib.sha256((copy / "model.onnx").read_bytes()).hexdigest()
    (copy / "model.onnx").write_bytes(other)
    lines = [
        line.replace(old, hashlib.sha256(other).hexdigest()) if line.endswith("  model.onnx") else line
        for line in sums.splitlines()
    ]
    (copy / "SHA256SUMS").write_text("\n".join(lines) + "\n")
    with pytest.raises(UnusableInputError, match="not the graph"):
        open_bundle(copy)


def test_missing_and_foreign_files_are_refused(copy: Path, tmp_path: Path) -> None:
    (copy / "study.json").unlink()
    with pytest.raises(UnusableInputError, match="missing from the bundle"):
        open_bundle(copy)
    with pytest.raises(UnusableInputError, match="does not exist"):
        open_bundle(tmp_path / "nowhere")
    (tmp_path / "empty").mkdir()
    with pytest.raises(UnusableInputError, match="not a bundle"):
        open_bundle(tmp_path / "empty")
    (tmp_path / "text.onnx").write_text("not a graph")
    with pytest.raises(UnusableInputError, match="not an ONNX file"):
        Predictor(tmp_path / "text.onnx")


def test_a_checksum_file_cannot_reach_outside(copy: Path) -> None:
    with (copy / "SHA256SUMS").open("a") as sums:
        sums.write(f"{'0' * 64}  ../../etc/passwd\n")
    with pytest.raises(UnusableInputError, match="outside the bundle"):
        open_bundle(copy)


def test_an_unknown_candidate_is_told(bundle: Path) -> None:
    with pytest.raises(UnusableInputError, match="it has: constant"):
        Predictor(bundle, candidate="oracle")
    with pytest.raises(UnusableInputError, match="no ONNX file"):
        Predictor(bundle, candidate="full_physics")


def test_physics_that_wins_leaves_the_cheapest_graph_that_meets_the_need(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Asked once, a solver of some milliseconds is the cheapest; the file holds an alternative and says so."""
    few_models(monkeypatch, (*WITH_AI, "quadratic"))
    study = linear_study()
    quick = study.solve
    assert quick is not None

    def solve(inputs: np.ndarray) -> object:
        np.sin(np.arange(400_000.0)).sum()
        return quick(inputs)

    study = replace(study, solve=solve, need=replace(study.need, queries=(1.0, 2.0)))
    path = train(study, tmp_path)
    ladder = json.loads((path / "candidates.json").read_text())
    assert ladder["decisions"][0]["winner"] == "full_physics"
    assert ladder["model"]["candidate"] in ("linear", "quadratic")  # both exact, and their fits cost alike
    assert "full physics" in ladder["model"]["reason"]["en"].lower()
    inputs = [f"--input={variable.name}=0.5" for variable in study.inputs]
    asked = CliRunner().invoke(cli.app, ["predict", str(path), *inputs])
    assert asked.exit_code == 0 and f"note: {ladder['model']['candidate']} answers: the answer that" in asked.stderr
    told = json.loads(CliRunner().invoke(cli.app, ["predict", str(path), *inputs, "--json"]).stdout)
    assert told["answered_by"]["candidate"] == ladder["model"]["candidate"]
    assert told["answered_by"]["retained"] == "full_physics"
    named = json.loads(
        CliRunner().invoke(cli.app, ["predict", str(path), *inputs, "--json", "--candidate=linear"]).stdout
    )
    assert "answered_by" not in named
    path.rename(_aside(path))
    assert CliRunner().invoke(cli.app, ["predict", str(path), *inputs]).exit_code == 0  # put back after a kill
    path.rename(_aside(path))
    assert open_bundle(path).path == path


@pytest.mark.usefixtures("cheap_campaigns")
def test_no_graph_at_all_where_nothing_meets_the_need(tmp_path: Path) -> None:
    study = linear_study()
    strict = CallPattern("tiny", needs_graph=True, max_bytes=10)
    path = train(replace(study, need=replace(study.need, call_patterns=(strict,))), tmp_path)
    assert not (path / "model.onnx").exists()
    with pytest.raises(UnusableInputError, match="no candidate meets the need"):
        Predictor(path)


@pytest.mark.usefixtures("cheap_campaigns")
def test_a_disk_that_fills_leaves_the_old_bundle(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = train(linear_study(), tmp_path)
    before = {p.name: p.stat().st_mtime_ns for p in path.iterdir()}
    campaign = run_campaign(linear_study(), Settings(folder=tmp_path / "campaigns", measure_seconds=0.2, carbon=False))

    def full(*arguments: object, **options: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("frugal.campaigns.publish.write_checksums", full)
    with pytest.raises(EnvironmentFaultError, match="No space left"):
        publish(campaign, path)
    assert {p.name: p.stat().st_mtime_ns for p in path.iterdir()} == before
    assert sorted(p.name for p in tmp_path.iterdir()) == ["bundle", "campaigns"]


@pytest.mark.usefixtures("cheap_campaigns")
def test_a_second_campaign_shares_the_runs_and_books_them_once(tmp_path: Path) -> None:
    first = train(linear_study(), tmp_path, "first")
    second = train(linear_study(), tmp_path, "second")

    def booked(path: Path, stage: str) -> list[float]:
        lines = [json.loads(line) for line in (path / "ledger.jsonl").read_text().splitlines()]
        return [line["cpu_seconds"] for line in lines if line["stage"] == stage]

    for stage in ("compile", "generation"):
        assert booked(first, stage) == booked(second, stage)
        assert len(booked(first, stage)) == 1


@pytest.mark.usefixtures("cheap_campaigns")
def test_what_is_not_a_bundle_is_never_replaced(tmp_path: Path) -> None:
    campaign = run_campaign(linear_study(), Settings(folder=tmp_path / "campaigns", measure_seconds=0.2, carbon=False))
    (tmp_path / "home").mkdir()
    (tmp_path / "home" / "thesis.txt").write_text("years of work")
    (tmp_path / "notes.md").write_text("notes")
    for place in ("home", "notes.md"):
        with pytest.raises(UnusableInputError, match="not a bundle"):
            publish(campaign, tmp_path / place)
    assert (tmp_path / "home" / "thesis.txt").read_text() == "years of work"
    assert (tmp_path / "notes.md").read_text() == "notes"
    (tmp_path / "empty").mkdir()
    publish(campaign, tmp_path / "empty")


def test_a_folder_that_a_kill_caught_half_way_comes_back(tmp_path: Path) -> None:
    from frugal.formats.files.atomic import restore

    (tmp_path / ".bundle.old.abcdefgh" / "bundle").mkdir(parents=True)
    (tmp_path / ".bundle.old.abcdefgh" / "bundle" / "kept").write_text("1")
    restore(tmp_path / "bundle")
    assert (tmp_path / "bundle" / "kept").read_text() == "1"
    assert [path.name for path in tmp_path.iterdir()] == ["bundle"]


@pytest.mark.usefixtures("cheap_campaigns_with_ai")
def test_a_new_evaluation_keeps_the_need_that_was_declared(tmp_path: Path) -> None:
    from frugal.campaigns.reevaluation import evaluate_bundle

    study = linear_study()
    declared = replace(study, need=replace(study.need, queries=(7.0, 8.0)))
    path = train(declared, tmp_path)
    new = json.loads(evaluate_bundle(open_bundle(path), study, carbon=False).read_text())
    assert new["decisions"][0]["queries"] == [7.0, 8.0]
    assert all(row["measured_again"] for row in new["candidates"] if row["status"] == "ok")


def _aside(path: Path) -> Path:
    """Where a kill between two renames leaves a bundle."""
    aside = path.parent / f".{path.name}.old.abcdefgh"
    aside.mkdir()
    return aside / path.name
