"""Run the same campaign again and again and count how often the audit says the same.

Usage: ``python benchmarks/verdict_repeatability.py [--times 10] [-- ARGUMENTS OF frugal train]``; ``roof_yield`` by default.
Each time everything is made anew in an empty folder: runs, fits, timings, audit.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from collections import Counter
from pathlib import Path
from typing import Any

RESULTS = Path(__file__).parent / "results" / "verdict_repeatability.json"


def once(arguments: list[str]) -> dict[str, Any]:
    """Verdict, answer and conditions of one campaign, for each way of asking."""
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "frugal.cli", "train", *arguments, "--out", "bundle", "--json"]
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise SystemExit(f"{' '.join(command)} ends with {done.returncode}: {done.stderr[-500:]}")
        audit = json.loads(done.stdout)["audit"]
    return {
        "verdicts": {decision["pattern"]: decision["verdict"] for decision in audit["decisions"]},
        "answers": {decision["pattern"]: decision["winner"] for decision in audit["decisions"]},
        "conditions": {name: condition["status"] for name, condition in audit["conditions"].items()},
        "measure_again": bool(audit["machine"].get("measure_again")),
        "load1": audit["machine"]["load1"],
    }


def agreement(found: list[dict[str, Any]], key: str) -> dict[str, dict[str, int]]:
    """How often each value came, by name."""
    return {name: dict(Counter(str(one[key][name]) for one in found)) for name in found[0][key]}


def main() -> None:
    """Repeat, print and keep."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--times", type=int, default=10)
    parser.add_argument("arguments", nargs="*", default=["roof_yield"])
    chosen = parser.parse_args()
    found = []
    for number in range(1, chosen.times + 1):
        found.append(once(chosen.arguments))
        print(f"{number}: {found[-1]['verdicts']} {found[-1]['answers']} load {found[-1]['load1']:.1f}", flush=True)
    content = {
        "campaign": chosen.arguments,
        "times": chosen.times,
        **{key: agreement(found, key) for key in ("verdicts", "answers", "conditions")},
        "asked_to_measure_again": sum(one["measure_again"] for one in found),
    }
    print(json.dumps(content, indent=1))
    if chosen.arguments == ["roof_yield"]:
        RESULTS.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
