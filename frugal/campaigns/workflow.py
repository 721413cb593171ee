"""What the commands do: train, evaluate again, audit again. Each is one call for a user of the library too."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from frugal.audit.build import Terms
from frugal.audit.evidence.audit_file import read_audit
from frugal.audit.evidence.declarations import Declaration, keep, kept
from frugal.audit.evidence.recheck import recheck
from frugal.audit.exports.export import export, export_files
from frugal.campaigns.campaign import Campaign, Settings, run_campaign
from frugal.campaigns.costs_to_come import costs_to_come
from frugal.campaigns.mlflow_record import load_recorder, record
from frugal.campaigns.publish import audit_folder, check_target, load_reports, publish
from frugal.campaigns.reevaluation import evaluate_bundle, latest_evaluation
from frugal.campaigns.table_notes import notes_of
from frugal.candidates.comparison import Comparison, read_comparison
from frugal.errors import EnvironmentFaultError, NotAssessedError, UnusableInputError
from frugal.experiments.designs.from_table import table_of_runs
from frugal.experiments.study import Need, Study
from frugal.formats.files.atomic import write_text
from frugal.metering.factors.table import load_factors
from frugal.metering.instruments import LOADED
from frugal.metering.ledger.ledger import Ledger
from frugal.metering.meter import Meter, campaign_id
from frugal.metering.power.machine import Machine
from frugal.metering.power.machine_file import MACHINE_FILE, read_machine
from frugal.metering.timing.stopwatch import Stopwatch
from frugal.reporting.progress import Reporter, Silent
from frugal.surrogates.bundle.bundle import CHECKSUMS, first_fault, growing, held, is_evidence, open_bundle
from frugal.surroundings import program_begins

#: Where bundles go when nobody says.
BUNDLES = Path("bundles")


@dataclass(frozen=True)
class Trained:
    """A finished ``train``: the bundle's folder, its audit, what ``candidates.json`` holds, and what else is to be told."""

    bundle: Path
    audit: dict[str, Any]
    comparison: Comparison
    notes: tuple[str, ...] = ()


def train_study(
    build: Callable[[], Study],
    settings: Settings | None = None,
    out: Path | None = None,
    reporter: Reporter | None = None,
    declarations: Sequence[Declaration] = (),
    program: Stopwatch | None = None,
    records: Path | None = None,
) -> Trained:
    """Run a campaign for a study, write its bundle with the audit, and record it in MLflow.

    Parameters
    ----------
    build : callable
        Gives the study; what it costs to build is booked.
    settings : Settings, optional
        Of the campaign.
    out : Path, optional
        Folder of the bundle, ``bundles/STUDY`` by default.
    reporter : Reporter, optional
    declarations : sequence of Declaration
        What only people can tell, kept with the bundle.
    program : Stopwatch, optional
        Of a command: has run since its process began, and is stopped here.
    records : Path, optional
        Where ``mlflow.db`` and ``mlruns`` lie when no tracking server is named; the working folder by default.
    """
    settings, reporter = settings or Settings(), reporter or Silent()
    if out is not None:
        check_target(out)
    reporter.stage("prepare")
    watch = _prepares(program)
    study = build()
    check_target(out or BUNDLES / study.name)
    campaign = run_campaign(study, settings, reporter, until_start=watch, program=program)
    return _finish(campaign, out or BUNDLES / study.name, reporter, declarations, records)


