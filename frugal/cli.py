"""The command line: parse, call, print. What a user can meet ends here, in one sentence and an exit code."""

from __future__ import annotations

import os
import sys

import typer

from frugal.commands.bundles import audit, evaluate
from frugal.commands.cadastre import cadastre
from frugal.commands.prediction import predict
from frugal.commands.studies import need_file, simulate, studies
from frugal.commands.training import train
from frugal.errors import FrugalError

INTERRUPTED = 130

app = typer.Typer(
    name="frugal",
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    add_completion=True,
    help="Answer a territory's question with the least: physics, tables, fits and small models on the same runs.",
)
app.command()(studies)
app.command()(simulate)
app.command("need")(need_file)
app.command()(train)
app.command("eval")(evaluate)
app.command()(audit)
app.command()(predict)
app.command()(cadastre)


def main() -> None:
    """Run the command line; every error the user can meet ends in one sentence and its exit code."""
    try:
        code = app(standalone_mode=False) or 0
    except FrugalError as fault:
        typer.echo(f"frugal: {_one_line(fault)}", err=True)
        code = fault.exit_code
    except (KeyboardInterrupt, typer.Abort):
        code = INTERRUPTED
    except BrokenPipeError:
        # Whoever read the output went away; nothing is left to say.
        sys.stdout = open(os.devnull, "w")  # noqa: SIM115, PTH123
        code = 0
    except OSError as fault:
        typer.echo(f"frugal: {fault.filename or 'the system'}: {fault.strerror or fault}", err=True)
        code = 3
    except typer.TyperException as fault:
        say = getattr(fault, "format_message", fault.__str__)
        typer.echo(f"frugal: {say()}", err=True)
        code = getattr(fault, "exit_code", 2)
    if code == INTERRUPTED:  # which typer also returns by itself
        typer.echo("frugal: interrupted; run the same command again to go on", err=True)
    for stream in (sys.stdout, sys.stderr):
        if stream is not None:  # a closed one is None
            stream.flush()
    if code == INTERRUPTED:
        os._exit(code)  # solver threads that cannot be interrupted must not hold the terminal
    sys.exit(code)


def _one_line(fault: FrugalError) -> str:
    return " ".join(str(fault).split())


if __name__ == "__main__":
    main()
