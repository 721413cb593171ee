"""What every export reads from an audit, and the little arithmetic of units: joules to kilowatt-hours, grams to tonnes."""

from __future__ import annotations

import json
import re
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from frugal.audit.evidence.audit_file import ladder_of
from frugal.candidates.comparison import Ladder
from frugal.candidates.decision import Decision
from frugal.candidates.row import CandidateRow

JOULES_PER_KWH = 3.6e6
GRAMS_PER_TONNE = 1e6

#: Stages that make the answer which ships; evaluation and audit judge it.
MAKING = ("generation", "selection", "training", "export")

#: How energy is obtained, by tier of measurement.
METHODS = {
    "T1": "wall meter readings",
    "T2": "energy counters of the processor (RAPL)",
    "T3": "processor time times the declared watts of one busy core",
    "T4": "processor time times default watts of one busy core",
}

#: Families of candidates by name, then by kind, in camel case.
_FAMILIES = {
    "mlp": "neuralNetwork",
    "gaussian_process": "gaussianProcess",
    "boosted_trees": "gradientBoostedTrees",
    "linear_leaf_trees": "gradientBoostedTrees",
    "constant": "constant",
    "linear": "linearRegression",
    "quadratic": "polynomialRegression",
    "polynomial": "polynomialRegression",
    "table": "lookupTable",
    "formula": "formula",
    "coarse_physics": "physicsSimulation",
    "full_physics": "physicsSimulation",
    "surrogate": "surrogateModel",
}

#: Identifiers are drawn from this and the hash of the audit, so that the same audit gives the same documents.
_NAMESPACE = uuid.UUID("5f0d7c0e-6a0f-5f6b-9d53-6f2b1c7a4e21")


@dataclass(frozen=True)
class Shipped:
    """What a bundle holds.

    Parameters
    ----------
    answer : CandidateRow or None
        The candidate that was chosen; None where nothing meets the need.
    graph : CandidateRow or None
        The candidate in ``model.onnx``; another one where the answer has no graph.
    reason : str
        Why the graph is not the answer, or is absent.
    """

    answer: CandidateRow | None
    graph: CandidateRow | None
    reason: str

    @property
    def row(self) -> CandidateRow | None:
        """The answer, or the graph where no answer was chosen."""
        return self.answer if self.answer is not None else self.graph

    @property
    def ai(self) -> CandidateRow | None:
        """The AI among them, if there is one."""
        return next((row for row in (self.answer, self.graph) if row is not None and row.is_ai), None)

    def is_graph(self, row: CandidateRow) -> bool:
        """This candidate is in ``model.onnx``."""
        return self.graph is not None and row.name == self.graph.name


def english(value: Any) -> str:
    """A text of the audit in English: a plain text, or one by language."""
    if isinstance(value, Mapping):
        value = value.get("en") or next(iter(value.values()), "")
    return str(value or "").replace("\u00a0", " ").replace("\u202f", " ").strip()


def decision(audit: Mapping[str, Any]) -> Decision | None:
    """The decision for the first call pattern; None of an audit without any."""
    return _first(ladder_of(audit))


def _first(ladder: Ladder) -> Decision | None:
    return next(iter(ladder.decisions), None)


def shipped(audit: Mapping[str, Any]) -> Shipped:
    """What ships, as the decision and the bundle say."""
    ladder, model = ladder_of(audit), audit.get("model") or {}
    chosen = _first(ladder)
    answer = None if chosen is None else ladder.row(chosen.winner)
    return Shipped(answer, ladder.row(model.get("candidate")), english(model.get("reason")))


def rejected_ai(audit: Mapping[str, Any]) -> list[CandidateRow]:
    """AI that was tried and does not ship."""
    model = shipped(audit).ai
    tried = [row for row in ladder_of(audit).rows if row.is_ai and row.errors]
    return [row for row in tried if model is None or row.name != model.name]


def family(row: CandidateRow) -> str:
    """Family of a candidate in camel case."""
    return _FAMILIES.get(row.name) or _FAMILIES.get(row.kind, "other")


