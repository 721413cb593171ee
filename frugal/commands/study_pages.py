"""What is told of a study before anything runs: one line in the list of the installed ones, or a page of its own."""

from __future__ import annotations

import inspect
import re
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from importlib import resources
from itertools import groupby
from typing import TYPE_CHECKING, Any

from frugal.texts import LANGUAGES, Text, room_texts

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint

    from rich.table import Table

    from frugal.experiments.study import Output, Study, Tolerance
    from frugal.experiments.study.variables import Parameter, Variable

_TEXTS = room_texts("frugal.commands")
#: So many sources, and values of an example, are shown; all of them stand in the JSON document.
_MOST_SOURCES, _MOST_VALUES = 8, 6


def theme_of(point: EntryPoint) -> str:
    """The theme of an installed study: the folder below one named ``studies``, else the package that brings it."""
    folders = point.module.split(".")
    below = folders[folders.index("studies") + 1 :] if "studies" in folders else []
    return below[0] if below else folders[0]


def title_of(point: EntryPoint, found: Any) -> Text:
    """The title of an installed study, without building it, which may take long and need files.

    Parameters
    ----------
    point : EntryPoint
    found : Study or callable
        What the entry point names.

    Returns
    -------
    dict of str to str
        By language: of the study itself where it is built already; else the text ``NAME.title`` of the nearest ``texts.toml``
        at or above its module; else the first line of its documentation.
    """
    given = getattr(found, "title", None)
    if isinstance(given, Mapping) and given:
        return _in_each_language(given)
    folders = point.module.split(".")
    for depth in range(len(folders), 0, -1):
        package = ".".join(folders[:depth])
        if _has_text(package, f"{point.name}.title"):
            return room_texts(package).say(f"{point.name}.title")
    documented = (inspect.getdoc(found) or "").partition("\n")[0] if callable(found) else ""
    return dict.fromkeys(LANGUAGES, documented)


def _has_text(package: str, key: str) -> bool:
    try:
        return (resources.files(package) / "texts.toml").is_file() and key in room_texts(package)
    except (
        TypeError,
        ModuleNotFoundError,
        tomllib.TOMLDecodeError,
    ):  # a module is no folder; anybody may have written it
        return False


def _by_language(text: str | Mapping[str, str]) -> Mapping[str, str]:
    return dict.fromkeys(LANGUAGES, text) if isinstance(text, str) else text


def _in_each_language(text: Mapping[str, str]) -> Text:
    """A text by language; where one is missing, the other stands in."""
    some = next(iter(text.values()), "")
    return {language: text.get(language, some) for language in LANGUAGES}


def studies_table(rows: Sequence[Mapping[str, Any]], language: str) -> Table:
    """The installed studies as a table.

    Parameters
    ----------
    rows : sequence of mapping
        ``name``, ``theme``, ``title`` by language and ``ask``, the commands, of each.
    language : {"en", "fr"}
    """
    table = _table(("study", "theme", "title", "ask"), language)
    for row in rows:
        theme = _TEXTS.known("theme", row["theme"])[language]
        _add_row(table, row["name"], theme, row["title"][language], "\n".join(row["ask"]))
    return table


def commands_for(name: str, study: Study | None = None) -> list[str]:
    """How a study is asked: one run of its solver, with a value for what has no default where the study is given; a campaign.

    Parameters
    ----------
    name : str
        As it stands on the command line.
    study : Study, optional
    """
    campaign = f"frugal train {name}"
    if study is None:
        return [f"frugal simulate {name}", campaign]
    if study.solve is None:
        return [campaign]
    values = [f"-i {v.name}={_number(round((v.low + v.high) / 2, 6))}" for v in study.inputs if v.default is None]
    once = f"frugal simulate {name}"
    scenarios = [f"{once} --scenario {scenario.name}" for scenario in study.scenarios[:1]]
    return [" ".join([once, *values]), *scenarios, campaign]


