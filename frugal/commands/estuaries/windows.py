"""`frugal windows`: when a ship may pass along an estuary, and on which days fish may."""

from __future__ import annotations

from datetime import datetime, tzinfo
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from frugal.commands.options import AsJson, Language, SiteFile, SiteSettings
from frugal.commands.printing import print_json, print_notes, print_table
from frugal.commands.terminal import say, tell_written
from frugal.commands.tides.moments import moment_of, named_zone
from frugal.errors import UnusableInputError

if TYPE_CHECKING:
    from frugal.estuaries.access import AccessAnswer
    from frugal.estuaries.fish import FishAnswer
    from frugal.estuaries.waterway import Waterway
    from frugal.estuaries.windows_folder import FishTold
    from frugal.studies.estuary.place.site import EstuarySite

_DIRECTIONS: dict[str, Any] = {"in": ("in",), "out": ("out",), "both": ("in", "out")}


def windows(
    site: SiteFile = None,
    settings: SiteSettings = None,
    begin: Annotated[
        str,
        typer.Option(
            "--from", metavar="TIME", help="2026-11-30 or 2026-11-30T06:00+01:00; the first of January by default."
        ),
    ] = "",
    end: Annotated[
        str, typer.Option("--to", metavar="TIME", help="A date is meant with its whole day; a year later by default.")
    ] = "",
    zone: Annotated[
        str, typer.Option("--zone", metavar="NAME", help="Zone of times without one, and of those told: Europe/Paris.")
    ] = "UTC",
    draught: Annotated[
        float | None,
        typer.Option(
            "--draught-m", metavar="METRES", help="Of the ship, at rest; without it fish alone are asked for."
        ),
    ] = None,
    speed: Annotated[
        float, typer.Option("--speed-kn", metavar="KNOTS", help="Over the ground; see --through-water.")
    ] = 10.0,
    through_water: Annotated[
        bool, typer.Option("--through-water", help="The speed is through the water, and currents carry the ship.")
    ] = False,
    beam: Annotated[float, typer.Option("--beam-m", metavar="METRES", help="Of the ship, for her squat.")] = 30.0,
    block: Annotated[
        float, typer.Option("--block-coefficient", metavar="SHARE", help="Of the hull, for its squat.")
    ] = 0.8,
    margin: Annotated[
        float, typer.Option("--margin-m", metavar="METRES", help="Water that stays under the keel, squat taken off.")
    ] = 0.5,
    direction: Annotated[
        str, typer.Option("--direction", metavar="in|out|both", help="From the sea, towards it, or both.")
    ] = "both",
    destination: Annotated[
        str,
        typer.Option(
            "--destination",
            metavar="GAUGE|REACH:KM",
            help="Where ships go; the gauge farthest from the sea by default.",
        ),
    ] = "",
    channel_depth: Annotated[
        list[str] | None,
        typer.Option(
            "--channel-depth",
            metavar="REACH:METRES|REACH:KM=METRES,…",
            help="Depth of the navigation channel below the site's zero, in place of the site's; may be repeated.",
        ),
    ] = None,
    channel_width: Annotated[
        float,
        typer.Option(
            "--channel-width-m", metavar="METRES", help="Width that is dredged: its share deepens the section."
        ),
    ] = 150.0,
    dredge: Annotated[
        list[str] | None,
        typer.Option(
            "--dredge",
            metavar="REACH:KM-KM:METRES",
            help="Ask again with a stretch of the channel deeper; may be repeated.",
        ),
    ] = None,
    flow: Annotated[
        list[str] | None,
        typer.Option(
            "--flow", metavar="RIVER=M3/S", help="Constant discharge of a river; its mean by default; may be repeated."
        ),
    ] = None,
    flows: Annotated[
        Path | None,
        typer.Option(
            "--flows", metavar="FILE", help="Series of discharges: columns time and RIVER_m3_s (CSV, Parquet, NetCDF)."
        ),
    ] = None,
    rise: Annotated[
        float, typer.Option("--sea-level-rise-m", metavar="METRES", help="Added to the level of the sea.")
    ] = 0.0,
    fish: Annotated[
        str,
        typer.Option(
            "--fish", metavar="NAME|FILE.toml", help="shad, young_shad, salmon, sturgeon, eel, or limits of your own."
        ),
    ] = "",
    temperatures: Annotated[
        str,
        typer.Option("--temperatures", metavar="COLDEST,WARMEST", help="With --fish: of the water over the year, °C."),
    ] = "7,24",
    out: Annotated[
        Path | None,
        typer.Option("--out", metavar="DIR", help="New folder of tables and pictures.", show_default=False),
    ] = None,
    language: Language = "",
    as_json: AsJson = False,
) -> None:
    """Tell when a ship may pass along an estuary, what dredging changes, and on which days fish may; not for navigation."""
    from frugal.estuaries import windows_report as report
    from frugal.estuaries.fish import ask_fish, species_of
    from frugal.estuaries.waterway import waterway_of
    from frugal.estuaries.waterway_words import depths_of, destination_of, dredging_of
    from frugal.estuaries.windows_folder import FishTold, check_folder, write_windows

    if draught is None and not fish:
        raise UnusableInputError("nothing is asked; give the ship's --draught-m, or --fish, or both")
    if direction not in _DIRECTIONS:
        raise UnusableInputError(f"--direction '{direction}'; {', '.join(_DIRECTIONS)} are allowed")
    if out is not None:
        check_folder(out)
    told_in = named_zone(zone)
    first, last = _period(begin, end, told_in)
    place = _site(site, settings)
    dredgings = tuple(dredging_of(place, text) for text in dredge or ())
    species = species_of(fish) if fish else None
    span = _pair(temperatures)
    way = waterway_of(place, destination_of(place, destination), dredgings, depths_of(place, channel_depth or []))
    rivers = _rivers(place, flow or [], flows, first, last)
    answer: AccessAnswer | None = None
    told: FishTold | None = None
    content: dict[str, Any] = {"warning": report.warning(language)}
    if draught is not None:
        from frugal.estuaries.access import AccessQuestion, ask_access
        from frugal.estuaries.navigation import Ship

        ship = Ship(draught, speed, beam, block, margin, through_water)
        answer = ask_access(
            AccessQuestion(
                way, ship, _DIRECTIONS[direction], first, last, told_in, rivers, rise, dredgings, channel_width
            )
        )
        content = report.access_content(answer, language)
    if species is not None:
        title = place.title.get(language, place.name or place.place)
        told = FishTold(ask_fish(way, species, first, last, rivers, span, rise), title, way.channel.names[-1])
        content["fish"] = report.fish_content(told.answer, language)
    written = write_windows(out, content, answer, told, language) if out is not None else []
    if as_json:
        print_json(content)
        return
    if answer is not None:
        say(report.site_title(answer, language))
        print_table(report.printed_access(answer, language))
        say(report.warning(language))
        print_notes(report.notes_of(answer), language)
    if told is not None:
        _tell_fish(told, way, language)
        print_notes(report.fish_notes(told.answer, span), language)
    for path in written:
        tell_written(path)


