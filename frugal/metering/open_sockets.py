"""Sockets of this process and its children as the kernel shows them, whoever opened them: Python, compiled code, a child."""

from __future__ import annotations

import ipaddress
import os
import sys
from collections.abc import Iterable
from pathlib import Path

#: Tables of the kernel with a line a socket. A datagram that is sent without connecting its socket shows no address there.
_TABLES = ("tcp", "tcp6", "udp", "udp6")

#: State of a socket that only waits to be called.
_LISTENING = "0A"


def can_be_seen() -> bool:
    """Whether this system shows sockets to those who own them."""
    return os.access("/proc/self/net/tcp", os.R_OK) and os.access("/proc/self/fd", os.R_OK)


def sockets_of(processes: Iterable[int]) -> dict[str, str]:
    """Sockets that are connected, or connecting, to another machine.

    Parameters
    ----------
    processes : iterable of int
        Their ids; one that has ended has none.

    Returns
    -------
    dict of str to str
        ``host:port`` at the other end by the number of the socket.
    """
    found: dict[str, str] = {}
    for process in processes:
        own = _numbers(process)
        if own:
            found |= {number: place for number, place in _connected(process).items() if number in own}
    return found


def bytes_sent() -> int | None:
    """What all interfaces but the loopback have sent, whoever sent it; None where the system does not tell."""
    try:
        lines = Path("/proc/self/net/dev").read_text().splitlines()[2:]
        counted = [line.partition(":") for line in lines]
        return sum(int(counts.split()[8]) for name, _, counts in counted if name.strip() != "lo")
    except (OSError, IndexError, ValueError):
        return None


def is_local(host: str) -> bool:
    """Whether a name or an address is this machine itself, or none in particular."""
    if host in ("", "localhost") or host.endswith(".localhost"):
        return True
    try:
        address = ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        return False
    mapped = getattr(address, "ipv4_mapped", None) or address
    return bool(mapped.is_loopback or mapped.is_unspecified)


def _numbers(process: int) -> set[str]:
    """Numbers of the sockets that a process holds."""
    folder = f"/proc/{process}/fd"
    found: set[str] = set()
    try:
        names = os.listdir(folder)  # noqa: PTH208
    except OSError:
        return found
    for name in names:
        try:
            target = os.readlink(f"{folder}/{name}")  # noqa: PTH115
        except OSError:  # closed meanwhile
            continue
        if target.startswith("socket:["):
            found.add(target[8:-1])
    return found


def _connected(process: int) -> dict[str, str]:
    """Far ends, by number, of what is connected beyond this machine in the network that a process sees."""
    found = {}
    for table in _TABLES:
        try:
            lines = Path(f"/proc/{process}/net/{table}").read_text().splitlines()[1:]
        except OSError:
            continue
        for fields in map(str.split, lines):
            address, _, port = fields[2].partition(":")
            host = str(_address(address))
            if fields[3] != _LISTENING and not is_local(host):
                found[fields[9]] = f"{host}:{int(port, 16)}"
    return found


def _address(text: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address:
    """From words of four bytes in hexadecimal digits, each in the order of the machine."""
    words = [int(text[k : k + 8], 16).to_bytes(4, sys.byteorder) for k in range(0, len(text), 8)]
    address = ipaddress.ip_address(b"".join(words))
    return getattr(address, "ipv4_mapped", None) or address
