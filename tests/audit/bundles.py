"""Hand-made bundles: the smallest evidence that leads to each verdict."""

from __future__ import annotations

import copy
import json
import math
from pathlib import Path
from typing import Any

from frugal.metering.ledger.hash_chain import link

PATTERN = "one roof at a time"
NEED_HASH, STUDY_HASH = "ab" * 32, "cd" * 32
POLICY = {"margin": 1.25, "queries_factor": 3, "materiality_cpu_seconds": 1200, "tie_factor": 1.25}

#: name, kind, AI?, labels, (error, low, high), fixed CPU s, CPU s a query
ROWS = [
    ("constant", "constant", False, ("constant", "constante"), (0.21, 0.19, 0.23), 110.0, 2e-9),
    (
        "table",
        "table",
        False,
        ("table of sky views", "table de vues du ciel"),
        (0.012, 0.0105, 0.014),
        110.4,
        3.4e-7,
    ),
    (
        "linear",
        "linear",
        False,
        ("straight-line fit", "ajustement linéaire"),
        (0.0366, 0.032, 0.041),
        110.2,
        3.8e-7,
    ),
    (
        "quadratic",
        "quadratic",
        False,
        ("quadratic fit", "ajustement quadratique"),
        (0.0117, 0.0098, 0.0136),
        110.3,
        1.39e-6,
    ),
    (
        "coarse",
        "coarse_physics",
        False,
        ("12 typical days", "12 jours types"),
        (0.004, 0.0036, 0.0045),
        0.2,
        7.3e-6,
    ),
    (
        "trees",
        "surrogate",
        True,
        ("boosted trees", "arbres boostés"),
        (0.0164, 0.0148, 0.0183),
        113.0,
        2.77e-5,
    ),
    (
        "mlp",
        "surrogate",
        True,
        ("neural network", "réseau de neurones"),
        (0.0302, 0.027, 0.034),
        131.0,
        1.38e-6,
    ),
    (
        "full_physics",
        "full_physics",
        False,
        ("full physics", "calcul physique complet"),
        (0.0, 0.0, 0.0),
        0.2,
        1.6e-4,
    ),
]


def candidate(row: tuple[Any, ...], tolerance: float | None = 0.02) -> dict[str, Any]:
    """One candidate of `candidates.json`."""
    name, kind, is_ai, (english, french), (value, low, high), fixed, query = row
    met = tolerance is not None and high <= tolerance
    fit = fixed - 110 if fixed > 100 else fixed
    return {
        "name": name,
        "kind": kind,
        "is_ai": is_ai,
        "rung": 0,
        "label": {"en": english, "fr": french},
        "status": "ok",
        "message": "",
        "error": {
            "annual_energy_per_area": {
                "metric": "nrmse",
                "value": value,
                "low": low,
                "high": high,
                "tolerance": tolerance,
                "worst_element": None,
                "elements": [value],
            }
        },
        "error_met": met,
        "fixed_cpu_seconds": fixed,
        "fixed_parts": {
            "compile": 0.0,
            "generation": 110.0 if fixed > 100 else 0.0,
            "fit": fit,
            "export": 0.0,
        },
        "query": {
            PATTERN: {
                "cpu_seconds": query,
                "low": 0.9 * query,
                "high": 1.1 * query,
                "blocks": [query, 0.95 * query, 1.05 * query],
                "wall_seconds_per_call": query,
                "runtime": "onnx",
                "rows": 1,
            }
        },
        "bytes": 2400,
        "graph": f"alternatives/{name}.onnx",
        "graph_reason": None,
        "parity": None,
        "interval_coverage": None,
        "limits": {PATTERN: {"met": True, "reasons": []}},
        "need_met": {PATTERN: met},
        "codecarbon_joules": {"generation": None, "fit": None, "evaluation": None},
    }


