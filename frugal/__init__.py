"""Answer a territory's question with the least: compare physics, tables, fits and small models, and audit the choice.

The names below are imported when they are first asked for; `docs/python.md` shows them at work, and
``__init__.pyi`` tells them to type checkers.
"""

from typing import Any

from frugal.surroundings import turn_reports_off

turn_reports_off()  # before any library that would report

__version__ = "0.1.0"

__all__ = [
    "Alternative",
    "CallPattern",
    "Derived",
    "Diagnostic",
    "Grid",
    "Lines",
    "Measurement",
    "Need",
    "Observations",
    "Output",
    "Parameter",
    "Points",
    "Predictor",
    "Scenario",
    "Site",
    "Study",
    "Summaries",
    "TimeAxis",
    "Tolerance",
    "Variable",
    "audit_bundle",
    "calibrate",
    "evaluate",
    "explain",
    "formula",
    "list_studies",
    "load_study",
    "make_cadastre",
    "open_bundle",
    "read_observations",
    "simulate",
    "train",
]

_STUDY, _PUBLIC, _BUNDLE = "frugal.experiments.study", "frugal.public", "frugal.surrogates.bundle"
_HOMES = {
    **dict.fromkeys(__all__, _STUDY),
    **dict.fromkeys(
        (
            "audit_bundle",
            "calibrate",
            "evaluate",
            "explain",
            "list_studies",
            "load_study",
            "make_cadastre",
            "simulate",
            "train",
        ),
        _PUBLIC,
    ),
    "open_bundle": f"{_BUNDLE}.bundle",
    "Predictor": f"{_BUNDLE}.predictor",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'frugal' has no attribute '{name}'")
    from importlib import import_module

    value = getattr(import_module(_HOMES[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
