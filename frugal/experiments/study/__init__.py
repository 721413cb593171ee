"""What a study is: a question with its inputs, outputs, solver, alternatives and declared need.

Everything that a study file needs is imported from here.
"""

from typing import TYPE_CHECKING, Any

from frugal.experiments.study.alternatives import RUNGS, Alternative, Answer, Arrays, Kind, formula
from frugal.experiments.study.derived_features import Summaries
from frugal.experiments.study.geometry import Grid, Lines, Points, TimeAxis
from frugal.experiments.study.need import CallPattern, Need, Tolerance
from frugal.experiments.study.outputs import Derived, Diagnostic, Output
from frugal.experiments.study.questions import RESERVED
from frugal.experiments.study.scenarios import Measurement, Observations, Scenario
from frugal.experiments.study.study import Study
from frugal.experiments.study.variables import Parameter, Variable
from frugal.experiments.tracing.graph_builder import GraphBuilder

if TYPE_CHECKING:
    from frugal.experiments.study.observations_file import read_observations
    from frugal.experiments.study.site import Site

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
    "Grid",
    "Kind",
    "Lines",
    "Measurement",
    "Need",
    "Observations",
    "Output",
    "Parameter",
    "Points",
    "Scenario",
    "Site",
    "Study",
    "Summaries",
    "TimeAxis",
    "Tolerance",
    "Variable",
    "formula",
    "read_observations",
]

#: Imported when they are first asked for: an answer that is only asked needs neither pydantic nor tables.
_LAZY = {"Site": "site", "read_observations": "observations_file"}


def __getattr__(name: str) -> Any:
    if name in _LAZY:
        from importlib import import_module

        return getattr(import_module(f"{__name__}.{_LAZY[name]}"), name)
    raise AttributeError(f"module '{__name__}' has no attribute '{name}'")
