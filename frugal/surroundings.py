"""What libraries would do behind the user's back, and do not: report to their makers, write into the user's home.

onnxruntime (1.32 and newer) reads ``ORT_DISABLE_TELEMETRY`` once, while it is loaded; its own ``disable_telemetry_events()``
comes too late, for loading it has opened its queue of events by then. So the variables are set when `frugal` itself is
imported, before any of these libraries, and are handed on to child processes and to the workers of a cluster.
"""

from __future__ import annotations

import atexit
import os
import shutil
import stat
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

#: Variables that turn reports off, whatever stood in them. ``MLFLOW_DISABLE_TELEMETRY`` is read by MLflow at each call.
REPORTS_OFF = {"ORT_DISABLE_TELEMETRY": "1", "MLFLOW_DISABLE_TELEMETRY": "true", "DO_NOT_TRACK": "1"}

_ONNXRUNTIME = "onnxruntime.capi._pybind_state"

_loaded_with_reports = False


def turn_reports_off() -> None:
    """Set the variables of `REPORTS_OFF`; called when `frugal` is imported."""
    global _loaded_with_reports  # noqa: PLW0603
    _loaded_with_reports |= _ONNXRUNTIME in sys.modules and os.environ.get("ORT_DISABLE_TELEMETRY") != "1"
    os.environ.update(REPORTS_OFF)


def onnxruntime_may_report() -> bool:
    """Whether onnxruntime was loaded before `frugal` and without ``ORT_DISABLE_TELEMETRY=1``: nothing stops it any more."""
    return _loaded_with_reports


#: Where it is installed, jsonschema loads it for a check of formats that no schema of ours asks for: it builds 38 parsers.
_FORMATS = "rfc3987_syntax"


@contextmanager
def without_parsers_of_formats() -> Iterator[None]:
    """Within it jsonschema is imported in a tenth of a second and not in more than one, without checks of IRIs."""
    if _FORMATS in sys.modules or "jsonschema" in sys.modules:
        yield
        return
    sys.modules[_FORMATS] = None  # type: ignore[assignment]
    try:
        yield
    finally:
        del sys.modules[_FORMATS]


_is_a_program = False


def program_begins() -> None:
    """This process is a command of ours and nothing else: libraries need not load what only others' code would ask of them."""
    global _is_a_program  # noqa: PLW0603
    _is_a_program = True


@contextmanager
def lightgbm_alone() -> Iterator[None]:
    """Within it a program imports lightgbm without scikit-learn, which takes it a second and serves an interface not used here.

    Nothing changes in a process that others may use too, or where scikit-learn is loaded already.
    """
    if not _is_a_program or "sklearn" in sys.modules or "lightgbm" in sys.modules:
        yield
        return
    sys.modules["sklearn"] = None  # type: ignore[assignment]
    try:
        yield
    finally:
        del sys.modules["sklearn"]


def private_folder(name: str) -> Path | None:
    """A folder of this user's own below the system's temporary one, which outlives the process and is not in the home.

    Parameters
    ----------
    name : str
        Of the folder in it: what is kept there.

    Returns
    -------
    Path or None
        None where it cannot be made, or where somebody else could have written into it.
    """
    try:
        parent = Path(tempfile.gettempdir()) / f"frugal-{os.geteuid()}"
        parent.mkdir(mode=0o700, exist_ok=True)
        found = parent.lstat()
        if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.geteuid() or found.st_mode & 0o077:
            return None
        (parent / name).mkdir(mode=0o700, exist_ok=True)
    except OSError:
        return None
    return parent / name


def keep_list_of_fonts_out_of_the_home() -> None:
    """Called before matplotlib is imported: it would keep its list of fonts in the user's cache.

    ``MPLCONFIGDIR`` of the user's holds, and so does an import that came before.
    """
    if "matplotlib" in sys.modules or os.environ.get("MPLCONFIGDIR"):
        return
    folder = private_folder("matplotlib")
    if folder is None:
        folder = Path(tempfile.mkdtemp(prefix="frugal-matplotlib-"))
        atexit.register(shutil.rmtree, folder, ignore_errors=True)
    os.environ["MPLCONFIGDIR"] = str(folder)
