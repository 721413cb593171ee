"""A whole campaign under the eyes of strace: no address but this machine's own, and nothing written into the home."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from homes_for_tests import at_home

#: Commands one after another in one process, with few models and short timings: what is tested is what libraries do.
COMMANDS = """
import sys
sys.path.insert(0, {tests!r})
import pytest
from campaigns_for_tests import few_models, short_timings
with pytest.MonkeyPatch.context() as patch:
    few_models(patch)
    short_timings(patch)
    from frugal.cli import app
    for command in ("train --study tiny.py --out b", "eval b --study tiny.py", "audit b", "predict b -i a=0.5 -i b=0.2"):
        app(command.split(), standalone_mode=False, prog_name="frugal")
import socket
with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:  # strace sees this one, or it sees nothing
    probe.connect_ex(("192.0.2.77", 9))
"""

STUDY = """
from frugal.experiments.study import CallPattern, Need, Output, Study, Tolerance, Variable

def solve(a, b):
    return {"y": 1.0 + a + b}

study = Study(
    name="tiny",
    inputs=(Variable("a", "1", 0.0, 1.0), Variable("b", "1", 0.0, 1.0)),
    outputs=(Output("y", "1"),),
    need=Need("one answer", {"y": Tolerance("nrmse", 0.05)}, queries=(10.0, 100.0), call_patterns=(CallPattern("desk"),)),
    solve=solve,
    n_runs=32,
)
"""

ADDRESS = re.compile(r'sa_family=(AF_\w+)(?:.*?(?:inet_addr\("|inet_pton\(AF_INET6, ")([^"]+)")?')


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("strace") is None, reason="strace is not installed")
def test_four_commands_reach_nobody_and_write_nothing_into_the_home(tmp_path: Path) -> None:
    home, work, temporary = (tmp_path / name for name in ("home", "work", "temporary"))
    for folder in (home, work, temporary):
        folder.mkdir()
    (work / "tiny.py").write_text(STUDY)
    (home / ".codecarbon.config").write_text(
        "[codecarbon]\nsave_to_api = true\nemissions_endpoint = http://192.0.2.1:9\n"
    )
    trace = tmp_path / "trace"
    can = subprocess.run(["strace", "-f", "-o", trace, "true"], capture_output=True, check=False)
    if can.returncode != 0:
        pytest.skip("strace may not trace here")
    watched = ["strace", "-f", "-qq", "--seccomp-bpf", "-e", "trace=connect,sendto,sendmsg,sendmmsg", "-o", str(trace)]
    command = [*watched, sys.executable, "-c", COMMANDS.format(tests=str(Path(__file__).resolve().parents[1]))]
    done = subprocess.run(
        command, env=at_home(home, TMPDIR=str(temporary)), cwd=work, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert "y: " in done.stdout  # the last command has answered
    calls = trace.read_text()
    reached = {(family, address) for family, address in ADDRESS.findall(calls)}
    outside = {(f, a) for f, a in reached if f in ("AF_INET", "AF_INET6") and a not in ("127.0.0.1", "::1")}
    assert outside == {("AF_INET", "192.0.2.77")}
    assert [path.name for path in home.rglob("*")] == [".codecarbon.config"]
