"""`frugal tide`: high and low waters of a place, from its constituents."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Annotated

import typer

from frugal.commands.options import AsJson, Language
from frugal.commands.printing import print_json, print_notes, print_table
from frugal.commands.terminal import say, tell_written
from frugal.commands.tides.moments import moment_of, named_zone, today
from frugal.errors import UnusableInputError

_ENDINGS = (".csv", ".parquet", ".pq")
_DAYS = 2.0


def tide(
    constituents: Annotated[
        Path,
        typer.Argument(
            metavar="CONSTITUENTS",
            help="Table of constituents: columns constituent, amplitude_m and phase_deg_GMT.",
            show_default=False,
        ),
    ],
    station: Annotated[
        str | None, typer.Option("--station", metavar="NAME", help="Station, where the table has several.")
    ] = None,
    begin: Annotated[
        str, typer.Option("--from", metavar="TIME", help="2026-11-30 or 2026-11-30T06:00+01:00; today by default.")
    ] = "",
    end: Annotated[
        str, typer.Option("--to", metavar="TIME", help="Likewise; a date is meant with its whole day.")
    ] = "",
    days: Annotated[
        float | None,
        typer.Option("--days", metavar="N", help="In the place of --to; 2 by default.", show_default=False),
    ] = None,
    zone: Annotated[
        str, typer.Option("--zone", metavar="NAME", help="Zone of times without one, and of those told: Europe/Paris.")
    ] = "UTC",
    nodal: Annotated[
        str,
        typer.Option(
            "--nodal", metavar="NAME", help="Nodal corrections: schureman, foreman (as UTide has them) or none."
        ),
    ] = "schureman",
    latitude: Annotated[
        float | None, typer.Option("--latitude", metavar="DEGREES", help="For foreman; of the table by default.")
    ] = None,
    mean_level: Annotated[
        float | None, typer.Option("--mean-level", metavar="METRES", help="Height of the mean level above the datum.")
    ] = None,
    datum: Annotated[
        str | None,
        typer.Option(
            "--datum", metavar="NAME", help="Zero of the levels: chart datum, NGF/IGN69; the mean level by default."
        ),
    ] = None,
    every: Annotated[
        float | None, typer.Option("--every", metavar="MINUTES", help="Tell levels so far apart.", show_default=False)
    ] = None,
    coefficients: Annotated[
        bool, typer.Option("--coefficients", help="French coefficients, off the coasts that they count for too.")
    ] = False,
    out: Annotated[
        Path | None,
        typer.Option("--out", metavar="FILE", help="Write the rows as .csv or .parquet.", show_default=False),
    ] = None,
    language: Language = "",
    as_json: AsJson = False,
) -> None:
    """Tell high and low waters of a place from its constituents, with French coefficients; not for navigation."""
    from frugal.tides import report
    from frugal.tides.table import TideQuestion, make_tide_table

    if out is not None and out.suffix.lower() not in _ENDINGS:
        raise UnusableInputError(f"--out '{out}' ends in '{out.suffix}'; {', '.join(_ENDINGS)} are allowed")
    if out is not None and constituents.exists() and out.exists() and out.samefile(constituents):
        raise UnusableInputError(f"--out '{out}' is the table of constituents; name another file")
    if end and days is not None:
        raise UnusableInputError("--days stands in the place of --to; leave one out")
    told_in = named_zone(zone)
    first = moment_of(begin, told_in, "--from") if begin else today(told_in)
    if end:
        last = moment_of(end, told_in, "--to", whole_day=True)
    else:
        length = _DAYS if days is None else days
        if not 0.0 < length <= 36_600.0:
            raise UnusableInputError(f"--days {length:g}; above 0 and up to 36600 are allowed")
        last = first + timedelta(days=length)
    table = make_tide_table(
        TideQuestion(
            constituents, first, last, told_in, station, nodal, latitude, mean_level, datum, every, coefficients
        )
    )
    if out is not None:
        report.write_table(out, table)
    if as_json:
        print_json(report.tide_content(table, language))
        return
    say(report.title(table, language))
    print_table(report.printed_table(table, language))
    say(report.warning(language))
    print_notes(table.notes, language)
    if out is not None:
        tell_written(out)
