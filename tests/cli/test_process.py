"""The program as a process of its own: it ends at once, with everything said, and with the code that it means."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


def run(code: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    command = [sys.executable, *(["-c", code] if code else ["-m", "frugal.cli"]), *arguments]
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)


@pytest.mark.parametrize(("arguments", "code"), [(("--version",), 0), (("audit", "nowhere"), 2), (("--nonsense",), 2)])
def test_exit_codes_and_what_is_said_arrive(arguments: tuple[str, ...], code: int) -> None:
    done = run("", *arguments)
    assert done.returncode == code
    assert (done.stdout.startswith("frugal "), done.stderr.count("\n")) == ((True, 0) if code == 0 else (False, 1))


#: What the end of a process owes to those who asked for it: threads are waited for, and callbacks called.
OWED = """
import atexit, sys, threading, time
sys.modules["__main__"].__file__ = "/somewhere/bin/frugal"
atexit.register(lambda: print("called at the end"))
def late():
    time.sleep(0.1)
    print("a thread has ended")
threading.Thread(target=late).start()
class Loud:
    def __del__(self):
        print("taken apart")
kept = Loud()
from frugal.cli import main
main()
"""


def test_the_end_waits_for_threads_and_calls_back_and_takes_nothing_apart() -> None:
    done = run(OWED, "--version")
    assert done.returncode == 0, done.stderr
    *told, last = done.stdout.splitlines()
    assert last == "called at the end" and "a thread has ended" in told and len(told) == 2
