"""The command that runs a campaign."""

from __future__ import annotations

from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from frugal.commands.options import (
    AsJson,
    DeclarationsFile,
    InputColumns,
    Language,
    MachineFile,
    OutputColumns,
    SiteFile,
    SiteSettings,
    StudyFile,
    StudyName,
    load_study,
    names_in,
    program_stopwatch,
    read_declared,
    read_need,
)
from frugal.commands.printing import print_estimate, print_json, print_ladder, print_summary, warn
from frugal.commands.terminal import prints_on_stderr, say
from frugal.errors import UnusableInputError

if TYPE_CHECKING:
    from frugal.experiments.runs.remote import Cluster


def train(
    study: StudyName = None,
    study_file: StudyFile = None,
    runs: Annotated[
        Path | None,
        typer.Option("--runs", metavar="TABLE", help="A table of runs (CSV or Parquet) instead of a solver."),
    ] = None,
    input_columns: InputColumns = None,
    output_columns: OutputColumns = None,
    group: Annotated[
        str | None,
        typer.Option("--group", metavar="COLUMN", help="Column of the table whose rows of one value stay together."),
    ] = None,
    need: Annotated[
        Path | None, typer.Option("--need", metavar="FILE.toml", help="The need, where it is not the study's.")
    ] = None,
    site: SiteFile = None,
    settings: SiteSettings = None,
    n_runs: Annotated[
        str | None,
        typer.Option(
            "--n-runs",
            metavar="N|auto|auto:N",
            help="Number of runs; the study's own by default. auto: as few as the need asks for, of those at the most; "
            "auto:N: of N at the most.",
        ),
    ] = None,
    seed: Annotated[int, typer.Option("--seed", metavar="N", min=0, help="Seed of designs, fits and intervals.")] = 0,
    threads: Annotated[
        int | None, typer.Option("--threads", metavar="N", min=1, help="Threads for the runs; one per core by default.")
    ] = None,
    cluster: Annotated[
        str | None,
        typer.Option("--cluster", metavar="ADDRESS", help="Dask scheduler for the runs, tcp://host:port or tls://."),
    ] = None,
    grid_cases: Annotated[
        int | None,
        typer.Option(
            "--grid-cases", metavar="N", min=0, help="Cases run again on finer cells, 0: none; by cost by default."
        ),
    ] = None,
    out: Annotated[
        Path | None, typer.Option("--out", metavar="DIR", help="Folder of the bundle; bundles/STUDY by default.")
    ] = None,
    machine: MachineFile = None,
    declarations: DeclarationsFile = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what it would cost, and stop.")] = False,
    language: Language = "",
    as_json: AsJson = False,
) -> None:
    """Simulate, fit, measure quickly, export and audit: one campaign, one bundle."""
    from frugal.campaigns.campaign import Settings
    from frugal.campaigns.estimate import estimate
    from frugal.campaigns.workflow import train_study, train_table
    from frugal.experiments.designs.in_batches import runs_asked
    from frugal.metering.power.machine_file import read_machine
    from frugal.reporting.progress import Terminal

    reporter = Terminal(language)
    count, adaptive = runs_asked(n_runs)
    chosen = Settings(count, seed, threads, machine=read_machine(machine), grid_cases=grid_cases, adaptive=adaptive)
    if cluster is not None:
        if runs is not None or threads is not None or dry_run:
            raise UnusableInputError(
                "--cluster computes the runs of a study elsewhere: not with --runs, --threads, --dry-run"
            )
        chosen = replace(chosen, cluster=_cluster(cluster, study, study_file, site, settings))
    told = read_declared(declarations)
    if runs is not None:
        if study is not None or study_file is not None or dry_run:
            raise UnusableInputError("--runs takes the place of a study: give neither a study nor --dry-run with it")
        if adaptive:
            raise UnusableInputError(f"--n-runs {n_runs} has a solver make runs, and --runs gives them: leave one out")
        columns = (names_in(input_columns), names_in(output_columns))
        with closing(reporter):
            result = train_table(
                runs, *columns, read_need(need), chosen, out, reporter, told, program_stopwatch(), group
            )
    else:
        if group is not None:
            raise UnusableInputError("--group names a column of a table of runs: give it with --runs")
        build = lambda: load_study(study, study_file, site, settings, need, language)  # noqa: E731
        if dry_run:
            with prints_on_stderr():
                plan = estimate(build(), chosen.n_runs, threads, seed, grid_cases, adaptive)
            print_json(plan) if as_json else print_estimate(plan, language)
            return
        with closing(reporter), prints_on_stderr():
            result = train_study(build, chosen, out, reporter, told, program_stopwatch())
    for note in result.notes:
        warn(f"note: {note}", language)
    failed = result.comparison.failed_runs if runs is None else ()  # those of a table are told in a note
    if failed:
        split = result.comparison.split
        total, first = len(failed) + split["n_shipped"], failed[0]
        warn(f"{len(failed)} of {total} runs failed; the first is run {first['run']}: {first['message']}", language)
    if as_json:
        print_json({"bundle": str(result.bundle), "audit": result.audit, "notes": list(result.notes)})
    else:
        print_ladder(result.comparison, language)
        print_summary(result.audit, language)
        say(f"\n{result.bundle}")
    raise typer.Exit(1 if failed else 0)


def _cluster(
    address: str, name: str | None, study_file: Path | None, site: Path | None, settings: list[str] | None
) -> Cluster:
    from frugal.experiments.runs.remote import Cluster, StudySpec
    from frugal.experiments.study.values import parse_settings

    study_spec = StudySpec(
        name=name,
        file=None if study_file is None else str(study_file.resolve()),
        settings=tuple(parse_settings(settings or [], "setting").items()),
        site_file=None if site is None else str(site),
        folder=str(Path.cwd()),
    )
    found = Cluster(address, study_spec)
    found.check()
    return found
