"""What README, docs, benchmarks and examples name is there: modules and what is in them, files, links, imports."""

from __future__ import annotations

import ast
import importlib
import re
import textwrap
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PAGES = {
    path.relative_to(ROOT).as_posix(): path.read_text(encoding="utf-8")
    for path in (
        ROOT / "README.md",
        ROOT / "LISEZMOI.md",
        ROOT / "CONTRIBUTING.md",
        ROOT / "frontend" / "README.md",
        *sorted((ROOT / "docs").rglob("*.md")),
    )
}
#: Keys of the metadata of a graph, which look like names of modules.
METADATA = {
    f"frugal.{key}"
    for key in (
        "study", "candidate", "verdict", "graph_sha256", "audit_sha256", "cpu_seconds_per_row", "joules_per_row",
        "measurement_tier", "input_type",
    )
}  # fmt: skip

_NAME = re.compile(r"(?<![\w./-])frugal(?:\.[A-Za-z_]\w*)+")
_PATH = re.compile(r"(?<![\w./-])(?:frugal|benchmarks|tests|docs|frontend)/[\w./*-]*")
_LINK = re.compile(r"\]\(([^)#:\s]+)(?:#[^)]*)?\)")
_PYTHON = re.compile(r"^( *)```python\n(.*?)^ *```", re.S | re.M)


def missing_name(name: str) -> str | None:
    """The name itself where it leads nowhere, as a module or as something in one."""
    module, found = name, []
    while module:
        try:
            value = importlib.import_module(module)
        except ModuleNotFoundError as fault:
            if not f"{module}.".startswith(f"{fault.name}."):
                raise  # the module is there, and what it imports is not
            module, _, last = module.rpartition(".")
            found.insert(0, last)
            continue
        for part in found:
            if not hasattr(value, part):
                return name
            value = getattr(value, part)
        return None
    return name


def is_there(pattern: str) -> bool:
    return bool(list(ROOT.glob(pattern))) if "*" in pattern else (ROOT / pattern).exists()


def imported(code: str) -> list[str]:
    """Full names of what Python code imports."""
    names: list[str] = []
    for node in ast.walk(ast.parse(textwrap.dedent(code))):
        if isinstance(node, ast.Import):
            names += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            names += [f"{node.module}.{alias.name}" for alias in node.names]
    return names


@pytest.mark.parametrize("page", PAGES)
def test_modules_and_what_is_in_them_can_be_imported(page: str) -> None:
    names = sorted(set(_NAME.findall(PAGES[page])) - METADATA)
    assert not [name for name in names if missing_name(name)]


@pytest.mark.parametrize("page", PAGES)
def test_files_that_are_named_exist(page: str) -> None:
    paths = sorted({path.rstrip(".") for path in _PATH.findall(PAGES[page])})
    assert not [path for path in paths if not is_there(path)]


@pytest.mark.parametrize("page", PAGES)
def test_links_lead_to_files(page: str) -> None:
    home = (ROOT / page).parent
    assert not [link for link in sorted(set(_LINK.findall(PAGES[page]))) if not (home / link).exists()]


@pytest.mark.parametrize("page", [page for page, text in PAGES.items() if _PYTHON.search(text)])
def test_what_python_code_imports_is_there(page: str) -> None:
    names = [name for _, code in _PYTHON.findall(PAGES[page]) for name in imported(code)]
    assert not [name for name in names if missing_name(name)]


def test_what_benchmarks_and_examples_import_is_there() -> None:
    """They run by hand, so nothing else tells when a name of the program changes."""
    files = [*(ROOT / "benchmarks").rglob("*.py"), *(ROOT / "docs").rglob("*.py")]
    names = {name for file in files for name in imported(file.read_text(encoding="utf-8"))}
    assert not [name for name in sorted(names) if name.startswith("frugal.") and missing_name(name)]


def test_what_is_not_there_is_found() -> None:
    assert missing_name("frugal.experiments.studies.roof_yield") and missing_name("frugal.errors.NoSuchError")
    assert not missing_name("frugal.surrogates.bundle.predictor.Predictor")
    assert not is_there("frugal/nothing_of_that_name.py") and is_there("docs/*.md")
    assert _PATH.findall("see `tests/gone.py`, not /elsewhere/tests/gone.py") == ["tests/gone.py"]
    assert imported("   from frugal.errors import FrugalError\n   import json\n") == [
        "frugal.errors.FrugalError",
        "json",
    ]
