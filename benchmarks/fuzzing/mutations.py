"""How good inputs are spoilt: as bytes, as text, as values."""

from __future__ import annotations

import copy
import json
import random
import re
from collections.abc import Callable
from typing import Any

from fuzzing.case import ODD_NUMBERS, ODD_TEXTS, odd


def spoilt_bytes(rng: random.Random, content: bytes) -> tuple[bytes, str]:  # noqa: PLR0911
    """A file with some of its bytes changed, and what was done."""
    data = bytearray(content)
    n = len(data)
    if n == 0:
        return rng.randbytes(rng.randint(1, 64)), "random bytes"
    at = rng.randrange(min(n, rng.choice((64, 512, n, n))))
    way = rng.randrange(9)
    if way == 0:
        for _ in range(rng.choice((1, 1, 2, 8))):
            data[rng.randrange(n)] ^= 1 << rng.randrange(8)
        return bytes(data), "bits turned"
    if way == 1:
        data[at] = rng.choice((0, 1, 127, 128, 255, rng.randrange(256)))
        return bytes(data), f"byte {at} set to {data[at]}"
    if way == 2:
        return bytes(data[:at]), f"cut at byte {at}"
    if way == 3:
        end = min(n, at + rng.choice((1, 4, 100, 5000)))
        return bytes(data[:at] + data[end:]), f"bytes {at} to {end} taken out"
    if way == 4:
        return bytes(data[:at] + rng.randbytes(rng.choice((1, 4, 300))) + data[at:]), f"bytes put in at {at}"
    if way == 5:
        end = min(n, at + rng.choice((1, 2, 4, 8, 200)))
        data[at:end] = bytes([rng.choice((0, 255))]) * (end - at)
        return bytes(data), f"bytes {at} to {end} blanked"
    if way == 6:
        end = min(n, at + 300)
        return bytes(data[:end] + data[at:end] * rng.choice((1, 20)) + data[end:]), f"bytes {at} to {end} repeated"
    if way == 7:
        size = rng.choice((2, 4, 8))
        number = rng.choice((0, 1, -1, 2**31 - 1, -(2**31), 2**15, 2**40)) % 256**size
        data[at : at + size] = number.to_bytes(size, "little")
        return bytes(data), f"number at byte {at} set to {number}"
    return rng.choice((b"", b"\x00", b"\xef\xbb\xbf", rng.randbytes(200), bytes(data) * 2)), "replaced"


_NUMBER = re.compile(r"(?<![\w.])-?\d+(?:\.\d+)?(?:[eE][-+]?\d+)?")
_WORD = re.compile(r"[A-Za-z_]\w*")


def spoilt_text(rng: random.Random, content: str) -> tuple[bytes, str]:  # noqa: PLR0911
    """A text with a number, a word, a line or its encoding changed, and what was done."""
    lines = content.split("\n")
    k = rng.randrange(len(lines)) if rng.random() < 0.7 else rng.randrange(min(len(lines), 12))
    way = rng.randrange(12)
    if way in (0, 1, 2):
        pattern, values = (_NUMBER, ODD_NUMBERS) if way < 2 else (_WORD, (*ODD_TEXTS, *ODD_NUMBERS))
        found = list(pattern.finditer(lines[k])) or list(pattern.finditer(lines[0]))
        if found:
            row = k if list(pattern.finditer(lines[k])) else 0
            there, value = rng.choice(found), rng.choice(values)
            lines[row] = lines[row][: there.start()] + value + lines[row][there.end() :]
            return _encoded("\n".join(lines)), f"line {row + 1}: {there.group()!r} is {value[:40]!r}"
    if way == 3:
        del lines[k]
        return _encoded("\n".join(lines)), f"line {k + 1} taken out"
    if way == 4:
        lines.insert(k, lines[k])
        return _encoded("\n".join(lines)), f"line {k + 1} twice"
    if way == 5:
        other = rng.randrange(len(lines))
        lines[k], lines[other] = lines[other], lines[k]
        return _encoded("\n".join(lines)), f"lines {k + 1} and {other + 1} changed places"
    if way == 6:
        lines[k] = rng.choice((odd(rng), lines[k] + odd(rng), lines[k] * 3, "[" * 3000, "{" * 3000, "x" * 140_000))
        return _encoded("\n".join(lines)), f"line {k + 1} is {lines[k][:40]!r}"
    if way == 7:
        coding = rng.choice(("utf-16", "utf-8-sig", "latin-1", "cp037"))
        return "\n".join(lines).encode(coding, "replace"), f"written in {coding}"
    if way == 8:
        ends = rng.choice(("\r\n", "\r", "\n\n", "\x00\n"))
        return _encoded(ends.join(lines)), f"lines end with {ends!r}"
    if way == 9:
        one, other = rng.choice(((",", ";"), (".", ","), ("=", ":"), ('"', "'"), ("(", "["), (",", "\t"), ("[", "")))
        return _encoded("\n".join(lines).replace(one, other)), f"{one!r} is {other!r}"
    return spoilt_bytes(rng, content.encode())


