"""Cases of the command line: every command and option, found in the program itself, with values that may not fit."""

from __future__ import annotations

import random
import shutil
from functools import lru_cache
from pathlib import Path
from typing import Any

from fuzzing.case import Case, argument, odd

FILES = (
    *("weir.py", "pond.py", "runs.csv", "runs.parquet", "ask.csv", "ask.parquet", "observations.csv", "factors.csv"),
    "tide.csv",
    *("weir.need.toml", "declarations.toml", "machine.toml", "site.toml", "dsm.tif", "ground.tif", "dike.geojson"),
    *("houses.gpkg", "cloud.laz", "bundles/weir", "bundles/pond", "bundles/weir/model.onnx", "bundles/weir/audit.json"),
)
STRANGE_PATHS = (
    *(
        "absent",
        "absent/deep/file.csv",
        "",
        ".",
        "..",
        "/",
        "a folder",
        "empty.csv",
        "loop",
        "/dev/null",
        "/etc/passwd",
    ),
    *("bundles", "x" * 300, "é.csv", "http://localhost/x", "s3://a/b", "file.csv?x=1", "~", "-", "*.csv"),
)
OUTS = (
    "out.csv",
    "out.parquet",
    "out.nc",
    "out.tif",
    "out.gpkg",
    "out.toml",
    "out",
    "deep/er/out.nc",
    "out.xyz",
    "a folder",
)
STUDIES = ("roof_yield", "roof_shading", "submersion", "river_flood", "weir", "rooof_yield")
#: What takes minutes where everything fits: the study is built and told, not run.
SLOW = {"roof_yield", "roof_shading", "submersion", "river_flood"}
SETTINGS = (
    *("weather=year.epw", "dsm=dsm.tif", "terrain=ground.tif", "dike=dike.geojson", "buildings=houses.gpkg", "seed=3"),
    *("latitude_deg=46.2", "longitude_deg=-1.2", "cells=40", "cell_size_m=50", "transposition=perez", "sea=west"),
)
INPUTS = (
    *("head_m=0.5", "head_m=50cm", "width_m=3", "leaves=0.1,0.2,0.3", "leaves=0.1", "leaves[may]=0.2", "crest=broad"),
    *(
        "crest=2",
        "rise_m=1",
        "slope=0.01",
        "tilt_deg=30",
        "azimuth_deg=180",
        "horizon_deg[090]=3",
        "mounting=close_mount",
    ),
)


TIMES = ("2026-03-29", "2026-03-29T02:30", "2026-06-01T00:00+02:00", "0001-01-01", "9999-12-31", "30/11/2026")


@lru_cache
def commands() -> dict[str, list[Any]]:
    """Parameters of every command, as the program has them."""
    from typer.main import get_command

    from frugal.cli import app

    group: Any = get_command(app)
    return {name: list(command.params) for name, command in group.commands.items()}


def make(rng: random.Random, workshop: Path, folder: Path) -> Case:
    """A command with arguments, most of them sensible, in a folder that holds good files and strange ones."""
    lay_out(workshop, folder)
    name = rng.choice(list(commands()))
    args = _needed(rng, name)
    for parameter in rng.sample(commands()[name], k=min(len(commands()[name]), rng.choice((0, 1, 1, 2, 3, 5)))):
        args += _option(rng, parameter)
    for _ in range(rng.choice((0, 0, 0, 1, 1, 2))):
        args = _disturbed(rng, args)
    args = _safe(rng, name, args)
    if rng.random() < 0.1:
        args = ["--lang", rng.choice(("fr", "en", "de", "")), name, *args]
    else:
        args = [name if rng.random() > 0.02 else odd(rng), *args]
    args = [argument(text) for text in args]
    told = " ".join(args)
    return Case("cli", args, told[:300], targets=("*",), group=f"commands: {name}")


