"""The ladder of studies that answer with maps: the rungs of scalars on modes of the maps, and two that know maps.

Importing it loads neither scikit-learn nor LightGBM.
"""

from __future__ import annotations

from dataclasses import replace

from frugal.experiments.study import Study
from frugal.surrogates.fields.cells import CellNetwork
from frugal.surrogates.fields.modes_gaussian_process import GroupedGaussianProcess
from frugal.surrogates.fields.nearest import NearestRun
from frugal.surrogates.fields.network import ModesNetwork
from frugal.surrogates.fields.rung import FieldRung
from frugal.surrogates.fields.summarised import OnSummaries
from frugal.surrogates.rungs import RUNGS_FITTED, Rung
from frugal.surrogates.rungs.mlp import Mlp
from frugal.surrogates.rungs.table import Table
from frugal.surrogates.rungs.trees import BoostedTrees

__all__ = ["fitted_rungs"]

#: Modes of a map that have a Gaussian process of their own; further ones share one.
OWN_PROCESS = 5
#: Modes of a map that boosted trees learn: each needs its own trees, and trees tell little of the small ones.
MODES_OF_TREES = 6

#: Rungs that learn from a study's summaries of its inputs. The others compare: rounding in a summary could turn a comparison.
SMOOTH = ("linear", "quadratic", "mlp", "gaussian_process", "cell_network")


def fitted_rungs(study: Study) -> tuple[Rung, ...]:
    """Every rung that learns from the runs of a study, from the least consuming up."""
    rungs: list[Rung] = list(RUNGS_FITTED)
    if any(output.is_map for output in study.outputs):
        rungs = [_on_modes(rung, study) for rung in RUNGS_FITTED]
        rungs.append(NearestRun(study.outputs))
        if study.cell_features:
            rungs.append(CellNetwork(study.outputs, study.cell_features))
    return tuple(_on_summaries(rung, study) for rung in rungs)


def _on_summaries(rung: Rung, study: Study) -> Rung:
    if study.summaries is None or rung.name not in SMOOTH:
        return rung
    return OnSummaries(rung, study.summaries, study.inputs, compares=rung.name in ("linear", "quadratic"))


def _on_modes(rung: Rung, study: Study) -> Rung:
    if rung.name == "constant":
        return rung
    wrapped = FieldRung(rung.name, rung.kind, rung.label, study.outputs, lambda reduction: rung)
    if isinstance(rung, Table):
        return replace(wrapped, make=lambda reduction: replace(rung, scaled=True))
    if isinstance(rung, Mlp):
        return replace(wrapped, make=lambda reduction: ModesNetwork())
    if isinstance(rung, BoostedTrees):
        few = replace(rung, scaled=True, max_outputs=1000, watched=8)
        return replace(wrapped, make=lambda reduction: few, most_modes=MODES_OF_TREES)
    if rung.name == "gaussian_process":
        return replace(
            wrapped,
            make=lambda reduction: GroupedGaussianProcess(reduction.groups(OWN_PROCESS)),
            adapt=lambda process, reduction: process.regrouped(reduction.groups(OWN_PROCESS)),
        )
    return wrapped
