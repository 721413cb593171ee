"""One case: what is asked, of which files, and what may come of it."""

from __future__ import annotations

import os
import random
from dataclasses import dataclass, field
from pathlib import Path


@dataclass
class Case:
    """A command line (or one reader of files) in a folder of its own.

    Parameters
    ----------
    door : str
        ``cli``, or the name of a reader in `doors.READERS`.
    args : list of str
        Of the command line; of a reader, the path of the file.
    what : str
        What was done to which input, in one line.
    names : tuple of str
        A refusal names one of them.
    targets : tuple of str
        Files and folders, relative to that of the case, that the command may write when it does not refuse.
    seconds : float
        After which it is a hang.
    group : str
        Under which it is counted.
    """

    door: str
    args: list[str]
    what: str
    names: tuple[str, ...] = ()
    targets: tuple[str, ...] = ()
    seconds: float = 20.0
    group: str = ""
    environment: dict[str, str] = field(default_factory=dict)


def numbers_of(seed: int, kind: str, index: int) -> random.Random:
    """The numbers that one case is made from: the same for the same three."""
    return random.Random(f"{seed}:{kind}:{index}")


#: Values that are no number, hardly one, or another one than they seem.
ODD_NUMBERS = (
    *("nan", "inf", "-inf", "1e400", "-1e400", "1e-320", "0", "-0.0", "-1", "1e308", "1e18", "9223372036854775808"),
    *(
        "",
        " ",
        "-",
        "--",
        "1,5",
        "1.234,5",
        "1 000",
        "1_000",
        "0x10",
        "1e",
        "٣",
        "½",
        "−3",
        "+5",
        "True",
        "None",
        "1/2",
    ),
    *(
        "-9999",
        "-32768",
        "3.4e38",
        "1" * 400,
        "1.5.5",
        "2 m",
        "30 km/h",
        "5 parsec",
        "1e9 m",
        "3 °C",
        "4 m/0",
        "[1, 2]",
    ),
)
#: Texts that programs trip over.
ODD_TEXTS = (
    *("", " ", "\t", "\n", "é", "日本", "\u202e", "\ufeff", "\x1b[31mred\x1b[0m", "\x00", "\x07", "\udcff", "a" * 5000),
    *(
        "../absent",
        "/absent/x",
        ".",
        "~",
        "*",
        "%s",
        "{}",
        "{0}",
        "{name}",
        "$HOME",
        "`id`",
        "'",
        '"',
        "''",
        "a=b",
        "=",
        "==",
        "a,b",
    ),
    *(
        ";",
        "a;b;c",
        "\\",
        "\r\n",
        "C:\\x",
        "null",
        "None",
        "true",
        "-",
        "--",
        "-i",
        "--help",
        "[",
        "[0]",
        "x[",
        "x[0",
        "€",
    ),
)


def odd(rng: random.Random) -> str:
    """A value that something may trip over."""
    return rng.choice(rng.choice((ODD_NUMBERS, ODD_TEXTS)))


def argument(text: str) -> str:
    """As a system would hand it over: no zero in it."""
    return text.replace("\x00", "")


def tree(folder: Path) -> dict[str, tuple[int, int]]:
    """Every file, link and folder below a folder, with what shows that a file was written."""
    found: dict[str, tuple[int, int]] = {}
    waiting = [(str(folder), "")]
    while waiting:
        where, prefix = waiting.pop()
        with os.scandir(where) as entries:
            for entry in entries:
                name = prefix + entry.name
                if entry.is_dir(follow_symlinks=False):
                    if entry.name != "__pycache__":
                        found[name] = (-1, 0)
                        waiting.append((entry.path, name + "/"))
                else:
                    facts = entry.stat(follow_symlinks=False)
                    found[name] = (facts.st_size, facts.st_mtime_ns)
    return found
