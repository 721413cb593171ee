"""What measuring itself costs: its share of the CPU time of a campaign, the evaluation apart.

Usage: ``python benchmarks/measuring_overhead.py [--minutes 10]``. Prints the figures and writes
``benchmarks/results/measuring_overhead.json``.

The same campaign is run twice, each time in a fresh process: with everything on, and without codecarbon. A run of its
solver is a fixed number of passes over an array. Two figures come out:

- the share that the campaign accounts to itself: CPU time of all lines of the stage ``metering`` (start of codecarbon, its
  tasks, marker, ledger) over that of all lines but ``evaluation``;
- the difference in CPU time between the two campaigns, the evaluation apart. It holds codecarbon alone, and the noise of
  the machine: the spread of the runs' own CPU time, printed beside it, says how much to make of it.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from frugal.campaigns.campaign import Settings, run_campaign
from frugal.experiments.study import Need, Output, Study, Tolerance, Variable
from frugal.formats.files.atomic import write_text
from frugal.metering.meter import METERING
from frugal.metering.power.machine import describe_machine
from frugal.metering.timing.stopwatch import Stopwatch

ARRAY = np.linspace(0.0, 1.0, 100_000)
SECONDS_PER_RUN = 0.5


def work(passes: int, factor: float) -> float:
    """Fixed work; in place, because fetching memory anew costs the first thread twice what it costs others."""
    buffer = np.empty_like(ARRAY)
    total = 0.0
    for _ in range(passes):
        np.multiply(ARRAY, factor, out=buffer)
        total += float(np.sin(buffer, out=buffer).mean())
    return total / passes


def study_of(passes: int, n_runs: int) -> Study:
    """A smooth answer of three inputs, reached by ``passes`` passes over an array."""

    def solve(inputs: np.ndarray) -> dict[str, float]:
        return {"y": work(passes, 1.0 + inputs[0]) + np.exp(inputs[1]) + inputs[1] * inputs[2]}

    inputs = tuple(Variable(f"x{k}", "1", 0.0, 1.0) for k in range(3))
    need = Need("one answer", {"y": Tolerance("nrmse", 0.02)}, queries=(1e4, 1e6))
    return Study("fixed_work", inputs, (Output("y", "1"),), need, solve, n_runs=n_runs)


def passes_for(seconds: float) -> int:
    """Passes that take about so many CPU seconds on this machine, when it is at its quickest."""

    def hundred() -> float:
        start = time.process_time()
        work(100, 1.5)
        return time.process_time() - start

    return max(1, round(100 * seconds / min(hundred() for _ in range(10))))


def run_once(passes: int, n_runs: int, carbon: bool) -> dict[str, float]:
    """One campaign in this process: CPU seconds by kind, of the ledger and of the clock."""
    watch = Stopwatch()
    with tempfile.TemporaryDirectory() as folder:
        settings = Settings(folder=Path(folder), carbon=carbon)
        campaign = run_campaign(study_of(passes, n_runs), settings)
        spent = watch.spent()
    lines = campaign.ledger
    seconds = campaign.runs.cpu_seconds
    return {
        "metering": sum(e.total_cpu_seconds for e in lines if e.stage == METERING),
        "start_of_codecarbon": sum(e.total_cpu_seconds for e in lines if e.message == "start of codecarbon"),
        "without_evaluation": sum(e.total_cpu_seconds for e in lines if e.stage != "evaluation"),
        "evaluation": sum(e.total_cpu_seconds for e in lines if e.stage == "evaluation"),
        "ledger": sum(e.total_cpu_seconds for e in lines),
        "clock": spent.cpu_seconds + spent.cpu_seconds_children,
        "lines": float(len(lines)),
        "run_spread_percent": 100 * float(np.std(seconds) / np.mean(seconds)),
        "noisy": float(campaign.noise["noisy"]),
    }


def in_a_process(passes: int, n_runs: int, carbon: bool) -> dict[str, float]:
    """The same in a process of its own."""
    command = [sys.executable, __file__, "--once", str(passes), str(n_runs), str(int(carbon))]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    return dict(json.loads(done.stdout.splitlines()[-1]))


def main() -> None:
    """Run both campaigns, print and write."""
    parser = argparse.ArgumentParser(description="What measuring itself costs.")
    parser.add_argument("--minutes", type=float, default=10.0, help="CPU minutes of a campaign's runs, at the least")
    parser.add_argument("--once", nargs=3, type=int, metavar=("PASSES", "RUNS", "CARBON"), help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.once:
        passes, n_runs, carbon = options.once
        print(json.dumps(run_once(passes, n_runs, bool(carbon))))
        return
    n_runs = max(16, round(1.1 * 60 * options.minutes / SECONDS_PER_RUN))
    passes = passes_for(SECONDS_PER_RUN)
    measured = in_a_process(passes, n_runs, carbon=True)
    bare = in_a_process(passes, n_runs, carbon=False)
    least = min(measured["without_evaluation"], bare["without_evaluation"])
    if least < 60 * options.minutes:
        print(
            f"only {least:.0f} CPU seconds were used, {60 * options.minutes:g} were wanted: run it again with more --minutes"
        )
    share = 100 * measured["metering"] / measured["without_evaluation"]
    difference = measured["without_evaluation"] - bare["without_evaluation"]
    paired = 100 * difference / bare["without_evaluation"]
    print(
        f"{n_runs} runs; CPU without evaluation {measured['without_evaluation']:.1f} s in {measured['lines']:.0f} lines"
    )
    print(f"measuring accounts to itself {measured['metering']:.2f} s: {share:.2f} %")
    print(f"  of which the start of codecarbon {measured['start_of_codecarbon']:.2f} s")
    print(f"with codecarbon minus without: {difference:+.2f} s, {paired:+.2f} % (the machine's own noise in it)")
    print(f"ledger {measured['ledger']:.1f} s, clock {measured['clock']:.1f} s of CPU time")
    path = Path(__file__).parent / "results" / "measuring_overhead.json"
    result = {
        "minutes": options.minutes,
        "runs": n_runs,
        "cpu_model": describe_machine().cpu_model,
        "share_percent": share,
        "paired_difference_percent": paired,
        "measured": measured,
        "without_codecarbon": bare,
    }
    write_text(path, json.dumps(result, indent=1) + "\n")


if __name__ == "__main__":
    main()
