"""Texts are data: both languages of each, gaps that are the same in both, none that nobody says and none that lacks."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from string import Formatter
from typing import Any

import pytest

from frugal.audit.criteria.catalogue import CRITERIA
from frugal.texts import LANGUAGES, Texts, decimals, in_each, room_texts

ROOT = Path(__file__).resolve().parents[1]
ROOMS = {
    ".".join(path.parent.relative_to(ROOT).parts): path.parent for path in sorted((ROOT / "frugal").rglob("texts.toml"))
}

#: Beginnings of keys of which one is chosen while the program runs, by the name of a thing: no literal names them.
CHOSEN_BY_NAME = {
    "frugal.tides": ("datum.", "head.", "water."),
    "frugal.estuaries": ("direction.", "fish_head.", "fish_state.", "head.", "plot.", "state."),
    "frugal.audit": (
        "asked.", "baseline.", "c3.budgets.", "c3.people.", "category.", "count.", "country.", "factor.", "field.",
        "first.", "level.", "limit.", "noun.", "policy.", "question.", "short.", "status.", "unit.",
        "verdict.", "FRU-06.",
        *(f"page.{what}_" for what in ("bar", "group", "need", "part", "per", "role", "stage", "target", "tier")),
    ),
    "frugal.calibration": ("caption.", "head."),
    "frugal.cadastre": ("class.", "list.other_", "month.", "point."),
    "frugal.commands": ("assumed.", "column.", "estimate.", "study.", "theme."),
    "frugal.experiments": ("metric.", "need."),
    "frugal.exposure": ("column.", "depth_of.", "readme.", "state.", "table.", "unit.", "what."),
    "frugal.insight": ("caption.", "head.", "plot.first", "plot.total"),
    "frugal.reporting": (
        "adaptive.", "ai_limit.", "duration.", "head.", "level.", "name.", "note.", "number.", "queries.", "source.",
        "stage.", "tick.",
        *(f"plot.{kind}" for kind in ("absolute", "error", "ratio", "score", "share")),
    ),
    "frugal.studies.flood": (
        "details.map.", "details.state.", "flood.local_inertial", "flood.twice_coarser", "flood.subgrid", "hazard.class_",
        "side.",
    ),
    "frugal.studies.solar": (
        "direction.", "roofs.judged_on.",
        *(f"roof_shading.{name}" for name in ("no_shading", "sky_view", "coarse_surface", "sector_year")),
        *(f"roof_yield.{name}" for name in ("sun_vector", "unshaded_table", "sky_view_table", "cumulative_sky")),
        *(f"roof_yield.{name}" for name in ("typical_days", "sector_year")),
    ),
    "frugal.surrogates": ("baseline.", "limit.", "map.", "reason."),
}  # fmt: skip
#: Patterns that are looked for in the pages, by language: nobody is told them.
NO_SENTENCES = {"frugal/audit/criteria/claims.py"}
#: Functions that take a key first.
SAYING = ("say", "say_counted", "phrase", "no_ai")


def gaps(text: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(text) if name is not None}


def keys_of(room: str) -> dict[str, dict[str, str]]:
    return room_texts(room)._texts


def sources(room: str) -> list[ast.Module]:
    return [ast.parse(path.read_text()) for path in sorted(ROOMS[room].rglob("*.py"))]


def literals(node: ast.AST) -> Iterator[str]:
    """Texts that stand in an expression as they are, those of either branch included."""
    yield from (n.value for n in ast.walk(node) if isinstance(n, ast.Constant) and isinstance(n.value, str))


def calls(room: str) -> Iterator[tuple[str, ast.Call]]:
    """Calls that say a text, with each key that they may name."""
    for tree in sources(room):
        for node in ast.walk(tree):
            name = getattr(node.func, "attr", getattr(node.func, "id", "")) if isinstance(node, ast.Call) else ""
            if not isinstance(node, ast.Call) or name not in SAYING or not node.args:
                continue
            first = node.args[0]
            chosen = [first.body, first.orelse] if isinstance(first, ast.IfExp) else [first]
            for key in chosen:
                if isinstance(key, ast.Constant):
                    yield key.value, node


def test_every_room_with_something_to_say_has_its_file() -> None:
    assert len(ROOMS) == 16
    named = {
        literal
        for path in (ROOT / "frugal").rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "room_texts"
        for literal in literals(node)
    }
    assert named == set(ROOMS)


@pytest.mark.parametrize("room", ROOMS)
def test_texts_stand_in_both_languages_with_the_same_gaps(room: str) -> None:
    for key, text in keys_of(room).items():
        assert set(text) == set(LANGUAGES), key
        assert gaps(text["en"]) == gaps(text["fr"]), key


@pytest.mark.parametrize("room", ROOMS)
def test_no_text_lacks_and_every_gap_is_filled(room: str) -> None:
    texts, found = keys_of(room), 0
    for key, call in calls(room):
        assert key in texts, f"{room} says '{key}', which its texts lack"
        given = {keyword.arg for keyword in call.keywords}
        assert None in given or gaps(texts[key]["en"]) <= given, f"'{key}' is said without all of its values"
        found += 1
    assert found


@pytest.mark.parametrize("room", ROOMS)
def test_no_text_is_there_that_nobody_says(room: str) -> None:
    said = {literal for tree in sources(room) for literal in literals(tree)}
    templates = " ".join(path.read_text() for path in ROOMS[room].rglob("*.j2"))
    said |= {f"page.{name}" for name in [*re.findall(r"\bt\.(\w+)", templates), *said]}
    said |= {f"{name}.one" for name in said}
    if room == "frugal.audit":
        said |= {f"{criterion.id}.title" for criterion in CRITERIA}
    by_name = CHOSEN_BY_NAME.get(room, ())
    keys = keys_of(room)
    assert not [key for key in keys if key not in said and not key.startswith(by_name)]
    assert not [start for start in by_name if not any(key.startswith(start) and key not in said for key in keys)]


def test_no_program_holds_sentences_in_two_languages() -> None:
    found = []
    for path in sorted((ROOT / "frugal").rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Dict) and set(LANGUAGES) <= {getattr(key, "value", None) for key in node.keys}:
                written = [text for value in node.values for text in literals(value)]
                if written and str(path.relative_to(ROOT)) not in NO_SENTENCES:
                    found.append(f"{path.name}:{node.lineno}")
    assert not found


def test_no_program_holds_french() -> None:
    found = []
    for path in sorted((ROOT / "frugal").rglob("*.py")):
        tree = ast.parse(path.read_text())
        told = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}  # docstrings
        for node in ast.walk(tree):
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in told:
                words = node.value.replace("Vendée", "")
                if re.search(r"[éèêëàâçùûîïôœ]", words) and str(path.relative_to(ROOT)) not in NO_SENTENCES:
                    found.append(f"{path.name}:{node.lineno}")
    assert not found


def test_a_text_is_said_with_values_that_differ_by_language(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "house").mkdir()
    (tmp_path / "house" / "__init__.py").touch()
    (tmp_path / "house" / "texts.toml").write_text(
        '[cost]\nen = "{power:g} W, {cost}"\nfr = "{cost}, {power:g} W"\n[cost.unit]\nen = "euros"\nfr = "euros"\n'
    )
    monkeypatch.syspath_prepend(tmp_path)
    texts = Texts("house")
    said: Any = texts.say("cost", power=3.0, cost=decimals("1.5"))
    assert said == {"en": "3 W, 1.5", "fr": "1,5, 3 W"}
    assert texts.phrase("cost.unit", "fr") == "euros" and "cost.unit" in texts and "unit" not in texts
    assert texts.known("cost", "unit") == {"en": "euros", "fr": "euros"}
    assert texts.known("cost", "other") == {"en": "other", "fr": "other"}
    assert texts.group("cost") == {"unit": {"en": "euros", "fr": "euros"}}
    assert in_each(lambda value, language, more: f"{value}{language}{more}", 1, 2) == {"en": "1en2", "fr": "1fr2"}
    for key, values in (("nothing", {}), ("cost", {"power": 1.0})):
        with pytest.raises(KeyError):
            texts.say(key, **values)
