"""A small service on this machine that replies as the public ones do, after their published schema; every value is invented."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any
from urllib.parse import parse_qs, urlsplit


@contextmanager
def service(reply: Callable[[str, dict[str, str]], Any]) -> Iterator[tuple[str, list[str]]]:
    """Yields the address of a service, and the paths that it is asked for.

    Parameters
    ----------
    reply : callable
        What it says to a path with its query: a code and a text, or what becomes JSON.
    """
    asked: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            parts = urlsplit(self.path)
            said = reply(parts.path, {name: values[0] for name, values in parse_qs(parts.query).items()})
            code, text = said if isinstance(said, tuple) else (206, json.dumps(said))
            self.send_response(code)
            self.end_headers()
            self.wfile.write(text.encode())

        def log_message(self, *words: Any) -> None:
            """Nothing is told."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}", asked
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def real_time(
    time: str, value: float | None, quantity: str = "Q", status: int = 4, station: str = "Z111001001"
) -> dict:
    """A real-time observation as Hub'Eau has it."""
    return {
        "code_site": station[:8], "code_station": station, "grandeur_hydro": quantity, "date_obs": time,
        "resultat_obs": value, "code_qualification_obs": 16, "libelle_qualification_obs": "Non qualifiée",
        "code_statut": status, "libelle_statut": {4: "Brute", 12: "Pré-validée"}[status], "code_methode_obs": 0,
    }  # fmt: skip


def daily(day: str, value: float | None) -> dict:
    """A daily mean as Hub'Eau has it."""
    return {
        "code_site": "Z1110010", "code_station": "Z111001001", "grandeur_hydro_elab": "QmnJ", "date_obs_elab": day,
        "resultat_obs_elab": value, "code_statut": 16, "libelle_statut": "Donnée validée", "code_qualification": 20,
    }  # fmt: skip
