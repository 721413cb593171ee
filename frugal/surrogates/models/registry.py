"""Every model that learns from runs, from the least consuming up: of values, on the modes of maps, and two that know maps.

Importing it loads neither scikit-learn nor LightGBM: each model imports what it needs when it is fitted.
"""

from __future__ import annotations

from dataclasses import replace

from frugal.experiments.study import Study
from frugal.surrogates.fitting.model import Rung
from frugal.surrogates.models.fields.cell_network import CellNetwork
from frugal.surrogates.models.fields.grouped_gaussian_process import GroupedGaussianProcess
from frugal.surrogates.models.fields.nearest_run import NearestRun
from frugal.surrogates.models.fields.network_ensemble import ModesNetwork
from frugal.surrogates.models.fields.on_modes import FieldRung
from frugal.surrogates.models.on_derived_features import OnSummaries
from frugal.surrogates.models.scalar.boosted_trees import BoostedTrees
from frugal.surrogates.models.scalar.constant import Constant
from frugal.surrogates.models.scalar.gaussian_process import GaussianProcess
from frugal.surrogates.models.scalar.linear import LinearRidge
from frugal.surrogates.models.scalar.mlp import Mlp
from frugal.surrogates.models.scalar.quadratic import QuadraticRidge
from frugal.surrogates.models.scalar.table import Table

#: Models of values; add one here.
RUNGS_FITTED: tuple[Rung, ...] = (
    Constant(),
    Table(),
    LinearRidge(),
    QuadraticRidge(),
    Mlp(),
    GaussianProcess(),
    BoostedTrees(),
)

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
