"""Notice every attempt of this process to reach the network while something is measured."""

from __future__ import annotations

import ipaddress
import socket
import sys
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

_WATCHED = frozenset(
    {
        "socket.connect",
        "socket.sendto",
        "socket.sendmsg",
        "socket.getaddrinfo",
        "socket.gethostbyname",
    }
)

_active: list[NetworkWatch] = []
_expected: list[str] = []
_lock = threading.Lock()
_installed = False


class NetworkWatch:
    """Within its ``with`` block, keeps what Python code of this process tried to reach other than this machine itself.

    Attributes
    ----------
    calls : list of str
        ``host:port`` of every attempt, each once, whether it succeeded or not.
    expected : list of str
        Hosts announced with `expecting` that it tried to reach, as the scheduler of a cluster to which the user sends runs.

    Notes
    -----
    It listens to the interpreter's audit events, so it sees every library that uses Python's sockets. Compiled code that
    opens sockets by itself, and child processes, escape it. An audit hook cannot be taken out again; outside of a block it
    costs one comparison for each event.
    """

    def __init__(self) -> None:
        self.calls: list[str] = []
        self.expected: list[str] = []

    def __enter__(self) -> NetworkWatch:
        global _installed  # noqa: PLW0603
        with _lock:
            if not _installed:
                sys.addaudithook(_hook)
                _installed = True
            _active.append(self)
        return self

    def __exit__(self, *exception: object) -> None:
        with _lock:
            _active.remove(self)


@contextmanager
def expecting(hosts: Iterable[str]) -> Iterator[None]:
    """Announce hosts, by name or address, that the user asked to reach: within the block they are kept as expected."""
    announced = [host.lower() for host in hosts]
    with _lock:
        _expected.extend(announced)
    try:
        yield
    finally:
        with _lock:
            for host in announced:
                _expected.remove(host)


def _hook(event: str, arguments: tuple[Any, ...]) -> None:
    if not _active or event not in _WATCHED:
        return
    place = _place(event, arguments)
    if place is None:
        return
    announced = next((host for host in list(_expected) if f"{place}:".lower().startswith(f"{host}:")), None)
    for watch in list(_active):
        calls, found = (watch.calls, place) if announced is None else (watch.expected, announced)
        if found not in calls:
            calls.append(found)


def _place(event: str, arguments: tuple[Any, ...]) -> str | None:
    """``host:port`` that an event names; None where it stays on this machine."""
    if event == "socket.gethostbyname":
        host, port = arguments[0], None
    elif event == "socket.getaddrinfo":
        host, port = arguments[0], arguments[1]
    else:
        family, address = arguments[0].family, arguments[1]
        if family not in (socket.AF_INET, socket.AF_INET6) or not isinstance(address, tuple):
            return None
        host, port = address[0], address[1]
    host = host.decode("ascii", "replace") if isinstance(host, bytes) else str(host or "")
    if _is_local(host):
        return None
    return f"{host}:{port}" if port is not None else host


def _is_local(host: str) -> bool:
    if host in ("", "localhost") or host.endswith(".localhost"):
        return True
    try:
        address = ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        return False
    mapped = getattr(address, "ipv4_mapped", None) or address
    return bool(mapped.is_loopback or mapped.is_unspecified)
