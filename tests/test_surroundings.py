"""Libraries report to nobody, and nothing is written into the user's home."""

import ast
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from homes_for_tests import at_home

from frugal import surroundings

ROOT = Path(__file__).resolve().parents[1]
RUNTIME = "frugal/surrogates/onnx/runtime.py"


def imported_by(text: str) -> set[str]:
    """First names of what a program imports, anywhere in it."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Import):
            found |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and node.level == 0:
            found.add(node.module.split(".")[0])
    return found


def test_one_module_imports_onnxruntime() -> None:
    """Programs, tests, benchmarks, examples, the programs that tests hand to other processes, and what documentation shows."""
    programs = [p for folder in ("frugal", "tests", "benchmarks", "docs") for p in (ROOT / folder).rglob("*.py")]
    assert len(programs) > 300
    assert {str(p.relative_to(ROOT)) for p in programs if "onnxruntime" in imported_by(p.read_text())} == {RUNTIME}
    in_text = re.compile(r"^\s*[\"']?(?:import|from) onnxruntime\b|import_module\([\"']onnxruntime", re.MULTILINE)
    shown = [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), *(ROOT / "frugal").rglob("*.toml"), *programs]
    texts = {str(p.relative_to(ROOT)) for p in shown if in_text.search(p.read_text())}
    assert texts == {RUNTIME}


def run(code: str, home: Path, **variables: str) -> str:
    command = [sys.executable, "-W", "always", "-c", code]
    environment = at_home(home, **variables)
    done = subprocess.run(command, env=environment, capture_output=True, text=True, cwd=ROOT, check=True)
    return done.stdout + done.stderr


def test_onnxruntime_keeps_no_events_of_ours(tmp_path: Path) -> None:
    told = run("from frugal.surrogates.onnx.runtime import onnxruntime as o; print(o.__name__)", tmp_path)
    assert told == "onnxruntime\n"
    assert list(tmp_path.iterdir()) == []
    # a value of the user's that leaves it on does not hold: the documentation says that nothing is sent
    run("import frugal.surrogates.onnx.runtime", tmp_path, ORT_DISABLE_TELEMETRY="0")
    assert list(tmp_path.iterdir()) == []


def test_onnxruntime_imported_before_is_told(tmp_path: Path) -> None:
    code = (
        "import importlib; importlib.import_module('onnx' + 'runtime')\n"
        "import frugal.surrogates.onnx.runtime, frugal.surroundings as s; print(s.onnxruntime_may_report())"
    )
    told = run(code, tmp_path)
    assert "True" in told and "import frugal first" in told
    told = run(code, tmp_path, ORT_DISABLE_TELEMETRY="1")
    assert "False" in told and "Warning" not in told


def test_children_and_workers_inherit_it(tmp_path: Path) -> None:
    child = "import os; print(*(os.environ.get(k) for k in ('ORT_DISABLE_TELEMETRY', 'MLFLOW_DISABLE_TELEMETRY')))"
    told = run(f"import frugal, subprocess, sys; subprocess.run([sys.executable, '-c', {child!r}])", tmp_path)
    assert told == "1 true\n"


def test_a_private_folder_is_nobody_elses(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(surroundings.tempfile, "gettempdir", lambda: str(tmp_path))
    folder = surroundings.private_folder("numba")
    assert folder == tmp_path / f"frugal-{os.geteuid()}" / "numba"
    assert folder.parent.stat().st_mode & 0o777 == 0o700
    folder.parent.chmod(0o770)
    assert surroundings.private_folder("numba") is None  # others of the group could have put machine code there
    shutil.rmtree(folder.parent)
    (tmp_path / "elsewhere").mkdir(mode=0o700)
    folder.parent.symlink_to(tmp_path / "elsewhere")
    assert surroundings.private_folder("numba") is None


def test_machine_code_of_a_read_only_installation_stays_out_of_the_home(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from frugal.physics import compiled

    monkeypatch.setattr(surroundings.tempfile, "gettempdir", lambda: str(tmp_path))
    monkeypatch.setattr(compiled.os, "access", lambda path, mode: False)
    monkeypatch.setattr(compiled.numba.config, "CACHE_DIR", "")

    def twice(x: float) -> float:
        return 2.0 * x

    assert compiled.kernel()(twice)(1.5) == 3.0
    kept = list((tmp_path / f"frugal-{os.geteuid()}" / "numba").rglob("*.nbi"))
    assert len(kept) == 1 and compiled.numba.config.CACHE_DIR == ""


def test_list_of_fonts_stays_out_of_the_home(tmp_path: Path) -> None:
    (tmp_path / "home").mkdir()
    (tmp_path / "tmp").mkdir()
    code = "from frugal.reporting.plots.picture import png; print(len(png(1, 1, lambda figure: None)) > 100)"
    assert run(code, tmp_path / "home", TMPDIR=str(tmp_path / "tmp")) == "True\n"
    assert list((tmp_path / "home").rglob("*")) == []
    assert list((tmp_path / "tmp").rglob("fontlist*.json"))


def test_codecarbon_reads_no_settings_of_the_users(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import codecarbon.emissions_tracker as module

    from frugal.metering.power import codecarbon_meter

    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("CODECARBON_EMISSIONS_ENDPOINT", "http://192.0.2.1:9")
    text = "[codecarbon]\nsave_to_api = true\napi_endpoint = http://192.0.2.1:9\nelectricitymaps_api_token = abc\n"
    (tmp_path / ".codecarbon.config").write_text(text)
    assert module.get_hierarchical_config()["save_to_api"] == "true"  # the user's own trackers do
    with codecarbon_meter._without_users_settings():
        assert module.get_hierarchical_config() == {}
    assert module.get_hierarchical_config()["emissions_endpoint"] == "http://192.0.2.1:9"


def test_quantisation_comes_from_the_same_place() -> None:
    from frugal.surrogates.onnx.runtime import quantization

    assert callable(quantization().quantize_dynamic)
    assert np.isfinite(float(os.environ["ORT_DISABLE_TELEMETRY"]))


def test_jsonschema_builds_no_parsers_for_formats_that_nobody_asks_for() -> None:
    code = (
        "import sys, json; from frugal.surroundings import without_parsers_of_formats\n"
        "with without_parsers_of_formats():\n    import jsonschema\n"
        "print(json.dumps(['rfc3987_syntax' in sys.modules, 'lark' in sys.modules]))\n"
        "jsonschema.Draft202012Validator({'type': 'object'}).validate({})"
    )
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert json.loads(found.stdout) == [False, False]
