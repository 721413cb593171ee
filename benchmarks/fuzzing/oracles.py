"""What must hold of every case, whatever was asked."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

from fuzzing.case import Case

#: Exit codes of the program: done; a run or a criterion failed; input; system; not assessed; interrupted.
CODES = (0, 1, 2, 3, 4, 130)
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")
#: What the system itself refuses, for which the program may say that the environment is at fault.
_SYSTEM = ("cannot write", "memory", "No space", "Permission", "cannot be loaded", "scheduler", "cluster", "mémoire")
#: What a command adds beside what it was asked for.
_KEPT = ("ledger.jsonl", "ledger.jsonl.*")

Tree = Mapping[str, tuple[int, int]]


def faults(case: Case, code: int, out: str, err: str, before: Tree, after: Tree, folder: Path) -> list[str]:
    """What is wrong with how a case ended, as kinds of fault; nothing where all is as it should be."""
    found = []
    if "Traceback (most recent call last)" in err or "Traceback (most recent call last)" in out:
        found.append("traceback")
    elif code not in CODES:
        found.append(f"exit code {code}")
    if "Exception ignored" in err:
        found.append("exception ignored")
    if _CONTROL.search(err) or ("--csv" not in case.args and _CONTROL.search(out)):  # rows of a table are data
        found.append("control characters")
    if "traceback" not in found:
        found += _sentence(case, code, err)
    if code in (0, 1) and case.door == "cli" and _asks_json(case.args):
        found += _json(code, out)
    found += _files(case, code, before, after, folder)
    return found


def _sentence(case: Case, code: int, err: str) -> list[str]:
    told = [line for line in err.splitlines() if line.startswith("frugal: ")]
    if code in (2, 3) and err.startswith(("Usage", "Utilisation")) and not told:
        return []  # nothing was asked: the help
    if code in (2, 3, 4) and len(told) != 1 and "audit" not in case.args:
        return [f"{len(told)} sentences"]
    if code == 3 and not any(word in told[0] for word in _SYSTEM):
        return ["exit code 3 for an input"]
    if code == 2 and case.names and not any(name in told[0] for name in case.names):
        return ["input not named"]
    return []


def _asks_json(args: list[str]) -> bool:
    """``--json`` stands there as an option, not as the value of another one, and no help is asked."""
    if "--json" not in args or {"--help", "-h", "--version"} & set(args):
        return False
    before = args[args.index("--json") - 1] if args.index("--json") else ""
    return not before.startswith("-") or before in ("--full", "--dry-run", "--extrapolate", "--declarations")


def _json(code: int, out: str) -> list[str]:
    if not out.strip():
        return ["no JSON"] if code == 0 else []
    try:
        json.loads(out, parse_constant=_refused)
    except (ValueError, RecursionError):
        return ["not JSON"]
    return []


def _refused(word: str) -> Any:
    raise ValueError(word)


def _files(case: Case, code: int, before: Tree, after: Tree, folder: Path) -> list[str]:
    """New and changed files: none where the command refused; of those it wrote none is half a file."""
    changed = [name for name, facts in after.items() if before.get(name) != facts]
    changed += [name for name in before if name not in after]
    changed = [name for name in changed if not any(fnmatch(name.rsplit("/", 1)[-1], kept) for kept in _KEPT)]
    found = []
    if any(part.startswith(".") and len(part) > 1 for name in changed for part in name.split("/")):
        found.append("temporary file left")
    assessed = (
        case.args[:1] == ["audit"] and code == 4
    )  # what could not be assessed stands in the audit that is written
    if code not in (0, 1) and not assessed:
        return [*found, "file after a refusal"] if changed else found
    if case.targets != ("*",):
        strange = [name for name in changed if not name.startswith(case.targets)]
        if strange:
            found.append("file that was not asked for")
    # others write their own kind, whatever the name ends in
    kinds_fit = case.args[:1] in (["predict"], ["simulate"]) and not any("--geotiff" in text for text in case.args)
    if kinds_fit and any(not whole(folder / name) for name in changed if (folder / name).is_file()):
        found.append("half a file")
    return found


_ENDS = {".parquet": b"PAR1", ".html": b"</html>"}
_STARTS = {
    ".parquet": (b"PAR1",),
    ".nc": (b"\x89HDF", b"CDF"),
    ".tif": (b"II", b"MM"),
    ".gpkg": (b"SQLite format 3\x00",),
}


def whole(path: Path) -> bool:
    """A file that was written to its end, as far as its format shows."""
    content = path.read_bytes()
    if path.suffix == ".json":
        return not _json(0, content.decode("utf-8", "replace"))
    if path.suffix in (".csv", ".toml", ".jsonl"):
        return content.endswith(b"\n")
    return content.startswith(_STARTS.get(path.suffix, (b"",))) and content.rstrip().endswith(
        _ENDS.get(path.suffix, b"")
    )
