"""A look at the runs so far: what a few candidates that are quickly fitted err by, and whether the need is met."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any, TypeVar

import numpy as np

from frugal.candidates.json_object import JsonObject
from frugal.candidates.output_error import LARGEST_ERROR, OutputError
from frugal.experiments.runs.store import Runs
from frugal.experiments.study import Study
from frugal.surrogates.adaptive.learning_curve import foretold
from frugal.surrogates.fitting.judging import Judging, judging_for
from frugal.surrogates.ladder.builders import Built, ModelBuilder
from frugal.surrogates.ladder.judged import judged_answers
from frugal.surrogates.measurement.bounds import LEVEL
from frugal.surrogates.measurement.choice import luck_of_choice
from frugal.surrogates.measurement.errors import output_errors
from frugal.surrogates.measurement.noise import above_noise
from frugal.surrogates.measurement.places import groups_of
from frugal.surrogates.models.registry import models_for

#: Candidates that are fitted at each look: of each family the one that a few seconds fit, none that only compares.
LOOKED_AT = ("quadratic", "polynomial_chaos", "mlp", "gaussian_process")

#: Between searches of settings no candidate is fitted that erred by more than so many times the least.
FAR = 3.0

T = TypeVar("T")

#: Builders that keep the settings of an earlier search, by candidate.
Settings = Mapping[str, ModelBuilder]


@dataclass(frozen=True)
class Look:
    """What a look found.

    Parameters
    ----------
    runs, judged : int
        Finished runs, and those of them that were judged.
    errors, bounds : mapping of str to float
        By candidate, the largest error of an output over what is allowed, and its upper bound; the need is met where a bound
        is at most 1.
    """

    runs: int
    judged: int
    errors: Mapping[str, float] = field(default_factory=dict)
    bounds: Mapping[str, float] = field(default_factory=dict)

    @property
    def best(self) -> str | None:
        """The candidate of least error."""
        return min(self.errors, key=self.errors.__getitem__) if self.errors else None

    @property
    def met(self) -> bool:
        """Some candidate keeps every limit with its bound."""
        return any(bound <= 1 for bound in self.bounds.values())

    @property
    def bounded(self) -> bool:
        """Enough was judged for a bound of some candidate."""
        return any(bound < LARGEST_ERROR for bound in self.bounds.values())

    def to_json(self) -> dict[str, Any]:
        """As plain values."""
        return {"runs": self.runs, "judged": self.judged, "errors": dict(self.errors), "bounds": dict(self.bounds)}

    @classmethod
    def read(cls, content: Any, file: str) -> Look:
        """From plain values."""
        found = JsonObject(content, file, "a look at runs")
        return cls(found.whole("runs"), found.whole("judged"), found.numbers("errors"), found.numbers("bounds"))


@dataclass(frozen=True)
class Looked:
    """A look with the fits to those runs that are not held out, their errors by output, and their settings."""

    look: Look
    fits: Mapping[str, Built]
    errors: Mapping[str, Mapping[str, float]]
    settings: Settings


def look_at(
    study: Study,
    runs: Runs,
    seed: int,
    earlier: Sequence[Look] = (),
    noise: Mapping[str, OutputError] | None = None,
    settings: Settings | None = None,
) -> Looked:
    """Fit a few candidates and judge them on the runs that were fixed beforehand, those held out or in folds.

    Settings are searched on the runs that are not held out, or kept from an earlier look; folds are fitted with these. A bound
    is that of a decision, with what choosing adds, at the level that so many looks ask for: who looks often enough meets a
    need by luck.

    Parameters
    ----------
    study : Study
        Its need has a tolerance.
    runs : Runs
        All so far.
    seed : int
    earlier : sequence of Look
        At fewer of these runs.
    noise : mapping of str to OutputError, optional
        Of the solver, by output: no error is told to be less.
    settings : mapping of str to ModelBuilder, optional
        Of an earlier look, by candidate: those are fitted with them, and no others. All are searched where nothing is given.

    Returns
    -------
    Looked
    """
    judging = judging_for(runs, seed)
    if settings is None:
        fits, settings = searched(study, runs, seed)
    else:
        fits = _fitted(settings, runs.training)
    answers: dict[str, np.ndarray] = {}
    for name, built in fits.items():
        told = _unless_it_fails(partial(_judged, judging, built, settings[name]))
        if told is not None and np.isfinite(told).all():
            answers[name] = told
    fits = {name: built for name, built in fits.items() if name in answers}
    truth, groups = judging.judged.outputs, groups_of(judging.judged.places)
    errors = {
        name: above_noise(output_errors(study, truth, told, groups, seed), noise or {})
        for name, told in answers.items()
    }
    luck = luck_of_choice(study, truth, answers, errors, groups, seed)
    more = _level_of_looks(sum(look.bounded for look in earlier) + 1)
    limited = [output.name for output in study.outputs if output.name in study.need.tolerances]
    ratios = {name: {output: _ratio(told[output]) for output in limited} for name, told in errors.items()}
    bounds = {
        name: max(_bound(told[output], luck.get(name, 1.0), more) for output in limited)
        for name, told in errors.items()
    }
    worst = {name: max(own.values()) for name, own in ratios.items()}
    return Looked(Look(len(runs), len(judging.rows), worst, bounds), fits, ratios, settings)


def searched(study: Study, runs: Runs, seed: int) -> tuple[dict[str, Built], dict[str, ModelBuilder]]:
    """Candidates fitted to the runs that are not held out, with the settings found there, and how they are fitted again."""
    builders = {model.name: ModelBuilder(study, model, seed) for model in models_for(study) if model.name in LOOKED_AT}
    fits = _fitted(builders, runs.training)
    return fits, {name: builders[name].again() for name in fits}


def _fitted(builders: Settings, runs: Runs) -> dict[str, Built]:
    found = {name: _unless_it_fails(partial(builder, runs)) for name, builder in builders.items()}
    return {name: built for name, built in found.items() if built is not None}


def _judged(judging: Judging, built: Built, refit: ModelBuilder) -> np.ndarray:
    parts = [built] if judging.by == "held_out" else [refit(part) for part, _ in judging.pairs()]
    return judged_answers(judging, parts).answers


def _unless_it_fails(make: Callable[[], T]) -> T | None:
    """What a candidate gives; without one that fails a look goes on, and the ladder at the end tries it and tells why."""
    try:
        return make()
    except MemoryError:
        raise
    except Exception:
        return None


def worth_following(look: Look, settings: Settings) -> dict[str, ModelBuilder]:
    """Candidates that are fitted until settings are searched again: those not far behind the best."""
    least = min(look.errors.values(), default=0.0)
    return {name: made for name, made in settings.items() if look.errors.get(name, np.inf) <= FAR * least}


def out_of_reach(looks: Sequence[Look], ceiling: int) -> bool:
    """Whether the learning curve of no candidate comes to its limit with so many runs, much doubt granted."""
    names = sorted({name for look in looks for name in look.errors})
    if not names or not looks or ceiling <= looks[-1].runs:
        return False
    for name in names:
        told = [(look.runs, look.errors[name]) for look in looks if name in look.errors]
        found = foretold([runs for runs, _ in told], [error for _, error in told], ceiling)
        if found is None or found.least <= 1:
            return False
    return True


def _level_of_looks(looks: int) -> float:
    """How much further a bound lies at the level that so many looks ask for, on the scale of logarithms (Bonferroni)."""
    from scipy.special import ndtri

    return float(ndtri(1 - (1 - LEVEL) / looks) / ndtri(LEVEL))


def _ratio(error: OutputError) -> float:
    value = error.value / float(error.tolerance or 1.0)
    return min(value, LARGEST_ERROR) if np.isfinite(value) else LARGEST_ERROR


def _bound(error: OutputError, luck: float, more: float) -> float:
    if not error.bounded or error.is_missing or not np.isfinite(error.high):
        return LARGEST_ERROR
    above = (error.high / error.value) ** more if error.value > 0 else 1.0
    bound = (error.value * above if error.value > 0 else error.high) * luck / float(error.tolerance or 1.0)
    return float(min(bound, LARGEST_ERROR))
