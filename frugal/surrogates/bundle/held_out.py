"""What every candidate was judged by, beside the truth: errors and bounds can be computed again from it.

One NetCDF-4 file for each measurement: ``held_out.nc`` beside ``candidates.json``, ``evaluations/TIME.nc`` beside
``evaluations/TIME.json``. The group ``truth`` has a variable for each output, ``answers/CANDIDATE`` the same of a candidate,
by fits that had not seen the runs; ``run``, ``place``, ``subject`` and ``fold`` say which runs they are. What ships has learnt
from all runs: ``shipped/CANDIDATE`` holds what its graph answers on the runs that ``asked`` numbers, so that a graph that was
exchanged is found out. Numbers are kept as they were judged: what a graph answers is float32, and stays so.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from frugal.errors import UnusableInputError
from frugal.experiments.runs.store import Runs
from frugal.experiments.study.outputs import Output, output_slices
from frugal.experiments.study.study_file import read_outputs
from frugal.formats.files.atomic import drafted
from frugal.formats.files.digests import sha256_of
from frugal.formats.files.json_files import read_json
from frugal.surrogates.fitting.judging import ALWAYS_LEARNT, Judging, by_folds, by_held_out
from frugal.surrogates.measurement.places import groups_of

#: The file of a campaign, beside ``candidates.json``.
HELD_OUT = "held_out.nc"
#: The same form of file, of the held-out runs that were made again: what ``finer`` and ``coarser`` cells answered.
GRID_RUNS = "grid_runs.nc"

FORMAT = "frugal-held-out/2"
#: Of bundles in which the judged answers are those of the graphs that ship.
FORMER_FORMAT = "frugal-held-out/1"

#: Of answers of more values than these, those of the graph that ships are kept on some runs only, eight at the least.
MOST_SHIPPED_VALUES, FEWEST_ASKED = 2_000_000, 8

#: Arrays of so many elements are compressed: smaller ones only grow.
_LARGE = 256


@dataclass(frozen=True, eq=False)
class HeldOut:
    """Runs that were judged, and what each candidate answered of them.

    Parameters
    ----------
    outputs : sequence of Output
        Of the study, in the order of the columns.
    truth : array [n, m]
        All outputs flattened and side by side, in their units; `columns` says which are whose.
    answers : mapping of str to array [n, m]
        By candidate, those that could be asked, float32 where a graph answered. Of one that is ``exact`` they are the truth.
    exact : sequence of str
        Candidates that are the truth itself: the full physics.
    runs : array of int [n]
        Number of each run in the design, as in ``runs.zarr``.
    places : array of str [n]
        Empty where a run has no place.
    subjects : array of int [n]
        Number of the real object, -1 where there is none.
    folds : array of int [n]
        Which fold each run was judged in; 0 where there is one.
    shipped : mapping of str to array [k, m]
        What the graphs that ship answer, of candidates that were judged by fits to fewer runs.
    asked : array of int [k]
        Of which of these runs, from 0.
    """

    outputs: Sequence[Output]
    truth: np.ndarray
    answers: Mapping[str, np.ndarray]
    exact: Sequence[str]
    runs: np.ndarray
    places: np.ndarray
    subjects: np.ndarray
    folds: np.ndarray
    shipped: Mapping[str, np.ndarray] = field(default_factory=dict)
    asked: np.ndarray = field(default_factory=lambda: np.empty(0, dtype=np.int64))

    def __len__(self) -> int:
        return len(self.truth)

    def columns(self, output: str) -> slice:
        """Where an output stands in ``truth`` and ``answers``."""
        return output_slices(self.outputs)[output]

    @property
    def groups(self) -> np.ndarray | None:
        """Places that errors are judged by; None where no run has one."""
        return groups_of(self.places)

    @property
    def judged_in_folds(self) -> np.ndarray | None:
        """Fold of each run, where there are several."""
        return self.folds if len(np.unique(self.folds)) > 1 else None

    @classmethod
    def of(
        cls,
        outputs: Sequence[Output],
        held_out: Runs,
        answers: Mapping[str, np.ndarray],
        exact: Sequence[str] = (),
        shipped: Mapping[str, np.ndarray] | None = None,
        folds: np.ndarray | None = None,
    ) -> HeldOut:
        """From the runs that were judged and what was answered.

        Parameters
        ----------
        outputs : sequence of Output
        held_out : Runs
        answers : mapping of str to array [n, m]
            By candidate, without those that are ``exact``.
        exact : sequence of str
        shipped : mapping of str to array [n, m], optional
            What the graphs that ship answer, where others are judged.
        folds : array of int [n], optional
            Which fold each run was judged in.
        """
        whole = {**answers, **dict.fromkeys(exact, held_out.outputs)}
        folds = np.zeros(len(held_out), dtype=np.int64) if folds is None else folds
        asked = rows_asked(*held_out.outputs.shape) if shipped else np.empty(0, dtype=np.int64)
        return cls(
            tuple(outputs),
            held_out.outputs,
            whole,
            tuple(exact),
            held_out.numbers,
            held_out.places,
            held_out.object_ids,
            folds,
            {name: values[asked] for name, values in (shipped or {}).items()},
            asked,
        )


def rows_asked(n: int, m: int) -> np.ndarray:
    """Rows of ``n`` whose answers ``[n, m]`` are kept of the graphs that ship: all, or some that are evenly spread."""
    kept = min(n, max(FEWEST_ASKED, MOST_SHIPPED_VALUES // max(m, 1)))
    return np.unique(np.linspace(0, n - 1, kept).round().astype(np.int64))


def write_held_out(path: Path, held_out: HeldOut) -> None:
    """Write the file; it appears whole or not at all.

    Raises
    ------
    EnvironmentFaultError
        If it cannot be written.
    """
    import h5netcdf
    import h5py

    with drafted(path) as draft, h5netcdf.File(draft, "w") as file:
        file.attrs["Conventions"] = "CF-1.11"
        file.attrs["format"] = FORMAT
        file.attrs["exact"] = ";".join(held_out.exact)
        dims = _dimensions(held_out.outputs)
        sizes = {name: size for own in dims.values() for name, size in own.items()}
        file.dimensions = {"run": len(held_out), "asked": max(len(held_out.asked), 1), **sizes}
        for name, values, told in (
            ("run", held_out.runs, "number of the run in the design, from 0"),
            ("subject", held_out.subjects, "number of the real object, -1 where there is none"),
            ("fold", held_out.folds, "split that the run was judged in"),
        ):
            file.create_variable(name, ("run",), data=np.asarray(values, dtype=np.int64)).attrs["long_name"] = told
        # numpy's own texts are of one width, which HDF5 does not keep
        places = np.array([str(place) for place in held_out.places], dtype=object)
        file.create_variable("place", ("run",), dtype=h5py.string_dtype(), data=places)
        _write_group(file.create_group("truth"), held_out, held_out.truth, dims)
        for name, values in held_out.answers.items():
            if name not in held_out.exact:
                _write_group(file.create_group(f"answers/{name}"), held_out, values, dims)
        if held_out.shipped:
            rows = file.create_variable("asked", ("asked",), data=np.asarray(held_out.asked, dtype=np.int64))
            rows.attrs["long_name"] = "runs of which the graphs that ship were asked, from 0 in the order of this file"
        for name, values in held_out.shipped.items():
            _write_group(file.create_group(f"shipped/{name}"), held_out, values, dims, "asked")


def _dimensions(outputs: Sequence[Output]) -> dict[str, dict[str, int]]:
    """By output, the names of its dimensions with their sizes: two sets of stations are two dimensions."""
    known: dict[str, int] = {}
    found: dict[str, dict[str, int]] = {}
    for output in outputs:
        own: dict[str, int] = {}
        for dim, size in zip(output.dims, output.shape, strict=True):
            name = dim if dim not in ("run", "asked") and known.get(dim, size) == size else f"{dim}_{output.name}"
            own[name] = known[name] = size
        found[output.name] = own
    return found


def _write_group(
    group: Any, held_out: HeldOut, values: np.ndarray, dims: Mapping[str, Mapping[str, int]], along: str = "run"
) -> None:
    for output in held_out.outputs:
        own = values[:, held_out.columns(output.name)].reshape(len(values), *output.shape)
        short = own.astype(np.float32)
        kept = short if np.array_equal(short.astype(own.dtype), own, equal_nan=True) else own.astype(np.float64)
        options: dict[str, Any] = {}
        if kept.size >= _LARGE:
            options = {"compression": "gzip", "compression_opts": 4, "shuffle": True}
        variable = group.create_variable(output.name, (along, *dims[output.name]), data=kept, **options)
        variable.attrs["units"] = output.unit


def read_held_out(path: Path, outputs: Sequence[Output]) -> HeldOut:
    """Read a file of answers.

    Parameters
    ----------
    path : Path
        ``held_out.nc`` of a bundle, or the file of an evaluation.
    outputs : sequence of Output
        Of the bundle's study.

    Returns
    -------
    HeldOut

    Raises
    ------
    UnusableInputError
        If it cannot be read, or does not hold every output of the study for every candidate.
    """
    import h5py

    try:
        # by HDF5 itself: the reader of NetCDF looks up what dimensions hang together, and stumbles where a file is damaged
        with h5py.File(path, "r") as file:
            if file.attrs.get("format") not in (FORMAT, FORMER_FORMAT):
                raise UnusableInputError(f"'{path}' is not a file of answers on held-out runs ({FORMAT})")
            truth = _read_group(file["truth"], outputs)
            exact = [name for name in str(file.attrs["exact"]).split(";") if name]
            asked = file.get("answers", {})
            answers = {name: _read_group(group, outputs) for name, group in asked.items()}
            columns = {name: np.asarray(file[name][:]) for name in ("run", "subject", "fold")}
            places = np.array([str(place) for place in file["place"].asstr()[:]])
            shipped = {name: _read_group(group, outputs) for name, group in file.get("shipped", {}).items()}
            rows = np.asarray(file["asked"][:], dtype=np.int64) if shipped else np.empty(0, dtype=np.int64)
    except (OSError, KeyError, ValueError, RuntimeError, TypeError, AttributeError) as fault:  # HDF5, of damaged files
        raise UnusableInputError(f"the answers on held-out runs '{path}' cannot be read: {fault}") from fault
    parts = [*answers.values(), *columns.values(), places]
    if any(len(part) != len(truth) for part in parts):
        raise UnusableInputError(f"the answers on held-out runs '{path}' are not of as many runs as the truth")
    if any(len(part) != len(rows) for part in shipped.values()) or (
        len(rows) and not 0 <= rows.min() <= rows.max() < len(truth)
    ):
        raise UnusableInputError(f"the answers on held-out runs '{path}' do not say which runs the graphs were asked")
    whole = {**answers, **dict.fromkeys(exact, truth)}
    return HeldOut(
        tuple(outputs),
        truth,
        whole,
        tuple(exact),
        columns["run"],
        places,
        columns["subject"],
        columns["fold"],
        shipped,
        rows,
    )


def _read_group(group: Any, outputs: Sequence[Output]) -> np.ndarray:
    parts = [np.asarray(group[output.name][:]) for output in outputs]
    for part, output in zip(parts, outputs, strict=True):
        if part.shape[1:] != output.shape:
            raise ValueError(f"'{output.name}' has the shape {part.shape[1:]}, not {output.shape}")
    return np.concatenate([part.reshape(len(part), -1) for part in parts], axis=1)


def answers_beside(comparison: Path) -> Path:
    """Where the answers of ``candidates.json`` or of an evaluation are kept; older ones have none."""
    return comparison.with_name(HELD_OUT) if comparison.name == "candidates.json" else comparison.with_suffix(".nc")


def held_out_of(folder: Path, evaluation: Path | None = None) -> HeldOut | None:
    """What the candidates of a bundle answered on the held-out runs.

    Parameters
    ----------
    folder : Path
        Of the bundle.
    evaluation : Path, optional
        File of a later evaluation, whose answers are read in the place of those of the campaign.

    Returns
    -------
    HeldOut or None
        None where the answers were not kept, as in bundles made before they were.

    Raises
    ------
    UnusableInputError
        If the file cannot be read.
    """
    path = answers_beside(evaluation or folder / "candidates.json")
    if not path.is_file():
        return None
    study = read_json(folder / "study.json")
    return read_held_out(path, read_outputs(study["outputs"], study.get("grid")))


def judging_of(split: Mapping[str, Any], runs: Runs, kept: HeldOut | None) -> Judging | None:
    """How the ladder of a bundle was judged; None of an earlier version, whose graphs had not seen the held-out runs.

    Parameters
    ----------
    split : mapping
        Of its comparison.
    runs : Runs
        All of the bundle.
    kept : HeldOut or None
        What its candidates were judged by.

    Raises
    ------
    UnusableInputError
        If they were judged in folds, and the answers do not say which run in which.
    """
    by = split.get("judged_by")
    if by is None:
        return None
    if by == "held_out":
        return by_held_out(runs)
    fixed = np.flatnonzero(~runs.is_added)
    if kept is None or kept.judged_in_folds is None or not np.array_equal(kept.runs, runs.numbers[fixed]):
        raise UnusableInputError(f"'{HELD_OUT}' does not say in which fold each run was judged")
    labels = np.full(len(runs), ALWAYS_LEARNT, dtype=np.int64)
    labels[fixed] = kept.folds
    return by_folds(runs, labels)


def kept_answers(path: Path) -> dict[str, str]:
    """Name and SHA-256 of a file of answers, as the comparison that was measured with them keeps it."""
    return {"file": path.name, "sha256": sha256_of(path)}
