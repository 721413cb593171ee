"""Cases of bundles: a file spoilt, cut, taken away or another thing, with the checksums made anew or not."""

from __future__ import annotations

import hashlib
import json
import random
import shutil
from pathlib import Path
from typing import Any

from frugal.metering.ledger.hash_chain import link, seal_of, split_lines
from fuzzing.case import Case, odd
from fuzzing.mutations import json_bytes, spoilt, spoilt_bytes, spoilt_json, spoilt_text

ASKED = {"weir": ["-i", "width_m=3"], "pond": ["-i", "rise_m=1.2"]}


def make(rng: random.Random, workshop: Path, folder: Path) -> Case:
    """A command on a bundle that was tampered with."""
    name = rng.choice(("weir", "pond"))
    bundle = folder / "bundles" / name
    shutil.copytree(workshop / "bundles" / name, bundle)
    told = []
    for _ in range(rng.choice((1, 1, 1, 2, 3))):
        told.append(_tampered(rng, bundle))
    if rng.random() < 0.7:
        seal_again(bundle)
        told.append("sealed again")
    args, seconds = _asked(rng, name)
    return Case(
        "cli",
        args,
        f"bundles/{name}: {'; '.join(told)}",
        names=(f"bundles/{name}", "candidate '", "study.json"),
        targets=("out.nc", "out.csv", "out", f"bundles/{name}"),
        seconds=seconds,
        group=f"bundles: {args[0]}{' --compare' if '--compare' in args else ' --export' if '--export' in args else ''}",
    )


def _asked(rng: random.Random, name: str) -> tuple[list[str], float]:
    bundle = f"bundles/{name}"
    ask = ["predict", bundle, *ASKED[name]]
    choice = rng.random()
    if choice < 0.75:
        candidate = ["--candidate", rng.choice(("linear", "quadratic", "constant"))] if rng.random() < 0.3 else []
        return [*ask, *candidate, *rng.choice(([], ["--json"], ["--lang", "fr"]))], 20.0
    if choice < 0.78:
        return [*ask, "--out", "out.nc"], 30.0
    if choice < 0.87:
        export = rng.choice(("boamps", "cyclonedx", "huggingface", "sci", "spdx"))
        return ["audit", bundle, "--export", export, "--out", "out"], 60.0
    if choice < 0.985:
        first, second = rng.choice(((bundle, bundle), (f"{bundle}/audit.json", bundle)))
        return ["audit", second, "--compare", first, *rng.choice(([], ["--json"]))], 30.0
    if choice < 0.994:
        return ["audit", bundle, *rng.choice(([], ["--json"]))], 120.0
    return ["eval", bundle, *rng.choice(([], ["--json"]))], 120.0


def _tampered(rng: random.Random, bundle: Path) -> str:  # noqa: PLR0911
    """Do something to a file of a bundle, and say what."""
    files = sorted(path for path in bundle.rglob("*") if path.is_file() and not path.is_symlink())
    loose = [path for path in files if "runs.zarr" not in path.parts]
    path = rng.choice(loose if rng.random() < 0.85 and loose else files or [bundle / "new"])
    shown = path.relative_to(bundle)
    way = rng.randrange(12)
    if way < 7 and path.exists():
        return f"{shown}: {_spoil_file(rng, path)}"
    if way == 7:
        path.unlink(missing_ok=True)
        return f"{shown} taken away"
    if way == 8:
        path.unlink(missing_ok=True)
        kind = rng.choice(("folder", "loop", "dangling", "empty"))
        {
            "folder": lambda: path.mkdir(exist_ok=True),
            "loop": lambda: path.symlink_to(path.name),
            "dangling": lambda: path.symlink_to("absent"),
            "empty": path.touch,
        }[kind]()
        return f"{shown} is {kind}"
    if way == 9:
        folder = rng.choice([path for path in bundle.rglob("*") if path.is_dir()] or [bundle])
        shutil.rmtree(folder, ignore_errors=True)
        return f"folder {folder.name} taken away"
    if way == 10:
        return _sums(rng, bundle)
    (bundle / "evaluations").mkdir(exist_ok=True)
    new = bundle / rng.choice(
        ("evaluations/a.json", "evaluations/loop", "audit.old.json", "x\ny", "evaluations/b.json")
    )
    if new.is_symlink() or new.exists():
        return "nothing"
    if new.name == "loop":
        new.symlink_to(rng.choice(("loop", "..")))
    else:
        new.write_bytes(rng.choice((b"{}", b"[]", b"", b"{", b'{"candidates": 3}')))
    return f"{new.name!r} put in"


