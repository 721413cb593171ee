"""Windows for people and programs: a table for the terminal, JSON, rows of files."""

from __future__ import annotations

from datetime import UTC, datetime, tzinfo
from typing import TYPE_CHECKING, Any

import numpy as np

from frugal.estuaries.access import AccessAnswer, ShipAccess, summary_of
from frugal.estuaries.fish import FishAnswer
from frugal.estuaries.navigation import Direction, Passages
from frugal.reporting.text import plain_number
from frugal.texts import Text, room_texts

if TYPE_CHECKING:
    from rich.table import Table

_TEXTS = room_texts("frugal.estuaries")


def moment_text(time_s: float, zone: tzinfo) -> str:
    """A time in a zone, to the minute."""
    moment = datetime.fromtimestamp(round(time_s / 60.0) * 60.0, UTC).astimezone(zone)
    return moment.isoformat(timespec="minutes").replace("+00:00", "Z")


def states_of(answer: AccessAnswer) -> list[tuple[str, ShipAccess]]:
    """States of the channel by name: as it is, and dredged where that was asked."""
    return [("now", answer.now), *([("dredged", answer.dredged)] if answer.dredged is not None else [])]


def window_rows(answer: AccessAnswer, language: str) -> list[dict[str, Any]]:
    """Windows as plain values, one a row.

    Parameters
    ----------
    answer : AccessAnswer
    language : {"en", "fr"}
        Of the warning.

    Returns
    -------
    list of dict
    """
    rows = []
    zone = answer.asked.zone
    for state, access in states_of(answer):
        names, along = access.channel.names, access.channel.along_m
        for direction, windows in access.windows.items():
            for window in windows:
                opened, closed = window.opened_by, window.closed_by
                rows.append(
                    {
                        "channel": state,
                        "direction": direction,
                        "begins": moment_text(window.begins_s, zone),
                        "ends": moment_text(window.ends_s, zone),
                        "hours": round(window.duration_s / 3600.0, 3),
                        "best_departure": moment_text(window.best_s, zone),
                        "least_under_keel_m": round(window.clearance_m, 3),
                        "limiting_place": names[window.place],
                        "limiting_km_from_sea": round(float(along[window.place]) / 1e3, 2),
                        "opened_by": None if opened is None else names[opened],
                        "closed_by": None if closed is None else names[closed],
                        "warning": short_warning(language),
                    }
                )
    return rows


def place_rows(answer: AccessAnswer, language: str) -> list[dict[str, Any]]:
    """Places of the channel with their depths, one a row.

    Parameters
    ----------
    answer : AccessAnswer
    language : {"en", "fr"}
        Of the warning.

    Returns
    -------
    list of dict
    """
    rows = []
    for state, access in states_of(answer):
        depth, levels = access.channel.depth_m, access.levels
        for k, spot in enumerate(answer.asked.waterway.spots):
            rows.append(
                {
                    "channel": state,
                    "place": access.channel.names[k],
                    "reach": spot.reach.name,
                    "km": round(spot.km, 3),
                    "km_from_sea": round(spot.along_km, 3),
                    "channel_depth_m": round(float(depth[k]), 3),
                    "lowest_level_m": round(float(levels.lowest_m[k]), 3),
                    "mean_low_water_m": round(float(levels.mean_low_m[k]), 3),
                    "mean_high_water_m": round(float(levels.mean_high_m[k]), 3),
                    "depth_at_lowest_m": round(float(depth[k] + levels.lowest_m[k]), 3),
                    "depth_at_mean_low_water_m": round(float(depth[k] + levels.mean_low_m[k]), 3),
                    "depth_at_mean_high_water_m": round(float(depth[k] + levels.mean_high_m[k]), 3),
                    "open_share": round(float(access.open_share[k]), 4),
                    "longest_shut_h": round(float(access.shut_s[k]) / 3600.0, 2),
                    "warning": short_warning(language),
                }
            )
    return rows


