"""Does the built wheel work by itself? Installed in an empty environment, it trains, predicts and makes a cadastre.

Usage: ``python benchmarks/wheel_works.py [--keep DIR]``. The wheel is built from this checkout, and an environment made in a
temporary folder by the lines of ``setup.sh`` itself, but for the last, which would install the checkout: the wheel is installed
in its place. The commands run from another folder, and every file that their Python opens or lists is watched: one of the
checkout is a failure (libraries that open files by themselves are not seen). Prints a line for each step, and exits 1 at the
first that fails. Takes about five minutes and needs the package index, as ``setup.sh`` does.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent

#: Commands of the installed program, and a word of what each must print.
COMMANDS: tuple[tuple[Sequence[str], str], ...] = (
    (("studies",), "river_flood"),
    (("train", "roof_yield", "--n-runs", "96"), "cumulative_sky"),
    (("predict", "bundles/roof_yield", "-i", "tilt_deg=30", "-i", "azimuth_deg=180"), "yearly_yield"),
    (("predict", "bundles/roof_yield/model.onnx", "-i", "tilt_deg=30", "-i", "azimuth_deg=180"), "yearly_yield"),
    (("eval", "bundles/roof_yield"), "full_physics"),
    (("audit", "bundles/roof_yield", "--lang", "fr"), "audit.fr.html"),
    (("audit", "bundles/roof_yield", "--export", "sci", "--out", "sci.json"), "sci.json"),
    (("need", "roof_yield", "--out", "need.toml"), "need.toml"),
    (("simulate", "roof_yield", "-i", "tilt_deg=30", "-i", "azimuth_deg=180"), "yearly_yield"),
    (("simulate", "submersion", "-i", "surge_peak=1.5", "-i", "tide_range=6"), "max_depth"),
    (("cadastre", "--bundle", "bundles/roof_yield", "--tile", "250", "--out", "town"), "town/map"),
)

#: Started with Python in the new environment: keeps the files of the checkout that it opens or lists.
WATCH = """
import os, sys

def _watch(event, arguments, root=os.environ.get("WATCHED_FOLDER"), told=os.environ.get("WATCHED_FILES")):
    if root and event in ("open", "os.listdir", "os.scandir") and isinstance(arguments[0], str):
        path = os.path.abspath(arguments[0])
        if path == root or path.startswith(root + os.sep):
            line = os.open(told, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
            os.write(line, (path + "\\n").encode())
            os.close(line)

sys.addaudithook(_watch)
"""


def main() -> None:
    """Build, install, run."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--keep", metavar="DIR", type=Path, help="work in this new folder and leave it")
    chosen = parser.parse_args()
    if chosen.keep is not None:
        chosen.keep.mkdir(parents=True)
        check(chosen.keep.resolve())
        return
    with tempfile.TemporaryDirectory() as folder:
        check(Path(folder).resolve())


def check(folder: Path) -> None:
    """All steps, in a folder outside the checkout; ends the program where one fails."""
    if folder.is_relative_to(ROOT):
        _fail(f"{folder} lies in the checkout")
    start = time.perf_counter()
    wheel = build(folder / "dist")
    _tell(start, f"built {wheel.name}, {wheel.stat().st_size:,} bytes")
    start = time.perf_counter()
    python = make_environment(folder / "environment", wheel)
    _tell(start, f"installed {wheel.name} and requirements.lock")

    work, told = folder / "work", folder / "read_from_checkout.txt"
    work.mkdir()
    watched = {"WATCHED_FOLDER": str(ROOT), "WATCHED_FILES": str(told)}
    environment = {
        key: value for key, value in os.environ.items() if key not in ("PYTHONPATH", "VIRTUAL_ENV")
    } | watched
    start = time.perf_counter()
    seeing = "import pathlib; pathlib.Path(__import__('os').environ['WATCHED_FOLDER'], 'README.md').read_text()"
    _run([python, "-c", seeing], work, environment)
    if not told.is_file():
        _fail("the watch sees nothing")
    told.unlink()
    place = _run([python, "-c", "import frugal; print(frugal.__file__)"], work, environment).strip()
    if not Path(place).is_relative_to(folder / "environment"):
        _fail(f"frugal is read from {place}")
    _tell(start, "frugal is imported from the environment")
    for arguments, word in COMMANDS:
        start = time.perf_counter()
        # an audit ends with 1 where a criterion fails and with 4 where one was not assessed: it has worked all the same
        good = (0, 1, 4) if arguments[0] == "audit" else (0,)
        said = _run([python.parent / "frugal", *arguments], work, environment, good)
        if word not in said:
            _fail(f"frugal {' '.join(arguments)} does not say '{word}': {said[-500:]}")
        if told.is_file():
            _fail(
                f"frugal {' '.join(arguments)} reads the checkout: {', '.join(sorted(set(told.read_text().split()))[:5])}"
            )
        _tell(start, f"frugal {' '.join(arguments)}")
    roofs = json.loads((work / "town" / "footprint.json").read_text(encoding="utf-8"))
    page = work / "town" / "map" / "index.html"
    if not roofs or not page.is_file():
        _fail(f"{page} is missing")


def build(folder: Path) -> Path:
    """The wheel of this checkout."""
    from hatchling.builders.wheel import WheelBuilder

    (path,) = WheelBuilder(str(ROOT)).build(directory=str(folder), versions=["standard"])
    return Path(path)


def make_environment(folder: Path, wheel: Path) -> Path:
    """An environment as ``setup.sh`` makes it, with the wheel in the place of the checkout; returns its Python."""
    lines = (ROOT / "setup.sh").read_text(encoding="utf-8").splitlines()
    kept = [line for line in lines if "--editable" not in line]
    if len(kept) != len(lines) - 1:
        _fail("setup.sh has no single line that installs the checkout")
    folder.mkdir()
    (folder / "setup.sh").write_text("\n".join(kept) + "\n", encoding="utf-8")
    (folder / "requirements.lock").write_bytes((ROOT / "requirements.lock").read_bytes())
    environment = {key: value for key, value in os.environ.items() if key not in ("PYTHONPATH", "VIRTUAL_ENV")}
    _run(["sh", "setup.sh"], folder, environment)
    python = folder / ".venv" / "bin" / "python"
    _run([python, "-m", "pip", "install", "--quiet", "--no-deps", wheel], folder, environment)
    packages = _run(
        [python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))"], folder, environment
    ).strip()
    (Path(packages) / "watched.py").write_text(WATCH, encoding="utf-8")
    (Path(packages) / "watched.pth").write_text("import watched\n", encoding="utf-8")
    return python


def _run(command: Sequence[str | Path], folder: Path, environment: dict[str, str], good: Sequence[int] = (0,)) -> str:
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    if done.returncode not in good:
        told = " ".join(str(part) for part in command)
        _fail(f"{told} ends with {done.returncode}: {(done.stderr or done.stdout)[-1500:]}")
    return done.stdout


def _tell(since: float, what: str) -> None:
    print(f"ok {time.perf_counter() - since:7.1f} s  {what}", flush=True)


def _fail(why: str) -> None:
    print(f"FAILED  {why}", flush=True)
    sys.exit(1)


if __name__ == "__main__":
    main()
