"""Cases of files: settings, tables, weather, rasters, vectors, point clouds, studies and observations, one of them spoilt."""

from __future__ import annotations

import random
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from fuzzing.case import Case, odd
from fuzzing.mutations import spoilt
from fuzzing.workshop import RUN_INPUTS, RUN_OUTPUTS

WEIR, POND = ["--study", "weir.py"], ["--study", "pond.py"]


@dataclass(frozen=True)
class Way:
    """A file, and the commands and readers that take it."""

    file: str
    group: str
    doors: tuple[tuple[str, list[str]], ...]
    weight: int = 10
    beside: tuple[str, ...] = ()
    spoil: Callable[[random.Random, bytes], tuple[bytes, str]] | None = None


def _runs(name: str) -> tuple[tuple[str, list[str]], ...]:
    columns = ["--inputs", RUN_INPUTS, "--outputs", RUN_OUTPUTS]
    return (("cli", ["need", "--runs", name, *columns, "--out", "out.toml"]),)


def _ask(name: str) -> tuple[tuple[str, list[str]], ...]:
    ask = ["predict", "bundles/weir/model.onnx", "--csv", name]
    return (
        ("cli", ask),
        ("cli", [*ask, "--json"]),
        ("cli", [*ask, "--out", "out.csv"]),
        ("cli", [*ask, "--out", "out.parquet"]),
    )


def _reader(name: str, *readers: str) -> tuple[tuple[str, list[str]], ...]:
    return tuple((reader, [name]) for reader in readers)


MODEL = ("bundles/weir/model.onnx",)
_DRY = ["train", *WEIR, "--dry-run"]
HOUSES = ("centroids", "footprints")
_WAYS = (
    Way("weir.need.toml", "need", (("cli", [*_DRY, "--need", "weir.need.toml"]),), beside=("weir.py",)),
    Way("machine.toml", "machine", (("cli", [*_DRY, "--machine", "machine.toml"]),), beside=("weir.py",)),
    Way(
        "declarations.toml",
        "declarations",
        (("cli", [*_DRY, "--declarations", "declarations.toml"]),),
        beside=("weir.py",),
    ),
    Way(
        "site.toml",
        "site",
        (
            ("cli", ["studies", "roof_yield", "--site", "site.toml"]),
            ("cli", ["simulate", "roof_yield", "--site", "site.toml"]),
        ),
        3,
        ("year.epw",),
    ),
    Way("runs.csv", "tables of runs", _runs("runs.csv"), 14),
    Way("runs.parquet", "tables of runs", _runs("runs.parquet"), 8),
    Way("ask.csv", "tables asked", _ask("ask.csv"), 18, MODEL),
    Way("ask.parquet", "tables asked", _ask("ask.parquet"), 8, MODEL),
    Way(
        "observations.csv",
        "observations",
        (("cli", ["simulate", *POND, "--observations", "observations.csv", "--json"]),),
        10,
        ("pond.py",),
    ),
    Way(
        "factors.csv",
        "factors",
        (("cli", ["audit", "bundles/absent", "--factors", "factors.csv"]),),
        5,
    ),
    Way("tide.csv", "constituents", (("cli", ["tide", "tide.csv", "--from", "2026-01-01", "--out", "out.csv"]),), 5),
    Way("year.epw", "weather", (*_reader("year.epw", "weather"),), 2),
    Way("dsm.tif", "rasters", _reader("dsm.tif", "raster", "surface", "terrain"), 10),
    Way("ground.tif", "rasters", _reader("ground.tif", "ground", "terrain", "surface"), 10),
    Way("dike.geojson", "vectors", _reader("dike.geojson", "line"), 8),
    Way("houses.geojson", "vectors", _reader("houses.geojson", *HOUSES), 6),
    Way("houses.gpkg", "vectors", _reader("houses.gpkg", *HOUSES), 4),
    Way("houses.parquet", "vectors", _reader("houses.parquet", *HOUSES), 6),
    Way("houses.fgb", "vectors", _reader("houses.fgb", *HOUSES), 6),
    Way("cloud.laz", "point clouds", _reader("cloud.laz", "cloud"), 8),
    Way("cloud.las", "point clouds", _reader("cloud.las", "cloud"), 4),
    Way(
        "weir.py",
        "studies",
        (("cli", ["studies", *WEIR, "--json"]), ("cli", ["simulate", *WEIR, "-i", "width_m=3"])),
        10,
    ),
    Way(
        "pond.py",
        "studies",
        (("cli", ["simulate", *POND, "--json"]), ("cli", ["simulate", *POND, "--out", "out.nc"])),
        8,
    ),
)

#: What else names the input.
_ALSO = {
    "studies": (
        "study 'weir'",
        "study 'pond'",
        "study function",
        "'study'",
        "'flow'",
        "'monthly'",
        "'depth'",
        "'level'",
    ),
    "factors": ("bundles/absent",),
    "observations": ("observations 'observations'",),
    "tables of runs": ("column '", "the table has"),
    "tables asked": ("input '",),
    "site": ("year.epw", "setting", "weather file", "dsm"),
}


