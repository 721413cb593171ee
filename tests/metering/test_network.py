"""The watch notices every attempt to leave this machine, and nothing else."""

import socket
import sys
import threading

import pytest

from frugal.metering.network_watch import NetworkWatch, expecting


@pytest.fixture
def unplugged(monkeypatch: pytest.MonkeyPatch) -> None:
    """Sockets raise the interpreter's audit event, as real ones do, and go nowhere."""

    class Unplugged(socket.socket):
        def connect(self, address: object) -> None:  # type: ignore[override]
            sys.audit("socket.connect", self, address)
            raise OSError("unplugged")

    monkeypatch.setattr(socket, "socket", Unplugged)


def test_an_attempt_is_noticed_once_even_from_a_thread(unplugged: None) -> None:
    def try_it() -> None:
        with pytest.raises(OSError):
            socket.create_connection(("192.0.2.1", 9), timeout=0.1)

    with NetworkWatch() as watch:
        try_it()
        thread = threading.Thread(target=try_it)
        thread.start()
        thread.join()
    assert watch.calls == ["192.0.2.1:9"]
    try_it()
    assert watch.calls == ["192.0.2.1:9"]  # over


def test_a_name_that_is_looked_up_is_noticed() -> None:
    with NetworkWatch() as watch:
        sys.audit("socket.getaddrinfo", "example.org", 443, 0, 0, 0)
        sys.audit("socket.gethostbyname", b"example.net")
    assert watch.calls == ["example.org:443", "example.net"]


def test_this_machine_is_no_network() -> None:
    listener = socket.create_server(("127.0.0.1", 0))
    with NetworkWatch() as watch:
        socket.create_connection(listener.getsockname()).close()
        socket.getaddrinfo("127.0.0.1", 80)
        socket.getaddrinfo("localhost", 80)
        socket.getaddrinfo(None, 80)
        left, right = socket.socketpair()
        left.close()
        right.close()
        with socket.socket(socket.AF_UNIX) as unix, pytest.raises(OSError):
            unix.connect("/nowhere/at/all")
    listener.close()
    assert watch.calls == []


def test_watches_in_one_another_see_the_same(unplugged: None) -> None:
    with NetworkWatch() as outer:
        with NetworkWatch() as inner, pytest.raises(OSError):
            socket.create_connection(("192.0.2.7", 80), timeout=0.1)
        assert inner.calls == outer.calls == ["192.0.2.7:80"]


def test_what_the_user_asked_to_reach_is_kept_apart(unplugged: None) -> None:
    def reach(host: str) -> None:
        with pytest.raises(OSError):
            socket.create_connection((host, 8786), timeout=0.1)

    with NetworkWatch() as watch:
        with expecting(["192.0.2.1", "2001:DB8::7"]):
            for host in ("192.0.2.1", "192.0.2.1", "192.0.2.11", "2001:db8::7"):
                reach(host)
        reach("192.0.2.1")
    assert watch.expected == ["192.0.2.1", "2001:db8::7"]
    assert watch.calls == ["192.0.2.11:8786", "192.0.2.1:8786"]
