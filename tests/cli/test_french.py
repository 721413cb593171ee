"""The French of the command line: complete where it has to be, fresh, and said as the terminal is set."""

from __future__ import annotations

import ast
import errno
import inspect
import os
import re
import sys
import tomllib
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import typer
from catalogue_for_tests import UNTRANSLATED, gaps, keys, pairs, says, told, untranslated, written
from pydantic import TypeAdapter, ValidationError
from pydantic_core._pydantic_core import list_all_errors

from frugal.cli import app
from frugal.commands.french import FrenchCatalogue, french_catalogue, in_language, one_line
from frugal.commands.help_pages import SETTINGS, LanguageContext, chosen_language

#: Sentences that may still be told in English in a French terminal; it only goes down.
MOST_UNTRANSLATED = 75

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> Run:
    """Call the command line in an empty working folder."""
    from frugal.cli import main

    monkeypatch.chdir(tmp_path)

    def call(*arguments: str) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["frugal", *arguments])
        with pytest.raises(SystemExit) as stopped:
            main()
        said = capsys.readouterr()
        return int(stopped.value.code or 0), said.out, said.err.replace("\N{NO-BREAK SPACE}", " ")

    return call


def test_the_language_alone_asks_for_the_help(run: Run) -> None:
    code, out, err = run("--lang", "fr")
    assert (code, err) == (0, "") and out.replace("\N{NO-BREAK SPACE}", " ").startswith("Usage : frugal")


# ------------------------------------------------------------------------------------------------------- the catalogue


def test_the_list_of_what_has_no_french_is_true_and_does_not_grow() -> None:
    """`python tests/catalogue_for_tests.py` writes it anew, once the rest has been said in French."""
    listed = UNTRANSLATED.read_text(encoding="utf-8").splitlines()
    found = untranslated()
    assert len(told()) > 400
    assert not set(found) - set(listed), "these say something new that is neither in french.toml nor in the list"
    assert not set(listed) - set(found), "these are said in French or no longer at all: write the list anew"
    assert len(found) <= MOST_UNTRANSLATED


def test_no_sentence_of_the_catalogue_is_one_that_nobody_tells() -> None:
    content = french_catalogue()._content
    for key in keys():
        assert any(says(key, sentence) for sentence in written()), key
    for key in [*content["parts"], *content["tails"]]:  # composed of a value and a word or two
        words = max((piece.strip(" '") for piece in re.split(r"\{\w+\}", key)), key=len)
        assert any(words in sentence for sentence in written()), key


def test_a_stale_sentence_would_be_found() -> None:
    assert not any(says("study '{name}' is not known here; installed: {names}", sentence) for sentence in written())
    assert not any(says("the cat '{name}' sleeps: {reason}", sentence) for sentence in written())


def test_both_languages_have_the_same_values() -> None:
    for english, french in pairs():
        of_the_system = english in french_catalogue()._content["system"]
        assert gaps(french) <= gaps(english) if of_the_system else gaps(english) == gaps(french), english


def test_every_text_of_the_help_has_its_french_and_no_other_is_kept() -> None:
    root: Any = typer.main.get_command(app)
    texts, words = set(), set()
    for command in (root, *root.commands.values()):
        context = LanguageContext(command, **SETTINGS)
        texts.add(inspect.cleandoc(command.help))
        texts |= {parameter.help for parameter in command.get_params(context)}
        texts |= {line.removeprefix("# ") for line in command.epilog.splitlines() if line.startswith("# ")}
        words |= set(re.findall(r"[A-Z]{2,}", " ".join(str(parameter.metavar) for parameter in command.params)))
    assert None not in texts, "an argument or an option without a help text"
    assert {one_line(text) for text in texts} == {one_line(text) for text in french_catalogue()._content["help"]}
    assert words | {"OPTIONS", "COMMAND", "ARGS"} == set(french_catalogue()._content["metavars"])


def literals(module: ModuleType) -> set[str]:
    """Texts in the source of a package or of a module of others."""
    path = Path(str(module.__file__))
    return {
        node.value
        for source in (path.parent.rglob("*.py") if path.name == "__init__.py" else [path])
        for node in ast.walk(ast.parse(source.read_text(encoding="utf-8")))
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }


@pytest.mark.parametrize(("table", "module"), [("typer", typer), ("toml", tomllib)])
def test_what_other_packages_say_is_said_by_them(table: str, module: ModuleType) -> None:
    texts = literals(module)
    for key in french_catalogue()._content[table]:
        parts = [part.strip(" '().:,") for part in re.split(r"\{\w+\}|argument '|option '|(?<=requires) |\(at", key)]
        parts = [part for part in parts if part not in ("line", "column")]
        assert all(any(part in text for text in texts) for part in parts), key