def train_table(
    path: Path,
    inputs: list[str],
    outputs: list[str],
    need: Need | None = None,
    settings: Settings | None = None,
    out: Path | None = None,
    reporter: Reporter | None = None,
    declarations: Sequence[Declaration] = (),
    program: Stopwatch | None = None,
    group: str | None = None,
) -> Trained:
    """The same for a table of runs; candidates that need physics are then absent, and the verdict says so.

    Parameters
    ----------
    path : Path
        Of the table, CSV or Parquet.
    inputs, outputs : list of str
        Names of its columns.
    need : Need, optional
        By the names of the columns; where it is absent, a tenth of the standard deviation of each output, not declared.
    settings : Settings, optional
        Of the campaign; its number of runs is not used.
    out : Path, optional
        Folder of the bundle, ``bundles/TABLE`` by default.
    reporter : Reporter, optional
    declarations : sequence of Declaration
        What only people can tell, kept with the bundle.
    program : Stopwatch, optional
        Of a command: has run since its process began, and is stopped here.
    group : str, optional
        Name of a column whose rows of one value are held out, and left out of fits, together.

    Returns
    -------
    Trained

    Raises
    ------
    UnusableInputError
        If the table cannot be used, or something that is no bundle stands where it is to go.
    """
    settings, reporter = settings or Settings(), reporter or Silent()
    reporter.stage("prepare")
    watch = _prepares(program)
    table = table_of_runs(path, inputs, outputs, need, settings.seed, group)
    check_target(out or BUNDLES / table.study.name)
    campaign = run_campaign(table.study, settings, reporter, table.design, table.outputs, watch, program)
    trained = _finish(campaign, out or BUNDLES / table.study.name, reporter, declarations)
    return replace(trained, notes=(*table.notes, *notes_of(campaign, table), *trained.notes))


def _prepares(program: Stopwatch | None) -> Stopwatch:
    """A stopwatch for what comes now; that of the program ends here."""
    if program is not None:
        program.stop()
        program_begins()
    return Stopwatch()


def _finish(
    campaign: Campaign,
    out: Path,
    reporter: Reporter,
    declarations: Sequence[Declaration],
    records: Path | None = None,
) -> Trained:
    reporter.stage("audit")
    with campaign.meter.stage("loading"):
        load_recorder(records or Path.cwd())
    audit = publish(campaign, out, declarations=declarations, recorded=True)
    reporter.stage("record")
    where = {} if records is None else {"folder": records}
    notes: tuple[str, ...] = ()
    try:
        record_bundle(out, campaign.meter.campaign, **where)
    except EnvironmentFaultError as fault:
        notes = (str(fault),)
    return Trained(out, audit, read_comparison(out / "candidates.json"), notes)


def record_bundle(bundle: Path, campaign: str, folder: Path | None = None) -> str:
    """Record a bundle in MLflow and book what that cost in its ledger; returns the run's identifier.

    Raises
    ------
    EnvironmentFaultError
        If it cannot be recorded or booked; the bundle is complete without.
    """
    with held(bundle):
        meter = Meter(Ledger(bundle / "ledger.jsonl"), campaign)
        with meter.stage("tracking") as entry:
            try:
                run = record(bundle, folder or Path.cwd())
            except EnvironmentFaultError as fault:
                raise EnvironmentFaultError(f"{fault}; the bundle itself is complete in '{bundle}'") from fault
            entry.message = f"MLflow run {run}"
        with growing(bundle):
            pass  # nothing but the line of this stage, sealed with the others
    return run


def evaluate_again(
    bundle_path: Path,
    given: Study | None = None,
    full: bool = False,
    reporter: Reporter | None = None,
    language: str = "en",
    machine: Machine | None = None,
    program: Stopwatch | None = None,
) -> tuple[Path, Comparison, Path]:
    """Measure a bundle again; returns the new file, its content and the plot drawn from it.

    Parameters
    ----------
    bundle_path : Path
    given : Study, optional
        From a file that the user named; nothing that a bundle names is ever executed. Without it an installed study is
        taken.
    full : bool
        Thirty blocks and ten CPU seconds for each candidate, instead of a quick look.
    reporter : Reporter, optional
    language : {"en", "fr"}
        Of the plot.
    machine : Machine, optional
        As `frugal.metering.power.machine_file.read_machine` gives it; by default what the machine tells of itself.
    program : Stopwatch, optional
        Of a command: has run since its process began.

    Returns
    -------
    path : Path
        The new file among the bundle's ``evaluations``.
    comparison : Comparison
        Its content.
    plot : Path
        SVG, beside the file.

    Raises
    ------
    NotAssessedError
        If lines of the bundle's ledger are missing or were altered.
    """
    with held(bundle_path):
        path = evaluate_bundle(
            open_bundle(bundle_path), given, full, reporter, machine=machine, language=language, program=program
        )
    return path, read_comparison(path), path.with_suffix(".svg")


