"""A process that has everything imported and compiled, and forks children that work cases off.

A child works off many cases, one after the other, each in an empty folder; what it prints goes to two files. A child that ends,
hangs or grows too large is replaced by another fork. A case that fails is tried once more alone, in a fork of its own.
"""

from __future__ import annotations

import contextlib
import gc
import importlib
import io
import os
import pickle
import pkgutil
import resource
import select
import shutil
import signal
import socket
import struct
import sys
import time
import traceback
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from fuzzing import bundles, commands, files, graphs
from fuzzing.case import Case, numbers_of, tree
from fuzzing.doors import enter
from fuzzing.oracles import faults

KINDS: dict[str, Any] = {"commands": commands, "files": files, "bundles": bundles, "graphs": graphs}
#: Address space of a child above that of the server, and resident memory after which it is replaced.
SPACE_BYTES, RESIDENT_BYTES = 4 << 30, 1400 << 20
CASES_OF_A_CHILD = 400


@dataclass
class Outcome:
    """How one case ended."""

    kind: str
    index: int
    group: str
    what: str
    args: list[str]
    code: int
    seconds: float
    faults: list[str] = field(default_factory=list)
    err: str = ""
    repeated: bool = True


def prepare(many: bool) -> None:
    """Import what the commands would, without threads of its own, and without a network; for ``many`` cases all at once."""
    for found in pkgutil.walk_packages(importlib.import_module("frugal").__path__, "frugal.") if many else ():
        if not found.name.endswith("__main__"):
            importlib.import_module(found.name)
    for name in (
        ()
        if not many
        else (
            *(
                "onnx",
                "onnxruntime",
                "pandas",
                "pyarrow.parquet",
                "rasterio",
                "geopandas",
                "pyogrio",
                "sklearn",
                "lightgbm",
                "xarray",
            ),
            *(
                "zarr",
                "h5netcdf",
                "pvlib.iotools",
                "pint",
                "matplotlib.pyplot",
                "laspy",
                "lazrs",
                "jsonschema",
                "jinja2",
                "distributed",
            ),
            *("codecarbon", "mlflow", "scipy.optimize", "scipy.stats", "scipy.ndimage", "rich.console", "pydantic"),
        )
    ):
        with contextlib.suppress(ImportError):
            importlib.import_module(name)

    def absent(host: Any, *arguments: Any, **more: Any) -> Any:
        raise socket.gaierror(-2, "Name or service not known")

    importlib.import_module("frugal.surrogates.bundle.predictor").SECONDS_FOR_AN_ANSWER = 2.0
    real = socket.getaddrinfo
    typer_main = importlib.import_module("typer.main")
    group = typer_main.get_command(importlib.import_module("frugal.cli").app)
    typer_main.get_command = lambda app: group  # made anew it takes three quarters of a case
    socket.getaddrinfo = lambda host, *a, **k: (
        real(host, *a, **k) if host in ("127.0.0.1", "localhost") else absent(host)
    )


def _warm(workshop: Path, folder: Path) -> None:
    """Compile and read once what every child would otherwise compile and read anew."""
    place = folder / "warm"
    commands.lay_out(workshop, place)
    asked = [
        ("cli", ["simulate", "roof_yield", "--set", "weather=year.epw", "--json"]),
        ("cli", ["simulate", "--study", "pond.py", "--observations", "observations.csv", "--out", "out.nc"]),
        ("cli", ["predict", "bundles/weir", "-i", "width_m=30cm", "--lang", "fr"]),
        ("cli", ["audit", "bundles/weir", "--compare", "bundles/weir", "--json"]),
        *[
            (reader, [name])
            for reader, name in (("cloud", "cloud.laz"), ("footprints", "houses.gpkg"), ("ground", "ground.tif"))
        ],
    ]
    kept = [os.dup(number) for number in (0, 1, 2)]
    with contextlib.chdir(place), _shown(folder) as shown:
        for door, args in asked:
            shown(lambda door=door, args=args: enter(door, args))
    for number, handle in enumerate(kept):
        os.dup2(handle, number)
        os.close(handle)
    sys.stdout, sys.stderr = sys.__stdout__, sys.__stderr__
    shutil.rmtree(place)


@dataclass
class _Child:
    process: int
    asks: int
    answers: int


