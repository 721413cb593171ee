"""Drives Debian's Chromium over its debugging pipe, with nothing but the standard library."""

from __future__ import annotations

import base64
import json
import os
import select
import shutil
import subprocess
import tempfile
import threading
import time
from pathlib import Path
from typing import Any

FLAGS = (
    "--headless=new", "--no-sandbox", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync", "--disable-default-apps", "--disable-extensions", "--mute-audio",
    "--hide-scrollbars", "--use-angle=swiftshader", "--enable-unsafe-swiftshader", "--disable-dev-shm-usage",
    "--remote-debugging-pipe", "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
)  # fmt: skip


def find_chromium() -> str | None:
    """The browser, where there is one."""
    return shutil.which("chromium") or shutil.which("chromium-browser")


class Chromium:
    """A browser with one page; requests, console errors and exceptions are kept."""

    def __init__(self, language: str = "en-GB", flags: tuple[str, ...] = ()) -> None:
        self.profile = tempfile.mkdtemp(prefix="chromium-")
        to_browser, self._write = os.pipe()
        self._read, from_browser = os.pipe()
        self.requests: list[str] = []
        self.errors: list[str] = []
        self._number = 0
        self._answers: dict[int, Any] = {}
        self._buffer = b""
        profile = f"--user-data-dir={self.profile}"
        command = [str(find_chromium()), *FLAGS, *flags, profile, f"--lang={language}", "about:blank"]
        # The browser reads from descriptor 3 and writes to 4; a shell puts them there.
        shell = f'exec 3<&{to_browser} 4>&{from_browser}; exec "$@"'
        self.process = subprocess.Popen(
            ["/bin/bash", "-c", shell, "chromium", *command],
            pass_fds=(to_browser, from_browser), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        os.close(to_browser)
        os.close(from_browser)
        self._sessions: list[str] = []
        target = self.call("Target.createTarget", {"url": "about:blank"}, session=None)["targetId"]
        attached = self.call("Target.attachToTarget", {"targetId": target, "flatten": True}, session=None)
        self.session = attached["sessionId"]
        self._watch(self.session)
        self.call("Page.enable")
        agent = self.call("Browser.getVersion", session=None)["userAgent"]
        self.call("Emulation.setUserAgentOverride", {"userAgent": agent, "acceptLanguage": language})

    def close(self) -> None:
        """End the browser and forget its profile."""
        self.process.terminate()
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
        os.close(self._write)
        os.close(self._read)
        shutil.rmtree(self.profile, ignore_errors=True)

    # --- the protocol ---------------------------------------------------------------------------------------------------

    def call(self, method: str, parameters: dict[str, Any] | None = None, session: str | None = "", wait: float = 60.0):
        """One command and its answer."""
        number = self._send(method, parameters, self.session if session == "" else session)
        end = time.monotonic() + wait
        while number not in self._answers:
            self._receive(end - time.monotonic())
        answer = self._answers.pop(number)
        if "error" in answer:
            raise RuntimeError(f"{method}: {answer['error']}")
        return answer["result"]

    def _send(self, method: str, parameters: dict[str, Any] | None, session: str | None) -> int:
        self._number += 1
        message: dict[str, Any] = {"id": self._number, "method": method, "params": parameters or {}}
        if session:
            message["sessionId"] = session
        os.write(self._write, json.dumps(message).encode() + b"\0")
        return self._number

    def _receive(self, wait: float) -> None:
        if wait <= 0 or not select.select([self._read], [], [], wait)[0]:
            raise TimeoutError("the browser does not answer")
        content = os.read(self._read, 1 << 20)
        if not content:
            raise RuntimeError("the browser has ended")
        *messages, self._buffer = (self._buffer + content).split(b"\0")
        for message in messages:
            self._take(json.loads(message))

    def _take(self, message: dict[str, Any]) -> None:
        if "id" in message:
            self._answers[message["id"]] = message
            return
        method, told = message["method"], message.get("params", {})
        if method == "Network.requestWillBeSent":
            self.requests.append(told["request"]["url"])
        elif method == "Runtime.exceptionThrown":
            details = told["exceptionDetails"]
            self.errors.append(details.get("exception", {}).get("description") or details["text"])
        elif method == "Log.entryAdded" and told["entry"]["level"] == "error":
            self.errors.append(f"{told['entry']['text']} {told['entry'].get('url', '')}")
        elif method == "Target.attachedToTarget":  # a worker: its requests count as well
            self._watch(told["sessionId"])

    def _watch(self, session: str) -> None:
        for method in ("Network.enable", "Runtime.enable", "Log.enable"):
            self._send(method, None, session)
        self._send(
            "Target.setAutoAttach", {"autoAttach": True, "waitForDebuggerOnStart": False, "flatten": True}, session
        )

    # --- what a person does -----------------------------------------------------------------------------------------------

    def size(self, width: int, height: int, phone: bool = False) -> None:
        """Size of the window in CSS pixels."""
        metrics = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": phone}
        self.call("Emulation.setDeviceMetricsOverride", metrics)

    def open(self, url: str) -> None:
        """Go to a page and wait until it says that it is ready."""
        self.call("Page.navigate", {"url": "about:blank"})
        self.call("Page.navigate", {"url": url})
        self.until("document.documentElement.dataset.ready === 'true'")

    def leave(self) -> None:
        """Go to an empty page, and take what the one before still had to tell."""
        self.call("Page.navigate", {"url": "about:blank"})
        time.sleep(0.3)
        self.run("0")

    def run(self, expression: str) -> Any:
        """Value of an expression; promises are awaited."""
        told = self.call(
            "Runtime.evaluate",
            {"expression": expression, "awaitPromise": True, "returnByValue": True, "userGesture": True},
        )
        if "exceptionDetails" in told:
            raise RuntimeError(told["exceptionDetails"].get("exception", {}).get("description", str(told)))
        return told["result"].get("value")

    def until(self, expression: str, seconds: float = 60.0) -> Any:
        """Wait for an expression to be true."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            try:
                value = self.run(expression)
            except RuntimeError:  # the page is being replaced
                value = None
            if value:
                return value
            time.sleep(0.05)
        raise TimeoutError(f"never true: {expression}; errors of the page: {self.errors}")

    def click(self, x: float, y: float) -> None:
        """Press and release the left button."""
        at = {"x": x, "y": y, "button": "left", "clickCount": 1}
        for kind in ("mousePressed", "mouseReleased"):
            self.call("Input.dispatchMouseEvent", {"type": kind, **at})

    def click_on(self, selector: str) -> None:
        """Click in the middle of an element."""
        box = self.run(
            f"(() => {{ const e = document.querySelector({selector!r}); e.scrollIntoView({{block: 'center'}});"
            " const b = e.getBoundingClientRect(); return [b.x + b.width / 2, b.y + b.height / 2]; })()"
        )
        self.click(*box)

    def key(self, name: str, code: int, text: str = "") -> None:
        """Press a key."""
        told = {"key": name, "code": name, "windowsVirtualKeyCode": code, "text": text}
        self.call("Input.dispatchKeyEvent", {"type": "keyDown", **told})
        self.call("Input.dispatchKeyEvent", {"type": "keyUp", **told})

    def write(self, text: str) -> None:
        """Type into what has the focus."""
        self.call("Input.insertText", {"text": text})

    def picture(self, path: Path, whole: bool = False) -> None:
        """A screenshot as PNG."""
        told = self.call("Page.captureScreenshot", {"format": "png", "captureBeyondViewport": whole})
        Path(path).write_bytes(base64.b64decode(told["data"]))


def serve(folder: Path) -> tuple[Any, str]:
    """The server of the cadastre in a thread, and the address of the page."""
    from frugal.web.server import map_server

    server = map_server(folder)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server, f"http://127.0.0.1:{server.server_port}/"
