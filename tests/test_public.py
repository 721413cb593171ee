"""`import frugal`: the public names, lazily, and the page that shows them."""

import ast
import re
import runpy
import subprocess
import sys
from functools import partial
from pathlib import Path

import pytest
from campaigns_for_tests import few_models, short_timings

import frugal

ROOT = Path(__file__).resolve().parents[1]
PAGE = ROOT / "docs" / "python.md"


def test_every_public_name_is_there_and_none_is_a_room() -> None:
    rooms = {path.name for path in (ROOT / "frugal").iterdir() if path.is_dir()}
    modules = {path.stem for path in (ROOT / "frugal").glob("*.py")}
    assert not set(frugal.__all__) & (rooms | modules)
    for name in frugal.__all__:
        assert getattr(frugal, name).__doc__, name
    assert set(frugal.__all__) <= set(dir(frugal))


def test_an_unknown_name_is_told() -> None:
    with pytest.raises(AttributeError, match="has no attribute 'trian'"):
        frugal.trian  # noqa: B018


def test_type_checkers_know_the_same_names() -> None:
    tree = ast.parse((ROOT / "frugal" / "__init__.pyi").read_text())
    told = {alias.asname for node in tree.body if isinstance(node, ast.ImportFrom) for alias in node.names}
    assert told == set(frugal.__all__)


def test_importing_loads_nothing() -> None:
    code = "import sys, frugal; print(*sorted(n for n in sys.modules if n.startswith(('numpy', 'frugal.'))))"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout.split() == ["frugal.surroundings"]  # which turns reports off, and imports nothing heavy


@pytest.mark.slow
def test_the_page_runs_as_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """All its examples, one after the other, in an empty folder that holds the docs: few models, and no MLflow."""
    from frugal.campaigns import campaign, workflow

    examples = re.findall(r"```python\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.S)
    assert len(examples) == 3
    (tmp_path / "docs").symlink_to(ROOT / "docs")
    program = tmp_path / "page.py"
    program.write_text("\n".join(examples), encoding="utf-8")
    few_models(monkeypatch)
    short_timings(monkeypatch)
    monkeypatch.setattr(campaign, "Settings", partial(campaign.Settings, carbon=False))
    monkeypatch.setattr(workflow, "record_bundle", lambda bundle, name: "none")
    monkeypatch.chdir(tmp_path)
    runpy.run_path(str(program))
    assert "roof_yield" in capsys.readouterr().out and (tmp_path / "bundles/oxygen_sag/model.onnx").is_file()


def test_the_page_names_every_public_name() -> None:
    text = PAGE.read_text(encoding="utf-8")
    assert [name for name in frugal.__all__ if f"`{name}`" not in text] == []