def decision(rows: list[dict[str, Any]], queries: tuple[float, float] | None, **changes: Any) -> dict[str, Any]:
    """One decision; `changes` are its fields."""
    mid = math.sqrt(queries[0] * queries[1]) if queries else None
    lifetime = (
        {r["name"]: r["fixed_cpu_seconds"] + mid * r["query"][PATTERN]["cpu_seconds"] for r in rows} if mid else {}
    )
    base = {
        "pattern": PATTERN,
        "winner": None,
        "winner_is_ai": None,
        "verdict": "not_assessed",
        "best_ai": None,
        "best_alternative": None,
        "reasons": [],
        "break_even_queries": None,
        "saving_cpu_seconds": None,
        "probability_ai_cheaper": None,
        "probability_alternative_cheaper": None,
        "queries": list(queries) if queries else None,
        "queries_mid": mid,
        "missing_baselines": [],
        "lifetime_cpu_seconds": lifetime,
        "policy": POLICY,
    }
    return {**base, **changes}


def _bundle(rows: list[dict[str, Any]], chosen: dict[str, Any], queries: tuple[float, float] | None) -> dict[str, Any]:
    tolerance = rows[0]["error"]["annual_energy_per_area"]["tolerance"]
    study = {
        "name": "roof_yield",
        "title": {
            "en": "How much solar energy does this roof receive in a year?",
            "fr": "Combien d’énergie solaire ce toit reçoit-il en un an ?",
        },
        "hash": STUDY_HASH,
        "site": {"latitude_deg": 46.67},
        "inputs": [
            {
                "name": "tilt_deg",
                "unit": "deg",
                "low": 0,
                "high": 60,
                "label": {},
                "default": None,
                "period": None,
                "choices": [],
            }
        ],
        "outputs": [
            {
                "name": "annual_energy_per_area",
                "unit": "kWh/m2",
                "dims": [],
                "coords": {},
                "low": 0,
                "label": {"en": "solar energy received", "fr": "énergie solaire reçue"},
            }
        ],
        "need": {
            "functional_unit": "the yearly solar energy of one roof plane",
            "tolerances": {"annual_energy_per_area": {"metric": "nrmse", "limit": tolerance}} if tolerance else {},
            "queries": list(queries) if queries else None,
            "service_life_years": 5.0,
            "call_patterns": [
                {
                    "name": PATTERN,
                    "rows": 1,
                    "needs_graph": False,
                    "max_latency_s": None,
                    "max_bytes": None,
                    "target": "local",
                    "cached": False,
                }
            ],
            "use": {"en": "deciding where to install", "fr": "décider où équiper"},
            "decided_by": "the owner of the roof",
            "queries_per_journey": 4.0,
            "beneficiaries": 1000.0,
            "reason": {"en": "installers size to 2 %", "fr": "les installateurs dimensionnent à 2 %"},
            "declared": True,
            "hash": NEED_HASH,
        },
        "sources": [],
    }
    candidates = {
        "format": "frugal-candidates/1",
        "study": "roof_yield",
        "study_hash": STUDY_HASH,
        "need_hash": NEED_HASH,
        "created": "2026-11-23T05:00:00Z",
        "level": "quick",
        "machine": {
            "cpu_model": "AMD EPYC",
            "cores": 2,
            "load1": 0.8,
            "steal_percent": 0.1,
            "tier": "T4",
            "watts_per_core": 3.0,
            "watts_low": 1.5,
            "watts_high": 6.0,
            "noisy": False,
            "network_calls": [],
        },
        "split": {"n_train": 192, "n_held_out": 64, "train_places": ["A"], "held_out_places": ["B"]},
        "shared": {
            "generation_cpu_seconds": 110.0,
            "compile_cpu_seconds": 4.1,
            "evaluation_cpu_seconds": 14.0,
        },
        "candidates": rows,
        "decisions": [chosen],
    }
    return {"study": study, "candidates": candidates, "ledger": ledger()}


