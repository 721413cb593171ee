"""How much memory a process holds at most while it answers from an ONNX file and does nothing else.

Measured in a fresh process that imports numpy and the runtime, opens the graph and answers the rows of one call. What is
read is the high-water mark of the process itself: ``ru_maxrss`` of a child begins at what its parent held.
"""

from __future__ import annotations

import os
import resource
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from frugal.errors import EnvironmentFaultError

if TYPE_CHECKING:
    from frugal.experiments.runs.store import Runs
    from frugal.experiments.study import CallPattern, Study
    from frugal.metering.meter import Meter
    from frugal.surrogates.ladder.answering import Answering

#: A process that needs longer than this for one call has come to harm.
TIMEOUT_SECONDS = 300


def graph_memory(model: bytes, inputs: np.ndarray) -> int:
    """Most bytes that a fresh process held in memory while it answered ``inputs`` ``[n, d]`` in one call.

    Interpreter, numpy and runtime are included, as they are in use.

    Raises
    ------
    EnvironmentFaultError
        If the process cannot be started or comes to harm.
    """
    paths = os.pathsep.join(path for path in sys.path if path)  # the child finds what this process finds
    try:
        with tempfile.TemporaryDirectory() as folder:
            graph, rows = Path(folder) / "model.onnx", Path(folder) / "inputs.npy"
            graph.write_bytes(model)
            np.save(rows, np.ascontiguousarray(inputs))
            answer = subprocess.run(
                [sys.executable, "-P", "-m", __name__, str(graph), str(rows)],
                env={**os.environ, "PYTHONPATH": paths},
                capture_output=True,
                text=True,
                check=True,
                timeout=TIMEOUT_SECONDS,
            )
        return int(answer.stdout)
    except subprocess.CalledProcessError as fault:
        told = (fault.stderr.strip().splitlines() or [f"it ended with {fault.returncode}"])[-1]
        raise EnvironmentFaultError(f"the memory of a graph cannot be measured: {told}") from fault
    except (OSError, ValueError, subprocess.SubprocessError) as fault:
        raise EnvironmentFaultError(f"the memory of a graph cannot be measured: {fault}") from fault


def measure_memory(
    study: Study,
    answering: Iterable[Answering],
    held_out: Runs,
    meter: Meter,
    always: Sequence[str] = (),
) -> dict[str, dict[str, int]]:
    """Measure the memory of candidates that have a graph, and book what finding out cost.

    Parameters
    ----------
    study : Study
    answering : iterable of Answering
    held_out : Runs
        Their inputs are asked.
    meter : Meter
    always : sequence of str
        Candidates that are measured for every call pattern; the others only where the pattern limits the memory.

    Returns
    -------
    dict
        Bytes by candidate and call pattern, where they were measured.
    """
    found: dict[str, dict[str, int]] = {}
    for candidate in answering:
        if candidate.model is None:
            continue
        patterns = [p for p in study.need.call_patterns if p.max_memory_bytes is not None or candidate.name in always]
        if patterns:
            with meter.stage("evaluation", candidate.name) as entry:
                entry.message = "memory while answering"
                try:
                    found[candidate.name] = _by_pattern(candidate.model, held_out, patterns)
                except EnvironmentFaultError as fault:  # the others are measured all the same
                    entry.status, entry.message = "failed", str(fault)
    return found


def _by_pattern(model: bytes, held_out: Runs, patterns: Sequence[CallPattern]) -> dict[str, int]:
    by_rows: dict[int, int] = {}
    for rows in {pattern.rows for pattern in patterns}:
        by_rows[rows] = graph_memory(model, held_out.inputs[np.arange(rows) % len(held_out)])
    return {pattern.name: by_rows[pattern.rows] for pattern in patterns}


def _answer(graph: str, rows: str) -> int:
    from frugal.surrogates.onnx.graph import session
    from frugal.surrogates.onnx.input_precision import taken_by

    opened = session(Path(graph).read_bytes())
    opened.run(None, {"inputs": np.load(rows).astype(taken_by(opened))})
    return _high_water_bytes()


def _high_water_bytes() -> int:
    status = Path("/proc/self/status")
    if status.is_file():
        for line in status.read_text(encoding="ascii", errors="replace").splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) * 1024
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024


if __name__ == "__main__":
    print(_answer(*sys.argv[1:3]))
