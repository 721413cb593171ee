"""Audits written by hand in the shape of ``audit.json``, for the tests of the exports."""

from __future__ import annotations

import hashlib
import json
from typing import Any

WATTS, PUE, GRID = 3.0, 1.56, 56.0
EMBODIED = {"gwp": 0.27, "adpe": 4.2e-8, "pe": 3.9e-3}  # per core-hour
ELECTRICITY = {"gwp": GRID, "adpe": 4.86e-8, "pe": 11.29, "water": 3.67}  # per kWh
NETWORK_KWH_PER_GB = 0.059
NETWORK_GRAMS_PER_GB = 49.4


def both(english: str, french: str) -> dict[str, str]:
    """A text in both languages."""
    return {"en": english, "fr": french}


def impacts(
    cpu_seconds: float, network_bytes: float = 0.0, with_room: bool = True
) -> dict[str, dict[str, float | None]]:
    """Impacts with parts that add up to the median."""
    use = cpu_seconds * WATTS * (PUE if with_room else 1.0)
    gigabytes = network_bytes / 1e9
    found = {"energy": _figures(use, None, gigabytes * NETWORK_KWH_PER_GB * 3.6e6)}
    for category, factor in ELECTRICITY.items():
        embodied = cpu_seconds / 3600 * EMBODIED[category] if category in EMBODIED else None
        network = gigabytes * (NETWORK_GRAMS_PER_GB if category == "gwp" else NETWORK_KWH_PER_GB * factor)
        found[category] = _figures(use / 3.6e6 * factor, embodied, network)
    return found


def _figures(use: float, embodied: float | None, network: float) -> dict[str, float | None]:
    middle = use + (embodied or 0.0) + network
    return {
        "p5": 0.4 * middle,
        "p50": middle,
        "p95": 2.3 * middle,
        "use": use,
        "embodied": embodied,
        "network": network,
    }


def stage(name: str, cpu_seconds: float, tier: str = "datacentre", network_bytes: float = 0.0) -> dict[str, Any]:
    """A stage of the footprint."""
    return {
        "stage": name,
        "tier": tier,
        "cpu_seconds": cpu_seconds,
        "impacts": impacts(cpu_seconds, network_bytes, with_room=tier == "datacentre"),
    }


def row(per: str, role: str | None, candidate: str | None, queries: float | None, cpu: float, sent: float = 0.0) -> Any:
    """A row of the footprint."""
    return {
        "per": per,
        "role": role,
        "candidate": candidate,
        "queries": queries,
        "functional_units": queries if role == "winner" and per != "lifetime" else None,
        "cpu_seconds": cpu,
        "network_bytes": sent,
        "impacts": impacts(cpu, sent, with_room=role is None),
    }


def cost(name: str, cpu_seconds: float) -> dict[str, Any]:
    """A stage of the ledger."""
    return {
        "stage": name,
        "entries": 2,
        "failed": 0,
        "failed_cpu_seconds": 0.0,
        "runs": None,
        "cpu_seconds": cpu_seconds,
        "wall_seconds": 1.25 * cpu_seconds,
        "codecarbon_joules": cpu_seconds * WATTS,
        "impacts": impacts(cpu_seconds),
    }


def candidate(name: str, kind: str, error: float, cpu_seconds: float, **more: Any) -> dict[str, Any]:
    """A rung of the ladder."""
    ends = {"low": 0.9 * error, "high": 1.1 * error}
    query = {"cpu_seconds": cpu_seconds, "low": 0.95 * cpu_seconds, "high": 1.05 * cpu_seconds}
    return {
        "name": name,
        "kind": kind,
        "is_ai": kind == "surrogate",
        "rung": 1,
        "label": both(name.replace("_", " ").capitalize(), f"{name} en français"),
        "status": "ok",
        "message": None,
        "parameters": None,
        "log": {},
        "needs_runs": True,
        "bytes": 27270,
        "graph": f"alternatives/{name}.onnx",
        "fixed_cpu_seconds": 6.0,
        "fixed_parts": {"compile": 0.0, "generation": 4.0, "fit": 1.5, "export": 0.5},
        "error": {
            "yearly_yield": {"metric": "nrmse", "value": error, "tolerance": 0.02, "worst_element": None, **ends},
            "monthly_yield": {
                "metric": "nrmse",
                "value": 2 * error,
                "low": 1.8 * error,
                "high": 2.2 * error,
                "tolerance": None,
                "worst_element": "month=December",
            },
        },
        "query": {"one roof on a phone": {**query, "wall_seconds_per_call": cpu_seconds, "rows": 1, "runtime": "onnx"}},
    } | more


