"""Run a bundle, or an ONNX file alone. Only numpy and onnxruntime are needed."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from frugal.errors import UnusableInputError, did_you_mean, printable
from frugal.experiments.runs.result import INTERVAL_SUFFIXES
from frugal.experiments.study import Output, Variable
from frugal.experiments.study.input_layout import InputLayout
from frugal.experiments.study.questions import variable_values
from frugal.experiments.study.scenarios import Scenario
from frugal.experiments.study.study_file import read_outputs, read_scenarios, read_variables
from frugal.experiments.study.values import check_bounds
from frugal.surrogates.bundle.bundle import open_bundle
from frugal.surrogates.onnx.digest import graph_digest
from frugal.surrogates.onnx.graph import ROWS_AT_A_TIME, first_line, run_within, session
from frugal.surrogates.onnx.input_precision import taken_by
from frugal.surrogates.onnx.inspection import PRODUCER, inspect_graph
from frugal.texts import Text, room_texts

_TEXTS = room_texts("frugal.surrogates")
#: Seconds of the clock that a graph which may hold a loop is given.
SECONDS_FOR_AN_ANSWER = 60.0
IN_DOMAIN = "in_domain"
#: Types of inputs that a graph of ours takes.
_TAKEN = ("tensor(float)", "tensor(double)")

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
        content = _content(path)
        self._may_not_end, doubts = _inspected(path, content)
        self._session = _opened(path, content)
        self.metadata = _metadata(path, self._session)
        expected = self.metadata.get("frugal.graph_sha256")
        if expected is not None and expected != graph_digest(content):
            raise UnusableInputError(f"'{path}' was altered: its graph is not the one that was audited")
        if "frugal.study" not in self.metadata:
            raise UnusableInputError(f"'{path}' is not an answer of frugal: its metadata hold no study")
        try:
            described = _plain_words(json.loads(self.metadata["frugal.study"]))
            self.study_name: str = str(described["name"])
            self.study_hash: str = str(described.get("hash", ""))
            self.title: dict[str, str] = {str(key): str(words) for key, words in (described.get("title") or {}).items()}
            self.inputs: tuple[Variable, ...] = read_variables(described["inputs"])
            self.outputs: tuple[Output, ...] = read_outputs(described["outputs"], described.get("grid"))
            self.scenarios: tuple[Scenario, ...] = read_scenarios(described.get("scenarios", []))
            self.site: dict[str, Any] = dict(described.get("site") or {})
            self.notes: tuple[Text, ...] = tuple(_note(note) for note in described.get("notes") or ())
        except UnusableInputError as fault:
            raise UnusableInputError(f"'{path}' is not an answer of frugal: {fault}") from fault
        except (KeyError, TypeError, ValueError, AttributeError, RecursionError, ArithmeticError) as fault:
            raise UnusableInputError(f"'{path}' is not an answer of frugal: its metadata cannot be read") from fault
        if not doubts and expected is None:
            doubts.append(_TEXTS.say("graph.no_hash", path=path))
        #: What whoever asks should know of the file, a sentence each, by language.
        self.doubts: tuple[Text, ...] = tuple(doubts)
        self.layout = InputLayout(self.inputs)
        self.candidate: str = self.metadata.get("frugal.candidate", "")
        self.interval_level = _share(self.metadata.get("frugal.interval_level", ""))
        self._shapes = _answers_of(self.outputs)
        self._check_graph()

    def _check_graph(self) -> None:
        """Refuse a graph that does not take the inputs of its study, or does not give its outputs."""
        taken = [(given.name, given.type, list(given.shape or ())) for given in self._session.get_inputs()]
        columns = len(self.layout.columns)
        if not (len(taken) == 1 and taken[0][0] == "inputs" and taken[0][1] in _TAKEN and taken[0][2][1:] == [columns]):
            names = ", ".join(printable(f"{name} {shape}") for name, _, shape in taken)
            raise UnusableInputError(
                f"'{self.path}' is not an answer of frugal: its graph takes {names or 'nothing'}; "
                f"inputs [n, {columns}] are needed"
            )
        given = {output.name for output in self._session.get_outputs()}
        for name in self._shapes:
            if name not in given:
                raise UnusableInputError(f"'{self.path}' is not an answer of frugal: its graph does not give '{name}'")

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
        taken = rows.astype(taken_by(self._session))
        parts = [self._answers(taken[at : at + ROWS_AT_A_TIME]) for at in range(0, max(len(rows), 1), ROWS_AT_A_TIME)]
        whole = parts[0] if len(parts) == 1 else [np.concatenate(found) for found in zip(*parts, strict=True)]
        return dict(zip(self._shapes, whole, strict=True))

    def _answers(self, rows: np.ndarray) -> list[np.ndarray]:
        answers = self._run(rows)
        for (name, shape), answer in zip(self._shapes.items(), answers, strict=True):
            kind = "b" if name == IN_DOMAIN else "f"
            if not isinstance(answer, np.ndarray) or answer.shape != (len(rows), *shape) or answer.dtype.kind != kind:
                raise UnusableInputError(
                    f"'{self.path}' is not an answer of frugal: for {len(rows)} rows its graph gives '{name}' of "
                    f"shape {np.shape(answer)} and type {getattr(answer, 'dtype', type(answer).__name__)}"
                )
        return answers

    def _run(self, rows: np.ndarray) -> list[np.ndarray]:
        names, given = list(self._shapes), {"inputs": rows}
        try:
            if self._may_not_end:
                return run_within(self._session, names, given, SECONDS_FOR_AN_ANSWER)
            return list(self._session.run(names, given))
        except TimeoutError as fault:
            raise UnusableInputError(
                f"'{self.path}' gives no answer in {SECONDS_FOR_AN_ANSWER:g} s: its graph may hold a loop without an end"
            ) from fault
        except Exception as fault:  # onnxruntime raises classes of its own, made at run time
            raise UnusableInputError(f"'{self.path}' cannot answer: {first_line(fault)}") from fault

    def without_number(self, answers: Mapping[str, np.ndarray]) -> dict[str, int]:
        """How many rows of some answers hold what is no finite number, by the name of the output; none where all are."""
        found = {}
        for output in self.outputs:
            parts = [answers[output.name + end] for end in INTERVAL_SUFFIXES]
            bad = np.zeros(len(parts[0]), dtype=bool)
            for part in parts:
                bad |= ~np.isfinite(part).reshape(len(part), -1).all(axis=1)
            if bad.any():
                found[output.name] = int(bad.sum())
        return found

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


def _note(told: Any) -> Text:
    """A sentence by language, as a file has it."""
    return {str(language): str(words) for language, words in dict(told).items()}


def _share(text: str) -> float:
    """Share of the truth that intervals hold, as a file says it."""
    try:
        share = float(text)
    except ValueError:
        return _FORMER_LEVEL
    return share if 0.0 < share < 1.0 else _FORMER_LEVEL


def _answers_of(outputs: Sequence[Output]) -> dict[str, tuple[int, ...]]:
    """What a graph of a study gives, by name, with the shape of one row."""
    found: dict[str, tuple[int, ...]] = {
        output.name + end: tuple(output.shape) for end in INTERVAL_SUFFIXES for output in outputs
    }
    return {**found, IN_DOMAIN: ()}


def _content(path: Path) -> bytes:
    if not path.is_file():
        raise UnusableInputError(f"'{path}' does not exist")
    try:
        return path.read_bytes()
    except OSError as fault:
        raise UnusableInputError(f"'{path}' cannot be read: {fault.strerror}") from fault


def _inspected(path: Path, content: bytes) -> tuple[bool, list[Text]]:
    """Whether a graph may run without end, and what should be told of it.

    Raises
    ------
    UnusableInputError
        If it is damaged, or keeps values in other files.
    """
    try:
        found = inspect_graph(content)
    except UnusableInputError as fault:
        raise UnusableInputError(f"'{path}' is not an ONNX file that can be run: {fault}") from fault
    if found.elsewhere:
        raise UnusableInputError(
            f"'{path}' keeps '{found.elsewhere[0]}' in another file, which no hash covers; a graph in one file is needed"
        )
    if found.foreign:
        return found.may_not_end, [_TEXTS.say("graph.foreign", path=path, operator=found.foreign[0])]
    if found.producer != PRODUCER:
        return found.may_not_end, [_TEXTS.say("graph.other_producer", path=path, producer=found.producer or "?")]
    return found.may_not_end, []


def _opened(path: Path, content: bytes) -> Any:
    try:
        return session(content)
    except UnusableInputError as fault:
        raise UnusableInputError(f"'{path}' is not an ONNX file that can be run: {fault}") from fault


def _metadata(path: Path, model: Any) -> dict[str, str]:
    """Metadata of a graph, without characters that no text has."""
    try:
        found = dict(model.get_modelmeta().custom_metadata_map)
    except (UnicodeDecodeError, RuntimeError) as fault:
        raise UnusableInputError(f"'{path}' is not an answer of frugal: its metadata are not text") from fault
    return {key: value if key == "frugal.study" else printable(value) for key, value in found.items()}


def _plain_words(value: Any) -> Any:
    """Plain values whose texts have no control characters."""
    if isinstance(value, str):
        return printable(value)
    if isinstance(value, list):
        return [_plain_words(part) for part in value]
    if isinstance(value, dict):
        return {printable(key): _plain_words(part) for key, part in value.items()}
    return value
