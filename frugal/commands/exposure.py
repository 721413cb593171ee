"""`frugal exposure`: who and what a flood reaches."""

from __future__ import annotations

import re
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from frugal.commands.options import AsJson, Language
from frugal.commands.printing import print_json, print_notes, print_table
from frugal.commands.terminal import say
from frugal.errors import UnusableInputError

if TYPE_CHECKING:
    from frugal.exposure.damage import DamageSettings
    from frugal.exposure.run import ExposureSettings

_LAYER = "FILE|layername=NAME"


def exposure(
    flood: Annotated[
        Path | None,
        typer.Argument(
            metavar="MAP",
            help="Map of a flood: GeoTIFF of depths, of predict, simulate or another program, or a folder of --details.",
            show_default=False,
        ),
    ] = None,
    buildings: Annotated[
        str | None,
        typer.Option("--buildings", metavar="FILE", help=f"Outlines of buildings; {_LAYER} for one of several layers."),
    ] = None,
    roads: Annotated[str | None, typer.Option("--roads", metavar="FILE", help="Lines of roads.")] = None,
    people: Annotated[
        str | None,
        typer.Option("--people", metavar="FILE", help="Raster of people in a cell, or points or areas with a count."),
    ] = None,
    assets: Annotated[
        list[str] | None,
        typer.Option("--assets", metavar="FILE", help="Substations, sites, networks of any kind; may be repeated."),
    ] = None,
    access_to: Annotated[
        str | None,
        typer.Option(
            "--access-to", metavar="FILE", help="Points that have to be reached by road: hospital, fire station."
        ),
    ] = None,
    places: Annotated[
        str | None,
        typer.Option("--places", metavar="FILE", help="Places whose access is asked; the buildings by default."),
    ] = None,
    arrival: Annotated[
        Path | None,
        typer.Option("--arrival", metavar="FILE", help="Raster of arrival, where the map has no such band."),
    ] = None,
    speed: Annotated[
        Path | None, typer.Option("--speed", metavar="FILE", help="Raster of the greatest speed of the water.")
    ] = None,
    hazard: Annotated[
        Path | None, typer.Option("--hazard", metavar="FILE", help="Raster of classes of hazard, whole numbers.")
    ] = None,
    depth_unit: Annotated[
        str, typer.Option("--depth-unit", metavar="UNIT", help="Of a map that does not tell; m by default.")
    ] = "",
    arrival_unit: Annotated[
        str, typer.Option("--arrival-unit", metavar="UNIT", help="s, min, h or day, where the file does not tell.")
    ] = "",
    speed_unit: Annotated[
        str, typer.Option("--speed-unit", metavar="UNIT", help="Of a map that does not tell; m/s by default.")
    ] = "",
    no_data: Annotated[
        str, typer.Option("--no-data", metavar="dry|unknown", help="What cells without a depth are.")
    ] = "",
    wet_above: Annotated[
        float, typer.Option("--wet-above", metavar="METRES", help="Depth above which a cell is flooded.")
    ] = 0.0,
    classes: Annotated[
        str, typer.Option("--classes", metavar="METRES,…", help="Bounds of the classes of depth.")
    ] = "0.2,0.5,1,2",
    depth_of: Annotated[
        str, typer.Option("--depth-of", metavar="max|mean", help="Which depth on its outline a building is classed by.")
    ] = "max",
    kind: Annotated[
        str, typer.Option("--kind", metavar="COLUMN", help="Column that tells kinds; found by its name by default.")
    ] = "",
    people_column: Annotated[
        str, typer.Option("--people-column", metavar="COLUMN", help="Column that counts people, found likewise.")
    ] = "",
    vehicle: Annotated[
        str,
        typer.Option("--vehicle", metavar="NAME", help="Who has to pass: small_car, large_car or four_wheel_drive."),
    ] = "small_car",
    road_limit: Annotated[
        float | None,
        typer.Option("--road-limit", metavar="METRES", help="Depth that closes a road, in place of its own."),
    ] = None,
    road_speed: Annotated[float, typer.Option("--road-speed", metavar="KM/H", help="Speed on dry roads.")] = 50.0,
    speed_column: Annotated[
        str, typer.Option("--speed-column", metavar="COLUMN", help="Column of the roads with their speed in km/h.")
    ] = "",
    snap: Annotated[
        float, typer.Option("--snap", metavar="METRES", help="Gaps between roads that count as none.")
    ] = 0.1,
    road_within: Annotated[
        float, typer.Option("--road-within", metavar="METRES", help="Places farther from a road have none.")
    ] = 200.0,
    return_periods: Annotated[
        list[str] | None,
        typer.Option("--return-period", metavar="YEARS=MAP", help="Map of a return period; two or more, each once."),
    ] = None,
    curves: Annotated[
        Path | None,
        typer.Option("--curves", metavar="TABLE", help="Curves of damage: columns kind, depth_m, share, value_per_m2."),
    ] = None,
    value_per_m2: Annotated[
        float | None, typer.Option("--value-per-m2", metavar="VALUE", help="What a square metre of building is worth.")
    ] = None,
    value_column: Annotated[
        str, typer.Option("--value-column", metavar="COLUMN", help="Column with the value of each building as a whole.")
    ] = "",
    damages: Annotated[
        Path | None,
        typer.Option("--damages", metavar="FILE", help="Damages by return period that are known: JSON or table."),
    ] = None,
    out: Annotated[Path, typer.Option("--out", metavar="DIR", help="Folder of the layers and tables.")] = Path(
        "exposure"
    ),
    language: Language = "",
    as_json: AsJson = False,
) -> None:
    """Tell who and what a flood reaches: buildings, roads, people, assets; lost access and yearly damage."""
    from frugal.exposure.access import AccessSettings
    from frugal.exposure.classes import parse_bounds
    from frugal.exposure.hazard_map import MapSettings
    from frugal.exposure.run import ExposureSettings, assess_exposure
    from frugal.exposure.vehicles import vehicle_named
    from frugal.reporting.progress import Terminal

    asked = ExposureSettings(
        flood=flood,
        buildings=buildings,
        roads=roads,
        people=people,
        assets=tuple(assets or ()),
        access_to=access_to,
        places=places,
        map=MapSettings(arrival, speed, hazard, depth_unit, arrival_unit, speed_unit, no_data, wet_above),
        classes=parse_bounds(classes),
        depth_of=depth_of,
        kind_column=kind,
        people_column=people_column,
        vehicle=vehicle_named(vehicle, road_limit),
        access=AccessSettings(road_speed, speed_column, snap, road_within),
        periods=_periods(return_periods or []),
        damage=_damage_settings(curves, value_per_m2, value_column),
        damages=damages,
    )
    reporter = Terminal(language)
    with closing(reporter):
        _check(asked, out)
        made = assess_exposure(asked, reporter)
        files = _written(made, out, language, reporter)
    _print(made, out, files, language, as_json)


