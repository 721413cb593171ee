"""``model.js`` of a bundle: its graph as JavaScript, written from it and held against it."""

from __future__ import annotations

from pathlib import Path

from frugal.surrogates.bundle.bundle import MODEL
from frugal.surrogates.javascript.module import FORMAT, Script, script_of

SCRIPT = "model.js"
#: How earlier versions wrote it: theirs is written anew by the next audit, and not held against today's.
EARLIER_FORMATS: tuple[str, ...] = ()


def write_script(folder: Path) -> Script | None:
    """Write the JavaScript of a bundle's graph beside it.

    Parameters
    ----------
    folder : Path
        Of the bundle; it is changed in place. A file that is no longer its graph's is taken away.

    Returns
    -------
    Script or None
        With the reason where the graph has no JavaScript; None where there is no graph.
    """
    path = folder / SCRIPT
    path.unlink(missing_ok=True)
    if not (folder / MODEL).is_file():
        return None
    script = script_of((folder / MODEL).read_bytes())
    if script.text is not None:
        path.write_text(script.text, encoding="utf-8")
    return script


def script_fault(folder: Path) -> str:
    """What is wrong with the ``model.js`` of a bundle, in one sentence without a full stop; empty where nothing is.

    Parameters
    ----------
    folder : Path
        Of the bundle. One without the file has no fault: bundles of earlier versions have none.
    """
    path = folder / SCRIPT
    if not path.is_file():
        return ""
    if not (folder / MODEL).is_file():
        return f"'{path}' stands beside no 'model.onnx': it was put in by hand; take it out"
    try:
        text = path.read_text(encoding="utf-8")
    except ValueError:
        return f"'{path}' is not the JavaScript of 'model.onnx': it is no text"
    if any(f"export const format = '{earlier}';" in text for earlier in EARLIER_FORMATS):
        return ""
    if script_of((folder / MODEL).read_bytes()).is_in(text):
        return ""
    return f"'{path}' is not the JavaScript of 'model.onnx': another one comes out of the graph (as {FORMAT})"
