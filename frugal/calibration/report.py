"""A calibration for people and programs: a table for the terminal, sentences, a page in each language, JSON, draws as CSV."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from frugal import __version__
from frugal.calibration.by_place import residual_map, residuals_by_place
from frugal.calibration.calibrate import Calibration
from frugal.calibration.history import CUT
from frugal.calibration.pictures import MOST_MEASURED, all_pictures, measured_name, name_of_unknown, with_unit
from frugal.errors import UnusableInputError
from frugal.formats.files.atomic import is_somebody_elses, new_folder, write_text
from frugal.formats.files.json_files import to_json
from frugal.formats.files.tables import write_table
from frugal.reporting.pages.page import ReportPage, ReportPicture, ReportSection, ReportTable
from frugal.reporting.text import plain_number, unit_in
from frugal.reporting.units_text import percent
from frugal.texts import LANGUAGES, room_texts

if TYPE_CHECKING:
    from rich.table import Table

_TEXTS = room_texts("frugal.calibration")

FORMAT = "frugal-calibration/1"
#: Marks a folder as one of this command, which it may replace.
MARK = "calibration.json"
#: Share of the draws that the interval of an unknown holds.
LEVEL = 0.9


def calibration_content(found: Calibration) -> dict[str, Any]:
    """A calibration as plain values."""
    ends = found.draws.interval(LEVEL)
    middle = np.median(found.draws.settings, axis=0)
    ranges = found.plausible.ranges()
    sides = dict(found.best.on_bounds)
    observed, best = found.observed, found.best
    return {
        "format": FORMAT,
        "study": found.study,
        "title": dict(found.title),
        "observations": observed.name,
        "source": observed.source,
        "answered_by": found.answered_by,
        "solver_runs": found.runs,
        "failed_runs": found.failed_runs,
        "fits": best.fits,
        "chi_square": best.chi_square,
        "degrees_of_freedom": best.freedom,
        "chance": best.chance,
        "emulator_over_sigma": found.emulator_share,
        "interval_level": LEVEL,
        "unknowns": [
            {
                "name": unknown.name,
                "kind": "parameter" if unknown.column is None else "input",
                "unit": unknown.unit,
                "bounds": [unknown.low, unknown.high],
                "default": unknown.default,
                "best": float(best.settings[k]),
                "median": float(middle[k]),
                "interval": ends[:, k].tolist(),
                "not_ruled_out": list(ranges[k]) if ranges else None,
                "on_bound": sides.get(k),
                "little_said": unknown in found.little_said,
            }
            for k, unknown in enumerate(found.unknowns)
        ],
        "sampler": {
            "walkers": found.draws.walkers,
            "steps": found.draws.steps,
            "autocorrelation_steps": found.draws.steps_to_forget,
            "accepted": found.draws.accepted,
            "settled": found.draws.settled,
        },
        "starts": {"tried": best.starts, "agreed": best.agree},
        "history_matching": {
            "cut": CUT,
            "allowed_beyond": found.plausible.allowed,
            "share_left": found.plausible.share,
            "share_outside_domain": found.plausible.outside,
            "looked_at": len(found.plausible.looked_at),
            "part_looked_at": found.plausible.ends.T.tolist(),
        },
        "check": _check_content(found),
        "by_place": [asdict(row) for row in residuals_by_place(found)],
        "measurements": [
            {
                "output": measured.output,
                "place": measured.place or None,
                "time": measured.time,
                "measured": measured.value,
                "sigma": measured.sigma,
                "modelled": float(best.modelled[k]),
                "emulator_sigma": float(best.spread[k]),
            }
            for k, measured in enumerate(observed.measurements)
        ],
    }


def _check_content(found: Calibration) -> dict[str, Any] | None:
    check = found.check
    if check is None:
        return {"reason": dict(found.check_reason)} if found.check_reason else None
    return {
        "settings": check.settings.tolist(),
        "solver": check.solver.tolist(),
        "asked": check.asked.tolist(),
        "apart_in_sigma": check.apart,
        "within_emulator_interval": check.within,
        "agrees": check.agrees,
        "chi_square": check.chi_square,
        "chance": check.chance,
    }


def calibration_table(found: Calibration, language: str) -> Table:
    """A row for each unknown, for the terminal."""
    from rich.box import SIMPLE_HEAD
    from rich.table import Table

    table = Table(box=SIMPLE_HEAD, pad_edge=False)
    for number, head in enumerate(_heads(language)):
        table.add_column(head, justify="left" if number == 0 else "right", overflow="fold")
    for row in _rows(found, language):
        table.add_row(*row)
    return table


def _heads(language: str) -> list[str]:
    return [_TEXTS.phrase(f"head.{name}", language) for name in ("unknown", "best", "interval", "bounds", "left")]


def _rows(found: Calibration, language: str) -> list[list[str]]:
    ends, ranges, sides = found.draws.interval(LEVEL), found.plausible.ranges(), dict(found.best.on_bounds)
    rows = []
    for k, unknown in enumerate(found.unknowns):
        best = plain_number(float(found.best.settings[k]), language, 4)
        if k in sides:
            best += f" ({_TEXTS.phrase('on_bound', language)})"
        rows.append(
            [
                with_unit(name_of_unknown(unknown, language), unknown.unit, language),
                best,
                _span(ends[0, k], ends[1, k], language),
                _span(unknown.low, unknown.high, language),
                _span(*ranges[k], language) if ranges else "–",
            ]
        )
    return rows


def _span(low: float, high: float, language: str) -> str:
    return " – ".join(plain_number(float(end), language, 4) for end in (low, high))


def answer(found: Calibration, language: str) -> str:
    """In one or two sentences: whether the model fits, and what was learnt."""
    best = found.best
    numbers = {
        "chi": plain_number(best.chi_square, language, 3),
        "freedom": best.freedom,
        "chance": "" if best.chance is None else percent(best.chance, language),
    }
    if best.fits is None:
        told = _TEXTS.phrase("answer.too_few", language, measured=len(found.observed), unknowns=len(found.unknowns))
    else:
        told = _TEXTS.phrase("answer.fits" if best.fits else "answer.does_not_fit", language, **numbers)
    ends = found.draws.interval(LEVEL)
    parts = [
        f"{name_of_unknown(unknown, language)} {plain_number(float(best.settings[k]), language, 3)} "
        f"[{_span(ends[0, k], ends[1, k], language)}]"
        + ("" if unknown.unit == "1" else f" {unit_in(unknown.unit, language)}")
        for k, unknown in enumerate(found.unknowns[:3])
    ]
    return f"{told} {_TEXTS.phrase('answer.values', language, values=', '.join(parts))}"


def sentences(found: Calibration, language: str) -> list[str]:
    """What has to be known to believe the answer."""

    def say(key: str, **values: Any) -> str:
        return _TEXTS.phrase(key, language, **values)

    told = [_who_answered(found, language)]
    for k, side in found.best.on_bounds:
        name = name_of_unknown(found.unknowns[k], language)
        end = found.unknowns[k].low if side == "low" else found.unknowns[k].high
        told.append(say("said.on_bound", name=name, bound=plain_number(end, language, 4)))
    if found.little_said:
        names = ", ".join(name_of_unknown(unknown, language) for unknown in found.little_said)
        told.append(say("said.little", names=names))
    if found.best.fits is False:
        told.append(say("said.does_not_fit"))
    if found.emulator_share > 1:
        told.append(say("said.emulator", times=plain_number(found.emulator_share, language)))
    share = found.plausible.share
    allowed = found.plausible.allowed
    told.append(say("said.left", share=percent(share, language, "up")) if share else say("said.none_left"))
    told.append(
        say("said.allowed", measured=len(found.observed), allowed=allowed) if allowed else say("said.none_allowed")
    )
    if found.plausible.outside:
        told.append(say("said.outside", share=percent(found.plausible.outside, language, "up")))
    told.append(_checked(found, language))
    if found.failed_runs:
        told.append(say("said.failed", failed=found.failed_runs, runs=found.runs))
    if not found.draws.settled:
        told.append(say("said.not_settled", steps=found.draws.steps))
    return told


def _who_answered(found: Calibration, language: str) -> str:
    if found.answered_by == "emulator":
        return _TEXTS.phrase("said.emulated", language, runs=found.runs)
    if found.answered_by == "full_physics":
        return _TEXTS.phrase("said.solver", language)
    share = plain_number(found.emulator_share, language)
    return _TEXTS.phrase("said.candidate", language, name=found.label[language], share=share)


def _checked(found: Calibration, language: str) -> str:
    check = found.check
    if check is None:
        if found.answered_by == "full_physics":
            return _TEXTS.phrase("said.no_check_needed", language)
        reason = found.check_reason.get(language) or _TEXTS.phrase("said.runs_fail", language)
        return _TEXTS.phrase("said.not_checked", language, reason=reason)
    key = "said.checked" if check.agrees else "said.disagrees"
    told = _TEXTS.phrase(key, language, runs=len(check.settings), apart=plain_number(check.apart, language, way="up"))
    if check.chi_square is not None and check.chance is not None:
        numbers = {"chi": plain_number(check.chi_square, language, 3), "chance": percent(check.chance, language)}
        told += " " + _TEXTS.phrase("said.check_fit", language, **numbers)
    return told


def _pictures(found: Calibration, language: str, prefix: str) -> dict[str, str]:
    drawn = residual_map(found, language, f"{prefix}m")
    return {**all_pictures(found, language, prefix), **({"map": drawn} if drawn else {})}


def calibration_page(found: Calibration, language: str) -> ReportPage:
    """The page of one language."""
    facts = [
        (_TEXTS.phrase("fact.measurements", language), f"{found.observed.name} ({len(found.observed)})"),
        (_TEXTS.phrase("fact.runs", language), plain_number(found.runs, language, 4)),
        (_TEXTS.phrase("fact.left", language), percent(found.plausible.share, language, "up")),
    ]
    pictures = _pictures(found, language, "c")
    unknowns = ReportTable(_heads(language), _rows(found, language), _TEXTS.phrase("caption.unknowns", language))

    def picture(kind: str, caption: str = "") -> list[ReportPicture]:
        return [ReportPicture(pictures[kind], _TEXTS.phrase(f"caption.{caption or kind}", language))]

    left = picture("left", "left" if len(found.unknowns) > 1 else "along")

    sections = [
        ReportSection(_TEXTS.phrase("section.unknowns", language), (), [unknowns], picture("pairs")),
        ReportSection(_TEXTS.phrase("section.read", language), sentences(found, language)),
        ReportSection(_TEXTS.phrase("section.fit", language), (), [_measured_table(found, language)], picture("fit")),
        *_by_place(found, language, pictures),
        ReportSection(_TEXTS.phrase("section.left", language), (), (), left),
    ]
    footer = _TEXTS.phrase("footer", language, study=found.study, version=__version__)
    title = _TEXTS.phrase("page.title", language)
    return ReportPage(language, title, found.title[language], answer(found, language), sections, footer, facts)


def _by_place(found: Calibration, language: str, pictures: dict[str, str]) -> list[ReportSection]:
    """Residuals of places that were measured more than once, and a map of them; nothing where there is none."""
    rows = residuals_by_place(found)
    if len(rows) < 2:
        return []
    heads = [_TEXTS.phrase(f"head.{name}", language) for name in ("place", "count", "bias", "rmse", "over_sigma")]
    told = [
        [row.place, str(row.count), *(plain_number(v, language, 3) for v in (row.bias, row.rmse, row.rmse_over_sigma))]
        for row in rows
    ]
    table = ReportTable(heads, told, _TEXTS.phrase("caption.by_place", language))
    drawn = [ReportPicture(pictures["map"], _TEXTS.phrase("caption.map", language))] if "map" in pictures else []
    return [ReportSection(_TEXTS.phrase("section.by_place", language), (), [table], drawn)]


def _measured_table(found: Calibration, language: str) -> ReportTable:
    observed, best = found.observed, found.best
    apart = (best.modelled - observed.values) / observed.sigma
    order = range(len(observed)) if len(observed) <= MOST_MEASURED // 2 else np.argsort(-np.abs(apart))[:10]
    rows = [
        [
            measured_name(observed.measurements[k], language),
            *(plain_number(float(value[k]), language, 4) for value in (observed.values, observed.sigma, best.modelled)),
            plain_number(round(float(apart[k]), 2), language),
        ]
        for k in order
    ]
    heads = [
        _TEXTS.phrase(f"head.{name}", language) for name in ("measurement", "measured", "sigma", "modelled", "apart")
    ]
    key = "caption.all" if len(observed) <= MOST_MEASURED // 2 else "caption.worst"
    return ReportTable(heads, rows, _TEXTS.phrase(key, language))


def check_calibration_folder(out: Path) -> None:
    """Refuse to write where something stands that this command has not made.

    Raises
    ------
    UnusableInputError
        If it is a file, or a folder that holds other things.
    """
    if is_somebody_elses(out, MARK):
        raise UnusableInputError(
            f"--out '{out}' holds other things than a calibration and would be replaced; name a new folder"
        )


def write_calibration(out: Path, found: Calibration, language: str) -> list[Path]:
    """Write the folder, whole or not at all; an earlier one of its name is replaced.

    Parameters
    ----------
    out : Path
    found : Calibration
    language : {"en", "fr"}
        Of the pictures that stand by themselves; there is a page in each.

    Returns
    -------
    list of Path

    Raises
    ------
    UnusableInputError
        If something else stands there.
    """
    import pandas as pd

    check_calibration_folder(out)
    with new_folder(out) as folder:
        write_text(folder / MARK, to_json(calibration_content(found)))
        for each in LANGUAGES:
            write_text(folder / f"calibration.{each}.html", calibration_page(found, each).html())
        for kind, drawn in _pictures(found, language, "p").items():
            write_text(folder / f"{kind}.svg", drawn)
        draws = {unknown.name: found.draws.settings[:, k] for k, unknown in enumerate(found.unknowns)}
        write_table(folder / "draws.csv", pd.DataFrame(draws))
    return sorted(path for path in out.iterdir() if path.is_file())
