"""Times as users write them on the command line."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, tzinfo

from frugal.errors import UnusableInputError

#: Years that the mean longitudes are told for; calendars before have other days.
_SOONEST, _LATEST = 1801, 2199


def named_zone(name: str) -> tzinfo:
    """The zone of ``--zone``."""
    if name.upper() in ("UTC", "Z", "GMT"):
        return UTC
    from zoneinfo import ZoneInfo

    try:
        return ZoneInfo(name)
    except (OSError, ValueError, KeyError) as fault:
        raise UnusableInputError(f"--zone '{name}' is not known; UTC or names like Europe/Paris are allowed") from fault


def today(zone: tzinfo) -> datetime:
    """The last midnight of a zone."""
    return datetime.now(zone).replace(hour=0, minute=0, second=0, microsecond=0)


def moment_of(text: str, zone: tzinfo, option: str, whole_day: bool = False) -> datetime:
    """A time with its zone; of a time without one, that of the option, if it is one moment there."""
    try:
        moment = datetime.fromisoformat(text.strip())
    except ValueError as fault:
        raise UnusableInputError(
            f"{option} '{text}' is no time; 2026-11-30 or 2026-11-30T06:00+01:00 is needed"
        ) from fault
    if not _SOONEST <= moment.year <= _LATEST:
        raise UnusableInputError(f"{option} '{text}': years from {_SOONEST} to {_LATEST} are allowed")
    if whole_day and len(text.strip()) <= 10:
        moment += timedelta(days=1)
    if moment.tzinfo is not None:
        return moment
    here, there = moment.replace(tzinfo=zone), moment.replace(tzinfo=zone, fold=1)
    if here.utcoffset() != there.utcoffset():
        raise UnusableInputError(
            f"{option} '{text}' is twice or not at all in {zone}, when clocks are changed; say it with its offset: {text}Z"
        )
    return here
