"""The library as a user calls it: ``import frugal`` gives each of these names when it is first asked for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from frugal.errors import UnusableInputError

if TYPE_CHECKING:
    from frugal.cadastre.job.result import Cadastre
    from frugal.calibration.calibrate import Calibration
    from frugal.campaigns.workflow import Trained
    from frugal.candidates.comparison import Comparison
    from frugal.experiments.runs.single import Simulated
    from frugal.experiments.study import Need, Study
    from frugal.insight.explain import Explanation


def list_studies() -> tuple[str, ...]:
    """Names of the installed studies."""
    from frugal.experiments.study.registry import installed_studies

    return tuple(installed_studies())


def load_study(study: str | Path, site: Path | str | None = None, **settings: Any) -> Study:
    """A study that is installed, or that a Python file holds.

    Parameters
    ----------
    study : str or Path
        Name of an installed study, or path of a ``.py`` file, which is executed.
    site : Path, optional
        TOML file of the site.
    **settings
        Of the site; they override those of the file.

    Raises
    ------
    UnusableInputError
        If there is no such study, or the site cannot be used.
    """
    from frugal.experiments.study import registry

    site_file = None if site is None else Path(site)
    if isinstance(study, Path) or str(study).endswith(".py"):
        return registry.load_study_file(Path(study), settings, site_file)
    return registry.load_study(str(study), settings, site_file)


def simulate(
    study: Study | str | Path,
    /,
    scenario: str | None = None,
    parameters: Mapping[str, float] | None = None,
    **inputs: Any,
) -> Simulated:
    """Run the full physics once.

    Parameters
    ----------
    study : Study, str or Path
        A study, or what `load_study` takes.
    scenario : str, optional
        Name of a scenario of the study, for the inputs that are not given.
    parameters : mapping of str to float, optional
        Parameters of the physics that differ from their default.
    **inputs
        By name: numbers in the unit of the study, texts with a unit (``"30 km/h"``), sequences for a vector, the name of a
        choice. Those left out take their default, or the middle of their bounds; ``assumed`` of the result says which.

    Returns
    -------
    Simulated
        ``outputs`` and ``diagnostics`` by name, ``inputs`` that were asked, ``assumed`` ones.

    Raises
    ------
    UnusableInputError
        If a name is unknown, or a value is not allowed.
    SolverError
        If the run fails.
    """
    from frugal.experiments.runs.single import simulate as run_once
    from frugal.experiments.study.questions import find_scenario, question

    found = _study(study).with_parameters(parameters or {})
    chosen = None if scenario is None else find_scenario(found.scenarios, scenario, found.name)
    return run_once(found, question(found.inputs, inputs, chosen, assume_middle=True))


def train(
    study: Study | str | Path,
    n_runs: int | str | None = None,
    *,
    out: Path | str | None = None,
    need: Need | Path | str | None = None,
    parameters: Mapping[str, float] | None = None,
    seed: int = 0,
    threads: int | None = None,
) -> Trained:
    """Simulate, fit, measure quickly, export and audit: one campaign, one bundle.

    Parameters
    ----------
    study : Study, str or Path
        A study, or what `load_study` takes.
    n_runs : int or str, optional
        Number of runs; the study's own by default. ``"auto"``: as few as the need asks for, of these at the most;
        ``"auto:400"``: of 400 at the most.
    out : Path, optional
        Folder of the bundle, ``bundles/STUDY`` by default.
    need : Need or Path, optional
        A need, or the TOML file of one, in the place of the study's.
    parameters : mapping of str to float, optional
        Parameters of the physics that differ from their default.
    seed : int
        Of designs, fits and intervals.
    threads : int, optional
        For the runs; one per core by default.

    Returns
    -------
    Trained
        ``bundle``, its folder; ``audit`` and ``comparison``, what was found.

    Raises
    ------
    UnusableInputError
        If the study or the need cannot be used, or something that is no bundle stands at ``out``.
    """
    from frugal.campaigns.campaign import Settings
    from frugal.campaigns.workflow import train_study
    from frugal.experiments.designs.in_batches import runs_asked
    from frugal.experiments.needs.domain import with_need
    from frugal.experiments.needs.file import read_need_file
    from frugal.experiments.study import Need as DeclaredNeed

    def build() -> Study:
        found = _study(study).with_parameters(parameters or {})
        if need is None:
            return found
        return with_need(found, need if isinstance(need, DeclaredNeed) else read_need_file(Path(need), found))

    count, adaptive = runs_asked(n_runs)
    settings = Settings(n_runs=count, seed=seed, threads=threads, adaptive=adaptive)
    return train_study(build, settings, None if out is None else Path(out))


def evaluate(bundle: Path | str, study: Study | None = None, *, full: bool = False) -> Comparison:
    """Measure the candidates of a bundle again, into a new file of it.

    Parameters
    ----------
    bundle : Path
    study : Study, optional
        Of the bundle, where it is not installed; without it what needs its physics keeps the earlier measurement.
    full : bool
        To the audit's rule: thirty blocks and ten CPU seconds for each candidate and call pattern.

    Returns
    -------
    Comparison
        The candidates as measured now and the decisions over them, ``ladder.rows`` and ``ladder.decisions``.
    """
    from frugal.campaigns.workflow import evaluate_again

    return evaluate_again(Path(bundle), study, full)[1]


def audit_bundle(
    bundle: Path | str, *, country: str | None = None, factors: Path | str | None = None
) -> dict[str, Any]:
    """Say whether AI was needed, and what it cost; the reports in the bundle are written anew.

    Parameters
    ----------
    bundle : Path
    country : str, optional
        ISO 3166-1 alpha-3, for the electricity; France by default.
    factors : Path, optional
        A table of factors, laid over the packaged one.

    Returns
    -------
    dict
        The audit, as in the bundle's ``audit.json``.

    Raises
    ------
    NotAssessedError
        If its runs, its ledger or an evidence file are missing or changed.
    """
    from frugal.campaigns.workflow import audit_again, terms_from

    return audit_again(Path(bundle), terms_from(None if factors is None else Path(factors), country, None))


def explain(
    bundle: Path | str,
    *,
    outputs: Sequence[str] = (),
    candidate: str | None = None,
    out: Path | str | None = None,
    drop_below: float = 0.01,
    seed: int = 0,
) -> Explanation:
    """Which inputs the answer of a bundle hangs on, how, and which could be left out.

    Parameters
    ----------
    bundle : Path
        Or one ONNX file of it.
    outputs : sequence of str
        Those to explain; all by default.
    candidate : str, optional
        Another candidate of the bundle than the one that ships.
    out : Path, optional
        Folder for pages, pictures and JSON.
    drop_below : float
        Share of the variance, 0 to 1, below which an input can be dropped.
    seed : int

    Returns
    -------
    Explanation
        ``outputs``, each with its Sobol indices (``indices.whole.first``, ``.total`` and the ends of their intervals, in the
        order of ``distribution.names``), ``dependence``, ``droppable``.

    Raises
    ------
    UnusableInputError
        If the bundle has no such graph or output.
    """
    from frugal.insight.explain import explain_answer
    from frugal.insight.report import write_explanation

    found = explain_answer(bundle, candidate=candidate, outputs=outputs, drop_below=drop_below, seed=seed)
    if out is not None:
        write_explanation(Path(out), found, "en")
    return found


def calibrate(
    target: Study | Path | str,
    observations: Path | str,
    parameters: Sequence[str] = (),
    *,
    study: Study | None = None,
    scenario: str = "",
    out: Path | str | None = None,
    runs: int | None = None,
    seed: int = 0,
    **inputs: Any,
) -> Calibration:
    """Fit what is unknown to what was measured, with intervals, and check it with the full solver.

    Parameters
    ----------
    target : Study, Path or str
        A bundle, whose cheapest candidate that is good enough is asked; or a study, or what `load_study` takes.
    observations : Path or str
        A table, or the name of observations that the study holds.
    parameters : sequence of str
        Names of what is unknown, parameters of the physics or inputs; all parameters by default.
    study : Study, optional
        Of the bundle, where it is not installed: its solver checks the answer.
    scenario : str
        For inputs that are not given.
    out : Path, optional
        Folder for pages, pictures, draws and JSON.
    runs : int, optional
        Settings for which the solver is run to learn from, where no bundle answers.
    seed : int
    **inputs
        Those that are known, by name, as for `simulate`.

    Returns
    -------
    Calibration
        ``best``, ``draws``, ``plausible`` (what is not ruled out) and ``check`` (what the solver says).

    Raises
    ------
    UnusableInputError
        If a name is unknown, an input missing, or a measurement has no standard error.
    """
    from frugal.calibration.calibrate import Wanted, calibrate_bundle, calibrate_study
    from frugal.calibration.report import write_calibration
    from frugal.campaigns.reevaluation import study_of
    from frugal.commands.french import in_language
    from frugal.surrogates.bundle.bundle import open_bundle
    from frugal.texts import LANGUAGES

    told = {name: str(value) for name, value in inputs.items()}
    wanted = Wanted(observations, tuple(parameters), told, scenario, seed)
    if isinstance(target, str | Path) and Path(target).is_dir():
        bundle = open_bundle(target)
        physics, reason = study_of(bundle, study)
        found = calibrate_bundle(bundle, wanted, physics, {each: in_language(reason, each) for each in LANGUAGES})
    else:
        found = calibrate_study(_study(target), wanted, runs)
    if out is not None:
        write_calibration(Path(out), found, "en")
    return found


def make_cadastre(out: Path | str, **settings: Any) -> Cadastre:
    """Make a solar cadastre, or go on with one that was interrupted.

    Parameters
    ----------
    out : Path
        Folder of the cadastre.
    **settings
        As `frugal.cadastre.job.settings.CadastreSettings` takes them: ``inputs``, ``buildings``, ``bundle`` and others; a
        generated village without any.

    Raises
    ------
    UnusableInputError
        If a setting or a file cannot be used.
    """
    from pydantic import ValidationError

    from frugal.cadastre.job.settings import CadastreSettings
    from frugal.cadastre.run import make_cadastre as make

    try:
        chosen = CadastreSettings(**settings)
    except ValidationError as fault:
        first = fault.errors()[0]
        name = ".".join(map(str, first["loc"]))
        raise UnusableInputError(f"setting '{name}' = {first['input']!r}: {first['msg']}") from fault
    return make(chosen, Path(out))


def _study(study: Study | str | Path) -> Study:
    return load_study(study) if isinstance(study, str | Path) else study
