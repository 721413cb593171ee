"""The audit in the formats that others read, each written from the content of ``audit.json`` alone."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Mapping
from typing import Any

from frugal.audit.exports.boamps import boamps, boamps_files
from frugal.audit.exports.content import file_stem
from frugal.audit.exports.cyclonedx import cyclonedx
from frugal.audit.exports.huggingface import model_card
from frugal.audit.exports.sci import sci
from frugal.audit.exports.spdx import spdx
from frugal.errors import UnusableInputError

_WRITERS: dict[str, Callable[[Mapping[str, Any]], str]] = {
    "boamps": boamps,
    "cyclonedx": cyclonedx,
    "huggingface": model_card,
    "sci": sci,
    "spdx": spdx,
}
_ENDINGS = {"cyclonedx": "cdx.json", "sci": "sci.json", "spdx": "spdx3.json"}

#: Names of the formats.
FORMATS = tuple(_WRITERS)


def export(audit: Mapping[str, Any], format: str) -> str:
    """An audit in another format, as the text of one file.

    Parameters
    ----------
    audit : mapping
        Content of ``audit.json``.
    format : str
        One of `FORMATS`. ``boamps`` gives all reports in one JSON array; `export_files` gives one file a report.

    Returns
    -------
    str
        The same text for the same audit.

    Raises
    ------
    UnusableInputError
        If the format is unknown.
    """
    return _WRITERS[_known(format)](audit)


def export_files(audit: Mapping[str, Any], format: str) -> dict[str, str]:
    """An audit in another format, as files for a folder.

    Parameters
    ----------
    audit : mapping
        Content of ``audit.json``.
    format : str
        One of `FORMATS`.

    Returns
    -------
    dict of str to str
        Text by file name.

    Raises
    ------
    UnusableInputError
        If the format is unknown.
    """
    if _known(format) == "boamps":
        return boamps_files(audit)
    name = "README.md" if format == "huggingface" else f"{file_stem(audit)}.{_ENDINGS[format]}"
    return {name: export(audit, format)}


def _known(format: str) -> str:
    if format not in _WRITERS:
        near = difflib.get_close_matches(format, FORMATS, n=1)
        hint = f"; did you mean '{near[0]}'?" if near else ""
        raise UnusableInputError(f"the export format '{format}' is unknown; allowed: {', '.join(FORMATS)}{hint}")
    return format
