"""Errors of outputs as a campaign tells them while it runs."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

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


#: A row that makes up more than this part of the squared error of every candidate decides all errors.
DOMINANT_SHARE = 0.5


def dominant_row(truth: np.ndarray, answers: Mapping[str, np.ndarray]) -> tuple[int, float] | None:
    """The row that makes up most of the squared error of every candidate, and the least part that it makes up.

    Parameters
    ----------
    truth : array [n]
    answers : mapping of str to array [n]
        Of each candidate, by name; those that are no finite numbers, or right everywhere, do not count.

    Returns
    -------
    (int, float) or None
        None where there is no such row, which is the rule.
    """
    found: set[int] = set()
    least = 1.0
    for answer in answers.values():
        squares = (answer - truth) ** 2
        whole = float(squares.sum())
        if not np.isfinite(whole) or whole == 0:
            continue
        row = int(np.argmax(squares))
        found.add(row)
        least = min(least, float(squares[row]) / whole)
    return (found.pop(), least) if len(found) == 1 and least > DOMINANT_SHARE else None
