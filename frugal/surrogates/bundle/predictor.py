"""Run a bundle, or an ONNX file alone. Only numpy and onnxruntime are needed."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np

from frugal.errors import UnusableInputError
from frugal.experiments.study import Output, Variable
from frugal.experiments.study.need import did_you_mean
from frugal.experiments.study.study_file import read_outputs, read_variables
from frugal.experiments.study.values import check_bounds
from frugal.surrogates.bundle.bundle import open_bundle
from frugal.surrogates.onnx.digest import graph_digest
from frugal.surrogates.onnx.graph import session


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
            self.inputs: tuple[Variable, ...] = read_variables(described["inputs"])
            self.outputs: tuple[Output, ...] = read_outputs(described["outputs"])
            self.grid: dict[str, Any] = dict(described.get("grid") or {})
        except (KeyError, TypeError, ValueError, AttributeError) as fault:
            raise UnusableInputError(f"'{path}' is not an answer of frugal: its metadata cannot be read") from fault
        self.candidate: str = self.metadata.get("frugal.candidate", "")

    def __call__(self, inputs: Any, extrapolate: bool = False) -> dict[str, np.ndarray]:
        """Answer rows of inputs.

        Parameters
        ----------
        inputs : array [n, d] or mapping
            In the units of the study, columns in its order; a mapping gives an array [n] or a number for each name, and
            names that are left out take their default.
        extrapolate : bool
            Answer outside the bounds instead of refusing.

        Returns
        -------
        dict of str to array
            For each output ``name``, ``name_lower`` and ``name_upper`` ``[n, ...]``, and ``in_domain`` ``[n]``.

        Raises
        ------
        UnusableInputError
            If a name is unknown or missing, or a value is not finite or out of bounds.
        """
        rows = self._rows(inputs)
        if not np.isfinite(rows).all():
            row, column = np.argwhere(~np.isfinite(rows))[0]
            raise UnusableInputError(f"input '{self.inputs[column].name}' in row {row} is not a finite number")
        if not extrapolate:
            self._check(rows)
        names = [output.name for output in self._session.get_outputs()]
        answers = self._session.run(names, {"inputs": rows.astype(np.float32)})
        return {name: np.asarray(answer) for name, answer in zip(names, answers, strict=True)}

    def _rows(self, inputs: Any) -> np.ndarray:
        if not isinstance(inputs, dict):
            rows = np.atleast_2d(np.asarray(inputs, dtype=float))
            if rows.ndim != 2 or rows.shape[1] != len(self.inputs):
                raise UnusableInputError(f"inputs have shape {rows.shape}; [n, {len(self.inputs)}] is needed")
            return rows
        known = [variable.name for variable in self.inputs]
        for name in inputs:
            if name not in known:
                raise UnusableInputError(
                    f"input '{name}' is unknown; known: {', '.join(known)}{did_you_mean(name, known)}"
                )
        columns = []
        for variable in self.inputs:
            value = inputs.get(variable.name, variable.default)
            if value is None:
                raise UnusableInputError(f"input '{variable.name}' is missing")
            columns.append(np.atleast_1d(np.asarray(value, dtype=float)))
        return np.stack(np.broadcast_arrays(*columns), axis=1)

    def _check(self, rows: np.ndarray) -> None:
        low = np.array([variable.low for variable in self.inputs])
        high = np.array([variable.high for variable in self.inputs])
        slack = 1e-6 * (high - low)
        outside = (rows < low - slack) | (rows > high + slack)
        for column in [j for j, variable in enumerate(self.inputs) if variable.choices]:
            outside[:, column] |= rows[:, column] != np.round(rows[:, column])
        if outside.any():
            row = int(np.argwhere(outside)[0][0])
            check_bounds(self.inputs, list(rows[row]), row if len(rows) > 1 else None)


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
