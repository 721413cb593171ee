"""What candidates answered on held-out runs, kept in a bundle so that every error can be computed again."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
import xarray
from campaigns_for_tests import vector_bundle

from frugal.errors import EnvironmentFaultError, UnusableInputError
from frugal.experiments.runs.store import Runs
from frugal.experiments.study import Output
from frugal.surrogates.bundle.bundle import open_bundle
from frugal.surrogates.bundle.held_out import HELD_OUT, HeldOut, held_out_of, read_held_out, write_held_out

OUTPUTS = (
    Output("total", "m"),
    Output("level", "m", ("station",), {"station": ["a", "b"]}),
    Output("flow", "m3/s", ("station",), {"station": ["k", "l", "m"]}),
)


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return vector_bundle(tmp_path_factory)


def held_out(n: int = 4) -> HeldOut:
    truth = np.random.default_rng(3).normal(size=(n, 6))
    nothing = np.zeros(n)
    places = np.array(["Nantes", "", "Île d'Yeu", "Nantes"][:n])
    runs = Runs(nothing[:, None], truth, nothing, np.ones(n, dtype=bool), np.arange(n), places, 10 + np.arange(n))
    answers = {"graph": (truth + 0.1).astype(np.float32).astype(float), "formula": truth + 1e-12}
    return HeldOut.of(OUTPUTS, runs, answers, exact=("full_physics",))


def test_answers_are_read_as_they_were_written(tmp_path: Path) -> None:
    written = held_out()
    write_held_out(tmp_path / HELD_OUT, written)
    found = read_held_out(tmp_path / HELD_OUT, OUTPUTS)
    np.testing.assert_array_equal(found.truth, written.truth)
    assert set(found.answers) == {"graph", "formula", "full_physics"} and list(found.exact) == ["full_physics"]
    assert found.answers["graph"].dtype == np.float32  # what a graph answers, and no more
    np.testing.assert_array_equal(found.answers["graph"], written.answers["graph"])
    np.testing.assert_array_equal(found.answers["formula"], written.answers["formula"])
    np.testing.assert_array_equal(found.answers["full_physics"], written.truth)
    assert list(found.runs) == [10, 11, 12, 13] and list(found.subjects) == [0, 1, 2, 3] and set(found.folds) == {0}
    assert list(found.places) == ["Nantes", "", "Île d'Yeu", "Nantes"] and found.groups is not None
    assert found.columns("flow") == slice(3, 6) and len(found) == 4


def test_others_read_the_errors_of_a_bundle_from_its_answers(bundle: Path) -> None:
    """With xarray and numpy alone: root mean square over the mean of the worst element, as the page prints it."""
    kept = {name: xarray.open_dataset(bundle / HELD_OUT, group=name) for name in ("truth", "answers/linear")}
    truth, answer = (kept[name]["monthly"].to_numpy().astype(float) for name in ("truth", "answers/linear"))
    error = np.sqrt(((answer - truth) ** 2).mean(axis=0)) / truth.mean(axis=0)
    rows = {row["name"]: row for row in json.loads((bundle / "candidates.json").read_text())["candidates"]}
    assert rows["linear"]["error"]["monthly"]["elements"] == pytest.approx(error.tolist(), rel=1e-9)
    assert kept["truth"]["monthly"].attrs["units"] == "kWh" and truth.shape == (32, 4)


def test_every_candidate_that_was_judged_has_its_answers(bundle: Path) -> None:
    found = held_out_of(bundle)
    assert found is not None and found.exact == ("full_physics",)
    rows = open_bundle(bundle).comparison.ladder.rows
    assert set(found.answers) == {row.name for row in rows if row.works}
    # all 32 runs, each left out in one of five folds, by their numbers in the store
    stored = xarray.open_zarr(bundle / "runs.zarr", consolidated=False)
    np.testing.assert_array_equal(found.runs, np.arange(32))
    np.testing.assert_array_equal(found.truth[:, 0], stored["total"].to_numpy())
    assert sorted(np.bincount(found.folds)) == [6, 6, 6, 7, 7]
    # the constant is the mean of the other folds, and what ships that of all runs
    others = [stored["total"].to_numpy()[found.folds != fold].mean() for fold in found.folds]
    np.testing.assert_allclose(found.answers["constant"][:, 0], others, rtol=1e-6)
    assert set(found.shipped) == {row.name for row in rows if row.works and row.needs_runs}
    np.testing.assert_allclose(found.shipped["constant"][:, 0], stored["total"].to_numpy().mean(), rtol=1e-6)


def test_answers_that_cannot_be_read_are_refused_in_one_sentence(tmp_path: Path) -> None:
    path = tmp_path / HELD_OUT
    path.write_bytes(b"\x89HDF\r\n\x1a\n" + bytes(200))
    with pytest.raises(UnusableInputError, match="cannot be read"):
        read_held_out(path, OUTPUTS)
    write_held_out(path, held_out())
    with pytest.raises(UnusableInputError, match="cannot be read"):
        read_held_out(path, (*OUTPUTS, Output("other", "m")))
    with pytest.raises(UnusableInputError, match="has the shape"):
        read_held_out(path, (Output("total", "m"), Output("level", "m"), OUTPUTS[2]))
    with pytest.raises(EnvironmentFaultError):
        write_held_out(Path("/proc/nowhere") / HELD_OUT, held_out())


@pytest.mark.parametrize("harm", ["lost", "truncated", "put in"])
def test_runs_and_answers_are_under_the_checksums(bundle: Path, tmp_path: Path, harm: str) -> None:
    for name in ("runs.zarr/monthly/c/0/0", "runs.zarr/zarr.json", HELD_OUT):
        copy = tmp_path / "bundle"
        shutil.rmtree(copy, ignore_errors=True)
        shutil.copytree(bundle, copy)
        path = copy / name
        if harm == "lost":
            path.unlink()
        elif harm == "truncated":
            path.write_bytes(path.read_bytes()[:-7])
        else:
            path.with_name(f"9{path.name}").write_bytes(b"9")
        with pytest.raises(UnusableInputError, match=r"missing|altered|put in by hand") as told:
            open_bundle(copy)
        assert Path(name).name in str(told.value)


def test_a_bundle_without_answers_is_read(bundle: Path, tmp_path: Path) -> None:
    copy = tmp_path / "bundle"
    shutil.copytree(bundle, copy)
    (copy / HELD_OUT).unlink()
    sums = copy / "SHA256SUMS"
    old = [line for line in sums.read_text().splitlines() if HELD_OUT not in line and "runs.zarr" not in line]
    sums.write_text("\n".join(old) + "\n")
    open_bundle(copy)
    assert held_out_of(copy) is None