def make(rng: random.Random, workshop: Path, folder: Path) -> Case:
    """A command, or a reader, that is given one spoilt file."""
    way = rng.choices(_WAYS, [way.weight for way in _WAYS])[0]
    content, told = spoilt(rng, way.file, (workshop / way.file).read_bytes())
    if way.group == "studies":
        content, told = _study(rng, (workshop / way.file).read_text())
    (folder / way.file).write_bytes(content)
    for name in way.beside:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(workshop / name, folder / name)
    door, args = rng.choice(way.doors)
    return Case(
        door,
        list(args),
        f"{way.file}: {told}",
        names=(way.file, *_ALSO.get(way.group, ())),
        targets=("out.toml", "out.csv", "out.parquet", "out.nc"),
        group=f"files: {way.group}",
    )


#: What a study's text may be given in the place of a good one: each harmless, and none expected.
_HOSTILE = (
    "raise SystemExit(3)",
    "raise KeyboardInterrupt",
    "raise BaseException('odd')",
    "raise GeneratorExit",
    "raise Exception('line\\nline \\x1b[31mred')",
    "class Own(BaseException): pass\nraise Own",
    "study = lambda site: None",
    "study = lambda: study",
    "study = 3",
    "study = None",
    "def study(site: 'Absent'): return 1",
    "import functools\nstudy = functools.partial(lambda: 1)",
    "import functools\ndef f(site: int): ...\nstudy = functools.partial(f)",
    "class S:\n    def __call__(self): raise BaseException('x')\nstudy = S()",
    "class S:\n    def __call__(self, site: 'No.Thing'): ...\nstudy = S()",
    "class S:\n    def __getattr__(self, name): raise ValueError(name)\n    def __call__(self): return 1\nstudy = S()",
    "study = print",
    "study = dict",
    "study = type",
    "study = min",
    "def study(*, a, b): ...",
    "def study(a: int = 3): ...",
    "def study(): raise RecursionError",
    "def study(): return study()",
    "def study():\n    yield 1",
    "async def study(): ...",
    "import sys\nsys.stdout.write('x' * 100 + chr(10))\ndel sys",
    "def __getattr__(name): raise RuntimeError(name)",
    "study = property(lambda self: 1)",
    "raise ExceptionGroup('many', [ValueError(1), TypeError(2)])",
    "class E(Exception):\n    def __str__(self): raise ValueError('no words')\nraise E",
    "class E(Exception):\n    def __str__(self): return 3\nraise E",
    "import warnings\nwarnings.warn('odd')\nstudy = 1",
    "import logging\nlogging.error('odd')\nstudy = 1",
)
_IN_SOLVER = (
    *(
        "raise BaseException('odd')",
        "raise SystemExit(0)",
        "raise KeyError('x')",
        "return None",
        "return {}",
        "return 3",
    ),
    *("return {'flow': float('nan'), 'monthly': [1, 2, 3]}", "return {'flow': 'x', 'monthly': None}", "1 / 0"),
    *("return {'flow': [1, 2], 'monthly': 1}", "return {'flow': 1j, 'monthly': [1, 2, 3]}", "return [1, 2]"),
    *(
        "return {'flow': 10**400, 'monthly': [1, 2, 3]}",
        "raise Exception('a\\nb\\x1b[1m' * 3000)",
        "raise StopIteration",
    ),
    *("raise GeneratorExit", "raise MemoryError", "print('x' * 50)", "return {3: 4}", "raise KeyboardInterrupt"),
)


def _study(rng: random.Random, text: str) -> tuple[bytes, str]:
    """A study's file with other lines, names or values; nothing in it does harm."""
    way = rng.randrange(10)
    lines = text.split("\n")
    if way < 3:
        hostile = rng.choice(_HOSTILE)
        put = rng.choice((hostile, text + "\n" + hostile, hostile + "\n" + text))
        return put.encode(), hostile[:60]
    if way < 5:
        hostile = rng.choice(_IN_SOLVER)
        at = next(k for k, line in enumerate(lines) if line.startswith('    """'))
        lines.insert(at + 1, f"    {hostile}")
        return "\n".join(lines).encode(), f"solver: {hostile[:60]}"
    if way < 7:
        at = rng.choice([k for k, line in enumerate(lines) if "=" in line or "(" in line])
        before, sign, _ = lines[at].partition(rng.choice(("=", "(")))
        ends = "," if lines[at].rstrip().endswith(",") else ""
        value = rng.choice(
            (repr(odd(rng)), "None", "-1", "float('nan')", "[]", "{}", "()", "object()", "lambda *a, **k: 1")
        )
        lines[at] = f"{before}{sign}{value}{')' if sign == '(' else ''}{ends}"
        return "\n".join(lines).encode("utf-8", "backslashreplace"), f"line {at + 1}: {lines[at].strip()[:60]}"
    return spoilt(rng, "study.py", text.encode())
