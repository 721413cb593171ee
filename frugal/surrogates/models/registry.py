"""Every model that learns from runs, from the least consuming up: of values, on the modes of maps, two that know maps, and
cheap answers corrected.

Importing it loads neither scikit-learn nor LightGBM: each model imports what it needs when it is fitted.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from frugal.experiments.study import Alternative, Study
from frugal.surrogates.fitting.model import Model
from frugal.surrogates.models.corrected import PREFIX, Corrected, correctable
from frugal.surrogates.models.fields.cell_network import CellNetwork
from frugal.surrogates.models.fields.grouped_gaussian_process import GroupedGaussianProcess
from frugal.surrogates.models.fields.nearest_run import NearestRun
from frugal.surrogates.models.fields.network_ensemble import ModesNetwork
from frugal.surrogates.models.fields.on_modes import ModelOnModes
from frugal.surrogates.models.on_centred_inputs import OnCentredInputs
from frugal.surrogates.models.on_derived_features import OnDerivedFeatures
from frugal.surrogates.models.on_scales import OnScales, wide_inputs
from frugal.surrogates.models.scalar.boosted_trees import BoostedTrees
from frugal.surrogates.models.scalar.constant import Constant
from frugal.surrogates.models.scalar.gaussian_process import GaussianProcess
from frugal.surrogates.models.scalar.linear import LinearRidge
from frugal.surrogates.models.scalar.linear_leaf_trees import LinearLeafTrees
from frugal.surrogates.models.scalar.mlp import Mlp
from frugal.surrogates.models.scalar.polynomial_chaos import PolynomialChaos
from frugal.surrogates.models.scalar.quadratic import QuadraticRidge
from frugal.surrogates.models.scalar.table import Table
from frugal.surrogates.onnx.input_precision import centre_of
from frugal.texts import room_texts

_TEXTS = room_texts("frugal.surrogates")
#: Models of values; add one here.
SCALAR_MODELS: tuple[Model, ...] = (
    Constant(),
    Table(),
    LinearRidge(),
    QuadraticRidge(),
    PolynomialChaos(),
    Mlp(),
    GaussianProcess(),
    BoostedTrees(),
    LinearLeafTrees(),
)

#: Modes of a map that have a Gaussian process, or terms of a polynomial, of their own; further ones share one.
OWN_MODES = 5
#: Modes of a map that boosted trees learn: each needs its own trees, and trees tell little of the small ones.
MODES_OF_TREES = 6

#: Rungs that learn from a study's summaries of its inputs. The others compare: rounding in a summary could turn a comparison.
SMOOTH = ("linear", "quadratic", "polynomial_chaos", "mlp", "gaussian_process", "cell_network")


def kinds_of_learners() -> dict[str, str]:
    """Rung on the ladder of every model of this program, by the name that it has there."""
    fields = {"nearest_run": NearestRun.kind, "cell_network": CellNetwork.kind}
    return {**{model.name: model.kind for model in SCALAR_MODELS}, **fields}


def corrected_names(alternatives: Sequence[Alternative], names_taken: Sequence[str]) -> tuple[str, ...]:
    """What the corrected answers of a study are called."""
    return tuple(f"{PREFIX}{alternative.name}" for alternative in correctable(alternatives, names_taken))


def models_for(study: Study) -> tuple[Model, ...]:
    """Every model that learns from the runs of a study, from the least consuming up."""
    models: list[Model] = list(SCALAR_MODELS)
    if any(output.is_field for output in study.outputs):
        models = [_on_modes(model, study) for model in SCALAR_MODELS if not isinstance(model, LinearLeafTrees)]
        models.append(NearestRun(study.outputs))
        if study.cell_features:
            models.append(_cell_network(study))
    learning = [_on_summaries(_on_centred_inputs(_on_scales(model, study), study), study) for model in models]
    return (*learning, *_corrections(study, [model.name for model in learning]))


def _corrections(study: Study, names: Sequence[str]) -> Iterator[Model]:
    """Cheap answers of the study plus what the linear rung says of their misses; those of maps as they are, dry cells too."""
    line = next((model for model in SCALAR_MODELS if model.name == "linear"), None)
    if line is None:
        return
    learner: Model = line
    if any(output.is_field for output in study.outputs):
        everywhere = tuple(replace(output, valid_above=None, defined_where="") for output in study.outputs)
        learner = ModelOnModes(line.name, line.kind, line.label, everywhere, lambda reduction: line)
    learner = _on_summaries(_on_centred_inputs(_on_scales(learner, study), study), study)
    for alternative in correctable(study.alternatives, names):
        yield Corrected(study, alternative, learner)


def _cell_network(study: Study) -> CellNetwork:
    network = CellNetwork(study.outputs, study.cell_features)
    if any(output.is_grid for output in study.outputs):
        return network
    return replace(network, label=_TEXTS.say("model.element_network"))  # of a series nobody says cells


def _on_scales(model: Model, study: Study) -> Model:
    """Smooth models are tried on logarithms; of maps, only where an input calls for it."""
    if model.name not in SMOOTH or model.name == "cell_network":
        return model
    fields = any(output.is_field for output in study.outputs)
    seen = study.columns if study.summaries is None else (*study.columns, *study.summaries.variables)
    return OnScales(model, tries_outputs=not fields) if not fields or wide_inputs(seen) else model


def _on_centred_inputs(model: Model, study: Study) -> Model:
    seen = study.columns if study.summaries is None else (*study.columns, *study.summaries.variables)
    return OnCentredInputs(model) if centre_of(seen).any() else model


def _on_summaries(model: Model, study: Study) -> Model:
    if study.summaries is None or model.name not in SMOOTH:
        return model
    return OnDerivedFeatures(model, study.summaries, study.layout, compares=model.name in ("linear", "quadratic"))


def _on_modes(model: Model, study: Study) -> Model:
    if model.name == "constant":
        return model
    wrapped = ModelOnModes(model.name, model.kind, model.label, study.outputs, lambda reduction: model)
    if isinstance(model, Table):
        return replace(wrapped, make=lambda reduction: replace(model, scaled=True))
    if isinstance(model, Mlp):
        return replace(wrapped, make=lambda reduction: ModesNetwork())
    if isinstance(model, BoostedTrees):
        few = replace(model, scaled=True, max_outputs=1000, watched=8)
        return replace(wrapped, make=lambda reduction: few, most_modes=MODES_OF_TREES)
    modes: GroupedGaussianProcess | PolynomialChaos | None = None
    if isinstance(model, PolynomialChaos):
        modes = replace(model, scaled=True)
    elif model.name == "gaussian_process":
        modes = GroupedGaussianProcess({})
    if modes is None:
        return wrapped
    grouped = modes
    return replace(
        wrapped,
        make=lambda reduction: grouped.regrouped(reduction.groups(OWN_MODES)),
        adapt=lambda one, reduction: one.regrouped(reduction.groups(OWN_MODES)),
    )