def _spoil_file(rng: random.Random, path: Path) -> str:
    content = path.read_bytes()
    try:
        if path.suffix == ".json":
            changed, told = json_bytes(rng, json.loads(content))
        elif path.suffix == ".jsonl":
            changed, told = _lines(rng, content)
        elif path.suffix == ".onnx":
            changed, told = spoilt_bytes(rng, content)
        else:
            changed, told = spoilt(rng, path.name, content)
    except (ValueError, RecursionError):  # it was spoilt before
        changed, told = spoilt_bytes(rng, content)
    path.write_bytes(changed)
    return told


def _lines(rng: random.Random, content: bytes) -> tuple[bytes, str]:
    """A ledger with one line changed."""
    if rng.random() < 0.3:
        return spoilt_text(rng, content.decode())
    lines: list[Any] = content.decode().splitlines()
    k = rng.randrange(len(lines))
    changed, told = spoilt_json(rng, json.loads(lines[k]), rng.choice((1, 2)))
    lines[k] = json.dumps(changed)
    return ("\n".join(lines) + "\n").encode("utf-8", "surrogateescape"), f"line {k + 1}: {told}"


def _sums(rng: random.Random, bundle: Path) -> str:
    sums = bundle / "SHA256SUMS"
    if not sums.is_file():
        return "nothing"
    if rng.random() < 0.5:
        changed, told = spoilt_text(rng, sums.read_text(errors="replace"))
        sums.write_bytes(changed)
        return f"SHA256SUMS: {told}"
    name = rng.choice(("../../secret", "/etc/passwd", "loop", "", ".", "a\x00b", "x" * 5000, odd(rng)))
    with sums.open("a", encoding="utf-8", errors="surrogateescape") as stream:
        stream.write(f"{'0' * 64}  {name}\n")
    return f"SHA256SUMS names {name[:30]!r}"


def seal_again(bundle: Path) -> None:
    """Make the checksums, and the seal of the ledger, as whoever tampers with a bundle would."""
    ledger, seal = bundle / "ledger.jsonl", bundle / "ledger.seal.json"
    if ledger.is_file() and seal.is_file():
        chained: list[bytes] = []
        for line in split_lines(ledger.read_bytes()):
            try:
                values = json.loads(line)
                chained.append(link(values, len(chained), chained[-1] if chained else None))
            except (ValueError, TypeError, RecursionError):  # no line that could be chained
                chained.append(line)
        ledger.write_bytes(b"".join(line + b"\n" for line in chained))
        seal.write_text(json.dumps(seal_of(chained)))
    rows = []
    for path in sorted(bundle.rglob("*")):
        inside = path.relative_to(bundle)
        covered = path.is_file() and inside.parts[0] != "runs.zarr" and path.name != "SHA256SUMS"
        if covered and not path.name.startswith("ledger.jsonl") and "\n" not in path.name:
            rows.append(f"{hashlib.sha256(path.read_bytes()).hexdigest()}  {inside.as_posix()}")
    if (bundle / "SHA256SUMS").is_symlink() or (bundle / "SHA256SUMS").is_dir():
        return
    (bundle / "SHA256SUMS").write_text("\n".join(rows) + "\n", encoding="utf-8", errors="surrogateescape")
