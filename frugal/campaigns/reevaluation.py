"""Measure the ladder of a bundle again: held-out errors and query times, into a new file."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np

from frugal.campaigns.campaign import VERSIONED
from frugal.errors import FrugalError, NotAssessedError
from frugal.experiments.needs.domain import with_need
from frugal.experiments.runs.store import Runs, read_runs
from frugal.experiments.study import Study
from frugal.experiments.study.registry import load_study
from frugal.experiments.study.study_file import read_need, read_outputs, read_variables
from frugal.formats.files.atomic import write_text
from frugal.formats.files.json_files import read_json, to_json
from frugal.metering.instruments import running_instruments
from frugal.metering.ledger.hash_chain import check_chain, check_seal, seal_of
from frugal.metering.ledger.ledger import Ledger, package_versions
from frugal.metering.meter import Meter
from frugal.metering.power.machine import HostNoise, Machine, describe_machine
from frugal.metering.power.rapl import IDLE_SECONDS_FULL, IDLE_SECONDS_QUICK
from frugal.metering.quietest_series import Times, quietest_series
from frugal.metering.timing.interleaved_blocks import Plan
from frugal.reporting.progress import Reporter, Silent
from frugal.surrogates.bundle.bundle import Bundle, growing
from frugal.surrogates.bundle.candidates_file import decide_rows, describe_decision, describe_measured
from frugal.surrogates.frugality_checks.run import run_frugality_checks
from frugal.surrogates.ladder.answering import from_model, full_physics
from frugal.surrogates.ladder.asked import Answering
from frugal.surrogates.measurement.errors import Judged
from frugal.surrogates.measurement.map_plots import draw_maps
from frugal.surrogates.measurement.measure_ladder import measure_answers
from frugal.surrogates.measurement.timing import time_queries
from frugal.surrogates.onnx.physical_limits import clip_outputs

OTHER_STUDY = "the study at hand is not the one the bundle was made from"


def study_of(bundle: Bundle, given: Study | None = None) -> tuple[Study, str]:
    """The study of a bundle with its physics, where it can be had, else without.

    Parameters
    ----------
    bundle : Bundle
    given : Study, optional
        From a file that the user named; nothing that a bundle names is ever executed.

    Returns
    -------
    study : Study
    reason : str
        Why the physics is not at hand; empty where it is.
    """
    bare = _bare_study(bundle)
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
        # but for the domain, the need is not part of the hash: what was declared for the bundle holds
        study = with_need(study, bare.need)
    except FrugalError:
        return bare, OTHER_STUDY
    return (study, "") if study.hash() == bundle.study["hash"] else (bare, OTHER_STUDY)


def _bare_study(bundle: Bundle) -> Study:
    described = bundle.study
    return Study(
        name=described["name"],
        inputs=read_variables(described["inputs"]),
        outputs=read_outputs(described["outputs"], described.get("grid")),
        need=read_need(described["need"]),
        title=described["title"],
    )


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
) -> Path:
    """Measure every candidate of a bundle again, write ``evaluations/TIME.json`` into it and draw its maps anew.

    Candidates that need the study's physics keep their earlier measurement where the physics is not at hand, and say so.
    A full measurement is made again while the host is noisy, and the quietest one is kept.

    Parameters
    ----------
    bundle : Bundle
    given : Study, optional
        As for `study_of`.
    full : bool
        Thirty blocks and ten CPU seconds for each candidate, instead of a quick look.
    reporter : Reporter, optional
    carbon : bool
        Run codecarbon beside our own bookkeeping.
    machine : Machine, optional
        As `frugal.metering.power.machine_file.read_machine` gives it.
    host : callable
        Makes what watches the noise of the host.

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
    check_ledger(bundle)
    study, missing_reason = study_of(bundle, given)
    seed = int(bundle.candidates["seed"])
    runs = read_runs(bundle.path / "runs.zarr", list(study.column_names), [o.name for o in study.outputs])
    with running_instruments(
        bundle.path / "ledger.jsonl",
        machine or describe_machine(),
        carbon,
        seed,
        IDLE_SECONDS_FULL if full else IDLE_SECONDS_QUICK,
        reporter.stage,
        host,
        package_versions(VERSIONED),
    ) as instruments:
        measured, series = _measure(study, bundle, runs, full, instruments.meter, seed, reporter, host)
        noise = {**instruments.report(), **series}
        rows = [_row(study, row, measured, missing_reason) for row in bundle.candidates["candidates"]]
        decisions = decide_rows(study, rows, instruments.meter.ledger, float(np.mean(~runs.is_held_out)), seed)
        extra: dict[str, Any] = {}
        if full:
            practices = run_frugality_checks(study, bundle, runs, rows, decisions[0], instruments.meter, seed, reporter)
            extra["practices"] = practices
    ledger = instruments.meter.ledger
    created = datetime.now(UTC).isoformat(timespec="seconds")
    content = {
        **bundle.candidates,
        "created": created,
        "level": "full" if full else "quick",
        "machine": {
            **instruments.measured_machine.describe(),
            **noise,
            "network_calls": list(instruments.network.calls),
        },
        "ledger": seal_of(ledger.lines()),
        "candidates": rows,
        "decisions": [describe_decision(decision) for decision in decisions],
        **extra,
    }
    path = _unused(bundle.path / "evaluations", created.replace(":", "").replace("+0000", "Z"))
    with growing(bundle.path) as folder:
        write_text(folder / path.relative_to(bundle.path), to_json(content))
        _draw_maps(folder, study, bundle, runs, measured)
    return path


