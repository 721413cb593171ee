"""The command line: parse, call, print. Heavy imports wait inside the commands, so that help answers at once."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager, redirect_stdout
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from frugal.errors import FrugalError, UnusableInputError
from frugal.printing import print_estimate, print_json, print_ladder, print_summary, print_value

if TYPE_CHECKING:
    from frugal.experiments.cluster import Cluster
    from frugal.experiments.study import Need, Study
    from frugal.surrogates.predictor import Predictor

INTERRUPTED = 130

app = typer.Typer(
    name="frugal",
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    add_completion=True,
    help="Answer a territory's question with the least: physics, tables, fits and small models on the same runs.",
)

StudyName = Annotated[
    str | None, typer.Argument(metavar="STUDY", help="Name of an installed study.", show_default=False)
]
StudyFile = Annotated[
    Path | None,
    typer.Option("--study", metavar="FILE.py", help="Load the study from a Python file, which is executed."),
]
SiteFile = Annotated[Path | None, typer.Option("--site", metavar="FILE.toml", help="Site of the study.")]
SiteSettings = Annotated[
    list[str] | None, typer.Option("--set", metavar="KEY=VALUE", help="One setting of the site; may be repeated.")
]
Inputs = Annotated[
    list[str] | None,
    typer.Option("-i", "--input", metavar="NAME=VALUE", help="One input, with a unit if you like (30km/h)."),
]
MachineFile = Annotated[
    Path | None,
    typer.Option("--machine", metavar="FILE.toml", help="Power and place of this machine; ./machine.toml by default."),
]
DeclarationsFile = Annotated[
    Path | None,
    typer.Option("--declarations", metavar="FILE.toml", help="What only people can tell, with evidence files."),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON document.")]
Language = Annotated[str, typer.Option("--lang", metavar="en|fr", help="Language of tables and reports.")]


@app.command()
def studies(as_json: AsJson = False) -> None:
    """List the installed studies."""
    from frugal.experiments.registry import installed_studies, site_model

    found = []
    for name, point in installed_studies().items():
        model = site_model(point.load())
        found.append({"name": name, "settings": list(model.model_fields)})
    if as_json:
        print_json(found)
        return
    for study in found:
        typer.echo(f"{study['name']}  (--set {', '.join(study['settings']) or 'nothing'})")


@app.command()
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

    from frugal.experiments.map_file import check_maps, write_maps
    from frugal.experiments.simulation import simulate as simulate_once
    from frugal.experiments.units import check_bounds, parse_inputs, parse_settings

    found = _load_study(study, study_file, site, settings)
    values = parse_inputs(found.inputs, parse_settings(inputs or [], "input"))
    check_bounds(found.inputs, values)
    if geotiff is not None:
        check_maps(found.name, found.outputs, found.grid)
    start = time.thread_time()
    with _prints_on_stderr():
        run = simulate_once(found, np.array(values))
    seconds = time.thread_time() - start
    if geotiff is not None:
        tags = {b.name.upper(): f"{run.booked[b.name]:.6g} {b.unit}" for b in found.booked}
        write_maps(geotiff, found.name, found.outputs, found.grid, run.outputs, {**tags, "CANDIDATE": "full_physics"})
    if as_json:
        outputs = {name: value.tolist() for name, value in run.outputs.items()}
        print_json({"outputs": outputs, "booked": dict(run.booked), "cpu_seconds": seconds})
        return
    for output in found.outputs:
        print_value(
            output.name,
            run.outputs[output.name],
            output.unit,
            output.coords.get(output.dims[0]) if output.dims else None,
        )
    for booked in found.booked:
        print_value(booked.name, run.booked[booked.name], booked.unit)


@app.command("need")
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
    language: Language = "en",
) -> None:
    """Write a commented file to fill in: the need of a study, or what an audit has to be told."""
    from frugal.formats.atomic import write_text

    _check_language(language)
    target = out or Path("declarations.toml" if declarations else "need.toml")
    if target.exists():
        raise UnusableInputError(f"'{target}' exists and is left as it is; name another file with --out")
    if runs is not None and (study is not None or study_file is not None):
        raise UnusableInputError("--runs takes the place of a study: name none with it")
    if declarations:
        from frugal.audit.declarations import template

        if (study, study_file, runs) != (None, None, None):
            raise UnusableInputError("--declarations writes the same file for every study: name none with it")
        content = template(language)
    else:
        from frugal.experiments.need_template import need_template
        from frugal.experiments.table_study import table_of_runs

        if runs is None:
            found = _load_study(study, study_file, site, settings)
        else:
            found = table_of_runs(runs, _names(input_columns), _names(output_columns)).study
        content = need_template(found, language)
    write_text(target, content)
    typer.echo(str(target))


@app.command()
def train(
    study: StudyName = None,
    study_file: StudyFile = None,
    runs: Annotated[
        Path | None,
        typer.Option("--runs", metavar="TABLE", help="A table of runs (CSV or Parquet) instead of a solver."),
    ] = None,
    input_columns: Annotated[str, typer.Option("--inputs", metavar="A,B", help="Input columns of the table.")] = "",
    output_columns: Annotated[str, typer.Option("--outputs", metavar="Y,Z", help="Output columns of the table.")] = "",
    need: Annotated[
        Path | None, typer.Option("--need", metavar="FILE.toml", help="The need, where it is not the study's.")
    ] = None,
    site: SiteFile = None,
    settings: SiteSettings = None,
    n_runs: Annotated[str, typer.Option("--n-runs", metavar="N|auto", help="Number of runs.")] = "auto",
    seed: Annotated[int, typer.Option("--seed", min=0, help="Seed of designs, fits and intervals.")] = 0,
    threads: Annotated[
        int | None, typer.Option("--threads", min=1, help="Threads for the runs; one per core by default.")
    ] = None,
    cluster: Annotated[
        str | None,
        typer.Option("--cluster", metavar="ADDRESS", help="Dask scheduler for the runs, tcp://host:port or tls://."),
    ] = None,
    out: Annotated[
        Path | None, typer.Option("--out", metavar="DIR", help="Folder of the bundle; bundles/STUDY by default.")
    ] = None,
    machine: MachineFile = None,
    declarations: DeclarationsFile = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what it would cost, and stop.")] = False,
    language: Language = "en",
    as_json: AsJson = False,
) -> None:
    """Simulate, fit, measure quickly, export and audit: one campaign, one bundle."""
    from frugal.audit.workflow import estimate, train_study, train_table
    from frugal.metering.machine import read_machine
    from frugal.progress import Terminal
    from frugal.surrogates.campaign import Settings

    _check_language(language)
    reporter = Terminal(language)
    chosen = Settings(n_runs=_count(n_runs), seed=seed, threads=threads, machine=read_machine(machine))
    if cluster is not None:
        if runs is not None or threads is not None or dry_run:
            raise UnusableInputError(
                "--cluster computes the runs of a study elsewhere: not with --runs, --threads, --dry-run"
            )
        chosen = replace(chosen, cluster=_cluster(cluster, study, study_file, site, settings))
    told = _read_declarations(declarations)
    if runs is not None:
        if study is not None or study_file is not None or dry_run:
            raise UnusableInputError("--runs takes the place of a study: give neither a study nor --dry-run with it")
        columns = (_names(input_columns), _names(output_columns))
        with closing(reporter):
            result = train_table(runs, *columns, _read_need(need), chosen, out, reporter, told)
    else:
        build = lambda: _load_study(study, study_file, site, settings, need)  # noqa: E731
        if dry_run:
            plan = estimate(build(), chosen.n_runs, threads, seed)
            print_json(plan) if as_json else print_estimate(plan)
            return
        with closing(reporter), _prints_on_stderr():
            result = train_study(build, chosen, out, reporter, told)
    failed = result.ladder["failed_runs"]
    if failed:
        total = len(failed) + result.ladder["split"]["n_train"] + result.ladder["split"]["n_held_out"]
        typer.echo(
            f"{len(failed)} of {total} runs failed; the first is run {failed[0]['run']}: {failed[0]['message']}",
            err=True,
        )
    if as_json:
        print_json({"bundle": str(result.bundle), "audit": result.audit})
    else:
        print_ladder(result.ladder, language)
        print_summary(result.audit, language)
        typer.echo(f"\n{result.bundle}")
    raise typer.Exit(1 if failed else 0)


@app.command("eval")
def evaluate(
    bundle: Annotated[Path, typer.Argument(metavar="BUNDLE")],
    full: Annotated[
        bool,
        typer.Option(
            "--full", help="Thirty interleaved blocks and ten CPU seconds for each candidate and call pattern."
        ),
    ] = False,
    study_file: StudyFile = None,
    site: SiteFile = None,
    settings: SiteSettings = None,
    machine: MachineFile = None,
    language: Language = "en",
    as_json: AsJson = False,
) -> None:
    """Measure the ladder of a bundle again, into a new file, and draw it."""
    from frugal.audit.workflow import evaluate_again
    from frugal.metering.machine import read_machine
    from frugal.progress import Terminal

    _check_language(language)
    reporter = Terminal(language)
    given = _load_study(None, study_file, site, settings) if study_file is not None else None
    with closing(reporter), _prints_on_stderr():
        path, ladder, plot = evaluate_again(bundle, given, full, reporter, language, read_machine(machine))
    if as_json:
        print_json(ladder)
        return
    print_ladder(ladder, language)
    typer.echo(f"\n{path}\n{plot}")


@app.command()
def audit(
    bundle: Annotated[Path, typer.Argument(metavar="BUNDLE", help="A bundle; for --compare, the new one.")],
    declarations: DeclarationsFile = None,
    factors: Annotated[
        Path | None, typer.Option("--factors", metavar="FILE.csv", help="Factors of your own, over the packaged ones.")
    ] = None,
    country: Annotated[
        str | None, typer.Option("--country", metavar="ISO3", help="Where the electricity comes from; FRA by default.")
    ] = None,
    machine: MachineFile = None,
    compare: Annotated[
        Path | None, typer.Option("--compare", metavar="OLD", help="Say what changed since this bundle or audit.json.")
    ] = None,
    export: Annotated[
        str | None,
        typer.Option("--export", metavar="FORMAT", help="boamps, cyclonedx, huggingface, sci or spdx; with --out."),
    ] = None,
    out: Annotated[Path | None, typer.Option("--out", metavar="FILE|DIR", help="Where the export goes.")] = None,
    language: Language = "en",
    as_json: AsJson = False,
) -> None:
    """Say whether AI was needed; exits 1 when a criterion fails and 4 when it could not be assessed."""
    from frugal.audit.keeping import exit_code
    from frugal.audit.workflow import audit_again, terms_from

    _check_language(language)
    if export is not None or out is not None:
        if export is None or out is None:
            raise UnusableInputError("--export FORMAT and --out FILE go together")
        _export_audit(bundle, export, out)
        return
    if compare is not None:
        _compare_audits(compare, bundle, language, as_json)
        return
    terms = terms_from(factors, country, machine)
    result = audit_again(bundle, terms, _read_declarations(declarations))
    if as_json:
        print_json(result)
    else:
        print_summary(result, language)
        typer.echo(f"\n{bundle / f'audit.{language}.html'}")
    raise typer.Exit(exit_code(result))


@app.command()
def predict(
    model: Annotated[Path, typer.Argument(metavar="BUNDLE|MODEL.onnx")],
    inputs: Inputs = None,
    csv: Annotated[Path | None, typer.Option("--csv", metavar="FILE", help="Answer every row of a table.")] = None,
    out: Annotated[
        Path | None,
        typer.Option("--out", metavar="FILE", help="Write the answers of --csv there instead of to the terminal."),
    ] = None,
    candidate: Annotated[
        str | None, typer.Option("--candidate", metavar="NAME", help="Another candidate of the bundle.")
    ] = None,
    extrapolate: Annotated[bool, typer.Option("--extrapolate", help="Answer outside the bounds, flagged.")] = False,
    geotiff: Annotated[
        Path | None, typer.Option("--geotiff", metavar="FILE.tif", help="Write the maps of one answer there.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Answer with a bundle, or with its ONNX file alone."""
    from frugal.surrogates.predictor import Predictor

    if out is not None and csv is None:
        raise UnusableInputError("--out goes with --csv")
    if geotiff is not None and csv is not None:
        raise UnusableInputError("--geotiff holds the maps of one answer; it does not go with --csv")
    predictor = Predictor(model, candidate)
    if csv is not None:
        if inputs:
            raise UnusableInputError("give either -i or --csv, not both")
        _predict_table(predictor, csv, out, extrapolate, as_json)
        return
    _predict_one(predictor, inputs or [], extrapolate, as_json, geotiff)


