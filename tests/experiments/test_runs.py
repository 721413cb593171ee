"""The run store and the executor: what is finished stays finished, whatever happens."""

import os
import signal
import subprocess
import sys
import textwrap
import time
import warnings
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from studies_for_tests import linear_study, vector_study

from frugal.errors import EnvironmentFaultError, UnusableInputError
from frugal.experiments.designs.sampling import design_for
from frugal.experiments.runs import blocks
from frugal.experiments.runs.blocks import choose_block
from frugal.experiments.runs.execute import execute
from frugal.experiments.runs.store import DONE, FAILED, PENDING, locked, open_store, pack, read_runs


def test_every_run_lands_in_its_row(tmp_path: Path) -> None:
    study = vector_study()
    design = design_for(study, 32, seed=1)
    store = open_store(tmp_path / "runs.zarr", study, design, block=5)
    assert (store.status() == PENDING).all()
    execute(store, threads=2)
    runs = store.finished()
    assert len(runs) == 32
    expected = np.stack([study.run(row) for row in design.inputs])
    np.testing.assert_array_equal(runs.outputs, expected)
    assert (runs.cpu_seconds >= 0).all()


def test_the_store_is_a_cf_dataset(tmp_path: Path) -> None:
    study = vector_study()
    store = open_store(tmp_path / "runs.zarr", study, design_for(study, 32, seed=1), block=8)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        execute(store, threads=1)
        dataset = store.dataset()
    assert dataset["monthly"].dims == ("run", "month")
    assert dataset["monthly"].attrs["units"] == "kWh"
    assert dataset["a"].attrs["units"] == "m"
    assert list(dataset["month"].values) == ["j", "f", "m", "a"]
    assert dataset.attrs["Conventions"].startswith("CF-")


def test_threads_change_nothing(tmp_path: Path) -> None:
    study = vector_study()
    design = design_for(study, 40, seed=3)
    results = []
    for threads in (1, 2):
        store = open_store(tmp_path / f"{threads}.zarr", study, design, block=3)
        execute(store, threads=threads)
        results.append(store.finished().outputs)
    np.testing.assert_array_equal(*results)


def test_a_failed_run_is_kept_with_its_reason_and_out_of_the_runs(tmp_path: Path) -> None:
    study = linear_study()
    design = design_for(study, 32, seed=0)
    bad = float(design.inputs[3, 0])

    def solve(inputs: np.ndarray) -> dict[str, float]:
        if inputs[0] == bad:
            raise FloatingPointError("the time step went to zero")
        return {"y": np.nan if inputs[0] == design.inputs[7, 0] else 1.0}

    store = open_store(tmp_path / "runs.zarr", replace(study, solve=solve), design, block=4)
    execute(store)
    assert [row for row, _ in store.failures()] == [3, 7]
    assert "time step" in store.failures()[0][1]
    assert "finite" in store.failures()[1][1]
    assert len(store.finished()) == 30
    assert (store.status() == FAILED).sum() == 2


def test_a_store_of_another_study_or_design_is_refused(tmp_path: Path) -> None:
    study = linear_study()
    open_store(tmp_path / "runs.zarr", study, design_for(study, 32, seed=0), block=4)
    with pytest.raises(UnusableInputError, match="another design"):
        open_store(tmp_path / "runs.zarr", study, design_for(study, 32, seed=1), block=4)
    other = replace(study, definition="another solver")
    with pytest.raises(UnusableInputError, match="another study"):
        open_store(tmp_path / "runs.zarr", other, design_for(study, 32, seed=0), block=4)


def test_a_folder_that_is_no_store_is_refused(tmp_path: Path) -> None:
    (tmp_path / "runs.zarr").mkdir()
    study = linear_study()
    with pytest.raises(UnusableInputError, match="not a run store"):
        open_store(tmp_path / "runs.zarr", study, design_for(study, 32, seed=0), block=4)


def test_packing_keeps_every_value(tmp_path: Path) -> None:
    study = vector_study()
    store = open_store(tmp_path / "runs.zarr", study, design_for(study, 32, seed=1), block=5)
    execute(store)
    pack(store, tmp_path / "packed.zarr")
    runs = read_runs(tmp_path / "packed.zarr", ["a", "kind"], ["total", "monthly"])
    np.testing.assert_array_equal(runs.outputs, store.finished().outputs)
    np.testing.assert_array_equal(runs.is_held_out, store.finished().is_held_out)


