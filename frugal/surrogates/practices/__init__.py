"""Frugal practices, really tried on the candidates that matter: fewer runs, fewer inputs, a smaller file.

They are run by a full evaluation, within a budget of CPU seconds, and booked in the ledger under the stage ``practice``,
which belongs to no candidate's cost: they examine an answer that exists.
"""

from frugal.surrogates.practices.budget import Budget
from frugal.surrogates.practices.run import BUDGET_CPU_SECONDS, measure_practices

__all__ = ["BUDGET_CPU_SECONDS", "Budget", "measure_practices"]