def lay_out(workshop: Path, folder: Path) -> None:
    """The good files, and strange ones beside them; a folder that has them already is left as it is."""
    folder.mkdir(exist_ok=True)
    if (folder / "loop").is_symlink():
        return
    shutil.copytree(workshop, folder, dirs_exist_ok=True)
    (folder / "a folder").mkdir()
    (folder / "empty.csv").touch()
    (folder / "loop").symlink_to("loop")


def _needed(rng: random.Random, name: str) -> list[str]:
    """What makes the command whole and quick."""
    study = ["--study", rng.choice(("weir.py", "pond.py"))]
    bundle = [f"bundles/{rng.choice(('weir', 'pond'))}"]
    table = ["--runs", "runs.csv", "--inputs", "a,b", "--outputs", "y"]
    export = ["--export", rng.choice(("boamps", "cyclonedx", "huggingface", "sci", "spdx")), "--out", "out"]
    ways: dict[str, list[list[str]]] = {
        "studies": [[], study, study, ["roof_yield"]],
        "simulate": [study, study, [*study, "-i", "head_m=0.7", "-i", "width_m=2"], ["weeir"], ["roof_yield"]],
        "need": [study, study, table, table, ["--declarations"], ["weeir"]],
        "train": [[*study, "--dry-run"], [*study, "--dry-run"], ["weeir", "--dry-run"]],
        "eval": [["absent"], ["a folder"]],
        "audit": [[*bundle, "--compare", "bundles/weir"], [*bundle, *export], *[["absent"]] * 6],
        "predict": [[*bundle, "-i", "width_m=3"], ["bundles/weir", "--csv", "ask.csv"], ["bundles/weir/model.onnx"]],
        "exposure": [
            ["dsm.tif", "--buildings", "houses.gpkg"],
            ["ground.tif", "--roads", "dike.geojson", "--buildings", "houses.gpkg", "--access-to", "houses.gpkg"],
            ["--damages", "runs.csv"],
        ],
        "tide": [["tide.csv"], ["tide.csv", "--from", "2026-03-29", "--zone", "Europe/Paris", "--every", "30"]],
        "windows": [
            ["--draught-m", "9", "--from", "2026-03-28", "--to", "2026-03-29"],
            ["--draught-m", "8.5", "--to", "2026-01-02", "--dredge", "gironde:24-34:1", "--direction", "in"],
            ["--fish", "eel", "--destination", "Bordeaux", "--temperatures", "7,24"],
        ],
        "cadastre": [["absent.tif"], ["ground.tif"], ["cloud.laz"], ["dsm.tif", "--buildings", "houses.gpkg"]],
    }
    return list(rng.choice(ways.get(name, [[]])))


def _safe(rng: random.Random, name: str, args: list[str]) -> list[str]:
    """Nothing that would take minutes, wait for ever or open a browser because it happens to fit."""
    args = [text for text in args if text != "--open"]
    if name == "train" and "--dry-run" not in args:
        args.insert(0, "--dry-run")
    if name in ("simulate", "train", "need", "studies") and rng.random() < 0.9:
        args = ["weeir" if text in SLOW else text for text in args]
    args = ["weeir" if text in SLOW - {"roof_yield"} and name != "studies" else text for text in args]
    if name == "cadastre":  # an answer is trained where none is named
        args = ["--bundle", rng.choice(("absent", "bundles/weir", "bundles/pond", "a folder")), *args]
    if (
        name == "windows" and rng.random() < 0.9
    ):  # a year of water takes ten seconds; the last value of an option counts
        args = [*args, "--from", "2026-03-29", "--to", "2026-03-30"]
    if name in ("audit", "eval") and not {"--compare", "--export"} & set(args):
        args = ["absent" if "bundles" in text else text for text in args]
    return args