def test_a_disk_that_fills_leaves_the_block_pending(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    study = linear_study()
    store = open_store(tmp_path / "runs.zarr", study, design_for(study, 32, seed=0), block=8)
    group = store._group
    real = type(group).__getitem__

    def full(self: object, name: str) -> object:
        if name == "status" and sys._getframe(1).f_code.co_name == "commit":
            raise OSError(28, "No space left on device")
        return real(self, name)

    monkeypatch.setattr(type(group), "__getitem__", full)
    with pytest.raises(EnvironmentFaultError, match="No space left"):
        execute(store, threads=1)
    monkeypatch.undo()
    assert (store.status() == PENDING).all()
    execute(store, threads=1)
    assert (store.status() == DONE).all()


def test_a_second_campaign_on_the_same_folder_is_refused(tmp_path: Path) -> None:
    with locked(tmp_path), pytest.raises(UnusableInputError, match="another campaign"), locked(tmp_path):
        pass
    with locked(tmp_path):
        pass


def test_blocks_are_single_runs_for_a_slow_solver() -> None:
    study = linear_study()

    def slow(inputs: np.ndarray) -> dict[str, float]:
        end = time.thread_time() + 0.3
        while time.thread_time() < end:
            pass
        return {"y": 1.0}

    design = design_for(study, 16, seed=0)
    block, run = choose_block(replace(study, solve=slow), design)
    assert block == 1
    assert run.total >= 0.29
    assert choose_block(study, design)[0] > 1


@pytest.mark.parametrize(("computes", "lasts", "calls"), [(0.0, 0.15, 2), (0.12, 0.12, 1), (0.0, 0.35, 1)])
def test_a_first_run_is_timed_again_unless_it_computes_or_lasts_long(
    monkeypatch: pytest.MonkeyPatch, computes: float, lasts: float, calls: int
) -> None:
    monkeypatch.setattr(blocks, "ONCE_IS_ENOUGH_CPU_SECONDS", 0.1)
    monkeypatch.setattr(blocks, "ONCE_IS_ENOUGH_SECONDS", 0.3)
    made: list[int] = []

    def first_is_slow(inputs: np.ndarray) -> dict[str, float]:
        made.append(1)
        if len(made) == 1:  # compiles, on a machine that others use too
            start, cpu = time.perf_counter(), time.thread_time()
            while time.thread_time() - cpu < computes:
                pass
            time.sleep(max(lasts - (time.perf_counter() - start), 0.0))
        return {"y": 1.0}

    study = linear_study()
    seconds = choose_block(replace(study, solve=first_is_slow), design_for(study, 16, seed=0))[1].total
    assert len(made) == calls
    assert (seconds < 0.05) == (computes == 0.0)


def test_a_row_that_fails_is_passed_over_when_the_solver_is_timed() -> None:
    study = linear_study()
    design = design_for(study, 16, seed=0)

    def fails_at_first(inputs: np.ndarray) -> dict[str, float]:
        return {"y": 1.0 / float(inputs[0] != design.inputs[0, 0])}

    assert choose_block(replace(study, solve=fails_at_first), design)[0] > 1
    assert choose_block(replace(study, solve=lambda x: {"y": np.nan}), design)[0] == 1


KILLED = """
import sys, time
sys.path.insert(0, {tests!r})
from dataclasses import replace
from pathlib import Path
from studies_for_tests import linear_study
from frugal.experiments.designs.sampling import design_for
from frugal.experiments.runs.execute import execute
from frugal.experiments.runs.store import open_store
from frugal.experiments.study import study as contract

contract.fingerprint = lambda function: "the same physics"  # only the pause is new
study = linear_study()
solve = study.solve
def slow(inputs):
    time.sleep(0.02)
    print("run", flush=True)
    return solve(inputs)
study = replace(study, solve=slow)
execute(open_store(Path({store!r}), study, design_for(study, 64, seed=0), block=2), threads=2)
"""


@pytest.mark.parametrize("after", [5, 23])
def test_kill_at_any_moment_loses_no_finished_run(tmp_path: Path, after: int, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "runs.zarr"
    code = textwrap.dedent(KILLED).format(tests=str(Path(__file__).parents[1]), store=str(path))
    process = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    for _ in range(after):
        process.stdout.readline()
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    study = linear_study()
    design = design_for(study, 64, seed=0)
    calls: list[float] = []
    solve = study.solve

    def counted(inputs: np.ndarray) -> dict[str, np.ndarray]:
        calls.append(float(inputs[0]))
        return solve(inputs)

    monkeypatch.setattr("frugal.experiments.study.study.fingerprint", lambda function: "the same physics")
    study = replace(study, solve=counted)
    store = open_store(path, study, design, block=2)
    done_before = store.status() == DONE
    assert done_before.sum() >= after - 6  # all but the blocks that were under way
    execute(store, threads=2)
    assert (store.status() == DONE).all()
    again = set(calls) & set(design.inputs[done_before, 0].tolist())
    assert not again
    np.testing.assert_array_equal(store.finished().outputs, np.stack([study.run(row) for row in design.inputs]))
