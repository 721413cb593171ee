"""Fit what is unknown to what was measured, and check the answer with the full solver."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from frugal.calibration.asking import AskedGraph, AskedSolver, ModelAsked
from frugal.calibration.check import SolverCheck, check_with_solver
from frugal.calibration.drawing import Draws, draw_posterior
from frugal.calibration.emulator import GOOD_ENOUGH, emulated
from frugal.calibration.fitting import BestFit, best_fit
from frugal.calibration.history import Plausible, history_match
from frugal.calibration.observed import ObservedRuns, Unknown, observed_under, read_observed, unknowns
from frugal.calibration.space import Space
from frugal.errors import SolverError, UnusableInputError, did_you_mean
from frugal.experiments.study import Output, Study, Variable
from frugal.experiments.study.questions import find_scenario
from frugal.experiments.study.scenarios import Scenario
from frugal.surrogates.bundle.bundle import Bundle
from frugal.surrogates.bundle.predictor import Predictor
from frugal.texts import LANGUAGES, Text

#: The solver is asked itself where all it would be asked for takes no longer than so many CPU seconds.
_PATIENCE_SECONDS, _SETTINGS_ASKED = 60.0, 80_000
#: Settings by which the solver is timed, and by which the deviation of a graph is judged.
_TIMED, _JUDGED = 4, 64
#: Most unknowns that are searched.
MOST_UNKNOWNS = 12


@dataclass(frozen=True)
class Wanted:
    """What is to be fitted to what.

    Parameters
    ----------
    observations : str or Path
        A table, or the name of observations that the study holds.
    parameters : sequence of str
        Names of what is unknown; all parameters of the physics by default.
    inputs : mapping of str to str
        Those that are known, as a user writes them.
    scenario : str
        For inputs that are not told; that of named observations by default.
    seed : int
    """

    observations: str | Path
    parameters: Sequence[str] = ()
    inputs: Mapping[str, str] = field(default_factory=dict)
    scenario: str = ""
    seed: int = 0


@dataclass(frozen=True, eq=False)
class Calibration:
    """What was found.

    Parameters
    ----------
    study : str
    title : Text
    answered_by : str
        Name of a candidate, ``full_physics``, or ``emulator`` of the solver beside the measurements.
    label : Text
        Its name in words; empty where it is no candidate.
    observed : ObservedRuns
    space : Space
    best : BestFit
    draws : Draws
    plausible : Plausible
    check : SolverCheck or None
        What the solver itself says of the answer; ``check_reason`` why it was not asked, by language, empty where there was
        no need.
    runs : int
        Of the solver, those of the check included.
    failed_runs : int
    """

    study: str
    title: Text
    answered_by: str
    label: Text
    observed: ObservedRuns
    space: Space
    best: BestFit
    draws: Draws
    plausible: Plausible
    check: SolverCheck | None
    check_reason: Text
    runs: int
    failed_runs: int

    @property
    def unknowns(self) -> tuple[Unknown, ...]:
        """What was fitted."""
        return self.space.unknowns

    @property
    def emulator_share(self) -> float:
        """Deviation of the emulator over the standard error at the best setting, the largest of the measurements."""
        return float((self.best.spread / self.observed.sigma).max())

    @property
    def little_said(self) -> tuple[Unknown, ...]:
        """Unknowns of which the measurements say little: their draws spread nearly as widely as the bounds."""
        spread = self.space.to_unit(self.draws.settings).std(axis=0)
        return tuple(u for u, s in zip(self.unknowns, spread, strict=True) if s > 0.8 / np.sqrt(12))


def calibrate_study(study: Study, wanted: Wanted, runs: int | None = None, threads: int | None = None) -> Calibration:
    """Fit with the solver: itself where it is fast, else by an emulator of it beside the measurements.

    Parameters
    ----------
    study : Study
    wanted : Wanted
    runs : int, optional
        Settings to run for the emulator.
    threads : int, optional
        For the runs; one per core by default.

    Raises
    ------
    UnusableInputError
        If the study has no solver, or what is wanted does not fit it.
    """
    observed, space = _wanted(wanted, study.name, study.inputs, study.outputs, study.scenarios, study)
    solver = AskedSolver(study, observed, space.unknowns, threads)
    asked: ModelAsked = solver
    name = "full_physics"
    if runs is None:
        timed = solver(space.from_unit(space.sobol(_TIMED, wanted.seed)))
        if not timed.inside.any():
            raise SolverError(f"{_TIMED} of {_TIMED} runs within the bounds fail: {solver.fault}")
    if runs is not None or solver.seconds_per_setting * _SETTINGS_ASKED > _PATIENCE_SECONDS:
        asked, name = emulated(solver, space, observed, runs, wanted.seed), "emulator"
    return _calibrated(study.name, study.title, asked, name, {}, observed, space, wanted.seed, solver, {})


def calibrate_bundle(
    bundle: Bundle,
    wanted: Wanted,
    study: Study | None = None,
    reason: Text | None = None,
    candidate: str | None = None,
    threads: int | None = None,
) -> Calibration:
    """Fit with the cheapest candidate of a bundle that is good enough for the measurements.

    Parameters
    ----------
    bundle : Bundle
    wanted : Wanted
    study : Study, optional
        With the solver that checks the answer; without it ``reason`` says why there is none.
    reason : Text, optional
    candidate : str, optional
        To be asked, whatever it costs.
    threads : int, optional
        For the runs of the solver.

    Raises
    ------
    UnusableInputError
        If no candidate has a graph, or what is wanted does not fit the study.
    """
    names = [candidate] if candidate is not None else _with_graphs(bundle)
    predictor = Predictor(bundle.path, names[0])
    fixed = [part["name"] for part in bundle.study.get("parameters", [])]
    for name in wanted.parameters:
        if name in fixed:
            raise UnusableInputError(
                f"--parameters '{name}' is fixed in the graphs of '{bundle.path}': calibrate the study itself"
            )
    observed, space = _wanted(
        wanted, predictor.study_name, predictor.inputs, predictor.outputs, predictor.scenarios, study
    )
    asked = AskedGraph(predictor, observed, space.unknowns)
    points = space.from_unit(space.sobol(_JUDGED, wanted.seed))
    least = _typical_deviation(asked, observed, points)
    for name in names[1:]:
        if least <= GOOD_ENOUGH:
            break
        other = Predictor(bundle.path, name)
        answered = AskedGraph(other, observed, space.unknowns)
        deviation = _typical_deviation(answered, observed, points)
        if deviation < least:
            predictor, asked, least = other, answered, deviation
    if not asked(points).inside.any():
        raise UnusableInputError(
            f"under the inputs of the measurements every setting lies outside the domain that '{predictor.candidate}' of "
            f"'{bundle.path}' was made for: calibrate the study itself"
        )
    row = bundle.candidate(predictor.candidate)
    solver = None
    if study is not None and study.solve is not None:
        solver = AskedSolver(study, observed, space.unknowns, threads)
    title = bundle.study["title"]
    return _calibrated(
        predictor.study_name, title, asked, row.name, row.labels, observed, space, wanted.seed, solver, reason or {}
    )


def _with_graphs(bundle: Bundle) -> list[str]:
    """Candidates with a graph, the cheapest that meets the need first, then those that do not, the least wrong first."""
    ladder = bundle.comparison.ladder
    pattern = ladder.decision.pattern
    rows = [row for row in ladder.rows if row.works and row.graph is not None and not row.lacks]
    if not rows:
        raise UnusableInputError(f"'{bundle.path}' has no candidate with an ONNX file: calibrate the study itself")
    met = [row for row in rows if row.need_met.get(pattern, False)]
    met.sort(key=lambda row: row.query[pattern].cpu_seconds if pattern in row.query else np.inf)
    others = sorted((row for row in rows if row not in met), key=lambda row: row.error_bound)
    return [row.name for row in met] or [row.name for row in others]


def _typical_deviation(asked: ModelAsked, observed: ObservedRuns, settings: np.ndarray) -> float:
    """Deviation of an emulator over the standard error, in the middle of settings, of the worst measurement."""
    return float(np.median((asked(settings).spread / observed.sigma).max(axis=1)))


def _wanted(
    wanted: Wanted,
    name: str,
    inputs: Sequence[Variable],
    outputs: Sequence[Output],
    scenarios: Sequence[Scenario],
    study: Study | None,
) -> tuple[ObservedRuns, Space]:
    """Measurements under their conditions, and the space of what is unknown."""
    parameters = study.parameters if study is not None and _is_asked(inputs, study) else ()
    fitted = unknowns(inputs, parameters, wanted.parameters)
    if len(fitted) > MOST_UNKNOWNS:
        raise UnusableInputError(
            f"--parameters names {len(fitted)} unknowns; at most {MOST_UNKNOWNS} are fitted at once"
        )
    known = {o.name: o for o in study.observations} if study is not None else {}
    scenario = wanted.scenario
    if str(wanted.observations) in known:
        observations = known[str(wanted.observations)]
        given: list[dict[str, str]] = [{} for _ in observations.measurements]
        scenario = scenario or observations.scenario
    else:
        path = Path(wanted.observations)
        if not path.suffix and not path.exists():
            raise UnusableInputError(
                f"observations '{path}' of study '{name}' are unknown; known: {', '.join(known) or 'none'}, or a file"
                f"{did_you_mean(str(path), known)}"
            )
        observations, given = read_observed(path, inputs, outputs, fitted, name)
    chosen = find_scenario(scenarios, scenario, name) if scenario else None
    told = dict(wanted.inputs)
    observed = observed_under(observations, given, inputs, outputs, fitted, told, chosen)
    return observed, Space.of(fitted)


def _is_asked(inputs: Sequence[Variable], study: Study) -> bool:
    """The inputs are those of the study itself, not those of a graph in which its parameters are fixed."""
    return inputs is study.inputs


def _calibrated(
    study: str,
    title: Mapping[str, str],
    asked: ModelAsked,
    answered_by: str,
    label: Text,
    observed: ObservedRuns,
    space: Space,
    seed: int,
    solver: AskedSolver | None,
    reason: Text,
) -> Calibration:
    best = best_fit(asked, space, observed, seed)
    draws = draw_posterior(asked, space, observed, best.unit, seed)
    likely = np.concatenate([best.settings[None], draws.settings[:: max(len(draws.settings) // 500, 1)]])
    plausible = history_match(asked, space, observed, likely, seed + 1)
    check = None
    if solver is not None and answered_by != "full_physics":
        check = check_with_solver(asked, solver, observed, best, draws, seed)
    return Calibration(
        study=study,
        title={language: title.get(language) or study for language in LANGUAGES},
        answered_by=answered_by,
        label=label,
        observed=observed,
        space=space,
        best=best,
        draws=draws,
        plausible=plausible,
        check=check,
        check_reason=reason,
        runs=0 if solver is None else solver.runs,
        failed_runs=0 if solver is None else solver.failed,
    )
