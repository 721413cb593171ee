"""One answer of a predictor with maps as a GeoTIFF in its coordinate system."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np

from frugal.experiments.runs.geotiff import write_maps
from frugal.surrogates.bundle.predictor import Predictor


def write_geotiff(path: Path | str, predictor: Predictor, answers: Mapping[str, np.ndarray], row: int = 0) -> None:
    """Write every map of one answer, then the ends of its interval, as the bands of a GeoTIFF.

    Maps that have a meaning only where another one is wet hold no data where that one is dry. The scalars of the same answer,
    the study, the candidate and whether the inputs were in the domain stand in the tags.

    Parameters
    ----------
    path : path
    predictor : Predictor
    answers : mapping
        As the predictor gave them.
    row : int
        Which of its rows.

    Raises
    ------
    UnusableInputError
        If the study has no map or no grid.
    EnvironmentFaultError
        If the file cannot be written.
    """
    values = {name: np.asarray(answer[row]) for name, answer in answers.items()}
    tags = {"CANDIDATE": predictor.candidate, "IN_DOMAIN": "yes" if bool(values["in_domain"]) else "no"}
    suffixes = ("", "_lower", "_upper")
    write_maps(path, predictor.study_name, predictor.outputs, values, tags, suffixes)
