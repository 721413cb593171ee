"""`frugal cadastre`: from a survey to a map of roofs."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from frugal.commands.options import AsJson, Language, MachineFile, SiteSettings
from frugal.commands.printing import print_json
from frugal.commands.terminal import prints_on_stderr, say
from frugal.errors import UnusableInputError
from frugal.texts import room_texts

if TYPE_CHECKING:
    from frugal.cadastre.job.result import Cadastre

_TEXTS = room_texts("frugal.commands")


def cadastre(
    inputs: Annotated[
        list[Path] | None,
        typer.Argument(
            metavar="INPUT",
            help="Point clouds (LAS, LAZ, COPC) or surface models (GeoTIFF), files or folders; a generated village "
            "where none is given.",
            show_default=False,
        ),
    ] = None,
    buildings: Annotated[
        Path | None,
        typer.Option("--buildings", metavar="FILE", help="Footprints: GeoPackage, GeoParquet, Shapefile, ..."),
    ] = None,
    communes: Annotated[
        Path | None, typer.Option("--communes", metavar="FILE", help="Polygons of communes, for the table by commune.")
    ] = None,
    terrain: Annotated[
        Path | None,
        typer.Option("--terrain", metavar="FILE", help="Coarse terrain model around, whose hills hide the sun too."),
    ] = None,
    crs: Annotated[
        str | None, typer.Option("--crs", metavar="EPSG", help="Coordinate system of inputs that carry none.")
    ] = None,
    out: Annotated[Path, typer.Option("--out", metavar="DIR", help="Folder of the cadastre.")] = Path("cadastre"),
    bundle: Annotated[
        Path | None,
        typer.Option("--bundle", metavar="DIR", help="Answer of roof_yield; trained for this territory by default."),
    ] = None,
    candidate: Annotated[
        str | None,
        typer.Option("--candidate", metavar="NAME", help="Another graph of that bundle than the one that ships."),
    ] = None,
    shading: Annotated[
        Path | None,
        typer.Option("--shading-bundle", metavar="DIR", help="Answer of roof_shading, whose audit the map links."),
    ] = None,
    settings: SiteSettings = None,
    force_weather: Annotated[
        bool, typer.Option("--force-weather", help="Take weather from more than 500 km or 3° of latitude away.")
    ] = False,
    resolution: Annotated[
        float | None, typer.Option("--resolution", metavar="METRES", help="Side of a cell, for point clouds.")
    ] = None,
    tile: Annotated[float | None, typer.Option("--tile", metavar="METRES", help="Side of a tile.")] = None,
    reach: Annotated[
        float | None, typer.Option("--reach", metavar="METRES", help="Distance in which obstacles are searched.")
    ] = None,
    setback: Annotated[
        float | None,
        typer.Option("--setback", metavar="METRES", help="Strip along the edges of a plane without modules."),
    ] = None,
    n_runs: Annotated[
        int | None, typer.Option("--n-runs", metavar="N", help="Runs of an answer trained on the spot.")
    ] = None,
    country: Annotated[
        str | None,
        typer.Option("--country", metavar="CODE", help="Whose mix of electricity the CO₂ is of (FRA by default)."),
    ] = None,
    vintage: Annotated[
        str | None,
        typer.Option("--vintage", metavar="TEXT", help="When the survey was flown, where the files don't tell."),
    ] = None,
    title: Annotated[str | None, typer.Option("--title", metavar="TEXT", help="Name of the territory.")] = None,
    maps: Annotated[bool, typer.Option("--maps/--no-maps", help="Write monthly maps of irradiation.")] = True,
    maps_of: Annotated[
        str | None, typer.Option("--maps-of", metavar="all|buildings", help="Cells that the maps know; all by default.")
    ] = None,
    threads: Annotated[
        int | None, typer.Option("--threads", metavar="N", min=1, help="Tiles at a time; one per core by default.")
    ] = None,
    cluster: Annotated[
        str | None, typer.Option("--cluster", metavar="ADDRESS", help="Dask scheduler that computes the tiles.")
    ] = None,
    machine: MachineFile = None,
    show: Annotated[bool, typer.Option("--open", help="Serve the map on this machine until interrupted.")] = False,
    language: Language = "",
    as_json: AsJson = False,
) -> None:
    """Make a solar cadastre, roof by roof; interrupted, the same command goes on."""
    from frugal.cadastre.run import make_cadastre
    from frugal.experiments.study.values import parse_settings
    from frugal.metering.power.machine_file import read_machine
    from frugal.reporting.progress import Terminal

    chosen: dict[str, Any] = {
        "inputs": tuple(inputs or ()), "buildings": buildings, "communes": communes, "terrain": terrain, "crs": crs,
        "bundle": bundle, "candidate": candidate, "resolution_m": resolution, "tile_m": tile, "reach_m": reach,
        "setback_m": setback, "n_runs": n_runs, "vintage": vintage, "title": title, "threads": threads, "maps": maps,
        "maps_of": maps_of, "country": country, "force_weather": force_weather,
        "shading_bundle": shading, "site": parse_settings(settings or [], "setting"),
    }  # fmt: skip
    reporter = Terminal(language)
    with closing(reporter), prints_on_stderr():
        made = make_cadastre(_checked(chosen), out, reporter, read_machine(machine), cluster)
    print_json(_told(made)) if as_json else _print(made, language)
    if show and made.map_folder is not None:
        _serve(made.map_folder, language)
    raise typer.Exit(1 if made.failures else 0)


def _checked(chosen: dict[str, Any]) -> Any:
    from pydantic import ValidationError

    from frugal.cadastre.job.settings import CadastreSettings

    given = {key: value for key, value in chosen.items() if value is not None}
    try:
        return CadastreSettings.model_validate(given)
    except ValidationError as fault:
        first = fault.errors()[0]
        name = "--" + str(first["loc"][0]).removesuffix("_m").replace("_", "-")
        raise UnusableInputError(f"{name} = {first['input']}: {first['msg'].lower()}") from fault


def _told(made: Cadastre) -> dict[str, Any]:
    return {
        "folder": str(made.out),
        "map": str(made.map_folder) if made.map_folder else None,
        "buildings": made.buildings,
        "buildings_with_planes": made.with_planes,
        "planes": made.planes,
        "sums": made.sums,
        "notes": made.notes,
        "failures": [{"what": failure.what, "message": failure.message} for failure in made.failures],
        "footprint": made.footprint,
    }


def _print(made: Cadastre, language: str) -> None:
    from frugal.reporting.told_in_french import note_in_french

    sums, spent = made.sums, made.footprint

    def number(value: float, form: str) -> str:
        written = format(value, form)
        return written.translate(str.maketrans(",.", "\N{NARROW NO-BREAK SPACE},")) if language == "fr" else written

    if made.planes:
        usable, power, year = (
            number(value, ",.0f") for value in (sums["usable_area_m2"], sums["power_kwp"], sums["yield_kwh"] / 1000)
        )
        say(
            _TEXTS.phrase(
                "cadastre.roofs",
                language,
                planes=made.planes,
                with_planes=made.with_planes,
                buildings=made.buildings,
                usable=usable,
                power=power,
                year=year,
            )
        )
    if spent["area_km2"] > 0:
        energy = {name: number(1000 * value, ".2g") for name, value in spent["energy_kwh"].items()}
        say(
            _TEXTS.phrase(
                "cadastre.cost", language,
                cpu=number(spent["cpu_seconds"], ",.0f"), area=number(spent["area_km2"], ".3g"), energy=energy["value"],
                low=energy["low"], high=energy["high"], carbon=number(spent["carbon_gco2e"]["value"], ".2g"),
            )
        )  # fmt: skip
    for note in made.notes:
        say(
            _TEXTS.phrase("cadastre.note", language, note=_one_line(note_in_french(note) if language == "fr" else note))
        )
    for failure in made.failures:
        say(_TEXTS.phrase("cadastre.failed", language, fault=_one_line(f"{failure.what}: {failure.message}")), err=True)
    say(str(made.map_folder or made.out))


def _one_line(text: str) -> str:
    """Names of files may hold line breaks."""
    return " ".join(text.split())


def _serve(folder: Path, language: str) -> None:
    """Serve the map until the user interrupts, and open the browser where there is one."""
    import webbrowser

    from frugal.web.server import map_server

    server = map_server(folder)
    address = f"http://127.0.0.1:{server.server_address[1]}/"
    say(_TEXTS.phrase("cadastre.served", language, address=address))
    webbrowser.open(address)
    try:
        server.serve_forever()
    except KeyboardInterrupt:
        say(_TEXTS.phrase("cadastre.stopped", language), err=True)
    finally:
        server.server_close()
