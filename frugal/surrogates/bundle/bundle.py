"""A bundle: the folder that holds one trained answer, and the check that nothing in it was altered."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from frugal.candidates.comparison import Comparison, read_comparison
from frugal.candidates.row import CandidateRow
from frugal.errors import UnusableInputError, did_you_mean
from frugal.experiments.study import Study
from frugal.experiments.study.study_file import read_need, read_outputs, read_variables
from frugal.formats.files.atomic import exclusive, new_folder, put_back
from frugal.formats.files.digests import sha256_of
from frugal.formats.files.json_files import read_json, to_json
from frugal.metering.ledger.hash_chain import check_seal, seal_of
from frugal.metering.ledger.ledger import Ledger
from frugal.surrogates.onnx.digest import file_graph_digest
from frugal.texts import Text

MODEL = "model.onnx"
CHECKSUMS = "SHA256SUMS"
#: The runs that everything was learnt from and judged on.
RUNS = "runs.zarr"
ALTERNATIVES = "alternatives"
#: How many lines the ledger had, and their hash, when the bundle was closed: nothing else covers its last lines.
LEDGER_SEAL = "ledger.seal.json"


@dataclass(frozen=True)
class Bundle:
    """A bundle on disk, opened by `open_bundle`."""

    path: Path
    study: dict[str, Any]
    comparison: Comparison

    def candidate(self, name: str) -> CandidateRow:
        """Row of the ladder.

        Raises
        ------
        UnusableInputError
            If there is no such candidate.
        """
        row = self.comparison.ladder.row(name)
        if row is not None:
            return row
        names = list(self.comparison.ladder.by_name)
        raise UnusableInputError(
            f"candidate '{name}' is not in '{self.path}'; it has: {', '.join(names)}{did_you_mean(name, names)}"
        )

    def model_path(self, candidate: str | None = None) -> Path:
        """ONNX file of a candidate, or of the answer that ships.

        Raises
        ------
        UnusableInputError
            If it has none.
        """
        if candidate is None:
            path = self.path / MODEL
            if not path.is_file():
                raise UnusableInputError(f"'{self.path}' ships no ONNX file: {self.reason_without_model('en')}")
            return path
        row = self.candidate(candidate)
        if row.graph is None:
            reason = (row.graph_reason or row.message).get("en", "")
            raise UnusableInputError(f"candidate '{candidate}' has no ONNX file: {reason}")
        path = self.path / row.graph
        if not _is_inside(path, self.path) or not path.is_file():
            raise UnusableInputError(
                f"'{self.path / 'candidates.json'}' names the graph '{row.graph}', which is not in it"
            )
        return path

    def reason_without_model(self, language: str) -> str:
        """Why ``model.onnx`` is absent."""
        return self.comparison.model.reason.get(language, "")


def bare_study(described: Mapping[str, Any]) -> Study:
    """A study as ``study.json`` describes it: without its solver and its alternatives, which only its own file has.

    Raises
    ------
    UnusableInputError
        If the description cannot be read.
    """
    try:
        return Study(
            name=described["name"],
            inputs=read_variables(described["inputs"]),
            outputs=read_outputs(described["outputs"], described.get("grid")),
            need=read_need(described["need"]),
            title=described["title"],
            cases=described.get("cases") or {},
            judged_on=described.get("judged_on") or {},
            sources=_sources(described.get("sources") or ()),
            notes=_notes(described.get("notes") or ()),
        )
    except (KeyError, TypeError, AttributeError, ValueError) as fault:
        raise UnusableInputError(f"'study.json' does not describe a study: {type(fault).__name__}: {fault}") from fault


def _sources(told: Any) -> tuple[str, ...]:
    if not isinstance(told, list | tuple) or not all(isinstance(source, str) for source in told):
        raise ValueError(f"sources = {str(told)[:60]}; a list of texts is needed")
    return tuple(told)


def _notes(told: Any) -> tuple[Text, ...]:
    if not isinstance(told, list | tuple) or not all(
        isinstance(note, Mapping) and all(isinstance(words, str) for words in note.values()) for note in told
    ):
        raise ValueError(f"notes = {str(told)[:60]}; a list of texts by language is needed")
    return tuple(told)


def open_bundle(path: Path | str) -> Bundle:
    """Read a bundle and check its files against their checksums.

    Raises
    ------
    UnusableInputError
        If it is not a bundle, or one of its files is missing or was altered.
    """
    path = put_back(Path(path))
    if not path.is_dir():
        raise UnusableInputError(f"bundle '{path}' does not exist")
    if not (path / CHECKSUMS).is_file():
        raise UnusableInputError(f"'{path}' is not a bundle: it has no {CHECKSUMS}")
    verify(path)
    study = read_json(path / "study.json")
    for key in ("name", "inputs", "outputs", "need"):
        if key not in study:
            raise UnusableInputError(f"'{path}' is not a bundle of this version: '{key}' is missing from it")
    for key, kind in (
        ("name", str),
        ("hash", str),
        ("inputs", list),
        ("outputs", list),
        ("need", dict),
        ("title", dict),
    ):
        if not isinstance(study.get(key, kind()), kind):
            raise UnusableInputError(
                f"'{path / 'study.json'}' has {key} = {str(study[key])[:60]}, which describes no study"
            )
    return Bundle(path, study, read_comparison(path / "candidates.json"))


def write_checksums(folder: Path) -> None:
    """Write ``SHA256SUMS`` over every file of a bundle, its runs among them, but the ledger, which grows.

    The ledger as it is now is covered by a seal of its own, one of those files; lines may come after it.
    """
    _seal_ledger(folder)
    lines = [f"{sha256_of(path)}  {path.relative_to(folder).as_posix()}" for path in _sealed_files(folder)]
    (folder / CHECKSUMS).write_text("\n".join(lines) + "\n", encoding="utf-8")


def _seal_ledger(folder: Path) -> None:
    """Keep the ledger's length and hash. A ledger that its older seal does not cover keeps that one: nothing heals it."""
    path, seal = folder / "ledger.jsonl", folder / LEDGER_SEAL
    if not path.is_file():
        return
    lines = Ledger(path).lines()
    if not (seal.is_file() and check_seal(lines, read_json(seal))):
        seal.write_text(to_json(seal_of(lines)), encoding="utf-8")


