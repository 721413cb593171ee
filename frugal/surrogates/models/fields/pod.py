"""From fields of thousands of elements to some ten numbers each, and back: proper orthogonal decomposition.

An element that is undefined (a dry cell) hides how far it is from being defined (wet), and cutting a depth off at zero
bends every mode. So the modes of a depth are those of a latent field without that cut: the depth itself where there is
water, and negative where it is dry. It is filled from the wettest run down: a dry cell holds what the nearest wetter run
has there, lowered by as much as that run stands higher in the cells wet in both, and never above zero; the water of a pool
sinks below the ground in the same way. Predicted latent fields are cut off at zero. A field that has a meaning only where
another one is defined is filled alike, but stays on the defined side: the other one alone says where it is undefined. An
arrival time, which says so itself, is a depth upside down: its fill value is the latest time, and latent values lie beyond
it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from frugal.experiments.study.outputs import Output, defined_cells, output_slices
from frugal.surrogates.onnx.graph import Graph

#: Share of the variance of a latent map that its modes leave out at the most, and most modes of one map.
LEFT_OUT, MOST_MODES = 2e-4, 32
#: What elements that are undefined in every run hold, in standard deviations of the values beyond the fill value.
_UNDEFINED_IN_ALL = 0.3
#: Rounds of filling undefined elements when a field is projected onto modes.
_FILL_ROUNDS = 20


@dataclass(frozen=True)
class Modes:
    """Modes of one field, ``basis [r, size]`` in its unit: latent field = mean + targets @ basis.

    ``side`` is 1 where defined values lie above ``fill_value``, -1 where below, 0 where all are defined. ``own`` says that the
    field itself tells where it is defined.
    """

    mean: np.ndarray
    basis: np.ndarray
    side: int
    fill_value: float
    own: bool

    @property
    def rank(self) -> int:
        """Number of modes."""
        return len(self.basis)

    def cut(self, latent: np.ndarray) -> np.ndarray:
        """Values of a latent field: beyond the fill value, undefined."""
        if self.side == 0:
            return latent
        return np.maximum(latent, self.fill_value) if self.side > 0 else np.minimum(latent, self.fill_value)

    def decode(self, targets: np.ndarray) -> np.ndarray:
        """Maps ``[n, size]`` of targets ``[n, r]``."""
        return self.cut(self.mean + targets @ self.basis)

    def encode(self, values: np.ndarray, defined: np.ndarray) -> np.ndarray:
        """Targets ``[n, r]`` of maps: the nearest that the modes can tell, undefined elements free on their side.

        They are filled in turns with what the modes say (Everson & Sirovich 1995, J. Opt. Soc. Am. A 12:1657).
        """
        norms = np.sum(self.basis**2, axis=1)
        if not self.rank:
            return np.zeros((len(values), 0))
        latent = values
        below = self.own == (self.side > 0)
        for _ in range(_FILL_ROUNDS if self.side else 0):
            told = self.mean + (latent - self.mean) @ self.basis.T / norms @ self.basis
            free = np.minimum(told, self.fill_value) if below else np.maximum(told, self.fill_value)
            latent = np.where(defined, values, free)
        return np.asarray((latent - self.mean) @ self.basis.T / norms)

    def graph(self, builder: Graph, targets: str) -> str:
        """The same as nodes, from float32 ``[n, r]``; modes are stored as float16 in units of their largest value."""
        unit, half = _as_half(self.basis)
        scaled = builder.op("Mul", targets, builder.constant(unit))
        basis = builder.cast(builder.constant(half, np.float16), np.float32)
        latent = builder.op("Add", builder.op("MatMul", scaled, basis), builder.constant(self.mean))
        if self.side == 0:
            return latent
        return builder.op("Max" if self.side > 0 else "Min", latent, builder.constant(self.fill_value))


@dataclass(frozen=True)
class Plain:
    """A scalar or a vector: mean and spread ``[size]``, the spread of a constant element 0."""

    mean: np.ndarray
    spread: np.ndarray

    @property
    def rank(self) -> int:
        """Number of elements."""
        return len(self.mean)

    def decode(self, targets: np.ndarray) -> np.ndarray:
        """Values of targets."""
        return self.mean + targets * self.spread

    def encode(self, values: np.ndarray, defined: np.ndarray) -> np.ndarray:
        """Targets of values."""
        return (values - self.mean) / np.where(self.spread > 0, self.spread, 1.0)

    def graph(self, builder: Graph, targets: str) -> str:
        """The same as nodes."""
        return builder.op("Add", builder.op("Mul", targets, builder.constant(self.spread)), builder.constant(self.mean))


@dataclass(frozen=True)
class Reduction:
    """All outputs of a study but the derived ones, as targets ``[n, k]`` side by side, the leading ones of spread 1."""

    outputs: tuple[Output, ...]
    parts: dict[str, Modes | Plain]

    @classmethod
    def of(
        cls, values: np.ndarray, outputs: Sequence[Output], ranks: dict[str, int] | None = None, most: int = MOST_MODES
    ) -> tuple[Reduction, np.ndarray]:
        """The reduction of runs ``[n, m]``, and their targets ``[n, k]``.

        Parameters
        ----------
        values : array [n, m]
        outputs : sequence of Output
        ranks : dict, optional
            Modes of each map, where an earlier reduction chose them.
        most : int
            Most modes of one map.
        """
        slices, parts, targets = output_slices(outputs), {}, []
        for output in outputs:
            if output.derived is not None:
                continue
            own = values[:, slices[output.name]]
            part: Modes | Plain
            if output.is_field:
                rank = None if ranks is None else ranks.get(output.name)
                part, t = _modes(own, defined_cells(values, outputs, output), output, rank, most)
            else:
                mean, spread = own.mean(axis=0), own.std(axis=0)
                part = Plain(mean, np.where(spread > 1e-12 * np.abs(own).max(axis=0), spread, 0.0))
                t = part.encode(own, own)
            parts[output.name] = part
            targets.append(t)
        return cls(tuple(outputs), parts), np.concatenate(targets, axis=1)

    @property
    def size(self) -> int:
        """Number of targets."""
        return sum(part.rank for part in self.parts.values())

    @property
    def ranks(self) -> dict[str, int]:
        """Modes of each map."""
        return {name: part.rank for name, part in self.parts.items() if isinstance(part, Modes)}

    @property
    def parameters(self) -> int:
        """Numbers that bring targets back to outputs."""
        total = 0
        for part in self.parts.values():
            total += part.mean.size + (part.basis.size if isinstance(part, Modes) else part.spread.size)
        return int(total)

    def groups(self, own: int) -> dict[str, tuple[int, ...]]:
        """Columns of the targets in groups: the first ``own`` modes of a map and each scalar alone, further modes together.

        By a name that stays the same where another reduction of the same outputs has fewer modes.
        """
        groups: dict[str, tuple[int, ...]] = {}
        start = 0
        for name, part in self.parts.items():
            alone = min(own, part.rank) if isinstance(part, Modes) else part.rank
            groups |= {f"{name} {j}": (start + j,) for j in range(alone)}
            if part.rank > alone:
                groups[f"{name} further"] = tuple(range(start + alone, start + part.rank))
            start += part.rank
        return groups

    def decode(self, targets: np.ndarray) -> np.ndarray:
        """Outputs ``[n, m]`` of targets; derived ones are left at 0, for `clip_outputs` to fill."""
        columns, start = [], 0
        for output in self.outputs:
            part = self.parts.get(output.name)
            if part is None:
                columns.append(np.zeros((len(targets), output.size)))
                continue
            columns.append(part.decode(targets[:, start : start + part.rank]))
            start += part.rank
        return np.concatenate(columns, axis=1)

    def project(self, values: np.ndarray) -> np.ndarray:
        """Outputs ``[n, m]`` through the modes and back: what no regression onto these targets can do better."""
        slices = output_slices(self.outputs)
        targets = [
            self.parts[o.name].encode(values[:, slices[o.name]], defined_cells(values, self.outputs, o))
            for o in self.outputs
            if o.name in self.parts
        ]
        return self.decode(np.concatenate(targets, axis=1))

    def graph(self, builder: Graph, targets: str) -> str:
        """`decode` as nodes, from float32 ``[n, k]`` to ``[n, m]``."""
        ranks = [part.rank for part in self.parts.values()]
        split: Sequence[str] = (targets,)
        if len(ranks) > 1:
            split = builder.op("Split", targets, builder.constant(ranks, np.int64), outputs=len(ranks), axis=1)
        done = {name: part.graph(builder, t) for (name, part), t in zip(self.parts.items(), split, strict=True)}
        nothing = ""
        columns = []
        for output in self.outputs:
            if output.name not in done and not nothing:
                first = builder.op("Gather", targets, builder.constant([0], np.int64), axis=1)
                nothing = builder.op("Sub", first, first)
            columns.append(done.get(output.name, nothing))
        return columns[0] if len(columns) == 1 else builder.op("Concat", *columns, axis=1)


def _modes(
    values: np.ndarray, defined: np.ndarray, output: Output, rank: int | None, most: int
) -> tuple[Modes, np.ndarray]:
    """Modes of a map, and the targets of its runs."""
    latent, side = latent_map(values, defined, output)
    own = output.tells_itself
    mean = latent.mean(axis=0)
    centred = latent - mean
    vectors, energy = _directions(centred)
    if rank is None:
        left = 1 - np.cumsum(energy) / max(energy.sum(), 1e-300)
        rank = int(np.argmax(left <= LEFT_OUT)) + 1 if energy.size and energy[0] > 0 else 0
    rank = min(rank, most, int(np.sum(energy > 1e-12 * max(float(energy.max(initial=0.0)), 1e-300))))
    mean = mean.astype(np.float32).astype(np.float64)
    if rank == 0:
        return Modes(mean, np.zeros((0, values.shape[1])), side, output.fill_value, own), np.zeros((len(values), 0))
    coefficients = vectors[:, :rank] * np.sqrt(energy[:rank])
    basis = (vectors[:, :rank] / np.sqrt(energy[:rank])).T @ centred
    scale = coefficients[:, 0].std()
    unit, half = _as_half(basis * scale)
    basis = half.astype(np.float64) * unit  # as the graph stores them, so that model and graph are one
    return Modes(mean, basis, side, output.fill_value, own), coefficients / scale


def latent_map(values: np.ndarray, defined: np.ndarray, output: Output) -> tuple[np.ndarray, int]:
    """Fields ``[n, size]`` with undefined elements filled, and the side of the fill value that defined values lie on.

    The side is 0 where all are defined, or none is.

    Parameters
    ----------
    values : array [n, size]
        Runs of one map, flattened row by row, in its unit.
    defined : array of bool [n, size]
        Elements that are defined in each run, by this field or by the one that tells it.
    output : Output
        The field; one that tells itself may be filled beyond the fill value, another one only up to it.

    Returns
    -------
    latent : array [n, size]
        Defined elements as they are.
    side : int
        1 where defined values lie above the fill value, -1 where below.
    """
    if not output.has_undefined or not defined.any() or defined.all():
        return values, 0
    side = 1 if values[defined].mean() >= output.fill_value else -1
    height = np.where(defined, side * (values - output.fill_value), 0.0)
    filled = output.fill_value + side * _filled(height, defined, output.tells_itself)
    return np.where(defined, values, filled), side


def _filled(height: np.ndarray, defined: np.ndarray, own: bool) -> np.ndarray:
    """Heights ``[n, size]`` over the fill value, filled from the highest run down: undefined elements are at most 0 if the
    field itself tells where it is defined, at least 0 if another one does."""
    order = np.argsort(-(height.sum(axis=1) if own else defined.sum(axis=1)), kind="stable")
    latent = np.where(defined, height, -_UNDEFINED_IN_ALL * height[defined].std() if own else 0.0)
    squares = np.sum(height**2, axis=1)
    for k, run in enumerate(order[1:], start=1):
        both, higher = defined[run], order[:k]
        if not both.any():
            nearest = latent[higher[-1]]
            lower = float(nearest.max()) if own else 0.0
        else:
            if own:
                far = squares[higher] - 2 * (height[higher] @ height[run])
            else:
                far = np.mean((latent[np.ix_(higher, both)] - height[run, both]) ** 2, axis=1)
            nearest = latent[higher[int(np.argmin(far))]]
            lower = float((nearest - height[run])[both].mean())
        filled = nearest - max(lower, 0.0)
        latent[run] = np.where(both, height[run], np.minimum(filled, 0.0) if own else np.maximum(filled, 0.0))
    return latent


def _directions(centred: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Left singular vectors ``[n, n]`` and squared singular values of maps ``[n, size]``, the largest first."""
    energy, vectors = np.linalg.eigh(centred @ centred.T)
    return vectors[:, ::-1], np.maximum(energy[::-1], 0.0)


def _as_half(basis: np.ndarray) -> tuple[float, np.ndarray]:
    """A unit, and the values in it as float16."""
    unit = float(np.float32(np.abs(basis).max(initial=0.0) or 1.0))
    return unit, (basis / unit).astype(np.float16)
