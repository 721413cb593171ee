"""What was measured, as a command names it, a run beside it, and what is fitted to it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from frugal.commands.french import in_language
from frugal.commands.options import (
    AsJson,
    Inputs,
    Language,
    ScenarioName,
    SiteFile,
    SiteSettings,
    StudyFile,
    load_study,
    names_in,
)
from frugal.commands.printing import line_to_fit, print_json, print_table, warn
from frugal.commands.terminal import prints_on_stderr, say, tell_written
from frugal.errors import UnusableInputError, did_you_mean
from frugal.texts import LANGUAGES, room_texts

if TYPE_CHECKING:
    from frugal.calibration.calibrate import Calibration, Wanted
    from frugal.experiments.runs.residuals import Residuals
    from frugal.experiments.study import Observations, Study

_TEXTS = room_texts("frugal.commands")


def find_observations(study: Study, named: str) -> Observations:
    """The observations of a study that have this name, or those of a table.

    Parameters
    ----------
    study : Study
    named : str
        A name among its observations, or a path.

    Raises
    ------
    UnusableInputError
        If it is neither, or the table measures what the study does not answer.
    """
    from frugal.experiments.study.observations_file import read_observations
    from frugal.experiments.study.questions import check_observations

    known = {observations.name: observations for observations in study.observations}
    if named in known:
        return known[named]
    if not Path(named).suffix and not Path(named).exists():
        raise UnusableInputError(
            f"observations '{named}' of study '{study.name}' are unknown; known: {', '.join(known) or 'none'}, or a file"
            f"{did_you_mean(named, known)}"
        )
    found = read_observations(named, study.outputs)
    check_observations(study.name, [found], study.outputs, study.scenarios)
    return found


def describe_residuals(found: Sequence[Residuals], observations: Observations) -> Mapping[str, Any]:
    """Residuals as plain values, measurement by measurement."""
    return {
        "name": observations.name,
        "source": observations.source,
        "outputs": [
            {
                "output": one.output,
                "unit": one.unit,
                "n": len(one.measurements),
                "undefined": one.undefined,
                "bias": one.bias,
                "rmse": one.rmse,
                "within_two_sigma": one.within,
                "rows": [
                    {
                        "place": measured.place or None,
                        "time": measured.time,
                        "measured": measured.value,
                        "modelled": float(modelled),
                        "sigma": measured.sigma,
                    }
                    for measured, modelled in zip(one.measurements, one.modelled, strict=True)
                ],
            }
            for one in found
        ],
    }


def print_residuals(found: Sequence[Residuals], observations: Observations, language: str = "en") -> None:
    """One line an output: how many were measured, how far the run is from them on average, and how often within the error.

    Those that were left out, because the run has no value there, are counted.
    """
    for one in found:
        named = {"output": one.output, "name": observations.name, "n": len(one.measurements)}
        if one.bias is None or one.rmse is None:
            line = _TEXTS.phrase("answer.not_compared", language, **named)
        else:
            unit = "" if one.unit == "1" else f" {one.unit}"
            numbers = {"bias": f"{one.bias:+.4g}", "rmse": f"{one.rmse:.4g}", "unit": unit}
            line = _TEXTS.phrase("answer.residuals", language, **named, **numbers)
        if one.within is not None:
            line += _TEXTS.phrase("answer.within", language, share=f"{100 * one.within:.3g}")
        if one.undefined:
            line += _TEXTS.phrase("answer.undefined", language, undefined=one.undefined)
        say(line)


def calibrate(
    target: Annotated[
        str | None,
        typer.Argument(metavar="STUDY|BUNDLE", help="Name of an installed study, or a bundle.", show_default=False),
    ] = None,
    observations: Annotated[
        str,
        typer.Option(
            "--observations", metavar="NAME|FILE.csv", help="What was measured: a table, or observations of the study."
        ),
    ] = "",
    parameters: Annotated[
        list[str] | None,
        typer.Option(
            "--parameters", metavar="A,B", help="What is fitted: parameters of the physics (all by default) or inputs."
        ),
    ] = None,
    study_file: StudyFile = None,
    site: SiteFile = None,
    settings: SiteSettings = None,
    inputs: Inputs = None,
    scenario: ScenarioName = None,
    candidate: Annotated[
        str | None, typer.Option("--candidate", metavar="NAME", help="Another candidate of the bundle.")
    ] = None,
    runs: Annotated[
        int | None,
        typer.Option("--runs", metavar="N", help="Runs of the solver to learn from, where there is no bundle."),
    ] = None,
    out: Annotated[
        Path | None, typer.Option("--out", metavar="DIR", help="Folder for pages, pictures, draws and JSON.")
    ] = None,
    seed: Annotated[int, typer.Option("--seed", metavar="N", help="Seed of all draws.")] = 0,
    language: Language = "",
    as_json: AsJson = False,
) -> None:
    """Fit what is unknown to what was measured, with intervals, and check it with the full solver."""
    from frugal.calibration import report
    from frugal.calibration.calibrate import Wanted
    from frugal.experiments.study.values import parse_settings

    if not observations:
        raise UnusableInputError("--observations NAME|FILE.csv is needed: without measurements nothing can be fitted")
    if out is not None:
        report.check_calibration_folder(out)
    wanted = Wanted(observations, names_in(parameters), parse_settings(inputs or [], "input"), scenario or "", seed)
    if target is not None and _is_bundle(target):
        if runs is not None:
            raise UnusableInputError("--runs is of a study; a bundle answers by what it has learnt")
        found = _calibrated_bundle(Path(target), wanted, candidate, study_file, site, settings, language)
    else:
        from frugal.calibration.calibrate import calibrate_study

        if candidate is not None:
            raise UnusableInputError("--candidate is of a bundle, and none is given")
        study = load_study(target, study_file, site, settings, language=language)
        with prints_on_stderr():
            found = calibrate_study(study, wanted, runs)
    if out is not None:
        report.write_calibration(out, found, language)
    if as_json:
        print_json(report.calibration_content(found))
        return
    print_table(report.calibration_table(found, language))
    say(report.answer(found, language))
    for line in report.sentences(found, language):
        say(line_to_fit(line))
    if out is not None:
        tell_written(out / f"calibration.{language}.html")


def _is_bundle(target: str) -> bool:
    """A folder, unless a study of this name is installed."""
    from frugal.experiments.study.registry import installed_studies
    from frugal.formats.files.atomic import put_back

    return target not in installed_studies() and put_back(Path(target)).is_dir()


def _calibrated_bundle(
    path: Path,
    wanted: Wanted,
    candidate: str | None,
    study_file: Path | None,
    site: Path | None,
    settings: list[str] | None,
    language: str,
) -> Calibration:
    from frugal.calibration.calibrate import calibrate_bundle
    from frugal.campaigns.reevaluation import study_of
    from frugal.surrogates.bundle.bundle import open_bundle

    bundle = open_bundle(path)
    given = load_study(None, study_file, site, settings, language=language) if study_file is not None else None
    with prints_on_stderr():
        study, reason = study_of(bundle, given)
        if given is not None and reason:
            warn(f"note: the physics of '{study_file}' is not asked: {reason}", language)
        told = {each: in_language(reason, each) for each in LANGUAGES} if reason else None
        return calibrate_bundle(bundle, wanted, study, told, candidate)
