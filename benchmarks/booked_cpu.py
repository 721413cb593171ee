"""Whether what a command uses is what the books say: CPU time of train, eval and audit, beside the ledger and the page.

Usage: ``python benchmarks/booked_cpu.py [STUDY]``, ``roof_yield`` by default. Prints the figures and writes
``benchmarks/results/booked_cpu.json``.

Each command runs in a process of its own, in a new folder. Its CPU time is what the kernel charges it, its threads and children
included (``wait4``). The ledger is the sum of the lines that the command added to the bundle's; the page is the sum over the
stages that its reports show, all that was spent on the bundle until then. Three figures a command, and their differences.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from frugal.formats.files.atomic import write_text
from frugal.metering.ledger.ledger import Ledger, cpu_total

RESULTS = Path(__file__).resolve().parent / "results" / "booked_cpu.json"


def command_cpu_seconds(arguments: list[str], folder: Path) -> float:
    """CPU seconds of ``frugal ARGUMENTS``, children included; it may exit with 1, a criterion that does not hold."""
    process = subprocess.Popen([sys.executable, "-m", "frugal.cli", *arguments], cwd=folder, stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode not in (0, 1):
        raise SystemExit(f"frugal {' '.join(arguments)} ended with {process.returncode}")
    return usage.ru_utime + usage.ru_stime


def measure(study: str, folder: Path) -> list[dict[str, Any]]:
    """One row a command: what the kernel, the ledger and the page say, in CPU seconds, all three since the first command."""
    rows, bundle, used = [], folder / "bundle", 0.0
    for arguments in (["train", study, "--out", "bundle"], ["eval", "bundle"], ["audit", "bundle"]):
        used += command_cpu_seconds(arguments, folder)
        audit = json.loads((bundle / "audit.json").read_text(encoding="utf-8"))
        rows.append(
            {
                "command": arguments[0],
                "kernel": used,
                "ledger": cpu_total(Ledger(bundle / "ledger.jsonl").entries()),
                "page": sum(row["cpu_seconds"] for row in audit["costs"]),
                "page_is_of_this_command": arguments[0] != "eval",
            }
        )
    return rows


def main() -> None:
    study = next(iter(sys.argv[1:]), "roof_yield")
    with tempfile.TemporaryDirectory() as folder:
        rows = measure(study, Path(folder))
    for row in rows:
        gaps = {name: 100 * (row[name] / row["kernel"] - 1) for name in ("ledger", "page")}
        page = (
            f"page {row['page']:.1f} s ({gaps['page']:+.1f} %)"
            if row["page_is_of_this_command"]
            else "page: not written"
        )
        ledger = f"ledger {row['ledger']:.1f} s ({gaps['ledger']:+.1f} %)"
        print(f"up to {row['command']}: the kernel {row['kernel']:.1f} CPU s, {ledger}, {page}")
    write_text(RESULTS, json.dumps({"study": study, "commands": rows}, indent=1) + "\n")


if __name__ == "__main__":
    main()
