"""Measure the ladder of a bundle again: held-out errors and query times, into a new file."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from frugal.campaigns.campaign import VERSIONED
from frugal.candidates.comparison import Ladder
from frugal.candidates.row import CandidateRow
from frugal.errors import FrugalError, NotAssessedError
from frugal.experiments.needs.domain import with_need
from frugal.experiments.runs.store import Runs, read_runs
from frugal.experiments.study import Study
from frugal.experiments.study.registry import load_study
from frugal.experiments.study.study_file import STUDY_FORMAT
from frugal.formats.files.atomic import write_text
from frugal.formats.files.json_files import read_json, to_json
from frugal.metering.instruments import running_instruments
from frugal.metering.ledger.hash_chain import check_chain, check_seal, seal_of
from frugal.metering.ledger.ledger import Ledger, package_versions
from frugal.metering.meter import Meter
from frugal.metering.power.machine import HostNoise, Machine, describe_machine
from frugal.metering.power.rapl import IDLE_SECONDS_FULL, IDLE_SECONDS_QUICK
from frugal.metering.timing.stopwatch import Stopwatch
from frugal.reporting.plots.ladder import error_cost_plot
from frugal.reporting.progress import Reporter, Silent
from frugal.surrogates.bundle.bundle import Bundle, bare_study, growing
from frugal.surrogates.bundle.held_out import (
    HeldOut,
    answers_beside,
    held_out_of,
    judging_of,
    kept_answers,
    write_held_out,
)
from frugal.surrogates.decision.decide import decide_rows
from frugal.surrogates.fitting.judging import by_held_out
from frugal.surrogates.frugality_checks.other_seeds import with_other_seeds
from frugal.surrogates.frugality_checks.run import run_frugality_checks
from frugal.surrogates.ladder.answering import Answering, answering_again
from frugal.surrogates.ladder.judged import JudgedAnswers
from frugal.surrogates.measurement.bounds import BOUNDS_RULE
from frugal.surrogates.measurement.measure_ladder import Effort, MeasuredLadder, measure_ladder
from frugal.surrogates.measurement.noise import noise_of
from frugal.surrogates.measurement.series_plots import draw_fields

OTHER_STUDY = "the study at hand is not the one the bundle was made from"
OTHER_HASHES = "the bundle was made by a version that hashed studies otherwise: train it again to measure its physics"


def study_of(bundle: Bundle, given: Study | None = None) -> tuple[Study, str]:
    """The study of a bundle with its physics, where it can be had, else without.

    Parameters
    ----------
    bundle : Bundle
    given : Study, optional
        From a file that the user named; nothing that a bundle names is ever executed. Its parameters take the values that the
        bundle was made with.

    Returns
    -------
    study : Study
    reason : str
        Why the physics is not at hand; empty where it is.
    """
    bare = bare_study(bundle.study)
    if not bundle.study["has_solver"]:
        return bare, "the bundle comes from a table of runs"
    study = given
    if study is None:
        try:
            settings = {key: value for key, value in bundle.study["site"].items() if value not in (None, [])}
            study = load_study(bundle.study["name"], settings)
        except FrugalError as fault:
            return bare, str(fault)
    try:
        # but for the domain, the need is not part of the hash: what was declared for the bundle holds, as do its parameters
        parameters = {parameter["name"]: parameter["value"] for parameter in bundle.study.get("parameters", [])}
        study = with_need(study.with_parameters(parameters), bare.need)
    except FrugalError:
        return bare, OTHER_STUDY
    if study.hash() == bundle.study["hash"]:
        return study, ""
    return bare, OTHER_STUDY if bundle.study.get("format") == STUDY_FORMAT else OTHER_HASHES


def _unused(folder: Path, stem: str) -> Path:
    """A file name of that stem; numbered where two evaluations fall into one second."""
    names = (f"{stem}{f'_{number}' if number else ''}.json" for number in itertools.count())
    return next(folder / name for name in names if not (folder / name).exists())


def evaluate_bundle(
    bundle: Bundle,
    given: Study | None = None,
    full: bool = False,
    reporter: Reporter | None = None,
    carbon: bool = True,
    machine: Machine | None = None,
    host: Callable[[], HostNoise] = HostNoise,
    language: str = "en",
    program: Stopwatch | None = None,
) -> Path:
    """Measure every candidate of a bundle again, write ``evaluations/TIME.json`` into it and draw its maps anew.

    Candidates that need the study's physics keep their earlier measurement where the physics is not at hand, and say so. What
    ships has learnt from all runs: its errors are those that were judged before, by fits that had not seen the runs, and its
    graph is asked whether it still answers as it did.
    A full measurement is made again while the host is noisy, and the quietest one is kept.

    Parameters
    ----------
    bundle : Bundle
    given : Study, optional
        As for `study_of`.
    full : bool
        Thirty blocks and ten CPU seconds for each candidate, instead of a quick look; and the best AI is fitted again with
        other seeds.
    reporter : Reporter, optional
    carbon : bool
        Run codecarbon beside our own bookkeeping.
    machine : Machine, optional
        As `frugal.metering.power.machine_file.read_machine` gives it.
    host : callable
        Makes what watches the noise of the host.
    language : {"en", "fr"}
        Of the plot beside the new file.
    program : Stopwatch, optional
        Of a command: has run since its process began, and is stopped here.

    Returns
    -------
    Path
        The new file, of the same form as ``candidates.json``.

    Raises
    ------
    NotAssessedError
        If lines of the bundle's ledger are missing or were altered.
    """
    reporter = reporter or Silent()
    if program is not None:
        program.stop()
    watch = Stopwatch()
    check_ledger(bundle)
    study, missing_reason = study_of(bundle, given)
    seed = bundle.comparison.seed
    runs = read_runs(bundle.path / "runs.zarr", [v.name for v in study.inputs], [o.name for o in study.outputs])
    with running_instruments(
        bundle.path / "ledger.jsonl",
        machine or describe_machine(),
        carbon,
        seed,
        IDLE_SECONDS_FULL if full else IDLE_SECONDS_QUICK,
        reporter.stage,
        host,
        package_versions(VERSIONED),
        until_start=watch,
        program=program,
    ) as instruments:
        before = [_asked_now(study, row) for row in bundle.comparison.ladder.rows]
        kept = held_out_of(bundle.path)
        judging = judging_of(bundle.comparison.split, runs, kept)
        learnt_from = runs.training if judging is None else runs
        again = [answering_again(study, row, _model(bundle, row), learnt_from) for row in before]
        asked = [answering for answering in again if answering is not None]
        if judging is not None:
            asked = _judged_before(asked, before, kept)
        effort = Effort("full" if full else "quick", always=_of_interest(bundle) if full else (), host=host)
        meter = instruments.meter
        noise_found = noise_of(meter.ledger.entries())
        same_rule = bundle.comparison.split.get("bounds_rule", 1) == BOUNDS_RULE
        luck = {row.name: row.luck_of_choice for row in before} if same_rule else None  # of the same answers
        found = measure_ladder(
            study, before, asked, runs.held_out, meter, seed, reporter, effort, noise_found, judging, luck
        )
        noise = {**instruments.report(), **found.series}
        rows = [_told(row, found, missing_reason) for row in found.rows]
        training_share = float(np.mean(~runs.is_held_out)) if judging is None else 1.0
        decisions = decide_rows(study.need, rows, meter.ledger.entries(), training_share, seed)
        practices = None
        if full:
            judged_again = by_held_out(runs) if judging is None else judging
            rows = with_other_seeds(study, judged_again, rows, decisions[0], meter, seed, reporter)
            decisions = decide_rows(study.need, rows, meter.ledger.entries(), training_share, seed)
            practices = run_frugality_checks(
                study, bundle, judged_again, found.answers, rows, decisions[0], meter, seed, reporter
            )
    created = datetime.now(UTC).isoformat(timespec="seconds")
    network = instruments.network_report()
    path = _unused(bundle.path / "evaluations", created.replace(":", "").replace("+0000", "Z"))
    comparison = replace(
        bundle.comparison,
        created=created,
        level=effort.level,
        machine={**instruments.measured_machine.describe(), **noise, **network},
        split={**bundle.comparison.split, "bounds_rule": BOUNDS_RULE},
        ledger=seal_of(meter.ledger.lines()),
        ladder=Ladder(tuple(rows), tuple(decisions)),
        practices=practices,
    )
    judged_runs = runs.held_out if judging is None else judging.judged
    answered = _answers(study, judged_runs, found, rows, kept, None if judging is None else judging.folds)
    with growing(bundle.path) as folder, Meter(Ledger(folder / "ledger.jsonl"), meter.campaign).stage("report"):
        new = folder / path.relative_to(bundle.path)
        write_held_out(answers_beside(new), answered)
        comparison = replace(comparison, held_out=kept_answers(answers_beside(new)))
        write_text(new, to_json(comparison.to_json()))
        draw_fields(folder, study, judged_runs, bundle.comparison.model.candidate, rows, answered.answers)
        write_text(new.with_suffix(".svg"), error_cost_plot(comparison.ladder, language))
    return path


def check_ledger(bundle: Bundle) -> None:
    """Compare the ledger of a bundle with its chain and with the seal that ``candidates.json`` keeps of it.

    Raises
    ------
    NotAssessedError
        Saying what is wrong.
    """
    path = bundle.path / "ledger.jsonl"
    lines, seal = Ledger(path).lines(), bundle.comparison.ledger
    fault = check_chain(lines) or (check_seal(lines, seal) if seal else "")
    if fault:
        raise NotAssessedError(f"'{path}': {fault}")


def latest_evaluation(bundle_path: Path) -> Path | None:
    """The evaluation to judge by: the newest full one, else the newest; None where there is none."""
    found = sorted((bundle_path / "evaluations").glob("*.json"))
    full = [path for path in found if read_json(path).get("level") == "full"]
    return next(reversed(full or found), None)


def _judged_before(asked: Sequence[Answering], before: Sequence[CandidateRow], kept: HeldOut | None) -> list[Answering]:
    """The same, those that have learnt with what they were judged by; without those of which nothing is kept."""
    learnt = {row.name for row in before if row.needs_runs}
    answers: Mapping[str, np.ndarray] = {} if kept is None else kept.answers
    return [
        replace(one, judged=JudgedAnswers(np.asarray(answers[one.name], dtype=float))) if one.name in learnt else one
        for one in asked
        if one.name not in learnt or one.name in answers
    ]


def _answers(
    study: Study,
    judged: Runs,
    found: MeasuredLadder,
    rows: Sequence[CandidateRow],
    before: HeldOut | None,
    folds: np.ndarray | None,
) -> HeldOut:
    """What was answered now; of candidates that keep their earlier measurement, what they answered then."""
    kept = {row.name for row in rows if row.works} - found.measured
    earlier = {} if before is None else {n: a for n, a in before.answers.items() if n in kept}
    exact = [row.name for row in rows if row.kind == "full_physics" and row.works]
    answers = {name: answer for name, answer in {**earlier, **found.answers}.items() if name not in exact}
    answered = HeldOut.of(study.outputs, judged, answers, exact, found.shipped, folds)
    if before is None or not before.shipped:
        return answered
    shipped = {name: answer for name, answer in before.shipped.items() if name in kept}
    return replace(answered, shipped={**shipped, **answered.shipped}, asked=before.asked)


def _of_interest(bundle: Bundle) -> list[str]:
    """The winner and the best AI of the call pattern that decides."""
    decision = bundle.comparison.ladder.decision
    return [name for name in (decision.winner, decision.best_ai) if name is not None]


def _model(bundle: Bundle, row: CandidateRow) -> bytes | None:
    return None if row.graph is None else bundle.model_path(row.name).read_bytes()


def _asked_now(study: Study, row: CandidateRow) -> CandidateRow:
    """The row with what the study says now of data that are missing: an earlier version did not keep it."""
    told = row.kind == "full_physics" and study.missing_data
    return replace(row, lacks=dict(study.missing_data)) if told else row


def _told(row: CandidateRow, found: MeasuredLadder, missing_reason: str) -> CandidateRow:
    """The row with whether it was measured again, and why not."""
    if row.name in found.measured:
        return replace(row, measured_again=True, measured_again_reason="")
    reason = (found.faults.get(row.name) or missing_reason) if row.status == "ok" else ""
    return replace(row, measured_again=False, measured_again_reason=reason)
