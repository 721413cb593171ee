"""Studies whose right verdict is known, over several seeds: what the program says of each.

Usage: ``python benchmarks/planted_verdicts.py [--seeds 5] [--study FILE.py ...] [--json]``; about half a minute a campaign.
Without ``--study`` the studies written here are run; files that are named are run in their place and only printed.
"""

from __future__ import annotations

import argparse
import json
import math
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

RESULTS = Path(__file__).parent / "results" / "planted_verdicts.json"

_HEAD = """
import math, time
import numpy as np
from frugal.experiments.study import CallPattern, Need, Output, Study, Tolerance, Variable, formula


def work(seconds):
    end = time.thread_time() + seconds
    while time.thread_time() < end:
        pass


def smooth(a, b, c, d):
    return 12 + 2 * math.sin(3 * a) + math.exp(-2 * b) * math.cos(5 * c) + d * a


def planted(solve, queries, metric="nrmse", limit=0.01, pattern=CallPattern("server"), alternatives=()):
    need = Need("one answer", {"answer": Tolerance(metric, limit)}, queries=(queries, queries), call_patterns=(pattern,))
    inputs = tuple(Variable(name, "1", 0.0, 1.0) for name in "abcd")
    return Study("NAME", inputs, (Output("answer", "1"),), need, solve, alternatives=alternatives, n_runs=160)
"""

#: Of each study: its code, the verdicts and the reason that are right, and what has to be told on the way, if anything.
STUDIES: dict[str, dict[str, Any]] = {
    "slow_and_smooth": {
        "code": """
def solve(a, b, c, d):
    work(0.02)
    return {"answer": smooth(a, b, c, d)}


study = planted(solve, 1e6)
""",
        "verdicts": ("demonstrated",),
    },
    "draws_at_each_call": {
        "code": """
def solve(a, b, c, d):
    work(0.005)
    return {"answer": 10 + np.random.default_rng().normal()}


study = planted(solve, 1e6, limit=0.02)
""",
        "verdicts": ("not_assessed",),
        "reason": "nothing_meets_the_need",
        "told": "answers the same inputs differently",
    },
    "draws_in_a_tenth_of_the_inputs": {
        "code": """
def solve(a, b, c, d):
    work(0.005)
    return {"answer": smooth(a, b, c, d) + (np.random.default_rng().normal() if a < 0.1 else 0.0)}


study = planted(solve, 1e6)
""",
        "verdicts": ("not_assessed", "not_demonstrated", "undecided"),
        "told": "answers the same inputs differently",
    },
    "straw_formula": {
        "code": """
def solve(a, b, c, d):
    work(0.02)
    return {"answer": smooth(a, b, c, d)}


study = planted(solve, 1e6, alternatives=(formula("from_a_leaflet", lambda x: {"answer": np.full(len(x), 3.0)}),))
""",
        "verdicts": ("conditional",),
        "reason": "straw_alternative",
    },
    "mean_of_zero": {
        "code": """
def solve(a, b, c, d):
    work(0.002)
    return {"answer": math.sin(2 * math.pi * a) * (1 + b)}


study = planted(solve, 1e6, limit=0.05)
""",
        "refused": "use nrmse_std or rmse",
    },
    "graph_wanted": {
        "code": """
def solve(a, b, c, d):
    work(1e-5)
    return {"answer": smooth(a, b, c, d)}


study = planted(solve, 10, pattern=CallPattern("browser", needs_graph=True))
""",
        "verdicts": ("conditional",),
        "reason": "only_a_chosen_limit",
        "without_limits": "full_physics",
    },
}


def verdict_of(file: Path, seed: int) -> dict[str, Any]:
    """What one campaign ends in: its decision, how far the AI is from its limit, and what it said."""
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "frugal.cli", "train", "--study", str(file), "--seed", str(seed), "--out", "b"]
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
        told = done.stderr.splitlines()
        found: dict[str, Any] = {"code": done.returncode, "last": told[-1] if told else "", "said": done.stderr}
        content = Path(folder) / "b" / "candidates.json"
        if not content.exists():
            return found
        comparison = json.loads(content.read_text(encoding="utf-8"))
        decision = comparison["decisions"][0]
        physics = next(row for row in comparison["candidates"] if row["kind"] == "full_physics")
        errors = [row["error"] for row in comparison["candidates"] if row["is_ai"] and row["error"]]
        bounds = [math.inf if e["high"] is None else e["high"] / e["tolerance"] for one in errors for e in one.values()]
        return found | {
            "verdict": decision["verdict"],
            "winner": decision["winner"],
            "reasons": [reason["code"] for reason in decision["reasons"]],
            "without_limits": decision.get("without_limits"),
            "ai_bound_over_limit": round(min(bounds), 3) if bounds else None,
            "physics_error": max(error["value"] for error in physics["error"].values()),
        }


def is_right(wanted: dict[str, Any], found: dict[str, Any]) -> bool:
    """It ended as it should; an AI that straddles its limit may be left undecided where it is told."""
    if "refused" in wanted:
        return found["code"] == 2 and wanted["refused"] in found["last"]
    told = wanted.get("told", "") in found["said"]
    straddles = found.get("verdict") == "undecided" and "ai_straddles" in found["reasons"]
    right = found.get("verdict") in wanted["verdicts"] and wanted.get("reason", "") in ("", *found["reasons"])
    right = right and wanted.get("without_limits") in (None, found["without_limits"])
    noisy = "told" not in wanted or found["physics_error"] > 0
    return told and noisy and (right or straddles)


def main() -> None:
    """Run, print and keep."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--study", type=Path, nargs="*", default=[])
    parser.add_argument("--json", action="store_true", help="keep the figures in benchmarks/results")
    chosen = parser.parse_args()
    kept: dict[str, Any] = {}
    with tempfile.TemporaryDirectory() as folder:
        files = {path.stem: path.resolve() for path in chosen.study}
        for name, wanted in {} if files else STUDIES.items():
            (Path(folder) / f"{name}.py").write_text((_HEAD + wanted["code"]).replace("NAME", name), encoding="utf-8")
        files = files or {name: Path(folder) / f"{name}.py" for name in STUDIES}
        for name, path in files.items():
            for seed in range(chosen.seeds):
                found = verdict_of(path, seed)
                right = is_right(STUDIES[name], found) if name in STUDIES else None
                shown = {key: value for key, value in found.items() if key != "said"}
                print(
                    f"{name}, seed {seed}: {'' if right is None else 'right' if right else 'WRONG'} {shown}", flush=True
                )
                if "answers the same inputs differently" in found["said"]:
                    print("    told before the campaign: the solver answers the same inputs differently", flush=True)
                kept.setdefault(name, []).append({**shown, "right": right})
    if chosen.json:
        RESULTS.write_text(json.dumps(kept, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
