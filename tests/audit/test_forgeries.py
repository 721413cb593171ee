"""Bundles that were forged with their checksums redone: the audit computes again what it prints, and names what differs."""

from __future__ import annotations

import hashlib
import json
import shutil
import sys
import zipfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
from campaigns_for_tests import made_once, short_timings, vector_bundle
from studies_for_tests import vector_study

from frugal.audit.evidence.answered_again import _check_answers
from frugal.campaigns.reevaluation import evaluate_bundle
from frugal.campaigns.workflow import audit_again
from frugal.errors import FrugalError, NotAssessedError, UnusableInputError
from frugal.experiments.runs.store import read_runs
from frugal.surrogates.bundle.bundle import bare_study, open_bundle
from frugal.surrogates.bundle.held_out import read_held_out
from frugal.surrogates.ladder.answering import flat_answers
from frugal.surrogates.onnx.graph import session

Change = Callable[[Any], None]


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A bundle that was evaluated once."""

    def make(home: Path) -> None:
        shutil.copytree(vector_bundle(tmp_path_factory), home / "bundle")
        with pytest.MonkeyPatch.context() as patch:
            short_timings(patch)
            evaluate_bundle(open_bundle(home / "bundle"), vector_study(), carbon=False)

    return made_once(tmp_path_factory, "vector_evaluated", make) / "bundle"


@pytest.fixture
def copy(bundle: Path, tmp_path: Path) -> Path:
    shutil.copytree(bundle, tmp_path / "bundle")
    return tmp_path / "bundle"


def reseal(folder: Path) -> None:
    """The checksums of what the folder holds now, as anybody can write them."""
    files = sorted(p for p in folder.rglob("*") if p.is_file() and p.name not in ("SHA256SUMS", "ledger.jsonl"))
    lines = [f"{hashlib.sha256(p.read_bytes()).hexdigest()}  {p.relative_to(folder).as_posix()}\n" for p in files]
    (folder / "SHA256SUMS").write_text("".join(lines))


def evaluation(folder: Path) -> Path:
    return next((folder / "evaluations").glob("*.json"))


def forge(folder: Path, file: str | Path, change: Change) -> None:
    path = folder / file
    content = json.loads(path.read_text())
    change(content)
    path.write_text(json.dumps(content))
    reseal(folder)


def refused(folder: Path, error: type[FrugalError] = NotAssessedError) -> str:
    before = {str(p): p.read_bytes() for p in folder.rglob("*") if p.is_file()}
    with pytest.raises(error) as told:
        audit_again(folder)
    assert {str(p): p.read_bytes() for p in folder.rglob("*") if p.is_file()} == before
    sentence = str(told.value)
    assert "\n" not in sentence
    return sentence


def row(content: dict[str, Any], name: str) -> dict[str, Any]:
    return next(row for row in content["candidates"] if row["name"] == name)


def test_an_honest_bundle_is_audited_and_stays_so(copy: Path) -> None:
    audit = audit_again(copy)
    assert audit["verdict"] == json.loads(evaluation(copy).read_text())["decisions"][0]["verdict"]
    assert audit_again(copy)["content_sha256"]


def test_javascript_of_the_graph_is_in_the_bundle_and_written_where_it_is_missing(copy: Path) -> None:
    from frugal.surrogates.javascript.module import script_of

    assert "  model.js\n" in (copy / "SHA256SUMS").read_text()
    written = (copy / "model.js").read_text()
    assert script_of((copy / "model.onnx").read_bytes()).is_in(written)
    (copy / "model.js").unlink()  # as a bundle of an earlier version
    reseal(copy)
    audit_again(copy)
    assert (copy / "model.js").read_text() == written and "  model.js\n" in (copy / "SHA256SUMS").read_text()
    (copy / "SHA256SUMS").write_text((copy / "SHA256SUMS").read_text().replace("  model.js\n", "  other.js\n"))
    assert "other.js' is missing" in refused(copy, UnusableInputError)


def test_sentences_of_the_file_are_not_repeated(copy: Path) -> None:
    def flatter(content: dict[str, Any]) -> None:
        for decision in content["decisions"]:
            for reason in decision["reasons"]:
                reason.update(en="AI saves the planet", fr="L'IA sauve la planète")

    forge(copy, "candidates.json", flatter)
    forge(copy, evaluation(copy), flatter)
    assert "saves the planet" not in json.dumps(audit_again(copy))


def verdict(content: dict[str, Any]) -> None:
    content["decisions"][0].update(verdict="demonstrated", winner="mlp", best_ai="mlp", winner_is_ai=True)


def break_even(content: dict[str, Any]) -> None:
    content["decisions"][0]["lifetime_cpu_seconds"]["mlp"] /= 1000


def small_error(content: dict[str, Any]) -> None:
    """An error of a tenth of a per cent beside a need that is not met."""
    row(content, "constant")["error"]["monthly"].update(value=0.001, low=0.001, high=0.001)


def small_error_met(content: dict[str, Any]) -> None:
    small_error(content)
    row(content, "constant").update(error_met=True, need_met={"one query at a time": True})


def bound_alone(content: dict[str, Any]) -> None:
    found = row(content, "constant")["error"]["total"]
    found["high"] = found["value"] * 1.001


def cheaper(content: dict[str, Any]) -> None:
    row(content, "full_physics")["query"]["one query at a time"]["cpu_seconds"] /= 100


def fixed_cost(content: dict[str, Any]) -> None:
    found = row(content, "mlp")
    found.update(fixed_cpu_seconds=0.001, fixed_parts=dict.fromkeys(found["fixed_parts"], 0.00025))


def margin(content: dict[str, Any]) -> None:
    content["decisions"][0]["policy"]["materiality_cpu_seconds"] = 0.0


def tolerance(content: dict[str, Any]) -> None:
    for found in content["candidates"]:
        for error in found["error"].values():
            error["tolerance"] *= 100


def without_a_rung(content: dict[str, Any]) -> None:
    content["candidates"] = [found for found in content["candidates"] if found["name"] != "quadratic"]
    for decision in content["decisions"]:
        decision["lifetime_cpu_seconds"].pop("quadratic", None)


def wider(content: dict[str, Any]) -> None:
    found = row(content, "constant")
    found["half_width"] = [2 * width for width in found["half_width"]]


def covered(content: dict[str, Any]) -> None:
    row(content, "constant")["interval_coverage"] = 0.9875


def smaller(content: dict[str, Any]) -> None:
    row(content, "mlp")["bytes"] = 10


def null_error(content: dict[str, Any]) -> None:
    row(content, "linear")["error"]["total"].update(value=None)


def split(content: dict[str, Any]) -> None:
    content["split"]["n_held_out"] = 80


def relabelled(content: dict[str, Any]) -> None:
    row(content, "mlp")["kind"] = "table"


def unlike_its_graph(content: dict[str, Any]) -> None:
    row(content, "mlp")["parity"]["max_sigma"] = 1e9


CHANGES = {
    verdict: r"decisions\[0\]\.",
    break_even: r"decisions\[0\]\.lifetime_cpu_seconds\.mlp; computed again from ledger and ladder",
    small_error: r"candidates\.constant\.|answers on held-out runs",
    small_error_met: r"candidates\.constant\.",
    bound_alone: r"candidates\.constant\.error\.total\.high; computed again from the answers on held-out runs",
    cheaper: r"candidates\.full_physics\.query\..*; computed again from its blocks",
    fixed_cost: r"candidates\.mlp\.fixed_cpu_seconds; computed again from the ledger",
    margin: r"decisions\[0\]\.policy\.materiality_cpu_seconds; computed again from the constants",
    tolerance: r"tolerance; computed again from the need",
    without_a_rung: r"of the candidate 'quadratic', which is not in",
    wider: r"candidates\.constant\.(half_width|interval_coverage)",
    covered: r"candidates\.constant\.interval_coverage",
    smaller: r"candidates\.mlp\.bytes",
    null_error: r"candidates\.linear\.",
    relabelled: r"candidates\.mlp\.kind; computed again from the models of this program",
    unlike_its_graph: r"graph of 'mlp' that differs from its model by 1e\+09",
    split: r"split\.n_held_out; computed again from 'runs\.zarr'",
}


@pytest.mark.parametrize("where", ["campaign", "evaluation"])
@pytest.mark.parametrize("change", CHANGES, ids=lambda change: change.__name__)
def test_what_a_ladder_says_is_computed_again(copy: Path, change: Change, where: str) -> None:
    file = "candidates.json" if where == "campaign" else evaluation(copy)
    forge(copy, file, change)
    sentence = refused(copy)
    assert Path(file).name in sentence
    import re

    assert re.search(CHANGES[change], sentence), sentence


def test_a_candidate_stands_once(copy: Path) -> None:
    forge(copy, "candidates.json", lambda content: content["candidates"].append(row(content, "constant")))
    assert "holds the candidate 'constant' twice" in refused(copy, UnusableInputError)


def looser(content: dict[str, Any]) -> None:
    content["need"]["tolerances"]["monthly"]["limit"] = 0.5


def more_queries(content: dict[str, Any]) -> None:
    content["need"]["queries"] = [10.0 * 1e4, 100.0 * 1e4]


def need_hash(need: dict[str, Any]) -> str:
    """As docs/audit.md tells an auditor to compute it."""
    values = {key: value for key, value in need.items() if key != "hash"}
    return hashlib.sha256(json.dumps(values, sort_keys=True).encode()).hexdigest()


@pytest.mark.parametrize("change", [looser, more_queries])
def test_a_need_that_was_changed_no_longer_gives_its_hash(copy: Path, change: Change) -> None:
    forge(copy, "study.json", change)
    assert "its need gives" in refused(copy)


@pytest.mark.parametrize("change", [looser, more_queries])
def test_a_need_that_was_changed_with_its_hash_is_not_the_one_of_the_ledger(copy: Path, change: Change) -> None:
    content = json.loads((copy / "study.json").read_text())
    assert need_hash(content["need"]) == content["need"]["hash"]
    change(content)
    content["need"]["hash"] = need_hash(content["need"])
    (copy / "study.json").write_text(json.dumps(content))
    for file in ("candidates.json", evaluation(copy)):
        forge(copy, file, lambda c: c.update(need_hash=content["need"]["hash"]))
    assert "is not one that the ledger fixed" in refused(copy)


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("judged_on", {"en": "500 roofs of the town, measured", "fr": "500 toits de la commune, mesurés"}),
        ("cases", {"en": "hospitals", "fr": "hôpitaux"}),
        ("sources", ["lidar of the town"]),
        ("notes", [{"en": "all was checked by a surveyor", "fr": "un géomètre a tout vérifié"}]),
    ],
)
def test_what_a_study_says_of_itself_is_what_the_ledger_fixed(copy: Path, key: str, value: Any) -> None:
    forge(copy, "study.json", lambda content: content.update({key: value}))
    assert "does not tell what its ledger fixed of the study" in refused(copy)


@pytest.mark.parametrize(("key", "value"), [("sources", 5), ("notes", ["clean"]), ("notes", [{"en": 5}])])
def test_texts_of_a_study_that_are_none_are_told(copy: Path, key: str, value: Any) -> None:
    forge(copy, "study.json", lambda content: content.update({key: value}))
    assert f"{key} = " in refused(copy)


@pytest.mark.parametrize("value", [[1], {"mlp": 3}])
def test_measured_practices_that_are_none_are_told(copy: Path, value: Any) -> None:
    forge(copy, evaluation(copy), lambda content: content.update(practices={"candidates": value}))
    assert "is damaged" in refused(copy, UnusableInputError)


def test_answers_that_were_cut_short_are_refused(copy: Path, tmp_path: Path) -> None:
    whole, path = (copy / "held_out.nc").read_bytes(), tmp_path / "damaged.nc"
    for kept in (0, 7, 100, 1000, len(whole) // 2, len(whole) - 1):
        path.write_bytes(whole[:kept])
        with pytest.raises(UnusableInputError, match=r"damaged\.nc"):
            read_held_out(path, vector_study().outputs)


def exchanged(folder: Path) -> None:
    """Two graphs change names, and what they say of themselves stays."""
    first, second = (folder / "alternatives" / f"{name}.onnx" for name in ("mlp", "linear"))
    one, two = first.read_bytes(), second.read_bytes()
    first.write_bytes(two)
    second.write_bytes(one)


def renamed(folder: Path) -> None:
    """One graph in the place of another, under the other's name."""
    from frugal.surrogates.onnx.export import with_metadata

    other = (folder / "alternatives" / "mlp.onnx").read_bytes()
    path = folder / "alternatives" / "quadratic.onnx"
    path.write_bytes(with_metadata(other, {"frugal.candidate": "quadratic"}))
    forge(folder, "candidates.json", lambda content: row(content, "quadratic").update(bytes=len(other)))
    forge(folder, evaluation(folder), lambda content: row(content, "quadratic").update(bytes=len(other)))


