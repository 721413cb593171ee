"""A Gaussian process for each leading mode: modes of a map differ in how smooth they are.

One set of length scales for all of them would follow the many small and noisy ones.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from frugal.experiments.study import Kind, Variable
from frugal.surrogates.fitting.model import fit_log
from frugal.surrogates.models.scalar.gaussian_process import FittedGaussianProcess, GaussianProcess
from frugal.surrogates.onnx.graph import Graph


@dataclass(frozen=True)
class FittedGroups:
    """A Gaussian process for each group of columns, side by side."""

    groups: Mapping[str, tuple[int, ...]]
    processes: tuple[FittedGaussianProcess, ...]
    log: dict[str, Any]

    @property
    def parameters(self) -> int:
        """Of all processes."""
        return sum(process.parameters for process in self.processes)

    def predict(self, inputs: np.ndarray) -> np.ndarray:
        """Targets ``[n, k]`` of inputs ``[n, d]``."""
        return np.concatenate([process.predict(inputs) for process in self.processes], axis=1)

    def graph(self, builder: Graph, x: str) -> str:
        """The nodes of each process, joined; float64."""
        return _joined(builder, [process.graph(builder, x) for process in self.processes])

    def deviation(self, inputs: np.ndarray) -> np.ndarray:
        """Predictive standard deviation ``[n, k]`` of the targets at inputs ``[n, d]``, noise included."""
        return np.concatenate([process.deviation(inputs) for process in self.processes], axis=1)

    def deviation_graph(self, builder: Graph, x: str) -> str:
        """The same as nodes; float64."""
        return _joined(builder, [process.deviation_graph(builder, x) for process in self.processes])


def _joined(builder: Graph, parts: Sequence[str]) -> str:
    return parts[0] if len(parts) == 1 else builder.op("Concat", *parts, axis=1)


@dataclass(frozen=True)
class GroupedGaussianProcess:
    """Gaussian processes of groups of neighbouring columns.

    Parameters
    ----------
    groups : mapping of str to tuple of int
        Columns of each group by its name, in order and without a gap.
    processes : mapping of str to GaussianProcess
        With the settings of an earlier fit, by the same names.
    """

    groups: Mapping[str, tuple[int, ...]]
    processes: Mapping[str, GaussianProcess] = field(default_factory=dict)
    name: str = "gaussian_process"
    kind: Kind = "surrogate"
    label: Mapping[str, str] = field(default_factory=lambda: GaussianProcess().label)

    def fit(
        self,
        inputs: np.ndarray,
        outputs: np.ndarray,
        groups: np.ndarray | None,
        variables: Sequence[Variable],
        seed: int,
    ) -> FittedGroups:
        """Fit each group for itself.

        Parameters
        ----------
        inputs, groups, variables, seed
            As for `Model.fit`.
        outputs : array [n, k]
            Targets of a reduction, whose columns ``groups`` of this model (not those of the runs) sorts; of their own scale.
        """
        anew = self._process()
        fitted = tuple(
            self.processes.get(name, anew).fit(inputs, outputs[:, list(columns)], groups, variables, seed)
            for name, columns in self.groups.items()
        )
        logs = [process.log for process in fitted]
        ended = {log["stopped_early"] for log in logs}
        return FittedGroups(
            self.groups,
            fitted,
            fit_log(
                max((log["trials"] for log in logs), default=1),
                sum(log["search_cpu_seconds"] for log in logs),
                sum(log["fit_cpu_seconds"] for log in logs),
                "iteration_limit" if "iteration_limit" in ended else ended.pop() if len(ended) == 1 else "converged",
                iterations=sum(log["iterations"] for log in logs),
                kernel=[log["kernel"] for log in logs],
                trend=[log["trend"] for log in logs],
                nugget=[log["nugget"] for log in logs],
                centres=logs[0]["centres"] if logs else 0,
                length_scales=[log["length_scales"] for log in logs],
            ),
        )

    def with_fixed_settings(self, fitted: FittedGroups) -> GroupedGaussianProcess:
        """The same with the length scales of an earlier fit."""
        anew = self._process()
        known = {
            name: anew.with_fixed_settings(process)
            for name, process in zip(fitted.groups, fitted.processes, strict=True)
        }
        return replace(self, processes=known)

    def _process(self) -> GaussianProcess:
        """Of one group; together they may take as much work as one process of values."""
        plain = GaussianProcess(scaled=True, apart=False)
        return replace(plain, work=plain.work / max(len(self.groups), 1))

    def regrouped(self, groups: Mapping[str, tuple[int, ...]]) -> GroupedGaussianProcess:
        """The same for the columns of another reduction, which from fewer runs may have fewer modes."""
        return replace(self, groups=groups)
