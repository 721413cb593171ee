"""The command line: parse, call, print. What a user can meet ends here, in one sentence and an exit code."""

from __future__ import annotations

import atexit
import errno
import logging
import os
import signal
import sys
import threading
import warnings
from typing import Annotated, Any

import typer

from frugal import __version__
from frugal.commands import examples
from frugal.commands.bundles import audit, evaluate, explain
from frugal.commands.cadastre import cadastre
from frugal.commands.estuaries.fetch import fetch
from frugal.commands.estuaries.forecast import forecast
from frugal.commands.estuaries.windows import windows
from frugal.commands.exposure import exposure
from frugal.commands.french import in_language, one_line
from frugal.commands.help_pages import SETTINGS, HelpfulCommand, HelpfulGroup, chosen_language, usage_sentence
from frugal.commands.observed import calibrate
from frugal.commands.options import Language, is_program
from frugal.commands.prediction import predict
from frugal.commands.printing import abridged
from frugal.commands.studies import need_file, simulate, studies
from frugal.commands.terminal import say
from frugal.commands.tides.tide import tide
from frugal.commands.training import train
from frugal.errors import FrugalError

INTERRUPTED = 130
#: Commands that keep what they have computed, and go on from it.
_GO_ON = ("train", "cadastre")
#: What a path that a user gave may be: absent, of another kind, too long, a link to itself. The rest is the machine's fault.
_PATHS = (errno.ENOENT, errno.ENOTDIR, errno.EISDIR, errno.ENAMETOOLONG, errno.ELOOP, errno.EINVAL)

app = typer.Typer(
    name="frugal",
    cls=HelpfulGroup,
    context_settings=SETTINGS,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    add_completion=True,
    help="Answer a territory's question with the least: physics, tables, fits and small models on the same runs.",
    epilog=examples.PROGRAM,
)
for _name, _command, _examples in (
    ("studies", studies, examples.STUDIES),
    ("simulate", simulate, examples.SIMULATE),
    ("need", need_file, examples.NEED),
    ("train", train, examples.TRAIN),
    ("eval", evaluate, examples.EVAL),
    ("audit", audit, examples.AUDIT),
    ("predict", predict, examples.PREDICT),
    ("explain", explain, examples.EXPLAIN),
    ("calibrate", calibrate, examples.CALIBRATE),
    ("cadastre", cadastre, examples.CADASTRE),
    ("exposure", exposure, examples.EXPOSURE),
    ("tide", tide, examples.TIDE),
    ("fetch", fetch, examples.FETCH),
    ("windows", windows, examples.WINDOWS),
    ("forecast", forecast, examples.FORECAST),
):
    app.command(_name, cls=HelpfulCommand, epilog=_examples)(_command)


def _tell_version(asked: bool) -> None:
    if asked:
        say(f"frugal {__version__}")
        raise typer.Exit


@app.callback(invoke_without_command=True)
def program(
    context: typer.Context,
    version: Annotated[
        bool, typer.Option("--version", is_eager=True, callback=_tell_version, help="Print the version and exit.")
    ] = False,
    language: Language = "",
) -> None:
    """Options of the program itself: typer has done what they ask by now, and without a command the help is the answer."""
    if context.invoked_subcommand is None:
        say(context.get_help())


def main() -> None:
    """Run the command line; every error the user can meet ends in one sentence and its exit code."""
    language = chosen_language(sys.argv[1:], os.environ)
    ended_by = _like_interrupts()
    if not sys.warnoptions:  # libraries warn their programmers; what users have to know is told in sentences
        warnings.simplefilter("ignore")
        logging.getLogger().addHandler(logging.NullHandler())
    try:
        code = app(standalone_mode=False, prog_name="frugal", language=language) or 0
    except FrugalError as fault:
        _say(abridged(one_line(str(fault))), language)
        code = fault.exit_code
    except (KeyboardInterrupt, typer.Abort):
        code = INTERRUPTED
    except MemoryError as fault:
        _say(f"not enough memory: {one_line(str(fault)) or 'ask less at a time'}", language)
        code = 3
    except BrokenPipeError:
        # Whoever read the output went away; nothing is left to say.
        sys.stdout = open(os.devnull, "w")  # noqa: SIM115, PTH123
        code = 0
    except OSError as fault:
        _say(f"{fault.filename or 'the system'}: {fault.strerror or fault}", language)
        code = 2 if fault.filename is not None and fault.errno in _PATHS else 3
    except typer.TyperException as fault:
        _say(usage_sentence(fault), language)
        code = getattr(fault, "exit_code", 2)
    if code == INTERRUPTED:  # which typer also returns by itself
        _tell_interrupted(language)
    for stream in (sys.stdout, sys.stderr):
        if stream is not None:  # a closed one is None
            stream.flush()
    if code == INTERRUPTED:
        # solver threads that cannot be interrupted must not hold the terminal
        os._exit(128 + ended_by[0] if ended_by else code)
    if is_program():
        _leave(code)
    sys.exit(code)


def _tell_interrupted(language: str) -> None:
    commands = {command.name for command in app.registered_commands}
    if next((argument for argument in sys.argv[1:] if argument in commands), "") in _GO_ON:
        _say("interrupted; run the same command again to go on", language)
    else:
        _say("interrupted; nothing is kept, the same command begins anew", language)


def _leave(code: int) -> None:
    """End the process as Python does, but for taking all modules apart: a second of computing after a campaign, for nothing."""
    ends: list[Any] = [getattr(threading, "_shutdown", None), getattr(atexit, "_run_exitfuncs", None)]
    if None in ends:
        return
    for end in ends:
        end()
    for stream in (sys.stdout, sys.stderr):
        if stream is not None:
            stream.flush()
    os._exit(code)


def _like_interrupts() -> list[int]:
    """Have SIGTERM and SIGHUP end the program as Ctrl-C does, what is done kept; returns which of them came, as they come."""
    came: list[int] = []

    def interrupt(number: int, frame: object) -> None:
        came.append(number)
        raise KeyboardInterrupt

    for number in (signal.SIGTERM, signal.SIGHUP):
        if signal.getsignal(number) is signal.SIG_DFL and threading.current_thread() is threading.main_thread():
            signal.signal(number, interrupt)
    return came


def _say(sentence: str, language: str) -> None:
    say(f"frugal: {in_language(sentence, language)}", err=True)


if __name__ == "__main__":
    main()