def _encoded(text: str) -> bytes:
    return text.encode("utf-8", "surrogateescape")


def odd_value(rng: random.Random) -> Any:
    """Something that a key of a JSON file may not expect."""
    deep: Any = 1
    for _ in range(rng.choice((1, 30, 400))):
        deep = [deep] if rng.random() < 0.5 else {"a": deep}
    plain = (
        None,
        True,
        False,
        0,
        -1,
        1,
        2**70,
        1e308,
        -1e308,
        0.5,
        "",
        "x",
        [],
        {},
        [[]],
        [None],
        {"": None},
        ["a", 1],
    )
    return rng.choice(
        (*plain, deep, odd(rng), [odd(rng)], {odd(rng): 1}, float("nan"), float("inf"), [1, 2, 3], "a" * 5000)
    )


def spoilt_json(rng: random.Random, content: Any, times: int = 1) -> tuple[Any, str]:
    """Values with a key taken out, renamed, or holding something else, and what was done."""
    changed = copy.deepcopy(content)
    told = []
    for _ in range(times):
        holder, key, path = _place(rng, changed)
        if holder is None:
            return odd_value(rng), "another value"
        way = rng.randrange(6)
        if way == 0:
            del holder[key]
            told.append(f"{path} taken out")
        elif way == 1 and isinstance(holder, dict):
            name = odd(rng) if rng.random() < 0.5 else str(key) + "x"
            holder[name] = holder.pop(key)
            told.append(f"{path} renamed {name[:30]!r}")
        elif way == 2 and isinstance(holder, list):
            holder.extend([copy.deepcopy(holder[key])] * rng.choice((1, 3)))
            told.append(f"{path} repeated")
        elif way == 3 and isinstance(holder[key], int | float) and not isinstance(holder[key], bool):
            holder[key] = rng.choice(
                (0, -holder[key], holder[key] * 1e30, float("nan"), float("inf"), str(holder[key]))
            )
            told.append(f"{path} = {str(holder[key])[:30]}")
        else:
            holder[key] = odd_value(rng)
            told.append(f"{path} = {str(holder[key])[:30]!r}")
    return changed, "; ".join(told)


def _place(rng: random.Random, content: Any) -> tuple[Any, Any, str]:
    """Somewhere in nested values: a holder, a key of it, and how one gets there."""
    holder: Any = None
    key: Any = None
    steps: list[str] = []
    here = content
    while isinstance(here, dict | list) and here:
        if holder is not None and rng.random() < 0.3:
            break
        holder = here
        key = rng.choice(list(here)) if isinstance(here, dict) else rng.randrange(len(here))
        steps.append(str(key))
        here = here[key]
    return holder, key, ".".join(steps)


def json_bytes(rng: random.Random, content: Any) -> tuple[bytes, str]:
    """A spoilt JSON file: its values, or its text."""
    if rng.random() < 0.75:
        changed, told = spoilt_json(rng, content, rng.choice((1, 1, 1, 2, 4)))
        return json.dumps(changed).encode("utf-8", "surrogateescape"), told
    if rng.random() < 0.1:
        n = rng.choice((100, 5_000, 200_000))
        return (b"[" * n) + (b"]" * n), f"{n} brackets"
    return spoilt_text(rng, json.dumps(content, indent=1))


Spoiler = Callable[[random.Random, bytes], tuple[bytes, str]]


def spoilt(rng: random.Random, name: str, content: bytes) -> tuple[bytes, str]:
    """A file spoilt as its ending suggests, at times as bytes."""
    if rng.random() < 0.25:
        return spoilt_bytes(rng, content)
    ending = name.rsplit(".", 1)[-1]
    try:
        text = content.decode()
        if ending in ("json", "geojson"):
            return json_bytes(rng, json.loads(text))
    except ValueError:
        return spoilt_bytes(rng, content)
    if ending in ("csv", "toml", "py", "epw", "jsonl", "txt", "html", "SHA256SUMS"):
        return spoilt_text(rng, text)
    return spoilt_bytes(rng, content)