def shipped(folder: Path) -> None:
    winner = json.loads((folder / "candidates.json").read_text())["model"]["candidate"]
    other = "mlp" if winner != "mlp" else "linear"
    shutil.copy(folder / "alternatives" / f"{other}.onnx", folder / "model.onnx")
    audit = folder / "audit.json"
    from frugal.surrogates.onnx.digest import graph_digest

    content = json.loads(audit.read_text())
    content["graph_sha256"] = graph_digest((folder / "model.onnx").read_bytes())
    audit.write_text(json.dumps(content))


def better_answers(folder: Path) -> None:
    """Answers nearer to the truth, their new hash beside them, and the errors that follow from them left."""
    path = folder / "held_out.nc"
    with h5py.File(path, "r+") as file:
        answers = file["answers/constant/total"]
        answers[...] = 0.5 * (np.asarray(answers) + np.asarray(file["truth/total"]))
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    forge(folder, "candidates.json", lambda content: content["held_out"].update(sha256=digest))


def other_truth(folder: Path) -> None:
    path = folder / "held_out.nc"
    with h5py.File(path, "r+") as file:
        file["truth/total"][2] += 1.0
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    forge(folder, "candidates.json", lambda content: content["held_out"].update(sha256=digest))


def no_answers(folder: Path) -> None:
    (folder / "held_out.nc").unlink()


