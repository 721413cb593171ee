"""The file: a graph's statements, its numbers and what the study says of its inputs and outputs, as one ES module."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from importlib.resources import files
from typing import Any

from frugal.errors import UnusableInputError
from frugal.surrogates.javascript.expressions import Leaf, Word
from frugal.surrogates.javascript.packing import ARRAYS, from_text, payload, to_text
from frugal.surrogates.javascript.program import Program, Untranslatable, Value
from frugal.surrogates.javascript.shaping import flat
from frugal.surrogates.javascript.translate import Translated, translate
from frugal.surrogates.onnx.digest import graph_digest
from frugal.surrogates.onnx.graph import first_line
from frugal.texts import Text

#: How the file is written; another number where its text would differ.
FORMAT = "frugal-javascript/1"
#: A larger file is not written: it would outweigh the page of which it is to be a light part.
MOST_BYTES = 1_000_000
#: A graph of more bytes is not tried.
_MOST_GRAPH_BYTES = 40_000_000

#: What the file tells of the study, of what the graph's metadata hold.
_TOLD = ("name", "title", "hash", "inputs", "outputs", "scenarios", "sources")

#: Where the deflated numbers stand.
_NUMBERS = re.compile(r"^const packed = '([^'\n]*)';$", re.MULTILINE)

_HELPERS = {
    "even": "const even = (v) => { const up = Math.round(v); return up - v === 0.5 && up % 2 ? up - 1 : up; };\n",
}


@dataclass(frozen=True)
class Script:
    """The JavaScript of a graph, or why there is none.

    Parameters
    ----------
    text : str, optional
        Of the file.
    reason : mapping of str to str
        Why there is none, by language; empty where there is one.
    numbers : bytes
        What stands deflated in the text.
    """

    text: str | None
    reason: Text = field(default_factory=dict)
    numbers: bytes = b""

    @property
    def bytes(self) -> int | None:
        """Size of the file."""
        return None if self.text is None else len(self.text.encode())

    def is_in(self, text: str) -> bool:
        """Whether a file holds the same, whichever zlib deflated its numbers.

        Parameters
        ----------
        text : str
            Of the file.
        """
        if self.text is None:
            return False
        mine, theirs = _NUMBERS.search(self.text), _NUMBERS.search(text)
        if mine is None or theirs is None:
            return text == self.text
        if _without(self.text, mine) != _without(text, theirs):
            return False
        try:
            return from_text(theirs[1], len(self.numbers)) == self.numbers
        except ValueError:
            return False


def script_of(model: bytes) -> Script:
    """Write a graph as JavaScript.

    Parameters
    ----------
    model : bytes
        A graph of ours; what the audit adds to its metadata plays no part.

    Returns
    -------
    Script
        The same graph gives the same text, but for how its numbers are deflated.

    Raises
    ------
    UnusableInputError
        If it cannot be read.
    """
    import onnx

    try:
        if len(model) > _MOST_GRAPH_BYTES:
            raise Untranslatable("javascript.too_large", bytes=len(model), most=MOST_BYTES)
        try:
            proto = onnx.load_from_string(model)
        except Exception as fault:  # protobuf raises classes of its own, which differ between its versions
            raise UnusableInputError(f"the graph cannot be read: {first_line(fault)}") from fault
        metadata = {prop.key: prop.value for prop in proto.metadata_props}
        translated = translate(proto)
        text = _text(translated, metadata, graph_digest(model))
        if len(text.encode()) > MOST_BYTES:
            raise Untranslatable("javascript.too_large", bytes=len(text.encode()), most=MOST_BYTES)
    except Untranslatable as fault:
        return Script(None, fault.reason)
    return Script(text, numbers=payload(translated.program.constants))


def _text(translated: Translated, metadata: dict[str, str], digest: str) -> str:
    program = translated.program
    study = json.loads(metadata["frugal.study"])
    told = {key: study[key] for key in _TOLD if key in study}
    for part in (*told["inputs"], *told["outputs"]):
        for key in [key for key, value in part.items() if value in (None, [], {})]:
            del part[key]
    parts = {
        "candidate": metadata["frugal.candidate"],
        "study": study["name"],
        "format": FORMAT,
        "digest": digest,
        "candidate_text": _json(metadata["frugal.candidate"]),
        "level": float(metadata["frugal.interval_level"]),
        "study_text": _json(told),
        "numbers": _taken(program),
        "helpers": "".join(_HELPERS[name] for name in sorted(program.helpers)),
        "row_type": ARRAYS[translated.row_kind],
        "width": translated.width,
        "once": "\n".join(program.once),
        "each": "\n".join(program.each),
        "outputs": "{"
        + ",".join(f"{_json(name)}:{_copied(value)}" for name, value in translated.outputs.items())
        + "}",
    }
    template = _file("module.template.js")
    return re.sub(r"\{(" + "|".join(parts) + r")\}", lambda found: str(parts[found[1]]), template)


def _taken(program: Program) -> str:
    """The arrays out of the text, and nothing of that where there are none."""
    if not program.constants:
        return ""
    taken = ",".join(
        f"c{k}=take({ARRAYS[packed.kind]},{packed.order},{packed.size})"
        for k, (_, packed) in enumerate(program.constants)
    )
    text = _file("numbers.template.js")
    return text.replace("{numbers}", to_text(payload(program.constants))).replace("{taken}", f"const {taken};")


def _file(name: str) -> str:
    return (files("frugal.surrogates.javascript") / name).read_text(encoding="utf-8")


def _json(value: Any) -> str:
    """JSON that is a part of a program: two characters of it would end a line there."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    return text.replace("\u2028", "\\u2028").replace("\u2029", "\\u2029")


def _copied(value: Value) -> str:
    place = flat(value)
    if isinstance(place, Word):
        return f"[{place.text}]"
    assert isinstance(place, Leaf)
    return f"{place.buffer}.slice({place.offset},{place.offset + value.size})"


def _without(text: str, found: re.Match[str]) -> str:
    return text[: found.start(1)] + text[found.end(1) :]