def fish_rows(answer: FishAnswer) -> list[dict[str, Any]]:
    """Days of fish as plain values, one a row."""
    return [
        {"day": day.isoformat(), "species": answer.name, "state": state, "good_km": round(float(length), 1)}
        for day, state, length in zip(answer.days, answer.states, answer.good_km, strict=True)
    ]


def access_content(answer: AccessAnswer, language: str) -> dict[str, Any]:
    """All about the ship as one JSON document.

    Parameters
    ----------
    answer : AccessAnswer
    language : {"en", "fr"}
        Of the warning and the notes.

    Returns
    -------
    dict
    """
    asked, ship = answer.asked, answer.asked.ship
    return {
        "warning": _TEXTS.phrase("warning", language),
        "site": asked.waterway.site.name or asked.waterway.site.place,
        "destination": answer.now.channel.names[-1],
        "km_from_sea": round(asked.waterway.spots[-1].along_km, 3),
        "from": moment_text(asked.begin.timestamp(), asked.zone),
        "to": moment_text(asked.end.timestamp(), asked.zone),
        "datum": "zero of the site",
        "ship": {
            "draught_m": ship.draught_m,
            "speed_kn": ship.speed_kn,
            "through_water": ship.through_water,
            "beam_m": ship.beam_m,
            "block_coefficient": ship.block_coefficient,
            "margin_m": ship.margin_m,
        },
        "dredgings": [
            {"reach": one.reach, "from_km": one.from_km, "to_km": one.to_km, "by_m": one.by_m}
            for one in asked.dredgings
        ],
        "notes": [note[language] for note in notes_of(answer)],
        "access": [
            {
                "channel": state,
                "direction": direction,
                "windows": told.windows,
                "hours": round(told.hours, 2),
                "hours_a_year": round(told.hours_a_year, 1),
                "median_h": round(told.median_h, 3),
                "days_without": told.shut_days,
                "sills": [{"place": place, "times": times} for place, times in told.sills],
            }
            for state, access in states_of(answer)
            for direction in access.windows
            for told in [summary_of(asked, access, direction)]
        ],
        "windows": window_rows(answer, language),
    }


def fish_content(answer: FishAnswer, language: str) -> dict[str, Any]:
    """All about a fish as one JSON document.

    Parameters
    ----------
    answer : FishAnswer
    language : {"en", "fr"}

    Returns
    -------
    dict
    """
    return {
        "species": answer.name,
        "title": answer.species.title.get(language, answer.name),
        "source": answer.species.source,
        "days": len(answer.days),
        "open_days": answer.states.count("open"),
        "states": {state: answer.states.count(state) for state in dict.fromkeys(answer.states)},
        "windows": [
            {
                "first": window.first.isoformat(),
                "last": window.last.isoformat(),
                "days": window.days,
                "closed_by": window.closed_by or None,
            }
            for window in answer.windows
        ],
    }


def ship_text(answer: AccessAnswer, language: str) -> str:
    """The ship in one line."""
    ship = answer.asked.ship
    return _TEXTS.phrase(
        "ship",
        language,
        draught=plain_number(ship.draught_m, language, 3),
        speed=plain_number(ship.speed_kn, language, 3),
        margin=plain_number(ship.margin_m, language, 3),
        over=_TEXTS.phrase("over.water" if ship.through_water else "over.ground", language),
    )


def site_title(answer: AccessAnswer, language: str) -> str:
    """Site, destination and ship in one line."""
    site = answer.asked.waterway.site
    return _TEXTS.phrase(
        "title",
        language,
        site=site.title.get(language, site.name or site.place),
        destination=answer.now.channel.names[-1],
        ship=ship_text(answer, language),
        zone=answer.asked.zone,
    )


def warning(language: str) -> str:
    """What none of this must be used for."""
    return _TEXTS.phrase("warning", language)


def short_warning(language: str) -> str:
    """The same in a few words, for pictures and rows."""
    return _TEXTS.phrase("short_warning", language)