def _tell_fish(told: FishTold, way: Waterway, language: str) -> None:
    from frugal.estuaries import windows_report as report

    found: FishAnswer = told.answer
    say(report.fish_title(found, told.site, way.channel.names[-1], language))
    if found.windows:
        print_table(report.printed_fish(found, language))


def _site(path: Path | None, settings: list[str] | None) -> EstuarySite:
    from frugal.experiments.study.site import build_site
    from frugal.experiments.study.values import parse_settings
    from frugal.studies.estuary.place.site import EstuarySite

    found = build_site(EstuarySite, parse_settings(settings or [], "setting"), path)
    assert isinstance(found, EstuarySite)
    return found


def _period(begin: str, end: str, zone: tzinfo) -> tuple[datetime, datetime]:
    from frugal.estuaries.access import LONGEST_DAYS

    first = moment_of(begin, zone, "--from") if begin else _new_year(zone)
    last = moment_of(end, zone, "--to", whole_day=True) if end else first.replace(year=first.year + 1)
    days = (last - first).total_seconds() / 86400.0
    if not 0.0 < days <= LONGEST_DAYS:
        raise UnusableInputError(
            f"--from {first.isoformat()} --to {last.isoformat()} is {days:g} days; above 0 and up to {LONGEST_DAYS:g} are "
            "allowed"
        )
    return first, last


def _new_year(zone: tzinfo) -> datetime:
    return datetime.now(zone).replace(month=1, day=1, hour=0, minute=0, second=0, microsecond=0)


def _pair(text: str) -> tuple[float, float]:
    parts = text.split(",")
    try:
        first, second = (float(part) for part in parts)
    except ValueError as fault:
        raise UnusableInputError(f"--temperatures '{text}'; two numbers are needed: 7,24") from fault
    return first, second


def _number(text: str, what: str, low: float, high: float, unit: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = float("nan")
    if not low <= value <= high:
        raise UnusableInputError(f"{what}: {low:g} to {high:g} {unit} are allowed")
    return value


def _rivers(site: EstuarySite, given: list[str], table: Path | None, first: datetime, last: datetime) -> dict[str, Any]:
    """Discharge of each river: constant, a series, or its mean."""
    from frugal.errors import did_you_mean

    known = [river.name for river in site.river]
    found: dict[str, Any] = {river.name: river.mean_flow_m3_s for river in site.river}
    if table is not None:
        found.update(_series(table, known, first, last))
    for text in given:
        name, _, value = text.partition("=")
        if name not in known:
            raise UnusableInputError(
                f"--flow '{text}': river '{name}' is none of the site's: {', '.join(known)}{did_you_mean(name, known)}"
            )
        found[name] = _number(value, f"--flow '{text}'", 0.0, 1e6, "m3/s")
    return found


def _series(path: Path, rivers: list[str], first: datetime, last: datetime) -> dict[str, Any]:
    from frugal.formats.time_series import read_series

    found: dict[str, Any] = {}
    for name in rivers:
        series = read_series(path, (name,), "m^3/s", 0.0, 1e6)
        if not series.dated:
            raise UnusableInputError(f"{series.source}: its times are no dates; a column 'time' with dates is needed")
        begins, ends = series.time_s[0], series.time_s[-1]
        # a series of days may stop at the last one's midnight
        if begins > first.timestamp() or ends < last.timestamp() - 86400.0:
            told = [datetime.fromtimestamp(float(at), first.tzinfo).isoformat() for at in (begins, ends)]
            raise UnusableInputError(
                f"{series.source}: discharges of '{name}' run from {told[0]} to {told[1]}, the question from "
                f"{first.isoformat()} to {last.isoformat()}"
            )
        found[name] = (series.time_s, series.values)
    return found
