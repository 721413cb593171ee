"""Sentences that the program may tell, read from its source, and which of them the French catalogue has.

``python tests/catalogue_for_tests.py`` writes anew the list of those that have no French yet.
"""

from __future__ import annotations

import ast
import itertools
import re
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from string import Formatter

from frugal.commands.french import SENTENCES, KnownSentence, french_catalogue

ROOT = Path(__file__).resolve().parents[1]
UNTRANSLATED = ROOT / "tests" / "cli" / "untranslated_messages.txt"
ERRORS = {
    "FrugalError", "UnusableInputError", "DamagedStoreError", "EnvironmentFaultError", "NotAssessedError", "SolverError",
    "WorkersEndedError",
}  # fmt: skip
#: Functions of the commands that print a sentence in the language of the terminal.
TELLING = {"warn", "_say"}
#: So much of a sentence of the catalogue has to stand in the sentence of the program that it is taken for.
_SHARE = 0.4


def templates(node: ast.AST, known: Mapping[str, ast.AST]) -> Iterator[str]:
    """Sentences that an expression may be, with ``{}`` for each value; values side by side are one.

    Parameters
    ----------
    node : ast.AST
    known : mapping of str to ast.AST
        Names of the function around it that stand for a text which is written there too.
    """
    if isinstance(node, ast.IfExp):
        yield from templates(node.body, known)
        yield from templates(node.orelse, known)
    elif isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield node.value
    elif isinstance(node, ast.Name) and node.id in known:
        yield from templates(known[node.id], {})
    elif isinstance(node, ast.JoinedStr):
        parts = [list(_part(part, known)) for part in node.values]
        yield from (re.sub(r"(\{\})+", "{}", "".join(chosen)) for chosen in itertools.product(*parts))
    elif isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
        for left, right in itertools.product(templates(node.left, known), templates(node.right, known)):
            yield f"{left}{right}"


def _part(part: ast.AST, known: Mapping[str, ast.AST]) -> Iterator[str]:
    if isinstance(part, ast.Constant):
        yield str(part.value)
        return
    found = list(templates(part.value, known)) if isinstance(part, ast.FormattedValue) else []
    yield from found or ["{}"]


@cache
def trees() -> dict[str, ast.Module]:
    """Source of the program by path."""
    return {
        path.relative_to(ROOT).as_posix(): ast.parse(path.read_text(encoding="utf-8"))
        for path in sorted((ROOT / "frugal").rglob("*.py"))
    }


@cache
def nodes(path: str) -> list[tuple[ast.AST, Mapping[str, ast.AST]]]:
    """Every node of a file with the texts that have a name in the innermost function around it."""
    found: list[tuple[ast.AST, Mapping[str, ast.AST]]] = []
    waiting: list[tuple[ast.AST, Mapping[str, ast.AST]]] = [(trees()[path], {})]
    while waiting:
        node, known = waiting.pop()
        if isinstance(node, ast.FunctionDef):
            known = {
                inner.targets[0].id: inner.value
                for inner in ast.walk(node)
                if isinstance(inner, ast.Assign) and isinstance(inner.targets[0], ast.Name)
                if isinstance(inner.value, ast.JoinedStr | ast.IfExp | ast.Constant)
            }
        found.append((node, known))
        waiting += [(child, known) for child in ast.iter_child_nodes(node)]
    return found


@cache
def told() -> frozenset[tuple[str, str]]:
    """Paths and sentences of the errors that are raised and of what the commands tell."""
    found = set()
    for path in trees():
        for node, known in nodes(path):
            name = getattr(node.func, "id", "") if isinstance(node, ast.Call) else ""
            if isinstance(node, ast.Call) and name in ERRORS | TELLING and node.args:
                found |= {(path, sentence) for sentence in templates(node.args[0], known)}
    return frozenset(found)


@cache
def written() -> frozenset[str]:
    """Every text that stands in the program, documentation left out, with ``{}`` for each value."""
    found = set()
    for path in trees():
        documentation = {id(node.value) for node, _ in nodes(path) if isinstance(node, ast.Expr)}
        for node, known in nodes(path):
            if isinstance(node, ast.Constant | ast.JoinedStr | ast.BinOp) and id(node) not in documentation:
                found |= {sentence for sentence in templates(node, known) if len(sentence) > 1}
    return frozenset(found)


@cache
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
def known_sentence(key: str) -> KnownSentence:
    """A sentence of the catalogue as it is looked for."""
    return KnownSentence(key, "")


def says(key: str, sentence: str) -> bool:
    """Whether the catalogue has this sentence of the program: as one that is meant, or in more general words."""
    values = known_sentence(key).values_in(sentence)
    if values is not None:
        said = sum(letters(value) for value in values.values() if french_catalogue().said(value) != value)
        return letters(key) + said >= _SHARE * letters(sentence)
    return is_of(key, sentence)


@cache
def keys() -> frozenset[str]:
    """Sentences of the catalogue that are told as errors or beside an answer."""
    return frozenset(french_catalogue()._content["messages"])


def without_tail(sentence: str) -> str:
    """A sentence without what may follow any of them."""
    for tail in french_catalogue()._content["tails"]:
        values = known_sentence("{head}" + tail).values_in(sentence)
        sentence = sentence if values is None else values["head"]
    return sentence


def untranslated() -> list[str]:
    """Sentences without French, each behind its file, as the committed list holds them."""
    lacking = {
        f"{path}: {' '.join(sentence.split())}"
        for path, sentence in told()
        if letters(bare := without_tail(sentence)) > 1
        and not any(says(key, sentence) or says(key, bare) for key in keys())
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
