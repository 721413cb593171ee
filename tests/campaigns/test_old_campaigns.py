"""A campaign that an earlier version left half-made: gone on with where the physics is the same, left alone where it is not."""

from pathlib import Path

import pytest
from campaigns_for_tests import few_models

from frugal.campaigns import generation
from frugal.campaigns.campaign import Settings, run_campaign
from frugal.experiments.designs.sampling import design_for
from frugal.experiments.runs.store import DONE, open_store
from frugal.experiments.study.registry import load_study_file
from frugal.metering.ledger.ledger import Ledger
from frugal.metering.timing.run_clock import RunTime
from frugal.reporting.progress import Silent

STUDY = """
from frugal.experiments.study import Need, Output, Study, Tolerance, Variable


def head(inputs):
    return {"y": 2.0 + FACTOR * inputs[0] + inputs[1]}


study = Study(
    name="half_made",
    inputs=(Variable("a", "m", 0.0, 1.0), Variable("b", "m", 0.0, 1.0)),
    outputs=(Output("y", "m"),),
    need=Need("one answer", {"y": Tolerance("nrmse", 0.05)}, queries=(10.0, 100.0)),
    solve=head,
    n_runs=32,
)
"""


class Interrupts(Silent):
    """Ctrl-C when the first runs are through."""

    def step(self, done: int, note: str = "") -> None:
        raise KeyboardInterrupt


def settings(folder: Path) -> Settings:
    return Settings(folder=folder / "campaigns", measure_seconds=0.2, carbon=False, threads=1)


@pytest.fixture
def half_made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of a campaign that was interrupted after some of its runs; what follows them is not tested here."""
    few_models(monkeypatch)
    monkeypatch.setattr(generation, "choose_block", lambda study, design: (4, RunTime(cpu_seconds=1e-3)))
    (tmp_path / "before.py").write_text("FACTOR = 3.0\n" + STUDY)
    with pytest.raises(KeyboardInterrupt):
        run_campaign(load_study_file(tmp_path / "before.py"), settings(tmp_path), Interrupts())
    (folder,) = (tmp_path / "campaigns").iterdir()
    assert 0 < runs_done(folder, tmp_path / "before.py") < 32
    return folder


def runs_done(folder: Path, study_file: Path) -> int:
    study = load_study_file(study_file)
    store = open_store(folder / "runs.zarr", study, design_for(study, study.n_runs, 0), 1)
    return int((store.status() == DONE).sum())


@pytest.mark.slow
def test_the_same_physics_in_another_file_goes_on_with_what_was_computed(half_made: Path, tmp_path: Path) -> None:
    done = runs_done(half_made, tmp_path / "before.py")
    after = tmp_path / "moved" / "after.py"
    after.parent.mkdir()
    after.write_text('"""Moved."""\nFACTOR = 3.0\n' + STUDY)
    campaign = run_campaign(load_study_file(after), settings(tmp_path))
    assert list((tmp_path / "campaigns").iterdir()) == [half_made]
    computed = [e.runs for e in Ledger(half_made / "ledger.jsonl").entries() if e.stage == "generation"]
    assert computed[1:] == [32 - done]
    assert (campaign.runs.outputs[:, 0] == 2.0 + 3.0 * campaign.runs.inputs[:, 0] + campaign.runs.inputs[:, 1]).all()


def test_runs_of_another_physics_are_neither_taken_nor_touched(half_made: Path, tmp_path: Path) -> None:
    done = runs_done(half_made, tmp_path / "before.py")
    (tmp_path / "after.py").write_text("FACTOR = 4.0\n" + STUDY)
    campaign = run_campaign(load_study_file(tmp_path / "after.py"), settings(tmp_path))
    assert len(list((tmp_path / "campaigns").iterdir())) == 2
    assert (campaign.runs.outputs[:, 0] == 2.0 + 4.0 * campaign.runs.inputs[:, 0] + campaign.runs.inputs[:, 1]).all()
    assert runs_done(half_made, tmp_path / "before.py") == done
