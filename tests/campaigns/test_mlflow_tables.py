"""Runs written into a database of MLflow's without it: only where its form is known, and all of it or nothing.

That MLflow reads what is written is held in ``test_campaign.py``.
"""

import contextlib
import sqlite3
from pathlib import Path

import pytest

from frugal.campaigns.mlflow_tables import KNOWN_VERSIONS, RecordedRun, is_known, write_runs


def database(folder: Path, *statements: str) -> Path:
    path = folder / "mlflow.db"
    with contextlib.closing(sqlite3.connect(path)) as connection:
        for statement in statements:
            connection.execute(statement)
        connection.commit()
    return path


VERSION = "CREATE TABLE alembic_version (version_num VARCHAR(32))"
KNOWN = f"INSERT INTO alembic_version VALUES ('{min(KNOWN_VERSIONS)}')"
EXPERIMENTS = (
    "CREATE TABLE experiments (experiment_id INTEGER PRIMARY KEY, name TEXT, artifact_location TEXT, lifecycle_stage TEXT, "
    "creation_time INTEGER, last_update_time INTEGER)"
)


def test_only_a_database_of_known_form_is_written_into(tmp_path: Path) -> None:
    assert not is_known(tmp_path / "mlflow.db")
    path = database(tmp_path, VERSION)
    assert not is_known(path)
    database(tmp_path, KNOWN)
    assert is_known(path)
    database(tmp_path, "UPDATE alembic_version SET version_num = 'of another day'")
    assert not is_known(path)
    path.write_bytes(b"no database" * 1000)
    assert not is_known(path)


def test_nothing_is_left_of_a_record_that_fails(tmp_path: Path) -> None:
    path = database(tmp_path, VERSION, KNOWN, EXPERIMENTS)  # and no table of runs
    with pytest.raises(sqlite3.OperationalError, match="runs"):
        write_runs(path, "pond", tmp_path / "mlruns", RecordedRun("one", {}, {}, {}), None)
    assert not list((tmp_path / "mlruns").glob("*"))
    with contextlib.closing(sqlite3.connect(path)) as connection:
        assert connection.execute("SELECT count(*) FROM experiments").fetchone() == (0,)
