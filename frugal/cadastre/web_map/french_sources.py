"""What a page is told about a cadastre, in both languages."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from frugal.reporting.told_in_french import in_both


def cadastre_in_both(cadastre: Mapping[str, Any]) -> dict[str, Any]:
    """What a page is told about a cadastre, with its title, sources and credits in both languages."""
    told = dict(cadastre)
    if "title" in told:
        told["title"] = in_both(told["title"])
    if "attributions" in told:
        told["attributions"] = [in_both(text) for text in told["attributions"]]
    if "files" in told:
        told["files"] = {**told["files"], "names": [in_both(name) for name in told["files"]["names"]]}
    for part, names in (("weather", ("source", "attribution")), ("co2", ("source",))):
        if told.get(part):
            told[part] = {name: in_both(text) if name in names else text for name, text in told[part].items()}
    return told