def test_what_pydantic_says_is_said_by_it() -> None:
    with pytest.raises(ValidationError) as no_path:
        TypeAdapter(Path).validate_python(3)
    said = {error["message_template_python"] for error in list_all_errors()} | {no_path.value.errors()[0]["msg"]}
    assert set(french_catalogue()._content["pydantic"]) <= said


def test_what_the_system_says_is_said_by_it() -> None:
    reasons = {os.strerror(number) for number in errno.errorcode}
    assert {key for key in french_catalogue()._content["system"] if not key.startswith("[Errno")} <= reasons


def test_a_sentence_is_found_by_its_words_and_said_with_its_values() -> None:
    catalogue = FrenchCatalogue(
        {
            "messages": {
                "{what} '{name}': {reason}": "{what} « {name} » : {reason}",
                "study '{name}': {reason}": "étude « {name} » : {reason}",
                "input '{name}' = {value} is high": "l'entrée « {name} » = {value} est haute",
                "the same {a} and {a}": "deux fois {a}",
            },
            "parts": {"none": "aucun", "nobody knows": "nul ne sait"},
            "tails": {"; did you mean '{name}'?": " ; vouliez-vous dire « {name} » ?"},
        }
    )
    said = {
        "study 'none': nobody knows": "étude « none » : nul ne sait",
        "roof 'x': input 'a' = {3} is high": "roof « x » : l'entrée « a » = {3} est haute",
        "study 'a': none; did you mean 'none'?": "étude « a » : aucun ; vouliez-vous dire « none » ?",
        "the same 1 and 1": "deux fois 1",
        "the same 1 and 2": "the same 1 and 2",
        "something else": "something else",
    }
    for english, french in said.items():
        assert catalogue.said(english).replace("\N{NO-BREAK SPACE}", " ") == french


def test_choices_of_a_setting_keep_their_quotation_marks() -> None:
    said = in_language("setting 'sea.0' = 'ouest': Input should be 'west', 'east', 'north' or 'south'", "fr")
    assert said.replace("\N{NO-BREAK SPACE}", " ").endswith(" : « west », « east », « north » ou « south » est attendu")


def test_a_table_that_is_no_csv_is_told_in_french() -> None:
    said = in_language("table 'a.csv' is not a readable CSV: line 7 has 2 of 3 cells", "fr")
    assert (
        said.replace("\N{NO-BREAK SPACE}", " ")
        == "la table « a.csv » n'est pas un CSV lisible : la ligne 7 a 2 cellules sur 3"
    )


def test_reasons_that_stand_inside_a_sentence_are_those_of_the_house() -> None:
    said = in_language("candidate 'x' has no ONNX file: the study gives no graph for it", "fr")
    assert said.endswith("l'étude n'en fournit pas de graphe")
    assert in_language("--tile = -3.0: input should be greater than or equal to 50", "fr").endswith(
        "au moins 50 est attendu"
    )


def test_a_long_way_down_ends() -> None:
    text = "'a': " * 50 + "b"
    assert in_language(text, "fr").endswith("b")


# -------------------------------------------------------------------------------------------------------- the language


@pytest.mark.parametrize(
    ("arguments", "environment", "language"),
    [
        ((), {}, "en"),
        ((), {"LANG": "fr_FR.UTF-8"}, "fr"),
        ((), {"LANG": "fr_FR.UTF-8", "LC_ALL": "C.UTF-8"}, "en"),
        ((), {"LANG": "en_GB.UTF-8", "LC_MESSAGES": "fr_CA.UTF-8", "LC_ALL": ""}, "fr"),
        ((), {"LANG": "de_DE.UTF-8"}, "en"),
        (("--lang", "fr", "studies"), {}, "fr"),
        (("studies", "--lang=en"), {"LANG": "fr_FR.UTF-8"}, "en"),
        (("--lang", "fr", "studies", "--lang", "en"), {}, "en"),
        (("studies", "--", "--lang", "fr"), {}, "en"),
        (("studies", "--lang"), {}, "en"),
        (("studies", "--language=fr", "fr"), {}, "en"),
    ],
)
def test_the_language_is_known_before_anything_is_parsed(
    arguments: tuple[str, ...], environment: dict[str, str], language: str
) -> None:
    assert chosen_language(arguments, environment) == language


@pytest.mark.parametrize("before", [True, False])
def test_lang_may_stand_before_the_command_or_behind_it(run: Run, before: bool) -> None:
    arguments = ("--lang", "fr", "studies") if before else ("studies", "--lang", "fr")
    assert "Que peut produire ce toit" in run(*arguments)[1]


