"""What candidates answered on the held-out runs, held against runs, errors and graphs.

Errors and bounds are computed again from the answers that a bundle keeps; and each graph that it ships is asked again, and
has to give what is recorded of it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from frugal.audit.evidence.differences import check_same
from frugal.candidates.comparison import Comparison
from frugal.candidates.json_object import JsonObject
from frugal.candidates.output_error import OutputError
from frugal.candidates.row import CandidateRow
from frugal.errors import FrugalError, NotAssessedError, UnusableInputError
from frugal.experiments.runs.store import Runs
from frugal.experiments.study import Study
from frugal.formats.files.digests import sha256_of
from frugal.formats.files.json_files import finite
from frugal.surrogates.bundle.bundle import MODEL, Bundle, bare_study
from frugal.surrogates.bundle.held_out import HeldOut, answers_beside, judging_of, read_held_out
from frugal.surrogates.fitting.judging import Judging
from frugal.surrogates.ladder.answering import flat_answers
from frugal.surrogates.ladder.calibration import widths_of
from frugal.surrogates.ladder.judged import REFIT_GONE_WRONG, standardised_error
from frugal.surrogates.measurement.bounds import BOUNDS_RULE
from frugal.surrogates.measurement.choice import luck_of_choice, times_luck
from frugal.surrogates.measurement.coverage import coverage_over_folds, interval_coverage
from frugal.surrogates.measurement.errors import no_errors, output_errors
from frugal.surrogates.measurement.map_errors import covered_columns
from frugal.surrogates.measurement.noise import above_noise
from frugal.surrogates.measurement.places import groups_of
from frugal.surrogates.onnx.digest import graph_digest
from frugal.surrogates.onnx.export import PARITY_TOLERANCE_SIGMA, largest_difference
from frugal.surrogates.onnx.graph import session
from frugal.surrogates.onnx.physical_limits import clip_outputs

#: The audit writes its own hash and verdict into a graph, which the size on the ladder does not count.
SEALED_BYTES = 2000


def check_split(file: str, comparison: Comparison, runs: Runs) -> None:
    """Hold the runs of a bundle against the split that a comparison was made on.

    Raises
    ------
    NotAssessedError
        Naming the first difference: runs were lost, or marked otherwise.
    """
    split = comparison.split
    if "n_shipped" in split:
        check_same(file, "split.n_shipped", split["n_shipped"], len(runs), "'runs.zarr'")
    if split.get("judged_by") == "out_of_fold":
        check_same(file, "split.n_held_out", split.get("n_held_out"), int((~runs.is_added).sum()), "'runs.zarr'")
        return
    for name, part in (("n_train", runs.training), ("n_held_out", runs.held_out)):
        if name in split:
            check_same(file, f"split.{name}", split[name], len(part), "'runs.zarr'")
    places = {
        "train_places": [runs.training.places],
        # an earlier version told the names of places that were learnt from too
        "held_out_places": [runs.held_out.places, runs.places[runs.is_held_out]],
    }
    for name, found in places.items():
        told = [sorted(map(str, set(names))) for names in found]
        if name in split and split[name] not in told:
            check_same(file, f"split.{name}", split[name], told[0], "'runs.zarr'")


def check_folds(file: str, comparison: Comparison, judging: Judging) -> None:
    """Hold what a comparison says of its folds, their places and the runs learnt from against the folds of its answers.

    Raises
    ------
    NotAssessedError
        Naming the first difference.
    """
    source = "the answers on held-out runs"
    places = sorted(map(str, set(judging.judged.places)))
    for name, found in (("folds", len(judging.parts)), ("n_train", judging.learnt_from), ("held_out_places", places)):
        check_same(file, f"split.{name}", comparison.split.get(name), found, source)


def kept_answers(comparison_file: Path, comparison: Comparison, study: Study, runs: Runs) -> HeldOut | None:
    """The answers that belong to a comparison, held against its hash and against the runs of the bundle.

    Parameters
    ----------
    comparison_file : Path
        ``candidates.json``, or an evaluation.
    comparison : Comparison
        What it holds.
    study : Study
    runs : Runs
        Of the bundle's store, all of them.

    Returns
    -------
    HeldOut or None
        None of an older comparison, which kept none.

    Raises
    ------
    NotAssessedError
        If they are missing, were changed or taken out, or are of other runs.
    """
    path = answers_beside(comparison_file)
    if not comparison.held_out:
        errors = [error for row in comparison.ladder.rows for error in row.errors.values()]
        if "judged_by" in comparison.split or any(error.rows for error in errors):
            raise NotAssessedError(
                f"'{comparison_file.name}' tells on how many held-out runs it was judged, as versions do that keep the answers "
                f"on them, and names no file of answers: it was taken out"
            )
        return None
    if not path.is_file():
        raise NotAssessedError(f"'{path}' is missing: without these answers no error can be computed again")
    if sha256_of(path) != comparison.held_out["sha256"]:
        raise NotAssessedError(f"'{path}' was changed: '{comparison_file.name}' was measured with other answers")
    try:
        found = read_held_out(path, study.outputs)
        judging = judging_of(comparison.split, runs, found)
    except UnusableInputError as fault:
        raise NotAssessedError(str(fault)) from fault
    if judging is not None and judging.by == "out_of_fold":
        check_folds(comparison_file.name, comparison, judging)
    held_out = runs.held_out if judging is None else judging.judged
    same = len(found) == len(held_out) and all(
        np.array_equal(mine, theirs)
        for mine, theirs in (
            (found.truth, held_out.outputs),
            (found.runs, held_out.numbers),
            (found.places, held_out.places),
            (found.subjects, held_out.object_ids),
        )
    )
    if not same:
        raise NotAssessedError(f"'{path}' does not hold the held-out runs of 'runs.zarr'")
    if not all(np.isfinite(answer).all() for answer in found.answers.values()):
        raise NotAssessedError(f"'{path}' holds answers that are no finite numbers")
    return found


def check_errors(
    file: str,
    comparison: Comparison,
    study: Study,
    answers: HeldOut,
    inputs: np.ndarray,
    noise: Mapping[str, OutputError],
    lenient: bool,
) -> None:
    """Compute errors, bounds and coverage again from the answers.

    Parameters
    ----------
    file : str
        Name of the comparison, for messages.
    comparison : Comparison
    study : Study
    answers : HeldOut
    inputs : array [n, d]
        Of the runs that were judged.
    noise : mapping of str to OutputError
        Of the solver, as the ledger has it.
    lenient : bool
        Candidates that were not measured again may lack their answers: the measurement before this one kept none.

    Raises
    ------
    NotAssessedError
        Naming the first difference; of a bundle whose bounds were made by another rule, that it is to be evaluated.
    """
    try:
        _check_errors(file, comparison, study, answers, inputs, noise, lenient)
    except NotAssessedError as fault:
        if comparison.split.get("bounds_rule", 1) == BOUNDS_RULE:
            raise
        raise NotAssessedError(
            f"'{file}' has bounds by the rule of another version of this program, or was altered: 'frugal eval' makes them anew"
        ) from fault


def _check_errors(
    file: str,
    comparison: Comparison,
    study: Study,
    answers: HeldOut,
    inputs: np.ndarray,
    noise: Mapping[str, OutputError],
    lenient: bool,
) -> None:
    rows = comparison.ladder.by_name
    strange = [name for name in answers.answers if name not in rows or not rows[name].works]
    if strange:
        raise NotAssessedError(
            f"'{file}' has no errors of '{strange[0]}', of which answers on held-out runs are recorded"
        )
    again = {}
    for row in comparison.ladder.rows:
        if not row.works:
            continue
        if row.name not in answers.answers:
            if lenient and row.measured_again is False:
                continue
            raise NotAssessedError(
                f"'{file}' has errors of '{row.name}', of which no answers on held-out runs are recorded"
            )
        if row.name in answers.exact and row.kind == "full_physics":
            again[row.name] = no_errors(study, answers.truth, noise)
        else:
            answered = np.asarray(answers.answers[row.name], dtype=float)
            errors = output_errors(study, answers.truth, answered, answers.groups, comparison.seed)
            again[row.name] = above_noise(errors, noise)
    luck: Mapping[str, float] = {}
    if "judged_by" in comparison.split:
        judged = {name: answers.answers[name] for name in again if name not in answers.exact}
        luck = luck_of_choice(study, answers.truth, judged, again, answers.groups, comparison.seed)
    source = "the answers on held-out runs"
    for name, errors in again.items():
        row, place = rows[name], f"candidates.{name}"
        check_same(file, f"{place}.error", sorted(row.errors), sorted(errors), source)
        for output, error in times_luck(errors, luck.get(name, 1.0)).items():
            written = OutputError.read(JsonObject(finite(error.to_json()), file))
            check_same(file, f"{place}.error.{output}", asdict(row.errors[output]), asdict(written), source)
        share = _coverage_again(row, study, answers, inputs)
        if share is not None:
            check_same(file, f"{place}.interval_coverage", row.interval_coverage, share, source)


def _coverage_again(row: CandidateRow, study: Study, answers: HeldOut, inputs: np.ndarray) -> float | None:
    """Coverage of the intervals of a candidate; None where its graph alone, or its fits, know their widths."""
    if row.interval_coverage is None or row.half_width is None:
        return None
    truth, answered = answers.truth, np.asarray(answers.answers[row.name], dtype=float)
    if row.interval is None:  # as older versions counted
        inside = np.abs(truth - answered) <= np.array(row.half_width) + 1e-12
        return float(inside[:, covered_columns(study, truth)].mean())
    if row.interval.kind == "deviation":
        return None
    if answers.judged_in_folds is not None:
        return coverage_over_folds(study, truth, answered, inputs, answers.places, answers.judged_in_folds)
    widths = widths_of(row, study)
    return None if widths is None else interval_coverage(study, truth, answered, widths(inputs))


def check_graphs(file: str, comparison: Comparison, bundle: Bundle, runs: Runs, answers: HeldOut | None) -> None:
    """Ask each graph that a bundle ships what it was asked on the runs that were judged.

    Parameters
    ----------
    file : str
        Name of the comparison, for messages.
    comparison : Comparison
    bundle : Bundle
    runs : Runs
        All of the bundle.
    answers : HeldOut or None
        Where none were kept, what the graphs answer is held against the errors of the comparison, without bounds.

    Raises
    ------
    NotAssessedError
        Naming the first graph that answers otherwise, is another one's or has another size.
    """
    study = bare_study(bundle.study)
    judged = runs.held_out if answers is None else runs.where(np.searchsorted(runs.numbers, answers.runs))
    learnt = runs.training if comparison.split.get("judged_by") is None else runs
    spread = learnt.outputs.std(axis=0)
    for row in comparison.ladder.rows:
        if row.graph is None or not row.works:
            continue
        try:
            content = bundle.model_path(row.name).read_bytes()
            opened = session(content)
            got = _asked(opened, study, judged.inputs)
        except FrugalError as fault:
            raise NotAssessedError(str(fault)) from fault
        except Exception as fault:  # onnxruntime raises classes of its own, made at run time
            first = (str(fault).splitlines() or [""])[0][:200]
            raise NotAssessedError(f"'{row.graph}' cannot be asked: {first}") from fault
        named = opened.get_modelmeta().custom_metadata_map.get("frugal.candidate", row.name)
        check_same(file, f"candidates.{row.name}.graph", row.name, named, f"'{row.graph}'")
        if row.bytes is None or not row.bytes <= len(content) <= row.bytes + SEALED_BYTES:
            check_same(file, f"candidates.{row.name}.bytes", row.bytes, len(content), f"'{row.graph}'")
        if answers is None:
            _check_values(file, row, study, judged, got, comparison.seed)
        else:
            _check_answers(row, study, spread, answers, got, comparison.split.get("judged_by") is not None)
        widths = widths_of(row, study)
        if widths is not None:
            upper = _asked(opened, study, judged.inputs, "_upper")
            _check_half_width(file, row, study, spread, upper, got, widths(judged.inputs))
    _check_model(file, comparison, bundle)


def _asked(opened: Any, study: Study, inputs: np.ndarray, end: str = "") -> np.ndarray:
    return flat_answers(opened, [f"{output.name}{end}" for output in study.outputs], inputs)


def _check_answers(
    row: CandidateRow, study: Study, spread: np.ndarray, answers: HeldOut, got: np.ndarray, learnt_all: bool
) -> None:
    """What a graph answers is what is recorded of it; and no worse, on runs that it has seen, than what is told of others."""
    judged = answers.answers.get(row.name)
    recorded, asked = answers.shipped.get(row.name), answers.asked
    if recorded is None:
        if learnt_all and row.needs_runs and judged is not None:
            raise NotAssessedError(
                f"of '{row.graph}', which has learnt from all runs, it is not recorded what it answers"
            )
        recorded, asked = judged, np.arange(len(got))
    if recorded is None:
        return
    apart = largest_difference(got[asked], np.asarray(recorded, dtype=float), spread, study.outputs)
    if not apart <= PARITY_TOLERANCE_SIGMA:
        raise NotAssessedError(
            f"'{row.graph}' does not give the answers that are recorded of it on the held-out runs: they are up to "
            f"{apart:.3g} standard deviations apart, {PARITY_TOLERANCE_SIGMA:g} are allowed"
        )
    if judged is not None and row.needs_runs and answers.shipped:
        seen, unseen = (standardised_error(values, answers.truth, spread) for values in (got, judged))
        if not seen <= REFIT_GONE_WRONG * unseen + 2 * PARITY_TOLERANCE_SIGMA:
            raise NotAssessedError(
                f"'{row.graph}' errs by {seen:.3g} standard deviations on runs that it has learnt from, and by {unseen:.3g} on "
                "the same runs in the answers that it is judged by, whose fits had not seen them: these are not its own"
            )


def _check_values(file: str, row: CandidateRow, study: Study, held_out: Runs, got: np.ndarray, seed: int) -> None:
    """Errors without bounds, of a graph whose answers nobody recorded: rounding of another processor is allowed for."""
    for output, error in output_errors(study, held_out.outputs, got, groups_of(held_out.places), seed).items():
        told = row.errors[output].value if output in row.errors else None
        if told is None or not np.isclose(told, error.value, rtol=1e-3, atol=1e-9):
            check_same(file, f"candidates.{row.name}.error.{output}.value", told, error.value, f"'{row.graph}'")


def _check_half_width(
    file: str,
    row: CandidateRow,
    study: Study,
    spread: np.ndarray,
    upper: np.ndarray,
    got: np.ndarray,
    widths: np.ndarray,
) -> None:
    told = clip_outputs(got + widths, study.outputs)
    apart = largest_difference(upper, told, spread, study.outputs)
    if not apart <= PARITY_TOLERANCE_SIGMA:
        found = np.max(upper - got, axis=0)
        check_same(file, f"candidates.{row.name}.half_width", row.half_width, found.tolist(), f"'{row.graph}'")
        raise NotAssessedError(f"'{row.graph}' does not give the interval that '{file}' says for '{row.name}'")


def _check_model(file: str, comparison: Comparison, bundle: Bundle) -> None:
    """The file that ships is the graph of the candidate that the comparison names: the winner's, where it has one."""
    path, told = bundle.path / MODEL, bundle.comparison.model.candidate
    winner = bundle.comparison.ladder.winner
    if winner is not None and winner.graph is not None:
        check_same("candidates.json", "model.candidate", told, winner.name, "the decision")
    if told is None:
        check_same("candidates.json", "model.candidate", told, "model.onnx" if path.exists() else None, "the files")
        return
    if not path.is_file():
        raise NotAssessedError(f"'{path}' is missing, which is the graph of '{told}' by 'candidates.json'")
    if graph_digest(path.read_bytes()) != graph_digest(bundle.model_path(told).read_bytes()):
        raise NotAssessedError(f"'{path}' is not the graph of '{told}', which 'candidates.json' says it is")


def lacking(comparison: Comparison, answers: HeldOut | None) -> list[str]:
    """Candidates with errors that cannot be computed again, since their answers were not kept."""
    known: Mapping[str, Any] = {} if answers is None else answers.answers
    return [row.name for row in comparison.ladder.rows if row.works and row.name not in known]
