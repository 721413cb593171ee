"""Record a finished bundle in MLflow: one parent run for the campaign, one nested run for each candidate.

The default store is SQLite in the working folder; ``MLFLOW_TRACKING_URI`` names another. MLflow makes the database, and what
is recorded in one that is there is written without it (`mlflow_tables`), where its form is known. MLflow's telemetry is turned
off before it is imported.
"""

from __future__ import annotations

import contextlib
import io
import logging
import math
import os
import sqlite3
from pathlib import Path
from typing import Any

from frugal.campaigns.mlflow_tables import RecordedModel, RecordedRun, is_known, write_runs
from frugal.candidates.row import CandidateRow
from frugal.errors import EnvironmentFaultError, plain_line
from frugal.metering.ledger.ledger import package_versions
from frugal.surrogates.bundle.bundle import MODEL, Bundle, open_bundle
from frugal.surroundings import turn_reports_off

FILES = (
    "study.json", "candidates.json", "ledger.jsonl", "audit.json", "audit.en.html", "audit.fr.html", "ladder.svg",
    "README.md",
)  # fmt: skip
#: Name of the database in the working folder.
DATABASE = "mlflow.db"
#: MLflow's own are ten, over nearly two minutes.
_ATTEMPTS = 2


def record(bundle_path: Path, working_folder: Path) -> str:
    """Write a bundle's campaign to MLflow.

    Parameters
    ----------
    bundle_path : Path
    working_folder : Path
        Where ``mlflow.db`` and ``mlruns`` lie when no tracking server is named.

    Returns
    -------
    str
        Identifier of the parent run.

    Raises
    ------
    EnvironmentFaultError
        If the tracking store cannot be reached or written, whatever the reason.
    """
    bundle = open_bundle(bundle_path)
    try:
        if _writes_itself(working_folder):
            return _write_itself(bundle, working_folder)
        mlflow = _import_mlflow(working_folder)
        with _quiet():
            _choose_experiment(mlflow, bundle.study["name"], working_folder)
            return _record(mlflow, bundle)
    except Exception as fault:  # MLflow, SQLAlchemy and SQLite each raise classes of their own
        raise EnvironmentFaultError(f"MLflow could not record the campaign: {plain_line(fault, 200)}") from fault


def _check_database(path: Path) -> None:
    """Look whether a database that is there can be read, rather than wait for MLflow's ten attempts."""
    if path.exists():
        with contextlib.closing(
            sqlite3.connect(f"{path.absolute().as_uri()}?mode=rw", uri=True, timeout=5.0)
        ) as database:
            database.execute("SELECT name FROM sqlite_master").fetchall()


def _writes_itself(working_folder: Path) -> bool:
    """Whether the database is our own, and of a form that is written without MLflow."""
    return _is_ours() and is_known(working_folder.resolve() / DATABASE)


def _write_itself(bundle: Bundle, working_folder: Path) -> str:
    folder, model = working_folder.resolve(), bundle.path / MODEL
    versions = package_versions(("mlflow", "onnx"))
    kept = RecordedModel(model, versions["mlflow"], versions["onnx"]) if model.exists() else None
    return write_runs(folder / DATABASE, bundle.study["name"], folder / "mlruns", _described(bundle), kept)


def load_recorder(working_folder: Path) -> None:
    """Import MLflow where it will be needed, apart from what recording takes; a fault is met again, and told, there."""
    if _writes_itself(working_folder):
        return
    with contextlib.suppress(Exception), _quiet():
        import mlflow
        import mlflow.onnx  # noqa: F401


