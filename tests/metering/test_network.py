"""The watch notices every attempt to leave this machine, and nothing else."""

import os
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from frugal.metering import open_sockets
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


def connect_unseen(address: str = "192.0.2.1", port: int = 9) -> str:
    """Python code that connects a datagram socket as compiled code does: the interpreter tells nobody, nothing is sent."""
    return (
        "import ctypes, socket, struct\n"
        "libc = ctypes.CDLL(None)\n"
        "handle = libc.socket(socket.AF_INET, socket.SOCK_DGRAM, 0)\n"
        f"place = struct.pack('=H', socket.AF_INET) + struct.pack('!H', {port}) + socket.inet_aton('{address}') + bytes(8)\n"
        "assert libc.connect(handle, place, len(place)) == 0, 'no route'\n"
    )


def has_route() -> bool:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))
        except OSError:
            return False
        return True


routed = pytest.mark.skipif(not has_route(), reason="no route to anywhere")


@routed
def test_a_socket_of_compiled_code_is_seen_from_outside() -> None:
    names: dict[str, int] = {}
    with NetworkWatch() as watch:
        exec(connect_unseen(), names)
        watch.look()
        os.close(names["handle"])
    assert watch.calls == ["192.0.2.1:9"] and watch.looks >= 2


@routed
def test_a_socket_of_a_child_is_seen_by_itself() -> None:
    """Within a second, without anybody asking for a look."""
    with NetworkWatch() as watch:
        code = connect_unseen("198.51.100.7", 53) + "print(flush=True)\ninput()"
        with subprocess.Popen([sys.executable, "-c", code], stdin=-1, stdout=-1) as child:
            assert child.stdout is not None and child.stdout.readline()
            end = time.monotonic() + 10
            while not watch.calls and time.monotonic() < end:
                time.sleep(0.02)
            child.communicate(b"\n")
    assert watch.calls == ["198.51.100.7:53"]


@routed
def test_a_socket_that_was_open_before_is_not_counted_and_an_announced_one_is_kept_apart() -> None:
    names: dict[str, int] = {}
    exec(connect_unseen(), names)
    with NetworkWatch() as watch:
        watch.look()
        assert watch.calls == []
        with expecting(["192.0.2.9"]):
            other: dict[str, int] = {}
            exec(connect_unseen("192.0.2.9", 8786), other)
            watch.look()
            os.close(other["handle"])
    os.close(names["handle"])
    assert watch.calls == [] and watch.expected == ["192.0.2.9"]


def test_the_kernels_tables_are_read_as_they_are_written() -> None:
    assert str(open_sockets._address("0100007F")) == "127.0.0.1"
    assert str(open_sockets._address("00000000000000000000000001000000")) == "::1"
    assert str(open_sockets._address("B80D01200000000000000000010000A0")) == "2001:db8::a000:1"
    assert str(open_sockets._address("0000000000000000FFFF00000100000A")) == "10.0.0.1"
    listener = socket.create_server(("127.0.0.1", 0))
    with socket.create_connection(listener.getsockname()):
        assert open_sockets.sockets_of([os.getpid()]) == {}
    listener.close()


def test_what_the_machine_sends_is_counted_without_the_loopback(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    table = tmp_path / "dev"
    received = " 687134432   29918    0    0    0     0          0         0"
    sent = [("lo", 3521), ("eth0", 663644), ("wlan0", 56)]
    lines = [f"{name:>6}:{received} {number}    7051    0    0    0     0       0          0" for name, number in sent]
    table.write_text("\n".join(["Inter-|   Receive |  Transmit", " face |bytes    packets errs drop", *lines, ""]))
    monkeypatch.setattr(open_sockets, "Path", lambda name: table)
    assert open_sockets.bytes_sent() == 663700
