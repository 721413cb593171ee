"""One answer to a study, as it goes into a file."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from frugal import __version__
from frugal.experiments.study.outputs import Diagnostic, Output, defined_cells
from frugal.formats.files.json_files import finite

#: Ends of the names under which a prediction tells a value and the ends of its interval.
INTERVAL_SUFFIXES = ("", "_lower", "_upper")


@dataclass(frozen=True, eq=False)
class Result:
    """One answer to a study.

    Parameters
    ----------
    study, study_hash : str
        Name, and hash of the question and its physics.
    outputs : sequence of Output
    values : mapping of str to array
        Of the shape of its output each, by its name with each of the suffixes.
    candidate : str
        Who answered: ``full_physics``, ``linear``.
    inputs : mapping
        What was asked, as plain values.
    title : str
        Of the study, in words.
    suffixes : sequence of str
        ``("",)`` of a run, `INTERVAL_SUFFIXES` of a prediction.
    in_domain : bool, optional
        Of a prediction: its inputs lay where the candidate learnt.
    diagnostics : sequence of (Diagnostic, float)
        What a run kept count of.
    sources : sequence of str
        References of the study.
    scenario : str
        Name of the scenario that was asked; empty without.
    site : mapping
        Settings of the place that was asked for, as plain values.
    notes : sequence of str
        What a user should know of the place or the question.
    """

    study: str
    study_hash: str
    outputs: Sequence[Output]
    values: Mapping[str, np.ndarray]
    candidate: str
    inputs: Mapping[str, Any]
    title: str = ""
    suffixes: Sequence[str] = ("",)
    in_domain: bool | None = None
    diagnostics: Sequence[tuple[Diagnostic, float]] = ()
    sources: Sequence[str] = ()
    scenario: str = ""
    site: Mapping[str, Any] = field(default_factory=dict)
    notes: Sequence[str] = ()

    def value(self, output: Output, suffix: str = "") -> np.ndarray:
        """Values of an output ``[shape]``, NaN where they are undefined.

        The upper end of a depth may be wet where the depth itself is dry: what tells itself where it is defined is judged by
        each end for itself, what another output tells of by the value of that one.
        """
        values = np.asarray(self.values[output.name + suffix], dtype=float).reshape(output.shape)
        if not output.has_undefined:
            return values
        judge, judged = output, values
        if output.defined_elsewhere:
            judge = next(o for o in self.outputs if o.name == output.defined_where)
            judged = np.asarray(self.values[judge.name], dtype=float)
        defined = defined_cells(judged.reshape(1, -1), [judge], judge)[0].reshape(output.shape)
        return np.where(defined, values, np.nan)

    def attributes(self) -> dict[str, str]:
        """Who answered what, as texts by name."""
        told = {
            "study": self.study,
            "study_hash": self.study_hash,
            "candidate": self.candidate,
            "inputs": json.dumps(finite(dict(self.inputs)), ensure_ascii=False),
        }
        if self.scenario:
            told["scenario"] = self.scenario
        if self.site:
            told["site"] = json.dumps(finite(dict(self.site)), ensure_ascii=False)
        if self.notes:
            told["notes"] = "; ".join(self.notes)
        if self.in_domain is not None:
            told["in_domain"] = "yes" if self.in_domain else "no"
        return {**told, "software": f"frugal {__version__}"}