def study_content(study: Study) -> dict[str, Any]:
    """All that a study declares, as plain values.

    Parameters
    ----------
    study : Study

    Returns
    -------
    dict
        ``inputs`` with unit, bounds, default, label and choices; ``outputs`` with unit, dims, shape, label and tolerance;
        ``scenarios``; ``sources``; ``need``, ``missing_data``, ``n_runs``, the ``site`` and ``notes`` on it.
    """
    tolerances = study.need.tolerances
    return {
        "name": study.name,
        "title": dict(study.title),
        "inputs": [_input_content(variable) for variable in study.inputs],
        "outputs": [
            {
                "name": output.name,
                "unit": output.unit,
                "dims": list(output.dims),
                "shape": list(output.shape),
                "label": dict(output.label),
                "tolerance": _tolerance_content(output, tolerances.get(output.name)),
            }
            for output in study.outputs
        ],
        "scenarios": [
            {
                "name": scenario.name,
                "label": dict(scenario.label),
                "values": {name: _plain(value) for name, value in scenario.values.items()},
                "source": scenario.source,
            }
            for scenario in study.scenarios
        ],
        "parameters": [_input_content(parameter) for parameter in study.parameters],
        "observations": [
            {
                "name": observations.name,
                "scenario": observations.scenario,
                "source": observations.source,
                "measurements": len(observations.measurements),
            }
            for observations in study.observations
        ],
        "sources": list(study.sources),
        "need": {
            "functional_unit": _in_each_language(_by_language(study.need.functional_unit)),
            "queries": study.need.queries,
        },
        "missing_data": dict(study.missing_data),
        "n_runs": study.n_runs,
        "site": dict(study.site),
        **({"notes": [dict(note) for note in study.notes]} if study.notes else {}),
    }


def _input_content(variable: Variable | Parameter) -> dict[str, Any]:
    """What an input or a parameter declares; the one place that knows its fields."""
    return {
        "name": variable.name,
        "unit": variable.unit,
        "low": variable.low,
        "high": variable.high,
        "default": _plain(variable.default),
        "choices": list(getattr(variable, "choices", ())),
        "period": getattr(variable, "period", None),
        "dims": list(getattr(variable, "dims", ())),
        "coords": {dim: [str(at) for at in coords] for dim, coords in getattr(variable, "coords", {}).items()},
        "label": dict(variable.label),
    }


def _plain(value: Any) -> Any:
    """A number, a text or a list of them."""
    listed = value.tolist() if hasattr(value, "tolist") else value
    return list(listed) if isinstance(listed, list | tuple) else listed


def inputs_table(inputs: Sequence[Mapping[str, Any]], language: str, head: str = "input") -> Table:
    """Inputs or parameters as a table; neighbours that differ only in a number of their names share a row.

    Parameters
    ----------
    inputs : sequence of mapping
        As in `study_content`.
    language : {"en", "fr"}
    head : {"input", "parameter"}
    """
    table = _table((head, "unit", "bounds", "default", "meaning"), language)
    for alike in _runs_of_alike(inputs):
        _add_row(table, *_input_row(alike, language))
    return table


def _input_row(alike: Sequence[Mapping[str, Any]], language: str) -> list[str]:
    """The row of one input, a number, a vector or a choice, or of several that are alike."""
    first, last = alike[0], alike[-1]
    name, meaning = first["name"], _label(first, language)
    if len(alike) > 1:
        name = f"{name} … {last['name']} ({len(alike)})"
        meaning = f"{meaning} … {_what_differs(meaning, _label(last, language))}"
    for dim in first["dims"]:
        at = first["coords"][dim]
        span = ", ".join(at) if len(at) < 4 else f"{at[0]} … {at[-1]}"
        name, meaning = f"{name}[{span}]", meaning.replace(f"{{{dim}}}", span)
    if first["choices"]:
        default = "" if first["default"] is None else first["choices"][int(first["default"])]
        return [name, _unit(first), "", default, ": ".join(filter(None, (meaning, ", ".join(first["choices"]))))]
    default = "" if first["default"] is None else _value(first["default"])
    return [name, _unit(first), f"{_number(first['low'])} – {_number(first['high'])}", default, meaning]


def _what_differs(first: str, last: str) -> str:
    """The second text from the first word that is another one on."""
    words, others = first.split(), last.split()
    alike = next((k for k, (word, other) in enumerate(zip(words, others, strict=False)) if word != other), 0)
    return " ".join(others[alike:])


def _runs_of_alike(inputs: Iterable[Mapping[str, Any]]) -> list[list[Mapping[str, Any]]]:
    def kind(given: Mapping[str, Any]) -> tuple[Any, ...]:
        return (
            re.sub(r"\d+", "0", given["name"]),
            *(str(given[key]) for key in ("unit", "low", "high", "default", "choices")),
        )

    return [list(alike) for _, alike in groupby(inputs, key=kind)]


def outputs_table(outputs: Sequence[Mapping[str, Any]], language: str) -> Table:
    """Outputs as a table.

    Parameters
    ----------
    outputs : sequence of mapping
        As in `study_content`.
    language : {"en", "fr"}
    """
    table = _table(("output", "unit", "shape", "tolerance", "meaning"), language)
    for output in outputs:
        shape = f"{' × '.join(map(str, output['shape']))} ({', '.join(output['dims'])})" if output["dims"] else ""
        _add_row(table, output["name"], _unit(output), shape, _tolerance(output, language), _label(output, language))
    return table


