"""The command that answers from a bundle."""

from __future__ import annotations

import io
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from frugal.commands.answer_file import GeoTiff, answer_file
from frugal.commands.french import in_language
from frugal.commands.options import AsJson, Inputs, Language, ScenarioName
from frugal.commands.printing import plain_inputs, print_assumed, print_json, print_output, warn
from frugal.commands.terminal import say, tell_written
from frugal.errors import UnusableInputError
from frugal.texts import room_texts

if TYPE_CHECKING:
    import pyarrow

    from frugal.commands.answer_file import AnswerFile
    from frugal.surrogates.bundle.predictor import Predictor

_TEXTS = room_texts("frugal.commands")


def predict(
    model: Annotated[Path, typer.Argument(metavar="BUNDLE|MODEL.onnx", help="A bundle, or one ONNX file of it.")],
    inputs: Inputs = None,
    csv: Annotated[Path | None, typer.Option("--csv", metavar="FILE", help="Answer every row of a table.")] = None,
    out: Annotated[
        Path | None,
        typer.Option(
            "--out",
            metavar="FILE",
            help="Write the answer there: .tif, .gpkg, .parquet or .nc by its ending; the table of --csv as .csv or .parquet.",
        ),
    ] = None,
    candidate: Annotated[
        str | None, typer.Option("--candidate", metavar="NAME", help="Another candidate of the bundle.")
    ] = None,
    extrapolate: Annotated[bool, typer.Option("--extrapolate", help="Answer outside the bounds, flagged.")] = False,
    scenario: ScenarioName = None,
    geotiff: GeoTiff = None,
    language: Language = "",
    as_json: AsJson = False,
) -> None:
    """Answer with a bundle, or with its ONNX file alone."""
    from frugal.formats.files.atomic import put_back
    from frugal.surrogates.bundle.predictor import Predictor

    if geotiff is not None and csv is not None:
        raise UnusableInputError("--geotiff holds the maps of one answer; it does not go with --csv")
    predictor = Predictor(put_back(model), candidate)
    for note in predictor.doubts:
        say(note[language], err=True)
    instead = _answered_instead(model, predictor) if candidate is None else {}
    if instead:
        say(_TEXTS.phrase("answer.instead", language, **{**instead, "reason": instead["reason"][language]}), err=True)
    if csv is not None:
        if inputs or scenario:
            raise UnusableInputError("give either -i and --scenario, or --csv, not both")
        if _predict_table(predictor, csv, out, extrapolate, as_json, language, instead):
            raise typer.Exit(1)
        return
    file = answer_file(out, geotiff, predictor.study_name, predictor.outputs, language)
    _predict_one(predictor, inputs or [], scenario, extrapolate, as_json, file, language, instead)


def _answered_instead(model: Path, predictor: Predictor) -> dict[str, Any]:
    """Which candidate answers in the place of the one that was retained, and why; nothing where that one answers itself."""
    from frugal.candidates.comparison import read_comparison

    path = model / "candidates.json"
    if not path.is_file():
        return {}
    comparison = read_comparison(path)
    winner = comparison.ladder.winner
    if winner is None or winner.name == predictor.candidate:
        return {}
    return {"candidate": predictor.candidate, "retained": winner.name, "reason": dict(comparison.model.reason)}


def _predict_one(
    predictor: Predictor,
    inputs: list[str],
    scenario: str | None,
    extrapolate: bool,
    as_json: bool,
    file: AnswerFile | None,
    language: str,
    instead: dict[str, Any],
) -> None:
    from frugal.experiments.study.questions import find_scenario, question
    from frugal.experiments.study.values import parse_settings
    from frugal.surrogates.bundle.table_columns import with_input_names

    chosen = None if scenario is None else find_scenario(predictor.scenarios, scenario, predictor.study_name)
    asked = question(
        predictor.inputs,
        with_input_names(parse_settings(inputs, "input"), predictor.inputs),
        chosen,
        bounded=not extrapolate,
    )
    print_assumed(predictor.inputs, asked, scenario, language)
    answers = predictor(asked.row[None], extrapolate=extrapolate)
    _tell_what_is_no_number(predictor.without_number(answers), language)
    if file is not None:
        from frugal.surrogates.bundle.prediction_result import prediction_result

        file.write(prediction_result(predictor, answers, plain_inputs(predictor.inputs, asked), scenario=scenario))
    if as_json:
        plain = {name: answer[0].tolist() for name, answer in answers.items()}
        print_json({**plain, "answered_by": instead} if instead else plain)
        return
    for output in predictor.outputs:
        low, high = (answers[output.name + end][0] for end in ("_lower", "_upper"))
        print_output(output, answers[output.name][0], low, high, language)
    if any(not output.dims for output in predictor.outputs):
        level = f"{100 * predictor.interval_level:.0f}"
        say(_TEXTS.phrase("answer.interval", language, level=level), err=True)
    if not answers["in_domain"][0]:
        warn("outside the domain the answer was made for: do not rely on it", language)


def _tell_what_is_no_number(without_number: Mapping[str, int], language: str) -> None:
    for name, rows in without_number.items():
        warn(f"the answer '{name}' is not a finite number in {rows} rows: do not rely on it", language)


def _predict_table(
    predictor: Predictor,
    csv: Path,
    out: Path | None,
    extrapolate: bool,
    as_json: bool,
    language: str,
    instead: dict[str, Any],
) -> int:
    """Answer the rows of a table; how many have no answer, since they are out of bounds."""
    from frugal.experiments.runs.result_files import endings_for
    from frugal.formats.files.atomic import is_regular_target
    from frugal.surrogates.bundle.prediction_table import RowsTold, answer_table, fields_left_out

    if out is not None and out.suffix.lower() not in (".csv", ".parquet", ".pq") and is_regular_target(out):
        raise UnusableInputError(f"--out '{out}' of a table must end in .csv or .parquet")
    left_out = fields_left_out(predictor)
    if left_out:
        names, endings = ", ".join(output.name for output in left_out), endings_for(left_out)
        say(_TEXTS.phrase("answer.fields_left_out", language, names=names, endings=endings), err=True)
    told = RowsTold()
    blocks = answer_table(predictor, csv, extrapolate, told)
    if out is not None:
        from frugal.formats.files.table_writer import table_writer

        with table_writer(out) as write:
            for block in blocks:
                write(block)
        if as_json:
            print_json({"answers": str(out), **({"answered_by": instead} if instead else {})})
        else:
            tell_written(out)
    else:
        if instead and as_json:
            blocks = (block.append_column("answered_by", [[instead["candidate"]] * len(block)]) for block in blocks)
        _print_table(blocks, as_json)
    _tell_what_is_no_number(told.without_number, language)
    if told.outside:
        first = in_language(told.first_outside, language)
        say(_TEXTS.phrase("answer.rows_outside", language, count=told.outside, first=first), err=True)
    return told.outside


def _print_table(blocks: Iterable[pyarrow.Table], as_json: bool) -> None:
    """Print a table that may be long: kept in a file until it is whole, so that nothing is printed of one that fails."""
    import shutil
    import tempfile

    from frugal.formats.files.table_writer import csv_writer, json_writer

    with tempfile.TemporaryFile() as kept:
        write = json_writer(kept) if as_json else csv_writer(kept)
        for block in blocks:
            write(block)
        if as_json:
            kept.write(b"\n]\n")
        kept.seek(0)
        with io.TextIOWrapper(kept, encoding="utf-8", newline="") as text:
            shutil.copyfileobj(text, sys.stdout, 1 << 20)
