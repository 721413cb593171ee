"""A small web server for the map, on this machine only.

The map reads parts of its tiles, which takes a server that answers ``Range``; the one of Python's library does not.
"""

from __future__ import annotations

import re
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from io import BytesIO
from pathlib import Path
from typing import Any, BinaryIO, cast

from frugal.errors import EnvironmentFaultError, UnusableInputError

_RANGE = re.compile(r"bytes=(\d*)-(\d*)$")


class MapHandler(SimpleHTTPRequestHandler):
    """Files of one folder, whole or in part; no listings."""

    protocol_version = "HTTP/1.1"
    extensions_map = {  # noqa: RUF012 - the attribute is the library's
        ".html": "text/html; charset=utf-8",
        ".js": "text/javascript; charset=utf-8",
        ".mjs": "text/javascript; charset=utf-8",
        ".css": "text/css; charset=utf-8",
        ".json": "application/json",
        ".svg": "image/svg+xml",
        "": "application/octet-stream",
    }

    def send_head(self) -> BytesIO | BinaryIO | None:
        """Answer the head; a partial answer where one part is asked for."""
        asked = self.headers.get("Range")
        path = Path(self.translate_path(self.path))
        if asked is None or not path.is_file():
            return super().send_head()
        size = path.stat().st_size
        bounds = _bounds(asked, size)
        if bounds is None:
            self.send_response(416)
            self.send_header("Content-Range", f"bytes */{size}")
            self.send_header("Content-Length", "0")
            self.end_headers()
            return None
        start, stop = bounds
        self.send_response(206)
        self.send_header("Content-Type", self.guess_type(str(path)))
        self.send_header("Content-Range", f"bytes {start}-{stop - 1}/{size}")
        self.send_header("Content-Length", str(stop - start))
        self.end_headers()
        stream = path.open("rb")
        stream.seek(start)
        return cast(BinaryIO, _Part(stream, stop - start))

    def end_headers(self) -> None:
        """Tell that parts may be asked for, and that a new map is not to be hidden by an old one."""
        self.send_header("Accept-Ranges", "bytes")
        self.send_header("Cache-Control", "no-cache")
        super().end_headers()

    def list_directory(self, path: Any) -> None:
        """Refuse: a folder without a page has nothing to show."""
        self.send_error(404)

    def log_message(self, format: str, *args: Any) -> None:
        """Stay silent."""


class _Part:
    """The next bytes of an open file."""

    def __init__(self, stream: BinaryIO, length: int) -> None:
        self.stream = stream
        self.left = length

    def read(self, size: int = -1) -> bytes:
        wanted = self.left if size < 0 else min(size, self.left)
        content = self.stream.read(wanted)
        self.left -= len(content)
        return content

    def close(self) -> None:
        self.stream.close()


def map_server(folder: Path | str, port: int = 0) -> ThreadingHTTPServer:
    """A server of a folder on the loopback address, not yet running.

    Parameters
    ----------
    folder : path
        With an ``index.html``.
    port : int
        0 for any that is free.

    Raises
    ------
    UnusableInputError
        If the folder holds no page.
    EnvironmentFaultError
        If the port is taken.
    """
    folder = Path(folder)
    if not (folder / "index.html").is_file():
        raise UnusableInputError(f"'{folder}' holds no map: there is no index.html in it")
    try:
        return ThreadingHTTPServer(("127.0.0.1", port), partial(MapHandler, directory=str(folder)))
    except OSError as fault:
        raise EnvironmentFaultError(f"cannot listen on port {port}: {fault.strerror or fault}") from fault


def _bounds(asked: str, size: int) -> tuple[int, int] | None:
    """First byte and the one after the last of a header ``Range``; None where it cannot be met."""
    found = _RANGE.match(asked.strip())
    if found is None or found.groups() == ("", ""):
        return None
    first, last = found.groups()
    if first == "":
        start, stop = max(size - int(last), 0), size
    else:
        start, stop = int(first), min(int(last) + 1, size) if last else size
    return (start, stop) if start < stop else None