def _tolerance_content(output: Output, kept: Tolerance | None) -> dict[str, Any] | None:
    """Metric and limit; ``over`` where it is said, and the unit where it is not that of the output."""
    if kept is None:
        return None
    over = {} if kept.over is None else {"over": kept.over}
    unit = {"unit": output.time.unit} if kept.measure.scale == "time" and output.time is not None else {}
    return {"metric": kept.metric, "limit": kept.limit, **over, **unit}


def _tolerance(output: Mapping[str, Any], language: str) -> str:
    """The limit in what its metric is measured in, and the metric where it is not one of the two plain ones."""
    from frugal.experiments.metrics.registry import metric_of

    kept = output["tolerance"]
    if kept is None:
        return ""
    metric, limit = metric_of(kept["metric"]), kept["limit"]
    told = {
        "share": f"{_number(100 * limit)} %",
        "output": f"{_number(limit)} {_unit(output)}".strip(),
        "time": f"{_number(limit)} {kept.get('unit', '')}".strip(),
        "score": f"{metric.label[language].removeprefix('1 − ')} ≥ {_number(limit)}",
    }[metric.scale]
    if metric.name in ("nrmse", "rmse") or metric.is_score:
        return told
    return f"{told} ({metric.label[language]})"


def scenarios_table(scenarios: Sequence[Mapping[str, Any]], language: str) -> Table:
    """Scenarios as a table.

    Parameters
    ----------
    scenarios : sequence of mapping
        As in `study_content`.
    language : {"en", "fr"}
    """
    table = _table(("scenario", "values", "meaning", "source"), language)
    for scenario in scenarios:
        values = ", ".join(f"{name}={_value(value)}" for name, value in scenario["values"].items())
        _add_row(table, scenario["name"], values, _label(scenario, language), str(scenario["source"] or ""))
    return table


def page_lines(content: Mapping[str, Any], language: str) -> dict[str, list[str]]:
    """What stands below the tables of a page, by section.

    Parameters
    ----------
    content : mapping
        As `study_content` gives it, with ``settings`` and ``ask``.
    language : {"en", "fr"}
    """
    from frugal.reporting.told_in_french import in_french

    sources = [in_french(source) if language == "fr" else source for source in content["sources"]]
    if len(sources) > _MOST_SOURCES:
        more = _TEXTS.phrase("study.more", language, count=len(sources) - _MOST_SOURCES)
        sources = [*sources[:_MOST_SOURCES], more]
    missing = content["missing_data"]
    observed = [
        _TEXTS.phrase(
            "study.observed",
            language,
            name=given["name"],
            count=given["measurements"],
            source=f" ({given['source']})" if given["source"] else "",
        )
        for given in content["observations"]
    ]
    return {
        "need": [content["need"]["functional_unit"][language]],
        "missing_data": [missing[language]] if missing else [],
        "settings": [", ".join(content["settings"])] if content["settings"] else [],
        "observations": observed,
        "sources": sources,
        "ask": [_shortened(command) for command in content["ask"]],
    }


def _shortened(command: str) -> str:
    """A command line whose values beyond the first few are left to the reader."""
    given = command.split(" -i ")
    return command if len(given) <= _MOST_VALUES + 1 else " -i ".join([*given[:_MOST_VALUES], "…"])


def _table(columns: Sequence[str], language: str) -> Table:
    from rich import box
    from rich.table import Table

    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False, collapse_padding=True)
    for number, column in enumerate(columns):
        wraps = column in ("title", "meaning", "source", "values", "tolerance") or (
            column in ("input", "parameter") and number == 0
        )
        width = 14 if column in ("meaning", "values") else None
        table.add_column(
            _TEXTS.phrase(f"column.{column}", language), no_wrap=not wraps, overflow="fold", min_width=width
        )
    return table


def _add_row(table: Table, *cells: str) -> None:
    """A row of texts as they are: names of elements hold brackets, which would be taken for a style."""
    from rich.text import Text

    table.add_row(*map(Text, cells))


def _label(given: Mapping[str, Any], language: str) -> str:
    return _in_each_language(given["label"])[language]


def _unit(given: Mapping[str, Any]) -> str:
    return "" if given["unit"] == "1" else str(given["unit"])


def _value(value: Any) -> str:
    """A number, a text, or the ends of a list."""
    if isinstance(value, list):
        same = len(set(map(str, value))) == 1
        return _value(value[0]) if same else f"{_value(min(value))} – {_value(max(value))}"
    return _number(value) if isinstance(value, int | float) else str(value)


def _number(value: float) -> str:
    return f"{value:.10g}"