class Server:
    """Runs cases in forks of this process.

    Parameters
    ----------
    workshop : Path
        Good inputs (`make_workshop`).
    folder : Path
        Of its own; each case has an empty folder below it.
    seed : int
    many : bool
        Compile first what every child needs.
    """

    def __init__(self, workshop: Path, folder: Path, seed: int, many: bool) -> None:
        self.workshop, self.folder, self.seed = workshop, folder, seed
        folder.mkdir(parents=True, exist_ok=True)
        if many:
            _warm(workshop, folder)
        self._child: _Child | None = None
        gc.collect()
        gc.freeze()

    def run(self, kind: str, index: int) -> Outcome:
        """One case; one that fails is tried again alone."""
        outcome = self._asked(kind, index)
        if outcome.faults:
            self.stop()
            again = self._asked(kind, index, patience=2.0)
            self.stop()
            outcome.repeated = sorted(again.faults) == sorted(outcome.faults)
            if not again.faults:
                outcome.faults = []
            else:
                outcome.faults, outcome.err, outcome.code = again.faults, again.err, again.code
        return outcome

    def stop(self) -> None:
        """End the child."""
        if self._child is not None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self._child.process, signal.SIGKILL)
            os.waitpid(self._child.process, 0)
            os.close(self._child.asks)
            os.close(self._child.answers)
            self._child = None

    def _asked(self, kind: str, index: int, patience: float = 1.0) -> Outcome:
        child = self._child or self._fork()
        start = time.monotonic()
        _send(child.asks, (kind, index))
        made = _receive(child.answers, 60.0)
        if made is None:
            return self._ended(Outcome(kind, index, kind, "making the case", [], -1, time.monotonic() - start))
        case: Case = made
        outcome = Outcome(kind, index, case.group or kind, case.what, case.args, -1, 0.0)
        told = _receive(child.answers, case.seconds * patience)
        outcome.seconds = time.monotonic() - start
        if told is None:
            return self._ended(outcome)
        outcome.code, outcome.faults, outcome.err, resident, worked = told
        if resident > RESIDENT_BYTES or worked >= CASES_OF_A_CHILD:
            self.stop()
        return outcome

    def _ended(self, outcome: Outcome) -> Outcome:
        """A child that does not answer: it ended, or hangs."""
        assert self._child is not None
        process, status = os.waitpid(self._child.process, os.WNOHANG)
        if process == 0:
            time.sleep(0.2)
            process, status = os.waitpid(self._child.process, os.WNOHANG)
        if process == 0:
            outcome.faults = ["hang"]
            self.stop()
            return outcome
        os.close(self._child.asks)
        os.close(self._child.answers)
        self._child = None
        signalled = os.WIFSIGNALED(status)
        outcome.code = -os.WTERMSIG(status) if signalled else os.WEXITSTATUS(status)
        if outcome.code == 130:  # a study that interrupts: the program ends at once, as at Ctrl-C
            return outcome
        outcome.faults = [f"signal {os.WTERMSIG(status)}" if signalled else f"ended with {os.WEXITSTATUS(status)}"]
        with contextlib.suppress(OSError):
            outcome.err = (self.folder / "stderr").read_text(errors="replace")[-2000:]
        return outcome

    def _fork(self) -> _Child:
        asks_read, asks_write = os.pipe()
        answers_read, answers_write = os.pipe()
        process = os.fork()
        if process == 0:
            os.close(asks_write)
            os.close(answers_read)
            code = 70
            try:
                _work(self.workshop, self.folder, self.seed, asks_read, answers_write)
                code = 0
            finally:
                os._exit(code)
        os.close(asks_read)
        os.close(answers_write)
        self._child = _Child(process, asks_write, answers_read)
        return self._child


def _work(workshop: Path, folder: Path, seed: int, asks: int, answers: int) -> None:
    """A child: cases one after the other until its server ends it."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    size = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (size + SPACE_BYTES, size + SPACE_BYTES))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 30, 1 << 30))
    with _shown(folder) as shown:
        worked = 0
        while (asked := _receive(asks, None)) is not None:
            kind, index = asked
            place = folder / ("commands" if kind == "commands" else "case")
            if kind != "commands":
                shutil.rmtree(place, ignore_errors=True)
            place.mkdir(exist_ok=True)
            os.chdir(place)
            case = KINDS[kind].make(numbers_of(seed, kind, index), workshop, place)
            before = tree(place)
            _send(answers, case)
            code, out, err = shown(lambda case=case: enter(case.door, case.args))
            os.chdir(folder)
            after = tree(place)
            found = faults(case, code, out, err, before, after, place)
            if kind == "commands" and after != before:
                shutil.rmtree(place)
            worked += 1
            resident = int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize()
            _send(answers, (code, found, err[-3000:], resident, worked))


@contextlib.contextmanager
def _shown(folder: Path) -> Iterator[Callable[[Callable[[], int]], tuple[int, str, str]]]:
    """Call something as a program of its own would be: what it prints on either descriptor, and its exit code."""
    handles = [
        os.open(folder / name, os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND) for name in ("stdout", "stderr")
    ]
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)

    def call(what: Callable[[], int]) -> tuple[int, str, str]:
        for number, handle in enumerate(handles, start=1):
            os.ftruncate(handle, 0)
            os.dup2(handle, number)
        sys.stdout = io.TextIOWrapper(io.FileIO(1, "w", closefd=False), "utf-8", "strict", write_through=True)
        sys.stderr = io.TextIOWrapper(io.FileIO(2, "w", closefd=False), "utf-8", "backslashreplace", write_through=True)
        try:
            code = what()
        except BaseException:
            code = 1
            os.write(2, traceback.format_exc().encode("utf-8", "backslashreplace"))
        return code, *(os.pread(handle, 4 << 20, 0).decode("utf-8", "replace") for handle in handles)

    yield call


def _send(handle: int, what: Any) -> None:
    content = pickle.dumps(what)
    content = struct.pack("<Q", len(content)) + content
    while content:
        content = content[os.write(handle, content) :]


def _receive(handle: int, seconds: float | None) -> Any:
    """What the other side sends; None when it has ended or takes longer."""
    head = _read(handle, 8, seconds)
    return None if head is None else pickle.loads(_read(handle, struct.unpack("<Q", head)[0], 60.0) or b"N.")  # noqa: S301


def _read(handle: int, n: int, seconds: float | None) -> bytes | None:
    content = b""
    until = None if seconds is None else time.monotonic() + seconds
    while len(content) < n:
        if until is not None and not select.select([handle], [], [], max(0.0, until - time.monotonic()))[0]:
            return None
        part = os.read(handle, n - len(content))
        if not part:
            return None
        content += part
    return content