def _export_audit(bundle: Path, name: str, out: Path) -> None:
    from frugal.audit.workflow import export_audit

    for path in export_audit(bundle, name, out):
        typer.echo(str(path))


def _compare_audits(old: Path, new: Path, language: str, as_json: bool) -> None:
    from frugal.audit.compare import compare
    from frugal.audit.keeping import read_audit
    from frugal.audit.report.comparison import comparison_lines

    found = compare(read_audit(old), read_audit(new))
    if as_json:
        print_json(found)
        return
    for line in comparison_lines(found, language):
        typer.echo(line)


def _read_declarations(path: Path | None) -> list[Any]:
    if path is None:
        return []
    from frugal.audit.criteria import CRITERIA
    from frugal.audit.declarations import read_declarations

    return list(read_declarations(path, [criterion.id for criterion in CRITERIA]))


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


@contextmanager
def _prints_on_stderr() -> Iterator[None]:
    """Keep what a user's solver prints out of the answer on stdout."""
    with redirect_stdout(sys.stderr):
        yield


def _one_line(fault: FrugalError) -> str:
    return " ".join(str(fault).split())


def _check_language(language: str) -> None:
    if language not in ("en", "fr"):
        raise UnusableInputError(f"--lang '{language}' is not a language of the reports; allowed: en, fr")