def ledger() -> list[dict[str, Any]]:
    """A small campaign, one failed fit in it."""
    line = {
        "candidate": None,
        "status": "ok",
        "cpu_seconds": 0.0,
        "cpu_seconds_children": 0.0,
        "wall_seconds": 1.0,
        "peak_rss_bytes": 4e8,
        "threads": 1,
        "seed": 7,
        "started": "2026-11-23T04:50:00Z",
        "campaign": "c1",
        "runs": None,
        "message": "",
        "codecarbon_joules": None,
    }
    return [
        {
            **line,
            "stage": "need",
            "started": "2026-11-23T04:49:00+00:00",
            "hashes": {"need": NEED_HASH},
            "details": {"functional_unit": "the yearly solar energy of one roof plane"},
        },
        {
            **line,
            "stage": "compile",
            "cpu_seconds": 4.1,
            "wall_seconds": 4.2,
            "versions": {"python": "3.11.7", "frugal": "0.1.0"},
            "hashes": {"study": "5e" * 32, "design": "de" * 32, "data": "da" * 32},
        },
        {
            **line,
            "stage": "generation",
            "cpu_seconds": 110.0,
            "wall_seconds": 58.0,
            "runs": 256,
            "details": {"estimated_cpu_seconds": 95.0},
            "codecarbon_joules": 338.0,
        },
        {**line, "stage": "fit", "candidate": "table", "cpu_seconds": 0.4},
        {
            **line,
            "stage": "fit",
            "candidate": "mlp",
            "cpu_seconds": 21.0,
            "wall_seconds": 22.0,
            "codecarbon_joules": 61.0,
        },
        {
            **line,
            "stage": "fit",
            "candidate": "gp",
            "cpu_seconds": 3.0,
            "status": "failed",
            "message": "matrix is singular",
        },
        {**line, "stage": "export", "candidate": "table", "cpu_seconds": 0.3},
        {**line, "stage": "evaluation", "cpu_seconds": 14.0, "wall_seconds": 16.0},
    ]


def not_demonstrated() -> dict[str, Any]:
    """Coarse physics ships; the AI never pays back."""
    queries = (4e5, 4e6)
    rows = [candidate(row) for row in ROWS]
    return _bundle(
        rows,
        decision(
            rows,
            queries,
            winner="coarse",
            winner_is_ai=False,
            verdict="not_demonstrated",
            best_ai="trees",
            best_alternative="coarse",
            reasons=[
                {
                    "code": "dominated",
                    "en": "12 typical days are more accurate and cheaper than the best AI",
                    "fr": "12 jours types sont plus justes et moins coûteux que la meilleure IA",
                }
            ],
            break_even_queries={"median": None, "low": None, "high": None},
            saving_cpu_seconds={"p5": -190.0, "p50": -140.0, "p95": -120.0},
            probability_ai_cheaper=0.0,
            probability_alternative_cheaper=1.0,
        ),
        queries,
    )


def table_wins() -> dict[str, Any]:
    """A table ships; the AI would pay back later than the declared usage."""
    bundle = not_demonstrated()
    queries = (4e5, 4e6)
    rows = [candidate(row) for row in ROWS if row[0] != "mlp"]
    rows.insert(
        6,
        candidate(
            (
                "mlp",
                "surrogate",
                True,
                ("neural network", "réseau de neurones"),
                (0.015, 0.0135, 0.017),
                131.0,
                1e-7,
            )
        ),
    )
    bundle["candidates"]["candidates"] = rows
    bundle["candidates"]["decisions"] = [
        decision(
            rows,
            queries,
            winner="table",
            winner_is_ai=False,
            verdict="not_demonstrated",
            best_ai="mlp",
            best_alternative="table",
            reasons=[
                {
                    "code": "break_even",
                    "en": "the AI would pay back only beyond the declared usage",
                    "fr": "l’IA ne serait amortie qu’au-delà de l’usage déclaré",
                }
            ],
            break_even_queries={"median": 8.6e7, "low": 6e7, "high": None},
            saving_cpu_seconds={"p5": -21.0, "p50": -20.0, "p95": -19.0},
            probability_ai_cheaper=0.0,
            probability_alternative_cheaper=1.0,
        )
    ]
    return bundle


