"""A cheap answer of the study, corrected: what it misses is learnt from the runs by ridge regression on the inputs.

A formula, a table or coarser physics knows most of the answer; what it misses is often a constant and a slope, which a few
dozen runs tell. Asking costs the cheap answer and one matrix product more. Nothing but least squares is learnt, so that it
counts as the cheap answer does, and not as AI.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from time import process_time, thread_time
from typing import Any

import numpy as np

from frugal.experiments.study import RUNGS, Alternative, Answer, Kind, Study, Variable
from frugal.surrogates.fitting.model import Fitted, Model, Skipped, check_runs
from frugal.surrogates.onnx.graph import Graph
from frugal.texts import LANGUAGES, room_texts

_TEXTS = room_texts("frugal.surrogates")

#: Rungs whose answers are corrected.
CORRECTED_KINDS: tuple[Kind, ...] = ("formula", "table", "coarse_physics")
#: An answer that takes longer is not corrected: every run would be asked of it, and every run that judges once more.
DEAR_ANSWER_SECONDS = 0.2
PREFIX = "corrected_"


@dataclass(frozen=True)
class FittedCorrection:
    """A cheap answer, and the fit to what it misses.

    Parameters
    ----------
    study : Study
    answer : Answer
    inner : Fitted
        Of the differences, all outputs side by side.
    log : dict
    """

    study: Study
    answer: Answer
    inner: Fitted
    log: dict[str, Any]

    @property
    def parameters(self) -> int:
        """Those that are learnt."""
        return self.inner.parameters

    @property
    def has_graph(self) -> bool:
        """The answer has one, so that its correction has one too."""
        return self.answer.graph is not None

    def predict(self, inputs: np.ndarray) -> np.ndarray:
        """Outputs ``[n, m]`` of inputs ``[n, d]``."""
        return asked(self.study, self.answer, inputs) + self.inner.predict(inputs)

    def graph(self, builder: Graph, x: str) -> str:
        """The nodes of the answer, those of the fit, and their sum in float64; only where `has_graph`."""
        assert self.answer.graph is not None
        own = builder.cast(x, np.float32) if builder.takes_double(x) else x  # alternatives take that
        parts = [builder.cast(y, np.float64) for y in (self.answer.graph(builder, own), self.inner.graph(builder, x))]
        return builder.op("Add", *parts)


@dataclass(frozen=True)
class Corrected:
    """A cheap answer of the study plus what it misses, learnt by a model that is no AI.

    Parameters
    ----------
    study : Study
    alternative : Alternative
        The answer that is corrected.
    learner : Model
        Learns the differences.
    dear_seconds : float
        An answer that takes longer than this is left as it is.
    """

    study: Study
    alternative: Alternative
    learner: Model
    dear_seconds: float = DEAR_ANSWER_SECONDS
    _known: dict[bytes, np.ndarray] = field(default_factory=dict, repr=False, compare=False)

    @property
    def name(self) -> str:
        """``corrected_`` and the name of the answer."""
        return f"{PREFIX}{self.alternative.name}"

    @property
    def kind(self) -> Kind:
        """The higher of the two rungs."""
        return max(self.alternative.kind, self.learner.kind, key=RUNGS.index)

    @property
    def label(self) -> Mapping[str, str]:
        """That of the answer, and that it is corrected."""
        label = self.alternative.label or dict.fromkeys(LANGUAGES, self.alternative.name)
        return _TEXTS.say("model.corrected", answer=label)

    def fit(
        self,
        inputs: np.ndarray,
        outputs: np.ndarray,
        groups: np.ndarray | None,
        variables: Sequence[Variable],
        seed: int,
    ) -> FittedCorrection:
        """Ask the answer for the runs, and learn what it misses.

        Parameters
        ----------
        inputs, outputs, groups, variables
            As for `Model.fit`; all inputs of the study are needed, since the answer takes them.
        seed : int
            Of the learner.

        Raises
        ------
        Skipped
            If inputs are left out, or the answer is dear.
        """
        if [variable.name for variable in variables] != [column.name for column in self.study.columns]:
            raise Skipped(**_TEXTS.say("skipped.correction_needs_every_input"))
        x, y, labels = check_runs(inputs, outputs, groups, variables)
        start = thread_time()
        answer = self.study.answer_of(self.alternative, x, y)
        self._check_cost(answer, x)
        missed = y - self._of_runs(answer, x)
        spent = thread_time() - start
        inner = self.learner.fit(x, missed, labels, variables, seed)
        log = {**inner.log, "fit_cpu_seconds": inner.log["fit_cpu_seconds"] + spent, "corrects": self.alternative.name}
        return FittedCorrection(self.study, answer, inner, log)

    def with_fixed_settings(self, fitted: FittedCorrection) -> Corrected:
        """The same with the settings of the learner."""
        return replace(self, learner=self.learner.with_fixed_settings(fitted.inner))

    def _check_cost(self, answer: Answer, x: np.ndarray) -> None:
        """The least of two times, the first of which may compile.

        Raises
        ------
        Skipped
            If the answer takes longer than is allowed.
        """
        if self._known:
            return
        spent = []
        for _ in range(2):
            start = process_time()
            answer.predict(x[:1])
            spent.append(process_time() - start)
        if min(spent) > self.dear_seconds:
            told = {"seconds": f"{min(spent):.2g}", "most": f"{self.dear_seconds:g}"}
            raise Skipped(**_TEXTS.say("skipped.answer_too_dear_to_correct", **told))

    def _of_runs(self, answer: Answer, x: np.ndarray) -> np.ndarray:
        """What is answered for runs ``[n, d]``; each is asked once, whatever the number of fits, unless the answer itself
        learns from the runs."""
        if self.alternative.needs_runs:
            return asked(self.study, answer, x)
        keys = [row.tobytes() for row in np.ascontiguousarray(x)]
        new = [number for number, key in enumerate(keys) if key not in self._known]
        if new:
            told = asked(self.study, answer, x[new])
            self._known.update({keys[number]: row for number, row in zip(new, told, strict=True)})
        return np.stack([self._known[key] for key in keys])


def asked(study: Study, answer: Answer, inputs: np.ndarray) -> np.ndarray:
    """What an alternative answers ``[n, m]``, as it is: not held to physical limits."""
    return study.flatten(answer.predict(np.asarray(inputs, dtype=np.float64)), len(inputs))


def correctable(alternatives: Sequence[Alternative], names_taken: Sequence[str]) -> tuple[Alternative, ...]:
    """Alternatives of a study that are corrected: not those whose corrected name is taken."""
    taken = {*names_taken, *(alternative.name for alternative in alternatives)}
    return tuple(
        alternative
        for alternative in alternatives
        if alternative.kind in CORRECTED_KINDS and f"{PREFIX}{alternative.name}" not in taken
    )
