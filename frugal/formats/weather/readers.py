"""Hourly years of weather from files, whose format is recognised by their content."""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import zlib
from pathlib import Path

from frugal.errors import UnusableInputError
from frugal.formats.files.faults import brief
from frugal.formats.weather.epw import from_epw
from frugal.formats.weather.hourly_year import ACCEPTED, Weather
from frugal.formats.weather.pvgis import from_pvgis_hourly_csv, from_pvgis_json, from_pvgis_tmy_csv

_LARGEST_FILE_BYTES = 200_000_000


def read_weather(path: Path | str) -> Weather:
    """Read an hourly year; the format is recognised by the content.

    Up to 2 % of missing values are filled from the same hour of the days before and after (nights stay
    dark), which `Weather.source` then says.

    Raises
    ------
    UnusableInputError
        If the file is missing, unreadable, cut short, of another format, not one year long, more than 2 %
        incomplete, physically impossible, or lit while the sun is down.
    """
    path = Path(path)
    try:
        with path.open("rb") as stream:
            content = stream.read(_LARGEST_FILE_BYTES + 1)
    except OSError as fault:
        raise UnusableInputError(f"weather file '{path}' cannot be read: {fault.strerror}") from fault
    return parse_weather(content, str(path))


def parse_weather(content: bytes, name: str) -> Weather:
    """Read an hourly year from the bytes of a file that messages call ``name``; see `read_weather`."""
    text = _decode(content, name).lstrip("\ufeff \r\n")
    digest = hashlib.sha256(content).hexdigest()
    head = text[:2000]
    try:
        if head.upper().startswith("LOCATION,"):
            return from_epw(text, name, digest)
        if head.startswith("{"):
            return from_pvgis_json(json.loads(text), name, digest)
        if head.startswith("Latitude (decimal degrees)"):
            reader = from_pvgis_tmy_csv if "month,year" in head else from_pvgis_hourly_csv
            return reader(text, name, digest)
    except UnusableInputError:
        raise
    except (ValueError, KeyError, IndexError, TypeError, AttributeError, OverflowError) as fault:
        raise UnusableInputError(
            f"weather file '{name}' is cut short or damaged ({brief(fault)}); {ACCEPTED}"
        ) from fault
    raise UnusableInputError(f"weather file '{name}' is of an unknown format; {ACCEPTED}")


def _decode(content: bytes, name: str) -> str:
    if content[:2] == b"\x1f\x8b":
        try:
            with gzip.open(io.BytesIO(content)) as stream:
                content = stream.read(_LARGEST_FILE_BYTES + 1)
        except (OSError, EOFError, zlib.error) as fault:
            raise UnusableInputError(f"weather file '{name}' is a damaged or cut .gz file; {ACCEPTED}") from fault
    if len(content) > _LARGEST_FILE_BYTES:
        raise UnusableInputError(f"weather file '{name}' is over {_LARGEST_FILE_BYTES // 10**6} MB; {ACCEPTED}")
    if not content.strip():
        raise UnusableInputError(f"weather file '{name}' is empty; {ACCEPTED}")
    if b"\x00" in content[:4096]:
        raise UnusableInputError(f"weather file '{name}' is not a text file; {ACCEPTED}")
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError:
        return content.decode("latin-1")  # place names in older EPW files
