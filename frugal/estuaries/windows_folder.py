"""The folder that `frugal windows` writes: tables and pictures, all of them or none."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from frugal.errors import UnusableInputError
from frugal.estuaries.access import AccessAnswer
from frugal.estuaries.fish import FishAnswer
from frugal.estuaries.windows_pictures import calendar_picture, channel_picture, fish_picture
from frugal.estuaries.windows_report import fish_rows, place_rows, window_rows
from frugal.formats.files.atomic import is_somebody_elses, new_folder, write_bytes, write_text
from frugal.formats.files.json_files import to_json
from frugal.formats.files.tables import write_table

#: Marks a folder as one of this command, which it may replace.
MARK = "windows.json"
_NO_WINDOWS = (
    *("channel", "direction", "begins", "ends", "hours", "best_departure", "least_under_keel_m", "limiting_place"),
    *("limiting_km_from_sea", "opened_by", "closed_by", "warning"),
)


@dataclass(frozen=True, eq=False)
class FishTold:
    """Days of a fish, and what the way is called."""

    answer: FishAnswer
    site: str
    destination: str


def check_folder(out: Path) -> None:
    """Refuse to write where something stands that this command has not made.

    Raises
    ------
    UnusableInputError
        If it is a file, or a folder that holds other things.
    """
    if is_somebody_elses(out, MARK):
        raise UnusableInputError(
            f"--out '{out}' holds other things than windows and would be replaced; name a new folder"
        )


def write_windows(
    out: Path, content: dict[str, Any], ship: AccessAnswer | None, fish: FishTold | None, language: str
) -> list[Path]:
    """Write the folder, whole or not at all; an earlier one of its name is replaced.

    Parameters
    ----------
    out : Path
    content : dict
        What ``--json`` prints.
    ship : AccessAnswer or None
    fish : FishTold or None
    language : {"en", "fr"}
        Of pictures and warnings.

    Returns
    -------
    list of Path
        What was written.
    """
    import pandas as pd

    with new_folder(out) as folder:
        if ship is not None:
            rows = window_rows(ship, language)
            write_table(folder / "windows.csv", pd.DataFrame(rows, columns=list(rows[0] if rows else _NO_WINDOWS)))
            write_table(folder / "places.csv", pd.DataFrame(place_rows(ship, language)))
            write_bytes(folder / "calendar.png", calendar_picture(ship, language))
            write_bytes(folder / "channel.png", channel_picture(ship, language))
        if fish is not None:
            write_table(folder / "fish.csv", pd.DataFrame(fish_rows(fish.answer)))
            write_bytes(folder / "fish.png", fish_picture(fish.answer, fish.site, fish.destination, language))
        write_text(folder / MARK, to_json(content))
        names = sorted(path.name for path in folder.iterdir())
    return [out / name for name in names]
