"""Run stores that lost something: what a campaign lost is made again, and a value that is missing is never a number."""

import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from studies_for_tests import vector_study

from frugal.campaigns.generation import generate
from frugal.errors import UnusableInputError
from frugal.experiments.designs.sampling import design_for
from frugal.experiments.runs.execute import execute
from frugal.experiments.runs.repair import reopened
from frugal.experiments.runs.store import DONE, DamagedStoreError, open_store, pack, read_runs
from frugal.metering.ledger.ledger import Ledger
from frugal.metering.meter import Meter
from frugal.reporting.progress import Silent

STUDY = vector_study()
DESIGN = design_for(STUDY, 20, seed=1)


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A finished store of four blocks, and the same packed, as a bundle holds it."""
    folder = tmp_path_factory.mktemp("kept")
    store = open_store(folder / "runs.zarr", STUDY, DESIGN, block=5)
    execute(store, threads=1)
    pack(store, folder / "packed.zarr")
    return folder


@pytest.fixture
def path(kept: Path, tmp_path: Path) -> Path:
    shutil.copytree(kept / "runs.zarr", tmp_path / "runs.zarr")
    return tmp_path / "runs.zarr"


def lose(path: Path) -> None:
    path.unlink()


def truncate(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-9])


def garble(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 0x15
    path.write_bytes(bytes(content))


def empty(path: Path) -> None:
    path.write_bytes(b"")


HARMS = (lose, truncate, garble, empty)


def whole_again(path: Path) -> int:
    """Runs that had to be made again; the store holds what the solver gives afterwards."""
    store, lost = reopened(path, STUDY, DESIGN)
    store = store or open_store(path, STUDY, DESIGN, 5)
    execute(store, threads=1)
    np.testing.assert_array_equal(store.finished().outputs, np.stack([STUDY.run(row) for row in DESIGN.inputs]))
    return lost


@pytest.mark.parametrize("harm", HARMS)
@pytest.mark.parametrize("name", ["monthly/c/2/0", "total/c/2", "cpu_seconds/c/2", "status/c/2"])
def test_a_block_that_lost_a_chunk_is_made_again_and_no_other(
    path: Path, name: str, harm: Callable[[Path], None]
) -> None:
    harm(path / name)
    # the marks of a block that are gone say by themselves that its runs are pending
    assert whole_again(path) == (0 if (name, harm) == ("status/c/2", lose) else 5)
    assert not list(path.parent.glob("*.damaged*"))


@pytest.mark.parametrize("harm", (lose, truncate, empty))
@pytest.mark.parametrize("name", ["zarr.json", "monthly/zarr.json"])
def test_a_store_whose_structure_is_gone_is_set_aside_and_made_again(
    path: Path, name: str, harm: Callable[[Path], None]
) -> None:
    harm(path / name)
    assert whole_again(path) == 20
    assert len(list(path.parent.glob("runs.zarr.damaged*"))) == 1


def test_whatever_file_of_a_campaign_is_harmed_ends_well_or_in_a_sentence(kept: Path, tmp_path: Path) -> None:
    """A campaign's store has no checksums: a letter changed in a hash makes it another study's, and is refused as such."""
    files = sorted(p.relative_to(kept / "runs.zarr") for p in (kept / "runs.zarr").rglob("*") if p.is_file())
    for number, file in enumerate(files):
        harm, path = HARMS[number % len(HARMS)], tmp_path / str(number) / "runs.zarr"
        shutil.copytree(kept / "runs.zarr", path)
        harm(path / file)
        try:
            whole_again(path)
        except UnusableInputError as told:
            assert "\n" not in str(told), (file, harm)


def test_a_store_of_another_study_is_still_refused_and_stays(path: Path) -> None:
    with pytest.raises(UnusableInputError, match="another study"):
        reopened(path, replace(STUDY, definition="another"), DESIGN)
    assert (path / "zarr.json").is_file()


def test_runs_of_a_table_have_no_time_and_are_whole_all_the_same(tmp_path: Path) -> None:
    table, path = replace(STUDY, solve=None), tmp_path / "runs.zarr"
    nothing = np.full(20, np.nan)
    open_store(path, table, DESIGN, 20).commit(0, np.ones((20, 5)), nothing, np.full(20, DONE), [""] * 20)
    assert reopened(path, table, DESIGN)[1] == 0
    lose(path / "total/c/0")
    assert reopened(path, table, DESIGN)[1] == 20


@pytest.mark.parametrize("harm", HARMS)
@pytest.mark.parametrize(
    "name", ["monthly/c/0/0", "a/c/0", "held_out/c/0", "status/c/0", "zarr.json", "total/zarr.json"]
)
def test_packed_runs_that_are_damaged_are_refused(
    kept: Path, tmp_path: Path, name: str, harm: Callable[[Path], None]
) -> None:
    path = tmp_path / "runs.zarr"
    shutil.copytree(kept / "packed.zarr", path)
    harm(path / name)
    if (name, harm) == ("status/c/0", lose):  # nothing is marked done: no run, and whoever counts them notices
        assert len(read_runs(path, ["a", "kind"], ["total", "monthly"])) == 0
        return
    if name.endswith(".json") and harm is garble:
        (path / name).write_text('{"attributes": 3}')
    with pytest.raises(DamagedStoreError) as told:
        read_runs(path, ["a", "kind"], ["total", "monthly"])
    assert "\n" not in str(told.value) and "runs.zarr" in str(told.value)


def test_a_run_marked_done_must_hold_numbers(path: Path) -> None:
    store = open_store(path, STUDY, DESIGN, 5)
    store._group["monthly"][7, 2] = np.inf
    with pytest.raises(DamagedStoreError, match=r"'monthly' of run 7, which is marked done, is not a finite number"):
        store.finished()
    assert whole_again(path) == 5


def test_a_campaign_computes_again_what_it_lost_and_books_it(path: Path, tmp_path: Path) -> None:
    """A chunk lost from a finished campaign: its five runs are simulated again, and no other."""
    meter = Meter(Ledger(tmp_path / "ledger.jsonl"), "one")
    assert len(generate(STUDY, DESIGN, None, path, meter, Silent()).finished()) == 20
    assert not meter.ledger.entries()
    lose(path / "monthly/c/1/0")
    again = generate(STUDY, DESIGN, None, path, meter, Silent(), threads=1).finished()
    np.testing.assert_array_equal(again.outputs, np.stack([STUDY.run(row) for row in DESIGN.inputs]))
    (line,) = [entry for entry in meter.ledger.entries() if entry.stage == "generation"]
    assert line.details["damaged_runs_made_again"] == 5 and line.runs == 5
