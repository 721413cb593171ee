"""The evidence of a bundle with what was made of it: what it cost, how far its use may grow, what is not known."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from frugal.audit.evidence.evidence import Evidence
from frugal.audit.impacts.account import Account
from frugal.audit.impacts.rebound import rebound


@dataclass(frozen=True, kw_only=True)
class Assessment(Evidence):
    """What every criterion is asked about; whatever reads parsed files alone takes the `Evidence` that it also is.

    Parameters
    ----------
    account : Account
        Costs, footprint and boundaries.
    created : str
        Time of the audit (ISO 8601).
    limits : sequence of mapping
        What the audit does not say, by language.
    texts : mapping
        Text of the page by language, the user's own words taken out, for the criteria that read what is published.
    """

    account: Account
    created: str
    limits: Sequence[Mapping[str, str]] = ()
    texts: Mapping[str, str] = dataclasses.field(default_factory=dict)

    @classmethod
    def of(cls, evidence: Evidence, account: Account, created: str) -> Assessment:
        """The evidence, assessed.

        Parameters
        ----------
        evidence : Evidence
        account : Account
            What was made of that same evidence.
        created : str
            Time of the audit (ISO 8601).

        Returns
        -------
        Assessment
            Still without limits and texts, which are made from it.
        """
        read = {field.name: getattr(evidence, field.name) for field in dataclasses.fields(Evidence)}
        return cls(**read, account=account, created=created)

    @cached_property
    def rebound(self) -> dict[str, Any]:
        """How far the use may grow."""
        return rebound(self, self.account)
