"""Commands about a study: list the installed ones, run the solver once, write a file to fill in."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from frugal.commands.options import (
    AsJson,
    Inputs,
    Language,
    SiteFile,
    SiteSettings,
    StudyFile,
    StudyName,
    load_study,
    names_in,
    prints_on_stderr,
)
from frugal.commands.printing import print_json, print_value
from frugal.errors import UnusableInputError


def studies(as_json: AsJson = False) -> None:
    """List the installed studies."""
    from frugal.experiments.study.registry import installed_studies, load_entry_point, site_model

    found = []
    for name, point in installed_studies().items():
        model = site_model(load_entry_point(point))
        found.append({"name": name, "settings": list(model.model_fields)})
    if as_json:
        print_json(found)
        return
    for study in found:
        typer.echo(f"{study['name']}  (--set {', '.join(study['settings']) or 'nothing'})")


def simulate(
    study: StudyName = None,
    study_file: StudyFile = None,
    site: SiteFile = None,
    settings: SiteSettings = None,
    inputs: Inputs = None,
    geotiff: Annotated[
        Path | None, typer.Option("--geotiff", metavar="FILE.tif", help="Write the maps of the run there.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Run the solver once, for the inputs given; inputs with a default may be left out."""
    import time

    import numpy as np

    from frugal.experiments.runs.geotiff import check_maps, write_maps
    from frugal.experiments.runs.single import simulate as simulate_once
    from frugal.experiments.study.values import check_bounds, parse_inputs, parse_settings

    found = load_study(study, study_file, site, settings)
    values = parse_inputs(found.inputs, parse_settings(inputs or [], "input"))
    check_bounds(found.inputs, values)
    if geotiff is not None:
        check_maps(found.name, found.outputs, found.grid)
    start = time.thread_time()
    with prints_on_stderr():
        run = simulate_once(found, np.array(values))
    seconds = time.thread_time() - start
    if geotiff is not None:
        tags = {b.name.upper(): f"{run.diagnostics[b.name]:.6g} {b.unit}" for b in found.diagnostics}
        write_maps(geotiff, found.name, found.outputs, found.grid, run.outputs, {**tags, "CANDIDATE": "full_physics"})
    if as_json:
        outputs = {name: value.tolist() for name, value in run.outputs.items()}
        print_json({"outputs": outputs, "booked": dict(run.diagnostics), "cpu_seconds": seconds})
        return
    for output in found.outputs:
        print_value(
            output.name,
            run.outputs[output.name],
            output.unit,
            output.coords.get(output.dims[0]) if output.dims else None,
        )
    for diagnostic in found.diagnostics:
        print_value(diagnostic.name, run.diagnostics[diagnostic.name], diagnostic.unit)


def need_file(
    study: StudyName = None,
    study_file: StudyFile = None,
    runs: Annotated[
        Path | None, typer.Option("--runs", metavar="TABLE", help="A table of runs in the place of a study.")
    ] = None,
    input_columns: Annotated[str, typer.Option("--inputs", metavar="A,B", help="Input columns of the table.")] = "",
    output_columns: Annotated[str, typer.Option("--outputs", metavar="Y,Z", help="Output columns of the table.")] = "",
    site: SiteFile = None,
    settings: SiteSettings = None,
    declarations: Annotated[
        bool, typer.Option("--declarations", help="Write the file of declarations for the audit instead.")
    ] = False,
    out: Annotated[
        Path | None,
        typer.Option("--out", metavar="FILE.toml", help="The new file; need.toml or declarations.toml by default."),
    ] = None,
    language: Language = "",
) -> None:
    """Write a commented file to fill in: the need of a study, or what an audit has to be told."""
    from frugal.formats.files.atomic import write_text

    target = out or Path("declarations.toml" if declarations else "need.toml")
    if target.exists():
        raise UnusableInputError(f"'{target}' exists and is left as it is; name another file with --out")
    if runs is not None and (study is not None or study_file is not None):
        raise UnusableInputError("--runs takes the place of a study: name none with it")
    if declarations:
        from frugal.audit.evidence.declarations import template

        if (study, study_file, runs) != (None, None, None):
            raise UnusableInputError("--declarations writes the same file for every study: name none with it")
        content = template(language)
    else:
        from frugal.experiments.designs.from_table import table_of_runs
        from frugal.experiments.needs.template import need_template

        if runs is None:
            found = load_study(study, study_file, site, settings)
        else:
            found = table_of_runs(runs, names_in(input_columns), names_in(output_columns)).study
        content = need_template(found, language)
    write_text(target, content)
    typer.echo(str(target))
