"""One candidate as it was measured: errors on held-out runs, query times, limits, costs; a row of ``candidates.json``.

Everything that stands in the file is a field here and is read and written here alone. A number that is not finite is null in
the file, and infinite when it is read. A row that was made by hand, or slimmer, may lack what only details need: blocks of a
timing, elements of an output.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from frugal.candidates.interval import DomainTold, IntervalTold
from frugal.candidates.json_object import JsonObject
from frugal.candidates.output_error import OutputError, largest_ratio, worst_output
from frugal.metering.timing.interleaved_blocks import QueryTime
from frugal.texts import LANGUAGES, Text

#: A call of which more than this is waiting is said to wait.
WAITING_SHARE = 0.5
SHORTEST_WAIT_SECONDS = 1e-3

#: The limit that a candidate breaks which needs data that are missing where the study is asked: no computing makes up for it.
MISSING_DATA = "data"

#: The limit that is chosen: a candidate beyond it could run there all the same, only slower than asked.
LATENCY = "latency"


@dataclass(frozen=True)
class Query:
    """What one query took under a call pattern: the fields of `QueryTime`, and what answered (``onnx`` or ``python``)."""

    cpu_seconds: float
    low: float
    high: float
    blocks: tuple[float, ...]
    wall_seconds_per_call: float
    rows: int
    wall_p95_seconds_per_call: float | None = None
    booked: bool = False
    cv: float | None = None
    runtime: str = ""
    waiting_share: float | None = None

    @property
    def waits(self) -> bool:
        """A call waits for most of its time: what it waits for is not in its price, and may compute elsewhere.

        Below `SHORTEST_WAIT_SECONDS` a call is over before the clocks can tell.
        """
        most = self.waiting_share is not None and self.waiting_share > WAITING_SHARE
        return most and self.wall_seconds_per_call > SHORTEST_WAIT_SECONDS

    @property
    def is_priced(self) -> bool:
        """Every block of the timing holds a time; without one nothing can be said of the cost."""
        return bool(self.blocks) and all(math.isfinite(seconds) for seconds in self.blocks)

    @property
    def slow_seconds_per_call(self) -> float:
        """Wall time that 95 % of the blocks of calls stay within; the median where an older record has no 95th percentile."""
        p95 = self.wall_p95_seconds_per_call
        return self.wall_seconds_per_call if p95 is None else p95

    @classmethod
    def of(cls, time: QueryTime, runtime: str) -> Query:
        """A timing of what answers by a graph (``onnx``) or a program (``python``)."""
        return cls(**asdict(time), runtime=runtime)

    @classmethod
    def read(cls, found: JsonObject) -> Query:
        """From its object in the file."""
        return cls(
            cpu_seconds=found.number("cpu_seconds"),
            low=found.number("low"),
            high=found.number("high"),
            blocks=found.list_of_numbers("blocks"),
            wall_seconds_per_call=found.number("wall_seconds_per_call"),
            rows=found.whole("rows", 1),
            wall_p95_seconds_per_call=found.number_or_none("wall_p95_seconds_per_call"),
            booked=found.truth("booked"),
            cv=found.number_or_none("cv"),
            runtime=found.text("runtime", ""),
            waiting_share=found.number_or_none("waiting_share"),
        )

    def to_json(self) -> dict[str, Any]:
        """As plain values."""
        told = {**asdict(self), "blocks": list(self.blocks)}
        if self.waiting_share is None:
            del told["waiting_share"]
        return told


@dataclass(frozen=True)
class PatternLimits:
    """Limits of one call pattern that are broken, by name, and why, in both languages."""

    met: bool
    broken: tuple[str, ...] = ()
    reasons: tuple[Text, ...] = ()

    @classmethod
    def read(cls, found: JsonObject) -> PatternLimits:
        """From its object in the file."""
        reasons = tuple(found.list_of("reasons"))
        return cls(found.truth("met", True), found.list_of_texts("broken"), reasons)

    def to_json(self) -> dict[str, Any]:
        """As plain values."""
        return {"met": self.met, "broken": list(self.broken), "reasons": [dict(reason) for reason in self.reasons]}


@dataclass(frozen=True)
class Parity:
    """Largest difference between graph and model over ``points`` rows, in standard deviations of the output."""

    max_sigma: float
    points: int
    tolerance_sigma: float

    @property
    def holds(self) -> bool:
        """The graph may ship."""
        return self.max_sigma <= self.tolerance_sigma

    @classmethod
    def read(cls, found: JsonObject) -> Parity:
        """From its object in the file."""
        return cls(found.number("max_sigma"), found.whole("points"), found.number("tolerance_sigma"))


@dataclass(frozen=True)
class CandidateRow:
    """One candidate of the ladder, and what was measured of it.

    Parameters
    ----------
    name, kind, label
        As on the ladder; ``kind`` is one of `frugal.experiments.study.RUNGS`, and ``rung`` its number there.
    status : str
        ``ok``, ``failed`` or ``skipped``; ``message`` says why, by language, empty where there is nothing to say.
    parameters : int, optional
        Numbers in the model.
    log : mapping
        What its fit says of itself.
    needs_runs, needs_compilation : bool
        What belongs to its fixed cost.
    bytes : int, optional
        Size of its graph.
    graph : str, optional
        Path of its graph in the bundle; ``graph_reason`` says why there is none.
    parity : Parity, optional
        Of graph and model.
    half_width : tuple of float, optional
        Of the interval of each element, where it follows the question what its scale is multiplied by; None with maps, whose
        graph holds it.
    interval : IntervalTold, optional
        What the width of the interval follows; None in a file of an older version, whose width is the same everywhere.
    domain : DomainTold, optional
        What says whether a question is inside; None in a file of an older version: the bounds.
    codecarbon_joules : mapping of str to float or None
        By stage.
    lacks : mapping
        Data without which it cannot be asked where the study is asked, by language; empty where it can.
    errors : mapping of str to OutputError
        By output; empty where it could not be measured.
    error_met : bool
        Every declared error is within its tolerance.
    query : mapping of str to Query
        By call pattern, as are ``limits``, ``memory_bytes`` (where it was measured) and ``need_met``.
    other_seeds : tuple of float
        Of a full evaluation: largest ratio of what is held of an error to its tolerance, for fits with other seeds.
    interval_coverage : float, optional
        Share of held-out values within the interval, 0 to 1.
    luck_of_choice : float
        What the bounds of its errors were multiplied by, since it was chosen among others on the same runs; 1 or more.
    fixed_parts : mapping of str to float
        CPU seconds of its fixed cost; ``fixed_cpu_seconds`` is their sum, None where it was not measured.
    measured_again : bool, optional
        In an evaluation: it was measured in it, or ``measured_again_reason`` says why it keeps its earlier measurement.
    """

    name: str
    kind: str
    rung: int
    label: Text
    status: str = "ok"
    message: Text = field(default_factory=dict)
    parameters: int | None = None
    log: Mapping[str, Any] = field(default_factory=dict)
    needs_runs: bool = False
    needs_compilation: bool = False
    bytes: int | None = None
    graph: str | None = None
    graph_reason: Text = field(default_factory=dict)
    parity: Parity | None = None
    half_width: tuple[float, ...] | None = None
    interval: IntervalTold | None = None
    domain: DomainTold | None = None
    codecarbon_joules: Mapping[str, float | None] = field(default_factory=dict)
    lacks: Text = field(default_factory=dict)
    errors: Mapping[str, OutputError] = field(default_factory=dict)
    error_met: bool = False
    query: Mapping[str, Query] = field(default_factory=dict)
    limits: Mapping[str, PatternLimits] = field(default_factory=dict)
    memory_bytes: Mapping[str, int] = field(default_factory=dict)
    need_met: Mapping[str, bool] = field(default_factory=dict)
    other_seeds: tuple[float, ...] = ()
    interval_coverage: float | None = None
    luck_of_choice: float = 1.0
    fixed_parts: Mapping[str, float] = field(default_factory=dict)
    fixed_cpu_seconds: float | None = None
    measured_again: bool | None = None
    measured_again_reason: str = ""

    @property
    def is_ai(self) -> bool:
        """Learned surrogates are AI, everything else is an alternative to it."""
        return self.kind == "surrogate"

    @property
    def works(self) -> bool:
        """It was built, and held against the held-out runs."""
        return self.status == "ok" and bool(self.errors)

    @property
    def worst_output(self) -> str | None:
        """Output nearest to or farthest beyond its tolerance; the first one where none is declared, None without errors."""
        return worst_output(self.errors)

    @property
    def worst_error(self) -> OutputError | None:
        """Error of the `worst_output`."""
        return None if self.worst_output is None else self.errors[self.worst_output]

    @property
    def error_ratio(self) -> float:
        """Largest ratio of an upper bound to its tolerance; infinite where no tolerance is declared."""
        return largest_ratio(self.errors)

    @property
    def value_ratio(self) -> float:
        """Largest ratio of an error itself to its tolerance; infinite where no tolerance is declared."""
        ratios = [error.value / error.tolerance for error in self.errors.values() if error.tolerance]
        return max(ratios, default=math.inf)

    @property
    def bounded(self) -> bool:
        """Every error with a tolerance has an upper bound."""
        return all(error.bounded for error in self.errors.values() if error.tolerance is not None)

    @property
    def error_bound(self) -> float:
        """Upper bound of the worst error over its tolerance; in its own metric where none is set, infinite without errors."""
        worst = self.worst_error
        if worst is None:
            return math.inf
        return worst.held if worst.ratio is None else worst.ratio

    def keeps_limits(self, pattern: str) -> bool:
        """Every limit of a call pattern is kept, as far as it was measured for it."""
        return pattern not in self.limits or self.limits[pattern].met

    @property
    def interval_misses(self) -> float | None:
        """By how much the measured coverage of its intervals is off the nominal, below it negative.

        None where none was measured, and of what is the truth itself or makes no error: its intervals have no width.
        """
        if self.interval_coverage is None or not any(error.value > 0 for error in self.errors.values()):
            return None
        return self.interval_coverage - (0.9 if self.interval is None else self.interval.level)

    def lifetime_cpu_seconds(self, pattern: str, queries: float) -> float | None:
        """CPU seconds for so many queries under a call pattern, preparation included; None if not measured."""
        if pattern not in self.query or self.fixed_cpu_seconds is None:
            return None
        return float(self.fixed_cpu_seconds + queries * self.query[pattern].cpu_seconds)

    def label_in(self, language: str) -> str:
        """Its plain name."""
        return self.label.get(language) or self.label.get("en") or self.name

    @property
    def labels(self) -> Text:
        """Its plain name in both languages."""
        return {language: self.label_in(language) for language in LANGUAGES}

    @classmethod
    def read(cls, content: Any, file: str) -> CandidateRow:
        """From its object in the file.

        Parameters
        ----------
        content : object
            What was parsed. Beside name and kind everything may be missing, as an answer that failed or a row made by hand
            has it.
        file : str
            For messages.

        Raises
        ------
        UnusableInputError
            Naming the key that is missing or damaged, the candidate and the file.
        """
        name = JsonObject(content, file, "a candidate").text("name")
        found = JsonObject(content, file, f"candidate '{name}'")
        parity, interval, domain = (
            JsonObject(found.plain(key), file, found.within(key)) for key in ("parity", "interval", "domain")
        )
        return cls(
            name=name,
            kind=found.text("kind"),
            rung=found.whole("rung", 0),
            label=found.words("label"),
            status=found.text("status", "ok"),
            message=found.words("message"),
            parameters=found.whole_or_none("parameters"),
            log=found.plain("log"),
            needs_runs=found.truth("needs_runs"),
            needs_compilation=found.truth("needs_compilation"),
            bytes=found.whole_or_none("bytes"),
            graph=found.text_or_none("graph"),
            graph_reason=found.words("graph_reason"),
            parity=Parity.read(parity) if found.holds("parity") else None,
            half_width=found.list_of_numbers("half_width") if found.holds("half_width") else None,
            interval=IntervalTold.read(interval) if found.holds("interval") else None,
            domain=DomainTold.read(domain) if found.holds("domain") else None,
            codecarbon_joules=found.plain("codecarbon_joules"),
            lacks=found.words("lacks"),
            errors={key: OutputError.read(part) for key, part in found.objects("error", "error").items()},
            error_met=found.truth("error_met"),
            query={key: Query.read(part) for key, part in found.objects("query", "query").items()},
            limits={key: PatternLimits.read(part) for key, part in found.objects("limits", "limits").items()},
            memory_bytes={key: int(value) for key, value in found.numbers("memory_bytes").items()},
            need_met=found.truths("need_met"),
            other_seeds=found.list_of_numbers("other_seeds"),
            interval_coverage=found.number_or_none("interval_coverage"),
            luck_of_choice=found.number("luck_of_choice") if found.holds("luck_of_choice") else 1.0,
            fixed_parts=found.numbers("fixed_parts"),
            fixed_cpu_seconds=found.number_or_none("fixed_cpu_seconds"),
            measured_again=found.truth("measured_again") if found.holds("measured_again") else None,
            measured_again_reason=found.text("measured_again_reason", ""),
        )

    def to_json(self) -> dict[str, Any]:
        """As it stands in ``candidates.json``."""
        again = {"measured_again": self.measured_again, "measured_again_reason": self.measured_again_reason}
        return {
            "name": self.name,
            "kind": self.kind,
            "is_ai": self.is_ai,
            "rung": self.rung,
            "label": dict(self.label),
            "status": self.status,
            "message": dict(self.message) or None,
            "parameters": self.parameters,
            "log": dict(self.log),
            "needs_runs": self.needs_runs,
            "needs_compilation": self.needs_compilation,
            "bytes": self.bytes,
            "graph": self.graph,
            "graph_reason": dict(self.graph_reason) or None,
            "parity": None if self.parity is None else asdict(self.parity),
            "half_width": None if self.half_width is None else list(self.half_width),
            **({"interval": self.interval.to_json()} if self.interval is not None else {}),
            **({"domain": self.domain.to_json()} if self.domain is not None else {}),
            "codecarbon_joules": dict(self.codecarbon_joules),
            **({"lacks": dict(self.lacks)} if self.lacks else {}),
            "error": {name: error.to_json() for name, error in self.errors.items()},
            "error_met": self.error_met,
            "query": {name: query.to_json() for name, query in self.query.items()},
            "limits": {name: limits.to_json() for name, limits in self.limits.items()},
            "memory_bytes": dict(self.memory_bytes),
            "need_met": dict(self.need_met),
            **({"other_seeds": list(self.other_seeds)} if self.other_seeds else {}),
            "interval_coverage": self.interval_coverage,
            **({"luck_of_choice": self.luck_of_choice} if self.luck_of_choice != 1.0 else {}),
            "fixed_parts": dict(self.fixed_parts),
            "fixed_cpu_seconds": self.fixed_cpu_seconds,
            **(again if self.measured_again is not None else {}),
        }

    def slim(self) -> dict[str, Any]:
        """As pages and exports need it: without single blocks and elements, which weigh most, and without parity."""
        row = self.to_json()
        del row["parity"]
        if "interval" in row:
            del row["interval"]["scale"]
        for error in row["error"].values():
            del error["elements"]
            if error.get("bounded", True):  # without a bound the error at each place is what there is to tell
                error.pop("by_place", None)
        for query in row["query"].values():
            del query["blocks"]
        return row