def demonstrated() -> dict[str, Any]:
    """A slow solver asked often: the neural network ships."""
    queries = (5e5, 5e6)
    changes = {
        "mlp": {"error": (0.011, 0.0095, 0.0125), "fixed": 2600.0, "query": 2.1e-5},
        "trees": {"error": (0.019, 0.017, 0.023), "fixed": 2480.0, "query": 3e-5},
        "coarse": {"error": (0.014, 0.0125, 0.0158), "fixed": 1.5, "query": 0.041},
        "full_physics": {"error": (0.0, 0.0, 0.0), "fixed": 1.5, "query": 0.95},
    }
    rows = []
    for name, kind, is_ai, labels, error, fixed, query in ROWS:
        change = changes.get(name, {"error": tuple(4 * e for e in error), "fixed": fixed + 2300, "query": query})
        rows.append(candidate((name, kind, is_ai, labels, change["error"], change["fixed"], change["query"])))
    return _bundle(
        rows,
        decision(
            rows,
            queries,
            winner="mlp",
            winner_is_ai=True,
            verdict="demonstrated",
            best_ai="mlp",
            best_alternative="coarse",
            reasons=[
                {
                    "code": "cheaper",
                    "en": "the AI costs 25 times less computing than the best alternative",
                    "fr": "l’IA demande 25 fois moins de calcul que la meilleure réponse sans IA",
                }
            ],
            break_even_queries={"median": 6.3e4, "low": 5.8e4, "high": 7.1e4},
            saving_cpu_seconds={"p5": 2.1e4, "p50": 6.2e4, "p95": 1.9e5},
            probability_ai_cheaper=1.0,
            probability_alternative_cheaper=0.0,
        ),
        queries,
    )


def not_assessed() -> dict[str, Any]:
    """A table of runs without solver, usage or tolerance."""
    rows = [candidate(row, None) for row in ROWS if row[1] not in ("coarse_physics", "full_physics", "table")]
    bundle = _bundle(
        rows,
        decision(
            rows,
            None,
            winner=None,
            verdict="not_assessed",
            missing_baselines=["table", "coarse_physics", "full_physics"],
            reasons=[
                {
                    "code": "need_undeclared",
                    "en": "no tolerance and no usage were declared",
                    "fr": "ni tolérance ni usage n’ont été déclarés",
                }
            ],
        ),
        None,
    )
    bundle["study"]["need"]["declared"] = False
    bundle["study"]["title"] = {}
    bundle["study"]["name"] = "well_drawdown"
    return bundle


def no_winner() -> dict[str, Any]:
    """A tolerance so tight that nothing but the full physics keeps it, and that one is too slow."""
    bundle = not_demonstrated()
    for row in bundle["candidates"]["candidates"]:
        error = row["error"]["annual_energy_per_area"]
        error["tolerance"] = 0.001
        row["error_met"] = error["high"] <= 0.001
        row["need_met"] = {PATTERN: False}
    bundle["study"]["need"]["call_patterns"][0]["max_latency_s"] = 0.1
    bundle["candidates"]["candidates"][-1]["query"][PATTERN]["wall_p95_seconds_per_call"] = 0.9
    bundle["candidates"]["candidates"][-1]["limits"][PATTERN] = {
        "met": False,
        "broken": ["latency"],
        "reasons": [{"en": "0.9 s per call where 0.1 s is allowed", "fr": "0,9 s par appel pour 0,1 s permis"}],
    }
    bundle["study"]["need"]["tolerances"]["annual_energy_per_area"]["limit"] = 0.001
    bundle["candidates"]["decisions"][0].update(
        verdict="not_assessed",
        winner=None,
        winner_is_ai=None,
        best_ai=None,
        best_alternative=None,
        break_even_queries=None,
        saving_cpu_seconds=None,
        reasons=[
            {
                "code": "nothing_meets_the_need",
                "en": "no candidate meets the need",
                "fr": "aucune réponse possible ne répond au besoin",
            }
        ],
    )
    return bundle


ALL = {
    "not_demonstrated": not_demonstrated,
    "table_wins": table_wins,
    "demonstrated": demonstrated,
    "not_assessed": not_assessed,
    "no_winner": no_winner,
}


def write(bundle: dict[str, Any], folder: Path) -> Path:
    """Write a bundle as `frugal train` does."""
    folder.mkdir(parents=True, exist_ok=True)
    for name in ("study", "candidates"):
        (folder / f"{name}.json").write_text(json.dumps(bundle[name]), encoding="utf-8")
    lines: list[bytes] = []
    for number, line in enumerate(bundle["ledger"]):
        lines.append(link(line, number, lines[-1] if lines else None))
    (folder / "ledger.jsonl").write_bytes(b"".join(line + b"\n" for line in lines))
    return folder


def altered(bundle: dict[str, Any]) -> dict[str, Any]:
    """A deep copy to change."""
    return copy.deepcopy(bundle)
