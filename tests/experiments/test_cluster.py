"""Runs on a cluster: the same bits as on threads, whatever happens to a worker, and every fault told in one sentence."""

import os
import signal
import socket
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from frugal.campaigns.campaign import Settings, run_campaign
from frugal.errors import EnvironmentFaultError, UnusableInputError
from frugal.experiments.designs.sampling import design_for
from frugal.experiments.execution import cluster as execution_cluster
from frugal.experiments.execution import dask_client
from frugal.experiments.needs.domain import with_need
from frugal.experiments.runs import remote
from frugal.experiments.runs.execute import Progress, execute
from frugal.experiments.runs.remote import Cluster, StudySpec
from frugal.experiments.runs.store import DONE, PENDING, RunStore, open_store
from frugal.experiments.study import Study
from frugal.metering.ledger.ledger import Ledger
from frugal.metering.ledger.remote_work import REMOTE_WORK
from frugal.metering.power.reconciliation import reconcile

distributed = pytest.importorskip("distributed")

STUDY = """
import os
import signal
from pathlib import Path

import numpy as np

from frugal.experiments.study.site import Site
from frugal.experiments.study import Need, Output, Study, Tolerance, Variable


class Place(Site):
    slope: Path
    poison: float = 2.0


def study(site: Place) -> Study:
    slope, poison = float(site.slope.read_text()), site.poison

    def solve(x):
        if x[0] > poison:
            os.kill(os.getpid(), signal.SIGKILL)
        if x[1] > 0.9:
            raise FloatingPointError("the time step went to zero")
        steps = np.linspace(0.0, 1.0, 300_000)
        return {"y": 5 + slope * np.sin(steps * x[0]).mean() + np.exp(x[1]), "profile": np.sqrt(x[0] + steps[:7])}

    return Study(
        "from_a_file",
        (Variable("a", "1", 0.0, 1.0), Variable("b", "1", 0.0, 1.0)),
        (Output("y", "1"), Output("profile", "1", ("k",), {"k": range(7)})),
        Need("one answer", {"y": Tolerance("nrmse", 0.1)}),
        solve,
        n_runs=32,
    )
"""


@pytest.fixture(scope="module")
def local() -> Iterator["distributed.LocalCluster"]:
    with distributed.LocalCluster(
        n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None, host="127.0.0.1"
    ) as found:
        yield found


@pytest.fixture
def study_spec(tmp_path: Path) -> StudySpec:
    (tmp_path / "study.py").write_text(STUDY)
    (tmp_path / "slope.txt").write_text("3.25")
    (tmp_path / "site.toml").write_text('slope = "slope.txt"\n')  # found from the folder alone, as its site file is
    return StudySpec(file=str(tmp_path / "study.py"), site_file="site.toml", folder=str(tmp_path))


def new_store(path: Path, study: Study, n: int = 32, block: int = 3) -> RunStore:
    return open_store(path, study, design_for(study, n, seed=1), block)


def values(store: RunStore) -> np.ndarray:
    return np.column_stack([store.finished().outputs, store.finished().inputs])


def test_a_cluster_gives_the_bits_of_threads(
    tmp_path: Path, study_spec: StudySpec, local: "distributed.LocalCluster"
) -> None:
    study = study_spec.build()
    threads = new_store(tmp_path / "threads.zarr", study)
    execute(threads, threads=2)
    store, told = new_store(tmp_path / "cluster.zarr", study), []
    execute(store, on_commit=told.append, cluster=Cluster(local.scheduler_address, study_spec))
    assert values(store).tobytes() == values(threads).tobytes()
    np.testing.assert_array_equal(store.status(), threads.status())
    assert store.failures() == threads.failures() != []
    assert [p.done for p in told][-1] == told[-1].total == 32
    assert told[-1].failed == len(store.failures())
    booked = told[-1].details[REMOTE_WORK]
    assert booked["workers"] == booked["threads"] == 2
    known = np.asarray(store._group["cpu_seconds"][:])
    assert booked["cpu_seconds"] == pytest.approx(known.sum() + booked["setup_cpu_seconds"])
    assert booked["setup_cpu_seconds"] > 0


