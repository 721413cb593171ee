"""The fitted rungs of the ladder, from the least consuming up.

Importing them loads neither scikit-learn nor LightGBM: each rung imports what it needs when it is fitted.
"""

from frugal.surrogates.rungs.base import Fitted, Rung, Skipped, folds
from frugal.surrogates.rungs.constant import Constant
from frugal.surrogates.rungs.gaussian_process import GaussianProcess
from frugal.surrogates.rungs.linear import LinearRidge
from frugal.surrogates.rungs.mlp import Mlp
from frugal.surrogates.rungs.quadratic import QuadraticRidge
from frugal.surrogates.rungs.table import Table
from frugal.surrogates.rungs.trees import BoostedTrees

__all__ = ["RUNGS_FITTED", "Fitted", "Rung", "Skipped", "folds"]

#: Every rung that learns from runs; add a rung here.
RUNGS_FITTED: tuple[Rung, ...] = (
    Constant(),
    Table(),
    LinearRidge(),
    QuadraticRidge(),
    Mlp(),
    GaussianProcess(),
    BoostedTrees(),
)