def lost_chunk(folder: Path) -> None:
    (folder / "runs.zarr/monthly/c/0/0").unlink()


def claims_many_runs(folder: Path) -> None:
    """A header that claims more numbers than any memory holds."""
    path = folder / "runs.zarr/total/zarr.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), "shape": [10**12]}))


def truncated_chunk(folder: Path) -> None:
    path = folder / "runs.zarr/total/c/0"
    path.write_bytes(path.read_bytes()[:-5])


def other_script(folder: Path) -> None:
    """JavaScript that answers otherwise than the graph."""
    path = folder / "model.js"
    path.write_text(path.read_text().replace("value: plain(name, dims)", "value: plain(name, dims) * 0.99"))


def other_numbers(folder: Path) -> None:
    """The same program with another number in it."""
    from frugal.surrogates.bundle.script_file import write_script

    model = (folder / "model.onnx").read_bytes()
    winner = json.loads((folder / "candidates.json").read_text())["model"]["candidate"]
    shutil.copy(folder / "alternatives" / f"{'mlp' if winner != 'mlp' else 'linear'}.onnx", folder / "model.onnx")
    write_script(folder)
    (folder / "model.onnx").write_bytes(model)


def no_text(folder: Path) -> None:
    (folder / "model.js").write_bytes(b"export const format = '\xff';")


