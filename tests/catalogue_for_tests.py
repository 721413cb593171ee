"""Sentences that the program may tell, read from its source, and which of them the French catalogue has.

``python tests/catalogue_for_tests.py`` writes anew the list of those that have no French yet.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from string import Formatter

from frugal.commands.french import SENTENCES, french_catalogue

ROOT = Path(__file__).resolve().parents[1]
UNTRANSLATED = ROOT / "tests" / "cli" / "untranslated_messages.txt"
ERRORS = {
    "FrugalError", "UnusableInputError", "EnvironmentFaultError", "NotAssessedError", "SolverError", "WorkersEndedError",
}  # fmt: skip
#: Functions of the commands that print a sentence in the language of the terminal.
TELLING = {"warn", "_say"}
#: So much of a sentence of the catalogue has to stand in the sentence of the program that it is taken for.
_SHARE = 0.4


def templates(node: ast.AST) -> Iterator[str]:
    """Sentences that an expression may be, with ``{}`` for each value; values side by side are one."""
    if isinstance(node, ast.IfExp):
        yield from templates(node.body)
        yield from templates(node.orelse)
    elif isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield node.value
    elif isinstance(node, ast.JoinedStr):
        parts = [part.value if isinstance(part, ast.Constant) else "{}" for part in node.values]
        yield re.sub(r"(\{\})+", "{}", "".join(str(part) for part in parts))
    elif isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
        yield from (f"{left}{right}" for left in templates(node.left) for right in templates(node.right))


@cache
def trees() -> dict[str, ast.Module]:
    """Source of the program by path."""
    return {
        path.relative_to(ROOT).as_posix(): ast.parse(path.read_text(encoding="utf-8"))
        for path in sorted((ROOT / "frugal").rglob("*.py"))
    }


@cache
def told() -> frozenset[tuple[str, str]]:
    """Paths and sentences of the errors that are raised and of what the commands tell."""
    found = set()
    for path, tree in trees().items():
        for node in ast.walk(tree):
            name = getattr(node.func, "id", "") if isinstance(node, ast.Call) else ""
            if isinstance(node, ast.Call) and name in ERRORS | TELLING and node.args:
                found |= {(path, sentence) for sentence in templates(node.args[0])}
    return frozenset(found)


@cache
def written() -> frozenset[str]:
    """Every text that stands in the program, documentation left out, with ``{}`` for each value."""
    found = set()
    for tree in trees().values():
        documentation = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
        for node in ast.walk(tree):
            if isinstance(node, ast.Constant | ast.JoinedStr | ast.BinOp) and id(node) not in documentation:
                found |= {sentence for sentence in templates(node) if len(sentence) > 1}
    return frozenset(found)


def letters(sentence: str) -> int:
    """How much of a sentence is its own."""
    return len(re.sub(r"\{[^{}]*\}", "", sentence))


@cache
def pattern(sentence: str) -> re.Pattern[str]:
    """What a sentence of the program may become."""
    return re.compile(".*".join(map(re.escape, sentence.split("{}"))), re.DOTALL)


def is_of(key: str, sentence: str) -> bool:
    """Whether a sentence of the catalogue is this one of the program, or a more precise one."""
    return letters(sentence) >= _SHARE * letters(key) and pattern(sentence).fullmatch(key) is not None


@cache
def keys() -> frozenset[str]:
    """Sentences of the catalogue that are told as errors or beside an answer."""
    return frozenset(french_catalogue()._content["messages"])


def untranslated() -> list[str]:
    """Sentences without French, each behind its file, as the committed list holds them."""
    lacking = {
        f"{path}: {' '.join(sentence.split())}"
        for path, sentence in told()
        if letters(sentence) > 1 and not any(is_of(key, sentence) for key in keys())
    }
    return sorted(lacking)


def gaps(text: str) -> set[str]:
    """Names of the values of a sentence."""
    return {name for _, name, _, _ in Formatter().parse(text) if name is not None}


def pairs() -> Iterator[tuple[str, str]]:
    """Every sentence of the catalogue with its French."""
    for table in (*SENTENCES, "tails"):
        yield from french_catalogue()._content[table].items()


if __name__ == "__main__":
    UNTRANSLATED.write_text("".join(f"{line}\n" for line in untranslated()), encoding="utf-8")
    print(f"{len(untranslated())} of {len(told())} sentences have no French")
