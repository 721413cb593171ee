"""What reaches the terminal: no commands to it, nothing of a study on stdout; signals end the program as Ctrl-C does."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from frugal.commands.terminal import prints_on_stderr, say
from frugal.errors import for_terminal, plain_line

ROOT = Path(__file__).resolve().parents[2]

STUDY = """
import os, sys, time
from frugal import Need, Output, Study, Tolerance, Variable

def solve(x):
    BODY
    return {"y": x}

need = Need("one", {"y": Tolerance("rmse", 1.0)})
study = Study("prints", (Variable("x", "1", 0.0, 1.0),), (Output("y", "1"),), need, solve=solve)
"""


def started(folder: Path, body: str, *more: str) -> "subprocess.Popen[str]":
    (folder / "prints.py").write_text(STUDY.replace("BODY", body))
    command = [sys.executable, "-m", "frugal.cli", "simulate", "--study", "prints.py", "-i", "x=0.5", *more]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    pipe: dict[str, Any] = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    return subprocess.Popen(command, cwd=folder, env=environment, **pipe)


def test_json_stays_one_document_whatever_a_solver_prints(tmp_path: Path) -> None:
    body = (
        "os.write(1, b'past Python\\n'); os.system('echo of a command'); print('of Python'); "
        "print('\\x1b[31mred'); print('x' * 1_000_000)"
    )
    out, err = started(tmp_path, body, "--json").communicate(timeout=60)
    assert json.loads(out)["outputs"]["y"] == 0.5
    for told in ("past Python", "of a command", "of Python", "\\x1b[31mred"):
        assert told in err
    assert "\x1b" not in err and len(err) < 25_000


@pytest.mark.parametrize(("sent", "code"), [(signal.SIGTERM, 143), (signal.SIGHUP, 129)])
def test_other_signals_end_as_ctrl_c_does(tmp_path: Path, sent: signal.Signals, code: int) -> None:
    before = signal.signal(sent, signal.SIG_DFL)  # tests under nohup would hand on that it is ignored
    process = started(tmp_path, "print('ready', flush=True); time.sleep(60)")
    signal.signal(sent, before)
    assert process.stderr is not None
    for line in process.stderr:
        if "ready" in line:
            break
    process.send_signal(sent)
    _, err = process.communicate(timeout=20)
    assert process.returncode == code and "interrupted; nothing is kept, the same command begins anew" in err


def test_nothing_commands_the_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    say("\x1b[31mred\x07 \x9b2J \u202e reversed\nsecond line é \ud800", err=True)
    assert capsys.readouterr().err == "\\x1b[31mred\\x07 \\x9b2J \\u202e reversed\nsecond line é \\ud800\n"
    assert for_terminal("tab\tand line\n") == "tab\tand line\n"
    told = plain_line("first\r\n\x1b[0m second " + "x" * 5000)
    assert told.startswith("first \\x1b[0m second xxx") and len(told) == 300 and told.endswith("…")


def test_streams_of_a_study_are_like_those_of_python(capsys: pytest.CaptureFixture[str]) -> None:
    with prints_on_stderr():
        sys.stdout.buffer.write("bytes é\n".encode())
        subprocess.run([sys.executable, "-c", "print('child')"], stdout=sys.stdout, check=True)
    said = capsys.readouterr()
    assert said.out == "" and "bytes é" in said.err and "child" in said.err
    with pytest.raises(ValueError, match="fault"), prints_on_stderr():
        raise ValueError("fault")
    os.write(1, b"")  # which is there again


def test_json_with_signs_for_the_terminal_is_the_same_content(capsys: pytest.CaptureFixture[str]) -> None:
    from frugal.commands.printing import print_json

    content = {"unit": "\x9b2J\x7f", "name": "é\u202e"}
    print_json(content)
    out = capsys.readouterr().out
    assert json.loads(out) == content and "\x9b" not in out and "é" in out