def _check(asked: ExposureSettings, out: Path) -> None:
    """Refuse what can be refused before anything is computed."""
    from frugal.exposure.report import check_folder

    if asked.damage is not None and asked.buildings is None:
        raise UnusableInputError(
            "--curves, --value-per-m2 and --value-column need --buildings, whose damage is counted"
        )
    check_folder(out)


def _periods(given: list[str]) -> tuple[tuple[float, Path], ...]:
    found = []
    for text in given:
        match = re.fullmatch(r"\s*([0-9.]+)\s*=(.+)", text)
        try:
            years = float(match[1]) if match else float("nan")
        except ValueError:
            years = float("nan")
        if match is None or not years >= 1.0:
            raise UnusableInputError(
                f"--return-period {text}: YEARS=MAP is needed, of 1 year or more (100=flood_100.tif)"
            )
        found.append((years, Path(match[2].strip())))
    years_of = [years for years, _ in found]
    for years in years_of:
        if years_of.count(years) > 1:
            raise UnusableInputError(f"return period {years:g} is given twice; each once is needed")
    return tuple(found)


def _damage_settings(curves: Path | None, value_per_m2: float | None, value_column: str) -> DamageSettings | None:
    if curves is None and value_per_m2 is None and not value_column:
        return None
    from frugal.exposure.damage import DamageSettings, read_curves

    if value_per_m2 is not None and not 0.0 <= value_per_m2 < float("inf"):
        raise UnusableInputError(f"--value-per-m2 {value_per_m2:g}: a number of 0 or more is needed")
    told: dict[str, Any] = {"value_per_m2": value_per_m2, "value_column": value_column}
    return DamageSettings(**told) if curves is None else DamageSettings(read_curves(curves), **told)


def _written(made: Any, out: Path, language: str, reporter: Any) -> list[Path]:
    from frugal.exposure.report import write_exposure

    reporter.stage("tables")
    return write_exposure(out, made, language)


def _print(made: Any, out: Path, files: list[Path], language: str, as_json: bool) -> None:
    from frugal.exposure.summary import summary_content, summary_lines, summary_table

    if as_json:
        content = summary_content(made, language)
        print_json({"folder": str(out), "files": [path.name for path in files], **content})
        return
    table = summary_table(made, language)
    if table is not None:
        print_table(table, 160)
    for line in summary_lines(made, language):
        say(line)
    print_notes(made.notes, language)
    say(str(out))