@pytest.mark.slow
def test_a_worker_killed_at_random_loses_nothing(
    tmp_path: Path, study_spec: StudySpec, local: "distributed.LocalCluster"
) -> None:
    study = study_spec.build()
    threads, store = new_store(tmp_path / "threads.zarr", study, 96), new_store(tmp_path / "c.zarr", study, 96)
    execute(threads, threads=2)
    killed: list[int] = []

    def kill(progress: Progress) -> None:
        if not killed and progress.done < progress.total / 2:
            killed.append(next(iter(local.workers.values())).process.pid)
            os.kill(killed[0], signal.SIGKILL)

    execute(store, on_commit=kill, cluster=Cluster(local.scheduler_address, study_spec))
    assert killed
    assert (store.status() != PENDING).all()
    assert values(store).tobytes() == values(threads).tobytes()


@pytest.mark.slow
def test_a_run_that_ends_its_workers_is_given_up_and_the_others_go_on(
    tmp_path: Path, study_spec: StudySpec, local: "distributed.LocalCluster", monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(local.scheduler, "allowed_failures", 0)
    monkeypatch.setattr(execution_cluster, "ATTEMPTS", 2)
    second, worst = np.sort(design_for(study_spec.build(), 32, seed=1).inputs[:, 0])[-2:]
    poisoned = replace(study_spec, settings=(("poison", str((second + worst) / 2)),))
    store = new_store(tmp_path / "c.zarr", poisoned.build(), block=1)
    execute(store, cluster=Cluster(local.scheduler_address, poisoned))
    assert (store.status() != PENDING).all()
    ended = [row for row, message in store.failures() if "workers ended" in message]
    assert ended == list(np.flatnonzero(store.design.inputs[:, 0] == worst))


@pytest.mark.slow
def test_an_interruption_is_raised_and_taken_up_again(
    tmp_path: Path, study_spec: StudySpec, local: "distributed.LocalCluster"
) -> None:
    store = new_store(tmp_path / "c.zarr", study_spec.build())
    where = Cluster(local.scheduler_address, study_spec)

    def interrupt(progress: Progress) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        execute(store, on_commit=interrupt, cluster=where)
    assert len(store.pending_blocks()) == store.n_blocks - 1
    execute(store, cluster=where)
    assert store.pending_blocks() == []


@pytest.mark.slow
def test_another_study_on_the_worker_ends_the_call(
    tmp_path: Path, study_spec: StudySpec, local: "distributed.LocalCluster"
) -> None:
    store = new_store(tmp_path / "c.zarr", study_spec.build())
    (tmp_path / "study.py").write_text(STUDY.replace("np.exp(x[1])", "np.exp2(x[1])"))
    with pytest.raises(EnvironmentFaultError, match="builds another study 'from_a_file'"):
        execute(store, cluster=Cluster(local.scheduler_address, study_spec))
    assert (store.status() == PENDING).all()
    (tmp_path / "study.py").unlink()
    with pytest.raises(EnvironmentFaultError, match=r"cannot build the study: study file .* does not exist"):
        execute(store, cluster=Cluster(local.scheduler_address, study_spec))


@pytest.mark.slow
def test_other_versions_on_the_worker_end_the_call(
    tmp_path: Path, study_spec: StudySpec, local: "distributed.LocalCluster", monkeypatch: pytest.MonkeyPatch
) -> None:
    store = new_store(tmp_path / "c.zarr", study_spec.build())
    monkeypatch.setattr(remote, "package_versions", lambda names: dict.fromkeys(names, "0.1"))
    with pytest.raises(EnvironmentFaultError, match=r"has frugal-territoires .*, and 0\.1 is used here"):
        execute(store, cluster=Cluster(local.scheduler_address, study_spec))


@pytest.mark.slow
def test_workers_know_the_domain_of_the_need(
    tmp_path: Path, study_spec: StudySpec, local: "distributed.LocalCluster"
) -> None:
    study = study_spec.build()
    narrow = with_need(study, replace(study.need, domain={"b": (0.0, 0.5)}))
    assert narrow.hash() != study.hash()
    store = new_store(tmp_path / "c.zarr", narrow)
    execute(store, cluster=Cluster(local.scheduler_address, study_spec))
    assert (store.status() == DONE).all()


@pytest.mark.slow
@pytest.mark.usefixtures("cheap_campaigns")
def test_the_ledger_holds_what_the_workers_computed_apart(
    tmp_path: Path, study_spec: StudySpec, local: "distributed.LocalCluster"
) -> None:
    settings = Settings(
        folder=tmp_path / "campaigns", measure_seconds=0.5, cluster=Cluster(local.scheduler_address, study_spec)
    )
    campaign = run_campaign(study_spec.build(), settings)
    own, elsewhere = [entry for entry in campaign.ledger if entry.stage == "generation"]
    assert own.runs == 32
    assert elsewhere.runs is None
    assert REMOTE_WORK not in own.details
    assert own.codecarbon_joules is not None
    assert elsewhere.codecarbon_joules is None
    assert elsewhere.details["cluster"] == local.scheduler_address
    known = float(np.asarray(campaign.store._group["cpu_seconds"][:]).sum())
    assert elsewhere.cpu_seconds == pytest.approx(known + elsewhere.details["setup_cpu_seconds"])
    assert elsewhere.cpu_seconds == pytest.approx(own.details["estimated_cpu_seconds"], rel=5.0)
    # what nobody here could measure is no gap between the two bookkeepings
    (segment,) = reconcile(Ledger(campaign.meter.ledger.path).entries(), campaign.machine.watts_per_core)
    read = [entry for entry in campaign.ledger if entry.codecarbon_joules is not None]
    assert segment.cpu_seconds == pytest.approx(sum(entry.total_cpu_seconds for entry in read))
    assert segment.cpu_seconds_without_reading >= elsewhere.cpu_seconds
    # the lines of this process still sum up to what it used
    assert campaign.meter.booked_cpu_seconds < sum(entry.total_cpu_seconds for entry in campaign.ledger)
    assert campaign.noise["network_calls"] == []


@pytest.mark.slow
def test_an_unreachable_scheduler_is_told(
    tmp_path: Path, study_spec: StudySpec, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dask_client, "CONNECT_SECONDS", 1.5)
    store = new_store(tmp_path / "c.zarr", study_spec.build())
    with closing(socket.create_server(("127.0.0.1", 0))) as mute:  # answers nothing
        address = f"tcp://127.0.0.1:{mute.getsockname()[1]}"
        start = time.monotonic()
        with pytest.raises(EnvironmentFaultError, match=f"no Dask scheduler answers at '{address}'"):
            execute(store, cluster=Cluster(address, study_spec))
        assert time.monotonic() - start < 5
    with pytest.raises(EnvironmentFaultError, match=f"no Dask scheduler answers at '{address}'"):
        Cluster(address, study_spec).check()


@pytest.mark.slow
def test_a_scheduler_without_workers_is_told(
    tmp_path: Path, study_spec: StudySpec, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dask_client, "CONNECT_SECONDS", 1.0)
    store = new_store(tmp_path / "c.zarr", study_spec.build())
    with (
        distributed.LocalCluster(n_workers=0, processes=True, dashboard_address=":0", host="127.0.0.1") as empty,
        pytest.raises(EnvironmentFaultError, match="has no worker"),
    ):
        execute(store, cluster=Cluster(empty.scheduler_address, study_spec))


@pytest.mark.slow
@pytest.mark.parametrize("address", ["127.0.0.1:8786", "tcp://host", "http://host:80", "tcp://:80", "tcp://h:port"])
def test_an_address_that_is_none_is_told(address: str) -> None:
    with pytest.raises(UnusableInputError, match=f"--cluster '{address}' is no address; allowed: tcp://host:port"):
        Cluster(address, StudySpec(name="roof_yield")).check()


@pytest.mark.slow
def test_the_missing_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(EnvironmentFaultError, match=r"pip install 'frugal-territoires\[cluster\]'"):
        Cluster("tcp://127.0.0.1:1", StudySpec(name="roof_yield")).check()


@pytest.mark.slow
def test_tls_without_keys_is_told(study_spec: StudySpec) -> None:
    with pytest.raises(EnvironmentFaultError, match=r"needs keys: name them in Dask's configuration"):
        Cluster("tls://127.0.0.1:1", study_spec).check()
