"""One question to a service: a reply in JSON, or one sentence on why there is none."""

from __future__ import annotations

import http.client
import json
import re
from collections.abc import Mapping
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.parse import urlencode, urlsplit
from urllib.request import Request, urlopen

from frugal.errors import EnvironmentFaultError, UnusableInputError, plain_line

TIMEOUT_S = 30.0
_LARGEST_BYTES = 100_000_000
_STATION = re.compile(r"[0-9A-Z]\d{2}[0-9A-Z]{5}(?:[0-9A-Z]{2})?")


def checked_station(code: str) -> str:
    """The code of a station or site, as the services take it.

    Raises
    ------
    UnusableInputError
        If it cannot be one.
    """
    plain = code.strip().upper()
    if not _STATION.fullmatch(plain):
        raise UnusableInputError(
            f"--station '{plain_line(code, 40)}' is no code of a station (O972001001) or of a site (O9720010)"
        )
    return plain


def address(base: str, asked: Mapping[str, str]) -> str:
    """The address of a question."""
    return f"{base}?{urlencode(asked)}"


def asked_json(url: str, service: str) -> Any:
    """What a service replies.

    Parameters
    ----------
    url : str
        With ``http`` or ``https``.
    service : str
        What it is called in messages.

    Raises
    ------
    UnusableInputError
        If the service refuses the question.
    EnvironmentFaultError
        If it cannot be reached, or what it sends is no JSON.
    """
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https"):
        raise EnvironmentFaultError(f"{service} points to '{plain_line(url, 80)}', which is no address on the web")
    try:
        with urlopen(Request(url, headers={"Accept": "application/json"}), timeout=TIMEOUT_S) as reply:
            content = reply.read(_LARGEST_BYTES + 1)
    except HTTPError as fault:
        told = plain_line(fault.read(2000).decode("utf-8", "replace"), 120) or fault.reason
        kind = UnusableInputError if 400 <= fault.code < 500 and fault.code != 429 else EnvironmentFaultError
        raise kind(f"{service} ({parts.hostname}) refuses the question with code {fault.code}: {told}") from fault
    except (URLError, OSError, http.client.HTTPException) as fault:
        reason = plain_line(getattr(fault, "reason", None) or fault, 80) or type(fault).__name__
        raise EnvironmentFaultError(
            f"{service} ({parts.hostname}) cannot be reached from this machine ({reason}); nothing is written"
        ) from fault
    if len(content) > _LARGEST_BYTES:
        raise EnvironmentFaultError(f"{service} sends more than {_LARGEST_BYTES // 10**6} MB at once; ask for less")
    try:
        return json.loads(content)
    except (ValueError, RecursionError) as fault:
        raise EnvironmentFaultError(
            f"{service} ({parts.hostname}) sends no JSON: '{plain_line(content[:200].decode('utf-8', 'replace'), 80)}'"
        ) from fault


def unknown_layout(service: str, what: str) -> EnvironmentFaultError:
    """The fault of a reply that is not what the published schema says."""
    return EnvironmentFaultError(
        f"{service} replies in another layout than this version knows ({what}); nothing is written"
    )
