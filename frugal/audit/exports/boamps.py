"""BoAmps reports of the energy of an audit, one a stage (data model of Boavizta, CC BY 4.0)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from frugal.audit.evidence.audit_file import ladder_of
from frugal.audit.exports.content import (
    as_json,
    carbon_intensity,
    computing_of,
    country,
    created,
    decision,
    elements,
    english,
    family,
    file_stem,
    footprint_row,
    identifier,
    kilowatt_hours,
    method,
    network_of,
    shipped,
    stages,
)
from frugal.audit.impacts.query_work import LEDGER_STAGES
from frugal.candidates.row import CandidateRow
from frugal.errors import NotAssessedError

SPECIFICATION = "https://github.com/Boavizta/BoAmps/tree/main/model"

#: Names of the stages in the words of BoAmps, where it has one.
STAGES = {
    "generation": "datacreation",
    "selection": "hyperparameterSearch",
    "training": "training",
    "use": "inference",
    "network": "networkTransfer",
}

#: Name of the measuring method, and how the processor was followed, by tier.
MEASURING = {
    "T1": ("wattmeter", "wattmeter"),
    "T2": ("rapl", "rapl"),
    "T3": ("cpuTimeTimesDeclaredWatts", "constant"),
    "T4": ("cpuTimeTimesDefaultWatts", "constant"),
}

#: Country names that the collection spells out.
COUNTRIES = {"FRA": "france"}


def boamps_reports(audit: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """BoAmps reports by stage of the footprint.

    Parameters
    ----------
    audit : mapping
        Content of ``audit.json``.

    Returns
    -------
    dict
        One report for each stage that took energy, in the order of the audit; ``use`` for one call of the answer that ships,
        which holds what computes it alone; ``network`` for what that call sends over one. Energy in kWh.

    Raises
    ------
    NotAssessedError
        If the audit holds no energy at all: a report without energy is none.
    """
    found = {}
    for stage in stages(audit):
        if stage["stage"] != "use" and kilowatt_hours(stage) is not None:
            found[stage["stage"]] = _report(audit, stage["stage"], stage, None)
    call = footprint_row(audit, "inference", "winner")
    for name, part in (("use", computing_of(audit, call)), ("network", network_of(audit, call))):
        if part is not None and kilowatt_hours(part) is not None:
            found[name] = _report(audit, name, part, float(part.get("queries") or 1.0))
    if not found:
        raise NotAssessedError("the audit holds no energy of any stage, so that there is nothing to report to BoAmps")
    return found


def boamps_files(audit: Mapping[str, Any]) -> dict[str, str]:
    """One file a report, as the collection takes them."""
    stem = file_stem(audit)
    return {f"boamps_{stem}_{stage}.json": as_json(report) for stage, report in boamps_reports(audit).items()}


def boamps(audit: Mapping[str, Any]) -> str:
    """All reports in one JSON array."""
    return as_json(list(boamps_reports(audit).values()))


def _report(audit: Mapping[str, Any], stage: str, row: Mapping[str, Any], requests: float | None) -> dict[str, Any]:
    report: dict[str, Any] = {
        "header": _header(audit, stage),
        "task": _task(audit, stage, row, requests),
        "measures": [_measure(audit, stage, row)],
        "system": {"os": _os(audit)},
        "software": _software(audit),
        "infrastructure": _infrastructure(audit, stage, row),
        "environment": _environment(audit),
        "quality": quality(audit, row),
    }
    return {key: value for key, value in report.items() if value}


def _header(audit: Mapping[str, Any], stage: str) -> dict[str, Any]:
    header: dict[str, Any] = {
        "formatVersionSpecificationUri": SPECIFICATION,
        "reportId": identifier(audit, "boamps", stage),
        "reportDatetime": created(audit).strftime("%Y-%m-%d %H:%M:%S"),
        "reportStatus": "draft",
    }
    owner = english((audit.get("need") or {}).get("owner"))
    if owner:
        header["publisher"] = {"name": owner, "confidentialityLevel": "internal"}
    return header


# ------------------------------------------------------------------------------------------------- task


def _task(audit: Mapping[str, Any], stage: str, row: Mapping[str, Any], requests: float | None) -> dict[str, Any]:
    task: dict[str, Any] = {"taskStage": STAGES.get(stage, stage), "taskFamily": "tabularRegression"}
    if requests is not None:
        task["nbRequest"] = requests
    task["algorithms"] = _algorithms(audit, stage)
    task["dataset"] = _datasets(audit, stage, requests)
    task["taskDescription"] = _description(audit, stage, row)
    return task


def _algorithms(audit: Mapping[str, Any], stage: str) -> list[dict[str, Any]]:
    solver = {"algorithmType": "physicsSimulation", "algorithmName": f"{audit['study']['name']} solver"}
    if stage == "generation":
        return [solver] if audit["study"].get("has_solver", True) else [{"algorithmType": "tableOfRuns"}]
    rows: Sequence[CandidateRow] = ladder_of(audit).rows
    if stage in ("use", "network"):
        winner = shipped(audit).answer
        rows = [winner] if winner is not None else []
    elif stage in ("training", "selection"):
        rows = [row for row in rows if row.kind != "full_physics"]
    return [_algorithm(audit, row, stage) for row in rows] or [solver]


def _algorithm(audit: Mapping[str, Any], row: CandidateRow, stage: str) -> dict[str, Any]:
    found: dict[str, Any] = {"algorithmType": family(row), "algorithmName": row.name}
    if row.needs_runs:
        found = {"trainingType": "supervisedLearning", **found}
    if row.parameters is not None:
        found["parametersNumber"] = row.parameters / 1e9
    layers = row.log.get("layers")
    if isinstance(layers, list):
        found["layersNumber"] = len(layers) + 1
    chosen = decision(audit)
    query = None if chosen is None else row.query.get(chosen.pattern)
    if stage == "use" and query is not None and query.runtime == "onnx":
        found["framework"] = "onnxruntime"
    return found


def _datasets(audit: Mapping[str, Any], stage: str, requests: float | None) -> list[dict[str, Any]]:
    split = audit.get("split") or {}
    held_out, fitted = split.get("n_held_out"), split.get("n_train")
    rows: float | None = split.get("n_shipped", fitted)
    if stage in ("use", "network"):
        rows = requests
    elif stage == "evaluation":
        rows = held_out
    elif stage == "generation" and fitted is not None:
        rows = split.get("n_shipped", fitted + (held_out or 0))
    study = audit["study"]
    sizes = [elements(output) for output in study.get("outputs") or ()]
    widths = {
        "input": len(study.get("inputs") or ()) or None,
        "output": None if None in sizes else sum(size or 0 for size in sizes) or None,
    }
    return [_dataset(usage, rows, width) for usage, width in widths.items()]


def _dataset(usage: str, rows: float | None, width: int | None) -> dict[str, Any]:
    found: dict[str, Any] = {"dataUsage": usage, "dataType": "tabular"}
    if rows is not None:
        found["dataQuantity"] = rows
        if width is not None:
            found["shape"] = f"({rows:g}, {width})"
    return found


def _description(audit: Mapping[str, Any], stage: str, row: Mapping[str, Any]) -> str:
    words = [english(audit["study"].get("question"))]
    if stage in ("use", "network"):
        candidate = ladder_of(audit).row(row.get("candidate"))
        is_ai = candidate is not None and candidate.is_ai
        what = "What computes one call" if stage == "use" else "What one call sends over the network"
        words.append(f"{what} of the answer that ships, {row.get('candidate')}, {'an AI' if is_ai else 'without AI'}.")
        words.append(english(audit.get("first_line")))
    elif stage != "generation":
        words.append("All candidates together, with and without AI.")
    words.append(f"Need for AI: {str(audit.get('verdict')).replace('_', ' ')}.")
    low, high = kilowatt_hours(row, "p5"), kilowatt_hours(row, "p95")
    if low is not None and high is not None:
        words.append(f"Energy P5–P95: {low:.3g}–{high:.3g} kWh.")
    words.append("Energy of bytes by a factor." if stage == "network" else f"Energy by {method(audit)}.")
    return " ".join(word for word in words if word)


# ------------------------------------------------------------------------------------------------- measures


def _measure(audit: Mapping[str, Any], stage: str, row: Mapping[str, Any]) -> dict[str, Any]:
    name, tracking = MEASURING.get(_tier(audit), MEASURING["T4"])
    if stage == "network":
        name = "bytesTimesFactor"
    measure: dict[str, Any] = {
        "measurementMethod": name,
        "version": f"{audit['tool']['name']} {audit['tool']['version']}",
        **({"cpuTrackingMode": tracking} if stage != "network" else {}),
        "powerConsumption": kilowatt_hours(row),
    }
    wall = wall_seconds(audit, stage, row)
    if wall is not None:
        measure["measurementDuration"] = wall
    return measure


def wall_seconds(audit: Mapping[str, Any], stage: str, row: Mapping[str, Any]) -> float | None:
    """Wall time of a stage; None where the lines of the ledger do not make up exactly this stage (a search within a fit).

    Parameters
    ----------
    audit : mapping
        Content of `audit.json`, whose ``costs`` are the ledger by its own stages.
    stage : str
        Of the footprint, a key of `LEDGER_STAGES`.
    row : mapping
        Of that stage or call in the footprint; its ``cpu_seconds`` are what the lines have to make up, to a millionth.

    Returns
    -------
    float or None
        Seconds.
    """
    lines = [line for line in audit.get("costs") or () if line["stage"] in LEDGER_STAGES.get(stage, ())]
    seconds = sum(line["cpu_seconds"] for line in lines)
    if not lines or abs(seconds - (row.get("cpu_seconds") or 0.0)) > 1e-6 * max(seconds, 1e-9):
        return None
    if any(line.get("wall_seconds") is None for line in lines):
        return None
    return float(sum(line["wall_seconds"] for line in lines))


def quality(audit: Mapping[str, Any], row: Mapping[str, Any]) -> str:
    """``high``, ``medium`` or ``low`` (10, 25 and 50 % of error): by the interval, and never above what the tier allows."""
    if _tier(audit) not in ("T1", "T2"):
        return "low"
    low, middle, high = (kilowatt_hours(row, part) for part in ("p5", "p50", "p95"))
    if low is None or high is None or not middle:
        return "low"
    error = max(high - middle, middle - low) / middle
    return "high" if error <= 0.10 else "medium" if error <= 0.25 else "low"


def _tier(audit: Mapping[str, Any]) -> str:
    return str((audit.get("machine") or {}).get("tier", "T4"))


# ------------------------------------------------------------------------------------------------- where


def _os(audit: Mapping[str, Any]) -> str:
    words = str((audit.get("machine") or {}).get("system") or "").replace(",", " ").split()
    return words[0].lower() if words else "unknown"


def _software(audit: Mapping[str, Any]) -> dict[str, str]:
    system = str((audit.get("machine") or {}).get("system") or "")
    version = system.partition("Python ")[2].split(",")[0].strip()
    return {"language": "python", **({"version": version} if version else {})}


def _infrastructure(audit: Mapping[str, Any], stage: str, row: Mapping[str, Any]) -> dict[str, Any]:
    machine = audit.get("machine") or {}
    cores = int(machine.get("cores") or 1)
    processor: dict[str, Any] = {"componentType": "cpu", "nbComponent": cores}
    if machine.get("cpu_model"):
        processor["componentName"] = machine["cpu_model"]
    wall = wall_seconds(audit, stage, row)
    if wall:
        processor["share"] = min(1.0, row["cpu_seconds"] / (wall * cores))
    elif stage == "use":
        processor["share"] = 1.0 / cores  # a query runs on one thread
    components = [processor]
    if machine.get("memory_gb"):
        components.append({"componentType": "ram", "nbComponent": 1, "memorySize": round(machine["memory_gb"])})
    return {"infraType": "other", "components": components}


def _environment(audit: Mapping[str, Any]) -> dict[str, Any]:
    code = country(audit)
    found: dict[str, Any] = {"country": COUNTRIES.get(code, code)}
    factor = carbon_intensity(audit)
    if factor is not None:
        found["powerSourceCarbonIntensity"] = factor["value"]
    return found
