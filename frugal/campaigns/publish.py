"""Put a finished campaign on disk: bundle, audit, reports and seals appear together or not at all."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from frugal.audit.build import Terms, build_audit
from frugal.audit.evidence.audit_file import read_audit, write_audit
from frugal.audit.evidence.declarations import Declaration, keep
from frugal.audit.evidence.evidence import PREVIOUS
from frugal.audit.exports.huggingface import model_card
from frugal.audit.report.pages import ladder_picture, write_reports
from frugal.campaigns.bundle_writer import write_bundle, write_ledger
from frugal.campaigns.campaign import Campaign, settle_ledger
from frugal.campaigns.costs_to_come import costs_to_come
from frugal.candidates.comparison import Comparison, read_comparison
from frugal.errors import EnvironmentFaultError, FrugalError, UnusableInputError, printable
from frugal.formats.files.atomic import new_folder
from frugal.surrogates.bundle.bundle import ALTERNATIVES, CHECKSUMS, MODEL, held, write_checksums
from frugal.surrogates.bundle.script_file import write_script
from frugal.surrogates.onnx.digest import graph_digest
from frugal.surrogates.onnx.export import model_metadata, with_metadata
from frugal.surroundings import keep_list_of_fonts_out_of_the_home, without_parsers_of_formats


def publish(
    campaign: Campaign,
    out: Path,
    terms: Terms | None = None,
    declarations: Sequence[Declaration] = (),
    recorded: bool = False,
) -> dict[str, Any]:
    """Write a campaign's bundle with its audit.

    Parameters
    ----------
    campaign : Campaign
    out : Path
        Folder of the bundle; one that exists is replaced as a whole, and its audit kept as the one before.
    terms : Terms, optional
        Factors and country of the audit.
    declarations : sequence of Declaration
        What only people can tell, with its evidence files.
    recorded : bool
        The bundle is recorded in MLflow afterwards: the audit counts it, by estimate.

    Returns
    -------
    dict
        The audit.

    Raises
    ------
    EnvironmentFaultError
        If it cannot be written; nothing is left behind, and an older bundle stays as it was.
    """
    check_target(out)
    with held(out), new_folder(out) as folder:
        with campaign.meter.stage("loading"):
            load_reports()
        with campaign.meter.stage("report"):
            write_bundle(campaign, folder)
            if declarations:
                keep(declarations, folder)
            _keep_previous(out, folder, campaign.study.name)
        write_ledger(campaign, folder)
        with campaign.meter.stage("audit"):
            coming = costs_to_come(
                campaign.meter, ("audit", "tracking") if recorded else ("audit",), None, len(campaign.candidates)
            )
            audit = audit_folder(folder, terms=terms, to_come=coming)
        write_ledger(campaign, folder)
        write_checksums(folder)
    settle_ledger(campaign)
    return audit


def load_reports() -> None:
    """Import what pages and plots need, apart from what they take."""
    import jinja2  # noqa: F401

    with without_parsers_of_formats():
        import jsonschema  # noqa: F401

    keep_list_of_fonts_out_of_the_home()
    import matplotlib.backends.backend_agg
    import matplotlib.backends.backend_svg
    import matplotlib.figure  # noqa: F401


def _keep_previous(out: Path, folder: Path, study: str) -> None:
    """Keep the audit of the bundle that is replaced, where it answered the same study: totals are followed over versions."""
    path = out / "audit.json"
    if not path.is_file():
        return
    try:
        before = read_audit(path)
    except FrugalError:
        return  # of an earlier form, or altered: it proves nothing, and the new audit says that it is the first
    if before["study"]["name"] == study:
        (folder / PREVIOUS).write_bytes(path.read_bytes())


def check_target(out: Path) -> None:
    """Refuse a place where a bundle must not be put: only a new or empty folder, or an older bundle, is replaced.

    Raises
    ------
    UnusableInputError
        If something else stands there.
    EnvironmentFaultError
        If the place cannot be written.
    """
    if out.exists() or out.is_symlink():
        is_bundle = all((out / name).is_file() for name in (CHECKSUMS, "study.json"))
        if not (out.is_dir() and not out.is_symlink() and (is_bundle or not any(out.iterdir()))):
            raise UnusableInputError(f"'{out}' exists and is not a bundle; give the bundle another folder with --out")
    parent = next(folder for folder in (out.absolute().parent, *out.absolute().parents) if folder.exists())
    try:
        Path(tempfile.mkdtemp(dir=parent)).rmdir()
    except OSError as fault:
        raise EnvironmentFaultError(f"a bundle cannot be written to '{out}': {parent}: {fault.strerror}") from fault


def audit_folder(
    folder: Path,
    evaluation: Path | None = None,
    terms: Terms | None = None,
    to_come: Mapping[str, float] | None = None,
) -> dict[str, Any]:
    """Write ``model.js``, ``audit.json``, reports, plot and model card of a bundle, and seal its graphs with the audit.

    Parameters
    ----------
    folder : Path
        A bundle, all but the audit written; it is changed in place.
    evaluation : Path, optional
        The file of ``evaluations`` to judge by; ``candidates.json`` where there is none.
    terms : Terms, optional
        Factors, country and machine; `Terms` says what stands in for those that are not given.
    to_come : mapping of str to float, optional
        CPU seconds, by estimate, of the stages whose lines are written after the audit.

    Returns
    -------
    dict
        Content of ``audit.json``.
    """
    model = folder / MODEL
    write_script(folder)
    digest = graph_digest(model.read_bytes()) if model.exists() else None
    audit = build_audit(
        folder, graph_sha256=digest, evaluation=evaluation, terms=terms, to_come=to_come, own_words=True
    )
    write_audit(audit, folder)
    write_reports(audit, folder)
    comparison = read_comparison(evaluation or folder / "candidates.json")
    (folder / "ladder.svg").write_text(ladder_picture(audit, "en"), encoding="utf-8")
    (folder / "README.md").write_text(model_card(audit), encoding="utf-8")
    for graph in [*(folder / ALTERNATIVES).glob("*.onnx"), *([model] if model.exists() else [])]:
        _seal(graph, audit, comparison)
    return audit


def _seal(path: Path, audit: dict[str, Any], comparison: Comparison) -> None:
    content = path.read_bytes()
    try:
        name = model_metadata(content).get("frugal.candidate", "")
    except UnusableInputError as fault:
        raise UnusableInputError(f"'{path}' is not an answer of frugal: {fault}") from fault
    row = comparison.ladder.row(name)
    if row is None:
        raise UnusableInputError(f"'{path}' is not an answer of frugal: there is no candidate '{printable(name)}'")
    extra = {
        "frugal.graph_sha256": graph_digest(content),
        "frugal.audit_sha256": audit["content_sha256"],
        "frugal.verdict": audit["verdict"],
    }
    if row.query:
        per_query = next(iter(row.query.values())).cpu_seconds
        watts = comparison.machine["watts_per_core"]
        extra["frugal.cpu_seconds_per_row"] = f"{per_query:.3g}"
        extra["frugal.joules_per_row"] = f"{per_query * watts:.3g}"
        extra["frugal.measurement_tier"] = comparison.machine["tier"]
    path.write_bytes(with_metadata(content, extra))
