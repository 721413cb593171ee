"""What was measured, as a command names it, and a run beside it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from frugal.commands.terminal import say
from frugal.errors import UnusableInputError, did_you_mean
from frugal.texts import room_texts

if TYPE_CHECKING:
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
