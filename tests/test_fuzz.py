"""A short run of ``benchmarks/fuzz.py``, and what it would have to see: an oracle that sees nothing proves nothing."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from campaigns_for_tests import few_models, made_once, short_timings

from frugal.campaigns.campaign import Settings, run_campaign
from frugal.campaigns.publish import publish
from frugal.experiments.study.registry import load_study_file

pytestmark = pytest.mark.slow

ROOT = Path(__file__).resolve().parents[1]
BENCHMARKS = ROOT / "benchmarks"
CASES = 120


@pytest.fixture(scope="module")
def bundles(tmp_path_factory: pytest.TempPathFactory) -> Path:
    def make(folder: Path) -> None:
        with pytest.MonkeyPatch.context() as patch:
            few_models(patch)
            short_timings(patch)
            for name in ("weir", "pond"):
                study = load_study_file(BENCHMARKS / "fuzzing" / "studies" / f"{name}.py")
                settings = Settings(folder=folder / "campaigns", measure_seconds=0.05, carbon=False)
                publish(run_campaign(study, settings), folder / name)

    return made_once(tmp_path_factory, "fuzzed_bundles", make)


def fuzz(*words: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(BENCHMARKS / "fuzz.py"), "--workers", "1", *words]
    return subprocess.run(
        command, capture_output=True, text=True, cwd=ROOT, env={**os.environ, "PYTHONPATH": str(ROOT)}, check=False
    )


def test_hostile_inputs_end_in_one_sentence_and_leave_nothing(bundles: Path, tmp_path: Path) -> None:
    done = fuzz(
        "--cases", str(CASES), "--seed", "19", "--bundles", str(bundles), "--keep", str(tmp_path / "failed.json")
    )
    assert done.returncode == 0, done.stdout + done.stderr[-2000:]
    assert json.loads((tmp_path / "failed.json").read_text()) == []
    assert f"all {CASES} 0".split() == done.stdout.splitlines()[-2].split()


@pytest.fixture
def case_room(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(BENCHMARKS))


@pytest.mark.parametrize(
    ("args", "code", "out", "err", "new", "fault"),
    [
        (["predict", "x"], 1, "", "Traceback (most recent call last):\n", "", "traceback"),
        (["predict", "x"], 7, "", "frugal: x\n", "", "exit code 7"),
        (["predict", "x"], 2, "", "frugal: x\nfrugal: y\n", "", "2 sentences"),
        (["predict", "x"], 2, "", "", "", "0 sentences"),
        (["predict", "x"], 3, "", "frugal: x: it is odd\n", "", "exit code 3 for an input"),
        (["predict", "x"], 2, "", "frugal: the number is missing\n", "", "input not named"),
        (["predict", "x"], 2, "", "frugal: x \x1b[1m\n", "", "control characters"),
        (["predict", "x", "--json"], 0, '{"a": NaN}', "", "", "not JSON"),
        (["predict", "x"], 2, "", "frugal: x\n", "out.nc", "file after a refusal"),
        (["predict", "x"], 0, "", "", ".out.nc.a1", "temporary file left"),
        (["predict", "x"], 0, "", "", "out.nc", "half a file"),
        (["predict", "x"], 0, "", "", "other.csv", "file that was not asked for"),
        (["predict", "x"], 2, "", "frugal: x is no number\n", "", ""),
    ],
)
def test_the_oracles_see_each_kind_of_fault(
    case_room: None, tmp_path: Path, args: list[str], code: int, out: str, err: str, new: str, fault: str
) -> None:
    from fuzzing.case import Case, tree
    from fuzzing.oracles import faults

    before = tree(tmp_path)
    if new:
        (tmp_path / new).write_text("begun")
    case = Case("cli", args, "", names=("x",), targets=("out.nc", ".out"))
    found = faults(case, code, out, err, before, tree(tmp_path), tmp_path)
    assert (
        found == [fault]
        if fault not in ("", "temporary file left", "file that was not asked for")
        else fault in [*found, ""]
    )


def test_cases_are_the_same_for_the_same_seed(case_room: None, tmp_path: Path) -> None:
    from fuzzing import mutations
    from fuzzing.case import numbers_of

    text = (ROOT / "tests" / "test_fuzz.py").read_text()
    made = [mutations.spoilt(numbers_of(3, "files", k), "a.csv", text.encode()) for k in range(40)]
    assert made == [mutations.spoilt(numbers_of(3, "files", k), "a.csv", text.encode()) for k in range(40)]
    assert len({content for content, _ in made}) > 30