def notes_of(answer: AccessAnswer) -> list[Text]:
    """What has to be known of the answer."""
    way = answer.asked.waterway
    notes = []
    if way.assumed:
        notes.append(_TEXTS.say("note.mean_depth", reaches=", ".join(way.assumed)))
    for access in (answer.last,):
        for direction, windows in access.windows.items():
            if not windows:
                notes.append(_without_window(answer, access.best[direction], direction))
    cut = [w for ws in answer.last.windows.values() for w in ws if w.opened_by is None or w.closed_by is None]
    return [*notes, _TEXTS.say("note.last_window")] if cut else notes


def _without_window(answer: AccessAnswer, best: Passages, direction: Direction) -> Text:
    words = _TEXTS.say(f"direction.{direction}")
    if not best.clearance_m.size or not np.isfinite(best.clearance_m[0]):
        return _TEXTS.say("no_arrival", direction=words)
    margin = answer.asked.ship.margin_m
    return {
        language: _TEXTS.phrase(
            "no_window",
            language,
            direction=words,
            clearance=plain_number(float(best.clearance_m[0]), language, 2),
            place=answer.last.channel.names[int(best.place[0])],
            margin=plain_number(margin, language, 2),
        )
        for language in words
    }


def printed_access(answer: AccessAnswer, language: str) -> Table:
    """ShipAccess by state of the channel and direction, for a terminal.

    Parameters
    ----------
    answer : AccessAnswer
    language : {"en", "fr"}

    Returns
    -------
    rich.table.Table
    """
    from rich.table import Table as RichTable

    table = RichTable(box=None, pad_edge=False)
    dredged = answer.dredged is not None
    heads = [*(["state"] if dredged else []), "direction", "windows", "hours", "hours_a_year", "median_h", "shut_days"]
    for name in heads:
        table.add_column(
            _TEXTS.phrase(f"head.{name}", language), justify="left" if name in ("state", "direction") else "right"
        )
    table.add_column(_TEXTS.phrase("head.sills", language))
    for state, access in states_of(answer):
        for direction in access.windows:
            told = summary_of(answer.asked, access, direction)
            cells = [_TEXTS.phrase(f"state.{state}", language)] if dredged else []
            cells += [_TEXTS.phrase(f"direction.{direction}", language), str(told.windows)]
            cells += [f"{told.hours:.0f}", f"{told.hours_a_year:.0f}", plain_number(told.median_h, language, 2)]
            cells += [str(told.shut_days), "; ".join(f"{place} ({times})" for place, times in told.sills)]
            table.add_row(*cells)
    return table


def printed_fish(answer: FishAnswer, language: str) -> Table:
    """Windows of a fish, for a terminal."""
    from rich.table import Table as RichTable

    table = RichTable(box=None, pad_edge=False)
    for name in ("first", "last", "days", "closed_by"):
        table.add_column(_TEXTS.phrase(f"fish_head.{name}", language), justify="right" if name == "days" else "left")
    for window in answer.windows:
        closed = _TEXTS.phrase(f"fish_state.{window.closed_by}", language) if window.closed_by else ""
        table.add_row(window.first.isoformat(), window.last.isoformat(), str(window.days), closed)
    return table


def fish_title(answer: FishAnswer, site: str, destination: str, language: str) -> str:
    """Species, way and open days in one line."""
    return _TEXTS.phrase(
        "fish.title",
        language,
        species=answer.species.title.get(language, answer.name),
        site=site,
        destination=destination,
        days=answer.states.count("open"),
        all=len(answer.days),
    )


def fish_notes(answer: FishAnswer, temperatures_deg_c: tuple[float, float]) -> list[Text]:
    """What has to be known of the days of a fish."""
    coldest, warmest = temperatures_deg_c
    notes = [
        _TEXTS.say("fish.source", source=answer.species.source),
        _TEXTS.say("fish.seasonal", coldest=f"{coldest:g}", warmest=f"{warmest:g}"),
    ]
    return notes if answer.windows else [_TEXTS.say("fish.none"), *notes]
