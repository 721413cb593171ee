"""Options that several commands share, and what is made of them."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from frugal.commands.printing import print_notes, warn
from frugal.commands.terminal import prints_on_stderr
from frugal.errors import UnusableInputError
from frugal.texts import LANGUAGES

if TYPE_CHECKING:
    from frugal.experiments.study import Need, Study
    from frugal.metering.timing.stopwatch import Stopwatch

StudyName = Annotated[
    str | None, typer.Argument(metavar="STUDY", help="Name of an installed study.", show_default=False)
]
StudyFile = Annotated[
    Path | None,
    typer.Option("--study", metavar="FILE.py", help="Load the study from a Python file, which is executed."),
]
SiteFile = Annotated[Path | None, typer.Option("--site", metavar="FILE.toml", help="Site of the study.")]
SiteSettings = Annotated[
    list[str] | None, typer.Option("--set", metavar="KEY=VALUE", help="One setting of the site; may be repeated.")
]
Inputs = Annotated[
    list[str] | None,
    typer.Option("-i", "--input", metavar="NAME=VALUE", help="One input, with a unit if you like (30km/h)."),
]
ScenarioName = Annotated[
    str | None,
    typer.Option(
        "--scenario", metavar="NAME", help="Inputs of a scenario of the study; those given with -i override it."
    ),
]
InputColumns = Annotated[
    list[str] | None,
    typer.Option(
        "--inputs",
        metavar="A,B",
        help="Input columns of the table; may be repeated. A name that holds a comma stands in double quotes.",
    ),
]
OutputColumns = Annotated[
    list[str] | None,
    typer.Option("--outputs", metavar="Y,Z", help="Output columns of the table, given as the inputs are."),
]
Parameters = Annotated[
    list[str] | None,
    typer.Option("-p", "--parameter", metavar="NAME=VALUE", help="One parameter of the physics; may be repeated."),
]
MachineFile = Annotated[
    Path | None,
    typer.Option("--machine", metavar="FILE.toml", help="Power and place of this machine; ./machine.toml by default."),
]
DeclarationsFile = Annotated[
    Path | None,
    typer.Option("--declarations", metavar="FILE.toml", help="What only people can tell, with evidence files."),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON document.")]


def _known_language(context: typer.Context, language: str) -> str:
    """That of the option, refused where nothing is written in it; else the one that the program speaks."""
    if language and language not in LANGUAGES:
        raise UnusableInputError(
            f"--lang '{language}' is not a language of this program; allowed: {', '.join(LANGUAGES)}"
        )
    return language or str(getattr(context, "language", "en"))


Language = Annotated[
    str,
    typer.Option(
        "--lang",
        metavar="en|fr",
        callback=_known_language,
        show_default=False,
        help="Language of help, messages, tables and reports; that of the terminal by default.",
    ),
]


def load_study(
    name: str | None,
    study_file: Path | None,
    site: Path | None,
    settings: list[str] | None,
    need: Path | None = None,
    language: str = "en",
) -> Study:
    """The study that the options name, with the need of a file where one is given.

    Parameters
    ----------
    name : str or None
        Of an installed study.
    study_file : Path or None
        A Python file, which is executed; one of the two is needed.
    site : Path or None
        TOML file of the site.
    settings : list of str or None
        ``KEY=VALUE`` each; they override those of the site's file.
    need : Path, optional
        TOML file; the study keeps its own need without it.
    language : {"en", "fr"}
        Of notes on the study.

    Returns
    -------
    Study

    Raises
    ------
    UnusableInputError
        If they name none or two, or it cannot be built.
    """
    from frugal.experiments.needs.domain import with_need
    from frugal.experiments.study import registry
    from frugal.experiments.study.values import parse_settings

    parsed = parse_settings(settings or [], "setting")
    if (name is None) == (study_file is None):
        raise UnusableInputError("give the name of a study, or --study FILE.py, and not both")
    with prints_on_stderr():  # a file is executed, and may print
        study = (
            registry.load_study_file(study_file, parsed, site)
            if study_file is not None
            else registry.load_study(str(name), parsed, site)
        )
    print_notes(study.notes, language)
    if study.former_forms:
        forms, names = ", ".join(study.former_forms), ", ".join(study.layout.slices)
        warn(
            f"note: study '{study.name}' takes the inputs by position, solve(x), in {forms}; the next version passes them by "
            f"name, solve({names})",
            language,
        )
    declared = read_need(need, study)
    return study if declared is None else with_need(study, declared)


def read_need(path: Path | None, study: Study | None = None) -> Need | None:
    """The need of a file, checked against a study where there is one; None without a file."""
    from frugal.experiments.needs.file import read_need_file

    return None if path is None else read_need_file(path, study)


def read_declared(path: Path | None) -> list[Any]:
    """The declarations of a file; none without one."""
    if path is None:
        return []
    from frugal.audit.criteria.catalogue import CRITERIA
    from frugal.audit.evidence.declarations import read_declarations
    from frugal.experiments.study.need import QUESTIONS

    return list(read_declarations(path, [*(criterion.id for criterion in CRITERIA), *QUESTIONS]))


def names_in(texts: Sequence[str] | None) -> list[str]:
    """Names with commas between them, in one text or several; a name that holds a comma stands in double quotes."""
    import csv

    try:
        rows = list(csv.reader(texts or (), skipinitialspace=True, strict=True))
    except csv.Error as fault:
        raise UnusableInputError(f"the names '{', '.join(texts or ())}' cannot be read: {fault}") from fault
    return [name.strip() for row in rows for name in row if name.strip()]


_told_the_start: list[bool] = []


def is_program() -> bool:
    """Whether this process was started as ``frugal``, or as ``python -m frugal.cli``."""
    started = sys.modules.get("__main__")
    spec, file = getattr(started, "__spec__", None), getattr(started, "__file__", None)
    return bool(spec.name == "frugal.cli" if spec is not None else file is not None and Path(file).stem == "frugal")


def program_stopwatch() -> Stopwatch | None:
    """A stopwatch that has run since the process began; None where the process does more than one command.

    Its start belongs to the first command alone, and only where the process was started as ``frugal``: whoever calls a command
    from Python has spent the time before on something else.
    """
    from frugal.metering.timing.stopwatch import Stopwatch

    if not is_program() or _told_the_start:
        return None
    _told_the_start.append(True)
    return Stopwatch.since_process_start()
