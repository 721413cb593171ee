"""Every metric that a tolerance may be in.

Sources: Nash and Sutcliffe (1970), Journal of Hydrology 10:282 (``nse``); Gupta et al. (2009), Journal of Hydrology 377:80
(``kge``); Pushpalatha et al. (2012), Journal of Hydrology 420-421:171 (``log_nse``); Moriasi et al. (2007), Transactions of the
ASABE 50:885 (``nrmse_std``, there RSR).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal, get_args

import numpy as np

from frugal.errors import UnusableInputError, did_you_mean
from frugal.experiments.metrics import statistics as of
from frugal.experiments.metrics.sample import Sample
from frugal.texts import Text, room_texts

_TEXTS = room_texts("frugal.experiments")

#: What a metric is measured in: a share of something of the same unit, the unit of the output, that of its time axis, or what
#: a score of at most 1 lacks to 1.
Scale = Literal["share", "output", "time", "score"]
#: One error of all elements together, or that of the worst element.
Over = Literal["pooled", "worst"]
#: What the columns are when nothing is pooled.
Columns = Literal["elements", "places", "times"]


@dataclass(frozen=True)
class Metric:
    """A way to measure how wrong an output is.

    Parameters
    ----------
    name : str
        As needs write it.
    scale : str
        What it is measured in.
    statistics : callable
        ``statistics(sample, pooled) -> [n, statistics, columns]``; the sums of several runs are those of each added up.
    combine : callable
        ``combine(sums [..., statistics, columns], n [..., 1]) -> [..., columns]``: the error of so many runs.
    columns : str
        What each column is when nothing is pooled.
    needs_time, needs_undefined : bool
        Only for outputs with a time axis; only for outputs whose elements may be undefined.
    needs_positive : bool
        No true value may be below 0, or be 0 either where ``needs_logarithms`` says so.
    needs_mean : bool
        It divides by the mean of the truth, which must say something: not about 0.
    needs_spread : bool
        The mean must not be many times the spread either, or else a constant is good to a small share of it.
    pools_only_series : bool
        Without a time axis there is nothing to pool: it compares the values of one element over the runs.
    instead : str
        What to use where it cannot be used.
    divisor : callable, optional
        Of a root mean square: what it is divided by, from the truth; None of a metric that is none.
    parts : {"squares", "distances"}
        What the first statistic of a row adds up: squares of errors, or errors themselves.
    second : {"none", "counts", "divisor"}
        What the second one is: there is none; how many errors the first one adds up; or what the mean of the first is divided
        by, each a mean over the runs.
    is_over_spread : bool
        It divides by how far all true values spread, which one run alone does not tell.
    is_root : bool
        The error is a root of the mean of the first.

    Notes
    -----
    A run with a value that is no finite number, true or predicted, has no statistics (NaN), and no error can be told of it:
    whatever a metric does with NaN, a number that is missing never counts as a small error.
    """

    name: str
    scale: Scale
    statistics: Callable[[Sample, bool], np.ndarray]
    combine: Callable[[np.ndarray, np.ndarray], np.ndarray]
    columns: Columns = "elements"
    needs_time: bool = False
    needs_undefined: bool = False
    needs_positive: bool = False
    needs_logarithms: bool = False
    needs_mean: bool = False
    needs_spread: bool = False
    pools_only_series: bool = False
    instead: str = "rmse or nrmse_std"
    divisor: Callable[[np.ndarray], float] | None = None
    parts: Literal["squares", "distances"] = "squares"
    second: Literal["none", "counts", "divisor"] = "counts"
    is_over_spread: bool = False
    is_root: bool = True

    def __post_init__(self) -> None:
        object.__setattr__(self, "statistics", of.only_of_numbers(self.statistics))
        object.__setattr__(self, "combine", of.missing_where_missing(self.combine))

    @property
    def is_score(self) -> bool:
        """The more the better, at most 1: users write the least of it, and the error is what it lacks to 1."""
        return self.scale == "score"

    @property
    def with_article(self) -> str:
        """Its name in a sentence: an nrmse, a kge."""
        return f"{'an' if self.name[0] in 'anr' else 'a'} {self.name}"

    @property
    def label(self) -> Text:
        """What its values are called, by language."""
        return _TEXTS.say(f"metric.{self.name}")

    def error_allowed(self, limit: float) -> float:
        """The largest error where a user allowed ``limit``: itself, or of a score what it lacks to 1."""
        return 1.0 - limit if self.is_score else limit

    def check_limit(self, limit: Any) -> None:
        """Refuse what cannot be the least of a score; other limits are for the caller to refuse.

        Raises
        ------
        UnusableInputError
            Naming the limit.
        """
        if self.is_score and not (isinstance(limit, int | float) and math.isfinite(limit) and limit < 1):
            raise UnusableInputError(f"limit = {limit!r}; the least {self.name} is told, a number below 1")

    def check_use(self, what: str, *, has_time: bool, has_undefined: bool, compares_runs: bool, pooled: bool) -> None:
        """Refuse an output of which the metric says nothing.

        Parameters
        ----------
        what : str
            Name of the output.
        has_time, has_undefined : bool
            It has a time axis; its elements may be undefined.
        compares_runs : bool
            It has several elements and no series, so that only runs can be held against each other.
        pooled : bool
            One error of all elements is asked for.

        Raises
        ------
        UnusableInputError
            Naming output and metric.
        """
        told = f"the tolerance of '{what}' is of the metric {self.name}"
        if self.needs_undefined and not has_undefined:
            raise UnusableInputError(f"{told}, but it is defined everywhere; use {self.instead}")
        if self.needs_time and not has_time:
            raise UnusableInputError(f"{told}, but it has no time axis; use {self.instead}")
        if self.pools_only_series and pooled and compares_runs:
            raise UnusableInputError(
                f"{told}, which without a time axis compares one element over the runs and cannot be pooled; "
                f"write over = 'worst' or use {self.instead}"
            )

    def value(self, sample: Sample, pooled: bool) -> np.ndarray:
        """The error of each column ``[k]``, without an interval."""
        return self.combine(self.statistics(sample, pooled).sum(axis=0), np.array([float(len(sample.truth))]))


METRICS: dict[str, Metric] = {
    metric.name: metric
    for metric in (
        Metric(
            "nrmse",
            "share",
            of.squares_and_mean,
            of.root_mean_over_mean,
            needs_mean=True,
            needs_spread=True,
            instead="nrmse_std or rmse",
            divisor=lambda truth: abs(float(truth.mean())),
            second="divisor",
        ),
        Metric(
            "nrmse_std",
            "share",
            of.squares_and_deviation,
            of.root_mean_over_mean,
            divisor=lambda truth: float(truth.std()),
            second="divisor",
            is_over_spread=True,
        ),
        Metric(
            "nrmse_range",
            "share",
            of.squares_and_range,
            of.root_mean_over_mean,
            divisor=lambda t: float(np.ptp(t)),
            second="divisor",
        ),
        Metric("rmse", "output", of.squares, of.root_mean, divisor=lambda truth: 1.0, second="none"),
        Metric(
            "rmse_defined",
            "output",
            of.squares_of_defined,
            of.root_of_ratio,
            needs_undefined=True,
            divisor=lambda truth: 1.0,
        ),
        Metric("nse", "score", of.squares_and_spread, of.ratio_of_sums, "places", second="divisor", is_root=False),
        Metric(
            "kge",
            "score",
            of.distances_to_perfect,
            of.mean_distance,
            "places",
            needs_mean=True,
            pools_only_series=True,
            instead="nse",
            parts="distances",
            is_root=False,
        ),
        Metric(
            "log_nse",
            "score",
            of.squares_and_spread_of_logarithms,
            of.ratio_of_sums,
            "places",
            needs_positive=True,
            instead="nse",
            second="divisor",
            is_root=False,
        ),
        Metric(
            "rmsle",
            "share",
            of.squares_of_logarithms,
            of.root_mean,
            needs_positive=True,
            needs_logarithms=True,
            instead="nrmse_std or rmse",
            second="none",
        ),
        Metric("peak_error", "output", of.squares_of_peaks, of.root_of_ratio, "places", needs_time=True),
        Metric("timing_error", "time", of.squares_of_peak_times, of.root_of_ratio, "places", needs_time=True),
        Metric(
            "area_error",
            "share",
            of.squares_of_areas,
            of.root_mean_over_mean,
            "times",
            needs_undefined=True,
            second="divisor",
        ),
    )
}

#: Names of earlier versions, which needs and bundles may hold for ever.
FORMER_NAMES = {"rmse_wet": "rmse_defined"}


def metric_of(name: Any) -> Metric:
    """A metric by its name, or by a former one.

    Raises
    ------
    UnusableInputError
        If there is none, with the nearest name.
    """
    found = METRICS.get(FORMER_NAMES.get(name, name)) if isinstance(name, str) else None
    if found is None:
        raise UnusableInputError(
            f"metric {name!r} is unknown; known: {', '.join(METRICS)}{did_you_mean(name, (*METRICS, *FORMER_NAMES))}"
        )
    return found


def scale_of(name: str) -> Scale:
    """What a metric is measured in; of one that is not known, the unit of the output."""
    found = METRICS.get(FORMER_NAMES.get(name, name))
    return "output" if found is None else found.scale


def error_allowed(name: str, limit: float) -> float:
    """The largest error where a need allows ``limit`` of a metric, by name; see `Metric.error_allowed`."""
    return 1.0 - limit if scale_of(name) == "score" else limit


def check_over(over: Any) -> None:
    """Refuse what is neither ``pooled`` nor ``worst``, nor left open.

    Raises
    ------
    UnusableInputError
        Naming the value.
    """
    if over is not None and over not in get_args(Over):
        raise UnusableInputError(
            f"over = {over!r}; 'pooled' (all elements together) or 'worst' (the worst element) is allowed"
        )
