"""Write a campaign as a bundle, but for the audit, which the room above adds."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

from frugal import __version__
from frugal.campaigns.campaign import Campaign
from frugal.candidates.comparison import Comparison, Ladder, ModelFile
from frugal.candidates.row import CandidateRow
from frugal.experiments.runs.store import pack
from frugal.experiments.study.study_file import describe_need, describe_study
from frugal.formats.files.json_files import to_json
from frugal.metering.ledger.hash_chain import seal_of
from frugal.metering.ledger.ledger import chained_content, chained_lines, cpu_total
from frugal.surrogates.bundle.bundle import ALTERNATIVES, MODEL
from frugal.surrogates.bundle.held_out import GRID_RUNS, HELD_OUT, HeldOut, kept_answers, write_held_out
from frugal.surrogates.decision.costs import DecisionRow, least_consuming, ships_without_use, with_costs
from frugal.surrogates.fitting.judging import Judging
from frugal.surrogates.measurement.bounds import BOUNDS_RULE
from frugal.surrogates.measurement.series_plots import draw_fields
from frugal.texts import room_texts

_TEXTS = room_texts("frugal.campaigns")

#: Stages of the ledger that no candidate bears alone.
SHARED_COSTS = ("generation", "compile", "loading", "evaluation")


def write_bundle(campaign: Campaign, folder: Path) -> None:
    """Fill an empty folder with everything a bundle holds but the audit.

    ``model.onnx`` is the winner's graph. Where the winner has none, it is the graph of the cheapest other candidate that
    meets the need, or absent; ``candidates.json`` says which and why.

    Parameters
    ----------
    campaign : Campaign
        Finished: measured and decided.
    folder : Path
        Exists and is empty.
    """
    candidates = {candidate.name: candidate for candidate in campaign.candidates}
    model = choose_model(campaign.ladder)
    (folder / ALTERNATIVES).mkdir()
    for candidate in campaign.candidates:
        if candidate.model is not None:
            (folder / ALTERNATIVES / f"{candidate.name}.onnx").write_bytes(candidate.model)
    if model.candidate is not None:
        chosen = candidates[model.candidate].model
        assert chosen is not None
        (folder / MODEL).write_bytes(chosen)
    study, rows = campaign.study, campaign.ladder.rows
    draw_fields(folder, study, campaign.judging.judged, model.candidate, rows, campaign.answers)
    pack(campaign.store, folder / "runs.zarr")
    (folder / "study.json").write_text(to_json(describe_study(study)), encoding="utf-8")
    exact = [row.name for row in rows if row.kind == "full_physics" and row.works]
    judging = campaign.judging
    answered = HeldOut.of(study.outputs, judging.judged, campaign.answers, exact, campaign.shipped, judging.folds)
    write_held_out(folder / HELD_OUT, answered)
    if campaign.grid_runs is not None:
        write_held_out(folder / GRID_RUNS, campaign.grid_runs)
    comparison = replace(comparison_of(campaign, model), held_out=kept_answers(folder / HELD_OUT))
    (folder / "candidates.json").write_text(to_json(comparison.to_json()), encoding="utf-8")
    write_ledger(campaign, folder)


def write_ledger(campaign: Campaign, folder: Path) -> None:
    """Copy the campaign's ledger into the bundle, chained anew."""
    (folder / "ledger.jsonl").write_bytes(chained_content(campaign.ledger))


def comparison_of(campaign: Campaign, model: ModelFile) -> Comparison:
    """The whole of ``candidates.json``: the ladder with its costs, and when, on what and on which split it was measured."""
    study, ledger = campaign.study, campaign.ledger
    rows = with_costs(campaign.ladder.rows, ledger, campaign.training_share)
    return Comparison(
        study=study.name,
        study_hash=study.hash(),
        need_hash=describe_need(study.need)["hash"],
        tool=f"frugal {__version__}",
        created=campaign.created,
        level="quick",
        seed=campaign.seed,
        machine={**campaign.machine.describe(), **campaign.noise},
        ledger=seal_of(chained_lines(ledger)),
        split=split_of(campaign.judging) | _adaptive(campaign),
        failed_runs=[{"run": row, "message": message} for row, message in campaign.failures],
        model=model,
        shared={
            f"{stage}_cpu_seconds": cpu_total([entry for entry in ledger if entry.stage == stage])
            for stage in SHARED_COSTS
        },
        ladder=Ladder(tuple(rows), campaign.ladder.decisions),
    )


def split_of(judging: Judging) -> dict[str, Any]:
    """On what answers were judged, as ``candidates.json`` keeps it."""
    learnt = judging.runs.where(judging.parts[0].learnt) if judging.by == "held_out" else judging.runs
    return {
        "judged_by": judging.by,
        "bounds_rule": BOUNDS_RULE,
        "folds": len(judging.parts),
        "one_search": judging.one_search,
        "n_train": judging.learnt_from,
        "n_held_out": len(judging.rows),
        "n_shipped": len(judging.runs),
        "train_places": sorted(map(str, set(learnt.places))),
        "held_out_places": sorted(map(str, set(judging.judged.places))),
    }


def _adaptive(campaign: Campaign) -> dict[str, Any]:
    """What ``split`` says of runs that were made in batches; nothing of others."""
    if campaign.grown is None:
        return {}
    return {"adaptive_runs": campaign.grown.told(campaign.ledger, campaign.machine.watts_per_core)}


def choose_model(ladder: Ladder) -> ModelFile:
    """Which candidate's graph becomes ``model.onnx``, and why it is not the winner's, if so."""
    winner = ladder.winner
    if winner is None:
        return ModelFile(None, _TEXTS.say("model.none"))
    if winner.graph is not None:
        return ModelFile(winner.name)
    substitute = _cheapest_graph(ladder)
    told = {**_TEXTS.say("model.no_graph"), **winner.graph_reason}
    reason = _TEXTS.say("model.substitute", answer=winner.label, reason=told)
    return ModelFile(substitute.name if substitute else None, reason)


def _cheapest_graph(ladder: Ladder) -> CandidateRow | None:
    """Cheapest candidate with a graph that meets the need, AI only where nothing else does; ties go to the lower rung.

    Where no use is declared, the one that would ship of those with a graph.
    """
    decision = ladder.decision
    lifetime = decision.lifetime_cpu_seconds
    usable = [row for row in ladder.rows if row.graph and row.name in lifetime and row.need_met[decision.pattern]]
    if decision.queries is None:
        rows = [DecisionRow.of(row, decision.pattern) for row in ladder.rows if row.graph and row.name in lifetime]
        chosen, _ = ships_without_use(rows, decision.policy, declared=False)
        return None if chosen is None else ladder.row(chosen.name)
    usable = [row for row in usable if not row.is_ai] or usable
    return least_consuming(usable, lifetime, decision.policy.tie_factor)
