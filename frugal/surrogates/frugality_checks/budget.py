"""CPU seconds that the practices may take, and what is said where they do not suffice."""

from __future__ import annotations

from collections.abc import Mapping

from frugal.metering.timing.stopwatch import Stopwatch
from frugal.reporting.text import plain_duration
from frugal.texts import LANGUAGES, room_texts

_TEXTS = room_texts("frugal.surrogates")

Reason = Mapping[str, str]


class Budget:
    """A budget that is asked before each piece of work.

    Parameters
    ----------
    cpu_seconds : float
        What this process and its children may use from now on.

    Attributes
    ----------
    complete : bool
        Nothing was left out or failed so far.
    """

    def __init__(self, cpu_seconds: float) -> None:
        self.cpu_seconds = cpu_seconds
        self.complete = True
        self._watch = Stopwatch()

    @property
    def spent_cpu_seconds(self) -> float:
        """CPU seconds used since the budget was made."""
        spent = self._watch.spent()
        return spent.cpu_seconds + spent.cpu_seconds_children

    def refusal(self, estimate_cpu_seconds: float) -> Reason | None:
        """Why work of this size is left out, by language; None where it may be done."""
        if self.spent_cpu_seconds + estimate_cpu_seconds <= self.cpu_seconds:
            return None
        self.complete = False
        needed, allowed = (
            {language: plain_duration(seconds, language) for language in LANGUAGES}
            for seconds in (estimate_cpu_seconds, self.cpu_seconds)
        )
        return _TEXTS.say("check.beyond_the_budget", needed=needed, allowed=allowed)

    def failure(self, fault: Exception) -> Reason:
        """What a piece of work that failed says, by language."""
        self.complete = False
        return told(fault)


def told(fault: Exception) -> Reason:
    """A fault as one line, by language."""
    line = f"{type(fault).__name__}: {(str(fault).splitlines() or [''])[0][:200]}"
    return _TEXTS.say("check.failed", fault=line)
