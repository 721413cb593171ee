"""The wheel, unpacked, is the whole program: every file that it reads from itself is in it.

``benchmarks/wheel_works.py`` installs it in an empty environment and runs the commands.
"""

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from hatchling.builders.wheel import WheelBuilder

pytestmark = pytest.mark.slow

ROOT = Path(__file__).resolve().parents[1]

READS_ALL = """
import sys
from pathlib import Path

import frugal
from frugal.audit.build import build_audit
from frugal.audit.evidence.audit_file import read_audit
from frugal.audit.report.pages import render
from frugal.cadastre.job.program_digest import program_digest
from frugal.experiments.study.registry import installed_studies, load_entry_point
from frugal.formats.weather.climate import read_climate
from frugal.metering.factors.table import load_factors
from frugal.texts import room_texts
from frugal.web.built_pages import PAGES

home, bundle = Path(sys.argv[1]), Path(sys.argv[2])
assert Path(frugal.__file__) == home / "frugal" / "__init__.py", frugal.__file__
assert load_factors().electricity("gwp", "FRA")
assert read_climate()
for path in (home / "frugal").rglob("texts.toml"):
    room = ".".join(path.parent.relative_to(home).parts)
    assert room_texts(room)._texts, room
read_audit(bundle)  # against audit_schema.json
audit = build_audit(bundle)
for language in ("en", "fr"):
    assert "<style>" in render(audit, language)
for page in ("cadastre", "study"):
    assert (PAGES / page / "index.html").is_file()
    assert {path.suffix for path in (PAGES / page / "assets").iterdir()} >= {".js", ".css"}
assert {path.suffix for path in (PAGES / "runtime").iterdir()} == {".js", ".gz"}
assert PAGES.is_relative_to(home)
for point in installed_studies().values():
    assert point.dist._path.is_relative_to(home), point
    load_entry_point(point)
assert program_digest()
strangers = [
    name for name, module in sys.modules.items()
    if name.split(".")[0] == "frugal" and not Path(module.__file__).is_relative_to(home)
]
assert not strangers, strangers
print("all read")
"""


def test_every_file_that_the_program_reads_from_itself_is_in_the_wheel(tmp_path: Path) -> None:
    (wheel,) = WheelBuilder(str(ROOT)).build(directory=str(tmp_path), versions=["standard"])
    home, elsewhere = tmp_path / "unpacked", tmp_path / "elsewhere"
    elsewhere.mkdir()
    with zipfile.ZipFile(wheel) as packed:
        packed.extractall(home)
    with zipfile.ZipFile(ROOT / "tests" / "data" / "oxygen_sag_f488fd7.zip") as packed:
        packed.extractall(tmp_path)
    done = subprocess.run(
        [sys.executable, "-P", "-c", READS_ALL, str(home), str(tmp_path / "oxygen_sag")],
        cwd=elsewhere,
        env={**os.environ, "PYTHONPATH": str(home)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout == "all read\n"
    sources = {path.relative_to(ROOT) for path in (ROOT / "frugal").rglob("*") if path.is_file()}
    left_out = {path for path in sources if not (home / path).is_file()}
    assert {path.parent.name for path in left_out} <= {"__pycache__"}
