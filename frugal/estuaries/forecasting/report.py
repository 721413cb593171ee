"""The files of a forecast: levels and salinities, high and low waters, what they are worth, pictures, and the state."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from frugal.errors import UnusableInputError
from frugal.estuaries.forecasting.pictures import forecast_picture
from frugal.estuaries.forecasting.run import Forecast
from frugal.estuaries.forecasting.skill import TIDAL_DAY_S
from frugal.estuaries.forecasting.state import FILE, state_bytes
from frugal.formats.dates import moment_text
from frugal.formats.files.atomic import is_somebody_elses, new_folder, write_bytes, write_text
from frugal.formats.files.json_files import to_json
from frugal.formats.files.table_writer import table_writer
from frugal.physics.tide.extremes import Waters
from frugal.reporting.text import plain_number
from frugal.texts import LANGUAGES, room_texts

if TYPE_CHECKING:
    from rich.table import Table

_TEXTS = room_texts("frugal.estuaries")
MARK, SCHEMA = "forecast.json", "frugal-forecast/1"
_HEADS = (
    "forecast.head.gauge",
    "forecast.head.highest",
    "forecast.head.when",
    "forecast.head.lowest",
    "forecast.head.when",
)
_SKILL_HEADS = (
    "forecast.head.gauge",
    "forecast.head.period",
    "forecast.head.values",
    "forecast.head.rmse",
    "forecast.head.persistence",
    "forecast.head.score",
    "forecast.head.mean",
)
_ON_THE_LEFT = ("forecast.head.gauge", "forecast.head.when", "forecast.head.period")


def check_forecast_folder(out: Path) -> None:
    """Refuse to write where something stands that this command has not made.

    Raises
    ------
    UnusableInputError
        If it is a file, or a folder that holds other things.
    """
    if is_somebody_elses(out, MARK):
        raise UnusableInputError(
            f"--out '{out}' holds other things than a forecast and would be replaced; name a new folder"
        )


def forecast_content(forecast: Forecast) -> dict[str, Any]:
    """What stands in ``forecast.json``."""
    asked = forecast.asked
    return {
        "schema": SCHEMA,
        "site": asked.site.name,
        "site_digest": forecast.state.digest,
        "warning": _TEXTS.say("forecast.warning"),
        "from": moment_text(asked.begin_s),
        "to": moment_text(asked.end_s),
        "went_on_from": None if forecast.went_on_from_s is None else moment_text(forecast.went_on_from_s),
        "spin_up_days": None if forecast.went_on_from_s is not None else asked.spin_up_days,
        "state": moment_text(forecast.state.time_s),
        "sources": {
            "series": [str(path) for _, path in asked.series],
            "surge": None if asked.surge is None else str(asked.surge),
            "observed": [str(path) for _, path in asked.observed],
        },
        "rivers": [
            {
                "name": river.name,
                "mean_m3_s": round(float(forecast.flows_m3_s[ahead, k].mean()), 3),
                "kept_from": moment_text(forecast.held_from_s[river.name])
                if river.name in forecast.held_from_s
                else None,
            }
            for ahead in [forecast.told.times_s >= asked.begin_s]
            for k, river in enumerate(asked.site.river)
        ],
        "notes": list(forecast.notes),
        "skill": {
            "persistence": _TEXTS.say("forecast.persistence", hours=f"{TIDAL_DAY_S / 3600.0:.2f}"),
            "gauges": [
                {name: round(value, 4) if isinstance(value, float) else value for name, value in asdict(row).items()}
                for row in forecast.skill
            ],
        },
        "waters": {name: water_rows(waters, asked.begin_s) for name, waters in forecast.waters.items()},
    }


def water_rows(waters: Waters, begin_s: float) -> list[dict[str, Any]]:
    """High and low waters as plain values, one a row."""
    return [
        {
            "time_utc": moment_text(60.0 * round(float(time) / 60.0)),
            "water": "high" if high else "low",
            "level_m": round(float(level), 3),
            "period": "past" if time <= begin_s else "ahead",
        }
        for time, level, high in zip(waters.time_s, waters.level_m, waters.high, strict=True)
    ]


def write_forecast(out: Path, forecast: Forecast) -> list[Path]:
    """Write the folder, whole or not at all; an earlier forecast of its name is replaced.

    Parameters
    ----------
    out : Path
    forecast : Forecast

    Returns
    -------
    list of Path

    Raises
    ------
    UnusableInputError
        If something else stands there.
    """
    import pyarrow

    check_forecast_folder(out)
    told = forecast.told
    times = [moment_text(time) for time in told.times_s.tolist()]
    period = np.where(told.times_s <= forecast.asked.begin_s, "past", "ahead")
    columns: dict[str, Any] = {"time_utc": times, "period": period.tolist()}
    columns |= {f"{name} [m]": np.round(told.levels_m[:, k], 4) for k, name in enumerate(told.gauges)}
    columns |= {f"salinity {name} [psu]": np.round(told.salinity_psu[:, k], 4) for k, name in enumerate(told.intakes)}
    columns |= {
        f"discharge {river.name} [m3/s]": np.round(forecast.flows_m3_s[:, k], 3)
        for k, river in enumerate(forecast.asked.site.river)
    }
    rows = [
        {"gauge": name} | row
        for name, waters in forecast.waters.items()
        for row in water_rows(waters, forecast.asked.begin_s)
    ]
    with new_folder(out) as folder:
        write_text(folder / MARK, to_json(forecast_content(forecast)))
        with table_writer(folder / "levels.csv") as write:
            write(pyarrow.table(columns))
        if rows:
            with table_writer(folder / "waters.csv") as write:
                write(pyarrow.Table.from_pylist(rows))
        _write_netcdf(folder / "forecast.nc", forecast)
        for language in LANGUAGES:
            write_bytes(folder / f"forecast.{language}.png", forecast_picture(forecast, language))
        write_bytes(folder / FILE, state_bytes(forecast.state))
    return sorted(path for path in out.iterdir() if path.is_file())


def _write_netcdf(path: Path, forecast: Forecast) -> None:
    """Levels, salinities and what drove them, after the CF conventions."""
    import xarray as xr

    told, site = forecast.told, forecast.asked.site
    at = {"units": "m", "standard_name": "water_surface_height_above_reference_datum"}
    content = xr.Dataset(
        {
            "level": (("time", "gauge"), told.levels_m, at | {"datum": "zero of the depths of the site"}),
            "salinity": (
                ("time", "intake"),
                told.salinity_psu,
                {"units": "1e-3", "standard_name": "sea_water_salinity"},
            ),
            "discharge": (
                ("time", "river"),
                forecast.flows_m3_s,
                {"units": "m3 s-1", "standard_name": "water_volume_transport_in_river_channel"},
            ),
            "sea_level": ("time", forecast.sea_m, at),
            "surge": ("time", forecast.surge_m, {"units": "m", "long_name": "surge added at the mouth"}),
        },
        coords={
            "time": ("time", told.times_s, {"units": "seconds since 1970-01-01 00:00:00", "calendar": "standard"}),
            "gauge": list(told.gauges),
            "intake": list(told.intakes),
            "river": [river.name for river in site.river],
        },
        attrs={
            "Conventions": "CF-1.11",
            "title": f"Forecast of {site.title.get('en', site.name)} from {moment_text(forecast.asked.begin_s)}",
            "comment": _TEXTS.phrase("forecast.warning", "en"),
        },
    )
    content.to_netcdf(path, engine="h5netcdf")


def printed_waters(forecast: Forecast, language: str, most: int) -> Table:
    """Highest and lowest water ahead at each gauge, for a terminal.

    Parameters
    ----------
    forecast : Forecast
    language : {"en", "fr"}
    most : int
        Gauges that are told.
    """
    from rich.box import SIMPLE_HEAD
    from rich.table import Table

    table = Table(box=SIMPLE_HEAD, pad_edge=False)
    for name in _HEADS:
        table.add_column(_TEXTS.phrase(name, language), justify="left" if name in _ON_THE_LEFT else "right")
    ahead = forecast.told.between(forecast.asked.begin_s, forecast.asked.end_s)
    for k, name in enumerate(ahead.gauges[:most]):
        levels = ahead.levels_m[:, k]
        cells = [name]
        for at in (int(np.argmax(levels)), int(np.argmin(levels))):
            cells += [_metres(float(levels[at]), language), moment_text(ahead.times_s[at])[:16].replace("T", " ")]
        table.add_row(*cells)
    return table


def printed_skill(forecast: Forecast, language: str) -> Table:
    """Errors at gauges beside those of persistence, for a terminal."""
    from rich.box import SIMPLE_HEAD
    from rich.table import Table

    table = Table(box=SIMPLE_HEAD, pad_edge=False)
    for name in _SKILL_HEADS:
        table.add_column(_TEXTS.phrase(name, language), justify="left" if name in _ON_THE_LEFT else "right")
    for row in forecast.skill:
        table.add_row(
            row.gauge,
            _TEXTS.phrase("forecast.period.past" if row.period == "past" else "forecast.period.ahead", language),
            str(row.values),
            _metres(row.rmse_m, language),
            _metres(row.persistence_rmse_m, language),
            plain_number(row.score, language, 2),
            _metres(row.mean_m, language),
        )
    return table


def _metres(value: float, language: str) -> str:
    text = f"{value:.2f}"
    return text.replace(".", ",") if language == "fr" else text


def title(forecast: Forecast, language: str) -> str:
    """Estuary and period in one line."""
    site, asked = forecast.asked.site, forecast.asked
    name = site.title.get(language) or site.name
    return _TEXTS.phrase(
        "forecast.title", language, name=name, begin=moment_text(asked.begin_s), end=moment_text(asked.end_s)
    )


def skill_title(language: str) -> str:
    """What the scores beside it mean."""
    return _TEXTS.phrase("forecast.told.skill", language)


def warning(language: str) -> str:
    """What the forecast must not be used for."""
    return _TEXTS.phrase("forecast.warning", language)
