"""Commands about a bundle: measure it again, audit it, explain it."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path
from typing import Annotated

import typer

from frugal.commands.options import (
    AsJson,
    DeclarationsFile,
    Language,
    MachineFile,
    SiteFile,
    SiteSettings,
    StudyFile,
    load_study,
    names_in,
    program_stopwatch,
    read_declared,
)
from frugal.commands.printing import line_to_fit, print_json, print_ladder, print_summary, print_table, warn
from frugal.commands.terminal import prints_on_stderr, say, tell_written
from frugal.errors import UnusableInputError


def evaluate(
    bundle: Annotated[Path, typer.Argument(metavar="BUNDLE", help="The folder of a bundle.")],
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
    language: Language = "",
    as_json: AsJson = False,
) -> None:
    """Measure the ladder of a bundle again, into a new file, and draw it."""
    from frugal.campaigns.reevaluation import study_of
    from frugal.campaigns.workflow import evaluate_again
    from frugal.metering.power.machine_file import read_machine
    from frugal.reporting.progress import Terminal
    from frugal.surrogates.bundle.bundle import open_bundle

    reporter = Terminal(language)
    given = load_study(None, study_file, site, settings, language=language) if study_file is not None else None
    if given is not None:
        with prints_on_stderr():
            reason = study_of(open_bundle(bundle), given)[1]
        if reason:
            warn(f"note: the physics of '{study_file}' is not measured: {reason}", language)
    with closing(reporter), prints_on_stderr():
        path, comparison, plot = evaluate_again(
            bundle, given, full, reporter, language, read_machine(machine), program_stopwatch()
        )
    if as_json:
        print_json(comparison.to_json())
        return
    print_ladder(comparison, language)
    say(f"\n{path}\n{plot}")


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
    language: Language = "",
    as_json: AsJson = False,
) -> None:
    """Say whether AI was needed; exits 1 when a criterion fails and 4 when it could not be assessed."""
    from frugal.audit.report.terminal import exit_code
    from frugal.campaigns.workflow import audit_again, terms_from

    if export is not None or out is not None:
        if export is None or out is None:
            raise UnusableInputError("--export FORMAT and --out FILE go together")
        _export_audit(bundle, export, out, as_json)
        return
    if compare is not None:
        _compare_audits(compare, bundle, language, as_json)
        return
    terms = terms_from(factors, country, machine)
    result = audit_again(bundle, terms, read_declared(declarations), program_stopwatch())
    if as_json:
        print_json(result)
    else:
        print_summary(result, language)
        say(f"\n{bundle / f'audit.{language}.html'}")
    raise typer.Exit(exit_code(result))


def _export_audit(bundle: Path, name: str, out: Path, as_json: bool) -> None:
    from frugal.campaigns.workflow import export_audit

    written = export_audit(bundle, name, out)
    if as_json:
        print_json({"files": [str(path) for path in written]})
        return
    for path in written:
        tell_written(path)


def _compare_audits(old: Path, new: Path, language: str, as_json: bool) -> None:
    from frugal.audit.evidence.audit_file import read_audit
    from frugal.audit.evidence.comparison import compare
    from frugal.audit.report.comparison import comparison_lines

    found = compare(read_audit(old), read_audit(new))
    if as_json:
        print_json(found)
        return
    for line in comparison_lines(found, language):
        say(line)


def explain(
    bundle: Annotated[Path, typer.Argument(metavar="BUNDLE|MODEL.onnx", help="A bundle, or one ONNX file of it.")],
    output: Annotated[
        list[str] | None, typer.Option("--output", metavar="Y,Z", help="Outputs to explain; all by default.")
    ] = None,
    candidate: Annotated[
        str | None, typer.Option("--candidate", metavar="NAME", help="Another candidate of the bundle.")
    ] = None,
    out: Annotated[
        Path | None, typer.Option("--out", metavar="DIR", help="Folder for pages, pictures and JSON.")
    ] = None,
    maps: Annotated[
        bool, typer.Option("--maps", help="With --out: the indices of every element, as GeoTIFF or NetCDF.")
    ] = False,
    drop_below: Annotated[
        float,
        typer.Option(
            "--drop-below", metavar="SHARE", help="Share of the variance below which an input can be dropped."
        ),
    ] = 0.01,
    samples: Annotated[
        int | None,
        typer.Option("--samples", metavar="N", help="Rows of each set; as many as take some seconds by default."),
    ] = None,
    seed: Annotated[int, typer.Option("--seed", metavar="N", help="Seed of all draws.")] = 0,
    language: Language = "",
    as_json: AsJson = False,
) -> None:
    """Say which inputs an answer hangs on, how, and which could be left out."""
    from frugal.formats.files.atomic import put_back
    from frugal.insight import report
    from frugal.insight.explain import explain_answer, explanation_content

    if maps and out is None:
        raise UnusableInputError("--maps writes files: it needs --out DIR")
    if out is not None:
        report.check_explanation_folder(out)
    found = explain_answer(
        put_back(bundle),
        candidate=candidate,
        outputs=names_in(output),
        drop_below=drop_below,
        samples=samples,
        seed=seed,
    )
    if out is not None:
        report.write_explanation(out, found, language, maps=maps)
    if as_json:
        print_json(explanation_content(found))
        return
    for table in report.explanation_tables(found, language):
        print_table(table)
    say(report.answer(found, language))
    for line in report.sentences(found, language):
        say(line_to_fit(line))
    if out is not None:
        tell_written(out / f"explanation.{language}.html")
