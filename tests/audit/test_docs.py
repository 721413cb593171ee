"""The page for auditors names every point, as the program has them."""

from pathlib import Path

from frugal.audit.criteria import CRITERIA

PAGE = Path(__file__).resolve().parents[2] / "docs" / "audit.md"


def test_every_point_stands_in_the_documentation_with_its_title_and_rule():
    text = PAGE.read_text(encoding="utf-8")
    for point in CRITERIA:
        rule = (point.evaluate.__doc__ or "").strip().splitlines()[0].partition(": ")[2]
        assert rule, point.id
        assert f"| {point.id} | {point.title['en']} |" in text
        assert rule in text, f"{point.id}: run benchmarks/fill_docs.py"
