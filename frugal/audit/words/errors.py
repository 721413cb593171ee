"""How wrong an answer is, in words that are true: the typical error, what holds for nine cases in ten, the worst of them."""

from __future__ import annotations

from collections.abc import Mapping

from frugal.audit.evidence.evidence import Evidence
from frugal.audit.words.sentences import in_a_sentence, phrase, say
from frugal.candidates.case_errors import CaseErrors
from frugal.candidates.output_error import OutputError, worst_output
from frugal.candidates.row import CandidateRow
from frugal.experiments.metrics.registry import metric_of, scale_of
from frugal.reporting.text import plain_number, rounded
from frugal.reporting.units_text import error_quantity
from frugal.texts import LANGUAGES, Text

#: Relative errors are printed as bounds no finer than this.
LEAST_ERROR = 1e-4
#: Metrics that are a root mean square and nothing else: their own names would not tell a reader more.
_PLAIN = ("nrmse", "rmse")


def error_words(errors: Mapping[str, OutputError], units: Mapping[str, str], language: str) -> str:
    """Upper 95 % bound of the worst error: ``±1.4%``, ``±0.2 m``, ``0.12 (1 − NSE)``; empty if there is none.

    Where too few places were judged for a bound it is the largest error at one of them, and said to hold for these alone.

    Parameters
    ----------
    errors : mapping of str to OutputError
        Of a candidate, by output.
    units : mapping of str to str
        In which the error of each output is told, by name; shares are told in per cent without it.
    language : str
        ``en`` or ``fr``.

    Returns
    -------
    str
        Two significant digits, rounded up, and in per cent no finer than `LEAST_ERROR`.
    """
    name = worst_output(errors)
    if name is None or not errors[name].held:
        return ""
    told = _quantity(errors[name].held, errors[name].metric, units.get(name, ""), language)
    if errors[name].bounded:
        return told
    return phrase("error.these_places" if errors[name].by_place else "error.these_runs", language, error=told)


def _quantity(bound: float, metric: str, unit: str, language: str, sign: str = "±") -> str:
    scale = scale_of(metric)
    bound = rounded(bound, way="up")
    if scale == "share":
        bound = max(bound, LEAST_ERROR)
    return ("" if scale == "score" else sign) + error_quantity(bound, metric, unit, language)


def error_lines(candidate: CandidateRow, evidence: Evidence) -> Text:
    """What the errors of a candidate are, a sentence for each output that has a tolerance.

    The first sentence says what kind of error it is: an upper bound of a root mean square bounds no single answer, so that
    what nine cases in ten stay within, and the worst, stand beside it.

    Parameters
    ----------
    candidate : CandidateRow
    evidence : Evidence
        Its need says which outputs have a tolerance; without any, all outputs are told.

    Returns
    -------
    Text
        Empty where the candidate makes no error, or nothing was measured.
    """
    measured = candidate.errors
    names = [name for name in evidence.need.get("tolerances") or measured if name in measured]
    if not any(measured[name].held for name in names):
        return dict.fromkeys(LANGUAGES, "")
    return {
        language: " ".join(
            _sentence(measured[name], name, evidence, language, not number) for number, name in enumerate(names)
        )
        for language in LANGUAGES
    }


def _sentence(error: OutputError, name: str, evidence: Evidence, language: str, first: bool) -> str:
    """``Typical error ±0.8% of the yearly yield (RMSE, upper bound; tolerance 2%); 9 in 10 roofs within ±1.6%; worst …``."""
    unit, label = evidence.units.get(name, ""), evidence.labels[name][language]
    limit = ""
    if error.tolerance is not None:
        told = error_quantity(error.tolerance, error.metric, unit, language, "down")
        limit = phrase("error.limit" if first else "error.limit_next", language, limit=told)
    bound = _quantity(error.held, error.metric, unit, language) if error.held else "0"
    if first:
        key = "error.typical_share" if error.metric == "nrmse" else "error.typical"
        metric = "RMSE" if error.metric in _PLAIN else metric_of(error.metric).label[language]
        kind = kind_of(error)[language]
        told = phrase(key, language, bound=bound, label=in_a_sentence(label), metric=metric, kind=kind, limit=limit)
    else:
        told = phrase("error.next", language, bound=bound, label=label[:1].upper() + label[1:], limit=limit)
    return told + (_of_cases(error.cases, unit, evidence.cases[language], language, first) if error.cases else "") + "."


def kind_of(error: OutputError) -> Text:
    """What the error told is: an upper bound, or the largest that was seen where too little was judged for one."""
    return say("error.bound" if error.bounded else "error.places_only" if error.by_place else "error.runs_only")


def error_cells(error: OutputError, unit: str, language: str) -> list[str]:
    """The same as cells of a table: typical error, nine cases in ten, the worst case, the tolerance.

    Parameters
    ----------
    error : OutputError
    unit : str
        In which the error of the output is told.
    language : str
        ``en`` or ``fr``.
    """
    cases, within, worst = error.cases, "–", "–"
    if cases is not None:
        worst = _quantity(cases.worst, cases.metric, unit, language, "")
        if cases.nine_in_ten is not None:
            within = _quantity(cases.nine_in_ten, cases.metric, unit, language)
    limit = "–"
    if error.tolerance is not None:
        limit = error_quantity(error.tolerance, error.metric, unit, language, "down")
    return [_quantity(error.held, error.metric, unit, language) if error.held else "0", within, worst, limit]


def _of_cases(cases: CaseErrors, unit: str, noun: str, language: str, first: bool) -> str:
    told = ""
    if cases.nine_in_ten is not None:
        within = _quantity(cases.nine_in_ten, cases.metric, unit, language)
        key = "error.nine_in_ten" if cases.values == 1 else "error.nine_in_ten_all"
        told += phrase(key, language, within=within, cases=noun, values=cases.values)
    worst = _quantity(cases.worst, cases.metric, unit, language, "")
    number = plain_number(cases.cases, language, 6)
    return told + phrase("error.worst" if first else "error.worst_next", language, worst=worst, number=number)
