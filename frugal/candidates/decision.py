"""What was decided over the candidates of a study for one call pattern, and the constants it was decided by."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from typing import Any, Literal, cast, get_args

from frugal.candidates.json_object import JsonObject
from frugal.texts import Text

Verdict = Literal[
    "demonstrated",
    "infeasible_otherwise",
    "conditional",
    "undecided",
    "not_demonstrated",
    "trade_off",
    "not_assessed",
]

#: The reason of a decision where everything was measured, and no candidate meets the need.
NOTHING_MEETS = "nothing_meets_the_need"
#: Reasons that leave a verdict undecided and that steadier timings may take away.
DOUBTS_OF_TIMINGS = frozenset({"margin_not_sure", "break_even_too_near", "materiality_not_sure"})


@dataclass(frozen=True)
class Policy:
    """Constants that are ours, printed in every audit.

    Parameters
    ----------
    margin : float
        AI must be cheaper by this factor; about twice the 6 to 12 % by which timings on a shared machine vary.
    queries_factor : float
        Even the low end of the usage interval must exceed the break-even by this factor, because demand is a forecast.
    materiality_cpu_seconds : float
        Smaller savings over the service life justify nothing (1,200 CPU s are about 1 Wh at 3 W per core).
    tie_factor : float
        Within it the lower rung of the ladder wins.
    probability : float
        How sure a verdict must be.
    draws : int
        Of the Monte Carlo.
    """

    margin: float = 1.25
    queries_factor: float = 3.0
    materiality_cpu_seconds: float = 1200.0
    tie_factor: float = 1.25
    probability: float = 0.95
    draws: int = 10_000

    @classmethod
    def read(cls, found: JsonObject) -> Policy:
        """From its object in the file; a constant that is missing is the one of today."""
        return cls(**{one.name: found.number(one.name) for one in fields(cls) if found.holds(one.name)})  # type: ignore[arg-type]


@dataclass(frozen=True)
class Interval:
    """Low, middle and high value; ``inf`` stands for never."""

    low: float
    median: float
    high: float


@dataclass(frozen=True)
class Decision:
    """What was decided for one call pattern; see `frugal.surrogates.decision.decide.decide`.

    ``reasons`` are codes, and ``told`` the same in words. ``flip_queries`` is about the least low end of the usage interval,
    its ratio to the high end kept, for which the need for AI would count as demonstrated, all else as measured; infinite
    where no use would do, None where there is no pair to compare. ``limits_that_exclude`` are those of accurate alternatives
    that the verdict hangs on, ``without_limits`` is the cheapest of these. ``straddling`` are candidates whose error is within
    its limit and whose upper bound is not. ``seeds_turned`` counts the other seeds of the fits that gave another verdict, and
    those that were tried. ``lifetime_cpu_seconds`` leaves out what cannot be asked for want of data. ``queries_mid`` is None
    only in records made by hand.
    """

    pattern: str
    winner: str | None
    verdict: Verdict
    reasons: tuple[str, ...]
    best_ai: str | None
    best_alternative: str | None
    queries: tuple[float, float] | None
    queries_mid: float | None
    lifetime_cpu_seconds: Mapping[str, float]
    missing_baselines: tuple[str, ...] = ()
    break_even_queries: Interval | None = None
    flip_queries: float | None = None
    saving_cpu_seconds: Interval | None = None
    probability_ai_cheaper: float | None = None
    probability_alternative_cheaper: float | None = None
    limits_that_exclude: tuple[str, ...] = ()
    without_limits: str | None = None
    straddling: tuple[str, ...] = ()
    seeds_turned: tuple[int, int] | None = None
    winner_is_ai: bool | None = None
    policy: Policy = field(default_factory=Policy)
    told: tuple[Text, ...] = ()

    @property
    def nothing_meets(self) -> bool:
        """Everything was measured, and no candidate meets the need: there is nothing to retain, and nothing to need AI for."""
        return NOTHING_MEETS in self.reasons

    @property
    def timings_leave_it_undecided(self) -> bool:
        """The verdict is undecided for want of steadier timings, and not, or not only, of errors that are better known."""
        return self.verdict == "undecided" and not DOUBTS_OF_TIMINGS.isdisjoint(self.reasons)

    @classmethod
    def read(cls, content: Any, file: str) -> Decision:
        """From its object in the file.

        Parameters
        ----------
        content : object
            What was parsed; figures may be missing, as where there was no pair to compare.
        file : str
            For messages.

        Raises
        ------
        UnusableInputError
            Naming the key that is missing or damaged, the decision and the file.
        """
        pattern = JsonObject(content, file, "a decision").text("pattern")
        found = JsonObject(content, file, f"decision '{pattern}'")
        verdict = found.text("verdict")
        if verdict not in get_args(Verdict):
            raise found.fault("verdict", f"one of {', '.join(get_args(Verdict))}")
        queries = found.list_of_numbers("queries")
        if queries and len(queries) != 2:
            raise found.fault("queries", "two numbers")
        reasons = [JsonObject(part, file, f"a reason of {found.place}") for part in found.list_of("reasons")]
        even = JsonObject(found.plain("break_even_queries"), file, found.within("break_even_queries"))
        compared = found.holds("break_even_queries")
        flip = found.number_or_none("flip_queries")
        return cls(
            pattern=pattern,
            winner=found.text_or_none("winner"),
            verdict=cast(Verdict, verdict),
            reasons=tuple(reason.text("code", "") for reason in reasons),
            best_ai=found.text_or_none("best_ai"),
            best_alternative=found.text_or_none("best_alternative"),
            queries=cast(tuple[float, float], queries) if queries else None,
            queries_mid=found.number_or_none("queries_mid"),
            lifetime_cpu_seconds=found.numbers("lifetime_cpu_seconds"),
            missing_baselines=found.list_of_texts("missing_baselines"),
            break_even_queries=Interval(*map(even.number, ("low", "median", "high"))) if compared else None,
            flip_queries=math.inf if compared and flip is None else flip,
            saving_cpu_seconds=_percentiles(found),
            probability_ai_cheaper=found.number_or_none("probability_ai_cheaper"),
            probability_alternative_cheaper=found.number_or_none("probability_alternative_cheaper"),
            limits_that_exclude=found.list_of_texts("limits_that_exclude"),
            without_limits=found.text_or_none("without_limits"),
            straddling=found.list_of_texts("straddling"),
            seeds_turned=_of_seeds(found),
            winner_is_ai=found.truth("winner_is_ai") if found.holds("winner_is_ai") else None,
            policy=Policy.read(JsonObject(found.plain("policy"), file, found.within("policy"))),
            told=tuple(reason.in_languages() for reason in reasons),
        )

    def to_json(self) -> dict[str, Any]:
        """As it stands in ``candidates.json``; what is infinite becomes null where it is written."""
        plain = asdict(self)
        told = plain.pop("told")
        plain["reasons"] = [{"code": code, **words} for code, words in zip(self.reasons, told, strict=True)]
        plain["queries"] = list(self.queries) if self.queries else None
        for name in ("without_limits", "straddling", "seeds_turned"):  # what earlier versions did not keep
            if not plain[name]:
                del plain[name]
        saving = self.saving_cpu_seconds
        plain["saving_cpu_seconds"] = saving and {"p5": saving.low, "p50": saving.median, "p95": saving.high}
        plain["lifetime_cpu_seconds"] = dict(self.lifetime_cpu_seconds)
        return plain


def _of_seeds(found: JsonObject) -> tuple[int, int] | None:
    counted = found.list_of_numbers("seeds_turned")
    if counted and len(counted) != 2:
        raise found.fault("seeds_turned", "two numbers")
    return (int(counted[0]), int(counted[1])) if counted else None


def _percentiles(found: JsonObject) -> Interval | None:
    saving = JsonObject(found.plain("saving_cpu_seconds"), found.file, found.within("saving_cpu_seconds"))
    return Interval(*map(saving.number, ("p5", "p50", "p95"))) if saving.holds("p50") else None
