"""Kernels kept between processes: used again while no source of the package changes, compiled anew when any does."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from frugal.physics import compiled

ROOT = Path(__file__).resolve().parents[2]

CALLEE = "from numba import njit\n\n@njit\ndef twice(x):\n    return {factor}.0 * x\n"
CALLER = (
    "from mini.compiled import kernel\nfrom mini.inner.callee import twice\n\n"
    "@kernel()\ndef caller(x):\n    return twice(x) + 1.0\n"
)
QUESTION = (
    "from mini.caller import caller\n"
    "print(caller(1.0), sum(caller.stats.cache_hits.values()), sum(caller.stats.cache_misses.values()))"
)


def a_package(folder: Path) -> Path:
    """A caller in one file, its callee in a folder beneath, and a copy of the decorator."""
    package = folder / "mini"
    (package / "inner").mkdir(parents=True)
    (package / "__init__.py").touch()
    (package / "inner" / "__init__.py").touch()
    shutil.copy(str(compiled.__file__), package / "compiled.py")
    (package / "inner" / "callee.py").write_text(CALLEE.format(factor=2))
    (package / "caller.py").write_text(CALLER)
    return package


def ask(folder: Path, **environment: str) -> tuple[float, int, int]:
    """Answer, cache hits and misses of the caller in a process of its own."""
    given = {name: value for name, value in os.environ.items() if name != "NUMBA_CACHE_DIR"}
    set_ = {**given, "PYTHONDONTWRITEBYTECODE": "1", "PYTHONPATH": f"{folder}:{ROOT}", **environment}
    answer = subprocess.run(
        [sys.executable, "-c", QUESTION], capture_output=True, text=True, check=True, cwd=folder, env=set_
    )
    value, hits, misses = answer.stdout.split()
    return float(value), int(hits), int(misses)


def test_a_change_in_a_called_file_has_the_caller_compiled_anew(tmp_path: Path) -> None:
    package = a_package(tmp_path)
    assert ask(tmp_path) == (3.0, 0, 1)
    assert ask(tmp_path) == (3.0, 1, 0)
    callee = package / "inner" / "callee.py"
    before = callee.stat()
    callee.write_text(CALLEE.format(factor=5))
    os.utime(callee, ns=(before.st_atime_ns, before.st_mtime_ns))  # same size and time: only the contents differ
    assert ask(tmp_path) == (6.0, 0, 1)
    assert ask(tmp_path) == (6.0, 1, 0)


OF_A_CLASS = """
from typing import NamedTuple
from mini.compiled import kernel

class Two(NamedTuple):
    a: float
    b: float

@kernel()
def summed(pair):
    return pair.a + pair.b

def caller(x):
    return summed(Two(x, 1.0))

caller.stats = summed.stats
"""


def test_code_kept_for_a_class_that_is_no_more_is_thrown_away(tmp_path: Path) -> None:
    package = a_package(tmp_path)
    (package / "caller.py").write_text(OF_A_CLASS)
    assert ask(tmp_path) == (2.0, 0, 1)
    assert ask(tmp_path) == (2.0, 1, 0)
    (package / "caller.py").write_text(OF_A_CLASS.replace("Two", "Pair"))
    assert ask(tmp_path) == (2.0, 0, 1)


def test_a_cache_directory_of_the_user_is_kept_to(tmp_path: Path) -> None:
    package = a_package(tmp_path)
    elsewhere = tmp_path / "elsewhere"
    assert ask(tmp_path, NUMBA_CACHE_DIR=str(elsewhere)) == (3.0, 0, 1)
    assert ask(tmp_path, NUMBA_CACHE_DIR=str(elsewhere)) == (3.0, 1, 0)
    assert list(elsewhere.rglob("*.nbc")) and not list(package.rglob("*.nbc"))


def test_where_nothing_can_be_written_kernels_are_kept_in_a_private_folder_or_not_at_all(tmp_path: Path) -> None:
    package = a_package(tmp_path)
    (package / "__pycache__").write_text("a file where numba would make a folder")
    home, temporary = tmp_path / "home", tmp_path / "temporary"
    home.mkdir()
    temporary.mkdir()
    shared = temporary / f"frugal-{os.geteuid()}"
    shared.mkdir()
    shared.chmod(0o777)  # whoever may write there could put other machine code in the place of ours
    for _ in range(2):
        assert ask(tmp_path, HOME=str(home), TMPDIR=str(temporary)) == (3.0, 0, 1)
    shared.chmod(0o700)
    assert ask(tmp_path, HOME=str(home), TMPDIR=str(temporary)) == (3.0, 0, 1)
    assert ask(tmp_path, HOME=str(home), TMPDIR=str(temporary)) == (3.0, 1, 0)
    assert list(shared.rglob("*.nbc")) and not list(home.iterdir())


def test_a_numba_that_holds_its_stamp_elsewhere_gets_no_cache(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("numba.core.caching.IndexDataCacheFile.__init__", lambda self, **_: None)
    plain = compiled.kernel()(lambda x: x + 1.0)
    assert plain(1.0) == 2.0
    assert plain.stats.cache_path is None


def test_this_numba_is_one_whose_stamp_is_known() -> None:
    from frugal.physics.shallow_water.steps import advance

    assert advance._cache._cache_file._source_stamp[1] == compiled.sources_digest()


def test_no_kernel_of_physics_keeps_a_cache_of_its_own() -> None:
    for source in sorted(Path(str(compiled.__file__)).parent.rglob("*.py")):
        assert source.name == "compiled.py" or "cache=True" not in source.read_text(), source.name
