"""A bundle that an earlier version made stays usable: it opens, predicts alike, is measured again and audited."""

import json
import zipfile
from pathlib import Path

import numpy as np
import pytest
from campaigns_for_tests import short_timings

from frugal.audit.evidence.audit_file import read_audit
from frugal.audit.evidence.comparison import compare
from frugal.audit.exports.export import export_files
from frugal.campaigns.reevaluation import evaluate_bundle
from frugal.campaigns.workflow import audit_again
from frugal.experiments.runs.store import read_runs
from frugal.experiments.study import Study
from frugal.experiments.study.registry import load_study_file
from frugal.surrogates.bundle.bundle import open_bundle
from frugal.surrogates.bundle.predictor import Predictor

DATA = Path(__file__).resolve().parent.parent / "data"

#: Rows that the program of that time was asked, and its answers: value, lower, upper of the first row; values of the others.
ASKED = [
    [5.03, 0.58, 0.36, 1.07, 7.88],
    [10.04, 0.97, 0.18, 1.19, 7.95],
    [9.43, 1.03, 0.26, 1.07, 10.45],
    [17.57, 0.65, 0.32, 1.16, 8.67],
]
ANSWERED = {
    "boosted_trees": [5.964498996734619, 3.537125587463379, 8.39187240600586, 5.960855960, 8.910234451, 4.417454242],
    "constant": [7.322579383850098, 4.414246082305908, 10.230913162231445, 7.322579383, 7.322579383, 7.322579383],
    "gaussian_process": [
        6.807721614837646,
        6.317800045013428,
        7.297643184661865,
        6.665350437,
        8.720032691,
        5.539434432,
    ],
    "linear": [6.363925457000732, 5.473066329956055, 7.25478458404541, 6.661122322, 8.691143035, 5.593891143],
    "mlp": [6.798925399780273, 6.349749565124512, 7.248101234436035, 6.640448570, 8.704415321, 5.468970298],
    "quadratic": [6.819894790649414, 5.519146919250488, 8.12064266204834, 6.673067092, 8.703720092, 5.538627147],
    "table": [6.794332504272461, 4.508227348327637, 9.080437660217285, 5.944314479, 8.450090408, 5.385799407],
}


@pytest.fixture
def bundle(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The bundle, to be changed at will, and evaluated with short timings."""
    short_timings(monkeypatch)
    with zipfile.ZipFile(DATA / "oxygen_sag_f488fd7.zip") as packed:
        packed.extractall(tmp_path)
    return tmp_path / "oxygen_sag"


@pytest.fixture
def study() -> Study:
    """The study it was trained from, read as any user's file is."""
    return load_study_file(DATA / "oxygen_sag.py")


def test_every_graph_answers_as_it_did(bundle: Path) -> None:
    rows = {row.name for row in open_bundle(bundle).comparison.ladder.rows if row.graph is not None}
    assert rows == set(ANSWERED)
    for name, (value, lower, upper, *others) in ANSWERED.items():
        for path, candidate in ((bundle, name), (bundle / "alternatives" / f"{name}.onnx", None)):
            answers = Predictor(path, candidate)(np.array(ASKED))
            assert answers["lowest_oxygen_mg_l"] == pytest.approx([value, *others], rel=1e-6)
            assert answers["lowest_oxygen_mg_l_lower"][0] == pytest.approx(lower, rel=1e-6)
            assert answers["lowest_oxygen_mg_l_upper"][0] == pytest.approx(upper, rel=1e-6)
    assert Predictor(bundle).candidate == "quadratic"


def test_the_study_file_of_that_time_still_runs(bundle: Path, study: Study) -> None:
    assert study.former_forms == ("solve", "closed_form", "no_sag")
    runs = read_runs(bundle / "runs.zarr", list(study.column_names), ["lowest_oxygen_mg_l"])
    for row, truth in zip(runs.inputs[:5], runs.outputs[:5], strict=True):
        assert study.run(row)[0] == pytest.approx(truth[0], rel=1e-12)


def test_it_is_measured_again_and_says_why_its_physics_is_not(bundle: Path, study: Study) -> None:
    before = open_bundle(bundle).comparison.ladder.by_name
    again = json.loads(evaluate_bundle(open_bundle(bundle), study, carbon=False).read_text(encoding="utf-8"))
    for row in again["candidates"]:
        assert row["measured_again"] == (row["graph"] is not None), row["name"]
        assert row["measured_again"] or "hashed studies otherwise" in row["measured_again_reason"]
        for output, error in row["error"].items():
            assert error["value"] == pytest.approx(before[row["name"]].errors[output].value, rel=1e-4, abs=1e-9)
    assert again["decisions"][0]["verdict"] == "not_demonstrated"


def test_without_its_study_the_graphs_are_measured_and_the_rest_says_why_not(bundle: Path) -> None:
    again = json.loads(evaluate_bundle(open_bundle(bundle), carbon=False).read_text(encoding="utf-8"))
    for row in again["candidates"]:
        assert row["measured_again"] == (row["graph"] is not None)
        assert row["graph"] is not None or "'oxygen_sag' is unknown" in row["measured_again_reason"]


def test_it_is_audited_again_compared_and_exported(bundle: Path) -> None:
    old = read_audit(bundle)
    new = audit_again(bundle)
    assert (new["verdict"], new["graph_sha256"]) == (old["verdict"], old["graph_sha256"])
    before, now = ({row["id"]: row["status"] for row in audit["criteria"]} for audit in (old, new))
    assert {name: now[name] for name in before} == before
    assert {name: now[name] for name in now.keys() - before.keys()} == {
        "MES-11": "unevidenced"
    }  # not asked at that time
    open_bundle(bundle)
    assert compare(old, read_audit(bundle))
    for name in ("boamps", "cyclonedx", "huggingface", "sci", "spdx"):
        assert export_files(old, name)
