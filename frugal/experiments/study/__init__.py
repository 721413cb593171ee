"""What a study is: a question with its inputs, outputs, solver, alternatives and declared need.

Everything that a study file needs is imported from here.
"""

from frugal.experiments.study.alternatives import RUNGS, Alternative, Answer, Arrays, Kind, formula
from frugal.experiments.study.derived_features import Summaries
from frugal.experiments.study.graph_builder import GraphBuilder
from frugal.experiments.study.need import CallPattern, Need, Tolerance
from frugal.experiments.study.outputs import Derived, Diagnostic, Output
from frugal.experiments.study.study import RESERVED, Study
from frugal.experiments.study.variables import Variable

#: Former name.
Booked = Diagnostic

__all__ = [
    "RESERVED",
    "RUNGS",
    "Alternative",
    "Answer",
    "Arrays",
    "Booked",
    "CallPattern",
    "Derived",
    "Diagnostic",
    "GraphBuilder",
    "Kind",
    "Need",
    "Output",
    "Study",
    "Summaries",
    "Tolerance",
    "Variable",
    "formula",
]
