"""Products of orthonormal functions of one input each, and the sets of them that a polynomial chaos is chosen from.

Each input has a family of functions, number 0 of which is the constant 1, orthonormal where the input is spread evenly over its
bounds: Legendre polynomials of a quantity; of one whose bounds make a whole period sin θ, cos θ, sin 2θ, …, by the square root
of two; of a choice contrasts of each further choice with the mean of those before it (Helmert). A product is told by the number
of the function of each input, its multi-index. Quantities beyond their bounds are held at the bound: a polynomial of high
degree says nothing there.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from frugal.experiments.study import Variable
from frugal.surrogates.onnx.graph import Graph

#: Highest degree of a polynomial, and harmonic of a periodic input.
MOST_DEGREE = 14
MOST_HARMONIC = 7
#: Above this sum of the largest values that each product can bring, in spreads of an output, float32 would show.
_FLOAT32_SUM = 300.0
#: Polynomials go on beyond the bounds so far, in halves of their width, and are held from there on: bounds of a table are its
#: own least and greatest values, beyond which the next question may well lie by a little.
_REACH = 1.05


def _helmert(number: int) -> np.ndarray:
    """Orthonormal functions ``[number, number]`` of as many equally frequent choices, the constant first."""
    values = np.zeros((number, number))
    values[0] = 1.0
    for k in range(1, number):
        values[k, :k] = -1.0
        values[k, k] = k
        values[k] /= np.sqrt(np.mean(values[k] ** 2))
    return values


@dataclass(frozen=True)
class OrthonormalBasis:
    """Families of functions of the inputs.

    Parameters
    ----------
    variables : tuple of Variable
        One a column of the inputs.
    varies : tuple of bool
        Whether an input varied in the training runs; the others have the constant function alone.
    """

    variables: tuple[Variable, ...]
    varies: tuple[bool, ...]

    @classmethod
    def of(cls, variables: Sequence[Variable], inputs: np.ndarray) -> OrthonormalBasis:
        """Families for training inputs ``[n, d]``."""
        return cls(tuple(variables), tuple(bool(part) for part in np.ptp(inputs, axis=0) > 0))

    @cached_property
    def degrees(self) -> tuple[np.ndarray, ...]:
        """Degree of each function of each input: its own, its harmonic, or 1 of a contrast between choices."""
        found = []
        for variable, varies in zip(self.variables, self.varies, strict=True):
            if not varies:
                found.append(np.zeros(1, dtype=np.int64))
            elif variable.choices:
                found.append((np.arange(len(variable.choices)) > 0).astype(np.int64))
            elif _whole_period(variable):
                found.append((np.arange(2 * MOST_HARMONIC + 1) + 1) // 2)
            else:
                found.append(np.arange(MOST_DEGREE + 1))
        return tuple(found)

    def tables(self, inputs: np.ndarray) -> list[np.ndarray]:
        """Values ``[functions, n]`` of each input's functions, of inputs ``[n, d]`` in physical units."""
        found = []
        for j, (variable, degrees) in enumerate(zip(self.variables, self.degrees, strict=True)):
            x = inputs[:, j]
            values = np.ones((len(degrees), len(x)))
            if variable.choices:
                at = np.clip(np.rint(x), 0, len(variable.choices) - 1).astype(np.int64)
                values = _helmert(len(variable.choices))[: len(degrees), at]
            elif _whole_period(variable):
                angle = x * (2 * np.pi / (variable.high - variable.low))
                for k in range(1, len(degrees)):
                    turn = np.sin if k % 2 else np.cos
                    values[k] = np.sqrt(2) * turn(degrees[k] * angle)
            elif len(degrees) > 1:
                u = np.clip((x - _middle(variable)) * (2 / (variable.high - variable.low)), -_REACH, _REACH)
                values[1] = u
                for k in range(1, len(degrees) - 1):
                    values[k + 1] = ((2 * k + 1) * u * values[k] - k * values[k - 1]) / (k + 1)
                values *= np.sqrt(2 * np.arange(len(degrees)) + 1)[:, None]
            found.append(values)
        return found

    def products(self, tables: Sequence[np.ndarray], indices: np.ndarray) -> np.ndarray:
        """Values ``[terms, n]`` of products, of the tables of some rows and multi-indices ``[terms, d]``."""
        rows = tables[0].shape[1]
        values = np.ones((len(indices), rows))
        for j in np.flatnonzero(indices.any(axis=0)).tolist():
            told = np.flatnonzero(indices[:, j])
            values[told] *= tables[j][indices[told, j]]
        return values

    def truncated(self, degree: int, norm: float, most: int) -> np.ndarray | None:
        """Multi-indices of a hyperbolic truncation without that of the constant, or None where there are more than ``most``.

        Parameters
        ----------
        degree : int
        norm : float
            q of ``(sum of degrees ** q) ** (1 / q) <= degree``: 1 keeps all products of that total degree, less keeps fewer
            interactions (Blatman & Sudret 2011, Journal of Computational Physics 230, 2345).
        most : int
        """
        found: list[tuple[int, ...]] = []
        costs = [degrees.astype(float) ** norm for degrees in self.degrees]
        budget = float(degree) ** norm + 1e-9

        def extend(start: int, left: float, current: tuple[int, ...]) -> bool:
            for j in range(start, len(costs)):
                for number in range(1, len(costs[j])):
                    if costs[j][number] > left:
                        break
                    longer = (*current[:j], number, *current[j + 1 :])
                    found.append(longer)
                    if len(found) > most or not extend(j + 1, left - costs[j][number], longer):
                        return False
            return True

        if not extend(0, budget, (0,) * len(costs)):
            return None
        return np.array(found, dtype=np.int64).reshape(-1, len(costs))

    def neighbours(self, index: tuple[int, ...], steps: int, most_inputs: int) -> Iterable[tuple[int, ...]]:
        """Multi-indices with one input's degree higher by up to ``steps``, or another of its functions of that degree."""
        room = sum(number > 0 for number in index) < most_inputs
        for j, following in enumerate(self._following(steps)):
            if index[j] or room:
                for number in following[index[j]]:
                    yield (*index[:j], number, *index[j + 1 :])

    def _following(self, steps: int) -> tuple[tuple[tuple[int, ...], ...], ...]:
        known: dict[int, Any] = self.__dict__.setdefault("_following_by_steps", {})
        if steps not in known:
            known[steps] = tuple(
                tuple(
                    tuple(
                        int(b)
                        for b in range(1, len(degrees))
                        if b != a and degrees[a] <= degrees[b] <= degrees[a] + steps
                    )
                    for a in range(len(degrees))
                )
                for degrees in self.degrees
            )
        return known[steps]

    def largest(self, indices: np.ndarray) -> np.ndarray:
        """Largest absolute value ``[terms]`` that each product takes in the bounds."""
        values = np.ones(len(indices))
        for j, variable in enumerate(self.variables):
            number = indices[:, j]
            if variable.choices:
                values *= np.abs(_helmert(len(variable.choices))).max(axis=1)[number]
            elif _whole_period(variable):
                values *= np.where(number > 0, np.sqrt(2), 1.0)
            else:
                values *= np.sqrt(2 * number + 1)
        return values

    def needs_float64(self, indices: np.ndarray, standardised: np.ndarray) -> bool:
        """Whether float32 would show in sums of products with coefficients ``[terms, m]`` in spreads of the outputs."""
        return bool(np.any(self.largest(indices) @ np.abs(standardised) > _FLOAT32_SUM))

    def graph(self, builder: Graph, x: str, indices: np.ndarray, dtype: Any) -> str:
        """Values ``[terms, n]`` of products as nodes, from the tensor of inputs ``[n, d]``.

        Rows of functions stand one below the other, so that each product gathers whole rows.
        """
        used = [int(j) for j in np.flatnonzero(indices.any(axis=0))] or [0]
        plain = [j for j in used if not self.variables[j].choices and not _whole_period(self.variables[j])]
        others = [j for j in used if j not in plain]
        place: dict[tuple[int, int], int] = {}
        rows: list[str] = []
        if plain:  # the constant of the first of them fills up products of fewer inputs than others
            top = int(indices[:, plain].max())
            rows.append(self._legendre(builder, x, plain, top, dtype))
            for k in range(top + 1):
                level = k // 2 + (top // 2 + 1 if k % 2 else 0)
                place |= {(j, k): level * len(plain) + at for at, j in enumerate(plain)}
        if others:
            part = builder.op("Transpose", builder.cast(x, dtype), perm=[1, 0])
            for j in others:
                top = int(indices[:, j].max())
                first = len(place)
                rows.append(self._others(builder, part, j, top, dtype))
                place |= {(j, k): first + k - 1 for k in range(1, top + 1)}
        inputs_of = (indices > 0).sum(axis=1)
        order = max(int(inputs_of.max(initial=0)), 1)
        filling = 0 if plain else len(place)
        if not plain and inputs_of.min(initial=order) < order:
            some = builder.op("Gather", rows[0], builder.constant([0], np.int64), axis=0)
            nothing = builder.op("Mul", some, builder.constant(0.0, dtype))
            rows.append(builder.op("Add", nothing, builder.constant(1.0, dtype)))
        table = rows[0] if len(rows) == 1 else builder.op("Concat", *rows, axis=0)
        told = np.full((order, len(indices)), filling, dtype=np.int64)
        for term, index in enumerate(indices):
            for at, column in enumerate(np.flatnonzero(index).tolist()):
                told[at, term] = place[column, int(index[column])]
        values = builder.op("Gather", table, builder.constant(told[0], np.int64), axis=0)
        for row in told[1:]:
            values = builder.op("Mul", values, builder.op("Gather", table, builder.constant(row, np.int64), axis=0))
        return values

    def _legendre(self, builder: Graph, x: str, columns: list[int], top: int, dtype: Any) -> str:
        """Polynomials of degree 0, 2, … then 1, 3, … up to ``top``, those of all inputs one below the other, for each degree.

        Powers of the squares by doubling, then products with the coefficients, in float64: a fraction of the nodes that a
        recurrence has, and at one row nodes are what is paid for.
        """
        double = np.float64
        variables = [self.variables[j] for j in columns]
        rate = np.array([2 / (v.high - v.low) for v in variables])
        chosen = np.zeros((len(columns), len(self.variables)))
        chosen[np.arange(len(columns)), columns] = rate
        shift = -(np.array([_middle(v) for v in variables]) * rate)[:, None]
        u = builder.op(
            "Gemm", builder.constant(chosen, double), builder.cast(x, double), builder.constant(shift, double), transB=1
        )
        u = builder.op("Clip", u, builder.constant(-_REACH, double), builder.constant(_REACH, double))
        if len(columns) > 1:  # all inputs of all rows in one row, to be multiplied with a stack of such
            u = builder.op("Reshape", u, builder.constant([1, -1], np.int64))
        square = builder.op("Mul", u, u)
        power, stacks, powers = square, {1: square}, 1
        while 2 * powers + 1 < top:
            power = builder.op("Mul", power, power) if powers > 1 else power
            more = min(size for size in stacks if size >= min(powers, top // 2 - powers))
            higher = builder.op("Mul", stacks[more], power)
            stacks[powers + more] = builder.op("Concat", stacks[powers], higher, axis=0)
            powers += more
        parts = []
        for odd in range(min(top, 1) + 1):
            told = np.zeros(((top - odd) // 2 + 1, powers + 1))
            for at, own in enumerate(told):
                coefficients = np.polynomial.legendre.leg2poly(np.eye(top + 1)[2 * at + odd])[odd::2]
                own[: len(coefficients)] = coefficients * np.sqrt(4 * at + 2 * odd + 1)
            weights, constant = (builder.constant(part, double) for part in (told[:, 1:], told[:, :1]))
            part = builder.op("Gemm", weights, stacks[powers], constant)
            parts.append(builder.op("Mul", part, u) if odd else part)
        values = builder.op("Concat", *parts, axis=0)
        if len(columns) > 1:
            values = builder.op("Reshape", values, builder.constant([(top + 1) * len(columns), -1], np.int64))
        return values if np.dtype(dtype) == double else builder.cast(values, dtype)

    def _others(self, builder: Graph, part: str, column: int, top: int, dtype: Any) -> str:
        """Functions 1 to ``top`` of a choice or of a periodic input."""
        variable = self.variables[column]
        x = builder.op("Gather", part, builder.constant([column], np.int64), axis=0)
        if variable.choices:
            numbers = builder.constant(np.arange(len(variable.choices))[:, None], dtype)
            apart = builder.op("Abs", builder.op("Sub", x, numbers))
            chosen = builder.op("Relu", builder.op("Sub", builder.constant(1.0, dtype), apart))
            contrasts = _helmert(len(variable.choices))[1 : top + 1]
            return builder.op("MatMul", builder.constant(contrasts, dtype), chosen)
        rate = self.degrees[column][1 : top + 1, None] * (2 * np.pi / (variable.high - variable.low))
        shift = np.where(np.arange(1, top + 1) % 2, 0.0, np.pi / 2)[
            :, None
        ]  # the cosine, of which not all runtimes know float64
        angle = builder.op("Add", builder.op("Mul", x, builder.constant(rate, dtype)), builder.constant(shift, dtype))
        return builder.op("Mul", builder.op("Sin", angle), builder.constant(np.sqrt(2), dtype))


def _middle(variable: Variable) -> float:
    return (variable.low + variable.high) / 2


def _whole_period(variable: Variable) -> bool:
    return variable.period is not None and abs(variable.high - variable.low - variable.period) <= 1e-9 * variable.period
