"""Write runs into a database of MLflow's without importing MLflow, which takes longer than everything that is recorded.

Only into a database whose version says that its tables are the ones known here; any other is for MLflow itself to write into.
"""

from __future__ import annotations

import contextlib
import getpass
import shutil
import sqlite3
import sys
import time
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from frugal.errors import EnvironmentFaultError

#: Versions of the database whose tables of runs and models are those written here (MLflow 3.17).
KNOWN_VERSIONS = frozenset({"dc11669786a5"})
#: State of a model that can be used, as MLflow numbers them.
_READY = 2
_PATIENCE_SECONDS = 5.0


@dataclass(frozen=True)
class RecordedRun:
    """One run as it is recorded: parameters, tags and metrics by name, and the files kept with it."""

    name: str
    params: Mapping[str, str]
    tags: Mapping[str, str]
    metrics: Mapping[str, float]
    files: Sequence[Path] = ()
    nested: Sequence[RecordedRun] = ()


@dataclass(frozen=True)
class RecordedModel:
    """An ONNX file as MLflow keeps it, with the versions of the packages that made it."""

    path: Path
    mlflow_version: str
    onnx_version: str
    requirements: Sequence[str] = field(default=("onnxruntime", "numpy"))


def is_known(database: Path) -> bool:
    """Whether a file is a database of MLflow's whose tables are known here."""
    if not database.is_file():
        return False
    try:
        with _opened(database) as connection:
            versions = {row[0] for row in connection.execute("SELECT version_num FROM alembic_version")}
    except sqlite3.Error:
        return False
    return bool(versions) and versions <= KNOWN_VERSIONS


def write_runs(database: Path, experiment: str, files: Path, run: RecordedRun, model: RecordedModel | None) -> str:
    """Write a run, the runs nested in it and its model: all of it or nothing.

    Parameters
    ----------
    database : Path
        As `is_known` accepts it.
    experiment : str
        Made where there is none of this name.
    files : Path
        Folder of the files of an experiment that is made.
    run : RecordedRun
    model : RecordedModel or None

    Returns
    -------
    str
        Identifier of the run.

    Raises
    ------
    EnvironmentFaultError
        If the experiment was deleted, or its files lie elsewhere than on this machine.
    """
    made: list[Path] = []
    with _opened(database) as connection:
        try:
            writer = _RunWriter(connection, experiment, files, made)
            identifier = writer.run(run, None)
            for nested in run.nested:
                writer.run(nested, identifier)
            if model is not None:
                writer.model(model, run, identifier)
            connection.commit()
        except BaseException:
            for folder in made:
                shutil.rmtree(folder, ignore_errors=True)
            raise
    return identifier


@contextlib.contextmanager
def _opened(database: Path) -> Any:
    uri = f"{database.resolve().as_uri()}?mode=rw"
    with contextlib.closing(sqlite3.connect(uri, uri=True, timeout=_PATIENCE_SECONDS)) as connection:
        yield connection