def stages(audit: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Stages of the footprint."""
    return list((audit.get("footprint") or {}).get("stages") or ())


def footprint_row(audit: Mapping[str, Any], per: str, role: str | None = None) -> Mapping[str, Any] | None:
    """Row of the footprint by its unit and the role of its candidate.

    Parameters
    ----------
    audit : mapping
        Content of `audit.json`; an audit without a footprint has no row.
    per, role
        As in `frugal.audit.evidence.comparison.footprint_row`, but without a role the row that belongs to no candidate.
    """
    rows = (audit.get("footprint") or {}).get("rows") or ()
    return next((row for row in rows if row["per"] == per and row.get("role") == role), None)


def figure(row: Mapping[str, Any] | None, category: str, part: str = "p50") -> float | None:
    """One figure of the impacts of a row, in the unit of its category; None where it is not covered.

    Parameters
    ----------
    row : mapping, optional
        Of the footprint, or one of its stages.
    category : str
        ``energy`` [J], ``gwp`` [gCO2e], ``adpe`` [kgSbe], ``pe`` [MJ] or ``water`` [L].
    part : str
        ``p5``, ``p50`` or ``p95`` of the whole; or what ``use``, ``embodied`` or ``network`` makes up, with central factors.
    """
    value = (((row or {}).get("impacts") or {}).get(category) or {}).get(part)
    return None if value is None else float(value)


def kilowatt_hours(row: Mapping[str, Any] | None, part: str = "p50") -> float | None:
    """Energy of a row in kWh."""
    joules = figure(row, "energy", part)
    return None if joules is None else joules / JOULES_PER_KWH


def computing_of(audit: Mapping[str, Any], row: Mapping[str, Any] | None) -> Mapping[str, Any] | None:
    """What the processor and its memory take of a call or a query, without the network.

    Parameters
    ----------
    audit : mapping
        Content of `audit.json`.
    row : mapping, optional
        Of its footprint, about the answer that ships: a query, a call.

    Returns
    -------
    mapping or None
        As the row, the energy alone: its interval from the stages of the footprint, which hold use and network apart, or its
        central value alone where these have no use.
    """
    return _part_of(audit, row, "use")


def network_of(audit: Mapping[str, Any], row: Mapping[str, Any] | None) -> Mapping[str, Any] | None:
    """What the network takes of a call or a query; None where nothing goes over one. See `computing_of`."""
    found = _part_of(audit, row, "network")
    return found if found is not None and found["impacts"]["energy"]["p50"] else None


def _part_of(audit: Mapping[str, Any], row: Mapping[str, Any] | None, part: str) -> Mapping[str, Any] | None:
    central = figure(row, "energy", part)
    if row is None or central is None:
        return None
    spread = {"p50": central}
    whole = [
        one for one in stages(audit) if one["stage"] == "use" and (one.get("tier") == "network") == (part == "network")
    ]
    middle = figure(whole[0], "energy") if len(whole) == 1 else None
    if whole and middle:
        # one query is so much of them all, and all are drawn with the same factors: the interval scales with the middle
        asked = figure(whole[0], "energy", part) or middle
        spread = {end: central * (figure(whole[0], "energy", end) or 0.0) / asked for end in ("p5", "p50", "p95")}
    return {**row, "impacts": {"energy": spread}}


def total(rows: Sequence[Mapping[str, Any]], category: str, part: str = "p50") -> float | None:
    """Sum of one figure over rows: the factors are shared by all of them, so that percentiles add up; None for no row.

    Parameters
    ----------
    rows : sequence of mapping
        Of the footprint, or its stages.
    category, part
        As for `figure`; rows that do not cover them are left out of the sum.
    """
    known = [value for value in (figure(row, category, part) for row in rows) if value is not None]
    return sum(known) if known else None


def making(audit: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Stages that make the answer, failures and other candidates included."""
    return [stage for stage in stages(audit) if stage["stage"] in MAKING]


def country(audit: Mapping[str, Any]) -> str:
    """ISO 3166 alpha-3 code of the electricity."""
    return str((audit.get("footprint") or {}).get("country") or (audit.get("machine") or {}).get("country") or "FRA")


def carbon_intensity(audit: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """The factor of the country's electricity, in gCO2e/kWh."""
    wanted = f"electricity_gwp_{country(audit)}".lower()
    return next((factor for factor in audit.get("factors") or () if factor["id"].lower() == wanted), None)


def method(audit: Mapping[str, Any]) -> str:
    """How energy was obtained, with its tier and watts."""
    machine = audit.get("machine") or {}
    tier = machine.get("tier", "T4")
    words = f"tier {tier}: {METHODS.get(tier, 'not stated')}"
    if tier in ("T3", "T4") and machine.get("watts_per_core") is not None:
        words += f", {machine['watts_per_core']:g} W"
        if machine.get("watts_low") is not None and machine.get("watts_high") is not None:
            words += f" [{machine['watts_low']:g}–{machine['watts_high']:g}]"
    return words


def elements(output: Mapping[str, Any]) -> int | None:
    """Numbers in one output; None where a dimension has no coordinates."""
    size = 1
    for dim in output.get("dims") or ():
        coordinates = (output.get("coords") or {}).get(dim)
        if coordinates is None:
            return None
        size *= len(coordinates)
    return size


def identifier(audit: Mapping[str, Any], *parts: str) -> str:
    """UUID of a document about this audit, always the same for the same audit."""
    return str(uuid.uuid5(_NAMESPACE, "/".join((str(audit["content_sha256"]), *parts))))


def created(audit: Mapping[str, Any]) -> datetime:
    """Time of the audit, in UTC."""
    moment = datetime.fromisoformat(audit["created"])
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


def file_stem(audit: Mapping[str, Any]) -> str:
    """Name of the study as a file name."""
    return re.sub(r"[^\w.-]+", "_", audit["study"]["name"]).lstrip(".") or "study"


def as_json(document: Any) -> str:
    """A document as JSON text."""
    return json.dumps(document, ensure_ascii=False, indent=2, allow_nan=False) + "\n"