def _draw_maps(folder: Path, study: Study, bundle: Bundle, runs: Runs, measured: Mapping[str, Judged]) -> None:
    """Draw the maps of the bundle anew, of the candidate that `write_bundle` draws."""
    rows = {row["name"]: row for row in bundle.candidates["candidates"] if row["graph"] is not None}
    ratios = {name: measured[name].error_ratio for name in rows if name in measured}

    def answering(name: str) -> Answering:
        return from_model(study, name, rows[name]["kind"], bundle.model_path(name).read_bytes())

    draw_maps(folder, study, runs.held_out, bundle.candidates["model"]["candidate"], ratios, answering)


def check_ledger(bundle: Bundle) -> None:
    """Compare the ledger of a bundle with its chain and with the seal that ``candidates.json`` keeps of it.

    Raises
    ------
    NotAssessedError
        Saying what is wrong.
    """
    path = bundle.path / "ledger.jsonl"
    lines, seal = Ledger(path).lines(), bundle.candidates.get("ledger")
    fault = check_chain(lines) or (check_seal(lines, seal) if seal else "")
    if fault:
        raise NotAssessedError(f"'{path}': {fault}")


def latest_evaluation(bundle_path: Path) -> Path | None:
    """The evaluation to judge by: the newest full one, else the newest; None where there is none."""
    found = sorted((bundle_path / "evaluations").glob("*.json"))
    full = [path for path in found if read_json(path).get("level") == "full"]
    return next(reversed(full or found), None)


def _measure(
    study: Study,
    bundle: Bundle,
    runs: Runs,
    full: bool,
    meter: Meter,
    seed: int,
    reporter: Reporter,
    host: Callable[[], HostNoise],
) -> tuple[dict[str, Judged], dict[str, Any]]:
    """What was measured of each candidate, and how the series of timings went where there may be several."""
    rows = bundle.candidates["candidates"]
    asked = [a for a in (_answering(study, bundle, row, runs) for row in rows) if a]
    series: dict[str, Any] = {}

    def time_all(works: Sequence[Answering]) -> Times:
        def times_of(plan: Callable[[int], Plan]) -> Times:
            return time_queries(study, works, runs.held_out, plan, meter, seed)

        if not full:
            return times_of(Plan.quick)
        times, told = quietest_series(lambda: times_of(lambda n: Plan.full()), host)
        series.update(told)
        return times

    known = {row["name"]: row.get("memory_bytes") or {} for row in rows}
    always = _of_interest(bundle) if full else ()
    judged = measure_answers(study, asked, runs.held_out, meter, seed, reporter, time_all, known, always)
    return {name: result for name, result in judged.items() if result.errors}, series


def _of_interest(bundle: Bundle) -> list[str]:
    """The winner and the best AI of the call pattern that decides."""
    decision = bundle.candidates["decisions"][0]
    return [decision[key] for key in ("winner", "best_ai") if decision[key] is not None]


def _answering(study: Study, bundle: Bundle, row: Mapping[str, Any], runs: Runs) -> Answering | None:
    if row["status"] != "ok":
        return None
    name = row["name"]
    if row["graph"] is not None:
        width = _half_width(row)
        return from_model(study, name, row["kind"], bundle.model_path(name).read_bytes(), width)
    if study.solve is None:
        return None
    if row["kind"] == "full_physics":
        return full_physics(study, name)
    found = next((alternative for alternative in study.alternatives if alternative.name == name), None)
    if found is None:
        return None
    answer = study.answer_of(found, runs.training.inputs, runs.training.outputs)

    def predict(inputs: np.ndarray, object_ids: np.ndarray) -> np.ndarray:
        return clip_outputs(study.flatten(answer.predict(inputs), len(inputs)), study.outputs)

    width = _half_width(row)
    return Answering(name, row["kind"], predict=predict, ask=predict, runtime="python", half_width=width)


def _half_width(row: Mapping[str, Any]) -> np.ndarray | None:
    if row["half_width"] is None:
        return None
    return np.array([math.inf if value is None else value for value in row["half_width"]])  # null stands for infinity


def _row(study: Study, row: Mapping[str, Any], measured: Mapping[str, Judged], missing_reason: str) -> dict[str, Any]:
    judged = measured.get(row["name"])
    if judged is None:
        reason = missing_reason if row["status"] == "ok" else ""
        return {**row, "measured_again": False, "measured_again_reason": reason}
    keep = ("fixed_cpu_seconds", "fixed_parts")
    missing_data = study.missing_data if row["kind"] == "full_physics" else {}
    measured_now = describe_measured(study, judged, row["bytes"], missing_data)
    fresh = {key: value for key, value in measured_now.items() if key not in keep}
    told = {"lacks": dict(missing_data)} if missing_data else {}
    return {**row, **fresh, **told, "measured_again": True, "measured_again_reason": ""}