LADDER = [
    candidate("constant", "constant", 0.15, 3e-5, parameters=14),
    candidate("cumulative_sky", "table", 0.009, 1e-4, needs_runs=False),
    candidate(
        "mlp",
        "surrogate",
        0.014,
        4.5e-5,
        parameters=1902,
        log={"layers": [32, 16], "penalty": 0.01, "search_cpu_seconds": 2.1},
    ),
    candidate("boosted_trees", "surrogate", 0.03, 2e-4, parameters=66640, log={"rounds": 140}),
    candidate("full_physics", "full_physics", 0.0, 4e-4, graph=None, needs_runs=False, bytes=None),
]

QUESTION = both("What can this roof produce?", "Que peut produire ce toit ?")
UNIT = both("the yield of one roof", "la production d'un toit")
LIFE = 1_264_911.0


def table_ships() -> dict[str, Any]:
    """A table ships; an AI was tried and rejected."""
    return _seal(_audit(winner="cumulative_sky", model="cumulative_sky", verdict="not_demonstrated"))


def mlp_ships() -> dict[str, Any]:
    """A small neural network ships."""
    return _seal(_audit(winner="mlp", model="mlp", verdict="demonstrated"))


def nothing_ships() -> dict[str, Any]:
    """Nothing meets the need, which nobody declared; optional entries are missing too."""
    audit = _audit(winner=None, model=None, verdict="not_assessed")
    audit["need"] = {
        "functional_unit": "one query",
        "tolerances": {},
        "queries": None,
        "declared": False,
        "hash": "0" * 64,
    }
    audit["machine"] = {"cores": 2, "tier": "T4"}
    audit["footprint"]["stages"] = [one for one in audit["footprint"]["stages"] if one["stage"] != "use"]
    audit["footprint"]["rows"] = audit["footprint"]["rows"][:1]
    audit["decisions"] = []
    for name in ("model", "split", "factors", "conditions", "limits"):
        del audit[name]
    for name in ("outputs", "sources"):
        del audit["study"][name]
    return _seal(audit)


def graph_beside_the_answer() -> dict[str, Any]:
    """The full physics is the answer, and an AI stands in ``model.onnx`` because the solver has no graph."""
    audit = _audit(winner="full_physics", model="mlp", verdict="not_demonstrated")
    audit["model"]["reason"] = both("full_physics has no graph", "full_physics n'a pas de graphe")
    return _seal(audit)


ALL = {
    "table_ships": table_ships,
    "mlp_ships": mlp_ships,
    "nothing_ships": nothing_ships,
    "graph_beside_the_answer": graph_beside_the_answer,
}


def _seal(audit: dict[str, Any]) -> dict[str, Any]:
    audit.pop("content_sha256", None)
    return {**audit, "content_sha256": hashlib.sha256(json.dumps(audit, sort_keys=True).encode()).hexdigest()}


def _audit(winner: str | None, model: str | None, verdict: str) -> dict[str, Any]:
    ladder = json.loads(json.dumps(LADDER))
    return {
        "format": "frugal-audit/2",
        "tool": {"name": "frugal-territoires", "version": "0.1.0"},
        "created": "2026-11-25T05:15:10+01:00",
        "level": "full",
        "study": _study(),
        "need": _need(),
        "machine": {
            "cpu_model": "AMD EPYC",
            "cores": 2,
            "system": "Linux x86_64, Python 3.11.7",
            "tier": "T4",
            "watts_per_core": WATTS,
            "watts_low": 1.5,
            "watts_high": 6.0,
            "memory_gb": 7.7,
            "load1": 0.9,
            "steal_percent": 0.01,
            "noisy": False,
        },
        "split": {"n_train": 543, "n_held_out": 225},
        "graph_sha256": "62ef" * 16 if model else None,
        "model": {"candidate": model, "reason": None},
        "first_line": both("A first line in plain words.", "Une première ligne."),
        "verdict": verdict,
        "conditions": {
            name: {"status": "pass", "text": both(f"Condition {name} in words.", f"Condition {name}."), "counts": {}}
            for name in ("C1", "C2", "C3")
        },
        "limits": [
            both("Errors are measured against the full physics.", "Erreurs mesurées contre la physique complète.")
        ],
        "decisions": [_decision(winner, verdict)],
        "ladder": ladder,
        "costs": [cost("compile", 0.5), cost("generation", 19.5), cost("fit", 28.0), cost("evaluation", 30.0)],
        "footprint": _footprint(winner),
        "factors": [
            {
                "id": "electricity_gwp_FRA",
                "value": GRID,
                "low": 21.7,
                "high": 81.3,
                "unit": "gCO2e/kWh",
                "year": 2023,
                "source": "a table of factors",
                "licence": "fact with source",
                "origin": "package",
            }
        ],
        "criteria": [],
    }