def _names(text: str) -> list[str]:
    return [name.strip() for name in text.split(",") if name.strip()]


def _count(text: str) -> int | None:
    if text == "auto":
        return None
    if not text.isdigit() or int(text) == 0:
        raise UnusableInputError(f"--n-runs '{text}' must be a positive whole number or 'auto'")
    return int(text)


def _read_need(path: Path | None, study: Study | None = None) -> Need | None:
    from frugal.experiments.need_file import read_need_file

    return None if path is None else read_need_file(path, study)


def _load_study(
    name: str | None,
    study_file: Path | None,
    site: Path | None,
    settings: list[str] | None,
    need: Path | None = None,
) -> Study:
    from frugal.experiments.domain import with_need
    from frugal.experiments.registry import load_study, load_study_file
    from frugal.experiments.units import parse_settings

    parsed = parse_settings(settings or [], "setting")
    if (name is None) == (study_file is None):
        raise UnusableInputError("give the name of a study, or --study FILE.py, and not both")
    study = load_study_file(study_file, parsed, site) if study_file is not None else load_study(str(name), parsed, site)
    declared = _read_need(need, study)
    return study if declared is None else with_need(study, declared)


def _cluster(
    address: str, name: str | None, study_file: Path | None, site: Path | None, settings: list[str] | None
) -> Cluster:
    from frugal.experiments.cluster import Cluster
    from frugal.experiments.cluster_worker import Recipe
    from frugal.experiments.units import parse_settings

    recipe = Recipe(
        name=name,
        file=None if study_file is None else str(study_file.resolve()),
        settings=tuple(parse_settings(settings or [], "setting").items()),
        site_file=None if site is None else str(site),
        folder=str(Path.cwd()),
    )
    found = Cluster(address, recipe)
    found.check()
    return found


