"""The connection to a Dask scheduler: made in bounded time, watched, and every fault of it told in one sentence."""

from __future__ import annotations

import logging
import queue
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit

from frugal.errors import EnvironmentFaultError, UnusableInputError
from frugal.metering.network_watch import expecting

#: How long a scheduler may take to answer, and a cluster to show its first worker.
CONNECT_SECONDS = 10.0

#: How long a cluster may be without any worker before the work is given up.
WITHOUT_WORKERS_SECONDS = 120.0

_EXTRA = "a cluster needs the package 'distributed': pip install 'frugal-territoires[cluster]'"


def check_scheduler(address: str) -> None:
    """Find out early whether there is a scheduler to send anything to.

    Raises
    ------
    UnusableInputError
        If the address is none.
    EnvironmentFaultError
        If the optional package is missing or nothing answers there.
    """
    host, port = _host_and_port(address)
    _check_keys(_dask(), address)
    with expecting([host]):
        try:
            socket.create_connection((host, port), timeout=CONNECT_SECONDS).close()
        except OSError as fault:
            raise _unreachable(address, fault) from fault


class Crew:
    """The workers of a cluster, looked at every few seconds, so that nothing is waited for in vain.

    Parameters
    ----------
    client : distributed.Client
        As `connected` gives it.
    address : str

    Attributes
    ----------
    threads, most_threads : int
        Threads of all workers, as last seen, and the most that were ever seen.
    """

    def __init__(self, client: Any, address: str) -> None:
        self._client, self._address = client, address
        self.threads = self.most_threads = _threads(client, address)
        self._asked = self._seen = time.monotonic()

    def look(self) -> None:
        """Ask for the workers, unless that was done less than five seconds ago.

        Raises
        ------
        EnvironmentFaultError
            If the scheduler has gone, or has been without workers for `WITHOUT_WORKERS_SECONDS`.
        """
        if time.monotonic() - self._asked <= 5.0:
            return
        self.threads = _threads(self._client, self._address)
        self.most_threads = max(self.most_threads, self.threads)
        self._asked = time.monotonic()
        if self.threads:
            self._seen = self._asked
        elif self._asked - self._seen > WITHOUT_WORKERS_SECONDS:
            raise EnvironmentFaultError(
                f"the cluster '{self._address}' has been without workers for {WITHOUT_WORKERS_SECONDS:g} s; "
                "what is finished is kept, and the same command goes on from there"
            )


@contextmanager
def connected(address: str) -> Iterator[Any]:
    """A client of the scheduler, whose connections the network watch expects; faults of the connection are told.

    Everything goes through the scheduler: of the workers, none has to be reachable from here.

    Raises
    ------
    UnusableInputError
        If the address is none.
    EnvironmentFaultError
        If the optional package is missing, nothing answers at the address, or it has no worker.
    """
    host, _ = _host_and_port(address)
    distributed = _dask()
    _check_keys(distributed, address)
    with _quiet(), expecting([host]):
        try:
            resolved = {str(found[4][0]) for found in socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)}
        except OSError as fault:
            raise _unreachable(address, fault) from fault
        with expecting(resolved):
            client = _open(distributed, address)
            try:
                _wait_for_worker(client, address)
                yield client
            finally:
                client.close(timeout=2)


def _open(distributed: Any, address: str) -> Any:
    """A client; made in a thread, because Dask would wait for ever for a host that accepts a connection and says nothing."""
    made: queue.SimpleQueue[Any] = queue.SimpleQueue()

    def connect() -> None:
        try:
            made.put(
                distributed.Client(
                    address, timeout=CONNECT_SECONDS, set_as_default=False, direct_to_workers=False, name="frugal"
                )
            )
        except Exception as fault:  # handed to the caller, which tells it
            made.put(fault)

    threading.Thread(target=connect, daemon=True).start()
    try:
        client = made.get(timeout=CONNECT_SECONDS + 1)
    except queue.Empty:
        raise _unreachable(address, TimeoutError(f"no answer within {CONNECT_SECONDS:g} s")) from None
    if isinstance(client, Exception):
        raise _unreachable(address, client) from client
    return client


def _wait_for_worker(client: Any, address: str) -> None:
    until = time.monotonic() + CONNECT_SECONDS
    while not _threads(client, address):
        if time.monotonic() > until:
            raise EnvironmentFaultError(f"the scheduler '{address}' has no worker: start some (dask worker {address})")
        time.sleep(0.2)


def _threads(client: Any, address: str) -> int:
    """Threads of all workers that the scheduler knows of now."""
    with talking(address):
        return sum(client.nthreads().values())


@contextmanager
def talking(address: str) -> Iterator[None]:
    """Tell in one sentence that the scheduler went away in the middle of a call.

    Raises
    ------
    EnvironmentFaultError
    """
    from distributed.client import FutureCancelledError

    try:
        yield
    except (OSError, FutureCancelledError) as fault:  # a broken connection and a time-out are both an OSError
        raise lost(address) from fault


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep Dask's own log off the terminal: what matters of it is told in one sentence."""
    names = [name for name in list(logging.root.manager.loggerDict) if name.split(".")[0] == "distributed"]
    levels = {name: logging.getLogger(name).level for name in names}  # Dask gives several of them a level of their own
    for name in names:
        logging.getLogger(name).setLevel(logging.CRITICAL)
    try:
        yield
    finally:
        for name, level in levels.items():
            logging.getLogger(name).setLevel(level)


def _dask() -> Any:
    try:
        import distributed
    except ImportError as fault:
        raise EnvironmentFaultError(_EXTRA) from fault
    return distributed


def _check_keys(distributed: Any, address: str) -> None:
    if address.startswith("tls:") and distributed.Security().get_connection_args("client").get("ssl_context") is None:
        raise EnvironmentFaultError(
            f"'{address}' needs keys: name them in Dask's configuration, distributed.comm.tls.ca-file and .client"
        )


def _host_and_port(address: str) -> tuple[str, int]:
    try:
        parts = urlsplit(address)
        host, port = parts.hostname, parts.port
    except ValueError:
        parts, host, port = urlsplit(""), None, None
    if parts.scheme not in ("tcp", "tls") or not host or not port or parts.path or parts.query or parts.username:
        raise UnusableInputError(f"--cluster '{address}' is no address; allowed: tcp://host:port, tls://host:port")
    return host, port


def _unreachable(address: str, fault: BaseException) -> EnvironmentFaultError:
    return EnvironmentFaultError(f"no Dask scheduler answers at '{address}': {fault or type(fault).__name__}")


def lost(address: str) -> EnvironmentFaultError:
    """That the scheduler went away in the middle of the work."""
    return EnvironmentFaultError(
        f"the scheduler '{address}' went away; what is finished is kept, and the same command goes on from there"
    )
