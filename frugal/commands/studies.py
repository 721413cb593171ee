"""Commands about a study: list the installed ones, run the solver once, write a file to fill in."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from frugal.commands.answer_file import GeoTiff, answer_file
from frugal.commands.details_folder import Details, Every, Points, Sections, Times, details_folder
from frugal.commands.observed import describe_residuals, find_observations, print_residuals
from frugal.commands.options import (
    AsJson,
    InputColumns,
    Inputs,
    Language,
    OutputColumns,
    Parameters,
    ScenarioName,
    SiteFile,
    SiteSettings,
    StudyFile,
    StudyName,
    load_study,
    names_in,
)
from frugal.commands.printing import (
    plain_inputs,
    print_assumed,
    print_json,
    print_notes,
    print_output,
    print_parameters,
    print_study,
    print_table,
    print_value,
    warn,
)
from frugal.commands.terminal import prints_on_stderr, tell_written
from frugal.errors import FrugalError, UnusableInputError

if TYPE_CHECKING:
    from frugal.experiments.study import Study


def studies(
    study: StudyName = None,
    study_file: StudyFile = None,
    site: SiteFile = None,
    settings: SiteSettings = None,
    language: Language = "",
    as_json: AsJson = False,
) -> None:
    """List the installed studies, or tell what one of them takes, gives and rests on."""
    if study is None and study_file is None:
        if site is not None or settings:
            raise UnusableInputError("--site and --set are of one study: give its name, or --study FILE.py")
        _list_studies(language, as_json)
        return
    from frugal.commands.study_pages import commands_for, study_content

    found = load_study(study, study_file, site, settings, language=language)
    asked = commands_for(str(study) if study_file is None else f"--study {study_file}", found)
    content = {**study_content(found), "settings": _settings_of(study, found), "ask": asked}
    print_json(content) if as_json else print_study(content, language)


def _list_studies(language: str, as_json: bool) -> None:
    from frugal.commands.study_pages import commands_for, studies_table, theme_of, title_of
    from frugal.experiments.study.registry import installed_studies, load_entry_point, site_model

    rows, faults = [], []
    for name, point in installed_studies().items():
        try:
            with prints_on_stderr():
                found = load_entry_point(point)
            settings = list(site_model(found).model_fields)
        except FrugalError as fault:  # the others can still be asked
            faults.append(str(fault))
            continue
        row = {"name": name, "theme": theme_of(point), "title": title_of(point, found), "settings": settings}
        rows.append({**row, "ask": commands_for(name)})
    if as_json:
        print_json(rows)
    else:
        print_table(studies_table(rows, language))
    for told in faults:
        warn(told, language)


def _settings_of(name: str | None, study: Study) -> list[str]:
    """What ``--set`` may set."""
    from frugal.experiments.study.registry import installed_studies, load_entry_point, site_model

    if name is None:
        return sorted(study.site)
    with prints_on_stderr():
        found = load_entry_point(installed_studies()[name])
    return list(site_model(found).model_fields)


def simulate(
    study: StudyName = None,
    study_file: StudyFile = None,
    site: SiteFile = None,
    settings: SiteSettings = None,
    inputs: Inputs = None,
    scenario: ScenarioName = None,
    parameters: Parameters = None,
    observations: Annotated[
        str | None,
        typer.Option(
            "--observations",
            metavar="NAME|FILE.csv",
            help="Hold the run against what was measured: observations of the study, whose scenario is asked, or a table.",
        ),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option("--out", metavar="FILE", help="Write the run there: .tif, .gpkg, .parquet or .nc by its ending."),
    ] = None,
    geotiff: GeoTiff = None,
    details: Details = None,
    times: Times = "",
    points: Points = None,
    sections: Sections = None,
    every: Every = "",
    language: Language = "",
    as_json: AsJson = False,
) -> None:
    """Run the solver once, for the inputs given; what is assumed for the others is told."""
    from frugal.experiments.runs.residuals import residuals
    from frugal.experiments.runs.result import Result
    from frugal.experiments.runs.single import simulate as simulate_once
    from frugal.experiments.study.questions import find_scenario, question
    from frugal.experiments.study.study_file import told_site
    from frugal.experiments.study.values import parse_parameters, parse_settings
    from frugal.metering.timing.stopwatch import Stopwatch

    found = load_study(study, study_file, site, settings, language=language)
    found = found.with_parameters(parse_parameters(found.parameters, parse_settings(parameters or [], "parameter")))
    observed = None if observations is None else find_observations(found, observations)
    scenario = scenario or (observed.scenario if observed else "") or None
    chosen = None if scenario is None else find_scenario(found.scenarios, scenario, found.name)
    asked = question(found.inputs, parse_settings(inputs or [], "input"), chosen, assume_middle=True)
    print_assumed(found.inputs, asked, scenario, language)
    print_parameters(found, language)
    file = answer_file(out, geotiff, found.name, found.outputs, language)
    folder = details_folder(details, found, times, points, sections, every, language)
    watch = Stopwatch()
    with prints_on_stderr():
        run = simulate_once(found, asked, None if folder is None else folder.asked)
    spent = watch.spent()
    seconds = spent.cpu_seconds + spent.cpu_seconds_children
    print_notes(run.notes, language)
    told = plain_inputs(found.inputs, asked)
    result = Result(
        study=found.name,
        study_hash=found.hash(),
        outputs=found.outputs,
        values=run.outputs,
        candidate="full_physics",
        inputs=told,
        title=found.title.get("en", ""),
        diagnostics=[(kept, run.diagnostics[kept.name]) for kept in found.diagnostics],
        sources=found.sources,
        scenario=scenario or "",
        site=told_site(found.site),
        notes=[note["en"] for note in (*found.notes, *run.notes)],
    )
    if file is not None:
        file.write(result)
    if folder is not None:
        folder.write(run, result)
    apart = residuals(found.outputs, run.outputs, observed) if observed else ()
    if as_json:
        outputs = {name: value.tolist() for name, value in run.outputs.items()}
        beside = {"observations": describe_residuals(apart, observed)} if observed else {}
        content = {
            "inputs": told,
            "assumed": dict(asked.assumed),
            "parameters": dict(run.parameters),
            "outputs": outputs,
            "booked": dict(run.diagnostics),
        }
        print_json({**content, **beside, "cpu_seconds": seconds})
        return
    for output in found.outputs:
        print_output(output, run.outputs[output.name], language=language)
    for diagnostic in found.diagnostics:
        print_value(diagnostic.name, run.diagnostics[diagnostic.name], diagnostic.unit, language=language)
    if observed:
        print_residuals(apart, observed, language)
    if folder is not None:
        tell_written(folder.path)


def need_file(
    study: StudyName = None,
    study_file: StudyFile = None,
    runs: Annotated[
        Path | None, typer.Option("--runs", metavar="TABLE", help="A table of runs in the place of a study.")
    ] = None,
    input_columns: InputColumns = None,
    output_columns: OutputColumns = None,
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
            found = load_study(study, study_file, site, settings, language=language)
        else:
            found = table_of_runs(runs, names_in(input_columns), names_in(output_columns)).study
        content = need_template(found, language)
    write_text(target, content)
    tell_written(target)