def _import_mlflow(working_folder: Path) -> Any:
    turn_reports_off()
    # Its own patience with a server that does not answer is many minutes.
    os.environ.setdefault("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "1")
    os.environ.setdefault("MLFLOW_HTTP_REQUEST_TIMEOUT", "10")
    with _quiet():
        import mlflow
        import mlflow.onnx
        from mlflow.store.db import utils

        if hasattr(utils, "MAX_RETRY_COUNT"):
            utils.MAX_RETRY_COUNT = _ATTEMPTS
        if _is_ours():
            _check_database(working_folder.resolve() / DATABASE)
            uri = _address(working_folder)
            mlflow.set_tracking_uri(uri)
            _chosen.add(uri)
    return mlflow


#: Stores that we chose: MLflow keeps the last one in its environment variable, where the user may name one.
_chosen: set[str] = set()


def _is_ours() -> bool:
    return os.environ.get("MLFLOW_TRACKING_URI", "") in {"", *_chosen}


def _address(working_folder: Path) -> str:
    """Address of the database in a folder: relative where signs in the folder's name would mean something in an address.

    Raises
    ------
    EnvironmentFaultError
        If they stand in the relative path too.
    """
    path = working_folder.resolve() / DATABASE
    for found in (str(path), os.path.relpath(path)):
        if not set(found) & set("%?#"):
            return f"sqlite:///{found}"
    raise EnvironmentFaultError(f"MLflow cannot keep its database in '{working_folder}': its name holds one of % ? #")


@contextlib.contextmanager
def _quiet() -> Any:
    """Keep MLflow's and alembic's chatter off the user's terminal."""
    loggers = [logging.getLogger(name) for name in ("mlflow", "alembic", "mlflow.store.db.utils")]
    levels = [logger.level for logger in loggers]
    for logger in loggers:
        logger.setLevel(logging.ERROR)
    try:
        with contextlib.redirect_stdout(io.StringIO()):
            yield
    finally:
        for logger, level in zip(loggers, levels, strict=True):
            logger.setLevel(level)


def _choose_experiment(mlflow: Any, name: str, working_folder: Path) -> None:
    """The experiment of a study; where we chose the store, its files lie beside it, not where the process was started."""
    if _is_ours() and mlflow.get_experiment_by_name(name) is None:
        mlflow.create_experiment(name, artifact_location=(working_folder.resolve() / "mlruns").as_uri())
    mlflow.set_experiment(name)


def _described(bundle: Bundle) -> RecordedRun:
    """The campaign as a run, with one run nested in it for each candidate."""
    comparison = bundle.comparison
    decision = comparison.ladder.decision
    params = {
        "study": bundle.study["name"],
        "study_hash": comparison.study_hash,
        "need_hash": comparison.need_hash,
        "seed": comparison.seed,
        "n_train": comparison.split["n_train"],
        "n_held_out": comparison.split["n_held_out"],
        **{f"site.{key}": str(value)[:500] for key, value in bundle.study["site"].items()},
    }
    return RecordedRun(
        name=f"{bundle.study['name']} {comparison.created}",
        params={key: str(value) for key, value in params.items()},
        tags={
            "frugal.verdict": decision.verdict,
            "frugal.winner": str(decision.winner),
            "frugal.level": comparison.level,
            "frugal.noisy_host": str(comparison.machine["noisy"]),
        },
        metrics={f"shared.{key}": float(value) for key, value in comparison.shared.items()},
        files=[bundle.path / name for name in FILES if (bundle.path / name).exists()],
        nested=[_described_candidate(bundle, row) for row in comparison.ladder.rows],
    )


def _described_candidate(bundle: Bundle, row: CandidateRow) -> RecordedRun:
    metrics: dict[str, float | None] = {}
    for output, error in row.errors.items():
        metrics |= {f"{error.metric}.{output}": error.value, f"{error.metric}_upper.{output}": error.high}
    for pattern, query in row.query.items():
        metrics[f"cpu_seconds_per_query.{_metric_name(pattern)}"] = query.cpu_seconds
    metrics |= {f"fixed_cpu_seconds.{part}": seconds for part, seconds in row.fixed_parts.items()}
    metrics |= {f"codecarbon_joules.{stage}": joules for stage, joules in row.codecarbon_joules.items()}
    metrics |= {"bytes": row.bytes, "parameters": row.parameters, "interval_coverage": row.interval_coverage}
    metrics["parity_sigma"] = None if row.parity is None else row.parity.max_sigma
    return RecordedRun(
        name=row.name,
        params={"kind": row.kind, "is_ai": str(row.is_ai), "status": row.status},
        tags={f"need_met.{_metric_name(name)}": str(met) for name, met in row.need_met.items()},
        metrics={name: float(v) for name, v in metrics.items() if v is not None and math.isfinite(v)},
        files=[] if row.graph is None else [bundle.path / row.graph],
    )


def _record(mlflow: Any, bundle: Bundle) -> str:
    described = _described(bundle)
    with mlflow.start_run(run_name=described.name) as parent:
        _log(mlflow, described)
        for nested in described.nested:
            with mlflow.start_run(run_name=nested.name, nested=True):
                _log(mlflow, nested)
        if (bundle.path / MODEL).exists():
            _log_model(mlflow, bundle)
        return str(parent.info.run_id)


def _log(mlflow: Any, run: RecordedRun) -> None:
    mlflow.log_params(run.params)
    mlflow.set_tags(run.tags)
    mlflow.log_metrics(run.metrics)
    for file in run.files:
        mlflow.log_artifact(str(file))


def _log_model(mlflow: Any, bundle: Bundle) -> None:
    import onnx

    mlflow.onnx.log_model(
        onnx_model=onnx.load(str(bundle.path / MODEL)),
        name="model",
        pip_requirements=["onnxruntime", "numpy"],  # without it MLflow infers them, which takes seconds
        onnx_execution_providers=["CPUExecutionProvider"],
    )


def _metric_name(text: str) -> str:
    return "".join(letter if letter.isalnum() or letter in "_-./ " else "_" for letter in text)
