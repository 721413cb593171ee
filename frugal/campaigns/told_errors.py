"""Errors of outputs as a campaign tells them while it runs."""

from __future__ import annotations

from collections.abc import Mapping

from frugal.candidates.grid_error import GridError
from frugal.candidates.output_error import OutputError
from frugal.experiments.study import Study
from frugal.reporting.units_text import error_quantity
from frugal.texts import LANGUAGES, Text


def told_errors(study: Study, errors: Mapping[str, OutputError] | Mapping[str, GridError]) -> Text:
    """Label and size of each error, by language.

    Parameters
    ----------
    study : Study
    errors : mapping of str to OutputError or GridError
        By output, in order.
    """
    outputs = {output.name: output for output in study.outputs}
    return {
        language: ", ".join(
            f"{outputs[name].label.get(language) or name} "
            f"({error_quantity(error.value, error.metric, outputs[name].unit, language)})"
            for name, error in errors.items()
        )
        for language in LANGUAGES
    }
