"""`frugal fetch`: observations of rivers from a public service, the one command that asks the network for them."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Annotated

import typer

from frugal.commands.options import AsJson, Language
from frugal.commands.printing import print_json, warn
from frugal.commands.terminal import say, tell_written
from frugal.commands.tides.moments import moment_of, named_zone, today
from frugal.errors import UnusableInputError, did_you_mean
from frugal.texts import room_texts

_TEXTS = room_texts("frugal.commands")
_SOURCES = ("hubeau", "vigicrues")
_DAYS = 7.0


def fetch(
    source: Annotated[
        str,
        typer.Argument(metavar="SOURCE", help="hubeau or vigicrues: the service that is asked.", show_default=False),
    ],
    station: Annotated[
        str, typer.Option("--station", metavar="CODE", help="Of the station: O972001001.", show_default=False)
    ],
    out: Annotated[
        Path,
        typer.Option(
            "--out",
            metavar="FILE",
            help="The new file, .csv or .parquet; its licence and date lie beside it.",
            show_default=False,
        ),
    ],
    what: Annotated[
        str, typer.Option("--what", metavar="NAME", help="discharge, level or, of hubeau, daily_discharge.")
    ] = "discharge",
    begin: Annotated[
        str,
        typer.Option(
            "--from", metavar="TIME", help="Of hubeau: 2026-11-30 or 2026-11-30T06:00+01:00; 7 days ago without."
        ),
    ] = "",
    end: Annotated[
        str, typer.Option("--to", metavar="TIME", help="Likewise; a date is meant with its whole day; now by default.")
    ] = "",
    zone: Annotated[
        str, typer.Option("--zone", metavar="NAME", help="Zone of times without one: Europe/Paris.")
    ] = "UTC",
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace the file if it is there.")] = False,
    language: Language = "",
    as_json: AsJson = False,
) -> None:
    """Ask a public service for the observations of a river, and leave them in a file with their licence and date."""
    from frugal.formats.fetching.hubeau import fetch_hubeau
    from frugal.formats.fetching.observations import check_free, sidecar, write_observations
    from frugal.formats.fetching.vigicrues import fetch_vigicrues

    if source not in _SOURCES:
        raise UnusableInputError(
            f"source '{source}' is not known; {', '.join(_SOURCES)} are allowed{did_you_mean(source, _SOURCES)}"
        )
    check_free(out, overwrite)
    if source == "hubeau":
        told_in = named_zone(zone)
        midnight = today(told_in)
        first = moment_of(begin, told_in, "--from") if begin else midnight - timedelta(days=_DAYS)
        last = moment_of(end, told_in, "--to", whole_day=True) if end else midnight + timedelta(days=1)
        fetched = fetch_hubeau(station, first, last, what)
    elif begin or end:
        raise UnusableInputError("vigicrues gives the last days alone; leave --from and --to out, or ask hubeau")
    else:
        fetched = fetch_vigicrues(station, what)
    content = write_observations(out, fetched, overwrite)
    if content["announced"] is not None and content["announced"] > content["received"]:
        warn(
            f"{content['service']} announces {content['announced']} values and has sent {content['received']}; "
            "the file may lack some",
            language,
        )
    if as_json:
        print_json(content)
        return
    say(
        _TEXTS.phrase(
            "fetch.told", language, **{k: content[k] for k in ("values", "first", "last", "licence", "service")}
        )
    )
    tell_written(out)
    tell_written(sidecar(out))