def _predict_one(
    predictor: Predictor, inputs: list[str], extrapolate: bool, as_json: bool, geotiff: Path | None
) -> None:
    import numpy as np

    from frugal.experiments.units import parse_inputs, parse_settings

    values = parse_inputs(predictor.inputs, parse_settings(inputs, "input"))
    if geotiff is not None:
        from frugal.experiments.map_file import check_maps
        from frugal.surrogates.maps import write_geotiff

        check_maps(predictor.study_name, predictor.outputs, predictor.grid)
    answers = predictor(np.array([values]), extrapolate=extrapolate)
    if geotiff is not None:
        write_geotiff(geotiff, predictor, answers)
    if as_json:
        print_json({name: answer[0].tolist() for name, answer in answers.items()})
        return
    for output in predictor.outputs:
        print_value(
            output.name,
            answers[output.name][0],
            output.unit,
            output.coords.get(output.dims[0]) if output.dims else None,
            answers[f"{output.name}_lower"][0],
            answers[f"{output.name}_upper"][0],
        )
    if not answers["in_domain"][0]:
        typer.echo("outside the domain the answer was made for: do not rely on it", err=True)


def _predict_table(predictor: Predictor, csv: Path, out: Path | None, extrapolate: bool, as_json: bool) -> None:
    from frugal.surrogates.prediction_table import predict_table

    table = predict_table(predictor, csv, extrapolate)
    if out is not None:
        from frugal.formats.tables import write_table

        write_table(out, table)
        print_json({"answers": str(out)}) if as_json else typer.echo(str(out))
    elif as_json:
        print_json(table.to_dict(orient="records"))
    else:
        typer.echo(table.to_csv(index=False), nl=False)


if __name__ == "__main__":
    main()