def test_the_locale_speaks_where_no_option_does(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LC_ALL", "fr_FR.UTF-8")
    assert "Que peut produire ce toit" in run("studies")[1]
    assert "What can this roof produce" in run("studies", "--lang", "en")[1]
    assert "Exemples" in run("train", "-h")[1]


def test_a_language_that_is_not_there_is_refused_before_and_behind_the_command(run: Run) -> None:
    for arguments in (("--lang", "de", "studies"), ("studies", "--lang", "de")):
        code, out, err = run(*arguments)
        assert (code, out) == (2, "") and err == (
            "frugal: --lang 'de' is not a language of this program; allowed: en, fr\n"
        )


STUDY = "oxygen_sag.py"
VALUES = [f"-i{name}=1" for name in ("deficit_mg_l", "decay_per_day", "reaeration_per_day", "saturation_mg_l")]
WRONG = [
    (("trian",), "command 'trian' is unknown", "train", "la commande « trian » est inconnue"),
    (("train", "--sead", "1"), "option '--sead' is unknown", "--seed", "l'option « --sead » est inconnue"),
    (("studies", "roof_yeild"), "study 'roof_yeild' is unknown", "roof_yield", "l'étude « roof_yeild » est inconnue"),
    (("studies", "roof_yield", "--set", "wether=x"), "'wether' is not a", "weather", "« wether » n'est pas un réglage"),
    (("simulate", "--study", STUDY, "-i", "load_mgl=3"), "input 'load_mgl' is", "load_mg_l", "l'entrée « load_mgl »"),
    (("simulate", "--study", STUDY, "-i", "load_mg_l=99", *VALUES), "99 mg/L is out of bounds", "", "hors des bornes"),
    (("train", "--runs", "r.csv", "--inputs", "a", "--outputs", "yy"), "no column 'yy'", "y", "de colonne « yy »"),
    (("audit",), "Missing argument 'BUNDLE'", "", "l'argument BUNDLE manque"),
    (("predict", "nothing"), "'nothing' does not exist", "", "« nothing » n'existe pas"),
    (("train", "--seed", "x"), "Invalid value for '--seed'", "", "la valeur de « --seed » ne convient pas : un nombre"),
    (("need", "--study", "no.py"), "study file 'no.py' does not exist", "", "le fichier d'étude « no.py » n'existe"),
]  # fmt: skip


@pytest.mark.parametrize(("arguments", "english", "hint", "french"), WRONG, ids=[" ".join(row[0][:2]) for row in WRONG])
def test_a_mistake_is_told_in_both_languages_with_the_nearest_name(
    run: Run, arguments: tuple[str, ...], english: str, hint: str, french: str
) -> None:
    Path(STUDY).write_text((Path(__file__).resolve().parents[2] / "docs" / "examples" / STUDY).read_text())
    Path("r.csv").write_text("a,y\n" + "".join(f"{k},{2 * k}\n" for k in range(40)))
    code, out, err = run(*arguments)
    assert code == 2 and not out and english in err and (not hint or f"did you mean '{hint}'?" in err), err
    code, out, err = run("--lang", "fr", *arguments)
    assert code == 2 and not out and french in err, err
    if hint:
        assert f"vouliez-vous dire « {hint} » ?" in err


# ------------------------------------------------------------------------------------------------------------ the help


@pytest.mark.parametrize("flag", ["-h", "--help"])
@pytest.mark.parametrize("language", ["en", "fr"])
def test_summaries_are_whole_and_every_command_has_examples(
    run: Run, monkeypatch: pytest.MonkeyPatch, flag: str, language: str
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    code, out, _ = run("--lang", language, flag)
    assert code == 0 and "..." not in out.replace("[ARGS]...", "").replace("[ARGUMENTS]...", "")
    root: Any = typer.main.get_command(app)
    for name in root.commands:
        code, page, _ = run("--lang", language, name, flag)
        assert code == 0 and re.search(rf"\n  frugal {name}\b", page)
        assert max(map(len, page.splitlines())) <= 100
        assert ("Exemples" in page) == (language == "fr") and "<" not in page


def test_examples_name_only_options_that_are_there() -> None:
    import shlex

    root: Any = typer.main.get_command(app)
    parsed = 0
    for command in (root, *root.commands.values()):
        for line in command.epilog.strip().splitlines():
            if line.startswith("#"):
                continue
            words = shlex.split(line)[1:]
            if words[0] == "--lang":
                words = words[2:]
            called = root.commands[words[0]]
            context = LanguageContext(called, **SETTINGS)
            _, left, _ = called.make_parser(context).parse_args(words[1:])
            assert not left, line
            parsed += 1
    assert parsed > 20


def test_without_arguments_the_help_is_the_answer(run: Run) -> None:
    code, out, err = run()
    assert (code, err) == (0, "") and out.startswith("Usage: frugal")


def test_the_version(run: Run) -> None:
    from frugal import __version__

    assert run("--version") == (0, f"frugal {__version__}\n", "")