def audit_again(
    bundle_path: Path,
    terms: Terms | None = None,
    declarations: Sequence[Declaration] = (),
    program: Stopwatch | None = None,
) -> dict[str, Any]:
    """Audit a bundle on its newest evaluation; the bundle with its new audit replaces the old one as a whole.

    Parameters
    ----------
    bundle_path : Path
    terms : Terms, optional
        Factors, country and machine.
    declarations : sequence of Declaration
        What only people can tell; they take the place of those that the bundle holds.
    program : Stopwatch, optional
        Of a command: has run since its process began.

    Raises
    ------
    UnusableInputError
        If it is no bundle, a file of it was altered, or the terms cannot be used.
    NotAssessedError
        If its runs, its answers, its ledger or an evidence file are missing or changed, or something that can be computed
        again comes out otherwise.
    """
    with held(bundle_path):
        return _audit_held(bundle_path, terms, declarations, program)


def _audit_held(
    bundle_path: Path, terms: Terms | None, declarations: Sequence[Declaration], program: Stopwatch | None
) -> dict[str, Any]:
    if not (bundle_path / CHECKSUMS).is_file():
        open_bundle(bundle_path)  # says that it is no bundle
    kept(bundle_path)  # evidence that changed is told as such, and not as any other file of the bundle
    fault = first_fault(bundle_path, is_evidence)
    if fault:
        raise NotAssessedError(fault)
    bundle, evaluation = open_bundle(bundle_path), latest_evaluation(bundle_path)
    for evidence in ("runs.zarr/zarr.json", "ledger.jsonl"):
        if not (bundle_path / evidence).is_file():
            raise NotAssessedError(
                f"'{bundle_path / evidence}' is missing: without this evidence nothing can be assessed"
            )
    with growing(bundle_path) as folder:
        meter = Meter(Ledger(folder / "ledger.jsonl"), campaign_id())
        if declarations:
            keep(declarations, folder)
        if program is not None:
            program.stop()
            meter.book("loading", program, message=LOADED)
        with meter.stage("loading"):
            load_reports()
        with meter.stage("audit"):
            watch = Stopwatch()
            recheck(bundle, evaluation)
            coming = costs_to_come(meter, ("audit",), watch)
            audit = audit_folder(folder, latest_evaluation(folder), terms, coming)
    return audit


def terms_from(factors: Path | None, country: str | None, machine: Path | None) -> Terms:
    """Terms of an audit from the files that a user names.

    Parameters
    ----------
    factors : Path or None
        A table of the user's own, laid over the packaged one; None takes the packaged one alone.
    country : str or None
        ISO 3166-1 alpha-3, for the electricity; None leaves it to the machine's file, else France.
    machine : Path or None
        TOML; None takes ``machine.toml`` of the working folder, where it is there.

    Returns
    -------
    Terms

    Raises
    ------
    UnusableInputError
        If a file cannot be used, or no factor is known for the country.
    """
    table = load_factors(factors)
    if country is not None:
        table.electricity("gwp", country)
    named = machine is not None or MACHINE_FILE.is_file()
    return Terms(table, country, read_machine(machine) if named else None)


def export_audit(bundle_path: Path, name: str, out: Path) -> list[Path]:
    """Write the audit of a bundle in another format: one file, or the files of the format into a folder that exists.

    Parameters
    ----------
    bundle_path : Path
    name : str
        One of `frugal.audit.exports.export.FORMATS`.
    out : Path
        The file to write, or a folder that exists; neither within a bundle.

    Returns
    -------
    list of Path
        What was written.

    Raises
    ------
    UnusableInputError
        If the format is unknown, or the audit cannot be read.
    NotAssessedError
        If the audit was changed, or holds nothing that the format needs.
    """
    audit = read_audit(bundle_path)
    inside = next((p for p in (out.resolve(), *out.resolve().parents) if (p / CHECKSUMS).is_file()), None)
    if inside is not None:
        raise UnusableInputError(
            f"--out '{out}' lies in the bundle '{inside}', whose files are sealed; write elsewhere"
        )
    contents = {out / file: text for file, text in export_files(audit, name).items()} if out.is_dir() else None
    contents = contents if contents is not None else {out: export(audit, name)}
    for path, text in contents.items():
        write_text(path, text)
    return list(contents)
