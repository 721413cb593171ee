"""The command that answers from a bundle."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from frugal.commands.options import AsJson, Inputs, Language, ScenarioName
from frugal.commands.printing import print_assumed, print_json, print_value, warn
from frugal.errors import UnusableInputError

if TYPE_CHECKING:
    from frugal.surrogates.bundle.predictor import Predictor


def predict(
    model: Annotated[Path, typer.Argument(metavar="BUNDLE|MODEL.onnx", help="A bundle, or one ONNX file of it.")],
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
    scenario: ScenarioName = None,
    geotiff: Annotated[
        Path | None, typer.Option("--geotiff", metavar="FILE.tif", help="Write the maps of one answer there.")
    ] = None,
    language: Language = "",
    as_json: AsJson = False,
) -> None:
    """Answer with a bundle, or with its ONNX file alone."""
    from frugal.surrogates.bundle.predictor import Predictor

    if out is not None and csv is None:
        raise UnusableInputError("--out goes with --csv")
    if geotiff is not None and csv is not None:
        raise UnusableInputError("--geotiff holds the maps of one answer; it does not go with --csv")
    predictor = Predictor(model, candidate)
    if csv is not None:
        if inputs or scenario:
            raise UnusableInputError("give either -i and --scenario, or --csv, not both")
        _predict_table(predictor, csv, out, extrapolate, as_json)
        return
    _predict_one(predictor, inputs or [], scenario, extrapolate, as_json, geotiff, language)


def _predict_one(
    predictor: Predictor,
    inputs: list[str],
    scenario: str | None,
    extrapolate: bool,
    as_json: bool,
    geotiff: Path | None,
    language: str,
) -> None:
    from frugal.experiments.study.questions import find_scenario, question
    from frugal.experiments.study.values import parse_settings

    chosen = None if scenario is None else find_scenario(predictor.scenarios, scenario, predictor.study_name)
    asked = question(predictor.inputs, parse_settings(inputs, "input"), chosen, bounded=not extrapolate)
    print_assumed(predictor.inputs, asked, scenario, language)
    if geotiff is not None:
        from frugal.experiments.runs.geotiff import check_maps
        from frugal.surrogates.bundle.prediction_maps import write_geotiff

        check_maps(predictor.study_name, predictor.outputs)
    answers = predictor(asked.row[None], extrapolate=extrapolate)
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
            language=language,
        )
    if not answers["in_domain"][0]:
        warn("outside the domain the answer was made for: do not rely on it", language)


def _predict_table(predictor: Predictor, csv: Path, out: Path | None, extrapolate: bool, as_json: bool) -> None:
    from frugal.surrogates.bundle.prediction_table import predict_table

    table = predict_table(predictor, csv, extrapolate)
    if out is not None:
        from frugal.formats.files.tables import write_table

        write_table(out, table)
        print_json({"answers": str(out)}) if as_json else typer.echo(str(out))
    elif as_json:
        print_json(table.to_dict(orient="records"))
    else:
        typer.echo(table.to_csv(index=False), nl=False)
