"""Hostile inputs by the thousand: is each told in one sentence, and is nothing left behind?

Usage: ``python benchmarks/fuzz.py [--cases 100000] [--seed 0] [--kinds commands,files,bundles,graphs] [--workers 2]``, or
``--replay KIND:INDEX --seed SEED`` for one case. Cases are made from good inputs (`fuzzing/workshop.py`) and are the same for
the same seed: ``commands`` (arguments of all commands and options), ``files`` (settings, tables, weather, rasters, vectors,
point clouds, studies, observations), ``bundles`` (files spoilt or taken away, checksums made anew or not) and ``graphs`` (ONNX
of another make). Of each must hold: no traceback, no signal, an exit code of the program, one sentence that names the input
where it is refused, no file after a refusal, none half-written or left over, JSON that parses, and an end in time.

Prints a table by group, keeps the cases that failed in ``--keep DIR`` and writes ``benchmarks/results/fuzz.json`` with
``--write``. Exits 1 where a case failed.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import sys
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import Iterator
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

for _name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "NUMBA_NUM_THREADS", "ORT_DISABLE_TELEMETRY"):
    os.environ.setdefault(_name, "1")
sys.path.insert(0, str(Path(__file__).parent))

RESULTS = Path(__file__).parent / "results" / "fuzz.json"
#: Cases for which it is not worth while to import and compile everything first.
FEW = 500
#: Share of each kind, of a hundred cases.
SHARES = {"commands": 40, "files": 36, "bundles": 8, "graphs": 16}


def cases(kinds: list[str], n: int, worker: int = 0, workers: int = 1) -> Iterator[tuple[str, int]]:
    """Kinds and numbers of the cases that a worker has of the first ``n``, mixed so that any part is like the whole."""
    shares = {kind: SHARES[kind] for kind in kinds}
    wheel = sorted((place / share, kind) for kind, share in shares.items() for place in range(share))
    counted: Counter[str] = Counter()
    for number in range(n):
        kind = wheel[number % len(wheel)][1]
        if number % workers == worker:
            yield kind, counted[kind]
        counted[kind] += 1


def work(workshop: Path, folder: Path, arguments: argparse.Namespace, worker: int, results: Connection) -> None:
    """One worker: a server, its share of the cases, and what came of them."""
    from fuzzing.server import Server

    server = Server(workshop, folder / f"worker{worker}", arguments.seed, arguments.cases > FEW)
    until = time.monotonic() + arguments.seconds if arguments.seconds else None
    for kind, index in cases(arguments.kinds, arguments.cases, worker, arguments.workers):
        if until is not None and time.monotonic() > until:
            break
        results.send(server.run(kind, index))
    server.stop()
    results.send(None)


def fuzz(arguments: argparse.Namespace) -> dict[str, Any]:
    """Run the cases and say what came of them."""
    import multiprocessing
    from multiprocessing.connection import wait

    from fuzzing.server import prepare
    from fuzzing.workshop import make_workshop

    start = time.monotonic()
    prepare(arguments.cases > FEW)
    base = Path("/dev/shm") if os.access("/dev/shm", os.W_OK) else None  # memory: no disk waits for small files
    folder = Path(tempfile.mkdtemp(prefix="frugal-fuzz-", dir=base))
    try:
        workshop = make_workshop(folder / "workshop", arguments.bundles)
        made = time.monotonic()
        context = multiprocessing.get_context("fork")
        pipes = []
        for worker in range(arguments.workers):
            ours, theirs = context.Pipe(duplex=False)
            context.Process(target=work, args=(workshop, folder, arguments, worker, theirs)).start()
            theirs.close()
            pipes.append(ours)
        seen = []
        while pipes:
            for pipe in wait(pipes):
                assert isinstance(pipe, Connection)
                try:
                    outcome = pipe.recv()
                except EOFError:
                    outcome = None
                if outcome is None:
                    pipes.remove(pipe)
                    continue
                seen.append(outcome)
                if outcome.faults and not arguments.quiet:
                    _tell(outcome)
                if len(seen) % 2000 == 0 and not arguments.quiet:
                    rate = len(seen) / (time.monotonic() - made)
                    print(f"{len(seen)} cases, {rate:.0f} a second", file=sys.stderr, flush=True)
        return _summary(seen, arguments, made - start, time.monotonic() - made)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _tell(outcome: Any) -> None:
    last = (outcome.err.strip().splitlines() or [""])[-1][:200]
    print(f"{outcome.kind}:{outcome.index} {', '.join(outcome.faults)} | {outcome.what[:160]} | {last}", flush=True)


def _summary(seen: list[Any], arguments: argparse.Namespace, making: float, running: float) -> dict[str, Any]:
    groups: dict[str, Counter[str]] = defaultdict(Counter)
    for outcome in seen:
        row = groups[outcome.group]
        row["cases"] += 1
        row[f"exit {outcome.code}"] += 1
        row["seconds"] += outcome.seconds
        row.update(outcome.faults)
        row["failed"] += bool(outcome.faults)
    failed = [
        {
            "case": f"{outcome.kind}:{outcome.index}",
            "faults": outcome.faults,
            "what": outcome.what,
            "args": outcome.args,
            "said": outcome.err[-2500:],
        }
        for outcome in seen
        if outcome.faults
    ]
    return {
        "seed": arguments.seed,
        "cases": len(seen),
        "failed": len(failed),
        "seconds_to_prepare": round(making, 1),
        "seconds": round(running, 1),
        "cases_per_second": round(len(seen) / running, 1),
        "workers": arguments.workers,
        "groups": {name: dict(row) for name, row in sorted(groups.items())},
        "failures": failed,
    }


def table(result: dict[str, Any]) -> str:
    """Groups with their cases, how many were refused, and what failed."""
    lines = [f"{'group':28} {'cases':>7} {'answered':>9} {'refused':>8} {'failed':>7} {'s':>7}"]
    for name, row in result["groups"].items():
        answered = row.get("exit 0", 0) + row.get("exit 1", 0)
        told = f"{answered:9d} {row['cases'] - answered:8d} {row.get('failed', 0):7d} {row['seconds']:7.0f}"
        lines.append(f"{name:28} {row['cases']:7d} {told}")
    lines.append(f"{'all':28} {result['cases']:7d} {'':9} {'':8} {result['failed']:7d}")
    lines.append(
        f"{result['seconds']:.0f} s, {result['cases_per_second']:.0f} cases a second with {result['workers']} workers"
    )
    return "\n".join(lines)


def replay(arguments: argparse.Namespace) -> int:
    """One case again, with all that it says; its files stay where they are told."""
    from fuzzing.server import Server, prepare
    from fuzzing.workshop import make_workshop

    prepare(many=False)
    folder = Path(tempfile.mkdtemp(prefix="frugal-fuzz-"))
    workshop = make_workshop(folder / "workshop", arguments.bundles)
    kind, _, index = arguments.replay.partition(":")
    server = Server(workshop, folder / "worker0", arguments.seed, many=False)
    outcome = server.run(kind, int(index))
    server.stop()
    print(
        f"{outcome.what}\n{' '.join(['frugal', *outcome.args])}\nexit {outcome.code}; {', '.join(outcome.faults) or 'no fault'}"
    )
    print(f"{outcome.err}\nfiles: {folder / 'worker0'}")
    return 1 if outcome.faults else 0


def main(words: list[str] | None = None) -> int:
    """Run, tell, and say by the exit code whether all is well."""
    parser = argparse.ArgumentParser(description="Hostile inputs by the thousand.")
    parser.add_argument("--cases", type=int, default=2000)
    parser.add_argument("--seconds", type=float, default=0.0, help="stop after so many seconds")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--kinds", type=lambda text: text.split(","), default=list(SHARES))
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--bundles", type=Path, help="folder with the bundles weir and pond, trained before")
    parser.add_argument("--keep", type=Path, help="file for the cases that failed")
    parser.add_argument("--replay", metavar="KIND:INDEX")
    parser.add_argument("--write", action="store_true", help=f"write {RESULTS.name}")
    parser.add_argument("--quiet", action="store_true")
    arguments = parser.parse_args(words)
    if arguments.replay:
        return replay(arguments)
    result = fuzz(arguments)
    print(table(result))
    if arguments.keep:
        arguments.keep.write_text(json.dumps(result["failures"], indent=1, ensure_ascii=False))
    if arguments.write:
        RESULTS.write_text(json.dumps(result, indent=1) + "\n")
    return 1 if result["failed"] else 0


if __name__ == "__main__":
    sys.exit(main())