class _RunWriter:
    def __init__(self, connection: sqlite3.Connection, experiment: str, files: Path, made: list[Path]) -> None:
        self._connection, self._made = connection, made
        self._now = int(time.time() * 1000)
        connection.execute("BEGIN IMMEDIATE")
        self._experiment, self._location = self._experiment_of(experiment, files)

    def _insert(self, table: str, **values: Any) -> None:
        names = ", ".join(f'"{name}"' for name in values)
        gaps = ", ".join("?" * len(values))
        self._connection.execute(f"INSERT INTO {table} ({names}) VALUES ({gaps})", tuple(values.values()))

    def _experiment_of(self, name: str, files: Path) -> tuple[int, str]:
        found = self._connection.execute(
            "SELECT experiment_id, artifact_location, lifecycle_stage FROM experiments WHERE name = ?", (name,)
        ).fetchone()
        if found is None:
            location = files.as_uri()
            self._insert(
                "experiments",
                name=name,
                artifact_location=location,
                lifecycle_stage="active",
                creation_time=self._now,
                last_update_time=self._now,
            )
            return int(self._connection.execute("SELECT last_insert_rowid()").fetchone()[0]), location
        number, location, stage = found
        if stage != "active":
            raise EnvironmentFaultError(f"the experiment '{name}' was deleted in the database; restore or rename it")
        return int(number), str(location)

    def _folder(self, *parts: str) -> tuple[Path, str]:
        """A folder below the experiment's, made, and its address."""
        address = "/".join([self._location.rstrip("/"), *parts])
        split = urlsplit(address)
        if split.scheme not in ("", "file"):
            raise EnvironmentFaultError(f"files of the experiment lie at '{self._location}', not on this machine")
        path = Path(unquote(split.path) if split.scheme else address)
        self._made.append(path.parent)
        path.mkdir(parents=True, exist_ok=True)
        return path, address

    def run(self, run: RecordedRun, parent: str | None) -> str:
        identifier, user = uuid.uuid4().hex, _user()
        folder, address = self._folder(identifier, "artifacts")
        for file in run.files:
            shutil.copyfile(file, folder / file.name)
        self._insert(
            "runs",
            run_uuid=identifier,
            name=run.name,
            source_type="UNKNOWN",
            source_name="",
            entry_point_name="",
            user_id=user,
            status="FINISHED",
            start_time=self._now,
            end_time=int(time.time() * 1000),
            source_version="",
            lifecycle_stage="active",
            artifact_uri=address,
            experiment_id=self._experiment,
        )
        tags = {"mlflow.runName": run.name, **_source(user), **run.tags}
        if parent is not None:
            tags["mlflow.parentRunId"] = parent
        for key, value in tags.items():
            self._insert("tags", key=key, value=value, run_uuid=identifier)
        for key, value in run.params.items():
            self._insert("params", key=key, value=value, run_uuid=identifier)
        for key, number in run.metrics.items():
            for table in ("metrics", "latest_metrics"):
                self._insert(
                    table, key=key, value=number, timestamp=self._now, step=0, is_nan=False, run_uuid=identifier
                )
        return identifier

    def model(self, model: RecordedModel, run: RecordedRun, run_identifier: str) -> None:
        identifier = f"m-{uuid.uuid4().hex}"
        folder, address = self._folder("models", identifier, "artifacts")
        shutil.copyfile(model.path, folder / "model.onnx")
        for name, text in _model_files(model, identifier, run_identifier, address).items():
            (folder / name).write_text(text, encoding="utf-8")
        told = {"model_id": identifier, "experiment_id": self._experiment}
        self._insert(
            "logged_models",
            **told,
            name="model",
            artifact_location=address,
            creation_timestamp_ms=self._now,
            last_updated_timestamp_ms=self._now,
            status=_READY,
            lifecycle_stage="active",
            source_run_id=run_identifier,
        )
        for key, value in run.params.items():
            self._insert("logged_model_params", **told, param_key=key, param_value=value)
        for key, value in _source(_user()).items():
            self._insert("logged_model_tags", **told, tag_key=key, tag_value=value)
        self._insert(
            "inputs",
            input_uuid=uuid.uuid4().hex,
            source_type="RUN_OUTPUT",
            source_id=run_identifier,
            destination_type="MODEL_OUTPUT",
            destination_id=identifier,
            step=0,
        )


def _user() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError):  # a container may run as a user that has no name
        return "unknown"


def _source(user: str) -> dict[str, str]:
    return {"mlflow.user": user, "mlflow.source.name": sys.argv[0], "mlflow.source.type": "LOCAL"}


def _model_files(model: RecordedModel, identifier: str, run: str, address: str) -> dict[str, str]:
    """What MLflow writes beside the ONNX file of a model, by file name."""
    python = ".".join(map(str, sys.version_info[:3]))
    created = time.strftime("%Y-%m-%d %H:%M:%S", time.gmtime())
    packages = [f"mlflow=={model.mlflow_version}", *model.requirements]
    conda = "".join(f"  - {package}\n" for package in packages)
    return {
        "MLmodel": f"""\
artifact_path: {address}
flavors:
  onnx:
    code: null
    data: model.onnx
    onnx_session_options: null
    onnx_version: {model.onnx_version}
    providers:
    - CPUExecutionProvider
  python_function:
    data: model.onnx
    env:
      conda: conda.yaml
      virtualenv: python_env.yaml
    loader_module: mlflow.onnx
    python_version: {python}
mlflow_version: {model.mlflow_version}
model_id: {identifier}
model_size_bytes: {model.path.stat().st_size}
model_uuid: {identifier}
prompts: null
run_id: {run}
utc_time_created: '{created}'
""",
        "conda.yaml": f"channels:\n- conda-forge\ndependencies:\n- python={python}\n- pip\n- pip:\n{conda}name: mlflow-env\n",
        "python_env.yaml": f"python: {python}\nbuild_dependencies:\n- pip\ndependencies:\n- -r requirements.txt\n",
        "requirements.txt": "\n".join(packages) + "\n",
    }
