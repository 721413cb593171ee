"""One answer of a predictor as it goes into a file."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from frugal.experiments.runs.result import INTERVAL_SUFFIXES, Result
from frugal.surrogates.bundle.predictor import Predictor


def prediction_result(
    predictor: Predictor,
    answers: Mapping[str, np.ndarray],
    inputs: Mapping[str, Any],
    row: int = 0,
    scenario: str | None = None,
) -> Result:
    """One of the answers of a predictor, with the ends of its intervals.

    Parameters
    ----------
    predictor : Predictor
    answers : mapping
        As the predictor gave them.
    inputs : mapping
        What was asked in that row, as plain values.
    row : int
        Which of the rows.
    scenario : str, optional
        Name of the scenario that was asked.
    """
    values = {name: np.asarray(answer[row]) for name, answer in answers.items()}
    return Result(
        study=predictor.study_name,
        study_hash=predictor.study_hash,
        outputs=predictor.outputs,
        values=values,
        candidate=predictor.candidate,
        inputs=inputs,
        title=predictor.title.get("en", ""),
        suffixes=INTERVAL_SUFFIXES,
        in_domain=bool(values["in_domain"]),
        scenario=scenario or "",
        site=predictor.site,
        notes=[note.get("en", "") for note in predictor.notes],
    )