def _study() -> dict[str, Any]:
    return {
        "name": "roof_yield",
        "hash": "8b82" * 16,
        "question": QUESTION,
        "inputs": [
            {
                "name": "tilt_deg",
                "unit": "deg",
                "low": 0.0,
                "high": 60.0,
                "label": both("Tilt", "Pente"),
                "default": None,
            },
            {
                "name": "mounting",
                "unit": "1",
                "low": 0.0,
                "high": 2.0,
                "label": both("Mounting", "Pose"),
                "choices": ["open_rack", "close_mount", "insulated_back"],
                "default": 1.0,
            },
        ],
        "outputs": [
            {"name": "yearly_yield", "unit": "kWh/kW", "dims": [], "coords": {}, "label": both("Yearly", "Annuel")},
            {
                "name": "monthly_yield",
                "unit": "kWh/kW",
                "dims": ["month"],
                "coords": {"month": [f"month {i}" for i in range(12)]},
                "label": both("Monthly", "Mensuel"),
            },
        ],
        "has_solver": True,
        "sources": ["a synthetic typical year"],
    }


def _need() -> dict[str, Any]:
    return {
        "functional_unit": UNIT,
        "tolerances": {"yearly_yield": {"metric": "nrmse", "limit": 0.02}},
        "queries": [400_000.0, 4_000_000.0],
        "service_life_years": 5.0,
        "call_patterns": [{"name": "one roof on a phone", "rows": 1, "target": "phone"}],
        "use": both("Decide whether to equip a roof.", "Décider d'équiper un toit."),
        "decided_by": "the owner of the roof",
        "owner": "Département de la Vendée",
        "replaces": "",
        "declared": True,
        "hash": "09cc" * 16,
    }


def _decision(winner: str | None, verdict: str) -> dict[str, Any]:
    return {
        "pattern": "one roof on a phone",
        "winner": winner,
        "winner_is_ai": winner == "mlp",
        "verdict": verdict,
        "reasons": [],
        "best_ai": "mlp",
        "best_alternative": "cumulative_sky",
        "queries": [400_000.0, 4_000_000.0],
        "queries_mid": LIFE,
        "break_even_queries": {"low": 110_000.0, "median": 140_000.0, "high": None},
    }


def _footprint(winner: str | None) -> dict[str, Any]:
    preparation = {
        "generation": 20.0,
        "selection": 8.0,
        "training": 20.0,
        "export": 1.0,
        "evaluation": 30.0,
        "audit": 2.0,
    }
    rows = [row("preparation", None, None, None, sum(preparation.values()))]
    stages = [stage(name, seconds) for name, seconds in preparation.items()]
    if winner is not None:
        per_query, sent = (4.5e-5 if winner == "mlp" else 1e-4), 2_700.0
        rows += [
            row("functional_unit", "winner", winner, 1.0, per_query, sent),
            row("inference", "winner", winner, 1.0, per_query, sent),
            row("lifetime", "winner", winner, LIFE, 6.0 + per_query * LIFE, sent * LIFE),
        ]
        stages += [
            stage("use", per_query * LIFE, tier="terminal"),
            stage("use", 0.0, tier="network", network_bytes=sent * LIFE),
        ]
    return {
        "country": "FRA",
        "draws": 10_000,
        "seed": 0,
        "categories": {
            "energy": {"unit": "J"},
            "gwp": {"unit": "gCO2e"},
            "adpe": {"unit": "kgSbe"},
            "pe": {"unit": "MJ"},
            "water": {"unit": "L"},
        },
        "rows": rows,
        "stages": stages,
    }
