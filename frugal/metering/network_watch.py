"""Notice attempts to reach the network while something is measured: from inside, and from outside.

Inside, the interpreter tells of every call of its sockets. Outside, the kernel shows the sockets that this process and its
children hold, whatever opened them; it is looked at from time to time, so that what comes and goes in between escapes. What
the machine's interfaces have sent meanwhile, whoever sent it, says whether anything can have.
"""

from __future__ import annotations

import os
import socket
import sys
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

from frugal.metering.open_sockets import bytes_sent, can_be_seen, is_local, sockets_of
from frugal.metering.timing.process_tree import living_children

_WATCHED = frozenset(
    {
        "socket.connect",
        "socket.sendto",
        "socket.sendmsg",
        "socket.getaddrinfo",
        "socket.gethostbyname",
    }
)

#: From one look at the open sockets to the next.
LOOK_SECONDS = 0.5

_active: list[NetworkWatch] = []
_expected: list[str] = []
_lock = threading.Lock()
_installed = False


class NetworkWatch:
    """Within its ``with`` block, keeps what this process and its children tried to reach other than this machine itself.

    Attributes
    ----------
    calls : list of str
        ``host:port`` of every attempt, each once, whether it succeeded or not.
    expected : list of str
        Hosts announced with `expecting` that it tried to reach, as the scheduler of a cluster to which the user sends runs.
    looks : int
        How often the open sockets were looked at; 0 where the system does not show them.
    bytes_sent : int or None
        What the machine's interfaces have sent meanwhile, whoever sent it; None where it is not told.

    Notes
    -----
    It listens to the interpreter's audit events, so it sees every call of Python's sockets. Sockets of compiled code and of
    children are seen if they are open for `LOOK_SECONDS`. Those that were open before are not counted. An audit hook cannot be
    taken out again; outside of a block it costs one comparison for each event.
    """

    def __init__(self) -> None:
        self.calls: list[str] = []
        self.expected: list[str] = []
        self.looks = 0
        self.bytes_sent: int | None = None
        self._before: dict[str, str] = {}
        self._over = threading.Event()
        self._looking = threading.Thread(target=self._look_until_over, daemon=True)

    def __enter__(self) -> NetworkWatch:
        global _installed  # noqa: PLW0603
        with _lock:
            if not _installed:
                sys.addaudithook(_hook)
                _installed = True
            _active.append(self)
        self._sent_before = bytes_sent()
        if can_be_seen():
            self._before = _open_now()
            self._looking.start()
        return self

    def __exit__(self, *exception: object) -> None:
        self._over.set()
        if self._looking.ident is not None:
            self._looking.join()
        self.settle()
        with _lock:
            _active.remove(self)

    def settle(self) -> None:
        """Look once more, and read what the interfaces have sent by now."""
        if can_be_seen():
            self.look()
        sent = bytes_sent()
        self.bytes_sent = None if sent is None or self._sent_before is None else sent - self._sent_before

    def look(self) -> None:
        """Look at the sockets that are open now."""
        for number, place in _open_now().items():
            if number not in self._before:
                self.note(place)
        self.looks += 1

    def note(self, place: str) -> None:
        """Keep a place that somebody tried to reach."""
        announced = next((host for host in list(_expected) if f"{place}:".lower().startswith(f"{host}:")), None)
        calls, found = (self.calls, place) if announced is None else (self.expected, announced)
        if found not in calls:
            calls.append(found)

    def _look_until_over(self) -> None:
        while not self._over.wait(LOOK_SECONDS):
            self.look()


def _open_now() -> dict[str, str]:
    return sockets_of([os.getpid(), *living_children()])


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
    for watch in list(_active):
        watch.note(place)


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
    if is_local(host):
        return None
    return f"{host}:{port}" if port is not None else host