def verify(folder: Path) -> None:
    """Compare the files of a bundle with ``SHA256SUMS``, and its graphs with the audit.

    Raises
    ------
    UnusableInputError
        Naming the first file that is missing or altered.
    """
    fault = first_fault(folder)
    if fault:
        raise UnusableInputError(fault)
    audit_path = folder / "audit.json"
    if audit_path.exists() and (folder / MODEL).is_file():
        recorded = read_json(audit_path).get("graph_sha256")
        if recorded is not None and recorded != file_graph_digest(folder / MODEL):
            raise UnusableInputError(f"'{folder / MODEL}' is not the graph that '{audit_path}' was made for")


def first_fault(folder: Path, within: Callable[[str], bool] = lambda name: True) -> str:
    """What is wrong with the files of a bundle that ``SHA256SUMS`` covers, in one sentence without a full stop.

    Parameters
    ----------
    folder : Path
        Of the bundle.
    within : callable
        Says of the name of a file, from the folder, whether it is looked at; all are by default.

    Returns
    -------
    str
        About the first file that is missing, altered or not covered; empty where there is none.

    Raises
    ------
    UnusableInputError
        If the checksums cannot be read.
    """
    try:
        lines = (folder / CHECKSUMS).read_text(encoding="utf-8").splitlines()
    except (OSError, ValueError) as fault:
        raise UnusableInputError(f"'{folder / CHECKSUMS}' cannot be read: {fault}") from fault
    expected = {name: digest for digest, _, name in (line.partition("  ") for line in lines)}
    for name in filter(within, ("study.json", "candidates.json")):
        if name not in expected:
            return f"'{folder / CHECKSUMS}' does not cover '{name}'"
    for name, digest in expected.items():
        if not within(name):
            continue
        path = folder / name
        if "\0" in name or not _is_inside(path, folder):
            return f"'{folder / CHECKSUMS}' names a file outside the bundle: {name!r}"
        if not path.is_file():
            return f"'{path}' is missing from the bundle"
        if sha256_of(path) != digest:
            return f"'{path}' was altered: its SHA-256 is not the one in {CHECKSUMS}"
    patterns = ["*.json", "*.js", "*.nc", "evaluations/*.json", "evaluations/*.nc"]
    if any(name.startswith(f"{RUNS}/") for name in expected):  # older bundles do not cover their runs
        patterns.append(f"{RUNS}/**/*")
    for path in (path for pattern in patterns for path in sorted(folder.glob(pattern))):
        name = path.relative_to(folder).as_posix()
        if (path.is_symlink() or path.is_file()) and name not in expected and within(name):
            return f"'{path}' is not covered by {CHECKSUMS}: it was put in by hand; take it out"
    return _first_link(folder)


def _first_link(folder: Path) -> str:
    """A link that a copy of the bundle would follow, for ever where it leads upwards, or could not follow."""
    for path in folder.rglob("*"):
        if path.is_symlink() and not path.is_file():
            return f"'{path}' is a link that leads to no file; a bundle holds none: take it out"
    return ""


def is_evidence(name: str) -> bool:
    """A file of a bundle, by its name from the folder, that holds runs or what was answered on them."""
    return name.startswith(f"{RUNS}/") or name.endswith(".nc")


def _is_inside(path: Path, folder: Path) -> bool:
    try:
        return path.resolve().is_relative_to(folder.resolve())
    except (OSError, RuntimeError, ValueError):  # links that turn in a circle; a zero in the name
        return False


def _sealed_files(folder: Path) -> list[Path]:
    # the markers of stages that are under way lie beside the ledger and go with their process
    return sorted(
        path
        for path in folder.rglob("*")
        if path.is_file() and path.name != CHECKSUMS and not path.name.startswith("ledger.jsonl")
    )


@contextmanager
def growing(folder: Path) -> Iterator[Path]:
    """Yield a copy of a bundle to add to; sealed, it takes the place of the bundle as a whole when the block ends."""
    with new_folder(folder) as copy:
        shutil.copytree(folder, copy, dirs_exist_ok=True)
        yield copy
        write_checksums(copy)


@contextmanager
def held(folder: Path) -> Iterator[None]:
    """Keep a second command out of a bundle while one changes it; a folder that does not exist yet is free.

    Raises
    ------
    UnusableInputError
        If another process is at work in it.
    """
    if not put_back(folder).is_dir():
        yield
        return
    with exclusive(os.open(folder, os.O_RDONLY), f"another command is at work in '{folder}'; wait for it or stop it"):
        yield
