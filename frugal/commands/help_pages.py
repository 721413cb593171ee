"""How the help looks: the language of the terminal, summaries whole, examples as they are typed, the nearest command."""

from __future__ import annotations

import difflib
import itertools
import re
from collections.abc import Mapping, Sequence
from typing import Any

import typer
from typer.core import TyperCommand, TyperGroup

from frugal.commands.french import french_catalogue, in_language, one_line
from frugal.errors import UnusableInputError, did_you_mean
from frugal.texts import LANGUAGES

#: Wider lines are hard to read.
WIDEST = 110
SETTINGS = {"help_option_names": ["-h", "--help"], "max_content_width": WIDEST}
#: The class that typer lays out help with, for which it has no public name.
_Formatter: Any = typer.Context.formatter_class


def chosen_language(arguments: Sequence[str], environment: Mapping[str, str]) -> str:
    """The language to speak, known before the arguments are parsed: of ``--lang``, else of the locale, else English.

    Parameters
    ----------
    arguments : sequence of str
        What follows the program's name; ``--lang`` may stand before the command or behind it, and the last one counts.
    environment : mapping of str to str
        ``LC_ALL``, ``LC_MESSAGES`` and ``LANG``: the first one that is set and not empty.

    Returns
    -------
    {"en", "fr"}
    """
    found = ""
    for argument, following in itertools.zip_longest(arguments, arguments[1:], fillvalue=""):
        if argument == "--":
            break
        given = following if argument == "--lang" else argument.removeprefix("--lang=")
        found = given if given in LANGUAGES and argument.startswith("--lang") else found
    locale = next((environment[name] for name in ("LC_ALL", "LC_MESSAGES", "LANG") if environment.get(name)), "")
    return found or (locale[:2] if locale[:2] in LANGUAGES else "en")


class LanguageContext(typer.Context):
    """What a command is called with, and the language it speaks.

    Parameters
    ----------
    *arguments, **named
        Of typer.
    language : {"en", "fr"}, optional
        That of the command above, or English, by default.
    """

    def __init__(self, *arguments: Any, language: str | None = None, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self.language = language or str(getattr(self.parent, "language", "en"))

    def make_formatter(self) -> Any:
        """What lays out the help, in the language."""
        return HelpFormatter(self.language, self.max_content_width)


class HelpFormatter(_Formatter):  # type: ignore[misc, unused-ignore]
    """Lays out help in a language; it is the one place where help is translated.

    Parameters
    ----------
    language : {"en", "fr"}
    max_width : int, optional
    """

    def __init__(self, language: str, max_width: int | None = None) -> None:
        super().__init__(max_width=max_width)
        self._language = language

    def write_usage(self, prog: str, args: str = "", prefix: str | None = None) -> None:
        """The line that says how a command is called."""
        super().write_usage(prog, self._placeholder(args), self._said(prefix or "Usage: "))

    def write_heading(self, heading: str) -> None:
        """The name of a section."""
        colon = "\N{NO-BREAK SPACE}:" if self._language == "fr" else ":"
        self.write(f"{'':>{self.current_indent}}{self._said(heading)}{colon}\n")

    def write_text(self, text: str) -> None:
        """A paragraph."""
        super().write_text(self._help(text))

    def write_dl(self, rows: Sequence[tuple[str, str]], **named: Any) -> None:
        """Options, arguments or commands with what they mean."""
        super().write_dl([(self._placeholder(name), self._meaning(text)) for name, text in rows], **named)

    def write_examples(self, lines: Sequence[str]) -> None:
        """Command lines as they are typed, each under what it is for."""
        for line in lines:
            told = f"# {self._help(line.removeprefix('# '))}" if line.startswith("# ") else line
            self.write(f"{'':>{self.current_indent}}{told}\n")

    def _meaning(self, text: str) -> str:
        """A text, behind which typer puts defaults and bounds in brackets."""
        words, gap, extra = text.partition("  [")
        if not gap:
            return self._help(text)
        told = f"{' ' if self._language == 'fr' else ''}; ".join(
            self._said(part) for part in extra.removesuffix("]").split("; ")
        )
        return f"{self._help(words)}  [{told}]"

    def _said(self, text: str) -> str:
        return in_language(text, self._language)

    def _help(self, text: str) -> str:
        return french_catalogue().help_text(text) if self._language == "fr" else text

    def _placeholder(self, text: str) -> str:
        bare = re.sub(r" <[^>]*>$", "", text)  # the type of an argument in Python's words
        return french_catalogue().placeholder(bare) if self._language == "fr" else bare


class HelpfulCommand(TyperCommand):
    """A command whose summary is told whole and whose epilog holds examples."""

    context_class = LanguageContext

    def get_short_help_str(self, limit: int = 45) -> str:
        """The first paragraph of the help, not cut."""
        return _first_paragraph(self.help)

    def format_epilog(self, ctx: Any, formatter: Any) -> None:
        """The examples."""
        _write_examples(self.epilog, formatter)


class HelpfulGroup(TyperGroup):
    """The program itself: help where nothing is asked, the nearest command where an unknown one is."""

    context_class = LanguageContext

    def format_epilog(self, ctx: Any, formatter: Any) -> None:
        """The examples."""
        _write_examples(self.epilog, formatter)

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Without arguments the help is the answer."""
        if not args and not ctx.resilient_parsing:
            typer.echo(ctx.get_help())
            ctx.exit(0)
        return super().parse_args(ctx, args)

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """The command that is named.

        Raises
        ------
        UnusableInputError
            If there is none of this name.
        """
        name = args[0]
        if self.get_command(ctx, name) is None and not name.startswith("-") and not ctx.resilient_parsing:
            raise UnusableInputError(
                f"command '{name}' is unknown; known: {', '.join(self.commands)}{did_you_mean(name, self.commands)}"
            )
        return super().resolve_command(ctx, args)


def usage_sentence(fault: Any) -> str:
    """What typer has to say of a wrong call, in one sentence as the rest of the program says it.

    Parameters
    ----------
    fault : typer.TyperException
    """
    if hasattr(fault, "possibilities"):  # an option that is not there
        context = getattr(fault, "ctx", None)
        known = {name.lstrip("-"): name for name in fault.possibilities or ()}
        near = difflib.get_close_matches(
            str(fault.option_name).lstrip("-"), known, n=1
        )  # without what all have in common
        if not near and context is not None:
            return f"option '{fault.option_name}' is unknown; see '{context.command_path} --help'"
        return f"option '{fault.option_name}' is unknown" + (f"; did you mean '{known[near[0]]}'?" if near else "")
    return one_line(fault.format_message())


def _write_examples(epilog: str | None, formatter: Any) -> None:
    if epilog:
        with formatter.section("Examples"):
            formatter.write_examples(epilog.strip().splitlines())


def _first_paragraph(text: str | None) -> str:
    return one_line((text or "").partition("\n\n")[0])
