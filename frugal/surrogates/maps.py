"""One answer of a study with maps as a GeoTIFF in its coordinate system."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np

from frugal.errors import UnusableInputError
from frugal.experiments.outputs import Output
from frugal.formats.bands import Band, write_bands
from frugal.surrogates.predictor import Predictor


def check_maps(predictor: Predictor) -> None:
    """Refuse an answer that has no map, or does not say where its maps lie.

    Raises
    ------
    UnusableInputError
        Saying which.
    """
    if not any(output.is_map for output in predictor.outputs):
        raise UnusableInputError(f"study '{predictor.study_name}' has no map; --geotiff needs one")
    if not predictor.grid:
        raise UnusableInputError(
            f"study '{predictor.study_name}' does not say where its maps lie (no coordinate system): no GeoTIFF can be made"
        )


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
    check_maps(predictor)
    bands = []
    for suffix in ("", "_lower", "_upper"):
        for output in predictor.outputs:
            if output.is_map:
                values = np.asarray(answers[output.name + suffix][row], dtype=float)
                dry = _dry(predictor.outputs, output, answers, row)
                bands.append(Band(output.name + suffix, output.unit, np.where(dry, np.nan, values)))
    scalars = {o.name.upper(): f"{float(answers[o.name][row]):.6g} {o.unit}" for o in predictor.outputs if not o.dims}
    tags = {
        **scalars,
        "STUDY": predictor.study_name,
        "CANDIDATE": predictor.candidate,
        "IN_DOMAIN": "yes" if bool(answers["in_domain"][row]) else "no",
        "SOFTWARE": "frugal",
    }
    write_bands(path, bands, predictor.grid["crs"], predictor.grid["transform"], tags)


def _dry(outputs: tuple[Output, ...], output: Output, answers: Mapping[str, np.ndarray], row: int) -> np.ndarray:
    """Cells ``[y, x]`` where a map has no meaning."""
    if not output.wet_where:
        return np.zeros(output.shape, dtype=bool)
    source = next(o for o in outputs if o.name == output.wet_where)
    return np.asarray(answers[source.name][row] <= source.wet_threshold)
