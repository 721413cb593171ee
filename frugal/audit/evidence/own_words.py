"""Reasons of a comparison in the words of this program: sentences of a file are anybody's."""

from __future__ import annotations

from dataclasses import replace

from frugal.candidates.comparison import Comparison
from frugal.candidates.decision import Decision
from frugal.candidates.row import CandidateRow
from frugal.experiments.study import Need
from frugal.surrogates.decision.reasons import sentence
from frugal.surrogates.measurement.limits import limits_of


def in_own_words(comparison: Comparison, need: Need) -> Comparison:
    """The comparison with what its codes say: why it was decided so, and which limits a candidate breaks.

    Parameters
    ----------
    comparison : Comparison
    need : Need
        Whose limits are told.

    Returns
    -------
    Comparison
        Words of the file stand where this program does not know the code, or would tell another one.
    """

    def decided(decision: Decision) -> Decision:
        try:
            return replace(decision, told=tuple(sentence(code, decision) for code in decision.reasons))
        except KeyError:  # a code of another version
            return decision

    def limited(row: CandidateRow) -> CandidateRow:
        told = dict(row.limits)
        for pattern in need.call_patterns:
            if pattern.name in told and pattern.name in row.query:
                found = limits_of(pattern, row)
                told[pattern.name] = found if found.broken == told[pattern.name].broken else told[pattern.name]
        return replace(row, limits=told)

    ladder = comparison.ladder
    rows, decisions = tuple(map(limited, ladder.rows)), tuple(map(decided, ladder.decisions))
    return replace(comparison, ladder=replace(ladder, rows=rows, decisions=decisions))