FOLDERS = {
    other_script: r"model\.js' is not the JavaScript of 'model\.onnx': another one comes out of the graph",
    other_numbers: r"model\.js' is not the JavaScript of 'model\.onnx': another one comes out of the graph",
    no_text: r"model\.js' is not the JavaScript of 'model\.onnx': it is no text",
    exchanged: r"\.graph; computed again from 'alternatives/(mlp|linear)\.onnx' it is '(mlp|linear)'",
    renamed: r"'alternatives/quadratic\.onnx' does not give the answers that are recorded of it",
    shipped: r"is not the graph of '\w+', which 'candidates\.json' says it is",
    better_answers: r"candidates\.constant\.error\.total",
    other_truth: r"does not hold the held-out runs of 'runs\.zarr'",
    no_answers: r"held_out\.nc' is missing",
    lost_chunk: r"'monthly' of run \d+, which is marked done, is not a finite number",
    claims_many_runs: r"'total' has the shape \(1000000000000,\) for \d+ runs",
    truncated_chunk: r"runs\.zarr' cannot be read",
}


@pytest.mark.parametrize("change", FOLDERS, ids=lambda change: change.__name__)
def test_files_that_were_exchanged_or_lost_are_refused_under_new_checksums(copy: Path, change: Change) -> None:
    import re

    change(copy)
    reseal(copy)
    assert re.search(FOLDERS[change], refused(copy)), refused(copy)


