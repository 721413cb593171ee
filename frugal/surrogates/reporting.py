"""Who is told how far a campaign, an evaluation or another long job is."""

from __future__ import annotations

from typing import Protocol


class Reporter(Protocol):
    """Whoever is told how far a campaign is."""

    def stage(self, text: str, total: int | None = None) -> None:
        """A stage begins; ``total`` steps follow, or an unknown number."""

    def step(self, done: int, note: str = "") -> None:
        """``done`` steps of the stage are through."""


class Silent:
    """A reporter that says nothing."""

    def stage(self, text: str, total: int | None = None) -> None:
        """Say nothing."""

    def step(self, done: int, note: str = "") -> None:
        """Say nothing."""
