"""`frugal forecast estuary`: levels and salt ahead, from the tide and series of rivers and surge, day after day."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from frugal.commands.options import AsJson, Language, SiteFile, SiteSettings
from frugal.commands.printing import print_json, print_notes, print_table
from frugal.commands.terminal import say, tell_written
from frugal.commands.tides.moments import moment_of, named_zone
from frugal.errors import UnusableInputError, did_you_mean

_STUDIES = ("estuary",)
_MOST_ROWS = 12


def forecast(
    study: Annotated[str, typer.Argument(metavar="STUDY", help="estuary.", show_default=False)],
    begin: Annotated[
        str,
        typer.Option(
            "--from",
            metavar="TIME",
            help="2026-11-30 or 2026-11-30T06:00Z: the forecast begins here.",
            show_default=False,
        ),
    ],
    out: Annotated[
        Path, typer.Option("--out", metavar="DIR", help="Folder of the forecast and its state.", show_default=False)
    ],
    days: Annotated[float, typer.Option("--days", metavar="N", help="How far ahead.")] = 5.0,
    series: Annotated[
        list[str] | None,
        typer.Option(
            "--series",
            metavar="FILE",
            help="Discharges, CSV, Parquet or NetCDF; RIVER=FILE for one river; may be repeated.",
        ),
    ] = None,
    surge: Annotated[
        Path | None,
        typer.Option("--surge", metavar="FILE", help="What the sea stands above its tide; none without it."),
    ] = None,
    observed: Annotated[
        list[str] | None,
        typer.Option("--observed", metavar="FILE", help="Levels at gauges; GAUGE=FILE for one gauge; may be repeated."),
    ] = None,
    station: Annotated[
        list[str] | None,
        typer.Option(
            "--station", metavar="NAME=CODE", help="Code of a river or a gauge in the files; may be repeated."
        ),
    ] = None,
    hold_flows: Annotated[
        bool, typer.Option("--hold-flows", help="Rivers keep their last value where their series end.")
    ] = False,
    state: Annotated[
        Path | None, typer.Option("--state", metavar="DIR", help="Go on from that forecast, or from its state.npz.")
    ] = None,
    spin_up: Annotated[
        float, typer.Option("--spin-up", metavar="DAYS", help="Before the forecast, where no state is given.")
    ] = 30.0,
    past: Annotated[float, typer.Option("--past", metavar="DAYS", help="Told before the forecast.")] = 3.0,
    longest_gap: Annotated[
        float, typer.Option("--longest-gap", metavar="HOURS", help="Gaps in discharges up to that long are filled.")
    ] = 48.0,
    zone: Annotated[
        str, typer.Option("--zone", metavar="NAME", help="Zone of times without one, here and in files: Europe/Paris.")
    ] = "",
    site: SiteFile = None,
    settings: SiteSettings = None,
    language: Language = "",
    as_json: AsJson = False,
) -> None:
    """Forecast levels and salt of an estuary from tide, rivers and surge; the state is kept for tomorrow's forecast."""
    from frugal.estuaries.forecasting import report
    from frugal.estuaries.forecasting.question import ForecastQuestion
    from frugal.estuaries.forecasting.run import make_forecast
    from frugal.experiments.study.site import build_site
    from frugal.experiments.study.values import parse_settings
    from frugal.studies.estuary.place.site import EstuarySite

    if study not in _STUDIES:
        raise UnusableInputError(
            f"study '{study}' has no forecast; {', '.join(_STUDIES)} has one{did_you_mean(study, _STUDIES)}"
        )
    report.check_forecast_folder(out)
    told_in = named_zone(zone) if zone else None
    chosen = build_site(EstuarySite, parse_settings(settings or [], "setting"), site)
    asked = ForecastQuestion(
        chosen,  # type: ignore[arg-type]
        moment_of(begin, told_in or named_zone("UTC"), "--from").timestamp(),
        days,
        tuple(_named_file(text) for text in series or ()),
        surge,
        tuple(_named_file(text) for text in observed or ()),
        dict(_pair(text) for text in station or ()),
        hold_flows,
        told_in,
        longest_gap,
        spin_up,
        past,
        state,
    )
    answer = make_forecast(asked)
    written = report.write_forecast(out, answer)
    if as_json:
        print_json(report.forecast_content(answer))
        return
    say(report.title(answer, language))
    print_table(report.printed_waters(answer, language, _MOST_ROWS))
    if answer.skill:
        say(report.skill_title(language))
        print_table(report.printed_skill(answer, language))
    say(report.warning(language))
    print_notes(answer.notes, language)
    for path in written:
        tell_written(path)


def _named_file(text: str) -> tuple[str | None, Path]:
    """A file, with the river or gauge that it belongs to where ``NAME=FILE`` says it."""
    name, sign, path = text.partition("=")
    if sign and name.strip() and "/" not in name and not Path(text).exists():
        return name.strip(), Path(path)
    return None, Path(text)


def _pair(text: str) -> tuple[str, str]:
    name, sign, code = text.partition("=")
    if not (sign and name.strip() and code.strip()):
        raise UnusableInputError(f"--station '{text}' is no NAME=CODE, as garonne=O909001001")
    return name.strip(), code.strip()