@pytest.mark.parametrize("change", [lost_chunk, truncated_chunk, no_answers])
def test_and_under_the_old_ones_with_the_exit_code_of_each_command(
    copy: Path, change: Change, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from frugal.cli import main

    change(copy)
    for command, code in ((["audit"], 4), (["predict", "-i", "a=1"], 2), (["eval"], 2)):
        monkeypatch.setattr(sys, "argv", ["frugal", command[0], str(copy), *command[1:]])
        with pytest.raises(SystemExit) as stopped:
            main()
        said = capsys.readouterr().err
        assert (stopped.value.code, said.count("\n")) == (code, 1) and "Traceback" not in said, said


def lines_of(folder: Path) -> list[bytes]:
    return (folder / "ledger.jsonl").read_bytes().splitlines(keepends=True)


@pytest.mark.parametrize("how", ["cut", "swapped", "taken out"])
def test_a_ledger_that_lost_lines_leaves_the_need_for_ai_not_assessed(copy: Path, how: str) -> None:
    lines = lines_of(copy)
    kept = {"cut": lines[:-2], "swapped": [lines[1], lines[0], *lines[2:]], "taken out": lines[:3] + lines[4:]}[how]
    (copy / "ledger.jsonl").write_bytes(b"".join(kept))
    reseal(copy)
    audit = audit_again(copy)
    assert {row["id"]: row["status"] for row in audit["criteria"]}["MES-06"] == "fail"
    assert audit["conditions"]["C1"]["status"] == "not_assessed"


def test_a_bundle_whose_answers_were_stripped_is_refused_even_as_an_older_one(copy: Path) -> None:
    shutil.rmtree(copy / "evaluations")
    (copy / "held_out.nc").unlink()
    forge(copy, "candidates.json", lambda content: content.pop("held_out"))
    assert "names no file of answers: it was taken out" in refused(copy)

    def as_before_answers_were_kept(content: dict[str, Any]) -> None:
        for key in ("judged_by", "folds", "n_shipped"):
            content["split"].pop(key)
        content["split"].update(n_train=24, n_held_out=8)
        for found in content["candidates"]:
            for error in found["error"].values():
                for key in ("bounded", "rows", "places", "by_place", "run_p90", "run_max", "unseen_share", "cases"):
                    error.pop(key, None)
                if error["high"] is None:  # what has no bound today had one then
                    error["high"] = error["value"]

    forge(copy, "candidates.json", as_before_answers_were_kept)
    assert "fixed" in refused(copy)  # then a part of the runs was charged; the ledger says all


def test_an_older_bundle_without_answers_tells_that_they_cannot_be_computed_again(tmp_path: Path) -> None:
    with zipfile.ZipFile(Path(__file__).parent.parent / "data" / "oxygen_sag_f488fd7.zip") as packed:
        packed.extractall(tmp_path)
    folder = tmp_path / "oxygen_sag"
    audit = audit_again(folder)
    assert any("cannot be computed again" in text["en"] for text in audit["limits"])
    assert any("ne peuvent pas être recalculées" in text["fr"] for text in audit["limits"])

    def better(content: dict[str, Any]) -> None:
        row(content, "constant")["error"]["lowest_oxygen_mg_l"].update(value=0.3, low=0.29, high=0.31)

    forge(folder, "candidates.json", better)  # what has a graph is asked all the same
    assert "candidates.constant.error.lowest_oxygen_mg_l" in refused(folder)


def test_answers_that_are_better_than_what_ships_on_runs_that_it_has_seen_are_not_its_own(copy: Path) -> None:
    """A forger whose errors follow from answers of their own, eight times nearer to the truth, beside the honest graph."""
    study, comparison = bare_study(json.loads((copy / "study.json").read_text())), open_bundle(copy).comparison
    honest = read_held_out(copy / "held_out.nc", study.outputs)
    found, spread = comparison.ladder.by_name["constant"], honest.truth.std(axis=0)
    opened = session((copy / "alternatives" / "constant.onnx").read_bytes())
    runs = read_runs(copy / "runs.zarr", ["a", "kind"], ["total", "monthly"])
    got = flat_answers(opened, ["total", "monthly"], runs.inputs)
    _check_answers(found, study, spread, honest, got, True)
    nearer = honest.truth + (np.asarray(honest.answers["constant"], dtype=float) - honest.truth) / 8
    forged = replace(honest, answers={**honest.answers, "constant": nearer})
    with pytest.raises(NotAssessedError, match="has learnt from"):
        _check_answers(found, study, spread, forged, got, True)
    with pytest.raises(NotAssessedError, match="it is not recorded what it answers"):
        _check_answers(found, study, spread, replace(honest, shipped={}), got, True)


@pytest.mark.parametrize(
    ("file", "content"),
    [
        ("ledger.seal.json", "{}"),
        ("ledger.seal.json", '{"sha256": "0"}'),
        ("ledger.seal.json", '{"lines": "many", "sha256": 3}'),
        ("candidates.json", "[]"),
        ("candidates.json", "{"),
        ("study.json", '{"name": "vector", "inputs": 3, "outputs": [], "need": {}}'),
    ],
)
def test_damaged_seals_and_files_are_told(copy: Path, file: str, content: str) -> None:
    (copy / file).write_text(content)
    reseal(copy)
    if file == "ledger.seal.json":
        assert {row["id"]: row["status"] for row in audit_again(copy)["criteria"]}["FRU-07"] == "fail"
    else:
        assert file in refused(copy, FrugalError)


@pytest.mark.parametrize(
    ("key", "value"),
    [("process", {"a": 1}), ("cpu_seconds", "many"), ("cpu_seconds", None), ("stage", 3), ("hashes", {"need": []})],
)
def test_a_line_that_is_no_entry_is_told_with_its_number(copy: Path, key: str, value: Any) -> None:
    lines = lines_of(copy)
    lines[2] = json.dumps({**json.loads(lines[2]), key: value}).encode() + b"\n"
    (copy / "ledger.jsonl").write_bytes(b"".join(lines))
    sentence = refused(copy)
    assert "line 3 of" in sentence and f"'{key}'" in sentence


@pytest.mark.parametrize("covered", [True, False])
def test_links_that_turn_in_a_circle_are_told(copy: Path, covered: bool) -> None:
    folder, sums = copy / "evaluations", copy / "SHA256SUMS"
    (folder / "round.json").symlink_to("round.json")
    assert "round.json" in refused(copy, FrugalError)
    shutil.rmtree(folder)
    if not covered:
        sums.write_text("".join(line for line in sums.read_text().splitlines(True) if "evaluations" not in line))
    folder.symlink_to("evaluations")
    assert "evaluations" in refused(copy, FrugalError)
