"""Whether the solver of a study answers the same inputs twice alike; its noise is the least error of every answer."""

from __future__ import annotations

from frugal.campaigns.told_errors import told_errors
from frugal.experiments.runs.repeats import points_for, repeat
from frugal.experiments.study import Study
from frugal.experiments.study.design import Design
from frugal.metering.meter import Meter
from frugal.reporting.progress import Reporter
from frugal.surrogates.measurement.errors import output_errors
from frugal.surrogates.measurement.noise import REPEATS
from frugal.texts import room_texts

_TEXTS = room_texts("frugal.campaigns")


def watch_for_noise(study: Study, design: Design, seconds: float, meter: Meter, reporter: Reporter, seed: int) -> None:
    """Run some inputs twice before the campaign, book it as evaluation, and tell where the answers differ.

    Parameters
    ----------
    study : Study
        With a solver.
    design : Design
    seconds : float
        CPU seconds of one run.
    meter : Meter
    reporter : Reporter
    seed : int
        Of the interval around the noise.
    """
    points = points_for(len(design), seconds)
    if points == 0:
        return
    reporter.stage("repeats", points)
    with meter.stage("evaluation") as entry:
        found = repeat(study, design, points)
        apart = found.relative_differences(study)
        told = {"points": len(found), "relative_differences": {k: min(v, 1e6) for k, v in apart.items() if v > 0}}
        noise = output_errors(study, found.first, found.second, None, seed) if found.differ(study) else {}
        entry.details = {REPEATS: {**told, "noise": {name: error.to_json() for name, error in noise.items()}}}
    if noise:
        reporter.note(
            _TEXTS.say(
                "noise.found",
                outputs=told_errors(study, {name: error for name, error in noise.items() if error.value > 0}),
            )
        )
