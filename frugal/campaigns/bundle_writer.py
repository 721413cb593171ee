"""Write a campaign as a bundle, but for the audit, which the room above adds."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from frugal import __version__
from frugal.campaigns.campaign import Campaign
from frugal.experiments.runs.store import pack
from frugal.experiments.study.study_file import describe_study
from frugal.formats.files.json_files import to_json
from frugal.metering.ledger.hash_chain import seal_of
from frugal.metering.ledger.ledger import chained_content, chained_lines
from frugal.surrogates.bundle.bundle import ALTERNATIVES, MODEL
from frugal.surrogates.bundle.candidates_file import describe_ladder
from frugal.surrogates.decision.decide import least_consuming
from frugal.surrogates.decision.limits import limits_broken
from frugal.surrogates.ladder.answering import answering_for
from frugal.surrogates.ladder.build import Candidate
from frugal.surrogates.measurement.series_plots import draw_fields
from frugal.texts import room_texts

_TEXTS = room_texts("frugal.campaigns")


def write_bundle(campaign: Campaign, folder: Path, level: str = "quick") -> None:
    """Fill an empty folder with everything a bundle holds but the audit.

    ``model.onnx`` is the winner's graph. Where the winner has none, it is the graph of the cheapest other candidate that
    meets the need, or absent; ``candidates.json`` says which and why.

    Parameters
    ----------
    campaign : Campaign
        Finished: judged and decided.
    folder : Path
        Exists and is empty.
    level : {"quick", "full"}
        How the queries were timed, for ``candidates.json``.
    """
    candidates = {candidate.name: candidate for candidate in campaign.candidates}
    model = choose_model(campaign)
    (folder / ALTERNATIVES).mkdir()
    for candidate in campaign.candidates:
        if candidate.model is not None:
            (folder / ALTERNATIVES / f"{candidate.name}.onnx").write_bytes(candidate.model)
    if model["candidate"] is not None:
        chosen = candidates[model["candidate"]].model
        assert chosen is not None
        (folder / MODEL).write_bytes(chosen)
    study, held_out = campaign.study, campaign.runs.held_out
    with_graph = {n: c for n, c in candidates.items() if c.model is not None and campaign.judged[n].errors}
    ratios = {name: campaign.judged[name].error_ratio for name in with_graph}
    draw_fields(
        folder, study, held_out, model["candidate"], ratios, lambda name: answering_for(study, candidates[name])
    )
    pack(campaign.store, folder / "runs.zarr")
    (folder / "study.json").write_text(to_json(describe_study(campaign.study)), encoding="utf-8")
    ladder = describe_ladder(
        campaign.study,
        campaign.candidates,
        campaign.judged,
        campaign.decisions,
        campaign.ledger,
        campaign.training_share,
        {**measured_header(campaign, level), "model": model},
    )
    (folder / "candidates.json").write_text(to_json(ladder), encoding="utf-8")
    write_ledger(campaign, folder)


def write_ledger(campaign: Campaign, folder: Path) -> None:
    """Copy the campaign's ledger into the bundle, chained anew."""
    (folder / "ledger.jsonl").write_bytes(chained_content(campaign.ledger))


def measured_header(campaign: Campaign, level: str) -> dict[str, Any]:
    """When, on what and on which split the ladder was measured, and the seal of the ledger's lines so far."""
    machine, runs = campaign.machine, campaign.runs
    places = sorted(set(runs.training.places) | set(runs.held_out.places))
    return {
        "tool": f"frugal {__version__}",
        "created": campaign.created,
        "level": level,
        "seed": campaign.seed,
        "machine": {**machine.describe(), **campaign.noise},
        "ledger": seal_of(chained_lines(campaign.ledger)),
        "split": {
            "n_train": int((~runs.is_held_out).sum()),
            "n_held_out": int(runs.is_held_out.sum()),
            "train_places": [place for place in places if place in set(runs.training.places)],
            "held_out_places": [place for place in places if place in set(runs.held_out.places)],
        },
        "failed_runs": [{"run": row, "message": message} for row, message in campaign.failures],
    }


def choose_model(campaign: Campaign) -> dict[str, Any]:
    """Which candidate's graph becomes ``model.onnx``, and why it is not the winner's, if so."""
    decision = campaign.decisions[0]
    candidates = {candidate.name: candidate for candidate in campaign.candidates}
    winner = candidates.get(decision.winner or "")
    if winner is None:
        return {
            "candidate": None,
            "reason": _TEXTS.say("model.none"),
        }
    if winner.model is not None:
        return {"candidate": winner.name, "reason": None}
    substitute = _cheapest_graph(campaign)
    told = {**_TEXTS.say("model.no_graph"), **winner.graph_reason}
    reason = _TEXTS.say("model.substitute", answer=winner.label, reason=told)
    return {"candidate": substitute.name if substitute else None, "reason": reason}


def _cheapest_graph(campaign: Campaign) -> Candidate | None:
    """Cheapest candidate with a graph that keeps the tolerance, AI only where nothing else does; ties go to the lower rung."""
    decision = campaign.decisions[0]
    lifetime = decision.lifetime_cpu_seconds
    usable = [
        candidate
        for candidate in campaign.candidates
        if candidate.model is not None and candidate.name in lifetime and _fits(campaign, candidate)
    ]
    usable = [candidate for candidate in usable if not candidate.is_ai] or usable
    return least_consuming(usable, lifetime, decision.policy.tie_factor)


def _fits(campaign: Campaign, candidate: Candidate) -> bool:
    """The tolerance is kept, and every limit of the call pattern that decides."""
    judged, pattern = campaign.judged[candidate.name], campaign.study.need.call_patterns[0]
    assert candidate.model is not None
    sentences, _, _ = limits_broken(
        pattern, judged.times[pattern.name], len(candidate.model), judged.memory.get(pattern.name)
    )
    return judged.error_met and not sentences
