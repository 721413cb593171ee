"""Run a bundle, or an ONNX file alone. Only numpy and onnxruntime are needed."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from frugal.errors import UnusableInputError, did_you_mean
from frugal.experiments.study import Output, Variable
from frugal.experiments.study.input_layout import InputLayout
from frugal.experiments.study.questions import variable_values
from frugal.experiments.study.scenarios import Scenario
from frugal.experiments.study.study_file import read_outputs, read_scenarios, read_variables
from frugal.experiments.study.values import check_bounds
from frugal.surrogates.bundle.bundle import open_bundle
from frugal.surrogates.onnx.digest import graph_digest
from frugal.surrogates.onnx.graph import session

#: Share of the truth that intervals hold, where a file does not say.
_FORMER_LEVEL = 0.9


class Predictor:
    """Answers of one ONNX file.

    Parameters
    ----------
    path : path
        A bundle, or an ONNX file that `frugal` wrote.
    candidate : str, optional
        Another candidate of the bundle than the one that ships.

    Raises
    ------
    UnusableInputError
        If the file is missing, altered, or not an answer of `frugal`.

    Examples
    --------
    >>> predictor = Predictor("bundles/roof_yield")  # doctest: +SKIP
    >>> predictor({"tilt_deg": [30.0], "azimuth_deg": [180.0]})["yearly_yield"]  # doctest: +SKIP
    """

    def __init__(self, path: Path | str, candidate: str | None = None) -> None:
        path = Path(path)
        if path.is_dir():
            path = open_bundle(path).model_path(candidate)
        elif candidate is not None:
            raise UnusableInputError(f"'{path}' is one ONNX file; --candidate needs a bundle")
        self.path = path
        self._session = _open(path)
        self.metadata = dict(self._session.get_modelmeta().custom_metadata_map)
        expected = self.metadata.get("frugal.graph_sha256")
        if expected is not None and expected != graph_digest(path.read_bytes()):
            raise UnusableInputError(f"'{path}' was altered: its graph is not the one that was audited")
        if "frugal.study" not in self.metadata:
            raise UnusableInputError(f"'{path}' is not an answer of frugal: its metadata hold no study")
        try:
            described = json.loads(self.metadata["frugal.study"])
            self.study_name: str = described["name"]
            self.study_hash: str = str(described.get("hash", ""))
            self.title: dict[str, str] = dict(described.get("title") or {})
            self.inputs: tuple[Variable, ...] = read_variables(described["inputs"])
            self.outputs: tuple[Output, ...] = read_outputs(described["outputs"], described.get("grid"))
            self.scenarios: tuple[Scenario, ...] = read_scenarios(described.get("scenarios", []))
            self.site: dict[str, Any] = dict(described.get("site") or {})
            self.notes: tuple[Mapping[str, str], ...] = tuple(dict(note) for note in described.get("notes") or ())
        except (KeyError, TypeError, ValueError, AttributeError) as fault:
            raise UnusableInputError(f"'{path}' is not an answer of frugal: its metadata cannot be read") from fault
        self.layout = InputLayout(self.inputs)
        self.candidate: str = self.metadata.get("frugal.candidate", "")
        self.interval_level = _share(self.metadata.get("frugal.interval_level", ""))

    def __call__(self, inputs: Any, extrapolate: bool = False) -> dict[str, np.ndarray]:
        """Answer rows of inputs.

        Parameters
        ----------
        inputs : array [n, d] or mapping
            In the units of the study, columns in its order; a mapping gives an array [n] or a number for each name, of a
            vector an array [n, ...] or its elements by name, ``horizon_deg[090]``. Names that are left out take their default.
            Texts are taken as a user writes them: a choice by its name, ``30 km/h``, of a vector ``0; 10; 20``.
        extrapolate : bool
            Answer outside the bounds instead of refusing.

        Returns
        -------
        dict of str to array
            For each output ``name``, ``name_lower`` and ``name_upper`` ``[n, ...]``, and ``in_domain`` ``[n]``.

        Raises
        ------
        UnusableInputError
            If a name is unknown or missing, a value is no number, not finite or out of bounds, or the rows of two inputs differ
            in number.
        """
        rows = self._rows(inputs)
        if not np.isfinite(rows).all():
            row, column = np.argwhere(~np.isfinite(rows))[0]
            raise UnusableInputError(f"input '{self.layout.columns[column].name}' in row {row} is not a finite number")
        if not extrapolate:
            self._check(rows)
        names = [output.name for output in self._session.get_outputs()]
        answers = self._session.run(names, {"inputs": rows.astype(np.float32)})
        return {name: np.asarray(answer) for name, answer in zip(names, answers, strict=True)}

    def _rows(self, inputs: Any) -> np.ndarray:
        if not isinstance(inputs, Mapping):
            return self._rows_of(inputs)
        columns = {column.name: column for column in self.layout.columns}
        vectors = {variable.name: variable for variable in self.inputs if variable.dims}
        given: dict[str, Any] = {}
        for name, value in inputs.items():
            if name in vectors:
                given |= self._elements(vectors[name], value)
        for name, value in inputs.items():
            if name in columns:
                given[name] = value
            elif name not in vectors:
                known = [variable.name for variable in self.inputs]
                raise UnusableInputError(
                    f"input '{name}' is unknown; known: {', '.join(known)}{did_you_mean(name, [*known, *columns])}"
                )
        told = []
        for column in self.layout.columns:
            value = given.get(column.name, column.default)
            if value is None:
                raise UnusableInputError(f"input '{column.name}' is missing")
            told.append(np.atleast_1d(_numbers(column, value)))
            if told[-1].ndim > 1:
                raise UnusableInputError(
                    f"input '{column.name}' has shape {told[-1].shape}; a number is needed, or one for each row"
                )
        many = {column.name: len(value) for column, value in zip(self.layout.columns, told, strict=True)}
        n = next((count for count in many.values() if count != 1), 1)
        for name, count in many.items():
            if count not in (1, n):
                first = next(other for other in many if many[other] == n)
                raise UnusableInputError(
                    f"input '{name}' has {count} rows, input '{first}' has {n}; as many are needed, or one"
                )
        return np.stack(np.broadcast_arrays(*told), axis=1)

    def _rows_of(self, inputs: Any) -> np.ndarray:
        columns = self.layout.columns
        rows = np.atleast_2d(_plain(inputs))
        if rows.ndim != 2 or rows.shape[1] != len(columns):
            raise UnusableInputError(f"inputs have shape {rows.shape}; [n, {len(columns)}] is needed")
        return np.stack([_numbers(column, rows[:, k]) for k, column in enumerate(columns)], axis=1)

    def _elements(self, variable: Variable, value: Any) -> dict[str, np.ndarray]:
        """An array ``[n, ...]`` or of the shape of the vector, or one number, by the names of its elements."""
        values = _numbers(variable, value)
        names = [element.name for element in variable.elements()]
        if values.ndim == 0:
            return dict.fromkeys(names, values)
        if values.shape[-len(variable.shape) :] != variable.shape or values.ndim > len(variable.shape) + 1:
            raise UnusableInputError(
                f"input '{variable.name}' has shape {values.shape}; {variable.shape} is needed, or one such for each row"
            )
        return dict(zip(names, values.reshape(-1, variable.size).T, strict=True))

    def _check(self, rows: np.ndarray) -> None:
        low = np.array([variable.low for variable in self.layout.columns])
        high = np.array([variable.high for variable in self.layout.columns])
        slack = 1e-6 * (high - low)
        outside = (rows < low - slack) | (rows > high + slack)
        for column in [j for j, variable in enumerate(self.layout.columns) if variable.choices]:
            outside[:, column] |= rows[:, column] != np.round(rows[:, column])
        if outside.any():
            row = int(np.argwhere(outside)[0][0])
            check_bounds(self.layout.columns, list(rows[row]), row if len(rows) > 1 else None)


def _plain(value: Any) -> np.ndarray:
    """An array of numbers, or of whatever else it holds; rows of unequal length are values of their own."""
    try:
        found = np.asarray(value)
    except ValueError:  # rows of unequal length
        found = np.empty(len(value), dtype=object)
        for k, part in enumerate(value):
            found[k] = part
        return found
    return found if found.dtype.kind in "biuf" else np.asarray(value, dtype=object)


def _numbers(variable: Variable, value: Any) -> np.ndarray:
    """Numbers in the unit of an input, from numbers or from texts; a text may list the elements of a vector."""
    found = _plain(value)
    if found.dtype.kind != "O":
        return found.astype(float)
    cells = [variable_values(variable, cell) for cell in found.ravel().tolist()]
    lists = bool(variable.dims) and any(isinstance(cell, str) and _is_list(cell) for cell in found.ravel().tolist())
    if lists or any(isinstance(cell, list | tuple | np.ndarray) for cell in found.ravel().tolist()):
        return np.array(cells, dtype=float).reshape(*found.shape, *variable.shape)
    return np.array([cell[0] for cell in cells], dtype=float).reshape(found.shape)


def _is_list(text: str) -> bool:
    return ";" in text or "," in text


def _share(text: str) -> float:
    """Share of the truth that intervals hold, as a file says it."""
    try:
        return float(text)
    except ValueError:
        return _FORMER_LEVEL


def _open(path: Path) -> Any:
    if not path.is_file():
        raise UnusableInputError(f"'{path}' does not exist")
    try:
        return session(path.read_bytes())
    except OSError as fault:
        raise UnusableInputError(f"'{path}' cannot be read: {fault.strerror}") from fault
    except Exception as fault:  # onnxruntime raises classes of its own, made at run time
        first = (str(fault).splitlines() or [""])[0][:200]
        raise UnusableInputError(f"'{path}' is not an ONNX file that can be run: {first}") from fault
