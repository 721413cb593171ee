"""Explain an answer: which inputs it hangs on, how, and which could be left out."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from frugal.errors import UnusableInputError, did_you_mean
from frugal.experiments.runs.store import Runs, read_runs
from frugal.experiments.study import Output
from frugal.insight.analytic import CHAOS, exact_indices
from frugal.insight.dependence import GRID, PartialDependence, partial_dependence
from frugal.insight.input_distribution import InputDistribution, distribution_of
from frugal.insight.sensitivity import OutputIndices, sobol_indices
from frugal.surrogates.bundle.bundle import RUNS, open_bundle
from frugal.surrogates.bundle.held_out import held_out_of
from frugal.surrogates.bundle.predictor import IN_DOMAIN, Predictor
from frugal.texts import LANGUAGES, Text

FORMAT = "frugal-explanation/1"
#: An input whose total index stays below this share of the variance can be dropped.
DROP_BELOW = 0.01
#: Rows of A: between these, as many as take about so many seconds, and as the memory of their answers allows.
_LEAST, _MOST, _SECONDS, _NUMBERS = 256, 8192, 15.0, 2.5e7
#: Numbers of one call of the graph.
_NUMBERS_A_CALL = 4e6
#: Rows that partial dependence is averaged over.
_AVERAGED = 128


@dataclass(frozen=True, eq=False)
class ExplainedOutput:
    """Indices of one output, and the share of its variance over held-out runs that the answer misses; None where unknown."""

    output: Output
    indices: OutputIndices
    missed: float | None


@dataclass(frozen=True, eq=False)
class Explanation:
    """What an answer hangs on.

    Parameters
    ----------
    study : str
    title : Text
    candidate : str
        Whose graph was asked, and ``label`` its name in words.
    distribution : InputDistribution
        How the inputs were drawn.
    samples : int
        Rows of the first set; ``samples (inputs + 2)`` were asked.
    outside : float
        Share of the rows that lie outside the domain that the answer was made for.
    outputs : list of ExplainedOutput
    dependence : list of PartialDependence
    drop_below : float
        Share of the variance below which an input can be dropped.
    """

    study: str
    title: Text
    candidate: str
    label: Text
    distribution: InputDistribution
    samples: int
    outside: float
    outputs: list[ExplainedOutput]
    dependence: list[PartialDependence]
    drop_below: float

    @property
    def rows_asked(self) -> int:
        """Rows behind the sampled indices."""
        return self.samples * (len(self.distribution.groups) + 2)

    @property
    def droppable(self) -> tuple[str, ...]:
        """Inputs whose total index is below the share in every output, the upper end of its interval included."""
        names = []
        for k, name in enumerate(self.distribution.names):
            upper = [
                one.indices.whole.total_high[k] for one in self.outputs if one.indices.whole.total_high is not None
            ]
            known = [value for value in upper if np.isfinite(value)]
            if known and max(known) < self.drop_below:
                names.append(name)
        return tuple(names)

    @property
    def missed(self) -> float | None:
        """Largest share of the variance of an output that the answer misses."""
        return max((one.missed for one in self.outputs if one.missed is not None), default=None)


def explain_answer(
    path: Path | str,
    *,
    candidate: str | None = None,
    outputs: Sequence[str] = (),
    drop_below: float = DROP_BELOW,
    samples: int | None = None,
    seed: int = 0,
) -> Explanation:
    """Sensitivity indices and partial dependence of the answer of a bundle, by asking its graph.

    Parameters
    ----------
    path : path
        A bundle, or one ONNX file of it, whose inputs are then drawn from their bounds.
    candidate : str, optional
        Another candidate of the bundle than the one that ships.
    outputs : sequence of str
        Those to explain; all by default.
    drop_below : float
        Share of the variance, 0 to 1.
    samples : int, optional
        Rows of the first set, rounded up to a power of two; as many as take some seconds by default.
    seed : int

    Raises
    ------
    UnusableInputError
        If the bundle has no such graph or output.
    """
    if not 0 < drop_below < 1:
        raise UnusableInputError(f"--drop-below {drop_below:g} must be a share between 0 and 1")
    path = Path(path)
    predictor = Predictor(path, candidate)
    asked = _asked(predictor, outputs)
    distribution = distribution_of(predictor.inputs, _runs(path, predictor))
    graph = _Graph(predictor, asked)
    n = _rows_for(graph, distribution, asked, samples)
    sizes = {output.name: output.size for output in asked}
    indices, rows, answers = sobol_indices(graph, distribution, sizes, n, seed)
    if _has_chaos(path):
        indices |= exact_indices(distribution, predictor.outputs, _all_runs(path, predictor), rows, answers, seed)
    outside = graph.outside / max(graph.asked, 1)
    seconds = _SECONDS / (len(predictor.layout.columns) * GRID * graph.seconds_per_row)
    averaged = int(np.clip(seconds, 16, _AVERAGED))
    along = partial_dependence(graph, distribution, list(sizes), rows[:averaged])
    missed = _missed(path, predictor)
    return Explanation(
        study=predictor.study_name,
        title={language: predictor.title.get(language, predictor.study_name) for language in LANGUAGES},
        candidate=predictor.candidate,
        label=_label(path, predictor.candidate),
        distribution=distribution,
        samples=n,
        outside=outside,
        outputs=[ExplainedOutput(output, indices[output.name], missed.get(output.name)) for output in asked],
        dependence=along,
        drop_below=drop_below,
    )


class _Graph:
    """A predictor that is asked for many rows, some at a time, wherever they lie.

    Parameters
    ----------
    predictor : Predictor
    outputs : sequence of Output
    """

    def __init__(self, predictor: Predictor, outputs: Sequence[Output]) -> None:
        self._predictor, self._names = predictor, [output.name for output in outputs]
        self._at_once = int(np.clip(_NUMBERS_A_CALL / sum(output.size for output in predictor.outputs), 8, 20_000))
        self.asked, self.outside, self._seconds = 0, 0, 0.0

    @property
    def seconds_per_row(self) -> float:
        """Of computing so far."""
        return self._seconds / max(self.asked, 1)

    def __call__(self, rows: np.ndarray) -> dict[str, np.ndarray]:
        begun = time.process_time()
        parts: dict[str, list[np.ndarray]] = {name: [] for name in self._names}
        for start in range(0, len(rows), self._at_once):
            answers = self._predictor(rows[start : start + self._at_once], extrapolate=True)
            for name, kept in parts.items():
                kept.append(answers[name].reshape(len(answers[name]), -1))
            self.outside += int((~answers[IN_DOMAIN]).sum())
        self.asked += len(rows)
        self._seconds += time.process_time() - begun
        found = {name: np.concatenate(kept) for name, kept in parts.items()}
        for name, values in found.items():
            if not np.isfinite(values).all():
                raise UnusableInputError(
                    f"'{self._predictor.path}' gives no finite number for '{name}' somewhere in its bounds: "
                    "it cannot be explained"
                )
        return found


def _asked(predictor: Predictor, names: Sequence[str]) -> list[Output]:
    known = {output.name: output for output in predictor.outputs}
    for name in names:
        if name not in known:
            raise UnusableInputError(f"'{name}' is no output; known: {', '.join(known)}{did_you_mean(name, known)}")
    return [known[name] for name in names] if names else list(predictor.outputs)


def _runs(path: Path, predictor: Predictor) -> np.ndarray | None:
    """Inputs of the runs of a bundle."""
    if not (path / RUNS).is_dir():
        return None
    smallest = min(predictor.outputs, key=lambda output: output.size)
    return read_runs(path / RUNS, [variable.name for variable in predictor.inputs], [smallest.name]).inputs


def _has_chaos(path: Path) -> bool:
    row = open_bundle(path).comparison.ladder.row(CHAOS) if path.is_dir() else None
    return row is not None and row.works


def _all_runs(path: Path, predictor: Predictor) -> Runs:
    names = [variable.name for variable in predictor.inputs]
    return read_runs(path / RUNS, names, [output.name for output in predictor.outputs])


def _rows_for(graph: _Graph, distribution: InputDistribution, outputs: Sequence[Output], samples: int | None) -> int:
    """A power of two."""
    if samples is not None:
        if samples < 16:
            raise UnusableInputError(f"--samples {samples}: at least 16 are needed")
        return int(2 ** np.ceil(np.log2(samples)))
    graph(distribution.rows(np.random.default_rng(0).random((64, distribution.dimensions))))
    seconds = _SECONDS / max(graph.seconds_per_row * (len(distribution.groups) + 2), 1e-12)
    numbers = _NUMBERS / sum(output.size for output in outputs)
    fits = min(seconds, numbers, float(_MOST))
    return int(2 ** np.floor(np.log2(max(fits, _LEAST))))


def _missed(path: Path, predictor: Predictor) -> dict[str, float]:
    """Share of the variance of each output that the answer misses on runs that judge it: 1 less the usual R squared."""
    held_out = held_out_of(path) if path.is_dir() else None
    if held_out is None or predictor.candidate not in held_out.answers:
        return {}
    found = {}
    for output in predictor.outputs:
        columns = held_out.columns(output.name)
        truth, answer = held_out.truth[:, columns], held_out.answers[predictor.candidate][:, columns]
        spread = float(((truth - truth.mean(axis=0)) ** 2).sum())
        if spread > 0:
            found[output.name] = float(((truth - answer) ** 2).sum()) / spread
    return found


def _label(path: Path, candidate: str) -> Text:
    row = open_bundle(path).comparison.ladder.row(candidate) if path.is_dir() else None
    return dict.fromkeys(LANGUAGES, candidate) if row is None else row.labels


def explanation_content(found: Explanation) -> dict[str, Any]:
    """An explanation as plain values; indices of the elements of an output that has more than a thousand stand in its maps."""
    drawn = "bounds" if found.distribution.runs is None else "runs"
    return {
        "format": FORMAT,
        "study": found.study,
        "title": dict(found.title),
        "candidate": found.candidate,
        "samples": found.samples,
        "rows_asked": found.rows_asked,
        "drawn_from": drawn,
        "dependent_inputs": [vars(pair) for pair in found.distribution.pairs],
        "outside_domain": found.outside,
        "drop_below": found.drop_below,
        "can_be_dropped": list(found.droppable),
        "outputs": [_output_content(one, found.distribution.names) for one in found.outputs],
        "partial_dependence": [
            {
                "input": along.variable.name,
                "unit": along.variable.unit,
                "values": along.values.tolist(),
                "choices": list(along.variable.choices),
                "mean": {name: line.tolist() for name, line in along.mean.items()},
                "cases": {name: lines.tolist() for name, lines in along.cases.items()},
            }
            for along in found.dependence
        ],
    }


def _output_content(one: ExplainedOutput, inputs: Sequence[str]) -> dict[str, Any]:
    parts: dict[str, Any] = {"whole": one.indices.whole}
    if one.indices.mean is not None:
        parts["mean_of_elements"] = one.indices.mean
    if one.indices.elements is not None and one.output.size <= 1000:
        parts["elements"] = one.indices.elements
    told: dict[str, Any] = {
        "name": one.output.name,
        "unit": one.output.unit,
        "dims": list(one.output.dims),
        "missed_share_of_variance": one.missed,
        "estimated_by": "polynomial_chaos" if one.indices.exact else "sampling",
    }
    for part, indices in parts.items():
        told[part] = {"variance": indices.variance.tolist(), "inputs": []}
        for k, name in enumerate(inputs):
            row: dict[str, Any] = {"name": name}
            for index in ("first", "total"):
                row[index] = _plain(getattr(indices, index)[k])
                ends = [getattr(indices, f"{index}_{end}") for end in ("low", "high")]
                if ends[0] is not None:
                    row[f"{index}_interval"] = [_plain(end[k]) for end in ends]
            told[part]["inputs"].append(row)
    return told


def _plain(values: Any) -> Any:
    return np.asarray(values, dtype=float).tolist()
