"""The page for auditors: its tables are those of the program, and what it tells a reader to run works."""

from __future__ import annotations

import importlib.util
import json
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from campaigns_for_tests import WITH_AI, few_models
from studies_for_tests import slow_study

from frugal.audit.criteria.catalogue import CRITERIA
from frugal.campaigns.campaign import Settings, run_campaign
from frugal.campaigns.publish import publish

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "audit.md").read_text(encoding="utf-8")

#: Thresholds of findings, and how the table of degrees writes them: "holds", then "reserve".
DEGREES = {
    "NEC-09": (3.0, "≥ 3", "one of them"),
    "FRU-01": ([1.0, 1.5], "the cheapest", "≤ 1.5 ×"),
    "FRU-02": ([2, 5], "≤ 2 ×", "≤ 5 ×"),
    "FRU-05": ([20, 100], "≤ 20 ×", "≤ 100 ×"),
    "FRU-12": ([2, 5], "factor 2", "within 5"),
    "MES-02": ([0.05, 0.15], "≤ 5 %", "≤ 15 %"),
    "MES-04": (0.05, "within 5 %", "within 20 %"),
    "MES-05": (30, "≥ 30", "quick"),
    "MES-07": (3, "≥ 3", "fewer"),
    "LIM-01": ([0.1, 1.0], "≤ 10 %", "≤ 100 %"),
    "LIM-02": (4, "≥ 4", "fewer"),
}


@pytest.fixture(scope="module")
def fill_docs() -> ModuleType:
    """The program that fills the tables."""
    spec = importlib.util.spec_from_file_location("fill_docs", ROOT / "benchmarks" / "fill_docs.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A bundle that was really trained."""
    home = tmp_path_factory.mktemp("docs")
    settings = Settings(folder=home / "campaigns", measure_seconds=0.2, carbon=False, threads=1)
    with pytest.MonkeyPatch.context() as patch:
        few_models(patch, WITH_AI)
        publish(run_campaign(slow_study(steps=20_000), settings), home / "bundle")
    return home / "bundle"


def marked(name: str) -> str:
    found = re.search(rf"<!-- begin: {name} -->\n(.*?)\n<!-- end: {name} -->", PAGE, re.S)
    assert found is not None
    return found[1]


@pytest.mark.parametrize("name", ["criteria", "constants"])
def test_tables_are_as_the_program_has_them(fill_docs: ModuleType, name: str) -> None:
    assert marked(name) == getattr(fill_docs, name)(), "run benchmarks/fill_docs.py"


def test_every_point_stands_in_the_documentation_with_its_title_and_rule() -> None:
    for point in CRITERIA:
        name, _, rule = (point.evaluate.__doc__ or "").strip().splitlines()[0].partition(": ")
        assert name == point.id and rule.endswith("."), point.id
        assert f"| {point.id} | {point.title['en']} |" in marked("criteria")
        assert rule in marked("criteria")


def test_the_thresholds_in_the_documentation_are_those_of_the_findings(
    audited: Callable[..., dict[str, Any]],
) -> None:
    found = {row["id"]: row["threshold"] for row in audited("demonstrated")["criteria"] if row["threshold"] is not None}
    degrees = PAGE[PAGE.index("Where there are degrees") : PAGE.index("## Constants of ours")]
    checked = 0
    for name, (threshold, *words) in DEGREES.items():
        cells = re.search(rf"^\| {name} \|(.*?)\|(.*?)\|", degrees, re.M)
        assert cells is not None, name
        assert words[0] in cells[1] and words[1] in cells[2], name
        if name in found:
            assert found[name] == threshold, name
            checked += 1
    assert checked >= 8


def test_the_example_can_be_computed_by_hand() -> None:
    rows = [line.strip("| ").split(" | ") for line in marked("example").splitlines() if "µs |" in line]
    assert len(rows) >= 3
    for name, *cells in rows:
        fixed_ai, fixed, asked_ai, asked = (float(re.sub(r"[^\d.]", "", cell)) for cell in cells[:4])
        gain = 1e-6 * (asked - asked_ai)
        if gain > 0:
            assert float(cells[4].replace(",", "")) == pytest.approx(max(fixed_ai - fixed, 0) / gain, rel=1e-3), name
        else:  # dearer to ask: cheaper from the first query on, as long as what it saved beforehand lasts, or never
            assert cells[4] == ("0" if fixed_ai < fixed else "never"), name


def snippets() -> list[str]:
    """The Python of the section on checking an audit, in its order."""
    section = PAGE[PAGE.index("## Check an audit yourself") : PAGE.index("## Bad input")]
    found = re.findall(r"^   ```python\n(.*?)^   ```", section, re.S | re.M)
    return ["\n".join(line.removeprefix("   ") for line in code.splitlines()) for code in found]


def run(code: str, folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-c", code], cwd=folder, capture_output=True, text=True, check=False)


def test_the_snippets_for_checking_a_bundle_work(bundle: Path) -> None:
    ledger, audit, cost = snippets()
    assert subprocess.run(["sha256sum", "-c", "--quiet", "SHA256SUMS"], cwd=bundle, check=False).returncode == 0
    for code in (ledger, audit):
        done = run(code, bundle)
        assert done.returncode == 0, done.stderr
    done = run(cost, bundle)
    assert done.returncode == 0, done.stderr
    rows = {row["name"]: row for row in json.loads((bundle / "candidates.json").read_text())["candidates"]}
    told = re.findall(r"^(\w+): F = (\S+) s, v = (\S+) s", done.stdout, re.M)
    assert len(told) >= 2
    for name, fixed, asked in told:
        assert float(fixed) == pytest.approx(rows[name]["fixed_cpu_seconds"], rel=1e-4, abs=1e-12)
        assert float(asked) == pytest.approx(next(iter(rows[name]["query"].values()))["cpu_seconds"], rel=1e-4)


def test_the_snippets_find_what_was_altered(bundle: Path, tmp_path: Path) -> None:
    ledger, audit, _ = snippets()
    lines = (bundle / "ledger.jsonl").read_bytes().splitlines(keepends=True)
    (tmp_path / "ledger.seal.json").write_bytes((bundle / "ledger.seal.json").read_bytes())
    for altered in (lines[:3] + lines[4:], lines[:-1], [lines[0].replace(b'"seed": 0', b'"seed": 1'), *lines[1:]]):
        assert altered != lines
        (tmp_path / "ledger.jsonl").write_bytes(b"".join(altered))
        assert "AssertionError" in run(ledger, tmp_path).stderr
    content = json.loads((bundle / "audit.json").read_text(encoding="utf-8"))
    (tmp_path / "audit.json").write_text(json.dumps({**content, "verdict": "demonstrated "}), encoding="utf-8")
    assert "AssertionError" in run(audit, tmp_path).stderr