def _option(rng: random.Random, parameter: Any) -> list[str]:
    names = [*getattr(parameter, "opts", []), *getattr(parameter, "secondary_opts", [])]
    if getattr(parameter, "param_type_name", "") == "argument":
        return [_value(rng, parameter)]
    option = rng.choice(names)
    if option in ("--help", "-h") or getattr(parameter, "is_flag", False):
        return [option]
    if rng.random() < 0.03:
        return [option]
    value = _value(rng, parameter)
    return [f"{option}={value}"] if option.startswith("--") and rng.random() < 0.2 else [option, value]


def _value(rng: random.Random, parameter: Any) -> str:
    if rng.random() < 0.25:
        return odd(rng)
    told = f"{parameter.name} {getattr(parameter, 'metavar', '') or ''}".lower()
    pools: list[tuple[str, tuple[str, ...]]] = [
        ("settings", SETTINGS),
        ("key=", SETTINGS),
        ("name=", (*INPUTS, "gravity_m_s2=9.8", "gravity_m_s2=5")),
        ("language", ("en", "fr", "de")),
        ("scenario", ("flood", "flod", "Flood")),
        ("observations", ("observations.csv", "absent", "xynthia")),
        ("candidate", ("root", "linear", "full_physics", "lineear")),
        ("country", ("FRA", "DEU", "XXX", "fr")),
        ("export", ("boamps", "sci", "x")),
        ("columns", ("a,b,c", "y,z", "a", "a,a", "head_m", "q")),
        ("study", STUDIES),
        ("n_runs", ("8", "auto", "auto:20", "auto:x", "0", "-3", "12.5")),
        ("cluster", ("tcp://127.0.0.1:1", "x", "http://")),
        ("out", OUTS),
        ("geotiff", OUTS),
        ("nodal", ("schureman", "foreman", "none", "doodson")),
        ("zone", ("UTC", "Europe/Paris", "Europe", "../x", "")),
        ("dredge", ("gironde:0-10:1", "garonne:0-20:1.5", "gironde:9-200:1", "x:0-1:1", "gironde:0-72:-30")),
        ("channel_depth", ("garonne:9.3", "gironde:0=14,30=9", "garonne:-1", "gironde:9=1,3=2")),
        ("destination", ("Bassens", "Bordeaux", "garonne:12", "dordogne:1e9", "gironde:0")),
        ("flow", ("garonne=250", "dordogne=0", "garonne", "seine=300")),
        ("direction", ("in", "out", "both", "up")),
        ("temperatures", ("7,24", "24,7", "7", "a,b")),
        ("fish", ("shad", "eel", "shadd", "absent.toml")),
        ("begin", TIMES),
        ("end", TIMES),
    ]
    for word, pool in pools:
        if word in told:
            value = rng.choice(pool)
            if "=" in value and rng.random() < 0.3:
                name, _, _ = value.partition("=")
                return f"{name}={odd(rng)}"
            return value
    if any(word in told for word in ("file", "dir", "table", "bundle", "input", "old", "toml")):
        return rng.choice(FILES if rng.random() < 0.7 else STRANGE_PATHS)
    return rng.choice(("1", "2", "0", "-1", "3.5", "1e9", "FRA"))


def _disturbed(rng: random.Random, args: list[str]) -> list[str]:
    """An argument taken out, twice, in another place, or another one."""
    changed = list(args)
    if not changed:
        return [odd(rng)]
    k = rng.randrange(len(changed))
    way = rng.randrange(6)
    if way == 0:
        del changed[k]
    elif way == 1:
        changed.insert(k, changed[k])
    elif way == 2:
        changed.insert(k, rng.choice(("--", "-", "--json", "-x", "--jsn", "--lang", "-i", "--out", "--unknown=3")))
    elif way == 3:
        changed.append(odd(rng))
    elif way == 4:
        changed[k] = odd(rng)
    elif len(changed[k]) > 1:
        at = rng.randrange(len(changed[k]))
        changed[k] = changed[k][:at] + rng.choice(("", "é", "=", " ", changed[k][at] * 2)) + changed[k][at + 1 :]
    return changed
